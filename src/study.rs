//! Several systems against one another.

use std::ops::ControlFlow;

use crate::measure::{Life, PairedTally};
use crate::report::{DifferenceReport, Side};
use crate::run::{Plan, Progress, RunError};
use crate::system::{Each, System};
use crate::units::SimTime;

/// What the absence of a failure mode does.
#[derive(Clone, Debug)]
pub struct WithoutMode {
    /// The failure mode.
    pub mode: String,
    /// Without it, against with it.
    pub difference: DifferenceReport,
}

/// What the absence of each failure mode does.
#[derive(Clone, Debug)]
pub struct WithoutEach {
    /// In the order of the topology; those of which nothing is left out are not there.
    pub modes: Vec<WithoutMode>,
    /// Whether it was stopped from outside before it was done.
    pub is_partial: bool,
}

/// Lives that both systems live before the next are begun: few enough that what is waiting to be
/// paired takes little memory.
const AT_ONCE: u64 = 1_024;

/// Why two systems cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// They have no journey of the same name.
    #[error("`{first}` and `{second}` have no journey of the same name")]
    NothingInCommon {
        /// The name of the first.
        first: String,
        /// The name of the second.
        second: String,
    },
    /// One of them has no journeys at all.
    #[error("{name}: there are no journeys, and nothing else is compared")]
    NoJourneys {
        /// Its name.
        name: String,
    },
    /// One of them cannot be run.
    #[error("{name}: {error}")]
    Run {
        /// Its name.
        name: String,
        /// Why.
        error: RunError,
    },
}

/// Compares the downtime and the outages of the journeys that two systems have in common, life by
/// life: both have the same luck wherever they have the same unit with the same failure mode, and so
/// most of what is luck and not design drops out of the difference.
///
/// The plan's precision is not used.
///
/// # Errors
///
/// If the two have no journey in common, or one cannot be run.
pub fn compare(
    first: &System,
    second: &System,
    plan: &Plan,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<DifferenceReport, CompareError> {
    let names = |system: &System| -> Vec<String> {
        system.topology().journeys.iter().map(|journey| journey.name.clone()).collect()
    };
    let (in_first, in_second) = (names(first), names(second));
    let pairs: Vec<(usize, usize)> = in_first
        .iter()
        .enumerate()
        .filter_map(|(index, name)| Some((index, in_second.iter().position(|n| n == name)?)))
        .collect();
    if let Some(without) = [first, second].iter().find(|one| one.topology().journeys.is_empty()) {
        return Err(CompareError::NoJourneys { name: without.topology().name.clone() });
    }
    if pairs.is_empty() {
        let name = |system: &System| system.topology().name.clone();
        let (first, second) = (name(first), name(second));
        return Err(CompareError::NothingInCommon { first, second });
    }
    let start = SimTime::ZERO + plan.warm_up;
    let mut tallies = vec![PairedTally::new(plan); pairs.len()];
    let (mut done, mut events) = (0, 0);
    let mut is_partial = false;
    let not_run =
        |system: &System, error| CompareError::Run { name: system.topology().name.clone(), error };
    let all_lives = Plan { precision: None, ..plan.clone() };
    let ready = |system, journeys: Vec<usize>| {
        let runner = System::runner(system, &all_lives).map_err(|error| not_run(system, error))?;
        Ok((system, runner, journeys))
    };
    let (of_first, of_second) = pairs.iter().copied().unzip();
    let sides = [ready(first, of_first)?, ready(second, of_second)?];
    while done < plan.replications && !is_partial {
        let block = done..(done + AT_ONCE).min(plan.replications);
        let mut rows = [Vec::new(), Vec::new()];
        for ((system, runner, journeys), rows) in sides.iter().zip(&mut rows) {
            let keep = |life: &Life| {
                rows.extend(journeys.iter().map(|&index| life.of_journey(index, start)));
            };
            let lived = runner.live(block.clone(), &mut Each(keep));
            events += lived.map_err(|error| not_run(system, error))?;
        }
        let [before, after] = rows;
        for (index, (before, after)) in before.into_iter().zip(after).enumerate() {
            tallies[index % pairs.len()].add(before, after);
        }
        done = block.end;
        let so_far = Progress {
            replications: done,
            most: plan.replications,
            events,
            relative_half_width: None,
        };
        is_partial = progress(&so_far).is_break() && done < plan.replications;
    }
    let side = |system: &System, own: &[String], others: &[String]| Side {
        name: system.topology().name.clone(),
        sha256: system.topology().sha256.clone(),
        only_here: own.iter().filter(|name| !others.contains(name)).cloned().collect(),
    };
    let journeys = pairs.iter().zip(&tallies);
    Ok(DifferenceReport {
        first: side(first, &in_first, &in_second),
        second: side(second, &in_second, &in_first),
        seed: plan.seed,
        replications: done,
        horizon: plan.horizon,
        warm_up: plan.warm_up,
        is_partial,
        journeys: journeys
            .map(|(&(index, _), tally)| (in_first[index].clone(), tally.estimates()))
            .collect(),
    })
}

/// What would go away without each failure mode and each planned work, life by life with the same luck: the finite
/// difference that stands for criticality where that has no exact value. Interrupted, it is of the modes that were
/// complete.
///
/// # Errors
///
/// If the system has no journey, or it cannot be run.
pub fn without_each(
    system: &System,
    plan: &Plan,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<WithoutEach, CompareError> {
    let topology = system.topology();
    let mut all = WithoutEach { modes: Vec::new(), is_partial: false };
    for (index, mode) in topology.modes.iter().enumerate() {
        let Some(without) = topology.without(index) else { continue };
        let difference = compare(system, &System::compile(without), plan, progress)?;
        if difference.is_partial {
            all.is_partial = true;
            break;
        }
        all.modes.push(WithoutMode { mode: mode.name.clone(), difference });
    }
    Ok(all)
}
