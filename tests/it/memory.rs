//! Nodes that run out of memory: who is evicted and when, and who is killed for using more than it may.

use ninefold::spec::{Act, Action, Memory};
use ninefold::{System, Topology};

use crate::platform::{at, crash, life, seconds, system, workload};

const GIB: u64 = 1 << 30;

/// One node with 8 GiB, and four services that use all of it.
const NODE: &str = "
domains: {node: {level: node, count: 1, fails: []}}
services:
  web: {on: node, fails: [], start: 5s}
  urgent: {on: node, fails: [], start: 5s}
  best: {on: node, fails: [], start: 5s}
  hog: {on: node, fails: [], start: 5s}
journeys: {browse: {needs: web}}
";

/// A service requests and uses so many GiB, is so urgent, and is killed beyond its limit if it has one.
fn says(topology: &mut Topology, name: &str, [requests, uses]: [u64; 2], priority: i64) {
    let workload = workload(topology, name);
    workload.requests = if requests == 0 { vec![0, 0] } else { vec![100, requests * GIB] };
    workload.memory = Some(Memory { uses: uses * GIB, limit: u64::MAX });
    workload.priority = priority;
}

fn uses(topology: &Topology, second: u64, name: &str, gib: u64) -> Act {
    let service = topology.services.iter().position(|service| service.name == name).unwrap();
    at(second, Action::Use { service, memory: gib * GIB })
}

/// What web requests, and what hog uses.
fn crowds(topology: &mut Topology, web: u64, hog: u64) {
    says(topology, "web", [web, 1], 0);
    says(topology, "urgent", [1, 2], 10);
    says(topology, "best", [0, 3], 0);
    says(topology, "hog", [1, hog], 0);
}

/// What changes in a life after everything was found where it is.
#[track_caller]
fn check(system: &System, lines: &[&str]) {
    let mut life = life(system);
    let is_found = |line: &String| line.contains(" on ") && line.ends_with(" up");
    let found = life.iter().take_while(|line| is_found(line)).count();
    life.drain(..found);
    assert_eq!(life, lines);
}

#[test]
fn what_requests_nothing_goes_first_and_stays_away_while_memory_is_short() {
    // All of 8 GiB until web uses one more at 100 s. Of those that use more than they request best is not
    // urgent and 3 GiB over. For 300 s it is not placed; then it is too much again.
    let system = system(NODE, |topology| {
        crowds(topology, 1, 2);
        topology.script = vec![uses(topology, 100, "web", 2), uses(topology, 500, "web", 1)];
    });
    check(
        &system,
        &[
            "100 best-0 pending down",
            "400 best-0 preparing on node-0 down",
            "401 best-0 on node-0 down",
            "401 best-0 pending down",
            "701 best-0 preparing on node-0 down",
            "702 best-0 on node-0 down",
            "707 best-0 on node-0 up",
        ],
    );
}

#[test]
fn what_uses_no_more_than_it_requests_stays() {
    // Web uses 4 GiB, and requests them. Best goes, and there is enough until urgent uses 5 GiB: then hog
    // goes, which is less urgent, and at last urgent itself; both request something and may come back.
    let system = system(NODE, |topology| {
        crowds(topology, 4, 2);
        topology.horizon = seconds(201);
        topology.script = vec![uses(topology, 100, "web", 4), uses(topology, 200, "urgent", 5)];
    });
    check(
        &system,
        &[
            "100 best-0 pending down",
            "200 hog-0 preparing on node-0 down",
            "200 urgent-0 preparing on node-0 down",
        ],
    );
}

#[test]
fn of_those_as_urgent_the_greedier_goes() {
    // Hog is 5 GiB beyond what it requests, best 3 GiB; urgent is 3 GiB beyond it and stays.
    let system = system(NODE, |topology| {
        crowds(topology, 1, 1);
        topology.horizon = seconds(101);
        topology.script = vec![uses(topology, 50, "urgent", 4), uses(topology, 100, "hog", 6)];
    });
    check(&system, &["50 best-0 pending down", "100 hog-0 preparing on node-0 down"]);
}

