//! One life for people: a line for each change.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::number::duration;
use crate::engine::Root;
use crate::measure::{Change, Entry};
use crate::model::{ClockId, Model, SeatId, UnitId};
use crate::spec::Topology;
use crate::units::{SimSpan, SimTime};

/// How long before an outage the time line begins.
const BEFORE: SimSpan = SimSpan::from_micros(3_600_000_000);

/// The time line as text: all of it, or only what lies in outages and the hour before each.
pub fn timeline_to_text(
    topology: &Topology,
    model: &Model,
    entries: &[Entry],
    all: bool,
) -> String {
    let shown = shown(topology, entries, all);
    let names = Names { topology, model };
    let mut text = String::new();
    let mut is_gap = false;
    for (index, entry) in entries.iter().enumerate() {
        if !shown.contains(&index) {
            is_gap = true;
            continue;
        }
        if std::mem::take(&mut is_gap) && !text.is_empty() {
            text += "  ...\n";
        }
        if let Some(line) = names.line(&entry.change) {
            let _ = writeln!(text, "  {:>16}  {line}", clock(entry.at));
        }
    }
    if text.is_empty() && topology.journeys.is_empty() && !entries.is_empty() {
        text += "  there are no journeys whose outages could be told: `--all` tells everything\n";
    }
    if text.is_empty() {
        text += "  nothing was down that a journey needs\n";
    }
    text
}

/// Which entries are shown.
fn shown(topology: &Topology, entries: &[Entry], all: bool) -> BTreeSet<usize> {
    if all {
        return (0..entries.len()).collect();
    }
    let mut windows: Vec<(SimTime, SimTime)> = Vec::new();
    let mut open = vec![None; topology.journeys.len()];
    for entry in entries {
        match entry.change {
            Change::JourneyDown(journey, _) => {
                if let Some(open) = open.get_mut(journey.index()) {
                    *open = Some(entry.at);
                }
            }
            Change::JourneyUp(journey, ..) => {
                let start = open.get_mut(journey.index()).and_then(Option::take);
                windows.extend(start.map(|start| (start, entry.at)));
            }
            _ => {}
        }
    }
    windows.extend(open.into_iter().flatten().map(|start| (start, SimTime::NEVER)));
    let is_in = |at: SimTime| windows.iter().any(|&(start, end)| start <= at + BEFORE && at <= end);
    (0..entries.len()).filter(|&index| is_in(entries[index].at)).collect()
}

/// Day and time of a life: `day 12 03:04:05`.
fn clock(at: SimTime) -> String {
    let seconds = at.micros() / 1_000_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    format!("day {days} {:02}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60)
}

struct Names<'a> {
    topology: &'a Topology,
    model: &'a Model,
}

impl Names<'_> {
    fn line(&self, change: &Change) -> Option<String> {
        let journey = |index: usize| self.topology.journeys.get(index).map(|j| j.name.as_str());
        Some(match change {
            Change::Fails(clock) => format!("{} strikes", self.clock(*clock)),
            Change::Restored(clock) => format!("{} is over", self.clock(*clock)),
            Change::Repairs(crew, clock) => {
                let crew = &self.topology.crews[crew.index()].name;
                format!("{crew} begins to work on {}", self.clock(*clock))
            }
            Change::Starts(crew, unit) => {
                let crew = &self.topology.crews[crew.index()].name;
                format!("{crew} begins to work on the start of {}", self.unit(*unit))
            }
            Change::Down(unit) => format!("  {} is down", self.unit(*unit)),
            Change::Up(unit) => format!("  {} is up", self.unit(*unit)),
            Change::Serves(seat, unit) => {
                format!("  {} serves for {}", self.unit(*unit), self.seat(*seat))
            }
            Change::Empty(seat) => format!("  nobody serves for {}", self.seat(*seat)),
            Change::JourneyDown(id, cause) => match journey(id.index()) {
                Some(name) => format!("{name} DOWN, because of {}", self.root(*cause)),
                None => return None,
            },
            Change::JourneyUp(id, length, ended_by) => match journey(id.index()) {
                Some(name) => {
                    let length = duration(length.seconds());
                    format!("{name} UP after {length}; it waited for {}", self.root(*ended_by))
                }
                None => return None,
            },
        })
    }

    fn unit(&self, unit: UnitId) -> &str {
        &self.topology.units[unit.index()].path
    }

    fn clock(&self, clock: ClockId) -> String {
        let (unit, mode) = self.model.origin(clock);
        format!("{} of {}", self.topology.modes[mode].name, self.unit(unit))
    }

    fn root(&self, root: Root) -> String {
        self.clock(root.clock)
    }

    fn seat(&self, seat: SeatId) -> &str {
        let roster = self.model.seat_roster(seat);
        let with_rosters = self.topology.services.iter().filter(|service| service.roster.is_some());
        with_rosters.map(|service| service.name.as_str()).nth(roster).unwrap_or("-")
    }
}
