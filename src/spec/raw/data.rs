//! Data classes as written: what they are, how their data come and go.

use super::copies::RawHeld;
use super::{Name, RawExpr};
use crate::dist::Law;
use crate::spec::data::{CatchUp, SHORTEST_CYCLE_SECONDS, Scrub};
use crate::spec::diagnostic::Code;
use crate::spec::read::{Bare, Fields, Keys, Reader};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{NodeId, Value};
use crate::units::SimSpan;

#[derive(Debug)]
pub(crate) struct RawData {
    pub(crate) name: Name,
    pub(crate) about: Option<String>,
    pub(crate) held: Option<RawHeld>,
    /// What must be up for data to be recorded.
    pub(crate) source: Option<RawExpr>,
    /// What must be up for them to be accepted.
    pub(crate) sink: Option<RawExpr>,
    pub(crate) buffer: Option<RawBuffer>,
    pub(crate) offload: Option<RawCycle>,
    pub(crate) backup: Option<RawCycle>,
    pub(crate) restore: Option<Law>,
    /// Bytes a second.
    pub(crate) rate: Option<f64>,
    pub(crate) retention: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RawBuffer {
    pub(crate) horizon: f64,
    pub(crate) survives_process: bool,
    pub(crate) survives_node: bool,
    /// How many times faster than data come.
    pub(crate) drain: f64,
}

/// Copies to elsewhere, again and again.
#[derive(Debug)]
pub(crate) struct RawCycle {
    pub(crate) every: Law,
    pub(crate) usable_after: Law,
    pub(crate) fails: f64,
    pub(crate) needs: Option<RawExpr>,
    /// The data class that what is copied is in from then on.
    pub(crate) to: Option<Name>,
}

/// Defects that nobody notices, and deletions.
#[derive(Debug)]
pub(crate) struct RawLatent {
    pub(crate) span: Span,
    pub(crate) every: Law,
    pub(crate) scrub: Option<Scrub>,
    pub(crate) spoils_all: bool,
}

/// Each time that is drawn is found by adding up those before it: half a million a year are enough.
const SHORTEST_DRAWN_CYCLE_SECONDS: f64 = 60.0;
/// Deletions and defects are mishaps: half a million of them a year is no system any more.
const SHORTEST_MISHAP_SECONDS: f64 = 60.0;

const DATA: Keys = Keys {
    of: "a data class",
    read: &[
        "about",
        "held_by",
        "copies",
        "erasure",
        "lrc",
        "code",
        "mlec",
        "ack",
        "groups",
        "placement",
        "spread",
        "size",
        "medium",
        "rebuild",
        "latent",
        "deleted",
        "lag",
        "unsynced",
        "catch_up",
        "retention",
        "rate",
        "born",
        "sink",
        "buffer",
        "offload",
        "backup",
    ],
    later: &[],
};
/// Keys that need nobody who holds copies: all others say something of these.
const OF_ANY_DATA: &[&str] = &["about", "held_by", "rate", "born", "sink", "buffer"];
const LATENT: Keys =
    Keys { of: "a latent defect", read: &["every", "scrub", "spoils"], later: &[] };
const SCRUB: Keys = Keys { of: "scrubbing in cycles", read: &["cycle"], later: &[] };
const DELETED: Keys = Keys { of: "deletion by mistake", read: &["every"], later: &[] };
const BUFFER: Keys = Keys { of: "a buffer", read: &["horizon", "survives", "drain"], later: &[] };
const OFFLOAD: Keys =
    Keys { of: "an offload", read: &["every", "usable_after", "needs", "fails", "to"], later: &[] };
const BACKUP: Keys = Keys {
    of: "a backup",
    read: &["every", "usable_after", "needs", "fails", "to", "clock", "restore"],
    later: &[],
};

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[DATA, LATENT, SCRUB, DELETED, BUFFER, OFFLOAD, BACKUP];

impl Reader<'_> {
    pub(super) fn data_class(&mut self, name: Name, id: NodeId) -> Option<RawData> {
        let fields = self.fields(id, DATA)?;
        self.check_what_goes_together(&name, &fields);
        let backup = fields.get("backup");
        Some(RawData {
            about: self.note(&fields, "about"),
            held: fields.entry("held_by").and_then(|held| self.held(&fields, held)),
            source: fields.get("born").and_then(|id| self.expression(id)),
            sink: fields.get("sink").and_then(|id| self.expression(id)),
            buffer: fields.get("buffer").and_then(|id| self.buffer(id)),
            offload: fields.get("offload").and_then(|id| self.cycle(id, OFFLOAD)),
            backup: backup.and_then(|id| self.cycle(id, BACKUP)),
            restore: backup.and_then(|id| self.restore(id)),
            rate: fields.get("rate").and_then(|id| self.bandwidth(id)),
            retention: fields.get("retention").and_then(|id| self.length(id, "a retention")),
            name,
        })
    }

