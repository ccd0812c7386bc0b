//! `explain`: a folder with everything in it, the same bytes on any number of threads, and refusals in words.

use std::process::Command;
use std::time::Duration;

use crate::support::{Discs, Place, done, npy_u16, small};

/// A model of discs, and the cells it learned from.
fn trained() -> Place {
    let place = Place::new();
    place.write("cells.npz", Discs { n: 72, ..Discs::default() }.npz());
    place.write("small.toml", small(&[]));
    place.run(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
    place
}

/// Shape, as the header spells it, and values of a float32 `.npy`.
fn array(bytes: &[u8]) -> (String, Vec<f32>) {
    let length = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..length]).into_owned();
    let values = bytes[length..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    (header, values.collect())
}

#[test]
fn maps_of_all_cells_on_any_number_of_threads() {
    let place = trained();
    let methods = "grad-cam,saliency,smooth-grad,occlusion";
    for (folder, threads) in [("one", "1"), ("two", "2"), ("four", "4")] {
        let words =
            ["explain", "m.safetensors", "cells.npz", "--method", methods, "--copies", "3", "-o", folder];
        let told = place.run(&[&words[..], &["--threads", threads]].concat()).good().out;
        assert!(told.contains("rank correlation with occlusion: Grad-CAM"), "{told}");
    }
    let names = place.listing().into_keys().filter_map(|path| {
        let path = path.strip_prefix(place.path("one")).ok()?.to_str()?.to_owned();
        (!path.is_empty()).then_some(path)
    });
    let names: Vec<String> = names.collect();
    assert_eq!(names.iter().filter(|name| name.ends_with(".png")).count(), 3, "a board per class: {names:?}");
    for name in &names {
        let one = place.bytes(&format!("one/{name}"));
        for folder in ["two", "four"] {
            assert!(one == place.bytes(&format!("{folder}/{name}")), "{name} differs");
        }
    }
    for method in ["grad_cam", "saliency", "smooth_grad", "occlusion"] {
        let (header, values) = array(&place.bytes(&format!("one/{method}.npy")));
        assert!(header.contains("(72, 16, 16,)"), "{header}");
        assert_eq!(values.len(), 72 * 256);
        let range = if method == "occlusion" { -1.0..=1.0 } else { 0.0..=1.0 };
        assert!(values.iter().all(|v| range.contains(v)), "{method}");
        let n_told = values.chunks_exact(256).filter(|map| map.iter().any(|&v| v > 0.0)).count();
        assert!(n_told > 60, "{method}: only {n_told} maps of 72 tell anything");
    }
    assert_eq!(place.text("one/cells.csv").lines().count(), 73);
    assert!(place.text("one/explain.html").contains("Occlusion"));
}

#[test]
fn a_map_lies_on_the_disc() {
    let place = trained();
    place.run(&["explain", "m.safetensors", "cells.npz", "--method", "occlusion", "-o", "out"]).good();
    let (_, values) = array(&place.bytes("out/occlusion.npy"));
    // Discs lie in the middle; corners never count more.
    let mean = |of: &dyn Fn(usize, usize) -> bool| {
        let chosen: Vec<f64> =
            (0..values.len()).filter(|i| of(i % 256 / 16, i % 16)).map(|i| f64::from(values[i])).collect();
        chosen.iter().sum::<f64>() / chosen.len() as f64
    };
    let middle = mean(&|y, x| (5..11).contains(&y) && (5..11).contains(&x));
    let corners = mean(&|y, x| [y, x].iter().all(|at| !(3..=12).contains(at)));
    assert!(middle > corners, "{middle} {corners}");
}

#[test]
fn another_class_another_layer_and_cells_without_labels() {
    let place = trained();
    place.write("new.npy", npy_u16(&[12, 16, 16], &Discs { n: 12, seed: 9, ..Discs::default() }.pixels()));
    let words = ["explain", "m.safetensors", "new.npy", "--ask", "class 2", "--method", "grad-cam"];
    let told = place.run(&[&words[..], &["--layer", "1", "-o", "asked"]].concat()).good().out;
    assert!(told.contains("what speaks for class 2") && told.contains("Grad-CAM at stem.swish"), "{told}");
    let cells = place.text("asked/cells.csv");
    assert!(cells.lines().skip(1).all(|line| line.ends_with(",class 2")), "{cells}");
    assert!(!cells.lines().next().expect("a header").contains("label"), "{cells}");
    let facts = place.json("asked/explain.json");
    assert_eq!(facts["layer"], "stem.swish");
    assert_eq!(facts["n"], 12);
    // An explanation may be replaced by another.
    place.run(&[&words[..], &["--of", "logit", "-o", "asked"]].concat()).good();
    assert_eq!(place.json("asked/explain.json")["of"], "logit");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = trained();
    place.write("mine/keep.txt", "mine");
    fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["explain", "m.safetensors", "cells.npz"], more, &["-o", "out"]].concat()
    }
    place.refused(&with(&["--ask", "class 9"]), &["class 0, class 1, class 2", "class 9"]);
    place.refused(&with(&["--layer", "logits"]), &["Grad-CAM", "1 to", "stem.swish", "logits"]);
    place.refused(&with(&["--layer", "0"]), &["Grad-CAM", "\"0\""]);
    place.refused(&with(&["--square", "17,1"]), &["occlusion", "1 to 16", "17"]);
    place.refused(&with(&["--square", "4"]), &["SIDE,STEP", "4"]);
    place.refused(&with(&["--copies", "0", "--noise", "NaN"]), &["2 mistakes", "copies", "noise"]);
    place.refused(&with(&["--method", "saliency,saliency"]), &["methods", "Saliency twice"]);
    place.refused(&["explain", "m.safetensors", "cells.npz", "-o", "mine"], &["mine", "left alone"]);
    place.write("large.npz", Discs { size: 18, ..Discs::default() }.npz());
    place.refused(&["explain", "m.safetensors", "large.npz", "-o", "out"], &["expected crops of 16", "18"]);
}

#[test]
fn ctrl_c_leaves_nothing() {
    let place = trained();
    let before = place.listing();
    let words = ["explain", "m.safetensors", "cells.npz", "--copies", "10000", "-o", "out"];
    let mut child = place.start(&words);
    while place.listing() == before {
        assert!(child.try_wait().expect("its state").is_none(), "it ended before it began to write");
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let ended = done(child);
    assert_eq!(ended.code, Some(130), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("nothing was written"), "{}", ended.err);
    assert_eq!(before, place.listing());
}
