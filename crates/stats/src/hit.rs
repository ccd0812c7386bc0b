//! Hits: wells that do what the negative controls do not.

use crate::plate::{NoFigure, mean};
use crate::tail::t_two_sided;

/// Which way a hit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Above the controls.
    Up,
    /// Below.
    Down,
    /// Either.
    #[default]
    Both,
}

impl Direction {
    /// Which way `score` is beyond `threshold` (at least 0), when it is and this way counts.
    #[must_use]
    pub fn of(self, score: f64, threshold: f64) -> Option<Direction> {
        let way = if score > 0.0 { Direction::Up } else { Direction::Down };
        (score.abs() >= threshold && (self == Direction::Both || self == way)).then_some(way)
    }
}

/// Which way at least `n_needed` of the replicates are beyond `threshold`; missing replicates do not count.
///
/// ```
/// use stats::hit::{Direction, in_replicates};
/// let scores = [Some(3.5), Some(4.0), None];
/// assert_eq!(in_replicates(&scores, 3.0, 2, Direction::Both), Some(Direction::Up));
/// assert_eq!(in_replicates(&[Some(3.5), Some(-4.0)], 3.0, 2, Direction::Both), None);
/// ```
#[must_use]
pub fn in_replicates(
    scores: &[Option<f64>],
    threshold: f64,
    n_needed: usize,
    direction: Direction,
) -> Option<Direction> {
    let n =
        |way| scores.iter().flatten().filter(|&&score| direction.of(score, threshold) == Some(way)).count();
    [Direction::Up, Direction::Down].into_iter().find(|&way| n(way) >= n_needed.max(1))
}

/// A well as the mean of its cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WellMean {
    /// Mean of the cells' scores.
    pub mean: f64,
    /// Standard deviation of the cells' scores; 0 when only the mean is known.
    pub sd: f64,
    /// Cells; infinite when only the mean is known.
    pub n_cells: f64,
}

/// What wells without effect look like on one plate, for any number of cells.
///
/// A control well of n cells has a mean of variance `τ² + σ²/n`: τ from well to well, σ from cell to cell. Drawing a control well, then n of
/// its cells, again and again (the bootstrap at equal cell number) has the variance `S² + σ²/n` with the variance `S²` of the controls'
/// means; but S² holds their own `σ²/n_control` already, which is taken out: with `v = mean(σ²/n_c)` and `τ² = max(S² - v, 0)`, `s²(n) = S² (τ² + mean(σ²)/n) / (τ² + v)`, which is S² for wells of as many cells as the controls.
/// A bootstrap of m wells sees no value beyond the outermost of them, so that at m = 32 every seventeenth well without effect would be
/// beyond all draws and a hit at any rate of false discoveries. So the tail is that of t with m - 1 degrees of freedom, as for the next
/// draw from a normal distribution of which m were seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Null {
    mean: f64,
    between: f64,
    within: f64,
    own: f64,
    n_wells: f64,
}

impl Null {
    /// From the negative controls of a plate.
    ///
    /// ```
    /// use stats::hit::{Null, WellMean};
    /// let well = |mean| WellMean { mean, sd: 0.0, n_cells: f64::INFINITY };
    /// let null = Null::of(&[well(1.0), well(2.0), well(3.0)])?;
    /// // Two standard deviations of a single new well off, on two degrees of freedom.
    /// let p = null.p(&well(2.0 + 2.0 * (1.0_f64 + 1.0 / 3.0).sqrt()));
    /// assert!((p - 0.183_503_419).abs() < 1e-8);
    /// # Ok::<(), stats::plate::NoFigure>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than three wells, or wells that are all the same.
    ///
    /// # Source
    /// Hahn 1969, doi:10.2307/2284103 (the prediction interval of one further observation).
    pub fn of(controls: &[WellMean]) -> Result<Null, NoFigure> {
        let n = controls.len();
        if n < 3 {
            return Err(NoFigure::TooFew { what: "negative controls", found: n, needed: 3 });
        }
        let means: Vec<f64> = controls.iter().map(|well| well.mean).collect();
        let average = |get: &dyn Fn(&WellMean) -> f64| controls.iter().map(get).sum::<f64>() / n as f64;
        let between = crate::plate::sd(&means).unwrap_or(0.0);
        if between == 0.0 {
            return Err(NoFigure::NoSpread("negative controls"));
        }
        Ok(Null {
            mean: mean(&means).unwrap_or(0.0),
            between: between * between,
            within: average(&|well| well.sd * well.sd),
            own: average(&|well| well.sd * well.sd / well.n_cells),
            n_wells: n as f64,
        })
    }

    /// Mean of the controls.
    #[must_use]
    pub fn centre(&self) -> f64 {
        self.mean
    }

    /// Standard deviation of wells of `n_cells` cells.
    #[must_use]
    pub fn sd(&self, n_cells: f64) -> f64 {
        // Where nobody counted the cells, they are as many as those of the controls.
        let cells = if n_cells.is_finite() { self.within / n_cells } else { self.own };
        let wells = (self.between - self.own).max(0.0);
        let usual = wells + self.own;
        if usual > 0.0 { (self.between * (wells + cells) / usual).sqrt() } else { self.between.sqrt() }
    }

    /// Half the width of the interval at 95 % of the distance of such a well from the controls.
    #[must_use]
    pub fn half_width(&self, n_cells: f64) -> f64 {
        let t = crate::tail::t_975(self.n_wells - 1.0).unwrap_or(f64::INFINITY);
        t * self.sd(n_cells) * (1.0 + 1.0 / self.n_wells).sqrt()
    }

    /// Two-sided probability that a well without effect is as far from the controls.
    #[must_use]
    pub fn p(&self, well: &WellMean) -> f64 {
        let spread = self.sd(well.n_cells) * (1.0 + 1.0 / self.n_wells).sqrt();
        if spread > 0.0 {
            t_two_sided((well.mean - self.mean) / spread, self.n_wells - 1.0).unwrap_or(1.0)
        } else {
            1.0
        }
    }
}

/// One probability of the replicates' `p`, by Stouffer's sum `Σ z / √n` of signed normal scores: replicates that go opposite ways cancel.
/// `signs` are those of the effects. None of none.
///
/// # Source
/// Stouffer et al. 1949, *The American Soldier*; scipy's `combine_pvalues(method="stouffer")` on one-sided values.
#[must_use]
pub fn combine(p: &[f64], signs: &[f64]) -> Option<f64> {
    if p.is_empty() {
        return None;
    }
    let z: f64 = p.iter().zip(signs).map(|(&p, &sign)| sign.signum() * crate::tail::normal_from_p(p)).sum();
    Some(crate::tail::normal_two_sided(z / (p.len() as f64).sqrt()))
}

/// The smallest rate of false discoveries at which each would be called, by Benjamini and Hochberg; missing ones stay missing and do not
/// count.
///
/// ```
/// let q = stats::hit::false_discovery(&[Some(0.01), Some(0.04), None, Some(0.02)]);
/// assert_eq!(q, [Some(0.03), Some(0.04), None, Some(0.03)]);
/// ```
///
/// # Source
/// Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x; scipy's `false_discovery_control`.
#[must_use]
pub fn false_discovery(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p.iter().enumerate().filter_map(|(i, p)| p.map(|p| (i, p))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let n = order.len() as f64;
    let (mut q, mut least) = (vec![None; p.len()], 1.0_f64);
    for (rank, &(i, p)) in order.iter().enumerate().rev() {
        least = least.min(p * n / (rank + 1) as f64);
        q[i] = Some(least);
    }
    q
}
