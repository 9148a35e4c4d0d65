//! From what the file says to what it means: the only place that refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Code, Findings};
use super::expand::{Units, group_of};
use super::raw::{
    Name, Need, RawDomain, RawExpr, RawJourney, RawLeader, RawMode, RawRepair, RawService,
    RawTopology,
};
use super::read::listed;
use super::source::{Span, Spanned};
use super::suggest::closest;
use super::topology::{
    Crew, Expression, FailureMode, Journey, Leader, Operation, Repair, Rto, Service, Slo, Topology,
};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// How long a life lasts where the file does not say.
const DEFAULT_HORIZON_SECONDS: f64 = SECONDS_PER_YEAR;
/// The longest life that fits into simulated time, with room to spare.
const LONGEST_HORIZON_SECONDS: f64 = 500_000.0 * SECONDS_PER_YEAR;
/// The shortest mean time to failure: anything below is a slip of the unit.
const SHORTEST_MEAN_SECONDS: f64 = 1e-3;
/// Domains in domains.
const MOST_LEVELS: usize = 64;
/// Services that need a service that needs a service.
const MOST_NEEDS: usize = 1_000;

/// Checks everything and records all findings; `None` if the topology must be refused.
pub(crate) fn check(raw: &RawTopology, findings: &mut Findings) -> Option<Topology> {
    let horizon = horizon(raw, findings);
    let crews = crews(raw);
    let modes = modes(raw, findings);
    let domains = raw.domains.iter().map(|domain| &domain.name);
    let services = raw.services.iter().map(|service| &service.name);
    let declared = domains.chain(services).map(|name| name.value.clone()).collect();
    let mut checker = Checker {
        mode_index: index_of(raw.failures.iter().map(|mode| &mode.name)),
        used_modes: vec![false; raw.failures.len()],
        units: Units::new(declared),
        services: Vec::new(),
        service_index: index_of(raw.services.iter().map(|service| &service.name)),
        raw,
        findings,
    };
    checker.domains();
    checker.replicas();
    checker.services();
    let needs = checker.service_needs();
    checker.refuse_need_cycles(&needs);
    let journeys = checker.journeys();
    // What is wrong may be why something seems unused.
    if !checker.findings.has_errors() {
        checker.warn_of_what_is_unused(&needs, &journeys);
    }
    let Checker { units, services, findings, .. } = checker;
    if findings.has_errors() {
        return None;
    }
    Some(Topology {
        name: raw.name.as_ref()?.value.clone(),
        about: raw.about.clone(),
        sha256: super::digest::digest(findings.sources()),
        horizon,
        modes,
        units: units.list,
        services: services
            .into_iter()
            .zip(needs)
            .map(|(s, needs)| Service { needs, ..s })
            .collect(),
        crews,
        journeys,
        warnings: Findings::new(),
    })
}

fn index_of<'a>(names: impl Iterator<Item = &'a Name>) -> BTreeMap<String, usize> {
    names.enumerate().map(|(index, name)| (name.value.clone(), index)).collect()
}

fn horizon(raw: &RawTopology, findings: &mut Findings) -> SimSpan {
    let Some(horizon) = raw.horizon else {
        return SimSpan::from_seconds(DEFAULT_HORIZON_SECONDS);
    };
    if !(horizon.value > 0.0 && horizon.value <= LONGEST_HORIZON_SECONDS) {
        findings
            .error(Code::OutOfRange, horizon.span, "a life cannot last that long")
            .help("the horizon must be above zero and at most 500000y");
    }
    SimSpan::from_seconds(horizon.value)
}

fn crews(raw: &RawTopology) -> Vec<Crew> {
    let crew = |crew: &super::raw::RawCrew| Crew {
        name: crew.name.value.clone(),
        size: u32::try_from(crew.size).unwrap_or(u32::MAX),
        response: crew.response.clone(),
    };
    raw.crews.iter().map(crew).collect()
}

fn modes(raw: &RawTopology, findings: &mut Findings) -> Vec<FailureMode> {
    let crews = index_of(raw.crews.iter().map(|crew| &crew.name));
    raw.failures.iter().filter_map(|mode| checked_mode(mode, &crews, findings)).collect()
}

