//! The present of a life.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use super::data::DataState;
use super::platform::PlatformState;
use super::step::Switch;
use crate::model::{
    ClockId, CopyId, CrewId, DataId, GateId, Input, JobId, JourneyId, Model, QueueId, Repair,
    RosterId, SeatId, UnitId, Watch, WatchId,
};

/// Everything about the present of one life, in flat arrays: what is broken, what is up, who serves,
/// who works on what.
#[derive(Clone, Debug)]
pub struct State {
    /// The present of each failure mode.
    pub(crate) modes: Vec<ModeState>,
    pub(crate) units: Vec<UnitState>,
    /// How fast the clocks of each unit run while it is up; kept for units that are paced.
    pub(crate) paces: Vec<f64>,
    /// How many inputs more than needed each gate has up; below zero it is down.
    pub(crate) slack: Vec<i32>,
    /// How many inputs each gate needs of which a script changes that.
    needed: Vec<u32>,
    /// How many units, seats and masks are not up: at zero every gate has all of its inputs.
    pub(crate) fallen: u32,
    /// Who serves on each seat, if anybody does.
    pub(crate) seats: Vec<SeatState>,
    /// What emptied each seat last.
    pub(crate) seat_roots: Vec<Root>,
    /// The seat of each unit that serves on one.
    pub(crate) seat_of: Vec<Option<SeatId>>,
    /// Whether what each mask hides shows, and what took it down.
    pub(crate) masks: Vec<MaskState>,
    /// Whether each gate that is watched was up when it was last looked at.
    pub(crate) watched_up: Vec<bool>,
    /// How many of those that share each load are up.
    pub(crate) load_up: Vec<u32>,
    /// What set off each failure that is yet to come.
    pub(crate) drag_roots: Vec<Root>,
    pub(crate) plans: Vec<PlanState>,
    pub(crate) lanes: Vec<LaneState>,
    /// How many of each crew are free.
    pub(crate) free: Vec<u32>,
    pub(crate) queues: Vec<QueueState>,
    /// Whether each spare part has been used and another one is on the way.
    pub(crate) is_ordered: Vec<bool>,
    pub(crate) jobs: Vec<JobState>,
    /// The crew that each job has gone to instead of its own; kept only where crews escalate.
    pub(crate) handed_to: Vec<Option<CrewId>>,
    pub(crate) data: DataState,
    pub(crate) platform: PlatformState,
    pub(crate) journeys: Vec<JourneyState>,
    /// Journeys that may have changed at this instant.
    pub(crate) touched: Vec<JourneyId>,
    /// What started what is being worked out.
    pub(crate) root: Root,
    /// Changes of state so far: every failure, restoration, start and failover.
    pub(crate) events: u64,
    /// Failures that have passed unfelt.
    pub(crate) passed: u64,
    /// Gates whose change has not yet reached the gates above them.
    pending_gates: Vec<GateId>,
    /// Watched gates that may have changed.
    pub(crate) pending_watches: Vec<WatchId>,
    /// Room to choose from.
    pub(crate) candidates: Vec<ClockId>,
}

/// The present of one failure mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(16))]
pub(crate) struct ModeState {
    pub(crate) is_active: bool,
    /// What it is the consequence of, while it is active: itself, as a rule.
    pub(crate) root: Root,
}

impl ModeState {
    const OVER: ModeState = ModeState { is_active: false, root: Root::NOTHING };
}

/// The present of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(16))]
pub(crate) struct UnitState {
    /// Its active failure modes, the units below it that are not up, and the gates that it crashes
    /// with that are not.
    pub(crate) faults: u32,
    pub(crate) phase: Phase,
    /// Whether its service is down and nothing of it ages.
    pub(crate) is_suspended: bool,
    /// What took it down last.
    pub(crate) root: Root,
}

impl UnitState {
    const UP: UnitState =
        UnitState { faults: 0, phase: Phase::Up, is_suspended: false, root: Root::NOTHING };
}

/// Whether a unit does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Up,
    Starting,
    /// Nothing keeps it down, and what it needs to start is not there.
    Held,
    Down,
}

/// What a unit that is not up waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something keeps it down.
    Down,
    /// Its start, or what it needs for that.
    Starting,
    /// A stage of its start that people do.
    Sealed,
}

/// What started a chain of consequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Root {
    /// The failure mode of a unit.
    pub clock: ClockId,
    /// Which branch of its repair it takes, where that is a mixture with named branches; else 0.
    pub branch: u8,
    /// Whether somebody meant it to happen.
    pub is_planned: bool,
}

