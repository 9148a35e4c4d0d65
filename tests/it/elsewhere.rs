//! Offloads and backups: what of lost data is elsewhere, against closed forms.

use ninefold::report::{to_json, to_text};
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};
use serde_json::Value;

use crate::common::compiled;

/// What so many lives of a topology come to, measured for a year after 2,000 hours, as JSON has it.
fn simulated(text: &str, replications: u64, threads: usize) -> String {
    let topology = Topology::from_str("elsewhere", text).unwrap_or_else(|error| panic!("{error}"));
    let system = System::compile(topology);
    let warm_up = SimSpan::from_seconds(2_000.0 * 3_600.0);
    let plan = Plan { replications, warm_up, threads: Some(threads), ..system.plan(1) };
    to_json(&system.simulate(&plan).unwrap())
}

fn data_of(json: &str, class: &str) -> Value {
    serde_json::from_str::<Value>(json).unwrap()["data"][class].clone()
}

#[track_caller]
fn check_near(value: &Value, exact: f64) {
    let number = |name: &str| value[name].as_f64().unwrap();
    let sigmas = (number("mean") - exact) / number("std_error");
    assert!(sigmas.abs() < 4.0, "{value} for {exact}: {sigmas:.1} standard errors");
}

/// A backup again and again, at random, that takes as long as it takes: of Poisson begins those can be
/// used at a disaster that began `x` before with probability `1 - exp(-x / u)`.
#[test]
fn backups_at_random_are_as_old_as_they_must_be() {
    let text = "
topology: elsewhere
failures: {disaster: {every: 200h, repair: 1h, wipes: true}}
services: {db: {fails: [disaster]}}
data:
  rows: {held_by: db, backup: {every: {exponential: 6h}, usable_after: {exponential: 5h}}}
  even: {held_by: db, offload: {every: {uniform: [2h, 10h]}}}
";
    let json = simulated(text, 400, 1);
    check_near(&data_of(&json, "rows")["rpo_s"], 9.738_735 * 3_600.0);
    let even = data_of(&json, "even");
    check_near(&even["rpo_s"], (36.0 + 64.0 / 12.0) / 12.0 * 3_600.0);
    assert_eq!(even["stages"][0]["stage"], "not-offloaded");
    assert_eq!(simulated(text, 400, 3), json, "threads change nothing");
}

/// What comes to nothing, and what is gone where it went, as a share of disasters of `db` and of the
/// mean loss: of Poisson backups each 6 h, of a store that fails each 50 h for 10 h.
const TO_A_STORE: &str = "
topology: elsewhere
failures:
  disaster: {every: 200h, repair: 1h, wipes: true}
  down:     {every: 50h, repair: {exponential: 10h}}
domains:
  disk:  {fails: [disaster]}
  store: {count: 2, fails: [down]}
data:
  rows:    {held_by: disk, retention: 30d, backup: {every: {exponential: 6h}, to: dumps}}
  dumps:   {held_by: store, ack: 2}
";

/// How long ago the newest backup began, in hours, that these stores took of which so many had to be there;
/// by the number of stores that are down, going back in time.
fn age_with_stores(stores: usize, needed: usize) -> f64 {
    let (backup, down, up) = (1.0 / 6.0, 1.0 / 50.0, 1.0 / 10.0);
    let mut age = vec![0.0; stores + 1];
    for _ in 0..10_000 {
        for stores_down in 0..=stores {
            let taken = if stores - stores_down >= needed { backup } else { 0.0 };
            let (fails, returns) = ((stores - stores_down) as f64 * down, stores_down as f64 * up);
            let next = |by: i32| age[(stores_down as i32 + by).clamp(0, stores as i32) as usize];
            let sum = 1.0 + fails * next(1) + returns * next(-1);
            age[stores_down] = sum / (taken + fails + returns);
        }
    }
    let odds = down / up;
    let weights = (0..=stores).scan(1.0, |weight, stores_down| {
        let this = *weight;
        *weight *= odds * (stores - stores_down) as f64 / (stores_down + 1) as f64;
        Some(this)
    });
    let weights: Vec<f64> = weights.collect();
    let sum: f64 = weights.iter().zip(&age).map(|(weight, age)| weight * age).sum();
    sum / weights.iter().sum::<f64>()
}

