//! What the lives of a scenario come to: whether each expectation held, and how long things took.

use super::outage::{Life, Recorder};
use crate::engine::{Event, Loss, Observer, Obstacle, Placement, Root, State, VolumeView};
use crate::model::{DataId, JourneyId, Model, UnitId, degradable_journeys};
use crate::run::{LifeWatcher, Plan, Tally};
use crate::spec::{Expected, Health, Measure, Reason, Scenario};
use crate::stats::{Estimate, proportion, zero_event_probability};
use crate::units::{SimSpan, SimTime};

/// A number of each life, as its percentiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// Of each life, seconds, ascending; where something never came to pass, infinite.
    sorted: Vec<f64>,
}

impl Spread {
    fn new(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        Spread { sorted: values }
    }

    /// The smallest number that so large a share of lives does not exceed, seconds; infinite if it
    /// never came to pass in one of those.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.sorted.len() as f64).ceil() as usize;
        let last = self.sorted.len().saturating_sub(1);
        self.sorted.get(rank.saturating_sub(1).min(last)).copied().unwrap_or_default()
    }

    /// The largest, seconds.
    pub fn max(&self) -> f64 {
        self.sorted.last().copied().unwrap_or_default()
    }

    /// In how many lives it never came to pass.
    pub fn never(&self) -> usize {
        self.sorted.iter().filter(|value| value.is_infinite()).count()
    }

    /// In how many lives it was more than nothing.
    pub fn above_zero(&self) -> usize {
        self.sorted.iter().filter(|value| **value > 0.0).count()
    }
}

/// Watches the lives of a scenario: journeys, data, and what is expected of control planes.
#[derive(Clone, Debug)]
pub struct ScenarioWatcher<'a> {
    scenario: &'a Scenario,
    model: &'a Model,
    recorder: Recorder,
    /// For each expectation about a control plane, whether it held when it was last looked at; and
    /// when that is for the last time.
    seen: Vec<Option<(SimTime, bool)>>,
}

/// What a life of a scenario came to.
#[derive(Clone, Debug)]
pub struct ScenarioLife {
    life: Life,
    /// For each expectation about a control plane, whether it held.
    seen: Vec<Option<bool>>,
}

impl<'a> ScenarioWatcher<'a> {
    /// A watcher of lives of a plan, which are of this model.
    pub fn new(scenario: &'a Scenario, model: &'a Model, plan: &Plan) -> ScenarioWatcher<'a> {
        let seen = scenario.expectations.iter().map(|expectation| {
            let at = expectation.expected.control_plane_at()?;
            Some((SimTime::ZERO + at, false))
        });
        ScenarioWatcher {
            scenario,
            model,
            recorder: Recorder::of_plan(&scenario.topology, model, plan),
            seen: seen.collect(),
        }
    }

    /// Looks at all that is expected at this time or later: what is seen last counts.
    fn look(&mut self, now: SimTime, state: &State) {
        let model = self.model;
        for (expectation, seen) in self.scenario.expectations.iter().zip(&mut self.seen) {
            if let Some((_, seen)) = seen.as_mut().filter(|(at, _)| now <= *at) {
                *seen = holds_now(&expectation.expected, model, state);
            }
        }
    }
}

