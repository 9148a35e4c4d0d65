//! `ninefold schema`: what editors and other programs can check files and results by.

use clap::{Args, ValueEnum};
use ninefold::report::{
    CAPACITY_SCHEMA, CUTS_SCHEMA, DIFFERENCE_SCHEMA, RESULT_SCHEMA, SCENARIO_RESULT_SCHEMA,
};
use ninefold::spec::{TOPOLOGY_SCHEMA, scenario_schema};

use super::{Failure, Outcome, put};

/// Print a JSON Schema (draft 7): of topologies and scenarios, for editors, or of results, for other
/// programs.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what.
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Topology files.
    Topology,
    /// What `simulate --format json` prints.
    Result,
    /// Files of scenarios.
    Scenario,
    /// What `scenario --format json` prints.
    ScenarioResult,
    /// What `compare --format json` prints.
    Difference,
    /// What `cuts --format json` prints.
    Cuts,
    /// What `capacity --format json` prints.
    Capacity,
}

impl Schema {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self.of {
            Of::Topology => put(TOPOLOGY_SCHEMA),
            Of::Result => put(RESULT_SCHEMA),
            Of::Scenario => put(&scenario_schema()),
            Of::ScenarioResult => put(SCENARIO_RESULT_SCHEMA),
            Of::Difference => put(DIFFERENCE_SCHEMA),
            Of::Cuts => put(CUTS_SCHEMA),
            Of::Capacity => put(CAPACITY_SCHEMA),
        }?;
        Ok(Outcome::Met)
    }
}
