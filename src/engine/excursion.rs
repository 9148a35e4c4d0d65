//! Lives in which what rarely happens is sought: whenever one comes near it, others are tried from there, with
//! failures that are made to happen more often and weighted for it.
//!
//! # Method
//!
//! A life is lived as it is. Each time it comes as near as a given level (an excursion), its present is copied, and
//! the copy gets another future up to the end of the excursion, in which the memoryless clocks whose failures would
//! bring it nearer strike more often: beside their own points there are others, and what happens is weighted by the
//! likelihood ratio of both kinds of points to their own. The mean of what is counted in copies is that of the life
//! itself, whatever the bias, because the life goes on without it and each excursion is weighted by itself.
//!
//! Importance sampling of one cycle at a time: Goyal, Shahabuddin, Heidelberger, Nicola, Glynn, *A unified framework
//! for simulating Markovian models of highly dependable systems*, IEEE Transactions on Computers 41, 1992; cycles
//! begun from lives that are not biased: Juneja, Shahabuddin, *Splitting-based importance-sampling algorithm for
//! fast simulation of Markov reliability models with general repair-policies*, IEEE Transactions on Reliability 50,
//! 2001.

use super::agenda::Agenda;
use super::event::Event;
use super::nearness::{Nearness, Rare};
use super::replicate::{Endless, Replication};
use super::state::State;
use super::step::{begin, step};
use crate::dist::unit_exponential;
use crate::model::{ClockId, Model, TimeToFailure};
use crate::rng::{Purpose, Stream, StreamKey};
use crate::units::{SimSpan, SimTime};

/// The share of what lasts in which one failure more is made to happen: with a half, an exponential repair ends
/// first two times in three, and the variance of weights stays finite.
const HASTE: f64 = 0.5;
/// After so many times the mean wait for a failure that is made to happen nothing is made to happen any more, so that
/// no weight grows without bound.
const MOST_WAITS: f64 = 3.0;

/// What was seen in one life.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Excursions {
    /// How often it came near.
    pub count: u64,
    /// Of excursions, those in which it happened; with weights.
    pub hits: f64,
    /// How often it happened; with weights.
    pub times: f64,
    /// For how long it was so, seconds; with weights.
    pub seconds: f64,
    /// How many copies saw it happen, without weights.
    pub seen: u64,
    /// The sum of the squares of the weights of those, and the largest.
    pub squares: f64,
    /// The largest of those weights.
    pub largest: f64,
    /// How far the weights of all copies are from one another's mean of one, together: in the mean, not at all.
    pub surplus: f64,
    /// Changes of state, of the life and of its copies.
    pub events: u64,
    /// The time that the life spent near, seconds.
    pub near_s: f64,
}

/// Lives lives with excursions.
#[derive(Debug)]
pub struct Excursioner<'m> {
    model: &'m Model,
    horizon: SimTime,
    warm_up: SimTime,
    nearness: Nearness<'m>,
    /// From which level on it is near.
    near: u32,
    /// Copies for each excursion; none only looks how often there are any.
    copies: u32,
    most_events: u64,
    life: Present<'m>,
    copy: Present<'m>,
    raising: Vec<ClockId>,
}

#[derive(Clone, Debug)]
struct Present<'m> {
    state: State,
    agenda: Agenda<'m>,
    now: SimTime,
}

