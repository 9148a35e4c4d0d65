//! The future of a life: what happens next, and how long things take.

use super::calendar::Calendar;
use super::copies::Copies;
use super::event::{Event, Slot, Slots};
use super::lingering::Lingering;
use super::placements::Placements;
use super::points::{LARGE, Luck, Point, Points};
use super::seldom::Source;
use super::state::State;
use super::step::{Chance, Chooser, Switch};
use crate::dist::{Law, unit_exponential};
use crate::model::{
    Clock, ClockId, Crew, CrewId, DragId, JobId, LaneId, MaskId, Model, PlanId, QueueId, Repair,
    Roster, SeatId, ShockId, SpareId, Stage, TimeToFailure, UnitId, seat_name,
};
use crate::rng::{Purpose, Stream, StreamKey};
use crate::spec::Discipline;
use crate::units::{SimSpan, SimTime};

/// What is to come in one life, drawn by key.
#[derive(Clone, Debug)]
pub struct Agenda<'m> {
    pub(super) model: &'m Model,
    pub(super) slots: Slots,
    pub(super) now: SimTime,
    pub(super) key: StreamKey,
    pub(super) horizon: SimTime,
    /// The window of points that has been looked into last.
    looked_into: u64,
    /// Points of memoryless clocks, and the luck of all clocks.
    pub(super) points: Points,
    /// Everything else that is to come.
    pub(super) calendar: Calendar,
    /// Failures that need no timer for their end.
    pub(super) lingering: Lingering,
    /// How each aging clock ages.
    aging: Vec<Aging>,
    /// How often each unit has begun to start.
    pub(super) starts: Vec<u32>,
    /// What is left of work that was put aside; kept only where a crew can put work aside.
    put_aside: Vec<SimSpan>,
    /// Ordinals of the next draws of each seat, queue and shock.
    switches: Vec<u32>,
    coverages: Vec<u32>,
    answers: Vec<u32>,
    shocks: Vec<u32>,
    orders: Vec<u32>,
    /// By failure that others set off: how often it was on its way.
    drags: Vec<u32>,
    /// The luck of copies of data.
    pub(super) copies: Copies,
    /// The luck of nodes and of replicas that are placed on them.
    pub(super) placements: Placements,
    /// Whether what rarely happens is made to happen more often, and the weight of what has happened so.
    pub(super) bias: Bias,
}

/// How an aging clock ages.
#[derive(Clone, Copy, Debug)]
struct Aging {
    /// How fast, and since when.
    pace: f64,
    since: SimTime,
    /// How old it was then.
    age: SimSpan,
}

impl Aging {
    /// By how much it ages in so long.
    fn aged_in(&self, passed: SimSpan) -> SimSpan {
        match self.pace {
            1.0 => passed,
            pace => SimSpan::from_fractional_micros(passed.micros() as f64 * pace),
        }
    }
}

/// Choices made with other probabilities than their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bias {
    pub(super) is_on: bool,
    /// Whether what happens now is made to happen.
    pub(super) is_forcing: bool,
    /// How probable the choices were, against how probable they were made.
    pub(super) weight: f64,
    /// How often the last clock to strike did that is new again with it.
    hazard: Option<f64>,
}

impl Bias {
    const NONE: Bias = Bias { is_on: false, is_forcing: false, weight: 1.0, hazard: None };

    /// Something of this probability happens with another one instead.
    pub(super) fn happens(&mut self, probability: f64, instead: f64, stream: &mut Stream) -> bool {
        let does = stream.open_unit() < instead;
        let (own, made) =
            if does { (probability, instead) } else { (1.0 - probability, 1.0 - instead) };
        self.weight *= own / made;
        does
    }
}

/// Failures that others set off are numbered apart from those that come of themselves.
const SET_OFF: u32 = 1 << 31;
/// How probable what follows at once from something that is made to happen is made to be, at least.
const NOT_SELDOM: f64 = 0.25;
/// Of no more than so many a common cause that is made to strike hits each no less often than that: with many the weights would
/// be too uneven.
pub(super) const MOST_HITS: usize = 6;
/// Draws of a life until one is as long as it is old already.
const MOST_TRIES: u32 = 64;
/// The luck of so many clocks is fetched together when a life begins: it is in another order than they are.
const BEGUN_TOGETHER: usize = 16;

