//! `--precision bf16` where the CPU can, and a refusal by name where it cannot.

use crate::support::{Discs, Place, done, small};

const CELLS: &str = "cells.npz";

fn place() -> Place {
    let place = Place::new();
    place.write(CELLS, Discs::default().npz());
    place.write("small.toml", small(&["network = { kind = \"pyramid\", filters = [8, 16] }"]));
    place
}

fn train(place: &Place, precision: &str, model: &str) -> Option<i32> {
    let words = ["train", CELLS, "--config", "small.toml", "--precision", precision, "-o", model];
    let ended = place.run(&words);
    assert!(ended.code == Some(0) || ended.err.contains("bf16"), "{}", ended.err);
    ended.code
}

#[test]
fn a_cpu_without_bf16_refuses_it_by_name() {
    let place = place();
    let words = ["train", CELLS, "--config", "small.toml", "--precision", "bf16", "-o", "m.safetensors"];
    let before = place.listing();
    let child =
        place.command(&words).env("MORPHOTYPE_KERNELS", "portable").output().expect("the program runs");
    let err = String::from_utf8(child.stderr).expect("text");
    assert_eq!(child.status.code(), Some(2), "{err}");
    assert!(err.contains("bf16") && err.contains("AVX-512-BF16"), "{err}");
    assert_eq!(before, place.listing());
}

#[test]
fn models_of_both_precisions_tell_discs_apart() {
    let place = place();
    assert_eq!(train(&place, "f32", "single.safetensors"), Some(0));
    if train(&place, "bf16", "pairs.safetensors") != Some(0) {
        return; // This CPU has no such instructions, and said so.
    }
    assert!(place.bytes("single.safetensors") != place.bytes("pairs.safetensors"));
    for model in ["single.safetensors", "pairs.safetensors"] {
        for precision in ["f32", "bf16"] {
            let words = ["evaluate", model, CELLS, "--precision", precision, "-o", precision];
            done(place.start(&words)).good();
            let accuracy = place.json(&format!("{precision}/metrics.json"))["accuracy"].as_f64();
            assert!(accuracy.is_some_and(|a| a > 0.9), "{model} in {precision}: {accuracy:?}");
        }
    }
}
