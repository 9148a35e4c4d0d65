//! What comes next by enumeration, where a life has luck.

use super::NotMarkov;
use super::phases::{AT_ONCE, IDLE, Phases};
use crate::dist::Law;
use crate::engine::event::{Event, Slot, Slots};
use crate::engine::step::{Chance, Chooser, DataChooser, PlatformChooser, Switch};
use crate::model::{
    ActId, ClockId, Cone, CopyId, CrewId, DataId, DragId, JobId, LaneId, MaskId, Model, NodeId,
    PlanId, PodId, QueueId, RolloutId, Roster, SeatId, ShockId, SpareId, Stage, TimeToFailure,
    UnitId, VolumeId,
};
use crate::spec::{CatchUp, Discipline, Scrub, Speed};
use crate::units::{SimSpan, SimTime};

/// What is under way, phase by phase, and the choices by which the present step goes.
#[derive(Clone, Debug)]
pub(super) struct Enumerator<'m> {
    pub(super) model: &'m Model,
    pub(super) slots: Slots,
    pub(super) cone: &'m Cone,
    /// The class whose losses are asked for.
    pub(super) data: Option<DataId>,
    pub(super) phases: Phases,
    /// By slot: the phase that what is under way there is in.
    pub(super) timers: Vec<u32>,
    /// By clock that ages: the phase of its life.
    pub(super) ages: Vec<u32>,
    /// By job that was put aside: the phase in which that was.
    pub(super) put_aside: Vec<u32>,
    /// By copy whose rebuild was put aside: the phase in which that was.
    pub(super) rebuilds_put_aside: Vec<u32>,
    /// What has to happen before any time passes.
    pub(super) at_once: Vec<Slot>,
    /// What has begun in this step that takes a set time.
    pub(super) begun: Vec<Slot>,
    /// Of each choice of this step, which way it goes and how many there are.
    choices: Vec<(usize, usize)>,
    next_choice: usize,
    /// The probability of these choices.
    pub(super) weight: f64,
    /// Why there is no chain.
    pub(super) refusal: Option<NotMarkov>,
}

impl<'m> Enumerator<'m> {
    pub(super) fn new(model: &'m Model, cone: &'m Cone, data: Option<DataId>) -> Enumerator<'m> {
        Enumerator {
            model,
            slots: Slots::of(model),
            cone,
            data,
            phases: Phases::new(),
            timers: vec![IDLE; model.tie_ranks.len()],
            ages: vec![IDLE; model.clocks.len()],
            put_aside: vec![IDLE; model.clocks.len() + model.units.len()],
            rebuilds_put_aside: vec![IDLE; model.data.units.len()],
            at_once: Vec::new(),
            begun: Vec::new(),
            choices: Vec::new(),
            next_choice: 0,
            weight: 1.0,
            refusal: None,
        }
    }

    /// Goes back to where a step began, to take the same choices again as far as they are made.
    pub(super) fn rewind(&mut self) {
        self.next_choice = 0;
        self.begun.clear();
        self.weight = 1.0;
    }

    /// Makes the last choice another way that can still go another way; whether there is one.
    pub(super) fn chooses_anew(&mut self) -> bool {
        self.choices.truncate(self.next_choice);
        while let Some((way, ways)) = self.choices.pop() {
            if way + 1 < ways {
                self.choices.push((way + 1, ways));
                self.rewind();
                return true;
            }
        }
        self.rewind();
        false
    }

    /// One of so many ways, of these probabilities.
    fn choose(&mut self, ways: usize, probability: impl Fn(usize) -> f64) -> usize {
        if self.next_choice == self.choices.len() {
            self.choices.push((0, ways));
        }
        let (way, _) = self.choices[self.next_choice];
        self.next_choice += 1;
        self.weight *= probability(way);
        way
    }

    /// Whether something of this probability happens.
    fn chance(&mut self, probability: f64) -> bool {
        let of = |way: usize| if way == 0 { probability } else { 1.0 - probability };
        self.choose(2, of) == 0
    }

    /// One of so many, all as likely.
    fn any_of(&mut self, among: usize) -> usize {
        self.choose(among, |_| 1.0 / among as f64)
    }

    /// A common cause begins to age.
    pub(super) fn begin_shock(&mut self, shock: ShockId, law: &Law) {
        self.start(Event::Shock(shock), law, NotMarkov::Shock(shock));
    }

    fn refuse(&mut self, why: NotMarkov) {
        self.refusal.get_or_insert(why);
    }

    /// The phase with which a law begins; without phases the chain is refused.
    fn begin(&mut self, law: &Law, why: NotMarkov) -> u32 {
        let Some(begins) = self.phases.of(law) else {
            self.refuse(why);
            return IDLE;
        };
        match begins {
            [(_, phase)] => *phase,
            _ => {
                let begins = begins.to_vec();
                begins[self.choose(begins.len(), |way| begins[way].0)].1
            }
        }
    }

    pub(super) fn set(&mut self, event: Event, phase: u32) {
        self.enter(self.slots.slot(event), phase);
    }

    /// What is under way in a slot comes to another phase.
    pub(super) fn enter(&mut self, slot: Slot, phase: u32) {
        self.timers[slot as usize] = phase;
        if phase == AT_ONCE {
            self.at_once.push(slot);
        } else if self.phases.set_time(phase).is_some() {
            self.begun.push(slot);
        }
    }

    /// Whether what takes a set time in a slot has been under way since before this step.
    pub(super) fn goes_on(&self, slot: Slot) -> bool {
        self.phases.set_time(self.timers[slot as usize]).is_some() && !self.begun.contains(&slot)
    }

    fn start(&mut self, event: Event, law: &Law, why: NotMarkov) {
        let phase = self.begin(law, why);
        self.set(event, phase);
    }

    pub(super) fn cancel(&mut self, event: Event) -> u32 {
        let slot = self.slots.slot(event);
        std::mem::replace(&mut self.timers[slot as usize], IDLE)
    }

    fn end_of_stage(&self, job: JobId) -> Event {
        self.slots.event(job.index() as u32)
    }

    fn has_job(&self, job: JobId) -> bool {
        let clocks = self.model.clocks.len();
        let unit = match self.model.clocks.get(job.index()) {
            Some(clock) => clock.unit.index(),
            None => job.index() - clocks,
        };
        self.cone.units[unit]
    }

    fn of_job(&self, job: JobId) -> NotMarkov {
        match job.index().checked_sub(self.model.clocks.len()) {
            None => NotMarkov::Repair(ClockId::new(job.index())),
            Some(unit) => NotMarkov::Start(UnitId::new(unit)),
        }
    }

    fn has_clock(&self, clock: ClockId) -> bool {
        self.cone.units[self.model.clocks[clock.index()].unit.index()]
    }

    fn has_copy(&self, copy: CopyId) -> bool {
        Some(self.model.data.classes[copy.index()]) == self.data
    }

    /// The roster that a seat is of.
    fn roster(&self, seat: SeatId) -> &'m Roster {
        &self.model.rosters[self.model.seats[seat.index()].index()]
    }
}

