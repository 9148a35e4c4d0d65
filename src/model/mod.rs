//! The topology compiled: dense ids, flat arrays, the structure function as gates. No names.
//!
//! A [`Model`] that exists can be run: whatever could be wrong was refused before it was built.

mod chain;
mod clusters;
mod compile;
mod component;
mod cone;
mod data;
mod id;
mod meetings;
mod passing;
mod placement;
mod platform;
mod structure;

pub use chain::Chain;
pub(crate) use chain::SetTimes;
pub use compile::{ObservedWay, branch_names, compile, degradable_journeys, observed_ways};
pub use component::{
    Burst, Clock, Crew, Load, Mask, Model, Plan, Repair, Roster, Shock, Stage, Task, TimeToFailure,
    Unit,
};
pub(crate) use component::{ClockExtras, UnitExtras};
pub use cone::Cone;
pub(crate) use cone::Influences;
pub(crate) use data::Copy;
pub use data::{Data, Holding};
pub use id::{
    ActId, ClockId, ClusterId, CopyId, CrewId, DataId, DragId, GateId, JobId, JourneyId, LaneId,
    Lists, LoadId, MaskId, MirrorId, NodeId, PlanId, PodId, QueueId, RolloutId, RosterId, SeatId,
    ShockId, SpareId, UnitId, VolumeId, WatchId, WorkloadId,
};
pub(crate) use meetings::TOGETHER;
pub(crate) use passing::{BOUNDS, MOST_REACHED, Manner, Passing, Reached};
pub(crate) use platform::NO_DOMAIN;
pub use platform::{
    Act, Action, Cluster, MirrorSpread, Mirrors, Node, Platform, Pod, Rollout, Spread, Use, Volume,
    Workload,
};
pub(crate) use structure::seat_name;
pub use structure::{Gate, Input, ModelBuilder, Watch};
