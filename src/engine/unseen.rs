//! What neither lives nor their futures see, because it hardly ever happens and nothing makes it: whoever would estimate
//! without it is told what it is.
//!
//! Only failures and common causes are made to happen. Which way a repair, a start or a failover goes, whether planned work
//! comes to nothing and when it begins is as it is in other futures too. What takes long in a way that is hardly ever gone
//! would be missing from an estimate without a trace.

use super::agenda::MOST_HITS;
use super::nearness::{Nearness, Rare, is_known};
use super::seldom::Source;
use crate::dist::Law;
use crate::model::{
    ClockId, Cone, CrewId, DataId, GateId, Input, Mask, Model, Repair, Roster, ShockId, Task,
    TimeToFailure, UnitId,
};

/// A way that is less probable is followed too seldom in copies, if nothing makes it more probable.
const IMPROBABLE: f64 = 0.01;
/// How many of several are hit at once is drawn as it is: one by one this often is often enough that all ways are seen.
const PROBABLE: f64 = 0.25;
/// It matters if it takes up no less than this share of the time of all ways.
pub(super) const SHARE: f64 = 0.05;

/// What lives hardly ever see, and nothing can make them see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// Failures of a mode whose hazard is not known at every age.
    Failure(ClockId),
    /// A common cause that ages, or hardly ever strikes those that it can.
    Shock(ShockId),
    /// A deletion of a class that is not equally likely at all times.
    Deletion(DataId),
    /// An improbable way that a repair may go, which takes long.
    Repair(ClockId),
    /// A failure that takes copies, each with a probability.
    Wiping(ClockId),
    /// A latent defect of a class.
    Defect(DataId),
    /// Defects of a class that are nearer to a loss while nothing has failed.
    Rot(DataId),
    /// What brings it no nearer by itself than lives often are anyway.
    Beginning(Source),
    /// An improbable way that a start may go, which takes long.
    Start(UnitId),
    /// An improbable way that a failover from this unit may go, which takes long.
    Failover(UnitId),
    /// Planned work that hardly ever begins while something has failed.
    Work(ClockId),
    /// Planned work that hardly ever comes to nothing.
    FailedWork(ClockId),
    /// A failure that hardly ever lasts as long as it is masked.
    Masked(ClockId),
    /// A seldom failure that drags others along when it is over itself.
    Burst(ClockId),
}

/// Refuses what would be missing.
pub(super) fn refusal(
    model: &Model,
    nearness: &Nearness<'_>,
    is_seldom: &[bool],
) -> Result<(), Unseen> {
    for &clock in &nearness.all_clocks {
        let spec = &model.clocks[clock.index()];
        let is_set_off = matches!(spec.to_failure, TimeToFailure::SetOff);
        // Beside others that are made to happen more often it would hardly ever be the last.
        if !is_set_off && nearness.clocks.binary_search(&clock).is_err() {
            return Err(Unseen::Failure(clock));
        }
        let is_of_copies = matches!(nearness.rare, Rare::Loss(_));
        if is_of_copies && spec.wipes && spec.wiping() < PROBABLE {
            return Err(Unseen::Wiping(clock));
        }
        if let Repair::After(task) = spec.repair
            && has_improbable_way(model, task)
        {
            return Err(Unseen::Repair(clock));
        }
        let burst = spec.extras().burst.as_ref();
        let lasts = nearness.lasts(clock);
        if is_seldom[Source::Clock(clock).kind(model)]
            && burst.is_some_and(|burst| burst.within > SHARE * lasts)
        {
            return Err(Unseen::Burst(clock));
        }
    }
    for &shock in &nearness.all_shocks {
        let spec = &model.shocks[shock.index()];
        // Where something else has failed it would hardly ever be the last.
        let is_aging = !matches!(spec.to_failure, TimeToFailure::Memoryless { .. });
        let (each, count) = (spec.each, spec.targets.len());
        let hits_few = count > MOST_HITS && each < PROBABLE && each * (count as f64) < 1.0;
        if is_aging || hits_few {
            return Err(Unseen::Shock(shock));
        }
    }
    for &clock in &nearness.beside.clocks {
        let is_made = is_seldom[Source::Clock(clock).kind(model)];
        let is_set_off = matches!(model.clocks[clock.index()].to_failure, TimeToFailure::SetOff);
        if is_made && !is_set_off && !is_known(model, clock) {
            return Err(Unseen::Failure(clock));
        }
    }
    ways(model, nearness)?;
    let Rare::Loss(class) = nearness.rare else { return Ok(()) };
    let holding = model.holding(class);
    let is_uneven = holding.deleted.is_some() && nearness.deletion.is_none();
    if is_uneven && is_seldom[Source::Deletion(class).kind(model)] {
        return Err(Unseen::Deletion(class));
    }
    if holding.defects_add_up() {
        return Err(Unseen::Rot(class));
    }
    Ok(())
}

