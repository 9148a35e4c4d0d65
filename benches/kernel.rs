//! One program of the engine alone, for a counter of instructions: `kernel WORKLOAD LIVES [every-event]`.
//!
//! `benches/instructions` runs it under valgrind with two numbers of lives; what the difference took
//! is the kernel, without start and end. Counts do not depend on how busy a machine is.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

mod workload;

use workload::{Count, EveryEvent, SEED, system};

use ninefold::engine::{Observer, Replication, Replicator};
use ninefold::units::SimTime;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let name = arguments.next().unwrap_or_else(|| "monitoring".to_owned());
    let lives = arguments.next().and_then(|lives| lives.parse().ok()).unwrap_or(1);
    let events = match arguments.next() {
        None => live(&name, lives, Count::default()),
        Some(_) => live(&name, lives, EveryEvent::default()),
    };
    println!("{events}");
}

/// Events of so many lives of a workload.
fn live(name: &str, lives: u64, mut observer: impl Observer) -> u64 {
    let system = match name.parse() {
        Ok(units) => workload::fleet(units),
        Err(_) => system(&format!("topologies/workload-{name}.yaml")),
    };
    let horizon = SimTime::ZERO + system.topology().horizon;
    let mut replicator = Replicator::new(system.model(), horizon, u64::MAX);
    let life = |number| {
        let which = Replication { seed: SEED, number };
        replicator.replicate(which, &mut observer).expect("the workload ends").events
    };
    (0..lives).map(life).sum()
}
