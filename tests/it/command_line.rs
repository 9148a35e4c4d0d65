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

/// Standard error has the one thing that is to be warned of in that design, and nothing else.
#[track_caller]
fn check_only_warned(output: &Output) {
    let told = text(&output.stderr);
    assert!(told.starts_with("warning[spread]: a replica of `receive`"), "{told}");
    assert!(told.ends_with("\n\n1 warning\n"), "{told}");
}

#[test]
fn standard_output_is_the_result_and_nothing_else() {
    let output = ninefold(&["simulate", THANOS, "-n", "200", "--format", "json"]);
    check_status(&output, 1);
    check_only_warned(&output);
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
    assert_eq!(slo["rpo_s"]["p_met"], 0.0, "every life has time in which nothing is scraped");
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
        &["simulate", THANOS, "--horizon", "0s"],
        &["simulate", THANOS, "--horizon", "0.1us", "--exact", "only"],
        &["explain", THANOS, "--horizon", "0s"],
        &["compare", THANOS, THANOS, "--horizon", "0s"],
        &["simulate", THANOS, "--threads", "0"],
        &["simulate", THANOS, "--format", "parquet"],
        &["simulate", THANOS, "--lives", "lives.txt"],
        &["simulate", THANOS, "--outages", "outages"],
        &["simulate", THANOS, OBJECT_STORE, "--lives", "lives.csv"],
        &["simulate", THANOS, "--lives", "same.csv", "--outages", "same.csv"],
        &["simulate", THANOS, "--lives", "lives.csv", "--until", "first-outage"],
        &["simulate", OBJECT_STORE, "--until", "loss"],
        &["simulate", THANOS, THANOS, "--out", "never-made"],
        &["simulate", THANOS, "--horizon", "400000y", "--replications", "1"],
        &["simulte", THANOS],
        &["schema"],
        &["schema", "report"],
        &["check", "no-such-file.yaml"],
        &["check", THANOS, "--draw", "never-made.pdf"],
        &["check", THANOS, THANOS, "--draw", "never-made.svg"],
        &["check", THANOS, "--theme", "dark"],
        &["explain", THANOS, "--draw", "never-made"],
    ] {
        let output = ninefold(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!Path::new("never-made").exists() && !Path::new("never-made.svg").exists());
}

/// A refusal says what would be right.
#[test]
fn bad_numbers_are_told_what_would_be_right() {
    for (arguments, says) in [
        (["--horizon", "0s"], "a life of no length; the horizon must be above zero, such as `1y`"),
        (
            ["--precision", "-5%"],
            "`-5%` is no precision; write a percentage above 0% and below 100%",
        ),
        (["--precision", "100%"], "`100%` is no precision; write a percentage above 0%"),
        (["-n", "1e3"], "it must be a whole number, such as 1000, and at least 1"),
        (["--seed", "1e3"], "it must be a whole number, such as 1000\n"),
        (["--threads", "0"], "it must be a whole number from 1 to 1024"),
    ] {
        let output = ninefold(&[&["simulate", THANOS][..], &arguments].concat());
        check_status(&output, 2);
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn what_is_too_slow_says_how_it_is_run_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let every_second = RELIABLE.replace("every: 30d, repair: 1m", "every: 1s, repair: 1s");
    let busy = file(folder.path(), "busy.yaml", &every_second);
    for files in [&["simulate", &busy][..], &["compare", &busy, &busy]] {
        let output = ninefold(&[files, &["--horizon", "100y", "-n", "2"]].concat());
        check_status(&output, 2);
        let told = text(&output.stderr);
        assert!(told.starts_with("error: reliable: one life would have"), "{told}");
        assert!(told.ends_with("or allow a slow run with --allow-slow\n"), "{told}");
    }
}

#[test]
fn what_is_written_out_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part.json");
    let shard = ["simulate", "-", "--shard", "1/2", "--out", part.to_str().unwrap()];
    for (option, arguments) in
        [("--shard", &shard[..]), ("--resolved", &["check", "-", "--resolved"])]
    {
        let output = command(arguments).stdin(Stdio::null()).output().unwrap();
        check_status(&output, 2);
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("error: `{option}` writes the topology out")), "{told}");
        assert!(told.contains("give its path and not `-`"), "{told}");
    }
    assert!(!part.exists());
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
    let mut expected = [".html", ".json", ".txt"].map(str::to_owned).to_vec();
    for figure in ["causes", "convergence", "downtime", "outages", "over-time"] {
        for ending in [".png", ".svg"] {
            expected.push(format!("-{figure}{ending}"));
        }
    }
    let mut expected: Vec<String> =
        expected.into_iter().map(|ending| format!("object-store-4-nodes{ending}")).collect();
    expected.sort();
    assert_eq!(names, expected);
    let written = fs::read(out.join("object-store-4-nodes.txt")).unwrap();
    assert_eq!(text(&written), text(&output.stdout));
    // The page has all of it, and takes nothing from elsewhere.
    let page = fs::read_to_string(out.join("object-store-4-nodes.html")).unwrap();
    assert_eq!((page.matches("<svg").count(), page.matches("</html>").count()), (5, 1));
    // It is to be printed and read on small screens too, where nothing may be cut off.
    let (screen, print) = page.split_once("@media print {").unwrap();
    assert!(screen.contains("@media (max-width: 700px)") && screen.contains("color-scheme: light"));
    assert!(print.contains("white-space: pre-wrap") && print.contains("break-inside: avoid"));
    let told = text(&output.stdout).replace('<', "&lt;").replace('>', "&gt;");
    assert!(page.contains(&told), "{told}");
    let fetched = ["src=", "href=", "url(", "@import", "<script"];
    assert!(!fetched.iter().any(|word| page.contains(word)));
}

#[test]
fn pictures_are_drawn_where_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (svg, png) = (path("topology.svg"), path("life.PNG"));
    check_status(&ninefold(&["check", THANOS, "--draw", &svg]), 0);
    let light = fs::read_to_string(&svg).unwrap();
    assert!(light.contains("each of them alone takes down all 7 journeys"), "{light}");
    check_status(&ninefold(&["check", THANOS, "--draw", &svg, "--theme", "dark"]), 0);
    assert_ne!(fs::read_to_string(&svg).unwrap(), light);
    check_status(&ninefold(&["explain", THANOS, "--replication", "2", "--draw", &png]), 0);
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", RELIABLE);
    let below_a_file = format!("{good}/out");
    let output = ninefold(&["simulate", &good, "-n", "10", "--out", &below_a_file]);
    check_status(&output, 2);
}

/// A run that would take a day is not begun for a result that cannot be kept.
#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", RELIABLE);
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(here("rows.csv")).unwrap();
    let (nowhere, occupied) = (here("none/rows.csv"), here("rows.csv"));
    let (part, picture) = (here("none/part.json"), here("none/life.png"));
    let script = "scenario: crash\ntopology: good.yaml\nsteps: [{at: 1m, crash: web-0, for: 1m}]\n";
    let script = file(folder.path(), "script.yaml", script);
    let many = ["-n", "100000000000"];
    for (arguments, path) in [
        (&["simulate", &good, "--outages", &nowhere][..], &nowhere),
        (&["simulate", &good, "--lives", &nowhere], &nowhere),
        (&["simulate", &good, "--lives", &occupied], &occupied),
        (&["simulate", &good, "--shard", "1/2", "--out", &part], &part),
        (&["explain", &good, "--worst", "use", "--draw", &picture], &picture),
        (&["scenario", &script, "--draw", &picture], &picture),
        (&["check", &good, "--draw", &picture], &picture),
    ] {
        let many = if arguments[0] == "check" { &[][..] } else { &many };
        let output = ninefold(&[arguments, many].concat());
        check_status(&output, 2);
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("error: cannot write `{path}`: ")), "{told}");
        assert!(!told.contains(".ninefold-") && told.lines().count() == 1, "{told}");
    }
    // Where nobody may make files, not even who may write everything.
    let output = ninefold(&["simulate", &good, "--out", "/proc/self", "-n", "100000000000"]);
    check_status(&output, 2);
    assert!(text(&output.stderr).starts_with("error: cannot write `/proc/self`: "));
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["good.yaml", "rows.csv", "script.yaml"]);
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

