//! Tables with named, typed columns, as CSV or Parquet by the ending of the file.

mod parquet;
mod text;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use crate::{FormatError, atomic, input};

/// Largest table that is read, in bytes on disk.
pub const MAX_FILE: u64 = 4 << 30;

/// The values of one column; `None` where there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Words.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Int(Vec<Option<i64>>),
    /// Real numbers.
    Float(Vec<Option<f64>>),
    /// Truth values.
    Bool(Vec<Option<bool>>),
}

impl Column {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Column::Text(v) => v.len(),
            Column::Int(v) => v.len(),
            Column::Float(v) => v.len(),
            Column::Bool(v) => v.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value in `row` as text: as CSV has it. None when there is no value or no such row.
    #[must_use]
    pub fn text_at(&self, row: usize) -> Option<String> {
        match self {
            Column::Text(v) => v.get(row)?.clone(),
            Column::Int(v) => v.get(row)?.map(|x| x.to_string()),
            Column::Float(v) => v.get(row)?.map(text::format_float),
            Column::Bool(v) => v.get(row)?.map(|x| x.to_string()),
        }
    }

    /// What the column holds, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Column::Text(_) => "text",
            Column::Int(_) => "whole numbers",
            Column::Float(_) => "real numbers",
            Column::Bool(_) => "truth values",
        }
    }
}

/// How a table is written.
enum Kind {
    Csv,
    Parquet,
}

impl Kind {
    /// By the ending of the name.
    fn of(path: &Path) -> Result<Self, FormatError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Kind::Csv),
            Some("parquet") => Ok(Kind::Parquet),
            _ => {
                let found = ending.map_or("no ending".to_owned(), |e| format!(".{e}"));
                Err(FormatError::new(path, "a name that ends in .csv or .parquet", found))
            }
        }
    }
}

/// Columns of one length, in order, each with a unique name.
///
/// The same table gives the same bytes. In CSV an empty cell is a missing value; floats are written with the fewest
/// digits that read back as the same number, always with a point or exponent, and missing, `NaN` and `inf` differ.
///
/// # Examples
/// ```
/// use formats::table::{Column, Table};
/// let mut table = Table::default();
/// table.push("name", Column::Text(vec![Some("a".into()), Some("b".into())]));
/// table.push("p", Column::Float(vec![Some(0.1), None]));
/// assert_eq!(table.to_csv(), "name,p\na,0.1\nb,\n");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Names and values.
    pub columns: Vec<(String, Column)>,
}

