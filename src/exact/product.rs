//! What a spreadsheet says: the product of availabilities, as if nothing were shared.

use std::collections::BTreeSet;

use crate::model::{Clock, GateId, Input, JourneyId, Model, Repair, Shock, UnitId, Watch};

/// Inputs times inputs that may be down: beyond it counting combinations takes too long.
const MOST_COMBINATIONS: usize = 50_000_000;

/// What multiplying availabilities gives for one journey, and what it leaves out.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// One minus the product.
    pub unavailability: f64,
    /// How many units went into it.
    pub units: usize,
    /// Units that several of these stand on, and which the product counts as often.
    pub shared: Vec<UnitId>,
    /// What the journey has that is not in the product.
    pub leaves_out: Vec<Omission>,
}

/// Something that no product of availabilities has, nor any other static structure: combinations of units that
/// are up and down independently of one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Omission {
    /// Somebody has to take over after a failure, which takes time.
    Failover,
    /// Outages that users do not notice.
    Masks,
    /// People who may be busy or not at work.
    People,
    /// Planned work.
    Plans,
    /// What goes down with something else and must start again, or waits to start.
    Starts,
    /// Clocks that do not always run at the same pace.
    Paces,
    /// What strikes several units at once, and is counted for each of them alone.
    CommonCauses,
    /// Controllers that place replicas elsewhere.
    Controllers,
}

/// The product of availabilities of a journey, as people compute it by hand: each replica has the
/// availability `MTTF / (MTTF + MTTR)` of its own failure modes times that of everything it stands
/// on (`hosts`, by unit); redundancy by the binomial formula; one service times the next; all as if independent.
///
/// `None` where there is no such number: a unit that is never repaired has no MTTR, and gates with
/// too many inputs are left alone.
pub fn product_of_availabilities(
    model: &Model,
    hosts: &[Vec<UnitId>],
    journey: JourneyId,
) -> Option<Product> {
    let top = model.journeys[journey.index()];
    let (gates, units, mut leaves_out) = everything_below(model, top);
    leaves_out.extend(omissions_of(model));
    let rates = failure_rates(model, |_| true);
    let mut unit_values = vec![None; model.units.len()];
    let mut gate_values = vec![None; model.gates.len()];
    // A gate is added after its inputs, so this is from the bottom up.
    for gate in gates {
        let inputs: Option<Vec<f64>> = model.gates[gate.index()]
            .inputs
            .iter()
            .map(|input| match input {
                Input::Unit(unit) => {
                    unit_unavailability(model, hosts, &rates, *unit, &mut unit_values)
                }
                Input::Gate(gate) => gate_values[gate.index()],
                Input::Seat(_) => Some(0.0),
                Input::Mask(mask) => gate_values[model.masks[mask.index()].gate.index()],
            })
            .collect();
        let needed = model.gates[gate.index()].needed as usize;
        gate_values[gate.index()] = Some(fewer_than(needed, &inputs?)?);
    }
    Some(Product {
        unavailability: gate_values[top.index()]?,
        units: units.len(),
        shared: shared_by(hosts, &units),
        leaves_out,
    })
}

/// The gates that decide a gate, from the bottom up and with itself; the units they read, each as
/// often as it is read; and what they read that a product does not have.
fn everything_below(model: &Model, top: GateId) -> (BTreeSet<GateId>, Vec<UnitId>, Vec<Omission>) {
    let (mut gates, mut units) = (BTreeSet::from([top]), Vec::new());
    let (mut is_led, mut is_masked) = (false, false);
    let mut frontier = vec![top];
    while let Some(gate) = frontier.pop() {
        for input in &model.gates[gate.index()].inputs {
            match input {
                Input::Unit(unit) => units.push(*unit),
                Input::Gate(below) if gates.insert(*below) => frontier.push(*below),
                Input::Gate(_) => {}
                Input::Mask(mask) => {
                    is_masked = true;
                    let below = model.masks[mask.index()].gate;
                    if gates.insert(below) {
                        frontier.push(below);
                    }
                }
                Input::Seat(_) => is_led = true,
            }
        }
    }
    let found = [(is_led, Omission::Failover), (is_masked, Omission::Masks)];
    (gates, units, found.into_iter().filter(|(is_there, _)| *is_there).map(|(_, o)| o).collect())
}

