//! What changed from one system to another: for people, and for programs.

use std::fmt::Write;

use serde::Serialize;

use super::json::{Interval, Ordered, rendered};
use super::number::{duration, grouped, significant};
use super::text::{after_warm_up, table, wrapped};
use crate::measure::{Paired, PairedEstimates, PairedLosses};
use crate::stats::Estimate;
use crate::units::SimSpan;

/// The version of the JSON.
const SCHEMA: &str = "ninefold-difference/1";

/// A JSON Schema (draft 7) of differences, as this version writes them.
pub const DIFFERENCE_SCHEMA: &str = include_str!("difference.schema.json");

/// Two systems, compared life by life.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferenceReport {
    /// The one that the other is compared with.
    pub first: Side,
    /// The one that is compared with it.
    pub second: Side,
    /// The seed of both.
    pub seed: u64,
    /// Pairs of lives.
    pub replications: u64,
    /// How long each life is measured.
    pub horizon: SimSpan,
    /// How long each life goes on before it is measured.
    pub warm_up: SimSpan,
    /// Whether the run was stopped from outside before it was done.
    pub is_partial: bool,
    /// So much more downtime of a journey in a year, and so much more lost of a data class, is not worse yet: seconds.
    pub margin_s_per_year: f64,
    /// The journeys that both have, by name, in the order of the first.
    pub journeys: Vec<(String, PairedEstimates)>,
    /// The data classes that both have, by name, in the order of the first.
    pub data: Vec<(String, PairedLosses)>,
}

/// One of two systems that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its name.
    pub name: String,
    /// The digest of its topology.
    pub sha256: String,
    /// The file that it is from, if it is from one.
    pub file: Option<String>,
    /// Journeys that the other one has not.
    pub only_here: Vec<String>,
    /// Data classes that the other one has not.
    pub data_only_here: Vec<String>,
}

/// What a difference says of the second system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Less of what nobody wants: all of the interval is below zero.
    Better,
    /// More of it, by more than the margin: all of the interval is above that.
    Worse,
    /// No life of it was any different.
    Same,
    /// Not better, and not worse by more than the margin: all of the interval is at most that.
    Within,
    /// The interval reaches over zero, or over the margin.
    Undecided,
}

impl Change {
    /// What an estimate of the difference says, where so much more is not worse yet.
    pub fn of(measure: &Paired, margin: f64) -> Change {
        match measure.difference.ci95 {
            None if measure.differs_at_most.is_some() => Change::Same,
            Some((_, high)) if high < 0.0 => Change::Better,
            Some((low, _)) if low > margin => Change::Worse,
            Some((_, high)) if margin > 0.0 && high <= margin => Change::Within,
            _ => Change::Undecided,
        }
    }

    /// What several measures of one thing say together: it is worse if it is worse in anything, and better only if it is
    /// worse in nothing.
    fn of_all(measures: &[Change]) -> Change {
        let order = [Change::Worse, Change::Better, Change::Undecided, Change::Within];
        let found = order.into_iter().find(|change| measures.contains(change));
        found.unwrap_or(Change::Same)
    }

    fn word(self) -> &'static str {
        match self {
            Change::Better => "better",
            Change::Worse => "worse",
            Change::Same => "same",
            Change::Within => "within",
            Change::Undecided => "undecided",
        }
    }
}

impl DifferenceReport {
    /// What the downtime of a journey says of the second system.
    pub fn of_journey(&self, journey: &PairedEstimates) -> Change {
        Change::of(&journey.downtime_s_per_year, self.margin_s_per_year)
    }

    /// What the losses of a data class say of the second system.
    pub fn of_class(&self, class: &PairedLosses) -> Change {
        Change::of_all(&self.of_measures(class).map(|(_, change)| change))
    }

    /// The measures of a data class, and what each of them says: data lost, incidents, lives with any.
    ///
    /// The margin is a length of time: it allows for data lost, and not for losing them more often.
    fn of_measures(&self, class: &PairedLosses) -> [(Paired, Change); 3] {
        let PairedLosses { lost_s_per_year, loss_incidents_per_year, p_loss } = *class;
        [(lost_s_per_year, self.margin_s_per_year), (loss_incidents_per_year, 0.0), (p_loss, 0.0)]
            .map(|(measure, margin)| (measure, Change::of(&measure, margin)))
    }

    /// The journeys and data classes of which it is certain, with 95 % confidence each, that they are worse: journeys
    /// down for longer by more than the margin; data of which more is lost by more than that, or that are lost in more
    /// incidents or in more lives.
    pub fn worse(&self) -> Vec<&str> {
        let journeys = self.journeys.iter();
        let journeys = journeys.filter(|(_, journey)| self.of_journey(journey) == Change::Worse);
        let data = self.data.iter().filter(|(_, class)| self.of_class(class) == Change::Worse);
        let names = journeys.map(|(name, _)| name).chain(data.map(|(name, _)| name));
        names.map(String::as_str).collect()
    }
}

