//! Data classes, checked: who holds what, how it is restored, and how it gets there.

use super::topology::Expression;
use crate::dist::Law;
use crate::scheme::Scheme;
use crate::units::SimSpan;

/// Data of which none should be lost: what holds them, and the way that they take.
///
/// At least one of `holding` and `pipeline` is there.
#[derive(Clone, Debug, PartialEq)]
pub struct DataClass {
    /// Its name.
    pub name: String,
    /// Remarks of the file.
    pub about: Option<String>,
    /// The copies or shards that are kept, if any are.
    pub holding: Option<Holding>,
    /// How new data get there; without, all that is known of their age is that they are there.
    pub pipeline: Option<Pipeline>,
    /// Copies of new data elsewhere, now and then, that are read from there afterwards: what was
    /// copied is no longer lost with the copies of this class.
    pub offload: Option<Cycle>,
    /// Copies of all data elsewhere, now and then, from which what was lost is restored.
    pub backup: Option<Cycle>,
    /// How long it takes to restore from a backup; `None` is at once.
    pub restore: Option<Law>,
    /// Bytes that are born in a second.
    pub rate: Option<f64>,
    /// How far back data reach; `None`: to the beginning of a life.
    pub retention: Option<SimSpan>,
}

impl DataClass {
    /// The data classes that its data are copied to, by their indices.
    pub(crate) fn copied_to(&self) -> impl Iterator<Item = usize> {
        self.offload.iter().chain(&self.backup).filter_map(|cycle| cycle.to)
    }

    /// Every law of time in it.
    pub(crate) fn laws(&self) -> impl Iterator<Item = &Law> {
        let of_holding = self.holding.iter().flat_map(|holding| {
            let latent = holding
                .latent
                .iter()
                .flat_map(|latent| std::iter::once(&latent.every).chain(latent.scrub_law()));
            let rebuild = holding.rebuild.iter().flat_map(|rebuild| {
                let speed = match &rebuild.speed {
                    Speed::Law(law) => Some(law),
                    Speed::Bandwidth { .. } => None,
                };
                rebuild.detect.iter().chain(speed).chain(&rebuild.gives_up_after)
            });
            let catch_up = match &holding.catch_up {
                CatchUp::After(law) => Some(law),
                CatchUp::AtOnce | CatchUp::Never => None,
            };
            let others = holding.deleted.iter().chain(&holding.lag).chain(&holding.unsynced);
            latent.chain(rebuild).chain(others).chain(catch_up)
        });
        let cycles = self.offload.iter().chain(&self.backup);
        let of_cycles = cycles.flat_map(|cycle| [&cycle.every, &cycle.usable_after]);
        self.restore.iter().chain(of_holding).chain(of_cycles)
    }
}

/// Copies or shards of data on units.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// Indices of the units that hold copies or shards, each at most one of a group.
    pub holders: Vec<usize>,
    /// For each holder, the number of the place that it is spread over: places are numbered from
    /// zero without gaps. Without a spread each holder is a place of its own.
    pub places: Vec<u32>,
    /// How many copies or shards of a group a place may hold.
    pub most_per_place: u32,
    /// Other levels that a group is spread over as well, of which one is always within the other.
    pub also: Vec<CopySpread>,
    /// What a group can lose.
    pub scheme: Scheme,
    /// Copies that must have new data before a write counts; `None` is all.
    pub ack: Option<u32>,
    /// How many groups the data are in.
    pub groups: u32,
    /// Which holders make a group.
    pub placement: Placement,
    /// What copies survive.
    pub medium: Medium,
    /// Bytes that a holder holds.
    pub size: Option<f64>,
    /// How a copy comes back that was lost, once its unit is back; `None`: with the unit.
    pub rebuild: Option<Rebuild>,
    /// The probability that a rebuild finds something unreadable, so that it has lost one position
    /// more of each group at its end.
    pub unreadable: f64,
    /// Defects that nobody notices until they are read.
    pub latent: Option<Latent>,
    /// Time from one deletion of all copies by mistake to the next.
    pub deleted: Option<Law>,
    /// How far the others are behind the copy that serves; `None`: not at all. Only of a service
    /// with a roster.
    pub lag: Option<Law>,
    /// Index of the service whose replicas hold the copies, if they are replicas.
    pub service: Option<usize>,
    /// How much of the newest data is not yet safe from a power cut.
    pub unsynced: Option<Law>,
    /// What a copy that was only away has missed: caught up at once, after a time, or never.
    pub catch_up: CatchUp,
}

