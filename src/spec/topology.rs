//! A checked topology: what every later stage may trust.

use std::ops::Range;
use std::path::Path;

use super::catalog::apply_imports;
use super::data::DataClass;
use super::diagnostic::{Code, Findings, Severity};
use super::overlay::{Loader, apply_defaults, read_text};
use super::platform::{Act, Patience, Platform};
use super::profile::apply_profile;
use super::raw::Grade;
use super::read::Reader;
use super::yaml::{NodeId, Tree};
use crate::dist::Law;
use crate::units::{SimSpan, WeekHours};

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
    /// Failure modes, in the order of the file, and after them what is planned.
    pub modes: Vec<FailureMode>,
    /// Domain instances, hosts before guests, and then replicas.
    pub units: Vec<Unit>,
    /// Services, in the order of the file.
    pub services: Vec<Service>,
    /// Crews, in the order of the file.
    pub crews: Vec<Crew>,
    /// Planned work, in the order of the file.
    pub plans: Vec<Plan>,
    /// Names of domains and services, which units belong to.
    pub groups: Vec<String>,
    /// Journeys, in the order of the file.
    pub journeys: Vec<Journey>,
    /// Data classes, in the order of the file.
    pub data: Vec<DataClass>,
    /// Clusters, and what they run; `None` where no service has a controller.
    pub platform: Option<Platform>,
    /// What a script does to it; nothing in a topology file.
    pub script: Vec<Act>,
    /// What was found and does not prevent a simulation.
    pub warnings: Findings,
}

/// A way to fail.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureMode {
    /// Its name.
    pub name: String,
    /// Time up until it strikes; `None` if the calendar sets it off.
    pub every: Option<Law>,
    /// How the unit comes back.
    pub repair: Repair,
    /// Whether its clock runs whatever is down.
    pub always: bool,
    /// How urgent its repair is: lower numbers come first.
    pub priority: u32,
    /// How it strikes many units at once.
    pub common: Option<Common>,
    /// Others that its failures drag along.
    pub burst: Option<Burst>,
    /// Replacement before it strikes.
    pub preventive: Option<Preventive>,
    /// Whether nobody fails over until it is noticed, which is the first stage of its repair.
    pub is_grey: bool,
    /// Whether somebody means it to happen.
    pub is_planned: bool,
    /// With which probability each copy among the local data of what it strikes is gone.
    pub wipes: f64,
    /// Whether it is a power cut, after which data that were not yet safe from one are gone.
    pub cuts_power: bool,
    /// How far its numbers may be from what they are.
    pub range: ModeRange,
    /// Remarks of the file.
    pub about: Option<String>,
    /// Where the numbers come from.
    pub source: Option<String>,
    /// How well the numbers are known.
    pub grade: Option<Grade>,
}

/// Between what the numbers of a failure mode may be, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ModeRange {
    /// The mean time up.
    pub every: Option<(f64, f64)>,
    /// The time to restoration: its median if it is lognormal, else its mean.
    pub repair: Option<(f64, f64)>,
}

/// How one event strikes all units of a domain or service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Common {
    /// Each of them with this probability, and none of them alone.
    Shock(f64),
    /// With this probability all of them, and else nobody.
    Change(f64),
    /// This share of the failures of each unit is one event that takes all.
    Beta(f64),
}

/// Other units that a failure drags along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// With this probability.
    pub probability: f64,
    /// Within so many seconds, equally likely at any time.
    pub within: f64,
    /// How many others.
    pub peers: u32,
}

/// Replacement before it strikes, which leaves the unit as new as a repair does.
#[derive(Clone, Debug, PartialEq)]
pub struct Preventive {
    /// At this age.
    pub age: Law,
    /// How long it takes.
    pub takes: Law,
    /// The mode that stands for it.
    pub mode: usize,
}

/// How a unit comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// After these stages, one after another, and then its start.
    After(Vec<Stage>),
    /// By its start alone.
    Restart,
    /// Not at all.
    Never,
}

