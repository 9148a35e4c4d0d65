//! Failure modes that come with the program, and how a topology imports them.

use super::diagnostic::{Code, Findings};
use super::overlay::overlay;
use super::read::listed;
use super::source::Span;
use super::yaml::{Entry, NodeId, Tree, Value};

/// What the catalog is called in findings.
pub(crate) const NAME: &str = "catalog";
/// All failure modes that come with the program, as YAML.
pub const CATALOG: &str = include_str!("catalog.yaml");

/// Puts imported failure modes under those that the file has itself.
pub(crate) fn apply_imports(tree: &mut Tree, findings: &mut Findings, root: NodeId) -> NodeId {
    let Value::Map(entries) = tree.node(root).value.clone() else { return root };
    let Some(import) = entries.iter().find(|entry| entry.key == "import") else { return root };
    let Some(imports) = imports(tree, findings, import.value) else { return root };
    let file = findings.sources_mut().add(NAME.to_owned(), CATALOG.to_owned());
    let catalog = tree.load(file, findings).map(|root| tree.node(root).value.clone());
    let Some(Value::Map(catalog)) = catalog else { return root };
    let mut modes = Vec::new();
    for (local, wanted, span) in imports {
        let Some(entry) = catalog.iter().find(|entry| entry.key == wanted) else {
            let known: Vec<&str> = catalog.iter().map(|entry| entry.key.as_str()).collect();
            let help = findings.help_with(&wanted, known.iter().copied(), || {
                format!("the catalog has {}", listed(&known))
            });
            let message = format!("the catalog has no `{wanted}`");
            findings.error(Code::UnknownName, span, message).help(help);
            continue;
        };
        modes.push(Entry { key: local, key_span: span, value: entry.value });
    }
    let span = tree.span(import.value);
    let imported = tree.add_map(modes, span);
    let mut entries = entries.clone();
    match entries.iter().position(|entry| entry.key == "failures") {
        Some(place) if !tree.is_null(entries[place].value) => {
            entries[place].value = overlay(tree, imported, entries[place].value);
        }
        _ => entries.push(Entry { key: "failures".to_owned(), key_span: span, value: imported }),
    }
    let span = tree.span(root);
    tree.add_map(entries, span)
}

/// What is imported: by which name, which entry, and where that is said.
fn imports(
    tree: &Tree,
    findings: &mut Findings,
    id: NodeId,
) -> Option<Vec<(String, String, Span)>> {
    let word = |id: NodeId| match &tree.node(id).value {
        Value::Scalar { text, .. } => Some(text.clone()),
        _ => None,
    };
    let found: Option<Vec<_>> = match &tree.node(id).value {
        Value::List(items) => {
            items.iter().map(|&item| Some((word(item)?, word(item)?, tree.span(item)))).collect()
        }
        Value::Map(entries) => entries
            .iter()
            .map(|entry| Some((entry.key.clone(), word(entry.value)?, tree.span(entry.value))))
            .collect(),
        Value::Scalar { .. } => None,
    };
    if found.is_none() {
        findings
            .error(Code::WrongKind, tree.span(id), "an import that names nothing")
            .help("write `import: [server/transient]`, or `import: {node-down: server/transient}`");
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::spec::Topology;

    /// Every entry can be imported, and says where it comes from.
    #[test]
    fn every_entry_is_a_failure_mode_with_a_source_and_a_grade() {
        let names: Vec<&str> = super::CATALOG
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_alphabetic()))
            .map(|line| line.trim_end_matches(':'))
            .collect();
        assert!(names.len() > 15);
        let names = names.join(", ");
        let text = format!(
            "topology: all\nimport: [{names}]\nservices: {{a: {{replicas: 2, serves: any, start: 1m, \
             fails: [{names}]}}}}\njourneys: {{j: {{needs: a}}}}"
        );
        let topology = Topology::from_str("all", &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(topology.warning_count(), 0, "{}", topology.warnings);
        for mode in &topology.modes {
            assert!(mode.source.is_some() && mode.grade.is_some() && mode.about.is_some());
            assert!(mode.range.every.is_some(), "{}", mode.name);
        }
    }
}
