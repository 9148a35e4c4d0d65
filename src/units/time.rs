//! Simulated time in whole microseconds.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Microseconds in a second.
const MICROS_PER_SECOND: f64 = 1e6;

/// A length of simulated time, in whole microseconds.
///
/// An integer, so that sums do not depend on the order of adding.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SimSpan(u64);

impl SimSpan {
    /// No time at all.
    pub const ZERO: SimSpan = SimSpan(0);
    /// Longer than any life: adding it to an instant gives [`SimTime::NEVER`].
    pub const FOREVER: SimSpan = SimSpan(u64::MAX);

    /// This many whole microseconds.
    pub const fn from_micros(micros: u64) -> SimSpan {
        SimSpan(micros)
    }

    /// The nearest whole microsecond; below zero is zero, and what does not fit lasts forever.
    #[inline]
    pub fn from_seconds(seconds: f64) -> SimSpan {
        SimSpan::from_fractional_micros(seconds * MICROS_PER_SECOND)
    }

    /// The nearest whole microsecond; below zero is zero, and what does not fit lasts forever.
    #[inline]
    pub fn from_fractional_micros(micros: f64) -> SimSpan {
        // `as` saturates. By way of a signed number, which is one instruction on most machines.
        match (micros + 0.5) as i64 {
            i64::MAX => SimSpan::FOREVER,
            micros => SimSpan(micros.max(0) as u64),
        }
    }

    /// Whole microseconds.
    #[inline]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND
    }
}

impl Add for SimSpan {
    type Output = SimSpan;
    fn add(self, other: SimSpan) -> SimSpan {
        SimSpan(self.0.saturating_add(other.0))
    }
}

impl Sub for SimSpan {
    type Output = SimSpan;
    /// What is left; zero if more is taken than there is, and forever of what lasts forever.
    fn sub(self, other: SimSpan) -> SimSpan {
        if self == SimSpan::FOREVER { self } else { SimSpan(self.0.saturating_sub(other.0)) }
    }
}

impl fmt::Display for SimSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.seconds())
    }
}

/// An instant of simulated time, in whole microseconds since the life began.
///
/// An integer, so that instants are totally ordered. The range is 584,000 years; what lies beyond
/// saturates to [`SimTime::NEVER`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

impl SimTime {
    /// The beginning of a life.
    pub const ZERO: SimTime = SimTime(0);
    /// Later than every horizon.
    pub const NEVER: SimTime = SimTime(u64::MAX);

    /// The instant this many microseconds after the beginning.
    #[inline]
    pub const fn from_micros(micros: u64) -> SimTime {
        SimTime(micros)
    }

    /// Whole microseconds since the beginning.
    #[inline]
    pub const fn micros(self) -> u64 {
        self.0
    }
}

impl Add<SimSpan> for SimTime {
    type Output = SimTime;
    #[inline]
    fn add(self, span: SimSpan) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}

impl Sub for SimTime {
    type Output = SimSpan;
    /// The time from `earlier` to `self`; zero if `earlier` is not earlier.
    #[inline]
    fn sub(self, earlier: SimTime) -> SimSpan {
        SimSpan(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_to_the_nearest_microsecond_and_saturate() {
        assert_eq!(SimSpan::from_seconds(1.0), SimSpan::from_micros(1_000_000));
        assert_eq!(SimSpan::from_seconds(0.000_000_6), SimSpan::from_micros(1));
        assert_eq!(SimSpan::from_seconds(-3.0), SimSpan::ZERO);
        assert_eq!(SimSpan::from_seconds(1e300), SimSpan::FOREVER);
        assert_eq!(SimTime::from_micros(7) + SimSpan::FOREVER, SimTime::NEVER);
    }
}
