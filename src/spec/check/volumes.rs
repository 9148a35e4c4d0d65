//! Network volumes that are replicated over nodes.

use std::collections::BTreeSet;

use super::all::Checker;
use super::platform::{Controlled, node_of, shown};
use crate::dist::Law;
use crate::spec::diagnostic::Code;
use crate::spec::platform::{Node, Platform, ReplicatedVolume, VolumeSpread};
use crate::spec::raw::{RawSpread, RawVolume, RawVolumeRebuild};

impl Checker<'_> {
    /// How volumes of a service are replicated.
    pub(super) fn replicated_volume(
        &mut self,
        of: &Controlled<'_>,
        raw: &RawVolume,
        cluster: usize,
        platform: &Platform,
    ) -> Option<ReplicatedVolume> {
        let name = &of.raw.name.value;
        if !of.workload.is_scheduled() {
            let message = format!("a volume of `{name}` that would follow nobody");
            self.findings
                .error(Code::WrongKind, raw.span, message)
                .help("only replicas of deployments and statefulsets move: say `volume: local`");
            return None;
        }
        let nodes = self.nodes_of_volumes(of, raw, cluster, platform)?;
        let volumes = &platform.timers.volumes;
        let replicas = raw.replicas.map_or(volumes.replicas, |replicas| replicas.value as usize);
        if replicas > nodes.len() {
            let message =
                format!("{replicas} replicas of each volume of `{name}` on {} nodes", nodes.len());
            let span = raw.replicas.map_or(raw.span, |replicas| replicas.span);
            self.findings
                .warning(Code::Spread, span, message)
                .help("a node has one of them at most, and a volume that lacks one stays degraded");
        }
        let size = raw.size.map_or(0.0, |size| size.value);
        let most = nodes.iter().map(|node| node.storage).max().unwrap_or(0);
        if let Some(stated) = raw.size.filter(|size| size.value as u64 > most) {
            let message = format!("no node has room for a volume of `{name}`");
            self.findings
                .error(Code::Unplaceable, stated.span, message)
                .help("let it be smaller, or have a node with so much `storage`");
            return None;
        }
        let by_bandwidth =
            |bandwidth: f64| (Law::Fixed { value: size / bandwidth }, Some(bandwidth));
        let (rebuild, bandwidth) = match &raw.rebuild {
            Some(RawVolumeRebuild::Takes(law)) => (law.clone(), None),
            Some(RawVolumeRebuild::Bandwidth(bandwidth)) => by_bandwidth(*bandwidth),
            None => by_bandwidth(volumes.bandwidth),
        };
        let spreads = raw.spreads.iter();
        let spreads: Vec<Option<VolumeSpread>> =
            spreads.map(|spread| self.volume_spread(of, spread, &nodes, replicas)).collect();
        let is_local = raw.locality.is_some_and(|locality| locality.value);
        if let (Some(locality), true) = (raw.locality, is_local)
            && !of.on.iter().any(|unit| nodes.iter().any(|node| node.unit == *unit))
        {
            let message = format!("no node of `{name}` has replicas of its volumes");
            self.findings
                .warning(Code::NoEffect, locality.span, message)
                .help("let volumes be on nodes that the service runs on, or remove it");
        }
        Some(ReplicatedVolume {
            replicas,
            size: size as u64,
            nodes: nodes.iter().map(|node| node.unit).collect(),
            rebuild,
            catch_up: raw.catch_up.clone().unwrap_or_else(|| volumes.catch_up.clone()),
            bandwidth,
            spreads: spreads.into_iter().flatten().collect(),
            is_local,
        })
    }

    /// How replicas of a volume keep apart on the nodes that may have one.
    fn volume_spread(
        &mut self,
        of: &Controlled<'_>,
        raw: &RawSpread,
        nodes: &[&Node],
        replicas: usize,
    ) -> Option<VolumeSpread> {
        if let Some(skew) = raw.skew {
            self.findings
                .error(Code::WrongKind, skew.span, "a `skew` of replicas of a volume")
                .help("they are few, and a domain has one at most: remove it");
        }
        if !self.is_level(&raw.by) {
            return None;
        }
        let level = &raw.by.value;
        let domain_of: Vec<Option<usize>> =
            nodes.iter().map(|node| self.units.ancestor(node.unit, level)).collect();
        let domains: BTreeSet<usize> = domain_of.iter().copied().flatten().collect();
        let (name, domains) = (&of.raw.name.value, domains.len());
        if domains == 0 {
            let message = format!("volumes of `{name}` are on no {level}");
            self.findings
                .error(Code::Spread, raw.by.span, message)
                .help("name a level that their nodes stand on");
        } else if raw.required && replicas > domains {
            let message = format!(
                "{replicas} replicas of each volume of `{name}` apart on {domains} of level `{level}`"
            );
            self.findings
                .error(Code::Spread, raw.by.span, message)
                .help(format!("have at least {replicas} of them, or make the rule `preferred`"));
        }
        Some(VolumeSpread { domain_of, is_required: raw.required })
    }

    /// Points out volumes that all nodes together have too little storage for.
    pub(super) fn warn_of_crowded_storage(&mut self, platform: &Platform) {
        let mut used = BTreeSet::new();
        let (mut needed, mut last) = (0_u64, None);
        for workload in &platform.workloads {
            let Some(volumes) = &workload.replicated else { continue };
            let count = self.services[workload.service].replicas.len();
            let replicas = volumes.replicas.min(volumes.nodes.len()) * count;
            needed = needed.saturating_add(volumes.size.saturating_mul(replicas as u64));
            used.extend(
                volumes
                    .nodes
                    .iter()
                    .filter_map(|unit| node_of(platform, *unit))
                    .map(|node| (node.unit, node.storage)),
            );
            last = Some(workload.service);
        }
        let room = used.iter().fold(0_u64, |room, (_, storage)| room.saturating_add(*storage));
        let raw = last.and_then(|service| self.raw.services[service].workload.as_ref());
        let volume = raw.and_then(|workload| workload.replicated.as_ref());
        if let (Some(volume), true) = (volume, needed > room) {
            let (needed, room) = (shown(needed, "memory"), shown(room, "memory"));
            let message = format!("volumes of all services take {needed} of {room} of `storage`");
            self.findings.warning(Code::Unplaceable, volume.span, message).help(
                "some stay degraded, or are never made: let them be smaller, or have more `storage`",
            );
        }
    }

    /// The nodes that may have replicas of volumes: those that are named, or all of the cluster without
    /// taints.
    fn nodes_of_volumes<'n>(
        &mut self,
        of: &Controlled<'_>,
        raw: &RawVolume,
        cluster: usize,
        platform: &'n Platform,
    ) -> Option<Vec<&'n Node>> {
        let of_cluster = platform.nodes.iter().filter(|node| node.cluster == cluster);
        let Some(on) = &raw.on else {
            let nodes: Vec<&Node> = of_cluster.filter(|node| node.taints.is_empty()).collect();
            if nodes.is_empty() {
                let message = format!("no node has replicas of volumes of `{}`", of.raw.name.value);
                self.findings
                    .error(Code::Unplaceable, raw.span, message)
                    .help("all nodes have taints: name those that may have one, `on: [node]`");
                return None;
            }
            return Some(nodes);
        };
        let mut nodes = Vec::new();
        let mut known = BTreeSet::new();
        for unit in self.node_units(&on.value) {
            if !known.insert(unit) {
                self.named_twice(unit, on.span);
            }
            let Some(node) = node_of(platform, unit).filter(|node| node.cluster == cluster) else {
                let (path, cluster) =
                    (&self.units.list[unit].path, &platform.clusters[cluster].name);
                let message = format!("`{path}` is no node of `{cluster}`");
                self.findings
                    .error(Code::WrongReference, on.span, message)
                    .help("volumes are replicated within the cluster of their service");
                return None;
            };
            nodes.push(node);
        }
        if on.value.is_empty() {
            self.findings
                .error(Code::MissingKey, on.span, "replicas of volumes on no nodes")
                .help("name domains or units that are nodes of the cluster");
        }
        // What it names is nothing, which has been said.
        (!nodes.is_empty()).then_some(nodes)
    }
}
