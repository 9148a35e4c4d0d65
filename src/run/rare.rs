//! What hardly ever happens, from many lives with excursions.

use std::fmt;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::lives::{checked_end, most_events, pool};
use super::plan::{Plan, RunError};
use crate::engine::{
    Beginnings, Excursioner, Excursions, Manner, Rare, Replication, Stuck, Unseen,
};
use crate::model::{ClockId, Model, SeatId, UnitId};
use crate::stats::Estimate;
use crate::units::SECONDS_PER_YEAR;

/// Lives in a round, after which it is asked whether to go on; of an estimate, and of what only checks one.
const ROUND: u64 = 256;
const CHECK_ROUND: u64 = 32;
/// A round is at least such a part of what is done: looking again costs time, and makes intervals too narrow.
const PART: u64 = 8;
/// Lives that only look how near it comes, and how often; where none comes near at all, at most so many.
const PILOT: u64 = 16;
const MOST_PILOT: u64 = 4_096;
/// Lives after which it is judged whether planned work will be seen often enough.
const PILOT_WORK: u64 = 2_048;
/// Lives in which each method is tried before one is chosen.
const TRIAL: u64 = 64;
/// The same, in rounds; splitting is tried no longer than until it has had so many times the events.
const TRIAL_ROUND: u64 = 8;
const TRIAL_EVENTS: u64 = 4;
/// It is near where lives are for less than this share of their time; where ways take different numbers of failures, so that
/// many more may be needed than it takes as a rule, for less than the second one.
const NEAR_SHARE: f64 = 0.05;
const UNEVEN_NEAR_SHARE: f64 = 0.25;
/// What brings nothing nearer by itself, but may make others last, counts as near as well if that begins so many times as
/// many excursions at most, or so many in a life as there are copies, and if there is no more of it than this.
const MORE_EXCURSIONS: u64 = 4;
const MOST_BESIDE: usize = 400;
/// Whoever serves for such a share of the time does so as a rule.
const USUAL: f64 = 0.01;
/// Copies of the excursions of a life in the mean, and of one excursion at most: where excursions are few more is
/// learnt of each than of another life.
const COPIES_PER_LIFE: f64 = 16.0;
const MOST_COPIES: f64 = 32.0;
/// So many equal weights there must be worth for an estimate to be trusted, and no weight may have more than this
/// share of all.
const LEAST_WORTH: f64 = 100.0;
const MOST_SHARE: f64 = 0.1;
/// Halves of the lives, and the two methods, may differ by so many standard errors of their difference.
const MOST_SIGMAS: f64 = 4.0;
/// The method that was not chosen gets this share of the events of the other, to check it.
const CHECK_SHARE: f64 = 0.5;

/// A method for what rarely happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RareMethod {
    /// Failures are made to happen more often, and weighted for it.
    ImportanceSampling,
    /// What comes nearer is tried again from there.
    Splitting,
}

impl RareMethod {
    /// The other one.
    pub fn other(self) -> RareMethod {
        match self {
            RareMethod::ImportanceSampling => RareMethod::Splitting,
            RareMethod::Splitting => RareMethod::ImportanceSampling,
        }
    }

    /// Its name in words.
    pub fn words(self) -> &'static str {
        match self {
            RareMethod::ImportanceSampling => "importance sampling",
            RareMethod::Splitting => "multilevel splitting",
        }
    }
}

impl fmt::Display for RareMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Why a method was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Chosen {
    /// It was asked for.
    Asked,
    /// For intervals as wide the other method would need so many times the events.
    Fewer(f64),
    /// The other method saw nothing in as many lives.
    OtherSawNothing,
    /// What the other method said could not be trusted.
    OtherUntrusted,
    /// The other method came nowhere.
    OtherStuck(Stuck),
    /// Splitting does not see all ways in which it comes nearer: something that hardly ever happens takes several at once,
    /// is enough alone or only makes others last, or ways take different numbers of failures.
    Leaps,
}

/// What the method that was not chosen says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OtherMethod {
    /// Which it is.
    pub method: RareMethod,
    /// Lives.
    pub lives: u64,
    /// How often it happens anew before the horizon, in the mean: in how many excursions.
    pub hits: Estimate,
    /// How often it happens a year.
    pub per_year: Estimate,
    /// The share of time in which it is so.
    pub share: Estimate,
}

