//! Reading single values out of the tree, with a finding for each that is not what it should be.

use std::path::Path;

use super::diagnostic::{Code, Findings};
use super::overlay::read_text;
use super::source::{Span, Spanned};
use super::yaml::{Entry, NodeId, Tree, Value};
use crate::dist::{Branch, Law, LawError};
use crate::units::{QuantityError, parse_duration, parse_percentage};

/// Reads values and records what is wrong with them.
pub(crate) struct Reader<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) findings: &'a mut Findings,
}

/// The entries of a map.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    tree: &'a Tree,
    pub(crate) entries: &'a [Entry],
    pub(crate) span: Span,
}

impl<'a> Fields<'a> {
    /// The value of a key, unless it is absent or nothing.
    pub(crate) fn get(&self, key: &str) -> Option<NodeId> {
        self.entry(key).map(|entry| entry.value)
    }

    /// The entry of a key, unless it is absent or nothing.
    pub(crate) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key && !self.tree.is_null(entry.value))
    }
}

/// What a map may say: keys of this version, and keys known by name.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// What the map describes, for messages: "a service".
    pub(crate) of: &'static str,
    /// Keys that are read.
    pub(crate) read: &'static [&'static str],
    /// Keys that belong to the language and that this version does not evaluate.
    pub(crate) later: &'static [&'static str],
}

/// The key that YAML 1.1 takes for the truth: read and written again it is called `true`.
const TRUTH: &str = "on";

