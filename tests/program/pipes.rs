//! Readers who leave early, as `head` does: the work is done, nothing is complained of.

use crate::support::{Discs, Place, done, small};

/// A pipe that nobody reads.
fn closed() -> std::io::PipeWriter {
    std::io::pipe().expect("a pipe").1
}

#[test]
fn nobody_reads_the_results() {
    let place = Place::new();
    place.write("cells.npz", Discs::default().npz());
    place.write("small.toml", small(&["epochs = 1"]));
    for words in [
        &["train", "--print-config"][..],
        &["preview", "cells.npz", "-o", "seen"],
        &["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"],
    ] {
        let mut command = place.command(words);
        command.stdout(closed()).stderr(std::process::Stdio::piped());
        let done = done(command.spawn().expect("the program starts"));
        assert_eq!(done.code, Some(0), "{words:?}\n{}", done.err);
        assert!(!done.err.contains("morphotype: "), "{words:?}\n{}", done.err);
    }
    assert!(place.path("m.safetensors").is_file());
}

#[test]
fn nobody_reads_what_is_told() {
    let place = Place::new();
    place.write("cells.npz", Discs::default().npz());
    let code = |words: &[&str]| {
        let mut command = place.command(words);
        command.stdout(std::process::Stdio::null()).stderr(closed());
        command.status().expect("the program runs").code()
    };
    assert_eq!(code(&["predict", "none.safetensors", "cells.npz", "-o", "cells.csv"]), Some(2));
    assert_eq!(code(&["train", "cells.npz", "--epochs", "1", "--normalise", "x"]), Some(2));
    assert_eq!(code(&["preview", "cells.npz", "-o", "seen"]), Some(0));
}

#[test]
fn results_that_cannot_be_printed_are_an_error() {
    let place = Place::new();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
    let mut command = place.command(&["train", "--print-config"]);
    command.stdout(full).stderr(std::process::Stdio::piped());
    let done = done(command.spawn().expect("the program starts"));
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("standard output"), "{}", done.err);
}
