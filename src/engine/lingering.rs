//! Failures that linger: not yet over when something else happens, and still nobody's concern.
//!
//! A failure that only takes an input from a gate that has some to spare needs no timer for its end.
//! It is counted at once, its input is taken from what the gate can spare, and it is left to itself;
//! when a gate runs short of what it can spare it is seen which have ended meanwhile. So a gate may
//! be thought to have fewer inputs than it has, never more: as long as even then it does not turn,
//! nothing could have told the difference.
//!
//! A host of units that only hold copies of data lingers too. Its copies are away as long as it does, which
//! only what counts them knows; as long as every group could be read even so, nobody else need.
//!
//! Something that concerns more than a unit and its gates ends that: what still lingers is then made
//! a part of the present, with a timer for its end, as if it had been lived through from the start.

use super::agenda::Agenda;
use super::event::{Event, Slot};
use super::state::{Root, State};
use super::step::Chooser;
use crate::model::{Clock, ClockId, CopyId, Model, UnitId};
use crate::units::SimTime;

/// A list as long as this is looked through for what is over.
const FEWEST_TO_SIFT: usize = 64;

/// Failures that linger, and some that are over and have not been forgotten.
#[derive(Clone, Debug)]
pub(super) struct Lingering {
    list: Vec<Lingers>,
    /// An instant before which none of them is over, and one at which all are.
    none_before: SimTime,
    all_at: SimTime,
    /// How long the list may get until it is looked through.
    room: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Lingers {
    end: SimTime,
    clock: ClockId,
    manner: u32,
}

impl Lingering {
    /// None, and room for those of so many units.
    pub(super) fn new(units: usize) -> Lingering {
        let list = Vec::with_capacity(2 * units + FEWEST_TO_SIFT);
        Lingering { list, none_before: SimTime::NEVER, all_at: SimTime::ZERO, room: FEWEST_TO_SIFT }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        (self.none_before, self.all_at) = (SimTime::NEVER, SimTime::ZERO);
        self.room = FEWEST_TO_SIFT;
    }

    /// Whether there is certainly none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many are over after an instant and before the horizon.
    pub(super) fn ends_after(&self, instant: SimTime, horizon: SimTime) -> u64 {
        let is_after = |one: &&Lingers| one.end > instant && one.end < horizon;
        self.list.iter().filter(is_after).count() as u64
    }

    fn push(&mut self, one: Lingers) {
        self.list.push(one);
        self.none_before = self.none_before.min(one.end);
        self.all_at = self.all_at.max(one.end);
    }
}

impl Agenda<'_> {
    /// Leaves a failure to itself that strikes now and is over at `end`, unless its clock strikes again
    /// before; whether it did.
    #[inline]
    pub(super) fn lingers(&mut self, state: &mut State, place: usize, end: SimTime) -> bool {
        let luck = self.points.luck_at(place);
        if luck.at <= end.micros() || self.points.strikes_until(end.micros(), place) {
            return false;
        }
        let (clock, unit, number) = (luck.clock, luck.unit, luck.manner);
        let manner = &self.model.passing.manners[number as usize];
        state.events += 1 + u64::from(end < self.horizon);
        self.count_starts(unit, manner);
        let taken = if manner.is_host {
            let copies = self.model.passing.copies_of_guests(unit);
            let places = state.data.all_leave(&self.model.data, &copies);
            // Others may leave after it in these places, and be the last to return.
            state.fallen += places;
            places
        } else {
            manner.gate.1
        };
        state.slack[manner.gate.0.index()] -= taken as i32;
        if self.lingering.list.len() >= self.lingering.room {
            self.forget_what_is_over(state);
            self.lingering.room = 2 * self.lingering.list.len() + FEWEST_TO_SIFT;
        }
        self.lingering.push(Lingers { end, clock, manner: number });
        true
    }

    /// Whether all that lingered is over; then it is forgotten.
    pub(super) fn nothing_lingers(&mut self, state: &mut State) -> bool {
        self.lingering.is_empty()
            || self.lingering.all_at <= self.now && self.forget_what_is_over(state)
    }

    /// Gives the gates back what they did without and what is up again, before a failure that strikes
    /// now; whether there was any.
    pub(super) fn forget_what_is_over(&mut self, state: &mut State) -> bool {
        let Agenda { lingering, model, now, .. } = self;
        if lingering.none_before > *now {
            return false;
        }
        lingering.none_before = SimTime::NEVER;
        lingering.list.retain(|one| {
            let lasts = one.end > *now;
            if lasts {
                lingering.none_before = lingering.none_before.min(one.end);
            } else {
                gives_back(model, state, one);
            }
            lasts
        });
        true
    }

