//! The luck of platforms: when leases run out, and how long replicas take to be where they go.

use super::agenda::{Agenda, next_of};
use super::event::Event;
use super::step::PlatformChooser;
use crate::dist::Law;
use crate::model::{ActId, JobId, Model, NodeId, PodId, RolloutId, UnitId, VolumeId};
use crate::rng::{Purpose, Stream};
use crate::spec::{Timers, When};
use crate::units::{SimSpan, SimTime};

/// The luck of all nodes and replicas in one life.
#[derive(Clone, Debug, Default)]
pub(super) struct Placements {
    /// How often each node has been missed.
    misses: Vec<u32>,
    /// How often each node has begun to run out of memory, where any can.
    shortages: Vec<u32>,
    pods: Vec<PodLuck>,
    volumes: Vec<VolumeLuck>,
    /// By unit, where any container backs off.
    pub(super) containers: Vec<Container>,
}

#[derive(Clone, Copy, Debug, Default)]
struct PodLuck {
    /// How often it has been prepared, told to end, deleted by force, and has had a choice of nodes.
    prepared: u32,
    ended: u32,
    forced: u32,
    choices: u32,
    /// Until when its volume is attached to a lost node.
    held_until: SimTime,
}

/// How often a replica of a volume has been rebuilt, and has had a choice of nodes.
#[derive(Clone, Copy, Debug, Default)]
struct VolumeLuck {
    rebuilt: u32,
    choices: u32,
}

/// How often a container has ended lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Container {
    ends: u32,
    since: SimTime,
    /// How long its next start waits.
    wait: SimSpan,
}

impl Placements {
    pub(super) fn new(model: &Model) -> Placements {
        let platform = &model.platform;
        let containers = platform.timers.as_ref().map_or(0, |_| model.units.len());
        Placements {
            misses: vec![0; platform.nodes.len()],
            shortages: vec![0; platform.memory_timers()],
            pods: vec![PodLuck::default(); platform.pods.len()],
            volumes: vec![VolumeLuck::default(); platform.volumes.len()],
            containers: vec![Container::default(); containers],
        }
    }
}

impl Agenda<'_> {
    /// Begins a life of all platforms and of the script.
    pub(super) fn begin_placements(&mut self) {
        let platform = &self.model.platform;
        if platform.is_empty() {
            return;
        }
        self.placements.misses.fill(0);
        self.placements.shortages.fill(0);
        self.placements.pods.fill(PodLuck::default());
        self.placements.volumes.fill(VolumeLuck::default());
        self.placements.containers.fill(Container::default());
        for (index, rollout) in platform.rollouts.iter().enumerate() {
            self.set(Event::Rollout(RolloutId::new(index)), rollout.at);
        }
        for (index, act) in platform.script.iter().enumerate() {
            match act.when {
                When::At(span) => self.set(Event::Act(ActId::new(index)), span),
                When::After(span) if index == 0 => self.set(Event::Act(ActId::new(0)), span),
                When::After(_) => {}
            }
        }
    }

    /// What a start waits for before it begins, once.
    pub(super) fn backed_off(&mut self, job: JobId, stage: u32) -> SimSpan {
        match job.index().checked_sub(self.model.clocks.len()) {
            Some(unit) if stage == 0 => std::mem::take(&mut self.placements.containers[unit].wait),
            _ => SimSpan::ZERO,
        }
    }

    fn timers(&self) -> &Timers {
        self.model.platform.timers()
    }

    fn of_pod(&self, pod: PodId, purpose: Purpose, ordinal: u32) -> Stream {
        let unit = self.model.platform.pods[pod.index()].unit;
        self.key.of(self.model.units[unit.index()].name, purpose).draw(ordinal)
    }

    fn drawn(&self, pod: PodId, law: &Law, purpose: Purpose, ordinal: u32) -> SimSpan {
        SimSpan::from_seconds(law.draw(&mut self.of_pod(pod, purpose, ordinal)))
    }

    fn set_anew(&mut self, event: Event, after: SimSpan) {
        self.cancel(event);
        self.set(event, after);
    }

    /// How long it takes until a replica is bound, and its image is there.
    fn until_there(&self, pod: PodId, pulls: bool, ordinal: u32) -> SimSpan {
        let timers = self.timers();
        let scheduled = self.drawn(pod, &timers.schedule, Purpose::Schedule, ordinal);
        let pull = || self.drawn(pod, &timers.image_pull, Purpose::Pull, ordinal);
        scheduled + if pulls { pull() } else { SimSpan::ZERO }
    }
}

