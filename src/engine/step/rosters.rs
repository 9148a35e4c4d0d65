//! Who serves and who stands by.

use super::{Chance, Chooser, Step, Switch};
use crate::engine::state::{Root, SeatState};
use crate::model::{ClockId, RosterId, SeatId, UnitId};

impl<C: Chooser> Step<'_, C> {
    /// A member went down: if it served another one takes over, once that is noticed; if it stood by
    /// a failover may be called off.
    pub(super) fn member_falls(&mut self, roster: RosterId, unit: UnitId, is_noticed: bool) {
        let seat = self.state.seat_of[unit.index()];
        match seat.filter(|seat| self.model.seats[seat.index()] == roster) {
            Some(seat) => {
                self.gets_up(seat, unit);
                if is_noticed {
                    self.fill(seat, unit);
                } else {
                    self.state.seats[seat.index()] = SeatState::Uncovered(unit);
                }
            }
            // Somebody else's seat is nothing to this roster; its spares are.
            None => self.call_off_what_nobody_is_left_for(roster),
        }
    }

    /// A failure that looked like health is noticed: others take over from those it has taken down.
    pub(super) fn notice(&mut self, clock: ClockId) {
        for index in 0..self.state.seats.len() {
            if let SeatState::Uncovered(lost) = self.state.seats[index]
                && self.state.units[lost.index()].root.clock == clock
            {
                self.state.root = self.state.units[lost.index()].root;
                self.state.seats[index] = SeatState::Vacant;
                self.fill(SeatId::new(index), lost);
            }
        }
    }

    /// A member came up and serves on no seat yet.
    pub(super) fn member_rises(&mut self, roster: RosterId, unit: UnitId) {
        let model = self.model;
        let spec = &model.rosters[roster.index()];
        let state = |seat: SeatId| self.state.seats[seat.index()];
        let missed = spec.seats().find(|&seat| state(seat) == SeatState::Uncovered(unit));
        if let Some(seat) = missed {
            self.takes_seat(seat, unit);
        } else if let Some(seat) = spec.seats().find(|&seat| state(seat) == SeatState::Vacant) {
            if spec.failover_after_total_loss {
                self.switch(seat, Switch::Failover);
            } else {
                self.takes_seat(seat, unit);
            }
        } else if let Some(seat) = self.seat_to_fail_back(roster, unit) {
            let SeatState::Serving(other) = self.state.seats[seat.index()] else { return };
            self.state.root = Root { is_planned: true, ..self.state.units[unit.index()].root };
            self.gets_up(seat, other);
            self.switch(seat, Switch::Failback);
            self.repace(other);
            self.offer(roster, other);
        }
        // Unless it has got a seat it ages as what stands by.
        self.repace(unit);
    }

    /// A spare that one service needs no longer may be what another one waits for.
    fn offer(&mut self, by: RosterId, unit: UnitId) {
        for &roster in self.model.unit_rosters.of(unit.index()) {
            if roster != by && self.state.seat_of[unit.index()].is_none() {
                self.member_rises(roster, unit);
            }
        }
    }

    /// The seat of a substitute for a preferred member that is back, where it is to have it.
    fn seat_to_fail_back(&self, roster: RosterId, unit: UnitId) -> Option<SeatId> {
        let spec = &self.model.rosters[roster.index()];
        spec.failback.as_ref().filter(|_| self.can_switch(roster))?;
        let seats = spec.seats.len();
        let place = |unit: UnitId| spec.members.iter().position(|&member| member == unit);
        let is_preferred = place(unit).is_some_and(|place| place < seats);
        spec.seats().filter(|_| is_preferred).find(|seat| match self.state.seats[seat.index()] {
            SeatState::Serving(other) => place(other).is_some_and(|place| place >= seats),
            _ => false,
        })
    }

    /// A member serves no longer.
    fn gets_up(&mut self, seat: SeatId, unit: UnitId) {
        let model = self.model;
        self.state.seat_of[unit.index()] = None;
        self.state.seat_roots[seat.index()] = self.state.root;
        // Whoever fills it says so; until then it must not look taken.
        self.state.seats[seat.index()] = SeatState::Vacant;
        self.state.input_falls(model, model.seat_gates.of(seat.index()));
    }

    /// A seat became empty: who is next, and how does it get there?
    fn fill(&mut self, seat: SeatId, lost: UnitId) {
        let model = self.model;
        let roster = model.seats[seat.index()];
        let spec = &model.rosters[roster.index()];
        if self.spares(roster) <= 0 {
            return;
        }
        if let Some((probability, instead)) = &spec.coverage
            && !self.chooser.happens(Chance::Covered(seat), *probability)
        {
            match instead {
                Some(_) => self.switch(seat, Switch::Uncovered),
                None => self.state.seats[seat.index()] = SeatState::Uncovered(lost),
            }
        } else {
            self.switch(seat, Switch::Failover);
        }
    }

    /// Members that stand by, less the seats that one of them is on the way to.
    fn spares(&self, roster: RosterId) -> i64 {
        self.state.idle_members(self.model, roster).count() as i64 - self.claims(roster)
    }

    fn claims(&self, roster: RosterId) -> i64 {
        let claims = |seat: &SeatId| {
            matches!(self.state.seats[seat.index()], SeatState::Switching | SeatState::Stuck(_))
        };
        self.model.rosters[roster.index()].seats().filter(claims).count() as i64
    }

    /// Begins a failover, or the wait for what it needs.
    fn switch(&mut self, seat: SeatId, switch: Switch) {
        let model = self.model;
        let roster = model.seats[seat.index()];
        let spec = &model.rosters[roster.index()];
        if !self.can_switch(roster) {
            self.state.seats[seat.index()] = SeatState::Stuck(switch);
        } else if switch == Switch::Failover && spec.failover.is_none() {
            let next = self.state.idle_members(model, roster).next();
            match next {
                Some(next) => self.takes_seat(seat, next),
                None => self.state.seats[seat.index()] = SeatState::Vacant,
            }
        } else {
            self.state.seats[seat.index()] = SeatState::Switching;
            self.chooser.switch_begins(seat, switch);
        }
    }

    /// What switches of a roster need has come back.
    pub(super) fn unstick(&mut self, roster: RosterId) {
        let spec = &self.model.rosters[roster.index()];
        for seat in spec.seats() {
            if let SeatState::Stuck(switch) = self.state.seats[seat.index()] {
                self.switch(seat, switch);
            }
        }
        // A preferred member that came back meanwhile has had to wait for it.
        for &member in spec.members.iter().filter(|_| spec.failback.is_some()) {
            if self.state.seat_of[member.index()].is_none() && self.state.is_up(member) {
                self.member_rises(roster, member);
            }
        }
    }

    /// Whether what switches of a roster need is up.
    fn can_switch(&self, roster: RosterId) -> bool {
        let needs = self.model.rosters[roster.index()].switches_with;
        needs.is_none_or(|gate| self.state.gate_is_up(gate))
    }

    /// A failover is through.
    pub(super) fn switched(&mut self, seat: SeatId) {
        self.state.events += 1;
        self.state.root = self.state.seat_roots[seat.index()];
        let roster = self.model.seats[seat.index()];
        let next = self.state.idle_members(self.model, roster).next();
        match next {
            Some(next) => self.takes_seat(seat, next),
            // Another service has taken the spare in the meantime.
            None => self.state.seats[seat.index()] = SeatState::Vacant,
        }
    }

    fn takes_seat(&mut self, seat: SeatId, unit: UnitId) {
        let model = self.model;
        self.state.seats[seat.index()] = SeatState::Serving(unit);
        self.state.seat_of[unit.index()] = Some(seat);
        self.repace(unit);
        self.another_serves(model.seats[seat.index()], unit);
        self.state.input_rises(model, model.seat_gates.of(seat.index()));
        for &other in model.unit_rosters.of(unit.index()) {
            if other != model.seats[seat.index()] {
                self.call_off_what_nobody_is_left_for(other);
            }
        }
    }

    /// Failovers end where there are more of them than members to take over.
    fn call_off_what_nobody_is_left_for(&mut self, roster: RosterId) {
        let seats = self.model.rosters[roster.index()].seats.clone();
        for seat in seats.rev().map(SeatId::from_index) {
            if self.spares(roster) >= 0 {
                return;
            }
            let state = &mut self.state.seats[seat.index()];
            match std::mem::replace(state, SeatState::Vacant) {
                SeatState::Switching => self.chooser.switch_is_called_off(seat),
                SeatState::Stuck(_) => {}
                unmoved => *state = unmoved,
            }
        }
    }
}
