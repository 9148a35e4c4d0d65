//! Failures that may pass unfelt: short ones, of units that nothing complicated hangs on.
//!
//! Most failures of most systems are over before anything else happens, and take down nothing that
//! anybody needs: a process crashes and restarts beside its replicas. For those the engine need not
//! live through each step (see `engine::passing`); here is found which they can be, and what they
//! reach.

use super::{ClockId, GateId, Lists, Model, Repair, Stage, Task, TimeToFailure, UnitId};

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
    /// Names in keys of draws, of the failure mode and of the unit.
    pub(crate) name: u64,
    pub(crate) unit_name: u64,
    pub(crate) unit: UnitId,
    /// The stages that are its repair and the start of the unit, if they take any time.
    pub(crate) repair: Option<u32>,
    pub(crate) start: Option<u32>,
    /// The one gate that it is felt by, if it is alone, and how many inputs it takes from it.
    pub(crate) gate: GateId,
    pub(crate) inputs: u32,
    /// Whether it may pass at all.
    pub(crate) may_pass: bool,
    /// Whether nothing stands on the unit, and one gate reads it.
    pub(crate) is_alone: bool,
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

impl Passing {
    /// Finds them.
    pub(crate) fn of(model: &Model) -> Passing {
        let mut passing = Passing::default();
        let restorations_per_second = 0.5 * model.events_per_second();
        let (mut reached, mut felt_by) = (Vec::new(), Vec::new());
        let mut lengths = vec![None; model.clocks.len()];
        for index in 0..model.units.len() {
            let clocks = model.unit_clocks.of(index);
            let subtree = subtree(model, UnitId::new(index)).filter(|subtree| {
                for clock in clocks {
                    lengths[clock.index()] = mean_length(model, *clock, subtree)
                        .filter(|mean| mean * restorations_per_second < MOST_IN_BETWEEN);
                }
                clocks.iter().any(|clock| lengths[clock.index()].is_some())
            });
            let subtree = subtree.unwrap_or_default();
            let units = subtree.iter().map(|reached| reached.unit.index());
            let mut gates: Vec<GateId> =
                units.flat_map(|unit| model.unit_gates.of(unit).iter().copied()).collect();
            gates.sort_unstable();
            let counts = gates.chunk_by(|one, other| one == other);
            felt_by.push(counts.map(|gates| (gates[0], gates.len() as u32)).collect());
            reached.push(subtree);
        }
        passing.reached = reached.into_iter().collect();
        passing.felt_by = felt_by.into_iter().collect();
        for (index, length) in lengths.into_iter().enumerate() {
            let brief = passing.brief(model, ClockId::new(index), length.is_some());
            passing.briefs.push(brief);
        }
        passing
    }

    fn brief(&self, model: &Model, clock: ClockId, may_pass: bool) -> Brief {
        let mode = &model.clocks[clock.index()];
        let reached = self.reached.of(mode.unit.index());
        let felt_by = self.felt_by.of(mode.unit.index());
        let repair = match mode.repair {
            Repair::After(task) => Some(task.first),
            Repair::Restart | Repair::Never => None,
        };
        let (gate, inputs) = felt_by.first().copied().unwrap_or((GateId::from_index(0), 0));
        Brief {
            name: mode.name,
            unit_name: model.units[mode.unit.index()].name,
            unit: mode.unit,
            repair,
            start: reached.first().and_then(|unit| unit.start),
            gate,
            inputs,
            may_pass,
            is_alone: reached.len() == 1 && felt_by.len() == 1,
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
