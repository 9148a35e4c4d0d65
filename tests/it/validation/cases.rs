//! Cases with records: `tests/data/cases/` holds one for each, with its exact answers, and beside it
//! the topology that says the same, with the record's parameters filled in.

use std::fs;

use ninefold::measure::{JourneyEstimates, OutageLengths};
use ninefold::report::JourneyMeasures;
use ninefold::units::SimSpan;
use ninefold::{Plan, Report, System, Topology, Until};
use serde_json::Value;

use super::{FORMULA_TOLERANCE, HOUR, Page, Row, YEAR_HOURS, formula, may_be_chance};

/// How exactly lengths of outages are kept.
const LENGTH_TOLERANCE: f64 = 1e-3;

/// How much of each kind of run a case gets.
struct Case {
    id: &'static str,
    /// Lives of the horizon that a measure names.
    first_year: u64,
    /// Lives and years after the warm-up, for long-run measures.
    long_run: (u64, f64),
    /// Lives to the first outage.
    first_outage: u64,
}

const fn case(id: &'static str) -> Case {
    Case { id, first_year: 40_000, long_run: (2_000, 50.0), first_outage: 10_000 }
}

/// Years before long-run measures begin: many lifetimes of each unit of each case, except for the
/// drives of f07, whose law has no memory.
const WARM_UP_YEARS: f64 = 20.0;

const CASES: &[Case] = &[
    case("a01-single-exp"),
    case("a02-weibull07-det-repair"),
    case("a04-exp-uniform-repair"),
    case("a06-auto-restart-or-human"),
    case("a08-erlang-up-erlang-repair"),
    case("b01-2of3-independent-repair"),
    case("b02-3of5-single-crew"),
    case("b08-2of3-weibull-lognormal"),
    case("c01-quorum3-one-zone"),
    case("c02-quorum3-three-zones"),
    Case { long_run: (20_000, 50.0), first_outage: 1_000, ..case("c07-read-write-quorums") },
    case("d01-bridge-network"),
    case("d02-two-services-shared-nodes"),
    case("d04-three-tier-three-zones"),
    Case { long_run: (20_000, 200.0), ..case("f07-ec4-over-8-drives") },
];

/// Measures of the records that belong to parts that are not in this version, and which.
const NOT_YET: &[(&str, &str)] = &[
    ("fraction_of_downtime_from_manual_repairs", "downtime by branch of a mixture"),
    ("mttdl_hours", "data durability"),
    ("mttdl_years", "data durability"),
    ("prob_data_loss_in_1_year", "data durability"),
    ("prob_data_loss_in_10_years", "data durability"),
];

/// All cases: a section each, and the rows that miss.
pub(super) fn sections(page: &mut Page) {
    let mut not_yet = Vec::new();
    for case in CASES {
        let record = record(case.id);
        page.begin(case.id, record["title"].as_str().unwrap());
        let (mut runs, mut again) = (Runs::new(case, &record, 1), Runs::new(case, &record, 10));
        for measure in record["measures"].as_array().unwrap() {
            let name = measure["name"].as_str().unwrap();
            if let Some((_, part)) = NOT_YET.iter().find(|(later, _)| *later == name) {
                not_yet.push(format!("- {}: `{name}` ({part})\n", case.id));
                continue;
            }
            for row in rows(case, measure, &mut runs, &mut again) {
                page.add(row);
            }
        }
    }
    page.say("\n## Not in this version\n\nAnswers of these cases that wait for other parts:\n\n");
    page.say(&not_yet.concat());
}

/// Fills in a topology and runs it as each measure needs, each run only once.
struct Runs {
    system: System,
    factor: u64,
    done: Vec<(String, Report)>,
}

impl Runs {
    fn new(case: &Case, record: &Value, factor: u64) -> Runs {
        let path = format!("tests/data/cases/{}.yaml", case.id);
        let template = fs::read_to_string(&path).unwrap();
        let text = filled_in(&template, &record["parameters"]);
        let topology = Topology::from_str(&path, &text).unwrap_or_else(|error| panic!("{error}"));
        Runs { system: System::compile(topology), factor, done: Vec::new() }
    }

    /// The report of a run, which its description names.
    fn run(&mut self, description: &str, plan: impl FnOnce(Plan) -> Plan) -> &Report {
        if let Some(known) = self.done.iter().position(|(known, _)| known == description) {
            return &self.done[known].1;
        }
        let plan = plan(self.system.plan(1));
        let plan = Plan { replications: plan.replications * self.factor, ..plan };
        let report = self.system.simulate(&plan).unwrap();
        self.done.push((description.to_owned(), report));
        &self.done.last().unwrap().1
    }

    fn horizon(&mut self, lives: u64, hours: f64) -> (&Report, String) {
        let description = format!("{} lives of {hours} h", lives * self.factor);
        let report = self.run(&description, |plan| Plan {
            replications: lives,
            horizon: SimSpan::from_seconds(hours * HOUR),
            ..plan
        });
        (report, description)
    }

