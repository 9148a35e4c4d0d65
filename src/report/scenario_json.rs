//! What came of scenarios as JSON, version `ninefold-scenario/1`, and as JUnit XML.

use std::io;

use quick_xml::events::BytesText;
use quick_xml::writer::Writer;
use serde::Serialize;

use super::json::{Interval, Ordered, rendered};
use super::scenario::ScenarioReport;
use super::scenario_text::{clock, judged, spread};
use crate::measure::{Held, Spread};
use crate::spec::Expectation;

/// The version of the format.
const SCHEMA: &str = "ninefold-scenario/1";

/// A JSON Schema (draft 7) of results of scenarios, as this version writes them.
pub const SCENARIO_RESULT_SCHEMA: &str = include_str!("scenario-result.schema.json");

#[derive(Serialize)]
struct Root<'a> {
    schema: &'static str,
    version: &'static str,
    scenarios: Vec<ScenarioJson<'a>>,
}

#[derive(Serialize)]
struct ScenarioJson<'a> {
    scenario: &'a str,
    about: Option<&'a str>,
    document: Option<DocumentJson<'a>>,
    topology: TopologyJson<'a>,
    run: Run,
    holds: bool,
    steps: Vec<StepJson<'a>>,
    expectations: Vec<ExpectationJson<'a>>,
    journeys: Ordered<JourneyJson>,
    redundancy_restored_s: SpreadJson,
    data: Ordered<DataJson>,
    life: LifeJson<'a>,
}

#[derive(Serialize)]
struct DocumentJson<'a> {
    lines: Option<&'a str>,
    expects: Option<&'a str>,
}

#[derive(Serialize)]
struct TopologyJson<'a> {
    name: &'a str,
    sha256: &'a str,
}

#[derive(Serialize)]
struct Run {
    lives: u64,
    seed: u64,
    lasts_s: f64,
    failures: &'static str,
    events: u64,
    is_partial: bool,
}

#[derive(Serialize)]
struct StepJson<'a> {
    at_s: Option<f64>,
    after_s: Option<f64>,
    what: &'a str,
}

#[derive(Serialize)]
struct ExpectationJson<'a> {
    expectation: &'a str,
    document: Option<&'a str>,
    is_required: bool,
    least_probability: f64,
    holds: bool,
    lives: u64,
    probability: Option<Interval>,
    measured_s: Option<SpreadJson>,
}

#[derive(Serialize)]
struct JourneyJson {
    down_s: SpreadJson,
    longest_outage_s: SpreadJson,
    back_after_s: SpreadJson,
    lives_down: usize,
}

#[derive(Serialize)]
struct DataJson {
    lost_s: SpreadJson,
}

/// Percentiles over lives; nothing where it never came to pass in such a life.
#[derive(Serialize)]
struct SpreadJson {
    p5: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
    never: usize,
}

#[derive(Serialize)]
struct LifeJson<'a> {
    number: u64,
    lines: Vec<LineJson<'a>>,
}

#[derive(Serialize)]
struct LineJson<'a> {
    at_s: f64,
    what: &'a str,
}

impl SpreadJson {
    fn of(spread: &Spread) -> SpreadJson {
        let finite = |seconds: f64| seconds.is_finite().then_some(seconds);
        SpreadJson {
            p5: finite(spread.quantile(0.05)),
            p50: finite(spread.quantile(0.5)),
            p95: finite(spread.quantile(0.95)),
            max: finite(spread.max()),
            never: spread.never(),
        }
    }
}

/// Reports as JSON, with a line break at its end.
pub fn scenarios_to_json(reports: &[ScenarioReport]) -> String {
    rendered(&Root {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        scenarios: reports.iter().map(scenario).collect(),
    })
}

fn scenario(report: &ScenarioReport) -> ScenarioJson<'_> {
    let (lines, expects) = (report.lines.as_deref(), report.document.as_deref());
    let document =
        (lines.is_some() || expects.is_some()).then_some(DocumentJson { lines, expects });
    let journeys = report.services.iter().map(|(name, service)| {
        let journey = JourneyJson {
            down_s: SpreadJson::of(&service.down),
            longest_outage_s: SpreadJson::of(&service.longest),
            back_after_s: SpreadJson::of(&service.back),
            lives_down: service.down.above_zero(),
        };
        (name.clone(), journey)
    });
    let lost = report.lost.iter();
    let data = lost.map(|(name, lost)| (name.clone(), DataJson { lost_s: SpreadJson::of(lost) }));
    let lines = report
        .timeline
        .iter()
        .map(|(at, what)| LineJson { at_s: at.micros() as f64 / 1e6, what: what.trim_start() });
    ScenarioJson {
        scenario: &report.name,
        about: report.about.as_deref(),
        document,
        topology: TopologyJson { name: &report.topology, sha256: &report.sha256 },
        run: Run {
            lives: report.lives,
            seed: report.seed,
            lasts_s: report.lasts.seconds(),
            failures: if report.has_random_failures { "random" } else { "none" },
            events: report.events,
            is_partial: report.is_partial,
        },
        holds: !report.fails(),
        steps: report
            .steps
            .iter()
            .map(|step| StepJson {
                at_s: step.at.map(|at| at.seconds()),
                after_s: step.at.is_none().then(|| step.after.seconds()),
                what: &step.what,
            })
            .collect(),
        expectations: report.expectations.iter().map(expectation).collect(),
        journeys: Ordered(journeys.collect()),
        redundancy_restored_s: SpreadJson::of(&report.redundant),
        data: Ordered(data.collect()),
        life: LifeJson { number: report.shown, lines: lines.collect() },
    }
}