/// Whether what is expected of a control plane is so.
fn holds_now(expected: &Expected, model: &Model, state: &State) -> bool {
    let placement = |unit: usize| state.placement(model, UnitId::new(unit));
    match expected {
        Expected::Pending { replicas, needed, because, .. } => {
            let is_pending = |unit: &&usize| {
                let obstacles = || state.obstacles(model, UnitId::new(**unit));
                let is_why = |reason| obstacles().iter().any(|(_, why)| reason_of(*why) == reason);
                placement(**unit) == Some(Placement::Pending) && because.is_none_or(is_why)
            };
            replicas.iter().filter(is_pending).count() >= *needed
        }
        Expected::Stuck { replicas, needed, .. } => {
            let is_stuck = |unit: &&usize| matches!(placement(**unit), Some(Placement::Stuck(_)));
            replicas.iter().filter(is_stuck).count() >= *needed
        }
        Expected::Volumes { health, replicas, needed, .. } => {
            let is_like_that = |unit: &&usize| {
                let volume = state.volume(model, UnitId::new(**unit));
                volume.is_some_and(|volume| health_of(&volume) == *health)
            };
            replicas.iter().filter(is_like_that).count() >= *needed
        }
        Expected::On { places, .. } => places.iter().all(|(service, node)| {
            let on = Some(Placement::On(UnitId::new(*node)));
            service.iter().any(|unit| placement(*unit) == on)
        }),
        Expected::Blocked { node, by, .. } => {
            let blocking = state.blocking(model, UnitId::new(*node));
            match by {
                Some(replicas) => blocking.iter().any(|(unit, _)| replicas.contains(&unit.index())),
                None => !blocking.is_empty(),
            }
        }
        Expected::Bound { .. } | Expected::State { .. } => false,
    }
}

fn health_of(volume: &VolumeView) -> Health {
    match volume.healthy.len() {
        0 => Health::Faulted,
        healthy if healthy < volume.wanted => Health::Degraded,
        _ => Health::Whole,
    }
}

fn reason_of(obstacle: Obstacle) -> Reason {
    match obstacle {
        Obstacle::NotReady => Reason::NotReady,
        Obstacle::Cordoned => Reason::Cordoned,
        Obstacle::Volume | Obstacle::Faulted => Reason::Volume,
        Obstacle::Spread => Reason::Spread,
        Obstacle::Room(_) => Reason::Room,
        Obstacle::Pressure => Reason::Pressure,
    }
}

impl Observer for ScenarioWatcher<'_> {
    const SEES_EVENTS: bool = true;

    fn on_begin(&mut self, state: &State) {
        self.look(SimTime::ZERO, state);
    }

    fn on_event(&mut self, at: SimTime, _event: Event, state: &State) {
        self.look(at, state);
    }

    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: Root) {
        self.recorder.on_down(journey, at, cause);
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, ended_by: Root) {
        self.recorder.on_up(journey, at, ended_by);
    }

    fn on_loss(&mut self, at: SimTime, loss: Loss) {
        self.recorder.on_loss(at, loss);
    }

    fn on_lost_copies(&mut self, data: DataId, at: SimTime, lost: u32) {
        self.recorder.on_lost_copies(data, at, lost);
    }

    fn on_unreadable_groups(&mut self, data: DataId, at: SimTime, groups: u32) {
        self.recorder.on_unreadable_groups(data, at, groups);
    }

    fn on_moved_copies(&mut self, data: DataId, at: SimTime, copies: u32) {
        self.recorder.on_moved_copies(data, at, copies);
    }

    fn on_refusing_groups(&mut self, data: DataId, at: SimTime, groups: u32) {
        self.recorder.on_refusing_groups(data, at, groups);
    }

    fn on_margin(&mut self, data: DataId, at: SimTime, lost: u32) {
        self.recorder.on_margin(data, at, lost);
    }
}

impl LifeWatcher for ScenarioWatcher<'_> {
    type Life = ScenarioLife;

    fn take(&mut self, replication: u64, events: u64, end: SimTime) -> ScenarioLife {
        ScenarioLife {
            life: self.recorder.take(replication, events, end),
            seen: self.seen.iter().map(|seen| seen.map(|(_, seen)| seen)).collect(),
        }
    }
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// In how many lives it held.
    pub lives: u64,
    /// The probability that it does, where there are several lives to tell it from.
    pub probability: Option<Estimate>,
    /// If it held in all lives, or in none, how far from that the probability is at most, with 95 %
    /// confidence.
    pub bound: Option<f64>,
    /// Whether that is enough.
    pub is_enough: bool,
    /// The number that has a bound, in each life.
    pub measured: Option<Spread>,
}

