//! A plane of floating-point intensities to draw on.

/// Intensities `[h, w]`, row by row, pixel centres at whole numbers.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// The intensities.
    pub values: Vec<f32>,
}

impl Canvas {
    /// A dark canvas.
    pub(super) fn new(h: usize, w: usize) -> Self {
        Canvas { h, w, values: vec![0.0; h * w] }
    }

    /// Adds a round Gaussian spot that holds `light` in all; `sigma` in pixels.
    pub(super) fn add_spot(&mut self, y: f32, x: f32, sigma: f32, light: f32) {
        let reach = 3.2 * sigma;
        let (Some(rows), Some(columns)) =
            (span(y - reach, y + reach, self.h), span(x - reach, x + reach, self.w))
        else {
            return;
        };
        let scale = -0.5 / (sigma * sigma);
        let peak = light / (std::f32::consts::TAU * sigma * sigma);
        for row in rows {
            let dy = row as f32 - y;
            let along = peak * (scale * dy * dy).exp();
            let line = &mut self.values[row * self.w..(row + 1) * self.w];
            for column in columns.clone() {
                let dx = column as f32 - x;
                line[column] += along * (scale * dx * dx).exp();
            }
        }
    }

    /// Blurs with a Gaussian of deviation `sigma` pixels; outside of the canvas the nearest pixel goes on.
    pub(super) fn blur(&mut self, sigma: f32) {
        if sigma < 0.1 {
            return;
        }
        let kernel = gaussian(sigma);
        let half = kernel.len() / 2;
        let mut line = Vec::new();
        for row in self.values.chunks_exact_mut(self.w) {
            pad(row, half, &mut line);
            for (i, out) in row.iter_mut().enumerate() {
                *out = kernel.iter().zip(&line[i..]).map(|(k, v)| k * v).sum();
            }
        }
        let source = self.values.clone();
        self.values.fill(0.0);
        for row in 0..self.h {
            for (tap, weight) in kernel.iter().enumerate() {
                let from = (row + tap).saturating_sub(half).min(self.h - 1);
                let above = &source[from * self.w..(from + 1) * self.w];
                for (out, v) in self.values[row * self.w..(row + 1) * self.w].iter_mut().zip(above) {
                    *out += weight * v;
                }
            }
        }
    }

    /// The largest intensity, at least 0.
    pub(super) fn max(&self) -> f32 {
        self.values.iter().copied().fold(0.0, f32::max)
    }

    /// Sum of all intensities.
    pub(super) fn sum(&self) -> f32 {
        self.values.iter().sum()
    }
}

/// Whole numbers from `low` to `high` that are indices below `n`.
fn span(low: f32, high: f32, n: usize) -> Option<std::ops::Range<usize>> {
    let start = low.ceil().max(0.0);
    let end = high.floor().min(n as f32 - 1.0);
    (start <= end).then(|| start as usize..end as usize + 1)
}

fn gaussian(sigma: f32) -> Vec<f32> {
    let half = (3.0 * sigma).ceil() as i32;
    let raw: Vec<f32> = (-half..=half).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let sum: f32 = raw.iter().sum();
    raw.into_iter().map(|k| k / sum).collect()
}

fn pad(row: &[f32], half: usize, line: &mut Vec<f32>) {
    line.clear();
    line.extend(std::iter::repeat_n(row[0], half));
    line.extend_from_slice(row);
    line.extend(std::iter::repeat_n(row[row.len() - 1], half));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_keeps_its_light_and_its_place_when_blurred() {
        let mut canvas = Canvas::new(61, 51);
        canvas.add_spot(30.25, 24.5, 2.0, 100.0);
        canvas.blur(3.0);
        assert!((canvas.sum() - 100.0).abs() < 1.0, "{}", canvas.sum());
        let moment = |f: fn(usize, usize) -> usize| -> f32 {
            let weigh = |(i, v): (usize, &f32)| f(i / 51, i % 51) as f32 * v;
            canvas.values.iter().enumerate().map(weigh).sum::<f32>() / canvas.sum()
        };
        assert!((moment(|y, _| y) - 30.25).abs() < 0.02);
        assert!((moment(|_, x| x) - 24.5).abs() < 0.02);
    }

    #[test]
    fn a_spot_outside_leaves_the_canvas_dark() {
        let mut canvas = Canvas::new(8, 8);
        canvas.add_spot(-40.0, 4.0, 2.0, 1.0);
        assert_eq!(canvas.max(), 0.0);
    }
}
