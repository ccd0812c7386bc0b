//! Tables, CSV and Parquet; crop sets keep their cells in one.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

// The reader catches panics of the decoders below it; only one that gets out ends the run.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    let _ = formats::table::Table::parse(Path::new("a.csv"), bytes.to_vec());
});
