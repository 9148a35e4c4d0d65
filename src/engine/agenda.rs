//! The future of a life: what happens next, and how long things take.

use super::calendar::Calendar;
use super::event::{Event, Slots};
use super::step::Chooser;
use crate::dist::unit_exponential;
use crate::model::{Clock, ClockId, Leader, LeaderId, Model, Repair, TimeToFailure, Unit, UnitId};
use crate::rng::{Purpose, StreamKey};
use crate::units::{SimSpan, SimTime};

/// What is to come in one life, drawn by key.
#[derive(Clone, Debug)]
pub struct Agenda<'m> {
    model: &'m Model,
    slots: Slots,
    now: SimTime,
    key: StreamKey,
    calendar: Calendar,
    clocks: Vec<ClockLuck>,
    /// Ordinal of the next start of each unit.
    starts: Vec<u32>,
    /// Ordinal of the next failover of each leadership.
    failovers: Vec<u32>,
}

/// The luck of one clock in one life.
#[derive(Clone, Copy, Debug)]
struct ClockLuck {
    /// Key of its times to failure.
    key: StreamKey,
    /// How many points or lives have been drawn.
    drawn: u32,
    /// What `drawn` was at the last failure: the number that its repair bears.
    failure: u32,
    /// Mean time between points in microseconds; zero for a clock that ages.
    mean: f64,
    /// What is left of its present life while an aging clock is stopped; of a memoryless clock the
    /// gap from the point to come to the one after it. That is drawn one point ahead, because then
    /// no event has to wait for the draw that it needs.
    left: SimSpan,
}

impl ClockLuck {
    /// Draws the next gap between points of a memoryless clock.
    #[inline]
    fn draw_gap(&mut self) {
        let gap = self.mean * unit_exponential(&mut self.key.draw(self.drawn));
        self.left = SimSpan::from_fractional_micros(gap);
        self.drawn += 1;
    }
}

impl<'m> Agenda<'m> {
    /// An agenda for lives of this model that end at `horizon`; it is not usable until the first
    /// [`Agenda::begin`].
    pub(crate) fn new(model: &'m Model, horizon: SimTime) -> Agenda<'m> {
        let slots = Slots::of(model);
        let mean_of = |to_failure: &TimeToFailure| match to_failure {
            TimeToFailure::Memoryless { mean } => mean * 1e6,
            TimeToFailure::Aging(_) => 0.0,
        };
        let means: Vec<f64> = model.clocks.iter().map(|clock| mean_of(&clock.to_failure)).collect();
        let key = StreamKey::of_life(0, 0);
        Agenda {
            model,
            slots,
            now: SimTime::ZERO,
            key,
            calendar: Calendar::new(
                model.tie_ranks.clone(),
                model.events_per_second() * 1e-6,
                horizon.micros(),
            ),
            clocks: means
                .into_iter()
                .map(|mean| ClockLuck { key, drawn: 0, failure: 0, mean, left: SimSpan::ZERO })
                .collect(),
            starts: vec![0; model.units.len()],
            failovers: vec![0; model.leaders.len()],
        }
    }

    /// Begins a life: everything up and new.
    pub(crate) fn begin(&mut self, key: StreamKey) {
        self.now = SimTime::ZERO;
        self.key = key;
        self.calendar.clear();
        self.starts.fill(0);
        self.failovers.fill(0);
        for (index, clock) in self.model.clocks.iter().enumerate() {
            let luck = &mut self.clocks[index];
            luck.key = key.of(clock.name, Purpose::Failure);
            luck.drawn = 0;
            let id = ClockId::new(index);
            match &clock.to_failure {
                TimeToFailure::Memoryless { .. } => {
                    luck.draw_gap();
                    self.set_point(id);
                }
                TimeToFailure::Aging(_) => {
                    self.clock_renews(id);
                    self.clock_resumes(id);
                }
            }
        }
    }

    /// The next event before the horizon, and takes it off.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(SimTime, Event)> {
        let (at, slot) = self.calendar.pop()?;
        self.now = SimTime::from_micros(at);
        let event = self.slots.event(slot);
        if let Event::Fail(clock) = event {
            if self.clocks[clock.index()].mean > 0.0 {
                self.set_point(clock);
            } else if self.model.clocks[clock.index()].always {
                self.clock_renews(clock);
                self.clock_resumes(clock);
            }
        }
        Some((self.now, event))
    }