#[test]
fn what_a_store_does_not_take_is_no_backup() {
    let rows = |text: &str| data_of(&simulated(text, 400, 1), "rows");
    assert!((age_with_stores(2, 0) - 6.0).abs() < 1e-9);
    let both = rows(TO_A_STORE);
    check_near(&both["rpo_s"], 3_600.0 * age_with_stores(2, 2));
    let either = rows(&TO_A_STORE.replace("ack: 2", "ack: 1"));
    check_near(&either["rpo_s"], 3_600.0 * age_with_stores(2, 1));
    let shards = TO_A_STORE
        .replace("count: 2", "count: 3")
        .replace("ack: 2", "erasure: {data: 2, parity: 1}");
    check_near(&rows(&shards)["rpo_s"], 3_600.0 * age_with_stores(3, 2));
    // Two of four can be read, and only three can write: the other two could do so as well.
    let halves = TO_A_STORE
        .replace("count: 2", "count: 4")
        .replace("ack: 2", "erasure: {data: 2, parity: 2}");
    check_near(&rows(&halves)["rpo_s"], 3_600.0 * age_with_stores(4, 3));
    let elsewhere = rows(&TO_A_STORE.replace(", to: dumps", ""));
    check_near(&elsewhere["rpo_s"], 3_600.0 * 6.0);
}

/// Backups in a store that loses them: at a disaster the store is there with probability `a`, and then the
/// newest of Poisson backups and losses of the store is a backup with probability `b / (b + l)`, and it is
/// exponential how long ago that was, of the rate `b + l`.
#[test]
fn what_a_store_has_lost_is_no_backup() {
    let text = TO_A_STORE
        .replace("down:     {every", "down:     {wipes: true, every")
        .replace("count: 2, ", "")
        .replace(", ack: 2", "");
    let json = simulated(&text, 400, 1);
    let rows = data_of(&json, "rows");
    let (backup, loss, kept) = (1.0 / 6.0, 1.0 / 50.0, 720.0);
    let (there, either) = (50.0 / 60.0, backup + loss);
    let p_backup = there * backup / either;
    let age = (1.0 - f64::exp(-either * kept)) / either;
    let disasters = 8_760.0 / 201.0;
    for (stage, p) in [("backup-age", p_backup), ("all-copies", 1.0 - p_backup)] {
        let stages = rows["stages"].as_array().unwrap();
        let seen = stages.iter().find(|seen| seen["stage"] == stage).unwrap();
        check_near(&seen["loss_incidents_per_year"], disasters * p);
        if stage == "backup-age" {
            check_near(&seen["lost_s_per_year"], 3_600.0 * disasters * p * age);
        }
    }
    // The store loses the newest if any came since it was there; there is one if it is there and any came since.
    let backups = &rows["backup"];
    check_near(&backups["refused_per_year"], 1_460.0 * (1.0 - there));
    check_near(&backups["lost_per_year"], 8_760.0 / 60.0 * backup / either);
    check_near(&backups["none_share"], 1.0 - there * backup / either);
    check_near(&backups["age_s"], 3_600.0 / either);
}

