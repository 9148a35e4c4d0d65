//! A number from simulation is never a bare number.

use statrs::distribution::{ContinuousCDF, Gamma, StudentsT};

/// The 97.5 % point of the standard normal law.
const NORMAL_P975: f64 = 1.959_963_984_540_054;
/// From how many lives on Student's law is as good as normal.
const MANY: u64 = 1_000;

/// An estimate with its standard error and 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The point estimate.
    pub mean: f64,
    /// Its standard error; `None` where one life was too few to know.
    pub std_error: Option<f64>,
    /// The 95 % confidence interval; `None` where one life was too few to know.
    pub ci95: Option<(f64, f64)>,
}

impl Estimate {
    /// A mean over lives, with Student's interval; both `None` errors if there is only one life.
    pub(crate) fn of_mean(mean: f64, std_error: f64, lives: u64) -> Estimate {
        if lives < 2 {
            return Estimate { mean, std_error: None, ci95: None };
        }
        let half = half_widths(lives) * std_error;
        Estimate { mean, std_error: Some(std_error), ci95: Some((mean - half, mean + half)) }
    }

    /// The same of what only few lives have anything of, as much as so many that have equal parts: a mean of theirs is
    /// not normal, and its interval may not end at less than is possible where nobody has any.
    ///
    /// # Formula
    ///
    /// A Poisson number, scaled: with `k` lives the ends are `Gamma(k)` at 2.5 % and `Gamma(k + 1)` at 97.5 %, over `k`
    /// (Garwood, *Fiducial limits for the Poisson distribution*, Biometrika 28, 1936; for unequal parts Bohm and Zech,
    /// *Statistics of weighted Poisson events*, Nucl. Instrum. Methods A 748, 2014).
    pub(crate) fn of_few(self, lives: f64) -> Estimate {
        let end = |lives: f64, p| Gamma::new(lives, 1.0).map(|law| law.inverse_cdf(p));
        let ends = end(lives, 0.025).ok().zip(end(lives + 1.0, 0.975).ok());
        let scale = self.mean / lives;
        let ci95 = self.ci95.and(ends).map(|(low, high)| (scale * low, scale * high));
        Estimate { ci95, ..self }
    }

    /// What is known of something that was never seen: at most this, with 95 % confidence.
    pub(crate) fn at_most(bound: f64) -> Estimate {
        Estimate { mean: 0.0, std_error: None, ci95: Some((0.0, bound)) }
    }

    /// The same estimate with its interval cut to what is possible.
    pub(crate) fn within(self, least: f64, most: f64) -> Estimate {
        let cut = |(low, high): (f64, f64)| (low.clamp(least, most), high.clamp(least, most));
        Estimate { ci95: self.ci95.map(cut), ..self }
    }

    /// One minus the estimate.
    pub(crate) fn complement(self) -> Estimate {
        Estimate {
            mean: 1.0 - self.mean,
            std_error: self.std_error,
            ci95: self.ci95.map(|(low, high)| (1.0 - high, 1.0 - low)),
        }
    }

    /// How probable it is that something happens at all that happens so often in the mean, each time by itself.
    ///
    /// # Formula
    ///
    /// `1 - exp(-m)`, the probability that a Poisson number of mean `m` is not zero: what happens in clumps that are rare
    /// begins as a Poisson process (Aldous, *Probability Approximations via the Poisson Clumping Heuristic*, 1989).
    pub(crate) fn at_all(self) -> Estimate {
        let probability = |mean: f64| -libm::expm1(-mean);
        Estimate {
            mean: probability(self.mean),
            std_error: self.std_error.map(|error| libm::exp(-self.mean) * error),
            ci95: self.ci95.map(|(low, high)| (probability(low), probability(high))),
        }
    }

    /// The same in another unit: so many times larger.
    pub(crate) fn times(self, factor: f64) -> Estimate {
        Estimate {
            mean: factor * self.mean,
            std_error: self.std_error.map(|error| factor * error),
            ci95: self.ci95.map(|(low, high)| (factor * low, factor * high)),
        }
    }

    /// The opposite.
    pub(crate) fn negated(self) -> Estimate {
        let ci95 = self.ci95.map(|(low, high)| (-high, -low));
        Estimate { mean: -self.mean, ci95, ..self }
    }

    /// Half of the interval's width, relative to the estimate; `None` where either is unknown or
    /// the estimate is zero.
    pub fn relative_half_width(&self) -> Option<f64> {
        let (low, high) = self.ci95?;
        (self.mean > 0.0).then(|| (high - low) / 2.0 / self.mean)
    }

