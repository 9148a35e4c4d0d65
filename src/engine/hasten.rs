//! Futures in which failures are made to happen more often, and weighted for it: importance sampling.
//!
//! # Method
//!
//! Up to the end of an excursion, clocks whose failures would bring nearer what is sought strike more often: beside
//! their own failures there are others, and what happens is weighted by the likelihood ratio of its own hazard to both
//! together. A clock needs no exponential law for that, only a hazard that is known at every age. All failure modes get
//! the same share, and within one all clocks: the few failures that take much are tried as often as the many that take
//! little (balanced failure biasing: Shahabuddin, *Importance sampling for the simulation of highly reliable Markovian
//! systems*, Management Science 40, 1994).
//!
//! Goyal, Shahabuddin, Heidelberger, Nicola, Glynn, *A unified framework for simulating Markovian models of highly
//! dependable systems*, IEEE Transactions on Computers 41, 1992; with hazards that change with age: Heidelberger,
//! Shahabuddin, Nicola, *Bounded relative error in estimating transient measures of highly dependable non-Markovian
//! systems*, ACM TOMACS 4, 1994.

use super::excursion::{Excursioner, Excursions, Future, Instant, Present};
use super::nearness::MOST_WORKS;
use super::seldom::Source;
use crate::dist::unit_exponential;
use crate::rng::{Purpose, Stream, StreamKey};
use crate::units::{SimSpan, SimTime};

/// The share of what lasts in which one failure more is made to happen, at first: an exponential repair ends first two
/// times in three. What lasts longer than that in the mean is as a rule about to last for much longer, so failures are
/// made to happen the less often the longer nothing has happened: however long it lasts, they are made to at every
/// scale of time, and weights grow no faster than this power of it.
const HASTE: f64 = 0.6;

/// The share of those that is of what brings nothing nearer by itself, but may make others last.
const BESIDE: f64 = 0.1;

/// So many times as many failures as it takes are made to happen in a future: with no end of them, excursions that
/// last have weights of next to nothing, and few others carry the mean.
const MOST_FORCED: u32 = 2;

