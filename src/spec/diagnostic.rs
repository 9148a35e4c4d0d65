//! Findings about a topology: what, where, and what would be right.

use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::{Sources, Span};
use super::suggest::closest;

/// Findings that are shown: whoever has more has one mistake, many times.
const MOST_SHOWN: usize = 100;

/// Declares the codes, so that the list of all of them cannot miss one.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal,)*) => {
        /// A stable name for each thing that can be wrong, explained in `docs/diagnostics.md` and
        /// never reused for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            /// As printed in brackets and as titled in the documentation.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = "syntax",
    /// A file that cannot be read.
    Unreadable = "unreadable",
    /// Collections in collections beyond any use.
    TooDeep = "too-deep",
    /// More text, values or units than can be meant.
    TooLarge = "too-large",
    /// The same key twice in one map.
    DuplicateKey = "duplicate-key",
    /// A key that means nothing there.
    UnknownKey = "unknown-key",
    /// A topology in which nothing can fail.
    NothingFails = "nothing-fails",
    /// A key that must be there and is not.
    MissingKey = "missing-key",
    /// A list where a map should be, and the like.
    WrongKind = "wrong-kind",
    /// A text that is not the duration, percentage or number that it should be.
    BadQuantity = "bad-quantity",
    /// A number outside of what is possible.
    OutOfRange = "out-of-range",
    /// A law of time that does not exist.
    BadLaw = "bad-law",
    /// A name that nothing has.
    UnknownName = "unknown-name",
    /// A name that cannot be used.
    BadName = "bad-name",
    /// A name that two things have.
    DuplicateName = "duplicate-name",
    /// A name of the wrong kind of thing, or of several where one is meant.
    WrongReference = "wrong-reference",
    /// More needed than there are.
    Quorum = "quorum",
    /// Replicas without a word on how many of them are needed.
    UnclearRedundancy = "unclear-redundancy",
    /// Things that stand on, need or extend themselves.
    Cycle = "cycle",
    /// A required spread that the places do not allow.
    Spread = "spread",
    /// Replicas that no node can take.
    Unplaceable = "unplaceable",
    /// A budget that no drain can keep.
    Budget = "budget",
    /// Something that cannot change any result.
    NoEffect = "no-effect",
    /// Something declared that nothing uses.
    Unused = "unused",
    /// Something this version knows by name and does not evaluate.
    NotEvaluated = "not-evaluated",
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The topology can be simulated, but something in it is not what it seems.
    Warning,
    /// The topology is refused.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What kind of thing is wrong.
    pub code: Code,
    /// Whether it stops anything.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// Further places, each with what it has to do with it.
    pub labels: Vec<(Span, String)>,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Adds another place.
    pub(crate) fn label(&mut self, span: Span, text: impl Into<String>) -> &mut Diagnostic {
        self.labels.push((span, text.into()));
        self
    }

    /// Says what would be right.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// Everything found about one topology, with the texts that the findings point into.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    sources: Sources,
    list: Vec<Diagnostic>,
}

impl Findings {
    pub(crate) fn new() -> Findings {
        Findings::default()
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(crate) fn sources_mut(&mut self) -> &mut Sources {
        &mut self.sources
    }

    pub(crate) fn error(
        &mut self,
        code: Code,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Error, code, span.into(), message.into())
    }

    pub(crate) fn warning(
        &mut self,
        code: Code,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, code, span.into(), message.into())
    }

    fn add(
        &mut self,
        severity: Severity,
        code: Code,
        span: Option<Span>,
        message: String,
    ) -> &mut Diagnostic {
        let (labels, help) = (Vec::new(), None);
        self.list.push(Diagnostic { code, severity, message, span, labels, help });
        self.list.last_mut().expect("just pushed")
    }

    /// The word nearest to what was written; nothing beyond the findings that are shown, because
    /// the search takes time and nobody would read it.
    pub(crate) fn closest<'a>(
        &self,
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if self.list.len() < MOST_SHOWN { closest(written, known) } else { None }
    }

    /// Help with a word that is not one of those that are known: the nearest of them, or `otherwise`.
    pub(crate) fn help_with<'a>(
        &self,
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
        otherwise: impl FnOnce() -> String,
    ) -> String {
        match self.closest(written, known) {
            Some(word) => format!("did you mean `{word}`?"),
            None => otherwise(),
        }
    }

    /// All findings, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// How many of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether the topology must be refused.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Adds all findings of another, with the texts that they point into.
    pub(crate) fn absorb(&mut self, other: Findings) {
        let shift = self.sources.absorb(other.sources);
        self.list.extend(other.list.into_iter().map(|mut finding| {
            let labels = finding.labels.iter_mut().map(|(span, _)| span);
            labels.chain(&mut finding.span).for_each(|span| span.file += shift);
            finding
        }));
    }

    /// Leaves out all of one kind.
    pub(crate) fn leave_out(&mut self, code: Code) {
        self.list.retain(|finding| finding.code != code);
    }

    /// Sorts by place, and drops what was found twice.
    pub(crate) fn tidy(&mut self) {
        self.list.sort_by_key(|finding| finding.span);
        self.list.dedup();
    }

    /// `file:line:column` of a finding; only the file, or nothing, where it has no place.
    pub fn place(&self, finding: &Diagnostic) -> String {
        finding.span.map_or_else(String::new, |span| {
            let (line, column) = self.sources.line_and_column(span);
            format!("{}:{line}:{column}", self.sources.file(span).name)
        })
    }

    /// For a terminal: each finding with its line, a caret and what would be right, a hundred of
    /// them at most. With colour if `styled`.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut text = String::new();
        for finding in self.list.iter().take(MOST_SHOWN) {
            text.push_str(&renderer.render(&[self.group(finding)]));
            text.push_str("\n\n");
        }
        if self.list.len() > MOST_SHOWN {
            let more = self.list.len() - MOST_SHOWN;
            text.push_str(&format!("... and {more} more findings like these\n\n"));
        }
        let count = |severity, word| match self.count(severity) {
            0 => None,
            1 => Some(format!("1 {word}")),
            count => Some(format!("{count} {word}s")),
        };
        let counts = [count(Severity::Error, "error"), count(Severity::Warning, "warning")];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        if !counts.is_empty() {
            text.push_str(&counts.join(", "));
            text.push('\n');
        }
        text
    }

    fn group<'a>(&'a self, finding: &'a Diagnostic) -> Group<'a> {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(finding.message.as_str()).id(finding.code.name());
        let mut group = Group::with_title(title);
        if let Some(span) = finding.span {
            let file = self.sources.file(span);
            let mut snippet = Snippet::source(file.text.as_str())
                .path(file.name.as_str())
                .annotation(AnnotationKind::Primary.span(span.bytes()));
            for (place, label) in finding.labels.iter().filter(|(place, _)| place.file == span.file)
            {
                snippet = snippet
                    .annotation(AnnotationKind::Context.span(place.bytes()).label(label.as_str()));
            }
            group = group.element(snippet);
            for (place, label) in finding.labels.iter().filter(|(place, _)| place.file != span.file)
            {
                let file = self.sources.file(*place);
                group = group.element(
                    Snippet::source(file.text.as_str()).path(file.name.as_str()).annotation(
                        AnnotationKind::Context.span(place.bytes()).label(label.as_str()),
                    ),
                );
            }
        }
        match &finding.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}
