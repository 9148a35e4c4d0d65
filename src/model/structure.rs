//! The structure function as threshold gates, and the builder that puts a model together.

use std::num::NonZeroU32;

use super::data::with_hosts;
use super::{
    Burst, Clock, ClockExtras, ClockId, ClusterId, Copy, CopyId, Crew, CrewId, Data, DataId,
    DragId, GateId, Holding, JourneyId, Load, LoadId, Mask, MaskId, Model, Node, NodeId, Passing,
    Plan, PlanId, Platform, Pod, PodId, Roster, RosterId, SeatId, Shock, Stage, Task,
    TimeToFailure, Unit, UnitExtras, UnitId, WatchId,
};
use crate::rng;
use crate::spec::{DataClass, Medium};
use crate::units::SimSpan;

/// A gate: up when at least `needed` of its inputs are.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// How many inputs must be up.
    pub needed: u32,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// How many of them may be down.
    pub(crate) spare: u32,
}

/// What a gate can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Whether a unit is up.
    Unit(UnitId),
    /// Whether another gate is up.
    Gate(GateId),
    /// Whether a member of a roster serves on this seat.
    Seat(SeatId),
    /// Whether a gate is up or has not been down for longer than is hidden.
    Mask(MaskId),
}

/// What must be done when a gate changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Watch {
    /// A mask begins or ends.
    Mask(MaskId),
    /// These units go down with the gate and start again after it.
    Crash(Vec<UnitId>),
    /// These units can start only while the gate is up.
    Start(Vec<UnitId>),
    /// These units do not age while the gate is down.
    Suspend(Vec<UnitId>),
    /// Failovers of this roster can begin only while the gate is up.
    Switch(RosterId),
    /// The next unit of this plan is taken only while the gate is up.
    Plan(PlanId),
    /// The control plane of this cluster is up while the gate is.
    ControlPlane(ClusterId),
    /// Units are overloaded while the gate is down, and these clocks of theirs strike then.
    Overload(Vec<ClockId>),
}

/// Puts a model together, piece by piece: hosts before guests, inputs before gates.
///
/// The caller has checked what it adds; the builder only indexes it.
#[derive(Debug, Default)]
pub struct ModelBuilder {
    units: Vec<Unit>,
    hosts: Vec<Vec<UnitId>>,
    clocks: Vec<Clock>,
    gates: Vec<Gate>,
    stages: Vec<Stage>,
    rosters: Vec<Roster>,
    seats: Vec<RosterId>,
    crews: Vec<Crew>,
    queues: Vec<CrewId>,
    spares: Vec<CrewId>,
    masks: Vec<Mask>,
    watches: Vec<(GateId, Watch)>,
    shocks: Vec<Shock>,
    loads: Vec<Load>,
    plans: Vec<Plan>,
    lanes: Vec<PlanId>,
    demands: Vec<GateId>,
    journeys: Vec<GateId>,
    wholes: Vec<(JourneyId, JourneyId)>,
    holdings: Vec<Holding>,
    copies: Vec<Copy>,
    /// Classes whose copies are behind the one that serves, by roster.
    lagging: Vec<(RosterId, DataId)>,
    platform: Platform,
}

/// The index of the next element of a list.
fn next<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("ids are checked to fit")
}

impl ModelBuilder {
    /// A model with nothing in it.
    pub fn new() -> ModelBuilder {
        ModelBuilder::default()
    }

