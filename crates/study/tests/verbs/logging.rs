//! The log of a training: what is in it, and that stopping leaves no epoch twice.

use std::path::Path;

use study::train::{Judge, TrainRequest};

use crate::made::{data, request, run, settings};

const LIVE: &str = "events.out.tfevents.0.live";
const CLOSING: &str = "events.out.tfevents.1.closing";

/// The records of a file: a length, its checksum, the bytes, theirs.
fn records(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).expect("a log");
    let (mut rest, mut records) = (bytes.as_slice(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk() {
        let n = u64::from_le_bytes(*length) as usize;
        records.push(after[4..4 + n].to_vec());
        rest = &after[n + 8..];
    }
    records
}

/// The steps of the events, below 128: a time of eight bytes and its key come first, then the key of the step.
fn steps(path: &Path) -> Vec<u8> {
    records(path).iter().filter(|event| event[9] == 0x10).map(|event| event[10]).collect()
}

fn count(path: &Path, tag: &str) -> usize {
    let tag = tag.as_bytes();
    records(path).iter().filter(|event| event.windows(tag.len()).any(|part| part == tag)).count()
}

fn logged(judge: Judge, folder: &Path) -> TrainRequest {
    let settings = settings("normalise = { kind = \"per_image\" }");
    TrainRequest { tensorboard: Some(folder.join("log")), ..request(&settings, judge, folder) }
}

#[test]
fn each_epoch_is_there_once_however_often_the_run_was_stopped() {
    let data = data(40, 2, 12);
    let folder = tempfile::tempdir().expect("a folder");
    let request = logged(Judge::Validation, folder.path());
    // An epoch is two steps: each run ends in the middle of one.
    let n_runs = (1..9).find(|_| run(&data, &request, 3).0.is_ok());
    assert_eq!(n_runs, Some(3));
    for name in ["train", "validation"] {
        assert_eq!(steps(&folder.path().join("log").join(name).join(LIVE)), [1, 2, 3], "{name}");
    }
    let validation = folder.path().join("log/validation");
    for tag in ["confusion", "macro_f1", "f1/class 0", "f1/class 1"] {
        assert_eq!(count(&validation.join(LIVE), tag), 3, "{tag}");
    }
    assert_eq!(count(&folder.path().join("log/train").join(LIVE), "learning_rate"), 3);
    let metadata = std::fs::read_to_string(validation.join("metadata.tsv")).expect("a table");
    let points = std::fs::read_to_string(validation.join("tensors.tsv")).expect("points");
    assert_eq!(metadata.lines().next(), Some("name\tclass\tpredicted\tconfidence\tgroup"));
    assert_eq!(metadata.lines().count(), points.lines().count() + 1);
}

#[test]
fn each_fold_is_a_run_of_its_own() {
    let data = data(40, 2, 12);
    let folder = tempfile::tempdir().expect("a folder");
    run(&data, &logged(Judge::Folds(2), folder.path()), u64::MAX).0.expect("a model");
    for fold in ["fold-1", "fold-2"] {
        let log = folder.path().join("log").join(fold);
        assert_eq!(steps(&log.join("train").join(LIVE)), [1, 2, 3]);
        assert_eq!(steps(&log.join("validation").join(CLOSING)), [3]);
        assert_eq!(count(&log.join("validation").join(CLOSING), "confusion"), 1);
    }
    assert!(folder.path().join("log/train/projector_config.pbtxt").is_file());
}

#[test]
fn a_log_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log"), "in the way").expect("a file");
    let (outcome, n_steps) = run(&data(40, 2, 12), &logged(Judge::Validation, folder.path()), u64::MAX);
    let message = outcome.expect_err("no model").to_string();
    assert!(message.contains("log"), "{message}");
    assert_eq!(n_steps, 0);
}
