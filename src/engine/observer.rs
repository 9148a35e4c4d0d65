//! What measures may see of a life.

use crate::model::{ClockId, JourneyId};
use crate::units::SimTime;

/// Watches a life. The engine calls it and knows no measure; it sees the life and can change
/// nothing but its length.
pub trait Observer {
    /// A journey went down at `at`, started by the failure mode `cause`.
    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: ClockId);
    /// A journey came back at `at`.
    fn on_up(&mut self, journey: JourneyId, at: SimTime);
    /// Whether nothing that could still happen in this life is of interest.
    fn has_seen_enough(&self) -> bool {
        false
    }
}
