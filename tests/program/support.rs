//! What the tests of the program share: a folder to work in, small sets of cells, and the program itself.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A few quick epochs of a tiny network.
const SMALL: [&str; 4] = [
    "epochs = 12",
    "batch = 16",
    "network = { kind = \"residual\", filters = [4, 8] }",
    "normalise = { kind = \"per_image\", clip = 4.0 }",
];

/// Settings for a quick run; each of `changes` is a line `key = value` that replaces the one of that key.
pub fn small(changes: &[&str]) -> String {
    let key = |line: &str| line.split(' ').next().map(str::to_owned);
    let kept = SMALL.iter().filter(|line| changes.iter().all(|change| key(change) != key(line)));
    kept.chain(changes).map(|line| format!("{line}\n")).collect()
}

/// How a run of the program ended.
pub struct Done {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Done {
    /// Fails the test unless the program did what it was asked.
    pub fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }
}

/// A temporary folder in which the program runs.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("text")
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(name)).expect("JSON")
    }

    /// The program with these words, not yet started.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morphotype"));
        command.args(words).current_dir(self.folder.path());
        command
    }

    pub fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    pub fn run(&self, words: &[&str]) -> Done {
        done(self.start(words))
    }

    /// Runs the program, which must refuse: exit code 2, one message that has all of `says`, nothing written.
    pub fn refused(&self, words: &[&str], says: &[&str]) -> String {
        let before = self.listing();
        let done = self.run(words);
        self.check_refusal(&before, words, &done, says);
        done.err
    }

    pub fn check_refusal(&self, before: &BTreeMap<PathBuf, u64>, words: &[&str], done: &Done, says: &[&str]) {
        let Done { code, out, err } = done;
        assert_eq!(*code, Some(2), "{words:?}\n{out}{err}");
        assert_eq!(err.matches("morphotype: ").count(), 1, "{words:?}: one message\n{err}");
        assert!(!err.contains("panicked") && !err.contains("bug"), "{words:?}\n{err}");
        for word in says {
            assert!(err.contains(word), "{words:?}: {word:?} is missing in\n{err}");
        }
        assert_eq!(before, &self.listing(), "{words:?}: nothing is left behind");
    }

    /// Every file and folder with its length.
    pub fn listing(&self) -> BTreeMap<PathBuf, u64> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            let Some(entries) = there(std::fs::read_dir(&folder)) else { continue };
            for entry in entries {
                let path = entry.expect("an entry").path();
                let Some(facts) = there(std::fs::symlink_metadata(&path)) else { continue };
                found.insert(path.clone(), if facts.is_dir() { 0 } else { facts.len() });
                if facts.is_dir() {
                    folders.push(path);
                }
            }
        }
        found
    }
}

/// What was found; none where a program that still runs has just taken it away.
fn there<T>(found: std::io::Result<T>) -> Option<T> {
    match found {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        found => Some(found.expect("what is listed can be looked at")),
    }
}

pub fn done(child: Child) -> Done {
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A set of noisy discs, larger from class to class.
#[derive(Debug, Clone, Copy)]
pub struct Discs {
    pub n: usize,
    pub size: usize,
    pub n_classes: usize,
    /// Cells that follow each other and are relatives.
    pub per_group: usize,
    pub seed: u64,
}

impl Default for Discs {
    fn default() -> Self {
        Discs { n: 60, size: 16, n_classes: 3, per_group: 5, seed: 0 }
    }
}

impl Discs {
    pub fn npz(self) -> Vec<u8> {
        let Discs { n, size, .. } = self;
        let groups: Vec<String> = (0..n).map(|i| format!("movie {}", i / self.per_group)).collect();
        npz(&[
            ("images", npy_u16(&[n, size, size], &self.pixels())),
            ("labels", npy_i64(&(0..n).map(|i| (i % self.n_classes) as i64).collect::<Vec<_>>())),
            ("classes", npy_text(&(0..self.n_classes).map(|c| format!("class {c}")).collect::<Vec<_>>())),
            ("group", npy_text(&groups)),
        ])
    }

    pub fn pixels(self) -> Vec<u16> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut pixels = Vec::new();
        for i in 0..self.n {
            let radius = 2.0 + 2.0 * (i % self.n_classes) as f64;
            for at in 0..self.size * self.size {
                let centre = (self.size as f64 - 1.0) / 2.0;
                let (y, x) = ((at / self.size) as f64 - centre, (at % self.size) as f64 - centre);
                let disc = if y.hypot(x) < radius { 400 } else { 0 };
                pixels.push(disc + random.random_range(100..200u16));
            }
        }
        pixels
    }
}

/// A zip of members.
pub fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(bytes).expect("its content");
    }
    zip.finish().expect("a zip").into_inner()
}

/// An `.npz` of arrays.
pub fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let named: Vec<(String, Vec<u8>)> =
        arrays.iter().map(|(name, bytes)| (format!("{name}.npy"), bytes.clone())).collect();
    zip(&named.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect::<Vec<_>>())
}

/// An `.npy` of any kind of value.
pub fn npy(descr: &str, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let axes: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    header.extend(std::iter::repeat_n(' ', (10 + header.len() + 1).next_multiple_of(64) - 11 - header.len()));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

pub fn npy_u16(shape: &[usize], values: &[u16]) -> Vec<u8> {
    npy("<u2", shape, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

pub fn npy_f32(shape: &[usize], values: &[f32]) -> Vec<u8> {
    npy("<f4", shape, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

pub fn npy_i64(values: &[i64]) -> Vec<u8> {
    npy("<i8", &[values.len()], &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

pub fn npy_text(values: &[String]) -> Vec<u8> {
    let longest = values.iter().map(|v| v.chars().count()).max().unwrap_or(1);
    let padded = |v: &String| v.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest).collect();
    let bytes: Vec<u8> =
        values.iter().flat_map(|v| -> Vec<u32> { padded(v) }).flat_map(u32::to_le_bytes).collect();
    npy(&format!("<U{longest}"), &[values.len()], &bytes)
}

/// Data that lie beside the project; the tests need them.
pub fn shared(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    assert!(path.exists(), "{}: the tests need these data", path.display());
    path
}