    /// Keys that say nothing without another one.
    fn check_what_goes_together(&mut self, name: &Name, fields: &Fields<'_>) {
        let has = |key: &str| fields.get(key).is_some();
        let mut without = |key: &str, message: String, help: &str| {
            if let Some(entry) = fields.entry(key) {
                self.findings.error(Code::MissingKey, entry.key_span, message).help(help);
            }
        };
        if !has("held_by") {
            for key in DATA.read.iter().filter(|key| !OF_ANY_DATA.contains(key)) {
                let message = format!("`{key}` of `{}`, and nothing holds it", name.value);
                without(key, message, "say who holds it: `held_by: db`");
            }
        }
        if !has("born") {
            let help = "say what must be up for data to be recorded: `born: app`";
            for key in ["sink", "buffer"] {
                let message = format!("`{key}` of `{}`, and nothing records it", name.value);
                without(key, message, help);
            }
        } else if !has("sink") {
            let message = format!("a buffer of `{}`, and nothing to empty it into", name.value);
            let help = "say what must be up for data to be accepted: `sink: store.write`";
            without("buffer", message, help);
        }
        if !has("held_by") && !has("born") {
            let message = format!("nothing holds `{}`, and nothing records it", name.value);
            self.findings
                .error(Code::MissingKey, name.span, message)
                .help("say who holds it, `held_by: db`, or what records it, `born: app`");
        }
    }

    /// A duration above zero, in seconds.
    fn length(&mut self, id: NodeId, what: &str) -> Option<f64> {
        let length = self.duration(id, what)?;
        if length.value > 0.0 {
            return Some(length.value);
        }
        self.findings
            .error(Code::OutOfRange, length.span, format!("{what} of no time at all"))
            .help("it must be longer than nothing, such as `2h`");
        None
    }

    pub(super) fn latent(&mut self, id: NodeId) -> Option<RawLatent> {
        let fields = self.fields(id, LATENT)?;
        let every = match fields.get("every") {
            Some(id) => self.now_and_then(id, "the time to a latent defect"),
            None => {
                let example = "the mean time to one on a copy, such as `every: 20000h`";
                self.missing(fields.span, LATENT.of, "every", example);
                None
            }
        };
        let scrub = fields.get("scrub").and_then(|id| self.scrub(id));
        let spoils = fields.get("spoils");
        let choices = [("sector", false), ("copy", true)];
        let spoils = spoils.and_then(|id| self.choice(id, "what a defect spoils", &choices));
        Some(RawLatent {
            span: fields.span,
            every: every?,
            scrub,
            spoils_all: spoils.unwrap_or(false),
        })
    }

    /// A law, or `{cycle: 180d}`.
    fn scrub(&mut self, id: NodeId) -> Option<Scrub> {
        let has_cycle = matches!(&self.tree.node(id).value,
            Value::Map(entries) if entries.iter().any(|entry| entry.key == "cycle"));
        if !has_cycle {
            return self.law(id, "`scrub`", Bare::Fixed).map(Scrub::After);
        }
        let cycle = self.fields(id, SCRUB)?.get("cycle")?;
        let length = self.length(cycle, "a cycle of scrubbing")?;
        if length < SHORTEST_MISHAP_SECONDS {
            self.findings
                .error(Code::OutOfRange, self.tree.span(cycle), "a cycle that is too short")
                .help("it must be at least 1m");
            return None;
        }
        Some(Scrub::Cycle(SimSpan::from_seconds(length)))
    }

    /// `{every: 50y}`, or the law alone; a bare duration is the mean of an exponential law.
    pub(super) fn deleted(&mut self, id: NodeId) -> Option<Law> {
        let what = "the time to a deletion";
        let has_every = matches!(&self.tree.node(id).value,
            Value::Map(entries) if entries.iter().any(|entry| entry.key == "every"));
        if !has_every {
            return self.now_and_then(id, what);
        }
        let fields = self.fields(id, DELETED)?;
        let Some(every) = fields.get("every") else {
            let example = "the mean time from one to the next, such as `every: 50y`";
            self.missing(fields.span, DELETED.of, "every", example);
            return None;
        };
        self.now_and_then(every, what)
    }

    /// A law of a mishap that happens again and again. Each time is an event and may be an incident of its own:
    /// without a pause between them a life would have no end and no room.
    fn now_and_then(&mut self, id: NodeId, what: &str) -> Option<Law> {
        let law = self.law(id, what, Bare::ExponentialMean)?;
        if law.mean() < SHORTEST_MISHAP_SECONDS {
            self.findings
                .error(Code::OutOfRange, self.tree.span(id), format!("{what} is too short"))
                .help("its mean must be at least 1m");
        }
        Some(law)
    }

