//! The program as other programs see it: exit status, standard output and error, files.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const THANOS: &str = "topologies/seed-thanos-as-written.yaml";
const OBJECT_STORE: &str = "topologies/patterns/object-store-4-nodes.yaml";

fn ninefold(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ninefold"));
    command.args(arguments);
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn check_status(output: &Output, status: i32) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{told}");
}

/// A topology in a temporary folder.
fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

const RELIABLE: &str = "topology: reliable
failures: {down: {every: 30d, repair: 1m}}
services: {web: {fails: [down]}}
journeys: {browse: {needs: web, slo: {availability: 99%}}}
";

#[test]
fn the_status_says_whether_objectives_are_met() {
    let folder = tempfile::tempdir().unwrap();
    let met = file(folder.path(), "met.yaml", RELIABLE);
    let missed = file(folder.path(), "missed.yaml", &RELIABLE.replace("99%", "99.9999%"));
    check_status(&ninefold(&["simulate", &met, "-n", "100"]), 0);
    check_status(&ninefold(&["simulate", &missed, "-n", "100"]), 1);
    check_status(&ninefold(&["simulate", &met, &missed, "-n", "100"]), 1);
    check_status(&ninefold(&["check", &met, &missed]), 0);
}

#[test]
fn standard_output_is_the_result_and_nothing_else() {
    let output = ninefold(&["simulate", THANOS, "-n", "200", "--format", "json"]);
    check_status(&output, 1);
    assert_eq!(text(&output.stderr), "");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["run"]["seed"], 1);
    assert_eq!(json["run"]["replications"], 200);
    assert_eq!(json["run"]["method"], "plain");
    assert_eq!(json["run"]["clocks"], "per-unit");
    assert_eq!(json["topology"]["name"], "thanos-as-written");
    assert_eq!(json["topology"]["sha256"].as_str().unwrap().len(), 64);
}

