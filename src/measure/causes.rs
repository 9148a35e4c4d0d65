//! Which failure modes outages start from, and which prolong them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::outage::Outage;
use crate::engine::Root;
use crate::stats::{Moments, PartMoments};
use crate::units::SimSpan;

/// Downtime and outages by what started them, and by what prolonged them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct CauseTally {
    #[serde(with = "pairs")]
    started: BTreeMap<Root, Part>,
    #[serde(with = "pairs")]
    prolonged: BTreeMap<Root, Part>,
    /// Downtime by cause in the present life.
    #[serde(skip)]
    this_life: Vec<(Root, u64)>,
    /// Microseconds of downtime over lives.
    downtime: Moments,
}

/// What one cause has to do with.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Part {
    micros: u128,
    outages: u64,
    share: PartMoments,
}

impl Part {
    fn add(&mut self, length: SimSpan, began: bool) {
        self.micros += u128::from(length.micros());
        self.outages += u64::from(began);
    }
}

/// The part of one cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CauseShare {
    /// What started the outages.
    pub root: Root,
    /// Its share of all downtime.
    pub downtime_share: f64,
    /// The 95 % interval of that over lives.
    pub downtime_share_ci95: Option<(f64, f64)>,
    /// Its share of all outages.
    pub outage_share: f64,
}

/// What prolonged outages that something else had started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prolonging {
    /// What such outages waited for in the end.
    pub root: Root,
    /// The share of all downtime that such outages have, whole.
    pub downtime_share: f64,
    /// Their share of all outages.
    pub outage_share: f64,
}

impl CauseTally {
    /// Adds downtime of an outage, and the outage itself if it began while it was measured.
    pub(crate) fn add(&mut self, outage: &Outage, downtime: SimSpan, began: bool) {
        self.add_started(outage.cause, downtime, began);
        if let Some(root) = outage.prolonged_by() {
            self.prolonged.entry(root).or_default().add(downtime, began);
        }
    }

    /// Adds what a cause has started, be it downtime or the loss of data.
    pub(crate) fn add_started(&mut self, cause: Root, length: SimSpan, began: bool) {
        self.started.entry(cause).or_default().add(length, began);
        match self.this_life.iter_mut().find(|(root, _)| *root == cause) {
            Some((_, micros)) => *micros += length.micros(),
            None => self.this_life.push((cause, length.micros())),
        }
    }

    /// The life is over, with so much downtime.
    pub(crate) fn end_life(&mut self, downtime: SimSpan) {
        self.downtime.add(downtime.micros());
        for (root, micros) in self.this_life.drain(..) {
            self.started.entry(root).or_default().share.add(micros, downtime.micros());
        }
    }

    /// Adds the lives of another.
    pub(crate) fn merge(&mut self, other: &CauseTally) {
        let CauseTally { started, prolonged, this_life: _, downtime } = other;
        self.downtime.merge(downtime);
        for (all, others) in [(&mut self.started, started), (&mut self.prolonged, prolonged)] {
            for (root, part) in others {
                let sum = all.entry(*root).or_default();
                sum.micros += part.micros;
                sum.outages += part.outages;
                sum.share.merge(&part.share);
            }
        }
    }

    /// All causes, the one with the most downtime first.
    pub(crate) fn shares(&self) -> Vec<CauseShare> {
        let of = self.shares_of();
        let share = |(root, part): (Root, Part)| {
            let (downtime_share, outage_share) = of(&part);
            let estimate = part.share.share_of(&self.downtime);
            let downtime_share_ci95 = estimate.and_then(|estimate| estimate.ci95);
            CauseShare { root, downtime_share, downtime_share_ci95, outage_share }
        };
        sorted(&self.started).into_iter().map(share).collect()
    }

    /// What prolonged outages, the one with the most downtime first.
    pub(crate) fn prolonging(&self) -> Vec<Prolonging> {
        let of = self.shares_of();
        let share = |(root, part): (Root, Part)| {
            let (downtime_share, outage_share) = of(&part);
            Prolonging { root, downtime_share, outage_share }
        };
        sorted(&self.prolonged).into_iter().map(share).collect()
    }

    /// Shares of downtime and of outages.
    fn shares_of(&self) -> impl Fn(&Part) -> (f64, f64) + use<> {
        let parts = || self.started.values();
        let micros = parts().map(|part| part.micros).sum::<u128>().max(1) as f64;
        let outages = parts().map(|part| part.outages).sum::<u64>().max(1) as f64;
        move |part| (part.micros as f64 / micros, part.outages as f64 / outages)
    }
}

/// A map whose keys are no text, as a list of pairs.
pub(super) mod pairs {
    use super::{BTreeMap, Deserialize, Root, Serialize};

    pub(crate) fn serialize<T: Serialize, S: serde::Serializer>(
        map: &BTreeMap<Root, T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Root, T>, D::Error> {
        Vec::deserialize(deserializer).map(|pairs| pairs.into_iter().collect())
    }
}

fn sorted(parts: &BTreeMap<Root, Part>) -> Vec<(Root, Part)> {
    let mut sorted: Vec<(Root, Part)> = parts.iter().map(|(root, part)| (*root, *part)).collect();
    // By whole numbers, so that the order of equal causes is that of their ids.
    sorted.sort_by_key(|(_, part)| std::cmp::Reverse(part.micros));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClockId, JourneyId};
    use crate::units::SimTime;

    fn root(clock: usize) -> Root {
        Root { clock: ClockId::new(clock), branch: 0, is_planned: false }
    }

    fn outage(cause: usize, ended_by: usize) -> Outage {
        let (journey, ended_by) = (JourneyId::new(0), Some(root(ended_by)));
        Outage { journey, cause: root(cause), ended_by, start: SimTime::ZERO, end: SimTime::ZERO }
    }

    #[test]
    fn shares_add_up_and_the_cause_of_the_most_downtime_is_first() {
        let mut tally = CauseTally::default();
        let seconds = |seconds: f64| SimSpan::from_seconds(seconds);
        tally.add(&outage(3, 3), seconds(10.0), true);
        tally.add(&outage(7, 5), seconds(60.0), true);
        tally.end_life(seconds(70.0));
        tally.add(&outage(3, 3), seconds(20.0), true);
        tally.add(&outage(5, 5), seconds(10.0), false);
        tally.end_life(seconds(30.0));
        let shares = tally.shares();
        let clocks: Vec<usize> = shares.iter().map(|share| share.root.clock.index()).collect();
        assert_eq!(clocks, [7, 3, 5]);
        let downtime: Vec<f64> = shares.iter().map(|share| share.downtime_share).collect();
        assert_eq!(downtime, [0.6, 0.3, 0.1]);
        let outages: Vec<f64> = shares.iter().map(|share| share.outage_share * 3.0).collect();
        assert_eq!(outages, [1.0, 2.0, 0.0]);
        for share in &shares {
            let (low, high) = share.downtime_share_ci95.unwrap();
            assert!(low <= share.downtime_share && share.downtime_share <= high);
        }
        let prolonging = tally.prolonging();
        assert_eq!(prolonging.len(), 1);
        assert_eq!(prolonging[0].root, root(5));
        assert_eq!((prolonging[0].downtime_share, prolonging[0].outage_share), (0.6, 1.0 / 3.0));
        assert!(CauseTally::default().shares().is_empty());
    }
}
