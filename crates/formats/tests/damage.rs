//! Files with a few bytes changed are read or refused, without a panic.

use std::path::Path;

use formats::annotation::{self, AnnotationOptions};
use formats::labels::LabelImage;
use formats::model::ModelFile;
use formats::npz::{self, NpzOptions};
use formats::table::Table;
use formats::{image, npy};

/// Damaged versions of each file.
const N_VERSIONS: u64 = 400;

/// Whether the bytes were read.
fn read(name: &str, bytes: &[u8]) -> bool {
    let path = Path::new(name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("zip") => annotation::read_bytes(path, bytes, &AnnotationOptions::default()).is_ok(),
        Some("npy") => npy::parse(path, bytes, None).is_ok(),
        Some("npz") => npz::parse(path, bytes, &NpzOptions::default()).is_ok(),
        Some("safetensors") => ModelFile::parse(path, bytes).is_ok(),
        Some("parquet") => Table::parse(path, bytes.to_vec()).is_ok(),
        Some("png") if name.starts_with("palette") => labels(bytes),
        _ => image::parse(path, bytes).is_ok(),
    }
}

/// Whether they were read as labels, for which they must lie in a file.
fn labels(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("labels");
    std::fs::write(&path, bytes).expect("a file");
    LabelImage::open(&path).and_then(|labels| labels.frame(0)).is_ok()
}

/// The next of a sequence of numbers that look random (a linear congruential generator, Knuth's constants).
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let whole = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(read(name, &whole), "{name} is read when it is whole");
    let mut n_refused = 0;
    for version in 0..N_VERSIONS {
        let (mut bytes, mut state) = (whole.clone(), version);
        for _ in 0..1 + version % 6 {
            let at = next(&mut state) % bytes.len();
            // Extreme values find more than others.
            let values = [0, 1, 0x7f, 0x80, 0xff, next(&mut state) as u8];
            bytes[at] = values[next(&mut state) % values.len()];
        }
        n_refused += u64::from(!read(name, &bytes));
    }
    assert!(n_refused > 0, "{name}: no damage was noticed");
}

#[test]
fn damaged_zips_and_arrays() {
    ["annotation_two.zip", "text_labels.npz", "u1_nhw.npy", "f4_fortran.npy"].into_iter().for_each(check);
}

#[test]
fn damaged_images() {
    for name in [
        "grey8_lzw.tif",
        "grey16_deflate.tif",
        "rgb8_planar.tif",
        "rgb8_bigtiff.tif",
        "rgba8_transparent.png",
        "palette.png",
        "palette4.png",
    ] {
        check(name);
    }
    ["two_channels_as_pages.tif", "grey16.png", "rgb8.png", "flat.jpg"].into_iter().for_each(check);
}

#[test]
fn damaged_models_and_tables() {
    ["model.safetensors", "table.parquet"].into_iter().for_each(check);
}