/// Every key that other programs may rely on, with its kind.
#[test]
fn json_has_what_was_promised() {
    let output = ninefold(&["simulate", THANOS, "-n", "2000", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["replications", "seed", "horizon_s", "events", "warm_up_s"] {
        assert!(json["run"][key].is_number(), "run.{key}");
    }
    let ingest = &json["journeys"]["ingest"];
    for (measure, keys) in [
        ("unavailability", &["mean", "std_error"][..]),
        ("availability", &["mean", "std_error", "p5", "p50", "p95"]),
        ("outages_per_year", &["mean", "std_error"]),
        ("outage_s", &["mean", "p50", "p90", "p95", "p99", "max", "count"]),
        ("downtime_s_per_year", &["mean", "std_error"]),
        ("p_no_outage", &["mean", "std_error"]),
    ] {
        for key in keys {
            assert!(ingest[measure][key].is_number(), "{measure}.{key}");
        }
        assert_eq!(ingest[measure]["ci95"].as_array().unwrap().len(), 2, "{measure}.ci95");
    }
    assert!(ingest["unavailability"]["upper95"].is_null());
    let slo = &ingest["slo"];
    assert_eq!(slo["availability"]["target"], 0.999);
    assert_eq!(slo["rto_s"]["target"], 300.0);
    assert_eq!(slo["rpo_s"]["target"], 0.0);
    assert!(slo["availability"]["p_met"].is_number() && slo["rto_s"]["p_met"].is_number());
    assert!(slo["rpo_s"]["p_met"].is_null(), "data is not evaluated");
    let cause = &ingest["causes"][0];
    assert!(cause["mode"].is_string() && cause["unit"].is_string());
    assert!(cause["downtime_share"].is_number() && cause["outage_share"].is_number());
    assert!(json["data"].is_object());
}

#[test]
fn several_files_are_an_array() {
    let output = ninefold(&["simulate", THANOS, OBJECT_STORE, "-n", "50", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> =
        json.as_array().unwrap().iter().map(|r| r["topology"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["thanos-as-written", "object-store-4-nodes"]);
}

#[test]
fn a_dash_is_standard_input() {
    let mut child = command(&["simulate", "-", "-n", "10"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(RELIABLE.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    check_status(&output, 0);
    assert!(text(&output.stdout).starts_with("reliable\n"));
}

#[test]
fn what_is_refused_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", RELIABLE);
    let bad = file(folder.path(), "bad.yaml", "topology: bad\nservces: {}\nhorizon: 5\n");
    let out = folder.path().join("out");
    let output = ninefold(&["simulate", &good, &bad, "--out", out.to_str().unwrap()]);
    check_status(&output, 2);
    assert!(output.stdout.is_empty() && !out.exists());
    let told = text(&output.stderr);
    assert!(told.contains("bad.yaml:2:1") && told.contains("did you mean `services`?"), "{told}");
    assert!(told.contains("bad.yaml:3:10") && told.contains("write `5s`"), "{told}");
    assert!(!told.contains('\u{1b}'), "colour where nobody sees it: {told}");
}

#[test]
fn bad_arguments_are_refused() {
    for arguments in [
        &["simulate"][..],
        &["simulate", "no-such-file.yaml"],
        &["simulate", THANOS, "--replications", "0"],
        &["simulate", THANOS, "--precision", "5"],
        &["simulate", THANOS, "--precision", "0%"],
        &["simulate", THANOS, "--horizon", "1"],
        &["simulate", THANOS, "--horizon", "900000y"],
        &["simulate", THANOS, "--threads", "0"],
        &["simulate", THANOS, "--format", "parquet"],
        &["simulate", THANOS, "--until", "loss"],
        &["simulate", THANOS, THANOS, "--out", "never-made"],
        &["simulate", THANOS, "--horizon", "400000y", "--replications", "1"],
        &["simulte", THANOS],
        &["check", "no-such-file.yaml"],
    ] {
        let output = ninefold(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!Path::new("never-made").exists());
}

#[test]
fn results_are_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/er");
    let out_text = out.to_str().unwrap();
    let output = ninefold(&["simulate", OBJECT_STORE, "-n", "200", "--out", out_text]);
    assert!(output.status.code() == Some(0) || output.status.code() == Some(1));
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let endings =
        ["-downtime.png", "-downtime.svg", "-outages.png", "-outages.svg", ".json", ".txt"];
    assert_eq!(names, endings.map(|ending| format!("object-store-4-nodes{ending}")));
    let written = fs::read(out.join("object-store-4-nodes.txt")).unwrap();
    assert_eq!(text(&written), text(&output.stdout));
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", RELIABLE);
    let below_a_file = format!("{good}/out");
    let output = ninefold(&["simulate", &good, "-n", "10", "--out", &below_a_file]);
    check_status(&output, 2);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_said_and_a_closed_pipe_is_not() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["simulate", OBJECT_STORE, "-n", "10"]).stdout(full).output().unwrap();
    check_status(&output, 3);
    assert!(text(&output.stderr).contains("cannot write the result"));

    let mut child = command(&["simulate", OBJECT_STORE, "-n", "10"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    check_status(&output, 0);
    assert_eq!(text(&output.stderr), "");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_the_lives_that_were_complete() {
    let child =
        command(&["simulate", "topologies/workload-a.yaml", "-n", "100000000", "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    check_status(&output, 3);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["run"]["is_partial"], true);
    let lives = json["run"]["replications"].as_u64().unwrap();
    assert!((1..100_000_000).contains(&lives), "{lives}");
    assert!(text(&output.stderr).contains("interrupted"));

    // The lives that were complete are the first so many: a run of just these says the same.
    let whole = ninefold(&[
        "simulate",
        "topologies/workload-a.yaml",
        "-n",
        &lives.to_string(),
        "--format",
        "json",
    ]);
    let whole: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(json["journeys"], whole["journeys"]);
}

#[test]
fn no_outage_is_a_bound_and_not_zero() {
    let folder = tempfile::tempdir().unwrap();
    let text_of = RELIABLE.replace("every: 30d", "every: 400000y");
    let never = file(folder.path(), "never.yaml", &text_of);
    let output = ninefold(&["simulate", &never, "-n", "100", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let bound = 1.0 - 0.05_f64.powf(1.0 / 100.0);
    let found = &json["journeys"]["browse"]["unavailability"];
    assert!((found["upper95"].as_f64().unwrap() - bound).abs() < 1e-12);
    assert!(found["std_error"].is_null());
    assert_eq!(found["ci95"][0], 0.0);
    let rate = json["journeys"]["browse"]["outages_per_year"]["upper95"].as_f64().unwrap();
    assert!((rate - 2.995_732 / 100.0).abs() < 1e-6, "{rate}");
    let output = ninefold(&["simulate", &never, "-n", "100"]);
    assert!(text(&output.stdout).contains("no outage seen"));
}

#[test]
fn the_time_to_the_first_outage_is_another_question() {
    let output = ninefold(&[
        "simulate",
        OBJECT_STORE,
        "-n",
        "500",
        "--until",
        "first-outage",
        "--format",
        "json",
    ]);
    check_status(&output, 0);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let write = &json["journeys"]["write"];
    assert!(write["time_to_first_outage_s"]["mean"].is_number());
    assert!(write["unavailability"].is_null() && write["slo"]["availability"].is_null());
    assert_eq!(json["run"]["until"], "first-outage");
}

#[test]
fn help_says_what_the_exit_status_means() {
    let output = ninefold(&["--help"]);
    check_status(&output, 0);
    assert!(text(&output.stdout).contains("Exit status"));
}
