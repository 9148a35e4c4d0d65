//! `ninefold cuts`: what has to be down together to take a journey down.

use clap::{Args, ValueEnum};
use ninefold::exact::CutsBy;
use ninefold::report::{cuts, cuts_to_json, cuts_to_text};
use ninefold::run::Progress;
use ninefold::study::without_each;
use ninefold::{Plan, System, Until};

use super::arguments::{RunArguments, at_least};
use super::compare::not_compared;
use super::progress::{Bar, stop_on_interrupt};
use super::{Failure, Outcome, journey_named, load, put, tell};

/// Say what has to be down together to take a journey down: single points of failure first, then pairs
/// and larger sets with none to spare, the most probable first; and, where journeys have exact answers,
/// how much each failure mode contributes.
#[derive(Debug, Args)]
#[command(after_help = "\
A set is minimal: if any unit of it comes back, so does the journey. A unit stands for all of its failure modes, \
or with `--by mode` each of these for itself. Probabilities of sets are products of the shares of time in which units are down by themselves.

Exact figures need units that go down and come back independently of one another (see docs/exact.md): where a \
journey has none, the reason is given, and with -n what would go away without each failure mode is simulated.")]
pub(crate) struct Cuts {
    /// Topology files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// What sets are made of.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = By::Unit)]
    by: By,

    /// How many units or failure modes a set has at most.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=4))]
    order: u8,

    /// How many sets of each size are listed; all are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    most: usize,

    /// Only this journey.
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,

    /// Where a journey has no exact figures, simulate so many pairs of lives with and without each failure mode.
    #[arg(short = 'n', long, value_name = "N", value_parser = at_least::<2>)]
    replications: Option<u64>,

    #[command(flatten)]
    run: RunArguments,

    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// Units, each by whichever of its failure modes.
    Unit,
    /// Failure modes of units: which unit is down by what.
    Mode,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Tables for people.
    Text,
    /// JSON, version `ninefold-cuts/1`; an array for several files.
    Json,
}

impl Cuts {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        if let (None, Some(option)) = (self.replications, self.run.first_given()) {
            return Err(Failure::Refused(format!(
                "error: `{option}` is about lives, and none are simulated without `-n`\n"
            )));
        }
        let systems: Vec<System> = load(&self.files)?.into_iter().map(System::compile).collect();
        let mut reports = Vec::new();
        let stop = stop_on_interrupt();
        let mut is_partial = false;
        for system in &systems {
            let (topology, model) = (system.topology(), system.model());
            if topology.journeys.is_empty() {
                return Err(Failure::Refused(format!(
                    "error: `{}` has no journeys that anything could take down\n",
                    topology.name
                )));
            }
            let journey = match &self.journey {
                Some(name) => Some(journey_named(topology, name)?),
                None => None,
            };
            let by = match self.by {
                By::Unit => CutsBy::Unit,
                By::Mode => CutsBy::Mode,
            };
            let limits = (self.order.into(), self.most);
            let mut report = cuts(topology, model, journey, by, limits);
            if let Some(replications) = self.replications.filter(|_| report.lacks_exact_figures()) {
                let usual = self.run.plan(system, Until::Horizon);
                let plan = Plan { replications, ..usual };
                let bar = Bar::new(&topology.name, stop.clone());
                let mut watched = |progress: &Progress| bar.show(progress);
                let without = without_each(system, &plan, &mut watched).map_err(not_compared)?;
                drop(bar);
                report.set_simulated(&without.modes);
                is_partial |= without.is_partial;
            }
            reports.push(report);
            if is_partial {
                break;
            }
        }
        put(&match self.format {
            Format::Text => reports.iter().map(cuts_to_text).collect::<Vec<_>>().join("\n"),
            Format::Json => cuts_to_json(&reports),
        })?;
        if is_partial {
            tell("interrupted: the result is of the lives that were complete\n");
            return Ok(Outcome::Unfinished);
        }
        Ok(Outcome::Met)
    }
}
