//! Counts to units: each domain instance and each replica by its path.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Code, Findings};
use super::raw::{Name, RawDomain};
use super::source::Span;
use super::topology::{Stage, Unit};

/// More units than fit into memory are a slip of the fingers.
pub(crate) const MOST_UNITS: usize = 150_000;

/// All units so far, and what their names stand for.
#[derive(Debug, Default)]
pub(crate) struct Units {
    pub(crate) list: Vec<Unit>,
    /// Prefix that each unit gives to the paths of what stands in it.
    prefixes: Vec<String>,
    by_path: BTreeMap<String, usize>,
    /// Units of each domain or service, in order.
    groups: BTreeMap<String, Group>,
    /// Their names, in the order in which they were added.
    pub(crate) group_names: Vec<String>,
    /// Names of all domains and services, of those too that could not be expanded.
    declared: BTreeSet<String>,
}

/// The units of one name.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) units: std::ops::Range<usize>,
    /// Where it was declared.
    pub(crate) span: Span,
}

impl Units {
    /// No units yet, of domains and services with these names.
    pub(crate) fn new(declared: BTreeSet<String>) -> Units {
        Units { declared, ..Units::default() }
    }

    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    pub(crate) fn unit(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// Every name that can stand where a unit or a group is meant.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().chain(self.by_path.keys()).map(String::as_str)
    }

    /// The units that names of domains, services or units stand for, in the order given.
    pub(crate) fn resolve(&self, names: &[Name], findings: &mut Findings) -> Vec<usize> {
        let mut units = Vec::new();
        for name in names {
            match (self.group(&name.value), self.unit(&name.value)) {
                (Some(group), _) => units.extend(group.units.clone()),
                (None, Some(unit)) => units.push(unit),
                (None, None) => self.unknown(name, findings),
            }
        }
        units
    }

    /// A finding about a name that nothing has; none if it is the name of something that was refused
    /// already.
    pub(crate) fn unknown(&self, name: &Name, findings: &mut Findings) {
        let declared = group_of(&name.value, |group| self.declared.contains(group));
        if declared.is_some_and(|group| !self.groups.contains_key(group)) {
            return;
        }
        let help = findings.help_with(&name.value, self.names(), || {
            if self.groups.is_empty() {
                return "no domains or services are declared".to_owned();
            }
            let some: Vec<&str> = self.groups.keys().map(String::as_str).take(12).collect();
            format!("there are {}", super::read::listed(&some))
        });
        findings
            .error(Code::UnknownName, name.span, format!("nothing is called `{}`", name.value))
            .help(help);
    }

    /// Adds a group of units; `paths` are their names and the hosts of each.
    fn add_group(&mut self, name: &Name, units: Vec<(Unit, String)>, findings: &mut Findings) {
        let start = self.list.len();
        let first = self.groups.get(&name.value).map(|group| group.span);
        if let Some(first) = first {
            findings
                .error(
                    Code::DuplicateName,
                    name.span,
                    format!("a domain and a service are both called `{}`", name.value),
                )
                .label(first, "first here")
                .help("give one of them another name");
            return;
        }
        for (unit, prefix) in units {
            if self.by_path.insert(unit.path.clone(), self.list.len()).is_some() {
                findings
                    .error(
                        Code::DuplicateName,
                        name.span,
                        format!("two units are called `{}`", unit.path),
                    )
                    .help("give one of the domains or services another name");
            }
            self.list.push(unit);
            self.prefixes.push(prefix);
        }
        let group = Group { units: start..self.list.len(), span: name.span };
        self.groups.insert(name.value.clone(), group);
        self.group_names.push(name.value.clone());
    }

    /// Whether so many more units may be added.
    fn has_room(&self, count: u64, name: &Name, findings: &mut Findings) -> bool {
        let has_room = (self.list.len() as u64).saturating_add(count) <= MOST_UNITS as u64;
        if !has_room {
            findings
                .error(
                    Code::TooLarge,
                    name.span,
                    format!("`{}` makes more than {MOST_UNITS} units", name.value),
                )
                .help("reduce `count` or `replicas`");
        }
        has_room
    }

