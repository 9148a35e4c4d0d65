//! Scenarios: names resolved on their topology, times worked out, the script written.

use std::collections::{BTreeMap, BTreeSet};

use super::all::{LONGEST_SECONDS, impossible_length};
use super::failures::planned;
use super::memory::MEMORY;
use super::offers::replicas_for;
use super::platform::{node_of, shown};
use crate::dist::Law;
use crate::spec::diagnostic::{Code, Findings};
use crate::spec::platform::{Act, Action, Controller, When, Workload};
use crate::spec::raw::{
    From, Measure, Name, RawExpected, RawLoad, RawScenario, RawScenarios, RawStep, RawWhat, Reason,
    Verb,
};
use crate::spec::read::listed;
use crate::spec::scenario::{Expectation, Expected, Scenario, Step};
use crate::spec::source::{Span, Spanned};
use crate::spec::topology::{
    Expression, FailureMode, Journey, Operation, Repair, Slo, Stage, Topology,
};
use crate::units::SimSpan;

/// How long a life goes on after all that is known to happen in it, where the file does not say.
const DEFAULT_REST_SECONDS: f64 = 3_600.0;
/// Units that all steps together strike.
const MOST_STRUCK: usize = 1_000_000;
/// Steps, or expectations, of a scenario.
const MOST_ENTRIES: usize = 1_000;

/// The scenarios of a file on their topology; those in which something is wrong are left out, with
/// findings about it.
pub(crate) fn check_scenarios(
    raw: RawScenarios,
    topology: &Topology,
    findings: &mut Findings,
) -> Vec<Scenario> {
    let names = Names::new(topology);
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut list = Vec::new();
    for raw in raw.list {
        let name = raw.name.clone();
        if let Some(first) = seen.insert(name.value.clone(), name.span) {
            findings
                .error(
                    Code::DuplicateName,
                    name.span,
                    format!("two scenarios are called `{}`", name.value),
                )
                .label(first, "first here")
                .help("give one of them another name");
        }
        list.push(Checker::new(topology, &names, findings).scenario(&raw));
    }
    list
}

/// What names stand for.
struct Names<'a> {
    topology: &'a Topology,
    units: BTreeMap<&'a str, usize>,
    /// Units of domains and services.
    groups: BTreeMap<&'a str, Vec<usize>>,
    services: BTreeMap<&'a str, usize>,
    journeys: BTreeMap<&'a str, usize>,
    data: BTreeMap<&'a str, usize>,
    modes: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn new(topology: &'a Topology) -> Names<'a> {
        fn indexed<'n>(names: impl Iterator<Item = &'n String>) -> BTreeMap<&'n str, usize> {
            names.enumerate().map(|(index, name)| (name.as_str(), index)).collect()
        }
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, unit) in topology.units.iter().enumerate() {
            groups.entry(&topology.groups[unit.group]).or_default().push(index);
        }
        Names {
            topology,
            units: indexed(topology.units.iter().map(|unit| &unit.path)),
            groups,
            services: indexed(topology.services.iter().map(|service| &service.name)),
            journeys: indexed(topology.journeys.iter().map(|journey| &journey.name)),
            data: indexed(topology.data.iter().map(|class| &class.name)),
            modes: topology.modes.iter().map(|mode| mode.name.as_str()).collect(),
        }
    }

    /// The units that a name of a domain, a service or a unit stands for.
    fn units(&self, name: &str) -> Option<Vec<usize>> {
        let group = self.groups.get(name).cloned();
        group.or_else(|| self.units.get(name).map(|unit| vec![*unit]))
    }

    /// Every name of units.
    fn of_units(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().chain(self.units.keys()).copied()
    }
}

struct Checker<'a> {
    names: &'a Names<'a>,
    findings: &'a mut Findings,
    topology: Topology,
    /// What expectations are about that is no journey of the topology, by its name: a journey with a
    /// name for people, or without.
    added: [Vec<(String, Expression)>; 2],
    /// Where each of them is.
    places: [BTreeMap<String, usize>; 2],
    struck: usize,
    /// For each step, the first act that it comes to, if there is one.
    act_of: Vec<usize>,
    /// Units that steps so far have stopped.
    stopped: BTreeSet<usize>,
}

/// A journey of the topology, or the number of one that was added, with a name for people or without.
#[derive(Clone, Copy)]
enum Subject {
    Own(usize),
    Named(usize),
    Unnamed(usize),
}

/// An expectation whose journeys have no indices yet.
struct Pending {
    expectation: Expectation,
    subjects: Vec<Subject>,
}

