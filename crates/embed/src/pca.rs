//! Principal components.

use rayon::prelude::*;

use crate::symmetric::eigen;
use crate::{EmbedError, Points};

/// Points whose products are summed together; the sums of the parts are added in order.
const PART: usize = 1024;
/// Parts whose sums are held at once.
const HELD: usize = 32;

/// The directions along which points vary most.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f32>,
    components: Vec<Vec<f64>>,
    variances: Vec<f64>,
    total: f64,
}

impl Pca {
    /// The first `count` components of the points, or as many as they have columns. Each component's entry of largest
    /// size is positive.
    #[must_use]
    pub fn fit(points: &Points, count: usize) -> Pca {
        let (n, d) = (points.len(), points.columns());
        let mean = points.mean();
        let centred = points.minus(&mean);
        let mut covariance = vec![0.0; d * d];
        for rows in centred.values().chunks(HELD * PART * d) {
            let parts: Vec<Vec<f64>> = rows.par_chunks(PART * d).map(|rows| products(rows, d)).collect();
            for part in parts {
                covariance.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
            }
        }
        let degrees = n.saturating_sub(1).max(1) as f64;
        covariance.iter_mut().for_each(|v| *v /= degrees);
        let total = (0..d).map(|i| covariance[i * d + i]).sum();
        let (variances, components) = eigen(covariance, d);
        let count = count.min(d);
        Pca {
            mean,
            components: components.into_iter().take(count).collect(),
            variances: variances.into_iter().take(count).map(|v| v.max(0.0)).collect(),
            total,
        }
    }

    /// Variance along each component.
    #[must_use]
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Share of all variance that each component holds; 0 when nothing varies.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        self.variances.iter().map(|v| if self.total > 0.0 { v / self.total } else { 0.0 }).collect()
    }

    /// The points along the components.
    ///
    /// # Errors
    /// When the points have other columns than those that the components were made of.
    pub fn transform(&self, points: &Points) -> Result<Points, EmbedError> {
        if points.columns() != self.mean.len() {
            return Err(EmbedError::Columns { expected: self.mean.len(), found: points.columns() });
        }
        let project = |row: &[f32], component: &Vec<f64>| -> f32 {
            let each = row.iter().zip(&self.mean).zip(component);
            each.map(|((v, mean), c)| f64::from(v - mean) * c).sum::<f64>() as f32
        };
        let rows = points.values().par_chunks(points.columns());
        let values = rows.flat_map_iter(|row| self.components.iter().map(move |c| project(row, c)));
        Points::new(self.components.len(), values.collect())
    }
}

/// Sum over the rows of the products of their columns, `[d][d]`.
fn products(rows: &[f32], d: usize) -> Vec<f64> {
    let mut sums = vec![0.0f64; d * d];
    for row in rows.chunks_exact(d) {
        for (a, sums) in row.iter().zip(sums.chunks_exact_mut(d)) {
            sums.iter_mut().zip(row).for_each(|(sum, b)| *sum += f64::from(a * b));
        }
    }
    sums
}
