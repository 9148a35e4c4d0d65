//! The file, field for field: shapes are checked here, meanings in `check`.

use super::diagnostic::Code;
use super::read::{Bare, Fields, Keys, Reader, listed};
use super::source::{Span, Spanned};
use super::yaml::{NodeId, Value};
use crate::dist::Law;

pub(crate) type Name = Spanned<String>;

/// A topology as written; what could not be read is absent, and there is a finding about it.
#[derive(Debug, Default)]
pub(crate) struct RawTopology {
    pub(crate) name: Option<Name>,
    pub(crate) about: Option<String>,
    pub(crate) horizon: Option<Spanned<f64>>,
    pub(crate) failures: Vec<RawMode>,
    pub(crate) domains: Vec<RawDomain>,
    pub(crate) services: Vec<RawService>,
    pub(crate) journeys: Vec<RawJourney>,
    pub(crate) crews: Vec<RawCrew>,
}

#[derive(Debug)]
pub(crate) struct RawMode {
    pub(crate) name: Name,
    pub(crate) every: Option<Law>,
    pub(crate) repair: Option<RawRepair>,
    pub(crate) always: bool,
    pub(crate) crew: Option<Name>,
    pub(crate) about: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) grade: Option<Grade>,
}

#[derive(Debug)]
pub(crate) enum RawRepair {
    After(Law),
    Restart,
    Never,
}

/// How well a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Somebody counted.
    Measured,
    /// Somebody who sells it says so.
    Vendor,
    /// Nobody knows: a guess to be varied.
    Assumed,
}

impl Grade {
    /// As written in a topology.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Measured => "measured",
            Grade::Vendor => "vendor",
            Grade::Assumed => "assumed",
        }
    }
}

#[derive(Debug)]
pub(crate) struct RawDomain {
    pub(crate) name: Name,
    pub(crate) level: Option<Name>,
    pub(crate) inside: Vec<Name>,
    pub(crate) also_on: Vec<Name>,
    pub(crate) count: Option<Spanned<u64>>,
    pub(crate) fails: Vec<Name>,
    pub(crate) start: Option<Law>,
}

#[derive(Debug)]
pub(crate) struct RawService {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) replicas: Option<Spanned<u64>>,
    pub(crate) on: Vec<Name>,
    pub(crate) also_on: Vec<Name>,
    pub(crate) serves: Option<Spanned<Need>>,
    pub(crate) operations: Vec<(Name, Spanned<Need>)>,
    pub(crate) erasure: Option<RawErasure>,
    pub(crate) leader: Option<RawLeader>,
    pub(crate) needs: Option<RawExpr>,
    pub(crate) fails: Vec<Name>,
    pub(crate) start: Option<Law>,
    pub(crate) spread: Option<RawSpread>,
    /// Whether it says anything on how many replicas are needed, right or wrong.
    pub(crate) says_need: bool,
}

/// How many members must be up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Any,
    All,
    Majority,
    AtLeast(u64),
}

