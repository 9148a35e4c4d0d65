//! Platforms: clusters of nodes, and controllers that place replicas on them and move them.

use super::topology::Expression;
use crate::dist::Law;
use crate::units::SimSpan;

/// The place of memory among resources.
pub(crate) const MEMORY_PLACE: usize = 1;

/// Clusters, how quickly they notice and act, and what they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// Clusters, in the order of the file.
    pub clusters: Vec<Cluster>,
    /// How quickly they notice and act.
    pub timers: Timers,
    /// Names of resources: what amounts in [`Node::capacity`] and [`Workload::requests`] are of. The
    /// first two are always `cpu`, in thousandths of a processor, and `memory`, in bytes; others are in
    /// thousandths too.
    pub resources: Vec<String>,
    /// Nodes of all clusters, in the order of units.
    pub nodes: Vec<Node>,
    /// Services that have a controller, in the order of the file.
    pub workloads: Vec<Workload>,
    /// Rollouts of the calendar, in the order of the file.
    pub rollouts: Vec<RolloutPlan>,
    /// Index of the mode that stands among causes for having no node from the beginning.
    pub unplaced: usize,
}

/// Nodes with a control plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// What must be up for anything to be noticed, placed or moved; `None` is always.
    pub control_plane: Option<Expression>,
}

/// A place for replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Index of the unit.
    pub unit: usize,
    /// Index of its cluster.
    pub cluster: usize,
    /// By resource, what replicas may request together: what the node has less its overhead. Where the
    /// file does not say it is `u64::MAX` of `cpu` and `memory`, and nothing of others.
    pub capacity: Vec<u64>,
    /// What keeps replicas away that do not tolerate it.
    pub taints: Vec<String>,
    /// How many bytes replicas of network volumes may take there together; `u64::MAX` where the file
    /// does not say it.
    pub storage: u64,
}

/// The profile of timers: each has a default by the platform and can be overridden.
#[derive(Clone, Debug, PartialEq)]
pub struct Timers {
    /// How often a node renews its lease.
    pub lease_renew: SimSpan,
    /// How old a lease is when its node counts as lost.
    pub node_monitor_grace: SimSpan,
    /// How often leases are looked at.
    pub node_monitor_period: SimSpan,
    /// How long replicas tolerate a node that is lost before they are evicted from it.
    pub toleration: SimSpan,
    /// The share of lost nodes from which on nobody is evicted ...
    pub unhealthy_zone: f64,
    /// ... in clusters of at most so many nodes.
    pub small_cluster: usize,
    /// How long after its eviction from a lost node a replica's network volume can be had elsewhere.
    pub force_detach: SimSpan,
    /// From its eviction from a lost node until a replica of a statefulset is deleted by force; `None`
    /// is never, the node must return.
    pub force_delete: Option<Law>,
    /// How long a replica takes to end that was told to.
    pub termination: Law,
    /// From when a replica waits until it is bound to a node.
    pub schedule: Law,
    /// How long a node takes to get an image that it does not have.
    pub image_pull: Law,
    /// How long a network volume takes until it is attached to another node.
    pub attach: Law,
    /// How long the first restart of a container waits that has just been restarted; each further one
    /// waits twice as long.
    pub crash_loop_base: SimSpan,
    /// The longest that a restart waits.
    pub crash_loop_max: SimSpan,
    /// How long a container must have run for the next restart not to wait.
    pub crash_loop_reset: SimSpan,
    /// How network volumes are kept that are replicated.
    pub volumes: VolumeTimers,
    /// How often a node looks at how much of its memory is used.
    pub memory_every: SimSpan,
    /// How long it counts as short of memory after it was last seen to be.
    pub memory_lasts: SimSpan,
}

/// How a platform keeps network volumes that are replicated.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeTimers {
    /// How many replicas a volume has that does not say it.
    pub replicas: usize,
    /// How long a replica that cannot be reached is waited for before anything is written without it.
    pub timeout: SimSpan,
    /// From when a volume has too few replicas until one that failed is replaced; it may come back until
    /// then.
    pub replenish: SimSpan,
    /// How many rebuilds go on at a time on a node.
    pub at_a_time: u32,
    /// With how many bytes a second a replica is rebuilt.
    pub bandwidth: f64,
    /// How many bytes a second all rebuilds from and to a node share; `None`: each has its own.
    pub node_bandwidth: Option<f64>,
    /// How long a replica that comes back takes to get what it has missed.
    pub catch_up: Law,
}

/// How replicas of a service are placed and moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Index of the service.
    pub service: usize,
    /// By what rules.
    pub controller: Controller,
    /// Index of its cluster.
    pub cluster: usize,
    /// Indices of units: the nodes that it may stand on. Replicas of a daemonset, and static ones,
    /// stand on one each for good, as their units say.
    pub nodes: Vec<usize>,
    /// By resource, what each replica requests.
    pub requests: Vec<u64>,
    /// What each of them really uses of memory, where the file says it.
    pub memory: Option<Memory>,
    /// How replicas keep apart.
    pub spreads: Vec<Spread>,
    /// Taints that do not keep it away.
    pub tolerates: Vec<String>,
    /// How long it tolerates a node that is lost; `None` as the platform has it.
    pub toleration: Option<SimSpan>,
    /// How many replicas must be up for one to be evicted of which nobody needs to be; zero where it has
    /// no budget.
    pub min_available: usize,
    /// How urgent its placement is: higher numbers come first, and take the place of lower ones.
    pub priority: i64,
    /// What its replicas write to.
    pub volume: Volume,
    /// How its network volumes are replicated; `None`: they survive whatever happens to nodes.
    pub replicated: Option<ReplicatedVolume>,
    /// How many replicas a rollout may add: none for a statefulset.
    pub surge: usize,
    /// How many replicas a rollout may take down at a time.
    pub unavailable: usize,
}