impl Table {
    /// Appends a column.
    pub fn push(&mut self, name: impl Into<String>, column: Column) {
        self.columns.push((name.into(), column));
    }

    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, c)| c.len())
    }

    /// Names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(n, _)| n.as_str())
    }

    /// These rows of it, in this order.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Table {
        fn of<T: Clone>(values: &[Option<T>], rows: &[usize]) -> Vec<Option<T>> {
            rows.iter().map(|&row| values[row].clone()).collect()
        }
        let select = |column: &Column| match column {
            Column::Text(v) => Column::Text(of(v, rows)),
            Column::Int(v) => Column::Int(of(v, rows)),
            Column::Float(v) => Column::Float(of(v, rows)),
            Column::Bool(v) => Column::Bool(of(v, rows)),
        };
        Table { columns: self.columns.iter().map(|(name, column)| (name.clone(), select(column))).collect() }
    }

    /// Reads a table; the kind of file is told by its content. Columns of a CSV whose every value is written as a
    /// whole number, a real number or `true`/`false` become such; `007` stays text.
    ///
    /// # Errors
    /// When it cannot be read, rows differ in length, or two columns have one name.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        Self::parse(path, input::read(path, MAX_FILE)?)
    }

    /// Reads the bytes of a CSV or Parquet file; `path` is for messages.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, FormatError> {
        let table = if bytes.starts_with(b"PAR1") {
            parquet::parse(path, bytes)?
        } else {
            text::parse(path, &bytes, text::infer)?
        };
        table.check(path)?;
        Ok(table)
    }

    /// Reads a table whose CSV columns all stay text, as written: for codes, names and groups.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn read_as_written(path: &Path) -> Result<Self, FormatError> {
        let bytes = input::read(path, MAX_FILE)?;
        if bytes.starts_with(b"PAR1") {
            return Self::parse(path, bytes);
        }
        let table = text::parse(path, &bytes, Column::Text)?;
        table.check(path)?;
        Ok(table)
    }

    /// Writes the table, atomically: `.csv` or `.parquet` by its ending.
    ///
    /// # Errors
    /// Another ending, columns of different lengths or with one name, or when it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        self.check(path)?;
        match Kind::of(path)? {
            Kind::Csv => atomic::write_file(path, |out| out.write_all(self.to_csv().as_bytes())),
            Kind::Parquet => atomic::write_file(path, |out| parquet::write(self, out)),
        }
    }

    /// Reads a Parquet table group by group of its rows, of which memory holds one at a time; and how many rows they are together.
    ///
    /// # Errors
    /// As [`Table::read`], each group when its turn comes.
    pub(crate) fn read_groups(
        path: &Path,
    ) -> Result<(usize, impl Iterator<Item = Result<Table, FormatError>> + use<>), FormatError> {
        parquet::groups(path, input::read(path, MAX_FILE)?)
    }

    /// Writes tables of the same columns one below the other as [`Table::write`] does; memory holds one of them at a time.
    ///
    /// # Errors
    /// As [`Table::write`]; parts that differ in their columns; the error of a part.
    pub fn write_streamed<E: From<FormatError>>(
        path: &Path,
        parts: &mut dyn Iterator<Item = Result<Table, E>>,
    ) -> Result<(), E> {
        let failed = OnceCell::new();
        let checked = |part: Table| part.check(path).map(|()| part).map_err(E::from);
        let mut good = std::iter::from_fn(|| match parts.next()?.and_then(checked) {
            Ok(part) => Some(part),
            Err(error) => {
                let _ = failed.set(error);
                None
            }
        });
        let kind = Kind::of(path)?;
        let written = atomic::write_file(path, |out| {
            match kind {
                Kind::Csv => text::write_parts(&mut good, out)?,
                Kind::Parquet => {
                    let mut bytes = Vec::new();
                    Table::write_parts(&mut good, &mut bytes)?;
                    out.write_all(&bytes)?;
                }
            }
            // An error here keeps what was written before that part from taking the table's name.
            if failed.get().is_some() { Err(std::io::Error::other("a part failed")) } else { Ok(()) }
        });
        // The error of a part says why nothing was written.
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(written?),
        }
    }

    /// Writes tables of the same columns as one Parquet file, of which memory holds one part at a time.
    ///
    /// # Errors
    /// When parts differ in their columns, or it cannot be written.
    pub(crate) fn write_parts(
        parts: &mut dyn Iterator<Item = Table>,
        out: impl Write + Send,
    ) -> std::io::Result<()> {
        parquet::write_parts(parts, out)
    }

    /// Whether [`Table::write`] may write `path`: to refuse before long work rather than after it.
    ///
    /// # Errors
    /// Another ending, a missing folder, or something else than a file in its place.
    pub fn check_output(path: &Path) -> Result<(), FormatError> {
        Kind::of(path)?;
        atomic::check_file(path)
    }

    /// The table as CSV, RFC 4180 with `\n`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        text::format(self)
    }

    /// Columns must have one length and unique names.
    fn check(&self, path: &Path) -> Result<(), FormatError> {
        let mut names = BTreeSet::new();
        for (name, column) in &self.columns {
            if !names.insert(name) {
                return Err(FormatError::new(path, "unique column names", format!("{name:?} twice")));
            }
            if column.len() != self.n_rows() {
                let expected = format!("{} rows in column {name:?}", self.n_rows());
                return Err(FormatError::new(path, expected, column.len().to_string()));
            }
        }
        Ok(())
    }
}