impl Root {
    pub(crate) const NOTHING: Root =
        Root { clock: ClockId::from_index(0), branch: 0, is_planned: false };
    /// Somebody has deleted data by mistake, which is no failure mode of any unit.
    pub const DELETION: Root =
        Root { clock: ClockId::from_index(u32::MAX), branch: 0, is_planned: false };
    /// Copies went bad by themselves, of which none was lost with a unit.
    pub const DEFECT: Root =
        Root { clock: ClockId::from_index(u32::MAX - 1), branch: 0, is_planned: false };
}

/// The present of one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatState {
    /// This member serves.
    Serving(UnitId),
    /// A failover is under way.
    Switching,
    /// There is a member to take over, and what this switch needs is down.
    Stuck(Switch),
    /// Nobody has noticed that this member was lost; all waits until it is back.
    Uncovered(UnitId),
    /// No member is left for it.
    Vacant,
}

/// The present of one mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaskState {
    /// Whether it has been down for longer than is hidden.
    pub(crate) has_expired: bool,
    /// What took it down.
    pub(crate) root: Root,
}

/// The present of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlanState {
    /// Whether a round goes on.
    pub(crate) is_on: bool,
    /// Which unit is taken next.
    pub(crate) next: u32,
    /// How many have been taken and are not done.
    pub(crate) taken: u32,
}

impl PlanState {
    const IDLE: PlanState = PlanState { is_on: false, next: 0, taken: 0 };
}

/// The present of one of those who work on a plan at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneState {
    /// Which unit it has taken, if it has any.
    pub(crate) place: Option<u32>,
    /// Whether the next unit waits for what must be up.
    pub(crate) waits: bool,
    /// Whether it waits until the unit that it has taken, a node, is empty.
    pub(crate) drains: bool,
}

impl LaneState {
    const IDLE: LaneState = LaneState { place: None, waits: false, drains: false };
}

/// The present of one line of jobs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueState {
    pub(crate) first: Option<JobId>,
    pub(crate) last: Option<JobId>,
    /// Whether somebody is on the way to it: only where lines race one another.
    pub(crate) is_answered: bool,
}

/// The present of one job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobState {
    pub(crate) stage: u32,
    pub(crate) progress: Progress,
    /// Its neighbours in the line that it waits in.
    pub(crate) previous: Option<JobId>,
    pub(crate) next: Option<JobId>,
}

/// How a stage of a job stands with its crew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has none, or needs none.
    Free,
    Waiting,
    Working,
    /// Somebody had begun and was called away.
    PutAside,
}

/// The present of one journey.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JourneyState {
    /// Now, in the middle of an instant.
    pub(crate) is_up: bool,
    /// At the end of the last instant, as observers know it.
    pub(crate) was_up: bool,
    /// What took it down last.
    pub(crate) cause: Root,
    /// What it waited for last.
    pub(crate) ended_by: Root,
}

impl State {
    /// The state of a model at the beginning of a life.
    pub(crate) fn new(model: &Model) -> State {
        let jobs = model.clocks.len() + model.units.len();
        let up = UnitState::UP;
        let idle = JobState { stage: 0, progress: Progress::Free, previous: None, next: None };
        let journey = JourneyState {
            is_up: true,
            was_up: true,
            cause: Root::NOTHING,
            ended_by: Root::NOTHING,
        };
        let mut state = State {
            modes: vec![ModeState::OVER; model.clocks.len()],
            units: vec![up; model.units.len()],
            paces: vec![1.0; model.units.len()],
            slack: vec![0; model.gates.len()],
            needed: vec![0; model.demands.len()],
            fallen: 0,
            seats: vec![SeatState::Vacant; model.seats.len()],
            seat_roots: vec![Root::NOTHING; model.seats.len()],
            seat_of: vec![None; model.units.len()],
            masks: vec![MaskState { has_expired: false, root: Root::NOTHING }; model.masks.len()],
            watched_up: vec![true; model.watches.len()],
            load_up: vec![0; model.loads.len()],
            drag_roots: vec![Root::NOTHING; model.drags.len()],
            plans: vec![PlanState::IDLE; model.plans.len()],
            lanes: vec![LaneState::IDLE; model.lanes.len()],
            free: vec![0; model.crews.len()],
            queues: vec![
                QueueState { first: None, last: None, is_answered: false };
                model.queues.len()
            ],
            is_ordered: vec![false; model.spares.len()],
            jobs: vec![idle; jobs],
            handed_to: vec![None; model.escalation_timers()],
            data: DataState::new(&model.data),
            platform: PlatformState::new(&model.platform),
            journeys: vec![journey; model.journeys.len()],
            touched: Vec::with_capacity(2 * model.journeys.len()),
            root: Root::NOTHING,
            events: 0,
            passed: 0,
            pending_gates: Vec::with_capacity(model.gates.len()),
            pending_watches: Vec::with_capacity(2 * model.watches.len()),
            candidates: Vec::new(),
        };
        state.begin(model);
        state
    }

