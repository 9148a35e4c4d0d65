//! What follows when a gate changes that something other than a journey depends on.

use super::{Chooser, Step};
use crate::engine::state::{MaskState, Phase};
use crate::model::{MaskId, UnitId, Watch, WatchId};

impl<C: Chooser> Step<'_, C> {
    /// Looks at every watched gate that may have changed, and does what must be done, which may
    /// change others.
    pub(super) fn heed_watches(&mut self) {
        let mut next = 0;
        while let Some(&watch) = self.state.pending_watches.get(next) {
            next += 1;
            self.heed(watch);
        }
        self.state.pending_watches.clear();
    }

    fn heed(&mut self, id: WatchId) {
        let model = self.model;
        let (gate, watch) = &model.watches[id.index()];
        let is_up = self.state.gate_is_up(*gate);
        let was_up = std::mem::replace(&mut self.state.watched_up[id.index()], is_up);
        // Those that wait may have begun to wait while the gate was down for no time at all.
        let is_waited_for = matches!(watch, Watch::Start(_) | Watch::Switch(_) | Watch::Plan(_));
        if was_up == is_up && !is_waited_for {
            return;
        }
        match watch {
            Watch::Mask(mask) if is_up => self.ends(*mask),
            Watch::Mask(mask) => {
                self.state.masks[mask.index()].root = self.state.root;
                self.chooser.mask_begins(*mask);
            }
            Watch::Crash(units) if is_up => units.iter().for_each(|u| self.fault_disappears(*u)),
            Watch::Crash(units) => units.iter().for_each(|u| self.fault_appears(*u)),
            Watch::Start(units) => units.iter().for_each(|u| self.start_needs_turn(*u, is_up)),
            Watch::Suspend(units) => {
                for unit in units {
                    self.state.units[unit.index()].is_suspended = !is_up;
                    self.repace(*unit);
                }
            }
            Watch::Switch(roster) if is_up => self.unstick(*roster),
            Watch::Plan(plan) if is_up => self.waiting_lanes_go_on(*plan),
            Watch::Overload(clocks) if !is_up => {
                clocks.iter().for_each(|clock| self.is_overloaded(*clock));
            }
            Watch::ControlPlane(cluster) => self.control_plane_turns(*cluster, is_up),
            Watch::Switch(_) | Watch::Plan(_) | Watch::Overload(_) => {}
        }
    }

    /// What a unit needs to start came, or went.
    fn start_needs_turn(&mut self, unit: UnitId, is_there: bool) {
        match (self.state.units[unit.index()].phase, is_there) {
            (Phase::Held, true) => self.start(unit),
            (Phase::Starting, false) => {
                self.state.units[unit.index()].phase = Phase::Held;
                self.cut_short(self.model.start_job(unit));
            }
            _ => {}
        }
    }

    /// What was hidden for long enough shows.
    pub(super) fn shows(&mut self, mask: MaskId) {
        let model = self.model;
        let state = &mut self.state.masks[mask.index()];
        state.has_expired = true;
        self.state.root = state.root;
        self.state.input_falls(model, model.mask_gates.of(mask.index()));
    }

    /// What a mask hides is over, whether it showed or not.
    fn ends(&mut self, mask: MaskId) {
        let model = self.model;
        let state: &mut MaskState = &mut self.state.masks[mask.index()];
        if std::mem::take(&mut state.has_expired) {
            self.state.input_rises(model, model.mask_gates.of(mask.index()));
        } else {
            self.chooser.mask_ends(mask);
        }
    }
}
