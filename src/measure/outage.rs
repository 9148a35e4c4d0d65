//! The outages of one life.

use crate::engine::{Observer, Root};
use crate::model::JourneyId;
use crate::run::{LifeWatcher, Until};
use crate::units::{SimSpan, SimTime};

/// A maximal interval in which a journey was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Whose.
    pub journey: JourneyId,
    /// What started it.
    pub cause: Root,
    /// When it began.
    pub start: SimTime,
    /// When it was over, or the end of the life.
    pub end: SimTime,
    /// What it waited for last; `None` if the life ended before it did.
    pub ended_by: Option<Root>,
}

impl Outage {
    /// Whether the life ended before it did.
    pub fn is_censored(&self) -> bool {
        self.ended_by.is_none()
    }

    /// What prolonged it: what it waited for last, if that is not what started it.
    pub fn prolonged_by(&self) -> Option<Root> {
        self.ended_by.filter(|root| root.clock != self.cause.clock)
    }
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

/// What a life came to for one journey.
///
/// An outage that goes on from before measuring begins counts with its downtime since then, and not as
/// an outage: its length is unknown, and its beginning belongs to another time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifeOfJourney {
    /// Time down.
    pub downtime: SimSpan,
    /// The part of it that nobody had meant.
    pub unplanned: SimSpan,
    /// Outages that began while it was measured.
    pub outages: u64,
    /// The longest of these.
    pub longest: SimSpan,
}

impl Life {
    /// What it came to, measured from this instant on, for the journey with this index.
    pub fn of_journey(&self, journey: usize, from: SimTime) -> LifeOfJourney {
        let mut sums = LifeOfJourney::default();
        let of_journey = self.outages.iter().filter(|outage| outage.journey.index() == journey);
        for outage in of_journey.filter(|outage| outage.end > from) {
            let length = outage.end - outage.start.max(from);
            sums.downtime = sums.downtime + length;
            if !outage.cause.is_planned {
                sums.unplanned = sums.unplanned + length;
            }
            if outage.start >= from {
                sums.outages += 1;
                sums.longest = sums.longest.max(length);
            }
        }
        sums
    }
}

/// Watches lives and keeps their outages.
#[derive(Clone, Debug)]
pub struct Recorder {
    until: Until,
    open: Vec<Option<(SimTime, Root)>>,
    /// Journeys that have not been down yet.
    untouched: usize,
    has_been_down: Vec<bool>,
    outages: Vec<Outage>,
}

impl Recorder {
    /// A recorder for models that observe so much like journeys, of which the first are journeys,
    /// and lives that end so.
    pub fn new(observed: usize, journeys: usize, until: Until) -> Recorder {
        Recorder {
            until,
            open: vec![None; observed],
            untouched: journeys,
            has_been_down: vec![false; journeys],
            outages: Vec::new(),
        }
    }
}

impl Observer for Recorder {
    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: Root) {
        self.open[journey.index()] = Some((at, cause));
        if let Some(has_been_down) = self.has_been_down.get_mut(journey.index())
            && !std::mem::replace(has_been_down, true)
        {
            self.untouched -= 1;
        }
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, ended_by: Root) {
        let (start, cause) =
            self.open[journey.index()].take().expect("a journey comes back from an outage");
        let ended_by = Some(ended_by);
        self.outages.push(Outage { journey, cause, ended_by, start, end: at });
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
                self.outages.push(Outage { journey, cause, ended_by: None, start, end });
            }
        }
        self.untouched = self.has_been_down.len();
        self.has_been_down.fill(false);
        Life { replication, end, outages: std::mem::take(&mut self.outages) }
    }
}
