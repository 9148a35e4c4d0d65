//! The present of network volumes that are replicated: where their replicas are, and which of them have
//! everything that was written.
//!
//! The replicas of a volume are its mirrors here, because replica means a member of a service everywhere
//! else. The engine of a volume runs where the process runs that writes to it, and nowhere else: that is
//! [`PlatformState::is_present`]. What is written goes to all mirrors that can be reached. One that cannot
//! be reached for long enough, while another one can, lacks something from then on.

use super::platform::PlatformState;
use super::state::Root;
use crate::model::{MirrorId, Model, NO_DOMAIN, NodeId, Platform, PodId, UnitId, VolumeId};
use crate::units::SimTime;

#[derive(Clone, Copy, Debug)]
pub(crate) struct VolumeState {
    /// Since when it has been in use with fewer mirrors than it is to have.
    pub(crate) degraded_since: Option<SimTime>,
    pub(crate) doing: Doing,
    /// What has taken its last mirror.
    pub(crate) lost_by: Root,
    /// Where nodes share their bandwidth: how many bytes a new mirror lacks, since when it gets them, and how
    /// many a second; nothing of a rebuild that takes its time whatever else goes on.
    pub(crate) flow: Option<Flow>,
}

/// What a mirror still has to get.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Flow {
    pub(crate) left: f64,
    pub(crate) since: SimTime,
    pub(crate) rate: f64,
}

/// What is being done about mirrors that a volume lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Nothing.
    Nothing,
    /// Those that cannot be reached are waited for, until then.
    Waits(SimTime),
    /// This one gets what it lacks; one at a time does.
    Rebuilds(MirrorId),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct MirrorState {
    pub(crate) phase: MirrorPhase,
    /// The node that it is on: always but while it is nowhere.
    pub(crate) node: Option<NodeId>,
    /// Since when others are written to and it cannot be reached; for ever from now, if it can be.
    pub(crate) left_out_since: SimTime,
}

/// What a mirror has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MirrorPhase {
    /// It does not exist.
    Nowhere,
    /// Everything that was written.
    Whole,
    /// What was written until it could not be reached.
    Stale,
    /// What it was given since it was made: nothing that could be used.
    New,
}

/// What mirrors take of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StorageState {
    /// How many bytes are left.
    left: u64,
    /// How many mirrors there are, and how many of them are being rebuilt.
    mirrors: u32,
    pub(crate) rebuilds: u32,
    /// How many rebuilds it is read or written for that share its bandwidth.
    pub(crate) flows: u32,
}

const NEW_VOLUME: VolumeState =
    VolumeState { degraded_since: None, doing: Doing::Nothing, lost_by: Root::NOTHING, flow: None };

const NO_MIRROR: MirrorState =
    MirrorState { phase: MirrorPhase::Nowhere, node: None, left_out_since: SimTime::NEVER };

/// The present of all volumes.
#[derive(Clone, Debug)]
pub(crate) struct VolumesState {
    pub(crate) volumes: Vec<VolumeState>,
    pub(crate) mirrors: Vec<MirrorState>,
    /// By node; of a platform without volumes, nothing.
    pub(crate) storage: Vec<StorageState>,
}

impl VolumesState {
    pub(crate) fn new(platform: &Platform) -> VolumesState {
        let mirrors = platform.volumes.last().map_or(0, |last| last.end() as usize);
        let nodes = if mirrors == 0 { 0 } else { platform.nodes.len() };
        VolumesState {
            volumes: vec![NEW_VOLUME; platform.volumes.len()],
            mirrors: vec![NO_MIRROR; mirrors],
            storage: vec![StorageState { left: 0, mirrors: 0, rebuilds: 0, flows: 0 }; nodes],
        }
    }

    pub(crate) fn begin(&mut self, platform: &Platform) {
        self.volumes.fill(NEW_VOLUME);
        self.mirrors.fill(NO_MIRROR);
        for (storage, node) in self.storage.iter_mut().zip(&platform.nodes) {
            *storage = StorageState { left: node.storage, mirrors: 0, rebuilds: 0, flows: 0 };
        }
    }

    /// The mirror of a volume that is on a node.
    pub(crate) fn mirror_on(
        &self,
        platform: &Platform,
        id: VolumeId,
        node: NodeId,
    ) -> Option<MirrorId> {
        let is_there = |mirror: &MirrorId| self.mirrors[mirror.index()].node == Some(node);
        platform.volumes[id.index()].all_mirrors().find(is_there)
    }

