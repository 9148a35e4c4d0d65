//! Arguments that several commands have, and what becomes of them.

use std::env;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ninefold::report::Theme;
use ninefold::run::RunError;
use ninefold::units::{QuantityError, SimSpan, parse_duration, parse_percentage};
use ninefold::{Plan, Report, System, Until};

use super::Failure;
use super::output::{make_folder, write_report};

/// A whole number that is no less than this.
pub(crate) fn at_least<const LEAST: u64>(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number >= LEAST).ok_or_else(|| match LEAST {
        0 => "it must be a whole number, such as 1000".to_owned(),
        _ => format!("it must be a whole number, such as 1000, and at least {LEAST}"),
    })
}

/// A whole number from this to that, both included.
pub(crate) fn between<const LEAST: u64, const MOST: u64>(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| format!("it must be a whole number from {LEAST} to {MOST}"))
}

/// The environment variable that says how many threads there are, where no argument does.
pub(crate) const THREADS: &str = "NINEFOLD_THREADS";

/// A number of threads; what is wrong with it may be wrong with the environment.
pub(crate) fn threads(text: &str) -> Result<u64, String> {
    between::<1, 1024>(text).map_err(|error| match env::var(THREADS) {
        Ok(value) if value == text => format!("{error}; it is from the environment: {THREADS}"),
        _ => error,
    })
}

/// A duration that a life may have, in seconds.
pub(crate) fn length_of_life(text: &str) -> Result<f64, QuantityError> {
    let seconds = parse_duration(text)?;
    match SimSpan::from_seconds(seconds) == SimSpan::ZERO {
        true => Err(QuantityError {
            problem: "a life of no length".to_owned(),
            help: "the horizon must be above zero, such as `1y`".to_owned(),
        }),
        false => Ok(seconds),
    }
}

/// How nearly something is to be known, as a fraction of it.
pub(crate) fn precision(text: &str) -> Result<f64, QuantityError> {
    let share = parse_percentage(text).ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| QuantityError {
        problem: format!("`{}` is no precision", text.trim()),
        help: "write a percentage above 0% and below 100%, such as `5%`".to_owned(),
    })
}

/// How lives are run, by all commands that run many.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The seed (1): the same seed gives the same result, on any number of threads.
    #[arg(long, value_name = "S", value_parser = at_least::<0>)]
    seed: Option<u64>,

    /// How long each life is measured, instead of what the topology says.
    #[arg(long, value_name = "1y", value_parser = length_of_life)]
    pub(crate) horizon: Option<f64>,

    /// How long each life goes on before it is measured, for long-run figures.
    #[arg(long, value_name = "10y", value_parser = parse_duration)]
    warm_up: Option<f64>,

    // In `--help` below everything else that a command has.
    /// Run even if a life has more events than anybody can have meant.
    #[arg(long, display_order = 100)]
    allow_slow: bool,

    /// Threads; they change how long it takes, and no digit of the result.
    #[arg(short = 'j', long, value_name = "T", env = THREADS, value_parser = threads)]
    threads: Option<u64>,
}

impl RunArguments {
    /// The usual plan for a system, but for what the arguments say.
    pub(crate) fn plan(&self, system: &System, until: Until) -> Plan {
        let usual = system.plan(self.seed.unwrap_or(1));
        let horizon = match until {
            Until::Horizon => usual.horizon,
            Until::FirstOutage | Until::FirstLoss => system.horizon_to_first_outage(),
        };
        Plan {
            horizon: self.horizon.map_or(horizon, SimSpan::from_seconds),
            warm_up: SimSpan::from_seconds(self.warm_up.unwrap_or_default()),
            until,
            threads: self.threads.map(|threads| threads as usize),
            allow_slow: self.allow_slow,
            ..usual
        }
    }

    /// The first of these that was given and changes what lives come to.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        first_of([
            ("--seed", self.seed.is_some()),
            ("--horizon", self.horizon.is_some()),
            ("--warm-up", self.warm_up.is_some()),
            ("--allow-slow", self.allow_slow),
        ])
    }
}

/// The first of these options that was given.
pub(crate) fn first_of<const N: usize>(options: [(&'static str, bool); N]) -> Option<&'static str> {
    options.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// Says why a system cannot be run, and which of these arguments would help.
pub(crate) fn not_run(name: &str, error: &RunError) -> Failure {
    let help = match error {
        RunError::TooSlow { .. } => " with --allow-slow",
        _ => "",
    };
    Failure::Refused(format!("error: {name}: {error}{help}\n"))
}

/// Where the files of a result go.
#[derive(Debug, Args)]
pub(crate) struct OutArguments {
    /// Also write the result as text, JSON and a page of HTML, and its figures as SVG and PNG, into this folder.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// What the figures are to lie on.
    #[arg(long, value_enum, default_value_t = ThemeArgument::Light, requires = "out")]
    theme: ThemeArgument,
}

impl OutArguments {
    /// The folder, if files are wanted.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.out.as_deref()
    }

    /// Makes the folder, if files are wanted: what cannot be written is better known before a long run.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        self.path().map_or(Ok(()), make_folder)
    }

    /// Writes a report, if files are wanted.
    pub(crate) fn write(&self, report: &Report) -> Result<(), Failure> {
        self.path().map_or(Ok(()), |folder| write_report(folder, report, self.theme.into()))
    }
}

/// What pictures are to lie on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ThemeArgument {
    /// White paper.
    Light,
    /// A dark screen.
    Dark,
}

impl From<ThemeArgument> for Theme {
    fn from(theme: ThemeArgument) -> Theme {
        match theme {
            ThemeArgument::Light => Theme::Light,
            ThemeArgument::Dark => Theme::Dark,
        }
    }
}
