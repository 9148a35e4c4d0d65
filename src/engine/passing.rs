//! Failures that pass unfelt: over before anything else happens, and no gate turns.
//!
//! All that is left of such a failure is that it was counted, and that its draws have been used. A
//! failure that is skipped here leaves a life exactly as it would be if each of its steps had been
//! lived through: the draws are the same, by their names, and nothing could have seen the steps in
//! between.

use super::agenda::Agenda;
use super::event::Event;
use super::state::State;
use crate::model::{Brief, ClockId, GateId, MOST_REACHED, Model, Reached, UnitId};
use crate::rng::Purpose;
use crate::units::{SimSpan, SimTime};

impl Agenda<'_> {
    /// Skips what happens now if it is a failure that passes unfelt, and counts its changes of state;
    /// whether it was one.
    #[inline]
    pub(super) fn pass(&mut self, state: &mut State, event: Event) -> bool {
        let Event::Fail(clock) = event else { return false };
        let changes = self.changes_of(state, clock);
        state.events += changes.unwrap_or(0);
        changes.is_some()
    }

    /// How many changes of state a failure amounts to that strikes now and passes unfelt.
    #[inline]
    fn changes_of(&mut self, state: &State, clock: ClockId) -> Option<u64> {
        let model = self.model;
        if !model.clocks[clock.index()].may_pass {
            return None;
        }
        let brief = &model.passing.briefs[clock.index()];
        if !state.is_up(brief.unit) || !is_unfelt(model, state, brief) {
            return None;
        }
        let quiet_until = self.next_point();
        let mut end = self.now;
        if let Some(stage) = brief.repair {
            let key = self.key.of(brief.name, Purpose::Repair);
            end = end + self.takes(stage, key.draw(self.points.luck(clock).drawn));
        }
        // What stands on it is looked at in its own function: most units have nothing on them.
        if brief.is_alone {
            end = end + self.start_of(&brief.itself);
        } else if end < quiet_until {
            end = self.end_of_starts(brief.unit, end);
        }
        if end >= quiet_until || !self.calendar.is_quiet_until(end.micros()) {
            return None;
        }
        if brief.is_alone {
            self.count_start(&brief.itself);
        } else {
            let reached = model.passing.reached.of(brief.unit.index());
            reached.iter().for_each(|reached| self.count_start(reached));
        }
        Some(u64::from(brief.changes))
    }

    /// How long a unit takes to start, the next time that it does.
    #[inline]
    fn start_of(&self, unit: &Reached) -> SimSpan {
        unit.start.map_or(SimSpan::ZERO, |stage| {
            let key = self.key.of(unit.name, Purpose::Start);
            self.takes(stage, key.draw(self.starts[unit.unit.index()]))
        })
    }

    /// When a unit and all that stands on it is up, if it begins to start at `from`.
    fn end_of_starts(&self, unit: UnitId, from: SimTime) -> SimTime {
        let mut ends = [from; MOST_REACHED];
        let mut last = from;
        for (place, reached) in self.model.passing.reached.of(unit.index()).iter().enumerate() {
            ends[place] = ends[reached.host as usize] + self.start_of(reached);
            last = last.max(ends[place]);
        }
        last
    }

    /// Counts the start of a unit, if it takes any time.
    #[inline]
    fn count_start(&mut self, unit: &Reached) {
        self.starts[unit.unit.index()] += u32::from(unit.start.is_some());
    }
}

/// Whether all that stands on a unit is up, and no gate turns if it goes down with it.
#[inline]
fn is_unfelt(model: &Model, state: &State, brief: &Brief) -> bool {
    if brief.is_alone {
        return can_spare(state, brief.gate);
    }
    let reached = model.passing.reached.of(brief.unit.index());
    let felt_by = model.passing.felt_by.of(brief.unit.index());
    reached.iter().all(|reached| state.is_up(reached.unit))
        && felt_by.iter().all(|&gate| can_spare(state, gate))
}

/// Whether a gate stays up without so many of its inputs.
#[inline]
fn can_spare(state: &State, (gate, inputs): (GateId, u32)) -> bool {
    state.slack[gate.index()] >= inputs as i32
}
