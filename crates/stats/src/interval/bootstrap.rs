//! Cluster bootstrap: intervals that know that relatives resemble one another.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::LEVEL;

/// Part of the replicates in which a statistic must be defined for its interval to be given.
const MIN_DEFINED: f64 = 0.9;

/// How often and from which seed to resample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootstrapSettings {
    /// Number of replicates; 0 gives no interval.
    pub n_replicates: usize,
    /// Seed. Replicate `i` draws from stream `i` of ChaCha8, whichever thread computes it.
    pub seed: u64,
}

impl Default for BootstrapSettings {
    fn default() -> Self {
        BootstrapSettings { n_replicates: 1000, seed: 0 }
    }
}

/// Why there is no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoInterval {
    /// No replicate was asked for.
    #[error("no bootstrap replicate was asked for")]
    NoReplicates,
    /// With fewer than two groups nothing can be resampled: all replicates would be the same.
    #[error("a bootstrap over groups needs at least two groups, found {found}")]
    TooFewGroups {
        /// Number of groups.
        found: usize,
    },
    /// The statistic is undefined in more than a tenth of the replicates.
    #[error("undefined in {undefined} of {n_replicates} bootstrap replicates")]
    Undefined {
        /// Replicates without a value.
        undefined: usize,
        /// Number of replicates.
        n_replicates: usize,
    },
}

/// Percentile intervals `[low, high]` at [`LEVEL`] of statistics of the rows of a table, each row belonging to a group.
///
/// A replicate draws as many groups as there are, with replacement, and takes all their rows: what is independent is
/// the group (image, movie, well, donor), not the cell. `statistics` is given how many times each row is taken,
/// `[groups.len()]`, and returns its figures, always as many, in fixed order; an undefined one is `None`. The bounds
/// are the 2.5 % and 97.5 % quantiles of the defined replicates with linear interpolation (numpy's default). The
/// result depends on the seed alone, not on the number of threads.
///
/// ```
/// use stats::interval::{BootstrapSettings, bootstrap};
///
/// let (groups, values) = ([7, 7, 3, 5], [1.0, 3.0, 2.0, 4.0]);
/// let mean = |times: &[u32]| {
///     let sum: f64 = times.iter().zip(values).map(|(&t, v)| f64::from(t) * v).sum();
///     vec![Some(sum / f64::from(times.iter().sum::<u32>()))]
/// };
/// let intervals = bootstrap(&groups, BootstrapSettings::default(), mean)?;
/// assert_eq!(intervals, [Ok([2.0, 4.0])]);
/// # Ok::<(), stats::interval::NoInterval>(())
/// ```
///
/// # Errors
/// No replicates, or fewer than two groups; within, for each statistic, too few replicates that define it.
///
/// # Source
/// Field & Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x (the randomised cluster bootstrap); Efron & Tibshirani
/// 1993, chapter 13 (the percentile interval).
pub fn bootstrap<F>(
    groups: &[usize],
    settings: BootstrapSettings,
    statistics: F,
) -> Result<Vec<Result<[f64; 2], NoInterval>>, NoInterval>
where
    F: Fn(&[u32]) -> Vec<Option<f64>> + Sync,
{
    let ids: BTreeSet<usize> = groups.iter().copied().collect();
    if settings.n_replicates == 0 {
        return Err(NoInterval::NoReplicates);
    }
    if ids.len() < 2 {
        return Err(NoInterval::TooFewGroups { found: ids.len() });
    }
    let number: BTreeMap<usize, usize> = ids.iter().enumerate().map(|(i, &id)| (id, i)).collect();
    let group_of_row: Vec<usize> = groups.iter().map(|id| number[id]).collect();
    let replicates: Vec<Vec<Option<f64>>> = (0..settings.n_replicates)
        .into_par_iter()
        .map(|replicate| statistics(&resample(&group_of_row, ids.len(), settings.seed, replicate as u64)))
        .collect();
    let of_statistic = |i: usize| percentile_interval(replicates.iter().map(move |figures| figures[i]));
    Ok((0..replicates[0].len()).map(of_statistic).collect())
}

/// How many times each row is taken in a replicate.
fn resample(group_of_row: &[usize], n_groups: usize, seed: u64, replicate: u64) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(replicate);
    let mut times = vec![0; n_groups];
    for _ in 0..n_groups {
        times[rng.random_range(0..n_groups)] += 1;
    }
    group_of_row.iter().map(|&group| times[group]).collect()
}

fn percentile_interval(figures: impl ExactSizeIterator<Item = Option<f64>>) -> Result<[f64; 2], NoInterval> {
    let n_replicates = figures.len();
    let mut defined: Vec<f64> = figures.flatten().collect();
    if (defined.len() as f64) < MIN_DEFINED * n_replicates as f64 {
        return Err(NoInterval::Undefined { undefined: n_replicates - defined.len(), n_replicates });
    }
    defined.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - LEVEL);
    Ok([quantile(&defined, tail), quantile(&defined, 1.0 - tail)])
}

/// Quantile `q` of sorted figures, linear between neighbours (Hyndman & Fan's type 7).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    /// `numpy.quantile([0, 1, 2, 3, 10], [0, 0.125, 0.9, 1])`.
    #[test]
    fn quantiles_are_those_of_numpy() {
        let sorted = [0.0, 1.0, 2.0, 3.0, 10.0];
        for (q, expected) in [(0.0, 0.0), (0.125, 0.5), (0.9, 7.2), (1.0, 10.0)] {
            let found = quantile(&sorted, q);
            assert!((found - expected).abs() < 1e-14, "{q}: expected {expected}, found {found}");
        }
        assert_eq!(quantile(&[4.0], 0.975), 4.0);
    }
}
