//! The difference between two systems, life by life.

use super::outage::Life;
use crate::run::Plan;
use crate::stats::{Estimate, Moments, SignedMoments, zero_event_probability};
use crate::units::{SECONDS_PER_YEAR, SimSpan, SimTime};

/// What a life came to for one journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeOfJourney {
    downtime: SimSpan,
    outages: u64,
}

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
    window: (SimTime, SimTime),
    first: Moments,
    second: Moments,
    difference: SignedMoments,
    outages: SignedMoments,
    lives: [u64; 3],
}

impl PairedTally {
    /// For lives of this plan.
    pub fn new(plan: &Plan) -> PairedTally {
        let start = SimTime::ZERO + plan.warm_up;
        PairedTally {
            window: (start, start + plan.horizon),
            first: Moments::default(),
            second: Moments::default(),
            difference: SignedMoments::default(),
            outages: SignedMoments::default(),
            lives: [0; 3],
        }
    }

    /// What a life came to for the journey with this index; an outage counts where it begins.
    pub fn life_of(&self, life: &Life, journey: usize) -> LifeOfJourney {
        let (start, end) = self.window;
        let mut of_journey = LifeOfJourney { downtime: SimSpan::ZERO, outages: 0 };
        for outage in life.outages.iter().filter(|outage| outage.journey.index() == journey) {
            let length = outage.end.min(end) - outage.start.max(start);
            of_journey.downtime = of_journey.downtime + length;
            of_journey.outages += u64::from(outage.start >= start);
        }
        of_journey
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
        let years = (self.window.1 - self.window.0).seconds() / SECONDS_PER_YEAR;
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
