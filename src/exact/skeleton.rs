//! What decides a journey, with time taken away: units, what they stand on, and gates.

use std::collections::BTreeMap;

use super::Omission;
use crate::model::{
    ClockId, GateId, Input, JourneyId, Lists, Model, Repair, RosterId, SeatId, Task, UnitId, Watch,
};
use crate::spec::Discipline;

/// Everything that can take a journey down, as thresholds over one another: the static part of a
/// model. Only what the journey depends on is in it.
#[derive(Clone, Debug)]
pub(super) struct Skeleton {
    /// In an order in which inputs come before what reads them: a topology in which services need one another
    /// in a ring is refused. The last decides the journey.
    pub(super) parts: Vec<Part>,
    /// What else it has, each with the unit that it was found at first, if it is of one.
    pub(super) omissions: Vec<(Omission, Option<UnitId>)>,
}

/// Something that is up or down.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The unit that it is, which can also fail by itself.
    pub(super) unit: Option<UnitId>,
    /// How many inputs must be up.
    pub(super) needed: usize,
    /// What it reads: indices of parts.
    pub(super) inputs: Vec<usize>,
}

impl Part {
    /// How many inputs that are down take it down.
    pub(super) fn fatal(&self) -> usize {
        (self.inputs.len() + 1).saturating_sub(self.needed)
    }
}

/// What a part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Unit(UnitId),
    Gate(GateId),
    Seat(SeatId),
}

impl Skeleton {
    /// That of a journey, where each unit stands on `hosts` of it.
    pub(super) fn new<'a>(
        model: &Model,
        hosts: impl Fn(UnitId) -> &'a [UnitId],
        journey: JourneyId,
    ) -> Skeleton {
        Walk {
            model,
            hosts,
            crashes: model.gates_watched_for(|watch| match watch {
                Watch::Crash(units) => units,
                _ => &[],
            }),
            numbers: BTreeMap::new(),
            parts: Vec::new(),
            order: Vec::new(),
        }
        .from(Source::Gate(model.journeys[journey.index()]))
    }

    /// The units in it, hosts before guests, but for rings.
    pub(super) fn units(&self) -> impl Iterator<Item = UnitId> {
        self.parts.iter().filter_map(|part| part.unit)
    }
}

/// A walk from the journey down to everything that it depends on, without recursion.
struct Walk<'m, F> {
    model: &'m Model,
    hosts: F,
    /// The gates that each unit crashes with.
    crashes: Lists<GateId>,
    /// By source: the number of its part.
    numbers: BTreeMap<Source, usize>,
    /// By number: the part once it is finished.
    parts: Vec<Option<Part>>,
    /// Numbers in the order in which they were finished.
    order: Vec<usize>,
}

/// A part that is being looked into.
struct Open {
    number: usize,
    unit: Option<UnitId>,
    needed: usize,
    sources: Vec<Source>,
    inputs: Vec<usize>,
}

