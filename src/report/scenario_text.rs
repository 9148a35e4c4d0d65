//! What came of scenarios, for a terminal a hundred columns wide.

use std::fmt::Write;

use super::number::{duration, grouped, percent, target_percent};
use super::scenario::ScenarioReport;
use super::text::{table, wrapped};
use crate::measure::{Held, Service, Spread};
use crate::spec::Expectation;
use crate::units::SimTime;

/// Lines of a life that a reader takes in, and how many more are told rather than counted.
const MOST_LINES: usize = 40;
const FEW_LINES: usize = 5;

/// A report as text; with `all`, every line of the life that it tells.
pub fn scenario_to_text(report: &ScenarioReport, all: bool) -> String {
    let mut text = heading(report);
    text += &timeline(report, all);
    text += &expectations(report);
    text += &journeys(report);
    text += &rest(report);
    text
}

fn verdict(report: &ScenarioReport) -> &'static str {
    match (report.fails(), report.expectations.is_empty()) {
        (true, _) => "FAILS",
        (false, true) => "nothing is expected",
        (false, false) => "holds",
    }
}

fn heading(report: &ScenarioReport) -> String {
    let mut text = wrapped(&format!("{}: {}", report.name, verdict(report)), "");
    if let Some(about) = &report.about {
        text += &wrapped(about, "  ");
    }
    if report.lines.is_some() || report.document.is_some() {
        let lines = report.lines.as_ref().map_or_else(String::new, |lines| {
            let is_one = lines.chars().all(|c| c.is_ascii_digit());
            format!(", {} {lines}", if is_one { "line" } else { "lines" })
        });
        let expects = report.document.as_deref().unwrap_or("speaks of it");
        text += &wrapped(&format!("document{lines}: {expects}"), "  ");
    }
    let lives = match report.lives {
        1 => "1 life".to_owned(),
        lives => format!("{} lives", grouped(lives)),
    };
    let failures = if report.has_random_failures { ", with random failures" } else { "" };
    let lasts = duration(report.lasts.seconds());
    let _ = writeln!(
        text,
        "  {}, {lives} of {lasts}{failures}, seed {}, {} events\n",
        report.topology,
        report.seed,
        grouped(report.events)
    );
    text
}

fn timeline(report: &ScenarioReport, all: bool) -> String {
    let mut text = match report.lives {
        1 => String::new(),
        _ => format!("life {}:\n", grouped(report.shown)),
    };
    let is_short = report.timeline.len() <= MOST_LINES + FEW_LINES;
    let most = if all || is_short { usize::MAX } else { MOST_LINES };
    for (at, line) in report.timeline.iter().take(most) {
        let _ = writeln!(text, "  {}  {line}", clock(*at));
    }
    if report.timeline.len() > most {
        let more = report.timeline.len() - most;
        let _ = writeln!(text, "  ... and {} more lines: `--all` tells them", grouped(more as u64));
    }
    if report.timeline.is_empty() {
        text += "  nothing happens\n";
    }
    text.push('\n');
    text
}

/// A time of a life, to the second: `+0:12:30`; with days, if there are any.
pub(super) fn clock(at: SimTime) -> String {
    let seconds = at.micros() / 1_000_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = if days > 0 { format!("{days}d ") } else { String::new() };
    format!("+{days}{}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60)
}

fn expectations(report: &ScenarioReport) -> String {
    if report.expectations.is_empty() {
        return String::new();
    }
    let has_document = report.expectations.iter().any(|(one, _)| one.document.is_some());
    let rows = report.expectations.iter().map(|(expectation, held)| {
        let mut row = vec![expectation.text.clone()];
        if has_document {
            row.push(expectation.document.clone().unwrap_or_else(|| "-".to_owned()));
        }
        row.push(held.measured.as_ref().map_or_else(|| "-".to_owned(), spread));
        row.push(share(held));
        row.push(judged(expectation, held).to_owned());
        row
    });
    let header: &[&str] = match has_document {
        true => &["expectation", "document", "ours", "holds in", ""],
        false => &["expectation", "ours", "holds in", ""],
    };
    table(header, rows.collect())
}

/// Whether an expectation held, in a word or two.
pub(super) fn judged(expectation: &Expectation, held: &Held) -> &'static str {
    match (held.is_enough, expectation.is_required) {
        (true, _) => "holds",
        (false, true) => "FAILS",
        (false, false) => "fails, not required",
    }
}

/// A number of each life: its median, and where it differs the 5th and the 95th percentile.
pub(super) fn spread(spread: &Spread) -> String {
    let told = |seconds: f64| match seconds.is_finite() {
        true => duration(seconds),
        false => "never".to_owned(),
    };
    let [low, median, high] = [0.05, 0.5, 0.95].map(|share| told(spread.quantile(share)));
    match low == high {
        true => median,
        false => format!("{median} [{low}, {high}]"),
    }
}

/// The share of lives in which something held, with its interval.
fn share(held: &Held) -> String {
    let Some(probability) = held.probability else {
        return if held.lives > 0 { "yes" } else { "no" }.to_owned();
    };
    let text = percent(probability.mean, 0);
    match (held.bound, probability.ci95) {
        (Some(bound), _) if held.lives == 0 => format!("0 % [<= {}]", target(bound)),
        (Some(bound), _) => format!("100 % [>= {}]", target(1.0 - bound)),
        (None, Some((low, high))) => {
            format!("{text} [{}, {}]", percent(low, 0), percent(high, 0))
        }
        (None, None) => text,
    }
}

