//! What came of a scenario, with nothing left to compute.

use super::figure::{Figure, life_figure};
use super::number::duration;
use super::timeline::timeline_lines;
use crate::measure::{Entry, Held, Outcome, Service, Spread};
use crate::model::Model;
use crate::run::{Plan, Summary};
use crate::spec::{Expectation, Scenario, Step, Topology};
use crate::units::{SimSpan, SimTime};

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub about: Option<String>,
    /// Where a document speaks of it.
    pub lines: Option<String>,
    /// What the document expects.
    pub document: Option<String>,
    /// The name of the topology.
    pub topology: String,
    /// The digest of the topology.
    pub sha256: String,
    /// The seed.
    pub seed: u64,
    /// Lives that were completed.
    pub lives: u64,
    /// How long each lasted.
    pub lasts: SimSpan,
    /// Changes of state in all of them.
    pub events: u64,
    /// Whether the run was stopped before it was done.
    pub is_partial: bool,
    /// Whether units failed by themselves besides.
    pub has_random_failures: bool,
    /// What was done.
    pub steps: Vec<Step>,
    /// What was expected, and whether it held.
    pub expectations: Vec<(Expectation, Held)>,
    /// The journeys of the topology, by name.
    pub services: Vec<(String, Service)>,
    /// From the first step until all units were up for good.
    pub redundant: Spread,
    /// What data classes lost, by name.
    pub lost: Vec<(String, Spread)>,
    /// The number of the life that is told.
    pub shown: u64,
    /// What happened in it.
    pub timeline: Vec<(SimTime, String)>,
    /// The same life as a picture.
    pub figure: Figure,
}

/// A life that is told.
#[derive(Clone, Copy, Debug)]
pub struct ShownLife<'a> {
    /// Its number.
    pub number: u64,
    /// Of what.
    pub model: &'a Model,
    /// All that happened.
    pub entries: &'a [Entry],
}

impl ScenarioReport {
    /// A report of what lives of a scenario came to.
    pub fn new(
        scenario: &Scenario,
        plan: &Plan,
        summary: &Summary,
        outcome: Outcome,
        life: &ShownLife<'_>,
    ) -> ScenarioReport {
        // What stands for units has nothing to say that the units do not say.
        let mut topology = scenario.topology.clone();
        topology.journeys.truncate(scenario.named_journeys);
        let journeys = topology.journeys.iter().take(scenario.own_journeys);
        let journeys = journeys.map(|journey| journey.name.clone());
        let acts = scenario.acts.iter().zip(&scenario.steps);
        let acts: Vec<(usize, &str)> = acts.map(|(act, step)| (*act, step.what.as_str())).collect();
        let classes = topology.data.iter().map(|class| class.name.clone());
        ScenarioReport {
            name: scenario.name.clone(),
            about: scenario.about.clone(),
            lines: scenario.lines.clone(),
            document: scenario.document.clone(),
            topology: topology.name.clone(),
            sha256: topology.sha256.clone(),
            seed: plan.seed,
            lives: summary.replications,
            lasts: plan.horizon,
            events: summary.events,
            is_partial: summary.is_partial,
            has_random_failures: scenario.has_random_failures,
            steps: scenario.steps.clone(),
            expectations: scenario.expectations.iter().cloned().zip(outcome.held).collect(),
            services: journeys.zip(outcome.services).collect(),
            redundant: outcome.redundant,
            lost: classes.zip(outcome.lost).collect(),
            shown: life.number,
            timeline: timeline_lines(&topology, life.model, life.entries, &acts),
            figure: figure(scenario, &topology, plan, life),
        }
    }

    /// Whether something required does not hold.
    pub fn fails(&self) -> bool {
        self.failing() > 0
    }

    /// How many expectations that are required do not hold.
    pub fn failing(&self) -> usize {
        let expectations = self.expectations.iter();
        expectations
            .filter(|(expectation, held)| expectation.is_required && !held.is_enough)
            .count()
    }
}

fn figure(scenario: &Scenario, topology: &Topology, plan: &Plan, life: &ShownLife<'_>) -> Figure {
    let which = (life.number, plan.seed);
    let figure = life_figure(topology, life.model, life.entries, plan.horizon, which);
    let about = scenario.about.as_ref().map_or_else(String::new, |about| format!(": {about}"));
    Figure {
        name: "scenario",
        subtitle: format!(
            "{}{about}; {}, life {} of seed {}, {}",
            scenario.name,
            topology.name,
            life.number,
            plan.seed,
            duration(plan.horizon.seconds())
        ),
        ..figure
    }
}
