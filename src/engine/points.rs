//! When memoryless clocks strike: the points of one Poisson process for each, earliest first.
//!
//! A point is never taken back (one that finds its clock stopped is ignored, which comes to the
//! same), so that a list for each window of time is enough; and all the points of a window can be
//! drawn and put in order together when it begins. That takes few branches which nobody can guess,
//! and what all of them read is fetched at once.

use std::hint::black_box;
use std::ops::Range;

use super::windows::Windows;
use crate::dist::unit_exponential;
use crate::model::{ClockId, UnitId};
use crate::rng::StreamKey;
use crate::units::SimSpan;

/// The end of a list.
const NONE: u32 = u32::MAX;

/// So many clocks do not fit into the caches next to a core.
pub(super) const LARGE: usize = 4_000;
/// How many points a window should hold: of a few clocks many of each; of many no more than have room
/// in a list.
const FEW: usize = 64;
const POINTS_PER_WINDOW_OF_FEW: f64 = 256.0;
const POINTS_PER_WINDOW: f64 = 16.0;
/// More than can happen at one instant of a life that comes to its end.
const MOST_PER_WINDOW: usize = 1 << 22;

/// The luck of one clock in one life, memoryless or not.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Luck {
    /// The first point of a memoryless clock after the present window, microseconds.
    pub(super) at: u64,
    /// What is left of its present life while an aging clock is stopped.
    pub(super) left: SimSpan,
    /// Key of its times to failure.
    pub(super) key: StreamKey,
    /// Mean time between points in microseconds; zero for a clock that has none.
    mean: f64,
    /// How many gaps between points have been drawn, which is some way ahead.
    ahead: u32,
    /// How many lives have been drawn; or points, counted as if the two after the last were known.
    pub(super) drawn: u32,
    /// The number that the repair of the last failure bears: what `drawn` was then, or of one that something else has
    /// set off a number of its own.
    pub(super) failure: u32,
    /// How often something else has set it off, though it has points or lives of its own.
    pub(super) set_off: u32,
    pub(super) clock: ClockId,
    /// Whose it is, and the manner in which its failures pass.
    pub(super) unit: UnitId,
    pub(super) manner: u32,
    /// The next clock of those for which there is no room in the list of their window.
    next: u32,
}

impl Luck {
    /// The luck of a clock whose points have this mean time between them, in microseconds: zero if it
    /// has none.
    pub(super) fn new(mean: f64, clock: ClockId, unit: UnitId, manner: u32) -> Luck {
        let (left, key) = (SimSpan::ZERO, StreamKey::of_life(0, 0));
        let (ahead, drawn, failure, set_off, next) = (0, 0, 0, 0, NONE);
        Luck { at: 0, left, key, mean, ahead, drawn, failure, set_off, clock, unit, manner, next }
    }

    /// Whether it has points.
    #[inline]
    fn has_points(&self) -> bool {
        self.mean > 0.0
    }

    /// Draws the next gap, microseconds.
    #[inline]
    fn draw_gap(&mut self) -> u64 {
        let gap = self.mean * unit_exponential(&mut self.key.draw(self.ahead));
        self.ahead += 1;
        // As of every length of time, but that what does not fit is only longer than any life.
        (gap + 0.5) as i64 as u64
    }
}

/// A point of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// When, microseconds.
    pub(super) at: u64,
    /// The place of the clock among all, in the order in which they strike at one instant.
    pub(super) place: usize,
}

/// Places of clocks in no order. They stand side by side, and not in a chain through the luck of each, so that
/// what is known of all of them can be fetched at once; only what has no room is chained.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct List {
    length: u32,
    places: [u32; ROOM],
    /// The first of the others.
    more: u32,
}

/// So many fit into a line of a cache.
const ROOM: usize = 14;

impl List {
    const EMPTY: List = List { length: 0, places: [0; ROOM], more: NONE };
}