impl<'a> Checker<'a> {
    fn new(topology: &Topology, names: &'a Names<'a>, findings: &'a mut Findings) -> Self {
        let added = [Vec::new(), Vec::new()];
        Checker {
            names,
            findings,
            topology: topology.clone(),
            added,
            places: Default::default(),
            struck: 0,
            act_of: Vec::new(),
            stopped: BTreeSet::new(),
        }
    }

    fn scenario(mut self, raw: &RawScenario) -> Scenario {
        for (count, what) in [(raw.steps.len(), "steps"), (raw.expected.len(), "expectations")] {
            if count > MOST_ENTRIES {
                let message = format!("`{}` has {count} {what}", raw.name.value);
                self.findings
                    .error(Code::TooLarge, raw.name.span, message)
                    .help(format!("at most {MOST_ENTRIES}"));
            }
        }
        if !raw.has_random_failures {
            remove_random_failures(&mut self.topology);
        }
        let (steps, last) = self.steps(&raw.steps);
        let pending: Vec<Pending> =
            raw.expected.iter().filter_map(|raw| self.expectation(raw)).collect();
        self.lasts(raw, last);
        let everything = (0..self.topology.units.len()).map(Expression::Unit).collect();
        // No unit can have a name with a space in it.
        let everything = self.add(1, "all units".to_owned(), all_of(everything));
        let is_random = raw.has_random_failures || is_random(&self.topology);
        let own_journeys = self.topology.journeys.len();
        let [named, unnamed] = std::mem::take(&mut self.added);
        let named_journeys = own_journeys + named.len();
        let index = |subject: Subject| match subject {
            Subject::Own(index) => index,
            Subject::Named(place) => own_journeys + place,
            Subject::Unnamed(place) => named_journeys + place,
        };
        let added = named.into_iter().chain(unnamed);
        self.topology.journeys.extend(added.map(|(name, needs)| observed(name, needs)));
        Scenario {
            name: raw.name.value.clone(),
            about: raw.about.clone(),
            lines: raw.document.0.clone(),
            document: raw.document.1.clone(),
            own_journeys,
            named_journeys,
            everything: index(everything),
            has_random_failures: raw.has_random_failures,
            acts: self.act_of,
            lives: raw.lives.or((!is_random).then_some(1)),
            begin: steps.iter().find_map(|step| step.at).unwrap_or(SimSpan::ZERO),
            steps,
            expectations: pending
                .into_iter()
                .map(|Pending { mut expectation, subjects }| {
                    let subjects: Vec<usize> = subjects.into_iter().map(index).collect();
                    match (&mut expectation.expected, subjects.as_slice()) {
                        (Expected::Bound { of, .. }, [subject]) => *of = *subject,
                        (Expected::State { journeys, .. }, _) => *journeys = subjects,
                        _ => {}
                    }
                    expectation
                })
                .collect(),
            topology: self.topology,
        }
    }

    /// How long a life lasts: what happens in it by the clock is over after `last` seconds.
    fn lasts(&mut self, raw: &RawScenario, last: f64) {
        let times = raw.expected.iter().filter_map(|expected| match &expected.what {
            RawWhat::Measure { .. } => None,
            RawWhat::State { at, .. }
            | RawWhat::Pending { at, .. }
            | RawWhat::Stuck { at, .. }
            | RawWhat::Volumes { at, .. }
            | RawWhat::On { at, .. }
            | RawWhat::Blocked { at, .. } => Some(*at),
        });
        let times: Vec<Spanned<f64>> = times.collect();
        let latest = times.iter().fold(last, |latest, at| latest.max(at.value));
        let (lasts, span) = match raw.lasts {
            Some(lasts) => (lasts.value, lasts.span),
            None => (latest + DEFAULT_REST_SECONDS, raw.name.span),
        };
        if let Some(message) = impossible_length(lasts) {
            self.findings
                .error(Code::OutOfRange, span, message)
                .help("it must be above zero and at most 250000y");
        }
        let steps = raw.steps.iter().filter_map(|step| step.at);
        for at in steps.chain(times).filter(|at| at.value > lasts) {
            self.findings
                .error(Code::OutOfRange, at.span, "a time after the end of the life")
                .help(format!("let it last longer than {lasts} s"));
        }
        self.topology.horizon = SimSpan::from_seconds(lasts);
    }

