//! CSV: one row a measure of a journey.

use super::data::{JourneyMeasures, Report};
use crate::stats::Estimate;

/// The measures of several reports as CSV, with a header.
pub fn to_csv(reports: &[Report]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["topology", "journey", "measure", "mean", "std_error", "ci95_low", "ci95_high"];
    let mut write = |row: &[String]| {
        writer.write_record(row).expect("rows have the columns of the header");
    };
    write(&header.map(str::to_owned));
    for report in reports {
        for journey in &report.journeys {
            let rows: Vec<(&str, Option<Estimate>)> = match &journey.measures {
                JourneyMeasures::FirstOutage(first) => {
                    vec![("time_to_first_outage_s", first.mean)]
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
            for (measure, estimate) in rows {
                let shown = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                write(&[
                    report.topology.name.clone(),
                    journey.name.clone(),
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
