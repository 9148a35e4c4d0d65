//! Journeys, objectives and what is needed, as written.

use super::Name;
use crate::spec::diagnostic::Code;
use crate::spec::read::{Keys, Reader, listed};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{NodeId, Value};
use crate::units::WeekHours;

#[derive(Debug)]
pub(crate) struct RawJourney {
    pub(crate) name: Name,
    pub(crate) about: Option<String>,
    pub(crate) needs: Vec<Edge>,
    /// Users do not notice an outage that is no longer than this.
    pub(crate) masked: Option<Spanned<f64>>,
    /// What must be up besides, for service to be whole.
    pub(crate) whole: Option<RawExpr>,
    pub(crate) availability: Option<Spanned<f64>>,
    pub(crate) rto: Option<RawRto>,
    pub(crate) rpo: Option<Spanned<f64>>,
    pub(crate) during: Option<WeekHours>,
    /// The data classes whose RPO it promises.
    pub(crate) data: Vec<Name>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RawRto {
    pub(crate) target: Spanned<f64>,
    /// Share of outages that must be within the target.
    pub(crate) share: f64,
}

/// What must be up.
#[derive(Clone, Debug)]
pub(crate) enum RawExpr {
    Name(Name),
    All(Vec<RawExpr>),
    Any(Vec<RawExpr>),
    AtLeast(Spanned<u64>, Vec<RawExpr>, Span),
    Masked(Box<RawExpr>, Spanned<f64>),
}

/// How something is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// Down without it.
    Hard,
    /// Worse without it.
    Soft,
    /// Needed to start.
    Start,
    /// Stops without it, and must start again.
    CrashesWith,
}

/// Something that is needed, and how.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) kind: EdgeKind,
    pub(crate) kind_span: Option<Span>,
    pub(crate) what: RawExpr,
}

/// The share of outages that must be within the RTO where the file does not say.
const DEFAULT_RTO_SHARE: f64 = 0.95;

const JOURNEY: Keys = Keys {
    of: "a journey",
    read: &["needs", "masked_by", "degraded_when", "slo", "data", "about"],
    later: &[],
};
const SLO: Keys = Keys {
    of: "an objective",
    read: &["availability", "rto", "rpo", "during"],
    later: &["window", "durability"],
};
const AT_LEAST: Keys = Keys { of: "this expression", read: &["at_least", "of"], later: &[] };
const EDGE: Keys = Keys { of: "a need", read: &["need", "kind", "masked_by"], later: &[] };
const DEGRADED: Keys = Keys { of: "`degraded_when`", read: &["fewer_than", "of"], later: &[] };

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[JOURNEY, SLO, AT_LEAST, EDGE, DEGRADED];

