//! The present of a life.

use crate::model::{ClockId, GateId, Input, JourneyId, LeaderId, Model, UnitId};

/// Everything about the present of one life, in flat arrays: what is broken, what is up, who leads.
#[derive(Clone, Debug)]
pub struct State {
    /// Whether each failure mode is active.
    pub(crate) active: Vec<bool>,
    pub(crate) units: Vec<UnitState>,
    /// How many inputs more than needed each gate has up; below zero it is down.
    pub(crate) slack: Vec<i32>,
    /// Who leads each service, if anybody does.
    pub(crate) leaders: Vec<LeaderState>,
    pub(crate) crews: Vec<CrewState>,
    /// The next failure mode in the queue that each one waits in.
    pub(crate) queue: Vec<Option<ClockId>>,
    pub(crate) journeys: Vec<JourneyState>,
    /// Journeys that may have changed at this instant.
    pub(crate) touched: Vec<JourneyId>,
    /// The failure mode whose consequences are being worked out.
    pub(crate) root: ClockId,
    /// Changes of state so far: every failure, restoration, start and failover.
    pub(crate) events: u64,
    /// Gates whose change has not yet reached the gates above them.
    pending_gates: Vec<GateId>,
}

/// The present of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnitState {
    /// Its active failure modes and the units below it that are not up.
    pub(crate) faults: u32,
    pub(crate) phase: Phase,
}

/// Whether a unit does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Up,
    Starting,
    Down,
}

/// The present of one leadership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaderState {
    /// This member leads.
    Serving(UnitId),
    /// A failover is under way.
    FailingOver,
    /// No member is up.
    Lost,
}

/// The present of one crew: who is free, and the queue of who waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrewState {
    pub(crate) free: u32,
    pub(crate) first: Option<ClockId>,
    pub(crate) last: Option<ClockId>,
}

/// The present of one journey.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JourneyState {
    /// Now, in the middle of an instant.
    pub(crate) is_up: bool,
    /// At the end of the last instant, as observers know it.
    pub(crate) was_up: bool,
    /// The failure mode whose consequences took it down last.
    pub(crate) cause: ClockId,
}

impl State {
    /// The state of a model at the beginning of a life.
    pub(crate) fn new(model: &Model) -> State {
        let nothing = ClockId::new(0);
        let mut state = State {
            active: vec![false; model.clocks.len()],
            units: vec![UnitState { faults: 0, phase: Phase::Up }; model.units.len()],
            slack: vec![0; model.gates.len()],
            leaders: Vec::new(),
            crews: Vec::new(),
            queue: vec![None; model.clocks.len()],
            journeys: vec![
                JourneyState { is_up: true, was_up: true, cause: nothing };
                model.journeys.len()
            ],
            touched: Vec::with_capacity(2 * model.journeys.len()),
            root: nothing,
            events: 0,
            pending_gates: Vec::with_capacity(model.gates.len()),
        };
        state.begin(model);
        state
    }

    /// Goes back to the beginning: everything up, new and idle.
    pub(crate) fn begin(&mut self, model: &Model) {
        self.active.fill(false);
        self.units.fill(UnitState { faults: 0, phase: Phase::Up });
        for (slack, gate) in self.slack.iter_mut().zip(&model.gates) {
            *slack = gate.inputs.len() as i32 - gate.needed as i32;
        }
        self.leaders.clear();
        self.leaders.extend(model.leaders.iter().map(|l| LeaderState::Serving(l.members[0])));
        self.crews.clear();
        self.crews.extend(model.crews.iter().map(|crew| CrewState {
            free: crew.size,
            first: None,
            last: None,
        }));
        self.queue.fill(None);
        for journey in &mut self.journeys {
            (journey.is_up, journey.was_up) = (true, true);
        }
        self.touched.clear();
        self.events = 0;
    }

    /// Whether a unit is up.
    #[inline]
    pub(crate) fn is_up(&self, unit: UnitId) -> bool {
        self.units[unit.index()].phase == Phase::Up
    }

    /// Whether a gate is up.
    #[inline]
    pub(crate) fn gate_is_up(&self, gate: GateId) -> bool {
        self.slack[gate.index()] >= 0
    }