impl Excursioner<'_> {
    /// Tries so many futures of the life from here, in which something strikes at once that does not of itself, and
    /// counts them for so much.
    pub(super) fn hasten(
        &mut self,
        (key, copies): (StreamKey, u32),
        worth: f64,
        strikes: Option<Source>,
        seen: &mut Excursions,
    ) {
        let mut works = [false; MOST_WORKS];
        for copy in 0..copies {
            let number = seen.count << 16 | u64::from(copy);
            let each = worth / f64::from(copies);
            let weight = self.hastened((key, number), each, strikes, (seen, &mut works));
            seen.surplus += weight - 1.0;
        }
        for (kind, work) in self.beginnings.works.iter().enumerate() {
            // What is under way from the beginning on does not begin.
            let is_on = || work.clocks.iter().any(|clock| self.life.state.is_active(*clock));
            let is_seen = works[kind] && !(work.must_begin && is_on());
            seen.works[kind] += u32::from(is_seen);
        }
    }

    /// One future up to the end of the excursion, which counts for so much; its weight there.
    fn hastened(
        &mut self,
        (key, number): (StreamKey, u64),
        each: f64,
        strikes: Option<Source>,
        (seen, works): (&mut Excursions, &mut [bool; MOST_WORKS]),
    ) -> f64 {
        self.copy.clone_from(&self.life);
        self.copy.agenda.branch(number);
        self.copy.agenda.bias.is_on = true;
        if let Some(source) = strikes {
            self.copy.force(self.model, source, &mut seen.events);
        }
        let mut luck = key.of_branch(number).of(0, Purpose::Forced).draw(0);
        let (mut weight, mut since) = (1.0, self.copy.now);
        let mut left = MOST_FORCED * self.nearness.farthest;
        let mut future = Future::of_weight(each);
        loop {
            let happens = self.copy.happens_now(self.nearness.rare);
            self.copy.settle();
            weight *= std::mem::replace(&mut self.copy.agenda.bias.weight, 1.0);
            future.weight = weight * each;
            let is_over = self.comes_to(happens, &mut future, seen);
            let is_far = !future.is_so
                && self.nearness.level(&self.copy.state) < self.near
                && !self.nearness.stays_near(&self.copy.state);
            for (is_seen, work) in works.iter_mut().zip(&self.beginnings.works) {
                *is_seen |= work.clocks.iter().any(|clock| self.copy.state.is_active(*clock));
            }
            // What cannot happen of itself counts for nothing from there on.
            if is_over || is_far || weight == 0.0 {
                return weight;
            }
            let before = self.copy.now;
            let haste = if left > 0 { self.haste(future.is_so, since) } else { None };
            let (limit, is_forced) = self.limit(haste, &mut luck);
            let done = self.copy.next_instant(self.model, limit, &mut seen.events);
            if let Some(haste) = haste {
                weight *= haste.nothing_until(self.copy.now);
            }
            future.weight = weight * each;
            self.lasts(before, &mut future, seen);
            match done {
                Instant::Over { struck } => {
                    if let Some((source, hazard)) = struck
                        && let Some(haste) = haste
                        && (self.raising.contains(&source) || self.beside.contains(&source))
                    {
                        weight *=
                            self.ratio(hazard, haste.rate(self.copy.now) * self.share(source));
                        since = self.copy.now;
                    }
                }
                Instant::Limit if self.copy.now >= self.horizon => return weight,
                Instant::Limit => {
                    let Some(haste) = haste.filter(|_| is_forced) else { continue };
                    let source = self.pick(&mut luck);
                    let own = self.copy.agenda.hazard_of(source);
                    weight *= self.ratio(own, haste.rate(self.copy.now) * self.share(source));
                    since = self.copy.now;
                    left -= 1;
                    self.copy.force(self.model, source, &mut seen.events);
                }
            }
        }
    }

    /// How likely something is to strike by its own hazard, against that and what is made of it together.
    fn ratio(&self, own: Option<f64>, made: f64) -> f64 {
        #[cfg(test)]
        let made = made * self.wrong;
        own.map_or(1.0, |own| own / (own + made))
    }

    /// How often failures more are made to happen, of which the last was so long ago.
    fn haste(&mut self, is_so: bool, since: SimTime) -> Option<Haste> {
        self.raising.clear();
        self.beside.clear();
        if is_so {
            return None;
        }
        self.nearness.raising(&self.copy.state, &mut self.raising, &mut self.beside);
        let Present { agenda, state, .. } = &self.copy;
        // A clock that stands still does not strike.
        let runs = |source: Source| match source {
            Source::Clock(clock) => {
                state.paces[self.model.clocks[clock.index()].unit.index()] > 0.0
            }
            Source::Shock(_) | Source::Deletion(_) => true,
        };
        let strikes = |source: &Source| runs(*source) && agenda.hazard_of(*source).is_some();
        self.raising.retain(strikes);
        self.beside.retain(strikes);
        self.of_kinds.fill(0);
        for source in &self.raising {
            let kind = self.kind(*source);
            self.of_kinds[kind] += 1;
        }
        let now = self.copy.now;
        // What lasts for longer than there is time left lasts that long.
        let left = (self.horizon - since).seconds();
        let waited = (now - since).seconds() + self.nearness.lasting(&self.copy.state).min(left);
        let is_any = !self.raising.is_empty() || !self.beside.is_empty();
        (is_any && waited > 0.0).then_some(Haste { from: now, waited })
    }

    /// The kind of a source. What is enough alone begins excursions of its own, and in those of others is the same small part
    /// however many failure modes it has.
    fn kind(&self, source: Source) -> usize {
        match self.nearness.is_enough(source) {
            true => self.of_kinds.len() - 1,
            false => self.nearness.kinds.of(source),
        }
    }

    /// The share of what is made to happen that is of one source.
    fn share(&self, source: Source) -> f64 {
        if self.beside.contains(&source) {
            return self.share_beside() / self.beside.len() as f64;
        }
        let kinds = self.of_kinds.iter().filter(|count| **count > 0).count();
        let alike = self.of_kinds[self.kind(source)];
        (1.0 - self.share_beside()) / (kinds as f64 * f64::from(alike))
    }

    /// The share of all that bring nothing nearer by themselves.
    fn share_beside(&self) -> f64 {
        match (self.raising.is_empty(), self.beside.is_empty()) {
            (_, true) => 0.0,
            (true, false) => 1.0,
            (false, false) => BESIDE,
        }
    }

    /// One of those that are made to strike more often, each by its share.
    fn pick(&self, luck: &mut Stream) -> Source {
        let share = self.share_beside();
        if share > 0.0 && luck.open_unit() < share {
            return self.beside[luck.below(self.beside.len())];
        }
        let mut kinds = self.of_kinds.iter().enumerate().filter(|(_, count)| **count > 0);
        let which = luck.below(kinds.clone().count());
        let (kind, alike) = kinds.nth(which).unwrap_or((0, &0));
        let number = luck.below(*alike as usize);
        let mut of_kind = self.raising.iter().filter(|one| self.kind(**one) == kind);
        of_kind.nth(number).copied().unwrap_or(self.raising[0])
    }

    /// Until when nothing is made to happen: then something is, or the life ends.
    fn limit(&self, haste: Option<Haste>, luck: &mut Stream) -> (SimTime, bool) {
        let Some(haste) = haste else { return (self.horizon, false) };
        let left = (self.horizon - self.copy.now).seconds();
        let wait = haste.wait(luck);
        // It may be longer than any time that there is.
        if wait >= left {
            (self.horizon, false)
        } else {
            (self.copy.now + SimSpan::from_seconds(wait), true)
        }
    }
}

/// How often failures more are made to happen from an instant on, as long as nothing does: a share of the time that it
/// has been waited for, by which what has failed lasts counts as waited for before it began.
#[derive(Clone, Copy, Debug)]
struct Haste {
    from: SimTime,
    /// How long it has been waited for at that instant, seconds.
    waited: f64,
}

impl Haste {
    fn waited_at(&self, at: SimTime) -> f64 {
        self.waited + (at - self.from).seconds()
    }

    /// How often in a second.
    fn rate(&self, at: SimTime) -> f64 {
        HASTE / self.waited_at(at)
    }

    /// The likelihood of no failure more until an instant without any, against with them.
    fn nothing_until(&self, at: SimTime) -> f64 {
        libm::pow(self.waited_at(at) / self.waited, HASTE)
    }

    /// How long it takes until one is made to happen, seconds.
    fn wait(&self, luck: &mut Stream) -> f64 {
        self.waited * libm::expm1(unit_exponential(luck) / HASTE)
    }
}
