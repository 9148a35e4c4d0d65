//! The README is tried as a new user would: its files are written into an empty folder, its commands
//! are run there, and what they print must be what it shows. `UPDATE_DOCS=1 cargo test` writes it anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::validation::check_document;

/// A fenced block: what stands behind the fence, and the lines in it.
struct Block<'a> {
    info: &'a str,
    body: &'a str,
}

/// The text between blocks, and the blocks, in turn.
fn split(text: &str) -> Vec<(&str, Option<Block<'_>>)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("\n```") {
        let (before, fence) = rest.split_at(start + 1);
        let (info, after) = fence[3..].split_once('\n').unwrap();
        let end = if after.starts_with("```") { 0 } else { after.find("\n```").unwrap() + 1 };
        parts.push((before, Some(Block { info, body: &after[..end] })));
        rest = &after[end + 3..];
    }
    parts.push((rest, None));
    parts
}

#[test]
fn its_commands_print_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string("README.md").unwrap();
    let parts = split(&text);
    for block in parts.iter().filter_map(|(_, block)| block.as_ref()) {
        if let Some(name) = block.info.strip_prefix("yaml ") {
            fs::write(folder.path().join(name), block.body).unwrap();
        }
    }
    let mut tried = String::new();
    let mut commands = 0;
    for (before, block) in &parts {
        tried += before;
        let Some(block) = block else { continue };
        tried += &format!("```{}\n", block.info);
        if block.info == "console" {
            let command = block.body.lines().next().unwrap();
            tried += &format!("{command}\n{}", output_of(command, folder.path()));
            commands += 1;
        } else {
            tried += block.body;
        }
        tried += "```";
    }
    assert!(commands >= 3, "only {commands} commands found");
    check_document(Path::new("README.md"), &tried);
}

/// What a command of the README prints, on both streams, in a shell that finds the program.
fn output_of(command: &str, folder: &Path) -> String {
    let Some(line) = command.strip_prefix("$ ").filter(|line| line.starts_with("ninefold ")) else {
        panic!("`{command}` is not a command of this program")
    };
    let programs = Path::new(env!("CARGO_BIN_EXE_ninefold")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", line])
        .env("PATH", path)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    format!("{}{}", text(output.stdout), text(output.stderr))
}

/// The picture that the README shows is the one that its first command draws.
#[test]
fn its_picture_is_the_one_that_its_command_draws() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ninefold"))
        .args(["simulate", "topologies/seed-thanos-as-written.yaml", "--precision", "5%"])
        .args(["--out", folder.path().to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "the design misses an objective");
    let name = "thanos-as-written-downtime.svg";
    let drawn = fs::read_to_string(folder.path().join(name)).unwrap();
    check_document(&Path::new("docs/images").join(name), &drawn);
}
