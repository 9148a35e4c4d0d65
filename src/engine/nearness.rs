//! How near a life is to what rarely happens, and which failures would bring it nearer.

use super::rest::Rest;
use super::roles::{Kinds, colours};
use super::seldom::Source;
use super::state::{Root, SeatState, State};
use crate::dist::Law;
use crate::model::{
    ClockId, Cone, DataId, GateId, Input, JourneyId, Model, Repair, SeatId, ShockId, SpareId,
    TimeToFailure, UnitId,
};
use crate::spec::Speed;

/// Places that something stands on, one on another, that are looked at to see what goes down together.
const MOST_STOREYS: usize = 4;
/// Failures of units that are tried one by one to see whether they bring an outage nearer.
const MOST_TRIED: usize = 400;
/// Units that matter of which each is tried to see whether its failure alone is enough.
const MOST_ALONE: usize = 400;
/// Kinds of planned work that are told from one another.
pub(super) const MOST_WORKS: usize = 8;
/// More failures than anything takes: what is enough alone is never one of several that are.
const NEVER: u32 = 1_000_000;

/// What rarely happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rare {
    /// A journey is down.
    Outage(JourneyId),
    /// Data of a class are lost.
    Loss(DataId),
}

/// What may make failures last, or come, although by itself it takes nothing of what is needed: whoever keeps a crew, what must
/// be there for a start or a failover, a standby, spare parts that are used up.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    pub(super) clocks: Vec<ClockId>,
    pub(super) spares: Vec<SpareId>,
    /// Who serves at first on seats where others differ from it: with another one it is as if that were down.
    pub(super) seats: Vec<(SeatId, UnitId)>,
}

impl Beside {
    fn is_under_way(&self, model: &Model, state: &State) -> bool {
        // A restart is over at once, and what it takes is the start.
        let starts = |clock: ClockId| {
            let spec = &model.clocks[clock.index()];
            matches!(spec.repair, Repair::Restart) && !state.is_up(spec.unit)
        };
        self.clocks.iter().any(|clock| state.is_active(*clock) || starts(*clock))
            || self.spares.iter().any(|spare| state.is_ordered[spare.index()])
            || self.seats.iter().any(|(seat, first)| {
                !matches!(state.seats[seat.index()], SeatState::Serving(unit) if unit == *first)
            })
    }
}

