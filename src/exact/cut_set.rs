//! Minimal cut sets: what has to be down together to take a journey down, with nothing to spare.

use super::Omission;
use super::decision_diagram::TooLarge;
use super::family::{Families, FamilyId, NONE};
use super::product::failure_rates;
use super::skeleton::{Part, Skeleton, started_after, strikes, takes_time};
use crate::model::{ClockId, JourneyId, Model, Repair, Shock, ShockId, TimeToFailure, UnitId};
use crate::units::SimSpan;

/// Nodes of families, before sets of that order are given up.
const MOST_NODES: usize = 1_000_000;

/// The minimal cut sets of a journey, of units that fail by themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct CutSets {
    /// By number of units, beginning with one: all orders that were found out.
    pub orders: Vec<OrderOfCuts>,
    /// The order that was asked for; where there are fewer of them, more would have taken too long.
    pub asked: usize,
    /// Units that the journey depends on and that can fail by themselves.
    pub units: usize,
    /// What the journey has that is not in its structure: the sets are those of what is left of it.
    pub leaves_out: Vec<Omission>,
}

/// Minimal cut sets of so many elements.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderOfCuts {
    /// How many units, and common causes.
    pub order: usize,
    /// How many such sets there are.
    pub count: u64,
    /// The most probable of them.
    pub cuts: Vec<Cut>,
}

/// Units that together take a journey down, while none of them can be spared.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Units that are down by themselves, hosts before guests.
    pub units: Vec<UnitId>,
    /// Common causes that have struck all of their targets.
    pub shocks: Vec<ShockId>,
    /// The probability of all of that, as if it were independent.
    pub probability: f64,
}

/// Finds the minimal cut sets of a journey of at most `order` units, and lists at most so many of each
/// order, the most probable first.
///
/// `hosts` is what each unit stands on, by unit. Only the structure is asked: whatever stands on a unit goes
/// down with it, and whatever crashes with a gate that does; a seat is taken as long as any member is left for
/// it, nothing is hidden, and nobody is placed elsewhere. A unit stands for each of its failure modes; a common
/// cause that strikes all of its targets for certain is an element of sets like a unit.
///
/// # Formula
///
/// A unit is down by itself for the share `x / (1 + x)` of the time, where `x` is the sum over its failure modes
/// of mean time down, with its start, against mean time up; one that is never repaired is down at the `horizon`
/// with probability `1 - exp(-horizon / mean time up)`. One whose failures are over at once, and which is in a set
/// because something has to start after it, has no share of the time of its own. A common cause has that of what it
/// does to one of its targets, the longest.
///
/// # Source
///
/// Rauzy, *Mathematical foundations of minimal cutsets*, IEEE Trans. Reliability 50(4), 2001.
pub fn cut_sets(
    model: &Model,
    hosts: &[Vec<UnitId>],
    journey: JourneyId,
    order: usize,
    most: usize,
    horizon: SimSpan,
) -> CutSets {
    let skeleton = Skeleton::new(model, |unit| hosts[unit.index()].as_slice(), journey);
    let rates = rates(model);
    let started_after = started_after(model, &skeleton.parts);
    let can_fail = |(part, started_after): (&Part, bool)| {
        let unit = part.unit?;
        let clocks = model.unit_clocks.of(unit.index()).iter();
        // What is over at once is felt if something has to start after it.
        let is_felt = |id: &ClockId| is_set_off(model, *id) || takes_time(model, *id);
        let is_passed_on = |id: &ClockId| started_after && strikes(model, *id);
        clocks.into_iter().any(|id| is_felt(id) || is_passed_on(id)).then_some(unit)
    };
    let units: Vec<UnitId> =
        skeleton.parts.iter().zip(started_after).filter_map(can_fail).collect();
    let shocks = certain_shocks(model, &units);
    let elements: Vec<Element> = units
        .iter()
        .copied()
        .map(Element::Unit)
        .chain(shocks.into_iter().map(Element::Shock))
        .collect();
    let weight = |element: &Element| match *element {
        Element::Unit(unit) => down_alone(model, &rates, unit, horizon),
        Element::Shock(shock) => down_by_shock(model, shock),
    };
    let weights: Vec<f64> = elements.iter().map(weight).collect();
    let found = (1..=order).rev().find_map(|order| {
        let mut families = Families::new(order as u32, MOST_NODES);
        let top = top_family(model, &mut families, &skeleton, &elements).ok()?;
        Some((families, top, order))
    });
    let mut orders = Vec::new();
    if let Some((families, top, order)) = found {
        let counts = families.counts(top);
        orders.extend((1..=order).map(|order| {
            let cuts = families.heaviest(top, order, &weights, most).into_iter();
            let cut = |(numbers, probability): (Vec<u32>, f64)| {
                let mut cut = Cut { units: Vec::new(), shocks: Vec::new(), probability };
                for number in numbers {
                    match elements[number as usize] {
                        Element::Unit(unit) => cut.units.push(unit),
                        Element::Shock(shock) => cut.shocks.push(shock),
                    }
                }
                cut
            };
            OrderOfCuts { order, count: counts[order], cuts: cuts.map(cut).collect() }
        }));
    }
    CutSets {
        orders,
        asked: order,
        units: units.len(),
        leaves_out: skeleton.omissions.iter().map(|(omission, _)| *omission).collect(),
    }
}

