//! The command line. It sees the public API only; nothing is printed anywhere else.

mod arguments;
mod capacity;
mod catalog;
mod check;
mod compare;
mod cuts;
mod docs;
mod explain;
mod export;
mod merge;
mod output;
mod progress;
mod rows;
mod scenario;
mod schema;
mod simulate;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ninefold::Topology;
use ninefold::spec::SpecError;

/// Estimate how often each user journey of a system will be down, for how long and why, before
/// anything is built or bought: a topology file describes replicas, quorums, erasure coding and what
/// stands where, and many independent lives of it are simulated.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate topologies and report availability, outages, objectives and causes.
    Simulate(simulate::Simulate),
    /// Compare two topologies, life by life, with the same luck.
    Compare(compare::Compare),
    /// Merge the parts of a run, as `simulate --shard` writes them, into its result.
    Merge(merge::Merge),
    /// Check topologies without simulating them.
    Check(check::Check),
    /// Say what nodes have room for, and what has no place when one of them is lost, or two.
    Capacity(capacity::Capacity),
    /// Say what has to be down together to take a journey down, and what matters most.
    Cuts(cuts::Cuts),
    /// Write a topology in the language of another program, so that somebody else can check the answer.
    Export(export::Export),
    /// Tell one life of a topology: who failed, what followed, who repaired, what users saw.
    Explain(explain::Explain),
    /// Run scenarios: what is done to a topology, and whether what is expected of it holds.
    Scenario(scenario::RunScenarios),
    /// List the failure modes that a topology can import, or show some of them.
    Catalog(catalog::Catalog),
    /// Print a JSON Schema of topologies and scenarios, for editors, or of results, for other programs.
    Schema(schema::Schema),
    /// Print what a shell needs to complete the arguments of this program.
    Completions(docs::Completions),
    /// Print the manual page of this program, or write one page a command into a folder.
    Man(docs::Man),
}

const EXIT_STATUS: &str = "Exit status:
  0  done, and every objective is met
  1  done, and an objective is missed, or something does not hold that is required of a scenario
  2  refused: bad arguments, a bad topology, or nowhere to write to; nothing was written
  3  could not finish: what was complete is kept whole, and says that it is partial

Progress and warnings go to standard error; the result, and nothing else, goes to standard output.";

/// What the exit status tells a script; listed in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, and every objective is met.
    Met = 0,
    /// Done, and an objective is missed.
    Missed = 1,
    /// Did not run: bad arguments, or a topology with problems.
    Refused = 2,
    /// Ran into something outside: a full disk, an interruption.
    Unfinished = 3,
}

/// Why a command ends without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments or the topology are wrong; a message for people.
    Refused(String),
    /// Something outside went wrong; a message for people.
    Unfinished(String),
    /// Nobody reads standard output any more.
    ClosedPipe,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Unfinished(format!("error: cannot write the result: {error}\n")),
        }
    }
}

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => run(arguments.command),
        Err(answer) => answered(&answer),
    };
    let (outcome, message) = match outcome {
        Ok(outcome) => (outcome, String::new()),
        Err(Failure::Refused(message)) => (Outcome::Refused, message),
        Err(Failure::Unfinished(message)) => (Outcome::Unfinished, message),
        Err(Failure::ClosedPipe) => (Outcome::Met, String::new()),
    };
    tell(&message);
    ExitCode::from(outcome as u8)
}

/// Prints what arguments ask for, as help, or what is wrong with them.
fn answered(answer: &clap::Error) -> Result<Outcome, Failure> {
    let printed = answer.print().and_then(|()| io::stdout().flush());
    match answer.use_stderr() {
        true => Ok(Outcome::Refused),
        false => Ok(printed.map(|()| Outcome::Met)?),
    }
}

fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Simulate(simulate) => simulate.run(),
        Command::Compare(compare) => compare.run(),
        Command::Merge(merge) => merge.run(),
        Command::Check(check) => check.run(),
        Command::Capacity(capacity) => capacity.run(),
        Command::Cuts(cuts) => cuts.run(),
        Command::Export(export) => export.run(),
        Command::Explain(explain) => explain.run(),
        Command::Scenario(scenarios) => scenarios.run(),
        Command::Catalog(catalog) => catalog.run(),
        Command::Schema(schema) => schema.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}

/// Tells something on standard error; that it cannot be told is no reason to fail.
pub(crate) fn tell(message: &str) {
    let _ = anstream::stderr().write_all(message.as_bytes());
}

/// Puts text on standard output.
pub(crate) fn put(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Tells everything that is wrong with a topology.
pub(crate) fn refused(error: SpecError) -> Failure {
    Failure::Refused(match error {
        SpecError::Refused(findings) => findings.render(io::stderr().is_terminal()),
        error => format!("error: {error}\n"),
    })
}

/// Reads all topologies, or tells everything that is wrong with any of them.
pub(crate) fn load(files: &[String]) -> Result<Vec<Topology>, Failure> {
    let topologies = read_all(files, |file| match file.as_str() {
        "-" => read_standard_input().and_then(|text| Topology::from_str("-", &text)),
        path => Topology::from_path(path),
    })?;
    let styled = io::stderr().is_terminal();
    for topology in &topologies {
        tell(&topology.warnings.render(styled));
    }
    Ok(topologies)
}

/// The index of a journey, or which there are.
pub(crate) fn journey_named(topology: &Topology, name: &str) -> Result<usize, Failure> {
    let journeys = &topology.journeys;
    journeys.iter().position(|known| known.name == name).ok_or_else(|| {
        let known: Vec<&str> = journeys.iter().map(|journey| journey.name.as_str()).collect();
        let known = match known.is_empty() {
            true => "none in this topology".to_owned(),
            false => known.join(", "),
        };
        Failure::Refused(format!("error: there is no journey `{name}`; there are {known}\n"))
    })
}

/// Reads all files, or tells everything that is wrong with any of them.
pub(crate) fn read_all<T>(
    files: &[String],
    read: impl Fn(&String) -> Result<T, SpecError>,
) -> Result<Vec<T>, Failure> {
    let styled = io::stderr().is_terminal();
    let mut all = Vec::new();
    let mut problems = String::new();
    for file in files {
        match read(file) {
            Ok(one) => all.push(one),
            Err(SpecError::Refused(findings)) => problems += &findings.render(styled),
            Err(error) => problems += &format!("error: {error}\n"),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(Failure::Refused(problems)) }
}

/// Why what writes a topology out must read it again by its path.
pub(crate) const WRITES_IT_OUT: &str = "writes the topology out";

/// Refuses standard input for an option that needs the path of a file, `because` of what.
pub(crate) fn refuse_standard_input(
    files: &[String],
    option: &str,
    because: &str,
) -> Result<(), Failure> {
    match files.iter().any(|file| file == "-") {
        true => Err(Failure::Refused(format!(
            "error: `{option}` {because}, and reads it from a file only: give its path and not `-`\n"
        ))),
        false => Ok(()),
    }
}

fn read_standard_input() -> Result<String, SpecError> {
    io::read_to_string(io::stdin()).map_err(|error| SpecError::Unreadable {
        path: "standard input".to_owned(),
        problem: error.to_string(),
    })
}