impl<'a, F: Fn(UnitId) -> &'a [UnitId]> Walk<'_, F> {
    fn from(mut self, top: Source) -> Skeleton {
        let mut open = vec![self.open(top)];
        while let Some(present) = open.last_mut() {
            match present.sources.get(present.inputs.len()) {
                Some(&source) => match self.numbers.get(&source) {
                    Some(&number) => present.inputs.push(number),
                    None => open.push(self.open(source)),
                },
                None => {
                    let Open { number, unit, needed, inputs, .. } = present;
                    let inputs = std::mem::take(inputs);
                    self.parts[*number] = Some(Part { unit: *unit, needed: *needed, inputs });
                    self.order.push(*number);
                    open.pop();
                }
            }
        }
        let mut place = vec![0; self.order.len()];
        for (index, &number) in self.order.iter().enumerate() {
            place[number] = index;
        }
        let renumbered = |number: &usize| {
            let part = self.parts[*number].take();
            let Part { unit, needed, inputs } = part.expect("what is in order is finished");
            let inputs = inputs.into_iter().map(|input| place[input]).collect();
            Part { unit, needed, inputs }
        };
        let parts: Vec<Part> = self.order.iter().map(renumbered).collect();
        let sources: Vec<Source> = self.numbers.into_keys().collect();
        let omissions = omissions(self.model, &sources, &parts, &self.crashes);
        Skeleton { parts, omissions }
    }

    /// Gives a number to something and finds what it reads.
    fn open(&mut self, source: Source) -> Open {
        let number = self.parts.len();
        self.parts.push(None);
        self.numbers.insert(source, number);
        let model = self.model;
        let (unit, needed, sources): (_, _, Vec<Source>) = match source {
            Source::Unit(unit) => {
                let hosts = (self.hosts)(unit).iter().map(|host| Source::Unit(*host));
                let gates = self.crashes.of(unit.index()).iter();
                let sources: Vec<Source> =
                    hosts.chain(gates.map(|gate| Source::Gate(*gate))).collect();
                (Some(unit), sources.len(), sources)
            }
            Source::Gate(gate) => {
                let gate = &model.gates[gate.index()];
                let source = |input: &Input| match *input {
                    Input::Unit(unit) => Source::Unit(unit),
                    Input::Gate(gate) => Source::Gate(gate),
                    Input::Seat(seat) => Source::Seat(seat),
                    Input::Mask(mask) => Source::Gate(model.masks[mask.index()].gate),
                };
                (None, gate.needed as usize, gate.inputs.iter().map(source).collect())
            }
            // A seat is taken as long as there are members for it and those before it.
            Source::Seat(seat) => {
                let roster = &model.rosters[model.seats[seat.index()].index()];
                let place = seat.index() - roster.seats.start as usize;
                let members = roster.members.iter().map(|member| Source::Unit(*member));
                (None, place + 1, members.collect())
            }
        };
        Open { number, unit, needed, inputs: Vec::with_capacity(sources.len()), sources }
    }
}

/// Whether a failure mode strikes of itself.
pub(super) fn strikes(model: &Model, clock: ClockId) -> bool {
    model.clocks[clock.index()].to_failure.mean().is_some_and(f64::is_finite)
}

/// Whether a failure mode strikes of itself and then takes its unit down for any time.
pub(super) fn takes_time(model: &Model, clock: ClockId) -> bool {
    let start = model.units[model.clocks[clock.index()].unit.index()].start;
    let strikes = strikes(model, clock);
    let clock = &model.clocks[clock.index()];
    strikes
        && match clock.repair {
            Repair::After(task) => {
                longest(model, task) + start.map_or(0.0, |s| longest(model, s)) > 0.0
            }
            Repair::Restart => start.is_some_and(|start| longest(model, start) > 0.0),
            Repair::Never => true,
        }
}

/// The longest that a task can take, without waiting for anybody, seconds.
pub(super) fn longest(model: &Model, task: Task) -> f64 {
    let stages = model.stages_of(task).iter();
    let longest = |stage: &crate::model::Stage| {
        let crew = stage.crew.and_then(|crew| model.crews[crew.index()].response.as_ref());
        stage.law.longest() + crew.map_or(0.0, crate::dist::Law::longest)
    };
    stages.map(longest).sum()
}

/// Whether as many of a roster's seats are taken at any time as there are members up, if there are seats for
/// them: so that for whoever counts all of its seats it is no more than its members.
fn is_instant(model: &Model, roster: RosterId) -> bool {
    let spec = &model.rosters[roster.index()];
    let takes_no_time = spec.failover.as_ref().is_none_or(|law| law.longest() == 0.0);
    let serves_others = |member: &UnitId| model.unit_rosters.of(member.index()).len() > 1;
    takes_no_time
        && spec.coverage.is_none()
        && spec.switches_with.is_none()
        && spec.failback.is_none()
        && !spec.members.iter().any(serves_others)
        // Nobody takes over from whom nobody knows to be down.
        && !model.clocks.iter().any(|clock| clock.is_grey)
}

