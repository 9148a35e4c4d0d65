//! What to run, and what came of it.

use serde::{Deserialize, Serialize};

use crate::spec::Topology;
use crate::units::SimSpan;

/// What to run. A struct with names, because numbers in a call can be swapped; and no default for
/// the seed, so that nobody runs without knowing it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Printed in every report: with the topology and the version it reproduces the run.
    pub seed: u64,
    /// The number of the first life: zero, unless the run is a part of a larger one.
    pub first: u64,
    /// How many lives; with a precision, at most so many.
    pub replications: u64,
    /// Stop as soon as the 95 % interval of every journey's unavailability, or of how often data of a class are
    /// lost, has at most this half-width, relative to the estimate.
    pub precision: Option<f64>,
    /// Names of the journeys and data classes that the precision is about; none for all journeys, or for all data
    /// classes of a topology without journeys.
    pub of: Vec<String>,
    /// Whether what lives would not tell to the precision may be answered exactly, and not only estimated.
    pub is_exact_allowed: bool,
    /// How long each life is measured.
    pub horizon: SimSpan,
    /// How long each life goes on before it is measured.
    pub warm_up: SimSpan,
    /// Where each life ends, if not at the horizon.
    pub until: Until,
    /// Changes how long the run takes, and no digit of the result; `None` is one for each core.
    pub threads: Option<usize>,
    /// Whether to run even if a life has more events than anybody can have meant.
    pub allow_slow: bool,
}

/// The journeys and data classes that a precision is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrecisionOf {
    /// Journeys of the topology, by number.
    pub journeys: Vec<usize>,
    /// Data classes of the topology, by number.
    pub data: Vec<usize>,
}

impl Plan {
    /// The journeys and data classes of a topology that the precision is about.
    pub(crate) fn precision_of(&self, topology: &Topology) -> PrecisionOf {
        let (journeys, data) = self.measured(topology);
        let all_journeys = self.of.is_empty() && !journeys.is_empty();
        let all_data = self.of.is_empty() && journeys.is_empty();
        let sought = |all: bool, names: &[&str]| {
            let is_asked = |at: &usize| all || self.of.iter().any(|name| name == names[*at]);
            (0..names.len()).filter(is_asked).collect()
        };
        PrecisionOf { journeys: sought(all_journeys, &journeys), data: sought(all_data, &data) }
    }

    /// Whether there is all that the precision is about.
    ///
    /// # Errors
    ///
    /// If not.
    pub(crate) fn check_precision_of(&self, topology: &Topology) -> Result<(), RunError> {
        let (journeys, data) = self.measured(topology);
        let known = [journeys, data].concat();
        match self.of.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(RunError::NothingNamed {
                name: name.clone(),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            }),
            None => Ok(()),
        }
    }

    /// The names of all journeys and data classes of which lives like these tell something.
    fn measured<'t>(&self, topology: &'t Topology) -> (Vec<&'t str>, Vec<&'t str>) {
        let journeys = topology.journeys.iter().map(|journey| journey.name.as_str());
        let data = topology.data.iter().map(|class| class.name.as_str());
        match self.until {
            Until::Horizon => (journeys.collect(), data.collect()),
            Until::FirstOutage => (journeys.collect(), Vec::new()),
            Until::FirstLoss => (Vec::new(), data.collect()),
        }
    }
}

/// Where a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Until {
    /// At the horizon.
    Horizon,
    /// When every journey has been down once, and at the horizon at the latest.
    FirstOutage,
    /// When copies of every data class that is held by something have lost data once, and at the
    /// horizon at the latest.
    FirstLoss,
}

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Lives that were completed: the first so many.
    pub replications: u64,
    /// Changes of state in all of them.
    pub events: u64,
    /// Whether the run was stopped from outside before it was done.
    pub is_partial: bool,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No lives, no estimate.
    #[error("a run needs at least one replication")]
    NoReplications,
    /// A life of no length.
    #[error("a life of no length: the horizon must be above zero")]
    TooShort,
    /// A life longer than simulated time.
    #[error("warm-up and horizon are longer than 250,000 years together")]
    TooLong,
    /// The precision is not one.
    #[error("a precision must be above 0 % and below 100 %")]
    Precision,
    /// The precision is to be that of something that the topology does not have.
    #[error("there is no journey or data class `{name}`; there are {known}")]
    NothingNamed {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// More events than anybody can have meant.
    #[error(
        "one life would have about {events:.1e} events, more than {limit:.0e}; check the units of \
         `every`, shorten the horizon, or allow a slow run"
    )]
    TooSlow {
        /// Estimated events of one life.
        events: f64,
        /// How many may be run unasked.
        limit: f64,
    },
    /// A life does not come to its end.
    #[error(transparent)]
    Endless(#[from] crate::engine::Endless),
    /// A life that is to end at the first outages, where there is no journey to have one.
    #[error("lives cannot end at the first outage: this topology has no journeys")]
    NoJourneys,
    /// A life that is to end when data are lost, where nothing holds any.
    #[error(
        "lives cannot end at the first loss of data: no data class of this topology is held by \
         anything"
    )]
    NothingHeld,
    /// The operating system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(String),
}
