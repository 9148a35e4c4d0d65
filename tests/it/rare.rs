//! What hardly ever happens, by lives with excursions, against exact answers.

use std::convert::Infallible;
use std::ops::ControlFlow;

use ninefold::engine::{Rare, Stuck, Unseen};
use ninefold::model::{DataId, JourneyId, UnitId};
use ninefold::report::{JourneyMeasures, Report, to_text};
use ninefold::run::{
    Chosen, MOST_STATES_BESIDE, NotEstimated, Progress, RareEstimate, RareMethod, Twin,
};
use ninefold::stats::Estimate;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};

const MOST_SIGMAS: f64 = 4.0;

fn system(text: &str) -> System {
    let topology = Topology::from_str("test", text).unwrap_or_else(|error| panic!("{error}"));
    System::compile(topology)
}

fn plan(system: &System) -> Plan {
    Plan { replications: 200_000, ..system.plan(1) }
}

const BOTH: [RareMethod; 2] = [RareMethod::ImportanceSampling, RareMethod::Splitting];

fn estimate(
    system: &System,
    plan: &Plan,
    rare: Rare,
    method: Option<RareMethod>,
    precision: f64,
) -> Result<RareEstimate, NotEstimated> {
    let mut goes_on = |_| ControlFlow::Continue(());
    system.estimate_rare(plan, rare, method, precision, &mut goes_on).unwrap()
}

fn check(what: &str, found: Estimate, exact: f64) {
    let sigmas = found.sigmas_from(exact).unwrap();
    assert!(sigmas.abs() < MOST_SIGMAS, "{what}: {found:?} is {sigmas:.1} sigma from {exact:e}");
    let width = found.relative_half_width().unwrap();
    assert!(width < 0.15, "{what}: only known to {width}");
}

/// A journey that is rarely down, against its Markov chain.
fn check_outages(text: &str, least: f64, methods: &[RareMethod]) {
    let system = system(text);
    let plan = plan(&system);
    let journey = JourneyId::new(0);
    let exact = system.exact_outages(&plan, journey, MOST_STATES_BESIDE).unwrap();
    let within = exact.within.unwrap();
    assert!(within.share.value < least, "{within:?} is not rare");
    let years = plan.horizon.seconds() / (365.0 * 86_400.0);
    for &method in methods {
        let found = estimate(&system, &plan, Rare::Outage(journey), Some(method), 0.1).unwrap();
        check(&format!("{method}: share"), found.share, within.share.value);
        check(&format!("{method}: per year"), found.per_year, within.count.value / years);
        let p_outage = exact.p_outage.unwrap().unwrap().value;
        check(&format!("{method}: probability"), found.probability(), p_outage);
        let mean_s = within.share.value * plan.horizon.seconds() / within.count.value;
        check(&format!("{method}: mean outage"), found.mean_s.unwrap(), mean_s);
    }
}

/// A journey of units that are independent and rarely down, by importance sampling against its decision diagram.
fn check_static(text: &str, least: f64) {
    let system = system(text);
    let plan = plan(&system);
    let answers = system.exact_answers(&plan, 10);
    let exact = answers.journeys[0].as_ref().unwrap();
    let (share, per_year) = (exact.unavailability.unwrap(), exact.outages_per_year.unwrap());
    assert!(share.mean < least, "{share:?} is not rare");
    let importance = Some(RareMethod::ImportanceSampling);
    let rare = Rare::Outage(JourneyId::new(0));
    let found = estimate(&system, &plan, rare, importance, 0.1).unwrap();
    check("share", found.share, share.mean);
    check("per year", found.per_year, per_year.mean);
}

/// A class that rarely loses data, against its Markov chain.
fn check_losses(text: &str, least: f64, methods: &[RareMethod]) {
    let system = system(text);
    let plan = plan(&system);
    let class = DataId::new(0);
    let exact = system.exact_loss(&plan, class, MOST_STATES_BESIDE).unwrap().p_loss.unwrap();
    assert!(exact.value < least, "{exact:?} is not rare");
    for &method in methods {
        // So near that a weight which is wrong in one of several ways to a loss shows; splitting has no weights.
        let precision = if method == RareMethod::Splitting { 0.1 } else { 0.02 };
        let found = estimate(&system, &plan, Rare::Loss(class), Some(method), precision).unwrap();
        check(&format!("{method}: probability"), found.probability(), exact.value);
    }
}

#[test]
fn a_quorum_with_one_crew_is_as_rarely_down_as_its_chain_says() {
    check_outages(
        "topology: t
failures: {down: {every: 2000h, repair: {exponential: 2h}, crew: repair}}
crews: {repair: {size: 1}}
domains: {unit: {count: 5, fails: [down]}}
journeys: {serve: {needs: {at_least: 3, of: [unit]}}}",
        1e-7,
        &BOTH,
    );
}

#[test]
fn nodes_and_zones_that_share_a_fate_are_rarely_down_together() {
    let text = "topology: t
failures:
  node: {every: 5000h, repair: {exponential: 4h}}
  zone: {every: 30000h, repair: {exponential: 2h}}
domains:
  zone: {level: zone, count: 3, fails: [zone]}
  node: {level: node, in: zone, count: 2, fails: [node]}
services: {db: {replicas: 6, on: node, serves: any}}
journeys: {read: {needs: db}}";
    check_outages(text, 1e-9, &[RareMethod::ImportanceSampling]);
    // Nodes bring it no nearer in the shortest way, which is by zones.
    let system = system(text);
    let rare = Rare::Outage(JourneyId::new(0));
    let found = estimate(&system, &plan(&system), rare, Some(RareMethod::Splitting), 0.1);
    assert_eq!(found, Err(NotEstimated::Leaps));
}

#[test]
fn an_erasure_code_loses_data_as_rarely_as_its_chain_says() {
    for (every, least, methods) in [("200000h", 1e-11, &BOTH[..1]), ("20000h", 1e-7, &BOTH[1..])] {
        let text = format!(
            "topology: t
horizon: 1y
failures: {{dead: {{every: {every}, repair: 0s, wipes: true}}}}
domains: {{drive: {{count: 11, fails: [dead]}}}}
data:
  objects: {{held_by: drive, erasure: {{data: 8, parity: 3}}, rebuild: {{exponential: 8h}}}}"
        );
        check_losses(&text, least, methods);
    }
}

/// Something unreadable is as rare as a third drive, and is sought like one; the group that it is in, of which some
/// have lost more than others, is picked with other probabilities than their own.
#[test]
fn what_cannot_be_read_at_a_rebuild_is_weighted_too() {
    check_losses(
        "topology: t
horizon: 1y
failures: {dead: {every: 20000h, repair: {exponential: 10h}, wipes: true}}
domains: {drive: {count: 8, fails: [dead]}}
data:
  objects:
    held_by: drive
    erasure: {data: 2, parity: 2}
    groups: 6
    placement: random
    rebuild: {unreadable: 1%}",
        1e-2,
        &BOTH,
    );
}

