//! What takes a set time, one thing at a time, beside what is memoryless: solved, against closed forms and lives.

use ninefold::model::{DataId, JourneyId};
use ninefold::report::JourneyMeasures;
use ninefold::run::{ExactLoss, ExactOutages, MOST_STATES_BESIDE};
use ninefold::stats::Estimate;
use ninefold::{Plan, System};

use crate::common::compiled;

const HOUR: f64 = 3_600.0;

fn outages(system: &System) -> ExactOutages {
    let plan = system.plan(1);
    let found = system.exact_outages(&plan, JourneyId::new(0), MOST_STATES_BESIDE);
    found.unwrap_or_else(|why| panic!("{why:?}"))
}

fn loss(system: &System) -> ExactLoss {
    let found = system.exact_loss(&system.plan(1), DataId::new(0), MOST_STATES_BESIDE);
    found.unwrap_or_else(|why| panic!("{why:?}"))
}

/// Two computations of one number, of which one is off by no more than it says.
#[track_caller]
fn assert_same(found: ninefold::exact::Exact, exact: f64) {
    let distance = (found.value / exact - 1.0).abs();
    assert!(distance < found.relative_error + 1e-12, "{found:?}, exactly {exact:e}: {distance:e}");
    assert!(found.relative_error < 1e-6, "{found:?}");
}

/// Two machines and somebody who mends one after the other, each in the same time `d`.
///
/// Every visit begins with one machine down; with `q = exp(-l d)` the other one holds out, and else is mended next. So
/// there are `1/q` repairs to a spell of work, and in each both are down for `d - (1 - q) / l` in the mean.
#[test]
fn two_machines_and_one_crew_come_out_as_the_closed_form_says() {
    for (every, repair) in [(1000.0_f64, 8.0_f64), (10.0, 30.0), (1e6, 1.0)] {
        let system = compiled(&format!(
            "topology: machines\nhorizon: 1y\ncrews: {{menders: {{size: 1}}}}\n\
             failures: {{down: {{every: {every}h, repair: {repair}h, crew: menders}}}}\n\
             domains: {{machine: {{count: 2, fails: [down]}}}}\n\
             journeys: {{work: {{needs: {{any: [machine]}}}}}}\n"
        ));
        let (rate, q) = (1.0 / every, (-repair / every).exp());
        let lost = -(-rate * repair).exp_m1();
        // d - (1 - q) / l, as a series where that would lose digits.
        let x = rate * repair;
        let both = if x < 0.1 {
            let tail = (3..25).rev().fold(0.0, |tail, k| (1.0 - x * tail) / f64::from(k));
            0.5 * x * x * (1.0 - x * tail) * every
        } else {
            repair - lost / rate
        };
        let cycle = 0.5 * every + repair / q;
        let found = outages(&system);
        let long_run = found.long_run.unwrap();
        assert_same(long_run.share, both / q / cycle);
        assert_same(long_run.frequency, lost / q / cycle / HOUR);
        let first = (0.5 * every + lost / rate) / lost * HOUR;
        assert_same(found.first_outage.unwrap().unwrap(), first);
        assert_eq!(found.within, Err(ninefold::exact::Unsolved::SetTimes));
    }
}

/// The first hour of each outage is hidden: of an exponential repair of mean `r` there are `r exp(-1/r)` beyond it.
#[test]
fn what_is_hidden_for_a_set_time_comes_out_as_the_closed_form_says() {
    let system = compiled(
        "topology: hidden\nhorizon: 1y\nfailures: {down: {every: 100h, repair: {exponential: 3h}}}\n\
         domains: {node: {fails: [down]}}\n\
         journeys: {read: {needs: node, masked_by: {cache: 1h}}}\n",
    );
    let found = outages(&system).long_run.unwrap();
    let beyond = (-1.0_f64 / 3.0).exp();
    assert_same(found.share, 3.0 * beyond / 103.0);
    assert_same(found.frequency, beyond / 103.0 / HOUR);
}

/// A mirror that is rebuilt in a set time: lost if the other one fails within it.
#[test]
fn a_mirror_with_a_set_rebuild_is_lost_as_the_closed_form_says() {
    let system = compiled(
        "topology: mirror\nhorizon: 1y\nfailures: {dead: {every: 20000h, repair: 36h, wipes: true}}\n\
         domains: {drive: {count: 2, fails: [dead]}}\n\
         data: {blocks: {held_by: drive, copies: 2}}\n",
    );
    let (every, repair) = (20_000.0_f64, 36.0_f64);
    let lost = -(-repair / every).exp_m1();
    let exact = (0.5 * every + lost * every) / lost * HOUR;
    assert_same(loss(&system).first_loss.unwrap().unwrap(), exact);
}

/// Restarts at set times while nodes come and go by other laws: as simulated, after a warm-up.
#[test]
fn set_times_beside_other_laws_come_out_as_simulated() {
    let texts = [
        // a repair in two stages, of which the first is set, one crew, three units of which two are needed
        "crews: {menders: {size: 1}}\n\
         failures: {down: {every: 30h, repair: [{look: 1h, crew: menders}, {mend: {exponential: 2h}, crew: menders}]}}\n\
         domains: {node: {count: 3, fails: [down]}}\n\
         journeys: {work: {needs: {at_least: 2, of: [node]}}}\n",
        // a failover that takes a set time, and may be cut short
        "failures: {down: {every: 20h, repair: {exponential: 4h}}}\n\
         domains: {node: {count: 2, fails: [down]}}\n\
         services: {db: {replicas: 2, on: node, leader: {failover: 30m}}}\n\
         journeys: {work: {needs: [db]}}\n",
    ];
    for text in texts {
        let system = compiled(&format!("topology: set\nhorizon: 50y\n{text}"));
        let plan = Plan { replications: 100, ..system.plan(1) };
        let report = system.simulate(&plan).unwrap();
        let JourneyMeasures::Window(estimates, _) = &report.journeys[0].measures else {
            panic!("{text}");
        };
        let found = outages(&system).long_run.unwrap();
        let exact = Estimate {
            mean: found.share.value,
            std_error: Some(found.share.value * found.share.relative_error),
            ci95: None,
        };
        // All is up when a life begins, which takes less than a few hours off each.
        let bias = 4.0 * HOUR / (50.0 * 8_760.0 * HOUR) * exact.mean;
        let apart = (estimates.unavailability.mean - exact.mean).abs() - bias;
        let error = estimates.unavailability.std_error.unwrap();
        assert!(apart < 4.0 * error, "{text}: {estimates:?} against {found:?}");
    }
}

/// Where two of them may run at once there is no such answer, and both are named.
#[test]
fn two_set_times_at_once_are_refused_by_name() {
    let system = compiled(
        "topology: two\nfailures: {down: {every: 30h, repair: 1h}}\n\
         domains: {node: {count: 2, fails: [down]}}\n\
         services: {db: {replicas: 2, on: node, leader: {failover: 1m}}}\n\
         journeys: {work: {needs: [db]}}\n",
    );
    let why = system.exact_outages(&system.plan(1), JourneyId::new(0), 1_000).unwrap_err();
    let words = ninefold::report::not_markov_text(system.topology(), system.model(), why);
    assert!(words.contains("the repair of down of node-0"), "{words}");
    assert!(words.ends_with("take set times and may be under way at once"), "{words}");
}
