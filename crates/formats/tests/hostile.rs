//! Files made to do harm are refused with path, expected and found; nothing panics and nothing is written.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use cells::{Cell, CellSet, CropShape, Pixels};
use formats::annotation::{self, Annotation, AnnotationOptions};
use formats::model::{ModelFile, Tensor};
use formats::npz::{self, NpzOptions};
use formats::source::{ReadOptions, open};
use formats::table::Table;
use formats::{FormatError, ZipLimits, atomic, crops, image, movie, npy, unwatched};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A zip of members.
fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(bytes).expect("its content");
    }
    zip.finish().expect("a zip").into_inner()
}

fn cells(n: usize) -> CellSet {
    let shape = CropShape { h: 4, w: 4, c: 1 };
    let cell = |i: usize| Cell {
        name: format!("cell {i}"),
        class: Some(i % 2),
        group: format!("group {}", i / 2),
        source: "made".to_owned(),
        y: Some(i as f64),
        x: Some(0.5),
        ..Cell::default()
    };
    CellSet {
        shape,
        pixels: Pixels::Uint16((0..n * shape.len()).map(|i| i as u16).collect()),
        cells: (0..n).map(cell).collect(),
        classes: vec!["A".to_owned(), "B".to_owned()],
        channels: vec!["DNA".to_owned()],
        provenance: serde_json::json!({ "made": true }),
    }
}

fn annotation_zip(set: &CellSet) -> Vec<u8> {
    let dir = folder();
    let path = dir.path().join("a.zip");
    let facts = Annotation { session: "s".to_owned(), layers: vec![("DNA".to_owned(), "m.tif".to_owned())] };
    annotation::write_zip(&path, set, &facts).expect("a zip");
    std::fs::read(path).expect("its bytes")
}

fn read_zip(bytes: &[u8], limits: ZipLimits) -> Result<CellSet, FormatError> {
    let options = AnnotationOptions { limits, ..AnnotationOptions::default() };
    annotation::read_bytes(Path::new("a.zip"), bytes, &options)
}

/// The message of a refusal, which has all three parts.
fn refusal<T>(result: Result<T, FormatError>) -> String {
    let Err(error) = result else { panic!("was not refused") };
    assert!(!error.path.as_os_str().is_empty() && !error.expected.is_empty() && !error.found.is_empty());
    error.to_string()
}

/// Each 1/50 of a file is refused.
fn check_truncations<T>(name: &str, bytes: &[u8], parse: impl Fn(&[u8]) -> Result<T, FormatError>) {
    assert!(parse(bytes).is_ok(), "{name} is whole");
    for k in 0..50 {
        let cut = &bytes[..bytes.len() * k / 50];
        assert!(parse(cut).is_err(), "{name} cut at {k}/50 was read");
    }
}

#[test]
fn truncated_files_of_every_kind() {
    let path = Path::new("a");
    check_truncations("annotation zip", &annotation_zip(&cells(4)), |b| read_zip(b, ZipLimits::default()));
    for name in ["u1_nhw.npy", "f8_nhwc.npy", "u2_big_endian.npy"] {
        check_truncations(name, &data(name), |b| npy::parse(path, b, None));
    }
    check_truncations("npz", &data("text_labels.npz"), |b| npz::parse(path, b, &NpzOptions::default()));
    for name in [
        "grey8_lzw.tif",
        "grey16_deflate.tif",
        "rgb8_planar.tif",
        "rgb8_bigtiff.tif",
        "two_channels_as_pages.tif",
        "grey8.png",
        "grey16.png",
        "rgb8.png",
        "flat.jpg",
    ] {
        check_truncations(name, &data(name), |b| image::parse(path, b));
    }
    check_truncations("model", &data("model.safetensors"), |b| ModelFile::parse(path, b));
    check_truncations("table", &data("table.parquet"), |b| Table::parse(path, b.to_vec()));
}

#[test]
fn truncated_crop_sets() {
    let dir = folder();
    let path = dir.path().join("a.crops");
    for name in ["pixels.npy", "cells.parquet", "crops.json"] {
        crops::write(&path, &cells(6)).expect("a crop set");
        let file = path.join(name);
        let whole = std::fs::read(&file).expect("its bytes");
        check_truncations(name, &whole, |bytes| {
            std::fs::write(&file, bytes).expect("a cut file");
            crops::CropFile::open(&path).and(crops::read(&path))
        });
    }
}

