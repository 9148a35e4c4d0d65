//! What begins an excursion so seldom that lives hardly ever see it, and so is made to begin one.
//!
//! # Method
//!
//! Lives find out how something comes near by coming near. What happens once in ten thousand lives (a fire, a deletion,
//! a common cause, or in a short mission any failure at all) they do not see, and what follows from it would be missing
//! without a trace. So each life also gets one such beginning of each kind, at a time drawn evenly from all of it: the
//! excursion that follows is tried like all others and counts for the hazard at that time, times the length of the life
//! (the intensity of a point process in the place of its points: Campbell's formula; Daley, Vere-Jones, *An
//! Introduction to the Theory of Point Processes*, 2003, chapter 2). The life goes on without it, and where it does
//! happen of itself what follows is left out.

use super::event::Event;
use super::nearness::{Nearness, Rare};
use crate::dist::Law;
use crate::model::{Clock, ClockId, DataId, Model, Repair, ShockId, TimeToFailure};
use crate::rng::{Purpose, StreamKey};
use crate::spec::Scrub;
use crate::units::{SimSpan, SimTime};

/// Seldom is what happens in fewer lives than this share of them.
const SELDOM: f64 = 0.1;
/// A way on that is less probable is followed too seldom in copies, if nothing makes it more probable.
const IMPROBABLE: f64 = 0.01;
/// How many of several are hit at once is drawn as it is: one by one this often is often enough that all ways are seen.
const PROBABLE: f64 = 0.25;
/// It matters if it takes up no less than this share of the time of all ways.
const SHARE: f64 = 0.05;

/// What strikes of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A failure mode of a unit.
    Clock(ClockId),
    /// A common cause.
    Shock(ShockId),
    /// All copies of a class are deleted.
    Deletion(DataId),
}

impl Source {
    pub(super) fn of(event: Event) -> Option<Source> {
        match event {
            Event::Fail(clock) => Some(Source::Clock(clock)),
            Event::Shock(shock) => Some(Source::Shock(shock)),
            Event::Delete(class) => Some(Source::Deletion(class)),
            _ => None,
        }
    }

    pub(super) fn event(self) -> Event {
        match self {
            Source::Clock(clock) => Event::Fail(clock),
            Source::Shock(shock) => Event::Shock(shock),
            Source::Deletion(class) => Event::Delete(class),
        }
    }

    /// The number of its kind: common causes first, then deletion, then failure modes of the topology.
    pub(super) fn kind(self, model: &Model) -> usize {
        let shocks = model.shocks.len();
        match self {
            Source::Shock(shock) => shock.index(),
            Source::Deletion(_) => shocks,
            Source::Clock(clock) => shocks + 1 + model.origin(clock).1,
        }
    }
}

/// What lives hardly ever see, and nothing can make them see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// Failures of a mode whose hazard is not known at every age, or changes with others.
    Failure(ClockId),
    /// A common cause that ages, or hardly ever strikes those that it can.
    Shock(ShockId),
    /// A deletion that is not equally likely at all times.
    Deletion,
    /// An improbable way that a repair may go, which takes long.
    Repair(ClockId),
    /// A failure that takes copies, each with a probability.
    Wiping(ClockId),
    /// A latent defect.
    Defect,
    /// What brings it no nearer by itself than lives often are anyway.
    Beginning,
}

/// What begins excursions so seldom that it is made to.
#[derive(Clone, Debug)]
pub struct Beginnings(Vec<Kind>);

/// Sources of one kind.
#[derive(Clone, Debug)]
struct Kind {
    number: usize,
    sources: Vec<Source>,
}

/// One beginning in a life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub(super) at: SimTime,
    pub(super) source: Source,
    /// How many alike there are.
    pub(super) alike: f64,
}

impl Beginnings {
    /// Those of lives of so many seconds.
    ///
    /// # Errors
    ///
    /// If there is something that lives hardly ever see and that cannot be made to begin one.
    pub fn new(model: &Model, rare: Rare, seconds: f64) -> Result<Beginnings, Unseen> {
        let nearness = Nearness::new(model, rare);
        unseen(model, &nearness, seconds)?;
        let mut kinds: Vec<(Kind, f64)> = Vec::new();
        let mut all = nearness.sources();
        all.sort_by_key(|source| source.kind(model));
        for source in all {
            let number = source.kind(model);
            if kinds.last().is_none_or(|(kind, _)| kind.number != number) {
                kinds.push((Kind { number, sources: Vec::new() }, 0.0));
            }
            let Some((kind, expected)) = kinds.last_mut() else { continue };
            kind.sources.push(source);
            *expected += expected_of(model, source, seconds);
        }
        kinds.retain(|(_, expected)| *expected < SELDOM);
        Ok(Beginnings(kinds.into_iter().map(|(kind, _)| kind).collect()))
    }

    /// Whether nothing is made to begin them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether failures are among them, and not only what takes all at once.
    pub fn has_failures(&self) -> bool {
        self.sources().any(|source| !matches!(source, Source::Deletion(_)))
    }

    /// Whether anything among them can leap over levels, or takes all at once.
    pub fn can_leap(&self, model: &Model) -> bool {
        self.sources().any(|source| match source {
            Source::Clock(clock) => {
                let spec = &model.clocks[clock.index()];
                spec.extras().burst.is_some()
                    || spec.cuts_power
                    || !model.guests.of(spec.unit.index()).is_empty()
            }
            Source::Shock(_) | Source::Deletion(_) => true,
        })
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().flat_map(|kind| &kind.sources)
    }

