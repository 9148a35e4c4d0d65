//! What platforms do: who counts as lost, who is evicted, when replicas are there.
//!
//! The timers are those of Kubernetes (kubernetes.io: concepts/architecture/nodes,
//! concepts/scheduling-eviction/taint-and-toleration, concepts/cluster-administration/node-shutdown).

use super::{Chooser, Step};
use crate::engine::platform::PodPhase;
use crate::engine::state::Root;
use crate::model::{ActId, ClockId, ClusterId, NodeId, PodId, RolloutId, UnitId, VolumeId};
use crate::spec::Volume;
use crate::units::{SimSpan, SimTime};

/// Decides about platforms: by luck in a simulation, by enumeration in a solver.
pub trait PlatformChooser {
    /// A node does not renew its lease any more; its control plane will notice.
    fn node_is_missed(&mut self, node: NodeId);
    /// It does again, or nobody would notice.
    fn node_is_heard(&mut self, node: NodeId);
    /// A replica is bound to a node, which gets its image and its volume if it must.
    fn pod_prepares(&mut self, pod: PodId, pulls: bool, attaches: bool);
    /// The successor of a replica starts on another node, beside it.
    fn pod_surges(&mut self, pod: PodId, pulls: bool);
    /// A replica has been told to end.
    fn pod_ends(&mut self, pod: PodId);
    /// A replica is on a node that is lost, and tolerates that for a while.
    fn pod_tolerates(&mut self, pod: PodId);
    /// Somebody will delete a replica by force.
    fn pod_is_forced(&mut self, pod: PodId);
    /// Nothing is due for a replica any more.
    fn pod_waits(&mut self, pod: PodId);
    /// The volume of a replica stays attached to a lost node for a while.
    fn volume_is_held(&mut self, pod: PodId);
    /// Which of so many nodes, all as good, takes a replica.
    fn picks_node(&mut self, pod: PodId, among: usize) -> usize;
    /// Which of so many nodes, all as good, takes a replica of a volume.
    fn picks_storage(&mut self, volume: VolumeId, among: usize) -> usize;
    /// A replica of a volume gets what it has missed, or everything if it is new.
    fn mirror_is_rebuilt(&mut self, volume: VolumeId, is_new: bool);
    /// A volume has to be looked at then, or nothing is due for it any more.
    fn volume_waits(&mut self, volume: VolumeId, until: Option<SimTime>);
    /// A node has begun to use more memory than it has; it will notice.
    fn memory_runs_out(&mut self, node: NodeId);
    /// A node looks at its memory again after so long.
    fn memory_is_looked_at(&mut self, node: NodeId, after: SimSpan);
    /// A node is drained with so much patience.
    fn patience_begins(&mut self, node: NodeId, patience: SimSpan);
    /// It has been.
    fn patience_ends(&mut self, node: NodeId);
    /// Rollouts of the calendar begin anew at their next time.
    fn rollouts_sleep(&mut self, rollout: RolloutId);
    /// The next act of a script follows after so long.
    fn act_follows(&mut self, act: ActId, after: SimSpan);
    /// A container ends; if it has done so often, its next start waits.
    fn container_ends(&mut self, unit: UnitId);
    /// A container runs.
    fn container_runs(&mut self, unit: UnitId);
}

