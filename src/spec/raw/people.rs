//! People and plans, as written.

use super::{Name, RawExpr, RawRolloutPlan, RawStage};
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::platform::Patience;
use crate::spec::read::{Bare, Fields, Keys, Reader};
use crate::spec::source::{Span, Spanned};
use crate::spec::topology::Discipline;
use crate::spec::yaml::{NodeId, Value};
use crate::units::{SimSpan, WeekHours};

#[derive(Debug)]
pub(crate) struct RawCrew {
    pub(crate) name: Name,
    pub(crate) size: u64,
    pub(crate) response: Option<Law>,
    pub(crate) off_hours: Option<Spanned<Law>>,
    pub(crate) hours: Option<WeekHours>,
    pub(crate) works_in_hours: bool,
    pub(crate) escalates: Option<RawEscalation>,
    pub(crate) picks: Option<Spanned<Discipline>>,
}

/// Who is called when nobody of a crew answers.
#[derive(Debug)]
pub(crate) struct RawEscalation {
    pub(crate) span: Span,
    pub(crate) after: Law,
    pub(crate) to: Name,
}

/// An entry of the calendar.
#[derive(Debug)]
pub(crate) enum RawEntry {
    /// Work on units.
    Work(Box<RawPlan>),
    /// Replacement of replicas.
    Rollout(RawRolloutPlan),
}

#[derive(Debug)]
pub(crate) struct RawPlan {
    pub(crate) name: Name,
    pub(crate) every: Option<Spanned<f64>>,
    pub(crate) at: f64,
    pub(crate) order: Vec<Name>,
    pub(crate) each: Option<Vec<RawStage>>,
    pub(crate) gap: f64,
    /// On how many units work goes on together.
    pub(crate) at_a_time: Option<Spanned<u64>>,
    /// When work may begin.
    pub(crate) hours: Option<WeekHours>,
    pub(crate) fails: Option<RawFailedWork>,
    pub(crate) regardless: bool,
    pub(crate) waits_for: Option<RawExpr>,
    /// Whether units are drained first, and for how long.
    pub(crate) drain: Option<Spanned<Patience>>,
    pub(crate) about: Option<String>,
}

/// Work that may come to nothing.
#[derive(Debug)]
pub(crate) struct RawFailedWork {
    pub(crate) probability: Spanned<f64>,
    /// What it takes to recover from it, after the work.
    pub(crate) repair: Vec<RawStage>,
}

/// People in a crew where the file does not say.
const DEFAULT_CREW_SIZE: u64 = 1;

const CREW: Keys = Keys {
    of: "a crew",
    read: &[
        "size",
        "response",
        "hours",
        "off_hours",
        "works",
        "zone",
        "escalates",
        "picks",
        "about",
    ],
    later: &[],
};
const ESCALATION: Keys = Keys { of: "an escalation", read: &["after", "to"], later: &[] };
pub(super) const PLAN: Keys = Keys {
    of: "an entry of the calendar",
    read: &[
        "every",
        "at",
        "order",
        "each",
        "gap",
        "at_a_time",
        "hours",
        "zone",
        "fails",
        "regardless",
        "waits_for",
        "drain",
        "rollout",
        "about",
    ],
    later: &[],
};
const FAILED_WORK: Keys = Keys { of: "work that fails", read: &["p", "repair"], later: &[] };

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[CREW, ESCALATION, PLAN, FAILED_WORK];