/// The next point of every memoryless clock.
#[derive(Clone, Debug)]
pub(super) struct Points {
    /// All clocks, in the order in which they strike at one instant.
    lucks: Vec<Luck>,
    /// Where each clock is in that order.
    place_of: Vec<u32>,
    windows: Windows,
    /// How many windows have begun.
    window: u64,
    /// When the last of them began, microseconds.
    since: u64,
    /// The points of it as they were drawn: each one word, the time since its beginning and below that
    /// in so many bits the place of the clock, so that the order of words is that of events.
    drawn: Vec<u64>,
    bits: u32,
    /// The same in order; there may be others behind them that mean nothing.
    present: Vec<u64>,
    /// Where in `present` the next one is, and the end.
    next: usize,
    end: usize,
    /// Where in `present` the points go of each small part of the window.
    parts: Vec<u32>,
    /// How much of a word is too fine to tell its part.
    fine: u32,
    /// The clocks with a point in each window, modulo the size of the ring.
    lists: Vec<List>,
    horizon: u64,
}

impl Points {
    /// Room for the points of these clocks up to `horizon` microseconds: `place_of` is the order in
    /// which they strike at one instant.
    pub(super) fn new(lucks: &[Luck], place_of: Vec<u32>, horizon: u64) -> Points {
        let each = if lucks.len() < FEW { POINTS_PER_WINDOW_OF_FEW } else { POINTS_PER_WINDOW };
        let bits = usize::BITS - lucks.len().leading_zeros();
        let windows =
            Windows::new(lucks.len(), rate_of(lucks), each, horizon).of_at_most(64 - bits);
        let parts = (each as usize).next_power_of_two();
        let mut in_order = lucks.to_vec();
        for (luck, &place) in lucks.iter().zip(&place_of) {
            in_order[place as usize] = *luck;
        }
        Points {
            lucks: in_order,
            place_of,
            windows,
            window: 0,
            since: 0,
            drawn: Vec::new(),
            bits,
            present: Vec::new(),
            next: 0,
            end: 0,
            parts: vec![0; parts],
            fine: (windows.bits() + bits).saturating_sub(parts.ilog2()),
            lists: vec![List::EMPTY; windows.lists()],
            horizon,
        }
    }

    /// Forgets all points and goes back to the beginning.
    pub(super) fn clear(&mut self) {
        (self.window, self.next, self.end) = (0, 0, 0);
        self.lists.fill(List::EMPTY);
    }

    /// About how many points there are in a microsecond.
    pub(super) fn rate(&self) -> f64 {
        rate_of(&self.lucks)
    }

    /// The luck of the clock at a place.
    #[inline]
    pub(super) fn luck_at(&self, place: usize) -> &Luck {
        &self.lucks[place]
    }

    /// The luck of a clock.
    #[inline]
    pub(super) fn luck(&self, clock: ClockId) -> &Luck {
        &self.lucks[self.place_of[clock.index()] as usize]
    }

    /// The luck of a clock, to change it.
    #[inline]
    pub(super) fn luck_mut(&mut self, clock: ClockId) -> &mut Luck {
        &mut self.lucks[self.place_of[clock.index()] as usize]
    }

    /// Reads the luck of clocks with these indices, as far as there are so many, so that it is at hand soon.
    pub(super) fn look_at(&self, clocks: Range<usize>) {
        for &place in &self.place_of[clocks.start..clocks.end.min(self.place_of.len())] {
            black_box(self.lucks[place as usize].at);
        }
    }

    /// Begins a life of a clock: none of its luck has been drawn yet, unless it has points.
    pub(super) fn begin(&mut self, clock: ClockId, key: StreamKey) {
        let place = self.place_of[clock.index()];
        let luck = &mut self.lucks[place as usize];
        (luck.key, luck.ahead, luck.drawn, luck.failure, luck.set_off) = (key, 0, 0, 0, 0);
        if luck.has_points() && luck.mean.is_finite() {
            luck.drawn = 2;
            luck.at = luck.draw_gap();
            self.link(place);
        }
    }

