//! What takes copies of data, and how they come back.

use super::{Chooser, Step};
use crate::engine::data::{CopyPhase, HoldingState};
use crate::engine::observer::{HowLost, Loss};
use crate::model::{ClockId, CopyId, DataId, NodeId, RosterId, UnitId};
use crate::spec::{CatchUp, Speed, Volume};
use crate::units::{SimSpan, SimTime};

/// Decides about data: by luck in a simulation, by enumeration in a solver.
pub trait DataChooser {
    /// The present instant.
    fn now(&self) -> SimTime;
    /// A copy that is back begins to catch up with what it has missed.
    fn catching_up_begins(&mut self, copy: CopyId);
    /// The time begins to run until somebody notices that a copy is lost.
    fn detection_begins(&mut self, copy: CopyId);
    /// The time begins to run until a copy that is only out of reach is given up.
    fn absence_begins(&mut self, copy: CopyId);
    /// The rebuild of a copy begins; one by bandwidth stands still until it gets some.
    fn rebuild_begins(&mut self, copy: CopyId);
    /// A rebuild stands still; whether it has to go on where it stood, and may not as well begin anew.
    fn rebuild_pauses(&mut self, copy: CopyId) -> bool;
    /// A rebuild goes on where it stood still; one by bandwidth as soon as it gets some.
    fn rebuild_resumes(&mut self, copy: CopyId);
    /// A rebuild goes on with so many bytes a second.
    fn rebuild_paces(&mut self, copy: CopyId, rate: f64);
    /// A rebuild ends before it is through, or nobody need notice any more.
    fn rebuild_is_called_off(&mut self, copy: CopyId);
    /// Whether a copy is gone with a failure that takes it with a probability.
    fn is_wiped(&mut self, copy: CopyId, probability: f64) -> bool;
    /// Whether a rebuild finds something unreadable; `is_fatal` if a group of the copy could be lost with it.
    fn finds_unreadable(&mut self, copy: CopyId, probability: f64, is_fatal: bool) -> bool;
    /// Which of so many groups of a copy is meant; the one that has lost the most is at `worst`.
    fn picks_group(&mut self, copy: CopyId, among: usize, worst: usize) -> usize;
    /// Which of so many other copies is meant.
    fn picks_other(&mut self, copy: CopyId, among: usize) -> usize;
    /// A copy without a defect may have one.
    fn defect_is_awaited(&mut self, copy: CopyId);
    /// Scrubbing looks for a defect that there is.
    fn scrub_begins(&mut self, copy: CopyId);
    /// There is nothing any more that could have a defect.
    fn defect_is_called_off(&mut self, copy: CopyId);
    /// Somebody may delete a class.
    fn deletion_is_awaited(&mut self, class: DataId);
    /// How much of the newest data of a class had not been written down.
    fn unsynced(&mut self, class: DataId) -> SimSpan;
    /// How far those that stand by are behind.
    fn lag(&mut self, class: DataId) -> SimSpan;
}

