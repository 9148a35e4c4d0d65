//! Same seed, any number of threads: the same bytes. And luck belongs to units.

use ninefold::measure::Outage;
use ninefold::report::to_json;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};

const SEED: u64 = 7;

fn system(path: &str) -> System {
    System::compile(Topology::from_path(path).unwrap_or_else(|error| panic!("{error}")))
}

/// With aging clocks, crews, leaders and starts, each of which keeps something for later.
const EVERYTHING: &str = "topology: everything
horizon: 2y
failures:
  wear: {every: {weibull: {shape: 2, mean: 60d}}, repair: {gamma: {shape: 2, mean: 5h}}, crew: ops}
  power: {every: 40d, repair: {uniform: [1h, 9h]}, clock: always}
  crash: {every: 9d, repair: restart}
  bug: {every: 40d, shock: 60%, repair: [{detect: 5m}, {mend: {exponential: 2h}, crew: day, people: 2}]}
  burst: {every: 30d, burst: {p: 50%, within: 1h, peers: 1}, repair: 3h, crew: kinds}
  old: {every: {weibull: {shape: 3, mean: 90d}}, preventive: {age: 60d, takes: 1h}, repair: 9h, crew: kinds}
crews:
  ops: {size: 1, response: {lognormal: {median: 15m, p95: 2h}}}
  day: {size: 2, hours: business, picks: preemptive}
  kinds: {picks: random-kind, response: {exponential: 6m, per: kind}}
calendar: {patch: {every: 30d, at: 9h, order: [node], each: {uniform: [5m, 15m]}, gap: 5m}}
domains:
  zone: {count: 2, fails: [power]}
  node: {in: zone, count: 2, fails: [wear], start: 5m}
services:
  db: {replicas: 3, on: node, serves: majority, leader: {failover: {uniform: [5s, 10s]}}, fails: [crash], start: 1m}
  web: {replicas: 2, on: node, serves: any, needs: db, fails: [crash], start: 20s}
  warm: {replicas: 3, on: node, standby: {active: 1, dormancy: 30%}, coverage: {p: 80%, switch: 1m}, failback: 9s, fails: [bug, burst]}
  loaded: {replicas: 3, on: node, serves: any, load: {1: 3, 2: 1.5}, fails: [old], needs: [{need: warm, kind: crashes_with}]}
journeys:
  read: {needs: web, slo: {availability: 99%, rto: 10m}}
  count: {needs: {at_least: 3, of: [node]}}
  more: {needs: [loaded, {need: warm, masked_by: 5m}], slo: {availability: 99%, during: business}}
";

#[test]
fn the_number_of_threads_changes_no_byte() {
    let everything = System::compile(Topology::from_str("everything", EVERYTHING).unwrap());
    let systems = [
        everything,
        system("topologies/seed-thanos-as-written.yaml"),
        system("topologies/workload-a.yaml"),
    ];
    for system in systems {
        let run = |threads, precision| {
            let plan = Plan {
                replications: 3_000,
                threads: Some(threads),
                precision,
                ..system.plan(SEED)
            };
            to_json(&system.simulate(&plan).unwrap())
        };
        for precision in [None, Some(0.2)] {
            let one = run(1, precision);
            for threads in [2, 7] {
                assert!(
                    run(threads, precision) == one,
                    "{} with {threads}",
                    system.topology().name
                );
            }
        }
    }
}

#[test]
fn another_seed_is_another_life() {
    let system = System::compile(Topology::from_str("everything", EVERYTHING).unwrap());
    let run =
        |seed| to_json(&system.simulate(&Plan { replications: 50, ..system.plan(seed) }).unwrap());
    assert_ne!(run(1), run(2));
    assert_eq!(run(1), run(1));
}

/// A precision stops after whole rounds, and the first so many lives are the same as without it.
#[test]
fn a_precision_stops_at_a_round_and_changes_nothing_before() {
    let system = system("topologies/patterns/single-node.yaml");
    let plan = Plan { replications: 100_000, precision: Some(0.1), ..system.plan(SEED) };
    let precise = system.simulate(&plan).unwrap();
    let lives = precise.run.replications;
    assert!(lives.is_multiple_of(1_024) && lives < 100_000, "{lives}");
    let fixed = system.simulate(&Plan { replications: lives, ..system.plan(SEED) }).unwrap();
    let bytes = |report| to_json(report).split("\"journeys\"").nth(1).unwrap().to_owned();
    assert_eq!(bytes(&precise), bytes(&fixed));
}

/// The outages of the first lives of a topology.
fn outages(text: &str) -> Vec<Vec<Outage>> {
    use ninefold::engine::{Replication, Replicator};
    use ninefold::measure::Recorder;
    use ninefold::run::LifeWatcher;
    let system = System::compile(Topology::from_str("luck", text).unwrap());
    let end = ninefold::units::SimTime::ZERO + SimSpan::from_seconds(3.15e8);
    let mut recorder = Recorder::new(
        system.model().journey_count(),
        system.topology().journeys.len(),
        ninefold::Until::Horizon,
    );
    let mut replicator = Replicator::new(system.model(), end, u64::MAX);
    (0..20)
        .map(|number| {
            let lived =
                replicator.replicate(Replication { seed: SEED, number }, &mut recorder).unwrap();
            let first = |outage: &Outage| outage.journey.index() == 0;
            recorder.take(number, 0, lived.end).outages.into_iter().filter(first).collect()
        })
        .collect()
}

/// Common random numbers: what is added has its own luck and leaves all other luck as it was.
#[test]
fn adding_a_unit_changes_no_other_draw() {
    let base = "topology: luck
failures: {down: {every: {weibull: {shape: 1.5, mean: 90d}}, repair: {lognormal: {median: 1h, p95: 9h}}}, gone: {every: 50d, repair: 3h}}
domains: {node: {count: 3, fails: [down, gone]}}
journeys: {j: {needs: {all: [node]}}}
";
    let before = outages(base);
    assert!(before.iter().map(Vec::len).sum::<usize>() > 1_000);
    let more = base
        .replace("domains: {", "domains: {aaa: {count: 5, fails: [gone, down]}, ")
        .replace("{all: [node]}}}", "{all: [node]}}, k: {needs: {any: [aaa]}}}");
    let times = |lives: &[Vec<Outage>]| -> Vec<_> {
        lives.iter().flatten().map(|outage| (outage.start, outage.end)).collect()
    };
    assert_eq!(times(&before), times(&outages(&more)));
}
