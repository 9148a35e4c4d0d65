//! The distribution of lengths of time, in bounded memory.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::units::SimSpan;

/// Decimal digits that every recorded length keeps.
const DIGITS: u8 = 3;

/// Many lengths of time, each known to within 0.1 %; counts merge exactly.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Counts", try_from = "Counts")]
pub struct Lengths {
    histogram: Histogram<u64>,
    max: SimSpan,
}

/// What a file holds of a histogram: a length in each of its cells, in microseconds, and how many
/// there were in it; and the longest.
#[derive(Serialize, Deserialize)]
struct Counts {
    cells: Vec<(u64, u64)>,
    max: u64,
}

impl From<Lengths> for Counts {
    fn from(lengths: Lengths) -> Counts {
        let recorded = lengths.histogram.iter_recorded();
        let cells =
            recorded.map(|cell| (cell.value_iterated_to(), cell.count_at_value())).collect();
        Counts { cells, max: lengths.max.micros() }
    }
}

impl TryFrom<Counts> for Lengths {
    type Error = &'static str;

    fn try_from(counts: Counts) -> Result<Lengths, &'static str> {
        let mut lengths = Lengths { max: SimSpan::from_micros(counts.max), ..Lengths::default() };
        for (value, count) in counts.cells {
            lengths
                .histogram
                .record_n(value, count)
                .map_err(|_| "a length that is out of range")?;
        }
        Ok(lengths)
    }
}

impl Default for Lengths {
    fn default() -> Lengths {
        let histogram = Histogram::new(DIGITS).expect("a precision that the library allows");
        Lengths { histogram, max: SimSpan::ZERO }
    }
}

impl Lengths {
    /// Adds a length.
    pub fn add(&mut self, length: SimSpan) {
        self.histogram.record(length.micros()).expect("a histogram that grows takes every length");
        self.max = self.max.max(length);
    }

    /// Adds the lengths of another.
    pub fn merge(&mut self, other: &Lengths) {
        self.histogram.add(&other.histogram).expect("a histogram that grows takes every length");
        self.max = self.max.max(other.max);
    }

    /// How many lengths.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The longest, exactly.
    pub fn max(&self) -> SimSpan {
        self.max
    }

    /// The length that the share `q` of all lengths does not exceed, to within 0.1 %, in seconds;
    /// `None` if there is none.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.histogram.is_empty() {
            return None;
        }
        let cell = self.histogram.value_at_quantile(q);
        let middle = self.histogram.median_equivalent(cell).min(self.max.micros());
        Some(SimSpan::from_micros(middle).seconds())
    }

    /// How many lengths are at most `length`, where the cell that holds it counts whole.
    pub fn count_up_to(&self, length: SimSpan) -> u64 {
        self.histogram.count_between(0, length.micros())
    }

    /// For each length that occurs, in seconds and ascending, how many are longer.
    pub fn exceedance(&self) -> Vec<(f64, u64)> {
        let mut longer = self.histogram.len();
        self.histogram
            .iter_recorded()
            .map(|cell| {
                longer -= cell.count_at_value();
                let middle = self.histogram.median_equivalent(cell.value_iterated_to());
                (SimSpan::from_micros(middle.min(self.max.micros())).seconds(), longer)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_thousandth() {
        let mut lengths = Lengths::default();
        assert_eq!(lengths.quantile(0.5), None);
        for micros in 1..=100_000_u64 {
            lengths.add(SimSpan::from_micros(micros * 1_000));
        }
        for (q, exact) in [(0.05, 5.0), (0.5, 50.0), (0.99, 99.0)] {
            let found = lengths.quantile(q).unwrap();
            assert!((found / exact - 1.0).abs() < 1e-3, "{q}: {found}");
        }
        assert_eq!(lengths.max().seconds(), 100.0);
        let up_to = lengths.count_up_to(SimSpan::from_seconds(25.0)) as f64;
        assert!((up_to / 25_000.0 - 1.0).abs() < 1e-3, "{up_to}");
    }

    #[test]
    fn exceedance_counts_down_to_nothing() {
        let mut lengths = Lengths::default();
        let mut other = Lengths::default();
        lengths.add(SimSpan::from_seconds(1.0));
        other.add(SimSpan::from_seconds(60.0));
        other.add(SimSpan::from_seconds(60.0));
        lengths.merge(&other);
        let curve = lengths.exceedance();
        assert_eq!(curve.iter().map(|(_, longer)| *longer).collect::<Vec<_>>(), [2, 0]);
        assert!((curve[1].0 / 60.0 - 1.0).abs() < 1e-3);
    }
}
