//! Copies that are made anew on others: chains and lives against chains worked out apart.

use ninefold::measure::Change;
use ninefold::model::DataId;
use ninefold::run::MOST_STATES_BESIDE;
use ninefold::spec::Assumption;
use ninefold::{Plan, System, Topology};

use crate::common::compiled;

const HOUR: f64 = 3_600.0;

/// What the chain of the first data class says: MTTDL in hours, the probability of a loss, and its states.
fn chain(system: &System) -> (f64, f64, usize) {
    let found = system.exact_loss(&system.plan(1), DataId::new(0), MOST_STATES_BESIDE).unwrap();
    (found.first_loss.unwrap().unwrap().value / HOUR, found.p_loss.unwrap().value, found.states)
}

/// How many of so many lives lose data.
fn lives_with_a_loss(system: &System, lives: u64) -> f64 {
    let report = system.simulate(&Plan { replications: lives, ..system.plan(1) }).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&ninefold::report::to_json(&report)).unwrap();
    json["data"]["rows"]["p_loss"]["mean"].as_f64().unwrap() * lives as f64
}

#[track_caller]
fn assert_answers(text: &str, mttdl: f64, p_loss: f64, states: usize) {
    let system = compiled(&format!("topology: t\nhorizon: 8760h\n{text}"));
    let found = chain(&system);
    assert!((found.0 / mttdl - 1.0).abs() < 1e-9, "{found:?}, but {mttdl}");
    assert!((found.1 / p_loss - 1.0).abs() < 1e-9, "{found:?}, but {p_loss}");
    assert_eq!(found.2, states);
    let lives = 2_000;
    let losing = lives_with_a_loss(&system, lives);
    let expected = p_loss * lives as f64;
    let error = (expected * (1.0 - p_loss)).sqrt();
    assert!((losing - expected).abs() < 4.0 * error, "{losing}, but {expected} ± {error}");
}

/// A disk is out for 100 hours, and its copy back after 25 of them, on others; while it stands there nothing takes it.
///
/// The numbers are those of chains written apart: of each copy what its unit does, whether its data are there, gone or
/// elsewhere, and what it waits for; solved with LAPACK.
#[test]
fn lost_copies_need_not_wait_for_their_holders() {
    assert_answers(
        "failures: {dead: {every: 1000h, repair: {exponential: 100h}, wipes: true, clock: always}}\n\
         domains: {disk: {count: 2, fails: [dead]}}\n\
         data:\n  rows:\n    held_by: disk\n    copies: 2\n    \
         rebuild: {takes: {exponential: 20h}, detect: {exponential: 5h}, to: elsewhere}\n\
         journeys: {read: {needs: {any: [disk]}}}\n",
        24_438.131_451_706_04,
        0.301_170_022_104_039_5,
        12,
    );
}

/// The same of disks that are also out for a while with all that is on them, and given up after a time; such a copy is
/// no loss, may become one while it is made anew, and is taken back if its disk is first. Where the others are out of reach
/// when it is given up there is nothing to make it from, and what is being made anew stands still while they are.
#[test]
fn copies_that_are_away_for_long_are_given_up() {
    let text = |copies: &str, rebuild: &str| {
        format!(
            "failures:\n  down: {{every: 300h, repair: {{exponential: 50h}}}}\n  \
             dead: {{every: 1000h, repair: {{exponential: 100h}}, wipes: true, clock: always}}\n\
             domains: {{disk: {{count: {copies}, fails: [down, dead]}}}}\n\
             data:\n  rows:\n    held_by: disk\n    {rebuild}\n\
             journeys: {{read: {{needs: {{any: [disk]}}}}}}\n"
        )
    };
    let away = "to: elsewhere, gives_up_after: {exponential: 10h}}";
    let rebuild = format!(
        "copies: 2\n    rebuild: {{takes: {{exponential: 20h}}, detect: {{exponential: 5h}}, {away}"
    );
    assert_answers(&text("2", &rebuild), 22_197.326_417_685_1, 0.325_896_463_166_175_54, 81);
    let rebuild = format!(
        "erasure: {{data: 2, parity: 1}}\n    rebuild: {{takes: {{exponential: 20h}}, {away}"
    );
    assert_answers(&text("3", &rebuild), 7_311.233_112_823_303, 0.698_446_181_226_096_6, 180);
}

