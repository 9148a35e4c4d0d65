//! `ninefold schema`: what editors and other programs can check files and results by.

use clap::{Args, ValueEnum};
use ninefold::report::RESULT_SCHEMA;
use ninefold::spec::TOPOLOGY_SCHEMA;

use super::{Failure, Outcome, put};

/// Print a JSON Schema (draft 7): of topologies, for editors, or of results, for other programs.
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
}

impl Schema {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        put(match self.of {
            Of::Topology => TOPOLOGY_SCHEMA,
            Of::Result => RESULT_SCHEMA,
        })?;
        Ok(Outcome::Met)
    }
}
