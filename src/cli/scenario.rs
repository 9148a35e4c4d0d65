//! `ninefold scenario`: scripts on topologies, and whether what is expected of them holds.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ninefold::report::{
    ScenarioReport, faults_table, scenario_to_text, scenarios_table, scenarios_to_json,
    scenarios_to_junit,
};
use ninefold::spec::{MOST_FAULTS, Scenario, Scenarios, single_faults};
use ninefold::units::parse_duration;
use ninefold::{ScenarioPlan, run_scenario};

use super::arguments::{THREADS, ThemeArgument, at_least, threads};
use super::output::{Drawing, file_stem, make_folder, write_figure, write_file};
use super::progress::{Bar, stop_on_interrupt};
use super::{Failure, Outcome, WRITES_IT_OUT, load, put, read_all, refuse_standard_input, tell};

/// Run scenarios: what is done to a topology, and what is expected to come of it.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 if all that is required holds, 1 if something required does \
                        not, 2 if a file was refused, 3 if it could not finish."
)]
pub(crate) struct RunScenarios {
    /// Files of scenarios.
    #[arg(value_name = "FILE", required_unless_present = "emit", conflicts_with = "emit")]
    files: Vec<String>,

    /// Make a scenario for each single fault of this topology instead, and run them: each unit
    /// crashes, one at a time. With --out the file of scenarios is written too.
    #[arg(long, value_name = "TOPOLOGY")]
    emit: Option<String>,

    /// How long each of these faults lasts.
    #[arg(long = "for", value_name = "1h", default_value = "1h", value_parser = duration_text,
          requires = "emit")]
    lasts: String,

    /// The seed: the same seed gives the same result, on any number of threads.
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = at_least::<0>)]
    seed: u64,

    /// How many lives each scenario has, instead of what its file says (200; one, if nothing in it
    /// is random).
    #[arg(short = 'n', long, value_name = "N", value_parser = at_least::<1>)]
    lives: Option<u64>,

    /// Threads; they change how long it takes, and no digit of the result.
    #[arg(short = 'j', long, value_name = "T", env = THREADS, value_parser = threads)]
    threads: Option<u64>,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Tell everything that happens, not only the first lines.
    #[arg(long)]
    all: bool,

    /// Also write each result as text, and its life as SVG and PNG, and all of them as JSON and
    /// JUnit XML, into this folder; of --emit the table, and no pictures.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    drawing: Drawing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Time lines and tables for people.
    Text,
    /// JSON, version `ninefold-scenario/1`.
    Json,
    /// JUnit XML, for what shows the results of tests.
    Junit,
}

/// A duration as it was written.
fn duration_text(text: &str) -> Result<String, ninefold::units::QuantityError> {
    parse_duration(text).map(|_| text.trim().to_owned())
}

