//! Several systems against one another.

use std::ops::ControlFlow;

use crate::measure::{Life, PairedTally};
use crate::report::{DifferenceReport, Side};
use crate::run::{Plan, Progress, RunError};
use crate::system::{Each, System};
use crate::units::SimTime;

/// What the absence of each failure mode does.
#[derive(Clone, Debug)]
pub struct WithoutEach {
    /// By name, in the order of the topology: without it against with it. Modes of which nothing is left out are not
    /// there.
    pub modes: Vec<(String, DifferenceReport)>,
    /// Whether it was stopped from outside before it was done.
    pub is_partial: bool,
}

/// Lives that systems live together before the next are begun, by how many the first is compared with: few enough that
/// what is waiting to be paired takes little memory.
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
    Ok(compare_each(first, &[second], plan, progress)?.swap_remove(0))
}

/// Compares one system with several others, as [`compare`] does; the lives of the first are lived once.
fn compare_each(
    first: &System,
    others: &[&System],
    plan: &Plan,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Vec<DifferenceReport>, CompareError> {
    let not_run =
        |system: &System, error| CompareError::Run { name: system.topology().name.clone(), error };
    let all_lives = Plan { precision: None, ..plan.clone() };
    let in_common = others.iter().map(|other| pairs(first, other));
    let in_common: Vec<Vec<(usize, usize)>> = in_common.collect::<Result<_, _>>()?;
    let mut tallies: Vec<Vec<PairedTally>> =
        in_common.iter().map(|pairs| vec![PairedTally::new(plan); pairs.len()]).collect();
    let ready = |system, journeys: Vec<usize>| {
        let runner = System::runner(system, &all_lives).map_err(|error| not_run(system, error))?;
        Ok((system, runner, journeys))
    };
    let mut sides = vec![ready(first, (0..first.topology().journeys.len()).collect())?];
    for (other, pairs) in others.iter().zip(&in_common) {
        sides.push(ready(other, pairs.iter().map(|(_, of_other)| *of_other).collect())?);
    }
    let start = SimTime::ZERO + plan.warm_up;
    let at_once = (AT_ONCE / others.len() as u64).max(1);
    let (mut done, mut events) = (0, 0);
    let mut is_partial = false;
    while done < plan.replications && !is_partial {
        let block = done..(done + at_once).min(plan.replications);
        let mut rows = Vec::new();
        for (system, runner, journeys) in &sides {
            let mut of_system = Vec::new();
            let keep = |life: &Life| {
                of_system.extend(journeys.iter().map(|&index| life.of_journey(index, start)));
            };
            let lived = runner.live(block.clone(), &mut Each(keep));
            events += lived.map_err(|error| not_run(system, error))?;
            rows.push(of_system);
        }
        let [before, others @ ..] = rows.as_slice() else { unreachable!("the first is one") };
        let before = || before.chunks(first.topology().journeys.len());
        for ((after, pairs), tallies) in others.iter().zip(&in_common).zip(&mut tallies) {
            for (before, after) in before().zip(after.chunks(pairs.len())) {
                for ((tally, (of_first, _)), after) in tallies.iter_mut().zip(pairs).zip(after) {
                    tally.add(before[*of_first], *after);
                }
            }
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
    let name = |index: usize| first.topology().journeys[index].name.clone();
    let reports = others.iter().zip(&in_common).zip(&tallies).map(|((other, pairs), tallies)| {
        let journeys = pairs.iter().zip(tallies);
        DifferenceReport {
            first: side(first, other),
            second: side(other, first),
            seed: plan.seed,
            replications: done,
            horizon: plan.horizon,
            warm_up: plan.warm_up,
            is_partial,
            journeys: journeys.map(|((index, _), t)| (name(*index), t.estimates())).collect(),
        }
    });
    Ok(reports.collect())
}

/// Journeys of the same name in two systems, by their numbers in both.
fn pairs(first: &System, second: &System) -> Result<Vec<(usize, usize)>, CompareError> {
    let name = |system: &System| system.topology().name.clone();
    if let Some(without) = [first, second].iter().find(|one| one.topology().journeys.is_empty()) {
        return Err(CompareError::NoJourneys { name: name(without) });
    }
    let in_second =
        |wanted: &str| second.topology().journeys.iter().position(|journey| journey.name == wanted);
    let in_first = first.topology().journeys.iter().enumerate();
    let pairs = in_first.filter_map(|(index, one)| Some((index, in_second(&one.name)?)));
    let pairs: Vec<(usize, usize)> = pairs.collect();
    match pairs.is_empty() {
        true => Err(CompareError::NothingInCommon { first: name(first), second: name(second) }),
        false => Ok(pairs),
    }
}

/// One of two systems, and what the other one has not.
fn side(system: &System, other: &System) -> Side {
    let theirs = &other.topology().journeys;
    let only_here = system.topology().journeys.iter().map(|journey| &journey.name);
    let only_here = only_here.filter(|name| theirs.iter().all(|journey| journey.name != **name));
    Side {
        name: system.topology().name.clone(),
        sha256: system.topology().sha256.clone(),
        only_here: only_here.cloned().collect(),
    }
}

/// What would go away without each failure mode and each planned work, life by life with the same luck: the finite
/// difference that stands for criticality where that has no exact value. Interrupted, it is of the lives that were
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
    let without = topology.modes.iter().enumerate().filter_map(|(index, mode)| {
        Some((mode.name.clone(), System::compile(topology.without(index)?)))
    });
    let (names, systems): (Vec<String>, Vec<System>) = without.unzip();
    if systems.is_empty() {
        return Ok(WithoutEach { modes: Vec::new(), is_partial: false });
    }
    let systems: Vec<&System> = systems.iter().collect();
    let differences = compare_each(system, &systems, plan, progress)?;
    Ok(WithoutEach {
        is_partial: differences.iter().any(|difference| difference.is_partial),
        modes: names.into_iter().zip(differences).collect(),
    })
}