/// A stage of a repair or of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// How long it takes.
    pub law: Law,
    /// Index of the crew that does it, if anybody has to be free for it.
    pub crew: Option<usize>,
    /// How many of them it takes.
    pub people: u32,
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
    /// What it takes to start, one stage after another; nothing is at once.
    pub start: Vec<Stage>,
    /// Index of the domain or service that it is of.
    pub group: usize,
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
    /// What it needs of others.
    pub needs: Needs,
    /// Who serves and who stands by, if not all serve.
    pub roster: Option<Roster>,
    /// By how many replicas are up: how many times faster they age; nothing if that is all the same.
    pub load: Vec<f64>,
    /// What its replicas must carry together.
    pub demand: Option<Demand>,
    /// Whether replicas do not age while the service is down.
    pub is_suspended_while_down: bool,
    /// Whether each replica serves a share of its own, so that service is whole only with all.
    pub is_sharded: bool,
}

/// What the replicas of a service must carry together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// How much they must carry together, in any unit.
    pub peak: f64,
    /// How much each of them can, in the same unit.
    pub each: f64,
    /// How many of them it takes; with fewer up, service is not whole.
    pub needed: usize,
    /// Whether those that are overloaded crash: in the mode with this index, equally likely at any time
    /// within so long.
    pub crashes: Option<(usize, SimSpan)>,
}

/// What a service needs of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// It is down without.
    pub hard: Option<Expression>,
    /// It is worse without.
    pub soft: Option<Expression>,
    /// It cannot start without.
    pub start: Option<Expression>,
    /// It stops without, and starts again after.
    pub crashes_with: Option<Expression>,
}

impl Needs {
    /// What must be up for the service to go on.
    pub(crate) fn to_serve(&self) -> impl Iterator<Item = &Expression> {
        self.hard.iter().chain(&self.soft).chain(&self.crashes_with)
    }
}

impl Service {
    /// Everything that it needs of others in any way.
    pub(crate) fn all_needs(&self) -> impl Iterator<Item = &Expression> {
        let switch = self.roster.iter().filter_map(|roster| roster.switch_needs.as_ref());
        self.needs.to_serve().chain(&self.needs.start).chain(switch)
    }
}

/// Something that a service offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name; nothing if the service offers only one thing.
    pub name: Option<String>,
    /// How many of whom must be up: all of these.
    pub quorums: Vec<Quorum>,
    /// Whether only those count that serve, on a seat of the roster.
    pub counts_seats: bool,
    /// Whether one of them must lead.
    pub needs_leader: bool,
}

/// How many of whom must be up.
#[derive(Clone, Debug, PartialEq)]
pub struct Quorum {
    /// How many.
    pub needed: usize,
    /// Of whom: indices of units.
    pub members: Vec<usize>,
}

/// Who serves and who stands by.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// How many serve at a time.
    pub active: usize,
    /// Who may serve, the preferred first: indices of units.
    pub members: Vec<usize>,
    /// From the loss of one that serves until another one does; `None` is at once.
    pub failover: Option<Law>,
    /// The probability that the failover begins, and how long it takes if it does not: `None` until
    /// what was lost is back.
    pub coverage: Option<(f64, Option<Law>)>,
    /// What a failover needs to begin.
    pub switch_needs: Option<Expression>,
    /// Whether the first member back after the loss of all must go through a failover too.
    pub failover_after_total_loss: bool,
    /// How long nobody serves when a preferred member takes over again; `None`: it stands by.
    pub failback: Option<Law>,
    /// How fast each member ages while it stands by, against how fast while it serves.
    pub dormancy: Vec<f64>,
}

/// People who repair.
#[derive(Clone, Debug, PartialEq)]
pub struct Crew {
    /// Its name.
    pub name: String,
    /// How many people.
    pub size: u32,
    /// From taking a job until work on it begins.
    pub response: Option<Law>,
    /// The same outside of hours; `None`: nothing begins outside of hours.
    pub off_hours: Option<Law>,
    /// When they work; `None` is always.
    pub hours: Option<WeekHours>,
    /// Whether work goes on only in hours, or only begins in hours.
    pub works_in_hours: bool,
    /// What they take next.
    pub picks: Discipline,
    /// If they are no people but spare parts: how long after one was taken another one is there.
    pub reorder: Option<Law>,
    /// Who is called when nobody answers: how long a job waits for an answer, and the index of the crew
    /// that it goes to then.
    pub escalates: Option<(Law, usize)>,
}

