//! The same topology with other inputs, drawn from the ranges of its failure modes, or with other assumptions.

use super::data::{Rebuild, Sharing, Speed};
use super::topology::{Common, FailureMode, Repair, Stage, Topology};
use crate::dist::Law;
use crate::rng::{Purpose, StreamKey, hash_text};

impl Topology {
    /// Whether any failure mode says how far its numbers may be from what they are.
    pub fn has_ranges(&self) -> bool {
        let has = |mode: &FailureMode| mode.range.every.is_some() || mode.range.repair.is_some();
        self.modes.iter().any(has)
    }

    /// This topology with the mean times up and the times to restoration of its failure modes drawn
    /// from their ranges, each as likely on a logarithmic scale; those without a range stay.
    ///
    /// Draw number `draw` of `seed` is the same for every topology that has a mode of that name.
    #[must_use]
    pub fn with_drawn_inputs(&self, seed: u64, draw: u64) -> Topology {
        let key = StreamKey::of_life(seed, draw);
        let mut topology = self.clone();
        for mode in &mut topology.modes {
            let key = key.of(hash_text(&mode.name), Purpose::Input);
            if let (Some((low, high)), Some(every)) = (mode.range.every, &mode.every) {
                let mean = between(low, high, key.draw(0).open_unit());
                mode.every = Some(every.scaled(mean / every.mean()));
            }
            if let (Some((low, high)), Repair::After(stages)) =
                (mode.range.repair, &mut mode.repair)
            {
                let factor = between(low, high, key.draw(1).open_unit()) / centre(stages);
                for stage in stages.iter_mut().filter(|_| factor.is_finite()) {
                    stage.law = stage.law.scaled(factor);
                }
            }
        }
        topology
    }
}

/// The standard deviation of the logarithm of repairs that are made lognormal: nine in ten are within a factor of five
/// of the median.
const SIGMA: f64 = 1.0;

/// Another assumption that the same numbers allow: the model, and not the arithmetic, often decides a nine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// Repairs and rebuilds are exponential.
    ExponentialRepairs,
    /// They always take their mean.
    FixedRepairs,
    /// They are lognormal with sigma 1.
    LognormalRepairs,
    /// Failures drag no others along, and what takes a whole group takes its members one by one.
    NoCommonCauses,
    /// Rebuilds share the bandwidth of one.
    SharedBandwidth,
    /// Each rebuild has its own bandwidth.
    OwnBandwidth,
}

impl Assumption {
    /// All of them.
    pub const ALL: [Assumption; 6] = [
        Assumption::ExponentialRepairs,
        Assumption::FixedRepairs,
        Assumption::LognormalRepairs,
        Assumption::NoCommonCauses,
        Assumption::SharedBandwidth,
        Assumption::OwnBandwidth,
    ];

    /// What it says.
    pub fn words(self) -> &'static str {
        match self {
            Assumption::ExponentialRepairs => "repairs exponential",
            Assumption::FixedRepairs => "repairs fixed",
            Assumption::LognormalRepairs => "repairs lognormal, sigma 1",
            Assumption::NoCommonCauses => "no bursts, no beta factor",
            Assumption::SharedBandwidth => "rebuilds share one bandwidth",
            Assumption::OwnBandwidth => "each rebuild has its own bandwidth",
        }
    }

    /// The same in a word or two, as the head of a column.
    pub fn head(self) -> &'static str {
        match self {
            Assumption::ExponentialRepairs => "exponential",
            Assumption::FixedRepairs => "fixed",
            Assumption::LognormalRepairs => "lognormal",
            Assumption::NoCommonCauses => "no bursts",
            Assumption::SharedBandwidth => "shared",
            Assumption::OwnBandwidth => "own",
        }
    }

    /// A repair with the same mean.
    fn of_repair(self, law: &Law) -> Law {
        let mean = law.mean();
        let other = match self {
            _ if !(mean > 0.0 && mean.is_finite()) => None,
            Assumption::ExponentialRepairs => Law::exponential(mean).ok(),
            Assumption::FixedRepairs => Law::fixed(mean).ok(),
            Assumption::LognormalRepairs => Law::lognormal_of_mean(mean, SIGMA).ok(),
            _ => None,
        };
        other.unwrap_or_else(|| law.clone())
    }

    fn of_rebuild(self, rebuild: &mut Rebuild) {
        match (self, &mut rebuild.speed) {
            (_, Speed::Law(law)) => *law = self.of_repair(law),
            (
                Assumption::SharedBandwidth,
                Speed::Bandwidth { each, shared: shared @ None, source, per_level, .. },
            ) => {
                *shared = of_one(*each, None, per_level);
                if source.is_some() {
                    rebuild.sharing = Sharing::OfOne;
                }
            }
            (
                Assumption::OwnBandwidth,
                Speed::Bandwidth { each, shared, source, per_level, .. },
            ) => {
                *each = of_one(*each, *shared, per_level);
                (*shared, *per_level) = (None, Vec::new());
                if source.is_some() {
                    rebuild.sharing = Sharing::Nothing;
                }
            }
            _ => {}
        }
    }
}

/// What one rebuild alone gets, but for what holders give: the least of what is said.
fn of_one(each: Option<f64>, shared: Option<f64>, per_level: &[(Vec<u32>, f64)]) -> Option<f64> {
    let per_level = per_level.iter().map(|(_, bandwidth)| *bandwidth);
    each.into_iter().chain(shared).chain(per_level).reduce(f64::min)
}