impl Reader<'_> {
    pub(super) fn crew(&mut self, name: Name, id: NodeId) -> Option<RawCrew> {
        let fields = self.fields(id, CREW)?;
        self.note(&fields, "about");
        let size = fields.get("size").and_then(|id| self.count(id, "the size of a crew", 1));
        let works = [("in-hours", true), ("any-time", false)];
        let picks = [
            ("fifo", Discipline::Fifo),
            ("priority", Discipline::Priority),
            ("preemptive", Discipline::Preemptive),
            ("random-kind", Discipline::RandomKind),
        ];
        Some(RawCrew {
            name,
            size: size.map_or(DEFAULT_CREW_SIZE, |size| size.value),
            response: fields.get("response").and_then(|id| self.response(id)),
            off_hours: fields.get("off_hours").and_then(|id| {
                let law = self.law(id, "a response", Bare::Fixed)?;
                Some(Spanned::new(law, self.tree.span(id)))
            }),
            hours: self.zoned_hours(&fields),
            works_in_hours: fields
                .get("works")
                .and_then(|id| self.choice(id, "when a crew works", &works))
                .unwrap_or(false),
            escalates: fields.get("escalates").and_then(|id| self.escalation(id)),
            picks: fields.get("picks").and_then(|id| {
                let picks = self.choice(id, "what a crew takes next", &picks)?;
                Some(Spanned::new(picks, self.tree.span(id)))
            }),
        })
    }

    /// `{after: 30m, to: manager}`.
    fn escalation(&mut self, id: NodeId) -> Option<RawEscalation> {
        let fields = self.fields(id, ESCALATION)?;
        for (key, example) in [
            ("after", "how long a job waits for an answer, such as `after: 30m`"),
            ("to", "the crew that is called then"),
        ] {
            if fields.get(key).is_none() {
                self.missing(fields.span, ESCALATION.of, key, example);
            }
        }
        let law = |reader: &mut Self, id| reader.law(id, "how long a job waits", Bare::Fixed);
        let after = fields.get("after").and_then(|id| law(self, id));
        let to = fields.get("to").and_then(|id| self.text(id, "the name of a crew"));
        Some(RawEscalation { span: fields.span, after: after?, to: to? })
    }

    /// A law; `per: kind` beside it says what `picks: random-kind` means anyway.
    fn response(&mut self, id: NodeId) -> Option<Law> {
        let node = self.tree.node(id);
        match &node.value {
            Value::Map(entries) if entries.iter().any(|entry| entry.key == "per") => {
                for entry in entries.iter().filter(|entry| entry.key == "per") {
                    self.choice(entry.value, "what a response is per", &[("kind", ())]);
                }
                self.tagged_law(entries, node.span, "a response", &["per"])
            }
            _ => self.law(id, "a response", Bare::Fixed),
        }
    }

    /// `business`, `always`, or texts such as `Mon-Fri 09:00-17:00`; `None` for always.
    pub(super) fn hours(&mut self, id: NodeId) -> Option<WeekHours> {
        let texts = self.texts(id, "hours of the week");
        let words: Vec<&str> = texts.iter().map(|text| text.value.as_str()).collect();
        match words.as_slice() {
            ["business"] => return Some(WeekHours::business()),
            ["always"] => return None,
            _ => {}
        }
        match WeekHours::parse(words) {
            Ok(hours) => Some(hours),
            Err(error) => {
                self.findings
                    .error(Code::BadQuantity, self.tree.span(id), error.problem)
                    .help("write `business`, `always`, or a list such as `[Mon-Fri 09:00-17:00]`");
                None
            }
        }
    }

    /// `hours` by clocks that are so far ahead as `zone` says.
    fn zoned_hours(&mut self, fields: &Fields<'_>) -> Option<WeekHours> {
        let zone = fields.get("zone").and_then(|id| self.zone(id));
        let hours = fields.get("hours").and_then(|id| self.hours(id));
        match zone {
            Some(offset) => hours.map(|hours| hours.earlier_by(offset)),
            None => hours,
        }
    }

    /// How far a clock is ahead, such as `9h` or `-5h`.
    fn zone(&mut self, id: NodeId) -> Option<SimSpan> {
        const WEEK_SECONDS: f64 = 604_800.0;
        let text = self.text(id, "a zone")?;
        let (sign, hours) = match text.value.strip_prefix('-') {
            Some(hours) => (-1.0, hours),
            None => (1.0, text.value.strip_prefix('+').unwrap_or(&text.value)),
        };
        let offset = self.quantity(crate::units::parse_duration(hours), text.span)?;
        Some(SimSpan::from_seconds((sign * offset.value).rem_euclid(WEEK_SECONDS)))
    }

    pub(super) fn entry(&mut self, name: Name, id: NodeId) -> Option<RawEntry> {
        let fields = self.fields(id, PLAN)?;
        Some(match fields.get("rollout") {
            Some(_) => RawEntry::Rollout(self.rollout_plan(name, &fields)),
            None => RawEntry::Work(Box::new(self.plan(name, &fields))),
        })
    }

    fn plan(&mut self, name: Name, fields: &Fields<'_>) -> RawPlan {
        let mut length =
            |key: &str| fields.get(key).and_then(|id| self.duration(id, &format!("`{key}`")));
        let (every, at, gap) = (length("every"), length("at"), length("gap"));
        let order = self.names(fields, "order");
        for (key, example) in [
            ("every", "how often it begins, such as `every: 30d`"),
            ("order", "which units, one after another"),
            ("each", "how long each takes, such as `each: 15m`"),
        ] {
            if fields.get(key).is_none() {
                self.missing(name.span, PLAN.of, key, example);
            }
        }
        let regardless = fields.get("regardless").and_then(|id| self.truth(id, "`regardless`"));
        RawPlan {
            name,
            every,
            at: at.map_or(0.0, |at| at.value),
            order,
            each: fields.get("each").and_then(|id| self.stages(id, "`each`")),
            gap: gap.map_or(0.0, |gap| gap.value),
            at_a_time: fields.get("at_a_time").and_then(|id| self.count(id, "`at_a_time`", 1)),
            hours: self.zoned_hours(fields),
            fails: fields.get("fails").and_then(|id| self.failed_work(id)),
            regardless: regardless.unwrap_or(false),
            waits_for: fields.get("waits_for").and_then(|id| self.expression(id)),
            drain: self.patience(fields),
            about: self.note(fields, "about"),
        }
    }

    /// `{p: 2%, repair: {lognormal: {median: 1h, p95: 4h}}}`.
    fn failed_work(&mut self, id: NodeId) -> Option<RawFailedWork> {
        let fields = self.fields(id, FAILED_WORK)?;
        for (key, example) in [
            ("p", "how probable it is, such as `p: 2%`"),
            ("repair", "how long it takes to recover, such as `repair: 2h`"),
        ] {
            if fields.get(key).is_none() {
                self.missing(fields.span, FAILED_WORK.of, key, example);
            }
        }
        let probability = fields.get("p").and_then(|id| self.percentage(id, "p"));
        let repair = fields.get("repair").and_then(|id| self.stages(id, "the time to recover"));
        Some(RawFailedWork { probability: probability?, repair: repair? })
    }
}