impl<'a> Reader<'a> {
    /// The entries of a map, after a look at its keys.
    pub(crate) fn fields(&mut self, id: NodeId, keys: Keys) -> Option<Fields<'a>> {
        let fields = self.map(id, keys.of)?;
        for entry in fields.entries {
            let key = entry.key.as_str();
            if keys.read.contains(&key) {
                continue;
            }
            if keys.later.contains(&key) {
                self.findings.warning(
                    Code::NotEvaluated,
                    entry.key_span,
                    format!("`{key}` is known, not evaluated in this version"),
                );
                continue;
            }
            let known = keys.read.iter().chain(keys.later).copied();
            let otherwise = || format!("it may say {}", listed(keys.read));
            let help = match key.eq_ignore_ascii_case("true") && keys.read.contains(&TRUTH) {
                true => format!(
                    "was it `{TRUTH}`? Tools that know YAML 1.1 take that for `{key}`: write it in quotes, `\"{TRUTH}\"`"
                ),
                false => self.findings.help_with(key, known, otherwise),
            };
            self.findings
                .error(Code::UnknownKey, entry.key_span, format!("{} has no key `{key}`", keys.of))
                .help(help);
        }
        Some(fields)
    }

    /// The entries of a map, whatever its keys.
    pub(crate) fn map(&mut self, id: NodeId, what: &str) -> Option<Fields<'a>> {
        let node = self.tree.node(id);
        match &node.value {
            Value::Map(entries) => Some(Fields { tree: self.tree, entries, span: node.span }),
            _ => {
                self.wrong_kind(id, what, "a map of keys and values");
                None
            }
        }
    }

    /// The items of a list; a single value counts as a list of one.
    pub(crate) fn list(&mut self, id: NodeId) -> Vec<NodeId> {
        match &self.tree.node(id).value {
            Value::List(items) => items.clone(),
            _ if self.tree.is_null(id) => Vec::new(),
            _ => vec![id],
        }
    }

    /// A word or a text.
    pub(crate) fn text(&mut self, id: NodeId, what: &str) -> Option<Spanned<String>> {
        let node = self.tree.node(id);
        match &node.value {
            Value::Scalar { text, .. } if !self.tree.is_null(id) => {
                Some(Spanned::new(text.clone(), node.span))
            }
            _ => {
                self.wrong_kind(id, what, "a word");
                None
            }
        }
    }

    /// A list of words.
    pub(crate) fn texts(&mut self, id: NodeId, what: &str) -> Vec<Spanned<String>> {
        let items = self.list(id);
        items.into_iter().filter_map(|item| self.text(item, what)).collect()
    }

    /// `true` or `false`.
    pub(crate) fn truth(&mut self, id: NodeId, what: &str) -> Option<bool> {
        let text = self.text(id, what)?;
        match text.value.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.findings
                    .error(Code::BadQuantity, text.span, format!("`{other}` is not yes or no"))
                    .help("write `true` or `false`");
                None
            }
        }
    }

    /// A whole number of at least `least`.
    pub(crate) fn count(&mut self, id: NodeId, what: &str, least: u64) -> Option<Spanned<u64>> {
        let text = self.text(id, what)?;
        match text.value.parse::<u64>() {
            Ok(number) if number >= least => Some(Spanned::new(number, text.span)),
            Ok(number) => {
                self.findings
                    .error(Code::OutOfRange, text.span, format!("{what} cannot be {number}"))
                    .help(format!("the least is {least}"));
                None
            }
            Err(_) => {
                self.findings
                    .error(
                        Code::BadQuantity,
                        text.span,
                        format!("`{}` is not a whole number", text.value),
                    )
                    .help(format!("{what} is a whole number of at least {least}"));
                None
            }
        }
    }

    /// A number without unit.
    pub(crate) fn number(&mut self, id: NodeId, what: &str) -> Option<f64> {
        let text = self.text(id, what)?;
        let number = text.value.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.findings
                .error(Code::BadQuantity, text.span, format!("`{}` is not a number", text.value))
                .help(format!("{what} is a number without a unit, such as `1.5`"));
        }
        number
    }

    /// A duration, in seconds.
    pub(crate) fn duration(&mut self, id: NodeId, what: &str) -> Option<Spanned<f64>> {
        let text = self.text(id, what)?;
        self.quantity(parse_duration(&text.value), text.span)
    }

    /// A percentage, as a fraction.
    pub(crate) fn percentage(&mut self, id: NodeId, what: &str) -> Option<Spanned<f64>> {
        let text = self.text(id, what)?;
        self.quantity(parse_percentage(&text.value), text.span)
    }

    /// A quantity that was parsed, or a finding about it.
    pub(crate) fn quantity(
        &mut self,
        parsed: Result<f64, QuantityError>,
        span: Span,
    ) -> Option<Spanned<f64>> {
        match parsed {
            Ok(value) => Some(Spanned::new(value, span)),
            Err(QuantityError { problem, help }) => {
                self.findings.error(Code::BadQuantity, span, problem).help(help);
                None
            }
        }
    }

    fn wrong_kind(&mut self, id: NodeId, what: &str, wanted: &str) {
        let node = self.tree.node(id);
        let found = match &node.value {
            _ if self.tree.is_null(id) => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("`{}`", shortened(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        };
        // A whole block would be underlined to its last line.
        let span = self.first_line(node.span);
        self.findings
            .error(Code::WrongKind, span, format!("{what} cannot be {found}"))
            .help(format!("it must be {wanted}"));
    }

    /// A span cut at the end of its first line.
    fn first_line(&self, span: Span) -> Span {
        let text = self.findings.sources().text(span);
        let length = text.find('\n').unwrap_or(text.len());
        Span { end: span.start + length as u32, ..span }
    }
}

/// How a bare duration is meant where a law may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// The mean of an exponential law: after `every`.
    ExponentialMean,
    /// Always that long: everywhere else.
    Fixed,
}

/// Laws by name.
pub(super) const LAWS: &[&str] = &[
    "exponential",
    "weibull",
    "lognormal",
    "gamma",
    "uniform",
    "triangular",
    "fixed",
    "empirical",
    "mixture",
    "sum",
];
/// Keys beside the law in a branch of a mixture.
const BRANCH_KEYS: &[&str] = &["p", "as"];

/// Whether a key is the name of a law.
pub(crate) fn is_law(key: &str) -> bool {
    LAWS.contains(&key)
}

