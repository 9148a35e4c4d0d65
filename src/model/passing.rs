//! Failures that may pass unfelt: short ones, of units that nothing complicated hangs on.
//!
//! Most failures of most systems are over before anything else happens, and take down nothing that
//! anybody needs: a process crashes and restarts beside its replicas. For those the engine need not
//! live through each step (see `engine::passing`); here is found which they can be, and what they
//! reach.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{
    Clock, ClockId, CopyId, GateId, Lists, Model, Repair, Stage, Task, TimeToFailure, UnitId,
};
use crate::dist::Law;
use crate::units::SimSpan;

/// The most units that a failure which passes can take down: more of them seldom all come back
/// before something else happens.
pub(crate) const MOST_REACHED: usize = 32;

/// How many other events, in the mean, may fall into the time of a failure for it to be worth a try:
/// none does with a probability of a seventh.
const MOST_IN_BETWEEN: f64 = 2.0;

/// How many bounds are known of repairs, for less luck and more.
pub(crate) const BOUNDS: usize = 8;

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

/// The manner in which failures pass: the same for all clocks that are alike, so that what is read for
/// each failure of a large system is little and soon at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Manner {
    /// Whether they may pass at all.
    pub(crate) may_pass: bool,
    /// Whether nothing stands on the unit, and one gate reads it.
    pub(crate) is_alone: bool,
    /// Whether all that stands on the unit only holds copies of data, and one gate reads that.
    pub(crate) is_host: bool,
    /// Whether no gate feels one while everything else is up.
    pub(crate) is_spared: bool,
    /// Whether one may be left to itself until it is over, although something else happens meanwhile:
    /// if it is alone or a host of copies, has one stage, and no other clock runs on its unit.
    pub(crate) may_linger: bool,
    /// Whether each of them takes the longest that one can.
    pub(crate) is_certain: bool,
    /// Changes of state: the failure, its restoration, and the starts of all that it takes down.
    pub(crate) changes: u32,
    /// The stage that is the repair, if that takes any time.
    pub(crate) repair: Option<u32>,
    /// The stage that is the start of the unit itself, if that takes any time.
    pub(crate) start: Option<u32>,
    /// The longest that it can be from the repair until everything is up.
    pub(crate) longest_start: SimSpan,
    /// The longest that it can be from the failure until everything is up.
    pub(crate) longest: SimSpan,
    /// In so many equal parts of all luck, the longest that the repair can take: forever where that is not
    /// known before it is drawn.
    pub(crate) bounds: [SimSpan; BOUNDS],
    /// A gate that it is felt by, and how many inputs it takes from it.
    pub(crate) gate: (GateId, u32),
}

impl Manner {
    /// That of failures that are lived through.
    const FELT: Manner = Manner {
        may_pass: false,
        is_alone: false,
        is_host: false,
        is_spared: false,
        may_linger: false,
        is_certain: false,
        changes: 0,
        repair: None,
        start: None,
        longest_start: SimSpan::FOREVER,
        longest: SimSpan::FOREVER,
        bounds: [SimSpan::FOREVER; BOUNDS],
        gate: (GateId::from_index(0), 0),
    };
}

/// What failures that may pass reach; empty for units of which none may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passing {
    /// All there are.
    pub(crate) manners: Vec<Manner>,
    /// By clock: which of them is its own.
    pub(crate) manner_of: Vec<u32>,
    /// By unit: itself and what stands on it, directly or not, hosts before guests.
    pub(crate) reached: Lists<Reached>,
    /// By unit: the gates that these are inputs of, and how many inputs of each.
    pub(crate) felt_by: Lists<(GateId, u32)>,
    /// By unit: the copies on what stands on it, from which to which, if it hosts nothing but such, and they
    /// are all of one class and follow one another; else none.
    pub(crate) copies_of_guests: Vec<(u32, u32)>,
}

impl Passing {
    /// The copies on what stands on a host of copies.
    #[inline]
    pub(crate) fn copies_of_guests(&self, unit: UnitId) -> Range<u32> {
        let (start, end) = self.copies_of_guests[unit.index()];
        start..end
    }
}

