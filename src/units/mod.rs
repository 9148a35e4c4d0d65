//! Quantities: simulated time, and what people write.

mod quantity;
mod time;
mod week;

pub use quantity::{
    QuantityError, SECONDS_PER_MONTH, SECONDS_PER_YEAR, parse_bandwidth, parse_cpu, parse_duration,
    parse_percentage, parse_size,
};
pub use time::{SimSpan, SimTime};
pub use week::{WeekHours, WeekHoursError};
