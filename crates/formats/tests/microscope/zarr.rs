//! OME-Zarr: the public examples, and arrays that zarr-python wrote with every codec.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use formats::microscope::{At, Image, Window};
use tempfile::TempDir;
use zip::ZipArchive;

use super::pixels::collection;

/// Unpacks the arrays of `data/make_zarr.py`.
fn unpacked() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/zarr.zip");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    for i in 0..archive.len() {
        let mut member = archive.by_index(i).expect("a member");
        let path = folder.path().join(&*member.name().expect("a name"));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("its bytes");
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

fn images(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    found.sort();
    found
}

#[test]
fn every_codec_gives_the_values_that_were_written() {
    let folder = unpacked();
    let images = images(folder.path());
    assert_eq!(images.len(), 19);
    for path in images {
        let field = Image::open(&path).and_then(|i| i.field(0)).unwrap_or_else(|e| panic!("{e}"));
        let facts = field.facts();
        assert_eq!((facts.n_t, facts.n_z, field.h(), field.w()), (2, 3, 13, 21), "{}", path.display());
        assert_eq!(facts.channels, ["DNA", "tubulin"]);
        let sizes = facts.sizes;
        assert_eq!((sizes.t_s, sizes.z_um, sizes.y_um), (Some(240.0), Some(1.5), Some(0.325)));
        let window = Window { y: 5, x: 3, h: 7, w: 17 };
        for at in field.all() {
            let read = field.region(0, at, window).unwrap_or_else(|e| panic!("{e}"));
            for (i, value) in read.values.to_f32().into_iter().enumerate() {
                let (y, x) = (5 + i / 17, 3 + i % 17);
                let written = 9000 * at.t + 4000 * at.c + 900 * at.z + 30 * y + x;
                let written = if facts.dtype.size() == 1 { written % 251 } else { written };
                assert_eq!(value, written as f32, "{}: {at}, row {y}, column {x}", path.display());
            }
        }
    }
}

#[test]
fn planes_that_no_memory_holds_are_refused_and_their_parts_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let axis = |name: &str| serde_json::json!({ "name": name, "type": "space" });
    let image = serde_json::json!({ "multiscales": [{
        "version": "0.4",
        "axes": [axis("y"), axis("x")],
        "datasets": [{ "path": "0", "coordinateTransformations": [{ "type": "scale", "scale": [1, 1] }] }],
    }] });
    let array = serde_json::json!({
        "zarr_format": 2, "shape": [2_000_000_000, 2_000_000_000], "chunks": [1000, 1000], "dtype": "<u2",
        "compressor": null, "fill_value": 7, "order": "C", "filters": null,
    });
    std::fs::create_dir(folder.path().join("0")).expect("a folder");
    for (name, text) in [
        (".zgroup", r#"{ "zarr_format": 2 }"#.to_owned()),
        (".zattrs", image.to_string()),
        ("0/.zarray", array.to_string()),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let field = Image::open(folder.path()).expect("an image").field(0).expect("a field");
    let message = field.plane(At::default()).expect_err("too large").to_string();
    assert!(
        message.contains("bytes to read at once, found 2000000000 rows x 2000000000 columns"),
        "{message}"
    );
    let window = Window { y: 1_999_999_990, x: 1_000_000_000, h: 10, w: 20 };
    assert_eq!(field.region(0, At::default(), window).expect("a part").values.to_f32(), vec![7.0; 200]);
}

#[test]
fn damaged_chunks_are_refused_and_missing_ones_are_the_fill_value() {
    let folder = unpacked();
    for (name, chunk) in [
        ("v2_blosc_lz4.zarr", "0/0/0/0/0/0"),
        ("v3_shards.zarr", "0/c/0/0/0/0/0"),
        ("v3_zstd.zarr", "0/c/0/0/0/0/0"),
    ] {
        let path = folder.path().join(name);
        let field = Image::open(&path).expect("an image").field(0).expect("a field");
        let chunk = path.join(chunk);
        let whole = std::fs::read(&chunk).expect("a chunk");
        for k in 0..50 {
            std::fs::write(&chunk, &whole[..whole.len() * k / 50]).expect("a file");
            let error = field.plane(At::default()).expect_err("a chunk that is cut off");
            assert_eq!(error.path, chunk);
        }
        for at in 0..whole.len().min(200) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            std::fs::write(&chunk, damaged).expect("a file");
            let _ = field.plane(At::default());
        }
        std::fs::remove_file(&chunk).expect("a file to remove");
        let plane = field.plane(At::default()).expect("a plane");
        assert_eq!(plane.values.to_f32()[..8], [0.0; 8], "{name}");
    }
}

