//! The outages of one life.

use super::incident::{CopiesOfLife, LifeOfData, LossFinder};
use crate::engine::{Loss, Observer, Root};
use crate::model::{DataId, JourneyId, Model};
use crate::run::{LifeWatcher, Plan, Until};
use crate::spec::Topology;
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
    /// What copies of data have lost for good, and when.
    pub losses: Vec<(SimTime, Loss)>,
    /// What it came to for each data class, in the order of the topology; none where a life ends
    /// before its horizon.
    pub data: Vec<LifeOfData>,
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

/// What a life lost of one data class, in incidents that began while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossesOfLife {
    /// How many.
    pub incidents: u64,
    /// What they lost together, as a length of time.
    pub lost: SimSpan,
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

    /// The most that an incident lost of these data classes, by their indices, and how many incidents
    /// there were; of those that began at this instant or after it.
    pub fn of_data(&self, classes: &[usize], from: SimTime) -> (SimSpan, u64) {
        let of_classes = classes.iter().filter_map(|class| self.data.get(*class));
        let incidents = of_classes.flat_map(|data| data.incidents_from(from));
        incidents.fold((SimSpan::ZERO, 0), |(worst, count), incident| {
            (worst.max(incident.lost), count + 1)
        })
    }

    /// What it lost of the data class with this index, in incidents that began at this instant or after it; nothing
    /// where a life ends before its horizon.
    pub fn of_class(&self, class: usize, from: SimTime) -> LossesOfLife {
        let incidents = self.data.get(class).into_iter().flat_map(|data| data.incidents_from(from));
        incidents.fold(LossesOfLife::default(), |sums, incident| LossesOfLife {
            incidents: sums.incidents + 1,
            lost: sums.lost + incident.lost,
        })
    }

    /// When groups of the data class with this index were lost, and not only the newest data.
    pub(super) fn losses_of(&self, class: usize) -> impl Iterator<Item = SimTime> {
        let of_groups =
            move |(_, loss): &&(SimTime, Loss)| loss.data.index() == class && loss.newest.is_none();
        self.losses.iter().filter(of_groups).map(|(at, _)| *at)
    }
}

/// What copies of a data class do in a life that is not over.
#[derive(Clone, Debug, Default)]
struct Copies {
    /// How many are lost, and from when on they are so many.
    lost: (u32, SimTime),
    /// How many groups cannot be read, and from when on they are so many.
    unreadable: (u32, SimTime),
    so_far: CopiesOfLife,
}

impl Copies {
    /// So many copies are lost from `at` on; only what is after `from` counts.
    fn lose(&mut self, from: SimTime, at: SimTime, lost: u32) {
        let (before, since) = std::mem::replace(&mut self.lost, (lost, at));
        if before > 0 {
            self.so_far.reduced = self.so_far.reduced + (at - since.max(from));
        }
        if at >= from {
            self.so_far.rebuilt += u64::from(before.saturating_sub(lost));
        }
    }

    /// So many groups cannot be read from `at` on.
    fn hide(&mut self, from: SimTime, at: SimTime, groups: u32) {
        let (before, since) = std::mem::replace(&mut self.unreadable, (groups, at));
        let length = at - since.max(from);
        self.so_far.unreadable_micros += u128::from(before) * u128::from(length.micros());
    }

    /// A group has lost so many positions at `at`.
    fn thin(&mut self, from: SimTime, at: SimTime, lost: u32) {
        if at < from || lost == 0 {
            return;
        }
        let place = lost as usize - 1;
        let margins = &mut self.so_far.margins;
        if margins.len() <= place {
            margins.resize(place + 1, 0);
        }
        margins[place] += 1;
    }

    /// The life is over, at `end`; the next begins with nothing lost.
    fn take(&mut self, from: SimTime, end: SimTime) -> CopiesOfLife {
        let lost = self.lost.0;
        self.lose(from, end, lost);
        self.hide(from, end, 0);
        std::mem::take(self).so_far
    }
}

/// Watches lives and keeps their outages and what they have lost.
#[derive(Clone, Debug)]
pub struct Recorder {
    until: Until,
    open: Vec<Option<(SimTime, Root)>>,
    /// Journeys that have not been down yet.
    untouched: usize,
    has_been_down: Vec<bool>,
    outages: Vec<Outage>,
    /// When measuring begins.
    from: SimTime,
    /// Finds the incidents of each life, where there are data and lives that are equal.
    finder: Option<LossFinder>,
    copies: Vec<Copies>,
    losses: Vec<(SimTime, Loss)>,
    /// For each data class, from when until when it took no new data.
    refusals: Vec<Vec<(SimTime, SimTime)>>,
    /// Data classes that are held by something and have lost no group yet: how many, and which.
    unlost: usize,
    has_not_lost: Vec<bool>,
    /// What `has_not_lost` is when a life begins.
    is_held: Vec<bool>,
}

impl Recorder {
    /// A recorder for models that observe so much like journeys, of which the first are journeys,
    /// and lives that end so; it takes no notice of data.
    pub fn new(observed: usize, journeys: usize, until: Until) -> Recorder {
        Recorder {
            until,
            open: vec![None; observed],
            untouched: journeys,
            has_been_down: vec![false; journeys],
            outages: Vec::new(),
            from: SimTime::ZERO,
            finder: None,
            copies: Vec::new(),
            losses: Vec::new(),
            refusals: Vec::new(),
            unlost: 0,
            has_not_lost: Vec::new(),
            is_held: Vec::new(),
        }
    }

