//! YAML text to a tree in which every node knows its place.
//!
//! Aliases are pointers to nodes and are never copied. How large a tree is once they are followed is
//! known before anybody follows them, so that neither a bomb of aliases nor a tower of brackets
//! costs more than its text.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::diagnostic::{Code, Findings};
use super::source::Span;

/// Collections in collections, aliases followed.
const MOST_LEVELS: u32 = 64;
/// Values, aliases followed.
const MOST_NODES: u64 = 1_000_000;
/// Bytes of one text.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

/// Which node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

/// A value in a text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
    /// Nodes from here down, aliases followed.
    size: u64,
    /// Levels from here down, aliases followed.
    levels: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text; `plain` if it was written without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<NodeId>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: NodeId,
}

/// All nodes of a topology, from all of its texts.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// Whether a node is nothing: an empty value, `null` or `~`.
    pub(crate) fn is_null(&self, id: NodeId) -> bool {
        matches!(&self.node(id).value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Adds a map made of nodes that exist.
    pub(crate) fn add_map(&mut self, entries: Vec<Entry>, span: Span) -> NodeId {
        self.add(Value::Map(entries), span)
    }

    fn add(&mut self, value: Value, span: Span) -> NodeId {
        let children: Box<dyn Iterator<Item = NodeId>> = match &value {
            Value::Scalar { .. } => Box::new(std::iter::empty()),
            Value::List(items) => Box::new(items.iter().copied()),
            Value::Map(entries) => Box::new(entries.iter().map(|entry| entry.value)),
        };
        let (mut size, mut levels) = (1_u64, 0);
        for child in children {
            size = size.saturating_add(self.node(child).size);
            levels = levels.max(self.node(child).levels);
        }
        self.nodes.push(Node { value, span, size, levels: levels + 1 });
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Reads one document. `None` if the text is refused; the findings say why.
    pub(crate) fn load(&mut self, file: u32, findings: &mut Findings) -> Option<NodeId> {
        let name = Span { file, start: 0, end: 0 };
        let text = findings.sources().file(name).text.clone();
        Loader {
            tree: self,
            findings,
            file,
            byte_of_char: byte_offsets(&text),
            open: Vec::new(),
            anchors: BTreeMap::new(),
        }
        .load(&text)
    }
}

/// The byte at which each character starts, and the length at the end; `None` where each character
/// is a byte.
fn byte_offsets(text: &str) -> Option<Vec<u32>> {
    let ends = std::iter::once(text.len());
    (!text.is_ascii())
        .then(|| text.char_indices().map(|(at, _)| at).chain(ends).map(|at| at as u32).collect())
}

/// Whether a tab stands before the first word of the line with this byte, or of the line above it.
fn is_indented_by_tab(text: &str, at: usize) -> bool {
    let at = text.floor_char_boundary(at);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let mut lines = text[..end].rsplit('\n').take(2);
    lines.any(|line| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t'))
}

struct Loader<'a> {
    tree: &'a mut Tree,
    findings: &'a mut Findings,
    file: u32,
    byte_of_char: Option<Vec<u32>>,
    open: Vec<Open>,
    /// Anchors whose node is complete.
    anchors: BTreeMap<usize, NodeId>,
}

/// A collection that is being read.
struct Open {
    anchor: usize,
    start: Span,
    items: Items,
}

enum Items {
    List(Vec<NodeId>),
    /// Complete entries, where each key was first, and a key that waits for its value.
    Map(Vec<Entry>, BTreeMap<String, Span>, Option<(String, Span)>),
}

/// Reading stops: the finding is recorded.
struct Refused;

impl Loader<'_> {
    fn load(mut self, text: &str) -> Option<NodeId> {
        let mut root = None;
        let mut documents = 0;
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok((event, span)) => (event, self.span(span)),
                Err(error) => {
                    let at = self.span(saphyr_parser::Span::empty(*error.marker()));
                    if error.info().contains("recursion limit") {
                        self.too_deep(at);
                        return None;
                    }
                    let help = match is_indented_by_tab(text, at.start as usize) {
                        true => {
                            "write spaces and no tab before what stands on this line, or on the one above"
                        }
                        false => {
                            "check the brackets, quotes and indentation on and above this line"
                        }
                    };
                    self.findings
                        .error(Code::Syntax, at, format!("this is not YAML: {}", error.info()))
                        .help(help);
                    return None;
                }
            };
            if let Event::DocumentStart(_) = event {
                documents += 1;
                if documents == 2 {
                    self.findings
                        .error(Code::Syntax, span, "a second document in the same text")
                        .help("put each topology into a file of its own");
                    return None;
                }
            }
            match self.take(event, span) {
                Ok(Some(id)) => root = Some(id),
                Ok(None) => {}
                Err(Refused) => return None,
            }
        }
        if root.is_none() {
            let at = Span { file: self.file, start: 0, end: 0 };
            self.findings
                .error(Code::MissingKey, at, "there is nothing in this text")
                .help("a topology starts with `topology: NAME`");
        }
        root
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let byte = |index: usize| match &self.byte_of_char {
            None => index as u32,
            Some(bytes) => bytes[index.min(bytes.len() - 1)],
        };
        Span { file: self.file, start: byte(span.start.index()), end: byte(span.end.index()) }
    }

    /// Handles one event; returns the root when it is complete.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<Option<NodeId>, Refused> {
        let tag = match &event {
            Event::Scalar(_, _, _, tag)
            | Event::SequenceStart(_, tag)
            | Event::MappingStart(_, tag) => tag.as_ref().map(ToString::to_string),
            _ => None,
        };
        if let Some(tag) = tag {
            self.findings
                .error(Code::Syntax, span, format!("the tag `{tag}` means nothing here"))
                .help("write the value without it");
        }
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                if let Some(key) = self.wants_key() {
                    *key = Some((text.into_owned(), span));
                    return Ok(None);
                }
                let id = self.tree.add(Value::Scalar { text: text.into_owned(), plain }, span);
                self.complete(id, anchor, span)
            }
            Event::SequenceStart(anchor, _) => self.enter(anchor, span, Items::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.enter(anchor, span, Items::Map(Vec::new(), BTreeMap::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().expect("the parser pairs ends with starts");
                let span = Span { end: span.end.max(open.start.end), ..open.start };
                let value = match open.items {
                    Items::List(items) => Value::List(items),
                    Items::Map(entries, ..) => Value::Map(self.merge(entries)),
                };
                let id = self.tree.add(value, span);
                self.complete(id, open.anchor, span)
            }
            Event::Alias(anchor) => {
                if let Some(key) = self.wants_key() {
                    *key = Some((String::new(), span));
                    self.refuse_key(span);
                    return Ok(None);
                }
                match self.anchors.get(&anchor) {
                    Some(&id) => self.complete(id, 0, span),
                    None => {
                        self.findings
                            .error(Code::Cycle, span, "this alias stands inside its own anchor")
                            .help("a value cannot contain itself");
                        Err(Refused)
                    }
                }
            }
            _ => Ok(None),
        }
    }

    /// The place for the next key, if a key must come next.
    fn wants_key(&mut self) -> Option<&mut Option<(String, Span)>> {
        match self.open.last_mut().map(|open| &mut open.items) {
            Some(Items::Map(_, _, key @ None)) => Some(key),
            _ => None,
        }
    }

    fn refuse_key(&mut self, span: Span) {
        self.findings
            .error(Code::WrongKind, span, "a key must be a plain word")
            .help("write `key: value`");
    }

    fn enter(
        &mut self,
        anchor: usize,
        start: Span,
        items: Items,
    ) -> Result<Option<NodeId>, Refused> {
        if self.wants_key().is_some() {
            self.refuse_key(start);
            return Err(Refused);
        }
        if self.open.len() >= MOST_LEVELS as usize {
            self.too_deep(start);
            return Err(Refused);
        }
        self.open.push(Open { anchor, start, items });
        Ok(None)
    }

    fn too_deep(&mut self, span: Span) {
        self.findings
            .error(Code::TooDeep, span, format!("more than {MOST_LEVELS} levels of nesting"))
            .help("no topology needs that many");
    }

    /// A node is complete: it goes into the collection around it.
    fn complete(
        &mut self,
        id: NodeId,
        anchor: usize,
        span: Span,
    ) -> Result<Option<NodeId>, Refused> {
        let node = self.tree.node(id);
        if node.size > MOST_NODES {
            self.findings
                .error(Code::TooLarge, span, format!("more than {MOST_NODES} values"))
                .help("aliases of aliases multiply; use `count`, `replicas` or `defaults` instead");
            return Err(Refused);
        }
        if node.levels + self.open.len() as u32 > MOST_LEVELS {
            self.too_deep(span);
            return Err(Refused);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        let Some(open) = self.open.last_mut() else {
            return Ok(Some(id));
        };
        match &mut open.items {
            Items::List(items) => items.push(id),
            Items::Map(entries, firsts, key) => {
                let (key, key_span) = key.take().expect("a value comes after its key");
                match firsts.get(&key) {
                    Some(&first) => {
                        self.findings
                            .error(Code::DuplicateKey, key_span, format!("`{key}` is here twice"))
                            .label(first, "first here")
                            .help("keep one of the two");
                    }
                    None => {
                        if key != MERGE_KEY {
                            firsts.insert(key.clone(), key_span);
                        }
                        entries.push(Entry { key, key_span, value: id });
                    }
                }
            }
        }
        Ok(None)
    }

    /// Follows merge keys (`<<: *anchor`): what the map says itself wins.
    fn merge(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let (merges, mut own): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.key == MERGE_KEY);
        let mut known: BTreeSet<String> = if merges.is_empty() {
            BTreeSet::new()
        } else {
            keys(&own).map(str::to_owned).collect()
        };
        for merge in merges {
            let node = self.tree.node(merge.value);
            let maps = match &node.value {
                Value::List(items) => items.clone(),
                _ => vec![merge.value],
            };
            for map in maps {
                match &self.tree.node(map).value {
                    Value::Map(entries) => {
                        for entry in entries {
                            if known.insert(entry.key.clone()) {
                                own.push(entry.clone());
                            }
                        }
                    }
                    _ => {
                        let span = self.tree.span(map);
                        self.findings
                            .error(Code::WrongKind, span, "only maps can be merged")
                            .help("write `<<: *name` where `&name` marks a map");
                    }
                }
            }
        }
        own
    }
}

