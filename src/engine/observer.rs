//! What measures may see of a life.

use serde::{Deserialize, Serialize};

use super::{Event, Root, State};
use crate::model::{DataId, JourneyId};
use crate::units::{SimSpan, SimTime};

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
    /// Data are gone for good that copies had held, at `at`.
    #[inline]
    fn on_loss(&mut self, _at: SimTime, _loss: Loss) {}
    /// From `at` on, so many copies of a data class are lost and not yet back.
    #[inline]
    fn on_lost_copies(&mut self, _data: DataId, _at: SimTime, _lost: u32) {}
    /// So many copies of a data class are made anew at `at` that were not lost, but away for too long.
    #[inline]
    fn on_moved_copies(&mut self, _data: DataId, _at: SimTime, _copies: u32) {}
    /// From `at` on, so many groups of a data class cannot be read.
    #[inline]
    fn on_unreadable_groups(&mut self, _data: DataId, _at: SimTime, _groups: u32) {}
    /// From `at` on, so many groups of a data class that others are copied to take no new data.
    #[inline]
    fn on_refusing_groups(&mut self, _data: DataId, _at: SimTime, _groups: u32) {}
    /// A group of a data class has lost so many positions at `at`, and was not gone with that.
    #[inline]
    fn on_margin(&mut self, _data: DataId, _at: SimTime, _lost: u32) {}
    /// A life begins, and is like this.
    #[inline]
    fn on_begin(&mut self, _state: &State) {}
    /// An event has been worked out, at `at`: called if [`Observer::SEES_EVENTS`].
    #[inline]
    fn on_event(&mut self, _at: SimTime, _event: Event, _state: &State) {}
    /// Whether nothing that could still happen in this life is of interest.
    fn has_seen_enough(&self) -> bool {
        false
    }
}

/// Data that were lost at one instant, of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Of which class.
    pub data: DataId,
    /// What started it.
    pub cause: Root,
    /// How.
    pub how: HowLost,
    /// How many groups; of the newest data of all groups, zero.
    pub groups: u32,
    /// How much of the newest data, where it is only that; else all that is not elsewhere.
    pub newest: Option<SimSpan>,
    /// How long ago the newest of what is lost was born: not at all, but for what copies had missed.
    pub age: SimSpan,
}

/// How copies of data were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HowLost {
    /// More were wiped than the code survives.
    Wiped,
    /// A rebuild has found something unreadable that it needed.
    Unreadable,
    /// What was left had a defect that nobody had noticed.
    Latent,
    /// Somebody has deleted all of them.
    Deleted,
    /// The newest data had not been written down when the power was cut.
    Unsynced,
    /// The newest data had not yet reached the copy that took over.
    Lagging,
    /// The newest data were on copies that are gone, and others had missed them.
    Missed,
}
