//! Every topology that people copy is checked, simulated and plausible.

use std::fs;
use std::path::PathBuf;

use ninefold::report::{JourneyMeasures, Theme, figures, to_csv, to_json, to_png, to_svg, to_text};
use ninefold::{Plan, Report, System, Topology};

/// Every topology that is shipped.
pub(crate) fn shipped() -> Vec<PathBuf> {
    let folders = ["topologies", "topologies/patterns"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 13, "{files:?}");
    files
}

fn simulate(path: &str, replications: u64) -> Report {
    let topology = Topology::from_path(path).unwrap_or_else(|error| panic!("{error}"));
    let system = System::compile(topology);
    system.simulate(&Plan { replications, ..system.plan(1) }).unwrap()
}

/// Mean unavailability of a journey, and its standard error.
fn unavailability(report: &Report, journey: &str) -> (f64, f64) {
    let journey = report.journeys.iter().find(|known| known.name == journey).unwrap();
    match &journey.measures {
        JourneyMeasures::Window(estimates, _) => {
            (estimates.unavailability.mean, estimates.unavailability.std_error.unwrap_or_default())
        }
        _ => panic!("a run of equal lives"),
    }
}

#[test]
fn every_shipped_topology_is_simulated_shown_and_drawn() {
    for path in shipped() {
        let path = path.to_str().unwrap();
        let lives = if path.contains("workload-b") { 30 } else { 300 };
        let report = simulate(path, lives);
        assert_eq!(report.run.replications, lives, "{path}");
        let text = to_text(&report);
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{path}: {line}");
        }
        for journey in &report.journeys {
            assert!(text.contains(&journey.name), "{path}: no word on {}", journey.name);
        }
        let json: serde_json::Value = serde_json::from_str(&to_json(&report)).unwrap();
        assert_eq!(json["schema"], "ninefold/1", "{path}");
        assert!(
            to_csv(std::slice::from_ref(&report)).lines().count() > report.journeys.len(),
            "{path}"
        );
        for figure in figures(&report) {
            assert!(to_svg(&figure, Theme::Light).unwrap().contains("</svg>"), "{path}");
            assert!(to_png(&figure, Theme::Dark).unwrap().starts_with(b"\x89PNG"), "{path}");
        }
    }
}

/// What is to be warned of in the designs themselves, each by how its message begins.
const KNOWN_WARNINGS: &[(&str, &[&str])] = &[
    ("seed-addons-after.yaml", &["a replica of `vault` that loses its node"]),
    (
        "seed-addons-as-charted.yaml",
        &[
            "the budget of `istio-gateway` blocks every drain",
            "the budget of `istiod` blocks every drain",
            "a replica of `vault` that loses its node",
        ],
    ),
    ("seed-addons-loaded.yaml", &["a replica of `vault` that loses its node"]),
    ("seed-thanos-as-written.yaml", &["a replica of `receive` that loses its node"]),
    ("seed-thanos-on-longhorn.yaml", &["a replica of `receive` that loses its node"]),
    (
        "seed-thanos-corrected.yaml",
        &["a replica of `receive` that loses its rack", "a replica of `minio` that loses its node"],
    ),
];

#[test]
fn shipped_topologies_have_no_warnings_but_those_that_the_designs_deserve() {
    for path in shipped() {
        let topology = Topology::from_path(&path).unwrap();
        let known = KNOWN_WARNINGS.iter().find(|(name, _)| path.ends_with(name));
        let known = known.map_or(&[][..], |(_, warnings)| warnings);
        let found: Vec<String> =
            topology.warnings.iter().map(|finding| finding.message.clone()).collect();
        assert_eq!(found.len(), known.len(), "{}: {}", path.display(), topology.warnings);
        for (found, known) in found.iter().zip(known) {
            assert!(found.starts_with(known), "{}: {found}", path.display());
        }
    }
}

/// One server and one process: nothing is shared by several, so that the product of availabilities is
/// right, but for lives that begin with everything up, and for clocks that stop with their host.
#[test]
fn a_single_node_is_as_available_as_its_formula_says() {
    let report = simulate("topologies/patterns/single-node.yaml", 100_000);
    let (found, error) = unavailability(&report, "browse");
    let product = report.journeys[0].spreadsheet.as_ref().unwrap().unavailability;
    let sigmas = (found - product) / error;
    assert!(sigmas.abs() < 4.0, "{found} +- {error}, the formula says {product}: {sigmas} sigma");
}

