//! Every real data set that applies is read, with the counts of its description.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cells::{CellSet, CropShape, Depth};
use formats::fit::{Fit, FitMethod};
use formats::groups::GroupBy;
use formats::source::{ReadOptions, open};
use formats::table::{Column, Table};
use formats::{FormatError, image, unwatched};

type Result = std::result::Result<(), FormatError>;

fn data(name: &str) -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    assert!(path.exists(), "this test needs the data set {}", path.display());
    path
}

fn counts(set: &CellSet) -> Vec<usize> {
    (0..set.classes.len()).map(|k| set.cells.iter().filter(|c| c.class == Some(k)).count()).collect()
}

fn groups(set: &CellSet) -> usize {
    set.cells.iter().map(|c| &c.group).collect::<BTreeSet<_>>().len()
}

const STATES: [&str; 5] = ["Interphase", "Prometaphase", "Metaphase", "Anaphase", "Apoptosis"];

#[test]
fn annotation_folder_has_all_patches_with_their_places() -> Result {
    let set = open(
        &[data("mdck_annotator")],
        &ReadOptions { flagged: true, ..ReadOptions::default() },
        &unwatched,
    )?;
    assert_eq!((set.len(), set.cells.iter().filter(|c| c.flagged).count()), (246, 8));
    assert_eq!(set.classes, STATES);
    assert_eq!(set.channels, ["GFP"]);
    assert_eq!((set.shape, set.pixels.depth()), (CropShape { h: 64, w: 64, c: 1 }, Depth::Uint8));
    assert!(set.cells.iter().all(|c| c.y.is_some() && c.x.is_some() && c.frame.is_some()));
    let first = &set.cells[0];
    assert_eq!(
        first.name,
        "annotation_02-07-2021--17-01-42/Interphase/Interphase_02-07-2021--17-01-42_0.tif"
    );
    assert_eq!((first.frame, first.y), (Some(0.0), Some(121.071_332_516_079_7)));
    assert_eq!(first.source, "annotation_02-07-2021--17-01-42.zip");
    assert_eq!(groups(&set), 246);
    let whole = open(&[data("mdck_annotator")], &ReadOptions::default(), &unwatched)?;
    assert_eq!((whole.len(), whole.provenance["n_flagged_left_out"].as_u64()), (238, Some(8)));
    Ok(())
}

#[test]
fn table_joins_groups_and_filters() -> Result {
    let table = Some(data("mdck_annotator/unique_patches.csv"));
    // One zip carries another session's name inside, which is the one that the table has.
    let mut options = ReadOptions { table, flagged: true, ..ReadOptions::default() };
    let all = open(&[data("mdck_annotator")], &options, &unwatched)?;
    assert_eq!(all.len(), 241);
    options.filters =
        vec!["no_cell=0".parse().expect("a filter"), "class!=Apoptosis".parse().expect("a filter")];
    let kept = open(&[data("mdck_annotator")], &options, &unwatched)?;
    assert_eq!(kept.len(), 204);
    assert!(groups(&kept) < 204);
    assert_eq!(kept.provenance["table"]["n_unlisted"], 5);
    assert_eq!(counts(&kept)[4], 0);
    Ok(())
}

#[test]
fn imaging_flow_cytometry_keeps_sixteen_bits_and_channel_names() -> Result {
    let set = open(&[data("jurkat_ifc/cells.npz")], &ReadOptions::default(), &unwatched)?;
    assert_eq!(set.len(), 2393);
    assert_eq!((set.shape, set.pixels.depth()), (CropShape { h: 40, w: 40, c: 3 }, Depth::Uint16));
    assert_eq!(set.channels, ["Ch3_brightfield", "Ch4_PI_DNA", "Ch6_darkfield"]);
    assert_eq!(set.classes.len(), 7);
    let anaphase = set.classes.iter().position(|c| c.starts_with("Ana")).expect("a class of anaphase");
    assert_eq!(counts(&set)[anaphase], 11);
    // The first four values of the first channel of the first cell.
    let mut crop = vec![0.0; set.shape.len()];
    set.pixels.copy_to(0, &mut crop);
    assert_eq!([crop[0], crop[3], crop[6], crop[9]], [692.0, 681.0, 674.0, 682.0]);
    Ok(())
}

#[test]
fn blood_cells_are_selected_by_split() -> Result {
    let path = [data("pbc_blood/pbc_28.npz")];
    let set = open(&path, &ReadOptions::default(), &unwatched)?;
    assert_eq!((set.len(), set.classes.len(), set.shape), (13_671, 8, CropShape { h: 28, w: 28, c: 3 }));
    assert_eq!(set.cells[0].name, "basophil/BA_101381.jpg");
    let part = |split: &str| {
        open(&path, &ReadOptions { split: Some(split.to_owned()), ..ReadOptions::default() }, &unwatched)
    };
    assert_eq!(part("train")?.len() + part("val")?.len(), 13_671);
    let error = part("test").expect_err("no such split").to_string();
    assert!(error.contains("\"test\"") && error.contains("found train, val"), "{error}");
    Ok(())
}

#[test]
fn class_folders_need_a_fit_and_take_slides_as_groups() -> Result {
    let path = [data("malaria_nih/valid_set")];
    let error = open(&path, &ReadOptions::default(), &unwatched).expect_err("sizes differ").to_string();
    assert!(error.contains("sizes: ") && error.contains("of them"), "{error}");
    let options = ReadOptions {
        fit: Some(Fit { method: FitMethod::Resize, size: 64 }),
        group: GroupBy::Pattern(r"^C\d+(P\d+)?".to_owned()),
        ..ReadOptions::default()
    };
    let set = open(&path, &options, &unwatched)?;
    assert_eq!(set.len(), 600);
    assert_eq!(set.classes, ["Parasitized", "Uninfected"]);
    assert_eq!(set.channels, ["red", "green", "blue"]);
    assert_eq!(groups(&set), 159);
    assert_eq!(set.provenance["fit"]["method"], "resize");
    Ok(())
}

#[test]
fn smear_fields_are_whole_jpegs() -> Result {
    let mut files: Vec<PathBuf> = std::fs::read_dir(data("bccd/BCCD/JPEGImages"))
        .expect("a folder of images")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 364);
    for file in files.iter().step_by(10) {
        assert_eq!(image::read(file)?.shape, CropShape { h: 480, w: 640, c: 3 }, "{}", file.display());
    }
    Ok(())
}

#[test]
fn tiff_files_of_every_kind_are_read_or_refused() {
    let listed = Table::read(&data("formats/inventory.csv")).expect("the inventory");
    let (Some(Column::Text(names)), Some(Column::Int(bytes))) =
        (listed.column("file"), listed.column("bytes"))
    else {
        panic!("columns \"file\" and \"bytes\" in inventory.csv")
    };
    let small = names.iter().zip(bytes).filter(|(_, bytes)| bytes.is_some_and(|b| b < 1_000_000));
    let tiffs: Vec<&String> = small.filter_map(|(name, _)| name.as_ref()).collect();
    let n_read = tiffs.iter().filter(|name| image::read(&data("formats").join(name)).is_ok()).count();
    assert!(tiffs.len() > 100 && n_read > 50, "{n_read} of {} read", tiffs.len());
}
