//! The rare cases by the methods for what hardly ever happens, which plain lives would not see.

use std::ops::ControlFlow;

use ninefold::engine::Rare;
use ninefold::model::{DataId, JourneyId};
use ninefold::run::RareEstimate;
use ninefold::stats::Estimate;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};

use super::cases::{filled_in, record};
use super::{HOUR, Page, YEAR_HOURS, compared};

/// The half-width of a 95 % interval, relative to the estimate, that is asked for and must be reached.
const PRECISION: f64 = 0.1;
const MOST_LIVES: u64 = 4_000_000;

pub(super) const HEADER: &str = "# Validation: what hardly ever happens, estimated against exact

The cases that plain lives would not see, by importance sampling or multilevel splitting, whichever a trial chose, to a
half-width of 10 % of the estimate, with seed 1. Each estimate must lie within four of its own standard errors and
reach that precision.
";

/// What is asked of a case.
struct Asked {
    id: &'static str,
    measure: &'static str,
    rare: Rare,
    /// Hours that are measured, after so many that are not.
    hours: f64,
    warm_up: f64,
    told: fn(&RareEstimate) -> Estimate,
}

fn asked() -> Vec<Asked> {
    let outage = Rare::Outage(JourneyId::new(0));
    let loss = Rare::Loss(DataId::new(0));
    let year = YEAR_HOURS;
    let share: fn(&RareEstimate) -> Estimate = |found| found.share;
    let per_year: fn(&RareEstimate) -> Estimate = |found| found.per_year;
    let hits: fn(&RareEstimate) -> Estimate = |found| found.hits;
    [
        ("j01-rare-1of4-independent", "interval_unavailability", outage, year, 0.0, share),
        ("j01-rare-1of4-independent", "prob_any_outage_in_horizon", outage, year, 0.0, hits),
        ("j02-rare-ec8-3-loss", "prob_data_loss_in_1_year", loss, year, 0.0, hits),
        ("j02-rare-ec8-3-loss", "prob_data_loss_in_10_years", loss, 10.0 * year, 0.0, hits),
        ("j04-rare-3of5-one-crew", "interval_unavailability", outage, year, 0.0, share),
        ("j04-rare-3of5-one-crew", "prob_any_outage_in_horizon", outage, year, 0.0, hits),
        // After twenty-nine renewals nothing is known of the first any more.
        (
            "j07-rare-1of3-weibull-lognormal",
            "steady_state_unavailability",
            outage,
            year,
            10.0 * year,
            share,
        ),
        (
            "j07-rare-1of3-weibull-lognormal",
            "outages_per_year",
            outage,
            year,
            10.0 * year,
            per_year,
        ),
        ("j08-rare-fleet-of-triples", "prob_data_loss_in_1_year", loss, year, 0.0, hits),
        ("j08-rare-fleet-of-triples", "prob_data_loss_in_10_years", loss, 10.0 * year, 0.0, hits),
        (
            "j09-rare-cold-spares-mission",
            "prob_system_failure_within_100h",
            outage,
            100.0,
            0.0,
            hits,
        ),
        (
            "j09-rare-cold-spares-mission",
            "prob_system_failure_within_500h",
            outage,
            500.0,
            0.0,
            hits,
        ),
    ]
    .into_iter()
    .map(|(id, measure, rare, hours, warm_up, told)| Asked {
        id,
        measure,
        rare,
        hours,
        warm_up,
        told,
    })
    .collect()
}

pub(super) fn sections(page: &mut Page) {
    let mut section = "";
    for asked in asked() {
        let record = record(asked.id);
        if section != asked.id {
            section = asked.id;
            page.begin(asked.id, record["title"].as_str().unwrap());
        }
        let measures = record["measures"].as_array().unwrap();
        let measure = measures.iter().find(|measure| measure["name"] == asked.measure).unwrap();
        let exact = measure["value"].as_f64().unwrap();
        let template = std::fs::read_to_string(format!("tests/data/cases/{}.yaml", asked.id));
        let text = filled_in(&template.unwrap(), &record["parameters"]);
        let topology =
            Topology::from_str(asked.id, &text).unwrap_or_else(|error| panic!("{error}"));
        let system = System::compile(topology);
        let plan = Plan {
            replications: MOST_LIVES,
            horizon: SimSpan::from_seconds(asked.hours * HOUR),
            warm_up: SimSpan::from_seconds(asked.warm_up * HOUR),
            ..system.plan(1)
        };
        let mut goes_on = |_| ControlFlow::Continue(());
        let found = system.estimate_rare(&plan, asked.rare, None, PRECISION, &mut goes_on).unwrap();
        let found = found.unwrap_or_else(|why| panic!("{}, {}: {why:?}", asked.id, asked.measure));
        let told = (asked.told)(&found);
        let width = told.relative_half_width().unwrap();
        assert!(width <= PRECISION, "{}, {}: known to {width}", asked.id, asked.measure);
        let run = format!("{}, {} lives", found.method, found.lives);
        page.add(compared(asked.measure, run, (told.mean, told.std_error), exact));
    }
}
