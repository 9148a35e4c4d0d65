//! How nearly a report tells what it tells, against the precision that was asked for.

use super::answer::{Answers, tells_of_horizon};
use super::data::{JourneyMeasures, JourneyReport, Report};
use super::data_class::{DataMeasures, DataReport};

/// What became of a precision that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionReport {
    /// The half-width of 95 % intervals, relative to the estimates, that was asked for.
    pub target: f64,
    /// The widest that was reached; `None` if something cannot be told at all.
    pub reached: Option<f64>,
    /// What is not known so well.
    pub not_reached: Vec<NotReached>,
}

/// What is not known as well as was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NotReached {
    /// The name of the journey or data class.
    pub name: String,
    /// Of which of them.
    pub of: Sought,
    /// How wide its interval is; `None` where it was not seen often enough to say.
    pub reached: Option<f64>,
}

/// What a precision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The unavailability of a journey, or the time to its first outage.
    Journey,
    /// Losses of a data class, or the time to the first.
    Data,
}

impl PrecisionReport {
    /// Whether it was reached.
    pub fn is_met(&self) -> bool {
        self.reached.is_some_and(|reached| reached <= self.target)
    }
}

/// What a run cannot tell as nearly as was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BeyondReach {
    /// Journeys, by number.
    pub(crate) journeys: Vec<usize>,
    /// Data classes, by number.
    pub(crate) data: Vec<usize>,
    /// How many lives the others need.
    pub(crate) lives: u64,
}

impl BeyondReach {
    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.journeys.is_empty() && self.data.is_empty()
    }
}

/// Something that a precision is about.
struct Width<'a> {
    of: Sought,
    index: usize,
    name: &'a str,
    /// How wide its interval is, relative to the estimate, if that can be told.
    width: Option<f64>,
}

impl Report {
    /// How wide the intervals are that a precision is about.
    fn widths(&self) -> Vec<Width<'_>> {
        let of = &self.run.precision_of;
        let of_journeys = of.journeys.iter().filter_map(|&index| {
            let journey = self.journeys.get(index)?;
            let width = journey.relative_half_width()?;
            Some(Width { of: Sought::Journey, index, name: &journey.name, width })
        });
        let of_data = of.data.iter().filter_map(|&index| {
            let class = self.data.get(index)?;
            let width = class.relative_half_width()?;
            Some(Width { of: Sought::Data, index, name: &class.name, width })
        });
        of_journeys.chain(of_data).collect()
    }

    /// What has become of a precision.
    pub(super) fn precision(&self, target: f64) -> PrecisionReport {
        let widths = self.widths();
        let reached =
            widths.iter().try_fold(0.0_f64, |widest, one| one.width.map(|width| widest.max(width)));
        let is_wide = |one: &Width<'_>| one.width.is_none_or(|width| width > target);
        let not_reached = widths.into_iter().filter(is_wide);
        let not_reached = not_reached.map(|one| NotReached {
            name: one.name.to_owned(),
            of: one.of,
            reached: one.width,
        });
        PrecisionReport { target, reached, not_reached: not_reached.collect() }
    }

    /// What of a precision the run cannot reach with at most so many lives, and how many lives the rest needs.
    pub(crate) fn beyond_reach(&self, precision: f64, most: u64) -> BeyondReach {
        let lives = self.run.replications;
        let mut beyond = BeyondReach { journeys: Vec::new(), data: Vec::new(), lives };
        for one in self.widths() {
            let needed = one.width.map(|width| lives as f64 * (width / precision).powi(2));
            match (needed.filter(|needed| *needed <= most as f64), one.of) {
                (Some(needed), _) => {
                    beyond.lives = beyond.lives.max((1.1 * needed) as u64 + 1).min(most);
                }
                (None, Sought::Journey) => beyond.journeys.push(one.index),
                (None, Sought::Data) => beyond.data.push(one.index),
            }
        }
        beyond
    }

    /// Says what answers say of what the run could not reach, and how near all of it is.
    pub(crate) fn set_nearer(&mut self, precision: f64, beyond: &BeyondReach, answers: Answers) {
        self.set_second_route(answers);
        for &index in &beyond.journeys {
            let journey = &mut self.journeys[index];
            journey.is_second_nearer |= journey.second.as_ref().is_some_and(tells_of_horizon);
        }
        for &index in &beyond.data {
            let class = &mut self.data[index];
            class.is_second_nearer |= class.second.as_ref().is_some_and(tells_of_horizon);
        }
        self.run.precision = Some(self.precision(precision));
        self.follow_second_routes();
    }
}

impl JourneyReport {
    /// How wide its interval is, if it has one: the inner `None` if that cannot be told.
    fn relative_half_width(&self) -> Option<Option<f64>> {
        let found = match (&self.measures, self.nearer()) {
            (JourneyMeasures::Answered(_), _) => return None,
            (_, Some(answer)) => answer.unavailability,
            (JourneyMeasures::Window(estimates, _), None) => Some(estimates.unavailability),
            (JourneyMeasures::FirstOutage(first), None) => first.mean,
        };
        Some(found.and_then(|found| found.relative_half_width()))
    }
}

impl DataReport {
    /// How wide its interval is, if it has one: the inner `None` if that cannot be told.
    fn relative_half_width(&self) -> Option<Option<f64>> {
        let found = match (&self.measures, self.nearer()) {
            (DataMeasures::Answered(_) | DataMeasures::FirstLoss(None), _) => return None,
            (_, Some(answer)) => answer.p_loss,
            (DataMeasures::Window(_), None) => self.incidents(),
            (DataMeasures::FirstLoss(Some(first)), None) => first.mean,
        };
        Some(found.and_then(|found| found.relative_half_width()))
    }
}
