//! Which cells are relatives: from a table, a pattern on file names, or the source; and which cells are wanted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cells::{Cell, CellSet};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::list;
use crate::table::Table;
use crate::{FormatError, input};

/// Where the group of a cell comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum GroupBy {
    /// The column `group` of the table when there is one, else what the source itself says, else each cell its own.
    #[default]
    Known,
    /// A column of the table.
    Column(String),
    /// A regular expression on the file name (the last part of a cell's name): the group called `group` in it, or the
    /// first pair of parentheses when every match fills it, or all that matches.
    Pattern(String),
    /// The file the cell came from, e.g. the zip.
    Source,
}

/// A condition on a column of the table: `no_cell=0` or `class!=Apoptosis`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Name of the column.
    pub column: String,
    /// Its text, as the table has it.
    pub value: String,
    /// Whether rows with this value are kept, rather than dropped.
    pub keep: bool,
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, value) = text
            .split_once('=')
            .filter(|(column, _)| !column.trim_end_matches('!').trim().is_empty())
            .ok_or_else(|| format!("expected COLUMN=VALUE or COLUMN!=VALUE, found {text:?}"))?;
        let (column, keep) = column.strip_suffix('!').map_or((column, true), |c| (c, false));
        Ok(Filter { column: column.trim().to_owned(), value: value.trim().to_owned(), keep })
    }
}

/// A table about cells, joined by its column `file` or `name`.
///
/// The key of a row is the name of a cell, `<Class>/<zip without ending>__<file>` for a cell of a zip,
/// `<Class>/<file>`, or `<file>`. The zip may have been renamed since: `<Class>/<anything>__<file>` counts where no
/// other row has that class and file. A row fits one cell at most.
struct Join {
    path: PathBuf,
    table: Table,
    rows: BTreeMap<String, usize>,
    /// Rows by class and file, without the zip; none where several have the same.
    without_zip: BTreeMap<String, Option<usize>>,
}

impl Join {
    fn open(path: &Path) -> Result<Self, FormatError> {
        let table = Table::read_as_written(path)?;
        let Some(key) = ["file", "name"].iter().find_map(|k| table.column(k)) else {
            let found = list(table.names());
            return Err(FormatError::new(path, "a column \"file\" or \"name\"", found));
        };
        let mut rows = BTreeMap::new();
        for row in 0..table.n_rows() {
            let Some(text) = key.text_at(row) else { continue };
            if rows.insert(text.clone(), row).is_some() {
                return Err(FormatError::new(path, "each cell once", format!("{text:?} twice")));
            }
        }
        let mut without_zip = BTreeMap::new();
        for (key, &row) in &rows {
            if let Some((folder, rest)) = key.split_once('/')
                && let Some((_, file)) = rest.split_once("__")
            {
                let short = format!("{folder}/{file}");
                without_zip.entry(short).and_modify(|r| *r = None).or_insert(Some(row));
            }
        }
        Ok(Join { path: path.to_path_buf(), table, rows, without_zip })
    }

    /// The row of a cell.
    fn row(&self, cell: &Cell, class: Option<&str>) -> Option<usize> {
        let file = file_part(&cell.name);
        let folder = class.map(|c| format!("{c}/")).unwrap_or_default();
        let stem = input::file_stem(Path::new(&cell.source));
        let short = format!("{folder}{file}");
        let keys = [&cell.name, &format!("{folder}{stem}__{file}"), &short, file];
        let exact = keys.iter().find_map(|key| self.rows.get(*key)).copied();
        exact.or_else(|| self.without_zip.get(&short).copied().flatten())
    }

    /// The column `name` as text per row.
    fn column(&self, name: &str) -> Result<Vec<Option<String>>, FormatError> {
        let column = self.table.column(name).ok_or_else(|| {
            FormatError::new(&self.path, format!("a column {name:?}"), list(self.table.names()))
        })?;
        Ok((0..column.len()).map(|row| column.text_at(row)).collect())
    }
}

/// The last part of a cell's name.
fn file_part(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, file)| file)
}