    /// Adds a domain, whose parents are there already.
    pub(crate) fn add_domain(
        &mut self,
        domain: &RawDomain,
        modes: Vec<usize>,
        start: Vec<Stage>,
        findings: &mut Findings,
    ) {
        let name = &domain.name;
        let is_inside = !domain.inside.is_empty();
        let parents = self.resolve(&domain.inside, findings);
        if is_inside && parents.is_empty() {
            return;
        }
        let extra = self.single_hosts(&domain.also_on, findings);
        let count = domain.count.map_or(1, |count| count.value);
        let copies = parents.len().max(1) as u64;
        if !self.has_room(count.saturating_mul(copies), name, findings) {
            return;
        }
        let level = domain.level.as_ref().unwrap_or(name).value.clone();
        let mut units = Vec::new();
        let parent_of: Vec<Option<usize>> = match parents.as_slice() {
            [] => vec![None],
            parents => parents.iter().copied().map(Some).collect(),
        };
        for parent in parent_of {
            let prefix = match parent {
                None => String::new(),
                // Paths must differ where there are several parents.
                Some(parent) if parents.len() > 1 => format!("{}/", self.list[parent].path),
                Some(parent) => self.prefixes[parent].clone(),
            };
            for number in 0..count {
                let path = match domain.count {
                    Some(_) => format!("{prefix}{}-{number}", name.value),
                    None => format!("{prefix}{}", name.value),
                };
                let prefix_within = match domain.count {
                    Some(_) => format!("{path}/"),
                    None => prefix.clone(),
                };
                let mut hosts: Vec<usize> = parent.into_iter().chain(extra.clone()).collect();
                hosts.sort_unstable();
                hosts.dedup();
                let unit = Unit {
                    path,
                    level: Some(level.clone()),
                    hosts,
                    modes: modes.clone(),
                    start: start.clone(),
                    group: self.groups.len(),
                };
                units.push((unit, prefix_within));
            }
        }
        self.add_group(name, units, findings);
    }

    /// Adds the replicas of a service: replica i stands on unit i mod n of `on`.
    #[expect(clippy::too_many_arguments, reason = "named one by one at its only call")]
    pub(crate) fn add_replicas(
        &mut self,
        name: &Name,
        replicas: u64,
        on: &[Name],
        also_on: &[Name],
        modes: Vec<usize>,
        start: Vec<Stage>,
        findings: &mut Findings,
    ) {
        let places = self.resolve(on, findings);
        let extra = self.single_hosts(also_on, findings);
        if !self.has_room(replicas, name, findings) {
            return;
        }
        let units = (0..replicas).map(|number| {
            let place = (!places.is_empty()).then(|| places[number as usize % places.len()]);
            let mut hosts: Vec<usize> = place.into_iter().chain(extra.clone()).collect();
            hosts.sort_unstable();
            hosts.dedup();
            let unit = Unit {
                path: format!("{}-{number}", name.value),
                level: None,
                hosts,
                modes: modes.clone(),
                start: start.clone(),
                group: self.groups.len(),
            };
            (unit, String::new())
        });
        let units: Vec<(Unit, String)> = units.collect();
        self.add_group(name, units, findings);
    }

    /// Hosts of which each name must mean one: `also_on` says on what else a unit hangs, not among
    /// what its instances are dealt out.
    fn single_hosts(&self, names: &[Name], findings: &mut Findings) -> Vec<usize> {
        let mut hosts = Vec::new();
        for name in names {
            match (self.group(&name.value), self.unit(&name.value)) {
                (Some(group), _) if group.units.len() > 1 => {
                    let first = &self.list[group.units.start].path;
                    findings
                        .error(
                            Code::WrongReference,
                            name.span,
                            format!("`{}` is a group of {} units", name.value, group.units.len()),
                        )
                        .help(format!("name the unit that is meant, such as `{first}`"));
                }
                (Some(group), _) => hosts.extend(group.units.clone()),
                (None, Some(unit)) => hosts.push(unit),
                (None, None) => self.unknown(name, findings),
            }
        }
        hosts
    }

    /// The unit of a level that a unit stands on, however far below.
    pub(crate) fn ancestor(&self, unit: usize, level: &str) -> Option<usize> {
        let mut seen = BTreeSet::new();
        let mut frontier = vec![unit];
        while let Some(unit) = frontier.pop() {
            if self.list[unit].level.as_deref() == Some(level) {
                return Some(unit);
            }
            frontier.extend(self.list[unit].hosts.iter().filter(|&&host| seen.insert(host)));
        }
        None
    }
}

/// The domain or service that a name belongs to: its own name, or that of one of its units.
pub(crate) fn group_of(name: &str, is_group: impl Fn(&str) -> bool) -> Option<&str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    if is_group(last) {
        return Some(last);
    }
    let (group, number) = last.rsplit_once('-')?;
    (number.parse::<u64>().is_ok() && is_group(group)).then_some(group)
}
