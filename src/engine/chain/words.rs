//! A present as a row of numbers, there and back: only what decides what happens next, and nothing that follows
//! from the rest.

use std::ops::Range;

use super::chooser::Enumerator;
use super::phases::IDLE;
use crate::engine::data::CopyPhase;
use crate::engine::event::Event;
use crate::engine::state::{Phase, Progress, SeatState, State};
use crate::engine::step::Switch;
use crate::model::{
    ClockId, CrewId, DataId, JobId, MaskId, Model, QueueId, Repair, RosterId, ShockId, SpareId,
    TimeToFailure, UnitId, Watch,
};

/// Writes numbers down or replaces them by what is written.
trait Words {
    fn word(&mut self, value: &mut u32);

    fn flag(&mut self, value: &mut bool) {
        let mut word = u32::from(*value);
        self.word(&mut word);
        *value = word != 0;
    }
}

struct Writer<'w>(&'w mut Vec<u32>);

impl Words for Writer<'_> {
    #[inline]
    fn word(&mut self, value: &mut u32) {
        self.0.push(*value);
    }
}

struct Reader<'w>(std::slice::Iter<'w, u32>);

impl Words for Reader<'_> {
    #[inline]
    fn word(&mut self, value: &mut u32) {
        *value = *self.0.next().expect("as many are read as were written");
    }
}

/// The present of what is explored.
#[derive(Clone, Debug)]
pub(super) struct Present<'m> {
    pub(super) model: &'m Model,
    pub(super) state: State,
    pub(super) luck: Enumerator<'m>,
    /// The units of the cone.
    pub(super) units: Vec<UnitId>,
    crews: Vec<CrewId>,
    rosters: Vec<RosterId>,
    masks: Vec<MaskId>,
    /// Common causes that can strike one of the units.
    pub(super) shocks: Vec<ShockId>,
    /// By job: its place in the line that it waits in, from one; zero if it waits in none.
    places: Vec<u32>,
}