impl Topology {
    /// This topology under another assumption, with the same means; `None` if that changes nothing.
    #[must_use]
    pub fn assuming(&self, assumption: Assumption) -> Option<Topology> {
        let mut topology = self.clone();
        for mode in &mut topology.modes {
            if let Repair::After(stages) = &mut mode.repair {
                stages.iter_mut().for_each(|stage| stage.law = assumption.of_repair(&stage.law));
            }
            if assumption == Assumption::NoCommonCauses {
                mode.burst = None;
                mode.common = mode.common.filter(|common| !matches!(common, Common::Beta(_)));
            }
        }
        for class in &mut topology.data {
            let rebuild = class.holding.as_mut().and_then(|holding| holding.rebuild.as_mut());
            rebuild.into_iter().for_each(|rebuild| assumption.of_rebuild(rebuild));
        }
        let is_same = topology.modes == self.modes && topology.data == self.data;
        (!is_same).then_some(topology)
    }
}

/// A mean time up that nothing reaches, seconds.
const NEVER: f64 = 1e300;

impl Topology {
    /// This topology without a failure mode, by its index: it never strikes, and planned work that it stands for is not
    /// done. `None` of what only follows from another one.
    #[must_use]
    pub fn without(&self, mode: usize) -> Option<Topology> {
        let mut topology = self.clone();
        topology.plans.retain(|plan| plan.mode != mode);
        let spec = &mut topology.modes[mode];
        if spec.every.is_some() {
            spec.every = Some(Law::Exponential { mean: NEVER });
            spec.preventive = None;
        }
        let is_same = topology.modes == self.modes && topology.plans.len() == self.plans.len();
        (!is_same).then_some(topology)
    }
}

impl Topology {
    /// This topology with failures that come so many times as often; repairs take as long as they do.
    #[must_use]
    pub(crate) fn with_failures(&self, times: f64) -> Topology {
        let mut topology = self.clone();
        for every in topology.modes.iter_mut().filter_map(|mode| mode.every.as_mut()) {
            *every = every.scaled(1.0 / times);
        }
        topology
    }
}

/// Equally likely on a logarithmic scale.
fn between(low: f64, high: f64, unit: f64) -> f64 {
    low * libm::pow(high / low, unit)
}

/// What the range of a time to restoration is about: the median of one lognormal stage, else the
/// mean of all stages.
fn centre(stages: &[Stage]) -> f64 {
    match stages {
        [Stage { law: Law::LogNormal { mu, .. }, .. }] => libm::exp(*mu),
        stages => stages.iter().map(|stage| stage.law.mean()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assumptions_keep_means_and_change_only_what_they_say() {
        let text = "topology: t
failures:
  a: {every: 10d, repair: {uniform: [1h, 3h]}, burst: {p: 10%, within: 1h, peers: 1}}
  b: {every: 9d, repair: restart, beta: 10%}
domains: {node: {count: 2, fails: [a]}}
services: {web: {replicas: 2, serves: any, fails: [b], on: node, start: 10s}}
journeys: {j: {needs: web}}
";
        let topology = Topology::from_str("t", text).unwrap_or_else(|error| panic!("{error}"));
        for assumption in Assumption::ALL {
            let other = topology.assuming(assumption);
            let is_of_bandwidth =
                matches!(assumption, Assumption::SharedBandwidth | Assumption::OwnBandwidth);
            assert_eq!(other.is_none(), is_of_bandwidth, "{assumption:?}");
            let Some(other) = other else { continue };
            let Repair::After(stages) = &other.modes[0].repair else { panic!("it takes time") };
            assert!((stages[0].law.mean() - 7_200.0).abs() < 1e-6, "{assumption:?}");
            let has_causes = other.modes[0].burst.is_some() && other.modes[1].common.is_some();
            assert_eq!(has_causes, assumption != Assumption::NoCommonCauses);
        }
    }

    #[test]
    fn inputs_stay_within_their_ranges_and_fill_them() {
        let text = "topology: t
failures:
  a: {every: 10d, repair: {lognormal: {median: 6m, p95: 60m}}, range: {every: [5d, 20d], repair: [2m, 15m]}}
  b: {every: {weibull: {shape: 2, mean: 9d}}, repair: 2h}
services: {web: {fails: [a, b]}}
journeys: {j: {needs: web}}
";
        let topology = Topology::from_str("t", text).unwrap_or_else(|error| panic!("{error}"));
        assert!(topology.has_ranges());
        let draws: Vec<Topology> =
            (0..400).map(|draw| topology.with_drawn_inputs(1, draw)).collect();
        let mut means: Vec<f64> =
            draws.iter().map(|t| t.modes[0].every.as_ref().map_or(0.0, Law::mean)).collect();
        means.sort_by(f64::total_cmp);
        let day = 86_400.0;
        assert!(means[0] >= 5.0 * day && means[0] < 5.2 * day, "{}", means[0]);
        assert!(means[399] <= 20.0 * day && means[399] > 19.2 * day);
        // Half of a logarithmic range lies below its geometric mean: 10 days; 4 sigma of 400 draws.
        let below = means.iter().filter(|mean| **mean < 10.0 * day).count() as f64;
        assert!((below - 200.0).abs() < 40.0, "{below}");
        assert!(draws.iter().all(|t| t.modes[1] == topology.modes[1]));
        assert_eq!(topology.with_drawn_inputs(1, 3).modes, draws[3].modes);
    }
}
