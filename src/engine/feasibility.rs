//! Where replicas are, and where they would be if nodes were lost for good.

use super::agenda::Agenda;
use super::platform::Placement;
use super::state::State;
use super::step::{begin, lose_nodes};
use crate::model::{Model, UnitId};
use crate::rng::StreamKey;
use crate::units::SimTime;

/// Everything in its place at the beginning of a life.
#[derive(Clone, Debug)]
pub struct Placed<'m> {
    model: &'m Model,
    state: State,
    agenda: Agenda<'m>,
}

impl<'m> Placed<'m> {
    /// As in the first life of this seed.
    pub fn new(model: &'m Model, seed: u64) -> Placed<'m> {
        Placed::of_life(model, seed, 0)
    }

    fn of_life(model: &'m Model, seed: u64, life: u64) -> Placed<'m> {
        let (mut state, mut agenda) = (State::new(model), Agenda::new(model, SimTime::NEVER));
        agenda.begin(StreamKey::of_life(seed, life), &state.paces);
        begin(model, &mut state, &mut agenda);
        Placed { model, state, agenda }
    }

    /// The state after these nodes were lost and everything that was on them was placed elsewhere, as far
    /// as it can be: at once, whatever controllers would wait for.
    pub fn without(&self, lost: &[UnitId]) -> State {
        let Placed { model, mut state, mut agenda } = self.clone();
        lose_nodes(model, &mut state, &mut agenda, lost);
        state
    }
}

/// For each unit, what it stands on at the beginning of the first life of seed 1: also replicas that
/// controllers place, and may place elsewhere in another life, and what all replicas of their network
/// volumes stand on. The node that a replica was placed on comes last.
pub fn first_hosts(model: &Model) -> Vec<Vec<UnitId>> {
    hosts_of_life(model, 0)
}

/// The same of another life of seed 1.
pub fn hosts_of_life(model: &Model, life: u64) -> Vec<Vec<UnitId>> {
    let mut hosts: Vec<Vec<UnitId>> =
        (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
    if !model.platform.pods.is_empty() {
        let placed = Placed::of_life(model, 1, life);
        for (index, hosts) in hosts.iter_mut().enumerate() {
            let unit = UnitId::new(index);
            if let Some(Placement::On(node)) = placed.state.placement(model, unit) {
                let volume = placed.state.volume(model, unit);
                let under = volume.map_or_else(Vec::new, |volume| common(model, &volume.healthy));
                hosts.extend(under.into_iter().filter(|under| *under != node));
                hosts.push(node);
            }
        }
    }
    hosts
}

/// What all of these units are or stand on.
fn common(model: &Model, units: &[UnitId]) -> Vec<UnitId> {
    let mut common = units.first().map_or_else(Vec::new, |unit| model.with_hosts(*unit));
    for unit in units {
        let others = model.with_hosts(*unit);
        common.retain(|unit| others.contains(unit));
    }
    common
}