impl Chooser for Enumerator<'_> {
    fn fails(&mut self, _: ClockId, _: bool) {}

    fn branch(&mut self, _: ClockId) -> u8 {
        0
    }

    fn start_begins(&mut self, _: UnitId) {}

    fn work_begins(&mut self, job: JobId, spec: &Stage, _: u32, crew: Option<CrewId>) {
        if !self.has_job(job) {
            return;
        }
        let crew = crew.map(|crew| &self.model.crews[crew.index()]);
        let response = crew.filter(|crew| crew.picks != Discipline::RandomKind);
        let why = self.of_job(job);
        match response.and_then(|crew| crew.response.clone()) {
            None => self.start(self.end_of_stage(job), &spec.law, why),
            Some(response) => {
                let law = Law::sum(vec![response, spec.law.clone()]);
                self.start(self.end_of_stage(job), &law, why);
            }
        }
    }

    fn work_is_cut_short(&mut self, job: JobId) {
        self.cancel(self.end_of_stage(job));
    }

    fn work_pauses(&mut self, job: JobId, _: CrewId) {
        let phase = self.cancel(self.end_of_stage(job));
        if self.phases.set_time(phase).is_some() {
            // How much of it is left is remembered.
            self.refuse(self.of_job(job));
        }
        self.put_aside[job.index()] = phase;
    }

    fn work_resumes(&mut self, job: JobId, _: CrewId) {
        let phase = std::mem::replace(&mut self.put_aside[job.index()], IDLE);
        self.set(self.end_of_stage(job), phase);
    }

    fn answer_is_awaited(&mut self, _: JobId, _: u32, crew: CrewId) {
        if self.cone.has_crew(crew) {
            self.refuse(NotMarkov::Escalation(crew));
        }
    }

    fn answer_is_not_awaited(&mut self, _: JobId) {}

    fn answer_begins(&mut self, queue: QueueId) {
        let crew = self.model.queues[queue.index()];
        if !self.cone.has_crew(crew) {
            return;
        }
        if let Some(law) = &self.model.crews[crew.index()].response {
            self.start(Event::Answer(queue), law, NotMarkov::Response(crew));
        } else {
            self.set(Event::Answer(queue), AT_ONCE);
        }
    }

    fn answer_is_called_off(&mut self, queue: QueueId) {
        self.cancel(Event::Answer(queue));
    }

    fn spare_is_ordered(&mut self, spare: SpareId) {
        let stock = self.model.spares[spare.index()];
        if let Some(law) = &self.model.crews[stock.index()].reorder
            && self.cone.has_crew(stock)
        {
            self.start(Event::Arrive(spare), law, NotMarkov::Response(stock));
        }
    }

    fn is_open(&mut self, crew: CrewId) -> bool {
        if self.cone.has_crew(crew) && self.model.crews[crew.index()].hours.is_some() {
            self.refuse(NotMarkov::Hours(crew));
        }
        true
    }

    fn opening_is_awaited(&mut self, _: CrewId) {}

    fn switch_begins(&mut self, seat: SeatId, switch: Switch) {
        if !self.cone.has_roster(self.model.seats[seat.index()]) {
            return;
        }
        let Roster { failover, coverage, failback, .. } = self.roster(seat);
        let law = match switch {
            Switch::Failover => failover.as_ref(),
            Switch::Uncovered => coverage.as_ref().and_then(|(_, instead)| instead.as_ref()),
            Switch::Failback => failback.as_ref(),
        };
        match law {
            Some(law) => self.start(Event::Failover(seat), law, NotMarkov::Failover(seat)),
            None => self.set(Event::Failover(seat), AT_ONCE),
        }
    }

    fn switch_is_called_off(&mut self, seat: SeatId) {
        self.cancel(Event::Failover(seat));
    }

    fn clock_renews(&mut self, clock: ClockId) {
        if let TimeToFailure::Aging(law) = &self.model.clocks[clock.index()].to_failure
            && self.has_clock(clock)
        {
            let phase = self.begin(law, NotMarkov::Failure(clock));
            if self.phases.has_set_times_from(phase) {
                // A life stands still and goes on.
                self.refuse(NotMarkov::Failure(clock));
            }
            self.ages[clock.index()] = phase;
        }
    }

    // Whether an aging clock runs is what its unit says.
    fn clock_pauses(&mut self, _: ClockId) {}

    fn clock_resumes(&mut self, _: ClockId, _: f64) {}

    fn mask_begins(&mut self, mask: MaskId) {
        let spec = self.model.masks[mask.index()];
        if spec.delay == SimSpan::ZERO || self.cone.gates[spec.gate.index()] {
            let phase = self.phases.of_set_time(spec.delay.seconds());
            self.set(Event::Expire(mask), phase);
        }
    }

    fn mask_ends(&mut self, mask: MaskId) {
        self.cancel(Event::Expire(mask));
    }

    fn drag_begins(&mut self, drag: DragId, within: f64) {
        let clock = self.model.drags[drag.index()];
        if within == 0.0 {
            self.set(Event::Drag(drag), AT_ONCE);
        } else if self.has_clock(clock) {
            self.refuse(NotMarkov::Failure(clock));
        }
    }

    fn plan_is_open(&mut self, _: PlanId) -> bool {
        true
    }

    fn plan_opening_is_awaited(&mut self, _: LaneId) {}

    fn plan_pauses(&mut self, _: LaneId, _: SimSpan) {}

    fn plan_sleeps(&mut self, _: PlanId) {}

    fn happens(&mut self, _: Chance, probability: f64) -> bool {
        probability >= 1.0 || self.chance(probability)
    }

    fn picks(&mut self, _: ClockId, _: u32, among: usize) -> usize {
        self.any_of(among)
    }
}

