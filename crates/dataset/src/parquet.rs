//! A table of comma-separated values as a Parquet file: the same columns and rows, with types.

use crate::column::{Column, Kind};
use crate::table::Schema;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError as WriteError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// Why a table has no Parquet form.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// Not comma-separated values.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A cell that is not what its column says.
    #[error("row {row}, column {column}: {cell:?} is not of the column's type")]
    Cell {
        /// The row, from 0.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The Parquet file of a table of this form.
///
/// # Errors
/// [`ParquetError`].
pub fn from_csv(form: &Schema, table: &[u8]) -> Result<Vec<u8>, ParquetError> {
    let mut reader = csv::Reader::from_reader(table);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("dyad {}", crate::PROGRAM))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema(form)?, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (at, (column, _)) in form.columns.iter().enumerate() {
        let cells = Cells { rows: &rows, at, column };
        match column.kind {
            Kind::Text => cells.write::<ByteArrayType>(&mut group, |it| Some(ByteArray::from(it))),
            Kind::Integer => cells.write::<Int64Type>(&mut group, |it| it.parse().ok()),
            Kind::Number => cells.write::<DoubleType>(&mut group, |it| it.parse().ok()),
            Kind::Boolean => cells.write::<BoolType>(&mut group, boolean),
            Kind::Time => cells.write::<Int64Type>(&mut group, milliseconds),
        }?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}

fn boolean(cell: &str) -> Option<bool> {
    match cell {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    }
}

fn milliseconds(cell: &str) -> Option<i64> {
    cell.parse().ok().map(|time: jiff::Timestamp| time.as_millisecond())
}

fn schema(form: &Schema) -> Result<TypePtr, WriteError> {
    let fields = form.columns.iter().map(|(column, _)| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Boolean => (Physical::BOOLEAN, None),
            Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        };
        let field = Type::primitive_type_builder(&column.name, physical);
        let field = field.with_repetition(Repetition::OPTIONAL).with_logical_type(logical);
        Ok(Arc::new(field.build()?))
    });
    let fields = fields.collect::<Result<_, WriteError>>()?;
    Ok(Arc::new(Type::group_type_builder("table").with_fields(fields).build()?))
}

/// A column of a table.
struct Cells<'a> {
    rows: &'a [csv::StringRecord],
    at: usize,
    column: &'a Column,
}

impl Cells<'_> {
    fn write<T: DataType>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
        parse: impl Fn(&str) -> Option<T::T>,
    ) -> Result<(), ParquetError> {
        let (mut values, mut present) = (Vec::new(), Vec::new());
        for (row, cells) in self.rows.iter().enumerate() {
            let cell = cells.get(self.at).unwrap_or_default();
            present.push(i16::from(!cell.is_empty()));
            if cell.is_empty() {
                continue;
            }
            let wrong = || ParquetError::Cell {
                row,
                column: self.column.name.clone(),
                cell: cell.to_owned(),
            };
            values.push(parse(cell).ok_or_else(wrong)?);
        }
        if let Some(mut column) = group.next_column()? {
            column.typed::<T>().write_batch(&values, Some(&present), None)?;
            column.close()?;
        }
        Ok(())
    }
}
