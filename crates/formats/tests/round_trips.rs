//! What is written is read back as it was, and the same content gives the same bytes.

use std::path::PathBuf;

use cells::{Cell, CellSet, CropShape, CropSource, Fact, Pixels};
use formats::FormatError;
use formats::annotation::{self, Annotation, AnnotationOptions};
use formats::crops::{self, CropFile};
use formats::image::{self, Image};
use formats::microscope;
use formats::model::{ModelFile, Tensor};
use formats::movie::{self, Scale};
use formats::source::{ReadOptions, open};
use formats::table::{Column, Table};
use formats::unwatched;
use proptest::prelude::*;

type Result = std::result::Result<(), FormatError>;

fn pixels(kind: usize, n: usize) -> Pixels {
    match kind {
        0 => Pixels::Uint8((0..n).map(|i| (i * 7) as u8).collect()),
        1 => Pixels::Uint16((0..n).map(|i| (i * 777) as u16).collect()),
        _ => Pixels::Float32((0..n).map(|i| i as f32 / 3.0).collect()),
    }
}

fn cells(kind: usize, c: usize) -> CellSet {
    let shape = CropShape { h: 6, w: 6, c };
    let cell = |i: usize| Cell {
        name: format!("cell {i}"),
        class: (kind == 2 || i != 3).then_some(i % 2),
        group: format!("group {}", i / 2),
        split: (i == 0).then(|| "val".to_owned()),
        flagged: i == 1,
        source: "made".to_owned(),
        frame: Some(i as f64),
        y: Some(i as f64 + 0.25),
        x: (kind == 2 || i != 2).then_some(1.0 / 3.0),
        facts: vec![
            ("well".into(), Fact::Text(Some(format!("B0{i}")))),
            ("z".into(), Fact::Int((i > 0).then_some(i as i64))),
            ("y_um".into(), Fact::Float(None)),
            ("area".into(), Fact::Float(Some(i as f64 / 3.0))),
            ("edge".into(), Fact::Bool(Some(i.is_multiple_of(2)))),
        ],
    };
    CellSet {
        shape,
        pixels: pixels(kind, 5 * shape.len()),
        cells: (0..5).map(cell).collect(),
        classes: vec!["b".to_owned(), "a, \"quoted\"".to_owned()],
        channels: (0..c).map(|i| format!("layer {}", c - i)).collect(),
        provenance: serde_json::json!({ "made": [1, 2.5, null] }),
    }
}

#[test]
fn crop_sets() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a.crops");
    for (kind, c) in [(0, 1), (1, 2), (2, 3)] {
        let set = cells(kind, c);
        crops::write(&path, &set)?;
        assert_eq!(crops::read(&path)?, set);
        let file = CropFile::open(&path)?;
        assert_eq!(
            (file.cells(), file.classes(), file.depth()),
            (&set.cells[..], &set.classes[..], set.pixels.depth())
        );
        let (mut a, mut b) = (vec![0.0; set.shape.len()], vec![0.0; set.shape.len()]);
        for i in [4, 0, 2] {
            file.read(i, &mut a).expect("crop from the file");
            set.read(i, &mut b).expect("crop from memory");
            assert_eq!(a, b);
        }
        let opened = open(std::slice::from_ref(&path), &ReadOptions::default(), &unwatched)?;
        assert_eq!(opened.len(), 4, "the flagged one is left out");
    }
    Ok(())
}

#[test]
fn the_same_cells_give_the_same_bytes() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let bytes = |name: &str| std::fs::read(dir.path().join(name)).expect("a file");
    let facts = Annotation { session: "s".to_owned(), layers: Vec::new() };
    for name in ["1", "2"] {
        crops::write(&dir.path().join(format!("{name}.crops")), &cells(1, 2))?;
        annotation::write_zip(&dir.path().join(format!("{name}.zip")), &labelled(1, 2), &facts)?;
    }
    assert_eq!(bytes("1.zip"), bytes("2.zip"));
    for file in ["pixels.npy", "cells.parquet", "crops.json"] {
        assert_eq!(bytes(&format!("1.crops/{file}")), bytes(&format!("2.crops/{file}")));
    }
    Ok(())
}

/// Cells that an annotation zip can hold.
fn labelled(kind: usize, c: usize) -> CellSet {
    let mut set = cells(kind, c);
    set.classes = vec!["Ana".to_owned(), "Anaphase".to_owned()];
    for (i, cell) in set.cells.iter_mut().enumerate() {
        cell.class = Some(i % 2);
        cell.x = Some(i as f64 + 0.1);
    }
    set
}