    /// The steps, with the script that they come to, and when all that is known of them is over.
    fn steps(&mut self, raw: &[RawStep]) -> (Vec<Step>, f64) {
        // When the step before is done, if that is known.
        let mut now = Some(0.0);
        let mut last = 0.0_f64;
        let mut steps = Vec::new();
        for step in raw {
            let after = step.after.map_or(0.0, |after| after.value);
            let at = step.at.map(|at| at.value).or(now.map(|now| now + after));
            if let (Some(at), Some(now), Some(given)) = (at, now, step.at)
                && at < now
            {
                self.findings
                    .error(Code::OutOfRange, given.span, "a step before the one above it")
                    .help("write steps in the order of time");
            }
            let when = match at {
                Some(at) => When::At(SimSpan::from_seconds(at)),
                None => When::After(SimSpan::from_seconds(after)),
            };
            let what = self.what(step);
            self.act_of.push(self.topology.script.len());
            self.act(step, when);
            if let Some(at) = at {
                let lasts = step.lasts.as_ref().map_or(0.0, |law| law.value.mean());
                last = last.max(at + lasts.min(LONGEST_SECONDS));
            }
            // How long these take depends on the platform.
            let is_done_at_once = !(step.verb == Verb::Drain || is_good_rollout(step));
            now = at.filter(|_| is_done_at_once);
            steps.push(Step {
                at: at.map(SimSpan::from_seconds),
                after: SimSpan::from_seconds(after),
                what,
            });
        }
        (steps, last)
    }

