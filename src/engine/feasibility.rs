//! Where replicas are, and where they would be if nodes were lost for good.

use super::agenda::Agenda;
use super::platform::Placement;
use super::state::State;
use super::step::{begin, lose_nodes};
use crate::model::{Model, UnitId};
use crate::rng::StreamKey;
use crate::units::SimTime;

/// For each unit, what it stands on at the beginning of the first life of seed 1: also replicas that
/// controllers place, and may place elsewhere in another life.
pub fn first_hosts(model: &Model) -> Vec<Vec<UnitId>> {
    let mut hosts: Vec<Vec<UnitId>> =
        (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
    if !model.platform.pods.is_empty() {
        let state = placed_without(model, 1, &[]);
        for (index, hosts) in hosts.iter_mut().enumerate() {
            if let Some(Placement::On(node)) = state.placement(model, UnitId::new(index)) {
                hosts.push(node);
            }
        }
    }
    hosts
}

/// The state of a model at the beginning of a life, after these nodes were lost and everything that was on
/// them was placed elsewhere, as far as it can be: at once, whatever controllers would wait for.
pub fn placed_without(model: &Model, seed: u64, lost: &[UnitId]) -> State {
    let mut state = State::new(model);
    let mut agenda = Agenda::new(model, SimTime::NEVER);
    agenda.begin(StreamKey::of_life(seed, 0), &state.paces);
    begin(model, &mut state, &mut agenda);
    lose_nodes(model, &mut state, &mut agenda, lost);
    state
}
