//! One life as a time line: who failed, what followed, who repaired, what the journeys saw.

use super::incident::{Incident, LifeOfData};
use crate::engine::{
    CopyView, Event, Hold, Loss, NodeView, Observer, Placement, Root, Standing, State,
};
use crate::model::{ActId, ClockId, CrewId, DataId, JobId, JourneyId, Model, SeatId, UnitId};
use crate::units::{SimSpan, SimTime};

/// Something that changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// The script does something.
    Acts(ActId),
    /// A control plane takes a node for lost.
    NodeLost(UnitId),
    /// A control plane knows that a node is alive again.
    NodeReady(UnitId),
    /// A node is short of memory, and evicts replicas.
    NodeShort(UnitId),
    /// A node has had enough memory for a while.
    NodeEnough(UnitId),
    /// A node is to be emptied, and a replica keeps it from being so.
    Holds(UnitId, UnitId, Hold),
    /// A node has been emptied, or nobody wants to empty it any more.
    Drained(UnitId),
    /// A replica is in another place, or on the way there.
    Moves(UnitId, Placement),
    /// So many replicas of the network volume of a replica of a service are healthy, and so many there
    /// should be.
    Volume(UnitId, usize, usize),
    /// A failure mode became active, or planned work began.
    Fails(ClockId),
    /// It is over.
    Restored(ClockId),
    /// Somebody of a crew began to work on the repair of a failure mode.
    Repairs(CrewId, ClockId),
    /// Somebody of a crew began to work on the start of a unit.
    Starts(CrewId, UnitId),
    /// A unit went down, because of something that happened to it or elsewhere.
    Down(UnitId, Root),
    /// A unit came up.
    Up(UnitId),
    /// A unit that is not up waits for something else than before.
    Stands(UnitId, Standing),
    /// A member took a seat.
    Serves(SeatId, UnitId),
    /// Nobody serves on a seat.
    Empty(SeatId),
    /// So many copies of a data class are gone, and so many are then missing.
    CopiesLost(DataId, u32, u32),
    /// So many copies of a data class are there again, and so many are still missing.
    CopiesBack(DataId, u32, u32),
    /// So many copies of a data class begin to be made anew.
    RebuildsBegin(DataId, u32),
    /// So many copies of a data class are no longer made anew, and are not through.
    RebuildsEnd(DataId, u32),
    /// So many groups of a data class cannot be read.
    Unreadable(DataId, u32),
    /// Groups of a data class are lost, or the newest of its data.
    Lost(Loss),
    /// Data of a class are gone for good.
    Gone(DataId, Incident),
    /// What is left of a data class has been restored from a backup, which took so long.
    RestoredFromBackup(DataId, SimSpan),
    /// A journey went down.
    JourneyDown(JourneyId, Root),
    /// A journey came back, after so long, when what it waited for last was over.
    JourneyUp(JourneyId, SimSpan, Root),
}

/// A change and when it happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: SimTime,
    /// What.
    pub change: Change,
}

/// Watches one life and writes everything down.
#[derive(Debug)]
pub struct Timeline<'m> {
    model: &'m Model,
    /// Everything so far, in order.
    pub entries: Vec<Entry>,
    /// As it was after the last event.
    active: Vec<bool>,
    up: Vec<bool>,
    standing: Vec<Standing>,
    nodes: Vec<(UnitId, NodeView)>,
    /// What keeps each of them from being emptied.
    holding: Vec<Vec<(UnitId, Hold)>>,
    placed: Vec<(UnitId, Placement)>,
    volumes: Vec<(UnitId, usize)>,
    seats: Vec<Option<UnitId>>,
    working: Vec<bool>,
    copies: Vec<CopyView>,
    down_since: Vec<Option<SimTime>>,
}

