//! Profiles of platforms: the timers that each has where a topology says nothing.

use super::diagnostic::{Code, Findings};
use super::read::{is_law, listed};
use super::source::Span;
use super::yaml::{Entry, NodeId, Tree, Value};

/// Profiles by name, and the timers of each as YAML.
const PROFILES: &[(&str, &str)] = &[("kubernetes", include_str!("kubernetes.yaml"))];
/// What the text of a profile is called among the texts of a topology, before its name.
const SOURCE: &str = "profile ";

/// The profile whose text a source is.
pub(crate) fn profile_of(source: &str) -> Option<&str> {
    source.strip_prefix(SOURCE)
}

/// Makes a map of what the topology says about its platform, completed by the timers of its profile.
pub(crate) fn apply_profile(tree: &mut Tree, findings: &mut Findings, root: NodeId) -> NodeId {
    let Value::Map(mut entries) = tree.node(root).value.clone() else { return root };
    let known = entries.iter().position(|entry| entry.key == "platform");
    let Some(place) = known.filter(|place| !tree.is_null(entries[*place].value)) else {
        return root;
    };
    let platform = entries[place].value;
    let span = tree.span(platform);
    let stated = match &tree.node(platform).value {
        Value::Map(stated) => stated.clone(),
        Value::Scalar { .. } => {
            vec![Entry { key: "profile".to_owned(), key_span: span, value: platform }]
        }
        // The reader says what is wrong with it.
        Value::List(_) => return root,
    };
    let Some(timers) = timers(tree, findings, &stated, entries[place].key_span) else {
        return root;
    };
    let is_stated = |entry: &&Entry| !tree.is_null(entry.value);
    let mut all: Vec<Entry> = stated.iter().filter(is_stated).cloned().collect();
    all.sort_by_key(|entry| timers.iter().position(|timer| timer.key == entry.key));
    for timer in timers {
        match all.iter_mut().find(|entry| entry.key == timer.key) {
            Some(stated) => stated.value = completed(tree, stated.value, timer.value),
            None => all.push(timer),
        }
    }
    entries[place].value = tree.add_map(all, span);
    let span = tree.span(root);
    tree.add_map(entries, span)
}

/// The timers of the profile that is stated.
fn timers(
    tree: &mut Tree,
    findings: &mut Findings,
    stated: &[Entry],
    key_span: Span,
) -> Option<Vec<Entry>> {
    let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
    let Some(profile) = stated.iter().find(|entry| entry.key == "profile") else {
        findings
            .error(Code::MissingKey, key_span, "a platform needs `profile`")
            .help(format!("add `profile`: there is {}", listed(&names)));
        return None;
    };
    let span = tree.span(profile.value);
    let name = match &tree.node(profile.value).value {
        Value::Scalar { text, .. } => text.clone(),
        _ => String::new(),
    };
    let Some((name, text)) = PROFILES.iter().find(|(known, _)| *known == name) else {
        let help = findings
            .help_with(&name, names.iter().copied(), || format!("there is {}", listed(&names)));
        let message = match name.as_str() {
            "" => "a profile is a name".to_owned(),
            name => format!("there is no platform `{name}`"),
        };
        findings.error(Code::UnknownName, span, message).help(help);
        return None;
    };
    let file = findings.sources_mut().add(format!("{SOURCE}{name}"), (*text).to_owned());
    let root = tree.load(file, findings)?;
    match &tree.node(root).value {
        Value::Map(timers) => Some(timers.clone()),
        _ => None,
    }
}

/// A timer of several parts with those that are not stated; every other one is one value.
fn completed(tree: &mut Tree, stated: NodeId, default: NodeId) -> NodeId {
    let (Value::Map(parts), Value::Map(defaults)) =
        (&tree.node(stated).value, &tree.node(default).value)
    else {
        return stated;
    };
    if defaults.iter().any(|part| is_law(&part.key)) {
        return stated;
    }
    let is_stated = |part: &&Entry| !tree.is_null(part.value);
    let mut all: Vec<Entry> = parts.iter().filter(is_stated).cloned().collect();
    let is_left = |part: &&Entry| !all.iter().any(|known| known.key == part.key);
    let left: Vec<Entry> = defaults.iter().filter(is_left).cloned().collect();
    all.extend(left);
    let span = tree.span(stated);
    tree.add_map(all, span)
}
