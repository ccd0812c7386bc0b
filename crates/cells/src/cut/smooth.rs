//! Gaussian blur and the level of the ground, of any plane as floats.

use super::Plane;
use super::plane::reflect;

/// Standard deviations that the kernel reaches.
const REACH: f32 = 4.0;

/// Gaussian blur of `h` rows of `w` values with standard deviation `sigma`, pixels; the border mirrors without its outermost
/// pixel.
///
/// ```
/// let blurred = cells::cut::smooth::gaussian(&[1.0; 12], 3, 4, 2.0);
/// assert!(blurred.iter().all(|v| (v - 1.0).abs() < 1e-6));
/// ```
#[must_use]
pub fn gaussian(values: &[f32], h: usize, w: usize, sigma: f32) -> Vec<f32> {
    let reach = (REACH * sigma + 0.5) as i64;
    let weights: Vec<f32> = (0..=reach).map(|k| (-0.5 * (k as f32 / sigma).powi(2)).exp()).collect();
    let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
    let weights: Vec<f32> = weights.into_iter().map(|v| v / sum).collect();
    let mut along_y = vec![0.0; h * w];
    for (y, out) in along_y.chunks_exact_mut(w.max(1)).enumerate() {
        for k in -reach..=reach {
            let weight = weights[k.unsigned_abs() as usize];
            let from = reflect(y as i64 + k, h) * w;
            out.iter_mut().zip(&values[from..from + w]).for_each(|(o, v)| *o += weight * v);
        }
    }
    let mut padded = vec![0.0; w + 2 * reach as usize];
    for row in along_y.chunks_exact_mut(w.max(1)) {
        for (i, v) in padded.iter_mut().enumerate() {
            *v = row[reflect(i as i64 - reach, w)];
        }
        row.fill(0.0);
        for (k, from) in (-reach..=reach).zip(0..) {
            let weight = weights[k.unsigned_abs() as usize];
            row.iter_mut().zip(&padded[from..]).for_each(|(o, v)| *o += weight * v);
        }
    }
    along_y
}

/// The value below which a share `q` (0 to 1) of `values` lies; 0 when there is none. NaN counts as large.
#[must_use]
pub fn quantile(mut values: Vec<f32>, q: f64) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let k = ((values.len() - 1) as f64 * q).round() as usize;
    *values.select_nth_unstable_by(k, f32::total_cmp).1
}

/// Values known on a coarse grid of cells of equal size and interpolated in between: shading.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Grid {
    /// `rows` x `columns` values; none when there are not so many, or none at all.
    #[must_use]
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Option<Grid> {
        (rows * columns == values.len() && !values.is_empty()).then_some(Grid { rows, columns, values })
    }

    /// Divides a plane into about square blocks of `side` pixels (at least one block) and keeps what `of` makes of each.
    #[must_use]
    pub fn of_blocks(plane: Plane<'_, f32>, side: usize, of: impl Fn(Vec<f32>) -> f32) -> Grid {
        let n = |length: usize| (length / side.max(1)).max(1);
        let (rows, columns) = (n(plane.h()), n(plane.w()));
        let mut values = Vec::with_capacity(rows * columns);
        for r in 0..rows {
            let (top, bottom) = (r * plane.h() / rows, (r + 1) * plane.h() / rows);
            for c in 0..columns {
                let (left, right) = (c * plane.w() / columns, (c + 1) * plane.w() / columns);
                values.push(of(plane.cut(top, left, bottom - top, right - left)));
            }
        }
        Grid { rows, columns, values }
    }

    /// The values, row after row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Rows and columns.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The grid at `h` x `w` pixels: linear between the centres of its cells, level beyond the outermost.
    #[must_use]
    pub fn resized(&self, h: usize, w: usize) -> Vec<f32> {
        let places = |n: usize, cells: usize| -> Vec<(usize, usize, f32)> {
            let place = |i: usize| {
                let at = ((i as f32 + 0.5) * cells as f32 / n as f32 - 0.5).clamp(0.0, cells as f32 - 1.0);
                let low = at as usize;
                (low, (low + 1).min(cells - 1), at - low as f32)
            };
            (0..n).map(place).collect()
        };
        let columns = places(w, self.columns);
        let mut out = Vec::with_capacity(h * w);
        for (top, bottom, down) in places(h, self.rows) {
            let (a, b) = (&self.values[top * self.columns..], &self.values[bottom * self.columns..]);
            let between = |k: usize| a[k] + (b[k] - a[k]) * down;
            out.extend(columns.iter().map(|&(l, r, share)| {
                let left = between(l);
                left + (between(r) - left) * share
            }));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_survives_a_grid() {
        let ramp: Vec<f32> = (0..64 * 64).map(|i| (i % 64) as f32).collect();
        let mean = |v: Vec<f32>| v.iter().sum::<f32>() / v.len() as f32;
        let grid = Grid::of_blocks(Plane::new(&ramp, 64, 64).unwrap(), 16, mean);
        let back = grid.resized(64, 64);
        for (i, v) in back.iter().enumerate().filter(|(i, _)| (8..56).contains(&(i % 64))) {
            assert!((v - ramp[i]).abs() < 1e-3, "{v} at {i}");
        }
    }

    #[test]
    fn a_blur_keeps_the_sum_of_a_spot_and_spreads_it_evenly() {
        let mut image = vec![0.0; 41 * 41];
        image[20 * 41 + 20] = 1.0;
        let blurred = gaussian(&image, 41, 41, 3.0);
        assert!((blurred.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let variance: f32 =
            blurred.iter().enumerate().map(|(i, v)| v * ((i / 41) as f32 - 20.0).powi(2)).sum();
        assert!((variance - 9.0).abs() < 0.1, "{variance}");
    }
}
