//! `ninefold export`: a model in the language of other programs, so that they can check this one.

use clap::Args;
use ninefold::System;
use ninefold::exact::{FaultTree, fault_tree};
use ninefold::model::JourneyId;
use ninefold::report::{not_markov_text, not_static_text, to_galileo, to_prism, to_prism_modules};

use super::{Failure, Outcome, journey_named, load, put};

/// Write a topology in the language of another program, so that somebody else can check the answer.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The topology file; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,

    #[command(flatten)]
    language: Language,

    /// Which journey; not needed where there is one only.
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
}

/// What to write: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Language {
    /// A static fault tree in the Galileo format, as Storm reads it; only of journeys with exact answers.
    #[arg(long)]
    galileo: bool,

    /// A Markov chain in the language of PRISM, as PRISM and Storm read it; only of journeys that have one, of at most
    /// 5,000 states.
    #[arg(long)]
    prism: bool,

    /// The same with a module for each unit and a formula for each gate; only of static journeys whose units fail and are
    /// repaired without memory.
    #[arg(long)]
    prism_modules: bool,
}

impl Export {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let topology = load(std::slice::from_ref(&self.file))?.remove(0);
        let system = System::compile(topology);
        let journey = self.journey(&system)?;
        // One language is asked for.
        let text = match self.language {
            Language { galileo: true, .. } => galileo(&system, journey)?,
            Language { prism_modules: true, .. } => prism_modules(&system, journey)?,
            Language { .. } => prism(&system, journey)?,
        };
        put(&text)?;
        Ok(Outcome::Met)
    }

    /// The journey that is meant.
    fn journey(&self, system: &System) -> Result<usize, Failure> {
        let journeys = &system.topology().journeys;
        let refused = |message: String| Err(Failure::Refused(message));
        let topology = &system.topology().name;
        match (&self.journey, journeys.as_slice()) {
            (Some(name), _) => journey_named(system.topology(), name),
            (None, [_]) => Ok(0),
            (None, []) => refused(format!(
                "error: `{topology}` has no journeys: there is nothing to export\n  help: what takes a journey down is \
                 exported, and not what loses data; declare one under `journeys`\n"
            )),
            (None, [one, ..]) => refused(format!(
                "error: `{topology}` has {} journeys: which one is meant?\n  help: give `--journey`, such as `{}`\n",
                journeys.len(),
                one.name
            )),
        }
    }
}

/// What takes a journey down, if that is a static fault tree.
fn static_tree(system: &System, journey: usize) -> Result<FaultTree, Failure> {
    let (topology, model) = (system.topology(), system.model());
    let name = &topology.journeys[journey].name;
    match fault_tree(model, JourneyId::new(journey)) {
        Ok(Some(tree)) => Ok(tree),
        Ok(None) => Err(Failure::Refused(format!("error: nothing can take `{name}` down\n"))),
        Err(why) => Err(Failure::Refused(format!(
            "error: `{name}` is no static fault tree: {}\n",
            not_static_text(topology, model, &why)
        ))),
    }
}

fn galileo(system: &System, journey: usize) -> Result<String, Failure> {
    let tree = static_tree(system, journey)?;
    let topology = system.topology();
    Ok(to_galileo(topology, system.model(), &topology.journeys[journey].name, &tree))
}

fn prism_modules(system: &System, journey: usize) -> Result<String, Failure> {
    let tree = static_tree(system, journey)?;
    let topology = system.topology();
    let name = &topology.journeys[journey].name;
    to_prism_modules(topology, system.model(), name, &tree).ok_or_else(|| {
        Failure::Refused(format!(
            "error: `{name}` has units that fail or are repaired with a memory, which modules have not\n"
        ))
    })
}

/// States of a chain that somebody may want to read.
const MOST_STATES: usize = 5_000;

fn prism(system: &System, journey: usize) -> Result<String, Failure> {
    let topology = system.topology();
    let name = &topology.journeys[journey].name;
    let refused = |why: &str| {
        Failure::Refused(format!(
            "error: `{name}` of `{}` has no such chain: {why}\n",
            topology.name
        ))
    };
    let chain = system
        .chain(JourneyId::new(journey), MOST_STATES)
        .map_err(|why| refused(&not_markov_text(topology, system.model(), why)))?;
    if chain.has_set_times() {
        return Err(refused(
            "something takes a set time, which a chain in PRISM's language cannot",
        ));
    }
    to_prism(&chain, &topology.name, name)
        .ok_or_else(|| refused("it may begin in several states, by the phases of a law"))
}
