//! Scenarios: a script on a topology, and what is expected to come of it.

use std::ops::Range;
use std::path::Path;

use super::check::check_scenarios;
use super::diagnostic::{Code, Findings};
use super::overlay::{Loader, read_text, without_detours};
use super::raw::{Health, Measure, RawScenarios, Reason};
use super::read::Reader;
use super::topology::{SpecError, Topology};
use super::yaml::Tree;
use crate::units::SimSpan;

/// A script on a topology, and what is expected to come of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub about: Option<String>,
    /// Where a document speaks of it.
    pub lines: Option<String>,
    /// What the document expects.
    pub document: Option<String>,
    /// What happens to what: with the script in it, as long as a life lasts, and without failures of
    /// its own unless they were asked for. After its journeys come what expectations are about.
    pub topology: Topology,
    /// How many journeys the topology has itself.
    pub own_journeys: usize,
    /// How many of the journeys have names for people: the others stand for units.
    pub named_journeys: usize,
    /// The journey that is up while all units are.
    pub everything: usize,
    /// Whether units fail by themselves besides.
    pub has_random_failures: bool,
    /// How many lives, if the file says so, or if all of them would be the same.
    pub lives: Option<u64>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// For each of them, the first act of the script that it comes to.
    pub acts: Vec<usize>,
    /// When the first of them begins.
    pub begin: SimSpan,
    /// What is expected.
    pub expectations: Vec<Expectation>,
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When; `None` if that depends on how long something before it takes.
    pub at: Option<SimSpan>,
    /// So long after what comes before it.
    pub after: SimSpan,
    /// What, in words.
    pub what: String,
}

/// Something that is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// In words.
    pub text: String,
    /// What.
    pub expected: Expected,
    /// The share of lives in which it must hold; `None`: in all of them.
    pub probability: Option<f64>,
    /// Whether it decides whether the scenario fails.
    pub is_required: bool,
    /// What a document hopes for.
    pub document: Option<String>,
}

/// What can be expected of a life.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// A length of time within a bound.
    Bound {
        /// Which.
        measure: Measure,
        /// The index of the journey, or of the data class, that it is of.
        of: usize,
        /// At most or at least so long, as the measure has it.
        bound: SimSpan,
    },
    /// All of these journeys are up at a time, or all of them down.
    State {
        /// Their indices.
        journeys: Vec<usize>,
        /// Whether they are up.
        is_up: bool,
        /// When.
        at: SimSpan,
    },
    /// No node can take some of these replicas at a time.
    Pending {
        /// Indices of units.
        replicas: Vec<usize>,
        /// How many of them, at least.
        needed: usize,
        /// What at least one node says of each of them.
        because: Option<Reason>,
        /// When.
        at: SimSpan,
    },
    /// Some of these replicas stay on nodes that are lost at a time.
    Stuck {
        /// Indices of units.
        replicas: Vec<usize>,
        /// How many of them, at least.
        needed: usize,
        /// When.
        at: SimSpan,
    },
    /// Volumes of some of these replicas are like this at a time.
    Volumes {
        /// How.
        health: Health,
        /// Indices of units.
        replicas: Vec<usize>,
        /// How many of them, at least.
        needed: usize,
        /// When.
        at: SimSpan,
    },
    /// Of each of these, a replica stands on a node at a time.
    On {
        /// Indices of units: replicas, and the node that one of them is on.
        places: Vec<(Vec<usize>, usize)>,
        /// When.
        at: SimSpan,
    },
    /// The drain of a node waits at a time, because budgets do not let replicas go.
    Blocked {
        /// Index of the unit.
        node: usize,
        /// Whose budget it is: indices of the replicas of a service.
        by: Option<Range<usize>>,
        /// When.
        at: SimSpan,
    },
}

impl Expected {
    /// When it is looked at what a control plane does, if it is about that.
    pub(crate) fn control_plane_at(&self) -> Option<SimSpan> {
        match self {
            Expected::Pending { at, .. }
            | Expected::Stuck { at, .. }
            | Expected::Volumes { at, .. }
            | Expected::On { at, .. }
            | Expected::Blocked { at, .. } => Some(*at),
            Expected::Bound { .. } | Expected::State { .. } => None,
        }
    }
}

/// The scenarios of a file.
#[derive(Clone, Debug)]
pub struct Scenarios {
    /// In the order of the file, at least one.
    pub list: Vec<Scenario>,
    /// What was found and does not prevent a run.
    pub warnings: Findings,
}

impl Scenarios {
    /// Reads a file of scenarios, and the topology that it names.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if anything in them is wrong: all findings, with their places.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Scenarios, SpecError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let text = read_text(path)
            .map_err(|problem| SpecError::Unreadable { path: name.clone(), problem })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Scenarios::from_str(&name, &text, &folder)
    }

    /// Reads scenarios from text that came from elsewhere; `name` stands for it in findings, and the
    /// topology is sought from `folder`.
    ///
    /// # Errors
    ///
    /// If anything in them is wrong: all findings, with their places.
    pub fn from_str(name: &str, text: &str, folder: &Path) -> Result<Scenarios, SpecError> {
        let mut findings = Findings::new();
        let mut tree = Tree::default();
        let root = Loader { tree: &mut tree, findings: &mut findings }.load(
            name.to_owned(),
            text.to_owned(),
            None,
        );
        let raw = root.map_or_else(RawScenarios::default, |root| {
            Reader { tree: &tree, findings: &mut findings }.scenarios(root)
        });
        let topology = load_topology(&raw, folder, &mut findings);
        let list = topology.map(|topology| check_scenarios(raw, &topology, &mut findings));
        findings.tidy();
        match list {
            Some(list) if !findings.has_errors() => Ok(Scenarios { list, warnings: findings }),
            _ => Err(SpecError::Refused(Box::new(findings))),
        }
    }
}

/// The topology of all scenarios of a file, with all findings about it.
fn load_topology(raw: &RawScenarios, folder: &Path, findings: &mut Findings) -> Option<Topology> {
    let own = || raw.list.first()?.topology.as_ref();
    let Some(named) = raw.topology.as_ref().or_else(own) else {
        for scenario in &raw.list {
            findings
                .error(
                    Code::MissingKey,
                    scenario.name.span,
                    format!("`{}` has no topology", scenario.name.value),
                )
                .help("add `topology`: its path from this file's folder");
        }
        return None;
    };
    let path = without_detours(&folder.join(&named.value));
    match Topology::from_path(&path) {
        Ok(mut topology) => {
            // What fails is what the script says.
            topology.warnings.leave_out(Code::NothingFails);
            findings.absorb(std::mem::take(&mut topology.warnings));
            Some(topology)
        }
        Err(SpecError::Refused(others)) => {
            findings.absorb(*others);
            None
        }
        Err(error) => {
            findings
                .error(Code::Unreadable, named.span, error.to_string())
                .help("the path is sought from the folder of the file of scenarios");
            None
        }
    }
}