    /// How many standard errors away from `exact` this is.
    pub fn sigmas_from(&self, exact: f64) -> Option<f64> {
        Some((self.mean - exact) / self.std_error?)
    }

    /// How many standard errors of their difference this is above another one, which may be exact; `None` if this one
    /// has no error.
    pub fn sigmas_apart(&self, other: Estimate) -> Option<f64> {
        let error = self.std_error.filter(|error| *error > 0.0)?;
        Some((self.mean - other.mean) / error.hypot(other.std_error.unwrap_or(0.0)))
    }
}

/// Standard errors to each side of a 95 % interval for a mean over so many lives.
fn half_widths(lives: u64) -> f64 {
    if lives >= MANY {
        return NORMAL_P975;
    }
    let student = StudentsT::new(0.0, 1.0, (lives - 1) as f64);
    student.map_or(f64::INFINITY, |law| law.inverse_cdf(0.975))
}

/// A probability from so many successes in so many trials, with Wilson's interval.
///
/// # Source
///
/// Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22, 1927.
pub fn proportion(successes: u64, trials: u64) -> Option<Estimate> {
    if trials == 0 {
        return None;
    }
    let (n, z) = (trials as f64, NORMAL_P975);
    let p = successes as f64 / n;
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    Some(Estimate {
        mean: p,
        std_error: Some((p * (1.0 - p) / n).sqrt()),
        // The ends of certain outcomes are exact, whatever the rounding.
        ci95: Some((
            if successes == 0 { 0.0 } else { (centre - half).max(0.0) },
            if successes == trials { 1.0 } else { (centre + half).min(1.0) },
        )),
    })
}

/// The probability that an event has at most, with 95 % confidence, when none was seen in so many
/// lives: `1 - 0.05^(1/N)`.
pub fn zero_event_probability(lives: u64) -> f64 {
    -libm::expm1(libm::log(0.05) / lives as f64)
}

/// The rate per year that an event has at most, with 95 % confidence, when none was seen in so many
/// years: `3.0 / years`, which is `-ln 0.05 / years`.
pub fn zero_event_rate(years: f64) -> f64 {
    -libm::log(0.05) / years
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_lives_give_student_intervals() {
        // The 97.5 % points of Student's law with 1 and 9 degrees of freedom.
        for (lives, half) in [(2, 12.706_204_736), (10, 2.262_157_163)] {
            let (low, high) = Estimate::of_mean(0.0, 1.0, lives).ci95.unwrap();
            assert!((high - half).abs() < 1e-6 && (low + half).abs() < 1e-6, "{lives}: {high}");
        }
        assert_eq!(Estimate::of_mean(1.0, f64::NAN, 1).ci95, None);
    }

    #[test]
    fn few_lives_are_a_poisson_number() {
        // Garwood's table: of one event 0.0253 to 5.572, of ten 4.795 to 18.39.
        for (lives, low, high) in [(1.0, 0.025_318, 5.571_643), (10.0, 4.795_389, 18.390_36)] {
            let estimate = Estimate::of_mean(lives, lives, 2_000).of_few(lives);
            let (found_low, found_high) = estimate.ci95.unwrap();
            assert!((found_low / low - 1.0).abs() < 1e-5, "{found_low}");
            assert!((found_high / high - 1.0).abs() < 1e-5, "{found_high}");
        }
        let once = Estimate::of_mean(1.0 / 2e3, 1.0 / 2e3, 2_000).of_few(1.0);
        assert!(once.ci95.unwrap().1 > zero_event_rate(2e3), "less is known of what was seen once");
    }

    #[test]
    fn proportions_match_wilson_by_hand() {
        let estimate = proportion(8, 10).unwrap();
        let (low, high) = estimate.ci95.unwrap();
        assert!((low - 0.490_162_47).abs() < 1e-7 && (high - 0.943_317_82).abs() < 1e-7);
        assert_eq!(proportion(0, 0), None);
        assert_eq!(proportion(10, 10).unwrap().ci95.unwrap().1, 1.0);
    }

    #[test]
    fn no_event_is_a_bound() {
        assert!((zero_event_probability(1) - 0.95).abs() < 1e-12);
        assert!((zero_event_probability(10_000) * 1e4 - 2.9957).abs() < 1e-3);
        assert!((zero_event_rate(1.0) - 2.9957).abs() < 1e-4);
    }
}