#[test]
fn nodes_look_every_so_often_and_evict_one_at_a_time() {
    let system = system(NODE, |topology| {
        topology.platform.as_mut().unwrap().timers.memory_every = seconds(10);
        for (name, uses) in [("web", 1), ("urgent", 1), ("best", 1), ("hog", 1)] {
            says(topology, name, [0, uses], 0);
        }
        topology.script = vec![uses(topology, 100, "web", 8)];
    });
    let lines = life(&system);
    let gone: Vec<(u64, &str)> = lines
        .iter()
        .filter(|line| line.ends_with("-0 pending down"))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(second, what)| (second.parse().unwrap(), what))
        .collect();
    // Web alone is 7 GiB over the others; without it there is enough.
    assert_eq!(gone[0].1, "web-0 pending down");
    assert!((100..=110).contains(&gone[0].0), "{gone:?}");
    // It comes back after five minutes, and is too much again.
    assert!((gone[0].0 + 301..=gone[0].0 + 311).contains(&gone[1].0), "{gone:?}");
}

#[test]
fn a_lost_node_is_too_much_for_the_memory_of_the_others_whatever_budgets_say() {
    // Each of two nodes has room for what both replicas request, and memory for one.
    let text = "
domains: {node: {level: node, count: 2, fails: []}}
services: {db: {replicas: 2, on: node, serves: any, fails: [], start: 5s}}
journeys: {browse: {needs: db}}
";
    let system = system(text, |topology| {
        says(topology, "db", [2, 5], 0);
        workload(topology, "db").min_available = 2;
        topology.horizon = seconds(460);
        topology.script = vec![crash(topology, 100, "node-0")];
    });
    // Both are as far beyond what they request: of those the first goes, and comes back at once.
    let lines = life(&system);
    let evicted =
        lines.iter().filter(|line| line.starts_with("451 ") && line.contains("preparing"));
    assert_eq!(evicted.count(), 1, "{lines:?}");
    assert!(lines.contains(&"451 db-0 preparing on node-1 down".to_owned()), "{lines:?}");
    assert!(lines.contains(&"452 db-0 preparing on node-1 down".to_owned()), "{lines:?}");
}

#[test]
fn what_uses_more_than_it_may_is_killed_and_waits_longer_each_time() {
    let system = system(NODE, |topology| {
        says(topology, "web", [1, 1], 0);
        workload(topology, "web").memory = Some(Memory { uses: GIB, limit: 2 * GIB });
        topology.script = vec![uses(topology, 100, "web", 3), uses(topology, 300, "web", 2)];
    });
    // It starts in 5 s, and waits before that for 0 s, 10 s, 20 s, 40 s, 80 s and 160 s.
    check(
        &system,
        &[
            "100 web-0 on node-0 down",
            "100 browse DOWN",
            "105 web-0 on node-0 up",
            "105 web-0 on node-0 down",
            "120 web-0 on node-0 up",
            "120 web-0 on node-0 down",
            "145 web-0 on node-0 up",
            "145 web-0 on node-0 down",
            "190 web-0 on node-0 up",
            "190 web-0 on node-0 down",
            "275 web-0 on node-0 up",
            "275 web-0 on node-0 down",
            "440 web-0 on node-0 up",
            "440 browse UP",
        ],
    );
}

#[test]
fn what_requests_nothing_makes_a_node_fuller_in_the_eyes_of_its_scheduler() {
    // As if each requested 100m of 4 processors and 200 MiB of 8 GiB: three of them are as much as what
    // said requests, so that the fourth goes there.
    let text = "
domains: {node: {level: node, count: 2, fails: []}}
services:
  said: {on: node, fails: []}
  a: {on: node, fails: []}
  b: {on: node, fails: []}
  c: {on: node, fails: []}
  d: {on: node, fails: []}
journeys: {browse: {needs: said}}
";
    let system = system(text, |topology| {
        for name in ["a", "b", "c", "d"] {
            says(topology, name, [0, 1], 0);
        }
        workload(topology, "said").requests = vec![200, 400 << 20];
        topology.script = vec![uses(topology, 1, "a", 1)];
    });
    let lines = life(&system);
    let node = |name: &str| {
        let line = lines.iter().find(|line| line.starts_with(&format!("1 {name}-0 on ")));
        line.unwrap().split(' ').nth(3).unwrap()
    };
    let beside = ["a", "b", "c", "d"].iter().filter(|name| node(name) == node("said")).count();
    assert_eq!(beside, 1, "{lines:?}");
}
