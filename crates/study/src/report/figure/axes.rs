//! A plotting area: from data to pixels, with ticks, grid and axis labels.

use crate::report::scene::{Scene, Stroke, Type};

/// A rectangle of the drawing in which x and y run over the given ranges, y upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// Upper left corner, width and height, pixels.
    pub area: [f64; 4],
    /// Data at the left and the right side.
    pub x: [f64; 2],
    /// Data at the bottom and the top.
    pub y: [f64; 2],
}

impl Axes {
    /// Pixel column of a value.
    #[must_use]
    pub fn px(&self, x: f64) -> f64 {
        self.area[0] + self.area[2] * (x - self.x[0]) / (self.x[1] - self.x[0])
    }

    /// Pixel row of a value.
    #[must_use]
    pub fn py(&self, y: f64) -> f64 {
        self.area[1] + self.area[3] * (self.y[1] - y) / (self.y[1] - self.y[0])
    }

    /// Vertical grid lines with numbers below, and the label of the axis.
    pub fn grid_x(&self, scene: &mut Scene, ticks: &[(f64, String)], label: &str) {
        let [left, top, w, h] = self.area;
        for (value, text) in ticks {
            let x = self.px(*value);
            scene.line((x, top), (x, top + h), Stroke::GRID);
            scene.text((x, top + h + 16.0), Type::SMALL.middle(), text);
        }
        scene.line((left, top + h), (left + w, top + h), Stroke::AXIS);
        scene.text((left + 0.5 * w, top + h + 38.0), Type::LABEL.middle(), label);
    }

    /// Horizontal grid lines with numbers at the left, and the label of the axis.
    pub fn grid_y(&self, scene: &mut Scene, ticks: &[(f64, String)], label: &str) {
        let [left, top, w, h] = self.area;
        for (value, text) in ticks {
            let y = self.py(*value);
            scene.line((left, y), (left + w, y), Stroke::GRID);
            scene.text((left - 8.0, y + 4.0), Type::SMALL.end(), text);
        }
        scene.text((left - 44.0, top + 0.5 * h), Type::LABEL.middle().turned(-90.0), label);
    }

    /// A line through data, in pixels. Values that are not finite are left out, points closer than half a pixel merge,
    /// and straight horizontal or vertical runs keep their ends: a curve of 100,000 cells stays small.
    #[must_use]
    pub fn trace(&self, data: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        let half = |v: f64| (2.0 * v).round() / 2.0;
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (x, y) in data.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
            let next = (half(self.px(x)), half(self.py(y)));
            if points.last() == Some(&next) {
                continue;
            }
            if let [.., a, b] = points[..]
                && in_a_row(a, b, next)
            {
                points.pop();
            }
            points.push(next);
        }
        points
    }
}

/// Whether `b` lies between `a` and `c` on one horizontal or vertical line.
fn in_a_row(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> bool {
    let between = |a: f64, b: f64, c: f64| (b - a) * (c - b) > 0.0;
    (a.0 == b.0 && b.0 == c.0 && between(a.1, b.1, c.1))
        || (a.1 == b.1 && b.1 == c.1 && between(a.0, b.0, c.0))
}

/// About `n` round numbers (steps of 1, 2 or 5 times a power of ten) from `low` to `high`, with their texts.
///
/// ```
/// let texts: Vec<String> = study::report::figure::axes::ticks(0.0, 1.0, 5).into_iter().map(|t| t.1).collect();
/// assert_eq!(texts, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
/// ```
#[must_use]
pub fn ticks(low: f64, high: f64, n: usize) -> Vec<(f64, String)> {
    let range = high - low;
    if !(range.is_finite() && range > 0.0) {
        return vec![(low, format!("{low}"))];
    }
    let raw = range / n.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= 0.999 * raw).unwrap_or(raw);
    let n_digits = (-step.log10().floor()).max(0.0) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).map(|v| (v, format!("{v:.n_digits$}"))).collect()
}

/// As [`ticks`], for shares of one, as percentages.
#[must_use]
pub fn percent_ticks(low: f64, high: f64, n: usize) -> Vec<(f64, String)> {
    ticks(100.0 * low, 100.0 * high, n).into_iter().map(|(v, text)| (v / 100.0, format!("{text}%"))).collect()
}

/// As [`ticks`], whole numbers only.
#[must_use]
pub fn whole_ticks(low: f64, high: f64, n: usize) -> Vec<(f64, String)> {
    let n = n.min((high - low).max(1.0) as usize);
    ticks(low, high, n)
        .into_iter()
        .map(|(v, _)| (v, crate::report::text::thousands(v.max(0.0).round() as usize)))
        .collect()
}
