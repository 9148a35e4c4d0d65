//! `ninefold simulate`: the main job.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ninefold::measure::Life;
use ninefold::report::{
    DrawError, OutageCsv, figures, to_csv, to_json, to_json_array, to_png, to_svg, to_text,
};
use ninefold::run::RunError;
use ninefold::units::{SimSpan, parse_duration, parse_percentage};
use ninefold::{Plan, Report, System, Until};

use super::output::{file_stem, make_folder, write_file, write_with};
use super::progress::{Bar, stop_on_interrupt};
use super::{Failure, Outcome, load, put, tell};

/// Lives that a run with a precision may have where nobody says how many.
const MOST_REPLICATIONS_TO_PRECISION: u64 = 100_000;

/// Simulate topologies and report availability, outages, objectives and causes.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Topology files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// How many lives to simulate (10000; with --precision at most, and 100000).
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    replications: Option<u64>,

    /// Stop when every 95 % interval of unavailability is at most this wide to each side, relative to
    /// the estimate.
    #[arg(long, value_name = "5%", value_parser = parse_percentage)]
    precision: Option<f64>,

    /// The seed: the same seed gives the same result, on any number of threads.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// How long each life is measured, instead of what the topology says.
    #[arg(long, value_name = "1y", value_parser = parse_duration)]
    horizon: Option<f64>,

    /// How long each life goes on before it is measured, for long-run figures.
    #[arg(long, value_name = "10y", value_parser = parse_duration)]
    warm_up: Option<f64>,

    /// Where each life ends, if not at the horizon.
    #[arg(long, value_name = "EVENT")]
    until: Option<UntilArgument>,

    /// Threads; they change how long it takes, and no digit of the result.
    #[arg(short = 'j', long, value_name = "T", env = "NINEFOLD_THREADS",
          value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Also write the result as text and JSON, and its figures as SVG and PNG, into this folder.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Also write every outage of every life into this file, as CSV; one topology only.
    #[arg(long, value_name = "FILE")]
    outages: Option<PathBuf>,

    /// Also run so many times with inputs drawn from the ranges of failure modes, and say how much
    /// the answer depends on them.
    #[arg(long, value_name = "DRAWS", num_args = 0..=1, default_missing_value = "20",
          value_parser = clap::value_parser!(u64).range(2..=10_000))]
    input_uncertainty: Option<u64>,

    /// Run even if a life has more events than anybody can have meant.
    #[arg(long)]
    allow_slow: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Tables for people.
    Text,
    /// JSON, version `ninefold/1`; an array for several files.
    Json,
    /// One row a measure of a journey.
    Csv,
    /// Known, not in this version.
    Parquet,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UntilArgument {
    /// When every journey has been down once: the time to the first outage.
    FirstOutage,
    /// Known, not in this version.
    Loss,
}

