//! What the lives of a scenario come to: whether each expectation held, and how long things took.

use super::outage::Life;
use crate::run::Tally;
use crate::spec::{Expected, Measure, Scenario};
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
    type Life = Life;

    fn add(&mut self, life: Life) {
        let life = LifeOfScenario { scenario: self.scenario, life: &life };
        self.lives += 1;
        let mut fails = false;
        for (expectation, (held, values)) in self.scenario.expectations.iter().zip(&mut self.held) {
            let (holds, value) = life.looked_at(&expectation.expected);
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
                    Measure::DownAtLeast | Measure::LostAtLeast => value >= bound,
                    _ => value <= bound,
                };
                (holds, Some(value))
            }
            Expected::State { journeys, is_up, at } => {
                let at = SimTime::ZERO + *at;
                (journeys.iter().all(|journey| self.is_up(*journey, at) == *is_up), None)
            }
            // Without controllers nothing is placed or drained.
            Expected::Pending { .. } | Expected::On { .. } | Expected::Blocked { .. } => {
                (false, None)
            }
        }
    }

    fn measured(&self, measure: Measure, of: usize) -> f64 {
        match measure {
            Measure::DownAtMost | Measure::DownAtLeast => {
                self.life.of_journey(of, SimTime::ZERO).downtime.seconds()
            }
            Measure::OutageAtMost => self.life.of_journey(of, SimTime::ZERO).longest.seconds(),
            Measure::BackWithin | Measure::RedundantWithin => self.back(of),
            Measure::LostAtMost | Measure::LostAtLeast => self.lost(of).seconds(),
        }
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
