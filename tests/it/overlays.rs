//! Files laid over one another, and defaults under entries.

use std::fs;

use ninefold::spec::{Repair, SpecError, Stage};
use ninefold::{Topology, dist::Law};

const BASE: &str = "topology: base
failures:
  down: {every: 90d, repair: {uniform: [1h, 2h]}}
  rare: {every: 9y, repair: 1d}
domains:
  node: {count: 3, fails: [down, rare]}
  spare: {fails: [rare]}
journeys:
  serve: {needs: {any: [node]}, slo: {availability: 99.9%}}
  wait: {needs: spare}
";

/// A topology of a base and what lies over it, in a folder of their own.
fn laid_over(base: &str, over: &str) -> Result<Topology, SpecError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("base.yaml"), base).unwrap();
    let path = folder.path().join("over.yaml");
    fs::write(&path, format!("topology: over\nextends: base.yaml\n{over}")).unwrap();
    Topology::from_path(path)
}

#[track_caller]
fn fine(over: &str) -> Topology {
    laid_over(BASE, over).unwrap_or_else(|error| panic!("{error}"))
}

/// A task of one stage that nobody is needed for.
fn stages(law: Law) -> Vec<Stage> {
    vec![Stage { law, crew: None, people: 1 }]
}

#[test]
fn what_is_not_mentioned_stays() {
    let topology = fine("");
    assert_eq!(topology.name, "over");
    assert_eq!(topology.units.len(), 4);
    assert_eq!(topology.journeys[0].slo.availability, Some(0.999));
}

#[test]
fn maps_merge_and_everything_else_replaces() {
    let topology = fine("domains: {node: {count: 2, fails: [rare]}, more: {}}\n");
    let paths: Vec<&str> = topology.units.iter().map(|unit| unit.path.as_str()).collect();
    assert_eq!(paths, ["node-0", "node-1", "spare", "more"]);
    assert_eq!(topology.units[0].modes, [1], "the list replaces the list");
    let topology = fine("journeys: {serve: {slo: {rto: 5m}}}\n");
    let slo = &topology.journeys[0].slo;
    assert!(slo.availability == Some(0.999) && slo.rto.is_some(), "the objectives merge");
}

#[test]
fn a_law_or_an_expression_is_one_value() {
    let topology = fine("failures: {down: {repair: {fixed: 5m}}}\n");
    assert_eq!(topology.modes[0].repair, Repair::After(stages(Law::fixed(300.0).unwrap())));
    let topology = fine("failures: {down: {repair: {uniform: [1h, 3h]}}}\n");
    assert_eq!(
        topology.modes[0].repair,
        Repair::After(stages(Law::uniform(3_600.0, 10_800.0).unwrap()))
    );
    fine("journeys: {serve: {needs: {at_least: 2, of: [node]}}}\n");
    fine("journeys: {serve: {needs: {all: [node]}}}\n");
}

#[test]
fn nothing_removes() {
    let topology = fine("journeys: {wait:, serve: {slo: null}}\ndomains: {spare: ~}\n");
    assert_eq!(topology.journeys.len(), 1);
    assert_eq!(topology.journeys[0].slo.availability, None);
    assert_eq!(topology.units.len(), 3);
}

/// What a refused topology is told, without the folder.
fn refusal(base: &str, over: &str) -> String {
    match laid_over(base, over) {
        Err(SpecError::Refused(findings)) => findings
            .iter()
            .map(|finding| {
                let place = findings.place(finding);
                let place = place.rsplit('/').next().unwrap();
                format!("{place} {}: {}\n", finding.code.name(), finding.message)
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_finding_points_into_the_file_where_the_value_is() {
    let base = BASE.replace("every: 9y", "every: 9");
    assert_eq!(
        refusal(&base, "domains: {node: {fails: [dwon]}}\n"),
        "over.yaml:3:26 unknown-name: there is no failure mode `dwon`\n\
         base.yaml:4:17 bad-quantity: `9` has no unit\n"
    );
}

#[test]
fn files_that_cannot_be_extended_are_named() {
    let text = "topology: t\nextends: no-such-file.yaml\njourneys: {}\n";
    let error = Topology::from_str("t.yaml", text).unwrap_err().to_string();
    assert!(error.contains("t.yaml:2:10") && error.contains("no-such-file.yaml"), "{error}");
    let error = Topology::from_str("t.yaml", "topology: t\nextends: [a]\n").unwrap_err();
    assert!(error.to_string().contains("`extends` names one file"), "{error}");
    assert_eq!(
        refusal("extends: over.yaml\n", ""),
        "base.yaml:1:10 cycle: `over.yaml` extends itself by way of others\n"
    );
}

#[test]
fn defaults_complete_entries_and_yield_to_what_they_say() {
    let topology = Topology::from_str(
        "t",
        "topology: t
failures: {a: {every: 1y, repair: restart}, b: {every: 2y, repair: 1h}}
defaults: {services: {fails: [a], start: {uniform: [1s, 3s]}, replicas: 2, serves: any}}
services:
  one: {}
  two: {fails: [b], start: {fixed: 9s}}
  three: {fails: [], start: 0s, replicas: 1}
journeys: {j: {needs: [one, two, three]}}
",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let unit = |path: &str| topology.units.iter().find(|unit| unit.path == path).unwrap();
    assert_eq!(unit("one-1").modes, [0]);
    assert_eq!(unit("one-1").start, stages(Law::uniform(1.0, 3.0).unwrap()));
    assert_eq!(unit("two-1").modes, [1]);
    assert_eq!(unit("two-1").start, stages(Law::fixed(9.0).unwrap()));
    assert_eq!(unit("three-0").modes, [] as [usize; 0]);
    assert_eq!(unit("three-0").start, []);
    assert_eq!(topology.units.len(), 5);
}

#[test]
fn defaults_of_an_extended_file_reach_the_entries_of_the_other() {
    let base = format!("{BASE}defaults: {{domains: {{start: 5m}}}}\n");
    let topology = laid_over(&base, "domains: {late: {}}\n").unwrap();
    let late = topology.units.iter().find(|unit| unit.path == "late").unwrap();
    assert_eq!(late.start, stages(Law::fixed(300.0).unwrap()));
}

/// A budget that one file states and another makes impossible: what is warned of is what can be mended.
#[test]
fn a_warning_points_into_the_file_that_is_read() {
    let base = "topology: base
platform: kubernetes
failures: {down: {every: 90d, repair: 1h}}
domains: {node: {count: 3, fails: [down]}}
services:
  web: {replicas: 3, on: node, controller: deployment, budget: {min_available: 1}, serves: any}
journeys: {browse: {needs: web}}
";
    let warnings = |over: &str| laid_over(base, over).unwrap().warnings.render(false);
    assert_eq!(warnings(""), "");
    let told = warnings("services: {web: {replicas: 1}}\n");
    assert!(told.contains("over.yaml:3:28\n") && told.contains("base.yaml:6:80\n"), "{told}");
}

#[test]
fn anchors_and_merge_keys_of_yaml_work_too() {
    let topology = Topology::from_str(
        "t",
        "topology: t
failures: {a: &slow {every: 1y, repair: &long 1d}, b: {<<: *slow, repair: 1h}, c: {every: 2y, repair: *long}}
domains: {x: {fails: [a, b, c]}}
journeys: {j: {needs: x}}
",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let repair = |mode: usize| topology.modes[mode].repair.clone();
    assert_eq!(repair(0), repair(2));
    assert_eq!(repair(1), Repair::After(stages(Law::fixed(3_600.0).unwrap())));
    assert_eq!(topology.modes[1].every, topology.modes[0].every);
}
