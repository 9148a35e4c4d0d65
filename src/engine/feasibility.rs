//! Where replicas are, and where they would be if nodes were lost for good.

use super::agenda::Agenda;
use super::state::State;
use super::step::{begin, lose_nodes};
use crate::model::{Model, UnitId};
use crate::rng::StreamKey;
use crate::units::SimTime;

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
