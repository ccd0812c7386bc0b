//! Groups dealt out to bins so that each class is shared as evenly as whole groups allow.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::{Part, SplitError, SplitWarning};
use crate::Cell;

/// Cells that stay together.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    /// Indices of its cells.
    cells: Vec<usize>,
    /// Classes it has, and how many cells of each.
    counts: BTreeMap<usize, usize>,
}

/// The labelled cells by group, groups by name.
pub(super) struct Table<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// Cells of each class in all groups.
    totals: Vec<usize>,
}

impl<'a> Table<'a> {
    pub(super) fn new(cells: &'a [Cell], among: &[usize]) -> Self {
        let mut members: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
        let mut totals = Vec::new();
        for &i in among {
            if let Some(class) = cells[i].class {
                members.entry(&cells[i].group).or_default().push((i, class));
                totals.resize(totals.len().max(class + 1), 0);
                totals[class] += 1;
            }
        }
        let group = |(name, members): (&'a str, Vec<(usize, usize)>)| {
            let mut counts = BTreeMap::new();
            members.iter().for_each(|&(_, class)| *counts.entry(class).or_default() += 1);
            Group { name, cells: members.into_iter().map(|(i, _)| i).collect(), counts }
        };
        Table { groups: members.into_iter().map(group).collect(), totals }
    }

    pub(super) fn need_groups(&self, needed: usize) -> Result<(), SplitError> {
        let n_groups = self.groups.len();
        if n_groups >= needed {
            return Ok(());
        }
        Err(SplitError::TooFewGroups { n_cells: self.totals.iter().sum(), n_groups, needed })
    }

    /// The bin of each group. With `x` the share of a class that a bin holds and `target` the share it should hold,
    /// the groups, rarest and largest first (the seed orders equals), each go where the sum over bins and classes of
    /// `x²/target`, which is least when every `x` is its target, grows least.
    pub(super) fn assign(&self, targets: &[f64], seed: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        order.sort_by(|&a, &b| self.weight(b).total_cmp(&self.weight(a)));
        let mut held = vec![vec![0.0; self.totals.len()]; targets.len()];
        let mut size = vec![0.0; targets.len()];
        let mut bin_of = vec![0; self.groups.len()];
        for g in order {
            let growth = |bin: usize| -> f64 {
                let class = |(&c, &n): (&usize, &usize)| {
                    let (x, add) = (held[bin][c], n as f64 / self.totals[c] as f64);
                    add * (2.0 * x + add) / targets[bin]
                };
                self.groups[g].counts.iter().map(class).sum()
            };
            let fill = |bin: usize| size[bin] / targets[bin];
            let better = |&a: &usize, &b: &usize| {
                let close = (growth(a) - growth(b)).abs() <= 1e-9 * growth(a).max(growth(b));
                if close { fill(a).total_cmp(&fill(b)) } else { growth(a).total_cmp(&growth(b)) }
            };
            let bin = (0..targets.len()).min_by(better).unwrap_or(0);
            for (&c, &n) in &self.groups[g].counts {
                held[bin][c] += n as f64 / self.totals[c] as f64;
            }
            size[bin] += self.groups[g].cells.len() as f64;
            bin_of[g] = bin;
        }
        bin_of
    }

    /// How much of its classes a group holds, summed over classes.
    fn weight(&self, g: usize) -> f64 {
        self.groups[g].counts.iter().map(|(&c, &n)| n as f64 / self.totals[c] as f64).sum()
    }

    /// Moves the least groups so that each class that is in several is on both of two sides.
    pub(super) fn both_sides(&self, side: &mut [usize]) {
        for class in 0..self.totals.len() {
            for lacking in [1, 0] {
                let holders = self.holders(class);
                if holders.len() < 2 || holders.iter().any(|&g| side[g] == lacking) {
                    continue;
                }
                // Moving must not take another class away from the side that gives.
                let spared = |&g: &usize| {
                    self.groups[g].counts.keys().all(|&other| {
                        self.holders(other).iter().any(|&o| o != g && side[o] != lacking)
                            || self.holders(other).len() == 1
                    })
                };
                if let Some(g) = self.least(holders.into_iter().filter(spared)) {
                    side[g] = lacking;
                }
            }
        }
        for empty in [0, 1] {
            if !side.contains(&empty)
                && let Some(g) = self.least(0..self.groups.len())
            {
                side[g] = empty;
            }
        }
    }

    /// Moves the least groups out of folds with several into folds with none.
    pub(super) fn no_empty_fold(&self, fold: &mut [usize], k: usize) {
        for empty in 0..k {
            if fold.contains(&empty) {
                continue;
            }
            let mut n_groups = vec![0; k];
            fold.iter().for_each(|&f| n_groups[f] += 1);
            if let Some(g) = self.least((0..fold.len()).filter(|&g| n_groups[fold[g]] > 1)) {
                fold[g] = empty;
            }
        }
    }

    /// Moves a group of each class that is in several groups but in one fold only, so that no training part lacks it.
    pub(super) fn no_class_in_one_fold(&self, fold: &mut [usize], k: usize) {
        for class in 0..self.totals.len() {
            let holders = self.holders(class);
            let Some(&first) = holders.first() else { continue };
            if holders.len() < 2 || holders.iter().any(|&g| fold[g] != fold[first]) {
                continue;
            }
            if let Some(g) = self.least(holders.into_iter()) {
                fold[g] = (fold[g] + 1) % k;
            }
        }
    }

    /// Groups with cells of a class.
    fn holders(&self, class: usize) -> Vec<usize> {
        (0..self.groups.len()).filter(|&g| self.groups[g].counts.contains_key(&class)).collect()
    }

    fn least(&self, groups: impl Iterator<Item = usize>) -> Option<usize> {
        groups.min_by(|&a, &b| self.weight(a).total_cmp(&self.weight(b)))
    }

    pub(super) fn part(&self, name: String, held_out: impl Fn(usize) -> bool) -> Part {
        let mut part = Part { name, train: Vec::new(), held_out: Vec::new() };
        for (g, group) in self.groups.iter().enumerate() {
            let side = if held_out(g) { &mut part.held_out } else { &mut part.train };
            side.extend_from_slice(&group.cells);
        }
        part.train.sort_unstable();
        part.held_out.sort_unstable();
        part
    }

    pub(super) fn warnings(&self) -> Vec<SplitWarning> {
        let warning = |class| match self.holders(class)[..] {
            [only] => {
                let (group, n_cells) = (self.groups[only].name.to_owned(), self.totals[class]);
                Some(SplitWarning { class, group, n_cells })
            }
            _ => None,
        };
        (0..self.totals.len()).filter_map(warning).collect()
    }
}
