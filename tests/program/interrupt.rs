//! Ctrl-C stops training with a usable model, and the run can go on.

use std::process::Command;
use std::time::Duration;

use crate::support::{Discs, Place, done, small};

#[test]
fn ctrl_c_leaves_a_usable_model_and_resume_ends_in_the_same_bytes() {
    let [whole, stopped] = [Place::new(), Place::new()];
    for place in [&whole, &stopped] {
        place.write("cells.npz", Discs::default().npz());
        place.write("small.toml", small(&["epochs = 40"]));
    }
    let words = ["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors", "--resume"];
    whole.run(&words).good();
    let mut child = stopped.start(&words);
    while !stopped.path("m.training/all.checkpoint.safetensors").exists() {
        assert!(child.try_wait().expect("its state").is_none(), "it ended before its first checkpoint");
        std::thread::sleep(Duration::from_micros(200));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let ended = done(child);
    assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("m.safetensors") && ended.err.contains("--resume"), "{}", ended.err);
    stopped.run(&["predict", "m.safetensors", "cells.npz", "-o", "early.csv"]).good();
    assert_eq!(stopped.text("early.csv").lines().count(), 61);
    assert!(stopped.bytes("m.safetensors") != whole.bytes("m.safetensors"), "it was stopped before its end");
    stopped.run(&words).good();
    for file in ["m.safetensors", "history.csv"] {
        assert!(stopped.bytes(file) == whole.bytes(file), "{file} differs");
    }
}

#[test]
fn ctrl_c_in_a_fold_says_how_to_go_on() {
    let place = Place::new();
    place.write("cells.npz", Discs::default().npz());
    place.write("small.toml", small(&["epochs = 4000"]));
    let words = ["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors", "--folds", "2"];
    let child = place.start(&words);
    while !place.path("m.training/fold-1.checkpoint.safetensors").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    let ended = done(child);
    assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("fold 1/2") && ended.err.contains("--resume"), "{}", ended.err);
    assert!(!place.path("m.safetensors").exists());
}
