//! Exact answers for journeys that depend on nothing but which units are up, each of them independently of
//! the others.

use std::collections::BTreeMap;
use std::fmt;

use super::Omission;
use super::basic_event::{BasicEvent, Chance, Course, Courses, basic_events};
use super::decision_diagram::{Diagram, Taken, TooLarge};
use super::quadrature::both;
use super::skeleton::Skeleton;
use crate::model::{ClockId, JourneyId, Model, UnitId};
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// How far an integral over time may be off, against its value.
const RELATIVE_TOLERANCE: f64 = 1e-12;
/// Visits of nodes that an integral may take.
const MOST_VISITS: usize = 400_000_000;
/// Parts that an integral is cut into at most.
const MOST_PARTS: usize = 400;

/// What is exactly true of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticAnswer {
    /// The probability of being down in the long run: by formula, right to about twelve digits however
    /// small it is.
    pub unavailability: f64,
    /// How often the journey goes down in the long run, per year of 365 days.
    pub outages_per_year: f64,
    /// How long it is down then in the mean, seconds; `None` if it never goes down, or for good.
    pub mean_outage_s: Option<f64>,
    /// Over the horizon, after the warm-up that began with everything up and new; or why there is no such answer.
    pub interval: Result<IntervalAnswer, NotStatic>,
    /// What failure modes and units contribute.
    pub importances: Importances,
    /// Units that go down by themselves.
    pub basic_events: usize,
    /// Nodes of the decision diagram.
    pub nodes: usize,
}

/// What is exactly true of a journey from the end of a warm-up until a horizon; the warm-up begins at time zero, when
/// everything is up and new.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntervalAnswer {
    /// The mean share of the time down.
    pub unavailability: f64,
    /// How often it goes down, per year of 365 days.
    pub outages_per_year: f64,
    /// By how much the two may be off, against their values, as far as can be estimated: of the integration
    /// over time, and of what is not known of units by a formula.
    pub relative_error: f64,
    /// The probability of being down at the end.
    pub unavailability_at_end: f64,
}

/// What failure modes and units contribute to the downtime of a journey in the long run: in each list those with the
/// most downtime first.
#[derive(Clone, Debug, PartialEq)]
pub struct Importances {
    /// By failure mode of a unit.
    pub of_units: Vec<Importance<ClockId>>,
    /// By failure mode of the topology, in all units that have it.
    pub modes: Vec<Importance<usize>>,
    /// By unit, whichever failure mode takes it down.
    pub units: Vec<Importance<UnitId>>,
}

/// What something contributes to the downtime of a journey in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance<Of> {
    /// Of what.
    pub of: Of,
    /// In how many units.
    pub in_units: usize,
    /// The share of time in which it is active, in any of the units.
    pub unavailability: f64,
    /// The probability that it makes the difference: that the journey is down if it is active, and up if it
    /// is not (Birnbaum); `None` of what several units have, each for itself.
    pub birnbaum: Option<f64>,
    /// The share of downtime in which it makes the difference, so that it would not be without it.
    pub criticality: f64,
    /// The share of downtime in which it belongs to a minimal cut set that is down as a whole (Vesely and
    /// Fussell); `None` if that would take too long to find out.
    pub fussell_vesely: Option<f64>,
    /// The share of outages that it completes.
    pub outage_share: f64,
}

/// Why there is no exact answer of this kind. [`Display`](fmt::Display) says it without names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStatic {
    /// The journey has something that no static structure has.
    Dynamic {
        /// What.
        what: Omission,
        /// Where it was found first, if it is of a unit.
        unit: Option<UnitId>,
    },
    /// A clock stands still while something other than its failure mode is down.
    Pauses {
        /// Of this failure mode.
        clock: ClockId,
        /// Of which another failure mode, or what it stands on, is down.
        while_down: UnitId,
    },
    /// A unit whose clocks always run may fail again while it starts.
    FailsWhileStarting {
        /// Which.
        unit: UnitId,
    },
    /// A clock ages while its failure mode is active.
    AgesWhileDown {
        /// Of this failure mode.
        clock: ClockId,
    },
    /// A clock ages, and starts after other failures make it new too.
    RenewsTogether {
        /// Which.
        unit: UnitId,
    },
    /// Two units go down and come back at set times and never get out of step.
    InStep {
        /// One of them.
        first: UnitId,
        /// Another one.
        second: UnitId,
    },
    /// Some failure modes are never repaired and others are, so that neither the long run nor any one instant
    /// stands for both: only of fault trees for other programs.
    RepairedInPart {
        /// A unit with one that never is.
        unit: UnitId,
    },
    /// A time up has no exponential law, or a time down none with a formula: the long run is all that is known.
    LongRunOnly {
        /// Of this unit.
        unit: UnitId,
    },
    /// The decision diagram has too many nodes.
    TooLarge {
        /// More than so many.
        nodes: usize,
    },
}

