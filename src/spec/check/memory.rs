//! What replicas really use of the memory of their nodes.

use std::collections::BTreeMap;

use super::all::Checker;
use super::platform::{Controlled, node_of, shown};
use crate::spec::diagnostic::Code;
use crate::spec::platform::{MEMORY_PLACE, Memory, Node, Platform, Workload};
use crate::spec::raw::{RawAmount, RawWorkload};

/// The only resource of which a node takes back what replicas have.
pub(super) const MEMORY: &str = "memory";

/// So much memory among amounts, if they say it.
fn memory_of(amounts: &[RawAmount]) -> Option<&RawAmount> {
    amounts.iter().find(|amount| amount.resource.value == MEMORY)
}

impl Checker<'_> {
    /// What each replica requests of memory that says only how much of it is too much: as much as that.
    pub(super) fn requests_its_limit(workload: &RawWorkload, requests: &mut [u64]) {
        if let (None, Some(limit)) = (memory_of(&workload.requests), memory_of(&workload.limits)) {
            requests[MEMORY_PLACE] = limit.value;
        }
    }

    /// What each replica uses of memory.
    pub(super) fn memory(
        &mut self,
        of: &Controlled<'_>,
        requests: &[u64],
        nodes: &[&Node],
    ) -> Option<Memory> {
        let (name, workload) = (&of.raw.name.value, of.workload);
        for (key, amounts) in [("uses", &workload.uses), ("limits", &workload.limits)] {
            for amount in amounts.iter().filter(|amount| amount.resource.value != MEMORY) {
                let message = format!("`{}` under `{key}` of `{name}`", amount.resource.value);
                self.findings.error(Code::WrongKind, amount.resource.span, message).help(
                    "only `memory` is taken back; what happens with too little of anything else is a `demand`",
                );
            }
        }
        let limit = memory_of(&workload.limits);
        let Some(uses) = memory_of(&workload.uses) else {
            if let Some(limit) = limit {
                let message = format!("a limit of `{name}`, which does not say what it uses");
                self.findings
                    .error(Code::MissingKey, limit.resource.span, message)
                    .help("say how much it really uses: `uses: {memory: 1GiB}`");
            }
            return None;
        };
        if let Some(limit) = limit {
            let too_much = [
                (uses, uses.value, "uses", "it would be killed again and again: use at most that"),
                (
                    limit,
                    requests[MEMORY_PLACE],
                    "requests",
                    "nobody can request more than its limit",
                ),
            ];
            for (at, amount, verb, help) in too_much {
                if amount > limit.value {
                    let message = format!(
                        "`{name}` {verb} {} `{MEMORY}`, and its limit is {}",
                        shown(amount, MEMORY),
                        shown(limit.value, MEMORY)
                    );
                    self.findings
                        .error(Code::OutOfRange, at.resource.span, message)
                        .label(limit.resource.span, "its limit")
                        .help(help);
                }
            }
        }
        let rooms = nodes.iter().map(|node| node.capacity[MEMORY_PLACE]);
        let most = rooms.clone().max().unwrap_or(u64::MAX);
        if uses.value > most && workload.is_scheduled() {
            let message = format!(
                "`{name}` uses {} `{MEMORY}`, and no node has more than {}",
                shown(uses.value, MEMORY),
                shown(most, MEMORY)
            );
            self.findings
                .error(Code::Unplaceable, uses.resource.span, message)
                .help("use less, or have a node with so much `capacity` beside its `overhead`");
        } else if limit.is_none() && rooms.clone().all(|room| room == u64::MAX) {
            let message = format!("`{name}` uses memory of nodes that never run out of it");
            self.findings
                .warning(Code::NoEffect, uses.resource.span, message)
                .help("say how much they have: `capacity: {memory: 32GiB}`");
        }
        Some(Memory { uses: uses.value, limit: limit.map_or(u64::MAX, |limit| limit.value) })
    }

    /// Nodes whose memory does not suffice for what is bound to them, and clusters that have too little of it
    /// for everything.
    pub(super) fn check_memory(&mut self, platform: &Platform) {
        let mut used: BTreeMap<usize, (u64, usize)> = BTreeMap::new();
        let mut needed = vec![0_u64; platform.clusters.len()];
        for workload in &platform.workloads {
            let Some(memory) = workload.memory else { continue };
            let replicas = self.services[workload.service].replicas.len();
            let all = memory.uses.saturating_mul(replicas as u64);
            needed[workload.cluster] = needed[workload.cluster].saturating_add(all);
            if workload.controller.is_scheduled() {
                continue;
            }
            for replica in 0..replicas {
                let unit = workload.nodes[replica % workload.nodes.len()];
                let (used, last) = used.entry(unit).or_insert((0, workload.service));
                *used = used.saturating_add(memory.uses);
                *last = workload.service;
            }
        }
        let is_short = |(unit, (used, _)): &(&usize, &(u64, usize))| {
            node_of(platform, **unit).is_some_and(|node| *used > node.capacity[MEMORY_PLACE])
        };
        if let Some((&unit, &(used, last))) = used.iter().find(is_short) {
            let room = node_of(platform, unit).map_or(0, |node| node.capacity[MEMORY_PLACE]);
            let message = format!(
                "what is bound to `{}` uses {} of {} `{MEMORY}`",
                self.units.list[unit].path,
                shown(used, MEMORY),
                shown(room, MEMORY)
            );
            self.findings
                .error(Code::Unplaceable, self.raw.services[last].span, message)
                .help("replicas of daemonsets, and static ones, cannot go elsewhere: use less");
            return;
        }
        for (index, needed) in needed.into_iter().enumerate() {
            self.warn_of_too_little_memory(platform, index, needed);
        }
    }

    fn warn_of_too_little_memory(&mut self, platform: &Platform, cluster: usize, needed: u64) {
        let of_it = platform.nodes.iter().filter(|node| node.cluster == cluster);
        let all = of_it.fold(0_u64, |sum, node| sum.saturating_add(node.capacity[MEMORY_PLACE]));
        let uses = |workload: &&Workload| workload.cluster == cluster && workload.memory.is_some();
        if let (true, Some(first)) = (needed > all, platform.workloads.iter().find(uses)) {
            let message = format!(
                "replicas on `{}` use {} of {} `{MEMORY}`",
                platform.clusters[cluster].name,
                shown(needed, MEMORY),
                shown(all, MEMORY)
            );
            self.findings
                .warning(Code::Unplaceable, self.raw.services[first.service].span, message)
                .help("some of them are evicted again and again: use less, or have more");
        }
    }
}
