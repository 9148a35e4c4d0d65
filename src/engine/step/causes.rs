//! What strikes: failure modes, common causes, failures that follow others, plans; and how fast
//! clocks run until then.

use super::{Chance, Chooser, Step};
use crate::engine::state::Root;
use crate::model::{ClockId, DragId, LoadId, PlanId, ShockId, UnitId};

impl<C: Chooser> Step<'_, C> {
    /// A failure mode strikes, unless its clock stands still or the mode is active already.
    #[inline]
    pub(super) fn fail(&mut self, clock: ClockId) {
        let mode = &self.model.clocks[clock.index()];
        if !self.state.can_strike(self.model, clock) {
            return;
        }
        let unit = mode.unit.index();
        if self.model.units[unit].is_paced && !mode.always {
            // A clock that ages is slowed down itself; of one that does not, some points are left out.
            let pace = self.state.paces[unit] / mode.extras().top_pace;
            let has_no_age =
                matches!(mode.to_failure, crate::model::TimeToFailure::Memoryless { .. });
            if has_no_age && pace < 1.0 && !self.chooser.happens(Chance::Strike(clock), pace) {
                return;
            }
        }
        self.state.root = Root { clock, branch: 0, is_planned: mode.is_planned };
        self.strike(clock);
        if let Some(burst) = &mode.extras().burst {
            self.bursts(clock, burst);
        }
    }

    /// A common cause strikes all it can, or each with its probability.
    pub(super) fn shock(&mut self, shock: ShockId) {
        let spec = &self.model.shocks[shock.index()];
        if !self.chooser.happens(Chance::Shock(shock), spec.probability) {
            return;
        }
        let mut is_first = true;
        for &clock in &spec.targets {
            if !self.state.can_strike(self.model, clock)
                || !self.chooser.happens(Chance::Hit(shock, clock), spec.each)
            {
                continue;
            }
            if std::mem::take(&mut is_first) {
                let is_planned = self.model.clocks[clock.index()].is_planned;
                self.state.root = Root { clock, branch: 0, is_planned };
            }
            self.strike(clock);
        }
    }

    /// A failure drags others along.
    fn bursts(&mut self, clock: ClockId, burst: &crate::model::Burst) {
        if !self.chooser.happens(Chance::Burst(clock), burst.probability) {
            return;
        }
        let mut candidates = std::mem::take(&mut self.state.candidates);
        candidates.clear();
        candidates.extend(
            burst.among.iter().filter(|&&c| c != clock && self.state.can_strike(self.model, c)),
        );
        for number in 0..burst.peers.min(candidates.len() as u32) {
            let place = self.chooser.picks(clock, number, candidates.len());
            let dragged = candidates.swap_remove(place);
            if let Some(drag) = self.model.clocks[dragged.index()].extras().drag {
                self.state.drag_roots[drag.index()] = self.state.root;
                self.chooser.drag_begins(drag, burst.within);
            }
        }
        self.state.candidates = candidates;
    }

    /// A failure that another one has set off follows.
    pub(super) fn drag(&mut self, drag: DragId) {
        let clock = self.model.drags[drag.index()];
        let overload = self.model.clocks[clock.index()].extras().overload;
        let is_over = overload.is_some_and(|(gate, _)| self.state.gate_is_up(gate));
        if self.state.can_strike(self.model, clock) && !is_over {
            self.state.root = self.state.drag_roots[drag.index()];
            self.strike(clock);
        }
    }

    /// A replica carries more than it can, and will crash if that goes on.
    pub(super) fn is_overloaded(&mut self, clock: ClockId) {
        let mode = &self.model.clocks[clock.index()];
        if let (Some((_, within)), Some(drag)) = (mode.extras().overload, mode.extras().drag)
            && self.state.is_up(mode.unit)
        {
            self.state.drag_roots[drag.index()] = self.state.root;
            self.chooser.drag_begins(drag, within.seconds());
        }
    }

    /// A plan begins, or goes on with its next unit.
    pub(super) fn plan_goes_on(&mut self, plan: PlanId) {
        let spec = &self.model.plans[plan.index()];
        if spec.waits_for.is_some_and(|gate| !self.state.gate_is_up(gate)) {
            self.state.plans[plan.index()].waits = true;
            return;
        }
        let place = self.state.plans[plan.index()].place as usize;
        let unit = self.model.clocks[spec.order[place].index()].unit;
        match (spec.drains, self.model.units[unit.index()].extras().node) {
            (Some(patience), Some(node)) => self.drain_for_plan(plan, node, patience),
            _ => self.plan_strikes(plan),
        }
    }

    /// Planned work begins on a unit.
    pub(super) fn plan_strikes(&mut self, plan: PlanId) {
        let spec = &self.model.plans[plan.index()];
        let clock = spec.order[self.state.plans[plan.index()].place as usize];
        self.state.root = Root { clock, branch: 0, is_planned: true };
        self.strike(clock);
    }

    /// Work on one unit of a plan is done.
    pub(super) fn plan_is_done_with_one(&mut self, plan: PlanId) {
        let spec = &self.model.plans[plan.index()];
        let state = &mut self.state.plans[plan.index()];
        state.place += 1;
        if (state.place as usize) < spec.order.len() {
            self.chooser.plan_pauses(plan, spec.gap);
        } else {
            state.place = 0;
            self.chooser.plan_sleeps(plan);
        }
    }

    /// More or fewer units share a load.
    pub(super) fn load_shifts(&mut self, load: LoadId) {
        let model = self.model;
        for &member in &model.loads[load.index()].members {
            self.repace(member);
        }
    }

    /// The clocks of a unit may have to run faster or slower.
    pub(super) fn repace(&mut self, unit: UnitId) {
        let model = self.model;
        let spec = &model.units[unit.index()];
        if !spec.is_paced {
            return;
        }
        let pace = self.state.pace(model, spec, unit);
        if std::mem::replace(&mut self.state.paces[unit.index()], pace) == pace
            || !self.state.is_up(unit)
        {
            return;
        }
        for &clock in model.aging_clocks.of(unit.index()) {
            self.chooser.clock_pauses(clock);
            self.chooser.clock_resumes(clock, pace);
        }
    }
}
