//! The present of platforms: which node is ready, which replica is where, who is being evicted.

use super::memory::MemoryState;
use super::state::Root;
use super::volumes::VolumesState;
use crate::model::{
    ActId, ClockId, ClusterId, Model, NO_DOMAIN, NodeId, Platform, PodId, RolloutId, Spread,
    UnitId, Workload, WorkloadId,
};
use crate::spec::Volume;

/// The present of all clusters of one life.
#[derive(Clone, Debug)]
pub(crate) struct PlatformState {
    pub(crate) clusters: Vec<ClusterState>,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) pods: Vec<PodState>,
    pub(crate) workloads: Vec<WorkloadState>,
    /// What is left to request, by node and resource.
    free: Vec<u64>,
    /// How many replicas each domain of each spread has.
    counts: Vec<u32>,
    /// Which nodes have the image of which workload, by workload and place of the node in it.
    pub(crate) has_image: Vec<bool>,
    first_image: Vec<u32>,
    pub(crate) volumes: VolumesState,
    pub(crate) memory: MemoryState,
    /// Whether controllers may have something to do.
    pub(crate) is_touched: bool,
    /// Room for places that a replica likes as much, and nodes that are as good for one of a volume.
    pub(crate) equals: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ClusterState {
    /// Whether its control plane is up.
    pub(crate) acts: bool,
    /// How many of its nodes count as lost.
    pub(crate) lost: u32,
    /// How many of its nodes are being drained, and how many of its workloads rolled out.
    pub(crate) busy: u32,
    /// How many of its replicas wait for a node, and how many for evictions to go on.
    pub(crate) pending: u32,
    pub(crate) overdue: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeState {
    /// Whether it runs what is bound to it: it is up, and has heard from its control plane since.
    pub(crate) runs: bool,
    /// Whether it renews its lease as far as the network and its own state let it.
    pub(crate) beats: bool,
    /// Whether it cannot reach its control plane, though it runs.
    pub(crate) is_cut_off: bool,
    /// Whether the control plane takes it for alive.
    pub(crate) is_ready: bool,
    pub(crate) is_cordoned: bool,
    /// What has kept it from renewing its lease.
    pub(crate) missed_by: Root,
    /// If it is being emptied: what takes responsibility for it among causes. Plans know themselves that
    /// they wait for it.
    pub(crate) drained_by: Option<ClockId>,
    /// The act of a script that waits for it to be empty.
    pub(crate) drained_for: Option<ActId>,
    /// The first of the replicas that are bound to it.
    first: Option<PodId>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct PodState {
    pub(crate) phase: PodPhase,
    /// The node that it is bound to: always but while it is pending.
    pub(crate) node: Option<NodeId>,
    /// The node on which its successor starts while it goes on.
    pub(crate) moves_to: Option<NodeId>,
    /// The node that its volume is on, or is attached to.
    pub(crate) volume_on: Option<NodeId>,
    /// Whether it is to be evicted, and evictions have been stopped.
    pub(crate) is_overdue: bool,
    /// Whether it is of before the rollout that is under way.
    pub(crate) is_old: bool,
    previous: Option<PodId>,
    next: Option<PodId>,
}

/// Where a replica is between two processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodPhase {
    /// No node has been found for it.
    Pending,
    /// It is bound to a node, which gets its image and its volume.
    Preparing,
    /// Its process runs, or starts, if its node does.
    Placed,
    /// It has been told to end.
    Ending,
    /// It was to be evicted from a node that cannot be told: it is there until the node returns, and
    /// its process too if it had one.
    Stuck { has_process: bool },
}

impl PodPhase {
    /// Whether it can be told to end: it is bound to a node, and has not been told yet.
    pub(crate) fn can_be_told(self) -> bool {
        matches!(self, PodPhase::Placed | PodPhase::Preparing)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkloadState {
    /// How many of its replicas are of before the rollout that is under way.
    pub(crate) old: u32,
    /// What has set off the rollout that is under way, if one is.
    pub(crate) rolled_by: Option<RolledBy>,
}

/// What sets off a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RolledBy {
    /// The calendar; and the place of the workload among those it takes.
    Calendar(RolloutId, u32),
    /// A script.
    Script(ActId),
}

const NEW_CLUSTER: ClusterState =
    ClusterState { acts: true, lost: 0, busy: 0, pending: 0, overdue: 0 };

const NEW_WORKLOAD: WorkloadState = WorkloadState { old: 0, rolled_by: None };

const NEW_NODE: NodeState = NodeState {
    runs: true,
    beats: true,
    is_cut_off: false,
    is_ready: true,
    is_cordoned: false,
    missed_by: Root::NOTHING,
    drained_by: None,
    drained_for: None,
    first: None,
};

const NEW_POD: PodState = PodState {
    phase: PodPhase::Pending,
    node: None,
    moves_to: None,
    volume_on: None,
    is_overdue: false,
    is_old: false,
    previous: None,
    next: None,
};

impl PlatformState {
    /// Room for the clusters of a model; not usable until the first [`PlatformState::begin`].
    pub(crate) fn new(platform: &Platform) -> PlatformState {
        let mut images = 0;
        let first_image = platform.workloads.iter().map(|workload| {
            images += workload.nodes.len() as u32;
            images - workload.nodes.len() as u32
        });
        let first_image = first_image.collect();
        PlatformState {
            clusters: vec![NEW_CLUSTER; platform.clusters.len()],
            nodes: vec![NEW_NODE; platform.nodes.len()],
            pods: vec![NEW_POD; platform.pods.len()],
            workloads: vec![NEW_WORKLOAD; platform.workloads.len()],
            free: vec![0; platform.nodes.len() * platform.resources],
            counts: vec![0; platform.counts],
            has_image: vec![false; images as usize],
            first_image,
            volumes: VolumesState::new(platform),
            memory: MemoryState::new(platform),
            is_touched: false,
            equals: Vec::new(),
        }
    }

    /// Goes back to the beginning: nodes up and ready, and no replica placed yet.
    pub(crate) fn begin(&mut self, platform: &Platform) {
        self.clusters.fill(NEW_CLUSTER);
        for pod in &platform.pods {
            let cluster = platform.workloads[pod.workload.index()].cluster;
            self.clusters[cluster.index()].pending += 1;
        }
        self.nodes.fill(NEW_NODE);
        self.pods.fill(NEW_POD);
        self.workloads.fill(NEW_WORKLOAD);
        for (node, spec) in platform.nodes.iter().enumerate() {
            self.free[node * platform.resources..][..platform.resources]
                .copy_from_slice(&spec.capacity);
        }
        self.counts.fill(0);
        self.has_image.fill(false);
        self.volumes.begin(platform);
        self.memory.begin(platform);
        self.is_touched = true;
    }

    /// Whether a replica is where its process can run.
    #[inline]
    pub(crate) fn is_present(&self, pod: PodId) -> bool {
        let state = &self.pods[pod.index()];
        matches!(state.phase, PodPhase::Placed | PodPhase::Stuck { has_process: true })
            && state.node.is_some_and(|node| self.nodes[node.index()].runs)
    }

    /// Whether nobody is evicted from nodes of a cluster: most of them are lost, which is more likely to
    /// be a fault of the network or of the control plane than of the nodes.
    pub(crate) fn evictions_are_stopped(&self, platform: &Platform, id: ClusterId) -> bool {
        let state = &self.clusters[id.index()];
        let size = platform.clusters[id.index()].nodes.len() as u32;
        let timers = platform.timers();
        let is_small = size as usize <= timers.small_cluster;
        state.lost == size
            || is_small && f64::from(state.lost) >= timers.unhealthy_zone * f64::from(size)
    }

    /// The replicas that are bound to a node, those bound last first.
    pub(crate) fn on(&self, node: NodeId) -> impl Iterator<Item = PodId> {
        let mut next = self.nodes[node.index()].first;
        std::iter::from_fn(move || {
            let pod = next?;
            next = self.pods[pod.index()].next;
            Some(pod)
        })
    }

    /// The replica that was bound to a node last.
    pub(crate) fn first_on(&self, node: NodeId) -> Option<PodId> {
        self.nodes[node.index()].first
    }

    /// The replica that comes after one on its node.
    pub(crate) fn next_on(&self, pod: PodId) -> Option<PodId> {
        self.pods[pod.index()].next
    }

    /// A replica is bound to a node.
    pub(crate) fn bind(&mut self, platform: &Platform, pod: PodId, node: NodeId) {
        self.take_room(platform, pod, node);
        self.link(pod, node);
    }

    /// A replica is bound to no node any more.
    pub(crate) fn unbind(&mut self, platform: &Platform, pod: PodId) {
        if let Some(node) = self.pods[pod.index()].node {
            self.unlink(pod);
            self.give_room(platform, pod, node);
        }
    }

    /// The successor of a replica has taken over, on the node that was kept for it.
    pub(crate) fn moves(&mut self, platform: &Platform, pod: PodId) {
        let Some(node) = self.pods[pod.index()].moves_to.take() else { return };
        self.unbind(platform, pod);
        self.link(pod, node);
    }

    fn link(&mut self, pod: PodId, node: NodeId) {
        let first = self.nodes[node.index()].first.replace(pod);
        let state = &mut self.pods[pod.index()];
        (state.node, state.previous, state.next) = (Some(node), None, first);
        if let Some(first) = first {
            self.pods[first.index()].previous = Some(pod);
        }
    }

    fn unlink(&mut self, pod: PodId) {
        let state = &mut self.pods[pod.index()];
        let (previous, next, node) = (state.previous.take(), state.next.take(), state.node.take());
        match (previous, node) {
            (Some(previous), _) => self.pods[previous.index()].next = next,
            (None, Some(node)) => self.nodes[node.index()].first = next,
            (None, None) => {}
        }
        if let Some(next) = next {
            self.pods[next.index()].previous = previous;
        }
    }

    /// A node keeps room for a replica.
    pub(crate) fn take_room(&mut self, platform: &Platform, pod: PodId, node: NodeId) {
        let workload = platform.workload_of(pod);
        self.requested(platform, node, workload, |free, requested| *free -= requested);
        self.counted(workload, node, |count| *count += 1);
    }

    /// A node keeps no room for a replica any more.
    pub(crate) fn give_room(&mut self, platform: &Platform, pod: PodId, node: NodeId) {
        let workload = platform.workload_of(pod);
        self.requested(platform, node, workload, |free, requested| *free += requested);
        self.counted(workload, node, |count| *count -= 1);
    }

    fn requested(
        &mut self,
        platform: &Platform,
        node: NodeId,
        workload: &Workload,
        change: impl Fn(&mut u64, u64),
    ) {
        let free = &mut self.free[node.index() * platform.resources..];
        let capacity = &platform.nodes[node.index()].capacity;
        for ((free, requested), capacity) in free.iter_mut().zip(&workload.requests).zip(capacity) {
            if *capacity != u64::MAX {
                change(free, *requested);
            }
        }
    }

    fn counted(&mut self, workload: &Workload, node: NodeId, change: impl Fn(&mut u32)) {
        if workload.spreads.is_empty() {
            return;
        }
        let Some(place) = workload.nodes.iter().position(|other| *other == node) else { return };
        for spread in &workload.spreads {
            if spread.domains[place] != NO_DOMAIN {
                change(&mut self.counts[(spread.first + spread.domains[place]) as usize]);
            }
        }
    }

    /// Whether a node that lacks an image has it from now on.
    pub(crate) fn pulls(&mut self, workload: WorkloadId, place: usize) -> bool {
        let first = self.first_image[workload.index()] as usize;
        !std::mem::replace(&mut self.has_image[first + place], true)
    }

    /// Why a node of a workload, by its place there, cannot take a replica; `None` if it can.
    pub(crate) fn obstacle(
        &self,
        platform: &Platform,
        pod: PodId,
        place: usize,
    ) -> Option<Obstacle> {
        let workload = platform.workload_of(pod);
        let node = workload.nodes[place];
        let state = &self.nodes[node.index()];
        if !state.is_ready || !state.runs || state.is_cut_off {
            return Some(Obstacle::NotReady);
        }
        if state.is_cordoned {
            return Some(Obstacle::Cordoned);
        }
        if workload.is_best_effort && self.is_short_of_memory(node) {
            return Some(Obstacle::Pressure);
        }
        let volume = self.pods[pod.index()].volume_on;
        if workload.volume == Volume::Local && volume.is_some_and(|on| on != node) {
            return Some(Obstacle::Volume);
        }
        if !self.has_its_volume(platform, pod) {
            return Some(Obstacle::Faulted);
        }
        let is_too_close = |spread: &Spread| spread.is_required && !self.is_far(spread, place);
        if workload.spreads.iter().any(is_too_close) {
            return Some(Obstacle::Spread);
        }
        let free = &self.free[node.index() * platform.resources..];
        let lacks = free.iter().zip(&workload.requests).position(|(free, needed)| free < needed);
        lacks.map(Obstacle::Room)
    }

    /// Whether one more replica in the domain of a node keeps a spread.
    fn is_far(&self, spread: &Spread, place: usize) -> bool {
        let domain = spread.domains[place];
        if domain == NO_DOMAIN {
            return false;
        }
        let counts = &self.counts[spread.first as usize..][..spread.count as usize];
        let here = counts[domain as usize];
        match spread.skew {
            None => here == 0,
            Some(skew) => here + 1 - counts.iter().min().copied().unwrap_or(0) <= skew,
        }
    }

    /// How little a replica would like a node, least of all what is highest: how many of its kind are in
    /// the same domain of each spread that is only preferred, then on the node, then how full the node
    /// would be, in thousandths.
    pub(crate) fn dislike(&self, platform: &Platform, pod: PodId, place: usize) -> (u32, u32, u32) {
        let workload = platform.workload_of(pod);
        let node = workload.nodes[place];
        let preferred = workload.spreads.iter().filter(|spread| !spread.is_required);
        let crowd = preferred.map(|spread| match spread.domains[place] {
            NO_DOMAIN => spread.count,
            domain => self.counts[(spread.first + domain) as usize],
        });
        let is_here = |other: &PodId| self.pods[other.index()].node == Some(node);
        let peers = workload.pods().filter(is_here).count() as u32;
        (crowd.sum(), peers, self.fullness(platform, node, workload))
    }

    /// How full a node would be with one more replica of a workload: the mean share of what it has, in
    /// thousandths.
    fn fullness(&self, platform: &Platform, node: NodeId, workload: &Workload) -> u32 {
        let free = &self.free[node.index() * platform.resources..];
        let capacity = &platform.nodes[node.index()].capacity;
        let (mut sum, mut known) = (0_u32, 0_u32);
        let unsaid = self.unsaid_requests(platform, node, workload);
        for (((resource, free), requested), capacity) in
            free.iter().enumerate().zip(&workload.requests).zip(capacity)
        {
            if *capacity != u64::MAX && *capacity > 0 {
                let unsaid = unsaid.get(resource).copied().unwrap_or(0);
                let used = capacity - free + requested + unsaid;
                sum += (u128::from(used) * 1000 / u128::from(*capacity)) as u32;
                known += 1;
            }
        }
        sum.checked_div(known).unwrap_or(0)
    }

    /// Checks what is kept up to date against what is computed from scratch.
    ///
    /// # Panics
    ///
    /// If they differ, a node is overfull, or a replica is where nothing can be.
    pub(super) fn check(&self, model: &Model, is_up: impl Fn(UnitId) -> bool) {
        let platform = &model.platform;
        let mut free: Vec<u64> =
            platform.nodes.iter().flat_map(|node| node.capacity.iter().copied()).collect();
        let mut counts = vec![0; self.counts.len()];
        let mut computed = PlatformState { counts: Vec::new(), free: Vec::new(), ..self.clone() };
        std::mem::swap(&mut computed.counts, &mut counts);
        std::mem::swap(&mut computed.free, &mut free);
        for (index, state) in self.pods.iter().enumerate() {
            let pod = PodId::new(index);
            assert_eq!(state.phase == PodPhase::Pending, state.node.is_none(), "pod {index}");
            for node in state.node.into_iter().chain(state.moves_to) {
                computed.take_room(platform, pod, node);
            }
            if let Some(node) = state.node {
                assert_eq!(self.on(node).filter(|other| *other == pod).count(), 1, "pod {index}");
            }
            let unit = platform.pods[index].unit;
            assert!(!is_up(unit) || self.is_present(pod), "pod {index} is up and not there");
        }
        assert_eq!((computed.free, computed.counts), (self.free.clone(), self.counts.clone()));
        for (index, cluster) in self.clusters.iter().enumerate() {
            let id = ClusterId::new(index);
            let of = |state: &&PodState, pod: usize| {
                platform.workload_of(PodId::new(pod)).cluster == id
                    && (state.phase == PodPhase::Pending || state.is_overdue)
            };
            let waiting = self.pods.iter().enumerate().filter(|(pod, state)| of(state, *pod));
            assert_eq!((cluster.pending + cluster.overdue) as usize, waiting.count());
            let is_lost = |node: &&NodeId| !self.nodes[node.index()].is_ready;
            let nodes = &platform.clusters[index].nodes;
            assert_eq!(cluster.lost as usize, nodes.iter().filter(is_lost).count());
        }
        for (index, node) in self.nodes.iter().enumerate() {
            assert!(!node.runs || is_up(platform.nodes[index].unit), "node {index} runs");
        }
        self.check_volumes(platform);
    }
}

/// Why a node cannot take a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is down, or its control plane takes it for lost.
    NotReady,
    /// It is being drained, or was.
    Cordoned,
    /// The replica's volume is on another node.
    Volume,
    /// No replica of the replica's network volume is of use, wherever it is.
    Faulted,
    /// Another replica is too close.
    Spread,
    /// It has too little left of the resource with this index.
    Room(usize),
    /// It is short of memory, and the replica requests nothing.
    Pressure,
}

/// Where a replica that is placed by a controller is, for those who watch a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// No node can take it.
    Pending,
    /// This node gets its image and its volume.
    Preparing(UnitId),
    /// On this node: it runs, or starts, or is down with it.
    On(UnitId),
    /// It ends on this node.
    Ending(UnitId),
    /// It was to leave this node, which cannot be told, and stays until it can.
    Stuck(UnitId),
}

