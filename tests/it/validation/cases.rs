//! Cases with records: `tests/data/cases/` holds one for each, with its exact answers, and beside it
//! the topology that says the same, with the record's parameters filled in.

use std::fs;

use ninefold::measure::{JourneyEstimates, OutageLengths};
use ninefold::report::JourneyMeasures;
use ninefold::units::SimSpan;
use ninefold::{Plan, Report, System, Topology, Until};
use serde_json::Value;

use super::{HOUR, Page, Row, YEAR_HOURS, compared, formula, may_be_chance};

/// How exactly lengths of outages are kept.
const LENGTH_TOLERANCE: f64 = 1e-3;

/// How much of each kind of run a case gets.
pub(super) struct Case {
    pub(super) id: &'static str,
    /// Lives of the horizon that a measure names.
    first_year: u64,
    /// Lives and years after the warm-up, for long-run measures.
    long_run: (u64, f64),
    /// Years before long-run measures begin: many lifetimes of each unit, except for the drives of
    /// f07, whose law has no memory.
    warm_up: f64,
    /// Lives to the first outage.
    first_outage: u64,
}

const fn case(id: &'static str) -> Case {
    Case { id, first_year: 40_000, long_run: (2_000, 50.0), warm_up: 20.0, first_outage: 10_000 }
}

pub(super) const CASES: &[Case] = &[
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
    case("b04-cold-standby-one-crew"),
    case("b05-warm-standby-2of4"),
    case("b06-hot-standby-coverage"),
    Case { long_run: (10_000, 50.0), first_outage: 2_000, ..case("b10-load-sharing-1of3") },
    case("c05-beta-factor-common-cause"),
    case("d01-bridge-network"),
    case("d02-two-services-shared-nodes"),
    case("d04-three-tier-three-zones"),
    case("d06-restart-cascade"),
    case("e01-primary-standby-fixed-failover"),
    case("e02-failover-and-planned-failback"),
    case("e04-business-hours-repair"),
    case("e09-rto-heartbeat-promotion-dns"),
    Case { long_run: (20_000, 200.0), ..case("f07-ec4-over-8-drives") },
    case("g01-rolling-restart-fixed-schedule"),
    case("g03-age-replacement"),
    case("h04-cache-masks-short-outages"),
    Case { long_run: (10_000, 50.0), first_outage: 500, ..case("i01-workstation-cluster-n2") },
    Case { long_run: (8_000, 50.0), first_outage: 500, ..case("i02-workstation-cluster-n4") },
    Case { long_run: (6_000, 50.0), first_outage: 250, ..case("i03-workstation-cluster-n8") },
    case("i05-dft-cardiac-assist"),
    case("i06-dft-distributed-computing"),
    Case { long_run: (400, 1.0), warm_up: 0.05, ..case("i09-static-ft-water-network") },
    Case {
        long_run: (4_000, 20.0),
        warm_up: 1.0,
        ..case("i10-database-system-independent-repair")
    },
];

/// Measures of the records that belong to parts that are not in this version, and which.
const NOT_YET: &[(&str, &str)] = &[
    ("fraction_of_time_on_backup", "who serves is not measured"),
    ("expected_repairs_completed_in_100h", "repairs are not counted"),
    ("prob_below_minimum_at_100h", "availability at an instant; it is over parts of a life"),
    ("best_replacement_age_hours", "a search for the best value"),
];

/// Measures of the records that are compared among the losses of data.
const OF_LOSSES: &[&str] =
    &["mttdl_hours", "mttdl_years", "prob_data_loss_in_1_year", "prob_data_loss_in_10_years"];

