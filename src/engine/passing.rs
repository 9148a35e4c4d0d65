//! Failures that pass unfelt: over before anything else happens, and no gate turns.
//!
//! All that is left of such a failure is that it was counted, and that its draws have been used. A
//! failure that is skipped here leaves a life exactly as it would be if each of its steps had been
//! lived through: the draws are the same, by their names, and nothing could have seen the steps in
//! between.

use super::agenda::Agenda;
use super::event::Event;
use super::state::State;
use crate::model::{ClockId, GateId, MOST_REACHED, Manner, Reached, UnitId};
use crate::rng::Purpose;
use crate::units::{SimSpan, SimTime};

impl Agenda<'_> {
    /// The next event before the horizon that is to be lived through, and takes it off. Failures before
    /// it that pass are counted, unless a life has had `limit` events.
    #[inline(always)]
    pub(super) fn next_felt(&mut self, state: &mut State, limit: u64) -> Option<(SimTime, Event)> {
        loop {
            let (at, event) = self.next()?;
            // What has changed must be told before anything is counted that comes later.
            let may_pass = state.touched.is_empty() && state.events < limit;
            match event {
                Event::Fail(clock) if may_pass && self.passes(state, clock) => state.passed += 1,
                _ => {
                    self.make_way_for(state, event);
                    return Some((at, event));
                }
            }
        }
    }

    /// Whether a failure that strikes now passes unfelt; if so its changes of state are counted.
    #[inline(always)]
    fn passes(&mut self, state: &mut State, clock: ClockId) -> bool {
        let luck = self.points.luck(clock);
        let (unit, manner) = (luck.unit, &self.model.passing.manners[luck.manner as usize]);
        let is_unfelt = if state.fallen == 0 && self.lingering.is_empty() {
            manner.is_spared && manner.may_pass
        } else {
            manner.may_pass && self.is_unfelt(state, unit, manner)
        };
        if !is_unfelt {
            return false;
        }
        let quiet_until = self.next_point().min(self.calendar.soonest());
        // As a rule there is so much time that nobody needs to know how much of it was taken.
        if self.now + manner.longest >= quiet_until {
            let end = self.end_of(clock, unit, manner, quiet_until);
            if end >= quiet_until {
                return manner.may_linger && self.lingers(state, clock, end);
            }
        }
        state.events += u64::from(manner.changes);
        self.count_starts(unit, manner);
        true
    }

    /// When a failure that strikes now is over, with all starts after it; or an instant after it and
    /// before `soon_enough`.
    #[inline]
    fn end_of(
        &mut self,
        clock: ClockId,
        unit: UnitId,
        manner: &Manner,
        soon_enough: SimTime,
    ) -> SimTime {
        if manner.is_certain {
            return self.now + manner.longest;
        }
        let mut repaired = self.now;
        if let Some(stage) = manner.repair {
            let key = self.key.of(self.model.clocks[clock.index()].name, Purpose::Repair);
            repaired = repaired + self.takes(stage, key.draw(self.points.luck(clock).drawn));
        }
        let latest = repaired + manner.longest_start;
        if latest < soon_enough || manner.longest_start == SimSpan::ZERO {
            return latest;
        }
        self.end_of_starts(unit, repaired)
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

    /// How long a unit takes to start, the next time that it does.
    #[inline]
    fn start_of(&self, unit: &Reached) -> SimSpan {
        unit.start.map_or(SimSpan::ZERO, |stage| {
            let key = self.key.of(unit.name, Purpose::Start);
            self.takes(stage, key.draw(self.starts[unit.unit.index()]))
        })
    }

    /// Counts the starts of a unit and of all that stands on it, if they take any time.
    #[inline]
    pub(super) fn count_starts(&mut self, unit: UnitId, manner: &Manner) {
        if manner.is_alone {
            self.starts[unit.index()] += u32::from(manner.start.is_some());
        } else {
            for reached in self.model.passing.reached.of(unit.index()) {
                self.starts[reached.unit.index()] += u32::from(reached.start.is_some());
            }
        }
    }

    /// Whether all that stands on a unit is up, and no gate turns if it goes down with it.
    #[inline]
    fn is_unfelt(&mut self, state: &mut State, unit: UnitId, manner: &Manner) -> bool {
        if manner.is_alone {
            return (state.fallen == 0 || state.is_up(unit)) && self.can_spare(state, manner.gate);
        }
        let reached = self.model.passing.reached.of(unit.index());
        let felt_by = self.model.passing.felt_by.of(unit.index());
        self.nothing_lingers(state)
            && reached.iter().all(|reached| state.is_up(reached.unit))
            && felt_by.iter().all(|&gate| self.can_spare(state, gate))
    }

    /// Whether a gate stays up without so many of its inputs.
    #[inline]
    fn can_spare(&mut self, state: &mut State, (gate, inputs): (GateId, u32)) -> bool {
        let has_spare = |state: &State| state.slack[gate.index()] >= inputs as i32;
        has_spare(state) || self.forget_what_is_over(state) && has_spare(state)
    }
}
