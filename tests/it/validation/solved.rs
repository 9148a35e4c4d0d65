//! The cases once more, by the second route: solved, with nothing drawn.

use ninefold::exact::{Exact, Unsolved, static_answer};
use ninefold::model::{DataId, JourneyId};
use ninefold::run::{ExactLoss, ExactOutages, MOST_STATES_BESIDE};
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};
use serde_json::Value;

use super::cases::{CASES, filled_in, hours_per_unit, number_in, place_of, record};
use super::losses;
use super::{HOUR, Page, Row, YEAR_HOURS};

/// Cases that only this route can see, beside those that are simulated.
const RARE: &[&str] =
    &["j01-rare-1of4-independent", "j04-rare-3of5-one-crew", "j09-rare-cold-spares-mission"];

/// The records' own answers agree with one another to about so much.
const LEAST_DIGITS: i32 = 5;
const MOST_DIGITS: i32 = 9;

pub(super) const HEADER: &str = "# Validation: solved against exact

The same topologies, explored state by state through the same transition function that the simulator draws from, and
the Markov chain solved: nothing is drawn, so nothing may differ but rounding. One thing at a time may take a set time.
Cases with other laws that have a memory have no chain; where their units are independent a decision diagram of
their structure tells the same.
";

pub(super) fn sections(page: &mut Page) {
    for id in CASES.iter().map(|case| case.id).chain(RARE.iter().copied()) {
        let record = record(id);
        let template = std::fs::read_to_string(format!("tests/data/cases/{id}.yaml")).unwrap();
        let system = system(id, &filled_in(&template, &record["parameters"]));
        let mut rows = Vec::new();
        let mut known = Vec::new();
        for measure in record["measures"].as_array().unwrap() {
            let solved = of_outages(&system, measure, &mut known);
            rows.extend(solved.or_else(|| of_diagram(&system, measure)));
        }
        if !rows.is_empty() {
            page.begin(&format!("{id}, solved"), record["title"].as_str().unwrap());
            rows.into_iter().for_each(|row| page.add(row));
        }
    }
    for (id, title, rows) in losses::settings().filter_map(|setting| {
        let rows = of_losses(&setting);
        (!rows.is_empty()).then_some((setting.id, setting.title, rows))
    }) {
        page.begin(&format!("{id}, solved"), &title);
        rows.into_iter().for_each(|row| page.add(row));
    }
}

pub(super) fn system(name: &str, text: &str) -> System {
    let topology = Topology::from_str(name, text).unwrap_or_else(|error| panic!("{error}"));
    System::compile(topology)
}

pub(super) fn plan(system: &System, hours: f64) -> Plan {
    Plan { horizon: SimSpan::from_seconds(hours * HOUR), ..system.plan(1) }
}

/// The answers about a journey and so many hours.
type Known = (usize, f64, Option<ExactOutages>);

/// What a measure comes to; `None` if it is of another kind, or what it is about has no chain.
fn of_outages(system: &System, measure: &Value, known: &mut Vec<Known>) -> Option<Row> {
    let name = measure["name"].as_str().unwrap();
    let names: Vec<&str> = system.topology().journeys.iter().map(|j| j.name.as_str()).collect();
    let journey = place_of(&names, measure);
    let mut of = |hours: f64| {
        let same = |known: &&Known| (known.0, known.1) == (journey, hours);
        if let Some((_, _, found)) = known.iter().find(same) {
            return *found;
        }
        let found = system
            .exact_outages(&plan(system, hours), JourneyId::new(journey), MOST_STATES_BESIDE)
            .ok();
        known.push((journey, hours, found));
        found
    };
    let (found, states) = answer(name, measure, &mut of)?;
    Some(row(found, chain_of(states), measure))
}

fn chain_of(states: usize) -> String {
    format!("Markov chain of {states} states")
}

/// What a measure comes to by a decision diagram; `None` if it is of another kind, or there is none.
fn of_diagram(system: &System, measure: &Value) -> Option<Row> {
    let name = measure["name"].as_str().unwrap();
    let names: Vec<&str> = system.topology().journeys.iter().map(|j| j.name.as_str()).collect();
    let journey = JourneyId::new(place_of(&names, measure));
    let at = number_in(name, "prob_below_minimum_at_", "h");
    let hours = at.or(measure["horizon_hours"].as_f64()).unwrap_or(YEAR_HOURS);
    let found = static_answer(
        system.model(),
        journey,
        (SimSpan::ZERO, SimSpan::from_seconds(hours * HOUR)),
    )
    .ok()?;
    let interval = found.interval.as_ref().ok();
    let value = match name {
        _ if at.is_some() => interval?.unavailability_at_end,
        "steady_state_unavailability" => found.unavailability,
        "steady_state_availability" => 1.0 - found.unavailability,
        "expected_downtime_hours_per_year" => found.unavailability * YEAR_HOURS,
        "outages_per_year" => found.outages_per_year,
        "mean_outage_duration_hours" => found.mean_outage_s? / HOUR,
        "interval_unavailability" => interval?.unavailability,
        "interval_availability" => 1.0 - interval?.unavailability,
        "expected_outages_in_horizon" => interval?.outages_per_year * hours / YEAR_HOURS,
        _ => return None,
    };
    Some(row(value, format!("decision diagram of {} nodes", found.nodes), measure))
}