/// What is made anew stands still while the other copy is out of reach: with a rebuild of one stage, and of two, of which
/// the first need not be done again.
#[test]
fn rebuilds_stand_still_without_sources() {
    let text = |rebuild: &str| {
        format!(
            "failures:\n  down: {{every: 300h, repair: {{exponential: 50h}}}}\n  \
             dead: {{every: 1000h, repair: {{exponential: 100h}}, wipes: true, clock: always}}\n\
             domains: {{disk: {{count: 2, fails: [down, dead]}}}}\n\
             data:\n  rows:\n    held_by: disk\n    copies: 2\n    rebuild: {{{rebuild}, to: elsewhere}}\n\
             journeys: {{read: {{needs: {{any: [disk]}}}}}}\n"
        )
    };
    let one = text("takes: {exponential: 20h}, detect: {exponential: 5h}");
    assert_answers(&one, 17_961.993_136_859_52, 0.385_499_749_713_543_67, 56);
    let two = text("takes: {gamma: {shape: 2, mean: 20h}}");
    assert_answers(&two, 20_894.679_706_885_647, 0.342_010_068_163_427_55, 56);
}

/// One disk is gone at 40 h and needs 20 h of the other, which is down from 45 h to 85 h; a third is gone at 42 h, and what
/// it needs is there.
#[test]
fn rebuilds_wait_for_sources_and_let_others_go_first() {
    let ends = |rebuild: &str| -> Vec<f64> {
        let system = compiled(&format!(
            "topology: t
horizon: 120h
failures:
  one: {{every: {{fixed: 40h}}, repair: {{fixed: 200h}}, wipes: true}}
  down: {{every: {{fixed: 45h}}, repair: {{fixed: 40h}}}}
  two: {{every: {{fixed: 42h}}, repair: {{fixed: 200h}}, wipes: true}}
domains: {{a: {{fails: [one]}}, b: {{fails: [down]}}, c: {{fails: [two]}}, d: {{}}}}
data:
  rows:
    held_by: [a, b, c, d]
    copies: 2
    placement: [[a, b], [c, d]]
    size: 720GB
    rebuild: {{{rebuild}, to: elsewhere}}
"
        ));
        let entries = system.explain(&system.plan(1), 0).unwrap();
        let backs = entries.iter().filter(|entry| matches!(entry.change, Change::CopiesBack(..)));
        backs.map(|entry| entry.at.micros() as f64 / 3.6e9).collect()
    };
    for rebuild in ["takes: 20h", "bandwidth: 10MB/s", "source: 10MB/s"] {
        assert_eq!(ends(rebuild), [62.0, 100.0], "{rebuild}");
        // The third goes on in the place of the first.
        assert_eq!(ends(&format!("{rebuild}, at_a_time: 1")), [65.0, 100.0], "{rebuild}");
    }
}

