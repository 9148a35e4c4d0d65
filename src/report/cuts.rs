//! What has to be down together to take a journey down, and what matters most.

use std::fmt::Write;

use serde_json::{Value, json};

use super::difference::{DifferenceReport, signed, signed_ends};
use super::json::{Interval, omission_name};
use super::not_static::not_static_text;
use super::number::{duration, grouped, nines};
use super::text::{left_out, table, wrapped};
use crate::engine::first_hosts;
use crate::exact::{
    Cut, CutSets, Importance, IntervalAnswer, Omission, OrderOfCuts, cut_sets, failure_modes,
    static_answer,
};
use crate::measure::PairedEstimates;
use crate::model::{JourneyId, Model, ShockId, UnitId};
use crate::spec::Topology;

/// What stands for the level of what strikes several units at once.
const COMMON_CAUSE: &str = "common cause";
/// Failure modes that text has the importance of.
const MOST_IMPORTANCES: usize = 20;

/// What takes down the journeys of a topology.
#[derive(Clone, Debug)]
pub struct CutsReport {
    /// Name of the topology.
    pub topology: String,
    /// The digest of its files.
    pub sha256: String,
    /// For how long what is never repaired has had time to fail, seconds.
    pub horizon_s: f64,
    /// In the order of the file.
    pub journeys: Vec<JourneyCuts>,
    /// Whether what was simulated was stopped before it was done.
    pub is_partial: bool,
}

/// What takes down a journey.
#[derive(Clone, Debug)]
pub struct JourneyCuts {
    /// Its name.
    pub name: String,
    /// Units that it depends on and that can fail by themselves.
    pub units: usize,
    /// The largest sets that were asked for.
    pub asked: usize,
    /// By number of units, beginning with one.
    pub orders: Vec<CutOrder>,
    /// What the journey has that its structure has not.
    pub leaves_out: Vec<Omission>,
    /// What is exactly true of it, or why nothing is known to be.
    pub exact: Result<ExactImportances, String>,
    /// What would go away without each failure mode, if that was simulated.
    pub simulated: Vec<SimulatedImportance>,
}

/// What would go away without a failure mode, by pairs of lives with and without it.
#[derive(Clone, Debug)]
pub struct SimulatedImportance {
    /// The failure mode.
    pub mode: String,
    /// How many pairs.
    pub pairs: u64,
    /// With it, and without it.
    pub estimates: PairedEstimates,
}

/// Minimal cut sets of so many units.
#[derive(Clone, Debug)]
pub struct CutOrder {
    /// How many units.
    pub order: usize,
    /// How many such sets there are.
    pub count: u64,
    /// The most probable of them.
    pub cuts: Vec<NamedCut>,
}

/// A minimal cut set.
#[derive(Clone, Debug)]
pub struct NamedCut {
    /// Units that are down by themselves.
    pub units: Vec<CutUnit>,
    /// How probable that is, as if they were independent.
    pub probability: f64,
}

/// A unit of a cut set, or all units that one cause strikes.
#[derive(Clone, Debug)]
pub struct CutUnit {
    /// Its path; of a common cause, what it strikes.
    pub path: String,
    /// The level of a domain, or that it is a common cause; nothing for a replica.
    pub level: Option<String>,
    /// The failure modes that take it down.
    pub modes: Vec<String>,
}

/// What failure modes contribute, exactly.
#[derive(Clone, Debug)]
pub struct ExactImportances {
    /// Unavailability in the long run.
    pub unavailability: f64,
    /// Outages per year of 365 days in the long run.
    pub outages_per_year: f64,
    /// The same over the horizon, beginning with everything up and new; or why that is not known.
    pub interval: Result<IntervalAnswer, String>,
    /// Failure mode, unit, and what they contribute; those with the most downtime first.
    pub modes: Vec<(String, String, Importance)>,
}