fn expectation((expectation, held): &(Expectation, Held)) -> ExpectationJson<'_> {
    ExpectationJson {
        expectation: &expectation.text,
        document: expectation.document.as_deref(),
        is_required: expectation.is_required,
        least_probability: expectation.probability.unwrap_or(1.0),
        holds: held.is_enough,
        lives: held.lives,
        probability: held.probability.map(Interval::from),
        measured_s: held.measured.as_ref().map(SpreadJson::of),
    }
}

/// Reports as JUnit XML: a suite for each scenario, and a case for each of its expectations. Scenarios that
/// were not run, or not to the end, are errors: what reads it knows no other word for them.
pub fn scenarios_to_junit(reports: &[ScenarioReport], not_run: &[&str]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Nothing in memory can fail to be written.
    let _ = suites(&mut writer, reports, not_run);
    let body = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n")
}

fn suites(
    writer: &mut Writer<Vec<u8>>,
    reports: &[ScenarioReport],
    not_run: &[&str],
) -> io::Result<()> {
    let failures: usize = reports.iter().map(ScenarioReport::failing).sum();
    let broken_off = reports.iter().filter(|report| report.is_partial).count();
    let errors = broken_off + not_run.len();
    let cases: usize = reports.iter().map(|report| report.expectations.len()).sum();
    writer
        .create_element("testsuites")
        .with_attributes([
            ("name", "ninefold"),
            ("tests", (cases + errors).to_string().as_str()),
            ("failures", failures.to_string().as_str()),
            ("errors", errors.to_string().as_str()),
        ])
        .write_inner_content(|writer| {
            reports.iter().try_for_each(|report| suite(writer, report))?;
            not_run.iter().try_for_each(|name| suite_not_run(writer, name))
        })?;
    Ok(())
}

fn suite(writer: &mut Writer<Vec<u8>>, report: &ScenarioReport) -> io::Result<()> {
    let not_required =
        report.expectations.iter().filter(|(one, held)| !one.is_required && !held.is_enough);
    let name = plain(&report.name);
    let errors = usize::from(report.is_partial);
    writer
        .create_element("testsuite")
        .with_attributes([
            ("name", name.as_str()),
            ("tests", (report.expectations.len() + errors).to_string().as_str()),
            ("failures", report.failing().to_string().as_str()),
            ("errors", errors.to_string().as_str()),
            ("skipped", not_required.count().to_string().as_str()),
        ])
        .write_inner_content(|writer| {
            report.expectations.iter().try_for_each(|one| case(writer, &name, one))?;
            if report.is_partial {
                interrupted(writer, &name, "of the lives that were complete")?;
            }
            let lines =
                report.timeline.iter().map(|(at, line)| format!("{}  {line}\n", clock(*at)));
            let text = plain(&lines.collect::<String>());
            writer.create_element("system-out").write_text_content(BytesText::new(&text))?;
            Ok(())
        })?;
    Ok(())
}

fn suite_not_run(writer: &mut Writer<Vec<u8>>, name: &str) -> io::Result<()> {
    let name = plain(name);
    let counts = [("tests", "1"), ("failures", "0"), ("errors", "1"), ("skipped", "0")];
    writer
        .create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attributes(counts)
        .write_inner_content(|writer| interrupted(writer, &name, "not run"))?;
    Ok(())
}

/// A case that says that the run of a suite was interrupted.
fn interrupted(writer: &mut Writer<Vec<u8>>, suite: &str, what: &str) -> io::Result<()> {
    let message = format!("interrupted: {what}");
    writer
        .create_element("testcase")
        .with_attributes([("classname", suite), ("name", "the run comes to its end")])
        .write_inner_content(|writer| {
            let error = writer.create_element("error");
            error.with_attribute(("message", message.as_str())).write_empty()?;
            Ok(())
        })?;
    Ok(())
}

fn case(
    writer: &mut Writer<Vec<u8>>,
    suite: &str,
    (expectation, held): &(Expectation, Held),
) -> io::Result<()> {
    let name = plain(&expectation.text);
    let element = writer
        .create_element("testcase")
        .with_attributes([("classname", suite), ("name", name.as_str())]);
    if held.is_enough {
        element.write_empty()?;
        return Ok(());
    }
    let measured = held
        .measured
        .as_ref()
        .map_or_else(String::new, |measured| format!("; it is {}", spread(measured)));
    let message = format!("{}: in {} lives{measured}", judged(expectation, held), held.lives);
    let kind = if expectation.is_required { "failure" } else { "skipped" };
    element.write_inner_content(|writer| {
        writer.create_element(kind).with_attribute(("message", message.as_str())).write_empty()?;
        Ok(())
    })?;
    Ok(())
}

/// Text without what XML cannot hold, escaped or not.
fn plain(text: &str) -> String {
    let is_allowed = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    text.chars().filter(is_allowed).filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}
