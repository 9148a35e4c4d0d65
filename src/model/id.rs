//! Dense ids: each an index into the arrays of one kind of thing of one model.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Declares an id type: `u32`, half a `usize`, and not to be mixed up with another kind or a count.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(u32);

        impl $name {
            /// The id with this index.
            ///
            /// # Panics
            ///
            /// If there are more than `u32` can count, which the checks of a topology exclude.
            pub fn new(index: usize) -> $name {
                $name(u32::try_from(index).expect("ids are checked to fit"))
            }

            /// The id with this index, already known to fit.
            #[inline]
            #[allow(dead_code, reason = "not every kind of id comes out of the event queue")]
            pub(crate) const fn from_index(index: u32) -> $name {
                $name(index)
            }

            /// Where in its arrays.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// A unit: a domain instance or a replica.
    UnitId
}
id! {
    /// A failure mode of one unit, with its clock.
    ClockId
}
id! {
    /// A gate of the structure function.
    GateId
}
id! {
    /// Members of which some serve and the others stand by.
    RosterId
}
id! {
    /// A place on a roster that one member at a time takes.
    SeatId
}
id! {
    /// Something that is hidden for a while.
    MaskId
}
id! {
    /// Something that must be done about a gate when it changes.
    WatchId
}
id! {
    /// A common cause that strikes many units at once.
    ShockId
}
id! {
    /// A failure that another one has set off and that is yet to come.
    DragId
}
id! {
    /// Units that share a load.
    LoadId
}
id! {
    /// An entry of the calendar.
    PlanId
}
id! {
    /// One of those who work on the units of an entry of the calendar at the same time.
    LaneId
}
id! {
    /// Work that takes time and may take people: the repair of a failure mode of a unit, or the
    /// start of a unit. First the repairs, in the order of the clocks, then the starts, in the order
    /// of the units.
    JobId
}
id! {
    /// Jobs that wait for a crew in one line.
    QueueId
}
id! {
    /// A spare part: in stock, or ordered.
    SpareId
}
id! {
    /// A repair crew.
    CrewId
}
id! {
    /// A journey.
    JourneyId
}
id! {
    /// A data class.
    DataId
}
id! {
    /// A copy or shard of the data of one class, on one of its holders: those of a class follow one
    /// another in the order of its holders.
    CopyId
}

id! {
    /// A cluster: nodes with a control plane.
    ClusterId
}
id! {
    /// A node of a cluster.
    NodeId
}
id! {
    /// A replica that a controller places on nodes.
    PodId
}
id! {
    /// A service whose replicas are placed by a controller.
    WorkloadId
}
id! {
    /// A network volume that is replicated over nodes, of one replica of a service.
    VolumeId
}
id! {
    /// A replica of a network volume: those of a volume follow one another.
    MirrorId
}
id! {
    /// Rollouts that come again and again.
    RolloutId
}
id! {
    /// Something that a script does.
    ActId
}

/// A list for each index, all in one array.
#[derive(Clone, Debug, PartialEq)]
pub struct Lists<T> {
    /// From where to where in `items` each list goes: both ends beside one another, so that finding
    /// a list is one access.
    spans: Vec<(u32, u32)>,
    items: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Lists<T> {
        Lists { spans: Vec::new(), items: Vec::new() }
    }
}

impl<T> Lists<T> {
    /// The list of this index.
    #[inline]
    pub fn of(&self, index: usize) -> &[T] {
        let (start, end) = self.spans[index];
        &self.items[start as usize..end as usize]
    }

    /// Where the list of this index is among the items of all.
    #[inline]
    pub(crate) fn span(&self, index: usize) -> Range<usize> {
        self.spans(index..index + 1)
    }

    /// Where the lists of these indices, one at least, are among the items of all.
    #[inline]
    pub(crate) fn spans(&self, indices: Range<usize>) -> Range<usize> {
        self.spans[indices.start].0 as usize..self.spans[indices.end - 1].1 as usize
    }

    /// The items of all lists, one list after another.
    #[inline]
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

impl<T> FromIterator<Vec<T>> for Lists<T> {
    fn from_iter<I: IntoIterator<Item = Vec<T>>>(lists: I) -> Lists<T> {
        let mut flat = Lists::default();
        let fits = |length: usize| u32::try_from(length).expect("ids are checked to fit");
        for list in lists {
            let start = fits(flat.items.len());
            flat.items.extend(list);
            flat.spans.push((start, fits(flat.items.len())));
        }
        flat
    }
}
