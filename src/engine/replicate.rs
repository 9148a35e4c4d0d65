//! One life, from its first event to its horizon.

use super::agenda::Agenda;
use super::observer::Observer;
use super::state::State;
use super::step::{begin, step};
use crate::model::{JourneyId, Model};
use crate::rng::StreamKey;
use crate::units::SimTime;

/// How many lives of a run check their state against a recomputation after every event, in builds
/// with debug assertions: all of them would take the tests hours.
const CHECKED_LIVES: u64 = 4;

/// Events of one instant, beside those for each unit: a chain of failures, restorations and starts
/// of no length is over after far fewer.
const MOST_AT_ONCE: u64 = 1_000_000;
const EVENTS_AT_ONCE_PER_UNIT: u64 = 1_000;

/// Which life of which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replication {
    /// The seed of the run, as every report prints it.
    pub seed: u64,
    /// Which replication, from zero.
    pub number: u64,
}

/// How a life went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lived {
    /// Changes of state: every failure, restoration, start and failover.
    pub events: u64,
    /// Failures that passed unfelt and whose changes of state were counted without living through
    /// each.
    pub passed: u64,
    /// Where it ended: at its horizon, or earlier if the observer had seen enough.
    pub end: SimTime,
}

/// A life that would not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "replication {replication} has had {events} events and has come no further than {:.2} h; look \
     for a law under `every` that is next to zero time after time, or shorten the horizon",
    (*.at - SimTime::ZERO).seconds() / 3600.0
)]
pub struct Endless {
    /// Which life.
    pub replication: u64,
    /// The events that it has had.
    pub events: u64,
    /// How far it has come.
    pub at: SimTime,
}

/// Runs lives of one model, one after another, in memory that is allocated once.
#[derive(Clone, Debug)]
pub struct Replicator<'m> {
    model: &'m Model,
    horizon: SimTime,
    most_events: u64,
    state: State,
    agenda: Agenda<'m>,
}

impl<'m> Replicator<'m> {
    /// Room for lives of this model that end at `horizon`, with at most `most_events` events each.
    pub fn new(model: &'m Model, horizon: SimTime, most_events: u64) -> Replicator<'m> {
        let (state, agenda) = (State::new(model), Agenda::new(model, horizon));
        Replicator { model, horizon, most_events, state, agenda }
    }

    /// Lives one life, from everything up and new to the horizon or until the observer has seen
    /// enough.
    ///
    /// # Errors
    ///
    /// If the life has more events than allowed, or more at one instant than anything can mean: a
    /// law of which nearly all draws are zero has a mean like any other.
    pub fn replicate<O: Observer>(
        &mut self,
        which: Replication,
        observer: &mut O,
    ) -> Result<Lived, Endless> {
        let Replicator { model, horizon, most_events, state, agenda } = self;
        let most_at_once = MOST_AT_ONCE + EVENTS_AT_ONCE_PER_UNIT * model.units.len() as u64;
        state.begin(model);
        agenda.begin(StreamKey::of_life(which.seed, which.number), &state.paces);
        begin(model, state, agenda);
        observer.on_begin(state);
        let mut now = SimTime::ZERO;
        let mut limit = most_at_once.min(*most_events);
        while let Some((at, event)) = match O::SEES_EVENTS {
            true => agenda.next(),
            false => agenda.next_felt(state, limit),
        } {
            if at > now {
                settle(state, now, observer);
                if observer.has_seen_enough() {
                    return Ok(lived(state, agenda, now));
                }
                now = at;
                limit = (state.events + most_at_once).min(*most_events);
            }
            if state.events >= limit {
                return Err(Endless { replication: which.number, events: state.events, at: now });
            }
            agenda.look_ahead(state);
            step(model, state, event, agenda);
            if O::SEES_EVENTS {
                observer.on_event(at, event, state);
            }
            let is_checked = which.number < CHECKED_LIVES && agenda.lingering.is_empty();
            debug_assert!(!is_checked || state.is_as_computed(model));
        }
        settle(state, now, observer);
        let end = if observer.has_seen_enough() { now } else { *horizon };
        Ok(lived(state, agenda, end))
    }
}

fn lived(state: &State, agenda: &Agenda<'_>, end: SimTime) -> Lived {
    // What lingers was counted with its end, which a life that ends before it does not have.
    let events = state.events - agenda.lingering.ends_after(end, agenda.horizon);
    Lived { events, passed: state.passed, end }
}

/// Tells the observer which journeys and data have changed, now that the instant is over.
#[inline]
fn settle(state: &mut State, at: SimTime, observer: &mut impl Observer) {
    if !state.touched.is_empty() {
        settle_journeys(state, at, observer);
    }
    if state.data.is_touched() {
        state.data.settle(at, observer);
    }
}

fn settle_journeys(state: &mut State, at: SimTime, observer: &mut impl Observer) {
    // In the order of the topology, whatever touched them first.
    state.touched.sort_unstable();
    for index in 0..state.touched.len() {
        settle_journey(state, state.touched[index], at, observer);
    }
    state.touched.clear();
}

fn settle_journey(
    state: &mut State,
    journey: JourneyId,
    at: SimTime,
    observer: &mut impl Observer,
) {
    let journey_state = &mut state.journeys[journey.index()];
    if journey_state.is_up == journey_state.was_up {
        return;
    }
    journey_state.was_up = journey_state.is_up;
    if journey_state.is_up {
        observer.on_up(journey, at, journey_state.ended_by);
    } else {
        observer.on_down(journey, at, journey_state.cause);
    }
}
