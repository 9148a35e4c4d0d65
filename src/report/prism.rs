//! A Markov chain in the language of PRISM, for whoever wants to solve it anew.

use std::fmt::Write;

use crate::model::Chain;

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
