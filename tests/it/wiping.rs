//! Failures that wipe each copy with a probability, against closed forms and what was published.

use ninefold::engine::{Rare, Unseen};
use ninefold::model::DataId;
use ninefold::report::to_json;
use ninefold::run::{MOST_STATES_BESIDE, NotEstimated};
use ninefold::units::SimSpan;
use ninefold::{Plan, System};
use serde_json::Value;

use crate::common::compiled;

#[track_caller]
fn check_near(value: &Value, exact: f64) {
    let number = |name: &str| value[name].as_f64().unwrap();
    let sigmas = (number("mean") - exact) / number("std_error");
    assert!(sigmas.abs() < 4.0, "{value} for {exact}: {sigmas:.1} standard errors");
}

/// A year of 8,766 hours: shards are lost at 4 % a year, rebuilt in an hour one after another, and an outage a year
/// destroys each with this probability.
fn outages(data: u32, parity: u32, wipes: &str) -> System {
    let (shards, every) = (data + parity, 8_766.0 / 0.04);
    compiled(&format!(
        "topology: outages
horizon: 8766h
failures:
  drive-dead: {{every: {every}h, repair: 0s, wipes: true}}
  outage:     {{every: 8766h, repair: 0s, wipes: {wipes}}}
domains:
  hall:  {{fails: [outage]}}
  drive: {{in: hall, count: {shards}, fails: [drive-dead]}}
data:
  objects:
    held_by: drive
    erasure: {{data: {data}, parity: {parity}}}
    rebuild: {{takes: {{exponential: 1h}}, at_a_time: 1}}
"
    ))
}

/// The probability of a loss in that year, by the number of shards that are lost: an outage hits so many of those that
/// are there as a binomial law says.
fn loses(data: u32, parity: u32, wipes: f64) -> f64 {
    let (shards, absorbed) = (data + parity, parity as usize + 1);
    let mut rates = vec![vec![0.0; absorbed + 1]; absorbed + 1];
    for lost in 0..absorbed {
        let there = shards - lost as u32;
        rates[lost][lost + 1] += f64::from(there) * 0.04;
        if lost > 0 {
            rates[lost][lost - 1] += 8_766.0;
        }
        let mut ways = 1.0;
        for hit in 1..=there {
            ways *= f64::from(there + 1 - hit) / f64::from(hit);
            let chance = ways * wipes.powi(hit as i32) * (1.0 - wipes).powi((there - hit) as i32);
            rates[lost][(lost + hit as usize).min(absorbed)] += chance;
        }
    }
    // Uniformised: nothing is subtracted, so that what is rare keeps its digits.
    let top = 2.0 * 8_766.0_f64;
    let halvings = 16;
    let mut step = rates.clone();
    for (state, row) in step.iter_mut().enumerate() {
        row.iter_mut().for_each(|rate| *rate /= top);
        let leaves: f64 = rates[state].iter().sum::<f64>() / top;
        row[state] += 1.0 - leaves;
    }
    let times = |a: &[Vec<f64>], b: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let of = |row: &Vec<f64>, to: usize| (0..b.len()).map(|by| row[by] * b[by][to]).sum();
        a.iter().map(|row| (0..b.len()).map(|to| of(row, to)).collect()).collect()
    };
    let mean = top / f64::from(1 << halvings);
    let identity = |state: usize| (0..=absorbed).map(move |to| f64::from(u8::from(to == state)));
    let mut power: Vec<Vec<f64>> = (0..=absorbed).map(|s| identity(s).collect()).collect();
    let mut within = vec![vec![0.0; absorbed + 1]; absorbed + 1];
    let mut weight = (-mean).exp();
    for count in 1..40 {
        for (row, powers) in within.iter_mut().zip(&power) {
            row.iter_mut().zip(powers).for_each(|(sum, power)| *sum += weight * power);
        }
        power = times(&power, &step);
        weight *= mean / f64::from(count);
    }
    for _ in 0..halvings {
        within = times(&within, &within);
    }
    within[0][absorbed]
}

#[test]
fn outages_that_destroy_each_shard_lose_what_was_published() {
    for (data, parity, published) in [(8, 4, 7.527e-8), (9, 6, 6.116e-11)] {
        let found = loses(data, parity, 0.01);
        assert!((found / published - 1.0).abs() < 1e-4, "{found:e} for {published:e}");
    }
    // The same of fewer shards, of which a chain tells the order in which they wait.
    for (data, parity, wipes) in [(2, 1, 0.01), (2, 2, 0.01), (3, 2, 0.01), (3, 2, 0.4)] {
        let system = outages(data, parity, &format!("{}%", 100.0 * wipes));
        let plan = system.plan(1);
        let found = system.exact_loss(&plan, DataId::new(0), MOST_STATES_BESIDE).unwrap();
        let (p_loss, exact) = (found.p_loss.unwrap(), loses(data, parity, wipes));
        assert!((p_loss.value / exact - 1.0).abs() < 1e-9, "{p_loss:?} for {exact:e}");
    }
}

/// Where it is seldom that enough shards are hit at once, tries from what is near would not see it.
#[test]
fn outages_that_destroy_few_shards_are_not_estimated() {
    let system = outages(8, 4, "1%");
    let rare = Rare::Loss(DataId::new(0));
    let mut goes_on = |_| std::ops::ControlFlow::Continue(());
    let why = system.estimate_rare(&system.plan(1), rare, None, 0.1, &mut goes_on).unwrap();
    assert!(matches!(why, Err(NotEstimated::Unseen(Unseen::Wiping(_)))), "{why:?}");
}

