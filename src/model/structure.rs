//! The structure function as threshold gates, and the builder that puts a model together.

use super::{
    Clock, ClockId, Crew, CrewId, GateId, JourneyId, Leader, LeaderId, Model, TimeToFailure, Unit,
    UnitId,
};
use crate::dist::Law;
use crate::rng;

/// A gate: up when at least `needed` of its inputs are.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// How many inputs must be up.
    pub needed: u32,
    /// What it reads.
    pub inputs: Vec<Input>,
}

/// What a gate can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Whether a unit is up.
    Unit(UnitId),
    /// Whether another gate is up.
    Gate(GateId),
    /// Whether a service has a member that leads.
    Leader(LeaderId),
}

/// Puts a model together, piece by piece: hosts before guests, inputs before gates.
///
/// The caller has checked what it adds; the builder only indexes it.
#[derive(Debug, Default)]
pub struct ModelBuilder {
    units: Vec<Unit>,
    hosts: Vec<Vec<UnitId>>,
    clocks: Vec<Clock>,
    gates: Vec<Gate>,
    leaders: Vec<Leader>,
    crews: Vec<Crew>,
    journeys: Vec<GateId>,
}

impl ModelBuilder {
    /// A model with nothing in it.
    pub fn new() -> ModelBuilder {
        ModelBuilder::default()
    }

    /// Adds a unit that stands on others.
    ///
    /// `name` is the hash of its path, `start` how long it takes to start (`None`: at once), and a
    /// start `renews` a process, but leaves the age of a machine as it was.
    pub fn unit(
        &mut self,
        name: u64,
        start: Option<Law>,
        renews_on_start: bool,
        hosts: Vec<UnitId>,
    ) -> UnitId {
        let (leadership, concerns_only_gates) = (None, false);
        self.units.push(Unit { name, start, renews_on_start, leadership, concerns_only_gates });
        self.hosts.push(hosts);
        UnitId::new(self.units.len() - 1)
    }

    /// Adds a failure mode of a unit.
    pub fn clock(&mut self, clock: Clock) -> ClockId {
        self.clocks.push(clock);
        ClockId::new(self.clocks.len() - 1)
    }

    /// Adds a gate.
    pub fn gate(&mut self, needed: usize, inputs: Vec<Input>) -> GateId {
        let needed = u32::try_from(needed).expect("ids are checked to fit");
        self.gates.push(Gate { needed, inputs });
        GateId::new(self.gates.len() - 1)
    }

    /// Adds a leadership; its members are the units added with this id.
    pub fn leader(&mut self, leader: Leader) -> LeaderId {
        let id = LeaderId::new(self.leaders.len());
        for member in &leader.members {
            self.units[member.index()].leadership = Some(id);
        }
        self.leaders.push(leader);
        id
    }

    /// Adds a crew.
    pub fn crew(&mut self, crew: Crew) -> CrewId {
        self.crews.push(crew);
        CrewId::new(self.crews.len() - 1)
    }

    /// Adds a journey that this gate decides.
    pub fn journey(&mut self, gate: GateId) -> JourneyId {
        self.journeys.push(gate);
        JourneyId::new(self.journeys.len() - 1)
    }

    /// The finished model.
    pub fn finish(mut self) -> Model {
        let units = self.units.len();
        let mut unit_gates = vec![Vec::new(); units];
        let mut leader_gates = vec![Vec::new(); self.leaders.len()];
        let mut gate_parents = vec![Vec::new(); self.gates.len()];
        for (index, gate) in self.gates.iter().enumerate() {
            for input in &gate.inputs {
                let readers = match input {
                    Input::Unit(unit) => &mut unit_gates[unit.index()],
                    Input::Gate(gate) => &mut gate_parents[gate.index()],
                    Input::Leader(leader) => &mut leader_gates[leader.index()],
                };
                readers.push(GateId::new(index));
            }
        }
        let mut gate_journeys = vec![Vec::new(); self.gates.len()];
        for (index, gate) in self.journeys.iter().enumerate() {
            gate_journeys[gate.index()].push(JourneyId::new(index));
        }
        let mut unit_clocks = vec![Vec::new(); units];
        let mut aging_clocks = vec![Vec::new(); units];
        for (index, clock) in self.clocks.iter().enumerate() {
            unit_clocks[clock.unit.index()].push(ClockId::new(index));
            if matches!(clock.to_failure, TimeToFailure::Aging(_)) && !clock.always {
                aging_clocks[clock.unit.index()].push(ClockId::new(index));
            }
        }
        let mut guests = vec![Vec::new(); units];
        for (guest, hosts) in self.hosts.iter().enumerate() {
            for host in hosts {
                guests[host.index()].push(UnitId::new(guest));
            }
        }
        for guests in &mut guests {
            guests.sort_by_key(|guest: &UnitId| self.units[guest.index()].name);
        }
        for (index, unit) in self.units.iter_mut().enumerate() {
            unit.concerns_only_gates = guests[index].is_empty()
                && aging_clocks[index].is_empty()
                && unit.leadership.is_none();
        }
        Model {
            tie_ranks: tie_ranks(&self.clocks, &self.units, &self.leaders),
            units: self.units,
            guests: guests.into_iter().collect(),
            hosts: self.hosts.into_iter().collect(),
            unit_clocks: unit_clocks.into_iter().collect(),
            aging_clocks: aging_clocks.into_iter().collect(),
            unit_gates: unit_gates.into_iter().collect(),
            clocks: self.clocks,
            gates: self.gates,
            gate_parents: gate_parents.into_iter().collect(),
            gate_journeys: gate_journeys.into_iter().collect(),
            journeys: self.journeys,
            leaders: self.leaders,
            leader_gates: leader_gates.into_iter().collect(),
            crews: self.crews,
        }
    }
}

/// The place of each timer slot among the events of one instant: restorations, starts, failovers,
/// failures, and within a kind by the hash of the name, so that adding a unit does not reorder the
/// others.
///
/// The slots are those of `engine::event`: restorations of clocks, starts of units, failovers of
/// leaders, failures of clocks.
fn tie_ranks(clocks: &[Clock], units: &[Unit], leaders: &[Leader]) -> Vec<u32> {
    let kinds = [
        clocks.iter().map(|clock| clock.name).collect::<Vec<_>>(),
        units.iter().map(|unit| unit.name).collect(),
        leaders.iter().map(|leader| leader.name).collect(),
        clocks.iter().map(|clock| clock.name).collect(),
    ];
    let mut ranks = Vec::new();
    for names in kinds {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|&index| names[index]);
        let first = ranks.len();
        ranks.resize(first + names.len(), 0);
        for (place, index) in order.into_iter().enumerate() {
            ranks[first + index] = u32::try_from(first + place).expect("ids are checked to fit");
        }
    }
    ranks
}

/// The key of a failure mode of a unit, from the hash of the unit's path.
pub(crate) fn clock_name(unit: u64, mode: &str) -> u64 {
    unit.rotate_left(17) ^ rng::hash_text(mode)
}
