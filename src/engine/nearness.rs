//! How near a life is to what rarely happens, and which failures would bring it nearer.

use super::state::{SeatState, State};
use crate::model::{
    ClockId, Cone, DataId, GateId, Input, JourneyId, Model, Repair, SeatId, TimeToFailure, UnitId,
};
use crate::spec::Speed;

/// Places that something stands on, one on another, that are looked at to see what goes down together.
const MOST_STOREYS: usize = 4;
/// Failures of units that are tried one by one to see whether they bring an outage nearer.
const MOST_TRIED: usize = 400;

/// What rarely happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rare {
    /// A journey is down.
    Outage(JourneyId),
    /// Data of a class are lost.
    Loss(DataId),
}

/// Tells how near a life is to it.
#[derive(Clone, Debug)]
pub(super) struct Nearness<'m> {
    model: &'m Model,
    pub(super) rare: Rare,
    /// The gates that matter, inputs before gates.
    gates: Vec<GateId>,
    /// By gate and storey: with what each of its inputs goes down.
    storeys: Vec<Vec<Vec<u32>>>,
    /// The clocks that matter, by whose failures it comes nearer, and whose hazard is known at every age.
    pub(super) clocks: Vec<ClockId>,
    /// How long such failures last, seconds.
    pub(super) lasting: f64,
    /// How many failures it takes from the beginning.
    pub(super) far: u32,
    /// Room: by gate how many failures it takes, by unit whether it is taken for down.
    takes: Vec<u32>,
    is_down: Vec<bool>,
    costs: Vec<u32>,
    /// By unit whether its loss takes data that are near a loss.
    takes_data: Vec<bool>,
}

