//! A run in parts is the run.

use std::ops::ControlFlow;

use ninefold::report::{Theme, figures, to_json, to_svg, to_text};
use ninefold::units::SimSpan;
use ninefold::{Part, PartError, Plan, Report, Shard, System, Topology, Until};

/// The parts of a plan, in reverse order, by way of the text of their files.
fn parts(path: &str, plan: impl Fn(&System) -> Plan, of: u64) -> Vec<(String, Part)> {
    let system = System::compile(Topology::from_path(path).unwrap());
    let resolved = ninefold::spec::resolved(path).unwrap();
    let part = |number| {
        let shard: Shard = format!("{number}/{of}").parse().unwrap();
        let (plan, resolved) = (plan(&system), resolved.clone());
        let part = system.simulate_part(&plan, shard, resolved, &mut |_| ControlFlow::Continue(()));
        let file = format!("part-{number}.json");
        let part = Part::from_json(&file, &part.unwrap().unwrap().to_json()).unwrap();
        (file, part)
    };
    (1..=of).rev().map(part).collect()
}

fn report(parts: Vec<(String, Part)>) -> Result<Report, PartError> {
    let merged = Part::merge(parts)?;
    let topology = Topology::from_str("merged", &merged.resolved).unwrap();
    let topology = Topology { sha256: merged.sha256.clone(), ..topology };
    Ok(System::compile(topology).report_merged(&merged))
}

/// Everything that is written about a run.
fn everything(report: &Report) -> String {
    let figures = figures(report)
        .iter()
        .map(|figure| to_svg(figure, Theme::Light).unwrap())
        .collect::<String>();
    to_json(report) + &to_text(report) + &figures
}

#[test]
fn the_parts_of_a_run_merge_to_the_same_bytes() {
    for path in crate::topologies::shipped() {
        let path = path.to_str().unwrap();
        let lives = |system: &System| if system.model().unit_count() > 1_000 { 20 } else { 150 };
        let plan = |system: &System| Plan { replications: lives(system), ..system.plan(3) };
        let system = System::compile(Topology::from_path(path).unwrap());
        let whole = everything(&system.simulate(&plan(&system)).unwrap());
        for of in [1, 4, 16] {
            assert_eq!(everything(&report(parts(path, plan, of)).unwrap()), whole, "{path}, {of}");
        }
    }
}

#[test]
fn so_do_those_of_other_kinds_of_runs() {
    let path = "topologies/workload-a.yaml";
    let first = |system: &System| Plan {
        replications: 50,
        until: Until::FirstOutage,
        horizon: system.horizon_to_first_outage(),
        ..system.plan(1)
    };
    let warm = |system: &System| Plan {
        replications: 300,
        warm_up: SimSpan::from_seconds(1e8),
        ..system.plan(1)
    };
    let system = System::compile(Topology::from_path(path).unwrap());
    let one = |plan: Plan| everything(&system.simulate(&plan).unwrap());
    assert_eq!(everything(&report(parts(path, first, 7)).unwrap()), one(first(&system)));
    assert_eq!(everything(&report(parts(path, warm, 7)).unwrap()), one(warm(&system)));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let path = "topologies/workload-a.yaml";
    let plan = |system: &System| Plan { replications: 20, ..system.plan(1) };
    let other = |system: &System| Plan { replications: 20, ..system.plan(2) };
    let refused = |parts| report(parts).unwrap_err().to_string();
    let four = || parts(path, plan, 4);
    assert_eq!(refused(Vec::new()), "nothing to merge");
    assert_eq!(refused(four().split_off(2)), "of 4 parts some are missing: 3, 4");
    let mut twice = four();
    twice.extend(four().split_off(3));
    assert_eq!(refused(twice), "part-1.json and part-1.json are both shard 1/4");
    let mut mixed = four();
    mixed[0] = parts(path, other, 4).swap_remove(0);
    assert_eq!(
        refused(mixed),
        "part-4.json: a part of another run than part-1.json: the seeds, lives or horizons differ"
    );
    let mut mixed = four();
    mixed[0] = parts("topologies/seed-addons-after.yaml", plan, 4).swap_remove(0);
    assert!(refused(mixed).ends_with("the topologies differ"));
}

#[test]
fn a_file_that_is_no_part_or_is_damaged_is_refused() {
    let path = "topologies/workload-a.yaml";
    let plan = |system: &System| Plan { replications: 20, ..system.plan(1) };
    let text = parts(path, plan, 1).swap_remove(0).1.to_json();
    assert!(Part::from_json("it", &text).is_ok());
    let damaged = text.replacen("\"lives_without\":", "\"lives_without\":1", 1);
    assert_ne!(damaged, text);
    for wrong in ["", "{}", "[1]", "\u{0}", &text[..text.len() / 2], damaged.as_str()] {
        let error = Part::from_json("it", wrong).unwrap_err().to_string();
        assert!(error.starts_with("it: not a part of a run"), "{error}");
    }
}
