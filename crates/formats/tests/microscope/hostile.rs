//! Files that are cut off, damaged or made to do harm are refused; nothing panics, hangs or takes much memory.

use std::path::Path;

use formats::FormatError;
use formats::microscope::Image;

use super::pixels::collection;

/// Reads every plane of every field.
fn read(bytes: Vec<u8>) -> Result<usize, FormatError> {
    let image = Image::parse(Path::new("hostile.tif"), bytes)?;
    let mut n = 0;
    for i in 0..image.places().len() {
        let field = image.field(i)?;
        for at in field.all() {
            n += field.plane(at)?.values.len();
        }
    }
    Ok(n)
}

fn whole(name: &str) -> Vec<u8> {
    let path = collection().join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Files of every layout and compression.
const FILES: [&str; 12] = [
    "made/ome_pyramid_tiled_lzw.ome.tif",
    "made/ome_tyx_u8_deflate.ome.tif",
    "made/imagej_tzcyx_u16.tif",
    "made/imagej_truncated_one_ifd.tif",
    "made/bigtiff_u16_zstd.tif",
    "made/planar_rgb_u16.tif",
    "made/rgb_u8_packbits.tif",
    "image-tiff/images/12bit.cropped.tiff",
    "image-tiff/images/tiled-gray-i1.tif",
    "image-tiff/images/predictor-3-gray-f32.tif",
    "image-tiff/images/quad-tile.jpg.tiff",
    "image-tiff/images/bigtiff/BigTIFFMotorola.tif",
];

#[test]
fn files_that_are_cut_off_are_refused() {
    for name in FILES {
        let bytes = whole(name);
        assert!(read(bytes.clone()).is_ok(), "{name} is whole");
        for k in 0..50 {
            let cut = bytes[..bytes.len() * k / 50].to_vec();
            assert!(read(cut).is_err(), "{name}: {k}/50 of it was read");
        }
    }
}

/// A little-endian TIFF of one directory with these entries of kind LONG, and the offset of the next directory.
fn tiff(entries: &[(u16, u32)], next: u32) -> Vec<u8> {
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(4u16.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(next.to_le_bytes());
    bytes.extend([7; 64]);
    bytes
}

/// Width, height, bits, compression, offset, rows of a strip, length of the strip.
fn page(w: u32, h: u32, bits: u32, compression: u32, at: u32, len: u32) -> [(u16, u32); 7] {
    [(256, w), (257, h), (258, bits), (259, compression), (273, at), (278, h), (279, len)]
}

fn refusal(bytes: Vec<u8>) -> String {
    read(bytes).expect_err("a refusal").to_string()
}

#[test]
fn absurd_directories_are_refused() {
    assert_eq!(read(tiff(&page(8, 8, 8, 1, 98, 64), 0)).expect("64 bytes"), 64);
    assert!(refusal(tiff(&page(8, 8, 8, 1, 98, 64), 8)).contains("round in a circle"));
    assert!(refusal(tiff(&page(8, 8, 8, 1, 99, 65), 0)).contains("bytes"));
    for compression in [1, 5, 8, 32773, 50000] {
        // 16 TB, and 4 GB in 64 bytes.
        assert!(read(tiff(&page(u32::MAX, u32::MAX, 8, compression, 98, 64), 0)).is_err());
        assert!(read(tiff(&page(65_535, 65_535, 8, compression, 98, 64), 0)).is_err());
        assert!(read(tiff(&page(0, 8, 8, compression, 98, 64), 0)).is_err());
    }
    assert!(refusal(tiff(&page(8, 8, 8, 34933, 98, 64), 0)).contains("PNG compression"));
    assert!(refusal(tiff(&page(8, 8, 47, 1, 98, 64), 0)).contains("47 bits"));
    assert!(refusal(b"II\x2a\0\xff\xff\xff\xff".to_vec()).contains("bytes at byte"));
    assert!(
        refusal(b"II\x2b\0\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()).contains("bytes at byte")
    );
}

#[test]
fn pixels_that_are_left_out_are_zeros_but_not_without_end() {
    for compression in [1, 8] {
        // A strip at 0 of length 0.
        assert_eq!(read(tiff(&page(1 << 14, 1 << 14, 8, compression, 0, 0), 0)).expect("zeros"), 1 << 28);
        let message = refusal(tiff(&page((1 << 14) + 1, 1 << 14, 1, compression, 0, 0), 0));
        assert!(message.contains("pixels that the file leaves out"), "{message}");
    }
}

#[test]
fn a_picture_that_was_replaced_meanwhile_is_refused() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.png");
    // As long as each other: what follows the end of a PNG is not looked at.
    let put = |name: &str| {
        let mut bytes = std::fs::read(data.join(name)).expect("a picture");
        bytes.resize(1 << 16, 0);
        std::fs::write(&path, bytes).expect("a file");
    };
    put("rgb8.png");
    let field = Image::open(&path).expect("an image").field(0).expect("a field");
    assert_eq!(field.channels(0, 0).expect("three planes").len(), 3);
    put("grey8.png");
    let message = field.channels(0, 0).expect_err("another").to_string();
    assert!(
        message.contains("the picture that was opened") && message.contains("found another"),
        "{message}"
    );
}

/// A page whose description is `text`.
pub fn described(text: &str) -> Vec<u8> {
    let mut entries = page(8, 8, 8, 1, 98, 64).to_vec();
    entries.insert(4, (270, 0));
    // The directory is twelve bytes longer.
    entries[5].1 = 110;
    let mut bytes = tiff(&entries, 0);
    let (entry, at) = (10 + 4 * 12, bytes.len() as u32);
    bytes[entry + 2..entry + 4].copy_from_slice(&2u16.to_le_bytes());
    bytes[entry + 4..entry + 8].copy_from_slice(&(text.len() as u32).to_le_bytes());
    bytes[entry + 8..entry + 12].copy_from_slice(&at.to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn absurd_descriptions_are_refused() {
    let ome = |pixels: &str| described(&format!("<OME><Image><Pixels {pixels}/></Image></OME>"));
    let fine = "DimensionOrder='XYZCT' SizeX='8' SizeY='8' SizeZ='1' SizeC='1' SizeT='1'";
    assert_eq!(read(ome(fine)).expect("an image"), 64);
    for (from, to) in [
        ("SizeT='1'", "SizeT='4000000000'"),
        ("SizeT='1'", "SizeT='-1'"),
        ("SizeT='1'", "SizeT='2'"),
        ("SizeX='8'", "SizeX='9'"),
        ("XYZCT", "XYZZT"),
        ("SizeC='1'", ""),
    ] {
        assert!(read(ome(&fine.replace(from, to))).is_err(), "{from} as {to:?}");
    }
    assert!(refusal(described(&format!("<OME>{}", "<a>".repeat(100_000)))).contains("levels"));
    assert!(refusal(described("<OME><Image></OME>")).contains("OME-XML"));
    let elsewhere = "<TiffData IFD='0'><UUID FileName='../../etc/passwd'>urn:uuid:1</UUID></TiffData>";
    let text = format!("<OME><Image><Pixels {fine}>{elsewhere}</Pixels></Image></OME>");
    assert!(refusal(described(&text)).contains("whose files are there"));
    for text in ["ImageJ=1\nimages=1000000", "ImageJ=1\nimages=2\nframes=3\n", "ImageJ=1\nimages=0"] {
        assert!(read(described(text)).is_err(), "{text:?}");
    }
    let huge = "ImageJ=1\nimages=4\nchannels=18446744073709551615\nslices=2\n";
    assert!(read(described(huge)).is_err());
    assert_eq!(read(described("{\"shape\": [18446744073709551615, 2, 8, 8]}")).expect("an image"), 64);
}
