//! Two designs with the same luck.

use std::ops::ControlFlow;

use ninefold::measure::Paired;
use ninefold::report::{
    Change, DataMeasures, DifferenceReport, JourneyMeasures, difference_to_text,
};
use ninefold::study::{CompareError, compare};
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};

const HOUR: f64 = 3_600.0;
const YEAR: f64 = 365.0 * 24.0 * HOUR;

fn single(repair: &str) -> System {
    let text = format!(
        "topology: single\nfailures: {{down: {{every: 1000h, repair: {{exponential: {repair}}}}}}}\n\
         services: {{web: {{fails: [down]}}}}\njourneys: {{browse: {{needs: web}}}}\n"
    );
    System::compile(Topology::from_str("single", &text).unwrap())
}

fn shipped(path: &str) -> System {
    System::compile(Topology::from_path(path).unwrap())
}

fn compared(first: &System, second: &System, plan: &Plan) -> DifferenceReport {
    compare(first, second, plan, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// The unavailability of a unit in the long run is MTTR / (MTTF + MTTR).
#[test]
fn a_difference_is_the_exact_one_and_known_better_than_without_pairs() {
    let (first, second) = (single("10h"), single("20h"));
    let plan = Plan { replications: 4_000, warm_up: SimSpan::from_seconds(YEAR), ..first.plan(1) };
    let report = compared(&first, &second, &plan);
    let (name, estimates) = &report.journeys[0];
    assert_eq!(name, "browse");
    let exact = (20.0 / 1_020.0 - 10.0 / 1_010.0) * YEAR;
    let difference = estimates.downtime_s_per_year.difference;
    let sigmas = difference.sigmas_from(exact).unwrap();
    assert!(sigmas.abs() < 4.0, "{sigmas} sigma: {difference:?} against {exact}");
    assert_eq!(report.of_journey(estimates), Change::Worse);
    // Both fail at the same points, and a repair twice as long is down for the same time and more.
    assert!(estimates.downtime_s_per_year.variance_ratio.unwrap() < 0.5, "{estimates:?}");
    let with_margin = |margin_s_per_year| DifferenceReport { margin_s_per_year, ..report.clone() };
    assert_eq!(with_margin(0.9 * exact).worse(), ["browse"]);
    let within = with_margin(1.1 * exact);
    assert_eq!((within.worse(), within.of_journey(estimates)), (vec![], Change::Within));
    // Nobody knows of the mean itself whether it is more.
    let undecided = with_margin(difference.mean);
    assert_eq!((undecided.worse(), undecided.of_journey(estimates)), (vec![], Change::Undecided));
}

/// The same lives as `simulate` lives, and the difference of its means.
#[test]
fn each_side_is_what_it_is_alone() {
    let systems =
        ["before", "after"].map(|side| shipped(&format!("topologies/seed-addons-{side}.yaml")));
    let [first, second] = &systems;
    let plan = Plan { replications: 1_500, ..first.plan(5) };
    let report = compared(first, second, &plan);
    for (name, estimates) in &report.journeys {
        let downtime = &estimates.downtime_s_per_year;
        let sides = [&downtime.first, &downtime.second];
        for (system, side) in systems.iter().zip(sides) {
            let alone = system.simulate(&plan).unwrap();
            let journey = alone.journeys.iter().find(|journey| journey.name == *name).unwrap();
            let JourneyMeasures::Window(alone, _) = &journey.measures else { panic!("{name}") };
            assert_eq!(alone.downtime_s_per_year, *side, "{name}");
        }
        let difference = downtime.second.mean - downtime.first.mean;
        let error = (downtime.difference.mean - difference).abs();
        assert!(error <= 1e-9 * downtime.first.mean, "{name}: {error}");
    }
}

#[test]
fn a_system_is_the_same_as_itself() {
    let system = shipped("topologies/workload-a.yaml");
    let report = compared(&system, &system, &Plan { replications: 300, ..system.plan(1) });
    for (name, estimates) in &report.journeys {
        let downtime = &estimates.downtime_s_per_year;
        assert_eq!(report.of_journey(estimates), Change::Same, "{name}");
        assert_eq!(downtime.lives, [0, 300, 0]);
        // 1 - 0.05^(1/300): nothing was seen to differ, which is no proof.
        assert!((downtime.differs_at_most.unwrap() - 0.009_936).abs() < 1e-6);
        assert_eq!(downtime.difference.ci95, None);
    }
    let text = difference_to_text(&report);
    assert!(text.contains("no life differs; at most 0.99 % of lives do"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn the_number_of_threads_changes_no_byte_of_a_difference() {
    let systems =
        ["before", "after"].map(|side| shipped(&format!("topologies/seed-addons-{side}.yaml")));
    let [first, second] = &systems;
    let text = |threads| {
        let plan = Plan { replications: 1_200, threads: Some(threads), ..first.plan(1) };
        ninefold::report::difference_to_json(&compared(first, second, &plan))
    };
    assert_eq!(text(1), text(3));
}

#[test]
fn what_has_nothing_in_common_is_refused() {
    let (first, second) = (single("1h"), shipped("topologies/workload-a.yaml"));
    let error = compare(&first, &second, &first.plan(1), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(error, Err(CompareError::NothingInCommon { .. })));
}

/// A database whose data somebody deletes now and then, exponentially.
fn kept(more: &str) -> System {
    let text = format!(
        "topology: kept\nservices: {{db: {{}}}}\ndata: {{orders: {{held_by: db, retention: 10d, {more}}}}}\n"
    );
    System::compile(Topology::from_str("kept", &text).unwrap())
}

fn check_difference(what: &str, measure: &Paired, exact: f64) {
    let sigmas = measure.difference.sigmas_from(exact).unwrap();
    assert!(sigmas.abs() < 4.0, "{what}: {sigmas} sigma: {:?} for {exact}", measure.difference);
}

/// A deletion finds the newest backup as old as uniform between its delay and that and the time between two; without
/// one all is lost since the last deletion, up to the retention: `m (1 - exp(-R / m))` in the mean.
#[test]
fn backups_more_often_and_not_at_all_are_the_exact_difference_of_what_is_lost() {
    let (mean, retention) = (100.0 * HOUR, 240.0 * HOUR);
    let each_year = YEAR / mean;
    let backup =
        |every: &str| kept(&format!("deleted: 100h, backup: {{every: {every}, usable_after: 2h}}"));
    let (daily, twice, never) = (backup("24h"), backup("12h"), kept("deleted: 100h"));
    let plan = Plan {
        replications: 1_000,
        warm_up: SimSpan::from_seconds(2.0 * retention),
        ..daily.plan(1)
    };
    let all = mean * (1.0 - (-retention / mean).exp());
    for (other, each, change) in
        [(&twice, -6.0 * HOUR, Change::Better), (&never, all - 14.0 * HOUR, Change::Worse)]
    {
        let report = compared(&daily, other, &plan);
        let (name, losses) = &report.data[0];
        assert_eq!(name, "orders");
        check_difference("lost", &losses.lost_s_per_year, each_year * each);
        assert_eq!(report.of_class(losses), change);
        // The same deletions.
        assert_eq!(losses.loss_incidents_per_year.lives, [0, 1_000, 0]);
        assert_eq!(losses.p_loss.lives, [0, 1_000, 0]);
        assert!(losses.lost_s_per_year.variance_ratio.unwrap() < 0.9);
        let margin_s_per_year = 1.2 * each_year * all;
        let within = DifferenceReport { margin_s_per_year, ..report.clone() };
        assert!(within.worse().is_empty());
        // Each side is what it is alone.
        for (system, side) in [
            (
                &daily,
                [
                    losses.lost_s_per_year.first,
                    losses.loss_incidents_per_year.first,
                    losses.p_loss.first,
                ],
            ),
            (
                other,
                [
                    losses.lost_s_per_year.second,
                    losses.loss_incidents_per_year.second,
                    losses.p_loss.second,
                ],
            ),
        ] {
            let alone = system.simulate(&plan).unwrap();
            let DataMeasures::Window(alone) = &alone.data[0].measures else { panic!() };
            let found = &alone.estimates;
            let measures = [found.lost_s_per_year, found.loss_incidents_per_year, found.p_loss];
            assert_eq!(measures.map(|measure| measure.estimate), side);
        }
    }
}

/// Deletions once in two years instead of once a year: half as many, and none in a year with exp(-1/2) instead of
/// exp(-1).
#[test]
fn data_that_are_lost_less_often_are_lost_in_fewer_lives_and_no_margin_makes_up_for_more() {
    let backup = "backup: {every: 1h}";
    let (often, seldom) =
        (kept(&format!("deleted: 1y, {backup}")), kept(&format!("deleted: 2y, {backup}")));
    let plan = Plan { replications: 4_000, ..often.plan(1) };
    let report = compared(&often, &seldom, &plan);
    let losses = &report.data[0].1;
    check_difference("incidents", &losses.loss_incidents_per_year, -0.5);
    check_difference("lives", &losses.p_loss, (-1.0_f64).exp() - (-0.5_f64).exp());
    check_difference("lost", &losses.lost_s_per_year, -0.25 * HOUR);
    assert_eq!(report.of_class(losses), Change::Better);
    let report = compared(&seldom, &often, &plan);
    assert_eq!(report.worse(), ["orders"]);
    let margin_s_per_year = 10.0 * HOUR;
    let report = DifferenceReport { margin_s_per_year, ..report };
    let losses = &report.data[0].1;
    assert_eq!(Change::of(&losses.lost_s_per_year, margin_s_per_year), Change::Within);
    assert_eq!((report.of_class(losses), report.worse()), (Change::Worse, vec!["orders"]));
    let text = difference_to_text(&report);
    assert!(
        text.contains("\n10h a year more is within the margin, down or of data lost\n"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn nothing_lost_on_either_side_is_a_bound_and_no_difference() {
    let never = kept("deleted: 100000y");
    let report = compared(&never, &never, &Plan { replications: 300, ..never.plan(1) });
    let losses = &report.data[0].1;
    assert_eq!(report.of_class(losses), Change::Same);
    // 1 - 0.05^(1/300), and -ln(0.05) / 300.
    let bound = |measure: &Paired| measure.first.ci95.unwrap().1;
    assert!((bound(&losses.p_loss) - 0.009_936_08).abs() < 1e-7);
    assert!((bound(&losses.loss_incidents_per_year) - 0.009_985_77).abs() < 1e-7);
    assert!((bound(&losses.lost_s_per_year) - 0.009_936_08 * YEAR).abs() < 1.0);
    assert!(difference_to_text(&report).contains("none seen"));
}

#[test]
fn what_only_one_has_is_named_with_its_file() {
    let text = |journey: &str, class: &str| {
        let text = format!(
            "topology: shop\nfailures: {{down: {{every: 100h, repair: 1h}}}}\nservices: {{web: {{fails: [down]}}}}\n\
             journeys: {{buy: {{needs: web}}, {journey}: {{needs: web}}}}\n\
             data: {{{class}: {{held_by: web, deleted: 1y}}}}\n"
        );
        System::compile(Topology::from_str("shop", &text).unwrap())
    };
    let (first, second) = (text("browse", "orders"), text("search", "baskets"));
    let mut report = compared(&first, &second, &Plan { replications: 10, ..first.plan(1) });
    report.first.file = Some("old.yaml".to_owned());
    report.second.file = Some("new.yaml".to_owned());
    let text = difference_to_text(&report);
    for line in [
        "shop (old.yaml) -> shop (new.yaml)",
        "  gone: journey browse, which is in old.yaml only and not compared",
        "  gone: data orders, which is in old.yaml only and not compared",
        "  new: journey search, which is in new.yaml only and not compared",
        "  new: data baskets, which is in new.yaml only and not compared",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&ninefold::report::difference_to_json(&report)).unwrap();
    let side = |side: &str| {
        [&json[side]["file"], &json[side]["only_here"][0], &json[side]["data_only_here"][0]]
    };
    assert_eq!(side("first"), ["old.yaml", "browse", "orders"]);
    assert_eq!(side("second"), ["new.yaml", "search", "baskets"]);
    assert_eq!(json["run"]["is_partial"], false);
}
