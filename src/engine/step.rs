//! What an event does to the state: the one transition function.

use super::event::Event;
use super::state::{LeaderState, Phase, State};
use crate::model::{ClockId, CrewId, LeaderId, Model, Repair, UnitId};

/// Decides when what begins here will end: by luck in a simulation, by enumeration in a solver.
pub trait Chooser {
    /// A failure counts; the repair that follows belongs to it.
    fn fails(&mut self, clock: ClockId);
    /// The time to restoration begins to run.
    fn repair_begins(&mut self, clock: ClockId);
    /// A start begins.
    fn start_begins(&mut self, unit: UnitId);
    /// A start ends before it is through.
    fn start_is_cut_short(&mut self, unit: UnitId);
    /// A failover begins.
    fn failover_begins(&mut self, leader: LeaderId);
    /// A failover ends before it is through.
    fn failover_is_called_off(&mut self, leader: LeaderId);
    /// An aging clock is new again; it stands still until it resumes.
    fn clock_renews(&mut self, clock: ClockId);
    /// An aging clock stands still.
    fn clock_pauses(&mut self, clock: ClockId);
    /// An aging clock goes on.
    fn clock_resumes(&mut self, clock: ClockId);
}

/// Works out the consequences of one event; journeys are read only after the last event of its
/// instant.
#[inline]
pub fn step(model: &Model, state: &mut State, event: Event, chooser: &mut impl Chooser) {
    let mut life = Step { model, state, chooser };
    match event {
        Event::Restore(clock) => life.restore(clock),
        Event::Start(unit) => life.started(unit),
        Event::Failover(leader) => life.failed_over(leader),
        Event::Fail(clock) => life.fail(clock),
    }
}

struct Step<'a, C> {
    model: &'a Model,
    state: &'a mut State,
    chooser: &'a mut C,
}

