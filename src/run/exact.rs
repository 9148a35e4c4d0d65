//! Exact answers: a model explored and its chain solved, with nothing drawn.

use std::collections::BTreeMap;

use crate::engine::{NotMarkov, Question, explore};
use crate::exact::{
    Exact, LongRun, Unsolved, Within, long_run, mean_time_until, probability_never_within,
    probability_within, within,
};
use crate::model::{DataId, Influences, JourneyId, Model};
use crate::units::SimSpan;

/// States of a chain that may be explored where nothing else was asked for: a minute or two, and less than two
/// gigabytes.
pub const MOST_STATES: usize = 1_000_000;
/// States of a chain that may be explored beside a simulation: a second or two.
pub const MOST_STATES_BESIDE: usize = 10_000;
/// Where there are independent parts to fall back on, the whole is tried with so many times fewer states.
const WORTH_PARTS: usize = 20;
/// Copies times units up to which independent parts are sought: a second.
const MOST_PAIRS: usize = 20_000_000;
/// Independent parts of a data class that are solved one by one.
const MOST_PARTS: usize = 2_000;

/// What outages of a journey come to, exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactOutages {
    /// How many states the chain has that was solved.
    pub states: usize,
    /// Within the horizon, after the warm-up: the unavailability, and outages that begin.
    pub within: Result<Within, Unsolved>,
    /// In the long run: the unavailability, and outages a second.
    pub long_run: Result<LongRun, Unsolved>,
    /// The probability of an outage before the horizon; only without a warm-up.
    pub p_outage: Option<Result<Exact, Unsolved>>,
    /// The probability of none; the same, with all its digits where it is tiny.
    pub p_no_outage: Option<Result<Exact, Unsolved>>,
    /// The mean time to the first outage, seconds; `None` if there may never be one.
    pub first_outage: Result<Option<Exact>, Unsolved>,
}

/// What the first loss of data of a class comes to, exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactLoss {
    /// How many states the chains have that were solved.
    pub states: usize,
    /// In how many independent parts.
    pub parts: usize,
    /// The probability of a loss before the horizon.
    pub p_loss: Result<Exact, Unsolved>,
    /// The mean time to the first loss (MTTDL), seconds; `None` if there may never be one, or if
    /// independent parts were solved one by one.
    pub first_loss: Result<Option<Exact>, Unsolved>,
}

/// Solves the outages of a journey with a chain of at most so many states: in a time after a warm-up, and in the long
/// run.
///
/// # Errors
///
/// If what decides the journey is no Markov chain that can be explored.
pub fn exact_outages(
    model: &Model,
    journey: JourneyId,
    (warm_up, horizon): (SimSpan, SimSpan),
    most_states: usize,
) -> Result<ExactOutages, NotMarkov> {
    let chain = explore(model, Question::Outages(journey), most_states)?;
    let (after, time) = (warm_up.seconds(), horizon.seconds());
    let p_outage = (warm_up == SimSpan::ZERO).then(|| probability_within(&chain, time));
    Ok(ExactOutages {
        states: chain.state_count(),
        within: within(&chain, after, time),
        long_run: long_run(&chain),
        p_outage,
        p_no_outage: p_outage.map(|p_outage| match p_outage {
            // What is left of one keeps its digits where it is most of one.
            Ok(outage) if outage.value < 0.5 => Ok(Exact { value: 1.0 - outage.value, ..outage }),
            _ => probability_never_within(&chain, time),
        }),
        first_outage: mean_time_until(&chain),
    })
}

/// Solves the first loss of data of a class with chains of at most so many states.
///
/// # Errors
///
/// If what decides it is no Markov chain that can be explored.
pub fn exact_loss(
    model: &Model,
    class: DataId,
    horizon: SimSpan,
    most_states: usize,
) -> Result<ExactLoss, NotMarkov> {
    let holding = model.holding(class);
    let all: Vec<u32> = (0..holding.count).collect();
    let time = horizon.seconds();
    let few_states = most_states / WORTH_PARTS;
    let whole = explore(model, Question::Loss(class, &all), few_states);
    let is_large = matches!(whole, Err(NotMarkov::TooManyStates(_) | NotMarkov::TooMuchWork));
    let parts = if is_large { independent_parts(model, class) } else { Vec::new() };
    let whole = match (is_large, parts.len()) {
        (true, 0 | 1) => explore(model, Question::Loss(class, &all), most_states),
        _ => whole,
    };
    match whole {
        Ok(chain) => Ok(ExactLoss {
            states: chain.state_count(),
            parts: 1,
            p_loss: probability_within(&chain, time),
            first_loss: mean_time_until(&chain),
        }),
        Err(_) if (2..=MOST_PARTS).contains(&parts.len()) => {
            // None is lost if no part is: in logarithms, so that rare losses keep their digits.
            let (mut states, mut none) = (0, Ok(Exact { value: 0.0, relative_error: 0.0 }));
            for copies in &parts {
                let chain = explore(model, Question::Loss(class, copies), most_states)?;
                states += chain.state_count();
                none = match (none, probability_within(&chain, time)) {
                    (Ok(none), Ok(lost)) => Ok(Exact {
                        value: none.value + libm::log1p(-lost.value),
                        relative_error: none.relative_error.max(lost.relative_error),
                    }),
                    (Err(why), _) | (_, Err(why)) => Err(why),
                };
            }
            let p_loss = none.map(|none| Exact { value: -libm::expm1(none.value), ..none });
            Ok(ExactLoss { states, parts: parts.len(), p_loss, first_loss: Ok(None) })
        }
        Err(why) => Err(why),
    }
}