/// The keys of entries.
pub(crate) fn keys(entries: &[Entry]) -> impl Iterator<Item = &str> {
    entries.iter().map(|entry| entry.key.as_str())
}

/// The key under which YAML merges other maps into one.
const MERGE_KEY: &str = "<<";

#[cfg(test)]
mod tests {
    use super::*;

    /// Two readers, one meaning: every shipped file has the same values for both.
    #[test]
    fn another_reader_sees_the_same() {
        let mut files = 0;
        for folder in ["topologies", "topologies/patterns", "topologies/common", "src/spec"] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "yaml") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let mut findings = Findings::new();
                let file = findings.sources_mut().add(path.display().to_string(), text.clone());
                let mut tree = Tree::default();
                let root = tree.load(file, &mut findings).unwrap();
                let mut other: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
                other.apply_merge().unwrap();
                check_same(&tree, root, &other, &path.display().to_string());
                files += 1;
            }
        }
        assert!(files > 10, "only {files} files");
    }

    fn check_same(tree: &Tree, id: NodeId, other: &serde_yaml::Value, place: &str) {
        use serde_yaml::Value as Other;
        match (&tree.node(id).value, other) {
            (Value::Map(entries), Other::Mapping(map)) => {
                assert_eq!(entries.len(), map.len(), "{place}");
                for entry in entries {
                    let place = format!("{place}: {}", entry.key);
                    let value = map.get(entry.key.as_str()).or_else(|| {
                        // Keys such as `2` are numbers to it.
                        map.get(Other::Number(entry.key.parse::<u64>().ok()?.into()))
                    });
                    check_same(tree, entry.value, value.expect(&place), &place);
                }
            }
            (Value::List(items), Other::Sequence(list)) => {
                assert_eq!(items.len(), list.len(), "{place}");
                for (item, other) in items.iter().zip(list) {
                    check_same(tree, *item, other, place);
                }
            }
            (Value::Scalar { text, .. }, Other::String(other)) => {
                assert_eq!(text, other, "{place}")
            }
            (Value::Scalar { text, .. }, Other::Number(number)) => {
                assert_eq!(text.parse::<f64>().ok(), number.as_f64(), "{place}");
            }
            (Value::Scalar { text, .. }, Other::Bool(truth)) => {
                assert_eq!(*text, truth.to_string(), "{place}");
            }
            (Value::Scalar { .. }, Other::Null) => assert!(tree.is_null(id), "{place}"),
            (ours, other) => panic!("{place}: {ours:?} and {other:?}"),
        }
    }

    fn load(text: &str) -> (Findings, Option<String>) {
        let mut findings = Findings::new();
        let file = findings.sources_mut().add("t.yaml".to_owned(), text.to_owned());
        let mut tree = Tree::default();
        let root = tree.load(file, &mut findings);
        let shown = root.map(|root| show(&tree, root));
        (findings, shown)
    }

    fn show(tree: &Tree, id: NodeId) -> String {
        match &tree.node(id).value {
            Value::Scalar { text, .. } => text.clone(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|&item| show(tree, item)).collect();
                format!("[{}]", items.join(" "))
            }
            Value::Map(entries) => {
                let entry = |e: &Entry| format!("{}={}", e.key, show(tree, e.value));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let (findings, shown) = load(text);
        let got = match shown {
            Some(shown) if !findings.has_errors() => shown,
            _ => findings
                .iter()
                .map(|f| format!("{} {}: {}\n", findings.place(f), f.code.name(), f.message))
                .collect(),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn values_keep_their_order_and_aliases_their_meaning() {
        check("a: [1, {b: '2'}]\nc: &x 3\nd: *x", "{a=[1 {b=2}] c=3 d=3}");
        check("a: &m {p: 1, q: 2}\nb: {<<: *m, q: 3}", "{a={p=1 q=2} b={q=3 p=1}}");
        check("가: &장 {나: 다}\n라: *장", "{가={나=다} 라={나=다}}");
    }

    #[test]
    fn what_is_wrong_is_found_in_its_place() {
        check("a: 1\nb: 2\na: 3", "t.yaml:3:1 duplicate-key: `a` is here twice\n");
        check("가나: 1\n다: 2\n다: 3", "t.yaml:3:1 duplicate-key: `다` is here twice\n");
        check("a: 1\n---\nb: 2", "t.yaml:2:1 syntax: a second document in the same text\n");
        check("a: !t 1", "t.yaml:1:4 syntax: the tag `!t` means nothing here\n");
        check("[a]: 1", "t.yaml:1:1 wrong-kind: a key must be a plain word\n");
        check("a: &x [*x]", "t.yaml:1:8 cycle: this alias stands inside its own anchor\n");
        check("a: {<<: 5}", "t.yaml:1:9 wrong-kind: only maps can be merged\n");
        check("", "t.yaml:1:1 missing-key: there is nothing in this text\n");
    }

    #[test]
    fn towers_and_bombs_are_refused_at_once() {
        let tower = "[".repeat(100_000);
        check(&tower, "t.yaml:1:256 too-deep: more than 64 levels of nesting\n");
        check(&"- ".repeat(100), "t.yaml:1:129 too-deep: more than 64 levels of nesting\n");
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..40 {
            let below = level - 1;
            bomb +=
                &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", "));
        }
        check(&bomb, "t.yaml:6:5 too-large: more than 1000000 values\n");
        let mut spiral = "a0: &a0 [x]\n".to_owned();
        for level in 1..80 {
            spiral += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
        }
        check(&spiral, "t.yaml:63:12 too-deep: more than 64 levels of nesting\n");
    }
}