    /// Goes back to the beginning: everything up, new and idle.
    pub(crate) fn begin(&mut self, model: &Model) {
        self.modes.fill(ModeState::OVER);
        self.units.fill(UnitState::UP);
        for (slack, gate) in self.slack.iter_mut().zip(&model.gates) {
            *slack = gate.spare as i32;
        }
        for (needed, gate) in self.needed.iter_mut().zip(&model.demands) {
            *needed = model.gates[gate.index()].needed;
        }
        self.seat_of.fill(None);
        for roster in &model.rosters {
            // A spare of several services serves none of them yet.
            for (seat, &member) in roster.seats().zip(&roster.members) {
                self.seats[seat.index()] = SeatState::Serving(member);
                self.seat_of[member.index()] = Some(seat);
            }
        }
        self.masks.fill(MaskState { has_expired: false, root: Root::NOTHING });
        self.watched_up.fill(true);
        for (up, load) in self.load_up.iter_mut().zip(&model.loads) {
            *up = load.members.len() as u32;
        }
        for (index, unit) in model.units.iter().enumerate().filter(|(_, unit)| unit.is_paced) {
            self.paces[index] = self.pace(model, unit, UnitId::new(index));
        }
        self.plans.fill(PlanState::IDLE);
        self.lanes.fill(LaneState::IDLE);
        for (free, crew) in self.free.iter_mut().zip(&model.crews) {
            *free = crew.size;
        }
        self.queues.fill(QueueState { first: None, last: None, is_answered: false });
        self.jobs.fill(JobState { stage: 0, progress: Progress::Free, previous: None, next: None });
        self.handed_to.fill(None);
        self.is_ordered.fill(false);
        self.data.begin();
        self.platform.begin(&model.platform);
        for journey in &mut self.journeys {
            (journey.is_up, journey.was_up) = (true, true);
        }
        self.touched.clear();
        self.pending_watches.clear();
        (self.fallen, self.events, self.passed) = (0, 0, 0);
    }

    /// Reads what failures of these clocks will need, so that memory is waited for once and not for each of
    /// them in turn; changes nothing.
    pub(super) fn look_at(&self, model: &Model, clocks: impl Iterator<Item = ClockId> + Clone) {
        for clock in clocks.clone() {
            black_box((self.is_active(clock), model.clocks[clock.index()].unit));
        }
        for clock in clocks {
            let unit = model.clocks[clock.index()].unit.index();
            black_box((self.units[unit].faults, model.units[unit].name));
            black_box(model.unit_gates.of(unit).first());
        }
    }

    /// A unit that nothing stands on has been down for a while, by a failure mode that is active or
    /// has ended its process; its gates know.
    pub(super) fn has_fallen(&mut self, root: Root, unit: UnitId, is_active: bool) {
        self.fallen += 1;
        let state = &mut self.units[unit.index()];
        state.root = root;
        if is_active {
            self.modes[root.clock.index()] = ModeState { is_active, root };
            (state.faults, state.phase) = (1, Phase::Down);
        } else {
            state.phase = Phase::Starting;
        }
    }

    /// What stands on a unit that has been down for a while, and only holds copies of data that were
    /// all there, has been down with it.
    pub(super) fn guests_have_fallen(&mut self, model: &Model, host: UnitId) {
        let root = self.units[host.index()].root;
        for guest in model.guests.of(host.index()) {
            let state = &mut self.units[guest.index()];
            state.faults += 1;
            if std::mem::replace(&mut state.phase, Phase::Down) == Phase::Up {
                state.root = root;
                self.fallen += 1;
                for &copy in model.data.on_unit.of(guest.index()) {
                    self.copy_leaves(model, copy);
                }
            }
        }
    }

