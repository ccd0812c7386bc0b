//! Which source is told to be what, and where groups come from.

use std::cell::RefCell;
use std::io::{Cursor, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cells::CellSet;
use formats::FormatError;
use formats::groups::{Filter, GroupBy};
use formats::source::{ReadOptions, open};
use formats::unwatched;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Result = std::result::Result<(), FormatError>;

const FILES: [&str; 4] = ["A/C1P2_s1.png", "A/C1_s2.png", "B/C3P2_s1.png", "B/C3P2_s2_flagged.png"];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Two class folders with two images each.
fn class_folders() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for file in FILES {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().expect("its folder")).expect("a folder");
        std::fs::copy(data("grey8.png"), path).expect("a copy");
    }
    std::fs::write(dir.path().join("A/Thumbs.db"), "litter").expect("a file");
    std::fs::write(dir.path().join("A/.hidden.png"), "litter").expect("a file");
    dir
}

fn read(dir: &TempDir, group: GroupBy) -> std::result::Result<CellSet, FormatError> {
    open(
        &[dir.path().to_path_buf()],
        &ReadOptions { flagged: true, group, ..ReadOptions::default() },
        &unwatched,
    )
}

fn groups(set: &CellSet) -> Vec<&str> {
    set.cells.iter().map(|c| c.group.as_str()).collect()
}

#[test]
fn class_folders_in_order_without_litter() -> Result {
    let dir = class_folders();
    let set = read(&dir, GroupBy::Known)?;
    let names: Vec<&str> = set.cells.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, FILES);
    assert_eq!(groups(&set), names);
    assert_eq!(set.provenance["n_ignored_files"], 1);
    let whole = open(&[dir.path().to_path_buf()], &ReadOptions::default(), &unwatched)?;
    assert_eq!(whole.len(), 3, "the flagged one is left out");
    Ok(())
}

/// Reads folder `A` of 600 images, of which `end_after` are told of before the reading is ended; what was told, and the outcome.
fn watched(end_after: usize) -> (Vec<(usize, usize)>, std::result::Result<CellSet, FormatError>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(dir.path().join("A")).expect("a folder");
    let png = std::fs::read(data("grey8.png")).expect("an image");
    (0..600).for_each(|i| std::fs::write(dir.path().join(format!("A/{i:03}.png")), &png).expect("a file"));
    let told = RefCell::new(Vec::new());
    let watch = |done, n| {
        told.borrow_mut().push((done, n));
        if done < end_after { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let read = open(&[dir.path().to_path_buf()], &ReadOptions::default(), &watch);
    (told.take(), read)
}

#[test]
fn many_files_are_read_in_their_order_while_told_of() {
    let (told, read) = watched(usize::MAX);
    let names: Vec<String> = read.expect("the cells").cells.into_iter().map(|cell| cell.name).collect();
    assert_eq!(names, (0..600).map(|i| format!("A/{i:03}.png")).collect::<Vec<_>>());
    assert_eq!(told, [(0, 600), (256, 600), (512, 600)]);
    let (told, read) = watched(256);
    assert_eq!(told.len(), 2);
    assert!(
        read.expect_err("a stop").to_string().ends_with("expected to read 600 files, found a stop after 256")
    );
}

#[test]
fn zips_of_class_folders_with_a_folder_around_them() -> Result {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let png = std::fs::read(data("grey8.png")).expect("an image");
    for root in ["", "export/"] {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for file in FILES.iter().rev().chain(&["__MACOSX/A/._C1.png"]) {
            zip.start_file(format!("{root}{file}"), SimpleFileOptions::default()).expect("a member");
            zip.write_all(&png).expect("its content");
        }
        let path = dir.path().join("cells.zip");
        std::fs::write(&path, zip.finish().expect("a zip").into_inner()).expect("a file");
        let set =
            open(&[path], &ReadOptions { group: GroupBy::Source, ..ReadOptions::default() }, &unwatched)?;
        assert_eq!((set.len(), &set.classes[..]), (3, &["A".to_owned(), "B".to_owned()][..]));
        assert_eq!(set.cells[0].name, "cells/A/C1P2_s1.png");
        assert_eq!(groups(&set), ["cells.zip"; 3]);
    }
    Ok(())
}

#[test]
fn patterns_take_a_named_group_parentheses_or_all() -> Result {
    let dir = class_folders();
    let by = |pattern: &str| read(&dir, GroupBy::Pattern(pattern.to_owned()));
    // Parentheses that a match need not fill cannot name a group.
    assert_eq!(groups(&by(r"^C\d+(P\d+)?")?), ["C1P2", "C1", "C3P2", "C3P2"]);
    assert_eq!(groups(&by(r"^C(\d+)")?), ["1", "1", "3", "3"]);
    assert_eq!(groups(&by(r"^C(\d+).*_(?<group>s\d)")?), ["s1", "s2", "s1", "s2"]);
    let message = by(r"P\d").expect_err("one has no P").to_string();
    assert!(message.contains("1 that do not: A/C1_s2.png"), "{message}");
    assert!(by("(").expect_err("no expression").to_string().contains("a regular expression"));
    Ok(())
}

#[test]
fn tables_keep_what_they_list_as_it_is_written() -> Result {
    let dir = class_folders();
    let table = dir.path().join("cells.csv");
    let read = |text: &str, filters: &[&str]| {
        std::fs::write(&table, text).expect("a table");
        let filters: Vec<Filter> = filters.iter().map(|f| f.parse().expect("a condition")).collect();
        let options = ReadOptions { table: Some(table.clone()), filters, ..ReadOptions::default() };
        open(&[dir.path().to_path_buf()], &options, &unwatched)
    };
    let text = "name,group,dose\nA/C1P2_s1.png,007,1.50\nC3P2_s1.png,08,1.5\nother.png,x,\n";
    let set = read(text, &[])?;
    assert_eq!(groups(&set), ["007", "08"]);
    assert_eq!(set.provenance["table"]["n_unlisted"], 1);
    assert_eq!(groups(&read(text, &["dose=1.50"])?), ["007"]);
    assert_eq!(groups(&read(text, &["dose!=1.50"])?), ["08"]);
    let refusal = |text, filters| read(text, filters).expect_err("refused").to_string();
    assert!(refusal(text, &["dose=9"]).contains("rows for at least one cell"));
    assert!(refusal(text, &["depth=9"]).contains("a column \"depth\", found name, group, dose"));
    assert!(refusal("id,group\na,1\n", &[]).contains("a column \"file\" or \"name\""));
    assert!(refusal("name\na\na\n", &[]).contains("\"a\" twice"));
    Ok(())
}

#[test]
fn conditions_are_column_and_value() {
    let filter: Filter = " no_cell = 0".parse().expect("a condition");
    assert_eq!((filter.column.as_str(), filter.value.as_str(), filter.keep), ("no_cell", "0", true));
    let filter: Filter = "class!=Ana=phase".parse().expect("a condition");
    assert_eq!((filter.column.as_str(), filter.value.as_str(), filter.keep), ("class", "Ana=phase", false));
    for text in ["no_cell", "=0", "!=0"] {
        assert!(text.parse::<Filter>().is_err(), "{text}");
    }
}

#[test]
fn folders_of_folders_are_refused() {
    let dir = class_folders();
    let nested = dir.path().join("B/inner");
    std::fs::create_dir(&nested).expect("a folder");
    let message = read(&dir, GroupBy::Known).expect_err("nested").to_string();
    assert!(message.contains("found folders: inner"), "{message}");
}