/// What a replica uses of the memory of its node, whatever it requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that it uses.
    pub uses: u64,
    /// Bytes beyond which its process is killed; `u64::MAX` is never.
    pub limit: u64,
}

/// By what rules replicas are placed and moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// Replicas are all alike: one that is evicted is replaced at once.
    Deployment,
    /// Each replica exists at most once: one on a lost node stays there.
    Statefulset,
    /// One on each node, which no drain evicts.
    Daemonset,
    /// On its node, whatever the control plane does.
    Static,
}

impl Controller {
    /// Whether replicas are given their nodes while the system runs.
    pub fn is_scheduled(self) -> bool {
        matches!(self, Controller::Deployment | Controller::Statefulset)
    }
}

/// Where the data of a replica stay when it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// It has none.
    Nothing,
    /// On the node, to which the replica is bound for good once it was placed.
    Local,
    /// Anywhere: it is detached and attached elsewhere.
    Network,
}

/// How the network volumes of a service are replicated over nodes: each replica of the service has a
/// volume, of which several nodes have a replica, never two of them the same node.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicatedVolume {
    /// How many replicas a volume has.
    pub replicas: usize,
    /// How many bytes of a node's storage each of them takes.
    pub size: u64,
    /// Indices of units: the nodes that may have one.
    pub nodes: Vec<usize>,
    /// How long it takes to make a new one.
    pub rebuild: Law,
    /// How long one that comes back takes to get what it has missed.
    pub catch_up: Law,
    /// With how many bytes a second a new one is made where nothing is shared; `None` where `rebuild` is a law.
    pub bandwidth: Option<f64>,
    /// How replicas of a volume keep apart, beside never being on one node.
    pub spreads: Vec<VolumeSpread>,
    /// Whether one is to be on the node of the process that writes to it, if that node can have one.
    pub is_local: bool,
}

/// How replicas of a volume keep apart: a domain of the level has one at most.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeSpread {
    /// For each node that may have a replica, in order, the unit of the level that it is or stands on.
    pub domain_of: Vec<Option<usize>>,
    /// Whether a replica would rather be nowhere than break it.
    pub is_required: bool,
}

/// How replicas of a service keep apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The level of the domains that they are spread over.
    pub level: String,
    /// For each node of the workload, in order, the unit of that level that it is or stands on; nodes
    /// without one are left out by a required spread.
    pub domain_of: Vec<Option<usize>>,
    /// Whether a replica would rather wait than break it.
    pub is_required: bool,
    /// By how many replicas two domains may differ; `None`: a domain has at most one.
    pub skew: Option<usize>,
}

/// Rollouts that come again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct RolloutPlan {
    /// Its name.
    pub name: String,
    /// When the first begins.
    pub at: SimSpan,
    /// From beginning to beginning.
    pub every: SimSpan,
    /// Indices of the services whose replicas are replaced, all at the same time.
    pub services: Vec<usize>,
    /// Index of the mode that stands for it among causes.
    pub mode: usize,
}

/// How long a drain before planned work waits for budgets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patience {
    /// Until they let it.
    Endless,
    /// So long; then the work is done on a node that is not empty.
    Until(SimSpan),
}

/// Something that a script does.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// When.
    pub when: When,
    /// What.
    pub action: Action,
    /// Index of the mode that stands for it among causes. Nothing else sets it off.
    pub mode: usize,
}

/// When a script does something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// So long after the beginning.
    At(SimSpan),
    /// So long after what comes before it in the script is done: a drain when the node is empty, a
    /// rollout when all are replaced, anything else at once. The first act follows the beginning.
    After(SimSpan),
}

/// What a script does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Units fail in the mode of the act, until it is repaired or restored.
    Strike {
        /// Indices of units.
        units: Vec<usize>,
    },
    /// What earlier acts did to these units is over: whatever modes of theirs they set off, and whatever
    /// cut them off.
    Restore {
        /// Indices of units.
        units: Vec<usize>,
    },
    /// Processes of replicas end: those that have a controller are replaced by it, the others start
    /// again in place.
    Delete {
        /// Indices of units.
        units: Vec<usize>,
        /// Whether they end at once.
        is_forced: bool,
    },
    /// Replicas are evicted from a node, as budgets allow, and none is placed there until it is uncordoned.
    Drain {
        /// Index of the unit.
        node: usize,
    },
    /// Replicas may be placed on a node again.
    Uncordon {
        /// Index of the unit.
        node: usize,
    },
    /// All replicas of a service are replaced, as its rollout has it.
    Rollout {
        /// Index of the service.
        service: usize,
    },
    /// A node cannot reach its control plane, though all that runs there runs.
    CutOff {
        /// Index of the unit.
        node: usize,
    },
    /// Nodes can reach their control plane again.
    Reconnect {
        /// Indices of units.
        units: Vec<usize>,
    },
    /// Somebody stops units, as planned, until the mode of the act is repaired or they are started.
    Stop {
        /// Indices of units.
        units: Vec<usize>,
    },
    /// What earlier acts have stopped of these units starts.
    Start {
        /// Indices of units.
        units: Vec<usize>,
    },
    /// From now on it takes so many replicas to carry the demand on a service that has one.
    Load {
        /// Index of the service.
        service: usize,
        /// How many; more than there are is too much for all of them.
        needed: usize,
    },
    /// From now on each replica of a service that says how much memory it uses, uses so much.
    Use {
        /// Index of the service.
        service: usize,
        /// Bytes.
        memory: u64,
    },
    /// Starts of these units that are under way are over: somebody has unsealed them.
    Unseal {
        /// Indices of units.
        units: Vec<usize>,
    },
}