/// Each outage takes each of three copies with 30 %, which are all back at once: all three with `0.3^3`.
#[test]
fn each_copy_is_taken_by_itself() {
    let system = compiled(
        "topology: halls
failures: {outage: {every: 100h, repair: 1s, wipes: 30%}}
domains:
  hall: {fails: [outage]}
  disk: {in: hall, count: 3}
data:
  rows:   {held_by: disk}
  shards: {held_by: disk, erasure: {data: 2, parity: 1}}
",
    );
    let warm_up = SimSpan::from_seconds(3_600.0 * 2_000.0);
    let plan =
        |threads| Plan { replications: 1_000, warm_up, threads: Some(threads), ..system.plan(1) };
    let json = to_json(&system.simulate(&plan(1)).unwrap());
    assert_eq!(to_json(&system.simulate(&plan(3)).unwrap()), json);
    let json: Value = serde_json::from_str(&json).unwrap();
    let (outages, p) = (8_760.0 / (100.0 + 1.0 / 3_600.0), 0.3_f64);
    let two = 3.0 * p * p * (1.0 - p);
    let rows = &json["data"]["rows"];
    check_near(&rows["loss_incidents_per_year"], outages * p.powi(3));
    check_near(&rows["rebuilt_copies_per_year"], outages * 3.0 * p);
    // Every outage anew: the lives that none of them harms are as many as a Poisson law says.
    let (harmed, exact) =
        (rows["p_loss"]["mean"].as_f64().unwrap(), 1.0 - (-outages * p.powi(3)).exp());
    let sigmas = (harmed - exact) / (exact * (1.0 - exact) / 1_000.0).sqrt();
    assert!(sigmas.abs() < 4.0, "{harmed} for {exact}: {sigmas:.1} standard errors");
    check_near(&json["data"]["shards"]["loss_incidents_per_year"], outages * (two + p.powi(3)));
}

/// A buffer that survives whatever happens to its node goes with what wipes that: one crash in four.
#[test]
fn a_buffer_is_wiped_as_often_as_copies_are() {
    let text = |wipes: &str| {
        format!(
            "topology: buffers
failures:
  crash: {{every: 100h, repair: 1h, wipes: {wipes}}}
  gone:  {{every: 1h, repair: never}}
domains:
  node:  {{level: node, fails: [crash]}}
  store: {{fails: [gone]}}
data:
  samples: {{born: node, sink: store, buffer: {{horizon: 10y, survives: [process, node]}}}}
"
        )
    };
    let buffered = |wipes: &str| {
        let system = compiled(&text(wipes));
        let warm_up = SimSpan::from_seconds(3_600.0 * 2_000.0);
        let plan = Plan { replications: 300, warm_up, ..system.plan(1) };
        let json = to_json(&system.simulate(&plan).unwrap());
        let json: Value = serde_json::from_str(&json).unwrap();
        let stages = json["data"]["samples"]["stages"].as_array().unwrap();
        let buffer = stages.iter().find(|stage| stage["stage"] == "buffer");
        buffer.map(|buffer| buffer["loss_incidents_per_year"].clone())
    };
    assert_eq!(buffered("false"), None);
    assert_eq!(buffered("0%"), None);
    check_near(&buffered("25%").unwrap(), 0.25 * 8_760.0 / 101.0);
    check_near(&buffered("true").unwrap(), 8_760.0 / 101.0);
    assert_eq!(buffered("true"), buffered("100%"));
}

/// A fire takes all shards of a group at once, four times as many as it takes: the group is lost once, and has never had
/// lost less without being gone.
#[test]
fn a_group_is_lost_once_at_an_instant() {
    let system = compiled(
        "topology: fires
failures: {fire: {every: 1y, repair: 1h, wipes: true}}
domains: {site: {fails: [fire]}, drive: {in: site, count: 10}}
data: {objects: {held_by: drive, erasure: {data: 8, parity: 2}, size: 1TB}}",
    );
    let plan = Plan { replications: 2_000, ..system.plan(1) };
    let json: Value = serde_json::from_str(&to_json(&system.simulate(&plan).unwrap())).unwrap();
    let objects = &json["data"]["objects"];
    let fires = 1.0 / (1.0 + 1.0 / 8_760.0);
    check_near(&objects["loss_incidents_per_year"], fires);
    check_near(&objects["groups_lost_per_year"], fires);
    check_near(&objects["nomdl_per_year"], fires);
    assert!(objects["margins"].as_array().is_none_or(Vec::is_empty), "{objects}");
}

/// A fire that takes each shard with 30 % leaves groups with one shard less where exactly one went.
#[test]
fn what_several_shards_lose_at_an_instant_is_one_margin() {
    let system = compiled(
        "topology: fires
failures: {fire: {every: 30d, repair: 1h, wipes: 30%}}
domains: {site: {fails: [fire]}, drive: {in: site, count: 4}}
data: {objects: {held_by: drive, erasure: {data: 3, parity: 1}, rebuild: {takes: 1h}}}",
    );
    let plan = Plan { replications: 2_000, ..system.plan(1) };
    let json: Value = serde_json::from_str(&to_json(&system.simulate(&plan).unwrap())).unwrap();
    let objects = &json["data"]["objects"];
    let fires = 8_760.0 / 721.0;
    let one = 4.0 * 0.3 * 0.7_f64.powi(3);
    let none = 0.7_f64.powi(4);
    check_near(&objects["groups_lost_per_year"], fires * (1.0 - one - none));
    // One fire in three hundred comes before what the last one took is back.
    let margins = objects["margins"].as_array().unwrap();
    let found = margins[0]["times_per_year"].as_f64().unwrap();
    let error = (fires * one / 2_000.0).sqrt();
    assert!((found - fires * one).abs() < 4.0 * error + 0.005 * found, "{margins:?}");
}
