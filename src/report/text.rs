//! A report for a terminal, a hundred columns wide: a function of the report alone.

use std::fmt::Write;

use comfy_table::{
    CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
};

use super::answer::Method;
use super::answer_text::{
    Answered, agreement_lines, answer_lines, answer_row, answers_table, rough, stress_tables,
};
use super::data::{Causes, Comparison, JourneyMeasures, JourneyReport, ModeCause, Report};
use super::data_text::{data_sections, rpo_section};
use super::number::{
    decimals_for, duration, grouped, nines, percent, percent_of, significant, target_percent,
};
use super::precision::{NotReached, PrecisionReport, Sought};
use crate::exact::Omission;
use crate::measure::{ByIntent, Downtime, FirstOutage, JourneyEstimates, Objective, Verdict};
use crate::run::Until;
use crate::stats::Estimate;
use crate::units::{SECONDS_PER_MONTH, SECONDS_PER_YEAR, SimSpan};

/// Columns of a terminal that is not very wide.
const WIDTH: u16 = 100;
/// Places that a reader takes in at a glance.
const TOP_PLACES: usize = 6;
/// Causes that a reader takes in at a glance.
const TOP_CAUSES: usize = 3;
/// Share of the downtime from which on a cause is worth a word.
const LEAST_SHARE: f64 = 0.005;
/// The same for what prolonged outages.
const LEAST_SHARE_PROLONGED: f64 = 0.05;
/// A difference from an exact number, relative to it, that nobody would call one.
const SAME: f64 = 0.01;
/// Units of a list that are named.
const TOP_UNITS: usize = 4;
/// So many outages have a 99 % point.
const FEW_OUTAGES: u64 = 100;

/// The report as text.
pub fn to_text(report: &Report) -> String {
    let mut text = heading(report);
    let mut windows = Vec::new();
    let mut firsts = Vec::new();
    let mut answered = Vec::new();
    for journey in &report.journeys {
        match &journey.measures {
            JourneyMeasures::Window(estimates, causes) => {
                windows.push((journey, estimates.as_ref(), causes));
            }
            JourneyMeasures::FirstOutage(first) => firsts.push((&journey.name, first)),
            JourneyMeasures::Answered(answer) => answered.push((journey, answer.as_ref())),
        }
    }
    if !windows.is_empty() {
        text += &availability_table(&windows);
        text += &outage_table(&windows);
        text += &objective_lines(&windows);
        text += &rpo_lines(&windows);
        text += &intent_lines(&windows);
        text += &cause_lines(&windows);
        text += &prolonging_lines(&windows);
        text += &input_lines(&windows);
        text += &blast_lines(report);
        text += &spreadsheet_lines(&windows);
    }
    if !firsts.is_empty() {
        text += &first_table("journey", "outage", &firsts);
    }
    if !answered.is_empty() {
        text += &answers_table(&answered);
        text += &answer_lines(&answered);
        text += &unjudged_lines(&answered);
        text += &blast_lines(report);
    }
    text += &data_sections(&report.data, report.run.horizon);
    text += &stress_tables(report);
    text += &agreement_lines(report);
    text += &notes(report);
    text
}

/// A line under the header and no others.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('-').junction('-'))
    .content_lines(ContentLineStyle::none());

type Window<'a> = (&'a JourneyReport, &'a JourneyEstimates, &'a Causes);

