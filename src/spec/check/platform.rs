//! Platforms: which nodes make clusters, and what controllers may do with which replicas.

use std::collections::{BTreeMap, BTreeSet};

use super::all::{Checker, index_of};
use super::failures::planned;
use crate::spec::diagnostic::Code;
use crate::spec::platform::{
    Cluster, Controller, Node, Platform, RolloutPlan, Spread, Timers, Workload,
};
use crate::spec::raw::{
    Name, RawAmount, RawEntry, RawExpr, RawNode, RawPlatform, RawRolloutPlan, RawService,
    RawSpread, RawWorkload, Share,
};
use crate::spec::read::listed;
use crate::spec::source::{Span, Spanned};
use crate::spec::topology::FailureMode;
use crate::units::SimSpan;

/// Nodes that all workloads together may stand on, and domains of these that they are spread over.
const MOST_CANDIDATES: usize = 2_000_000;
/// Resources that every platform knows, and that a node has without end where the file says nothing.
const RESOURCES: [&str; 2] = ["cpu", "memory"];
/// How many replicas a rollout of a deployment adds and takes down where the file does not say.
const DEFAULT_ROLLOUT: Share = Share::Part(0.25);
/// What is nearer to a whole number differs from it by the noise of a multiplication.
pub(super) const ROUNDING: f64 = 1e-9;

/// What is said to be the cause where a replica never had a node: no name of a failure mode of a file
/// has a space.
const UNPLACED: &str = "no node";

/// A service with its controller, and the units that its `on` names.
pub(super) struct Controlled<'a> {
    pub(super) service: usize,
    pub(super) raw: &'a RawService,
    pub(super) workload: &'a RawWorkload,
    pub(super) on: Vec<usize>,
}

/// A cluster as written, with whatever names it has.
struct Drawn<'a> {
    name: String,
    control_plane: Option<&'a RawExpr>,
    nodes: Vec<usize>,
    span: Span,
}

impl<'a> Checker<'a> {
    /// The platform, if the file has one.
    pub(super) fn platform(&mut self) -> Option<Platform> {
        let controlled = self.controlled();
        let Some(raw) = &self.raw.platform else {
            if !self.raw.says_platform {
                self.refuse_controllers(&controlled);
            }
            return None;
        };
        self.check_timers(&raw.timers, raw.span);
        let (clusters, cluster_of) = self.clusters(raw, &controlled);
        let resources = self.resources();
        let nodes = self.nodes(&cluster_of, &resources);
        let timers = raw.timers.clone();
        let (workloads, rollouts) = (Vec::new(), Vec::new());
        let unplaced = self.modes.len();
        if !controlled.is_empty() {
            self.modes.push(FailureMode {
                is_planned: false,
                ..planned(UNPLACED.to_owned(), Vec::new())
            });
        }
        let mut platform =
            Platform { clusters, timers, resources, nodes, workloads, rollouts, unplaced };
        for controlled in &controlled {
            if let Some(workload) = self.workload(controlled, &platform) {
                platform.workloads.push(workload);
            }
        }
        self.refuse_overfull_nodes(&platform);
        self.check_memory(&platform);
        self.warn_of_crowded_storage(&platform);
        platform.rollouts = self.rollouts();
        Some(platform)
    }

