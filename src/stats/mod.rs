//! Estimates that merge: sums that are exact, intervals that say what is known.

mod estimate;
mod histogram;
mod sums;

pub use estimate::{Estimate, proportion, zero_event_probability, zero_event_rate};
pub use histogram::Lengths;
pub use sums::{Moments, PartMoments, RatioMoments, SignedMoments, WideSum};
