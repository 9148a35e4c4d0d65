//! Texts that findings point into.

use std::ops::Range;

/// One file of a topology, or text from elsewhere.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the user named it.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// All texts of one topology: the file itself, and those it extends.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// A place in one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub(crate) file: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Spanned<T> {
    pub(crate) fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

impl Sources {
    /// Adds a text and returns its number.
    pub(crate) fn add(&mut self, name: String, text: String) -> u32 {
        self.files.push(Source { name, text });
        self.files.len() as u32 - 1
    }

    /// Adds the texts of another and returns the number of the first.
    pub(crate) fn absorb(&mut self, other: Sources) -> u32 {
        let first = self.files.len() as u32;
        self.files.extend(other.files);
        first
    }

    pub(crate) fn file(&self, span: Span) -> &Source {
        &self.files[span.file as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The text at a place.
    pub(crate) fn text(&self, span: Span) -> &str {
        &self.file(span).text[span.bytes()]
    }

    /// Line and column of a place, both from 1, the column in characters.
    pub(crate) fn line_and_column(&self, span: Span) -> (usize, usize) {
        let before = &self.file(span).text[..span.start as usize];
        let line_start = before.rfind('\n').map_or(0, |place| place + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl Span {
    pub(crate) fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}
