//! Running scenarios: a script on a topology, lived through as often as its laws ask for.

use std::ops::ControlFlow;

use crate::measure::{ScenarioTally, ScenarioWatcher};
use crate::report::{ScenarioReport, ShownLife};
use crate::run::{Plan, Progress, RunError, run};
use crate::spec::Scenario;
use crate::system::System;

/// Lives of a scenario in which something is random, where nobody says how many.
pub(crate) const DEFAULT_LIVES: u64 = 200;

/// How a scenario is run.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioPlan {
    /// With the file it reproduces the run.
    pub seed: u64,
    /// How many lives; `None` is what the file says, and else one if all of them would be the same, or
    /// two hundred.
    pub lives: Option<u64>,
    /// Changes how long the run takes, and no digit of the result; `None` is one for each core.
    pub threads: Option<usize>,
}

/// Runs a scenario and tells one of its lives: the first in which something required does not hold,
/// else the first of all. Breaking off ends the run with what was complete by then.
///
/// # Errors
///
/// If it cannot be run.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use std::path::Path;
///
/// use ninefold::spec::Scenarios;
/// use ninefold::{ScenarioPlan, run_scenario};
///
/// let text = "
/// scenario: two-of-three
/// topology: topologies/patterns/quorum-3-one-zone.yaml
/// steps:
///   - {at: 1m, crash: [member-0, member-1], for: 10m}
/// expect:
///   - {down_at_least: 10m, of: write}
/// ";
/// let scenarios = Scenarios::from_str("two", text, Path::new(""))?;
/// let plan = ScenarioPlan { seed: 1, lives: None, threads: Some(1) };
/// let report = run_scenario(&scenarios.list[0], &plan, &mut |_| ControlFlow::Continue(()))?;
/// assert!(!report.fails());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_scenario(
    scenario: &Scenario,
    plan: &ScenarioPlan,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<ScenarioReport, RunError> {
    let system = System::compile(scenario.topology.clone());
    let lives = plan.lives.or(scenario.lives).unwrap_or(DEFAULT_LIVES);
    let plan = Plan { replications: lives, threads: plan.threads, ..system.plan(plan.seed) };
    let mut tally = ScenarioTally::new(scenario);
    let watcher = || ScenarioWatcher::new(scenario, system.model(), &plan);
    let summary = run(system.model(), &plan, watcher, &mut tally, progress)?;
    let outcome = tally.outcome();
    let number = outcome.first_failing.unwrap_or(0);
    let entries = system.explain(&plan, number)?;
    let life = ShownLife { number, model: system.model(), entries: &entries };
    Ok(ScenarioReport::new(scenario, &plan, &summary, outcome, &life))
}
