//! The system of `topologies/workload-c.yaml`, written by hand: two of three units, each with one
//! clock in an array of three. MTTF 1000 h, MTTR 10 h; hours throughout.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp1};

use crate::workload::Outcome;

/// One clock a unit, in an array that is searched from end to end.
#[derive(Clone, Debug)]
pub(crate) struct ArrayOfThree {
    rng: Xoshiro256PlusPlus,
}

impl ArrayOfThree {
    /// A program for this seed.
    pub(crate) fn new(seed: u64) -> Self {
        ArrayOfThree { rng: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }

    #[inline]
    fn exponential(&mut self, mean: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.rng);
        mean * unit
    }

    /// One life of this many hours.
    pub(crate) fn life(&mut self, horizon: f64) -> Outcome {
        let mut next = [0.0; 3].map(|_: f64| self.exponential(1_000.0));
        let mut up = [true; 3];
        let mut count = 3;
        let mut down_since = 0.0;
        let mut outcome = Outcome::default();
        loop {
            let mut unit = if next[1] < next[0] { 1 } else { 0 };
            if next[2] < next[unit] {
                unit = 2;
            }
            let now = next[unit];
            if now >= horizon {
                break;
            }
            outcome.events += 1;
            up[unit] = !up[unit];
            if up[unit] {
                count += 1;
                next[unit] = now + self.exponential(1_000.0);
                if count == 2 {
                    outcome.down_hours[0] += now - down_since;
                }
            } else {
                count -= 1;
                next[unit] = now + self.exponential(10.0);
                if count == 1 {
                    outcome.outages[0] += 1;
                    down_since = now;
                }
            }
        }
        if count < 2 {
            outcome.down_hours[0] += horizon - down_since;
        }
        outcome
    }
}
