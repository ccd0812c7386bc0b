//! Relatives never stand on both sides of a split.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::support::{Discs, Place, npy_i64, npy_text, npy_u16, npz, small};

/// Noise in which only relatives are alike: each group is one noisy picture many times over, of a class drawn by lot.
/// Who has seen a relative knows the class; who has not can only guess.
fn twins(n_groups: usize, seed: u64) -> Vec<u8> {
    const SIZE: usize = 12;
    const TWINS: usize = 6;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut labels, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for group in 0..n_groups {
        let picture: Vec<u16> = (0..SIZE * SIZE).map(|_| random.random_range(0..1000)).collect();
        for _ in 0..TWINS {
            pixels.extend(picture.iter().map(|p| p + random.random_range(0..20u16)));
            labels.push((group % 2) as i64);
            groups.push(format!("donor {group}"));
        }
    }
    npz(&[
        ("images", npy_u16(&[labels.len(), SIZE, SIZE], &pixels)),
        ("labels", npy_i64(&labels)),
        ("group", npy_text(&groups)),
    ])
}

/// A network and a run long enough to learn the twins by heart.
const BY_HEART: [&str; 8] = [
    "epochs = 60",
    "batch = 8",
    "network = { kind = \"residual\", filters = [8, 16] }",
    "weight_average = 0.0",
    "label_smoothing = 0.0",
    "augment = []",
    "views = \"one\"",
    "keep = \"last\"",
];

/// Pooled accuracy and the report of a cross-validation.
fn judged(seed: u64, how: &[&str]) -> (f64, String) {
    let place = Place::new();
    place.write("twins.npz", twins(12, seed));
    place.write("settings.toml", small(&BY_HEART));
    let words = ["train", "twins.npz", "--config", "settings.toml", "-o", "m.safetensors"];
    place.run(&[&words[..], how].concat()).good();
    let accuracy = place.json("m.folds/metrics.json")["accuracy"].as_f64().expect("a number");
    (accuracy, place.text("m.folds/report.html"))
}

const LEAKAGE: &str = "Cells of one group were allowed on both sides of the split";

#[test]
fn folds_hold_whole_groups_unless_leakage_is_allowed_which_the_report_says() {
    for seed in 0..2 {
        let (honest, report) = judged(seed, &["--folds", "3"]);
        assert!(honest < 0.85 && !report.contains(LEAKAGE), "seed {seed}: {honest}");
        let (flattered, report) = judged(seed, &["--folds", "3", "--allow-leakage"]);
        assert!(flattered > 0.95 && report.contains(LEAKAGE), "seed {seed}: {flattered}");
    }
}

#[test]
fn each_group_is_left_out_once() {
    let (honest, report) = judged(3, &["--leave-one-group-out"]);
    assert!(honest < 0.85, "{honest}");
    assert!(report.contains("each of 12 groups was left out once"));
}

#[test]
fn validation_cells_are_of_other_groups() {
    for seed in 0..2 {
        let accuracy = |more: &[&str]| {
            let place = Place::new();
            place.write("twins.npz", twins(16, seed));
            place.write("settings.toml", small(&BY_HEART));
            let words = [
                "train",
                "twins.npz",
                "--config",
                "settings.toml",
                "-o",
                "m.safetensors",
                "--validation",
                "0.4",
            ];
            place.run(&[&words[..], more].concat()).good();
            let history = place.text("history.csv");
            let mut header = history.lines().next().expect("a header").split(',');
            let column = header.position(|c| c == "validation_accuracy").expect("the column");
            let last = history.lines().last().and_then(|l| l.split(',').nth(column)).expect("a figure");
            last.parse::<f64>().expect("a number")
        };
        let (honest, flattered) = (accuracy(&[]), accuracy(&["--allow-leakage"]));
        assert!(honest < 0.85 && flattered > 0.95, "seed {seed}: {honest} and {flattered}");
    }
}

#[test]
fn too_few_groups_are_refused_with_the_reason() {
    let place = Place::new();
    place.write("small.toml", small(&[]));
    place.write("cells.npz", Discs { per_group: 20, ..Discs::default() }.npz());
    let train = ["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"];
    place.refused(&[&train[..], &["--folds", "4"]].concat(), &["folds", "4", "3 group"]);
    place.write("cells.npz", Discs { per_group: 60, ..Discs::default() }.npz());
    place.refused(&[&train[..], &["--leave-one-group-out"]].concat(), &["folds", "2", "1 group"]);
    place.refused(&train, &["validation", "1 group", "--validation 0"]);
}
