//! `ninefold simulate`: the main job.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use ninefold::report::{RowFormat, RowsOf, to_csv, to_json, to_json_array, to_text};
use ninefold::run::{MOST_STATES, MOST_STATES_BESIDE, RunError};
use ninefold::spec::resolved;
use ninefold::{Plan, Progress, Report, Shard, System, Until};

use super::arguments::{
    OutArguments, RunArguments, at_least, between, first_of, not_run, precision,
};
use super::output::{file_stem, refuse_unwritable, write_file};
use super::progress::{Bar, stop_on_interrupt};
use super::rows::{RowFile, Written, refuse_what_is_not_built_in, write_rows};
use super::{Failure, Outcome, WRITES_IT_OUT, load, put, refuse_standard_input, tell};

/// Lives that a run with a precision may have where nobody says how many.
const MOST_REPLICATIONS_TO_PRECISION: u64 = 100_000;

/// Simulate topologies and report availability, outages, objectives and causes.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Topology files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// How many lives to simulate (10000; with --precision at most, and 100000).
    #[arg(short = 'n', long, value_name = "N", value_parser = at_least::<1>)]
    replications: Option<u64>,

    /// Stop when every 95 % interval of unavailability is at most this wide to each side, relative to
    /// the estimate; without journeys, every one of incidents of lost data a year; see --of. What lives would
    /// not tell so nearly is found by other routes, see --method.
    #[arg(long, value_name = "5%", value_parser = precision, allow_hyphen_values = true)]
    precision: Option<f64>,

    /// The journeys and data classes that the precision is about, instead of all journeys.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "precision")]
    of: Vec<String>,

    #[command(flatten)]
    run: RunArguments,

    // In `--help` between the warm-up and the threads.
    /// Where each life ends, if not at the horizon.
    #[arg(long, value_name = "EVENT", display_order = 5)]
    until: Option<UntilArgument>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    out: OutArguments,

    /// Also write every outage of every life into this file, `.csv` or `.parquet`; one topology only.
    #[arg(long, value_name = "FILE")]
    outages: Option<PathBuf>,

    /// Also write what every life came to into this file, a row for each journey, `.csv` or
    /// `.parquet`; one topology only.
    #[arg(long, value_name = "FILE")]
    lives: Option<PathBuf>,

    /// Also run so many times with inputs drawn from the ranges of failure modes, and say how much
    /// the answer depends on them.
    #[arg(long, value_name = "DRAWS", num_args = 0..=1, default_missing_value = "20",
          value_parser = between::<2, 10_000>)]
    input_uncertainty: Option<u64>,

    /// Also run with other laws of repair of the same means, without common causes, and with bandwidth shared or not,
    /// and say in which band the answer then is.
    #[arg(long)]
    stress: bool,

    /// Run only one part of so many, counted from one, and write it into the file of --out; `merge`
    /// makes the result of them, the same as of one run.
    #[arg(long, value_name = "3/16", requires = "out",
          conflicts_with_all = ["precision", "outages", "lives", "input_uncertainty", "stress", "format", "theme"])]
    shard: Option<Shard>,

    /// What to do about exact answers: a Markov chain or a decision diagram of the same model.
    #[arg(long, value_enum, default_value_t = ExactArgument::Also)]
    exact: ExactArgument,

    /// How to find what hardly ever happens, with --precision (auto).
    #[arg(long, value_enum)]
    method: Option<MethodArgument>,

    /// Also say on standard error how long each run took.
    #[arg(long)]
    timing: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Tables for people.
    Text,
    /// JSON, version `ninefold/1`; an array for several files.
    Json,
    /// One row a measure of a journey.
    Csv,
    /// Every life and every outage as Parquet files in the folder of --out, and nothing on standard
    /// output; needs a program built with the feature `parquet`.
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodArgument {
    /// Plain lives; where a pilot shows that they would not reach the precision, an exact answer if there is one, and
    /// else importance sampling or multilevel splitting.
    Auto,
    /// Plain lives only.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExactArgument {
    /// Simulate, and say how far that is from the exact answer where there is one that takes a second or two.
    Also,
    /// Do not simulate; refuse what has no exact answer, with the reason.
    Only,
    /// Simulate, and give no exact answer; with --precision what lives do not tell is estimated only.
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UntilArgument {
    /// When every journey has been down once: the time to the first outage.
    FirstOutage,
    /// When copies of every data class that something holds have lost data once: the time to data
    /// loss.
    Loss,
}

impl Simulate {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        self.refuse_what_does_not_go_together()?;
        let row_files = self.row_files()?;
        let systems: Vec<System> = load(&self.files)?.into_iter().map(System::compile).collect();
        self.refuse_equal_names(&systems)?;
        self.refuse_what_has_no_effect(&systems)?;
        if let (Some(shard), Some(path)) = (self.shard, self.out.path()) {
            return self.run_part(&systems, shard, path);
        }
        // Rows may go into the folder of `--out`, which is made only if all others can be written.
        let goes_into =
            |file: &RowFile| self.out.path().is_some_and(|out| file.path().starts_with(out));
        let (inside, outside): (Vec<_>, Vec<_>) =
            row_files.iter().partition(|file| goes_into(file));
        outside.iter().try_for_each(|file| refuse_unwritable(file.path()))?;
        self.out.prepare()?;
        inside.iter().try_for_each(|file| refuse_unwritable(file.path()))?;
        let stop = stop_on_interrupt();
        let mut reports = Vec::new();
        let mut written = Written::All;
        for system in &systems {
            let plan = self.plan(system);
            let report = match self.exact {
                ExactArgument::Only => self.exact_report(system, &plan)?,
                ExactArgument::Also | ExactArgument::Never => {
                    let bar = Bar::new(&system.topology().name, stop.clone());
                    let (report, rows) = self.lived(system, &plan, &row_files, bar)?;
                    written = rows;
                    report
                }
            };
            let is_partial = report.run.is_partial;
            self.out.write(&report)?;
            reports.push(report);
            if is_partial || written == Written::Nothing {
                break;
            }
        }
        put(&self.rendered(&reports))?;
        if reports.iter().any(|report| report.run.is_partial) {
            let has_rows = !row_files.is_empty() || matches!(self.format, Format::Parquet);
            let rows = if has_rows { "; their rows were not written" } else { "" };
            tell(&format!("interrupted: the result is of the lives that were complete{rows}\n"));
            return Ok(Outcome::Unfinished);
        }
        if written == Written::Nothing {
            tell("interrupted: the result is whole, its rows were not written\n");
            return Ok(Outcome::Unfinished);
        }
        match reports.iter().any(Report::any_objective_missed) {
            true => Ok(Outcome::Missed),
            false => Ok(Outcome::Met),
        }
    }

    /// The report of a run with all that was asked for beside it; and what was written of its lives.
    fn lived(
        &self,
        system: &System,
        plan: &Plan,
        row_files: &[RowFile],
        bar: Bar,
    ) -> Result<(Report, Written), Failure> {
        let refused = |error: &RunError| refused(system, error);
        let is_broken_off = Cell::new(false);
        let mut watched = |progress: &Progress| {
            let goes_on = bar.show(progress);
            is_broken_off.set(is_broken_off.get() || goes_on.is_break());
            goes_on
        };
        let begun = Instant::now();
        let mut report = self.simulated(system, plan, &mut watched).map_err(|e| refused(&e))?;
        let took = begun.elapsed();
        if self.exact == ExactArgument::Also && !report.has_second_route() {
            report.set_second_route(system.exact_answers(plan, MOST_STATES_BESIDE));
        }
        let done = Plan { replications: report.run.replications, precision: None, ..plan.clone() };
        let mut written = Written::All;
        if !report.run.is_partial {
            is_broken_off.set(false);
            if let Some(draws) = self.input_uncertainty {
                let bands = system.input_bands(&done, draws, &mut watched);
                report.set_input_bands(bands.map_err(|e| refused(&e))?.unwrap_or_default());
            }
            if self.stress {
                let to = if self.precision.is_some() { plan } else { &done };
                let stressed = system.stress(|other| self.simulated(other, to, &mut watched));
                report.stress = Some(stressed.map_err(|e| refused(&e))?);
            }
            report.run.is_partial = is_broken_off.get();
        }
        if !report.run.is_partial {
            let mut files = row_files.to_vec();
            if let (Format::Parquet, Some(folder)) = (self.format, self.out.path()) {
                let stem = file_stem(&system.topology().name);
                files.extend(RowFile::both_as_parquet(folder, &stem));
            }
            written = write_rows(&files, system, &done, refused, &mut watched)?;
        }
        drop(bar);
        if self.timing {
            let (lives, events) = (report.run.replications, report.run.events);
            tell(&timing(&report.topology.name, (lives, events), took));
        }
        Ok((report, written))
    }

    /// What a run comes to, by lives and whatever `--method` allows besides.
    fn simulated(
        &self,
        system: &System,
        plan: &Plan,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Report, RunError> {
        match self.method {
            None | Some(MethodArgument::Auto) => system.simulate_to_precision(plan, progress),
            Some(MethodArgument::Plain) => system.simulate_watched(plan, progress),
        }
    }

    fn exact_report(&self, system: &System, plan: &Plan) -> Result<Report, Failure> {
        let answers = system.exact_answers(plan, MOST_STATES);
        if answers.are_any() {
            let mut report = system.report_answers(plan, answers);
            if self.stress {
                let Ok(stressed) = system.stress(|other| {
                    let answers = other.exact_answers(plan, MOST_STATES);
                    Ok::<_, Infallible>(other.report_answers(plan, answers))
                });
                report.stress = Some(stressed);
            }
            return Ok(report);
        }
        let journeys = &system.topology().journeys;
        let why = journeys.iter().zip(&answers.journeys).filter_map(|(journey, answer)| {
            Some(format!("  {}: {}\n", journey.name, answer.as_ref().err()?))
        });
        Err(Failure::Refused(format!(
            "error: {}: there is no exact answer; simulate, with `--exact also` or `never`\n{}",
            system.topology().name,
            why.collect::<String>()
        )))
    }

    fn run_part(&self, systems: &[System], shard: Shard, path: &Path) -> Result<Outcome, Failure> {
        let ([file], [system]) = (self.files.as_slice(), systems) else {
            return Err(Failure::Refused(
                "error: `--shard` writes one file: give one topology\n".to_owned(),
            ));
        };
        refuse_unwritable(path)?;
        let plan = self.plan(system);
        let bar = Bar::new(&system.topology().name, stop_on_interrupt());
        let resolved = resolved(file).map_err(super::refused)?;
        let begun = Instant::now();
        let part = system
            .simulate_part(&plan, shard, resolved, &mut |progress| bar.show(progress))
            .map_err(|error| refused(system, &error))?;
        let took = begun.elapsed();
        drop(bar);
        match part {
            Some(part) => {
                write_file(path, part.to_json().as_bytes())?;
                if self.timing {
                    let lives = shard.lives(plan.replications).count() as u64;
                    tell(&timing(&system.topology().name, (lives, part.events()), took));
                }
                Ok(Outcome::Met)
            }
            None => Err(Failure::Unfinished("interrupted: nothing was written\n".to_owned())),
        }
    }

    fn refuse_what_does_not_go_together(&self) -> Result<(), Failure> {
        if self.exact == ExactArgument::Only
            && let Some(option) = self.first_of_lives()
        {
            return Err(Failure::Refused(format!(
                "error: `{option}` is about lives, and `--exact only` simulates none\n"
            )));
        }
        if self.method == Some(MethodArgument::Auto) && self.precision.is_none() {
            return Err(Failure::Refused(
                "error: `--method auto` looks for what lives do not tell to a precision: say to which, \
                 such as `--precision 10%`\n"
                    .to_owned(),
            ));
        }
        match self.shard {
            Some(_) => refuse_standard_input(&self.files, "--shard", WRITES_IT_OUT),
            None => Ok(()),
        }
    }

    /// The first option that was given of those that only lives have an effect with.
    fn first_of_lives(&self) -> Option<&'static str> {
        first_of([
            ("--replications", self.replications.is_some()),
            ("--precision", self.precision.is_some()),
            ("--until", self.until.is_some()),
            ("--format parquet", matches!(self.format, Format::Parquet)),
            ("--outages", self.outages.is_some()),
            ("--lives", self.lives.is_some()),
            ("--input-uncertainty", self.input_uncertainty.is_some()),
            ("--shard", self.shard.is_some()),
            ("--method", self.method.is_some()),
            ("--timing", self.timing),
        ])
    }

    /// The files of rows that arguments name.
    fn row_files(&self) -> Result<Vec<RowFile>, Failure> {
        let is_parquet = matches!(self.format, Format::Parquet);
        if is_parquet {
            refuse_what_is_not_built_in(RowFormat::Parquet)?;
        }
        if is_parquet && self.out.path().is_none() {
            return Err(Failure::Refused(
                "error: `--format parquet` writes files: say where with `--out DIR`\n".to_owned(),
            ));
        }
        if let Some(until) = self.until.filter(|_| is_parquet || self.lives.is_some()) {
            let (end, rows) = match until {
                UntilArgument::FirstOutage => ("outage", "; `--outages` says when they ended"),
                UntilArgument::Loss => ("loss", ""),
            };
            return Err(Failure::Refused(format!(
                "error: lives that end at the first {end} have no downtime to write: leave out \
                 `--lives` and `--format parquet`{rows}\n"
            )));
        }
        let asked = [(&self.outages, RowsOf::Outages), (&self.lives, RowsOf::Lives)];
        let asked = asked.into_iter().filter_map(|(path, of)| Some((path.as_ref()?, of)));
        let files: Vec<RowFile> =
            asked.map(|(path, of)| RowFile::by_ending(path, of)).collect::<Result<_, _>>()?;
        match files.as_slice() {
            [outages, lives] if outages.path() == lives.path() => Err(Failure::Refused(
                "error: `--outages` and `--lives` write one file each: give them two names\n"
                    .to_owned(),
            )),
            _ => Ok(files),
        }
    }

    fn refuse_what_has_no_effect(&self, systems: &[System]) -> Result<(), Failure> {
        let one_file = [("--outages", &self.outages), ("--lives", &self.lives)];
        let one_file = one_file.into_iter().find(|(_, path)| path.is_some());
        if let Some((name, _)) = one_file.filter(|_| systems.len() > 1) {
            return Err(Failure::Refused(format!(
                "error: `{name}` writes one file: give one topology\n"
            )));
        }
        let of_journeys = first_of([
            ("--outages", self.outages.is_some()),
            ("--lives", self.lives.is_some()),
            ("--format parquet", matches!(self.format, Format::Parquet)),
            ("--input-uncertainty", self.input_uncertainty.is_some()),
        ]);
        let without = systems.iter().find(|system| system.topology().journeys.is_empty());
        if let (Some(name), Some(system)) = (of_journeys, without) {
            return Err(Failure::Refused(format!(
                "error: {}: `{name}` is about journeys, and there are none\n",
                system.topology().name
            )));
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
            Some(twice) if self.out.path().is_some() => Err(Failure::Refused(format!(
                "error: two topologies would be written as `{}`; give one of them another name\n",
                stem(twice)
            ))),
            _ => Ok(()),
        }
    }

    fn plan(&self, system: &System) -> Plan {
        let until = match self.until {
            Some(UntilArgument::FirstOutage) => Until::FirstOutage,
            Some(UntilArgument::Loss) => Until::FirstLoss,
            None => Until::Horizon,
        };
        let usual = self.run.plan(system, until);
        let replications = match self.precision {
            Some(_) => MOST_REPLICATIONS_TO_PRECISION,
            None => usual.replications,
        };
        Plan {
            replications: self.replications.unwrap_or(replications),
            precision: self.precision,
            of: self.of.clone(),
            is_exact_allowed: self.exact != ExactArgument::Never,
            ..usual
        }
    }

    fn rendered(&self, reports: &[Report]) -> String {
        match (self.format, reports) {
            (Format::Json, [report]) if self.files.len() == 1 => to_json(report),
            (Format::Json, reports) => to_json_array(reports),
            (Format::Csv, reports) => to_csv(reports),
            (Format::Parquet, _) => String::new(),
            (Format::Text, reports) => reports.iter().map(to_text).collect::<Vec<_>>().join("\n"),
        }
    }
}

fn refused(system: &System, error: &RunError) -> Failure {
    not_run(&system.topology().name, error)
}

/// How long a run of so many lives and events took, as one line.
fn timing(name: &str, (lives, events): (u64, u64), took: Duration) -> String {
    // A clock may be too coarse for a short run.
    let seconds = took.as_secs_f64().max(1e-9);
    format!(
        "{name}: {seconds:.3} s, {:.0} lives/s, {events} events, {:.0} events/s\n",
        lives as f64 / seconds,
        events as f64 / seconds,
    )
}
