//! Rows as Apache Parquet: columns are kept for so many rows and written as one group, so that memory
//! does not grow with the number of rows.

use std::io;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::rows::{Cell, Columns, Kind};

/// Rows of a group: large enough for readers, and at most some ten megabytes.
const ROWS_PER_GROUP: usize = 65_536;

/// Values of one column that are not written yet.
enum Column {
    Counts(Vec<i64>),
    Seconds(Vec<f64>),
    Truths(Vec<bool>),
    Texts(Vec<ByteArray>),
    /// Those that are there; and for each row 1 if it has one, else 0.
    MaybeTexts(Vec<ByteArray>, Vec<i16>),
}

/// Writes rows as Parquet.
pub(super) struct ParquetRows<W: io::Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    /// Rows that are not written yet.
    rows: usize,
}

impl<W: io::Write + Send> ParquetRows<W> {
    pub(super) fn new(writer: W, columns: Columns) -> io::Result<Self> {
        let fields = columns.iter().map(|&(title, kind)| Ok(Arc::new(field(title, kind)?)));
        let fields = fields.collect::<Result<_, ParquetError>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(parquet::basic::Compression::SNAPPY)
            .build();
        let writer = SerializedFileWriter::new(writer, Arc::new(schema), Arc::new(properties))?;
        let columns = columns.iter().map(|&(_, kind)| Column::new(kind)).collect();
        Ok(ParquetRows { writer, columns, rows: 0 })
    }

    pub(super) fn put(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(row) {
            column.push(*cell);
        }
        self.rows += 1;
        if self.rows == ROWS_PER_GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_group()?;
        Ok(self.writer.into_inner()?)
    }

    fn write_group(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.rows) == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let mut writer = group.next_column()?.expect("a group has every column of the schema");
            match column {
                Column::Counts(values) => {
                    writer.typed::<Int64Type>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Seconds(values) => {
                    writer.typed::<DoubleType>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Truths(values) => {
                    writer.typed::<BoolType>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Texts(values) => {
                    writer.typed::<ByteArrayType>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::MaybeTexts(values, levels) => {
                    writer.typed::<ByteArrayType>().write_batch(values, Some(levels), None)?;
                    values.clear();
                    levels.clear();
                }
            }
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

impl Column {
    fn new(kind: Kind) -> Column {
        match kind {
            Kind::Count => Column::Counts(Vec::new()),
            Kind::Seconds => Column::Seconds(Vec::new()),
            Kind::Truth => Column::Truths(Vec::new()),
            Kind::Text => Column::Texts(Vec::new()),
            Kind::MaybeText => Column::MaybeTexts(Vec::new(), Vec::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            // Nobody counts beyond 2^63.
            (Column::Counts(values), Cell::Count(count)) => values.push(count as i64),
            (Column::Seconds(values), Cell::Seconds(seconds)) => values.push(seconds),
            (Column::Truths(values), Cell::Truth(truth)) => values.push(truth),
            (Column::Texts(values), Cell::Text(text)) => values.push(ByteArray::from(text)),
            (Column::MaybeTexts(values, levels), Cell::MaybeText(text)) => {
                levels.push(i16::from(text.is_some()));
                values.extend(text.map(ByteArray::from));
            }
            (_, cell) => unreachable!("{cell:?} in a column of another kind"),
        }
    }
}

fn field(title: &str, kind: Kind) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Count => (PhysicalType::INT64, None),
        Kind::Seconds => (PhysicalType::DOUBLE, None),
        Kind::Truth => (PhysicalType::BOOLEAN, None),
        Kind::Text | Kind::MaybeText => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = match kind {
        Kind::MaybeText => Repetition::OPTIONAL,
        _ => Repetition::REQUIRED,
    };
    Type::primitive_type_builder(title, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    #[test]
    fn rows_beyond_one_group_begin_another() {
        const ROWS: u64 = 2 * ROWS_PER_GROUP as u64 + 3;
        let columns: Columns = &[("number", Kind::Count), ("name", Kind::MaybeText)];
        let mut file = tempfile::tempfile().unwrap();
        let mut rows = ParquetRows::new(&mut file, columns).unwrap();
        for number in 0..ROWS {
            let name = (number % 3 == 0).then_some("third");
            rows.put(&[Cell::Count(number), Cell::MaybeText(name)]).unwrap();
        }
        rows.finish().unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        assert_eq!(reader.num_row_groups(), 3);
        let mut expected = 0;
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
            let name = match expected % 3 {
                0 => Field::Str("third".to_owned()),
                _ => Field::Null,
            };
            assert_eq!(fields, [&Field::Long(expected), &name]);
            expected += 1;
        }
        assert_eq!(expected as u64, ROWS);
    }
}
