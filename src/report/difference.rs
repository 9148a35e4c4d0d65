//! What changed from one system to another: for people, and for programs.

use std::fmt::Write;

use serde::Serialize;

use super::json::{Interval, Ordered, rendered};
use super::number::{duration, grouped, significant};
use super::text::{after_warm_up, table, wrapped};
use crate::measure::PairedEstimates;
use crate::stats::Estimate;
use crate::units::SimSpan;

/// The version of the JSON.
const SCHEMA: &str = "ninefold-difference/1";

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
    /// The journeys that both have, by name, in the order of the first.
    pub journeys: Vec<(String, PairedEstimates)>,
}

/// One of two systems that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its name.
    pub name: String,
    /// The digest of its topology.
    pub sha256: String,
    /// Journeys that the other one has not.
    pub only_here: Vec<String>,
}

/// What a difference says of the second system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Less downtime: all of the interval is below zero.
    Better,
    /// More downtime: all of the interval is above zero.
    Worse,
    /// No life of it was any different.
    Same,
    /// The interval reaches over zero.
    Undecided,
}

impl Change {
    /// What an estimate of the difference says.
    pub fn of(estimates: &PairedEstimates) -> Change {
        match estimates.difference_s_per_year.ci95 {
            None if estimates.differs_at_most.is_some() => Change::Same,
            Some((_, high)) if high < 0.0 => Change::Better,
            Some((low, _)) if low > 0.0 => Change::Worse,
            _ => Change::Undecided,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Change::Better => "better",
            Change::Worse => "worse",
            Change::Same => "same",
            Change::Undecided => "undecided",
        }
    }
}

impl DifferenceReport {
    /// The journeys of which it is certain, with 95 % confidence each, that they are down for more
    /// than so many seconds a year longer than before.
    pub fn worse_by_more_than(&self, margin_s_per_year: f64) -> Vec<&str> {
        let is_worse = |estimates: &PairedEstimates| {
            let interval = estimates.difference_s_per_year.ci95;
            interval.is_some_and(|(low, _)| low > margin_s_per_year)
        };
        let worse = self.journeys.iter().filter(|(_, estimates)| is_worse(estimates));
        worse.map(|(name, _)| name.as_str()).collect()
    }
}

/// A difference for people.
pub fn difference_to_text(report: &DifferenceReport) -> String {
    let mut text = wrapped(&format!("{} -> {}", report.first.name, report.second.name), "");
    let warm_up = after_warm_up(report.warm_up);
    let _ = writeln!(
        text,
        "{} pairs of lives of {}{warm_up}, each pair with the same luck, seed {}\n",
        grouped(report.replications),
        duration(report.horizon.seconds()),
        report.seed,
    );
    let header =
        ["journey", "down a year", "then", "difference", "95 % from", "to", "outages a year", "is"];
    let rows = report.journeys.iter().map(|(name, estimates)| {
        let difference = &estimates.difference_s_per_year;
        let [low, high] = signed_ends(difference);
        vec![
            name.clone(),
            duration(estimates.first_s_per_year.mean),
            duration(estimates.second_s_per_year.mean),
            signed(difference.mean),
            low,
            high,
            number(&estimates.outages_difference_per_year),
            Change::of(estimates).word().to_owned(),
        ]
    });
    text += &table(&header, rows.collect());
    for (name, estimates) in &report.journeys {
        text += &wrapped(&format!("{name}: {}", told(estimates)), "  ");
    }
    for (side, other) in [(&report.first, &report.second), (&report.second, &report.first)] {
        if !side.only_here.is_empty() {
            let names = side.only_here.join(", ");
            text +=
                &wrapped(&format!("{} has, and {} has not: {names}", side.name, other.name), "  ");
        }
    }
    if report.is_partial {
        text += "\nInterrupted: this is of the lives that were complete.\n";
    }
    text
}

fn told(estimates: &PairedEstimates) -> String {
    let [longer, _, shorter] = estimates.lives;
    if let Some(bound) = estimates.differs_at_most {
        return format!("no life differs; at most {} % of lives do", significant(100.0 * bound, 2));
    }
    let lives = |number: u64| match number {
        0 => "no life".to_owned(),
        1 => "one life".to_owned(),
        number => format!("{} lives", grouped(number)),
    };
    let mut text = format!("down for less in {}, for more in {}", lives(shorter), lives(longer));
    // Less than a tenth is not worth a word.
    if let Some(ratio) = estimates.variance_ratio.filter(|ratio| *ratio > 0.0 && *ratio < 0.9) {
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
    let ends = seconds.ci95.map(|(low, high)| [signed(low), signed(high)]);
    ends.unwrap_or_else(|| ["-".to_owned(), "-".to_owned()])
}

fn number(estimate: &Estimate) -> String {
    match estimate.mean {
        0.0 => "0".to_owned(),
        mean => format!("{}{}", if mean > 0.0 { "+" } else { "" }, significant(mean, 2)),
    }
}

#[derive(Serialize)]
struct Root<'a> {
    schema: &'static str,
    first: SideJson<'a>,
    second: SideJson<'a>,
    run: Run,
    journeys: Ordered<Journey>,
}

#[derive(Serialize)]
struct SideJson<'a> {
    name: &'a str,
    sha256: &'a str,
    only_here: &'a [String],
}

impl<'a> SideJson<'a> {
    fn of(side: &'a Side) -> SideJson<'a> {
        SideJson { name: &side.name, sha256: &side.sha256, only_here: &side.only_here }
    }
}

#[derive(Serialize)]
struct Run {
    replications: u64,
    seed: u64,
    horizon_s: f64,
    warm_up_s: f64,
    partial: bool,
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

/// A difference as JSON, with a line break at its end.
pub fn difference_to_json(report: &DifferenceReport) -> String {
    let journey = |estimates: &PairedEstimates| {
        let [lives_worse, lives_same, lives_better] = estimates.lives;
        Journey {
            is: Change::of(estimates),
            first_downtime_s_per_year: estimates.first_s_per_year.into(),
            second_downtime_s_per_year: estimates.second_s_per_year.into(),
            difference_s_per_year: estimates.difference_s_per_year.into(),
            outages_difference_per_year: estimates.outages_difference_per_year.into(),
            lives_worse,
            lives_same,
            lives_better,
            differs_upper95: estimates.differs_at_most,
            variance_ratio: estimates.variance_ratio,
        }
    };
    let journeys = report.journeys.iter().map(|(name, one)| (name.clone(), journey(one)));
    rendered(&Root {
        schema: SCHEMA,
        first: SideJson::of(&report.first),
        second: SideJson::of(&report.second),
        run: Run {
            replications: report.replications,
            seed: report.seed,
            horizon_s: report.horizon.seconds(),
            warm_up_s: report.warm_up.seconds(),
            partial: report.is_partial,
            version: env!("CARGO_PKG_VERSION"),
        },
        journeys: Ordered(journeys.collect()),
    })
}
