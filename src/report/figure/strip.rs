//! One life as a picture: who was down when.

use std::collections::BTreeSet;

use super::{Condition, Content, Figure, Lane, Stretch, Strip};
use crate::engine::{Placement, Root, Standing};
use crate::measure::{Change, Entry};
use crate::model::{ClockId, JourneyId, Model};
use crate::report::number::{duration, grouped};
use crate::spec::{Repair, Topology};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// Lanes that a picture has room for.
const MOST_LANES: usize = 30;
/// Lanes of journeys among them.
const MOST_JOURNEYS: usize = 12;
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A life of so long as a picture: when each journey was down, and how each unit was that was not as it
/// should be at least once. Of too many units, those that were down longest while a journey was down are shown.
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
    let journeys = topology.journeys.iter().zip(journeys);
    let mut lanes: Vec<Lane> =
        journeys.map(|(journey, s)| lane(&journey.name, true, outages(&s).count(), s)).collect();
    let outages: Vec<Stretch> =
        lanes.iter().flat_map(|lane| outages(&lane.stretches)).copied().collect();
    let quiet_journeys = lanes.len().saturating_sub(MOST_JOURNEYS);
    if quiet_journeys > 0 {
        keep(&mut lanes, MOST_JOURNEYS, Lane::downtime_s);
    }
    let named = topology.units.iter().zip(units);
    let mut places: Vec<Lane> = named
        .filter(|(_, seen)| !seen.stretches.is_empty())
        .map(|(unit, seen)| lane(&unit.path, false, seen.times, seen.stretches))
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
        "Every bar is at least so wide that it is seen; planned work is low and grey.".to_owned();
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

/// When a journey was down, and not only degraded.
fn outages(stretches: &[Stretch]) -> impl Iterator<Item = &Stretch> {
    stretches.iter().filter(|stretch| stretch.is_down)
}

fn lane(name: &str, is_journey: bool, times: usize, stretches: Vec<Stretch>) -> Lane {
    Lane { name: name.to_owned(), is_journey, times, stretches }
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
    units: Vec<Seen>,
    /// Since when each journey is down, and why.
    open_journeys: Vec<Option<(f64, Root)>>,
    /// Since when each is not whole, or is up again since it has not been.
    open_degraded: Vec<Option<f64>>,
    /// What is active, by unit.
    active: Vec<Vec<ClockId>>,
    /// The longest outage: its journey, from when to when, and why.
    longest: Option<(usize, Stretch, Root)>,
}

/// What is known of a unit.
#[derive(Clone)]
struct Seen {
    is_up: bool,
    standing: Standing,
    placement: Option<Placement>,
    /// Whether its control plane takes it for lost.
    is_lost: bool,
    /// Whether it has run out of memory.
    is_short: bool,
    /// Whether somebody meant what took it down.
    is_planned: bool,
    /// Since when it is as it is, unless that is as it should be.
    open: Option<(f64, Condition)>,
    /// How often it went down.
    times: usize,
    /// The number of stretches when it went down last.
    before: usize,
    stretches: Vec<Stretch>,
}

impl Seen {
    const WELL: Seen = Seen {
        is_up: true,
        standing: Standing::Down,
        placement: None,
        is_lost: false,
        is_short: false,
        is_planned: false,
        open: None,
        times: 0,
        before: 0,
        stretches: Vec::new(),
    };
}