    /// A step in words.
    fn what(&self, step: &RawStep) -> String {
        let names: Vec<&str> = step.names.iter().map(|name| name.value.as_str()).collect();
        let verb = match (step.verb, step.is_bad) {
            (Verb::Crash, _) => "crash",
            (Verb::Restore, _) => "restore",
            (Verb::Delete, _) => "delete",
            (Verb::Drain, _) => "drain",
            (Verb::Uncordon, _) => "uncordon",
            (Verb::Rollout, false) => "rollout of",
            (Verb::Rollout, true) => "bad rollout of",
            (Verb::Isolate, _) => "isolate",
            (Verb::Unseal, _) => "unseal",
            (Verb::Stop, _) => "stop",
            (Verb::Start, _) => "start",
            (Verb::Load, _) => "load of",
        };
        let mut what = format!("{verb} {}", names.join(", "));
        match step.from {
            Some(From::ControlPlane) => what += " from the control plane",
            Some(From::Users) => what += " from users",
            None => {}
        }
        match step.load {
            Some(RawLoad::Peak(peak)) => what += &format!(": {peak}"),
            Some(RawLoad::Times(times)) => what += &format!(": {times} times its peak"),
            None => {}
        }
        if let Some(memory) = step.memory {
            let comma = if step.load.is_some() { "," } else { ":" };
            what += &format!("{comma} {} of memory each", shown(memory.value, MEMORY));
        }
        if let Some(law) = &step.lasts {
            let text = self.findings.sources().text(law.span);
            what += &format!(" for {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        let marks = [
            (step.is_forced, " by force"),
            (step.wipes, ", wiped"),
            (step.cuts_power, ", power cut"),
        ];
        for (is_so, words) in marks {
            if is_so {
                what += words;
            }
        }
        what
    }

    /// What a step comes to in the script.
    fn act(&mut self, step: &RawStep, when: When) {
        match step.verb {
            Verb::Rollout => return self.rollout(step, when),
            Verb::Load => {
                if step.memory.is_some() {
                    self.uses(step, when);
                }
                return self.load(step, if step.memory.is_some() { at_once(when) } else { when });
            }
            _ => {}
        }
        let units = self.units(&step.names);
        let action = match step.verb {
            Verb::Crash => return self.strike(step, units, when, "crash"),
            Verb::Stop => {
                self.stopped.extend(&units);
                return self.strike(step, units, when, "stop");
            }
            Verb::Start => {
                self.refuse_start_of_what_runs(step);
                Action::Start { units }
            }
            Verb::Isolate if step.from == Some(From::Users) => {
                return self.strike(step, units, when, "isolation");
            }
            Verb::Isolate => return self.cut_off(step, units, when),
            Verb::Restore => Action::Restore { units },
            Verb::Delete => {
                self.refuse_others(
                    &step.names,
                    "a replica to be deleted",
                    "one",
                    |topology, unit| topology.units[unit].level.is_none(),
                );
                Action::Delete { units, is_forced: step.is_forced }
            }
            Verb::Unseal => Action::Unseal { units },
            Verb::Drain | Verb::Uncordon | Verb::Rollout | Verb::Load => {
                let Some(node) = self.node(&step.names) else { return };
                match step.verb {
                    Verb::Drain => Action::Drain { node },
                    _ => Action::Uncordon { node },
                }
            }
        };
        let (name, is_planned) = match step.verb {
            Verb::Delete => ("deletion", false),
            Verb::Drain => ("drain", true),
            _ => ("script", true),
        };
        let mode =
            self.mode(name, FailureMode { is_planned, ..planned(String::new(), Vec::new()) });
        self.topology.script.push(Act { when, action, mode });
    }

    /// A mode that stands for something that the script does.
    fn mode(&mut self, name: &str, mode: FailureMode) -> usize {
        // One of the topology that has the name would share its luck.
        let name = match self.names.modes.contains(name) {
            true => format!("scripted {name}"),
            false => name.to_owned(),
        };
        self.topology.modes.push(FailureMode { name, ..mode });
        self.topology.modes.len() - 1
    }

    /// Units fail in a mode of their own.
    fn strike(&mut self, step: &RawStep, units: Vec<usize>, when: When, name: &str) {
        self.struck += units.len();
        if self.struck > MOST_STRUCK {
            self.findings
                .error(Code::TooLarge, step.span, format!("{} units are struck", self.struck))
                .help(format!("at most {MOST_STRUCK} by all steps together"));
            return;
        }
        let repair = match &step.lasts {
            Some(law) => {
                Repair::After(vec![Stage { law: law.value.clone(), crew: None, people: 1 }])
            }
            None => Repair::Never,
        };
        let mode = FailureMode {
            repair,
            is_planned: step.verb == Verb::Stop,
            is_grey: step.verb == Verb::Isolate,
            wipes: f64::from(u8::from(step.wipes)),
            cuts_power: step.cuts_power,
            ..planned(String::new(), Vec::new())
        };
        let mode = self.mode(name, mode);
        let action = match step.verb {
            Verb::Stop => Action::Stop { units },
            _ => Action::Strike { units },
        };
        self.topology.script.push(Act { when, action, mode });
    }

    /// Only what an earlier step has stopped can be started.
    fn refuse_start_of_what_runs(&mut self, step: &RawStep) {
        for name in &step.names {
            let units = self.names.units(&name.value).unwrap_or_default();
            if !units.is_empty() && units.iter().all(|unit| !self.stopped.contains(unit)) {
                let message = format!("`{}` was not stopped", name.value);
                self.findings.error(Code::NoEffect, name.span, message).help(
                    "`start` ends what a `stop` above it has begun, `restore` whatever it was",
                );
            }
        }
    }

    /// Services carry more from now on, or less.
    fn load(&mut self, step: &RawStep, when: When) {
        let Some(load) = step.load else { return };
        let mut when = when;
        for name in &step.names {
            let Some(service) = self.service(name) else { continue };
            let Some(demand) = self.names.topology.services[service].demand else {
                let message = format!("nobody knows what `{}` can carry", name.value);
                self.findings
                    .error(Code::WrongReference, name.span, message)
                    .help("say so in the topology: `demand: {peak: 900, each: 300}`");
                continue;
            };
            let peak = match load {
                RawLoad::Peak(peak) => peak,
                RawLoad::Times(times) => times * demand.peak,
            };
            let most = self.names.topology.services[service].replicas.len() + 1;
            // One more than there are is as bad as any number beyond.
            let needed = replicas_for(peak, demand.each).min(most as f64) as usize;
            let mode = FailureMode { is_planned: false, ..planned(String::new(), Vec::new()) };
            let mode = self.mode("load", mode);
            self.topology.script.push(Act { when, action: Action::Load { service, needed }, mode });
            when = at_once(when);
        }
    }

    /// Replicas of services use so much memory from now on.
    fn uses(&mut self, step: &RawStep, when: When) {
        let Some(memory) = step.memory else { return };
        let mut when = when;
        for name in &step.names {
            let Some(service) = self.service(name) else { continue };
            let mut workloads =
                self.names.topology.platform.iter().flat_map(|platform| &platform.workloads);
            let is_it = |one: &&Workload| one.service == service && one.memory.is_some();
            if workloads.find(is_it).is_none() {
                let message = format!("nobody knows what `{}` uses of memory", name.value);
                self.findings
                    .error(Code::WrongReference, name.span, message)
                    .help("say so in the topology: `uses: {memory: 1GiB}`");
                continue;
            }
            let mode = FailureMode { is_planned: false, ..planned(String::new(), Vec::new()) };
            let mode = self.mode("memory", mode);
            let action = Action::Use { service, memory: memory.value };
            self.topology.script.push(Act { when, action, mode });
            when = at_once(when);
        }
    }

    fn rollout(&mut self, step: &RawStep, when: When) {
        let mut services = Vec::new();
        for name in &step.names {
            services.extend(self.service(name).map(|service| (service, name)));
        }
        if step.is_bad {
            let replicas = |(service, _): &(usize, &Name)| {
                self.names.topology.services[*service].replicas.clone()
            };
            let units = services.iter().flat_map(replicas).collect();
            return self.strike(step, units, when, "bad rollout");
        }
        if let Some(law) = &step.lasts {
            self.findings
                .error(Code::NoEffect, law.span, "a rollout takes as long as it takes")
                .help("`for` says how long a `bad: true` one is not rolled back");
        }
        let mut when = when;
        for (service, name) in services {
            let mut replicas = self.names.topology.services[service].replicas.clone();
            let rolls_out = |controller| controller != Controller::Static;
            if !replicas.any(|unit| has_controller(self.names.topology, unit, rolls_out)) {
                let message = format!("`{}` has no controller that rolls out", name.value);
                self.findings
                    .error(Code::WrongReference, name.span, message)
                    .help("give the service a `controller`, or say `bad: true`");
            }
            let mode = self.mode("rollout", planned(String::new(), Vec::new()));
            let action = Action::Rollout { service };
            self.topology.script.push(Act { when, action, mode });
            when = When::After(SimSpan::ZERO);
        }
    }

    /// Nodes that cannot reach their control plane, for a while or until they are restored.
    fn cut_off(&mut self, step: &RawStep, units: Vec<usize>, when: When) {
        self.refuse_others(&step.names, "a node that has a control plane", "one", is_node);
        let mut next = when;
        for &node in &units {
            let mode = FailureMode { is_planned: false, ..planned(String::new(), Vec::new()) };
            let mode = self.mode("isolation", mode);
            self.topology.script.push(Act { when: next, action: Action::CutOff { node }, mode });
            if let When::After(_) = next {
                next = When::After(SimSpan::ZERO);
            }
        }
        let Some(law) = &step.lasts else { return };
        match (when, &law.value) {
            // What follows has a known time too, and is not put off by it.
            (When::At(at), Law::Fixed { value }) => {
                let when = When::At(at + SimSpan::from_seconds(*value));
                let mode = self.mode("script", planned(String::new(), Vec::new()));
                self.topology.script.push(Act { when, action: Action::Reconnect { units }, mode });
            }
            (When::After(_), _) => {
                self.findings
                    .error(Code::NoEffect, law.span, "the end of something without a known time")
                    .help("say `at` instead of `after`, or `restore` it in a step of its own");
            }
            (When::At(_), _) => {
                self.findings
                    .error(Code::BadLaw, law.span, "a node is cut off for a fixed time")
                    .help("write a duration, such as `for: 10m`");
            }
        }
    }

    fn units(&mut self, names: &[Name]) -> Vec<usize> {
        let mut units = Vec::new();
        let mut seen = BTreeSet::new();
        for name in names {
            match self.names.units(&name.value) {
                Some(found) => units.extend(found.into_iter().filter(|unit| seen.insert(*unit))),
                None => self.unknown(name, "unit", self.names.of_units().collect()),
            }
        }
        units
    }

    /// Refuses names of units that are not of the right kind.
    fn refuse_others(
        &mut self,
        names: &[Name],
        verb: &str,
        kind: &str,
        is_right: fn(&Topology, usize) -> bool,
    ) {
        for name in names {
            let units = self.names.units(&name.value).unwrap_or_default();
            if !units.into_iter().all(|unit| is_right(self.names.topology, unit)) {
                let message = format!("`{}` is not {verb}", name.value);
                self.findings
                    .error(Code::WrongReference, name.span, message)
                    .help(format!("name {kind}, or all of them"));
            }
        }
    }

    fn service(&mut self, name: &Name) -> Option<usize> {
        let found = self.names.services.get(name.value.as_str()).copied();
        if found.is_none() {
            self.unknown(name, "service", self.names.services.keys().copied().collect());
        }
        found
    }

    /// Replicas that a controller places.
    fn placed(&mut self, names: &[Name]) -> Vec<usize> {
        self.refuse_others(names, "placed by a controller", "replicas that have one", is_placed);
        self.units(names)
    }

    /// Replicas whose network volumes are replicated.
    fn with_volumes(&mut self, names: &[Name]) -> Vec<usize> {
        let kind = "replicas of a service that has `volume: {network: {size: ...}}`";
        self.refuse_others(names, "on a replicated volume", kind, is_on_replicated_volume);
        self.units(names)
    }

    /// The one node that is meant.
    fn node(&mut self, names: &[Name]) -> Option<usize> {
        let units = self.units(names);
        let name = names.first()?;
        match units[..] {
            [] => None,
            [node] if is_node(self.names.topology, node) => Some(node),
            _ => {
                let message = format!("`{}` is not one node of a cluster", name.value);
                self.findings
                    .error(Code::WrongReference, name.span, message)
                    .help("name one unit of the domain whose units a `platform` has as nodes");
                None
            }
        }
    }

    /// A finding about a name that nothing of this kind has.
    fn unknown(&mut self, name: &Name, kind: &str, known: Vec<&str>) {
        let help = self.findings.help_with(&name.value, known.iter().copied(), || {
            match known.is_empty() {
                true => format!("this topology has no {kind}"),
                false => format!("there are {}", listed(&known[..known.len().min(12)])),
            }
        });
        let message = format!("there is no {kind} `{}`", name.value);
        self.findings.error(Code::UnknownName, name.span, message).help(help);
    }

    /// How many of some replicas are meant: all, if nothing is said; and words for it.
    fn some_of(&mut self, replicas: &[usize], at_least: Option<Spanned<u64>>) -> (usize, String) {
        let Some(at_least) = at_least else { return (replicas.len(), String::new()) };
        if at_least.value > replicas.len() as u64 {
            let message = format!("{} of {} replicas", at_least.value, replicas.len());
            self.findings
                .error(Code::OutOfRange, at_least.span, message)
                .help("name at most as many as there are");
        }
        (at_least.value as usize, format!("{} of ", at_least.value))
    }

    fn expectation(&mut self, raw: &RawExpected) -> Option<Pending> {
        let (text, expected, subjects) = match &raw.what {
            RawWhat::Measure { measure, bound, of } => self.measured(raw, *measure, *bound, of)?,
            RawWhat::State { is_up, names, at } => {
                let subjects: Vec<Subject> =
                    names.iter().flat_map(|name| self.subjects(name)).collect();
                let state = if *is_up { "up" } else { "down" };
                let at = *at;
                let text = format!("{} {state} at {}", words(names), self.written(at.span));
                let at = SimSpan::from_seconds(at.value);
                (text, Expected::State { journeys: Vec::new(), is_up: *is_up, at }, subjects)
            }
            RawWhat::Stuck { names, at_least, at } => {
                let replicas = self.placed(names);
                let (needed, some) = self.some_of(&replicas, *at_least);
                let text = format!("{some}{} stuck at {}", words(names), self.written(at.span));
                let at = SimSpan::from_seconds(at.value);
                (text, Expected::Stuck { replicas, needed, at }, Vec::new())
            }
            RawWhat::Volumes { health, names, at_least, at } => {
                let replicas = self.with_volumes(names);
                let (needed, some) = self.some_of(&replicas, *at_least);
                let (who, health_name) = (words(names), health.name());
                let text =
                    format!("{some}volumes of {who} {health_name} at {}", self.written(at.span));
                let at = SimSpan::from_seconds(at.value);
                (text, Expected::Volumes { health: *health, replicas, needed, at }, Vec::new())
            }
            RawWhat::Pending { names, at_least, at, because } => {
                let replicas = self.placed(names);
                let (needed, some) = self.some_of(&replicas, *at_least);
                let text = format!("{some}{} pending at {}", words(names), self.written(at.span));
                let reason = because.map_or("", Reason::name);
                let text = if because.is_some() { format!("{text}: {reason}") } else { text };
                let at = SimSpan::from_seconds(at.value);
                (text, Expected::Pending { replicas, needed, because: *because, at }, Vec::new())
            }
            RawWhat::On { places, at } => {
                let mut pairs = Vec::new();
                for (replica, node) in places {
                    let replicas = self.placed(std::slice::from_ref(replica));
                    let node = self.node(std::slice::from_ref(node));
                    pairs.extend(node.map(|node| (replicas, node)));
                }
                let told =
                    places.iter().map(|(who, node)| format!("{} on {}", who.value, node.value));
                let told = told.collect::<Vec<_>>().join(", ");
                let text = format!("{told} at {}", self.written(at.span));
                let at = SimSpan::from_seconds(at.value);
                (text, Expected::On { places: pairs, at }, Vec::new())
            }
            RawWhat::Blocked { node, at, by } => {
                let index = self.node(std::slice::from_ref(node));
                let service = by.as_ref().and_then(|name| self.service(name));
                let by_whom =
                    service.map(|service| self.names.topology.services[service].replicas.clone());
                let told = by.as_ref().map_or_else(String::new, |by| format!(" by {}", by.value));
                let text = format!("{} blocked{told} at {}", node.value, self.written(at.span));
                let at = SimSpan::from_seconds(at.value);
                (text, Expected::Blocked { node: index?, by: by_whom, at }, Vec::new())
            }
        };
        let expectation = Expectation {
            text,
            expected,
            probability: raw.probability.map(|share| share.value),
            is_required: raw.is_required,
            document: raw.document.clone(),
        };
        Some(Pending { expectation, subjects })
    }

    fn measured(
        &mut self,
        raw: &RawExpected,
        measure: Measure,
        bound: Spanned<f64>,
        of: &[Name],
    ) -> Option<(String, Expected, Vec<Subject>)> {
        let limit = self.written(bound.span);
        let text = match measure {
            Measure::DownAtMost => format!("{} down at most {limit}", words(of)),
            Measure::DownAtLeast => format!("{} down at least {limit}", words(of)),
            Measure::OutageAtMost => format!("{} down at most {limit} at a time", words(of)),
            Measure::DegradedAtMost => format!("{} degraded at most {limit}", words(of)),
            Measure::DegradedAtLeast => format!("{} degraded at least {limit}", words(of)),
            Measure::BackWithin => format!("{} back within {limit}", words(of)),
            Measure::RedundantWithin => format!("{} redundant within {limit}", words(of)),
            Measure::LostAtMost => format!("{} lost at most {limit}", words(of)),
            Measure::LostAtLeast => format!("{} lost at least {limit}", words(of)),
        };
        let bound = SimSpan::from_seconds(bound.value);
        let expected = |of| Expected::Bound { measure, of, bound };
        if measure == Measure::RedundantWithin {
            let units = self.units(of);
            let parts = units.into_iter().map(Expression::Unit).collect();
            let subject = self.add(1, format!("all of {}", words(of)), all_of(parts));
            return Some((text, expected(0), vec![subject]));
        }
        let [name] = of else {
            self.findings
                .error(Code::WrongReference, raw.span, "one expectation of several things")
                .help("write one for each of them");
            return None;
        };
        if matches!(measure, Measure::LostAtMost | Measure::LostAtLeast) {
            let Some(class) = self.names.data.get(name.value.as_str()) else {
                self.unknown(name, "data class", self.names.data.keys().copied().collect());
                return None;
            };
            return Some((text, expected(*class), Vec::new()));
        }
        let subjects = self.subjects(name);
        if subjects.len() > 1 {
            let message = format!("`{}` is several units", name.value);
            self.findings
                .error(Code::WrongReference, name.span, message)
                .help("name a journey, an operation or one unit");
        }
        Some((text, expected(0), vec![*subjects.first()?]))
    }

    /// What a name in an expectation stands for: a journey, what a service offers, or units.
    fn subjects(&mut self, name: &Name) -> Vec<Subject> {
        let word = name.value.as_str();
        if let Some(journey) = self.names.journeys.get(word) {
            return vec![Subject::Own(*journey)];
        }
        let (service, operation) = match word.split_once('.') {
            Some((service, operation)) => (service, Some(operation)),
            None => (word, None),
        };
        if let Some(&index) = self.names.services.get(service) {
            let operations = &self.names.topology.services[index].operations;
            let is_meant = |known: &Operation| known.name.as_deref() == operation;
            let place = match operation {
                None if operations.len() == 1 => Some(0),
                _ => operations.iter().position(is_meant),
            };
            if let Some(place) = place {
                let needs = Expression::Operation(index, place);
                return vec![self.add(0, word.to_owned(), needs)];
            }
            let known: Vec<String> = operations
                .iter()
                .map(|known| match &known.name {
                    Some(name) => format!("{service}.{name}"),
                    None => service.to_owned(),
                })
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("`{word}` is nothing that `{service}` offers");
            self.findings
                .error(Code::WrongReference, name.span, message)
                .help(format!("it offers {}", listed(&known)));
            return Vec::new();
        }
        let Some(units) = self.names.units(word) else {
            let journeys = self.names.journeys.keys().copied();
            let known = journeys.chain(self.names.of_units()).collect();
            self.unknown(name, "journey, service or unit", known);
            return Vec::new();
        };
        let paths = |unit: usize| self.names.topology.units[unit].path.clone();
        units.into_iter().map(|unit| self.add(1, paths(unit), Expression::Unit(unit))).collect()
    }

    /// Adds what is to be observed, once.
    fn add(&mut self, list: usize, name: String, needs: Expression) -> Subject {
        let added = &mut self.added[list];
        let place = *self.places[list].entry(name.clone()).or_insert(added.len());
        if place == added.len() {
            added.push((name, needs));
        }
        if list == 0 { Subject::Named(place) } else { Subject::Unnamed(place) }
    }

    fn written(&self, span: Span) -> String {
        self.findings.sources().text(span).trim().to_owned()
    }
}

/// When what belongs to the same step follows.
fn at_once(when: When) -> When {
    match when {
        When::At(_) => when,
        When::After(_) => When::After(SimSpan::ZERO),
    }
}

fn words(names: &[Name]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
}

fn is_good_rollout(step: &RawStep) -> bool {
    step.verb == Verb::Rollout && !step.is_bad
}

/// Whether a controller may put a replica on another node.
fn is_placed(topology: &Topology, unit: usize) -> bool {
    has_controller(topology, unit, Controller::is_scheduled)
}

fn is_on_replicated_volume(topology: &Topology, unit: usize) -> bool {
    let workloads = topology.platform.iter().flat_map(|platform| &platform.workloads);
    let of_unit = |service: usize| topology.services[service].replicas.contains(&unit);
    workloads.into_iter().any(|one| one.replicated.is_some() && of_unit(one.service))
}

fn has_controller(topology: &Topology, unit: usize, is_it: fn(Controller) -> bool) -> bool {
    let workloads = topology.platform.iter().flat_map(|platform| &platform.workloads);
    let of_unit = |service: usize| topology.services[service].replicas.contains(&unit);
    workloads.into_iter().any(|one| is_it(one.controller) && of_unit(one.service))
}

fn is_node(topology: &Topology, unit: usize) -> bool {
    topology.platform.as_ref().is_some_and(|platform| node_of(platform, unit).is_some())
}

/// Up while all of these are.
fn all_of(parts: Vec<Expression>) -> Expression {
    Expression::AtLeast(parts.len(), parts)
}

/// What is only observed.
fn observed(name: String, needs: Expression) -> Journey {
    Journey { name, about: None, needs, whole: None, slo: Slo::default(), data: Vec::new() }
}

/// Nothing happens by itself any more: what units fail by, what is planned, defects and deletions.
fn remove_random_failures(topology: &mut Topology) {
    for unit in &mut topology.units {
        unit.modes.clear();
    }
    topology.plans.clear();
    if let Some(platform) = &mut topology.platform {
        platform.rollouts.clear();
    }
    for class in &mut topology.data {
        if let Some(holding) = &mut class.holding {
            holding.deleted = None;
            holding.latent = None;
            holding.unreadable = 0.0;
        }
        for cycle in class.offload.iter_mut().chain(&mut class.backup) {
            cycle.fails = 0.0;
        }
    }
}

/// Whether two lives of a topology without failures of its own may differ.
fn is_random(topology: &Topology) -> bool {
    let of_script = topology.script.iter().filter_map(|act| match &act.action {
        Action::Strike { .. } | Action::Stop { .. } => Some(&topology.modes[act.mode].repair),
        _ => None,
    });
    let of_script = of_script.flat_map(|repair| match repair {
        Repair::After(stages) => stages.as_slice(),
        Repair::Restart | Repair::Never => &[],
    });
    let starts = topology.units.iter().flat_map(|unit| &unit.start);
    let stages = of_script.chain(starts).map(|stage| &stage.law);
    let crews = topology.crews.iter().flat_map(|crew| {
        let responses = crew.response.iter().chain(&crew.off_hours);
        let calls = crew.escalates.iter().map(|(after, _)| after);
        responses.chain(&crew.reorder).chain(calls)
    });
    let rosters: Vec<_> =
        topology.services.iter().filter_map(|service| service.roster.as_ref()).collect();
    let switches = rosters.iter().flat_map(|roster| {
        let uncovered = roster.coverage.iter().filter_map(|(_, law)| law.as_ref());
        roster.failover.iter().chain(&roster.failback).chain(uncovered)
    });
    let is_chancy = |p: f64| p > 0.0 && p < 1.0;
    topology.platform.is_some()
        || rosters.iter().any(|r| r.coverage.as_ref().is_some_and(|(p, _)| is_chancy(*p)))
        || stages.chain(crews).chain(switches).any(varies)
        || topology.data.iter().any(|class| class.laws().any(varies))
}

fn varies(law: &Law) -> bool {
    match law {
        Law::Fixed { .. } => false,
        Law::Sum(parts) => parts.iter().any(varies),
        _ => true,
    }
}
