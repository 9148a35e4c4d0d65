//! Why there is no exact answer, with names.

use super::names::{mode_of_unit, path};
use crate::exact::NotStatic;
use crate::model::{ClockId, Model, UnitId};
use crate::spec::Topology;

/// Why a journey has no exact answer of its static structure, in a sentence with names.
pub fn not_static_text(topology: &Topology, model: &Model, why: &NotStatic) -> String {
    let path = |unit: UnitId| path(topology, unit);
    let mode = |clock: ClockId| mode_of_unit(topology, model, clock);
    let who = match why {
        NotStatic::Dynamic { unit: Some(unit), .. } => format!("first at {}", path(*unit)),
        NotStatic::Dynamic { unit: None, .. } | NotStatic::TooLarge { .. } => {
            return why.to_string();
        }
        NotStatic::Pauses { clock, while_down } => {
            format!("{} while {} is down", mode(*clock), path(*while_down))
        }
        NotStatic::AgesWhileDown { clock } => mode(*clock),
        NotStatic::InStep { first, second } => format!("{} and {}", path(*first), path(*second)),
        NotStatic::FailsWhileStarting { unit }
        | NotStatic::RenewsTogether { unit }
        | NotStatic::RepairedInPart { unit }
        | NotStatic::LongRunOnly { unit } => path(*unit).to_owned(),
    };
    format!("{why}: {who}")
}
