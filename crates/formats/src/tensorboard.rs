//! Logs that TensorBoard shows: scalars and images over steps, and points for its embedding projector.
//!
//! A log is a file of records ([`crate::tfrecord`]) of the message `Event`. Each event carries the time of the clock, as
//! TensorBoard's axes ask for it; nothing else that is written here does.
//!
//! # Source
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto> and
//! `tensorflow/core/framework/summary.proto`.

mod projector;

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use self::projector::CONFIG;
pub use self::projector::Projector;
use crate::protobuf::{Fields, Message, Value};
use crate::tfrecord::{Records, write_record};
use crate::{FormatError, atomic, input};

/// Names of the files of a run: TensorBoard looks for `tfevents` and reads them in the order of their names.
const LIVE: &str = "events.out.tfevents.0.live";
const CLOSING: &str = "events.out.tfevents.1.closing";
/// What is written at the end of a run: its last events, and the file without which there are no points.
const ENDINGS: [&str; 2] = [CLOSING, CONFIG];

/// Something that is shown over the steps of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A point of a curve.
    Scalar(f32),
    /// A picture: the bytes of a PNG file.
    Png(Vec<u8>),
}

/// The log of one run, written while the run goes on: each step is on its way to the disk when [`EventLog::write`]
/// returns, and a run that ends early leaves what was written.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: File,
}

impl EventLog {
    /// Opens the log of the run in `folder`, which is made where it is missing. What an earlier run wrote of the steps
    /// before `step` stays; what it wrote of `step` and those after it, and at its end, is dropped, so that a run that is
    /// resumed leaves no step twice.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn open(folder: &Path, step: u64) -> Result<EventLog, FormatError> {
        let unwritable = |e: &std::io::Error| FormatError::io(folder, "a folder that can be written", e);
        fs::create_dir_all(folder).map_err(|e| unwritable(&e))?;
        ENDINGS.iter().try_for_each(|name| remove(&folder.join(name)))?;
        let path = folder.join(LIVE);
        let kept = events_before(&path, step);
        atomic::write_file(&path, |out| kept.iter().try_for_each(|event| write_record(out, event)))?;
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|e| FormatError::io(&path, "a file that can be written", &e))?;
        Ok(EventLog { path, file })
    }

    /// Removes what an earlier run left in `folder`, so that it is not taken for a part of a new one.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn remove(folder: &Path) -> Result<(), FormatError> {
        std::iter::once(&LIVE).chain(&ENDINGS).try_for_each(|name| remove(&folder.join(name)))
    }

    /// Adds what is shown of `step`: names, where `/` makes groups, and values.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, step: u64, shown: &[(String, Shown)]) -> Result<(), FormatError> {
        let mut record = Vec::new();
        write_record(&mut record, &event(step, shown))
            .and_then(|()| self.file.write_all(&record))
            .map_err(|e| FormatError::io(&self.path, "a file that can be written", &e))
    }

    /// Writes what is known when the run in `folder` is over, beside its log and whole.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn close(folder: &Path, step: u64, shown: &[(String, Shown)]) -> Result<(), FormatError> {
        fs::create_dir_all(folder)
            .map_err(|e| FormatError::io(folder, "a folder that can be written", &e))?;
        atomic::write_file(&folder.join(CLOSING), |out| {
            write_record(out, &first())?;
            write_record(out, &event(step, shown))
        })
    }
}

fn remove(path: &Path) -> Result<(), FormatError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(FormatError::io(path, "a file that can be removed", &e))
        }
        _ => Ok(()),
    }
}

/// The events of a log before `step`, the first of which tells the version; a log that a crash cut short ends where it
/// was cut.
fn events_before(path: &Path, step: u64) -> Vec<Vec<u8>> {
    let mut kept = vec![first()];
    let Ok((file, len)) = input::open(path) else { return kept };
    let mut records = Records::new(path, BufReader::new(file), len);
    while let Ok(Some(record)) = records.read() {
        let step_of = step_of(&record);
        if step_of.is_some_and(|s| (1..step).contains(&s)) {
            kept.push(record);
        }
    }
    kept
}