impl<'m> Present<'m> {
    pub(super) fn new(model: &'m Model, luck: Enumerator<'m>) -> Present<'m> {
        let cone = luck.cone;
        let in_cone = |unit: &UnitId| cone.units[unit.index()];
        let strikes = |shock: &ShockId| {
            let targets = model.shocks[shock.index()].targets.iter();
            targets.map(|clock| model.clocks[clock.index()].unit).any(|unit| in_cone(&unit))
        };
        let is_here = |mask: &MaskId| cone.gates[model.masks[mask.index()].gate.index()];
        Present {
            model,
            state: State::new(model),
            units: (0..model.units.len()).map(UnitId::new).filter(in_cone).collect(),
            crews: (0..model.crews.len()).map(CrewId::new).filter(|c| cone.has_crew(*c)).collect(),
            rosters: (0..model.rosters.len())
                .map(RosterId::new)
                .filter(|roster| cone.has_roster(*roster))
                .collect(),
            masks: (0..model.masks.len()).map(MaskId::new).filter(is_here).collect(),
            shocks: (0..model.shocks.len()).map(ShockId::new).filter(strikes).collect(),
            places: vec![0; model.clocks.len() + model.units.len()],
            luck,
        }
    }

    /// Writes the present down; where the words of each unit are.
    pub(super) fn write(&mut self, words: &mut Vec<u32>) -> Vec<Range<usize>> {
        let model = self.model;
        words.clear();
        self.places.fill(0);
        for crew in &self.crews {
            for queue in model.crews[crew.index()].queues() {
                let mut job = self.state.queues[queue.index()].first;
                let mut place = 0;
                while let Some(id) = job {
                    place += 1;
                    self.places[id.index()] = place;
                    job = self.state.jobs[id.index()].next;
                }
            }
        }
        let mut spans = Vec::with_capacity(self.units.len());
        for index in 0..self.units.len() {
            let start = words.len();
            self.pass_unit(self.units[index], &mut Writer(words));
            spans.push(start..words.len());
        }
        self.pass_others(&mut Writer(words));
        spans
    }

    /// Puts what was written down into the place of the present.
    pub(super) fn read(&mut self, words: &[u32]) {
        let model = self.model;
        self.state.begin(model);
        self.luck.timers.fill(IDLE);
        self.luck.ages.fill(IDLE);
        self.luck.put_aside.fill(IDLE);
        self.luck.rebuilds_put_aside.fill(IDLE);
        self.luck.at_once.clear();
        self.places.fill(0);
        let mut reader = Reader(words.iter());
        for index in 0..self.units.len() {
            self.pass_unit(self.units[index], &mut reader);
        }
        self.pass_others(&mut reader);
        self.line_up();
        self.state.follows_from_parts(model);
        if let Some(class) = self.luck.data {
            self.place_copies(class);
        }
    }

    /// What belongs to a unit, and moves with it to another one that is like it.
    fn pass_unit(&mut self, unit: UnitId, words: &mut impl Words) {
        let model = self.model;
        let mut phase = self.state.units[unit.index()].phase as u32;
        words.word(&mut phase);
        self.state.units[unit.index()].phase = match phase {
            0 => Phase::Up,
            1 => Phase::Starting,
            2 => Phase::Held,
            _ => Phase::Down,
        };
        for &clock in model.unit_clocks.of(unit.index()) {
            words.flag(&mut self.state.modes[clock.index()].is_active);
            if let TimeToFailure::Aging(_) = model.clocks[clock.index()].to_failure {
                words.word(&mut self.luck.ages[clock.index()]);
            }
            if let Repair::After(_) = model.clocks[clock.index()].repair {
                self.pass_job(model.repair_job(clock), words);
            }
        }
        if model.units[unit.index()].start.is_some() {
            self.pass_job(model.start_job(unit), words);
        }
        let Some(class) = self.luck.data else { return };
        for &copy in model.data.on_unit.of(unit.index()) {
            if model.data.classes[copy.index()] != class {
                continue;
            }
            let (_, holding, number) = model.data.holding_of(copy);
            let is_in_turn =
                holding.rebuild.as_ref().is_some_and(|rebuild| rebuild.at_a_time.is_some());
            let place = (number, is_in_turn);
            self.state.data.pass_copy(class, copy, place, &mut |word| words.word(word));
            if holding.rebuild.is_some() {
                self.pass_timer(Event::Rebuild(copy), words);
                words.word(&mut self.luck.rebuilds_put_aside[copy.index()]);
            }
            if holding.latent.is_some() {
                self.pass_timer(Event::Defect(copy), words);
            }
        }
    }

    fn pass_job(&mut self, job: JobId, words: &mut impl Words) {
        let event = self.luck.slots.event(job.index() as u32);
        self.pass_timer(event, words);
        let state = &mut self.state.jobs[job.index()];
        words.word(&mut state.stage);
        let mut progress = state.progress as u32;
        words.word(&mut progress);
        state.progress = match progress {
            0 => Progress::Free,
            1 => Progress::Waiting,
            2 => Progress::Working,
            _ => Progress::PutAside,
        };
        words.word(&mut self.places[job.index()]);
        words.word(&mut self.luck.put_aside[job.index()]);
    }

    fn pass_timer(&mut self, event: Event, words: &mut impl Words) {
        let slot = self.luck.slots.slot(event);
        words.word(&mut self.luck.timers[slot as usize]);
    }

    /// What belongs to no unit.
    fn pass_others(&mut self, words: &mut impl Words) {
        let model = self.model;
        for index in 0..self.rosters.len() {
            for seat in model.rosters[self.rosters[index].index()].seats() {
                let state = &mut self.state.seats[seat.index()];
                let mut word = match *state {
                    SeatState::Vacant => 0,
                    SeatState::Switching => 1,
                    SeatState::Stuck(Switch::Failover) => 2,
                    SeatState::Stuck(Switch::Uncovered) => 3,
                    SeatState::Stuck(Switch::Failback) => 4,
                    SeatState::Serving(unit) => 5 + 2 * unit.index() as u32,
                    SeatState::Uncovered(unit) => 6 + 2 * unit.index() as u32,
                };
                words.word(&mut word);
                let unit = UnitId::from_index(word.saturating_sub(5) / 2);
                *state = match word {
                    0 => SeatState::Vacant,
                    1 => SeatState::Switching,
                    2 => SeatState::Stuck(Switch::Failover),
                    3 => SeatState::Stuck(Switch::Uncovered),
                    4 => SeatState::Stuck(Switch::Failback),
                    word if word % 2 == 1 => SeatState::Serving(unit),
                    _ => SeatState::Uncovered(unit),
                };
                self.pass_timer(Event::Failover(seat), words);
            }
        }
        for index in 0..self.masks.len() {
            words.flag(&mut self.state.masks[self.masks[index].index()].has_expired);
            self.pass_timer(Event::Expire(self.masks[index]), words);
        }
        for index in 0..self.crews.len() {
            let crew = self.crews[index];
            words.word(&mut self.state.free[crew.index()]);
            for queue in model.crews[crew.index()].queues() {
                words.flag(&mut self.state.queues[queue.index()].is_answered);
                self.pass_timer(Event::Answer(queue), words);
            }
            for spare in model.crews[crew.index()].spares.clone().map(SpareId::from_index) {
                words.flag(&mut self.state.is_ordered[spare.index()]);
                self.pass_timer(Event::Arrive(spare), words);
            }
        }
        for index in 0..self.shocks.len() {
            self.pass_timer(Event::Shock(self.shocks[index]), words);
        }
        if let Some(class) = self.luck.data {
            self.pass_timer(Event::Delete(class), words);
        }
    }

    /// Puts jobs into the lines in which they have places.
    fn line_up(&mut self) {
        let mut waiting: Vec<(QueueId, u32, JobId)> = Vec::new();
        for (index, &place) in self.places.iter().enumerate().filter(|(_, place)| **place > 0) {
            let job = JobId::new(index);
            let stage = self.model.stage(job, self.state.jobs[index].stage);
            if let Some(crew) = stage.crew {
                waiting.push((State::queue_of(self.model, crew, job), place, job));
            }
        }
        waiting.sort_unstable();
        for (queue, _, job) in waiting {
            let line = &mut self.state.queues[queue.index()];
            let before = line.last.replace(job);
            match before {
                Some(before) => self.state.jobs[before.index()].next = Some(job),
                None => line.first = Some(job),
            }
            self.state.jobs[job.index()].previous = before;
        }
    }

    /// Tells data which copies are away, as they are on units that are down or have been lost.
    fn place_copies(&mut self, class: DataId) {
        let state = &mut self.state;
        let units = &state.units;
        state.data.follow_from_copies(&self.model.data, class, |unit| {
            units[unit.index()].phase == Phase::Up
        });
    }

    /// Whether an aging clock runs, and how fast.
    pub(super) fn pace(&self, clock: ClockId) -> f64 {
        let spec = &self.model.clocks[clock.index()];
        match (spec.always, self.state.is_up(spec.unit)) {
            (true, _) => 1.0,
            (false, true) => self.state.paces[spec.unit.index()],
            (false, false) => 0.0,
        }
    }
}

