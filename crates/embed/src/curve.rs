//! The curve that says how near two points of the map are: `1 / (1 + a d^(2b))`.

/// The parameters of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub a: f64,
    pub b: f64,
}

impl Curve {
    /// The curve nearest in squares to 1 up to `min_dist` and `exp(-(d - min_dist) / spread)` beyond, at 300 distances
    /// from 0 to three times `spread`, by the method of Levenberg and Marquardt.
    ///
    /// # Source
    /// umap-learn, `find_ab_params`.
    pub fn fit(min_dist: f64, spread: f64) -> Curve {
        let data: Vec<(f64, f64)> = (0..300)
            .map(|i| {
                let d = 3.0 * spread * f64::from(i) / 299.0;
                (d, if d < min_dist { 1.0 } else { (-(d - min_dist) / spread).exp() })
            })
            .collect();
        let mut curve = Curve { a: 1.0, b: 1.0 };
        let mut damping = 1e-3;
        for _ in 0..200 {
            let next = curve.step(&data, damping);
            if next.error(&data) < curve.error(&data) {
                curve = next;
                damping *= 0.3;
            } else {
                damping *= 4.0;
            }
        }
        curve
    }

    fn at(self, d: f64) -> f64 {
        1.0 / (1.0 + self.a * d.powf(2.0 * self.b))
    }

    fn error(self, data: &[(f64, f64)]) -> f64 {
        let error: f64 = data.iter().map(|&(d, y)| (self.at(d) - y).powi(2)).sum();
        if error.is_finite() && self.a > 0.0 && self.b > 0.0 { error } else { f64::INFINITY }
    }

    fn step(self, data: &[(f64, f64)], damping: f64) -> Curve {
        let (mut aa, mut ab, mut bb, mut ra, mut rb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for &(d, y) in data.iter().filter(|(d, _)| *d > 0.0) {
            let power = d.powf(2.0 * self.b);
            let value = self.at(d);
            let da = -value * value * power;
            let db = -value * value * self.a * power * 2.0 * d.ln();
            let rest = y - value;
            aa += da * da;
            ab += da * db;
            bb += db * db;
            ra += da * rest;
            rb += db * rest;
        }
        let (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
        let det = aa * bb - ab * ab;
        Curve { a: self.a + (bb * ra - ab * rb) / det, b: self.b + (aa * rb - ab * ra) / det }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of `umap.umap_.find_ab_params` of umap-learn 0.5.12.
    #[test]
    fn parameters_are_those_of_umap_learn() {
        for (min_dist, spread, a, b) in [
            (0.1, 1.0, 1.576_943_460, 0.895_060_878),
            (0.0, 1.0, 1.932_808_486, 0.790_494_973),
            (0.5, 1.0, 0.583_030_015, 1.334_166_993),
        ] {
            let curve = Curve::fit(min_dist, spread);
            let near = |found: f64, expected: f64| (found - expected).abs() < 1e-4;
            assert!(near(curve.a, a) && near(curve.b, b), "{min_dist}: {curve:?}");
        }
    }
}