/// The keys of the stages of a job differ; the first has the name of what the job is about.
fn stage_name(name: u64, stage: u32) -> u64 {
    name.wrapping_add(u64::from(stage).wrapping_mul(0xd1b5_4a32_d192_ed03))
}

impl<'m> Agenda<'m> {
    /// An agenda for lives of this model that end at `horizon`; it is not usable until the first
    /// [`Agenda::begin`].
    pub(crate) fn new(model: &'m Model, horizon: SimTime) -> Agenda<'m> {
        let slots = Slots::of(model);
        let mean_of = |clock: &Clock| match clock.to_failure {
            TimeToFailure::Memoryless { mean } => mean * 1e6 / clock.extras().top_pace,
            TimeToFailure::Aging(_) | TimeToFailure::SetOff => 0.0,
        };
        let first = slots.slot(Event::Fail(ClockId::from_index(0)));
        let (mut lucks, mut places) = (Vec::new(), Vec::new());
        for (index, clock) in model.clocks.iter().enumerate() {
            let (id, manner) = (ClockId::new(index), model.passing.manner_of[index]);
            lucks.push(Luck::new(mean_of(clock), id, clock.unit, manner));
            places.push(model.tie_ranks[first as usize + index] - first);
        }
        let points = Points::new(&lucks, places, horizon.micros());
        let rate = model.events_per_second() * 1e-6 - points.rate();
        let jobs = model.clocks.len() + model.units.len();
        let preempts = model.crews.iter().any(|crew| crew.picks == Discipline::Preemptive);
        Agenda {
            model,
            slots,
            now: SimTime::ZERO,
            key: StreamKey::of_life(0, 0),
            horizon,
            looked_into: 0,
            points,
            calendar: Calendar::new(model.tie_ranks.clone(), rate, horizon.micros()),
            lingering: Lingering::new(model.units.len()),
            aging: vec![
                Aging { pace: 1.0, since: SimTime::ZERO, age: SimSpan::ZERO };
                model.clocks.len()
            ],
            starts: vec![0; model.units.len()],
            put_aside: vec![SimSpan::ZERO; if preempts { jobs } else { 0 }],
            switches: vec![0; model.seats.len()],
            coverages: vec![0; model.seats.len()],
            answers: vec![0; model.queues.len()],
            shocks: vec![0; model.shocks.len()],
            orders: vec![0; model.spares.len()],
            drags: vec![0; model.drags.len()],
            copies: Copies::new(model),
            placements: Placements::new(model),
            bias: Bias::NONE,
        }
    }

    /// Begins a life: everything up and new; `paces` is how fast the clocks of each unit run.
    pub(crate) fn begin(&mut self, key: StreamKey, paces: &[f64]) {
        self.now = SimTime::ZERO;
        self.key = key;
        self.points.clear();
        self.bias = Bias::NONE;
        self.looked_into = 0;
        self.calendar.clear();
        self.lingering.clear();
        let counted_by = [&mut self.starts, &mut self.answers, &mut self.shocks];
        for ordinals in counted_by.into_iter().chain([&mut self.switches, &mut self.coverages]) {
            ordinals.fill(0);
        }
        for (index, clock) in self.model.clocks.iter().enumerate() {
            let id = ClockId::new(index);
            if index % BEGUN_TOGETHER == 0 {
                self.points.look_at(index..index + BEGUN_TOGETHER);
            }
            self.points.begin(id, key.of(clock.name, Purpose::Failure));
            if let TimeToFailure::Aging(_) = clock.to_failure {
                self.clock_renews(id);
                self.clock_resumes(id, paces[clock.unit.index()]);
            }
        }
        for shock in 0..self.model.shocks.len() {
            self.set_shock(ShockId::new(shock));
        }
        self.orders.fill(0);
        self.drags.fill(0);
        self.begin_copies();
        self.begin_placements();
        for plan in &self.model.plans {
            self.set(Event::Plan(LaneId::from_index(plan.lanes.start)), plan.at);
        }
    }

    /// The next event before the horizon, and takes it off.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<(SimTime, Event)> {
        let point = self.points.first();
        let (at, rank) = point.map_or((u64::MAX, u32::MAX), |point| (point.at, self.rank(point)));
        match self.calendar.pop_before(at, rank) {
            Some((at, slot)) => Some(self.timer_goes_off(at, slot)),
            None => Some(self.point_comes(point?)),
        }
    }