impl<C: Chooser> Step<'_, C> {
    /// The unit of a node goes down.
    pub(super) fn node_falls(&mut self, node: NodeId) {
        let model = self.model;
        let is_noticed = !model.clocks[self.state.root.clock.index()].is_grey;
        let cluster = model.platform.cluster_of(node);
        let acts = self.state.platform.clusters[cluster.index()].acts;
        let state = &mut self.state.platform.nodes[node.index()];
        let did_run = std::mem::replace(&mut state.runs, false);
        let did_beat = state.beats;
        state.beats &= !is_noticed;
        if did_beat && !state.beats {
            state.missed_by = self.state.root;
        }
        let is_ready = state.is_ready;
        let is_missed = acts && did_beat && !state.beats && is_ready;
        self.state.platform.is_touched = true;
        if is_missed {
            self.chooser.node_is_missed(node);
        }
        self.each_on(node, |life, pod| match life.state.platform.pods[pod.index()].phase {
            PodPhase::Placed | PodPhase::Stuck { has_process: true } if did_run => {
                life.pod_leaves(pod);
            }
            PodPhase::Preparing if is_ready => life.chooser.pod_waits(pod),
            PodPhase::Ending => {
                life.chooser.pod_waits(pod);
                life.state.platform.pods[pod.index()].phase =
                    PodPhase::Stuck { has_process: false };
                if !is_ready {
                    life.force(pod);
                }
            }
            // What it tolerates goes on, on a node that was lost before.
            PodPhase::Preparing | PodPhase::Placed | PodPhase::Stuck { .. } | PodPhase::Pending => {
            }
        });
        self.calls_off_moves_to(node);
    }

    /// Does something about each replica that is bound to a node, which may leave it.
    pub(super) fn each_on(&mut self, node: NodeId, mut about: impl FnMut(&mut Self, PodId)) {
        let mut next = self.state.platform.first_on(node);
        while let Some(pod) = next {
            next = self.state.platform.next_on(pod);
            about(self, pod);
        }
    }

    /// Successors that were to start on a node do not.
    fn calls_off_moves_to(&mut self, node: NodeId) {
        let model = self.model;
        let cluster = model.platform.cluster_of(node);
        if self.state.platform.clusters[cluster.index()].busy == 0 {
            return;
        }
        for &pod in &model.platform.clusters[cluster.index()].pods {
            if self.state.platform.pods[pod.index()].moves_to == Some(node) {
                self.calls_off_move_of(pod);
                self.chooser.pod_waits(pod);
            }
        }
    }

    /// The unit of a node is up again.
    pub(super) fn node_rises(&mut self, node: NodeId) {
        let cluster = self.model.platform.cluster_of(node);
        let state = &mut self.state.platform.nodes[node.index()];
        state.beats = !state.is_cut_off;
        let hears = state.beats && self.state.platform.clusters[cluster.index()].acts;
        self.state.platform.is_touched = true;
        if hears {
            self.node_is_back(node);
        }
    }

    /// A node that is up hears from its control plane again: it is taken for alive, and runs what is bound
    /// to it.
    fn node_is_back(&mut self, node: NodeId) {
        let cluster = self.model.platform.cluster_of(node);
        let state = &mut self.state.platform.nodes[node.index()];
        let did_run = std::mem::replace(&mut state.runs, true);
        let was_lost = !std::mem::replace(&mut state.is_ready, true);
        if was_lost {
            self.state.platform.clusters[cluster.index()].lost -= 1;
        } else {
            self.chooser.node_is_heard(node);
        }
        self.state.events += u64::from(was_lost);
        self.state.platform.is_touched = true;
        self.each_on(node, |life, pod| life.pod_is_heard_of(pod, did_run, was_lost));
    }

    /// A replica is on a node that hears from its control plane again.
    fn pod_is_heard_of(&mut self, pod: PodId, did_run: bool, was_lost: bool) {
        let platform = &mut self.state.platform;
        let state = &mut platform.pods[pod.index()];
        let cluster = self.model.platform.workload_of(pod).cluster;
        if std::mem::take(&mut state.is_overdue) {
            platform.clusters[cluster.index()].overdue -= 1;
        }
        match state.phase {
            PodPhase::Placed => {
                if was_lost && state.moves_to.is_none() {
                    self.chooser.pod_waits(pod);
                }
                if !did_run && self.state.platform.has_its_volume(&self.model.platform, pod) {
                    self.pod_arrives(pod);
                } else if !did_run {
                    self.waits_for_volume(pod);
                }
            }
            PodPhase::Preparing => {
                if !did_run || was_lost {
                    self.prepare(pod);
                }
            }
            PodPhase::Stuck { has_process: true } if did_run => {
                // It has run all the time, and is told to end only now.
                self.chooser.pod_waits(pod);
                self.state.root = self.state.units[self.unit_of(pod).index()].root;
                self.told_to_end(pod);
            }
            PodPhase::Stuck { .. } => {
                // Its process ended with the node; nobody starts it again.
                self.state.platform.pods[pod.index()].phase = PodPhase::Ending;
                self.becomes_pending(pod);
            }
            PodPhase::Ending | PodPhase::Pending => {}
        }
    }

    /// The control plane of a cluster goes down: nothing is noticed any more, and nobody evicted; what
    /// runs goes on.
    pub(super) fn control_plane_turns(&mut self, id: ClusterId, is_up: bool) {
        let model = self.model;
        self.state.platform.clusters[id.index()].acts = is_up;
        self.state.platform.is_touched = true;
        for &node in &model.platform.clusters[id.index()].nodes {
            let state = self.state.platform.nodes[node.index()];
            match (is_up, state.beats) {
                (true, true) if self.state.is_up(model.platform.nodes[node.index()].unit) => {
                    self.node_is_back(node);
                }
                (true, false) if state.is_ready => self.chooser.node_is_missed(node),
                (true, false) => self.tolerate(node),
                (true, true) => {}
                (false, _) => {
                    self.chooser.node_is_heard(node);
                    if !state.is_ready {
                        self.forget_evictions(node);
                    }
                }
            }
        }
    }

    /// The lease of a node is too old.
    pub(super) fn node_is_lost(&mut self, node: NodeId) {
        let cluster = self.model.platform.cluster_of(node);
        self.state.events += 1;
        self.state.platform.nodes[node.index()].is_ready = false;
        self.state.platform.clusters[cluster.index()].lost += 1;
        self.state.platform.is_touched = true;
        self.tolerate(node);
    }

    /// What is bound to a lost node tolerates that for a while.
    fn tolerate(&mut self, node: NodeId) {
        self.each_on(node, |life, pod| {
            let state = life.state.platform.pods[pod.index()];
            match state.phase {
                PodPhase::Placed | PodPhase::Preparing if !state.is_overdue => {
                    life.calls_off_move_of(pod);
                    life.chooser.pod_tolerates(pod);
                }
                PodPhase::Stuck { .. } => life.force(pod),
                _ => {}
            }
        });
    }

    fn calls_off_move_of(&mut self, pod: PodId) {
        if let Some(node) = self.state.platform.pods[pod.index()].moves_to.take() {
            self.state.platform.give_room(&self.model.platform, pod, node);
        }
    }

    fn forget_evictions(&mut self, node: NodeId) {
        self.each_on(node, |life, pod| {
            if life.state.platform.pods[pod.index()].phase != PodPhase::Ending {
                life.chooser.pod_waits(pod);
            }
        });
    }

    /// What was due for a replica.
    pub(super) fn pod_is_due(&mut self, pod: PodId) {
        let state = self.state.platform.pods[pod.index()];
        let unit = self.unit_of(pod);
        let is_lost =
            state.node.is_some_and(|node| !self.state.platform.nodes[node.index()].is_ready);
        self.state.root = self.state.units[unit.index()].root;
        self.state.platform.is_touched = true;
        match state.phase {
            PodPhase::Placed if state.moves_to.is_some() => self.successor_takes_over(pod),
            PodPhase::Placed | PodPhase::Preparing if is_lost => self.evict(pod),
            PodPhase::Preparing
                if !self.state.platform.has_its_volume(&self.model.platform, pod) =>
            {
                self.waits_for_volume(pod);
            }
            PodPhase::Preparing => {
                self.state.events += 1;
                self.state.platform.pods[pod.index()].phase = PodPhase::Placed;
                self.pod_arrives(pod);
            }
            PodPhase::Ending | PodPhase::Stuck { .. } => self.becomes_pending(pod),
            PodPhase::Placed | PodPhase::Pending => {}
        }
    }

    /// A replica has tolerated a lost node for as long as it does.
    fn evict(&mut self, pod: PodId) {
        let model = self.model;
        let workload = model.platform.workload_of(pod);
        let cluster = workload.cluster;
        if let Some(node) = self.state.platform.pods[pod.index()].node {
            self.state.root = self.state.platform.nodes[node.index()].missed_by;
        }
        if self.state.platform.evictions_are_stopped(&model.platform, cluster) {
            self.state.platform.pods[pod.index()].is_overdue = true;
            self.state.platform.clusters[cluster.index()].overdue += 1;
            return;
        }
        self.state.events += 1;
        if workload.is_stateful {
            // Nobody knows whether it still runs, and there must not be two.
            let state = &mut self.state.platform.pods[pod.index()];
            state.phase = PodPhase::Stuck { has_process: state.phase == PodPhase::Placed };
            self.force(pod);
        } else {
            if workload.volume == Volume::Network {
                self.chooser.volume_is_held(pod);
            }
            self.becomes_pending(pod);
        }
    }

    pub(super) fn force(&mut self, pod: PodId) {
        if self.model.platform.timers().force_delete.is_some() {
            self.chooser.pod_is_forced(pod);
        }
    }

    /// Evictions that were stopped go on.
    pub(super) fn evict_overdue(&mut self, cluster: ClusterId) {
        let model = self.model;
        for &pod in &model.platform.clusters[cluster.index()].pods {
            if std::mem::take(&mut self.state.platform.pods[pod.index()].is_overdue) {
                self.state.platform.clusters[cluster.index()].overdue -= 1;
                self.evict(pod);
            }
        }
    }

    /// A replica is told to end, and its controller replaces it.
    pub(super) fn told_to_end(&mut self, pod: PodId) {
        let model = self.model;
        self.calls_off_move_of(pod);
        self.state.events += 1;
        let state = self.state.platform.pods[pod.index()];
        if !model.platform.workload_of(pod).is_stateful {
            // Its replacement does not wait for its end.
            self.becomes_pending(pod);
            return;
        }
        let cluster = model.platform.workload_of(pod).cluster;
        if std::mem::take(&mut self.state.platform.pods[pod.index()].is_overdue) {
            self.state.platform.clusters[cluster.index()].overdue -= 1;
        }
        let was_there = self.state.platform.is_present(pod);
        let Some(node) = state.node else { return };
        let node = self.state.platform.nodes[node.index()];
        if node.runs && !node.is_cut_off {
            self.state.platform.pods[pod.index()].phase = PodPhase::Ending;
            if was_there {
                self.pod_leaves(pod);
            }
            self.chooser.pod_ends(pod);
        } else {
            // Its node cannot be told; its process goes on if it had one.
            self.chooser.pod_waits(pod);
            self.state.platform.pods[pod.index()].phase =
                PodPhase::Stuck { has_process: was_there };
            if !node.is_ready {
                self.force(pod);
            }
        }
    }

    /// A replica has no node any more and waits for one.
    pub(super) fn becomes_pending(&mut self, pod: PodId) {
        let model = self.model;
        self.calls_off_move_of(pod);
        self.chooser.pod_waits(pod);
        let was_there = self.state.platform.is_present(pod);
        let cluster = model.platform.workload_of(pod).cluster;
        self.state.platform.unbind(&model.platform, pod);
        let platform = &mut self.state.platform;
        platform.pods[pod.index()].phase = PodPhase::Pending;
        if std::mem::take(&mut platform.pods[pod.index()].is_overdue) {
            platform.clusters[cluster.index()].overdue -= 1;
        }
        platform.clusters[cluster.index()].pending += 1;
        platform.is_touched = true;
        if was_there {
            self.pod_leaves(pod);
        }
    }

    /// A replica was where its process can run, and is not any more.
    pub(super) fn pod_leaves(&mut self, pod: PodId) {
        let unit = self.unit_of(pod);
        // What it wrote to is not in use any more.
        self.state.platform.is_touched |= self.model.platform.pods[pod.index()].volume.is_some();
        self.fault_appears(unit);
        self.loses_what_is_fleeting(unit);
    }

    /// A replica is where its process can run.
    pub(super) fn pod_arrives(&mut self, pod: PodId) {
        if self.state.platform.is_present(pod) {
            self.state.platform.is_touched |=
                self.model.platform.pods[pod.index()].volume.is_some();
            self.fault_disappears(self.unit_of(pod));
        }
    }

    pub(super) fn unit_of(&self, pod: PodId) -> UnitId {
        self.model.platform.pods[pod.index()].unit
    }

    /// A node cannot reach its control plane any more, though it runs.
    pub(super) fn cut_off(&mut self, node: NodeId, clock: ClockId) {
        self.state.root = Root { clock, branch: 0, is_planned: false };
        let cluster = self.model.platform.cluster_of(node);
        let acts = self.state.platform.clusters[cluster.index()].acts;
        let state = &mut self.state.platform.nodes[node.index()];
        state.is_cut_off = true;
        let did_beat = std::mem::replace(&mut state.beats, false);
        if did_beat {
            state.missed_by = self.state.root;
        }
        if did_beat && acts && state.is_ready {
            self.chooser.node_is_missed(node);
        }
    }

    /// It can again.
    pub(super) fn reconnect(&mut self, node: NodeId) {
        let state = &mut self.state.platform.nodes[node.index()];
        if std::mem::take(&mut state.is_cut_off)
            && self.state.is_up(self.model.platform.nodes[node.index()].unit)
        {
            self.node_rises(node);
        }
    }
}
