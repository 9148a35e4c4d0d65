//! Failures that may pass unfelt: short ones, of units that nothing complicated hangs on.
//!
//! Most failures of most systems are over before anything else happens, and take down nothing that
//! anybody needs: a process crashes and restarts beside its replicas. For those the engine need not
//! live through each step (see `engine::passing`); here is found which they can be, and what they
//! reach.

use super::{Clock, ClockId, GateId, Lists, Model, Repair, Stage, Task, TimeToFailure, UnitId};

/// The most units that a failure which passes can take down: more of them seldom all come back
/// before something else happens.
pub(crate) const MOST_REACHED: usize = 32;

/// How many other events, in the mean, may fall into the time of a failure for it to be worth a try:
/// none does with a probability of a seventh.
const MOST_IN_BETWEEN: f64 = 2.0;

/// A unit that goes down with another one, and comes back with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    /// Its name in keys of draws.
    pub(crate) name: u64,
    pub(crate) unit: UnitId,
    /// The place in the list of what it stands on; of the first, which has failed itself, its own.
    pub(crate) host: u32,
    /// The stage that is its start, if it takes any time.
    pub(crate) start: Option<u32>,
}

/// A failure that may pass, in few words: all there is to it if nothing stands on its unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brief {
    /// Its name in keys of draws.
    pub(crate) name: u64,
    pub(crate) unit: UnitId,
    /// The stage that is its repair, if that takes any time.
    pub(crate) repair: Option<u32>,
    /// Changes of state: the failure, its restoration, and the starts of all that it takes down.
    pub(crate) changes: u32,
    /// Whether nothing stands on the unit, and one gate reads it: then these two are all.
    pub(crate) is_alone: bool,
    pub(crate) itself: Reached,
    /// A gate that it is felt by, and how many inputs it takes from it.
    pub(crate) gate: (GateId, u32),
}

/// What failures that may pass reach; empty for units of which none may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passing {
    /// By clock.
    pub(crate) briefs: Vec<Brief>,
    /// By unit: itself and what stands on it, directly or not, hosts before guests.
    pub(crate) reached: Lists<Reached>,
    /// By unit: the gates that these are inputs of, and how many inputs of each.
    pub(crate) felt_by: Lists<(GateId, u32)>,
}

impl Model {
    /// Finds the failures that may pass.
    pub(super) fn find_passing(&mut self) {
        let restorations_per_second = 0.5 * self.events_per_second();
        let (mut reached, mut felt_by) = (Vec::new(), Vec::new());
        for index in 0..self.units.len() {
            let mut may_pass = false;
            let subtree = subtree(self, UnitId::new(index)).filter(|subtree| {
                for &clock in self.unit_clocks.of(index) {
                    let length = mean_length(self, clock, subtree);
                    let is_brief =
                        length.is_some_and(|mean| mean * restorations_per_second < MOST_IN_BETWEEN);
                    self.clocks[clock.index()].may_pass = is_brief;
                    may_pass |= is_brief;
                }
                may_pass
            });
            let subtree = subtree.unwrap_or_default();
            let units = subtree.iter().map(|reached| reached.unit.index());
            let mut gates: Vec<GateId> =
                units.flat_map(|unit| self.unit_gates.of(unit).iter().copied()).collect();
            gates.sort_unstable();
            let counts = gates.chunk_by(|one, other| one == other);
            felt_by.push(counts.map(|gates| (gates[0], gates.len() as u32)).collect());
            reached.push(subtree);
        }
        let mut passing = Passing {
            briefs: Vec::new(),
            reached: reached.into_iter().collect(),
            felt_by: felt_by.into_iter().collect(),
        };
        passing.briefs = self.clocks.iter().map(|clock| passing.brief(clock)).collect();
        self.passing = passing;
    }
}

impl Passing {
    fn brief(&self, clock: &Clock) -> Brief {
        let reached = self.reached.of(clock.unit.index());
        let felt_by = self.felt_by.of(clock.unit.index());
        let starts = reached.iter().filter(|reached| reached.start.is_some()).count();
        let repair = match clock.repair {
            Repair::After(task) => Some(task.first),
            Repair::Restart | Repair::Never => None,
        };
        let nothing = Reached { name: 0, unit: clock.unit, host: 0, start: None };
        Brief {
            name: clock.name,
            unit: clock.unit,
            repair,
            changes: 1 + u32::from(repair.is_some()) + starts as u32,
            is_alone: reached.len() == 1 && felt_by.len() == 1,
            itself: reached.first().copied().unwrap_or(nothing),
            gate: felt_by.first().copied().unwrap_or((GateId::from_index(0), 0)),
        }
    }
}

/// A unit and all that stands on it; `None` if any of that is more than up or down: if it ages, serves
/// on a roster, shares a load, or needs something to start.
fn subtree(model: &Model, unit: UnitId) -> Option<Vec<Reached>> {
    let mut units = vec![unit];
    let mut reached: Vec<Reached> = Vec::new();
    let mut hosts = vec![0];
    while let Some(&unit) = units.get(reached.len()) {
        let spec = &model.units[unit.index()];
        let is_plain = model.aging_clocks.of(unit.index()).is_empty()
            && model.unit_rosters.of(unit.index()).is_empty()
            && !spec.is_paced
            && model.data.on_unit.of(unit.index()).is_empty()
            && spec.extras().starts_with.is_none();
        let guests = model.guests.of(unit.index());
        let is_met_twice = guests.iter().any(|guest| units.contains(guest));
        if !is_plain || is_met_twice || units.len() + guests.len() > MOST_REACHED {
            return None;
        }
        let start = match spec.start {
            None => None,
            Some(task) => Some(only_stage(model, task)?),
        };
        hosts.extend(guests.iter().map(|_| reached.len() as u32));
        units.extend(guests);
        reached.push(Reached { name: spec.name, unit, host: hosts[reached.len()], start });
    }
    Some(reached)
}

/// The stage of a task of just one, which takes nobody's time.
fn only_stage(model: &Model, task: Task) -> Option<u32> {
    match model.stages_of(task) {
        [Stage { crew: None, .. }] => Some(task.first),
        _ => None,
    }
}

/// How long a failure takes in the mean, seconds, with everything that must start after it; `None` if
/// more hangs on it than that.
fn mean_length(model: &Model, clock: ClockId, subtree: &[Reached]) -> Option<f64> {
    let mode = &model.clocks[clock.index()];
    let is_plain = matches!(mode.to_failure, TimeToFailure::Memoryless { .. })
        && mode.extras().burst.is_none()
        && mode.extras().plan.is_none()
        && mode.extras().also_renews.is_none();
    let repair = match mode.repair {
        Repair::After(task) => model.stages[only_stage(model, task)? as usize].law.mean(),
        Repair::Restart => 0.0,
        Repair::Never => return None,
    };
    let starts = subtree.iter().filter_map(|reached| reached.start);
    let longest = starts.map(|stage| model.stages[stage as usize].law.mean()).fold(0.0, f64::max);
    is_plain.then_some(repair + longest)
}