/// In a fleet each excursion has many rebuilds. What could be unreadable in any of them is not sought where it takes
/// nothing for good: with a weight for each, no mean of weights would be one.
/// Lives see none of what begins here: a deletion, a fire, what strikes all at once, and a failure of one of two units that
/// is a thousand times as rare as the other's. By what they do see the answer would be half of it, or a thousandth.
#[test]
fn what_lives_hardly_ever_see_is_not_missing() {
    let data = |failure: &str, also: &str, site: &str, class: &str| {
        format!(
            "topology: t
failures:
  dead: {{every: 200000h, repair: {{exponential: 10h}}, wipes: true{failure}}}
  fire: {{every: 1000000y, repair: {{exponential: 10h}}, wipes: true}}
  quake: {{every: 1000000y, repair: {{exponential: 10h}}, wipes: true, shock: 100%}}
domains:
  site: {{{site}}}
  node: {{in: site, count: 3, fails: [dead{also}]}}
data: {{blocks: {{held_by: node, copies: 3{class}}}}}"
        )
    };
    let hastened = [RareMethod::ImportanceSampling];
    check_losses(&data("", "", "", ", deleted: 1000000y"), 1e-5, &hastened);
    check_losses(&data("", "", "fails: [fire]", ""), 1e-5, &hastened);
    check_losses(&data(", beta: 0.01%", "", "", ""), 1e-5, &hastened);
    check_losses(&data("", ", quake", "", ""), 1e-5, &hastened);
    let journey = |failure: &str| {
        format!(
            "topology: t
failures: {{down: {{every: 20000h, repair: {{exponential: 10h}}, {failure}}}}}
domains: {{rack: {{}}, unit: {{in: rack, count: 3, fails: [down]}}}}
journeys: {{serve: {{needs: {{any: [unit]}}}}}}"
        )
    };
    check_outages(&journey("beta: 0.001%"), 1e-8, &hastened);
    check_outages(&journey("burst: {p: 0.001%, within: 0s, peers: 2}"), 1e-8, &hastened);
    // Half of its outages begin with the one that hardly ever fails.
    check_outages(
        "topology: t
failures:
  seldom: {every: 400y, repair: {exponential: 10h}}
  often: {every: 4000h, repair: {exponential: 10h}}
domains: {one: {fails: [seldom]}, other: {fails: [often]}}
journeys: {serve: {needs: {any: [one, other]}}}",
        1e-7,
        &hastened,
    );
}

/// A failure mode that seldom strikes one unit and is seen to strike others, whose hazard depends on how many are up: what
/// begins with those counts too. Half of all outages do.
#[test]
fn a_mode_that_some_units_show_is_not_made_to_begin() {
    check_outages(
        "topology: t
failures: {down: {every: 150000h, repair: {exponential: 10h}}}
services:
  alone: {fails: [down]}
  shared: {replicas: 2, serves: all, load: {1: 3}, fails: [down]}
journeys: {serve: {needs: {any: [alone, shared]}}}",
        1e-7,
        &[RareMethod::Splitting],
    );
}

/// Data with one rebuild at a time that takes a set time have an exact mean time to loss, and no exact probability within
/// the horizon: that is estimated, and as if losses came at one rate it is what the mean time says.
#[test]
fn what_a_chain_does_not_tell_of_the_horizon_is_estimated() {
    let system = system(
        "topology: t
failures: {dead: {every: 30000h, repair: 0s, wipes: true}}
domains: {drive: {count: 3, fails: [dead]}}
data: {blocks: {held_by: drive, copies: 3, rebuild: {takes: 10h, at_a_time: 1}}}",
    );
    let exact = system.exact_loss(&system.plan(1), DataId::new(0), MOST_STATES_BESIDE).unwrap();
    assert!(exact.p_loss.is_err(), "{exact:?}");
    let mean = exact.first_loss.unwrap().unwrap().value;
    let plan = Plan { precision: Some(0.1), ..system.plan(1) };
    let report = system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(())).unwrap();
    let answer = report.data[0].nearer().unwrap();
    let found = answer.p_loss.unwrap();
    check("loss", found, -(-plan.horizon.seconds() / mean).exp_m1());
}

/// The probability that data are lost, as importance sampling tells it without a second route.
fn loss_by_importance(text: &str) -> Estimate {
    let system = system(text);
    let plan = Plan { replications: 100_000, ..system.plan(1) };
    let importance = Some(RareMethod::ImportanceSampling);
    estimate(&system, &plan, Rare::Loss(DataId::new(0)), importance, 0.1).unwrap().probability()
}

/// A fire lasts more than a hundred times as long as what fails meanwhile: what happens late in it counts as much as
/// what happens early.
#[test]
fn what_happens_late_in_something_long_is_not_missed() {
    let fires = "topology: t
failures:
  dead: {every: 5000h, repair: {exponential: 4h}}
  fire: {every: 3000000h, repair: {exponential: 500h}}
domains: {site: {count: 2, fails: [fire]}, unit: {in: site, count: 2, fails: [dead]}}
journeys: {serve: {needs: {any: [unit]}}}";
    check_outages(fires, 1e-7, &[RareMethod::ImportanceSampling]);
    let nodes = "topology: t
failures:
  dead: {every: 50000h, repair: {exponential: 12h}, wipes: true}
  gone: {every: 500000h, repair: {exponential: 720h}, wipes: true}
domains: {node: {count: 3, fails: [gone]}, drive: {in: node, count: 2, fails: [dead]}}
data: {blocks: {held_by: drive, erasure: {data: 3, parity: 3}}}";
    // Without a spare a repair waits a hundred times as long as it takes.
    let spares = "topology: t
failures:
  dead: {every: 50000h, repair: {exponential: 5h}, wipes: true,
         spares: {stock: 1, reorder: {exponential: 500h}}}
domains: {drive: {count: 2, fails: [dead]}}
data: {blocks: {held_by: drive, copies: 2}}";
    for text in [nodes, spares] {
        let system = system(text);
        let plan = plan(&system);
        let exact = system.exact_loss(&plan, DataId::new(0), MOST_STATES_BESIDE).unwrap();
        check("loss", loss_by_importance(text), exact.p_loss.unwrap().value);
    }
}

/// What happens in a third of all lives happens more than once in some, which is no higher a probability.
#[test]
fn what_is_not_rare_is_not_counted_twice() {
    let system = system(
        "topology: t
horizon: 20y
failures: {dead: {every: 3000h, repair: {exponential: 10h}, wipes: true}}
domains: {drive: {count: 2, fails: [dead]}}
data: {blocks: {held_by: drive, copies: 2}}",
    );
    let plan = plan(&system);
    let exact = system.exact_loss(&plan, DataId::new(0), MOST_STATES_BESIDE).unwrap();
    let exact = exact.p_loss.unwrap().value;
    let importance = Some(RareMethod::ImportanceSampling);
    let found = estimate(&system, &plan, Rare::Loss(DataId::new(0)), importance, 0.03).unwrap();
    check("probability", found.probability(), exact);
    assert!(found.hits.sigmas_from(exact).unwrap() > 2.0 * MOST_SIGMAS, "{found:?}, {exact}");
}

/// Another unit hardly ever fails in the minutes that one is down.
#[test]
fn splitting_gives_up_where_no_try_comes_nearer() {
    let system = system(
        "topology: t
failures: {down: {every: 100000h, repair: {exponential: 6m}}}
domains: {unit: {count: 4, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}}}",
    );
    let rare = Rare::Outage(JourneyId::new(0));
    let found = estimate(&system, &plan(&system), rare, Some(RareMethod::Splitting), 0.1);
    assert!(matches!(found, Err(NotEstimated::Stuck(Stuck { level: 1, .. }))), "{found:?}");
}

/// The way that takes the fewest failures need not be the one by which it happens.
#[test]
fn the_shortest_way_is_not_the_only_one() {
    let importance = [RareMethod::ImportanceSampling];
    // Two that hardly ever fail, or four that do.
    let of_different_sizes = "topology: t
failures:
  r: {every: 1000000h, repair: {exponential: 0.1h}}
  w: {every: 1000h, repair: {exponential: 1h}}
domains: {a: {fails: [r]}, b: {fails: [r]}, w: {count: 4, fails: [w]}}
journeys: {j: {needs: {all: [{any: [a, b]}, {at_least: 1, of: [w]}]}}}";
    check_outages(of_different_sizes, 1e-10, &importance);
    // One that hardly ever fails, in front of three that do.
    let behind_one = "topology: t
failures:
  a: {every: 5000h, repair: {exponential: 10h}}
  b: {every: 10000000h, repair: {exponential: 0.05h}}
  w: {every: 10000h, repair: {exponential: 50h}}
domains: {a: {fails: [a]}, b: {fails: [b]}, c: {count: 3, fails: [w]}}
journeys: {j: {needs: {any: [a, {all: [b, {at_least: 1, of: [c]}]}]}}}";
    check_outages(behind_one, 1e-8, &importance);
    // Two sites that hardly ever fail, or all four nodes.
    let by_nodes = "topology: t
failures:
  site: {every: 3000000h, repair: {exponential: 0.5h}}
  node: {every: 5000h, repair: {exponential: 10h}}
domains: {site: {count: 2, fails: [site]}, node: {in: site, count: 2, fails: [node]}}
journeys: {j: {needs: {at_least: 1, of: [node]}}}";
    check_outages(by_nodes, 1e-10, &importance);
}

