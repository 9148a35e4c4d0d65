//! Chains in which one thing at a time takes a set time, by what they are at the instants at which they have no memory.
//!
//! # Formula
//!
//! While something takes a set time, what will come depends on how long it has been under way, and so on more than the
//! state. At the instant at which it begins, at that at which it is over or called off, and wherever nothing takes a
//! set time, it depends on the state alone (regeneration points). What comes to pass between two of them is a Markov
//! chain of its own that is followed for that time: where it leads, and what there is of each reward on the way. With
//! these probabilities in the place of rates the long run follows as that of a Markov chain (Markov regenerative
//! processes: Cinlar, *Introduction to Stochastic Processes*, 1975, chapter 10; one set time at a time: Ajmone Marsan,
//! Chiola, *On Petri nets with deterministic and exponentially distributed firing times*, LNCS 266, 1987).

use std::collections::BTreeMap;

use super::markov::{Exact, TRANSIENT, Uniform, Unsolved, flow, so};
use crate::model::{Chain, SetTimes};

/// A chain of the instants at which another one has no memory.
pub(super) struct Regenerative {
    /// From where something takes a set time probabilities stand in the place of rates.
    pub(super) chain: Chain,
    /// By state, up to the next of these instants, or where there are rates in a second: the time, the time in which it
    /// is so, and how often it comes to be so.
    pub(super) rewards: Vec<[f64; 3]>,
    /// What the errors of all of these may come to in what is made of them.
    pub(super) relative_error: f64,
}

impl Regenerative {
    /// Looks at a chain only at these instants; with `stops` also as soon as it is so, where it then ends.
    ///
    /// # Errors
    ///
    /// If following what is between them takes too long.
    pub(super) fn new(
        chain: &Chain,
        set: &SetTimes,
        stops: bool,
    ) -> Result<Regenerative, Unsolved> {
        let between = Between { chain, set, stops };
        let numbers = between.numbers();
        let number = |state: usize| numbers[state].expect("what is led to has a number");
        let mut all = Chain { firsts: vec![0], ..Chain::default() };
        let mut rewards = Vec::new();
        let mut moves = 0.0;
        for state in (0..chain.state_count()).filter(|state| numbers[*state].is_some()) {
            let is_so = chain.is_so(state);
            let mut ways: Vec<(usize, f64)> = Vec::new();
            if stops && is_so {
                rewards.push([0.0; 3]);
            } else if set.lasts[state].is_finite() {
                let (to, reward) = between.follow(state, &mut moves)?;
                ways.extend(to.into_iter().filter(|(to, _)| *to != state));
                rewards.push(reward);
            } else {
                ways.extend(chain.of(state));
                rewards.push([1.0, so(chain, state), flow(chain, state)]);
            }
            for (to, weight) in ways.into_iter().filter(|(_, weight)| *weight > 0.0) {
                all.to.push(number(to));
                all.rates.push(weight);
            }
            all.firsts.push(all.to.len());
            all.is_so.push(is_so);
        }
        let first = |(state, weight): &(u32, f64)| (number(*state as usize), *weight);
        all.initial = chain.initial.iter().map(first).collect();
        // Errors of all entries relative to themselves: O'Cinneide 1993.
        let relative_error = 2.0 * all.state_count() as f64 * TRANSIENT;
        Ok(Regenerative { chain: all, rewards, relative_error })
    }
}

/// What comes to pass between two of these instants.
struct Between<'c> {
    chain: &'c Chain,
    set: &'c SetTimes,
    stops: bool,
}

impl Between<'_> {
    /// Whether what takes a set time goes on through a transition of a state, which has this number.
    fn goes_on(&self, transition: usize) -> bool {
        self.set.goes_on[transition]
            && !(self.stops && self.chain.is_so(self.chain.to[transition] as usize))
    }

    /// By state that the chain can be in at one of these instants: its number among them.
    fn numbers(&self) -> Vec<Option<u32>> {
        let Between { chain, set, .. } = self;
        let mut is_one: Vec<bool> = set.lasts.iter().map(|lasts| lasts.is_infinite()).collect();
        chain.initial.iter().for_each(|(state, _)| is_one[*state as usize] = true);
        let begins = (0..chain.to.len()).filter(|transition| !self.goes_on(*transition));
        begins.for_each(|transition| is_one[chain.to[transition] as usize] = true);
        set.to.iter().for_each(|state| is_one[*state as usize] = true);
        let mut next = 0;
        let number = |is_one: bool| {
            next += u32::from(is_one);
            is_one.then(|| next - 1)
        };
        is_one.into_iter().map(number).collect()
    }

    /// Where a state leads in which something begins that takes a set time, with which probabilities, and what there is
    /// of each reward on the way. Adds the moves that this has taken.
    fn follow(
        &self,
        from: usize,
        moves: &mut f64,
    ) -> Result<(BTreeMap<usize, f64>, [f64; 3]), Unsolved> {
        let Between { chain, set, .. } = self;
        // The states while it goes on, and after them those in which it has been called off.
        let mut inside = vec![from];
        let mut places = BTreeMap::from([(from, 0)]);
        let mut next = 0;
        while let Some(&state) = inside.get(next) {
            next += 1;
            for transition in chain.span(state).filter(|transition| self.goes_on(*transition)) {
                let to = chain.to[transition] as usize;
                places.entry(to).or_insert_with(|| {
                    inside.push(to);
                    inside.len() - 1
                });
            }
        }
        let mut outside = Vec::new();
        let mut ends = BTreeMap::new();
        let mut part = Chain { firsts: vec![0], ..Chain::default() };
        for &state in &inside {
            for transition in chain.span(state) {
                let to = chain.to[transition] as usize;
                let place = if self.goes_on(transition) {
                    places[&to]
                } else {
                    *ends.entry(to).or_insert_with(|| {
                        outside.push(to);
                        inside.len() + outside.len() - 1
                    })
                };
                part.to.push(place as u32);
                part.rates.push(chain.rates[transition]);
            }
            part.firsts.push(part.to.len());
        }
        part.firsts.extend(outside.iter().map(|_| part.to.len()));
        let mut now = vec![0.0; inside.len() + outside.len()];
        now[0] = 1.0;
        let of_inside = |place: usize, reward: fn(&Chain, usize) -> f64| {
            inside.get(place).map_or(0.0, |state| reward(chain, *state))
        };
        let mut uniform = Uniform::new(&part);
        uniform.moves = *moves;
        let rewards = uniform.run(
            &mut now,
            set.lasts[from],
            true,
            [&|place| of_inside(place, |_, _| 1.0), &|place| of_inside(place, so), &|place| {
                of_inside(place, flow)
            }],
        )?;
        *moves = uniform.moves;
        let mut rewards = rewards.map(|reward: Exact| reward.value);
        let mut to: BTreeMap<usize, f64> =
            outside.iter().copied().zip(now[inside.len()..].iter().copied()).collect();
        for (&state, p) in inside.iter().zip(&now) {
            for (target, probability) in set.of(state) {
                *to.entry(target).or_default() += p * probability;
                if !chain.is_so(state) && chain.is_so(target) {
                    rewards[2] += p * probability;
                }
            }
        }
        Ok((to, rewards))
    }
}
