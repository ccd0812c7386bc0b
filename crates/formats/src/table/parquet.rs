//! Tables as Parquet: flat columns of text, numbers and truth values, each value there or not.

mod pages;

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, get_column_reader, get_typed_column_reader};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescriptor, Type, TypePtr};

use self::pages::CheckedPages;
use super::{Column, Table};
use crate::{FormatError, foreign};

/// Most rows that are read.
const MAX_ROWS: i64 = 100_000_000;
/// Rows of a group that is written.
const GROUP: usize = 1 << 20;
/// Rows that are read at once.
const STEP: usize = 1 << 16;

/// Writes one group of rows after the other, compressed with Snappy.
pub(super) fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    // The writer wants to be sent between threads, which `out` cannot be: small next to the pixels.
    let mut bytes = Vec::new();
    encode(&mut std::iter::once(table.clone()), &mut bytes).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

/// Writes tables of the same columns as one; memory holds one of them.
pub(super) fn write_parts(parts: &mut dyn Iterator<Item = Table>, out: impl Write + Send) -> io::Result<()> {
    encode(parts, out).map_err(io::Error::other)
}

fn encode(parts: &mut dyn Iterator<Item = Table>, mut out: impl Write + Send) -> Result<()> {
    let first = parts.next().unwrap_or_default();
    let fields = first.columns.iter().map(|(name, column)| field(name, column)).collect::<Result<_>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let settings = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("morphotype".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(&mut out, Arc::new(schema), Arc::new(settings))?;
    let names: Vec<String> = first.names().map(str::to_owned).collect();
    for table in std::iter::once(first).chain(parts) {
        if !table.names().eq(names.iter().map(String::as_str)) {
            return Err(ParquetError::General("parts with other columns".to_owned()));
        }
        for start in (0..table.n_rows()).step_by(GROUP) {
            let rows = start..table.n_rows().min(start + GROUP);
            let mut group = writer.next_row_group()?;
            for (_, column) in &table.columns {
                write_column(&mut group, column, rows.clone())?;
            }
            group.close()?;
        }
    }
    writer.close()?;
    Ok(())
}

fn field(name: &str, column: &Column) -> Result<TypePtr> {
    let (physical, logical) = match column {
        Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Column::Int(_) => (Physical::INT64, None),
        Column::Float(_) => (Physical::DOUBLE, None),
        Column::Bool(_) => (Physical::BOOLEAN, None),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    builder.with_logical_type(logical).build().map(Arc::new)
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
    rows: Range<usize>,
) -> Result<()> {
    match column {
        Column::Text(v) => put::<ByteArrayType, _, _>(group, &v[rows], |s| ByteArray::from(s.as_str())),
        Column::Int(v) => put::<Int64Type, _, _>(group, &v[rows], |&x| x),
        Column::Float(v) => put::<DoubleType, _, _>(group, &v[rows], |&x| x),
        Column::Bool(v) => put::<BoolType, _, _>(group, &v[rows], |&x| x),
    }
}

fn put<T: DataType, V, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[Option<V>],
    convert: impl Fn(&V) -> T::T,
) -> Result<()> {
    let Some(mut writer) = group.next_column()? else {
        return Err(ParquetError::General("more columns than fields".to_owned()));
    };
    let is_there: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
    let values: Vec<T::T> = values.iter().flatten().map(convert).collect();
    writer.typed::<T>().write_batch(&values, Some(&is_there), None)?;
    writer.close()
}

/// Reads a file whose columns are text, numbers or truth values.
pub(super) fn parse(path: &Path, bytes: Vec<u8>) -> std::result::Result<Table, FormatError> {
    foreign::decode(path, "a Parquet table", || decode(path, bytes))
}

/// The groups of rows of a file, one after the other, each a table; and how many rows they are together. The bytes stay in memory, the
/// tables do not.
pub(super) fn groups(
    path: &Path,
    bytes: Vec<u8>,
) -> std::result::Result<
    (usize, impl Iterator<Item = std::result::Result<Table, FormatError>> + use<>),
    FormatError,
> {
    let (path, bytes) = (path.to_path_buf(), bytes::Bytes::from(bytes));
    let (n_rows, n) = foreign::decode(&path, "a Parquet table", || {
        let reader = open(&path, bytes.clone())?;
        let n_rows = reader.metadata().row_groups().iter().map(|g| g.num_rows().max(0)).sum::<i64>();
        Ok((usize::try_from(n_rows).unwrap_or(0), reader.num_row_groups()))
    })?;
    let group = move |k| {
        foreign::decode(&path, "a Parquet table", || {
            let reader = open(&path, bytes.clone())?;
            let mut columns = empty_columns(&path, &reader)?;
            append_group(&path, &reader, k, &mut columns)?;
            Ok(Table { columns })
        })
    };
    Ok((n_rows, (0..n).map(group)))
}

fn decode(path: &Path, bytes: Vec<u8>) -> std::result::Result<Table, FormatError> {
    let reader = open(path, bytes.into())?;
    let mut columns = empty_columns(path, &reader)?;
    for k in 0..reader.num_row_groups() {
        append_group(path, &reader, k, &mut columns)?;
    }
    Ok(Table { columns })
}

type Reader = SerializedFileReader<bytes::Bytes>;

fn broken(path: &Path, error: &ParquetError) -> FormatError {
    FormatError::new(path, "a Parquet table", error.to_string())
}

/// A file of not too many rows.
fn open(path: &Path, bytes: bytes::Bytes) -> std::result::Result<Reader, FormatError> {
    let reader = SerializedFileReader::new(bytes).map_err(|e| broken(path, &e))?;
    let metadata = reader.metadata();
    let rows = metadata.row_groups().iter().map(|g| g.num_rows().max(0)).fold(0, i64::saturating_add);
    if rows > MAX_ROWS {
        return Err(FormatError::new(path, format!("at most {MAX_ROWS} rows"), rows.to_string()));
    }
    Ok(reader)
}

/// The columns while they are empty.
fn empty_columns(path: &Path, reader: &Reader) -> std::result::Result<Vec<(String, Column)>, FormatError> {
    let mut columns = Vec::new();
    for column in reader.metadata().file_metadata().schema_descr().columns() {
        let name = column.path().parts().first().cloned().unwrap_or_default();
        let Some(empty) = empty_column(column) else {
            let logical = column.logical_type_ref().map_or(String::new(), |t| format!(" as {t:?}"));
            let nested = if is_flat(column) { "" } else { "nested " };
            let found = format!("{nested}{}{logical}", column.physical_type());
            let error = FormatError::new(path, "text, numbers or truth values", found);
            return Err(error.at(format!("column {name:?}")));
        };
        columns.push((name, empty));
    }
    Ok(columns)
}

/// Appends the rows of group `k`.
fn append_group(
    path: &Path,
    reader: &Reader,
    k: usize,
    columns: &mut [(String, Column)],
) -> std::result::Result<(), FormatError> {
    let group = reader.get_row_group(k).map_err(|e| broken(path, &e))?;
    let n = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    for (i, (name, column)) in columns.iter_mut().enumerate() {
        let place = |e: ParquetError| broken(path, &e).at(format!("column {name:?}"));
        let pages = CheckedPages(group.get_column_page_reader(i).map_err(place)?);
        let descriptor = group.metadata().column(i).column_descr_ptr();
        let values = get_column_reader(descriptor.clone(), Box::new(pages));
        append(column, &descriptor, values, n).map_err(place)?;
    }
    Ok(())
}

fn is_flat(column: &ColumnDescriptor) -> bool {
    column.path().parts().len() == 1 && column.max_rep_level() == 0
}

/// The column that values of this type go to, while it is empty.
fn empty_column(column: &ColumnDescriptor) -> Option<Column> {
    use ConvertedType as C;
    if !is_flat(column) {
        return None;
    }
    let (logical, old) = (column.logical_type_ref(), column.converted_type());
    let is_plain = logical.is_none() && old == C::NONE;
    let is_int = matches!(logical, Some(LogicalType::Integer(_)))
        || matches!(old, C::INT_8 | C::INT_16 | C::INT_32 | C::INT_64 | C::UINT_8 | C::UINT_16)
        || matches!(old, C::UINT_32 | C::UINT_64);
    let is_text = matches!(logical, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json))
        || matches!(old, C::UTF8 | C::ENUM | C::JSON);
    match column.physical_type() {
        Physical::BOOLEAN if is_plain => Some(Column::Bool(Vec::new())),
        Physical::INT32 | Physical::INT64 if is_plain || is_int => Some(Column::Int(Vec::new())),
        // A column in which nothing ever stood.
        Physical::INT32 if logical == Some(&LogicalType::Unknown) => Some(Column::Text(Vec::new())),
        Physical::FLOAT | Physical::DOUBLE if is_plain => Some(Column::Float(Vec::new())),
        Physical::BYTE_ARRAY if is_text => Some(Column::Text(Vec::new())),
        _ => None,
    }
}

