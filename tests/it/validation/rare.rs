//! The rare cases by the methods for what hardly ever happens, which plain lives would not see.

use std::ops::ControlFlow;

use ninefold::Plan;
use ninefold::engine::Rare;
use ninefold::model::{DataId, JourneyId};
use ninefold::run::RareEstimate;
use ninefold::stats::Estimate;
use ninefold::units::SimSpan;

use super::cases::{filled_in, record};
use super::solved::{plan, system};
use super::{HOUR, Page, YEAR_HOURS, compared};

/// The half-width of a 95 % interval, relative to the estimate, that is asked for and must be reached.
const PRECISION: f64 = 0.1;
const MOST_LIVES: u64 = 4_000_000;

pub(super) const HEADER: &str = "# Validation: what hardly ever happens, estimated against exact

The cases that plain lives would not see, by importance sampling or multilevel splitting, whichever a trial chose, to a
half-width of 10 % of the estimate, with seed 1. Each estimate must lie within four of its own standard errors and
reach that precision. Long-run figures are measured after a warm-up. A mean time to the first outage or loss is
`-T / ln(1 - p)`, with `p` the probability of one within `T` of ten years: as if outages came at one rate from the
beginning on, which is off by what a beginning with everything up is worth, some hours of so many years.
";

/// A measure of a record, and how an estimate tells it.
type Told = (&'static str, fn(&RareEstimate, f64) -> Estimate);

const SHARE: fn(&RareEstimate, f64) -> Estimate = |found, _| found.share;
const PER_YEAR: fn(&RareEstimate, f64) -> Estimate = |found, _| found.per_year;
const HITS: fn(&RareEstimate, f64) -> Estimate = |found, _| found.probability();
const MEAN_HOURS: fn(&RareEstimate, f64) -> Estimate =
    |found, hours| mean_time(found.probability(), hours);
const MEAN_YEARS: fn(&RareEstimate, f64) -> Estimate =
    |found, hours| mean_time(found.probability(), hours / YEAR_HOURS);

/// A mean time, by the probability within a time: as near as that is.
fn mean_time(within: Estimate, time: f64) -> Estimate {
    let mean = time / -(-within.mean).ln_1p();
    let factor = mean / within.mean;
    Estimate {
        mean,
        std_error: within.std_error.map(|error| error * factor),
        ci95: within.ci95.map(|(low, high)| (low * factor, high * factor)),
    }
}

pub(super) fn sections(page: &mut Page) {
    let outage = Rare::Outage(JourneyId::new(0));
    let loss = Rare::Loss(DataId::new(0));
    let (year, ten_years) = (YEAR_HOURS, 10.0 * YEAR_HOURS);
    let within = [("interval_unavailability", SHARE), ("prob_any_outage_in_horizon", HITS)];
    // After twenty-nine renewals nothing is known of the first any more.
    let long_run = [("steady_state_unavailability", SHARE), ("outages_per_year", PER_YEAR)];
    let first_year = [("prob_data_loss_in_1_year", HITS)];
    let first_year_and_groups = [first_year[0], ("expected_groups_lost_in_1_year", PER_YEAR)];
    let decade = [("prob_data_loss_in_10_years", HITS)];
    let mission = [("prob_system_failure_within_100h", HITS)];
    let longer = [("prob_system_failure_within_500h", HITS)];
    let first = [("mttf_first_outage_hours", MEAN_HOURS)];
    let decade_and_mean = [decade[0], ("mttdl_hours", MEAN_HOURS), ("mttdl_years", MEAN_YEARS)];
    // Repairs of an hour or two are long over.
    let soon = 1_000.0;
    let outages: [(f64, f64, &[Told]); 3] =
        [(year, 0.0, &within), (year, soon, &long_run), (ten_years, 0.0, &first)];
    case(page, "j01-rare-1of4-independent", outage, &outages);
    case(
        page,
        "j02-rare-ec8-3-loss",
        loss,
        &[(year, 0.0, &first_year), (ten_years, 0.0, &decade_and_mean)],
    );
    case(page, "j04-rare-3of5-one-crew", outage, &outages);
    case(page, "j07-rare-1of3-weibull-lognormal", outage, &[(year, ten_years, &long_run)]);
    case(
        page,
        "j08-rare-fleet-of-triples",
        loss,
        &[(year, 0.0, &first_year_and_groups), (ten_years, 0.0, &decade)],
    );
    case(
        page,
        "j09-rare-cold-spares-mission",
        outage,
        &[(100.0, 0.0, &mission), (500.0, 0.0, &longer)],
    );
}

/// What is rare in a case, over so many hours that are measured after so many that are not.
fn case(page: &mut Page, id: &str, rare: Rare, runs: &[(f64, f64, &[Told])]) {
    let record = record(id);
    page.begin(id, record["title"].as_str().unwrap());
    let template = std::fs::read_to_string(format!("tests/data/cases/{id}.yaml")).unwrap();
    let system = system(id, &filled_in(&template, &record["parameters"]));
    for &(hours, warm_up, told) in runs {
        let plan = Plan {
            replications: MOST_LIVES,
            warm_up: SimSpan::from_seconds(warm_up * HOUR),
            ..plan(&system, hours)
        };
        let mut goes_on = |_| ControlFlow::Continue(());
        let found = system.estimate_rare(&plan, rare, None, PRECISION, &mut goes_on).unwrap();
        let found = found.unwrap_or_else(|why| panic!("{id}: {why:?}"));
        for &(name, told) in told {
            let measures = record["measures"].as_array().unwrap();
            let measure = measures.iter().find(|measure| measure["name"] == name).unwrap();
            let told = told(&found, hours);
            let width = told.relative_half_width().unwrap();
            assert!(width <= PRECISION, "{id}, {name}: known to {width}");
            let run = format!("{}, {} lives", found.method, found.lives);
            let exact = measure["value"].as_f64().unwrap();
            page.add(compared(name, run, (told.mean, told.std_error), exact));
        }
    }
}
