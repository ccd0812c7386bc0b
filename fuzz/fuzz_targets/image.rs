//! PNG, JPEG and TIFF images.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

// The reader catches panics of the decoders below it; only one that gets out ends the run.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    let _ = formats::image::parse(Path::new("a.tif"), bytes);
});