/// The numbers of the copies of a class, in parts that have nothing to do with one another.
fn independent_parts(model: &Model, class: DataId) -> Vec<Vec<u32>> {
    let holding = model.holding(class);
    let all: Vec<u32> = (0..holding.count).collect();
    // Rebuilds that wait for one another, or what deletes all, belong together; and of very many it would take long.
    let is_shared = holding.rebuild.as_ref().is_some_and(|rebuild| rebuild.at_a_time.is_some());
    if is_shared || holding.deleted.is_some() || all.len() * model.unit_count() > MOST_PAIRS {
        return vec![all];
    }
    let mut parts = Parts((0..all.len()).collect());
    for group in 0..holding.group_count() as u32 {
        for pair in holding.group(group).windows(2) {
            parts.join(pair[0] as usize, pair[1] as usize);
        }
    }
    let struck = model.shocks.iter().flat_map(|shock| &shock.targets);
    let struck: Vec<usize> = struck.map(|c| model.clocks[c.index()].unit.index()).collect();
    let influences = Influences::new(model);
    let mut owner = vec![None; model.unit_count()];
    for &number in &all {
        let cone = influences.on_copies(class, &[number]);
        // Common causes strike what they strike together.
        if struck.iter().any(|unit| cone.units[*unit]) {
            return vec![all];
        }
        for (unit, _) in cone.units.iter().enumerate().filter(|(_, is_in)| **is_in) {
            match owner[unit] {
                None => owner[unit] = Some(number as usize),
                Some(other) => parts.join(number as usize, other),
            }
        }
    }
    let mut by_root: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for &number in &all {
        by_root.entry(parts.root(number as usize)).or_default().push(number);
    }
    by_root.into_values().collect()
}

/// Sets that are joined: each number leads to another one of its set, and in the end to its root.
struct Parts(Vec<usize>);

impl Parts {
    fn root(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one] = other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::explore_apart;
    use crate::model::compile;
    use crate::spec::Topology;

    /// Drives on nodes, of which each takes all of its drives, and one rebuild at a time or two: what a chain says in which
    /// drives and nodes stand in for one another is what one says in which none does.
    #[test]
    fn drives_that_line_up_together_may_stand_in_for_one_another() {
        let year = 8_760.0 * 3_600.0;
        for (nodes, drives, code, rebuild, (of_node, of_drive), fewer) in [
            (2, 2, "{data: 2, parity: 2}", "at_a_time: 1", ("", ""), 3),
            (2, 3, "{data: 3, parity: 3}", "at_a_time: 1", ("", ""), 15),
            (3, 2, "{data: 3, parity: 3}", "at_a_time: 1, priority: margin", ("", ""), 16),
            (3, 2, "{data: 2, parity: 4}", "at_a_time: 2", ("", ""), 16),
            (5, 1, "{data: 3, parity: 2}", "at_a_time: 1", ("", ""), 12),
            (2, 2, "{data: 2, parity: 2}", "at_a_time: 1", (", blink", ", blink"), 3),
            // Of drives that age one may be older than another one that gets into line with it.
            (2, 2, "{data: 2, parity: 2}", "at_a_time: 1", ("", ", worn"), 1),
        ] {
            let text = format!(
                "topology: t
failures:
  gone: {{every: 20000h, repair: {{exponential: 24h}}, wipes: true}}
  dead: {{every: 5000h, repair: {{exponential: 5h}}, wipes: true}}
  blink: {{every: 50h, repair: {{exponential: 9h}}}}
  worn: {{every: {{gamma: {{shape: 2, mean: 3000h}}}}, repair: {{exponential: 500h}}}}
domains: {{node: {{count: {nodes}, fails: [gone{of_node}]}}, drive: {{in: node, count: {drives}, fails: [dead{of_drive}]}}}}
data: {{all: {{held_by: drive, erasure: {code}, rebuild: {{takes: {{exponential: 10h}}, {rebuild}}}}}}}"
            );
            let model = compile(&Topology::from_str("t", &text).unwrap());
            let class = DataId::new(0);
            let copies: Vec<u32> = (0..model.holding(class).count).collect();
            let question = Question::Loss(class, &copies);
            let lumped = explore(&model, question, 100_000).unwrap();
            let apart = explore_apart(&model, question, 100_000).unwrap();
            let means = [&lumped, &apart].map(|chain| mean_time_until(chain).unwrap().unwrap());
            let within = [&lumped, &apart].map(|chain| probability_within(chain, year).unwrap());
            for [found, exact] in [means, within] {
                // Two ways of solving, which say how far each may be off.
                let off = 1e-12 + found.relative_error + exact.relative_error;
                let (found, exact) = (found.value, exact.value);
                assert!((found / exact - 1.0).abs() < off, "{found:e} is not {exact:e}\n{text}");
            }
            assert!(lumped.state_count() * fewer <= apart.state_count(), "{text}");
        }
    }
}
