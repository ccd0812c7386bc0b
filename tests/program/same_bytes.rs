//! The same cells, settings and seed give the same bytes, wherever and on however many threads.

use crate::support::{Discs, Place, small};

/// Model, history and pooled figures of a cross-validation with trials of the scaling.
fn trained(folder: &str, threads: &str, seed: &str) -> Vec<Vec<u8>> {
    let place = Place::new();
    place.write(&format!("{folder}/cells.npz"), Discs { n: 48, ..Discs::default() }.npz());
    place.write("small.toml", small(&["epochs = 5", "normalise = { kind = \"auto\" }"]));
    let cells = place.path(&format!("{folder}/cells.npz"));
    let output = place.path(&format!("{folder}/model.safetensors"));
    let [cells, output] = [cells, output].map(|p| p.to_str().expect("text").to_owned());
    let words = ["train", &cells, "--config", "small.toml", "--folds", "2", "-o", &output];
    place.run(&[&words[..], &["--threads", threads, "--seed", seed]].concat()).good();
    let files = ["model.safetensors", "history.csv", "model.folds/metrics.json"];
    files.map(|f| place.bytes(&format!("{folder}/{f}"))).into()
}

#[test]
fn on_any_number_of_threads_in_any_folder() {
    for seed in ["0", "7"] {
        let one = trained("here", "1", seed);
        for (folder, threads) in [("here", "2"), ("far/away/from here", "4")] {
            assert!(one == trained(folder, threads, seed), "seed {seed}, {threads} threads in {folder}");
        }
    }
}

#[test]
fn another_seed_gives_another_model() {
    assert!(trained("here", "2", "1")[0] != trained("here", "2", "2")[0]);
}

#[test]
fn nothing_in_a_model_tells_where_it_was_made() {
    let text = String::from_utf8_lossy(&trained("secret place", "2", "0")[0]).into_owned();
    let home = std::env::temp_dir();
    for word in ["secret place", home.to_str().expect("text"), "cells.npz"] {
        assert!(!text.contains(word), "{word:?} is in the model");
    }
}
