//! What other routes say, for a terminal.

use std::collections::BTreeMap;

use super::answer::{Answer, Contradiction, LossAnswer, Route};
use super::data::{JourneyMeasures, JourneyReport, Named, Report, Stressed};
use super::data_class::DataMeasures;
use super::number::{
    decimals_for, duration, nines, percent, percent_of, significant, target_percent,
};
use super::text::{interval, section, table, verdict, wrapped};
use crate::stats::Estimate;
use crate::units::SECONDS_PER_MONTH;

/// Digits of a number of which all that are shown are right.
const DIGITS: i32 = 6;

/// A journey that was not simulated, and what is known of it.
pub(super) type Answered<'a> = (&'a JourneyReport, &'a Result<Answer, String>);

/// The journeys that were not simulated.
pub(super) fn answers_table(answered: &[Answered<'_>]) -> String {
    let row = |(journey, answer): &Answered<'_>| {
        let answer = answer.as_ref().ok()?;
        let mut row = answer_row(journey, answer)?;
        row.insert(1, answer.over()?.words().to_owned());
        Some(row)
    };
    let rows: Vec<_> = answered.iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = [
        "journey",
        "over",
        "availability",
        "95 % interval",
        "nines",
        "down/month",
        "objective",
        "verdict",
    ];
    table(&header, rows)
}

/// The row of a journey in the table of availabilities, by another route; `None` if that does not know it.
pub(super) fn answer_row(journey: &JourneyReport, answer: &Answer) -> Option<Vec<String>> {
    let found = answer.found()?;
    let target = journey.slo.availability;
    Some(vec![
        journey.name.clone(),
        availability(found),
        error(found),
        format!("{:.1}", nines(found.mean)),
        duration(found.mean * SECONDS_PER_MONTH),
        target.map_or_else(|| "-".to_owned(), target_percent),
        journey.availability_verdict().map_or("-", verdict).to_owned(),
    ])
}

fn availability(unavailability: Estimate) -> String {
    match unavailability.std_error {
        Some(0.0) => {
            percent(1.0 - unavailability.mean, decimals_for(unavailability.mean * 1e-4).min(15))
        }
        _ => percent_of(&unavailability.complement()),
    }
}

fn error(estimate: Estimate) -> String {
    match estimate.std_error {
        Some(0.0) => "exact".to_owned(),
        _ => interval(&estimate.complement()),
    }
}

/// A number with what is known of its error.
pub(super) fn told(estimate: Estimate, shown: impl Fn(f64) -> String) -> String {
    match (estimate.std_error, estimate.ci95) {
        (Some(error), Some((low, high))) if error > 0.0 => {
            let width = estimate.relative_half_width().unwrap_or(f64::INFINITY);
            let width =
                if width < 1.0 { format!(" \u{b1} {}", percent(width, 1)) } else { String::new() };
            format!("{}{width} ({} to {})", shown(estimate.mean), shown(low), shown(high))
        }
        _ => shown(estimate.mean),
    }
}

/// Numbers of any size, without leading zeros.
fn number(value: f64) -> String {
    to_digits(value, DIGITS)
}

/// The same of what is only estimated.
pub(super) fn rough(value: f64) -> String {
    to_digits(value, 3)
}

fn to_digits(value: f64, digits: i32) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e6).contains(&size) => significant(value, digits),
        _ => format!("{value:.*e}", digits as usize - 1),
    }
}