/// What became of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its time down.
    pub down: Spread,
    /// Its longest outage.
    pub longest: Spread,
    /// From the first step until it was up for good.
    pub back: Spread,
}

impl Service {
    /// Whether it was down in any life.
    pub fn was_down(&self) -> bool {
        self.down.max() > 0.0
    }
}

/// What the lives of a scenario came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// For each expectation.
    pub held: Vec<Held>,
    /// For each journey of the topology.
    pub services: Vec<Service>,
    /// From the first step until all units were up for good.
    pub redundant: Spread,
    /// For each data class, what was lost, as the time in which it was born.
    pub lost: Vec<Spread>,
    /// The first life in which something required did not hold.
    pub first_failing: Option<u64>,
}

/// Takes the lives of a scenario in order.
#[derive(Clone, Debug)]
pub struct ScenarioTally<'a> {
    scenario: &'a Scenario,
    /// The journeys that can be degraded, by their indices.
    degradable: Vec<usize>,
    lives: u64,
    held: Vec<(u64, Vec<f64>)>,
    services: Vec<[Vec<f64>; 3]>,
    redundant: Vec<f64>,
    lost: Vec<Vec<f64>>,
    first_failing: Option<u64>,
}

impl<'a> ScenarioTally<'a> {
    /// No lives yet.
    pub fn new(scenario: &'a Scenario) -> ScenarioTally<'a> {
        ScenarioTally {
            scenario,
            degradable: degradable_journeys(&scenario.topology),
            lives: 0,
            held: vec![(0, Vec::new()); scenario.expectations.len()],
            services: vec![Default::default(); scenario.own_journeys],
            redundant: Vec::new(),
            lost: vec![Vec::new(); scenario.topology.data.len()],
            first_failing: None,
        }
    }

    /// What is known now.
    pub fn outcome(self) -> Outcome {
        let lives = self.lives;
        let held = self.scenario.expectations.iter().zip(self.held);
        Outcome {
            held: held
                .map(|(expectation, (held, values))| {
                    let share = held as f64 / lives as f64;
                    Held {
                        lives: held,
                        probability: proportion(held, lives).filter(|_| lives > 1),
                        bound: (lives > 1 && (held == 0 || held == lives))
                            .then(|| zero_event_probability(lives)),
                        is_enough: share >= expectation.probability.unwrap_or(1.0),
                        measured: (!values.is_empty()).then(|| Spread::new(values)),
                    }
                })
                .collect(),
            services: self
                .services
                .into_iter()
                .map(|[down, longest, back]| Service {
                    down: Spread::new(down),
                    longest: Spread::new(longest),
                    back: Spread::new(back),
                })
                .collect(),
            redundant: Spread::new(self.redundant),
            lost: self.lost.into_iter().map(Spread::new).collect(),
            first_failing: self.first_failing,
        }
    }
}

impl Tally for ScenarioTally<'_> {
    type Life = ScenarioLife;

    fn add(&mut self, life: ScenarioLife) {
        let seen = life.seen;
        let (scenario, degradable) = (self.scenario, &self.degradable);
        let life = LifeOfScenario { scenario, degradable, life: &life.life };
        self.lives += 1;
        let mut fails = false;
        let expectations = self.scenario.expectations.iter().zip(seen);
        for ((expectation, seen), (held, values)) in expectations.zip(&mut self.held) {
            let (holds, value) = match seen {
                Some(holds) => (holds, None),
                None => life.looked_at(&expectation.expected),
            };
            *held += u64::from(holds);
            values.extend(value);
            fails |= expectation.is_required && !holds;
        }
        if fails {
            self.first_failing.get_or_insert(life.life.replication);
        }
        for (index, [down, longest, back]) in self.services.iter_mut().enumerate() {
            let sums = life.life.of_journey(index, SimTime::ZERO);
            down.push(sums.downtime.seconds());
            longest.push(sums.longest.seconds());
            back.push(life.back(index));
        }
        self.redundant.push(life.back(self.scenario.everything));
        for (index, lost) in self.lost.iter_mut().enumerate() {
            lost.push(life.lost(index).seconds());
        }
    }

