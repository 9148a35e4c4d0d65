//! Copies and shards of data, as written: who holds them, which make a group, how they come back.

use super::data::RawLatent;
use super::{Name, RawErasure};
use crate::dist::Law;
use crate::spec::data::{CatchUp, Medium};
use crate::spec::diagnostic::Code;
use crate::spec::read::{Bare, Fields, Keys, Reader, is_law};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{Entry, NodeId, Value};
use crate::units::{parse_bandwidth, parse_size};

/// What is said of the copies that are kept.
#[derive(Debug)]
pub(crate) struct RawHeld {
    pub(crate) by: Vec<Name>,
    /// Where the key of the holders stands.
    pub(crate) span: Span,
    pub(crate) scheme: Option<Spanned<RawScheme>>,
    pub(crate) ack: Option<Spanned<u64>>,
    pub(crate) groups: Option<Spanned<u64>>,
    pub(crate) placement: Option<Spanned<RawPlacement>>,
    /// Levels of which no unit has more than so many of a group, each named once.
    pub(crate) spread: Vec<RawCopySpread>,
    pub(crate) size: Option<f64>,
    pub(crate) medium: Option<Spanned<Medium>>,
    pub(crate) rebuild: Option<RawRebuild>,
    pub(crate) latent: Option<RawLatent>,
    pub(crate) deleted: Option<Law>,
    pub(crate) lag: Option<Spanned<Law>>,
    pub(crate) unsynced: Option<Law>,
    pub(crate) catch_up: CatchUp,
}

#[derive(Debug)]
pub(crate) enum RawScheme {
    Copies(u64),
    Erasure(RawErasure),
    LocalReconstruction { data: u64, groups: u64, local: u64, global: u64 },
    Code { positions: u64, checks: Vec<Spanned<Vec<u64>>> },
    Nested { outer: RawErasure, inner: RawErasure },
}

#[derive(Debug)]
pub(crate) enum RawPlacement {
    Random { seed: u64 },
    Partitioned,
    Declustered { seed: u64 },
    Copyset { scatter_width: Spanned<u64>, seed: u64 },
    EveryCombination,
    Explicit(Vec<Spanned<Vec<Name>>>),
}

#[derive(Debug)]
pub(crate) struct RawCopySpread {
    pub(crate) by: Name,
    pub(crate) at_most: u64,
}

#[derive(Debug)]
pub(crate) struct RawRebuild {
    /// Where its key stands.
    pub(crate) span: Span,
    /// Without, a copy is back with its unit.
    pub(crate) speed: Option<RawSpeed>,
    pub(crate) detect: Option<Law>,
    /// Whether it is made anew on others.
    pub(crate) is_elsewhere: bool,
    pub(crate) gives_up_after: Option<Spanned<Law>>,
    pub(crate) at_a_time: Option<u64>,
    pub(crate) lazy: Option<Spanned<u64>>,
    /// Whether the groups that have lost the most come first.
    pub(crate) by_margin: Option<Spanned<bool>>,
    pub(crate) unreadable: f64,
}

#[derive(Debug)]
pub(crate) enum RawSpeed {
    Law(Law),
    /// Bytes a second: of each, of all, of each that is read from, and by level.
    Bandwidth {
        each: Option<f64>,
        shared: Option<f64>,
        source: Option<f64>,
        per: Vec<(Name, f64)>,
    },
}

/// Words for what a group can lose.
const SCHEMES: &[&str] = &["copies", "erasure", "lrc", "code", "mlec"];
const LRC: Keys = Keys {
    of: "a local reconstruction code",
    read: &["data", "groups", "local", "global"],
    later: &[],
};
const CODE: Keys = Keys { of: "a linear code", read: &["positions", "checks"], later: &[] };
const MLEC: Keys = Keys { of: "a code over codes", read: &["outer", "inner"], later: &[] };
const PLACEMENT: Keys =
    Keys { of: "a placement", read: &["random", "declustered", "copyset"], later: &[] };
const SEED: Keys = Keys { of: "a placement by chance", read: &["seed"], later: &[] };
const COPYSET: Keys =
    Keys { of: "a placement on copysets", read: &["scatter_width", "seed"], later: &[] };
const SPREAD: Keys = Keys { of: "a spread of copies", read: &["by", "at_most"], later: &[] };
const REBUILD: Keys = Keys {
    of: "a rebuild",
    read: &[
        "takes",
        "bandwidth",
        "shared",
        "source",
        "per",
        "detect",
        "to",
        "gives_up_after",
        "at_a_time",
        "lazy",
        "priority",
        "unreadable",
    ],
    later: &[],
};
/// Keys of a rebuild that say how long it takes.
const SPEEDS: &[&str] = &["takes", "bandwidth", "shared", "source", "per"];

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[LRC, CODE, MLEC, PLACEMENT, SEED, COPYSET, SPREAD, REBUILD];