    /// A copy of data cannot be read any more.
    #[inline]
    pub(super) fn copy_leaves(&mut self, model: &Model, copy: CopyId) {
        if self.data.leaves(&model.data, copy)
            && let Some(gate) = model.data.holding_of(copy).1.gate
        {
            self.slack[gate.index()] -= 1;
            self.fallen += 1;
        }
    }

    /// A copy of data can be read again.
    #[inline]
    pub(super) fn copy_returns(&mut self, model: &Model, copy: CopyId) {
        if self.data.returns(&model.data, copy)
            && let Some(gate) = model.data.holding_of(copy).1.gate
        {
            self.slack[gate.index()] += 1;
            self.fallen -= 1;
        }
    }

    /// Whether a unit is up.
    #[inline]
    pub fn is_up(&self, unit: UnitId) -> bool {
        self.units[unit.index()].phase == Phase::Up
    }

    /// What took a unit down last.
    pub fn what_took_down(&self, unit: UnitId) -> Root {
        self.units[unit.index()].root
    }

    /// What a unit that is not up waits for.
    pub fn standing(&self, model: &Model, unit: UnitId) -> Standing {
        match self.units[unit.index()].phase {
            Phase::Up | Phase::Down => Standing::Down,
            Phase::Held => Standing::Starting,
            Phase::Starting => {
                let job = model.start_job(unit);
                match model.stage(job, self.jobs[job.index()].stage).crew {
                    Some(_) => Standing::Sealed,
                    None => Standing::Starting,
                }
            }
        }
    }

    /// Whether a gate is up.
    #[inline]
    pub(crate) fn gate_is_up(&self, gate: GateId) -> bool {
        self.slack[gate.index()] >= 0
    }

    /// How fast the clocks of a unit run while it is up.
    pub(crate) fn pace(&self, model: &Model, unit: &crate::model::Unit, id: UnitId) -> f64 {
        let load = unit.extras().load.map_or(1.0, |load| {
            model.loads[load.index()].factors[self.load_up[load.index()] as usize]
        });
        let standby = if self.seat_of[id.index()].is_some() { 1.0 } else { unit.extras().dormancy };
        if self.units[id.index()].is_suspended { 0.0 } else { load * standby }
    }

    /// A unit, a seat or a mask, which is an input of these gates, went down; so do the gates that had none to spare.
    #[inline]
    pub(crate) fn input_falls(&mut self, model: &Model, gates: &[GateId]) {
        self.fallen += 1;
        for &gate in gates {
            self.slack[gate.index()] -= 1;
            if self.slack[gate.index()] == -1 {
                self.pending_gates.push(gate);
            }
        }
        self.gates_fall(model);
    }

    /// Gates that have just lost the last input that they could spare go down, and those above them.
    #[inline]
    fn gates_fall(&mut self, model: &Model) {
        while let Some(gate) = self.pending_gates.pop() {
            self.gate_turns(model, gate, false);
            for &parent in model.gate_parents.of(gate.index()) {
                self.slack[parent.index()] -= 1;
                if self.slack[parent.index()] == -1 {
                    self.pending_gates.push(parent);
                }
            }
        }
    }

    /// A unit, a seat or a mask, which is an input of these gates, came up; so do the gates that lacked just this one.
    #[inline]
    pub(crate) fn input_rises(&mut self, model: &Model, gates: &[GateId]) {
        self.fallen -= 1;
        for &gate in gates {
            self.slack[gate.index()] += 1;
            if self.slack[gate.index()] == 0 {
                self.pending_gates.push(gate);
            }
        }
        self.gates_rise(model);
    }

    /// Gates that have just got what they lacked come up, and those above them.
    #[inline]
    fn gates_rise(&mut self, model: &Model) {
        while let Some(gate) = self.pending_gates.pop() {
            self.gate_turns(model, gate, true);
            for &parent in model.gate_parents.of(gate.index()) {
                self.slack[parent.index()] += 1;
                if self.slack[parent.index()] == 0 {
                    self.pending_gates.push(parent);
                }
            }
        }
    }

    /// A gate needs another number of inputs from now on.
    pub(super) fn demand_changes(&mut self, model: &Model, demand: usize, needed: u32) {
        let gate = model.demands[demand];
        let before = std::mem::replace(&mut self.needed[demand], needed);
        let was_up = self.gate_is_up(gate);
        self.slack[gate.index()] += before as i32 - needed as i32;
        match (was_up, self.gate_is_up(gate)) {
            (true, false) => {
                self.pending_gates.push(gate);
                self.gates_fall(model);
            }
            (false, true) => {
                self.pending_gates.push(gate);
                self.gates_rise(model);
            }
            _ => {}
        }
    }