/// What a control plane knows of a node, for those who watch a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Whether it is taken for alive.
    pub is_ready: bool,
    /// Whether nothing is placed there.
    pub is_cordoned: bool,
    /// Whether it is being emptied.
    pub is_draining: bool,
    /// Whether it is short of memory, so that nothing is placed there that requests nothing.
    pub is_short: bool,
}

/// How a replica keeps a node from being emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Too few replicas of its service are up to let it go.
    Budget,
    /// The last healthy replica of its volume is there.
    LastOfVolume,
}

impl super::State {
    /// Where a replica is; `None` for units that no controller places.
    pub fn placement(&self, model: &Model, unit: UnitId) -> Option<Placement> {
        let pod = model.units[unit.index()].extras().pod?;
        let state = &self.platform.pods[pod.index()];
        let on = state.node.map(|node| model.platform.nodes[node.index()].unit);
        Some(match (state.phase, on) {
            (PodPhase::Preparing, Some(node)) => Placement::Preparing(node),
            (PodPhase::Placed, Some(node)) => Placement::On(node),
            (PodPhase::Ending, Some(node)) => Placement::Ending(node),
            (PodPhase::Stuck { .. }, Some(node)) => Placement::Stuck(node),
            (PodPhase::Pending, _) | (_, None) => Placement::Pending,
        })
    }