    /// Adds stages that follow one another.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn task(&mut self, stages: impl IntoIterator<Item = Stage>) -> Task {
        let first = next(&self.stages);
        self.stages.extend(stages);
        let count = NonZeroU32::new(next(&self.stages) - first);
        Task { first, count: count.expect("a task has a stage") }
    }

    /// Adds a unit that stands on others.
    ///
    /// `name` is the hash of its path, `start` what it takes to start (`None`: nothing), and a
    /// start `renews` a process, but leaves the age of a machine as it was.
    pub fn unit(
        &mut self,
        name: u64,
        start: Option<Task>,
        renews_on_start: bool,
        hosts: Vec<UnitId>,
    ) -> UnitId {
        self.units.push(Unit {
            name,
            start,
            renews_on_start,
            is_paced: false,
            ages: false,
            concerns_only_gates: false,
            concerns_only_copies: false,
            extras: None,
        });
        self.hosts.push(hosts);
        UnitId::new(self.units.len() - 1)
    }

    /// Lets a unit start only while a gate is up.
    pub fn starts_with(&mut self, unit: UnitId, gate: GateId) {
        self.unit_extras(unit).starts_with = Some(gate);
    }

    /// Lets a unit age slower, by this factor, while it stands by.
    pub fn dormancy(&mut self, unit: UnitId, factor: f64) {
        self.unit_extras(unit).dormancy = factor;
    }

    fn unit_extras(&mut self, unit: UnitId) -> &mut UnitExtras {
        self.units[unit.index()].extras.get_or_insert_default()
    }

    fn clock_extras(&mut self, clock: ClockId) -> &mut ClockExtras {
        self.clocks[clock.index()].extras_mut()
    }

    /// Adds a failure mode of a unit.
    pub fn clock(&mut self, clock: Clock) -> ClockId {
        self.clocks.push(clock);
        ClockId::new(self.clocks.len() - 1)
    }

    /// Lets two clocks of a unit be new together.
    pub fn renew_together(&mut self, one: ClockId, other: ClockId) {
        self.clock_extras(one).also_renews = Some(other);
        self.clock_extras(other).also_renews = Some(one);
    }

    /// Lets failures of a clock set off others.
    pub fn burst(&mut self, clock: ClockId, burst: Burst) {
        self.clock_extras(clock).burst = Some(burst);
    }

    /// Adds a gate.
    pub fn gate(&mut self, needed: usize, inputs: Vec<Input>) -> GateId {
        let needed = u32::try_from(needed).expect("ids are checked to fit");
        let spare = (inputs.len() as u32).saturating_sub(needed);
        self.gates.push(Gate { needed, inputs, spare });
        GateId::new(self.gates.len() - 1)
    }

    /// Adds a roster with so many seats, on which the first members sit at the beginning.
    pub fn roster(&mut self, roster: Roster, seats: usize) -> RosterId {
        let id = RosterId::new(self.rosters.len());
        let first = next(&self.seats);
        self.seats.resize(self.seats.len() + seats, id);
        self.rosters.push(Roster { seats: first..next(&self.seats), ..roster });
        id
    }

    /// The seats of a roster.
    pub fn seats(&self, roster: RosterId) -> impl Iterator<Item = SeatId> + use<> {
        self.rosters[roster.index()].seats()
    }

    /// Lets failovers of a roster begin only while a gate is up.
    pub fn switches_with(&mut self, roster: RosterId, gate: GateId) {
        self.rosters[roster.index()].switches_with = Some(gate);
        self.watch(gate, Watch::Switch(roster));
    }

    /// Adds a mask.
    pub fn mask(&mut self, mask: Mask) -> MaskId {
        let id = MaskId::new(self.masks.len());
        self.masks.push(mask);
        self.watch(mask.gate, Watch::Mask(id));
        id
    }

    /// Adds something that must be done when a gate changes.
    pub fn watch(&mut self, gate: GateId, watch: Watch) {
        self.watches.push((gate, watch));
    }

    /// Adds a crew.
    pub fn crew(&mut self, crew: Crew) -> CrewId {
        let id = CrewId::new(self.crews.len());
        let first = next(&self.queues);
        self.queues.resize(self.queues.len() + crew.kinds.len(), id);
        let first_spare = next(&self.spares);
        let stock = crew.reorder.as_ref().map_or(0, |_| crew.size as usize);
        self.spares.resize(self.spares.len() + stock, id);
        let (queues, spares) = (first..next(&self.queues), first_spare..next(&self.spares));
        self.crews.push(Crew { queues, spares, ..crew });
        id
    }

    /// Adds a common cause.
    pub fn shock(&mut self, shock: Shock) {
        self.shocks.push(shock);
    }

    /// Lets units share a load.
    pub fn load(&mut self, load: Load) {
        let id = LoadId::new(self.loads.len());
        for member in &load.members {
            self.unit_extras(*member).load = Some(id);
        }
        self.loads.push(load);
    }

    /// Lets these clocks strike within so long after a gate went down, as long as it is.
    pub fn overload(&mut self, gate: GateId, clocks: Vec<ClockId>, within: SimSpan) {
        for &clock in &clocks {
            self.clock_extras(clock).overload = Some((gate, within));
            let unit = self.clocks[clock.index()].unit;
            self.unit_extras(unit).overloads.push(clock);
        }
        self.watch(gate, Watch::Overload(clocks));
    }

    /// Says that a script changes the need of a gate; returns which of those it is.
    pub fn demand(&mut self, gate: GateId) -> usize {
        self.demands.push(gate);
        self.demands.len() - 1
    }

    /// Adds planned work.
    pub fn plan(&mut self, mut plan: Plan, at_a_time: usize) {
        let id = PlanId::new(self.plans.len());
        let failed = plan.fails.iter().flat_map(|(_, clocks)| clocks);
        for &clock in plan.order.iter().chain(failed) {
            self.clocks[clock.index()].extras_mut().plan = Some(id);
        }
        let first = next(&self.lanes);
        self.lanes.extend(std::iter::repeat_n(id, at_a_time));
        plan.lanes = first..next(&self.lanes);
        if let Some(gate) = plan.waits_for {
            self.watch(gate, Watch::Plan(id));
        }
        self.plans.push(plan);
    }

    /// Adds a journey that this gate decides.
    pub fn journey(&mut self, gate: GateId) -> JourneyId {
        self.journeys.push(gate);
        JourneyId::new(self.journeys.len() - 1)
    }

    /// Adds what stands for a journey in which all is whole: it is down while service is degraded, or down.
    pub fn whole(&mut self, journey: JourneyId, gate: GateId) {
        let whole = self.journey(gate);
        self.wholes.push((whole, journey));
    }

    /// Adds a data class, with the unit and the name of each copy, whether others are copied to it, and the roster
    /// whose failovers may lose what has not reached the others.
    pub fn data(
        &mut self,
        class: &DataClass,
        copies: &[(UnitId, u64)],
        is_copied_to: bool,
        lags: Option<RosterId>,
    ) {
        let id = DataId::new(self.holdings.len());
        let mut holding = Holding::of(class, next(&self.copies), is_copied_to);
        if holding.count > 0 && holding.can_spare_places() {
            let spare = holding.places_to_spare();
            holding.gate = Some(GateId::new(self.gates.len()));
            self.gates.push(Gate { needed: 0, inputs: Vec::new(), spare });
        }
        self.holdings.push(holding);
        let medium = class.holding.as_ref().map_or(Medium::Local, |holding| holding.medium);
        let copy = |&(unit, name): &(UnitId, u64)| Copy { unit, class: id, name, medium };
        self.copies.extend(copies.iter().map(copy));
        self.lagging.extend(lags.map(|roster| (roster, id)));
    }

    /// Adds clusters, what they run, and a script.
    pub fn platform(&mut self, platform: Platform) {
        for (index, node) in platform.nodes.iter().enumerate() {
            self.unit_extras(node.unit).node = Some(NodeId::new(index));
        }
        for (index, pod) in platform.pods.iter().enumerate() {
            self.unit_extras(pod.unit).pod = Some(PodId::new(index));
        }
        for (index, cluster) in platform.clusters.iter().enumerate() {
            if let Some(gate) = cluster.control_plane {
                self.watch(gate, Watch::ControlPlane(ClusterId::new(index)));
            }
        }
        self.platform = platform;
    }

    /// Lets the containers of a unit wait before they start, if they end often.
    pub fn backs_off(&mut self, unit: UnitId) {
        self.unit_extras(unit).backs_off = true;
    }

    /// The finished model.
    pub fn finish(mut self) -> Model {
        let units = self.units.len();
        let mut unit_gates = vec![Vec::new(); units];
        let mut seat_gates = vec![Vec::new(); self.seats.len()];
        let mut mask_gates = vec![Vec::new(); self.masks.len()];
        let mut gate_parents = vec![Vec::new(); self.gates.len()];
        for (index, gate) in self.gates.iter().enumerate() {
            for input in &gate.inputs {
                let readers = match input {
                    Input::Unit(unit) => &mut unit_gates[unit.index()],
                    Input::Gate(gate) => &mut gate_parents[gate.index()],
                    Input::Seat(seat) => &mut seat_gates[seat.index()],
                    Input::Mask(mask) => &mut mask_gates[mask.index()],
                };
                readers.push(GateId::new(index));
            }
        }
        let mut gate_journeys = vec![Vec::new(); self.gates.len()];
        for (index, gate) in self.journeys.iter().enumerate() {
            gate_journeys[gate.index()].push(JourneyId::new(index));
        }
        let mut gate_watches = vec![Vec::new(); self.gates.len()];
        for (index, (gate, _)) in self.watches.iter().enumerate() {
            gate_watches[gate.index()].push(WatchId::new(index));
        }
        let mut unit_rosters = vec![Vec::new(); units];
        for (index, roster) in self.rosters.iter().enumerate() {
            for member in &roster.members {
                unit_rosters[member.index()].push(RosterId::new(index));
            }
        }
        let drags = self.number_drags();
        self.find_paces();
        let mut unit_clocks = vec![Vec::new(); units];
        let mut aging_clocks = vec![Vec::new(); units];
        for (index, clock) in self.clocks.iter().enumerate() {
            unit_clocks[clock.unit.index()].push(ClockId::new(index));
            if matches!(clock.to_failure, TimeToFailure::Aging(_)) && !clock.always {
                aging_clocks[clock.unit.index()].push(ClockId::new(index));
            }
        }
        let mut guests = vec![Vec::new(); units];
        for (guest, hosts) in self.hosts.iter().enumerate() {
            for host in hosts {
                guests[host.index()].push(UnitId::new(guest));
            }
        }
        for guests in &mut guests {
            guests.sort_by_key(|guest: &UnitId| self.units[guest.index()].name);
        }
        self.find_nodes_below();
        let lagging = (0..self.rosters.len()).map(|roster| {
            let of_roster = self.lagging.iter().filter(|(id, _)| id.index() == roster);
            of_roster.map(|(_, data)| *data).collect()
        });
        let mut nodes = vec![Vec::new(); units];
        for pod in &self.platform.pods {
            let workload = &self.platform.workloads[pod.workload.index()];
            let units = workload.nodes.iter().map(|node| self.platform.nodes[node.index()].unit);
            nodes[pod.unit.index()] = units.collect();
        }
        let data = Data::new(
            std::mem::take(&mut self.holdings),
            &self.copies,
            &self.hosts,
            &nodes,
            lagging.collect(),
        );
        for clock in &mut self.clocks {
            let wipes_nodes =
                clock.wipes && !self.platform.nodes_below.of(clock.unit.index()).is_empty();
            let is_kept_on_nodes = !data.units.is_empty() || !self.platform.volumes.is_empty();
            clock.takes_data = wipes_nodes && is_kept_on_nodes
                || data.is_touched_by(clock.unit, clock.wipes, clock.cuts_power);
        }
        for (index, unit) in self.units.iter_mut().enumerate() {
            unit.ages = !aging_clocks[index].is_empty();
            let concerns_no_unit = guests[index].is_empty()
                && !unit.ages
                && unit_rosters[index].is_empty()
                && unit.extras().load.is_none()
                && !unit.extras().is_managed();
            let copies = data.on_unit.of(index);
            let can_spare = |copy: &CopyId| data.holding_of(*copy).1.gate.is_some();
            unit.concerns_only_gates = concerns_no_unit && copies.is_empty();
            unit.concerns_only_copies =
                concerns_no_unit && unit_gates[index].is_empty() && copies.iter().all(can_spare);
        }
        let mut model = Model {
            tie_ranks: self.tie_ranks(&drags, &data),
            units: self.units,
            guests: guests.into_iter().collect(),
            hosts: self.hosts.into_iter().collect(),
            unit_clocks: unit_clocks.into_iter().collect(),
            aging_clocks: aging_clocks.into_iter().collect(),
            unit_gates: unit_gates.into_iter().collect(),
            clocks: self.clocks,
            gates: self.gates,
            gate_parents: gate_parents.into_iter().collect(),
            gate_journeys: gate_journeys.into_iter().collect(),
            gate_watches: gate_watches.into_iter().collect(),
            journeys: self.journeys,
            wholes: self.wholes,
            watches: self.watches,
            masks: self.masks,
            mask_gates: mask_gates.into_iter().collect(),
            rosters: self.rosters,
            unit_rosters: unit_rosters.into_iter().collect(),
            seats: self.seats,
            seat_gates: seat_gates.into_iter().collect(),
            stages: self.stages,
            crews: self.crews,
            queues: self.queues,
            spares: self.spares,
            shocks: self.shocks,
            drags,
            loads: self.loads,
            plans: self.plans,
            lanes: self.lanes,
            demands: self.demands,
            data,
            platform: self.platform,
            passing: Passing::default(),
        };
        model.find_passing();
        model
    }

    /// Finds the nodes that each unit carries, or is.
    fn find_nodes_below(&mut self) {
        let mut below = vec![Vec::new(); self.units.len()];
        for (index, node) in self.platform.nodes.iter().enumerate() {
            for unit in with_hosts(node.unit, &self.hosts) {
                below[unit.index()].push(NodeId::new(index));
            }
        }
        self.platform.nodes_below = below.into_iter().collect();
    }

    /// Gives a timer to each clock that a burst can set off.
    fn number_drags(&mut self) -> Vec<ClockId> {
        let bursts = self.clocks.iter().filter_map(|clock| clock.extras().burst.as_ref());
        let overloads = self.watches.iter().filter_map(|(_, watch)| match watch {
            Watch::Overload(clocks) => Some(clocks),
            _ => None,
        });
        let overloaded = overloads.flatten().copied();
        let mut drags: Vec<ClockId> =
            bursts.flat_map(|burst| burst.among.clone()).chain(overloaded).collect();
        drags.sort_unstable();
        drags.dedup();
        for (index, clock) in drags.iter().enumerate() {
            self.clock_extras(*clock).drag = Some(DragId::new(index));
        }
        drags
    }

    /// Finds the units whose clocks change their pace, and the fastest pace of each clock.
    fn find_paces(&mut self) {
        let mut tops = vec![1.0_f64; self.units.len()];
        for load in &self.loads {
            let top = load.factors.iter().copied().fold(0.0, f64::max);
            for member in &load.members {
                tops[member.index()] = top;
                self.units[member.index()].is_paced = true;
            }
        }
        for (_, watch) in &self.watches {
            if let Watch::Suspend(units) = watch {
                for unit in units {
                    self.units[unit.index()].is_paced = true;
                }
            }
        }
        for unit in &mut self.units {
            unit.is_paced |= unit.extras().dormancy != 1.0;
        }
        for clock in self.clocks.iter_mut().filter(|clock| !clock.always) {
            let top = tops[clock.unit.index()];
            if top != 1.0 {
                clock.extras_mut().top_pace = top;
            }
        }
    }

    /// The place of each timer slot among the events of one instant: the kinds in the order of
    /// `engine::event`, and within a kind by the hash of the name, so that adding a unit does not
    /// reorder the others.
    fn tie_ranks(&self, drags: &[ClockId], data: &Data) -> Vec<u32> {
        let clocks = || self.clocks.iter().map(|clock| clock.name).collect::<Vec<_>>();
        let name = |node: &Node| self.units[node.unit.index()].name;
        let nodes = || self.platform.nodes.iter().map(name).collect::<Vec<_>>();
        let escalates = self.crews.iter().any(|crew| crew.escalates.is_some());
        let jobs = clocks().into_iter().chain(self.units.iter().map(|unit| unit.name));
        let escalations = if escalates { jobs.collect() } else { Vec::new() };
        let of_pod = |pod: &Pod| self.units[pod.unit.index()].name;
        let kinds = [
            clocks(),
            self.units.iter().map(|unit| unit.name).collect(),
            self.platform.pods.iter().map(of_pod).collect(),
            self.platform
                .volumes
                .iter()
                .map(|volume| of_pod(&self.platform.pods[volume.pod.index()]))
                .collect(),
            data.names[..data.rebuild_timers()].to_vec(),
            (0..self.seats.len()).map(|seat| self.seat_name(seat)).collect(),
            // Masks and crews do not meet at one instant in a way that matters.
            (0..self.masks.len() as u64).collect(),
            (0..self.crews.len() as u64).collect(),
            self.crews.iter().flat_map(|crew| crew.kinds.iter().copied()).collect(),
            escalations,
            // Nor do spares of one stock.
            (0..self.spares.len() as u64).collect(),
            data.names[..data.defect_timers()].to_vec(),
            nodes(),
            nodes().into_iter().take(self.platform.memory_timers()).collect(),
            clocks(),
            self.shocks.iter().map(|shock| shock.name).collect(),
            drags.iter().map(|clock| self.clocks[clock.index()].name).collect(),
            data.holdings.iter().map(|holding| holding.name).collect(),
            self.plans.iter().flat_map(lane_names).collect(),
            nodes(),
            self.platform.rollouts.iter().map(|rollout| rollout.name).collect(),
            // A script is done in its order.
            (0..self.platform.script.len() as u64).collect(),
        ];
        let mut ranks = Vec::new();
        for names in kinds {
            let mut order: Vec<usize> = (0..names.len()).collect();
            order.sort_by_key(|&index| names[index]);
            let first = ranks.len();
            ranks.resize(first + names.len(), 0);
            for (place, index) in order.into_iter().enumerate() {
                ranks[first + index] =
                    u32::try_from(first + place).expect("ids are checked to fit");
            }
        }
        ranks
    }

    fn seat_name(&self, seat: usize) -> u64 {
        let roster = &self.rosters[self.seats[seat].index()];
        seat_name(roster, SeatId::new(seat))
    }
}

/// The key of a failure mode of a unit, from the hash of the unit's path.
pub(crate) fn clock_name(unit: u64, mode: &str) -> u64 {
    unit.rotate_left(17) ^ rng::hash_text(mode)
}

/// The names of the lanes of a plan: the first one has that of the plan.
fn lane_names(plan: &Plan) -> impl Iterator<Item = u64> + use<> {
    let name = plan.name;
    (0..u64::from(plan.lanes.end - plan.lanes.start)).map(move |lane| name.wrapping_add(lane))
}

/// The key of a seat: the first one has the name of its roster.
pub(crate) fn seat_name(roster: &Roster, seat: SeatId) -> u64 {
    roster.name.wrapping_add(seat.index() as u64 - u64::from(roster.seats.start))
}
