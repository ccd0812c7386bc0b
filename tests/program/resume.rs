//! A run that was killed and goes on ends in the same bytes as one that was left alone.

use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::support::{Discs, Place, done, small};

/// Ways to train that keep different things in their checkpoints: name, settings, words.
const WAYS: [(&str, &[&str], &[&str]); 6] = [
    ("adam, averaged weights, validation", &["epochs = 14"], &[]),
    ("adam, last epoch", &["epochs = 14", "keep = \"last\"", "weight_average = 0.0"], &["--validation", "0"]),
    ("momentum", &["epochs = 14", MOMENTUM], &[]),
    (
        "early stop",
        &["epochs = 20", "weight_average = 0.0", "patience = 8"],
        &["--class-weights", "balanced"],
    ),
    ("folds", &["epochs = 5"], &["--folds", "2"]),
    ("trials of the scaling", &["normalise = { kind = \"auto\" }"], &[]),
];
const MOMENTUM: &str = "optimizer = { type = \"sgd\", momentum = 0.9, nesterov = true, weight_decay = 0.01 }";

/// The files of checkpoints, and whether one of them is being written.
fn checkpoints(place: &Place) -> (bool, bool) {
    let names: Vec<String> = std::fs::read_dir(place.path("m.training"))
        .map(|list| list.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    (
        names.iter().any(|n| n.ends_with(".checkpoint.safetensors")),
        names.iter().any(|n| n.starts_with(".writing")),
    )
}

/// When a run is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// With the first checkpoint; there is always much left to do then.
    Checkpoint,
    /// In the middle of writing a checkpoint.
    Writing,
    /// After a share of the time that the whole takes.
    Share(f64),
}

/// Starts the program and kills it. True when it was still running.
fn kill_once(place: &Place, words: &[&str], longest: Duration, moment: Moment) -> bool {
    let mut child = place.start(words);
    let began = Instant::now();
    while child.try_wait().expect("its state").is_none() {
        let now = match moment {
            Moment::Checkpoint => checkpoints(place).0,
            Moment::Writing => checkpoints(place).1,
            Moment::Share(share) => began.elapsed() >= longest.mul_f64(share),
        };
        if now {
            break;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().expect("SIGKILL");
    done(child).code.is_none()
}

fn killed_and_resumed(way: usize) {
    let (name, settings, more) = WAYS[way];
    let [whole, broken] = [Place::new(), Place::new()];
    for place in [&whole, &broken] {
        place.write("cells.npz", Discs::default().npz());
        place.write("small.toml", small(settings));
    }
    let mut words = vec!["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"];
    words.extend(more);
    let began = Instant::now();
    whole.run(&words).good();
    let longest = began.elapsed();
    let mut random = ChaCha8Rng::seed_from_u64(way as u64);
    words.push("--resume");
    let share = |random: &mut ChaCha8Rng| Moment::Share(random.random_range(0.1..0.6));
    let moments = [Moment::Checkpoint, Moment::Writing, share(&mut random), share(&mut random)];
    let kills = moments.into_iter().filter(|&moment| kill_once(&broken, &words, longest, moment)).count();
    assert!(kills >= 1, "{name}: the program was always quicker than the kill");
    broken.run(&words).good();
    for file in ["m.safetensors", "history.csv"] {
        assert!(whole.bytes(file) == broken.bytes(file), "{name}: {file} differs after {kills} kills");
    }
    assert!(!broken.path("m.training").exists(), "{name}: the checkpoints are gone after the run");
    if more.contains(&"--folds") {
        assert!(whole.bytes("m.folds/metrics.json") == broken.bytes("m.folds/metrics.json"), "{name}");
    }
}

#[test]
fn with_averaged_weights_and_validation() {
    killed_and_resumed(0);
}

#[test]
fn without_validation() {
    killed_and_resumed(1);
}

#[test]
fn with_momentum() {
    killed_and_resumed(2);
}

#[test]
fn with_early_stopping() {
    killed_and_resumed(3);
}

#[test]
fn in_the_middle_of_folds() {
    killed_and_resumed(4);
}

#[test]
fn in_trials_of_the_scaling() {
    killed_and_resumed(5);
}

/// Leaves checkpoints of a run that was killed after its first epoch.
fn killed_after_an_epoch(place: &Place) {
    place.write("cells.npz", Discs::default().npz());
    place.write("small.toml", small(&["epochs = 4000"]));
    let mut child = place.start(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]);
    while !checkpoints(place).0 {
        assert!(child.try_wait().expect("its state").is_none(), "it ended before its first checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("SIGKILL");
    done(child);
}

#[test]
fn checkpoints_of_other_settings_data_or_ways_are_refused() {
    let place = Place::new();
    killed_after_an_epoch(&place);
    place.write("others.npz", Discs { seed: 1, ..Discs::default() }.npz());
    let train = |cells, more: &[&'static str]| {
        let mut words = vec!["train", cells, "--config", "small.toml", "-o", "m.safetensors", "--resume"];
        words.extend(more);
        let says = ["m.training", "expected a checkpoint of the same data and settings", "found"];
        place.refused(&words, &says);
    };
    train("others.npz", &[]);
    train("cells.npz", &["--learning-rate", "0.01"]);
    train("cells.npz", &["--seed", "1"]);
    train("cells.npz", &["--epochs", "9"]);
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let place = Place::new();
    killed_after_an_epoch(&place);
    let name = "m.training/all.checkpoint.safetensors";
    let whole = place.bytes(name);
    for part in [0, 1, 10, 25, 49] {
        place.write(name, &whole[..whole.len() * part / 50]);
        let words = ["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors", "--resume"];
        place.refused(&words, &[name, "expected", "found"]);
    }
}

#[test]
fn a_second_model_in_the_folder_leaves_the_first_ones_history() {
    let place = Place::new();
    place.write("cells.npz", Discs::default().npz());
    place.write("small.toml", small(&["epochs = 2"]));
    let train = |model: &str, seed: &str| {
        place.run(&["train", "cells.npz", "--config", "small.toml", "--seed", seed, "-o", model]).good();
    };
    train("first.safetensors", "0");
    let first = place.bytes("history.csv");
    train("second.safetensors", "1");
    assert!(place.bytes("history.csv") == first, "the first model's history changed");
    assert!(place.bytes("second.history.csv") != first, "the second model's history is the first's");
    train("second.safetensors", "0");
    assert!(place.bytes("second.history.csv") == first, "the same seed, another history");
}