/// What comes of backups each 6 h: a share of them finds down what it needs, fails by chance, or is not taken; and how old
/// the newest is.
#[test]
fn what_comes_of_backups_is_told() {
    let text = |cycle: &str| {
        format!(
            "
topology: elsewhere
failures: {{down: {{every: 50h, repair: {{exponential: 10h}}}}, slow: {{every: 1y, repair: 1h}}}}
domains: {{disk: {{fails: [slow]}}, store: {{count: 2, fails: [down]}}}}
services: {{gate: {{fails: [down]}}}}
data:
  rows:  {{held_by: disk, backup: {{usable_after: 30m, {cycle}}}}}
  dumps: {{held_by: store, ack: 2, deleted: 100y}}
"
        )
    };
    let backup = |cycle: &str| data_of(&simulated(&text(cycle), 400, 1), "rows")["backup"].clone();
    let begun = |backup: &Value| backup["begun_per_year"]["mean"].as_f64().unwrap();
    let failing = backup("every: 6h, fails: 20%");
    assert_eq!(begun(&failing), 1_460.0);
    check_near(&failing["failed_per_year"], 292.0);
    // The binomial law, of 400 lives.
    let error = failing["failed_per_year"]["std_error"].as_f64().unwrap();
    assert!((error / (1_460.0 * 0.2 * 0.8 / 400.0_f64).sqrt() - 1.0).abs() < 0.15, "{error}");
    check_near(&failing["age_s"], 3_600.0 * (0.5 + 3.0 + 6.0 * 0.25));
    for never in ["needs_down_per_year", "refused_per_year", "lost_per_year"] {
        assert!(failing[never].is_null(), "{never}");
    }
    assert_eq!(failing["none_share"]["mean"], 0.0, "there is always an older one");
    let there = 50.0 / 60.0;
    for law in ["every: 6h", "every: {exponential: 6h}"] {
        for delay in ["", ", usable_after: {exponential: 3h}"] {
            let cycle = format!("{law}, needs: gate, to: dumps, fails: 20%{delay}");
            let text = match delay {
                "" => text(&cycle),
                _ => text(&cycle).replace("usable_after: 30m, ", ""),
            };
            let json = simulated(&text, 400, 1);
            let backup = data_of(&json, "rows")["backup"].clone();
            match law {
                "every: 6h" => assert_eq!(begun(&backup), 1_460.0),
                _ => check_near(&backup["begun_per_year"], 1_460.0),
            }
            check_near(&backup["needs_down_per_year"], 1_460.0 * (1.0 - there));
            check_near(&backup["failed_per_year"], 1_460.0 * there * 0.2);
            let refused = 1_460.0 * there * 0.8 * (1.0 - there * there);
            check_near(&backup["refused_per_year"], refused);
            assert_eq!(simulated(&text, 400, 2), json, "threads change nothing");
        }
        // Without chance they are counted at once.
        let backup = backup(&format!("{law}, needs: gate, to: dumps"));
        check_near(&backup["needs_down_per_year"], 1_460.0 * (1.0 - there));
        check_near(&backup["refused_per_year"], 1_460.0 * there * (1.0 - there * there));
    }
}

/// What a power cut takes of the newest that had come: nothing, if no offload had, and else all that came with it. Offloads
/// come every 7 h, power cuts 101 h and 204 h after the beginning: 3 h and 1 h after the last offload.
#[test]
fn what_is_fed_loses_only_what_has_come() {
    let text = |unsynced: &str| {
        format!(
            "
topology: elsewhere
horizon: 10d
failures: {{cut: {{every: {{fixed: 101h}}, repair: 2h, cuts_power: true}}, slow: {{every: 1y, repair: 1h}}}}
domains: {{disk: {{fails: [slow]}}, store: {{fails: [cut]}}}}
data:
  rows:  {{held_by: disk, deleted: 50y, offload: {{every: 7h, to: kept}}}}
  kept:  {{held_by: store, unsynced: {unsynced}}}
"
        )
    };
    for (unsynced, lost_hours) in [("30s", 0.0), ("2h", 7.0), ("4h", 14.0), ("9h", 21.0)] {
        let topology = Topology::from_str("fed", &text(unsynced)).unwrap();
        let system = System::compile(topology);
        let json = to_json(&system.simulate(&Plan { replications: 2, ..system.plan(1) }).unwrap());
        let lost = data_of(&json, "kept")["lost_s_per_year"]["mean"].as_f64().unwrap();
        let hours = lost / 3_600.0 * 10.0 / 365.0;
        assert!((hours - lost_hours).abs() < 1e-6, "{unsynced}: {hours} h, not {lost_hours}");
    }
}

