//! The general engine beside hand-written programs that do the same work and nothing else.
//!
//! First, rounds of each program in turn, so that a busy machine slows all of them alike: the ratio to
//! the reference of its own round, the median over rounds, and what each program found, as a hash, so
//! that a faster program with another answer is seen at once. Then criterion, for the record.
//!
//! With `--test`, as in `cargo bench -- --test`, everything runs once and small.

#![allow(missing_docs, reason = "criterion's macros make functions without")]
#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

mod limit;
mod workload;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use limit::drives::Drives;
use limit::monitoring::{OneClockAUnit, Superposed};
use limit::two_of_three::ArrayOfThree;
use ninefold::engine::{Observer, Replication, Replicator};
use ninefold::units::{SimSpan, SimTime};
use ninefold::{System, Topology};
use workload::{Count, EveryEvent, Outcome, SEED, fleet, system};

const ROUNDS: usize = 7;
/// Hours of a life of the second workload.
const HUNDRED_YEARS: f64 = 876_000.0;

/// Something that lives lives.
type Program<'a> = (&'static str, Box<dyn FnMut() -> Outcome + 'a>);

/// The general engine on a topology.
fn general<'a>(system: &'a System) -> Box<dyn FnMut() -> Outcome + 'a> {
    engine(system, |count: &Count| count.outcome)
}

/// The general engine, with every event lived through.
fn every_event<'a>(system: &'a System) -> Box<dyn FnMut() -> Outcome + 'a> {
    engine(system, |every: &EveryEvent| every.0.outcome)
}

fn engine<'a, O: Observer + Default + 'a>(
    system: &'a System,
    outcome: impl Fn(&O) -> Outcome + 'a,
) -> Box<dyn FnMut() -> Outcome + 'a> {
    let horizon = SimTime::ZERO + system.topology().horizon;
    let mut replicator = Replicator::new(system.model(), horizon, u64::MAX);
    let mut number = 0;
    Box::new(move || {
        let mut observer = O::default();
        let which = Replication { seed: SEED, number };
        let events = replicator.replicate(which, &mut observer).expect("the workload ends").events;
        number += 1;
        Outcome { events, ..outcome(&observer) }
    })
}

fn first_workload(system: &System) -> Vec<Program<'_>> {
    let (mut reference, mut superposed) = (OneClockAUnit::new(SEED), Superposed::new(SEED));
    vec![
        ("hand-written, one clock a unit", Box::new(move || reference.life())),
        ("hand-written, superposed clocks", Box::new(move || superposed.life())),
        ("ninefold, every event", every_event(system)),
        ("ninefold", general(system)),
    ]
}

fn second_workload(system: &System) -> Vec<Program<'_>> {
    let mut reference = ArrayOfThree::new(SEED);
    vec![
        ("hand-written, array of three", Box::new(move || reference.life(HUNDRED_YEARS))),
        ("ninefold, every event", every_event(system)),
        ("ninefold", general(system)),
    ]
}

/// The fleet of drives, in which nodes are down for so many times as long.
fn drives(factor: u32) -> System {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/workload-b.yaml");
    let text = format!(
        "topology: drives\nextends: {}\nfailures: {{node-crash: {{repair: {{lognormal: \
         {{median: {}m, sigma: 1}}}}}}}}\n",
        path.display(),
        15 * factor
    );
    System::compile(Topology::from_str("drives", &text).unwrap_or_else(|error| panic!("{error}")))
}

/// The same fleet with so many nodes in a rack, drives in a node, and groups.
fn large_fleet(nodes: u32, drives: u32, groups: u32) -> System {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/workload-b.yaml");
    let text = format!(
        "topology: drives\nextends: {}\ndomains: {{node: {{count: {nodes}}}, drive: {{count: {drives}}}}}\n\
         data: {{objects: {{groups: {groups}}}}}\n",
        path.display()
    );
    System::compile(Topology::from_str("drives", &text).unwrap_or_else(|error| panic!("{error}")))
}

/// A fleet with groups of shards; nodes are down for so many times longer than usual.
fn third_workload(system: &System, factor: f64) -> Vec<Program<'_>> {
    let mut reference = Drives::new(SEED, factor);
    vec![
        ("hand-written, every group at every event", Box::new(move || reference.life())),
        ("ninefold, every event", every_event(system)),
        ("ninefold", general(system)),
    ]
}

