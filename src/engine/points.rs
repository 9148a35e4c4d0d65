//! When memoryless clocks strike: the points of one Poisson process for each, earliest first.
//!
//! A point is never taken back (one that finds its clock stopped is ignored, which comes to the
//! same), so that a list for each window of time is enough, and a clock and its place in that list
//! stand side by side in memory.

use super::windows::Windows;
use crate::dist::unit_exponential;
use crate::model::{ClockId, UnitId};
use crate::rng::StreamKey;
use crate::units::SimSpan;

/// The end of a list.
const NONE: u32 = u32::MAX;

/// So many clocks do not fit into the caches next to a core.
pub(super) const LARGE: usize = 4_000;
/// How many points a window should hold: enough that few windows are empty, few enough that keeping
/// them in order costs little; of large models more, so that memory is waited for less often.
const POINTS_PER_WINDOW: f64 = 3.0;
const POINTS_PER_LARGE_WINDOW: f64 = 16.0;

/// The luck of one clock in one life, memoryless or not.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Luck {
    /// The next point of a memoryless clock, microseconds.
    pub(super) at: u64,
    /// What is left of its present life while an aging clock is stopped; of a memoryless clock the
    /// gap from the next point to the one after it. That is drawn one point ahead, because then no
    /// event has to wait for the draw that it needs.
    pub(super) left: SimSpan,
    /// Key of its times to failure.
    pub(super) key: StreamKey,
    /// Mean time between points in microseconds; zero for a clock that has none.
    mean: f64,
    /// How many points or lives have been drawn.
    pub(super) drawn: u32,
    /// What `drawn` was at the last failure: the number that its repair bears.
    pub(super) failure: u32,
    /// Its place among the events of one instant.
    rank: u32,
    /// Whose it is, and the manner in which its failures pass.
    pub(super) unit: UnitId,
    pub(super) manner: u32,
    /// The next clock of those for which there is no room in the list of their window.
    next: u32,
}

impl Luck {
    /// The luck of a clock of this unit whose points have this mean time between them, in
    /// microseconds: zero if it has none.
    pub(super) fn new(mean: f64, rank: u32, unit: UnitId, manner: u32) -> Luck {
        let (left, key) = (SimSpan::ZERO, StreamKey::of_life(0, 0));
        let (drawn, failure, next) = (0, 0, NONE);
        Luck { at: 0, left, key, mean, drawn, failure, rank, unit, manner, next }
    }

    /// Whether it has points.
    #[inline]
    fn has_points(&self) -> bool {
        self.mean > 0.0
    }

    /// Draws the next gap.
    #[inline]
    fn draw_gap(&mut self) {
        let gap = self.mean * unit_exponential(&mut self.key.draw(self.drawn));
        self.left = SimSpan::from_fractional_micros(gap);
        self.drawn += 1;
    }
}

/// A point of the present window, in the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    /// When, microseconds.
    pub(super) at: u64,
    /// Its place among the events of that instant.
    pub(super) rank: u32,
    /// Which clock.
    pub(super) clock: ClockId,
}

/// Clocks in no order. They stand side by side, and not in a chain through the luck of each, so that
/// what is known of all of them can be fetched at once; only what has no room is chained.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct List {
    length: u32,
    clocks: [ClockId; ROOM],
    /// The first of the others.
    more: u32,
}

/// So many fit into a line of a cache.
const ROOM: usize = 14;

impl List {
    const EMPTY: List = List { length: 0, clocks: [ClockId::from_index(0); ROOM], more: NONE };
}

/// The next point of every memoryless clock.
#[derive(Clone, Debug)]
pub(super) struct Points {
    clocks: Vec<Luck>,
    windows: Windows,
    /// The number of the present window.
    window: u64,
    /// The points of the present window, the first one last: it holds a few.
    present: Vec<Point>,
    /// The clocks with a point in each window, modulo the size of the ring.
    lists: Vec<List>,
    horizon: u64,
}

impl Points {
    /// Room for the points of these clocks up to `horizon` microseconds.
    pub(super) fn new(clocks: Vec<Luck>, horizon: u64) -> Points {
        let each = if clocks.len() < LARGE { POINTS_PER_WINDOW } else { POINTS_PER_LARGE_WINDOW };
        let windows = Windows::new(clocks.len(), rate_of(&clocks), each, horizon);
        let lists = vec![List::EMPTY; windows.lists()];
        Points { clocks, windows, window: 0, present: Vec::new(), lists, horizon }
    }

    /// Forgets all points and goes back to the beginning.
    pub(super) fn clear(&mut self) {
        self.window = 0;
        self.present.clear();
        self.lists.fill(List::EMPTY);
    }

    /// About how many points there are in a microsecond.
    pub(super) fn rate(&self) -> f64 {
        rate_of(&self.clocks)
    }

    /// The luck of a clock.
    #[inline]
    pub(super) fn luck(&self, clock: ClockId) -> &Luck {
        &self.clocks[clock.index()]
    }

    /// The luck of a clock, to change it.
    #[inline]
    pub(super) fn luck_mut(&mut self, clock: ClockId) -> &mut Luck {
        &mut self.clocks[clock.index()]
    }

