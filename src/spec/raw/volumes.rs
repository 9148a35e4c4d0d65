//! What services write to, as written, and what platforms and nodes say of it.

use super::{Name, RawSpread};
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::platform::{Volume, VolumeTimers};
use crate::spec::read::{Bare, Fields, Keys, Reader};
use crate::spec::source::{Span, Spanned};
use crate::spec::yaml::{NodeId, Value};
use crate::units::SimSpan;

/// How network volumes of a service are replicated.
#[derive(Debug)]
pub(crate) struct RawVolume {
    /// Where it begins.
    pub(crate) span: Span,
    /// Bytes.
    pub(crate) size: Option<Spanned<f64>>,
    pub(crate) replicas: Option<Spanned<u64>>,
    /// The nodes that may have one; `None`: all that let anybody on.
    pub(crate) on: Option<Spanned<Vec<Name>>>,
    /// As the platform has it, if nothing is said.
    pub(crate) rebuild: Option<RawVolumeRebuild>,
    pub(crate) catch_up: Option<Law>,
    pub(crate) spreads: Vec<RawSpread>,
    /// Whether one is to be where its process is, and where that is said.
    pub(crate) locality: Option<Spanned<bool>>,
}

/// How long it takes to make a new replica of a volume.
#[derive(Debug)]
pub(crate) enum RawVolumeRebuild {
    Takes(Law),
    /// Bytes a second.
    Bandwidth(f64),
}

/// The most replicas of a volume.
const MOST_REPLICAS: u64 = 20;

const VOLUME: Keys = Keys { of: "a volume", read: &["network"], later: &[] };
const NETWORK: Keys = Keys {
    of: "a network volume",
    read: &["size", "replicas", "on", "rebuild", "catch_up", "spread", "locality"],
    later: &[],
};
const REBUILD: Keys = Keys { of: "the rebuild of a volume", read: &["bandwidth"], later: &[] };
const VOLUMES: Keys = Keys {
    of: "the section `volumes`",
    read: &[
        "replicas",
        "timeout",
        "replenish",
        "at_a_time",
        "bandwidth",
        "node_bandwidth",
        "catch_up",
    ],
    later: &[],
};

/// All keys of this file, for the test that they are documented.
#[cfg(test)]
pub(super) const KEYS: &[Keys] = &[VOLUME, NETWORK, REBUILD, VOLUMES];

