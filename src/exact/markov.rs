//! Exact answers about a Markov chain, in sums of positive terms only. "It" is what was asked about: that a journey is
//! down, or that data are lost.
//!
//! What is asked is often the probability of something that hardly ever happens, beside rates that differ by nine
//! orders of magnitude. Elimination with subtraction loses all digits there; without, as Grassmann, Taksar and
//! Heyman do it (*Regenerative analysis and steady state distributions for Markov chains*, Operations Research 33,
//! 1985), each entry keeps its relative precision (O'Cinneide, *Entrywise perturbation theory and error analysis
//! for Markov chains*, Numerische Mathematik 65, 1993). Large chains are swept from below and from above, and the
//! two bounds are proof.

use super::regenerative::Regenerative;
use crate::model::Chain;

/// Chains of at most so many states are solved by elimination, which takes the cube of it.
const MOST_ELIMINATED: usize = 300;
/// Chains of at most so many states are followed through time as matrices, which takes the cube of it.
const MOST_SQUARED: usize = 150;
/// How near the two bounds of a large chain come, relative to what is between them.
const NEAR: f64 = 1e-10;
/// The relative error of elimination and of squaring in double precision, with room to spare: both are sums of positive
/// terms, each of which is rounded fewer than so many times.
const ROUNDING: f64 = 1e-11;
/// Moves along transitions that may be made for one answer: some seconds.
const MOST_MOVES: f64 = 6e9;

/// An exact number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exact {
    /// The number.
    pub value: f64,
    /// It is no further off than this, relative to itself.
    pub relative_error: f64,
}

impl Exact {
    fn less_sure(self, by: f64) -> Exact {
        Exact { relative_error: self.relative_error + by, ..self }
    }
}

/// Why a chain has no such answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsolved {
    /// It may end in different parts of itself, which it never leaves: there is no one long run.
    SeveralEnds,
    /// It would take too long: the rates are too far apart for so many states.
    TooStiff,
    /// Something takes a set time, and so the chain has no memory only at some instants: the long run is known, and the
    /// mean time to the first, but not what comes to pass within a time.
    SetTimes,
}

/// The long run of something that is so or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongRun {
    /// The share of time in which it is so.
    pub share: Exact,
    /// How often it comes to be so, 1/s.
    pub frequency: Exact,
}

/// What something comes to within a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// The share of the time in which it is so, in the mean.
    pub share: Exact,
    /// How often it comes to be so in that time, in the mean.
    pub count: Exact,
    /// The probability that it is so at the end of it.
    pub at_end: Exact,
}

/// The share of time in which it is so in the long run, and how often it comes to be so.
///
/// # Formula
///
/// By cycles from one visit of a state to the next: the mean time in a cycle in which it is so over the mean length
/// of a cycle (renewal-reward theorem).
///
/// # Errors
///
/// If there is no one long run, or the chain is too stiff for its size.
pub fn long_run(chain: &Chain) -> Result<LongRun, Unsolved> {
    if let Some(set) = &chain.set_times {
        let Regenerative { chain, rewards, relative_error } = Regenerative::new(chain, set, false)?;
        return cycle(
            &chain,
            [&|state| rewards[state][0], &|state| rewards[state][1], &|state| rewards[state][2]],
            relative_error,
        );
    }
    cycle(chain, [&|_| 1.0, &|state| so(chain, state), &|state| flow(chain, state)], 0.0)
}

