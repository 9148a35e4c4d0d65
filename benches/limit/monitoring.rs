//! The system of `topologies/workload-a.yaml`, written by hand.
//!
//! Three nodes carry ingress (any of 3), receiver (2 of 3), query (any of 2), store (any of 2) and
//! prometheus (any of 2); four nodes of their own carry two drives each of an object store that
//! reads with 4 and writes with 5 of 8. Ten years, hours throughout.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::heap::Heap;
use crate::workload::Outcome;

const NODES: usize = 3;
const STORES: usize = 4;
const DRIVES: usize = 8;
const PODS: usize = 12;
const FIRST_STORE: usize = NODES;
const FIRST_DRIVE: usize = FIRST_STORE + STORES;
const FIRST_POD: usize = FIRST_DRIVE + DRIVES;
const UNITS: usize = FIRST_POD + PODS;
const HORIZON: f64 = 87_600.0;

/// Services of the pods, and the node of each pod.
const INGRESS: usize = 0;
const RECEIVER: usize = 1;
const QUERY: usize = 2;
const STORE: usize = 3;
const PROMETHEUS: usize = 4;
const POD_SERVICE: [usize; PODS] = [
    INGRESS, INGRESS, INGRESS, RECEIVER, RECEIVER, RECEIVER, QUERY, QUERY, STORE, STORE,
    PROMETHEUS, PROMETHEUS,
];
const POD_NODE: [usize; PODS] = [0, 1, 2, 0, 1, 2, 0, 1, 1, 2, 2, 0];
const NODE_PODS: [[u8; 4]; NODES] = [[0, 3, 6, 11], [1, 4, 7, 8], [2, 5, 9, 10]];
const SERVICE_PODS: [i32; 5] = [3, 3, 2, 2, 2];

/// What is up, and what has come of it: the same for both programs.
#[derive(Clone, Debug)]
struct World {
    node_up: [bool; NODES],
    store_up: [bool; STORES],
    drive_up: [bool; DRIVES],
    pod_up: [bool; PODS],
    pods_up: [i32; 5],
    shards_up: i32,
    down_since: [f64; 2],
    outcome: Outcome,
}

impl World {
    fn new() -> Self {
        World {
            node_up: [true; NODES],
            store_up: [true; STORES],
            drive_up: [true; DRIVES],
            pod_up: [true; PODS],
            pods_up: SERVICE_PODS,
            shards_up: DRIVES as i32,
            down_since: [f64::NAN; 2],
            outcome: Outcome::default(),
        }
    }

    fn good_drives(&self, store: usize) -> i32 {
        i32::from(self.drive_up[2 * store]) + i32::from(self.drive_up[2 * store + 1])
    }

    /// Reads both journeys.
    #[inline]
    fn judge(&mut self, now: f64) {
        let pods = &self.pods_up;
        let write = pods[INGRESS] > 0 && pods[RECEIVER] > 1 && self.shards_up > 4;
        let read = pods[QUERY] > 0
            && (pods[RECEIVER] > 1 || pods[PROMETHEUS] > 0)
            && pods[STORE] > 0
            && self.shards_up > 3;
        for (journey, up) in [write, read].into_iter().enumerate() {
            let since = self.down_since[journey];
            if up != since.is_nan() {
                if up {
                    self.outcome.down_hours[journey] += now - since;
                    self.down_since[journey] = f64::NAN;
                } else {
                    self.outcome.outages[journey] += 1;
                    self.down_since[journey] = now;
                }
            }
        }
    }

    /// What the life came to at its horizon.
    fn end(&mut self) -> Outcome {
        for journey in 0..2 {
            if !self.down_since[journey].is_nan() {
                self.outcome.down_hours[journey] += HORIZON - self.down_since[journey];
            }
        }
        self.outcome
    }
}

/// One clock a unit, on an indexed heap: what somebody would write who knows how.
#[derive(Clone, Debug)]
pub(crate) struct OneClockAUnit {
    rng: Xoshiro256PlusPlus,
    heap: Heap<UNITS>,
    world: World,
}

impl OneClockAUnit {
    /// A program for this seed.
    pub(crate) fn new(seed: u64) -> Self {
        OneClockAUnit {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            heap: Heap::new(),
            world: World::new(),
        }
    }