    #[inline(always)]
    fn point_comes(&mut self, point: Point) -> (SimTime, Event) {
        self.points.pass_first(point);
        self.now = SimTime::from_micros(point.at);
        (self.now, Event::Fail(self.points.luck_at(point.place).clock))
    }

    #[inline(always)]
    fn timer_goes_off(&mut self, at: u64, slot: Slot) -> (SimTime, Event) {
        self.now = SimTime::from_micros(at);
        let event = self.slots.event(slot);
        match event {
            Event::Fail(clock) if self.model.clocks[clock.index()].always => {
                self.bias.hazard = self.hazard(clock);
                self.clock_renews(clock);
                self.clock_resumes(clock, 1.0);
            }
            Event::Shock(shock) => self.set_shock(shock),
            _ => {}
        }
        (self.now, event)
    }

    /// The next event before an instant, and takes it off; without one it is that instant.
    pub(super) fn next_before(&mut self, limit: SimTime) -> Option<(SimTime, Event)> {
        let point = self.points.first().filter(|point| point.at < limit.micros());
        let (at, rank) = point.map_or((limit.micros(), 0), |point| (point.at, self.rank(point)));
        match (self.calendar.pop_before(at, rank), point) {
            (Some((at, slot)), _) => Some(self.timer_goes_off(at, slot)),
            (None, Some(point)) => Some(self.point_comes(point)),
            (None, None) => {
                self.now = limit;
                None
            }
        }
    }

    /// It is this instant again, after which nothing has happened.
    pub(super) fn stay_at(&mut self, now: SimTime) {
        self.now = now;
    }

    /// Another future from now on, one for each number: what has no memory is drawn anew, and what is under way ends
    /// when it was to end.
    pub(super) fn branch(&mut self, number: u64) {
        let model = self.model;
        self.key = self.key.of_branch(number);
        let key = self.key;
        self.points.draw_anew(self.now.micros(), |clock| {
            key.of(model.clocks[clock.index()].name, Purpose::Failure)
        });
        for (index, shock) in model.shocks.iter().enumerate() {
            if let TimeToFailure::Memoryless { .. } = shock.to_failure {
                self.draw_shock_anew(ShockId::new(index));
            }
        }
    }

    /// How often in a second a clock that runs comes to a failure, of which not all strike where it has no memory and is
    /// slower than it can be; `None` if that is not known.
    pub(super) fn hazard(&self, clock: ClockId) -> Option<f64> {
        let spec = &self.model.clocks[clock.index()];
        match &spec.to_failure {
            TimeToFailure::Memoryless { mean } => Some(spec.extras().top_pace / mean),
            TimeToFailure::Aging(law) => {
                let aging = &self.aging[clock.index()];
                let age = aging.age + aging.aged_in(self.now - aging.since);
                law.hazard(age.seconds()).map(|hazard| aging.pace * hazard)
            }
            TimeToFailure::SetOff => None,
        }
        .filter(|hazard| hazard.is_finite())
    }

    /// How often something strikes that has just struck, as [`Agenda::hazard_of`] said before.
    pub(super) fn hazard_of_struck(&self, source: Source) -> Option<f64> {
        match source {
            Source::Clock(clock) if self.is_renewed_at_once(clock) => self.bias.hazard,
            source => self.hazard_of(source),
        }
    }

