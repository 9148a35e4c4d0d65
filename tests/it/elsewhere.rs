//! Offloads and backups: what of lost data is elsewhere, against closed forms.

use ninefold::report::to_json;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};
use serde_json::Value;

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