impl DataChooser for Enumerator<'_> {
    fn now(&self) -> SimTime {
        SimTime::ZERO
    }

    fn catching_up_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        if self.has_copy(copy) && !matches!(holding.catch_up, CatchUp::AtOnce) {
            self.refuse(NotMarkov::Data);
        }
    }

    fn detection_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let law = holding.rebuild.as_ref().and_then(|rebuild| rebuild.detect.as_ref());
        if let (true, Some(law)) = (self.has_copy(copy), law) {
            self.start(Event::Rebuild(copy), law, NotMarkov::Rebuild);
        }
    }

    fn absence_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let law = holding.rebuild.as_ref().and_then(|rebuild| rebuild.gives_up_after.as_ref());
        if let (true, Some(law)) = (self.has_copy(copy), law) {
            self.start(Event::Rebuild(copy), law, NotMarkov::Rebuild);
        }
    }

    fn rebuild_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let speed = holding.rebuild.as_ref().map(|rebuild| &rebuild.speed);
        match speed.filter(|_| self.has_copy(copy)) {
            Some(Speed::Law(law)) => self.start(Event::Rebuild(copy), law, NotMarkov::Rebuild),
            Some(Speed::Bandwidth { .. }) => self.refuse(NotMarkov::Rebuild),
            None => {}
        }
    }

    fn rebuild_pauses(&mut self, copy: CopyId) -> bool {
        let phase = self.cancel(Event::Rebuild(copy));
        if self.phases.set_time(phase).is_some() {
            // How much of it is left is remembered.
            self.refuse(NotMarkov::Rebuild);
        }
        let (_, holding, _) = self.model.data.holding_of(copy);
        // What is in the phase that it always begins with is as at its beginning.
        let is_put_aside = match holding.rebuild.as_ref().map(|rebuild| &rebuild.speed) {
            Some(Speed::Law(law)) if phase != IDLE => self.phases.of(law) != Some(&[(1.0, phase)]),
            _ => false,
        };
        self.rebuilds_put_aside[copy.index()] = if is_put_aside { phase } else { IDLE };
        is_put_aside
    }

    fn rebuild_resumes(&mut self, copy: CopyId) {
        let phase = std::mem::replace(&mut self.rebuilds_put_aside[copy.index()], IDLE);
        if self.has_copy(copy) {
            self.set(Event::Rebuild(copy), phase);
        }
    }

    fn rebuild_paces(&mut self, _: CopyId, _: f64) {}

    fn rebuild_is_called_off(&mut self, copy: CopyId) {
        self.cancel(Event::Rebuild(copy));
    }

    fn is_wiped(&mut self, copy: CopyId, probability: f64) -> bool {
        let unit = self.model.data.units[copy.index()];
        self.has_copy(copy) && self.cone.units[unit.index()] && self.chance(probability)
    }

    fn finds_unreadable(&mut self, copy: CopyId, probability: f64, _: bool) -> bool {
        self.has_copy(copy) && self.chance(probability)
    }

    fn picks_group(&mut self, copy: CopyId, among: usize, _: usize) -> usize {
        if self.has_copy(copy) { self.any_of(among) } else { 0 }
    }

    fn picks_other(&mut self, copy: CopyId, among: usize) -> usize {
        // With no other copy there is nothing to choose.
        if self.has_copy(copy) { self.any_of(among.max(1)) } else { 0 }
    }

    fn defect_is_awaited(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        if let (true, Some(latent)) = (self.has_copy(copy), &holding.latent) {
            self.start(Event::Defect(copy), &latent.every, NotMarkov::Defects);
        }
    }

    fn scrub_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let scrub = holding.latent.as_ref().and_then(|latent| latent.scrub.as_ref());
        match scrub.filter(|_| self.has_copy(copy)) {
            Some(Scrub::After(law)) => self.start(Event::Defect(copy), law, NotMarkov::Defects),
            Some(Scrub::Cycle(_)) => self.refuse(NotMarkov::Defects),
            None => {}
        }
    }

    fn defect_is_called_off(&mut self, copy: CopyId) {
        self.cancel(Event::Defect(copy));
    }

    fn deletion_is_awaited(&mut self, class: DataId) {
        let law = &self.model.data.holdings[class.index()].deleted;
        if let (true, Some(law)) = (Some(class) == self.data, law) {
            self.start(Event::Delete(class), law, NotMarkov::Data);
        }
    }

    fn unsynced(&mut self, _: DataId) -> SimSpan {
        SimSpan::ZERO
    }

    fn lag(&mut self, _: DataId) -> SimSpan {
        SimSpan::ZERO
    }
}

