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