#[test]
fn annotation_zips() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("annotation_s.zip");
    for (kind, c) in [(0, 1), (1, 1), (2, 1), (0, 3), (1, 2), (2, 5)] {
        let set = labelled(kind, c);
        let layers = set.channels.iter().map(|n| (n.clone(), format!("{n}.tif"))).collect();
        annotation::write_zip(&path, &set, &Annotation { session: "s".to_owned(), layers })?;
        let back = annotation::read(
            std::slice::from_ref(&path),
            &AnnotationOptions { flagged: true, ..Default::default() },
            &unwatched,
        )?;
        assert_eq!((back.shape, &back.pixels), (set.shape, &set.pixels), "depth {kind}, {c} channels");
        assert_eq!((&back.classes, &back.channels), (&set.classes, &set.channels));
        for (a, b) in back.cells.iter().zip(&set.cells) {
            assert_eq!((a.class, a.flagged, a.frame, a.y, a.x), (b.class, b.flagged, b.frame, b.y, b.x));
        }
    }
    Ok(())
}

#[test]
fn movies_keep_depth_and_channels() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a.tif");
    for (kind, c) in [(0, 1), (1, 2), (2, 1)] {
        let shape = CropShape { h: 5, w: 7, c };
        let frame = |t: usize| {
            let mut all = Pixels::empty(pixels(kind, 0).depth());
            let n = shape.len();
            all.extend_from(&pixels(kind, n * (t + 1)), n * t..n * (t + 1)).expect("one depth");
            Image { shape, pixels: all }
        };
        let scale = Scale { micron_per_pixel: Some(0.325), seconds_per_frame: Some(240.0) };
        movie::write(&path, 4, (0..4).map(frame), scale)?;
        let back = microscope::Image::open(&path)?.field(0)?;
        let facts = back.facts();
        assert_eq!((facts.n_t, facts.channels.len(), back.h(), back.w()), (4, c, 5, 7));
        assert!((facts.sizes.x_um.expect("a size") - 0.325).abs() < 1e-6);
        assert_eq!(facts.sizes.t_s, Some(240.0));
        for t in [3, 0, 2] {
            let (mut floats, image) = (vec![0.0; shape.len()], frame(t));
            image.pixels.copy_to(0, &mut floats);
            for (channel, plane) in back.channels(t, 0)?.into_iter().enumerate() {
                let expected: Vec<f32> = floats.iter().skip(channel).step_by(c).copied().collect();
                assert_eq!(plane.values.to_f32(), expected);
                assert_eq!(plane.values.into_pixels().depth(), image.pixels.depth());
            }
        }
        assert!(back.channels(4, 0).is_err());
    }
    Ok(())
}

#[test]
fn movies_of_pictures_keep_their_colours() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a.tif");
    let shape = CropShape { h: 5, w: 7, c: 3 };
    let frame = |t: u8| Image { shape, pixels: Pixels::Uint8((0..105).map(|i| i + t).collect()) };
    movie::write_pictures(&path, 3, (0..3).map(|t| Ok(frame(t))))?;
    let back = microscope::Image::open(&path)?.field(0)?;
    assert_eq!((back.facts().n_t, back.facts().channels.join("|")), (3, "red|green|blue".to_owned()));
    let green = back.channels(2, 0)?[1].values.to_f32();
    assert_eq!(green, (0..35).map(|i| f32::from(3 * i + 1 + 2u8)).collect::<Vec<_>>());
    let broken = (0..3).map(|t| if t == 1 { Err(std::io::Error::other("no light")) } else { Ok(frame(t)) });
    let error = movie::write_pictures(&path, 3, broken).expect_err("a frame that is none").to_string();
    assert!(error.contains("no light"), "{error}");
    Ok(())
}

#[test]
fn pictures() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a.png");
    let Pixels::Uint8(values) = pixels(0, 60) else { unreachable!("kind 0 is 8-bit") };
    image::write_png_grey(&path, 6, 10, &values)?;
    assert_eq!(image::read(&path)?.pixels, Pixels::Uint8(values.clone()));
    image::write_png_rgb(&path, 4, 5, &values)?;
    assert_eq!(image::read(&path)?.shape, CropShape { h: 4, w: 5, c: 3 });
    assert!(image::write_png_rgb(&path, 4, 6, &values).is_err());
    Ok(())
}

