//! What strikes: failure modes, common causes, failures that follow others, plans; and how fast
//! clocks run until then.

use super::{Chance, Chooser, Step};
use crate::engine::state::Root;
use crate::model::{ClockId, DragId, LaneId, LoadId, PlanId, ShockId, UnitId};

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
        self.strike(clock, true);
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
            self.strike(clock, false);
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
        let root = std::mem::replace(&mut self.state.drag_roots[drag.index()], Root::NOTHING);
        if self.state.can_strike(self.model, clock) && !is_over {
            self.state.root = root;
            self.strike(clock, false);
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

    /// A round of a plan begins, or goes on with its next unit.
    pub(super) fn plan_is_due(&mut self, lane: LaneId) {
        let plan = self.model.lanes[lane.index()];
        if std::mem::replace(&mut self.state.plans[plan.index()].is_on, true) {
            self.plan_goes_on(lane);
            return;
        }
        for lane in self.model.plans[plan.index()].lanes() {
            self.plan_goes_on(lane);
        }
    }

    /// What lanes of a plan have waited for is up.
    pub(super) fn waiting_lanes_go_on(&mut self, plan: PlanId) {
        for lane in self.model.plans[plan.index()].lanes() {
            if std::mem::take(&mut self.state.lanes[lane.index()].waits) {
                self.plan_goes_on(lane);
            }
        }
    }

    /// The next unit of a plan is taken, if there is one and work on it may begin.
    fn plan_goes_on(&mut self, lane: LaneId) {
        let plan = self.model.lanes[lane.index()];
        let spec = &self.model.plans[plan.index()];
        let place = self.state.plans[plan.index()].next;
        let Some(clock) = spec.order.get(place as usize) else { return };
        if spec.waits_for.is_some_and(|gate| !self.state.gate_is_up(gate)) {
            self.state.lanes[lane.index()].waits = true;
            return;
        }
        if !self.chooser.plan_is_open(plan) {
            self.chooser.plan_opening_is_awaited(lane);
            return;
        }
        let state = &mut self.state.plans[plan.index()];
        (state.next, state.taken) = (place + 1, state.taken + 1);
        self.state.lanes[lane.index()].place = Some(place);
        let unit = self.model.clocks[clock.index()].unit;
        match (spec.drains, self.model.units[unit.index()].extras().node) {
            (Some(patience), Some(node)) => self.drain_for_plan(lane, *clock, node, patience),
            _ => self.plan_strikes(lane),
        }
    }

    /// Planned work begins on the unit that was taken for it; whether it comes to nothing is settled
    /// now, as are all lengths.
    pub(super) fn plan_strikes(&mut self, lane: LaneId) {
        let spec = &self.model.plans[self.model.lanes[lane.index()].index()];
        let Some(place) = self.state.lanes[lane.index()].place else { return };
        let work = spec.order[place as usize];
        let clock = match &spec.fails {
            Some((p, failed)) => {
                let failed = failed[place as usize];
                if self.chooser.happens(Chance::Work(work, failed), *p) { failed } else { work }
            }
            None => work,
        };
        let is_planned = self.model.clocks[clock.index()].is_planned;
        self.state.root = Root { clock, branch: 0, is_planned };
        self.strike(clock, false);
    }

    /// Work on one unit of a plan is done.
    pub(super) fn work_is_done(&mut self, plan: PlanId, clock: ClockId) {
        let unit = self.model.clocks[clock.index()].unit;
        let spec = &self.model.plans[plan.index()];
        let is_on_it = |lane: &LaneId| {
            let place = self.state.lanes[lane.index()].place;
            place.is_some_and(|place| {
                self.model.clocks[spec.order[place as usize].index()].unit == unit
            })
        };
        if let Some(lane) = spec.lanes().find(is_on_it) {
            self.plan_is_done_with_one(lane);
        }
    }

    /// A lane of a plan has nothing more to do with the unit that it had taken.
    pub(super) fn plan_is_done_with_one(&mut self, lane: LaneId) {
        let plan = self.model.lanes[lane.index()];
        let spec = &self.model.plans[plan.index()];
        self.state.lanes[lane.index()].place = None;
        let state = &mut self.state.plans[plan.index()];
        state.taken -= 1;
        if (state.next as usize) < spec.order.len() {
            self.chooser.plan_pauses(lane, spec.gap);
        } else if state.taken == 0 {
            (state.is_on, state.next) = (false, 0);
            for lane in spec.lanes() {
                self.state.lanes[lane.index()].waits = false;
            }
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