/// Refuses improbable ways that starts, failovers, planned work and what is masked may go.
fn ways(model: &Model, nearness: &Nearness<'_>) -> Result<(), Unseen> {
    let cone = &nearness.cone;
    let units = (0..model.units.len()).map(UnitId::new);
    for unit in units.filter(|unit| cone.units[unit.index()]) {
        let start = model.units[unit.index()].start;
        if start.is_some_and(|task| has_improbable_way(model, task)) {
            return Err(Unseen::Start(unit));
        }
    }
    for roster in model.rosters_in(cone) {
        if goes_improbably(roster)
            && let Some(unit) = roster.members.first()
        {
            return Err(Unseen::Failover(*unit));
        }
    }
    for plan in &model.plans {
        if let Some((probability, failed)) = &plan.fails
            && *probability < IMPROBABLE
            && let Some(clock) =
                failed.iter().find(|clock| cone.units[model.clocks[clock.index()].unit.index()])
        {
            return Err(Unseen::FailedWork(*clock));
        }
    }
    let gates = (0..model.gates.len()).map(GateId::new).filter(|gate| cone.gates[gate.index()]);
    for input in gates.flat_map(|gate| &model.gates[gate.index()].inputs) {
        if let Input::Mask(mask) = input
            && let Some(clock) = outlasted_by(model, nearness, &model.masks[mask.index()])
        {
            return Err(Unseen::Masked(clock));
        }
    }
    Ok(())
}

/// Whether a stage of a job, or whoever does it, may take long in an improbable way.
fn has_improbable_way(model: &Model, task: Task) -> bool {
    let responds = |crew: CrewId| {
        let crew = &model.crews[crew.index()];
        crew.response.iter().chain(&crew.off_hours).any(has_improbable_part)
    };
    model
        .stages_of(task)
        .iter()
        .any(|stage| has_improbable_part(&stage.law) || stage.crew.is_some_and(responds))
}

/// Whether a failover may take long in an improbable way.
fn goes_improbably(roster: &Roster) -> bool {
    let takes = roster.failover.as_ref().map_or(0.0, Law::mean);
    let is_hardly_missed = roster.coverage.as_ref().is_some_and(|(covered, otherwise)| {
        let missed = 1.0 - covered;
        // Until the one that was lost is back, if nothing is said.
        let matters = otherwise.as_ref().is_none_or(|law| missed * law.mean() > SHARE * takes);
        missed > 0.0 && missed < IMPROBABLE && matters
    });
    is_hardly_missed || roster.failover.iter().chain(&roster.failback).any(has_improbable_part)
}

/// The failure below a mask that lasts longest, if even that hardly ever lasts as long as it is masked.
fn outlasted_by(model: &Model, nearness: &Nearness<'_>, mask: &Mask) -> Option<ClockId> {
    let cone = Cone::of_gate(model, mask.gate);
    let below = nearness.all_clocks.iter().copied();
    let below = below.filter(|clock| cone.units[model.clocks[clock.index()].unit.index()]);
    let longest =
        below.max_by(|one, other| nearness.lasts(*one).total_cmp(&nearness.lasts(*other)))?;
    let outlasts = libm::exp(-mask.delay.seconds() / nearness.lasts(longest));
    (outlasts < IMPROBABLE).then_some(longest)
}

/// Whether a law has a part that is improbable and takes up a good deal of its mean.
fn has_improbable_part(law: &Law) -> bool {
    match law {
        Law::Mixture(parts) => parts.iter().any(|part| {
            part.probability < IMPROBABLE && part.probability * part.law.mean() > SHARE * law.mean()
        }),
        Law::Sum(parts) => parts.iter().any(has_improbable_part),
        _ => false,
    }
}