/// A difference for people.
pub fn difference_to_text(report: &DifferenceReport) -> String {
    // Two versions of one topology have the same name.
    let of_side = |side: &Side| match &side.file {
        Some(file) if report.first.name == report.second.name => format!("{} ({file})", side.name),
        _ => side.name.clone(),
    };
    let names = format!("{} -> {}", of_side(&report.first), of_side(&report.second));
    let mut text = wrapped(&names, "");
    let warm_up = after_warm_up(report.warm_up);
    let _ = writeln!(
        text,
        "{} pairs of lives of {}{warm_up}, each pair with the same luck, seed {}",
        grouped(report.replications),
        duration(report.horizon.seconds()),
        report.seed,
    );
    if report.margin_s_per_year > 0.0 {
        let margin = duration(report.margin_s_per_year);
        let _ = writeln!(text, "{margin} a year more is within the margin, down or of data lost");
    }
    text.push('\n');
    if !report.journeys.is_empty() {
        put_journeys(&mut text, report);
    }
    if !report.data.is_empty() {
        put_data(&mut text, report);
    }
    for (side, change) in [(&report.first, "gone"), (&report.second, "new")] {
        let file = side.file.as_ref().unwrap_or(&side.name);
        let data = side.data_only_here.iter().map(|name| format!("data {name}"));
        let journeys = side.only_here.iter().map(|name| format!("journey {name}"));
        for what in journeys.chain(data) {
            let told = format!("{change}: {what}, which is in {file} only and not compared");
            text += &wrapped(&told, "  ");
        }
    }
    if report.is_partial {
        text += "\nInterrupted: this is of the lives that were complete.\n";
    }
    text
}

fn put_journeys(text: &mut String, report: &DifferenceReport) {
    let header =
        ["journey", "down a year", "then", "difference", "95 % from", "to", "outages a year", "is"];
    let rows = report.journeys.iter().map(|(name, estimates)| {
        let downtime = &estimates.downtime_s_per_year;
        let [low, high] = signed_ends(&downtime.difference);
        vec![
            name.clone(),
            duration(downtime.first.mean),
            duration(downtime.second.mean),
            signed(downtime.difference.mean),
            low,
            high,
            signed_number(estimates.outages_per_year.difference.mean),
            report.of_journey(estimates).word().to_owned(),
        ]
    });
    *text += &table(&header, rows.collect());
    for (name, estimates) in &report.journeys {
        let told = told(&estimates.downtime_s_per_year, ["down for less in", "for more in"]);
        *text += &wrapped(&format!("{name}: {told}"), "  ");
    }
}

fn put_data(text: &mut String, report: &DifferenceReport) {
    if !report.journeys.is_empty() {
        text.push('\n');
    }
    let shown = [
        ("lost a year", signed as fn(f64) -> String),
        ("incidents a year", signed_number),
        ("lives with any", signed_share),
    ];
    let header = ["data", "measure", "was", "then", "difference", "95 % from", "to", "is"];
    let rows = report.data.iter().flat_map(|(name, class)| {
        let measures = report.of_measures(class).into_iter().zip(shown);
        measures.map(move |((measure, change), (what, show))| {
            let side = |side: Estimate| match (side.mean, side.std_error) {
                (0.0, None) => "none seen".to_owned(),
                (mean, _) => show(mean).trim_start_matches('+').to_owned(),
            };
            let [low, high] = ends(&measure.difference, show);
            vec![
                name.clone(),
                what.to_owned(),
                side(measure.first),
                side(measure.second),
                show(measure.difference.mean),
                low,
                high,
                change.word().to_owned(),
            ]
        })
    });
    *text += &table(&header, rows.collect());
    for (name, class) in &report.data {
        let told = told(&class.lost_s_per_year, ["less lost in", "more in"]);
        *text += &wrapped(&format!("{name}: {told}"), "  ");
    }
}

/// In how many lives there was less and more of something, as these words say it.
fn told(measure: &Paired, [less, more]: [&str; 2]) -> String {
    let [longer, _, shorter] = measure.lives;
    if let Some(bound) = measure.differs_at_most {
        return format!("no life differs; at most {} % of lives do", significant(100.0 * bound, 2));
    }
    let lives = |number: u64| match number {
        0 => "no life".to_owned(),
        1 => "one life".to_owned(),
        number => format!("{} lives", grouped(number)),
    };
    let mut text = format!("{less} {}, {more} {}", lives(shorter), lives(longer));
    // Less than a tenth is not worth a word.
    if let Some(ratio) = measure.variance_ratio.filter(|ratio| *ratio > 0.0 && *ratio < 0.9) {
        let times = significant(1.0 / ratio, 2);
        let _ = write!(text, "; other luck for each would take {times} times as many lives");
    }
    text
}

/// A length of time with its sign.
pub(super) fn signed(seconds: f64) -> String {
    match seconds {
        0.0 => "0s".to_owned(),
        seconds if seconds < 0.0 => format!("-{}", duration(-seconds)),
        seconds => format!("+{}", duration(seconds)),
    }
}

