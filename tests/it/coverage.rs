//! Of many runs with other seeds, as many intervals of 95 % hold the exact answer as must: no fewer, and hardly more.

use ninefold::Plan;
use ninefold::model::JourneyId;
use ninefold::report::JourneyMeasures;
use ninefold::run::MOST_STATES_BESIDE;

use crate::common::compiled;
use crate::rare::fewest;
use crate::validation::cases::{filled_in, record};

const RUNS: u64 = 200;
/// Outages that a run is to see, so that means are about normal.
const OUTAGES: f64 = 600.0;

const CASES: &[&str] = &[
    "a01-single-exp",
    "b02-3of5-single-crew",
    "b04-cold-standby-one-crew",
    "b05-warm-standby-2of4",
    "b06-hot-standby-coverage",
    "b10-load-sharing-1of3",
    "c02-quorum3-three-zones",
    "c05-beta-factor-common-cause",
    "d02-two-services-shared-nodes",
    "d06-restart-cascade",
];

/// Two hundred runs of each: a binomial law of 0.95, within four of its standard deviations where that is not all of
/// them.
#[test]
fn intervals_of_open_cases_hold_what_they_say() {
    let fewest = fewest(RUNS);
    let (mut all, mut held, mut few) = (0, 0, Vec::new());
    for id in CASES {
        let template = std::fs::read_to_string(format!("tests/data/cases/{id}.yaml")).unwrap();
        let text = filled_in(&template, &record(id)["parameters"]);
        let system = compiled(&text);
        let plan = system.plan(1);
        let exact = system.exact_outages(&plan, JourneyId::new(0), MOST_STATES_BESIDE).unwrap();
        let within = exact.within.unwrap();
        let years = plan.horizon.seconds() / (365.0 * 86_400.0);
        let lives = (OUTAGES / within.count.value).clamp(200.0, 20_000.0) as u64;
        let p_no_outage = exact.p_no_outage.unwrap().unwrap().value;
        let mut holds = [0; 3];
        for seed in 1..=RUNS {
            let report = system.simulate(&Plan { replications: lives, seed, ..plan.clone() });
            let report = report.unwrap();
            let JourneyMeasures::Window(found, _) = &report.journeys[0].measures else {
                panic!("a run of equal lives");
            };
            let pairs = [
                (found.unavailability, within.share.value),
                (found.outages_per_year, within.count.value / years),
                (found.p_no_outage, p_no_outage),
            ];
            for (holds, (found, exact)) in holds.iter_mut().zip(pairs) {
                let (low, high) = found.ci95.unwrap();
                *holds += u64::from((low..=high).contains(&exact));
            }
        }
        let measures = ["unavailability", "outages a year", "no outage"];
        for (measure, holds) in measures.into_iter().zip(holds) {
            // Those of one run are not independent of one another, and for all together only one is counted.
            if measure == "unavailability" {
                (all, held) = (all + RUNS, held + holds);
            }
            if (holds as f64) < fewest {
                few.push(format!("{id}: {holds} of {RUNS} hold {measure}"));
            }
        }
    }
    assert!(few.is_empty(), "{few:?}");
    // All together, on both sides.
    let (all, held) = (all as f64, held as f64);
    let off = (held - 0.95 * all) / (all * 0.95 * 0.05).sqrt();
    assert!(off.abs() < 4.0, "{held} of {all} hold what they are of: {off:.1} standard deviations");
}
