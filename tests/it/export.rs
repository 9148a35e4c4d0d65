//! `ninefold export`: what is written for other programs means the same there.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use ninefold::exact::{fault_tree, static_answer};
use ninefold::model::JourneyId;
use ninefold::report::{to_galileo, to_prism_modules};
use ninefold::units::SimSpan;
use ninefold::{System, Topology};

use crate::exact::Structure;

/// A fault tree in the Galileo format, read by other means.
#[derive(Default)]
struct Galileo {
    top: String,
    /// By name: how many inputs make it fail, and which it has.
    gates: BTreeMap<String, (usize, Vec<String>)>,
    rates: BTreeMap<String, f64>,
}

impl Galileo {
    fn read(text: &str) -> Galileo {
        let mut tree = Galileo::default();
        for line in text.lines().filter(|line| !line.starts_with("//")) {
            let line = line.strip_suffix(';').unwrap_or_else(|| panic!("no end: {line}"));
            let words: Vec<&str> = line.split(' ').collect();
            let name = |word: &str| word.trim_matches('"').to_owned();
            match words.as_slice() {
                ["toplevel", top] => tree.top = name(top),
                [event, rate, "dorm=1"] if rate.starts_with("lambda=") => {
                    tree.rates.insert(name(event), rate["lambda=".len()..].parse().unwrap());
                }
                [gate, kind, inputs @ ..] => {
                    let inputs: Vec<String> = inputs.iter().map(|input| name(input)).collect();
                    let fatal = match (*kind, kind.split_once("of")) {
                        ("or", _) => 1,
                        ("and", _) => inputs.len(),
                        (_, Some((fatal, all))) => {
                            assert_eq!(all.parse(), Ok(inputs.len()), "{line}");
                            fatal.parse().unwrap()
                        }
                        _ => panic!("no gate: {line}"),
                    };
                    tree.gates.insert(name(gate), (fatal, inputs));
                }
                _ => panic!("neither gate nor event: {line}"),
            }
        }
        tree
    }

    fn has_failed(&self, name: &str, failed: &dyn Fn(&str) -> bool) -> bool {
        let Some((fatal, inputs)) = self.gates.get(name) else { return failed(name) };
        inputs.iter().filter(|input| self.has_failed(input, failed)).count() >= *fatal
    }

    /// The probability of the top event by a time, over all combinations of basic events.
    fn probability(&self, time: f64) -> f64 {
        let events: Vec<(&String, &f64)> = self.rates.iter().collect();
        let of_combination = |failed: u32| {
            let place = |name: &str| events.iter().position(|(known, _)| *known == name).unwrap();
            if !self.has_failed(&self.top, &|name| failed >> place(name) & 1 == 1) {
                return 0.0;
            }
            let each = events.iter().enumerate().map(|(place, (_, rate))| {
                if failed >> place & 1 == 1 {
                    -(-*rate * time).exp_m1()
                } else {
                    (-*rate * time).exp()
                }
            });
            each.product()
        };
        (0..1_u32 << events.len()).map(of_combination).sum()
    }
}

#[track_caller]
fn assert_same(found: f64, expected: f64, text: &str) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} for {expected} in\n{text}");
}

fn galileo(text: &str) -> (System, String) {
    let topology = Topology::from_str("export", text).unwrap_or_else(|error| panic!("{error}"));
    let system = System::compile(topology);
    let tree = fault_tree(system.model(), JourneyId::new(0)).unwrap().unwrap();
    let written = to_galileo(system.topology(), system.model(), "j", &tree);
    (system, written)
}

#[test]
fn fault_trees_have_the_unavailability_as_the_probability_by_time_1() {
    for seed in 0..60 {
        let structure = Structure::random(seed);
        let (system, written) = galileo(&structure.topology());
        let second = SimSpan::from_seconds(1.0);
        let exact =
            static_answer(system.model(), JourneyId::new(0), (SimSpan::ZERO, second)).unwrap();
        assert_same(Galileo::read(&written).probability(1.0), exact.unavailability, &written);
    }
}

