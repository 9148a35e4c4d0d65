//! Futures that are tried again from wherever one comes nearer: multilevel splitting.
//!
//! # Method
//!
//! An excursion is tried several times. A try that comes nearer than where it began is tried again from there, several
//! times too, each of which counts for its part of it; one that is no longer near is over. What has no memory is drawn
//! anew in each, and so is what is left of lives that have begun. Levels are numbers of failures, as the
//! gates or the groups of copies tell.
//!
//! So many tries are made on each level that one of them is expected to come nearer, which is close to the best that
//! can be done: Garvels, Kroese, *A comparison of RESTART implementations*, Winter Simulation Conference 1998;
//! L'Ecuyer, Demers, Tuffin, *Rare events, splitting, and quasi-Monte Carlo*, ACM TOMACS 17, 2007.

use super::excursion::{Excursioner, Excursions, Future, Instant, Manner, Present};
use super::nearness::Rare;
use super::replicate::{Endless, Replication};
use super::seldom::Beginnings;
use crate::model::{Model, TimeToFailure};
use crate::units::SimSpan;

/// Presents of a level that are tried again to see how often they come nearer, and how often they must.
const POOL: usize = 32;
/// Tries on a level after which it is given up.
const MOST_TRIES: usize = 10_000;
/// Lives in which excursions are sought.
const LIVES: u64 = 256;
/// Tries of one present.
const MOST_OF_ONE: f64 = 2_000.0;
/// Tries of the excursions of a life, in the mean.
const TRIES_PER_LIFE: f64 = 500.0;

/// Never did so many tries from a level come nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The level: failures.
    pub level: u32,
    /// How often it was tried.
    pub tries: u64,
}

/// What becomes of a try.
enum Nearer {
    Not,
    Level(u32),
    Happens,
}

