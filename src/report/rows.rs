//! Lives as data: a row for each life and journey, or for each outage, as CSV or Parquet.

use std::io;

#[cfg(feature = "parquet")]
use super::parquet::ParquetRows;
use crate::engine::Root;
use crate::measure::Life;
use crate::model::Model;
use crate::spec::Topology;
use crate::units::{SimSpan, SimTime};

/// What there is a row for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsOf {
    /// Each life and journey: what it came to, as the report counts it.
    Lives,
    /// Each outage of each life: when, how long, why.
    Outages,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet; where the crate was built with its feature `parquet`.
    Parquet,
}

impl RowFormat {
    /// Whether the crate was built with it.
    pub const fn is_built_in(self) -> bool {
        match self {
            RowFormat::Csv => true,
            RowFormat::Parquet => cfg!(feature = "parquet"),
        }
    }
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Seconds,
    Truth,
    Text,
    /// A text that may be absent.
    MaybeText,
}

/// One value of a row; of the kind that its column has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    Count(u64),
    Seconds(f64),
    Truth(bool),
    Text(&'a str),
    MaybeText(Option<&'a str>),
}

/// Titles and kinds, in their order.
pub(super) type Columns = &'static [(&'static str, Kind)];

/// Columns of lives that only topologies with data classes have: they come last.
const OF_DATA: usize = 2;

const LIVES: Columns = &[
    ("replication", Kind::Count),
    ("journey", Kind::Text),
    ("downtime_s", Kind::Seconds),
    ("outages", Kind::Count),
    ("longest_outage_s", Kind::Seconds),
    ("unplanned_downtime_s", Kind::Seconds),
    ("lost_s", Kind::Seconds),
    ("loss_incidents", Kind::Count),
];
const OUTAGES: Columns = &[
    ("replication", Kind::Count),
    ("journey", Kind::Text),
    ("start_s", Kind::Seconds),
    ("length_s", Kind::Seconds),
    ("cause_mode", Kind::Text),
    ("cause_unit", Kind::Text),
    ("planned", Kind::Truth),
    ("prolonged_by_mode", Kind::MaybeText),
    ("prolonged_by_unit", Kind::MaybeText),
    ("censored", Kind::Truth),
];

enum Out<W: io::Write + Send> {
    Csv(Box<csv::Writer<W>>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows<W>>),
}

/// Writes lives, one after another, as rows.
pub struct RowWriter<'a, W: io::Write + Send> {
    of: RowsOf,
    topology: &'a Topology,
    model: &'a Model,
    /// When measuring begins: downtime before that is not of a life's row.
    from: SimTime,
    out: Out<W>,
}

impl<'a, W: io::Write + Send> RowWriter<'a, W> {
    /// Begins with what stands before all rows. Rows of lives count what happens after `warm_up`;
    /// rows of outages have all of it.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or if the format is not built in.
    pub fn new(
        of: RowsOf,
        format: RowFormat,
        writer: W,
        (topology, model): (&'a Topology, &'a Model),
        warm_up: SimSpan,
    ) -> io::Result<Self> {
        let columns = match of {
            RowsOf::Lives if topology.data.is_empty() => &LIVES[..LIVES.len() - OF_DATA],
            RowsOf::Lives => LIVES,
            RowsOf::Outages => OUTAGES,
        };
        let out = match format {
            RowFormat::Csv => {
                let mut writer = csv::Writer::from_writer(writer);
                writer.write_record(columns.iter().map(|(title, _)| title))?;
                Out::Csv(Box::new(writer))
            }
            #[cfg(feature = "parquet")]
            RowFormat::Parquet => Out::Parquet(Box::new(ParquetRows::new(writer, columns)?)),
            #[cfg(not(feature = "parquet"))]
            RowFormat::Parquet => {
                let problem = "built without the feature `parquet`";
                return Err(io::Error::new(io::ErrorKind::Unsupported, problem));
            }
        };
        Ok(RowWriter { of, topology, model, from: SimTime::ZERO + warm_up, out })
    }

    /// Writes the rows of one life.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub fn add(&mut self, life: &Life) -> io::Result<()> {
        match self.of {
            RowsOf::Lives => self.add_life(life),
            RowsOf::Outages => self.add_outages(life),
        }
    }

    /// Writes what has not been written yet, and hands the writer back.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self.out {
            Out::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error),
            #[cfg(feature = "parquet")]
            Out::Parquet(rows) => rows.finish(),
        }
    }

    fn add_life(&mut self, life: &Life) -> io::Result<()> {
        for (index, journey) in self.topology.journeys.iter().enumerate() {
            let sums = life.of_journey(index, self.from);
            let (lost, incidents) = life.of_data(&journey.data, self.from);
            let row = [
                Cell::Count(life.replication),
                Cell::Text(&journey.name),
                Cell::Seconds(sums.downtime.seconds()),
                Cell::Count(sums.outages),
                Cell::Seconds(sums.longest.seconds()),
                Cell::Seconds(sums.unplanned.seconds()),
                Cell::Seconds(lost.seconds()),
                Cell::Count(incidents),
            ];
            let left_out = if self.topology.data.is_empty() { OF_DATA } else { 0 };
            self.out.put(&row[..row.len() - left_out])?;
        }
        Ok(())
    }

    fn add_outages(&mut self, life: &Life) -> io::Result<()> {
        for outage in &life.outages {
            // What else is observed, such as when a journey was degraded, comes after journeys.
            let Some(journey) = self.topology.journeys.get(outage.journey.index()) else {
                continue;
            };
            let (mode, unit) = self.names(outage.cause);
            let by = outage.prolonged_by().map(|root| self.names(root));
            self.out.put(&[
                Cell::Count(life.replication),
                Cell::Text(&journey.name),
                Cell::Seconds(outage.start.micros() as f64 / 1e6),
                Cell::Seconds((outage.end - outage.start).seconds()),
                Cell::Text(mode),
                Cell::Text(unit),
                Cell::Truth(outage.cause.is_planned),
                Cell::MaybeText(by.map(|(mode, _)| mode)),
                Cell::MaybeText(by.map(|(_, unit)| unit)),
                Cell::Truth(outage.is_censored()),
            ])?;
        }
        Ok(())
    }

    fn names(&self, root: Root) -> (&'a str, &'a str) {
        let (unit, mode) = self.model.origin(root.clock);
        (&self.topology.modes[mode].name, &self.topology.units[unit.index()].path)
    }
}

impl<W: io::Write + Send> Out<W> {
    fn put(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        match self {
            Out::Csv(writer) => {
                for cell in row {
                    match cell {
                        Cell::Count(count) => writer.write_field(count.to_string())?,
                        Cell::Seconds(seconds) => writer.write_field(seconds.to_string())?,
                        Cell::Truth(truth) => writer.write_field(truth.to_string())?,
                        Cell::Text(text) => writer.write_field(text)?,
                        Cell::MaybeText(text) => writer.write_field(text.unwrap_or_default())?,
                    }
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
            #[cfg(feature = "parquet")]
            Out::Parquet(rows) => rows.put(row),
        }
    }
}