impl Reader<'_> {
    /// What a data class says of its copies.
    pub(super) fn held(&mut self, fields: &Fields<'_>, held_by: &Entry) -> Option<RawHeld> {
        let by = self.texts(held_by.value, "the name of a holder");
        if matches!(&self.tree.node(held_by.value).value, Value::List(items) if items.is_empty()) {
            self.findings
                .error(Code::WrongKind, self.tree.span(held_by.value), "an empty list of holders")
                .help("name a service, a domain or units");
        }
        let medium = fields.get("medium").and_then(|id| {
            let medium = self.choice(id, "a medium", Medium::NAMES)?;
            Some(Spanned::new(medium, self.tree.span(id)))
        });
        let scheme = self.scheme(fields);
        let mut count =
            |key: &str| fields.get(key).and_then(|id| self.count(id, &format!("`{key}`"), 1));
        let (ack, groups) = (count("ack"), count("groups"));
        Some(RawHeld {
            by,
            span: held_by.key_span,
            scheme,
            ack,
            groups,
            placement: fields
                .entry("placement")
                .and_then(|entry| Some(Spanned::new(self.placement(entry.value)?, entry.key_span))),
            spread: fields.get("spread").map_or_else(Vec::new, |id| self.copy_spreads(id)),
            size: fields.get("size").and_then(|id| self.size(id)),
            medium,
            rebuild: fields.entry("rebuild").and_then(|entry| self.rebuild(entry)),
            latent: fields.get("latent").and_then(|id| self.latent(id)),
            deleted: fields.get("deleted").and_then(|id| self.deleted(id)),
            lag: self.law_at(fields, "lag"),
            unsynced: self.law_at(fields, "unsynced").map(|law| law.value),
            catch_up: fields
                .get("catch_up")
                .and_then(|id| self.catch_up(id))
                .unwrap_or(CatchUp::AtOnce),
        })
    }

    /// What a group can lose: said in one way, or not at all.
    fn scheme(&mut self, fields: &Fields<'_>) -> Option<Spanned<RawScheme>> {
        let mut given = SCHEMES.iter().filter_map(|key| fields.entry(key));
        let first = given.next()?;
        if let Some(second) = given.next() {
            self.findings
                .error(Code::WrongKind, second.key_span, "what a group can lose, in two ways")
                .label(first.key_span, "the other one")
                .help("keep `copies` or a code, one of them");
            return None;
        }
        let id = first.value;
        let scheme = match first.key.as_str() {
            "copies" => RawScheme::Copies(self.count(id, "`copies`", 1)?.value),
            "erasure" => RawScheme::Erasure(self.erasure(id)?),
            "lrc" => self.local_reconstruction(id)?,
            "code" => self.code(id)?,
            _ => self.nested(id)?,
        };
        Some(Spanned::new(scheme, first.key_span))
    }

    fn local_reconstruction(&mut self, id: NodeId) -> Option<RawScheme> {
        let fields = self.fields(id, LRC)?;
        let data = self.part(&fields, LRC.of, "data", "how many shards hold data");
        let groups = self.part(&fields, LRC.of, "groups", "in how many groups they are");
        let local = self.part(&fields, LRC.of, "local", "how many parities each group has");
        let global = self.part(&fields, LRC.of, "global", "how many parities cover all of them");
        Some(RawScheme::LocalReconstruction {
            data: data?.value,
            groups: groups?.value,
            local: local?.value,
            global: global?.value,
        })
    }

    fn code(&mut self, id: NodeId) -> Option<RawScheme> {
        let fields = self.fields(id, CODE)?;
        let positions = self.part(&fields, CODE.of, "positions", "how many shards a group has");
        let Some(checks) = fields.get("checks") else {
            let example = "the positions that each parity check covers, such as `[[0, 1, 2]]`";
            self.missing(fields.span, CODE.of, "checks", example);
            return None;
        };
        let checks: Vec<_> = self
            .list(checks)
            .into_iter()
            .map(|check| {
                let positions = self.list(check).into_iter();
                let positions = positions.map(|id| Some(self.count(id, "a position", 0)?.value));
                let positions: Vec<Option<u64>> = positions.collect();
                let positions: Option<Vec<u64>> = positions.into_iter().collect();
                Some(Spanned::new(positions?, self.tree.span(check)))
            })
            .collect();
        let checks: Option<Vec<Spanned<Vec<u64>>>> = checks.into_iter().collect();
        Some(RawScheme::Code { positions: positions?.value, checks: checks? })
    }

    fn nested(&mut self, id: NodeId) -> Option<RawScheme> {
        let fields = self.fields(id, MLEC)?;
        let mut part = |key: &str, what: &str| match fields.get(key) {
            Some(id) => self.erasure(id),
            None => {
                self.missing(fields.span, MLEC.of, key, what);
                None
            }
        };
        let outer = part("outer", "the code over groups, such as `{data: 5, parity: 1}`");
        let inner = part("inner", "the code in each group, such as `{data: 8, parity: 2}`");
        Some(RawScheme::Nested { outer: outer?, inner: inner? })
    }

    /// A word, a word with a seed or a width, or the groups themselves.
    fn placement(&mut self, id: NodeId) -> Option<RawPlacement> {
        const WORDS: &[(&str, usize)] =
            &[("random", 0), ("partitioned", 1), ("declustered", 2), ("every-combination", 3)];
        match &self.tree.node(id).value {
            Value::Scalar { .. } => match self.choice(id, "a placement", WORDS)? {
                0 => Some(RawPlacement::Random { seed: 0 }),
                1 => Some(RawPlacement::Partitioned),
                2 => Some(RawPlacement::Declustered { seed: 0 }),
                _ => Some(RawPlacement::EveryCombination),
            },
            Value::List(groups) => {
                let named = |reader: &mut Self, group: NodeId| {
                    let names = reader.texts(group, "the name of a holder");
                    Spanned::new(names, reader.tree.span(group))
                };
                let groups = groups.iter().map(|&group| named(self, group)).collect();
                Some(RawPlacement::Explicit(groups))
            }
            Value::Map(_) => {
                let fields = self.fields(id, PLACEMENT)?;
                let given: Vec<&Entry> =
                    PLACEMENT.read.iter().filter_map(|key| fields.entry(key)).collect();
                let [kind] = given[..] else {
                    let message = format!("{} placements in one", given.len());
                    self.findings
                        .error(Code::WrongKind, fields.span, message)
                        .help("write one, such as `{random: {seed: 7}}` or `{copyset: 4}`");
                    return None;
                };
                if kind.key == "copyset" {
                    return self.copyset(kind.value);
                }
                let fields = self.fields(kind.value, SEED)?;
                let seed = self.seed(&fields);
                Some(match kind.key.as_str() {
                    "random" => RawPlacement::Random { seed },
                    _ => RawPlacement::Declustered { seed },
                })
            }
        }
    }

    /// `4`, or `{scatter_width: 4, seed: 7}`.
    fn copyset(&mut self, id: NodeId) -> Option<RawPlacement> {
        let what = "with how many others each holder shares groups";
        if let Value::Map(_) = self.tree.node(id).value {
            let fields = self.fields(id, COPYSET)?;
            let scatter_width = self.part(&fields, COPYSET.of, "scatter_width", what);
            let seed = self.seed(&fields);
            return Some(RawPlacement::Copyset { scatter_width: scatter_width?, seed });
        }
        let scatter_width = self.count(id, what, 1)?;
        Some(RawPlacement::Copyset { scatter_width, seed: 0 })
    }

    fn seed(&mut self, fields: &Fields<'_>) -> u64 {
        let seed = fields.get("seed").and_then(|id| self.count(id, "`seed`", 0));
        seed.map_or(0, |seed| seed.value)
    }

    /// One level, or a list of them.
    fn copy_spreads(&mut self, id: NodeId) -> Vec<RawCopySpread> {
        let ids = match &self.tree.node(id).value {
            Value::List(ids) => ids.as_slice(),
            _ => &[id],
        };
        let mut spreads: Vec<RawCopySpread> = Vec::new();
        for id in ids {
            let Some(spread) = self.copy_spread(*id) else { continue };
            if spreads.iter().any(|other| other.by.value == spread.by.value) {
                let message = format!("a spread over level `{}`, twice", spread.by.value);
                self.findings
                    .error(Code::DuplicateName, spread.by.span, message)
                    .help("say each level once");
                continue;
            }
            spreads.push(spread);
        }
        spreads
    }

    fn copy_spread(&mut self, id: NodeId) -> Option<RawCopySpread> {
        let fields = self.fields(id, SPREAD)?;
        let by = match fields.get("by") {
            Some(id) => self.text(id, "a level"),
            None => {
                self.missing(fields.span, SPREAD.of, "by", "a level, such as `by: rack`");
                None
            }
        };
        let at_most = fields.get("at_most").and_then(|id| self.count(id, "`at_most`", 1));
        Some(RawCopySpread { by: by?, at_most: at_most.map_or(1, |at_most| at_most.value) })
    }

    pub(super) fn size(&mut self, id: NodeId) -> Option<f64> {
        let text = self.text(id, "a size")?;
        let size = self.quantity(parse_size(&text.value), text.span)?;
        self.above_zero(size, "a size")
    }

    pub(super) fn bandwidth(&mut self, id: NodeId) -> Option<f64> {
        let text = self.text(id, "a bandwidth")?;
        let bandwidth = self.quantity(parse_bandwidth(&text.value), text.span)?;
        self.above_zero(bandwidth, "a bandwidth")
    }

    fn above_zero(&mut self, value: Spanned<f64>, what: &str) -> Option<f64> {
        if value.value > 0.0 {
            return Some(value.value);
        }
        self.findings
            .error(Code::OutOfRange, value.span, format!("{what} of nothing"))
            .help("it must be above zero");
        None
    }

    /// A law, or a map that says how long it takes, when it begins and what it may find.
    fn rebuild(&mut self, entry: &Entry) -> Option<RawRebuild> {
        let (id, span) = (entry.value, entry.key_span);
        let entries = match &self.tree.node(id).value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let law = entries.iter().find(|entry| is_law(&entry.key));
        let more = entries.iter().find(|entry| REBUILD.read.contains(&entry.key.as_str()));
        if let (Some(law), Some(more)) = (law, more) {
            let message = format!("`{}` beside a law", more.key);
            self.findings
                .error(Code::BadLaw, more.key_span, message)
                .label(law.key_span, "the law")
                .help(format!("write the law under `takes`: `takes: {{{}: ...}}`", law.key));
            return None;
        }
        if law.is_some() || entries.is_empty() {
            let law = self.law(id, "a rebuild", Bare::Fixed)?;
            return Some(RawRebuild {
                span,
                speed: Some(RawSpeed::Law(law)),
                detect: None,
                is_elsewhere: false,
                gives_up_after: None,
                at_a_time: None,
                lazy: None,
                by_margin: None,
                unreadable: 0.0,
            });
        }
        let fields = self.fields(id, REBUILD)?;
        let speed = self.speed(&fields);
        if SPEEDS.iter().all(|key| fields.get(key).is_none()) {
            let more = ["detect", "to", "gives_up_after", "at_a_time", "lazy", "priority"];
            if more.iter().any(|key| fields.get(key).is_some()) {
                let example = "how long it takes, or say `bandwidth`";
                self.missing(fields.span, REBUILD.of, "takes", example);
            }
        }
        let at_a_time = fields.get("at_a_time").and_then(|id| self.count(id, "`at_a_time`", 1));
        let orders = [("fifo", false), ("margin", true)];
        let targets = [("holder", false), ("elsewhere", true)];
        let unreadable = fields.get("unreadable").map(|id| self.percentage(id, "`unreadable`"));
        Some(RawRebuild {
            span,
            speed,
            detect: self.law_at(&fields, "detect").map(|law| law.value),
            is_elsewhere: fields
                .get("to")
                .and_then(|id| self.choice(id, "where it is made anew", &targets))
                .unwrap_or(false),
            gives_up_after: self.law_at(&fields, "gives_up_after"),
            at_a_time: at_a_time.map(|count| count.value),
            lazy: fields.get("lazy").and_then(|id| self.count(id, "`lazy`", 1)),
            by_margin: fields.entry("priority").and_then(|entry| {
                let order = self.choice(entry.value, "what is rebuilt first", &orders)?;
                Some(Spanned::new(order, entry.key_span))
            }),
            unreadable: unreadable.flatten().map_or(0.0, |share| share.value),
        })
    }

    /// How long a rebuild takes: by a law, or by what the bandwidth allows.
    fn speed(&mut self, fields: &Fields<'_>) -> Option<RawSpeed> {
        let by_bandwidth = SPEEDS[1..].iter().find_map(|key| fields.entry(key));
        if let Some(takes) = fields.entry("takes") {
            if let Some(other) = by_bandwidth {
                self.findings
                    .error(Code::BadLaw, other.key_span, "how long a rebuild takes, in two ways")
                    .label(takes.key_span, "the other one")
                    .help("keep `takes`, or `bandwidth`, `shared`, `source` and `per`");
                return None;
            }
            return Some(RawSpeed::Law(self.law(takes.value, "`takes`", Bare::Fixed)?));
        }
        by_bandwidth?;
        let mut one =
            |key: &str| fields.get(key).map_or(Some(None), |id| self.bandwidth(id).map(Some));
        let (each, shared, source) = (one("bandwidth"), one("shared"), one("source"));
        let mut per = Vec::new();
        if let Some(id) = fields.get("per")
            && let Some(levels) = self.map(id, "`per`")
        {
            if levels.entries.is_empty() {
                self.findings.error(Code::MissingKey, levels.span, "`per` of no level").help(
                    "name levels and what all on one unit of each share: `per: {rack: 1GB/s}`",
                );
                return None;
            }
            for entry in levels.entries {
                let level = Spanned::new(entry.key.clone(), entry.key_span);
                per.push((level, self.bandwidth(entry.value)?));
            }
        }
        Some(RawSpeed::Bandwidth { each: each?, shared: shared?, source: source?, per })
    }
}