impl State {
    /// Works out everything that follows from which modes are active, which units have which phase, who serves
    /// and which masks show.
    fn follows_from_parts(&mut self, model: &Model) {
        for roster in &model.rosters {
            roster.members.iter().for_each(|member| self.seat_of[member.index()] = None);
        }
        for roster in &model.rosters {
            for seat in roster.seats() {
                if let SeatState::Serving(member) = self.seats[seat.index()] {
                    self.seat_of[member.index()] = Some(seat);
                }
            }
        }
        for index in 0..model.gates.len() {
            let gate = &model.gates[index];
            let down = gate.inputs.iter().filter(|input| !self.input_is_up(**input)).count();
            self.slack[index] = gate.spare as i32 - down as i32;
        }
        for (index, (gate, watch)) in model.watches.iter().enumerate() {
            let is_up = self.gate_is_up(*gate);
            self.watched_up[index] = is_up;
            match watch {
                Watch::Crash(units) if !is_up => {
                    units.iter().for_each(|unit| self.units[unit.index()].faults += 1);
                }
                Watch::Suspend(units) => {
                    units.iter().for_each(|unit| self.units[unit.index()].is_suspended = !is_up);
                }
                _ => {}
            }
        }
        for (clock, mode) in model.clocks.iter().zip(&self.modes) {
            self.units[clock.unit.index()].faults += u32::from(mode.is_active);
        }
        // Hosts come before guests. What is not explored itself goes down with its hosts and comes back with them.
        for index in 0..model.units.len() {
            let hosts = model.hosts.of(index).iter();
            self.units[index].faults += hosts.filter(|host| !self.is_up(**host)).count() as u32;
            if self.units[index].faults > 0 {
                self.units[index].phase = Phase::Down;
            }
        }
        for (index, load) in model.loads.iter().enumerate() {
            let up = load.members.iter().filter(|member| self.is_up(**member)).count();
            self.load_up[index] = up as u32;
        }
        for (index, unit) in model.units.iter().enumerate().filter(|(_, unit)| unit.is_paced) {
            self.paces[index] = self.pace(model, unit, UnitId::new(index));
        }
        for (index, gate) in model.journeys.iter().enumerate() {
            let is_up = self.gate_is_up(*gate);
            (self.journeys[index].is_up, self.journeys[index].was_up) = (is_up, is_up);
        }
        // Only failures that pass ask how many are down, and here none does.
        self.fallen = u32::MAX / 2;
    }
}