    /// One life.
    pub(crate) fn life(&mut self) -> Outcome {
        *self = OneClockAUnit { rng: self.rng.clone(), ..OneClockAUnit::new(0) };
        for unit in 0..UNITS {
            let mean = match unit {
                0..FIRST_STORE => 2_190.0,
                FIRST_STORE..FIRST_DRIVE => 4_380.0,
                FIRST_DRIVE..FIRST_POD => 100_000.0,
                _ => 720.0,
            };
            let at = self.exponential(mean);
            self.heap.set(unit as u8, at);
        }
        loop {
            let (now, unit) = self.heap.first();
            if now >= HORIZON {
                break;
            }
            match unit as usize {
                node @ 0..FIRST_STORE => self.node_event(node, now),
                store @ FIRST_STORE..FIRST_DRIVE => self.store_event(store - FIRST_STORE, now),
                drive @ FIRST_DRIVE..FIRST_POD => self.drive_event(drive - FIRST_DRIVE, now),
                pod => self.pod_event(pod - FIRST_POD, now),
            }
        }
        self.world.end()
    }

    #[inline]
    fn exponential(&mut self, mean: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.rng);
        mean * unit
    }

    #[inline]
    fn pod_start(&mut self) -> f64 {
        (20.0 + 20.0 * self.rng.random::<f64>()) / 3_600.0
    }

    fn node_event(&mut self, node: usize, now: f64) {
        self.world.outcome.events += 1;
        self.world.node_up[node] = !self.world.node_up[node];
        if self.world.node_up[node] {
            let next = now + self.exponential(2_190.0);
            self.heap.set(node as u8, next);
            for pod in NODE_PODS[node] {
                let at = now + self.pod_start();
                self.heap.set(FIRST_POD as u8 + pod, at);
            }
        } else {
            let normal: f64 = StandardNormal.sample(&mut self.rng);
            self.heap.set(node as u8, now + normal.exp());
            for pod in NODE_PODS[node] {
                self.heap.cancel(FIRST_POD as u8 + pod);
                if self.world.pod_up[pod as usize] {
                    self.world.pod_up[pod as usize] = false;
                    self.world.pods_up[POD_SERVICE[pod as usize]] -= 1;
                }
            }
            self.world.judge(now);
        }
    }

    #[inline]
    fn pod_event(&mut self, pod: usize, now: f64) {
        debug_assert!(self.world.node_up[POD_NODE[pod]]);
        self.world.outcome.events += 1;
        self.world.pod_up[pod] = !self.world.pod_up[pod];
        let service = POD_SERVICE[pod];
        let next = if self.world.pod_up[pod] {
            self.world.pods_up[service] += 1;
            self.exponential(720.0)
        } else {
            self.world.pods_up[service] -= 1;
            self.pod_start()
        };
        self.heap.set((FIRST_POD + pod) as u8, now + next);
        self.world.judge(now);
    }

    fn store_event(&mut self, store: usize, now: f64) {
        self.world.outcome.events += 1;
        self.world.store_up[store] = !self.world.store_up[store];
        let up = self.world.store_up[store];
        for drive in [2 * store, 2 * store + 1] {
            if self.world.drive_up[drive] {
                self.world.shards_up += if up { 1 } else { -1 };
            }
        }
        let next = self.exponential(if up { 4_380.0 } else { 2.0 });
        self.heap.set((FIRST_STORE + store) as u8, now + next);
        self.world.judge(now);
    }

    fn drive_event(&mut self, drive: usize, now: f64) {
        self.world.outcome.events += 1;
        self.world.drive_up[drive] = !self.world.drive_up[drive];
        let up = self.world.drive_up[drive];
        if self.world.store_up[drive / 2] {
            self.world.shards_up += if up { 1 } else { -1 };
        }
        let next = self.exponential(if up { 100_000.0 } else { 24.0 });
        self.heap.set((FIRST_DRIVE + drive) as u8, now + next);
        self.world.judge(now);
    }
}

/// All exponential failures from one Poisson process: which unit a point belongs to is drawn when it
/// comes, and a point of a unit that is down or down already is ignored. Only what is being repaired or
/// started has an event of its own, in a small array.
#[derive(Clone, Debug)]
pub(crate) struct Superposed {
    rng: Xoshiro256PlusPlus,
    pending: Vec<(f64, u8)>,
    world: World,
}

/// Failures an hour of each kind, and of all kinds together.
const NODE_RATE: f64 = NODES as f64 / 2_190.0;
const STORE_RATE: f64 = STORES as f64 / 4_380.0;
const DRIVE_RATE: f64 = DRIVES as f64 / 100_000.0;
const POD_RATE: f64 = PODS as f64 / 720.0;
const ALL_RATE: f64 = NODE_RATE + STORE_RATE + DRIVE_RATE + POD_RATE;