/// Sets groups, and keeps the cells that `table` lists and `filters` want. How many were left out is recorded in the
/// provenance.
///
/// # Errors
/// A table without the columns that are needed or that lists none of the cells, a row that fits two cells, a pattern
/// that is none or does not match every file name.
pub(crate) fn apply(
    path: &Path,
    set: CellSet,
    table: Option<&Path>,
    filters: &[Filter],
    group: &GroupBy,
) -> Result<CellSet, FormatError> {
    let mut set = match table {
        Some(table) => by_table(set, &Join::open(table)?, filters, group)?,
        None if !filters.is_empty() || matches!(group, GroupBy::Column(_)) => {
            return Err(FormatError::new(path, "a table with the columns asked for", "no table given"));
        }
        None => set,
    };
    match group {
        GroupBy::Known | GroupBy::Column(_) => {}
        GroupBy::Source => set.cells.iter_mut().for_each(|c| c.group.clone_from(&c.source)),
        GroupBy::Pattern(pattern) => by_pattern(path, &mut set, pattern)?,
    }
    Ok(set)
}

fn by_table(set: CellSet, join: &Join, filters: &[Filter], group: &GroupBy) -> Result<CellSet, FormatError> {
    let groups = match group {
        GroupBy::Column(name) => Some(join.column(name)?),
        GroupBy::Known if join.table.column("group").is_some() => Some(join.column("group")?),
        _ => None,
    };
    let conditions: Vec<(&Filter, Vec<Option<String>>)> =
        filters.iter().map(|f| Ok((f, join.column(&f.column)?))).collect::<Result<_, FormatError>>()?;
    let (mut kept, mut rows, mut n_unlisted) = (Vec::new(), Vec::new(), 0_usize);
    let mut taken: BTreeMap<usize, &str> = BTreeMap::new();
    for (i, cell) in set.cells.iter().enumerate() {
        let Some(row) = join.row(cell, cell.class.map(|c| set.classes[c].as_str())) else {
            n_unlisted += 1;
            continue;
        };
        if let Some(other) = taken.insert(row, &cell.name) {
            let found = format!("{other:?} and {:?}", cell.name);
            let place = format!("row {}", row + 1);
            return Err(FormatError::new(&join.path, "rows that fit one cell", found).at(place));
        }
        let wanted = |(f, values): &(&Filter, Vec<Option<String>>)| {
            (values[row].as_deref().unwrap_or("") == f.value) == f.keep
        };
        if conditions.iter().all(wanted) {
            kept.push(i);
            rows.push(row);
        }
    }
    if kept.is_empty() {
        let found = format!("{} cells, {n_unlisted} of them not listed", set.len());
        return Err(FormatError::new(&join.path, "rows for at least one cell", found));
    }
    let n_filtered = set.len() - kept.len() - n_unlisted;
    let mut set = set.select(&kept);
    if let Some(groups) = groups {
        for (cell, &row) in set.cells.iter_mut().zip(&rows) {
            if let Some(group) = &groups[row] {
                cell.group.clone_from(group);
            }
        }
    }
    set.provenance["table"] = json!({
        "file": input::file_name(&join.path), "n_unlisted": n_unlisted, "n_filtered": n_filtered,
        "filters": filters.iter().map(|f| format!("{}{}{}", f.column, if f.keep { "=" } else { "!=" }, f.value))
            .collect::<Vec<_>>(),
    });
    Ok(set)
}

fn by_pattern(path: &Path, set: &mut CellSet, pattern: &str) -> Result<(), FormatError> {
    let regex = Regex::new(pattern)
        .map_err(|e| FormatError::new(path, "a regular expression for groups", e.to_string()))?;
    let named = regex.capture_names().flatten().any(|n| n == "group");
    // With optional parentheses, as in `^C\d+(P\d+)?`, only the whole match means the same in every name.
    let first = regex.static_captures_len().is_some_and(|n| n > 1);
    let mut unmatched = Vec::new();
    for cell in &mut set.cells {
        let captures = regex.captures(file_part(&cell.name));
        let group = captures.as_ref().and_then(|c| match (named, first) {
            (true, _) => c.name("group"),
            (false, true) => c.get(1),
            (false, false) => c.get(0),
        });
        match group {
            Some(text) => cell.group = text.as_str().to_owned(),
            None => unmatched.push(cell.name.clone()),
        }
    }
    if unmatched.is_empty() {
        return Ok(());
    }
    let found = format!("{} that do not: {}", unmatched.len(), list(&unmatched));
    Err(FormatError::new(path, format!("file names that match {pattern:?}"), found))
}
