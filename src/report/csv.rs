//! CSV: one row a measure of a journey.

use std::io;

use super::data::{JourneyMeasures, Report};
use crate::engine::Root;
use crate::measure::Life;
use crate::model::Model;
use crate::spec::Topology;
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

/// Writes outages as CSV, a row each, with a header.
pub struct OutageCsv<'a, W: io::Write> {
    writer: csv::Writer<W>,
    topology: &'a Topology,
    model: &'a Model,
}

impl<'a, W: io::Write> OutageCsv<'a, W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn new(writer: W, topology: &'a Topology, model: &'a Model) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record([
            "replication",
            "journey",
            "start_s",
            "length_s",
            "cause_mode",
            "cause_unit",
            "planned",
            "prolonged_by_mode",
            "prolonged_by_unit",
            "censored",
        ])?;
        Ok(OutageCsv { writer, topology, model })
    }

    /// Writes the outages of one life; times are from the beginning of the life.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub fn add(&mut self, life: &Life) -> io::Result<()> {
        for outage in &life.outages {
            let Some(journey) = self.topology.journeys.get(outage.journey.index()) else {
                continue;
            };
            let (mode, unit) = self.names(outage.cause);
            let by = outage.prolonged_by().map(|root| self.names(root)).unwrap_or_default();
            let start = outage.start.micros() as f64 / 1e6;
            self.writer.write_record([
                &life.replication.to_string(),
                &journey.name,
                &start.to_string(),
                &(outage.end - outage.start).seconds().to_string(),
                mode,
                unit,
                bool_name(outage.cause.is_planned),
                by.0,
                by.1,
                bool_name(outage.is_censored()),
            ])?;
        }
        Ok(())
    }

    /// Hands on what has not been written yet.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn names(&self, root: Root) -> (&'a str, &'a str) {
        let (unit, mode) = self.model.origin(root.clock);
        (&self.topology.modes[mode].name, &self.topology.units[unit.index()].path)
    }
}

fn bool_name(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
