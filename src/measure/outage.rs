//! The outages of one life.

use crate::engine::Observer;
use crate::model::{ClockId, JourneyId};
use crate::run::{LifeWatcher, Until};
use crate::units::SimTime;

/// A maximal interval in which a journey was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Whose.
    pub journey: JourneyId,
    /// The failure mode whose consequences started it.
    pub cause: ClockId,
    /// When it began.
    pub start: SimTime,
    /// When it was over, or the end of the life.
    pub end: SimTime,
    /// Whether the life ended before it did.
    pub is_censored: bool,
}

/// What a life came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its number.
    pub replication: u64,
    /// When it ended.
    pub end: SimTime,
    /// All outages, in the order in which they ended.
    pub outages: Vec<Outage>,
}

/// Watches lives and keeps their outages.
#[derive(Clone, Debug)]
pub struct Recorder {
    until: Until,
    open: Vec<Option<(SimTime, ClockId)>>,
    /// Journeys that have not been down yet.
    untouched: usize,
    has_been_down: Vec<bool>,
    outages: Vec<Outage>,
}

impl Recorder {
    /// A recorder for models of so many journeys, and lives that end so.
    pub fn new(journeys: usize, until: Until) -> Recorder {
        Recorder {
            until,
            open: vec![None; journeys],
            untouched: journeys,
            has_been_down: vec![false; journeys],
            outages: Vec::new(),
        }
    }
}

impl Observer for Recorder {
    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: ClockId) {
        self.open[journey.index()] = Some((at, cause));
        if !std::mem::replace(&mut self.has_been_down[journey.index()], true) {
            self.untouched -= 1;
        }
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime) {
        let (start, cause) =
            self.open[journey.index()].take().expect("a journey comes back from an outage");
        self.outages.push(Outage { journey, cause, start, end: at, is_censored: false });
    }

    fn has_seen_enough(&self) -> bool {
        self.until == Until::FirstOutage && self.untouched == 0
    }
}

impl LifeWatcher for Recorder {
    type Life = Life;

    fn take(&mut self, replication: u64, _events: u64, end: SimTime) -> Life {
        for (index, open) in self.open.iter_mut().enumerate() {
            if let Some((start, cause)) = open.take() {
                let journey = JourneyId::new(index);
                self.outages.push(Outage { journey, cause, start, end, is_censored: true });
            }
        }
        self.untouched = self.has_been_down.len();
        self.has_been_down.fill(false);
        Life { replication, end, outages: std::mem::take(&mut self.outages) }
    }
}