    /// One input of these gates went down; so do the gates that had none to spare.
    #[inline]
    pub(crate) fn input_falls(&mut self, model: &Model, gates: &[GateId]) {
        for &gate in gates {
            self.slack[gate.index()] -= 1;
            if self.slack[gate.index()] == -1 {
                self.pending_gates.push(gate);
            }
        }
        while let Some(gate) = self.pending_gates.pop() {
            self.journeys_follow(model.gate_journeys.of(gate.index()), false);
            for &parent in model.gate_parents.of(gate.index()) {
                self.slack[parent.index()] -= 1;
                if self.slack[parent.index()] == -1 {
                    self.pending_gates.push(parent);
                }
            }
        }
    }

    /// One input of these gates came up; so do the gates that lacked just this one.
    #[inline]
    pub(crate) fn input_rises(&mut self, model: &Model, gates: &[GateId]) {
        for &gate in gates {
            self.slack[gate.index()] += 1;
            if self.slack[gate.index()] == 0 {
                self.pending_gates.push(gate);
            }
        }
        while let Some(gate) = self.pending_gates.pop() {
            self.journeys_follow(model.gate_journeys.of(gate.index()), true);
            for &parent in model.gate_parents.of(gate.index()) {
                self.slack[parent.index()] += 1;
                if self.slack[parent.index()] == 0 {
                    self.pending_gates.push(parent);
                }
            }
        }
    }

    fn journeys_follow(&mut self, journeys: &[JourneyId], is_up: bool) {
        for &journey in journeys {
            let state = &mut self.journeys[journey.index()];
            state.is_up = is_up;
            if !is_up {
                state.cause = self.root;
            }
            self.touched.push(journey);
        }
    }

    /// Checks what is kept up to date against what is computed from scratch.
    ///
    /// # Panics
    ///
    /// If they differ: the engine has a bug.
    pub fn check(&self, model: &Model) {
        for (index, unit) in self.units.iter().enumerate() {
            let modes = model.unit_clocks.of(index).iter();
            let broken = modes.filter(|clock| self.active[clock.index()]).count();
            let hosts = model.hosts.of(index).iter();
            let hosts_down = hosts.filter(|host| !self.is_up(**host)).count();
            assert_eq!(unit.faults as usize, broken + hosts_down, "faults of unit {index}");
            assert_eq!(unit.faults > 0, unit.phase == Phase::Down, "phase of unit {index}");
        }
        for (leader, state) in model.leaders.iter().zip(&self.leaders) {
            let any_up = leader.members.iter().any(|&member| self.is_up(member));
            match state {
                LeaderState::Serving(member) => assert!(self.is_up(*member)),
                LeaderState::FailingOver => assert!(any_up),
                LeaderState::Lost => assert!(!any_up),
            }
        }
        for (index, gate) in model.gates.iter().enumerate() {
            let up = gate.inputs.iter().filter(|input| self.input_is_up(**input)).count();
            assert_eq!(self.slack[index], up as i32 - gate.needed as i32, "gate {index}");
        }
        for (journey, gate) in self.journeys.iter().zip(&model.journeys) {
            assert_eq!(journey.is_up, self.gate_is_up(*gate));
        }
        for (index, crew) in model.crews.iter().enumerate() {
            let active = model.clocks.iter().zip(&self.active);
            let jobs =
                active.filter(|(c, active)| **active && c.crew.map(|c| c.index()) == Some(index));
            let busy = (crew.size - self.crews[index].free) as usize;
            let jobs = jobs.count();
            assert_eq!(busy, jobs.min(crew.size as usize), "crew {index} with {jobs} jobs");
        }
    }

    fn input_is_up(&self, input: Input) -> bool {
        match input {
            Input::Unit(unit) => self.is_up(unit),
            Input::Gate(gate) => self.gate_is_up(gate),
            Input::Leader(leader) => self.leads(leader),
        }
    }

    /// Whether a member leads this service.
    pub(crate) fn leads(&self, leader: LeaderId) -> bool {
        matches!(self.leaders[leader.index()], LeaderState::Serving(_))
    }
}
