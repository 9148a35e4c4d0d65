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
reach that precision.
";

/// A measure of a record, and how an estimate tells it.
type Told = (&'static str, fn(&RareEstimate) -> Estimate);

const SHARE: fn(&RareEstimate) -> Estimate = |found| found.share;
const PER_YEAR: fn(&RareEstimate) -> Estimate = |found| found.per_year;
const HITS: fn(&RareEstimate) -> Estimate = |found| found.hits;

pub(super) fn sections(page: &mut Page) {
    let outage = Rare::Outage(JourneyId::new(0));
    let loss = Rare::Loss(DataId::new(0));
    let (year, ten_years) = (YEAR_HOURS, 10.0 * YEAR_HOURS);
    let within = [("interval_unavailability", SHARE), ("prob_any_outage_in_horizon", HITS)];
    // After twenty-nine renewals nothing is known of the first any more.
    let long_run = [("steady_state_unavailability", SHARE), ("outages_per_year", PER_YEAR)];
    let first_year = [("prob_data_loss_in_1_year", HITS)];
    let decade = [("prob_data_loss_in_10_years", HITS)];
    let mission = [("prob_system_failure_within_100h", HITS)];
    let longer = [("prob_system_failure_within_500h", HITS)];
    case(page, "j01-rare-1of4-independent", outage, &[(year, 0.0, &within)]);
    case(page, "j02-rare-ec8-3-loss", loss, &[(year, 0.0, &first_year), (ten_years, 0.0, &decade)]);
    case(page, "j04-rare-3of5-one-crew", outage, &[(year, 0.0, &within)]);
    case(page, "j07-rare-1of3-weibull-lognormal", outage, &[(year, ten_years, &long_run)]);
    case(
        page,
        "j08-rare-fleet-of-triples",
        loss,
        &[(year, 0.0, &first_year), (ten_years, 0.0, &decade)],
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
        for (name, told) in told {
            let measures = record["measures"].as_array().unwrap();
            let measure = measures.iter().find(|measure| measure["name"] == *name).unwrap();
            let told = told(&found);
            let width = told.relative_half_width().unwrap();
            assert!(width <= PRECISION, "{id}, {name}: known to {width}");
            let run = format!("{}, {} lives", found.method, found.lives);
            let exact = measure["value"].as_f64().unwrap();
            page.add(compared(name, run, (told.mean, told.std_error), exact));
        }
    }
}