/// Finds what takes down each journey, or one of them: sets of at most `order` units, and at most so
/// many of each order.
pub fn cuts(
    topology: &Topology,
    model: &Model,
    journey: Option<usize>,
    order: usize,
    most: usize,
) -> CutsReport {
    let hosts = first_hosts(model);
    let namer = Namer { topology, model };
    let is_asked = |index: &usize| journey.is_none_or(|asked| asked == *index);
    let journeys = (0..topology.journeys.len()).filter(is_asked).map(|index| {
        let id = JourneyId::new(index);
        let found = cut_sets(model, &hosts, id, order, most, topology.horizon);
        namer.journey(index, found)
    });
    CutsReport {
        topology: topology.name.clone(),
        sha256: topology.sha256.clone(),
        horizon_s: topology.horizon.seconds(),
        journeys: journeys.collect(),
        is_partial: false,
    }
}

impl CutsReport {
    /// Whether there is a journey of which nothing is exactly known.
    pub fn lacks_exact_figures(&self) -> bool {
        self.journeys.iter().any(|journey| journey.exact.is_err())
    }

    /// Says what was simulated without each failure mode, by its name, of the journeys of which nothing is exactly
    /// known: those with the most downtime that goes away first.
    pub fn set_simulated(&mut self, without: &[(String, DifferenceReport)]) {
        self.is_partial = without.iter().any(|(_, difference)| difference.is_partial);
        for journey in self.journeys.iter_mut().filter(|journey| journey.exact.is_err()) {
            let of_mode = |(mode, difference): &(String, DifferenceReport)| {
                let (_, estimates) =
                    difference.journeys.iter().find(|(name, _)| *name == journey.name)?;
                let (mode, pairs) = (mode.clone(), difference.replications);
                Some(SimulatedImportance { mode, pairs, estimates: estimates.clone() })
            };
            journey.simulated = without.iter().filter_map(of_mode).collect();
            let saved = |found: &SimulatedImportance| found.estimates.difference_s_per_year.mean;
            journey.simulated.sort_by(|one, other| saved(one).total_cmp(&saved(other)));
        }
    }
}

/// Puts names back.
struct Namer<'a> {
    topology: &'a Topology,
    model: &'a Model,
}

impl Namer<'_> {
    fn journey(&self, index: usize, found: CutSets) -> JourneyCuts {
        let Namer { topology, model } = self;
        let answer = static_answer(model, JourneyId::new(index), topology.horizon);
        let exact = answer.map_err(|why| not_static_text(topology, model, &why));
        JourneyCuts {
            name: topology.journeys[index].name.clone(),
            units: found.units,
            asked: found.asked,
            orders: found.orders.into_iter().map(|order| self.order(order)).collect(),
            leaves_out: found.leaves_out,
            exact: exact.map(|answer| ExactImportances {
                unavailability: answer.unavailability,
                outages_per_year: answer.outages_per_year,
                interval: answer.interval.map_err(|why| not_static_text(topology, model, &why)),
                modes: answer.importances.into_iter().map(|found| self.importance(found)).collect(),
            }),
            simulated: Vec::new(),
        }
    }

    fn order(&self, order: OrderOfCuts) -> CutOrder {
        let cuts = order.cuts.into_iter().map(|Cut { units, shocks, probability }| {
            let units = units.into_iter().map(|unit| self.unit(unit));
            let units = units.chain(shocks.into_iter().map(|shock| self.shock(shock))).collect();
            NamedCut { units, probability }
        });
        CutOrder { order: order.order, count: order.count, cuts: cuts.collect() }
    }

    fn unit(&self, id: UnitId) -> CutUnit {
        let unit = &self.topology.units[id.index()];
        let modes = failure_modes(self.model, id);
        let name = |mode: usize| self.topology.modes[mode].name.clone();
        CutUnit {
            path: unit.path.clone(),
            level: unit.level.clone(),
            modes: modes.into_iter().map(|clock| name(self.model.origin(clock).1)).collect(),
        }
    }

    /// A common cause, by what it strikes.
    fn shock(&self, id: ShockId) -> CutUnit {
        let targets = self.model.targets(id);
        let named = targets.first().map(|clock| {
            let (unit, mode) = self.model.origin(*clock);
            let group = self.topology.units[unit.index()].group;
            (self.topology.groups[group].clone(), self.topology.modes[mode].name.clone())
        });
        let (group, mode) = named.unwrap_or_default();
        let path = format!("all {} of {group}", targets.len());
        CutUnit { path, level: Some(COMMON_CAUSE.to_owned()), modes: vec![mode] }
    }

    fn importance(&self, importance: Importance) -> (String, String, Importance) {
        let (unit, mode) = self.model.origin(importance.clock);
        let unit = self.topology.units[unit.index()].path.clone();
        (self.topology.modes[mode].name.clone(), unit, importance)
    }
}