    /// Services that have a controller, and the nodes that they name.
    fn controlled(&mut self) -> Vec<Controlled<'a>> {
        let mut all = Vec::new();
        let mut candidates = 0_usize;
        for (service, raw) in self.raw.services.iter().enumerate() {
            let Some(workload) = &raw.workload else { continue };
            if raw.on.is_empty() {
                let message = format!("`{}` has a controller, and nowhere to run", raw.name.value);
                self.findings
                    .error(Code::MissingKey, workload.controller.span, message)
                    .help("name the nodes that it may run on: `on: node`");
            }
            let on = self.node_units(&raw.on);
            candidates = candidates.saturating_add(on.len() * (1 + raw.spreads.len()));
            if candidates > MOST_CANDIDATES {
                let message = format!("more than {MOST_CANDIDATES} nodes of all services together");
                self.findings
                    .error(Code::TooLarge, raw.name.span, message)
                    .help("name fewer nodes under `on`, or have fewer services with a controller");
                break;
            }
            let mut known = BTreeSet::new();
            if let Some(&twice) = on.iter().find(|unit| !known.insert(**unit)) {
                self.named_twice(twice, raw.on[0].span);
            }
            all.push(Controlled { service, raw, workload, on });
        }
        all
    }

    /// Units that are named as nodes: domains, not replicas.
    pub(super) fn node_units(&mut self, names: &[Name]) -> Vec<usize> {
        let mut units = self.units.resolve(names, self.findings);
        for name in names {
            let group = self.units.group(&name.value).map(|group| group.units.start);
            let Some(unit) = group.or(self.units.unit(&name.value)) else { continue };
            if self.units.list[unit].level.is_none() {
                self.findings
                    .error(Code::WrongReference, name.span, format!("`{}` is no node", name.value))
                    .help("nodes are domains, or units of domains");
            }
        }
        units.retain(|unit| self.units.list[*unit].level.is_some());
        units
    }

    pub(super) fn named_twice(&mut self, unit: usize, span: Span) {
        let message = format!("`{}` is named twice", self.units.list[unit].path);
        self.findings
            .error(Code::DuplicateName, span, message)
            .help("name each node once; a domain stands for all of its units");
    }

    fn refuse_controllers(&mut self, controlled: &[Controlled<'_>]) {
        for Controlled { raw, workload, .. } in controlled {
            let message =
                format!("`{}` has a controller, and there is no platform", raw.name.value);
            self.findings
                .error(Code::MissingKey, workload.controller.span, message)
                .help("say whose controllers they are: `platform: kubernetes`");
        }
        for entry in &self.raw.calendar {
            if let (RawEntry::Rollout(rollout), []) = (entry, controlled) {
                self.findings
                    .error(Code::MissingKey, rollout.name.span, "a rollout without a platform")
                    .help("say who replaces replicas: `platform: kubernetes`");
            }
        }
    }

    fn check_timers(&mut self, timers: &Timers, span: Span) {
        if timers.node_monitor_grace < timers.lease_renew {
            self.findings
                .error(Code::OutOfRange, span, "nodes that are well would count as lost")
                .help("`node_monitor_grace` must not be shorter than `lease_renew`");
        }
    }

    /// Clusters, and which unit is a node of which.
    fn clusters(
        &mut self,
        raw: &'a RawPlatform,
        controlled: &[Controlled<'_>],
    ) -> (Vec<Cluster>, BTreeMap<usize, usize>) {
        let mut drawn: Vec<Drawn<'a>> = Vec::new();
        for cluster in &raw.clusters {
            drawn.push(Drawn {
                name: cluster.name.value.clone(),
                control_plane: cluster.control_plane.as_ref(),
                nodes: self.node_units(&cluster.nodes.value),
                span: cluster.nodes.span,
            });
        }
        if drawn.is_empty() {
            let named: BTreeSet<usize> =
                controlled.iter().flat_map(|controlled| controlled.on.iter().copied()).collect();
            drawn.push(Drawn {
                name: raw.profile.value.clone(),
                control_plane: raw.control_plane.as_ref(),
                nodes: match &raw.nodes {
                    Some(nodes) => self.node_units(&nodes.value),
                    None => named.into_iter().collect(),
                },
                span: raw.nodes.as_ref().map_or(raw.span, |nodes| nodes.span),
            });
        }
        let mut cluster_of = BTreeMap::new();
        for (cluster, Drawn { name, nodes, span, .. }) in drawn.iter().enumerate() {
            for &unit in nodes {
                match cluster_of.insert(unit, cluster) {
                    None => {}
                    Some(other) if other == cluster => self.named_twice(unit, *span),
                    Some(other) => {
                        let path = &self.units.list[unit].path;
                        let message = format!(
                            "`{path}` is a node of `{}` and of `{name}`",
                            drawn[other].name
                        );
                        self.findings
                            .error(Code::DuplicateName, *span, message)
                            .help("a node belongs to one cluster");
                    }
                }
            }
        }
        let clusters = drawn.into_iter().map(|drawn| Cluster {
            control_plane: drawn.control_plane.and_then(|needs| self.expression(needs)),
            name: drawn.name,
        });
        (clusters.collect(), cluster_of)
    }

    /// What can be requested: what everybody knows, and whatever else nodes have.
    fn resources(&self) -> Vec<String> {
        let mut resources: Vec<String> = RESOURCES.map(str::to_owned).to_vec();
        for amount in self.raw.domains.iter().flat_map(|domain| &domain.node.capacity) {
            if !resources.contains(&amount.resource.value) {
                resources.push(amount.resource.value.clone());
            }
        }
        resources
    }

    fn nodes(&mut self, cluster_of: &BTreeMap<usize, usize>, resources: &[String]) -> Vec<Node> {
        let raw = self.raw;
        let index = index_of(raw.domains.iter().map(|domain| &domain.name));
        let capacities: Vec<Vec<u64>> =
            raw.domains.iter().map(|domain| self.capacity(&domain.node, resources)).collect();
        let node = |(&unit, &cluster): (&usize, &usize)| {
            let group = &self.units.group_names[self.units.list[unit].group];
            let domain = *index.get(group)?;
            let taints = raw.domains[domain].node.taints.iter().map(|taint| taint.value.clone());
            let capacity = capacities[domain].clone();
            let storage =
                raw.domains[domain].node.storage.map_or(u64::MAX, |storage| storage.value as u64);
            Some(Node { unit, cluster, capacity, taints: taints.collect(), storage })
        };
        cluster_of.iter().filter_map(node).collect()
    }

    /// By resource, what replicas may request of a node together.
    fn capacity(&mut self, raw: &RawNode, resources: &[String]) -> Vec<u64> {
        for overhead in &raw.overhead {
            let resource = &overhead.resource;
            let of_it = |amount: &&RawAmount| amount.resource.value == resource.value;
            match raw.capacity.iter().find(of_it) {
                None => {
                    let message = format!("an overhead of `{0}`, and no capacity", resource.value);
                    self.findings.error(Code::MissingKey, resource.span, message).help(format!(
                        "say how much it has: `capacity: {{{}: ...}}`",
                        resource.value
                    ));
                }
                Some(capacity) if capacity.value < overhead.value => {
                    let message = format!(
                        "an overhead of {} of {} `{}`",
                        shown(overhead.value, &resource.value),
                        shown(capacity.value, &resource.value),
                        resource.value
                    );
                    self.findings
                        .error(Code::OutOfRange, resource.span, message)
                        .label(capacity.resource.span, "this much there is")
                        .help("nothing is left for replicas; at most the capacity");
                }
                Some(_) => {}
            }
        }
        let of = |amounts: &[RawAmount], resource: &String| {
            let amount = amounts.iter().find(|amount| amount.resource.value == *resource);
            amount.map(|amount| amount.value)
        };
        let left = resources.iter().map(|resource| {
            let without_end = RESOURCES.contains(&resource.as_str());
            match of(&raw.capacity, resource) {
                Some(all) => all.saturating_sub(of(&raw.overhead, resource).unwrap_or(0)),
                None if without_end => u64::MAX,
                // What other nodes have by name, this one has not.
                None => 0,
            }
        });
        left.collect()
    }

    /// A platform that nothing runs on, and capacities and taints of what nothing is placed on.
    pub(super) fn warn_of_idle_platforms(&mut self, platform: Option<&Platform>) {
        let is_idle = platform.is_some_and(|platform| platform.workloads.is_empty());
        if let (Some(raw), true) = (&self.raw.platform, is_idle) {
            self.findings
                .warning(Code::NoEffect, raw.span, "a platform with nothing to run")
                .help("give a service a controller, such as `controller: deployment`");
        }
        for domain in &self.raw.domains {
            // A file that is extended may say more than each of its users needs.
            let Some(span) = domain.node.span.filter(|span| span.file == 0) else { continue };
            let Some(group) = self.units.group(&domain.name.value) else { continue };
            let is_node = |unit| platform.is_some_and(|all| node_of(all, unit).is_some());
            if !group.units.clone().any(is_node) {
                let message = format!("`{}` is no node of a platform", domain.name.value);
                self.findings.warning(Code::NoEffect, span, message).help(
                    "let a service with a controller run on it, or name it under `nodes` of `platform`",
                );
            }
        }
    }

    fn workload(&mut self, of: &Controlled<'_>, platform: &Platform) -> Option<Workload> {
        let &Controlled { service, raw, workload, ref on } = of;
        let controller = workload.controller.value;
        let replicas = self.services[service].replicas.len();
        let requests = self.requests(workload, &platform.resources);
        self.warn_of_what_is_never_asked(of, platform);
        let min_available = self.min_available(of, replicas);
        let (surge, unavailable) = self.rollout(of, replicas);
        let nodes: Vec<&Node> = on.iter().filter_map(|unit| node_of(platform, *unit)).collect();
        let cluster = self.cluster(of, &nodes, platform)?;
        let let_on = self.let_on(of, &nodes)?;
        let memory = self.memory(of, &requests, &let_on);
        let replicated = match &workload.replicated {
            Some(raw) => Some(self.replicated_volume(of, raw, cluster, platform)?),
            None => None,
        };
        let mut spreads = Vec::new();
        if workload.is_scheduled() {
            self.refuse_what_fits_nowhere(of, &requests, &let_on, platform);
            for spread in &raw.spreads {
                spreads.extend(self.spread(of, spread, &let_on, replicas));
            }
        }
        Some(Workload {
            service,
            controller,
            cluster,
            nodes: on.clone(),
            requests,
            memory,
            spreads,
            tolerates: workload.tolerates.iter().map(|taint| taint.value.clone()).collect(),
            toleration: workload.toleration.map(|toleration| toleration.value),
            min_available,
            priority: workload.priority,
            volume: workload.volume,
            replicated,
            surge,
            unavailable,
        })
    }

    /// By resource, what each replica requests.
    fn requests(&mut self, workload: &RawWorkload, resources: &[String]) -> Vec<u64> {
        let mut requests = vec![0; resources.len()];
        for amount in &workload.requests {
            let name = &amount.resource;
            if let Some(resource) = resources.iter().position(|known| *known == name.value) {
                requests[resource] = amount.value;
                continue;
            }
            let known: Vec<&str> = resources.iter().map(String::as_str).collect();
            let help = self.findings.help_with(&name.value, known.iter().copied(), || {
                format!("nodes may have {}; others need a `capacity`", listed(&known))
            });
            let message = format!("no node has any `{}`", name.value);
            self.findings.error(Code::UnknownName, name.span, message).help(help);
        }
        Self::requests_its_limit(workload, &mut requests);
        requests
    }

    /// What a controller like this does not look at, and taints that no node has.
    fn warn_of_what_is_never_asked(&mut self, of: &Controlled<'_>, platform: &Platform) {
        let Controlled { raw, workload, .. } = of;
        let known: BTreeSet<&str> =
            platform.nodes.iter().flat_map(|node| &node.taints).map(String::as_str).collect();
        for taint in workload.tolerates.iter().filter(|taint| !known.contains(&*taint.value)) {
            let help = self.findings.help_with(&taint.value, known.iter().copied(), || {
                "taints stand at domains: `taints: [control-plane]`".to_owned()
            });
            let message = format!("no node has the taint `{}`", taint.value);
            self.findings.warning(Code::NoEffect, taint.span, message).help(help);
        }
        if workload.is_scheduled() {
            return;
        }
        let toleration = workload.toleration.map(|toleration| (toleration.span, "`unreachable`"));
        let budget = workload.budget.as_ref().map(|budget| (budget.share.span, "a budget"));
        for (span, what) in toleration.into_iter().chain(budget) {
            let message = format!("{what} of `{}`, which nobody evicts", raw.name.value);
            self.findings
                .warning(Code::NoEffect, span, message)
                .help("replicas of a daemonset, and static ones, stay on their nodes: remove it");
        }
    }

    /// The cluster that all nodes of a service are of.
    fn cluster(
        &mut self,
        of: &Controlled<'_>,
        nodes: &[&Node],
        platform: &Platform,
    ) -> Option<usize> {
        let name = &of.raw.name.value;
        let span = of.raw.on.first()?.span;
        let path = |unit: usize| self.units.list[unit].path.as_str();
        let of_none = of.on.iter().find(|unit| node_of(platform, **unit).is_none());
        let first = nodes.first();
        let elsewhere = nodes.iter().find(|node| Some(node.cluster) != first.map(|f| f.cluster));
        let (message, help) = match (of_none, first, elsewhere) {
            (None, Some(first), None) => return Some(first.cluster),
            (Some(&unit), ..) => (
                format!("`{name}` runs on `{}`, which is a node of no cluster", path(unit)),
                "name it under `nodes` of one",
            ),
            (None, Some(first), Some(other)) => {
                let cluster = |node: &Node| &platform.clusters[node.cluster].name;
                let message = format!(
                    "`{name}` runs in two clusters: `{}` is a node of `{}`, `{}` of `{}`",
                    path(first.unit),
                    cluster(first),
                    path(other.unit),
                    cluster(other)
                );
                (message, "a controller moves replicas within one cluster: make it two services")
            }
            // What it names is nothing, which has been said.
            (None, None, _) => return None,
        };
        self.findings.error(Code::WrongReference, span, message).help(help);
        None
    }

    /// Nodes whose taints a service tolerates: all of them for static replicas, which nobody asks.
    fn let_on<'n>(&mut self, of: &Controlled<'_>, nodes: &[&'n Node]) -> Option<Vec<&'n Node>> {
        let Controlled { raw, workload, .. } = of;
        let tolerated = |taint: &&String| workload.tolerates.iter().any(|t| t.value == **taint);
        let kept_off = |node: &Node| node.taints.iter().find(|taint| !tolerated(taint)).cloned();
        let first = nodes.iter().find_map(|node| Some((node.unit, kept_off(node)?)));
        let let_on: Vec<&Node> =
            nodes.iter().copied().filter(|node| kept_off(node).is_none()).collect();
        let (unit, taint) = match (workload.controller.value, first) {
            (Controller::Static, _) | (_, None) => return Some(nodes.to_vec()),
            (Controller::Daemonset, Some(first)) => first,
            (_, Some(first)) if let_on.is_empty() => first,
            (..) => return Some(let_on),
        };
        let path = &self.units.list[unit].path;
        let message = format!("`{path}` keeps `{}` off by its taint `{taint}`", raw.name.value);
        self.findings.error(Code::Unplaceable, raw.on[0].span, message).help(format!(
            "let it tolerate that, `tolerates: {{taints: [{taint}]}}`, or run on others"
        ));
        None
    }

    fn refuse_what_fits_nowhere(
        &mut self,
        of: &Controlled<'_>,
        requests: &[u64],
        nodes: &[&Node],
        platform: &Platform,
    ) {
        let Controlled { raw, workload, .. } = of;
        let fits = |node: &&Node| requests.iter().zip(&node.capacity).all(|(r, has)| r <= has);
        if nodes.iter().any(fits) {
            return;
        }
        let name = &raw.name.value;
        for (resource, &request) in requests.iter().enumerate() {
            let most = nodes.iter().map(|node| node.capacity[resource]).max().unwrap_or(0);
            if request <= most {
                continue;
            }
            let resource = &platform.resources[resource];
            let stated = workload.requests.iter().chain(&workload.limits);
            let stated = stated.into_iter().find(|amount| amount.resource.value == *resource);
            let span = stated.map_or(raw.span, |amount| amount.resource.span);
            let message = format!(
                "`{name}` requests {} `{resource}`, and no node has more than {}",
                shown(request, resource),
                shown(most, resource)
            );
            self.findings
                .error(Code::Unplaceable, span, message)
                .help("request less, or have a node with so much `capacity` beside its `overhead`");
            return;
        }
        self.findings
            .error(Code::Unplaceable, raw.span, format!("no node has all that `{name}` requests"))
            .help("some have enough of one resource, others of another: one node must have both");
    }

    /// Replicas that are bound to a node take what they request, whatever else runs there.
    fn refuse_overfull_nodes(&mut self, platform: &Platform) {
        let bound = |workload: &&Workload| {
            matches!(workload.controller, Controller::Static | Controller::Daemonset)
        };
        let mut taken: BTreeMap<usize, (Vec<u64>, usize)> = BTreeMap::new();
        for workload in platform.workloads.iter().filter(bound) {
            let replicas = self.services[workload.service].replicas.len();
            for (place, &unit) in workload.nodes.iter().enumerate() {
                // Replica i stands on node i mod n.
                let here = replicas / workload.nodes.len()
                    + usize::from(place < replicas % workload.nodes.len());
                let none = vec![0; workload.requests.len()];
                let (taken, last) = taken.entry(unit).or_insert((none, workload.service));
                for (taken, request) in taken.iter_mut().zip(&workload.requests) {
                    *taken = taken.saturating_add(request.saturating_mul(here as u64));
                }
                *last = workload.service;
            }
        }
        for (unit, (taken, last)) in taken {
            let Some(node) = node_of(platform, unit) else { continue };
            let over =
                (0..taken.len()).find(|resource| taken[*resource] > node.capacity[*resource]);
            let Some(over) = over else { continue };
            let resource = &platform.resources[over];
            let message = format!(
                "what is bound to `{}` requests {} of {} `{resource}`",
                self.units.list[unit].path,
                shown(taken[over], resource),
                shown(node.capacity[over], resource)
            );
            self.findings
                .error(Code::Unplaceable, self.raw.services[last].span, message)
                .help("replicas of daemonsets, and static ones, cannot go elsewhere: request less");
            return;
        }
    }

    /// How many replicas must be up for one to be evicted of which nobody needs to be.
    fn min_available(&mut self, of: &Controlled<'_>, replicas: usize) -> usize {
        let Some(budget) = &of.workload.budget else { return 0 };
        let name = &of.raw.name.value;
        let share = budget.share;
        let count = rounded(share.value, replicas, f64::ceil);
        if count > replicas {
            let message = format!("{count} of {replicas} replicas of `{name}`");
            self.findings
                .error(Code::Quorum, share.span, message)
                .help(format!("at most {replicas}"));
            return replicas;
        }
        let least = if budget.is_least { count } else { replicas - count };
        if least == replicas && of.workload.is_scheduled() {
            let message = format!("the budget of `{name}` blocks every drain for ever");
            // The file that is read is to be mended, and not one that it extends.
            let replicas = of.raw.replicas.map(|replicas| replicas.span);
            let replicas = replicas.filter(|span| span.file == 0 && share.span.file != 0);
            let help = "all of its replicas must be up: let one be missing, `max_unavailable: 1`";
            match replicas {
                Some(span) => self
                    .findings
                    .warning(Code::Budget, span, message)
                    .label(share.span, "the budget")
                    .help(help),
                None => self.findings.warning(Code::Budget, share.span, message).help(help),
            };
        }
        least
    }

    /// How many replicas a rollout may add, and how many it may take down.
    fn rollout(&mut self, of: &Controlled<'_>, replicas: usize) -> (usize, usize) {
        let controller = of.workload.controller;
        let name = &of.raw.name.value;
        let stated = of.workload.rollout.as_ref();
        let (surge, unavailable) = match stated {
            Some(rollout) => (rollout.surge, rollout.unavailable),
            None => (None, None),
        };
        let mut refuse = |span: Span, code: Code, message: String, help: &str| {
            self.findings.error(code, span, message).help(help);
        };
        if let (Some(rollout), Controller::Static) = (stated, controller.value) {
            let message = format!("a rollout of `{name}`, whose replicas are static");
            refuse(rollout.span, Code::WrongKind, message, "nobody replaces them: remove it");
            return (0, 0);
        }
        for share in surge.iter().chain(&unavailable) {
            if matches!(share.value, Share::Count(count) if count > replicas as u64) {
                let message = format!("more than the {replicas} replicas of `{name}` at a time");
                let help = "each is replaced once: name a part of them";
                refuse(share.span, Code::Quorum, message, help);
            }
        }
        let is_deployment = controller.value == Controller::Deployment;
        if let (Some(surge), false) = (surge, is_deployment) {
            let message = format!("a surge of `{name}`, which is no deployment");
            let help = "only a deployment adds replicas in a rollout; say `unavailable`";
            refuse(surge.span, Code::WrongKind, message, help);
        }
        let is_nothing =
            |share: Spanned<Share>| matches!(share.value, Share::Count(0) | Share::Part(0.0));
        // With one of the two unsaid, its default lets a rollout go on.
        let is_stuck = match (surge, unavailable) {
            (Some(surge), Some(unavailable)) => is_nothing(surge) && is_nothing(unavailable),
            (None, Some(unavailable)) => !is_deployment && is_nothing(unavailable),
            _ => false,
        };
        if let (Some(rollout), true) = (stated, is_stuck) {
            let message = format!("a rollout of `{name}` that replaces nothing");
            refuse(rollout.span, Code::OutOfRange, message, "let `surge` or `unavailable` be 1");
        }
        let value = |share: Option<Spanned<Share>>, default: Share, round: fn(f64) -> f64| {
            rounded(share.map_or(default, |share| share.value), replicas, round)
        };
        match controller.value {
            Controller::Static => (0, 0),
            Controller::Deployment => {
                let surge = value(surge, DEFAULT_ROLLOUT, f64::ceil);
                let unavailable = value(unavailable, DEFAULT_ROLLOUT, f64::floor);
                // What is rounded to nothing at all would never end.
                (surge, if surge == 0 { unavailable.max(1) } else { unavailable })
            }
            Controller::Statefulset | Controller::Daemonset => {
                (0, value(unavailable, Share::Count(1), f64::floor).max(1))
            }
        }
    }

    /// How replicas keep apart on the nodes that let them on.
    fn spread(
        &mut self,
        of: &Controlled<'_>,
        raw: &RawSpread,
        nodes: &[&Node],
        replicas: usize,
    ) -> Option<Spread> {
        if !self.is_level(&raw.by) {
            return None;
        }
        let level = &raw.by.value;
        let domain = |unit: usize| self.units.ancestor(unit, level);
        let domain_of: Vec<Option<usize>> = of.on.iter().map(|unit| domain(*unit)).collect();
        let domains: BTreeSet<usize> = nodes.iter().filter_map(|node| domain(node.unit)).collect();
        let (name, domains) = (&of.raw.name.value, domains.len());
        let apart = raw.required && raw.skew.is_none();
        if domains == 0 {
            self.findings
                .error(Code::Spread, raw.by.span, format!("`{name}` runs on no {level}"))
                .help("name a level that its nodes stand on, or are of");
        } else if apart && replicas > domains {
            let message =
                format!("{replicas} replicas of `{name}` apart on {domains} of level `{level}`");
            self.findings
                .error(Code::Spread, raw.by.span, message)
                .help(format!("have at least {replicas} of them, or make the rule `preferred`"));
        } else if apart && replicas == domains {
            let message = format!("a replica of `{name}` that loses its {level} stays pending");
            self.findings.warning(Code::Spread, raw.by.span, message).help(format!(
                "each of the {domains} of level `{level}` has one already: have one more, or make \
                 the rule `preferred`"
            ));
        }
        let skew = raw.skew.map(|skew| usize::try_from(skew.value).unwrap_or(usize::MAX));
        Some(Spread { level: level.clone(), domain_of, is_required: raw.required, skew })
    }

    fn rollouts(&mut self) -> Vec<RolloutPlan> {
        let raw = self.raw;
        let rollouts = raw.calendar.iter().filter_map(|entry| match entry {
            RawEntry::Rollout(rollout) => Some(rollout),
            RawEntry::Work(_) => None,
        });
        rollouts.filter_map(|rollout| self.rollout_plan(rollout)).collect()
    }

    fn rollout_plan(&mut self, raw: &RawRolloutPlan) -> Option<RolloutPlan> {
        self.refuse_name_of_a_mode(&raw.name);
        let mut services = Vec::new();
        for name in &raw.services {
            let Some(service) = self.replaced(name) else { continue };
            if services.contains(&service) {
                let message = format!("`{}` is listed twice", name.value);
                self.findings
                    .error(Code::DuplicateName, name.span, message)
                    .help("name each service once");
            }
            services.push(service);
        }
        if raw.services.is_empty() {
            self.findings
                .error(Code::MissingKey, raw.name.span, "a rollout of nothing")
                .help("name services that have a controller: `rollout: [web]`");
        }
        let every = raw.every?;
        self.check_period(every);
        let mode = self.modes.len();
        let about = raw.about.clone();
        self.modes.push(FailureMode { about, ..planned(raw.name.value.clone(), Vec::new()) });
        Some(RolloutPlan {
            name: raw.name.value.clone(),
            at: SimSpan::from_seconds(raw.at),
            every: SimSpan::from_seconds(every.value),
            services,
            mode,
        })
    }

    /// A service whose replicas a rollout can replace.
    fn replaced(&mut self, name: &Name) -> Option<usize> {
        let raw = self.raw;
        let Some(&service) = self.service_index.get(&name.value) else {
            let known = self.service_index.keys().map(String::as_str);
            let help = self.findings.help_with(&name.value, known, || {
                "name services that have a controller".to_owned()
            });
            let message = format!("there is no service `{}`", name.value);
            self.findings.error(Code::UnknownName, name.span, message).help(help);
            return None;
        };
        let workload = raw.services[service].workload.as_ref();
        match workload.map(|workload| workload.controller.value) {
            None | Some(Controller::Static) => {
                let message = format!("nobody replaces replicas of `{}`", name.value);
                self.findings
                    .error(Code::WrongReference, name.span, message)
                    .help("a rollout is of a deployment, a statefulset or a daemonset");
                None
            }
            Some(_) => Some(service),
        }
    }
}

/// The node that a unit is.
pub(super) fn node_of(platform: &Platform, unit: usize) -> Option<&Node> {
    let place = platform.nodes.binary_search_by_key(&unit, |node| node.unit).ok()?;
    Some(&platform.nodes[place])
}

/// So many replicas of all of them.
fn rounded(share: Share, replicas: usize, round: fn(f64) -> f64) -> usize {
    match share {
        Share::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
        Share::Part(part) => {
            let exact = part * replicas as f64;
            let whole = exact.round();
            let is_whole = (exact - whole).abs() < ROUNDING;
            (if is_whole { whole } else { round(exact) }) as usize
        }
    }
}

/// An amount as people write it.
pub(super) fn shown(value: u64, resource: &str) -> String {
    const MEMORY: [(&str, u64); 6] = [
        ("GiB", 1 << 30),
        ("GB", 1_000_000_000),
        ("MiB", 1 << 20),
        ("MB", 1_000_000),
        ("KiB", 1 << 10),
        ("kB", 1_000),
    ];
    if resource != "memory" {
        return (value as f64 / 1e3).to_string();
    }
    // In the largest unit of which it is a whole number of tenths.
    let in_tenths = |unit: &&(&str, u64)| {
        value >= unit.1 && (value as u128 * 10).is_multiple_of(unit.1 as u128)
    };
    match MEMORY.iter().find(in_tenths) {
        Some((unit, bytes)) => format!("{}{unit}", value as f64 / *bytes as f64),
        None => format!("{value}B"),
    }
}