/// What becomes of the program if it is interrupted as soon as `is_time` says so.
#[cfg(unix)]
fn interrupted(arguments: &[&str], is_time: impl FnMut() -> bool) -> Output {
    ended_by("-INT", arguments, is_time)
}

/// The same, by a signal.
#[cfg(unix)]
fn ended_by(signal: &str, arguments: &[&str], mut is_time: impl FnMut() -> bool) -> Output {
    let child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !is_time() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    child.wait_with_output().unwrap()
}

/// Long enough for the program to have begun.
#[cfg(unix)]
fn after_a_moment() -> bool {
    std::thread::sleep(std::time::Duration::from_millis(700));
    true
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_the_lives_that_were_complete() {
    let run = ["simulate", "topologies/workload-a.yaml", "-n", "100000000", "--format", "json"];
    let output = interrupted(&run, after_a_moment);
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

/// Whoever schedules it, or closes the terminal, does not press a key.
#[cfg(unix)]
#[test]
fn whoever_ends_a_run_gets_what_was_complete() {
    let run = ["simulate", "topologies/workload-a.yaml", "-n", "100000000", "--format", "json"];
    for signal in ["-TERM", "-HUP"] {
        let output = ended_by(signal, &run, after_a_moment);
        check_status(&output, 3);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["run"]["is_partial"], true, "{signal}");
    }
}

/// Whatever is written on standard output, and is read where nobody knows how the run ended.
#[cfg(unix)]
#[test]
fn whatever_is_interrupted_says_that_it_is_partial() {
    let folder = tempfile::tempdir().unwrap();
    let workload = "topologies/workload-a.yaml";
    let topology = fs::canonicalize(workload).unwrap();
    let topology = topology.to_str().unwrap();
    let script = |name: &str| {
        let script = format!(
            "scenario: {name}\ntopology: {topology}\nlasts: 30d\nfailures: random\n\
             steps: [{{at: 1h, crash: node-0, for: 1h}}]\nexpect: [{{down_at_most: 1h, of: read}}]\n"
        );
        file(folder.path(), &format!("{name}.yaml"), &script)
    };
    let many = "100000000";
    let (one, other) = (script("one"), script("other"));
    for (arguments, says) in [
        (&["simulate", workload, "--format", "csv", "-n", many][..], ",,is_partial,1,,,\n"),
        (&["cuts", workload, "-n", many], "\nInterrupted: what was simulated is of the lives"),
        (&["cuts", workload, "-n", many, "--format", "json"], "\"is_partial\": true"),
        (
            &["explain", workload, "--worst", "read", "-n", many],
            "  interrupted: it is the worst of",
        ),
        (
            &["scenario", "--emit", workload, "-n", many],
            "\ninterrupted: 0 of them were run to the end",
        ),
        (&["scenario", &one, &other, "-n", many], "\ninterrupted: not run were other\n"),
        (
            &["scenario", &one, &other, "-n", many, "--format", "junit"],
            "<testsuite name=\"other\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">",
        ),
    ] {
        let output = interrupted(arguments, after_a_moment);
        let told = format!("{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(text(&output.stdout).contains(says), "{told}");
    }
}

/// Rows are written by one more run, after the one that makes the result.
#[cfg(unix)]
#[test]
fn rows_are_whole_or_not_there_when_they_are_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.csv");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let workload = ["simulate", "topologies/workload-a.yaml", "--format", "json", "--outages"];
    let run = |lives| [&workload[..], &[rows.to_str().unwrap(), "-n", lives]].concat();

    // In the first of the two runs.
    let output = interrupted(&run("100000000"), after_a_moment);
    check_status(&output, 3);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["run"]["is_partial"], true);
    assert!(text(&output.stderr).ends_with("; their rows were not written\n"));
    assert_eq!(names(), [""; 0]);

    // In the second, which has begun when its temporary file is there and stays.
    let output = interrupted(&run("20000"), || {
        let is_there = !names().is_empty();
        std::thread::sleep(std::time::Duration::from_millis(20));
        is_there && !names().is_empty()
    });
    check_status(&output, 3);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["run"]["is_partial"], false);
    assert_eq!(json["run"]["replications"], 20_000);
    let told = text(&output.stderr);
    assert_eq!(told, "interrupted: the result is whole, its rows were not written\n");
    assert_eq!(names(), [""; 0]);
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

/// So rare that the horizon is the longest there is.
#[test]
fn what_hardly_ever_fails_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let text_of = RELIABLE.replace("every: 30d", "every: 10000y");
    let rare = file(folder.path(), "rare.yaml", &text_of);
    let output = ninefold(&["simulate", &rare, "-n", "50", "--until", "first-outage"]);
    check_status(&output, 0);
}

#[test]
fn help_says_what_the_exit_status_means() {
    let output = ninefold(&["--help"]);
    check_status(&output, 0);
    assert!(text(&output.stdout).contains("Exit status"));
}

/// A system with something of everything that reports tell apart.
const SHOP: &str = "topology: shop
import: {server-down: server/transient, pod-crash: pod/crash}
failures:
  server-down: {every: 30d}
  deploy: {every: {fixed: 14d}, change: 50%, repair: [{notice: 5m}, {undo: 1h, crew: ops}]}
crews: {ops: {hours: business}}
defaults: {services: {fails: [pod-crash], start: 40s}}
domains: {server: {count: 2, fails: [server-down]}}
services:
  web: {replicas: 2, on: server, serves: any, fails: [deploy]}
  db: {replicas: 2, on: server, leader: {failover: 1m}, failback: 10s}
calendar: {patches: {every: 30d, at: 2h, order: [server], each: 10m}}
journeys:
  browse: {needs: [web, {need: db, kind: soft}]}
  buy: {needs: [web, db], slo: {availability: 90%, during: business}}
";