impl Model {
    /// Finds the failures that may pass.
    pub(super) fn find_passing(&mut self) {
        let (mut reached, mut felt_by) = (Vec::new(), Vec::new());
        for index in 0..self.units.len() {
            let subtree = subtree(self, UnitId::new(index)).unwrap_or_default();
            let units = subtree.iter().map(|reached| reached.unit.index());
            let mut gates: Vec<GateId> =
                units.clone().flat_map(|unit| self.unit_gates.of(unit).iter().copied()).collect();
            gates.extend(self.places_of(units));
            gates.sort_unstable();
            let counts = gates.chunk_by(|one, other| one == other);
            felt_by.push(counts.map(|gates| (gates[0], gates.len() as u32)).collect());
            reached.push(subtree);
        }
        self.passing.reached = reached.into_iter().collect();
        self.passing.felt_by = felt_by.into_iter().collect();
        let units = 0..self.units.len();
        self.passing.copies_of_guests =
            units.map(|unit| self.copies_of_guests(UnitId::new(unit)).unwrap_or((0, 0))).collect();
        let restorations = 0.5 * self.events_per_second();
        let upheavals = self.upheavals_per_second();
        let mut numbers = BTreeMap::new();
        let manner_of = (0..self.clocks.len()).map(|index| {
            let manner = self.manner(ClockId::new(index), restorations, upheavals);
            let next = numbers.len() as u32;
            *numbers.entry(manner.unwrap_or(Manner::FELT)).or_insert(next)
        });
        self.passing.manner_of = manner_of.collect();
        self.passing.manners = vec![Manner::FELT; numbers.len()];
        for (manner, number) in numbers {
            self.passing.manners[number as usize] = manner;
        }
    }

    /// For each place in which copies on these units are, the gate of their class.
    fn places_of(&self, units: impl Iterator<Item = usize>) -> Vec<GateId> {
        let mut places = BTreeMap::new();
        for &copy in units.flat_map(|unit| self.data.on_unit.of(unit)) {
            let (class, holding, number) = self.data.holding_of(copy);
            places.insert((class, holding.places[number as usize]), holding.gate);
        }
        places.into_values().flatten().collect()
    }

    /// About how many events there are in a second that concern more than a unit and its gates, or copies
    /// that it holds: at these nothing may linger.
    fn upheavals_per_second(&self) -> f64 {
        let is_local = |clock: &Clock| {
            let unit = &self.units[clock.unit.index()];
            unit.concerns_only_gates
                || unit.concerns_only_copies
                || self.hosts_only_copies(clock.unit)
        };
        let local = self.clocks.iter().filter(|clock| is_local(clock));
        let rate = |clock: &Clock| {
            let changes = (2 + self.guests.of(clock.unit.index()).len()) as f64;
            clock.to_failure.mean().map_or(0.0, |mean| changes / mean)
        };
        self.events_per_second() - local.map(rate).sum::<f64>()
    }

    /// Whether a unit does nothing but carry others that only hold copies of data: drives, whose own
    /// failures are all lived through.
    fn hosts_only_copies(&self, unit: UnitId) -> bool {
        let is_felt = |clock: &ClockId| {
            let clock = &self.clocks[clock.index()];
            clock.takes_data || !matches!(clock.to_failure, TimeToFailure::Memoryless { .. })
        };
        let only_holds = |guest: &UnitId| {
            let spec = &self.units[guest.index()];
            spec.concerns_only_copies
                && spec.start.is_none()
                && self.unit_clocks.of(guest.index()).iter().all(is_felt)
        };
        let guests = self.guests.of(unit.index());
        let spec = &self.units[unit.index()];
        !guests.is_empty()
            && guests.len() < MOST_REACHED
            && spec.start.is_none()
            && self.unit_gates.of(unit.index()).is_empty()
            && self.data.on_unit.of(unit.index()).is_empty()
            && guests.iter().all(only_holds)
    }

    /// The copies on what stands on a unit, from which to which; `None` if it does more than to carry
    /// what holds them, or if they are not of one class or do not follow one another.
    fn copies_of_guests(&self, unit: UnitId) -> Option<(u32, u32)> {
        if !self.hosts_only_copies(unit) {
            return None;
        }
        let of = |guest: &UnitId| self.data.on_unit.of(guest.index());
        let guests = self.guests.of(unit.index());
        let mut copies: Vec<CopyId> = guests.iter().flat_map(of).copied().collect();
        copies.sort_unstable();
        let first = copies.first()?.index();
        let class = |copy: CopyId| self.data.classes[copy.index()];
        let follows = |(place, copy): (usize, &CopyId)| {
            copy.index() == first + place && class(*copy) == class(copies[0])
        };
        let are_together = copies.iter().enumerate().all(follows);
        let holds_none = guests.iter().any(|guest| of(guest).is_empty());
        (are_together && !holds_none).then_some((first as u32, (first + copies.len()) as u32))
    }

