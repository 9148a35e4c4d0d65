//! The examples of the documentation run: each fragment is laid over a system that has every name
//! that the examples use.

use std::fs;

use ninefold::{Plan, System, Topology};

/// Everything that examples refer to and do not declare themselves.
const SURROUNDINGS: &str = "topology: surroundings
failures:
  crash: {every: 30d, repair: 5m}
  pod-crash: {every: 30d, repair: restart}
  node-transient: {every: 182d, repair: 6m, cuts_power: true}
  rack-power: {every: 20y, repair: 6h}
  site-outage: {every: 5y, repair: 1h}
  switch-failure: {every: 12y, repair: 1h}
domains:
  rack: {count: 2}
  node: {in: rack, count: 3, start: 2m, fails: [node-transient]}
  drive: {in: node, count: 2}
services:
  web: {replicas: 2, on: node, serves: any, start: 20s, fails: [pod-crash]}
  db: {replicas: 3, on: node, operations: {write: majority, read: any}, start: 1m}
  store: {on: drive, erasure: {data: 4, parity: 2}}
  cache: {fails: [crash]}
crews: {ops: {size: 2}}
journeys: {use: {needs: {any: [node]}}}
";

/// The YAML of a page, block by block.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    for part in page.split("```yaml\n").skip(1) {
        blocks.push(part.split("```").next().unwrap().to_owned());
    }
    blocks
}

fn has(block: &str, section: &str) -> bool {
    block.lines().any(|line| line.starts_with(&format!("{section}:")))
}

#[test]
fn every_example_of_the_language_is_simulated() {
    let page = fs::read_to_string("docs/topology.md").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut simulated = 0;
    for block in blocks(&page) {
        // Files that are not there, and the list of sections, which are empty.
        if has(&block, "extends") {
            continue;
        }
        fs::write(folder.path().join("surroundings.yaml"), SURROUNDINGS).unwrap();
        let path = folder.path().join("example.yaml");
        let name = if has(&block, "topology") { "" } else { "topology: example\n" };
        fs::write(&path, format!("{name}extends: surroundings.yaml\n{block}")).unwrap();
        let topology =
            Topology::from_path(&path).unwrap_or_else(|error| panic!("{error}\n{block}"));
        if has(&block, "data") {
            let about_it = topology.warnings.iter().map(|finding| topology.warnings.place(finding));
            let about_it: Vec<String> =
                about_it.filter(|place| place.contains("example.yaml")).collect();
            assert!(about_it.is_empty(), "{}\n{block}", topology.warnings);
        }
        let system = System::compile(topology);
        let report = system.simulate(&Plan { replications: 20, ..system.plan(1) }).unwrap();
        assert!(report.run.events > 0, "{block}");
        simulated += 1;
    }
    assert!(simulated >= 8, "only {simulated} examples");
}

/// Every law of the table, as it is written there.
#[test]
fn every_law_of_the_table_can_be_written_so() {
    let page = fs::read_to_string("docs/topology.md").unwrap();
    let table = page.lines().filter(|line| line.starts_with("| ") && line.contains("`{"));
    let mut laws = 0;
    for line in table {
        let written = line.split("| `").nth(1).unwrap().split('`').next().unwrap();
        let text = format!(
            "topology: law\nfailures: {{f: {{every: 10d, repair: {written}}}}}\n\
             services: {{s: {{fails: [f]}}}}\njourneys: {{j: {{needs: s}}}}"
        );
        Topology::from_str("law", &text).unwrap_or_else(|error| panic!("{error}"));
        laws += 1;
    }
    assert!(laws >= 10, "only {laws} laws");
}
