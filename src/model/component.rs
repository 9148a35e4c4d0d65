//! What a model is made of.

use super::{ClockId, CrewId, Gate, GateId, JourneyId, LeaderId, Lists, UnitId};
use crate::dist::Law;

/// A system ready to run.
#[derive(Clone, Debug)]
pub struct Model {
    /// Domain instances and replicas.
    pub(crate) units: Vec<Unit>,
    /// The units that stand directly on each unit.
    pub(crate) guests: Lists<UnitId>,
    /// The units that each unit stands on directly.
    pub(crate) hosts: Lists<UnitId>,
    /// The clocks of each unit.
    pub(crate) unit_clocks: Lists<ClockId>,
    /// Those clocks of each unit that age, and so must be stopped while it is down.
    pub(crate) aging_clocks: Lists<ClockId>,
    /// The gates that each unit is an input of.
    pub(crate) unit_gates: Lists<GateId>,
    /// Failure modes of units.
    pub(crate) clocks: Vec<Clock>,
    /// The structure function.
    pub(crate) gates: Vec<Gate>,
    /// The gates that each gate is an input of.
    pub(crate) gate_parents: Lists<GateId>,
    /// The journeys that each gate decides.
    pub(crate) gate_journeys: Lists<JourneyId>,
    /// The gate that decides each journey.
    pub(crate) journeys: Vec<GateId>,
    /// Services that one member leads.
    pub(crate) leaders: Vec<Leader>,
    /// The gates that each leadership is an input of.
    pub(crate) leader_gates: Lists<GateId>,
    /// Repair crews.
    pub(crate) crews: Vec<Crew>,
    /// The order of events of one instant, by timer slot (see `engine::event`).
    pub(crate) tie_ranks: Vec<u32>,
}

impl Model {
    /// Units: domain instances and replicas.
    pub fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// Failure modes of units.
    pub fn clock_count(&self) -> usize {
        self.clocks.len()
    }

    /// Gates of the structure function.
    pub fn gate_count(&self) -> usize {
        self.gates.len()
    }

    /// Journeys.
    pub fn journey_count(&self) -> usize {
        self.journeys.len()
    }

    /// About how many changes of state there are in a second, for an idea of how long a run takes:
    /// each failure, its restoration, and the starts of what stands on it.
    pub fn events_per_second(&self) -> f64 {
        let failures = self.clocks.iter().map(|clock| {
            let mean = match &clock.to_failure {
                TimeToFailure::Memoryless { mean } => *mean,
                TimeToFailure::Aging(law) => law.mean(),
            };
            let guests = self.guests.of(clock.unit.index()).len();
            (2 + guests) as f64 / mean
        });
        failures.sum()
    }

    /// The unit whose failure mode this is, and the index of the mode in the topology.
    pub fn origin(&self, clock: ClockId) -> (UnitId, usize) {
        let clock = &self.clocks[clock.index()];
        (clock.unit, clock.mode as usize)
    }
}

/// A domain instance or a replica.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Hash of its path: its name in keys of draws, and its place in ties.
    pub name: u64,
    /// How long it takes to start; `None` is at once.
    pub start: Option<Law>,
    /// Whether a start makes it new (a process) or leaves its age as it was (a machine).
    pub renews_on_start: bool,
    /// The leadership that it may hold.
    pub leadership: Option<LeaderId>,
    /// Whether gates are all that its ups and downs concern: nothing stands on it, none of its
    /// clocks ages and it leads nothing. Found by the builder; true of most units.
    pub(crate) concerns_only_gates: bool,
}

/// One failure mode of one unit.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Whose.
    pub unit: UnitId,
    /// Which failure mode of the topology.
    pub mode: u32,
    /// Hash of the unit's path and the mode's name.
    pub name: u64,
    /// When it strikes.
    pub to_failure: TimeToFailure,
    /// Whether it runs whatever is down, or only while its unit is up.
    pub always: bool,
    /// How the unit comes back.
    pub repair: Repair,
    /// Who repairs, if anybody has to be free for it.
    pub crew: Option<CrewId>,
}

/// When a failure mode strikes.
#[derive(Clone, Debug)]
pub enum TimeToFailure {
    /// At the points of a Poisson process on the life's calendar; a point that finds the clock
    /// stopped is ignored, which for a memoryless law is the same as stopping the clock.
    Memoryless {
        /// Mean time between points, seconds.
        mean: f64,
    },
    /// At an age, drawn anew after each restoration; age stands still while the clock is stopped.
    Aging(Law),
}

/// How a unit comes back after a failure mode has struck.
#[derive(Clone, Debug)]
pub enum Repair {
    /// After a time to restoration, and then its start.
    After(Law),
    /// By its start alone.
    Restart,
    /// Not in this life.
    Never,
}

/// A service that one member leads.
#[derive(Clone, Debug)]
pub struct Leader {
    /// Hash of the service's name.
    pub name: u64,
    /// Who may lead; the first that is up is preferred.
    pub members: Vec<UnitId>,
    /// From the loss of a leader until the next one serves.
    pub failover: Law,
    /// Whether after the loss of all members the first one back must go through a failover too.
    pub failover_after_total_loss: bool,
}

/// People who repair.
#[derive(Clone, Debug)]
pub struct Crew {
    /// How many repairs at once.
    pub size: u32,
    /// From taking a job until work on it begins.
    pub response: Option<Law>,
}
