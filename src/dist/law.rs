//! Laws of lifetimes and of times to restoration.

use std::fmt;

use rand::Rng;
use rand_distr::Distribution;

use super::{normal_quantile, unit_exponential};
use crate::rng::Stream;

/// A law of a length of time; its parameters are in seconds, and so are its draws.
///
/// Made by the constructors, which refuse impossible parameters, so a law that exists can be drawn
/// from.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// Memoryless, with this mean.
    Exponential {
        /// Mean, seconds.
        mean: f64,
    },
    /// `scale * E^(1/shape)` with `E` exponential of mean 1: a hazard that falls with age below
    /// shape 1 and rises above it.
    Weibull {
        /// Shape, without unit.
        shape: f64,
        /// Scale, seconds: 63.2 % of lives are shorter.
        scale: f64,
    },
    /// `exp(mu + sigma Z)` with `Z` standard normal.
    LogNormal {
        /// Logarithm of the median in seconds.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma; with a whole shape, that many exponential stages after one another (Erlang).
    Gamma {
        /// Shape, without unit.
        shape: f64,
        /// Scale, seconds: the mean is shape times scale.
        scale: f64,
    },
    /// Equally likely anywhere between two ends.
    Uniform {
        /// Lower end, seconds.
        low: f64,
        /// Upper end, seconds.
        high: f64,
    },
    /// Always the same.
    Fixed {
        /// Seconds.
        value: f64,
    },
    /// One of several laws, chosen anew for each draw.
    Mixture(Box<[Branch]>),
}

/// One possibility of a [`Law::Mixture`].
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its probability.
    pub probability: f64,
    /// The law if it is chosen.
    pub law: Law,
}

/// Why there is no such law: the parameter, and what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LawError {
    /// The parameter as the topology spells it.
    pub parameter: &'static str,
    /// What it must be.
    pub must_be: &'static str,
}