#[test]
fn a_controller_may_stand_in_quotes() {
    let folder = tempfile::tempdir().unwrap();
    let text_of = "topology: t
platform: kubernetes
domains: {node: {count: 3}}
services: {web: {on: node, controller: \"daemonset\", serves: any}}
journeys: {j: {needs: web}}
";
    let path = file(folder.path(), "t.yaml", text_of);
    let output = ninefold(&["check", "--resolved", &path]);
    check_status(&output, 0);
    let again = file(folder.path(), "again.yaml", text(&output.stdout));
    check_status(&ninefold(&["check", &again]), 0);
}

#[test]
fn what_is_written_out_gives_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    let shop = file(folder.path(), "shop.yaml", SHOP);
    let output = ninefold(&["check", "--resolved", &shop]);
    check_status(&output, 0);
    let resolved = text(&output.stdout);
    assert!(resolved.contains("    every: 30d  # stated, "), "{resolved}");
    assert!(resolved.contains("    repair: {lognormal: {median: 6m, p95: 60m}}  # catalog\n"));
    assert!(resolved.contains("    start: 40s  # defaults, "));
    assert!(resolved.contains("    clock: up  # default\n") && resolved.contains("horizon: 1y"));
    let whole = file(folder.path(), "whole.yaml", resolved);
    let journeys = |path: &str| {
        let output = ninefold(&["simulate", path, "-n", "200", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        json["journeys"].clone()
    };
    assert_eq!(journeys(&shop), journeys(&whole));
    let cluster = "tests/data/cluster.yaml";
    for path in [THANOS, OBJECT_STORE, "topologies/seed-addons-after.yaml", cluster] {
        let output = ninefold(&["check", "--resolved", path]);
        check_status(&output, 0);
        let whole = file(folder.path(), "whole.yaml", text(&output.stdout));
        assert_eq!(journeys(path), journeys(&whole), "{path}");
    }
}

/// Timers that a topology does not say come from the profile of its platform, each of them.
#[test]
fn timers_of_a_platform_are_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let shop = SHOP
        .replace("journeys:", "platform: {profile: kubernetes, crash_loop: {base: 5s}}\njourneys:");
    let shop = file(folder.path(), "shop.yaml", &shop);
    let output = ninefold(&["check", "--resolved", &shop]);
    let resolved = text(&output.stdout);
    assert!(resolved.contains("platform:\n  profile: kubernetes  # stated, "), "{resolved}");
    assert!(resolved.contains("  toleration: 300s  # default (kubernetes)\n"), "{resolved}");
    assert!(resolved.contains("  crash_loop:\n    base: 5s  # stated, "), "{resolved}");
    assert!(resolved.contains("    max: 300s  # default (kubernetes)\n"), "{resolved}");
    assert!(resolved.contains("    replenish: 600s  # default (kubernetes)\n"), "{resolved}");
}

#[test]
fn the_catalog_is_listed_and_shown() {
    let output = ninefold(&["catalog"]);
    check_status(&output, 0);
    assert!(text(&output.stdout).contains("disk/hdd") && text(&output.stdout).contains("grade"));
    let output = ninefold(&["catalog", "disk/hdd", "site/power"]);
    check_status(&output, 0);
    assert!(
        text(&output.stdout).starts_with("disk/hdd:\n") && text(&output.stdout).contains("KEPCO")
    );
    let output = ninefold(&["catalog", "disk/floppy"]);
    check_status(&output, 2);
    assert!(text(&output.stderr).starts_with("error: the catalog has no `disk/floppy`; it has "));
    let output = ninefold(&["catalog", "disk/hd"]);
    check_status(&output, 2);
    assert_eq!(
        text(&output.stderr),
        "error: the catalog has no `disk/hd`; did you mean `disk/hdd`?\n"
    );
}

#[test]
fn a_life_is_told_change_by_change() {
    let folder = tempfile::tempdir().unwrap();
    let shop = file(folder.path(), "shop.yaml", SHOP);
    let output = ninefold(&["explain", &shop, "--replication", "3"]);
    check_status(&output, 0);
    let told = text(&output.stdout);
    for line in [
        "shop: life 3 of seed 1\n",
        "day 0 02:00:00  patches of server-0 strikes\n",
        "day 0 02:00:00    nobody serves for db\n",
        "day 0 02:00:00  buy DOWN, because of patches of server-0\n",
        "day 0 02:01:00    db-1 serves for db\n",
        "day 0 02:01:00  buy UP after 1m; it waited for patches of server-0\n",
        "ops begins to work on deploy of web-0\n",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    let whole = ninefold(&["explain", &shop, "--replication", "3", "--all"]);
    assert!(whole.stdout.len() > output.stdout.len());
    let worst = ninefold(&["explain", &shop, "--worst", "browse", "-n", "50"]);
    check_status(&worst, 0);
    let nowhere = ninefold(&["explain", &shop, "--worst", "sell"]);
    check_status(&nowhere, 2);
    assert_eq!(text(&nowhere.stderr), "error: there is no journey `sell`; there are browse, buy\n");
}

#[test]
fn every_outage_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let shop = file(folder.path(), "shop.yaml", SHOP);
    let rows = folder.path().join("outages.csv");
    let arguments = ["simulate", &shop, "-n", "40", "--format", "json", "--outages"];
    let output = ninefold(&[&arguments[..], &[rows.to_str().unwrap()]].concat());
    check_status(&output, 0);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut reader = csv::Reader::from_path(&rows).unwrap();
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>().join(","),
        "replication,journey,start_s,length_s,cause_mode,cause_unit,planned,prolonged_by_mode,\
         prolonged_by_unit,censored"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for journey in ["browse", "buy"] {
        let of_journey = rows.iter().filter(|row| &row[1] == journey);
        let count = json["journeys"][journey]["outage_s"]["count"].as_u64().unwrap();
        assert_eq!(of_journey.count() as u64, count, "{journey}");
    }
    assert!(rows.iter().any(|row| &row[6] == "true" && &row[4] == "patches"));
    let two = ninefold(&["simulate", &shop, THANOS, "--outages", "x.csv"]);
    check_status(&two, 2);
}

#[test]
fn inputs_can_be_varied_within_their_ranges() {
    let folder = tempfile::tempdir().unwrap();
    let shop = file(folder.path(), "shop.yaml", SHOP);
    let arguments =
        ["simulate", &shop, "-n", "300", "--format", "json", "--input-uncertainty", "5"];
    let output = ninefold(&arguments);
    check_status(&output, 0);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let band = &json["journeys"]["buy"]["input_uncertainty"];
    let number = |key: &str| band[key].as_f64().unwrap();
    assert_eq!(band["draws"], 5);
    assert!(number("unavailability_p5") < number("unavailability_p95"));
    assert_eq!(output.stdout, ninefold(&arguments).stdout);
    let certain = file(folder.path(), "certain.yaml", RELIABLE);
    let refused = ninefold(&["simulate", &certain, "--input-uncertainty"]);
    check_status(&refused, 2);
    assert!(text(&refused.stderr).contains("no failure mode has a `range`"));
}

#[test]
fn reports_tell_planned_from_unplanned_and_whole_from_degraded() {
    let folder = tempfile::tempdir().unwrap();
    let shop = file(folder.path(), "shop.yaml", SHOP);
    let output = ninefold(&["simulate", &shop, "-n", "300", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let buy = &json["journeys"]["buy"];
    let mean = |value: &serde_json::Value| value["mean"].as_f64().unwrap();
    let (planned, unplanned) = (&buy["planned"], &buy["unplanned"]);
    let sum = mean(&planned["downtime_s_per_year"]) + mean(&unplanned["downtime_s_per_year"]);
    assert!((sum / mean(&buy["downtime_s_per_year"]) - 1.0).abs() < 1e-9);
    assert!(mean(&planned["outages_per_year"]) > 12.0);
    assert!(mean(&json["journeys"]["browse"]["degraded_s_per_year"]) > 0.0);
    assert!(buy["degraded_s_per_year"].is_null());
    assert_eq!(buy["over_time"].as_array().unwrap().len(), 24);
    assert!(mean(&buy["availability_during"]) < 1.0);
    assert!(mean(&buy["time_to_first_outage_s"]) < 86_400.0);
    let text = ninefold(&["simulate", &shop, "-n", "300"]);
    let text = std::str::from_utf8(&text.stdout).unwrap();
    assert!(text.contains("Planned, degraded, promised"), "{text}");
    assert!(text.contains("deploy of web ("), "{text}");
    assert!(text.contains("strikes several at once"), "{text}");
}

/// Parts of a run, and what becomes of them.
#[test]
fn a_run_in_parts_is_merged_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let part = |number: u32| folder.path().join(format!("part-{number}.json"));
    for number in 1..=3 {
        let shard = format!("{number}/3");
        let file = part(number);
        let file = file.to_str().unwrap();
        let run = ["simulate", THANOS, "-n", "30", "--shard", &shard, "--out", file, "--timing"];
        let output = ninefold(&run);
        check_status(&output, 0);
        assert_eq!(text(&output.stdout), "");
        assert!(text(&output.stderr).contains(" lives/s, "), "{}", text(&output.stderr));
    }
    let files = [part(3), part(1), part(2)].map(|path| path.to_str().unwrap().to_owned());
    let [third, first, second] = &files;
    let merged = ninefold(&["merge", third, first, second, "--format", "json"]);
    check_status(&merged, 1);
    let whole = ninefold(&["simulate", THANOS, "-n", "30", "--format", "json"]);
    assert_eq!(text(&merged.stdout), text(&whole.stdout));

    // Parts without exact answers have none when they are merged.
    let folder = tempfile::tempdir().unwrap();
    let design = file(folder.path(), "good.yaml", RELIABLE);
    let plain = ["simulate", &design, "-n", "30", "--exact", "never"];
    let files = ["1/2", "2/2"].map(|shard| {
        let file = folder.path().join(shard.replace('/', "-")).to_str().unwrap().to_owned();
        let written = ninefold(&[&plain[..], &["--shard", shard, "--out", &file]].concat());
        check_status(&written, 0);
        file
    });
    let merged = ninefold(&["merge", &files[0], &files[1], "--format", "json"]);
    let whole = ninefold(&[&plain[..], &["--format", "json"]].concat());
    assert_eq!(text(&merged.stdout), text(&whole.stdout));
    assert!(text(&whole.stdout).contains("\"exact\": null"));

    let refused = ninefold(&["merge", first, third]);
    check_status(&refused, 2);
    assert_eq!(text(&refused.stderr), "error: of 3 parts one is missing: 2\n");
    let refused = ninefold(&["merge", THANOS, "nowhere.json"]);
    check_status(&refused, 2);
    assert_eq!(text(&refused.stderr).lines().count(), 2);
    for wrong in ["0/3", "4/3", "x"] {
        let run = ["simulate", THANOS, "--shard", wrong, "--out", "never.json"];
        check_status(&ninefold(&run), 2);
    }
    check_status(&ninefold(&["simulate", THANOS, "--shard", "1/3"]), 2);
    // Nothing is drawn.
    let drawn = ["simulate", THANOS, "--shard", "1/3", "--out", "never.json", "--theme", "dark"];
    check_status(&ninefold(&drawn), 2);
    let too_many = ["simulate", THANOS, "-n", "2", "--shard", "1/3", "--out", "never.json"];
    check_status(&ninefold(&too_many), 2);
    assert!(!Path::new("never.json").exists());
}

#[test]
fn a_design_that_is_worse_is_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", RELIABLE);
    let bad = file(folder.path(), "bad.yaml", &RELIABLE.replace("repair: 1m", "repair: 10m"));
    let other = file(folder.path(), "other.yaml", &RELIABLE.replace("browse", "buy"));
    let compare = |arguments: &[&str]| ninefold(&[&["compare", "-n", "200"], arguments].concat());
    let worse = compare(&[&good, &bad]);
    check_status(&worse, 1);
    assert!(text(&worse.stdout).contains("worse"));
    check_status(&compare(&[&bad, &good]), 0);
    // Twelve failures a year, each nine minutes longer: 1 h 48 min.
    check_status(&compare(&[&good, &bad, "--margin", "1h"]), 1);
    let within = compare(&[&good, &bad, "--margin", "3h"]);
    check_status(&within, 0);
    assert!(!text(&within.stdout).contains("worse") && text(&within.stdout).contains("within"));
    let json = |margin: &str| {
        let json = compare(&[&good, &bad, "--margin", margin, "--format", "json"]);
        serde_json::from_slice::<serde_json::Value>(&json.stdout).unwrap()
    };
    let (none, wide) = (json("0s"), json("3h"));
    assert_eq!(none["schema"], "ninefold-difference/1");
    assert_eq!(
        [&none["journeys"]["browse"]["is"], &wide["journeys"]["browse"]["is"]],
        ["worse", "within"]
    );
    assert_eq!(
        [&none["run"]["margin_s_per_year"], &wide["run"]["margin_s_per_year"]],
        [0.0, 10_800.0]
    );
    assert_eq!(none["first"]["file"], good.as_str());
    let nothing = compare(&[&good, &other]);
    check_status(&nothing, 2);
    let told = text(&nothing.stderr);
    assert!(told.contains(&format!("`{good}` and `{other}` have neither a journey")), "{told}");
    check_status(&compare(&[&good]), 2);
    let longer = file(folder.path(), "longer.yaml", &format!("{RELIABLE}horizon: 2y\n"));
    check_status(&compare(&[&good, &longer]), 2);
    check_status(&compare(&[&good, &longer, "--horizon", "1y"]), 0);
}

#[test]
fn shells_are_told_what_can_be_completed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = ninefold(&["completions", shell]);
        check_status(&output, 0);
        let script = text(&output.stdout);
        for word in ["ninefold", "simulate", "completions", "input-uncertainty"] {
            assert!(script.contains(word), "{shell} is not told of `{word}`");
        }
    }
    check_status(&ninefold(&["completions", "tcsh"]), 2);
    check_status(&ninefold(&["completions"]), 2);
}

