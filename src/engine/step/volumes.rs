//! What becomes of network volumes that are replicated: which replicas are written to, which are rebuilt
//! and where.
//!
//! It is what Longhorn does (longhorn.io/docs: references/settings, high-availability/data-locality,
//! high-availability/auto-salvage, nodes-and-volumes): a replica that fails is waited for and then replaced,
//! one that comes back is used again, one is rebuilt at a time for each volume and a few on each node, and
//! a volume whose replicas all failed is used again as soon as one of those is back that has everything.

use super::{Chooser, Step};
use crate::engine::platform::PodPhase;
use crate::engine::volumes::{Doing, Flow, MirrorPhase};
use crate::model::{MirrorId, NodeId, PodId, VolumeId};
use crate::units::{SimSpan, SimTime};

impl<C: Chooser> Step<'_, C> {
    /// A life begins: each volume has as many mirrors as there is room for.
    pub(super) fn make_volumes(&mut self) {
        for index in 0..self.model.platform.volumes.len() {
            self.make_volume(VolumeId::new(index));
        }
    }

    /// A volume is made, and empty.
    fn make_volume(&mut self, id: VolumeId) {
        let model = self.model;
        for mirror in model.platform.volumes[id.index()].mirrors() {
            let Some(node) = self.best_storage(id) else { return };
            let volumes = &mut self.state.platform.volumes;
            volumes.puts(&model.platform, id, mirror, node, MirrorPhase::Whole);
        }
    }

    /// The node of those that can have one more mirror of a volume that is of use: that of its process, if it is to
    /// have one; else where the fewest are near, and of those the one with the fewest mirrors; luck decides among
    /// several.
    fn best_storage(&mut self, id: VolumeId) -> Option<NodeId> {
        let platform = &self.model.platform;
        let local = self
            .lacks_local(id)
            .filter(|(_, place)| self.state.platform.crowd(platform, id, *place, None).is_some());
        if let Some((node, _)) = local {
            return Some(node);
        }
        let state = &mut self.state.platform;
        let mut equals = std::mem::take(&mut state.equals);
        equals.clear();
        let mut least = (u32::MAX, u32::MAX);
        for (place, &node) in platform.mirrors_of(id).nodes.iter().enumerate() {
            if !state.can_store(platform, id, node) {
                continue;
            }
            let Some(crowd) = state.crowd(platform, id, place, None) else { continue };
            let mirrors = (crowd, state.mirrors_on(node));
            if mirrors < least {
                least = mirrors;
                equals.clear();
            }
            if mirrors == least {
                equals.push(node.index());
            }
        }
        let pick = if equals.len() > 1 { self.chooser.picks_storage(id, equals.len()) } else { 0 };
        let node = equals.get(pick).copied().map(NodeId::new);
        self.state.platform.equals = equals;
        node
    }

    /// Volumes do what is to be done now.
    pub(super) fn volumes_go_on(&mut self) {
        for index in 0..self.model.platform.volumes.len() {
            self.volume_goes_on(VolumeId::new(index));
        }
        if let Some(shared) =
            self.model.platform.timers.as_ref().and_then(|t| t.volumes.node_bandwidth)
        {
            self.rebuilds_share(shared);
        }
    }

    /// Rebuilds share what the nodes have that they read from and write to: each node gives as much to each of
    /// its rebuilds, and none gets more than its own bandwidth.
    fn rebuilds_share(&mut self, shared: f64) {
        let platform = &self.model.platform;
        let now = self.chooser.now();
        self.state.platform.volumes.storage.iter_mut().for_each(|storage| storage.flows = 0);
        let volumes = (0..platform.volumes.len()).map(VolumeId::new);
        for id in volumes.clone() {
            for node in self.ends_of_flow(id).into_iter().flatten() {
                self.state.platform.volumes.storage[node.index()].flows += 1;
            }
        }
        for id in volumes {
            let [source, target] = self.ends_of_flow(id);
            let volumes = &mut self.state.platform.volumes;
            let share =
                |node: NodeId| shared / f64::from(volumes.storage[node.index()].flows.max(1));
            let own = platform.mirrors_of(id).bandwidth.unwrap_or(f64::INFINITY);
            let rate = [source, target].into_iter().flatten().map(share).fold(own, f64::min);
            let Some(flow) = volumes.volumes[id.index()].flow.as_mut() else { continue };
            if flow.rate == rate {
                continue;
            }
            flow.left = (flow.left - flow.rate * (now - flow.since).seconds()).max(0.0);
            (flow.since, flow.rate) = (now, rate);
            let due = now + SimSpan::from_seconds(flow.left / rate);
            self.chooser.volume_waits(id, Some(due));
        }
    }

    /// The nodes that a rebuild which shares bandwidth reads from and writes to.
    fn ends_of_flow(&self, id: VolumeId) -> [Option<NodeId>; 2] {
        let state = &self.state.platform;
        let volume = &state.volumes.volumes[id.index()];
        match (volume.flow, volume.doing) {
            (Some(_), Doing::Rebuilds(target)) => {
                let mut mirrors = self.model.platform.volumes[id.index()].mirrors();
                let source = mirrors.find(|mirror| state.is_healthy(*mirror));
                [source, Some(target)].map(|mirror| state.volumes.mirrors[mirror?.index()].node)
            }
            _ => [None, None],
        }
    }

    /// The node of the process that writes to a volume, and its place among those that may have a mirror, if it
    /// is to have one, has none, and can be given one.
    fn lacks_local(&self, id: VolumeId) -> Option<(NodeId, usize)> {
        let platform = &self.model.platform;
        let mirrors = platform.mirrors_of(id);
        let pod = platform.volumes[id.index()].pod;
        let node = self.state.platform.pods[pod.index()].node.filter(|_| mirrors.is_local)?;
        let place = mirrors.nodes.iter().position(|other| *other == node)?;
        self.state.platform.can_store(platform, id, node).then_some((node, place))
    }

    /// A life begins: a volume that is to have a mirror where its process is has one there.
    pub(super) fn starts_local(&mut self, pod: PodId) {
        let platform = &self.model.platform;
        let Some(id) = platform.pods[pod.index()].volume else { return };
        let Some((node, place)) = self.lacks_local(id) else { return };
        let Some(moved) = self.least_wanted(id, place) else { return };
        let volumes = &mut self.state.platform.volumes;
        volumes.drops(platform, id, moved);
        volumes.puts(platform, id, moved, node, MirrorPhase::Whole);
    }

    /// The mirror that goes when one is on this node of those that may have one: one that is of no use, or
    /// is nearest to it, or on the node with the most mirrors; `None` if whatever goes a spread is broken.
    fn least_wanted(&self, id: VolumeId, place: usize) -> Option<MirrorId> {
        let platform = &self.model.platform;
        let state = &self.state.platform;
        let rank = |mirror: &MirrorId| {
            let crowd = state.crowd(platform, id, place, Some(*mirror))?;
            let node = state.volumes.mirrors[mirror.index()].node;
            let mirrors = node.map_or(0, |node| state.mirrors_on(node));
            Some((state.is_healthy(*mirror), crowd, u32::MAX - mirrors, *mirror))
        };
        let mirrors = platform.volumes[id.index()].mirrors();
        mirrors.filter_map(|mirror| rank(&mirror)).min().map(|(.., mirror)| mirror)
    }

    /// A volume that is whole gets one more mirror, where its process is.
    fn makes_local(&mut self, id: VolumeId) {
        let platform = &self.model.platform;
        let Some(spare) = platform.volumes[id.index()].spare else { return };
        let Some((node, place)) = self.lacks_local(id) else { return };
        if self.least_wanted(id, place).is_some() {
            let volumes = &mut self.state.platform.volumes;
            volumes.puts(platform, id, spare, node, MirrorPhase::New);
            self.rebuild_begins(id, spare, true);
        }
    }

    /// One more mirror is where the process is, and takes the place of another one.
    fn local_is_made(&mut self, id: VolumeId, spare: MirrorId) {
        let platform = &self.model.platform;
        let node = self.state.platform.volumes.mirrors[spare.index()].node;
        let place = platform.mirrors_of(id).nodes.iter().position(|other| Some(*other) == node);
        let goes = place.and_then(|place| self.least_wanted(id, place));
        let volumes = &mut self.state.platform.volumes;
        volumes.drops(platform, id, spare);
        if let (Some(goes), Some(node)) = (goes, node) {
            volumes.drops(platform, id, goes);
            volumes.puts(platform, id, goes, node, MirrorPhase::Whole);
        }
    }

    fn volume_goes_on(&mut self, id: VolumeId) {
        let platform = &self.model.platform;
        let volume = &platform.volumes[id.index()];
        let now = self.chooser.now();
        self.those_left_out_lack_something(id);
        let is_of_use = self.state.platform.healthy(platform, id) > 0;
        if !is_of_use && self.state.platform.is_present(volume.pod) {
            self.volume_fails(id, volume.pod);
        }
        let is_in_use = is_of_use && self.state.platform.is_present(volume.pod);
        for mirror in volume.mirrors() {
            let is_reached = self.state.platform.is_reached(mirror);
            let state = &mut self.state.platform.volumes.mirrors[mirror.index()];
            let is_out = is_in_use && state.phase == MirrorPhase::Whole && !is_reached;
            // Who can be reached again was left out for too short a time to matter.
            state.left_out_since =
                if is_out { state.left_out_since.min(now) } else { SimTime::NEVER };
        }
        self.mends(id, is_in_use);
    }

    /// Mirrors that could not be reached for long enough lack what was written meanwhile.
    fn those_left_out_lack_something(&mut self, id: VolumeId) {
        let platform = &self.model.platform;
        let (now, timeout) = (self.chooser.now(), platform.timers().volumes.timeout);
        for mirror in platform.volumes[id.index()].mirrors() {
            let state = &mut self.state.platform.volumes.mirrors[mirror.index()];
            let is_out = state.left_out_since != SimTime::NEVER;
            if is_out && now - state.left_out_since >= timeout {
                (state.phase, state.left_out_since) = (MirrorPhase::Stale, SimTime::NEVER);
            }
        }
    }

    /// Nothing can be written to a volume any more, nor read from it: what writes to it ends, and is
    /// started again when it is of use.
    fn volume_fails(&mut self, id: VolumeId, pod: PodId) {
        let model = self.model;
        let mut root = self.state.platform.volumes.volumes[id.index()].lost_by;
        for mirror in model.platform.volumes[id.index()].mirrors() {
            let state = &self.state.platform.volumes.mirrors[mirror.index()];
            if let (MirrorPhase::Whole, Some(node)) = (state.phase, state.node) {
                let unit = model.platform.nodes[node.index()].unit;
                root = self.state.units[unit.index()].root;
            }
        }
        self.state.root = root;
        self.state.events += 1;
        let state = &mut self.state.platform.pods[pod.index()];
        state.volume_on = None;
        let Some(node) = state.node else { return };
        let is_cut_off = self.state.platform.nodes[node.index()].is_cut_off;
        let is_stateful = model.platform.workload_of(pod).is_stateful;
        if self.state.platform.pods[pod.index()].phase == PodPhase::Placed
            && !(is_stateful && is_cut_off)
        {
            self.told_to_end(pod);
            return;
        }
        // Nobody can say that its process has ended, and there must not be two.
        self.chooser.pod_waits(pod);
        if std::mem::take(&mut self.state.platform.pods[pod.index()].is_overdue) {
            let cluster = model.platform.workload_of(pod).cluster;
            self.state.platform.clusters[cluster.index()].overdue -= 1;
        }
        self.state.platform.pods[pod.index()].phase = PodPhase::Stuck { has_process: false };
        self.pod_leaves(pod);
        if !self.state.platform.nodes[node.index()].is_ready {
            self.force(pod);
        }
    }

    /// A replica that was to run on a node waits until its volume is of use.
    pub(super) fn waits_for_volume(&mut self, pod: PodId) {
        let state = &mut self.state.platform.pods[pod.index()];
        (state.phase, state.volume_on) = (PodPhase::Ending, None);
        self.becomes_pending(pod);
    }

    /// Something is done about mirrors that a volume lacks, if it is in use.
    fn mends(&mut self, id: VolumeId, is_in_use: bool) {
        let platform = &self.model.platform;
        let volume = &platform.volumes[id.index()];
        if let Doing::Rebuilds(mirror) = self.state.platform.volumes.volumes[id.index()].doing {
            let is_moot = Some(mirror) == volume.spare
                && self.state.platform.pods[volume.pod.index()].node
                    != self.state.platform.volumes.mirrors[mirror.index()].node;
            if is_in_use && self.state.platform.is_reached(mirror) && !is_moot {
                return;
            }
            self.rebuild_is_called_off(id, mirror);
        }
        let cluster = platform.workload_of(volume.pod).cluster;
        let acts = self.state.platform.clusters[cluster.index()].acts;
        let is_whole = self.state.platform.healthy(platform, id) == volume.mirrors.len();
        if !is_in_use || is_whole {
            self.state.platform.volumes.volumes[id.index()].degraded_since = None;
            self.waits_until(id, None);
            if acts && self.is_nowhere(id) {
                self.make_volume(id);
                self.state.platform.is_touched |= !self.is_nowhere(id);
            }
            if acts && is_in_use {
                self.makes_local(id);
            }
            return;
        }
        let now = self.chooser.now();
        let state = &mut self.state.platform.volumes.volumes[id.index()];
        let since = *state.degraded_since.get_or_insert(now);
        match if acts { self.next_mending(id, since) } else { Mending::Nothing } {
            Mending::Nothing => self.waits_until(id, None),
            Mending::Wait(until) => self.waits_until(id, Some(until)),
            Mending::CatchUp(mirror) => self.rebuild_begins(id, mirror, false),
            Mending::Replace(mirror) => self.replace_mirror(id, mirror),
        }
    }

    fn is_nowhere(&self, id: VolumeId) -> bool {
        let mut mirrors = self.model.platform.volumes[id.index()].mirrors();
        mirrors.all(|mirror| self.phase_of(mirror) == MirrorPhase::Nowhere)
    }

    fn phase_of(&self, mirror: MirrorId) -> MirrorPhase {
        self.state.platform.volumes.mirrors[mirror.index()].phase
    }

    /// What is to be done about a volume that is in use and has had too few mirrors since then.
    fn next_mending(&self, id: VolumeId, since: SimTime) -> Mending {
        let platform = &self.model.platform;
        let timers = &platform.timers().volumes;
        let (mut replaced, mut is_waited_for, mut until) = (None, false, SimTime::NEVER);
        for mirror in platform.volumes[id.index()].mirrors() {
            let state = &self.state.platform.volumes.mirrors[mirror.index()];
            match (state.phase, state.node) {
                (MirrorPhase::Stale, Some(node)) if self.state.platform.can_be_told(node) => {
                    // One that is there and has to wait for others of its node is not replaced.
                    return match self.state.platform.can_rebuild(platform, node) {
                        true => Mending::CatchUp(mirror),
                        false => Mending::Nothing,
                    };
                }
                (MirrorPhase::Stale, _) => {
                    is_waited_for = true;
                    replaced = replaced.or(Some(mirror));
                }
                (MirrorPhase::Nowhere, _) => replaced = replaced.or(Some(mirror)),
                (MirrorPhase::Whole, _) if state.left_out_since != SimTime::NEVER => {
                    until = until.min(state.left_out_since + timers.timeout);
                }
                (MirrorPhase::Whole | MirrorPhase::New, _) => {}
            }
        }
        let replenished = since + timers.replenish;
        match replaced {
            Some(mirror) if !is_waited_for || self.chooser.now() >= replenished => {
                Mending::Replace(mirror)
            }
            Some(_) => Mending::Wait(until.min(replenished)),
            None if until != SimTime::NEVER => Mending::Wait(until),
            None => Mending::Nothing,
        }
    }

    /// A new mirror is made instead of one that is nowhere or cannot be reached, if a node can have it.
    fn replace_mirror(&mut self, id: VolumeId, mirror: MirrorId) {
        let platform = &self.model.platform;
        let Some(node) = self.best_storage(id) else {
            self.waits_until(id, None);
            return;
        };
        let volumes = &mut self.state.platform.volumes;
        volumes.drops(platform, id, mirror);
        volumes.puts(platform, id, mirror, node, MirrorPhase::New);
        self.rebuild_begins(id, mirror, true);
    }

    fn rebuild_begins(&mut self, id: VolumeId, mirror: MirrorId, is_new: bool) {
        let volumes = &mut self.state.platform.volumes;
        volumes.volumes[id.index()].doing = Doing::Rebuilds(mirror);
        if let Some(node) = volumes.mirrors[mirror.index()].node {
            volumes.storage[node.index()].rebuilds += 1;
        }
        let mirrors = self.model.platform.mirrors_of(id);
        if let (Some(_), true) = (mirrors.bandwidth, is_new) {
            let is_shared = self.model.platform.timers().volumes.node_bandwidth.is_some();
            let left = mirrors.size as f64;
            volumes.volumes[id.index()].flow =
                is_shared.then_some(Flow { left, since: self.chooser.now(), rate: 0.0 });
        }
        self.state.events += 1;
        self.chooser.mirror_is_rebuilt(id, is_new);
    }

    /// A mirror is not being rebuilt any more; whoever has waited for that may be.
    fn rebuild_ends(&mut self, id: VolumeId, mirror: MirrorId) {
        let volumes = &mut self.state.platform.volumes;
        let state = &mut volumes.volumes[id.index()];
        (state.doing, state.flow) = (Doing::Nothing, None);
        if let Some(node) = volumes.mirrors[mirror.index()].node {
            volumes.storage[node.index()].rebuilds -= 1;
        }
        self.state.platform.is_touched = true;
    }

    /// A rebuild ends before it is through: what was made for it is of no use.
    fn rebuild_is_called_off(&mut self, id: VolumeId, mirror: MirrorId) {
        self.chooser.volume_waits(id, None);
        self.rebuild_ends(id, mirror);
        if self.phase_of(mirror) == MirrorPhase::New {
            self.state.platform.volumes.drops(&self.model.platform, id, mirror);
        }
    }

    fn waits_until(&mut self, id: VolumeId, until: Option<SimTime>) {
        let doing = until.map_or(Doing::Nothing, Doing::Waits);
        let state = &mut self.state.platform.volumes.volumes[id.index()];
        if std::mem::replace(&mut state.doing, doing) != doing {
            self.chooser.volume_waits(id, until);
        }
    }

    /// What was due for a volume.
    pub(super) fn volume_is_due(&mut self, id: VolumeId) {
        let doing = self.state.platform.volumes.volumes[id.index()].doing;
        if let Doing::Rebuilds(mirror) = doing {
            self.state.events += 1;
            self.rebuild_ends(id, mirror);
            if Some(mirror) == self.model.platform.volumes[id.index()].spare {
                self.local_is_made(id, mirror);
            } else {
                self.state.platform.volumes.mirrors[mirror.index()].phase = MirrorPhase::Whole;
            }
        }
        self.state.platform.volumes.volumes[id.index()].doing = Doing::Nothing;
        self.state.platform.is_touched = true;
    }

    /// The disks of a node are gone, and with them the mirrors that were there.
    pub(super) fn mirrors_are_wiped(&mut self, node: NodeId) {
        let platform = &self.model.platform;
        for index in 0..platform.volumes.len() {
            let id = VolumeId::new(index);
            let Some(mirror) = self.state.platform.volumes.mirror_on(platform, id, node) else {
                continue;
            };
            if self.state.platform.volumes.volumes[index].doing == Doing::Rebuilds(mirror) {
                self.rebuild_is_called_off(id, mirror);
            }
            self.state.platform.volumes.drops(platform, id, mirror);
            self.state.platform.is_touched = true;
            self.those_left_out_lack_something(id);
            let mut mirrors = platform.volumes[index].mirrors();
            if !mirrors.any(|mirror| self.phase_of(mirror) == MirrorPhase::Whole) {
                self.volume_is_lost(id);
            }
        }
    }

    /// Nothing is left of a volume that has everything: it is gone, and the copies of data that were on
    /// it. What lacks something is of no use to anybody.
    fn volume_is_lost(&mut self, id: VolumeId) {
        let model = self.model;
        let volume = &model.platform.volumes[id.index()];
        if let Doing::Rebuilds(mirror) = self.state.platform.volumes.volumes[id.index()].doing {
            self.rebuild_is_called_off(id, mirror);
        }
        for mirror in volume.mirrors() {
            self.state.platform.volumes.drops(&model.platform, id, mirror);
        }
        self.state.events += 1;
        self.state.platform.volumes.volumes[id.index()].lost_by = self.state.root;
        self.loses_its_volume(model.platform.pods[volume.pod.index()].unit);
    }
}

/// What is to be done about a volume that lacks mirrors.
enum Mending {
    /// Nothing that could be done now.
    Nothing,
    /// To wait whether those that cannot be reached come back.
    Wait(SimTime),
    /// One that is back gets what it has missed.
    CatchUp(MirrorId),
    /// A new one is made instead of this one.
    Replace(MirrorId),
}