#[test]
fn valid_examples_open_and_invalid_ones_are_refused() {
    let examples = collection().join("ome-zarr-examples/data");
    let shape = |name: &str| {
        let image = Image::open(&examples.join(name)).unwrap_or_else(|e| panic!("{e}"));
        let field = image.field(image.places().len() - 1).expect("the last field");
        let facts = field.facts();
        let levels: Vec<_> = facts.levels.iter().map(|l| (l.h, l.w)).collect();
        assert!(field.plane(At::default()).is_ok(), "{name}");
        assert_eq!(facts.sizes.x_um, Some(1.0), "{name}");
        (image.places().len(), facts.n_t, facts.n_z, facts.channels.len(), levels)
    };
    assert_eq!(shape("valid/image-01.zarr"), (1, 1, 1, 1, vec![(1000, 1000)]));
    assert_eq!(shape("valid/image-02.zarr"), (1, 1, 1, 1, vec![(200, 200)]));
    assert_eq!(shape("valid/image-03.zarr"), (1, 1, 2, 1, vec![(100, 100)]));
    assert_eq!(shape("valid/image-04.zarr"), (1, 1, 2, 1, vec![(64, 64), (32, 32)]));
    assert_eq!(shape("warning/image-01.zarr").0, 1);
    let plate = Image::open(&examples.join("valid/plate-01.zarr")).expect("a plate");
    let wells: Vec<_> = plate.places().iter().filter_map(|p| p.well.as_deref()).collect();
    assert_eq!(wells, ["A1", "A2", "B1", "B2"]);
    assert!((0..4).all(|i| plate.field(i).is_ok_and(|f| f.plane(At::default()).is_ok())));
    let invalid = images(&examples.join("invalid"));
    assert_eq!(invalid.len(), 4);
    for path in invalid {
        assert!(Image::open(&path).is_err(), "{} was opened", path.display());
    }
}

#[test]
fn metadata_cannot_lead_out_of_the_folder() {
    let folder = unpacked();
    let path = folder.path().join("v2_gzip.zarr");
    let attributes = std::fs::read_to_string(path.join(".zattrs")).expect("attributes");
    for elsewhere in ["../v2_zstd.zarr/0", "/etc", "", "0/../0"] {
        let changed = attributes.replace("\"path\": \"0\"", &format!("\"path\": \"{elsewhere}\""));
        assert_ne!(changed, attributes);
        std::fs::write(path.join(".zattrs"), changed).expect("a file");
        let error = Image::open(&path).expect_err("a path out of the folder");
        assert!(error.to_string().contains("within the folder"), "{error}");
    }
}

#[test]
fn what_other_writers_say_in_their_own_way() {
    let folder = unpacked();
    let path = folder.path().join("v2_gzip.zarr");
    let rewrite = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(path.join(name)).expect("metadata");
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{name}: {from}");
        std::fs::write(path.join(name), changed).expect("a file");
    };
    let array: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path.join("0/.zarray")).expect("an array")).expect("its JSON");
    let fill = array["fill_value"].to_string();
    rewrite("0/.zarray", &format!("\"fill_value\": {fill}"), "\"fill_value\": \"0\"");
    assert!(Image::open(&path).is_ok());
    rewrite("0/.zarray", "\"fill_value\": \"0\"", "\"fill_value\": \"a\"");
    assert!(Image::open(&path).is_err());
    rewrite(".zattrs", "{", "{\"version\": \"0.6.dev2\",");
    let error = Image::open(&path).expect_err("another version").to_string();
    assert!(error.contains("0.6.dev2") && error.contains("0.1 to 0.5"), "{error}");
}