/// Tells how near a life is to it.
#[derive(Clone, Debug)]
pub(super) struct Nearness<'m> {
    model: &'m Model,
    pub(super) rare: Rare,
    /// All that matters.
    pub(super) cone: Cone,
    /// The planned work that matters, by its failure modes.
    pub(super) works: Vec<Vec<ClockId>>,
    /// The gates that matter, inputs before gates.
    gates: Vec<GateId>,
    /// By gate and storey: with what each of its inputs goes down.
    storeys: Vec<Vec<Vec<u32>>>,
    /// The clocks that matter, by whose failures it comes nearer, and whose hazard is known at every age.
    pub(super) clocks: Vec<ClockId>,
    /// All clocks that matter, and all common causes that can strike one of them.
    pub(super) all_clocks: Vec<ClockId>,
    pub(super) all_shocks: Vec<ShockId>,
    /// As long as this is under way it is near, though nothing else has failed.
    pub(super) beside: Beside,
    /// Where it stays near until everything is over: what that is.
    pub(super) rest: Rest,
    pub(super) ends_at_rest: bool,
    /// Which failures are alike.
    pub(super) kinds: Kinds,
    /// Seats on which it matters who serves.
    pub(super) unequal: Vec<SeatId>,
    /// The class whose copies may all be deleted, at any time as likely.
    pub(super) deletion: Option<DataId>,
    /// Units that matter.
    units: Vec<UnitId>,
    /// By clock how long its failures last in the mean, and how long a rebuild does, seconds; and how long all of those
    /// do that matter, where nothing tells which of them it is.
    lasts: Vec<f64>,
    rebuild_s: f64,
    lasting: f64,
    /// How many failures it takes from the beginning; where one is enough, of others than those that are.
    pub(super) far: u32,
    /// By unit whether its failure alone is enough.
    is_enough: Vec<bool>,
    /// The first of those.
    pub(super) enough: Option<UnitId>,
    /// Whether these are all that are enough alone.
    pub(super) is_apart: bool,
    /// Whether it may take fewer failures in one way than in another, so that being nearer in the shortest way is not all.
    pub(super) is_uneven: bool,
    /// How many failures it takes in the way that takes most.
    pub(super) farthest: u32,
    /// By gate, where that is so: how many failures it takes for each of its inputs from the beginning, and how many have
    /// been taken in the way in which most have.
    first: Vec<Vec<u32>>,
    taken: Vec<u32>,
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
        let is_enough = vec![false; model.units.len()];
        let storeys = gates.iter().map(|gate| storeys_of(model, *gate, &is_enough)).collect();
        let holds = match rare {
            Rare::Outage(_) => Vec::new(),
            Rare::Loss(class) => holds(model, class),
        };
        let is_in = |clock: &ClockId| {
            let spec = &model.clocks[clock.index()];
            cone.units[spec.unit.index()] && !spec.is_planned
        };
        let takes = |clock: &ClockId| {
            let spec = &model.clocks[clock.index()];
            match rare {
                Rare::Outage(_) => true,
                Rare::Loss(_) => spec.takes_data && holds[spec.unit.index()],
            }
        };
        let in_cone: Vec<ClockId> =
            (0..model.clocks.len()).map(ClockId::new).filter(is_in).collect();
        let all_clocks: Vec<ClockId> = in_cone.iter().copied().filter(takes).collect();
        let is_known = |clock: &ClockId| is_known(model, *clock);
        let clocks: Vec<ClockId> = all_clocks.iter().copied().filter(is_known).collect();
        let first = State::new(model);
        let has_rosters = model.rosters_in(&cone).next().is_some();
        let colours = match rare {
            // Of copies all failures of a mode are alike.
            Rare::Loss(_) if !has_rosters => Vec::new(),
            _ => colours(model, &cone),
        };
        let unequal = unequal_seats(model, &cone, &first, &colours);
        let beside = Beside {
            clocks: match rare {
                Rare::Outage(_) => in_cone.clone(),
                Rare::Loss(_) => in_cone.iter().copied().filter(|clock| !takes(clock)).collect(),
            },
            spares: (0..model.spares.len())
                .map(SpareId::new)
                .filter(|spare| cone.has_crew(model.spares[spare.index()]))
                .collect(),
            seats: unequal.clone(),
        };
        let strikes = |shock: &ShockId| {
            let targets = &model.shocks[shock.index()].targets;
            targets.iter().any(|clock| in_cone.binary_search(clock).is_ok())
        };
        let all_shocks = (0..model.shocks.len()).map(ShockId::new).filter(strikes).collect();
        let is_even = |class: &DataId| {
            let deleted = model.holding(*class).deleted.as_ref();
            deleted.is_some_and(|law| matches!(law, Law::Exponential { .. }))
        };
        let lasts: Vec<f64> =
            (0..model.clocks.len()).map(|clock| lasts_of(model, ClockId::new(clock))).collect();
        let rebuild_s = rebuild_of(model, rare);
        let mut nearness = Nearness {
            model,
            rare,
            works: works(model, &cone),
            storeys,
            units: (0..model.units.len())
                .map(UnitId::new)
                .filter(|unit| cone.units[unit.index()])
                .collect(),
            lasting: lasting(model, rare, &clocks, &lasts) + rebuild_s,
            lasts,
            rebuild_s,
            gates,
            clocks,
            all_clocks,
            all_shocks,
            beside,
            rest: Rest::new(model, rare, &cone, (&first, in_cone)),
            ends_at_rest: false,
            kinds: match rare {
                Rare::Outage(_) => Kinds::of_roles(model, &cone, &colours),
                Rare::Loss(_) => Kinds::of_modes(model),
            },
            unequal: unequal.iter().map(|(seat, _)| *seat).collect(),
            cone: cone.clone(),
            deletion: match rare {
                Rare::Outage(_) => None,
                Rare::Loss(class) => Some(class).filter(is_even),
            },
            far: 0,
            is_enough,
            enough: None,
            is_apart: false,
            is_uneven: false,
            farthest: 0,
            first: Vec::new(),
            taken: vec![0; model.gates.len()],
            takes: vec![0; model.gates.len()],
            is_down: vec![false; model.units.len()],
            costs: Vec::new(),
            takes_data: vec![false; model.units.len()],
        };
        nearness.far = match rare {
            Rare::Outage(_) => nearness.distance(&first),
            Rare::Loss(class) => model.holding(class).tolerance + 1,
        };
        if let (Rare::Outage(_), 1) = (rare, nearness.far) {
            let units = (0..model.units.len()).map(UnitId::new);
            nearness.set_apart(units.filter(|unit| cone.units[unit.index()]).collect(), &first);
        }
        nearness.find_uneven(&first);
        nearness.farthest = match rare {
            Rare::Outage(journey) if nearness.is_uneven => {
                nearness.most_of(model.journeys[journey.index()]).max(nearness.far)
            }
            _ => nearness.far,
        };
        nearness
    }

    /// How many failures a gate takes from the beginning, if all those fail that take most.
    fn most_of(&self, journey: GateId) -> u32 {
        let mut most = vec![0_u32; self.model.gates.len()];
        for (gate, first) in self.gates.iter().zip(&self.first) {
            let spec = &self.model.gates[gate.index()];
            let of_input = |(input, first): (&Input, &u32)| match input {
                Input::Gate(gate) => most[gate.index()],
                Input::Mask(mask) => most[self.model.masks[mask.index()].gate.index()],
                Input::Unit(_) | Input::Seat(_) if *first < NEVER => *first,
                Input::Unit(_) | Input::Seat(_) => 0,
            };
            let mut costs: Vec<u32> = spec.inputs.iter().zip(first).map(of_input).collect();
            costs.sort_unstable_by(|one, other| other.cmp(one));
            let fails = (spec.inputs.len() + 1).saturating_sub(spec.needed as usize);
            most[gate.index()] = costs.iter().take(fails).sum();
        }
        most[journey.index()]
    }

    /// Finds out whether all inputs of each gate that needs not all of them to fail take as many failures, and none fail
    /// together by fewer.
    fn find_uneven(&mut self, state: &State) {
        self.distance(state);
        let first: Vec<Vec<u32>> =
            (0..self.gates.len()).map(|place| self.costs_of(state, place).collect()).collect();
        self.is_uneven = self.gates.iter().zip(&first).zip(&self.storeys).any(|(of, storeys)| {
            let (gate, costs) = of;
            let needed = self.model.gates[gate.index()].needed as usize;
            let mut known = costs.iter().filter(|cost| (1..NEVER).contains(*cost));
            let one = known.next();
            let is_mixed = needed > 1 && known.any(|other| Some(other) != one);
            let up = costs.iter().filter(|cost| **cost > 0).count();
            let fails = (up + 1).saturating_sub(needed);
            let by_fewer = |groups: &Vec<u32>| together(groups, costs, fails) < fails as u32;
            is_mixed || storeys.iter().any(by_fewer)
        });
        self.first = first;
    }

    /// Of these units, sets apart each whose failure alone is enough: by them nothing comes near, it happens, and what
    /// several others take is as far as if they never failed.
    fn set_apart(&mut self, units: Vec<UnitId>, state: &State) {
        if units.len() > MOST_ALONE {
            return;
        }
        let at_first: Vec<bool> =
            (0..self.model.units.len()).map(|unit| !state.is_up(UnitId::new(unit))).collect();
        for unit in units {
            self.is_down.copy_from_slice(&at_first);
            self.takes_down(unit);
            if self.distance_of_these(state) == 0 {
                self.is_enough[unit.index()] = true;
                self.enough = self.enough.or(Some(unit));
            }
        }
        let is_enough = &self.is_enough;
        let storeys = self.gates.iter().map(|gate| storeys_of(self.model, *gate, is_enough));
        self.storeys = storeys.collect();
        self.far = match self.distance(state) {
            NEVER.. => 1,
            others => others,
        };
        // Somebody takes over from a unit that is enough: as far as gates tell one failure still is.
        self.is_apart = self.far > 1 || self.distance(state) >= NEVER;
    }

    /// Whether a failure of what this strikes is enough.
    pub(super) fn is_enough(&self, source: Source) -> bool {
        let Source::Clock(clock) = source else { return false };
        self.is_enough[self.model.clocks[clock.index()].unit.index()]
    }

    /// Whether a single failure may bring it nearer by more than one: whatever is near only from a later level on may come
    /// there from before that level.
    pub(super) fn leaps(&mut self) -> bool {
        if matches!(self.rare, Rare::Loss(_)) || self.clocks.len() > MOST_TRIED {
            return false;
        }
        let state = State::new(self.model);
        self.distance(&state);
        let at_first = self.is_down.clone();
        (0..self.clocks.len()).any(|index| {
            let unit = self.model.clocks[self.clocks[index].index()].unit;
            self.is_down.copy_from_slice(&at_first);
            self.takes_down(unit);
            !self.is_enough[unit.index()] && self.distance_of_these(&state) + 1 < self.far
        })
    }

    /// All that strikes of itself, and whose hazard is known.
    pub(super) fn sources(&self) -> Vec<Source> {
        let shocks = self.memoryless_shocks().map(Source::Shock);
        let clocks = self.clocks.iter().copied().chain(self.only_beside()).map(Source::Clock);
        clocks.chain(shocks).chain(self.deletion.map(Source::Deletion)).collect()
    }

    /// What takes nothing of what is needed, and whose hazard is known.
    fn only_beside(&self) -> impl Iterator<Item = ClockId> + '_ {
        let clocks = self.beside.clocks.iter().copied();
        let takes = |clock: &ClockId| self.clocks.binary_search(clock).is_ok();
        clocks.filter(move |clock| !takes(clock) && is_known(self.model, *clock))
    }

    fn memoryless_shocks(&self) -> impl Iterator<Item = ShockId> + '_ {
        self.all_shocks.iter().copied().filter(|shock| {
            let to_failure = &self.model.shocks[shock.index()].to_failure;
            matches!(to_failure, TimeToFailure::Memoryless { .. })
        })
    }

    /// How many failures nearer than at the beginning; at least one nearer while something beside it is under way.
    pub(super) fn level(&mut self, state: &State) -> u32 {
        let level = match self.rare {
            Rare::Outage(_) => {
                let distance = self.distance(state);
                let nearer = self.far - distance.min(self.far);
                // In another way it may be nearer, and has yet to come as far as it takes.
                let most = if distance > 0 { self.far.saturating_sub(1) } else { self.far };
                nearer.max(self.taken().min(most))
            }
            Rare::Loss(class) => state.data.most_lost_of(&self.model.data, class),
        };
        if level > 0 { level } else { u32::from(self.beside.is_under_way(self.model, state)) }
    }

    /// Whether what has been near stays so although it is as far as at the beginning.
    pub(super) fn stays_near(&self, state: &State) -> bool {
        self.ends_at_rest && !self.rest.is_at(state)
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
            let mut costs = std::mem::take(&mut self.costs);
            costs.clear();
            costs.extend(self.costs_of(state, place));
            self.costs = costs;
            if self.is_uneven {
                self.taken[gate.index()] = self.taken_of(place);
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
                self.costs[..fails].iter().sum::<u32>().min(together).min(NEVER)
            };
        }
        self.takes[self.model.journeys[journey.index()].index()]
    }

    /// How many failures it takes for each input of a gate, of which those before it are known.
    fn costs_of<'a>(
        &'a self,
        state: &'a State,
        place: usize,
    ) -> impl Iterator<Item = u32> + use<'a, 'm> {
        self.model.gates[self.gates[place].index()].inputs.iter().map(move |input| match input {
            Input::Unit(unit) if self.is_down[unit.index()] => 0,
            Input::Unit(unit) if self.is_enough[unit.index()] => NEVER,
            Input::Unit(_) => 1,
            Input::Gate(gate) => self.takes[gate.index()],
            Input::Seat(seat) => self.seat_takes(state, *seat),
            Input::Mask(mask) => self.takes[self.model.masks[mask.index()].gate.index()],
        })
    }

    /// How many failures have been taken of those that a gate takes, in the way in which most have.
    fn taken_of(&self, place: usize) -> u32 {
        let spec = &self.model.gates[self.gates[place].index()];
        let of_input = |(input, (first, cost)): (&Input, (&u32, &u32))| match input {
            Input::Gate(gate) => self.taken[gate.index()],
            Input::Mask(mask) => self.taken[self.model.masks[mask.index()].gate.index()],
            Input::Unit(_) | Input::Seat(_) if *first < NEVER => first.saturating_sub(*cost),
            Input::Unit(_) | Input::Seat(_) => 0,
        };
        let costs = self.first[place].iter().zip(&self.costs);
        let mut taken: Vec<u32> = spec.inputs.iter().zip(costs).map(of_input).collect();
        taken.sort_unstable_by(|one, other| other.cmp(one));
        let fails = (spec.inputs.len() + 1).saturating_sub(spec.needed as usize);
        taken.iter().take(fails).sum()
    }

    /// How many failures have been taken in the way in which most have; none where all ways are alike.
    fn taken(&self) -> u32 {
        match self.rare {
            Rare::Outage(journey) => self.taken[self.model.journeys[journey.index()].index()],
            Rare::Loss(_) => 0,
        }
    }

    /// Whether a failure brings nothing nearer by itself while nothing else has failed: it may still make others last.
    pub(super) fn is_silent(&mut self, source: Source) -> bool {
        let (Rare::Outage(_), Source::Clock(clock)) = (self.rare, source) else { return false };
        let state = State::new(self.model);
        let now = (self.distance(&state), self.taken());
        let before = self.is_down.clone();
        !self.is_enough(source) && !self.is_nearer_without(&state, &[clock], &before, now)
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

    /// How long failures of a clock last in the mean, seconds.
    pub(super) fn lasts(&self, clock: ClockId) -> f64 {
        self.lasts[clock.index()]
    }

    /// How long what has failed lasts in the mean, seconds: of several that which is over soonest, because another one
    /// has to fail while it is not.
    pub(super) fn lasting(&self, state: &State) -> f64 {
        let lasts = |root: Root| self.lasts.get(root.clock.index()).copied().unwrap_or(0.0);
        let is_up = |unit: UnitId| state.is_up(unit);
        let soonest = match self.rare {
            Rare::Outage(_) => {
                let down = self.units.iter().filter(|unit| !is_up(**unit));
                down.map(|unit| lasts(state.what_took_down(*unit))).fold(f64::INFINITY, f64::min)
            }
            Rare::Loss(class) => {
                let mut soonest = f64::INFINITY;
                state.data.each_lost_of(&self.model.data, class, |copy, root| {
                    let is_away = !is_up(self.model.data.units[copy.index()]);
                    let repair = if is_away { lasts(root) } else { 0.0 };
                    soonest = soonest.min(repair + self.rebuild_s);
                });
                soonest
            }
        };
        if soonest > 0.0 && soonest.is_finite() {
            return soonest;
        }
        let beside = self.beside.clocks.iter().filter(|clock| state.is_active(**clock));
        let longest = beside.map(|clock| self.lasts[clock.index()]).fold(0.0, f64::max);
        if longest > 0.0 {
            return longest;
        }
        self.serves_for(state).unwrap_or(self.lasting)
    }

    /// How long somebody serves in the mean who does not as a rule, seconds: until what it stands on fails next.
    fn serves_for(&self, state: &State) -> Option<f64> {
        let another = |(seat, first): &(SeatId, UnitId)| match state.seats[seat.index()] {
            SeatState::Serving(unit) if unit != *first => Some(unit),
            _ => None,
        };
        let besides = self.beside.seats.iter().filter_map(another);
        let server = besides.chain(self.rest.unusual(state)).next()?;
        let below = self.model.with_hosts(server);
        let clocks = below.iter().flat_map(|unit| self.model.unit_clocks.of(unit.index()));
        let means = clocks.filter_map(|at| self.model.clocks[at.index()].to_failure.mean());
        let rate: f64 = means.map(f64::recip).sum();
        (rate > 0.0).then(|| rate.recip())
    }

    /// What would bring it nearer than it is, if it struck; and what else might matter.
    pub(super) fn raising(
        &mut self,
        state: &State,
        raising: &mut Vec<Source>,
        beside: &mut Vec<Source>,
    ) {
        self.nearer(state, raising);
        beside.clear();
        let may_strike =
            self.beside.clocks.iter().filter(|clock| {
                is_known(self.model, **clock) && state.can_strike(self.model, **clock)
            });
        beside.extend(may_strike.copied().map(Source::Clock));
        if self.clocks.len() <= MOST_TRIED {
            beside.retain(|source| !raising.contains(source));
        } else {
            beside.clear();
        }
    }

    fn nearer(&mut self, state: &State, raising: &mut Vec<Source>) {
        raising.clear();
        raising.extend(self.deletion.map(Source::Deletion));
        let model = self.model;
        let shocks: Vec<ShockId> = self.memoryless_shocks().collect();
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
                let would_take = |clock: &ClockId| {
                    takes[model.clocks[clock.index()].unit.index()]
                        && state.can_strike(model, *clock)
                };
                let clocks = self.clocks.iter().copied().filter(would_take);
                raising.extend(clocks.map(Source::Clock));
                let would_strike =
                    |shock: &ShockId| model.shocks[shock.index()].targets.iter().any(would_take);
                raising.extend(shocks.into_iter().filter(would_strike).map(Source::Shock));
            }
            Rare::Outage(_) => {
                let now = (self.distance(state), self.taken());
                let before = self.is_down.clone();
                let tried = self.clocks.len() <= MOST_TRIED;
                for index in 0..self.clocks.len() {
                    let clock = self.clocks[index];
                    if state.can_strike(model, clock)
                        && (!tried || self.is_nearer_without(state, &[clock], &before, now))
                    {
                        raising.push(Source::Clock(clock));
                    }
                }
                for shock in shocks {
                    let targets = &model.shocks[shock.index()].targets;
                    if self.is_nearer_without(state, targets, &before, now) {
                        raising.push(Source::Shock(shock));
                    }
                }
            }
        }
    }

    /// Whether it is nearer than it is now if these strike that can, while those are down that are.
    fn is_nearer_without(
        &mut self,
        state: &State,
        clocks: &[ClockId],
        is_down: &[bool],
        (distance, taken): (u32, u32),
    ) -> bool {
        self.is_down.copy_from_slice(is_down);
        for clock in clocks.iter().filter(|clock| state.can_strike(self.model, **clock)) {
            self.takes_down(self.model.clocks[clock.index()].unit);
        }
        self.distance_of_these(state) < distance || self.taken() > taken
    }

    fn takes_down(&mut self, unit: UnitId) {
        if !std::mem::replace(&mut self.is_down[unit.index()], true) {
            for &guest in self.model.guests.of(unit.index()) {
                self.takes_down(guest);
            }
        }
    }
}

