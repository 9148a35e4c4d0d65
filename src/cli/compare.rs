//! `ninefold compare`: what one design does that another does not.

use clap::{Args, ValueEnum};
use ninefold::report::{difference_to_json, difference_to_text};
use ninefold::study::{CompareError, compare};
use ninefold::units::parse_duration;
use ninefold::{Plan, System, Until};

use super::arguments::{RunArguments, at_least, not_run};
use super::progress::{Bar, stop_on_interrupt};
use super::{Failure, Outcome, load, put, tell};

/// Compare two topologies, life by life: wherever both have the same unit with the same failure mode it
/// fails at the same times, so that what differs is the design and not the luck. Journeys are compared by how long they
/// are down, data classes by what is lost, in how many incidents and in how many lives; what only one of the two has is
/// named, and not compared.
#[derive(Debug, Args)]
#[command(
    mut_arg("seed", |seed| seed.help("The seed of both")),
    mut_arg("horizon", |horizon| {
        horizon.help("How long each life is measured, instead of what the topologies say")
    }),
    after_help = "Exit status: 1 if, with 95 % confidence, a journey is down for longer in B than in A by more than the \
                  margin, more of a data class is lost by more than that, or it is lost in more incidents or more \
                  lives."
)]
pub(crate) struct Compare {
    /// The topology to compare with; `-` is standard input.
    #[arg(value_name = "A")]
    first: String,

    /// The topology that is compared with it.
    #[arg(value_name = "B")]
    second: String,

    /// How many pairs of lives to simulate.
    #[arg(short = 'n', long, value_name = "N", value_parser = at_least::<2>)]
    replications: Option<u64>,

    #[command(flatten)]
    run: RunArguments,

    // In `--help` between the warm-up and the threads.
    /// How much longer a journey may be down in a year, and how much more of a data class may be lost, before B counts
    /// as worse; no margin makes up for more incidents, or for more lives with one.
    #[arg(long, value_name = "10m", default_value = "0s", value_parser = parse_duration,
          display_order = 4)]
    margin: f64,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table for people.
    Text,
    /// JSON, version `ninefold-difference/1`.
    Json,
}

impl Compare {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let systems: Vec<System> = load(&[self.first.clone(), self.second.clone()])?
            .into_iter()
            .map(System::compile)
            .collect();
        let [first, second] = systems.as_slice() else {
            unreachable!("two files are two topologies")
        };
        let plan = self.plan(first, second)?;
        let bar = Bar::new(&second.topology().name, stop_on_interrupt());
        let mut report = compare(first, second, &plan, &mut |progress| bar.show(progress))
            .map_err(|error| self.not_compared(error))?;
        drop(bar);
        report.margin_s_per_year = self.margin;
        report.first.file = Some(self.first.clone());
        report.second.file = Some(self.second.clone());
        put(&match self.format {
            Format::Text => difference_to_text(&report),
            Format::Json => difference_to_json(&report),
        })?;
        if report.is_partial {
            tell("interrupted: the result is of the lives that were complete\n");
            return Ok(Outcome::Unfinished);
        }
        match report.worse().is_empty() {
            true => Ok(Outcome::Met),
            false => Ok(Outcome::Missed),
        }
    }

    fn plan(&self, first: &System, second: &System) -> Result<Plan, Failure> {
        let (one, other) = (first.topology(), second.topology());
        if self.run.horizon.is_none() && one.horizon != other.horizon {
            return Err(Failure::Refused(format!(
                "error: `{}` and `{}` have different horizons: say which with --horizon\n",
                self.first, self.second
            )));
        }
        let usual = self.run.plan(first, Until::Horizon);
        Ok(Plan { replications: self.replications.unwrap_or(usual.replications), ..usual })
    }

    /// Says why these cannot be compared: by their files, since both may have the same name.
    fn not_compared(&self, error: CompareError) -> Failure {
        not_compared(match error {
            CompareError::NothingInCommon { .. } => CompareError::NothingInCommon {
                first: self.first.clone(),
                second: self.second.clone(),
            },
            error => error,
        })
    }
}

/// Says why systems cannot be compared.
pub(super) fn not_compared(error: CompareError) -> Failure {
    match error {
        CompareError::Run { name, error } => not_run(&name, &error),
        error => Failure::Refused(format!("error: {error}\n")),
    }
}