/// What a cut set is made of.
#[derive(Clone, Copy, Debug)]
enum Element {
    /// A unit that is down by itself.
    Unit(UnitId),
    /// A common cause that has struck all of its targets.
    Shock(ShockId),
}

/// Common causes that strike all of their targets at once, several of them and some of these units.
fn certain_shocks(model: &Model, units: &[UnitId]) -> Vec<ShockId> {
    let mut can_fail = vec![false; model.units.len()];
    units.iter().for_each(|unit| can_fail[unit.index()] = true);
    let is_felt = |target: &ClockId| can_fail[model.clocks[target.index()].unit.index()];
    let is_certain = |(_, shock): &(usize, &Shock)| {
        shock.each >= 1.0 && shock.targets.len() > 1 && shock.targets.iter().any(is_felt)
    };
    let shocks = model.shocks.iter().enumerate().filter(is_certain);
    shocks.map(|(index, _)| ShockId::new(index)).collect()
}

/// The probability that what a common cause did to one of its targets is not over, of that for which it takes
/// longest.
fn down_by_shock(model: &Model, shock: ShockId) -> f64 {
    let shock = &model.shocks[shock.index()];
    let rate = shock.to_failure.mean().map_or(0.0, |mean| shock.probability / mean);
    let downtimes = shock.targets.iter().map(|target| {
        let clock = &model.clocks[target.index()];
        let start = model.units[clock.unit.index()].start.map_or(0.0, |task| model.mean_of(task));
        match clock.repair {
            Repair::After(task) => model.mean_of(task) + start,
            Repair::Restart => start,
            Repair::Never => f64::INFINITY,
        }
    });
    let odds = rate * downtimes.fold(0.0, f64::max);
    if odds.is_infinite() { 1.0 } else { odds / (1.0 + odds) }
}

/// The failure modes that can take a unit down by themselves, or what others set off in it.
pub fn failure_modes(model: &Model, unit: UnitId) -> Vec<ClockId> {
    let clocks = model.unit_clocks.of(unit.index()).iter().copied();
    clocks.filter(|id| is_set_off(model, *id) || strikes(model, *id)).collect()
}

/// Whether a failure mode only strikes if something else sets it off.
fn is_set_off(model: &Model, clock: ClockId) -> bool {
    matches!(model.clocks[clock.index()].to_failure, TimeToFailure::SetOff)
}

/// How often each failure mode strikes in a second up, alone, with others or as planned.
fn rates(model: &Model) -> Vec<f64> {
    let mut rates = failure_rates(model);
    for plan in &model.plans {
        for clock in &plan.order {
            rates[clock.index()] += 1.0 / plan.every.seconds();
        }
    }
    rates
}

/// The probability that a unit is down by itself.
fn down_alone(model: &Model, rates: &[f64], unit: UnitId, horizon: SimSpan) -> f64 {
    let start = model.units[unit.index()].start.map_or(0.0, |task| model.mean_of(task));
    let (mut odds, mut lost) = (0.0, 0.0);
    for id in failure_modes(model, unit) {
        let rate = rates[id.index()];
        match model.clocks[id.index()].repair {
            Repair::After(task) => odds += rate * (model.mean_of(task) + start),
            Repair::Restart => odds += rate * start,
            Repair::Never => lost += rate,
        }
    }
    let kept = libm::exp(-lost * horizon.seconds());
    -libm::expm1(-lost * horizon.seconds()) + kept * odds / (1.0 + odds)
}

