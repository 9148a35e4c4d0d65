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
        let (mut state, mut agenda) = (State::new(model), Agenda::new(model, SimTime::NEVER));
        agenda.begin(StreamKey::of_life(seed, 0), &state.paces);
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
/// controllers place, and may place elsewhere in another life.
pub fn first_hosts(model: &Model) -> Vec<Vec<UnitId>> {
    let mut hosts: Vec<Vec<UnitId>> =
        (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
    if !model.platform.pods.is_empty() {
        let placed = Placed::new(model, 1);
        for (index, hosts) in hosts.iter_mut().enumerate() {
            if let Some(Placement::On(node)) = placed.state.placement(model, UnitId::new(index)) {
                hosts.push(node);
            }
        }
    }
    hosts
}
