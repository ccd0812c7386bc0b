//! Files that other programs wrote (`data/make.py`), with their values.

use std::path::{Path, PathBuf};

use cells::{CellSet, CropShape, Depth, Pixels};
use formats::annotation::{self, AnnotationOptions};
use formats::fit::{Fit, FitMethod};
use formats::image::{self, Image};
use formats::labels::LabelImage;
use formats::model::ModelFile;
use formats::npz::{self, NpzOptions};
use formats::table::{Column, Table};
use formats::{FormatError, npy, unwatched};

type Result = std::result::Result<(), FormatError>;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Value i of every array, times `factor`.
fn ramp(n: usize, factor: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7 % 251 * factor) as f32).collect()
}

fn floats(pixels: &Pixels) -> Vec<f32> {
    let mut out = vec![0.0; pixels.len()];
    pixels.copy_to(0, &mut out);
    out
}

/// `[n, c, p]` to `[n, p, c]`.
fn channels_last(values: &[f32], c: usize, p: usize) -> Vec<f32> {
    let at = |i: usize| values[i / (c * p) * c * p + i % c * p + i / c % p];
    (0..values.len()).map(at).collect()
}

fn check_stack(
    name: &str,
    depth: Depth,
    shape: CropShape,
    n: usize,
) -> std::result::Result<CellSet, FormatError> {
    let set = npy::read(&data(name), None)?;
    assert_eq!((set.pixels.depth(), set.shape, set.len()), (depth, shape, n), "{name}");
    Ok(set)
}

#[test]
fn arrays_of_every_type_and_order() -> Result {
    let small = CropShape { h: 4, w: 5, c: 1 };
    let large = CropShape { h: 20, w: 20, c: 3 };
    let set = check_stack("u1_nhw.npy", Depth::Uint8, small, 3)?;
    assert_eq!(floats(&set.pixels), ramp(60, 1));
    assert_eq!((set.cells[2].name.as_str(), set.cells[2].class), ("u1_nhw/2", None));
    let set = check_stack("u2_big_endian.npy", Depth::Uint16, small, 3)?;
    assert_eq!(floats(&set.pixels), ramp(60, 1));
    let set = check_stack("f4_fortran.npy", Depth::Float32, small, 3)?;
    assert_eq!(floats(&set.pixels), ramp(60, 1));
    let set = check_stack("f8_nhwc.npy", Depth::Float32, large, 2)?;
    assert_eq!(floats(&set.pixels), ramp(2400, 1));
    assert_eq!(set.provenance["converted"], "float64 to float32");
    let set = check_stack("u1_nchw.npy", Depth::Uint8, large, 2)?;
    assert_eq!(floats(&set.pixels), channels_last(&ramp(2400, 1), 3, 400));
    assert_eq!(set.provenance["axes"], "nchw");
    Ok(())
}

#[test]
fn axes_are_asked_for_when_they_cannot_be_told() -> Result {
    let error = npy::read(&data("u1_ambiguous.npy"), None).expect_err("2x3x4x5").to_string();
    assert!(error.contains("nchw") && error.contains("[2, 3, 4, 5]"), "{error}");
    let set = npy::read(&data("u1_ambiguous.npy"), Some(npy::Axes::Nchw))?;
    assert_eq!(set.shape, CropShape { h: 4, w: 5, c: 3 });
    let set = npy::read(&data("u1_ambiguous.npy"), Some(npy::Axes::Nhwc))?;
    assert_eq!(set.shape, CropShape { h: 3, w: 4, c: 5 });
    Ok(())
}

#[test]
fn other_arrays_are_refused_by_name() {
    let error = npy::read(&data("pickle.npy"), None).expect_err("a pickle").to_string();
    assert!(error.contains("pickle"), "{error}");
    let error = npy::read(&data("structured.npy"), None).expect_err("pairs").to_string();
    assert!(error.contains("a structured type"), "{error}");
    let error = npy::read(&data("u8_large.npy"), None).expect_err("inexact").to_string();
    assert!(error.contains("16777216") && error.contains("found 16777223"), "{error}");
}

#[test]
fn other_numbers_become_floats_that_are_equal() -> Result {
    let cases = [
        ("i8.npy", "whole numbers", 0.0),
        ("i2_negative.npy", "whole numbers", 100.0),
        ("f2.npy", "float16", 0.0),
    ];
    for (name, was, less) in cases {
        let set = npy::read(&data(name), None)?;
        let expected: Vec<f32> = ramp(60, 1).into_iter().map(|x| x - less).collect();
        assert_eq!(floats(&set.pixels), expected, "{name}");
        assert_eq!(set.provenance["converted"], format!("{was} to float32"), "{name}");
    }
    let set = npy::read(&data("bool.npy"), None)?;
    let expected: Vec<f32> = ramp(60, 1).into_iter().map(|x| f32::from(u8::from(x > 100.0))).collect();
    assert_eq!((set.pixels.depth(), floats(&set.pixels)), (Depth::Uint8, expected));
    Ok(())
}