    /// Whether a clock ages whatever becomes of its unit, and so is new again with each failure.
    fn is_renewed_at_once(&self, clock: ClockId) -> bool {
        let spec = &self.model.clocks[clock.index()];
        spec.always && matches!(spec.to_failure, TimeToFailure::Aging(_))
    }

    /// How often in a second something strikes that can.
    pub(super) fn hazard_of(&self, source: Source) -> Option<f64> {
        match source {
            Source::Clock(clock) => self.hazard(clock),
            Source::Shock(shock) => match self.model.shocks[shock.index()].to_failure {
                TimeToFailure::Memoryless { mean } => Some(1.0 / mean),
                TimeToFailure::Aging(_) | TimeToFailure::SetOff => None,
            },
            Source::Deletion(class) => {
                self.model.holding(class).deleted.as_ref().and_then(|law| law.hazard(0.0))
            }
        }
    }

    /// What is left of the life of an aging clock of the usual pace that runs is drawn anew, where that takes few
    /// tries.
    pub(super) fn rest_anew(&mut self, clock: ClockId) {
        let spec = &self.model.clocks[clock.index()];
        let TimeToFailure::Aging(law) = &spec.to_failure else { return };
        let mut stream = self.of_clock(clock, Purpose::Failure, self.points.luck(clock).drawn);
        let aging = &self.aging[clock.index()];
        let age = aging.age + (self.now - aging.since);
        if let Some(left) = law.residual(age.seconds(), MOST_TRIES, &mut stream) {
            self.cancel(Event::Fail(clock));
            self.points.luck_mut(clock).drawn += 1;
            self.set(Event::Fail(clock), SimSpan::from_seconds(left));
        }
    }

    /// Something is made to strike now: what follows from it is another than of the next that strikes of itself.
    pub(super) fn force(&mut self, source: Source) {
        match source {
            Source::Clock(clock) if self.is_renewed_at_once(clock) => {
                self.cancel(Event::Fail(clock));
                self.clock_renews(clock);
                self.clock_resumes(clock, 1.0);
            }
            Source::Clock(clock) => self.points.luck_mut(clock).drawn += 1,
            Source::Shock(shock) => self.draw_shock_anew(shock),
            Source::Deletion(_) => {}
        }
    }

    /// The place of a point among the events of one instant.
    #[inline]
    fn rank(&self, point: Point) -> u32 {
        self.slots.slot(Event::Fail(ClockId::from_index(point.place as u32)))
    }

    /// Looks at what the next points will need, once in each window of large models, where it pays.
    #[inline]
    pub(super) fn look_ahead(&mut self, state: &State) {
        if self.model.clocks.len() < LARGE || self.points.window() == self.looked_into {
            return;
        }
        self.looked_into = self.points.window();
        let clocks = self.points.upcoming().map(|point| self.points.luck_at(point.place).clock);
        for clock in clocks.clone() {
            self.calendar.look_at(self.slots.slot(Event::Restore(clock)));
        }
        state.look_at(self.model, clocks);
    }

    /// How long a stage takes that nobody works on.
    #[inline]
    pub(super) fn takes(&self, stage: u32, mut stream: Stream) -> SimSpan {
        SimSpan::from_seconds(self.model.stages[stage as usize].law.draw(&mut stream))
    }

    /// When a memoryless common cause strikes next is drawn anew.
    fn draw_shock_anew(&mut self, shock: ShockId) {
        self.cancel(Event::Shock(shock));
        self.set_shock(shock);
    }

    fn set_shock(&mut self, shock: ShockId) {
        let model = self.model;
        let spec = &model.shocks[shock.index()];
        let ordinal = next_of(&mut self.shocks[shock.index()]);
        let mut stream = self.key.of(spec.name, Purpose::Failure).draw(ordinal);
        let seconds = match &spec.to_failure {
            TimeToFailure::Memoryless { mean } => mean * unit_exponential(&mut stream),
            TimeToFailure::Aging(law) => law.draw(&mut stream),
            TimeToFailure::SetOff => f64::INFINITY,
        };
        self.set(Event::Shock(shock), SimSpan::from_seconds(seconds));
    }

