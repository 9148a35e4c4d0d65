//! `ninefold merge`: the result of a run that was simulated in parts.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ninefold::report::{to_csv, to_json, to_text};
use ninefold::run::MOST_STATES_BESIDE;
use ninefold::{Part, PartError, System, Topology};

use super::arguments::OutArguments;
use super::{Failure, Outcome, put, refused};

/// Merge the parts of a run, as `simulate --shard` writes them, into its result.
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The files of all parts, in any order.
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    out: OutArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Tables for people.
    Text,
    /// JSON, version `ninefold/1`.
    Json,
    /// One row a measure of a journey.
    Csv,
}

impl Merge {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let parts = self.read()?;
        let merged = Part::merge(parts).map_err(|error| Failure::Refused(told(&error)))?;
        let topology = Topology::from_str("the topology in the parts", &merged.resolved);
        let topology = Topology { sha256: merged.sha256.clone(), ..topology.map_err(refused)? };
        self.out.prepare()?;
        let system = System::compile(topology);
        let mut report = system.report_merged(&merged);
        if merged.plan.is_exact_allowed {
            report.set_second_route(system.exact_answers(&merged.plan, MOST_STATES_BESIDE));
        }
        self.out.write(&report)?;
        let is_missed = report.any_objective_missed();
        put(&match self.format {
            Format::Text => to_text(&report),
            Format::Json => to_json(&report),
            Format::Csv => to_csv(std::slice::from_ref(&report)),
        })?;
        Ok(if is_missed { Outcome::Missed } else { Outcome::Met })
    }

    /// All parts, or everything that is wrong with any of them.
    fn read(&self) -> Result<Vec<(String, Part)>, Failure> {
        let mut problems = String::new();
        let mut parts = Vec::new();
        for path in &self.parts {
            let file = path.display().to_string();
            match fs::read_to_string(path).map(|text| Part::from_json(&file, &text)) {
                Ok(Ok(part)) => parts.push((file, part)),
                Ok(Err(error)) => problems += &told(&error),
                Err(error) => problems += &format!("error: cannot read `{file}`: {error}\n"),
            }
        }
        if problems.is_empty() { Ok(parts) } else { Err(Failure::Refused(problems)) }
    }
}

fn told(error: &PartError) -> String {
    format!("error: {error}\n")
}
