//! What failure modes contribute to downtime, by decision diagram against all states one by one.

use ninefold::engine::first_hosts;
use ninefold::exact::{
    CutsBy, DownAlone, Element, Importance, Importances, cut_sets, static_answer,
};
use ninefold::model::JourneyId;
use ninefold::units::SimSpan;
use ninefold::{System, Topology};

use crate::exact::Structure;

/// Two computations of one number: what rounding leaves of sixteen digits.
const SAME: f64 = 1e-9;
const STRUCTURES: u64 = 120;
/// Units of a structure whose states are listed.
const MOST_UNITS: usize = 6;
/// Hours up and down by each of two failure modes.
const HOURS: [(f64, f64); 2] = [(30.0, 3.0), (50.0, 8.0)];

/// A structure of units with one or both of two failure modes, all of whose states are listed.
struct Listed {
    structure: Structure,
    /// Whether both modes of a unit may be active at once.
    overlap: bool,
}

impl Listed {
    /// The modes of a unit: a bit each.
    fn modes(unit: usize) -> usize {
        [3, 1, 3, 2][unit % 4]
    }

    fn topology(&self) -> String {
        let clock = if self.overlap { ", clock: always" } else { "" };
        let failures: String = ["a", "b"]
            .iter()
            .zip(HOURS)
            .map(|(mode, (up, down))| {
                format!("  {mode}: {{every: {up}h, repair: {{exponential: {down}h}}{clock}}}\n")
            })
            .collect();
        let of = |unit: usize| ["a", "b", "a, b"][Listed::modes(unit) - 1].to_owned();
        self.structure.with_failures(&failures, of)
    }

    /// How probable it is that these modes of a unit are active and no others.
    fn chance(&self, unit: usize, active: usize) -> f64 {
        let has = |mode: &usize| Listed::modes(unit) >> mode & 1 == 1;
        let odds = |mode: usize| HOURS[mode].1 / HOURS[mode].0;
        if self.overlap {
            let of = |mode: usize| match active >> mode & 1 {
                1 => odds(mode) / (1.0 + odds(mode)),
                _ => 1.0 / (1.0 + odds(mode)),
            };
            return (0..2).filter(has).map(of).product();
        }
        let all: f64 = (0..2).filter(has).map(odds).sum();
        match active {
            0 => 1.0 / (1.0 + all),
            3 => 0.0,
            one => odds(one - 1) / (1.0 + all),
        }
    }

    /// All states, each by unit which modes are active, and how probable each is.
    fn states(&self) -> Vec<(Vec<usize>, f64)> {
        let mut states = vec![(Vec::new(), 1.0)];
        for unit in 0..self.structure.len() {
            let with = |(active, chance): &(Vec<usize>, f64)| {
                let each = (0..4).filter(|own| own & !Listed::modes(unit) == 0).map(|own| {
                    let mut active = active.clone();
                    active.push(own);
                    (active, chance * self.chance(unit, own))
                });
                each.collect::<Vec<_>>()
            };
            states = states.iter().flat_map(with).collect();
        }
        states
    }

    fn is_up(&self, active: &[usize]) -> bool {
        self.structure.is_up(down(active))
    }

    /// The shares of downtime in which modes of a group make the difference, and in which some belong to a minimal cut
    /// set that is down; and the share of time in which any is active.
    fn shares(&self, of_group: impl Fn(usize) -> usize) -> [f64; 3] {
        let cuts = self.structure.minimal_cuts();
        let mut all = 0.0;
        let mut found = [0.0; 3];
        for (active, chance) in self.states() {
            let by_group = |unit: usize| active[unit] & of_group(unit) != 0;
            found[2] += if (0..active.len()).any(by_group) { chance } else { 0.0 };
            if self.is_up(&active) {
                continue;
            }
            all += chance;
            let without: Vec<usize> =
                active.iter().enumerate().map(|(unit, own)| own & !of_group(unit)).collect();
            found[0] += if self.is_up(&without) { chance } else { 0.0 };
            let is_involved = |cut: &&u32| {
                let units = (0..active.len()).filter(|unit| **cut >> unit & 1 == 1);
                **cut & !down(&active) == 0 && units.into_iter().any(by_group)
            };
            found[1] += if cuts.iter().any(|cut| is_involved(&cut)) { chance } else { 0.0 };
        }
        [found[0] / all, found[1] / all, found[2]]
    }

    /// The probability that a unit makes the difference, while none but some modes of it could.
    fn birnbaum(&self, unit: usize, modes: usize) -> f64 {
        let mut found = 0.0;
        for (mut active, chance) in self.states() {
            // Of modes that exclude each other another one is not there where one is.
            let others = if self.overlap { active[unit] & !modes } else { 0 };
            active[unit] = others;
            let if_over = self.is_up(&active);
            active[unit] = others | modes;
            found += if if_over && !self.is_up(&active) { chance } else { 0.0 };
        }
        found
    }

    fn check<Of>(&self, what: &str, found: &Importance<Of>, of_group: impl Fn(usize) -> usize) {
        let exact = self.shares(of_group);
        let found = [found.criticality, found.fussell_vesely.unwrap(), found.unavailability];
        for ((found, exact), name) in found.iter().zip(exact).zip(["criticality", "F-V", "active"])
        {
            let topology = self.topology();
            assert!((found - exact).abs() < SAME, "{name} of {what}: {found}, {exact}\n{topology}");
        }
    }
}

