//! Sums of whole numbers: exact, so that no order of adding or merging can change a digit.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// A sum of products of whole numbers, without bound in practice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WideSum {
    low: u128,
    /// How often `low` has overflowed.
    high: u64,
}

impl WideSum {
    /// Adds a product.
    pub fn add(&mut self, a: u64, b: u64) {
        self.add_wide(u128::from(a) * u128::from(b), 0);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &WideSum) {
        self.add_wide(other.low, other.high);
    }

    fn add_wide(&mut self, low: u128, high: u64) {
        let (sum, carried) = self.low.overflowing_add(low);
        self.low = sum;
        self.high += high + u64::from(carried);
    }

    /// The sum as a floating-point number.
    pub fn value(&self) -> f64 {
        self.high as f64 * 2f64.powi(128) + self.low as f64
    }
}

/// How many numbers, their sum and the sum of their squares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    sum: WideSum,
    squares: WideSum,
}

impl Moments {
    /// Adds a number.
    pub fn add(&mut self, number: u64) {
        self.count += 1;
        self.sum.add(number, 1);
        self.squares.add(number, number);
    }

    /// Adds the numbers of another.
    pub fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// The variance of the numbers, without bias; not a number of fewer than two.
    pub fn variance(&self) -> f64 {
        variance(self.count, self.sum.value(), self.squares.value())
    }

    /// The mean of the numbers divided by `unit`, with its standard error.
    pub fn mean(&self, unit: f64) -> Estimate {
        self.mean_of(self.count, unit)
    }

    /// The same of so many numbers, of which those that were not added are zero.
    pub fn mean_of(&self, count: u64, unit: f64) -> Estimate {
        let estimate = mean(count, self.sum.value(), self.squares.value(), unit);
        match self.few_of(count) {
            Some(few) => estimate.of_few(few),
            None => estimate,
        }
    }

    /// As how many equal ones those are that are not zero, of so many: `(sum)^2 / sum of squares` (Kish, *Survey
    /// Sampling*, 1965); `None` unless they are a few of all.
    fn few_of(&self, count: u64) -> Option<f64> {
        let effective = self.sum.value() * (self.sum.value() / self.squares.value());
        (effective <= FEW * count as f64).then_some(effective)
    }
}

/// At most what share of all lives are few.
const FEW: f64 = 0.1;

/// The variance of so many numbers, by their sum and the sum of their squares.
fn variance(count: u64, sum: f64, squares: f64) -> f64 {
    let n = count as f64;
    let mean = sum / n;
    (squares / n - mean * mean).max(0.0) * n / (n - 1.0)
}

fn mean(count: u64, sum: f64, squares: f64, unit: f64) -> Estimate {
    let n = count as f64;
    let error = (variance(count, sum, squares) / n).sqrt();
    Estimate::of_mean(sum / n / unit, error / unit, count)
}

/// The same of differences, which may be below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedMoments {
    count: u64,
    above: WideSum,
    below: WideSum,
    squares: WideSum,
}

impl SignedMoments {
    /// Adds `number - less`.
    pub fn add(&mut self, number: u64, less: u64) {
        let distance = number.abs_diff(less);
        self.count += 1;
        let side = if number > less { &mut self.above } else { &mut self.below };
        side.add(distance, 1);
        self.squares.add(distance, distance);
    }

    /// Whether every difference was zero.
    pub fn is_zero(&self) -> bool {
        self.squares == WideSum::default()
    }

    /// The variance of the differences, without bias; not a number of fewer than two.
    pub fn variance(&self) -> f64 {
        variance(self.count, self.sum(), self.squares.value())
    }

    /// The mean of the differences divided by `unit`, with its standard error.
    pub fn mean(&self, unit: f64) -> Estimate {
        mean(self.count, self.sum(), self.squares.value(), unit)
    }

    fn sum(&self) -> f64 {
        self.above.value() - self.below.value()
    }
}

/// Sums for the ratio of two totals over lives, such as downtime over outages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatioMoments {
    above: Moments,
    below: Moments,
    cross: WideSum,
}

impl RatioMoments {
    /// Adds what one life contributes to the two totals.
    pub fn add(&mut self, above: u64, below: u64) {
        self.above.add(above);
        self.below.add(below);
        self.cross.add(above, below);
    }

    /// Adds the lives of another.
    pub fn merge(&mut self, other: &RatioMoments) {
        self.above.merge(&other.above);
        self.below.merge(&other.below);
        self.cross.merge(&other.cross);
    }

    /// The ratio of the totals divided by `unit`; `None` while the lower total is zero.
    ///
    /// # Formula
    ///
    /// With `r` the ratio, the standard error is that of the mean of `above - r below` over lives,
    /// divided by the mean of `below` (the delta method; Law, *Simulation Modeling and Analysis*,
    /// regenerative method).
    pub fn ratio(&self, unit: f64) -> Option<Estimate> {
        let below = self.below.sum();
        if below == 0.0 {
            return None;
        }
        let ratio = self.above.sum() / below;
        let squares = self.above.squares.value() - 2.0 * ratio * self.cross.value()
            + ratio * ratio * self.below.squares.value();
        Some(of_whole(ratio, squares, &self.below, unit))
    }
}

/// Sums for the share that a part has of a whole, where most lives have none of the part: such lives
/// need not be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartMoments {
    sum: WideSum,
    squares: WideSum,
    cross: WideSum,
}

