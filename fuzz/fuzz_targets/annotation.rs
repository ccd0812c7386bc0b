//! Annotation zips.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = formats::annotation::AnnotationOptions::default();
    let _ = formats::annotation::read_bytes(Path::new("a.zip"), bytes, &options);
});
