//! What a model is made of.

use super::{
    ClockId, CrewId, Data, DataId, DragId, Gate, GateId, Holding, JobId, JourneyId, LaneId, Lists,
    LoadId, NodeId, Passing, PlanId, Platform, PodId, QueueId, RosterId, SeatId, ShockId, UnitId,
    Watch, WatchId,
};
use std::num::NonZeroU32;

use crate::dist::Law;
use crate::spec::{Discipline, Patience};
use crate::units::{SimSpan, WeekHours};

/// A system ready to run.
#[derive(Clone, Debug)]
pub struct Model {
    /// Domain instances and replicas.
    pub(crate) units: Vec<Unit>,
    /// The units that stand directly on each unit.
    pub(crate) guests: Lists<UnitId>,
    /// The units that each unit stands on directly.
    pub(crate) hosts: Lists<UnitId>,
    /// The clocks of each unit.
    pub(crate) unit_clocks: Lists<ClockId>,
    /// Those clocks of each unit that age, and so must be stopped while it is down.
    pub(crate) aging_clocks: Lists<ClockId>,
    /// The gates that each unit is an input of.
    pub(crate) unit_gates: Lists<GateId>,
    /// Failure modes of units.
    pub(crate) clocks: Vec<Clock>,
    /// The structure function.
    pub(crate) gates: Vec<Gate>,
    /// The gates that each gate is an input of.
    pub(crate) gate_parents: Lists<GateId>,
    /// The journeys that each gate decides.
    pub(crate) gate_journeys: Lists<JourneyId>,
    /// What must be done when each gate changes.
    pub(crate) gate_watches: Lists<WatchId>,
    /// The gate that decides each journey.
    pub(crate) journeys: Vec<GateId>,
    /// What stands among journeys for one in which all is whole, and that one.
    pub(crate) wholes: Vec<(JourneyId, JourneyId)>,
    /// Gates that something other than a journey depends on.
    pub(crate) watches: Vec<(GateId, Watch)>,
    /// Delays of masks.
    pub(crate) masks: Vec<Mask>,
    /// The gates that each mask is an input of.
    pub(crate) mask_gates: Lists<GateId>,
    /// Members of which some serve and the others stand by.
    pub(crate) rosters: Vec<Roster>,
    /// The rosters that each unit is on.
    pub(crate) unit_rosters: Lists<RosterId>,
    /// The roster of each seat.
    pub(crate) seats: Vec<RosterId>,
    /// The gates that each seat is an input of.
    pub(crate) seat_gates: Lists<GateId>,
    /// Stages of all repairs and starts.
    pub(crate) stages: Vec<Stage>,
    /// Repair crews.
    pub(crate) crews: Vec<Crew>,
    /// The crew of each queue.
    pub(crate) queues: Vec<CrewId>,
    /// The stock that each spare part is of.
    pub(crate) spares: Vec<CrewId>,
    /// Common causes.
    pub(crate) shocks: Vec<Shock>,
    /// The clocks that other failures can set off.
    pub(crate) drags: Vec<ClockId>,
    /// Groups that share a load.
    pub(crate) loads: Vec<Load>,
    /// Planned work.
    pub(crate) plans: Vec<Plan>,
    /// The plan of each lane.
    pub(crate) lanes: Vec<PlanId>,
    /// Gates whose need a script changes: whether enough replicas are up to carry a demand.
    pub(crate) demands: Vec<GateId>,
    /// Data and their copies.
    pub(crate) data: Data,
    /// Clusters, what they run, and scripts.
    pub(crate) platform: Platform,
    /// The order of events of one instant, by timer slot (see `engine::event`).
    pub(crate) tie_ranks: Vec<u32>,
    /// Failures that may pass unfelt.
    pub(crate) passing: Passing,
}

impl Model {
    /// A unit and all that it stands on, each once.
    pub(crate) fn with_hosts(&self, unit: UnitId) -> Vec<UnitId> {
        let mut all = vec![unit];
        let mut next = 0;
        while let Some(&unit) = all.get(next) {
            next += 1;
            let hosts = self.hosts.of(unit.index()).iter().copied();
            let new: Vec<UnitId> = hosts.filter(|host| !all.contains(host)).collect();
            all.extend(new);
        }
        all
    }

