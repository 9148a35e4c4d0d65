//! All measures of all journeys.

use serde::{Deserialize, Serialize};

use super::first_outage::{FirstOutage, FirstOutageTally};
use super::journey::{JourneyEstimates, JourneyTally};
use super::outage::Life;
use crate::run::{Plan, Tally, Until};
use crate::spec::Slo;
use crate::units::{SimSpan, SimTime};

/// Takes lives in order and estimates from them.
///
/// What it counts are whole numbers, so that several sets, each of other lives, merge to what one set
/// of all of them would be, digit for digit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeasureSet {
    kind: Kind,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    /// Equal lives, measured from the end of the warm-up to the horizon; and for each journey what
    /// is observed beside it, as when it was whole.
    Window(Vec<JourneyTally>, #[serde(skip)] Vec<Option<usize>>),
    /// Lives that end when every journey has been down once.
    FirstOutage(Vec<FirstOutageTally>),
}

/// What is known of each journey, in the order of the topology.
#[derive(Clone, Debug)]
pub enum Estimates {
    /// From equal lives.
    Window(Vec<JourneyEstimates>),
    /// From lives that ended at the first outages.
    FirstOutage(Vec<FirstOutage>),
}

impl MeasureSet {
    /// Measures for a run of this plan, with the objectives of each journey; `degradable` has the
    /// indices of the journeys that can be degraded, which are observed again after all journeys.
    pub fn new(slos: &[Slo], degradable: &[usize], plan: &Plan) -> MeasureSet {
        let start = SimTime::ZERO + plan.warm_up;
        let kind = match plan.until {
            Until::Horizon => {
                let window = (start, start + plan.horizon);
                let whole = |journey| {
                    let place = degradable.iter().position(|degradable| *degradable == journey);
                    place.map(|place| slos.len() + place)
                };
                Kind::Window(
                    slos.iter().map(|slo| JourneyTally::new(slo, window, plan.first)).collect(),
                    (0..slos.len()).map(whole).collect(),
                )
            }
            Until::FirstOutage => Kind::FirstOutage(vec![FirstOutageTally::default(); slos.len()]),
        };
        MeasureSet { kind }
    }

    /// Adds the lives of another set, which come after these; whether it is one of the same plan for
    /// the same journeys.
    pub fn merge(&mut self, other: &MeasureSet) -> bool {
        match (&mut self.kind, &other.kind) {
            (Kind::Window(own, _), Kind::Window(others, _)) if own.len() == others.len() => {
                own.iter_mut().zip(others).for_each(|(own, other)| own.merge(other));
            }
            (Kind::FirstOutage(own), Kind::FirstOutage(others)) if own.len() == others.len() => {
                own.iter_mut().zip(others).for_each(|(own, other)| own.merge(other));
            }
            _ => return false,
        }
        true
    }

    /// What is known now; at least one life must have been counted.
    pub fn estimates(&self) -> Estimates {
        match &self.kind {
            Kind::Window(journeys, _) => {
                Estimates::Window(journeys.iter().map(JourneyTally::estimates).collect())
            }
            Kind::FirstOutage(journeys) => {
                Estimates::FirstOutage(journeys.iter().map(FirstOutageTally::estimates).collect())
            }
        }
    }
}

impl Tally for MeasureSet {
    type Life = Life;

    fn add(&mut self, life: Life) {
        let of = |index: usize| {
            life.outages.iter().filter(move |outage| outage.journey.index() == index)
        };
        match &mut self.kind {
            Kind::Window(journeys, wholes) => {
                for (index, journey) in journeys.iter_mut().enumerate() {
                    journey.add(of(index), wholes[index].map(of));
                }
            }
            Kind::FirstOutage(journeys) => {
                for (index, journey) in journeys.iter_mut().enumerate() {
                    let first: Option<SimSpan> =
                        of(index).map(|outage| outage.start - SimTime::ZERO).min();
                    journey.add(first);
                }
            }
        }
    }

    fn relative_half_width(&self) -> Option<f64> {
        let widths: Option<Vec<f64>> = match &self.kind {
            Kind::Window(journeys, _) => {
                journeys.iter().map(JourneyTally::relative_half_width).collect()
            }
            Kind::FirstOutage(journeys) => {
                journeys.iter().map(FirstOutageTally::relative_half_width).collect()
            }
        };
        Some(widths?.into_iter().fold(0.0, f64::max))
    }
}