    fn relative_half_width(&self) -> Option<f64> {
        None
    }
}

struct LifeOfScenario<'a> {
    scenario: &'a Scenario,
    degradable: &'a [usize],
    life: &'a Life,
}

impl LifeOfScenario<'_> {
    /// Whether an expectation holds, and the number that has a bound, seconds.
    fn looked_at(&self, expected: &Expected) -> (bool, Option<f64>) {
        match expected {
            Expected::Bound { measure, of, bound } => {
                let bound = bound.seconds();
                let value = self.measured(*measure, *of);
                let holds = match measure {
                    Measure::DownAtLeast | Measure::DegradedAtLeast | Measure::LostAtLeast => {
                        value >= bound
                    }
                    _ => value <= bound,
                };
                (holds, Some(value))
            }
            Expected::State { journeys, is_up, at } => {
                let at = SimTime::ZERO + *at;
                (journeys.iter().all(|journey| self.is_up(*journey, at) == *is_up), None)
            }
            Expected::Pending { .. }
            | Expected::Stuck { .. }
            | Expected::Volumes { .. }
            | Expected::On { .. }
            | Expected::Blocked { .. } => {
                unreachable!("what control planes do is looked at while it happens")
            }
        }
    }

    fn measured(&self, measure: Measure, of: usize) -> f64 {
        match measure {
            Measure::DownAtMost | Measure::DownAtLeast => {
                self.life.of_journey(of, SimTime::ZERO).downtime.seconds()
            }
            Measure::OutageAtMost => self.life.of_journey(of, SimTime::ZERO).longest.seconds(),
            Measure::DegradedAtMost | Measure::DegradedAtLeast => self.degraded(of).seconds(),
            Measure::BackWithin | Measure::RedundantWithin => self.back(of),
            Measure::LostAtMost | Measure::LostAtLeast => self.lost(of).seconds(),
        }
    }

    /// The time in which a journey is up and not whole: nothing if it is always whole while up.
    fn degraded(&self, journey: usize) -> SimSpan {
        let Some(place) = self.degradable.iter().position(|other| *other == journey) else {
            return SimSpan::ZERO;
        };
        // Those that can be degraded come once more after all journeys, down while they are not whole.
        let whole = self.scenario.topology.journeys.len() + place;
        let downtime = |journey| self.life.of_journey(journey, SimTime::ZERO).downtime;
        downtime(whole) - downtime(journey)
    }

    /// Whether a journey is up when all that happens at this instant has happened.
    fn is_up(&self, journey: usize, at: SimTime) -> bool {
        let of_journey = self.life.outages.iter().filter(|o| o.journey.index() == journey);
        !of_journey.into_iter().any(|o| o.start <= at && (at < o.end || o.is_censored()))
    }

    /// From the first step until a journey is up for good, seconds; nothing if it was never down
    /// since, and infinite if the life ends before that.
    fn back(&self, journey: usize) -> f64 {
        let begin = SimTime::ZERO + self.scenario.begin;
        let of_journey = self.life.outages.iter().filter(|o| o.journey.index() == journey);
        let since = of_journey.filter(|outage| outage.end > begin);
        let back = |outage: &super::Outage| match outage.is_censored() {
            true => f64::INFINITY,
            false => (outage.end - begin).seconds(),
        };
        since.map(back).fold(0.0, f64::max)
    }

    fn lost(&self, class: usize) -> SimSpan {
        let data = self.life.data.get(class);
        let incidents = data.iter().flat_map(|data| &data.incidents);
        incidents.fold(SimSpan::ZERO, |sum, incident| sum + incident.lost)
    }
}
