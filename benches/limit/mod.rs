//! Hand-written programs that do the work of one topology and nothing else: what the general engine
//! is measured against. Each knows its system by heart, so none of it can be used for another.

pub(crate) mod heap;
pub(crate) mod monitoring;
pub(crate) mod two_of_three;

/// What a life of a reference program came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Changes of state: failures, restorations and starts.
    pub(crate) events: u64,
    /// Hours of downtime by journey.
    pub(crate) down_hours: [f64; 2],
    /// Outages by journey.
    pub(crate) outages: [u64; 2],
}

impl Outcome {
    /// Adds another life to this one.
    pub(crate) fn add(&mut self, other: &Outcome) {
        self.events += other.events;
        for journey in 0..2 {
            self.down_hours[journey] += other.down_hours[journey];
            self.outages[journey] += other.outages[journey];
        }
    }
}
