//! Shipped topologies, damaged at random: whatever comes of them is refused or runs, without a panic
//! and without a hang.

use std::cell::Cell;
use std::fs;
use std::sync::LazyLock;

use ninefold::engine::{Replication, Replicator};
use ninefold::measure::Recorder;
use ninefold::units::{SimSpan, SimTime};
use ninefold::{System, Topology, Until};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Every shipped topology and every case, and two that say all there is of data and of platforms, whole:
/// nothing in them is sought in other files.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut texts = Vec::new();
    for folder in ["topologies", "topologies/patterns"] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push(ninefold::spec::resolved(&path).unwrap());
            }
        }
    }
    for entry in fs::read_dir("tests/data/cases").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            texts.push(filled_in(&fs::read_to_string(&path).unwrap()));
        }
    }
    for path in ["tests/data/classes.yaml", "tests/data/cluster.yaml"] {
        texts.push(fs::read_to_string(path).unwrap());
    }
    texts.sort();
    texts
});

/// Some number or other for each placeholder.
pub(crate) fn filled_in(template: &str) -> String {
    let mut parts = template.split("${");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (placeholder, rest) = part.split_once('}').unwrap();
        let is_share = placeholder.starts_with("percent") || placeholder.starts_with("rest ");
        text += if is_share {
            "50%"
        } else if rest.starts_with("h}") {
            "2"
        } else {
            "1"
        };
        text += rest;
    }
    text
}

/// What may be put in the place of a word.
const WORDS: &[&str] = &[
    "0",
    "-1",
    "3",
    "1000",
    "99999999999",
    "1e308",
    "nan",
    "0%",
    "100%",
    "33.3%",
    "0s",
    "1ms",
    "1h",
    "400000y",
    "any",
    "all",
    "majority",
    "at_least",
    "of",
    "need",
    "kind",
    "soft",
    "start",
    "crashes_with",
    "masked_by",
    "standby",
    "active",
    "dormancy",
    "leader",
    "failover",
    "coverage",
    "else",
    "pool",
    "serves",
    "load",
    "sharded",
    "true",
    "false",
    "crew",
    "people",
    "hours",
    "business",
    "in-hours",
    "preemptive",
    "random-kind",
    "shock",
    "beta",
    "burst",
    "preventive",
    "age",
    "takes",
    "every",
    "repair",
    "never",
    "restart",
    "mixture",
    "empirical",
    "triangular",
    "sum",
    "fixed",
    "import",
    "extends",
    "defaults",
    "calendar",
    "order",
    "each",
    "gap",
    "held_by",
    "copies",
    "erasure",
    "lrc",
    "placement",
    "random",
    "partitioned",
    "declustered",
    "every-combination",
    "copyset",
    "spread",
    "groups",
    "rebuild",
    "memory",
    "network",
    "at-once",
    "buffer",
    "controller",
    "deployment",
    "statefulset",
    "daemonset",
    "static",
    "required",
    "skew",
    "budget",
    "requests",
    "platform",
    "kubernetes",
    "clusters",
    "rollout",
    "drain",
    "500m",
    "8TB",
    "50MB/s",
    "node",
    "web",
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "&a",
    "*a",
    "<<",
    "~",
    "\"",
    "'",
    "#",
    "\n",
    "\t",
    "\u{feff}",
    "서울",
];

#[derive(Clone, Debug)]
enum Damage {
    /// Leaves out so many characters.
    Cut(usize, usize),
    /// Puts a word in the place of another one.
    Replace(usize, usize),
    /// Puts a word between two characters.
    Insert(usize, usize),
    /// Says a line twice, the second time elsewhere.
    Repeat(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), 1_usize..20).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<usize>(), any::<usize>()).prop_map(|(at, word)| Damage::Replace(at, word)),
        (any::<usize>(), any::<usize>()).prop_map(|(at, word)| Damage::Insert(at, word)),
        (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut text = text.to_owned();
    for damage in damages {
        let starts: Vec<usize> =
            text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = |at: usize| starts[at % starts.len()];
        match *damage {
            Damage::Cut(at, length) => {
                let first = at % starts.len();
                let last = (first + length).min(starts.len() - 1);
                text.replace_range(starts[first]..starts[last], "");
            }
            Damage::Insert(at, word) => text.insert_str(place(at), WORDS[word % WORDS.len()]),
            Damage::Replace(at, word) => {
                let is_part = |c: char| c.is_alphanumeric() || "-_.%".contains(c);
                let start = text[..place(at)]
                    .rfind(|c| !is_part(c))
                    .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
                let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |end| start + end);
                text.replace_range(start..end, WORDS[word % WORDS.len()]);
            }
            Damage::Repeat(from, to) => {
                let lines: Vec<&str> = text.lines().collect();
                if let Some(count) = lines.len().checked_sub(1).filter(|count| *count > 0) {
                    let mut lines = lines.clone();
                    lines.insert(to % count, lines[from % count]);
                    text = lines.join("\n");
                }
            }
        }
    }
    text
}

/// A life in which the state is not compared with a recomputation after every event: damage makes
/// systems large, and that is what `random` is for.
const UNCHECKED: u64 = 1_000;

/// Whether a damaged topology is still one, after a life of it.
fn runs(text: &str) -> bool {
    let Ok(topology) = Topology::from_str("damaged", text) else { return false };
    let system = System::compile(topology);
    let horizon = system.topology().horizon.min(SimSpan::from_seconds(3e6));
    let journeys = system.topology().journeys.len();
    let observed = system.model().journey_count();
    let mut recorder = Recorder::new(observed, journeys, Until::Horizon);
    let end = SimTime::ZERO + horizon;
    // What does not come to its end says so.
    let _ = Replicator::new(system.model(), end, 5_000)
        .replicate(Replication { seed: 1, number: UNCHECKED }, &mut recorder);
    true
}

#[test]
fn damaged_topologies_are_refused_or_run() {
    let ran = Cell::new(0);
    let config = Config {
        cases: 15_000,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    };
    let strategy = (any::<usize>(), prop::collection::vec(damage(), 1..4));
    TestRunner::new(config)
        .run(&strategy, |(which, damages)| {
            let text = damaged(&TEXTS[which % TEXTS.len()], &damages);
            ran.set(ran.get() + u32::from(runs(&text)));
            Ok(())
        })
        .unwrap();
    assert!(ran.get() > 1_000, "only {} were still topologies", ran.get());
}
