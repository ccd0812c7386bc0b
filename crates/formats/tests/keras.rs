//! Files of Keras models that are broken or made to do harm: refused, without a panic and within bounded memory.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::alloc::System;
use std::path::{Path, PathBuf};

use cap::Cap;
use formats::keras::{self, KerasModel};
use formats::{FormatError, zip_of};

/// An allocation beyond this ends the tests. The largest file read here has 10 MB.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, 512 << 20);

fn shared(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}: the data sets lie beside the project", path.display()))
}

fn parse(bytes: Vec<u8>) -> Result<KerasModel, FormatError> {
    keras::parse(Path::new("model"), bytes, None, None)
}

/// An architecture in JSON, and honest weights.
fn parse_json(json: &[u8]) -> Result<KerasModel, FormatError> {
    let weights = PathBuf::from("weights");
    let weights = Some((&*weights, shared("golden/keras/sesmo.h5")));
    keras::parse(Path::new("model"), json.to_vec(), weights, None)
}

/// The parts of a `.keras` file with honest content.
fn archive() -> Vec<(String, Vec<u8>)> {
    let weights = shared("golden/keras/sesmo.h5");
    vec![
        ("config.json".to_owned(), shared("golden/keras/sesmo.json")),
        ("metadata.json".to_owned(), b"{}".to_vec()),
        ("model.weights.h5".to_owned(), weights),
    ]
}

#[test]
fn cut_anywhere() {
    let keras = zip_of(&archive()).unwrap();
    assert!(parse(keras.clone()).is_ok());
    for whole in [shared("golden/keras/cellx_model.h5"), keras] {
        for part in 0..50 {
            let cut = whole[..whole.len() * part / 50].to_vec();
            assert!(parse(cut).is_err(), "{part}/50");
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    let whole = shared("golden/keras/cellx_model.h5");
    for seed in 0..600_usize {
        let mut bytes = whole.clone();
        // Half of them where the tables are: at the beginning.
        let range = if seed % 2 == 0 { 4096 } else { bytes.len() };
        let at = seed.wrapping_mul(2_654_435_761) % range;
        bytes[at] ^= 1 << (seed % 8);
        bytes[(at + 7) % range] = 0xff;
        let _ = parse(bytes);
    }
}

#[test]
fn lengths_that_no_file_can_have() {
    let mut bytes = shared("golden/keras/cellx_model.h5");
    let dimensions = [2048_u64.to_le_bytes(), 256_u64.to_le_bytes()].concat();
    // The weights, and the optimiser's arrays of the same shape.
    let places: Vec<usize> = (0..bytes.len() - 16).filter(|&at| bytes[at..at + 16] == dimensions).collect();
    assert!(!places.is_empty(), "the shape of the largest array is in the file");
    for at in places {
        bytes[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    }
    assert!(parse(bytes).is_err());
}

#[test]
fn pickles_and_other_kinds_of_files() {
    let pickle = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.";
    for bytes in [&pickle[..], b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"GGUF", b"[]"] {
        let error = parse(bytes.to_vec()).unwrap_err();
        assert_eq!(error.path, Path::new("model"));
    }
    let deep = [b"{\"config\":".repeat(100_000), b"1".to_vec()].concat();
    assert!(parse_json(&deep).unwrap_err().to_string().contains("recursion"));
}

#[test]
fn archives_that_leave_their_folder_or_never_end() {
    let mut leaves = archive();
    leaves.push(("../../.bashrc".to_owned(), b"echo".to_vec()));
    assert!(parse(zip_of(&leaves).unwrap()).unwrap_err().to_string().contains("leaves"));
    let mut bomb = archive();
    bomb[0].1 = vec![b' '; 128 << 20];
    let _ = parse(zip_of(&bomb).unwrap()).unwrap_err();
    let without = &archive()[..2];
    assert!(parse(zip_of(without).unwrap()).unwrap_err().to_string().contains("model.weights.h5"));
}

#[test]
fn architectures_that_are_no_graph_of_layers() {
    let layer = |name: &str, reads: &str| {
        format!(
            r#"{{"class_name":"Flatten","config":{{"name":"{name}"}},"name":"{name}","inbound_nodes":[[["{reads}",0,0,{{}}]]]}}"#
        )
    };
    let input = r#"{"class_name":"InputLayer","name":"in","config":{"name":"in","batch_input_shape":[null,4,4,1]},"inbound_nodes":[]}"#;
    let model = |layers: &[String], outputs: &str| {
        let layers = layers.join(",");
        format!(
            r#"{{"class_name":"Functional","config":{{"layers":[{input},{layers}],"input_layers":[["in",0,0]],"output_layers":{outputs}}}}}"#
        )
    };
    let end = r#"[["b",0,0]]"#;
    let circle = model(&[layer("a", "b"), layer("b", "a")], end);
    let missing = model(&[layer("b", "nowhere")], end);
    let two = model(&[layer("b", "in")], r#"[["b",0,0],["in",0,0]]"#);
    let code = r#"{"class_name":"MyModel","config":{"name":"m"}}"#.to_owned();
    for (text, part) in
        [(circle, "circle"), (missing, "inputs that are layers"), (two, "one output"), (code, "MyModel")]
    {
        let error = parse_json(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(parse_json(model(&[layer("b", "in")], end).as_bytes()).is_ok());
    let many = (0..10_001).map(|i| layer(&format!("l{i}"), "in")).collect::<Vec<_>>();
    assert!(parse_json(model(&many, end).as_bytes()).unwrap_err().to_string().contains("at most"));
}