/// Whether the hazard of a clock is known at every age.
pub(super) fn is_known(model: &Model, clock: ClockId) -> bool {
    match &model.clocks[clock.index()].to_failure {
        TimeToFailure::Memoryless { .. } => true,
        TimeToFailure::Aging(law) => match **law {
            // It grows so fast towards the beginning that what is drawn evenly over a life has no variance.
            Law::Weibull { shape, .. } | Law::Gamma { shape, .. } if shape < 0.5 => false,
            _ => law.hazard(0.0).is_some(),
        },
        TimeToFailure::SetOff => false,
    }
}

/// Seats of which some members fail in other ways than who serves at first, or stand where other things do.
fn unequal_seats(
    model: &Model,
    cone: &Cone,
    first: &State,
    colours: &[u64],
) -> Vec<(SeatId, UnitId)> {
    let mut unequal = Vec::new();
    for roster in model.rosters_in(cone) {
        let mut all = roster.members.iter().map(|unit| colours[unit.index()]);
        let one = all.next();
        if all.all(|other| Some(other) == one) {
            continue;
        }
        for seat in roster.seats() {
            if let SeatState::Serving(unit) = first.seats[seat.index()] {
                unequal.push((seat, unit));
            }
        }
    }
    unequal
}

/// Planned work by its failure modes: that on something that matters.
fn works(model: &Model, cone: &Cone) -> Vec<Vec<ClockId>> {
    let mut works: Vec<Vec<ClockId>> = Vec::new();
    let mode = |clock: &ClockId| model.clocks[clock.index()].mode;
    for clock in (0..model.clocks.len()).map(ClockId::new) {
        let spec = &model.clocks[clock.index()];
        if !spec.is_planned || !cone.units[spec.unit.index()] {
            continue;
        }
        let is_full = works.len() == MOST_WORKS;
        match works.iter_mut().rev().find(|alike| is_full || mode(&alike[0]) == spec.mode) {
            Some(alike) => alike.push(clock),
            None => works.push(vec![clock]),
        }
    }
    works
}