/// What is seen in a twin whose failures come more often, by the same method and by plain lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Twin {
    /// Its failures come so many times as often.
    pub times: f64,
    /// What the method says: the share of time in which a journey is down, or the probability that data are lost.
    pub estimated: Estimate,
    /// What plain lives say.
    pub plain: Estimate,
    /// So many plain lives.
    pub lives: u64,
}

impl Twin {
    /// How many standard errors the two are apart.
    pub fn sigmas(&self) -> f64 {
        self.plain.sigmas_apart(self.estimated).map_or(0.0, f64::abs)
    }
}

/// An estimate of something rare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RareEstimate {
    /// How it was found.
    pub method: RareMethod,
    /// Why so.
    pub chosen: Chosen,
    /// What the other method says, where it says anything that can be trusted.
    pub other: Option<OtherMethod>,
    /// What is seen in a twin, where one was lived.
    pub twin: Option<Twin>,
    /// Lives.
    pub lives: u64,
    /// Changes of state, of lives and of their copies.
    pub events: u64,
    /// Excursions.
    pub excursions: u64,
    /// Copies in which it happened.
    pub seen: u64,
    /// So many equal weights would be worth as much.
    pub effective: f64,
    /// From how many failures on it was near, and how many it takes.
    pub near: u32,
    /// How many failures it takes, as far as is known.
    pub far: u32,
    /// How often it happens anew before the horizon, in the mean: in how many excursions.
    pub hits: Estimate,
    /// How often it happens a year.
    pub per_year: Estimate,
    /// The share of time in which it is so.
    pub share: Estimate,
    /// How long it lasts in the mean, seconds; `None` where it never begins within what counts.
    pub mean_s: Option<Estimate>,
}

/// Why there is no estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotEstimated {
    /// A single failure is enough, as of this unit if one is known, and what others take cannot be told from it.
    OneFailureIsEnough(Option<UnitId>),
    /// It never came near in the lives that looked.
    NeverNear,
    /// It is near most of the time.
    AlwaysNear,
    /// It never came nearer than this.
    Stuck(Stuck),
    /// There is something that lives hardly ever see, and that cannot be made to happen.
    Unseen(Unseen),
    /// Splitting does not see all ways in which it comes nearer: something that hardly ever happens takes several at once,
    /// is enough alone or only makes others last, or ways take different numbers of failures.
    Leaps,
    /// It was seen in too few copies, or a few weights are most of all.
    Uneven {
        /// So many equal weights would be worth as much.
        effective: f64,
    },
    /// The weights of all copies are not one in the mean, as the likelihood ratios of any two laws are.
    WrongWeights {
        /// By so many standard errors.
        sigmas: f64,
    },
    /// The two halves of the lives do not agree.
    Disagrees {
        /// By so many standard errors.
        sigmas: f64,
    },
    /// Importance sampling and splitting do not agree.
    MethodsDisagree {
        /// By so many standard errors.
        sigmas: f64,
    },
    /// In a twin whose failures come more often, plain lives say something else.
    TwinDisagrees {
        /// So many times as often.
        times: f64,
        /// By so many standard errors.
        sigmas: f64,
    },
}

/// Lives with excursions of one method, and what they saw.
struct Sampler<'m> {
    model: &'m Model,
    plan: &'m Plan,
    rare: Rare,
    beginnings: &'m Beginnings,
    /// From how many failures on it is near, and how many it takes.
    near: u32,
    far: u32,
    manner: Manner,
    pool: &'m rayon::ThreadPool,
    lives: Vec<Excursions>,
}

