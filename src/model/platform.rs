//! Platforms compiled: nodes and what they have room for, replicas that are placed on them, scripts.

use std::ops::Range;

use super::{
    ClockId, ClusterId, GateId, Lists, MirrorId, NodeId, PodId, UnitId, VolumeId, WorkloadId,
};
use crate::dist::Law;
use crate::spec::{self, MEMORY_PLACE, Timers, When};
use crate::units::SimSpan;

/// No domain of the level.
pub(crate) const NO_DOMAIN: u32 = u32::MAX;

/// All clusters of a model, what they run, and what a script does.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// How quickly clusters notice and act; `None` where there is none.
    pub(crate) timers: Option<Timers>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) nodes: Vec<Node>,
    /// The nodes that each unit carries, or is. Found by the builder.
    pub(crate) nodes_below: Lists<NodeId>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) pods: Vec<Pod>,
    /// Network volumes that are replicated, in the order of their replicas of services.
    pub(crate) volumes: Vec<Volume>,
    /// How many kinds of things nodes have room for.
    pub(crate) resources: usize,
    /// How many numbers spreads count together.
    pub(crate) counts: usize,
    /// Services that say what each of their replicas uses of memory.
    pub(crate) uses: Vec<Use>,
    pub(crate) rollouts: Vec<Rollout>,
    pub(crate) script: Vec<Act>,
}

impl Platform {
    /// Whether nothing is placed and nothing is scripted.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.script.is_empty()
    }

    /// How quickly clusters notice and act.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[inline]
    pub(crate) fn timers(&self) -> &Timers {
        self.timers.as_ref().expect("only clusters ask for it")
    }

    /// The workload of a replica.
    #[inline]
    pub(crate) fn workload_of(&self, pod: PodId) -> &Workload {
        &self.workloads[self.pods[pod.index()].workload.index()]
    }

    /// How a volume is replicated.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[inline]
    pub(crate) fn mirrors_of(&self, id: VolumeId) -> &Mirrors {
        let workload = self.workload_of(self.volumes[id.index()].pod);
        workload.mirrors.as_ref().expect("only what is replicated is a volume")
    }

    /// How many nodes look at their memory: all or none.
    pub(crate) fn memory_timers(&self) -> usize {
        if self.uses.is_empty() { 0 } else { self.nodes.len() }
    }

    /// The cluster of a node.
    #[inline]
    pub(crate) fn cluster_of(&self, node: NodeId) -> ClusterId {
        self.nodes[node.index()].cluster
    }
}

/// Nodes with a control plane.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// What must be up for anything to be noticed, placed or moved.
    pub(crate) control_plane: Option<GateId>,
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) workloads: Vec<WorkloadId>,
    /// Its replicas, the most urgent first.
    pub(crate) pods: Vec<PodId>,
    /// Whether some of them are more urgent than others.
    pub(crate) has_priorities: bool,
}

/// A place for replicas.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) unit: UnitId,
    pub(crate) cluster: ClusterId,
    /// By resource, what replicas that can move may request together.
    pub(crate) capacity: Vec<u64>,
    /// By resource, what replicas request that stand there for good.
    pub(crate) taken: Vec<u64>,
    /// How many bytes replicas of volumes may take together.
    pub(crate) storage: u64,
    /// How many bytes replicas may use before it is short of memory.
    pub(crate) memory: u64,
    /// What replicas are of that stand there for good and use memory: indices into those of the platform.
    pub(crate) bound: Vec<usize>,
}

/// What each replica of a service uses of the memory of its node.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Bytes, at the beginning.
    pub(crate) uses: u64,
    /// It cannot use more: its process is killed.
    pub(crate) limit: u64,
}

/// How replicas of a service are placed and moved.
#[derive(Clone, Debug)]
pub struct Workload {
    pub(crate) pods: Range<u32>,
    pub(crate) cluster: ClusterId,
    /// The nodes that it may stand on.
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) requests: Vec<u64>,
    /// What its replicas use of memory, if that is known: an index into those of the platform.
    pub(crate) uses: Option<usize>,
    /// Whether its replicas request nothing, so that no node that is short of memory takes them.
    pub(crate) is_best_effort: bool,
    pub(crate) spreads: Vec<Spread>,
    pub(crate) toleration: SimSpan,
    /// Whether each replica exists at most once.
    pub(crate) is_stateful: bool,
    /// How many replicas must stay up when one is evicted that nobody needs to evict.
    pub(crate) min_available: u32,
    pub(crate) priority: i64,
    pub(crate) volume: spec::Volume,
    /// How volumes of its replicas are replicated, if they are.
    pub(crate) mirrors: Option<Mirrors>,
    pub(crate) surge: u32,
    pub(crate) unavailable: u32,
}

impl Workload {
    /// Its replicas, by ordinal.
    pub(crate) fn pods(&self) -> impl DoubleEndedIterator<Item = PodId> + use<> {
        self.pods.clone().map(PodId::from_index)
    }

    /// How many bytes of memory each of them requests.
    pub(crate) fn memory_requested(&self) -> u64 {
        self.requests.get(MEMORY_PLACE).copied().unwrap_or(0)
    }

    /// How many replicas it has.
    pub(crate) fn size(&self) -> u32 {
        self.pods.end - self.pods.start
    }
}

