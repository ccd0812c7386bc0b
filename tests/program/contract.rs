//! What a model refuses, and what it says of cells that fit.

use crate::support::{Discs, Place, npy, npy_f32, npy_i64, npy_text, npy_u16, npz, small};

/// A place with a model of three classes, `m.safetensors`, and the cells it was made from, `cells.npz`.
fn with_model(settings: &str) -> Place {
    let place = Place::new();
    place.write("cells.npz", Discs::default().npz());
    place.write("small.toml", settings);
    place.run(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
    place
}

/// Both verbs that apply a model refuse the cells.
fn refused(place: &Place, cells: &str, says: &[&str]) {
    place.refused(&["predict", "m.safetensors", cells, "-o", "cells.csv"], says);
    place.refused(&["evaluate", "m.safetensors", cells, "-o", "judged"], says);
}

#[test]
fn cells_of_another_kind_are_refused() {
    let place = with_model(&small(&[]));
    place.write("large.npz", Discs { size: 18, ..Discs::default() }.npz());
    refused(&place, "large.npz", &["expected crops of 16", "found 18"]);
    let labels = npy_i64(&[0, 1, 2, 0, 1, 2]);
    let images = npy_u16(&[6, 16, 16, 2], &vec![7; 6 * 512]);
    place.write("two.npz", npz(&[("images", images), ("labels", labels.clone())]));
    let words = ["predict", "m.safetensors", "two.npz", "--axes", "nhwc", "-o", "cells.csv"];
    place.refused(&words, &["expected crops of 16", "found 16", "expected channels"]);
    let channels = npy_text(&["GFP".to_owned()]);
    let images = npy_u16(&[6, 16, 16], &[7; 6 * 256]);
    place.write("gfp.npz", npz(&[("images", images), ("labels", labels), ("channels", channels)]));
    refused(&place, "gfp.npz", &["expected channels", "found GFP"]);
}

#[test]
fn channels_that_nobody_named_fit_in_their_order() {
    let place = Place::new();
    let cells = Discs { n: 40, n_classes: 2, ..Discs::default() };
    let colours: Vec<u16> = cells.pixels().iter().flat_map(|&p| [p, p / 2, 700 - p]).collect();
    let images = || npy_u16(&[40, 16, 16, 3], &colours);
    let labels = || npy_i64(&(0..40).map(|i| i % 2).collect::<Vec<_>>());
    let named = |names: [&str; 3]| {
        let channels = npy_text(&names.map(str::to_owned));
        npz(&[("images", images()), ("labels", labels()), ("channels", channels)])
    };
    // As folders of photographs are read.
    place.write("photographs.npz", named(["red", "green", "blue"]));
    place.write("arrays.npz", npz(&[("images", images()), ("labels", labels())]));
    place.write("stains.npz", named(["DAPI", "GFP", "RFP"]));
    place.write("small.toml", small(&[]));
    place.run(&["train", "photographs.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
    let told = place.run(&["predict", "m.safetensors", "arrays.npz", "-o", "a.csv"]).good().err;
    assert!(
        told.contains("channel 0, channel 1, channel 2 of the data are taken for red, green, blue"),
        "{told}"
    );
    let told = place.run(&["predict", "m.safetensors", "photographs.npz", "-o", "p.csv"]).good().err;
    assert!(!told.contains("taken for"), "{told}");
    place.run(&["evaluate", "m.safetensors", "arrays.npz", "-o", "judged"]).good();
    assert!(place.text("judged/report.html").contains("are taken for red, green, blue"));
    refused(&place, "stains.npz", &["expected channels red, green, blue, found DAPI, GFP, RFP"]);
}

#[test]
fn cells_without_a_class_are_called_so() {
    let place = with_model(&small(&[]));
    place.write("new.npz", npz(&[("images", npy_u16(&[4, 16, 16], &[3; 1024]))]));
    let told = place.run(&["predict", "m.safetensors", "new.npz", "-o", "cells.csv"]).good();
    assert!(told.err.contains("4 cells without a class"), "{}", told.err);
    let told = place.run(&["preview", "new.npz", "-o", "seen"]).good();
    assert!(told.out.contains("4 cells without a class from 1 source."), "{}", told.out);
}

#[test]
fn classes_that_the_model_does_not_know_are_refused() {
    let place = with_model(&small(&[]));
    place.write("four.npz", Discs { n_classes: 4, ..Discs::default() }.npz());
    let words = ["evaluate", "m.safetensors", "four.npz", "-o", "judged"];
    place.refused(&words, &["class 0, class 1, class 2", "found also class 3"]);
    place.run(&["predict", "m.safetensors", "four.npz", "-o", "cells.csv"]).good();
}

#[test]
fn depth_matters_when_the_scaling_keeps_absolute_intensity() {
    let settings = small(&["normalise = { kind = \"data_set\" }"]);
    for (settings, refuses) in [(settings.as_str(), true), (&small(&[]), false)] {
        let place = with_model(settings);
        let labels = npy_i64(&[0, 1, 2]);
        let bytes: Vec<u8> =
            Discs { n: 3, ..Discs::default() }.pixels().iter().map(|p| (p / 3) as u8).collect();
        let floats: Vec<f32> = bytes.iter().map(|&b| f32::from(b)).collect();
        for (name, images) in
            [("8.npz", npy("|u1", &[3, 16, 16], &bytes)), ("f.npz", npy_f32(&[3, 16, 16], &floats))]
        {
            place.write(name, npz(&[("images", images), ("labels", labels.clone())]));
            if refuses {
                refused(&place, name, &["expected uint16", "absolute", "found"]);
            } else {
                place.run(&["predict", "m.safetensors", name, "-o", "cells.csv"]).good();
            }
        }
    }
}

#[test]
fn predictions_are_probabilities_with_their_class_and_margin() {
    let place = with_model(&small(&[]));
    place.run(&["predict", "m.safetensors", "cells.npz", "-o", "cells.csv"]).good();
    let table = place.text("cells.csv");
    let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().expect("a header");
    let column =
        |name: &str| header.iter().position(|&h| h == name).unwrap_or_else(|| panic!("no column {name}"));
    let classes = ["class 0", "class 1", "class 2"];
    let mut n = 0;
    for row in rows {
        let number = |name: &str| row[column(name)].parse::<f64>().expect("a number");
        let p = classes.map(|c| number(&format!("p_{c}")));
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{row:?}");
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
        assert_eq!(row[column("class")], classes[order[0]], "{row:?}");
        assert_eq!(number("confidence"), p[order[0]], "{row:?}");
        assert!((number("margin") - (p[order[0]] - p[order[1]])).abs() < 1e-12, "{row:?}");
        n += 1;
    }
    assert_eq!(n, 60);
}

#[test]
fn an_evaluation_has_its_figures_and_says_whose_cells_they_are() {
    let place = with_model(&small(&[]));
    place.write("others.npz", Discs { seed: 5, n: 30, ..Discs::default() }.npz());
    let known = "These are the very cells that the model was trained on";
    for (cells, n, is_known) in [("cells.npz", 60, true), ("others.npz", 30, false)] {
        place.run(&["evaluate", "m.safetensors", cells, "-o", "judged"]).good();
        let metrics = place.json("judged/metrics.json");
        assert_eq!(metrics["n"].as_u64(), Some(n));
        for key in ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece"] {
            let value = metrics[key].as_f64().unwrap_or(f64::NAN);
            assert!(value >= 0.0 && (value <= 1.0 || key == "log_loss"), "{key}: {}", metrics[key]);
        }
        for class in ["class 0", "class 1", "class 2"] {
            let of_class = &metrics["per_class"][class];
            for key in ["precision", "recall", "f1", "auc"] {
                let value = of_class[key].as_f64().unwrap_or(f64::NAN);
                assert!((0.0..=1.0).contains(&value), "{class}, {key}: {}", of_class[key]);
            }
            assert_eq!(of_class["support"].as_u64(), Some(n / 3));
        }
        let report = place.text("judged/report.html");
        assert_eq!(report.contains(known), is_known, "{cells}");
        let elsewhere = ["src=\"http", "href=\"http", "@import", "url(http"];
        assert!(elsewhere.iter().all(|word| !report.contains(word)), "the report is self-contained");
    }
}

#[test]
fn a_part_of_the_training_cells_is_not_called_unseen() {
    let place = with_model(&small(&[]));
    let words = ["evaluate", "m.safetensors", "cells.npz", "--classes", "class 0,class 1", "-o", "judged"];
    place.run(&words).good();
    assert!(!place.text("judged/report.html").contains("never saw"));
}
