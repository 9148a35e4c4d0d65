//! Losing several units of a level at once, with all holders of data on them.

use crate::exact::{Simultaneous, simultaneous_losses_of_places};
use crate::model;
use crate::spec::{Holding, Medium, Topology};

/// What losing several units of a level at once destroys, with everything on them.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelAtOnce {
    /// The level.
    pub level: String,
    /// How many of it have holders on them.
    pub units: u32,
    /// How probable it is that losing so many of them destroys something, for a few numbers.
    pub losses: Vec<Simultaneous>,
}

/// That of every level that holders of a class stand on for good, the nearest first; but where there is one unit, with which
/// all is lost, and where each has one holder, which is as if that were lost itself.
pub(super) fn levels_at_once(
    topology: &Topology,
    holding: &Holding,
    compiled: &model::Holding,
) -> Vec<LevelAtOnce> {
    // What is on the network survives all that happens below it.
    if holding.medium == Medium::Network {
        return Vec::new();
    }
    let mut levels: Vec<(&str, Vec<Vec<u32>>)> = Vec::new();
    // Of each unit where it is in the list of its level.
    let mut found: Vec<Option<usize>> = vec![None; topology.units.len()];
    for (number, &holder) in (0..).zip(&holding.holders) {
        let mut below = topology.units[holder].hosts.clone();
        let mut next = 0;
        while let Some(&unit) = below.get(next) {
            next += 1;
            let hosts = topology.units[unit].hosts.iter().copied();
            let new: Vec<usize> = hosts.filter(|host| !below.contains(host)).collect();
            below.extend(new);
            let Some(level) = topology.units[unit].level.as_deref() else { continue };
            let place = levels.iter().position(|(known, _)| *known == level);
            let place = place.unwrap_or_else(|| {
                levels.push((level, Vec::new()));
                levels.len() - 1
            });
            let inside = &mut levels[place].1;
            let at = *found[unit].get_or_insert_with(|| {
                inside.push(Vec::new());
                inside.len() - 1
            });
            inside[at].push(number);
        }
    }
    let says_more =
        |inside: &[Vec<u32>]| inside.len() > 1 && inside.iter().any(|holders| holders.len() > 1);
    levels
        .into_iter()
        .filter(|(_, inside)| says_more(inside))
        .map(|(level, inside)| LevelAtOnce {
            level: level.to_owned(),
            units: inside.len() as u32,
            losses: simultaneous_losses_of_places(compiled, &inside),
        })
        .filter(|level| !level.losses.is_empty())
        .collect()
}
