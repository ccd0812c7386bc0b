//! The published method on real fields, to the bit.

use std::fs::File;
use std::io::{BufReader, Read};

use cells::CropShape;
use cells::cut::Plane;
use cells::cut::percentile::{PercentileSettings, Room, Side, find};
use cells::cut::window::{Border, Rounding, WindowSettings};
use tiff::decoder::{Decoder, DecodingResult};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/golden/crop");

/// Name in the file's name, settings, channel.
fn settings() -> [(&'static str, PercentileSettings, usize); 6] {
    let plain = PercentileSettings::default();
    [
        ("default", plain, 0),
        ("percent3_area20", PercentileSettings { percent: 3.0, min_area: 20.0, ..plain }, 0),
        ("percent10_area100", PercentileSettings { percent: 10.0, min_area: 100.0, ..plain }, 0),
        ("bright95", PercentileSettings { percent: 95.0, side: Side::Bright, ..plain }, 0),
        ("half16_area15", PercentileSettings { half_h: 16, half_w: 16, min_area: 15.0, ..plain }, 0),
        ("percent2.5_channel2_area10", PercentileSettings { percent: 2.5, min_area: 10.0, ..plain }, 2),
    ]
}

fn image(name: &str) -> (Vec<u8>, CropShape) {
    let path = format!("{DATA}/{name}.tif");
    let file = File::open(&path).unwrap_or_else(|e| panic!("the data must be at {path}: {e}"));
    let mut decoder = Decoder::new(BufReader::new(file)).expect("a TIFF");
    let (w, h) = decoder.dimensions().expect("its size");
    let DecodingResult::U8(values) = decoder.read_image().expect("pixels") else { panic!("not 8-bit") };
    (values, CropShape { h: h as usize, w: w as usize, c: 3 })
}

/// The values of a member of an `.npz`, after the header of its `.npy`.
fn member(path: &str, name: &str) -> Vec<u8> {
    let file = File::open(path).unwrap_or_else(|e| panic!("the data must be at {path}: {e}"));
    let mut zip = zip::ZipArchive::new(file).expect("a zip");
    let mut bytes = Vec::new();
    zip.by_name(name).expect("a member").read_to_end(&mut bytes).expect("bytes");
    let header = u16::from_le_bytes([bytes[8], bytes[9]]);
    bytes.split_off(10 + usize::from(header))
}

/// Centres (x, y) by row, then column, and the crop of each.
fn golden(name: &str, setting: &str, size: usize) -> Vec<([f64; 2], Vec<u8>)> {
    let path = format!("{DATA}/{name}__{setting}.npz");
    let centres = member(&path, "centres_xy.npy");
    let centres = centres.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect::<Vec<_>>();
    let crops = member(&path, "crops.npy");
    let crops = crops.chunks_exact(size * size * 3).map(<[u8]>::to_vec);
    centres.as_chunks::<2>().0.iter().copied().zip(crops).collect()
}

#[test]
fn crops_and_centres_of_real_fields_are_the_published_ones() {
    // One for all: what a field leaves behind must not matter to the next, whatever its size.
    let mut room = Room::default();
    for name in ["train_01", "train_09", "train_17"] {
        let (values, shape) = image(name);
        for (setting, settings, c) in settings() {
            let plane: Vec<u8> = values.iter().skip(c).step_by(shape.c).copied().collect();
            let finding = find(Plane::new(&plane, shape.h, shape.w).expect("a plane"), &settings, &mut room);
            let window = WindowSettings {
                half_h: settings.half_h,
                half_w: settings.half_w,
                round: Rounding::Floor,
                border: Border::Drop,
            };
            let cut = |y: f64, x: f64| {
                let mut crop = Vec::new();
                window.place((y, x), shape.h, shape.w).expect("inside").cut(&values, shape, &mut crop);
                ([x, y], crop)
            };
            let mut found: Vec<_> = finding.cells.iter().map(|cell| cut(cell.y, cell.x)).collect();
            found.sort_by(|(a, _), (b, _)| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
            let golden = golden(name, setting, 2 * settings.half_h);
            assert!(!golden.is_empty(), "{name} {setting}: golden crops");
            assert_eq!(found.len(), golden.len(), "{name} {setting}");
            assert!(found == golden, "{name} {setting}: crops or centres differ");
        }
    }
}