    /// What is known of a node; `None` for units that are none.
    pub fn node(&self, model: &Model, unit: UnitId) -> Option<NodeView> {
        let node = model.units[unit.index()].extras().node?;
        let state = &self.platform.nodes[node.index()];
        Some(NodeView {
            is_ready: state.is_ready,
            is_cordoned: state.is_cordoned,
            is_draining: state.drained_by.is_some(),
            is_short: self.platform.is_short_of_memory(node),
        })
    }

    /// By resource, what is requested of a node: by replicas that are placed there, and by those that stand
    /// there for good where its room is known.
    pub fn requested_of(&self, model: &Model, unit: UnitId) -> Vec<u64> {
        let platform = &model.platform;
        let Some(node) = model.units[unit.index()].extras().node else { return Vec::new() };
        let mut requested = platform.nodes[node.index()].taken.clone();
        for pod in self.platform.on(node) {
            for (sum, more) in requested.iter_mut().zip(&platform.workload_of(pod).requests) {
                *sum += more;
            }
        }
        requested
    }

    /// Why each node that a replica may stand on cannot take it; nothing where one can, or where the unit
    /// is placed by nobody.
    pub fn obstacles(&self, model: &Model, unit: UnitId) -> Vec<(UnitId, Obstacle)> {
        let Some(pod) = model.units[unit.index()].extras().pod else { return Vec::new() };
        let platform = &model.platform;
        let nodes = platform.workload_of(pod).nodes.iter().enumerate();
        let obstacle = |(place, node): (usize, &NodeId)| {
            let obstacle = self.platform.obstacle(platform, pod, place)?;
            Some((platform.nodes[node.index()].unit, obstacle))
        };
        nodes.filter_map(obstacle).collect()
    }

