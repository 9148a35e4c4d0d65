//! What has to be down together to take a journey down, and what matters most.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use super::difference::{DifferenceReport, signed, signed_ends};
use super::json::{Interval, omission_name};
use super::not_static::not_static_text;
use super::number::{duration, grouped, nines};
use super::text::{left_out, table, wrapped};
use crate::engine::first_hosts;
use crate::exact::{
    Cut, CutSets, CutsBy, DownAlone, Element, Importance, IntervalAnswer, Omission, OrderOfCuts,
    cut_sets, static_answer,
};
use crate::measure::{Paired, PairedEstimates};
use crate::model::{ClockId, JourneyId, Model, ShockId, UnitId};
use crate::spec::Topology;
use crate::units::SimSpan;

/// A JSON Schema (draft 7) of cut sets and importances, as this version writes them.
pub const CUTS_SCHEMA: &str = include_str!("cuts.schema.json");

/// What stands for the level of what strikes several units at once.
const COMMON_CAUSE: &str = "common cause";
/// Rows of tables of failure modes and units in the text.
const MOST_ROWS: usize = 20;

/// What takes down the journeys of a topology.
#[derive(Clone, Debug)]
pub struct CutsReport {
    /// Name of the topology.
    pub topology: String,
    /// The digest of its files.
    pub sha256: String,
    /// For how long what is never repaired has had time to fail, seconds.
    pub horizon_s: f64,
    /// What sets are made of.
    pub by: CutsBy,
    /// In the order of the file.
    pub journeys: Vec<JourneyCuts>,
    /// Whether controllers place replicas, and other lives begin with them elsewhere.
    pub is_of_one_placement: bool,
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
    /// By number of elements, beginning with one.
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

/// Minimal cut sets of so many elements.
#[derive(Clone, Debug)]
pub struct CutOrder {
    /// How many units, or failure modes of units.
    pub order: usize,
    /// How many such sets there are.
    pub count: u64,
    /// The most probable of them.
    pub cuts: Vec<NamedCut>,
}

/// A minimal cut set.
#[derive(Clone, Debug)]
pub struct NamedCut {
    /// Units that are down by themselves, by any of their failure modes or by one.
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
    /// The failure modes that take it down, or the one that does.
    pub modes: Vec<CutMode>,
    /// The probability that it is down by itself, by these.
    pub probability: f64,
}

/// A failure mode of a unit of a cut set.
#[derive(Clone, Debug)]
pub struct CutMode {
    /// Its name.
    pub name: String,
    /// The probability that the unit is down by it.
    pub probability: f64,
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
    /// Failure mode, unit, and what they contribute; those with the most downtime first, here and below.
    pub modes_of_units: Vec<(String, String, Importance<ClockId>)>,
    /// Failure mode, and what it contributes in all units that have it.
    pub modes: Vec<(String, Importance<usize>)>,
    /// Unit, and what it contributes whichever failure mode takes it down.
    pub units: Vec<(String, Importance<UnitId>)>,
}

/// Finds what takes down each journey, or one of them: sets of at most `order` units or failure modes, and at most
/// so many of each order.
pub fn cuts(
    topology: &Topology,
    model: &Model,
    journey: Option<usize>,
    by: CutsBy,
    (order, most): (usize, usize),
) -> CutsReport {
    let hosts = first_hosts(model);
    let down_alone = DownAlone::new(model, topology.horizon);
    let namer = Namer { topology, model, down_alone: &down_alone };
    let is_asked = |index: &usize| journey.is_none_or(|asked| asked == *index);
    let journeys = (0..topology.journeys.len()).filter(is_asked).map(|index| {
        let id = JourneyId::new(index);
        let found = cut_sets(model, &hosts, id, by, (order, most), &down_alone);
        namer.journey(index, found)
    });
    CutsReport {
        topology: topology.name.clone(),
        sha256: topology.sha256.clone(),
        horizon_s: topology.horizon.seconds(),
        by,
        journeys: journeys.collect(),
        is_of_one_placement: !model.platform.pods.is_empty(),
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
                Some(SimulatedImportance { mode, pairs, estimates: *estimates })
            };
            journey.simulated = without.iter().filter_map(of_mode).collect();
            let saved =
                |found: &SimulatedImportance| found.estimates.downtime_s_per_year.difference.mean;
            journey.simulated.sort_by(|one, other| saved(one).total_cmp(&saved(other)));
        }
    }
}