impl<'m> Nearness<'m> {
    pub(super) fn new(model: &'m Model, rare: Rare) -> Nearness<'m> {
        let cone = match rare {
            Rare::Outage(journey) => Cone::of_gate(model, model.journeys[journey.index()]),
            Rare::Loss(class) => {
                let all: Vec<u32> = (0..model.holding(class).count).collect();
                Cone::of_copies(model, class, &all)
            }
        };
        let gates: Vec<GateId> = (0..model.gates.len())
            .map(GateId::new)
            .filter(|gate| cone.gates[gate.index()])
            .collect();
        let storeys = gates.iter().map(|gate| storeys_of(model, *gate)).collect();
        let matters = |clock: &ClockId| {
            let spec = &model.clocks[clock.index()];
            let takes = match rare {
                Rare::Outage(_) => true,
                Rare::Loss(_) => spec.takes_data,
            };
            cone.units[spec.unit.index()]
                && takes
                && match &spec.to_failure {
                    TimeToFailure::Memoryless { .. } => true,
                    TimeToFailure::Aging(law) => !spec.always && law.hazard(0.0).is_some(),
                    TimeToFailure::SetOff => false,
                }
                && !model.units[spec.unit.index()].is_paced
                && !spec.is_planned
        };
        let clocks: Vec<ClockId> =
            (0..model.clocks.len()).map(ClockId::new).filter(matters).collect();
        let mut nearness = Nearness {
            model,
            rare,
            storeys,
            lasting: lasting(model, rare, &clocks),
            gates,
            clocks,
            far: 0,
            takes: vec![0; model.gates.len()],
            is_down: vec![false; model.units.len()],
            costs: Vec::new(),
            takes_data: vec![false; model.units.len()],
        };
        nearness.far = match rare {
            Rare::Outage(_) => nearness.distance(&State::new(model)),
            Rare::Loss(class) => model.holding(class).tolerance + 1,
        };
        nearness
    }

    /// How many failures nearer than at the beginning.
    pub(super) fn level(&mut self, state: &State) -> u32 {
        match self.rare {
            Rare::Outage(_) => self.far - self.distance(state).min(self.far),
            Rare::Loss(class) => state.data.most_lost_of(&self.model.data, class),
        }
    }

    /// How many units must fail for the journey to be down: no fewer than that would do, as far as gates
    /// tell.
    fn distance(&mut self, state: &State) -> u32 {
        for (index, is_down) in self.is_down.iter_mut().enumerate() {
            *is_down = !state.is_up(UnitId::new(index));
        }
        self.distance_of_these(state)
    }

    fn distance_of_these(&mut self, state: &State) -> u32 {
        let Rare::Outage(journey) = self.rare else { return 0 };
        for (place, gate) in self.gates.iter().enumerate() {
            let spec = &self.model.gates[gate.index()];
            self.costs.clear();
            for input in &spec.inputs {
                self.costs.push(match input {
                    Input::Unit(unit) => u32::from(!self.is_down[unit.index()]),
                    Input::Gate(gate) => self.takes[gate.index()],
                    Input::Seat(seat) => self.seat_takes(state, *seat),
                    Input::Mask(mask) => self.takes[self.model.masks[mask.index()].gate.index()],
                });
            }
            let up = self.costs.iter().filter(|cost| **cost > 0).count();
            let needed = spec.needed as usize;
            self.takes[gate.index()] = if up < needed {
                0
            } else {
                let fails = up + 1 - needed;
                let storeys = self.storeys[place].iter();
                let together = storeys.map(|groups| together(groups, &self.costs, fails));
                let together = together.min().unwrap_or(u32::MAX);
                self.costs.retain(|cost| *cost > 0);
                self.costs.sort_unstable();
                self.costs[..fails].iter().sum::<u32>().min(together)
            };
        }
        self.takes[self.model.journeys[journey.index()].index()]
    }

    /// How many units must fail for nobody to serve on a seat: whoever does, and where others take over at once all
    /// that are idle as well.
    fn seat_takes(&self, state: &State, seat: SeatId) -> u32 {
        let SeatState::Serving(server) = state.seats[seat.index()] else { return 0 };
        let roster = &self.model.rosters[self.model.seats[seat.index()].index()];
        let is_up = |unit: UnitId| !self.is_down[unit.index()];
        let takes_time = roster.failover.is_some() || roster.coverage.is_some();
        if takes_time || roster.switches_with.is_some() {
            return u32::from(is_up(server));
        }
        let may_serve = |unit: &UnitId| *unit == server || state.seat_of[unit.index()].is_none();
        let members = roster.members.iter().copied();
        members.filter(|unit| may_serve(unit) && is_up(*unit)).count() as u32
    }

    /// The clocks whose failures would bring it nearer than it is.
    pub(super) fn raising(&mut self, state: &State, raising: &mut Vec<ClockId>) {
        raising.clear();
        let model = self.model;
        match self.rare {
            Rare::Loss(class) => {
                let level = state.data.most_lost_of(&model.data, class);
                let takes = &mut self.takes_data;
                takes.fill(false);
                state.data.each_present_in_groups(&model.data, class, level, |copy| {
                    let mut unit = Some(model.data.units[copy.index()]);
                    // Whoever is marked has hosts that are.
                    while let Some(at) = unit.filter(|at| !takes[at.index()]) {
                        takes[at.index()] = true;
                        unit = model.hosts.of(at.index()).first().copied();
                    }
                });
                raising.extend(self.clocks.iter().filter(|clock| {
                    takes[model.clocks[clock.index()].unit.index()]
                        && state.can_strike(model, **clock)
                }));
            }
            Rare::Outage(_) => {
                let now = self.distance(state);
                let before = self.is_down.clone();
                let tried = self.clocks.len() <= MOST_TRIED;
                for index in 0..self.clocks.len() {
                    let clock = self.clocks[index];
                    if !state.can_strike(model, clock) {
                        continue;
                    }
                    if tried {
                        self.is_down.clone_from(&before);
                        self.takes_down(model.clocks[clock.index()].unit);
                        if self.distance_of_these(state) >= now {
                            continue;
                        }
                    }
                    raising.push(clock);
                }
            }
        }
    }

    fn takes_down(&mut self, unit: UnitId) {
        if !std::mem::replace(&mut self.is_down[unit.index()], true) {
            for &guest in self.model.guests.of(unit.index()) {
                self.takes_down(guest);
            }
        }
    }
}

/// The fewest groups that hold so many inputs that are up.
fn together(groups: &[u32], costs: &[u32], fails: usize) -> u32 {
    let last = groups.iter().max().map_or(0, |last| *last as usize + 1);
    let mut sizes = vec![0_usize; last];
    for (group, cost) in groups.iter().zip(costs) {
        sizes[*group as usize] += usize::from(*cost == 1);
    }
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let mut covered = 0;
    for (count, size) in sizes.iter().enumerate() {
        covered += size;
        if covered >= fails {
            return count as u32 + 1;
        }
    }
    u32::MAX
}

/// By storey below the inputs of a gate that are units: with which others each goes down.
fn storeys_of(model: &Model, gate: GateId) -> Vec<Vec<u32>> {
    let inputs = &model.gates[gate.index()].inputs;
    let mut at: Vec<Option<UnitId>> = inputs
        .iter()
        .map(|input| match input {
            Input::Unit(unit) => Some(*unit),
            _ => None,
        })
        .collect();
    let mut storeys = Vec::new();
    if at.iter().any(Option::is_none) {
        return storeys;
    }
    for _ in 0..MOST_STOREYS {
        let below = |unit: &Option<UnitId>| {
            unit.and_then(|unit| model.hosts.of(unit.index()).first().copied())
        };
        at = at.iter().map(below).collect();
        if at.iter().any(Option::is_none) {
            break;
        }
        let mut places: Vec<UnitId> = at.iter().flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let number = |unit: &UnitId| places.binary_search(unit).unwrap_or(0) as u32;
        storeys.push(at.iter().flatten().map(number).collect());
    }
    storeys
}

/// How long failures last that bring it nearer: the mean of repairs, each as often as it is under way,
/// and of rebuilds.
fn lasting(model: &Model, rare: Rare, clocks: &[ClockId]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for clock in clocks {
        let spec = &model.clocks[clock.index()];
        let start = model.units[spec.unit.index()].start.map_or(0.0, |task| model.mean_of(task));
        let repair = match spec.repair {
            Repair::After(task) => model.mean_of(task) + start,
            Repair::Restart => start,
            // What is never repaired leaves all the time that there is.
            Repair::Never => spec.to_failure.mean().unwrap_or(0.0),
        };
        let rate = spec.to_failure.mean().map_or(0.0, |mean| 1.0 / mean);
        match rare {
            Rare::Outage(_) => {
                sum += rate * repair * repair;
                weight += rate * repair;
            }
            Rare::Loss(_) => {
                sum += rate * repair;
                weight += rate;
            }
        }
    }
    let repair = if weight > 0.0 { sum / weight } else { 0.0 };
    let rebuild = match rare {
        Rare::Outage(_) => 0.0,
        Rare::Loss(class) => model.holding(class).rebuild.as_ref().map_or(0.0, |rebuild| {
            let detect = rebuild.detect.as_ref().map_or(0.0, |law| law.mean());
            detect
                + match &rebuild.speed {
                    Speed::Law(law) => law.mean(),
                    Speed::Bandwidth { bytes, each, shared, per_level } => {
                        let all = each.iter().chain(shared).copied();
                        let all = all.chain(per_level.iter().map(|(_, bandwidth)| *bandwidth));
                        bytes / all.fold(f64::INFINITY, f64::min)
                    }
                }
        }),
    };
    repair + rebuild
}
