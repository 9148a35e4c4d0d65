//! A run to a precision: by plain lives where those reach it, and by other routes where they do not.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::System;
use crate::engine::Rare;
use crate::model::{DataId, JourneyId};
use crate::report::{Answers, BeyondReach, ByRoute, Report, rare_refusal, tells_of_horizon};
use crate::run::{MOST_STATES_BESIDE, NotEstimated, Plan, Progress, RareEstimate, RunError, Until};

/// Lives that show whether plain ones would reach a precision.
const PILOT: u64 = 1_024;

/// Who is told how far a run is, and says whether it goes on.
type Watch<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;

/// An estimate of something rare, or why there is none.
type Estimated = Result<RareEstimate, NotEstimated>;

impl System {
    /// Runs a plan until its precision is reached, by whatever reaches it.
    ///
    /// A pilot of 1,024 lives shows what plain lives can tell so nearly with no more lives than the plan has. The rest
    /// is answered exactly where a chain of 10,000 states or a decision diagram does it, and else estimated by
    /// importance sampling or splitting; what nothing reaches gets all lives of the plan. [`Report::run`] says by which routes, and
    /// what was not reached. A plan without a precision, or whose lives end before the horizon, is run as
    /// [`System::simulate_watched`] does. `progress` is told of each run from its beginning; breaking off ends it with
    /// what was complete by then, and the report says that it is partial.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use ninefold::{Plan, System, Topology};
    ///
    /// let system = System::compile(Topology::from_str("rare", "
    /// topology: rare
    /// failures: {down: {every: 2000h, repair: {exponential: 2h}}}
    /// domains: {unit: {count: 4, fails: [down]}}
    /// journeys: {serve: {needs: {any: [unit]}}}
    /// ")?);
    /// let plan = Plan { precision: Some(0.1), ..system.plan(1) };
    /// let report = system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(()))?;
    /// assert!(report.run.precision.as_ref().is_some_and(|precision| precision.is_met()));
    /// assert_eq!(report.run.method.name(), "plain+markov");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn simulate_to_precision(
        &self,
        plan: &Plan,
        progress: &mut Watch<'_>,
    ) -> Result<Report, RunError> {
        let (Some(precision), Until::Horizon) = (plan.precision, plan.until) else {
            return self.simulate_watched(plan, progress);
        };
        let pilot = Plan { replications: PILOT.min(plan.replications), ..plan.clone() };
        let pilot = self.simulate_watched(&pilot, progress)?;
        let is_met = pilot.run.precision.as_ref().is_some_and(|precision| precision.is_met());
        if is_met || pilot.run.is_partial {
            return Ok(pilot);
        }
        let beyond = pilot.beyond_reach(precision, plan.replications);
        if beyond.is_empty() {
            return self.simulate_watched(plan, progress);
        }
        let plain = Plan { precision: None, ..plan.clone() };
        let mut report = pilot;
        if beyond.lives > report.run.replications {
            let enough = Plan { replications: beyond.lives, ..plain.clone() };
            report = self.simulate_watched(&enough, progress)?;
        }
        if report.run.is_partial {
            return Ok(report);
        }
        let (answers, is_partial) = self.nearer_answers(&plain, precision, &beyond, progress)?;
        if !is_partial && !answers.has_all_of(&beyond) {
            // What no other route reaches gets all lives that there may be.
            report = self.simulate_watched(plan, progress)?;
        }
        report.set_nearer(precision, &beyond, answers);
        report.run.is_partial |= is_partial;
        Ok(report)
    }

    /// Answers to what a run of a plan could not reach: exact ones, and where there are none estimates of what is rare,
    /// to within a precision; and whether that was broken off.
    fn nearer_answers(
        &self,
        plan: &Plan,
        precision: f64,
        beyond: &BeyondReach,
        progress: &mut Watch<'_>,
    ) -> Result<(Answers, bool), RunError> {
        let mut answers = if plan.is_exact_allowed {
            self.exact_answers(plan, MOST_STATES_BESIDE)
        } else {
            Answers::none(&self.topology)
        };
        let is_partial = Cell::new(false);
        // After it was broken off no other is begun.
        let mut estimate = |rare| {
            if is_partial.get() {
                return Ok::<_, RunError>(None);
            }
            let mut told = |lives| {
                let most = plan.replications;
                let so_far =
                    Progress { replications: lives, most, events: 0, relative_half_width: None };
                let goes_on = progress(&so_far);
                is_partial.set(is_partial.get() || (goes_on.is_break() && lives < most));
                goes_on
            };
            let found = self.estimate_rare(plan, rare, None, precision, &mut told)?;
            Ok(Some(match found {
                Ok(found) if !is_partial.get() => {
                    found.checked_by(self.twin(plan, rare, &found, &mut told)?)
                }
                found => found,
            }))
        };
        for &index in &beyond.journeys {
            let rare = Rare::Outage(JourneyId::new(index));
            self.make_nearer(&mut answers.journeys[index], || estimate(rare))?;
        }
        for &index in &beyond.data {
            let rare = Rare::Loss(DataId::new(index));
            let Some(answer) = &mut answers.data[index] else { continue };
            self.make_nearer(answer, || estimate(rare))?;
        }
        Ok((answers, is_partial.get()))
    }

    /// Puts an estimate in the place of an answer that does not say what comes to pass within the horizon.
    fn make_nearer<A: ByRoute>(
        &self,
        answer: &mut Result<A, String>,
        estimate: impl FnOnce() -> Result<Option<Estimated>, RunError>,
    ) -> Result<(), RunError> {
        if tells_of_horizon(answer) {
            return Ok(());
        }
        match (estimate()?, &mut *answer) {
            (Some(Ok(found)), _) => *answer = Ok(A::of_rare(&found)),
            (Some(Err(why)), Err(inexact)) => {
                *inexact += "; ";
                *inexact += &rare_refusal(&self.topology, &self.model, why);
            }
            (Some(Err(_)), Ok(_)) | (None, _) => {}
        }
        Ok(())
    }
}