    #[inline]
    pub(super) fn set(&mut self, event: Event, after: SimSpan) {
        self.set_at(event, self.now + after);
    }

    #[inline]
    fn set_at(&mut self, event: Event, at: SimTime) {
        self.calendar.set(self.slots.slot(event), at.micros());
    }

    pub(super) fn cancel(&mut self, event: Event) -> Option<u64> {
        self.calendar.cancel(self.slots.slot(event))
    }

    /// The end of a stage of a job; jobs have the first slots, in their order.
    fn end_of_stage(&self, job: JobId) -> Event {
        self.slots.event(job.index() as u32)
    }

    /// The name, the purpose and the ordinal of the luck of a stage of a job. A repair bears the number of
    /// its failure, so that two designs that see the same failure see the same repair; starts are counted.
    fn luck_of_stage(&self, job: JobId, stage: u32) -> (u64, Purpose, u32) {
        let (name, purpose, ordinal) = match job.index().checked_sub(self.model.clocks.len()) {
            None => {
                let failure = self.points.luck(ClockId::new(job.index())).failure;
                (self.model.clocks[job.index()].name, Purpose::Repair, failure)
            }
            Some(unit) => (self.model.units[unit].name, Purpose::Start, self.starts[unit] - 1),
        };
        (stage_name(name, stage), purpose, ordinal)
    }

    /// How long somebody of a crew who has been called takes to begin, seconds; `key` is of that luck.
    fn response(&self, crew: &Crew, key: StreamKey, ordinal: u32) -> f64 {
        if crew.picks == Discipline::RandomKind {
            // The race of kinds was the response.
            return 0.0;
        }
        let is_open = crew.hours.as_ref().is_none_or(|hours| hours.is_open(self.now));
        // Where work goes on in hours only there is one response, whenever it begins.
        let law = if is_open || crew.works_in_hours { &crew.response } else { &crew.off_hours };
        law.as_ref().map_or(0.0, |law| law.draw(&mut key.draw(ordinal)))
    }

    /// When work of a crew is done that takes so long from now on.
    fn done_after(&self, work: SimSpan, crew: &Crew) -> SimTime {
        match crew.working_hours() {
            Some(hours) => hours.after_work(self.now, work),
            None => self.now + work,
        }
    }

    /// Nobody else is called if somebody of a crew begins with a job before that is due.
    fn answers(&mut self, job: JobId, response: f64, crew: &Crew) {
        // Who works in hours only takes a job at any time, and answers none outside of them.
        let begins = crew.working_hours().map_or(self.now, |hours| hours.next_open(self.now));
        let answered = self.done_after(SimSpan::from_seconds(response), crew).max(begins);
        let event = Event::Escalate(job);
        if let Some(at) = self.cancel(event).filter(|at| answered.micros() > *at) {
            self.set_at(event, SimTime::from_micros(at));
        }
    }

    /// Draw number `ordinal` of something about a clock.
    fn of_clock(&self, clock: ClockId, purpose: Purpose, ordinal: u32) -> Stream {
        self.key.of(self.model.clocks[clock.index()].name, purpose).draw(ordinal)
    }
}

/// A number, and adds one to it.
pub(super) fn next_of(ordinal: &mut u32) -> u32 {
    *ordinal += 1;
    *ordinal - 1
}