impl<'m> Timeline<'m> {
    /// A time line of a life of this model.
    pub fn new(model: &'m Model) -> Timeline<'m> {
        Timeline {
            model,
            entries: Vec::new(),
            active: vec![false; model.clocks.len()],
            up: vec![true; model.units.len()],
            standing: vec![Standing::Down; model.units.len()],
            nodes: Vec::new(),
            holding: Vec::new(),
            placed: Vec::new(),
            volumes: Vec::new(),
            seats: State::new(model).serving(),
            working: vec![false; model.clocks.len() + model.units.len()],
            copies: vec![CopyView::default(); model.data.units.len()],
            down_since: vec![None; model.journeys.len()],
        }
    }

    fn add(&mut self, at: SimTime, change: Change) {
        self.entries.push(Entry { at, change });
    }

    /// What control planes know and do.
    fn add_moves(&mut self, at: SimTime, state: &State) {
        for index in 0..self.nodes.len() {
            let (unit, before) = self.nodes[index];
            let Some(now) = state.node(self.model, unit).filter(|now| *now != before) else {
                continue;
            };
            self.nodes[index].1 = now;
            if before.is_ready != now.is_ready {
                let change =
                    if now.is_ready { Change::NodeReady(unit) } else { Change::NodeLost(unit) };
                self.add(at, change);
            }
            if before.is_short != now.is_short {
                let change =
                    if now.is_short { Change::NodeShort(unit) } else { Change::NodeEnough(unit) };
                self.add(at, change);
            }
            if before.is_draining && !now.is_draining {
                self.add(at, Change::Drained(unit));
            }
        }
        for index in 0..self.nodes.len() {
            let (node, _) = self.nodes[index];
            let now = state.blocking(self.model, node);
            let before = std::mem::replace(&mut self.holding[index], now.clone());
            for (unit, hold) in now.into_iter().filter(|holds| !before.contains(holds)) {
                self.add(at, Change::Holds(node, unit, hold));
            }
        }
        for index in 0..self.placed.len() {
            let (unit, before) = self.placed[index];
            let now = state.placement(self.model, unit);
            if let Some(now) = now.filter(|now| *now != before) {
                self.placed[index].1 = now;
                self.add(at, Change::Moves(unit, now));
            }
        }
        for index in 0..self.volumes.len() {
            let (unit, before) = self.volumes[index];
            let Some(now) = state.volume(self.model, unit) else { continue };
            if now.healthy.len() != before {
                self.volumes[index].1 = now.healthy.len();
                self.add(at, Change::Volume(unit, now.healthy.len(), now.wanted));
            }
        }
    }

    /// What units that are not up wait for; one that has just gone down waits for what keeps it down.
    fn add_standings(&mut self, at: SimTime, state: &State) {
        for index in 0..self.standing.len() {
            let unit = UnitId::new(index);
            let now = match self.up[index] {
                true => Standing::Down,
                false => state.standing(self.model, unit),
            };
            let before = std::mem::replace(&mut self.standing[index], now);
            if before != now && !self.up[index] {
                self.add(at, Change::Stands(unit, now));
            }
        }
    }

    /// What has become of copies, all of a class together.
    fn add_copies(&mut self, at: SimTime, state: &State) {
        for (index, holding) in self.model.data.holdings.iter().enumerate() {
            let class = DataId::new(index);
            let (mut lost, mut back, mut begun, mut ended, mut missing) = (0, 0, 0, 0, 0);
            for number in 0..holding.count {
                let copy = holding.copy(number);
                let now = state.data.copy(copy);
                let before = std::mem::replace(&mut self.copies[copy.index()], now);
                missing += u32::from(now.is_lost);
                if now == before {
                    continue;
                }
                // One that was only away for too long is made anew as well.
                let is_back = before.is_lost && !now.is_lost
                    || before.is_rebuilding && !now.is_rebuilding && now.is_elsewhere;
                lost += u32::from(now.is_lost && !before.is_lost);
                back += u32::from(is_back);
                begun += u32::from(now.is_rebuilding && !before.is_rebuilding);
                ended += u32::from(before.is_rebuilding && !now.is_rebuilding && !is_back);
            }
            for (count, change) in [
                (lost, Change::CopiesLost(class, lost, missing)),
                (ended, Change::RebuildsEnd(class, ended)),
                (back, Change::CopiesBack(class, back, missing)),
                (begun, Change::RebuildsBegin(class, begun)),
            ] {
                if count > 0 {
                    self.add(at, change);
                }
            }
        }
    }

    /// Puts in what came of data in the same life, of each class: when it has happened what else happens at the instant.
    pub(crate) fn add_incidents(&mut self, of_classes: &[LifeOfData]) {
        for (index, of_class) in of_classes.iter().enumerate() {
            let class = DataId::new(index);
            for incident in &of_class.incidents {
                self.add(incident.at, Change::Gone(class, *incident));
                if let Some(took) = incident.restored_in {
                    self.add(incident.at + took, Change::RestoredFromBackup(class, took));
                }
            }
        }
        self.entries.sort_by_key(|entry| entry.at);
    }

    fn add_work(&mut self, at: SimTime, state: &State) {
        for index in 0..self.working.len() {
            let job = JobId::new(index);
            let crew = state.crew_at_work(self.model, job);
            let was = std::mem::replace(&mut self.working[index], crew.is_some());
            let Some(crew) = crew.filter(|_| !was) else { continue };
            let change = match index.checked_sub(self.model.clocks.len()) {
                None => Change::Repairs(crew, ClockId::new(index)),
                Some(unit) => Change::Starts(crew, UnitId::new(unit)),
            };
            self.add(at, change);
        }
    }
}

impl Observer for Timeline<'_> {
    const SEES_EVENTS: bool = true;

