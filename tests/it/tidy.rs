//! Rules about the source are tests.

use std::fs;
use std::path::{Path, PathBuf};

/// Every module, lowest first. A module may use only those before it, so that no ring can form.
const ORDER: &[&str] = &[
    "units", "rng", "dist", "stats", "scheme", "spec", "model", "engine", "exact", "run",
    "measure", "report", "part", "system", "study", "scenario",
];

/// Modules that stand beside one another: neither may use the other.
const SIBLINGS: &[(&str, &str)] = &[("exact", "engine")];

/// What must not occur below `run`, where results are made.
const FORBIDDEN_BELOW_RUN: &[(&str, &str)] = &[
    ("std::time", "the simulated clock is the only one"),
    ("std::env", "results do not depend on the environment"),
    ("std::thread", "threads begin in run"),
    ("rayon", "threads begin in run"),
    ("HashMap", "its order is random"),
    ("HashSet", "its order is random"),
];

fn source_files() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
                let module = module.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push((module, path, text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 40, "found only {} files", found.len());
    found
}

/// The modules that a text names after `crate::`, in lists too.
fn used_modules(text: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    text.split("crate::").skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn modules_use_only_modules_below_them() {
    let place = |module: &str| ORDER.iter().position(|listed| *listed == module);
    let mut wrong = Vec::new();
    for (module, path, text) in source_files() {
        if ["lib", "main", "cli"].contains(&module.as_str()) {
            continue;
        }
        assert!(place(&module).is_some(), "{module} is not in ORDER");
        for used in used_modules(&text) {
            let is_above = place(&used).is_none_or(|used| Some(used) > place(&module));
            let is_sibling = SIBLINGS.contains(&(module.as_str(), used.as_str()));
            if used != module && (is_above || is_sibling) {
                wrong.push(format!("{} uses {used}, which is not below it", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_below_run_depends_on_the_machine() {
    let mut wrong = Vec::new();
    for (module, path, text) in source_files() {
        let below_run = ORDER.iter().take_while(|listed| **listed != "run");
        if !below_run.clone().any(|listed| *listed == module) {
            continue;
        }
        for (word, why) in FORBIDDEN_BELOW_RUN {
            if text.contains(word) {
                wrong.push(format!("{} has {word}: {why}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_command_line_sees_the_public_interface_only() {
    for (module, path, text) in source_files() {
        if module == "cli" || module == "main" {
            assert!(used_modules(&text).is_empty(), "{} looks inside the library", path.display());
        }
    }
}

/// The loop that everything runs through must be readable at a glance.
#[test]
fn the_event_loop_fits_on_a_screen() {
    let text = fs::read_to_string(Path::new("src/engine/replicate.rs")).unwrap();
    let start = text.find("pub fn replicate<").expect("the loop is there");
    let length = text[start..].find("\n    }\n").expect("it ends").min(text.len());
    let lines = text[start..start + length].lines().count();
    assert!(lines <= 40, "{lines} lines");
}

/// Each finding is explained to those who meet it.
#[test]
fn every_diagnostic_is_documented() {
    let text = fs::read_to_string("docs/diagnostics.md").unwrap();
    for code in ninefold::spec::Code::ALL {
        let title = format!("\n## {}\n", code.name());
        assert!(text.contains(&title), "docs/diagnostics.md says nothing on `{}`", code.name());
    }
}