impl<'a> Life<'a> {
    fn new(topology: &'a Topology, model: &'a Model, length_s: f64) -> Life<'a> {
        let (journeys, units) = (topology.journeys.len(), topology.units.len());
        Life {
            topology,
            model,
            length_s,
            journeys: vec![Vec::new(); journeys],
            units: vec![Seen::WELL; units],
            open_journeys: vec![None; journeys],
            open_degraded: vec![None; journeys],
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
                self.looks(unit, at);
            }
            Change::Restored(clock) => {
                let unit = self.unit_of(clock);
                self.active[unit].retain(|active| *active != clock);
                self.looks(unit, at);
            }
            Change::Down(unit, root) => {
                self.close_unit(unit.index(), at);
                let seen = &mut self.units[unit.index()];
                (seen.is_up, seen.standing, seen.is_planned) =
                    (false, Standing::Down, root.is_planned);
                (seen.times, seen.before) = (seen.times + 1, seen.stretches.len());
                self.looks(unit.index(), at);
            }
            Change::Stands(unit, standing) => {
                self.units[unit.index()].standing = standing;
                self.looks(unit.index(), at);
            }
            Change::NodeLost(unit) | Change::NodeReady(unit) => {
                let is_lost = matches!(entry.change, Change::NodeLost(_));
                self.units[unit.index()].is_lost = is_lost;
                self.looks(unit.index(), at);
            }
            Change::NodeShort(unit) | Change::NodeEnough(unit) => {
                let is_short = matches!(entry.change, Change::NodeShort(_));
                self.units[unit.index()].is_short = is_short;
                self.looks(unit.index(), at);
            }
            Change::Moves(unit, placement) => {
                let seen = &mut self.units[unit.index()];
                let before = seen.placement.replace(placement);
                if before.is_none() && placement == Placement::Pending && at == 0.0 {
                    // It has never been up, and nobody says that it goes down.
                    (seen.is_up, seen.times) = (false, 1);
                }
                self.looks(unit.index(), at);
            }
            Change::Up(unit) => {
                self.rises(unit.index(), at);
                // What a restart repairs is over with the start, and nobody says so.
                let (model, modes) = (self.model, &self.topology.modes);
                self.active[unit.index()]
                    .retain(|clock| modes[model.origin(*clock).1].repair != Repair::Restart);
            }
            Change::JourneyDown(journey, cause) => {
                if let Some(degraded) = self.degraded(journey) {
                    self.open_degraded[degraded] = Some(at);
                } else if journey.index() < self.open_journeys.len() {
                    self.shows_degraded(journey.index(), at);
                    self.open_journeys[journey.index()] = Some((at, cause));
                }
            }
            Change::JourneyUp(journey, ..) => match self.degraded(journey) {
                Some(degraded) => {
                    self.shows_degraded(degraded, at);
                    self.open_degraded[degraded] = None;
                }
                None => self.close_journey(journey.index(), at),
            },
            Change::Repairs(..)
            | Change::Starts(..)
            | Change::Serves(..)
            | Change::Empty(_)
            | Change::Acts(_)
            | Change::Holds(..)
            | Change::Drained(_)
            | Change::Volume(..)
            | Change::CopiesLost(..)
            | Change::CopiesBack(..)
            | Change::RebuildsBegin(..)
            | Change::RebuildsEnd(..)
            | Change::Unreadable(..)
            | Change::Lost(_)
            | Change::Gone(..)
            | Change::RestoredFromBackup(..) => {}
        }
    }

    fn end(&mut self) {
        (0..self.units.len()).for_each(|unit| self.close_unit(unit, self.length_s));
        (0..self.journeys.len()).for_each(|journey| self.shows_degraded(journey, self.length_s));
        (0..self.journeys.len()).for_each(|journey| self.close_journey(journey, self.length_s));
    }

    fn unit_of(&self, clock: ClockId) -> usize {
        self.model.origin(clock).0.index()
    }

    /// How a unit is, if that is not as it should be.
    fn condition(&self, unit: usize) -> Option<Condition> {
        let seen = &self.units[unit];
        let is_grey = |clock: &ClockId| self.topology.modes[self.model.origin(*clock).1].is_grey;
        match seen.placement {
            Some(Placement::Pending) => return Some(Condition::Pending),
            Some(Placement::Preparing(_)) => return Some(Condition::Starting),
            Some(Placement::Ending(_) | Placement::Stuck(_)) => return Some(Condition::Stuck),
            Some(Placement::On(_)) | None => {}
        }
        match seen.standing {
            _ if seen.is_up && seen.is_lost => Some(Condition::CutOff),
            _ if seen.is_up => seen.is_short.then_some(Condition::Short),
            Standing::Starting => Some(Condition::Starting),
            Standing::Sealed => Some(Condition::Sealed),
            Standing::Down if self.active[unit].iter().any(is_grey) => Some(Condition::CutOff),
            Standing::Down if seen.is_planned => Some(Condition::Planned),
            Standing::Down => Some(Condition::Down),
        }
    }

    /// A unit may be in another condition from now on.
    fn looks(&mut self, unit: usize, at: f64) {
        let now = self.condition(unit);
        let seen = &self.units[unit];
        if seen.open.map(|(_, condition)| condition) != now {
            self.close_unit(unit, at);
            self.units[unit].open = now.map(|condition| (at, condition));
        }
    }

    /// A unit is up again.
    fn rises(&mut self, unit: usize, at: f64) {
        let seen = &mut self.units[unit];
        let (was, is_nothing) = (seen.open, seen.stretches.len() == seen.before);
        // What lasts no time at all is shown too, once.
        if let (Some((from_s, condition)), true) = (was, is_nothing)
            && from_s == at
        {
            seen.stretches.push(Stretch { from_s, to_s: at, condition, is_down: true });
        }
        self.close_unit(unit, at);
        let seen = &mut self.units[unit];
        (seen.is_up, seen.standing) = (true, Standing::Down);
        self.looks(unit, at);
    }

    fn close_unit(&mut self, unit: usize, to_s: f64) {
        let seen = &mut self.units[unit];
        if let Some((from_s, condition)) = seen.open.take().filter(|(from_s, _)| *from_s < to_s) {
            let is_down = !seen.is_up;
            let goes_on = |last: &&mut Stretch| {
                (last.to_s, last.condition, last.is_down) == (from_s, condition, is_down)
            };
            // What was something else for no time in between is one stretch.
            match seen.stretches[seen.before..].last_mut().filter(goes_on) {
                Some(last) => last.to_s = to_s,
                None => seen.stretches.push(Stretch { from_s, to_s, condition, is_down }),
            }
        }
    }

    /// The journey with a lane that is degraded while what is observed is down. What else is observed beside
    /// the journeys has no lane.
    fn degraded(&self, observed: JourneyId) -> Option<usize> {
        let journey = self.model.degraded(observed)?.index();
        (journey < self.journeys.len()).then_some(journey)
    }

    /// The time since when a journey was degraded, and not down, is over.
    fn shows_degraded(&mut self, journey: usize, to_s: f64) {
        let is_up = self.open_journeys[journey].is_none();
        let from_s = self.open_degraded[journey].filter(|from_s| is_up && *from_s < to_s);
        if let Some(from_s) = from_s {
            let condition = Condition::Degraded;
            self.journeys[journey].push(Stretch { from_s, to_s, condition, is_down: false });
        }
    }

    fn close_journey(&mut self, journey: usize, to_s: f64) {
        let Some(open) = self.open_journeys.get_mut(journey) else { return };
        let Some((from_s, cause)) = open.take() else { return };
        // What is up again and not whole is degraded from here on.
        let degraded = &mut self.open_degraded[journey];
        *degraded = degraded.map(|_| to_s);
        let condition = if cause.is_planned { Condition::Planned } else { Condition::Down };
        let stretch = Stretch { from_s, to_s, condition, is_down: true };
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
            let down = self.units.iter().filter(|seen| seen.times > 0).count();
            return format!("{} units are down at least once in this {life}", grouped(down as u64));
        }
        let Some((journey, stretch, cause)) = &self.longest else {
            return format!("No journey is down in this {life}");
        };
        let of_journey: Vec<&Stretch> = outages(&self.journeys[*journey]).collect();
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