    fn long_run(&mut self, (lives, years): (u64, f64)) -> (&Report, String) {
        let description = format!("{} lives, {years} y after warm-up", lives * self.factor);
        let report = self.run(&description, |plan| Plan {
            replications: lives,
            horizon: SimSpan::from_seconds(years * YEAR_HOURS * HOUR),
            warm_up: SimSpan::from_seconds(WARM_UP_YEARS * YEAR_HOURS * HOUR),
            ..plan
        });
        (report, description)
    }

    fn first_outage(&mut self, lives: u64) -> (&Report, String) {
        let description = format!("{} lives to the first outage", lives * self.factor);
        let horizon = self.system.horizon_to_first_outage();
        let report = self.run(&description, |plan| Plan {
            replications: lives,
            horizon,
            until: Until::FirstOutage,
            ..plan
        });
        (report, description)
    }
}

/// `${name}` and `${name.part}` become the parameter's number; `${percent p}` and `${rest p}` a
/// probability and what remains of it.
fn filled_in(template: &str, parameters: &Value) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("${") {
        let end = start + rest[start..].find('}').unwrap();
        text += &rest[..start];
        let words: Vec<&str> = rest[start + 2..end].split_whitespace().collect();
        let value = |name: &str| {
            let value = match name.split_once('.') {
                Some((name, part)) => &parameters[name][part],
                None => &parameters[name]["value"],
            };
            value.as_f64().unwrap_or_else(|| panic!("no parameter {name}"))
        };
        text += &match words.as_slice() {
            ["percent", name] => format!("{}%", 100.0 * value(name)),
            ["rest", name] => format!("{}%", 100.0 - 100.0 * value(name)),
            [name] => value(name).to_string(),
            _ => panic!("{words:?}"),
        };
        rest = &rest[end + 1..];
    }
    text + rest
}

/// The rows of one measure; what misses by little comes from ten times the lives.
fn rows(case: &Case, measure: &Value, runs: &mut Runs, again: &mut Runs) -> Vec<Row> {
    let row = row(case, measure, runs);
    let row = match may_be_chance(row.sigmas) {
        true => self::row(case, measure, again),
        false => row,
    };
    let mut rows = vec![row];
    // The bridge's wrong answer leaves out a link; all others multiply what is not independent.
    let naive = measure["naive_wrong_value"].as_f64();
    if let (Some(naive), "steady_state_unavailability", false) =
        (naive, measure["name"].as_str().unwrap(), case.id.starts_with("d01"))
    {
        let (report, _) = runs.long_run(case.long_run);
        let product = journey(report, measure).1.unwrap();
        rows.push(formula("product of availabilities", product, naive));
    }
    rows
}

/// The journey that a measure is about, by the first word of its label or the last of its name, and
/// the product of its availabilities.
fn journey<'a>(report: &'a Report, measure: &Value) -> (&'a JourneyMeasures, Option<f64>) {
    let label = measure["label"].as_str().unwrap_or("");
    let label = label.split(|c: char| !c.is_alphanumeric()).next().unwrap();
    // `availability_service_A` and `availability_tier_db` end in the name of their journey.
    let name = measure["name"].as_str().unwrap();
    let name = match name.starts_with("availability_") {
        true => name.rsplit('_').next().unwrap(),
        false => "",
    };
    let journeys = &report.journeys;
    let found = journeys
        .iter()
        .find(|journey| journey.name == label || journey.name == name)
        .unwrap_or(&journeys[0]);
    (&found.measures, found.spreadsheet.as_ref().map(|sheet| sheet.unavailability))
}

fn window<'a>(report: &'a Report, measure: &Value) -> &'a JourneyEstimates {
    match journey(report, measure).0 {
        JourneyMeasures::Window(estimates, _) => estimates,
        JourneyMeasures::FirstOutage(_) => panic!("a run of equal lives"),
    }
}

fn outages<'a>(report: &'a Report, measure: &Value) -> &'a OutageLengths {
    window(report, measure).outages.as_ref().expect("outages were seen")
}

