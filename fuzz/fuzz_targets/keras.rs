//! Models of Keras: HDF5, `.keras`, and an architecture alone.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

// The reader catches panics of the decoders below it; only one that gets out ends the run.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    let _ = formats::keras::parse(Path::new("a.h5"), bytes.to_vec(), None, None);
});
