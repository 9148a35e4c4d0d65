//! The same topology with other inputs, drawn from the ranges of its failure modes.

use super::topology::{FailureMode, Repair, Stage, Topology};
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
