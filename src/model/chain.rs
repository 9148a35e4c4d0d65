//! A Markov chain in continuous time: what a model comes to whose laws are all memoryless.

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
        let span = self.firsts[state]..self.firsts[state + 1];
        self.to[span.clone()].iter().map(|to| *to as usize).zip(self.rates[span].iter().copied())
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

    /// The same chain, which goes no further where that is so.
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