impl fmt::Display for NotStatic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotStatic::Dynamic { what, .. } => f.write_str(match what {
                Omission::Failover => "a failover takes time, or depends on who served before",
                Omission::Masks => "the beginning of each outage is hidden from users",
                Omission::People => "repairs may wait for people, parts or working hours",
                Omission::Plans => "planned work goes by the calendar",
                Omission::Starts => "something must start again after something else was down",
                Omission::Paces => "clocks run faster or slower with the state of others",
                Omission::CommonCauses => "one cause strikes several units at once",
                Omission::Controllers => "a controller places replicas elsewhere",
            }),
            NotStatic::Pauses { .. } => {
                f.write_str("a clock stands still while something else is down (no `clock: always`)")
            }
            NotStatic::FailsWhileStarting { .. } => {
                f.write_str("a unit whose clocks always run may fail again while it starts")
            }
            NotStatic::AgesWhileDown { .. } => {
                f.write_str("a clock with `clock: always` ages while its failure mode is active")
            }
            NotStatic::RenewsTogether { .. } => {
                f.write_str("an aging clock is made new by starts after other failures")
            }
            NotStatic::InStep { .. } => {
                f.write_str("units go down and come back at set times, and stay in step")
            }
            NotStatic::RepairedInPart { .. } => {
                f.write_str("some failure modes are never repaired and others are")
            }
            NotStatic::LongRunOnly { .. } => f.write_str(
                "a time up has no exponential law, or a time down no formula: only the long run is known",
            ),
            NotStatic::TooLarge { nodes } => {
                write!(f, "its decision diagram has more than {nodes} nodes")
            }
        }
    }
}

impl std::error::Error for NotStatic {}

impl From<TooLarge> for NotStatic {
    fn from(TooLarge { nodes }: TooLarge) -> NotStatic {
        NotStatic::TooLarge { nodes }
    }
}

/// The exact answer for a journey, in the long run and over a horizon that begins after a warm-up.
///
/// # Formula
///
/// With `q_i` the probability that unit `i` is down by itself (see `BasicEvent`) and `Q(q)` that the journey is
/// down, by its decision diagram: outages begin with rate `sum B_i w_i`, where `B_i = dQ/dq_i` is Birnbaum's
/// importance and `w_i` how often unit `i` goes down. Over a horizon `Q(q(t))` and that rate are integrated
/// over time, by the rule of Gauss and Kronrod with 15 points, cut where its difference from that of Gauss
/// with 7 is too large; the sum of the differences that are left is the error that is stated.
///
/// # Assumes
///
/// That units go down and come back independently of one another, which is checked.
///
/// # Source
///
/// Vesely, *A time-dependent methodology for fault tree evaluation*, 1970; Trivedi and Bobbio, *Reliability and
/// Availability Engineering*, 2017, chapters 4 to 7.
///
/// # Errors
///
/// If that is not so, or not known, with the reason; or if the decision diagram becomes too large.
pub fn static_answer(
    model: &Model,
    journey: JourneyId,
    (warm_up, horizon): (SimSpan, SimSpan),
) -> Result<StaticAnswer, NotStatic> {
    let tree = StaticTree::new(model, journey)?;
    let chances: Vec<Chance> = tree.events.iter().map(BasicEvent::in_the_long_run).collect();
    let (unavailability, birnbaum) = tree.diagram.importances(&pairs(&chances));
    let per_second = outages_per_second(&birnbaum, &chances);
    Ok(StaticAnswer {
        unavailability,
        outages_per_year: per_second * SECONDS_PER_YEAR,
        mean_outage_s: (per_second > 0.0).then(|| unavailability / per_second),
        interval: tree.over(warm_up, horizon),
        importances: Contributions::new(&tree, &chances, (unavailability, &birnbaum), per_second)
            .all(model),
        basic_events: tree.events.len(),
        nodes: tree.diagram.node_count(),
    })
}