    #[inline]
    fn gate_turns(&mut self, model: &Model, gate: GateId, is_up: bool) {
        for &journey in model.gate_journeys.of(gate.index()) {
            let state = &mut self.journeys[journey.index()];
            state.is_up = is_up;
            if is_up {
                state.ended_by = self.root;
            } else {
                state.cause = self.root;
            }
            self.touched.push(journey);
        }
        if !model.watches.is_empty() {
            self.pending_watches.extend(model.gate_watches.of(gate.index()));
        }
    }

    /// Whether a failure mode is active.
    pub(crate) fn is_active(&self, clock: ClockId) -> bool {
        self.modes[clock.index()].is_active
    }

    /// Whether a failure mode is not active, and its clock runs. A process that does not run cannot
    /// end.
    #[inline]
    pub(crate) fn can_strike(&self, model: &Model, clock: ClockId) -> bool {
        let mode = &model.clocks[clock.index()];
        if !mode.always {
            return !self.is_active(clock) && self.is_up(mode.unit);
        }
        match mode.repair {
            Repair::Restart => self.units[mode.unit.index()].phase != Phase::Down,
            _ => !self.is_active(clock),
        }
    }

    /// Who serves on each seat.
    pub(crate) fn serving(&self) -> Vec<Option<UnitId>> {
        let serving = |seat: &SeatState| match seat {
            SeatState::Serving(unit) => Some(*unit),
            _ => None,
        };
        self.seats.iter().map(serving).collect()
    }

    /// The crew that works on a job now.
    pub(crate) fn crew_at_work(&self, model: &Model, job: JobId) -> Option<CrewId> {
        let state = self.jobs[job.index()];
        if state.progress != Progress::Working {
            return None;
        }
        Some(self.crew_now(job, model.stage(job, state.stage).crew?))
    }

    /// Who is to do the present stage of a job, which is for this crew unless it has gone to another.
    pub(crate) fn crew_now(&self, job: JobId, own: CrewId) -> CrewId {
        self.handed_to.get(job.index()).copied().flatten().unwrap_or(own)
    }

    /// Checks what is kept up to date against what is computed from scratch; true, so that it can
    /// stand in an assertion.
    ///
    /// # Panics
    ///
    /// If they differ: the engine has a bug.
    pub(super) fn is_as_computed(&self, model: &Model) -> bool {
        // Looking at everything after every event takes hours in a system with more.
        const MOST_UNITS: usize = 1_000;
        if model.units.len() > MOST_UNITS {
            return true;
        }
        let mut faults = vec![0; model.units.len()];
        for ((_, watch), is_up) in model.watches.iter().zip(&self.watched_up) {
            match watch {
                Watch::Crash(units) if !is_up => {
                    units.iter().for_each(|unit| faults[unit.index()] += 1);
                }
                _ => {}
            }
        }
        for (index, unit) in self.units.iter().enumerate() {
            let modes = model.unit_clocks.of(index).iter();
            let broken = modes.filter(|clock| self.is_active(**clock)).count();
            let hosts = model.hosts.of(index).iter();
            let hosts_down = hosts.filter(|host| !self.is_up(**host)).count();
            let is_absent =
                model.units[index].extras().pod.is_some_and(|pod| !self.platform.is_present(pod));
            let faults = faults[index] + broken + hosts_down + usize::from(is_absent);
            assert_eq!(unit.faults as usize, faults, "faults of unit {index}");
            assert_eq!(unit.faults > 0, unit.phase == Phase::Down, "phase of unit {index}");
            let spec = &model.units[index];
            let can_start = spec.extras().starts_with.is_none_or(|gate| self.gate_is_up(gate));
            match unit.phase {
                Phase::Held => assert!(!can_start, "unit {index} waits for nothing"),
                Phase::Starting => assert!(can_start, "unit {index} starts without its needs"),
                Phase::Up | Phase::Down => {}
            }
            if spec.is_paced && unit.phase == Phase::Up {
                let pace = self.pace(model, spec, UnitId::new(index));
                assert_eq!(self.paces[index], pace, "pace of unit {index}");
            }
        }
        let mut slack: Vec<i32> = Vec::new();
        for gate in &model.gates {
            let down = gate.inputs.iter().filter(|input| !self.input_is_up(**input)).count();
            slack.push(gate.inputs.len() as i32 - gate.needed as i32 - down as i32);
        }
        for (gate, needed) in model.demands.iter().zip(&self.needed) {
            slack[gate.index()] += model.gates[gate.index()].needed as i32 - *needed as i32;
        }
        for (class, holding) in model.data.holdings.iter().enumerate() {
            if let Some(gate) = holding.gate {
                let places = self.data.away_places(DataId::new(class));
                slack[gate.index()] = model.gates[gate.index()].spare as i32 - places as i32;
            }
        }
        assert_eq!(self.slack, slack);
        for (journey, gate) in self.journeys.iter().zip(&model.journeys) {
            assert_eq!(journey.is_up, self.gate_is_up(*gate));
        }
        for (load, up) in model.loads.iter().zip(&self.load_up) {
            let members = load.members.iter().filter(|member| self.is_up(**member));
            assert_eq!(*up as usize, members.count());
        }
        self.data.check(&model.data, |unit| self.is_up(unit));
        self.platform.check(model, |unit| self.is_up(unit));
        for roster in 0..model.rosters.len() {
            self.check_roster(model, RosterId::new(roster));
        }
        for crew in 0..model.crews.len() {
            self.check_crew(model, CrewId::new(crew));
        }
        true
    }

