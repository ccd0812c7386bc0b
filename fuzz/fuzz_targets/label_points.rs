//! Points by other programs: CSV, napari, Fiji's ROIs, COCO, annotation zips. What is read is written again.
#![no_main]

use std::path::Path;

use formats::label_points::{PointFormat, PointImage, read, write};
use libfuzzer_sys::fuzz_target;

// The reader catches panics of the decoders below it; only one that gets out ends the run.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    if let Ok(points) = read(Path::new("a.csv"), bytes, [Some(0.5); 2]) {
        let image = PointImage { name: "a.tif".into(), h: 20, w: 20, n_z: 1, window: 8 };
        for format in [PointFormat::Csv, PointFormat::Napari, PointFormat::Fiji, PointFormat::Coco] {
            let _ = write(format, &image, &points, &["A".into()]);
        }
    }
});