/// How often it goes down in a second: Vesely's formula. Of no units never, which as a sum of nothing would be minus
/// zero.
fn outages_per_second(birnbaum: &[f64], chances: &[Chance]) -> f64 {
    birnbaum.iter().zip(chances).fold(0.0, |sum, (b, chance)| sum + b * chance.rate)
}

/// A static journey: its diagram, and by level of it what the units do.
pub(super) struct StaticTree {
    pub(super) diagram: Diagram,
    pub(super) events: Vec<BasicEvent>,
}

/// Probabilities of being down and up.
fn pairs(chances: &[Chance]) -> Vec<(f64, f64)> {
    chances.iter().map(|chance| (chance.down, chance.up)).collect()
}

impl StaticTree {
    pub(super) fn new(model: &Model, journey: JourneyId) -> Result<StaticTree, NotStatic> {
        let skeleton = Skeleton::new(model, |unit| model.hosts.of(unit.index()), journey);
        let found = basic_events(model, &skeleton)?;
        let mut by_unit = vec![None; model.units.len()];
        for event in found {
            let unit = event.unit.index();
            by_unit[unit] = Some(event);
        }
        let diagram = Diagram::new(&skeleton, |unit| by_unit[unit.index()].is_some())?;
        let of_unit = |unit: &UnitId| by_unit[unit.index()].take();
        let events = diagram.units().iter().filter_map(of_unit).collect();
        Ok(StaticTree { diagram, events })
    }

    /// After a warm-up, until a horizon.
    fn over(&self, warm_up: SimSpan, horizon: SimSpan) -> Result<IntervalAnswer, NotStatic> {
        // The shortest span that there is, for none at all.
        let end = (warm_up + horizon.max(SimSpan::from_micros(1))).seconds();
        let mut courses = Courses::new(end);
        let course = |event: &BasicEvent| {
            courses.of(event).ok_or(NotStatic::LongRunOnly { unit: event.unit })
        };
        let by_event: Vec<Course> = self.events.iter().map(course).collect::<Result<_, _>>()?;
        let chances_at = |seconds: f64| -> Vec<Chance> {
            by_event.iter().map(|course| courses.at(course, seconds)).collect()
        };
        let at = |seconds: f64| {
            let chances = chances_at(seconds);
            let (down, birnbaum) = self.diagram.importances(&pairs(&chances));
            [down, outages_per_second(&birnbaum, &chances)]
        };
        let fastest = self.events.iter().map(BasicEvent::fastest).fold(0.0, f64::max);
        let visits = self.diagram.node_count() + self.events.len();
        let most = (MOST_VISITS / (15 * visits.max(1))).clamp(64, MOST_PARTS);
        let (means, of_time) =
            mean_over((warm_up.seconds(), end), fastest, &courses.kinks(), most, at);
        // By how much a unit is off counts as often as the unit does.
        let chances = chances_at(end);
        let (down, birnbaum) = self.diagram.importances(&pairs(&chances));
        let counts = birnbaum.iter().zip(&chances).map(|(b, chance)| b * chance.down / down);
        let of_units =
            courses.relative_error() * if down > 0.0 { counts.sum::<f64>() } else { 0.0 };
        Ok(IntervalAnswer {
            unavailability: means[0],
            outages_per_year: means[1] * SECONDS_PER_YEAR,
            relative_error: of_time + of_units,
            unavailability_at_end: down,
        })
    }
}

/// What groups of failure modes contribute in the long run.
struct Contributions<'t> {
    tree: &'t StaticTree,
    /// By level of the diagram: what the unit does, and what each of its failure modes does.
    units: &'t [Chance],
    modes: Vec<Vec<Chance>>,
    /// Of the journey: how probable it is that it is down, and how often it goes down in a second.
    unavailability: f64,
    per_second: f64,
    /// By level: Birnbaum's importance, and the probability of a minimal cut set with the unit.
    birnbaum: &'t [f64],
    involved: Vec<Option<f64>>,
}

