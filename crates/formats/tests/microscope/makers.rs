//! Files as makers of microscopes and other programs write them (`data/make_makers.py`), as tifffile reads them.

use std::io::Read;
use std::path::Path;

use formats::microscope::{At, Field, Image, Level, Values};
use tempfile::TempDir;
use zip::ZipArchive;

/// Unpacks the files.
fn unpacked() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/makers.zip");
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut archive = ZipArchive::new(file).expect("a zip");
    for i in 0..archive.len() {
        let mut member = archive.by_index(i).expect("a member");
        let path = folder.path().join(&*member.name().expect("a name"));
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("its bytes");
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

fn open(folder: &TempDir, name: &str) -> Field {
    Image::open(&folder.path().join(name)).and_then(|i| i.field(0)).unwrap_or_else(|e| panic!("{e}"))
}

/// All values in the order of the planes.
fn values(field: &Field) -> Vec<f32> {
    field.all().flat_map(|at| field.plane(at).expect("a plane").values.to_f32()).collect()
}

fn ramp(n: usize, factor: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7 % 251 * factor) as f32).collect()
}

#[test]
fn metamorph_stacks() {
    let folder = unpacked();
    for (name, n_t, n_z) in [("depth.stk", 1, 3), ("time.stk", 3, 1)] {
        let image = Image::open(&folder.path().join(name)).expect("a stack");
        assert_eq!(image.format(), "MetaMorph STK");
        let field = image.field(0).expect("a field");
        let facts = field.facts();
        assert_eq!((facts.n_t, facts.n_z, field.h(), field.w()), (n_t, n_z, 6, 5), "{name}");
        assert_eq!((facts.sizes.x_um, facts.sizes.y_um), (Some(0.325), Some(0.65)), "{name}");
        let steps = (facts.sizes.z_um, facts.sizes.t_s);
        assert_eq!(steps, if n_z > 1 { (Some(0.5), None) } else { (None, Some(1.5)) }, "{name}");
        assert_eq!(values(&field), ramp(90, 200), "{name}");
    }
    let whole = std::fs::read(folder.path().join("depth.stk")).expect("a file");
    for n in 0..whole.len() {
        let cut = Image::parse("cut.stk".as_ref(), whole[..n].to_vec());
        assert!(cut.and_then(|i| i.field(0)?.plane(At { z: 2, ..At::default() })).is_err(), "{n} bytes");
    }
}

#[test]
fn zeiss_lsm() {
    let folder = unpacked();
    for name in ["stack.lsm", "inline.lsm", "lzw.lsm"] {
        let image = Image::open(&folder.path().join(name)).expect("an LSM");
        assert_eq!((image.format(), image.places().len()), ("Zeiss LSM", 1));
        let field = image.field(0).expect("a field");
        let facts = field.facts();
        assert_eq!((facts.n_t, facts.n_z, field.h(), field.w()), (4, 3, 6, 5), "{name}");
        assert_eq!(facts.channels, ["Ch1-T1", "ChS1"]);
        let sizes = [facts.sizes.x_um, facts.sizes.y_um, facts.sizes.z_um, facts.sizes.t_s];
        for (found, expected) in sizes.into_iter().zip([0.2, 0.4, 1.5, 2.5]) {
            assert!(found.is_some_and(|x| (x - expected).abs() < 1e-12), "{name}: {found:?}");
        }
        assert_eq!(values(&field), ramp(720, 16), "{name}");
    }
    // The number of frames that were planned.
    let mut stopped = std::fs::read(folder.path().join("stack.lsm")).expect("a file");
    let dims: Vec<u8> = [3_u32, 2, 4].into_iter().flat_map(u32::to_le_bytes).collect();
    let at = stopped.windows(12).position(|bytes| bytes == dims).expect("the structure");
    stopped[at + 8] = 6;
    let field = Image::parse("stopped.lsm".as_ref(), stopped).and_then(|i| i.field(0)).expect("an LSM");
    assert_eq!(
        (field.facts().n_t, &field.facts().notes[..]),
        (4, &["the last 2 of 6 frames are missing".to_owned()][..])
    );
    assert_eq!(values(&field), ramp(720, 16));
    // Compressed, noise is longer than it was.
    let noise: Vec<f32> = values(&open(&folder, "noise.lsm"));
    assert_eq!((noise.len(), &noise[..5]), (30, &[207.0, 21.0, 45.0, 60.0, 46.0][..]));
}

