//! Two designs with the same luck.

use std::ops::ControlFlow;

use ninefold::report::{Change, DifferenceReport, JourneyMeasures, difference_to_text};
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
    let difference = estimates.difference_s_per_year;
    let sigmas = difference.sigmas_from(exact).unwrap();
    assert!(sigmas.abs() < 4.0, "{sigmas} sigma: {difference:?} against {exact}");
    assert_eq!(Change::of(estimates), Change::Worse);
    // Both fail at the same points, and a repair twice as long is down for the same time and more.
    assert!(estimates.variance_ratio.unwrap() < 0.5, "{estimates:?}");
    assert_eq!(report.worse_by_more_than(0.9 * exact), ["browse"]);
    assert_eq!(report.worse_by_more_than(1.1 * exact), [""; 0]);
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
        let sides = [&estimates.first_s_per_year, &estimates.second_s_per_year];
        for (system, side) in systems.iter().zip(sides) {
            let alone = system.simulate(&plan).unwrap();
            let journey = alone.journeys.iter().find(|journey| journey.name == *name).unwrap();
            let JourneyMeasures::Window(alone, _) = &journey.measures else { panic!("{name}") };
            assert_eq!(alone.downtime_s_per_year, *side, "{name}");
        }
        let difference = estimates.second_s_per_year.mean - estimates.first_s_per_year.mean;
        let error = (estimates.difference_s_per_year.mean - difference).abs();
        assert!(error <= 1e-9 * estimates.first_s_per_year.mean, "{name}: {error}");
    }
}

#[test]
fn a_system_is_the_same_as_itself() {
    let system = shipped("topologies/workload-a.yaml");
    let report = compared(&system, &system, &Plan { replications: 300, ..system.plan(1) });
    for (name, estimates) in &report.journeys {
        assert_eq!(Change::of(estimates), Change::Same, "{name}");
        assert_eq!(estimates.lives, [0, 300, 0]);
        // 1 - 0.05^(1/300): nothing was seen to differ, which is no proof.
        assert!((estimates.differs_at_most.unwrap() - 0.009_936).abs() < 1e-6);
        assert_eq!(estimates.difference_s_per_year.ci95, None);
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