    /// A recorder for lives of a plan, with all that happens to journeys and data.
    pub fn of_plan(topology: &Topology, model: &Model, plan: &Plan) -> Recorder {
        let recorder = Recorder::new(model.journey_count(), topology.journeys.len(), plan.until);
        if topology.data.is_empty() {
            return recorder;
        }
        let finds = plan.until == Until::Horizon;
        let from = SimTime::ZERO + plan.warm_up;
        let mut recorder = Recorder {
            from,
            copies: vec![Copies::default(); topology.data.len()],
            refusals: vec![Vec::new(); topology.data.len()],
            is_held: topology.data.iter().map(|class| class.holding.is_some()).collect(),
            finder: finds.then(|| LossFinder::new(topology, model, plan.seed, from)),
            ..recorder
        };
        recorder.begin();
        recorder
    }

    /// Nothing has been down or lost yet.
    fn begin(&mut self) {
        self.untouched = self.has_been_down.len();
        self.has_been_down.fill(false);
        self.unlost = self.is_held.iter().filter(|is_held| **is_held).count();
        self.has_not_lost.clone_from(&self.is_held);
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

    fn on_loss(&mut self, at: SimTime, loss: Loss) {
        self.losses.push((at, loss));
        if loss.newest.is_some() {
            return;
        }
        if let Some(has_not_lost) = self.has_not_lost.get_mut(loss.data.index())
            && std::mem::take(has_not_lost)
        {
            self.unlost -= 1;
        }
    }

    fn on_lost_copies(&mut self, data: DataId, at: SimTime, lost: u32) {
        if let Some(copies) = self.copies.get_mut(data.index()) {
            copies.lose(self.from, at, lost);
        }
    }

    fn on_moved_copies(&mut self, data: DataId, at: SimTime, moved: u32) {
        if let Some(copies) = self.copies.get_mut(data.index()).filter(|_| at >= self.from) {
            copies.so_far.rebuilt += u64::from(moved);
        }
    }

    fn on_unreadable_groups(&mut self, data: DataId, at: SimTime, groups: u32) {
        if let Some(copies) = self.copies.get_mut(data.index()) {
            copies.hide(self.from, at, groups);
        }
    }

    fn on_refusing_groups(&mut self, data: DataId, at: SimTime, groups: u32) {
        let Some(refusals) = self.refusals.get_mut(data.index()) else { return };
        match refusals.last_mut().filter(|(_, until)| *until == SimTime::NEVER) {
            Some((_, until)) if groups == 0 => *until = at,
            None if groups > 0 => refusals.push((at, SimTime::NEVER)),
            _ => {}
        }
    }

    fn on_margin(&mut self, data: DataId, at: SimTime, lost: u32) {
        if let Some(copies) = self.copies.get_mut(data.index()) {
            copies.thin(self.from, at, lost);
        }
    }

    fn has_seen_enough(&self) -> bool {
        match self.until {
            Until::Horizon => false,
            Until::FirstOutage => self.untouched == 0,
            Until::FirstLoss => self.unlost == 0,
        }
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
        self.begin();
        let outages = std::mem::take(&mut self.outages);
        let losses = std::mem::take(&mut self.losses);
        let copies = self.copies.iter_mut().map(|copies| copies.take(self.from, end));
        let copies: Vec<CopiesOfLife> = copies.collect();
        let data = match &self.finder {
            Some(finder) => {
                let data = finder.find(replication, end, &outages, &losses, &self.refusals);
                data.into_iter()
                    .zip(copies)
                    .map(|(data, copies)| LifeOfData { copies, ..data })
                    .collect()
            }
            None => Vec::new(),
        };
        self.refusals.iter_mut().for_each(Vec::clear);
        Life { replication, end, outages, losses, data }
    }
}

#[cfg(test)]
mod tests {
    use super::super::incident::tests::{at, seconds};
    use super::*;

    #[test]
    fn what_copies_do_counts_from_where_measuring_begins() {
        let mut copies = Copies::default();
        let from = at(100);
        // Two lost at 80, one back at 90, one more lost at 120, both back at 150, one lost at the
        // end.
        for (time, lost, margin) in [(80, 2, 2), (90, 1, 0), (120, 2, 1), (150, 0, 0), (180, 1, 1)]
        {
            copies.lose(from, at(time), lost);
            copies.thin(from, at(time), margin);
        }
        for (time, groups) in [(90, 4), (110, 1), (130, 0)] {
            copies.hide(from, at(time), groups);
        }
        let life = copies.take(from, at(200));
        assert_eq!(life.reduced, seconds(50 + 20));
        assert_eq!(life.unreadable_micros, 1_000_000 * (4 * 10 + 20));
        assert_eq!((life.rebuilt, life.margins), (2, vec![2]));
        assert_eq!(copies.take(from, at(200)), CopiesOfLife::default());
    }

    #[test]
    fn nothing_counts_that_is_over_before() {
        let mut copies = Copies::default();
        copies.lose(at(100), at(10), 1);
        copies.lose(at(100), at(60), 0);
        copies.hide(at(100), at(10), 3);
        copies.hide(at(100), at(60), 0);
        assert_eq!(copies.take(at(100), at(200)), CopiesOfLife::default());
    }
}
