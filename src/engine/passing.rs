//! Failures that pass unfelt: over before anything else happens, and no gate turns.
//!
//! All that is left of such a failure is that it was counted, and that its draws have been used. A
//! failure that is skipped here leaves a life exactly as it would be if each of its steps had been
//! lived through: the draws are the same, by their names, and nothing could have seen the steps in
//! between.

use super::agenda::Agenda;
use super::event::Event;
use super::state::State;
use crate::model::{BOUNDS, ClockId, GateId, MOST_REACHED, Manner, Reached, UnitId};
use crate::rng::Purpose;
use crate::units::{SimSpan, SimTime};

impl Agenda<'_> {
    /// The next event before the horizon that is to be lived through, and takes it off. Failures before
    /// it that pass are counted, unless a life has had `limit` events.
    #[inline]
    pub(super) fn next_felt(&mut self, state: &mut State, limit: u64) -> Option<(SimTime, Event)> {
        // What has changed must be told before anything is counted that comes later.
        let is_told = state.touched.is_empty() && !state.data.has_lost();
        let passed = if is_told { self.pass_points(state, limit) } else { None };
        let (at, event) = match passed {
            Some(clock) => (self.now, Event::Fail(clock)),
            None => self.next()?,
        };
        self.make_way_for(state, event);
        Some((at, event))
    }

    /// Takes off points as long as their failures pass, and no timer goes off; returns the clock of
    /// the first one that does not.
    #[inline]
    fn pass_points(&mut self, state: &mut State, limit: u64) -> Option<ClockId> {
        // No timer is set before something is lived through.
        let soonest = self.calendar.soonest();
        let mut next = self.points.first();
        while let Some(point) = next
            && point.at < soonest.micros()
            && state.events < limit
        {
            self.points.pass_first(point);
            self.now = SimTime::from_micros(point.at);
            next = self.points.first();
            let next_at = next.map_or(self.horizon, |point| SimTime::from_micros(point.at));
            if !self.passes(state, point.place, next_at.min(soonest)) {
                return Some(self.points.luck_at(point.place).clock);
            }
            state.passed += 1;
        }
        None
    }

    /// Whether a failure of the clock at this place passes unfelt that strikes now, if nothing else
    /// happens before `quiet_until`; if so its changes of state are counted.
    #[inline]
    fn passes(&mut self, state: &mut State, place: usize, quiet_until: SimTime) -> bool {
        let luck = self.points.luck_at(place);
        let (unit, manner) = (luck.unit, &self.model.passing.manners[luck.manner as usize]);
        let is_unfelt = if state.fallen == 0 && self.lingering.is_empty() {
            manner.is_spared
        } else {
            manner.may_pass && self.is_unfelt(state, unit, manner)
        };
        if !is_unfelt {
            return false;
        }
        // As a rule there is so much time that nobody needs to know how much of it was taken.
        if self.now + manner.longest >= quiet_until {
            let end = self.end_of(place, manner, quiet_until);
            if end >= quiet_until {
                return manner.may_linger && self.lingers(state, place, end);
            }
        }
        state.events += u64::from(manner.changes);
        self.count_starts(unit, manner);
        true
    }

    /// When a failure that strikes now is over, with all starts after it; or an instant after it and
    /// before `soon_enough`.
    #[inline]
    fn end_of(&self, place: usize, manner: &Manner, soon_enough: SimTime) -> SimTime {
        if manner.is_certain {
            return self.now + manner.longest;
        }
        let luck = self.points.luck_at(place);
        let mut repaired = self.now;
        if let Some(stage) = manner.repair {
            let name = self.model.clocks[luck.clock.index()].name;
            let stream = self.key.of(name, Purpose::Repair).draw(luck.drawn);
            // As a rule a bound of it is enough, where one is known.
            if manner.bounds[0] < SimSpan::FOREVER {
                let part = (stream.clone().open_unit() * BOUNDS as f64) as usize;
                let bound = self.now + manner.bounds[part.min(BOUNDS - 1)] + manner.longest_start;
                if bound < soon_enough {
                    return bound;
                }
            }
            repaired = repaired + self.takes(stage, stream);
        }
        let latest = repaired + manner.longest_start;
        if latest < soon_enough || manner.longest_start == SimSpan::ZERO {
            return latest;
        }
        self.end_of_starts(luck.unit, repaired)
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
        } else if !manner.is_host {
            for reached in self.model.passing.reached.of(unit.index()) {
                self.starts[reached.unit.index()] += u32::from(reached.start.is_some());
            }
        }
    }

    /// Whether all that stands on a unit is up, and no gate turns if it goes down with it.
    #[inline]
    fn is_unfelt(&mut self, state: &mut State, unit: UnitId, manner: &Manner) -> bool {
        if manner.is_alone {
            return (state.fallen == 0 || self.is_whole(state, unit))
                && self.can_spare(state, manner.gate);
        }
        if manner.is_host {
            return self.is_unfelt_by_groups(state, unit, manner);
        }
        let reached = self.model.passing.reached.of(unit.index());
        let felt_by = self.model.passing.felt_by.of(unit.index());
        self.nothing_lingers(state)
            && reached.iter().all(|reached| self.is_whole(state, reached.unit))
            && felt_by.iter().all(|&gate| self.can_spare(state, gate))
    }

    /// Whether a host of copies is up with all of them, and no group becomes unreadable without.
    fn is_unfelt_by_groups(&mut self, state: &mut State, unit: UnitId, manner: &Manner) -> bool {
        let copies = self.model.passing.copies_of_guests(unit);
        let is_whole = |state: &State| state.data.is_none_away(&copies);
        // If it lingers it may as well be up again.
        state.is_up(unit)
            && (is_whole(state) || self.forget_what_is_over(state) && is_whole(state))
            && (self.can_spare(state, manner.gate)
                || state.data.can_spare(&self.model.data, &copies))
    }

    /// Whether a unit is up, and all data that it holds are there: a rebuild would be interrupted.
    #[inline]
    fn is_whole(&self, state: &State, unit: UnitId) -> bool {
        state.is_up(unit) && state.data.are_there(self.model.data.on_unit.of(unit.index()))
    }

    /// Whether a gate stays up without so many of its inputs.
    #[inline]
    fn can_spare(&mut self, state: &mut State, (gate, inputs): (GateId, u32)) -> bool {
        let has_spare = |state: &State| state.slack[gate.index()] >= inputs as i32;
        has_spare(state) || self.forget_what_is_over(state) && has_spare(state)
    }
}
