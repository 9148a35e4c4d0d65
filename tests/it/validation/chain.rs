//! Small Markov chains that end when data are lost, solved by sums and products of numbers that are
//! never negative: stiff chains keep all of their digits.

use std::collections::BTreeMap;

/// A chain from its first state to the loss, which is the last column.
pub(super) struct Chain {
    /// By state, the rate to each state; zero to itself.
    rates: Vec<Vec<f64>>,
}

impl Chain {
    /// All states that can be reached from `start`; a move to `None` is the loss.
    pub(super) fn explore<S: Ord + Clone>(
        start: S,
        moves: impl Fn(&S) -> Vec<(Option<S>, f64)>,
    ) -> Chain {
        let mut numbers = BTreeMap::from([(start.clone(), 0)]);
        let mut states = vec![start];
        let mut found = Vec::new();
        while let Some(state) = states.get(found.len()).cloned() {
            let mut from_here = Vec::new();
            for (to, rate) in moves(&state) {
                let number = to.map(|to| {
                    let known = numbers.len();
                    *numbers.entry(to.clone()).or_insert_with(|| {
                        states.push(to);
                        known
                    })
                });
                from_here.push((number, rate));
            }
            found.push(from_here);
        }
        let lost = found.len();
        let mut rates = vec![vec![0.0; lost + 1]; lost];
        for (from, moves) in found.into_iter().enumerate() {
            for (to, rate) in moves {
                rates[from][to.unwrap_or(lost)] += rate;
            }
            rates[from][from] = 0.0;
        }
        Chain { rates }
    }

    /// `shards` of which more than `tolerated` must not be lost at once; each is lost at the rate
    /// `fails`, and with so many lost, one comes back at the rate `mended`.
    pub(super) fn of_shards(
        shards: u32,
        tolerated: u32,
        fails: f64,
        mended: impl Fn(u32) -> f64,
    ) -> Chain {
        Chain::explore(0, |&lost: &u32| {
            let worse = (lost < tolerated).then_some(lost + 1);
            let mut moves = vec![(worse, f64::from(shards - lost) * fails)];
            if lost > 0 {
                moves.push((Some(lost - 1), mended(lost)));
            }
            moves
        })
    }

    /// The mean time to the loss: states are eliminated from the last to the first, and what is
    /// left of their time is passed on to those that lead to them.
    pub(super) fn mean_time(&self) -> f64 {
        let mut rates = self.rates.clone();
        let lost = rates.len();
        let mut times = vec![1.0; lost];
        for last in (1..lost).rev() {
            let (before, own) = rates.split_at_mut(last);
            let out: f64 = own[0][..last].iter().sum::<f64>() + own[0][lost];
            for (state, row) in before.iter_mut().enumerate() {
                let share = row[last] / out;
                if share == 0.0 {
                    continue;
                }
                for (to, rate) in own[0].iter().enumerate() {
                    if to != state && (to < last || to == lost) {
                        row[to] += share * rate;
                    }
                }
                times[state] += share * times[last];
            }
        }
        times[0] / rates[0][lost]
    }

    /// The probability that the loss comes within a time: a short step by its series, and then
    /// steps twice as long each.
    pub(super) fn probability(&self, time: f64) -> f64 {
        let lost = self.rates.len();
        let out: Vec<f64> = self.rates.iter().map(|row| row.iter().sum()).collect();
        let fastest = out.iter().copied().fold(0.0, f64::max);
        let doublings = (fastest * time).log2().ceil().max(0.0) as i32;
        let mean = fastest * time / f64::powi(2.0, doublings);
        let mut jump = self.rates.clone();
        for (state, row) in jump.iter_mut().enumerate() {
            row.iter_mut().for_each(|rate| *rate /= fastest);
            row[state] = (fastest - out[state]) / fastest;
        }
        jump.push(vec![0.0; lost + 1]);
        jump[lost][lost] = 1.0;
        let unit = |row: usize| (0..=lost).map(|at| f64::from(u8::from(at == row))).collect();
        let mut power: Vec<Vec<f64>> = (0..=lost).map(unit).collect();
        let mut weight = (-mean).exp();
        let mut step = vec![vec![0.0; lost + 1]; lost + 1];
        for jumps in 1..40 {
            for (to, from) in step.iter_mut().flatten().zip(power.iter().flatten()) {
                *to += weight * from;
            }
            power = product(&power, &jump);
            weight *= mean / f64::from(jumps);
        }
        for _ in 0..doublings {
            step = product(&step, &step);
        }
        step[0][lost]
    }
}

fn product(left: &[Vec<f64>], right: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let row = |row: &Vec<f64>| {
        let mut sums = vec![0.0; right.len()];
        for (factor, other) in row.iter().zip(right).filter(|(factor, _)| **factor != 0.0) {
            sums.iter_mut().zip(other).for_each(|(sum, number)| *sum += factor * number);
        }
        sums
    };
    left.iter().map(row).collect()
}