/// The textbook's machines and one who repairs them (Feller, *An Introduction to Probability Theory*, I, XVII.7): `k` of
/// `n` are down with a probability in proportion to `n!/(n-k)! (a/b)^k`.
#[test]
fn members_that_one_person_repairs_are_as_available_as_the_textbook_says() {
    let path = "topologies/patterns/two-of-three-one-crew.yaml";
    let system = System::compile(Topology::from_path(path).unwrap());
    let answers = system.exact_answers(&system.plan(1), 1_000);
    let answer = answers.journeys[0].as_ref().unwrap();
    let ratio = 4.0 / (60.0 * 24.0_f64);
    let weights = [1.0, 3.0 * ratio, 6.0 * ratio.powi(2), 6.0 * ratio.powi(3)];
    let down = (weights[2] + weights[3]) / weights.iter().sum::<f64>();
    let found = answer.long_run_unavailability.unwrap().mean;
    assert!((found / down - 1.0).abs() < 1e-9, "{found}, {down}");
    // Lives of a year are a little better, since they begin with everything up.
    let (lives, error) = unavailability(&simulate(path, 20_000), "use");
    let exact = answer.unavailability.unwrap().mean;
    assert!(exact < down && ((lives - exact) / error).abs() < 4.0, "{lives} +- {error}, {exact}");
}

/// The figures of the workloads that others have published: write 3.00e-6 and read 1.78e-6 of the
/// first, to half a percent, 2.9215e-4 of the second.
#[test]
fn workloads_have_their_known_answers() {
    let report = simulate("topologies/workload-a.yaml", 40_000);
    for (journey, known) in [("write", 3.00e-6), ("read", 1.78e-6)] {
        let (found, error) = unavailability(&report, journey);
        let error = f64::hypot(error, 0.005 * known / 2.0);
        assert!(((found - known) / error).abs() < 4.0, "{journey}: {found} +- {error}");
    }
    let report = simulate("topologies/workload-c.yaml", 2_000);
    let (found, error) = unavailability(&report, "serve");
    assert!(((found - 2.921_476e-4) / error).abs() < 4.0, "{found} +- {error}");
}

/// Two zones are no better than one for a quorum of three, three zones are; what a corrected design
/// promises it keeps.
#[test]
fn designs_compare_as_they_must() {
    let quorum = |zones: &str| {
        let path = format!("topologies/patterns/quorum-3-{zones}.yaml");
        unavailability(&simulate(&path, 20_000), "write")
    };
    let (one, two, three) = (quorum("one-zone"), quorum("two-zones"), quorum("three-zones"));
    let sigmas = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0) / f64::hypot(a.1, b.1);
    assert!(sigmas(one, two).abs() < 4.0, "{one:?} {two:?}");
    assert!(sigmas(two, three) > 4.0, "{two:?} {three:?}");

    let written = simulate("topologies/seed-thanos-as-written.yaml", 5_000);
    let corrected = simulate("topologies/seed-thanos-corrected.yaml", 5_000);
    for journey in ["block-upload", "dashboards", "edge-capture"] {
        let (before, after) =
            (unavailability(&written, journey), unavailability(&corrected, journey));
        assert!(sigmas(before, after) > 4.0, "{journey}: {before:?} {after:?}");
    }
    let volumes = simulate("topologies/patterns/replicated-volumes.yaml", 5_000);
    let copies = |journey| unavailability(&volumes, journey);
    assert!(sigmas(copies("one"), copies("two")) > 4.0);
    // Two are wherever three are; the third helps while one is away.
    assert!(copies("three").0 <= copies("two").0 + 4.0 * copies("two").1);
    let before = simulate("topologies/seed-addons-before.yaml", 20_000);
    let after = simulate("topologies/seed-addons-after.yaml", 20_000);
    let north_south = |report| unavailability(report, "north-south");
    assert!(sigmas(north_south(&before), north_south(&after)) > 4.0);
}

/// With every failure mode ten times as frequent, one after another: no journey becomes better by more
/// than luck, and for each pattern some mode makes one worse by more than that.
#[test]
fn availability_falls_when_a_rate_rises() {
    // Of what stands on three zones, or may lose two nodes of four, hardly an outage is seen.
    let is_seen = |path: &&PathBuf| {
        let name = path.to_str().unwrap();
        let is_rare = name.contains("three-zones") || name.contains("object-store");
        name.contains("patterns") && !is_rare
    };
    for path in shipped().iter().filter(is_seen) {
        let topology = Topology::from_path(path).unwrap();
        if topology.journeys.is_empty() {
            continue;
        }
        let run = |topology: Topology| {
            let system = System::compile(topology);
            system.simulate(&Plan { replications: 2_000, ..system.plan(1) }).unwrap()
        };
        let before = run(topology.clone());
        let mut is_worse = false;
        for mode in 0..topology.modes.len() {
            let mut worse = topology.clone();
            worse.modes[mode].every = worse.modes[mode].every.as_ref().map(|law| law.scaled(0.1));
            let after = run(worse);
            for journey in &topology.journeys {
                let (was, was_error) = unavailability(&before, &journey.name);
                let (is, is_error) = unavailability(&after, &journey.name);
                let sigmas = (is - was) / was_error.hypot(is_error);
                let name = &topology.modes[mode].name;
                // Neither run has seen an outage of some journeys.
                assert!(
                    sigmas.is_nan() || sigmas > -4.0,
                    "{}: {name} helps: {was} to {is}",
                    path.display()
                );
                is_worse |= sigmas > 4.0;
            }
        }
        assert!(is_worse, "{}: nothing matters", path.display());
    }
}
