//! What scripts do.

use super::{Chooser, Step};
use crate::engine::platform::{PodPhase, RolledBy};
use crate::engine::state::{Phase, Root};
use crate::model::{ActId, Action, ClockId, PodId, Repair, UnitId};
use crate::spec::When;

impl<C: Chooser> Step<'_, C> {
    /// It is time for an act of the script.
    pub(super) fn act(&mut self, id: ActId) {
        let model = self.model;
        let action = &model.platform.script[id.index()].action;
        match action {
            Action::Strike(clocks) => clocks.iter().for_each(|clock| self.script_strikes(*clock)),
            Action::Restore(clocks, nodes) => {
                clocks.iter().for_each(|clock| self.script_restores(*clock));
                nodes.iter().for_each(|node| self.reconnect(*node));
            }
            Action::Delete { pods, restarts, is_forced } => {
                pods.iter().for_each(|(pod, clock)| self.delete(*pod, *clock, *is_forced));
                restarts.iter().for_each(|clock| self.script_strikes(*clock));
            }
            Action::Drain(node, clock) => self.drain_for_act(id, *node, *clock),
            Action::Uncordon(node) => self.uncordon(*node),
            Action::Rollout(workload, _) => self.rollout_begins(*workload, RolledBy::Script(id)),
            Action::CutOff(node, clock) => self.cut_off(*node, *clock),
            Action::Unseal(units) => units.iter().for_each(|unit| self.unseal(*unit)),
            Action::Load { demands, needed, clock } => self.load(demands, *needed, *clock),
            Action::Use { of, memory, demand, clock } => self.uses(*of, *memory, *demand, *clock),
        }
        if !action.takes_time() {
            self.act_is_done(id);
        }
    }

    /// What follows an act of the script may follow.
    pub(super) fn act_is_done(&mut self, id: ActId) {
        let next = ActId::new(id.index() + 1);
        if let Some(act) = self.model.platform.script.get(next.index())
            && let When::After(span) = act.when
        {
            self.chooser.act_follows(next, span);
        }
    }

    /// For each replica of a workload, the clock that stands for a rollout by the script.
    pub(super) fn clocks_of_rollout(&self, id: ActId) -> &[ClockId] {
        match &self.model.platform.script[id.index()].action {
            Action::Rollout(_, clocks) => clocks,
            _ => unreachable!("only a rollout rolls out"),
        }
    }

    fn script_strikes(&mut self, clock: ClockId) {
        let mode = &self.model.clocks[clock.index()];
        let is_down = self.state.units[mode.unit.index()].phase == Phase::Down;
        // What has struck already goes on, and a process that does not run cannot end.
        if self.state.is_active(clock) || is_down && matches!(mode.repair, Repair::Restart) {
            return;
        }
        self.state.root = Root { clock, branch: 0, is_planned: mode.is_planned };
        self.strike(clock, false);
    }

    fn script_restores(&mut self, clock: ClockId) {
        if !self.state.is_active(clock) {
            return;
        }
        if let Repair::After(_) = self.model.clocks[clock.index()].repair {
            self.cut_short(self.model.repair_job(clock));
        }
        self.restore(clock);
    }

    /// Somebody deletes a replica.
    fn delete(&mut self, pod: PodId, clock: ClockId, is_forced: bool) {
        self.state.root = Root { clock, branch: 0, is_planned: false };
        match self.state.platform.pods[pod.index()].phase {
            PodPhase::Pending => {}
            _ if is_forced => self.becomes_pending(pod),
            PodPhase::Ending | PodPhase::Stuck { .. } => {}
            PodPhase::Placed | PodPhase::Preparing => self.told_to_end(pod),
        }
    }

    /// It takes more replicas to carry a demand from now on, or fewer.
    fn load(&mut self, demands: &[usize], needed: u32, clock: ClockId) {
        self.state.events += 1;
        self.state.root = Root { clock, branch: 0, is_planned: false };
        for &demand in demands {
            self.state.demand_changes(self.model, demand, needed);
        }
    }

    /// Somebody does at once what a start waits for.
    fn unseal(&mut self, unit: UnitId) {
        if self.state.units[unit.index()].phase != Phase::Starting {
            return;
        }
        self.cut_short(self.model.start_job(unit));
        self.state.events += 1;
        self.state.root = self.state.units[unit.index()].root;
        self.comes_up(unit);
    }
}
