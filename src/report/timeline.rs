//! One life for people: a line for each change.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::data_text::stage_words;
use super::number::{duration, grouped, percent};
use crate::dist::Law;
use crate::engine::{Hold, HowLost, Loss, Placement, Root};
use crate::measure::{Change, Entry, Incident};
use crate::model::{ClockId, DataId, Model, SeatId, UnitId};
use crate::spec::Topology;
use crate::units::{SimSpan, SimTime};

/// Columns of the lines that list timers.
const TIMERS_WIDTH: usize = 100;
/// How long before an outage the time line begins.
const BEFORE: SimSpan = SimSpan::from_micros(3_600_000_000);

/// The timers of the platform of a topology, in a few lines; nothing where it has none.
pub fn timers_to_text(topology: &Topology) -> String {
    let Some(platform) = &topology.platform else { return String::new() };
    let timers = &platform.timers;
    let span = |span: SimSpan| duration(span.seconds());
    let law = |law: &Law| format!("{} in the mean", duration(law.mean()));
    let unhealthy =
        format!("{} of at most {} nodes", percent(timers.unhealthy_zone, 0), timers.small_cluster);
    let listed = [
        ("lease_renew", span(timers.lease_renew)),
        ("node_monitor_grace", span(timers.node_monitor_grace)),
        ("node_monitor_period", span(timers.node_monitor_period)),
        ("toleration", span(timers.toleration)),
        ("unhealthy_zone", unhealthy),
        ("force_detach", span(timers.force_detach)),
        ("force_delete", timers.force_delete.as_ref().map_or_else(|| "never".to_owned(), law)),
        ("termination", law(&timers.termination)),
        ("schedule", law(&timers.schedule)),
        ("image_pull", law(&timers.image_pull)),
        ("attach", law(&timers.attach)),
        (
            "crash_loop",
            format!("{} to {}", span(timers.crash_loop_base), span(timers.crash_loop_max)),
        ),
        ("crash_loop.reset_after", span(timers.crash_loop_reset)),
    ];
    let volumes = &timers.volumes;
    let of_volumes = [
        ("volumes.replicas", volumes.replicas.to_string()),
        ("volumes.timeout", span(volumes.timeout)),
        ("volumes.replenish", span(volumes.replenish)),
        ("volumes.at_a_time", volumes.at_a_time.to_string()),
        ("volumes.bandwidth", format!("{}MB/s", volumes.bandwidth / 1e6)),
        ("volumes.catch_up", law(&volumes.catch_up)),
    ];
    let is_replicated = platform.workloads.iter().any(|workload| workload.replicated.is_some());
    let of_volumes = of_volumes.into_iter().filter(|_| is_replicated);
    let listed: Vec<(&str, String)> = listed.into_iter().chain(of_volumes).collect();
    let mut text = "timers of the platform:".to_owned();
    let mut width = text.len();
    for (place, (name, value)) in listed.iter().enumerate() {
        let end = if place + 1 == listed.len() { "" } else { "," };
        let item = format!(" {name} {value}{end}");
        if width + item.len() > TIMERS_WIDTH {
            text += "\n ";
            width = 1;
        }
        width += item.len();
        text += &item;
    }
    text.push('\n');
    text
}

/// How many replicas of the volume of somebody are healthy.
fn volume(whose: &str, volume: &str, healthy: usize, wanted: usize) -> String {
    format!("{volume} of {whose}: {healthy} of {wanted} replicas healthy")
}