#[test]
fn every_command_has_a_manual_page() {
    let output = ninefold(&["man"]);
    check_status(&output, 0);
    let page = text(&output.stdout);
    assert!(page.contains(".TH ninefold 1") && page.contains("Exit status"), "{page}");

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("share/man1");
    let output = ninefold(&["man", "--out", out.to_str().unwrap()]);
    check_status(&output, 0);
    assert!(output.stdout.is_empty());
    assert_eq!(text(&fs::read(out.join("ninefold.1")).unwrap()), page);
    let help = ninefold(&["--help"]);
    let commands = text(&help.stdout).split_once("Commands:\n").unwrap().1;
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let command = line.split_whitespace().next().unwrap();
        if command != "help" && line.starts_with("  ") && !line.starts_with("   ") {
            let page = fs::read_to_string(out.join(format!("ninefold-{command}.1"))).unwrap();
            assert!(page.contains(&format!("ninefold\\-{command}")), "{page}");
        }
    }
    let page = fs::read_to_string(out.join("ninefold-simulate.1")).unwrap();
    assert!(page.contains("input\\-uncertainty"), "{page}");
}

#[test]
fn every_life_is_a_row_that_adds_up_to_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let shop = file(folder.path(), "shop.yaml", SHOP);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (lives, outages) = (path("lives.csv"), path("outages.csv"));
    let arguments = ["simulate", &shop, "-n", "40", "--warm-up", "100d", "--format", "json"];
    let rows = ["--lives", &lives, "--outages", &outages];
    let output = ninefold(&[&arguments[..], &rows].concat());
    check_status(&output, 0);
    assert_eq!(output.stdout, ninefold(&arguments).stdout, "rows change nothing of the result");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut reader = csv::Reader::from_path(&lives).unwrap();
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>().join(","),
        "replication,journey,downtime_s,outages,longest_outage_s,unplanned_downtime_s"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 * 40);
    for journey in ["browse", "buy"] {
        let of_journey = || rows.iter().filter(|row| &row[1] == journey);
        let sum = |column: usize| of_journey().map(move |row| row[column].parse::<f64>().unwrap());
        let report = &json["journeys"][journey];
        let mean = |value: &serde_json::Value| value["mean"].as_f64().unwrap();
        let downtime: f64 = sum(2).sum();
        let expected = 40.0 * mean(&report["downtime_s_per_year"]);
        assert!((downtime / expected - 1.0).abs() < 1e-9, "{journey}: {downtime}, {expected}");
        let unplanned: f64 = sum(5).sum();
        let expected = 40.0 * mean(&report["unplanned"]["downtime_s_per_year"]);
        assert!(
            (unplanned - expected).abs() < 1e-6 * downtime,
            "{journey}: {unplanned}, {expected}"
        );
        let count: f64 = sum(3).sum();
        assert_eq!(count, report["outage_s"]["count"].as_f64().unwrap(), "{journey}");
        let longest = sum(4).fold(0.0, f64::max);
        assert_eq!(longest, report["outage_s"]["max"].as_f64().unwrap(), "{journey}");
    }
}