impl<'m> Excursioner<'m> {
    /// Room for lives that end at a horizon, of which what happens after a warm-up counts, with at most so many events
    /// each: `copies` are made whenever something rare is as near as a level.
    pub fn new(
        model: &'m Model,
        rare: Rare,
        (warm_up, horizon): (SimSpan, SimSpan),
        (near, copies): (u32, u32),
        most_events: u64,
    ) -> Excursioner<'m> {
        let horizon = SimTime::ZERO + warm_up + horizon;
        let life = Present {
            state: State::new(model),
            agenda: Agenda::new(model, horizon),
            now: SimTime::ZERO,
        };
        Excursioner {
            model,
            horizon,
            warm_up: SimTime::ZERO + warm_up,
            nearness: Nearness::new(model, rare),
            near,
            copies,
            most_events,
            copy: life.clone(),
            life,
            raising: Vec::new(),
        }
    }

    /// How many failures it takes from the beginning, as far as is known.
    pub fn far(&self) -> u32 {
        self.nearness.far
    }

    /// Lives one life.
    ///
    /// # Errors
    ///
    /// If the life has more events than allowed.
    pub fn live(&mut self, which: Replication) -> Result<Excursions, Endless> {
        let key = StreamKey::of_life(which.seed, which.number);
        let model = self.model;
        let life = &mut self.life;
        life.state.begin(model);
        life.agenda.begin(key, &life.state.paces);
        life.now = SimTime::ZERO;
        begin(model, &mut life.state, &mut life.agenda);
        let mut seen = Excursions::default();
        let mut is_near = false;
        loop {
            let level = self.nearness.level(&self.life.state);
            let happens = self.life.happens_now(self.nearness.rare);
            let comes_near = level >= self.near || happens;
            if comes_near && !is_near {
                seen.count += 1;
                for copy in 0..self.copies {
                    let number = seen.count << 16 | u64::from(copy);
                    seen.surplus += self.explore(key, number, happens, &mut seen) - 1.0;
                }
            }
            is_near = comes_near;
            let before = self.life.now;
            let goes_on = self.life.advance(model, self.horizon, &mut seen.events);
            if is_near {
                seen.near_s += (self.life.now - before).seconds();
            }
            if !goes_on {
                break;
            }
            if seen.events > self.most_events {
                let (replication, at) = (which.number, self.life.now);
                return Err(Endless { replication, events: seen.events, at });
            }
        }
        Ok(seen)
    }

    /// Another future of the life from here, up to the end of the excursion; its weight there.
    fn explore(
        &mut self,
        key: StreamKey,
        number: u64,
        happens: bool,
        seen: &mut Excursions,
    ) -> f64 {
        self.copy.clone_from(&self.life);
        self.copy.agenda.branch(number);
        self.copy.agenda.bias.is_on = true;
        let mut luck = key.of_branch(number).of(0, Purpose::Forced).draw(0);
        let share = 1.0 / f64::from(self.copies);
        let (mut weight, mut waited) = (1.0, 0.0);
        let mut is_so = false;
        let mut has_been = false;
        let mut happens = happens;
        loop {
            let made = std::mem::replace(&mut self.copy.agenda.bias.weight, 1.0);
            weight *= made;
            if happens && !is_so {
                if !has_been {
                    seen.hits += share * weight;
                    seen.seen += 1;
                    seen.squares += (share * weight).powi(2);
                    seen.largest = seen.largest.max(share * weight);
                }
                has_been = true;
                if self.copy.now >= self.warm_up {
                    seen.times += share * weight;
                }
                if let Rare::Loss(_) = self.nearness.rare {
                    return weight;
                }
            }
            is_so = happens;
            let level = self.nearness.level(&self.copy.state);
            if level < self.near && !is_so {
                return weight;
            }
            let extra = self.extra_rate(is_so, waited);
            let before = self.copy.now;
            let (limit, is_forced) = self.limit(extra, waited, &mut luck);
            let done = self.copy.next_instant(self.model, limit, &mut seen.events);
            let passed = (self.copy.now - before).seconds();
            weight *= libm::exp(extra * passed);
            waited += extra * passed;
            if is_so {
                let from = before.max(self.warm_up);
                seen.seconds += share * weight * (self.copy.now.max(from) - from).seconds();
            }
            let each = extra / self.raising.len().max(1) as f64;
            match done {
                Instant::Over { struck } => {
                    if let Some(clock) = struck.filter(|clock| self.raising.contains(clock)) {
                        weight /= ratio(self.model, clock, each);
                        waited = 0.0;
                    }
                }
                Instant::Limit if self.copy.now >= self.horizon => return weight,
                Instant::Limit if is_forced => {
                    let clock = self.raising[luck.below(self.raising.len())];
                    weight /= ratio(self.model, clock, each);
                    waited = 0.0;
                    self.copy.agenda.force(clock);
                    self.copy.happens(self.model, Event::Fail(clock), &mut seen.events);
                    self.copy.rest_of_instant(self.model, &mut seen.events);
                }
                Instant::Limit => waited = MOST_WAITS,
            }
            happens = self.copy.happens_now(self.nearness.rare);
            self.copy.settle();
        }
    }

    /// How often in a second a failure more is made to happen.
    fn extra_rate(&mut self, is_so: bool, waited: f64) -> f64 {
        if is_so || waited >= MOST_WAITS {
            return 0.0;
        }
        self.nearness.raising(&self.copy.state, &mut self.raising);
        if self.raising.is_empty() { 0.0 } else { HASTE / self.nearness.lasting }
    }

    /// Until when nothing is made to happen: then something is, or nothing any more, or the life ends.
    fn limit(&self, extra: f64, waited: f64, luck: &mut Stream) -> (SimTime, bool) {
        if extra <= 0.0 {
            return (self.horizon, false);
        }
        let wait = unit_exponential(luck);
        let (wait, is_forced) =
            if wait < MOST_WAITS - waited { (wait, true) } else { (MOST_WAITS - waited, false) };
        let at = self.copy.now + SimSpan::from_seconds(wait / extra);
        if at >= self.horizon { (self.horizon, false) } else { (at, is_forced) }
    }
}

