//! Planted faults are found, and nothing is said of the same sets without them.

mod generator;

use cells::Depth;
use cells::doctor::{DoctorSettings, Finding, Rule, Severity, examine, same_cells};
use generator::{Maker, N_CLASSES};
use rand::RngExt;

const SEEDS: std::ops::Range<u64> = 0..20;

fn look(maker: &Maker) -> Vec<Finding> {
    examine(&maker.set(), &DoctorSettings::default())
}

/// The rule spoke of exactly these cells, and no other rule did but those that may.
fn only(findings: &[Finding], rule: Rule, cells: &[usize], also: &[Rule], seed: u64) {
    for finding in findings {
        let expected = finding.rule == rule || also.contains(&finding.rule);
        assert!(expected, "seed {seed}: {finding:?}");
    }
    let Some(found) = findings.iter().find(|f| f.rule == rule) else {
        panic!("seed {seed}: {rule:?} not found")
    };
    assert_eq!(found.cells, cells, "seed {seed}: {}", found.summary);
}

#[test]
fn nothing_is_said_of_clean_sets() {
    for seed in 0..40 {
        let mut maker = Maker::clean(seed);
        if seed % 2 == 1 {
            // Each class from its own groups, recorded alike.
            for cell in &mut maker.cells {
                cell.group = format!("{} of class {:?}", cell.group, cell.class);
            }
        }
        let findings = look(&maker);
        assert!(findings.is_empty(), "seed {seed}: {findings:?}");
    }
}

#[test]
fn classes_with_few_cells() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        maker.cells.iter_mut().skip(15).for_each(|cell| cell.class = cell.class.map(|c| c.min(1)));
        only(&look(&maker), Rule::FewCells, &[2, 5, 8, 11, 14], &[], seed);
    }
}

#[test]
fn copies() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        for i in [4, 7, 7] {
            maker.push_crop(maker.crops[i].clone(), maker.cells[i].class.unwrap_or(0), "other".into());
        }
        let findings = look(&maker);
        only(&findings, Rule::Duplicate, &[4, 7, 90, 91, 92], &[], seed);
        assert_eq!(findings[0].severity, Severity::Warning);
        assert_eq!(same_cells(&maker.set()), [vec![4, 90], vec![7, 91, 92]]);
    }
}

#[test]
fn cells_clicked_again() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        for i in 10..20 {
            let crop = maker.cut_again(i);
            maker.push_crop(crop, i % N_CLASSES, "other".into());
        }
        let planted: Vec<usize> = (10..20).chain(90..100).collect();
        only(&look(&maker), Rule::ShiftedDuplicate, &planted, &[], seed);
        let pairs: Vec<Vec<usize>> = (10..20).map(|i| vec![i, i + 80]).collect();
        assert_eq!(same_cells(&maker.set()), pairs);
    }
}

#[test]
fn relatives_in_one_group() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        for i in 10..20 {
            let crop = maker.cut_again(i);
            maker.push_crop(crop, i % N_CLASSES, maker.cells[i].group.clone());
        }
        assert!(look(&maker).is_empty(), "seed {seed}");
        maker.push_crop(maker.crops[4].clone(), 4 % N_CLASSES, maker.cells[4].group.clone());
        let findings = look(&maker);
        only(&findings, Rule::Duplicate, &[4, 100], &[], seed);
        assert_eq!(findings[0].severity, Severity::Note);
    }
}

#[test]
fn one_cell_under_two_classes() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        let crop = maker.cut_again(3);
        maker.push_crop(crop, 1, "other".into());
        maker.push_crop(maker.crops[8].clone(), 0, "other".into());
        let also = [Rule::Duplicate, Rule::ShiftedDuplicate];
        only(&look(&maker), Rule::TwoClasses, &[3, 8, 90, 91], &also, seed);
    }
}

#[test]
fn patches_without_a_cell() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        for _ in 0..8 {
            let scene = maker.scene(0, false);
            maker.push(scene, 2, "g0".into());
        }
        only(&look(&maker), Rule::Empty, &(90..98).collect::<Vec<_>>(), &[], seed);
    }
}

#[test]
fn patches_over_the_border() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        let (h, w, c) = (maker.shape.h, maker.shape.w, maker.shape.c);
        for i in 0..5 {
            let (rows, columns) = (maker.rng.random_range(1..h / 2), maker.rng.random_range(1..w / 2));
            let crop = &mut maker.crops[i];
            if i != 1 {
                crop[..rows * w * c].fill(0.0);
            }
            if i > 0 {
                crop.chunks_exact_mut(w * c).for_each(|row| row[(w - columns) * c..].fill(0.0));
            }
        }
        only(&look(&maker), Rule::Border, &[0, 1, 2, 3, 4], &[Rule::Empty], seed);
    }
}

#[test]
fn overexposed_cells() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        let ceiling = if maker.depth == Depth::Uint8 { 255.0 } else { 65535.0 };
        for crop in &mut maker.crops[20..26] {
            let mut sorted = crop.clone();
            sorted.sort_by(f32::total_cmp);
            let gain = ceiling / sorted[sorted.len() * 9 / 10];
            crop.iter_mut().for_each(|v| *v = (*v * gain).round().min(ceiling));
        }
        only(&look(&maker), Rule::Saturated, &[20, 21, 22, 23, 24, 25], &[], seed);
    }
}

#[test]
fn channels_with_nothing_in_them() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        let (c, dead) = (maker.shape.c, maker.shape.c - 1);
        let n_dead = if c == 1 { 3 } else { maker.crops.len() };
        for crop in &mut maker.crops[..n_dead] {
            crop.iter_mut().skip(dead).step_by(c).for_each(|v| *v = 7.0);
        }
        let also = [Rule::Empty, Rule::Border];
        only(&look(&maker), Rule::Constant, &(0..n_dead).collect::<Vec<_>>(), &also[..2 - c.min(2)], seed);
    }
}

#[test]
fn intensity_that_tells_the_class_by_group() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        for (crop, cell) in maker.crops.iter_mut().zip(&mut maker.cells) {
            let class = cell.class.unwrap_or(0);
            // Every tenth cell was recorded with the groups of another class.
            let day = if maker.rng.random_range(0..10) == 0 { (class + 1) % N_CLASSES } else { class };
            cell.group = format!("day {day}, dish {}", maker.rng.random_range(0..3));
            let gain = [0.7, 0.85, 1.0][day];
            crop.iter_mut().for_each(|v| *v = (*v * gain).round());
        }
        only(&look(&maker), Rule::GroupIntensity, &[], &[], seed);
    }
}

#[test]
fn pixels_that_are_not_numbers() {
    for seed in SEEDS {
        let mut maker = Maker::clean(seed);
        maker.depth = Depth::Float32;
        maker.crops[30][5] = f32::NAN;
        maker.crops[60][0] = f32::INFINITY;
        only(&look(&maker), Rule::NotFinite, &[30, 60], &[], seed);
    }
}

#[test]
fn an_empty_set_has_no_findings() {
    let set = Maker::clean(0).set().select(&[]);
    assert!(examine(&set, &DoctorSettings::default()).is_empty());
    assert!(same_cells(&set).is_empty());
}