#[test]
fn the_ending_of_a_file_of_rows_says_its_format() {
    let refused = ninefold(&["simulate", THANOS, "--lives", "lives.txt"]);
    check_status(&refused, 2);
    let told = text(&refused.stderr);
    assert!(told.contains("name it `.csv` or `.parquet`"), "{told}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn what_was_not_built_in_says_how_it_is() {
    for arguments in [
        &["--lives", "lives.parquet"][..],
        &["--outages", "outages.parquet"],
        &["--format", "parquet", "--out", "never-made"],
    ] {
        let refused = ninefold(&[&["simulate", THANOS], arguments].concat());
        check_status(&refused, 2);
        let told = text(&refused.stderr);
        assert!(told.contains("cargo install --path . --features parquet"), "{told}");
    }
    assert!(!Path::new("never-made").exists());
}

#[test]
fn how_long_a_run_took_is_not_a_part_of_the_result() {
    let arguments = ["simulate", THANOS, OBJECT_STORE, "-n", "50", "--format", "json"];
    let plain = ninefold(&arguments);
    let timed = ninefold(&[&arguments[..], &["--timing"]].concat());
    assert_eq!(plain.stdout, timed.stdout);
    check_only_warned(&plain);
    let json: serde_json::Value = serde_json::from_slice(&timed.stdout).unwrap();
    // After what is to be warned of.
    let told = text(&timed.stderr).strip_prefix(text(&plain.stderr)).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, report) in lines.iter().zip(json.as_array().unwrap()) {
        let name = report["topology"]["name"].as_str().unwrap();
        assert!(line.starts_with(&format!("{name}: ")), "{line}");
        let events = format!(" {} events, ", report["run"]["events"]);
        assert!(line.contains(" lives/s, ") && line.contains(&events), "{line}");
        assert!(line.ends_with(" events/s"), "{line}");
    }
}

/// Twelve drives that die often, and no journeys.
const FLEET: &str = "topology: fleet
failures: {dead: {every: 60d, repair: 2h, range: {every: [30d, 90d]}, wipes: true}}
domains: {drive: {level: drive, count: 12, fails: [dead]}}
data: {objects: {held_by: drive, copies: 2, groups: 12, placement: random, size: 1TB, rebuild: 1d}}
";

#[test]
fn a_topology_without_journeys_is_simulated_checked_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = file(folder.path(), "fleet.yaml", FLEET);
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let simulated = ninefold(&["simulate", &fleet, "-n", "200", "--out", out]);
    check_status(&simulated, 0);
    let told = text(&simulated.stdout);
    for part in ["objects: ", "with all copies", "so many holders lost at once destroy something"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let mut written: Vec<String> = fs::read_dir(out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    let kinds = ["data-lost", "data-margins", "data-stages"];
    let pictures =
        kinds.iter().flat_map(|kind| ["png", "svg"].map(|e| format!("fleet-{kind}.{e}")));
    let wanted: Vec<String> =
        pictures.chain(["fleet.html", "fleet.json", "fleet.txt"].map(str::to_owned)).collect();
    assert_eq!(written, wanted);

    let csv = ninefold(&["simulate", &fleet, "-n", "20", "--format", "csv"]);
    check_status(&csv, 0);
    assert!(text(&csv.stdout).contains("fleet,objects,p_loss,"), "{}", text(&csv.stdout));
    let json = ninefold(&["simulate", &fleet, "-n", "20", "--format", "json"]);
    check_status(&json, 0);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json["journeys"].as_object().unwrap().is_empty());
    let at_once = &json["data"]["objects"]["simultaneous_loss"];
    assert_eq!(
        (&at_once[0]["holders"], &at_once[0]["exact"], &at_once[0]["tried"]),
        (&2.into(), &true.into(), &66.into())
    );
    let to_loss = ninefold(&["simulate", &fleet, "-n", "20", "--until", "loss", "--out", out]);
    check_status(&to_loss, 0);

    let checked = ninefold(&["check", &fleet]);
    check_status(&checked, 0);
    assert!(text(&checked.stdout).contains("in a life; data: objects\n"));
    for (command, words) in [("check", "no journeys"), ("explain", "units are down at least once")]
    {
        let picture = folder.path().join("picture.svg");
        let drawn = ninefold(&[command, &fleet, "--draw", picture.to_str().unwrap()]);
        check_status(&drawn, 0);
        assert!(fs::read_to_string(&picture).unwrap().contains(words), "{command}");
    }
    let explained = ninefold(&["explain", &fleet]);
    assert!(text(&explained.stdout).contains("`--all` tells everything"));
    let explained = ninefold(&["explain", &fleet, "--all"]);
    assert!(text(&explained.stdout).contains("dead of drive-6 strikes"));
}

/// Two copies, which are wiped 10 h and 11 h after the beginning and are back two hours later each; and a backup every 4 h.
#[test]
fn a_life_tells_what_becomes_of_copies() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "
topology: rows
horizon: 20h
failures:
  first:  {every: {fixed: 10h}, repair: 2h, wipes: true}
  second: {every: {fixed: 11h}, repair: 2h, wipes: true}
domains: {one: {fails: [first]}, two: {fails: [second]}}
data:
  rows:
    held_by: [one, two]
    copies: 2
    rebuild: {detect: 30m, takes: 45m}
    backup: {every: 4h, restore: 3h}