#[test]
fn zip_bombs_are_stopped_while_inflating() {
    let zeros = vec![0; 3 << 20];
    let bomb = zip_of(&[("A/a_0.tif", &zeros), ("A/a_1.tif", &zeros)]);
    let member = ZipLimits { member_bytes: 1 << 20, ..ZipLimits::default() };
    assert!(refusal(read_zip(&bomb, member)).contains("at most 1048576 bytes when inflated"));
    let tif = data("grey8_lzw.tif");
    let many = zip_of(&[("A/a_0.tif", &tif), ("A/a_1.tif", &tif), ("A/a_2.tif", &tif)]);
    let total = ZipLimits { total_bytes: tif.len() as u64 * 2, ..ZipLimits::default() };
    let message = refusal(read_zip(&many, total));
    assert!(message.contains("A/a_2.tif") && message.contains("inflated"), "{message}");
    let few = ZipLimits { n_members: 2, ..ZipLimits::default() };
    assert!(refusal(read_zip(&many, few)).contains("at most 2 members"));
}

#[test]
fn zip_bombs_are_stopped_by_their_ratio() {
    // 100 MiB of zeros in 100 kB.
    let zeros = vec![0; 100 << 20];
    let bomb = zip_of(&[
        ("images.npy", &zeros[..50 << 20]),
        ("labels.npy", &zeros[..50 << 20]),
        ("A/a.tif", &zeros),
    ]);
    let message = refusal(npz::parse(Path::new("a.npz"), &bomb, &NpzOptions::default()));
    assert!(message.contains(".npy header"), "{message}");
    let mut array = data("u1_nhw.npy");
    let header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (104857600, 1, 1), }";
    array[10..128].fill(b' ');
    array[10..10 + header.len()].copy_from_slice(header);
    array.truncate(128);
    array.extend(&zeros);
    let bomb = zip_of(&[("images.npy", &array)]);
    let message = refusal(npz::parse(Path::new("a.npz"), &bomb, &NpzOptions::default()));
    assert!(message.contains("when inflated"), "{message}");
}