    /// A mirror of a volume is made on a node.
    pub(crate) fn puts(
        &mut self,
        platform: &Platform,
        id: VolumeId,
        mirror: MirrorId,
        node: NodeId,
        phase: MirrorPhase,
    ) {
        let storage = &mut self.storage[node.index()];
        storage.left = storage.left.saturating_sub(taken(platform, id, node));
        storage.mirrors += 1;
        self.mirrors[mirror.index()] =
            MirrorState { phase, node: Some(node), left_out_since: SimTime::NEVER };
    }

    /// A mirror of a volume is deleted, if it is anywhere.
    pub(crate) fn drops(&mut self, platform: &Platform, id: VolumeId, mirror: MirrorId) {
        let before = std::mem::replace(&mut self.mirrors[mirror.index()], NO_MIRROR);
        if let Some(node) = before.node {
            let storage = &mut self.storage[node.index()];
            storage.left = storage.left.saturating_add(taken(platform, id, node));
            storage.mirrors -= 1;
        }
    }
}

/// How many bytes a mirror of a volume takes of a node; nothing of one whose storage has no end.
fn taken(platform: &Platform, id: VolumeId, node: NodeId) -> u64 {
    match platform.nodes[node.index()].storage {
        u64::MAX => 0,
        _ => platform.mirrors_of(id).size,
    }
}

impl PlatformState {
    /// Whether a mirror has everything and can be reached.
    pub(crate) fn is_healthy(&self, mirror: MirrorId) -> bool {
        let state = &self.volumes.mirrors[mirror.index()];
        state.phase == MirrorPhase::Whole && self.is_reached(mirror)
    }

    /// Whether the node of a mirror runs.
    pub(crate) fn is_reached(&self, mirror: MirrorId) -> bool {
        let node = self.volumes.mirrors[mirror.index()].node;
        node.is_some_and(|node| self.nodes[node.index()].runs)
    }

    /// How many mirrors of a volume have everything and can be reached: with none it is of no use.
    pub(crate) fn healthy(&self, platform: &Platform, id: VolumeId) -> usize {
        let mirrors = platform.volumes[id.index()].mirrors();
        mirrors.filter(|mirror| self.is_healthy(*mirror)).count()
    }

    /// Whether the volume of a replica is of use, if it has one that is replicated.
    pub(crate) fn has_its_volume(&self, platform: &Platform, pod: PodId) -> bool {
        platform.pods[pod.index()].volume.is_none_or(|id| self.healthy(platform, id) > 0)
    }

    /// Whether a node can be given a mirror of a volume now.
    pub(crate) fn can_store(&self, platform: &Platform, id: VolumeId, node: NodeId) -> bool {
        let state = &self.nodes[node.index()];
        self.can_be_told(node)
            && !state.is_cordoned
            && self.can_rebuild(platform, node)
            && self.volumes.mirror_on(platform, id, node).is_none()
            && taken(platform, id, node) <= self.volumes.storage[node.index()].left
    }

    /// How many other mirrors of a volume that are of use, or will be, are in the same domain as a node, by its
    /// place among those that may have one; `None` if there may be none. One mirror is not counted: what is
    /// made takes its place.
    pub(crate) fn crowd(
        &self,
        platform: &Platform,
        id: VolumeId,
        place: usize,
        instead_of: Option<MirrorId>,
    ) -> Option<u32> {
        let mirrors = platform.mirrors_of(id);
        let mut crowd = 0;
        for spread in &mirrors.spreads {
            let domain = spread.domains[place];
            let is_near = |mirror: &MirrorId| {
                let state = &self.volumes.mirrors[mirror.index()];
                let on = |node: NodeId| mirrors.nodes.iter().position(|other| *other == node);
                matches!(state.phase, MirrorPhase::Whole | MirrorPhase::New)
                    && Some(*mirror) != instead_of
                    && state.node.and_then(on).is_some_and(|on| spread.domains[on] == domain)
            };
            let near = platform.volumes[id.index()].mirrors().filter(is_near).count() as u32;
            if spread.is_required && (domain == NO_DOMAIN || near > 0) {
                return None;
            }
            crowd += near;
        }
        Some(crowd)
    }

    /// Whether a node runs and its control plane can tell it something.
    pub(crate) fn can_be_told(&self, node: NodeId) -> bool {
        let state = &self.nodes[node.index()];
        state.runs && state.is_ready && !state.is_cut_off
    }

    /// Whether one more mirror can be rebuilt on a node.
    pub(crate) fn can_rebuild(&self, platform: &Platform, node: NodeId) -> bool {
        let rebuilds = self.volumes.storage[node.index()].rebuilds;
        rebuilds < platform.timers().volumes.at_a_time
    }