impl<C: Chooser> Step<'_, C> {
    /// A failure mode strikes, unless its clock stands still or the mode is active already.
    #[inline]
    fn fail(&mut self, clock: ClockId) {
        let model = self.model;
        let mode = &model.clocks[clock.index()];
        let unit = mode.unit;
        if self.state.active[clock.index()] || !(mode.always || self.state.is_up(unit)) {
            return;
        }
        if let Repair::Restart = mode.repair {
            self.restart(unit, clock);
            return;
        }
        self.state.events += 1;
        self.state.root = clock;
        self.chooser.fails(clock);
        self.state.active[clock.index()] = true;
        self.fault_appears(unit);
        if let Repair::After(_) = mode.repair {
            match mode.crew {
                Some(crew) => self.ask(crew, clock),
                None => self.chooser.repair_begins(clock),
            }
        }
    }

    /// A process ends and its start alone brings it back; one that does not run cannot end.
    #[inline]
    fn restart(&mut self, unit: UnitId, clock: ClockId) {
        let model = self.model;
        let phase = self.state.units[unit.index()].phase;
        if phase == Phase::Down {
            return;
        }
        self.state.events += 1;
        self.state.root = clock;
        self.chooser.fails(clock);
        if !model.units[unit.index()].renews_on_start
            && model.aging_clocks.of(unit.index()).contains(&clock)
        {
            self.chooser.clock_renews(clock);
        }
        self.state.units[unit.index()].phase = Phase::Down;
        if phase == Phase::Up {
            self.goes_down(unit);
        } else {
            self.chooser.start_is_cut_short(unit);
        }
        self.start(unit);
    }

    /// A failure mode is over.
    #[inline]
    fn restore(&mut self, clock: ClockId) {
        let model = self.model;
        let mode = &model.clocks[clock.index()];
        self.state.events += 1;
        self.state.active[clock.index()] = false;
        if let Some(crew) = mode.crew {
            self.dismiss(crew);
        }
        if model.aging_clocks.of(mode.unit.index()).contains(&clock) {
            self.chooser.clock_renews(clock);
        }
        self.fault_disappears(mode.unit);
    }

    /// A unit has one more reason not to be up.
    #[inline]
    fn fault_appears(&mut self, unit: UnitId) {
        let state = &mut self.state.units[unit.index()];
        state.faults += 1;
        match std::mem::replace(&mut state.phase, Phase::Down) {
            Phase::Up => self.goes_down(unit),
            Phase::Starting => self.chooser.start_is_cut_short(unit),
            Phase::Down => {}
        }
    }

    /// A unit has one reason less not to be up, and starts if it was the last.
    #[inline]
    fn fault_disappears(&mut self, unit: UnitId) {
        let state = &mut self.state.units[unit.index()];
        state.faults -= 1;
        if state.faults == 0 {
            self.start(unit);
        }
    }

    /// Nothing keeps a unit down any more.
    #[inline]
    fn start(&mut self, unit: UnitId) {
        if self.model.units[unit.index()].start.is_some() {
            self.state.units[unit.index()].phase = Phase::Starting;
            self.chooser.start_begins(unit);
        } else {
            self.comes_up(unit);
        }
    }

    #[inline]
    fn started(&mut self, unit: UnitId) {
        self.state.events += 1;
        self.comes_up(unit);
    }

    /// A unit that was up is not any more.
    #[inline]
    fn goes_down(&mut self, unit: UnitId) {
        let model = self.model;
        self.state.input_falls(model, model.unit_gates.of(unit.index()));
        if model.units[unit.index()].concerns_only_gates {
            return;
        }
        for &clock in model.aging_clocks.of(unit.index()) {
            self.chooser.clock_pauses(clock);
        }
        for &guest in model.guests.of(unit.index()) {
            self.fault_appears(guest);
        }
        if let Some(leader) = model.units[unit.index()].leadership {
            self.member_falls(leader, unit);
        }
    }

    /// A unit is up again.
    #[inline]
    fn comes_up(&mut self, unit: UnitId) {
        let model = self.model;
        self.state.units[unit.index()].phase = Phase::Up;
        self.state.input_rises(model, model.unit_gates.of(unit.index()));
        if model.units[unit.index()].concerns_only_gates {
            return;
        }
        for &clock in model.aging_clocks.of(unit.index()) {
            if model.units[unit.index()].renews_on_start {
                self.chooser.clock_renews(clock);
            }
            self.chooser.clock_resumes(clock);
        }
        for &guest in model.guests.of(unit.index()) {
            self.fault_disappears(guest);
        }
        if let Some(leader) = model.units[unit.index()].leadership {
            self.member_rises(leader, unit);
        }
    }

    /// A member of a led service went down: the next failover begins, goes on or is called off.
    fn member_falls(&mut self, leader: LeaderId, unit: UnitId) {
        let model = self.model;
        let nobody_is_left = self.first_up(leader).is_none();
        let next = match self.state.leaders[leader.index()] {
            LeaderState::Serving(serving) if serving == unit => {
                self.state.input_falls(model, model.leader_gates.of(leader.index()));
                if nobody_is_left {
                    LeaderState::Lost
                } else {
                    self.chooser.failover_begins(leader);
                    LeaderState::FailingOver
                }
            }
            LeaderState::FailingOver if nobody_is_left => {
                self.chooser.failover_is_called_off(leader);
                LeaderState::Lost
            }
            unmoved => unmoved,
        };
        self.state.leaders[leader.index()] = next;
    }

    /// A member of a led service came up: nothing to do unless it is the first after a total loss.
    fn member_rises(&mut self, leader: LeaderId, unit: UnitId) {
        if self.state.leaders[leader.index()] != LeaderState::Lost {
            return;
        }
        if self.model.leaders[leader.index()].failover_after_total_loss {
            self.state.leaders[leader.index()] = LeaderState::FailingOver;
            self.chooser.failover_begins(leader);
        } else {
            self.takes_over(leader, unit);
        }
    }

    fn failed_over(&mut self, leader: LeaderId) {
        self.state.events += 1;
        let next = self.first_up(leader).expect("a failover with nobody left is called off");
        self.takes_over(leader, next);
    }

    fn takes_over(&mut self, leader: LeaderId, unit: UnitId) {
        let model = self.model;
        self.state.leaders[leader.index()] = LeaderState::Serving(unit);
        self.state.input_rises(model, model.leader_gates.of(leader.index()));
    }

    fn first_up(&self, leader: LeaderId) -> Option<UnitId> {
        let members = &self.model.leaders[leader.index()].members;
        members.iter().copied().find(|&member| self.state.is_up(member))
    }

    /// A job for a crew: begun if somebody is free, else put at the end of the queue.
    fn ask(&mut self, crew: CrewId, clock: ClockId) {
        let state = &mut self.state.crews[crew.index()];
        if state.free > 0 {
            state.free -= 1;
            self.chooser.repair_begins(clock);
            return;
        }
        match state.last.replace(clock) {
            Some(last) => self.state.queue[last.index()] = Some(clock),
            None => state.first = Some(clock),
        }
    }

    /// Somebody of a crew is done: takes the first of the queue, or is free.
    fn dismiss(&mut self, crew: CrewId) {
        let state = &mut self.state.crews[crew.index()];
        let Some(next) = state.first else {
            state.free += 1;
            return;
        };
        state.first = self.state.queue[next.index()].take();
        if state.first.is_none() {
            state.last = None;
        }
        self.chooser.repair_begins(next);
    }
}
