//! The difference between two systems, life by life.

use super::outage::LifeOfJourney;
use crate::run::Plan;
use crate::stats::{Estimate, Moments, SignedMoments, zero_event_probability};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// What is known of one journey in two systems.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedEstimates {
    /// Downtime in the first, seconds a year.
    pub first_s_per_year: Estimate,
    /// Downtime in the second, seconds a year.
    pub second_s_per_year: Estimate,
    /// Downtime in the second less downtime in the first, seconds a year. Without an interval where
    /// no life differs.
    pub difference_s_per_year: Estimate,
    /// Outages a year in the second less those in the first. Without an interval where no life has
    /// more or fewer.
    pub outages_difference_per_year: Estimate,
    /// Lives in which the second was down for longer, for as long, and for less time.
    pub lives: [u64; 3],
    /// Where no life differs: the probability that one does, at most, with 95 % confidence.
    pub differs_at_most: Option<f64>,
    /// The variance of the difference, by the sum of the variances of both: what it would be without
    /// the same luck. `None` where nothing varies.
    pub variance_ratio: Option<f64>,
}

/// Counts pairs of lives of one journey.
#[derive(Clone, Debug)]
pub struct PairedTally {
    horizon: SimSpan,
    first: Moments,
    second: Moments,
    difference: SignedMoments,
    outages: SignedMoments,
    lives: [u64; 3],
}

impl PairedTally {
    /// For lives of this plan.
    pub fn new(plan: &Plan) -> PairedTally {
        PairedTally {
            horizon: plan.horizon,
            first: Moments::default(),
            second: Moments::default(),
            difference: SignedMoments::default(),
            outages: SignedMoments::default(),
            lives: [0; 3],
        }
    }

    /// Adds a life of the first system and the life of the second with the same luck.
    pub fn add(&mut self, first: LifeOfJourney, second: LifeOfJourney) {
        let (one, other) = (first.downtime.micros(), second.downtime.micros());
        self.first.add(one);
        self.second.add(other);
        self.difference.add(other, one);
        self.outages.add(second.outages, first.outages);
        let place = match other.cmp(&one) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Less => 2,
        };
        self.lives[place] += 1;
    }

    /// What is known now; at least one pair must have been added.
    pub fn estimates(&self) -> PairedEstimates {
        let years = self.horizon.seconds() / SECONDS_PER_YEAR;
        let unit = 1e6 * years;
        let of_both = self.first.variance() + self.second.variance();
        let lives = self.first.count();
        // Where no pair differs, that nothing varies is luck and not knowledge.
        let or_unknown = |estimate: Estimate, moments: &SignedMoments| match moments.is_zero() {
            true => Estimate { mean: 0.0, std_error: None, ci95: None },
            false => estimate,
        };
        let seldom = self.difference.is_zero();
        PairedEstimates {
            first_s_per_year: self.first.mean(unit).within(0.0, f64::MAX),
            second_s_per_year: self.second.mean(unit).within(0.0, f64::MAX),
            difference_s_per_year: or_unknown(self.difference.mean(unit), &self.difference),
            outages_difference_per_year: or_unknown(self.outages.mean(years), &self.outages),
            lives: self.lives,
            differs_at_most: seldom.then(|| zero_event_probability(lives)),
            variance_ratio: (of_both > 0.0).then(|| self.difference.variance() / of_both),
        }
    }
}