/// The step of an event, 0 where it has none; none when the message is broken.
fn step_of(event: &[u8]) -> Option<u64> {
    let mut step = 0;
    for field in Fields::new(event) {
        if let (2, Value::Int(value)) = field? {
            step = value;
        }
    }
    Some(step)
}

fn first() -> Vec<u8> {
    Message::default().double(1, now()).bytes(3, "brain.Event:2").into_bytes()
}

fn event(step: u64, shown: &[(String, Shown)]) -> Vec<u8> {
    let value = |(tag, shown): &(String, Shown)| {
        let value = Message::default().bytes(1, tag);
        match shown {
            Shown::Scalar(x) => value.float(2, *x),
            Shown::Png(file) => value.message(4, image(file)),
        }
    };
    let summary = Message::default().messages(1, shown, value);
    Message::default().double(1, now()).int(2, step.cast_signed()).message(5, summary).into_bytes()
}

/// The message `Image`; rows, columns and kind are read off the head of the file, which other bytes do not have.
fn image(file: &[u8]) -> Message {
    let side =
        |at: usize| file.get(at..at + 4).map_or(0, |n| n.iter().fold(0, |n, &byte| n << 8 | i64::from(byte)));
    // Grey, red-green-blue, and each with opacity.
    let channels = match file.get(25) {
        Some(0) => 1,
        Some(4) => 2,
        Some(6) => 4,
        _ => 3,
    };
    Message::default().int(1, side(20)).int(2, side(16)).int(3, channels).bytes(4, file)
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(folder: &Path) -> Vec<u64> {
        let path = folder.join(LIVE);
        let (file, len) = input::open(&path).unwrap();
        let mut records = Records::new(&path, BufReader::new(file), len);
        std::iter::from_fn(|| records.read().unwrap()).map(|event| step_of(&event).unwrap()).collect()
    }

    #[test]
    fn a_resumed_run_leaves_no_step_twice() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("a/train");
        let one = [("loss".to_owned(), Shown::Scalar(0.5))];
        let write = |steps: std::ops::Range<u64>| {
            let mut log = EventLog::open(&run, steps.start).unwrap();
            steps.for_each(|step| log.write(step, &one).unwrap());
        };
        write(1..5);
        assert_eq!(steps(&run), [0, 1, 2, 3, 4]);
        EventLog::close(&run, 4, &one).unwrap();
        fs::write(run.join(CONFIG), "").unwrap();
        // Step 4 was written, but its checkpoint was not; and a crash cut it short.
        let log = run.join(LIVE);
        let cut = fs::metadata(&log).unwrap().len() - 3;
        OpenOptions::new().write(true).open(&log).unwrap().set_len(cut).unwrap();
        write(3..7);
        assert_eq!(steps(&run), [0, 1, 2, 3, 4, 5, 6]);
        assert!(ENDINGS.iter().all(|name| !run.join(name).exists()));
        write(1..3);
        assert_eq!(steps(&run), [0, 1, 2]);
        EventLog::remove(&run).unwrap();
        EventLog::remove(&run).unwrap();
        assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
    }

    #[test]
    fn an_event_has_the_fields_of_its_message() {
        let bytes = event(7, &[("a/b".to_owned(), Shown::Scalar(2.0))]);
        let fields: Vec<(u64, Value<'_>)> = Fields::new(&bytes).map(Option::unwrap).collect();
        assert_eq!(fields[1], (2, Value::Int(7)));
        let (5, Value::Bytes(summary)) = fields[2] else { panic!("{fields:?}") };
        let expected = Message::default().bytes(1, "a/b").float(2, 2.0);
        assert_eq!(summary, Message::default().message(1, expected).into_bytes());
    }
}