impl CopyPhase {
    fn of_word(word: u32) -> CopyPhase {
        match word {
            0 => CopyPhase::Present,
            1 => CopyPhase::Absent,
            2 => CopyPhase::Lost,
            3 => CopyPhase::Unnoticed,
            4 => CopyPhase::Put,
            5 => CopyPhase::InLine,
            _ => CopyPhase::Rebuilding,
        }
    }
}

impl crate::engine::data::DataState {
    /// What is of a copy alone, as words: how it is, its defect, and its place in the line of those that wait, or that
    /// it waits where all go on together as soon as they can.
    fn pass_copy(
        &mut self,
        class: DataId,
        copy: crate::model::CopyId,
        (number, is_in_turn): (u32, bool),
        word: &mut impl FnMut(&mut u32),
    ) {
        let state = &mut self.copies[copy.index()];
        let flags = [state.is_lost, state.is_elsewhere, state.is_put_aside];
        let flags = flags.iter().rev().fold(0, |word, flag| word << 1 | u32::from(*flag));
        let mut present = (state.phase as u32) << 3 | flags;
        word(&mut present);
        state.phase = CopyPhase::of_word(present >> 3);
        (state.is_lost, state.is_elsewhere) = (present & 1 == 1, present & 2 == 2);
        state.is_put_aside = present & 4 == 4;
        let mut defect = state.defect.map_or(0, |group| group + 1);
        word(&mut defect);
        state.defect = defect.checked_sub(1);
        let line = &mut self.holdings[class.index()].in_line;
        let before = line.iter().position(|other| *other == number);
        let mut place = before.map_or(0, |place| if is_in_turn { place as u32 + 1 } else { 1 });
        word(&mut place);
        if before.is_none() && place > 0 && !is_in_turn {
            line.push(number);
        } else if before.is_none() && place > 0 {
            // Those before it may follow later: the line is closed up when all are there.
            let needed = place as usize;
            if line.len() < needed {
                line.resize(needed, u32::MAX);
            }
            line[needed - 1] = number;
        }
    }
}