    /// `at-once`, `never`, or a law.
    pub(super) fn catch_up(&mut self, id: NodeId) -> Option<CatchUp> {
        match &self.tree.node(id).value {
            Value::Scalar { text, .. } if text == "at-once" => Some(CatchUp::AtOnce),
            Value::Scalar { text, .. } if text == "never" => Some(CatchUp::Never),
            _ => Some(CatchUp::After(self.law(id, "the time to catch up", Bare::Fixed)?)),
        }
    }

    /// A law of a fixed or drawn length, and where it stands.
    pub(super) fn law_at(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<Law>> {
        let entry = fields.entry(key)?;
        let law = self.law(entry.value, &format!("`{key}`"), Bare::Fixed)?;
        Some(Spanned::new(law, entry.key_span))
    }

    fn buffer(&mut self, id: NodeId) -> Option<RawBuffer> {
        let fields = self.fields(id, BUFFER)?;
        let horizon = match fields.get("horizon") {
            Some(id) => self.length(id, "a buffer"),
            None => {
                let example = "how much it holds, such as `horizon: 2h`";
                self.missing(fields.span, BUFFER.of, "horizon", example);
                None
            }
        };
        let [mut survives_process, mut survives_node] = [false; 2];
        for survived in fields.get("survives").map_or_else(Vec::new, |id| self.list(id)) {
            let choices = [("process", true), ("node", false)];
            match self.choice(survived, "what a buffer survives", &choices) {
                Some(true) => survives_process = true,
                Some(false) => survives_node = true,
                None => {}
            }
        }
        let drain = match fields.get("drain") {
            None => Some(f64::INFINITY),
            Some(id) => self.drain(id),
        };
        Some(RawBuffer { horizon: horizon?, survives_process, survives_node, drain: drain? })
    }

    /// How many times faster than new data come a buffer is emptied.
    fn drain(&mut self, id: NodeId) -> Option<f64> {
        let drain = self.number(id, "`drain`")?;
        if drain > 1.0 {
            return Some(drain);
        }
        self.findings
            .error(Code::OutOfRange, self.tree.span(id), "a buffer that is never empty again")
            .help("`drain` is how many times faster than data come it is emptied: above 1");
        None
    }

    fn cycle(&mut self, id: NodeId, keys: Keys) -> Option<RawCycle> {
        let fields = self.fields(id, keys)?;
        let every = match fields.get("every") {
            Some(id) => self.time_of_cycles(id, keys.of),
            None => {
                let example = "from beginning to beginning, such as `every: 6h`";
                self.missing(fields.span, keys.of, "every", example);
                None
            }
        };
        let usable_after = match fields.get("usable_after") {
            Some(id) => self.law(id, "`usable_after`", Bare::Fixed),
            None => Some(Law::Fixed { value: 0.0 }),
        };
        let fails = match fields.get("fails") {
            Some(id) => self.percentage(id, "`fails`").map(|fails| fails.value),
            None => Some(0.0),
        };
        if let Some(id) = fields.get("clock") {
            // It says what is so anyway, as it does of failure modes.
            self.choice(id, "the clock of a backup", &[("always", ())]);
        }
        let needs = fields.get("needs").and_then(|id| self.expression(id));
        let to = fields.get("to").and_then(|id| self.text(id, "the name of a data class"));
        let (every, usable_after) = (every?, usable_after?);
        Some(RawCycle { every, usable_after, fails: fails?, needs, to })
    }

    /// The time from the beginning of a cycle to that of the next.
    fn time_of_cycles(&mut self, id: NodeId, of: &str) -> Option<Law> {
        let every = self.law(id, "`every`", Bare::Fixed)?;
        let (shortest, least) = match every {
            Law::Fixed { .. } => (SHORTEST_CYCLE_SECONDS, "must be at least 1s"),
            _ => (SHORTEST_DRAWN_CYCLE_SECONDS, "its mean must be at least 1m"),
        };
        if every.mean() < shortest {
            self.findings
                .error(Code::OutOfRange, self.tree.span(id), format!("{of} that never ends"))
                .help(format!("`every` is from beginning to beginning and {least}"));
        }
        Some(every)
    }

    /// How long it takes to restore from a backup.
    fn restore(&mut self, id: NodeId) -> Option<Law> {
        let Value::Map(entries) = &self.tree.node(id).value else { return None };
        let restore = entries.iter().find(|entry| entry.key == "restore")?;
        if self.tree.is_null(restore.value) {
            return None;
        }
        self.law(restore.value, "`restore`", Bare::Fixed)
    }
}
