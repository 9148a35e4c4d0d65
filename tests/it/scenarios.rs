//! Scenarios: what is known to the second, what is refused, and what other programs see of them.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output};

use ninefold::report::{
    Content, JourneyMeasures, ScenarioReport, Stretch, scenario_to_text, scenarios_to_json,
    scenarios_to_junit,
};
use ninefold::spec::{Scenarios, SpecError};
use ninefold::{Plan, ScenarioPlan, System, run_scenario};
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

/// A quorum of three on three nodes, an agent with a buffer of an hour, and a pair of which one serves.
/// Nothing in it is random but its failures.
const SYSTEM: &str = "topology: system
failures: {crash: {every: 9d, repair: {exponential: 2h}}}
domains:
  node: {level: node, count: 3, fails: [crash]}
  edge: {level: node}
services:
  db: {replicas: 3, on: node, serves: majority, start: 30s, fails: [crash]}
  web: {replicas: 2, on: [node-0, node-1], serves: any, leader: {failover: 20s}, start: 0s}
  agent: {on: edge, start: 10s}
journeys:
  write: {needs: db}
  browse: {needs: web}
data:
  samples: {born: agent, sink: db, buffer: {horizon: 1h, survives: [], drain: 10}}
  rows: {held_by: db, copies: 3, ack: 2, medium: local, deleted: 50y}
";

/// The files of a system and of a scenario on it.
fn folder(scenario: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("system.yaml"), SYSTEM).unwrap();
    fs::write(folder.path().join("scenario.yaml"), scenario).unwrap();
    folder
}

fn read(steps_and_expect: &str) -> Result<Scenarios, SpecError> {
    let text = format!("scenario: s\ntopology: system.yaml\n{steps_and_expect}");
    Scenarios::from_path(folder(&text).path().join("scenario.yaml"))
}

fn run(steps_and_expect: &str, threads: usize) -> ScenarioReport {
    run_read(read(steps_and_expect), threads)
}