/// Puts names back.
struct Namer<'a> {
    topology: &'a Topology,
    model: &'a Model,
    down_alone: &'a DownAlone<'a>,
}

impl Namer<'_> {
    fn journey(&self, index: usize, found: CutSets) -> JourneyCuts {
        let Namer { topology, model, .. } = self;
        let answer = static_answer(model, JourneyId::new(index), (SimSpan::ZERO, topology.horizon));
        let exact = answer.map_err(|why| not_static_text(topology, model, &why));
        JourneyCuts {
            name: topology.journeys[index].name.clone(),
            units: found.units,
            asked: found.asked,
            orders: found.orders.into_iter().map(|order| self.order(order)).collect(),
            leaves_out: found.leaves_out,
            exact: exact.map(|answer| {
                let found = answer.importances;
                let of_unit = |found: Importance<ClockId>| {
                    let (unit, mode) = model.origin(found.of);
                    (self.mode(mode), self.path(unit), found)
                };
                let interval =
                    answer.interval.map_err(|why| not_static_text(topology, model, &why));
                ExactImportances {
                    unavailability: answer.unavailability,
                    outages_per_year: answer.outages_per_year,
                    interval,
                    modes_of_units: found.of_units.into_iter().map(of_unit).collect(),
                    modes: found
                        .modes
                        .into_iter()
                        .map(|found| (self.mode(found.of), found))
                        .collect(),
                    units: found
                        .units
                        .into_iter()
                        .map(|found| (self.path(found.of), found))
                        .collect(),
                }
            }),
            simulated: Vec::new(),
        }
    }

    fn order(&self, order: OrderOfCuts) -> CutOrder {
        let cuts = order.cuts.into_iter().map(|Cut { elements, probability }| {
            let units = elements.into_iter().map(|element| match element {
                Element::Unit(unit) => self.unit(unit, |_| true),
                Element::Mode(clock) => self.unit(self.model.origin(clock).0, |id| id == clock),
                Element::Shock(shock) => self.shock(shock),
            });
            NamedCut { units: units.collect(), probability }
        });
        CutOrder { order: order.order, count: order.count, cuts: cuts.collect() }
    }

    /// A unit that is down by some of its failure modes.
    fn unit(&self, id: UnitId, is_by: impl Fn(ClockId) -> bool) -> CutUnit {
        let by_modes = self.down_alone.by_modes(id).into_iter().filter(|(clock, _)| is_by(*clock));
        let modes: Vec<CutMode> = by_modes
            .map(|(clock, probability)| CutMode {
                name: self.mode(self.model.origin(clock).1),
                probability,
            })
            .collect();
        let probability = match modes.as_slice() {
            [only] => only.probability,
            _ => self.down_alone.of(id),
        };
        let level = self.topology.units[id.index()].level.clone();
        CutUnit { path: self.path(id), level, modes, probability }
    }

    /// A common cause, by what it strikes.
    fn shock(&self, id: ShockId) -> CutUnit {
        let targets = self.model.targets(id);
        let named = targets.first().map(|clock| {
            let (unit, mode) = self.model.origin(*clock);
            let group = self.topology.units[unit.index()].group;
            (self.topology.groups[group].clone(), self.mode(mode))
        });
        let (group, name) = named.unwrap_or_default();
        let path = format!("all {} of {group}", targets.len());
        let probability = self.down_alone.by_shock(id);
        let modes = vec![CutMode { name, probability }];
        CutUnit { path, level: Some(COMMON_CAUSE.to_owned()), modes, probability }
    }

    fn mode(&self, mode: usize) -> String {
        self.topology.modes[mode].name.clone()
    }

    fn path(&self, unit: UnitId) -> String {
        self.topology.units[unit.index()].path.clone()
    }
}

impl CutUnit {
    /// The level of a domain, or that it is a replica.
    fn level(&self) -> &str {
        self.level.as_deref().unwrap_or("replica")
    }

    /// The failure modes that take it down, and if there are several how much of it each does.
    fn fails_by(&self) -> String {
        let names =
            self.modes.iter().map(|mode| match self.modes.len() > 1 && self.probability > 0.0 {
                true => format!("{} ({})", mode.name, share(mode.probability / self.probability)),
                false => mode.name.clone(),
            });
        names.collect::<Vec<_>>().join(", ")
    }

    /// It, and by what it is down.
    fn by_mode(&self) -> String {
        format!("{}: {}", self.path, self.fails_by())
    }
}