impl Holding {
    /// Each level that a group is spread over: where each holder is, and how many of a group one place may hold.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (&[u32], u32)> {
        levels_of_spread(&self.places, self.most_per_place, &self.also)
    }
}

/// The levels of a spread over these places and others.
pub(super) fn levels_of_spread<'a>(
    places: &'a [u32],
    most: u32,
    also: &'a [CopySpread],
) -> impl Iterator<Item = (&'a [u32], u32)> {
    let others = also.iter().map(|spread| (spread.places.as_slice(), spread.most));
    std::iter::once((places, most)).chain(others)
}

/// A level over which the copies or shards of a group are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct CopySpread {
    /// For each holder, the number of the unit of this level that it stands on.
    pub places: Vec<u32>,
    /// How many of a group one of them may hold.
    pub most: u32,
}

/// What becomes of data that a copy has missed while its unit was down.
#[derive(Clone, Debug, PartialEq)]
pub enum CatchUp {
    /// It has them as soon as its unit is up.
    AtOnce,
    /// It has them after so long.
    After(Law),
    /// It never gets them: until what was offloaded or expired no longer counts, it has a hole.
    Never,
}

/// Which holders make a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Placement {
    /// Any, at random, within what the spread allows.
    Random {
        /// Another number, another placement.
        seed: u64,
    },
    /// The holders are cut, in their order, into sets of one group's width, and every group is on one
    /// of them. Their order is such that each set keeps the spread.
    Partitioned,
    /// As random, but every holder has as many groups as any other, or one more.
    Declustered {
        /// Another number, another placement.
        seed: u64,
    },
    /// Sets of one group's width, so that each holder shares them with about so many others.
    Copyset {
        /// With how many others.
        scatter_width: u32,
        /// Another number, another placement.
        seed: u64,
    },
    /// There is a group on every combination of holders, so that any loss that a code does not
    /// survive is one.
    EveryCombination,
    /// These, each a list of places in `holders`.
    Explicit(Vec<Vec<u32>>),
}

/// What copies on a unit survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Nothing: they are gone when the process ends.
    Memory,
    /// The end of the process, and not the loss or restart of the node below it.
    Ephemeral,
    /// All but failures that wipe the unit, or what it stands on.
    Local,
    /// Failures of what the unit stands on: only those that wipe the unit itself take them.
    Network,
}

impl Medium {
    /// All of them by their names, as topologies have them.
    pub(crate) const NAMES: &[(&str, Medium)] = &[
        ("memory", Medium::Memory),
        ("ephemeral", Medium::Ephemeral),
        ("local", Medium::Local),
        ("network", Medium::Network),
    ];

    /// Its name, as topologies have it.
    pub fn name(self) -> &'static str {
        match self {
            Medium::Memory => "memory",
            Medium::Ephemeral => "ephemeral",
            Medium::Local => "local",
            Medium::Network => "network",
        }
    }
}

/// How a lost copy comes back, once its unit is back.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebuild {
    /// Until it begins; `None` is at once.
    pub detect: Option<Law>,
    /// How long it takes.
    pub speed: Speed,
    /// Whether it is made anew on others, so that it need not wait for its unit. It counts as one that
    /// nothing takes until its unit is back, from when on it is there.
    pub is_elsewhere: bool,
    /// How long a unit may be down until a copy that is only out of reach is made anew elsewhere;
    /// `None`: for ever.
    pub gives_up_after: Option<Law>,
    /// How many of the class may go on at a time; `None` is all.
    pub at_a_time: Option<u32>,
    /// It waits until a group has lost at least so many positions; 1 is at once.
    pub lazy: u32,
    /// Whether of those that wait the one comes first whose groups have lost the most; else the one
    /// that has waited longest.
    pub by_margin: bool,
    /// How what a holder gives to rebuilds is shared.
    pub sharing: Sharing,
}

/// How rebuilds share what each holder gives to those that read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All that read from a holder share it.
    OfHolder,
    /// Each has all of it, as if no other were going on. No file says so: it is an assumption.
    Nothing,
    /// All share what one alone would get. No file says so either.
    OfOne,
}

