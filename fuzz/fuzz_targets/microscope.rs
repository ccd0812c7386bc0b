//! Images of microscopes: metadata of every field, and its first planes.
#![no_main]

use std::path::Path;

use formats::microscope::Image;
use libfuzzer_sys::fuzz_target;

// The reader catches panics of the decoders below it; only one that gets out ends the run.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    let Ok(image) = Image::parse(Path::new("a.tif"), bytes.to_vec()) else { return };
    for i in 0..image.places().len().min(4) {
        let Ok(field) = image.field(i) else { continue };
        for at in field.all().take(8) {
            let _ = field.plane(at);
        }
    }
});