fn checked_mode(
    mode: &RawMode,
    crews: &BTreeMap<String, usize>,
    findings: &mut Findings,
) -> Option<FailureMode> {
    let crew = mode.crew.as_ref().and_then(|name| match crews.get(&name.value) {
        Some(&index) => Some(index),
        None => {
            let help = match closest(&name.value, crews.keys().map(String::as_str)) {
                Some(word) => format!("did you mean `{word}`?"),
                None if crews.is_empty() => "declare it under `crews`".to_owned(),
                None => format!("there are {}", listed_keys(crews)),
            };
            findings
                .error(Code::UnknownName, name.span, format!("there is no crew `{}`", name.value))
                .help(help);
            None
        }
    });
    if mode.every.as_ref().is_some_and(|law| law.mean() < SHORTEST_MEAN_SECONDS) {
        findings
            .error(
                Code::OutOfRange,
                mode.name.span,
                format!("`{}` strikes without a pause", mode.name.value),
            )
            .help("`every` is the time up until it strikes; its mean must be at least 1ms");
    }
    let repair = match mode.repair.as_ref()? {
        RawRepair::After(law) => Repair::After(law.clone()),
        RawRepair::Restart => Repair::Restart,
        RawRepair::Never => Repair::Never,
    };
    if crew.is_some() && !matches!(repair, Repair::After(_)) {
        let span = mode.crew.as_ref().map(|name| name.span);
        findings
            .error(Code::NoEffect, span, "a crew for a repair that nobody does")
            .help("remove `crew`, or give `repair` a law");
    }
    Some(FailureMode {
        name: mode.name.value.clone(),
        every: mode.every.clone()?,
        repair,
        always: mode.always,
        crew,
        about: mode.about.clone(),
        source: mode.source.clone(),
        grade: mode.grade,
    })
}

fn listed_keys(map: &BTreeMap<String, usize>) -> String {
    listed(&map.keys().map(String::as_str).take(12).collect::<Vec<_>>())
}

struct Checker<'a> {
    raw: &'a RawTopology,
    findings: &'a mut Findings,
    mode_index: BTreeMap<String, usize>,
    used_modes: Vec<bool>,
    units: Units,
    services: Vec<Service>,
    service_index: BTreeMap<String, usize>,
}