    /// How failures of a clock pass; `None` if they do not, or if it would not pay to try.
    fn manner(&self, id: ClockId, restorations: f64, upheavals: f64) -> Option<Manner> {
        let clock = &self.clocks[id.index()];
        let reached = self.passing.reached.of(clock.unit.index());
        let felt_by = self.passing.felt_by.of(clock.unit.index());
        let start = reached.first()?.start;
        let length = mean_length(self, id, reached)?;
        let repair = match clock.repair {
            Repair::After(task) => Some(task.first),
            Repair::Restart | Repair::Never => None,
        };
        let is_alone = reached.len() == 1 && felt_by.len() == 1;
        let strikes = |clock: &&ClockId| {
            !matches!(self.clocks[clock.index()].to_failure, TimeToFailure::SetOff)
        };
        let is_host = !self.passing.copies_of_guests(clock.unit).is_empty();
        let is_simple = is_alone && self.units[clock.unit.index()].concerns_only_gates;
        let may_linger = (is_simple || is_host)
            && repair.is_some() != start.is_some()
            && !clock.has_branches
            && self.unit_clocks.of(clock.unit.index()).iter().filter(strikes).count() == 1
            && length * upheavals < MOST_IN_BETWEEN;
        if !may_linger && length * restorations >= MOST_IN_BETWEEN {
            return None;
        }
        // Of what a script makes do with less nothing is known before.
        let spare = |gate: GateId| match self.demands.contains(&gate) {
            true => 0,
            false => self.gates[gate.index()].spare,
        };
        let longest_start = self.longest_start(reached);
        let starts = reached.iter().filter(|reached| reached.start.is_some()).count() as u32;
        let fixed = |stage: &u32| matches!(self.stages[*stage as usize].law, Law::Fixed { .. });
        Some(Manner {
            may_pass: true,
            is_alone,
            is_host,
            is_spared: felt_by.iter().all(|&(gate, inputs)| inputs <= spare(gate)),
            may_linger,
            is_certain: may_linger && repair.or(start).as_ref().is_some_and(fixed),
            changes: 1 + u32::from(repair.is_some()) + starts,
            repair,
            start,
            longest_start,
            longest: repair.map_or(SimSpan::ZERO, |stage| self.longest(stage)) + longest_start,
            bounds: repair.map_or([SimSpan::FOREVER; BOUNDS], |stage| {
                let bounds = self.stages[stage as usize].law.bounds::<BOUNDS>();
                bounds.map(|bound| SimSpan::from_seconds(bound) + SimSpan::from_micros(1))
            }),
            gate: felt_by.first().copied().unwrap_or((GateId::from_index(0), 0)),
        })
    }

    /// The longest that a stage can take.
    fn longest(&self, stage: u32) -> SimSpan {
        let law = &self.stages[stage as usize].law;
        let longest = SimSpan::from_seconds(law.longest());
        // One more than the arithmetic of a draw may be off by.
        if let Law::Fixed { .. } = law { longest } else { longest + SimSpan::from_micros(1) }
    }

    /// The longest that it can be until a unit and all that stands on it has started.
    fn longest_start(&self, reached: &[Reached]) -> SimSpan {
        let mut ends: Vec<SimSpan> = Vec::new();
        for unit in reached {
            let host = ends.get(unit.host as usize).copied().unwrap_or(SimSpan::ZERO);
            ends.push(host + unit.start.map_or(SimSpan::ZERO, |stage| self.longest(stage)));
        }
        ends.into_iter().max().unwrap_or(SimSpan::ZERO)
    }
}

/// A unit and all that stands on it; `None` if any of that is more than up or down: if it ages, serves
/// on a roster, shares a load, or needs something to start.
fn subtree(model: &Model, unit: UnitId) -> Option<Vec<Reached>> {
    let can_spare = |copy: &CopyId| model.data.holding_of(*copy).1.gate.is_some();
    let mut units = vec![unit];
    let mut reached: Vec<Reached> = Vec::new();
    let mut hosts = vec![0];
    while let Some(&unit) = units.get(reached.len()) {
        let spec = &model.units[unit.index()];
        let is_plain = model.aging_clocks.of(unit.index()).is_empty()
            && model.unit_rosters.of(unit.index()).is_empty()
            && !spec.is_paced
            && !spec.extras().is_managed()
            && model.data.on_unit.of(unit.index()).iter().all(can_spare)
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
        && mode.extras().also_renews.is_none()
        && !mode.takes_data;
    let repair = match mode.repair {
        Repair::After(task) => model.stages[only_stage(model, task)? as usize].law.mean(),
        Repair::Restart => 0.0,
        Repair::Never => return None,
    };
    let starts = subtree.iter().filter_map(|reached| reached.start);
    let longest = starts.map(|stage| model.stages[stage as usize].law.mean()).fold(0.0, f64::max);
    is_plain.then_some(repair + longest)
}
