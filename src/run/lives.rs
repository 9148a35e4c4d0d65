//! Lives, dealt to threads in blocks and counted in order.

use std::ops::ControlFlow;
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
/// The longest life.
const LONGEST_SECONDS: f64 = 500_000.0 * 365.0 * 86_400.0;

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
    let end = checked_end(model, plan)?;
    let mut builder = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = plan.threads {
        builder = builder.num_threads(threads);
    }
    let pool = builder.build().map_err(|error| RunError::Threads(error.to_string()))?;
    let wave = BLOCK * BLOCKS_PER_THREAD * pool.current_num_threads() as u64;
    let idle = Mutex::new(Vec::new());
    let most_events = if plan.allow_slow { u64::MAX } else { MOST_EVENTS };
    let block = |first: u64, last: u64| -> Result<Vec<(u64, W::Life)>, Endless> {
        let lock = || idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let worker = lock().pop();
        let (mut replicator, mut watch) =
            worker.unwrap_or_else(|| (Replicator::new(model, end, most_events), watcher()));
        let lives = (first..last)
            .map(|number| {
                let number = plan.first + number;
                let which = Replication { seed: plan.seed, number };
                let lived = replicator.replicate(which, &mut watch)?;
                Ok((lived.events, watch.take(number, lived.events, lived.end)))
            })
            .collect::<Result<_, Endless>>()?;
        lock().push((replicator, watch));
        Ok(lives)
    };
    let (mut done, mut events) = (0, 0);
    let mut is_partial = false;
    while done < plan.replications {
        let round_end = (done / ROUND + 1) * ROUND;
        let wave_end = (done + wave).min(round_end).min(plan.replications);
        let firsts: Vec<u64> = (done..wave_end).step_by(BLOCK as usize).collect();
        let blocks: Vec<_> = pool.install(|| {
            firsts.par_iter().map(|&first| block(first, (first + BLOCK).min(wave_end))).collect()
        });
        for block in blocks {
            for (life_events, life) in block? {
                events += life_events;
                tally.add(life);
            }
        }
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
    let most_events = if plan.allow_slow { u64::MAX } else { MOST_EVENTS };
    Replicator::new(model, checked_end(model, plan)?, most_events).replicate(which, observer)?;
    Ok(())
}

/// When lives end, after a look at whether they can be lived.
fn checked_end(model: &Model, plan: &Plan) -> Result<SimTime, RunError> {
    if plan.replications == 0 {
        return Err(RunError::NoReplications);
    }
    if plan.precision.is_some_and(|precision| !(precision > 0.0 && precision < 1.0)) {
        return Err(RunError::Precision);
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