impl<'m> Sampler<'m> {
    fn excursioner(&self) -> Excursioner<'m> {
        let span = (self.plan.warm_up, self.plan.horizon);
        let manner = (self.near, self.manner.clone());
        let sought = (self.rare, self.beginnings.clone());
        Excursioner::new(self.model, sought, span, manner, most_events(self.plan))
    }

    /// Lives so many lives more.
    fn live(&mut self, seed: u64, count: u64) -> Result<(), RunError> {
        let first = self.plan.first + self.lives.len() as u64;
        let lived: Result<Vec<Excursions>, _> = self.pool.install(|| {
            (first..first + count)
                .into_par_iter()
                .map_init(
                    || self.excursioner(),
                    |excursioner, number| excursioner.live(Replication { seed, number }),
                )
                .collect()
        });
        self.lives.extend(lived?);
        Ok(())
    }

    fn method(&self) -> RareMethod {
        match self.manner {
            Manner::Split(_) => RareMethod::Splitting,
            Manner::Hasten(_) | Manner::Watch => RareMethod::ImportanceSampling,
        }
    }

    fn estimate(&self, chosen: Chosen) -> RareEstimate {
        let levels = (self.near, self.far);
        RareEstimate::of(self.plan, &self.lives, self.method(), chosen, levels)
    }

    /// Whether what was found can be trusted.
    fn is_trusted(&self, found: &RareEstimate) -> Result<(), NotEstimated> {
        // Without work in enough excursions what follows from it has not been seen, nor without a defect.
        if let Some((clock, seen)) = self.least_seen_work()
            && seen < LEAST_WORTH
        {
            return Err(NotEstimated::Unseen(Unseen::Work(clock)));
        }
        match self.beginnings.defect() {
            Some((class, probability)) if found.excursions as f64 * probability < LEAST_WORTH => {
                Err(NotEstimated::Unseen(Unseen::Defect(class)))
            }
            _ => found.is_trusted(&self.lives),
        }
    }

    /// The planned work that began in the fewest excursions that had begun without it, and how many those were.
    fn least_seen_work(&self) -> Option<(ClockId, f64)> {
        let seen = |kind: usize| self.lives.iter().map(|life| f64::from(life.works[kind])).sum();
        let works = self.beginnings.works().enumerate().map(|(kind, clock)| (clock, seen(kind)));
        works.min_by(|(_, one), (_, other)| f64::total_cmp(one, other))
    }

    /// Lives in rounds until what is known is known to a precision, or so many events or lives are over.
    fn live_until(
        &mut self,
        precision: f64,
        round: u64,
        most_events: u64,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), RunError> {
        let mut known_at = None;
        loop {
            let done = self.lives.len() as u64;
            let round = round.max(done / PART);
            self.live(self.plan.seed, round.min(self.plan.replications - done))?;
            let so_far = self.estimate(Chosen::Asked);
            let is_known =
                self.is_trusted(&so_far).is_ok() && so_far.is_known_to(self.rare, precision);
            let done = self.lives.len() as u64;
            // Whoever stops at the first interval that is narrow enough stops as a rule where the largest weights have
            // not been seen yet: it must still be so after half as many lives more.
            known_at = known_at.or(Some(done)).filter(|_| is_known);
            let is_enough = known_at.is_some_and(|first| done >= first + first / 2);
            // Work that would not be seen often enough in all lives that there may be need not be waited for.
            let share = done as f64 / self.plan.replications as f64;
            let is_vain = done >= PILOT_WORK
                && self.least_seen_work().is_some_and(|(_, seen)| seen < 0.5 * share * LEAST_WORTH);
            let is_all = is_vain || done >= self.plan.replications || so_far.events >= most_events;
            if is_enough || is_all || progress(done).is_break() {
                return Ok(());
            }
        }
    }

    /// The square of the relative error times events; `None` if it was not seen.
    fn effort(&self) -> Option<f64> {
        let found = self.estimate(Chosen::Asked);
        let error = found.hits.std_error? / found.hits.mean;
        (found.hits.mean > 0.0).then_some(error * error * found.events as f64)
    }
}

/// How something rare is to be estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Aim {
    method: Option<RareMethod>,
    precision: f64,
    round: u64,
}

impl Aim {
    /// An estimate whose relative half-width is at most so much, by this method or the one that suits it.
    pub(crate) fn estimate(method: Option<RareMethod>, precision: f64) -> Aim {
        Aim { method, precision, round: ROUND }
    }

    /// An estimate that only checks another one, in which few lives may be enough.
    pub(crate) fn check(method: RareMethod, precision: f64) -> Aim {
        Aim { method: Some(method), precision, round: CHECK_ROUND }
    }
}