/// A common cause that lives often see hits all three in one of a hundred thousand times only.
#[test]
fn how_many_are_hit_at_once_is_not_left_to_luck() {
    let text = "topology: t
failures:
  s: {every: 8y, shock: 2%, repair: {exponential: 1h}}
  d: {every: 3500h, repair: {exponential: 1h}}
domains: {a: {count: 3, fails: [s, d]}}
journeys: {j: {needs: {at_least: 1, of: [a]}}}";
    check_outages(text, 1e-9, &[RareMethod::ImportanceSampling]);
}

/// What takes nothing of what is needed may still be what makes failures last.
#[test]
fn what_makes_failures_last_is_not_missed() {
    let importance = [RareMethod::ImportanceSampling];
    let busy_crew = "topology: t
failures:
  x: {every: 10000000h, repair: {exponential: 2000h}, crew: c}
  w: {every: 20000h, repair: {exponential: 0.05h}, crew: c}
crews: {c: {size: 1}}
domains: {x: {fails: [x]}, u: {count: 2, fails: [w]}}
journeys: {j: {needs: {at_least: 1, of: [u]}}}";
    check_outages(busy_crew, 1e-5, &importance);
    let no_failover = "topology: t
failures:
  x: {every: 10000000h, repair: {exponential: 1000h}}
  p: {every: 5000h, repair: {exponential: 2h}}
domains: {x: {fails: [x]}}
services:
  t: {replicas: 2, fails: [p], leader: {failover: {exponential: 20s}, needs: x}}
  s: {replicas: 2, fails: [p], serves: any}
journeys: {j: {needs: {any: [t, s]}}}";
    check_outages(no_failover, 1e-10, &importance);
    // What a start waits for may go before it or after.
    let no_start = "topology: t
failures:
  x: {every: 10000000h, repair: {exponential: 1000h}}
  w: {every: 500000h, repair: {exponential: 1000h}}
domains: {x: {fails: [x]}}
services:
  s: {replicas: 2, serves: any, fails: [w], start: {exponential: 1m}, needs: [{need: x, kind: start}]}
journeys: {j: {needs: s}}";
    check_outages(no_start, 1e-4, &importance);
    // Outages of seconds take three failures; those that count for most of the time take a standby as well.
    let standby = "topology: t
failures: {p: {every: 50000h, repair: {exponential: 20h}}}
services:
  t: {replicas: 2, fails: [p], leader: {failover: {exponential: 2s}}}
  s: {replicas: 2, fails: [p], serves: any}
journeys: {j: {needs: {any: [t, s]}}}";
    check_outages(standby, 1e-12, &importance);
    // A crew that is often called, and seldom busy.
    let often_called = "topology: t
failures:
  h: {every: 2500h, repair: {exponential: 0.5h}, crew: c}
  w: {every: 1000000h, repair: {exponential: 0.005h}, crew: c}
crews: {c: {size: 1}}
domains: {x: {fails: [h]}, u: {count: 2, fails: [w]}}
journeys: {j: {needs: {at_least: 1, of: [u]}}}";
    check_outages(often_called, 1e-14, &importance);
    // Who serves once the better one has failed.
    let worse = "topology: t
failures:
  good: {every: 1000000h, repair: {exponential: 1h}}
  bad:  {every: 100h, repair: {exponential: 1h}}
  b:    {every: 50000h, repair: {exponential: 5h}}
domains: {good: {fails: [good]}, bad: {fails: [bad]}, b: {fails: [b]}}
services: {s: {replicas: 2, on: [good, bad], leader: {failover: {exponential: 1h}}}}
journeys: {j: {needs: {any: [s, b]}}}";
    check_outages(worse, 1e-9, &importance);
    let crew_of_others = "topology: t
failures:
  w: {every: 20000h, repair: {exponential: 0.1h}, wipes: true, crew: c}
  y: {every: 5000000h, repair: {exponential: 1000h}, crew: c}
crews: {c: {size: 1}}
domains: {y: {fails: [y]}, u: {count: 2, fails: [w]}}
data: {x: {held_by: u, copies: 2}}";
    check_losses(crew_of_others, 1e-4, &importance);
}

/// What failures set off may go on when nothing is down any more, and who took over may stand where another one does.
#[test]
fn what_failures_leave_behind_is_not_missed() {
    let importance = [RareMethod::ImportanceSampling];
    // A start keeps the crew for hours.
    let busy_starting = "topology: t
failures:
  h: {every: 20000h, repair: {exponential: 1s}}
  w: {every: 1000000h, repair: {exponential: 1m}, crew: c}
crews: {c: {size: 1}}
domains:
  x: {fails: [h], start: [{work: {exponential: 2h}, crew: c}]}
  u: {count: 2, fails: [w]}
journeys: {j: {needs: {any: [u]}}}";
    check_outages(busy_starting, 1e-13, &importance);
    // What starts wait for is restarted itself.
    let restarted = "topology: t
failures:
  v: {every: 20000h, repair: restart}
  w: {every: 1000000h, repair: {exponential: 1m}}
domains: {x: {fails: [v], start: {exponential: 2h}}}
services: {s: {replicas: 2, serves: any, fails: [w], needs: [{need: x, kind: start}]}}
journeys: {j: {needs: s}}";
    check_outages(restarted, 1e-13, &importance);
    // The second one to lead stands where the other way is.
    let shared = "topology: t
failures: {d: {every: 20000000h, repair: {exponential: 1h}}}
domains: {n: {count: 2, fails: [d]}}
services:
  s: {replicas: 2, on: n, leader: {failover: {exponential: 1m}}}
  x: {on: n-1}
journeys: {j: {needs: {any: [s, x]}}}";
    check_outages(shared, 1e-12, &importance);
    // It takes two failures in either order, of which one takes two inputs.
    let often_shared = "topology: t
failures: {d: {every: 7000h, repair: {exponential: 1h}}}
domains: {n: {count: 2, fails: [d]}}
services:
  s: {replicas: 2, on: n, standby: {active: 1}}
  x: {on: n-1}
journeys: {j: {needs: {any: [s, x]}}}";
    check_outages(often_shared, 1e-7, &importance);
    // One of many that fail alike is the only one in front of another way.
    let special = "topology: t
horizon: 3d
failures:
  d: {afr: 5%, repair: {exponential: 24h}}
  x: {every: 20000h, repair: {exponential: 1m}}
domains: {n: {count: 300, fails: [d]}, c: {fails: [x]}}
journeys: {j: {needs: [{any: [n-0, c]}, {at_least: 290, of: n}]}}";
    check_static(special, 1e-9);
    // Of many units a pair has a role of its own.
    let roles = "topology: t
failures: {d: {every: 1000000000h, repair: {exponential: 0.1h}}}
domains: {a: {count: 2, fails: [d]}, b: {count: 500, fails: [d]}}
journeys: {j: {needs: [{any: [a]}, {at_least: 498, of: [b]}]}}";
    check_static(roles, 1e-18);
    // What is never repaired lasts for all the time that there is.
    let mission = "topology: t
failures:
  d: {every: 3y, repair: {exponential: 5m}, crew: c}
  dead: {afr: 1%, repair: never}
  e: {every: 1000000h, repair: {exponential: 1h}}
crews: {c: {size: 1}}
domains: {n: {count: 4, fails: [d, dead]}, p: {count: 2, fails: [e]}}
journeys: {j: {needs: [{any: [n]}, {any: [p]}]}}";
    check_outages(mission, 1e-8, &importance);
    // Copies that catch up after a reboot, and those that are wiped meanwhile: a reboot of either, two minutes and ten on
    // average, in which the other one dies, or both die within two hours.
    let behind = loss_by_importance(
        "topology: t
failures:
  boot: {every: 2000h, repair: {exponential: 2m}}
  dead: {every: 1000000h, repair: {exponential: 2h}, wipes: true}
domains: {n: {count: 2, fails: [boot, dead]}}
data: {c: {held_by: n, copies: 2, ack: 1, catch_up: {exponential: 10m}}}",
    );
    let (boot, dead) = (1.0 / 2_000.0, 1.0 / 1_000_000.0);
    let exact = 2.0 * dead * (boot * 12.0 / 60.0 + dead * 2.0) * 8_760.0;
    check("loss", behind, exact);
}

