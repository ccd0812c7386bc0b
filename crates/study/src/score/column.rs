//! Columns of tables made elsewhere.

use std::path::Path;

use formats::FormatError;
use formats::table::{Column, Table};

/// The column called `said`, or the first that is called as one of `usual`, without case, signs and a leading `Metadata`.
///
/// # Errors
/// One that is said and is not there.
pub fn find<'a>(
    path: &Path,
    table: &'a Table,
    said: Option<&str>,
    usual: &[&str],
) -> Result<Option<&'a Column>, FormatError> {
    if let Some(name) = said {
        return table
            .column(name)
            .map(Some)
            .ok_or_else(|| missing(path, table, &format!("a column {name:?}")));
    }
    let key = |name: &str| -> String {
        let plain: String =
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        plain.trim_start_matches("metadata").to_owned()
    };
    let named = |wanted: &&str| table.columns.iter().find(|(name, _)| key(name) == **wanted);
    Ok(usual.iter().find_map(named).map(|(_, column)| column))
}

/// The refusal of a table without a column.
pub fn missing(path: &Path, table: &Table, expected: &str) -> FormatError {
    let names: Vec<&str> = table.names().collect();
    FormatError::new(path, expected, format!("columns {}", names.join(", ")))
}

/// Numbers, None where there is none or it is not finite.
///
/// # Errors
/// Text.
pub fn numbers(path: &Path, name: &str, column: &Column) -> Result<Vec<Option<f64>>, FormatError> {
    match column {
        Column::Float(v) => Ok(v.iter().map(|x| x.filter(|x| x.is_finite())).collect()),
        Column::Int(v) => Ok(v.iter().map(|x| x.map(|x| x as f64)).collect()),
        Column::Text(v) if v.iter().all(Option::is_none) => Ok(vec![None; v.len()]),
        other => Err(FormatError::new(path, "numbers", other.kind()).at(format!("column {name:?}"))),
    }
}

/// Texts, as they are written.
pub fn texts(column: &Column) -> Vec<Option<String>> {
    (0..column.len()).map(|row| column.text_at(row).filter(|t| !t.is_empty())).collect()
}
