//! Every image of the collection is read as tifffile reads it, or refused by name.

use std::path::{Path, PathBuf};

use formats::FormatError;
use formats::microscope::{At, Image, Values, Window};
use sha2::{Digest, Sha256};

/// The collection of images, which lies beside the project.
pub fn collection() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/formats");
    assert!(path.is_dir(), "{}: the tests need these data", path.display());
    path
}

/// A row of `pixels.csv`.
struct Row {
    file: String,
    axes: String,
    shape: Vec<usize>,
    dtype: String,
    /// Empty for files that must be refused.
    sha256: String,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(collection().join("pixels.csv")).expect("the table of pixels");
    let row = |line: &str| {
        let [file, axes, shape, dtype, sha256] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}: expected five columns")
        };
        Row {
            file: file.to_owned(),
            axes: axes.to_owned(),
            shape: shape.split('x').filter(|n| !n.is_empty()).map(|n| n.parse().expect("a size")).collect(),
            dtype: dtype.to_owned(),
            sha256: sha256.to_owned(),
        }
    };
    text.lines().skip(1).map(row).collect()
}

/// Bytes of the first field in the order of `axes`, little-endian: samples are channels here, the last axis there
/// when they are interleaved.
fn pixels(image: &Image, axes: &str) -> Result<Vec<u8>, FormatError> {
    let field = image.field(0)?;
    let facts = field.facts().clone();
    let size = facts.dtype.size();
    let mut out = Vec::new();
    const { assert!(cfg!(target_endian = "little")) };
    if axes.contains("CZ") {
        for (t, c, z) in (0..facts.n_t)
            .flat_map(|t| (0..facts.channels.len()).flat_map(move |c| (0..facts.n_z).map(move |z| (t, c, z))))
        {
            out.extend_from_slice(field.plane(At { t, z, c })?.values.bytes());
        }
        return Ok(out);
    }
    for t in 0..facts.n_t {
        for z in 0..facts.n_z {
            let planes = field.channels(t, z)?;
            if axes.ends_with('S') {
                for i in 0..field.h() * field.w() {
                    planes.iter().for_each(|p| out.extend_from_slice(&p.values.bytes()[i * size..][..size]));
                }
            } else {
                planes.iter().for_each(|p| out.extend_from_slice(p.values.bytes()));
            }
        }
    }
    Ok(out)
}

/// What a file uses that is refused by its name.
fn refused_by_name(file: &str) -> Option<&'static str> {
    let names = [
        ("webp", "WebP"),
        ("fax", "CCITT"),
        ("g4", "CCITT"),
        ("group4", "CCITT"),
        ("g3test", "CCITT"),
        ("logluv", "SGILog"),
        ("off_l", "SGILog"),
        ("text.tif", "ThunderScan"),
        ("smallliz", "old-style JPEG"),
        ("zackthecat", "old-style JPEG"),
        ("ycbcr-cat", "YCbCr"),
    ];
    names.iter().find(|(part, _)| file.contains(part)).map(|(_, name)| *name)
}

