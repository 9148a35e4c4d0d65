//! Data classes from a topology to a report: what is recorded, buffered and lost on its way.

use std::ops::ControlFlow;

use ninefold::engine::{HowLost, Loss, Observer, Root};
use ninefold::measure::{Life, Recorder, Stage};
use ninefold::model::{ClockId, DataId};
use ninefold::report::{
    RowFormat, RowWriter, RowsOf, Theme, figures, to_csv, to_json, to_svg, to_text,
};
use ninefold::run::{LifeWatcher, RunError};
use ninefold::scheme::Scheme;
use ninefold::spec::{
    Buffer, CatchUp, DataClass, Expression, Holding, Medium, Pipeline, Placement,
};
use ninefold::units::{SimSpan, SimTime};
use ninefold::{Part, Plan, System, Topology, Until};
use serde_json::Value;

/// An agent that is down now and then, and a backend that is up for 200 h and down for 1.5 h.
const SYSTEM: &str = "
topology: agent-and-backend
failures:
  crash: {every: 100h, repair: {exponential: 30m}}
  gone:  {every: 200h, repair: {exponential: 90m}}
domains: {node: {level: node, count: 2}}
services:
  agent:   {on: node-0, fails: [crash]}
  backend: {on: node-1, fails: [gone]}
journeys:
  record: {needs: agent, slo: {rpo: 0s}}
  accept: {needs: backend, slo: {rpo: 1y}}
";

fn hours(hours: f64) -> SimSpan {
    SimSpan::from_seconds(3_600.0 * hours)
}

fn operation(topology: &Topology, service: &str) -> Expression {
    let place = topology.services.iter().position(|known| known.name == service);
    Expression::Operation(place.unwrap(), 0)
}

fn class(topology: &Topology) -> DataClass {
    DataClass {
        name: "samples".to_owned(),
        about: None,
        holding: None,
        pipeline: Some(Pipeline {
            source: operation(topology, "agent"),
            sink: Some(operation(topology, "backend")),
            buffer: Some(Buffer {
                horizon: hours(4.0),
                survives_process: true,
                survives_node: true,
                drain: f64::INFINITY,
            }),
        }),
        offload: None,
        backup: None,
        restore: None,
        rate: None,
        retention: None,
    }
}

fn holding() -> Holding {
    Holding {
        holders: vec![0, 1],
        places: vec![0, 1],
        most_per_place: 1,
        also: Vec::new(),
        scheme: Scheme::copies(2),
        ack: None,
        groups: 1,
        placement: Placement::EveryCombination,
        medium: Medium::Local,
        size: Some(1e12),
        rebuild: None,
        unreadable: 0.0,
        latent: None,
        deleted: None,
        lag: None,
        service: None,
        unsynced: None,
        catch_up: CatchUp::AtOnce,
    }
}

/// The system with samples, of which both journeys promise something.
fn system(change: impl FnOnce(&mut DataClass)) -> System {
    let mut topology = Topology::from_str("agent", SYSTEM).unwrap();
    let mut class = class(&topology);
    change(&mut class);
    topology.data.push(class);
    for journey in &mut topology.journeys {
        journey.data.push(0);
    }
    System::compile(topology)
}

fn plan(system: &System) -> Plan {
    Plan { replications: 2_000, ..system.plan(1) }
}

#[track_caller]
fn check_near(value: &Value, exact: f64) {
    let number = |name: &str| value[name].as_f64().unwrap();
    let sigmas = (number("mean") - exact) / number("std_error");
    assert!(sigmas.abs() < 4.0, "{value} for {exact}");
}