impl Reader<'_> {
    /// A law of time.
    pub(crate) fn law(&mut self, id: NodeId, what: &str, bare: Bare) -> Option<Law> {
        let node = self.tree.node(id);
        match &node.value {
            Value::Scalar { .. } => {
                let duration = self.duration(id, what)?;
                let law = match bare {
                    Bare::ExponentialMean => Law::exponential(duration.value),
                    Bare::Fixed => Law::fixed(duration.value),
                };
                self.made(law, duration.span)
            }
            Value::Map(entries) => self.tagged_law(entries, node.span, what, &[]),
            Value::List(_) => {
                self.wrong_kind(id, what, "a duration or a law such as `{exponential: 2h}`");
                None
            }
        }
    }

    /// The one law in a map, beside which only `others` may stand.
    pub(crate) fn tagged_law(
        &mut self,
        entries: &[Entry],
        span: Span,
        what: &str,
        others: &[&str],
    ) -> Option<Law> {
        let mut law = None;
        for entry in entries.iter().filter(|entry| !others.contains(&entry.key.as_str())) {
            let key = entry.key.as_str();
            if !LAWS.contains(&key) {
                let otherwise = || format!("the laws are {}", listed(LAWS));
                let help = self.findings.help_with(key, LAWS.iter().copied(), otherwise);
                self.findings
                    .error(Code::BadLaw, entry.key_span, format!("there is no law `{key}`"))
                    .help(help);
            } else if let Some(first) = law.replace(entry) {
                self.findings
                    .error(Code::BadLaw, entry.key_span, format!("{what} has two laws"))
                    .label(first.key_span, "first here")
                    .help("keep one of them, or combine them as `{mixture: [...]}`");
                return None;
            }
        }
        let Some(entry) = law else {
            if entries.iter().all(|entry| others.contains(&entry.key.as_str())) {
                self.findings
                    .error(Code::BadLaw, span, format!("{what} has no law"))
                    .help(format!("the laws are {}", listed(LAWS)));
            }
            return None;
        };
        match entry.key.as_str() {
            "exponential" => self.exponential(entry.value, what),
            "weibull" => self.weibull(entry.value),
            "lognormal" => self.lognormal(entry.value),
            "gamma" => self.gamma(entry.value),
            "uniform" => self.uniform(entry.value),
            "triangular" => self.triangular(entry.value),
            "empirical" => self.empirical(entry.value),
            "sum" => self.sum(entry.value),
            "fixed" => {
                let value = self.duration(entry.value, what)?;
                self.made(Law::fixed(value.value), value.span)
            }
            _ => self.mixture(entry.value),
        }
    }

    fn exponential(&mut self, id: NodeId, what: &str) -> Option<Law> {
        let mean = match self.tree.node(id).value {
            Value::Map(_) => {
                let keys = Keys { of: "an exponential law", read: &["mean"], later: &[] };
                let fields = self.fields(id, keys)?;
                self.parameter(&fields, "mean", keys.of)?
            }
            _ => self.duration(id, what)?.value,
        };
        self.made(Law::exponential(mean), self.tree.span(id))
    }

    fn weibull(&mut self, id: NodeId) -> Option<Law> {
        let keys = Keys { of: "a Weibull law", read: &["shape", "mean", "scale"], later: &[] };
        let fields = self.fields(id, keys)?;
        let shape = self.shape(&fields, keys.of);
        let by = self.one_of(&fields, &["mean", "scale"], keys.of)?;
        let value = self.parameter(&fields, by, keys.of)?;
        let law = match by {
            "mean" => Law::weibull_of_mean(shape?, value),
            _ => Law::weibull(shape?, value),
        };
        self.made(law, fields.span)
    }

    fn gamma(&mut self, id: NodeId) -> Option<Law> {
        let keys = Keys { of: "a gamma law", read: &["shape", "mean", "scale"], later: &[] };
        let fields = self.fields(id, keys)?;
        let shape = self.shape(&fields, keys.of);
        let by = self.one_of(&fields, &["mean", "scale"], keys.of)?;
        let value = self.parameter(&fields, by, keys.of)?;
        let shape = shape?;
        let mean = if by == "mean" { value } else { shape * value };
        self.made(Law::gamma_of_mean(shape, mean), fields.span)
    }

    fn lognormal(&mut self, id: NodeId) -> Option<Law> {
        let read = &["median", "mean", "p95", "sigma"];
        let keys = Keys { of: "a lognormal law", read, later: &[] };
        let fields = self.fields(id, keys)?;
        let centre = self.one_of(&fields, &["median", "mean"], keys.of);
        let spread = self.one_of(&fields, &["p95", "sigma"], keys.of);
        let (centre, spread) = (centre?, spread?);
        let value = self.parameter(&fields, centre, keys.of)?;
        let law = match (centre, spread) {
            ("median", "p95") => {
                Law::lognormal_of_p95(value, self.parameter(&fields, "p95", keys.of)?)
            }
            ("mean", "p95") => {
                let at = fields.entry("p95").map(|entry| entry.key_span);
                self.findings
                    .error(Code::BadLaw, at, "a lognormal law cannot be given by mean and p95")
                    .help("give the median and p95, the median and sigma, or the mean and sigma");
                return None;
            }
            (centre, _) => {
                let sigma = self.number(fields.get("sigma")?, "sigma")?;
                match centre {
                    "median" => Law::lognormal(value, sigma),
                    _ => Law::lognormal_of_mean(value, sigma),
                }
            }
        };
        self.made(law, fields.span)
    }

    fn uniform(&mut self, id: NodeId) -> Option<Law> {
        let ends = self.durations(id, 2, "a uniform law", "its two ends, such as `[20s, 40s]`")?;
        self.made(Law::uniform(ends[0], ends[1]), self.tree.span(id))
    }

    fn triangular(&mut self, id: NodeId) -> Option<Law> {
        let wanted = "its lower end, its peak and its upper end, such as `[10m, 15m, 2h]`";
        let points = self.durations(id, 3, "a triangular law", wanted)?;
        self.made(Law::triangular(points[0], points[1], points[2]), self.tree.span(id))
    }

    /// So many durations.
    pub(crate) fn durations(
        &mut self,
        id: NodeId,
        count: usize,
        what: &str,
        wanted: &str,
    ) -> Option<Vec<f64>> {
        let node = self.tree.node(id);
        let Value::List(items) = &node.value else {
            self.wrong_kind(id, what, wanted);
            return None;
        };
        if items.len() != count {
            self.findings
                .error(Code::BadLaw, node.span, format!("{what} with {} values", items.len()))
                .help(format!("write {wanted}"));
            return None;
        }
        let values: Vec<_> = items.iter().map(|&item| self.duration(item, what)).collect();
        values.into_iter().map(|value| Some(value?.value)).collect()
    }

    /// A list of durations, or a column of a file of comma-separated values.
    fn empirical(&mut self, id: NodeId) -> Option<Law> {
        let node = self.tree.node(id);
        let values = match &node.value {
            Value::Map(_) => self.column(id)?,
            Value::List(items) => {
                let values = items.iter().map(|&item| self.duration(item, "an observed length"));
                values.map(|value| Some(value?.value)).collect::<Option<Vec<f64>>>()?
            }
            Value::Scalar { .. } => {
                let wanted =
                    "a list such as `[3m, 5m, 1h]`, or `{file: outages.csv, column: length}`";
                self.wrong_kind(id, "an empirical law", wanted);
                return None;
            }
        };
        self.made(Law::empirical(values), node.span)
    }

    /// A column of durations; the path is sought from the folder of the file that names it.
    fn column(&mut self, id: NodeId) -> Option<Vec<f64>> {
        let keys = Keys { of: "an empirical law", read: &["file", "column"], later: &[] };
        let fields = self.fields(id, keys)?;
        let mut text = |key: &str, example: &str| match fields.get(key) {
            Some(id) => self.text(id, key),
            None => {
                self.missing(fields.span, keys.of, key, example);
                None
            }
        };
        let file = text("file", "such as `file: outages.csv`");
        let column = text("column", "the title of the column");
        let (file, column) = (file?, column?);
        let folder = Path::new(&self.findings.sources().file(file.span).name).parent();
        let path = folder.unwrap_or(Path::new("")).join(&file.value);
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(problem) => {
                let message = format!("cannot read `{}`: {problem}", path.display());
                self.findings
                    .error(Code::Unreadable, file.span, message)
                    .help("the path is sought from the folder of the file that names it");
                return None;
            }
        };
        let values = column_of(&text, &column.value);
        // So that the digest of the topology covers what was observed.
        self.findings.sources_mut().add(path.display().to_string(), text);
        match values {
            Ok(values) => Some(values),
            Err(problem) => {
                self.findings
                    .error(Code::BadLaw, column.span, format!("`{}`: {problem}", path.display()))
                    .help("each line holds a duration with its unit, such as `12m`");
                None
            }
        }
    }

    /// Laws one after another.
    fn sum(&mut self, id: NodeId) -> Option<Law> {
        let Value::List(items) = &self.tree.node(id).value else {
            self.wrong_kind(id, "a sum", "a list of laws such as `[30s, {exponential: 2m}]`");
            return None;
        };
        if items.is_empty() {
            self.findings
                .error(Code::BadLaw, self.tree.span(id), "a sum of nothing")
                .help("write at least one law");
            return None;
        }
        let parts: Vec<_> =
            items.iter().map(|&item| self.law(item, "a part of a sum", Bare::Fixed)).collect();
        Some(Law::sum(parts.into_iter().collect::<Option<Vec<Law>>>()?))
    }

    fn mixture(&mut self, id: NodeId) -> Option<Law> {
        let node = self.tree.node(id);
        let Value::List(items) = &node.value else {
            self.wrong_kind(
                id,
                "a mixture",
                "a list such as `[{p: 92%, fixed: 3m}, {p: 8%, fixed: 4h}]`",
            );
            return None;
        };
        let mut branches = Vec::new();
        for &item in items {
            let branch = self.map(item, "a branch of a mixture")?;
            let law = self.tagged_law(branch.entries, branch.span, "a branch", BRANCH_KEYS);
            let probability = match branch.get("p") {
                Some(p) => self.percentage(p, "p"),
                None => {
                    self.missing(branch.span, "a branch of a mixture", "p", "such as `p: 8%`");
                    None
                }
            };
            let name = branch.get("as").and_then(|id| self.text(id, "the name of a branch"));
            let name = name.map(|name| name.value);
            branches.push(Branch { name, probability: probability?.value, law: law? });
        }
        self.made(Law::mixture(branches), node.span)
    }

    fn shape(&mut self, fields: &Fields<'_>, of: &str) -> Option<f64> {
        match fields.get("shape") {
            Some(id) => self.number(id, "the shape"),
            None => {
                self.missing(fields.span, of, "shape", "a number without unit");
                None
            }
        }
    }

    /// A parameter that is a duration.
    fn parameter(&mut self, fields: &Fields<'_>, key: &str, of: &str) -> Option<f64> {
        match fields.get(key) {
            Some(id) => Some(self.duration(id, key)?.value),
            None => {
                self.missing(fields.span, of, key, "a duration");
                None
            }
        }
    }

    /// Which one of several keys is there.
    fn one_of<'k>(&mut self, fields: &Fields<'_>, keys: &[&'k str], of: &str) -> Option<&'k str> {
        let given: Vec<&str> =
            keys.iter().copied().filter(|key| fields.get(key).is_some()).collect();
        if let [key] = given[..] {
            return Some(key);
        }
        let listed = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ");
        let problem = if given.is_empty() { "neither" } else { "both" };
        self.findings
            .error(Code::BadLaw, fields.span, format!("{of} with {problem} of {listed}"))
            .help(format!("give {listed}, one of them"));
        None
    }

    /// A finding about a key that must be there.
    pub(crate) fn missing(&mut self, span: Span, of: &str, key: &str, example: &str) {
        let span = self.first_line(span);
        self.findings
            .error(Code::MissingKey, span, format!("{of} needs `{key}`"))
            .help(format!("add `{key}`: {example}"));
    }

    fn made(&mut self, law: Result<Law, LawError>, span: Span) -> Option<Law> {
        match law {
            Ok(law) => Some(law),
            Err(LawError { parameter, must_be }) => {
                self.findings
                    .error(Code::BadLaw, span, "there is no such law")
                    .help(format!("`{parameter}` must be {must_be}"));
                None
            }
        }
    }
}

/// The durations of one column, by its title.
fn column_of(text: &str, title: &str) -> Result<Vec<f64>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let titles = reader.headers().map_err(|error| error.to_string())?;
    let place = titles.iter().position(|known| known == title);
    let place = place.ok_or_else(|| format!("there is no column `{title}`"))?;
    let mut values = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let text = record.get(place).unwrap_or_default();
        let value = parse_duration(text);
        values.push(value.map_err(|error| format!("line {}: {}", number + 2, error.problem))?);
    }
    Ok(values)
}

/// Words in backticks, with commas and a last "and".
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn shortened(text: &str) -> String {
    const MOST_CHARS: usize = 40;
    match text.char_indices().nth(MOST_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}