    /// Whether what begins with this is counted where it is made to begin.
    pub(super) fn include(&self, model: &Model, source: Source) -> bool {
        self.0.iter().any(|kind| kind.number == source.kind(model))
    }

    /// One of each kind in a life that ends at a time, in order of time.
    pub(super) fn draw(&self, key: StreamKey, end: SimTime) -> Vec<Beginning> {
        let whole = (end - SimTime::ZERO).seconds();
        let of_kind = |kind: &Kind| {
            let mut luck = key.of(kind.number as u64, Purpose::Beginning).draw(0);
            let after = whole * luck.open_unit();
            Beginning {
                at: SimTime::ZERO + SimSpan::from_seconds(after),
                source: kind.sources[luck.below(kind.sources.len())],
                alike: kind.sources.len() as f64,
            }
        };
        let mut drawn: Vec<Beginning> = self.0.iter().map(of_kind).collect();
        drawn.sort_by_key(|beginning| beginning.at);
        drawn
    }
}

/// How often a source strikes in so many seconds in the mean, about; of one that drags others along as good as never,
/// since what it drags along is seldom even if it is not.
fn expected_of(model: &Model, source: Source, seconds: f64) -> f64 {
    match source {
        Source::Clock(clock) => {
            let spec = &model.clocks[clock.index()];
            match drags_seldom(spec) {
                true => f64::NEG_INFINITY,
                false => within(&spec.to_failure, seconds),
            }
        }
        Source::Shock(shock) => {
            let spec = &model.shocks[shock.index()];
            spec.probability * within(&spec.to_failure, seconds)
        }
        Source::Deletion(class) => {
            model.holding(class).deleted.as_ref().map_or(0.0, |law| seconds / law.mean())
        }
    }
}

/// How often something strikes in so many seconds in the mean, about.
fn within(to_failure: &TimeToFailure, seconds: f64) -> f64 {
    match to_failure {
        TimeToFailure::Memoryless { mean } => seconds / mean,
        TimeToFailure::Aging(law) => {
            let most = seconds / law.mean();
            law.cdf(seconds).map_or(most, |first| first.min(most))
        }
        TimeToFailure::SetOff => f64::INFINITY,
    }
}

/// Whether a failure drags others along, and seldom.
fn drags_seldom(clock: &Clock) -> bool {
    clock.extras().burst.as_ref().is_some_and(|burst| burst.probability < SELDOM)
}

/// Refuses what would be missing.
fn unseen(model: &Model, nearness: &Nearness<'_>, seconds: f64) -> Result<(), Unseen> {
    let modes = model.clocks.iter().map(|clock| clock.mode as usize + 1).max().unwrap_or(0);
    let mut expected = vec![0.0; modes];
    for &clock in &nearness.all_clocks {
        let spec = &model.clocks[clock.index()];
        expected[spec.mode as usize] += within(&spec.to_failure, seconds);
    }
    for &clock in &nearness.all_clocks {
        let spec = &model.clocks[clock.index()];
        let is_known = nearness.clocks.binary_search(&clock).is_ok();
        if !is_known && (expected[spec.mode as usize] < SELDOM || drags_seldom(spec)) {
            return Err(Unseen::Failure(clock));
        }
        let is_of_copies = matches!(nearness.rare, Rare::Loss(_));
        if is_of_copies && spec.wipes > 0.0 && spec.wipes < PROBABLE {
            return Err(Unseen::Wiping(clock));
        }
        if let Repair::After(task) = spec.repair
            && model.stages_of(task).iter().any(|stage| has_improbable_part(&stage.law))
        {
            return Err(Unseen::Repair(clock));
        }
    }
    for &shock in &nearness.all_shocks {
        let spec = &model.shocks[shock.index()];
        let is_aging = !matches!(spec.to_failure, TimeToFailure::Memoryless { .. });
        let strikes = spec.probability * within(&spec.to_failure, seconds);
        let hits_few = spec.each < IMPROBABLE && spec.each * (spec.targets.len() as f64) < 1.0;
        if is_aging && strikes < SELDOM || hits_few {
            return Err(Unseen::Shock(shock));
        }
    }
    let Rare::Loss(class) = nearness.rare else { return Ok(()) };
    let holding = model.holding(class);
    if let Some(law) = &holding.deleted
        && nearness.deletion.is_none()
        && seconds / law.mean() < SELDOM
    {
        return Err(Unseen::Deletion);
    }
    let is_improbable = holding.latent.as_ref().is_some_and(|latent| {
        let lasts = match &latent.scrub {
            Some(Scrub::After(law)) => law.mean().min(seconds),
            Some(Scrub::Cycle(cycle)) => 0.5 * cycle.seconds().min(seconds),
            None => seconds,
        };
        // What spoils a whole copy is nearer to a loss while nothing has failed.
        latent.spoils_all || lasts / latent.every.mean() < IMPROBABLE * SELDOM
    });
    if is_improbable { Err(Unseen::Defect) } else { Ok(()) }
}

/// Whether a law has a part that is improbable and takes up a good deal of its mean.
fn has_improbable_part(law: &Law) -> bool {
    match law {
        Law::Mixture(parts) => parts.iter().any(|part| {
            part.probability < IMPROBABLE && part.probability * part.law.mean() > SHARE * law.mean()
        }),
        Law::Sum(parts) => parts.iter().any(has_improbable_part),
        _ => false,
    }
}