/// The number between two parts of a measure's name.
fn number_in(name: &str, before: &str, after: &str) -> Option<f64> {
    name.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

fn row(case: &Case, measure: &Value, runs: &mut Runs) -> Row {
    let name = measure["name"].as_str().unwrap();
    let exact = measure["value"].as_f64().unwrap();
    let hours = measure["horizon_hours"].as_f64().unwrap_or(YEAR_HOURS);
    let label = measure["label"].as_str().map_or_else(String::new, |label| format!(" [{label}]"));
    let of = |run: String, (estimate, std_error): (f64, Option<f64>)| Row {
        measure: format!("{name}{label}"),
        run,
        estimate,
        std_error,
        exact,
        sigmas: match std_error {
            // What never varies must be right as it is.
            Some(0.0) if (estimate / exact - 1.0).abs() < FORMULA_TOLERANCE => 0.0,
            Some(error) => (estimate - exact) / error,
            None => f64::NAN,
        },
    };
    let scaled = |estimate: ninefold::stats::Estimate, scale: f64| {
        (estimate.mean * scale, estimate.std_error.map(|error| error * scale))
    };
    // The error of a share under the exact answer: few successes would make their own unreliable.
    let share = |estimate: f64, trials: u64| {
        (estimate, Some((exact * (1.0 - exact) / trials as f64).sqrt()))
    };
    if let Some(hours) = number_in(name, "prob_no_outage_in_", "h") {
        let (report, run) = runs.horizon(case.first_year, hours);
        let lives = report.run.replications;
        return of(run, share(window(report, measure).p_no_outage.mean, lives));
    }
    if let Some(hours) = number_in(name, "prob_total_downtime_in_year_exceeds_", "h") {
        let (report, run) = runs.horizon(case.first_year, YEAR_HOURS);
        let lives = report.run.replications;
        let exceedance = &window(report, measure).downtime_exceedance;
        return of(run, share(longer_than(exceedance, hours * HOUR, lives, 1.0), lives));
    }
    if let Some(hours) = number_in(name, "prob_outage_longer_than_", "h") {
        let (report, run) = runs.long_run(case.long_run);
        let outages = outages(report, measure);
        let count = outages.count - outages.censored;
        return of(run, share(longer_than(&outages.exceedance, hours * HOUR, count, 1.0), count));
    }
    if let Some(percent) = number_in(name, "outage_duration_p", "_hours") {
        let (report, run) = runs.long_run(case.long_run);
        return quantile(of(run, (0.0, None)), outages(report, measure), percent / 100.0);
    }
    match name {
        "naive_product_A_times_B" => {
            let (report, _) = runs.long_run(case.long_run);
            let product = journey(report, measure).1.unwrap();
            formula(name, 1.0 - product, exact)
        }
        "interval_unavailability" => {
            let (report, run) = runs.horizon(case.first_year, hours);
            of(run, scaled(window(report, measure).unavailability, 1.0))
        }
        "interval_availability" => {
            let (report, run) = runs.horizon(case.first_year, hours);
            of(run, scaled(window(report, measure).availability.mean, 1.0))
        }
        "expected_outages_in_horizon" => {
            let (report, run) = runs.horizon(case.first_year, hours);
            of(run, scaled(window(report, measure).outages_per_year, hours / YEAR_HOURS))
        }
        "prob_no_outage_in_horizon" => {
            let (report, run) = runs.horizon(case.first_year, hours);
            let lives = report.run.replications;
            of(run, share(window(report, measure).p_no_outage.mean, lives))
        }
        "prob_any_outage_in_horizon" => {
            let (report, run) = runs.horizon(case.first_year, hours);
            let lives = report.run.replications;
            of(run, share(1.0 - window(report, measure).p_no_outage.mean, lives))
        }
        "mttf_first_outage_hours" => {
            let (report, run) = runs.first_outage(case.first_outage);
            let JourneyMeasures::FirstOutage(first) = journey(report, measure).0 else {
                panic!("a run to the first outage")
            };
            let mean = first.mean.expect("every life has a first outage");
            of(run, scaled(mean, 1.0 / HOUR))
        }
        _ => {
            let (report, run) = runs.long_run(case.long_run);
            let estimates = window(report, measure);
            let found = match name {
                "steady_state_unavailability" => scaled(estimates.unavailability, 1.0),
                "outages_per_year" => scaled(estimates.outages_per_year, 1.0),
                "expected_downtime_hours_per_year" => {
                    scaled(estimates.downtime_s_per_year, 1.0 / HOUR)
                }
                "mean_outage_duration_hours" => {
                    scaled(outages(report, measure).mean.unwrap(), 1.0 / HOUR)
                }
                availability if availability.contains("availability") => {
                    scaled(estimates.availability.mean, 1.0)
                }
                other => panic!("{}: no way to compare {other}", case.id),
            };
            of(run, found)
        }
    }
}

/// The share of so many lengths that are longer than `seconds` times `edge`.
fn longer_than(exceedance: &[(f64, u64)], seconds: f64, count: u64, edge: f64) -> f64 {
    let up_to = exceedance.iter().take_while(|(length, _)| *length <= seconds * edge).last();
    up_to.map_or(count, |(_, longer)| *longer) as f64 / count as f64
}

/// A percentile agrees if the share of outages up to it does; where many outages have just that
/// length, if the share lies between those below it and those up to it.
fn quantile(row: Row, outages: &OutageLengths, share: f64) -> Row {
    let count = outages.count - outages.censored;
    let seconds = row.exact * HOUR;
    let upto = 1.0 - longer_than(&outages.exceedance, seconds, count, 1.0 + LENGTH_TOLERANCE);
    let below = 1.0 - longer_than(&outages.exceedance, seconds, count, 1.0 - LENGTH_TOLERANCE);
    let error = (share * (1.0 - share) / count as f64).sqrt();
    let nearest = share.clamp(below, upto);
    let at = |share: f64| match outages.quantiles {
        Some([p50, _, p95, p99]) => match share {
            0.5 => p50,
            0.95 => p95,
            _ => p99,
        },
        None => f64::NAN,
    };
    Row { estimate: at(share) / HOUR, sigmas: (nearest - share) / error, ..row }
}

fn record(id: &str) -> Value {
    let text = fs::read_to_string(format!("tests/data/cases/{id}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}
