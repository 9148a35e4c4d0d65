//! Platforms as written, and what domains, services and the calendar say that only they evaluate.

use super::people::PLAN;
use super::{Name, RawExpr, RawVolume};
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::platform::{Controller, Patience, Timers, Volume};
use crate::spec::read::{Bare, Fields, Keys, Reader};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{NodeId, Value};
use crate::units::{SimSpan, parse_cpu, parse_size};

#[derive(Debug)]
pub(crate) struct RawPlatform {
    /// Where the section begins.
    pub(crate) span: Span,
    pub(crate) profile: Name,
    /// Of the only cluster, where it is not one of several.
    pub(crate) control_plane: Option<RawExpr>,
    /// The same; `None` is whatever services with a controller name.
    pub(crate) nodes: Option<Spanned<Vec<Name>>>,
    pub(crate) clusters: Vec<RawCluster>,
    pub(crate) timers: Timers,
}

#[derive(Debug)]
pub(crate) struct RawCluster {
    pub(crate) name: Name,
    pub(crate) control_plane: Option<RawExpr>,
    pub(crate) nodes: Spanned<Vec<Name>>,
}

/// So much of a resource.
#[derive(Debug)]
pub(crate) struct RawAmount {
    pub(crate) resource: Name,
    /// Bytes of memory; thousandths of anything else.
    pub(crate) value: u64,
}

/// What a domain says as a node.
#[derive(Debug, Default)]
pub(crate) struct RawNode {
    /// Where it first says anything.
    pub(crate) span: Option<Span>,
    pub(crate) capacity: Vec<RawAmount>,
    pub(crate) overhead: Vec<RawAmount>,
    pub(crate) taints: Vec<Name>,
    /// Bytes.
    pub(crate) storage: Option<Spanned<f64>>,
}

/// What a service says to its controller.
#[derive(Debug)]
pub(crate) struct RawWorkload {
    pub(crate) controller: Spanned<Controller>,
    pub(crate) requests: Vec<RawAmount>,
    pub(crate) uses: Vec<RawAmount>,
    pub(crate) limits: Vec<RawAmount>,
    pub(crate) tolerates: Vec<Name>,
    pub(crate) toleration: Option<Spanned<SimSpan>>,
    pub(crate) budget: Option<RawBudget>,
    pub(crate) priority: i64,
    pub(crate) volume: Volume,
    pub(crate) replicated: Option<RawVolume>,
    pub(crate) rollout: Option<RawRollout>,
}

impl RawWorkload {
    /// Whether its replicas are given their nodes while it runs.
    pub(crate) fn is_scheduled(&self) -> bool {
        self.controller.value.is_scheduled()
    }
}

/// A number, or a part of all replicas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Share {
    Count(u64),
    Part(f64),
}

#[derive(Debug)]
pub(crate) struct RawBudget {
    /// Whether so many must be available, or else may be missing.
    pub(crate) is_least: bool,
    pub(crate) share: Spanned<Share>,
}

#[derive(Debug)]
pub(crate) struct RawRollout {
    pub(crate) span: Span,
    pub(crate) surge: Option<Spanned<Share>>,
    pub(crate) unavailable: Option<Spanned<Share>>,
}

#[derive(Debug)]
pub(crate) struct RawSpread {
    pub(crate) by: Name,
    pub(crate) required: bool,
    pub(crate) skew: Option<Spanned<u64>>,
}

/// An entry of the calendar that replaces replicas.
#[derive(Debug)]
pub(crate) struct RawRolloutPlan {
    pub(crate) name: Name,
    pub(crate) every: Option<Spanned<f64>>,
    pub(crate) at: f64,
    pub(crate) services: Vec<Name>,
    pub(crate) about: Option<String>,
}

/// The most of any resource, in its smallest unit: 100 TB of memory. All units of a topology together
/// can then be added up.
const MOST_OF_A_RESOURCE: f64 = 1e14;
/// Thousandths in one.
const THOUSANDTHS: f64 = 1e3;
/// The highest and, below zero, the lowest priority.
const HIGHEST_PRIORITY: i64 = 1_000_000_000;

const PLATFORM: Keys = Keys {
    of: "a platform",
    read: &[
        "profile",
        "control_plane",
        "nodes",
        "clusters",
        "lease_renew",
        "node_monitor_grace",
        "node_monitor_period",
        "toleration",
        "unhealthy_zone",
        "force_detach",
        "force_delete",
        "termination",
        "schedule",
        "image_pull",
        "attach",
        "crash_loop",
        "volumes",
        "memory_pressure",
        "about",
    ],
    later: &[],
};
const CLUSTER: Keys =
    Keys { of: "a cluster", read: &["nodes", "control_plane", "about"], later: &[] };