/// Outages before what counts are no reason why a life that counts has any.
#[test]
fn what_a_warm_up_saw_is_not_counted() {
    let system = system(
        "topology: t
failures: {d: {every: 50000h, repair: {exponential: 1h}}}
domains: {n: {count: 2, fails: [d]}}
journeys: {j: {needs: {any: [n]}}}",
    );
    let years = |years: f64| SimSpan::from_seconds(years * 365.0 * 86_400.0);
    let plan = Plan { warm_up: years(10.0), horizon: years(1.0), ..plan(&system) };
    let rare = Rare::Outage(JourneyId::new(0));
    let found = estimate(&system, &plan, rare, Some(RareMethod::ImportanceSampling), 0.05).unwrap();
    let answers = system.exact_answers(&plan, 1_000);
    let exact = answers.journeys[0].as_ref().unwrap().outages_per_year.unwrap().mean;
    // Hardly any life has two, or begins what counts while it is down.
    check("hits", found.hits, exact);
}

/// Of a lognormal repair with a sigma of 1.4 a sixth of all time is in repairs that take more than six times the mean.
#[test]
fn repairs_with_long_tails_are_sought_in_to_their_ends() {
    let system = system(
        "topology: t
horizon: 10y
failures: {down: {every: 20000h, repair: {lognormal: {mean: 4h, sigma: 1.4}}}}
domains: {unit: {count: 2, fails: [down]}}
journeys: {serve: {needs: {any: [unit]}}}",
    );
    let importance = Some(RareMethod::ImportanceSampling);
    let plan = Plan { replications: 100_000, ..system.plan(1) };
    let found = estimate(&system, &plan, Rare::Outage(JourneyId::new(0)), importance, 0.1).unwrap();
    check("share", found.share, (4.0_f64 / 20_004.0).powi(2));
}

/// A crew that keeps office hours: three copies, each mended two hours after somebody begins. Copies that fail within the time
/// before an instant whose failures are not mended at it are lost together, so a third one then loses the data.
#[test]
fn repairs_that_wait_for_hours_are_sought_in_while_they_wait() {
    let found = loss_by_importance(
        "topology: t
failures: {dead: {every: 20000h, repair: {fixed: 2h}, wipes: true, crew: day}}
crews: {day: {size: 5, hours: business}}
domains: {drive: {count: 3, fails: [dead]}}
data: {blocks: {held_by: drive, copies: 3}}",
    );
    // By minute of two weeks, open on Mondays to Fridays from nine to five: when work on what fails then is done.
    let week = 7 * 24 * 60;
    let is_open = |minute: &usize| {
        let (day, hour) = (minute % week / 1_440, minute % 1_440 / 60);
        day < 5 && (9..17).contains(&hour)
    };
    let done = |then: usize| (then..).find(is_open).unwrap() + 120;
    // At each minute of the second week: the minutes before it of which a failure is not mended.
    let unmended =
        |now: usize| (0..now).rev().take_while(|then| done(*then) > now).count() as f64 / 60.0;
    let mean_square = (week..2 * week).map(|now| unmended(now).powi(2)).sum::<f64>() / week as f64;
    let rate: f64 = 1.0 / 20_000.0;
    check("loss", found, 3.0 * rate.powi(3) * mean_square * 8_760.0);
}

/// Where a pair shares its load, and where a clock ages whatever becomes of its unit, the last to fail may be any.
#[test]
fn any_of_several_may_be_the_last_to_fail() {
    check_outages(
        "topology: t
failures:
  dead: {every: 50000h, repair: {exponential: 6h}}
  busy: {every: 3000h, repair: {exponential: 6h}}
domains: {unit: {fails: [dead]}}
services: {pair: {replicas: 2, serves: any, fails: [busy], load: {1: 3}}}
journeys: {serve: {needs: {any: [unit, pair]}}}",
        1e-8,
        &[RareMethod::ImportanceSampling],
    );
    let system = system(
        "topology: t
failures:
  dead: {every: 50000h, repair: {exponential: 6h}}
  worn: {every: {weibull: {shape: 1.5, mean: 3000h}}, repair: {exponential: 6h}, clock: always}
domains: {one: {fails: [dead]}, two: {count: 2, fails: [worn]}}
journeys: {serve: {needs: {any: [one, two]}}}",
    );
    let warm_up = SimSpan::from_seconds(10.0 * 365.0 * 86_400.0);
    let plan = Plan { replications: 100_000, warm_up, ..system.plan(1) };
    let importance = Some(RareMethod::ImportanceSampling);
    let found = estimate(&system, &plan, Rare::Outage(JourneyId::new(0)), importance, 0.1).unwrap();
    let (dead, worn) = (6.0 / 50_006.0, 6.0 / 3_000.0);
    check("share", found.share, dead * worn * worn);
    check("per year", found.per_year, 8_760.0 / 6.0 * 3.0 * dead * worn * worn);
}

/// A defect is there once in 550 times, and then the first failure is the loss.
#[test]
fn latent_defects_are_seen_before_an_estimate_is_trusted() {
    let found = loss_by_importance(
        "topology: t
failures: {dead: {every: 300000h, repair: 12h, wipes: true}}
domains: {drive: {count: 2, fails: [dead]}}
data: {blocks: {held_by: drive, copies: 2, latent: {every: 200000h, scrub: {cycle: 730h}}}}",
    );
    let (dead, defect) = (1.0 / 300_000.0, 1.0 / 200_000.0);
    let exact = 2.0 * dead * (defect * 730.0 / 2.0 + dead * 12.0) * 8_760.0;
    let sigmas = found.sigmas_from(exact).unwrap();
    assert!(sigmas.abs() < MOST_SIGMAS, "{found:?} is {sigmas:.1} sigma from {exact:e}");
}

/// What lives hardly ever see and nothing can make them see is refused, and so is splitting where several go at once.
#[test]
fn what_cannot_be_made_to_begin_is_refused() {
    let refused = |text: &str, method: Option<RareMethod>| {
        let system = system(text);
        estimate(&system, &plan(&system), Rare::Outage(JourneyId::new(0)), method, 0.1).unwrap_err()
    };
    let text = |mode: &str| {
        format!(
            "topology: t
failures: {{down: {{every: 20000h, {mode}}}}}
domains: {{unit: {{count: 3, fails: [down]}}}}
journeys: {{serve: {{needs: {{any: [unit]}}}}}}"
        )
    };
    let long = "repair: {mixture: [{p: 99.9%, exponential: 1h}, {p: 0.1%, exponential: 2000h}]}";
    assert!(matches!(refused(&text(long), None), NotEstimated::Unseen(Unseen::Repair(_))));
    let fixed = text("repair: {exponential: 1h}").replace("20000h", "{fixed: 20000h}");
    assert!(matches!(refused(&fixed, None), NotEstimated::Unseen(Unseen::Failure(_))));
    let several = text("repair: {exponential: 1h}, beta: 0.001%");
    assert_eq!(refused(&several, Some(RareMethod::Splitting)), NotEstimated::Leaps);
}

