//! Models made to do harm, by `malicious/make.py`: each is refused, names its path, and takes little memory.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::alloc::System;
use std::path::{Path, PathBuf};

use cap::Cap;
use formats::keras;
use formats::model::ModelFile;

/// An allocation beyond this ends the tests.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, 256 << 20);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malicious")
}

/// What is said of a file when it is refused; nothing when it is not.
fn refusal(name: &str) -> Option<String> {
    let path = folder().join(name);
    let error = if name.ends_with(".safetensors") {
        ModelFile::read(&path).err()?
    } else {
        keras::read(&path, None, None).err()?
    };
    assert_eq!(error.path, path);
    Some(error.to_string())
}

#[test]
fn every_file_is_refused_but_those_with_code_in_their_layers() {
    let mut names: Vec<String> =
        std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "make.py");
    names.sort();
    assert!(names.len() > 25, "{names:?}");
    let read: Vec<&String> = names.iter().filter(|name| refusal(name).is_none()).collect();
    // Their layers are data here; what they mean is not known to this crate, and refused where it would be.
    assert_eq!(read, ["foreign.keras", "lambda.h5", "lambda.keras", "lambda_within.keras"]);
}

#[test]
fn what_is_wrong_is_said() {
    for (name, part) in [
        ("absolute.keras", "leaves"),
        ("backslash.keras", "leaves"),
        ("leaves.keras", "leaves"),
        ("link.keras", "a link"),
        ("circle.keras", "inside each other"),
        ("circles.keras", "inside each other"),
        ("bush.keras", "in all"),
        ("endless.h5", "a file of this size"),
        ("huge_header.safetensors", "header"),
        ("pickle.h5", "a Keras model"),
        ("pickle.safetensors", "header"),
    ] {
        let said = refusal(name).unwrap();
        assert!(said.contains(part), "{said}");
    }
}
