//! The file, field for field: shapes are checked here, meanings in `check`.

mod copies;
mod data;
mod failures;
mod journeys;
mod people;
mod platform;
mod scenario;
mod services;
mod volumes;

pub(crate) use copies::{RawHeld, RawPlacement, RawRebuild, RawScheme, RawSpeed};
pub(crate) use data::{RawCycle, RawData, RawLatent};
pub use failures::Grade;
pub(crate) use failures::{RawMode, RawRepair, RawSpares, RawStage};
pub(crate) use journeys::{Edge, EdgeKind, RawExpr, RawJourney};
pub(crate) use people::{RawCrew, RawEntry, RawPlan};
pub(crate) use platform::{
    RawAmount, RawNode, RawPlatform, RawRolloutPlan, RawSpread, RawWorkload, Share,
};
#[cfg(test)]
pub(super) use scenario::KEYS as SCENARIO_KEYS;
pub(crate) use scenario::{
    From, RawExpected, RawLoad, RawScenario, RawScenarios, RawStep, RawWhat, Verb,
};
pub use scenario::{Health, Measure, Reason};
pub(crate) use services::{
    Need, RawDomain, RawErasure, RawLeader, RawPool, RawReplicated, RawService,
};
pub(crate) use volumes::{RawVolume, RawVolumeRebuild};

use super::diagnostic::Code;
use super::read::{Fields, Keys, Reader, listed};
use super::source::Spanned;
use super::yaml::NodeId;

pub(crate) type Name = Spanned<String>;

/// A topology as written; what could not be read is absent, and there is a finding about it.
#[derive(Debug, Default)]
pub(crate) struct RawTopology {
    pub(crate) name: Option<Name>,
    pub(crate) about: Option<String>,
    pub(crate) horizon: Option<Spanned<f64>>,
    pub(crate) failures: Vec<RawMode>,
    pub(crate) domains: Vec<RawDomain>,
    pub(crate) services: Vec<RawService>,
    pub(crate) journeys: Vec<RawJourney>,
    pub(crate) crews: Vec<RawCrew>,
    pub(crate) calendar: Vec<RawEntry>,
    pub(crate) data: Vec<RawData>,
    pub(crate) platform: Option<RawPlatform>,
    /// Whether it says anything on a platform, right or wrong.
    pub(crate) says_platform: bool,
}

const TOPOLOGY: Keys = Keys {
    of: "a topology",
    read: &[
        "topology", "about", "horizon", "extends", "failures", "domains", "services", "journeys",
        "crews", "calendar", "data", "platform", "import", "defaults",
    ],
    later: &["claims", "alerts", "costs", "choices"],
};

/// Sections whose entries `defaults` may complete.
pub(crate) const SECTIONS: &[&str] =
    &["failures", "domains", "services", "journeys", "crews", "calendar", "data"];

impl Reader<'_> {
    /// The whole topology.
    pub(crate) fn topology(&mut self, root: NodeId) -> RawTopology {
        let Some(fields) = self.fields(root, TOPOLOGY) else {
            return RawTopology::default();
        };
        let name = match fields.get("topology") {
            Some(id) => self.text(id, "the name of a topology"),
            None => {
                self.missing(fields.span, "a topology", "topology", "its name");
                None
            }
        };
        RawTopology {
            name,
            about: self.note(&fields, "about"),
            horizon: fields.get("horizon").and_then(|id| self.duration(id, "the horizon")),
            failures: self.section(&fields, "failures", Self::mode),
            domains: self.section(&fields, "domains", Self::domain),
            services: self.section(&fields, "services", Self::service),
            journeys: self.section(&fields, "journeys", Self::journey),
            crews: self.section(&fields, "crews", Self::crew),
            calendar: self.section(&fields, "calendar", Self::entry),
            data: self.section(&fields, "data", Self::data_class),
            platform: self.platform(&fields),
            says_platform: fields.get("platform").is_some(),
        }
    }

    /// The entries of one section, in the order of the file.
    fn section<T>(
        &mut self,
        fields: &Fields<'_>,
        section_name: &str,
        read: fn(&mut Self, Name, NodeId) -> Option<T>,
    ) -> Vec<T> {
        let Some(id) = fields.get(section_name) else {
            return Vec::new();
        };
        let Some(section) = self.map(id, &format!("`{section_name}`")) else {
            return Vec::new();
        };
        let entries = section.entries.iter().filter(|entry| !self.tree.is_null(entry.value));
        entries
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|entry| {
                let name = Spanned::new(entry.key.clone(), entry.key_span);
                self.check_name(&name, section_name == "failures");
                read(self, name, entry.value)
            })
            .collect()
    }

    /// A name must be free of what separates names; a slash separates those of units, and the name
    /// of a failure mode may have one.
    fn check_name(&mut self, name: &Name, may_have_slash: bool) {
        let forbidden = |c: char| {
            let separates = ".,:{}[]`".contains(c) || c == '/' && !may_have_slash;
            separates || c.is_whitespace() || c.is_control()
        };
        if name.value.is_empty() || name.value.contains(forbidden) {
            self.findings
                .error(Code::BadName, name.span, format!("`{}` cannot be a name", name.value))
                .help("use letters, digits, `-` and `_`");
        }
    }

    fn names(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Name> {
        fields.get(key).map_or_else(Vec::new, |id| self.texts(id, "a name"))
    }

    fn note(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let text = self.text(fields.get(key)?, key)?;
        Some(text.value)
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, id: NodeId, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(id, what)?;
        let known = choices.iter().find(|(word, _)| *word == text.value);
        if known.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let help = self.findings.help_with(&text.value, words.iter().copied(), || {
                format!("it must be one of {}", listed(&words))
            });
            self.findings
                .error(Code::UnknownName, text.span, format!("{what} cannot be `{}`", text.value))
                .help(help);
        }
        known.map(|(_, value)| *value)
    }
}

/// What every map of a topology may say, for the tests that it is documented.
#[cfg(test)]
pub(super) fn all_keys() -> impl Iterator<Item = &'static Keys> {
    let all = [
        &[TOPOLOGY][..],
        failures::KEYS,
        services::KEYS,
        journeys::KEYS,
        people::KEYS,
        platform::KEYS,
        volumes::KEYS,
        data::KEYS,
        copies::KEYS,
    ];
    all.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key that is read is explained to those who write it.
    #[test]
    fn every_key_is_documented() {
        let topology = include_str!("../../../docs/topology.md");
        let scenarios = include_str!("../../../docs/scenarios.md");
        let all = all_keys().map(|keys| (keys, topology));
        for (keys, text) in all.chain(SCENARIO_KEYS.iter().map(|keys| (keys, scenarios))) {
            for key in keys.read {
                // In backticks, alone or at the beginning of an example, or as a key of one.
                let shown = [format!("`{key}"), format!("{key}:"), format!("{{{key}")];
                let is_there = shown.iter().any(|shown| text.contains(shown));
                assert!(is_there, "nothing is said on `{key}` of {}", keys.of);
            }
        }
    }
}