/// What takes down the journey.
fn top_family(
    model: &Model,
    families: &mut Families,
    skeleton: &Skeleton,
    elements: &[Element],
) -> Result<FamilyId, TooLarge> {
    let mut elements_of = vec![Vec::new(); model.units.len()];
    for (number, element) in elements.iter().enumerate() {
        let number = number as u32;
        match *element {
            Element::Unit(unit) => elements_of[unit.index()].push(number),
            Element::Shock(shock) => {
                for target in &model.shocks[shock.index()].targets {
                    elements_of[model.clocks[target.index()].unit.index()].push(number);
                }
            }
        }
    }
    let mut parts: Vec<FamilyId> = Vec::with_capacity(skeleton.parts.len());
    for part in &skeleton.parts {
        let inputs: Vec<FamilyId> = part.inputs.iter().map(|input| parts[*input]).collect();
        let mut down = families.at_least(part.fatal(), &inputs)?;
        for &element in part.unit.iter().flat_map(|unit| &elements_of[unit.index()]) {
            let alone = families.single(element)?;
            down = families.union(alone, down)?;
        }
        parts.push(down);
    }
    Ok(parts.last().copied().unwrap_or(NONE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::compile;
    use crate::spec::Topology;

    /// The cut sets of the first journey, each with its probability.
    fn cuts(text: &str) -> (CutSets, Vec<String>) {
        let topology = Topology::from_str("t", text).unwrap_or_else(|error| panic!("{error}"));
        let model = compile(&topology);
        let hosts: Vec<Vec<UnitId>> =
            (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
        let found = cut_sets(&model, &hosts, JourneyId::new(0), 4, 50, topology.horizon);
        let path = |unit: &UnitId| topology.units[unit.index()].path.as_str();
        let mut names: Vec<String> = Vec::new();
        for cut in found.orders.iter().flat_map(|order| &order.cuts) {
            let mut units: Vec<&str> = cut.units.iter().map(path).collect();
            units.sort_unstable();
            names.push(units.join(" "));
        }
        names.sort_unstable();
        (found, names)
    }

    #[test]
    fn what_must_be_down_together() {
        let (found, names) = cuts(
            "topology: t
failures: {f: {every: 99h, repair: 1h}}
domains: {site: {fails: [f]}, node: {in: site, count: 3, fails: [f]}}
services: {quorum: {replicas: 3, on: node, serves: majority, fails: [f]}}
journeys: {vote: {needs: quorum}}
",
        );
        let counts: Vec<u64> = found.orders.iter().map(|order| order.count).collect();
        // The site; for each pair of members, one way or another to lose each of them.
        assert_eq!(counts, [1, 12, 0, 0]);
        assert_eq!(names.len(), 13);
        assert!(names.contains(&"node-0 quorum-1".to_owned()), "{names:?}");
        assert!(!names.contains(&"node-0 quorum-0".to_owned()), "{names:?}");
        let pair = &found.orders[1].cuts[0];
        assert!((pair.probability - 1e-4).abs() < 1e-16, "{pair:?}");
        assert!(found.leaves_out.is_empty());
    }

    #[test]
    fn what_crashes_with_something_goes_down_with_it() {
        let (found, names) = cuts(
            "topology: t
failures: {f: {every: 99h, repair: 1h}}
defaults: {services: {fails: [f], start: 1m}}
services:
  a: {needs: {need: b, kind: crashes_with}}
  b: {needs: {need: c, kind: crashes_with}}
  c: {replicas: 2, serves: any, needs: {need: d, kind: crashes_with}}
  d: {replicas: 2, serves: any}
  e: {replicas: 2, standby: {active: 1}, start: 0s}
journeys: {j: {needs: [a, e]}}
",
        );
        assert_eq!(names, ["a-0", "b-0", "c-0 c-1", "d-0 d-1", "e-0 e-1"]);
        assert!(found.leaves_out.contains(&Omission::Starts), "{:?}", found.leaves_out);
    }

    #[test]
    fn what_cannot_be_listed_is_counted() {
        let (found, _) = cuts(
            "topology: t
failures: {f: {every: 99h, repair: 1h}}
services: {s: {replicas: 1000, serves: 997, fails: [f]}}
journeys: {j: {needs: s}}
",
        );
        assert_eq!(found.orders[3].count, 41_417_124_750);
        assert_eq!(found.orders[3].cuts.len(), 50);
    }

    #[test]
    fn what_strikes_all_at_once_is_a_single_point_of_failure() {
        let (found, names) = cuts(
            "topology: t
failures: {f: {every: 99h, repair: 1h, beta: 50%}, g: {every: 99h, repair: 1h, shock: 50%}}
services: {s: {replicas: 2, serves: any, fails: [f]}, t: {replicas: 2, serves: any, fails: [g]}}
journeys: {j: {needs: [s, t]}}
",
        );
        assert_eq!(names, ["", "s-0 s-1", "t-0 t-1"]);
        let alone = &found.orders[0].cuts[0];
        assert_eq!(alone.shocks, [ShockId::new(0)]);
        // Half of the failures of each, which take an hour.
        assert!((alone.probability - 1.0 / 199.0).abs() < 1e-12, "{alone:?}");
    }
}
