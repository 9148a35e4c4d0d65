//! Which failures are alike: of one failure mode, in units that count for the same.
//!
//! # Method
//!
//! Units, gates and rosters get a colour by what they are, and a new one by the colours of all that they are joined to, so
//! many times (colour refinement: Weisfeiler and Leman, 1968). Units that end with different colours are not alike; those
//! with one colour are, as far as can be seen from so near.

use std::collections::BTreeMap;

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
    /// All failures of a mode are alike.
    pub(super) fn of_modes(model: &Model) -> Kinds {
        let first_mode = model.shocks.len() + 1;
        let modes = model.clocks.iter().map(|clock| clock.mode as usize + 1).max().unwrap_or(0);
        let of_clock = model.clocks.iter().map(|clock| first_mode + clock.mode as usize).collect();
        Kinds { shocks: model.shocks.len(), of_clock, count: first_mode + modes, mixed: None }
    }

    /// Those are alike whose units have one colour; the first role of a mode has the number of the mode.
    pub(super) fn of_roles(model: &Model, cone: &Cone, colours: &[u64]) -> Kinds {
        let mut kinds = Kinds::of_modes(model);
        let mut roles: BTreeMap<usize, Vec<(u64, usize)>> = BTreeMap::new();
        for (index, clock) in model.clocks.iter().enumerate() {
            let unit = clock.unit.index();
            if !cone.units[unit] {
                continue;
            }
            let mode = kinds.of_clock[index];
            let known = roles.entry(mode).or_default();
            let role = known.iter().find(|(colour, _)| *colour == colours[unit]);
            kinds.of_clock[index] = match (role, known.len()) {
                (Some((_, number)), _) => *number,
                (None, MOST_ROLES) => {
                    kinds.mixed = kinds.mixed.or(Some(ClockId::new(index)));
                    mode
                }
                (None, others) => {
                    let number = if others == 0 { mode } else { kinds.count };
                    kinds.count += usize::from(others > 0);
                    known.push((colours[unit], number));
                    number
                }
            };
        }
        kinds
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
