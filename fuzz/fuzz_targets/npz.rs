//! Labelled cells in one file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = formats::npz::parse(Path::new("a.npz"), bytes, &formats::npz::NpzOptions::default());
});