/// What hardly ever happens is named where it is no failure that could be made to happen: estimates without it were 2 to
/// 40 times too low.
#[test]
fn improbable_ways_are_refused() {
    let refused = |rest: &str| {
        let system = system(&format!("topology: t\n{rest}"));
        let rare = Rare::Outage(JourneyId::new(0));
        let plan = Plan { replications: 20_000, ..system.plan(1) };
        match estimate(&system, &plan, rare, None, 0.1) {
            Err(NotEstimated::Unseen(unseen)) => unseen,
            other => panic!("{rest}: {other:?}"),
        }
    };
    let work = refused(
        "failures: {d: {every: 50000h, repair: {exponential: 30m}}}
domains: {a: {fails: [d]}, b: {fails: [d]}}
calendar: {w: {every: 90d, order: [b], each: 5m}}
journeys: {j: {needs: {any: [a, b]}}}",
    );
    assert!(matches!(work, Unseen::Work(_)), "{work:?}");
    let preventive = refused(
        "failures:
  d: {every: 50000h, repair: {exponential: 10m}, preventive: {age: 2000h, takes: 30s}}
  e: {every: 50000h, repair: {exponential: 10m}}
domains: {a: {fails: [d]}, b: {fails: [e]}}
journeys: {j: {needs: {any: [a, b]}}}",
    );
    assert!(matches!(preventive, Unseen::Work(_)), "{preventive:?}");
    let change = refused(
        "failures:
  ch: {every: {fixed: 14d}, change: 15%, repair: {exponential: 1m}}
  b:  {every: 1000000h, repair: {exponential: 20m}}
domains: {a: {count: 2, fails: [ch]}, b: {fails: [b]}}
journeys: {j: {needs: {any: [a-0, a-1, b]}}}",
    );
    assert!(matches!(change, Unseen::Shock(_)), "{change:?}");
    let failed_work = refused(
        "failures: {d: {every: 500000h, repair: {exponential: 1m}}}
domains: {a: {fails: [d]}, b: {}}
calendar:
  w: {every: 90d, at: 5d, order: [b], each: 15m, fails: {p: 0.05%, repair: {exponential: 1500h}}}
journeys: {j: {needs: {any: [a, b]}}}",
    );
    assert!(matches!(failed_work, Unseen::FailedWork(_)), "{failed_work:?}");
    let coverage = refused(
        "failures:
  d: {every: 2000h, repair: {exponential: 1h}}
  b: {every: 50000h, repair: {exponential: 5h}}
services:
  s:
    replicas: 2
    standby: {active: 1}
    coverage: {p: 99.99%, switch: {exponential: 5m}, else: {exponential: 2000h}}
    fails: [d]
domains: {b: {fails: [b]}}
journeys: {j: {needs: {any: [s, b]}}}",
    );
    assert!(matches!(coverage, Unseen::Failover(_)), "{coverage:?}");
    let start = refused(
        "failures: {d: {every: 500h, repair: {exponential: 0.1h}}}
domains:
  a:
    count: 2
    fails: [d]
    start: {mixture: [{p: 99.99%, exponential: 1m}, {p: 0.01%, exponential: 5000h}]}
journeys: {j: {needs: {at_least: 1, of: [a]}}}",
    );
    assert!(matches!(start, Unseen::Start(_)), "{start:?}");
    let masked = refused(
        "failures:
  x: {every: 300h, repair: {exponential: 2m}}
  b: {every: 200000h, repair: {exponential: 1h}}
domains: {x: {fails: [x]}, b: {count: 2, fails: [b]}}
services: {m: {needs: [{need: x, masked_by: {cache: 30m}}, {any: [b-0, b-1]}]}}
journeys: {j: {needs: m}}",
    );
    assert!(matches!(masked, Unseen::Masked(_)), "{masked:?}");
    let burst = refused(
        "failures: {d: {every: 2000000h, repair: {fixed: 6m}, burst: {p: 100%, within: 10h, peers: 2}}}
domains: {p: {}, a: {in: p, count: 3, fails: [d]}}
journeys: {j: {needs: {at_least: 2, of: [a]}}}",
    );
    assert!(matches!(burst, Unseen::Burst(_)), "{burst:?}");
    // A way that takes little of all time may take most of what meets another failure.
    let repair = refused(
        "failures:
  d: {every: 10000h, repair: {mixture: [{p: 99.99%, exponential: 1h}, {p: 0.01%, exponential: 400h}]}}
domains: {a: {count: 4, fails: [d]}}
journeys: {j: {needs: {any: [a]}}}",
    );
    assert!(matches!(repair, Unseen::Repair(_)), "{repair:?}");
    let hours = refused(
        "failures: {w: {every: 1000000h, repair: {exponential: 5s}, crew: c}}
crews: {c: {size: 9, hours: [Mon 00:10-24:00, Tue-Sun 00:00-24:00]}}
domains: {a: {count: 2, fails: [w]}}
journeys: {j: {needs: {any: [a]}}}",
    );
    assert!(matches!(hours, Unseen::Hours(_)), "{hours:?}");
    let often_burst = refused(
        "failures:
  d: {every: 20000h, repair: {exponential: 1m}, burst: {p: 50%, within: 3000h, peers: 2}}
domains: {p: {}, a: {in: p, count: 3, fails: [d]}}
journeys: {j: {needs: {at_least: 2, of: [a]}}}",
    );
    assert!(matches!(often_burst, Unseen::Burst(_)), "{often_burst:?}");
    let overload = refused(
        "failures: {d: {every: 20000h, repair: {exponential: 1m}}}
services:
  s: {replicas: 3, serves: 2, fails: [d], start: 10s, demand: {peak: 250, each: 100, beyond: crash, within: 100h}}
journeys: {j: {needs: s}}",
    );
    assert!(matches!(overload, Unseen::Overload(_)), "{overload:?}");
    let escalated = refused(
        "failures: {d: {every: 500000h, repair: {exponential: 1m}, crew: c}}
crews:
  c: {size: 9, response: {exponential: 5m}, escalates: {after: 45m, to: vendor}}
  vendor: {size: 9, response: {exponential: 400h}}
domains: {a: {count: 2, fails: [d]}}
journeys: {j: {needs: {any: [a]}}}",
    );
    assert!(matches!(escalated, Unseen::Repair(_)), "{escalated:?}");
    let frequent_below = refused(
        "failures:
  blip: {every: 30000h, repair: {exponential: 6m}}
  long: {every: 300000000h, repair: {exponential: 10h}}
domains: {x: {fails: [blip, long]}}
services: {m: {needs: {need: x, masked_by: {cache: 50m}}}}
journeys: {j: {needs: m}}",
    );
    assert!(matches!(frequent_below, Unseen::Masked(_)), "{frequent_below:?}");
    let placed = refused(
        "platform: {profile: kubernetes, nodes: n, control_plane: cp}
failures: {d: {every: 200000h, repair: {exponential: 50h}}}
domains: {n: {count: 3, fails: [d]}}
services:
  cp: {on: n-0, controller: static}
  s: {replicas: 2, serves: any, on: n, controller: deployment}
journeys: {j: {needs: s}}",
    );
    assert!(matches!(placed, Unseen::Placement(_)), "{placed:?}");
    // Each node has a pair of ways with the one that is so many further on: no two count for the same.
    let pairs: Vec<String> = (0..70)
        .flat_map(|node| {
            (1..=node % 70)
                .map(move |other| format!("{{any: [n-{node}, n-{}]}}", (node + other) % 70))
        })
        .collect();
    let roles = refused(&format!(
        "failures: {{d: {{every: 1000000h, repair: {{exponential: 1h}}}}}}
domains: {{n: {{count: 70, fails: [d]}}}}
journeys: {{j: {{needs: [{}]}}}}",
        pairs.join(", ")
    ));
    assert!(matches!(roles, Unseen::Roles(_)), "{roles:?}");
    // Work that keeps a crew, and lasts much longer than what waits for it.
    let crew_work = refused(
        "failures: {w: {every: 1000000h, repair: {exponential: 1s}, crew: c}}
crews: {c: {size: 1}}
domains: {a: {count: 2, fails: [w]}, b: {}}
calendar: {k: {every: 1y, at: 10d, order: [b], each: [{work: 20m, crew: c}]}}
journeys: {j: {needs: {any: [a]}}}",
    );
    assert!(matches!(crew_work, Unseen::Work(_)), "{crew_work:?}");
    let young = refused(
        "failures: {d: {every: {weibull: {shape: 0.2, mean: 500y}}, repair: {exponential: 1h}}}
domains: {a: {count: 2, fails: [d]}}
journeys: {j: {needs: {at_least: 1, of: [a]}}}",
    );
    assert!(matches!(young, Unseen::Failure(_)), "{young:?}");
}

