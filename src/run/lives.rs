//! Lives, dealt to threads in blocks and counted in order.

use std::ops::{ControlFlow, Range};
use std::sync::Mutex;

use rayon::prelude::*;

use super::plan::{Plan, RunError, Summary};
use crate::engine::{Endless, Observer, Replication, Replicator};
use crate::model::Model;
use crate::units::{SimSpan, SimTime};

/// Lives in a block: one piece of work for one thread.
const BLOCK: u64 = 16;
/// Lives in a round: whether to stop is decided after whole rounds only, because blocks end in
/// another order on each machine.
const ROUND: u64 = 1_024;
/// Blocks for each thread between two looks at the progress.
const BLOCKS_PER_THREAD: u64 = 4;
/// Events of a life that may be run unasked: minutes, not days.
const MOST_EVENTS: u64 = 1_000_000_000;
/// The longest life: lengths of time are whole microseconds, and drawn as signed numbers.
const LONGEST_SECONDS: f64 = 250_000.0 * 365.0 * 86_400.0;

/// Watches one life after another and says what each came to.
pub trait LifeWatcher: Observer + Send {
    /// What a life came to.
    type Life: Send;
    /// The life is over, at `end`; the next one begins with nothing seen.
    fn take(&mut self, replication: u64, events: u64, end: SimTime) -> Self::Life;
}

/// Takes lives in the order of their numbers.
pub trait Tally {
    /// What a life came to.
    type Life;
    /// Counts a life.
    fn add(&mut self, life: Self::Life);
    /// The widest 95 % interval among the estimates, as half-width relative to the estimate; `None`
    /// while one of them cannot be told yet.
    fn relative_half_width(&self) -> Option<f64>;
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Lives completed.
    pub replications: u64,
    /// Lives that the run may have at most.
    pub most: u64,
    /// Changes of state so far.
    pub events: u64,
    /// The widest interval so far, relative to its estimate.
    pub relative_half_width: Option<f64>,
}

/// Threads, and what each of them needs to live lives of a model: made once, for as many lives as are
/// wanted.
pub(crate) struct Runner<'a, W, F> {
    model: &'a Model,
    plan: &'a Plan,
    watcher: F,
    end: SimTime,
    most_events: u64,
    pool: rayon::ThreadPool,
    /// What no thread is using.
    idle: Mutex<Vec<(Replicator<'a>, W)>>,
}

impl<'a, W: LifeWatcher, F: Fn() -> W + Sync> Runner<'a, W, F> {
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub(crate) fn new(model: &'a Model, plan: &'a Plan, watcher: F) -> Result<Self, RunError> {
        let end = checked_end(model, plan)?;
        let pool = pool(plan)?;
        let most_events = most_events(plan);
        Ok(Runner { model, plan, watcher, end, most_events, pool, idle: Mutex::new(Vec::new()) })
    }

    /// So many lives that all threads have enough to do.
    fn wave(&self) -> u64 {
        BLOCK * BLOCKS_PER_THREAD * self.pool.current_num_threads() as u64
    }

    /// Lives some of the plan's lives, counted from its first, and tallies them in order; returns
    /// their events.
    ///
    /// # Errors
    ///
    /// If a life does not come to its end.
    pub(crate) fn live<T>(&self, lives: Range<u64>, tally: &mut T) -> Result<u64, RunError>
    where
        T: Tally<Life = W::Life> + Send,
    {
        let mut events = 0;
        for wave in pieces(lives, self.wave()) {
            let blocks: Vec<Range<u64>> = pieces(wave, BLOCK).collect();
            let lived: Vec<_> = self
                .pool
                .install(|| blocks.into_par_iter().map(|block| self.live_block(block)).collect());
            for block in lived {
                for (life_events, life) in block? {
                    events += life_events;
                    tally.add(life);
                }
            }
        }
        Ok(events)
    }

