//! The present of the memory of nodes: what replicas use of it, and which nodes are short of it.

use super::platform::{PlatformState, PodPhase};
use super::state::Root;
use crate::model::{Model, NodeId, Platform, PodId, UnitId, Workload};
use crate::units::SimTime;

/// The present of all nodes and of all services that say what they use; of a platform without any,
/// nothing.
#[derive(Clone, Debug)]
pub(crate) struct MemoryState {
    /// By service that says it: what each replica uses.
    pub(crate) uses: Vec<u64>,
    pub(crate) nodes: Vec<ShortageState>,
}

/// Whether a node is short of memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortageState {
    /// Whether it uses more than it has, and will look at that.
    pub(crate) is_watched: bool,
    /// Whether it counts as short of memory: what requests nothing is not placed there.
    pub(crate) is_short: bool,
    /// When it last saw that it used more than it has.
    pub(crate) seen_at: SimTime,
    /// What has come before it used more than it has; `None` if it did from the beginning.
    pub(crate) by: Option<Root>,
}

const ENOUGH: ShortageState =
    ShortageState { is_watched: false, is_short: false, seen_at: SimTime::ZERO, by: None };

/// What a replica is taken to request that does not say it, when one node is preferred to another:
/// thousandths of a processor, and bytes (kubernetes/kubernetes: pkg/scheduler/util/pod_resources.go).
const TAKEN_FOR: [u64; 2] = [100, 200 << 20];

impl MemoryState {
    pub(crate) fn new(platform: &Platform) -> MemoryState {
        MemoryState {
            uses: vec![0; platform.uses.len()],
            nodes: vec![ENOUGH; platform.memory_timers()],
        }
    }

    pub(crate) fn begin(&mut self, platform: &Platform) {
        for (uses, spec) in self.uses.iter_mut().zip(&platform.uses) {
            *uses = spec.uses;
        }
        self.nodes.fill(ENOUGH);
    }
}

/// How soon a replica is evicted from a node that is short of memory; the least first. Those that use more
/// than they request come before all others, then the less urgent ones, then those that use the most beyond
/// what they request (kubernetes.io: concepts/scheduling-eviction/node-pressure-eviction).
pub(crate) type EvictionRank = (bool, i64, i64, PodId);

impl PlatformState {
    /// Whether a node counts as short of memory.
    pub(crate) fn is_short_of_memory(&self, node: NodeId) -> bool {
        self.memory.nodes.get(node.index()).is_some_and(|state| state.is_short)
    }

    /// What replicas of a node, and one more of a workload, are taken to request of `cpu` and `memory` that do
    /// not say it, when one node is preferred to another: nothing where no service says what it uses.
    pub(crate) fn unsaid_requests(
        &self,
        platform: &Platform,
        node: NodeId,
        one_more: &Workload,
    ) -> [u64; 2] {
        let mut unsaid = [0; 2];
        if !self.memory.nodes.is_empty() {
            let there = self.on(node).map(|pod| platform.workload_of(pod));
            for workload in there.chain(std::iter::once(one_more)) {
                for (sum, (requested, taken_for)) in
                    unsaid.iter_mut().zip(workload.requests.iter().zip(TAKEN_FOR))
                {
                    *sum += if *requested == 0 { taken_for } else { 0 };
                }
            }
        }
        unsaid
    }

    /// What replicas use of the memory of a node, as far as it is known.
    pub(crate) fn memory_used(&self, platform: &Platform, node: NodeId) -> u64 {
        let bound = platform.nodes[node.index()].bound.iter().map(|of| self.memory.uses[*of]);
        let there = self.on(node).filter(|pod| self.is_present(*pod));
        let placed = there.filter_map(|pod| self.uses_of(platform, pod));
        bound.chain(placed).sum()
    }

    /// Whether a node that runs, and that its control plane can hear from, uses more memory than it has.
    pub(crate) fn runs_out_of_memory(&self, platform: &Platform, node: NodeId) -> bool {
        let state = &self.nodes[node.index()];
        state.runs
            && !state.is_cut_off
            && self.memory_used(platform, node) > platform.nodes[node.index()].memory
    }

    /// Who is evicted next from a node that is short of memory, if anybody can be.
    pub(crate) fn evicted_next(&self, platform: &Platform, node: NodeId) -> Option<PodId> {
        let can_go = |pod: &PodId| self.pods[pod.index()].phase == PodPhase::Placed;
        self.first_to_go(platform, self.on(node).filter(can_go))
    }

    /// Who of these goes first where memory is short.
    fn first_to_go(&self, platform: &Platform, pods: impl Iterator<Item = PodId>) -> Option<PodId> {
        pods.filter_map(|pod| self.rank(platform, pod)).min().map(|(.., pod)| pod)
    }

    fn rank(&self, platform: &Platform, pod: PodId) -> Option<EvictionRank> {
        let workload = platform.workload_of(pod);
        let over = self.uses_of(platform, pod)? as i64 - workload.memory_requested() as i64;
        Some((over <= 0, workload.priority, -over, pod))
    }

    fn uses_of(&self, platform: &Platform, pod: PodId) -> Option<u64> {
        platform.workload_of(pod).uses.map(|of| self.memory.uses[of])
    }
}

/// The memory of a node when all that is bound to it is there, for those who watch a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryView {
    /// Bytes that its replicas use, as far as they say it.
    pub used: u64,
    /// Bytes that they may use before it is short of memory; `None` if it never is.
    pub room: Option<u64>,
    /// The replica that is evicted first, if any is.
    pub goes_first: Option<UnitId>,
}

impl MemoryView {
    /// Whether more is used than there is.
    pub fn is_short(&self) -> bool {
        self.room.is_some_and(|room| self.used > room)
    }
}

impl super::State {
    /// The memory of a node; `None` for units that are none, and where no service says what it uses.
    pub fn memory(&self, model: &Model, unit: UnitId) -> Option<MemoryView> {
        let platform = &model.platform;
        let node = model.units[unit.index()].extras().node.filter(|_| !platform.uses.is_empty())?;
        let spec = &platform.nodes[node.index()];
        let stays = |pod: &PodId| self.platform.pods[pod.index()].phase.can_be_told();
        let placed = || self.platform.on(node).filter(stays);
        let bound = spec.bound.iter().map(|of| self.platform.memory.uses[*of]);
        let used = placed().filter_map(|pod| self.platform.uses_of(platform, pod)).chain(bound);
        let first = self.platform.first_to_go(platform, placed());
        Some(MemoryView {
            used: used.sum(),
            room: (spec.memory != u64::MAX).then_some(spec.memory),
            goes_first: first.map(|pod| platform.pods[pod.index()].unit),
        })
    }
}