fn answer(
    name: &str,
    measure: &Value,
    of: &mut dyn FnMut(f64) -> Option<ExactOutages>,
) -> Option<(f64, usize)> {
    let known = |number: Result<Exact, Unsolved>| number.ok().map(|exact| exact.value);
    let horizon = measure["horizon_hours"].as_f64().unwrap_or(YEAR_HOURS);
    let mut any = |hours: f64| {
        let exact = of(hours)?;
        Some((known(exact.p_outage?)?, exact.states))
    };
    if let Some(hours) = number_in(name, "prob_no_outage_in_", "h") {
        let exact = of(hours)?;
        return Some((known(exact.p_no_outage?)?, exact.states));
    }
    for before in ["prob_qos_lost_within_", "prob_system_failure_within_"] {
        if let Some(hours) = number_in(name, before, "h") {
            return any(hours);
        }
    }
    if let Some(hours) = number_in(name, "expected_hours_below_minimum_in_", "h") {
        let exact = of(hours)?;
        return Some((exact.within.ok()?.share.value * hours, exact.states));
    }
    if let Some(time) = number_in(name, "unreliability_at_", "") {
        return any(time * hours_per_unit(measure));
    }
    let exact = of(horizon)?;
    let found = match name {
        "steady_state_unavailability" => exact.long_run.ok()?.share.value,
        "steady_state_availability" => 1.0 - exact.long_run.ok()?.share.value,
        "expected_downtime_hours_per_year" => exact.long_run.ok()?.share.value * YEAR_HOURS,
        "outages_per_year" => exact.long_run.ok()?.frequency.value * YEAR_HOURS * HOUR,
        "mean_outage_duration_hours" => {
            let long_run = exact.long_run.ok()?;
            long_run.share.value / long_run.frequency.value / HOUR
        }
        "mttf_first_outage_hours" => exact.first_outage.ok()??.value / HOUR,
        "mttf" => exact.first_outage.ok()??.value / HOUR / hours_per_unit(measure),
        "interval_unavailability" => exact.within.ok()?.share.value,
        "interval_availability" => 1.0 - exact.within.ok()?.share.value,
        "expected_outages_in_horizon" => exact.within.ok()?.count.value,
        "prob_no_outage_in_horizon" => known(exact.p_no_outage?)?,
        "prob_any_outage_in_horizon" => known(exact.p_outage?)?,
        _ => return None,
    };
    Some((found, exact.states))
}

/// What a setting of a case about data comes to.
fn of_losses(setting: &losses::Solvable) -> Vec<Row> {
    let system = system(setting.id, &setting.text);
    let classes = &system.topology().data;
    let class = classes.iter().position(|class| class.name == setting.class).unwrap();
    let within = |hours: f64| {
        system.exact_loss(&plan(&system, hours), DataId::new(class), MOST_STATES_BESIDE).ok()
    };
    let of = |measure: &Value| -> Option<Row> {
        let name = measure["name"].as_str().unwrap();
        let hours = if name.contains("_10_years") { 10.0 } else { 1.0 } * YEAR_HOURS;
        let ExactLoss { states, p_loss, first_loss, .. } = within(hours)?;
        let found = match name {
            "prob_data_loss_in_1_year" | "prob_data_loss_in_10_years" => p_loss.ok()?.value,
            "mttdl_hours" => first_loss.ok()??.value / HOUR,
            "mttdl_years" => first_loss.ok()??.value / HOUR / YEAR_HOURS,
            _ => return None,
        };
        Some(row(found, chain_of(states), measure))
    };
    setting.measures.iter().filter_map(of).collect()
}

fn row(found: f64, run: String, record: &Value) -> Row {
    let name = record["name"].as_str().unwrap();
    let label = record["label"].as_str().map_or_else(String::new, |label| format!(" [{label}]"));
    let measure = format!("{name}{label}");
    let exact = record["value"].as_f64().unwrap();
    let trusted = record["digits_trusted"].as_i64().unwrap_or(i64::from(MOST_DIGITS)) as i32;
    let digits = (trusted - 1).clamp(LEAST_DIGITS, MOST_DIGITS);
    // Of what is one but for a little, the digits are those of the little.
    let distance = (found - exact).abs() / exact.abs();
    let agrees = distance < f64::powi(10.0, -digits);
    Row {
        measure,
        run,
        estimate: found,
        std_error: None,
        exact,
        sigmas: if agrees { 0.0 } else { f64::INFINITY },
        digits: Some(digits as u32),
    }
}