/// Nothing of a platform is in a cone that is explored.
impl PlatformChooser for Enumerator<'_> {
    fn node_is_missed(&mut self, _: NodeId) {}
    fn node_is_heard(&mut self, _: NodeId) {}
    fn pod_prepares(&mut self, _: PodId, _: bool, _: bool) {}
    fn pod_surges(&mut self, _: PodId, _: bool) {}
    fn pod_ends(&mut self, _: PodId) {}
    fn pod_tolerates(&mut self, _: PodId) {}
    fn pod_is_forced(&mut self, _: PodId) {}
    fn pod_waits(&mut self, _: PodId) {}
    fn volume_is_held(&mut self, _: PodId) {}

    fn picks_node(&mut self, _: PodId, _: usize) -> usize {
        0
    }

    fn picks_storage(&mut self, _: VolumeId, _: usize) -> usize {
        0
    }

    fn mirror_is_rebuilt(&mut self, _: VolumeId, _: bool) {}
    fn volume_waits(&mut self, _: VolumeId, _: Option<SimTime>) {}
    fn memory_runs_out(&mut self, _: NodeId) {}
    fn memory_is_looked_at(&mut self, _: NodeId, _: SimSpan) {}
    fn patience_begins(&mut self, _: NodeId, _: SimSpan) {}
    fn patience_ends(&mut self, _: NodeId) {}
    fn rollouts_sleep(&mut self, _: RolloutId) {}
    fn act_follows(&mut self, _: ActId, _: SimSpan) {}

    fn container_ends(&mut self, unit: UnitId) {
        if self.cone.units[unit.index()] {
            self.refuse(NotMarkov::Platform);
        }
    }

    fn container_runs(&mut self, _: UnitId) {}
}