impl<'m> Excursioner<'m> {
    /// How often to try, by level from the nearest that counts as near: found by trying it.
    ///
    /// # Errors
    ///
    /// If a life has more events than allowed; the inner error if it comes no nearer.
    pub fn tries(
        model: &'m Model,
        sought: (Rare, Beginnings),
        span: (SimSpan, SimSpan),
        near: u32,
        (seed, most_events): (u64, u64),
    ) -> Result<Result<Vec<u32>, Stuck>, Endless> {
        let mut pilot = Excursioner::new(model, sought, span, (near, Manner::Watch), most_events);
        let far = pilot.far();
        let depths = far.saturating_sub(near).max(1) as usize;
        let mut pools: Vec<Vec<Present<'m>>> = vec![Vec::new(); depths];
        let (mut lives, mut excursions) = (0, 0);
        while lives < LIVES && pools[0].len() < POOL {
            let mut begins = |at: &Excursioner<'m>| {
                if pools[0].len() < POOL {
                    pools[0].push(at.life.clone());
                }
            };
            let which = Replication { seed, number: lives };
            excursions += pilot.live_watched(which, &mut begins)?.count;
            lives += 1;
        }
        let per_life = excursions.max(1) as f64 / lives.max(1) as f64;
        let mut tries = Vec::new();
        for depth in 0..depths {
            // What leaps over a level is never tried from there.
            if pools[depth].is_empty() && depth > 0 {
                tries.push(1);
                continue;
            }
            let (mut tried, mut nearer) = (0, 0);
            while nearer < POOL && tried < MOST_TRIES && !pools[depth].is_empty() {
                pilot.copy.clone_from(&pools[depth][tried % pools[depth].len()]);
                pilot.begin_try(tried as u64);
                tried += 1;
                match pilot.comes_nearer(near + depth as u32) {
                    Nearer::Not => {}
                    Nearer::Happens => nearer += 1,
                    Nearer::Level(level) => {
                        nearer += 1;
                        let pool = pools.get_mut((level - near) as usize);
                        if let Some(pool) = pool.filter(|pool| pool.len() < POOL) {
                            pool.push(pilot.copy.clone());
                        }
                    }
                }
            }
            if nearer == 0 {
                return Ok(Err(Stuck { level: near + depth as u32, tries: tried as u64 }));
            }
            let most = if depth == 0 { TRIES_PER_LIFE / per_life } else { MOST_OF_ONE };
            tries.push((tried as f64 / nearer as f64).min(most).max(1.0).round() as u32);
        }
        Ok(Ok(tries))
    }

    /// Tries futures of the life from here, which has come to a level, and counts them for so much.
    pub(super) fn split_life(&mut self, level: u32, worth: f64, seen: &mut Excursions) {
        let reached = level.clamp(self.near, self.near + self.split.len() as u32 - 1);
        let depth = (reached - self.near) as usize;
        self.split[depth].clone_from(&self.life);
        let before = seen.hits;
        let ended = self.try_from(depth, Future::of_weight(worth), seen.count, seen);
        debug_assert!((ended - worth).abs() < 1e-9 * worth, "futures count {ended} for {worth}");
        seen.hit(seen.hits - before);
    }

    /// Tries futures of the present of a level; what they count for where they end, together.
    fn try_from(&mut self, depth: usize, from: Future, number: u64, seen: &mut Excursions) -> f64 {
        let Manner::Split(tries) = &self.manner else { return 0.0 };
        let tries = tries[depth];
        let mut ended = 0.0;
        let reached = self.near + depth as u32;
        for which in 0..tries {
            self.copy.clone_from(&self.split[depth]);
            self.begin_try(number << 20 | u64::from(which));
            let mut future = Future { weight: from.weight / f64::from(tries), ..from };
            ended += loop {
                let Some(level) = self.goes_on(&mut future, seen) else { break future.weight };
                // What is down already may be less near than where it began.
                let deeper = level.saturating_sub(self.near) as usize;
                if level > reached && deeper < self.split.len() && !future.has_been {
                    self.split[deeper].clone_from(&self.copy);
                    break self.try_from(deeper, future, u64::from(which), seen);
                }
                let before = self.copy.now;
                self.copy.settle();
                let done = self.copy.next_instant(self.model, self.horizon, &mut seen.events);
                self.lasts(before, &mut future, seen);
                if let Instant::Limit = done {
                    break future.weight;
                }
            };
        }
        ended
    }

    /// The copy gets a future of its own.
    fn begin_try(&mut self, number: u64) {
        let Present { state, agenda, .. } = &mut self.copy;
        agenda.branch(number);
        for &clock in &self.nearness.clocks {
            let is_aging =
                matches!(self.model.clocks[clock.index()].to_failure, TimeToFailure::Aging(_));
            if is_aging && state.can_strike(self.model, clock) {
                agenda.rest_anew(clock);
            }
        }
    }

    /// Tells what the copy has come to; at which level it is, or `None` if its future is over.
    fn goes_on(&mut self, future: &mut Future, seen: &mut Excursions) -> Option<u32> {
        let happens = self.copy.happens_now(self.nearness.rare);
        if self.comes_to(happens, future, seen) {
            return None;
        }
        let level = self.nearness.level(&self.copy.state);
        let is_near = level >= self.near || self.nearness.stays_near(&self.copy.state);
        (is_near || future.is_so).then_some(level)
    }

    /// Follows the copy until it is nearer than a level, or no longer near.
    fn comes_nearer(&mut self, reached: u32) -> Nearer {
        let (mut future, mut seen) = (Future::of_weight(1.0), Excursions::default());
        while let Some(level) = self.goes_on(&mut future, &mut seen) {
            if future.has_been {
                return Nearer::Happens;
            }
            if level > reached {
                return Nearer::Level(level);
            }
            self.copy.settle();
            if let Instant::Limit =
                self.copy.next_instant(self.model, self.horizon, &mut seen.events)
            {
                return Nearer::Not;
            }
        }
        if future.has_been { Nearer::Happens } else { Nearer::Not }
    }
}
