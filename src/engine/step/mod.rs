//! What an event does to the state: the one transition function.
//!
//! Here is what happens to units; [`jobs`] has repairs, starts and who does them, [`rosters`] who
//! serves and who stands by, [`watches`] what follows gates, [`causes`] what strikes, [`data`] what
//! becomes of copies of data, [`volumes`] what becomes of those of volumes, [`memory`] who must go where it is
//! short.

mod causes;
mod data;
mod jobs;
mod memory;
mod placing;
mod platform;
mod rosters;
mod script;
mod volumes;
mod watches;

pub use data::DataChooser;
pub use platform::PlatformChooser;

use super::event::Event;
use super::state::{ModeState, Phase, State};
use crate::model::{
    ClockId, CrewId, DragId, JobId, LaneId, MaskId, Model, PlanId, QueueId, Repair, SeatId,
    ShockId, SpareId, Stage, UnitId,
};
use crate::units::SimSpan;

/// Which way a seat is filled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// As designed.
    Failover,
    /// By somebody who notices that the failover has not begun.
    Uncovered,
    /// Back to the preferred member.
    Failback,
}

/// Something that happens or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    /// A point of a clock that does not run at its top pace counts.
    Strike(ClockId),
    /// A common cause strikes at all.
    Shock(ShockId),
    /// A common cause strikes this one.
    Hit(ShockId, ClockId),
    /// A failure drags others along.
    Burst(ClockId),
    /// A failover begins.
    Covered(SeatId),
    /// Planned work, which the first of these stands for, comes to nothing, which the second does.
    Work(ClockId, ClockId),
}

/// Decides when what begins here will end: by luck in a simulation, by enumeration in a solver.
pub trait Chooser: DataChooser + PlatformChooser {
    /// A failure counts, of itself or because something else has set it off; the repair that follows belongs to it.
    fn fails(&mut self, clock: ClockId, of_itself: bool);
    /// Which named branch the repair of the failure takes that has just counted.
    fn branch(&mut self, clock: ClockId) -> u8;
    /// A unit begins to start, once more.
    fn start_begins(&mut self, unit: UnitId);
    /// The time that a stage of a job takes begins to run; `stage` is its number, and `crew` whoever does
    /// it, its own crew or another that it has gone to.
    fn work_begins(&mut self, job: JobId, spec: &Stage, stage: u32, crew: Option<CrewId>);
    /// Work on a job ends before it is through, for good.
    fn work_is_cut_short(&mut self, job: JobId);
    /// Work of a crew on a job is put aside.
    fn work_pauses(&mut self, job: JobId, crew: CrewId);
    /// Work of a crew on a job goes on where it was put aside.
    fn work_resumes(&mut self, job: JobId, crew: CrewId);
    /// A crew is asked to do a stage of a job, and others will be called if nobody answers.
    fn answer_is_awaited(&mut self, job: JobId, stage: u32, crew: CrewId);
    /// Nobody else will be called any more.
    fn answer_is_not_awaited(&mut self, job: JobId);
    /// Somebody turns to a line of jobs.
    fn answer_begins(&mut self, queue: QueueId);
    /// Nobody turns to a line of jobs any more.
    fn answer_is_called_off(&mut self, queue: QueueId);
    /// A spare part was taken and another one is ordered.
    fn spare_is_ordered(&mut self, spare: SpareId);
    /// Whether a crew may begin something now.
    fn is_open(&mut self, crew: CrewId) -> bool;
    /// A crew must be woken up when its hours begin.
    fn opening_is_awaited(&mut self, crew: CrewId);
    /// A failover begins.
    fn switch_begins(&mut self, seat: SeatId, switch: Switch);
    /// A failover ends before it is through.
    fn switch_is_called_off(&mut self, seat: SeatId);
    /// An aging clock is new again; it stands still until it resumes.
    fn clock_renews(&mut self, clock: ClockId);
    /// An aging clock stands still.
    fn clock_pauses(&mut self, clock: ClockId);
    /// An aging clock goes on, at this pace.
    fn clock_resumes(&mut self, clock: ClockId, pace: f64);
    /// The time that is hidden begins to run.
    fn mask_begins(&mut self, mask: MaskId);
    /// All was over before it showed.
    fn mask_ends(&mut self, mask: MaskId);
    /// A failure that another one has set off is on its way.
    fn drag_begins(&mut self, drag: DragId, within: f64);
    /// Whether work on a unit of a plan may begin now.
    fn plan_is_open(&mut self, plan: PlanId) -> bool;
    /// One of those who work on a plan goes on when work may begin again.
    fn plan_opening_is_awaited(&mut self, lane: LaneId);
    /// One of those who work on a plan goes on after so long.
    fn plan_pauses(&mut self, lane: LaneId, gap: SimSpan);
    /// A plan begins anew at its next time, and nobody works on it until then.
    fn plan_sleeps(&mut self, plan: PlanId);
    /// Whether something happens that has this probability.
    fn happens(&mut self, chance: Chance, probability: f64) -> bool;
    /// Which of so many come next: the number of one of them, all as likely.
    fn picks(&mut self, clock: ClockId, number: u32, among: usize) -> usize;
}

