//! What something can depend on: the part of a model that decides it.

use super::{CrewId, DataId, GateId, Input, Model, Repair, RosterId, Task, UnitId, Watch};

/// The part of a model that decides what was asked for: whatever is not in it may do as it likes.
#[derive(Clone, Debug)]
pub struct Cone {
    /// By unit: whether it is in it.
    pub(crate) units: Vec<bool>,
    /// By gate.
    pub(crate) gates: Vec<bool>,
    rosters: Vec<bool>,
    crews: Vec<bool>,
    frontier: Vec<Item>,
}

#[derive(Clone, Copy, Debug)]
enum Item {
    Unit(UnitId),
    Gate(GateId),
    Roster(RosterId),
    Crew(CrewId),
}

impl Cone {
    /// What decides a gate.
    pub fn of_gate(model: &Model, gate: GateId) -> Cone {
        let mut cone = Cone::new(model);
        cone.add_gate(gate);
        cone.close(model)
    }

    /// What decides whether copies of a data class are there, by their numbers in it.
    pub fn of_copies(model: &Model, class: DataId, copies: &[u32]) -> Cone {
        let mut cone = Cone::new(model);
        let holding = &model.data.holdings[class.index()];
        for number in copies {
            cone.add_unit(model.data.units[holding.copy(*number).index()]);
        }
        cone.close(model)
    }

    /// Whether a roster is in it.
    pub(crate) fn has_roster(&self, roster: RosterId) -> bool {
        self.rosters[roster.index()]
    }

    /// Whether a crew is in it.
    pub(crate) fn has_crew(&self, crew: CrewId) -> bool {
        self.crews[crew.index()]
    }

    fn new(model: &Model) -> Cone {
        Cone {
            units: vec![false; model.units.len()],
            gates: vec![false; model.gates.len()],
            rosters: vec![false; model.rosters.len()],
            crews: vec![false; model.crews.len()],
            frontier: Vec::new(),
        }
    }

    fn add_unit(&mut self, unit: UnitId) {
        if !std::mem::replace(&mut self.units[unit.index()], true) {
            self.frontier.push(Item::Unit(unit));
        }
    }

    fn add_gate(&mut self, gate: GateId) {
        if !std::mem::replace(&mut self.gates[gate.index()], true) {
            self.frontier.push(Item::Gate(gate));
        }
    }

    fn add_roster(&mut self, roster: RosterId) {
        if !std::mem::replace(&mut self.rosters[roster.index()], true) {
            self.frontier.push(Item::Roster(roster));
        }
    }

    fn add_task(&mut self, model: &Model, task: Task) {
        for crew in model.stages_of(task).iter().filter_map(|stage| stage.crew) {
            if !std::mem::replace(&mut self.crews[crew.index()], true) {
                self.frontier.push(Item::Crew(crew));
            }
        }
    }

    fn close(mut self, model: &Model) -> Cone {
        while let Some(item) = self.frontier.pop() {
            match item {
                Item::Gate(gate) => self.follow_gate(model, gate),
                Item::Unit(unit) => self.follow_unit(model, unit),
                Item::Roster(roster) => {
                    let spec = &model.rosters[roster.index()];
                    spec.members.iter().for_each(|member| self.add_unit(*member));
                    spec.switches_with.iter().for_each(|gate| self.add_gate(*gate));
                    // A spare that several services share may be with another one.
                    for member in &spec.members {
                        for other in model.unit_rosters.of(member.index()) {
                            self.add_roster(*other);
                        }
                    }
                }
                Item::Crew(crew) => self.follow_crew(model, crew),
            }
        }
        self
    }

    fn follow_gate(&mut self, model: &Model, gate: GateId) {
        for input in &model.gates[gate.index()].inputs {
            match input {
                Input::Unit(unit) => self.add_unit(*unit),
                Input::Gate(gate) => self.add_gate(*gate),
                Input::Seat(seat) => self.add_roster(model.seats[seat.index()]),
                Input::Mask(mask) => self.add_gate(model.masks[mask.index()].gate),
            }
        }
    }

    fn follow_unit(&mut self, model: &Model, unit: UnitId) {
        model.hosts.of(unit.index()).iter().for_each(|host| self.add_unit(*host));
        let spec = &model.units[unit.index()];
        spec.extras().starts_with.iter().for_each(|gate| self.add_gate(*gate));
        spec.start.iter().for_each(|task| self.add_task(model, *task));
        if let Some(load) = spec.extras().load {
            model.loads[load.index()].members.iter().for_each(|member| self.add_unit(*member));
        }
        if spec.is_paced {
            for roster in model.unit_rosters.of(unit.index()) {
                self.add_roster(*roster);
            }
        }
        for (gate, watch) in &model.watches {
            if let Watch::Crash(units) | Watch::Suspend(units) = watch
                && units.contains(&unit)
            {
                self.add_gate(*gate);
            }
        }
        for clock in model.unit_clocks.of(unit.index()) {
            let clock = &model.clocks[clock.index()];
            if let Repair::After(task) = clock.repair {
                self.add_task(model, task);
            }
            let extras = clock.extras();
            extras.overload.iter().for_each(|(gate, _)| self.add_gate(*gate));
            if let Some(plan) = extras.plan {
                let plan = &model.plans[plan.index()];
                plan.order.iter().for_each(|c| self.add_unit(model.clocks[c.index()].unit));
                plan.waits_for.iter().for_each(|gate| self.add_gate(*gate));
            }
            if extras.drag.is_some() {
                // Whose failures may drag this one along.
                let drags = |other: &&super::Clock| {
                    let burst = other.extras().burst.as_ref();
                    burst.is_some_and(|b| {
                        b.among.iter().any(|c| model.clocks[c.index()].unit == unit)
                    })
                };
                model.clocks.iter().filter(drags).for_each(|other| self.add_unit(other.unit));
            }
        }
    }

    /// Whoever asks for a crew may keep it from others.
    fn follow_crew(&mut self, model: &Model, crew: CrewId) {
        let asks = |task: Task| model.stages_of(task).iter().any(|stage| stage.crew == Some(crew));
        for clock in &model.clocks {
            if let Repair::After(task) = clock.repair
                && asks(task)
            {
                self.add_unit(clock.unit);
            }
        }
        for (index, unit) in model.units.iter().enumerate() {
            if unit.start.is_some_and(asks) {
                self.add_unit(UnitId::new(index));
            }
        }
    }
}
