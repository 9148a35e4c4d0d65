//! `ninefold capacity`: does everything still have a place when nodes are lost?

use clap::{Args, ValueEnum};
use ninefold::System;
use ninefold::report::{capacity, capacity_to_json, capacity_to_text};

use super::arguments::at_least;
use super::{Failure, Outcome, load, put};

/// Say what nodes have room for, and what has no place when one of them is lost, or two.
#[derive(Debug, Args)]
pub(crate) struct Capacity {
    /// The topology file; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,

    /// The seed of the placement: luck decides among nodes that are as good.
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = at_least::<0>)]
    seed: u64,

    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Capacity {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let topology = load(std::slice::from_ref(&self.file))?.remove(0);
        let system = System::compile(topology);
        let Some(report) = capacity(system.topology(), system.model(), self.seed) else {
            return Err(Failure::Refused(format!(
                "error: no service of `{}` has a controller, so that nothing is ever placed anew\n  \
                 help: give services a `controller`, such as `deployment`\n",
                system.topology().name
            )));
        };
        put(&match self.format {
            Format::Text => capacity_to_text(&report),
            Format::Json => capacity_to_json(&report),
        })?;
        Ok(Outcome::Met)
    }
}