#[derive(Debug)]
pub(crate) struct RawErasure {
    pub(crate) data: Spanned<u64>,
    pub(crate) parity: Spanned<u64>,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct RawLeader {
    pub(crate) failover: Law,
    pub(crate) failover_after_total_loss: bool,
    pub(crate) needs_leader: Option<Vec<Name>>,
}

#[derive(Debug)]
pub(crate) struct RawSpread {
    pub(crate) by: Name,
    pub(crate) required: bool,
}

#[derive(Debug)]
pub(crate) struct RawJourney {
    pub(crate) name: Name,
    pub(crate) about: Option<String>,
    pub(crate) needs: Option<RawExpr>,
    pub(crate) availability: Option<Spanned<f64>>,
    pub(crate) rto: Option<RawRto>,
    pub(crate) rpo: Option<Spanned<f64>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RawRto {
    pub(crate) target: Spanned<f64>,
    /// Share of outages that must be within the target.
    pub(crate) share: f64,
}

#[derive(Debug)]
pub(crate) struct RawCrew {
    pub(crate) name: Name,
    pub(crate) size: u64,
    pub(crate) response: Option<Law>,
}

/// What must be up.
#[derive(Clone, Debug)]
pub(crate) enum RawExpr {
    Name(Name),
    All(Vec<RawExpr>),
    Any(Vec<RawExpr>),
    AtLeast(Spanned<u64>, Vec<RawExpr>, Span),
}

/// The share of outages that must be within the RTO where the file does not say.
const DEFAULT_RTO_SHARE: f64 = 0.95;
/// People in a crew where the file does not say.
const DEFAULT_CREW_SIZE: u64 = 1;

const TOPOLOGY: Keys = Keys {
    of: "a topology",
    read: &[
        "topology", "about", "horizon", "extends", "failures", "domains", "services", "journeys",
        "crews", "defaults",
    ],
    later: &["data", "calendar", "claims", "alerts", "costs", "choices", "platform", "import"],
};
const MODE: Keys = Keys {
    of: "a failure mode",
    read: &["every", "repair", "clock", "wipes", "crew", "about", "source", "grade"],
    later: &[
        "afr",
        "p",
        "grey",
        "shock",
        "beta",
        "burst",
        "change",
        "preventive",
        "latent",
        "priority",
        "while_down",
    ],
};
const DOMAIN: Keys = Keys {
    of: "a domain",
    read: &["level", "in", "also_on", "count", "fails", "start", "about"],
    later: &["capacity", "taints", "beta", "shock", "sealed", "while_down"],
};
const SERVICE: Keys = Keys {
    of: "a service",
    read: &[
        "replicas",
        "on",
        "also_on",
        "serves",
        "operations",
        "erasure",
        "leader",
        "needs",
        "fails",
        "start",
        "spread",
        "about",
    ],
    later: &[
        "controller",
        "capacity",
        "requests",
        "tolerates",
        "budget",
        "rollout",
        "sealed",
        "replay",
        "sharded",
        "replicated",
        "independent",
        "witness",
        "standby",
        "coverage",
        "load",
        "failback",
        "spares",
        "pool",
        "switch_needs",
        "while_down",
        "placement",
        "beta",
    ],
};
const ERASURE: Keys = Keys { of: "an erasure code", read: &["data", "parity"], later: &[] };
const LEADER: Keys = Keys {
    of: "a leader",
    read: &["failover", "after_total_loss", "needs_leader"],
    later: &["lease", "election", "failback", "needs"],
};
const SPREAD: Keys = Keys { of: "a spread", read: &["by", "rule"], later: &["skew"] };
const JOURNEY: Keys = Keys {
    of: "a journey",
    read: &["needs", "slo", "about"],
    later: &["data", "degraded_when", "masked_by"],
};
const SLO: Keys = Keys {
    of: "an objective",
    read: &["availability", "rto", "rpo"],
    later: &["during", "window", "durability"],
};
const CREW: Keys = Keys {
    of: "a crew",
    read: &["size", "response", "about"],
    later: &["hours", "off_hours", "works", "picks", "discipline", "zone"],
};
const AT_LEAST: Keys = Keys { of: "this expression", read: &["at_least", "of"], later: &[] };

/// Sections whose entries `defaults` may complete.
pub(crate) const SECTIONS: &[&str] = &["failures", "domains", "services", "journeys", "crews"];

impl Reader<'_> {
    /// The whole topology.
    pub(crate) fn topology(&mut self, root: NodeId) -> RawTopology {
        let Some(fields) = self.fields(root, TOPOLOGY) else {
            return RawTopology::default();
        };
        let name = match fields.get("topology") {
            Some(id) => self.text(id, "the name of a topology"),
            None => {
                self.missing(fields.span, "a topology", "topology", "its name");
                None
            }
        };
        RawTopology {
            name,
            about: self.note(&fields, "about"),
            horizon: fields.get("horizon").and_then(|id| self.duration(id, "the horizon")),
            failures: self.section(&fields, "failures", Self::mode),
            domains: self.section(&fields, "domains", Self::domain),
            services: self.section(&fields, "services", Self::service),
            journeys: self.section(&fields, "journeys", Self::journey),
            crews: self.section(&fields, "crews", Self::crew),
        }
    }