    fn live_block(&self, lives: Range<u64>) -> Result<Vec<(u64, W::Life)>, Endless> {
        let lock = || self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let worker = lock().pop();
        let (mut replicator, mut watch) = worker.unwrap_or_else(|| {
            (Replicator::new(self.model, self.end, self.most_events), (self.watcher)())
        });
        let lives = lives
            .map(|number| {
                let number = self.plan.first + number;
                let which = Replication { seed: self.plan.seed, number };
                let lived = replicator.replicate(which, &mut watch)?;
                Ok((lived.events, watch.take(number, lived.events, lived.end)))
            })
            .collect::<Result<_, Endless>>()?;
        lock().push((replicator, watch));
        Ok(lives)
    }
}

/// The threads of a plan.
pub(super) fn pool(plan: &Plan) -> Result<rayon::ThreadPool, RunError> {
    let mut builder = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = plan.threads {
        builder = builder.num_threads(threads);
    }
    builder.build().map_err(|error| RunError::Threads(error.to_string()))
}

/// A range in pieces of so many, the last of which may be smaller.
fn pieces(range: Range<u64>, most: u64) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    range.step_by(most as usize).map(move |first| first..(first + most).min(end))
}

/// Runs lives of a model until the plan is fulfilled or `progress` breaks off.
///
/// The lives that `tally` gets are the first so many, in order, whatever the number of threads and
/// whenever it is stopped; the same plan gives the same lives.
///
/// # Errors
///
/// If the plan cannot be run, or if a life does not come to its end.
pub fn run<W, T>(
    model: &Model,
    plan: &Plan,
    watcher: impl Fn() -> W + Sync,
    tally: &mut T,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Summary, RunError>
where
    W: LifeWatcher,
    T: Tally<Life = W::Life> + Send,
{
    let runner = Runner::new(model, plan, watcher)?;
    let (mut done, mut events) = (0, 0);
    let mut is_partial = false;
    while done < plan.replications {
        let round_end = (done / ROUND + 1) * ROUND;
        let wave_end = (done + runner.wave()).min(round_end).min(plan.replications);
        events += runner.live(done..wave_end, tally)?;
        done = wave_end;
        let relative_half_width = tally.relative_half_width();
        if done % ROUND == 0
            && let (Some(target), Some(reached)) = (plan.precision, relative_half_width)
            && reached <= target
        {
            break;
        }
        let so_far =
            Progress { replications: done, most: plan.replications, events, relative_half_width };
        if progress(&so_far).is_break() {
            is_partial = done < plan.replications;
            break;
        }
    }
    Ok(Summary { replications: done, events, is_partial })
}

/// Lives one life of a plan.
///
/// # Errors
///
/// If the plan cannot be run, or if the life does not come to its end.
pub fn live(
    model: &Model,
    plan: &Plan,
    which: Replication,
    observer: &mut impl Observer,
) -> Result<(), RunError> {
    let end = checked_end(model, plan)?;
    Replicator::new(model, end, most_events(plan)).replicate(which, observer)?;
    Ok(())
}

/// Events that a life of a plan may have.
pub(super) fn most_events(plan: &Plan) -> u64 {
    if plan.allow_slow { u64::MAX } else { MOST_EVENTS }
}

/// When lives end, after a look at whether they can be lived.
pub(super) fn checked_end(model: &Model, plan: &Plan) -> Result<SimTime, RunError> {
    if plan.replications == 0 {
        return Err(RunError::NoReplications);
    }
    if plan.precision.is_some_and(|precision| !(precision > 0.0 && precision < 1.0)) {
        return Err(RunError::Precision);
    }
    if plan.horizon == SimSpan::ZERO {
        return Err(RunError::TooShort);
    }
    let length: SimSpan = plan.warm_up + plan.horizon;
    if length.seconds() > LONGEST_SECONDS {
        return Err(RunError::TooLong);
    }
    let events = model.events_per_second() * length.seconds();
    if events > MOST_EVENTS as f64 && !plan.allow_slow {
        return Err(RunError::TooSlow { events, limit: MOST_EVENTS as f64 });
    }
    Ok(SimTime::ZERO + length)
}