    /// Draws all points after an instant anew, with other keys, and so all that clocks draw later.
    pub(super) fn draw_anew(&mut self, now: u64, key: impl Fn(ClockId) -> StreamKey) {
        self.window = self.windows.of(now);
        (self.next, self.end) = (0, 0);
        self.lists.fill(List::EMPTY);
        for place in 0..self.lucks.len() {
            let luck = &mut self.lucks[place];
            luck.key = key(luck.clock);
            if luck.has_points() && luck.mean.is_finite() {
                luck.ahead = 0;
                luck.at = now.saturating_add(luck.draw_gap());
                self.link(place as u32);
            }
        }
    }

    /// The number of the present window.
    #[inline]
    pub(super) fn window(&self) -> u64 {
        self.window
    }

    /// The points of the present window that are to come.
    #[inline]
    pub(super) fn upcoming(&self) -> impl Iterator<Item = Point> + Clone {
        self.present[self.next..self.end].iter().map(|&word| self.point(word))
    }

    /// Whether the clock at a place has a point in the present window that is to come until then.
    #[inline]
    pub(super) fn strikes_until(&self, at: u64, place: usize) -> bool {
        self.upcoming().take_while(|point| point.at <= at).any(|point| point.place == place)
    }

    #[inline]
    fn point(&self, word: u64) -> Point {
        let place = word & ((1 << self.bits) - 1);
        Point { at: self.since + (word >> self.bits), place: place as usize }
    }

    /// The next point, which stays.
    #[inline]
    pub(super) fn first(&mut self) -> Option<Point> {
        if self.next == self.end && !self.enter_later_window() {
            return None;
        }
        Some(self.point(self.present[self.next]))
    }

    /// Takes off the next point, which is this one.
    #[inline]
    pub(super) fn pass_first(&mut self, point: Point) {
        self.next += 1;
        self.lucks[point.place].drawn += 1;
    }

    /// Goes on to the next window that has a point; whether there is one.
    #[inline(never)]
    fn enter_later_window(&mut self) -> bool {
        while self.next == self.end && self.window <= self.windows.last() {
            self.enter_window();
        }
        self.next < self.end
    }

    /// Puts a clock into the list of the window of its next point, if that comes before the horizon.
    #[inline]
    fn link(&mut self, place: u32) {
        let at = self.lucks[place as usize].at;
        if at >= self.horizon {
            return;
        }
        let list = &mut self.lists[self.windows.list(self.windows.of(at))];
        match list.places.get_mut(list.length as usize) {
            Some(free) => {
                *free = place;
                list.length += 1;
            }
            None => self.lucks[place as usize].next = std::mem::replace(&mut list.more, place),
        }
    }

    /// Draws the points of the next window and puts them in order.
    fn enter_window(&mut self) {
        self.since = self.windows.start(self.window);
        let until = self.since.saturating_add(self.windows.length()).min(self.horizon);
        self.drawn.clear();
        self.parts.fill(0);
        let list = &mut self.lists[self.windows.list(self.window)];
        let list = std::mem::replace(list, List::EMPTY);
        self.window += 1;
        let places = &list.places[..list.length as usize];
        if self.lucks.len() >= LARGE {
            for &place in places {
                black_box(self.lucks[place as usize].at);
            }
        }
        for &place in places {
            self.draw_until(until, place);
        }
        let mut more = list.more;
        while more != NONE {
            let place = more;
            more = self.lucks[place as usize].next;
            self.draw_until(until, place);
        }
        self.put_in_order();
    }

