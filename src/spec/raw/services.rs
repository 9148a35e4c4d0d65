//! Domains and services, as written.

use super::{Edge, Name, RawNode, RawSpread, RawStage, RawWorkload};
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::read::{Bare, Fields, Keys, Reader};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{NodeId, Value};

use super::RawExpr;

/// More than any service has to carry, so that shares of it are exact enough.
pub(super) const MOST_DEMAND: f64 = 1e12;

#[derive(Debug)]
pub(crate) struct RawDomain {
    pub(crate) name: Name,
    pub(crate) level: Option<Name>,
    pub(crate) inside: Vec<Name>,
    pub(crate) also_on: Vec<Name>,
    pub(crate) count: Option<Spanned<u64>>,
    pub(crate) fails: Vec<Name>,
    /// Stages one after another; none if it starts at once.
    pub(crate) start: Vec<RawStage>,
    /// What it says as a node.
    pub(crate) node: RawNode,
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
    pub(crate) replicated: Option<RawReplicated>,
    pub(crate) leader: Option<RawLeader>,
    pub(crate) standby: Option<RawStandby>,
    pub(crate) pool: Option<RawPool>,
    pub(crate) coverage: Option<RawCoverage>,
    pub(crate) failback: Option<Spanned<Law>>,
    pub(crate) switch_needs: Option<(RawExpr, Span)>,
    /// How many times faster members age by how many are up.
    pub(crate) load: Vec<(Spanned<u64>, f64)>,
    pub(crate) demand: Option<RawDemand>,
    pub(crate) sharded: bool,
    pub(crate) witnesses: Option<Spanned<u64>>,
    pub(crate) is_suspended_while_down: bool,
    pub(crate) needs: Vec<Edge>,
    pub(crate) fails: Vec<Name>,
    /// Stages one after another; none if it starts at once.
    pub(crate) start: Vec<RawStage>,
    pub(crate) spreads: Vec<RawSpread>,
    /// What it says to its controller, if it has one.
    pub(crate) workload: Option<RawWorkload>,
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
pub(crate) struct RawReplicated {
    pub(crate) copies: Spanned<u64>,
    pub(crate) ack: Spanned<u64>,
    pub(crate) read: Option<Spanned<u64>>,
}

#[derive(Debug)]
pub(crate) struct RawLeader {
    pub(crate) span: Span,
    pub(crate) failover: Law,
    pub(crate) failover_after_total_loss: bool,
    pub(crate) needs_leader: Option<Vec<Name>>,
    pub(crate) needs: Option<(RawExpr, Span)>,
}

#[derive(Debug)]
pub(crate) struct RawStandby {
    pub(crate) span: Span,
    pub(crate) active: Spanned<u64>,
    pub(crate) dormancy: f64,
}

#[derive(Debug)]
pub(crate) struct RawPool {
    /// The service that is the spare, if that is not the one that says so.
    pub(crate) spare: Option<Name>,
    pub(crate) serves: Vec<Name>,
    pub(crate) dormancy: f64,
}

#[derive(Debug)]
pub(crate) struct RawDemand {
    pub(crate) span: Span,
    /// What all replicas together must carry, and each can.
    pub(crate) peak: f64,
    pub(crate) each: f64,
    /// Whether those that are overloaded crash, and within how many seconds.
    pub(crate) crashes: bool,
    pub(crate) within: f64,
}

#[derive(Debug)]
pub(crate) struct RawCoverage {
    pub(crate) span: Span,
    pub(crate) probability: f64,
    pub(crate) switch: Option<Law>,
    pub(crate) otherwise: Option<Law>,
}

const DOMAIN: Keys = Keys {
    of: "a domain",
    read: &[
        "level", "in", "also_on", "count", "fails", "start", "sealed", "capacity", "overhead",
        "taints", "storage", "about",
    ],
    later: &[],
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
        "replicated",
        "leader",
        "standby",
        "pool",
        "coverage",
        "failback",
        "switch_needs",
        "load",
        "demand",
        "sharded",
        "witness",
        "independent",
        "while_down",
        "needs",
        "fails",
        "start",
        "replay",
        "sealed",
        "spread",
        "controller",
        "requests",
        "uses",
        "limits",
        "tolerates",
        "budget",
        "priority",
        "volume",
        "rollout",
        "about",
    ],
    later: &["capacity", "spares", "placement"],
};
const ERASURE: Keys = Keys { of: "an erasure code", read: &["data", "parity"], later: &[] };
const REPLICATED: Keys = Keys { of: "replication", read: &["copies", "ack", "read"], later: &[] };
const LEADER: Keys = Keys {
    of: "a leader",
    read: &["failover", "lease", "election", "after_total_loss", "needs_leader", "needs"],
    later: &[],
};
const STANDBY: Keys = Keys { of: "a standby", read: &["active", "dormancy"], later: &[] };
const POOL: Keys = Keys { of: "a pool", read: &["spare", "serves", "dormancy"], later: &[] };
const COVERAGE: Keys = Keys { of: "a coverage", read: &["p", "switch", "else"], later: &[] };
const DEMAND: Keys =
    Keys { of: "a demand", read: &["peak", "each", "beyond", "within"], later: &[] };
