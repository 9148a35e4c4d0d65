//! Timers, earliest first: a calendar of windows, at a cost that does not grow with their number.
//!
//! Time is cut into windows. A timer waits in the list of its window, where it is put and taken out
//! in a few moves; only the timers of the window that is being lived through, the present, are kept
//! in order. Windows are short enough that the present holds one or two timers in the mean.

use std::hint::black_box;

use super::event::Slot;
use super::windows::Windows;
use crate::units::SimTime;

/// The time of a timer that is not set, and the end of a list.
const IDLE: u64 = u64::MAX;
const NONE: Slot = Slot::MAX;

/// How many timers a window should hold: enough that few windows are empty, few enough that keeping
/// them in order costs little.
const TIMERS_PER_WINDOW: f64 = 3.0;

/// A timer of the present; the order of the fields is the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: u64,
    /// Its place among those of the same instant.
    rank: u32,
    slot: Slot,
}

/// One timer for each slot, set or idle.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// The timers of the present, as a binary heap, with those cancelled since.
    present: Vec<Due>,
    windows: Windows,
    /// The number of the present window.
    window: u64,
    /// The first timer of the list of each window, modulo the size of the ring.
    firsts: Vec<Slot>,
    timers: Vec<Timer>,
    /// How many are set.
    set: usize,
    horizon: u64,
}

/// One timer: when it goes off, its neighbours in its list, and its place among those of the same
/// instant.
#[derive(Clone, Copy, Debug)]
struct Timer {
    at: u64,
    next: Slot,
    previous: Slot,
    rank: u32,
}

impl Calendar {
    /// A calendar up to `horizon` microseconds with all timers idle: `ranks[slot]` orders the timers
    /// of one instant, and about `rate` of them go off in a microsecond.
    pub(crate) fn new(ranks: Vec<u32>, rate: f64, horizon: u64) -> Calendar {
        let windows = Windows::new(ranks.len(), rate, TIMERS_PER_WINDOW, horizon);
        let timer = |rank| Timer { at: IDLE, next: NONE, previous: NONE, rank };
        Calendar {
            present: Vec::with_capacity(ranks.len()),
            windows,
            window: 0,
            firsts: vec![NONE; windows.lists()],
            timers: ranks.into_iter().map(timer).collect(),
            set: 0,
            horizon,
        }
    }

    /// Makes all timers idle and goes back to the beginning.
    pub(crate) fn clear(&mut self) {
        self.present.clear();
        self.firsts.fill(NONE);
        for timer in &mut self.timers {
            timer.at = IDLE;
        }
        self.window = 0;
        self.set = 0;
    }

    /// Sets an idle timer, unless it would go off at the horizon or later, where nothing happens.
    #[inline]
    pub(crate) fn set(&mut self, slot: Slot, at: u64) {
        debug_assert_eq!(self.timers[slot as usize].at, IDLE, "timer {slot} is set already");
        if at >= self.horizon {
            return;
        }
        let window = self.windows.of(at);
        if self.set == 0 {
            // Whatever lies in between is empty.
            self.window = self.window.max(window);
        }
        self.set += 1;
        if window <= self.window {
            let timer = &mut self.timers[slot as usize];
            timer.at = at;
            let rank = timer.rank;
            self.push(Due { at, rank, slot });
        } else {
            self.link(slot, at, window);
        }
    }

    /// Reads what setting a timer will need, so that it is at hand by then.
    #[inline]
    pub(crate) fn look_at(&self, slot: Slot) {
        black_box(self.timers[slot as usize].at);
    }

    /// Makes a timer idle; returns when it would have gone off, if it was set.
    pub(crate) fn cancel(&mut self, slot: Slot) -> Option<u64> {
        let Timer { at, next, previous, .. } = self.timers[slot as usize];
        if at == IDLE {
            return None;
        }
        self.set -= 1;
        self.timers[slot as usize].at = IDLE;
        let window = self.windows.of(at);
        // In the present it stays in the heap and is passed over when its turn comes.
        if window > self.window {
            match previous {
                NONE => {
                    let list = self.windows.list(window);
                    self.firsts[list] = next;
                }
                previous => self.timers[previous as usize].next = next,
            }
            if next != NONE {
                self.timers[next as usize].previous = previous;
            }
        }
        Some(at)
    }

    /// Takes off the first timer that goes off before `at`, or at that instant and before `rank`:
    /// when, and its slot.
    #[inline]
    pub(crate) fn pop_before(&mut self, at: u64, rank: u32) -> Option<(u64, Slot)> {
        let first = self.first()?;
        if (first.at, first.rank) > (at, rank) { None } else { self.pop_present_before(at, rank) }
    }

    fn pop_present_before(&mut self, at: u64, rank: u32) -> Option<(u64, Slot)> {
        loop {
            let due = self.first().filter(|due| (due.at, due.rank) < (at, rank))?;
            self.pop_present();
            let timer = &mut self.timers[due.slot as usize];
            if timer.at == due.at {
                timer.at = IDLE;
                self.set -= 1;
                return Some((due.at, due.slot));
            }
        }
    }