/// How rebuilds that take a fixed amount of work go on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Work {
    /// Each in its own time.
    Each,
    /// All share what one alone would have.
    Shared,
}

/// As [`Chain::of_shards`], but what is lost needs `stages` stages, one after another, of `takes`
/// together. With `anew` what is being rebuilt can be lost once more and begins from the start.
pub(super) fn in_stages(
    (shards, tolerated): (u32, u32),
    fails: f64,
    takes: f64,
    (work, anew): (Work, bool),
    stages: usize,
) -> Chain {
    // How many are in each stage.
    Chain::explore(vec![0_u32; stages], |state: &Vec<u32>| {
        let lost: u32 = state.iter().sum();
        let mut moves = Vec::new();
        let mut worse = state.clone();
        worse[0] += 1;
        let worse = (lost < tolerated).then_some(worse);
        moves.push((worse, f64::from(shards - lost) * fails));
        let share = if work == Work::Shared { f64::from(lost) } else { 1.0 };
        let pace = stages as f64 / takes / share;
        for (stage, &count) in state.iter().enumerate().filter(|(_, count)| **count > 0) {
            let mut next = state.clone();
            next[stage] -= 1;
            let mut again = next.clone();
            if let Some(after) = next.get_mut(stage + 1) {
                *after += 1;
            }
            moves.push((Some(next), f64::from(count) * pace));
            if anew && stage > 0 {
                again[0] += 1;
                moves.push((Some(again), f64::from(count) * fails));
            }
        }
        moves
    })
}

/// What a value that depends on a number of stages tends to if there are ever more: its error has a
/// part that falls with their number and one that falls with its square. Beside it how far the
/// extrapolation that knows of the first part only is from that, relative.
pub(super) fn with_ever_more_stages(value: impl Fn(usize) -> f64) -> (f64, f64) {
    let [few, more, most] = [4, 8, 16].map(value);
    let both = (few - 6.0 * more + 8.0 * most) / 3.0;
    (both, ((2.0 * most - more) / both - 1.0).abs())
}

/// Shards of which one may be lost, and that take a fixed time to come back: each is lost at the
/// rate `fails`, and while one is away the others may be lost too.
pub(super) struct FixedRebuild {
    pub(super) shards: f64,
    pub(super) fails: f64,
    pub(super) takes: f64,
}

impl FixedRebuild {
    pub(super) fn mean_time(&self) -> f64 {
        let others = (self.shards - 1.0) * self.fails;
        // Until one is lost, then until it is back or another is lost too, as often as need be.
        let lost = -(-others * self.takes).exp_m1();
        (1.0 / (self.shards * self.fails) + lost / others) / lost
    }

    /// By how many have come back before the one that does not; all terms are positive.
    pub(super) fn probability(&self, time: f64) -> f64 {
        const PARTS: usize = 2_000;
        let all = self.shards * self.fails;
        let others = (self.shards - 1.0) * self.fails;
        let mut sum = 0.0;
        for back in 0.. {
            let whole = time - f64::from(back) * self.takes;
            if whole <= 0.0 {
                break;
            }
            let weight = (-others * self.takes * f64::from(back)).exp();
            // The loss of the last one, at this time without rebuilds, and the others within `time`.
            let first = (whole - self.takes).max(0.0);
            let early = at_least(back + 1, all * first) * -(-others * self.takes).exp_m1();
            let late = |at: f64| {
                let log = f64::from(back) * (all * at).max(1e-300).ln() - ln_factorial(back);
                all * (log - all * at).exp() * -(-others * (whole - at)).exp_m1()
            };
            let width = (whole - first) / PARTS as f64;
            let simpson = |part: usize| match part {
                0 | PARTS => 1.0,
                _ if part % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let parts = (0..=PARTS).map(|part| simpson(part) * late(first + part as f64 * width));
            let term = weight * (early + parts.sum::<f64>() * width / 3.0);
            sum += term;
            if f64::from(back) > all * time && term < 1e-14 * sum {
                break;
            }
        }
        sum
    }
}

fn ln_factorial(number: u32) -> f64 {
    (1..=number).map(|factor| f64::from(factor).ln()).sum()
}

/// The probability that a Poisson number of this mean is at least so large.
fn at_least(number: u32, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let mut term = (f64::from(number) * mean.ln() - mean - ln_factorial(number)).exp();
    let (mut sum, mut count) = (0.0, number);
    while term > 1e-18 * sum || f64::from(count) < mean {
        sum += term;
        count += 1;
        term *= mean / f64::from(count);
    }
    sum
}
