//! Scenarios, as written: what is done to a topology, and what is expected of it.

use super::Name;
use super::services::MOST_DEMAND;
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::read::{Bare, Fields, Keys, Reader, listed};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{NodeId, Value};

/// A file of scenarios as written.
#[derive(Debug, Default)]
pub(crate) struct RawScenarios {
    /// The topology of all of them, if the file has a list.
    pub(crate) topology: Option<Name>,
    pub(crate) list: Vec<RawScenario>,
}

#[derive(Debug)]
pub(crate) struct RawScenario {
    pub(crate) name: Name,
    pub(crate) topology: Option<Name>,
    pub(crate) about: Option<String>,
    /// Where a document speaks of it, and what the document expects.
    pub(crate) document: (Option<String>, Option<String>),
    pub(crate) lasts: Option<Spanned<f64>>,
    pub(crate) lives: Option<u64>,
    pub(crate) has_random_failures: bool,
    pub(crate) steps: Vec<RawStep>,
    pub(crate) expected: Vec<RawExpected>,
}

#[derive(Debug)]
pub(crate) struct RawStep {
    pub(crate) span: Span,
    pub(crate) at: Option<Spanned<f64>>,
    pub(crate) after: Option<Spanned<f64>>,
    pub(crate) verb: Verb,
    /// Whom it is done to.
    pub(crate) names: Vec<Name>,
    /// How long it goes on.
    pub(crate) lasts: Option<Spanned<Law>>,
    pub(crate) wipes: bool,
    pub(crate) cuts_power: bool,
    pub(crate) is_forced: bool,
    pub(crate) is_bad: bool,
    pub(crate) from: Option<From>,
    /// How much services must carry from now on.
    pub(crate) load: Option<RawLoad>,
    /// How many bytes of memory each of their replicas uses from now on.
    pub(crate) memory: Option<Spanned<u64>>,
}

/// How much services must carry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RawLoad {
    /// So much.
    Peak(f64),
    /// So many times what the topology says.
    Times(f64),
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Crash,
    Restore,
    Delete,
    Drain,
    Uncordon,
    Rollout,
    Isolate,
    Unseal,
    Stop,
    Start,
    Load,
}

/// From whom something is isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    ControlPlane,
    Users,
}

#[derive(Debug)]
pub(crate) struct RawExpected {
    pub(crate) span: Span,
    pub(crate) what: RawWhat,
    pub(crate) probability: Option<Spanned<f64>>,
    pub(crate) is_required: bool,
    pub(crate) document: Option<String>,
}

#[derive(Debug)]
pub(crate) enum RawWhat {
    /// A length of time, and of what.
    Measure { measure: Measure, bound: Spanned<f64>, of: Vec<Name> },
    /// All of these are up, or all of them down, at a time.
    State { is_up: bool, names: Vec<Name>, at: Spanned<f64> },
    /// Replicas that stand on no node at a time, and why.
    Pending {
        names: Vec<Name>,
        at_least: Option<Spanned<u64>>,
        at: Spanned<f64>,
        because: Option<Reason>,
    },
    /// Replicas that stay on a node that is lost at a time.
    Stuck { names: Vec<Name>, at_least: Option<Spanned<u64>>, at: Spanned<f64> },
    /// Replicas with volumes like this at a time.
    Volumes { health: Health, names: Vec<Name>, at_least: Option<Spanned<u64>>, at: Spanned<f64> },
    /// Replicas and the nodes that they stand on at a time.
    On { places: Vec<(Name, Name)>, at: Spanned<f64> },
    /// A node whose drain waits at a time, and for the budget of which service.
    Blocked { node: Name, at: Spanned<f64>, by: Option<Name> },
}

/// What has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Time down in a life, at most.
    DownAtMost,
    /// Time down in a life, at least.
    DownAtLeast,
    /// The longest outage of a life.
    OutageAtMost,
    /// Time up and degraded in a life, at most.
    DegradedAtMost,
    /// Time up and degraded in a life, at least.
    DegradedAtLeast,
    /// From the first step until it is up for good.
    BackWithin,
    /// From the first step until all of them are up for good.
    RedundantWithin,
    /// Seconds' worth of data lost in a life, at most.
    LostAtMost,
    /// Seconds' worth of data lost in a life, at least.
    LostAtLeast,
}

