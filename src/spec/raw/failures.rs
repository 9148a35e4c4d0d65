//! Failure modes, as written.

use super::Name;
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::read::{Bare, Fields, Keys, Reader};
use crate::spec::source::{Span, Spanned};
use crate::spec::topology::ModeRange;
use crate::spec::yaml::{NodeId, Value};
use crate::units::SECONDS_PER_YEAR;

#[derive(Debug)]
pub(crate) struct RawMode {
    pub(crate) name: Name,
    pub(crate) every: Option<Law>,
    pub(crate) repair: Option<RawRepair>,
    pub(crate) always: bool,
    /// Whether local data of what it strikes are gone, and where that is said.
    pub(crate) wipes: Option<Spanned<f64>>,
    /// Whether data that were not yet safe from a power cut are gone, and where that is said.
    pub(crate) cuts_power: Option<Spanned<bool>>,
    pub(crate) crew: Option<Name>,
    pub(crate) people: Option<Spanned<u64>>,
    /// Parts that a repair takes.
    pub(crate) spares: Option<RawSpares>,
    pub(crate) priority: Option<u64>,
    /// Probability that one event of the whole group strikes each of it.
    pub(crate) shock: Option<Spanned<f64>>,
    /// Probability that a change of the whole group is bad.
    pub(crate) change: Option<Spanned<f64>>,
    /// Share of the failures of each unit that take the whole group.
    pub(crate) beta: Option<Spanned<f64>>,
    pub(crate) burst: Option<RawBurst>,
    pub(crate) preventive: Option<RawPreventive>,
    /// How long until somebody notices.
    pub(crate) grey: Option<Spanned<Law>>,
    pub(crate) range: ModeRange,
    pub(crate) about: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) grade: Option<Grade>,
}

#[derive(Debug)]
pub(crate) enum RawRepair {
    /// Stages one after another, at least one.
    After(Vec<RawStage>),
    Restart,
    Never,
}

/// A stage of a repair or a start.
#[derive(Clone, Debug)]
pub(crate) struct RawStage {
    pub(crate) law: Law,
    pub(crate) crew: Option<Name>,
    pub(crate) people: Option<Spanned<u64>>,
}

impl RawStage {
    /// One that nobody is needed for.
    pub(crate) fn of(law: Law) -> RawStage {
        RawStage { law, crew: None, people: None }
    }
}

#[derive(Debug)]
pub(crate) struct RawBurst {
    pub(crate) probability: f64,
    pub(crate) within: f64,
    pub(crate) peers: u64,
}

#[derive(Debug)]
pub(crate) struct RawSpares {
    pub(crate) span: Span,
    pub(crate) stock: Spanned<u64>,
    pub(crate) reorder: Law,
}

#[derive(Debug)]
pub(crate) struct RawPreventive {
    pub(crate) age: Law,
    pub(crate) takes: Law,
}

/// How well a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Somebody counted.
    Measured,
    /// Somebody who sells it says so.
    Vendor,
    /// Nobody knows: a guess to be varied.
    Assumed,
}

impl Grade {
    /// As written in a topology.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Measured => "measured",
            Grade::Vendor => "vendor",
            Grade::Assumed => "assumed",
        }
    }
}

const MODE: Keys = Keys {
    of: "a failure mode",
    read: &[
        "every",
        "afr",
        "repair",
        "clock",
        "wipes",
        "cuts_power",
        "crew",
        "people",
        "spares",
        "priority",
        "shock",
        "change",
        "beta",
        "burst",
        "preventive",
        "grey",
        "range",
        "about",
        "source",
        "grade",
    ],
    later: &["p", "latent"],
};
const BURST: Keys = Keys { of: "a burst", read: &["p", "within", "peers"], later: &[] };
const PREVENTIVE: Keys =
    Keys { of: "a preventive replacement", read: &["age", "takes"], later: &[] };
const SPARES: Keys = Keys { of: "spares", read: &["stock", "reorder"], later: &[] };
const RANGE: Keys = Keys { of: "a range", read: &["every", "repair"], later: &[] };
/// Keys of a stage beside its name.
const STAGE_KEYS: &[&str] = &["crew", "people"];

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[MODE, BURST, PREVENTIVE, SPARES, RANGE];

