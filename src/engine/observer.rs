//! What measures may see of a life.

use super::{Event, Root, State};
use crate::model::JourneyId;
use crate::units::SimTime;

/// Watches a life. The engine calls it and knows no measure; it sees the life and can change
/// nothing but its length.
pub trait Observer {
    /// Whether it is to see every event, and not only what journeys feel. Whoever overrides
    /// [`Observer::on_event`] says yes; of nobody's failures are then any skipped.
    const SEES_EVENTS: bool = false;
    /// A journey went down at `at`, started by `cause`.
    fn on_down(&mut self, journey: JourneyId, at: SimTime, cause: Root);
    /// A journey came back at `at`, when what `ended_by` had caused was over.
    fn on_up(&mut self, journey: JourneyId, at: SimTime, ended_by: Root);
    /// An event has been worked out, at `at`: called if [`Observer::SEES_EVENTS`].
    #[inline]
    fn on_event(&mut self, _at: SimTime, _event: Event, _state: &State) {}
    /// Whether nothing that could still happen in this life is of interest.
    fn has_seen_enough(&self) -> bool {
        false
    }
}
