//! All measures of all journeys and data classes.

use serde::{Deserialize, Serialize};

use super::data::{DataEstimates, DataTally};
use super::first_outage::{FirstOutage, FirstOutageTally};
use super::journey::{JourneyEstimates, JourneyTally};
use super::outage::Life;
use crate::model::degradable_journeys;
use crate::run::{Plan, PrecisionOf, Tally, Until};
use crate::spec::Topology;
use crate::units::{SimSpan, SimTime};

/// Takes lives in order and estimates from them.
///
/// What it counts are whole numbers, so that several sets, each of other lives, merge to what one set
/// of all of them would be, digit for digit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeasureSet {
    kind: Kind,
    /// Of lives measured to the horizon: each data class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data: Vec<DataTally>,
    /// For each journey, the data classes whose RPO it promises, by their indices.
    #[serde(skip)]
    promised: Vec<Vec<usize>>,
    /// What a precision is about.
    #[serde(skip)]
    precision_of: PrecisionOf,
    /// When measuring begins.
    #[serde(skip)]
    from: SimTime,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    /// Equal lives, measured from the end of the warm-up to the horizon; and for each journey what
    /// is observed beside it, as when it was whole.
    Window(Vec<JourneyTally>, #[serde(skip)] Vec<Option<usize>>),
    /// Lives that end when every journey has been down once.
    FirstOutage(Vec<FirstOutageTally>),
    /// Lives that end when copies of every data class that something holds have lost data once; and
    /// the indices of those classes.
    FirstLoss(Vec<FirstOutageTally>, #[serde(skip)] Vec<usize>),
}

/// What is known of each journey and each data class, in the order of the topology.
#[derive(Clone, Debug)]
pub enum Estimates {
    /// From equal lives.
    Window(Vec<JourneyEstimates>, Vec<DataEstimates>),
    /// From lives that ended at the first outages.
    FirstOutage(Vec<FirstOutage>),
    /// From lives that ended when data were lost: when, for each data class that something holds, by
    /// its index.
    FirstLoss(Vec<(usize, FirstOutage)>),
}

impl MeasureSet {
    /// Measures for a run of this plan of this topology.
    pub fn new(topology: &Topology, plan: &Plan) -> MeasureSet {
        let start = SimTime::ZERO + plan.warm_up;
        let window = (start, start + plan.horizon);
        let journeys = &topology.journeys;
        let kind = match plan.until {
            Until::Horizon => {
                let degradable = degradable_journeys(topology);
                let whole = |journey| {
                    let place = degradable.iter().position(|degradable| *degradable == journey);
                    place.map(|place| journeys.len() + place)
                };
                let may_be_planned = topology.may_be_planned();
                let tally = |journey: &crate::spec::Journey| {
                    JourneyTally::new(&journey.slo, window, plan.first, may_be_planned)
                };
                Kind::Window(
                    journeys.iter().map(tally).collect(),
                    (0..journeys.len()).map(whole).collect(),
                )
            }
            Until::FirstOutage => {
                Kind::FirstOutage(vec![FirstOutageTally::default(); journeys.len()])
            }
            Until::FirstLoss => {
                let is_held = |class: &usize| topology.data[*class].holding.is_some();
                let held: Vec<usize> = (0..topology.data.len()).filter(is_held).collect();
                Kind::FirstLoss(vec![FirstOutageTally::default(); held.len()], held)
            }
        };
        let data = match plan.until {
            Until::Horizon => 0..topology.data.len(),
            Until::FirstOutage | Until::FirstLoss => 0..0,
        };
        MeasureSet {
            kind,
            data: data.map(|class| DataTally::new(topology, class, window)).collect(),
            promised: journeys.iter().map(|journey| journey.data.clone()).collect(),
            precision_of: plan.precision_of(topology),
            from: start,
        }
    }

    /// Adds the lives of another set, which come after these; whether it is one of the same plan for
    /// the same journeys and data.
    pub fn merge(&mut self, other: &MeasureSet) -> bool {
        if self.data.len() != other.data.len() {
            return false;
        }
        match (&mut self.kind, &other.kind) {
            (Kind::Window(own, _), Kind::Window(others, _)) if own.len() == others.len() => {
                own.iter_mut().zip(others).for_each(|(own, other)| own.merge(other));
            }
            (Kind::FirstOutage(own), Kind::FirstOutage(others))
            | (Kind::FirstLoss(own, _), Kind::FirstLoss(others, _))
                if own.len() == others.len() =>
            {
                own.iter_mut().zip(others).for_each(|(own, other)| own.merge(other));
            }
            _ => return false,
        }
        self.data.iter_mut().zip(&other.data).for_each(|(own, other)| own.merge(other));
        true
    }

    /// What is known now; at least one life must have been counted.
    pub fn estimates(&self) -> Estimates {
        match &self.kind {
            Kind::Window(journeys, _) => Estimates::Window(
                journeys.iter().map(JourneyTally::estimates).collect(),
                self.data.iter().map(DataTally::estimates).collect(),
            ),
            Kind::FirstOutage(journeys) => {
                Estimates::FirstOutage(journeys.iter().map(FirstOutageTally::estimates).collect())
            }
            Kind::FirstLoss(classes, held) => {
                let firsts = classes.iter().map(FirstOutageTally::estimates);
                Estimates::FirstLoss(held.iter().copied().zip(firsts).collect())
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
                    let promised = &self.promised[index];
                    if !promised.is_empty() {
                        let (worst, _) = life.of_data(promised, self.from);
                        journey.add_worst_loss(worst);
                    }
                }
                for (index, (class, of_life)) in self.data.iter_mut().zip(&life.data).enumerate() {
                    class.add(of_life, life.losses_of(index));
                }
            }
            Kind::FirstLoss(classes, held) => {
                for (class, index) in classes.iter_mut().zip(held) {
                    class.add(life.losses_of(*index).min().map(|at| at - SimTime::ZERO));
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
        let PrecisionOf { journeys: of_journeys, data: of_data } = &self.precision_of;
        let widths: Vec<Option<f64>> = match &self.kind {
            Kind::Window(journeys, _) => {
                let of_journeys = of_journeys.iter().map(|&at| journeys[at].relative_half_width());
                let of_data = of_data.iter().map(|&at| self.data[at].relative_half_width());
                of_journeys.chain(of_data).collect()
            }
            Kind::FirstOutage(firsts) => {
                of_journeys.iter().map(|&at| firsts[at].relative_half_width()).collect()
            }
            Kind::FirstLoss(firsts, held) => held
                .iter()
                .zip(firsts)
                .filter(|(class, _)| of_data.contains(class))
                .map(|(_, first)| first.relative_half_width())
                .collect(),
        };
        widths.into_iter().try_fold(0.0, |widest: f64, width| Some(widest.max(width?)))
    }
}
