//! From a checked topology to a model.

use std::collections::BTreeMap;

use super::structure::clock_name;
use super::{
    Burst, Clock, ClockId, Crew, CrewId, GateId, Input, JourneyId, Load, Mask, Model, ModelBuilder,
    Plan, Repair, Roster, RosterId, Shock, Stage, Task, TimeToFailure, UnitId, Watch,
};
use crate::dist::Law;
use crate::rng::hash_text;
use crate::spec::{self, Common, DataClass, Discipline, Expression, Topology};
use crate::units::SimSpan;

/// Compiles a topology.
///
/// Units keep their indices; the clocks of a unit come in the order of its failure modes, unit after
/// unit, and what is planned after all of them. Journeys keep their indices too; after them come, in
/// the same order, those that can be degraded once more, as the journey in which all is whole; and then
/// what the ways of data need (see [`observed_ways`]).
///
/// # Examples
///
/// ```
/// let topology = ninefold::spec::Topology::from_str("pair", "
/// topology: pair
/// failures: {crash: {every: 30d, repair: 5m}}
/// services: {web: {replicas: 2, serves: any, fails: [crash]}}
/// journeys: {browse: {needs: web}}
/// ")?;
/// let model = ninefold::model::compile(&topology);
/// assert_eq!((model.unit_count(), model.clock_count(), model.journey_count()), (2, 2, 1));
/// # Ok::<(), ninefold::spec::SpecError>(())
/// ```
pub fn compile(topology: &Topology) -> Model {
    let none = || topology.services.iter().map(|s| vec![None; s.operations.len()]).collect();
    let mut compiler = Compiler {
        topology,
        builder: ModelBuilder::new(),
        operations: [none(), none()],
        rosters: Vec::new(),
        clocks: vec![Vec::new(); topology.units.len()],
        demands: vec![Vec::new(); topology.services.len()],
        limits: vec![None; topology.services.len()],
    };
    compiler.crews();
    compiler.units();
    compiler.common_causes();
    compiler.bursts();
    compiler.rosters();
    let journeys: Vec<Input> =
        topology.journeys.iter().map(|j| compiler.input(&j.needs, Degree::Serving)).collect();
    let gates: Vec<GateId> = journeys.into_iter().map(|input| compiler.gate_of(input)).collect();
    for &gate in &gates {
        compiler.builder.journey(gate);
    }
    for (index, (journey, serving)) in topology.journeys.iter().zip(gates).enumerate() {
        if can_be_degraded(topology, journey) {
            let mut parts = vec![compiler.input(&journey.needs, Degree::Whole)];
            parts.extend(journey.whole.as_ref().map(|whole| compiler.input(whole, Degree::Whole)));
            // Service that is down is not whole, whatever a mask hides of its parts.
            parts.push(Input::Gate(serving));
            let gate = compiler.builder.gate(parts.len(), parts);
            compiler.builder.whole(JourneyId::new(index), gate);
        }
    }
    for way in topology.data.iter().flat_map(ways) {
        let gate = compiler.gate(way);
        compiler.builder.journey(gate);
    }
    compiler.services();
    compiler.plans();
    compiler.platform();
    compiler.data();
    compiler.builder.finish()
}

/// The names of the branches of a mode's repair, in order; nothing if they have none.
pub fn branch_names(mode: &spec::FailureMode) -> Vec<Option<&str>> {
    let spec::Repair::After(stages) = &mode.repair else { return Vec::new() };
    let mixture = stages.iter().find_map(|stage| match &stage.law {
        Law::Mixture(branches) => Some(branches),
        _ => None,
    });
    let names: Vec<Option<&str>> =
        mixture.into_iter().flatten().map(|branch| branch.name.as_deref()).collect();
    if names.iter().any(Option::is_some) { names } else { Vec::new() }
}

/// For each journey that can be degraded, in order: its index.
pub fn degradable_journeys(topology: &Topology) -> Vec<usize> {
    let can_be = |index: &usize| can_be_degraded(topology, &topology.journeys[*index]);
    (0..topology.journeys.len()).filter(can_be).collect()
}

/// Where in a life it is seen whether what the way of a data class needs is up: as a journey with
/// this number, if it needs anything there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedWay {
    /// Whether data are recorded.
    pub source: Option<usize>,
    /// Whether they are accepted.
    pub sink: Option<usize>,
    /// Whether they can be offloaded.
    pub offload: Option<usize>,
    /// Whether they can be backed up.
    pub backup: Option<usize>,
}

