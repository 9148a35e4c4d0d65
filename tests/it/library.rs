//! The library as another program links it: progress, breaking off, plans that cannot be.

use std::ops::ControlFlow;

use ninefold::report::{JourneyMeasures, Method, to_json};
use ninefold::run::RunError;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};

fn system() -> System {
    System::compile(Topology::from_path("topologies/patterns/pair-with-vip.yaml").unwrap())
}

#[test]
fn progress_is_told_in_order_and_reaches_the_end() {
    let system = system();
    let plan = Plan { replications: 3_000, ..system.plan(1) };
    let mut seen = Vec::new();
    let report = system
        .simulate_watched(&plan, &mut |progress| {
            assert_eq!(progress.most, 3_000);
            seen.push((progress.replications, progress.events));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(seen.len() > 3 && seen.is_sorted());
    assert_eq!(seen.last(), Some(&(3_000, report.run.events)));
    assert!(!report.run.is_partial);
}

#[test]
fn breaking_off_keeps_the_first_lives() {
    let system = system();
    let plan = Plan { replications: 100_000, threads: Some(2), ..system.plan(1) };
    let report = system
        .simulate_watched(&plan, &mut |progress| match progress.replications < 500 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        })
        .unwrap();
    let lives = report.run.replications;
    assert!(report.run.is_partial && (500..2_000).contains(&lives), "{lives}");
    let whole = system.simulate(&Plan { replications: lives, ..plan }).unwrap();
    let journeys = |report| to_json(report).split("\"journeys\"").nth(1).unwrap().to_owned();
    assert_eq!(journeys(&report), journeys(&whole));
}

/// Laws with means like any others, of which nearly all draws are zero.
#[test]
fn lives_that_do_not_come_to_an_end_are_broken_off() {
    for every in [
        "{weibull: {shape: 0.01, mean: 10d}}",
        "{mixture: [{p: 99.9999999%, fixed: 0s}, {p: 0.0000001%, fixed: 1000000y}]}",
    ] {
        let text = format!(
            "topology: endless
failures: {{blink: {{every: {every}, repair: 0s}}}}
domains: {{x: {{fails: [blink]}}}}
journeys: {{j: {{needs: x}}}}
"
        );
        let system = System::compile(Topology::from_str("endless", &text).unwrap());
        for allow_slow in [false, true] {
            let plan = Plan { allow_slow, ..system.plan(1) };
            let told = system.simulate(&plan).unwrap_err().to_string();
            assert!(told.starts_with("replication 0 has had 1001000 events"), "{told}");
        }
    }
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let system = system();
    let usual = || system.plan(1);
    let refused = |plan: Plan| system.simulate(&plan).unwrap_err();
    assert!(matches!(refused(Plan { replications: 0, ..usual() }), RunError::NoReplications));
    assert!(matches!(refused(Plan { precision: Some(0.0), ..usual() }), RunError::Precision));
    assert!(matches!(refused(Plan { precision: Some(f64::NAN), ..usual() }), RunError::Precision));
    assert!(matches!(refused(Plan { horizon: SimSpan::ZERO, ..usual() }), RunError::TooShort));
    let longest = SimSpan::from_seconds(1.5e13);
    let too_long = Plan { horizon: longest, warm_up: longest, ..usual() };
    assert!(matches!(refused(too_long), RunError::TooLong));
    let busy = "topology: busy
failures: {blink: {every: 1ms, repair: 1ms}}
domains: {x: {fails: [blink]}}
journeys: {j: {needs: x}}
";
    let busy = System::compile(Topology::from_str("busy", busy).unwrap());
    assert!(matches!(busy.simulate(&busy.plan(1)), Err(RunError::TooSlow { .. })));
    let short = Plan { horizon: SimSpan::from_seconds(10.0), replications: 3, ..busy.plan(1) };
    assert!(busy.simulate(&short).is_ok());
}

#[test]
fn one_life_has_no_interval() {
    let system = system();
    let report = system.simulate(&Plan { replications: 1, ..system.plan(1) }).unwrap();
    let JourneyMeasures::Window(estimates, _) = &report.journeys[0].measures else {
        panic!("a run of equal lives")
    };
    assert_eq!(estimates.unavailability.std_error, None);
    assert_eq!(estimates.unavailability.ci95, None);
    assert!(to_json(&report).contains("\"std_error\": null"));
}

/// Without a warm-up a life is measured from its beginning; with one, what came before is cut off.
#[test]
fn a_warm_up_cuts_the_beginning_off() {
    let text = "topology: t
horizon: 10h
failures: {down: {every: {fixed: 8h}, repair: 4h}}
domains: {x: {fails: [down]}}
journeys: {j: {needs: x}}
";
    let system = System::compile(Topology::from_str("t", text).unwrap());
    let measure = |warm_up: f64| {
        let warm_up = SimSpan::from_seconds(warm_up * 3_600.0);
        let plan = Plan { replications: 10, warm_up, ..system.plan(1) };
        let report = system.simulate(&plan).unwrap();
        let JourneyMeasures::Window(estimates, _) = &report.journeys[0].measures else {
            panic!("a run of equal lives")
        };
        let outages = estimates.outages.as_ref().map(|o| (o.count, o.censored, o.max));
        (estimates.unavailability.mean, outages)
    };
    // Down from 8 to 12, from 20 to 24, and so on.
    assert_eq!(measure(0.0), (0.2, Some((10, 10, 7_200.0))));
    assert_eq!(measure(5.0), (0.4, Some((10, 0, 14_400.0))));
    // From 10 on: the outage that began before is downtime and no outage; that at 20 is out of it.
    assert_eq!(measure(10.0), (0.2, None));
    assert_eq!(measure(12.0), (0.2, Some((10, 10, 7_200.0))));
}

/// Neither a chain nor a diagram says how rarely it is down, and hardly any life is.
const RARELY_DOWN: &str = "topology: rare
failures: {down: {every: 2000h, repair: {fixed: 2h}, crew: repair}}
crews: {repair: {size: 1}}
domains: {unit: {count: 3, fails: [down]}}
journeys:
  serve: {needs: {at_least: 1, of: [unit]}}
";

fn rarely_down() -> System {
    System::compile(Topology::from_str("rare", RARELY_DOWN).unwrap())
}

/// The pilot is the first round of the run that it is a pilot of.
#[test]
fn a_precision_that_the_pilot_reaches_takes_no_other_run() {
    let system = system();
    let plan = Plan { precision: Some(0.5), ..system.plan(1) };
    let mut seen = Vec::new();
    let report = system
        .simulate_to_precision(&plan, &mut |progress| {
            seen.push(progress.replications);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(report.run.replications, 1_024);
    assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
    assert_eq!(to_json(&report), to_json(&system.simulate(&plan).unwrap()));
}

#[test]
fn what_lives_do_not_tell_is_estimated_or_named() {
    let system = rarely_down();
    let plan = Plan { precision: Some(0.3), replications: 20_000, ..system.plan(1) };
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let report = system.simulate_to_precision(&plan, go_on).unwrap();
    let precision = report.run.precision.as_ref().unwrap();
    assert!(precision.is_met() && precision.not_reached.is_empty(), "{precision:?}");
    assert_ne!(report.run.method, Method::PLAIN);
    let found = report.journeys[0].nearer().unwrap().unavailability.unwrap();
    assert!(found.relative_half_width().unwrap() <= 0.3, "{found:?}");
    // Plain lives see nothing of it, and say of what.
    let report = system.simulate(&Plan { replications: 1_024, ..plan }).unwrap();
    let precision = report.run.precision.unwrap();
    assert_eq!((precision.reached, precision.not_reached[0].reached), (None, None));
    assert_eq!(precision.not_reached[0].name, "serve");
}

#[test]
fn an_estimate_of_what_is_rare_that_is_broken_off_is_partial() {
    let twice = format!("{RARELY_DOWN}  list: {{needs: {{at_least: 1, of: [unit]}}}}\n");
    let system = System::compile(Topology::from_str("twice", &twice).unwrap());
    let plan = Plan { precision: Some(0.01), replications: 20_000, ..system.plan(1) };
    let mut asked = 0;
    let report = system
        .simulate_to_precision(&plan, &mut |progress| match progress.most {
            20_000 => {
                asked += 1;
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })
        .unwrap();
    assert_eq!(asked, 1);
    assert_eq!(report.run.replications, 1_024);
    assert!(report.run.is_partial);
    assert!(!report.run.precision.unwrap().is_met());
}