impl CutUnit {
    /// The level of a domain, or that it is a replica.
    fn level(&self) -> &str {
        self.level.as_deref().unwrap_or("replica")
    }
}

/// A probability, with two digits.
fn probability(number: f64) -> String {
    if number == 0.0 { "-".to_owned() } else { format!("{number:.1e}") }
}

/// The report as text.
pub fn cuts_to_text(report: &CutsReport) -> String {
    let mut text = format!("{}: what takes down each journey\n", report.topology);
    for journey in &report.journeys {
        let _ = writeln!(
            text,
            "\n{}: {} units that it depends on can fail",
            journey.name,
            grouped(journey.units as u64)
        );
        let mut none = Vec::new();
        for order in &journey.orders {
            match (order.order, order.count) {
                (1, 0) => text += "No single point of failure.\n",
                (number, 0) => none.push(number),
                _ => put_order(&mut text, order),
            }
        }
        put_none(&mut text, &none);
        put_given_up(&mut text, journey);
        if !journey.leaves_out.is_empty() {
            let left_out: Vec<&str> =
                journey.leaves_out.iter().map(|omission| not_in_sets(*omission)).collect();
            let line = format!("These are sets of the structure alone: {}.", left_out.join("; "));
            text += &wrapped(&line, "");
        }
        put_exact(&mut text, &journey.exact, report.horizon_s);
        put_simulated(&mut text, &journey.simulated);
    }
    if report.is_partial {
        text += "\nInterrupted: what was simulated is of the lives that were complete.\n";
    }
    text
}

fn put_simulated(text: &mut String, simulated: &[SimulatedImportance]) {
    let Some(first) = simulated.first() else { return };
    let _ = writeln!(
        text,
        "Without each failure mode, by simulation ({} pairs of lives each, with the same luck), of {} down a year",
        grouped(first.pairs),
        duration(first.estimates.first_s_per_year.mean)
    );
    let rows = simulated.iter().take(MOST_IMPORTANCES).map(|found| {
        let saved = found.estimates.difference_s_per_year.negated();
        let [low, high] = signed_ends(&saved);
        vec![found.mode.clone(), signed(saved.mean), low, high, of_downtime(found)]
    });
    let header = ["failure mode", "goes away a year", "95 % from", "to", "of downtime"];
    *text += table(&header, rows.collect()).trim_end_matches('\n');
    text.push('\n');
    if simulated.len() > MOST_IMPORTANCES {
        let _ = writeln!(text, " and {} more", simulated.len() - MOST_IMPORTANCES);
    }
}

/// The share of downtime that goes away; where no life differs, that it is not known to.
fn of_downtime(found: &SimulatedImportance) -> String {
    let PairedEstimates { first_s_per_year, difference_s_per_year, differs_at_most, .. } =
        &found.estimates;
    match differs_at_most {
        Some(most) => format!("no life of it differs, at most {} do", probability(*most)),
        None if first_s_per_year.mean > 0.0 => {
            share(-difference_s_per_year.mean / first_s_per_year.mean)
        }
        None => "-".to_owned(),
    }
}