/// What the way of a data class needs, in the order of [`ObservedWay`].
fn needs_of_way(class: &DataClass) -> [Option<&Expression>; 4] {
    let pipeline = class.pipeline.as_ref();
    fn of_cycle(cycle: &Option<spec::Cycle>) -> Option<&Expression> {
        cycle.as_ref()?.needs.as_ref()
    }
    [
        pipeline.map(|pipeline| &pipeline.source),
        pipeline.and_then(|pipeline| pipeline.sink.as_ref()),
        of_cycle(&class.offload),
        of_cycle(&class.backup),
    ]
}

fn ways(class: &DataClass) -> impl Iterator<Item = &Expression> {
    needs_of_way(class).into_iter().flatten()
}

/// For each data class, in order, where its way is observed: after all journeys and those that can be
/// degraded.
pub fn observed_ways(topology: &Topology) -> Vec<ObservedWay> {
    let mut next = topology.journeys.len() + degradable_journeys(topology).len();
    let mut number = |need: Option<&Expression>| {
        need.map(|_| {
            next += 1;
            next - 1
        })
    };
    let way = |class| {
        let [source, sink, offload, backup] = needs_of_way(class).map(&mut number);
        ObservedWay { source, sink, offload, backup }
    };
    topology.data.iter().map(way).collect()
}

/// Whether service can be up and yet not whole.
fn can_be_degraded(topology: &Topology, journey: &spec::Journey) -> bool {
    let mut seen = vec![false; topology.services.len()];
    journey.whole.is_some() || depends_on_partial(topology, &journey.needs, &mut seen)
}

fn depends_on_partial(topology: &Topology, needed: &Expression, seen: &mut [bool]) -> bool {
    match needed {
        Expression::Unit(_) => false,
        Expression::AtLeast(_, parts) => {
            parts.iter().any(|part| depends_on_partial(topology, part, seen))
        }
        Expression::Masked(part, _) => depends_on_partial(topology, part, seen),
        Expression::Operation(service, _) => {
            if std::mem::replace(&mut seen[*service], true) {
                return false;
            }
            let service = &topology.services[*service];
            service.is_sharded
                || service.demand.is_some()
                || service.needs.soft.is_some()
                || service.needs.hard.iter().any(|need| depends_on_partial(topology, need, seen))
        }
    }
}

/// Whether something serves at all, or serves as it should.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Degree {
    Serving = 0,
    Whole = 1,
}

pub(super) struct Compiler<'a> {
    pub(super) topology: &'a Topology,
    pub(super) builder: ModelBuilder,
    /// What decides each operation, by degree, once it is there.
    operations: [Vec<Vec<Option<Input>>>; 2],
    rosters: Vec<Option<RosterId>>,
    /// The clocks of each unit, in the order of its failure modes.
    clocks: Vec<Vec<ClockId>>,
    /// By service, the demands of it that a script changes.
    pub(super) demands: Vec<Vec<usize>>,
    /// By service, the demand that is met while its replicas use no more memory than they may.
    pub(super) limits: Vec<Option<usize>>,
}