/// All cases: a section each, and the rows that miss.
pub(super) fn sections(page: &mut Page) {
    let mut not_yet = Vec::new();
    for case in CASES {
        let record = record(case.id);
        page.begin(case.id, record["title"].as_str().unwrap());
        let (mut runs, mut again) = (Runs::new(case, &record, 1), Runs::new(case, &record, 10));
        for measure in record["measures"].as_array().unwrap() {
            let name = measure["name"].as_str().unwrap();
            if OF_LOSSES.contains(&name) {
                continue;
            }
            if let Some((_, part)) = NOT_YET.iter().find(|(later, _)| *later == name) {
                not_yet.push(format!("- {}: `{name}` ({part})\n", case.id));
                continue;
            }
            if is_of_rare_outages(&record, measure) {
                let label = measure["label"].as_str().unwrap_or_default();
                not_yet.push(format!("- {}: `{name}` [{label}] (rare events)\n", case.id));
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

/// Whether a measure is of outages of which no run of a few minutes sees any.
fn is_of_rare_outages(record: &Value, measure: &Value) -> bool {
    const OF_OUTAGES: &[&str] = &["outages_per_year", "mean_outage_duration_hours"];
    let is_rare = |other: &Value| {
        other["label"] == measure["label"]
            && other["name"] == "steady_state_unavailability"
            && other["value"].as_f64().unwrap() < LEAST_SEEN
    };
    OF_OUTAGES.contains(&measure["name"].as_str().unwrap())
        && record["measures"].as_array().unwrap().iter().any(is_rare)
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

    fn long_run(&mut self, case: &Case) -> (&Report, String) {
        let ((lives, years), warm_up) = (case.long_run, case.warm_up);
        let description = format!("{} lives, {years} y after warm-up", lives * self.factor);
        let report = self.run(&description, |plan| Plan {
            replications: lives,
            horizon: SimSpan::from_seconds(years * YEAR_HOURS * HOUR),
            warm_up: SimSpan::from_seconds(warm_up * YEAR_HOURS * HOUR),
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
/// probability and what remains of it, and `${odds p}` that of not against that of it.
pub(crate) fn filled_in(template: &str, parameters: &Value) -> String {
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
            ["odds", name] => ((1.0 - value(name)) / value(name)).to_string(),
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
    // The bridge's wrong answer leaves out a link, that of business hours stretches the repair; all
    // others multiply what is not independent.
    let naive = measure["naive_wrong_value"].as_f64();
    let is_another = ["d01", "e04"].iter().any(|id| case.id.starts_with(id));
    if let (Some(naive), "steady_state_unavailability", false) =
        (naive, measure["name"].as_str().unwrap(), is_another)
    {
        let (report, _) = runs.long_run(case);
        let product = journey(report, measure).1.unwrap();
        rows.push(formula("product of availabilities", product, naive));
    }
    rows
}

/// The journey that a measure is about, and the product of its availabilities.
fn journey<'a>(report: &'a Report, measure: &Value) -> (&'a JourneyMeasures, Option<f64>) {
    let names: Vec<&str> = report.journeys.iter().map(|journey| journey.name.as_str()).collect();
    let found = &report.journeys[place_of(&names, measure)];
    (&found.measures, found.spreadsheet.as_ref().map(|sheet| sheet.unavailability))
}

/// Which of these journeys a measure is about: the one whose name stands in the label, or at the end
/// of the name, or else the first.
pub(super) fn place_of(journeys: &[&str], measure: &Value) -> usize {
    let label = measure["label"].as_str().unwrap_or("");
    let name = measure["name"].as_str().unwrap();
    let is_meant = |journey: &str| {
        let words = journey.replace('-', " ");
        let is_labelled = match words.len() {
            // Too short to be looked for among other words.
            0..=3 => label.split(|c: char| !c.is_alphanumeric()).next() == Some(journey),
            _ => label.contains(&words),
        };
        let ends_in = name.starts_with("availability_") || name.starts_with("visible_");
        is_labelled || ends_in && name.ends_with(&format!("_{}", words.replace(' ', "_")))
    };
    let by_hand = BY_HAND.iter().find(|(measure, _)| *measure == name).map(|(_, journey)| *journey);
    let found = journeys
        .iter()
        .position(|journey| by_hand.map_or_else(|| is_meant(journey), |to| *journey == to));
    found.unwrap_or(0)
}

/// Measures whose names do not end with the journey that they are about.
const BY_HAND: &[(&str, &str)] = &[
    ("availability_in_business_hours", "in-business"),
    ("availability_outside_business_hours", "outside"),
    ("prob_full_capacity", "full"),
    ("unavailability_without_random_failures", "restarts-only"),
    ("availability_run_to_failure", "run-to-failure"),
    ("availability_at_best_age", "at-best-age"),
    ("visible_outages_per_year_auth", "auth"),
];

fn window<'a>(report: &'a Report, measure: &Value) -> &'a JourneyEstimates {
    match journey(report, measure).0 {
        JourneyMeasures::Window(estimates, _) => estimates,
        _ => panic!("a run of equal lives"),
    }
}

fn outages<'a>(report: &'a Report, measure: &Value) -> &'a OutageLengths {
    window(report, measure).outages.as_ref().expect("outages were seen")
}

/// The number between two parts of a measure's name.
pub(super) fn number_in(name: &str, before: &str, after: &str) -> Option<f64> {
    name.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

fn row(case: &Case, measure: &Value, runs: &mut Runs) -> Row {
    let name = measure["name"].as_str().unwrap();
    let exact = measure["value"].as_f64().unwrap();
    let hours = measure["horizon_hours"].as_f64().unwrap_or(YEAR_HOURS);
    let label = measure["label"].as_str().map_or_else(String::new, |label| format!(" [{label}]"));
    let of = |run: String, found: (f64, Option<f64>)| {
        compared(&format!("{name}{label}"), run, found, exact)
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
        let (report, run) = runs.long_run(case);
        let outages = outages(report, measure);
        let count = outages.count - outages.censored;
        return of(run, share(longer_than(&outages.exceedance, hours * HOUR, count, 1.0), count));
    }
    if let Some(percent) = number_in(name, "outage_duration_p", "_hours") {
        let (report, run) = runs.long_run(case);
        return quantile(of(run, (0.0, None)), outages(report, measure), percent / 100.0);
    }
    if let Some(hours) = number_in(name, "prob_qos_lost_within_", "h") {
        let (report, run) = runs.horizon(case.first_year, hours);
        let lives = report.run.replications;
        return of(run, share(1.0 - window(report, measure).p_no_outage.mean, lives));
    }
    if let Some(hours) = number_in(name, "expected_hours_below_minimum_in_", "h") {
        let (report, run) = runs.horizon(case.first_year, hours);
        return of(run, scaled(window(report, measure).unavailability, hours));
    }
    if let Some(time) = number_in(name, "unreliability_at_", "") {
        let (report, run) = runs.horizon(case.first_year, time * hours_per_unit(measure));
        let lives = report.run.replications;
        return of(run, share(1.0 - window(report, measure).p_no_outage.mean, lives));
    }
    if let Some(seconds) = number_in(name, "prob_rto_exceeds_", "s") {
        let (report, run) = runs.long_run(case);
        let outages = outages(report, measure);
        let count = outages.count - outages.censored;
        return of(run, share(longer_than(&outages.exceedance, seconds, count, 1.0), count));
    }
    if let Some(percent) = number_in(name, "rto_p", "_seconds") {
        let (report, run) = runs.long_run(case);
        let row = of(run, (0.0, None));
        let in_hours = Row { exact: exact / HOUR, ..row };
        let row = quantile(in_hours, outages(report, measure), percent / 100.0);
        return Row { exact, estimate: row.estimate * HOUR, ..row };
    }
    match name {
        // Units that are independent: the product is exact, and simulation cannot see so far.
        "steady_state_unavailability" if exact < LEAST_SEEN => {
            let (report, _) = runs.long_run(case);
            formula(&format!("{name}{label}"), journey(report, measure).1.unwrap(), exact)
        }
        "mttf" => {
            let (report, run) = runs.first_outage(case.first_outage);
            let JourneyMeasures::FirstOutage(first) = journey(report, measure).0 else {
                panic!("a run to the first outage")
            };
            let mean = first.mean.expect("every life has a first outage");
            of(run, scaled(mean, 1.0 / HOUR / hours_per_unit(measure)))
        }
        "interval_availability_first_week" => {
            let (report, run) = runs.horizon(case.first_year, 168.0);
            of(run, scaled(window(report, measure).availability.mean, 1.0))
        }
        "fraction_of_downtime_from_manual_repairs" => {
            let (report, run) = runs.long_run(case);
            let JourneyMeasures::Window(_, causes) = journey(report, measure).0 else {
                panic!("a run of equal lives")
            };
            let manual =
                causes.by_unit.iter().find(|cause| cause.branch.as_deref() == Some("manual"));
            let manual = manual.expect("manual repairs are told apart");
            let (low, high) = manual.downtime_share_ci95.unwrap();
            of(run, (manual.downtime_share, Some((high - low) / 2.0 / 1.959_964)))
        }
        "fraction_of_outages_that_are_exactly_one_failover" => {
            let (report, run) = runs.long_run(case);
            let outages = outages(report, measure);
            let count = outages.count - outages.censored;
            let longer = |edge| longer_than(&outages.exceedance, 0.025 * HOUR, count, edge);
            let exactly = longer(1.0 - LENGTH_TOLERANCE) - longer(1.0 + LENGTH_TOLERANCE);
            of(run, share(exactly, count))
        }
        "naive_product_A_times_B" => {
            let (report, _) = runs.long_run(case);
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
            let (report, run) = runs.long_run(case);
            let estimates = window(report, measure);
            let found = match name {
                "steady_state_unavailability" => scaled(estimates.unavailability, 1.0),
                "outages_per_year" | "visible_outages_per_year_auth" => {
                    scaled(estimates.outages_per_year, 1.0)
                }
                "planned_outages_per_year" => {
                    scaled(estimates.by_intent.planned.outages_per_year, 1.0)
                }
                "unplanned_outages_per_year" => {
                    scaled(estimates.by_intent.unplanned.outages_per_year, 1.0)
                }
                "unavailability_unplanned_only" => {
                    let seconds = estimates.by_intent.unplanned.downtime_s_per_year;
                    scaled(seconds, 1.0 / HOUR / YEAR_HOURS)
                }
                "availability_in_business_hours" | "availability_outside_business_hours" => {
                    scaled(estimates.availability_during.unwrap(), 1.0)
                }
                "prob_full_capacity" => scaled(estimates.availability.mean, 1.0),
                "top_event_probability" => scaled(estimates.unavailability, 1.0),
                // Nothing at all, and so nothing that could vary.
                "unavailability_without_random_failures" => {
                    assert!(estimates.outages.is_none());
                    (0.0, Some(0.0))
                }
                "mean_rto_seconds" => scaled(outages(report, measure).mean.unwrap(), 1.0),
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

/// Unavailabilities below which a run of a few minutes sees nothing.
const LEAST_SEEN: f64 = 1e-8;

/// How many hours the unit of time of a measure is: of a published system that comes in two scales,
/// the other one.
pub(super) fn hours_per_unit(measure: &Value) -> f64 {
    let label = measure["label"].as_str().unwrap_or("");
    if label.starts_with("rates per time unit") { 10_000.0 } else { 1.0 }
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

pub(crate) fn record(id: &str) -> Value {
    let text = fs::read_to_string(format!("tests/data/cases/{id}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}
