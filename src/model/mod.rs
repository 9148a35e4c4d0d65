//! The topology compiled: dense ids, flat arrays, the structure function as gates. No names.
//!
//! A [`Model`] that exists can be run: whatever could be wrong was refused before it was built.

mod compile;
mod component;
mod id;
mod passing;
mod structure;

pub use compile::{branch_names, compile, degradable_journeys};
pub use component::{
    Burst, Clock, Crew, Load, Mask, Model, Plan, Repair, Roster, Shock, Stage, Task, TimeToFailure,
    Unit,
};
pub(crate) use component::{ClockExtras, UnitExtras};
pub use id::{
    ClockId, CrewId, DragId, GateId, JobId, JourneyId, Lists, LoadId, MaskId, PlanId, QueueId,
    RosterId, SeatId, ShockId, UnitId, WatchId,
};
pub(crate) use passing::{MOST_REACHED, Manner, Passing, Reached};
pub(crate) use structure::seat_name;
pub use structure::{Gate, Input, ModelBuilder, Watch};