fn heading(report: &Report) -> String {
    let run = &report.run;
    let mut text = report.topology.name.clone();
    if let Some(about) = &report.topology.about {
        let _ = write!(text, ": {about}");
    }
    text = wrapped(&text, "");
    let lives = match run.until {
        Until::Horizon => format!("lives of {}", duration(run.horizon.seconds())),
        Until::FirstOutage => {
            format!("lives to the first outages, of at most {}", duration(run.horizon.seconds()))
        }
        Until::FirstLoss => {
            format!("lives to the first losses, of at most {}", duration(run.horizon.seconds()))
        }
    };
    let warm_up = after_warm_up(run.warm_up);
    let lived = match run.replications {
        1 => format!("1 {}{warm_up}, seed {}", lives.replacen("lives", "life", 1), run.seed),
        count => format!("{} {lives}{warm_up}, seed {}", grouped(count), run.seed),
    };
    let _ = match &run.method {
        Method::Exact => writeln!(text, "{}, {lives}{warm_up}\n", run.method.name()),
        Method::Lives(others) if others.is_empty() => {
            writeln!(text, "{lived}, {} events\n", grouped(run.events))
        }
        Method::Lives(others) => {
            let others: Vec<&str> = others.iter().map(|route| route.name()).collect();
            let others = others.join(" or ");
            writeln!(text, "{lived}, by plain, and where that sees too little by {others}\n")
        }
    };
    text
}

pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH);
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    text.push('\n');
    text
}

fn availability_table(windows: &[Window<'_>]) -> String {
    let rows = windows.iter().map(|(journey, estimates, _)| {
        if let Some(row) = journey.nearer().and_then(|answer| answer_row(journey, answer)) {
            return row;
        }
        let availability = &estimates.availability.mean;
        let (availability_text, interval, nines_text, monthly) =
            match estimates.unavailability_upper95 {
                Some(bound) => (
                    format!("> {}", percent(1.0 - bound, decimals_for(bound))),
                    "no outage seen".to_owned(),
                    format!("> {:.1}", nines(bound)),
                    format!("< {}", duration(bound * SECONDS_PER_MONTH)),
                ),
                None => (
                    percent_of(availability),
                    interval(availability),
                    format!("{:.1}", nines(estimates.unavailability.mean)),
                    duration(estimates.unavailability.mean * SECONDS_PER_MONTH),
                ),
            };
        let objective = estimates.objectives.availability;
        vec![
            journey.name.clone(),
            availability_text,
            interval,
            nines_text,
            monthly,
            objective.map_or_else(|| "-".to_owned(), |o| target_percent(o.target)),
            journey.availability_verdict().map_or("-", verdict).to_owned(),
        ]
    });
    let header =
        ["journey", "availability", "95 % interval", "nines", "down/month", "objective", "verdict"];
    table(&header, rows.collect())
}

pub(super) fn interval(estimate: &Estimate) -> String {
    let Some((low, high)) = estimate.ci95 else {
        return "unknown: one life".to_owned();
    };
    let decimals = decimals_for((high - low) / 4.0);
    format!("{:.decimals$} to {:.decimals$}", 100.0 * low, 100.0 * high)
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::MetUndecided => "met, undecided",
        Verdict::MissedUndecided => "MISSED, undecided",
        Verdict::Missed => "MISSED",
        Verdict::NotJudged => "not judged",
    }
}