    /// Draws the points of a clock in the present window, which ends there; there are none if it is in its list for a
    /// later round.
    #[inline]
    fn draw_until(&mut self, until: u64, place: u32) {
        let Points { lucks, drawn, parts, since, bits, fine, .. } = self;
        // A copy, because what is pushed to a list may as well be anywhere as far as a machine knows.
        let mut luck = lucks[place as usize];
        while luck.at < until {
            let word = (luck.at - *since) << *bits | u64::from(place);
            drawn.push(word);
            parts[(word >> *fine) as usize] += 1;
            luck.at = luck.at.saturating_add(luck.draw_gap());
            if drawn.len() > MOST_PER_WINDOW {
                return;
            }
        }
        (lucks[place as usize].at, lucks[place as usize].ahead) = (luck.at, luck.ahead);
        self.link(place);
    }

    /// Sorts the points of the present window: first by small parts of it, of which few hold two.
    #[inline]
    fn put_in_order(&mut self) {
        let Points { drawn, present, parts, fine, .. } = self;
        (self.next, self.end) = (0, drawn.len());
        if present.len() < drawn.len() {
            present.resize(drawn.len(), 0);
        }
        let mut sum = 0;
        for part in &mut *parts {
            sum += std::mem::replace(part, sum);
        }
        for &word in &*drawn {
            let place = &mut parts[(word >> *fine) as usize];
            present[*place as usize] = word;
            *place += 1;
        }
        let present = &mut present[..drawn.len()];
        for end in 1..present.len() {
            let word = present[end];
            let mut place = end;
            while place > 0 && present[place - 1] > word {
                present[place] = present[place - 1];
                place -= 1;
            }
            present[place] = word;
        }
    }
}

/// Points in a microsecond of all these clocks.
fn rate_of(lucks: &[Luck]) -> f64 {
    lucks.iter().filter(|luck| luck.has_points()).map(|luck| 1.0 / luck.mean).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    /// Every point of every clock, in order, against a list that is sorted afterwards: of few clocks
    /// and of many, with windows that hold a few points or all of them, and with a ring that wraps
    /// many times.
    #[test]
    fn points_come_in_order() {
        for clocks in [40, 200] {
            for mean in [3e8, 1e5, 2e6] {
                compare_with_a_sorted_list(clocks, mean);
            }
        }
    }

    fn compare_with_a_sorted_list(clocks: u32, mean: f64) {
        let horizon = 500_000_000;
        let key = |clock: u32| StreamKey::of_life(1, 7).of(u64::from(clock), Purpose::Failure);
        // One clock is much faster than the others, and one has no points.
        let mean_of = |clock| match clock {
            0 => mean / 50.0,
            1 => 0.0,
            _ => mean,
        };
        let luck =
            |clock| Luck::new(mean_of(clock), ClockId::from_index(clock), UnitId::from_index(0), 0);
        let lucks: Vec<Luck> = (0..clocks).map(luck).collect();
        let mut points = Points::new(&lucks, (0..clocks).rev().collect(), horizon);
        for _ in 0..2 {
            points.clear();
            let mut expected = Vec::new();
            for clock in 0..clocks {
                points.begin(ClockId::from_index(clock), key(clock));
                let mut at = 0;
                for ordinal in (0..).take_while(|_| clock != 1) {
                    let gap = mean_of(clock) * unit_exponential(&mut key(clock).draw(ordinal));
                    at += SimSpan::from_fractional_micros(gap).micros();
                    if at >= horizon {
                        break;
                    }
                    // Its own next gap has been drawn, and the one after that is said to be.
                    expected.push((at, clocks - 1 - clock, clock, ordinal + 3));
                }
            }
            expected.sort_unstable();
            assert!(expected.len() > 40);
            for expected in expected {
                let point = points.first().expect("it is not the last one");
                points.pass_first(point);
                let Luck { clock, drawn, .. } = *points.luck_at(point.place);
                let found = (point.at, point.place as u32, clock.index() as u32, drawn);
                assert_eq!(found, expected);
            }
            assert!(points.first().is_none());
        }
    }
}