impl Rebuild {
    /// At this speed, as soon as the unit is back, any number at a time.
    pub fn new(speed: Speed) -> Rebuild {
        Rebuild {
            detect: None,
            speed,
            is_elsewhere: false,
            gives_up_after: None,
            at_a_time: None,
            lazy: 1,
            by_margin: false,
            sharing: Sharing::OfHolder,
        }
    }

    /// Bytes a second that each holder gives to rebuilds.
    pub(crate) fn source(&self) -> Option<f64> {
        match self.speed {
            Speed::Law(_) => None,
            Speed::Bandwidth { source, .. } => source,
        }
    }
}

/// How long a rebuild takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Speed {
    /// This, whatever else is being rebuilt.
    Law(Law),
    /// As long as it takes to move `bytes`.
    Bandwidth {
        /// Bytes to be moved for a copy.
        bytes: f64,
        /// Bytes a second for each.
        each: Option<f64>,
        /// Bytes a second for all of the class together.
        shared: Option<f64>,
        /// Bytes a second that each holder gives to all rebuilds that read from it together.
        source: Option<f64>,
        /// Bytes a second for all on the same unit of a level, by level: for each holder the dense
        /// number of the unit that it stands on, and the bandwidth.
        per_level: Vec<(Vec<u32>, f64)>,
    },
}

/// Defects that show only when they are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// Time without one until there is one, for each copy.
    pub every: Law,
    /// When scrubbing finds and mends it; `None`: it stays.
    pub scrub: Option<Scrub>,
    /// Whether the whole copy or shard of a group is bad, so that those of several copies add up; else no two
    /// are in the same place, and one alone matters only when what is left must be read.
    pub spoils_all: bool,
}

impl Latent {
    /// The law of how long a defect lasts, if there is one.
    fn scrub_law(&self) -> Option<&Law> {
        match &self.scrub {
            Some(Scrub::After(law)) => Some(law),
            Some(Scrub::Cycle(_)) | None => None,
        }
    }
}

/// When a defect is found and mended.
#[derive(Clone, Debug, PartialEq)]
pub enum Scrub {
    /// So long after it came.
    After(Law),
    /// When the next of these cycles ends, which follow one another from the beginning of a life, for all
    /// copies alike.
    Cycle(SimSpan),
}

/// How new data come to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// What must be up for data to be recorded at all.
    pub source: Expression,
    /// What must be up for them to be accepted; `None`: they need not go anywhere.
    pub sink: Option<Expression>,
    /// What keeps them until then; `None`: nothing.
    pub buffer: Option<Buffer>,
}

/// Keeps data until they are accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buffer {
    /// How much it holds, as a time.
    pub horizon: SimSpan,
    /// Whether what it holds survives the end of the process, and is sent afterwards.
    pub survives_process: bool,
    /// The same for anything that happens below the process.
    pub survives_node: bool,
    /// How many times faster than new data come it is emptied; infinite is at once.
    pub drain: f64,
}

/// What comes more often than this is a stream and no cycle.
pub(crate) const SHORTEST_CYCLE_SECONDS: f64 = 1.0;

/// Copies to elsewhere, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// From beginning to beginning, a second at least; the first begins at the beginning of a life.
    pub every: Law,
    /// From its beginning until it can be used.
    pub usable_after: Law,
    /// The probability that one comes to nothing.
    pub fails: f64,
    /// What must be up at its beginning; `None`: nothing.
    pub needs: Option<Expression>,
    /// The index of the data class that what is copied is in from then on; `None`: where nothing of it is ever lost.
    pub to: Option<usize>,
}

/// The indices of data classes, each after those that its data are copied to; without those whose data come back to
/// where they were, or lead there.
pub(crate) fn in_order_of_copying(classes: &[DataClass]) -> Vec<usize> {
    let mut order = Vec::with_capacity(classes.len());
    let mut is_in = vec![false; classes.len()];
    loop {
        let before = order.len();
        for (index, class) in classes.iter().enumerate() {
            if !is_in[index] && class.copied_to().all(|to| is_in[to]) {
                is_in[index] = true;
                order.push(index);
            }
        }
        if order.len() == before {
            return order;
        }
    }
}