/// By unit whether it holds copies of a class, or whoever does is on it.
fn holds(model: &Model, class: DataId) -> Vec<bool> {
    let mut holds = vec![false; model.units.len()];
    let holding = model.holding(class);
    let holders = (0..holding.count).map(|copy| model.data.units[holding.copy(copy).index()]);
    let mut left: Vec<UnitId> = holders.collect();
    while let Some(unit) = left.pop() {
        if !std::mem::replace(&mut holds[unit.index()], true) {
            left.extend(model.hosts.of(unit.index()));
        }
    }
    holds
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

/// By storey below the inputs of a gate that are units: with which others each goes down, unless what they stand on is
/// enough alone.
fn storeys_of(model: &Model, gate: GateId, is_enough: &[bool]) -> Vec<Vec<u32>> {
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
        // What cannot fail takes nothing down.
        if places.iter().all(|unit| model.unit_clocks.of(unit.index()).is_empty()) {
            continue;
        }
        let number = |(index, unit): (usize, &UnitId)| match is_enough[unit.index()] {
            true => places.len() + index,
            false => places.binary_search(unit).unwrap_or(0),
        };
        let numbers = at.iter().flatten().enumerate().map(number);
        storeys.push(numbers.map(|number| number as u32).collect());
    }
    storeys
}

