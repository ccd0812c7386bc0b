//! Points in many dimensions.

use crate::EmbedError;

/// Largest size of a value; squares of larger ones leave the range of the arithmetic.
const LARGEST: f32 = 1e15;

/// Points as rows of finite numbers, `[n, columns]`, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    columns: usize,
    values: Vec<f32>,
}

impl Points {
    /// Rows of `columns` values each.
    ///
    /// # Errors
    /// When there is no point or no column, the values do not make whole rows, or one of them is not finite or beyond 1e15 in size.
    pub fn new(columns: usize, values: Vec<f32>) -> Result<Points, EmbedError> {
        if columns == 0 {
            return Err(EmbedError::NoColumns);
        }
        if values.is_empty() {
            return Err(EmbedError::NoPoints);
        }
        if !values.len().is_multiple_of(columns) {
            return Err(EmbedError::Ragged { columns, values: values.len() });
        }
        if let Some(at) = values.iter().position(|v| v.is_nan() || v.abs() > LARGEST) {
            return Err(EmbedError::NotFinite { row: at / columns, column: at % columns, found: values[at] });
        }
        Ok(Points { columns, values })
    }

    /// Number of points.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always a point")]
    pub fn len(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of features of each point.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The features of point `i`.
    ///
    /// # Panics
    /// When there are not so many points.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// All values, a row after the other.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// These points of them, in this order.
    ///
    /// # Panics
    /// When `rows` is empty, or names a point that is not there.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Points {
        assert!(!rows.is_empty(), "no point is selected");
        let values = rows.iter().flat_map(|&i| self.row(i as usize)).copied().collect();
        Points { columns: self.columns, values }
    }

    /// Mean of each column.
    #[must_use]
    pub fn mean(&self) -> Vec<f32> {
        let mut sums = vec![0.0f64; self.columns];
        for row in self.values.chunks_exact(self.columns) {
            sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += f64::from(v));
        }
        sums.iter().map(|sum| (sum / self.len() as f64) as f32).collect()
    }

    /// The points with `origin` taken off each; far from the origin, products of points lose their digits.
    pub(crate) fn minus(&self, origin: &[f32]) -> Points {
        let values = self.values.chunks_exact(self.columns);
        let values = values.flat_map(|row| row.iter().zip(origin).map(|(v, o)| v - o)).collect();
        Points { columns: self.columns, values }
    }

    /// Squared Euclidean distance of two rows.
    pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() as f32
    }
}
