//! Which cells train and which judge: relatives stay together, classes are shared out evenly.
//!
//! All functions take the facts of all cells, and `among`, the indices of those to be split (so that the training
//! part of a split can be split again); they return indices into `cells` in ascending order. Unlabelled cells
//! are left out. The same seed gives the same split.

mod assign;

use std::collections::BTreeMap;

use crate::Cell;
use assign::Table;

/// One way to divide cells in two: those to learn from, those to judge by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The held-out group, or "fold 1", …, or "validation".
    pub name: String,
    /// Indices of the cells to learn from.
    pub train: Vec<usize>,
    /// Indices of the cells kept aside.
    pub held_out: Vec<usize>,
}

/// One or more ways to divide the same cells, and what is unfortunate about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// One for `train_validation`, one per fold or group otherwise.
    pub parts: Vec<Part>,
    /// Classes that cannot be both learned and judged.
    pub warnings: Vec<SplitWarning>,
}

/// All cells of a class are relatives, so they are either learned from or judged by, never both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitWarning {
    /// Index of the class.
    pub class: usize,
    /// The only group that has it.
    pub group: String,
    /// Number of its cells.
    pub n_cells: usize,
}

/// Why cells cannot be split as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// The share to keep aside leaves nothing on one side.
    #[error("the validation share is {found}; expected a number above 0 and below 1")]
    Fraction {
        /// What was asked for.
        found: f64,
    },
    /// A split into fewer than two folds.
    #[error("{found} fold(s) were asked for; expected at least 2")]
    TooFewFolds {
        /// What was asked for.
        found: usize,
    },
    /// Cells of a group must stay together, and there are not enough groups.
    #[error(
        "the {n_cells} labelled cells belong to {n_groups} group(s); expected at least {needed}, because cells of \
         one group (image, movie, track, well, donor) stay together"
    )]
    TooFewGroups {
        /// Labelled cells to be split.
        n_cells: usize,
        /// Groups they belong to.
        n_groups: usize,
        /// Groups needed.
        needed: usize,
    },
}

/// Keeps about `fraction` of the cells, and of each class, aside, whole groups at a time.
///
/// A class with cells in two or more groups is on both sides, unless getting it there would take another class away.
///
/// # Errors
/// A fraction outside of 0..1 (both excluded); fewer than two groups.
pub fn train_validation(
    cells: &[Cell],
    among: &[usize],
    fraction: f64,
    seed: u64,
) -> Result<Split, SplitError> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(SplitError::Fraction { found: fraction });
    }
    let table = Table::new(cells, among);
    table.need_groups(2)?;
    let mut side = table.assign(&[1.0 - fraction, fraction], seed);
    table.both_sides(&mut side);
    let part = table.part("validation".into(), |group| side[group] == 1);
    Ok(Split { parts: vec![part], warnings: table.warnings() })
}

/// Deals the groups out to `k` folds of about equal size and composition; each is held out once.
///
/// # Errors
/// Fewer than two folds; fewer groups than folds.
pub fn folds(cells: &[Cell], among: &[usize], k: usize, seed: u64) -> Result<Split, SplitError> {
    if k < 2 {
        return Err(SplitError::TooFewFolds { found: k });
    }
    let table = Table::new(cells, among);
    table.need_groups(k)?;
    let mut fold = table.assign(&vec![1.0 / k as f64; k], seed);
    table.no_empty_fold(&mut fold, k);
    table.no_class_in_one_fold(&mut fold, k);
    let part = |f: usize| table.part(format!("fold {}", f + 1), |group| fold[group] == f);
    Ok(Split { parts: (0..k).map(part).collect(), warnings: table.warnings() })
}

/// Holds out each group once, in the order of their names.
///
/// # Errors
/// Fewer than two groups.
pub fn leave_one_group_out(cells: &[Cell], among: &[usize]) -> Result<Split, SplitError> {
    let table = Table::new(cells, among);
    table.need_groups(2)?;
    let part = |g: usize| table.part(table.groups[g].name.to_owned(), |group| group == g);
    Ok(Split { parts: (0..table.groups.len()).map(part).collect(), warnings: table.warnings() })
}

/// A group with cells in more than one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straddling {
    /// Name of the group.
    pub group: String,
    /// Its number of cells in each part.
    pub n_cells: Vec<usize>,
}

/// The groups that have cells in more than one of `parts` (indices into `cells`), by name: a split with such
/// groups judges on relatives of what it learned from.
#[must_use]
pub fn straddling(cells: &[Cell], parts: &[&[usize]]) -> Vec<Straddling> {
    let mut n_cells: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (p, part) in parts.iter().enumerate() {
        for &i in *part {
            n_cells.entry(&cells[i].group).or_insert_with(|| vec![0; parts.len()])[p] += 1;
        }
    }
    n_cells
        .into_iter()
        .filter(|(_, n)| n.iter().filter(|&&n| n > 0).count() > 1)
        .map(|(group, n_cells)| Straddling { group: group.to_owned(), n_cells })
        .collect()
}

/// Weight of each class, `n / (k n_c)`, so that every class counts the same in all: `n` cells, `k` classes that
/// have any, `n_c` cells of class `c`. A class without cells gets 0. As scikit-learn's `balanced`.
///
/// ```
/// assert_eq!(cells::split::balanced_weights(&[30, 10, 0]), [40.0 / 60.0, 2.0, 0.0]);
/// ```
#[must_use]
pub fn balanced_weights(n_per_class: &[usize]) -> Vec<f32> {
    let n: usize = n_per_class.iter().sum();
    let k = n_per_class.iter().filter(|&&n_c| n_c > 0).count();
    let weight = |&n_c: &usize| if n_c == 0 { 0.0 } else { (n as f64 / (k * n_c) as f64) as f32 };
    n_per_class.iter().map(weight).collect()
}
