//! Lives in which what rarely happens is sought: whenever one comes near it, others are tried from there.
//!
//! # Method
//!
//! A life is lived as it is. Each time it comes as near as a given level (an excursion), its present is copied, and
//! the copies get other futures up to the end of the excursion: such in which failures are made to happen more often
//! and weighted for it ([`Manner::Hasten`], in [`super::hasten`]), or such that are copied again whenever they come
//! nearer still ([`Manner::Split`], in [`super::split`]). The mean of what is counted in copies is that of the life
//! itself, however they are made, because the life goes on without them and each excursion is weighted by itself.
//!
//! One cycle at a time, begun from lives that are not biased: Juneja, Shahabuddin, *Splitting-based
//! importance-sampling algorithm for fast simulation of Markov reliability models with general repair-policies*, IEEE
//! Transactions on Reliability 50, 2001.

use super::agenda::Agenda;
use super::event::Event;
use super::nearness::{MOST_WORKS, Nearness, Rare};
use super::replicate::{Endless, Replication};
use super::seldom::{Beginning, Beginnings, Source};
use super::state::{SeatState, State};
use super::step::{begin, step};
use crate::model::{Model, SeatId, UnitId};
use crate::rng::StreamKey;
use crate::units::{SimSpan, SimTime};

/// How other futures are tried.
#[derive(Clone, Debug, PartialEq)]
pub enum Manner {
    /// None are; lives only look how often they come near.
    Watch,
    /// So many copies of each excursion, with failures that are made to happen more often: importance sampling.
    Hasten(u32),
    /// Copies of each excursion, and of whatever comes nearer, so many by level from the nearest that counts as near:
    /// multilevel splitting.
    Split(Vec<u32>),
}

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
    /// The sum of the squares of independent weights, and the largest: those of copies, or where copies are copied
    /// again, of whole excursions.
    pub squares: f64,
    /// The largest of those weights.
    pub largest: f64,
    /// How far the weights of all copies are from one another's mean of one, together: in the mean, not at all.
    pub surplus: f64,
    /// Changes of state, of the life and of its copies.
    pub events: u64,
    /// The time that the life spent near, seconds.
    pub near_s: f64,
    /// By kind of planned work how many excursions saw it; or saw it begin, if they must.
    pub works: [u32; MOST_WORKS],
}

impl Excursions {
    /// An independent weight with which it happened.
    pub(super) fn hit(&mut self, weight: f64) {
        self.squares += weight * weight;
        self.largest = self.largest.max(weight);
    }
}

/// Lives lives with excursions.
#[derive(Debug)]
pub struct Excursioner<'m> {
    pub(super) model: &'m Model,
    pub(super) horizon: SimTime,
    warm_up: SimTime,
    pub(super) nearness: Nearness<'m>,
    /// From which level on it is near.
    pub(super) near: u32,
    pub(super) manner: Manner,
    most_events: u64,
    pub(super) life: Present<'m>,
    pub(super) copy: Present<'m>,
    /// By level from the nearest that counts as near: a present that is split.
    pub(super) split: Vec<Present<'m>>,
    /// What is made to strike more often now, and how many there are of each kind; those that are enough alone are the last
    /// kind. And what else is, though it brings nothing nearer by itself.
    pub(super) raising: Vec<Source>,
    pub(super) of_kinds: Vec<u32>,
    pub(super) beside: Vec<Source>,
    /// What begins excursions so seldom that it is made to.
    pub(super) beginnings: Beginnings,
    /// Who has served where it matters, and for how long, seconds; of lives that only look.
    served: Vec<((SeatId, UnitId), f64)>,
    /// By what likelihood ratios are wrong on purpose.
    #[cfg(test)]
    pub(crate) wrong: f64,
}

/// What is made to begin has luck of its own.
const MADE: u64 = 1;

/// What one life knows at an instant.
#[derive(Clone, Debug)]
pub(super) struct Present<'m> {
    pub(super) state: State,
    pub(super) agenda: Agenda<'m>,
    pub(super) now: SimTime,
}

/// A future that is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Future {
    /// What it counts for.
    pub(super) weight: f64,
    /// Whether it is so now, and whether it has been.
    pub(super) is_so: bool,
    pub(super) has_been: bool,
}

impl Future {
    pub(super) fn of_weight(weight: f64) -> Future {
        Future { weight, is_so: false, has_been: false }
    }
}