fn target(share: f64) -> String {
    target_percent((share * 1e3).round() / 1e3)
}

/// Journeys that were down at all: how long service was away.
fn journeys(report: &ScenarioReport) -> String {
    let hit: Vec<&(String, Service)> =
        report.services.iter().filter(|(_, service)| service.was_down()).collect();
    if hit.is_empty() {
        return match report.services.is_empty() {
            true => String::new(),
            false => "no journey is down\n".to_owned(),
        };
    }
    let several = report.lives > 1;
    let has_several_outages = hit.iter().any(|(_, service)| service.down != service.longest);
    let rows = hit.into_iter().map(|(name, service)| {
        let mut row = vec![name.clone(), spread(&service.down), spread(&service.back)];
        if has_several_outages {
            row.insert(2, spread(&service.longest));
        }
        if several {
            row.push(format!("{} of {}", service.down.above_zero(), report.lives));
        }
        row
    });
    let mut header = vec!["journey", "down", "service back after"];
    if has_several_outages {
        header.insert(2, "longest outage");
    }
    if several {
        header.push("lives");
    }
    table(&header, rows.collect())
}

/// Redundancy and data.
fn rest(report: &ScenarioReport) -> String {
    let redundant = &report.redundant;
    let mut text = match (redundant.max() > 0.0, redundant.never() as u64 == report.lives) {
        (false, _) => String::new(),
        (true, false) => format!("redundancy restored after {}\n", spread(redundant)),
        (true, true) => "redundancy is not restored\n".to_owned(),
    };
    for (class, lost) in report.lost.iter().filter(|(_, lost)| lost.max() > 0.0) {
        let _ = writeln!(text, "{class} lost: {}", spread(lost));
    }
    if report.is_partial {
        text += "interrupted: of the lives that were complete\n";
    }
    text
}

/// A line for each scenario of several, and the names of those that were not run.
pub fn scenarios_table(reports: &[ScenarioReport], not_run: &[&str]) -> String {
    let rows = reports.iter().map(|report| {
        let held = report.expectations.iter().filter(|(_, held)| held.is_enough).count();
        let hit = report.services.iter().filter(|(_, service)| service.was_down()).count();
        vec![
            report.name.clone(),
            report.topology.clone(),
            format!("{held} of {}", report.expectations.len()),
            format!("{hit} of {}", report.services.len()),
            verdict(report).to_owned(),
        ]
    });
    let header = ["scenario", "topology", "expectations", "journeys hit", ""];
    let mut text = table(&header, rows.collect());
    if !not_run.is_empty() {
        text += &wrapped(&format!("interrupted: not run were {}", not_run.join(", ")), "");
    }
    text
}

/// What each of many faults does, a line each: scenarios of one step on one topology. There are so many
/// faults; those that are missing were not run.
pub fn faults_table(reports: &[ScenarioReport], faults: usize, lasts: &str) -> String {
    let Some(first) = reports.first() else { return "there is nothing to fail\n".to_owned() };
    let lives = match first.lives {
        1 => "one life".to_owned(),
        lives => format!("{} lives", grouped(lives)),
    };
    let mut text = format!(
        "{}: each of {} units crashes for {lasts}, one at a time; {lives} each, seed {}\n",
        first.topology,
        grouped(faults as u64),
        first.seed
    );
    let complete = reports.iter().filter(|report| !report.is_partial).count();
    if complete < faults {
        let _ = writeln!(text, "interrupted: {complete} of them were run to the end");
    }
    if first.lives > 1 {
        text += "times and lost data are those that 95 % of lives do not exceed\n";
    }
    text.push('\n');
    text + &table(
        &["fault", "longest outage", "redundant after", "journeys hit", "data lost"],
        reports.iter().map(fault).collect(),
    )
}

fn fault(report: &ScenarioReport) -> Vec<String> {
    let high = |spread: &Spread| match spread.quantile(0.95) {
        0.0 => "-".to_owned(),
        seconds if seconds.is_finite() => duration(seconds),
        _ => "never".to_owned(),
    };
    let or_none = |list: Vec<String>| match list.is_empty() {
        true => "-".to_owned(),
        false => list.join(", "),
    };
    let hit: Vec<&(String, Service)> =
        report.services.iter().filter(|(_, service)| service.was_down()).collect();
    let longest = |(_, service): &&&(String, Service)| service.longest.quantile(0.95);
    let worst = hit.iter().max_by(|a, b| longest(a).total_cmp(&longest(b)));
    let names = match hit.len() == report.services.len() && hit.len() > 1 {
        true => vec![format!("all {}", hit.len())],
        false => hit.iter().map(|(name, _)| name.clone()).collect(),
    };
    let lost = report.lost.iter().filter(|(_, lost)| lost.max() > 0.0);
    let lost = lost.map(|(class, lost)| format!("{class} {}", high(lost))).collect();
    vec![
        report.name.strip_prefix("crash-").unwrap_or(&report.name).to_owned(),
        worst.map_or_else(|| "-".to_owned(), |(_, service)| high(&service.longest)),
        high(&report.redundant),
        or_none(names),
        or_none(lost),
    ]
}