/// What a model has anywhere that a product does not have.
fn omissions_of(model: &Model) -> impl Iterator<Item = Omission> {
    let follows = |watch: &Watch| matches!(watch, Watch::Crash(_) | Watch::Start(_));
    let found = [
        (!model.shocks.is_empty() || !model.drags.is_empty(), Omission::CommonCauses),
        (model.stages.iter().any(|stage| stage.crew.is_some()), Omission::People),
        (!model.plans.is_empty(), Omission::Plans),
        (!model.platform.pods.is_empty(), Omission::Controllers),
        (model.watches.iter().any(|(_, watch)| follows(watch)), Omission::Starts),
        (model.units.iter().any(|unit| unit.is_paced), Omission::Paces),
    ];
    found.into_iter().filter(|(is_there, _)| *is_there).map(|(_, omission)| omission)
}

/// How often each failure mode strikes in a second up, alone or by common causes of some kind.
pub(super) fn failure_rates(model: &Model, counts: impl Fn(&Shock) -> bool) -> Vec<f64> {
    let alone = |clock: &Clock| clock.to_failure.mean().map_or(0.0, |mean| 1.0 / mean);
    let mut rates: Vec<f64> = model.clocks.iter().map(alone).collect();
    for shock in model.shocks.iter().filter(|shock| counts(shock)) {
        for target in &shock.targets {
            let rate = shock.to_failure.mean().map_or(0.0, |mean| 1.0 / mean);
            rates[target.index()] += rate * shock.probability * shock.each;
        }
    }
    rates
}

/// One minus MTTF / (MTTF + MTTR) of a unit, with all it stands on.
fn unit_unavailability(
    model: &Model,
    hosts: &[Vec<UnitId>],
    rates: &[f64],
    unit: UnitId,
    known: &mut Vec<Option<f64>>,
) -> Option<f64> {
    if let Some(value) = known[unit.index()] {
        return Some(value);
    }
    let start = model.units[unit.index()].start.map_or(0.0, |task| model.mean_of(task));
    let mut availability = 1.0;
    for id in model.unit_clocks.of(unit.index()) {
        let clock = &model.clocks[id.index()];
        // What plans set off is not in a spreadsheet, what strikes many at once is, for each alone.
        let mttf = 1.0 / rates[id.index()];
        if mttf.is_infinite() {
            continue;
        }
        let mttr = match &clock.repair {
            Repair::After(task) => model.mean_of(*task) + start,
            Repair::Restart => start,
            Repair::Never => return None,
        };
        availability *= mttf / (mttf + mttr);
    }
    for host in &hosts[unit.index()] {
        availability *= 1.0 - unit_unavailability(model, hosts, rates, *host, known)?;
    }
    known[unit.index()] = Some(1.0 - availability);
    known[unit.index()]
}

/// The probability that fewer than `needed` of independent things are up, given how probable it is
/// that each is down.
///
/// # Formula
///
/// The Poisson-binomial law by its recursion over the things, with "enough of them down" as one
/// absorbing count: sums of positive terms only, so that small probabilities keep their digits.
fn fewer_than(needed: usize, down: &[f64]) -> Option<f64> {
    let fatal = down.len() + 1 - needed;
    if down.len().saturating_mul(fatal) > MOST_COMBINATIONS {
        return None;
    }
    let mut by_count = vec![0.0; fatal + 1];
    by_count[0] = 1.0;
    for &q in down {
        by_count[fatal] += by_count[fatal - 1] * q;
        for count in (1..fatal).rev() {
            by_count[count] = by_count[count] * (1.0 - q) + by_count[count - 1] * q;
        }
        by_count[0] *= 1.0 - q;
    }
    Some(by_count[fatal])
}

