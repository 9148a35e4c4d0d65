//! Where another route than lives knows something more nearly, all that is said of it follows that route, in every
//! format; and what was never seen is a bound.

use std::ops::ControlFlow;

use ninefold::report::{Content, figures, to_csv, to_json, to_text};
use ninefold::{Plan, Report, System, Topology};
use serde_json::Value;

/// Data of which a year in some millions loses any; and so of `groups` groups of them.
fn mirror(every: &str, groups: u32) -> System {
    System::compile(
        Topology::from_str(
            "mirror",
            &format!(
                "topology: mirror
horizon: 1y
failures: {{dead: {{every: {every}, repair: 0s, wipes: true}}}}
domains: {{drive: {{level: drive, count: 4, fails: [dead]}}}}
data:
  objects: {{held_by: drive, copies: 3, groups: {groups}, placement: random, size: 1TB, rebuild: {{exponential: 8h}}}}
"
            ),
        )
        .unwrap(),
    )
}

fn precisely(system: &System, precision: f64, replications: u64) -> Report {
    let plan = Plan { precision: Some(precision), replications, ..system.plan(1) };
    system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn json(report: &Report) -> Value {
    serde_json::from_str(&to_json(report)).unwrap()
}

fn words(report: &Report) -> String {
    to_text(report).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A row of CSV: the mean, its standard error, and both ends of its interval.
fn row(report: &Report, measure: &str) -> Vec<Option<f64>> {
    let csv = to_csv(std::slice::from_ref(report));
    let mut rows = csv.lines().filter(|line| line.split(',').nth(2) == Some(measure));
    let row = rows.next().unwrap_or_else(|| panic!("no {measure}: {csv}"));
    row.split(',').skip(3).map(|cell| cell.parse().ok()).collect()
}

/// The words of all amounts of all figures.
fn amounts(report: &Report) -> String {
    let mut words = Vec::new();
    for figure in figures(report) {
        words.push(figure.title);
        if let Content::Amounts(_, all) = figure.content {
            words.extend(all.into_iter().flat_map(|one| one.amounts).map(|amount| amount.words));
        }
    }
    words.join("; ")
}

#[track_caller]
fn check_same(value: &Value, exact: f64, relative: f64) {
    let found = value.as_f64().unwrap_or_else(|| panic!("{value} for {exact}"));
    assert!((found / exact - 1.0).abs() < relative, "{found} for {exact}");
}

#[track_caller]
fn check_as_schema_says(value: &Value) {
    let schema: Value = serde_json::from_str(ninefold::report::RESULT_SCHEMA).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(value).map(|p| format!("{}: {p}", p.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// In a year of one, the probability of a loss is that of the year; everything that depends on it says the same.
#[test]
fn losses_that_no_life_saw_are_told_by_one_route_everywhere() {
    let report = precisely(&mirror("20000h", 1), 0.1, 2_000);
    let answer = report.data[0].nearer().unwrap();
    let (p, time) = (answer.p_loss.unwrap().mean, answer.first_loss_s.unwrap().mean);
    assert!((1e-8..1e-5).contains(&p), "{p}");
    let json = json(&report);
    check_as_schema_says(&json);
    let objects = &json["data"]["objects"];
    for measure in ["p_loss", "p_any_group_lost", "p_group_lost_per_year"] {
        check_same(&objects[measure]["mean"], p, 1e-6);
    }
    // A rate and a probability of what is so rare are the same.
    for measure in ["loss_incidents_per_year", "groups_lost_per_year", "nomdl_per_year"] {
        check_same(&objects[measure]["mean"], p, 1e-4);
        assert!(objects[measure]["upper95"].is_null(), "{measure}");
    }
    check_same(&objects["durability_nines"], -p.log10(), 1e-9);
    check_same(&objects["durability_nines_ci95"][0], -p.log10(), 1e-6);
    check_same(&objects["mttdl_s"]["mean"], time, 1e-9);
    assert!(objects["mttdl_s"]["lower95"].is_null());
    // How much a loss takes is not known: a life records a year at most.
    check_same(&objects["lost_s_per_year"]["upper95"], p * 31_536_000.0, 1e-4);
    assert!(objects["stages"].is_null());
    for (measure, exact) in [("p_loss", p), ("loss_incidents_per_year", p), ("mttdl_s", time)] {
        assert!((row(&report, measure)[0].unwrap() / exact - 1.0).abs() < 1e-4, "{measure}");
    }
    let told = words(&report);
    assert!(told.contains(&format!("durability: {:.1} nines a year; mean", -p.log10())), "{told}");
    assert!(!told.contains("so that at most"), "{told}");
    // The mean time is known, and not worked out from a rate.
    assert!(told.contains(" years: no length of time that anything lasts"), "{told}");
    let drawn = amounts(&report);
    assert!(drawn.contains(" groups a year by a Markov chain"), "{drawn}");
    assert!(!drawn.contains("not seen; at most"), "{drawn}");
}

/// Another route knows how probable a loss is, and not how many groups it takes: one at least, all at most.
#[test]
fn how_many_groups_a_loss_takes_is_not_made_up() {
    let report = precisely(&mirror("20000h", 6), 0.1, 2_000);
    let p = report.data[0].nearer().unwrap().p_loss.unwrap().mean;
    let json = json(&report);
    check_as_schema_says(&json);
    let objects = &json["data"]["objects"];
    for (measure, low, high) in
        [("groups_lost_per_year", p, 6.0 * p), ("p_group_lost_per_year", p / 6.0, p)]
    {
        let found = &objects[measure];
        check_same(&found["mean"], low, 1e-4);
        check_same(&found["ci95"][0], low, 1e-4);
        check_same(&found["ci95"][1], high, 1e-4);
        assert!(found["std_error"].is_null() && found["upper95"].is_null(), "{found}");
    }
    check_same(&objects["durability_nines"], -(p / 6.0).log10(), 1e-4);
    check_same(&objects["durability_nines_ci95"][0], -p.log10(), 1e-4);
    let told = words(&report);
    let durability = format!(
        "durability: {:.1} nines a year for all 6 groups together, {:.1} for a given one if they are lost one at a time",
        -p.log10(),
        -(p / 6.0).log10()
    );
    assert!(told.contains(&durability), "{told}");
}

/// Lives that saw a loss or two say something else than what is known exactly.
#[test]
fn losses_that_hardly_any_life_saw_are_told_by_one_route_everywhere() {
    let report = precisely(&mirror("1200h", 1), 0.05, 2_000);
    let json = json(&report);
    check_as_schema_says(&json);
    let objects = &json["data"]["objects"];
    let seen = objects["rpo_s"]["count"].as_u64().unwrap();
    assert!((1..40).contains(&seen), "{seen}");
    let p = report.data[0].nearer().unwrap().p_loss.unwrap().mean;
    let rate = -(-p).ln_1p();
    check_same(&objects["p_loss"]["mean"], p, 1e-9);
    check_same(&objects["loss_incidents_per_year"]["mean"], rate, 1e-6);
    check_same(&objects["groups_lost_per_year"]["mean"], rate, 1e-6);
    assert!(objects["stages"].is_null());
    let told = words(&report);
    assert!(told.contains("the lives of this run saw it"), "{told}");
    assert!(!told.contains("incidents a year"), "{told}");
    assert!(amounts(&report).contains(" groups a year by a Markov chain"));
    assert!(figures(&report).iter().all(|figure| figure.name != "data-lost"));
}

fn quorum(more: &str) -> System {
    System::compile(
        Topology::from_str(
            "quorum",
            &format!(
                "topology: quorum
horizon: 1y
failures: {{down: {{every: 4000h, repair: {{exponential: 4h}}}}}}
domains: {{node: {{level: node, count: 3, fails: [down]}}}}
{more}
journeys: {{serve: {{needs: {{at_least: 1, of: [node]}}}}}}
"
            ),
        )
        .unwrap(),
    )
}

#[test]
fn outages_that_no_life_saw_are_told_by_one_route_everywhere() {
    let report = precisely(&quorum(""), 0.1, 2_000);
    let answer = report.journeys[0].nearer().unwrap();
    let (share, rate) =
        (answer.unavailability.unwrap().mean, answer.outages_per_year.unwrap().mean);
    assert!((1e-12..1e-6).contains(&share), "{share}");
    let json = json(&report);
    check_as_schema_says(&json);
    let serve = &json["journeys"]["serve"];
    let yearly = 31_536_000.0 * share;
    check_same(&serve["downtime_s_per_year"]["mean"], yearly, 1e-9);
    // Nothing is planned.
    check_same(&serve["unplanned"]["downtime_s_per_year"]["mean"], yearly, 1e-9);
    check_same(&serve["unplanned"]["outages_per_year"]["mean"], rate, 1e-9);
    assert_eq!(serve["planned"]["downtime_s_per_year"]["ci95"], serde_json::json!([0.0, 0.0]));
    check_same(&serve["outage_s"]["mean"], yearly / rate, 1e-9);
    for part in serve["over_time"].as_array().unwrap() {
        assert!(part["unavailability"]["std_error"].is_null());
        check_same(&part["unavailability"]["ci95"][1], 24.0 * share, 1e-3);
    }
    let row = |measure| row(&report, measure)[0].unwrap();
    assert!((row("unavailability") / share - 1.0).abs() < 1e-9);
    assert!((row("outages_per_year") / rate - 1.0).abs() < 1e-9);
    let told = words(&report);
    assert!(told.contains("exact") && !told.contains("too seldom to be seen"), "{told}");
}

/// What follows from the probability of a loss and the mean time to one is told without lives too.
#[test]
fn durability_is_told_without_lives() {
    let system = mirror("20000h", 1);
    let plan = system.plan(1);
    let report = system.report_answers(&plan, system.exact_answers(&plan, 10_000));
    let answer = report.data[0].nearer().unwrap();
    let (p, time) = (answer.p_loss.unwrap().mean, answer.first_loss_s.unwrap().mean);
    let json = json(&report);
    check_as_schema_says(&json);
    let objects = &json["data"]["objects"];
    for measure in ["p_loss", "p_any_group_lost", "p_group_lost_per_year"] {
        check_same(&objects[measure]["mean"], p, 1e-6);
    }
    check_same(&objects["durability_nines"], -p.log10(), 1e-9);
    check_same(&objects["durability_nines_ci95"][1], -p.log10(), 1e-6);
    check_same(&objects["mttdl_s"]["mean"], time, 1e-9);
    check_same(&objects["raw_bytes"], 4e12, 1e-9);
    let told = words(&report);
    assert!(told.contains(&format!("durability: {:.1} nines a year What", -p.log10())), "{told}");
    assert_eq!(told.matches("MTTDL").count(), 1, "{told}");
}

/// The nines that lives tell have the interval of the probability that they are nines of.
#[test]
fn nines_that_lives_tell_have_an_interval() {
    let system = mirror("300h", 1);
    let report = system.simulate(&Plan { replications: 400, ..system.plan(1) }).unwrap();
    let json = json(&report);
    let objects = &json["data"]["objects"];
    let p = &objects["p_group_lost_per_year"];
    for (end, other) in [(0, 1), (1, 0)] {
        let nines = -p["ci95"][other].as_f64().unwrap().log10();
        check_same(&objects["durability_nines_ci95"][end], nines, 1e-9);
    }
    let told = words(&report);
    let nines = -p["mean"].as_f64().unwrap().log10();
    assert!(told.contains(&format!("durability: {nines:.1} nines (")), "{told}");
}

/// What none of a hundred lives saw is at most what three in a hundred would have, in every part of it.
#[test]
fn what_was_never_seen_is_a_bound_in_every_part() {
    const CALENDAR: &str = "calendar: {patch: {every: 28d, at: 2h, order: [node], each: 10m}}";
    let simulated = |more: &str| {
        let system = quorum(more);
        let report = system.simulate(&Plan { replications: 100, ..system.plan(1) }).unwrap();
        let found = json(&report);
        check_as_schema_says(&found);
        found["journeys"]["serve"].clone()
    };
    let share = 1.0 - 0.05_f64.powf(1.0 / 100.0);
    let rate = -0.05_f64.ln() / 100.0;
    let check = |value: &Value, bound: f64| {
        assert_eq!(value["mean"], 0.0);
        assert!(value["std_error"].is_null(), "{value}");
        check_same(&value["ci95"][1], bound, 1e-9);
    };
    for more in ["", CALENDAR] {
        let serve = simulated(more);
        check(&serve["unavailability"], share);
        check(&serve["unplanned"]["downtime_s_per_year"], share * 31_536_000.0);
        check(&serve["unplanned"]["outages_per_year"], rate);
        assert_eq!(serve["over_time"].as_array().unwrap().len(), 24);
        for part in serve["over_time"].as_array().unwrap() {
            check(&part["unavailability"], share);
        }
        let planned = &serve["planned"];
        if more.is_empty() {
            // There is nothing that anybody could mean.
            assert_eq!(planned["downtime_s_per_year"]["ci95"], serde_json::json!([0.0, 0.0]));
        } else {
            check(&planned["downtime_s_per_year"], share * 31_536_000.0);
            check(&planned["outages_per_year"], rate);
        }
    }
    let system = mirror("400000y", 6);
    let report = system.simulate(&Plan { replications: 100, ..system.plan(1) }).unwrap();
    let objects = &json(&report)["data"]["objects"];
    check(&objects["unreadable_group_s_per_year"], 6.0 * share * 31_536_000.0);
    check(&objects["reduced_share"], share);
    check(&objects["rebuilt_copies_per_year"], 4.0 * rate);
}

/// A failover that hardly ever needs people, and takes them hours then: what few lives see of that is too little, and
/// looks as if it were well known.
const HIDDEN: &str = "topology: hidden
failures: {f: {every: 20000h, repair: {exponential: 2h}}}
services: {a: {replicas: 2, standby: {active: 1}, coverage: {p: 99.99%, switch: {exponential: 1s}}, fails: [f]}}
journeys: {serve: {needs: a, slo: {availability: 99.999999%}}}
";

#[test]
fn what_is_exact_stands_for_lives_that_contradict_it() {
    let system = System::compile(Topology::from_str("hidden", HIDDEN).unwrap());
    let mut report = precisely(&system, 0.1, 100_000);
    assert_eq!(report.run.method.name(), "plain");
    let lives = json(&report)["journeys"]["serve"]["unavailability"].clone();
    report.set_second_route(system.exact_answers(&system.plan(1), 10_000));
    let exact = report.journeys[0].second.clone().unwrap().unwrap().unavailability.unwrap().mean;
    let contradiction = report.journeys[0].contradiction().unwrap();
    assert!(contradiction.sigmas > 4.0);

    assert_eq!(report.run.method.name(), "plain+markov");
    let found = json(&report);
    check_as_schema_says(&found);
    let serve = &found["journeys"]["serve"];
    check_same(&serve["unavailability"]["mean"], exact, 1e-9);
    assert_eq!(serve["agreement"]["simulated"]["mean"], lives["mean"]);
    assert!(serve["agreement"]["warning"].as_str().unwrap().contains("intervals are too narrow"));
    // Lives would keep what is promised.
    assert!(lives["mean"].as_f64().unwrap() < exact);
    assert!(found["run"]["precision"]["reached"].as_f64().unwrap() < 1e-3);
    assert!((row(&report, "unavailability")[0].unwrap() / exact - 1.0).abs() < 1e-9);
    let told = words(&report);
    assert!(told.contains(", as if it were never down: it has no time for a failover"), "{told}");
    assert!(told.contains(" exact ") && told.contains("WARNING: serve: lives are "), "{told}");
    assert!(figures(&report).iter().all(|figure| figure.name != "downtime"));
}

/// Routes that agree say nothing of the kind, and lives lead.
#[test]
fn lives_lead_where_what_is_exact_agrees() {
    let system = mirror("300h", 1);
    let mut report = system.simulate(&Plan { replications: 400, ..system.plan(1) }).unwrap();
    let lives = json(&report)["data"]["objects"]["p_loss"].clone();
    report.set_second_route(system.exact_answers(&system.plan(1), 10_000));
    assert_eq!(report.data[0].contradiction(), None);
    let found = json(&report);
    check_as_schema_says(&found);
    assert_eq!(found["data"]["objects"]["p_loss"], lives);
    assert!(found["data"]["objects"]["agreement"]["warning"].is_null());
    assert_eq!(report.run.method.name(), "plain");
    assert!(!words(&report).contains("WARNING"));
}

/// What every life saw is not told as what none did.
#[test]
fn what_every_life_saw_is_told() {
    let system = mirror("1h", 1);
    let mut report = system.simulate(&Plan { replications: 20, ..system.plan(1) }).unwrap();
    report.set_second_route(system.exact_answers(&system.plan(1), 10_000));
    let words = words(&report);
    assert!(words.contains("what happens in every life is at no distance"), "{words}");
    assert!(!words.contains("saw none"), "{words}");
}

/// Why there is no estimate of what hardly ever happens names who it is about, in the text and in JSON.
#[test]
fn what_cannot_be_estimated_is_named() {
    let journey = |failures: &str, domains: &str| {
        format!(
            "topology: t
failures: {{{failures}}}
domains: {{{domains}}}
journeys: {{serve: {{needs: {{any: [unit]}}}}}}"
        )
    };
    let three = "unit: {count: 3, fails: [down]}";
    let data = |more: &str| {
        format!(
            "topology: t
failures: {{dead: {{every: 200000h, repair: {{exponential: 24h}}, wipes: true}}}}
domains: {{drive: {{count: 2, fails: [dead]}}}}
data: {{blocks: {{held_by: drive, copies: 2, {more}}}}}"
        )
    };
    let long = "repair: {mixture: [{p: 99.9%, exponential: 1h}, {p: 0.1%, exponential: 2000h}]}";
    for (text, journey, reason) in [
        (
            journey(&format!("down: {{every: 20000h, {long}}}"), three),
            true,
            "the repair of down of unit-0 takes long in a way that it hardly ever goes",
        ),
        (
            journey("down: {every: {fixed: 900y}, repair: {exponential: 1h}}", three),
            true,
            "the hazard of down of unit-0 is not known at every age",
        ),
        (
            journey(
                "down: {every: {weibull: {shape: 2, mean: 900y}}, repair: {exponential: 1h}, shock: 50%}",
                three,
            ),
            true,
            "the common cause of down of unit-0 and 2 others hardly ever strikes",
        ),
        (
            journey(
                "seldom: {every: 900y, repair: {exponential: 1h}}, down: {every: 90h, repair: {exponential: 10h}}",
                "unit: {count: 3, fails: [down, seldom]}",
            ),
            true,
            "seldom of unit-0 hardly ever happens where lives often are as near as it brings them",
        ),
        (
            data("deleted: {weibull: {shape: 2, mean: 9000y}}"),
            false,
            "a deletion of blocks hardly ever happens, and not as likely at all times",
        ),
        (
            data("latent: {every: 90000y, scrub: {exponential: 168h}}"),
            false,
            "a latent defect of blocks is hardly ever there",
        ),
        (
            data("latent: {every: 90000h, scrub: {cycle: 30d}, spoils: copy}"),
            false,
            "copies of blocks go bad while nothing has failed",
        ),
        (
            data("rebuild: {exponential: 1h}").replace("wipes: true", "wipes: 1%"),
            false,
            "dead of drive-0 wipes each copy with less than 25 %",
        ),
    ] {
        let system = System::compile(Topology::from_str("t", &text).unwrap());
        let plan = Plan {
            precision: Some(0.01),
            replications: 300,
            is_exact_allowed: false,
            ..system.plan(1)
        };
        let report =
            system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(())).unwrap();
        let told = words(&report);
        let found = json(&report);
        let place = if journey { &found["journeys"]["serve"] } else { &found["data"]["blocks"] };
        let why = place["agreement"]["reason"].as_str().unwrap_or_default();
        for said in [told.as_str(), why] {
            assert!(said.contains(reason), "{reason}\n{said}");
            assert!(said.contains("what follows from that would be missing"), "{said}");
        }
    }
}