    /// Lets nothing linger any more if it could tell what happens now, which is lived through.
    #[inline]
    pub(super) fn make_way_for(&mut self, state: &mut State, event: Event) {
        if !self.lingering.is_empty() && !is_local(self.model, state, event) {
            self.end_lingering(state, self.slots.slot(event));
        }
    }

    /// Makes all that lingers when the timer of this slot goes off a part of the present.
    #[cold]
    fn end_lingering(&mut self, state: &mut State, slot: Slot) {
        let model = self.model;
        let now = (self.now, model.tie_ranks[slot as usize]);
        // What is over must not be missed when the first of the others is looked at.
        for one in &self.lingering.list {
            gives_back(model, state, one);
        }
        for place in 0..self.lingering.list.len() {
            let Lingers { end, clock, manner } = self.lingering.list[place];
            let unit = self.points.luck(clock).unit;
            let manner = &model.passing.manners[manner as usize];
            let slot = self.slots.slot(match manner.repair {
                Some(_) => Event::Restore(clock),
                None => Event::Start(unit),
            });
            if (end, model.tie_ranks[slot as usize]) < now {
                continue;
            }
            // Its end is yet to be counted.
            state.events -= u64::from(end < self.horizon);
            self.fails(clock, true);
            let is_planned = model.clocks[clock.index()].is_planned;
            let root = Root { clock, branch: 0, is_planned };
            state.has_fallen(root, unit, manner.repair.is_some());
            if manner.is_host {
                state.guests_have_fallen(model, unit);
            } else {
                state.slack[manner.gate.0.index()] -= manner.gate.1 as i32;
            }
            self.calendar.set(slot, end.micros());
        }
        self.lingering.clear();
    }
}

/// Gives a gate back what one that lingers has taken from it.
fn gives_back(model: &Model, state: &mut State, one: &Lingers) {
    let manner = &model.passing.manners[one.manner as usize];
    let taken = if manner.is_host {
        let unit = model.clocks[one.clock.index()].unit;
        let copies = model.passing.copies_of_guests(unit);
        let places = state.data.all_return(&model.data, &copies);
        state.fallen -= places;
        places
    } else {
        manner.gate.1
    };
    state.slack[manner.gate.0.index()] += taken as i32;
}

/// Whether an event concerns one unit and nothing else but its gates, of which none turns, or its copies
/// of data, which no group needs.
fn is_local(model: &Model, state: &mut State, event: Event) -> bool {
    let of = |state: &State, unit: UnitId, needed: usize| {
        let gates = model.unit_gates.of(unit.index());
        model.units[unit.index()].concerns_only_gates
            && gates.iter().all(|gate| state.slack[gate.index()] >= needed as i32)
    };
    match event {
        Event::Start(unit) => of(state, unit, 0),
        Event::Restore(clock) | Event::Fail(clock) => {
            let Clock { unit, extras, cuts_power, .. } = &model.clocks[clock.index()];
            let is_failure = matches!(event, Event::Fail(_));
            if model.units[unit.index()].concerns_only_copies {
                let of_unit = model.data.on_unit.of(unit.index());
                return extras.is_none()
                    && !cuts_power
                    && of_unit.iter().all(|copy| is_spared(model, state, *copy, is_failure));
            }
            // One that falls must leave its gates enough, even if they read it many times.
            let needed = if is_failure { model.unit_gates.of(unit.index()).len() } else { 0 };
            extras.is_none() && of(state, *unit, needed)
        }
        _ => false,
    }
}

/// Whether a copy can leave, or return, without any group having been or becoming unreadable, and
/// without asking what else lingers.
fn is_spared(model: &Model, state: &mut State, copy: CopyId, leaves: bool) -> bool {
    let (class, ..) = model.data.holding_of(copy);
    if !state.data.is_readable(class) {
        return false;
    }
    let copies = copy.index() as u32..copy.index() as u32 + 1;
    if state.data.is_none_away(&copies) {
        return !leaves || state.data.can_spare(&model.data, &copies);
    }
    // If it is there but for its host, that lingers.
    let is_there =
        state.is_up(model.data.units[copy.index()]) && !state.data.copies[copy.index()].is_lost;
    !is_there
}
