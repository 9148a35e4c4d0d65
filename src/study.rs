//! Several systems against one another.

use std::ops::ControlFlow;

use crate::measure::PairedTally;
use crate::report::{DifferenceReport, Side};
use crate::run::{Plan, Progress, RunError};
use crate::system::System;
use crate::units::SimTime;

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
    if pairs.is_empty() {
        let name = |system: &System| system.topology().name.clone();
        let (first, second) = (name(first), name(second));
        return Err(CompareError::NothingInCommon { first, second });
    }
    let start = SimTime::ZERO + plan.warm_up;
    let mut tallies = vec![PairedTally::new(plan); pairs.len()];
    let (mut done, mut events) = (0, 0);
    let mut is_partial = false;
    while done < plan.replications && !is_partial {
        let block = Plan {
            first: plan.first + done,
            replications: AT_ONCE.min(plan.replications - done),
            precision: None,
            ..plan.clone()
        };
        let mut lives = |system: &System, journeys: &[usize]| {
            let mut rows = Vec::new();
            let run = system.outages(
                &block,
                |life| {
                    rows.extend(journeys.iter().map(|&index| life.of_journey(index, start)));
                },
                &mut |_| ControlFlow::Continue(()),
            );
            let summary = run.map_err(|error| CompareError::Run {
                name: system.topology().name.clone(),
                error,
            })?;
            events += summary.events;
            Ok(rows)
        };
        let (of_first, of_second): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
        let before = lives(first, &of_first)?;
        let after = lives(second, &of_second)?;
        for (index, (before, after)) in before.into_iter().zip(after).enumerate() {
            tallies[index % pairs.len()].add(before, after);
        }
        done += block.replications;
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