/// What the parts of a journey have that no static structure has: each kind once.
fn omissions(
    model: &Model,
    sources: &[Source],
    parts: &[Part],
    crashes: &Lists<GateId>,
) -> Vec<(Omission, Option<UnitId>)> {
    let mut found: BTreeMap<Omission, Option<UnitId>> = BTreeMap::new();
    let mut add = |omission, unit| {
        found.entry(omission).or_insert(unit);
    };
    for source in sources {
        let Source::Gate(gate) = source else { continue };
        let inputs = &model.gates[gate.index()].inputs;
        for input in inputs {
            match input {
                Input::Mask(_) => add(Omission::Masks, None),
                Input::Seat(seat) => {
                    let roster = model.seats[seat.index()];
                    let reads = |seat: SeatId| inputs.contains(&Input::Seat(seat));
                    let spec = &model.rosters[roster.index()];
                    if !(is_instant(model, roster) && spec.seats().all(reads)) {
                        add(Omission::Failover, spec.members.first().copied());
                    }
                }
                Input::Unit(_) | Input::Gate(_) => {}
            }
        }
    }
    let mut is_shocked = vec![false; model.clocks.len()];
    for target in model.shocks.iter().flat_map(|shock| &shock.targets) {
        is_shocked[target.index()] = true;
    }
    let is_busy = busy_crews(model);
    // Whether anything below a unit can fail, which it then has to start again after.
    let mut can_fail = vec![false; parts.len()];
    for (index, part) in parts.iter().enumerate() {
        let is_exposed = part.inputs.iter().any(|input| can_fail[*input]);
        can_fail[index] = is_exposed;
        let Some(unit) = part.unit else { continue };
        let spec = &model.units[unit.index()];
        let extras = spec.extras();
        let starts = spec.start.is_some_and(|start| longest(model, start) > 0.0);
        if !crashes.of(unit.index()).is_empty()
            || extras.starts_with.is_some()
            || is_exposed && starts
        {
            add(Omission::Starts, Some(unit));
        }
        if spec.is_paced {
            add(Omission::Paces, Some(unit));
        }
        if extras.pod.is_some() || extras.backs_off {
            add(Omission::Controllers, Some(unit));
        }
        if !model.platform.script.is_empty() {
            add(Omission::Plans, Some(unit));
        }
        let calls = |task: Task| {
            let crews = model.stages_of(task).iter().filter_map(|stage| stage.crew);
            crews.into_iter().any(|crew| is_busy[crew.index()])
        };
        if spec.start.is_some_and(calls) {
            add(Omission::People, Some(unit));
        }
        for &id in model.unit_clocks.of(unit.index()) {
            let clock = &model.clocks[id.index()];
            let extras = clock.extras();
            if is_shocked[id.index()] || extras.burst.is_some() || extras.drag.is_some() {
                add(Omission::CommonCauses, Some(unit));
            }
            if extras.plan.is_some() || extras.also_renews.is_some() {
                add(Omission::Plans, Some(unit));
            }
            if matches!(clock.repair, Repair::After(task) if calls(task)) {
                add(Omission::People, Some(unit));
            }
            // What is over at once makes others start all the same.
            can_fail[index] |= strikes(model, id);
        }
    }
    found.into_iter().collect()
}

/// By part: whether some unit has to start after it was down, which takes time.
pub(super) fn started_after(model: &Model, parts: &[Part]) -> Vec<bool> {
    let mut found = vec![false; parts.len()];
    for (index, part) in parts.iter().enumerate().rev() {
        let start = part.unit.and_then(|unit| model.units[unit.index()].start);
        if found[index] || start.is_some_and(|start| longest(model, start) > 0.0) {
            part.inputs.iter().for_each(|input| found[*input] = true);
        }
    }
    found
}

/// Crews that somebody may have to wait for.
fn busy_crews(model: &Model) -> Vec<bool> {
    let mut asked = vec![0_u64; model.crews.len()];
    let repairs = model.clocks.iter().filter_map(|clock| match clock.repair {
        Repair::After(task) => Some(task),
        Repair::Restart | Repair::Never => None,
    });
    for task in repairs.chain(model.units.iter().filter_map(|unit| unit.start)) {
        let mut people: BTreeMap<usize, u32> = BTreeMap::new();
        for stage in model.stages_of(task) {
            if let Some(crew) = stage.crew {
                let most = people.entry(crew.index()).or_default();
                *most = stage.people.max(*most);
            }
        }
        for (crew, people) in people {
            asked[crew] += u64::from(people);
        }
    }
    let is_busy = |(crew, asked): (&crate::model::Crew, u64)| {
        asked > u64::from(crew.size)
            || crew.hours.is_some()
            || crew.reorder.is_some()
            || crew.escalates.is_some()
            || crew.picks == Discipline::RandomKind
    };
    model.crews.iter().zip(asked).map(is_busy).collect()
}