/// What the structure of a journey has not.
fn not_in_sets(omission: Omission) -> &'static str {
    match omission {
        // Those that strike all are in it.
        Omission::CommonCauses => "what strikes some of several strikes each of them alone in it",
        omission => left_out(omission),
    }
}

fn put_order(text: &mut String, order: &CutOrder) {
    let _ = match (order.order, order.count) {
        (1, 1) => writeln!(text, "One single point of failure"),
        (1, count) => writeln!(text, "{} single points of failure", grouped(count)),
        (_, 1) => writeln!(text, "One set of {} that takes it down together", order.order),
        (number, count) => {
            writeln!(text, "{} sets of {number} that take it down together", grouped(count))
        }
    };
    let rows = order.cuts.iter().map(|cut| match cut.units.as_slice() {
        [only] => vec![
            only.path.clone(),
            only.level().to_owned(),
            only.modes.join(", "),
            probability(cut.probability),
        ],
        units => {
            let names: Vec<&str> = units.iter().map(|unit| unit.path.as_str()).collect();
            let mut levels: Vec<&str> = units.iter().map(CutUnit::level).collect();
            levels.dedup();
            vec![names.join(" + "), levels.join(" + "), String::new(), probability(cut.probability)]
        }
    });
    let header = match order.order {
        1 => ["unit", "level", "fails by", "down alone"],
        _ => ["units", "level", "", "all down"],
    };
    let mut rows: Vec<Vec<String>> = rows.collect();
    let mut header = header.to_vec();
    if order.order > 1 {
        header.remove(2);
        rows.iter_mut().for_each(|row| drop(row.remove(2)));
    }
    *text += table(&header, rows).trim_end_matches('\n');
    text.push('\n');
    let more = order.count - order.cuts.len() as u64;
    if more > 0 {
        let _ = writeln!(text, " and {} more, none of them more probable", grouped(more));
    }
}

/// Says which orders have no sets.
fn put_none(text: &mut String, none: &[usize]) {
    let numbers: Vec<String> = none.iter().map(usize::to_string).collect();
    let _ = match numbers.as_slice() {
        [] => return,
        [only] => writeln!(text, "No set of {only}."),
        [others @ .., last] => writeln!(text, "No set of {} or {last}.", others.join(", ")),
    };
}

/// Says which orders were not found out.
fn put_given_up(text: &mut String, journey: &JourneyCuts) {
    let found = journey.orders.len();
    if found < journey.asked {
        let larger = match found + 1 == journey.asked {
            true => journey.asked.to_string(),
            false => format!("{} to {}", found + 1, journey.asked),
        };
        let _ = writeln!(text, "Sets of {larger} are too many to find out.");
    }
}

fn put_exact(text: &mut String, exact: &Result<ExactImportances, String>, horizon_s: f64) {
    let exact = match exact {
        Err(why) => {
            *text += &wrapped(&format!("No exact figures: {why}."), "");
            return;
        }
        Ok(exact) => exact,
    };
    let _ = writeln!(
        text,
        "Exactly, in the long run: unavailability {:.4e}, {:.1} nines, {:.3e} outages a year",
        exact.unavailability,
        nines(exact.unavailability),
        exact.outages_per_year
    );
    let _ = match &exact.interval {
        Ok(interval) => writeln!(
            text,
            "Over {} from new: unavailability {:.4e}, {:.1} nines, {:.3e} outages a year",
            duration(horizon_s),
            interval.unavailability,
            nines(interval.unavailability),
            interval.outages_per_year
        ),
        Err(why) => write!(text, "{}", wrapped(&format!("Not over a horizon: {why}."), "")),
    };
    let rows = exact.modes.iter().take(MOST_IMPORTANCES).map(|(mode, unit, importance)| {
        vec![
            format!("{mode} of {unit}"),
            probability(importance.unavailability),
            probability(importance.birnbaum),
            share(importance.criticality),
            importance.fussell_vesely.map_or_else(|| "-".to_owned(), share),
            share(importance.outage_share),
        ]
    });
    let header =
        ["failure mode", "down", "Birnbaum", "criticality", "Fussell-Vesely", "of outages"];
    *text += table(&header, rows.collect()).trim_end_matches('\n');
    text.push('\n');
    if exact.modes.len() > MOST_IMPORTANCES {
        let _ = writeln!(text, " and {} more", exact.modes.len() - MOST_IMPORTANCES);
    }
}