/// A probability, with two digits.
fn probability(number: f64) -> String {
    if number == 0.0 { "-".to_owned() } else { format!("{number:.1e}") }
}

/// The report as text.
pub fn cuts_to_text(report: &CutsReport) -> String {
    let mut text = format!("{}: what takes down each journey\n", report.topology);
    if report.is_of_one_placement {
        text += "Replicas are as controllers have placed them in the first life; in others they stand elsewhere.\n";
    }
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
                _ => put_order(&mut text, order, report.by),
            }
        }
        put_none(&mut text, &none);
        if report.by == CutsBy::Unit {
            put_units(&mut text, journey);
        }
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
        duration(first.estimates.downtime_s_per_year.first.mean)
    );
    let rows = simulated.iter().map(|found| {
        let saved = found.estimates.downtime_s_per_year.difference.negated();
        let [low, high] = signed_ends(&saved);
        vec![found.mode.clone(), signed(saved.mean), low, high, of_downtime(found)]
    });
    let header = ["failure mode", "goes away a year", "95 % from", "to", "of downtime"];
    put_rows(text, &header, rows);
}

/// The share of downtime that goes away; where no life differs, that it is not known to.
fn of_downtime(found: &SimulatedImportance) -> String {
    let Paired { first, difference, differs_at_most, .. } = found.estimates.downtime_s_per_year;
    match differs_at_most {
        Some(most) => format!("no life of it differs, at most {} do", probability(most)),
        None if first.mean > 0.0 => share(-difference.mean / first.mean),
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

fn put_order(text: &mut String, order: &CutOrder, by: CutsBy) {
    let _ = match (order.order, order.count) {
        (1, 1) => writeln!(text, "One single point of failure"),
        (1, count) => writeln!(text, "{} single points of failure", grouped(count)),
        (_, 1) => writeln!(text, "One set of {} that takes it down together", order.order),
        (number, count) => {
            writeln!(text, "{} sets of {number} that take it down together", grouped(count))
        }
    };
    let name = match by {
        CutsBy::Unit => |unit: &CutUnit| unit.path.clone(),
        CutsBy::Mode => CutUnit::by_mode,
    };
    let rows = order.cuts.iter().map(|cut| match cut.units.as_slice() {
        [only] => vec![
            only.path.clone(),
            only.level().to_owned(),
            only.fails_by(),
            probability(cut.probability),
        ],
        units => {
            let names: Vec<String> = units.iter().map(name).collect();
            let mut levels: Vec<&str> = units.iter().map(CutUnit::level).collect();
            levels.dedup();
            vec![names.join(" + "), levels.join(" + "), probability(cut.probability)]
        }
    });
    let header: &[&str] = match order.order {
        1 => &["unit", "level", "fails by", "down alone"],
        _ => &["units", "level", "all down"],
    };
    *text += table(header, rows.collect()).trim_end_matches('\n');
    text.push('\n');
    let more = order.count - order.cuts.len() as u64;
    if more > 0 {
        let _ = writeln!(text, " and {} more, none of them more probable", grouped(more));
    }
}

/// Says what takes down the units of sets of several.
fn put_units(text: &mut String, journey: &JourneyCuts) {
    let mut units: Vec<&CutUnit> = Vec::new();
    let cuts = journey.orders.iter().skip(1).flat_map(|order| &order.cuts);
    let mut known = BTreeSet::new();
    for unit in cuts.flat_map(|cut| &cut.units) {
        if known.insert((&unit.path, &unit.level)) {
            units.push(unit);
        }
    }
    if units.is_empty() {
        return;
    }
    *text += "What takes down the units of these sets\n";
    let row = |unit: &&CutUnit| {
        vec![
            unit.path.clone(),
            unit.level().to_owned(),
            unit.fails_by(),
            probability(unit.probability),
        ]
    };
    put_rows(text, &["unit", "level", "fails by", "down alone"], units.iter().map(row));
}

/// A table of the first rows, and how many more there are.
fn put_rows(text: &mut String, header: &[&str], rows: impl ExactSizeIterator<Item = Vec<String>>) {
    let more = rows.len().saturating_sub(MOST_ROWS);
    *text += table(header, rows.take(MOST_ROWS).collect()).trim_end_matches('\n');
    text.push('\n');
    if more > 0 {
        let _ = writeln!(text, " and {more} more");
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
    let rows = exact.modes_of_units.iter().map(|(mode, unit, importance)| {
        let mut row = vec![format!("{mode} of {unit}")];
        row.extend(importance_cells(importance, true));
        row
    });
    put_rows(text, &importance_header("failure mode", true), rows);
    if exact.modes.iter().any(|(_, importance)| importance.in_units > 1) {
        *text += "Each failure mode in all units that have it\n";
        let rows = exact.modes.iter().map(|(mode, importance)| {
            let units = if importance.in_units == 1 { "unit" } else { "units" };
            let number = grouped(importance.in_units as u64);
            let mut row = vec![format!("{mode} of {number} {units}")];
            row.extend(importance_cells(importance, false));
            row
        });
        put_rows(text, &importance_header("failure mode", false), rows);
    }
    if exact.units.len() < exact.modes_of_units.len() {
        *text += "Each unit, whatever takes it down\n";
        let rows = exact.units.iter().map(|(unit, importance)| {
            let mut row = vec![unit.clone()];
            row.extend(importance_cells(importance, true));
            row
        });
        put_rows(text, &importance_header("unit", true), rows);
    }
}

/// The columns of a table of importances, of several units together without Birnbaum's, which is of one.
fn importance_header(of: &str, with_birnbaum: bool) -> Vec<&str> {
    let birnbaum = with_birnbaum.then_some("Birnbaum");
    let others = ["criticality", "Fussell-Vesely", "of outages"];
    [of, "down"].into_iter().chain(birnbaum).chain(others).collect()
}

fn importance_cells<Of>(importance: &Importance<Of>, with_birnbaum: bool) -> Vec<String> {
    let or_none =
        |found: Option<f64>, shown: fn(f64) -> String| found.map_or_else(|| "-".to_owned(), shown);
    // What never makes the difference is known, and not left out.
    let birnbaum_shown = |number: f64| match number {
        0.0 => "0".to_owned(),
        _ => probability(number),
    };
    let birnbaum = with_birnbaum.then(|| or_none(importance.birnbaum, birnbaum_shown));
    let others = [
        share(importance.criticality),
        or_none(importance.fussell_vesely, share),
        share(importance.outage_share),
    ];
    [probability(importance.unavailability)].into_iter().chain(birnbaum).chain(others).collect()
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
    let of_mode = |mode: &CutMode| json!({"mode": mode.name, "probability": mode.probability});
    let unit = |unit: &CutUnit| {
        json!({
            "unit": unit.path,
            "level": unit.level,
            "modes": unit.modes.iter().map(|mode| mode.name.as_str()).collect::<Vec<_>>(),
            "probability": unit.probability,
            "by_mode": unit.modes.iter().map(of_mode).collect::<Vec<_>>(),
        })
    };
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
            "importances": exact.modes_of_units.iter().map(|(mode, unit, importance)| {
                importance_json(&[("mode", mode), ("unit", unit)], importance)
            }).collect::<Vec<_>>(),
            "mode_importances": exact.modes.iter().map(|(mode, importance)| {
                importance_json(&[("mode", mode)], importance)
            }).collect::<Vec<_>>(),
            "unit_importances": exact.units.iter().map(|(unit, importance)| {
                importance_json(&[("unit", unit)], importance)
            }).collect::<Vec<_>>(),
        })
    };
    let simulated = |found: &SimulatedImportance| {
        let saved = found.estimates.downtime_s_per_year.difference.negated();
        json!({
            "mode": found.mode,
            "pairs": found.pairs,
            "downtime_s_per_year": Interval::from(found.estimates.downtime_s_per_year.first),
            "goes_away_s_per_year": Interval::from(saved),
            "differs_at_most": found.estimates.downtime_s_per_year.differs_at_most,
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
        "by": match report.by {
            CutsBy::Unit => "unit",
            CutsBy::Mode => "mode",
        },
        "is_of_one_placement": report.is_of_one_placement,
        "is_partial": report.is_partial,
        "journeys": journeys,
    })
}

/// What something with these names contributes.
fn importance_json<Of>(names: &[(&str, &String)], importance: &Importance<Of>) -> Value {
    let mut found = json!({
        "in_units": importance.in_units,
        "unavailability": importance.unavailability,
        "birnbaum": importance.birnbaum,
        "criticality": importance.criticality,
        "fussell_vesely": importance.fussell_vesely,
        "outage_share": importance.outage_share,
    });
    for (name, value) in names {
        found[*name] = json!(value);
    }
    found
}
