//! The event engine: one life of a model.
//!
//! Start reading at [`Replicator::replicate`]. The present of a life is its [`State`], and [`step()`] is the one
//! place that says what an event does to it; the future is an [`Agenda`], which draws when things
//! happen. Whoever can stand in for the agenda (a [`Chooser`]) can explore the same model without
//! luck.
//!
//! # Invariants
//!
//! - Time never goes back, and no event at or after the horizon is handled.
//! - All events of one instant happen before any journey is read.
//! - The same model, seed and replication give the same life, on any number of threads.
//! - Nothing here can fail, prints, reads a clock or allocates while a life runs.

mod agenda;
mod calendar;
mod chain;
mod copies;
mod data;
mod event;
mod excursion;
mod feasibility;
mod hasten;
mod holes;
mod lingering;
mod memory;
mod nearness;
mod observer;
mod passing;
mod placements;
mod platform;
mod points;
mod replicate;
mod rest;
mod roles;
mod seldom;
mod split;
mod state;
mod step;
mod unseen;
mod volumes;
mod windows;

pub use agenda::Agenda;
#[cfg(test)]
pub(crate) use chain::explore_apart;
pub use chain::{NotMarkov, Question, explore};
pub(crate) use data::CopyView;
pub use event::Event;
pub use excursion::{Excursioner, Excursions, Manner};
pub use feasibility::{Placed, first_hosts, hosts_of_life};
pub use memory::MemoryView;
pub use nearness::Rare;
pub use observer::{HowLost, Loss, Observer};
pub use platform::{Hold, NodeView, Obstacle, Placement};
pub use replicate::{Endless, Lived, Replication, Replicator};
pub use seldom::{Beginnings, Source};
pub use split::Stuck;
pub use state::{Root, Standing, State};
pub use step::{Chance, Chooser, DataChooser, PlatformChooser, Switch, step};
pub use unseen::Unseen;
pub use volumes::VolumeView;