/// What else is known of each journey that was not simulated.
pub(super) fn answer_lines(answered: &[Answered<'_>]) -> String {
    let mut lines = String::new();
    for (journey, answer) in answered {
        let line = match answer {
            Ok(answer) => format!("{}: {}", journey.name, answer_words(answer)),
            Err(why) => format!("{}: no answer: {why}", journey.name),
        };
        lines += &wrapped(&line, "  ");
    }
    section("Found without simulation", lines)
}

fn answer_words(answer: &Answer) -> String {
    let mut parts = vec![format!("by {}", answer.by)];
    if let Some(found) = answer.unavailability {
        parts.push(format!("unavailability {}", told(found, number)));
    }
    if let Some(found) = answer.outages_per_year {
        parts.push(outages_words(found, answer.mean_outage_s));
    }
    if let Some(found) = answer.unavailability_at_end {
        parts.push(format!(
            "down at the end of the horizon with probability {}",
            told(found, number)
        ));
    }
    if let Some(found) = answer.p_outage {
        parts
            .push(format!("an outage within the horizon with probability {}", told(found, number)));
    }
    if let Some(found) = answer.first_outage_s {
        parts.push(format!("the first after {} in the mean", told(found, duration)));
    }
    if let Some(found) = answer.long_run_unavailability {
        parts.push(format!("in the long run unavailability {}", told(found, number)));
    }
    if let Some(found) = answer.long_run_outages_per_year {
        parts.push(outages_words(found, answer.long_run_mean_outage_s));
    }
    parts.join("; ")
}

/// How many outages there are, and how long they last.
fn outages_words(per_year: Estimate, mean_s: Option<Estimate>) -> String {
    let count = format!("{} outages a year", told(per_year, number));
    match mean_s {
        Some(mean) => format!("{count}, which last {} in the mean", told(mean, duration)),
        None => count,
    }
}

/// What is known of the first loss of data of a class that was not simulated.
pub(super) fn loss_words(answer: &LossAnswer) -> String {
    let mut parts = vec![format!("by {}", answer.by)];
    if let Some(found) = answer.p_loss {
        parts.push(format!(
            "data are lost within the horizon with probability {}",
            told(found, number)
        ));
    }
    if let Some(found) = answer.first_loss_s {
        parts.push(format!(
            "for the first time after {} in the mean (MTTDL)",
            told(found, duration)
        ));
    }
    parts.join("; ")
}

/// What the run says beside what another route says.
pub(super) fn agreement_lines(report: &Report) -> String {
    let mut lines = String::new();
    let mut without: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for journey in &report.journeys {
        lines += &warning(&journey.name, journey.contradiction(), journey.nearer().is_some());
        match &journey.second {
            Some(Ok(answer)) => {
                let apart = answer.long_run_unavailability.map(|exact| {
                    (
                        ("unavailability", journey.simulated()),
                        ("in the long run", told(exact, number)),
                    )
                });
                let by = (answer.route, answer.by.as_str());
                let Some(mut words) = agreement(journey.compared(answer), apart, by) else {
                    continue;
                };
                if let Some(mean) = answer.mean_outage_s.filter(|_| journey.nearer().is_some()) {
                    words += &format!("; outages last {} in the mean", told(mean, duration));
                }
                lines += &wrapped(&format!("{}: {words}", journey.name), "  ");
            }
            Some(Err(why)) => without.entry(why).or_default().push(&journey.name),
            None => {}
        }
    }
    for class in &report.data {
        lines += &warning(&class.name, class.contradiction(), class.nearer().is_some());
        match &class.second {
            Some(Ok(answer)) => {
                let apart = answer.first_loss_s.map(|exact| {
                    let of = "mean time to the first (MTTDL)";
                    (("probability of a loss", class.simulated()), (of, told(exact, duration)))
                });
                let by = (answer.route, answer.by.as_str());
                let Some(words) = agreement(class.compared(answer), apart, by) else { continue };
                lines += &wrapped(&format!("{}: {words}", class.name), "  ");
            }
            Some(Err(why)) => without.entry(why).or_default().push(&class.name),
            None => {}
        }
    }
    for (why, names) in without {
        lines += &wrapped(&format!("{}: no second route: {why}", names.join(", ")), "  ");
    }
    section("Agreement with a second route", lines)
}

/// What is to be seen before anything is believed.
fn warning(name: &str, contradiction: Option<Contradiction>, is_told_by_it: bool) -> String {
    let Some(contradiction) = contradiction else { return String::new() };
    let stands = if is_told_by_it { "; what stands above is not by lives" } else { "" };
    wrapped(&format!("WARNING: {name}: {}{stands}", contradiction.words()), "  ")
}

/// What is simulated, and of what else something is exact, in words.
type Apart<'a> = ((&'a str, Option<Estimate>), (&'a str, String));

/// Two numbers of one thing, or if there are not two of any what each route tells.
fn agreement(
    same: Option<(&'static str, Estimate, Estimate)>,
    apart: Option<Apart<'_>>,
    (route, by): (Route, &str),
) -> Option<String> {
    if let Some((what, simulated, exact)) = same {
        return Some(compared(what, simulated, exact, route, by));
    }
    let ((what, simulated), exact) = apart?;
    Some(beside((what, simulated?), exact, by))
}

/// Two numbers that are not of the same thing, and so are at no distance.
fn beside((what, simulated): (&str, Estimate), (of, exact): (&str, String), by: &str) -> String {
    let seen = match (simulated.std_error, simulated.ci95) {
        (None, Some((_, high))) => format!("at most {}", rough(high)),
        _ => told(simulated, rough),
    };
    format!("{what} {seen} simulated within the horizon; {of} {exact} exact by {by}")
}

fn compared(what: &str, simulated: Estimate, other: Estimate, route: Route, by: &str) -> String {
    let kind = if route.is_exact() { "exact" } else { "estimated" };
    let told = |estimate: Estimate| told(estimate, rough);
    match simulated.sigmas_apart(other) {
        Some(sigmas) => format!(
            "{what} {} simulated, {} {kind} by {by}: {:.1} standard errors apart",
            told(simulated),
            if route.is_exact() { number(other.mean) } else { told(other) },
            sigmas.abs()
        ),
        None if simulated.mean > 0.0 => format!(
            "{what} {} simulated, {} {kind} by {by}: what happens in every life is at no distance",
            told(simulated),
            if route.is_exact() { number(other.mean) } else { told(other) },
        ),
        None => format!(
            "{what} {} {kind} by {by}; the simulation saw none{}",
            if route.is_exact() { number(other.mean) } else { told(other) },
            simulated
                .ci95
                .map_or_else(String::new, |(_, high)| format!(", so at most {}", rough(high)))
        ),
    }
}

impl JourneyReport {
    /// Whether lives and another route say too different things.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let answer = self.second.as_ref()?.as_ref().ok()?;
        let (_, lives, other) = self.compared(answer)?;
        Contradiction::between(answer.route, lives, other)
    }

    /// What two routes both say of it: what that is, and the two.
    pub(super) fn compared(&self, answer: &Answer) -> Option<(&'static str, Estimate, Estimate)> {
        match &self.measures {
            JourneyMeasures::Window(..) => {
                Some(("unavailability", self.simulated()?, answer.unavailability?))
            }
            JourneyMeasures::FirstOutage(first) => {
                Some(("seconds to the first outage", first.mean?, answer.first_outage_s?))
            }
            JourneyMeasures::Answered(_) => None,
        }
    }
}

impl super::data_class::DataReport {
    /// Whether lives and another route say too different things.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let answer = self.second.as_ref()?.as_ref().ok()?;
        let (_, lives, other) = self.compared(answer)?;
        Contradiction::between(answer.route, lives, other)
    }

    /// What two routes both say of it: what that is, and the two.
    pub(super) fn compared(
        &self,
        answer: &LossAnswer,
    ) -> Option<(&'static str, Estimate, Estimate)> {
        match &self.measures {
            DataMeasures::Window(_) => {
                Some(("probability of a loss", self.simulated()?, answer.p_loss?))
            }
            DataMeasures::FirstLoss(first) => {
                Some(("seconds to the first loss", first.as_ref()?.mean?, answer.first_loss_s?))
            }
            DataMeasures::Answered(_) => None,
        }
    }
}

