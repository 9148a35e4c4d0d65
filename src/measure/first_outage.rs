//! Time to the first outage.

use serde::{Deserialize, Serialize};

use crate::stats::{Estimate, Lengths, Moments};
use crate::units::SimSpan;

/// Time from the beginning of a life, with everything up and new, to the first outage.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOutage {
    /// Mean, seconds. `None` if a life ended before its first outage: then the mean is unknown, and
    /// more than the horizon allows to see.
    pub mean: Option<Estimate>,
    /// Percentiles over lives, seconds: 5 %, 50 %, 95 %; `None` where they lie beyond the horizon.
    pub quantiles: [Option<f64>; 3],
    /// Lives that ended before their first outage.
    pub censored: u64,
}

/// Counts first outages of one journey.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FirstOutageTally {
    times: Moments,
    lengths: Lengths,
    censored: u64,
}

impl FirstOutageTally {
    /// Adds a life: when its first outage began, if it had one.
    pub(crate) fn add(&mut self, first: Option<SimSpan>) {
        match first {
            Some(time) => {
                self.times.add(time.micros());
                self.lengths.add(time);
            }
            None => self.censored += 1,
        }
    }

    /// Adds the lives of another.
    pub(crate) fn merge(&mut self, other: &FirstOutageTally) {
        let FirstOutageTally { times, lengths, censored } = other;
        self.times.merge(times);
        self.lengths.merge(lengths);
        self.censored += censored;
    }

    pub(crate) fn estimates(&self) -> FirstOutage {
        let lives = self.times.count() + self.censored;
        let quantile = |q: f64| {
            // Lives without an outage are longer than all others.
            let among_seen = q * lives as f64 / self.times.count() as f64;
            (among_seen <= 1.0).then(|| self.lengths.quantile(among_seen)).flatten()
        };
        FirstOutage {
            mean: (self.censored == 0).then(|| self.times.mean(1e6).within(0.0, f64::MAX)),
            quantiles: [0.05, 0.5, 0.95].map(quantile),
            censored: self.censored,
        }
    }

    /// The interval of the mean, relative to it.
    pub(crate) fn relative_half_width(&self) -> Option<f64> {
        self.estimates().mean?.relative_half_width()
    }
}
