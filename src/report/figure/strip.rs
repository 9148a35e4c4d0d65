//! One life as a picture: who was down when.

use std::collections::BTreeSet;

use super::{Content, Figure, Lane, Stretch, Strip};
use crate::engine::Root;
use crate::measure::{Change, Entry};
use crate::model::{ClockId, Model, UnitId};
use crate::report::number::{duration, grouped};
use crate::spec::{Repair, Topology};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// Lanes that a picture has room for.
const MOST_LANES: usize = 30;
/// Lanes of journeys among them.
const MOST_JOURNEYS: usize = 12;
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A life of so long as a picture: when each journey was down, and each unit that was down at least
/// once. Of too many units, those that were down longest while a journey was down are shown.
pub fn life_figure(
    topology: &Topology,
    model: &Model,
    entries: &[Entry],
    length: SimSpan,
    (replication, seed): (u64, u64),
) -> Figure {
    let mut life = Life::new(topology, model, length.seconds());
    entries.iter().for_each(|entry| life.add(entry));
    life.end();
    let title = life.finding();
    let Life { journeys, units, length_s, .. } = life;
    let mut lanes: Vec<Lane> =
        topology.journeys.iter().zip(journeys).map(|(j, s)| lane(&j.name, true, s)).collect();
    let outages: Vec<Stretch> = lanes.iter().flat_map(|lane| lane.stretches.clone()).collect();
    let quiet_journeys = lanes.len().saturating_sub(MOST_JOURNEYS);
    if quiet_journeys > 0 {
        keep(&mut lanes, MOST_JOURNEYS, Lane::downtime_s);
    }
    let named = topology.units.iter().zip(units);
    let mut places: Vec<Lane> = named
        .filter(|(_, stretches)| !stretches.is_empty())
        .map(|(unit, stretches)| lane(&unit.path, false, stretches))
        .collect();
    let room = MOST_LANES - lanes.len();
    let left_out = places.len().saturating_sub(room);
    // Time in outages of journeys first; a day of it outweighs a life without.
    keep(&mut places, room, |lane| {
        let overlap: f64 = lane.stretches.iter().map(|own| overlap(own, &outages)).sum();
        overlap * length_s + lane.downtime_s()
    });
    lanes.append(&mut places);
    let mut note =
        "Every bar is at least so wide that it is seen; low and grey: planned work.".to_owned();
    if left_out > 0 {
        note += &format!(" Left out: {} units that mattered less.", grouped(left_out as u64));
    }
    if quiet_journeys > 0 {
        note += &format!(" Left out: {quiet_journeys} journeys that were down for less.");
    }
    Figure {
        name: "life",
        title,
        subtitle: format!(
            "{}: life {replication} of seed {seed}, {}",
            topology.name,
            duration(length_s)
        ),
        note: Some(note),
        content: Content::Strip(Strip { length_s, lanes }),
    }
}

fn lane(name: &str, is_journey: bool, stretches: Vec<Stretch>) -> Lane {
    Lane { name: name.to_owned(), is_journey, stretches }
}

/// Keeps the lanes with the most of something, in their order.
fn keep(lanes: &mut Vec<Lane>, most: usize, weight: impl Fn(&Lane) -> f64) {
    let mut order: Vec<(usize, f64)> = lanes.iter().map(weight).enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let kept: BTreeSet<usize> = order.into_iter().take(most).map(|(index, _)| index).collect();
    let mut index = 0;
    lanes.retain(|_| {
        index += 1;
        kept.contains(&(index - 1))
    });
}

/// For how long one of the others went on too, seconds; longer where several did.
fn overlap(own: &Stretch, others: &[Stretch]) -> f64 {
    let common = |other: &Stretch| own.to_s.min(other.to_s) - own.from_s.max(other.from_s);
    others.iter().map(common).filter(|length| *length > 0.0).sum()
}

/// A life as it is read.
struct Life<'a> {
    topology: &'a Topology,
    model: &'a Model,
    length_s: f64,
    journeys: Vec<Vec<Stretch>>,
    units: Vec<Vec<Stretch>>,
    /// Since when each journey is down, and why.
    open_journeys: Vec<Option<(f64, Root)>>,
    /// Since when each unit is down, and whether somebody meant it.
    open_units: Vec<Option<(f64, bool)>>,
    /// What is active, by unit.
    active: Vec<Vec<ClockId>>,
    /// The longest outage: its journey, from when to when, and why.
    longest: Option<(usize, Stretch, Root)>,
}

