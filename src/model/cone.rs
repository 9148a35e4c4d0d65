//! What something can depend on: the part of a model that decides it.

use super::{
    CrewId, DataId, GateId, Input, Lists, Model, Repair, Roster, RosterId, Task, UnitId, Watch,
};

/// The part of a model that decides what was asked for: whatever is not in it may do as it likes.
#[derive(Clone, Debug)]
pub struct Cone {
    /// By unit: whether it is in it.
    pub(crate) units: Vec<bool>,
    /// By gate.
    pub(crate) gates: Vec<bool>,
    rosters: Vec<bool>,
    crews: Vec<bool>,
}

impl Cone {
    /// What decides a gate.
    pub fn of_gate(model: &Model, gate: GateId) -> Cone {
        Influences::new(model).on_gate(gate)
    }

    /// What decides whether copies of a data class are there, by their numbers in it.
    pub fn of_copies(model: &Model, class: DataId, copies: &[u32]) -> Cone {
        Influences::new(model).on_copies(class, copies)
    }

    /// Whether a roster is in it.
    pub(crate) fn has_roster(&self, roster: RosterId) -> bool {
        self.rosters[roster.index()]
    }

    /// Whether a crew is in it.
    pub(crate) fn has_crew(&self, crew: CrewId) -> bool {
        self.crews[crew.index()]
    }
}

/// Who acts on whom, where the model says it only the other way round: found once, for as many cones as are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Influences<'m> {
    model: &'m Model,
    /// The gates that each unit crashes with, or is suspended by.
    gates: Lists<GateId>,
    /// The units whose failures may drag a failure of each unit along.
    draggers: Lists<UnitId>,
    /// The units that ask for each crew, which they may keep from others.
    callers: Lists<UnitId>,
}

impl<'m> Influences<'m> {
    pub(crate) fn new(model: &'m Model) -> Influences<'m> {
        Influences {
            model,
            gates: model.gates_watched_for(|watch| match watch {
                Watch::Crash(units) | Watch::Suspend(units) => units,
                _ => &[],
            }),
            draggers: draggers(model),
            callers: callers(model),
        }
    }

    /// What decides a gate.
    pub(crate) fn on_gate(&self, gate: GateId) -> Cone {
        let mut walk = Walk::new(self);
        walk.add_gate(gate);
        walk.closed()
    }

    /// What decides whether copies of a data class are there, by their numbers in it.
    pub(crate) fn on_copies(&self, class: DataId, copies: &[u32]) -> Cone {
        let mut walk = Walk::new(self);
        let holding = &self.model.data.holdings[class.index()];
        for number in copies {
            walk.add_unit(self.model.data.units[holding.copy(*number).index()]);
        }
        walk.closed()
    }
}

impl Model {
    /// The rosters that are in a cone.
    pub(crate) fn rosters_in<'a>(&'a self, cone: &'a Cone) -> impl Iterator<Item = &'a Roster> {
        let rosters = self.rosters.iter().enumerate();
        rosters.filter(|(index, _)| cone.rosters[*index]).map(|(_, roster)| roster)
    }

    /// By unit: the gates whose watches are for it, where `units` says which units a watch is for.
    pub(crate) fn gates_watched_for(&self, units: impl Fn(&Watch) -> &[UnitId]) -> Lists<GateId> {
        let mut gates = vec![Vec::new(); self.units.len()];
        for (gate, watch) in &self.watches {
            units(watch).iter().for_each(|unit| gates[unit.index()].push(*gate));
        }
        gates.into_iter().collect()
    }
}

fn draggers(model: &Model) -> Lists<UnitId> {
    let mut draggers = vec![Vec::new(); model.units.len()];
    for clock in &model.clocks {
        for dragged in clock.extras().burst.iter().flat_map(|burst| &burst.among) {
            draggers[model.clocks[dragged.index()].unit.index()].push(clock.unit);
        }
    }
    draggers.into_iter().collect()
}

fn callers(model: &Model) -> Lists<UnitId> {
    let mut callers = vec![Vec::new(); model.crews.len()];
    let mut call = |unit: UnitId, task: Task| {
        for crew in model.stages_of(task).iter().filter_map(|stage| stage.crew) {
            callers[crew.index()].push(unit);
        }
    };
    for clock in &model.clocks {
        if let Repair::After(task) = clock.repair {
            call(clock.unit, task);
        }
    }
    for (index, unit) in model.units.iter().enumerate() {
        if let Some(task) = unit.start {
            call(UnitId::new(index), task);
        }
    }
    callers.into_iter().collect()
}

/// A cone on its way to being whole.
struct Walk<'a> {
    influences: &'a Influences<'a>,
    cone: Cone,
    /// What is in it, and not followed yet.
    frontier: Vec<Item>,
}

#[derive(Clone, Copy, Debug)]
enum Item {
    Unit(UnitId),
    Gate(GateId),
    Roster(RosterId),
    Crew(CrewId),
}

impl<'a> Walk<'a> {
    fn new(influences: &'a Influences<'a>) -> Walk<'a> {
        let model = influences.model;
        let cone = Cone {
            units: vec![false; model.units.len()],
            gates: vec![false; model.gates.len()],
            rosters: vec![false; model.rosters.len()],
            crews: vec![false; model.crews.len()],
        };
        Walk { influences, cone, frontier: Vec::new() }
    }

    fn add_unit(&mut self, unit: UnitId) {
        if !std::mem::replace(&mut self.cone.units[unit.index()], true) {
            self.frontier.push(Item::Unit(unit));
        }
    }

    fn add_gate(&mut self, gate: GateId) {
        if !std::mem::replace(&mut self.cone.gates[gate.index()], true) {
            self.frontier.push(Item::Gate(gate));
        }
    }

    fn add_roster(&mut self, roster: RosterId) {
        if !std::mem::replace(&mut self.cone.rosters[roster.index()], true) {
            self.frontier.push(Item::Roster(roster));
        }
    }

    fn add_task(&mut self, model: &Model, task: Task) {
        for crew in model.stages_of(task).iter().filter_map(|stage| stage.crew) {
            if !std::mem::replace(&mut self.cone.crews[crew.index()], true) {
                self.frontier.push(Item::Crew(crew));
            }
        }
    }

    fn closed(mut self) -> Cone {
        let model = self.influences.model;
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
                Item::Crew(crew) => {
                    // Whoever asks for a crew may keep it from others.
                    let callers = self.influences.callers.of(crew.index());
                    callers.iter().for_each(|unit| self.add_unit(*unit));
                }
            }
        }
        self.cone
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
        let Influences { gates, draggers, .. } = self.influences;
        gates.of(unit.index()).iter().for_each(|gate| self.add_gate(*gate));
        draggers.of(unit.index()).iter().for_each(|other| self.add_unit(*other));
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
        }
    }
}