/// Rounds of all programs in turn, of so many lives each; ratios are of times for an event.
fn compare(title: &str, mut programs: Vec<Program<'_>>, lives: &[u32], rounds: usize) {
    println!("\n{title}: {rounds} rounds in turn, median");
    let mut seconds = vec![Vec::new(); programs.len()];
    let mut outcomes = vec![Outcome::default(); programs.len()];
    for _ in 0..rounds {
        for (index, (_, program)) in programs.iter_mut().enumerate() {
            let start = Instant::now();
            for _ in 0..lives[index] {
                add(&mut outcomes[index], &black_box(program()));
            }
            seconds[index].push(start.elapsed().as_secs_f64());
        }
    }
    let per_event = |index: usize| {
        let events = outcomes[index].events as f64 / rounds as f64;
        seconds[index].iter().map(move |seconds| seconds * 1e9 / events)
    };
    for (index, (name, _)) in programs.iter().enumerate() {
        let outcome = &outcomes[index];
        let total = f64::from(lives[index]) * rounds as f64;
        let life = median(seconds[index].iter().copied()) / f64::from(lives[index]);
        println!(
            "  {name:34} {:9.2} us a life {:6.2} ns an event   ratio {:.2}   \
             {:.0} events, {:.4} and {:.4} outages, {:.2} h down a life, hash {:08x}",
            life * 1e6,
            median(per_event(index)),
            median(per_event(index).zip(per_event(0)).map(|(own, first)| own / first)),
            outcome.events as f64 / total,
            outcome.outages[0] as f64 / total,
            outcome.outages[1] as f64 / total,
            outcome.down_hours[0] / total,
            hash(outcome),
        );
    }
}

/// Adds a life to what others came to.
fn add(total: &mut Outcome, life: &Outcome) {
    total.events += life.events;
    for journey in 0..2 {
        total.down_hours[journey] += life.down_hours[journey];
        total.outages[journey] += life.outages[journey];
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a program found, in eight digits.
fn hash(outcome: &Outcome) -> u32 {
    let text = format!("{outcome:?}");
    ninefold::rng::hash_text(&text) as u32
}

fn comparisons(is_test: bool) {
    let (lives, rounds) = if is_test { (20, 1) } else { (2_000, ROUNDS) };
    let (monitoring, three) =
        (system("topologies/workload-a.yaml"), system("topologies/workload-c.yaml"));
    let equal = [lives; 4];
    compare("monitoring (topologies/workload-a.yaml)", first_workload(&monitoring), &equal, rounds);
    compare("two of three (topologies/workload-c.yaml)", second_workload(&three), &equal, rounds);
    let (fleet_of_drives, slow) = (drives(1), drives(40));
    let few = [(lives / 200).max(1); 3];
    let title = "drives (topologies/workload-b.yaml; hours in which groups could not be read)";
    compare(title, third_workload(&fleet_of_drives, 1.0), &few, rounds);
    compare("drives, nodes 40 times as long down", third_workload(&slow, 40.0), &few, rounds);
    // The large one takes longer to compile than a test should.
    let large = if is_test { (20, 12, 100_000) } else { (168, 12, 1_000_000) };
    let sizes = [(2, 10, 10_000), large];
    let fleets = sizes.map(|(nodes, drives, groups)| large_fleet(nodes, drives, groups));
    let names = ["1,000 drives, 10,000 groups", "many drives and groups"];
    let programs = names.into_iter().zip(&fleets).map(|(name, fleet)| (name, general(fleet)));
    compare("drives, ten groups each", programs.collect(), &[lives / 20 + 1, 1], rounds);
    let sizes = [10, 100, 1_000, 10_000, 100_000];
    let fleets = sizes.map(fleet);
    let names = ["10 units", "100 units", "1,000 units", "10,000 units", "100,000 units"];
    let programs = names.into_iter().zip(&fleets).map(|(name, fleet)| (name, general(fleet)));
    let lives: Vec<u32> = sizes.iter().map(|units| (lives * 100 / *units as u32).max(1)).collect();
    compare("units that fail nine times a year", programs.collect(), &lives, rounds);
}

fn criterion_benches(criterion: &mut Criterion) {
    let (monitoring, three) =
        (system("topologies/workload-a.yaml"), system("topologies/workload-c.yaml"));
    let programs =
        [("monitoring", first_workload(&monitoring)), ("two-of-three", second_workload(&three))];
    for (workload, programs) in programs {
        let mut group = criterion.benchmark_group(workload);
        for (name, mut program) in programs {
            group.bench_function(name, |bencher| bencher.iter(&mut program));
        }
        group.finish();
    }
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/workload-a.yaml"),
    );
    let text = text.unwrap_or_else(|error| panic!("{error}"));
    criterion.bench_function("parse, check and compile workload-a", |bencher| {
        bencher.iter(|| {
            System::compile(Topology::from_str("a", black_box(&text)).expect("it is fine"))
        });
    });
    let plan = ninefold::Plan {
        replications: 64,
        horizon: SimSpan::from_seconds(3.15e7),
        ..monitoring.plan(SEED)
    };
    criterion.bench_function("simulate 64 lives of a year of workload-a", |bencher| {
        bencher.iter(|| monitoring.simulate(&plan).expect("it can be run"));
    });
}

criterion_group!(benches, criterion_benches);

fn main() {
    let has = |wanted| std::env::args().any(|argument| argument == wanted);
    // Under a profiler, one program alone.
    if !has("--profile-time") {
        comparisons(has("--test"));
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