impl Measure {
    /// All of them, as written.
    pub const ALL: [(&'static str, Measure); 9] = [
        ("down_at_most", Measure::DownAtMost),
        ("down_at_least", Measure::DownAtLeast),
        ("outage_at_most", Measure::OutageAtMost),
        ("degraded_at_most", Measure::DegradedAtMost),
        ("degraded_at_least", Measure::DegradedAtLeast),
        ("back_within", Measure::BackWithin),
        ("redundant_within", Measure::RedundantWithin),
        ("lost_at_most", Measure::LostAtMost),
        ("lost_at_least", Measure::LostAtLeast),
    ];

    /// As written.
    pub fn name(self) -> &'static str {
        Measure::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

/// How a network volume is that is replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// All of its replicas are healthy.
    Whole,
    /// Some are, and too few.
    Degraded,
    /// None is: it is of no use.
    Faulted,
}

impl Health {
    /// All of them, as written.
    pub const ALL: [(&'static str, Health); 3] =
        [("whole", Health::Whole), ("degraded", Health::Degraded), ("faulted", Health::Faulted)];

    /// As written.
    pub fn name(self) -> &'static str {
        Health::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

/// Why a node does not take a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is down, or taken for lost.
    NotReady,
    /// It is or was drained.
    Cordoned,
    /// The replica's volume is elsewhere.
    Volume,
    /// Another replica is too close.
    Spread,
    /// It has too little left of what the replica requests.
    Room,
    /// It is short of memory, and the replica requests nothing.
    Pressure,
}

impl Reason {
    /// All of them, as written.
    pub const ALL: [(&'static str, Reason); 6] = [
        ("not-ready", Reason::NotReady),
        ("cordoned", Reason::Cordoned),
        ("volume", Reason::Volume),
        ("spread", Reason::Spread),
        ("room", Reason::Room),
        ("pressure", Reason::Pressure),
    ];

    /// As written.
    pub fn name(self) -> &'static str {
        Reason::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

const FILE: Keys = Keys { of: "a file of scenarios", read: &["topology", "scenarios"], later: &[] };
const SCENARIO: Keys = Keys {
    of: "a scenario",
    read: &[
        "scenario", "topology", "about", "document", "lasts", "lives", "failures", "steps",
        "expect",
    ],
    later: &[],
};
const DOCUMENT: Keys = Keys { of: "a document", read: &["lines", "expects"], later: &[] };
const STEP: Keys = Keys {
    of: "a step",
    read: &[
        "at",
        "after",
        "crash",
        "restore",
        "delete",
        "drain",
        "uncordon",
        "rollout",
        "isolate",
        "unseal",
        "stop",
        "start",
        "load",
        "for",
        "wipes",
        "cuts_power",
        "force",
        "bad",
        "from",
        "peak",
        "times",
        "memory",
    ],
    later: &[],
};
const EXPECTATION: Keys = Keys {
    of: "an expectation",
    read: &[
        "down_at_most",
        "down_at_least",
        "outage_at_most",
        "degraded_at_most",
        "degraded_at_least",
        "back_within",
        "redundant_within",
        "lost_at_most",
        "lost_at_least",
        "of",
        "up",
        "down",
        "pending",
        "stuck",
        "whole",
        "degraded",
        "faulted",
        "at_least",
        "because",
        "on",
        "blocked",
        "by",
        "at",
        "probability",
        "required",
        "document",
    ],
    later: &[],
};

/// All keys of this file, for the tests that they are documented and in the schema.
#[cfg(test)]
pub(crate) const KEYS: &[Keys] = &[FILE, SCENARIO, DOCUMENT, STEP, EXPECTATION];

/// What a step may do, and what may stand beside it.
const VERBS: &[(&str, Verb, &[&str])] = &[
    ("crash", Verb::Crash, &["for", "wipes", "cuts_power"]),
    ("restore", Verb::Restore, &[]),
    ("delete", Verb::Delete, &["force"]),
    ("drain", Verb::Drain, &[]),
    ("uncordon", Verb::Uncordon, &[]),
    ("rollout", Verb::Rollout, &["bad", "for"]),
    ("isolate", Verb::Isolate, &["from", "for"]),
    ("unseal", Verb::Unseal, &[]),
    ("stop", Verb::Stop, &["for"]),
    ("start", Verb::Start, &[]),
    ("load", Verb::Load, &["peak", "times", "memory"]),
];
/// What may stand in every step.
const OF_STEPS: &[&str] = &["at", "after"];
/// States that can be expected, and what may stand beside them.
const STATES: &[(&str, &[&str])] = &[
    ("up", &["at"]),
    ("down", &["at"]),
    ("pending", &["at", "at_least", "because"]),
    ("stuck", &["at", "at_least"]),
    ("whole", &["at", "at_least"]),
    ("degraded", &["at", "at_least"]),
    ("faulted", &["at", "at_least"]),
    ("on", &["at"]),
    ("blocked", &["at", "by"]),
];
/// What may stand in every expectation.
const OF_EXPECTATIONS: &[&str] = &["probability", "required", "document"];

impl Reader<'_> {
    /// A file that holds one scenario, or a list of them.
    pub(crate) fn scenarios(&mut self, root: NodeId) -> RawScenarios {
        let is_list = match &self.tree.node(root).value {
            Value::Map(entries) => entries.iter().any(|entry| entry.key == "scenarios"),
            _ => false,
        };
        if !is_list {
            let list = self.scenario(root).into_iter().collect();
            return RawScenarios { topology: None, list };
        }
        let Some(fields) = self.fields(root, FILE) else {
            return RawScenarios::default();
        };
        let topology = self.topology_of(&fields, FILE.of);
        let items = fields.get("scenarios").map_or_else(Vec::new, |id| self.list(id));
        if items.is_empty() {
            self.missing(fields.span, FILE.of, "scenarios", "a list of them");
        }
        let list: Vec<RawScenario> =
            items.into_iter().filter_map(|item| self.scenario(item)).collect();
        for scenario in &list {
            if let Some(other) = &scenario.topology {
                self.findings
                    .error(Code::NoEffect, other.span, "a topology of its own, in a list")
                    .help("the scenarios of a file share its topology: use another file");
            }
        }
        RawScenarios { topology, list }
    }

    fn topology_of(&mut self, fields: &Fields<'_>, of: &str) -> Option<Name> {
        match fields.get("topology") {
            Some(id) => self.text(id, "the path of a topology"),
            None => {
                self.missing(fields.span, of, "topology", "its path from this file's folder");
                None
            }
        }
    }

    fn scenario(&mut self, id: NodeId) -> Option<RawScenario> {
        let fields = self.fields(id, SCENARIO)?;
        let name = match fields.get("scenario") {
            Some(id) => self.text(id, "the name of a scenario"),
            None => {
                self.missing(fields.span, SCENARIO.of, "scenario", "its name");
                None
            }
        };
        if let Some(name) = &name {
            self.check_name(name, false);
        }
        let topology =
            fields.get("topology").and_then(|id| self.text(id, "the path of a topology"));
        let document = fields.get("document").and_then(|id| {
            let fields = self.fields(id, DOCUMENT)?;
            Some((self.note(&fields, "lines"), self.note(&fields, "expects")))
        });
        let lives = fields.get("lives").and_then(|id| self.count(id, "`lives`", 1));
        let failures = fields.get("failures").and_then(|id| {
            self.choice(id, "`failures` of a scenario", &[("none", false), ("random", true)])
        });
        let steps = self.items(&fields, "steps");
        let expected = self.items(&fields, "expect");
        if steps.is_empty() && failures != Some(true) {
            let example = "what is done, such as `[{crash: node-0, for: 10m}]`";
            self.missing(fields.span, SCENARIO.of, "steps", example);
        }
        let scenario = RawScenario {
            name: name.clone().unwrap_or_else(|| Spanned::new(String::new(), fields.span)),
            topology,
            about: self.note(&fields, "about"),
            document: document.unwrap_or_default(),
            lasts: fields.get("lasts").and_then(|id| self.duration(id, "how long a life lasts")),
            lives: lives.map(|lives| lives.value),
            has_random_failures: failures.unwrap_or(false),
            steps: steps.into_iter().filter_map(|id| self.step(id)).collect(),
            expected: expected.into_iter().filter_map(|id| self.expectation(id)).collect(),
        };
        name.map(|_| scenario)
    }

    fn items(&mut self, fields: &Fields<'_>, key: &str) -> Vec<NodeId> {
        fields.get(key).map_or_else(Vec::new, |id| self.list(id))
    }

    fn step(&mut self, id: NodeId) -> Option<RawStep> {
        let fields = self.fields(id, STEP)?;
        let verbs: Vec<&str> = VERBS.iter().map(|(verb, ..)| *verb).collect();
        let key = self.only_one(&fields, STEP.of, "does", &verbs)?;
        let &(_, verb, beside) = VERBS.iter().find(|(known, ..)| *known == key)?;
        self.refuse_strangers(&fields, key, &[beside, OF_STEPS, &[key]]);
        if let (Some(_), Some(after)) = (fields.get("at"), fields.entry("after")) {
            self.findings
                .error(Code::WrongKind, after.key_span, "a step at a time and after another one")
                .help("keep `at` or `after`, one of them");
        }
        let mut is_so = |key: &str| {
            let id = fields.get(key)?;
            self.truth(id, &format!("`{key}`"))
        };
        let (wipes, cuts_power) = (is_so("wipes"), is_so("cuts_power"));
        let (is_forced, is_bad) = (is_so("force"), is_so("bad"));
        let from = fields.get("from").and_then(|id| {
            let known = [("control-plane", From::ControlPlane), ("users", From::Users)];
            self.choice(id, "what something is isolated from", &known)
        });
        if verb == Verb::Isolate && fields.get("from").is_none() {
            self.missing(fields.span, "an isolation", "from", "`control-plane` or `users`");
            return None;
        }
        let load = match verb {
            Verb::Load => self.new_load(&fields)?,
            _ => None,
        };
        let memory = fields.get("memory").and_then(|id| {
            let value = self.amount("memory", id)?;
            Some(Spanned::new(value, self.tree.span(id)))
        });
        let names = self.names(&fields, key);
        if names.is_empty() {
            return None;
        }
        Some(RawStep {
            span: fields.span,
            at: fields.get("at").and_then(|id| self.duration(id, "`at`")),
            after: fields.get("after").and_then(|id| self.duration(id, "`after`")),
            verb,
            names,
            lasts: fields.get("for").and_then(|id| {
                let law = self.law(id, "how long it goes on", Bare::Fixed)?;
                Some(Spanned::new(law, self.tree.span(id)))
            }),
            wipes: wipes.unwrap_or(false),
            cuts_power: cuts_power.unwrap_or(false),
            is_forced: is_forced.unwrap_or(false),
            is_bad: is_bad.unwrap_or(false),
            from,
            load,
            memory,
        })
    }

    /// How much is to be carried: an amount, or a factor; nothing of it where a step is about memory.
    fn new_load(&mut self, fields: &Fields<'_>) -> Option<Option<RawLoad>> {
        let (id, key, load): (NodeId, &str, fn(f64) -> RawLoad) =
            match (fields.get("peak"), fields.get("times")) {
                (Some(id), None) => (id, "`peak`", RawLoad::Peak),
                (None, Some(id)) => (id, "`times`", RawLoad::Times),
                (Some(_), Some(_)) => {
                    let span = fields.entry("times").map(|entry| entry.key_span);
                    self.findings
                        .error(Code::WrongKind, span, "a load in two ways")
                        .help("keep `peak` or `times`, one of them");
                    return None;
                }
                (None, None) if fields.get("memory").is_some() => return Some(None),
                (None, None) => {
                    let example =
                        "how much there is from now on, such as `peak: 1200` or `times: 2`";
                    self.missing(fields.span, "a load", "peak", example);
                    return None;
                }
            };
        let amount = self.number(id, key)?;
        if !(0.0..=MOST_DEMAND).contains(&amount) {
            self.findings
                .error(Code::OutOfRange, self.tree.span(id), "an impossible load")
                .help("it must be zero or more");
            return None;
        }
        Some(Some(load(amount)))
    }

    fn expectation(&mut self, id: NodeId) -> Option<RawExpected> {
        let fields = self.fields(id, EXPECTATION)?;
        let measures = Measure::ALL.iter().map(|(name, _)| *name);
        let known: Vec<&str> = measures.chain(STATES.iter().map(|(state, _)| *state)).collect();
        let key = self.only_one(&fields, EXPECTATION.of, "expects", &known)?;
        let measure = Measure::ALL.iter().find(|(name, _)| *name == key);
        let beside = match STATES.iter().find(|(state, _)| *state == key) {
            Some((_, beside)) => *beside,
            None => &["of"],
        };
        self.refuse_strangers(&fields, key, &[beside, OF_EXPECTATIONS, &[key]]);
        let what = match measure {
            Some(&(_, measure)) => self.measured(&fields, measure, key),
            None => self.state(&fields, key),
        };
        let required = fields.get("required").and_then(|id| self.truth(id, "`required`"));
        Some(RawExpected {
            span: fields.span,
            probability: fields.get("probability").and_then(|id| self.percentage(id, "a share")),
            is_required: required.unwrap_or(true),
            document: self.note(&fields, "document"),
            what: what?,
        })
    }

    fn measured(&mut self, fields: &Fields<'_>, measure: Measure, key: &str) -> Option<RawWhat> {
        let bound = self.duration(fields.get(key)?, &format!("`{key}`"));
        let of = self.names(fields, "of");
        if fields.get("of").is_none() {
            let example = match measure {
                Measure::LostAtMost | Measure::LostAtLeast => "a data class",
                Measure::RedundantWithin => "services, domains or units",
                _ => "a journey, `service.operation` or unit",
            };
            self.missing(fields.span, &format!("`{key}`"), "of", example);
            return None;
        }
        Some(RawWhat::Measure { measure, bound: bound?, of })
    }

    fn state(&mut self, fields: &Fields<'_>, key: &str) -> Option<RawWhat> {
        let at = match fields.get("at") {
            Some(id) => self.duration(id, "`at`"),
            None => {
                let example = "so long after the beginning";
                self.missing(fields.span, &format!("`{key}`"), "at", example);
                None
            }
        };
        let id = fields.get(key)?;
        let because =
            fields.get("because").and_then(|id| self.choice(id, "a reason", &Reason::ALL));
        let at_least = fields.get("at_least").and_then(|id| self.count(id, "`at_least`", 1));
        let by = fields.get("by").and_then(|id| self.text(id, "the name of a service"));
        match key {
            "on" => {
                let places = self.map(id, "who stands on which node")?;
                let places = places.entries.iter().map(|entry| {
                    let replica = Spanned::new(entry.key.clone(), entry.key_span);
                    Some((replica, self.text(entry.value, "the name of a node")?))
                });
                Some(RawWhat::On { places: places.collect::<Option<_>>()?, at: at? })
            }
            "blocked" => {
                let node = self.text(id, "the name of a node");
                Some(RawWhat::Blocked { node: node?, at: at?, by })
            }
            "pending" => {
                let names = self.names(fields, key);
                Some(RawWhat::Pending { names, at_least, at: at?, because })
            }
            "stuck" => Some(RawWhat::Stuck { names: self.names(fields, key), at_least, at: at? }),
            _ => {
                let names = self.names(fields, key);
                if let Some((_, health)) = Health::ALL.iter().find(|(name, _)| *name == key) {
                    return Some(RawWhat::Volumes { health: *health, names, at_least, at: at? });
                }
                Some(RawWhat::State { is_up: key == "up", names, at: at? })
            }
        }
    }

    /// The one of these keys that is there.
    fn only_one<'k>(
        &mut self,
        fields: &Fields<'_>,
        of: &str,
        does: &str,
        known: &[&'k str],
    ) -> Option<&'k str> {
        let given = |key: &&&str| fields.get(key).is_some();
        let given: Vec<&str> = known.iter().filter(given).copied().collect();
        let help = format!("it is one of {}", listed(known));
        match given[..] {
            [key] => Some(key),
            [] => {
                // A key that is misspelt has its own finding.
                let is_misspelt = fields.entries.iter().any(|entry| {
                    let key = entry.key.as_str();
                    !STEP.read.contains(&key) && !EXPECTATION.read.contains(&key)
                });
                if !is_misspelt {
                    let message = format!("{of} that {does} nothing");
                    self.findings.error(Code::MissingKey, fields.span, message).help(help);
                }
                None
            }
            [first, second, ..] => {
                let span = fields.entry(second).map(|entry| entry.key_span);
                let message = format!("{of} {does} one thing, and not `{first}` and `{second}`");
                self.findings.error(Code::WrongKind, span, message).help("write two of them");
                None
            }
        }
    }

    /// Keys that say nothing beside this one.
    fn refuse_strangers(&mut self, fields: &Fields<'_>, key: &str, known: &[&[&str]]) {
        for entry in fields.entries {
            let other = entry.key.as_str();
            let is_read = STEP.read.contains(&other) || EXPECTATION.read.contains(&other);
            if !is_read || known.iter().any(|keys| keys.contains(&other)) {
                continue;
            }
            let beside: Vec<&str> =
                known.iter().flat_map(|keys| keys.iter().copied()).filter(|k| *k != key).collect();
            self.findings
                .error(Code::NoEffect, entry.key_span, format!("`{other}` says nothing of `{key}`"))
                .help(format!("beside `{key}` there may be {}", listed(&beside)));
        }
    }
}
