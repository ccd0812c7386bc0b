//! Tables, CSV and Parquet; crop sets keep their cells in one.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = formats::table::Table::parse(Path::new("a.csv"), bytes.to_vec());
});
