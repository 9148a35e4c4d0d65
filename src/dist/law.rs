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
    /// Between two ends, most likely at a peak, and falling to both sides in straight lines.
    Triangular {
        /// Lower end, seconds.
        low: f64,
        /// The most likely value, seconds.
        peak: f64,
        /// Upper end, seconds.
        high: f64,
    },
    /// One of the lengths that were observed, all as likely.
    Empirical(Box<[f64]>),
    /// One of several laws, chosen anew for each draw.
    Mixture(Box<[Branch]>),
    /// One after another.
    Sum(Box<[Law]>),
}

/// One possibility of a [`Law::Mixture`].
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// What it is called in reports.
    pub name: Option<String>,
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

    /// Triangular by its lower end, its peak and its upper end in seconds.
    ///
    /// # Errors
    ///
    /// Unless they are in this order, the first zero or more.
    pub fn triangular(low: f64, peak: f64, high: f64) -> Result<Law, LawError> {
        let low = not_negative("low", low)?;
        if !(high.is_finite() && high > low) {
            return Err(LawError { parameter: "high", must_be: "above the lower end" });
        }
        if !(low..=high).contains(&peak) {
            return Err(LawError { parameter: "peak", must_be: "between the ends" });
        }
        Ok(Law::Triangular { low, peak, high })
    }

    /// What was observed, in seconds.
    ///
    /// # Errors
    ///
    /// Unless there is something, all of it zero or more and finite.
    pub fn empirical(mut observed: Vec<f64>) -> Result<Law, LawError> {
        if observed.is_empty() {
            return Err(LawError { parameter: "empirical", must_be: "at least one value" });
        }
        for &value in &observed {
            not_negative("empirical", value)?;
        }
        observed.sort_by(f64::total_cmp);
        Ok(Law::Empirical(observed.into()))
    }

    /// One law after another.
    pub fn sum(mut parts: Vec<Law>) -> Law {
        match parts.len() {
            1 => parts.swap_remove(0),
            _ => Law::Sum(parts.into()),
        }
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
            Law::Triangular { low, peak, high } => (low + peak + high) / 3.0,
            Law::Empirical(values) => values.iter().sum::<f64>() / values.len() as f64,
            Law::Mixture(branches) => branches.iter().map(|b| b.probability * b.law.mean()).sum(),
            Law::Sum(parts) => parts.iter().map(Law::mean).sum(),
        }
    }

    /// The longest that a draw can be, seconds; infinite if there is no bound.
    pub fn longest(&self) -> f64 {
        match self {
            Law::Exponential { .. }
            | Law::Weibull { .. }
            | Law::LogNormal { .. }
            | Law::Gamma { .. } => f64::INFINITY,
            Law::Uniform { high, .. } | Law::Triangular { high, .. } => *high,
            Law::Fixed { value } => *value,
            Law::Empirical(values) => values.iter().copied().fold(0.0, f64::max),
            Law::Mixture(branches) => branches.iter().map(|b| b.law.longest()).fold(0.0, f64::max),
            Law::Sum(parts) => parts.iter().map(Law::longest).sum(),
        }
    }

    /// One draw, seconds.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        // These take less time than a call.
        match self {
            Law::Exponential { mean } => mean * unit_exponential(stream),
            Law::Uniform { low, high } => low + (high - low) * stream.open_unit(),
            Law::Fixed { value } => *value,
            other => other.draw_at_length(stream),
        }
    }

    /// One draw, seconds; or something that is no less than enough, if a draw is.
    #[inline]
    pub fn draw_up_to(&self, enough: f64, stream: &mut Stream) -> f64 {
        let Law::Weibull { shape, scale } = self else { return self.draw(stream) };
        let unit = unit_exponential(stream);
        // A root of what is below one is no less than that, nor is a power of what is above; next to one another
        // they may be rounded either way.
        let least = if *shape >= 1.0 { unit.min(1.0) } else { unit };
        if scale * least > 1.000_001 * enough && (*shape >= 1.0 || unit >= 1.0) {
            return scale * least;
        }
        scale * libm::pow(unit, 1.0 / shape)
    }

    /// Bounds of draws: one that begins with this share of all words, in so many equal parts, is no longer
    /// than this, seconds. Infinite if that is not known without the whole draw.
    pub(crate) fn bounds<const PARTS: usize>(&self) -> [f64; PARTS] {
        std::array::from_fn(|part| match self {
            Law::LogNormal { mu, sigma } if part + 1 < PARTS => {
                let share = (part + 1) as f64 / PARTS as f64;
                1.000_001 * libm::exp(mu + sigma * normal_quantile(share))
            }
            _ => f64::INFINITY,
        })
    }

    fn draw_at_length(&self, stream: &mut Stream) -> f64 {
        match self {
            Law::Weibull { shape, scale } => {
                scale * libm::pow(unit_exponential(stream), 1.0 / shape)
            }
            Law::LogNormal { mu, sigma } => {
                libm::exp(mu + sigma * normal_quantile(stream.open_unit()))
            }
            Law::Gamma { shape, scale } => scale * unit_gamma(*shape, stream),
            Law::Triangular { low, peak, high } => {
                // The quantile function: a square root to each side of the peak.
                let (unit, width) = (stream.open_unit(), high - low);
                if unit * width < peak - low {
                    low + (unit * width * (peak - low)).sqrt()
                } else {
                    high - ((1.0 - unit) * width * (high - peak)).sqrt()
                }
            }
            Law::Empirical(values) => {
                values[(stream.open_unit() * values.len() as f64) as usize % values.len()]
            }
            Law::Mixture(branches) => {
                branches[choose(branches, stream.open_unit())].law.draw(stream)
            }
            Law::Sum(parts) => parts.iter().map(|part| part.draw(stream)).sum(),
            Law::Exponential { .. } | Law::Uniform { .. } | Law::Fixed { .. } => self.draw(stream),
        }
    }

    /// The same law with everything so many times as long.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Law {
        match self {
            Law::Exponential { mean } => Law::Exponential { mean: mean * factor },
            Law::Weibull { shape, scale } => Law::Weibull { shape: *shape, scale: scale * factor },
            Law::LogNormal { mu, sigma } => {
                Law::LogNormal { mu: mu + libm::log(factor), sigma: *sigma }
            }
            Law::Gamma { shape, scale } => Law::Gamma { shape: *shape, scale: scale * factor },
            Law::Uniform { low, high } => Law::Uniform { low: low * factor, high: high * factor },
            Law::Fixed { value } => Law::Fixed { value: value * factor },
            Law::Triangular { low, peak, high } => {
                Law::Triangular { low: low * factor, peak: peak * factor, high: high * factor }
            }
            Law::Empirical(values) => {
                Law::Empirical(values.iter().map(|value| value * factor).collect())
            }
            Law::Mixture(branches) => {
                let scaled =
                    |branch: &Branch| Branch { law: branch.law.scaled(factor), ..branch.clone() };
                Law::Mixture(branches.iter().map(scaled).collect())
            }
            Law::Sum(parts) => Law::Sum(parts.iter().map(|part| part.scaled(factor)).collect()),
        }
    }

    /// Which branch of a mixture a draw with this stream takes; `None` of a law that is none.
    pub fn branch(&self, mut stream: Stream) -> Option<usize> {
        match self {
            Law::Mixture(branches) => Some(choose(branches, stream.open_unit())),
            _ => None,
        }
    }

    /// The probability to last for at most so many seconds.
    ///
    /// `None` for sums, which have no formula.
    pub fn cdf(&self, seconds: f64) -> Option<f64> {
        if seconds < 0.0 {
            return Some(0.0);
        }
        Some(match self {
            Law::Exponential { mean } => -libm::expm1(-seconds / mean),
            Law::Weibull { shape, scale } => -libm::expm1(-libm::pow(seconds / scale, *shape)),
            Law::LogNormal { mu, sigma } => {
                0.5 * libm::erfc(-(libm::log(seconds) - mu) / (sigma * std::f64::consts::SQRT_2))
            }
            Law::Gamma { shape, scale } => {
                if seconds == 0.0 {
                    0.0
                } else {
                    statrs::function::gamma::gamma_lr(*shape, seconds / scale)
                }
            }
            Law::Uniform { low, high } if high > low => {
                ((seconds - low) / (high - low)).clamp(0.0, 1.0)
            }
            Law::Uniform { low: value, .. } | Law::Fixed { value } => {
                f64::from(u8::from(seconds >= *value))
            }
            Law::Triangular { low, peak, high } => {
                let width = high - low;
                if seconds <= *low {
                    0.0
                } else if seconds < *peak {
                    (seconds - low).powi(2) / (width * (peak - low))
                } else if seconds < *high {
                    1.0 - (high - seconds).powi(2) / (width * (high - peak))
                } else {
                    1.0
                }
            }
            Law::Empirical(values) => {
                values.partition_point(|value| *value <= seconds) as f64 / values.len() as f64
            }
            Law::Mixture(branches) => {
                let parts = branches.iter().map(|b| Some(b.probability * b.law.cdf(seconds)?));
                parts.sum::<Option<f64>>()?
            }
            Law::Sum(_) => return None,
        })
    }

    /// The probability to last for longer than so many seconds; small ones keep their digits where the law has a
    /// formula for them.
    ///
    /// `None` for sums, which have no formula.
    pub fn survival(&self, seconds: f64) -> Option<f64> {
        if seconds <= 0.0 {
            return self.cdf(seconds).map(|cdf| 1.0 - cdf);
        }
        match self {
            Law::Exponential { mean } => Some(libm::exp(-seconds / mean)),
            Law::Weibull { shape, scale } => Some(libm::exp(-libm::pow(seconds / scale, *shape))),
            Law::LogNormal { mu, sigma } => {
                let deviations = (libm::log(seconds) - mu) / sigma;
                Some(0.5 * libm::erfc(deviations / std::f64::consts::SQRT_2))
            }
            Law::Mixture(branches) => {
                let parts = branches.iter().map(|b| Some(b.probability * b.law.survival(seconds)?));
                parts.sum()
            }
            law => law.cdf(seconds).map(|cdf| 1.0 - cdf),
        }
    }

    /// How often in a second what has lasted for so long ends: the density over the survival. Not finite where so few
    /// last for so long that neither is known.
    ///
    /// `None` of laws that have no density everywhere or no formula for it: fixed and observed lengths and sums.
    pub fn hazard(&self, age: f64) -> Option<f64> {
        match self {
            Law::Exponential { mean } => Some(1.0 / mean),
            Law::Weibull { shape, scale } => {
                Some(shape / scale * libm::pow(age / scale, shape - 1.0))
            }
            law => Some(law.density(age)? / law.survival(age)?),
        }
    }

    fn density(&self, at: f64) -> Option<f64> {
        let inside = |low: f64, high: f64| (low..high).contains(&at);
        Some(match self {
            Law::Exponential { .. } | Law::Weibull { .. } => {
                self.hazard(at)? * self.survival(at)?
            }
            Law::LogNormal { .. } | Law::Gamma { .. } if at <= 0.0 => 0.0,
            Law::LogNormal { mu, sigma } if *sigma > 0.0 => {
                let deviations = (libm::log(at) - mu) / sigma;
                libm::exp(-0.5 * deviations * deviations)
                    / (at * sigma * (2.0 * std::f64::consts::PI).sqrt())
            }
            Law::Gamma { shape, scale } => {
                let unit = at / scale;
                libm::exp((shape - 1.0) * libm::log(unit) - unit - libm::lgamma(*shape)) / scale
            }
            Law::Uniform { low, high } if high > low => {
                if inside(*low, *high) {
                    1.0 / (high - low)
                } else {
                    0.0
                }
            }
            Law::Triangular { low, peak, high } => {
                let width = high - low;
                if inside(*low, *peak) {
                    2.0 * (at - low) / (width * (peak - low))
                } else if inside(*peak, *high) {
                    2.0 * (high - at) / (width * (high - peak))
                } else {
                    0.0
                }
            }
            Law::Mixture(branches) => {
                let parts = branches.iter().map(|b| Some(b.probability * b.law.density(at)?));
                parts.sum::<Option<f64>>()?
            }
            _ => return None,
        })
    }

    /// A draw of what is left, in seconds, of something that has lasted for `age` seconds already.
    ///
    /// Where there is no formula, by rejection: draws are repeated until one is longer than the age, which takes
    /// long at ages that hardly anything reaches; `None` after `tries` of them.
    pub fn residual(&self, age: f64, tries: u32, stream: &mut Stream) -> Option<f64> {
        match self {
            Law::Exponential { .. } => Some(self.draw(stream)),
            Law::Weibull { shape, scale } => {
                let lasted = libm::pow(age / scale, *shape) + unit_exponential(stream);
                Some((scale * libm::pow(lasted, 1.0 / shape) - age).max(0.0))
            }
            _ => {
                let mut draws = (0..tries).map(|_| self.draw(stream));
                draws.find(|&lifetime| lifetime > age).map(|lifetime| lifetime - age)
            }
        }
    }
}

