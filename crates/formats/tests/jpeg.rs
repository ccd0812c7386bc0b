//! JPEG images are decoded to the bytes that libjpeg-turbo decodes them to; damaged ones are refused.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use cells::Pixels;
use formats::image;
use zip::ZipArchive;

/// The files of `data/make_jpeg.py`, by name.
fn files() -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/jpeg.zip");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let n = archive.len();
    let member = |i: usize| {
        let mut member = archive.by_index(i).expect("a member");
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("its bytes");
        (member.name().expect("a name").into_owned(), bytes)
    };
    (0..n).map(member).collect()
}

/// The images alone.
fn images() -> BTreeMap<String, Vec<u8>> {
    files().into_iter().filter(|(name, _)| name.ends_with(".jpg")).collect()
}

fn refusal(bytes: &[u8]) -> String {
    image::parse(Path::new("a.jpg"), bytes).expect_err("a refusal").to_string()
}

#[test]
fn codes_that_are_left_out_are_those_of_the_standard() {
    // Pillow writes them, unless it is told to optimise.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/flat.jpg");
    let whole = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut bare, mut rest, mut n) = (whole[..2].to_vec(), &whole[2..], 0);
    while let [0xff, code, high, low, ..] = *rest {
        let (segment, after) = rest.split_at(2 + usize::from(u16::from_be_bytes([high, low])));
        if code == 0xc4 {
            n += 1;
        } else {
            bare.extend(segment);
        }
        rest = after;
    }
    bare.extend(rest);
    let read = |bytes: &[u8]| image::parse(Path::new("a.jpg"), bytes).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((n, read(&bare)), (4, read(&whole)));
}

#[test]
fn pixels_are_those_of_pillow() {
    let files = files();
    let mut n = 0;
    for (name, packed) in files.iter().filter(|(name, _)| name.ends_with(".jpg")) {
        let found = image::parse(Path::new(name), packed).unwrap_or_else(|e| panic!("{e}"));
        let Pixels::Uint8(found) = found.pixels else { panic!("{name}: 8 bits") };
        let expected = &files[&name.replace(".jpg", ".npy")];
        // The header of an array of numpy ends where its values begin.
        let expected = &expected[expected.len() - found.len()..];
        let differ = found.iter().zip(expected).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "{name}: of {}", found.len());
        n += 1;
    }
    assert!(n > 50, "{n} images");
}

#[test]
fn images_that_are_cut_off_are_refused() {
    for (name, whole) in images() {
        for k in 0..50 {
            let message = refusal(&whole[..whole.len() * k / 50]);
            assert!(message.contains("byte ") || k == 0, "{name} cut at {k}/50: {message}");
        }
    }
}

#[test]
fn a_scan_that_ends_early_says_where() {
    let whole = &images()["14_rgb_37x40_sequential_22x11x11.jpg"];
    let n = whole.len();
    let message = refusal(&whole[..n - 2]);
    assert!(message.contains(&format!("byte {}", n - 2)) && message.contains("too early"), "{message}");
    let message = refusal(&[&whole[..n - 40], &[0xff, 0xd9]].concat());
    assert!(message.contains(&format!("byte {}", n - 40)) && message.contains("more of a scan"), "{message}");
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let whole = &images()["14_rgb_37x40_sequential_22x11x11.jpg"];
    let frame = whole.windows(4).position(|w| w == [0xff, 0xc0, 0, 17]).expect("a frame");
    for (code, name) in [(0xc3, "lossless"), (0xc6, "hierarchical"), (0xc9, "arithmetic"), (0xf7, "JPEG-LS")]
    {
        let mut bytes = whole.clone();
        bytes[frame + 1] = code;
        assert!(refusal(&bytes).contains(name), "{code:02x}: {}", refusal(&bytes));
    }
    let with = |at: usize, value: &[u8]| {
        let mut bytes = whole.clone();
        bytes[frame + at..][..value.len()].copy_from_slice(value);
        refusal(&bytes)
    };
    assert!(with(4, &[12]).contains("12 bits"));
    assert!(with(5, &[0, 0]).contains("0 rows"));
    // A few bytes do not become gigabytes.
    assert!(with(5, &[0xff; 4]).contains("at most"));
    assert!(with(5, &[0x40, 0, 0x10, 0]).contains("only"));
    assert!(with(9, &[5]).contains("1 to 4 components"));
    assert!(with(11, &[0x51]).contains("5 x 1"));
}

/// The next of a sequence of numbers that look random (a linear congruential generator, Knuth's constants).
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn damaged_images_are_read_or_refused() {
    let (mut n_refused, mut n) = (0, 0);
    for whole in images().values() {
        for version in 0..100 {
            let (mut bytes, mut state) = (whole.clone(), version);
            for _ in 0..1 + version % 6 {
                let at = next(&mut state) % bytes.len();
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, next(&mut state) as u8][next(&mut state) % 6];
            }
            n_refused += usize::from(image::parse(Path::new("a.jpg"), &bytes).is_err());
            n += 1;
        }
    }
    assert!(n_refused > n / 4, "{n_refused} of {n} refused");
}
