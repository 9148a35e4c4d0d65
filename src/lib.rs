#![doc = include_str!("../README.md")]

pub mod dist;
pub mod engine;
pub mod exact;
pub mod measure;
pub mod model;
pub mod report;
pub mod rng;
pub mod run;
pub mod scheme;
pub mod spec;
pub mod stats;
pub mod study;
pub mod units;

mod part;
mod scenario;
mod system;

pub use part::{Merged, Part, PartError, Shard};
pub use report::Report;
pub use run::{Plan, Progress, Until};
pub use scenario::{ScenarioPlan, run_scenario};
pub use spec::Topology;
pub use system::System;