/// By level: places of failure modes of the unit.
type Group = BTreeMap<usize, Vec<usize>>;

impl<'t> Contributions<'t> {
    fn new(
        tree: &'t StaticTree,
        units: &'t [Chance],
        (unavailability, birnbaum): (f64, &'t [f64]),
        per_second: f64,
    ) -> Contributions<'t> {
        let modes = tree.events.iter().map(BasicEvent::modes_in_the_long_run).collect();
        let involved = vec![None; units.len()];
        let mut found =
            Contributions { tree, units, modes, unavailability, per_second, birnbaum, involved };
        let of_unit = |level| found.involved(&found.whole(level));
        found.involved = (0..units.len()).map(of_unit).collect();
        found
    }

    /// Of everything.
    fn all(&self, model: &Model) -> Importances {
        let mut by_mode: BTreeMap<usize, Group> = BTreeMap::new();
        let mut of_units = Vec::new();
        for (level, event) in self.tree.events.iter().enumerate() {
            for (place, mode) in event.modes.iter().enumerate() {
                of_units.push(self.of(mode.clock, &Group::from([(level, vec![place])])));
                let group = by_mode.entry(model.origin(mode.clock).1).or_default();
                group.entry(level).or_default().push(place);
            }
        }
        let units = self.tree.events.iter().enumerate();
        let units = units.map(|(level, event)| self.of(event.unit, &self.whole(level)));
        Importances {
            of_units: sorted(of_units),
            modes: sorted(by_mode.iter().map(|(mode, group)| self.of(*mode, group)).collect()),
            units: sorted(units.collect()),
        }
    }

    /// All failure modes of a unit.
    fn whole(&self, level: usize) -> Group {
        Group::from([(level, (0..self.modes[level].len()).collect())])
    }

    fn of<Of>(&self, of: Of, group: &Group) -> Importance<Of> {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let taken = group.iter().map(|(level, places)| self.taken(*level, places));
        let any = taken.fold(0.0, |any, taken| any + (1.0 - any) * taken.by.0);
        let outages = group.iter().flat_map(|(level, places)| {
            let of_place = |place: &usize| {
                let decides = self.taken(*level, &[*place]).decides;
                self.birnbaum[*level] * decides * self.modes[*level][*place].rate
            };
            places.iter().map(of_place)
        });
        let mut birnbaum = None;
        let (down, involved) = match group.first_key_value() {
            Some((&level, places)) if group.len() == 1 => {
                let taken = self.taken(level, places);
                birnbaum = Some(self.birnbaum[level] * taken.decides);
                // Which of its modes a unit is down by makes no difference to the others.
                let of_unit = share(taken.by.0, self.units[level].down);
                let involved = self.involved[level].map(|involved| involved * of_unit);
                (self.birnbaum[level] * taken.alone(), involved)
            }
            _ => (self.goes_away(group), self.involved(group)),
        };
        Importance {
            of,
            in_units: group.len(),
            unavailability: any,
            birnbaum,
            criticality: share(down, self.unavailability),
            fussell_vesely: involved.map(|involved| share(involved, self.unavailability)),
            outage_share: share(outages.sum(), self.per_second),
        }
    }

    /// What some failure modes take down of a unit.
    fn taken(&self, level: usize, places: &[usize]) -> Taken {
        let (unit, modes) = (self.units[level], &self.modes[level]);
        if places.len() == modes.len() {
            let by = (unit.down, unit.up);
            return Taken { by, otherwise: None, decides: 1.0, without: Taken::NOTHING };
        }
        let (within, others): (Vec<usize>, Vec<usize>) =
            (0..modes.len()).partition(|place| places.contains(place));
        if self.tree.events[level].modes_overlap {
            let all_of = |places: &[usize]| {
                let modes = places.iter().map(|place| modes[*place]);
                let all = modes.fold(Chance::NEVER_DOWN, Chance::and);
                (all.down, all.up)
            };
            let (by, others) = (all_of(&within), all_of(&others));
            return Taken { by, otherwise: Some(others), decides: others.1, without: others };
        }
        let all_of = |places: &[usize]| places.iter().map(|place| modes[*place].down).sum::<f64>();
        let (by, others) = (all_of(&within), all_of(&others));
        let not_by = others + unit.up;
        let otherwise = match not_by > 0.0 {
            true => (others / not_by, unit.up / not_by),
            false => Taken::NOTHING,
        };
        Taken {
            by: (by, not_by),
            otherwise: Some(otherwise),
            decides: 1.0,
            without: (others, unit.up + by),
        }
    }

