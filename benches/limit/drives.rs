//! The system of `topologies/workload-b.yaml`, written by hand.
//!
//! Fifty racks of twenty nodes of twelve drives; ten thousand groups of fourteen shards on as many
//! racks, of which ten are enough. Every group's count is kept at every event. Hours throughout, ten
//! years.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};

use crate::workload::Outcome;

const RACKS: usize = 50;
const NODES: usize = 20 * RACKS;
const DRIVES: usize = 12 * NODES;
const FIRST_NODE: usize = RACKS;
const FIRST_DRIVE: usize = FIRST_NODE + NODES;
const UNITS: usize = FIRST_DRIVE + DRIVES;
const GROUPS: usize = 10_000;
const SHARDS: usize = 14;
const TOLERANCE: u8 = 4;
const HORIZON: f64 = 87_600.0;

/// What is up, the groups, and what is next: each unit always has an event ahead of it.
#[derive(Clone, Debug)]
pub(crate) struct Drives {
    rng: Xoshiro256PlusPlus,
    /// How much longer than usual nodes are down.
    factor: f64,
    /// A 4-ary heap of the next event of each unit.
    heap: Vec<(f64, u32)>,
    is_up: Vec<bool>,
    /// How many of a drive, its node and its rack are down.
    reasons: Vec<u8>,
    groups_of: Vec<Vec<u32>>,
    away_of: Vec<u8>,
    unreadable: u32,
    since: f64,
    outcome: Outcome,
}

impl Drives {
    /// A program for this seed, in which nodes are down for so many times longer.
    pub(crate) fn new(seed: u64, factor: f64) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut groups_of = vec![Vec::new(); DRIVES];
        let mut racks: Vec<usize> = (0..RACKS).collect();
        for group in 0..GROUPS as u32 {
            for shard in 0..SHARDS {
                let other = rng.random_range(shard..RACKS);
                racks.swap(shard, other);
                let drive = rng.random_range(0..DRIVES / RACKS);
                groups_of[racks[shard] * (DRIVES / RACKS) + drive].push(group);
            }
        }
        Drives {
            rng,
            factor,
            heap: Vec::with_capacity(UNITS),
            is_up: vec![true; UNITS],
            reasons: vec![0; DRIVES],
            groups_of,
            away_of: vec![0; GROUPS],
            unreadable: 0,
            since: 0.0,
            outcome: Outcome::default(),
        }
    }

    /// One life: events, and as downtime the hours for which groups could not be read.
    pub(crate) fn life(&mut self) -> Outcome {
        self.heap.clear();
        self.is_up.fill(true);
        self.reasons.fill(0);
        self.away_of.fill(0);
        (self.unreadable, self.since, self.outcome) = (0, 0.0, Outcome::default());
        for unit in 0..UNITS {
            let at = self.time_up(unit);
            self.heap.push((at, unit as u32));
        }
        for place in (0..UNITS / 4 + 1).rev() {
            self.sink(place, self.heap[place]);
        }
        loop {
            let (now, unit) = self.heap[0];
            if now >= HORIZON {
                break;
            }
            self.event(unit as usize, now);
        }
        self.passes(HORIZON);
        self.outcome
    }

    #[inline]
    fn event(&mut self, unit: usize, now: f64) {
        self.outcome.events += 1;
        let is_down = self.is_up[unit];
        self.is_up[unit] = !is_down;
        let next = if is_down { self.time_down(unit) } else { self.time_up(unit) };
        self.sink(0, (now + next, unit as u32));
        let drives = match unit {
            0..FIRST_NODE => unit * (DRIVES / RACKS)..(unit + 1) * (DRIVES / RACKS),
            FIRST_NODE..FIRST_DRIVE => {
                let node = unit - FIRST_NODE;
                node * (DRIVES / NODES)..(node + 1) * (DRIVES / NODES)
            }
            _ => unit - FIRST_DRIVE..unit - FIRST_DRIVE + 1,
        };
        for drive in drives {
            if is_down {
                self.reasons[drive] += 1;
                if self.reasons[drive] == 1 {
                    self.leaves(drive, now);
                }
            } else {
                self.reasons[drive] -= 1;
                if self.reasons[drive] == 0 {
                    self.returns(drive, now);
                }
            }
        }
    }

    #[inline]
    fn leaves(&mut self, drive: usize, now: f64) {
        for place in 0..self.groups_of[drive].len() {
            let group = self.groups_of[drive][place] as usize;
            self.away_of[group] += 1;
            if self.away_of[group] == TOLERANCE + 1 {
                self.passes(now);
                self.unreadable += 1;
            }
        }
    }

    #[inline]
    fn returns(&mut self, drive: usize, now: f64) {
        for place in 0..self.groups_of[drive].len() {
            let group = self.groups_of[drive][place] as usize;
            if self.away_of[group] == TOLERANCE + 1 {
                self.passes(now);
                self.unreadable -= 1;
            }
            self.away_of[group] -= 1;
        }
    }

    fn passes(&mut self, now: f64) {
        self.outcome.down_hours[0] += f64::from(self.unreadable) * (now - self.since);
        self.since = now;
    }

    #[inline]
    fn time_up(&mut self, unit: usize) -> f64 {
        let exponential: f64 = Exp1.sample(&mut self.rng);
        match unit {
            0..FIRST_NODE => 5.0 * 8_760.0 * exponential,
            FIRST_NODE..FIRST_DRIVE => 2_190.0 * exponential,
            _ => 45.2 * 8_760.0 * exponential.powf(1.0 / 1.1),
        }
    }

    #[inline]
    fn time_down(&mut self, unit: usize) -> f64 {
        match unit {
            0..FIRST_NODE => 6.0,
            FIRST_NODE..FIRST_DRIVE => {
                let normal: f64 = StandardNormal.sample(&mut self.rng);
                0.25 * self.factor * normal.exp()
            }
            _ => 3.7,
        }
    }

    /// Puts an event at this place or below it.
    #[inline]
    fn sink(&mut self, mut place: usize, event: (f64, u32)) {
        loop {
            let first = 4 * place + 1;
            if first >= self.heap.len() {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(self.heap.len()) {
                if self.heap[child].0 < self.heap[least].0 {
                    least = child;
                }
            }
            if event.0 <= self.heap[least].0 {
                break;
            }
            self.heap[place] = self.heap[least];
            place = least;
        }
        self.heap[place] = event;
    }
}
