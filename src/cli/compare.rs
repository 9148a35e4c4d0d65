//! `ninefold compare`: what one design does that another does not.

use clap::{Args, ValueEnum};
use ninefold::report::{difference_to_json, difference_to_text};
use ninefold::study::compare;
use ninefold::units::{SimSpan, parse_duration};
use ninefold::{Plan, System};

use super::progress::{Bar, stop_on_interrupt};
use super::{Failure, Outcome, load, put, tell};

/// Compare two topologies, life by life: wherever both have the same unit with the same failure mode it
/// fails at the same times, so that what differs is the design and not the luck.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 1 if a journey is down for longer in B than in A by more than the \
                        margin, with 95 % confidence."
)]
pub(crate) struct Compare {
    /// The topology to compare with; `-` is standard input.
    #[arg(value_name = "A")]
    first: String,

    /// The topology that is compared with it.
    #[arg(value_name = "B")]
    second: String,

    /// How many pairs of lives to simulate.
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
    replications: Option<u64>,

    /// The seed of both.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// How long each life is measured, instead of what the topologies say.
    #[arg(long, value_name = "1y", value_parser = parse_duration)]
    horizon: Option<f64>,

    /// How long each life goes on before it is measured, for long-run figures.
    #[arg(long, value_name = "10y", value_parser = parse_duration)]
    warm_up: Option<f64>,

    /// How much longer a journey may be down in a year before B counts as worse.
    #[arg(long, value_name = "10m", default_value = "0s", value_parser = parse_duration)]
    margin: f64,

    /// Threads; they change how long it takes, and no digit of the result.
    #[arg(short = 'j', long, value_name = "T", env = "NINEFOLD_THREADS",
          value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Run even if a life has more events than anybody can have meant.
    #[arg(long)]
    allow_slow: bool,
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
        let report = compare(first, second, &plan, &mut |progress| bar.show(progress))
            .map_err(|error| Failure::Refused(format!("error: {error}\n")))?;
        drop(bar);
        put(&match self.format {
            Format::Text => difference_to_text(&report),
            Format::Json => difference_to_json(&report),
        })?;
        if report.is_partial {
            tell("interrupted: the result is of the lives that were complete\n");
            return Ok(Outcome::Unfinished);
        }
        match report.worse_by_more_than(self.margin).is_empty() {
            true => Ok(Outcome::Met),
            false => Ok(Outcome::Missed),
        }
    }

    fn plan(&self, first: &System, second: &System) -> Result<Plan, Failure> {
        let (one, other) = (first.topology(), second.topology());
        if self.horizon.is_none() && one.horizon != other.horizon {
            return Err(Failure::Refused(format!(
                "error: `{}` and `{}` have different horizons: say which with --horizon\n",
                one.name, other.name
            )));
        }
        let usual = first.plan(self.seed);
        Ok(Plan {
            replications: self.replications.unwrap_or(usual.replications),
            horizon: self.horizon.map_or(usual.horizon, SimSpan::from_seconds),
            warm_up: SimSpan::from_seconds(self.warm_up.unwrap_or_default()),
            threads: self.threads.map(|threads| threads as usize),
            allow_slow: self.allow_slow,
            ..usual
        })
    }
}
