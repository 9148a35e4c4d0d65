//! Texts laid over one another: `extends` (a file over another) and `defaults` (under each entry).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::diagnostic::{Code, Findings};
use super::raw::SECTIONS;
use super::read::is_law;
use super::source::Span;
use super::yaml::{Entry, MOST_BYTES, NodeId, Tree, Value, keys};

/// Files that extend files that extend files.
const MOST_FILES: usize = 16;

/// Reads files for a topology.
pub(crate) struct Loader<'a> {
    pub(crate) tree: &'a mut Tree,
    pub(crate) findings: &'a mut Findings,
}

impl Loader<'_> {
    /// Loads a text and what it extends, which is sought from the folder of `path`, the file that the
    /// text is from, or from the current folder.
    pub(crate) fn load(
        &mut self,
        name: String,
        text: String,
        path: Option<&Path>,
    ) -> Option<NodeId> {
        let folder = path.and_then(Path::parent).unwrap_or(Path::new(""));
        let mut chain: Vec<PathBuf> = path.into_iter().map(identity).collect();
        self.load_over(name, text, folder, &mut chain)
    }

    fn load_over(
        &mut self,
        name: String,
        text: String,
        folder: &Path,
        chain: &mut Vec<PathBuf>,
    ) -> Option<NodeId> {
        let file = self.findings.sources_mut().add(name, text);
        let root = self.tree.load(file, self.findings)?;
        let Value::Map(entries) = &self.tree.node(root).value else {
            return Some(root);
        };
        let Some(entry) = entries.iter().find(|entry| entry.key == "extends") else {
            return Some(root);
        };
        let span = self.tree.span(entry.value);
        let Value::Scalar { text: base, .. } = &self.tree.node(entry.value).value else {
            self.findings
                .error(Code::WrongKind, span, "`extends` names one file")
                .help("write `extends: base.yaml`, a path from this file's folder");
            return None;
        };
        let path = without_detours(&folder.join(base));
        let identity = identity(&path);
        if chain.contains(&identity) || chain.len() >= MOST_FILES {
            self.findings
                .error(Code::Cycle, span, format!("`{base}` extends itself by way of others"))
                .help("the last file of a chain must extend nothing");
            return None;
        }
        chain.push(identity);
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(problem) => {
                self.findings
                    .error(
                        Code::Unreadable,
                        span,
                        format!("cannot read `{}`: {problem}", path.display()),
                    )
                    .help("the path is sought from the folder of the file that says `extends`");
                return None;
            }
        };
        let base_folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let base = self.load_over(path.display().to_string(), text, &base_folder, chain)?;
        Some(overlay(self.tree, base, root))
    }
}

/// A path that two names of one file share.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A path without `a/..`, as long as what goes up is a plain folder name.
pub(crate) fn without_detours(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match (part, short.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                short.pop();
            }
            (Component::CurDir, _) => {}
            _ => short.push(part),
        }
    }
    short
}

/// Reads a file as text, unless it is absurdly large.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MOST_BYTES {
        return Err(format!("it has {length} bytes, and {MOST_BYTES} are the most"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// One value laid over another: maps merge, everything else replaces, nothing removes.
///
/// A law or an expression is one value although it is written as a map: `{fixed: 5s}` over
/// `{uniform: [20s, 40s]}` replaces it.
pub(crate) fn overlay(tree: &mut Tree, base: NodeId, over: NodeId) -> NodeId {
    let (Value::Map(base_entries), Value::Map(over_entries)) =
        (&tree.node(base).value, &tree.node(over).value)
    else {
        return over;
    };
    let (base_entries, over_entries) = (base_entries.clone(), over_entries.clone());
    let below: BTreeSet<&str> = keys(&base_entries).collect();
    let mut above_by_key: BTreeMap<&str, &Entry> =
        over_entries.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    if keys(&over_entries).any(is_one_value) && !keys(&over_entries).all(|key| below.contains(key))
    {
        return over;
    }
    let span = tree.span(over);
    let mut entries = Vec::new();
    for below in &base_entries {
        match above_by_key.remove(below.key.as_str()) {
            None => entries.push(below.clone()),
            Some(above) if tree.is_null(above.value) => {}
            Some(above) => {
                let value = overlay(tree, below.value, above.value);
                entries.push(Entry { value, ..above.clone() });
            }
        }
    }
    let only_above = |entry: &&Entry| above_by_key.contains_key(entry.key.as_str());
    entries.extend(over_entries.iter().filter(only_above).cloned());
    tree.add_map(entries, span)
}

/// Whether a key makes the map that it stands in a law or an expression.
fn is_one_value(key: &str) -> bool {
    is_law(key) || matches!(key, "all" | "any" | "at_least")
}

/// Completes each entry of each section by what `defaults` says for the section; what an entry says
/// itself stands, whole.
pub(crate) fn apply_defaults(tree: &mut Tree, findings: &mut Findings, root: NodeId) -> NodeId {
    let span = tree.span(root);
    let Value::Map(mut entries) = tree.node(root).value.clone() else {
        return root;
    };
    let Some(defaults) = entries.iter().find(|entry| entry.key == "defaults").cloned() else {
        return root;
    };
    let Some(defaults) = map_of(tree, findings, defaults.value, "`defaults`") else {
        return root;
    };
    for default in defaults {
        if !SECTIONS.contains(&default.key.as_str()) {
            let help = format!("there are defaults for {}", super::read::listed(SECTIONS));
            findings
                .error(
                    Code::UnknownKey,
                    default.key_span,
                    format!("there are no defaults for `{}`", default.key),
                )
                .help(help);
            continue;
        }
        let what = format!("the defaults of `{}`", default.key);
        let Some(additions) = map_of(tree, findings, default.value, &what) else {
            continue;
        };
        for section in entries.iter_mut().filter(|entry| entry.key == default.key) {
            section.value = complete_section(tree, section.value, &additions);
        }
    }
    tree.add_map(entries, span)
}

fn complete_section(tree: &mut Tree, section: NodeId, additions: &[Entry]) -> NodeId {
    let span = tree.span(section);
    let Value::Map(mut entries) = tree.node(section).value.clone() else {
        return section;
    };
    for entry in &mut entries {
        let span: Span = tree.span(entry.value);
        let Value::Map(mut fields) = tree.node(entry.value).value.clone() else {
            continue;
        };
        for addition in additions {
            if !fields.iter().any(|field| field.key == addition.key) {
                fields.push(addition.clone());
            }
        }
        entry.value = tree.add_map(fields, span);
    }
    tree.add_map(entries, span)
}

fn map_of(tree: &Tree, findings: &mut Findings, id: NodeId, what: &str) -> Option<Vec<Entry>> {
    match &tree.node(id).value {
        Value::Map(entries) => Some(entries.clone()),
        _ if tree.is_null(id) => None,
        _ => {
            findings
                .error(Code::WrongKind, tree.span(id), format!("{what} must be a map"))
                .help("write `defaults: {services: {start: 30s}}`");
            None
        }
    }
}