#[test]
fn a_backup_on_the_same_disk_is_none() {
    let text = "
topology: elsewhere
failures: {disaster: {every: 200h, repair: 1h, wipes: true}}
domains: {disk: {fails: [disaster]}}
data:
  rows:  {held_by: disk, retention: 100h, backup: {every: 6h, to: dumps, restore: 1h}}
  dumps: {held_by: disk, retention: 100h}
";
    let rows = data_of(&simulated(text, 50, 1), "rows");
    check_near(&rows["loss_incidents_per_year"], 8_760.0 / 201.0);
    // All that was kept, of what has come since it was all lost before: the less of 100 h and 1 h and an exponential time.
    check_near(&rows["rpo_s"], 3_600.0 * (1.0 + 200.0 * (1.0 - f64::exp(-99.0 / 200.0))));
    assert_eq!(rows["stages"].as_array().unwrap().len(), 1);
    assert_eq!(rows["stages"][0]["stage"], "all-copies");
    assert!(rows["restore_s"].is_null());
}

/// Data of 1 TB that are deleted each 30 days, ten times in 301 days, and of which there are backups: of the copies all is
/// lost each time, and of the data what is newer than a backup.
#[test]
fn what_is_lost_of_copies_alone_is_told_apart() {
    let text = |more: &str| {
        format!(
            "
topology: deleted
horizon: 301d
failures: {{none: {{every: 1000000y, repair: 1h}}}}
domains: {{disk: {{fails: [none]}}}}
data: {{rows: {{held_by: disk, size: 1TB, deleted: {{fixed: 30d}}{more}}}}}
journeys: {{read: {{needs: disk}}}}
"
        )
    };
    let report = |more: &str| {
        let system = compiled(&text(more));
        system.simulate(&Plan { replications: 16, ..system.plan(1) }).unwrap()
    };
    let alone = "of the copies alone, before what backups and offloads bring back:\n  durability: ";
    let copied = report(", backup: {every: 6h, usable_after: 1h}");
    assert!(to_text(&copied).contains(alone), "{}", to_text(&copied));
    assert!(!to_text(&report("")).contains(alone));
    let rows = data_of(&to_json(&copied), "rows");
    let year_of_window = 365.0 / 301.0;
    let mean = |measure: &str| rows[measure]["mean"].as_f64().unwrap() / year_of_window;
    assert!((mean("nomdl_per_year") - 10.0).abs() < 1e-9, "{}", mean("nomdl_per_year"));
    // A backup that is begun at the instant of a deletion is of no use.
    assert!((mean("lost_s_per_year") / 3_600.0 - 60.0).abs() < 1e-9, "{}", mean("lost_s_per_year"));
}

/// What the only life of a topology has lost of `rows` at each stage, in hours, and in all.
fn lost_by_stage(text: &str) -> (Vec<(String, f64)>, f64) {
    let system = compiled(text);
    let results = system.simulate(&Plan { replications: 2, ..system.plan(1) }).unwrap();
    let rows = data_of(&to_json(&results), "rows");
    let years = system.plan(1).horizon.seconds() / 31_536_000.0;
    let hours = |value: &Value| {
        let hours = value["lost_s_per_year"]["mean"].as_f64().unwrap() * years / 3_600.0;
        (hours * 1e6).round() / 1e6
    };
    let stages = rows["stages"].as_array().unwrap();
    let named = |stage: &Value| (stage["stage"].as_str().unwrap().to_owned(), hours(stage));
    (stages.iter().map(named).filter(|stage| stage.1 > 0.0).collect(), hours(&rows))
}

