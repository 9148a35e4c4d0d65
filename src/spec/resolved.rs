//! A topology written out: every value with where it came from, and every default.

use std::fmt::Write;
use std::path::Path;

use super::catalog;
use super::overlay::read_text;
use super::profile::profile_of;
use super::source::Span;
use super::topology::{Loaded, SpecError, Topology};
use super::yaml::{Entry, NodeId, Tree, Value};

/// What an entry of each section has where the file says nothing.
const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    ("failures", &[("clock", "up")]),
    ("domains", &[("start", "0s"), ("fails", "[]")]),
    (
        "services",
        &[("replicas", "1"), ("start", "0s"), ("fails", "[]"), ("while_down", "keeps-failing")],
    ),
    ("crews", &[("size", "1"), ("hours", "always"), ("works", "any-time"), ("picks", "fifo")]),
    (
        "calendar",
        &[
            ("at", "0s"),
            ("gap", "0s"),
            ("at_a_time", "1"),
            ("hours", "always"),
            ("regardless", "false"),
        ],
    ),
    ("data", &[(MEDIUM, ""), ("catch_up", "at-once")]),
    ("journeys", &[]),
];
/// Defaults that would say something else where another key says how many there are.
const REPLICAS_FOLLOW: &str = "erasure";
/// What defaults of data are about: copies that somebody holds.
const HOLDERS: &str = "held_by";
/// What data are on, which depends on who holds them.
const MEDIUM: &str = "medium";
/// What says how many replicas there are on so many nodes.
const ONE_ON_EACH: &str = "daemonset";
/// What a service with a controller has besides where the file says nothing.
const OF_A_CONTROLLER: &[(&str, &str)] = &[("priority", "0"), ("volume", "none")];
/// By controller, what a rollout does where the file says nothing.
const ROLLOUTS: &[(&str, &str)] = &[
    ("deployment", "{surge: 25%, unavailable: 25%}"),
    ("statefulset", "{unavailable: 1}"),
    ("daemonset", "{unavailable: 1}"),
];
/// What makes an entry of the calendar one that takes no units.
const ROLLOUT: &str = "rollout";
/// Defaults of those that do.
const OF_WORK: &[&str] = &["gap", "at_a_time", "hours", "regardless"];
/// Keys that have done their work when everything is written out.
const DONE: &[&str] = &["extends", "import", "defaults"];

/// The topology of a file as YAML in which nothing is left to be looked up: what it extends, imports
/// and has as defaults is in its place, and a remark after each value says where that came from.
/// Simulated, it gives what the file itself gives.
///
/// # Errors
///
/// As for [`super::Topology::from_path`].
pub fn resolved(path: impl AsRef<Path>) -> Result<String, SpecError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let text =
        read_text(path).map_err(|problem| SpecError::Unreadable { path: name.clone(), problem })?;
    let loaded = Loaded::new(name, text, Some(path))?;
    let writer = Writer { tree: &loaded.tree, topology: &loaded.topology };
    Ok(writer.topology(loaded.root))
}

struct Writer<'a> {
    tree: &'a Tree,
    topology: &'a Topology,
}