/// The ends of the interval of a length of time, with their signs; dashes without one.
pub(super) fn signed_ends(seconds: &Estimate) -> [String; 2] {
    ends(seconds, signed)
}

/// The ends of an interval, as they are to be shown; dashes without one.
fn ends(estimate: &Estimate, show: fn(f64) -> String) -> [String; 2] {
    let ends = estimate.ci95.map(|(low, high)| [show(low), show(high)]);
    ends.unwrap_or_else(|| ["-".to_owned(), "-".to_owned()])
}

/// A number with its sign.
fn signed_number(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        number => format!("{}{}", if number > 0.0 { "+" } else { "" }, significant(number, 2)),
    }
}

/// A share in percent, with its sign.
fn signed_share(share: f64) -> String {
    format!("{} %", signed_number(100.0 * share))
}

#[derive(Serialize)]
struct Root<'a> {
    schema: &'static str,
    first: SideJson<'a>,
    second: SideJson<'a>,
    run: Run,
    journeys: Ordered<Journey>,
    data: Ordered<Class>,
}

#[derive(Serialize)]
struct SideJson<'a> {
    name: &'a str,
    sha256: &'a str,
    file: Option<&'a str>,
    only_here: &'a [String],
    data_only_here: &'a [String],
}

impl<'a> SideJson<'a> {
    fn of(side: &'a Side) -> SideJson<'a> {
        SideJson {
            name: &side.name,
            sha256: &side.sha256,
            file: side.file.as_deref(),
            only_here: &side.only_here,
            data_only_here: &side.data_only_here,
        }
    }
}

#[derive(Serialize)]
struct Run {
    replications: u64,
    seed: u64,
    horizon_s: f64,
    warm_up_s: f64,
    margin_s_per_year: f64,
    is_partial: bool,
    version: &'static str,
}

#[derive(Serialize)]
struct Journey {
    is: Change,
    first_downtime_s_per_year: Interval,
    second_downtime_s_per_year: Interval,
    difference_s_per_year: Interval,
    outages_difference_per_year: Interval,
    lives_worse: u64,
    lives_same: u64,
    lives_better: u64,
    differs_upper95: Option<f64>,
    variance_ratio: Option<f64>,
}

#[derive(Serialize)]
struct Class {
    is: Change,
    lost_s_per_year: Measure,
    loss_incidents_per_year: Measure,
    p_loss: Measure,
}

#[derive(Serialize)]
struct Measure {
    is: Change,
    first: Interval,
    second: Interval,
    difference: Interval,
    lives_worse: u64,
    lives_same: u64,
    lives_better: u64,
    differs_upper95: Option<f64>,
    variance_ratio: Option<f64>,
}

impl Measure {
    fn of((measure, is): (Paired, Change)) -> Measure {
        let [lives_worse, lives_same, lives_better] = measure.lives;
        Measure {
            is,
            first: measure.first.into(),
            second: measure.second.into(),
            difference: measure.difference.into(),
            lives_worse,
            lives_same,
            lives_better,
            differs_upper95: measure.differs_at_most,
            variance_ratio: measure.variance_ratio,
        }
    }
}

/// A difference as JSON, with a line break at its end.
pub fn difference_to_json(report: &DifferenceReport) -> String {
    let journey = |estimates: &PairedEstimates| {
        let downtime = &estimates.downtime_s_per_year;
        let [lives_worse, lives_same, lives_better] = downtime.lives;
        Journey {
            is: report.of_journey(estimates),
            first_downtime_s_per_year: downtime.first.into(),
            second_downtime_s_per_year: downtime.second.into(),
            difference_s_per_year: downtime.difference.into(),
            outages_difference_per_year: estimates.outages_per_year.difference.into(),
            lives_worse,
            lives_same,
            lives_better,
            differs_upper95: downtime.differs_at_most,
            variance_ratio: downtime.variance_ratio,
        }
    };
    let class = |class: &PairedLosses| {
        let [lost_s_per_year, loss_incidents_per_year, p_loss] =
            report.of_measures(class).map(Measure::of);
        let is = report.of_class(class);
        Class { is, lost_s_per_year, loss_incidents_per_year, p_loss }
    };
    let journeys = report.journeys.iter().map(|(name, one)| (name.clone(), journey(one)));
    let data = report.data.iter().map(|(name, one)| (name.clone(), class(one)));
    rendered(&Root {
        schema: SCHEMA,
        first: SideJson::of(&report.first),
        second: SideJson::of(&report.second),
        run: Run {
            replications: report.replications,
            seed: report.seed,
            horizon_s: report.horizon.seconds(),
            warm_up_s: report.warm_up.seconds(),
            margin_s_per_year: report.margin_s_per_year,
            is_partial: report.is_partial,
            version: env!("CARGO_PKG_VERSION"),
        },
        journeys: Ordered(journeys.collect()),
        data: Ordered(data.collect()),
    })
}