";
    let rows = file(folder.path(), "rows.yaml", rows);
    let output = ninefold(&["explain", &rows, "--all"]);
    check_status(&output, 0);
    let told: Vec<&str> = text(&output.stdout).lines().skip(1).map(str::trim).collect();
    assert_eq!(
        told,
        [
            "day 0 10:00:00  first of one strikes",
            "day 0 10:00:00    one is down",
            "day 0 10:00:00    1 copy of rows is lost",
            "day 0 11:00:00  second of two strikes",
            "day 0 11:00:00    two is down",
            "day 0 11:00:00    1 copy of rows is lost, 2 are missing",
            "day 0 11:00:00  1 group of rows is LOST: too many copies are gone",
            "day 0 11:00:00  1 group of rows cannot be read",
            "day 0 11:00:00  3h of rows are gone for good: newer than the backup",
            "day 0 12:00:00  first of one is over",
            "day 0 12:00:00    one is up",
            "day 0 12:30:00    rebuild of 1 copy of rows begins",
            "day 0 13:00:00  second of two is over",
            "day 0 13:00:00    two is up",
            "day 0 13:15:00    1 copy of rows is there again, 1 is still missing",
            "day 0 13:15:00  all groups of rows can be read",
            "day 0 13:30:00    rebuild of 1 copy of rows begins",
            "day 0 14:00:00  rows is restored from a backup after 3h",
            "day 0 14:15:00    1 copy of rows is there again, none is missing",
        ]
    );
    // What happens to many is told at once; a rebuild that is struck again, and a copy that is only away and is made
    // anew elsewhere.
    let fleet = "
topology: fleet
horizon: 2d
failures:
  dead: {every: {fixed: 10h}, repair: 20h, wipes: true}
  off:  {every: {fixed: 30h}, repair: 10h}
domains:
  rack: {fails: [dead]}
  disk: {in: rack, count: 3}
  far:  {fails: [off]}
  near: {count: 2}
data:
  here:  {held_by: disk, copies: 3, rebuild: 12h}
  there: {held_by: [far, near], copies: 3, rebuild: {takes: 1h, to: elsewhere, gives_up_after: 15m}}
";
    let fleet = file(folder.path(), "fleet.yaml", fleet);
    let told = ninefold(&["explain", &fleet, "--all"]);
    let told = text(&told.stdout);
    for line in [
        "day 0 10:00:00    3 copies of here are lost\n",
        "day 1 06:00:00    rebuild of 3 copies of here begins\n",
        "day 1 16:00:00    rebuild of 3 copies of here is broken off\n",
        "day 1 06:15:00    rebuild of 1 copy of there begins\n",
        "day 1 07:15:00    1 copy of there is there again, none is missing\n",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
}

#[test]
fn what_is_about_journeys_is_refused_where_there_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = file(folder.path(), "fleet.yaml", FLEET);
    let lives = folder.path().join("lives.csv");
    let lives = lives.to_str().unwrap();
    for (arguments, told) in [
        (&["simulate", &fleet, "--lives", lives][..], "`--lives` is about journeys"),
        (&["simulate", &fleet, "--outages", lives], "`--outages` is about journeys"),
        (&["simulate", &fleet, "--input-uncertainty"], "`--input-uncertainty` is about journeys"),
        (&["simulate", &fleet, "--until", "first-outage"], "this topology has no journeys"),
        (&["compare", THANOS, &fleet, "--horizon", "1y"], "neither a journey nor a data class"),
        (&["explain", &fleet, "--worst", "browse"], "there are none in this topology"),
        (&["export", &fleet, "--galileo"], "`fleet` has no journeys: there is nothing to export"),
    ] {
        let refused = ninefold(arguments);
        check_status(&refused, 2);
        assert!(text(&refused.stderr).contains(told), "{}", text(&refused.stderr));
    }
    assert!(!Path::new(lives).exists());
}

#[test]
fn what_is_no_part_of_a_run_is_named_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = file(folder.path(), "shop.yaml", RELIABLE);
    let other = file(folder.path(), "other.json", "{}");
    let missing = folder.path().join("missing.json");
    let missing = missing.to_str().unwrap();
    for (file, told) in [
        (missing, format!("error: cannot read `{missing}`: ")),
        (
            &yaml,
            format!(
                "error: {yaml}: not a part of a run as `simulate --shard` writes it: it is not JSON ("
            ),
        ),
        (
            &other,
            format!(
                "error: {other}: not a part of a run as `simulate --shard` writes it: it is JSON of "
            ),
        ),
    ] {
        let refused = ninefold(&["merge", file]);
        check_status(&refused, 2);
        assert!(text(&refused.stderr).starts_with(&told), "{}", text(&refused.stderr));
    }
}

#[test]
fn a_wrong_number_of_threads_is_blamed_on_the_environment_if_it_is_from_there() {
    let run = |arguments: &[&str], value: &str| {
        command(arguments).env("NINEFOLD_THREADS", value).output().unwrap()
    };
    let simulate = ["simulate", THANOS, "-n", "1"];
    let refused = run(&simulate, "abc");
    check_status(&refused, 2);
    let told = text(&refused.stderr);
    assert!(
        told.contains("from 1 to 1024; it is from the environment: NINEFOLD_THREADS"),
        "{told}"
    );
    let own = run(&[&simulate[..], &["-j", "0"]].concat(), "2");
    check_status(&own, 2);
    assert!(!text(&own.stderr).contains("environment"), "{}", text(&own.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_a_status() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["--help"]).stdout(full).output().unwrap();
    check_status(&output, 3);
    assert!(text(&output.stderr).contains("cannot write the result"), "{}", text(&output.stderr));
}

#[test]
fn a_folder_that_nothing_is_written_into_is_not_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let reliable = file(folder.path(), "reliable.yaml", RELIABLE);
    let made = folder.path().join("made");
    let out = made.join("out");
    let out = out.to_str().unwrap();
    let run = |options: &[&str]| {
        ninefold(&[&["simulate", &reliable, "-n", "9", "--out", out], options].concat())
    };
    let nowhere = folder.path().join("nowhere/rows.csv");
    check_status(&run(&["--outages", nowhere.to_str().unwrap()]), 2);
    assert!(!made.exists());
    // Rows may go into the folder itself.
    let rows = made.join("out/rows.csv");
    check_status(&run(&["--outages", rows.to_str().unwrap()]), 0);
    assert!(rows.exists() && made.join("out/reliable.txt").exists());
    // One that was there stays, whatever is in it.
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let refused = ninefold(&[
        "simulate",
        &reliable,
        "--out",
        empty.to_str().unwrap(),
        "--lives",
        nowhere.to_str().unwrap(),
    ]);
    check_status(&refused, 2);
    assert!(empty.exists());
}

#[test]
fn a_file_that_cannot_be_written_does_not_take_the_result_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let reliable = file(folder.path(), "reliable.yaml", RELIABLE);
    let arguments = ["simulate", &reliable, "-n", "9"];
    let printed = ninefold(&arguments);
    let out = folder.path().join("out");
    let in_the_way = out.join("reliable.html");
    fs::create_dir_all(&in_the_way).unwrap();
    let output = ninefold(&[&arguments[..], &["--out", out.to_str().unwrap()]].concat());
    check_status(&output, 3);
    assert_eq!(output.stdout, printed.stdout);
    let told = text(&output.stderr);
    assert!(told.contains(&format!("cannot write `{}`", in_the_way.display())), "{told}");
    assert!(told.ends_with("\n  complete there: reliable.txt, reliable.json\n"), "{told}");
    assert_eq!(fs::read(out.join("reliable.txt")).unwrap(), printed.stdout);
}

