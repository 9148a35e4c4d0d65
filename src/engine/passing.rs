//! Failures that pass unfelt: over before anything else happens, and no gate turns.
//!
//! All that is left of such a failure is that it was counted, and that its draws have been used. A
//! failure that is skipped here leaves a life exactly as it would be if each of its steps had been
//! lived through: the draws are the same, by their names, and nothing could have seen the steps in
//! between.

use super::agenda::Agenda;
use super::event::Event;
use super::state::State;
use crate::model::{ClockId, GateId, MOST_REACHED, Repair};
use crate::rng::Purpose;

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
        if !self.model.clocks[clock.index()].may_pass {
            return None;
        }
        let brief = &self.model.passing.briefs[clock.index()];
        if !state.is_up(brief.unit) {
            return None;
        }
        if !brief.is_alone {
            return self.changes_together(state, clock);
        }
        if !can_spare(state, brief.gate, brief.inputs) {
            return None;
        }
        let quiet_until = self.next_point();
        let mut end = self.now;
        let mut events = 1;
        if let Some(stage) = brief.repair {
            let key = self.key.of(brief.name, Purpose::Repair);
            end = end + self.takes(stage, key.draw(self.points.luck(clock).drawn));
            events += 1;
        }
        let unit = brief.unit.index();
        if let Some(stage) = brief.start {
            let key = self.key.of(brief.unit_name, Purpose::Start);
            end = end + self.takes(stage, key.draw(self.starts[unit]));
            events += 1;
        }
        if end >= quiet_until || !self.calendar.is_quiet_until(end.micros()) {
            return None;
        }
        self.starts[unit] += u32::from(brief.start.is_some());
        Some(events)
    }

    /// The same for a unit that others stand on.
    fn changes_together(&mut self, state: &State, clock: ClockId) -> Option<u64> {
        let model = self.model;
        let mode = &model.clocks[clock.index()];
        let reached = model.passing.reached.of(mode.unit.index());
        let mut felt_by = model.passing.felt_by.of(mode.unit.index()).iter();
        if !reached.iter().all(|reached| state.is_up(reached.unit))
            || !felt_by.all(|&(gate, inputs)| can_spare(state, gate, inputs))
        {
            return None;
        }
        let quiet_until = self.next_point();
        let mut events = 1;
        let mut end = self.now;
        if let Repair::After(task) = mode.repair {
            let key = self.key.of(mode.name, Purpose::Repair);
            end = end + self.takes(task.first, key.draw(self.points.luck(clock).drawn));
            events += 1;
        }
        let mut ends = [end; MOST_REACHED];
        for (place, reached) in reached.iter().enumerate() {
            let Some(stage) = reached.start else {
                ends[place] = ends[reached.host as usize];
                continue;
            };
            if end >= quiet_until {
                return None;
            }
            let key = self.key.of(reached.name, Purpose::Start);
            let start = self.takes(stage, key.draw(self.starts[reached.unit.index()]));
            ends[place] = ends[reached.host as usize] + start;
            end = end.max(ends[place]);
            events += 1;
        }
        if end >= quiet_until || !self.calendar.is_quiet_until(end.micros()) {
            return None;
        }
        for reached in reached {
            self.starts[reached.unit.index()] += u32::from(reached.start.is_some());
        }
        Some(events)
    }
}

/// Whether a gate stays up without so many of its inputs.
#[inline]
fn can_spare(state: &State, gate: GateId, inputs: u32) -> bool {
    state.slack[gate.index()] >= inputs as i32
}
