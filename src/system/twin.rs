//! What hardly ever happens, checked where it happens often: in a twin whose failures come so many times as often that
//! plain lives see it.

use std::ops::ControlFlow;

use super::System;
use crate::engine::Rare;
use crate::report::Report;
use crate::run::{Aim, Plan, Progress, RareEstimate, RunError, Twin, estimate_rare};
use crate::stats::Estimate;

/// In so many lives of a twin out of all it is to happen: plain lives see it, and it is still rare enough for the other
/// methods.
const OFTEN: f64 = 0.25;
/// Plain lives are to see it so many times; if they would not see it often enough with so many events, there is no
/// twin.
const SEEN: f64 = 200.0;
const LEAST_SEEN: f64 = 30.0;
const MOST_EVENTS: f64 = 5e6;
/// So many plain lives tell how many events one has.
const PILOT: u64 = 16;
/// How near the estimate of a twin is to be.
const PRECISION: f64 = 0.2;
/// So many twins are tried; after one in which lives are near it most of the time failures come so much less often.
const TRIES: u32 = 2;
const LESS: f64 = 0.6;

impl System {
    /// Checks an estimate of something rare on a twin: the same system, but with failures that come so many times as
    /// often that plain lives see it too; `None` if there is no such twin. `progress` is told of lives, and may break
    /// it off.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub fn twin(
        &self,
        plan: &Plan,
        rare: Rare,
        found: &RareEstimate,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Twin>, RunError> {
        let power = 1.0 / f64::from(found.far);
        let nearer = |hits: f64| (OFTEN / hits).powf(power);
        let mut times = nearer(found.hits.mean);
        let pilot = Plan { replications: PILOT, ..plan.clone() };
        let mut told = |so_far: &Progress| progress(so_far.replications);
        let per_life = self.simulate_watched(&pilot, &mut told)?.run.events as f64 / PILOT as f64;
        for _ in 0..TRIES {
            if times.is_nan() || times <= 1.0 {
                break;
            }
            let most = MOST_EVENTS / (times * per_life);
            if most * OFTEN < LEAST_SEEN {
                break;
            }
            let twin = System::compile(self.topology.with_failures(times));
            let rarely = Plan { replications: found.lives, ..plan.clone() };
            let aim = Aim::check(found.method, PRECISION);
            let Ok(estimated) = estimate_rare(&twin.model, &rarely, rare, aim, progress)? else {
                times *= LESS;
                continue;
            };
            // Of one life alone nobody knows how far it is from the mean.
            let lives = (SEEN / estimated.hits.mean).max(2.0).min(most);
            if lives * estimated.hits.mean < LEAST_SEEN {
                times *= nearer(estimated.hits.mean);
                continue;
            }
            let plainly = Plan { replications: lives as u64, ..plan.clone() };
            let mut told = |so_far: &Progress| progress(so_far.replications);
            let report = twin.simulate_watched(&plainly, &mut told)?;
            let Some(plain) = seen(&report, rare).filter(|_| !report.run.is_partial) else { break };
            let estimated = match rare {
                Rare::Outage(_) => estimated.share,
                Rare::Loss(_) => estimated.probability(),
            };
            return Ok(Some(Twin { times, estimated, plain, lives: report.run.replications }));
        }
        Ok(None)
    }
}

/// What plain lives say of the share of time that a journey is down, or of the probability that data are lost.
fn seen(report: &Report, rare: Rare) -> Option<Estimate> {
    match rare {
        Rare::Outage(journey) => report.journeys[journey.index()].simulated(),
        Rare::Loss(class) => report.data[class.index()].simulated(),
    }
}