    /// Units: domain instances and replicas.
    pub fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// Failure modes of units.
    pub fn clock_count(&self) -> usize {
        self.clocks.len()
    }

    /// Gates of the structure function.
    pub fn gate_count(&self) -> usize {
        self.gates.len()
    }

    /// The journey that something observed like one stands for, if it is down while that is degraded, or down.
    pub fn degraded(&self, observed: JourneyId) -> Option<JourneyId> {
        self.wholes.iter().find(|(whole, _)| *whole == observed).map(|(_, journey)| *journey)
    }

    /// Journeys, and after them whatever else is observed like one.
    pub fn journey_count(&self) -> usize {
        self.journeys.len()
    }

    /// About how many changes of state there are in a second, for an idea of how long a run takes:
    /// each failure, its restoration, and the starts of what stands on it.
    pub fn events_per_second(&self) -> f64 {
        let changes = |clock: &Clock| (2 + self.guests.of(clock.unit.index()).len()) as f64;
        let failures = self.clocks.iter().map(|clock| {
            clock
                .to_failure
                .mean()
                .map_or(0.0, |mean| changes(clock) * clock.extras().top_pace / mean)
        });
        let shocks = self.shocks.iter().map(|shock| {
            let hits = shock.targets.iter().map(|target| changes(&self.clocks[target.index()]));
            shock.to_failure.mean().map_or(0.0, |mean| hits.sum::<f64>() / mean)
        });
        let plans = self.plans.iter().map(|plan| {
            let taken = plan.order.iter().map(|clock| changes(&self.clocks[clock.index()]));
            taken.sum::<f64>() / plan.every.seconds()
        });
        // `sum` makes minus zero of nothing.
        failures.chain(shocks).chain(plans).fold(0.0, |sum, rate| sum + rate)
    }

    /// The copies and groups of a data class.
    pub fn holding(&self, data: DataId) -> &Holding {
        &self.data.holdings[data.index()]
    }

    /// The unit whose failure mode this is, and the index of the mode in the topology.
    pub fn origin(&self, clock: ClockId) -> (UnitId, usize) {
        let clock = &self.clocks[clock.index()];
        (clock.unit, clock.mode as usize)
    }

    /// The failure modes that a common cause sets off.
    pub fn targets(&self, shock: ShockId) -> &[ClockId] {
        &self.shocks[shock.index()].targets
    }

    /// The number of the roster that a seat is of, in the order of services that have one.
    pub fn seat_roster(&self, seat: SeatId) -> usize {
        self.seats[seat.index()].index()
    }

    /// The job of repairing a failure mode.
    #[inline]
    pub(crate) fn repair_job(&self, clock: ClockId) -> JobId {
        JobId::from_index(clock.index() as u32)
    }

    /// The job of starting a unit.
    #[inline]
    pub(crate) fn start_job(&self, unit: UnitId) -> JobId {
        JobId::from_index((self.clocks.len() + unit.index()) as u32)
    }

    /// What a job consists of.
    fn task(&self, job: JobId) -> Task {
        match job.index().checked_sub(self.clocks.len()) {
            None => {
                let Repair::After(task) = self.clocks[job.index()].repair else {
                    unreachable!("only a repair that takes time is a job");
                };
                task
            }
            Some(unit) => {
                let Some(task) = self.units[unit].start else {
                    unreachable!("only a start that takes time is a job");
                };
                task
            }
        }
    }

    /// The stages of a task.
    #[inline]
    pub(crate) fn stages_of(&self, task: Task) -> &[Stage] {
        &self.stages[task.first as usize..task.first as usize + task.count.get() as usize]
    }

    /// A stage of a job.
    #[inline]
    pub(crate) fn stage(&self, job: JobId, stage: u32) -> &Stage {
        &self.stages_of(self.task(job))[stage as usize]
    }

    /// How many timers it takes to call others when nobody answers: one for each job, if any crew does.
    pub(crate) fn escalation_timers(&self) -> usize {
        match self.crews.iter().any(|crew| crew.escalates.is_some()) {
            true => self.clocks.len() + self.units.len(),
            false => 0,
        }
    }