impl<'m> Excursioner<'m> {
    /// Room for lives that end at a horizon, of which what happens after a warm-up counts, with at most so many events
    /// each: other futures are tried whenever something rare is as near as a level, and from what is made to begin.
    pub fn new(
        model: &'m Model,
        (rare, beginnings): (Rare, Beginnings),
        (warm_up, horizon): (SimSpan, SimSpan),
        (near, manner): (u32, Manner),
        most_events: u64,
    ) -> Excursioner<'m> {
        let horizon = SimTime::ZERO + warm_up + horizon;
        let life = Present {
            state: State::new(model),
            agenda: Agenda::new(model, horizon),
            now: SimTime::ZERO,
        };
        let mut nearness = Nearness::new(model, rare);
        nearness.beside.clone_from(&beginnings.beside);
        nearness.ends_at_rest = beginnings.ends_at_rest;
        nearness.rest.usual.clone_from(&beginnings.usual);
        let kinds = nearness.kinds.count;
        let split = match &manner {
            Manner::Split(tries) => vec![life.clone(); tries.len()],
            Manner::Watch | Manner::Hasten(_) => Vec::new(),
        };
        Excursioner {
            model,
            horizon,
            warm_up: SimTime::ZERO + warm_up,
            nearness,
            near,
            manner,
            most_events,
            copy: life.clone(),
            life,
            split,
            raising: Vec::new(),
            beside: Vec::new(),
            of_kinds: vec![0; kinds + 1],
            beginnings,
            served: Vec::new(),
            #[cfg(test)]
            wrong: 1.0,
        }
    }

    /// How many failures it takes from the beginning, as far as is known.
    pub fn far(&self) -> u32 {
        self.nearness.far
    }

    /// Whether it may take more failures than that in another way.
    pub fn is_uneven(&self) -> bool {
        self.nearness.is_uneven
    }

    /// Whether a single failure may bring it nearer by more than one.
    pub fn leaps(&mut self) -> bool {
        self.nearness.leaps()
    }

    /// Who serves where it matters at least so long in all lives so far, seconds.
    pub fn served(&self, seconds: f64) -> Vec<(SeatId, UnitId)> {
        let long = self.served.iter().filter(|(_, served)| *served >= seconds);
        long.map(|(who, _)| *who).collect()
    }

    /// A unit whose failure alone is enough, if any is, and whether all that are enough alone are known.
    pub fn enough(&self) -> (Option<UnitId>, bool) {
        (self.nearness.enough, self.nearness.is_apart)
    }

    /// Lives one life.
    ///
    /// # Errors
    ///
    /// If the life has more events than allowed.
    pub fn live(&mut self, which: Replication) -> Result<Excursions, Endless> {
        self.live_watched(which, &mut |_| {})
    }

    /// Lives one life; `begins` is shown each excursion at its beginning.
    pub(super) fn live_watched(
        &mut self,
        which: Replication,
        begins: &mut dyn FnMut(&Excursioner<'m>),
    ) -> Result<Excursions, Endless> {
        let key = StreamKey::of_life(which.seed, which.number);
        let model = self.model;
        let life = &mut self.life;
        life.state.begin(model);
        life.agenda.begin(key, &life.state.paces);
        life.now = SimTime::ZERO;
        begin(model, &mut life.state, &mut life.agenda);
        let mut seen = Excursions::default();
        let (mut is_near, mut was_made) = (false, false);
        let beginnings = self.beginnings.draw(key, self.horizon);
        let mut next = 0;
        loop {
            let level = self.nearness.level(&self.life.state);
            let comes_near = level >= self.near
                || self.life.happens_now(self.nearness.rare)
                || is_near && self.nearness.stays_near(&self.life.state);
            if comes_near && !is_near && !was_made {
                self.excursion((key, level), 1.0, &mut seen, begins);
            }
            is_near = comes_near;
            self.life.settle();
            let before = self.life.now;
            let beginning = beginnings.get(next).copied();
            let limit = beginning.map_or(self.horizon, |beginning| beginning.at);
            let done = self.life.next_instant(model, limit, &mut seen.events);
            if is_near {
                seen.near_s += (self.life.now - before).seconds();
            }
            if self.manner == Manner::Watch {
                self.serve((self.life.now - before).seconds());
            }
            match (done, beginning) {
                (Instant::Over { struck }, _) => {
                    was_made = struck.is_some_and(|(source, _)| self.beginnings.include(source));
                }
                (Instant::Limit, Some(beginning)) => {
                    next += 1;
                    if !is_near {
                        self.make_begin(key, beginning, &mut seen, begins);
                    }
                }
                (Instant::Limit, None) => break,
            }
            if seen.events > self.most_events {
                let (replication, at) = (which.number, self.life.now);
                return Err(Endless { replication, events: seen.events, at });
            }
        }
        Ok(seen)
    }

    /// Notes who has served for so long, seconds.
    fn serve(&mut self, seconds: f64) {
        for seat in &self.nearness.unequal {
            let SeatState::Serving(unit) = self.life.state.seats[seat.index()] else { continue };
            match self.served.iter_mut().find(|(who, _)| *who == (*seat, unit)) {
                Some((_, served)) => *served += seconds,
                None => self.served.push(((*seat, unit), seconds)),
            }
        }
    }

    /// Tries futures of the life, which has come to a level, and counts them for so much.
    fn excursion(
        &mut self,
        (key, level): (StreamKey, u32),
        worth: f64,
        seen: &mut Excursions,
        begins: &mut dyn FnMut(&Excursioner<'m>),
    ) {
        seen.count += 1;
        begins(self);
        match self.manner {
            Manner::Watch => {}
            Manner::Hasten(copies) => self.hasten((key, copies), worth, None, seen),
            Manner::Split(_) => self.split_life(level, worth, seen),
        }
    }

    /// Tries the excursion that would begin if something struck now, which the life then goes on without.
    fn make_begin(
        &mut self,
        key: StreamKey,
        beginning: Beginning,
        seen: &mut Excursions,
        begins: &mut dyn FnMut(&Excursioner<'m>),
    ) {
        let Beginning { source, alike, .. } = beginning;
        if let Source::Clock(clock) = source
            && !self.life.state.can_strike(self.model, clock)
        {
            return;
        }
        let Some(hazard) = self.life.agenda.hazard_of(source) else { return };
        let worth = hazard * alike * (self.horizon - SimTime::ZERO).seconds();
        if let Manner::Hasten(copies) = self.manner {
            seen.count += 1;
            self.hasten((key, copies), worth, Some(source), seen);
            return;
        }
        let life = self.life.clone();
        self.life.agenda.branch(MADE << 32 | seen.count);
        self.life.force(self.model, source, &mut seen.events);
        let level = self.nearness.level(&self.life.state);
        if level >= self.near || self.life.happens_now(self.nearness.rare) {
            self.excursion((key, level), worth, seen, begins);
        }
        self.life = life;
    }

    /// Tells what the copy has come to at this instant; whether its future is over with it.
    pub(super) fn comes_to(
        &self,
        happens: bool,
        future: &mut Future,
        seen: &mut Excursions,
    ) -> bool {
        let begins = happens && !future.is_so;
        future.is_so = happens;
        if !begins {
            return false;
        }
        if self.copy.now >= self.warm_up {
            seen.times += future.weight;
            self.hits(future, seen);
        }
        matches!(self.nearness.rare, Rare::Loss(_))
    }

    /// Tells how long the copy has been as it was since an instant.
    pub(super) fn lasts(&self, since: SimTime, future: &mut Future, seen: &mut Excursions) {
        if future.is_so {
            let from = since.max(self.warm_up);
            seen.seconds += future.weight * (self.copy.now.max(from) - from).seconds();
            if self.copy.now > self.warm_up {
                self.hits(future, seen);
            }
        }
    }

    /// It is so within what counts.
    fn hits(&self, future: &mut Future, seen: &mut Excursions) {
        if std::mem::replace(&mut future.has_been, true) {
            return;
        }
        seen.hits += future.weight;
        seen.seen += 1;
        // What is copied again is independent by whole excursions only.
        if let Manner::Hasten(_) = self.manner {
            seen.hit(future.weight);
        }
    }
}

/// How far a present has gone on.
pub(super) enum Instant {
    /// Everything of the next instant has happened; what had struck, if anything had, and its hazard then.
    Over { struck: Option<(Source, Option<f64>)> },
    /// It is as late as it was to be.
    Limit,
}

impl Present<'_> {
    /// Everything of the next instant before a limit, without what is told of it.
    pub(super) fn next_instant(
        &mut self,
        model: &Model,
        limit: SimTime,
        events: &mut u64,
    ) -> Instant {
        let Some((at, event)) = self.agenda.next_before(limit) else {
            self.now = limit;
            return Instant::Limit;
        };
        self.now = at;
        let strikes = |source: &Source| match source {
            Source::Clock(clock) => self.state.can_strike(model, *clock),
            Source::Shock(_) | Source::Deletion(_) => true,
        };
        let struck = Source::of(event).filter(strikes);
        let struck = struck.map(|source| (source, self.agenda.hazard_of_struck(source)));
        self.happens(model, event, events);
        self.rest_of_instant(model, events);
        Instant::Over { struck }
    }

    pub(super) fn rest_of_instant(&mut self, model: &Model, events: &mut u64) {
        let after = self.now + SimSpan::from_micros(1);
        while let Some((_, event)) = self.agenda.next_before(after) {
            self.happens(model, event, events);
        }
        self.agenda.stay_at(self.now);
    }

    pub(super) fn happens(&mut self, model: &Model, event: Event, events: &mut u64) {
        *events += 1;
        step(model, &mut self.state, event, &mut self.agenda);
    }

    /// Something strikes now that does not of itself.
    pub(super) fn force(&mut self, model: &Model, source: Source, events: &mut u64) {
        self.agenda.force(source);
        self.agenda.bias.is_forcing = self.agenda.bias.is_on;
        self.happens(model, source.event(), events);
        self.agenda.bias.is_forcing = false;
        self.rest_of_instant(model, events);
    }

    /// Whether it is so at this instant, of which not all has been told.
    pub(super) fn happens_now(&self, rare: Rare) -> bool {
        match rare {
            Rare::Outage(journey) => !self.state.journeys[journey.index()].is_up,
            Rare::Loss(class) => self.state.data.has_lost_of(class),
        }
    }

    /// Forgets what observers would be told.
    pub(super) fn settle(&mut self) {
        for journey in self.state.touched.drain(..) {
            let journey = &mut self.state.journeys[journey.index()];
            journey.was_up = journey.is_up;
        }
        self.state.data.forget_losses();
    }
}