impl<C: Chooser> Step<'_, C> {
    /// A failure that has taken down a unit takes the copies that do not survive it.
    pub(super) fn takes_data(&mut self, clock: ClockId) {
        let model = self.model;
        let mode = &model.clocks[clock.index()];
        let unit = mode.unit.index();
        for &copy in model.data.taken_by_any.of(unit) {
            self.lose(copy);
        }
        if mode.wipes {
            let probability = mode.wiping();
            for &copy in model.data.taken_by_wiping.of(unit) {
                if probability >= 1.0 || self.chooser.is_wiped(copy, probability) {
                    self.lose(copy);
                }
            }
            for &node in model.platform.nodes_below.of(unit) {
                self.node_is_wiped(node);
            }
        }
        if mode.cuts_power {
            for &class in model.data.unsynced_on.of(unit) {
                self.loses_unsynced(class);
            }
        }
    }

    /// The disks of a node are gone, and with them the copies of replicas that kept them there.
    fn node_is_wiped(&mut self, node: NodeId) {
        let model = self.model;
        self.mirrors_are_wiped(node);
        for (index, pod) in model.platform.pods.iter().enumerate() {
            let state = &self.state.platform.pods[index];
            let is_there = match model.platform.workloads[pod.workload.index()].volume {
                Volume::Local => state.volume_on == Some(node),
                Volume::Nothing => state.node == Some(node),
                Volume::Network => false,
            };
            if is_there {
                self.loses_its_volume(pod.unit);
            }
        }
    }

    /// What a replica wrote to is gone, and with it the copies that it had there.
    pub(super) fn loses_its_volume(&mut self, unit: UnitId) {
        let model = self.model;
        for &copy in model.data.taken_by_wiping.of(unit.index()) {
            self.lose(copy);
        }
    }

    /// The process of a replica is gone for good, and with it what only it had.
    pub(super) fn loses_what_is_fleeting(&mut self, unit: UnitId) {
        let model = self.model;
        for &copy in model.data.on_unit.of(unit.index()) {
            if model.data.is_fleeting[copy.index()] {
                self.lose(copy);
            }
        }
    }

    fn lose(&mut self, copy: CopyId) {
        let model = self.model;
        let (class, holding, _) = model.data.holding_of(copy);
        let before = self.state.data.copies[copy.index()];
        // What is made anew elsewhere stays, whatever becomes of the unit.
        let is_elsewhere = holding.is_rebuilt_elsewhere();
        if is_elsewhere && (before.is_lost || before.is_elsewhere) {
            return;
        }
        let goes_on = is_elsewhere && before.is_being_replaced();
        if !goes_on {
            self.rebuild_is_off(copy);
        }
        if holding.latent.is_some() {
            self.chooser.defect_is_called_off(copy);
        }
        let now = self.chooser.now();
        self.state.data.loses_what_others_missed(&model.data, copy, self.state.root, now);
        self.state.data.lose(&model.data, copy, self.state.root);
        self.new_data_have_no_defects();
        self.state.copy_leaves(model, copy);
        if goes_on {
            self.state.data.copies[copy.index()].phase = before.phase;
        } else if is_elsewhere {
            self.is_missed(copy);
        }
        let Some(rebuild) = &holding.rebuild else { return };
        if rebuild.lazy > 1 {
            self.wake(class);
        }
        if rebuild.source().is_some() {
            // There is one less to read from.
            self.share_bandwidth(class);
        }
    }

    /// The power is cut under all copies that had been there: the newest data were in none of those
    /// that had been lost before.
    fn loses_unsynced(&mut self, class: DataId) {
        let model = self.model;
        let holding = &model.data.holdings[class.index()];
        let root = self.state.root;
        let mut copies =
            (0..holding.count).map(|number| model.data.units[holding.copy(number).index()]);
        if self.state.data.are_all_away(&model.data, class)
            && copies.any(|unit| self.state.units[unit.index()].root == root)
        {
            let newest = self.chooser.unsynced(class);
            self.loses_newest(class, HowLost::Unsynced, newest);
        }
    }

    fn loses_newest(&mut self, data: DataId, how: HowLost, newest: SimSpan) {
        let (cause, newest) = (self.state.root, Some(newest));
        self.state.data.is_lost(Loss { data, cause, how, groups: 0, newest, age: SimSpan::ZERO });
    }

    /// Another member serves on a seat: what had not reached it is lost, unless somebody has meant it
    /// to serve and has waited for that.
    pub(super) fn another_serves(&mut self, roster: RosterId, unit: UnitId) {
        let model = self.model;
        for &class in model.data.lagging.of(roster.index()) {
            let state = &mut self.state.data.holdings[class.index()];
            let first = model.rosters[roster.index()].members[0];
            let before = state.server.replace(unit).unwrap_or(first);
            if before == unit || self.state.root.is_planned {
                continue;
            }
            // What was acknowledged is on so many copies that were there, and whoever has it takes over if one is left.
            let synchronous = model.data.holdings[class.index()].synchronous;
            if self.state.data.left_since(&model.data, class, before) < synchronous {
                continue;
            }
            let newest = self.chooser.lag(class);
            self.loses_newest(class, HowLost::Lagging, newest);
        }
    }

    /// All copies of a class are deleted.
    pub(super) fn deleted(&mut self, class: DataId) {
        self.state.events += 1;
        self.state.data.is_deleted(&self.model.data, class);
        self.new_data_have_no_defects();
        self.chooser.deletion_is_awaited(class);
    }

    /// The unit of these copies is not up any more.
    pub(super) fn copies_leave(&mut self, unit: UnitId) {
        let model = self.model;
        for &copy in model.data.on_unit.of(unit.index()) {
            let (_, holding, _) = model.data.holding_of(copy);
            let is_lost = self.state.data.copies[copy.index()].is_lost;
            if !(self.state.data.is_well(copy) || is_lost && holding.is_rebuilt_elsewhere()) {
                self.rebuild_is_off(copy);
            }
            self.state.copy_leaves(model, copy);
            self.state.data.misses(&model.data, copy, true, self.chooser.now());
            if holding.is_given_up() && !is_lost {
                let state = &mut self.state.data.copies[copy.index()];
                (state.phase, state.root) = (CopyPhase::Absent, self.state.root);
                self.chooser.absence_begins(copy);
            }
        }
    }

    /// The unit of these copies is up again.
    pub(super) fn copies_return(&mut self, unit: UnitId) {
        let model = self.model;
        for &copy in model.data.on_unit.of(unit.index()) {
            let (_, holding, _) = model.data.holding_of(copy);
            let state = self.state.data.copies[copy.index()];
            if state.is_elsewhere {
                self.state.data.stands_elsewhere(copy, false);
            } else if !state.is_lost {
                self.rebuild_is_off(copy);
                self.state.copy_returns(model, copy);
                self.catches_up(copy);
            } else if holding.rebuild.is_none() {
                self.rebuilt(copy);
            } else if !holding.is_rebuilt_elsewhere() {
                self.is_missed(copy);
            }
        }
    }

    /// A copy is lost, and nothing has to be waited for but that somebody notices.
    fn is_missed(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        if holding.rebuild.as_ref().is_some_and(|rebuild| rebuild.detect.is_some()) {
            self.state.data.copies[copy.index()].phase = CopyPhase::Unnoticed;
            self.chooser.detection_begins(copy);
        } else {
            self.is_noticed(copy);
        }
    }

    /// A timer of a copy has run out.
    pub(super) fn rebuild_goes_on(&mut self, copy: CopyId) {
        if std::mem::take(&mut self.state.data.copies[copy.index()].is_catching_up) {
            self.state.data.has_caught_up(&self.model.data, copy);
            return;
        }
        match self.state.data.copies[copy.index()].phase {
            CopyPhase::Unnoticed => return self.is_noticed(copy),
            CopyPhase::Absent => {
                // Where others are out of reach too there is nothing to make it from.
                if self.state.data.can_read_all_of(&self.model.data, copy) {
                    self.is_noticed(copy);
                }
                return;
            }
            _ => {}
        }
        self.leaves_line(copy);
        self.state.events += 1;
        self.rebuilt(copy);
        self.next_in_line(self.model.data.classes[copy.index()]);
    }

    /// Somebody knows that a copy is lost: its rebuild begins, unless it has to wait.
    fn is_noticed(&mut self, copy: CopyId) {
        let (class, holding, number) = self.model.data.holding_of(copy);
        let Some(rebuild) = &holding.rebuild else { return };
        let state = &mut self.state.data.holdings[class.index()];
        let groups = holding.groups_of.of(number as usize);
        let has_to_wait = rebuild.lazy > 1 && state.most_lost(groups) < rebuild.lazy;
        if has_to_wait {
            self.state.data.copies[copy.index()].phase = CopyPhase::Put;
            return;
        }
        state.in_line.push(number);
        self.state.data.copies[copy.index()].phase = CopyPhase::InLine;
        self.next_in_line(class);
    }

    /// Copies that have waited for others of their groups to be lost may have waited for long enough.
    fn wake(&mut self, class: DataId) {
        let holding = &self.model.data.holdings[class.index()];
        for number in 0..holding.count {
            let copy = holding.copy(number);
            if self.state.data.copies[copy.index()].phase == CopyPhase::Put {
                self.is_noticed(copy);
            }
        }
    }

    /// Begins as many rebuilds as may go on at a time.
    fn next_in_line(&mut self, class: DataId) {
        let holding = &self.model.data.holdings[class.index()];
        let Some(rebuild) = &holding.rebuild else { return };
        let most = rebuild.at_a_time.unwrap_or(u32::MAX) as usize;
        loop {
            let state = &self.state.data.holdings[class.index()];
            if state.rebuilding.len() >= most || state.in_line.is_empty() {
                break;
            }
            let Some(place) = self.next_place(class, rebuild.by_margin) else { break };
            let state = &mut self.state.data.holdings[class.index()];
            let number = state.in_line.remove(place);
            state.rebuilding.push(number);
            let copy = holding.copy(number);
            let present = &mut self.state.data.copies[copy.index()];
            present.phase = CopyPhase::Rebuilding;
            match std::mem::take(&mut present.is_put_aside) {
                true => self.chooser.rebuild_resumes(copy),
                false => self.chooser.rebuild_begins(copy),
            }
        }
        self.share_bandwidth(class);
    }

    /// Where the copy stands in line whose turn it is, of those that there is something to make from.
    fn next_place(&self, class: DataId, by_margin: bool) -> Option<usize> {
        let holding = &self.model.data.holdings[class.index()];
        let state = &self.state.data.holdings[class.index()];
        let has_sources =
            |place: &usize| self.state.data.has_sources(holding, class, state.in_line[*place]);
        let mut places = (0..state.in_line.len()).filter(has_sources);
        if !by_margin {
            return places.next();
        }
        let lost = |place: &usize| {
            let number = state.in_line[*place] as usize;
            state.most_lost(holding.groups_of.of(number))
        };
        // Of several the one that has waited longest.
        places.rev().max_by_key(lost)
    }

    /// Puts aside the rebuilds whose sources are out of reach, and goes on with those whose sources are back.
    pub(super) fn sources_have_turned(&mut self) {
        while let Some(class) = self.state.data.next_turned() {
            let holding = &self.model.data.holdings[class.index()];
            for place in (0..self.state.data.holdings[class.index()].rebuilding.len()).rev() {
                let number = self.state.data.holdings[class.index()].rebuilding[place];
                if self.state.data.has_sources(holding, class, number) {
                    continue;
                }
                let state = &mut self.state.data.holdings[class.index()];
                state.rebuilding.remove(place);
                // It was before all that are in line.
                state.in_line.insert(0, number);
                let copy = holding.copy(number);
                let is_put_aside = self.chooser.rebuild_pauses(copy);
                let present = &mut self.state.data.copies[copy.index()];
                (present.phase, present.is_put_aside) = (CopyPhase::InLine, is_put_aside);
            }
            self.next_in_line(class);
        }
    }

    /// A copy is no longer being rebuilt, nor waits for it.
    fn rebuild_is_off(&mut self, copy: CopyId) {
        let state = &mut self.state.data.copies[copy.index()];
        let phase = state.phase;
        state.is_put_aside = false;
        if std::mem::take(&mut state.is_catching_up) {
            self.chooser.rebuild_is_called_off(copy);
        }
        match phase {
            CopyPhase::Present | CopyPhase::Lost => return,
            CopyPhase::Absent | CopyPhase::Unnoticed | CopyPhase::Rebuilding => {
                self.chooser.rebuild_is_called_off(copy);
            }
            CopyPhase::Put | CopyPhase::InLine => {}
        }
        self.leaves_line(copy);
        let state = &mut self.state.data.copies[copy.index()];
        state.phase = if state.is_lost { CopyPhase::Lost } else { CopyPhase::Present };
        if phase == CopyPhase::Rebuilding {
            self.next_in_line(self.model.data.classes[copy.index()]);
        }
    }

    fn leaves_line(&mut self, copy: CopyId) {
        let (class, _, number) = self.model.data.holding_of(copy);
        let state = &mut self.state.data.holdings[class.index()];
        state.in_line.retain(|other| *other != number);
        state.rebuilding.retain(|other| *other != number);
    }

    /// Each rebuild gets its share of what bandwidth there is.
    fn share_bandwidth(&mut self, class: DataId) {
        let holding = &self.model.data.holdings[class.index()];
        let Some(rebuild) = &holding.rebuild else { return };
        let Speed::Bandwidth { each, shared, source, per_level, .. } = &rebuild.speed else {
            return;
        };
        if source.is_some() {
            self.state.data.read_for_rebuilds(holding, class, rebuild.sharing);
        }
        let HoldingState { rebuilding, read_most, .. } = &self.state.data.holdings[class.index()];
        for (place, &number) in rebuilding.iter().enumerate() {
            let mut rate = each.unwrap_or(f64::INFINITY);
            if let Some(source) = source {
                rate = rate.min(source / read_most[place]);
            }
            if let Some(shared) = shared {
                rate = rate.min(shared / rebuilding.len() as f64);
            }
            for (units, bandwidth) in per_level {
                let unit = units[number as usize];
                let is_here = |other: &&u32| units[**other as usize] == unit;
                rate = rate.min(bandwidth / rebuilding.iter().filter(is_here).count() as f64);
            }
            self.chooser.rebuild_paces(holding.copy(number), rate);
        }
    }

    /// A copy is back, and what was read for it has been read.
    fn rebuilt(&mut self, copy: CopyId) {
        let model = self.model;
        let (class, holding, number) = model.data.holding_of(copy);
        let groups = holding.groups_of.of(number as usize);
        let was_lost = self.state.data.copies[copy.index()].is_lost;
        if holding.unreadable > 0.0 && was_lost && !groups.is_empty() {
            let state = &self.state.data.holdings[class.index()];
            let worst = state.worst_of(groups);
            let is_fatal = state.lost_of[groups[worst] as usize] >= holding.tolerance;
            if self.chooser.finds_unreadable(copy, holding.unreadable, is_fatal) {
                let group = groups[self.chooser.picks_group(copy, groups.len(), worst)];
                let others = self.state.data.present_of(holding, group);
                let other = self.chooser.picks_other(copy, others);
                self.state.data.is_unreadable(&model.data, copy, group, other);
                self.new_data_have_no_defects();
            }
        }
        self.state.root = self.state.data.copies[copy.index()].root;
        self.state.data.is_back(&model.data, copy);
        let is_elsewhere = !self.state.is_up(model.data.units[copy.index()]);
        self.state.data.stands_elsewhere(copy, is_elsewhere);
        self.state.copy_returns(model, copy);
        self.catches_up(copy);
        if holding.latent.is_some() {
            if !was_lost {
                // The one that it stands for may have a defect, or one to come.
                self.chooser.defect_is_called_off(copy);
                self.state.data.copies[copy.index()].defect = None;
            }
            self.chooser.defect_is_awaited(copy);
        }
    }

    /// A copy is there again and may lack what was born without it.
    #[inline]
    fn catches_up(&mut self, copy: CopyId) {
        let model = self.model;
        let lacks = self.state.data.misses(&model.data, copy, false, self.chooser.now());
        let (_, holding, _) = model.data.holding_of(copy);
        if lacks && let CatchUp::After(_) = holding.catch_up {
            self.state.data.copies[copy.index()].is_catching_up = true;
            self.chooser.catching_up_begins(copy);
        }
    }

    /// A copy has a defect, or scrubbing has found it.
    pub(super) fn defect_turns(&mut self, copy: CopyId) {
        let (class, holding, number) = self.model.data.holding_of(copy);
        let groups = holding.groups_of.of(number as usize);
        let Some(latent) = &holding.latent else { return };
        let had = self.state.data.copies[copy.index()].defect.take();
        if had.is_none() && !groups.is_empty() {
            let worst = self.state.data.holdings[class.index()].worst_of(groups);
            let group = groups[self.chooser.picks_group(copy, groups.len(), worst)];
            // What is being rebuilt is read and checked just now, but for what is bad as a whole.
            if latent.spoils_all
                || self.state.data.holdings[class.index()].lost_of[group as usize] == 0
            {
                if latent.scrub.is_some() {
                    self.chooser.scrub_begins(copy);
                }
                self.state.data.has_a_defect(&self.model.data, copy, group);
                self.new_data_have_no_defects();
                return;
            }
        }
        self.chooser.defect_is_awaited(copy);
    }

    /// Copies whose defects were in data that are gone may have others, of which none is known.
    fn new_data_have_no_defects(&mut self) {
        while let Some(copy) = self.state.data.next_mended() {
            self.chooser.defect_is_called_off(copy);
            self.chooser.defect_is_awaited(copy);
        }
    }
}
