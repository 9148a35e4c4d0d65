//! The calendar: what is planned.

use std::collections::BTreeSet;

use super::all::Checker;
use super::failures::planned;
use crate::spec::diagnostic::Code;
use crate::spec::platform::{Patience, Platform};
use crate::spec::raw::{Name, RawEntry, RawPlan};
use crate::spec::source::Spanned;
use crate::spec::topology::{Expression, FailedWork, FailureMode, Plan};
use crate::units::SimSpan;

/// What comes more often than this is not planned work.
const SHORTEST_PERIOD_SECONDS: f64 = 1.0;

impl Checker<'_> {
    /// Planned work; each entry gets a mode that stands for it.
    pub(super) fn plans(&mut self, platform: Option<&Platform>) -> Vec<Plan> {
        let raw = self.raw;
        let works = raw.calendar.iter().filter_map(|entry| match entry {
            RawEntry::Work(plan) => Some(plan),
            RawEntry::Rollout(_) => None,
        });
        works.filter_map(|plan| self.plan(plan, platform)).collect()
    }

    fn plan(&mut self, raw: &RawPlan, platform: Option<&Platform>) -> Option<Plan> {
        let order = self.units.resolve(&raw.order, self.findings);
        let stages = self.stages(raw.each.as_ref()?);
        let every = raw.every?;
        self.check_period(every);
        let mut known = order.clone();
        known.sort_unstable();
        known.dedup();
        if known.len() < order.len() {
            let message = format!("`{}` takes a unit twice", raw.name.value);
            self.findings
                .error(Code::DuplicateName, raw.name.span, message)
                .help("name each unit once in `order`; a group stands for its members");
        }
        self.refuse_name_of_a_mode(&raw.name);
        let drains = raw.drain.filter(|drain| self.are_nodes(&order, drain, platform));
        let at_a_time = self.at_a_time(raw, order.len());
        let waits_for = match &raw.waits_for {
            Some(expression) => Some(self.expression(expression)?),
            // One that is the only one has nobody to wait for.
            None if raw.regardless || order.len() < 2 => None,
            None => {
                let all: Vec<Expression> = order.iter().copied().map(Expression::Unit).collect();
                // With the one that is taken next no more are down than are worked on at a time.
                Some(Expression::AtLeast(all.len() + 1 - at_a_time, all))
            }
        };
        let fails = raw.fails.as_ref().map(|fails| {
            let repair = stages.iter().cloned().chain(self.stages(&fails.repair)).collect();
            (fails.probability.value, repair)
        });
        let mode = self.modes.len();
        self.modes.push(planned(raw.name.value.clone(), stages));
        if let Some(mode) = self.modes.last_mut() {
            mode.about.clone_from(&raw.about);
        }
        let fails = fails.map(|(probability, repair)| {
            let name = format!("{} (failed)", raw.name.value);
            self.modes.push(FailureMode { is_planned: false, ..planned(name, repair) });
            FailedWork { probability, mode: self.modes.len() - 1 }
        });
        (!order.is_empty()).then(|| Plan {
            name: raw.name.value.clone(),
            at: SimSpan::from_seconds(raw.at),
            every: SimSpan::from_seconds(every.value),
            order,
            mode,
            gap: SimSpan::from_seconds(raw.gap),
            at_a_time,
            hours: raw.hours.clone(),
            fails,
            waits_for,
            drains: drains.map(|drain| drain.value),
        })
    }

    /// On how many of so many units work goes on together.
    fn at_a_time(&mut self, raw: &RawPlan, units: usize) -> usize {
        let Some(at_a_time) = raw.at_a_time else { return 1 };
        if units > 0 && at_a_time.value > units as u64 {
            let message = format!("{} at a time of {units} units", at_a_time.value);
            self.findings
                .error(Code::OutOfRange, at_a_time.span, message)
                .help(format!("at most {units}, as many as `order` names"));
        }
        usize::try_from(at_a_time.value).unwrap_or(usize::MAX).clamp(1, units.max(1))
    }

    /// What is planned again and again must end before it begins anew.
    pub(super) fn check_period(&mut self, every: Spanned<f64>) {
        if every.value < SHORTEST_PERIOD_SECONDS {
            self.findings
                .error(Code::OutOfRange, every.span, "a plan that never ends")
                .help("`every` is from beginning to beginning and must be at least 1s");
        }
    }

    /// Planned work is a cause in a report, as failure modes are.
    pub(super) fn refuse_name_of_a_mode(&mut self, name: &Name) {
        if self.mode_index.contains_key(&name.value) {
            let message = format!("a failure mode is called `{}` too", name.value);
            self.findings
                .error(Code::DuplicateName, name.span, message)
                .help("give one of the two another name: both are causes in the report");
        }
    }

    /// Whether units can be drained; a finding about the first that cannot.
    fn are_nodes(
        &mut self,
        units: &[usize],
        drain: &Spanned<Patience>,
        platform: Option<&Platform>,
    ) -> bool {
        let Some(platform) = platform else {
            // Something is wrong with it, and that has been said.
            if !self.raw.says_platform {
                self.findings
                    .error(Code::MissingKey, drain.span, "a drain, and there is no platform")
                    .help("say which one evicts replicas: `platform: kubernetes`");
            }
            return false;
        };
        let nodes: BTreeSet<usize> = platform.nodes.iter().map(|node| node.unit).collect();
        let Some(other) = units.iter().find(|unit| !nodes.contains(unit)) else {
            // Of what runs nothing, nothing has to be evicted.
            return !platform.workloads.is_empty();
        };
        let message = format!("`{}` is drained and is no node", self.units.list[*other].path);
        self.findings
            .error(Code::WrongReference, drain.span, message)
            .help("only nodes of the platform can be drained: name it under its `nodes`");
        false
    }
}
