//! A checked topology: what every later stage may trust.

use std::ops::Range;
use std::path::Path;

use super::diagnostic::{Code, Findings, Severity};
use super::overlay::{Loader, apply_defaults, read_text};
use super::raw::Grade;
use super::read::Reader;
use super::yaml::Tree;
use crate::dist::Law;
use crate::units::SimSpan;

/// A system as its topology file describes it, checked: names resolved, counts expanded.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub about: Option<String>,
    /// SHA-256 of the text, in hexadecimal; where files are extended, of the digests of all texts,
    /// the file itself first.
    pub sha256: String,
    /// How long one life lasts.
    pub horizon: SimSpan,
    /// Failure modes, in the order of the file.
    pub modes: Vec<FailureMode>,
    /// Domain instances, hosts before guests, and then replicas.
    pub units: Vec<Unit>,
    /// Services, in the order of the file.
    pub services: Vec<Service>,
    /// Crews, in the order of the file.
    pub crews: Vec<Crew>,
    /// Journeys, in the order of the file.
    pub journeys: Vec<Journey>,
    /// What was found and does not prevent a simulation.
    pub warnings: Findings,
}

/// A way to fail.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureMode {
    /// Its name.
    pub name: String,
    /// Time up until it strikes.
    pub every: Law,
    /// How the unit comes back.
    pub repair: Repair,
    /// Whether its clock runs whatever is down.
    pub always: bool,
    /// Index of the crew that repairs, if anybody has to be free for it.
    pub crew: Option<usize>,
    /// Remarks of the file.
    pub about: Option<String>,
    /// Where the numbers come from.
    pub source: Option<String>,
    /// How well the numbers are known.
    pub grade: Option<Grade>,
}

/// How a unit comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// After this time to restoration, and then its start.
    After(Law),
    /// By its start alone.
    Restart,
    /// Not at all.
    Never,
}

/// A domain instance or a replica.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its path, which names it everywhere: `store-node-1/drive-0`, `receive-2`.
    pub path: String,
    /// The level of a domain; nothing for a replica.
    pub level: Option<String>,
    /// Indices of the units that it stands on.
    pub hosts: Vec<usize>,
    /// Indices of its failure modes.
    pub modes: Vec<usize>,
    /// How long it takes to start; `None` is at once.
    pub start: Option<Law>,
}

/// A service: replicas and what they offer together.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Indices of its replicas among the units.
    pub replicas: Range<usize>,
    /// What it offers, each with its own need.
    pub operations: Vec<Operation>,
    /// What must be up for any of it to work.
    pub needs: Option<Expression>,
    /// Who leads, if one does.
    pub leader: Option<Leader>,
}

/// Something that a service offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name; nothing if the service offers only one thing.
    pub name: Option<String>,
    /// How many replicas must be up.
    pub needed: usize,
    /// Whether one of them must lead.
    pub needs_leader: bool,
}

/// How a service is led.
#[derive(Clone, Debug, PartialEq)]
pub struct Leader {
    /// From the loss of the leader until the next one serves.
    pub failover: Law,
    /// Whether the first member back after the loss of all must go through a failover too.
    pub failover_after_total_loss: bool,
}

/// People who repair.
#[derive(Clone, Debug, PartialEq)]
pub struct Crew {
    /// Its name.
    pub name: String,
    /// How many repairs at once.
    pub size: u32,
    /// From taking a job until work on it begins.
    pub response: Option<Law>,
}

/// What users do.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// Remarks of the file.
    pub about: Option<String>,
    /// What must be up for it.
    pub needs: Expression,
    /// Its objectives.
    pub slo: Slo,
}

/// Objectives of a journey, each of them optional.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slo {
    /// Least share of time up.
    pub availability: Option<f64>,
    /// Longest outage.
    pub rto: Option<Rto>,
    /// Most data lost, seconds.
    pub rpo: Option<f64>,
}

/// A target for the lengths of outages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rto {
    /// The longest that is within it.
    pub target: SimSpan,
    /// The share of outages that must be within it.
    pub share: f64,
}

/// What must be up.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A unit, by index.
    Unit(usize),
    /// An operation of a service, by indices.
    Operation(usize, usize),
    /// At least so many of these.
    AtLeast(usize, Vec<Expression>),
}

/// Why a topology is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The file cannot be read.
    #[error("cannot read `{path}`: {problem}")]
    Unreadable {
        /// As the user named it.
        path: String,
        /// Why not.
        problem: String,
    },
    /// The text says something impossible: every finding.
    #[error("{0}")]
    Refused(Box<Findings>),
}

impl Topology {
    /// Reads a topology file, and those it extends.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if anything in it is wrong: all findings, with their places.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Topology, SpecError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let text = read_text(path)
            .map_err(|problem| SpecError::Unreadable { path: name.clone(), problem })?;
        Topology::load(name, text, Some(path))
    }

    /// Reads a topology from text that came from elsewhere; `name` stands for it in findings, and
    /// what it extends is sought from the current folder.
    ///
    /// # Errors
    ///
    /// If anything in it is wrong: all findings, with their places.
    ///
    /// # Examples
    ///
    /// ```
    /// use ninefold::spec::Topology;
    /// let topology = Topology::from_str("pair", "
    /// topology: pair
    /// failures: {crash: {every: 30d, repair: 5m}}
    /// services: {web: {replicas: 2, serves: any, fails: [crash]}}
    /// journeys: {browse: {needs: web, slo: {availability: 99.9%}}}
    /// ")?;
    /// assert_eq!(topology.units.len(), 2);
    ///
    /// let error = Topology::from_str("typo", "topology: x\nservces: {}").unwrap_err();
    /// assert!(error.to_string().contains("did you mean `services`?"));
    /// # Ok::<(), ninefold::spec::SpecError>(())
    /// ```
    pub fn from_str(name: &str, text: &str) -> Result<Topology, SpecError> {
        Topology::load(name.to_owned(), text.to_owned(), None)
    }

    fn load(name: String, text: String, path: Option<&Path>) -> Result<Topology, SpecError> {
        let mut findings = Findings::new();
        let mut tree = Tree::default();
        let root = Loader { tree: &mut tree, findings: &mut findings }.load(name, text, path);
        let topology = root.and_then(|root| {
            let root = apply_defaults(&mut tree, &mut findings, root);
            let raw = Reader { tree: &tree, findings: &mut findings }.topology(root);
            super::check::check(&raw, &mut findings)
        });
        findings.tidy();
        match topology {
            Some(topology) if !findings.has_errors() => {
                Ok(Topology { warnings: findings, ..topology })
            }
            _ => Err(SpecError::Refused(Box::new(findings))),
        }
    }

    /// Parts of the language that this topology uses and that this version does not evaluate, by
    /// name, each once.
    pub fn not_evaluated(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .warnings
            .iter()
            .filter(|finding| finding.code == Code::NotEvaluated)
            .filter_map(|finding| Some(self.warnings.sources().text(finding.span?).to_owned()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// How many warnings there are.
    pub fn warning_count(&self) -> usize {
        self.warnings.count(Severity::Warning)
    }
}
