//! Settings: what is printed is read back, every mistake is told, flags win.

use crate::support::{Discs, Place};

fn printed(place: &Place, words: &[&str]) -> toml::Table {
    let done = place.run(&[&["train", "--print-config"], words].concat()).good();
    done.out.parse().expect("TOML")
}

#[test]
fn what_is_printed_is_read_back() {
    for preset in ["default", "encoder", "phase"] {
        let place = Place::new();
        let words = ["train", "--print-config", "--preset", preset, "--seed", "5", "--validation", "0.1"];
        let printed = place.run(&words).good().out;
        place.write("settings.toml", &printed);
        let again = place.run(&["train", "--print-config", "--config", "settings.toml"]).good().out;
        assert_eq!(printed, again, "{preset}");
    }
}

#[test]
fn flags_override_the_file_and_the_file_the_preset() {
    let place = Place::new();
    place.write("settings.toml", "preset = \"encoder\"\nbatch = 32\nseed = 3\nlearning_rate = 0.5\n");
    let found = printed(&place, &["--config", "settings.toml", "--seed", "9", "--epochs", "2"]);
    let number = |key: &str| found[key].as_integer();
    assert_eq!((number("batch"), number("seed"), number("epochs")), (Some(32), Some(9), Some(2)));
    assert_eq!(found["learning_rate"].as_float(), Some(0.5));
    assert_eq!(found["network"]["kind"].as_str(), Some("encoder"));
    assert_eq!(number("steps_per_epoch"), Some(0), "epochs of the command line are passes");
}

#[test]
fn a_table_changes_single_keys_or_is_another_kind() {
    let place = Place::new();
    place.write("settings.toml", "[optimizer]\nbeta1 = 0.5\n");
    let found = printed(&place, &["--config", "settings.toml"]);
    assert_eq!(found["optimizer"]["beta1"].as_float(), Some(0.5));
    assert_eq!(found["optimizer"]["type"].as_str(), Some("adam"));
    let sgd = "[optimizer]\ntype = \"sgd\"\nmomentum = 0.5\nnesterov = true\nweight_decay = 0.0\n";
    place.write("settings.toml", sgd);
    let found = printed(&place, &["--config", "settings.toml"]);
    assert_eq!(found["optimizer"]["momentum"].as_float(), Some(0.5));
    assert!(found["optimizer"].get("beta1").is_none());
}

#[test]
fn all_mistakes_are_told_at_once() {
    let place = Place::new();
    let wrong = "learnin_rate = 3\nepochs = -3\nbatch = \"many\"\nvalidation = 0.9\nlabel_smoothing = 1.5\n\
                 [network]\nkind = \"residual\"\nfilters = []\n[optimizer]\nbeta1 = 2.0\n[schedule]\ntype = \"magic\"\n";
    place.write("wrong.toml", wrong);
    let words = ["train", "cells.npz", "--config", "wrong.toml", "--learning-rate=-1", "-o", "m.safetensors"];
    let told = place.refused(&words, &["expected", "found"]);
    let keys =
        ["learnin_rate: unknown", "epochs", "batch", "validation", "label_smoothing", "network", "beta1"];
    for key in keys.into_iter().chain(["schedule", "learning_rate: expected a positive number"]) {
        assert!(told.contains(&format!("\n  {key}")) || told.contains(&format!(": {key}")), "{key}:\n{told}");
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_the_place() {
    let place = Place::new();
    place.write("wrong.toml", "epochs = 3\nbatch = = 4\n");
    place.refused(
        &["train", "--print-config", "--config", "wrong.toml"],
        &["wrong.toml", "line 2", "expected", "found"],
    );
    place.refused(&["train", "--print-config", "--config", "none.toml"], &["none.toml", "expected", "found"]);
}

#[test]
fn settings_that_do_not_fit_the_crops_are_refused_before_training() {
    let place = Place::new();
    place.write("cells.npz", Discs { size: 3, ..Discs::default() }.npz());
    let words = ["train", "cells.npz", "--preset", "encoder", "-o", "m.safetensors"];
    place.refused(&words, &["network", "3"]);
}
