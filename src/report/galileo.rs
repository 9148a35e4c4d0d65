//! A static fault tree in the Galileo format, for other programs to solve.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::exact::{FaultInput, FaultLaw, FaultTree};
use crate::model::Model;
use crate::spec::Topology;

const SECONDS_PER_HOUR: f64 = 3_600.0;

/// The fault tree of a journey in the Galileo format.
///
/// # Formula
///
/// Programs that read it know events that come with a rate `l` and stay: such a one has come by time `t` with
/// probability `1 - exp(-l t)`. What is never repaired is written with its rate an hour. What is down for a
/// share `q` of the time in the long run is written with `l = -ln(1 - q)`, so that it has come by time 1 with
/// probability `q`, and the top event by time 1 with the unavailability.
///
/// # Source
///
/// Coppit and Sullivan, *Galileo: a tool built from mass-market applications*, 2000; the form is that of
/// <https://www.stormchecker.org/documentation/background/galileo.html>.
pub fn to_galileo(topology: &Topology, model: &Model, journey: &str, tree: &FaultTree) -> String {
    let mut names = Names::default();
    let path = |unit: crate::model::UnitId| topology.units[unit.index()].path.as_str();
    let events: Vec<String> = tree
        .events
        .iter()
        .map(|event| {
            let mode = |clock| topology.modes[model.origin(clock).1].name.as_str();
            let modes: Vec<&str> = event.modes.iter().map(|clock| mode(*clock)).collect();
            names.new_one(&format!("{}_{}", path(event.unit), modes.join("_")))
        })
        .collect();
    let gates: Vec<String> = tree
        .gates
        .iter()
        .enumerate()
        .map(|(index, gate)| match gate.unit {
            Some(unit) => names.new_one(&format!("{}_down", path(unit))),
            None if index + 1 == tree.gates.len() => names.new_one(&format!("{journey}_down")),
            None => names.new_one(&format!("gate_{index}")),
        })
        .collect();
    let name = |input: &FaultInput| match input {
        FaultInput::Gate(index) => &gates[*index],
        FaultInput::Event(index) => &events[*index],
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "// {} of {}: what takes it down",
        one_line(journey),
        one_line(&topology.name)
    );
    let _ = writeln!(text, "// sha256 {}", topology.sha256);
    text += match tree.events.iter().any(|event| matches!(event.law, FaultLaw::Rate(_))) {
        true => {
            "// Nothing is repaired: the probability of the top event by time t, in hours, is the unavailability then.\n"
        }
        false => {
            "// The probability of the top event by time 1 is the unavailability in the long run: lambda = -ln(1 - q).\n"
        }
    };
    if let Some(top) = gates.last() {
        let _ = writeln!(text, "toplevel \"{top}\";");
    }
    for (gate, own) in tree.gates.iter().zip(&gates) {
        let kind = match (gate.fatal, gate.inputs.len()) {
            (1, _) => "or".to_owned(),
            (fatal, all) if fatal == all => "and".to_owned(),
            (fatal, all) => format!("{fatal}of{all}"),
        };
        let inputs: Vec<String> = gate.inputs.iter().map(|i| format!("\"{}\"", name(i))).collect();
        let _ = writeln!(text, "\"{own}\" {kind} {};", inputs.join(" "));
    }
    for (event, own) in tree.events.iter().zip(&events) {
        let rate = match event.law {
            FaultLaw::Share(share) => -libm::log1p(-share),
            FaultLaw::Rate(rate) => rate * SECONDS_PER_HOUR,
        };
        let _ = writeln!(text, "\"{own}\" lambda={rate:e} dorm=1;");
    }
    text
}

/// A name as it may stand in a remark.
fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names that other programs can read, each given once.
#[derive(Default)]
struct Names {
    given: BTreeMap<String, usize>,
}

impl Names {
    fn new_one(&mut self, wanted: &str) -> String {
        let keep = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' };
        let mut name: String = wanted.chars().map(keep).collect();
        while let Some(times) = self.given.get_mut(&name) {
            *times += 1;
            name = format!("{name}_{times}");
        }
        self.given.insert(name.clone(), 1);
        name
    }
}