impl PlatformChooser for Agenda<'_> {
    fn node_is_missed(&mut self, node: NodeId) {
        let model = self.model;
        let unit = model.platform.nodes[node.index()].unit;
        let ordinal = next_of(&mut self.placements.misses[node.index()]);
        let mut stream = self.key.of(model.units[unit.index()].name, Purpose::Notice).draw(ordinal);
        let timers = self.timers();
        // The last lease is up to one renewal old, and its age is looked at up to one period late.
        let age = timers.lease_renew.seconds() * stream.open_unit();
        let late = timers.node_monitor_period.seconds() * stream.open_unit();
        let seconds = (timers.node_monitor_grace.seconds() - age + late).max(0.0);
        self.set_anew(Event::Node(node), SimSpan::from_seconds(seconds));
    }

    fn node_is_heard(&mut self, node: NodeId) {
        self.cancel(Event::Node(node));
    }

    fn pod_prepares(&mut self, pod: PodId, pulls: bool, attaches: bool) {
        let ordinal = next_of(&mut self.placements.pods[pod.index()].prepared);
        let there = self.until_there(pod, pulls, ordinal);
        let mut at = self.now + there;
        if attaches {
            let attach = self.drawn(pod, &self.timers().attach, Purpose::Attach, ordinal);
            at = at.max(self.placements.pods[pod.index()].held_until) + attach;
        }
        let unit = self.model.platform.pods[pod.index()].unit;
        self.placements.containers[unit.index()] = Container::default();
        self.set_anew(Event::Pod(pod), at - self.now);
    }

    fn pod_surges(&mut self, pod: PodId, pulls: bool) {
        let ordinal = next_of(&mut self.placements.pods[pod.index()].prepared);
        let there = self.until_there(pod, pulls, ordinal);
        let mut stream = self.of_pod(pod, Purpose::Successor, ordinal);
        let start = &self.model.platform.pods[pod.index()].start;
        let seconds: f64 = start.iter().map(|law| law.draw(&mut stream)).sum();
        self.set_anew(Event::Pod(pod), there + SimSpan::from_seconds(seconds));
    }

    fn pod_ends(&mut self, pod: PodId) {
        let ordinal = next_of(&mut self.placements.pods[pod.index()].ended);
        let span = self.drawn(pod, &self.timers().termination, Purpose::End, ordinal);
        self.set_anew(Event::Pod(pod), span);
    }

    fn pod_tolerates(&mut self, pod: PodId) {
        self.set_anew(Event::Pod(pod), self.model.platform.workload_of(pod).toleration);
    }

    fn pod_is_forced(&mut self, pod: PodId) {
        let ordinal = next_of(&mut self.placements.pods[pod.index()].forced);
        let draw = |law: &Law| self.drawn(pod, law, Purpose::Force, ordinal);
        let span = self.timers().force_delete.as_ref().map_or(SimSpan::FOREVER, draw);
        self.set_anew(Event::Pod(pod), span);
    }

    fn pod_waits(&mut self, pod: PodId) {
        self.cancel(Event::Pod(pod));
    }

    fn volume_is_held(&mut self, pod: PodId) {
        self.placements.pods[pod.index()].held_until = self.now + self.timers().force_detach;
    }

    fn picks_node(&mut self, pod: PodId, among: usize) -> usize {
        let ordinal = next_of(&mut self.placements.pods[pod.index()].choices);
        self.of_pod(pod, Purpose::Place, ordinal).below(among)
    }

    fn picks_storage(&mut self, volume: VolumeId, among: usize) -> usize {
        let ordinal = next_of(&mut self.placements.volumes[volume.index()].choices);
        let pod = self.model.platform.volumes[volume.index()].pod;
        self.of_pod(pod, Purpose::MirrorPlace, ordinal).below(among)
    }

    fn mirror_is_rebuilt(&mut self, volume: VolumeId, is_new: bool) {
        let ordinal = next_of(&mut self.placements.volumes[volume.index()].rebuilt);
        let mirrors = self.model.platform.mirrors_of(volume);
        let law = if is_new { &mirrors.rebuild } else { &mirrors.catch_up };
        let pod = self.model.platform.volumes[volume.index()].pod;
        let span = self.drawn(pod, law, Purpose::Mirror, ordinal);
        self.set_anew(Event::Volume(volume), span);
    }

    fn volume_waits(&mut self, volume: VolumeId, until: Option<SimTime>) {
        self.cancel(Event::Volume(volume));
        if let Some(until) = until {
            self.set(Event::Volume(volume), until - self.now);
        }
    }

    fn memory_runs_out(&mut self, node: NodeId) {
        let model = self.model;
        let unit = model.platform.nodes[node.index()].unit;
        let ordinal = next_of(&mut self.placements.shortages[node.index()]);
        let mut stream = self.key.of(model.units[unit.index()].name, Purpose::Memory).draw(ordinal);
        let seconds = self.timers().memory_every.seconds() * stream.open_unit();
        self.set_anew(Event::Memory(node), SimSpan::from_seconds(seconds));
    }

    fn memory_is_looked_at(&mut self, node: NodeId, after: SimSpan) {
        self.set_anew(Event::Memory(node), after);
    }

    fn patience_begins(&mut self, node: NodeId, patience: SimSpan) {
        self.set_anew(Event::Patience(node), patience);
    }

    fn patience_ends(&mut self, node: NodeId) {
        self.cancel(Event::Patience(node));
    }

    fn rollouts_sleep(&mut self, rollout: RolloutId) {
        let every = self.model.platform.rollouts[rollout.index()].every;
        self.set(Event::Rollout(rollout), every);
    }

    fn act_follows(&mut self, act: ActId, after: SimSpan) {
        self.set_anew(Event::Act(act), after);
    }

    fn container_ends(&mut self, unit: UnitId) {
        let timers = self.timers();
        let (base, max) = (timers.crash_loop_base, timers.crash_loop_max);
        let reset = timers.crash_loop_reset;
        let now = self.now;
        let container = &mut self.placements.containers[unit.index()];
        if now - container.since >= reset {
            container.ends = 0;
        }
        // At once, and then twice as long each time.
        let doubled = |times: u32| base.micros().saturating_mul(1 << times.min(32));
        container.wait = match container.ends {
            0 => SimSpan::ZERO,
            ends => SimSpan::from_micros(doubled(ends - 1)).min(max),
        };
        container.ends += 1;
        container.since = SimTime::NEVER;
    }

    fn container_runs(&mut self, unit: UnitId) {
        let now = self.now;
        if let Some(container) = self.placements.containers.get_mut(unit.index()) {
            container.since = now;
        }
    }
}
