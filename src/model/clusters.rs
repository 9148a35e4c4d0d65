//! From a checked platform and a script to their model.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::compile::Compiler;
use super::platform::{
    Act, Action, Cluster, MirrorSpread, Mirrors, NO_DOMAIN, Node, Platform, Pod, Rollout, Spread,
    Use, Volume, Workload,
};
use super::{
    Clock, ClockId, ClusterId, MirrorId, NodeId, PodId, Repair, UnitId, VolumeId, WorkloadId,
};
use crate::rng::hash_text;
use crate::spec::{self, Controller, MEMORY_PLACE};

impl Compiler<'_> {
    /// Clusters, what they run, and the script.
    pub(super) fn platform(&mut self) {
        let topology = self.topology;
        let mut platform = Platform::default();
        if let Some(spec) = &topology.platform {
            self.clusters(spec, &mut platform);
        }
        self.script(&mut platform);
        self.builder.platform(platform);
    }

    fn clusters(&mut self, spec: &spec::Platform, platform: &mut Platform) {
        platform.timers = Some(spec.timers.clone());
        platform.resources = spec.resources.len();
        for cluster in &spec.clusters {
            let control_plane = cluster.control_plane.as_ref().map(|needed| self.gate(needed));
            platform.clusters.push(Cluster { control_plane, ..Cluster::default() });
        }
        let taken = self.taken(spec);
        for (node, taken) in spec.nodes.iter().zip(taken) {
            let left = |(all, taken): (&u64, &u64)| match *all {
                u64::MAX => u64::MAX,
                all => all.saturating_sub(*taken),
            };
            let capacity = node.capacity.iter().zip(&taken).map(left).collect();
            platform.nodes.push(Node {
                unit: UnitId::new(node.unit),
                cluster: ClusterId::new(node.cluster),
                capacity,
                taken,
                storage: node.storage,
                memory: node.capacity.get(MEMORY_PLACE).copied().unwrap_or(u64::MAX),
                bound: Vec::new(),
            });
        }
        for workload in &spec.workloads {
            if let Some(spec::Memory { uses, limit }) = workload.memory {
                platform.uses.push(Use { uses, limit });
            }
            if workload.controller.is_scheduled() {
                self.workload(spec, workload, platform);
            } else if workload.memory.is_some() {
                self.binds(spec, workload, platform);
            }
        }
        let Platform { clusters, nodes, workloads, .. } = platform;
        for (index, node) in nodes.iter().enumerate() {
            clusters[node.cluster.index()].nodes.push(NodeId::new(index));
        }
        for (index, workload) in workloads.iter().enumerate() {
            clusters[workload.cluster.index()].workloads.push(WorkloadId::new(index));
        }
        for cluster in clusters {
            let workload = |id: &WorkloadId| &workloads[id.index()];
            let mut urgent = cluster.workloads.clone();
            urgent.sort_by_key(|id| (Reverse(workload(id).priority), *id));
            cluster.pods = urgent.iter().flat_map(|id| workload(id).pods()).collect();
            let priority = |id: Option<&WorkloadId>| id.map(|id| workload(id).priority);
            cluster.has_priorities = priority(urgent.first()) != priority(urgent.last());
        }
        for rollout in &spec.rollouts {
            let of = rollout.services.iter().filter_map(|service| {
                let id = workload_of(platform, self.replicas(*service))?;
                Some((id, self.clocks_of(platform, id, rollout.mode, 0)))
            });
            let of = of.collect();
            let (name, at, every) = (hash_text(&rollout.name), rollout.at, rollout.every);
            platform.rollouts.push(Rollout { name, at, every, of });
        }
    }

    /// By node and resource, what replicas request that stand there for good.
    fn taken(&self, spec: &spec::Platform) -> Vec<Vec<u64>> {
        let mut taken = vec![vec![0; spec.resources.len()]; spec.nodes.len()];
        for workload in &spec.workloads {
            if workload.controller.is_scheduled() {
                continue;
            }
            for unit in self.replicas(workload.service) {
                for host in &self.topology.units[unit].hosts {
                    let node = spec.nodes.binary_search_by_key(host, |node| node.unit);
                    let Ok(node) = node else { continue };
                    for (taken, requested) in taken[node].iter_mut().zip(&workload.requests) {
                        *taken += requested;
                    }
                }
            }
        }
        taken
    }

    /// Replicas that stand on their nodes for good use memory there.
    fn binds(&self, spec: &spec::Platform, workload: &spec::Workload, platform: &mut Platform) {
        let of = platform.uses.len() - 1;
        for unit in self.replicas(workload.service) {
            for host in &self.topology.units[unit].hosts {
                if let Ok(node) = spec.nodes.binary_search_by_key(host, |node| node.unit) {
                    platform.nodes[node].bound.push(of);
                }
            }
        }
    }

    /// Indices of the units of a service.
    fn replicas(&self, service: usize) -> Range<usize> {
        self.topology.services[service].replicas.clone()
    }

    fn workload(
        &mut self,
        spec: &spec::Platform,
        workload: &spec::Workload,
        platform: &mut Platform,
    ) {
        let tolerates =
            |node: &&spec::Node| node.taints.iter().all(|taint| workload.tolerates.contains(taint));
        let mut nodes = Vec::new();
        let mut places = Vec::new();
        for (place, unit) in workload.nodes.iter().enumerate() {
            // Nodes come in the order of units.
            let node = spec.nodes.binary_search_by_key(unit, |node| node.unit).ok();
            if let Some(node) = node.filter(|node| tolerates(&&spec.nodes[*node])) {
                nodes.push(NodeId::new(node));
                places.push(place);
            }
        }
        let id = WorkloadId::new(platform.workloads.len());
        let first = platform.pods.len() as u32;
        for unit in self.replicas(workload.service) {
            let stages = self.topology.units[unit].start.iter();
            let start = stages.map(|stage| stage.law.clone()).collect();
            let unit = UnitId::new(unit);
            let unplaced = self.builder.clock(self.clock(unit, spec.unplaced));
            let volume = workload.replicated.as_ref().map(|replicated| {
                let first = platform.volumes.last().map_or(0, Volume::end);
                let mirrors = first..first + replicated.replicas as u32;
                let spare = replicated.is_local.then(|| MirrorId::from_index(mirrors.end));
                let pod = PodId::new(platform.pods.len());
                platform.volumes.push(Volume { pod, mirrors, spare });
                VolumeId::new(platform.volumes.len() - 1)
            });
            platform.pods.push(Pod { unit, workload: id, volume, unplaced, start });
        }
        let spreads = workload.spreads.iter().map(|spread| {
            let mut numbers = BTreeMap::new();
            let number = |place: &usize| match spread.domain_of[*place] {
                None => NO_DOMAIN,
                Some(domain) => {
                    let next = numbers.len() as u32;
                    *numbers.entry(domain).or_insert(next)
                }
            };
            let domains: Vec<u32> = places.iter().map(number).collect();
            let (count, first) = (numbers.len() as u32, platform.counts as u32);
            platform.counts += numbers.len();
            let (is_required, skew) = (spread.is_required, spread.skew.map(|skew| skew as u32));
            Spread { domains, count, first, is_required, skew }
        });
        let spreads = spreads.collect();
        platform.workloads.push(Workload {
            pods: first..platform.pods.len() as u32,
            cluster: ClusterId::new(workload.cluster),
            nodes,
            requests: workload.requests.clone(),
            uses: workload.memory.map(|_| platform.uses.len() - 1),
            is_best_effort: workload
                .requests
                .iter()
                .take(MEMORY_PLACE + 1)
                .all(|amount| *amount == 0),
            spreads,
            toleration: workload.toleration.unwrap_or(spec.timers.toleration),
            is_stateful: workload.controller == Controller::Statefulset,
            min_available: workload.min_available as u32,
            priority: workload.priority,
            volume: workload.volume,
            mirrors: workload.replicated.as_ref().map(|replicated| Mirrors {
                size: replicated.size,
                nodes: nodes_of(spec, &replicated.nodes),
                rebuild: replicated.rebuild.clone(),
                catch_up: replicated.catch_up.clone(),
                bandwidth: replicated.bandwidth,
                spreads: replicated.spreads.iter().map(mirror_spread).collect(),
                is_local: replicated.is_local,
            }),
            surge: workload.surge as u32,
            unavailable: workload.unavailable as u32,
        });
    }

    /// A clock for each replica of a workload that stands for something among causes.
    fn clocks_of(
        &mut self,
        platform: &Platform,
        id: WorkloadId,
        mode: usize,
        salt: u64,
    ) -> Vec<ClockId> {
        let units = platform.workloads[id.index()].pods();
        let units: Vec<UnitId> = units.map(|pod| platform.pods[pod.index()].unit).collect();
        units.into_iter().map(|unit| self.scripted(unit, mode, Repair::Never, salt)).collect()
    }

    /// A clock that nothing but the calendar or a script sets off; acts of one name differ by `salt`.
    fn scripted(&mut self, unit: UnitId, mode: usize, repair: Repair, salt: u64) -> ClockId {
        let clock = self.clock(unit, mode);
        self.builder.clock(Clock { repair, name: clock.name.wrapping_add(salt), ..clock })
    }

    fn script(&mut self, platform: &mut Platform) {
        let topology = self.topology;
        // What earlier acts can have set off, by unit.
        let mut set_off: Vec<(usize, ClockId)> = Vec::new();
        // Those of them that are stops.
        let mut stopped: Vec<(usize, ClockId)> = Vec::new();
        for (salt, act) in topology.script.iter().enumerate() {
            let (mode, salt) = (act.mode, salt as u64);
            let node_of = |unit: usize| {
                let is_it = |node: &Node| node.unit.index() == unit;
                platform.nodes.iter().position(is_it).map(NodeId::new)
            };
            let pod_of = |unit: usize| {
                let is_it = |pod: &Pod| pod.unit.index() == unit;
                platform.pods.iter().position(is_it).map(PodId::new)
            };
            let nothing = Action::Strike(Vec::new());
            let action = match &act.action {
                spec::Action::Strike { units } | spec::Action::Stop { units } => {
                    let repair = self.repair(&topology.modes[mode].repair);
                    let mut clocks = Vec::new();
                    for &unit in units {
                        let clock = self.scripted(UnitId::new(unit), mode, repair.clone(), salt);
                        set_off.push((unit, clock));
                        if let spec::Action::Stop { .. } = act.action {
                            stopped.push((unit, clock));
                        }
                        clocks.push(clock);
                    }
                    Action::Strike(clocks)
                }
                spec::Action::Start { units } => {
                    let stopped = stopped.iter().filter(|(unit, _)| units.contains(unit));
                    Action::Restore(stopped.map(|(_, clock)| *clock).collect(), Vec::new())
                }
                spec::Action::Load { service, needed } => {
                    let unit = UnitId::new(self.replicas(*service).start);
                    Action::Load {
                        demands: self.demands[*service].clone(),
                        needed: *needed as u32,
                        clock: self.scripted(unit, mode, Repair::Never, salt),
                    }
                }
                spec::Action::Use { service, memory } => {
                    let spec = topology.platform.iter().flat_map(|spec| &spec.workloads);
                    let known = spec.filter(|workload| workload.memory.is_some());
                    let of = known.map(|workload| workload.service).position(|of| of == *service);
                    let of = of.expect("only what is known to use memory uses more");
                    let unit = UnitId::new(self.replicas(*service).start);
                    let demand = self.limits[*service];
                    let clock = self.scripted(unit, mode, Repair::Never, salt);
                    Action::Use { of, memory: *memory, demand, clock }
                }
                spec::Action::Restore { units } => {
                    let struck = set_off.iter().filter(|(unit, _)| units.contains(unit));
                    let clocks = struck.map(|(_, clock)| *clock).collect();
                    Action::Restore(
                        clocks,
                        units.iter().filter_map(|unit| node_of(*unit)).collect(),
                    )
                }
                spec::Action::Reconnect { units } => {
                    let nodes = units.iter().filter_map(|unit| node_of(*unit)).collect();
                    Action::Restore(Vec::new(), nodes)
                }
                spec::Action::Delete { units, is_forced } => {
                    let (mut pods, mut restarts) = (Vec::new(), Vec::new());
                    for &unit in units {
                        let clock = self.scripted(UnitId::new(unit), mode, Repair::Restart, salt);
                        match pod_of(unit) {
                            Some(pod) => pods.push((pod, clock)),
                            None => restarts.push(clock),
                        }
                    }
                    Action::Delete { pods, restarts, is_forced: *is_forced }
                }
                spec::Action::Drain { node } => node_of(*node).map_or(nothing, |id| {
                    Action::Drain(id, self.scripted(UnitId::new(*node), mode, Repair::Never, salt))
                }),
                spec::Action::Uncordon { node } => node_of(*node).map_or(nothing, Action::Uncordon),
                spec::Action::CutOff { node } => node_of(*node).map_or(nothing, |id| {
                    Action::CutOff(id, self.scripted(UnitId::new(*node), mode, Repair::Never, salt))
                }),
                spec::Action::Rollout { service } => {
                    let replicas = self.replicas(*service);
                    match workload_of(platform, replicas.clone()) {
                        Some(id) => {
                            let clocks = self.clocks_of(platform, id, mode, salt);
                            Action::Rollout(id, clocks)
                        }
                        None => {
                            let restart = |unit| {
                                self.scripted(UnitId::new(unit), mode, Repair::Restart, salt)
                            };
                            Action::Strike(replicas.map(restart).collect())
                        }
                    }
                }
                spec::Action::Unseal { units } => {
                    Action::Unseal(units.iter().copied().map(UnitId::new).collect())
                }
            };
            platform.script.push(Act { when: act.when, action });
        }
    }
}

/// The nodes that these units are.
fn nodes_of(spec: &spec::Platform, units: &[usize]) -> Vec<NodeId> {
    let node = |unit: &usize| spec.nodes.binary_search_by_key(unit, |node| node.unit).ok();
    units.iter().filter_map(node).map(NodeId::new).collect()
}

/// Domains of a spread by number, in the order in which they come.
fn mirror_spread(spread: &spec::VolumeSpread) -> MirrorSpread {
    let mut numbers = BTreeMap::new();
    let number = |domain: &Option<usize>| match domain {
        None => NO_DOMAIN,
        Some(domain) => {
            let next = numbers.len() as u32;
            *numbers.entry(*domain).or_insert(next)
        }
    };
    let domains = spread.domain_of.iter().map(number).collect();
    MirrorSpread { domains, is_required: spread.is_required }
}

/// The workload whose replicas these are.
fn workload_of(platform: &Platform, replicas: Range<usize>) -> Option<WorkloadId> {
    let first = platform.pods.iter().find(|pod| pod.unit.index() == replicas.start)?;
    Some(first.workload)
}