    /// The entries of one section, in the order of the file.
    fn section<T>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        read: fn(&mut Self, Name, NodeId) -> Option<T>,
    ) -> Vec<T> {
        let Some(id) = fields.get(name) else {
            return Vec::new();
        };
        let Some(section) = self.map(id, &format!("`{name}`")) else {
            return Vec::new();
        };
        let entries = section.entries.iter().filter(|entry| !self.tree.is_null(entry.value));
        entries
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|entry| {
                let name = Spanned::new(entry.key.clone(), entry.key_span);
                self.check_name(&name);
                read(self, name, entry.value)
            })
            .collect()
    }

    /// A name must be free of what separates names.
    fn check_name(&mut self, name: &Name) {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || "./,:{}[]`".contains(c);
        if name.value.is_empty() || name.value.contains(forbidden) {
            self.findings
                .error(Code::BadName, name.span, format!("`{}` cannot be a name", name.value))
                .help("use letters, digits, `-` and `_`");
        }
    }

    fn mode(&mut self, name: Name, id: NodeId) -> Option<RawMode> {
        let fields = self.fields(id, MODE)?;
        let every = match fields.get("every") {
            Some(id) => self.law(id, "the time to failure", Bare::ExponentialMean),
            None => {
                self.missing(
                    name.span,
                    "a failure mode",
                    "every",
                    "the mean time up, such as `90d`",
                );
                None
            }
        };
        let repair = match fields.get("repair") {
            Some(id) => self.repair(id),
            None => {
                let example = "a duration, a law, `restart` or `never`";
                self.missing(name.span, "a failure mode", "repair", example);
                None
            }
        };
        let clock = fields.get("clock").and_then(|id| {
            self.choice(id, "the clock of a failure mode", &[("up", false), ("always", true)])
        });
        if let Some(id) = fields.get("wipes") {
            self.truth(id, "`wipes`");
        }
        let grades =
            [("measured", Grade::Measured), ("vendor", Grade::Vendor), ("assumed", Grade::Assumed)];
        Some(RawMode {
            name,
            every,
            repair,
            always: clock.unwrap_or(false),
            crew: fields.get("crew").and_then(|id| self.text(id, "the name of a crew")),
            about: self.note(&fields, "about"),
            source: self.note(&fields, "source"),
            grade: fields.get("grade").and_then(|id| self.choice(id, "a grade", &grades)),
        })
    }

    fn repair(&mut self, id: NodeId) -> Option<RawRepair> {
        match &self.tree.node(id).value {
            Value::Scalar { text, .. } if text == "restart" => Some(RawRepair::Restart),
            Value::Scalar { text, .. } if text == "never" => Some(RawRepair::Never),
            Value::List(_) => {
                self.findings
                    .error(
                        Code::NotEvaluated,
                        self.tree.span(id),
                        "staged repair is known, not evaluated in this version",
                    )
                    .help("write the time to restoration, all stages together, as one law");
                None
            }
            _ => self.law(id, "the time to restoration", Bare::Fixed).map(RawRepair::After),
        }
    }

    fn domain(&mut self, name: Name, id: NodeId) -> Option<RawDomain> {
        let fields = self.fields(id, DOMAIN)?;
        self.note(&fields, "about");
        Some(RawDomain {
            name,
            level: fields.get("level").and_then(|id| self.text(id, "a level")),
            inside: self.names(&fields, "in"),
            also_on: self.names(&fields, "also_on"),
            count: fields.get("count").and_then(|id| self.count(id, "`count`", 1)),
            fails: self.names(&fields, "fails"),
            start: self.start(&fields),
        })
    }

    fn service(&mut self, name: Name, id: NodeId) -> Option<RawService> {
        let fields = self.fields(id, SERVICE)?;
        self.note(&fields, "about");
        let mut operations = Vec::new();
        if let Some(id) = fields.get("operations")
            && let Some(map) = self.map(id, "`operations`")
        {
            for entry in map.entries {
                let operation = Spanned::new(entry.key.clone(), entry.key_span);
                self.check_name(&operation);
                if let Some(need) = self.need(entry.value) {
                    operations.push((operation, need));
                }
            }
        }
        Some(RawService {
            span: name.span,
            name,
            replicas: fields.get("replicas").and_then(|id| self.count(id, "`replicas`", 1)),
            on: self.names(&fields, "on"),
            also_on: self.names(&fields, "also_on"),
            serves: fields.get("serves").and_then(|id| self.need(id)),
            operations,
            erasure: fields.get("erasure").and_then(|id| self.erasure(id)),
            leader: fields.get("leader").and_then(|id| self.leader(id)),
            needs: fields.get("needs").and_then(|id| self.expression(id)),
            fails: self.names(&fields, "fails"),
            start: self.start(&fields),
            spread: fields.get("spread").and_then(|id| self.spread(id)),
            says_need: ["serves", "operations", "erasure", "leader"]
                .iter()
                .any(|key| fields.get(key).is_some()),
        })
    }

    /// How many must be up: `any`, `all`, `majority`, a number or `{at_least: 2}`.
    fn need(&mut self, id: NodeId) -> Option<Spanned<Need>> {
        let span = self.tree.span(id);
        let what = "how many are needed";
        if let Value::Map(_) = self.tree.node(id).value {
            let keys = Keys { of: what, read: &["at_least"], later: &[] };
            let fields = self.fields(id, keys)?;
            let count = self.count(fields.get("at_least")?, "`at_least`", 1)?;
            return Some(Spanned::new(Need::AtLeast(count.value), count.span));
        }
        let text = self.text(id, what)?;
        if text.value.starts_with(|c: char| c.is_ascii_digit()) {
            let count = self.count(id, what, 1)?;
            return Some(Spanned::new(Need::AtLeast(count.value), count.span));
        }
        let words = [("any", Need::Any), ("all", Need::All), ("majority", Need::Majority)];
        Some(Spanned::new(self.choice(id, what, &words)?, span))
    }

    fn erasure(&mut self, id: NodeId) -> Option<RawErasure> {
        let fields = self.fields(id, ERASURE)?;
        let mut part = |key: &str| match fields.get(key) {
            Some(id) => self.count(id, &format!("`{key}`"), 1),
            None => {
                self.missing(fields.span, "an erasure code", key, "a number of shards");
                None
            }
        };
        let (data, parity) = (part("data"), part("parity"));
        Some(RawErasure { data: data?, parity: parity?, span: fields.span })
    }

    fn leader(&mut self, id: NodeId) -> Option<RawLeader> {
        let fields = self.fields(id, LEADER)?;
        let failover = match fields.get("failover") {
            Some(id) => self.law(id, "a failover", Bare::Fixed),
            None => {
                let example = "how long it takes, such as `{uniform: [10s, 20s]}`";
                self.missing(fields.span, "a leader", "failover", example);
                None
            }
        };
        let choices = [("failover", true), ("at-once", false)];
        let total_loss = fields
            .get("after_total_loss")
            .and_then(|id| self.choice(id, "`after_total_loss`", &choices));
        Some(RawLeader {
            failover: failover?,
            failover_after_total_loss: total_loss.unwrap_or(true),
            needs_leader: fields
                .get("needs_leader")
                .map(|id| self.texts(id, "the name of an operation")),
        })
    }

    fn spread(&mut self, id: NodeId) -> Option<RawSpread> {
        let fields = self.fields(id, SPREAD)?;
        let by = match fields.get("by") {
            Some(id) => self.text(id, "a level"),
            None => {
                self.missing(fields.span, "a spread", "by", "a level, such as `by: node`");
                None
            }
        };
        let rules = [("required", true), ("preferred", false)];
        let rule =
            fields.get("rule").and_then(|id| self.choice(id, "the rule of a spread", &rules));
        Some(RawSpread { by: by?, required: rule.unwrap_or(false) })
    }

    fn journey(&mut self, name: Name, id: NodeId) -> Option<RawJourney> {
        let fields = self.fields(id, JOURNEY)?;
        let needs = match fields.get("needs") {
            Some(id) => self.expression(id),
            None => {
                self.missing(name.span, "a journey", "needs", "what must be up for it");
                None
            }
        };
        let mut journey = RawJourney {
            name,
            about: self.note(&fields, "about"),
            needs,
            availability: None,
            rto: None,
            rpo: None,
        };
        if let Some(id) = fields.get("slo")
            && let Some(slo) = self.fields(id, SLO)
        {
            journey.availability =
                slo.get("availability").and_then(|id| self.percentage(id, "an availability"));
            journey.rto = slo.get("rto").and_then(|id| self.rto(id));
            journey.rpo = slo.get("rpo").and_then(|id| self.duration(id, "an RPO"));
        }
        Some(journey)
    }

    /// `5m`, or `{5m: 99%}` for another share of outages than the default.
    fn rto(&mut self, id: NodeId) -> Option<RawRto> {
        let Value::Map(entries) = &self.tree.node(id).value else {
            let target = self.duration(id, "an RTO")?;
            return Some(RawRto { target, share: DEFAULT_RTO_SHARE });
        };
        let [entry] = entries.as_slice() else {
            self.findings
                .error(Code::WrongKind, self.tree.span(id), "an RTO with several targets")
                .help("write one, such as `rto: 5m` or `rto: {5m: 99%}`");
            return None;
        };
        let target = self.quantity(crate::units::parse_duration(&entry.key), entry.key_span)?;
        let share = self.percentage(entry.value, "a share of outages")?;
        Some(RawRto { target, share: share.value })
    }

    fn crew(&mut self, name: Name, id: NodeId) -> Option<RawCrew> {
        let fields = self.fields(id, CREW)?;
        self.note(&fields, "about");
        let size = fields.get("size").and_then(|id| self.count(id, "the size of a crew", 1));
        Some(RawCrew {
            name,
            size: size.map_or(DEFAULT_CREW_SIZE, |size| size.value),
            response: fields.get("response").and_then(|id| self.law(id, "a response", Bare::Fixed)),
        })
    }

    /// A name, a list (all of it), `{all: [...]}`, `{any: [...]}` or `{at_least: 2, of: [...]}`.
    fn expression(&mut self, id: NodeId) -> Option<RawExpr> {
        let node = self.tree.node(id);
        let span = node.span;
        match &node.value {
            Value::Scalar { .. } => Some(RawExpr::Name(self.text(id, "what is needed")?)),
            Value::List(_) => Some(RawExpr::All(self.operands(id)?)),
            Value::Map(entries) => {
                let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
                match keys.as_slice() {
                    ["all"] => Some(RawExpr::All(self.operands(entries[0].value)?)),
                    ["any"] => Some(RawExpr::Any(self.operands(entries[0].value)?)),
                    keys if keys.contains(&"at_least") => {
                        let fields = self.fields(id, AT_LEAST)?;
                        let count = self.count(fields.get("at_least")?, "`at_least`", 1);
                        let Some(of) = fields.get("of") else {
                            let example = "what to count, such as `{at_least: 2, of: [a, b, c]}`";
                            self.missing(span, "`at_least`", "of", example);
                            return None;
                        };
                        let operands = self.operands(of);
                        Some(RawExpr::AtLeast(count?, operands?, span))
                    }
                    _ => {
                        self.bad_expression(
                            entries.first().map(|e| (e.key.as_str(), e.key_span)),
                            span,
                        );
                        None
                    }
                }
            }
        }
    }

    fn bad_expression(&mut self, first: Option<(&str, Span)>, span: Span) {
        const WORDS: &[&str] = &["all", "any", "at_least"];
        let (key, at) = first.unwrap_or(("", span));
        let help = match self.findings.closest(key, WORDS.iter().copied()) {
            Some(word) if !WORDS.contains(&key) => format!("did you mean `{word}`?"),
            _ => format!(
                "write a name, or one of {}: `{{all: [a, b]}}`, `{{at_least: 2, of: [a, b, c]}}`",
                listed(WORDS)
            ),
        };
        self.findings.error(Code::UnknownKey, at, "this says not what is needed").help(help);
    }

    /// The parts of an expression: all of them, or none if one is wrong.
    fn operands(&mut self, id: NodeId) -> Option<Vec<RawExpr>> {
        let items = self.list(id);
        if items.is_empty() {
            let span = self.tree.span(id);
            self.findings
                .error(Code::WrongKind, span, "an empty list of what is needed")
                .help("name at least one service, unit or domain");
            return None;
        }
        let parts: Vec<Option<RawExpr>> = items.iter().map(|&item| self.expression(item)).collect();
        parts.into_iter().collect()
    }

    fn names(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Name> {
        fields.get(key).map_or_else(Vec::new, |id| self.texts(id, "a name"))
    }

    fn start(&mut self, fields: &Fields<'_>) -> Option<Law> {
        fields.get("start").and_then(|id| self.law(id, "a start", Bare::Fixed))
    }

    fn note(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let text = self.text(fields.get(key)?, key)?;
        Some(text.value)
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, id: NodeId, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(id, what)?;
        let known = choices.iter().find(|(word, _)| *word == text.value);
        if known.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let help = match self.findings.closest(&text.value, words.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("it must be one of {}", listed(&words)),
            };
            self.findings
                .error(Code::UnknownName, text.span, format!("{what} cannot be `{}`", text.value))
                .help(help);
        }
        known.map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key that is read is explained to those who write it.
    #[test]
    fn every_key_is_documented() {
        let text = include_str!("../../docs/topology.md");
        for keys in
            [TOPOLOGY, MODE, DOMAIN, SERVICE, ERASURE, LEADER, SPREAD, JOURNEY, SLO, CREW, AT_LEAST]
        {
            for key in keys.read {
                // In backticks, alone or at the beginning of an example, or as a key of one.
                let shown = [format!("`{key}"), format!("{key}:"), format!("{{{key}")];
                let is_there = shown.iter().any(|shown| text.contains(shown));
                assert!(is_there, "docs/topology.md says nothing on `{key}` of {}", keys.of);
            }
        }
    }
}