fn share(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

/// The reports as JSON, `ninefold-cuts/1`: an array unless there is one.
pub fn cuts_to_json(reports: &[CutsReport]) -> String {
    let whole = match reports {
        [only] => one_to_json(only),
        several => several.iter().map(one_to_json).collect(),
    };
    format!("{whole:#}\n")
}

fn one_to_json(report: &CutsReport) -> Value {
    let unit =
        |unit: &CutUnit| json!({"unit": unit.path, "level": unit.level, "modes": unit.modes});
    let cut = |cut: &NamedCut| {
        json!({
            "units": cut.units.iter().map(unit).collect::<Vec<_>>(),
            "probability": cut.probability,
        })
    };
    let order = |order: &CutOrder| {
        json!({
            "order": order.order,
            "count": order.count,
            "cuts": order.cuts.iter().map(cut).collect::<Vec<_>>(),
        })
    };
    let importance = |(mode, unit, importance): &(String, String, Importance)| {
        json!({
            "mode": mode,
            "unit": unit,
            "unavailability": importance.unavailability,
            "birnbaum": importance.birnbaum,
            "criticality": importance.criticality,
            "fussell_vesely": importance.fussell_vesely,
            "outage_share": importance.outage_share,
        })
    };
    let interval = |interval: &IntervalAnswer| {
        json!({
            "unavailability": interval.unavailability,
            "outages_per_year": interval.outages_per_year,
            "unavailability_at_end": interval.unavailability_at_end,
            "relative_error": interval.relative_error,
        })
    };
    let exact = |exact: &ExactImportances| {
        json!({
            "unavailability": exact.unavailability,
            "outages_per_year": exact.outages_per_year,
            "interval": exact.interval.as_ref().ok().map(interval),
            "not_over_horizon": exact.interval.as_ref().err(),
            "importances": exact.modes.iter().map(importance).collect::<Vec<_>>(),
        })
    };
    let simulated = |found: &SimulatedImportance| {
        let saved = found.estimates.difference_s_per_year.negated();
        json!({
            "mode": found.mode,
            "pairs": found.pairs,
            "downtime_s_per_year": Interval::from(found.estimates.first_s_per_year),
            "goes_away_s_per_year": Interval::from(saved),
            "differs_at_most": found.estimates.differs_at_most,
        })
    };
    let journey = |journey: &JourneyCuts| {
        json!({
            "units": journey.units,
            "order_asked": journey.asked,
            "order_reached": journey.orders.len(),
            "orders": journey.orders.iter().map(order).collect::<Vec<_>>(),
            "leaves_out": journey.leaves_out.iter().map(|o| omission_name(*o)).collect::<Vec<_>>(),
            "exact": journey.exact.as_ref().ok().map(exact),
            "not_exact": journey.exact.as_ref().err(),
            "simulated": journey.simulated.iter().map(simulated).collect::<Vec<_>>(),
        })
    };
    let journeys: serde_json::Map<String, Value> =
        report.journeys.iter().map(|found| (found.name.clone(), journey(found))).collect();
    json!({
        "schema": "ninefold-cuts/1",
        "topology": {"name": report.topology, "sha256": report.sha256},
        "horizon_s": report.horizon_s,
        "is_partial": report.is_partial,
        "journeys": journeys,
    })
}
