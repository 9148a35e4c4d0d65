//! What the user wrote, checked: YAML ends here.
//!
//! A text becomes a tree in which every value knows its place (`yaml`); other files are laid under it
//! (`overlay`); `raw` reads it field for field and `check`, the only place that refuses, makes a
//! [`Topology`] of it. Whatever is wrong is a [`Diagnostic`]; all of them are found at once.

mod catalog;
mod check;
mod data;
mod diagnostic;
mod digest;
mod expand;
mod faults;
mod overlay;
mod platform;
mod profile;
mod raw;
mod read;
mod resolved;
mod scenario;
mod schema;
mod source;
mod suggest;
mod topology;
mod vary;
mod yaml;

pub use catalog::CATALOG;
pub use data::{
    Buffer, CatchUp, CopySpread, Cycle, DataClass, Holding, Latent, Medium, Pipeline, Placement,
    Rebuild, Scrub, Sharing, Speed,
};
pub(crate) use data::{SHORTEST_CYCLE_SECONDS, in_order_of_copying};
pub use diagnostic::{Code, Diagnostic, Findings, Severity};
pub(crate) use digest::digest_of;
pub use faults::{MOST_FAULTS, single_faults};
pub(crate) use platform::MEMORY_PLACE;
pub use platform::{
    Act, Action, Cluster, Controller, Memory, Node, Patience, Platform, ReplicatedVolume,
    RolloutPlan, Spread, Timers, Volume, VolumeSpread, VolumeTimers, When, Workload,
};
pub use raw::{Grade, Health, Measure, Reason};
pub use resolved::resolved;
pub use scenario::{Expectation, Expected, Scenario, Scenarios, Step};
pub use schema::{TOPOLOGY_SCHEMA, scenario_schema};
pub use source::{Source, Sources, Span};
pub use suggest::closest;
pub use topology::{
    Burst, Common, Crew, Demand, Discipline, Expression, FailedWork, FailureMode, Journey,
    ModeRange, Needs, Operation, Plan, Preventive, Quorum, Repair, Roster, Rto, Service, Slo,
    SpecError, Stage, Topology, Unit,
};
pub use vary::Assumption;
