//! Stacks of images.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = formats::npy::parse(Path::new("a.npy"), bytes, None);
});