/// Estimates something rare, until the relative half-width of its 95 % interval is no more than is aimed at or the
/// plan's lives are over: by whichever of the methods needs fewer events in a trial, unless one is asked for. The
/// other one checks it.
///
/// # Errors
///
/// If the plan cannot be run; the inner error if there is nothing to be estimated so.
pub(crate) fn estimate_rare(
    model: &Model,
    plan: &Plan,
    rare: Rare,
    Aim { method, precision, round }: Aim,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Result<RareEstimate, NotEstimated>, RunError> {
    checked_end(model, plan)?;
    let pool = pool(plan)?;
    let seconds = (plan.warm_up + plan.horizon).seconds();
    let beginnings = match Beginnings::new(model, rare, seconds) {
        Ok(beginnings) => beginnings,
        Err(unseen) => return Ok(Err(NotEstimated::Unseen(unseen))),
    };
    let Levels { near, far, copies, is_any_enough, beginnings } =
        match nearest(model, plan, (rare, beginnings))? {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
    let beginnings = &beginnings;
    let leaps = is_any_enough || beginnings.can_leap(model);
    let sampler = |manner| {
        let (pool, lives) = (&pool, vec![]);
        Sampler { model, plan, rare, beginnings, near, far, manner, pool, lives }
    };
    let hasten = sampler(Manner::Hasten(copies));
    let span = (plan.warm_up, plan.horizon);
    let tries = || {
        let sought = (rare, beginnings.clone());
        Excursioner::tries(model, sought, span, near, (!plan.seed, most_events(plan)))
    };
    let (mut best, mut other, chosen) = match method {
        Some(RareMethod::ImportanceSampling) => (hasten, None, Chosen::Asked),
        Some(RareMethod::Splitting) if leaps => return Ok(Err(NotEstimated::Leaps)),
        None if leaps => (hasten, None, Chosen::Leaps),
        Some(RareMethod::Splitting) => match tries()? {
            Ok(tries) => (sampler(Manner::Split(tries)), None, Chosen::Asked),
            Err(stuck) => return Ok(Err(NotEstimated::Stuck(stuck))),
        },
        None => match tries()? {
            Err(stuck) => (hasten, None, Chosen::OtherStuck(stuck)),
            Ok(tries) => chosen(hasten, sampler(Manner::Split(tries)))?,
        },
    };
    best.live_until(precision, round, u64::MAX, progress)?;
    let mut found = best.estimate(chosen);
    if let Err(why) = best.is_trusted(&found) {
        // The other one may find it, if it does so with no more events.
        let Some(mut other) = other else { return Ok(Err(why)) };
        other.live_until(precision, round, found.events, progress)?;
        let found = other.estimate(Chosen::OtherUntrusted);
        return Ok(other.is_trusted(&found).map(|()| found).map_err(|_| why));
    }
    if let Some(other) = &mut other {
        let most = (found.events as f64 * CHECK_SHARE) as u64;
        other.live_until(precision, CHECK_ROUND, most, progress)?;
        let check = other.estimate(Chosen::Asked);
        if other.is_trusted(&check).is_ok() {
            let sigmas = found.hits.sigmas_apart(check.hits).map_or(0.0, f64::abs);
            if sigmas > MOST_SIGMAS {
                return Ok(Err(NotEstimated::MethodsDisagree { sigmas }));
            }
            found.other = Some(OtherMethod {
                method: check.method,
                lives: check.lives,
                hits: check.hits,
                per_year: check.per_year,
                share: check.share,
            });
        }
    }
    Ok(Ok(found))
}

/// The method that needs fewer events for an interval as wide, the other one, and why.
fn chosen<'m>(
    mut hasten: Sampler<'m>,
    mut split: Sampler<'m>,
) -> Result<(Sampler<'m>, Option<Sampler<'m>>, Chosen), RunError> {
    let trial = |sampler: &mut Sampler<'m>, most_events: u64| {
        let mut events = 0;
        while (sampler.lives.len() as u64) < TRIAL && events < most_events {
            sampler.live(!sampler.plan.seed, TRIAL_ROUND)?;
            events = sampler.estimate(Chosen::Asked).events;
        }
        let effort = sampler.effort();
        sampler.lives.clear();
        Ok::<_, RunError>((effort, events))
    };
    let (hastened, events) = trial(&mut hasten, u64::MAX)?;
    let (splitting, _) = trial(&mut split, TRIAL_EVENTS * events)?;
    Ok(match (hastened, splitting) {
        (Some(hastened), Some(splitting)) if splitting < hastened => {
            (split, Some(hasten), Chosen::Fewer(hastened / splitting))
        }
        (Some(hastened), Some(splitting)) => {
            (hasten, Some(split), Chosen::Fewer(splitting / hastened))
        }
        (None, Some(_)) => (split, Some(hasten), Chosen::OtherSawNothing),
        (_, None) => (hasten, Some(split), Chosen::OtherSawNothing),
    })
}

