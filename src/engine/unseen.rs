//! What neither lives nor their futures see, because it hardly ever happens and nothing makes it: whoever would estimate
//! without it is told what it is.
//!
//! Only failures and common causes are made to happen. Which way a repair, a start or a failover goes, whether planned work
//! comes to nothing and when it begins is as it is in other futures too. What takes long in a way that is hardly ever gone
//! would be missing from an estimate without a trace.

use super::agenda::MOST_HITS;
use super::nearness::{Nearness, Rare, is_known};
use super::seldom::Source;
use crate::dist::{Branch, Law};
use crate::model::{
    ClockId, Cone, Crew, CrewId, DataId, GateId, Input, Mask, Model, Repair, Roster, ShockId, Task,
    TimeToFailure, UnitId,
};
use crate::units::WeekHours;

/// A way that is less probable is followed too seldom in copies, if nothing makes it more probable.
const IMPROBABLE: f64 = 0.01;
/// How many of several are hit at once is drawn as it is: one by one this often is often enough that all ways are seen.
const PROBABLE: f64 = 0.25;
/// It matters if it takes up no less than this share of the time of all ways.
pub(super) const SHARE: f64 = 0.05;
/// The few longest of many lengths that were observed matter if they have more than this share of all squares: those of
/// an exponential law have a sixth.
const MOST: f64 = 0.5;

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
    /// A failure that drags others along when it may be over itself.
    Burst(ClockId),
    /// A crash under a load that lasts for long before.
    Overload(ClockId),
    /// Where controllers place a replica after others have failed, and leave it.
    Placement(UnitId),
    /// Hours of a crew that are nearly all of the week, or nearly none.
    Hours(CrewId),
    /// A failure mode that takes too many different things in different units.
    Roles(ClockId),
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
        let is_made = is_seldom[nearness.kinds.of(Source::Clock(clock))];
        let soon = if is_made { SHARE * lasts } else { lasts };
        if burst.is_some_and(|burst| burst.within > soon) {
            return Err(Unseen::Burst(clock));
        }
        if spec.extras().overload.is_some_and(|(_, within)| within.seconds() > lasts) {
            return Err(Unseen::Overload(clock));
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
        let is_made = is_seldom[nearness.kinds.of(Source::Clock(clock))];
        let is_set_off = matches!(model.clocks[clock.index()].to_failure, TimeToFailure::SetOff);
        if is_made && !is_set_off && !is_known(model, clock) {
            return Err(Unseen::Failure(clock));
        }
    }
    ways(model, nearness)?;
    stays(model, nearness)?;
    let Rare::Loss(class) = nearness.rare else { return Ok(()) };
    let holding = model.holding(class);
    let is_uneven = holding.deleted.is_some() && nearness.deletion.is_none();
    if is_uneven && is_seldom[nearness.kinds.of(Source::Deletion(class))] {
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

/// Refuses what stays as it is when all is over, times that hardly ever are, and roles that cannot be told apart.
fn stays(model: &Model, nearness: &Nearness<'_>) -> Result<(), Unseen> {
    let cone = &nearness.cone;
    let units = (0..model.units.len()).map(UnitId::new);
    let mut placed = units.filter(|unit| model.units[unit.index()].extras().pod.is_some());
    if let Some(unit) = placed.find(|unit| cone.units[unit.index()]) {
        return Err(Unseen::Placement(unit));
    }
    let crews = (0..model.crews.len()).map(CrewId::new).filter(|crew| cone.has_crew(*crew));
    for crew in crews {
        let open = model.crews[crew.index()].hours.as_ref().map(WeekHours::open_share);
        if open.is_some_and(|open| open < SHARE || open > 1.0 - SHARE && open < 1.0) {
            return Err(Unseen::Hours(crew));
        }
    }
    nearness.kinds.mixed.map_or(Ok(()), |clock| Err(Unseen::Roles(clock)))
}

/// Whether a stage of a job, or whoever does it, may take long in an improbable way.
fn has_improbable_way(model: &Model, task: Task) -> bool {
    let responds = |crew: CrewId| {
        let crew = &model.crews[crew.index()];
        crew.response.iter().chain(&crew.off_hours).any(has_improbable_part)
            || hardly_escalates(model, crew)
    };
    model
        .stages_of(task)
        .iter()
        .any(|stage| has_improbable_part(&stage.law) || stage.crew.is_some_and(responds))
}

/// Whether a crew hardly ever leaves a job to another one, which takes long to answer.
fn hardly_escalates(model: &Model, crew: &Crew) -> bool {
    let (Some((after, other)), Some(response)) = (&crew.escalates, &crew.response) else {
        return false;
    };
    let Some(late) = response.cdf(after.mean()).map(|in_time| 1.0 - in_time) else { return true };
    let takes = model.crews[other.index()].response.as_ref().map_or(0.0, Law::mean);
    let (own, others) = (response.mean(), late * takes);
    late < IMPROBABLE && (others > SHARE * own || others * takes > SHARE * own * own)
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

/// A failure below a mask that hardly ever lasts as long as it is masked, if a good deal of what shows may be of it.
fn outlasted_by(model: &Model, nearness: &Nearness<'_>, mask: &Mask) -> Option<ClockId> {
    let cone = Cone::of_gate(model, mask.gate);
    let below = nearness.all_clocks.iter().copied();
    let below = below.filter(|clock| cone.units[model.clocks[clock.index()].unit.index()]);
    let outlasts = |clock: ClockId| libm::exp(-mask.delay.seconds() / nearness.lasts(clock));
    let shows = |clock: ClockId| {
        let every = model.clocks[clock.index()].to_failure.mean();
        every.map_or(0.0, |every| outlasts(clock) / every)
    };
    let below: Vec<ClockId> = below.collect();
    let all: f64 = below.iter().map(|clock| shows(*clock)).sum();
    let is_missed = |clock: &ClockId| outlasts(*clock) < IMPROBABLE && shows(*clock) >= SHARE * all;
    below.into_iter().find(is_missed)
}

/// Whether a law has a part that is improbable and takes up a good deal of its mean, or of its mean square: what meets
/// another failure while it is under way, or waits for a crew that it keeps, grows with that.
fn has_improbable_part(law: &Law) -> bool {
    match law {
        Law::Mixture(parts) => {
            let square = |part: &Branch| part.probability * part.law.mean() * part.law.mean();
            let all: f64 = parts.iter().map(square).sum();
            parts.iter().any(|part| {
                let is_much = part.probability * part.law.mean() > SHARE * law.mean();
                part.probability < IMPROBABLE && (is_much || square(part) > SHARE * all)
            })
        }
        Law::Empirical(lengths) => {
            let mut squares: Vec<f64> = lengths.iter().map(|length| length * length).collect();
            squares.sort_unstable_by(|one, other| other.total_cmp(one));
            // Of a hundred lengths none is improbable.
            let few = (IMPROBABLE * (squares.len() as f64 - 1.0)).max(0.0) as usize;
            let all: f64 = squares.iter().sum();
            squares.iter().take(few).sum::<f64>() > MOST * all
        }
        Law::Sum(parts) => parts.iter().any(has_improbable_part),
        _ => false,
    }
}
