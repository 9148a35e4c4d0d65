//! What controllers do about replicas: they are placed, evicted by drains, replaced by rollouts.

use super::{Chooser, Step};
use crate::engine::platform::{PodPhase, RolledBy};
use crate::engine::state::Root;
use crate::model::{ActId, ClockId, ClusterId, LaneId, NodeId, PodId, RolloutId, WorkloadId};
use crate::spec::{Patience, Volume};

impl<C: Chooser> Step<'_, C> {
    /// A life begins: every replica is on a node, if one can take it.
    pub(super) fn place_all(&mut self) {
        let model = self.model;
        self.make_volumes();
        for cluster in &model.platform.clusters {
            for &pod in &cluster.pods {
                if let Some(place) = self.best_place(pod) {
                    self.bind(pod, place);
                    let workload = model.platform.pods[pod.index()].workload;
                    self.state.platform.pulls(workload, place);
                    let state = &mut self.state.platform.pods[pod.index()];
                    (state.phase, state.volume_on) = (PodPhase::Placed, state.node);
                    self.starts_local(pod);
                } else {
                    let clock = model.platform.pods[pod.index()].unplaced;
                    self.state.root = Root { clock, branch: 0, is_planned: false };
                    self.fault_appears(self.unit_of(pod));
                }
            }
        }
        self.state.platform.is_touched = false;
        self.watches_memory(None);
    }

    /// A node is lost for good, and whatever was on it waits for another.
    pub(super) fn lose_for_good(&mut self, node: NodeId) {
        while let Some(pod) = self.state.platform.first_on(node) {
            self.becomes_pending(pod);
        }
        let state = &mut self.state.platform.nodes[node.index()];
        (state.is_ready, state.runs, state.beats) = (false, false, false);
        let cluster = self.model.platform.cluster_of(node);
        self.state.platform.clusters[cluster.index()].lost += 1;
    }

    /// Whatever has been told to end has ended; whether anything had.
    pub(super) fn ends_at_once(&mut self) -> bool {
        let pods = (0..self.model.platform.pods.len()).map(PodId::new);
        let ends = |pod: &PodId| self.state.platform.pods[pod.index()].phase == PodPhase::Ending;
        let ending: Vec<PodId> = pods.filter(ends).collect();
        ending.iter().for_each(|pod| self.becomes_pending(*pod));
        !ending.is_empty()
    }

    /// Controllers do what is to be done now, until there is nothing left.
    pub(super) fn reconcile(&mut self) {
        while std::mem::take(&mut self.state.platform.is_touched) {
            self.volumes_go_on();
            for cluster in 0..self.model.platform.clusters.len() {
                self.reconcile_cluster(ClusterId::new(cluster));
            }
            self.watches_memory(Some(self.state.root));
            if !self.state.pending_watches.is_empty() {
                self.heed_watches();
            }
        }
    }

    fn reconcile_cluster(&mut self, id: ClusterId) {
        let model = self.model;
        let state = self.state.platform.clusters[id.index()];
        if !state.acts {
            return;
        }
        if state.overdue > 0 && !self.state.platform.evictions_are_stopped(&model.platform, id) {
            self.evict_overdue(id);
        }
        if state.busy > 0 {
            for &node in &model.platform.clusters[id.index()].nodes {
                self.drain_goes_on(node);
            }
            for &workload in &model.platform.clusters[id.index()].workloads {
                self.rollout_goes_on(workload);
            }
        }
        if self.state.platform.clusters[id.index()].pending > 0 {
            for &pod in &model.platform.clusters[id.index()].pods {
                if self.state.platform.pods[pod.index()].phase == PodPhase::Pending {
                    self.schedule(pod);
                }
            }
        }
    }

    /// A replica without a node gets one, if one can take it, or if less urgent ones make room.
    fn schedule(&mut self, pod: PodId) {
        let cluster = self.model.platform.workload_of(pod).cluster;
        let mut place = self.best_place(pod);
        if place.is_none() && self.model.platform.clusters[cluster.index()].has_priorities {
            self.preempt(pod);
            place = self.best_place(pod);
        }
        if let Some(place) = place {
            self.state.events += 1;
            self.bind(pod, place);
            self.state.platform.pods[pod.index()].phase = PodPhase::Preparing;
            self.prepare(pod);
        }
    }

    /// The place among the nodes of its workload that a replica likes best; luck decides among those
    /// that it likes as much.
    fn best_place(&mut self, pod: PodId) -> Option<usize> {
        let platform = &self.model.platform;
        let state = &mut self.state.platform;
        let mut equals = std::mem::take(&mut state.equals);
        equals.clear();
        let mut least = None;
        for place in 0..platform.workload_of(pod).nodes.len() {
            if state.obstacle(platform, pod, place).is_some() {
                continue;
            }
            let dislike = state.dislike(platform, pod, place);
            if least.is_none_or(|least| dislike < least) {
                least = Some(dislike);
                equals.clear();
            }
            if least == Some(dislike) {
                equals.push(place);
            }
        }
        let pick = if equals.len() > 1 { self.chooser.picks_node(pod, equals.len()) } else { 0 };
        let place = equals.get(pick).copied();
        self.state.platform.equals = equals;
        place
    }

    fn bind(&mut self, pod: PodId, place: usize) {
        let platform = &self.model.platform;
        let node = platform.workload_of(pod).nodes[place];
        let cluster = platform.workload_of(pod).cluster;
        self.state.platform.bind(platform, pod, node);
        self.state.platform.clusters[cluster.index()].pending -= 1;
    }

    /// The node that a replica is bound to gets its image and its volume.
    pub(super) fn prepare(&mut self, pod: PodId) {
        let platform = &self.model.platform;
        let workload = platform.workload_of(pod);
        let Some(node) = self.state.platform.pods[pod.index()].node else { return };
        let place = workload.nodes.iter().position(|other| *other == node);
        let id = platform.pods[pod.index()].workload;
        let pulls = place.is_some_and(|place| self.state.platform.pulls(id, place));
        let before = self.state.platform.pods[pod.index()].volume_on.replace(node);
        let attaches = workload.volume == Volume::Network && before != Some(node);
        self.chooser.pod_prepares(pod, pulls, attaches);
    }

    /// Less urgent replicas are told to end on the node where the fewest of them, and the least urgent,
    /// make room for one that has none; it is placed when they are gone.
    fn preempt(&mut self, pod: PodId) {
        let platform = &self.model.platform;
        let workload = platform.workload_of(pod);
        let ends = |other: PodId| {
            self.state.platform.pods[other.index()].phase == PodPhase::Ending
                && platform.workload_of(other).priority < workload.priority
        };
        // It may be that it waits for their end already.
        if workload.nodes.iter().any(|node| self.state.platform.on(*node).any(ends)) {
            return;
        }
        let mut best: Option<(i64, Vec<PodId>)> = None;
        for place in 0..workload.nodes.len() {
            let Some(victims) = self.victims(pod, place) else { continue };
            let highest = victims.iter().map(|victim| platform.workload_of(*victim).priority).max();
            let Some(highest) = highest else { continue };
            let is_better = best
                .as_ref()
                .is_none_or(|(least, fewest)| (highest, victims.len()) < (*least, fewest.len()));
            if is_better {
                best = Some((highest, victims));
            }
        }
        for victim in best.map_or_else(Vec::new, |(_, victims)| victims) {
            self.state.root = self.state.units[self.unit_of(pod).index()].root;
            self.told_to_end(victim);
        }
    }

    /// Whose end would make room for a replica on a node; `None` if nobody's would.
    fn victims(&mut self, pod: PodId, place: usize) -> Option<Vec<PodId>> {
        let platform = &self.model.platform;
        let workload = platform.workload_of(pod);
        let node = workload.nodes[place];
        let is_less = |other: &PodId| platform.workload_of(*other).priority < workload.priority;
        let mut less: Vec<PodId> = self.state.platform.on(node).filter(is_less).collect();
        less.sort_by_key(|other| (platform.workload_of(*other).priority, *other));
        let state = &mut self.state.platform;
        let enough = less.iter().position(|other| {
            state.give_room(platform, *other, node);
            state.obstacle(platform, pod, place).is_none()
        });
        less.truncate(enough.map_or(less.len(), |last| last + 1));
        less.iter().for_each(|other| state.take_room(platform, *other, node));
        enough.map(|_| less)
    }

    /// A node is to be emptied, and nothing placed there.
    fn drain(&mut self, node: NodeId, clock: ClockId) {
        let cluster = self.model.platform.cluster_of(node);
        let state = &mut self.state.platform.nodes[node.index()];
        state.is_cordoned = true;
        if state.drained_by.replace(clock).is_none() {
            self.state.platform.clusters[cluster.index()].busy += 1;
        }
        self.state.events += 1;
        self.state.platform.is_touched = true;
    }

    /// A script drains a node.
    pub(super) fn drain_for_act(&mut self, act: ActId, node: NodeId, clock: ClockId) {
        self.drain(node, clock);
        if let Some(before) = self.state.platform.nodes[node.index()].drained_for.replace(act) {
            self.act_is_done(before);
        }
    }

    /// A node is drained before planned work on it.
    pub(super) fn drain_for_plan(
        &mut self,
        lane: LaneId,
        clock: ClockId,
        node: NodeId,
        patience: Patience,
    ) {
        self.state.lanes[lane.index()].drains = true;
        self.drain(node, clock);
        if let Patience::Until(span) = patience {
            self.chooser.patience_begins(node, span);
        }
    }

    /// Replicas are evicted from a node that is being emptied, as far as budgets let them go.
    fn drain_goes_on(&mut self, node: NodeId) {
        let model = self.model;
        let state = self.state.platform.nodes[node.index()];
        let Some(clock) = state.drained_by else { return };
        if !state.runs {
            return;
        }
        let mut is_empty = true;
        self.each_on(node, |life, pod| {
            let phase = life.state.platform.pods[pod.index()].phase;
            if phase.can_be_told() && life.state.may_be_evicted(model, pod) {
                life.state.root = Root { clock, branch: 0, is_planned: true };
                life.told_to_end(pod);
            }
            is_empty &= life.state.platform.pods[pod.index()].node != Some(node);
        });
        // A node with the last replica of a volume is not given up.
        if is_empty && self.state.platform.needing(&model.platform, node).next().is_none() {
            self.is_drained(node);
        }
    }

    /// A drained node is empty, or nobody has the patience to wait until it is: what waited for that goes
    /// on.
    pub(super) fn is_drained(&mut self, node: NodeId) {
        self.drain_ends(node, Self::plan_strikes);
    }

    /// Somebody lets replicas be placed on a node again, and plans that waited for it leave it out.
    pub(super) fn uncordon(&mut self, node: NodeId) {
        self.state.platform.nodes[node.index()].is_cordoned = false;
        self.state.platform.is_touched = true;
        self.drain_ends(node, Self::plan_is_done_with_one);
    }

    /// Planned work on a node is over: replicas may be placed there again, unless it is to be empty for
    /// something else.
    pub(super) fn work_is_over(&mut self, node: NodeId) {
        let state = &mut self.state.platform.nodes[node.index()];
        state.is_cordoned = state.drained_by.is_some();
        self.state.platform.is_touched = true;
    }

    /// A drain is over, if there was one, and this is done for each plan that waited for it.
    fn drain_ends(&mut self, node: NodeId, goes_on: fn(&mut Self, LaneId)) {
        let model = self.model;
        let state = &mut self.state.platform.nodes[node.index()];
        let act = state.drained_for.take();
        if state.drained_by.take().is_none() {
            return;
        }
        let cluster = model.platform.cluster_of(node);
        self.state.platform.clusters[cluster.index()].busy -= 1;
        self.chooser.patience_ends(node);
        for (index, plan) in model.lanes.iter().enumerate() {
            let state = &mut self.state.lanes[index];
            let Some(place) = state.place.filter(|_| state.drains) else { continue };
            let clock = model.plans[plan.index()].order[place as usize];
            let unit = model.clocks[clock.index()].unit;
            if model.units[unit.index()].extras().node == Some(node) {
                state.drains = false;
                goes_on(self, LaneId::new(index));
            }
        }
        if let Some(act) = act {
            self.act_is_done(act);
        }
    }

    /// Rollouts of the calendar begin.
    pub(super) fn rollouts_begin(&mut self, id: RolloutId) {
        for (place, (workload, _)) in self.model.platform.rollouts[id.index()].of.iter().enumerate()
        {
            self.rollout_begins(*workload, RolledBy::Calendar(id, place as u32));
        }
        self.chooser.rollouts_sleep(id);
    }

    /// All replicas of a workload are to be replaced.
    pub(super) fn rollout_begins(&mut self, id: WorkloadId, by: RolledBy) {
        let workload = &self.model.platform.workloads[id.index()];
        for pod in workload.pods() {
            self.state.platform.pods[pod.index()].is_old = true;
        }
        let state = &mut self.state.platform.workloads[id.index()];
        state.old = workload.size();
        let before = state.rolled_by.replace(by);
        if before.is_none() {
            self.state.platform.clusters[workload.cluster.index()].busy += 1;
        }
        self.state.events += 1;
        self.state.platform.is_touched = true;
        if let Some(RolledBy::Script(act)) = before {
            self.act_is_done(act);
        }
    }

    /// A rollout does what it may do now.
    fn rollout_goes_on(&mut self, id: WorkloadId) {
        let model = self.model;
        let workload = &model.platform.workloads[id.index()];
        let Some(by) = self.state.platform.workloads[id.index()].rolled_by else { return };
        let all = workload.size();
        let up = self.state.replicas_up(model, workload);
        let old = self.state.platform.workloads[id.index()].old;
        if old == 0 {
            if up == all {
                self.rollout_is_done(id, by);
            }
        } else if workload.is_stateful {
            let next = workload.pods().rfind(|pod| self.is_old(*pod));
            if let (Some(pod), true) = (next, up == all) {
                self.replace(pod, by);
            }
        } else {
            let mut may_go = workload.unavailable.saturating_sub(all - up);
            for pod in workload.pods().rev() {
                let is_up = self.state.is_up(self.unit_of(pod));
                if self.is_old(pod) && (!is_up || may_go > 0) {
                    may_go -= u32::from(is_up);
                    self.replace(pod, by);
                }
            }
            self.surge(id);
        }
    }

    fn is_old(&self, pod: PodId) -> bool {
        self.state.platform.pods[pod.index()].is_old
    }

    /// A replica of before a rollout ends, and is replaced.
    fn replace(&mut self, pod: PodId, by: RolledBy) {
        self.is_new(pod);
        let clock = self.rollout_clock(pod, by);
        self.state.root = Root { clock, branch: 0, is_planned: true };
        if self.state.platform.pods[pod.index()].phase.can_be_told() {
            self.told_to_end(pod);
        }
    }

    fn rollout_clock(&self, pod: PodId, by: RolledBy) -> ClockId {
        let platform = &self.model.platform;
        let clocks = match by {
            RolledBy::Calendar(id, place) => &platform.rollouts[id.index()].of[place as usize].1,
            RolledBy::Script(act) => self.clocks_of_rollout(act),
        };
        clocks[pod.index() - platform.workload_of(pod).pods.start as usize]
    }

    /// A replica is not of before the rollout any more.
    fn is_new(&mut self, pod: PodId) {
        let workload = self.model.platform.pods[pod.index()].workload;
        if std::mem::take(&mut self.state.platform.pods[pod.index()].is_old) {
            self.state.platform.workloads[workload.index()].old -= 1;
        }
        self.state.platform.is_touched = true;
    }

    /// As many successors start beside those that are old as a rollout may add.
    fn surge(&mut self, id: WorkloadId) {
        let model = self.model;
        let workload = &model.platform.workloads[id.index()];
        // A volume is attached to one node at a time, so that a successor would wait for it for ever.
        if workload.volume != Volume::Nothing {
            return;
        }
        let moves = |pod: &PodId| self.state.platform.pods[pod.index()].moves_to.is_some();
        let mut room = workload.surge.saturating_sub(workload.pods().filter(moves).count() as u32);
        for pod in workload.pods().rev() {
            let state = self.state.platform.pods[pod.index()];
            let can_move = state.is_old
                && state.moves_to.is_none()
                && state.phase == PodPhase::Placed
                && self.state.platform.is_present(pod)
                && state.node.is_some_and(|on| self.state.platform.nodes[on.index()].is_ready);
            if room == 0 || !can_move {
                continue;
            }
            let Some(place) = self.best_place(pod) else { return };
            room -= 1;
            let node = workload.nodes[place];
            self.state.platform.pods[pod.index()].moves_to = Some(node);
            self.state.platform.take_room(&model.platform, pod, node);
            let pulls = self.state.platform.pulls(id, place);
            self.chooser.pod_surges(pod, pulls);
        }
    }

    /// The successor of a replica is ready and takes over without a gap.
    pub(super) fn successor_takes_over(&mut self, pod: PodId) {
        let model = self.model;
        let unit = self.unit_of(pod);
        let was_there = self.state.platform.is_present(pod);
        self.state.platform.moves(&model.platform, pod);
        self.is_new(pod);
        self.state.events += 1;
        let workload = model.platform.pods[pod.index()].workload;
        if let Some(by) = self.state.platform.workloads[workload.index()].rolled_by {
            let clock = self.rollout_clock(pod, by);
            self.state.root = Root { clock, branch: 0, is_planned: true };
        }
        self.loses_what_is_fleeting(unit);
        if !was_there {
            self.pod_arrives(pod);
        } else if self.state.is_up(unit) && model.units[unit.index()].renews_on_start {
            for &clock in model.aging_clocks.of(unit.index()) {
                self.chooser.clock_pauses(clock);
                self.chooser.clock_renews(clock);
                self.chooser.clock_resumes(clock, self.state.paces[unit.index()]);
            }
        }
    }

    fn rollout_is_done(&mut self, id: WorkloadId, by: RolledBy) {
        let cluster = self.model.platform.workloads[id.index()].cluster;
        self.state.platform.workloads[id.index()].rolled_by = None;
        self.state.platform.clusters[cluster.index()].busy -= 1;
        if let RolledBy::Script(act) = by {
            self.act_is_done(act);
        }
    }
}
