//! Lives into estimates: availability, outages, recovery, objectives, causes, lost data.
//!
//! A [`Recorder`] watches lives and keeps their outages and what they lost; a [`MeasureSet`] takes the lives in order and
//! says at any time what is known. Formulas and caveats are in `docs/measures.md`.

mod causes;
mod cycles;
mod data;
mod elsewhere;
mod first_outage;
mod incident;
mod journey;
mod objective;
mod outage;
mod over_time;
mod paired;
mod pipeline;
mod scenario;
mod set;
mod stages;
mod timeline;

pub use causes::{CauseShare, Prolonging};
pub use cycles::CycleEstimates;
pub(crate) use data::bytes_held;
pub use data::{Bounded, CopyEstimates, DataEstimates, Nines, Promised, SpanEstimates, TimeToLoss};
pub use elsewhere::CyclesOfLife;
pub use first_outage::FirstOutage;
pub use incident::{CopiesOfLife, Incident, LifeOfData, Stage};
pub use journey::{Availability, ByIntent, Downtime, JourneyEstimates, OutageLengths};
pub(crate) use objective::RPO_SHARE;
pub use objective::{Objective, Objectives, Verdict};
pub use outage::{Life, LifeOfJourney, LossesOfLife, Outage, Recorder};
pub use over_time::PartOfLife;
pub use paired::{Paired, PairedEstimates, PairedLossTally, PairedLosses, PairedTally};
pub use pipeline::Conservation;
pub use scenario::{Held, Outcome, ScenarioLife, ScenarioTally, ScenarioWatcher, Service, Spread};
pub use set::{Estimates, MeasureSet};
pub use stages::{StageCause, StageEstimates};
pub use timeline::{Change, Entry, Timeline};