/// How long failures of a clock last in the mean, seconds.
fn lasts_of(model: &Model, clock: ClockId) -> f64 {
    let spec = &model.clocks[clock.index()];
    let start = model.units[spec.unit.index()].start.map_or(0.0, |task| model.mean_of(task));
    match spec.repair {
        Repair::After(task) => model.mean_of(task) + start,
        Repair::Restart => start,
        // What is never repaired leaves all the time that there is.
        Repair::Never => spec.to_failure.mean().unwrap_or(0.0),
    }
}

/// How long failures last that bring it nearer: the mean of repairs, each as often as it is under way.
fn lasting(model: &Model, rare: Rare, clocks: &[ClockId], lasts: &[f64]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for clock in clocks {
        let repair = lasts[clock.index()];
        let rate = model.clocks[clock.index()].to_failure.mean().map_or(0.0, |mean| 1.0 / mean);
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
    if weight > 0.0 { sum / weight } else { 0.0 }
}

/// How long a rebuild of a copy takes in the mean, where copies are sought, seconds.
fn rebuild_of(model: &Model, rare: Rare) -> f64 {
    let Rare::Loss(class) = rare else { return 0.0 };
    model.holding(class).rebuild.as_ref().map_or(0.0, |rebuild| {
        let detect = rebuild.detect.as_ref().map_or(0.0, |law| law.mean());
        detect
            + match &rebuild.speed {
                Speed::Law(law) => law.mean(),
                Speed::Bandwidth { bytes, each, shared, source, per_level } => {
                    let all = each.iter().chain(shared).chain(source).copied();
                    let all = all.chain(per_level.iter().map(|(_, bandwidth)| *bandwidth));
                    bytes / all.fold(f64::INFINITY, f64::min)
                }
            }
    })
}