const UNHEALTHY_ZONE: Keys =
    Keys { of: "an unhealthy zone", read: &["threshold", "small_cluster"], later: &[] };
const CRASH_LOOP: Keys =
    Keys { of: "a crash loop", read: &["base", "max", "reset_after"], later: &[] };
const MEMORY_PRESSURE: Keys = Keys { of: "memory pressure", read: &["every", "lasts"], later: &[] };
const TOLERATES: Keys =
    Keys { of: "what a service tolerates", read: &["unreachable", "taints"], later: &[] };
const BUDGET: Keys =
    Keys { of: "a budget", read: &["min_available", "max_unavailable"], later: &[] };
const ROLLOUT: Keys = Keys { of: "a rollout", read: &["surge", "unavailable"], later: &[] };
const DRAIN: Keys = Keys { of: "a drain", read: &["gives_up"], later: &[] };
const SPREAD: Keys = Keys { of: "a spread", read: &["by", "rule", "skew"], later: &[] };

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[
    PLATFORM,
    CLUSTER,
    UNHEALTHY_ZONE,
    CRASH_LOOP,
    MEMORY_PRESSURE,
    TOLERATES,
    BUDGET,
    ROLLOUT,
    DRAIN,
    SPREAD,
];

/// Keys of a service that say something to its controller.
const OF_A_CONTROLLER: &[&str] =
    &["requests", "uses", "limits", "tolerates", "budget", "priority", "volume", "rollout"];
/// Who looks more often than this does nothing else.
const SHORTEST_LOOK_SECONDS: f64 = 1.0;
/// How often a node looks at its memory, and how long it counts as short of it afterwards, where the file
/// does not say it: reference/config-api/kubelet-config, `evictionPressureTransitionPeriod`, and
/// concepts/scheduling-eviction/node-pressure-eviction, "eviction monitoring interval".
const MEMORY_PRESSURE_OF_KUBERNETES: [SimSpan; 2] =
    [SimSpan::from_micros(10_000_000), SimSpan::from_micros(300_000_000)];
/// Keys of an entry of the calendar that say something of a rollout.
const OF_A_ROLLOUT: &[&str] = &["every", "at", "rollout", "about"];