/// Works out the consequences of one event; journeys are read only after the last event of its
/// instant.
#[inline]
pub fn step(model: &Model, state: &mut State, event: Event, chooser: &mut impl Chooser) {
    let mut life = Step { model, state, chooser };
    match event {
        Event::Restore(clock) => life.repaired(clock),
        Event::Start(unit) => life.started(unit),
        Event::Pod(pod) => life.pod_is_due(pod),
        Event::Volume(volume) => life.volume_is_due(volume),
        Event::Rebuild(copy) => life.rebuild_goes_on(copy),
        Event::Failover(seat) => life.switched(seat),
        Event::Expire(mask) => life.shows(mask),
        Event::Open(crew) => life.serve(crew),
        Event::Answer(queue) => life.answered(queue),
        Event::Escalate(job) => life.escalated(job),
        Event::Arrive(spare) => life.arrived(spare),
        Event::Defect(copy) => life.defect_turns(copy),
        Event::Node(node) => life.node_is_lost(node),
        Event::Memory(node) => life.looks_at_memory(node),
        Event::Fail(clock) => life.fail(clock),
        Event::Shock(shock) => life.shock(shock),
        Event::Drag(drag) => life.drag(drag),
        Event::Delete(class) => life.deleted(class),
        Event::Plan(lane) => life.plan_is_due(lane),
        Event::Patience(node) => life.is_drained(node),
        Event::Rollout(rollout) => life.rollouts_begin(rollout),
        Event::Act(act) => life.act(act),
    }
    if !life.state.pending_watches.is_empty() {
        life.heed_watches();
    }
    if life.state.platform.is_touched {
        life.reconcile();
    }
    if life.state.data.has_turned() {
        life.sources_have_turned();
    }
}

/// Places what controllers place, when a life begins.
pub(super) fn begin(model: &Model, state: &mut State, chooser: &mut impl Chooser) {
    if !model.platform.pods.is_empty() {
        Step { model, state, chooser }.place_all();
    }
}

/// Takes nodes away for good, and places what was on them elsewhere, as far as it can be.
pub(super) fn lose_nodes(
    model: &Model,
    state: &mut State,
    chooser: &mut impl Chooser,
    lost: &[UnitId],
) {
    let mut life = Step { model, state, chooser };
    for node in lost.iter().filter_map(|unit| model.units[unit.index()].extras().node) {
        life.lose_for_good(node);
    }
    life.state.platform.is_touched = true;
    life.reconcile();
    // Whoever must make room is gone at once.
    while life.ends_at_once() {
        life.reconcile();
    }
}

struct Step<'a, C> {
    model: &'a Model,
    state: &'a mut State,
    chooser: &'a mut C,
}

