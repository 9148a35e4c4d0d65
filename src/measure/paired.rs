//! The difference between two systems, life by life.

use super::data::Bounded;
use super::outage::{LifeOfJourney, LossesOfLife};
use crate::run::Plan;
use crate::stats::{
    Estimate, Moments, SignedMoments, proportion, zero_event_probability, zero_event_rate,
};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// What is known of one measure in two systems.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// In the first.
    pub first: Estimate,
    /// In the second.
    pub second: Estimate,
    /// In the second less in the first. Without an interval where no life differs.
    pub difference: Estimate,
    /// Lives in which there was more of it in the second, as much, and less.
    pub lives: [u64; 3],
    /// Where no life differs: the probability that one does, at most, with 95 % confidence.
    pub differs_at_most: Option<f64>,
    /// The variance of the difference, by the sum of the variances of both: what it would be without
    /// the same luck. `None` where nothing varies.
    pub variance_ratio: Option<f64>,
}

/// What is known of one journey in two systems.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedEstimates {
    /// Downtime, seconds a year.
    pub downtime_s_per_year: Paired,
    /// Outages a year.
    pub outages_per_year: Paired,
}

/// What is known of one data class in two systems.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedLosses {
    /// Seconds' worth of data that are lost in a year.
    pub lost_s_per_year: Paired,
    /// Incidents that begin in a year.
    pub loss_incidents_per_year: Paired,
    /// Probability that a life has any.
    pub p_loss: Paired,
}

/// Counts one measure of pairs of lives.
#[derive(Clone, Debug, Default)]
struct PairedMoments {
    first: Moments,
    second: Moments,
    difference: SignedMoments,
    lives: [u64; 3],
}

impl PairedMoments {
    fn add(&mut self, first: u64, second: u64) {
        self.first.add(first);
        self.second.add(second);
        self.difference.add(second, first);
        let place = match second.cmp(&first) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Less => 2,
        };
        self.lives[place] += 1;
    }

    /// What is known of the numbers divided by `unit`, with what `alone` says of those of one system.
    fn estimates(&self, unit: f64, alone: impl Fn(&Moments) -> Estimate) -> Paired {
        let of_both = self.first.variance() + self.second.variance();
        // Where no pair differs, that nothing varies is luck and not knowledge.
        let is_same = self.difference.is_zero();
        let difference = match is_same {
            true => Estimate { mean: 0.0, std_error: None, ci95: None },
            false => self.difference.mean(unit),
        };
        Paired {
            first: alone(&self.first),
            second: alone(&self.second),
            difference,
            lives: self.lives,
            differs_at_most: is_same.then(|| zero_event_probability(self.first.count())),
            variance_ratio: (of_both > 0.0).then(|| self.difference.variance() / of_both),
        }
    }
}

/// Counts pairs of lives of one journey.
#[derive(Clone, Debug)]
pub struct PairedTally {
    years: f64,
    /// Microseconds.
    downtime: PairedMoments,
    outages: PairedMoments,
}

impl PairedTally {
    /// For lives of this plan.
    pub fn new(plan: &Plan) -> PairedTally {
        PairedTally {
            years: years(plan.horizon),
            downtime: PairedMoments::default(),
            outages: PairedMoments::default(),
        }
    }

    /// Adds a life of the first system and the life of the second with the same luck.
    pub fn add(&mut self, first: LifeOfJourney, second: LifeOfJourney) {
        self.downtime.add(first.downtime.micros(), second.downtime.micros());
        self.outages.add(first.outages, second.outages);
    }

    /// What is known now; at least one pair must have been added.
    pub fn estimates(&self) -> PairedEstimates {
        let of = |moments: &PairedMoments, unit: f64| {
            moments.estimates(unit, |one| one.mean(unit).within(0.0, f64::MAX))
        };
        PairedEstimates {
            downtime_s_per_year: of(&self.downtime, 1e6 * self.years),
            outages_per_year: of(&self.outages, self.years),
        }
    }
}

/// Counts pairs of lives of one data class.
#[derive(Clone, Debug)]
pub struct PairedLossTally {
    years: f64,
    /// Microseconds.
    lost: PairedMoments,
    incidents: PairedMoments,
    /// One of a life with an incident, none of another.
    any: PairedMoments,
}

impl PairedLossTally {
    /// For lives of this plan.
    pub fn new(plan: &Plan) -> PairedLossTally {
        PairedLossTally {
            years: years(plan.horizon),
            lost: PairedMoments::default(),
            incidents: PairedMoments::default(),
            any: PairedMoments::default(),
        }
    }

    /// Adds a life of the first system and the life of the second with the same luck.
    pub fn add(&mut self, first: LossesOfLife, second: LossesOfLife) {
        self.lost.add(first.lost.micros(), second.lost.micros());
        self.incidents.add(first.incidents, second.incidents);
        self.any.add(u64::from(first.incidents > 0), u64::from(second.incidents > 0));
    }

    /// What is known now; at least one pair must have been added.
    pub fn estimates(&self) -> PairedLosses {
        let lives = self.any.first.count();
        let seldom = zero_event_probability(lives);
        // What was never seen is known to be no more than a bound, as where one system is alone.
        let or_at_most = |one: &Moments, seen: Estimate, bound: f64| {
            Bounded::new(seen, (one.sum() == 0.0).then_some(bound)).estimate
        };
        let mean = |moments: &PairedMoments, unit: f64, bound: f64| {
            moments.estimates(unit, |one| or_at_most(one, one.mean(unit), bound))
        };
        let share = |one: &Moments| {
            let seen = proportion(one.sum() as u64, lives).unwrap_or(Estimate::at_most(1.0));
            or_at_most(one, seen, seldom)
        };
        let rate = zero_event_rate(lives as f64 * self.years);
        PairedLosses {
            lost_s_per_year: mean(&self.lost, 1e6 * self.years, seldom * SECONDS_PER_YEAR),
            loss_incidents_per_year: mean(&self.incidents, self.years, rate),
            p_loss: self.any.estimates(1.0, share),
        }
    }
}

fn years(horizon: SimSpan) -> f64 {
    horizon.seconds() / SECONDS_PER_YEAR
}
