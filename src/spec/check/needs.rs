//! What is needed: expressions of journeys, and needs between services.

use std::collections::BTreeSet;

use super::all::{Checker, listed_keys};
use crate::spec::data::DataClass;
use crate::spec::diagnostic::Code;
use crate::spec::platform::Platform;
use crate::spec::raw::{Edge, EdgeKind, Name, RawExpr, RawJourney, RawMode};
use crate::spec::read::listed;
use crate::spec::source::Span;
use crate::spec::topology::{Expression, Journey, Needs, Operation, Rto, Service, Slo};
use crate::units::SimSpan;

/// Services that need a service that needs a service.
const MOST_NEEDS: usize = 1_000;

impl Checker<'_> {
    /// What each service needs of others.
    pub(super) fn service_needs(&mut self) {
        let raw = self.raw;
        for (index, service) in raw.services.iter().enumerate() {
            let needs = Needs {
                hard: self.all_of(&service.needs, EdgeKind::Hard),
                soft: self.all_of(&service.needs, EdgeKind::Soft),
                start: self.all_of(&service.needs, EdgeKind::Start),
                crashes_with: self.all_of(&service.needs, EdgeKind::CrashesWith),
            };
            self.services[index].needs = needs;
            let of_leader = service.leader.as_ref().and_then(|leader| leader.needs.as_ref());
            if let Some((expression, _)) = service.switch_needs.as_ref().or(of_leader) {
                let expression = self.expression(expression);
                if let Some(roster) = &mut self.services[index].roster {
                    roster.switch_needs = expression;
                }
            }
        }
    }

    /// Everything that is needed in one way.
    fn all_of(&mut self, edges: &[Edge], kind: EdgeKind) -> Option<Expression> {
        let mut parts = Vec::new();
        for edge in edges.iter().filter(|edge| edge.kind == kind) {
            match &edge.what {
                // In a list a group stands for all of its members.
                RawExpr::Name(name) if edges.len() > 1 => {
                    parts.extend(self.named(name, false).unwrap_or_default());
                }
                what => parts.extend(self.expression(what)),
            }
        }
        if parts.len() > 1 { Some(Expression::AtLeast(parts.len(), parts)) } else { parts.pop() }
    }

    /// Services that need one another in a ring could never be judged, and in an endless row hardly.
    pub(super) fn refuse_need_cycles(&mut self) {
        let owner =
            |unit: usize| self.services.iter().position(|service| service.replicas.contains(&unit));
        let edges: Vec<Vec<usize>> = self
            .services
            .iter()
            .map(|service| {
                let switch =
                    service.roster.iter().filter_map(|roster| roster.switch_needs.as_ref());
                let mut needed: Vec<usize> =
                    service.needs.to_serve().chain(switch).flat_map(services_in).collect();
                // What goes down with units of a service goes down with the service.
                let crashes = service.needs.crashes_with.iter().flat_map(units_in);
                needed.extend(crashes.filter_map(owner));
                needed
            })
            .collect();
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

    pub(super) fn journeys(&mut self) -> Vec<Journey> {
        let raw = self.raw;
        if raw.journeys.is_empty() && raw.data.is_empty() && raw.name.is_some() {
            let span = raw.name.as_ref().map(|name| name.span);
            self.findings
                .error(
                    Code::MissingKey,
                    span,
                    "a topology without journeys or data has nothing to estimate",
                )
                .help("say what users do: `journeys: {read: {needs: web}}`");
        }
        raw.journeys.iter().filter_map(|journey| self.journey(journey)).collect()
    }

    fn journey(&mut self, raw: &RawJourney) -> Option<Journey> {
        let hard = self.all_of(&raw.needs, EdgeKind::Hard);
        let soft = self.all_of(&raw.needs, EdgeKind::Soft);
        let degraded = raw.whole.as_ref().and_then(|whole| self.expression(whole));
        for edge in &raw.needs {
            if let (EdgeKind::Start | EdgeKind::CrashesWith, Some(at)) = (edge.kind, edge.kind_span)
            {
                self.findings
                    .error(Code::WrongKind, at, "a journey neither starts nor crashes")
                    .help("its needs are `hard` or `soft`");
            }
        }
        if hard.is_none()
            && !raw.needs.is_empty()
            && raw.needs.iter().all(|e| e.kind == EdgeKind::Soft)
        {
            let message = format!("`{}` needs nothing but what it can do without", raw.name.value);
            self.findings
                .error(Code::MissingKey, raw.name.span, message)
                .help("at least one need must be `hard`");
        }
        let whole = match (soft, degraded) {
            (Some(soft), Some(degraded)) => Some(Expression::AtLeast(2, vec![soft, degraded])),
            (soft, degraded) => soft.or(degraded),
        };
        let needs = match raw.masked {
            Some(length) => {
                Expression::Masked(Box::new(hard?), SimSpan::from_seconds(length.value))
            }
            None => hard?,
        };
        Some(Journey {
            name: raw.name.value.clone(),
            about: raw.about.clone(),
            needs,
            whole,
            slo: Slo {
                availability: raw.availability.map(|target| target.value),
                rto: raw.rto.map(|rto| Rto {
                    target: SimSpan::from_seconds(rto.target.value),
                    share: rto.share,
                }),
                rpo: raw.rpo.map(|target| target.value),
                during: raw.during.clone(),
            },
            data: self.data_named(&raw.data),
        })
    }

    /// Names in an expression become units and operations.
    pub(super) fn expression(&mut self, raw: &RawExpr) -> Option<Expression> {
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
            RawExpr::Masked(part, length) => {
                let part = self.expression(part)?;
                Some(Expression::Masked(Box::new(part), SimSpan::from_seconds(length.value)))
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
            let help =
                match self.findings.closest(service, self.service_index.keys().map(String::as_str))
                {
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
        let help = match self.findings.closest(operation, names.iter().copied()) {
            Some(word) => format!("did you mean `{service}.{word}`?"),
            None if names.is_empty() => format!("it offers one thing: write `{service}`"),
            None => format!("it offers {}", listed(&names)),
        };
        let message = format!("`{service}` has no operation `{operation}`");
        self.findings.error(Code::UnknownName, name.span, message).help(help);
        None
    }

    pub(super) fn warn_of_what_is_unused(
        &mut self,
        journeys: &[Journey],
        data: &[DataClass],
        platform: Option<&Platform>,
    ) {
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
        self.warn_if_nothing_fails(platform);
        let mut used = vec![false; self.raw.services.len()];
        let needed = || {
            let of_data = data.iter().flat_map(DataClass::all_needs);
            let clusters = platform.iter().flat_map(|platform| &platform.clusters);
            let of_clusters = clusters.filter_map(|cluster| cluster.control_plane.as_ref());
            journeys.iter().flat_map(Journey::all_needs).chain(of_data).chain(of_clusters)
        };
        let mut units_named: BTreeSet<usize> = needed()
            .chain(self.services.iter().flat_map(Service::all_needs))
            .flat_map(units_in)
            .collect();
        let held = data.iter().filter_map(|class| class.holding.as_ref());
        units_named.extend(held.flat_map(|holding| holding.holders.iter().copied()));
        let mut frontier: Vec<usize> = needed().flat_map(services_in).collect();
        while let Some(service) = frontier.pop() {
            if !std::mem::replace(&mut used[service], true) {
                frontier.extend(self.services[service].all_needs().flat_map(services_in));
                // A spare is used by whom it stands by for.
                let roster = self.services[service].roster.iter();
                units_named.extend(roster.flat_map(|roster| roster.members.iter().copied()));
            }
        }
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

    /// Failure modes that are forgotten everywhere make a system that looks perfect.
    fn warn_if_nothing_fails(&mut self, platform: Option<&Platform>) {
        let raw = self.raw;
        let fails = self.units.list.iter().any(|unit| !unit.modes.is_empty());
        // Nodes may run out of memory where nothing else goes wrong.
        let mut workloads = platform.iter().flat_map(|platform| &platform.workloads);
        let evicts = workloads.any(|workload| workload.memory.is_some());
        let name = raw.name.as_ref();
        if let Some(name) = name.filter(|_| !fails && !evicts && raw.calendar.is_empty()) {
            let message = format!("nothing of `{}` can ever fail", name.value);
            self.findings.warning(Code::NothingFails, name.span, message).help(
                "declare failure modes under `failures`, and name them under `fails` of domains and \
                 services, such as `fails: [crash]`",
            );
        }
    }
}

/// The services whose operations stand in an expression.
fn services_in(expression: &Expression) -> Vec<usize> {
    match expression {
        Expression::Unit(_) => Vec::new(),
        Expression::Operation(service, _) => vec![*service],
        Expression::AtLeast(_, parts) => parts.iter().flat_map(services_in).collect(),
        Expression::Masked(part, _) => services_in(part),
    }
}

/// The units that stand in an expression themselves.
fn units_in(expression: &Expression) -> Vec<usize> {
    match expression {
        Expression::Unit(unit) => vec![*unit],
        Expression::Operation(..) => Vec::new(),
        Expression::AtLeast(_, parts) => parts.iter().flat_map(units_in).collect(),
        Expression::Masked(part, _) => units_in(part),
    }
}