/// Planned work that begins while something has failed is seen often enough where failures last long: thirteen works a
/// year, each of which finds the other unit down or sees it fail, beside two units that fail together.
#[test]
fn work_that_is_seen_while_something_has_failed_is_estimated() {
    let system = system(
        "topology: t
failures: {d: {every: 5000h, repair: {exponential: 10h}}}
domains: {a: {fails: [d]}, b: {fails: [d]}}
calendar: {w: {every: 28d, at: 5d, order: [b], each: 30m}}
journeys: {j: {needs: {any: [a, b]}}}",
    );
    let rare = Rare::Outage(JourneyId::new(0));
    let importance = Some(RareMethod::ImportanceSampling);
    let found = estimate(&system, &plan(&system), rare, importance, 0.05).unwrap();
    let down = 10.0 / 5_010.0;
    // From the beginning on all is up, which the pairs lack for 10 h.
    let pairs = 2.0 * (8_760.0 - 10.0) / 5_010.0 * down;
    let works = 13.0 * (down + (1.0 - down) * 0.5 / 5_000.0);
    check("per year", found.per_year, works + pairs);
}

#[test]
fn weights_of_a_fleet_are_one_in_the_mean() {
    let system = system(
        "topology: t
horizon: 10y
failures:
  reboot: {every: 182.5d, repair: {lognormal: {median: 6m, p95: 60m}}}
  gone:   {every: 20y, repair: {lognormal: {median: 24h, p95: 96h}}, wipes: true}
  dead:   {afr: 1.5%, repair: 0s, wipes: true}
domains:
  rack:  {level: rack, count: 9}
  node:  {level: node, in: rack, count: 4, fails: [reboot, gone]}
  drive: {level: drive, in: node, count: 12, fails: [dead]}
data:
  objects:
    held_by: drive
    erasure: {data: 6, parity: 3}
    groups: 2000
    spread: {by: rack}
    size: 8TB
    rebuild: {detect: 30m, bandwidth: 200MB/s, per: {node: 500MB/s}, unreadable: 0.1%}",
    );
    let plan = Plan { replications: 1_536, ..system.plan(1) };
    let importance = Some(RareMethod::ImportanceSampling);
    let found = estimate(&system, &plan, Rare::Loss(DataId::new(0)), importance, 0.15).unwrap();
    assert!(found.hits.mean < 1e-4, "{found:?}");
    assert!(found.hits.relative_half_width().unwrap() < 0.15, "{found:?}");
}

/// A fleet from the patterns, whose loss is so rare that first terms are enough: four shards of a group are lost within
/// a rebuild of one another, or three are and the first rebuild to end finds a sector of this group unreadable.
#[test]
fn a_fleet_loses_data_as_rarely_as_its_formula_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/topologies/patterns/rs-6-3-fleet.yaml");
    let system = System::compile(Topology::from_path(path).unwrap());
    let plan = Plan { precision: Some(0.1), replications: 100_000, ..system.plan(1) };
    let report = system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.run.precision.as_ref().unwrap().is_met());
    let answer = report.data[0].nearer().unwrap();
    assert!(answer.by.contains("in a twin whose failures come"), "{}", answer.by);

    let (groups, drives, unreadable) = (2_000.0, 432.0, 0.001);
    let per_hour = -(1.0_f64 - 0.015).ln() / 8_760.0;
    let rebuild = 0.5 + 8e12 / 200e6 / 3_600.0;
    let down = per_hour * rebuild;
    // Of nine shards there are 126 fours and 84 threes; the last to be lost is any of them.
    let fours = groups * 126.0 * 4.0 * per_hour * down.powi(3) * 8_760.0;
    let threes = groups * 84.0 * 3.0 * per_hour * down.powi(2) * 8_760.0;
    // An unreadable sector is in one of the groups of its drive.
    let of_drive = groups * 9.0 / drives;
    let exact = fours + threes * unreadable / of_drive;
    assert!(exact < 1e-9, "{exact:e}");
    let p_loss = answer.p_loss.unwrap();
    check("probability of a loss", p_loss, exact);
    // What lives did not see is not told as their bound.
    let told = to_text(&report).split_whitespace().collect::<Vec<_>>().join(" ");
    let nines = [1.0, groups].map(|parts| format!("{:.1}", -(p_loss.mean / parts).log10()));
    let durability = format!(
        ") a year for all 2,000 groups together, {} for a given one if they are lost one at a time; mean time",
        nines[1]
    );
    assert!(told.contains(&format!("durability: {} nines (", nines[0])), "{told}");
    assert!(told.contains(&durability) && told.contains("no life of this run saw it"), "{told}");
}

/// Independent units: the long run is a product, whatever the law of repairs.
#[test]
fn repairs_need_no_exponential_law() {
    let system = system(
        "topology: t
failures: {down: {every: 3000h, repair: {lognormal: {mean: 3h, sigma: 1}}}}
domains: {unit: {count: 3, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}}}",
    );
    let usual = plan(&system);
    let plan = Plan { warm_up: SimSpan::from_seconds(30.0 * 86_400.0), ..usual };
    let down: f64 = 3.0 / 3003.0;
    for method in BOTH {
        let rare = Rare::Outage(JourneyId::new(0));
        let found = estimate(&system, &plan, rare, Some(method), 0.1).unwrap();
        check("share", found.share, down.powi(3));
        check("per year", found.per_year, 3.0 * down.powi(2) * 8760.0 / 3003.0);
    }
}

/// What ages is made to fail more often by its hazard, and tried again with what is left of its life. Of independent
/// units that have been renewed ten times, the long run is a product.
#[test]
fn lives_may_age() {
    for law in [
        "{weibull: {shape: 3, mean: 2000h}}",
        "{weibull: {shape: 0.7, mean: 2000h}}",
        "{gamma: {shape: 2, mean: 2000h}}",
        "{lognormal: {mean: 2000h, sigma: 1}}",
        "{uniform: [0h, 4000h]}",
    ] {
        let system = system(&format!(
            "topology: t
failures: {{down: {{every: {law}, repair: {{gamma: {{shape: 2, mean: 30h}}}}}}}}
domains: {{unit: {{count: 4, fails: [down]}}}}
journeys: {{serve: {{needs: {{at_least: 2, of: [unit]}}}}}}"
        ));
        let usual = plan(&system);
        let plan = Plan { warm_up: SimSpan::from_seconds(20_000.0 * 3600.0), ..usual };
        let down: f64 = 30.0 / 2030.0;
        let up = 1.0 - down;
        let share = 4.0 * down.powi(3) * up + down.powi(4);
        // Two of the others are down when one fails.
        let per_year = 4.0 * 3.0 * down.powi(2) * up * 8760.0 / 2030.0;
        for method in BOTH {
            let rare = Rare::Outage(JourneyId::new(0));
            let found = estimate(&system, &plan, rare, Some(method), 0.05).unwrap();
            check(&format!("{law} by {method}: share"), found.share, share);
            check(&format!("{law} by {method}: per year"), found.per_year, per_year);
        }
    }
}

/// The method that needs fewer events is chosen, and the other one checks it.
#[test]
fn the_method_is_chosen_by_a_trial() {
    let system = system(
        "topology: t
failures: {down: {every: 500h, repair: {fixed: 10h}}}
domains: {unit: {count: 3, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}}}",
    );
    let rare = Rare::Outage(JourneyId::new(0));
    let plan = plan(&system);
    let found = estimate(&system, &plan, rare, None, 0.05).unwrap();
    let Chosen::Fewer(times) = found.chosen else { panic!("{found:?}") };
    assert!(times >= 1.0, "the other one would need {times} times the events");
    let other = found.other.expect("the other one says something too");
    assert_ne!(other.method, found.method);
    for (what, one, other) in
        [("share", found.share, other.share), ("hits", found.hits, other.hits)]
    {
        let sigmas = one.sigmas_apart(other).unwrap();
        assert!(sigmas.abs() < MOST_SIGMAS, "{what}: {one:?} and {other:?}");
    }
}