/// Who records, or who accepts, is away from 10 h to 90 h, and the only copy is gone at 95 h, or at 60 h: what copies never
/// had they cannot lose.
#[test]
fn what_had_not_come_is_not_lost_again() {
    let check = |wiped: u32, data: &str, wanted: &[(&str, f64)]| {
        let text = format!(
            "
topology: t
horizon: 96h
failures:
  off: {{every: {{fixed: 10h}}, repair: {{fixed: 80h}}}}
  wiped: {{every: {{fixed: {wiped}h}}, repair: {{fixed: 50h}}, wipes: true}}
domains: {{web: {{fails: [off]}}, agent: {{}}, store: {{fails: [wiped]}}}}
data: {{rows: {{held_by: store, {data}}}}}
"
        );
        let (stages, all) = lost_by_stage(&text);
        let wanted: Vec<_> =
            wanted.iter().map(|(stage, hours)| ((*stage).to_owned(), *hours)).collect();
        assert_eq!(stages, wanted, "{data}");
        assert_eq!(all, wanted.iter().map(|stage| stage.1).sum::<f64>(), "{data}");
    };
    let (recorded, sink) = ("born: web", "born: agent, sink: web");
    check(95, recorded, &[("never-recorded", 80.0), ("all-copies", 15.0)]);
    check(95, sink, &[("buffer", 80.0), ("all-copies", 15.0)]);
    // Nothing older than a day is of any use.
    let kept = format!("{recorded}, retention: 1d");
    check(95, &kept, &[("never-recorded", 24.0), ("all-copies", 5.0)]);
    let kept = format!("{sink}, retention: 1d");
    check(95, &kept, &[("buffer", 24.0), ("all-copies", 5.0)]);
    // The last backup begins at 84 h, when nothing had come since 10 h.
    let backed_up = |way: &str| format!("{way}, backup: {{every: 12h}}");
    check(95, &backed_up(recorded), &[("never-recorded", 80.0), ("backup-age", 5.0)]);
    // What waits in the buffer is not lost with the copies, and comes all at once.
    let waits = format!("{sink}, buffer: {{horizon: 100h}}");
    check(60, &waits, &[("all-copies", 10.0)]);
    check(95, &waits, &[("all-copies", 95.0)]);
    check(95, &backed_up(&waits), &[("backup-age", 85.0)]);
    let waits = format!("{sink}, buffer: {{horizon: 20h}}");
    check(95, &waits, &[("buffer", 60.0), ("all-copies", 35.0)]);
}

/// One copy is away from 30 h to 40 h and never catches up, and the other is gone at 60 h; or the power is cut at 57 h under
/// a copy of which 10 h are not yet on disk. What a backup has is restored from it.
#[test]
fn a_backup_brings_back_what_others_had_missed() {
    let check = |data: &str, stage: &str, wanted: f64| {
        let text = format!(
            "
topology: t
horizon: 61h
failures:
  away: {{every: {{fixed: 30h}}, repair: {{fixed: 10h}}}}
  wiped: {{every: {{fixed: 60h}}, repair: {{fixed: 50h}}, wipes: true}}
  cut: {{every: {{fixed: 57h}}, repair: {{fixed: 50h}}, cuts_power: true}}
domains: {{a: {{fails: [wiped]}}, b: {{fails: [away]}}, c: {{fails: [cut]}}}}
data: {{rows: {{{data}}}}}
"
        );
        let (stages, _) = lost_by_stage(&text);
        let wanted = if wanted > 0.0 { vec![(stage.to_owned(), wanted)] } else { Vec::new() };
        assert_eq!(stages, wanted, "{data}");
    };
    let missed = "held_by: [a, b], copies: 2, ack: 1, catch_up: never";
    check(missed, "missed", 10.0);
    for (backup, lost) in [
        ("{every: 6h}", 0.0),
        ("{every: 36h}", 4.0),
        ("{every: 36h, usable_after: 25h}", 10.0),
        ("{every: 32h, usable_after: 2h}", 8.0),
        ("{every: 6h, fails: 100%}", 10.0),
    ] {
        check(&format!("{missed}, backup: {backup}"), "missed", lost);
    }
    let unsynced = "held_by: c, unsynced: {fixed: 10h}";
    check(unsynced, "unsynced", 10.0);
    check(&format!("{unsynced}, backup: {{every: 6h}}"), "unsynced", 3.0);
}

