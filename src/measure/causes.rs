//! Which failure modes outages start from.

use std::collections::BTreeMap;

use crate::model::ClockId;
use crate::units::SimSpan;

/// Downtime and outages by the failure mode that started them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CauseTally {
    /// Microseconds of downtime and number of outages of each cause.
    by_clock: BTreeMap<ClockId, (u128, u64)>,
}

/// The part of one failure mode of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CauseShare {
    /// The failure mode that started the outages.
    pub clock: ClockId,
    /// Its share of all downtime.
    pub downtime_share: f64,
    /// Its share of all outages.
    pub outage_share: f64,
}

impl CauseTally {
    /// Adds downtime of an outage, and the outage itself if it began while it was measured.
    pub(crate) fn add(&mut self, clock: ClockId, downtime: SimSpan, began: bool) {
        let (micros, outages) = self.by_clock.entry(clock).or_default();
        *micros += u128::from(downtime.micros());
        *outages += u64::from(began);
    }

    /// All causes, the one with the most downtime first.
    pub(crate) fn shares(&self) -> Vec<CauseShare> {
        let all_micros: u128 = self.by_clock.values().map(|(micros, _)| micros).sum();
        let all_outages: u64 = self.by_clock.values().map(|(_, outages)| outages).sum();
        let mut causes: Vec<(&ClockId, &(u128, u64))> = self.by_clock.iter().collect();
        // By whole numbers, so that the order of equal causes is that of their ids.
        causes.sort_by_key(|(_, (micros, _))| std::cmp::Reverse(*micros));
        causes
            .into_iter()
            .map(|(clock, (micros, outages))| CauseShare {
                clock: *clock,
                downtime_share: *micros as f64 / all_micros.max(1) as f64,
                outage_share: *outages as f64 / all_outages.max(1) as f64,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_the_cause_of_the_most_downtime_is_first() {
        let mut tally = CauseTally::default();
        let seconds = |seconds: f64| SimSpan::from_seconds(seconds);
        tally.add(ClockId::new(3), seconds(10.0), true);
        tally.add(ClockId::new(7), seconds(60.0), true);
        tally.add(ClockId::new(3), seconds(20.0), true);
        tally.add(ClockId::new(5), seconds(10.0), false);
        let shares = tally.shares();
        let clocks: Vec<usize> = shares.iter().map(|share| share.clock.index()).collect();
        assert_eq!(clocks, [7, 3, 5]);
        let downtime: Vec<f64> = shares.iter().map(|share| share.downtime_share).collect();
        assert_eq!(downtime, [0.6, 0.3, 0.1]);
        let outages: Vec<f64> = shares.iter().map(|share| share.outage_share * 3.0).collect();
        assert_eq!(outages, [1.0, 2.0, 0.0]);
        assert!(CauseTally::default().shares().is_empty());
    }
}