    /// The mean of a task, with the response of crews and without waiting for them, seconds.
    pub(crate) fn mean_of(&self, task: Task) -> f64 {
        let stages = self.stages_of(task).iter();
        let mean = |stage: &Stage| {
            let response = stage.crew.and_then(|c| self.crews[c.index()].response.as_ref());
            stage.law.mean() + response.map_or(0.0, Law::mean)
        };
        stages.map(mean).sum()
    }
}

/// A domain instance or a replica.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub struct Unit {
    /// Hash of its path: its name in keys of draws, and its place in ties.
    pub name: u64,
    /// What it takes to start; `None` is at once.
    pub start: Option<Task>,
    /// Whether a start makes it new (a process) or leaves its age as it was (a machine).
    pub renews_on_start: bool,
    /// Whether its clocks do not always run at the same pace. Found by the builder.
    pub(crate) is_paced: bool,
    /// Whether clocks of it age. Found by the builder.
    pub(crate) ages: bool,
    /// Whether gates are all that its ups and downs concern: nothing stands on it, none of its
    /// clocks ages, it is on no roster and shares no load. Found by the builder; true of most units.
    pub(crate) concerns_only_gates: bool,
    /// Whether copies of data are all that they concern. Found by the builder; true of most drives.
    pub(crate) concerns_only_copies: bool,
    pub(crate) extras: Option<Box<UnitExtras>>,
}

impl Unit {
    /// What few units have.
    #[inline]
    pub(crate) fn extras(&self) -> &UnitExtras {
        self.extras.as_deref().unwrap_or(&NO_EXTRAS)
    }
}

/// What few units have, beside the others so that those take up less room.
#[derive(Clone, Debug)]
pub(crate) struct UnitExtras {
    /// What must be up for a start to go on.
    pub(crate) starts_with: Option<GateId>,
    /// How fast it ages while it stands by, against how fast it ages while it serves.
    pub(crate) dormancy: f64,
    /// The load that it shares.
    pub(crate) load: Option<LoadId>,
    /// If it is a node of a cluster.
    pub(crate) node: Option<NodeId>,
    /// If it is a replica that a controller places.
    pub(crate) pod: Option<PodId>,
    /// Whether its containers wait before they start, if they end often.
    pub(crate) backs_off: bool,
    /// The clocks of its crashes by overload, and because it uses more memory than it may.
    pub(crate) overloads: Vec<ClockId>,
}

/// What most units have.
static NO_EXTRAS: UnitExtras = UnitExtras {
    starts_with: None,
    dormancy: 1.0,
    load: None,
    node: None,
    pod: None,
    backs_off: false,
    overloads: Vec::new(),
};

impl UnitExtras {
    /// Whether a platform has to do with it, or a demand.
    pub(crate) fn is_managed(&self) -> bool {
        self.node.is_some() || self.pod.is_some() || self.backs_off || !self.overloads.is_empty()
    }
}

impl Default for UnitExtras {
    fn default() -> UnitExtras {
        NO_EXTRAS.clone()
    }
}

/// One failure mode of one unit: one line of a cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Clock {
    /// Whose.
    pub unit: UnitId,
    /// Which failure mode of the topology.
    pub mode: u32,
    /// Hash of the unit's path and the mode's name.
    pub name: u64,
    /// When it strikes.
    pub to_failure: TimeToFailure,
    /// How the unit comes back.
    pub repair: Repair,
    /// Whether it runs whatever is down, or only while its unit is up.
    pub always: bool,
    /// Whether nobody fails over until it is noticed, which is the first stage of its repair.
    pub is_grey: bool,
    /// Whether somebody means it to happen.
    pub is_planned: bool,
    /// Whether its repair is a mixture with named branches, which reports tell apart.
    pub has_branches: bool,
    /// Whether the local data of the unit are gone with it, or each copy of them may be.
    pub wipes: bool,
    /// Whether it is a power cut.
    pub cuts_power: bool,
    /// Whether it can take any data. Found by the builder.
    pub(crate) takes_data: bool,
    pub(crate) extras: Option<Box<ClockExtras>>,
}

impl Clock {
    /// With which probability each copy among the local data of the unit is gone with it.
    #[inline]
    pub(crate) fn wiping(&self) -> f64 {
        if self.wipes { self.extras().wiping } else { 0.0 }
    }

    /// What few failure modes have.
    #[inline]
    pub(crate) fn extras(&self) -> &ClockExtras {
        self.extras.as_deref().unwrap_or(&ClockExtras::NONE)
    }