/// How near something rare can come.
struct Levels {
    /// From how many failures on it is near.
    near: u32,
    /// How many it takes.
    far: u32,
    /// How many copies to make where it is near.
    copies: u32,
    /// Whether a single failure is enough, beside what several are.
    is_any_enough: bool,
    /// What begins excursions so seldom that it is made to, and what counts as near by itself.
    beginnings: Beginnings,
}

/// How often and for how long lives were near, and who served then as a rule where that matters.
#[derive(Default)]
struct Pilot {
    lives: u64,
    count: u64,
    seconds: f64,
    usual: Vec<(SeatId, UnitId)>,
}

/// From how many failures on it is near: as few as possible, if that is seldom so.
fn nearest(
    model: &Model,
    plan: &Plan,
    (rare, all): (Rare, Beginnings),
) -> Result<Result<Levels, NotEstimated>, RunError> {
    let span = (plan.warm_up, plan.horizon);
    let length = |pilot: &Pilot| (plan.warm_up + plan.horizon).seconds() * pilot.lives as f64;
    let watch = |near, beginnings: &Beginnings| {
        let sought = (rare, beginnings.clone());
        Excursioner::new(model, sought, span, (near, Manner::Watch), most_events(plan))
    };
    let pilot = |near: u32, beginnings: &Beginnings, goes_on: &dyn Fn(&Pilot) -> bool| {
        let mut watched = watch(near, beginnings);
        let mut pilot = Pilot::default();
        while goes_on(&pilot) {
            let which = Replication { seed: !plan.seed, number: pilot.lives };
            let seen = watched.live(which)?;
            pilot.lives += 1;
            pilot.count += seen.count;
            pilot.seconds += seen.near_s;
        }
        pilot.usual = watched.served(USUAL * length(&pilot));
        Ok::<_, RunError>(pilot)
    };
    let seldom = all.narrowed(model);
    let mut watched = watch(1, &seldom);
    let (far, (enough, is_apart)) = (watched.far(), watched.enough());
    let most = if watched.is_uneven() { UNEVEN_NEAR_SHARE } else { NEAR_SHARE };
    // Whatever takes data that have no second copy is itself the loss.
    let is_known = match rare {
        Rare::Loss(_) => !seldom.is_empty(),
        Rare::Outage(_) => is_apart,
    };
    if far < 2 && !is_known {
        return Ok(Err(NotEstimated::OneFailureIsEnough(enough)));
    }
    let leaps = watched.leaps();
    for near in 1..far.max(2) {
        let is_seldom = |pilot: &Pilot| pilot.seconds <= most * length(pilot);
        let goes_on = |pilot: &Pilot| {
            pilot.lives < PILOT || near == 1 && pilot.count == 0 && pilot.lives < MOST_PILOT
        };
        let mut seen = pilot(near, &seldom, &goes_on)?;
        if seen.count == 0 && near == 1 {
            return Ok(Err(NotEstimated::NeverNear));
        }
        if !is_seldom(&seen) {
            continue;
        }
        if let Some(failure) = seldom.failure().filter(|_| near > 1) {
            return Ok(Err(NotEstimated::Unseen(Unseen::Beginning(failure))));
        }
        if leaps && near > 1 {
            break;
        }
        let mut beginnings = seldom.clone();
        if near == 1 && all.beside() > seldom.beside() && all.beside() <= MOST_BESIDE {
            let with_all = pilot(near, &all, &|pilot: &Pilot| pilot.lives < seen.lives)?;
            let most = (MORE_EXCURSIONS * seen.count).max(seen.lives * COPIES_PER_LIFE as u64);
            if is_seldom(&with_all) && with_all.count <= most {
                (seen, beginnings) = (with_all, all);
            }
        }
        // What failures have set off may go on when all is as far as at first: a start that keeps a crew, a copy that has
        // yet to get what it missed. Where much is always under way lives see that.
        if near == 1 {
            let rested = beginnings.clone().ending_at_rest(std::mem::take(&mut seen.usual));
            let until_rest = pilot(near, &rested, &|pilot: &Pilot| pilot.lives < seen.lives)?;
            if until_rest.seconds > UNEVEN_NEAR_SHARE * length(&until_rest) {
                return Ok(Err(NotEstimated::AlwaysNear));
            }
            (seen, beginnings) = (until_rest, rested);
        }
        let per_life = seen.count.max(1) as f64 / seen.lives as f64;
        let copies = (COPIES_PER_LIFE / per_life).clamp(1.0, MOST_COPIES);
        return Ok(Ok(Levels {
            near,
            far,
            copies: copies.round() as u32,
            is_any_enough: enough.is_some(),
            beginnings,
        }));
    }
    Ok(Err(NotEstimated::AlwaysNear))
}