impl<'a> Life<'a> {
    fn new(topology: &'a Topology, model: &'a Model, length_s: f64) -> Life<'a> {
        let (journeys, units) = (topology.journeys.len(), topology.units.len());
        Life {
            topology,
            model,
            length_s,
            journeys: vec![Vec::new(); journeys],
            units: vec![Vec::new(); units],
            open_journeys: vec![None; journeys],
            open_units: vec![None; units],
            active: vec![Vec::new(); units],
            longest: None,
        }
    }

    fn add(&mut self, entry: &Entry) {
        let at = entry.at.micros() as f64 / 1e6;
        match entry.change {
            Change::Fails(clock) => {
                let unit = self.unit_of(clock);
                self.active[unit].push(clock);
            }
            Change::Restored(clock) => {
                let unit = self.unit_of(clock);
                self.active[unit].retain(|active| *active != clock);
            }
            Change::Down(unit) => {
                self.open_units[unit.index()] = Some((at, self.is_planned(unit)));
            }
            Change::Up(unit) => {
                self.close_unit(unit.index(), at);
                // What a restart repairs is over with the start, and nobody says so.
                let (model, modes) = (self.model, &self.topology.modes);
                self.active[unit.index()]
                    .retain(|clock| modes[model.origin(*clock).1].repair != Repair::Restart);
            }
            Change::JourneyDown(journey, cause) => {
                // What is observed beside the journeys has no lane.
                if let Some(open) = self.open_journeys.get_mut(journey.index()) {
                    *open = Some((at, cause));
                }
            }
            Change::JourneyUp(journey, ..) => self.close_journey(journey.index(), at),
            Change::Repairs(..)
            | Change::Starts(..)
            | Change::Serves(..)
            | Change::Empty(_)
            | Change::Acts(_)
            | Change::NodeLost(_)
            | Change::NodeReady(_)
            | Change::Drained(_)
            | Change::Moves(..)
            | Change::Volume(..) => {}
        }
    }

    fn end(&mut self) {
        (0..self.units.len()).for_each(|unit| self.close_unit(unit, self.length_s));
        (0..self.journeys.len()).for_each(|journey| self.close_journey(journey, self.length_s));
    }

    fn unit_of(&self, clock: ClockId) -> usize {
        self.model.origin(clock).0.index()
    }

    /// Whether a unit is down for planned work alone, its own or that of what it stands on.
    fn is_planned(&self, unit: UnitId) -> bool {
        let (mut planned, mut frontier) = (false, vec![unit.index()]);
        let mut seen = BTreeSet::new();
        while let Some(unit) = frontier.pop() {
            if !seen.insert(unit) {
                continue;
            }
            for clock in &self.active[unit] {
                let (_, mode) = self.model.origin(*clock);
                if !self.topology.modes[mode].is_planned {
                    return false;
                }
                planned = true;
            }
            frontier.extend(&self.topology.units[unit].hosts);
        }
        planned
    }

    fn close_unit(&mut self, unit: usize, to_s: f64) {
        if let Some((from_s, is_planned)) = self.open_units[unit].take() {
            self.units[unit].push(Stretch { from_s, to_s, is_planned });
        }
    }

    fn close_journey(&mut self, journey: usize, to_s: f64) {
        let Some(open) = self.open_journeys.get_mut(journey) else { return };
        let Some((from_s, cause)) = open.take() else { return };
        let stretch = Stretch { from_s, to_s, is_planned: cause.is_planned };
        self.journeys[journey].push(stretch);
        let is_longer =
            |(_, known, _): &(usize, Stretch, Root)| to_s - from_s > known.to_s - known.from_s;
        if self.longest.as_ref().is_none_or(is_longer) {
            self.longest = Some((journey, stretch, cause));
        }
    }

    /// The journey with the longest outage, and why, in a sentence.
    fn finding(&self) -> String {
        let Life { topology, model, .. } = *self;
        let life = if self.length_s == SECONDS_PER_YEAR { "year" } else { "life" };
        if topology.journeys.is_empty() {
            let down = self.units.iter().filter(|stretches| !stretches.is_empty()).count();
            return format!("{} units are down at least once in this {life}", grouped(down as u64));
        }
        let Some((journey, stretch, cause)) = &self.longest else {
            return format!("No journey is down in this {life}");
        };
        let of_journey = &self.journeys[*journey];
        let down: f64 = of_journey.iter().map(|stretch| stretch.to_s - stretch.from_s).sum();
        let (unit, mode) = model.origin(cause.clock);
        let name = &topology.journeys[*journey].name;
        let cause =
            format!("{} of {}", topology.modes[mode].name, topology.units[unit.index()].path);
        // Of a short life a day says nothing.
        let from = match self.length_s >= 3.0 * DAY {
            true => format!("day {}", (stretch.from_s / DAY).floor()),
            false => duration(stretch.from_s),
        };
        match of_journey.len() {
            1 => format!(
                "{name} is down once in this {life}, for {} from {from} on: {cause}",
                duration(down)
            ),
            times => format!(
                "{name} is down {times} times and {} in this {life}, for {} of it from {from} on: {cause}",
                duration(down),
                duration(stretch.to_s - stretch.from_s)
            ),
        }
    }
}