/// What journeys and data classes come to under other assumptions, and the band of all.
pub(super) fn stress_tables(report: &Report) -> String {
    let Some(stressed) = report.stress.as_ref().filter(|stressed| !stressed.is_empty()) else {
        return String::new();
    };
    let stated = Stressed::of(("as the topology has it", "as stated"), report);
    let all: Vec<_> = std::iter::once(&stated).chain(stressed).collect();
    let heads = stressed.iter().map(|one| format!("{}: {}", one.head, one.assumption));
    let mut text = "If the model were another, with the same means\n".to_owned();
    text += &wrapped(&heads.collect::<Vec<_>>().join("; "), "  ");
    text += &stress_table("unavailability of", &all, |one| &one.journeys);
    text += &stress_table("probability of a loss of", &all, |one| &one.losses);
    text
}

fn stress_table(what: &str, all: &[&Stressed], told: fn(&Stressed) -> &[Named]) -> String {
    let shown = |estimate: Option<Estimate>| match estimate.map(|one| (one.std_error, one.ci95)) {
        None => "-".to_owned(),
        Some((None, Some((_, bound)))) => format!("< {}", rough(bound)),
        Some(_) => rough(estimate.map_or(0.0, |estimate| estimate.mean)),
    };
    let names = told(all[0]);
    if names.is_empty() {
        return String::new();
    }
    let band = |row: usize| {
        let known = || all.iter().filter_map(|one| told(one)[row].1);
        known().next()?;
        let low = known().map(|one| one.mean).fold(f64::INFINITY, f64::min);
        let most = |one: Estimate| match (one.std_error, one.ci95) {
            (None, Some((_, bound))) => bound,
            _ => one.mean,
        };
        Some(format!("{} to {}", rough(low), rough(known().map(most).fold(0.0, f64::max))))
    };
    let mut header = vec![what];
    header.extend(all.iter().map(|one| one.head));
    header.push("band");
    let rows = names.iter().enumerate().map(|(row, (name, _))| {
        let mut cells = vec![name.clone()];
        cells.extend(all.iter().map(|one| shown(told(one)[row].1)));
        cells.push(band(row).unwrap_or_else(|| "-".to_owned()));
        cells
    });
    table(&header, rows.collect())
}