    fn check_roster(&self, model: &Model, id: RosterId) {
        let roster = &model.rosters[id.index()];
        let idle = self.idle_members(model, id).count();
        let is_claim = |seat: &SeatId| {
            matches!(self.seats[seat.index()], SeatState::Switching | SeatState::Stuck(_))
        };
        let claims = roster.seats().filter(is_claim).count();
        for seat in roster.seats() {
            match self.seats[seat.index()] {
                SeatState::Serving(member) => {
                    assert!(self.is_up(member) && roster.members.contains(&member));
                    assert_eq!(self.seat_of[member.index()], Some(seat));
                }
                SeatState::Switching | SeatState::Stuck(_) => {}
                SeatState::Uncovered(member) => assert!(!self.is_up(member)),
                SeatState::Vacant => assert_eq!(idle.saturating_sub(claims), 0, "roster {id:?}"),
            }
        }
        // A spare that several services share may be taken away while one of them switches.
        let shares = |member: &UnitId| model.unit_rosters.of(member.index()).len() > 1;
        assert!(claims <= idle || roster.members.iter().any(shares), "roster {id:?}");
    }

    fn check_crew(&self, model: &Model, id: CrewId) {
        let crew = &model.crews[id.index()];
        let on_the_way = |spare: u32| u32::from(self.is_ordered[spare as usize]);
        let mut busy: u32 = crew.spares.clone().map(on_the_way).sum();
        for (index, job) in self.jobs.iter().enumerate() {
            if job.progress != Progress::Working {
                continue;
            }
            if self.crew_at_work(model, JobId::new(index)) == Some(id) && crew.reorder.is_none() {
                busy += model.stage(JobId::new(index), job.stage).people;
            }
        }
        assert_eq!(crew.size - self.free[id.index()], busy, "crew {id:?}");
        for queue in crew.queues() {
            let mut length = 0;
            let mut job = self.queues[queue.index()].first;
            while let Some(id) = job {
                length += 1;
                assert!(length <= self.jobs.len(), "the line is a ring");
                let state = self.jobs[id.index()];
                assert!(matches!(state.progress, Progress::Waiting | Progress::PutAside));
                job = state.next;
            }
        }
    }

    pub(super) fn input_is_up(&self, input: Input) -> bool {
        match input {
            Input::Unit(unit) => self.is_up(unit),
            Input::Gate(gate) => self.gate_is_up(gate),
            Input::Seat(seat) => matches!(self.seats[seat.index()], SeatState::Serving(_)),
            Input::Mask(mask) => !self.masks[mask.index()].has_expired,
        }
    }

    /// Members that are up and serve on no seat, the preferred first.
    pub(crate) fn idle_members(
        &self,
        model: &Model,
        roster: RosterId,
    ) -> impl Iterator<Item = UnitId> {
        let members = model.rosters[roster.index()].members.iter().copied();
        members.filter(|member| self.is_up(*member) && self.seat_of[member.index()].is_none())
    }

    /// The line that a job waits in.
    pub(crate) fn queue_of(model: &Model, crew: CrewId, job: JobId) -> QueueId {
        let kind = model.clocks.get(job.index()).map_or(0, |clock| clock.extras().kind);
        let queues = &model.crews[crew.index()].queues;
        QueueId::from_index(queues.start + kind.min(queues.end - queues.start - 1))
    }
}
