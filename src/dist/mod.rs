//! Laws: how long things last, drawn by key.
//!
//! All arithmetic beyond `+ - * /` and the square root comes from the `libm` crate, so that the same
//! draw has the same bits on every platform and in every build.

mod exponential;
mod law;
mod normal;

pub use exponential::unit_exponential;
pub use law::{Branch, Law, LawError};
pub use normal::{NORMAL_P95, normal_quantile};
