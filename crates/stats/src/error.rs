//! What can be wrong with a table of numbers.

/// Why figures cannot be computed. Cells and classes are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Two columns that belong together differ in length.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// Which column.
        what: &'static str,
        /// Length that the other columns ask for.
        expected: usize,
        /// Its length.
        found: usize,
    },
    /// There is nothing to judge.
    #[error("expected at least one cell, found none")]
    NoCells,
    /// There is nothing to tell apart.
    #[error("expected at least one class, found none")]
    NoClasses,
    /// A class index that no class has.
    #[error("cell {cell}: expected a class below {n_classes}, found {found}")]
    ClassOutOfRange {
        /// Row of the cell.
        cell: usize,
        /// Number of classes.
        n_classes: usize,
        /// Its class.
        found: usize,
    },
    /// Two classes have the same name.
    #[error("expected class names to differ, found {name:?} twice")]
    DuplicateClass {
        /// The name.
        name: String,
    },
    /// A probability that is none.
    #[error("cell {cell}, class {class}: expected a probability from 0 to 1, found {found}")]
    NotAProbability {
        /// Row of the cell.
        cell: usize,
        /// Column.
        class: usize,
        /// The value.
        found: f64,
    },
    /// The probabilities of a cell do not sum to one.
    #[error("cell {cell}: expected probabilities that sum to 1, found {found}")]
    RowSum {
        /// Row of the cell.
        cell: usize,
        /// Their sum.
        found: f64,
    },
    /// A score or logit that is NaN or infinite.
    #[error("{what} {index}: expected a finite number, found {found}")]
    NotFinite {
        /// What the values are.
        what: &'static str,
        /// Position of the value, in C order.
        index: usize,
        /// The value.
        found: f64,
    },
    /// Counts that are not those of a confusion matrix.
    #[error("confusion matrix: expected {expected}, found {found}")]
    NotAConfusion {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
}

/// Refuses a column whose length is not that of its table.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), StatsError> {
    if expected == found { Ok(()) } else { Err(StatsError::Length { what, expected, found }) }
}

/// Refuses a class index at or above `n_classes`.
pub(crate) fn check_classes(classes: &[usize], n_classes: usize) -> Result<(), StatsError> {
    match classes.iter().enumerate().find(|&(_, &class)| class >= n_classes) {
        Some((cell, &found)) => Err(StatsError::ClassOutOfRange { cell, n_classes, found }),
        None => Ok(()),
    }
}

/// Refuses NaN and infinities.
pub(crate) fn check_finite(what: &'static str, values: &[f64]) -> Result<(), StatsError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, &found)) => Err(StatsError::NotFinite { what, index, found }),
        None => Ok(()),
    }
}
