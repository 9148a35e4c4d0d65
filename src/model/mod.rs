//! The topology compiled: dense ids, flat arrays, the structure function as gates. No names.
//!
//! A [`Model`] that exists can be run: whatever could be wrong was refused before it was built.

mod compile;
mod component;
mod id;
mod structure;

pub use compile::compile;
pub use component::{Clock, Crew, Leader, Model, Repair, TimeToFailure, Unit};
pub use id::{ClockId, CrewId, GateId, JourneyId, LeaderId, Lists, UnitId};
pub use structure::{Gate, Input, ModelBuilder};
