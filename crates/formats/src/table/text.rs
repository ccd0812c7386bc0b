//! Tables as comma-separated text.

use std::io::{self, Write};
use std::path::Path;

use rayon::prelude::*;

use super::{Column, Table};
use crate::FormatError;
use crate::error::quote;
use crate::spreadsheet;

/// Reads CSV with a header line into columns made by `kind`; also what spreadsheets save instead: tabs or semicolons
/// between values, decimal commas then, UTF-16.
pub(super) fn parse(
    path: &Path,
    bytes: &[u8],
    kind: fn(Vec<Option<String>>) -> Column,
) -> Result<Table, FormatError> {
    let bytes = spreadsheet::utf8(bytes);
    let (said, bytes) = spreadsheet::said(&bytes);
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(FormatError::new(path, "a CSV or Parquet table", quote(bytes)));
    }
    let broken = |e: csv::Error| FormatError::new(path, "a CSV table", e.to_string());
    let header = bytes.trim_ascii_start().split(|&byte| byte == b'\n').next().unwrap_or_default();
    let delimiter = said.unwrap_or_else(|| spreadsheet::delimiter(header));
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let names: Vec<String> = reader.headers().map_err(broken)?.iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        let record = record.map_err(broken)?;
        for (column, value) in columns.iter_mut().zip(&record) {
            column.push((!value.is_empty()).then(|| value.to_owned()));
        }
    }
    if delimiter != b',' {
        columns.par_iter_mut().for_each(|values| spreadsheet::decimal_points(values));
    }
    let columns: Vec<Column> = columns.into_par_iter().map(kind).collect();
    let columns = names.into_iter().zip(columns).collect();
    Ok(Table { columns })
}

/// The narrowest kind that loses nothing: a value must be written the way we would write it, or be a plain decimal.
pub(super) fn infer(values: Vec<Option<String>>) -> Column {
    if values.iter().all(Option::is_none) {
        return Column::Text(values);
    }
    let int = |s: &str| s.parse::<i64>().ok().filter(|x| x.to_string() == s);
    let float = |s: &str| s.parse::<f64>().ok().filter(|_| is_decimal(s));
    let bool = |s: &str| s.parse::<bool>().ok();
    if let Some(v) = convert(&values, int) {
        Column::Int(v)
    } else if let Some(v) = convert(&values, float) {
        Column::Float(v)
    } else if let Some(v) = convert(&values, bool) {
        Column::Bool(v)
    } else {
        Column::Text(values)
    }
}

/// All values converted, or none of them.
fn convert<T>(values: &[Option<String>], one: impl Fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
    values.iter().map(|v| v.as_deref().map_or(Some(None), |s| one(s).map(Some))).collect()
}

/// Whether a number is written without leading zeros, which would make it a code rather than a number.
fn is_decimal(s: &str) -> bool {
    let digits = s.strip_prefix('-').unwrap_or(s);
    let coded = digits.starts_with('0') && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    !coded && (digits.starts_with(|c: char| c.is_ascii_digit()) || matches!(digits, "NaN" | "inf"))
}

/// Fewest digits that read back as the same number.
pub(super) fn format_float(x: f64) -> String {
    format!("{x:?}")
}

/// CSV with a header line.
pub(super) fn format(table: &Table) -> String {
    format!("{}{}", header(table), rows(table))
}

/// Tables of the same columns below one header line; memory holds one of them.
pub(super) fn write_parts(parts: &mut dyn Iterator<Item = Table>, out: &mut dyn Write) -> io::Result<()> {
    let mut first = None;
    for table in parts {
        let header = header(&table);
        match &first {
            None => out.write_all(header.as_bytes())?,
            Some(first) if *first != header => return Err(io::Error::other("parts with other columns")),
            Some(_) => {}
        }
        first = Some(header);
        out.write_all(rows(&table).as_bytes())?;
    }
    Ok(())
}

fn header(table: &Table) -> String {
    let names: Vec<String> = table.names().map(escape).collect();
    format!("{}\n", names.join(","))
}

fn rows(table: &Table) -> String {
    let mut out = String::new();
    for row in 0..table.n_rows() {
        for (i, (_, column)) in table.columns.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            let value = column.text_at(row).unwrap_or_default();
            // A lone empty field would be an empty line, which readers skip.
            out.push_str(&if value.is_empty() && table.columns.len() == 1 {
                "\"\"".to_owned()
            } else {
                escape(&value)
            });
        }
        out.push('\n');
    }
    out
}

/// Quotes a field that needs it.
fn escape(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