impl<C: Chooser> Step<'_, C> {
    /// A failure mode becomes active, or a process ends and starts again.
    #[inline]
    fn strike(&mut self, clock: ClockId, of_itself: bool) {
        let model = self.model;
        let mode = &model.clocks[clock.index()];
        if let Repair::Restart = mode.repair {
            self.restart(mode.unit, clock, of_itself);
            return;
        }
        self.state.events += 1;
        self.chooser.fails(clock, of_itself);
        if mode.has_branches && self.state.root.clock == clock {
            self.state.root.branch = self.chooser.branch(clock);
        }
        self.state.modes[clock.index()] = ModeState { is_active: true, root: self.state.root };
        self.fault_appears(mode.unit);
        if mode.takes_data {
            self.takes_data(clock);
        }
        if let Repair::After(task) = mode.repair {
            self.begin(model.repair_job(clock), task);
        }
    }

    /// A process ends and its start alone brings it back.
    #[inline]
    fn restart(&mut self, unit: UnitId, clock: ClockId, of_itself: bool) {
        let model = self.model;
        let phase = self.state.units[unit.index()].phase;
        debug_assert!(phase != Phase::Down, "what does not run cannot end");
        self.state.events += 1;
        self.chooser.fails(clock, of_itself);
        if model.units[unit.index()].extras().backs_off {
            self.chooser.container_ends(unit);
        }
        if !model.units[unit.index()].renews_on_start
            && model.aging_clocks.of(unit.index()).contains(&clock)
        {
            self.chooser.clock_renews(clock);
        }
        self.state.units[unit.index()].phase = Phase::Down;
        match phase {
            Phase::Up => self.goes_down(unit),
            Phase::Starting => self.cut_short(model.start_job(unit)),
            Phase::Held | Phase::Down => {}
        }
        if model.clocks[clock.index()].takes_data {
            self.takes_data(clock);
        }
        self.start(unit);
    }

    /// A failure mode is over.
    #[inline]
    fn restore(&mut self, clock: ClockId) {
        let model = self.model;
        let mode = &model.clocks[clock.index()];
        self.state.events += 1;
        self.state.modes[clock.index()].is_active = false;
        if model.units[mode.unit.index()].ages {
            let aging = model.aging_clocks.of(mode.unit.index());
            for clock in [Some(clock), mode.extras().also_renews].into_iter().flatten() {
                if aging.contains(&clock) {
                    self.chooser.clock_renews(clock);
                }
            }
        }
        self.state.root = self.state.modes[clock.index()].root;
        self.fault_disappears(mode.unit);
        if let Some(plan) = mode.extras().plan {
            if let (Some(_), Some(node)) =
                (model.plans[plan.index()].drains, model.units[mode.unit.index()].extras().node)
            {
                self.work_is_over(node);
            }
            self.work_is_done(plan, clock);
        }
    }

    /// A unit has one more reason not to be up.
    #[inline]
    fn fault_appears(&mut self, unit: UnitId) {
        let model = self.model;
        let state = &mut self.state.units[unit.index()];
        state.faults += 1;
        match std::mem::replace(&mut state.phase, Phase::Down) {
            Phase::Up => self.goes_down(unit),
            Phase::Starting => self.cut_short(model.start_job(unit)),
            Phase::Held | Phase::Down => {}
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
        let model = self.model;
        let spec = &model.units[unit.index()];
        if let Some(gate) = spec.extras().starts_with
            && !self.state.gate_is_up(gate)
        {
            self.state.units[unit.index()].phase = Phase::Held;
        } else if let Some(task) = spec.start {
            self.state.units[unit.index()].phase = Phase::Starting;
            self.chooser.start_begins(unit);
            self.begin(model.start_job(unit), task);
        } else {
            self.comes_up(unit);
        }
    }

    /// A unit that was up is not any more.
    #[inline]
    fn goes_down(&mut self, unit: UnitId) {
        let model = self.model;
        self.state.units[unit.index()].root = self.state.root;
        let spec = &model.units[unit.index()];
        if spec.concerns_only_copies {
            self.state.fallen += 1;
            self.copies_leave(unit);
            return;
        }
        self.state.input_falls(model, model.unit_gates.of(unit.index()));
        if spec.concerns_only_gates {
            return;
        }
        for &clock in model.aging_clocks.of(unit.index()) {
            self.chooser.clock_pauses(clock);
        }
        if let Some(load) = spec.extras().load {
            self.state.load_up[load.index()] -= 1;
            self.load_shifts(load);
        }
        self.copies_leave(unit);
        for &guest in model.guests.of(unit.index()) {
            self.fault_appears(guest);
        }
        if let Some(node) = spec.extras().node {
            self.node_falls(node);
        }
        let is_noticed = !model.clocks[self.state.root.clock.index()].is_grey;
        for &roster in model.unit_rosters.of(unit.index()) {
            self.member_falls(roster, unit, is_noticed);
        }
    }

    /// A unit is up again.
    #[inline]
    fn comes_up(&mut self, unit: UnitId) {
        let model = self.model;
        self.state.units[unit.index()].phase = Phase::Up;
        let spec = &model.units[unit.index()];
        if spec.concerns_only_copies {
            self.state.fallen -= 1;
            self.copies_return(unit);
            return;
        }
        self.state.input_rises(model, model.unit_gates.of(unit.index()));
        if spec.concerns_only_gates {
            return;
        }
        for &clock in model.aging_clocks.of(unit.index()) {
            if spec.renews_on_start {
                self.chooser.clock_renews(clock);
            }
            self.chooser.clock_resumes(clock, self.state.paces[unit.index()]);
        }
        if let Some(load) = spec.extras().load {
            self.state.load_up[load.index()] += 1;
            self.load_shifts(load);
        }
        self.copies_return(unit);
        for &guest in model.guests.of(unit.index()) {
            self.fault_disappears(guest);
        }
        if spec.extras().is_managed() {
            self.managed_rises(unit);
        }
        for &roster in model.unit_rosters.of(unit.index()) {
            if self.state.seat_of[unit.index()].is_none() && self.state.is_up(unit) {
                self.member_rises(roster, unit);
            }
        }
    }

    /// A unit is up with which a platform has to do.
    fn managed_rises(&mut self, unit: UnitId) {
        let extras = self.model.units[unit.index()].extras();
        if let Some(node) = extras.node {
            self.node_rises(node);
        }
        if extras.backs_off {
            self.chooser.container_runs(unit);
        }
        for &clock in &extras.overloads {
            if let Some((gate, _)) = self.model.clocks[clock.index()].extras().overload
                && !self.state.gate_is_up(gate)
            {
                self.is_overloaded(clock);
            }
        }
        if let Some(pod) = extras.pod {
            // A drain or a rollout may have waited for it.
            let cluster = self.model.platform.workload_of(pod).cluster;
            let is_awaited = self.state.platform.clusters[cluster.index()].busy > 0;
            self.state.platform.is_touched |= is_awaited;
        }
    }
}
