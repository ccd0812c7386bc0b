//! Input made to do harm, or merely wrong: exit code 2, one message, nothing written.

use std::process::Stdio;
use std::sync::OnceLock;

use crate::support::{Discs, Place, done, npy, npy_f32, npy_i64, npy_text, npy_u16, npz, small, zip};

/// A place with a good model, good cells and good settings.
fn place() -> Place {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    let place = Place::new();
    place.write("cells.npz", Discs::default().npz());
    place.write("small.toml", small(&[]));
    let model = MODEL.get_or_init(|| {
        let maker = Place::new();
        maker.write("cells.npz", Discs::default().npz());
        maker.write("small.toml", small(&[]));
        maker.run(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
        maker.bytes("m.safetensors")
    });
    place.write("m.safetensors", model);
    place
}

/// Every verb that reads cells, with the words for the cells `cells`.
fn verbs(cells: &str) -> [Vec<&str>; 5] {
    [
        vec!["import", cells, "-o", "new.crops"],
        vec!["preview", cells, "-o", "seen"],
        vec!["train", cells, "--config", "small.toml", "-o", "new.safetensors"],
        vec!["evaluate", "m.safetensors", cells, "-o", "judged"],
        vec!["predict", "m.safetensors", cells, "-o", "cells.csv"],
    ]
}

fn refused_by_all(place: &Place, cells: &str, says: &[&str]) {
    for words in verbs(cells) {
        place.refused(&words, &[&[cells, "expected", "found"], says].concat());
    }
}

/// The first `part` of 50 parts.
fn cut(bytes: &[u8], part: usize) -> &[u8] {
    &bytes[..bytes.len() * part / 50]
}

#[test]
fn truncated_cells() {
    let place = place();
    let stack = npy_u16(&[60, 16, 16], &Discs::default().pixels());
    let tiff = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/formats/tests/data/grey8_lzw.tif"));
    let tiff = tiff.expect("an image");
    let folders = zip(&[("A/1.tif", tiff.clone()), ("B/1.tif", tiff.clone())]);
    for part in [0, 3, 26, 49] {
        for (name, whole) in
            [("cut.npz", &Discs::default().npz()), ("cut.npy", &stack), ("cut.zip", &folders)]
        {
            place.write(name, cut(whole, part));
            refused_by_all(&place, name, &[]);
        }
        place.write("folders/A/1.tif", cut(&tiff, part));
        place.write("folders/B/1.tif", &tiff);
        refused_by_all(&place, "folders", &["A/1.tif"]);
    }
}

#[test]
fn damaged_models() {
    let place = place();
    let whole = place.bytes("m.safetensors");
    let apply = |says: &[&str]| {
        place.refused(&["predict", "bad.safetensors", "cells.npz", "-o", "cells.csv"], says);
    };
    for part in 0..50 {
        place.write("bad.safetensors", cut(&whole, part));
        apply(&["bad.safetensors", "expected", "found"]);
    }
    let header_of_1_gb = [&(1u64 << 30).to_le_bytes()[..], &whole[8..]].concat();
    let other_magic = [b"PK\x03\x04", &whole[..]].concat();
    let of_others = [&2u64.to_le_bytes()[..], b"{}"].concat();
    for bytes in [header_of_1_gb, other_magic, of_others] {
        place.write("bad.safetensors", bytes);
        apply(&["bad.safetensors", "expected", "found"]);
        let words = ["evaluate", "bad.safetensors", "cells.npz", "-o", "judged"];
        place.refused(&words, &["bad.safetensors", "expected", "found"]);
    }
}

#[test]
fn a_model_whose_facts_contradict_each_other() {
    let place = place();
    let whole = place.bytes("m.safetensors");
    let length =
        usize::try_from(u64::from_le_bytes(whole[..8].try_into().expect("eight bytes"))).expect("a length");
    let (header, values) =
        (String::from_utf8_lossy(&whole[8..8 + length]).into_owned(), &whole[8 + length..]);
    for (from, to) in [
        (r#"\"height\":16"#, r#"\"height\":17"#),
        (r#"\"class 2\"]"#, r#"\"class 2\",\"class 3\"]"#),
        (r#""morphotype":"1""#, r#""morphotype":"2""#),
        (r#""temperature":"#, r#""temperatura":"#),
    ] {
        let changed = header.replace(from, to);
        assert_ne!(changed, header, "{from}");
        let length = (changed.len() as u64).to_le_bytes();
        place.write("bad.safetensors", [&length[..], changed.as_bytes(), values].concat());
        let words = ["predict", "bad.safetensors", "cells.npz", "-o", "cells.csv"];
        place.refused(&words, &["bad.safetensors", "expected", "found"]);
    }
}

#[test]
fn zip_bombs_and_names_that_leave_the_zip() {
    let place = place();
    let side = 16;
    let n = (80 << 20) / (side * side);
    place.write("bomb.npz", npz(&[("images", npy("|u1", &[n, side, side], &vec![0; n * side * side]))]));
    assert!(place.bytes("bomb.npz").len() < 1 << 20, "it is small on disk");
    refused_by_all(&place, "bomb.npz", &[]);
    let images = npy_u16(&[2, 16, 16], &[5; 512]);
    for name in ["../images.npy", "/images.npy", "a/../../images.npy"] {
        place.write("slip.npz", zip(&[("images.npy", images.clone()), (name, images.clone())]));
        refused_by_all(&place, "slip.npz", &[]);
    }
}

#[test]
fn a_value_that_is_not_a_number_is_found_with_its_cell() {
    let place = place();
    for (at, bad) in [(7, f32::NAN), (59, f32::INFINITY)] {
        let mut values: Vec<f32> = Discs::default().pixels().into_iter().map(f32::from).collect();
        values[at * 256 + 18] = bad;
        let labels: Vec<i64> = (0..60).map(|i| i % 3).collect();
        let images = npy_f32(&[60, 16, 16], &values);
        let classes = npy_text(&["class 0", "class 1", "class 2"].map(String::from));
        place
            .write("nan.npz", npz(&[("images", images), ("labels", npy_i64(&labels)), ("classes", classes)]));
        let seen = place.run(&["preview", "nan.npz", "-o", "seen"]).good();
        assert!(seen.out.contains("1 cell has pixels that are not numbers"), "{}", seen.out);
        for words in verbs("nan.npz").into_iter().skip(2) {
            place.refused(
                &words,
                &["nan.npz", &format!("nan/{at}"), "expected finite", "found", "row 1, column 2"],
            );
        }
    }
}

#[test]
fn constant_images_are_learned_from_without_harm() {
    let place = place();
    let labels: Vec<i64> = (0..40).map(|i| i % 2).collect();
    place.write(
        "flat.npz",
        npz(&[("images", npy_u16(&[40, 16, 16], &[300; 40 * 256])), ("labels", npy_i64(&labels))]),
    );
    for scaling in ["per_image", "per_image_channel", "data_set"] {
        place.write("small.toml", small(&[&format!("normalise = {{ kind = \"{scaling}\" }}")]));
        place.run(&["train", "flat.npz", "--config", "small.toml", "-o", "flat.safetensors"]).good();
        // The place holds another model already, whose history has the short name.
        assert!(!place.text("flat.history.csv").contains("NaN"), "{scaling}");
        place.run(&["predict", "flat.safetensors", "flat.npz", "-o", "flat.csv"]).good();
        assert!(!place.text("flat.csv").contains("NaN"), "{scaling}");
    }
    place.run(&["preview", "flat.npz", "-o", "seen"]).good();
}

#[test]
fn cells_that_cannot_be_learned_from() {
    let place = place();
    let train = |cells: &'static str| ["train", cells, "--config", "small.toml", "-o", "new.safetensors"];
    place.write("one.npz", Discs { n_classes: 1, ..Discs::default() }.npz());
    place.refused(&train("one.npz"), &["expected cells of at least 2 classes", "found"]);
    place.write("unlabelled.npz", npz(&[("images", npy_u16(&[4, 16, 16], &[3; 1024]))]));
    place.refused(&train("unlabelled.npz"), &["expected a class for every cell", "found"]);
}

#[test]
fn arrays_that_are_no_cells() {
    let place = place();
    let labels = |n: i64| npy_i64(&(0..n).collect::<Vec<_>>());
    let images = || npy_u16(&[4, 16, 16], &[3; 1024]);
    let names = npy_text(&["a", "b", "c", "a"].map(String::from));
    for arrays in [
        vec![("images", npy_u16(&[0, 16, 16], &[])), ("labels", labels(0))],
        vec![("images", images()), ("labels", labels(3))],
        vec![("images", images()), ("names", names)],
        vec![("images", npy("<c16", &[1, 2, 2], &[0; 64]))],
        vec![("images", npy("|O", &[1, 2, 2], &[0; 64]))],
        vec![("images", npy_u16(&[usize::MAX, 16, 16], &[3; 1024]))],
        vec![("pictures", images())],
    ] {
        place.write("bad.npz", npz(&arrays));
        refused_by_all(&place, "bad.npz", &[]);
    }
}

#[test]
fn files_that_are_something_else_or_nothing() {
    let place = place();
    place.write("notes.npz", "these are notes");
    place.write("empty.npz", "");
    std::fs::create_dir(place.path("empty")).expect("a folder");
    for cells in ["notes.npz", "empty.npz", "empty", "missing.npz", "/proc/self/mem", "/dev/zero"] {
        refused_by_all(&place, cells, &[]);
    }
    for model in ["notes.npz", "empty.npz", "empty", "missing.safetensors", "/proc/self/mem", "/dev/zero"] {
        let says = [model, "expected", "found"];
        place.refused(&["predict", model, "cells.npz", "-o", "cells.csv"], &says);
        place.refused(&["evaluate", model, "cells.npz", "-o", "judged"], &says);
    }
    for flag in ["--config", "--table"] {
        let words = ["train", "cells.npz", flag, "empty", "-o", "new.safetensors"];
        place.refused(&words, &["empty", "expected", "found"]);
    }
}

#[test]
fn outputs_that_cannot_be_written() {
    let place = place();
    place.write("taken/file", "of the user");
    for words in verbs("cells.npz") {
        let at = words.len() - 1;
        for output in ["taken", "missing/folder/x.csv", "/dev/full", "small.toml/x.csv"] {
            let changed = [&words[..at], &[output]].concat();
            place.refused(&changed, &["expected", "found"]);
        }
    }
    assert_eq!(place.text("taken/file"), "of the user");
}

#[test]
fn classes_are_chosen_alike_by_all_verbs() {
    let place = place();
    for words in verbs("cells.npz") {
        for (chosen, found) in [("class 2,class 2", "class 2, class 2"), ("class 0,class 7", "class 7")] {
            let words = [&words[..], &["--classes", chosen]].concat();
            place.refused(&words, &["expected names, each once, of class 0, class 1, class 2", found]);
        }
    }
    let words = ["import", "cells.npz", "--classes", "class 2,class 0", "-o", "two.crops"];
    let told = place.run(&words).good().out;
    assert!(told.contains("  class 2: 20\n  class 0: 20\n"), "{told}");
}

/// Cells that do not exist are not even looked for.
#[test]
fn outputs_are_checked_before_the_work() {
    let place = place();
    place.write("taken/file", "of the user");
    for mut words in verbs("missing.npz") {
        let elsewhere = format!("nowhere/{}", words.pop().unwrap_or_default());
        let says = [elsewhere.as_str(), "the folder nowhere", "found nothing there"];
        place.refused(&[&words[..], &[&elsewhere]].concat(), &says);
        place.refused(&[&words[..], &["taken"]].concat(), &["taken: expected", "found"]);
    }
    for name in ["cells.txt", "cells"] {
        let words = ["predict", "m.safetensors", "missing.npz", "-o", name];
        place.refused(&words, &[name, "expected a name that ends in .csv or .parquet"]);
    }
}

#[test]
fn a_learning_rate_beyond_reason_stops_with_its_place_and_cause() {
    let place = place();
    for more in [&[][..], &["--validation", "0"], &["--folds", "2"], &["--validation", "0", "--epochs", "1"]]
    {
        let words = [
            "train",
            "cells.npz",
            "--config",
            "small.toml",
            "-o",
            "new.safetensors",
            "--learning-rate",
            "1e20",
        ];
        place.refused(
            &[&words[..], more].concat(),
            &["epoch 1, batch", "learning rate", "100000000000000000000"],
        );
    }
}

/// A disk that takes no more than a few hundred bytes per file.
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let place = place();
    for words in verbs("cells.npz") {
        let before = place.listing();
        let program = env!("CARGO_BIN_EXE_morphotype");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", program]).args(&words);
        shell.current_dir(place.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let done = done(shell.spawn().expect("a shell"));
        place.check_refusal(&before, &words, &done, &["expected", "found"]);
        assert!(
            !done.err.contains(".writing-"),
            "{words:?}: a name that the user does not know\n{}",
            done.err
        );
    }
}
