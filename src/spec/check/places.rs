//! Where things stand.

use std::collections::{BTreeMap, BTreeSet};

use super::all::{Checker, index_of};
use super::offers::replica_count;
use crate::spec::diagnostic::{Code, Findings};
use crate::spec::expand::group_of;
use crate::spec::raw::{Name, RawDomain, RawService};
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
            self.units.add_replicas(
                &service.name,
                replica_count(service),
                &service.on,
                &service.also_on,
                modes,
                start,
                self.findings,
            );
            self.check_spread(service);
        }
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
        let (Some(spread), Some(group)) =
            (&service.spread, self.units.group(&service.name.value).cloned())
        else {
            return;
        };
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