impl Reader<'_> {
    pub(super) fn journey(&mut self, name: Name, id: NodeId) -> Option<RawJourney> {
        let fields = self.fields(id, JOURNEY)?;
        let needs = match fields.get("needs") {
            Some(id) => self.edges(id),
            None => {
                self.missing(name.span, "a journey", "needs", "what must be up for it");
                Vec::new()
            }
        };
        let mut journey = RawJourney {
            name,
            about: self.note(&fields, "about"),
            needs,
            masked: fields.get("masked_by").and_then(|id| self.mask(id)),
            whole: fields.get("degraded_when").and_then(|id| self.degraded_when(id)),
            availability: None,
            rto: None,
            rpo: None,
            during: None,
            data: self.names(&fields, "data"),
        };
        if let Some(id) = fields.get("slo")
            && let Some(slo) = self.fields(id, SLO)
        {
            journey.availability =
                slo.get("availability").and_then(|id| self.percentage(id, "an availability"));
            journey.rto = slo.get("rto").and_then(|id| self.rto(id));
            journey.rpo = slo.get("rpo").and_then(|id| self.duration(id, "an RPO"));
            journey.during = slo.get("during").and_then(|id| self.hours(id));
        }
        Some(journey)
    }

    /// `5m`, or `{5m: 99%}` for another share of outages than the default.
    fn rto(&mut self, id: NodeId) -> Option<RawRto> {
        let Value::Map(entries) = &self.tree.node(id).value else {
            let target = self.duration(id, "an RTO")?;
            return Some(RawRto { target, share: DEFAULT_RTO_SHARE });
        };
        let [entry] = entries.as_slice() else {
            self.findings
                .error(Code::WrongKind, self.tree.span(id), "an RTO with several targets")
                .help("write one, such as `rto: 5m` or `rto: {5m: 99%}`");
            return None;
        };
        let target = self.quantity(crate::units::parse_duration(&entry.key), entry.key_span)?;
        let share = self.percentage(entry.value, "a share of outages")?;
        Some(RawRto { target, share: share.value })
    }

    /// `2h`, or `{buffer: 2h}` to say what it is that hides so much of each outage.
    fn mask(&mut self, id: NodeId) -> Option<Spanned<f64>> {
        let value = match &self.tree.node(id).value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => entry.value,
                _ => {
                    self.findings
                        .error(Code::WrongKind, self.tree.span(id), "a mask with several lengths")
                        .help("write one, such as `masked_by: {buffer: 2h}`");
                    return None;
                }
            },
            _ => id,
        };
        self.duration(value, "what a mask hides")
    }

    /// `{fewer_than: 2, of: [a, b, c]}`, or what is missing when service is degraded.
    fn degraded_when(&mut self, id: NodeId) -> Option<RawExpr> {
        let Value::Map(entries) = &self.tree.node(id).value else {
            // Any of these down: all of them up is whole.
            return Some(RawExpr::All(self.operands(id)?));
        };
        if !entries.iter().any(|entry| entry.key == "fewer_than") {
            let span = self.tree.span(id);
            self.findings
                .error(Code::MissingKey, span, "`degraded_when` says not when")
                .help("write `{fewer_than: 2, of: [a, b, c]}`, or a list of what must all be up");
            return None;
        }
        let fields = self.fields(id, DEGRADED)?;
        let count = self.count(fields.get("fewer_than")?, "`fewer_than`", 1);
        let Some(of) = fields.get("of") else {
            self.missing(fields.span, DEGRADED.of, "of", "what to count, such as `[a, b, c]`");
            return None;
        };
        let operands = self.operands(of);
        Some(RawExpr::AtLeast(count?, operands?, fields.span))
    }

    /// What is needed and how: names and expressions, and `{need: X, kind: soft}` among them.
    pub(super) fn edges(&mut self, id: NodeId) -> Vec<Edge> {
        match &self.tree.node(id).value {
            Value::List(items) if items.is_empty() => {
                let span = self.tree.span(id);
                self.empty_list(span);
                Vec::new()
            }
            Value::List(items) => items.iter().filter_map(|&item| self.edge(item)).collect(),
            _ => self.edge(id).into_iter().collect(),
        }
    }

    fn edge(&mut self, id: NodeId) -> Option<Edge> {
        let is_edge = matches!(&self.tree.node(id).value,
            Value::Map(entries) if entries.iter().any(|entry| EDGE.read.contains(&entry.key.as_str())));
        if !is_edge {
            let what = self.expression(id)?;
            return Some(Edge { kind: EdgeKind::Hard, kind_span: None, what });
        }
        let fields = self.fields(id, EDGE)?;
        let kinds = [
            ("hard", EdgeKind::Hard),
            ("soft", EdgeKind::Soft),
            ("start", EdgeKind::Start),
            ("crashes_with", EdgeKind::CrashesWith),
        ];
        let kind = match fields.get("kind") {
            Some(id) => self.choice(id, "the kind of a need", &kinds)?,
            None => EdgeKind::Hard,
        };
        let what = self.masked_need(id)?;
        Some(Edge { kind, kind_span: fields.entry("kind").map(|entry| entry.key_span), what })
    }

    /// `{need: X, masked_by: 15m}`.
    fn masked_need(&mut self, id: NodeId) -> Option<RawExpr> {
        let fields = self.fields(id, EDGE)?;
        let Some(need) = fields.get("need") else {
            self.missing(fields.span, EDGE.of, "need", "what is needed");
            return None;
        };
        let what = self.expression(need)?;
        match fields.get("masked_by") {
            Some(id) => Some(RawExpr::Masked(Box::new(what), self.mask(id)?)),
            None => Some(what),
        }
    }

    /// A name, a list (all of it), `{all: [...]}`, `{any: [...]}`, `{at_least: 2, of: [...]}` or
    /// `{need: X, masked_by: 15m}`.
    pub(super) fn expression(&mut self, id: NodeId) -> Option<RawExpr> {
        let node = self.tree.node(id);
        let span = node.span;
        match &node.value {
            Value::Scalar { .. } => Some(RawExpr::Name(self.text(id, "what is needed")?)),
            Value::List(_) => Some(RawExpr::All(self.operands(id)?)),
            Value::Map(entries) => {
                let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
                match keys.as_slice() {
                    ["all"] => Some(RawExpr::All(self.operands(entries[0].value)?)),
                    ["any"] => Some(RawExpr::Any(self.operands(entries[0].value)?)),
                    keys if keys.contains(&"at_least") => {
                        let fields = self.fields(id, AT_LEAST)?;
                        let count = self.count(fields.get("at_least")?, "`at_least`", 1);
                        let Some(of) = fields.get("of") else {
                            let example = "what to count, such as `{at_least: 2, of: [a, b, c]}`";
                            self.missing(span, "`at_least`", "of", example);
                            return None;
                        };
                        let operands = self.operands(of);
                        Some(RawExpr::AtLeast(count?, operands?, span))
                    }
                    keys if keys.contains(&"need") => {
                        if let Some(kind) = entries.iter().find(|entry| entry.key == "kind") {
                            self.findings
                                .error(Code::WrongKind, kind.key_span, "a kind of need in here")
                                .help("kinds stand in the list under `needs`, not inside of expressions");
                        }
                        self.masked_need(id)
                    }
                    _ => {
                        self.bad_expression(
                            entries.first().map(|e| (e.key.as_str(), e.key_span)),
                            span,
                        );
                        None
                    }
                }
            }
        }
    }

    fn bad_expression(&mut self, first: Option<(&str, Span)>, span: Span) {
        const WORDS: &[&str] = &["all", "any", "at_least", "need"];
        let (key, at) = first.unwrap_or(("", span));
        let help = match self.findings.closest(key, WORDS.iter().copied()) {
            Some(word) if !WORDS.contains(&key) => format!("did you mean `{word}`?"),
            _ => format!(
                "write a name, or one of {}: `{{all: [a, b]}}`, `{{at_least: 2, of: [a, b, c]}}`",
                listed(WORDS)
            ),
        };
        self.findings.error(Code::UnknownKey, at, "this says not what is needed").help(help);
    }

    /// The parts of an expression: all of them, or none if one is wrong.
    fn operands(&mut self, id: NodeId) -> Option<Vec<RawExpr>> {
        let items = self.list(id);
        if items.is_empty() {
            let span = self.tree.span(id);
            self.empty_list(span);
            return None;
        }
        let parts: Vec<Option<RawExpr>> = items.iter().map(|&item| self.expression(item)).collect();
        parts.into_iter().collect()
    }

    fn empty_list(&mut self, span: Span) {
        self.findings
            .error(Code::WrongKind, span, "an empty list of what is needed")
            .help("name at least one service, unit or domain");
    }
}