impl OtherMethod {
    /// How probable it is before the horizon.
    pub fn probability(&self) -> Estimate {
        self.hits.at_all()
    }
}

impl RareEstimate {
    /// How probable it is before the horizon.
    pub fn probability(&self) -> Estimate {
        self.hits.at_all()
    }

    /// This estimate with what a twin says; refused if that is something else.
    ///
    /// # Errors
    ///
    /// If the twin does not agree.
    pub fn checked_by(self, twin: Option<Twin>) -> Result<RareEstimate, NotEstimated> {
        match twin.map(|twin| (twin.times, twin.sigmas())) {
            Some((times, sigmas)) if sigmas > MOST_SIGMAS => {
                Err(NotEstimated::TwinDisagrees { times, sigmas })
            }
            _ => Ok(RareEstimate { twin, ..self }),
        }
    }

    fn of(
        plan: &Plan,
        lives: &[Excursions],
        method: RareMethod,
        chosen: Chosen,
        (near, far): (u32, u32),
    ) -> RareEstimate {
        let years = plan.horizon.seconds() / SECONDS_PER_YEAR;
        let sum = |of: fn(&Excursions) -> f64| lives.iter().map(of).sum::<f64>();
        let squares = sum(|life| life.squares);
        let all = sum(|life| life.hits);
        RareEstimate {
            method,
            chosen,
            other: None,
            twin: None,
            lives: lives.len() as u64,
            events: lives.iter().map(|life| life.events).sum(),
            excursions: lives.iter().map(|life| life.count).sum(),
            seen: lives.iter().map(|life| life.seen).sum(),
            effective: if squares > 0.0 { all * all / squares } else { 0.0 },
            near,
            far,
            hits: mean(lives, |life| life.hits).within(0.0, f64::INFINITY),
            per_year: mean(lives, |life| life.times).within(0.0, f64::INFINITY).times(1.0 / years),
            share: mean(lives, |life| life.seconds)
                .within(0.0, f64::INFINITY)
                .times(1.0 / plan.horizon.seconds()),
            mean_s: ratio(lives, |life| life.seconds, |life| life.times),
        }
    }

    /// Whether what is asked is known to a precision.
    fn is_known_to(&self, rare: Rare, precision: f64) -> bool {
        let is_narrow = |estimate: Estimate| {
            estimate.relative_half_width().is_some_and(|width| width <= precision)
        };
        is_narrow(self.hits) && (matches!(rare, Rare::Loss(_)) || is_narrow(self.share))
    }

    fn is_trusted(&self, lives: &[Excursions]) -> Result<(), NotEstimated> {
        let largest = lives.iter().map(|life| life.largest).fold(0.0, f64::max);
        let all: f64 = lives.iter().map(|life| life.hits).sum();
        if self.effective < LEAST_WORTH || largest > MOST_SHARE * all {
            return Err(NotEstimated::Uneven { effective: self.effective });
        }
        let surplus = mean(lives, |life| life.surplus);
        let sigmas = surplus.sigmas_from(0.0).unwrap_or(0.0).abs();
        if sigmas > MOST_SIGMAS {
            return Err(NotEstimated::WrongWeights { sigmas });
        }
        let (one, other) = lives.split_at(lives.len() / 2);
        let [one, other] = [one, other].map(|lives| mean(lives, |life| life.hits));
        let sigmas = one.sigmas_apart(other).map_or(0.0, f64::abs);
        if sigmas <= MOST_SIGMAS { Ok(()) } else { Err(NotEstimated::Disagrees { sigmas }) }
    }
}