#[test]
fn a_name_of_a_file_does_not_look_like_an_option() {
    let folder = tempfile::tempdir().unwrap();
    for (name, stem) in [("../../evil", "evil"), ("--", "unnamed")] {
        let named = RELIABLE.replace("topology: reliable", &format!("topology: '{name}'"));
        let named = file(folder.path(), "named.yaml", &named);
        let out = folder.path().join(stem);
        let output = ninefold(&["simulate", &named, "-n", "9", "--out", out.to_str().unwrap()]);
        check_status(&output, 0);
        let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
        let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        assert!(names.contains(&format!("{stem}.json")), "{names:?}");
        assert!(names.iter().all(|name| name.starts_with(stem)), "{names:?}");
    }
}

#[test]
fn what_cannot_fail_has_no_events_and_takes_nothing_down() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "topology: bare\nservices: {web: {}}\njourneys: {browse: {needs: web}}\n";
    let bare = file(folder.path(), "bare.yaml", bare);
    let checked = ninefold(&["check", &bare]);
    check_status(&checked, 0);
    assert!(
        text(&checked.stdout).contains("\n  about 0 events in a life;"),
        "{}",
        text(&checked.stdout)
    );
    assert!(
        text(&checked.stderr).starts_with("warning[nothing-fails]"),
        "{}",
        text(&checked.stderr)
    );
    // In a scenario fails what it says.
    let script = "topology: bare.yaml\nscenarios:\n  - {scenario: crash, steps: [{at: 1h, crash: web, for: 10m}]}\n";
    let scenario = ninefold(&["scenario", &file(folder.path(), "crash.yaml", script)]);
    check_status(&scenario, 0);
    assert_eq!(text(&scenario.stderr), "");
    // The rack never fails, and the node in it does.
    let racked = "topology: racked
