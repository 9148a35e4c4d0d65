//! Where things stand.

use std::collections::{BTreeMap, BTreeSet};

use super::all::{Checker, index_of};
use crate::spec::diagnostic::{Code, Findings};
use crate::spec::expand::group_of;
use crate::spec::platform::Controller;
use crate::spec::raw::{Name, RawDomain, RawService, RawWorkload};
use crate::spec::read::listed;

/// Domains in domains.
const MOST_LEVELS: usize = 64;

impl Checker<'_> {
    /// Domain instances, hosts before guests.
    pub(super) fn domains(&mut self) {
        let raw = self.raw;
        let index = index_of(raw.domains.iter().map(|domain| &domain.name));
        let mut order = Order { state: vec![Visit::New; raw.domains.len()], sorted: Vec::new() };
        for domain in 0..raw.domains.len() {
            order.visit(domain, &raw.domains, &index, self.findings, 0);
        }
        for domain in order.sorted.into_iter().map(|domain| &raw.domains[domain]) {
            let start = self.stages(&domain.start);
            let modes = self.modes(&domain.fails, !start.is_empty());
            self.units.add_domain(domain, modes, start, self.findings);
        }
    }

    /// Replicas of services, after all domains.
    pub(super) fn replicas(&mut self) {
        for service in &self.raw.services {
            let start = self.stages(&service.start);
            let modes = self.modes(&service.fails, !start.is_empty());
            for place in service.on.iter().chain(&service.also_on) {
                if self.service_index.contains_key(&place.value) {
                    let message = format!("`{}` is a service, not a place", place.value);
                    self.findings
                        .error(Code::WrongReference, place.span, message)
                        .help("name a domain; what a service depends on goes under `needs`");
                }
            }
            // What is scheduled stands on no node before it has been given one.
            let is_scheduled = service.workload.as_ref().is_some_and(RawWorkload::is_scheduled);
            let on = if is_scheduled { &[][..] } else { &service.on };
            let replicas = self.replicas_to_add(service);
            self.units.add_replicas(
                &service.name,
                replicas,
                on,
                &service.also_on,
                modes,
                start,
                self.findings,
            );
            if !is_scheduled {
                self.check_spread(service);
            }
        }
    }

    /// How many replicas a service has, of which no unit is there yet.
    fn replicas_to_add(&mut self, service: &RawService) -> u64 {
        let Some(RawWorkload { controller, .. }) = &service.workload else {
            return self.replica_count(service);
        };
        if controller.value != Controller::Daemonset {
            return self.replica_count(service);
        }
        let nodes = self.units.resolve(&service.on, self.findings).len() as u64;
        if let Some(replicas) = service.replicas.filter(|replicas| replicas.value != nodes) {
            let message =
                format!("{} replicas of `{}` on {nodes} nodes", replicas.value, service.name.value);
            self.findings
                .error(Code::Quorum, replicas.span, message)
                .label(controller.span, "one on each node")
                .help("leave `replicas` out, or name as many nodes under `on`");
        }
        // One that names no nodes is refused, and needs a unit until then.
        service.replicas.map_or(nodes.max(1), |replicas| replicas.value)
    }

    /// Whether domains have this level; a finding if none has.
    pub(super) fn is_level(&mut self, name: &Name) -> bool {
        let levels: BTreeSet<&str> =
            self.units.list.iter().filter_map(|unit| unit.level.as_deref()).collect();
        if levels.contains(name.value.as_str()) {
            return true;
        }
        let levels: Vec<&str> = levels.into_iter().collect();
        let help = self.findings.help_with(&name.value, levels.iter().copied(), || {
            format!("the levels are {}", listed(&levels))
        });
        let message = format!("no domain has the level `{}`", name.value);
        self.findings.error(Code::UnknownName, name.span, message).help(help);
        false
    }

    /// Whether each replica has a unit of the level for itself, where that is required.
    fn check_spread(&mut self, service: &RawService) {
        let (Some((spread, others)), Some(group)) =
            (service.spreads.split_first(), self.units.group(&service.name.value).cloned())
        else {
            return;
        };
        let name = &service.name.value;
        let of_a_scheduler = others.first().map(|other| (other.by.span, "several spreads"));
        let skew = service.spreads.iter().find_map(|spread| spread.skew);
        let of_a_scheduler = of_a_scheduler.or(skew.map(|skew| (skew.span, "a skew")));
        if let Some((span, what)) = of_a_scheduler {
            let message = format!("{what} of `{name}`, which nobody schedules");
            self.findings.error(Code::Spread, span, message).help(
                "only what has `controller: deployment` or `statefulset` is scheduled; others have \
                 one spread, without `skew`",
            );
            return;
        }
        if !self.is_level(&spread.by) {
            return;
        }
        if !spread.required {
            return;
        }
        let mut taken = BTreeMap::new();
        for replica in group.units.clone() {
            let place = self.units.ancestor(replica, &spread.by.value);
            if let Some(other) = taken.insert(place, replica) {
                let path = |unit: usize| &self.units.list[unit].path;
                let message = match place {
                    Some(place) => format!(
                        "`{}` and `{}` both stand on `{}`, and their spread is required",
                        path(other),
                        path(replica),
                        path(place)
                    ),
                    None => format!("`{}` stands on no {}", path(replica), spread.by.value),
                };
                let help = format!(
                    "have at least {} places of level `{}`, or make the rule `preferred`",
                    group.units.len(),
                    spread.by.value
                );
                self.findings.error(Code::Spread, spread.by.span, message).help(help);
                return;
            }
        }
    }
}

/// Hosts before guests.
struct Order {
    state: Vec<Visit>,
    sorted: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    New,
    Open,
    Done,
}

impl Order {
    fn visit(
        &mut self,
        domain: usize,
        domains: &[RawDomain],
        index: &BTreeMap<String, usize>,
        findings: &mut Findings,
        level: usize,
    ) {
        let raw = &domains[domain];
        match self.state[domain] {
            Visit::Done => return,
            Visit::Open => {
                let message = format!("`{}` stands on itself", raw.name.value);
                findings
                    .error(Code::Cycle, raw.name.span, message)
                    .help("follow its `in` and `also_on`: they lead back to it");
                return;
            }
            Visit::New => {}
        }
        if level > MOST_LEVELS {
            findings
                .error(
                    Code::TooDeep,
                    raw.name.span,
                    format!("more than {MOST_LEVELS} domains in one another"),
                )
                .help("no topology needs that many levels");
            self.state[domain] = Visit::Done;
            return;
        }
        self.state[domain] = Visit::Open;
        for host in raw.inside.iter().chain(&raw.also_on) {
            let group = group_of(&host.value, |name| index.contains_key(name));
            if let Some(&host) = group.and_then(|group| index.get(group)) {
                self.visit(host, domains, index, findings, level + 1);
            }
        }
        self.state[domain] = Visit::Done;
        self.sorted.push(domain);
    }
}