/// The branch that a uniform number picks.
fn choose(branches: &[Branch], unit: f64) -> usize {
    let mut above = unit;
    let last = branches.len() - 1;
    for (index, branch) in branches[..last].iter().enumerate() {
        above -= branch.probability;
        if above < 0.0 {
            return index;
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

    /// One-sample Kolmogorov-Smirnov against the law's own distribution function, and the mean.
    #[track_caller]
    fn check_alone(law: &Law) {
        let mut draws = draws_of(law);
        let n = f64::from(DRAWS);
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let sigmas = (mean - law.mean()) / (variance / n).sqrt();
        assert!(sigmas.abs() < 4.0, "mean {mean}, should be {}: {sigmas} sigma", law.mean());
        draws.sort_by(f64::total_cmp);
        let mut distance = 0.0_f64;
        for (i, x) in draws.iter().enumerate() {
            let cdf = law.cdf(*x).unwrap();
            distance = distance.max((cdf - (i as f64 + 0.5) / n).abs());
        }
        // P(sqrt(n) D > 1.95) is about 0.001.
        assert!(n.sqrt() * distance < 1.95, "{law:?}: distance {distance}");
    }

    #[test]
    fn draws_follow_the_distribution_function() {
        check_alone(&Law::exponential(900.0).unwrap());
        check_alone(&Law::weibull(0.7, 5.0).unwrap());
        check_alone(&Law::lognormal(60.0, 1.2).unwrap());
        check_alone(&Law::gamma_of_mean(0.4, 2.0).unwrap());
        check_alone(&Law::gamma_of_mean(3.0, 6.0).unwrap());
        check_alone(&Law::uniform(20.0, 40.0).unwrap());
        check_alone(&Law::triangular(10.0, 15.0, 60.0).unwrap());
        check_alone(&Law::triangular(10.0, 10.0, 20.0).unwrap());
        let branch = |probability, law| Branch { name: None, probability, law };
        let half = Law::mixture(vec![
            branch(0.3, Law::exponential(2.0).unwrap()),
            branch(0.7, Law::uniform(1.0, 9.0).unwrap()),
        ]);
        check_alone(&half.unwrap());
    }

    #[test]
    fn no_draw_is_longer_than_the_longest() {
        let uniform = Law::uniform(1.0, 3.0).unwrap();
        let branch = |law: &Law| Branch { name: None, probability: 0.5, law: law.clone() };
        for (law, longest) in [
            (Law::triangular(0.1, 0.2, 0.7).unwrap(), 0.7),
            (Law::fixed(4.0).unwrap(), 4.0),
            (Law::empirical(vec![2.0, 5.0, 3.0]).unwrap(), 5.0),
            (Law::mixture(vec![branch(&uniform), branch(&Law::fixed(2.0).unwrap())]).unwrap(), 3.0),
            (Law::sum(vec![uniform.clone(), uniform.clone()]), 6.0),
            (uniform, 3.0),
            (Law::exponential(1.0).unwrap(), f64::INFINITY),
        ] {
            assert_eq!(law.longest(), longest, "{law:?}");
            let most = draws_of(&law).into_iter().fold(0.0, f64::max);
            assert!(most <= longest && (most > 0.99 * longest || longest.is_infinite()), "{law:?}");
        }
    }

    #[test]
    fn what_was_observed_is_drawn_as_often() {
        let law = Law::empirical(vec![5.0, 1.0, 1.0, 9.0]).unwrap();
        let n = f64::from(DRAWS);
        let ones = draws_of(&law).iter().filter(|&&x| x == 1.0).count() as f64;
        assert!((ones - 0.5 * n).abs() < 4.0 * (0.25 * n).sqrt(), "{ones}");
        assert_eq!((law.mean(), law.cdf(1.0), law.cdf(8.0)), (4.0, Some(0.5), Some(0.75)));
    }

    #[test]
    fn a_sum_is_as_long_as_its_parts() {
        let parts = vec![Law::exponential(3.0).unwrap(), Law::exponential(3.0).unwrap()];
        // Two exponential stages are a gamma law of shape 2.
        check(&Law::sum(parts), reference::Gamma::new(2.0, 3.0).unwrap());
        assert_eq!(Law::sum(vec![Law::fixed(2.0).unwrap()]), Law::fixed(2.0).unwrap());
    }

    #[test]
    fn what_is_left_follows_the_law_from_that_age_on() {
        for law in [
            Law::weibull(3.0, 5.0).unwrap(),
            Law::lognormal(4.0, 0.8).unwrap(),
            Law::gamma_of_mean(2.0, 5.0).unwrap(),
            Law::uniform(2.0, 9.0).unwrap(),
            Law::triangular(1.0, 4.0, 9.0).unwrap(),
            Law::exponential(4.0).unwrap(),
        ] {
            let (age, more) = (3.0, 2.0);
            let key = StreamKey::of_life(6, 0).of(78, Purpose::Repair);
            let n = 40_000;
            let left = |i| law.residual(age, 10_000, &mut key.draw(i)).unwrap();
            let within = (0..n).filter(|&i| left(i) <= more).count() as f64 / f64::from(n);
            let cdf = |x| law.cdf(x).unwrap();
            let exact = (cdf(age + more) - cdf(age)) / (1.0 - cdf(age));
            let error = (exact * (1.0 - exact) / f64::from(n)).sqrt();
            assert!((within - exact).abs() < 4.0 * error, "{law:?}: {within} and {exact}");
        }
        assert_eq!(Law::fixed(1.0).unwrap().residual(2.0, 10, &mut Stream::seeded(1)), None);
    }

    /// Survival is the exponential of the hazard up to there: by Simpson's rule.
    #[test]
    fn the_hazard_adds_up_to_the_survival() {
        let branch = |probability, law| Branch { name: None, probability, law };
        let of_both = |one: &Law, other: &Law| {
            Law::mixture(vec![branch(0.3, one.clone()), branch(0.7, other.clone())]).unwrap()
        };
        let gamma = Law::gamma_of_mean(2.5, 5.0).unwrap();
        let lognormal = Law::lognormal(4.0, 0.8).unwrap();
        for law in [
            Law::exponential(4.0).unwrap(),
            Law::weibull(1.7, 5.0).unwrap(),
            of_both(&gamma, &lognormal),
            gamma,
            lognormal,
            Law::uniform(0.0, 9.0).unwrap(),
            Law::triangular(1.0, 4.0, 9.0).unwrap(),
        ] {
            let (steps, end) = (7_000, 7.0);
            let hazard = |step: u32| law.hazard(end * f64::from(step) / f64::from(steps)).unwrap();
            let weight = |step: u32| match step {
                0 => 1.0,
                step if step == steps => 1.0,
                step => f64::from(2 + 2 * (step % 2)),
            };
            let sum: f64 = (0..=steps).map(|step| weight(step) * hazard(step)).sum();
            let found = (-sum * end / f64::from(steps) / 3.0).exp();
            let exact = law.survival(end).unwrap();
            assert!((found / exact - 1.0).abs() < 1e-6, "{law:?}: {found} and {exact}");
        }
        for law in [Law::fixed(1.0).unwrap(), Law::empirical(vec![1.0, 2.0]).unwrap()] {
            assert_eq!(law.hazard(0.5), None, "{law:?}");
        }
    }

    #[test]
    fn a_scaled_law_is_so_many_times_as_long() {
        for law in [
            Law::exponential(4.0).unwrap(),
            Law::weibull(0.7, 5.0).unwrap(),
            Law::lognormal(60.0, 1.2).unwrap(),
            Law::gamma_of_mean(3.0, 6.0).unwrap(),
            Law::uniform(2.0, 9.0).unwrap(),
            Law::triangular(1.0, 4.0, 9.0).unwrap(),
            Law::empirical(vec![1.0, 5.0]).unwrap(),
            Law::sum(vec![Law::fixed(2.0).unwrap(), Law::exponential(1.0).unwrap()]),
        ] {
            let scaled = law.scaled(2.5);
            let key = StreamKey::of_life(7, 0).of(79, Purpose::Repair);
            for ordinal in 0..20 {
                let ratio = scaled.draw(&mut key.draw(ordinal)) / law.draw(&mut key.draw(ordinal));
                assert!((ratio - 2.5).abs() < 1e-9, "{law:?}: {ratio}");
            }
            assert!((scaled.mean() / law.mean() - 2.5).abs() < 1e-9);
        }
    }

    #[test]
    fn mixtures_choose_by_probability() {
        let branch = |probability, value| Branch {
            name: None,
            probability,
            law: Law::fixed(value).unwrap(),
        };
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
        assert_eq!(Law::triangular(1.0, 9.0, 5.0).unwrap_err().parameter, "peak");
        assert_eq!(Law::triangular(5.0, 5.0, 5.0).unwrap_err().parameter, "high");
        assert_eq!(Law::empirical(vec![]).unwrap_err().parameter, "empirical");
        assert_eq!(Law::mixture(vec![]).unwrap_err().parameter, "p");
    }
}