    /// How many mirrors a node has.
    pub(crate) fn mirrors_on(&self, node: NodeId) -> u32 {
        self.volumes.storage[node.index()].mirrors
    }

    /// The replicas of services of whose volumes a node has the last mirror that is of use.
    pub(crate) fn needing<'a>(
        &'a self,
        platform: &'a Platform,
        node: NodeId,
    ) -> impl Iterator<Item = PodId> + 'a {
        let is_last = move |id: &VolumeId| {
            let here = self.volumes.mirror_on(platform, *id, node);
            here.is_some_and(|mirror| self.is_healthy(mirror)) && self.healthy(platform, *id) == 1
        };
        let volumes = (0..platform.volumes.len()).map(VolumeId::new).filter(is_last);
        volumes.map(|id| platform.volumes[id.index()].pod)
    }

    /// Checks volumes against what is computed from scratch.
    ///
    /// # Panics
    ///
    /// If they differ, two mirrors of a volume are on one node, or a replica of a service runs without a
    /// healthy one.
    pub(super) fn check_volumes(&self, platform: &Platform) {
        let mut mirrors = vec![0; self.volumes.storage.len()];
        let mut rebuilds = vec![0; self.volumes.storage.len()];
        let mut left: Vec<u64> = platform.nodes.iter().map(|node| node.storage).collect();
        for (index, volume) in platform.volumes.iter().enumerate() {
            let (id, state) = (VolumeId::new(index), &self.volumes.volumes[index]);
            for mirror in volume.all_mirrors() {
                let of_mirror = &self.volumes.mirrors[mirror.index()];
                let is_nowhere = of_mirror.phase == MirrorPhase::Nowhere;
                assert_eq!(is_nowhere, of_mirror.node.is_none(), "mirror {mirror:?}");
                let is_rebuilt = state.doing == Doing::Rebuilds(mirror);
                assert!(is_rebuilt || of_mirror.phase != MirrorPhase::New, "mirror {mirror:?}");
                let Some(node) = of_mirror.node else { continue };
                let first = self.volumes.mirror_on(platform, id, node);
                assert_eq!(first, Some(mirror), "two mirrors of volume {index} on one node");
                mirrors[node.index()] += 1;
                rebuilds[node.index()] += u32::from(is_rebuilt);
                left[node.index()] -= taken(platform, id, node);
                assert!(!is_rebuilt || self.is_reached(mirror), "mirror {mirror:?} is rebuilt");
            }
            let is_in_use = self.is_present(volume.pod);
            let healthy = self.healthy(platform, id);
            assert!(!is_in_use || healthy > 0, "volume {index} is in use without a mirror");
            let pod = &self.pods[volume.pod.index()];
            assert!(
                !is_in_use || pod.volume_on == pod.node,
                "volume {index} is attached elsewhere"
            );
            let is_rebuilding = matches!(state.doing, Doing::Rebuilds(_));
            assert!(is_in_use || !is_rebuilding, "volume {index} is rebuilt and not in use");
        }
        for (index, storage) in self.volumes.storage.iter().enumerate() {
            let counted = (left[index], mirrors[index], rebuilds[index]);
            assert_eq!((storage.left, storage.mirrors, storage.rebuilds), counted, "node {index}");
        }
    }
}

/// How a network volume is that is replicated, for those who watch a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeView {
    /// How many replicas it is to have.
    pub wanted: usize,
    /// The nodes of those that have everything and can be reached: with none of them it is of no use.
    pub healthy: Vec<UnitId>,
    /// The nodes of the others.
    pub others: Vec<UnitId>,
    /// The node through which it is written to, where its engine runs.
    pub engine: Option<UnitId>,
}

impl super::State {
    /// How the volume of a replica is; `None` for units without one that is replicated.
    pub fn volume(&self, model: &Model, unit: UnitId) -> Option<VolumeView> {
        let platform = &model.platform;
        let pod = model.units[unit.index()].extras().pod?;
        let id = platform.pods[pod.index()].volume?;
        let state = &self.platform;
        let node = |node: NodeId| platform.nodes[node.index()].unit;
        let nodes = |is_healthy: bool| {
            let mirrors = platform.volumes[id.index()].mirrors();
            let these = mirrors.filter(move |mirror| state.is_healthy(*mirror) == is_healthy);
            these.filter_map(|mirror| state.volumes.mirrors[mirror.index()].node).map(node)
        };
        let engine = state.pods[pod.index()].node.filter(|_| state.is_present(pod));
        Some(VolumeView {
            wanted: platform.volumes[id.index()].mirrors.len(),
            healthy: nodes(true).collect(),
            others: nodes(false).collect(),
            engine: engine.map(node),
        })
    }
}
