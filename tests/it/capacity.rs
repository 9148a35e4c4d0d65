//! `ninefold capacity`: what has no place, and why.

use std::process::{Command, Output};

use ninefold::report::{CapacityReport, capacity, capacity_to_json, capacity_to_text};
use ninefold::{System, Topology};

fn of(text: &str) -> CapacityReport {
    let topology = Topology::from_str("capacity", text).unwrap_or_else(|error| panic!("{error}"));
    let system = System::compile(topology);
    capacity(system.topology(), system.model(), 1).unwrap()
}

/// For each case, the nodes that are lost and the replicas that have no place.
fn pending(report: &CapacityReport) -> Vec<(String, String)> {
    let case = |case: &ninefold::report::Case| {
        let replicas: Vec<&str> =
            case.pending.iter().map(|pending| pending.replica.as_str()).collect();
        (case.lost.join(" "), replicas.join(" "))
    };
    report.cases.iter().map(case).collect()
}

const THREE_NODES: &str = "topology: three
platform: kubernetes
failures: {down: {every: 1y, repair: 1h}}
domains: {node: {level: node, count: 3, capacity: {cpu: 4, memory: 8GiB}, fails: [down]}}
services:
  agent: {on: node, controller: daemonset, serves: any, requests: {cpu: 500m, memory: 1GiB}}
  db: {replicas: 3, on: node, serves: majority, controller: statefulset, requests: {memory: 3GiB}}
journeys: {write: {needs: db}}
";

#[test]
fn what_fits_on_what_is_left_has_a_place() {
    // 7 GiB of each node are left beside its agent: two of 3 GiB fit.
    let report = of(THREE_NODES);
    let found = pending(&report);
    assert_eq!(found.len(), 1 + 3 + 3);
    assert!(found[..4].iter().all(|(_, replicas)| replicas.is_empty()), "{found:?}");
    for (lost, replicas) in &found[4..] {
        assert_eq!(replicas.split(' ').count(), 1, "without {lost}: {replicas}");
    }
    // With all nodes one of each stands on each, beside the agent.
    for node in &report.cases[0].nodes {
        assert_eq!(node.resources[0], (500, Some(4000)), "{node:?}");
        assert_eq!(node.resources[1], (4 << 30, Some(8 << 30)), "{node:?}");
    }
    let text = capacity_to_text(&report);
    assert!(text.contains("4.0GiB of 8.0GiB (50 %)"), "{text}");
    assert!(text.contains("one node lost: in 0 of 3 cases something has no place"), "{text}");
    assert!(text.contains("two nodes lost: in 3 of 3 cases something has no place"), "{text}");
    assert!(text.contains("is pending: node-2 has too little memory"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&capacity_to_json(&report)).unwrap();
    assert_eq!(json["schema"], "ninefold-capacity/1");
    let pending = &json["cases"][4]["pending"][0];
    assert_eq!(pending["obstacles"][0]["reason"], "has too little memory");
}

#[test]
fn those_that_must_be_apart_are_pending_when_a_node_is_lost() {
    let report =
        of(&THREE_NODES.replace("requests: {memory: 3GiB}", "spread: {by: node, rule: required}"));
    let found = pending(&report);
    assert!(found[0].1.is_empty(), "{found:?}");
    for (lost, replicas) in &found[1..4] {
        assert_eq!(replicas.split(' ').count(), 1, "without {lost}: {replicas}");
    }
    let text = capacity_to_text(&report);
    assert!(text.contains("is pending: each node left has one too close (spread)"), "{text}");
}

#[test]
fn too_many_pairs_are_not_tried() {
    let report = of(&THREE_NODES.replace("count: 3", "count: 120"));
    assert_eq!((report.pairs, report.cases.len()), (7_140, 121));
    let text = capacity_to_text(&report);
    assert!(text.contains("two nodes lost: 7,140 pairs are too many to try"), "{text}");
}

fn ninefold(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ninefold")).args(arguments).output().unwrap()
}

#[test]
fn where_nothing_is_placed_there_is_no_answer() {
    let output = ninefold(&["capacity", "topologies/workload-a.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no service of `workload-a` has a controller"), "{told}");
    let output = ninefold(&["capacity", "topologies/seed-thanos-as-written.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("one node lost: in 3 of 3 cases something has no place"), "{told}");
}

#[test]
fn what_has_its_volume_on_lost_nodes_has_no_place() {
    let with = |replicas: usize| {
        let volume = format!(
            "controller: statefulset, volume: {{network: {{size: 1GB, replicas: {replicas}}}}},"
        );
        of(&THREE_NODES.replace("controller: statefulset,", &volume))
    };
    let without_a_node = |replicas: usize| {
        let report = with(replicas);
        let found = pending(&report);
        let lines = capacity_to_text(&report);
        (found[1..4].iter().filter(|(_, pending)| !pending.is_empty()).count(), lines)
    };
    // Each of the three has its only replica on a node of its own.
    let (cases, text) = without_a_node(1);
    assert_eq!(cases, 3, "{text}");
    assert!(text.contains("cannot reach a replica of its volume"), "{text}");
    assert_eq!(without_a_node(2).0, 0);
}

/// Replicas that request nothing find a place anywhere, and use memory all the same.
#[test]
fn what_requests_nothing_uses_memory() {
    let text = "topology: greedy
platform: kubernetes
failures: {down: {every: 1y, repair: 1h}}
domains: {node: {level: node, count: 3, capacity: {memory: 8GiB}, fails: [down]}}
services:
  agent: {on: node, controller: daemonset, serves: any, uses: {memory: 1GiB}}
  db: {replicas: 3, on: node, serves: majority, controller: statefulset, requests: {memory: 3GiB}, uses: {memory: 3GiB}}
  job: {replicas: 3, on: node, serves: any, controller: deployment, uses: {memory: 2GiB}}
journeys: {write: {needs: db}}
";
    let report = of(text);
    let found = pending(&report);
    assert!(found[..4].iter().all(|(_, replicas)| replicas.is_empty()), "{found:?}");
    // 1 + 3 + 2 GiB on each of three. On two nodes there are 2 + 9 + 6 GiB of 16 GiB.
    let used = |case: usize| -> Vec<u64> {
        report.cases[case]
            .nodes
            .iter()
            .map(|node| node.memory.as_ref().unwrap().used >> 30)
            .collect()
    };
    assert_eq!(used(0), [6, 6, 6]);
    for case in 1..4 {
        assert_eq!(used(case).iter().sum::<u64>(), 17, "{case}");
        let short = report.cases[case].nodes.iter().filter(|node| {
            node.memory
                .as_ref()
                .unwrap()
                .evicts
                .as_ref()
                .is_some_and(|path| path.starts_with("job-"))
        });
        assert_eq!(short.count(), 1, "{case}");
    }
    let text = capacity_to_text(&report);
    assert!(text.contains("6.0GiB of 8.0GiB (75 %)"), "{text}");
    let wanted =
        "one node lost: in 0 of 3 cases something has no place, in 3 a node runs out of memory";
    assert!(text.contains(wanted), "{text}");
    assert!(text.contains("are used; it evicts job-"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&capacity_to_json(&report)).unwrap();
    assert_eq!(json["cases"][0]["nodes"][0]["memory"]["room"], 8_u64 << 30);
}
