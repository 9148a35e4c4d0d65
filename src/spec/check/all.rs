//! The whole topology, one part after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::failures::{crews, modes};
use crate::spec::diagnostic::{Code, Findings};
use crate::spec::expand::Units;
use crate::spec::raw::{Name, RawRepair, RawTopology};
use crate::spec::read::listed;
use crate::spec::topology::{Crew, FailureMode, Service, Topology};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// How long a life lasts where the file does not say.
pub(super) const DEFAULT_HORIZON_SECONDS: f64 = SECONDS_PER_YEAR;
/// The longest life that fits into simulated time, with room to spare.
pub(super) const LONGEST_SECONDS: f64 = 250_000.0 * SECONDS_PER_YEAR;
/// Journeys, for each of which a report has a table and figures.
const MOST_JOURNEYS: usize = 1_000;
/// Ways to fail of all units together.
const MOST_CLOCKS: usize = 1_000_000;

/// Checks everything and records all findings; `None` if the topology must be refused.
pub(crate) fn check(raw: &RawTopology, findings: &mut Findings) -> Option<Topology> {
    let horizon = horizon(raw, findings);
    let mut crews = crews(raw, findings);
    let modes = modes(raw, &mut crews, findings);
    let domains = raw.domains.iter().map(|domain| &domain.name);
    let services = raw.services.iter().map(|service| &service.name);
    let declared = domains.chain(services).map(|name| name.value.clone()).collect();
    let index = index_of(raw.failures.iter().map(|mode| &mode.name));
    let mut checker = Checker {
        mode_index: index,
        used_modes: vec![false; raw.failures.len()],
        units: Units::new(declared),
        modes,
        crews: &crews,
        services: Vec::new(),
        data_index: index_of(raw.data.iter().map(|class| &class.name)),
        service_index: index_of(raw.services.iter().map(|service| &service.name)),
        raw,
        findings,
    };
    checker.domains();
    checker.replicas();
    checker.services();
    checker.service_needs();
    checker.refuse_need_cycles();
    checker.refuse_what_is_too_much();
    let data = checker.data();
    let journeys = checker.journeys();
    let platform = checker.platform();
    let plans = checker.plans(platform.as_ref());
    // What is wrong may be why something seems unused.
    if !checker.findings.has_errors() {
        checker.warn_of_what_is_unused(&journeys, &data, platform.as_ref());
        checker.check_what_nodes_keep(platform.as_ref());
        checker.warn_of_what_nobody_can_lose(&data, platform.as_ref());
        checker.warn_of_idle_platforms(platform.as_ref());
    }
    let Checker { units, services, modes, findings, .. } = checker;
    if findings.has_errors() {
        return None;
    }
    Some(Topology {
        name: raw.name.as_ref()?.value.clone(),
        about: raw.about.clone(),
        sha256: crate::spec::digest::digest(findings.sources()),
        horizon,
        modes,
        units: units.list,
        services,
        groups: units.group_names,
        crews,
        plans,
        journeys,
        data,
        platform: platform.filter(|platform| !platform.workloads.is_empty()),
        script: Vec::new(),
        warnings: Findings::new(),
    })
}

pub(super) fn index_of<'a>(names: impl Iterator<Item = &'a Name>) -> BTreeMap<String, usize> {
    names.enumerate().map(|(index, name)| (name.value.clone(), index)).collect()
}

fn horizon(raw: &RawTopology, findings: &mut Findings) -> SimSpan {
    let Some(horizon) = raw.horizon else {
        return SimSpan::from_seconds(DEFAULT_HORIZON_SECONDS);
    };
    if let Some(message) = impossible_length(horizon.value) {
        findings
            .error(Code::OutOfRange, horizon.span, message)
            .help("the horizon must be above zero and at most 250000y");
    }
    SimSpan::from_seconds(horizon.value)
}

/// What is wrong with the length of a life in seconds, if anything is.
pub(super) fn impossible_length(seconds: f64) -> Option<&'static str> {
    if SimSpan::from_seconds(seconds) == SimSpan::ZERO {
        Some("a life of no length")
    } else if seconds > LONGEST_SECONDS {
        Some("a life cannot last that long")
    } else {
        None
    }
}

pub(super) fn listed_keys(map: &BTreeMap<String, usize>) -> String {
    listed(&map.keys().map(String::as_str).take(12).collect::<Vec<_>>())
}

/// What is being checked, and what is known of it so far.
pub(super) struct Checker<'a> {
    pub(super) raw: &'a RawTopology,
    pub(super) findings: &'a mut Findings,
    pub(super) mode_index: BTreeMap<String, usize>,
    pub(super) used_modes: Vec<bool>,
    /// Failure modes that are right, and after them what is planned.
    pub(super) modes: Vec<FailureMode>,
    pub(super) crews: &'a [Crew],
    pub(super) units: Units,
    pub(super) services: Vec<Service>,
    pub(super) service_index: BTreeMap<String, usize>,
    pub(super) data_index: BTreeMap<String, usize>,
}

impl Checker<'_> {
    /// Refuses what nobody can have meant and no machine can hold.
    fn refuse_what_is_too_much(&mut self) {
        let clocks: usize = self.units.list.iter().map(|unit| unit.modes.len()).sum();
        let last = self.raw.services.iter().map(|service| &service.name).next_back();
        let last = last.or(self.raw.domains.last().map(|domain| &domain.name));
        if let (true, Some(name)) = (clocks > MOST_CLOCKS, last) {
            self.findings
                .error(Code::TooLarge, name.span, format!("the units fail in {clocks} ways"))
                .help(format!("at most {MOST_CLOCKS}: that is units times failure modes of each"));
        }
        if let Some(journey) = self.raw.journeys.get(MOST_JOURNEYS) {
            self.findings
                .error(
                    Code::TooLarge,
                    journey.name.span,
                    format!("more than {MOST_JOURNEYS} journeys"),
                )
                .help("name what users do, not every replica");
        }
    }

    /// Indices of failure modes by name.
    pub(super) fn modes(&mut self, names: &[Name], starts: bool) -> Vec<usize> {
        let mut modes = Vec::new();
        let mut known = BTreeSet::new();
        for name in names {
            let Some(&index) = self.mode_index.get(&name.value) else {
                let index = &self.mode_index;
                let known = index.keys().map(String::as_str);
                let help = self.findings.help_with(&name.value, known, || match index.is_empty() {
                    true => "declare it under `failures`".to_owned(),
                    false => format!("there are {}", listed_keys(index)),
                });
                let message = format!("there is no failure mode `{}`", name.value);
                self.findings.error(Code::UnknownName, name.span, message).help(help);
                continue;
            };
            self.used_modes[index] = true;
            if !known.insert(index) {
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
}
