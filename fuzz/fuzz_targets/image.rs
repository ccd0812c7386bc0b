//! PNG, JPEG and TIFF images.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = formats::image::parse(Path::new("a.tif"), bytes);
});