#[test]
fn every_image_has_the_pixels_that_tifffile_reads() {
    let (mut n_equal, mut n_refused, mut wrong) = (0, 0, Vec::new());
    for row in rows() {
        let path = collection().join(&row.file);
        let image = Image::open(&path);
        let found = image.as_ref().map_err(Clone::clone).and_then(|i| pixels(i, &row.axes));
        match (refused_by_name(&row.file), found) {
            (Some(name), Err(e)) if e.to_string().contains(name) => n_refused += 1,
            (None, Err(_)) if row.sha256.is_empty() => n_refused += 1,
            (Some(name), found) => wrong.push(format!("{}: {name}: {:?}", row.file, found.err())),
            (None, Err(e)) => wrong.push(e.to_string()),
            // Within two is asked; libjpeg's decode can be had exactly.
            (None, Ok(bytes)) if row.sha256.starts_with("within 2 of ") => {
                let stored = std::fs::read(collection().join(&row.sha256["within 2 of ".len()..]))
                    .expect("its decode");
                let stored = &stored[stored.len() - bytes.len()..];
                let n_differ = stored.iter().zip(&bytes).filter(|(a, b)| a != b).count();
                if n_differ > 0 {
                    wrong.push(format!("{}: {n_differ} of {} differ", row.file, bytes.len()));
                }
                n_equal += 1;
            }
            (None, Ok(bytes)) => {
                let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
                let dtype = image.expect("it was read").field(0).expect("a field").facts().dtype.name();
                let n: usize = row.shape.iter().product();
                let same_type = row.dtype == dtype || (row.dtype, dtype) == ("bool".to_owned(), "uint8");
                if hash != row.sha256 || !same_type {
                    wrong.push(format!("{}: {} values of {n}, {dtype}", row.file, bytes.len()));
                }
                n_equal += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_equal > 180 && n_refused > 15, "{n_equal} equal, {n_refused} refused");
}

#[test]
fn windows_are_parts_of_planes() {
    let n_checked = rows().into_iter().filter(|row| !row.sha256.is_empty()).filter(|row| {
        let Ok(image) = Image::open(&collection().join(&row.file)) else { return false };
        let field = image.field(0).expect("a field");
        let (h, w, c) = (field.h(), field.w(), field.facts().channels.len() - 1);
        let at = At { t: field.facts().n_t - 1, z: field.facts().n_z - 1, c };
        let whole = field.plane(at).expect("a plane").values.to_f32();
        let window = Window { y: h / 3, x: w / 4, h: (h / 2).max(1), w: (w / 2).max(1) };
        let part = field.region(0, at, window).expect("a window").values.to_f32();
        for (i, value) in part.iter().enumerate() {
            let (y, x) = (window.y + i / window.w, window.x + i % window.w);
            assert_eq!(value.to_bits(), whole[y * w + x].to_bits(), "{}: row {y}, column {x}", row.file);
        }
        true
    });
    assert!(n_checked.count() > 150);
}

#[test]
fn broken_files_do_no_harm() {
    let folder = collection().join("image-tiff/fuzz_images");
    let mut folders = vec![folder];
    let (mut n, mut n_refused) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                // Some are small images all the same; what matters is that the others are refused without a panic.
                let read = Image::open(&path).and_then(|image| pixels(&image, "YX"));
                n_refused += usize::from(read.is_err());
                n += 1;
            }
        }
    }
    assert!(n > 50 && n_refused > 50, "{n_refused} of {n} files refused");
}

#[test]
fn axes_and_sizes_of_ome_and_imagej() {
    let facts = |name: &str| {
        let image = Image::open(&collection().join("made").join(name)).expect("an image");
        (image.format(), image.field(0).expect("a field").facts().clone())
    };
    let (format, ome) = facts("ome_tczyx_u16.ome.tif");
    assert_eq!(format, "OME-TIFF");
    assert_eq!((ome.n_t, ome.n_z, ome.channels.join("|")), (3, 2, "H2B-GFP|Phase".to_owned()));
    assert_eq!((ome.sizes.x_um, ome.sizes.y_um, ome.sizes.t_s), (Some(0.325), Some(0.325), Some(240.0)));
    let (_, ome) = facts("ome_cyx_f32.ome.tif");
    assert_eq!(ome.channels, ["DAPI", "GFP", "Phase"]);
    let (format, imagej) = facts("imagej_tzcyx_u16.tif");
    assert_eq!(format, "ImageJ TIFF");
    assert_eq!((imagej.n_t, imagej.n_z, imagej.channels.len()), (3, 2, 2));
    assert_eq!((imagej.sizes.z_um, imagej.sizes.t_s), (Some(1.5), Some(240.0)));
    assert!((imagej.sizes.x_um.expect("a size") - 1.0 / 3.0).abs() < 1e-9);
    let (_, stacked) = facts("imagej_truncated_one_ifd.tif");
    assert_eq!((stacked.n_t, stacked.channels.len()), (6, 1));
}

#[test]
fn pyramid_levels_are_read() {
    let image = Image::open(&collection().join("made/ome_pyramid_tiled_lzw.ome.tif")).expect("an image");
    let field = image.field(0).expect("a field");
    let levels: Vec<_> = field.facts().levels.iter().map(|l| (l.h, l.w)).collect();
    assert_eq!(levels, [(96, 128), (48, 64)]);
    let (Values::U16(full), Values::U16(half)) = (
        field.plane(At::default()).expect("a plane").values,
        field.region(1, At::default(), Window { y: 0, x: 0, h: 48, w: 64 }).expect("a level").values,
    ) else {
        panic!("16 bits")
    };
    let every_second = (0..48 * 64).map(|i| full[i / 64 * 2 * 128 + i % 64 * 2]);
    assert!(every_second.eq(half.iter().copied()));
    let beyond = Window { y: 40, x: 0, h: 9, w: 64 };
    assert!(field.region(1, At::default(), beyond).is_err());
    assert!(field.region(2, At::default(), beyond).is_err());
    assert!(field.plane(At { t: 1, ..At::default() }).is_err());
}