#[test]
fn without_repair_a_fault_tree_goes_by_the_hour() {
    // Six replicas on four nodes, so that two stand on the same one; nodes of two racks that never fail.
    let (system, written) = galileo(
        "topology: never
failures: {f: {every: 100h, repair: never}, g: {every: 50h, repair: never}}
domains: {rack: {count: 2}, node: {in: rack, count: 2, fails: [f]}}
services: {s: {replicas: 6, on: node, serves: 3}, t: {replicas: 2, serves: any, fails: [f, g]}}
journeys: {j: {needs: [s, t]}}
",
    );
    for hours in [1.0, 30.0, 1_000.0] {
        let span = SimSpan::from_seconds(hours * 3_600.0);
        let exact =
            static_answer(system.model(), JourneyId::new(0), (SimSpan::ZERO, span)).unwrap();
        let at_end = exact.interval.unwrap().unavailability_at_end;
        assert_same(Galileo::read(&written).probability(hours), at_end, &written);
    }
}

/// A model of PRISM's language of modules: by variable its rates from up to each number and back, and by name the formulas.
struct Modules {
    units: BTreeMap<String, Vec<(f64, f64)>>,
    formulas: BTreeMap<String, String>,
    top: String,
}

impl Modules {
    fn read(text: &str) -> Modules {
        let mut found =
            Modules { units: BTreeMap::new(), formulas: BTreeMap::new(), top: String::new() };
        for line in text.lines().map(|line| line.split(" //").next().unwrap().trim()) {
            let line = line.trim_end_matches(';');
            if let Some((name, formula)) =
                line.strip_prefix("formula ").and_then(|rest| rest.split_once(" = "))
            {
                found.formulas.insert(name.to_owned(), formula.to_owned());
            } else if let Some(top) = line.strip_prefix("label \"down\" = ") {
                found.top = top.to_owned();
            } else if let Some((from, way)) =
                line.strip_prefix("[] ").and_then(|rest| rest.split_once(" -> "))
            {
                let (unit, from) = from.split_once('=').unwrap();
                let (rate, to) = way.split_once(" : ").unwrap();
                let to: usize =
                    to.trim_end_matches(')').split_once("'=").unwrap().1.parse().unwrap();
                let from: usize = from.parse().unwrap();
                let rates = found.units.entry(unit.to_owned()).or_default();
                rates.resize(rates.len().max(from).max(to), (0.0, 0.0));
                match from {
                    0 => rates[to - 1].0 = rate.parse().unwrap(),
                    _ => rates[from - 1].1 = rate.parse().unwrap(),
                }
            }
        }
        found
    }

    /// Whether something holds while these units are down.
    fn holds(&self, what: &str, is_down: &dyn Fn(&str) -> bool) -> bool {
        if let Some(unit) = what.strip_suffix(">0") {
            return is_down(unit);
        }
        let Some(formula) = self.formulas.get(what) else { panic!("what is {what}?") };
        if let Some((sum, fatal)) = formula.split_once(" >= ") {
            let input = |one: &str| one[1..one.find(" ?").unwrap()].to_owned();
            let down = sum.split(" + ").filter(|one| self.holds(&input(one), is_down)).count();
            return down >= fatal.parse().unwrap();
        }
        match formula.contains(" & ") {
            true => formula.split(" & ").all(|input| self.holds(input, is_down)),
            false => formula.split(" | ").any(|input| self.holds(input, is_down)),
        }
    }

