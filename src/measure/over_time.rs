//! Availability over the time of a life.

use serde::{Deserialize, Serialize};

use super::outage::Outage;
use crate::stats::{Estimate, Moments, zero_event_probability};
use crate::units::SimTime;

/// Into how many parts a life is cut.
const PARTS: u64 = 24;

/// The unavailability in a part of a life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartOfLife {
    /// From when, seconds after the beginning of what is measured.
    pub from_s: f64,
    /// Until when, seconds.
    pub to_s: f64,
    /// Share of that time down.
    pub unavailability: Estimate,
}

/// Counts downtime by part of life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OverTimeTally {
    #[serde(skip)]
    edges: Vec<u64>,
    /// Microseconds of downtime in the present life, by part.
    #[serde(skip)]
    this_life: Vec<u64>,
    parts: Vec<Moments>,
}

impl OverTimeTally {
    pub(crate) fn new(window: (SimTime, SimTime)) -> OverTimeTally {
        let length = (window.1 - window.0).micros();
        // The parts differ by a microsecond where the length cannot be divided.
        let edge = |part: u64| {
            let offset = u128::from(length) * u128::from(part) / u128::from(PARTS);
            window.0.micros() + offset as u64
        };
        OverTimeTally {
            edges: (0..=PARTS).map(edge).collect(),
            this_life: vec![0; PARTS as usize],
            parts: vec![Moments::default(); PARTS as usize],
        }
    }

    pub(crate) fn add(&mut self, outage: &Outage) {
        let (start, end) = (outage.start.micros(), outage.end.micros());
        let first = self.edges.partition_point(|&edge| edge <= start).saturating_sub(1);
        for part in first..self.this_life.len() {
            let (from, to) = (self.edges[part], self.edges[part + 1]);
            if from >= end {
                break;
            }
            self.this_life[part] += end.min(to).saturating_sub(start.max(from));
        }
    }

    pub(crate) fn end_life(&mut self) {
        for (micros, moments) in self.this_life.iter_mut().zip(&mut self.parts) {
            moments.add(std::mem::take(micros));
        }
    }

    /// Adds the lives of another.
    pub(crate) fn merge(&mut self, other: &OverTimeTally) {
        let OverTimeTally { edges: _, this_life: _, parts } = other;
        for (part, other) in self.parts.iter_mut().zip(parts) {
            part.merge(other);
        }
    }

    /// Each part, given how much of the time lives are down at most.
    pub(crate) fn parts(&self, most: f64) -> Vec<PartOfLife> {
        let parts = self.parts.iter().zip(self.edges.windows(2));
        let part = |(moments, edges): (&Moments, &[u64])| PartOfLife {
            from_s: (edges[0] - self.edges[0]) as f64 / 1e6,
            to_s: (edges[1] - self.edges[0]) as f64 / 1e6,
            unavailability: match moments.sum() > 0.0 {
                true => moments.mean((edges[1] - edges[0]).max(1) as f64).within(0.0, 1.0),
                // None of these lives was down then: there is only a bound, and it has no more than there is of all.
                false => {
                    let seldom = zero_event_probability(moments.count());
                    Estimate::at_most(seldom.min(PARTS as f64 * most))
                }
            },
        };
        parts.map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Root;
    use crate::model::{ClockId, JourneyId};
    use crate::units::SimSpan;

    #[test]
    fn downtime_is_split_at_the_edges_of_parts() {
        let at = |hours: f64| SimTime::ZERO + SimSpan::from_seconds(hours * 3_600.0);
        // From hour 10 on, 24 parts of two hours.
        let mut tally = OverTimeTally::new((at(10.0), at(58.0)));
        let cause = Root { clock: ClockId::new(0), branch: 0, is_planned: false };
        let outage = |start, end| Outage {
            journey: JourneyId::new(0),
            cause,
            ended_by: None,
            start: at(start),
            end: at(end),
        };
        tally.add(&outage(9.0, 11.0));
        tally.add(&outage(13.0, 16.5));
        tally.add(&outage(57.0, 58.0));
        tally.end_life();
        tally.end_life();
        let parts = tally.parts(1.0);
        let down: Vec<f64> = parts.iter().map(|part| part.unavailability.mean * 4.0).collect();
        assert_eq!(down[..5], [1.0, 1.0, 2.0, 0.5, 0.0]);
        assert_eq!(down[23], 1.0);
        assert_eq!((parts[1].from_s, parts[1].to_s), (7_200.0, 14_400.0));
    }
}