    /// The same, to change it.
    pub(crate) fn extras_mut(&mut self) -> &mut ClockExtras {
        self.extras.get_or_insert_default()
    }
}

/// What few failure modes have, beside the others so that those fit into one line of a cache.
#[derive(Clone, Debug)]
pub(crate) struct ClockExtras {
    /// Another clock of the unit that is new too when this one has been restored.
    pub(crate) also_renews: Option<ClockId>,
    /// How urgent its repair is: lower numbers come first.
    pub(crate) priority: u32,
    /// In which of the lines of its crew a repair waits, if there are several.
    pub(crate) kind: u32,
    /// What else its failures set off.
    pub(crate) burst: Option<Burst>,
    /// How it is set off by others.
    pub(crate) drag: Option<DragId>,
    /// The entry of the calendar that it belongs to.
    pub(crate) plan: Option<PlanId>,
    /// If it is of an overload: the gate that is up while there is none, and within what time it strikes.
    pub(crate) overload: Option<(GateId, SimSpan)>,
    /// If it wipes: with which probability each copy.
    pub(crate) wiping: f64,
    /// The fastest pace that it can have. Found by the builder.
    pub(crate) top_pace: f64,
}

impl ClockExtras {
    const NONE: ClockExtras = ClockExtras {
        also_renews: None,
        priority: u32::MAX,
        kind: 0,
        burst: None,
        drag: None,
        plan: None,
        overload: None,
        wiping: 1.0,
        top_pace: 1.0,
    };
}

impl Default for ClockExtras {
    fn default() -> ClockExtras {
        ClockExtras::NONE
    }
}

/// When a failure mode strikes.
#[derive(Clone, Debug)]
pub enum TimeToFailure {
    /// At the points of a Poisson process on the life's calendar; a point that finds the clock
    /// stopped is ignored, which for a memoryless law is the same as stopping the clock.
    Memoryless {
        /// Mean time between points, seconds.
        mean: f64,
    },
    /// At an age, drawn anew after each restoration; age stands still while the clock is stopped.
    Aging(Box<Law>),
    /// When something else sets it off: a shock, a plan.
    SetOff,
}

impl TimeToFailure {
    /// By a law.
    pub(crate) fn of(law: &Law) -> TimeToFailure {
        match law {
            Law::Exponential { mean } => TimeToFailure::Memoryless { mean: *mean },
            law => TimeToFailure::Aging(Box::new(law.clone())),
        }
    }

    /// Its mean in seconds; `None` if it never strikes of itself.
    pub(crate) fn mean(&self) -> Option<f64> {
        match self {
            TimeToFailure::Memoryless { mean } => Some(*mean),
            TimeToFailure::Aging(law) => Some(law.mean()),
            TimeToFailure::SetOff => None,
        }
    }
}

/// How a unit comes back after a failure mode has struck.
#[derive(Clone, Debug)]
pub enum Repair {
    /// After this has been done, and then its start.
    After(Task),
    /// By its start alone.
    Restart,
    /// Not in this life.
    Never,
}

/// Stages one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    pub(crate) first: u32,
    pub(crate) count: NonZeroU32,
}

/// A stage of a repair or of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// How long it takes.
    pub law: Law,
    /// Who does it, if anybody has to be free for it.
    pub crew: Option<CrewId>,
    /// How many of them it takes.
    pub people: u32,
}

/// What else a failure sets off.
#[derive(Clone, Debug, PartialEq)]
pub struct Burst {
    /// With which probability.
    pub probability: f64,
    /// The longest until a dragged failure follows, seconds; it is equally likely at any time before.
    pub within: f64,
    /// How many others it drags along.
    pub peers: u32,
    /// The same failure mode of the units that it can drag along.
    pub among: Vec<ClockId>,
}