/// The time line as text: all of it, or only what lies in outages and the hour before each.
pub fn timeline_to_text(
    topology: &Topology,
    model: &Model,
    entries: &[Entry],
    all: bool,
) -> String {
    let shown = shown(topology, entries, all);
    let names = Names { topology, model, acts: &[] };
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

/// A life as lines, each with its time: what happens to many units at one instant is one line. What the
/// script does is told by `acts`, which has the number and the words of some of its acts.
pub(crate) fn timeline_lines(
    topology: &Topology,
    model: &Model,
    entries: &[Entry],
    acts: &[(usize, &str)],
) -> Vec<(SimTime, String)> {
    let names = Names { topology, model, acts };
    let mut lines = Vec::new();
    let told = |entry: &&Entry| !matches!(entry.change, Change::Stands(..));
    let entries: Vec<Entry> = entries.iter().filter(told).copied().collect();
    let mut rest = entries.as_slice();
    while let Some(first) = rest.first() {
        let kind = names.kind(&first.change);
        let is_alike = |entry: &&Entry| entry.at == first.at && names.kind(&entry.change) == kind;
        let alike = match kind {
            Some(_) => rest.iter().take_while(is_alike).count(),
            None => 1,
        };
        let (together, others) = rest.split_at(alike);
        let line = match together {
            [only] => names.line(&only.change),
            many => names.line_of_many(many),
        };
        lines.extend(line.map(|line| (first.at, line)));
        rest = others;
    }
    lines
}

/// Names of a list that are told.
const TOLD: usize = 6;

/// Names with commas, and how many more there are.
fn told(names: &[&str]) -> String {
    match names {
        [first] => (*first).to_owned(),
        [others @ .., last] if names.len() <= TOLD => format!("{} and {last}", others.join(", ")),
        names => {
            let more = names.len() - (TOLD - 1);
            format!("{} and {more} more", names[..TOLD - 1].join(", "))
        }
    }
}

fn is(count: u32) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// How data were lost, as copies know it.
fn how_words(how: HowLost) -> &'static str {
    match how {
        HowLost::Wiped => "too many copies are gone",
        HowLost::Unreadable => "a rebuild could not read what it needed",
        HowLost::Latent => "what was left had a defect",
        HowLost::Deleted => "deleted",
        HowLost::Unsynced => "not yet written down",
        HowLost::Lagging => "not yet on the copy that took over",
        HowLost::Missed => "missed by the copies that are left",
    }
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
    acts: &'a [(usize, &'a str)],
}

