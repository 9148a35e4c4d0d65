//! What the benchmarks run: the workloads as systems, and observers that count what the hand-written
//! programs count.

use std::path::Path;

use ninefold::engine::{Event, Observer, Root, State};
use ninefold::model::{DataId, JourneyId};
use ninefold::units::SimTime;
use ninefold::{System, Topology};

/// The seed of all runs.
pub(crate) const SEED: u64 = 1;
const MICROS_PER_HOUR: f64 = 3.6e9;

/// A topology of this project, ready to run.
pub(crate) fn system(path: &str) -> System {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    System::compile(Topology::from_path(path).unwrap_or_else(|error| panic!("{error}")))
}

/// So many units that fail nine times a year each: what an event costs in a large system.
pub(crate) fn fleet(units: usize) -> System {
    let text = format!(
        "topology: fleet\nhorizon: 1y\nfailures: {{down: {{every: 1000h, repair: 30m}}}}\n\
         domains: {{unit: {{count: {units}, fails: [down]}}}}\n\
         journeys: {{any: {{needs: {{any: [unit]}}}}}}\n"
    );
    System::compile(Topology::from_str("fleet", &text).unwrap_or_else(|error| panic!("{error}")))
}

/// What a life came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Changes of state: failures, restorations and starts.
    pub(crate) events: u64,
    /// Hours of downtime by journey.
    pub(crate) down_hours: [f64; 2],
    /// Outages by journey.
    pub(crate) outages: [u64; 2],
}

/// Counts outages; failures that pass unfelt may be skipped.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) outcome: Outcome,
    since: [SimTime; 2],
    unreadable: u32,
}

impl Observer for Count {
    fn on_down(&mut self, journey: JourneyId, at: SimTime, _cause: Root) {
        self.outcome.outages[journey.index()] += 1;
        self.since[journey.index()] = at;
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, _ended_by: Root) {
        let micros = (at - self.since[journey.index()]).micros();
        self.outcome.down_hours[journey.index()] += micros as f64 / MICROS_PER_HOUR;
    }

    fn on_unreadable_groups(&mut self, _data: DataId, at: SimTime, groups: u32) {
        let micros = (at - self.since[0]).micros() as f64 * f64::from(self.unreadable);
        self.outcome.down_hours[0] += micros / MICROS_PER_HOUR;
        (self.since[0], self.unreadable) = (at, groups);
    }
}

/// The same, and the engine has to live through every event.
#[derive(Default)]
pub(crate) struct EveryEvent(pub(crate) Count);

impl Observer for EveryEvent {
    const SEES_EVENTS: bool = true;

    fn on_event(&mut self, _at: SimTime, _event: Event, _state: &State) {}

    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: Root) {
        self.0.on_down(journey, at, cause);
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, ended_by: Root) {
        self.0.on_up(journey, at, ended_by);
    }

    fn on_unreadable_groups(&mut self, data: DataId, at: SimTime, groups: u32) {
        self.0.on_unreadable_groups(data, at, groups);
    }
}