fn run_read(scenarios: Result<Scenarios, SpecError>, threads: usize) -> ScenarioReport {
    let scenarios = scenarios.unwrap_or_else(|error| panic!("{error}"));
    let plan = ScenarioPlan { seed: 1, lives: None, threads: Some(threads) };
    run_scenario(&scenarios.list[0], &plan, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// What is measured of each expectation of the only life, seconds; for a state whether it is so.
#[track_caller]
fn check(steps: &str, expect: &[(&str, f64)]) {
    let list: String = expect.iter().map(|(one, _)| format!("  - {one}\n")).collect();
    let report = run(&format!("steps: {steps}\nexpect:\n{list}"), 1);
    assert_eq!(report.lives, 1, "nothing in it is random");
    let found: Vec<f64> = report
        .expectations
        .iter()
        .map(|(_, held)| match &held.measured {
            Some(measured) => measured.quantile(0.5),
            None => held.lives as f64,
        })
        .collect();
    let wanted: Vec<f64> = expect.iter().map(|(_, value)| *value).collect();
    assert_eq!(found, wanted, "\n{}", scenario_to_text(&report, true));
}

#[test]
fn two_of_three_down_is_no_quorum_until_one_has_started() {
    check(
        "[{at: 1m, crash: [node-0, node-1], for: 10m}]",
        &[
            ("{down_at_least: 10m, of: write}", 630.0),
            ("{outage_at_most: 1h, of: db}", 630.0),
            ("{back_within: 1h, of: write}", 630.0),
            ("{redundant_within: 1h, of: db}", 630.0),
            ("{redundant_within: 1h, of: [node, edge]}", 600.0),
            ("{down_at_most: 1h, of: db-2}", 0.0),
            ("{up: [db-2, edge, browse], at: 59s}", 1.0),
            ("{down: [node-0, db-1, write], at: 1m}", 1.0),
            ("{down: node, at: 2m}", 0.0),
            ("{down: db-0, at: 11m29s}", 1.0),
            ("{up: [db-0, write], at: 11m30s}", 1.0),
        ],
    );
}

#[test]
fn steps_follow_one_another() {
    check(
        "[{crash: db-0}, {after: 2m, crash: db-1}, {after: 3m, restore: db-0}, {restore: db-1}]",
        &[
            ("{down_at_least: 1s, of: write}", 210.0),
            ("{back_within: 1h, of: write}", 330.0),
            ("{back_within: 1h, of: browse}", 0.0),
        ],
    );
}

#[test]
fn what_is_not_restored_never_comes_back() {
    check(
        "[{at: 10m, crash: db-0}, {at: 30m, crash: db-1}]",
        &[
            ("{back_within: 10d, of: write}", f64::INFINITY),
            ("{redundant_within: 10d, of: db}", f64::INFINITY),
            ("{down_at_most: 1h, of: write}", 3_600.0),
        ],
    );
}

#[test]
fn a_buffer_keeps_an_hour_and_nothing_beyond_a_restart() {
    let crash =
        |length| format!("[{{at: 1h, crash: db, for: {length}}}, {{after: 12h, restore: edge}}]");
    check(&crash("30m"), &[("{lost_at_most: 0s, of: samples}", 0.0)]);
    // The quorum is back 30 s after the crash is over.
    check(&crash("150m"), &[("{lost_at_least: 1h, of: samples}", 5_430.0)]);
    check(
        "[{at: 1h, crash: db, for: 30m}, {after: 20m, delete: agent}]",
        // What was in the buffer after 20 minutes, and what was not recorded for the 10 s of the start.
        &[("{lost_at_least: 1m, of: samples}", 1_210.0)],
    );
}

#[test]
fn what_is_wiped_is_lost() {
    check(
        "[{at: 1h, crash: db-0, for: 1m, wipes: true}]",
        &[("{lost_at_most: 0s, of: rows}", 0.0)],
    );
    check("[{at: 1h, crash: db, for: 1m}]", &[("{lost_at_most: 0s, of: rows}", 0.0)]);
    check(
        "[{at: 1h, crash: db, for: 1m, wipes: true}]",
        &[("{lost_at_least: 1h, of: rows}", 3_600.0)],
    );
}

#[test]
fn what_users_cannot_reach_is_not_failed_over() {
    check("[{at: 1m, crash: web-0, for: 10m}]", &[("{down_at_most: 20s, of: browse}", 20.0)]);
    check(
        "[{at: 1m, isolate: web-0, from: users, for: 10m}]",
        &[("{down_at_least: 10m, of: browse}", 620.0)],
    );
}

#[test]
fn a_bad_rollout_takes_all_replicas_together() {
    check(
        "[{at: 1m, rollout: db, bad: true, for: 30m}]",
        &[
            ("{down_at_least: 30m, of: write}", 1_830.0),
            ("{down: [db-0, db-1, db-2], at: 2m}", 1.0),
        ],
    );
}

#[test]
fn what_is_stopped_is_down_until_it_is_started() {
    let stop = "[{at: 1m, stop: [db-0, db-1]}, {at: 11m, start: db}, {at: 20m, stop: db, for: 5m}]";
    let expect = [
        // 30 s of starts each time.
        ("{down_at_least: 1s, of: write}", 630.0 + 330.0),
        ("{outage_at_most: 1h, of: write}", 630.0),
        ("{up: [db-0, db-1, db-2], at: 11m30s}", 1.0),
        ("{down: db, at: 21m}", 1.0),
        ("{up: db, at: 25m30s}", 1.0),
    ];
    check(stop, &expect);
    // All of it counts as planned.
    let scenarios = read(&format!("steps: {stop}")).unwrap();
    let system = System::compile(scenarios.list[0].topology.clone());
    let report = system.simulate(&Plan { replications: 1, ..system.plan(1) }).unwrap();
    let JourneyMeasures::Window(found, causes) = &report.journeys[0].measures else {
        panic!("lives of equal length");
    };
    assert_eq!(found.by_intent.unplanned.downtime_s_per_year.mean, 0.0);
    assert!(found.by_intent.planned.downtime_s_per_year.mean > 0.0);
    assert!(causes.by_mode.iter().all(|share| share.mode == "stop" && share.is_planned));
}

#[test]
fn a_start_ends_a_stop_and_nothing_else() {
    check(
        "[{at: 1m, stop: node-0}, {at: 2m, crash: node-0, for: 10m}, {at: 3m, start: node}, \
          {at: 20m, stop: node-1}, {at: 25m, restore: node-1}]",
        &[
            ("{down: node-0, at: 11m59s}", 1.0),
            ("{up: node-0, at: 12m}", 1.0),
            ("{down: node-1, at: 24m}", 1.0),
            ("{up: node-1, at: 25m}", 1.0),
        ],
    );
    // Nobody takes over sooner than after a failure.
    check("[{at: 1m, stop: web-0, for: 10m}]", &[("{down_at_most: 20s, of: browse}", 20.0)]);
}

/// What two of three replicas can carry: of one service they crash beyond that, of the other it is slow.
const CARRYING: &str = "topology: system
domains: {node: {level: node, count: 3}}
services:
  web: {replicas: 3, on: node, serves: any, start: 10m, demand: {peak: 600, each: 300, beyond: crash}}
  index: {replicas: 3, on: node, serves: any, demand: {peak: 600, each: 300, beyond: slow}}
  one: {demand: {peak: 10, each: 10, beyond: slow}}
journeys: {browse: {needs: web}, search: {needs: index}, ask: {needs: one}}
";

/// What is measured of each expectation of the only life on what carries a load, seconds.
#[track_caller]
fn check_carrying(steps: &str, expect: &[(&str, f64)]) {
    let list: String = expect.iter().map(|(one, _)| format!("  - {one}\n")).collect();
    let text =
        format!("scenario: s\ntopology: system.yaml\nlasts: 3h\nsteps: {steps}\nexpect:\n{list}");
    let folder = folder(&text);
    fs::write(folder.path().join("system.yaml"), CARRYING).unwrap();
    let scenarios = Scenarios::from_path(folder.path().join("scenario.yaml"));
    let scenarios = scenarios.unwrap_or_else(|error| panic!("{error}"));
    let plan = ScenarioPlan { seed: 1, lives: None, threads: Some(1) };
    let report =
        run_scenario(&scenarios.list[0], &plan, &mut |_| ControlFlow::Continue(())).unwrap();
    let value = |held: &ninefold::measure::Held| held.measured.as_ref().unwrap().quantile(0.5);
    let found: Vec<f64> = report.expectations.iter().map(|(_, held)| value(held)).collect();
    let wanted: Vec<f64> = expect.iter().map(|(_, value)| *value).collect();
    assert_eq!(found, wanted, "\n{}", scenario_to_text(&report, true));
}

#[test]
fn a_load_that_is_too_much_degrades_service_until_it_is_less() {
    // 900 takes all three, 1200 would take four, 300 takes one.
    check_carrying(
        "[{at: 10m, load: index, peak: 900}, {at: 20m, crash: node-0, for: 5m}, {at: 30m, load: index, times: 2}, \
          {at: 40m, load: [index], times: 0.5}, {at: 50m, crash: [node-0, node-1], for: 10m}, \
          {at: 70m, load: index, times: 1}, {at: 80m, crash: [node-0, node-1], for: 1m}]",
        &[
            ("{degraded_at_least: 1m, of: search}", 300.0 + 600.0 + 60.0),
            ("{down_at_most: 0s, of: search}", 0.0),
            ("{degraded_at_most: 0s, of: ask}", 0.0),
        ],
    );
    // One replica carries what it is for; and down it is not degraded.
    check_carrying(
        "[{at: 10m, load: one, peak: 11}, {at: 20m, crash: one, for: 5m}, {at: 30m, load: one, peak: 10}]",
        &[("{degraded_at_least: 1m, of: ask}", 900.0), ("{down_at_most: 1h, of: ask}", 300.0)],
    );
}

#[test]
fn a_load_that_is_too_much_crashes_all_until_it_is_less() {
    // They start at 20 and 30 minutes and crash again, all of them; from 35 on two are enough.
    check_carrying(
        "[{at: 10m, load: web, peak: 1200}, {at: 35m, load: web, times: 1}]",
        &[
            ("{down_at_least: 1m, of: browse}", 1_800.0),
            ("{outage_at_most: 1h, of: browse}", 1_800.0),
        ],
    );
    // Three carry 900. Without the first for 5 minutes the others crash, and then it comes back 5 minutes
    // after them each time, so that there are never three, until two are enough at 70 minutes.
    check_carrying(
        "[{at: 10m, load: web, times: 1.5}, {at: 20m, crash: node-0, for: 5m}, {at: 60m, load: web, times: 1}]",
        &[("{down_at_least: 1m, of: browse}", 3_000.0)],
    );
}

#[test]
fn shares_of_lives_decide_where_something_is_random() {
    let steps = "lives: 400\nsteps: [{crash: db, for: {uniform: [10m, 20m]}}]\n";
    let expect = |share: &str| {
        format!("{steps}expect: [{{back_within: 15m30s, of: write, probability: {share}}}]")
    };
    // Each replica has its own luck: the second of three is back within half of the range with
    // probability 3/4 - 2/8.
    let report = run(&expect("40%"), 2);
    let (_, held) = &report.expectations[0];
    assert!(!report.fails() && report.lives == 400);
    let probability = held.probability.unwrap();
    assert!(probability.sigmas_from(0.5).unwrap().abs() < 4.0, "{probability:?}");
    assert!(run(&expect("70%"), 2).fails());
    assert!(run(&expect("100%"), 2).fails());
}

#[test]
fn failures_of_its_own_are_random_only_if_asked_for() {
    let text = "lasts: 1y\nsteps: [{at: 1m, crash: db-0, for: 1m}]\nexpect: [{down_at_most: 0s, of: write}]";
    let quiet = run(text, 2);
    assert!(!quiet.fails() && quiet.events < 10);
    let random = run(&format!("failures: random\nlives: 20\n{text}"), 2);
    assert!(random.fails() && random.lives == 20, "{}", random.events);
}

#[test]
fn threads_change_no_byte() {
    let text = "lives: 150\nsteps: [{crash: [node-0, db], for: {exponential: 10m}}]\nexpect:\n  - {back_within: 9m, of: write}\n  - {lost_at_most: 1s, of: samples, required: false}";
    let (one, four) = (run(text, 1), run(text, 4));
    assert_eq!(scenario_to_text(&one, true), scenario_to_text(&four, true));
    let (one, four) = (vec![one], vec![four]);
    assert_eq!(scenarios_to_json(&one), scenarios_to_json(&four));
    assert_eq!(scenarios_to_junit(&one, &[]), scenarios_to_junit(&four, &[]));
}

/// Three nodes, three members of a database that keep apart, and a pair that need not.
const CLUSTER: &str = "topology: system
platform:
  profile: kubernetes
  termination: {fixed: 10s}
  schedule: {fixed: 1s}
  image_pull: {fixed: 15s}
domains: {node: {level: node, count: 3}}
services:
  db:
    replicas: 3
    on: node
    controller: statefulset
    spread: {by: node, rule: required}
    serves: majority
    start: 30s
  web: {replicas: 2, on: node, controller: deployment, serves: any, start: 5s}
journeys: {write: {needs: db}, browse: {needs: web}}
";

/// Which of these expectations hold of one life of a cluster.
#[track_caller]
fn check_cluster(cluster: &str, steps: &str, expect: &[(&str, bool)]) {
    let list: String = expect.iter().map(|(one, _)| format!("  - {one}\n")).collect();
    let folder = folder(&format!(
        "scenario: s\ntopology: system.yaml\nlives: 1\nlasts: 2h\nsteps: {steps}\nexpect:\n{list}"
    ));
    fs::write(folder.path().join("system.yaml"), cluster).unwrap();
    let scenarios = Scenarios::from_path(folder.path().join("scenario.yaml"));
    let scenarios = scenarios.unwrap_or_else(|error| panic!("{error}"));
    let plan = ScenarioPlan { seed: 1, lives: None, threads: Some(1) };
    let report =
        run_scenario(&scenarios.list[0], &plan, &mut |_| ControlFlow::Continue(())).unwrap();
    let found: Vec<bool> = report.expectations.iter().map(|(_, held)| held.is_enough).collect();
    let wanted: Vec<bool> = expect.iter().map(|(_, holds)| *holds).collect();
    assert_eq!(found, wanted, "\n{}", scenario_to_text(&report, true));
}

#[test]
fn a_drained_node_leaves_a_member_pending_until_it_is_uncordoned() {
    // Told to end at 1m, it has ended 10 s later; 20 minutes after that the node takes it again.
    check_cluster(
        CLUSTER,
        "[{at: 1m, drain: node-0}, {after: 20m, uncordon: node-0}]",
        &[
            ("{on: {db: node-0}, at: 59s}", true),
            ("{on: {db: node-0}, at: 2m}", false),
            ("{pending: db, at_least: 1, at: 0s}", false),
            ("{pending: db, at: 10m}", false),
            ("{pending: db, at_least: 1, at: 10m}", true),
            ("{pending: db, at_least: 1, at: 10m, because: spread}", true),
            ("{pending: db, at_least: 1, at: 10m, because: cordoned}", true),
            ("{pending: db, at_least: 1, at: 10m, because: room}", false),
            ("{pending: [db, web], at_least: 2, at: 10m}", false),
            ("{pending: db, at_least: 1, at: 22m}", false),
            ("{on: {db: node-0}, at: 22m}", true),
            ("{redundant_within: 20m30s, of: db}", false),
            ("{redundant_within: 21m, of: db}", true),
            ("{down_at_most: 0s, of: write}", true),
        ],
    );
}

#[test]
fn a_drain_waits_for_a_budget() {
    let whole =
        CLUSTER.replace("    start: 30s\n", "    start: 30s\n    budget: {min_available: 3}\n");
    check_cluster(
        &whole,
        "[{at: 1m, drain: node-0}, {at: 1h, uncordon: node-0}]",
        &[
            ("{blocked: node-0, at: 30s}", false),
            ("{blocked: node-0, at: 30m}", true),
            ("{blocked: node-0, by: db, at: 30m}", true),
            ("{blocked: node-0, by: web, at: 30m}", false),
            ("{blocked: node-1, at: 30m}", false),
            ("{on: {db: node-0}, at: 30m}", true),
        ],
    );
}

#[test]
fn a_member_stays_on_a_lost_node() {
    // It is lost after 50 s or a little less, and the member is to go 300 s later.
    check_cluster(
        CLUSTER,
        "[{at: 1m, crash: node-0, for: 1h}]",
        &[
            ("{stuck: db, at_least: 1, at: 5m}", false),
            ("{stuck: db, at_least: 1, at: 10m}", true),
            ("{stuck: db, at_least: 2, at: 10m}", false),
            ("{stuck: db, at_least: 1, at: 65m}", false),
            ("{down_at_most: 0s, of: write}", true),
        ],
    );
}

#[test]
fn a_node_that_is_cut_off_is_lost_and_comes_back() {
    check_cluster(
        CLUSTER,
        "[{at: 1m, isolate: node-0, from: control-plane, for: 20m}]",
        &[
            ("{up: [node-0, write, browse], at: 10m}", true),
            ("{up: [db-0, db-1, db-2], at: 2m}", true),
        ],
    );
}

/// The lane of a unit in the picture of a scenario, if it has one: each condition, from when to when,
/// minutes.
fn lane(system: &str, steps: &str, unit: &str) -> Vec<String> {
    let folder = folder(&format!(
        "scenario: s\ntopology: system.yaml\nlives: 1\nlasts: 2h\nsteps: {steps}\n"
    ));
    fs::write(folder.path().join("system.yaml"), system).unwrap();
    let scenarios = Scenarios::from_path(folder.path().join("scenario.yaml"));
    let scenarios = scenarios.unwrap_or_else(|error| panic!("{error}"));
    let plan = ScenarioPlan { seed: 1, lives: None, threads: Some(1) };
    let report =
        run_scenario(&scenarios.list[0], &plan, &mut |_| ControlFlow::Continue(())).unwrap();
    let Content::Strip(strip) = &report.figure.content else { panic!("a life is a strip") };
    let shown = |stretch: &Stretch| {
        let (from, to) = (stretch.from_s / 60.0, stretch.to_s / 60.0);
        let up = if stretch.is_down { "" } else { " up" };
        format!("{:?} {from:.1}-{to:.1}{up}", stretch.condition)
    };
    let lane = strip.lanes.iter().find(|lane| lane.name == unit);
    lane.map_or_else(Vec::new, |lane| lane.stretches.iter().map(shown).collect())
}

#[test]
fn a_picture_shows_what_is_not_as_it_should_be() {
    const SEALED: &str = "topology: system
crews: {keys: {response: 5m}}
domains: {host: {start: 1m}}
services: {vault: {on: host, start: 2m, sealed: {crew: keys, takes: 10m}}}
journeys: {read: {needs: vault}}
";
    // What stands on the host is down with it, also while it starts.
    let crash = "[{at: 10m, crash: host, for: 20m}, {at: 60m, stop: vault, for: 5m}]";
    assert_eq!(lane(SEALED, crash, "host"), ["Down 10.0-30.0", "Starting 30.0-31.0"]);
    assert_eq!(
        lane(SEALED, crash, "vault-0"),
        [
            "Down 10.0-31.0",
            "Starting 31.0-33.0",
            "Sealed 33.0-48.0",
            "Planned 60.0-65.0",
            "Starting 65.0-67.0",
            "Sealed 67.0-82.0",
        ]
    );
    let users = "[{at: 10m, isolate: host, from: users, for: 20m}]";
    assert_eq!(lane(SEALED, users, "host"), ["CutOff 10.0-30.0", "Starting 30.0-31.0"]);

    // A node that is cut off is up, and lost after 50 s or a little less.
    let cut_off = "[{at: 1m, isolate: node-0, from: control-plane, for: 20m}]";
    let node = lane(CLUSTER, cut_off, "node-0");
    assert!(node[0].starts_with("CutOff 1.") && node[0].ends_with("-21.0 up"), "{node:?}");
    // Told to end a member does in 10 s, and then no node takes it: each of the others has one.
    let member = |steps: &str| {
        let members = ["db-0", "db-1", "db-2"].map(|member| lane(CLUSTER, steps, member));
        members.into_iter().find(|lane| !lane.is_empty()).unwrap_or_default()
    };
    assert_eq!(member("[{at: 1m, drain: node-0}]"), ["Stuck 1.0-1.2", "Pending 1.2-120.0"]);
    let lost = member("[{at: 1m, crash: node-0, for: 1h}]");
    let kinds: Vec<&str> = lost.iter().filter_map(|shown| shown.split(' ').next()).collect();
    assert_eq!(kinds, ["Down", "Stuck", "Starting"], "{lost:?}");
}

#[test]
fn a_picture_shows_nodes_that_are_short_of_memory() {
    const GREEDY: &str = "topology: system
platform: {profile: kubernetes, memory_pressure: {every: 1s, lasts: 10m}}
domains: {node: {level: node, capacity: {memory: 8GiB}}}
services: {job: {on: node, controller: deployment, uses: {memory: 4GiB}}}
journeys: {work: {needs: job}}
";
    let steps = "[{at: 20m, load: job, memory: 9GiB}, {at: 25m, load: job, memory: 4GiB}]";
    assert_eq!(lane(GREEDY, steps, "node"), ["Short 20.0-30.0 up"]);
    assert_eq!(lane(GREEDY, steps, "job-0")[0], "Pending 20.0-30.0");
}

#[test]
fn a_picture_shows_when_service_is_degraded() {
    // All three are needed from 10 minutes on. Down it is not degraded, and back with two it is again.
    let steps = "[{at: 10m, load: index, peak: 900}, {at: 20m, crash: node-0, for: 30m}, \
                  {at: 30m, crash: [node-1, node-2], for: 5m}, {at: 1h, load: index, peak: 1200}]";
    assert_eq!(
        lane(CARRYING, steps, "search"),
        [
            "Degraded 20.0-30.0 up",
            "Down 30.0-35.0",
            "Degraded 35.0-50.0 up",
            "Degraded 60.0-120.0 up"
        ]
    );
    assert!(lane(CARRYING, steps, "ask").is_empty());
}

/// What is said about a scenario, a line a finding.
fn findings(text: &str) -> String {
    match read(text) {
        Ok(_) => "nothing".to_owned(),
        Err(SpecError::Refused(findings)) => findings
            .iter()
            .map(|finding| {
                let place = findings.place(finding);
                let (_, place) = place.split_once(".yaml:").unwrap_or_default();
                format!("{place} {}: {}\n", finding.code.name(), finding.message)
            })
            .collect(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check_refused(text: &str, wanted: &str) {
    assert_eq!(findings(text), format!("{wanted}\n"));
}

#[test]
fn what_is_wrong_has_its_place() {
    for (text, wanted) in [
        ("steps: [{crsh: db}]", "3:10 unknown-key: a step has no key `crsh`"),
        ("steps: [{crash: bd}]", "3:17 unknown-name: there is no unit `bd`"),
        ("steps: []", "1:1 missing-key: a scenario needs `steps`"),
        ("steps: [{at: 1m}]", "3:9 missing-key: a step that does nothing"),
        (
            "steps: [{crash: db, restore: db}]",
            "3:21 wrong-kind: a step does one thing, and not `crash` and `restore`",
        ),
        ("steps: [{restore: db, for: 1m}]", "3:23 no-effect: `for` says nothing of `restore`"),
        (
            "steps: [{at: 1m, after: 2m, crash: db}]",
            "3:18 wrong-kind: a step at a time and after another one",
        ),
        (
            "steps: [{at: 2m, crash: db}, {at: 1m, restore: db}]",
            "3:35 out-of-range: a step before the one above it",
        ),
        ("steps: [{isolate: node-0}]", "3:9 missing-key: an isolation needs `from`"),
        (
            "steps: [{isolate: node-0, from: control-plane}]",
            "3:19 wrong-reference: `node-0` is not a node that has a control plane",
        ),
        ("steps: [{drain: node-0}]", "3:17 wrong-reference: `node-0` is not one node of a cluster"),
        (
            "steps: [{delete: node-0}]",
            "3:18 wrong-reference: `node-0` is not a replica to be deleted",
        ),
        ("steps: [{start: db}]", "3:17 no-effect: `db` was not stopped"),
        ("steps: [{stop: db-0}, {start: [db, db-1]}]", "3:36 no-effect: `db-1` was not stopped"),
        ("steps: [{load: db, times: 2}]", "3:16 wrong-reference: nobody knows what `db` can carry"),
        ("steps: [{load: db}]", "3:9 missing-key: a load needs `peak`"),
        ("steps: [{load: db, times: 2, peak: 3}]", "3:20 wrong-kind: a load in two ways"),
        ("steps: [{load: db, times: -2}]", "3:27 out-of-range: an impossible load"),
        ("steps: [{stop: db, times: 2}]", "3:20 no-effect: `times` says nothing of `stop`"),
        ("steps: [{rollout: db}]", "3:19 wrong-reference: `db` has no controller that rolls out"),
        (
            "lasts: 1m\nsteps: [{at: 2m, crash: db}]",
            "4:14 out-of-range: a time after the end of the life",
        ),
        (
            "steps: [{crash: db}]\nexpect: [{down_at_most: 5s, of: wriet}]",
            "4:33 unknown-name: there is no journey, service or unit `wriet`",
        ),
        (
            "steps: [{crash: db}]\nexpect: [{lost_at_most: 5s, of: write}]",
            "4:33 unknown-name: there is no data class `write`",
        ),
        (
            "steps: [{crash: db}]\nexpect: [{down_at_most: 5s, of: node}]",
            "4:33 wrong-reference: `node` is several units",
        ),
        ("steps: [{crash: db}]\nexpect: [{up: db}]", "4:10 missing-key: `up` needs `at`"),
        (
            "steps: [{crash: db}]\nexpect: [{pending: db-0, at: 1m}]",
            "4:20 wrong-reference: `db-0` is not placed by a controller",
        ),
        (
            "steps: [{crash: db}]\nexpect: [{down_at_most: 5s, of: db, at: 1m}]",
            "4:37 no-effect: `at` says nothing of `down_at_most`",
        ),
    ] {
        check_refused(text, wanted);
    }
}

#[test]
fn what_is_wrong_with_the_topology_is_told_too() {
    let folder = folder("scenario: s\ntopology: system.yaml\nsteps: [{crash: db, fro: 1m}]");
    let path = folder.path().join("system.yaml");
    fs::write(&path, SYSTEM.replace("every: 9d", "every: 9")).unwrap();
    let error = Scenarios::from_path(folder.path().join("scenario.yaml")).unwrap_err().to_string();
    assert!(error.contains("has no key `fro`") && error.contains("`9` has no unit"), "{error}");
    fs::remove_file(path).unwrap();
    let error = Scenarios::from_path(folder.path().join("scenario.yaml")).unwrap_err().to_string();
    assert!(error.contains("[unreadable]") && error.contains("scenario.yaml:2:11"), "{error}");
}

fn ninefold(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ninefold")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A list of which the first holds, the second fails, and the third would fail if it were required.
const THREE: &str = "topology: system.yaml
scenarios:
  - {scenario: holds, about: \"<all> & \\\"well\\\" \\u0007\", steps: [{crash: db-0, for: 1m}], expect: [{down_at_most: 0s, of: write}]}
  - {scenario: fails, steps: [{crash: db, for: 1m}], expect: [{down_at_most: 0s, of: write, document: \"0s <\"}]}
  - {scenario: tells, steps: [{crash: db, for: 1m}], expect: [{down_at_most: 0s, of: write, required: false}]}
";

#[test]
fn the_status_says_whether_all_that_is_required_holds() {
    let folder = folder(THREE);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let one = |name: &str, number: usize| {
        let line = THREE.lines().nth(number + 2).unwrap();
        fs::write(path(name), format!("topology: system.yaml\nscenarios:\n{line}\n")).unwrap();
        path(name)
    };
    let (holds, fails, tells) = (one("holds.yaml", 0), one("fails.yaml", 1), one("tells.yaml", 2));
    assert_eq!(ninefold(&["scenario", &holds, &tells]).status.code(), Some(0));
    assert_eq!(ninefold(&["scenario", &holds, &fails]).status.code(), Some(1));
    fs::write(path("wrong.yaml"), "scenario: s\ntopology: system.yaml\n").unwrap();
    let out = path("out");
    let refused = ninefold(&["scenario", &holds, &path("wrong.yaml"), "--out", &out]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0));
    assert!(!Path::new(&out).exists(), "nothing is written");
    assert_eq!(ninefold(&["scenario"]).status.code(), Some(2));
}

#[test]
fn junit_is_xml_that_tells_the_same() {
    let folder = folder(THREE);
    let path = folder.path().join("scenario.yaml");
    let output = ninefold(&["scenario", path.to_str().unwrap(), "--format", "junit"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "");
    let mut reader = Reader::from_str(text(&output.stdout));
    let mut seen = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                seen.push(tag.name().as_ref().to_owned());
            }
            _ => {}
        }
    }
    let wanted = [
        "testsuites",
        "testsuite",
        "testcase",
        "system-out",
        "testsuite",
        "testcase",
        "failure",
        "system-out",
        "testsuite",
        "testcase",
        "skipped",
        "system-out",
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn files_are_written_for_every_scenario() {
    let folder = folder(THREE);
    let path = folder.path().join("scenario.yaml");
    let out = folder.path().join("out");
    let arguments = ["scenario", path.to_str().unwrap(), "--out", out.to_str().unwrap()];
    assert_eq!(ninefold(&arguments).status.code(), Some(1));
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let of = |name: &str| ["png", "svg", "txt"].map(|ending| format!("{name}.{ending}"));
    let mut wanted = [of("fails"), of("holds"), of("tells")].concat();
    wanted.splice(6..6, ["scenarios.json", "scenarios.xml"].map(str::to_owned));
    assert_eq!(names, wanted);
    let refused = ninefold(&["scenario", path.to_str().unwrap(), "--draw", "a.svg"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_end_of_an_isolation_ends_nothing_else() {
    check_cluster(
        CLUSTER,
        "[{at: 1m, crash: node-0, for: 2h}, {at: 2m, isolate: node-0, from: control-plane, for: 1m}]",
        &[("{down: node-0, at: 5m}", true), ("{down: node-0, at: 2h}", true)],
    );
}

#[test]
fn nobody_rolls_out_what_is_static() {
    let cluster = CLUSTER.replace("controller: deployment", "controller: static");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("system.yaml"), cluster).unwrap();
    let path = folder.path().join("scenario.yaml");
    fs::write(&path, "scenario: s\ntopology: system.yaml\nsteps: [{rollout: web}]\n").unwrap();
    let error = Scenarios::from_path(&path).unwrap_err().to_string();
    assert!(error.contains("`web` has no controller that rolls out"), "{error}");
}

#[test]
fn faults_longer_than_a_day_are_seen_to_their_end() {
    let folder = folder("");
    let system = folder.path().join("system.yaml").to_str().unwrap().to_owned();
    let output = ninefold(&["scenario", "--emit", &system, "--for", "2d"]);
    let table = text(&output.stdout);
    let node = table.lines().find(|line| line.starts_with(" node-2 ")).unwrap();
    assert!(node.contains(" 2d ") && !node.contains("never"), "{table}");
}

#[test]
fn single_faults_can_be_run_again() {
    let folder = folder("");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (system, out) = (path("system.yaml"), path("out"));
    let output = ninefold(&["scenario", "--emit", &system, "--out", &out, "--for", "20m"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    for wanted in ["each of 10 units crashes for 20m", "\n edge ", "\n web-1 ", "browse"] {
        assert!(table.contains(wanted), "{wanted}:\n{table}");
    }
    let faults = path("out/system-faults.yaml");
    let again = ninefold(&["scenario", &faults, "--format", "json"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(again.stdout, fs::read(path("out/scenarios.json")).unwrap());
}

#[test]
fn every_shipped_scenario_holds() {
    let mut files: Vec<String> = fs::read_dir("topologies/scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = ninefold(&[&["scenario"], files.as_slice()].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    // Of the designs themselves there is something to warn of.
    assert!(!text(&output.stderr).contains("error"), "{}", text(&output.stderr));
}

fn step() -> impl Strategy<Value = String> {
    let names: &'static [&str] = &["node-0", "node", "[db, web-0]", "agent", "[edge, db-1]", "web"];
    let whom = prop::sample::select(names);
    let replicas = prop::sample::select(&["db-0", "db", "web", "agent", "[db-2, web]"][..]);
    let lasts =
        prop::sample::select(&["", ", for: 0s", ", for: 5m", ", for: {exponential: 3m}"][..]);
    let when = prop::sample::select(&["", "after: 0s, ", "after: 90s, ", "after: 1h, "][..]);
    let times = prop::sample::select(&["0", "1", "1.5", "9"][..]);
    let verb = 0..10;
    (when, verb, whom, replicas, lasts, times).prop_map(
        |(when, verb, whom, replicas, lasts, times)| {
            let what = match verb {
                0 => format!("crash: {whom}{lasts}"),
                1 => format!("crash: {whom}{lasts}, wipes: true, cuts_power: true"),
                2 => format!("restore: {whom}"),
                3 => format!("isolate: {whom}, from: users{lasts}"),
                4 => format!("delete: {replicas}, force: true"),
                5 => format!("unseal: {replicas}"),
                6 => format!("stop: {whom}{lasts}"),
                7 => format!("start: {whom}"),
                8 => format!("load: index, times: {times}"),
                _ => format!("rollout: db, bad: true{lasts}"),
            };
            format!("  - {{{when}{what}}}\n")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a script does: every life ends, times are within it, and data are where they can be.
    #[test]
    fn random_scripts_come_to_an_end(
        steps in prop::collection::vec(step(), 1..8),
        random in any::<bool>(),
    ) {
        let failures = if random { "random" } else { "none" };
        // Everything has been stopped once, so that it may be started.
        let folder = folder(&format!(
            "scenario: s\ntopology: system.yaml\nfailures: {failures}\nlives: 5\nsteps:\n  - {{stop: [node, edge, db, web, agent], for: 0s}}\n{}expect:\n  - {{down_at_most: 1s, of: write}}\n  - {{back_within: 1m, of: browse}}\n  - {{lost_at_most: 1s, of: samples}}\n  - {{degraded_at_most: 1s, of: search}}\n",
            steps.concat()
        ));
        let loaded = SYSTEM.replace(
            "journeys:\n",
            "  index: {replicas: 3, on: node, serves: any, start: 20s, fails: [crash], demand: {peak: 600, each: 300, beyond: crash, within: 1m}}\njourneys:\n  search: {needs: index}\n",
        );
        fs::write(folder.path().join("system.yaml"), loaded).unwrap();
        let report = run_read(Scenarios::from_path(folder.path().join("scenario.yaml")), 1);
        let lasts = report.lasts.seconds();
        for (_, service) in &report.services {
            prop_assert!(service.down.max() <= lasts && service.longest.max() <= lasts);
        }
        for (_, lost) in &report.lost {
            prop_assert!(lost.max() <= lasts * 8.0);
        }
        prop_assert!(report.timeline.iter().all(|(at, _)| at.micros() as f64 <= lasts * 1e6));
    }
}