/// The mean over a cycle of the time in which it is so, and of how often it comes to be so, over its mean length, with the
/// rewards of length, of these two; these may be off by so much, relative to themselves.
fn cycle(
    chain: &Chain,
    rewards: [Reward<'_>; 3],
    relative_error: f64,
) -> Result<LongRun, Unsolved> {
    let members = last_component(chain)?;
    if let [only] = members[..] {
        let [length, share, frequency] =
            rewards.map(|reward| Exact { value: reward(only), relative_error });
        return Ok(LongRun { share: ratio(share, length), frequency: ratio(frequency, length) });
    }
    let begin = most_visited(chain, &members);
    let walk = Walk { chain, members: &members, stops: &|state| state == begin };
    let found = walk.from(begin, rewards)?;
    let [length, share, frequency] = found.map(|exact| exact.less_sure(relative_error));
    Ok(LongRun { share: ratio(share, length), frequency: ratio(frequency, length) })
}

/// How much of something there is in a state, 1/s; or up to the next state, where probabilities stand in the place of
/// rates.
pub(super) type Reward<'r> = &'r dyn Fn(usize) -> f64;

/// One in a state in which it is so.
pub(super) fn so(chain: &Chain, state: usize) -> f64 {
    f64::from(u8::from(chain.is_so(state)))
}

/// How often it comes to be so in a second, from a state in which it is not.
pub(super) fn flow(chain: &Chain, state: usize) -> f64 {
    if chain.is_so(state) {
        return 0.0;
    }
    // A sum of nothing would be minus zero.
    chain.of(state).filter(|(to, _)| chain.is_so(*to)).fold(0.0, |sum, (_, rate)| sum + rate)
}

fn ratio(over: Exact, under: Exact) -> Exact {
    Exact {
        value: over.value / under.value,
        relative_error: over.relative_error + under.relative_error,
    }
}

/// The mean time from the beginning until it is so for the first time, seconds; `None` if it may never be.
///
/// # Formula
///
/// From the most likely beginning: the mean time until it is so or the beginning is back, over the probability that
/// it is so before that. That it is far rarer than returns costs no precision.
///
/// # Errors
///
/// If the chain is too stiff for its size.
pub fn mean_time_until(chain: &Chain) -> Result<Option<Exact>, Unsolved> {
    let Some(set) = &chain.set_times else { return mean_of_tries(chain, &|_| 1.0) };
    let Regenerative { chain, rewards, relative_error } = Regenerative::new(chain, set, true)?;
    let found = mean_of_tries(&chain, &|state| rewards[state][0])?;
    Ok(found.map(|exact| exact.less_sure(relative_error)))
}

/// The same, with how much time there is in each state.
fn mean_of_tries(chain: &Chain, time_in: Reward<'_>) -> Result<Option<Exact>, Unsolved> {
    let reached = reached(chain, chain.initial.iter().map(|(state, _)| *state as usize));
    let members: Vec<usize> =
        (0..chain.state_count()).filter(|s| reached[*s] && !chain.is_so(*s)).collect();
    if !all_come_to(chain, &members) {
        return Ok(None);
    }
    let likeliest = chain.initial.iter().max_by(|one, other| one.1.total_cmp(&other.1));
    let Some(&(begin, _)) = likeliest else { return Ok(None) };
    let begin = begin as usize;
    if chain.is_so(begin) {
        return Ok(Some(Exact { value: 0.0, relative_error: 0.0 }));
    }
    let rewards: [Reward<'_>; 2] = [time_in, &|state| flow(chain, state)];
    let stops = |state: usize| state == begin || chain.is_so(state);
    let walk = Walk { chain, members: &members, stops: &stops };
    let [time, probability] = walk.from(begin, rewards)?;
    let from_begin = ratio(time, probability);
    let mut mean = 0.0;
    for &(state, weight) in &chain.initial {
        let state = state as usize;
        if state == begin {
            mean += weight * from_begin.value;
        } else if !chain.is_so(state) {
            let [time, hits] = walk.from(state, rewards)?;
            mean += weight * (time.value + (1.0 - hits.value.min(1.0)) * from_begin.value);
        }
    }
    Ok(Some(Exact { value: mean, ..from_begin }))
}

/// A chain that is followed until it stops.
struct Walk<'w> {
    chain: &'w Chain,
    /// All states that it can come through before it stops.
    members: &'w [usize],
    /// Whether it stops where it comes to a state; at the state that it began in, with a return to that.
    stops: &'w dyn Fn(usize) -> bool,
}

impl Walk<'_> {
    /// The mean of what there is from a member until it stops, for each reward.
    fn from<const N: usize>(
        &self,
        from: usize,
        rewards: [Reward<'_>; N],
    ) -> Result<[Exact; N], Unsolved> {
        if self.members.len() <= MOST_ELIMINATED {
            Ok(self.eliminated(from, rewards))
        } else {
            self.swept(from, rewards)
        }
    }

    /// By elimination of one state after another.
    ///
    /// # Formula
    ///
    /// `x_i = (h_i + sum_j a_ij x_j) / (sum_j a_ij + s_i)`, with `s_i` the rate at which it stops: the last state is put
    /// into the others, until one is left.
    fn eliminated<const N: usize>(&self, from: usize, rewards: [Reward<'_>; N]) -> [Exact; N] {
        let Walk { chain, members, stops } = self;
        // The state that is asked about comes first and so is left.
        let mut order: Vec<usize> = vec![from];
        order.extend(members.iter().filter(|state| **state != from));
        let count = order.len();
        let mut place = vec![usize::MAX; chain.state_count()];
        order.iter().enumerate().for_each(|(index, state)| place[*state] = index);
        let mut rates = vec![0.0; count * count];
        let mut stop = vec![0.0; count];
        for (row, &state) in order.iter().enumerate() {
            for (to, rate) in chain.of(state) {
                if stops(to) {
                    stop[row] += rate;
                } else {
                    rates[row * count + place[to]] += rate;
                }
            }
        }
        let mut have: Vec<[f64; N]> = order
            .iter()
            .map(|state| std::array::from_fn(|reward| rewards[reward](*state)))
            .collect();
        for last in (1..count).rev() {
            let (before, after) = rates.split_at_mut(last * count);
            let row = &after[..last];
            let out: f64 = row.iter().sum::<f64>() + stop[last];
            for other in 0..last {
                let share = before[other * count + last] / out;
                if share == 0.0 {
                    continue;
                }
                let target = &mut before[other * count..other * count + last];
                for (column, (rate, through)) in target.iter_mut().zip(row).enumerate() {
                    // What comes back to where it was has only taken time.
                    if column != other {
                        *rate += share * through;
                    }
                }
                stop[other] += share * stop[last];
                let (others, own) = have.split_at_mut(last);
                for (value, more) in others[other].iter_mut().zip(own[0]) {
                    *value += share * more;
                }
            }
        }
        have[0].map(|value| Exact { value: value / stop[0], relative_error: ROUNDING })
    }

    /// By sweeps over all states, from below and from above.
    ///
    /// # Formula
    ///
    /// `x = b + P x` with `b` and `P` not negative: sweeps from zero rise to the solution, and sweeps from anything that
    /// is no less than what follows from it fall to it. Such a beginning comes from the mean time `w`, as soon as its
    /// residual `r = b + P w - w` is at most half of `b`: the true mean time is then at most twice `w`.
    fn swept<const N: usize>(
        &self,
        from: usize,
        rewards: [Reward<'_>; N],
    ) -> Result<[Exact; N], Unsolved> {
        let members = self.members;
        let system = System::new(self);
        let begin = members.iter().position(|state| *state == from).expect("it is one of them");
        let mut moves = 0.0;
        let each = (system.to.len() + members.len()) as f64;
        let mut spend = |sweeps: f64| {
            moves += sweeps * each;
            if moves > MOST_MOVES { Err(Unsolved::TooStiff) } else { Ok(()) }
        };
        let time: Vec<f64> = system.out.iter().map(|out| 1.0 / out).collect();
        let mut bound = vec![0.0; members.len()];
        loop {
            spend(9.0)?;
            (0..8).for_each(|_| system.sweep(&time, &mut bound));
            if system.is_at_most_half(&time, &bound) {
                break;
            }
        }
        let mut results = [Exact { value: 0.0, relative_error: 0.0 }; N];
        for (result, reward) in results.iter_mut().zip(rewards) {
            let each: Vec<f64> =
                members.iter().zip(&time).map(|(state, time)| reward(*state) * time).collect();
            let most = each.iter().zip(&time).map(|(own, time)| own / time).fold(0.0, f64::max);
            let mut below = vec![0.0; members.len()];
            let mut above: Vec<f64> = bound.iter().map(|bound| 2.0 * most * bound).collect();
            loop {
                spend(16.0)?;
                for _ in 0..8 {
                    system.sweep(&each, &mut below);
                    system.sweep(&each, &mut above);
                }
                let gap = (above[begin] - below[begin]) / below[begin].max(f64::MIN_POSITIVE);
                if gap <= NEAR {
                    let value = below[begin] + 0.5 * (above[begin] - below[begin]);
                    *result = Exact { value, relative_error: gap.max(0.0) + ROUNDING };
                    break;
                }
            }
        }
        Ok(results)
    }
}

/// `x = b + P x`, by rows.
struct System {
    firsts: Vec<usize>,
    to: Vec<u32>,
    share: Vec<f64>,
    /// The rate at which each state is left.
    out: Vec<f64>,
}

impl System {
    fn new(walk: &Walk<'_>) -> System {
        let Walk { chain, members, stops } = walk;
        let mut place = vec![u32::MAX; chain.state_count()];
        members.iter().enumerate().for_each(|(index, state)| place[*state] = index as u32);
        let mut system =
            System { firsts: vec![0], to: Vec::new(), share: Vec::new(), out: Vec::new() };
        for &state in *members {
            let out = chain.exit_rate(state);
            for (to, rate) in chain.of(state).filter(|(to, _)| !stops(*to)) {
                system.to.push(place[to]);
                system.share.push(rate / out);
            }
            system.firsts.push(system.to.len());
            system.out.push(out);
        }
        system
    }

    fn row(&self, state: usize, values: &[f64]) -> f64 {
        let span = self.firsts[state]..self.firsts[state + 1];
        let parts = self.to[span.clone()].iter().zip(&self.share[span]);
        parts.map(|(to, share)| share * values[*to as usize]).sum()
    }

    fn sweep(&self, own: &[f64], values: &mut [f64]) {
        for state in 0..values.len() {
            values[state] = own[state] + self.row(state, values);
        }
    }

    fn is_at_most_half(&self, own: &[f64], values: &[f64]) -> bool {
        (0..values.len())
            .all(|state| own[state] + self.row(state, values) - values[state] <= 0.5 * own[state])
    }
}

/// What it comes to within a time that begins after another one, both in seconds: the mean share of that in which it
/// is so, how often it comes to be so, and how probable it is at its end.
///
/// # Errors
///
/// If the chain is too stiff for its size.
pub fn within(chain: &Chain, after: f64, time: f64) -> Result<Within, Unsolved> {
    let rewards: [Reward<'_>; 2] = [&|state| so(chain, state), &|state| flow(chain, state)];
    let ([so, count], end) = accumulated(chain, after, time, rewards, true)?;
    // Sums of nothing would be minus zero.
    let so_at_end = end.iter().enumerate().filter(|(state, _)| chain.is_so(*state));
    let at_end = so_at_end.fold(0.0, |sum, (_, p)| sum + p);
    Ok(Within {
        share: Exact { value: so.value / time, ..so },
        count,
        at_end: Exact { value: at_end, ..so },
    })
}

/// The probability that it is so at least once within a time after the beginning, seconds.
///
/// # Errors
///
/// If the chain is too stiff for its size.
pub fn probability_within(chain: &Chain, time: f64) -> Result<Exact, Unsolved> {
    markov_only(chain)?;
    let stopped = chain.stopped();
    let begins_so: f64 = chain
        .initial
        .iter()
        .filter(|(state, _)| chain.is_so(*state as usize))
        .map(|(_, weight)| weight)
        .sum();
    let flow = |state: usize| flow(&stopped, state);
    let ([hits], _) = accumulated(&stopped, 0.0, time, [&flow], false)?;
    Ok(Exact { value: begins_so + hits.value, ..hits })
}

/// The probability that it is never so until so long after the beginning, seconds: with all its digits, also
/// where it is tiny.
///
/// # Errors
///
/// If the chain is too stiff for its size.
pub fn probability_never_within(chain: &Chain, time: f64) -> Result<Exact, Unsolved> {
    markov_only(chain)?;
    let stopped = chain.stopped();
    let mut now = beginning(&stopped);
    let relative_error = if stopped.state_count() <= MOST_SQUARED {
        now = squared(&stopped, time, []).0.row_times(&now);
        ROUNDING
    } else {
        Uniform::new(&stopped).run::<0>(&mut now, time, true, [])?;
        TRANSIENT
    };
    let never = now.iter().enumerate().filter(|(state, _)| !chain.is_so(*state));
    Ok(Exact { value: never.map(|(_, p)| p).sum(), relative_error })
}

/// Refuses what has a memory of how long something has been under way.
fn markov_only(chain: &Chain) -> Result<(), Unsolved> {
    if chain.has_set_times() { Err(Unsolved::SetTimes) } else { Ok(()) }
}

/// The probability of each state at the beginning.
fn beginning(chain: &Chain) -> Vec<f64> {
    let mut now = vec![0.0; chain.state_count()];
    chain.initial.iter().for_each(|(state, weight)| now[*state as usize] += weight);
    now
}

/// The mean of what there is within a time, for each reward; and the probability of each state at its end, which is
/// only right if it is needed.
fn accumulated<const N: usize>(
    chain: &Chain,
    after: f64,
    time: f64,
    rewards: [Reward<'_>; N],
    needs_end: bool,
) -> Result<([Exact; N], Vec<f64>), Unsolved> {
    markov_only(chain)?;
    let mut now = beginning(chain);
    if chain.state_count() <= MOST_SQUARED {
        if after > 0.0 {
            now = squared(chain, after, []).0.row_times(&now);
        }
        let (over, have) = squared(chain, time, rewards);
        let of = |values: &Vec<f64>| values.iter().zip(&now).map(|(value, p)| value * p).sum();
        let exact = |values| Exact { value: of(values), relative_error: ROUNDING };
        return Ok((have.each_ref().map(exact), over.row_times(&now)));
    }
    let mut uniform = Uniform::new(chain);
    if after > 0.0 {
        uniform.run::<0>(&mut now, after, true, [])?;
    }
    let have = uniform.run(&mut now, time, needs_end, rewards)?;
    Ok((have, now))
}

/// A square matrix, row by row.
struct Square {
    size: usize,
    entries: Vec<f64>,
}

impl Square {
    fn times(&self, other: &Square) -> Square {
        let size = self.size;
        let mut entries = vec![0.0; size * size];
        for (row, target) in entries.chunks_exact_mut(size).enumerate() {
            for (middle, &share) in self.entries[row * size..][..size].iter().enumerate() {
                if share != 0.0 {
                    let through = &other.entries[middle * size..][..size];
                    target.iter_mut().zip(through).for_each(|(entry, t)| *entry += share * t);
                }
            }
        }
        Square { size, entries }
    }

    fn times_column(&self, column: &[f64]) -> Vec<f64> {
        let rows = self.entries.chunks_exact(self.size);
        rows.map(|row| row.iter().zip(column).map(|(entry, value)| entry * value).sum()).collect()
    }

    fn row_times(&self, row: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.size];
        for (weight, entries) in row.iter().zip(self.entries.chunks_exact(self.size)) {
            product.iter_mut().zip(entries).for_each(|(value, entry)| *value += weight * entry);
        }
        product
    }
}

/// The transition probabilities over a time, and from each state the mean of what there is within it.
///
/// # Formula
///
/// Uniformisation over a time so short that hardly anything happens, and then twice that time again and again:
/// `P(2t) = P(t)^2` and `c(2t) = c(t) + P(t) c(t)`, in which everything is positive.
fn squared<const N: usize>(
    chain: &Chain,
    time: f64,
    rewards: [Reward<'_>; N],
) -> (Square, [Vec<f64>; N]) {
    const TERMS: usize = 24;
    let size = chain.state_count();
    let fastest = (0..size).map(|state| chain.exit_rate(state)).fold(0.0, f64::max);
    let doublings = if fastest * time > 0.5 { (2.0 * fastest * time).log2().ceil() } else { 0.0 };
    let short = time / doublings.exp2();
    let jumps = fastest * short;
    // The chain that jumps, or stays, at one rate everywhere.
    let mut jump = Square { size, entries: vec![0.0; size * size] };
    for state in 0..size {
        let mut leaves = 0.0;
        for (to, rate) in chain.of(state) {
            jump.entries[state * size + to] += rate / fastest;
            leaves += rate;
        }
        // Of the fastest nothing is left but rounding.
        jump.entries[state * size + state] += ((fastest - leaves) / fastest).max(0.0);
    }
    if fastest == 0.0 {
        jump.entries.fill(0.0);
        (0..size).for_each(|state| jump.entries[state * size + state] = 1.0);
    }
    let mut over = Square { size, entries: vec![0.0; size * size] };
    (0..size).for_each(|state| over.entries[state * size + state] = 1.0);
    let mut power = Square { size, entries: over.entries.clone() };
    let none = libm::exp(-jumps);
    over.entries.iter_mut().for_each(|entry| *entry *= none);
    // Of so many jumps the probability, and of more than so many the mean time after them.
    let mut probability = none;
    let mut more = -libm::expm1(-jumps);
    let per_jump = |more: f64| if fastest > 0.0 { more / fastest } else { 0.0 };
    let first = if fastest > 0.0 { per_jump(more) } else { short };
    let mut have =
        rewards.map(|reward| (0..size).map(|state| reward(state) * first).collect::<Vec<f64>>());
    let own = rewards.map(|reward| (0..size).map(reward).collect::<Vec<f64>>());
    for term in 1..TERMS {
        if fastest == 0.0 {
            break;
        }
        power = jump.times(&power);
        probability *= jumps / term as f64;
        more = tail_of(jumps, term);
        over.entries.iter_mut().zip(&power.entries).for_each(|(o, p)| *o += probability * p);
        for (have, own) in have.iter_mut().zip(&own) {
            let later = power.times_column(own);
            have.iter_mut().zip(later).for_each(|(h, l)| *h += per_jump(more) * l);
        }
    }
    for _ in 0..doublings as usize {
        for have in &mut have {
            let later = over.times_column(have);
            have.iter_mut().zip(later).for_each(|(h, l)| *h += l);
        }
        over = over.times(&over);
    }
    (over, have)
}

/// The probability of more than so many jumps, of a Poisson law with a small mean.
fn tail_of(mean: f64, count: usize) -> f64 {
    let mut term = libm::exp(-mean);
    (1..=count).for_each(|k| term *= mean / k as f64);
    let mut sum = 0.0;
    for k in count + 1..count + 30 {
        term *= mean / k as f64;
        sum += term;
    }
    sum
}

/// A chain that jumps or stays at one rate everywhere.
pub(super) struct Uniform<'c> {
    chain: &'c Chain,
    rate: f64,
    stays: Vec<f64>,
    /// Moves along transitions that have been made.
    pub(super) moves: f64,
}

/// A distribution changes no more when no part of it changes by more than this share of itself in twice as many jumps.
const STILL: f64 = 1e-11;
/// The relative error of following a distribution jump by jump until it is still: what is rare in it is compared with
/// what is rare in it before.
pub(super) const TRANSIENT: f64 = 1e-9;

impl<'c> Uniform<'c> {
    pub(super) fn new(chain: &'c Chain) -> Uniform<'c> {
        let out = |state| chain.exit_rate(state);
        let rate = (0..chain.state_count()).map(out).fold(0.0, f64::max);
        let stays = |state| if rate > 0.0 { ((rate - out(state)) / rate).max(0.0) } else { 1.0 };
        Uniform { chain, rate, stays: (0..chain.state_count()).map(stays).collect(), moves: 0.0 }
    }

    /// Goes through a time: the mean of what there is in it, for each reward; `now` is the distribution before it and
    /// after it.
    ///
    /// # Formula
    ///
    /// `sum_k P(N = k) v_k` after the time and `1/q sum_k P(N > k) v_k r` within it, with `N` Poisson of mean `q t`
    /// (Jensen 1953). As soon as the distribution of what is left changes no more, but for a constant factor, the
    /// rest is a geometric series.
    pub(super) fn run<const N: usize>(
        &mut self,
        now: &mut Vec<f64>,
        time: f64,
        needs_end: bool,
        rewards: [Reward<'_>; N],
    ) -> Result<[Exact; N], Unsolved> {
        let mean = self.rate * time;
        let own = rewards.map(|r| (0..now.len()).map(r).collect::<Vec<f64>>());
        let dot = |own: &[f64], now: &[f64]| own.iter().zip(now).map(|(r, p)| r * p).sum::<f64>();
        if mean == 0.0 {
            return Ok(own
                .each_ref()
                .map(|own| Exact { value: time * dot(own, now), relative_error: ROUNDING }));
        }
        let poisson = Poisson::new(mean);
        let goes_on: Vec<bool> = self.stays.iter().map(|stays| *stays < 1.0).collect();
        let is_earned_on_the_way = own.iter().all(|own| {
            own.iter().zip(&goes_on).all(|(reward, goes_on)| *goes_on || *reward == 0.0)
        });
        let mut have = [0.0; N];
        let mut end = vec![0.0; now.len()];
        let mut mark = (1, now.clone());
        let mut next = vec![0.0; now.len()];
        let mut jumps = 0;
        loop {
            let (exactly, more) = poisson.at(jumps);
            let rewards = own.each_ref().map(|own| dot(own, now));
            have.iter_mut().zip(rewards).for_each(|(have, reward)| *have += more * reward);
            if exactly > 0.0 {
                end.iter_mut().zip(&*now).for_each(|(end, p)| *end += exactly * p);
            }
            if jumps == poisson.last() {
                break;
            }
            if jumps == 2 * mark.0 {
                let is_all = is_earned_on_the_way && !needs_end;
                if let Some(factor) =
                    factor_between(&mark.1, now, mark.0, is_all.then_some(&goes_on))
                {
                    let (left, rest) = poisson.series_after(jumps, factor);
                    have.iter_mut().zip(rewards).for_each(|(have, r)| *have += left * r);
                    end.iter_mut().zip(&*now).for_each(|(end, p)| *end += rest * p);
                    break;
                }
                mark = (jumps, now.clone());
            }
            self.moves += (self.chain.transition_count() + now.len()) as f64;
            if self.moves > MOST_MOVES {
                return Err(Unsolved::TooStiff);
            }
            self.jump(now, &mut next);
            std::mem::swap(now, &mut next);
            jumps += 1;
        }
        *now = end;
        Ok(have.map(|have| Exact { value: have / self.rate, relative_error: TRANSIENT }))
    }

    fn jump(&self, now: &[f64], next: &mut [f64]) {
        for ((next, p), stays) in next.iter_mut().zip(now).zip(&self.stays) {
            *next = p * stays;
        }
        for (state, p) in now.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            for (to, rate) in self.chain.of(state) {
                next[to] += p * rate / self.rate;
            }
        }
    }
}

/// A Poisson law, as far as it matters.
struct Poisson {
    first: usize,
    exactly: Vec<f64>,
    /// The probability of more than each number from the first on.
    more: Vec<f64>,
}

impl Poisson {
    fn new(mean: f64) -> Poisson {
        // Beyond ten deviations and a few jumps more there is nothing that a double can hold beside one.
        let spread = 10.0 * mean.sqrt() + 40.0;
        let first = (mean - spread).max(0.0).floor() as usize;
        let last = (mean + spread).ceil() as usize;
        let mode = mean.floor() as usize;
        let mut exactly = vec![0.0; last - first + 1];
        exactly[mode - first] = 1.0;
        for k in mode + 1..=last {
            exactly[k - first] = exactly[k - 1 - first] * mean / k as f64;
        }
        for k in (first..mode).rev() {
            exactly[k - first] = exactly[k + 1 - first] * (k + 1) as f64 / mean;
        }
        let sum: f64 = exactly.iter().sum();
        exactly.iter_mut().for_each(|p| *p /= sum);
        let mut more = vec![0.0; exactly.len()];
        for place in (0..exactly.len() - 1).rev() {
            more[place] = more[place + 1] + exactly[place + 1];
        }
        Poisson { first, exactly, more }
    }

    fn last(&self) -> usize {
        self.first + self.exactly.len() - 1
    }

    /// The probabilities of exactly so many, and of more.
    fn at(&self, count: usize) -> (f64, f64) {
        match count.checked_sub(self.first) {
            None => (0.0, 1.0),
            Some(place) => (self.exactly[place], self.more[place]),
        }
    }

    /// The sums, over all numbers above this one, of the probability of more than the number and of exactly it, each
    /// times the factor to the power of how far above it is.
    fn series_after(&self, count: usize, factor: f64) -> (f64, f64) {
        let (mut more, mut exactly) = (0.0, 0.0);
        let mut power = 1.0;
        for number in count + 1..=self.last() {
            power *= factor;
            let (here, beyond) = self.at(number);
            more += beyond * power;
            exactly += here * power;
        }
        (more, exactly)
    }
}

/// By which factor a distribution shrinks with each of so many jumps, if it otherwise stays as it is: in the states
/// that go on, or in all, where it cannot shrink.
fn factor_between(
    before: &[f64],
    now: &[f64],
    jumps: usize,
    goes_on: Option<&Vec<bool>>,
) -> Option<f64> {
    let counts = |state: usize| goes_on.is_none_or(|goes_on| goes_on[state]);
    let mass = |of: &[f64]| -> f64 {
        of.iter().enumerate().filter(|(state, _)| counts(*state)).map(|(_, p)| p).sum()
    };
    let factor = mass(now) / mass(before);
    let mut is_still = factor.is_finite() && factor > 0.0;
    let mut pairs = now.iter().zip(before).enumerate().filter(|(state, _)| counts(*state));
    // What is rare may be what is asked about, and must be still in its own measure.
    is_still &= pairs.all(|(_, (new, old))| (new - factor * old).abs() <= STILL * new);
    is_still.then(|| libm::pow(factor, 1.0 / jumps as f64).min(1.0))
}

/// The states that the chain ends in and never leaves together.
fn last_component(chain: &Chain) -> Result<Vec<usize>, Unsolved> {
    let components = components(chain);
    let count = components.iter().max().map_or(0, |last| last + 1);
    let mut is_left = vec![false; count];
    for state in 0..chain.state_count() {
        for (to, _) in chain.of(state) {
            is_left[components[state]] |= components[to] != components[state];
        }
    }
    let mut last = (0..count).filter(|component| !is_left[*component]);
    match (last.next(), last.next()) {
        (Some(component), None) => {
            let is_in = |state: &usize| components[*state] == component;
            Ok((0..chain.state_count()).filter(is_in).collect())
        }
        _ => Err(Unsolved::SeveralEnds),
    }
}

/// By state: the number of its strongly connected component (Tarjan 1972, with a stack of its own).
fn components(chain: &Chain) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let count = chain.state_count();
    let (mut number, mut low, mut component) = (vec![NEW; count], vec![0; count], vec![NEW; count]);
    let (mut next_number, mut next_component) = (0, 0);
    let mut open = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in 0..count {
        if number[root] != NEW {
            continue;
        }
        path.push((root, chain.firsts[root]));
        while let Some(&mut (state, ref mut place)) = path.last_mut() {
            if number[state] == NEW {
                (number[state], low[state]) = (next_number, next_number);
                next_number += 1;
                open.push(state);
            }
            if *place < chain.firsts[state + 1] {
                let to = chain.to[*place] as usize;
                *place += 1;
                if number[to] == NEW {
                    path.push((to, chain.firsts[to]));
                } else if component[to] == NEW {
                    low[state] = low[state].min(number[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(before, _)) = path.last() {
                low[before] = low[before].min(low[state]);
            }
            if low[state] == number[state] {
                while let Some(member) = open.pop() {
                    component[member] = next_component;
                    if member == state {
                        break;
                    }
                }
                next_component += 1;
            }
        }
    }
    component
}

/// A state among these in which the chain often is: where it begins, if that is one of them, else the one that is left
/// most slowly.
fn most_visited(chain: &Chain, members: &[usize]) -> usize {
    let begins = chain.initial.iter().map(|(state, _)| *state as usize);
    let begins = begins.filter(|state| members.binary_search(state).is_ok());
    let slowest =
        |one: &usize, other: &usize| chain.exit_rate(*one).total_cmp(&chain.exit_rate(*other));
    begins.min().or_else(|| members.iter().copied().min_by(slowest)).unwrap_or(0)
}

/// By state: whether it can be come to from these without going on from where it is so.
fn reached(chain: &Chain, from: impl Iterator<Item = usize>) -> Vec<bool> {
    let mut reached = vec![false; chain.state_count()];
    let mut frontier: Vec<usize> = from.collect();
    while let Some(state) = frontier.pop() {
        if !std::mem::replace(&mut reached[state], true) && !chain.is_so(state) {
            frontier.extend(chain.of(state).map(|(to, _)| to));
        }
    }
    reached
}

/// Whether it can come to be so from each of these states.
fn all_come_to(chain: &Chain, members: &[usize]) -> bool {
    let mut before = vec![Vec::new(); chain.state_count()];
    for &state in members {
        chain.of(state).for_each(|(to, _)| before[to].push(state));
    }
    let mut comes = vec![false; chain.state_count()];
    let is_so = |state: &usize| chain.is_so(*state);
    let mut frontier: Vec<usize> = (0..chain.state_count()).filter(is_so).collect();
    while let Some(state) = frontier.pop() {
        if !std::mem::replace(&mut comes[state], true) {
            frontier.extend(&before[state]);
        }
    }
    members.iter().all(|state| comes[*state])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Things that fail and are mended one by one or each by itself: state `k` has `k` of them down.
    fn ladder(up: &[f64], down: &[f64], so_from: usize) -> Chain {
        let mut chain = Chain { firsts: vec![0], initial: vec![(0, 1.0)], ..Chain::default() };
        for state in 0..=up.len() {
            if state > 0 {
                chain.to.push(state as u32 - 1);
                chain.rates.push(down[state - 1]);
            }
            if state < up.len() {
                chain.to.push(state as u32 + 1);
                chain.rates.push(up[state]);
            }
            chain.firsts.push(chain.to.len());
        }
        chain.is_so = (0..=up.len()).map(|state| state >= so_from).collect();
        chain
    }

    fn check(found: Exact, exact: f64) {
        let distance = (found.value / exact - 1.0).abs();
        assert!(distance <= found.relative_error + 1e-12, "{found:?} is not {exact}: {distance:e}");
    }

    /// Of four that are each down with probability 1e-3, none is up with 1e-12; published case.
    #[test]
    fn what_is_rare_keeps_its_digits() {
        let (fail, mend) = (1.0 / 1998.0, 0.5);
        let up: Vec<f64> = (0..4).map(|k| f64::from(4 - k) * fail).collect();
        let down: Vec<f64> = (1..=4).map(|k| f64::from(k) * mend).collect();
        let chain = ladder(&up, &down, 4);
        let LongRun { share, frequency } = long_run(&chain).unwrap();
        check(share, 1e-12);
        check(frequency, 4e-12 * 0.5);
    }

    /// The same chain by both ways: with the bounds of one and the elimination of the other.
    #[test]
    fn sweeping_and_eliminating_agree() {
        let up: Vec<f64> = (0..12).map(|k| 1e-4 * f64::from(12 - k)).collect();
        let down: Vec<f64> = (1..=12).map(|k| 0.3 * f64::from(k)).collect();
        let chain = ladder(&up, &down, 5);
        let members: Vec<usize> = (0..13).collect();
        let is_down = |state: usize| so(&chain, state);
        let rewards: [Reward<'_>; 3] = [&|_| 1.0, &is_down, &|state| flow(&chain, state)];
        let stops = |state: usize| state == 0;
        let walk = Walk { chain: &chain, members: &members, stops: &stops };
        let eliminated = walk.eliminated(0, rewards);
        let swept = walk.swept(0, rewards).unwrap();
        for (one, other) in swept.into_iter().zip(eliminated) {
            check(one, other.value);
        }
    }

    /// Two units, one needed, no repair of the second failure: closed forms.
    #[test]
    fn a_mirror_is_lost_as_the_closed_form_says() {
        let (fail, mend) = (1.0_f64 / 1000.0, 0.1_f64);
        let chain = ladder(&[2.0 * fail, fail], &[mend, mend], 2);
        let exact = (3.0 * fail + mend) / (2.0 * fail * fail);
        check(mean_time_until(&chain).unwrap().unwrap(), exact);
        // Roots of s^2 + (3 l + m) s + 2 l^2.
        let (sum, product) = (3.0 * fail + mend, 2.0 * fail * fail);
        let root = (sum * sum - 4.0 * product).sqrt();
        let (fast, slow) = (0.5 * (sum + root), product / (0.5 * (sum + root)));
        for time in [1.0_f64, 100.0, 1e4, 1e6] {
            let lost =
                (fast * -(-slow * time).exp_m1() - slow * -(-fast * time).exp_m1()) / (fast - slow);
            check(probability_within(&chain, time).unwrap(), lost);
            let kept = (fast * (-slow * time).exp() - slow * (-fast * time).exp()) / (fast - slow);
            check(probability_never_within(&chain, time).unwrap(), kept);
        }
    }

    /// A single unit: the share of a time in which it is down, by the closed form; as a matrix and jump by jump.
    #[test]
    fn a_time_from_the_beginning_is_not_the_long_run() {
        let (fail, mend) = (1.0_f64 / 1000.0, 1.0_f64 / 8.0);
        let chain = ladder(&[fail], &[mend], 1);
        let (sum, time) = (fail + mend, 500.0_f64);
        let exact = fail / sum * (1.0 - -(-sum * time).exp_m1() / (sum * time));
        let found = within(&chain, 0.0, time).unwrap();
        check(found.share, exact);
        check(found.count, fail * time * (1.0 - exact));
        check(found.at_end, fail / sum * -(-sum * time).exp_m1());
        let is_down = |state: usize| so(&chain, state);
        let [by_jumps] =
            Uniform::new(&chain).run(&mut vec![1.0, 0.0], time, false, [&is_down]).unwrap();
        check(by_jumps, exact * time);
        // After a long time it is the long run, and so it is where the chain has been followed to.
        let later = within(&chain, 1e5, 100.0).unwrap();
        check(later.share, fail / sum);
        let mut now = vec![1.0, 0.0];
        Uniform::new(&chain).run::<0>(&mut now, 1e5, true, []).unwrap();
        assert!((now[1] / (fail / sum) - 1.0).abs() < 1e-9);
    }

    /// Of 200 that go down and come back each by itself, three or more are down at an instant as a binomial law says; jump by
    /// jump, from the beginning and after a while.
    #[test]
    fn an_instant_is_as_the_closed_form_says() {
        const UNITS: usize = 200;
        let (fail, mend) = (1.0_f64 / 40_000.0, 1.0_f64 / 8.0);
        let up: Vec<f64> = (0..UNITS).map(|down| (UNITS - down) as f64 * fail).collect();
        let down: Vec<f64> = (1..=UNITS).map(|down| down as f64 * mend).collect();
        let chain = ladder(&up, &down, 3);
        assert!(chain.state_count() > MOST_SQUARED);
        for (after, time) in [(0.0, 1.0), (0.0, 20.0), (5.0, 15.0), (0.0, 500.0)] {
            let one = fail / (fail + mend) * -(-(fail + mend) * (after + time)).exp_m1();
            let mut term = (UNITS as f64 * (-one).ln_1p()).exp();
            let mut exact = 0.0;
            for down in 1..=40 {
                term *= (UNITS + 1 - down) as f64 / down as f64 * one / (1.0 - one);
                exact += if down >= 3 { term } else { 0.0 };
            }
            check(within(&chain, after, time).unwrap().at_end, exact);
        }
    }

    #[test]
    fn what_never_happens_is_zero_and_not_minus_zero() {
        let chain = ladder(&[], &[], 1);
        let counts = [
            within(&chain, 0.0, 1.0).unwrap().count.value,
            long_run(&chain).unwrap().frequency.value,
            probability_within(&chain, 1.0).unwrap().value,
        ];
        assert!(counts.iter().all(|count| *count == 0.0 && count.is_sign_positive()), "{counts:?}");
    }

    #[test]
    fn chains_that_end_in_two_places_have_no_one_long_run() {
        let mut chain = ladder(&[1.0, 1.0], &[1.0, 1.0], 2);
        chain.firsts = vec![0, 0, 2, 2];
        chain.to = vec![0, 2];
        chain.rates = vec![1.0, 1.0];
        chain.initial = vec![(1, 1.0)];
        assert_eq!(long_run(&chain), Err(Unsolved::SeveralEnds));
        assert_eq!(mean_time_until(&chain), Ok(None));
        check(probability_within(&chain, 1e3).unwrap(), 0.5);
    }
}