    /// Puts the next point of a memoryless clock into the calendar, and draws the gap after it.
    #[inline]
    fn set_point(&mut self, clock: ClockId) {
        let luck = &mut self.clocks[clock.index()];
        let gap = luck.left;
        luck.draw_gap();
        self.set(Event::Fail(clock), gap);
    }

    #[inline]
    fn set(&mut self, event: Event, after: SimSpan) {
        self.calendar.set(self.slots.slot(event), (self.now + after).micros());
    }

    fn cancel(&mut self, event: Event) -> Option<u64> {
        self.calendar.cancel(self.slots.slot(event))
    }
}

impl Chooser for Agenda<'_> {
    #[inline]
    fn fails(&mut self, clock: ClockId) {
        let luck = &mut self.clocks[clock.index()];
        luck.failure = luck.drawn;
    }

    #[inline]
    fn repair_begins(&mut self, clock: ClockId) {
        let Clock { name, repair, crew, .. } = &self.model.clocks[clock.index()];
        let Repair::After(law) = repair else { unreachable!("only a repair with a law begins") };
        // The repair bears the number of the failure, so that two designs that see the same failure
        // see the same repair.
        let ordinal = self.clocks[clock.index()].failure;
        let key = self.key.of(*name, Purpose::Repair);
        let mut seconds = law.draw(&mut key.draw(ordinal));
        if let Some(crew) = crew
            && let Some(response) = &self.model.crews[crew.index()].response
        {
            seconds += response.draw(&mut self.key.of(*name, Purpose::Response).draw(ordinal));
        }
        self.set(Event::Restore(clock), SimSpan::from_seconds(seconds));
    }

    #[inline]
    fn start_begins(&mut self, unit: UnitId) {
        let Unit { name, start, .. } = &self.model.units[unit.index()];
        let Some(law) = start else { unreachable!("only a unit with a start law starts") };
        let ordinal = self.starts[unit.index()];
        self.starts[unit.index()] += 1;
        let seconds = law.draw(&mut self.key.of(*name, Purpose::Start).draw(ordinal));
        self.set(Event::Start(unit), SimSpan::from_seconds(seconds));
    }

    fn start_is_cut_short(&mut self, unit: UnitId) {
        self.cancel(Event::Start(unit));
    }

    fn failover_begins(&mut self, leader: LeaderId) {
        let Leader { name, failover, .. } = &self.model.leaders[leader.index()];
        let ordinal = self.failovers[leader.index()];
        self.failovers[leader.index()] += 1;
        let key = self.key.of(*name, Purpose::Failover);
        let seconds = failover.draw(&mut key.draw(ordinal));
        self.set(Event::Failover(leader), SimSpan::from_seconds(seconds));
    }

    fn failover_is_called_off(&mut self, leader: LeaderId) {
        self.cancel(Event::Failover(leader));
    }

    fn clock_renews(&mut self, clock: ClockId) {
        let TimeToFailure::Aging(law) = &self.model.clocks[clock.index()].to_failure else {
            unreachable!("a memoryless clock has no age");
        };
        let luck = &mut self.clocks[clock.index()];
        luck.left = SimSpan::from_seconds(law.draw(&mut luck.key.draw(luck.drawn)));
        luck.drawn += 1;
    }

    fn clock_pauses(&mut self, clock: ClockId) {
        let at = self.cancel(Event::Fail(clock));
        let luck = &mut self.clocks[clock.index()];
        luck.left = at.map_or(SimSpan::FOREVER, |at| SimTime::from_micros(at) - self.now);
    }

    fn clock_resumes(&mut self, clock: ClockId) {
        let left = self.clocks[clock.index()].left;
        self.set(Event::Fail(clock), left);
    }
}
