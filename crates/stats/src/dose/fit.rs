//! Least squares for the logistic curve. Bottom and top are linear, so that only EC50 and steepness are searched.

use super::Curve;

/// Steps of the grid of log10 EC50, and of the steepness.
const GRID: (usize, usize) = (41, 13);
/// Range of the steepness.
const HILL: (f64, f64) = (0.2, 8.0);
/// Halvings of the step of the search.
const HALVINGS: usize = 48;

pub struct Least {
    pub curve: Curve,
    pub squares: f64,
}

/// The best curve whose EC50 lies at most half a decade outside of `range`: a grid, then a search along both axes with halved steps.
pub fn least_squares(points: &[(f64, f64)], range: (f64, f64)) -> Least {
    let (low, high) = (range.0 - 0.5, range.1 + 0.5);
    let (hill_low, hill_high) = (HILL.0.ln(), HILL.1.ln());
    let step = ((high - low) / (GRID.0 - 1) as f64, (hill_high - hill_low) / (GRID.1 - 1) as f64);
    let at = |log_ec50: f64, log_hill: f64| {
        linear(points, log_ec50.clamp(low, high), log_hill.clamp(hill_low, hill_high).exp())
    };
    let mut best = at(low, 0.0);
    for i in 0..GRID.0 {
        for j in 0..GRID.1 {
            let next = at(low + i as f64 * step.0, hill_low + j as f64 * step.1);
            if next.squares < best.squares {
                best = next;
            }
        }
    }
    let (mut dx, mut dh) = step;
    for _ in 0..HALVINGS {
        // Diagonal steps follow the valley that EC50 and steepness share.
        loop {
            let (x, h) = (best.curve.log_ec50, best.curve.hill.ln());
            let moves = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
            let tried = moves.map(|(a, b)| at(x + f64::from(a) * dx, h + f64::from(b) * dh));
            let Some(next) = tried.into_iter().min_by(|a, b| a.squares.total_cmp(&b.squares)) else { break };
            // What is gained below the rounding of the sum is none.
            if next.squares >= best.squares * (1.0 - 1e-15) {
                break;
            }
            best = next;
        }
        (dx, dh) = (0.5 * dx, 0.5 * dh);
    }
    best
}

/// The best bottom and top for an EC50 and a steepness.
fn linear(points: &[(f64, f64)], log_ec50: f64, hill: f64) -> Least {
    let unit = Curve { bottom: 0.0, top: 1.0, log_ec50, hill };
    let n = points.len() as f64;
    let (mut sum_s, mut sum_y) = (0.0, 0.0);
    points.iter().for_each(|&(x, y)| (sum_s, sum_y) = (sum_s + unit.share(x), sum_y + y));
    let (mean_s, mean_y) = (sum_s / n, sum_y / n);
    let (mut ss, mut sy) = (0.0, 0.0);
    for &(x, y) in points {
        let s = unit.share(x) - mean_s;
        (ss, sy) = (ss + s * s, sy + s * (y - mean_y));
    }
    let slope = if ss > 1e-12 { sy / ss } else { 0.0 };
    let bottom = mean_y - slope * mean_s;
    let curve = Curve { bottom, top: bottom + slope, ..unit };
    let squares = points.iter().map(|&(x, y)| (y - curve.at(x)).powi(2)).sum();
    Least { curve, squares }
}

/// Asymptotic standard errors of bottom, top, log EC50 and steepness; None when the data do not determine them.
pub fn errors(points: &[(f64, f64)], curve: &Curve, residual_sd: f64) -> Option<[f64; 4]> {
    let mut information = [[0.0; 4]; 4];
    for &(x, _) in points {
        let s = curve.share(x);
        let slope = (curve.top - curve.bottom) * s * (1.0 - s) * std::f64::consts::LN_10;
        let gradient = [1.0 - s, s, -slope * curve.hill, slope * (x - curve.log_ec50)];
        for i in 0..4 {
            for j in 0..4 {
                information[i][j] += gradient[i] * gradient[j];
            }
        }
    }
    let inverse = invert(information)?;
    let errors: [f64; 4] = std::array::from_fn(|i| residual_sd * inverse[i][i].max(0.0).sqrt());
    errors.iter().all(|e| e.is_finite()).then_some(errors)
}

/// The inverse by Gauss and Jordan with pivots, after scaling the diagonal to 1; None of what has none.
fn invert(matrix: [[f64; 4]; 4]) -> Option<[[f64; 4]; 4]> {
    let scale: [f64; 4] = std::array::from_fn(|i| matrix[i][i].sqrt());
    if scale.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        return None;
    }
    let mut a: [[f64; 8]; 4] = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            if j < 4 { matrix[i][j] / (scale[i] * scale[j]) } else { f64::from(u8::from(j - 4 == i)) }
        })
    });
    for k in 0..4 {
        let pivot = (k..4).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()))?;
        a.swap(k, pivot);
        if a[k][k].abs() < 1e-12 {
            return None;
        }
        let row = a[k].map(|v| v / a[k][k]);
        a[k] = row;
        for other in a.iter_mut().enumerate().filter(|(i, _)| *i != k).map(|(_, row)| row) {
            let factor = other[k];
            other.iter_mut().zip(row).for_each(|(v, r)| *v -= factor * r);
        }
    }
    Some(std::array::from_fn(|i| std::array::from_fn(|j| a[i][4 + j] / (scale[i] * scale[j]))))
}