/// A disk is out for 50 hours in the mean and given up after 15, and its copy is made anew in 10: of each outage that lasts 25
/// hours one copy is, and its bytes are moved.
#[test]
fn copies_that_are_made_anew_while_their_holder_is_away_are_moved() {
    let system = compiled(
        "topology: t
failures: {out: {every: 500h, repair: {exponential: 50h}}}
domains: {disk: {count: 3, fails: [out]}}
data:
  rows: {held_by: disk, copies: 3, size: 1TB, rebuild: {takes: 10h, to: elsewhere, gives_up_after: 15h}}
",
    );
    let report = system.simulate(&Plan { replications: 2_000, ..system.plan(1) }).unwrap();
    let ninefold::report::DataMeasures::Window(window) = &report.data[0].measures else {
        panic!("lives were lived")
    };
    let found = window.estimates.copies.as_ref().unwrap();
    // Outages that begin 25 hours before the end of a year in which all are up at first.
    let (turns, until) = (1.0 / 500.0 + 1.0 / 50.0, 8_760.0 - 25.0);
    let up_hours = (10.0 * until + (1.0 - f64::exp(-turns * until)) / turns) / 11.0;
    let exact = 3.0 * up_hours / 500.0 * f64::exp(-0.5);
    let sigmas = found.rebuilt_per_year.sigmas_from(exact).unwrap();
    assert!(sigmas.abs() < 4.0, "{:?}, but {exact}", found.rebuilt_per_year);
    let bytes = found.rebuilt_bytes_per_year.unwrap().mean;
    assert!((bytes / found.rebuilt_per_year.mean / 1e12 - 1.0).abs() < 1e-12);
}

/// Two disks are lost at once, and what each must read takes an hour from one disk that gives 100 MB/s: from the same
/// disk, or each from one of its own.
#[test]
fn bandwidth_of_sources_is_shared_as_is_assumed() {
    let text = |groups: &str, more: &str| {
        format!(
            "topology: sources
horizon: 20h
failures: {{dead: {{every: {{fixed: 10h}}, repair: 1h, wipes: true}}}}
domains:
  rack: {{level: rack, fails: [dead]}}
  a: {{in: rack}}
  b: {{in: rack}}
  c: {{}}
  d: {{}}
data:
  rows: {{held_by: [a, b, c, d], copies: 2, placement: {groups}, size: 360GB, rebuild: {{{more}}}}}
"
        )
    };
    // How long after the beginning of the rebuilds the first and the last of them end, hours.
    let ends = |topology: &Topology| -> Vec<f64> {
        let system = System::compile(topology.clone());
        let entries = system.explain(&system.plan(1), 0).unwrap();
        let mut ends = Vec::new();
        for entry in entries {
            if let Change::CopiesBack(_, count, _) = entry.change {
                let hours = entry.at.micros() as f64 / 3.6e9 - 11.0;
                ends.extend((0..count).map(|_| hours));
            }
        }
        ends
    };
    let (one_source, two_sources) = ("[[a, c], [b, c], [c, d]]", "[[a, c], [b, d]]");
    let cases = [
        (one_source, "source: 100MB/s", [2.0; 2], [1.0; 2], [2.0; 2]),
        (two_sources, "source: 100MB/s", [1.0; 2], [1.0; 2], [2.0; 2]),
        // One alone is not faster than anything that is said.
        (one_source, "source: 100MB/s, bandwidth: 50MB/s", [2.0; 2], [2.0; 2], [4.0; 2]),
        (two_sources, "source: 50MB/s, bandwidth: 100MB/s", [2.0; 2], [2.0; 2], [4.0; 2]),
        (one_source, "per: {rack: 100MB/s}", [2.0; 2], [1.0; 2], [2.0; 2]),
        (one_source, "shared: 100MB/s", [2.0; 2], [1.0; 2], [2.0; 2]),
    ];
    for (groups, more, said, own, shared) in cases {
        // A level that every holder stands on.
        let text = match more.starts_with("per") {
            true => text(groups, more).replace("c: {}", "c: {in: other}").replace(
                "d: {}",
                "d: {in: other}
  other: {level: rack}",
            ),
            false => text(groups, more),
        };
        let stated = Topology::from_str("sources", &text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(ends(&stated), said, "{groups}, {more}");
        for (assumption, wanted) in
            [(Assumption::OwnBandwidth, own), (Assumption::SharedBandwidth, shared)]
        {
            let other = stated.assuming(assumption);
            let found = ends(other.as_ref().unwrap_or(&stated));
            assert_eq!(found, wanted, "{groups}, {more}, {assumption:?}");
        }
    }
}
