//! CSV: one row a measure of a journey or data class.

use super::data::{JourneyMeasures, Outages, Report};
use super::data_class::DataMeasures;
use crate::measure::Bounded;
use crate::stats::Estimate;

/// Measures of one journey or data class, by name.
type Rows = Vec<(&'static str, Option<Estimate>)>;

/// The measures of several reports as CSV, with a header. A report that is partial has one row more, of no
/// journey: `is_partial`.
pub fn to_csv(reports: &[Report]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["topology", "journey", "measure", "mean", "std_error", "ci95_low", "ci95_high"];
    let mut write = |row: &[String]| {
        writer.write_record(row).expect("rows have the columns of the header");
    };
    write(&header.map(str::to_owned));
    for report in reports {
        if report.run.is_partial {
            // A file is read where nobody knows how its run ended.
            let row = [report.topology.name.as_str(), "", "is_partial", "1", "", "", ""];
            write(&row.map(str::to_owned));
        }
        let mut of_all: Vec<(&str, Rows)> = Vec::new();
        for journey in &report.journeys {
            let rows: Rows = match &journey.measures {
                JourneyMeasures::FirstOutage(first) => {
                    vec![("time_to_first_outage_s", first.mean)]
                }
                JourneyMeasures::Answered(_) | JourneyMeasures::Window(..) => {
                    let told = journey.outages();
                    let of =
                        |number: fn(&Outages) -> Option<Estimate>| told.as_ref().and_then(number);
                    let share = of(|told| told.unavailability);
                    let mut rows: Rows = vec![
                        ("unavailability", share),
                        ("availability", share.map(Estimate::complement)),
                        ("outages_per_year", of(|told| told.per_year)),
                        ("outage_s", of(|told| told.length_s)),
                        ("downtime_s_per_year", of(|told| told.downtime_s_per_year)),
                        ("p_no_outage", of(|told| told.p_no_outage)),
                    ];
                    if matches!(journey.measures, JourneyMeasures::Answered(_)) {
                        let first = journey.nearer().and_then(|answer| answer.first_outage_s);
                        rows.push(("time_to_first_outage_s", first));
                    }
                    rows
                }
            };
            of_all.push((&journey.name, rows));
        }
        for class in &report.data {
            let rows: Rows = match &class.measures {
                DataMeasures::FirstLoss(first) => {
                    vec![("time_to_first_loss_s", first.as_ref().and_then(|first| first.mean))]
                }
                DataMeasures::Answered(_) | DataMeasures::Window(_) => {
                    let (losses, durability) = (class.losses(), class.durability());
                    let bounded = |one: Option<Bounded>| one.map(|one| one.estimate);
                    let mut rows: Rows = vec![
                        (
                            "loss_incidents_per_year",
                            bounded(losses.and_then(|losses| losses.incidents_per_year)),
                        ),
                        ("p_loss", bounded(losses.and_then(|losses| losses.p_loss))),
                        (
                            "lost_s_per_year",
                            bounded(losses.and_then(|losses| losses.lost_s_per_year)),
                        ),
                    ];
                    match &class.measures {
                        DataMeasures::Window(window) => {
                            rows.push(("rpo_s", window.estimates.rpo.map(|rpo| rpo.mean)));
                        }
                        _ => {
                            let first = class.nearer().and_then(|answer| answer.first_loss_s);
                            rows.push(("time_to_first_loss_s", first));
                        }
                    }
                    if let Some(durability) = durability {
                        let group = bounded(durability.p_group_lost_per_year);
                        rows.push(("p_group_lost_per_year", group));
                        rows.push(("p_any_group_lost", bounded(durability.p_any_group_lost)));
                        let time = durability.time_to_loss;
                        rows.push(("mttdl_s", time.and_then(|time| time.mean)));
                    }
                    rows
                }
            };
            of_all.push((&class.name, rows));
        }
        for (name, rows) in of_all {
            for (measure, estimate) in rows {
                let shown = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                write(&[
                    report.topology.name.clone(),
                    name.to_owned(),
                    measure.to_owned(),
                    shown(estimate.map(|estimate| estimate.mean)),
                    shown(estimate.and_then(|estimate| estimate.std_error)),
                    shown(estimate.and_then(|estimate| Some(estimate.ci95?.0))),
                    shown(estimate.and_then(|estimate| Some(estimate.ci95?.1))),
                ]);
            }
        }
    }
    let bytes = writer.into_inner().expect("a vector takes everything");
    String::from_utf8(bytes).expect("names and numbers are text")
}