/// Who holds what, in any order, and a fire at 60 h that takes `a` and `b`: what nobody could have acknowledged is not
/// lost, and what is lost with all copies is lost once.
#[test]
fn what_others_had_missed_does_not_depend_on_the_order_of_holders() {
    let check = |holders: &[&str], off: &[&str], data: &str, wanted: &[(&str, f64)]| {
        let fails = |name: &str| if off.contains(&name) { "off" } else { "" };
        let text = format!(
            "
topology: t
horizon: 62h
failures:
  off: {{every: {{fixed: 30h}}, repair: {{fixed: 10h}}}}
  fire: {{every: {{fixed: 60h}}, repair: {{fixed: 10h}}, wipes: true}}
domains: {{s: {{fails: [fire]}}, a: {{in: s}}, b: {{in: s, fails: [{}]}}, c: {{fails: [{}]}}}}
data: {{rows: {{held_by: [{}], {data}, catch_up: never}}}}
",
            fails("b"),
            fails("c"),
            holders.join(", ")
        );
        let wanted: Vec<_> =
            wanted.iter().map(|(stage, hours)| ((*stage).to_owned(), *hours)).collect();
        assert_eq!(lost_by_stage(&text).0, wanted, "{holders:?} {off:?}");
    };
    for holders in [["a", "b", "c"], ["b", "a", "c"], ["c", "b", "a"]] {
        let data = "copies: 3, ack: 2";
        check(&holders, &["c"], data, &[("missed", 10.0)]);
        // Two of three were away, and with one there nothing counts.
        check(&holders, &["b", "c"], data, &[]);
        check(&holders, &["b", "c"], "copies: 3, ack: 1", &[("missed", 10.0)]);
    }
    for holders in [["a", "b"], ["b", "a"]] {
        check(&holders, &["b"], "copies: 2, ack: 1", &[("all-copies", 60.0)]);
    }
}

/// A leader `a` and two that stand by, 5 s behind; each write is on two of those that are there before it counts. What is
/// lost when another takes over is what two had that have both gone since.
#[test]
fn what_two_have_acknowledged_is_lost_with_these_two() {
    let lost = |[a, b, c]: [&str; 3]| -> f64 {
        let text = format!(
            "
topology: t
horizon: 55h
failures:
  fa: {{{a}}}
  fb: {{{b}}}
  fc: {{{c}}}
domains: {{na: {{fails: [fa]}}, nb: {{fails: [fb]}}, nc: {{fails: [fc]}}}}
services: {{db: {{replicas: 3, on: [na, nb, nc], start: 0s, leader: {{failover: 30s}}}}}}
data: {{rows: {{held_by: db, ack: 2, lag: {{fixed: 5s}}}}}}
"
        );
        let (stages, all) = lost_by_stage(&text);
        assert!(stages.iter().all(|(stage, _)| stage == "lagging"));
        (all * 3_600.0).round()
    };
    let fails = |every: &str, repair: &str| {
        format!("every: {{fixed: {every}}}, repair: {{fixed: {repair}}}")
    };
    let never = fails("1000h", "1h");
    let at_50 = fails("50h", "3h");
    assert_eq!(lost([&at_50, &never, &never]), 0.0);
    // Both at once, and one before the other has taken over.
    assert_eq!(lost([&at_50, &at_50, &never]), 5.0);
    assert_eq!(lost([&at_50, &fails("180010s", "3h"), &never]), 5.0);
    // One has been away for long: since then the two others have had everything.
    let long = fails("10h", "100h");
    assert_eq!(lost([&at_50, &never, &long]), 0.0);
    assert_eq!(lost([&at_50, &fails("49h", "5h"), &never]), 0.0);
    assert_eq!(lost([&at_50, &fails("50h", "1h"), &long]), 0.0);
}