/// Members of which some serve and the others stand by.
#[derive(Clone, Debug)]
pub struct Roster {
    /// Hash of the service's name.
    pub name: u64,
    /// Who may serve; the first that is up is preferred.
    pub members: Vec<UnitId>,
    /// From the loss of one that serves until another one does; `None` is at once.
    pub failover: Option<Law>,
    /// The probability that the failover begins at all, and how long it takes to get there without:
    /// `None` until the one that was lost is back.
    pub coverage: Option<(f64, Option<Law>)>,
    /// What must be up for a failover to begin.
    pub switches_with: Option<GateId>,
    /// Whether a member that comes back to an empty seat must go through a failover too.
    pub failover_after_total_loss: bool,
    /// From the return of a preferred member until it serves again, in which nobody does; `None`:
    /// it stands by.
    pub failback: Option<Law>,
    /// Its seats.
    pub(crate) seats: std::ops::Range<u32>,
}

impl Roster {
    /// Its seats, in order.
    pub(crate) fn seats(&self) -> impl Iterator<Item = SeatId> + use<> {
        self.seats.clone().map(SeatId::from_index)
    }
}

/// Hides the first part of each outage of a gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    /// What is hidden.
    pub gate: GateId,
    /// For how long.
    pub delay: SimSpan,
}

/// People who repair.
#[derive(Clone, Debug)]
pub struct Crew {
    /// How many people.
    pub size: u32,
    /// From taking a job until work on it begins.
    pub response: Option<Law>,
    /// The same outside of hours; `None`: nothing begins outside of hours.
    pub off_hours: Option<Law>,
    /// When they work; `None` is always.
    pub hours: Option<WeekHours>,
    /// Whether work goes on only in hours, or only begins in hours.
    pub works_in_hours: bool,
    /// What they take next.
    pub picks: Discipline,
    /// If they are no people but spare parts, which do not come back from a job: how long after one
    /// was taken another one is there.
    pub reorder: Option<Law>,
    /// How long a job waits for an answer, and who is called then.
    pub escalates: Option<(Law, CrewId)>,
    /// Those spare parts.
    pub(crate) spares: std::ops::Range<u32>,
    /// The lines in which jobs wait for them, by the hashes of their names: one for each kind of
    /// jobs if kinds race, else one for all.
    pub kinds: Vec<u64>,
    /// The lines in which jobs wait for them.
    pub(crate) queues: std::ops::Range<u32>,
}

impl Crew {
    /// The hours outside of which work stands still, if there are any.
    pub(crate) fn working_hours(&self) -> Option<&WeekHours> {
        self.hours.as_ref().filter(|_| self.works_in_hours)
    }

    pub(crate) fn queues(&self) -> impl Iterator<Item = QueueId> + use<> {
        self.queues.clone().map(QueueId::from_index)
    }
}

/// A common cause: one event that strikes many units.
#[derive(Clone, Debug)]
pub struct Shock {
    /// Hash of its name.
    pub name: u64,
    /// When it strikes, on the life's calendar.
    pub to_failure: TimeToFailure,
    /// The probability that it strikes anybody.
    pub probability: f64,
    /// The probability that it strikes each one.
    pub each: f64,
    /// The failure modes that it sets off.
    pub targets: Vec<ClockId>,
}

/// Units that share a load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Who.
    pub members: Vec<UnitId>,
    /// By how many of them are up: how many times faster they age.
    pub factors: Vec<f64>,
}

/// An entry of the calendar: units that are taken one after the other.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Hash of its name.
    pub name: u64,
    /// When it begins for the first time.
    pub at: SimSpan,
    /// From beginning to beginning.
    pub every: SimSpan,
    /// What is done, in this order.
    pub order: Vec<ClockId>,
    /// From the end of one until the next.
    pub gap: SimSpan,
    /// When work on one may begin; `None` is always.
    pub hours: Option<WeekHours>,
    /// The probability that work comes to nothing, and for each of `order` the clock that stands for
    /// it then.
    pub fails: Option<(f64, Vec<ClockId>)>,
    /// What must be up before the next is taken.
    pub waits_for: Option<GateId>,
    /// Whether units are nodes that are drained first, and how long that may take.
    pub drains: Option<Patience>,
    /// Those who work at the same time, each on one unit.
    pub(crate) lanes: std::ops::Range<u32>,
}

impl Plan {
    /// Those who work at the same time.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = LaneId> + use<> {
        self.lanes.clone().map(LaneId::from_index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the engine reads at every failure: a field more is a line of a cache more.
    #[test]
    fn what_is_read_at_every_failure_is_small() {
        assert_eq!(size_of::<Clock>(), 64);
        assert_eq!(size_of::<Unit>(), 32);
    }
}