/// In a twin whose failures come more often, the method and plain lives both see what a chain says of it.
#[test]
fn a_twin_is_what_its_chain_says() {
    let of = |every: f64| {
        system(&format!(
            "topology: t
failures: {{down: {{every: {every}h, repair: {{exponential: 10h}}}}}}
domains: {{unit: {{count: 4, fails: [down]}}}}
journeys: {{serve: {{needs: {{at_least: 2, of: [unit]}}}}}}"
        ))
    };
    let journey = JourneyId::new(0);
    let system = of(10_000.0);
    let plan = plan(&system);
    for method in BOTH {
        let found = estimate(&system, &plan, Rare::Outage(journey), Some(method), 0.1).unwrap();
        assert!(found.hits.mean < 1e-3, "{found:?}");
        let mut goes_on = |_| ControlFlow::Continue(());
        let twin = system.twin(&plan, Rare::Outage(journey), &found, &mut goes_on).unwrap();
        let twin = twin.expect("plain lives see it where failures come more often");
        assert!(twin.times > 3.0 && twin.sigmas() < MOST_SIGMAS, "{twin:?}");
        let exact = of(10_000.0 / twin.times).exact_outages(&plan, journey, MOST_STATES_BESIDE);
        let exact = exact.unwrap().within.unwrap().share.value;
        for (what, told) in [("method", twin.estimated), ("plain", twin.plain)] {
            let sigmas = told.sigmas_from(exact).unwrap();
            assert!(sigmas.abs() < MOST_SIGMAS, "{what}: {told:?} is {sigmas:.1} sigma from it");
            assert!(told.relative_half_width().unwrap() < 0.5, "{what}: {told:?}");
        }
        // What is wrong by half is not let through.
        let wrong = Twin {
            estimated: twin.estimated,
            plain: Estimate { mean: 3.0 * exact, ..twin.plain },
            ..twin
        };
        let refused = found.checked_by(Some(wrong));
        assert!(matches!(refused, Err(NotEstimated::TwinDisagrees { .. })), "{refused:?}");
        assert_eq!(found.checked_by(Some(twin)).unwrap().twin, Some(twin));
    }
}

/// A precision is that of what is named: what is easily known does not end a run, and what is not asked for does not
/// prolong it.
#[test]
fn a_precision_is_about_what_is_named() {
    let system = system(
        "topology: t
failures:
  down: {every: 100h, repair: {exponential: 1h}}
  dead: {every: 20000h, repair: {exponential: 10h}, wipes: true}
domains: {unit: {count: 4, fails: [dead]}, gate: {count: 1, fails: [down]}}
journeys: {serve: {needs: gate}}
data: {objects: {held_by: unit, copies: 3, groups: 4, size: 1TB, rebuild: {bandwidth: 100MB/s}}}",
    );
    let told = |of: &[&str]| {
        let of = of.iter().map(|name| (*name).to_owned()).collect();
        let plan = Plan { replications: 100_000, precision: Some(0.1), of, ..system.plan(1) };
        system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(()))
    };
    for (of, is_nearer, method) in [
        (&[][..], false, "plain"),
        (&["serve"], false, "plain"),
        (&["objects"], true, "plain+importance"),
        (&["objects", "serve"], true, "plain+importance"),
    ] {
        let report = told(of).unwrap();
        assert_eq!(report.data[0].is_second_nearer, is_nearer, "{of:?}");
        assert_eq!(report.run.method.name(), method, "{of:?}");
        let precision = report.run.precision.unwrap();
        assert!(precision.is_met(), "{of:?}: {precision:?}");
    }
    let error = told(&["objekts"]).unwrap_err().to_string();
    assert_eq!(error, "there is no journey or data class `objekts`; there are serve, objects");
}

/// Any of four units, repaired by this law.
fn any_of_four(repair: &str) -> System {
    system(&format!(
        "topology: t
failures: {{down: {{every: 2000h, repair: {repair}}}}}
domains: {{unit: {{count: 4, fails: [down]}}}}
journeys: {{serve: {{needs: {{any: [unit]}}}}}}"
    ))
}

/// Where no exact answer is wanted, what lives would not reach is estimated, even if it has one.
#[test]
fn what_has_an_exact_answer_can_be_estimated_too() {
    let system = any_of_four("{exponential: 10h}");
    let told = |is_exact_allowed| {
        let plan = Plan { precision: Some(0.1), is_exact_allowed, ..system.plan(1) };
        let report =
            system.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(())).unwrap();
        let answer = report.journeys[0].nearer().cloned().unwrap();
        let mean = answer.mean_outage_s.unwrap();
        let text = to_text(&report).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("the simulation saw none"), "{text}");
        assert!(text.contains("; outages last 2h "), "{text}");
        // Four repairs of ten hours are under way; before any of them is over nothing can change.
        assert!((mean.mean / 9_000.0 - 1.0).abs() < 0.1, "{mean:?}");
        (report.run.method.name(), answer.unavailability.unwrap(), answer.estimated)
    };
    let (by, exact, how) = told(true);
    assert_eq!((by.as_str(), exact.std_error, how), ("plain+markov", Some(0.0), None));
    let (by, estimated, how) = told(false);
    assert_eq!(by, "plain+importance");
    check("estimated", estimated, exact.mean);
    let how = how.unwrap();
    assert!(how.effective > 100.0 && (how.near, how.far) == (1, 4), "{how:?}");
}

/// Other assumptions are as near as what is asked: exactly where nothing is simulated.
#[test]
fn assumptions_are_told_as_nearly_as_what_is_asked() {
    let stated = any_of_four("{exponential: 10h}");
    let exactly = |system: &System| {
        let plan = system.plan(1);
        Ok::<_, Infallible>(system.report_answers(&plan, system.exact_answers(&plan, 1_000)))
    };
    let Ok(stressed) = stated.stress(exactly);
    assert_eq!(stressed.len(), 2, "its repairs are exponential already");
    let fixed = any_of_four("10h");
    let by_hand = fixed.exact_answers(&fixed.plan(1), 1_000);
    let by_hand = by_hand.journeys[0].as_ref().unwrap().unavailability;
    assert_eq!((stressed[0].assumption, stressed[0].journeys[0].1), ("repairs fixed", by_hand));
    // As something that is rare, by estimates of the same.
    let plan = Plan { precision: Some(0.1), replications: 2_000, ..stated.plan(1) };
    let mut goes_on = |_: &Progress| ControlFlow::Continue(());
    let rarely = stated.stress(|other| other.simulate_to_precision(&plan, &mut goes_on)).unwrap();
    assert_eq!(rarely[0].journeys[0].1, by_hand);
}

/// The same bytes on any number of threads.
#[test]
fn threads_change_no_digit() {
    let system = system(
        "topology: t
failures: {down: {every: 2000h, repair: {fixed: 2h}}}
domains: {unit: {count: 4, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}}}",
    );
    let of = |threads| {
        let plan = Plan { replications: 600, threads: Some(threads), ..system.plan(3) };
        system.estimate_rare(&plan, Rare::Outage(JourneyId::new(0)), None, 1e-9, &mut |_| {
            ControlFlow::Continue(())
        })
    };
    assert_eq!(format!("{:?}", of(1).unwrap()), format!("{:?}", of(3).unwrap()));
}

