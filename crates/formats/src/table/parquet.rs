//! Tables as Parquet.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{Column, Table};
use crate::{FormatError, foreign};

/// Most rows that are read.
const MAX_ROWS: i64 = 100_000_000;

/// Writes one row group after the other, compressed with Snappy.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) =
        table.columns.iter().map(|(name, column)| to_arrow(name, column)).unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(io::Error::other)?;
    let settings = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("morphotype".to_owned())
        .build();
    // The writer wants to be sent between threads, which `out` cannot be: small next to the pixels.
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(settings)).map_err(io::Error::other)?;
    writer.write(&batch).map_err(io::Error::other)?;
    writer.close().map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn to_arrow(name: &str, column: &Column) -> (Field, ArrayRef) {
    let array: ArrayRef = match column {
        Column::Text(v) => Arc::new(v.iter().map(Option::as_deref).collect::<StringArray>()),
        Column::Int(v) => Arc::new(v.iter().copied().collect::<Int64Array>()),
        Column::Float(v) => Arc::new(v.iter().copied().collect::<Float64Array>()),
        Column::Bool(v) => Arc::new(v.iter().copied().collect::<BooleanArray>()),
    };
    (Field::new(name, array.data_type().clone(), true), array)
}

/// Reads a file whose columns are text, numbers or truth values.
pub(super) fn parse(path: &Path, bytes: Vec<u8>) -> Result<Table, FormatError> {
    foreign::decode(path, "a Parquet table", || decode(path, bytes))
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<Table, FormatError> {
    let broken = |e: String| FormatError::new(path, "a Parquet table", e);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))
        .map_err(|e| broken(e.to_string()))?;
    let rows: i64 =
        builder.metadata().row_groups().iter().map(|g| g.num_rows().max(0)).fold(0, i64::saturating_add);
    if rows > MAX_ROWS {
        return Err(FormatError::new(path, format!("at most {MAX_ROWS} rows"), rows.to_string()));
    }
    let schema = Arc::clone(builder.schema());
    let reader = builder.build().map_err(|e| broken(e.to_string()))?;
    let mut columns: Vec<(String, Column)> = Vec::new();
    for field in schema.fields() {
        let empty = empty_column(field.data_type()).ok_or_else(|| {
            FormatError::new(path, "text, numbers or truth values", field.data_type().to_string())
                .at(format!("column {:?}", field.name()))
        })?;
        columns.push((field.name().clone(), empty));
    }
    for batch in reader {
        let batch = batch.map_err(|e| broken(e.to_string()))?;
        for ((_, column), array) in columns.iter_mut().zip(batch.columns()) {
            append(column, array).map_err(|e| broken(e.to_string()))?;
        }
    }
    Ok(Table { columns })
}

/// The column that values of this type go to, while it is empty.
fn empty_column(data_type: &DataType) -> Option<Column> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Column::Text(Vec::new())),
        DataType::Dictionary(_, values) => empty_column(values).filter(|c| matches!(c, Column::Text(_))),
        DataType::Boolean => Some(Column::Bool(Vec::new())),
        t if t.is_integer() => Some(Column::Int(Vec::new())),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(Column::Float(Vec::new())),
        _ => None,
    }
}

fn append(column: &mut Column, array: &ArrayRef) -> Result<(), arrow::error::ArrowError> {
    let cast = |to: DataType| {
        let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
        arrow::compute::cast_with_options(array, &to, &options)
    };
    match column {
        Column::Text(v) => {
            let a = cast(DataType::Utf8)?;
            v.extend(a.as_string::<i32>().iter().map(|s| s.map(str::to_owned)));
        }
        Column::Int(v) => v.extend(cast(DataType::Int64)?.as_primitive::<Int64Type>().iter()),
        Column::Float(v) => v.extend(cast(DataType::Float64)?.as_primitive::<Float64Type>().iter()),
        Column::Bool(v) => v.extend(cast(DataType::Boolean)?.as_boolean().iter()),
    }
    Ok(())
}
