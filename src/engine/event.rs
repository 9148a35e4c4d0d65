//! Everything that can happen, and the timer slot of each.

use crate::model::{ClockId, LeaderId, Model, UnitId};

/// Everything that can happen: a closed list, so that a new kind is named by the compiler
/// everywhere it matters. The kinds stand in the order in which they happen at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A failure mode of a unit is over.
    Restore(ClockId),
    /// A unit has started.
    Start(UnitId),
    /// A failover is through.
    Failover(LeaderId),
    /// A failure mode strikes a unit, if its clock runs.
    Fail(ClockId),
}

/// Which timer: each event of a model has one, so that it can be found and cancelled.
pub(crate) type Slot = u32;

/// The ranges of slots by kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    clocks: u32,
    units: u32,
    leaders: u32,
}

impl Slots {
    pub(crate) fn of(model: &Model) -> Slots {
        Slots {
            clocks: model.clocks.len() as u32,
            units: model.units.len() as u32,
            leaders: model.leaders.len() as u32,
        }
    }

    #[inline]
    pub(crate) fn slot(self, event: Event) -> Slot {
        match event {
            Event::Restore(clock) => clock.index() as Slot,
            Event::Start(unit) => self.clocks + unit.index() as Slot,
            Event::Failover(leader) => self.clocks + self.units + leader.index() as Slot,
            Event::Fail(clock) => self.clocks + self.units + self.leaders + clock.index() as Slot,
        }
    }

    #[inline]
    pub(crate) fn event(self, slot: Slot) -> Event {
        let first_start = self.clocks;
        let first_failover = first_start + self.units;
        let first_failure = first_failover + self.leaders;
        if slot >= first_failure {
            Event::Fail(ClockId::from_index(slot - first_failure))
        } else if slot < first_start {
            Event::Restore(ClockId::from_index(slot))
        } else if slot < first_failover {
            Event::Start(UnitId::from_index(slot - first_start))
        } else {
            Event::Failover(LeaderId::from_index(slot - first_failover))
        }
    }
}
