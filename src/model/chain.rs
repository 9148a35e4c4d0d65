//! A Markov chain in continuous time: what a model comes to whose laws are all memoryless, but for set times of which
//! one at most runs at once.

/// A chain of finitely many states, as one list of transitions for each.
///
/// Made by the engine, which enumerates what it otherwise draws, and solved by `exact`.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// Where the transitions of each state begin; one place more than there are states.
    pub(crate) firsts: Vec<usize>,
    /// Where each transition leads.
    pub(crate) to: Vec<u32>,
    /// How many of it there are in a second, while the chain is where it begins; above zero.
    pub(crate) rates: Vec<f64>,
    /// Where the chain begins, and how probable that is.
    pub(crate) initial: Vec<(u32, f64)>,
    /// Whether what was asked about (a journey is down, data are lost) is so in each state.
    pub(crate) is_so: Vec<bool>,
    /// What takes a set time; nothing, in a Markov chain.
    pub(crate) set_times: Option<SetTimes>,
}

/// What takes a set time in the states of a chain: how long, and where it leads when it is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetTimes {
    /// By state: how long it takes, seconds, from its beginning on; infinite where nothing takes a set time.
    pub(crate) lasts: Vec<f64>,
    /// By transition: whether it goes on, and does not begin there.
    pub(crate) goes_on: Vec<bool>,
    /// Where the ways on from each state begin when it is over; one place more than there are states.
    pub(crate) firsts: Vec<usize>,
    /// Where each way leads.
    pub(crate) to: Vec<u32>,
    /// The probability of each way.
    pub(crate) probability: Vec<f64>,
}

impl SetTimes {
    /// The ways on from a state when it is over: where each leads, and its probability.
    pub(crate) fn of(&self, state: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let span = self.firsts[state]..self.firsts[state + 1];
        let to = self.to[span.clone()].iter().map(|to| *to as usize);
        to.zip(self.probability[span].iter().copied())
    }
}

impl Chain {
    /// Where the chain begins, and how probable that is.
    pub fn initial_states(&self) -> &[(u32, f64)] {
        &self.initial
    }

    /// How many states.
    pub fn state_count(&self) -> usize {
        self.firsts.len().saturating_sub(1)
    }

    /// How many transitions.
    pub fn transition_count(&self) -> usize {
        self.to.len()
    }

    /// The transitions of a state: where each leads, and its rate, 1/s.
    #[inline]
    pub fn of(&self, state: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let span = self.span(state);
        self.to[span.clone()].iter().map(|to| *to as usize).zip(self.rates[span].iter().copied())
    }

    /// The numbers of the transitions of a state.
    pub(crate) fn span(&self, state: usize) -> std::ops::Range<usize> {
        self.firsts[state]..self.firsts[state + 1]
    }

    /// How often a state is left in a second, while the chain is there.
    pub fn exit_rate(&self, state: usize) -> f64 {
        self.of(state).map(|(_, rate)| rate).sum()
    }

    /// Whether what was asked about is so in a state.
    #[inline]
    pub fn is_so(&self, state: usize) -> bool {
        self.is_so[state]
    }

    /// Whether something in it takes a set time: then it is no Markov chain between two instants of its own.
    pub fn has_set_times(&self) -> bool {
        self.set_times.is_some()
    }

    /// The same chain without set times, which goes no further where that is so.
    pub fn stopped(&self) -> Chain {
        let mut stopped = Chain { firsts: vec![0], ..Chain::default() };
        for state in 0..self.state_count() {
            if !self.is_so(state) {
                for (to, rate) in self.of(state) {
                    stopped.to.push(to as u32);
                    stopped.rates.push(rate);
                }
            }
            stopped.firsts.push(stopped.to.len());
        }
        Chain { initial: self.initial.clone(), is_so: self.is_so.clone(), ..stopped }
    }
}
