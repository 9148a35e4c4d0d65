//! Names of what models have only numbers of.

use crate::model::{ClockId, Model, ShockId, UnitId};
use crate::spec::Topology;

/// The path of a unit.
pub(super) fn path(topology: &Topology, unit: UnitId) -> &str {
    &topology.units[unit.index()].path
}

/// A failure mode of a unit.
pub(super) fn mode_of_unit(topology: &Topology, model: &Model, clock: ClockId) -> String {
    let (unit, mode) = model.origin(clock);
    format!("{} of {}", topology.modes[mode].name, path(topology, unit))
}

/// A common cause, by what it strikes first and how many others it can strike.
pub(super) fn common_cause(topology: &Topology, model: &Model, shock: ShockId) -> String {
    let first = |clock: &ClockId| mode_of_unit(topology, model, *clock);
    match model.targets(shock) {
        [] => "a common cause".to_owned(),
        [only] => format!("the common cause of {}", first(only)),
        [one, _] => format!("the common cause of {} and another one", first(one)),
        [one, others @ ..] => {
            format!("the common cause of {} and {} others", first(one), others.len())
        }
    }
}
