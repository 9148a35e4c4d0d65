//! Several systems against one another.

use std::ops::ControlFlow;

use crate::measure::{Life, LifeOfJourney, LossesOfLife, PairedLossTally, PairedTally};
use crate::report::{DifferenceReport, Side};
use crate::run::{Plan, Progress, RunError};
use crate::spec::Topology;
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
    /// They have neither a journey nor a data class of the same name.
    #[error("`{first}` and `{second}` have neither a journey nor a data class of the same name")]
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

/// Compares the downtime and the outages of the journeys, and the losses of the data classes, that two systems have in
/// common, life by life: both have the same luck wherever they have the same unit with the same failure mode, and so
/// most of what is luck and not design drops out of the difference.
///
/// The plan's precision is not used.
///
/// # Errors
///
/// If the two have neither a journey nor a data class in common, or one cannot be run.
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
    let mut in_common = Vec::new();
    for other in others {
        in_common.push(InCommon::of(first, other, plan)?);
    }
    let mut sides = Vec::new();
    for &system in [first].iter().chain(others) {
        let runner = System::runner(system, &all_lives).map_err(|error| not_run(system, error))?;
        sides.push((system, runner));
    }
    let start = SimTime::ZERO + plan.warm_up;
    let at_once = (AT_ONCE / others.len() as u64).max(1);
    let (mut done, mut events) = (0, 0);
    let mut is_partial = false;
    while done < plan.replications && !is_partial {
        let block = done..(done + at_once).min(plan.replications);
        let mut rows = Vec::new();
        for (system, runner) in &sides {
            let mut of_system = Vec::new();
            let keep = |life: &Life| of_system.push(Row::of(life, system, start));
            let lived = runner.live(block.clone(), &mut Each(keep));
            events += lived.map_err(|error| not_run(system, error))?;
            rows.push(of_system);
        }
        let [before, others @ ..] = rows.as_slice() else { unreachable!("the first is one") };
        for (after, in_common) in others.iter().zip(&mut in_common) {
            before.iter().zip(after).for_each(|(before, after)| in_common.add(before, after));
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
    let topology = first.topology();
    let reports = others.iter().zip(&in_common).map(|(other, in_common)| DifferenceReport {
        first: side(first, other),
        second: side(other, first),
        seed: plan.seed,
        replications: done,
        horizon: plan.horizon,
        warm_up: plan.warm_up,
        is_partial,
        margin_s_per_year: 0.0,
        journeys: (in_common.journeys.iter())
            .map(|(pair, tally)| (topology.journeys[pair.0].name.clone(), tally.estimates()))
            .collect(),
        data: (in_common.data.iter())
            .map(|(pair, tally)| (topology.data[pair.0].name.clone(), tally.estimates()))
            .collect(),
    });
    Ok(reports.collect())
}

/// What one life of a system came to.
struct Row {
    journeys: Vec<LifeOfJourney>,
    data: Vec<LossesOfLife>,
}

impl Row {
    fn of(life: &Life, system: &System, start: SimTime) -> Row {
        let topology = system.topology();
        Row {
            journeys: (0..topology.journeys.len()).map(|of| life.of_journey(of, start)).collect(),
            data: (0..topology.data.len()).map(|of| life.of_class(of, start)).collect(),
        }
    }
}

/// Journeys and data classes of the same name in two systems, by their indices in both, and what is counted of them.
struct InCommon {
    journeys: Vec<((usize, usize), PairedTally)>,
    data: Vec<((usize, usize), PairedLossTally)>,
}

impl InCommon {
    fn of(first: &System, second: &System, plan: &Plan) -> Result<InCommon, CompareError> {
        let (one, other) = (first.topology(), second.topology());
        let journeys = same_names(&journey_names(one), &journey_names(other));
        let data = same_names(&data_names(one), &data_names(other));
        if journeys.is_empty() && data.is_empty() {
            let (first, second) = (one.name.clone(), other.name.clone());
            return Err(CompareError::NothingInCommon { first, second });
        }
        Ok(InCommon {
            journeys: journeys.into_iter().map(|pair| (pair, PairedTally::new(plan))).collect(),
            data: data.into_iter().map(|pair| (pair, PairedLossTally::new(plan))).collect(),
        })
    }

    /// Counts a life of the first and the one of the second with the same luck.
    fn add(&mut self, before: &Row, after: &Row) {
        for ((first, second), tally) in &mut self.journeys {
            tally.add(before.journeys[*first], after.journeys[*second]);
        }
        for ((first, second), tally) in &mut self.data {
            tally.add(before.data[*first], after.data[*second]);
        }
    }
}

fn journey_names(topology: &Topology) -> Vec<&str> {
    topology.journeys.iter().map(|journey| journey.name.as_str()).collect()
}

fn data_names(topology: &Topology) -> Vec<&str> {
    topology.data.iter().map(|class| class.name.as_str()).collect()
}

/// Where the same name is in both, in the order of the first.
fn same_names(first: &[&str], second: &[&str]) -> Vec<(usize, usize)> {
    let in_second = |wanted: &str| second.iter().position(|name| *name == wanted);
    let in_first = first.iter().enumerate();
    in_first.filter_map(|(index, name)| Some((index, in_second(name)?))).collect()
}

/// Names that are not in the other list.
fn only_in(names: &[&str], others: &[&str]) -> Vec<String> {
    names.iter().filter(|name| !others.contains(name)).map(|&name| name.to_owned()).collect()
}

/// One of two systems, and what the other one has not.
fn side(system: &System, other: &System) -> Side {
    let (own, theirs) = (system.topology(), other.topology());
    Side {
        name: own.name.clone(),
        sha256: own.sha256.clone(),
        file: None,
        only_here: only_in(&journey_names(own), &journey_names(theirs)),
        data_only_here: only_in(&data_names(own), &data_names(theirs)),
    }
}

/// What would go away without each failure mode and each planned work, life by life with the same luck: the finite
/// difference that stands for criticality where that has no exact value. Interrupted, it is of the lives that were
/// complete.
///
/// # Errors
///
/// If the system cannot be run.
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