/// Systems that one rare failure takes down, and several frequent ones as well, in parts of the same size.
const ONE_OR_SEVERAL: [&str; 6] = [
    // In series with two of three.
    "topology: t
failures: {seldom: {every: 2000y, repair: {exponential: 2h}}, often: {every: 5000h, repair: {exponential: 1h}}}
domains: {gate: {fails: [seldom]}, unit: {count: 3, fails: [often]}}
journeys: {serve: {needs: [gate, {at_least: 2, of: [unit]}]}}",
    // Two of four in one rack.
    "topology: t
failures: {seldom: {every: 5000y, repair: {exponential: 4h}}, often: {every: 1000h, repair: {exponential: 3h}}}
domains: {rack: {fails: [seldom]}, node: {in: rack, count: 4, fails: [often]}}
journeys: {serve: {needs: {at_least: 2, of: [node]}}}",
    // Two that are enough, each by a failure of its own, and one of two.
    "topology: t
failures:
  lb: {every: 5000y, repair: {exponential: 4h}}
  dns: {every: 3000y, repair: {exponential: 1h}}
  often: {every: 6000h, repair: {exponential: 2h}}
domains: {lb: {fails: [lb]}, dns: {fails: [dns]}, unit: {count: 2, fails: [often]}}
journeys: {serve: {needs: [lb, dns, {any: [unit]}]}}",
    // A replica on a host of its own, before a quorum over three; processes fail too.
    "topology: t
failures:
  host: {every: 3000y, repair: {exponential: 3h}}
  often: {every: 6000h, repair: {exponential: 1h}}
  crash: {every: 4000h, repair: {exponential: 10m}}
domains: {edge: {fails: [host]}, node: {count: 3, fails: [often]}}
services:
  front: {on: edge}
  db: {replicas: 3, on: node, serves: majority, fails: [crash]}
journeys: {serve: {needs: [front, db]}}",
    // All wait for one person.
    "topology: t
failures:
  seldom: {every: 1500y, repair: {exponential: 2h}, crew: one}
  often: {every: 5000h, repair: {exponential: 1h}, crew: one}
crews: {one: {size: 1}}
domains: {gate: {fails: [seldom]}, unit: {count: 3, fails: [often]}}
journeys: {serve: {needs: [gate, {at_least: 2, of: [unit]}]}}",
    // Nothing but single failures, and units of one failure mode that are enough and that are not.
    "topology: t
failures: {down: {every: 1000y, repair: {exponential: 20h}}, seldom: {every: 3000y, repair: {exponential: 1h}}}
domains: {unit: {count: 2, fails: [down]}, gate: {count: 2, fails: [seldom, down]}}
journeys: {serve: {needs: [{all: [gate]}, {any: [unit]}]}}",
];

#[test]
fn one_failure_or_several_are_as_rare_as_chains_say() {
    for text in ONE_OR_SEVERAL {
        check_outages(text, 1e-4, &[RareMethod::ImportanceSampling]);
    }
}

/// Of 50 runs of such a system, as many intervals hold the exact answer as must.
#[test]
fn intervals_of_one_failure_or_several_hold_what_they_say() {
    const RUNS: u64 = 50;
    let system = system(ONE_OR_SEVERAL[0]);
    let journey = JourneyId::new(0);
    let holds_share = holds_exact(&system, journey);
    let mut held = 0;
    for seed in 1..=RUNS {
        let plan = Plan { replications: 512, ..system.plan(seed) };
        let importance = Some(RareMethod::ImportanceSampling);
        let found = estimate(&system, &plan, Rare::Outage(journey), importance, 1e-9).unwrap();
        held += holds_share(found.share);
    }
    assert!(held as f64 >= fewest(RUNS), "only {held} of {RUNS} hold it");
}

/// Nothing is made up where the method does not reach: somebody takes over from the one that serves, which takes time.
#[test]
fn what_cannot_be_estimated_is_refused() {
    let led = system(
        "topology: t
failures: {down: {every: 100y, repair: 1h}}
services: {db: {replicas: 2, leader: {failover: 30s}, fails: [down]}}
journeys: {serve: {needs: db}}",
    );
    let rare = Rare::Outage(JourneyId::new(0));
    let found = estimate(&led, &Plan { replications: 256, ..led.plan(1) }, rare, None, 0.1);
    assert_eq!(found, Err(NotEstimated::OneFailureIsEnough(Some(UnitId::new(0)))));
    let plan =
        Plan { precision: Some(0.1), is_exact_allowed: false, replications: 2_048, ..led.plan(1) };
    let report = led.simulate_to_precision(&plan, &mut |_| ControlFlow::Continue(())).unwrap();
    let text = to_text(&report).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("a single failure of db-0 is enough where others take over"), "{text}");
    // Splitting makes no single failure more frequent.
    let single = system(ONE_OR_SEVERAL[0]);
    let splitting = Some(RareMethod::Splitting);
    assert_eq!(estimate(&single, &plan, rare, splitting, 0.1), Err(NotEstimated::Leaps));
}

/// Whether an interval holds the exact share of time in which a journey is down: one or nothing.
fn holds_exact(system: &System, journey: JourneyId) -> impl Fn(Estimate) -> u64 {
    let exact = system.exact_outages(&system.plan(1), journey, MOST_STATES_BESIDE).unwrap();
    let exact = exact.within.unwrap().share.value;
    move |estimate: Estimate| holds(estimate, exact)
}

/// Whether an interval holds a number: one or nothing.
fn holds(estimate: Estimate, exact: f64) -> u64 {
    let (low, high) = estimate.ci95.unwrap();
    u64::from((low..=high).contains(&exact))
}

fn unavailability(report: &Report) -> Estimate {
    let JourneyMeasures::Window(estimates, _) = &report.journeys[0].measures else {
        panic!("a run of equal lives")
    };
    estimates.unavailability
}

/// The fewest of so many intervals of 95 % that must hold what they are of: four standard deviations of a binomial law
/// below the mean; more than that is not too many.
pub(crate) fn fewest(runs: u64) -> f64 {
    let runs = runs as f64;
    0.95 * runs - 4.0 * (runs * 0.95 * 0.05).sqrt()
}

/// Of 200 runs with 200 seeds, as many intervals of 95 % hold the exact answer as must: plain ones, and those of
/// importance sampling.
#[test]
fn intervals_hold_what_they_say() {
    const RUNS: u64 = 200;
    let system = system(
        "topology: t
failures: {down: {every: 300h, repair: {exponential: 6h}}}
domains: {unit: {count: 3, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}}}",
    );
    let journey = JourneyId::new(0);
    let holds_share = holds_exact(&system, journey);
    let exact = system.exact_outages(&system.plan(1), journey, MOST_STATES_BESIDE).unwrap();
    let within = exact.within.unwrap();
    let mean_s = within.share.value * system.plan(1).horizon.seconds() / within.count.value;
    let (mut plain, mut weighted, mut lengths) = (0, 0, 0);
    for seed in 1..=RUNS {
        // Enough lives for a mean to be normal: outages are far between.
        let plan = Plan { replications: 16_000, ..system.plan(seed) };
        let report = system.simulate(&plan).unwrap();
        plain += holds_share(unavailability(&report));
        let plan = Plan { replications: 256, ..plan };
        // So narrow that only the lives end it.
        let found = system.estimate_rare(&plan, Rare::Outage(journey), None, 1e-9, &mut |_| {
            ControlFlow::Continue(())
        });
        let found = found.unwrap().unwrap();
        weighted += holds_share(found.share);
        lengths += holds(found.mean_s.unwrap(), mean_s);
    }
    let fewest = fewest(RUNS);
    assert!(plain as f64 >= fewest, "only {plain} plain intervals of {RUNS} hold it");
    assert!(weighted as f64 >= fewest, "only {weighted} weighted intervals of {RUNS} hold it");
    assert!(lengths as f64 >= fewest, "only {lengths} intervals of {RUNS} hold the mean outage");
}

/// A run that ends when its interval is narrow enough looks at it again and again, which makes intervals a little too
/// narrow: not by so much that it shows in 200 runs of a handful of looks.
#[test]
fn intervals_of_runs_that_end_by_precision_hold_what_they_say() {
    const RUNS: u64 = 200;
    let system = system(
        "topology: t
failures: {down: {every: 1000h, repair: {exponential: 20h}}}
domains: {unit: {count: 2, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}}}",
    );
    let journey = JourneyId::new(0);
    let holds = holds_exact(&system, journey);
    let (mut plain, mut rare, mut lives) = (0, [0, 0], [0, 0, 0]);
    for seed in 1..=RUNS {
        let most = Plan { replications: 1_000_000, ..system.plan(seed) };
        let report = system.simulate(&Plan { precision: Some(0.15), ..most.clone() }).unwrap();
        plain += holds(unavailability(&report));
        lives[2] += report.run.replications;
        for (index, method) in BOTH.into_iter().enumerate() {
            let found = estimate(&system, &most, Rare::Outage(journey), Some(method), 0.15);
            let found = found.unwrap();
            rare[index] += holds(found.share);
            lives[index] += found.lives;
        }
    }
    let looks = lives.map(|lives| lives / RUNS);
    let fewest = fewest(RUNS);
    for (what, held) in [("plain", plain), ("importance", rare[0]), ("splitting", rare[1])] {
        assert!(held as f64 >= fewest, "only {held} {what} intervals of {RUNS} hold it: {looks:?}");
    }
}