impl Reader<'_> {
    pub(super) fn platform(&mut self, fields: &Fields<'_>) -> Option<RawPlatform> {
        let entry = fields.entry("platform")?;
        if let Value::Scalar { .. } = self.tree.node(entry.value).value {
            // A profile that does not exist, and that has been refused.
            return None;
        }
        let fields = self.fields(entry.value, PLATFORM)?;
        self.note(&fields, "about");
        let clusters = fields.get("clusters").map_or_else(Vec::new, |id| self.clusters(id));
        if fields.get("clusters").is_some() {
            for key in ["nodes", "control_plane"] {
                let Some(entry) = fields.entry(key) else { continue };
                let message = format!("`{key}` beside `clusters`");
                self.findings
                    .error(Code::WrongKind, entry.key_span, message)
                    .help("say it of each cluster");
            }
        }
        let control_plane = fields.get("control_plane").and_then(|id| self.expression(id));
        let nodes = self.nodes(&fields);
        let timers = self.timers(&fields);
        let profile = self.text(fields.get("profile")?, "a profile")?;
        let span = entry.key_span;
        Some(RawPlatform { span, profile, control_plane, nodes, clusters, timers: timers? })
    }

    fn clusters(&mut self, id: NodeId) -> Vec<RawCluster> {
        let Some(map) = self.map(id, "`clusters`") else { return Vec::new() };
        if map.entries.is_empty() {
            self.findings
                .error(Code::MissingKey, map.span, "no clusters")
                .help("name them: `clusters: {central: {nodes: node}}`");
        }
        let clusters = map.entries.iter().map(|entry| {
            let name = Spanned::new(entry.key.clone(), entry.key_span);
            self.check_name(&name, false);
            let fields = self.fields(entry.value, CLUSTER)?;
            self.note(&fields, "about");
            let control_plane = fields.get("control_plane").and_then(|id| self.expression(id));
            let nodes = self.nodes(&fields);
            if fields.get("nodes").is_none() {
                let example = "the domains or units that are its nodes";
                self.missing(name.span, CLUSTER.of, "nodes", example);
            }
            Some(RawCluster { name, control_plane, nodes: nodes? })
        });
        clusters.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn nodes(&mut self, fields: &Fields<'_>) -> Option<Spanned<Vec<Name>>> {
        let entry = fields.entry("nodes")?;
        let nodes = self.texts(entry.value, "the name of a node");
        if matches!(&self.tree.node(entry.value).value, Value::List(items) if items.is_empty()) {
            self.findings
                .error(Code::WrongKind, self.tree.span(entry.value), "an empty list of nodes")
                .help("name domains or units");
        }
        Some(Spanned::new(nodes, entry.key_span))
    }

    /// All timers; those that the file does not say are there by its profile.
    fn timers(&mut self, fields: &Fields<'_>) -> Option<Timers> {
        let mut span = |key: &str| {
            let span = self.duration(fields.get(key)?, &format!("`{key}`"))?;
            Some(SimSpan::from_seconds(span.value))
        };
        let lease_renew = span("lease_renew");
        let node_monitor_grace = span("node_monitor_grace");
        let node_monitor_period = span("node_monitor_period");
        let toleration = span("toleration");
        let force_detach = span("force_detach");
        let mut law = |key: &str| self.law(fields.get(key)?, &format!("`{key}`"), Bare::Fixed);
        let termination = law("termination");
        let schedule = law("schedule");
        let image_pull = law("image_pull");
        let attach = law("attach");
        let force_delete = self.force_delete(fields);
        let zone = fields.get("unhealthy_zone").and_then(|id| self.unhealthy_zone(id));
        let crash_loop = fields.get("crash_loop").and_then(|id| self.crash_loop(id));
        let volumes = fields.get("volumes").and_then(|id| self.volume_timers(id));
        let [memory_every, memory_lasts] = self.memory_pressure(fields);
        let ((unhealthy_zone, small_cluster), [base, max, reset]) = (zone?, crash_loop?);
        Some(Timers {
            lease_renew: lease_renew?,
            node_monitor_grace: node_monitor_grace?,
            node_monitor_period: node_monitor_period?,
            toleration: toleration?,
            unhealthy_zone,
            small_cluster,
            force_detach: force_detach?,
            force_delete: force_delete?,
            termination: termination?,
            schedule: schedule?,
            image_pull: image_pull?,
            attach: attach?,
            crash_loop_base: base,
            crash_loop_max: max,
            crash_loop_reset: reset,
            volumes: volumes?,
            memory_every,
            memory_lasts,
        })
    }

    /// `never`, or a law.
    fn force_delete(&mut self, fields: &Fields<'_>) -> Option<Option<Law>> {
        let id = fields.get("force_delete")?;
        match &self.tree.node(id).value {
            Value::Scalar { text, .. } if text == "never" => Some(None),
            _ => Some(Some(self.law(id, "`force_delete`", Bare::Fixed)?)),
        }
    }

    fn unhealthy_zone(&mut self, id: NodeId) -> Option<(f64, usize)> {
        let fields = self.fields(id, UNHEALTHY_ZONE)?;
        let threshold = self.percentage(fields.get("threshold")?, "`threshold`");
        let small = self.count(fields.get("small_cluster")?, "`small_cluster`", 0);
        Some((threshold?.value, usize::try_from(small?.value).unwrap_or(usize::MAX)))
    }

    fn crash_loop(&mut self, id: NodeId) -> Option<[SimSpan; 3]> {
        let fields = self.fields(id, CRASH_LOOP)?;
        let parts = ["base", "max", "reset_after"].map(|key| {
            let part = self.duration(fields.get(key)?, &format!("`{key}`"))?;
            Some(Spanned::new(SimSpan::from_seconds(part.value), part.span))
        });
        let [base, max, reset] = parts;
        let (base, max, reset) = (base?, max?, reset?);
        if max.value < base.value {
            self.findings
                .error(
                    Code::OutOfRange,
                    fields.span,
                    "restarts that wait longer at first than at most",
                )
                .help("let `base` be at most `max`");
        }
        Some([base.value, max.value, reset.value])
    }

    fn memory_pressure(&mut self, fields: &Fields<'_>) -> [SimSpan; 2] {
        let parts = fields.get("memory_pressure").and_then(|id| self.fields(id, MEMORY_PRESSURE));
        let mut part = |key: &str| self.duration(parts.as_ref()?.get(key)?, &format!("`{key}`"));
        let (every, lasts) = (part("every"), part("lasts"));
        if let Some(every) = every.filter(|every| every.value < SHORTEST_LOOK_SECONDS) {
            self.findings
                .error(Code::OutOfRange, every.span, "nodes that look at their memory without end")
                .help("`every` must be at least 1s");
        }
        let [usual_every, usual_lasts] = MEMORY_PRESSURE_OF_KUBERNETES;
        let span = |part: Spanned<f64>| SimSpan::from_seconds(part.value);
        [every.map_or(usual_every, span), lasts.map_or(usual_lasts, span)]
    }

    pub(super) fn node(&mut self, fields: &Fields<'_>) -> RawNode {
        let said =
            ["capacity", "overhead", "taints", "storage"].iter().find_map(|key| fields.entry(key));
        RawNode {
            span: said.map(|entry| entry.key_span),
            capacity: self.amounts(fields, "capacity"),
            overhead: self.amounts(fields, "overhead"),
            taints: fields.get("taints").map_or_else(Vec::new, |id| self.texts(id, "a taint")),
            storage: self.storage(fields),
        }
    }

    /// `{cpu: 500m, memory: 1GiB, gpu: 1}`.
    fn amounts(&mut self, fields: &Fields<'_>, key: &str) -> Vec<RawAmount> {
        let Some(id) = fields.get(key) else { return Vec::new() };
        let Some(map) = self.map(id, &format!("`{key}`")) else { return Vec::new() };
        let mut amounts = Vec::new();
        for entry in map.entries.iter().filter(|entry| !self.tree.is_null(entry.value)) {
            let resource = Spanned::new(entry.key.clone(), entry.key_span);
            self.check_name(&resource, false);
            if let Some(value) = self.amount(&entry.key, entry.value) {
                amounts.push(RawAmount { resource, value });
            }
        }
        amounts
    }

    /// So much of a resource, in its smallest unit.
    pub(super) fn amount(&mut self, resource: &str, id: NodeId) -> Option<u64> {
        let text = self.text(id, &format!("so much `{resource}`"))?;
        let value = match resource {
            "cpu" => self.quantity(parse_cpu(&text.value), text.span)?.value * THOUSANDTHS,
            "memory" => self.quantity(parse_size(&text.value), text.span)?.value,
            _ => self.number(id, &format!("so much `{resource}`"))? * THOUSANDTHS,
        };
        if (0.0..=MOST_OF_A_RESOURCE).contains(&value) {
            return Some(value.round() as u64);
        }
        let most = if resource == "memory" { "100TB" } else { "100000000000" };
        self.findings
            .error(Code::OutOfRange, text.span, format!("an impossible amount of `{resource}`"))
            .help(format!("it must be zero or more, and at most {most}"));
        None
    }

    /// What a service says to its controller, if it has one.
    pub(super) fn workload(&mut self, name: &Name, fields: &Fields<'_>) -> Option<RawWorkload> {
        let controllers = [
            ("deployment", Some(Controller::Deployment)),
            ("statefulset", Some(Controller::Statefulset)),
            ("daemonset", Some(Controller::Daemonset)),
            ("static", Some(Controller::Static)),
            ("external", None),
        ];
        let controller = match fields.get("controller") {
            Some(id) => {
                let controller = self.choice(id, "a controller", &controllers)?;
                controller.map(|controller| Spanned::new(controller, self.tree.span(id)))
            }
            None => None,
        };
        let Some(controller) = controller else {
            for entry in OF_A_CONTROLLER.iter().filter_map(|key| fields.entry(key)) {
                let message =
                    format!("`{}` of `{}`, which has no controller", entry.key, name.value);
                self.findings
                    .error(Code::MissingKey, entry.key_span, message)
                    .help("say which one it has, such as `controller: deployment`");
            }
            return None;
        };
        let (toleration, tolerates) = match fields.get("tolerates") {
            Some(id) => self.tolerates(id),
            None => (None, Vec::new()),
        };
        let (volume, replicated) = self.volume(fields).unwrap_or((Volume::Nothing, None));
        let priority = fields.get("priority").and_then(|id| self.priority(id));
        Some(RawWorkload {
            controller,
            requests: self.amounts(fields, "requests"),
            uses: self.amounts(fields, "uses"),
            limits: self.amounts(fields, "limits"),
            tolerates,
            toleration,
            budget: fields.get("budget").and_then(|id| self.budget(id)),
            priority: priority.unwrap_or(0),
            volume,
            replicated,
            rollout: fields.entry("rollout").and_then(|entry| {
                let fields = self.fields(entry.value, ROLLOUT)?;
                let (surge, unavailable) =
                    (self.share_of(&fields, "surge"), self.share_of(&fields, "unavailable"));
                Some(RawRollout { span: entry.key_span, surge, unavailable })
            }),
        })
    }

    fn tolerates(&mut self, id: NodeId) -> (Option<Spanned<SimSpan>>, Vec<Name>) {
        let Some(fields) = self.fields(id, TOLERATES) else { return (None, Vec::new()) };
        let toleration = fields.entry("unreachable").and_then(|entry| {
            let seconds = self.duration(entry.value, "`unreachable`")?;
            Some(Spanned::new(SimSpan::from_seconds(seconds.value), entry.key_span))
        });
        let taints = fields.get("taints").map_or_else(Vec::new, |id| self.texts(id, "a taint"));
        (toleration, taints)
    }

    fn budget(&mut self, id: NodeId) -> Option<RawBudget> {
        let fields = self.fields(id, BUDGET)?;
        let [least, most] = ["min_available", "max_unavailable"].map(|key| fields.entry(key));
        match (least, most) {
            (Some(entry), None) | (None, Some(entry)) => Some(RawBudget {
                is_least: least.is_some(),
                share: self.share(entry.value, &format!("`{}`", entry.key))?,
            }),
            (Some(least), Some(most)) => {
                self.findings
                    .error(Code::WrongKind, most.key_span, "a budget in two ways")
                    .label(least.key_span, "the other one")
                    .help("keep `min_available` or `max_unavailable`, one of them");
                None
            }
            (None, None) => {
                let example = "how many must be up, such as `min_available: 2`";
                self.missing(fields.span, BUDGET.of, "min_available", example);
                None
            }
        }
    }

    fn share_of(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<Share>> {
        self.share(fields.get(key)?, &format!("`{key}`"))
    }

    /// A number of replicas, or a percentage of them.
    fn share(&mut self, id: NodeId, what: &str) -> Option<Spanned<Share>> {
        let text = self.text(id, what)?;
        if text.value.trim_end().ends_with('%') {
            let part = self.percentage(id, what)?;
            return Some(Spanned::new(Share::Part(part.value), part.span));
        }
        let count = self.count(id, what, 0)?;
        Some(Spanned::new(Share::Count(count.value), count.span))
    }

    fn priority(&mut self, id: NodeId) -> Option<i64> {
        let text = self.text(id, "`priority`")?;
        let range = -HIGHEST_PRIORITY..=HIGHEST_PRIORITY;
        let priority = text.value.parse::<i64>().ok().filter(|number| range.contains(number));
        if priority.is_none() {
            let message = format!("`{}` is not a priority", text.value);
            self.findings.error(Code::BadQuantity, text.span, message).help(format!(
                "it is a whole number, at most {HIGHEST_PRIORITY}: what has a higher one comes first"
            ));
        }
        priority
    }

    /// One spread, or a list of them.
    pub(super) fn spreads(&mut self, id: NodeId) -> Vec<RawSpread> {
        let spreads = self.list(id).into_iter().map(|id| self.spread(id));
        spreads.collect::<Vec<_>>().into_iter().flatten().collect()
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
        let skew = fields.get("skew").and_then(|id| self.count(id, "`skew`", 1));
        Some(RawSpread { by: by?, required: rule.unwrap_or(false), skew })
    }

    /// `true`, `false`, or how long budgets are waited for.
    pub(super) fn patience(&mut self, fields: &Fields<'_>) -> Option<Spanned<Patience>> {
        let entry = fields.entry("drain")?;
        let patience = match &self.tree.node(entry.value).value {
            Value::Map(_) => {
                let fields = self.fields(entry.value, DRAIN)?;
                let gives_up = fields.get("gives_up").map(|id| self.duration(id, "`gives_up`"));
                match gives_up {
                    None => Patience::Endless,
                    Some(after) => Patience::Until(SimSpan::from_seconds(after?.value)),
                }
            }
            _ => self.truth(entry.value, "`drain`")?.then_some(Patience::Endless)?,
        };
        Some(Spanned::new(patience, entry.key_span))
    }

    /// An entry of the calendar that says `rollout`.
    pub(super) fn rollout_plan(&mut self, name: Name, fields: &Fields<'_>) -> RawRolloutPlan {
        let others = PLAN.read.iter().filter(|key| !OF_A_ROLLOUT.contains(key));
        for entry in others.filter_map(|key| fields.entry(key)) {
            let message = format!("`{}` beside `rollout`", entry.key);
            self.findings
                .error(Code::WrongKind, entry.key_span, message)
                .help("how many are replaced at a time stands under `rollout` of each service");
        }
        let every = match fields.get("every") {
            Some(id) => self.duration(id, "`every`"),
            None => {
                let example = "how often it begins, such as `every: 14d`";
                self.missing(name.span, "a rollout of the calendar", "every", example);
                None
            }
        };
        let at = fields.get("at").and_then(|id| self.duration(id, "`at`"));
        let services = self.names(fields, "rollout");
        let about = self.note(fields, "about");
        RawRolloutPlan { name, every, at: at.map_or(0.0, |at| at.value), services, about }
    }
}