impl RunScenarios {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let (scenarios, file) = match &self.emit {
            Some(topology) => {
                let (scenarios, file) = self.faults(topology)?;
                (scenarios, Some(file))
            }
            None => (self.load()?, None),
        };
        self.refuse_what_cannot_be_written(&scenarios)?;
        if let Some(folder) = &self.out {
            make_folder(folder)?;
        }
        self.drawing.prepare()?;
        let (reports, is_partial) = self.run_all(&scenarios)?;
        let not_run = &scenarios[reports.len()..];
        let not_run: Vec<&str> = not_run.iter().map(|scenario| scenario.name.as_str()).collect();
        if let Some(folder) = &self.out {
            self.write(folder, &reports, &not_run)?;
            if let Some((name, text)) = &file {
                write_file(&folder.join(name), text.as_bytes())?;
            }
        }
        if let [report] = reports.as_slice() {
            self.drawing.write(|| report.figure.clone())?;
        }
        put(&self.rendered(&reports, &not_run))?;
        if is_partial {
            tell("interrupted: the result is of the lives that were complete\n");
            return Ok(Outcome::Unfinished);
        }
        match reports.iter().any(ScenarioReport::fails) {
            true => Ok(Outcome::Missed),
            false => Ok(Outcome::Met),
        }
    }

    /// The scenarios of all files, or everything that is wrong with any of them.
    fn load(&self) -> Result<Vec<Scenario>, Failure> {
        refuse_standard_input(&self.files, "scenario", "seeks the topology beside its file")?;
        let read = read_all(&self.files, |file| Scenarios::from_path(file))?;
        // Files that share a topology say the same of it.
        let warnings: BTreeSet<String> =
            read.iter().map(|read| read.warnings.render(styled())).collect();
        warnings.iter().for_each(|warnings| tell(warnings));
        Ok(read.into_iter().flat_map(|read| read.list).collect())
    }

    /// A scenario for each single fault, and the file that has them.
    fn faults(&self, path: &str) -> Result<(Vec<Scenario>, (String, String)), Failure> {
        refuse_standard_input(&[path.to_owned()], "--emit", WRITES_IT_OUT)?;
        let topology = load(&[path.to_owned()])?.remove(0);
        let units = topology.units.len();
        if units > MOST_FAULTS {
            return Err(Failure::Refused(format!(
                "error: {}: {units} units, and at most {MOST_FAULTS} faults are run one by one\n",
                topology.name
            )));
        }
        let here = single_faults(&topology, path, &self.lasts);
        let read = Scenarios::from_str("single faults", &here, Path::new(""));
        let scenarios = read.map_err(super::refused)?.list;
        let folder = self.out.as_deref().unwrap_or(Path::new(""));
        let text = single_faults(&topology, &seen_from(folder, Path::new(path)), &self.lasts);
        Ok((scenarios, (format!("{}-faults.yaml", file_stem(&topology.name)), text)))
    }

    /// Two scenarios of one name would overwrite one another's files; and a picture is of one life.
    fn refuse_what_cannot_be_written(&self, scenarios: &[Scenario]) -> Result<(), Failure> {
        if self.drawing.is_wanted() && scenarios.len() != 1 {
            return Err(Failure::Refused(format!(
                "error: `--draw` draws one scenario, and there are {}; `--out` draws all of them\n",
                scenarios.len()
            )));
        }
        let mut seen = BTreeSet::new();
        let twice = scenarios.iter().find(|scenario| !seen.insert(file_stem(&scenario.name)));
        match twice {
            Some(twice) if self.out.is_some() => Err(Failure::Refused(format!(
                "error: two scenarios would be written as `{}`; give one of them another name\n",
                file_stem(&twice.name)
            ))),
            _ => Ok(()),
        }
    }

    /// Runs all of them, and says whether that was broken off.
    fn run_all(&self, scenarios: &[Scenario]) -> Result<(Vec<ScenarioReport>, bool), Failure> {
        let stop = stop_on_interrupt();
        let plan = ScenarioPlan {
            seed: self.seed,
            lives: self.lives,
            threads: self.threads.map(|threads| threads as usize),
        };
        let mut reports: Vec<ScenarioReport> = Vec::new();
        for scenario in scenarios {
            let bar = Bar::new(&scenario.name, stop.clone());
            let report = run_scenario(scenario, &plan, &mut |progress| bar.show(progress));
            let report = report.map_err(|error| {
                Failure::Refused(format!("error: {}: {error}\n", scenario.name))
            })?;
            let is_stopped = stop.load(std::sync::atomic::Ordering::Relaxed);
            let is_partial = report.is_partial || is_stopped && reports.len() + 1 < scenarios.len();
            reports.push(report);
            if is_partial {
                return Ok((reports, true));
            }
        }
        Ok((reports, false))
    }

    fn rendered(&self, reports: &[ScenarioReport], not_run: &[&str]) -> String {
        let all = reports.len() + not_run.len();
        match self.format {
            Format::Json => scenarios_to_json(reports),
            Format::Junit => scenarios_to_junit(reports, not_run),
            Format::Text if self.emit.is_some() => faults_table(reports, all, &self.lasts),
            Format::Text => {
                let mut texts: Vec<String> =
                    reports.iter().map(|report| scenario_to_text(report, self.all)).collect();
                if all > 1 {
                    texts.push(scenarios_table(reports, not_run));
                }
                texts.join("\n")
            }
        }
    }

    fn write(
        &self,
        folder: &Path,
        reports: &[ScenarioReport],
        not_run: &[&str],
    ) -> Result<(), Failure> {
        let all = reports.len() + not_run.len();
        let theme = ThemeArgument::Light.into();
        let write = |name: &str, text: String| write_file(&folder.join(name), text.as_bytes());
        write("scenarios.json", scenarios_to_json(reports))?;
        write("scenarios.xml", scenarios_to_junit(reports, not_run))?;
        if self.emit.is_some() {
            return write("faults.txt", faults_table(reports, all, &self.lasts));
        }
        for report in reports {
            let stem = file_stem(&report.name);
            let text = scenario_to_text(report, self.all);
            write_file(&folder.join(format!("{stem}.txt")), text.as_bytes())?;
            write_figure(folder, &stem, &report.figure, theme)?;
        }
        Ok(())
    }
}

fn styled() -> bool {
    std::io::stderr().is_terminal()
}

/// The path of a file as it is written in a file of this folder; as it is, if that cannot be told.
fn seen_from(folder: &Path, file: &Path) -> String {
    let relative = || {
        let folder = std::path::absolute(folder).ok()?;
        let file = std::path::absolute(file).ok()?;
        let common = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
        let up = folder.components().skip(common).map(|_| Path::new(".."));
        let down: PathBuf = file.components().skip(common).collect();
        Some(up.chain([down.as_path()]).collect::<PathBuf>())
    };
    relative().unwrap_or_else(|| file.to_owned()).display().to_string()
}
