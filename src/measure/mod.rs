//! Lives into estimates: availability, outages, recovery, objectives, causes.
//!
//! A [`Recorder`] watches lives and keeps their outages; a [`MeasureSet`] takes the lives in order and
//! says at any time what is known. Formulas and caveats are in `docs/measures.md`.

mod causes;
mod first_outage;
mod journey;
mod objective;
mod outage;
mod over_time;
mod paired;
mod set;
mod timeline;

pub use causes::{CauseShare, Prolonging};
pub use first_outage::FirstOutage;
pub use journey::{Availability, ByIntent, Downtime, JourneyEstimates, OutageLengths};
pub use objective::{Objective, Objectives, Verdict};
pub use outage::{Life, LifeOfJourney, Outage, Recorder};
pub use over_time::PartOfLife;
pub use paired::{PairedEstimates, PairedTally};
pub use set::{Estimates, MeasureSet};
pub use timeline::{Change, Entry, Timeline};
