//! What is estimated of offloads and backups: how many begin, what of them comes to nothing and why, and how old the
//! newest is.

use serde::{Deserialize, Serialize};

use super::elsewhere::{CyclesOfLife, LOOKS};
use crate::spec::Cycle;
use crate::stats::{Estimate, Moments, RatioMoments, zero_event_probability};

/// What comes of offloads or of backups. What cannot happen to them is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CycleEstimates {
    /// How many begin in a year.
    pub begun_per_year: Estimate,
    /// How many come to nothing in a year because what they need is down at their beginning.
    pub needs_down_per_year: Option<Estimate>,
    /// How many of the others come to nothing in a year by chance.
    pub failed_per_year: Option<Estimate>,
    /// How many of the rest come to nothing in a year because the class that they go to does not take them.
    pub refused_per_year: Option<Estimate>,
    /// How often in a year the newest that could be used is lost where it is.
    pub lost_per_year: Option<Estimate>,
    /// Seconds since the beginning of the newest that can be used, in the mean over the time in which there is one;
    /// `None` where there never was.
    pub age_s: Option<Estimate>,
    /// Share of the time in which there is none.
    pub none_share: Estimate,
}

/// What can happen to offloads or backups.
#[derive(Clone, Copy, Debug)]
pub(super) struct CycleFacts {
    needs: bool,
    fails: bool,
    goes_to_a_class: bool,
    /// What was offloaded and is lost where it is is lost by the class that it is in.
    is_backup: bool,
}

impl CycleFacts {
    pub(super) fn of(cycle: &Cycle, is_backup: bool) -> CycleFacts {
        CycleFacts {
            needs: cycle.needs.is_some(),
            fails: cycle.fails > 0.0,
            goes_to_a_class: cycle.to.is_some(),
            is_backup,
        }
    }
}

/// Counts what comes of offloads or of backups.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct CycleTally {
    begun: Moments,
    needs_down: Moments,
    failed: Moments,
    refused: Moments,
    lost: Moments,
    without: Moments,
    ages: RatioMoments,
}

impl CycleTally {
    pub(super) fn add(&mut self, life: &CyclesOfLife) {
        self.begun.add(life.begun);
        self.needs_down.add(life.needs_down);
        self.failed.add(life.failed);
        self.refused.add(life.refused);
        self.lost.add(life.lost);
        self.without.add(life.without);
        self.ages.add(life.ages.micros(), life.with);
    }

    pub(super) fn merge(&mut self, other: &CycleTally) {
        let CycleTally { begun, needs_down, failed, refused, lost, without, ages } = other;
        self.begun.merge(begun);
        self.needs_down.merge(needs_down);
        self.failed.merge(failed);
        self.refused.merge(refused);
        self.lost.merge(lost);
        self.without.merge(without);
        self.ages.merge(ages);
    }

    /// Of lives of so many years.
    pub(super) fn estimates(&self, facts: &CycleFacts, years: f64) -> CycleEstimates {
        let begun_per_year = self.begun.mean(years).within(0.0, f64::MAX);
        // Of what was never seen there is only a bound: as if it befell all of a life.
        let seldom = zero_event_probability(self.begun.count());
        let of = |seen: &Moments, can_be: bool| {
            can_be.then(|| match seen.sum() > 0.0 {
                true => seen.mean(years).within(0.0, f64::MAX),
                false => Estimate::at_most(seldom * begun_per_year.mean),
            })
        };
        CycleEstimates {
            begun_per_year,
            needs_down_per_year: of(&self.needs_down, facts.needs),
            failed_per_year: of(&self.failed, facts.fails),
            refused_per_year: of(&self.refused, facts.goes_to_a_class),
            lost_per_year: of(&self.lost, facts.goes_to_a_class && facts.is_backup),
            age_s: self.ages.ratio(1e6).map(|age| age.within(0.0, f64::MAX)),
            none_share: match self.without.sum() > 0.0 {
                true => self.without.mean(f64::from(LOOKS)).within(0.0, 1.0),
                false => Estimate::at_most(seldom),
            },
        }
    }
}
