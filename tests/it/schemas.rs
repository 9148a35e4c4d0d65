//! The JSON Schemas that the program prints: what they must accept and what they must reject.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::Value;

use crate::mutations::filled_in;

fn ninefold(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_ninefold")).args(arguments).output().unwrap();
    assert!(output.status.code() < Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn validator(of: &str) -> Validator {
    let schema: Value = serde_json::from_slice(&ninefold(&["schema", of])).unwrap();
    assert!(jsonschema::draft7::meta::is_valid(&schema), "{of} is no schema");
    jsonschema::draft7::new(&schema).unwrap()
}

#[track_caller]
fn check_accepts(validator: &Validator, value: &Value, what: &str) {
    let problems: Vec<String> = validator
        .iter_errors(value)
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{what}: {problems:#?}");
}

fn from_yaml(text: &str) -> Value {
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    serde_json::to_value(yaml).unwrap()
}

/// Topology files of a folder and of those in it.
fn topologies(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(topologies(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_topology_is_accepted() {
    let validator = validator("topology");
    let scenarios = Path::new("topologies/scenarios");
    let mut shipped = topologies(Path::new("topologies"));
    shipped.retain(|path| !path.starts_with(scenarios));
    let cases = topologies(Path::new("tests/data/cases"));
    assert!(shipped.len() > 10 && cases.len() > 20);
    let whole = ["tests/data/classes.yaml", "tests/data/cluster.yaml"].map(PathBuf::from);
    for path in shipped.iter().chain(&cases).chain(&whole) {
        let text = filled_in(&fs::read_to_string(path).unwrap());
        check_accepts(&validator, &from_yaml(&text), &path.display().to_string());
    }
}

/// The examples of a document, in fences of YAML: those that are whole.
#[test]
fn every_example_of_the_documents_is_accepted() {
    let validator = validator("topology");
    let mut checked = 0;
    for path in ["docs/topology.md", "README.md"] {
        let text = fs::read_to_string(path).unwrap();
        for block in text.split("\n```yaml").skip(1) {
            let (name, body) = block.split_once('\n').unwrap();
            let body = body.split_once("\n```").unwrap().0;
            if name.trim() != "typo.yaml" {
                check_accepts(&validator, &from_yaml(body), &format!("{path}:\n{body}"));
                checked += 1;
            }
        }
    }
    assert!(checked > 8, "only {checked} examples found");
}

#[test]
fn the_catalog_is_accepted() {
    let failures = from_yaml(ninefold::spec::CATALOG);
    let topology = serde_json::json!({ "topology": "catalog", "failures": failures });
    check_accepts(&validator("topology"), &topology, "the catalog");
}

#[test]
fn every_scenario_and_its_result_is_accepted() {
    let (file, result) = (validator("scenario"), validator("scenario-result"));
    let shipped = topologies(Path::new("topologies/scenarios"));
    assert!(!shipped.is_empty());
    for path in &shipped {
        let name = path.display().to_string();
        check_accepts(&file, &from_yaml(&fs::read_to_string(path).unwrap()), &name);
        let json = ninefold(&["scenario", &name, "--format", "json", "-n", "3"]);
        check_accepts(&result, &serde_json::from_slice(&json).unwrap(), &name);
    }
    let text = fs::read_to_string("docs/scenarios.md").unwrap();
    for block in text.split("\n```yaml\n").skip(1) {
        let body = block.split_once("\n```").unwrap().0;
        check_accepts(&file, &from_yaml(body), body);
    }
    for text in [
        "{scenario: s, steps: [{crash: a, drain: b}]}",
        "{scenario: s, steps: [{at: 5, crash: a}]}",
        "{scenario: s, steps: [{crash: a, form: users}]}",
        "{scenario: s, expect: [{up: a, down: b, at: 1m}]}",
        "{scenario: s, expect: [{pending: a, at: 1m, because: tired}]}",
        "{scenarios: []}",
    ] {
        assert!(!file.is_valid(&from_yaml(text)), "accepted: {text}");
    }
}

#[test]
fn differences_cut_sets_and_capacities_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let shop = "topology: shop
failures: {gone: {every: 30d, repair: 2h, wipes: true}}
domains: {node: {count: 2, fails: [gone]}}
data: {orders: {held_by: node, copies: 2, rebuild: 1h}, other: {held_by: node, copies: 1}}
journeys: {buy: {needs: {any: [node]}}, see: {needs: node-0}}
";
    let (first, second) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
    fs::write(&first, shop).unwrap();
    let without = shop.replace(", see: {needs: node-0}", "").replace("30d", "20d");
    fs::write(&second, without).unwrap();
    let [first, second] = [first, second].map(|path| path.display().to_string());
    let check = |schema: &str, arguments: &[&str]| {
        let json: Value = serde_json::from_slice(&ninefold(arguments)).unwrap();
        check_accepts(&validator(schema), &json, &arguments.join(" "));
        json
    };
    let compare = ["compare", &first, &second, "--format", "json", "-n"];
    let mut difference = check("difference", &[&compare[..], &["60"]].concat());
    check("difference", &[&compare[..], &["2"]].concat());
    difference["journeys"]["buy"]["is"] = "perhaps".into();
    assert!(!validator("difference").is_valid(&difference));

    // Exact figures, none, and those of simulation.
    let led = "examples-led.yaml";
    let led = folder.path().join(led);
    let service = "services: {db: {replicas: 2, on: node, leader: {failover: 30s}}}\n";
    fs::write(&led, format!("{shop}{service}").replace("{any: [node]}", "db")).unwrap();
    let led = led.display().to_string();
    let by_mode = ["cuts", &first, "--by", "mode", "--format", "json"];
    let mut cuts = check("cuts", &by_mode);
    check("cuts", &["cuts", &first, &led, "--format", "json"]);
    check("cuts", &["cuts", &led, "-n", "20", "--format", "json"]);
    cuts["journeys"]["buy"]["orders"][0]["number"] = 1.into();
    assert!(!validator("cuts").is_valid(&cuts));

    let mut capacity =
        check("capacity", &["capacity", "tests/data/cluster.yaml", "--format", "json"]);
    check("capacity", &["capacity", "topologies/seed-addons-after.yaml", "--format", "json"]);
    capacity["cases"][0]["nodes"][0]["node"] = Value::Null;
    assert!(!validator("capacity").is_valid(&capacity));
}

#[test]
fn what_is_no_topology_is_rejected() {
    let validator = validator("topology");
    for text in [
        "{topology: t, servces: {}}",
        "{topology: t, horizon: 5}",
        "{topology: t, horizon: 5 fortnights}",
        "{topology: t, domains: {a: {cuont: 2}}}",
        "{topology: t, domains: {a: {count: two}}}",
        "{topology: t, failures: {a: {every: 3d, repair: soon}}}",
        "{topology: t, failures: {a: {every: {expnential: 3d}}}}",
        "{topology: t, failures: {a: {every: {weibull: {shape: 2, maen: 3d}}}}}",
        "{topology: t, failures: {a: {every: {fixed: 3d, uniform: [1d, 2d]}}}}",
        "{topology: t, failures: {a: {clock: sometimes}}}",
        "{topology: t, failures: {a: {shock: 0.3}}}",
        "{topology: t, failures: {a: {shock: 130%}}}",
        "{topology: t, failures: {a: {grade: guessed}}}",
        "{topology: t, services: {a: {serves: most}}}",
        "{topology: t, services: {a: {while_down: dead}}}",
        "{topology: t, services: {a: {needs: {need: b, kind: weak}}}}",
        "{topology: t, services: {a: {spread: {by: rack, rule: always}}}}",
        "{topology: t, crews: {a: {picks: lifo}}}",
        "{topology: t, crews: {a: {hours: nights}}}",
        "{topology: t, journeys: {a: {needs: {some: [b]}}}}",
        "{topology: t, journeys: {a: {needs: b, slo: {availability: 0.999}}}}",
        "{topology: t, defaults: {claims: {}}}",
        "{topology: t, data: {a: {held_by: b, size: 8T}}}",
        "{topology: t, data: {a: {held_by: b, medium: paper}}}",
        "{topology: t, data: {a: {held_by: b, placement: {copyset: many}}}}",
        "{topology: t, data: {a: {held_by: b, rebuild: {bandwidth: 50MB}}}}",
        "{topology: t, data: {a: {born: b, buffer: {horizon: 2h, drain: 1}}}}",
        "{topology: t, platform: nomad}",
        "{topology: t, platform: {profile: kubernetes, toleration: 300}}",
        "{topology: t, platform: {profile: kubernetes, clusters: [a]}}",
        "{topology: t, domains: {a: {capacity: {cpu: 2GiB}}}}",
        "{topology: t, services: {a: {controller: replicaset}}}",
        "{topology: t, services: {a: {requests: {memory: 4}}}}",
        "{topology: t, services: {a: {spread: [{by: node, skew: 0}]}}}",
        "{topology: t, services: {a: {budget: {min_available: 1.5}}}}",
        "{topology: t, calendar: {a: {drain: often}}}",
    ] {
        assert!(!validator.is_valid(&from_yaml(text)), "accepted: {text}");
    }
}

/// A system whose inputs can be drawn, with branches of a repair and hours that are promised.
const RANGED: &str = "topology: ranged
import: {down: server/transient}
failures: {fault: {every: 9d, repair: {mixture: [{p: 50%, as: soon, fixed: 1m}, {p: 50%, fixed: 9h}]}}}
services: {web: {fails: [down, fault]}, log: {fails: [down]}}
journeys:
  browse:
    needs: [web, {need: log, kind: soft}]
    slo: {availability: 99%, rto: {5m: 90%}, rpo: 1s, during: business}
";

/// What lives do not see.
const RARE: &str = "topology: rare
failures: {dead: {every: 5000h, repair: {exponential: 5h}, wipes: true}}
domains: {drive: {count: 3, fails: [dead]}}
journeys: {serve: {needs: {any: [drive]}}}
data: {blocks: {held_by: drive, copies: 3}}
";

#[test]
fn every_result_is_accepted() {
    let validator = validator("result");
    let thanos = "topologies/seed-thanos-as-written.yaml";
    let pair = "topologies/patterns/pair-with-vip.yaml";
    let folder = tempfile::tempdir().unwrap();
    let ranged = folder.path().join("ranged.yaml").to_str().unwrap().to_owned();
    fs::write(&ranged, RANGED).unwrap();
    let rare = folder.path().join("rare.yaml").to_str().unwrap().to_owned();
    fs::write(&rare, RARE).unwrap();
    let most = ["--of", "serve,blocks", "-n", "4000"];
    let estimated = [&["--exact", "never", "--precision", "30%"][..], &most].concat();
    let result: Value = serde_json::from_slice(&ninefold(
        &[&["simulate", &rare, "--format", "json"], &estimated[..]].concat(),
    ))
    .unwrap();
    check_accepts(&validator, &result, "estimated");
    for how in [&result["journeys"]["serve"], &result["data"]["blocks"]] {
        assert!(how["exact"]["estimated"]["effective_sample_size"].as_f64() > Some(100.0), "{how}");
    }
    let json = ["--format", "json", "-n", "40"];
    for arguments in [
        &[thanos][..],
        &[thanos, pair],
        &["topologies/seed-addons-after.yaml", "--horizon", "30d"],
        &[pair, "--warm-up", "100d", "--precision", "50%"],
        &[pair, "--until", "first-outage", "--horizon", "1y"],
        &[&ranged, "--input-uncertainty", "2"],
        &[pair, "--horizon", "1s"],
    ] {
        let result = ninefold(&[&["simulate"], arguments, &json].concat());
        let result: Value = serde_json::from_slice(&result).unwrap();
        check_accepts(&validator, &result, &format!("{arguments:?}"));
    }
}

#[test]
fn what_is_no_result_is_rejected() {
    let validator = validator("result");
    let pair = "topologies/patterns/pair-with-vip.yaml";
    let result = ninefold(&["simulate", pair, "-n", "40", "--format", "json"]);
    let result: Value = serde_json::from_slice(&result).unwrap();
    check_accepts(&validator, &result, "unchanged");
    let journeys = result["journeys"].as_object().unwrap();
    let journey = journeys.keys().next().unwrap();
    let verdict = format!("/journeys/{journey}/slo/availability/verdict");
    for (place, wrong) in [("/schema", "ninefold/0"), ("/run/until", "noon"), (&verdict, "maybe")] {
        let mut changed = result.clone();
        *changed.pointer_mut(place).unwrap() = wrong.into();
        assert!(!validator.is_valid(&changed), "accepted at {place}: {wrong}");
    }
    for place in ["", "/run", "/topology", &format!("/journeys/{journey}")] {
        let mut changed = result.clone();
        let map = changed.pointer_mut(place).unwrap().as_object_mut().unwrap();
        map.insert("unheard_of".to_owned(), Value::Null);
        assert!(!validator.is_valid(&changed), "accepted an unknown key in `{place}`");
    }
}
