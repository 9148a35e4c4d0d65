//! Everything that can happen, and the timer slot of each.

use crate::model::{
    ActId, ClockId, CopyId, CrewId, DataId, DragId, JobId, LaneId, MaskId, Model, NodeId, PodId,
    QueueId, RolloutId, SeatId, ShockId, SpareId, UnitId, VolumeId,
};

/// Declares the kinds of events, in the order in which they happen at one instant, each with the id
/// of what it happens to and how many of those a model has; so that the list of slots, the way
/// there and the way back cannot disagree.
macro_rules! events {
    ($($(#[$doc:meta])* $kind:ident($id:ident) of $count:expr,)*) => {
        /// Everything that can happen: a closed list, so that a new kind is named by the compiler
        /// everywhere it matters. The kinds stand in the order in which they happen at one instant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $kind($id),)*
        }

        #[derive(Clone, Copy)]
        enum Kind {
            $($kind,)*
        }

        const KINDS: usize = [$(Kind::$kind,)*].len();

        impl Slots {
            pub(crate) fn of(model: &Model) -> Slots {
                let count: [fn(&Model) -> usize; KINDS] = [$($count,)*];
                let mut ends = [0; KINDS];
                let mut end = 0;
                for (place, count) in count.into_iter().enumerate() {
                    end += count(model) as u32;
                    ends[place] = end;
                }
                Slots { ends }
            }

            #[inline]
            pub(crate) fn slot(self, event: Event) -> Slot {
                match event {
                    $(Event::$kind(id) => self.first(Kind::$kind) + id.index() as Slot,)*
                }
            }

            #[inline]
            pub(crate) fn event(self, slot: Slot) -> Event {
                $(if slot < self.ends[Kind::$kind as usize] {
                    return Event::$kind($id::from_index(slot - self.first(Kind::$kind)));
                })*
                unreachable!("every slot belongs to an event")
            }
        }
    };
}

/// Which timer: each event of a model has one, so that it can be found and cancelled.
pub(crate) type Slot = u32;

/// Where the slots of each kind end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    ends: [u32; KINDS],
}

impl Slots {
    #[inline]
    fn first(self, kind: Kind) -> u32 {
        match kind as usize {
            0 => 0,
            place => self.ends[place - 1],
        }
    }
}

events! {
    /// A stage of the repair of a failure mode is over: the last one, as a rule.
    Restore(ClockId) of |model| model.clocks.len(),
    /// A stage of the start of a unit is over: the last one, as a rule.
    Start(UnitId) of |model| model.units.len(),
    /// What was due for a replica: it is there, it has ended, it is evicted.
    Pod(PodId) of |model| model.platform.pods.len(),
    /// What was due for a volume: a replica is rebuilt, or one that failed is not waited for any more.
    Volume(VolumeId) of |model| model.platform.volumes.len(),
    /// Somebody has noticed that a copy is lost, or it is back.
    Rebuild(CopyId) of |model| model.data.rebuild_timers(),
    /// A failover is through, or a failback.
    Failover(SeatId) of |model| model.seats.len(),
    /// What was hidden shows.
    Expire(MaskId) of |model| model.masks.len(),
    /// Working hours begin.
    Open(CrewId) of |model| model.crews.len(),
    /// Somebody of a crew turns to a line of jobs.
    Answer(QueueId) of |model| model.queues.len(),
    /// Nobody has answered a job, and others are called.
    Escalate(JobId) of |model| model.escalation_timers(),
    /// A spare part that was ordered is there.
    Arrive(SpareId) of |model| model.spares.len(),
    /// A copy has a defect, or scrubbing has found it.
    Defect(CopyId) of |model| model.data.defect_timers(),
    /// The lease of a node is too old.
    Node(NodeId) of |model| model.platform.nodes.len(),
    /// A node looks at how much of its memory is used.
    Memory(NodeId) of |model| model.platform.memory_timers(),
    /// A failure mode strikes a unit, if its clock runs.
    Fail(ClockId) of |model| model.clocks.len(),
    /// A common cause strikes.
    Shock(ShockId) of |model| model.shocks.len(),
    /// A failure that another one has set off follows.
    Drag(DragId) of |model| model.drags.len(),
    /// All copies of a data class are deleted.
    Delete(DataId) of |model| model.data.holdings.len(),
    /// A plan goes on: with its first unit, or with the next.
    Plan(LaneId) of |model| model.lanes.len(),
    /// Nobody has the patience to wait until a node is empty.
    Patience(NodeId) of |model| model.platform.nodes.len(),
    /// Rollouts of the calendar begin.
    Rollout(RolloutId) of |model| model.platform.rollouts.len(),
    /// It is time for an act of the script.
    Act(ActId) of |model| model.platform.script.len(),
}