/// The mean of something over lives.
fn mean(lives: &[Excursions], of: impl Fn(&Excursions) -> f64) -> Estimate {
    let count = lives.len() as f64;
    let mean = lives.iter().map(&of).sum::<f64>() / count;
    let square = |life: &Excursions| (of(life) - mean).powi(2);
    let variance = lives.iter().map(square).sum::<f64>() / (count - 1.0).max(1.0);
    // What one life more might do that none has done is not known, however much alike they are.
    let error = (variance / count).sqrt().max(mean.abs() / count);
    Estimate::of_mean(mean, error, lives.len() as u64)
}

/// The ratio of two totals over lives; `None` where the lower one is zero.
///
/// # Formula
///
/// With `r` the ratio, the standard error is that of the mean of `above - r below` over lives, divided by the mean of
/// `below`: what long excursions add to both is in it (the delta method; Law, *Simulation Modeling and Analysis*,
/// regenerative method).
fn ratio(
    lives: &[Excursions],
    above: fn(&Excursions) -> f64,
    below: fn(&Excursions) -> f64,
) -> Option<Estimate> {
    let all: f64 = lives.iter().map(below).sum();
    if all == 0.0 {
        return None;
    }
    let ratio = lives.iter().map(above).sum::<f64>() / all;
    let beside = mean(lives, |life| above(life) - ratio * below(life));
    let error = beside.std_error.unwrap_or(f64::NAN) * lives.len() as f64 / all;
    let found = Estimate::of_mean(ratio, error, lives.len() as u64);
    Some(found.within(0.0, f64::INFINITY))
}

#[cfg(test)]
mod tests {
    use super::super::exact::exact_loss;
    use super::super::plan::Until;
    use super::*;
    use crate::model::{DataId, compile};
    use crate::spec::Topology;
    use crate::units::SimSpan;

    /// A likelihood ratio that is a tenth off shows beside the chain; one that is forgotten shows by itself, as weights
    /// that are not one in the mean.
    #[test]
    fn a_wrong_likelihood_ratio_is_caught() {
        let text = "topology: wrong
failures: {dead: {every: 5000h, repair: {exponential: 24h}, wipes: true}}
domains: {drive: {count: 3, fails: [dead]}}
data: {blocks: {held_by: drive, copies: 3}}";
        let model = compile(&Topology::from_str("wrong", text).unwrap());
        let span = (SimSpan::ZERO, SimSpan::from_seconds(SECONDS_PER_YEAR));
        let plan = Plan {
            seed: 1,
            first: 0,
            replications: 1_000,
            precision: None,
            of: Vec::new(),
            is_exact_allowed: false,
            horizon: span.1,
            warm_up: span.0,
            until: Until::Horizon,
            threads: None,
            allow_slow: false,
        };
        let rare = Rare::Loss(DataId::new(0));
        let exact = exact_loss(&model, DataId::new(0), span.1, 1_000).unwrap().p_loss.unwrap();
        let estimated = |wrong: f64| {
            let manner = (1, Manner::Hasten(16));
            let beginnings = Beginnings::new(&model, rare, span.1.seconds()).unwrap();
            let mut excursioner =
                Excursioner::new(&model, (rare, beginnings), span, manner, 1 << 30);
            excursioner.wrong = wrong;
            let live = |number| excursioner.live(Replication { seed: 1, number }).unwrap();
            let lives: Vec<Excursions> = (0..4_000).map(live).collect();
            let method = RareMethod::ImportanceSampling;
            let found = RareEstimate::of(&plan, &lives, method, Chosen::Asked, (1, 3));
            (found.hits.sigmas_from(exact.value).unwrap(), found.is_trusted(&lives))
        };
        let (sigmas, trusted) = estimated(1.0);
        assert!(sigmas.abs() < MOST_SIGMAS && trusted.is_ok(), "{sigmas} {trusted:?}");
        for wrong in [0.9, 1.1] {
            let (sigmas, _) = estimated(wrong);
            assert!(sigmas.abs() > MOST_SIGMAS, "{wrong}: {sigmas}");
        }
        let (_, trusted) = estimated(0.0);
        assert!(matches!(trusted, Err(NotEstimated::WrongWeights { .. })), "{trusted:?}");
    }
}
