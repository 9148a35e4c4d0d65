//! CSV: one row a measure of a journey or data class.

use super::answer::Answer;
use super::data::{JourneyMeasures, Report};
use super::data_class::DataMeasures;
use crate::stats::Estimate;

/// Measures of one journey or data class, by name.
type Rows = Vec<(&'static str, Option<Estimate>)>;

/// The measures of several reports as CSV, with a header.
pub fn to_csv(reports: &[Report]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["topology", "journey", "measure", "mean", "std_error", "ci95_low", "ci95_high"];
    let mut write = |row: &[String]| {
        writer.write_record(row).expect("rows have the columns of the header");
    };
    write(&header.map(str::to_owned));
    for report in reports {
        let mut of_all: Vec<(&str, Rows)> = Vec::new();
        for journey in &report.journeys {
            let rows: Rows = match &journey.measures {
                JourneyMeasures::FirstOutage(first) => {
                    vec![("time_to_first_outage_s", first.mean)]
                }
                JourneyMeasures::Answered(answer) => {
                    let of = |number: fn(&Answer) -> Option<Estimate>| {
                        answer.as_ref().as_ref().ok().and_then(number)
                    };
                    vec![
                        ("unavailability", of(|answer| answer.unavailability)),
                        ("outages_per_year", of(|answer| answer.outages_per_year)),
                        ("p_no_outage", of(|answer| answer.p_no_outage)),
                        ("time_to_first_outage_s", of(|answer| answer.first_outage_s)),
                    ]
                }
                JourneyMeasures::Window(estimates, _) => vec![
                    ("unavailability", Some(estimates.unavailability)),
                    ("availability", Some(estimates.availability.mean)),
                    ("outages_per_year", Some(estimates.outages_per_year)),
                    ("outage_s", estimates.outages.as_ref().and_then(|outages| outages.mean)),
                    ("downtime_s_per_year", Some(estimates.downtime_s_per_year)),
                    ("p_no_outage", Some(estimates.p_no_outage)),
                ],
            };
            of_all.push((&journey.name, rows));
        }
        for class in &report.data {
            let rows: Rows = match &class.measures {
                DataMeasures::FirstLoss(first) => {
                    vec![("time_to_first_loss_s", first.as_ref().and_then(|first| first.mean))]
                }
                DataMeasures::Answered(answer) => {
                    let answer = answer.as_ref().ok();
                    vec![
                        ("p_loss", answer.and_then(|answer| answer.p_loss)),
                        ("time_to_first_loss_s", answer.and_then(|answer| answer.first_loss_s)),
                    ]
                }
                DataMeasures::Window(window) => {
                    let estimates = &window.estimates;
                    let incidents = estimates.loss_incidents_per_year.estimate;
                    vec![
                        ("loss_incidents_per_year", Some(incidents)),
                        ("p_loss", Some(estimates.p_loss.estimate)),
                        ("lost_s_per_year", Some(estimates.lost_s_per_year.estimate)),
                        ("rpo_s", estimates.rpo.map(|rpo| rpo.mean)),
                    ]
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