    /// The replicas that keep a node from being emptied, each once, and how.
    pub fn blocking(&self, model: &Model, unit: UnitId) -> Vec<(UnitId, Hold)> {
        let Some(node) = model.units[unit.index()].extras().node else { return Vec::new() };
        if self.platform.nodes[node.index()].drained_by.is_none() {
            return Vec::new();
        }
        let blocks = |pod: &PodId| {
            let state = &self.platform.pods[pod.index()];
            state.phase.can_be_told() && !self.may_be_evicted(model, *pod)
        };
        let pods = self.platform.on(node).filter(blocks).map(|pod| (pod, Hold::Budget));
        let needing = self.platform.needing(&model.platform, node);
        let pods = pods.chain(needing.map(|pod| (pod, Hold::LastOfVolume)));
        let mut units: Vec<(UnitId, Hold)> =
            pods.map(|(pod, hold)| (model.platform.pods[pod.index()].unit, hold)).collect();
        units.sort_unstable_by_key(|(unit, _)| *unit);
        units.dedup_by_key(|(unit, _)| *unit);
        units
    }

    /// Whether the budget of its workload lets a replica go.
    pub(crate) fn may_be_evicted(&self, model: &Model, pod: PodId) -> bool {
        let workload = model.platform.workload_of(pod);
        let up = self.replicas_up(model, workload);
        let own = u32::from(self.is_up(model.platform.pods[pod.index()].unit));
        up - own >= workload.min_available
    }

    /// How many replicas of a workload are up.
    pub(crate) fn replicas_up(&self, model: &Model, workload: &Workload) -> u32 {
        let is_up = |pod: &PodId| self.is_up(model.platform.pods[pod.index()].unit);
        workload.pods().filter(is_up).count() as u32
    }
}