    fn on_begin(&mut self, state: &State) {
        let units = (0..self.model.units.len()).map(UnitId::new);
        self.nodes =
            units.clone().filter_map(|unit| Some((unit, state.node(self.model, unit)?))).collect();
        self.holding = vec![Vec::new(); self.nodes.len()];
        self.placed = units
            .clone()
            .filter_map(|unit| Some((unit, state.placement(self.model, unit)?)))
            .collect();
        for unit in units {
            let Some(volume) = state.volume(self.model, unit) else { continue };
            self.volumes.push((unit, volume.healthy.len()));
            if volume.healthy.len() < volume.wanted {
                let change = Change::Volume(unit, volume.healthy.len(), volume.wanted);
                self.add(SimTime::ZERO, change);
            }
        }
        for index in 0..self.placed.len() {
            let (unit, placement) = self.placed[index];
            self.up[unit.index()] = state.is_up(unit);
            if placement == Placement::Pending {
                self.add(SimTime::ZERO, Change::Moves(unit, placement));
            }
        }
    }

    fn on_event(&mut self, at: SimTime, event: Event, state: &State) {
        if let Event::Act(act) = event {
            self.add(at, Change::Acts(act));
        }
        self.add_moves(at, state);
        if let Event::Fail(clock) = event
            && let crate::model::Repair::Restart = self.model.clocks[clock.index()].repair
            && !state.is_up(self.model.clocks[clock.index()].unit)
            && self.up[self.model.clocks[clock.index()].unit.index()]
        {
            self.add(at, Change::Fails(clock));
        }
        for index in 0..self.active.len() {
            let clock = ClockId::new(index);
            let is_active = state.is_active(clock);
            if std::mem::replace(&mut self.active[index], is_active) != is_active {
                let change = if is_active { Change::Fails(clock) } else { Change::Restored(clock) };
                self.add(at, change);
            }
        }
        for index in 0..self.up.len() {
            let unit = UnitId::new(index);
            let is_up = state.is_up(unit);
            if std::mem::replace(&mut self.up[index], is_up) != is_up {
                let root = state.what_took_down(unit);
                self.add(at, if is_up { Change::Up(unit) } else { Change::Down(unit, root) });
            }
        }
        let seats = state.serving();
        for (index, serving) in seats.iter().enumerate() {
            if self.seats[index] != *serving {
                let seat = SeatId::new(index);
                self.add(
                    at,
                    serving.map_or(Change::Empty(seat), |unit| Change::Serves(seat, unit)),
                );
            }
        }
        self.seats = seats;
        if !self.model.crews.is_empty() {
            self.add_work(at, state);
        }
        self.add_copies(at, state);
        self.add_standings(at, state);
    }

    fn on_loss(&mut self, at: SimTime, loss: Loss) {
        self.add(at, Change::Lost(loss));
    }

    fn on_unreadable_groups(&mut self, data: DataId, at: SimTime, groups: u32) {
        self.add(at, Change::Unreadable(data, groups));
    }

    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: Root) {
        self.down_since[journey.index()] = Some(at);
        self.add(at, Change::JourneyDown(journey, cause));
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, ended_by: Root) {
        let since = self.down_since[journey.index()].take().unwrap_or(at);
        self.add(at, Change::JourneyUp(journey, at - since, ended_by));
    }
}