#[test]
fn a_buffer_loses_what_the_closed_form_says() {
    let system = system(|class| {
        // Only the backend fails.
        let pipeline = class.pipeline.as_mut().unwrap();
        pipeline.source = Expression::AtLeast(0, Vec::new());
        class.rate = Some(5e6);
    });
    let plan = Plan { warm_up: hours(2_000.0), ..plan(&system) };
    let report = system.simulate(&plan).unwrap();
    let json: Value = serde_json::from_str(&to_json(&report)).unwrap();
    let samples = &json["data"]["samples"];
    let per_year = 8_760.0 / 201.5 * (-4.0_f64 / 1.5).exp();
    check_near(&samples["loss_incidents_per_year"], per_year);
    check_near(&samples["lost_s_per_year"], per_year * 1.5 * 3_600.0);
    check_near(&samples["rpo_s"], 1.5 * 3_600.0);
    assert_eq!(samples["stages"][0]["stage"], "buffer");
    assert_eq!(samples["stages"][0]["share"], 1.0);
    let bytes = &samples["stages"][0]["lost_bytes_per_year"];
    check_near(bytes, per_year * 1.5 * 3_600.0 * 5e6);
    assert_eq!(&samples["stages"][0]["causes"][0]["lost_bytes_per_year"], bytes);
    let causes = samples["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1);
    assert_eq!((&causes[0]["mode"], &causes[0]["unit"]), (&"gone".into(), &"backend-0".into()));
    // Nothing holds copies.
    assert!(samples["mttdl_s"].is_null() && samples["groups"].is_null());
}

/// What is born comes again as what is delivered, lost or in flight, in bytes too, and by cause.
#[test]
fn bytes_come_from_nowhere_and_go_nowhere() {
    const RATE: f64 = 3e6;
    let system = system(|class| {
        class.rate = Some(RATE);
        let buffer = class.pipeline.as_mut().unwrap().buffer.as_mut().unwrap();
        (buffer.horizon, buffer.survives_process) = (hours(0.5), false);
    });
    let few = Plan { replications: 40, ..system.plan(1) };
    let [mut never, mut lost, mut other, mut born] = [0.0; 4];
    let each = |life: &Life| {
        let sums = &life.data[0].conservation;
        never += RATE * sums.never_recorded.seconds();
        lost += RATE * sums.lost.seconds();
        other += RATE * (sums.delivered + sums.in_flight).seconds();
        born += RATE * sums.born.seconds();
    };
    system.outages(&few, each, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!((never + lost + other - born).abs() < 1e-9 * born && lost > 0.0);
    let report = system.simulate(&few).unwrap();
    let json: Value = serde_json::from_str(&to_json(&report)).unwrap();
    let stages = json["data"]["samples"]["stages"].as_array().unwrap();
    for (stage, name, bytes) in [(0, "never-recorded", never), (1, "buffer", lost)] {
        let stage = &stages[stage];
        assert_eq!(stage["stage"], name);
        let mean = |value: &Value, name: &str| value[name]["mean"].as_f64().unwrap();
        let told = 40.0 * mean(stage, "lost_bytes_per_year");
        // Each life is rounded to a millisecond.
        assert!((told - bytes).abs() <= 40.0 * 0.5e-3 * RATE, "{told} for {bytes}");
        let causes = stage["causes"].as_array().unwrap();
        for amount in ["loss_incidents_per_year", "lost_s_per_year", "lost_bytes_per_year"] {
            let sum: f64 = causes.iter().map(|cause| mean(cause, amount)).sum();
            let all = mean(stage, amount);
            assert!((sum - all).abs() < 1e-6 * all, "{amount}: {sum} for {all}");
        }
    }
    let buffer = stages[1]["causes"].as_array().unwrap();
    let mut modes: Vec<&str> = buffer.iter().map(|cause| cause["mode"].as_str().unwrap()).collect();
    modes.sort_unstable();
    assert_eq!(modes, ["crash", "gone"], "the buffer is full, or its process ends");
    let text = to_text(&report);
    let words = ["bytes lost a year", "  by gone of backend-0", "  by crash of agent-0"];
    assert!(words.iter().all(|words| text.contains(words)), "{text}");
}

#[test]
fn what_nobody_records_is_as_long_as_nobody_is_there() {
    let system = system(|class| class.pipeline.as_mut().unwrap().sink = None);
    let mut checked = 0;
    let each = |life: &Life| {
        let sums = life.of_journey(0, SimTime::ZERO);
        let data = &life.data[0];
        assert!(data.conservation.holds());
        assert_eq!(data.conservation.never_recorded, sums.downtime);
        assert_eq!(data.incidents.len() as u64, sums.outages);
        assert_eq!(life.of_data(&[0], SimTime::ZERO), (sums.longest, sums.outages));
        assert!(data.incidents.iter().all(|one| one.stage == Stage::NeverRecorded));
        checked += sums.outages;
    };
    let few = Plan { replications: 50, ..system.plan(1) };
    system.outages(&few, each, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(checked > 1_000, "{checked}");
}

#[test]
fn journeys_keep_or_miss_what_they_promise() {
    let system = system(|class| class.holding = Some(holding()));
    let report = system.simulate(&plan(&system)).unwrap();
    assert!(report.any_objective_missed());
    let json: Value = serde_json::from_str(&to_json(&report)).unwrap();
    let rpo = |journey: &str| json["journeys"][journey]["slo"]["rpo_s"].clone();
    assert_eq!(
        (&rpo("record")["p_met"], &rpo("record")["verdict"]),
        (&0.0.into(), &"missed".into())
    );
    assert_eq!((&rpo("accept")["p_met"], &rpo("accept")["verdict"]), (&1.0.into(), &"met".into()));
    let text = to_text(&report);
    for part in [
        "samples: RPO 0s of record is not met: ",
        " never recorded",
        "record: no incident loses more than 0s in 0.0 % of lives: MISSED",
        "record promises to lose at most 0s at once in 95 % of lives: 100.0 % of incidents lose more",
        "mean time to the first loss (MTTDL): more than ",
        "What copies survive",
        "process restart",
    ] {
        assert!(
            text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part),
            "{part}: {text}"
        );
    }
    assert!(to_csv(&[report]).contains("agent-and-backend,samples,lost_s_per_year,"));
}

/// Hardly one life in fifty loses more than is promised: that is less than one in twenty, and the worst
/// incident decides nothing, neither for the journey nor for its data.
#[test]
fn an_rpo_is_met_or_not_in_one_voice() {
    let text = "topology: t
failures: {gone: {every: 30d, repair: 1h}}
domains: {node: {count: 2, fails: [gone]}}
services: {db: {replicas: 2, on: node, serves: any}}
data: {orders: {held_by: db, copies: 2, deleted: 50y, backup: {every: 24h, restore: 4h}}}
journeys: {buy: {needs: db, data: [orders], slo: {rpo: 1m}}}
";
    let system = System::compile(Topology::from_str("t", text).unwrap());
    let report = system.simulate(&plan(&system)).unwrap();
    assert!(!report.any_objective_missed());
    let text = to_text(&report).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("buy: no incident loses more than 1m in 98.6 % of lives: met"), "{text}");
    assert!(text.contains("orders: RPO 1m of buy is met: "), "{text}");
    assert!(!text.contains("not met"), "{text}");
    assert!(
        text.contains("1.8 nines (1.69 to 2.01); the data are lost 0.0145 times a year ("),
        "{text}"
    );
    assert!(text.contains("), in 1.45 % of lives"), "{text}");
}

#[test]
fn results_with_data_are_as_their_schema_says() {
    let schema: Value = serde_json::from_str(ninefold::report::RESULT_SCHEMA).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let check = |system: &System, plan: &Plan| {
        let json: Value = serde_json::from_str(&to_json(&system.simulate(plan).unwrap())).unwrap();
        let problems: Vec<String> = validator
            .iter_errors(&json)
            .map(|problem| format!("{}: {problem}", problem.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
        json
    };
    for system in [system(|_| ()), system(|class| class.holding = Some(holding()))] {
        check(&system, &Plan { replications: 40, ..system.plan(1) });
        let short = Plan { horizon: hours(0.01), replications: 2, ..system.plan(1) };
        let json = check(&system, &short);
        assert!(json["data"]["samples"]["loss_incidents_per_year"]["upper95"].as_f64() > Some(0.0));
    }
    let held = system(|class| class.holding = Some(holding()));
    let to_loss = Plan { until: Until::FirstLoss, replications: 3, ..held.plan(1) };
    let json = check(&held, &to_loss);
    assert_eq!(json["run"]["until"], "loss");
    assert_eq!(json["data"]["samples"]["time_to_first_loss_s"]["censored"], 3);
    let report = held.simulate(&to_loss).unwrap();
    assert!(to_text(&report).contains("mean time to first loss"));
    assert!(to_csv(std::slice::from_ref(&report)).contains("samples,time_to_first_loss_s"));
    assert!(!report.any_objective_missed());
    // Nothing that it could draw is there, and that is no error.
    assert!(figures(&report).iter().all(|figure| to_svg(figure, Theme::Light).is_ok()));
}

#[test]
fn the_parts_of_a_run_with_data_merge_to_the_same_bytes() {
    let system = system(|class| class.holding = Some(holding()));
    let plan = Plan { replications: 60, ..system.plan(3) };
    let whole = system.simulate(&plan).unwrap();
    let part = |number: u64| {
        let shard = format!("{number}/4").parse().unwrap();
        let part =
            system.simulate_part(&plan, shard, String::new(), &mut |_| ControlFlow::Continue(()));
        let text = part.unwrap().unwrap().to_json();
        (number.to_string(), Part::from_json("part", &text).unwrap())
    };
    let merged = Part::merge((1..=4).map(part).collect()).unwrap();
    let merged = system.report_merged(&merged);
    assert_eq!(to_json(&merged), to_json(&whole));
    assert_eq!(to_text(&merged), to_text(&whole));
}

#[test]
fn rows_of_lives_say_what_each_journey_lost() {
    let system = system(|_| ());
    let named = (system.topology(), system.model());
    let mut rows =
        RowWriter::new(RowsOf::Lives, RowFormat::Csv, Vec::new(), named, SimSpan::ZERO).unwrap();
    let mut lost = Vec::new();
    let each = |life: &Life| {
        rows.add(life).unwrap();
        lost.push(life.of_data(&[0], SimTime::ZERO));
    };
    let few = Plan { replications: 5, ..system.plan(1) };
    system.outages(&few, each, &mut |_| ControlFlow::Continue(())).unwrap();
    let bytes = rows.finish().unwrap();
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let title = reader.headers().unwrap().iter().skip(6).collect::<Vec<_>>().join(",");
    assert_eq!(title, "lost_s,loss_incidents");
    for (number, row) in reader.records().enumerate() {
        let row = row.unwrap();
        let (worst, incidents) = lost[number / 2];
        assert_eq!(row[6].parse::<f64>().unwrap(), worst.seconds());
        assert_eq!(row[7].parse::<u64>().unwrap(), incidents);
    }
}

#[test]
fn a_life_ends_when_all_that_is_held_has_lost_something() {
    let held = system(|class| class.holding = Some(holding()));
    let until_loss = Plan { until: Until::FirstLoss, ..held.plan(1) };
    let mut recorder = Recorder::of_plan(held.topology(), held.model(), &until_loss);
    let at = |seconds: f64| SimTime::ZERO + SimSpan::from_seconds(seconds);
    let cause = Root { clock: ClockId::new(0), branch: 0, is_planned: false };
    let (data, how) = (DataId::new(0), HowLost::Wiped);
    for replication in 0..2 {
        assert!(!recorder.has_seen_enough());
        recorder.on_loss(
            at(7.0),
            Loss { data, cause, how, groups: 1, newest: None, age: SimSpan::ZERO },
        );
        assert!(recorder.has_seen_enough());
        let life = recorder.take(replication, 0, at(7.0));
        assert_eq!(life.losses.len(), 1);
        assert!(life.data.is_empty());
    }
    // Nothing is held by anything, and so nothing can be lost with it.
    let unheld = system(|_| ());
    let refused = unheld.simulate(&Plan { until: Until::FirstLoss, ..unheld.plan(1) });
    assert!(matches!(refused, Err(RunError::NothingHeld)));
}

#[test]
fn what_copies_lost_is_told_by_a_life() {
    let system = system(|class| {
        class.holding = Some(holding());
        class.pipeline = None;
        class.retention = Some(hours(1.0));
    });
    let mut recorder = Recorder::of_plan(system.topology(), system.model(), &system.plan(1));
    let at = |hour: f64| SimTime::ZERO + hours(hour);
    let cause = Root { clock: ClockId::new(1), branch: 0, is_planned: false };
    let (data, how) = (DataId::new(0), HowLost::Wiped);
    recorder.on_lost_copies(data, at(2.0), 1);
    recorder.on_margin(data, at(2.0), 1);
    recorder.on_lost_copies(data, at(3.0), 2);
    recorder
        .on_loss(at(3.0), Loss { data, cause, how, groups: 1, newest: None, age: SimSpan::ZERO });
    recorder.on_lost_copies(data, at(5.0), 0);
    let life = recorder.take(0, 0, at(10.0));
    let copies = &life.data[0].copies;
    assert_eq!((copies.reduced, copies.rebuilt), (hours(3.0), 2));
    assert_eq!(copies.margins, [1]);
    let [incident] = life.data[0].incidents[..] else { panic!("{:?}", life.data) };
    assert_eq!((incident.stage, incident.lost), (Stage::AllCopies, hours(1.0)));
}

/// Whether a unit is another one, or stands on it.
fn stands_on(topology: &Topology, unit: usize, on: usize) -> bool {
    unit == on || topology.units[unit].hosts.iter().any(|host| stands_on(topology, *host, on))
}

/// Of all sets of so many units of a level that have holders on them, the share with which a group goes.
fn share_of_sets(system: &System, level: &str, lost: u32) -> f64 {
    let topology = system.topology();
    let held = topology.data[0].holding.as_ref().unwrap();
    let holding = system.model().holding(DataId::new(0));
    let units: Vec<Vec<u32>> = (0..topology.units.len())
        .filter(|unit| topology.units[*unit].level.as_deref() == Some(level))
        .map(|unit| {
            let holders = (0..).zip(&held.holders);
            let on = holders.filter(|(_, holder)| stands_on(topology, **holder, unit));
            on.map(|(number, _)| number).collect()
        })
        .filter(|holders: &Vec<u32>| !holders.is_empty())
        .collect();
    let (mut fatal, mut all) = (0, 0);
    for set in 0..1_u32 << units.len() {
        if set.count_ones() != lost {
            continue;
        }
        let is_gone = |holder: &u32| {
            (0..units.len()).any(|unit| set >> unit & 1 == 1 && units[unit].contains(holder))
        };
        let is_destroyed = |group: u32| {
            let members = (0..).zip(holding.group(group));
            let gone = members.filter(|(_, holder)| is_gone(holder)).map(|(position, _)| position);
            !holding.scheme.can_recover(&gone.collect::<Vec<u32>>())
        };
        all += 1;
        fatal += u32::from((0..holding.group_count() as u32).any(is_destroyed));
    }
    f64::from(fatal) / f64::from(all)
}

#[test]
fn places_lost_at_once_destroy_what_an_enumeration_says() {
    let of_racks = "
  rack:  {level: rack, count: 4}
  node:  {level: node, in: rack, count: 2}
  drive: {level: drive, in: node, count: 2, fails: [dead]}";
    // Each node hangs on two of three feeds, and one of four on its own.
    let of_feeds = "
  feed: {level: feed, count: 3}
  a:    {level: node, count: 2, also_on: [feed-0, feed-1]}
  b:    {level: node, count: 2, also_on: [feed-1, feed-2]}
  c:    {level: node, count: 3}
  drive: {level: drive, in: [a, b, c], count: 2, fails: [dead]}";
    let cases = [
        (of_racks, "copies: 2, groups: 12", &["node", "rack"][..]),
        (of_racks, "copies: 3, groups: 9, spread: {by: node}", &["node", "rack"]),
        (of_racks, "erasure: {data: 4, parity: 2}, groups: 6", &["node", "rack"]),
        (of_racks, "lrc: {data: 4, groups: 2, local: 1, global: 1}, groups: 5", &["node", "rack"]),
        (of_racks, "copies: 3, placement: every-combination", &["node", "rack"]),
        (of_feeds, "copies: 3, groups: 10", &["node", "feed"]),
    ];
    let mut seen = 0;
    for (domains, data, levels) in cases {
        let text = format!(
            "
topology: at-once
failures: {{dead: {{every: 1y, repair: 1h, wipes: true}}}}
domains:{domains}
data: {{objects: {{held_by: drive, {data}}}}}
"
        );
        let system = System::compile(Topology::from_str("at-once", &text).unwrap());
        let report = system.simulate(&Plan { replications: 1, ..system.plan(1) }).unwrap();
        let json: Value = serde_json::from_str(&to_json(&report)).unwrap();
        let told = json["data"]["objects"]["simultaneous_loss_by_level"].as_array().unwrap();
        let names: Vec<&str> = told.iter().map(|level| level["level"].as_str().unwrap()).collect();
        assert_eq!(names, levels, "{data}");
        for level in told {
            let name = level["level"].as_str().unwrap();
            let losses = level["losses"].as_array().unwrap();
            let number = |loss: &Value| loss["units"].as_u64().unwrap() as u32;
            for loss in losses {
                let exact = share_of_sets(&system, name, number(loss));
                let found = loss["p_loss"]["mean"].as_f64().unwrap();
                assert!((found - exact).abs() < 1e-12, "{data}, {loss}: not {exact}");
                assert_eq!(loss["exact"], true);
                seen += u32::from(exact > 0.0 && exact < 1.0);
            }
            // Fewer never destroy anything.
            for fewer in 1..number(&losses[0]) {
                assert_eq!(share_of_sets(&system, name, fewer), 0.0, "{data}, {name}, {fewer}");
            }
        }
    }
    assert!(seen > 8, "only {seen} are neither certain nor impossible");
}

/// Fifty pairs of nodes, each with four pairs of drives on them: `k` of them leave each pair a node with
/// `2^k C(50, k) / C(100, k)`.
#[test]
fn many_places_lost_at_once_are_sampled() {
    let pair = |number: u32, drive: u32| {
        let (one, two) = (2 * number, 2 * number + 1);
        format!("[node-{one}/drive-{drive}, node-{two}/drive-{}]", 1 - drive)
    };
    let pairs: Vec<String> =
        (0..50).flat_map(|number| [pair(number, 0), pair(number, 1)]).collect();
    let text = format!(
        "
topology: pairs
failures: {{dead: {{every: 10y, repair: 1h, wipes: true}}}}
domains:
  node:  {{level: node, count: 100}}
  drive: {{level: drive, in: node, count: 2, fails: [dead]}}
data: {{objects: {{held_by: drive, copies: 2, placement: [{}]}}}}
",
        pairs.join(", ")
    );
    let system = System::compile(Topology::from_str("pairs", &text).unwrap());
    let report = system.simulate(&Plan { replications: 1, ..system.plan(1) }).unwrap();
    let levels = &report.data[0].levels_at_once;
    assert_eq!((levels.len(), levels[0].level.as_str(), levels[0].units), (1, "node", 100));
    let lost: Vec<u32> = levels[0].losses.iter().map(|loss| loss.lost).collect();
    assert_eq!(lost, [2, 3, 5, 10]);
    for loss in &levels[0].losses {
        let none: f64 =
            (0..loss.lost).map(|k| 2.0 * f64::from(50 - k) / f64::from(100 - k)).product();
        let exact = 1.0 - none;
        match loss.is_exact {
            true => assert!((loss.p_loss.mean - exact).abs() < 1e-12, "{loss:?}: not {exact}"),
            false => {
                let sigmas = loss.p_loss.sigmas_from(exact).unwrap();
                assert!(sigmas.abs() < 4.0, "{loss:?}: not {exact}");
            }
        }
        assert_eq!(loss.is_exact, loss.lost <= 3);
    }
    let text = to_text(&report);
    assert!(
        text.contains("so many of level `node` with all holders on them: 2 in 1.0 %"),
        "{text}"
    );
}