impl Chooser for Agenda<'_> {
    #[inline]
    fn fails(&mut self, clock: ClockId, of_itself: bool) {
        let luck = self.points.luck_mut(clock);
        if let TimeToFailure::SetOff = self.model.clocks[clock.index()].to_failure {
            luck.drawn += 1;
        } else if !of_itself {
            // It has not been drawn, and what follows must not have the luck of one that has.
            luck.failure = SET_OFF | next_of(&mut luck.set_off);
            return;
        }
        luck.failure = luck.drawn;
    }

    fn branch(&mut self, clock: ClockId) -> u8 {
        let Clock { repair: Repair::After(task), name, .. } = &self.model.clocks[clock.index()]
        else {
            return 0;
        };
        let failure = self.points.luck(clock).failure;
        let stages = self.model.stages_of(*task).iter().zip(0..);
        let mut branches = stages.filter_map(|(spec, stage)| {
            let key = self.key.of(stage_name(*name, stage), Purpose::Repair);
            spec.law.branch(key.draw(failure))
        });
        branches.next().and_then(|branch| u8::try_from(branch).ok()).unwrap_or(0)
    }

    #[inline]
    fn start_begins(&mut self, unit: UnitId) {
        self.starts[unit.index()] += 1;
    }

    #[inline]
    fn work_begins(&mut self, job: JobId, spec: &Stage, stage: u32, crew: Option<CrewId>) {
        let (name, purpose, ordinal) = self.luck_of_stage(job, stage);
        let seconds = spec.law.draw(&mut self.key.of(name, purpose).draw(ordinal));
        match crew {
            None => {
                let mut at = self.now + SimSpan::from_seconds(seconds);
                if !self.placements.containers.is_empty() {
                    at = at + self.backed_off(job, stage);
                }
                self.calendar.set(job.index() as u32, at.micros());
            }
            Some(id) => {
                let crew = &self.model.crews[id.index()];
                let key = match spec.crew == Some(id) {
                    true => self.key.of(name, Purpose::Response),
                    // Others who are called have luck of their own.
                    false => self.key.of(name.wrapping_add(crew.kinds[0]), Purpose::Relief),
                };
                let response = self.response(crew, key, ordinal);
                let done = self.done_after(SimSpan::from_seconds(seconds + response), crew);
                self.set_at(self.end_of_stage(job), done);
                if crew.escalates.is_some() {
                    self.answers(job, response, crew);
                }
            }
        }
    }

    fn work_is_cut_short(&mut self, job: JobId) {
        self.cancel(self.end_of_stage(job));
    }

    fn work_pauses(&mut self, job: JobId, crew: CrewId) {
        let at = self.cancel(self.end_of_stage(job)).map_or(SimTime::NEVER, SimTime::from_micros);
        self.put_aside[job.index()] = match self.model.crews[crew.index()].working_hours() {
            _ if at == SimTime::NEVER => SimSpan::FOREVER,
            Some(hours) => hours.open_between(self.now, at),
            None => at - self.now,
        };
    }

    fn work_resumes(&mut self, job: JobId, crew: CrewId) {
        let crew = &self.model.crews[crew.index()];
        self.set_at(self.end_of_stage(job), self.done_after(self.put_aside[job.index()], crew));
    }

    fn answer_is_awaited(&mut self, job: JobId, stage: u32, crew: CrewId) {
        let crew = &self.model.crews[crew.index()];
        if let Some((after, _)) = &crew.escalates {
            let (name, _, ordinal) = self.luck_of_stage(job, stage);
            let key = self.key.of(name.wrapping_add(crew.kinds[0]), Purpose::Escalation);
            let seconds = after.draw(&mut key.draw(ordinal));
            self.set(Event::Escalate(job), SimSpan::from_seconds(seconds));
        }
    }

    fn answer_is_not_awaited(&mut self, job: JobId) {
        self.cancel(Event::Escalate(job));
    }

    fn answer_begins(&mut self, queue: QueueId) {
        let model = self.model;
        let crew = &model.crews[model.queues[queue.index()].index()];
        let ordinal = next_of(&mut self.answers[queue.index()]);
        let name = crew.kinds[queue.index() - crew.queues.start as usize];
        let key = self.key.of(name, Purpose::Answer);
        let seconds = crew.response.as_ref().map_or(0.0, |law| law.draw(&mut key.draw(ordinal)));
        self.set(Event::Answer(queue), SimSpan::from_seconds(seconds));
    }

    fn answer_is_called_off(&mut self, queue: QueueId) {
        self.cancel(Event::Answer(queue));
    }

    fn spare_is_ordered(&mut self, spare: SpareId) {
        let crew = &self.model.crews[self.model.spares[spare.index()].index()];
        let ordinal = next_of(&mut self.orders[spare.index()]);
        // Spares of one stock differ by their place in it.
        let name = stage_name(crew.kinds[0], spare.index() as u32 - crew.spares.start);
        let draw = |law: &Law| law.draw(&mut self.key.of(name, Purpose::Reorder).draw(ordinal));
        let seconds = crew.reorder.as_ref().map_or(0.0, draw);
        self.set(Event::Arrive(spare), SimSpan::from_seconds(seconds));
    }

    fn is_open(&mut self, crew: CrewId) -> bool {
        let Crew { hours, off_hours, works_in_hours, .. } = &self.model.crews[crew.index()];
        let can_begin = *works_in_hours || off_hours.is_some();
        can_begin || hours.as_ref().is_none_or(|hours| hours.is_open(self.now))
    }

    fn opening_is_awaited(&mut self, crew: CrewId) {
        if let Some(hours) = &self.model.crews[crew.index()].hours {
            let at = hours.next_open(self.now);
            self.cancel(Event::Open(crew));
            self.set_at(Event::Open(crew), at);
        }
    }

    fn switch_begins(&mut self, seat: SeatId, switch: Switch) {
        let roster = &self.model.rosters[self.model.seats[seat.index()].index()];
        let Roster { failover, coverage, failback, .. } = roster;
        let law: Option<&Law> = match switch {
            Switch::Failover => failover.as_ref(),
            Switch::Uncovered => coverage.as_ref().and_then(|(_, instead)| instead.as_ref()),
            Switch::Failback => failback.as_ref(),
        };
        let ordinal = next_of(&mut self.switches[seat.index()]);
        let key = self.key.of(seat_name(roster, seat), Purpose::Failover);
        let seconds = law.map_or(0.0, |law| law.draw(&mut key.draw(ordinal)));
        self.set(Event::Failover(seat), SimSpan::from_seconds(seconds));
    }

    fn switch_is_called_off(&mut self, seat: SeatId) {
        self.cancel(Event::Failover(seat));
    }

    fn clock_renews(&mut self, clock: ClockId) {
        let TimeToFailure::Aging(law) = &self.model.clocks[clock.index()].to_failure else {
            unreachable!("a memoryless clock has no age");
        };
        // A clock of the usual pace that strikes no sooner than a life ends never strikes.
        let is_paced = self.model.units[self.model.clocks[clock.index()].unit.index()].is_paced;
        let enough =
            if is_paced { f64::INFINITY } else { (self.horizon - self.now).seconds() + 1.0 };
        let luck = self.points.luck_mut(clock);
        let mut stream = luck.key.draw(luck.drawn);
        luck.left = SimSpan::from_seconds(law.draw_up_to(enough, &mut stream));
        luck.drawn += 1;
        self.aging[clock.index()].age = SimSpan::ZERO;
    }

    fn clock_pauses(&mut self, clock: ClockId) {
        let at = self.cancel(Event::Fail(clock));
        let luck = self.points.luck_mut(clock);
        let aging = &mut self.aging[clock.index()];
        let passed = self.now - aging.since;
        let aged = aging.aged_in(passed);
        aging.age = aging.age + aged;
        if self.model.units[self.model.clocks[clock.index()].unit.index()].is_paced {
            // What is left at this pace is not what is left of its life.
            luck.left = luck.left - aged;
        } else {
            luck.left = at.map_or(SimSpan::FOREVER, |at| SimTime::from_micros(at) - self.now);
        }
    }

    fn clock_resumes(&mut self, clock: ClockId, pace: f64) {
        let left = self.points.luck(clock).left;
        let aging = &mut self.aging[clock.index()];
        (aging.pace, aging.since) = (pace, self.now);
        let after = if pace == 1.0 || left == SimSpan::FOREVER {
            left
        } else {
            SimSpan::from_fractional_micros(left.micros() as f64 / pace)
        };
        self.set(Event::Fail(clock), after);
    }

    fn mask_begins(&mut self, mask: MaskId) {
        self.set(Event::Expire(mask), self.model.masks[mask.index()].delay);
    }

    fn mask_ends(&mut self, mask: MaskId) {
        self.cancel(Event::Expire(mask));
    }

    fn drag_begins(&mut self, drag: DragId, within: f64) {
        let clock = self.model.drags[drag.index()];
        let ordinal = next_of(&mut self.drags[drag.index()]);
        let unit = self.of_clock(clock, Purpose::Drag, ordinal).open_unit();
        // One that is on its way already comes as it was to come.
        let event = Event::Drag(drag);
        let before = self.cancel(event).map(SimTime::from_micros);
        let at = self.now + SimSpan::from_seconds(within * unit);
        self.set_at(event, before.map_or(at, |before| before.min(at)));
    }

    fn plan_is_open(&mut self, plan: PlanId) -> bool {
        let hours = self.model.plans[plan.index()].hours.as_ref();
        hours.is_none_or(|hours| hours.is_open(self.now))
    }

    fn plan_opening_is_awaited(&mut self, lane: LaneId) {
        if let Some(hours) = &self.model.plans[self.model.lanes[lane.index()].index()].hours {
            self.set_at(Event::Plan(lane), hours.next_open(self.now));
        }
    }

    fn plan_pauses(&mut self, lane: LaneId, gap: SimSpan) {
        self.set(Event::Plan(lane), gap);
    }

    fn plan_sleeps(&mut self, plan: PlanId) {
        let spec = &self.model.plans[plan.index()];
        let since = (self.now - (SimTime::ZERO + spec.at)).micros();
        let rounds = since / spec.every.micros().max(1) + 1;
        let next = spec.every.micros().saturating_mul(rounds);
        for lane in spec.lanes() {
            self.cancel(Event::Plan(lane));
        }
        let first = LaneId::from_index(spec.lanes.start);
        self.set_at(Event::Plan(first), SimTime::ZERO + spec.at + SimSpan::from_micros(next));
    }

    fn happens(&mut self, chance: Chance, probability: f64) -> bool {
        if probability >= 1.0 {
            return true;
        }
        let mut stream = match chance {
            // The point that is being judged was drawn two gaps ago.
            Chance::Strike(clock) => {
                self.of_clock(clock, Purpose::Mark, self.points.luck(clock).drawn)
            }
            Chance::Burst(clock) => {
                self.of_clock(clock, Purpose::Burst, self.points.luck(clock).failure)
            }
            Chance::Hit(shock, clock) => {
                self.of_clock(clock, Purpose::Hit, self.shocks[shock.index()])
            }
            Chance::Shock(shock) => {
                let name = self.model.shocks[shock.index()].name;
                self.key.of(name, Purpose::Hit).draw(self.shocks[shock.index()])
            }
            Chance::Work(work, failed) => {
                let done = self.points.luck(work).drawn + self.points.luck(failed).drawn;
                self.of_clock(work, Purpose::Work, done)
            }
            Chance::Covered(seat) => {
                let roster = &self.model.rosters[self.model.seats[seat.index()].index()];
                let key = self.key.of(seat_name(roster, seat), Purpose::Coverage);
                key.draw(next_of(&mut self.coverages[seat.index()]))
            }
        };
        let follows = match chance {
            Chance::Burst(_) | Chance::Shock(_) | Chance::Strike(_) => true,
            Chance::Hit(shock, _) => self.model.shocks[shock.index()].targets.len() <= MOST_HITS,
            Chance::Work(..) | Chance::Covered(_) => false,
        };
        if self.bias.is_forcing && follows {
            return self.bias.happens(probability, probability.max(NOT_SELDOM), &mut stream);
        }
        stream.open_unit() < probability
    }

    fn picks(&mut self, clock: ClockId, number: u32, among: usize) -> usize {
        let failure = self.points.luck(clock).failure;
        let mut stream = self.of_clock(clock, Purpose::Peer, failure);
        for _ in 0..number {
            stream.word();
        }
        stream.below(among)
    }
}