impl Reader<'_> {
    /// What replicas of a service write to, and how it is replicated if it is.
    pub(super) fn volume(&mut self, fields: &Fields<'_>) -> Option<(Volume, Option<RawVolume>)> {
        let entry = fields.entry("volume")?;
        if let Value::Map(_) = &self.tree.node(entry.value).value {
            let volume = self.fields(entry.value, VOLUME)?;
            let Some(network) = volume.entry("network") else {
                let example = "how it is replicated, such as `network: {size: 50GiB, replicas: 3}`";
                self.missing(volume.span, VOLUME.of, "network", example);
                return None;
            };
            let fields = self.fields(network.value, NETWORK)?;
            return Some((Volume::Network, self.replicated_volume(network.key_span, &fields)));
        }
        let volumes =
            [("none", Volume::Nothing), ("local", Volume::Local), ("network", Volume::Network)];
        Some((self.choice(entry.value, "a volume", &volumes)?, None))
    }

    fn replicated_volume(&mut self, span: Span, fields: &Fields<'_>) -> Option<RawVolume> {
        let size = fields.get("size").map(|id| {
            let size = self.size(id)?;
            Some(Spanned::new(size, self.tree.span(id)))
        });
        let rebuild = fields.get("rebuild").map(|id| self.volume_rebuild(id));
        let takes = matches!(rebuild, Some(None | Some(RawVolumeRebuild::Takes(_))));
        if size.is_none() && !takes {
            let example = "how large it is, such as `size: 50GiB`";
            self.missing(fields.span, NETWORK.of, "size", example);
            return None;
        }
        let replicas = fields.get("replicas").map(|id| self.volume_replicas(id));
        let on = fields.entry("on").map(|entry| {
            Spanned::new(self.texts(entry.value, "the name of a node"), entry.key_span)
        });
        let catch_up = fields.get("catch_up").map(|id| self.law(id, "`catch_up`", Bare::Fixed));
        let spreads = fields.get("spread").map_or_else(Vec::new, |id| self.spreads(id));
        let localities = [("best-effort", true), ("none", false)];
        let locality = fields.entry("locality").and_then(|entry| {
            let is_local = self.choice(entry.value, "`locality`", &localities)?;
            Some(Spanned::new(is_local, entry.key_span))
        });
        Some(RawVolume {
            span,
            size: size.map_or(Some(None), |size| size.map(Some))?,
            replicas: replicas.map_or(Some(None), |replicas| replicas.map(Some))?,
            on,
            rebuild: rebuild.map_or(Some(None), |rebuild| rebuild.map(Some))?,
            catch_up: catch_up.map_or(Some(None), |law| law.map(Some))?,
            spreads,
            locality,
        })
    }

    /// A law, or with which bandwidth.
    fn volume_rebuild(&mut self, id: NodeId) -> Option<RawVolumeRebuild> {
        let is_by_bandwidth = match &self.tree.node(id).value {
            Value::Map(entries) => entries.iter().any(|entry| entry.key == REBUILD.read[0]),
            _ => false,
        };
        if is_by_bandwidth {
            let fields = self.fields(id, REBUILD)?;
            return Some(RawVolumeRebuild::Bandwidth(self.bandwidth(fields.get("bandwidth")?)?));
        }
        Some(RawVolumeRebuild::Takes(self.law(id, REBUILD.of, Bare::Fixed)?))
    }

    /// How many replicas a volume has.
    fn volume_replicas(&mut self, id: NodeId) -> Option<Spanned<u64>> {
        let replicas = self.count(id, "`replicas` of a volume", 1)?;
        if replicas.value > MOST_REPLICAS {
            let message = format!("{} replicas of a volume", replicas.value);
            self.findings
                .error(Code::OutOfRange, replicas.span, message)
                .help(format!("at most {MOST_REPLICAS}"));
            return None;
        }
        Some(replicas)
    }

    /// How a platform keeps network volumes that are replicated.
    pub(super) fn volume_timers(&mut self, id: NodeId) -> Option<VolumeTimers> {
        let fields = self.fields(id, VOLUMES)?;
        let replicas = self.volume_replicas(fields.get("replicas")?);
        let mut span = |key: &str| {
            let span = self.duration(fields.get(key)?, &format!("`{key}`"))?;
            Some(SimSpan::from_seconds(span.value))
        };
        let (timeout, replenish) = (span("timeout"), span("replenish"));
        let at_a_time = self.count(fields.get("at_a_time")?, "`at_a_time`", 1);
        let bandwidth = self.bandwidth(fields.get("bandwidth")?);
        let node_bandwidth = fields.get("node_bandwidth").map(|id| self.bandwidth(id));
        let catch_up = self.law(fields.get("catch_up")?, "`catch_up`", Bare::Fixed);
        Some(VolumeTimers {
            replicas: replicas?.value as usize,
            timeout: timeout?,
            replenish: replenish?,
            at_a_time: u32::try_from(at_a_time?.value).unwrap_or(u32::MAX),
            bandwidth: bandwidth?,
            node_bandwidth: node_bandwidth.map_or(Some(None), |shared| shared.map(Some))?,
            catch_up: catch_up?,
        })
    }

    /// How many bytes replicas of volumes may take on a node.
    pub(super) fn storage(&mut self, fields: &Fields<'_>) -> Option<Spanned<f64>> {
        let id = fields.get("storage")?;
        let size = self.size(id)?;
        Some(Spanned::new(size, self.tree.span(id)))
    }
}
