//! The calendar: what is planned.

use super::all::Checker;
use super::failures::planned;
use crate::spec::diagnostic::Code;
use crate::spec::raw::RawPlan;
use crate::spec::topology::{Expression, Plan};
use crate::units::SimSpan;

/// What comes more often than this is not planned work.
const SHORTEST_PERIOD_SECONDS: f64 = 1.0;

impl Checker<'_> {
    /// Planned work; each entry gets a mode that stands for it.
    pub(super) fn plans(&mut self) -> Vec<Plan> {
        let raw = self.raw;
        raw.calendar.iter().filter_map(|plan| self.plan(plan)).collect()
    }

    fn plan(&mut self, raw: &RawPlan) -> Option<Plan> {
        let order = self.units.resolve(&raw.order, self.findings);
        let stages = self.stages(raw.each.as_ref()?);
        let every = raw.every?;
        if every.value < SHORTEST_PERIOD_SECONDS {
            self.findings
                .error(Code::OutOfRange, every.span, "a plan that never ends")
                .help("`every` is from beginning to beginning and must be at least 1s");
        }
        let mut known = order.clone();
        known.sort_unstable();
        known.dedup();
        if known.len() < order.len() {
            let message = format!("`{}` takes a unit twice", raw.name.value);
            self.findings
                .error(Code::DuplicateName, raw.name.span, message)
                .help("name each unit once in `order`; a group stands for its members");
        }
        if self.mode_index.contains_key(&raw.name.value) {
            let message = format!("a failure mode is called `{}` too", raw.name.value);
            self.findings
                .error(Code::DuplicateName, raw.name.span, message)
                .help("give one of the two another name: both are causes in the report");
        }
        let waits_for = match &raw.waits_for {
            Some(expression) => Some(self.expression(expression)?),
            // One that is the only one has nobody to wait for.
            None if raw.regardless || order.len() < 2 => None,
            None => {
                let all: Vec<Expression> = order.iter().copied().map(Expression::Unit).collect();
                Some(Expression::AtLeast(all.len(), all))
            }
        };
        let mode = self.modes.len();
        self.modes.push(planned(raw.name.value.clone(), stages));
        if let Some(mode) = self.modes.last_mut() {
            mode.about.clone_from(&raw.about);
        }
        (!order.is_empty()).then(|| Plan {
            name: raw.name.value.clone(),
            at: SimSpan::from_seconds(raw.at),
            every: SimSpan::from_seconds(every.value),
            order,
            mode,
            gap: SimSpan::from_seconds(raw.gap),
            waits_for,
            drains: None,
        })
    }
}
