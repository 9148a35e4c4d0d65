//! What a copy has missed: the times in which data were born without it.

use crate::units::SimTime;

/// So many of the latest are known of each copy: older ones are forgotten.
const MOST: usize = 64;

/// Times that a copy has missed, in order and apart from one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holes {
    times: [(SimTime, SimTime); MOST],
    count: usize,
    /// Since when it has been away, if it is.
    since: Option<SimTime>,
}

impl Holes {
    /// A copy that has missed nothing.
    pub(crate) const NONE: Holes =
        Holes { times: [(SimTime::ZERO, SimTime::ZERO); MOST], count: 0, since: None };

    /// It is away from now on.
    pub(crate) fn opens(&mut self, now: SimTime) {
        self.since = self.since.or(Some(now));
    }

    /// It is there again.
    pub(crate) fn closes(&mut self, now: SimTime) {
        if let Some(since) = self.since.take() {
            self.add(since, now);
        }
    }

    /// Adds a time after all others.
    fn add(&mut self, from: SimTime, to: SimTime) {
        if from >= to {
            return;
        }
        if self.count == MOST {
            self.times.copy_within(1.., 0);
            self.count -= 1;
        }
        self.times[self.count] = (from, to);
        self.count += 1;
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0 && self.since.is_none()
    }

    /// All of them up to now, in order.
    pub(crate) fn until(&self, now: SimTime) -> Holes {
        let mut all = *self;
        all.closes(now);
        all
    }

    /// The times, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SimTime, SimTime)> {
        self.times[..self.count].iter().copied()
    }

    /// What both have missed, of holes that are closed.
    pub(crate) fn and(&self, other: &Holes) -> Holes {
        let mut both = Holes::NONE;
        for (from, to) in self.iter() {
            for (other_from, other_to) in other.iter() {
                both.add(from.max(other_from), to.min(other_to));
            }
        }
        both
    }

    /// What this one has missed and the other has not, of holes that are closed.
    pub(crate) fn without(&self, other: &Holes) -> Holes {
        let mut rest = Holes::NONE;
        for (mut from, to) in self.iter() {
            for (other_from, other_to) in other.iter() {
                if other_to > from && other_from < to {
                    rest.add(from, other_from.min(to));
                    from = other_to;
                }
            }
            rest.add(from, to);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimSpan;

    fn at(seconds: f64) -> SimTime {
        SimTime::ZERO + SimSpan::from_seconds(seconds)
    }

    fn holes(times: &[(f64, f64)]) -> Holes {
        let mut holes = Holes::NONE;
        for (from, to) in times {
            holes.opens(at(*from));
            holes.closes(at(*to));
        }
        holes
    }

    #[test]
    fn holes_are_sets_of_times() {
        let (one, other) = (holes(&[(1.0, 5.0), (7.0, 9.0)]), holes(&[(2.0, 3.0), (4.0, 8.0)]));
        assert_eq!(one.and(&other), holes(&[(2.0, 3.0), (4.0, 5.0), (7.0, 8.0)]));
        assert_eq!(one.without(&other), holes(&[(1.0, 2.0), (3.0, 4.0), (8.0, 9.0)]));
        assert_eq!(other.without(&one), holes(&[(5.0, 7.0)]));
        assert!(one.without(&one).is_empty());
        let mut open = one;
        open.opens(at(10.0));
        assert_eq!(open.until(at(12.0)), holes(&[(1.0, 5.0), (7.0, 9.0), (10.0, 12.0)]));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let times: Vec<(f64, f64)> = (0..66).map(|k| (k as f64, k as f64 + 0.5)).collect();
        assert_eq!(holes(&times), holes(&times[2..]));
    }
}