impl Compiler<'_> {
    fn crews(&mut self) {
        let kinds = self.kinds();
        for (index, crew) in self.topology.crews.iter().enumerate() {
            let names = match crew.picks {
                Discipline::RandomKind => {
                    let kinds = kinds.iter().filter(|((of, ..), _)| *of == index);
                    let mut kinds: Vec<_> = kinds.map(|(key, place)| (*place, *key)).collect();
                    kinds.sort_unstable();
                    let name = |(_, group, mode): (usize, usize, usize)| {
                        let (group, mode) =
                            (&self.topology.groups[group], &self.topology.modes[mode]);
                        hash_text(&format!("{}/{group}/{}", crew.name, mode.name))
                    };
                    kinds.into_iter().map(|(_, key)| name(key)).collect()
                }
                _ => Vec::new(),
            };
            let kinds = if names.is_empty() { vec![hash_text(&crew.name)] } else { names };
            self.builder.crew(Crew {
                size: crew.size,
                response: crew.response.clone(),
                off_hours: crew.off_hours.clone(),
                hours: crew.hours.clone(),
                works_in_hours: crew.works_in_hours,
                picks: crew.picks,
                reorder: crew.reorder.clone(),
                escalates: crew.escalates.as_ref().map(|(law, to)| (law.clone(), CrewId::new(*to))),
                spares: 0..0,
                kinds,
                queues: 0..0,
            });
        }
    }

    /// The lines of crews for whose attention kinds of jobs race: a line for each failure mode of
    /// each domain or service, numbered for each crew in the order of units.
    fn kinds(&self) -> BTreeMap<(usize, usize, usize), u32> {
        let mut kinds = BTreeMap::new();
        let mut counts = vec![0; self.topology.crews.len()];
        for unit in &self.topology.units {
            for &mode in &unit.modes {
                let spec::Repair::After(stages) = &self.topology.modes[mode].repair else {
                    continue;
                };
                for crew in stages.iter().filter_map(|stage| stage.crew) {
                    kinds.entry((crew, unit.group, mode)).or_insert_with(|| {
                        counts[crew] += 1;
                        counts[crew] - 1
                    });
                }
            }
        }
        kinds
    }

    fn task(&mut self, stages: &[spec::Stage]) -> Option<Task> {
        let stage = |stage: &spec::Stage| Stage {
            law: stage.law.clone(),
            crew: stage.crew.map(CrewId::new),
            people: stage.people,
        };
        (!stages.is_empty()).then(|| self.builder.task(stages.iter().map(stage)))
    }

    pub(super) fn repair(&mut self, repair: &spec::Repair) -> Repair {
        match repair {
            spec::Repair::After(stages) => match self.task(stages) {
                Some(task) => Repair::After(task),
                None => Repair::Never,
            },
            spec::Repair::Restart => Repair::Restart,
            spec::Repair::Never => Repair::Never,
        }
    }

    fn units(&mut self) {
        let kinds = self.kinds();
        // The same stages serve all units of a kind.
        let mut repairs = BTreeMap::new();
        let mut starts: Option<(usize, Option<Task>)> = None;
        let mut backs_off = vec![false; self.topology.units.len()];
        for workload in self.topology.platform.iter().flat_map(|platform| &platform.workloads) {
            let replicas = self.topology.services[workload.service].replicas.clone();
            backs_off[replicas].fill(true);
        }
        for (index, unit) in self.topology.units.iter().enumerate() {
            let name = hash_text(&unit.path);
            let is_replica = unit.level.is_none();
            let hosts = unit.hosts.iter().map(|&host| UnitId::new(host)).collect();
            let start = match starts {
                Some((group, start)) if group == unit.group => start,
                _ => self.task(&unit.start),
            };
            // What waits before it starts has a start.
            let start = match start {
                None if backs_off[index] => {
                    let law = Law::Fixed { value: 0.0 };
                    self.task(&[spec::Stage { law, crew: None, people: 1 }])
                }
                start => start,
            };
            starts = Some((unit.group, start));
            let id = self.builder.unit(name, start, is_replica, hosts);
            if backs_off[index] {
                self.builder.backs_off(id);
            }
            for &mode in &unit.modes {
                let spec = &self.topology.modes[mode];
                let repair = match repairs.get(&mode) {
                    Some(repair) => Repair::clone(repair),
                    None => {
                        let repair = self.repair(&spec.repair);
                        repairs.insert(mode, repair.clone());
                        repair
                    }
                };
                let kind = match &spec.repair {
                    spec::Repair::After(stages) => stages
                        .iter()
                        .find_map(|stage| kinds.get(&(stage.crew?, unit.group, mode)))
                        .copied(),
                    _ => None,
                };
                let every = spec.every.as_ref();
                let to_failure = match (spec.common, every) {
                    (None, Some(law)) if spec.preventive.is_some() => {
                        TimeToFailure::Aging(Box::new(law.clone()))
                    }
                    (None, Some(law)) => TimeToFailure::of(law),
                    (Some(Common::Beta(beta)), Some(Law::Exponential { mean })) => {
                        TimeToFailure::Memoryless { mean: mean / (1.0 - beta) }
                    }
                    _ => TimeToFailure::SetOff,
                };
                let mut clock = Clock { to_failure, repair, ..self.clock(id, mode) };
                if let Some(kind @ 1..) = kind {
                    clock.extras_mut().kind = kind;
                }
                let clock = self.builder.clock(clock);
                self.clocks[index].push(clock);
                if let Some(preventive) = &spec.preventive {
                    let age = preventive.age.clone();
                    let repair = self.repair(&self.topology.modes[preventive.mode].repair);
                    let to_failure = TimeToFailure::Aging(Box::new(age));
                    let planned = self.clock(id, preventive.mode);
                    let planned = Clock { to_failure, repair, always: false, ..planned };
                    let planned = self.builder.clock(planned);
                    self.builder.renew_together(clock, planned);
                }
            }
        }
    }

    /// A clock of a mode on a unit, which nothing sets off yet and which is never repaired.
    pub(super) fn clock(&self, unit: UnitId, mode: usize) -> Clock {
        let spec = &self.topology.modes[mode];
        let mut clock = Clock {
            unit,
            mode: mode as u32,
            name: clock_name(hash_text(&self.topology.units[unit.index()].path), &spec.name),
            to_failure: TimeToFailure::SetOff,
            repair: Repair::Never,
            always: spec.always,
            is_grey: spec.is_grey,
            is_planned: spec.is_planned,
            has_branches: !branch_names(spec).is_empty(),
            wipes: spec.wipes > 0.0,
            cuts_power: spec.cuts_power,
            takes_data: false,
            extras: None,
        };
        if spec.priority != clock.extras().priority {
            clock.extras_mut().priority = spec.priority;
        }
        if clock.wipes && spec.wipes < 1.0 {
            clock.extras_mut().wiping = spec.wipes;
        }
        clock
    }

    /// The clocks of each group by mode, where the mode is of interest.
    fn by_group_and_mode(
        &self,
        of_interest: impl Fn(&spec::FailureMode) -> bool,
    ) -> BTreeMap<(usize, usize), Vec<(UnitId, ClockId)>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (index, unit) in self.topology.units.iter().enumerate() {
            for (&mode, &clock) in unit.modes.iter().zip(&self.clocks[index]) {
                if of_interest(&self.topology.modes[mode]) {
                    found.entry((unit.group, mode)).or_default().push((UnitId::new(index), clock));
                }
            }
        }
        found
    }

    fn common_causes(&mut self) {
        for ((group, mode), targets) in self.by_group_and_mode(|mode| mode.common.is_some()) {
            let spec = &self.topology.modes[mode];
            let (Some(common), Some(every)) = (spec.common, &spec.every) else { continue };
            let (probability, each, to_failure) = match (common, every) {
                (Common::Shock(each), law) => (1.0, each, TimeToFailure::of(law)),
                (Common::Change(bad), law) => (bad, 1.0, TimeToFailure::of(law)),
                (Common::Beta(beta), law) => {
                    let mean = law.mean() / beta;
                    (1.0, 1.0, TimeToFailure::Memoryless { mean })
                }
            };
            self.builder.shock(Shock {
                name: hash_text(&format!("{}/{}", self.topology.groups[group], spec.name)),
                to_failure,
                probability,
                each,
                targets: targets.into_iter().map(|(_, clock)| clock).collect(),
            });
        }
    }

    fn bursts(&mut self) {
        for ((_, mode), clocks) in self.by_group_and_mode(|mode| mode.burst.is_some()) {
            let Some(burst) = self.topology.modes[mode].burst else { continue };
            // Those that stand on the same place.
            let mut places: BTreeMap<_, Vec<ClockId>> = BTreeMap::new();
            let place = |unit: UnitId| self.topology.units[unit.index()].hosts.first().copied();
            for &(unit, clock) in &clocks {
                places.entry(place(unit)).or_default().push(clock);
            }
            for &(unit, clock) in &clocks {
                let among = places[&place(unit)].clone();
                let spec::Burst { probability, within, peers } = burst;
                self.builder.burst(clock, Burst { probability, within, peers, among });
            }
        }
    }

    fn rosters(&mut self) {
        let topology = self.topology;
        for service in &topology.services {
            let roster = service.roster.as_ref().map(|roster| {
                let members: Vec<UnitId> =
                    roster.members.iter().copied().map(UnitId::new).collect();
                for (member, dormancy) in members.iter().zip(&roster.dormancy) {
                    if *dormancy != 1.0 {
                        self.builder.dormancy(*member, *dormancy);
                    }
                }
                let spec = Roster {
                    name: hash_text(&service.name),
                    members,
                    failover: roster.failover.clone(),
                    coverage: roster.coverage.clone(),
                    switches_with: None,
                    failover_after_total_loss: roster.failover_after_total_loss,
                    failback: roster.failback.clone(),
                    seats: 0..0,
                };
                self.builder.roster(spec, roster.active)
            });
            self.rosters.push(roster);
        }
    }

    /// What follows gates: needs of services, what failovers need, loads, suspension.
    fn services(&mut self) {
        let topology = self.topology;
        for (index, service) in topology.services.iter().enumerate() {
            let units: Vec<UnitId> = service.replicas.clone().map(UnitId::new).collect();
            if let Some(need) = &service.needs.crashes_with {
                let gate = self.gate(need);
                self.builder.watch(gate, Watch::Crash(units.clone()));
            }
            if let Some(need) = &service.needs.start {
                let gate = self.gate(need);
                for &unit in &units {
                    self.builder.starts_with(unit, gate);
                }
                self.builder.watch(gate, Watch::Start(units.clone()));
            }
            let roster = service.roster.as_ref();
            if let (Some(need), Some(id)) =
                (roster.and_then(|roster| roster.switch_needs.as_ref()), self.rosters[index])
            {
                let gate = self.gate(need);
                self.builder.switches_with(id, gate);
            }
            if service.is_suspended_while_down {
                let operation = self.operation(index, 0, Degree::Serving);
                let gate = self.gate_of(operation);
                self.builder.watch(gate, Watch::Suspend(units.clone()));
            }
            if let Some(spec::Demand { crashes: Some((mode, within)), .. }) = service.demand {
                self.overloads(index, mode, within);
            }
            self.limits_memory(index);
            if !service.load.is_empty() {
                self.builder.load(Load { members: units, factors: service.load.clone() });
            }
        }
    }

    /// Whether enough replicas are up to carry a demand.
    fn carried(&mut self, service: usize, demand: spec::Demand) -> Input {
        let replicas = self.topology.services[service].replicas.clone();
        let inputs = replicas.map(|unit| Input::Unit(UnitId::new(unit))).collect();
        let changes = |act: &spec::Act| match act.action {
            spec::Action::Load { service: loaded, .. } => loaded == service,
            _ => false,
        };
        if !self.topology.script.iter().any(changes) {
            return self.at_least(demand.needed, inputs);
        }
        // A gate of its own, whatever it takes at first.
        let gate = self.builder.gate(demand.needed, inputs);
        let demand = self.builder.demand(gate);
        self.demands[service].push(demand);
        Input::Gate(gate)
    }

    /// Replicas that are overloaded crash.
    fn overloads(&mut self, service: usize, mode: usize, within: SimSpan) {
        let topology = self.topology;
        let Some(demand) = topology.services[service].demand else { return };
        let carried = self.carried(service, demand);
        let gate = self.gate_of(carried);
        let mut clocks = Vec::new();
        for unit in topology.services[service].replicas.clone() {
            let clock = self.clock(UnitId::new(unit), mode);
            clocks.push(self.builder.clock(Clock { repair: Repair::Restart, ..clock }));
        }
        self.builder.overload(gate, clocks, within);
    }

    /// Replicas whose script lets them use more memory than they may are killed as soon as they are up.
    fn limits_memory(&mut self, service: usize) {
        let topology = self.topology;
        let uses = topology.platform.iter().flat_map(|platform| &platform.workloads);
        let of_it = uses.filter(|workload| workload.service == service);
        let Some(memory) = of_it.filter_map(|workload| workload.memory).next() else { return };
        let is_killing = |act: &&spec::Act| match act.action {
            spec::Action::Use { service: of, memory: uses } => of == service && uses > memory.limit,
            _ => false,
        };
        let Some(act) = topology.script.iter().find(is_killing) else { return };
        // It needs nothing as long as they use no more, and then what there is not.
        let gate = self.builder.gate(0, Vec::new());
        self.limits[service] = Some(self.builder.demand(gate));
        let mut clocks = Vec::new();
        for unit in topology.services[service].replicas.clone() {
            let clock = self.clock(UnitId::new(unit), act.mode);
            clocks.push(self.builder.clock(Clock { repair: Repair::Restart, ..clock }));
        }
        self.builder.overload(gate, clocks, SimSpan::ZERO);
    }

    fn plans(&mut self) {
        let topology = self.topology;
        for plan in &topology.plans {
            let order = self.works(plan, plan.mode);
            let fails = plan.fails.map(|fails| (fails.probability, self.works(plan, fails.mode)));
            let waits_for = plan.waits_for.as_ref().map(|needed| self.gate(needed));
            let spec = Plan {
                name: hash_text(&plan.name),
                at: plan.at,
                every: plan.every,
                order,
                gap: plan.gap,
                hours: plan.hours.clone(),
                fails,
                waits_for,
                drains: plan.drains,
                lanes: 0..0,
            };
            self.builder.plan(spec, plan.at_a_time);
        }
    }

    /// For each unit of a plan, the clock of a mode that stands for work on it.
    fn works(&mut self, plan: &spec::Plan, mode: usize) -> Vec<ClockId> {
        let repair = self.repair(&self.topology.modes[mode].repair);
        let mut works = Vec::new();
        for &unit in &plan.order {
            let clock = self.clock(UnitId::new(unit), mode);
            works.push(self.builder.clock(Clock { repair: repair.clone(), ..clock }));
        }
        works
    }

    fn data(&mut self) {
        let topology = self.topology;
        let copied_to: Vec<usize> = topology.data.iter().flat_map(DataClass::copied_to).collect();
        for (index, class) in topology.data.iter().enumerate() {
            let Some(holding) = &class.holding else {
                self.builder.data(class, &[], false, None);
                continue;
            };
            let copies: Vec<(UnitId, u64)> = holding
                .holders
                .iter()
                .map(|&unit| {
                    let path = &topology.units[unit].path;
                    (UnitId::new(unit), hash_text(&format!("{}/{path}", class.name)))
                })
                .collect();
            let roster = holding.service.and_then(|service| self.rosters[service]);
            let (is_copied_to, lags) = (copied_to.contains(&index), holding.lag.is_some());
            self.builder.data(class, &copies, is_copied_to, roster.filter(|_| lags));
        }
    }

    pub(super) fn gate(&mut self, expression: &Expression) -> GateId {
        let input = self.input(expression, Degree::Serving);
        self.gate_of(input)
    }

    fn gate_of(&mut self, input: Input) -> GateId {
        match input {
            Input::Gate(gate) => gate,
            other => self.builder.gate(1, vec![other]),
        }
    }

    /// What decides an expression: a unit itself where that is enough.
    fn input(&mut self, expression: &Expression, degree: Degree) -> Input {
        match expression {
            Expression::Unit(unit) => Input::Unit(UnitId::new(*unit)),
            Expression::Operation(service, operation) => {
                self.operation(*service, *operation, degree)
            }
            Expression::AtLeast(needed, parts) => {
                let inputs = parts.iter().map(|part| self.input(part, degree)).collect();
                self.at_least(*needed, inputs)
            }
            Expression::Masked(part, delay) => self.masked(part, *delay, degree),
        }
    }

    fn masked(&mut self, part: &Expression, delay: SimSpan, degree: Degree) -> Input {
        let input = self.input(part, degree);
        if delay == SimSpan::ZERO {
            return input;
        }
        let gate = self.gate_of(input);
        Input::Mask(self.builder.mask(Mask { gate, delay }))
    }

    fn at_least(&mut self, needed: usize, inputs: Vec<Input>) -> Input {
        match inputs.as_slice() {
            &[only] => only,
            _ => Input::Gate(self.builder.gate(needed, inputs)),
        }
    }

    /// What decides an operation: enough replicas, a leader where one is needed, and what the service
    /// needs of others.
    fn operation(&mut self, service: usize, operation: usize, degree: Degree) -> Input {
        if let Some(input) = self.operations[degree as usize][service][operation] {
            return input;
        }
        let topology = self.topology;
        let spec = &topology.services[service];
        let offered = &spec.operations[operation];
        let roster = self.rosters[service];
        let is_whole = degree == Degree::Whole;
        let mut parts = Vec::new();
        for quorum in &offered.quorums {
            let needed =
                if is_whole && spec.is_sharded { quorum.members.len() } else { quorum.needed };
            let inputs = match roster.filter(|_| offered.counts_seats) {
                Some(roster) => self.builder.seats(roster).map(Input::Seat).collect(),
                None => quorum.members.iter().map(|&u| Input::Unit(UnitId::new(u))).collect(),
            };
            parts.push(self.at_least(needed, inputs));
        }
        if let (true, Some(roster)) = (offered.needs_leader, roster) {
            parts.extend(self.builder.seats(roster).map(Input::Seat));
        }
        if let Some(demand) = spec.demand.filter(|_| is_whole) {
            parts.push(self.carried(service, demand));
        }
        let soft = spec.needs.soft.as_ref().filter(|_| is_whole);
        for needs in spec.needs.hard.iter().chain(soft) {
            parts.push(self.input(needs, degree));
        }
        let input = self.at_least(parts.len(), parts);
        self.operations[degree as usize][service][operation] = Some(input);
        input
    }
}