    /// An instant before which no timer goes off: the first of all, or one that was cancelled.
    #[inline]
    pub(crate) fn soonest(&mut self) -> SimTime {
        self.first().map_or(SimTime::NEVER, |due| SimTime::from_micros(due.at))
    }

    /// The first timer, or one before it that has been cancelled since.
    #[inline]
    fn first(&mut self) -> Option<Due> {
        match self.present.first() {
            Some(&due) => Some(due),
            None if self.set == 0 => None,
            None => self.first_of_later_windows(),
        }
    }

    fn first_of_later_windows(&mut self) -> Option<Due> {
        while self.present.is_empty() && self.window < self.windows.last() {
            self.window += 1;
            self.enter_window();
        }
        self.present.first().copied()
    }

    #[inline]
    fn link(&mut self, slot: Slot, at: u64, window: u64) {
        let list = self.windows.list(window);
        let next = std::mem::replace(&mut self.firsts[list], slot);
        let timer = &mut self.timers[slot as usize];
        (timer.at, timer.next, timer.previous) = (at, next, NONE);
        if next != NONE {
            self.timers[next as usize].previous = slot;
        }
    }

    /// Makes the timers of the list of this window present; those of later rounds stay.
    #[inline]
    fn enter_window(&mut self) {
        let list = self.windows.list(self.window);
        let mut slot = self.firsts[list];
        if slot == NONE {
            return;
        }
        self.firsts[list] = NONE;
        while slot != NONE {
            let Timer { at, next, rank, .. } = self.timers[slot as usize];
            let window = self.windows.of(at);
            if window == self.window {
                self.push(Due { at, rank, slot });
            } else {
                self.link(slot, at, window);
            }
            slot = next;
        }
    }

    #[inline]
    fn push(&mut self, due: Due) {
        let mut place = self.present.len();
        self.present.push(due);
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.present[parent] < due {
                break;
            }
            self.present[place] = self.present[parent];
            place = parent;
        }
        self.present[place] = due;
    }

    #[inline]
    fn pop_present(&mut self) {
        let Some(last) = self.present.pop() else { return };
        let mut place = 0;
        loop {
            let mut child = 2 * place + 1;
            if child >= self.present.len() {
                break;
            }
            if child + 1 < self.present.len() && self.present[child + 1] < self.present[child] {
                child += 1;
            }
            if last < self.present[child] {
                break;
            }
            self.present[place] = self.present[child];
            place = child;
        }
        if place < self.present.len() {
            self.present[place] = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, StreamKey};

    const SLOTS: u32 = 40;
    const HORIZON: u64 = 2_000_000;

    /// Random sets, cancels and pops against a sorted list: with windows that hold one timer or all
    /// of them, and with a ring that wraps many times.
    #[test]
    fn it_behaves_like_a_sorted_list() {
        for rate in [-0.0, 1e-9, 1e-5, 1e-3, 1.0] {
            // Ranks in reverse, so that ties do not follow slots.
            let mut calendar = Calendar::new((0..SLOTS).rev().collect(), rate, HORIZON);
            for life in 0..3 {
                calendar.clear();
                let popped = one_life(&mut calendar, life);
                assert!(popped > 1_000, "only {popped} at rate {rate}");
            }
        }
    }

    fn one_life(calendar: &mut Calendar, life: u64) -> usize {
        let key = StreamKey::of_life(1, life).of(1, Purpose::Start);
        let mut list: Vec<Due> = Vec::new();
        let (mut now, mut popped) = (0, 0);
        for step in 0.. {
            let mut stream = key.draw(step);
            let slot = (stream.word() % u64::from(SLOTS)) as Slot;
            // From the same instant to a thousandth of the horizon away, each scale as likely.
            let at = now + stream.word() % (1 << (stream.word() % 12));
            let known = list.iter().position(|due| due.slot == slot);
            match (stream.word() % 4, known) {
                (0 | 1, None) => {
                    calendar.set(slot, at);
                    if at < HORIZON {
                        list.push(Due { at, rank: SLOTS - 1 - slot, slot });
                        list.sort_unstable();
                    }
                }
                (2, known) => {
                    assert_eq!(calendar.cancel(slot), known.map(|place| list.remove(place).at));
                }
                _ if !list.is_empty() => {
                    let due = list.remove(0);
                    assert_eq!(calendar.pop_before(u64::MAX, u32::MAX), Some((due.at, due.slot)));
                    now = due.at;
                    popped += 1;
                }
                _ if now > HORIZON / 2 => break,
                _ => {}
            }
            if step > 200_000 {
                break;
            }
        }
        while !list.is_empty() {
            let due = list.remove(0);
            assert_eq!(calendar.pop_before(u64::MAX, u32::MAX), Some((due.at, due.slot)));
        }
        assert_eq!(calendar.pop_before(u64::MAX, u32::MAX), None);
        popped
    }
}
