//! Splits: relatives together, classes shared out, the same for the same seed.

use std::collections::BTreeSet;

use cells::Cell;
use cells::split::{SplitError, folds, leave_one_group_out, straddling, train_validation};
use proptest::prelude::*;

fn cells(facts: &[(usize, usize)]) -> Vec<Cell> {
    let cell = |(i, &(class, group)): (usize, &(usize, usize))| Cell {
        name: i.to_string(),
        class: Some(class),
        group: format!("g{group}"),
        ..Cell::default()
    };
    facts.iter().enumerate().map(cell).collect()
}

fn all(cells: &[Cell]) -> Vec<usize> {
    (0..cells.len()).collect()
}

fn classes(cells: &[Cell], part: &[usize]) -> BTreeSet<usize> {
    part.iter().filter_map(|&i| cells[i].class).collect()
}

fn share(cells: &[Cell], part: &[usize], class: usize) -> f64 {
    let n = |of: &mut dyn Iterator<Item = &Cell>| of.filter(|cell| cell.class == Some(class)).count() as f64;
    n(&mut part.iter().map(|&i| &cells[i])) / n(&mut cells.iter())
}

proptest! {
    #[test]
    fn groups_never_straddle_and_every_cell_is_once(
        facts in prop::collection::vec((0usize..4, 0usize..12), 30..200), k in 2usize..6, seed in 0u64..50
    ) {
        let cells = cells(&facts);
        let all = all(&cells);
        let n_groups = facts.iter().map(|f| f.1).collect::<BTreeSet<_>>().len();
        prop_assume!(n_groups >= k);
        let split = folds(&cells, &all, k, seed).unwrap();
        let mut held_out: Vec<usize> = split.parts.iter().flat_map(|p| p.held_out.clone()).collect();
        held_out.sort_unstable();
        prop_assert_eq!(&held_out, &all);
        for part in &split.parts {
            prop_assert!(!part.held_out.is_empty() && !part.train.is_empty());
            prop_assert_eq!(part.held_out.len() + part.train.len(), cells.len());
            prop_assert!(straddling(&cells, &[&part.train, &part.held_out]).is_empty());
        }
        prop_assert_eq!(split, folds(&cells, &all, k, seed).unwrap());
    }

    #[test]
    fn validation_has_every_class_it_can(
        facts in prop::collection::vec((0usize..4, 0usize..40), 60..300), seed in 0u64..50
    ) {
        let cells = cells(&facts);
        let part = train_validation(&cells, &all(&cells), 0.2, seed).unwrap().parts.remove(0);
        prop_assert!(straddling(&cells, &[&part.train, &part.held_out]).is_empty());
        prop_assert_eq!(classes(&cells, &part.train).len(), classes(&cells, &part.held_out).len());
        let largest = (0..40).map(|g| facts.iter().filter(|f| f.1 == g).count()).max().unwrap() as f64;
        let off = (part.held_out.len() as f64 - 0.2 * cells.len() as f64).abs();
        prop_assert!(off <= 2.0 * largest, "{} of {} held out, largest group {largest}", part.held_out.len(), cells.len());
    }
}

#[test]
fn cells_without_relatives_are_stratified_to_one_cell() {
    let facts: Vec<_> =
        (0..1000).map(|i| (usize::from(i % 10 == 0) + usize::from(i % 100 == 0), i)).collect();
    let cells = cells(&facts);
    for part in folds(&cells, &all(&cells), 5, 1).unwrap().parts {
        assert_eq!(part.held_out.len(), 200);
        for class in 0..3 {
            assert!((share(&cells, &part.held_out, class) - 0.2).abs() < 1e-9);
        }
    }
    let part = train_validation(&cells, &all(&cells), 0.3, 1).unwrap().parts.remove(0);
    assert_eq!((part.train.len(), part.held_out.len()), (700, 300));
}

#[test]
fn rare_classes_reach_both_sides() {
    let mut facts: Vec<_> = (0..200).map(|i| (0, i)).collect();
    facts.extend([(1, 500), (1, 501)]);
    let cells = cells(&facts);
    for seed in 0..20 {
        let part = train_validation(&cells, &all(&cells), 0.1, seed).unwrap().parts.remove(0);
        assert!((share(&cells, &part.held_out, 1) - 0.5).abs() < 1e-9);
    }
}

#[test]
fn seeds_matter_and_subsets_stay_subsets() {
    let facts: Vec<_> = (0..100).map(|i| (i % 2, i)).collect();
    let mut cells = cells(&facts);
    cells[10].class = None;
    let among: Vec<usize> = (0..50).collect();
    let (a, b) = (folds(&cells, &among, 5, 1).unwrap(), folds(&cells, &among, 5, 2).unwrap());
    assert_ne!(a, b);
    let mut held_out: Vec<usize> = a.parts.into_iter().flat_map(|p| p.held_out).collect();
    held_out.sort_unstable();
    assert_eq!(held_out, (0..50).filter(|&i| i != 10).collect::<Vec<_>>());
}

#[test]
fn a_class_in_one_group_is_a_warning() {
    let cells = cells(&[(0, 0), (0, 1), (1, 2), (1, 2), (0, 3)]);
    let split = leave_one_group_out(&cells, &all(&cells)).unwrap();
    assert_eq!(split.parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["g0", "g1", "g2", "g3"]);
    assert_eq!(split.parts[2].held_out, [2, 3]);
    assert_eq!(split.warnings.len(), 1);
    let warning = &split.warnings[0];
    assert_eq!((warning.class, warning.group.as_str(), warning.n_cells), (1, "g2", 2));
}

#[test]
fn what_cannot_be_split_is_refused() {
    let few = cells(&[(0, 0), (1, 0), (0, 1)]);
    assert_eq!(
        folds(&few, &all(&few), 3, 0).unwrap_err(),
        SplitError::TooFewGroups { n_cells: 3, n_groups: 2, needed: 3 }
    );
    assert_eq!(folds(&few, &all(&few), 1, 0).unwrap_err(), SplitError::TooFewFolds { found: 1 });
    assert!(matches!(train_validation(&few, &all(&few), f64::NAN, 0), Err(SplitError::Fraction { .. })));
    assert!(train_validation(&few, &[], 0.2, 0).is_err());
    assert!(leave_one_group_out(&few, &[0, 1]).is_err());
}

#[test]
fn straddling_groups_are_named() {
    let cells = cells(&[(0, 0), (0, 1), (1, 1), (1, 2)]);
    let found = straddling(&cells, &[&[0, 1], &[2], &[3]]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].group.as_str(), &found[0].n_cells[..]), ("g1", &[1, 1, 0][..]));
}
