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

/// What a minimal cut set is made of, beside common causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutsBy {
    /// Units, each by whichever of its failure modes.
    Unit,
    /// Failure modes of units.
    Mode,
}

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
    /// How many elements.
    pub order: usize,
    /// How many such sets there are.
    pub count: u64,
    /// The most probable of them.
    pub cuts: Vec<Cut>,
}

/// What together takes a journey down, while none of it can be spared.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// What is down, or has struck: hosts before guests, and common causes last.
    pub elements: Vec<Element>,
    /// The probability of all of that, as if it were independent.
    pub probability: f64,
}

/// An element of a cut set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A unit that is down by itself.
    Unit(UnitId),
    /// A unit that is down by this failure mode.
    Mode(ClockId),
    /// A common cause that has struck all of its targets.
    Shock(ShockId),
}

/// Finds the minimal cut sets of a journey of at most `order` units or failure modes, and lists at most so many of
/// each order, the most probable first.
///
/// `hosts` is what each unit stands on, by unit. Only the structure is asked: whatever stands on a unit goes
/// down with it, and whatever crashes with a gate that does; a seat is taken as long as any member is left for
/// it, nothing is hidden, and nobody is placed elsewhere. A unit stands for each of its failure modes; a common
/// cause that strikes all of its targets for certain is an element of sets like a unit. No set holds two failure
/// modes of one unit, of which either would do.
///
/// # Source
///
/// Rauzy, *Mathematical foundations of minimal cutsets*, IEEE Trans. Reliability 50(4), 2001.
pub fn cut_sets(
    model: &Model,
    hosts: &[Vec<UnitId>],
    journey: JourneyId,
    by: CutsBy,
    (order, most): (usize, usize),
    down_alone: &DownAlone<'_>,
) -> CutSets {
    let skeleton = Skeleton::new(model, |unit| hosts[unit.index()].as_slice(), journey);
    let started_after = started_after(model, &skeleton.parts);
    // What is over at once is felt if something has to start after it.
    let is_felt = |id: ClockId, started_after: bool| {
        is_set_off(model, id) || takes_time(model, id) || (started_after && strikes(model, id))
    };
    let felt_of = |(part, started_after): (&Part, bool)| {
        let unit = part.unit?;
        let clocks = model.unit_clocks.of(unit.index()).iter().copied();
        let felt: Vec<ClockId> = clocks.filter(|id| is_felt(*id, started_after)).collect();
        (!felt.is_empty()).then_some((unit, felt))
    };
    let felt: Vec<(UnitId, Vec<ClockId>)> =
        skeleton.parts.iter().zip(started_after).filter_map(felt_of).collect();
    let units: Vec<UnitId> = felt.iter().map(|(unit, _)| *unit).collect();
    let shocks = certain_shocks(model, &units);
    // What only a common cause sets off is that, and never one of its targets alone.
    let is_alone = |clock: &ClockId| {
        !matches!(model.clocks[clock.index()].to_failure, TimeToFailure::SetOff)
            || !shocks.iter().any(|shock| model.shocks[shock.index()].targets.contains(clock))
    };
    let mut elements: Vec<Element> = match by {
        CutsBy::Unit => {
            let alone = felt.iter().filter(|(_, modes)| modes.iter().any(is_alone));
            alone.map(|(unit, _)| Element::Unit(*unit)).collect()
        }
        CutsBy::Mode => {
            let modes = felt.iter().flat_map(|(_, modes)| modes.iter().copied());
            modes.filter(is_alone).map(Element::Mode).collect()
        }
    };
    elements.extend(shocks.iter().copied().map(Element::Shock));
    let weight = |element: &Element| match *element {
        Element::Unit(unit) => down_alone.of(unit),
        Element::Mode(clock) => down_alone.by(clock),
        Element::Shock(shock) => down_alone.by_shock(shock),
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
                let element = |number: u32| elements[number as usize];
                Cut { elements: numbers.into_iter().map(element).collect(), probability }
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

/// Whether a common cause strikes several units, and all of them for certain: it is an element of sets itself.
fn is_one_event(shock: &Shock) -> bool {
    shock.each >= 1.0 && shock.targets.len() > 1
}

/// Common causes that strike all of their targets at once, several of them and some of these units.
fn certain_shocks(model: &Model, units: &[UnitId]) -> Vec<ShockId> {
    let mut can_fail = vec![false; model.units.len()];
    units.iter().for_each(|unit| can_fail[unit.index()] = true);
    let is_felt = |target: &ClockId| can_fail[model.clocks[target.index()].unit.index()];
    let is_certain =
        |(_, shock): &(usize, &Shock)| is_one_event(shock) && shock.targets.iter().any(is_felt);
    let shocks = model.shocks.iter().enumerate().filter(is_certain);
    shocks.map(|(index, _)| ShockId::new(index)).collect()
}

/// The mean time down by a failure mode, with its start, seconds; `None` if it is never repaired.
fn mean_down(model: &Model, clock: ClockId) -> Option<f64> {
    let clock = &model.clocks[clock.index()];
    let start = model.units[clock.unit.index()].start.map_or(0.0, |task| model.mean_of(task));
    match clock.repair {
        Repair::After(task) => Some(model.mean_of(task) + start),
        Repair::Restart => Some(start),
        Repair::Never => None,
    }
}

/// Whether a failure mode only strikes if something else sets it off.
fn is_set_off(model: &Model, clock: ClockId) -> bool {
    matches!(model.clocks[clock.index()].to_failure, TimeToFailure::SetOff)
}

/// How often each failure mode strikes in a second up, alone, with some others or as planned. What strikes all of
/// several units at once is not counted again in each of them.
fn rates(model: &Model) -> Vec<f64> {
    let mut rates = failure_rates(model, |shock| !is_one_event(shock));
    for plan in &model.plans {
        for clock in &plan.order {
            rates[clock.index()] += 1.0 / plan.every.seconds();
        }
    }
    rates
}

/// How probable it is that units are down by themselves, and by which of their failure modes.
///
/// # Formula
///
/// Of failure modes whose clocks stand still while the unit is down one is active at a time, mode `i` for the share
/// `x_i / (1 + sum x)` of the time, where `x` is the mean time down, with its start, against the mean time up; those that
/// are never repaired have struck by the horizon with probability `1 - exp(-horizon sum 1 / mean time up)`, and one of
/// them is the more likely the more often it strikes. A mode whose clock always runs is on its own, for `x / (1 + x)` of
/// the time, and the unit is up while all such modes and all others are over. A mode whose failures are over at once,
/// and which is in a set because something has to start after it, has no share of the time of its own. A common cause
/// has that of what it does to one of its targets, the longest; where it strikes several units for certain, that is its
/// own and no part of theirs.
#[derive(Clone, Debug)]
pub struct DownAlone<'m> {
    model: &'m Model,
    /// How often each failure mode strikes in a second up.
    rates: Vec<f64>,
    horizon: SimSpan,
}

impl<'m> DownAlone<'m> {
    /// With so much time for what is never repaired to fail.
    pub fn new(model: &'m Model, horizon: SimSpan) -> DownAlone<'m> {
        DownAlone { model, rates: rates(model), horizon }
    }

    /// The failure modes that can take a unit down by themselves, or what others set off in it.
    fn modes(&self, unit: UnitId) -> impl Iterator<Item = ClockId> + use<'m> {
        let model = self.model;
        let clocks = model.unit_clocks.of(unit.index()).iter().copied();
        clocks.filter(|id| is_set_off(model, *id) || strikes(model, *id))
    }

    /// These, each with the probability that the unit is down by it.
    pub fn by_modes(&self, unit: UnitId) -> Vec<(ClockId, f64)> {
        let (mut odds, mut lost) = (0.0, 0.0);
        for id in self.modes(unit).filter(|id| !self.always_runs(*id)) {
            match self.odds(id) {
                Some(own) => odds += own,
                None => lost += self.rates[id.index()],
            }
        }
        let kept = libm::exp(-lost * self.horizon.seconds());
        let by = |id: ClockId| {
            let rate = self.rates[id.index()];
            match (self.always_runs(id), self.odds(id)) {
                (true, Some(own)) => own / (1.0 + own),
                (true, None) => -libm::expm1(-rate * self.horizon.seconds()),
                (false, Some(own)) => kept * own / (1.0 + odds),
                (false, None) if rate > 0.0 => {
                    -libm::expm1(-lost * self.horizon.seconds()) * rate / lost
                }
                (false, None) => 0.0,
            }
        };
        self.modes(unit).map(|id| (id, by(id))).collect()
    }

    /// The probability that a unit is down by itself.
    pub fn of(&self, unit: UnitId) -> f64 {
        let by_modes = self.by_modes(unit);
        let of = |always: bool| {
            by_modes.iter().filter(move |(id, _)| self.always_runs(*id) == always).map(|(_, by)| by)
        };
        let one_at_a_time: f64 = of(false).sum();
        of(true).fold(one_at_a_time, |down, by| down + (1.0 - down) * by)
    }

    /// The probability that its unit is down by this failure mode.
    pub fn by(&self, clock: ClockId) -> f64 {
        let by_modes = self.by_modes(self.model.clocks[clock.index()].unit);
        by_modes.into_iter().find(|(id, _)| *id == clock).map_or(0.0, |(_, by)| by)
    }

    /// The probability that what a common cause did to one of its targets is not over, of that for which it takes
    /// longest.
    pub fn by_shock(&self, shock: ShockId) -> f64 {
        let shock = &self.model.shocks[shock.index()];
        let rate = shock.to_failure.mean().map_or(0.0, |mean| shock.probability / mean);
        let longest = |target: &ClockId| mean_down(self.model, *target).unwrap_or(f64::INFINITY);
        let odds = rate * shock.targets.iter().map(longest).fold(0.0, f64::max);
        if odds.is_infinite() { 1.0 } else { odds / (1.0 + odds) }
    }

    fn always_runs(&self, clock: ClockId) -> bool {
        self.model.clocks[clock.index()].always
    }

    /// The mean time down of a failure mode against its mean time up; `None` if it is never repaired.
    fn odds(&self, clock: ClockId) -> Option<f64> {
        Some(self.rates[clock.index()] * mean_down(self.model, clock)?)
    }
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
            Element::Mode(clock) => {
                elements_of[model.clocks[clock.index()].unit.index()].push(number);
            }
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

    /// The cut sets of the first journey, and their elements in words.
    fn cuts(text: &str, by: CutsBy) -> (CutSets, Vec<String>) {
        let topology = Topology::from_str("t", text).unwrap_or_else(|error| panic!("{error}"));
        let model = compile(&topology);
        let hosts: Vec<Vec<UnitId>> =
            (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
        let down_alone = DownAlone::new(&model, topology.horizon);
        let found = cut_sets(&model, &hosts, JourneyId::new(0), by, (4, 50), &down_alone);
        let path = |unit: UnitId| topology.units[unit.index()].path.clone();
        let name = |element: &Element| match *element {
            Element::Unit(unit) => path(unit),
            Element::Mode(clock) => {
                let (unit, mode) = model.origin(clock);
                format!("{}:{}", path(unit), topology.modes[mode].name)
            }
            Element::Shock(shock) => format!("shock {}", shock.index()),
        };
        let mut names: Vec<String> = Vec::new();
        for cut in found.orders.iter().flat_map(|order| &order.cuts) {
            let mut elements: Vec<String> = cut.elements.iter().map(name).collect();
            elements.sort_unstable();
            names.push(elements.join(" "));
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
            CutsBy::Unit,
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
            CutsBy::Unit,
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
            CutsBy::Unit,
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
            CutsBy::Unit,
        );
        assert_eq!(names, ["s-0 s-1", "shock 0", "t-0 t-1"]);
        let alone = &found.orders[0].cuts[0];
        // Half of the failures of each, which take an hour.
        assert!((alone.probability - 1.0 / 199.0).abs() < 1e-12, "{alone:?}");
    }

    /// Any two of three units, which share a fifth of their failures: own parts and the common one are four independent
    /// events, each counted once. All states of these are listed, and so is what sets of units or modes say together.
    #[test]
    fn what_is_common_is_counted_once() {
        let text = "topology: t
failures: {f: {every: 100h, repair: {exponential: 5h}, beta: 20%}}
services: {s: {replicas: 3, serves: 2, fails: [f]}}
journeys: {j: {needs: s}}
";
        let (own, common) = (0.04 / 1.04, 0.01 / 1.01);
        let chance = |state: u32, event: u32| match (state >> event & 1, event) {
            (1, 3) => common,
            (0, 3) => 1.0 - common,
            (1, _) => own,
            _ => 1.0 - own,
        };
        let is_down = |state: &u32| state >> 3 == 1 || (state & 7).count_ones() >= 2;
        let of_state = |state: u32| (0..4).map(|event| chance(state, event)).product::<f64>();
        let listed: f64 = (0..16).filter(is_down).map(of_state).sum();
        for by in [CutsBy::Unit, CutsBy::Mode] {
            let (found, names) = cuts(text, by);
            assert_eq!(names.len(), 4, "{names:?}");
            let [alone, pairs, ..] = found.orders.as_slice() else { panic!("{found:?}") };
            assert!((alone.cuts[0].probability - common).abs() < 1e-15, "{alone:?}");
            let mut any_pair = 0.0;
            for cut in &pairs.cuts {
                assert!((cut.probability - own * own).abs() < 1e-15, "{cut:?}");
                any_pair += cut.probability;
            }
            // Two of the pairs are down where all three units are.
            any_pair -= 2.0 * own.powi(3);
            let together = common + (1.0 - common) * any_pair;
            assert!((together / listed - 1.0).abs() < 1e-12, "{together} is not {listed}");
        }
    }

    /// What only strikes together is no element by itself, whichever sets are made of.
    #[test]
    fn what_never_fails_alone_is_in_no_set() {
        let text = "topology: t
failures: {fire: {every: 1000h, repair: {exponential: 10h}, shock: 100%}}
domains: {unit: {count: 2, fails: [fire]}}
journeys: {j: {needs: {any: [unit]}}}
";
        for by in [CutsBy::Unit, CutsBy::Mode] {
            assert_eq!(cuts(text, by).1, ["shock 0"]);
        }
    }

    /// A server goes down by a crash for 0.01 and by its disk for 0.04 of its time up, one at a time; a gateway, whose clocks always
    /// run, by a crash for 1/101 and by a bug for 1/51 of the time, each by itself.
    #[test]
    fn modes_of_a_unit_are_elements_each_for_itself() {
        let text = "topology: t
failures:
  crash: {every: 100h, repair: 1h}
  disk: {every: 100h, repair: 4h}
  blink: {every: 10h, repair: 0s}
  stop: {every: 100h, repair: 1h, clock: always}
  bug: {every: 50h, repair: 1h, clock: always}
domains: {server: {count: 2, fails: [crash, disk, blink]}, gateway: {fails: [stop, bug]}}
journeys: {j: {needs: {all: [{any: [server]}, gateway]}}}
";
        let (by_unit, names) = cuts(text, CutsBy::Unit);
        assert_eq!(names, ["gateway", "server-0 server-1"]);
        let close = |found: f64, exact: f64| {
            assert!((found / exact - 1.0).abs() < 1e-12, "{found} is not {exact}");
        };
        let server = 0.05 / 1.05;
        close(by_unit.orders[0].cuts[0].probability, 1.0 - 100.0 / 101.0 * 50.0 / 51.0);
        close(by_unit.orders[1].cuts[0].probability, server * server);
        let (by_mode, names) = cuts(text, CutsBy::Mode);
        let expected = [
            "gateway:bug",
            "gateway:stop",
            "server-0:crash server-1:crash",
            "server-0:crash server-1:disk",
            "server-0:disk server-1:crash",
            "server-0:disk server-1:disk",
        ];
        assert_eq!(names, expected);
        let singles: Vec<f64> = by_mode.orders[0].cuts.iter().map(|cut| cut.probability).collect();
        close(singles[0], 1.0 / 51.0);
        close(singles[1], 1.0 / 101.0);
        let pairs: Vec<f64> = by_mode.orders[1].cuts.iter().map(|cut| cut.probability).collect();
        let (crash, disk) = (0.01 / 1.05, 0.04 / 1.05);
        close(pairs[0], disk * disk);
        close(pairs[1], crash * disk);
        close(pairs[3], crash * crash);
        close(pairs.iter().sum(), server * server);
    }

    /// Never repaired by two modes, of which one is three times as frequent, and by one that takes a tenth of the time
    /// until then.
    #[test]
    fn what_is_never_repaired_has_struck_by_the_horizon() {
        let text = "topology: t
horizon: 1y
failures:
  worn: {every: 4y, repair: never}
  burnt: {every: 12y, repair: never}
  crash: {every: 9h, repair: 1h}
domains: {server: {fails: [worn, burnt, crash]}}
journeys: {j: {needs: server}}
";
        let (found, _) = cuts(text, CutsBy::Mode);
        let lost = 1.0 - (-1.0_f64 / 3.0).exp();
        let of_modes = found.orders[0].cuts.iter().map(|cut| cut.probability);
        let exact = [0.75 * lost, 0.1 * (1.0 - lost), 0.25 * lost];
        for (found, exact) in of_modes.zip(exact) {
            assert!((found / exact - 1.0).abs() < 1e-12, "{found} is not {exact}");
        }
        let (found, _) = cuts(text, CutsBy::Unit);
        let unit = found.orders[0].cuts[0].probability;
        assert!((unit / (lost + 0.1 * (1.0 - lost)) - 1.0).abs() < 1e-12, "{unit}");
    }
}