/// Units that more than one of these stand on, or that are among them more than once.
fn shared_by(hosts: &[Vec<UnitId>], units: &[UnitId]) -> Vec<UnitId> {
    let mut carried = vec![0_u32; hosts.len()];
    let mut seen = BTreeSet::new();
    let mut frontier = Vec::new();
    for &unit in units {
        seen.clear();
        frontier.push(unit);
        while let Some(unit) = frontier.pop() {
            if seen.insert(unit) {
                carried[unit.index()] += 1;
                frontier.extend(&hosts[unit.index()]);
            }
        }
    }
    (0..carried.len()).filter(|&unit| carried[unit] > 1).map(UnitId::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::compile;
    use crate::spec::Topology;

    fn product(text: &str) -> Product {
        let topology = Topology::from_str("test", text).unwrap_or_else(|error| panic!("{error}"));
        let model = compile(&topology);
        let hosts: Vec<Vec<UnitId>> =
            (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
        product_of_availabilities(&model, &hosts, JourneyId::new(0)).unwrap()
    }

    #[test]
    fn composite_slas_multiply() {
        // 99.95 % times 99.99 %, and two such regions behind 99.99 %: published composite SLAs.
        let sla = |name: &str, percent: f64| {
            format!("  {name}: {{every: {}h, repair: {}h}}\n", percent, 100.0 - percent)
        };
        let failures = format!("failures:\n{}{}", sla("web", 99.95), sla("db", 99.99));
        let one = product(&format!(
            "topology: t\n{failures}services: {{web: {{fails: [web]}}, db: {{fails: [db]}}}}\n\
             journeys: {{j: {{needs: [web, db]}}}}"
        ));
        assert!((one.unavailability - (1.0 - 0.999_400_05)).abs() < 1e-12);
        let two = product(&format!(
            "topology: t\n{failures}services: {{w1: {{fails: [web]}}, d1: {{fails: [db]}}, \
             w2: {{fails: [web]}}, d2: {{fails: [db]}}, front: {{fails: [db]}}}}\n\
             journeys: {{j: {{needs: [{{any: [{{all: [w1, d1]}}, {{all: [w2, d2]}}]}}, front]}}}}"
        ));
        let published = 1.0 - (1.0 - (1.0 - 0.999_400_05_f64).powi(2)) * 0.9999;
        assert!((two.unavailability - published).abs() < 1e-12);
        assert_eq!(format!("{:.5}", 100.0 * (1.0 - two.unavailability)), "99.98996");
        assert!(one.shared.is_empty() && one.leaves_out.is_empty());
    }

    #[test]
    fn small_unavailabilities_keep_their_digits() {
        // 3 of 5 at 1e-2 by hand, and 1 of 6 at 1e-4.
        let q: f64 = 0.01;
        let by_hand =
            10.0 * q.powi(3) * (1.0 - q).powi(2) + 5.0 * q.powi(4) * (1.0 - q) + q.powi(5);
        assert!((fewer_than(3, &[q; 5]).unwrap() / by_hand - 1.0).abs() < 1e-14);
        assert!((fewer_than(1, &[1e-4; 6]).unwrap() / 1e-24 - 1.0).abs() < 1e-14);
        assert_eq!(fewer_than(1, &[0.0; 2]), Some(0.0));
        assert_eq!(fewer_than(1, &vec![0.5; 100_000]), None);
    }

    #[test]
    fn what_is_shared_is_named() {
        let product = product(
            "topology: t\nfailures: {down: {every: 1000h, repair: 10h}, crash: {every: 10d, repair: 1m}}\n\
             domains: {site: {fails: [down]}, node: {in: site, count: 2}}\n\
             services: {a: {replicas: 2, on: node, serves: any, fails: [crash], leader: {failover: 9s}}}\n\
             journeys: {j: {needs: a}}",
        );
        assert_eq!(product.shared, [UnitId::new(0)]);
        assert_eq!(product.leaves_out, [Omission::Failover]);
        assert_eq!(product.units, 2);
    }
}