/// Units that are down by any mode: a bit each.
fn down(active: &[usize]) -> u32 {
    active.iter().enumerate().map(|(unit, own)| u32::from(*own != 0) << unit).sum()
}

/// Small structures of all kinds.
fn listed() -> impl Iterator<Item = Listed> {
    let structures = (0..STRUCTURES).map(|seed| (seed, Structure::random(seed)));
    let small = structures.filter(|(_, structure)| structure.len() <= MOST_UNITS);
    small.map(|(seed, structure)| match seed % 2 {
        0 => Listed { structure, overlap: true },
        // What stands on something has a clock that stands still with it, unless clocks always run.
        _ => Listed { structure: structure.flat(), overlap: false },
    })
}

fn compiled(listed: &Listed) -> System {
    System::compile(Topology::from_str("listed", &listed.topology()).unwrap())
}

#[test]
fn random_structures_have_the_importances_of_an_enumeration() {
    let mut shared = 0;
    for listed in listed() {
        let system = compiled(&listed);
        let horizon = SimSpan::from_seconds(1.0);
        let answer =
            static_answer(system.model(), JourneyId::new(0), (SimSpan::ZERO, horizon)).unwrap();
        let Importances { of_units, modes, units } = &answer.importances;
        // Domains are listed, and so numbered, as they stand on one another.
        let number =
            |unit: usize| -> usize { system.topology().units[unit].path[1..].parse().unwrap() };
        for found in of_units {
            let (unit, mode) = system.model().origin(found.of);
            let (unit, bit) = (number(unit.index()), 1 << mode);
            let of = |other: usize| if other == unit { bit } else { 0 };
            listed.check(&format!("mode {mode} of {unit}"), found, of);
            let birnbaum = listed.birnbaum(unit, bit);
            assert!((found.birnbaum.unwrap() - birnbaum).abs() < SAME, "{birnbaum} {found:?}");
        }
        let matters = |unit: usize| units.iter().any(|found| number(found.of.index()) == unit);
        for found in modes {
            let of = |unit: usize| if matters(unit) { 1 << found.of } else { 0 };
            listed.check(&format!("mode {}", found.of), found, of);
            assert_eq!(found.birnbaum.is_some(), found.in_units == 1);
            shared += usize::from(found.in_units > 1);
        }
        for found in units {
            let unit = number(found.of.index());
            let of = |other: usize| if other == unit { 3 } else { 0 };
            listed.check(&format!("unit {unit}"), found, of);
            let birnbaum = listed.birnbaum(unit, Listed::modes(unit));
            assert!((found.birnbaum.unwrap() - birnbaum).abs() < SAME, "{birnbaum} {found:?}");
        }
        for whole in [
            of_units.iter().map(|found| found.outage_share).sum::<f64>(),
            modes.iter().map(|found| found.outage_share).sum(),
            units.iter().map(|found| found.outage_share).sum(),
        ] {
            assert!((whole - 1.0).abs() < SAME, "{whole}");
        }
    }
    assert!(shared > 50, "{shared} modes of several units were checked");
}

#[test]
fn random_structures_have_the_mode_cut_sets_of_an_enumeration() {
    for listed in listed() {
        let system = compiled(&listed);
        let model = system.model();
        let down_alone = DownAlone::new(model, SimSpan::from_seconds(1.0));
        let (hosts, limits) = (first_hosts(model), (4, usize::MAX));
        let found = cut_sets(model, &hosts, JourneyId::new(0), CutsBy::Mode, limits, &down_alone);
        let number =
            |unit: usize| -> usize { system.topology().units[unit].path[1..].parse().unwrap() };
        let mut cuts: Vec<(Vec<(usize, usize)>, f64)> = Vec::new();
        for cut in found.orders.iter().flat_map(|order| &order.cuts) {
            let of = |element: &Element| match *element {
                Element::Mode(clock) => {
                    let (unit, mode) = model.origin(clock);
                    (number(unit.index()), 1 << mode)
                }
                other => panic!("{other:?} is no mode"),
            };
            let mut modes: Vec<(usize, usize)> = cut.elements.iter().map(of).collect();
            modes.sort_unstable();
            cuts.push((modes, cut.probability));
        }
        cuts.sort_by(|one, other| one.0.cmp(&other.0));
        let mut expected = vec![];
        for cut in listed.structure.minimal_cuts() {
            let mut sets = vec![(Vec::new(), 1.0)];
            for unit in (0..listed.structure.len()).filter(|unit| cut >> unit & 1 == 1) {
                let with = |(set, chance): &(Vec<(usize, usize)>, f64)| {
                    let own = [1, 2].into_iter().filter(|mode| mode & Listed::modes(unit) != 0);
                    let each = own.map(|mode| {
                        let mut set = set.clone();
                        set.push((unit, mode));
                        let both = if listed.overlap { listed.chance(unit, 3) } else { 0.0 };
                        let both = if Listed::modes(unit) == 3 { both } else { 0.0 };
                        (set, chance * (listed.chance(unit, mode) + both))
                    });
                    each.collect::<Vec<_>>()
                };
                sets = sets.iter().flat_map(with).collect();
            }
            expected.extend(sets.into_iter().filter(|(set, _)| set.len() <= 4));
        }
        expected.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(cuts.len(), expected.len(), "{}", listed.topology());
        for ((found, chance), (exact, exact_chance)) in cuts.iter().zip(&expected) {
            assert_eq!(found, exact, "{}", listed.topology());
            assert!((chance / exact_chance - 1.0).abs() < SAME, "{chance} {exact_chance}");
        }
    }
}
