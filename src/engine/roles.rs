//! Which failures are alike: of one failure mode, in units that count for the same.
//!
//! # Method
//!
//! Units, gates and rosters get a colour by what they are, and a new one by the colours of all that they are joined to, so
//! many times (colour refinement: Weisfeiler and Leman, 1968). Units that end with different colours are not alike; those
//! with one colour are, as far as can be seen from so near.

use std::collections::{BTreeMap, BTreeSet};

use super::nearness::Rare;
use super::seldom::Source;
use crate::model::{ClockId, Cone, Input, Model, UnitId};

/// How often colours are made anew: what is further away than this is not seen.
const ROUNDS: usize = 6;
/// In so many roles a failure mode is told apart.
const MOST_ROLES: usize = 64;

/// By clock and other source the number of its kind: common causes first, then deletion, then failure modes of the
/// topology, and then more roles of those.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    shocks: usize,
    of_clock: Vec<usize>,
    pub(super) count: usize,
    /// A clock of a failure mode that has more roles than are told apart.
    pub(super) mixed: Option<ClockId>,
}

impl Kinds {
    /// Of what is sought; of copies all failures of a mode are alike.
    pub(super) fn new(model: &Model, rare: Rare, cone: &Cone) -> Kinds {
        let first_mode = model.shocks.len() + 1;
        let modes = model.clocks.iter().map(|clock| clock.mode as usize + 1).max().unwrap_or(0);
        let mut of_clock: Vec<usize> =
            model.clocks.iter().map(|clock| first_mode + clock.mode as usize).collect();
        let (mut count, mut mixed) = (first_mode + modes, None);
        if let Rare::Outage(_) = rare {
            let colours = colours(model, cone);
            let in_cone = |clock: &usize| cone.units[model.clocks[*clock].unit.index()];
            let colour = |clock: usize| colours[model.clocks[clock].unit.index()];
            let mut roles: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
            for clock in (0..of_clock.len()).filter(in_cone) {
                roles.entry(of_clock[clock]).or_default().insert(colour(clock));
            }
            let mut numbers = BTreeMap::new();
            for clock in (0..of_clock.len()).filter(in_cone) {
                let mode = of_clock[clock];
                if roles[&mode].len() > MOST_ROLES {
                    mixed = mixed.or(Some(ClockId::new(clock)));
                    continue;
                }
                // The first role of a mode has the number of the mode.
                let is_first = !numbers.keys().any(|(other, _)| *other == mode);
                let number = numbers.entry((mode, colour(clock))).or_insert_with(|| {
                    count += usize::from(!is_first);
                    if is_first { mode } else { count - 1 }
                });
                of_clock[clock] = *number;
            }
        }
        Kinds { shocks: model.shocks.len(), of_clock, count, mixed }
    }

    /// The number of the kind of a source.
    pub(super) fn of(&self, source: Source) -> usize {
        match source {
            Source::Shock(shock) => shock.index(),
            Source::Deletion(_) => self.shocks,
            Source::Clock(clock) => self.of_clock[clock.index()],
        }
    }
}

/// The colour of each unit of a cone.
pub(super) fn colours(model: &Model, cone: &Cone) -> Vec<u64> {
    let is_in = |unit: &UnitId| cone.units[unit.index()];
    let gates = |index: usize| model.units.len() + index;
    let rosters = |index: usize| model.units.len() + model.gates.len() + index;
    // Which are joined, and how, in both directions.
    let mut joined: Vec<Vec<(u64, usize)>> = vec![Vec::new(); rosters(model.rosters.len())];
    let mut join = |how: u64, one: usize, other: usize| {
        joined[one].push((2 * how, other));
        joined[other].push((2 * how + 1, one));
    };
    for unit in (0..model.units.len()).map(UnitId::new).filter(is_in) {
        let hosts = model.hosts.of(unit.index()).iter();
        hosts.for_each(|host| join(0, unit.index(), host.index()));
        let starts = model.units[unit.index()].extras().starts_with.iter();
        starts.for_each(|gate| join(1, unit.index(), gates(gate.index())));
    }
    for (index, gate) in model.gates.iter().enumerate().filter(|(index, _)| cone.gates[*index]) {
        for input in &gate.inputs {
            match input {
                Input::Unit(unit) => join(2, gates(index), unit.index()),
                Input::Gate(below) => join(3, gates(index), gates(below.index())),
                Input::Mask(mask) => {
                    join(4, gates(index), gates(model.masks[mask.index()].gate.index()));
                }
                Input::Seat(seat) => {
                    join(5, gates(index), rosters(model.seats[seat.index()].index()));
                }
            }
        }
    }
    for (index, roster) in model.rosters.iter().enumerate() {
        for member in &roster.members {
            join(6, rosters(index), member.index());
        }
        roster.switches_with.iter().for_each(|gate| join(7, rosters(index), gates(gate.index())));
    }
    let mut colours: Vec<u64> = (0..joined.len())
        .map(|index| match index.checked_sub(model.units.len()) {
            None => {
                let clocks = model.unit_clocks.of(index).iter();
                let mut modes: Vec<u64> =
                    clocks.map(|clock| u64::from(model.clocks[clock.index()].mode)).collect();
                modes.sort_unstable();
                modes.into_iter().fold(0, mixed)
            }
            Some(gate) => model.gates.get(gate).map_or(1, |gate| {
                mixed(2, u64::from(gate.needed)) ^ mixed(3, gate.inputs.len() as u64)
            }),
        })
        .collect();
    let mut beside = Vec::new();
    for _ in 0..ROUNDS {
        let anew = joined.iter().zip(&colours).map(|(joined, own)| {
            beside.clear();
            beside.extend(joined.iter().map(|(how, other)| mixed(*how, colours[*other])));
            beside.sort_unstable();
            beside.iter().fold(*own, |all, one| mixed(all, *one))
        });
        colours = anew.collect();
    }
    colours.truncate(model.units.len());
    colours
}

/// Two numbers as one, in which each bit of both counts (the finaliser of SplitMix64: Steele, Lea, Flood, 2014).
fn mixed(one: u64, other: u64) -> u64 {
    let mut word = one.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(other);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
