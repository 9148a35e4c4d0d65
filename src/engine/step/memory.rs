//! What nodes do that run out of memory: they evict replicas, one at a time.
//!
//! It is what the kubelet does (kubernetes.io: concepts/scheduling-eviction/node-pressure-eviction): it looks
//! every so often, asks no budget, gives no time to end, and lets nothing on that requests nothing until it
//! has had enough memory for a while.

use super::{Chooser, Step};
use crate::engine::state::Root;
use crate::model::{ClockId, NodeId};

impl<C: Chooser> Step<'_, C> {
    /// Nodes that use more memory than they have, because of something or from the beginning, will notice.
    pub(super) fn watches_memory(&mut self, by: Option<Root>) {
        for index in 0..self.state.platform.memory.nodes.len() {
            let node = NodeId::new(index);
            let is_over = self.state.platform.runs_out_of_memory(&self.model.platform, node);
            let state = &mut self.state.platform.memory.nodes[index];
            if is_over && !std::mem::replace(&mut state.is_watched, true) {
                state.by = by;
                self.chooser.memory_runs_out(node);
            }
        }
    }

    /// A node looks at how much of its memory is used.
    pub(super) fn looks_at_memory(&mut self, node: NodeId) {
        let platform = &self.model.platform;
        let (now, timers) = (self.chooser.now(), platform.timers());
        let mut is_over = self.state.platform.runs_out_of_memory(platform, node);
        if is_over {
            self.state.events += 1;
            let state = &mut self.state.platform.memory.nodes[node.index()];
            (state.is_short, state.seen_at) = (true, now);
            is_over = self.evicts_for_memory(node)
                && self.state.platform.runs_out_of_memory(platform, node);
        }
        let state = &mut self.state.platform.memory.nodes[node.index()];
        state.is_watched = is_over;
        let until = state.seen_at + timers.memory_lasts;
        if is_over {
            self.chooser.memory_is_looked_at(node, timers.memory_every);
        } else if state.is_short && now < until {
            self.chooser.memory_is_looked_at(node, until - now);
        } else {
            state.is_short = false;
            self.state.platform.is_touched = true;
        }
    }

    /// The replica that has to go first does; whether any could.
    fn evicts_for_memory(&mut self, node: NodeId) -> bool {
        let platform = &self.model.platform;
        let Some(pod) = self.state.platform.evicted_next(platform, node) else { return false };
        let unplaced = Root { clock: platform.pods[pod.index()].unplaced, ..Root::NOTHING };
        let by = self.state.platform.memory.nodes[node.index()].by;
        self.state.root = by.unwrap_or(unplaced);
        self.state.events += 1;
        self.becomes_pending(pod);
        true
    }

    /// Each replica of a service uses so much memory from now on, but no more than it may: one that would is
    /// killed.
    pub(super) fn uses(&mut self, of: usize, memory: u64, demand: Option<usize>, clock: ClockId) {
        self.state.events += 1;
        self.state.root = Root { clock, branch: 0, is_planned: false };
        let limit = self.model.platform.uses[of].limit;
        self.state.platform.memory.uses[of] = memory.min(limit);
        self.state.platform.is_touched = true;
        if let Some(demand) = demand {
            self.state.demand_changes(self.model, demand, u32::from(memory > limit));
        }
    }
}