    /// The share of time in which it is down in the long run: units are independent.
    fn unavailability(&self) -> f64 {
        let odds = |rates: &Vec<(f64, f64)>| rates.iter().map(|(fails, ends)| fails / ends).sum();
        let units: Vec<(&String, f64)> =
            self.units.iter().map(|(name, rates)| (name, odds(rates))).collect();
        let of_combination = |down: u32| {
            let place = |name: &str| units.iter().position(|(known, _)| *known == name).unwrap();
            if !self.holds(&self.top, &|name| down >> place(name) & 1 == 1) {
                return 0.0;
            }
            let each = units.iter().enumerate().map(|(place, (_, odds))| match down >> place & 1 {
                1 => odds / (1.0 + odds),
                _ => 1.0 / (1.0 + odds),
            });
            each.product()
        };
        (0..1_u32 << units.len()).map(of_combination).sum()
    }
}

#[test]
fn modules_are_down_as_long_as_the_journey_is() {
    let mut sums = 0;
    for seed in 0..60 {
        let structure = Structure::random(seed);
        if structure.len() > 8 {
            continue;
        }
        // Units without hosts and more than one failure mode that never overlap, and others that do.
        let (structure, clock) = match seed % 2 {
            0 => (structure, ", clock: always"),
            _ => (structure.flat(), ""),
        };
        let failures = format!(
            "  a: {{every: 30h, repair: {{exponential: 3h}}{clock}}}
  b: {{every: 50h, repair: {{exponential: 8h}}{clock}}}\n"
        );
        let text =
            structure.with_failures(&failures, |unit| ["a", "b", "a, b"][unit % 3].to_owned());
        let (system, _) = galileo(&text);
        let tree = fault_tree(system.model(), JourneyId::new(0)).unwrap().unwrap();
        let written = to_prism_modules(system.topology(), system.model(), "j", &tree).unwrap();
        let second = SimSpan::from_seconds(1.0);
        let exact =
            static_answer(system.model(), JourneyId::new(0), (SimSpan::ZERO, second)).unwrap();
        assert_same(Modules::read(&written).unavailability(), exact.unavailability, &written);
        sums += usize::from(written.contains(" >= "));
    }
    assert!(sums > 3, "gates that count are among them");
    // What has a memory has no such modules.
    let refused = ninefold(&["export", "--prism-modules", "-", "--journey", "browse"], PAIR);
    assert_eq!(refused.status.code(), Some(2));
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("fail or are repaired with a memory"), "{why}");
}

/// Runs the program with something on its standard input.
pub(crate) fn ninefold(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ninefold"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever refuses the arguments does not read it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

const PAIR: &str = "topology: pair
failures: {a: {every: 99h, repair: 1h}, b: {every: 99h, repair: never}}
services:
  web: {replicas: 2, serves: any, fails: [a]}
  db: {replicas: 2, fails: [a], leader: {failover: 9s}}
  old: {fails: [b]}
journeys: {browse: {needs: web}, buy: {needs: db}, both: {needs: [web, old]}}
";

#[test]
fn a_tree_goes_to_standard_output() {
    let output = ninefold(&["export", "--galileo", "-", "--journey", "browse"], PAIR);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("// browse of pair"), "{text}");
    assert!(text.contains("toplevel \"browse_down\";\n"), "{text}");
    assert!(text.contains("\"browse_down\" and \"web-0_down\" \"web-1_down\";\n"), "{text}");
    assert_same(Galileo::read(&text).probability(1.0), 1e-4, &text);
}

#[test]
fn what_is_no_tree_is_refused() {
    for (arguments, reason) in [
        (&["export", "-", "--journey", "browse"][..], "required arguments were not provided"),
        (&["export", "--galileo", "-"], "has 3 journeys: which one is meant?"),
        (&["export", "--galileo", "-", "--journey", "sell"], "no journey `sell`"),
        (&["export", "--galileo", "-", "--journey", "buy"], "a failover takes time"),
        (
            &["export", "--galileo", "-", "--journey", "both"],
            "are never repaired and others are: old-0",
        ),
    ] {
        let output = ninefold(arguments, PAIR);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(reason), "{told}");
    }
}