impl Writer<'_> {
    fn topology(&self, root: NodeId) -> String {
        let mut text = String::new();
        let entries = self.entries(root);
        let defaults = entries.iter().find(|entry| entry.key == "defaults");
        let defaults = defaults.map(|entry| self.tree.span(entry.value));
        for entry in entries.iter().filter(|entry| !DONE.contains(&entry.key.as_str())) {
            let known = DEFAULTS.iter().find(|(section, _)| *section == entry.key);
            match known {
                None if entry.key == "platform" => self.platform(&mut text, entry, defaults),
                Some((_, of_section)) => self.section(&mut text, entry, of_section, defaults),
                None => self.line(&mut text, 0, entry, defaults),
            }
        }
        if !entries.iter().any(|entry| entry.key == "horizon") {
            line(&mut text, 0, "horizon: 1y", "default");
        }
        text
    }

    fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.tree.node(id).value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    fn section(
        &self,
        text: &mut String,
        section: &Entry,
        of_section: &[(&str, &str)],
        defaults: Option<Span>,
    ) {
        let _ = writeln!(text, "{}:", section.key);
        let entries = self.entries(section.value).iter();
        for entry in entries.filter(|entry| !self.tree.is_null(entry.value)) {
            let _ = writeln!(text, "  {}:", quoted(&entry.key));
            let fields = self.entries(entry.value);
            for field in fields.iter().filter(|field| !self.tree.is_null(field.value)) {
                self.line(text, 4, field, defaults);
            }
            let has = |key: &str| {
                fields.iter().any(|field| field.key == key && !self.tree.is_null(field.value))
            };
            let controller = fields.iter().find(|field| field.key == "controller");
            let controller = match controller.map(|field| &self.tree.node(field.value).value) {
                Some(Value::Scalar { text, .. }) if has("controller") => text.as_str(),
                _ => "external",
            };
            let is_controlled = controller != "external";
            let of_controller =
                if section.key == "services" && is_controlled { OF_A_CONTROLLER } else { &[] };
            for (key, value) in of_section.iter().chain(of_controller) {
                let has_count = has(REPLICAS_FOLLOW) || controller == ONE_ON_EACH;
                let follows = *key == "replicas" && has_count;
                let is_of_nothing = section.key == "data" && !has(HOLDERS);
                let is_of_work = section.key == "calendar" && has(ROLLOUT) && OF_WORK.contains(key);
                if !has(key) && !follows && !is_of_nothing && !is_of_work {
                    let value = match *key {
                        MEDIUM => self.medium_of(&entry.key),
                        _ => value,
                    };
                    line(text, 4, &format!("{key}: {value}"), "default");
                }
            }
            let rollout = ROLLOUTS.iter().find(|(of, _)| *of == controller);
            if let (Some((_, rollout)), false) = (rollout, has(ROLLOUT)) {
                line(text, 4, &format!("{ROLLOUT}: {rollout}"), "default (kubernetes)");
            }
        }
    }

    /// What copies of a data class are on.
    fn medium_of(&self, class: &str) -> &'static str {
        let classes = self.topology.data.iter();
        let mut holdings =
            classes.filter(|known| known.name == class).filter_map(|known| known.holding.as_ref());
        holdings.next().map_or("local", |holding| holding.medium.name())
    }

    /// A platform, with the timers of its profile; of a timer in parts each has an origin of its own.
    fn platform(&self, text: &mut String, platform: &Entry, defaults: Option<Span>) {
        let _ = writeln!(text, "{}:", platform.key);
        let all = self.entries(platform.value).iter();
        for entry in all.filter(|entry| !self.tree.is_null(entry.value)) {
            let parts = self.entries(entry.value);
            let is_in_parts =
                matches!(entry.key.as_str(), "unhealthy_zone" | "crash_loop" | "volumes");
            if !is_in_parts {
                self.line(text, 2, entry, defaults);
                continue;
            }
            let _ = writeln!(text, "  {}:", entry.key);
            for part in parts {
                self.line(text, 4, part, defaults);
            }
        }
    }

    fn line(&self, text: &mut String, indent: usize, entry: &Entry, defaults: Option<Span>) {
        let value = format!("{}: {}", quoted(&entry.key), self.flow(entry.value));
        line(
            text,
            indent,
            &value,
            &self.origin(entry.key_span, self.tree.span(entry.value), defaults),
        );
    }

    /// Where a value came from.
    fn origin(&self, key: Span, value: Span, defaults: Option<Span>) -> String {
        let file = &self.topology.warnings.sources().file(value).name;
        if file == catalog::NAME {
            return "catalog".to_owned();
        }
        if let Some(profile) = profile_of(file) {
            return format!("default ({profile})");
        }
        let is_within = |outer: Span| {
            outer.file == key.file && outer.start <= key.start && key.end <= outer.end
        };
        let (line, _) = self.topology.warnings.sources().line_and_column(value);
        let kind = if defaults.is_some_and(is_within) { "defaults" } else { "stated" };
        format!("{kind}, {file}:{line}")
    }

    /// A value in one line.
    fn flow(&self, id: NodeId) -> String {
        match &self.tree.node(id).value {
            Value::Scalar { text, plain: true } if is_safe(text) => text.clone(),
            Value::Scalar { text, .. } => json(text),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|&item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let entry =
                    |entry: &Entry| format!("{}: {}", quoted(&entry.key), self.flow(entry.value));
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

fn line(text: &mut String, indent: usize, content: &str, origin: &str) {
    let _ = writeln!(text, "{:indent$}{content}  # {origin}", "");
}

/// Whether text means itself without quotes, in any place.
fn is_safe(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./%+ ".contains(c);
    !text.is_empty() && text.chars().all(is_plain) && text.trim() == text && !text.starts_with('-')
}

pub(super) fn quoted(text: &str) -> String {
    if is_safe(text) { text.to_owned() } else { json(text) }
}

/// A text in double quotes; what JSON escapes, YAML reads.
fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
