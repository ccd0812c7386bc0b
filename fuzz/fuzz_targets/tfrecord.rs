//! Cells as records: the bytes of a file, and as one record with the checksums that no chance would find.
#![no_main]

use std::path::Path;

use formats::tfrecord::{parse, write_record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("a.tfrecord");
    let _ = parse(path, bytes);
    let mut record = Vec::new();
    if write_record(&mut record, bytes).is_ok() {
        let _ = parse(path, &record);
    }
});