failures: {down: {every: 30d, repair: 1h}}
domains: {rack: {}, node: {in: rack, fails: [down]}}
services: {web: {on: node}}
journeys: {browse: {needs: web}}
";
    let places = |racked: &str| {
        let racked = file(folder.path(), "racked.yaml", racked);
        let output = ninefold(&["simulate", &racked, "-n", "9", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let places = json["blast_radius"].as_array().unwrap().iter();
        places.map(|place| place["unit"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(places(racked), ["node"]);
    assert_eq!(places(&racked.replace("rack: {}", "rack: {fails: [down]}")), ["rack", "node"]);
    let moved = "calendar: {move: {every: 90d, order: [rack], each: 1h}}\n";
    assert_eq!(places(&format!("{racked}{moved}")), ["rack", "node"]);
}

#[test]
fn what_a_place_takes_down_depends_on_where_controllers_place_replicas() {
    let placed = "topology: placed
platform: {profile: kubernetes, nodes: node, control_plane: cp}
failures: {down: {every: 30d, repair: 1h}}
domains: {node: {count: 2, fails: [down], capacity: {cpu: 2}}}
services:
  cp: {on: node-0, controller: static}
  web: {on: node, controller: deployment, requests: {cpu: 1}}
journeys: {browse: {needs: web}, steer: {needs: cp}}
";
    let folder = tempfile::tempdir().unwrap();
    let placed = file(folder.path(), "placed.yaml", placed);
    let output = ninefold(&["simulate", &placed, "-n", "9", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let share = |node: &str, journey: &str| {
        let places = json["blast_radius"].as_array().unwrap();
        let place = places.iter().find(|place| place["unit"] == node).unwrap();
        let journeys = place["journeys"].as_array().unwrap();
        let index = journeys.iter().position(|name| name == journey);
        index.map(|index| place["placement_shares"][index].as_f64().unwrap())
    };
    // It is always on one of the two, and on each in some lives.
    let (zero, one) = (share("node-0", "browse").unwrap(), share("node-1", "browse").unwrap());
    assert!((zero + one - 1.0).abs() < 1e-12 && zero > 0.0 && one > 0.0, "{zero} {one}");
    assert_eq!((share("node-0", "steer"), share("node-1", "steer")), (Some(1.0), None));
    let told = ninefold(&["simulate", &placed, "-n", "9"]);
    let line = format!("node-0: browse in {:.0} % of placements, steer", 100.0 * zero);
    assert!(text(&told.stdout).contains(&line), "{}", text(&told.stdout));
    let cuts = ninefold(&["cuts", &placed]);
    assert!(text(&cuts.stdout).contains("as controllers have placed them in the first life"));
}

#[test]
fn an_rpo_without_data_is_said_not_to_be_judged() {
    let promised = RELIABLE.replace("availability: 99%", "availability: 99%, rpo: 2h");
    let folder = tempfile::tempdir().unwrap();
    let promised = file(folder.path(), "promised.yaml", &promised);
    let output = ninefold(&["simulate", &promised, "-n", "9"]);
    check_status(&output, 0);
    let told = text(&output.stdout);
    let line = "loses more than 2h is not judged, since no data are named";
    assert!(told.contains(line), "{told}");
}

#[test]
fn data_that_are_lost_more_are_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = file(folder.path(), "fleet.yaml", FLEET);
    let slow = file(folder.path(), "slow.yaml", &FLEET.replace("rebuild: 1d", "rebuild: 20d"));
    let compare = |arguments: &[&str]| ninefold(&[&["compare", "-n", "400"], arguments].concat());
    check_status(&compare(&[&fleet, &fleet]), 0);
    check_status(&compare(&[&slow, &fleet]), 0);
    // However much may be lost: it is lost in more lives.
    for arguments in [&[&*fleet, &*slow][..], &[&fleet, &slow, "--margin", "1y"]] {
        let worse = compare(arguments);
        check_status(&worse, 1);
        assert!(text(&worse.stdout).contains("lives with any"), "{}", text(&worse.stdout));
    }
}

#[test]
fn without_journeys_a_precision_is_that_of_losses() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = file(folder.path(), "fleet.yaml", FLEET);
    let run = |precision: &str| {
        let most = ["-n", "4000", "--precision", precision, "--format", "json"];
        let output = ninefold(&[&["simulate", &fleet][..], &most].concat());
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let losses = &json["data"]["objects"]["loss_incidents_per_year"];
        let half =
            (losses["ci95"][1].as_f64().unwrap() - losses["ci95"][0].as_f64().unwrap()) / 2.0;
        (json["run"]["replications"].as_u64().unwrap(), half / losses["mean"].as_f64().unwrap())
    };
    let (lives, width) = run("3%");
    assert!((1_025..4_000).contains(&lives) && width <= 0.03, "{lives}: {width}");
    assert_eq!(run("0.1%").0, 4_000);
    // Nothing is lost, and so plain lives know nothing; and other methods not enough in so few lives.
    let safe = FLEET.replace("60d", "600y").replace("[30d, 90d]", "[500y, 700y]");
    let safe = file(folder.path(), "safe.yaml", &safe);
    for (method, precision, says) in [
        ("plain", "5%", "objects never lost any data; allow more"),
        ("auto", "0.5%", "objects is known to "),
    ] {
        let most = ["-n", "2000", "--precision", precision, "--method", method];
        let output = ninefold(&[&["simulate", &safe][..], &most].concat());
        check_status(&output, 0);
        let told = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(says) && told.contains("allow more with --replications"), "{told}");
    }
}

/// Neither a chain nor a diagram says how rarely it is down, and hardly any life is.
const RARELY_DOWN: &str = "topology: rare
failures: {down: {every: 2000h, repair: {fixed: 2h}, crew: repair}}
crews: {repair: {size: 1}}
domains: {unit: {count: 3, fails: [down]}}
journeys: {serve: {needs: {at_least: 1, of: [unit]}, slo: {availability: 90%}}}
";

/// What another route says of a rare outage is judged in all formats, and in the exit status, as an estimate is: by its
/// mean, and as undecided where its interval reaches over the target.
#[test]
fn the_verdict_is_on_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let judged = |target: f64| {
        let content = RARELY_DOWN.replace("90%", &format!("{:.12}%", 100.0 * target));
        let path = file(folder.path(), "rare.yaml", &content);
        let run = |format: &str| {
            let precise = ["--precision", "30%", "-n", "20000", "--format", format];
            ninefold(&[&["simulate", &path][..], &precise].concat())
        };
        let output = run("json");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_ne!(json["run"]["method"], "plain");
        let journey = json["journeys"]["serve"].clone();
        let verdict = journey["slo"]["availability"]["verdict"].as_str().unwrap().to_owned();
        (verdict, output.status.code(), text(&run("text").stdout).to_owned(), journey)
    };
    let (verdict, status, told, journey) = judged(0.9);
    assert_eq!((verdict.as_str(), status), ("met", Some(0)), "{told}");
    let unavailability = journey["unavailability"]["mean"].as_f64().unwrap();
    assert!(unavailability < 1e-7, "{unavailability}");
    for (share, expected, status) in [
        (2.0, "met", 0),
        (1.05, "met-undecided", 0),
        (0.95, "missed-undecided", 1),
        (0.5, "missed", 1),
    ] {
        let (verdict, code, told, _) = judged(1.0 - share * unavailability);
        assert_eq!((verdict.as_str(), code), (expected, Some(status)), "{told}");
        assert_eq!(told.contains("MISSED"), status == 1, "{told}");
        assert_eq!(told.contains("undecided"), expected.ends_with("undecided"), "{told}");
    }
}

/// Each route is named once, however many journeys it is for.
#[test]
fn every_route_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let content = "topology: rare
failures:
  down: {every: 2000h, repair: {fixed: 2h}, crew: repair}
  lost: {every: 2000h, repair: {exponential: 2h}, crew: others}
crews: {repair: {size: 1}, others: {size: 1}}
domains: {unit: {count: 3, fails: [down]}, other: {count: 3, fails: [lost]}}
journeys:
  read: {needs: {at_least: 1, of: [unit]}}
  write: {needs: {at_least: 1, of: [other]}}
  list: {needs: {at_least: 1, of: [unit]}}
";
    let path = file(folder.path(), "rare.yaml", content);
    let run = |format: &str| {
        let precise = ["--precision", "30%", "-n", "20000", "--format", format];
        let output = ninefold(&[&["simulate", &path][..], &precise].concat());
        check_status(&output, 0);
        text(&output.stdout).to_owned()
    };
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    let method = json["run"]["method"].as_str().unwrap();
    let routes: Vec<&str> = method.split('+').collect();
    assert!(matches!(routes[..], ["plain", "markov", rare] if rare != "markov"), "{method}");
    let told = run("text");
    let words = format!("where that sees too little by markov or {}\n", routes[2]);
    assert!(told.contains(&words), "{told}");
}

/// Other routes do not know which hours count.
#[test]
fn what_is_promised_for_some_hours_is_not_judged_by_all() {
    let folder = tempfile::tempdir().unwrap();
    let exactly = |slo: &str| {
        let content = RELIABLE.replace("repair: 1m", "repair: {exponential: 1m}");
        let path = file(folder.path(), "t.yaml", &content.replace("99%", slo));
        let output = ninefold(&["simulate", &path, "--exact", "only", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let verdict = json["journeys"]["browse"]["slo"]["availability"]["verdict"].clone();
        (output.status.code(), verdict.as_str().unwrap().to_owned())
    };
    assert_eq!(exactly("99.9999%"), (Some(1), "missed".to_owned()));
    assert_eq!(exactly("99.9999%, during: business"), (Some(0), "not-judged".to_owned()));
}

/// Nor do they know how long each outage is, and what of data is never recorded.
#[test]
fn what_only_lives_could_judge_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let answered = |seldom: &str, slo: &str| {
        let content = format!(
            "topology: t
failures: {{off: {{every: 60d, repair: {seldom}}}}}
domains: {{a: {{fails: [off]}}, disk: {{}}}}
data: {{rows: {{born: a, held_by: disk, deleted: 50y}}}}
journeys: {{browse: {{needs: a, data: [rows], slo: {slo}}}}}
"
        );
        let path = file(folder.path(), "t.yaml", &content);
        let of =
            |format: &str| ninefold(&["simulate", &path, "--exact", "only", "--format", format]);
        let (text, json) = (of("text"), of("json"));
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        let slo = json["journeys"]["browse"]["slo"].clone();
        (String::from_utf8(text.stdout).unwrap().replace("\n    ", " "), slo)
    };
    let (text, slo) = answered("{exponential: 10m}", "{rpo: 5s, rto: 1m}");
    for (objective, target) in [("rpo_s", 5.0), ("rto_s", 60.0)] {
        assert_eq!(slo[objective]["target"], target);
        assert_eq!(slo[objective]["verdict"], "not-judged");
        assert!(slo[objective]["p_met"].is_null());
    }
    assert!(text.contains("browse: RTO 1m and RPO 5s not judged: only simulated lives"), "{text}");
    let (text, slo) = answered("{exponential: 10m}", "{availability: 99%}");
    assert!(slo["rpo_s"].is_null() && slo["rto_s"].is_null());
    assert!(!text.contains("not judged"), "{text}");
    // Where there is no exact answer either.
    let (text, slo) = answered("{lognormal: {median: 10m, p95: 1h}}", "{rpo: 5s}");
    assert_eq!(slo["rpo_s"]["verdict"], "not-judged");
    assert!(text.contains("browse: RPO 5s not judged"), "{text}");
}

/// What has no effect is said, and not passed over.
#[test]
fn what_only_lives_have_is_refused_where_none_is_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "t.yaml", RELIABLE);
    let rows = folder.path().join("rows.csv");
    let rows = rows.to_str().unwrap();
    for arguments in [
        &["--outages", rows][..],
        &["--lives", rows],
        &["--input-uncertainty"],
        &["--shard", "1/2", "--out", rows],
        &["--precision", "5%"],
        &["--until", "loss"],
        &["--format", "parquet", "--out", rows],
        &["--replications", "10"],
        &["--method", "plain"],
        &["--timing"],
    ] {
        let output = ninefold(&[&["simulate", &path, "--exact", "only"], arguments].concat());
        check_status(&output, 2);
        let option = arguments[..2.min(arguments.len())].join(" ");
        let option = if option.starts_with("--format") { &option } else { arguments[0] };
        let told = format!("error: `{option}` is about lives, and `--exact only` simulates none\n");
        assert_eq!(text(&output.stderr), told);
        assert!(output.stdout.is_empty() && !Path::new(rows).exists());
    }
    let output = ninefold(&["simulate", &path, "--method", "auto"]);
    check_status(&output, 2);
    assert!(text(&output.stderr).contains("such as `--precision 10%`"));
    check_status(&ninefold(&["simulate", &path, "--method", "plain", "-n", "10"]), 0);
    let output = ninefold(&["simulate", &path, "--precision", "5%", "--of", "browse,nothing"]);
    check_status(&output, 2);
    assert!(text(&output.stderr).contains("no journey or data class `nothing`; there are "));
    let output = ninefold(&["simulate", &path, "--of", "browse"]);
    check_status(&output, 2);
    assert!(text(&output.stderr).contains("--precision"));
}
