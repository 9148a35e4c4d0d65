//! What hardly ever happens, from many lives with excursions.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::lives::{checked_end, most_events, pool};
use super::plan::{Plan, RunError};
use crate::engine::{Excursioner, Excursions, Rare, Replication};
use crate::model::Model;
use crate::stats::Estimate;
use crate::units::SECONDS_PER_YEAR;

/// Lives in a round, after which it is asked whether to go on.
const ROUND: u64 = 256;
/// Lives that only look how near it comes, and how often.
const PILOT: u64 = 16;
/// It is near where lives are for less than this share of their time.
const NEAR_SHARE: f64 = 0.05;
/// Copies of the excursions of a life in the mean, and of one excursion at most: where excursions are few more is
/// learnt of each than of another life.
const COPIES_PER_LIFE: f64 = 16.0;
const MOST_COPIES: f64 = 32.0;
/// So many equal weights there must be worth for an estimate to be trusted, and no weight may have more than this
/// share of all.
const LEAST_WORTH: f64 = 100.0;
const MOST_SHARE: f64 = 0.1;
/// Halves of the lives may differ by so many standard errors of their difference.
const MOST_SIGMAS: f64 = 4.0;

/// An estimate of something rare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RareEstimate {
    /// Lives.
    pub lives: u64,
    /// Changes of state, of lives and of their copies.
    pub events: u64,
    /// Excursions, and copies in which it happened.
    pub excursions: u64,
    /// Copies in which it happened.
    pub seen: u64,
    /// So many equal weights would be worth as much.
    pub effective: f64,
    /// From how many failures on it was near, and how many it takes.
    pub near: u32,
    /// How many failures it takes, as far as is known.
    pub far: u32,
    /// How probable it is before the horizon; of what is not rare, how often it happens anew.
    pub hits: Estimate,
    /// How often it happens a year.
    pub per_year: Estimate,
    /// The share of time in which it is so.
    pub share: Estimate,
}

/// Why there is no estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotEstimated {
    /// A single failure is enough, so there is nothing to come near to.
    OneFailureIsEnough,
    /// It never came near in the lives that looked.
    NeverNear,
    /// It is near most of the time.
    AlwaysNear,
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
}

/// Estimates something rare, until the relative half-width of its 95 % interval is no more than `precision` or the
/// plan's lives are over.
///
/// # Errors
///
/// If the plan cannot be run; the inner error if there is nothing to be estimated so.
pub fn estimate_rare(
    model: &Model,
    plan: &Plan,
    rare: Rare,
    precision: f64,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Result<RareEstimate, NotEstimated>, RunError> {
    checked_end(model, plan)?;
    let pool = pool(plan)?;
    let (near, copies) = match nearest(model, plan, rare)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let span = (plan.warm_up, plan.horizon);
    let excursioner = || Excursioner::new(model, rare, span, (near, copies), most_events(plan));
    let far = excursioner().far();
    let mut lives: Vec<Excursions> = Vec::new();
    while (lives.len() as u64) < plan.replications {
        let done = lives.len() as u64;
        let round = done..(done + ROUND).min(plan.replications);
        let lived: Result<Vec<Excursions>, _> = pool.install(|| {
            round
                .into_par_iter()
                .map_init(excursioner, |excursioner, number| {
                    excursioner.live(Replication { seed: plan.seed, number: plan.first + number })
                })
                .collect()
        });
        lives.extend(lived?);
        let so_far = RareEstimate::of(plan, &lives, near, far);
        let is_wide = |estimate: Estimate| {
            estimate.relative_half_width().is_none_or(|width| width > precision)
        };
        let is_enough = so_far.is_trusted(&lives).is_ok()
            && !is_wide(so_far.hits)
            && (matches!(rare, Rare::Loss(_)) || !is_wide(so_far.share));
        if is_enough || progress(lives.len() as u64).is_break() {
            break;
        }
    }
    let estimate = RareEstimate::of(plan, &lives, near, far);
    Ok(estimate.is_trusted(&lives).map(|()| estimate))
}

/// From how many failures on it is near: as few as possible, if that is seldom so; and how many copies to make then.
fn nearest(
    model: &Model,
    plan: &Plan,
    rare: Rare,
) -> Result<Result<(u32, u32), NotEstimated>, RunError> {
    let span = (plan.warm_up, plan.horizon);
    let far = Excursioner::new(model, rare, span, (1, 0), most_events(plan)).far();
    if far < 2 {
        return Ok(Err(NotEstimated::OneFailureIsEnough));
    }
    for near in 1..far {
        let mut pilot = Excursioner::new(model, rare, span, (near, 0), most_events(plan));
        let (mut seconds, mut count) = (0.0, 0);
        for number in 0..PILOT {
            let seen = pilot.live(Replication { seed: !plan.seed, number })?;
            (seconds, count) = (seconds + seen.near_s, count + seen.count);
        }
        let length = (plan.warm_up + plan.horizon).seconds() * PILOT as f64;
        if count == 0 && near == 1 {
            return Ok(Err(NotEstimated::NeverNear));
        }
        if seconds <= NEAR_SHARE * length {
            let per_life = count.max(1) as f64 / PILOT as f64;
            let copies = (COPIES_PER_LIFE / per_life).clamp(1.0, MOST_COPIES);
            return Ok(Ok((near, copies.round() as u32)));
        }
    }
    Ok(Err(NotEstimated::AlwaysNear))
}

impl RareEstimate {
    fn of(plan: &Plan, lives: &[Excursions], near: u32, far: u32) -> RareEstimate {
        let years = plan.horizon.seconds() / SECONDS_PER_YEAR;
        let sum = |of: fn(&Excursions) -> f64| lives.iter().map(of).sum::<f64>();
        let squares = sum(|life| life.squares);
        let all = sum(|life| life.hits);
        RareEstimate {
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
        }
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
        let error = one.std_error.unwrap_or(0.0).hypot(other.std_error.unwrap_or(0.0));
        let sigmas = (one.mean - other.mean).abs() / error;
        if sigmas <= MOST_SIGMAS { Ok(()) } else { Err(NotEstimated::Disagrees { sigmas }) }
    }
}

/// The mean of something over lives.
fn mean(lives: &[Excursions], of: impl Fn(&Excursions) -> f64) -> Estimate {
    let count = lives.len() as f64;
    let mean = lives.iter().map(&of).sum::<f64>() / count;
    let square = |life: &Excursions| (of(life) - mean).powi(2);
    let variance = lives.iter().map(square).sum::<f64>() / (count - 1.0).max(1.0);
    Estimate::of_mean(mean, (variance / count).sqrt(), lives.len() as u64)
}