#[test]
fn labels_are_what_was_drawn() -> Result {
    let whole = |n: u32| (0..42).map(|i| i * 7 % 251 % n).collect::<Vec<u32>>();
    for (name, n) in
        [("palette.png", 251), ("palette4.png", 16), ("grey8.png", 251), ("labels_1hw1.npy", 251)]
    {
        let labels = LabelImage::open(&data(name))?;
        assert_eq!((labels.n_frames(), labels.size()), (1, (6, 7)), "{name}");
        assert_eq!(labels.frame(0)?, whole(n), "{name}");
    }
    let jpeg = LabelImage::open(&data("flat.jpg")).expect_err("a JPEG").to_string();
    assert!(jpeg.contains("save them as TIFF or PNG"), "{jpeg}");
    let broken = std::fs::read(data("palette4.png")).expect("a file");
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("labels.png");
    for n in 4..broken.len() {
        std::fs::write(&path, &broken[..n]).expect("a file");
        assert!(LabelImage::open(&path).is_err(), "{n} bytes");
    }
    Ok(())
}

#[test]
fn labels_are_texts_or_numbers() -> Result {
    let set = npz::read(&data("text_labels.npz"), &NpzOptions::default())?;
    assert_eq!(set.classes, ["a", "b"]);
    let classes: Vec<Option<usize>> = set.cells.iter().map(|c| c.class).collect();
    assert_eq!(classes, [Some(1), Some(0), None, Some(1)]);
    assert_eq!(set.channels, ["DNA", "actin"]);
    let groups: Vec<&str> = set.cells.iter().map(|c| c.group.as_str()).collect();
    assert_eq!(groups, ["1", "1", "2", "3"]);
    assert_eq!(floats(&set.pixels), ramp(3200, 1));

    let set = npz::read(&data("float_labels.npz"), &NpzOptions::default())?;
    let classes: Vec<Option<usize>> = set.cells.iter().map(|c| c.class).collect();
    assert_eq!(
        (&set.classes[..], &classes[..]),
        (&["0".to_owned(), "2".to_owned()][..], &[Some(1), Some(0), None, Some(1)][..])
    );
    assert_eq!((set.cells[1].group.as_str(), set.cells[2].group.as_str()), ("1", "2"));
    let half = npz::read(&data("half_labels.npz"), &NpzOptions::default()).expect_err("a half").to_string();
    assert!(half.contains("labels: expected whole numbers or text, found 0.5"), "{half}");

    let keys = [("images", "x"), ("labels", "y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let options = NpzOptions { keys: keys.into(), ..NpzOptions::default() };
    let set = npz::read(&data("other_names.npz"), &options)?;
    assert_eq!(set.classes, ["2", "5"]);
    let classes: Vec<Option<usize>> = set.cells.iter().map(|c| c.class).collect();
    assert_eq!(classes, [Some(1), None, Some(0), Some(1)]);
    let error =
        npz::read(&data("other_names.npz"), &NpzOptions::default()).expect_err("no images").to_string();
    assert!(error.contains("\"images\"") && error.contains("found x, y"), "{error}");
    Ok(())
}

fn check_image(name: &str, c: usize, expected: &[f32]) -> std::result::Result<Image, FormatError> {
    let image = image::read(&data(name))?;
    assert_eq!(image.shape, CropShape { h: 6, w: 7, c }, "{name}");
    assert_eq!(floats(&image.pixels), expected, "{name}");
    Ok(image)
}

#[test]
fn images_of_every_layout() -> Result {
    for name in ["grey8_lzw.tif", "grey8_packbits.tif", "float32.tif", "grey8.png"] {
        check_image(name, 1, &ramp(42, 1))?;
    }
    for name in ["grey16_deflate.tif", "grey16_big_endian.tif", "grey12.tif", "grey16.png"] {
        let image = check_image(name, 1, &ramp(42, if name == "grey12.tif" { 16 } else { 200 }))?;
        assert_eq!(image.pixels.depth(), Depth::Uint16, "{name}");
    }
    for name in ["int16.tif", "half.tif"] {
        check_image(name, 1, &ramp(42, 1).into_iter().map(|x| x - 100.0).collect::<Vec<_>>())?;
    }
    let large = image::read(&data("uint32_large.tif")).expect_err("inexact").to_string();
    assert!(large.contains("float32 has exactly") && large.contains("16777223 (uint32)"), "{large}");
    for name in [
        "rgb8.tif",
        "rgb8_bigtiff.tif",
        "rgb8_planar.tif",
        "rgb8.png",
        "rgba8_opaque.png",
        "rgba8_transparent.png",
    ] {
        check_image(name, 3, &ramp(126, 1))?;
    }
    for name in ["two_channels_as_pages.tif", "channels_first.tif"] {
        check_image(name, 2, &ramp(84, 1))?;
    }
    let flat = image::read(&data("flat.jpg"))?;
    assert_eq!(flat.shape, CropShape { h: 16, w: 16, c: 3 });
    // JPEG is lossy: a flat colour comes back within two grey values.
    let near = |(i, v): (usize, f32)| (v - [200.0, 100.0, 50.0][i % 3]).abs() <= 2.0;
    assert!(floats(&flat.pixels).into_iter().enumerate().all(near));
    Ok(())
}

#[test]
fn resizing_agrees_with_pillow() {
    let text = std::fs::read(data("resized.json")).expect("tests/data/resized.json");
    let golden: std::collections::BTreeMap<usize, Vec<f32>> =
        serde_json::from_slice(&text).expect("its JSON");
    for (size, expected) in golden {
        let shape = CropShape { h: 13, w: 9, c: 1 };
        let image = Image { shape, pixels: Pixels::Float32(ramp(117, 1)) };
        let out = Fit { method: FitMethod::Resize, size }.apply(image).expect("resized");
        // Pillow sums in double precision and stores each pass as 32-bit floats.
        let pairs = floats(&out.pixels).into_iter().zip(&expected);
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-4, "size {size}: {worst}");
    }
}

#[test]
fn models_and_tables() -> Result {
    let model = ModelFile::read(&data("model.safetensors"))?;
    assert_eq!(model.metadata.get("k2").map(String::as_str), Some("v2"));
    let a = model.tensor("a").expect("array a");
    assert_eq!((a.shape.as_slice(), &a.values), ([2, 3].as_slice(), &ramp(6, 1)));
    let error = ModelFile::read(&data("half.safetensors")).expect_err("16-bit").to_string();
    assert!(error.contains("half") && error.contains("F16"), "{error}");

    let table = Table::read(&data("table.parquet"))?;
    let text = |v: [Option<&str>; 3]| Column::Text(v.map(|s| s.map(str::to_owned)).to_vec());
    assert_eq!(table.column("name"), Some(&text([Some("a"), None, Some("c")])));
    assert_eq!(table.column("n"), Some(&Column::Int(vec![Some(1), Some(2), None])));
    assert_eq!(table.column("x"), Some(&Column::Float(vec![Some(0.5), None, Some(2.0)])));
    assert_eq!(table.column("flag"), Some(&Column::Bool(vec![Some(true), Some(false), None])));
    assert_eq!(table.column("kind"), Some(&text([Some("u"), Some("v"), Some("u")])));
    let error = Table::read(&data("nested.parquet")).expect_err("a list").to_string();
    assert!(error.contains("\"list\""), "{error}");
    Ok(())
}

#[test]
fn columns_of_every_kind() -> Result {
    let table = Table::read(&data("kinds.parquet"))?;
    let int = |a: i64, c: i64| Some(Column::Int(vec![Some(a), None, Some(c)]));
    let text = |v: [Option<&str>; 3]| Some(Column::Text(v.map(|s| s.map(str::to_owned)).to_vec()));
    for (name, values) in [
        ("i8", int(-1, 3)),
        ("u8", int(1, 255)),
        ("u32", int(1, i64::from(u32::MAX))),
        ("u64", int(1, i64::MAX)),
        ("i64", int(i64::MIN, i64::MAX)),
        ("f64", Some(Column::Float(vec![Some(f64::NEG_INFINITY), None, Some(0.1)]))),
        ("large", text([Some("a"), None, Some("ä")])),
        ("nothing", text([None; 3])),
        ("all", Some(Column::Int(vec![Some(1), Some(2), Some(3)]))),
    ] {
        assert_eq!(table.column(name), values.as_ref(), "{name}");
    }
    for (file, column) in [("times.parquet", "\"when\""), ("huge.parquet", "\"huge\"")] {
        let error = Table::read(&data(file)).expect_err(column).to_string();
        assert!(error.contains(file) && error.contains(column), "{error}");
    }
    Ok(())
}

#[test]
fn annotation_zip_with_two_channels_and_states() -> Result {
    let path = [data("annotation_two.zip")];
    let set = annotation::read(&path, &AnnotationOptions::default(), &unwatched)?;
    assert_eq!(set.classes, ["Anaphase", "Ana"]);
    assert_eq!(set.channels, ["second", "first"]);
    assert_eq!(set.len(), 2);
    assert_eq!(set.provenance["n_flagged_left_out"], 1);
    assert_eq!((set.cells[1].class, set.cells[1].frame, set.cells[1].x), (Some(1), Some(1.0), Some(21.0)));
    assert_eq!(floats(&set.pixels)[..72], ramp(72, 1));
    let all = annotation::read(
        &path,
        &AnnotationOptions { flagged: true, ..AnnotationOptions::default() },
        &unwatched,
    )?;
    assert_eq!((all.len(), all.cells[2].flagged, all.cells[2].y), (3, true, Some(12.0)));
    Ok(())
}