impl Checker<'_> {
    /// Indices of failure modes by name.
    fn modes(&mut self, names: &[Name], starts: bool) -> Vec<usize> {
        let mut modes = Vec::new();
        for name in names {
            let Some(&index) = self.mode_index.get(&name.value) else {
                let help = match closest(&name.value, self.mode_index.keys().map(String::as_str)) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None if self.mode_index.is_empty() => "declare it under `failures`".to_owned(),
                    None => format!("there are {}", listed_keys(&self.mode_index)),
                };
                let message = format!("there is no failure mode `{}`", name.value);
                self.findings.error(Code::UnknownName, name.span, message).help(help);
                continue;
            };
            self.used_modes[index] = true;
            if modes.contains(&index) {
                let message = format!("`{}` is listed twice", name.value);
                self.findings
                    .error(Code::DuplicateName, name.span, message)
                    .help("name each failure mode once");
                continue;
            }
            modes.push(index);
            if matches!(self.raw.failures[index].repair, Some(RawRepair::Restart)) && !starts {
                let message =
                    format!("`{}` is repaired by a start, and this starts at once", name.value);
                self.findings
                    .warning(Code::NoEffect, name.span, message)
                    .help("give it a `start`, such as `start: {uniform: [20s, 40s]}`");
            }
        }
        modes
    }

    /// Domain instances, hosts before guests.
    fn domains(&mut self) {
        let raw = self.raw;
        let index = index_of(raw.domains.iter().map(|domain| &domain.name));
        let mut order = Order { state: vec![Visit::New; raw.domains.len()], sorted: Vec::new() };
        for domain in 0..raw.domains.len() {
            order.visit(domain, &raw.domains, &index, self.findings, 0);
        }
        for domain in order.sorted.into_iter().map(|domain| &raw.domains[domain]) {
            let starts = domain.start.as_ref().is_some_and(|law| law.mean() > 0.0);
            let modes = self.modes(&domain.fails, starts);
            self.units.add_domain(domain, modes, self.findings);
        }
    }

    /// Replicas of services, after all domains.
    fn replicas(&mut self) {
        for service in &self.raw.services {
            let starts = service.start.as_ref().is_some_and(|law| law.mean() > 0.0);
            let modes = self.modes(&service.fails, starts);
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
                service.start.clone(),
                self.findings,
            );
            self.check_spread(service);
        }
    }

    /// Whether each replica has a unit of the level for itself, where that is required.
    fn check_spread(&mut self, service: &RawService) {
        let (Some(spread), Some(group)) = (&service.spread, self.units.group(&service.name.value))
        else {
            return;
        };
        let levels: BTreeSet<&str> =
            self.units.list.iter().filter_map(|unit| unit.level.as_deref()).collect();
        if !levels.contains(spread.by.value.as_str()) {
            let help = match closest(&spread.by.value, levels.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => {
                    format!("the levels are {}", listed(&levels.into_iter().collect::<Vec<_>>()))
                }
            };
            let message = format!("no domain has the level `{}`", spread.by.value);
            self.findings.error(Code::UnknownName, spread.by.span, message).help(help);
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

    /// What services offer.
    fn services(&mut self) {
        for raw in &self.raw.services {
            let replicas =
                self.units.group(&raw.name.value).map_or(0..0, |group| group.units.clone());
            let operations = self.operations(raw, replica_count(raw));
            self.services.push(Service {
                name: raw.name.value.clone(),
                replicas,
                operations,
                needs: None,
                leader: raw.leader.as_ref().map(|leader| Leader {
                    failover: leader.failover.clone(),
                    failover_after_total_loss: leader.failover_after_total_loss,
                }),
            });
        }
    }

    fn operations(&mut self, raw: &RawService, replicas: u64) -> Vec<Operation> {
        if let (Some(serves), true) =
            (raw.serves, !raw.operations.is_empty() || raw.erasure.is_some())
        {
            self.findings
                .error(
                    Code::WrongKind,
                    serves.span,
                    format!("`{}` serves in two ways", raw.name.value),
                )
                .help("`serves` is for a service that offers one thing; keep it, or the others");
        }
        let mut needs: Vec<(Option<&Name>, &str, u64)> = Vec::new();
        if let Some(erasure) = &raw.erasure {
            let (data, parity) = (erasure.data.value, erasure.parity.value);
            if data.saturating_add(parity) != replicas {
                let message =
                    format!("{data} data and {parity} parity shards on {replicas} replicas");
                let at = raw.replicas.map_or(erasure.span, |replicas| replicas.span);
                self.findings
                    .error(Code::Quorum, at, message)
                    .label(erasure.span, format!("{} shards", data.saturating_add(parity)))
                    .help("each replica holds one shard: let `replicas` be data + parity");
            }
            // With as many parity as data shards, half of them could write without the other half.
            let write = data + u64::from(data == parity);
            needs.extend([(None, "read", data), (None, "write", write)]);
        }
        for (name, need) in &raw.operations {
            let needed = self.needed(*need, replicas, raw);
            needs.retain(|(_, known, _)| *known != name.value);
            needs.push((Some(name), &name.value, needed));
        }
        if needs.is_empty() {
            let needed = match raw.serves {
                Some(need) => self.needed(need, replicas, raw),
                None if replicas == 1 || raw.says_need => 1,
                None => {
                    self.unclear_redundancy(raw, replicas);
                    1
                }
            };
            let needs_leader = raw.leader.is_some();
            return vec![Operation { name: None, needed: needed as usize, needs_leader }];
        }
        let names: Vec<&str> = needs.iter().map(|(_, name, _)| *name).collect();
        if let Some(RawLeader { needs_leader: Some(listed_names), .. }) = &raw.leader {
            for name in listed_names.iter().filter(|name| !names.contains(&name.value.as_str())) {
                let help = format!("it offers {}", listed(&names));
                let message = format!("`{}` has no operation `{}`", raw.name.value, name.value);
                self.findings.error(Code::UnknownName, name.span, message).help(help);
            }
        }
        let is_led = |operation: &str| match &raw.leader {
            None => false,
            Some(RawLeader { needs_leader: None, .. }) => true,
            Some(RawLeader { needs_leader: Some(names), .. }) => {
                names.iter().any(|name| name.value == operation)
            }
        };
        needs
            .into_iter()
            .map(|(_, name, needed)| Operation {
                name: Some(name.to_owned()),
                needed: needed as usize,
                needs_leader: is_led(name),
            })
            .collect()
    }

    fn unclear_redundancy(&mut self, raw: &RawService, replicas: u64) {
        let at = raw.replicas.map_or(raw.span, |replicas| replicas.span);
        let message =
            format!("`{}` has {replicas} replicas: how many of them are needed?", raw.name.value);
        self.findings.error(Code::UnclearRedundancy, at, message).help(
            "say `serves: any` (or `majority`, `all`, a number), `operations`, `erasure` or `leader`",
        );
    }

    /// How many of so many replicas a need is.
    fn needed(&mut self, need: Spanned<Need>, replicas: u64, raw: &RawService) -> u64 {
        match need.value {
            Need::Any => 1,
            Need::All => replicas,
            Need::Majority => replicas / 2 + 1,
            Need::AtLeast(needed) => {
                if needed > replicas {
                    let message =
                        format!("`{}` needs {needed} of {replicas} replicas", raw.name.value);
                    let finding = self.findings.error(Code::Quorum, need.span, message);
                    if let Some(replicas) = raw.replicas {
                        finding.label(replicas.span, "this many there are");
                    }
                    finding.help(format!("at most {replicas}"));
                }
                needed
            }
        }
    }

    /// What each service needs of others.
    fn service_needs(&mut self) -> Vec<Option<Expression>> {
        let raw = self.raw;
        raw.services.iter().map(|service| self.expression(service.needs.as_ref()?)).collect()
    }

    /// Services that need one another in a ring could never be judged, and in an endless row hardly.
    fn refuse_need_cycles(&mut self, needs: &[Option<Expression>]) {
        let edges: Vec<Vec<usize>> =
            needs.iter().map(|need| need.as_ref().map_or_else(Vec::new, services_in)).collect();
        // What remains after taking away, again and again, what needs nothing that remains.
        let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
        let mut rows = vec![0_usize; edges.len()];
        let mut needed_by = vec![Vec::new(); edges.len()];
        for (service, edges) in edges.iter().enumerate() {
            for &needed in edges {
                needed_by[needed].push(service);
            }
        }
        let mut free: Vec<usize> = (0..edges.len()).filter(|&s| waiting[s] == 0).collect();
        while let Some(service) = free.pop() {
            if rows[service] == MOST_NEEDS + 1 {
                let message = format!("more than {MOST_NEEDS} services need one another in a row");
                self.findings
                    .error(Code::TooDeep, self.raw.services[service].span, message)
                    .help("no system needs that many");
                return;
            }
            for &user in &needed_by[service] {
                rows[user] = rows[user].max(rows[service] + 1);
                waiting[user] -= 1;
                if waiting[user] == 0 {
                    free.push(user);
                }
            }
        }
        let Some(first) = (0..edges.len()).find(|&service| waiting[service] > 0) else {
            return;
        };
        let mut ring = vec![first];
        loop {
            let last = ring[ring.len() - 1];
            let next = edges[last].iter().copied().find(|&needed| waiting[needed] > 0);
            let next = next.expect("what waits needs something that waits");
            if let Some(start) = ring.iter().position(|&service| service == next) {
                ring.drain(..start);
                break;
            }
            ring.push(next);
        }
        let names: Vec<&str> =
            ring.iter().map(|&s| self.raw.services[s].name.value.as_str()).collect();
        let message = format!("these services need one another: {} and again", listed(&names));
        self.findings
            .error(Code::Cycle, self.raw.services[ring[0]].span, message)
            .help("one of them must be able to work without the others");
    }

    fn journeys(&mut self) -> Vec<Journey> {
        let raw = self.raw;
        if raw.journeys.is_empty() && raw.name.is_some() {
            let span = raw.name.as_ref().map(|name| name.span);
            self.findings
                .error(
                    Code::MissingKey,
                    span,
                    "a topology without journeys has nothing to estimate",
                )
                .help("say what users do: `journeys: {read: {needs: web}}`");
        }
        raw.journeys.iter().filter_map(|journey| self.journey(journey)).collect()
    }

    fn journey(&mut self, raw: &RawJourney) -> Option<Journey> {
        let needs = self.expression(raw.needs.as_ref()?);
        Some(Journey {
            name: raw.name.value.clone(),
            about: raw.about.clone(),
            needs: needs?,
            slo: Slo {
                availability: raw.availability.map(|target| target.value),
                rto: raw.rto.map(|rto| Rto {
                    target: SimSpan::from_seconds(rto.target.value),
                    share: rto.share,
                }),
                rpo: raw.rpo.map(|target| target.value),
            },
        })
    }

    /// Names in an expression become units and operations.
    fn expression(&mut self, raw: &RawExpr) -> Option<Expression> {
        match raw {
            RawExpr::Name(name) => {
                let mut parts = self.named(name, false)?;
                if parts.len() > 1 {
                    let message = format!("`{}` is a group of {}", name.value, parts.len());
                    let help = format!(
                        "say how many are needed: `{{any: [{0}]}}`, `{{all: [{0}]}}` or `{{at_least: {1}, of: [{0}]}}`",
                        name.value,
                        parts.len() / 2 + 1
                    );
                    self.findings.error(Code::WrongReference, name.span, message).help(help);
                }
                parts.pop()
            }
            RawExpr::All(operands) => {
                let parts = self.operands(operands, false)?;
                Some(Expression::AtLeast(parts.len(), parts))
            }
            RawExpr::Any(operands) => Some(Expression::AtLeast(1, self.operands(operands, false)?)),
            RawExpr::AtLeast(needed, operands, span) => {
                let parts = self.operands(operands, true)?;
                self.refuse_repeats(&parts, *span);
                if needed.value > parts.len() as u64 {
                    let message = format!("at least {} of {}", needed.value, parts.len());
                    self.findings
                        .error(Code::Quorum, needed.span, message)
                        .help(format!("at most {}; a group stands for its members", parts.len()));
                }
                Some(Expression::AtLeast(needed.value as usize, parts))
            }
        }
    }

    /// The parts of an expression; a group stands for its members.
    fn operands(&mut self, operands: &[RawExpr], counts: bool) -> Option<Vec<Expression>> {
        let parts: Vec<Option<Vec<Expression>>> = operands
            .iter()
            .map(|operand| match operand {
                RawExpr::Name(name) => self.named(name, counts),
                other => Some(vec![self.expression(other)?]),
            })
            .collect();
        let parts: Option<Vec<Vec<Expression>>> = parts.into_iter().collect();
        Some(parts?.into_iter().flatten().collect())
    }

    /// A unit that is counted twice would vote twice.
    fn refuse_repeats(&mut self, parts: &[Expression], span: Span) {
        let mut seen = BTreeSet::new();
        let mut twice = BTreeSet::new();
        for part in parts {
            if let Expression::Unit(unit) = part
                && !seen.insert(*unit)
            {
                twice.insert(*unit);
            }
        }
        if let Some(&unit) = twice.first() {
            let message = format!("`{}` is counted twice", self.units.list[unit].path);
            self.findings
                .error(Code::DuplicateName, span, message)
                .help("name each unit once; a group stands for its members");
        }
    }

    /// What a name in an expression stands for: `counts` where members are counted.
    fn named(&mut self, name: &Name, counts: bool) -> Option<Vec<Expression>> {
        if let Some((service, operation)) = name.value.split_once('.') {
            return self.operation(name, service, operation).map(|part| vec![part]);
        }
        if let Some(&index) = self.service_index.get(&name.value) {
            let service = &self.services[index];
            if counts && service.replicas.len() > 1 {
                return Some(service.replicas.clone().map(Expression::Unit).collect());
            }
            return self.only_operation(name, index).map(|part| vec![part]);
        }
        if let Some(group) = self.units.group(&name.value) {
            return Some(group.units.clone().map(Expression::Unit).collect());
        }
        if let Some(unit) = self.units.unit(&name.value) {
            return Some(vec![Expression::Unit(unit)]);
        }
        self.units.unknown(name, self.findings);
        None
    }

    fn only_operation(&mut self, name: &Name, index: usize) -> Option<Expression> {
        let operations = &self.services[index].operations;
        if operations.len() == 1 {
            return Some(Expression::Operation(index, 0));
        }
        let names: Vec<String> = operations
            .iter()
            .filter_map(|operation| Some(format!("{}.{}", name.value, operation.name.as_ref()?)))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = format!("name one of {}", listed(&names));
        let message = format!("`{}` offers several operations", name.value);
        self.findings.error(Code::WrongReference, name.span, message).help(help);
        None
    }

    fn operation(&mut self, name: &Name, service: &str, operation: &str) -> Option<Expression> {
        let Some(&index) = self.service_index.get(service) else {
            let help = match closest(service, self.service_index.keys().map(String::as_str)) {
                Some(word) => format!("did you mean `{word}.{operation}`?"),
                None => format!("there are {}", listed_keys(&self.service_index)),
            };
            let message = format!("there is no service `{service}`");
            self.findings.error(Code::UnknownName, name.span, message).help(help);
            return None;
        };
        let operations = &self.services[index].operations;
        let known = |known: &Operation| known.name.as_deref() == Some(operation);
        if let Some(place) = operations.iter().position(known) {
            return Some(Expression::Operation(index, place));
        }
        let names: Vec<&str> =
            operations.iter().filter_map(|known| known.name.as_deref()).collect();
        let help = match closest(operation, names.iter().copied()) {
            Some(word) => format!("did you mean `{service}.{word}`?"),
            None if names.is_empty() => format!("it offers one thing: write `{service}`"),
            None => format!("it offers {}", listed(&names)),
        };
        let message = format!("`{service}` has no operation `{operation}`");
        self.findings.error(Code::UnknownName, name.span, message).help(help);
        None
    }

    fn warn_of_what_is_unused(&mut self, needs: &[Option<Expression>], journeys: &[Journey]) {
        // A file that is extended may offer more than each of its users takes.
        let is_own = |mode: &RawMode| mode.name.span.file == 0;
        let unused = self.raw.failures.iter().zip(&self.used_modes).filter(|(_, used)| !**used);
        for (mode, _) in unused.filter(|(mode, _)| is_own(mode)) {
            self.findings
                .warning(
                    Code::Unused,
                    mode.name.span,
                    format!("nothing fails by `{}`", mode.name.value),
                )
                .help("name it under `fails` of a domain or a service, or remove it");
        }
        if journeys.is_empty() {
            return;
        }
        let mut used = vec![false; self.raw.services.len()];
        let mut frontier: Vec<usize> =
            journeys.iter().flat_map(|journey| services_in(&journey.needs)).collect();
        while let Some(service) = frontier.pop() {
            if !std::mem::replace(&mut used[service], true) {
                frontier.extend(needs[service].iter().flat_map(services_in));
            }
        }
        let units_named: BTreeSet<usize> = journeys
            .iter()
            .map(|journey| &journey.needs)
            .chain(needs.iter().flatten())
            .flat_map(units_in)
            .collect();
        for (index, service) in self.services.iter().enumerate() {
            if !used[index] && !service.replicas.clone().any(|unit| units_named.contains(&unit)) {
                let raw = &self.raw.services[index];
                self.findings
                    .warning(
                        Code::Unused,
                        raw.span,
                        format!("no journey needs `{}`", raw.name.value),
                    )
                    .help("it is simulated, and changes no result");
            }
        }
    }
}

/// The services whose operations stand in an expression.
fn services_in(expression: &Expression) -> Vec<usize> {
    match expression {
        Expression::Unit(_) => Vec::new(),
        Expression::Operation(service, _) => vec![*service],
        Expression::AtLeast(_, parts) => parts.iter().flat_map(services_in).collect(),
    }
}

/// The units that stand in an expression themselves.
fn units_in(expression: &Expression) -> Vec<usize> {
    match expression {
        Expression::Unit(unit) => vec![*unit],
        Expression::Operation(..) => Vec::new(),
        Expression::AtLeast(_, parts) => parts.iter().flat_map(units_in).collect(),
    }
}

/// How many replicas a service has: as said, or as its erasure code needs, or one.
fn replica_count(service: &RawService) -> u64 {
    match (service.replicas, &service.erasure) {
        (Some(replicas), _) => replicas.value,
        (None, Some(erasure)) => erasure.data.value.saturating_add(erasure.parity.value),
        (None, None) => 1,
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