#[test]
fn sources_are_merged_when_they_agree() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name);
    crops::write(&path("a.crops"), &cells(1, 1))?;
    crops::write(&path("b.crops"), &cells(1, 1))?;
    let both = open(
        &[path("a.crops"), path("b.crops")],
        &ReadOptions { flagged: true, ..Default::default() },
        &unwatched,
    )?;
    assert_eq!(both.len(), 10);
    assert_eq!(both.cells[9].name, "b.crops/cell 4");
    assert_eq!(both.cells[9].group, "group 2");
    crops::write(&path("b.crops"), &cells(0, 1))?;
    let message = open(&[path("a.crops"), path("b.crops")], &ReadOptions::default(), &unwatched)
        .expect_err("depths")
        .to_string();
    assert!(
        message.contains("a.crops") && message.contains("b.crops") && message.contains("uint8"),
        "{message}"
    );
    let mut other = cells(1, 1);
    other.classes = vec!["x".to_owned(), "y".to_owned()];
    crops::write(&path("b.crops"), &other)?;
    let message = open(&[path("a.crops"), path("b.crops")], &ReadOptions::default(), &unwatched)
        .expect_err("classes")
        .to_string();
    assert!(message.contains("found x, y"), "{message}");
    Ok(())
}

#[test]
fn stacks_of_one_class_each() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/u1_nhw.npy");
    let other = dir.path().join("other.npy");
    std::fs::copy(&data, &other).expect("a copy");
    let classes = vec![("stress".to_owned(), data), ("control".to_owned(), other)];
    let set = open(&[], &ReadOptions { classes, ..ReadOptions::default() }, &unwatched)?;
    assert_eq!(set.classes, ["stress", "control"]);
    assert_eq!((set.cells[0].class, set.cells[5].class), (Some(0), Some(1)));
    assert_eq!(set.cells[5].name, "other/2");
    Ok(())
}

#[test]
fn models() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a.safetensors");
    let tensor = |name: &str, shape: &[usize]| {
        let n = shape.iter().product::<usize>();
        Tensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: (0..n).map(|i| i as f32 * 0.1).collect(),
        }
    };
    let tensors = vec![tensor("z", &[2, 3]), tensor("a", &[]), tensor("m \"1\"", &[4])];
    let metadata = [("b", "2"), ("a", "{\"x\": 1}")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let model = ModelFile { tensors, metadata: metadata.into() };
    model.write(&path)?;
    assert_eq!(ModelFile::read(&path)?, model);
    assert_eq!(std::fs::read(&path).expect("a file"), model.to_bytes()?);
    Ok(())
}

fn columns() -> impl Strategy<Value = Vec<Column>> {
    let text = prop::collection::vec(prop::option::of("[a-z,\"\n ]{1,6}x"), 4).prop_map(Column::Text);
    let int = prop::collection::vec(prop::option::of(any::<i64>()), 4).prop_map(Column::Int);
    let float = prop::collection::vec(prop::option::of(-1e300..1e300), 4).prop_map(Column::Float);
    let bool = prop::collection::vec(prop::option::of(any::<bool>()), 4).prop_map(Column::Bool);
    prop::collection::vec(prop_oneof![text, int, float, bool], 1..5)
}

/// A column without any value is text in CSV.
fn as_in_csv(column: &Column) -> Column {
    match (0..4).all(|row| column.text_at(row).is_none()) {
        true => Column::Text(vec![None; 4]),
        false => column.clone(),
    }
}

/// A table of which a later part fails, or differs, leaves what was there.
#[test]
fn tables_in_parts() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let part = |name: &str, x: i64| {
        let mut table = Table::default();
        table.push(name, Column::Int(vec![Some(x)]));
        Ok(table)
    };
    for name in ["a.csv", "a.parquet"] {
        let path = dir.path().join(name);
        let write = |parts: Vec<std::result::Result<Table, FormatError>>| {
            Table::write_streamed(&path, &mut parts.into_iter())
        };
        write(vec![part("x", 1), part("x", 2)])?;
        let whole = Table::read(&path)?;
        assert_eq!(whole.column("x"), Some(&Column::Int(vec![Some(1), Some(2)])));
        let broken = FormatError::new("b.crops", "cells", "none");
        assert_eq!(write(vec![part("x", 3), Err(broken)]).unwrap_err().path, PathBuf::from("b.crops"));
        assert_eq!(write(vec![part("x", 3), part("y", 4)]).unwrap_err().path, path);
        assert_eq!(Table::read(&path)?, whole);
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 2);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn tables(columns in columns()) {
        let mut table = Table::default();
        for (i, column) in columns.into_iter().enumerate() {
            table.push(format!("column {i}"), column);
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let parquet = dir.path().join("a.parquet");
        table.write(&parquet).expect("a table");
        prop_assert_eq!(&Table::read(&parquet).expect("the table"), &table);
        let csv = dir.path().join("a.csv");
        table.write(&csv).expect("a table");
        let back = Table::read(&csv).expect("the table");
        for ((_, a), (_, b)) in back.columns.iter().zip(&table.columns) {
            prop_assert_eq!(a, &as_in_csv(b));
        }
    }
}