fn outage_table(windows: &[Window<'_>]) -> String {
    let rows = windows.iter().map(|(journey, estimates, _)| {
        let mut row = vec![journey.name.clone()];
        let nearer = journey.nearer().and_then(|answer| answer.outages_per_year);
        row.push(match (nearer, estimates.outages_per_year_upper95) {
            (Some(nearer), _) => rough(nearer.mean),
            (None, Some(bound)) => format!("< {}", significant(bound, 2)),
            (None, None) => significant(estimates.outages_per_year.mean, 3),
        });
        let quantiles = estimates.outages.as_ref().and_then(|outages| outages.quantiles);
        match quantiles {
            Some([p50, _, p95, p99]) => row.extend([p50, p95, p99].map(duration)),
            None => row.extend(["-", "-", "-"].map(str::to_owned)),
        }
        let longest = estimates.outages.as_ref().map(|outages| duration(outages.max));
        row.push(longest.unwrap_or_else(|| "-".to_owned()));
        let rto = estimates.objectives.rto_s;
        row.push(rto.map_or_else(|| "-".to_owned(), |rto| duration(rto.target)));
        row.push(match rto {
            None => "-".to_owned(),
            Some(Objective { p_met: None, .. }) => "no outage".to_owned(),
            Some(Objective { p_met: Some(p_met), verdict: found, .. }) => {
                format!("{}: {}", percent(p_met.mean, 1), verdict(found))
            }
        });
        row
    });
    let header =
        ["journey", "outages/year", "median", "95 %", "99 %", "longest", "RTO", "within it"];
    let mut text = table(&header, rows.collect());
    let few = windows.iter().filter_map(|(journey, estimates, _)| {
        let seen = estimates.outages.as_ref()?.count;
        (seen < FEW_OUTAGES).then(|| format!("{} of {seen}", journey.name))
    });
    let few: Vec<String> = few.collect();
    if !few.is_empty() {
        let few = first_few(&few);
        text += &wrapped(&format!("Lengths are those of few outages that lives saw: {few}."), "");
        text.push('\n');
    }
    text
}

/// What a month and a year hold, for each journey with an objective.
fn objective_lines(windows: &[Window<'_>]) -> String {
    let mut lines = String::new();
    for (journey, estimates, _) in windows {
        let Some(objective) = estimates.objectives.availability else { continue };
        let Some(p_met) = objective.p_met else { continue };
        let mut line = format!(
            "{}: {} is kept in {} of lives",
            journey.name,
            target_percent(objective.target),
            percent(p_met.mean, 1)
        );
        if let Some(month) = objective.p_met_month {
            let _ = write!(line, " and {} of months", percent(month.mean, 1));
        }
        let [p5, p50, _] = estimates.availability.quantiles;
        let yearly = |availability: f64| match availability {
            1.0 => "none".to_owned(),
            _ => format!("up to {}", duration((1.0 - availability) * SECONDS_PER_YEAR)),
        };
        let _ = write!(
            line,
            "; downtime a year: half of lives have {}, nineteen in twenty {}",
            yearly(p50),
            yearly(p5)
        );
        lines += &wrapped(&line, "  ");
    }
    section("Objectives", lines)
}

/// How often journeys keep what they promise of data.
fn rpo_lines(windows: &[Window<'_>]) -> String {
    let mut lines = Vec::new();
    for (journey, estimates, _) in windows {
        let Some(objective) = estimates.objectives.rpo_s else { continue };
        let (name, target) = (&journey.name, duration(objective.target));
        lines.push(match objective.p_met {
            Some(p_met) => format!(
                "{name}: no incident loses more than {target} in {} of lives: {}",
                percent(p_met.mean, 1),
                verdict(objective.verdict)
            ),
            None => format!(
                "{name}: that no incident loses more than {target} is {}, since no data are named",
                verdict(objective.verdict)
            ),
        });
    }
    rpo_section(lines)
}

/// What journeys promise and nobody has judged.
fn unjudged_lines(answered: &[Answered<'_>]) -> String {
    let mut lines = String::new();
    for (journey, _) in answered {
        let [rto, rpo] = journey.unjudged().map(|target| target.map(duration));
        let named = [rto.map(|rto| format!("RTO {rto}")), rpo.map(|rpo| format!("RPO {rpo}"))];
        let named: Vec<String> = named.into_iter().flatten().collect();
        if !named.is_empty() {
            let line = format!(
                "{}: {} not judged: only simulated lives say how long each outage is and how much data are lost",
                journey.name,
                named.join(" and ")
            );
            lines += &wrapped(&line, "  ");
        }
    }
    section("Promises", lines)
}

/// Planned work and degraded service, where there is any.
fn intent_lines(windows: &[Window<'_>]) -> String {
    let mut lines = String::new();
    for (journey, estimates, _) in windows {
        let mut parts = Vec::new();
        let told = journey.outages().and_then(|told| told.by_intent);
        let ByIntent { planned, unplanned } = told.unwrap_or(estimates.by_intent);
        let monthly = |per_year: f64| duration(per_year * SECONDS_PER_MONTH / SECONDS_PER_YEAR);
        if planned.outages_per_year.mean > 0.0 {
            let part = |name, part: Downtime| match part.downtime_s_per_year.ci95 {
                Some((_, most)) if part.downtime_s_per_year.mean == 0.0 => {
                    format!("{name} never seen, at most {} a month", monthly(most))
                }
                _ => format!(
                    "{name} {} a month in {} outages a year",
                    monthly(part.downtime_s_per_year.mean),
                    significant(part.outages_per_year.mean, 3)
                ),
            };
            parts.push(part("planned", planned));
            parts.push(part("unplanned", unplanned));
        }
        if let Some(degraded) = estimates.degraded_s_per_year {
            parts.push(match degraded.ci95.filter(|_| degraded.mean == 0.0) {
                Some((_, most)) => {
                    format!("never seen up and degraded, at most {} a month", monthly(most))
                }
                None => format!("up and degraded {} a month", monthly(degraded.mean)),
            });
        }
        if let Some(during) = &estimates.availability_during {
            let promised = match during.ci95.filter(|_| during.mean == 1.0) {
                Some((least, _)) => format!("> {}", percent(least, decimals_for(1.0 - least))),
                None => percent_of(during),
            };
            parts.push(format!("in the hours promised {promised}"));
        }
        if !parts.is_empty() {
            lines += &wrapped(&format!("{}: {}", journey.name, parts.join("; ")), "  ");
        }
    }
    section("Planned, degraded, promised", lines)
}

/// What outages waited for in the end, where that was not what had started them.
fn prolonging_lines(windows: &[Window<'_>]) -> String {
    let mut lines = String::new();
    for (journey, _, causes) in windows {
        let top = causes.prolonging.iter().take(TOP_CAUSES);
        let top = top.filter(|cause| cause.downtime_share >= LEAST_SHARE_PROLONGED);
        let top: Vec<String> = top
            .map(|cause| {
                let share = percent(cause.downtime_share, 0);
                format!("{} of {} ({share} of the downtime)", cause.mode, cause.unit)
            })
            .collect();
        if !top.is_empty() {
            lines += &wrapped(&format!("{}: {}", journey.name, top.join("; ")), "  ");
        }
    }
    section("What outages then wait for", lines)
}

/// Places of which one alone takes down a journey, and in which share of placements where that is not sure.
fn blast_lines(report: &Report) -> String {
    let mut lines = String::new();
    for blast in report.blast_radius.iter().take(TOP_PLACES) {
        let is_sure = blast.journeys.iter().all(|(_, share)| *share == 1.0);
        let journeys = match is_sure && blast.journeys.len() == report.journeys.len() {
            true if report.journeys.len() > 1 => "every journey".to_owned(),
            _ => {
                let named = blast.journeys.iter().map(|(journey, share)| match *share {
                    1.0 => journey.clone(),
                    share => format!("{journey} in {} of placements", percent(share, 0)),
                });
                first_few(&named.collect::<Vec<_>>())
            }
        };
        lines += &wrapped(&format!("{}: {journeys}", blast.unit), "  ");
    }
    let more = report.blast_radius.len().saturating_sub(TOP_PLACES);
    if more > 0 {
        lines += &format!("  and {more} more\n");
    }
    section("One of these alone takes down", lines)
}

/// Beside the sampling error: how far the answer is from where the inputs may be.
fn input_lines(windows: &[Window<'_>]) -> String {
    let mut lines = String::new();
    for (journey, _, _) in windows {
        let Some(band) = journey.input_band else { continue };
        let [low, middle, high] = band.quantiles;
        let monthly = |unavailability: f64| duration(unavailability * SECONDS_PER_MONTH);
        let line = format!(
            "{}: {} to {} down a month in nine of ten of {} draws, {} in the middle",
            journey.name,
            monthly(low),
            monthly(high),
            band.draws,
            monthly(middle)
        );
        lines += &wrapped(&line, "  ");
    }
    section("If inputs are anywhere in their ranges", lines)
}

fn cause_lines(windows: &[Window<'_>]) -> String {
    let mut lines = String::new();
    for (journey, _, causes) in windows {
        let top = causes.by_mode.iter().take(TOP_CAUSES);
        let top: Vec<String> =
            top.filter(|cause| cause.downtime_share >= LEAST_SHARE).map(cause).collect();
        if !top.is_empty() {
            lines += &wrapped(&format!("{}: {}", journey.name, top.join("; ")), "  ");
        }
    }
    section("Where the downtime starts", lines)
}

fn cause(cause: &ModeCause) -> String {
    let mut grade = cause.grade.map_or_else(String::new, |grade| format!(", {grade}"));
    if cause.is_planned && !cause.mode.ends_with(')') {
        grade += ", planned";
    }
    for (branch, share) in &cause.branches {
        let _ = write!(grade, ", {} {branch}", percent(share / cause.downtime_share, 0));
    }
    format!(
        "{} {} of {} ({} of outages{grade})",
        percent(cause.downtime_share, 0),
        cause.mode,
        first_few(&cause.units),
        percent(cause.outage_share, 0)
    )
}

/// The first names of a list, and how many more there are.
fn first_few(names: &[String]) -> String {
    let named: Vec<&str> = names.iter().take(TOP_UNITS).map(String::as_str).collect();
    let more = match names.len().saturating_sub(TOP_UNITS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

fn spreadsheet_lines(windows: &[Window<'_>]) -> String {
    let mut lines = String::new();
    for (journey, estimates, _) in windows {
        if let Some(comparison) = &journey.spreadsheet {
            let told = journey.nearer().and_then(|answer| answer.unavailability);
            lines += &wrapped(&spreadsheet(&journey.name, estimates, told, comparison), "  ");
        }
    }
    section("A spreadsheet that multiplies availabilities would say", lines)
}

/// What a spreadsheet says, beside what lives say or another route has told.
fn spreadsheet(
    name: &str,
    estimates: &JourneyEstimates,
    told: Option<Estimate>,
    sheet: &Comparison,
) -> String {
    let mut text = format!(
        "{name}: {} ({} a month)",
        percent(1.0 - sheet.unavailability, decimals_for(sheet.unavailability / 10.0)),
        duration(sheet.unavailability * SECONDS_PER_MONTH)
    );
    if told.is_none() && estimates.unavailability_upper95.is_some() {
        text += "; too seldom to be seen in this run";
        return text;
    }
    let ours = told.unwrap_or(estimates.unavailability);
    let is_exact = ours.std_error == Some(0.0);
    let (known, ours, theirs) = (ours.ci95, ours.mean, sheet.unavailability);
    let within = |(low, high): (f64, f64)| low <= theirs && theirs <= high;
    if known.is_some_and(within) || (is_exact && (theirs / ours - 1.0).abs() < SAME) {
        text += "; no difference that this run can tell";
        return text;
    }
    let _ = match ours > theirs {
        true if theirs == 0.0 => write!(text, ", as if it were never down"),
        true => write!(text, ", {} times too little downtime", significant(ours / theirs, 2)),
        false => write!(text, ", {} times too much downtime", significant(theirs / ours, 2)),
    };
    let mut reasons = Vec::new();
    if !sheet.shared.is_empty() {
        // Where no life was down nobody has seen what downtime starts with.
        let share = sheet.shared_downtime_share.filter(|_| estimates.outages.is_some());
        let starts =
            share.map(|share| format!(", where {} of the downtime starts", percent(share, 0)));
        let (shared, units) = (first_few(&sheet.shared), sheet.units);
        let is = if sheet.shared.len() == 1 { "is" } else { "are" };
        reasons.push(if ours > theirs {
            format!(
                "it counts {units} units as independent, but {shared} {is} shared{}",
                starts.unwrap_or_default()
            )
        } else {
            format!(
                "it counts {units} units one by one, and what takes several of them down at once, as on {shared}, \
                 once for each"
            )
        });
    }
    for omission in &sheet.leaves_out {
        reasons.push(left_out(*omission).to_owned());
    }
    if reasons.is_empty() {
        reasons.push(
            "lives begin with everything up and new, and clocks stop with their host".to_owned(),
        );
    }
    let _ = write!(text, ": {}", reasons.join("; "));
    text
}

pub(super) fn left_out(omission: Omission) -> &'static str {
    match omission {
        Omission::Failover => "it has no time for a failover",
        Omission::Masks => "it knows nothing of what hides outages from users",
        Omission::People => "nothing in it waits for people, who may be busy or off work",
        Omission::Controllers => "nothing in it is placed elsewhere",
        Omission::Plans => "it has no planned work",
        Omission::Starts => "nothing in it must start again after something else",
        Omission::CommonCauses => "what strikes several at once strikes each of them alone in it",
        Omission::Paces => "nothing in it stands by, shares a load or stands still",
    }
}

/// When the first event of each journey or data class began, by name.
pub(super) fn first_table(of: &str, event: &str, firsts: &[(&String, &FirstOutage)]) -> String {
    let rows = firsts.iter().map(|(name, first)| {
        let mut row = vec![(*name).clone()];
        row.extend(first_cells(first));
        row
    });
    let mean = format!("mean time to first {event}");
    let header = [of, &mean, "95 % interval", "5 %", "50 %", "95 %", "lives without"];
    table(&header, rows.collect())
}

/// The mean, its interval, three percentiles, and how many lives had none.
fn first_cells(first: &FirstOutage) -> Vec<String> {
    let mut cells = Vec::new();
    match first.mean {
        Some(mean) => {
            cells.push(duration(mean.mean));
            cells.push(mean.ci95.map_or_else(
                || "unknown: one life".to_owned(),
                |(low, high)| format!("{} to {}", duration(low), duration(high)),
            ));
        }
        None => cells.extend(["unknown".to_owned(), "some lives had none".to_owned()]),
    }
    cells.extend(first.quantiles.map(|time| time.map_or_else(|| "-".to_owned(), duration)));
    cells.push(grouped(first.censored));
    cells
}

/// What is not known as well as was asked for, and why.
fn not_reached(report: &Report, precision: &PrecisionReport) -> String {
    let words = |one: &NotReached| match (one.reached, one.of, report.run.until) {
        (Some(reached), ..) => format!("{} is known to {}", one.name, percent(reached, 1)),
        (None, _, Until::FirstOutage | Until::FirstLoss) => {
            format!("{} was not hit in every life", one.name)
        }
        (None, Sought::Journey, Until::Horizon) => format!("{} was never seen down", one.name),
        (None, Sought::Data, Until::Horizon) => format!("{} never lost any data", one.name),
    };
    precision.not_reached.iter().map(words).collect::<Vec<_>>().join(", ")
}

fn notes(report: &Report) -> String {
    let mut lines = String::new();
    if report.run.is_partial {
        lines += "  partial: the run was stopped before it was done\n";
    }
    if let Some(precision) = report.run.precision.as_ref().filter(|precision| !precision.is_met()) {
        let line = format!(
            "the precision of {} was not reached within {} lives: {}; allow more with --replications",
            target_percent(precision.target),
            grouped(report.run.replications),
            not_reached(report, precision)
        );
        lines += &wrapped(&line, "  ");
    }
    if !report.topology.not_evaluated.is_empty() {
        let names = report.topology.not_evaluated.join(", ");
        lines += &wrapped(&format!("known, not evaluated in this version: {names}"), "  ");
    }
    section("Notes", lines)
}

pub(super) fn section(title: &str, lines: String) -> String {
    match lines.is_empty() {
        true => String::new(),
        false => format!("{title}\n{lines}\n"),
    }
}

/// What lives go through before they are measured, if anything.
pub(super) fn after_warm_up(warm_up: SimSpan) -> String {
    match warm_up.micros() {
        0 => String::new(),
        _ => format!(" after a warm-up of {}", duration(warm_up.seconds())),
    }
}

/// Text broken at spaces so that it fits, further lines with a deeper indent.
pub(super) fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = indent.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH as usize {
            lines += &line;
            lines.push('\n');
            line = format!("{indent}  ");
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines + &line + "\n"
}