impl Simulate {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        self.refuse_what_is_not_there()?;
        let systems: Vec<System> = load(&self.files)?.into_iter().map(System::compile).collect();
        self.refuse_equal_names(&systems)?;
        self.refuse_what_has_no_effect(&systems)?;
        if let Some(folder) = &self.out {
            make_folder(folder)?;
        }
        let stop = stop_on_interrupt();
        let mut reports = Vec::new();
        for system in &systems {
            let bar = Bar::new(&system.topology().name, stop.clone());
            let plan = self.plan(system);
            let mut report = system
                .simulate_watched(&plan, &mut |progress| bar.show(progress))
                .map_err(|error| refused(system, &error))?;
            let done = Plan { replications: report.run.replications, precision: None, ..plan };
            if let Some(draws) = self.input_uncertainty.filter(|_| !report.run.is_partial) {
                let bands = system
                    .input_bands(&done, draws, &mut |progress| bar.show(progress))
                    .map_err(|error| refused(system, &error))?;
                report.set_input_bands(bands.unwrap_or_default());
            }
            drop(bar);
            if let Some(path) = self.outages.as_ref().filter(|_| !report.run.is_partial) {
                write_outages(path, system, &done)?;
            }
            let is_partial = report.run.is_partial;
            if let Some(folder) = &self.out {
                write_report(folder, &report)?;
            }
            reports.push(report);
            if is_partial {
                break;
            }
        }
        put(&self.rendered(&reports))?;
        if reports.iter().any(|report| report.run.is_partial) {
            tell("interrupted: the result is of the lives that were complete\n");
            return Ok(Outcome::Unfinished);
        }
        match reports.iter().any(Report::any_objective_missed) {
            true => Ok(Outcome::Missed),
            false => Ok(Outcome::Met),
        }
    }

    fn refuse_what_is_not_there(&self) -> Result<(), Failure> {
        let missing = match (self.format, self.until) {
            (Format::Parquet, _) => "--format parquet",
            (_, Some(UntilArgument::Loss)) => "--until loss",
            _ => return Ok(()),
        };
        Err(Failure::Refused(format!("error: `{missing}` is known, not in this version\n")))
    }

    fn refuse_what_has_no_effect(&self, systems: &[System]) -> Result<(), Failure> {
        if self.outages.is_some() && systems.len() > 1 {
            return Err(Failure::Refused(
                "error: `--outages` writes one file: give one topology\n".to_owned(),
            ));
        }
        let without = systems.iter().find(|system| !system.topology().has_ranges());
        match without {
            Some(system) if self.input_uncertainty.is_some() => Err(Failure::Refused(format!(
                "error: {}: no failure mode has a `range`, so there is nothing to draw\n",
                system.topology().name
            ))),
            _ => Ok(()),
        }
    }

    /// Two topologies of one name would overwrite one another's files.
    fn refuse_equal_names(&self, systems: &[System]) -> Result<(), Failure> {
        let mut seen = BTreeSet::new();
        let stem = |system: &System| file_stem(&system.topology().name);
        match systems.iter().find(|system| !seen.insert(stem(system))) {
            Some(twice) if self.out.is_some() => Err(Failure::Refused(format!(
                "error: two topologies would be written as `{}`; give one of them another name\n",
                stem(twice)
            ))),
            _ => Ok(()),
        }
    }

    fn plan(&self, system: &System) -> Plan {
        let usual = system.plan(self.seed);
        let until = match self.until {
            Some(UntilArgument::FirstOutage) => Until::FirstOutage,
            _ => Until::Horizon,
        };
        let replications = match self.precision {
            Some(_) => MOST_REPLICATIONS_TO_PRECISION,
            None => usual.replications,
        };
        let horizon = match until {
            Until::Horizon => usual.horizon,
            Until::FirstOutage => system.horizon_to_first_outage(),
        };
        Plan {
            replications: self.replications.unwrap_or(replications),
            precision: self.precision,
            horizon: self.horizon.map_or(horizon, SimSpan::from_seconds),
            warm_up: SimSpan::from_seconds(self.warm_up.unwrap_or_default()),
            until,
            threads: self.threads.map(|threads| threads as usize),
            allow_slow: self.allow_slow,
            ..usual
        }
    }

    fn rendered(&self, reports: &[Report]) -> String {
        match (self.format, reports) {
            (Format::Json, [report]) if self.files.len() == 1 => to_json(report),
            (Format::Json, reports) => to_json_array(reports),
            (Format::Csv, reports) => to_csv(reports),
            _ => reports.iter().map(to_text).collect::<Vec<_>>().join("\n"),
        }
    }
}

fn refused(system: &System, error: &RunError) -> Failure {
    let help = match error {
        RunError::TooSlow { .. } => " with --allow-slow",
        _ => "",
    };
    Failure::Refused(format!("error: {}: {error}{help}\n", system.topology().name))
}

/// Writes every outage of a run, by running it once more.
fn write_outages(path: &Path, system: &System, plan: &Plan) -> Result<(), Failure> {
    let mut problem = None;
    write_with(path, |file| {
        let mut csv = OutageCsv::new(file, system.topology(), system.model())?;
        let mut written = Ok(());
        let each = |life: &Life| {
            if written.is_ok() {
                written = csv.add(life);
            }
        };
        let run = system.outages(plan, each, &mut |_| ControlFlow::Continue(()));
        problem = run.err();
        written?;
        csv.finish()
    })?;
    problem.map_or(Ok(()), |error| Err(refused(system, &error)))
}

/// Writes one report as text, JSON and figures.
fn write_report(folder: &Path, report: &Report) -> Result<(), Failure> {
    let stem = file_stem(&report.topology.name);
    let write =
        |ending: &str, bytes: &[u8]| write_file(&folder.join(format!("{stem}{ending}")), bytes);
    write(".txt", to_text(report).as_bytes())?;
    write(".json", to_json(report).as_bytes())?;
    for figure in figures(report) {
        let failed = |error: DrawError| Failure::Unfinished(format!("error: {error}\n"));
        write(&format!("-{}.svg", figure.name), to_svg(&figure).map_err(failed)?.as_bytes())?;
        write(&format!("-{}.png", figure.name), &to_png(&figure).map_err(failed)?)?;
    }
    Ok(())
}
