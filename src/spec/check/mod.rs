//! From what the file says to what it means: the only place that refuses.

mod all;
mod copies;
mod data;
mod failures;
mod memory;
mod needs;
mod offers;
mod placement;
mod places;
mod plans;
mod platform;
mod rosters;
mod scenario;
mod volumes;

pub(crate) use all::check;
pub(crate) use scenario::check_scenarios;