/// What a crew takes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    Fifo,
    /// The most urgent first; what has begun is finished.
    Priority,
    /// The most urgent first; what is less urgent is put aside and gone on with later.
    Preemptive,
    /// Kinds of jobs race one another: each kind that waits is answered after a response of its own.
    RandomKind,
}

/// Work that comes again and again, on one unit after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// When it begins for the first time.
    pub at: SimSpan,
    /// From beginning to beginning.
    pub every: SimSpan,
    /// Indices of units, in this order.
    pub order: Vec<usize>,
    /// The mode that stands for it; its repair says how long each unit takes.
    pub mode: usize,
    /// From the end of one until the next.
    pub gap: SimSpan,
    /// On how many units work goes on together, from 1 to as many as there are.
    pub at_a_time: usize,
    /// When work on a unit may begin; `None` is always.
    pub hours: Option<WeekHours>,
    /// Work that comes to nothing; `None`: it never does.
    pub fails: Option<FailedWork>,
    /// What must be up before the next is taken.
    pub waits_for: Option<Expression>,
    /// Whether units are nodes that are drained first, and how long that may take.
    pub drains: Option<Patience>,
}

/// Planned work that may come to nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailedWork {
    /// With this probability for each unit and round.
    pub probability: f64,
    /// The mode that stands for it, which nobody has planned; its repair is the work and then the
    /// recovery.
    pub mode: usize,
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
    /// What must be up besides, for service to be whole.
    pub whole: Option<Expression>,
    /// Its objectives.
    pub slo: Slo,
    /// Indices of the data classes whose RPO it promises.
    pub data: Vec<usize>,
}

impl Journey {
    /// Everything that it needs in any way.
    pub(crate) fn all_needs(&self) -> impl Iterator<Item = &Expression> {
        std::iter::once(&self.needs).chain(&self.whole)
    }
}

/// Objectives of a journey, each of them optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slo {
    /// Least share of time up.
    pub availability: Option<f64>,
    /// Longest outage.
    pub rto: Option<Rto>,
    /// Most data lost, seconds.
    pub rpo: Option<f64>,
    /// The hours that the availability is promised for; `None` is always.
    pub during: Option<WeekHours>,
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
    /// This, or the first so much of each outage of it.
    Masked(Box<Expression>, SimSpan),
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
    /// Whether there is anything that somebody may mean to happen: planned work, preventive replacement, a failback, or
    /// what a script stops.
    pub(crate) fn may_be_planned(&self) -> bool {
        let mut rosters = self.services.iter().filter_map(|service| service.roster.as_ref());
        self.modes.iter().any(|mode| mode.is_planned)
            || rosters.any(|roster| roster.failback.is_some())
    }

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
        Loaded::new(name, text, path).map(|loaded| loaded.topology)
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

/// A topology with what it was read from.
pub(crate) struct Loaded {
    pub(crate) tree: Tree,
    pub(crate) root: NodeId,
    pub(crate) topology: Topology,
}

impl Loaded {
    pub(crate) fn new(
        name: String,
        text: String,
        path: Option<&Path>,
    ) -> Result<Loaded, SpecError> {
        let mut findings = Findings::new();
        let mut tree = Tree::default();
        let root = Loader { tree: &mut tree, findings: &mut findings }.load(name, text, path);
        let loaded = root.and_then(|root| {
            let root = apply_imports(&mut tree, &mut findings, root);
            let root = apply_defaults(&mut tree, &mut findings, root);
            let root = apply_profile(&mut tree, &mut findings, root);
            let raw = Reader { tree: &tree, findings: &mut findings }.topology(root);
            Some((root, super::check::check(&raw, &mut findings)?))
        });
        findings.tidy();
        match loaded {
            Some((root, topology)) if !findings.has_errors() => {
                let topology = Topology { warnings: findings, ..topology };
                Ok(Loaded { tree, root, topology })
            }
            _ => Err(SpecError::Refused(Box::new(findings))),
        }
    }
}