fn is_unsigned(column: &ColumnDescriptor) -> bool {
    use ConvertedType as C;
    matches!(column.logical_type_ref(), Some(LogicalType::Integer(int)) if !int.is_signed)
        || matches!(column.converted_type(), C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64)
}

/// Appends the `n` values of a group of rows.
fn append(column: &mut Column, of: &ColumnDescriptor, values: ColumnReader, n: usize) -> Result<()> {
    let (depth, unsigned) = (of.max_def_level(), is_unsigned(of));
    let no_value = |what: &str| ParquetError::General(what.to_owned());
    match (column, of.physical_type()) {
        (Column::Bool(v), _) => take::<BoolType, _>(values, depth, n, v, Ok),
        (Column::Int(v), Physical::INT32) => take::<Int32Type, _>(values, depth, n, v, |x| {
            Ok(if unsigned { i64::from(x.cast_unsigned()) } else { i64::from(x) })
        }),
        (Column::Int(v), _) => take::<Int64Type, _>(values, depth, n, v, |x| {
            if unsigned && x < 0 { Err(no_value("a number above 9223372036854775807")) } else { Ok(x) }
        }),
        (Column::Float(v), Physical::FLOAT) => {
            take::<FloatType, _>(values, depth, n, v, |x| Ok(f64::from(x)))
        }
        (Column::Float(v), _) => take::<DoubleType, _>(values, depth, n, v, Ok),
        (Column::Text(v), Physical::INT32) => {
            take::<Int32Type, _>(values, depth, n, v, |_| Err(no_value("a value without a type")))
        }
        (Column::Text(v), _) => {
            take::<ByteArrayType, _>(values, depth, n, v, |x| x.as_utf8().map(str::to_owned))
        }
    }
}

/// Reads `n` rows; `depth` is the level at which a value is there.
fn take<T: DataType, V>(
    values: ColumnReader,
    depth: i16,
    n: usize,
    into: &mut Vec<Option<V>>,
    convert: impl Fn(T::T) -> Result<V>,
) -> Result<()> {
    let too_short = || ParquetError::EOF("fewer values than rows".to_owned());
    let mut reader = get_typed_column_reader::<T>(values);
    let (mut read, mut levels) = (Vec::new(), Vec::new());
    let end = into.len() + n;
    while into.len() < end {
        levels.clear();
        let step = STEP.min(end - into.len());
        let (n_rows, ..) = reader.read_records(step, Some(&mut levels), None, &mut read)?;
        // A column that must have values has no levels.
        levels.resize(n_rows, depth);
        if n_rows == 0 {
            return Err(too_short());
        }
        let mut read = read.drain(..);
        for &level in &levels {
            let value = if level == depth { Some(read.next().ok_or_else(too_short)?) } else { None };
            into.push(value.map(&convert).transpose()?);
        }
    }
    Ok(())
}