impl Superposed {
    /// A program for this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Superposed {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            pending: Vec::with_capacity(UNITS),
            world: World::new(),
        }
    }

    /// One life.
    pub(crate) fn life(&mut self) -> Outcome {
        *self = Superposed { rng: self.rng.clone(), ..Superposed::new(0) };
        let mut point = self.exponential(1.0 / ALL_RATE);
        loop {
            let first = self.pending.last().map_or(f64::INFINITY, |event| event.0);
            if point.min(first) >= HORIZON {
                break;
            }
            if first < point {
                let (now, unit) = self.pending.pop().expect("there is a first");
                self.restore(unit as usize, now);
            } else {
                self.fail(point);
                point += self.exponential(1.0 / ALL_RATE);
            }
        }
        self.world.end()
    }

    #[inline]
    fn exponential(&mut self, mean: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.rng);
        mean * unit
    }

    /// Latest first, so that the next one is at the end.
    #[inline]
    fn schedule(&mut self, unit: usize, at: f64) {
        let mut place = self.pending.len();
        self.pending.push((at, unit as u8));
        while place > 0 && self.pending[place - 1].0 < at {
            self.pending[place] = self.pending[place - 1];
            place -= 1;
        }
        self.pending[place] = (at, unit as u8);
    }

    #[inline]
    fn pod_start(&mut self, pod: usize, now: f64) {
        let start = (20.0 + 20.0 * self.rng.random::<f64>()) / 3_600.0;
        self.schedule(FIRST_POD + pod, now + start);
    }

    #[inline]
    fn fail(&mut self, now: f64) {
        let mut place = self.rng.random::<f64>() * ALL_RATE;
        if place < POD_RATE {
            let pod = ((place / POD_RATE * PODS as f64) as usize).min(PODS - 1);
            if self.world.pod_up[pod] {
                self.world.outcome.events += 1;
                self.world.pod_up[pod] = false;
                self.world.pods_up[POD_SERVICE[pod]] -= 1;
                self.pod_start(pod, now);
                self.world.judge(now);
            }
            return;
        }
        place -= POD_RATE;
        if place < NODE_RATE {
            let node = ((place / NODE_RATE * NODES as f64) as usize).min(NODES - 1);
            if self.world.node_up[node] {
                self.world.outcome.events += 1;
                self.world.node_up[node] = false;
                let normal: f64 = StandardNormal.sample(&mut self.rng);
                self.schedule(node, now + normal.exp());
                for pod in NODE_PODS[node] {
                    let pod = pod as usize;
                    if self.world.pod_up[pod] {
                        self.world.pod_up[pod] = false;
                        self.world.pods_up[POD_SERVICE[pod]] -= 1;
                    } else {
                        self.pending.retain(|event| event.1 as usize != FIRST_POD + pod);
                    }
                }
                self.world.judge(now);
            }
            return;
        }
        place -= NODE_RATE;
        if place < STORE_RATE {
            let store = ((place / STORE_RATE * STORES as f64) as usize).min(STORES - 1);
            if self.world.store_up[store] {
                self.world.outcome.events += 1;
                self.world.store_up[store] = false;
                self.world.shards_up -= self.world.good_drives(store);
                let repair = self.exponential(2.0);
                self.schedule(FIRST_STORE + store, now + repair);
                self.world.judge(now);
            }
            return;
        }
        let drive = (((place - STORE_RATE) / DRIVE_RATE * DRIVES as f64) as usize).min(DRIVES - 1);
        if self.world.drive_up[drive] {
            self.world.outcome.events += 1;
            self.world.drive_up[drive] = false;
            self.world.shards_up -= i32::from(self.world.store_up[drive / 2]);
            let repair = self.exponential(24.0);
            self.schedule(FIRST_DRIVE + drive, now + repair);
            self.world.judge(now);
        }
    }

    #[inline]
    fn restore(&mut self, unit: usize, now: f64) {
        self.world.outcome.events += 1;
        match unit {
            node @ 0..FIRST_STORE => {
                self.world.node_up[node] = true;
                for pod in NODE_PODS[node] {
                    self.pod_start(pod as usize, now);
                }
            }
            store @ FIRST_STORE..FIRST_DRIVE => {
                self.world.store_up[store - FIRST_STORE] = true;
                self.world.shards_up += self.world.good_drives(store - FIRST_STORE);
            }
            drive @ FIRST_DRIVE..FIRST_POD => {
                let drive = drive - FIRST_DRIVE;
                self.world.drive_up[drive] = true;
                self.world.shards_up += i32::from(self.world.store_up[drive / 2]);
            }
            pod => {
                self.world.pod_up[pod - FIRST_POD] = true;
                self.world.pods_up[POD_SERVICE[pod - FIRST_POD]] += 1;
            }
        }
        self.world.judge(now);
    }
}