impl PartMoments {
    /// Adds what one life contributes to the part and to the whole.
    pub fn add(&mut self, part: u64, whole: u64) {
        self.sum.add(part, 1);
        self.squares.add(part, part);
        self.cross.add(part, whole);
    }

    /// Adds the lives of another.
    pub fn merge(&mut self, other: &PartMoments) {
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        self.cross.merge(&other.cross);
    }

    /// The part of the whole, of which all lives have been added; `None` while there is nothing.
    ///
    /// # Formula
    ///
    /// As [`RatioMoments::ratio`]: the sums over lives without the part are all zero but one, which
    /// the whole has.
    pub fn share_of(&self, whole: &Moments) -> Option<Estimate> {
        let total = whole.sum();
        if total == 0.0 {
            return None;
        }
        let share = self.sum.value() / total;
        let squares = self.squares.value() - 2.0 * share * self.cross.value()
            + share * share * whole.squares.value();
        Some(of_whole(share, squares, whole, 1.0).within(0.0, 1.0))
    }
}

/// A ratio to the sum of `whole`, by the sum of squares of what each life has more than the ratio says. Where few lives
/// have any of the whole only they tell how much a ratio varies.
fn of_whole(ratio: f64, squares: f64, whole: &Moments, unit: f64) -> Estimate {
    let lives = match whole.few_of(whole.count) {
        Some(few) => (few.round() as u64).max(1),
        None => whole.count,
    };
    let n = lives as f64;
    let error = (squares.max(0.0) * n / (n - 1.0)).sqrt() / whole.sum();
    Estimate::of_mean(ratio / unit, error / unit, lives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_ratio_with_lives_left_out() {
        let lives = [(3, 10), (0, 4), (5, 5), (0, 0), (2, 9)];
        let (mut all, mut part, mut whole) =
            (RatioMoments::default(), PartMoments::default(), Moments::default());
        for (above, below) in lives {
            all.add(above, below);
            whole.add(below);
            if above > 0 {
                part.add(above, below);
            }
        }
        let (want, got) = (all.ratio(1.0).unwrap(), part.share_of(&whole).unwrap());
        assert_eq!(got.mean, want.mean);
        assert!((got.std_error.unwrap() - want.std_error.unwrap()).abs() < 1e-12);
        assert_eq!(part.share_of(&Moments::default()), None);
    }

    #[test]
    fn what_one_life_of_many_had_has_no_error() {
        let (mut ratio, mut part, mut whole) =
            (RatioMoments::default(), PartMoments::default(), Moments::default());
        for life in 0..100 {
            let outages = u64::from(life == 7);
            ratio.add(300 * outages, outages);
            whole.add(300 * outages);
        }
        part.add(300, 300);
        for estimate in [ratio.ratio(1.0).unwrap(), part.share_of(&whole).unwrap()] {
            assert_eq!((estimate.std_error, estimate.ci95), (None, None));
        }
        let (low, high) = whole.mean(1.0).ci95.unwrap();
        assert!((low - 3.0 * 0.025_318).abs() < 1e-4 && (high - 3.0 * 5.571_643).abs() < 1e-4);
    }

    #[test]
    fn differences_may_be_below_zero() {
        let mut moments = SignedMoments::default();
        for (number, less) in [(2, 5), (4, 4), (9, 1), (0, 6)] {
            moments.add(number, less);
        }
        // -3, 0, 8, -6: the mean is -1/4, the variance (9 + 64 + 36 - 4/16) / 3.
        assert_eq!(moments.mean(1.0).mean, -0.25);
        assert!((moments.variance() - 108.75 / 3.0).abs() < 1e-12);
        let error = moments.mean(0.5).std_error.unwrap();
        assert!((error - 2.0 * (108.75_f64 / 12.0).sqrt()).abs() < 1e-12);
        assert!(!moments.is_zero() && SignedMoments::default().is_zero());
    }

    #[test]
    fn means_and_errors_match_the_definition() {
        let mut moments = Moments::default();
        for number in [2, 4, 4, 4, 5, 5, 7, 9] {
            moments.add(number);
        }
        let mean = moments.mean(0.1);
        assert!((mean.mean - 50.0).abs() < 1e-12);
        // Variance 32/7 over 8 numbers.
        assert!((mean.std_error.unwrap() - 10.0 * (32.0 / 7.0 / 8.0_f64).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn merging_is_adding() {
        let (mut all, mut left, mut right) =
            (RatioMoments::default(), RatioMoments::default(), RatioMoments::default());
        for number in 0..100_u64 {
            let (above, below) = ((number * number) << 40, number % 5);
            all.add(above, below);
            if number % 3 == 0 { left.add(above, below) } else { right.add(above, below) }
        }
        left.merge(&right);
        assert_eq!(left, all);
    }

    #[test]
    fn sums_outgrow_their_words() {
        let mut sum = WideSum::default();
        for _ in 0..5 {
            sum.add(u64::MAX, u64::MAX);
        }
        let square = 2f64.powi(128);
        assert!((sum.value() / square - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_of_constants_has_no_error() {
        let mut moments = RatioMoments::default();
        assert!(moments.ratio(1.0).is_none());
        for below in [1, 5, 2, 8] {
            moments.add(3 * below, below);
        }
        let ratio = moments.ratio(1.0).unwrap();
        assert!((ratio.mean - 3.0).abs() < 1e-12 && ratio.std_error.unwrap() < 1e-6);
    }
}
