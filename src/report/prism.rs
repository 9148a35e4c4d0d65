//! Markov chains in the language of PRISM, for whoever wants to solve them anew: state by state, or unit by unit.

use std::fmt::Write;

use super::names::path;
use crate::exact::{FaultEvent, FaultGate, FaultInput, FaultTree};
use crate::model::{Chain, ClockId, Model};
use crate::spec::Topology;

/// States in a line of a label, so that lines stay readable.
const PER_LINE: usize = 12;

/// A chain as a model in the PRISM language: its states are numbers, its time unit is the second, and the label `down`
/// is what the chain was explored for. `name` and `journey` are said in a comment.
///
/// `None` if it may begin in several states, which a module of PRISM cannot.
pub fn to_prism(chain: &Chain, name: &str, journey: &str) -> Option<String> {
    let [(begin, _)] = chain.initial_states() else { return None };
    let mut text = format!(
        "// {name}: what decides {journey}, state by state; rates are per second\nctmc\n\nmodule system\n"
    );
    let last = chain.state_count() - 1;
    let _ = writeln!(text, "  s : [0..{}] init {begin};", last.max(1));
    for state in 0..chain.state_count() {
        let ways: Vec<String> =
            chain.of(state).map(|(to, rate)| format!("{rate:e} : (s'={to})")).collect();
        if !ways.is_empty() {
            let _ = writeln!(text, "  [] s={state} -> {};", ways.join(" + "));
        }
    }
    text += "endmodule\n\n";
    let down: Vec<String> = (0..chain.state_count())
        .filter(|state| chain.is_so(*state))
        .map(|state| format!("s={state}"))
        .collect();
    let lines: Vec<String> = down.chunks(PER_LINE).map(|chunk| chunk.join(" | ")).collect();
    let down = if lines.is_empty() { "false".to_owned() } else { lines.join("\n  | ") };
    let _ = writeln!(text, "label \"down\" = {down};");
    Some(text)
}

/// A static journey as a model in the PRISM language: a module for each unit that fails by itself, a formula for each
/// gate, the label `down` and the reward `downtime`; its time unit is the second.
///
/// `None` unless all units fail and are repaired without memory.
pub fn to_prism_modules(
    topology: &Topology,
    model: &Model,
    journey: &str,
    tree: &FaultTree,
) -> Option<String> {
    let mut text = format!(
        "// {}: what takes down {journey}, a module for each unit; rates are per second\nctmc\n",
        topology.name
    );
    for (index, event) in tree.events.iter().enumerate() {
        put_module(&mut text, topology, model, (index, event))?;
    }
    text.push('\n');
    for (index, gate) in tree.gates.iter().enumerate() {
        let of = gate.unit.map_or_else(String::new, |unit| format!(" // {}", path(topology, unit)));
        let _ = writeln!(text, "formula gate_{index} = {};{of}", is_down(gate));
    }
    let top = tree.gates.len().checked_sub(1)?;
    let _ = write!(
        text,
        "\nlabel \"down\" = gate_{top};\n\nrewards \"downtime\"\n  gate_{top} : 1;\nendrewards\n"
    );
    Some(text)
}

/// Failure modes of a unit, of which one at a time is active.
fn put_module(
    text: &mut String,
    topology: &Topology,
    model: &Model,
    (index, event): (usize, &FaultEvent),
) -> Option<()> {
    let rates = event.rates.as_ref()?;
    let mode = |clock: &ClockId| topology.modes[model.origin(*clock).1].name.as_str();
    let modes: Vec<&str> = event.modes.iter().map(mode).collect();
    let _ = write!(
        text,
        "\n// {}: {}\nmodule unit_{index}\n  u{index} : [0..{}] init 0;\n",
        path(topology, event.unit),
        modes.join(", "),
        rates.len()
    );
    for (&(fails, ends), number) in rates.iter().zip(1..) {
        let _ = writeln!(text, "  [] u{index}=0 -> {fails:e} : (u{index}'={number});");
        if ends > 0.0 {
            let _ = writeln!(text, "  [] u{index}={number} -> {ends:e} : (u{index}'=0);");
        }
    }
    *text += "endmodule\n";
    Some(())
}

/// When enough of the inputs of a gate are down.
fn is_down(gate: &FaultGate) -> String {
    let of = |input: &FaultInput| match input {
        FaultInput::Gate(index) => format!("gate_{index}"),
        FaultInput::Event(index) => format!("u{index}>0"),
    };
    let inputs: Vec<String> = gate.inputs.iter().map(of).collect();
    match gate.fatal {
        1 => inputs.join(" | "),
        all if all == inputs.len() => inputs.join(" & "),
        fatal => {
            let counted: Vec<String> =
                inputs.iter().map(|input| format!("({input} ? 1 : 0)")).collect();
            format!("{} >= {fatal}", counted.join(" + "))
        }
    }
}