/// How many times more often a clock strikes with so many failures a second beside its own.
fn ratio(model: &Model, clock: ClockId, extra: f64) -> f64 {
    match model.clocks[clock.index()].to_failure {
        TimeToFailure::Memoryless { mean } => 1.0 + extra * mean,
        TimeToFailure::Aging(_) | TimeToFailure::SetOff => 1.0,
    }
}

/// How far a present has gone on.
enum Instant {
    /// Everything of the next instant has happened; which memoryless clock had struck, if one had.
    Over { struck: Option<ClockId> },
    /// It is as late as it was to be.
    Limit,
}

impl Present<'_> {
    /// Everything of the next instant before a limit, without what is told of it.
    fn next_instant(&mut self, model: &Model, limit: SimTime, events: &mut u64) -> Instant {
        let Some((at, event)) = self.agenda.next_before(limit) else {
            self.now = limit;
            return Instant::Limit;
        };
        self.now = at;
        let struck = match event {
            Event::Fail(clock) if self.state.can_strike(model, clock) => Some(clock),
            _ => None,
        };
        self.happens(model, event, events);
        self.rest_of_instant(model, events);
        Instant::Over { struck }
    }

    fn rest_of_instant(&mut self, model: &Model, events: &mut u64) {
        let after = self.now + SimSpan::from_micros(1);
        while let Some((_, event)) = self.agenda.next_before(after) {
            self.happens(model, event, events);
        }
        self.agenda.stay_at(self.now);
    }

    fn happens(&mut self, model: &Model, event: Event, events: &mut u64) {
        *events += 1;
        step(model, &mut self.state, event, &mut self.agenda);
    }

    /// The next instant of a life; whether there is one before its horizon.
    fn advance(&mut self, model: &Model, horizon: SimTime, events: &mut u64) -> bool {
        self.settle();
        matches!(self.next_instant(model, horizon, events), Instant::Over { .. })
    }

    /// Whether it is so at this instant, of which not all has been told.
    fn happens_now(&self, rare: Rare) -> bool {
        match rare {
            Rare::Outage(journey) => !self.state.journeys[journey.index()].is_up,
            Rare::Loss(class) => self.state.data.has_lost_of(class),
        }
    }

    /// Forgets what observers would be told.
    fn settle(&mut self) {
        for journey in self.state.touched.drain(..) {
            let journey = &mut self.state.journeys[journey.index()];
            journey.was_up = journey.is_up;
        }
        self.state.data.forget_losses();
    }
}