impl Reader<'_> {
    /// `true`, `false`, or with which probability.
    fn wiping(&mut self, id: NodeId) -> Option<f64> {
        let is_share = matches!(&self.tree.node(id).value,
            Value::Scalar { text, .. } if text.trim_end().ends_with('%'));
        if is_share {
            return self.percentage(id, "`wipes`").map(|share| share.value);
        }
        let text = self.text(id, "`wipes`")?;
        match text.value.as_str() {
            "true" => Some(1.0),
            "false" => Some(0.0),
            other => {
                self.findings
                    .error(Code::BadQuantity, text.span, format!("`{other}` is not yes or no"))
                    .help("write `true`, `false`, or how probable it is: `1%`");
                None
            }
        }
    }

    pub(super) fn mode(&mut self, name: Name, id: NodeId) -> Option<RawMode> {
        let fields = self.fields(id, MODE)?;
        let every = self.every(&name, &fields);
        let repair = match fields.get("repair") {
            Some(id) => self.repair(id),
            None => {
                let example = "a duration, a law, `restart` or `never`";
                self.missing(name.span, "a failure mode", "repair", example);
                None
            }
        };
        let clock = fields.get("clock").and_then(|id| {
            self.choice(id, "the clock of a failure mode", &[("up", false), ("always", true)])
        });
        let mut truth = |key: &str| {
            let entry = fields.entry(key)?;
            let is_so = self.truth(entry.value, &format!("`{key}`"))?;
            Some(Spanned::new(is_so, entry.key_span))
        };
        let cuts_power = truth("cuts_power");
        let wipes = fields
            .entry("wipes")
            .and_then(|entry| Some(Spanned::new(self.wiping(entry.value)?, entry.key_span)));
        let grades =
            [("measured", Grade::Measured), ("vendor", Grade::Vendor), ("assumed", Grade::Assumed)];
        let priority = fields.get("priority").and_then(|id| self.count(id, "`priority`", 1));
        Some(RawMode {
            name,
            every,
            repair,
            always: clock.unwrap_or(false),
            wipes,
            cuts_power,
            crew: fields.get("crew").and_then(|id| self.text(id, "the name of a crew")),
            people: fields.get("people").and_then(|id| self.count(id, "`people`", 1)),
            spares: fields.get("spares").and_then(|id| self.spares(id)),
            priority: priority.map(|priority| priority.value),
            shock: fields.get("shock").and_then(|id| self.percentage(id, "a shock")),
            change: fields.get("change").and_then(|id| self.percentage(id, "a change")),
            beta: fields.get("beta").and_then(|id| self.percentage(id, "`beta`")),
            burst: fields.get("burst").and_then(|id| self.burst(id)),
            preventive: fields.get("preventive").and_then(|id| self.preventive(id)),
            grey: fields.get("grey").and_then(|id| {
                let law = self.law(id, "how long until it is noticed", Bare::Fixed)?;
                Some(Spanned::new(law, self.tree.span(id)))
            }),
            range: fields.get("range").map_or_else(ModeRange::default, |id| self.range(id)),
            about: self.note(&fields, "about"),
            source: self.note(&fields, "source"),
            grade: fields.get("grade").and_then(|id| self.choice(id, "a grade", &grades)),
        })
    }

    /// `{stock: 2, reorder: {exponential: 168h}}`.
    fn spares(&mut self, id: NodeId) -> Option<RawSpares> {
        let fields = self.fields(id, SPARES)?;
        let (stock, reorder) = (fields.get("stock"), fields.get("reorder"));
        for (key, what) in
            [("stock", "how many there are"), ("reorder", "how long one takes to come")]
        {
            if fields.get(key).is_none() {
                self.missing(fields.span, SPARES.of, key, what);
            }
        }
        let stock = self.count(stock?, "`stock`", 1);
        let reorder = self.law(reorder?, "how long a spare takes to come", Bare::Fixed);
        Some(RawSpares { span: fields.span, stock: stock?, reorder: reorder? })
    }

    /// The time to failure: `every`, or the share that fails in the first year.
    fn every(&mut self, name: &Name, fields: &Fields<'_>) -> Option<Law> {
        match (fields.get("every"), fields.get("afr")) {
            (Some(id), None) => self.law(id, "the time to failure", Bare::ExponentialMean),
            (None, Some(id)) => {
                let afr = self.percentage(id, "an annual failure rate")?;
                // P(fails within a year) = 1 - exp(-year / mean).
                let mean = -SECONDS_PER_YEAR / libm::log1p(-afr.value);
                let law = Law::exponential(mean).ok().filter(|_| afr.value < 1.0);
                if law.is_none() {
                    self.findings
                        .error(Code::OutOfRange, afr.span, "an annual failure rate of all or none")
                        .help("it must be above 0 % and below 100 %");
                }
                law
            }
            (Some(_), Some(id)) => {
                let span = self.tree.span(id);
                self.findings
                    .error(Code::BadLaw, span, "a time to failure in two ways")
                    .help("keep `every` or `afr`, one of them");
                None
            }
            (None, None) => {
                let example = "the mean time up, such as `90d`";
                self.missing(name.span, "a failure mode", "every", example);
                None
            }
        }
    }

    fn repair(&mut self, id: NodeId) -> Option<RawRepair> {
        match &self.tree.node(id).value {
            Value::Scalar { text, .. } if text == "restart" => Some(RawRepair::Restart),
            Value::Scalar { text, .. } if text == "never" => Some(RawRepair::Never),
            _ => self.stages(id, "the time to restoration").map(RawRepair::After),
        }
    }

    /// A law, or a list of named stages, each of which may need people of a crew.
    pub(super) fn stages(&mut self, id: NodeId, what: &str) -> Option<Vec<RawStage>> {
        let Value::List(items) = &self.tree.node(id).value else {
            return Some(vec![RawStage::of(self.law(id, what, Bare::Fixed)?)]);
        };
        if items.is_empty() {
            self.findings
                .error(Code::WrongKind, self.tree.span(id), format!("{what} has no stages"))
                .help(
                    "write a law, or stages such as `[{detect: 30s}, {mend: {exponential: 2h}}]`",
                );
            return None;
        }
        let stages: Vec<Option<RawStage>> = items.iter().map(|&item| self.stage(item)).collect();
        stages.into_iter().collect()
    }

    fn stage(&mut self, id: NodeId) -> Option<RawStage> {
        let fields = self.map(id, "a stage")?;
        let named: Vec<_> = (fields.entries.iter())
            .filter(|entry| !STAGE_KEYS.contains(&entry.key.as_str()))
            .collect();
        let [stage] = named[..] else {
            self.findings
                .error(Code::WrongKind, fields.span, format!("a stage with {} laws", named.len()))
                .help("write its name and how long it takes, such as `{detect: 30s}`");
            return None;
        };
        let law = self.law(stage.value, &format!("`{}`", stage.key), Bare::Fixed);
        let crew = fields.get("crew").and_then(|id| self.text(id, "the name of a crew"));
        let people = fields.get("people").and_then(|id| self.count(id, "`people`", 1));
        Some(RawStage { law: law?, crew, people })
    }

    fn burst(&mut self, id: NodeId) -> Option<RawBurst> {
        let fields = self.fields(id, BURST)?;
        let mut must = |key: &str, example: &str| match fields.get(key) {
            Some(id) => Some(id),
            None => {
                self.missing(fields.span, BURST.of, key, example);
                None
            }
        };
        let p = must("p", "how probable it is, such as `p: 20%`");
        let within = must("within", "how soon the others follow, such as `within: 10m`");
        let peers = must("peers", "how many others, such as `peers: 1`");
        let p = self.percentage(p?, "p");
        let within = self.duration(within?, "`within`");
        let peers = self.count(peers?, "`peers`", 1);
        let (p, within, peers) = (p?, within?, peers?);
        Some(RawBurst { probability: p.value, within: within.value, peers: peers.value })
    }

    fn range(&mut self, id: NodeId) -> ModeRange {
        let Some(fields) = self.fields(id, RANGE) else { return ModeRange::default() };
        let mut part = |key: &str| {
            let ends = self.durations(
                fields.get(key)?,
                2,
                &format!("the range of `{key}`"),
                "both ends, such as `[91d, 1y]`",
            )?;
            if !(ends[0] > 0.0 && ends[0] <= ends[1]) {
                let at = fields.entry(key).map(|entry| entry.key_span);
                self.findings
                    .error(Code::OutOfRange, at, "a range that goes down, or begins at nothing")
                    .help("write the lower end first; it must be above zero");
                return None;
            }
            Some((ends[0], ends[1]))
        };
        let every = part("every");
        ModeRange { every, repair: part("repair") }
    }

    fn preventive(&mut self, id: NodeId) -> Option<RawPreventive> {
        let fields = self.fields(id, PREVENTIVE)?;
        let mut part = |key: &str, example: &str| match fields.get(key) {
            Some(id) => self.law(id, &format!("`{key}`"), Bare::Fixed),
            None => {
                self.missing(fields.span, PREVENTIVE.of, key, example);
                None
            }
        };
        let age = part("age", "at which age, such as `age: 1000h`");
        let takes = part("takes", "how long it takes, such as `takes: 2h`");
        Some(RawPreventive { age: age?, takes: takes? })
    }
}
