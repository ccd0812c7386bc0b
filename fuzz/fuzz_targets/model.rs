//! Model files; what is read is written again.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = formats::model::ModelFile::parse(Path::new("a.safetensors"), bytes) {
        let again = model.to_bytes().and_then(|b| formats::model::ModelFile::parse(Path::new("b"), &b));
        assert_eq!(again.map(|m| m.metadata), Ok(model.metadata));
    }
});
