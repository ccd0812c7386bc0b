//! Replicates: how far they agree, and one value for all.

use crate::plate::{NoFigure, mean, median};
use crate::tail::t_two_sided;

/// A correlation and the probability of one as large by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// From -1 to 1.
    pub r: f64,
    /// Two-sided, from t = r √((n - 2) / (1 - r²)) with n - 2 degrees of freedom.
    pub p: f64,
    /// Pairs.
    pub n: usize,
}

/// Pearson's correlation of `x` and `y`.
///
/// # Errors
/// Fewer than three pairs, or one that does not vary.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<Correlation, NoFigure> {
    let n = x.len().min(y.len());
    let (Some(mx), Some(my)) = (mean(x), mean(y)) else {
        return Err(NoFigure::TooFew { what: "pairs", found: 0, needed: 3 });
    };
    if n < 3 {
        return Err(NoFigure::TooFew { what: "pairs", found: n, needed: 3 });
    }
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(&a, &b)| f(a - mx, b - my)).sum::<f64>();
    let (xx, yy, xy) = (sum(&|a, _| a * a), sum(&|_, b| b * b), sum(&|a, b| a * b));
    if xx == 0.0 || yy == 0.0 {
        return Err(NoFigure::NoSpread("one of both"));
    }
    let r = (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0);
    let freedom = (n - 2) as f64;
    let t = r * (freedom / (1.0 - r * r)).sqrt();
    Ok(Correlation { r, p: if r.abs() < 1.0 { t_two_sided(t, freedom).unwrap_or(1.0) } else { 0.0 }, n })
}

/// Spearman's correlation: [`pearson`] of the ranks, equal values sharing theirs.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<Correlation, NoFigure> {
    pearson(&ranks(x).0, &ranks(y).0)
}

/// Ranks from 1, equal values sharing the mean of theirs, and `Σ (t³ - t)` over the numbers t of equal ones.
pub(crate) fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut ranks, mut ties, mut start) = (vec![0.0; values.len()], 0.0, 0);
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let n = equal.len() as f64;
        equal.iter().for_each(|&i| ranks[i] = start as f64 + 0.5 * (n + 1.0));
        ties += n * n * n - n;
        start += equal.len();
    }
    (ranks, ties)
}

/// How replicates become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Summary {
    /// Their mean.
    Mean,
    /// Their median.
    #[default]
    Median,
    /// The lowest.
    Min,
    /// The highest.
    Max,
    /// The square root of the mean square.
    Rms,
    /// The one nearest to 0: all replicates must show the effect.
    ClosestToZero,
    /// The one farthest from 0.
    FurthestFromZero,
}

/// One value of all the replicates that there are; None of none. Of two equally far from 0 the first counts.
///
/// # Source
/// The summaries of cellHTS2's `summarizeReplicates`, Boutros, Brás & Huber 2006, doi:10.1186/gb-2006-7-7-r66.
#[must_use]
pub fn summarise(values: &[f64], by: Summary) -> Option<f64> {
    let least = |distance: &dyn Fn(f64) -> f64| {
        values.iter().copied().reduce(|best, v| if distance(v) < distance(best) { v } else { best })
    };
    match by {
        Summary::Mean => mean(values),
        Summary::Median => median(values),
        Summary::Min => least(&|v| v),
        Summary::Max => least(&|v| -v),
        Summary::Rms => mean(&values.iter().map(|v| v * v).collect::<Vec<_>>()).map(f64::sqrt),
        Summary::ClosestToZero => least(&f64::abs),
        Summary::FurthestFromZero => least(&|v: f64| -v.abs()),
    }
}