    /// Begins a life of a clock: none of its luck has been drawn yet, unless it has points.
    pub(super) fn begin(&mut self, clock: ClockId, key: StreamKey) {
        let luck = self.luck_mut(clock);
        (luck.key, luck.drawn, luck.failure, luck.at) = (key, 0, 0, 0);
        if luck.has_points() && luck.mean.is_finite() {
            luck.draw_gap();
            self.advance(clock);
        }
    }

    /// The number of the present window.
    #[inline]
    pub(super) fn window(&self) -> u64 {
        self.window
    }

    /// The points of the present window.
    pub(super) fn upcoming(&self) -> &[Point] {
        &self.present
    }

    /// The next point, which stays.
    #[inline]
    pub(super) fn first(&mut self) -> Option<Point> {
        match self.present.last() {
            Some(&point) => Some(point),
            None => self.first_of_later_windows(),
        }
    }

    fn first_of_later_windows(&mut self) -> Option<Point> {
        while self.present.is_empty() {
            if self.window == self.windows.last() {
                return None;
            }
            self.window += 1;
            self.enter_window();
        }
        self.present.last().copied()
    }

    /// Takes off the next point, which is one of this clock, and puts its next one in its place.
    #[inline]
    pub(super) fn pass_first(&mut self, clock: ClockId) {
        self.present.pop();
        self.advance(clock);
    }

    /// Goes on to the next point of a clock, and draws the gap after it.
    #[inline(always)]
    fn advance(&mut self, clock: ClockId) {
        let luck = &mut self.clocks[clock.index()];
        luck.at = luck.at.saturating_add(luck.left.micros());
        let (at, rank) = (luck.at, luck.rank);
        luck.draw_gap();
        if at >= self.horizon {
            return;
        }
        let window = self.windows.of(at);
        if window <= self.window {
            self.insert(Point { at, rank, clock });
        } else {
            self.link(self.windows.list(window), clock);
        }
    }

    #[inline]
    fn link(&mut self, list: usize, clock: ClockId) {
        let list = &mut self.lists[list];
        match list.clocks.get_mut(list.length as usize) {
            Some(place) => {
                *place = clock;
                list.length += 1;
            }
            None => {
                self.clocks[clock.index()].next =
                    std::mem::replace(&mut list.more, clock.index() as u32);
            }
        }
    }

    /// Makes the points in the list of this window present; those of later rounds stay.
    #[inline]
    fn enter_window(&mut self) {
        let list = self.windows.list(self.window);
        let List { length, clocks, mut more } = self.lists[list];
        self.lists[list].length = 0;
        for &clock in &clocks[..length as usize] {
            self.enter(list, clock);
        }
        if more != NONE {
            self.lists[list].more = NONE;
            while more != NONE {
                let clock = ClockId::from_index(more);
                more = self.clocks[clock.index()].next;
                self.enter(list, clock);
            }
        }
    }

    #[inline]
    fn enter(&mut self, list: usize, clock: ClockId) {
        let Luck { at, rank, .. } = self.clocks[clock.index()];
        if self.windows.of(at) == self.window {
            self.insert(Point { at, rank, clock });
        } else {
            self.link(list, clock);
        }
    }

    /// Puts a point where it belongs among those of the present.
    #[inline]
    fn insert(&mut self, point: Point) {
        let mut place = self.present.len();
        self.present.push(point);
        while place > 0 && self.present[place - 1] < point {
            self.present[place] = self.present[place - 1];
            place -= 1;
        }
        self.present[place] = point;
    }
}

/// Points in a microsecond of all these clocks.
fn rate_of(clocks: &[Luck]) -> f64 {
    clocks.iter().filter(|luck| luck.has_points()).map(|luck| 1.0 / luck.mean).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    /// Every point of every clock, in order, against a list that is sorted afterwards: with windows
    /// that hold a few points or all of them, and with a ring that wraps many times.
    #[test]
    fn points_come_in_order() {
        const CLOCKS: u32 = 40;
        let horizon = 500_000_000;
        for mean in [3e8, 1e5, 2e6] {
            let key = |clock: u32| StreamKey::of_life(1, 7).of(u64::from(clock), Purpose::Failure);
            // One clock is much faster than the others, and one has no points.
            let mean_of = |clock| match clock {
                0 => mean / 50.0,
                1 => 0.0,
                _ => mean,
            };
            let lucks = (0..CLOCKS)
                .map(|clock| Luck::new(mean_of(clock), CLOCKS - clock, UnitId::from_index(0), 0));
            let mut points = Points::new(lucks.collect(), horizon);
            for _ in 0..2 {
                points.clear();
                let mut expected = Vec::new();
                for clock in 0..CLOCKS {
                    let id = ClockId::from_index(clock);
                    points.begin(id, key(clock));
                    let mut at = 0;
                    for ordinal in (0..).take_while(|_| clock != 1) {
                        let gap = mean_of(clock) * unit_exponential(&mut key(clock).draw(ordinal));
                        at += SimSpan::from_fractional_micros(gap).micros();
                        if at >= horizon {
                            break;
                        }
                        expected.push(Point { at, rank: CLOCKS - clock, clock: id });
                    }
                }
                expected.sort_unstable();
                assert!(expected.len() > 40);
                for point in expected {
                    assert_eq!(points.first(), Some(point));
                    points.pass_first(point.clock);
                }
                assert_eq!(points.first(), None);
            }
        }
    }
}