impl Names<'_> {
    fn line(&self, change: &Change) -> Option<String> {
        let journey = |index: usize| self.topology.journeys.get(index).map(|j| j.name.as_str());
        Some(match change {
            Change::Acts(act) => {
                let told = self.acts.iter().find(|(number, _)| *number == act.index());
                format!("> {}", told?.1)
            }
            Change::NodeLost(node) => format!("{} is not ready", self.unit(*node)),
            Change::NodeReady(node) => format!("{} is ready", self.unit(*node)),
            Change::NodeShort(node) => format!("{} is short of memory", self.unit(*node)),
            Change::NodeEnough(node) => {
                format!("{} has had enough memory for a while", self.unit(*node))
            }
            Change::Holds(node, unit, Hold::Budget) => format!(
                "the drain of {} waits: too few of its service are up to let {} go",
                self.unit(*node),
                self.unit(*unit)
            ),
            Change::Holds(node, unit, Hold::LastOfVolume) => format!(
                "the drain of {} waits: the last healthy replica of the volume of {} is there",
                self.unit(*node),
                self.unit(*unit)
            ),
            Change::Drained(node) => format!("{} is drained", self.unit(*node)),
            Change::Moves(unit, placement) => self.moves(self.unit(*unit), "is", *placement),
            Change::Volume(unit, healthy, wanted) => {
                volume(self.unit(*unit), "volume", *healthy, *wanted)
            }
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
            Change::Down(unit, _) => format!("  {} is down", self.unit(*unit)),
            Change::Up(unit) => format!("  {} is up", self.unit(*unit)),
            // Pictures show it.
            Change::Stands(..) => return None,
            Change::Serves(seat, unit) => {
                format!("  {} serves for {}", self.unit(*unit), self.seat(*seat))
            }
            Change::Empty(seat) => format!("  nobody serves for {}", self.seat(*seat)),
            Change::CopiesLost(class, lost, missing) => {
                let what = self.copies(*lost, *class);
                let others = match missing - lost {
                    0 => String::new(),
                    _ => format!(", {missing} are missing"),
                };
                format!("  {what} {} lost{others}", is(*lost))
            }
            Change::CopiesBack(class, back, missing) => {
                let what = self.copies(*back, *class);
                let others = match missing {
                    0 => "none is missing".to_owned(),
                    some => format!("{some} {} still missing", is(*some)),
                };
                format!("  {what} {} there again, {others}", is(*back))
            }
            Change::RebuildsBegin(class, begun) => {
                format!("  rebuild of {} begins", self.copies(*begun, *class))
            }
            Change::RebuildsEnd(class, ended) => {
                format!("  rebuild of {} is broken off", self.copies(*ended, *class))
            }
            Change::Unreadable(class, 0) => {
                format!("all groups of {} can be read", self.class(*class))
            }
            Change::Unreadable(class, groups) => {
                format!("{} cannot be read", self.groups(*groups, *class))
            }
            Change::Lost(Loss { data, newest: Some(newest), how, .. }) => {
                let length = duration(newest.seconds());
                format!("{length} of {} are LOST: {}", self.class(*data), how_words(*how))
            }
            Change::Lost(Loss { data, groups, how, .. }) => {
                let what = self.groups(*groups, *data);
                format!("{what} {} LOST: {}", is(*groups), how_words(*how))
            }
            Change::Gone(class, Incident { lost, stage, .. }) => {
                let length = duration(lost.seconds());
                let stage = stage_words(*stage);
                format!("{length} of {} are gone for good: {stage}", self.class(*class))
            }
            Change::RestoredFromBackup(class, took) => {
                let took = duration(took.seconds());
                format!("{} is restored from a backup after {took}", self.class(*class))
            }
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

    /// What makes changes of one instant alike: what it is, and of which mode.
    fn kind(&self, change: &Change) -> Option<(u8, usize)> {
        match change {
            Change::Fails(clock) => Some((0, self.model.origin(*clock).1)),
            Change::Restored(clock) => Some((1, self.model.origin(*clock).1)),
            Change::Down(..) => Some((2, 0)),
            Change::Up(_) => Some((3, 0)),
            Change::Moves(_, placement) => Some(match placement {
                Placement::Pending => (4, 0),
                Placement::Preparing(node) => (5, node.index()),
                Placement::On(node) => (6, node.index()),
                Placement::Ending(node) => (7, node.index()),
                Placement::Stuck(node) => (8, node.index()),
            }),
            Change::Volume(_, healthy, wanted) => Some((9, (healthy << 16) + wanted)),
            _ => None,
        }
    }

    /// A line of changes of one kind.
    fn line_of_many(&self, many: &[Entry]) -> Option<String> {
        let units = many.iter().filter_map(|entry| match entry.change {
            Change::Fails(clock) | Change::Restored(clock) => Some(self.model.origin(clock).0),
            Change::Down(unit, _)
            | Change::Up(unit)
            | Change::Moves(unit, _)
            | Change::Volume(unit, ..) => Some(unit),
            _ => None,
        });
        let units = told(&units.map(|unit| self.unit(unit)).collect::<Vec<&str>>());
        Some(match many.first()?.change {
            Change::Fails(clock) => format!("{} of {units} strikes", self.mode(clock)),
            Change::Restored(clock) => format!("{} of {units} is over", self.mode(clock)),
            Change::Moves(_, placement) => self.moves(&units, "are", placement),
            Change::Volume(_, healthy, wanted) => volume(&units, "volumes", healthy, wanted),
            Change::Down(..) => format!("  {units} are down"),
            _ => format!("  {units} are up"),
        })
    }

    fn moves(&self, who: &str, is: &str, placement: Placement) -> String {
        match placement {
            Placement::Pending => format!("{who} {is} pending"),
            Placement::Preparing(node) => format!("{who} {is} placed on {}", self.unit(node)),
            Placement::On(node) => format!("{who} {is} on {}", self.unit(node)),
            Placement::Ending(node) => format!("{who} {is} told to end on {}", self.unit(node)),
            Placement::Stuck(node) => {
                format!("{who} {is} stuck on {}, which cannot be told", self.unit(node))
            }
        }
    }

    fn class(&self, class: DataId) -> &str {
        &self.topology.data[class.index()].name
    }

    fn copies(&self, count: u32, class: DataId) -> String {
        let copies = if count == 1 { "copy" } else { "copies" };
        format!("{} {copies} of {}", grouped(u64::from(count)), self.class(class))
    }

    fn groups(&self, count: u32, class: DataId) -> String {
        let groups = if count == 1 { "group" } else { "groups" };
        format!("{} {groups} of {}", grouped(u64::from(count)), self.class(class))
    }

    fn mode(&self, clock: ClockId) -> &str {
        &self.topology.modes[self.model.origin(clock).1].name
    }

    fn unit(&self, unit: UnitId) -> &str {
        &self.topology.units[unit.index()].path
    }

    fn clock(&self, clock: ClockId) -> String {
        let (unit, _) = self.model.origin(clock);
        format!("{} of {}", self.mode(clock), self.unit(unit))
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