/// How volumes of a workload are replicated.
#[derive(Clone, Debug)]
pub struct Mirrors {
    /// How many bytes of a node each of them takes.
    pub(crate) size: u64,
    /// The nodes that may have one.
    pub(crate) nodes: Vec<NodeId>,
    /// How long it takes to make a new one.
    pub(crate) rebuild: Law,
    /// How long one that comes back takes to get what it has missed.
    pub(crate) catch_up: Law,
    /// With how many bytes a second a new one is made, if it is not by a law.
    pub(crate) bandwidth: Option<f64>,
    pub(crate) spreads: Vec<MirrorSpread>,
    /// Whether one is to be on the node of the process that writes to it.
    pub(crate) is_local: bool,
}

/// How mirrors of a volume keep apart.
#[derive(Clone, Debug)]
pub struct MirrorSpread {
    /// For each node that may have one, in order, the number of its domain.
    pub(crate) domains: Vec<u32>,
    pub(crate) is_required: bool,
}

/// A network volume that is replicated, of one replica of a service.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Whose it is.
    pub(crate) pod: PodId,
    /// Its replicas.
    pub(crate) mirrors: Range<u32>,
    /// Room for one more, while it is made on the node of the process: the last of all of them.
    pub(crate) spare: Option<MirrorId>,
}

impl Volume {
    /// Its replicas.
    pub(crate) fn mirrors(&self) -> impl Iterator<Item = MirrorId> + use<> {
        self.mirrors.clone().map(MirrorId::from_index)
    }

    /// Its replicas, and one more that may be made.
    pub(crate) fn all_mirrors(&self) -> impl Iterator<Item = MirrorId> + use<> {
        self.mirrors().chain(self.spare)
    }

    /// Where the mirrors of the next volume begin.
    pub(crate) fn end(&self) -> u32 {
        self.mirrors.end + u32::from(self.spare.is_some())
    }
}

/// How replicas of a service keep apart.
#[derive(Clone, Debug)]
pub struct Spread {
    /// For each node of the workload, in order, the number of its domain among those of the spread.
    pub(crate) domains: Vec<u32>,
    /// How many domains there are.
    pub(crate) count: u32,
    /// Where its counts begin.
    pub(crate) first: u32,
    pub(crate) is_required: bool,
    /// By how many replicas two domains may differ; `None`: a domain has at most one.
    pub(crate) skew: Option<u32>,
}

/// A replica that is placed.
#[derive(Clone, Debug)]
pub struct Pod {
    pub(crate) unit: UnitId,
    pub(crate) workload: WorkloadId,
    /// Its network volume, if that is replicated.
    pub(crate) volume: Option<VolumeId>,
    /// The clock that stands among causes for having no node from the beginning.
    pub(crate) unplaced: ClockId,
    /// How long its process takes to start, without people: stages one after another.
    pub(crate) start: Vec<Law>,
}

/// Rollouts that come again and again.
#[derive(Clone, Debug)]
pub struct Rollout {
    pub(crate) name: u64,
    pub(crate) at: SimSpan,
    pub(crate) every: SimSpan,
    /// Which workloads, and for each of their replicas the clock that stands for it among causes.
    pub(crate) of: Vec<(WorkloadId, Vec<ClockId>)>,
}

/// Something that a script does.
#[derive(Clone, Debug)]
pub struct Act {
    pub(crate) when: When,
    pub(crate) action: Action,
}

/// What a script does.
#[derive(Clone, Debug)]
pub enum Action {
    /// These failure modes strike.
    Strike(Vec<ClockId>),
    /// These failure modes are over, and these nodes can reach their control plane again.
    Restore(Vec<ClockId>, Vec<NodeId>),
    /// Processes of replicas end.
    Delete {
        /// Those that a controller replaces, and what stands for it among causes.
        pods: Vec<(PodId, ClockId)>,
        /// Those that start again where they are.
        restarts: Vec<ClockId>,
        /// Whether they end at once.
        is_forced: bool,
    },
    /// A node is emptied.
    Drain(NodeId, ClockId),
    /// Replicas may be placed on a node again.
    Uncordon(NodeId),
    /// All replicas of a workload are replaced.
    Rollout(WorkloadId, Vec<ClockId>),
    /// A node cannot reach its control plane.
    CutOff(NodeId, ClockId),
    /// Starts of these units are over.
    Unseal(Vec<UnitId>),
    /// It takes so many replicas to carry a demand.
    Load {
        /// The demands of a service: indices into those of the model.
        demands: Vec<usize>,
        /// How many replicas.
        needed: u32,
        /// What stands for it among causes.
        clock: ClockId,
    },
    /// Each replica of a service uses so much memory.
    Use {
        /// Whose: an index into those of the platform.
        of: usize,
        /// Bytes.
        memory: u64,
        /// The demand that is met while they use no more than they may: an index into those of the model.
        demand: Option<usize>,
        /// What stands for it among causes.
        clock: ClockId,
    },
}

impl Action {
    /// Whether it takes a while, so that what follows it must wait.
    pub(crate) fn takes_time(&self) -> bool {
        matches!(self, Action::Drain(..) | Action::Rollout(..))
    }
}