#[test]
fn zeiss_lsm_of_positions_and_lines() {
    let folder = unpacked();
    let image = Image::open(&folder.path().join("positions.lsm")).expect("an LSM");
    assert_eq!(image.places().iter().map(|p| &p.name[..]).collect::<Vec<_>>(), ["position 0", "position 1"]);
    let (all, second) = (ramp(240, 16), image.field(1).expect("a field"));
    assert_eq!((second.facts().bits, second.facts().sizes.t_s), (12, Some(0.5)));
    assert_eq!(values(&second), [&all[120..150], &all[180..210]].concat());
    let line = Image::open(&folder.path().join("line.lsm")).expect_err("a line").to_string();
    assert!(line.contains("Zeiss LSM file of a scan along a line") && line.contains("ZEN"), "{line}");
    let whole = std::fs::read(folder.path().join("stack.lsm")).expect("a file");
    for n in 0..whole.len() {
        let cut = Image::parse("cut.lsm".as_ref(), whole[..n].to_vec());
        let last = At { t: 3, z: 2, c: 1 };
        // The thumbnail of the last plane is the last in the file.
        assert!(n + 140 > whole.len() || cut.and_then(|i| i.field(0)?.plane(last)).is_err(), "{n} bytes");
    }
}

#[test]
fn damaged_lsm_do_no_harm() {
    let folder = unpacked();
    let mut n_refused = 0;
    for name in ["stack.lsm", "lzw.lsm", "positions.lsm"] {
        let whole = std::fs::read(folder.path().join(name)).expect("a file");
        // A step without a common factor with what lies in the file.
        for k in 0..1500 {
            let mut bytes = whole.clone();
            bytes[k * 101 % whole.len()] = [0, 1, 0x7f, 0x80, 0xff][k % 5];
            let read = Image::parse("damaged.lsm".as_ref(), bytes).and_then(|image| {
                let field = image.field(image.places().len() - 1)?;
                field.all().try_for_each(|at| field.plane(at).map(drop))
            });
            n_refused += usize::from(read.is_err());
        }
    }
    assert!(n_refused > 100, "{n_refused}");
}

#[test]
fn floats_of_24_bits() {
    let folder = unpacked();
    let expected: [u32; 8] = [
        0x3f80_0000,
        0xc020_0000,
        0x1880_0000,
        0x5f7f_ff80,
        0x7f80_0000,
        0x2000_0000,
        0x2080_0000,
        0x8000_0000,
    ];
    for name in ["float24_little.tif", "float24_big.tif"] {
        let Values::F32(found) = open(&folder, name).plane(At::default()).expect("a plane").values else {
            panic!("{name}: single precision")
        };
        let found: Vec<u32> = found.iter().map(|v| v.to_bits()).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn strips_that_are_left_out_or_miscounted() {
    let folder = unpacked();
    assert_eq!(values(&open(&folder, "count_too_great.tif")), ramp(30, 1));
    let mut expected = ramp(30, 1);
    expected[10..20].fill(0.0);
    assert_eq!(values(&open(&folder, "left_out_strip.tif")), expected);
}

#[test]
fn a_level_that_is_not_read_makes_the_image_no_worse() {
    let field = open(&unpacked(), "empty_level.tif");
    assert_eq!(values(&field), ramp(30, 1));
    assert_eq!(field.facts().levels, [Level { h: 6, w: 5 }, Level { h: 3, w: 2 }]);
    let level = field.region(1, At::default(), field.whole(1).expect("a level")).expect("its pixels");
    assert_eq!(level.values.to_f32(), ramp(6, 1));
}

#[test]
fn metadata_in_another_image() {
    let folder = unpacked();
    for name in ["first.ome.tif", "second.ome.tif"] {
        assert_eq!(values(&open(&folder, name)), ramp(32, 1), "{name}");
    }
    std::fs::remove_file(folder.path().join("second.ome.tif")).expect("a file to remove");
    let field = open(&folder, "first.ome.tif");
    assert_eq!(field.facts().notes, ["files that the metadata name are missing: 1"]);
    let error = field.plane(At { z: 1, ..At::default() }).expect_err("a plane whose file is missing");
    assert!(error.to_string().contains("missing"), "{error}");
}

/// Damaged versions of each file.
const N_VERSIONS: u64 = 1000;

/// The next of a sequence of numbers that look random (a linear congruential generator, Knuth's constants).
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn damaged_files_are_read_or_refused() {
    let (mut n_refused, mut n_read) = (0, 0);
    for entry in std::fs::read_dir(unpacked().path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let whole = std::fs::read(&path).expect("a file");
        for version in 0..N_VERSIONS {
            let (mut bytes, mut state) = (whole.clone(), version);
            for _ in 0..1 + version % 6 {
                let at = next(&mut state) % bytes.len();
                // Extreme values find more than others.
                let values = [0, 1, 0x7f, 0x80, 0xff, next(&mut state) as u8];
                bytes[at] = values[next(&mut state) % values.len()];
            }
            let read = Image::parse(&path, bytes).and_then(|image| {
                let field = image.field(0)?;
                field.all().take(100).try_for_each(|at| field.plane(at).map(drop))
            });
            n_read += usize::from(read.is_ok());
            n_refused += usize::from(read.is_err());
        }
    }
    assert!(n_read > 1000 && n_refused > 1000, "{n_read} read, {n_refused} refused");
}
