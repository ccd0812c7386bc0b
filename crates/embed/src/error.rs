//! What can be wrong with points and settings.

/// Why points cannot be mapped. Points and columns are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EmbedError {
    /// There is nothing to map.
    #[error("expected at least one point, found none")]
    NoPoints,
    /// Points without coordinates.
    #[error("expected at least one column of features, found none")]
    NoColumns,
    /// The values do not make whole rows.
    #[error("expected rows of {columns} values, found {values} values")]
    Ragged {
        /// Values in a row.
        columns: usize,
        /// Values in all.
        values: usize,
    },
    /// A value that is no number, infinite, or too large to be squared.
    #[error("point {row}, column {column}: expected a finite number up to 1e15 in size, found {found}")]
    NotFinite {
        /// The point.
        row: usize,
        /// The column.
        column: usize,
        /// Its value.
        found: f32,
    },
    /// Points of another kind than those that the map was made of.
    #[error("expected points of {expected} columns, as the map was made of, found {found}")]
    Columns {
        /// Columns of the map's points.
        expected: usize,
        /// Columns of these.
        found: usize,
    },
    /// A setting out of its range.
    #[error("{name}: expected {expected}, found {found}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// Its value.
        found: String,
    },
    /// The kernels cannot run.
    #[error(transparent)]
    Kernel(#[from] kernels::KernelError),
}

impl EmbedError {
    /// The refusal of a setting.
    pub(crate) fn setting(name: &'static str, expected: &'static str, found: impl ToString) -> EmbedError {
        EmbedError::Setting { name, expected, found: found.to_string() }
    }
}