const SEALED: Keys = Keys { of: "a seal", read: &["crew", "people", "takes"], later: &[] };

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] =
    &[DOMAIN, SERVICE, ERASURE, REPLICATED, LEADER, STANDBY, POOL, COVERAGE, DEMAND, SEALED];

impl Reader<'_> {
    pub(super) fn domain(&mut self, name: Name, id: NodeId) -> Option<RawDomain> {
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
            node: self.node(&fields),
        })
    }

    pub(super) fn service(&mut self, name: Name, id: NodeId) -> Option<RawService> {
        let fields = self.fields(id, SERVICE)?;
        self.note(&fields, "about");
        let mut operations = Vec::new();
        if let Some(id) = fields.get("operations")
            && let Some(map) = self.map(id, "`operations`")
        {
            for entry in map.entries {
                let operation = Spanned::new(entry.key.clone(), entry.key_span);
                self.check_name(&operation, false);
                if let Some(need) = self.need(entry.value) {
                    operations.push((operation, need));
                }
            }
        }
        let mut truth =
            |key: &str| fields.get(key).and_then(|id| self.truth(id, &format!("`{key}`")));
        let is_sharded = truth("sharded").unwrap_or(false);
        let is_independent = truth("independent").unwrap_or(false);
        let while_down = [("suspended", true), ("keeps-failing", false)];
        Some(RawService {
            span: name.span,
            replicas: fields.get("replicas").and_then(|id| self.count(id, "`replicas`", 1)),
            on: self.names(&fields, "on"),
            also_on: self.names(&fields, "also_on"),
            serves: fields.get("serves").and_then(|id| self.need(id)),
            operations,
            erasure: fields.get("erasure").and_then(|id| self.erasure(id)),
            replicated: fields.get("replicated").and_then(|id| self.replicated(id)),
            leader: fields.get("leader").and_then(|id| self.leader(id)),
            standby: fields.get("standby").and_then(|id| self.standby(id)),
            pool: fields.get("pool").and_then(|id| self.pool(id)),
            coverage: fields.get("coverage").and_then(|id| self.coverage(id)),
            failback: fields.get("failback").and_then(|id| {
                Some(Spanned::new(
                    self.law(id, "a failback", Bare::Fixed)?,
                    fields.entry("failback")?.key_span,
                ))
            }),
            switch_needs: self.span_and_expression(&fields, "switch_needs"),
            load: fields.get("load").map_or_else(Vec::new, |id| self.load(id)),
            demand: fields.get("demand").and_then(|id| self.demand(id)),
            sharded: is_sharded,
            witnesses: fields.get("witness").and_then(|id| self.count(id, "`witness`", 1)),
            is_suspended_while_down: fields
                .get("while_down")
                .and_then(|id| self.choice(id, "`while_down`", &while_down))
                .unwrap_or(false),
            needs: fields.get("needs").map_or_else(Vec::new, |id| self.edges(id)),
            fails: self.names(&fields, "fails"),
            start: self.start(&fields),
            spreads: fields.get("spread").map_or_else(Vec::new, |id| self.spreads(id)),
            workload: self.workload(&name, &fields),
            says_need: is_sharded
                || is_independent
                || ["serves", "operations", "erasure", "replicated", "leader", "standby"]
                    .iter()
                    .any(|key| fields.get(key).is_some()),
            name,
        })
    }

    /// An expression under a key, and where the key stands.
    fn span_and_expression(&mut self, fields: &Fields<'_>, key: &str) -> Option<(RawExpr, Span)> {
        let entry = fields.entry(key)?;
        Some((self.expression(entry.value)?, entry.key_span))
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

    /// A count that must be there.
    pub(super) fn part(
        &mut self,
        fields: &Fields<'_>,
        of: &str,
        key: &str,
        what: &str,
    ) -> Option<Spanned<u64>> {
        match fields.get(key) {
            Some(id) => self.count(id, &format!("`{key}`"), 1),
            None => {
                self.missing(fields.span, of, key, what);
                None
            }
        }
    }

    pub(super) fn erasure(&mut self, id: NodeId) -> Option<RawErasure> {
        let fields = self.fields(id, ERASURE)?;
        let data = self.part(&fields, ERASURE.of, "data", "a number of shards");
        let parity = self.part(&fields, ERASURE.of, "parity", "a number of shards");
        Some(RawErasure { data: data?, parity: parity?, span: fields.span })
    }

    fn replicated(&mut self, id: NodeId) -> Option<RawReplicated> {
        let fields = self.fields(id, REPLICATED)?;
        let copies =
            self.part(&fields, REPLICATED.of, "copies", "how many replicas hold each item");
        let ack = self.part(&fields, REPLICATED.of, "ack", "how many of them a write needs");
        let read = fields.get("read").and_then(|id| self.count(id, "`read`", 1));
        Some(RawReplicated { copies: copies?, ack: ack?, read })
    }

    fn leader(&mut self, id: NodeId) -> Option<RawLeader> {
        let fields = self.fields(id, LEADER)?;
        let mut part =
            |key: &str, what: &str| fields.get(key).map(|id| self.law(id, what, Bare::Fixed));
        let failover = part("failover", "a failover");
        let lease = part("lease", "what is left of a lease");
        let election = part("election", "an election");
        let failover = match (failover, lease, election) {
            (Some(failover), None, None) => failover?,
            (None, lease, election) if lease.is_some() || election.is_some() => {
                let parts: Option<Vec<Law>> = [lease, election].into_iter().flatten().collect();
                Law::sum(parts?)
            }
            (None, ..) => {
                let example = "how long it takes, such as `{uniform: [10s, 20s]}`";
                self.missing(fields.span, LEADER.of, "failover", example);
                return None;
            }
            (Some(_), ..) => {
                self.findings
                    .error(Code::BadLaw, fields.span, "a failover in two ways")
                    .help("write `failover` for all of it, or `lease` and `election`");
                return None;
            }
        };
        let choices = [("failover", true), ("at-once", false)];
        let total_loss = fields
            .get("after_total_loss")
            .and_then(|id| self.choice(id, "`after_total_loss`", &choices));
        Some(RawLeader {
            span: fields.span,
            failover,
            failover_after_total_loss: total_loss.unwrap_or(true),
            needs_leader: fields
                .get("needs_leader")
                .map(|id| self.texts(id, "the name of an operation")),
            needs: self.span_and_expression(&fields, "needs"),
        })
    }

    /// A factor between standing by and serving: `30%`, or `0.3`; what stands by fully ages fully.
    fn dormancy(&mut self, fields: &Fields<'_>) -> f64 {
        let Some(id) = fields.get("dormancy") else { return 1.0 };
        let what = "how fast it ages while it stands by";
        let is_percentage = matches!(&self.tree.node(id).value,
            Value::Scalar { text, .. } if text.trim_end().ends_with('%'));
        let factor = if is_percentage {
            self.percentage(id, what).map(|factor| factor.value)
        } else {
            self.number(id, what)
        };
        let Some(factor) = factor else { return 1.0 };
        if !(0.0..=1.0).contains(&factor) {
            self.findings
                .error(Code::OutOfRange, self.tree.span(id), "a dormancy below 0 or above 1")
                .help("0 is cold and does not age, 1 is hot and ages as what serves");
        }
        factor
    }

    fn standby(&mut self, id: NodeId) -> Option<RawStandby> {
        let fields = self.fields(id, STANDBY)?;
        let active = self.part(&fields, STANDBY.of, "active", "how many serve at a time")?;
        let dormancy = self.dormancy(&fields);
        Some(RawStandby { span: fields.span, active, dormancy })
    }

    fn pool(&mut self, id: NodeId) -> Option<RawPool> {
        let fields = self.fields(id, POOL)?;
        let serves = self.names(&fields, "serves");
        if serves.is_empty() {
            let example = "the services that it is a spare for";
            self.missing(fields.span, POOL.of, "serves", example);
        }
        let dormancy = self.dormancy(&fields);
        let spare = fields.get("spare").and_then(|id| self.text(id, "the name of a service"));
        Some(RawPool { spare, serves, dormancy })
    }

    fn coverage(&mut self, id: NodeId) -> Option<RawCoverage> {
        let fields = self.fields(id, COVERAGE)?;
        let probability = match fields.get("p") {
            Some(id) => self.percentage(id, "p").map(|p| p.value),
            None => {
                let example = "how probable it is that the failover begins, such as `p: 96%`";
                self.missing(fields.span, COVERAGE.of, "p", example);
                None
            }
        };
        let mut law = |key: &str| match fields.get(key) {
            Some(id) => Some(self.law(id, &format!("`{key}`"), Bare::Fixed)?),
            None => None,
        };
        let (switch, otherwise) = (law("switch"), law("else"));
        Some(RawCoverage { span: fields.span, probability: probability?, switch, otherwise })
    }

    /// `{1: 3, 2: 1.5}`: factors by number up.
    fn load(&mut self, id: NodeId) -> Vec<(Spanned<u64>, f64)> {
        let Some(map) = self.map(id, "a load") else { return Vec::new() };
        let mut factors = Vec::new();
        for entry in map.entries {
            let Some(up) = entry.key.parse::<u64>().ok().filter(|up| *up > 0) else {
                self.findings
                    .error(Code::BadQuantity, entry.key_span, format!("`{}` up", entry.key))
                    .help("write how many are up and how many times faster they fail: `{1: 3, 2: 1.5}`");
                continue;
            };
            let Some(factor) = self.number(entry.value, "a factor") else { continue };
            if !(0.0..=1e6).contains(&factor) {
                self.findings
                    .error(Code::OutOfRange, self.tree.span(entry.value), "an impossible factor")
                    .help("it must be zero or more, and at most a million");
                continue;
            }
            factors.push((Spanned::new(up, entry.key_span), factor));
        }
        factors
    }

    fn demand(&mut self, id: NodeId) -> Option<RawDemand> {
        let fields = self.fields(id, DEMAND)?;
        let mut amount = |key: &str, example: &str| {
            let Some(id) = fields.get(key) else {
                self.missing(fields.span, DEMAND.of, key, example);
                return None;
            };
            let number = self.number(id, key)?;
            if !(number > 0.0 && number <= MOST_DEMAND) {
                self.findings
                    .error(Code::OutOfRange, self.tree.span(id), "an impossible amount")
                    .help("it must be above zero");
                return None;
            }
            Some(number)
        };
        let peak = amount("peak", "what all replicas together must carry, such as `peak: 900`");
        let each = amount("each", "what one replica can carry, such as `each: 300`");
        let words = [("shed", false), ("slow", false), ("crash", true)];
        let crashes = match fields.get("beyond") {
            Some(id) => self.choice(id, "what happens beyond that", &words).unwrap_or(false),
            None => false,
        };
        let within = fields.get("within").and_then(|id| self.duration(id, "within what time"));
        if let (Some(within), false) = (within, crashes) {
            self.findings
                .error(Code::NoEffect, within.span, "`within` what time nothing crashes")
                .help("`within` is how long replicas take to crash that are overloaded: `beyond: crash`");
        }
        let within = within.map_or(0.0, |within| within.value);
        Some(RawDemand { span: fields.span, peak: peak?, each: each?, crashes, within })
    }

    /// A start with all its stages: its own, a replay, and people who must unseal it.
    fn start(&mut self, fields: &Fields<'_>) -> Vec<RawStage> {
        let mut stages = Vec::new();
        if let Some(id) = fields.get("start") {
            stages.extend(self.stages(id, "a start").unwrap_or_default());
        }
        if let Some(id) = fields.get("replay")
            && let Some(law) = self.law(id, "a replay", Bare::Fixed)
        {
            stages.push(RawStage::of(law));
        }
        if let Some(id) = fields.get("sealed")
            && let Some(stage) = self.sealed(id)
        {
            stages.push(stage);
        }
        // What takes no time and nobody is no stage.
        stages.retain(|stage| stage.crew.is_some() || stage.law.mean() > 0.0);
        stages
    }

    fn sealed(&mut self, id: NodeId) -> Option<RawStage> {
        let fields = self.fields(id, SEALED)?;
        let crew = match fields.get("crew") {
            Some(id) => self.text(id, "the name of a crew"),
            None => {
                self.missing(fields.span, SEALED.of, "crew", "who can open it");
                None
            }
        };
        let law = match fields.get("takes") {
            Some(id) => self.law(id, "`takes`", Bare::Fixed),
            None => {
                self.missing(
                    fields.span,
                    SEALED.of,
                    "takes",
                    "how long it takes once they are there",
                );
                None
            }
        };
        let people = fields.get("people").and_then(|id| self.count(id, "`people`", 1));
        Some(RawStage { law: law?, crew: Some(crew?), people })
    }
}