    /// By level, what a group takes down.
    fn by_level(&self, group: &Group) -> Vec<Option<Taken>> {
        let of = |level: usize| group.get(&level).map(|places| self.taken(level, places));
        (0..self.units.len()).map(of).collect()
    }

    fn involved(&self, group: &Group) -> Option<f64> {
        let diagram = &self.tree.diagram;
        let found = || diagram.involved(&pairs(self.units), &self.by_level(group));
        diagram.can_be_searched().then(found).flatten()
    }

    fn goes_away(&self, group: &Group) -> f64 {
        self.tree.diagram.goes_away(&pairs(self.units), &self.by_level(group))
    }
}

/// With the most downtime first; those that are alike stay in their order, whatever rounding makes of them.
fn sorted<Of: Copy + Ord>(mut found: Vec<Importance<Of>>) -> Vec<Importance<Of>> {
    let in_ten_digits = |found: &Importance<Of>| found.criticality.to_bits() >> 19;
    found.sort_by_key(|found| (std::cmp::Reverse(in_ten_digits(found)), found.of));
    found
}

/// A part of an integral.
struct Stretch {
    from: f64,
    to: f64,
    values: [f64; 2],
    /// How far each may be off.
    errors: [f64; 2],
}

impl Stretch {
    fn new(from: f64, to: f64, at: &impl Fn(f64) -> [f64; 2]) -> Stretch {
        let (mut kronrod, mut gauss) = ([0.0; 2], [0.0; 2]);
        for (seconds, of_kronrod, of_gauss) in both(from, to) {
            for (function, value) in at(seconds).into_iter().enumerate() {
                kronrod[function] += of_kronrod * value;
                gauss[function] += of_gauss * value;
            }
        }
        let errors = [0, 1].map(|function| (kronrod[function] - gauss[function]).abs());
        Stretch { from, to, values: kronrod, errors }
    }

    /// How far off it may be against the whole.
    fn relative_error(&self, whole: [f64; 2]) -> f64 {
        let of = |(error, whole): (f64, f64)| if whole > 0.0 { error / whole } else { 0.0 };
        self.errors.into_iter().zip(whole).map(of).fold(0.0, f64::max)
    }
}

/// The means of two positive functions of the time from one instant to another, and how far they may be off against
/// their values; `fastest` is the rate at which they change most quickly at time zero, and at `kinks` they are not smooth.
fn mean_over(
    (from, to): (f64, f64),
    fastest: f64,
    kinks: &[f64],
    most: usize,
    at: impl Fn(f64) -> [f64; 2],
) -> ([f64; 2], f64) {
    // Whatever changes changes most in the beginning: each part is as long as all before it together.
    let doublings = libm::log2((8.0 * to * fastest).max(2.0)).ceil().min(60.0) as i32;
    let mut edges: Vec<f64> = (0..=doublings).rev().map(|k| libm::ldexp(to, -k)).collect();
    edges.extend(kinks.iter().copied().filter(|kink| *kink < to));
    edges.retain(|edge| *edge > from);
    edges.push(from);
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let mut parts: Vec<Stretch> =
        edges.windows(2).map(|edge| Stretch::new(edge[0], edge[1], &at)).collect();
    loop {
        let add =
            |sum: [f64; 2], part: &Stretch| [sum[0] + part.values[0], sum[1] + part.values[1]];
        let whole = parts.iter().fold([0.0, 0.0], add);
        let error: f64 = parts.iter().map(|part| part.relative_error(whole)).sum();
        if error < RELATIVE_TOLERANCE || parts.len() >= most {
            return (whole.map(|value| value / (to - from)), error);
        }
        let errors = parts.iter().map(|part| part.relative_error(whole)).enumerate();
        let worst = errors.max_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(i, _)| i);
        let Stretch { from, to, .. } = parts[worst];
        let middle = 0.5 * (from + to);
        parts[worst] = Stretch::new(from, middle, &at);
        parts.push(Stretch::new(middle, to, &at));
    }
}