#[test]
fn a_size_that_lies_is_not_believed() {
    let mut bomb = zip_of(&[("A/a_0.tif", &vec![0; 3 << 20])]);
    // The inflated size, in the local and in the central header.
    let lie = (3_u32 << 20).to_le_bytes();
    let places: Vec<usize> = (0..bomb.len() - 4).filter(|&i| bomb[i..i + 4] == lie).collect();
    assert!(!places.is_empty(), "the size is in the headers");
    for at in places {
        bomb[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let limits = ZipLimits { member_bytes: 1 << 20, ..ZipLimits::default() };
    assert!(refusal(read_zip(&bomb, limits)).contains("A/a_0.tif"));
}

#[test]
fn names_that_leave_the_archive_links_and_secrets() {
    let tif = data("grey8_lzw.tif");
    for name in ["../A/a_0.tif", "A/../../a_0.tif", "/A/a_0.tif", "A\\a_0.tif", "C:/a_0.tif"] {
        let message = refusal(read_zip(&zip_of(&[(name, &tif)]), ZipLimits::default()));
        assert!(message.contains("a name inside the archive"), "{name}: {message}");
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("A/a_0.tif", "/etc/passwd", SimpleFileOptions::default()).expect("a link");
    let linked = zip.finish().expect("a zip").into_inner();
    assert!(refusal(read_zip(&linked, ZipLimits::default())).contains("found a link"));
    // Bit 0 of the flags, at 6 of the local header and at 8 of the central one.
    let mut secret = zip_of(&[("A/a_0.tif", &tif)]);
    let central = secret.windows(4).position(|w| w == b"PK\x01\x02").expect("a central header");
    secret[6] |= 1;
    secret[central + 8] |= 1;
    assert!(refusal(read_zip(&secret, ZipLimits::default())).contains("an encrypted one"));
}

#[test]
fn names_that_occur_twice() {
    let tif = data("grey8_lzw.tif");
    let mut twice = zip_of(&[("A/a_0.tif", &tif), ("A/a_1.tif", &tif)]);
    let places: Vec<usize> = (0..twice.len() - 9).filter(|&i| &twice[i..i + 9] == b"A/a_1.tif").collect();
    for at in places {
        twice[at + 4] = b'0';
    }
    assert!(refusal(read_zip(&twice, ZipLimits::default())).contains("unique names"));
    let mut set = cells(4);
    set.cells[3].name = "cell 0".to_owned();
    let dir = folder();
    assert!(refusal(crops::write(&dir.path().join("a.crops"), &set)).contains("\"cell 0\" twice"));
    assert!(refusal(Table::parse(Path::new("a.csv"), b"a,a\n1,2\n".to_vec())).contains("\"a\" twice"));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[test]
fn states_that_differ_are_both_shown() {
    let dir = folder();
    let tif = data("grey8_lzw.tif");
    let paths: Vec<PathBuf> = ["annotation_1.zip", "annotation_2.zip"].map(|n| dir.path().join(n)).to_vec();
    for (path, states) in paths.iter().zip([r#"{"states":{"A":0,"B":1}}"#, r#"{"states":{"A":1,"B":0}}"#]) {
        std::fs::write(path, zip_of(&[("A/a_0.tif", &tif), ("s.json", states.as_bytes())])).expect("a zip");
    }
    let message = refusal(open(&[dir.path().to_path_buf()], &ReadOptions::default(), &unwatched));
    assert!(message.contains(r#"{"A":0,"B":1}"#) && message.contains(r#"{"A":1,"B":0}"#), "{message}");
    std::fs::remove_file(&paths[1]).expect("one less");
    assert_eq!(
        open(&[dir.path().to_path_buf()], &ReadOptions::default(), &unwatched).expect("one zip").classes,
        ["A", "B"]
    );
}

#[test]
fn metadata_that_is_none() {
    let tif = data("grey8_lzw.tif");
    let with = |json: &str| {
        refusal(read_zip(&zip_of(&[("A/a_0.tif", &tif), ("s.json", json.as_bytes())]), ZipLimits::default()))
    };
    assert!(with("[1]").contains("JSON"));
    assert!(with(r#"{"states":{"B":0}}"#).contains("one of the classes B"));
    assert!(with(r#"{"states":{"A":0,"B":0}}"#).contains("a number of its own"));
    assert!(with(r#"{"coords-0":[1],"coords-1":[1,2]}"#).contains("1 values on each axis"));
    let two = zip_of(&[("A/a_0.tif", &tif), ("s.json", b"{}"), ("t.json", b"{}")]);
    assert!(refusal(read_zip(&two, ZipLimits::default())).contains("one JSON file"));
    // Deeply nested JSON must not exhaust the stack.
    assert!(with(&"[".repeat(1 << 20)).contains("JSON"));
}

#[test]
fn headers_that_promise_too_much() {
    let path = Path::new("a");
    let mut header = (1_u64 << 30).to_le_bytes().to_vec();
    header.extend(b"{}");
    assert!(refusal(ModelFile::parse(path, &header)).contains("a length of 1073741824"));
    let dir = folder();
    let file = dir.path().join("a.safetensors");
    std::fs::write(&file, &header).expect("a file");
    assert!(refusal(ModelFile::read(&file)).contains("a length of 1073741824"));
    let mut array = data("u1_nhw.npy");
    let shape = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 99999, 9), }";
    array[10..10 + shape.len()].copy_from_slice(shape);
    assert!(refusal(npy::parse(path, &array, None)).contains("bytes of values"));
    let shape = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 9999999999, 9), }";
    array[10..10 + shape.len()].copy_from_slice(shape);
    assert!(refusal(npy::parse(path, &array, None)).contains("fits in memory"));
    let mut png = data("grey8.png");
    png[16..20].copy_from_slice(&u32::MAX.to_be_bytes()[..]);
    refusal(image::parse(path, &png));
}

#[test]
fn types_and_magic_that_are_unknown() {
    let path = Path::new("cells.npy");
    assert_eq!(
        refusal(npy::parse(path, b"PK\x03\x04rest of it", None)),
        r#"cells.npy: expected a .npy header, found "PK\x03\x04rest""#
    );
    let mut array = data("u1_nhw.npy");
    let at = array.windows(3).position(|w| w == b"|u1").expect("a type");
    array[at..at + 3].copy_from_slice(b"<c8");
    assert!(refusal(npy::parse(path, &array, None)).contains("<c8"));
    for bytes in [&b""[..], b"GIF89a", b"II*", b"\x89PN"] {
        assert!(refusal(image::parse(path, bytes)).contains("a PNG, JPEG or TIFF image"));
    }
    let dir = folder();
    let file = dir.path().join("a.txt");
    std::fs::write(&file, "words").expect("a file");
    assert!(refusal(open(&[file], &ReadOptions::default(), &unwatched)).contains(r#"found "words""#));
}

#[test]
fn nothing_to_read() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    assert!(refusal(open(&[], &ReadOptions::default(), &unwatched)).contains("at least one source"));
    assert!(
        refusal(open(&[at("none")], &ReadOptions::default(), &unwatched)).contains("found nothing there")
    );
    std::fs::create_dir_all(at("empty/A")).expect("folders");
    std::fs::create_dir_all(at("empty/B")).expect("folders");
    std::fs::write(at("empty/A/a.tif"), data("grey8_lzw.tif")).expect("a file");
    let message = refusal(open(&[at("empty")], &ReadOptions::default(), &unwatched));
    assert!(message.contains("empty/B: expected images"), "{message}");
    std::fs::create_dir(at("void")).expect("a folder");
    assert!(refusal(open(&[at("void")], &ReadOptions::default(), &unwatched)).contains("found none"));
    std::fs::write(at("empty.zip"), zip_of(&[("s.json", b"{}")])).expect("a zip");
    assert!(
        refusal(open(&[at("empty.zip")], &ReadOptions::default(), &unwatched))
            .contains("at least one patch, found none")
    );
    let mut zero = data("u1_nhw.npy");
    let header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4, 5), }   ";
    zero[10..10 + header.len()].copy_from_slice(header);
    zero.truncate(128);
    assert!(refusal(npy::parse(Path::new("a.npy"), &zero, None)).contains("at least one cell"));
}

#[test]
fn sizes_and_depths_that_differ_are_listed() {
    let dir = folder();
    let class = dir.path().join("A");
    std::fs::create_dir(&class).expect("a folder");
    for name in ["grey8_lzw.tif", "grey8.png", "rgb8.png"] {
        std::fs::write(class.join(name), data(name)).expect("a file");
    }
    let message = refusal(open(&[dir.path().to_path_buf()], &ReadOptions::default(), &unwatched));
    assert!(message.contains("2 sizes: 6x7x1 (2 of them), 6x7x3 (1 of them)"), "{message}");
    std::fs::remove_file(class.join("rgb8.png")).expect("one less");
    std::fs::write(class.join("grey16.png"), data("grey16.png")).expect("a file");
    let message = refusal(open(&[dir.path().to_path_buf()], &ReadOptions::default(), &unwatched));
    assert!(
        message.contains("uint8 in A/grey8.png") || message.contains("uint16 in A/grey16.png"),
        "{message}"
    );
}

#[test]
fn files_that_cannot_be_read_or_written() {
    let dir = folder();
    let path = dir.path().join("a.npy");
    std::fs::create_dir(&path).expect("a folder");
    assert!(refusal(npy::read(&path, None)).contains("found a folder"));
    assert!(refusal(npy::read(Path::new("/dev/zero"), None)).contains("found a device"));
    // A regular file that the system refuses to read, whoever asks.
    let unreadable = Path::new("/proc/self/mem");
    if unreadable.exists() {
        assert!(refusal(ModelFile::read(unreadable)).contains("/proc/self/mem"));
    }
    let table = Table::default();
    assert!(refusal(table.write(&dir.path().join("a.txt"))).contains(".csv or .parquet"));
    assert!(refusal(table.write(&dir.path().join("none/a.csv"))).contains("found nothing there"));
    std::fs::write(path.join("thesis.txt"), "mine").expect("a file");
    assert!(refusal(crops::write(&path, &cells(2))).contains("left alone"));
    assert!(refusal(table.write(Path::new("/dev/full"))).contains("found"));
    assert!(Path::new("/dev/full").exists());
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let dir = folder();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "before").expect("a file");
    let result = atomic::write_file(&path, |out| {
        out.write_all(b"half")?;
        // The error of a full disk, from the system itself.
        std::fs::OpenOptions::new().write(true).open("/dev/full")?.write_all(b"more")
    });
    assert!(refusal(result).contains("found a full disk"));
    assert_eq!(std::fs::read(&path).expect("the file"), b"before");
    let crops = dir.path().join("a.crops");
    let result = atomic::write_folder(&crops, crops::MARK, |folder| {
        std::fs::write(folder.join("pixels.npy"), "half").expect("a file");
        Err(FormatError::new(folder.join("pixels.npy"), "room", "none"))
    });
    assert!(refusal(result).contains("a.crops/pixels.npy: expected room"), "as the user knows it");
    std::fs::create_dir(&crops).expect("an empty folder");
    let done = atomic::write_folder(&crops, crops::MARK, |folder| {
        std::fs::write(folder.join("pixels.npy"), "whole").map_err(|e| FormatError::io(folder, "room", &e))
    });
    assert!(done.is_ok() && crops.join("pixels.npy").is_file(), "an empty folder is as good as none");
    std::fs::remove_dir_all(&crops).expect("a folder");
    let names: Vec<_> =
        std::fs::read_dir(dir.path()).expect("a folder").map(|e| e.map(|e| e.file_name())).collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn movies_and_models_that_contradict_themselves() {
    let dir = folder();
    let page =
        |h: usize| image::Image { shape: CropShape { h, w: 3, c: 1 }, pixels: Pixels::Uint8(vec![1; 3 * h]) };
    let path = dir.path().join("a.tif");
    let scale = movie::Scale::default();
    assert!(refusal(movie::write(&path, 2, [page(3), page(4)], scale)).contains("another shape"));
    assert!(refusal(movie::write(&path, 3, [page(3), page(3)], scale)).contains("2 given"));
    let tensor =
        |name: &str, n: usize| Tensor { name: name.to_owned(), shape: vec![2], values: vec![0.0; n] };
    let model = |tensors| ModelFile { tensors, ..ModelFile::default() };
    assert!(refusal(model(vec![tensor("a", 3)]).write(&path)).contains("2 values"));
    assert!(refusal(model(vec![tensor("a", 2), tensor("a", 2)]).write(&path)).contains("unique names"));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}