impl fmt::Display for LawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` must be {}", self.parameter, self.must_be)
    }
}

impl std::error::Error for LawError {}

/// How far the probabilities of a mixture may be from adding up to one: people round percentages.
const MIXTURE_TOLERANCE: f64 = 1e-9;

fn positive(parameter: &'static str, value: f64) -> Result<f64, LawError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(LawError { parameter, must_be: "above zero" })
    }
}

fn not_negative(parameter: &'static str, value: f64) -> Result<f64, LawError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(LawError { parameter, must_be: "zero or more" })
    }
}

impl Law {
    /// Exponential with this mean in seconds.
    ///
    /// # Errors
    ///
    /// Unless the mean is above zero and finite.
    pub fn exponential(mean: f64) -> Result<Law, LawError> {
        Ok(Law::Exponential { mean: positive("mean", mean)? })
    }

    /// Weibull by shape and scale.
    ///
    /// # Errors
    ///
    /// Unless both are above zero and finite.
    pub fn weibull(shape: f64, scale: f64) -> Result<Law, LawError> {
        Ok(Law::Weibull { shape: positive("shape", shape)?, scale: positive("scale", scale)? })
    }

    /// Weibull by shape and mean: the scale is `mean / Gamma(1 + 1/shape)`.
    ///
    /// # Errors
    ///
    /// Unless both are above zero and finite.
    pub fn weibull_of_mean(shape: f64, mean: f64) -> Result<Law, LawError> {
        let shape = positive("shape", shape)?;
        let scale = positive("mean", mean)? / libm::tgamma(1.0 + 1.0 / shape);
        if !(scale.is_finite() && scale > 0.0) {
            return Err(LawError { parameter: "shape", must_be: "0.01 or more" });
        }
        Law::weibull(shape, scale)
    }

    /// Lognormal by its median in seconds and the standard deviation of its logarithm.
    ///
    /// # Errors
    ///
    /// Unless the median is above zero and sigma is zero or more.
    pub fn lognormal(median: f64, sigma: f64) -> Result<Law, LawError> {
        let mu = libm::log(positive("median", median)?);
        Ok(Law::LogNormal { mu, sigma: not_negative("sigma", sigma)? })
    }

    /// Lognormal by median and 95 % point: `sigma = ln(p95 / median) / 1.6449`.
    ///
    /// # Errors
    ///
    /// Unless the median is above zero and the 95 % point is not below it.
    pub fn lognormal_of_p95(median: f64, p95: f64) -> Result<Law, LawError> {
        let median = positive("median", median)?;
        if !(p95.is_finite() && p95 >= median) {
            return Err(LawError { parameter: "p95", must_be: "the median or more" });
        }
        Law::lognormal(median, libm::log(p95 / median) / super::NORMAL_P95)
    }

    /// Lognormal by mean and sigma: the median is `mean * exp(-sigma^2 / 2)`.
    ///
    /// # Errors
    ///
    /// Unless the mean is above zero and sigma is zero or more.
    pub fn lognormal_of_mean(mean: f64, sigma: f64) -> Result<Law, LawError> {
        let mu = libm::log(positive("mean", mean)?);
        let sigma = not_negative("sigma", sigma)?;
        Ok(Law::LogNormal { mu: mu - 0.5 * sigma * sigma, sigma })
    }

    /// Gamma by shape and mean.
    ///
    /// # Errors
    ///
    /// Unless both are above zero and finite.
    pub fn gamma_of_mean(shape: f64, mean: f64) -> Result<Law, LawError> {
        let shape = positive("shape", shape)?;
        Ok(Law::Gamma { shape, scale: positive("mean", mean)? / shape })
    }

    /// Uniform between two ends in seconds.
    ///
    /// # Errors
    ///
    /// Unless the lower end is zero or more and the upper end is not below it.
    pub fn uniform(low: f64, high: f64) -> Result<Law, LawError> {
        let low = not_negative("low", low)?;
        if !(high.is_finite() && high >= low) {
            return Err(LawError { parameter: "high", must_be: "the lower end or more" });
        }
        Ok(Law::Uniform { low, high })
    }

    /// Always this many seconds.
    ///
    /// # Errors
    ///
    /// Unless it is zero or more and finite.
    pub fn fixed(value: f64) -> Result<Law, LawError> {
        Ok(Law::Fixed { value: not_negative("fixed", value)? })
    }

    /// One of several laws.
    ///
    /// # Errors
    ///
    /// Unless there is a branch, no probability is negative and they add up to one.
    pub fn mixture(branches: Vec<Branch>) -> Result<Law, LawError> {
        let sum: f64 = branches.iter().map(|branch| branch.probability).sum();
        if branches.iter().any(|branch| not_negative("p", branch.probability).is_err()) {
            return Err(LawError { parameter: "p", must_be: "zero or more" });
        }
        if (sum - 1.0).abs() > MIXTURE_TOLERANCE {
            return Err(LawError { parameter: "p", must_be: "100 % over all branches" });
        }
        Ok(Law::Mixture(branches.into()))
    }

    /// The mean, seconds.
    pub fn mean(&self) -> f64 {
        match self {
            Law::Exponential { mean } => *mean,
            Law::Weibull { shape, scale } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Law::LogNormal { mu, sigma } => libm::exp(mu + 0.5 * sigma * sigma),
            Law::Gamma { shape, scale } => shape * scale,
            Law::Uniform { low, high } => 0.5 * (low + high),
            Law::Fixed { value } => *value,
            Law::Mixture(branches) => branches.iter().map(|b| b.probability * b.law.mean()).sum(),
        }
    }

    /// One draw, seconds.
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        match self {
            Law::Exponential { mean } => mean * unit_exponential(stream),
            Law::Weibull { shape, scale } => {
                scale * libm::pow(unit_exponential(stream), 1.0 / shape)
            }
            Law::LogNormal { mu, sigma } => {
                libm::exp(mu + sigma * normal_quantile(stream.open_unit()))
            }
            Law::Gamma { shape, scale } => scale * unit_gamma(*shape, stream),
            Law::Uniform { low, high } => low + (high - low) * stream.open_unit(),
            Law::Fixed { value } => *value,
            Law::Mixture(branches) => choose(branches, stream.open_unit()).law.draw(stream),
        }
    }
}

/// The branch that a uniform number picks.
fn choose(branches: &[Branch], unit: f64) -> &Branch {
    let mut above = unit;
    let (last, others) = branches.split_last().expect("a mixture has a branch");
    for branch in others {
        above -= branch.probability;
        if above < 0.0 {
            return branch;
        }
    }
    last
}

/// One draw from the gamma law of scale 1.
///
/// Marsaglia and Tsang, *A simple method for generating gamma variables*, ACM TOMS 26(3), 2000; a
/// shape below 1 by the power of a uniform number that the same paper gives.
fn unit_gamma(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        let power = libm::pow(stream.open_unit(), 1.0 / shape);
        return power * unit_gamma(shape + 1.0, stream);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal_quantile(stream.open_unit());
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        if libm::log(stream.open_unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// So that a law can be drawn from with any generator of the `rand` family.
impl Distribution<f64> for Law {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.draw(&mut Stream::seeded(rng.next_u64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, StreamKey};
    use rand_distr as reference;

    const DRAWS: u32 = 200_000;

    fn draws_of(law: &Law) -> Vec<f64> {
        let key = StreamKey::of_life(5, 0).of(77, Purpose::Repair);
        (0..DRAWS).map(|ordinal| law.draw(&mut key.draw(ordinal))).collect()
    }

    /// The same law from `rand_distr`, an independent implementation, with an independent generator.
    fn reference_draws(law: impl Distribution<f64>) -> Vec<f64> {
        use rand::SeedableRng;
        let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(11);
        (0..DRAWS).map(|_| law.sample(&mut rng)).collect()
    }

    /// Two-sample Kolmogorov-Smirnov, and the mean within four of its own standard errors.
    #[track_caller]
    fn check(law: &Law, reference: impl Distribution<f64>) {
        let (mut ours, mut theirs) = (draws_of(law), reference_draws(reference));
        let n = f64::from(DRAWS);
        let mean = ours.iter().sum::<f64>() / n;
        let variance = ours.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let sigmas = (mean - law.mean()) / (variance / n).sqrt();
        assert!(sigmas.abs() < 4.0, "mean {mean}, should be {}: {sigmas} sigma", law.mean());
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        let mut below = 0;
        let mut distance = 0.0_f64;
        for (i, x) in ours.iter().enumerate() {
            while below < theirs.len() && theirs[below] <= *x {
                below += 1;
            }
            distance = distance.max((i as f64 + 1.0 - below as f64).abs() / n);
        }
        // P(sqrt(n/2) D > 1.95) is about 0.001.
        assert!((n / 2.0).sqrt() * distance < 1.95, "{law:?}: distance {distance}");
    }

    #[test]
    fn draws_follow_their_laws() {
        use reference::{Exp, Gamma, LogNormal, Uniform, Weibull};
        check(&Law::exponential(900.0).unwrap(), Exp::new(1.0 / 900.0).unwrap());
        check(&Law::weibull(0.7, 5.0).unwrap(), Weibull::new(5.0, 0.7).unwrap());
        check(&Law::weibull(3.0, 5.0).unwrap(), Weibull::new(5.0, 3.0).unwrap());
        check(&Law::lognormal(60.0, 1.2).unwrap(), LogNormal::new(60f64.ln(), 1.2).unwrap());
        check(&Law::gamma_of_mean(3.0, 6.0).unwrap(), Gamma::new(3.0, 2.0).unwrap());
        check(&Law::gamma_of_mean(0.4, 2.0).unwrap(), Gamma::new(0.4, 5.0).unwrap());
        check(&Law::uniform(20.0, 40.0).unwrap(), Uniform::new(20.0, 40.0).unwrap());
    }

    #[test]
    fn mixtures_choose_by_probability() {
        let branch = |probability, value| Branch { probability, law: Law::fixed(value).unwrap() };
        let law = Law::mixture(vec![branch(0.92, 3.0), branch(0.08, 100.0)]).unwrap();
        let long = draws_of(&law).iter().filter(|&&x| x == 100.0).count() as f64;
        let n = f64::from(DRAWS);
        assert!((long - 0.08 * n).abs() < 4.0 * (n * 0.08 * 0.92).sqrt(), "{long}");
        assert!((law.mean() - (0.92 * 3.0 + 8.0)).abs() < 1e-12);
    }

    #[test]
    fn every_way_to_write_a_law_means_the_same() {
        let weibull = Law::weibull_of_mean(0.7, 2000.0).unwrap();
        assert!(
            matches!(weibull, Law::Weibull { scale, .. } if (scale - 1_579.999_099_739_8).abs() < 1e-9)
        );
        let p95 = Law::lognormal_of_p95(6.0, 60.0).unwrap();
        let Law::LogNormal { mu, sigma } = p95 else { panic!("{p95:?}") };
        assert!((libm::exp(mu + sigma * super::super::NORMAL_P95) - 60.0).abs() < 1e-12);
        let of_mean = Law::lognormal_of_mean(4.0, 1.0).unwrap();
        assert!((of_mean.mean() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_parameters_are_refused_by_name() {
        assert_eq!(Law::exponential(0.0).unwrap_err().parameter, "mean");
        assert_eq!(Law::weibull(-1.0, 1.0).unwrap_err().parameter, "shape");
        assert_eq!(Law::weibull_of_mean(1e-6, 1.0).unwrap_err().parameter, "shape");
        assert_eq!(Law::lognormal_of_p95(6.0, 5.0).unwrap_err().parameter, "p95");
        assert_eq!(Law::uniform(3.0, 2.0).unwrap_err().parameter, "high");
        assert_eq!(Law::fixed(f64::NAN).unwrap_err().parameter, "fixed");
        assert_eq!(Law::mixture(vec![]).unwrap_err().parameter, "p");
    }
}
