//! Small made-up sets, quick settings, and runs that end when they are told to.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cells::{Cell, CellSet, CropShape, Pixels};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use study::train::{Judge, TrainRequest, Trained, train};
use study::{Dataset, Progress, StudyError, TrainSettings};

/// Cells of noise, brighter from class to class; four of them make a group.
pub fn set(n: usize, n_classes: usize, shape: CropShape) -> CellSet {
    let mut random = ChaCha8Rng::seed_from_u64(n as u64);
    let cell = |i: usize| Cell {
        name: format!("cell {i}"),
        class: Some(i % n_classes),
        group: format!("movie {}", i / 4),
        source: "made".to_owned(),
        ..Cell::default()
    };
    let class = |at: usize| (at / shape.len() % n_classes) as u16;
    CellSet {
        shape,
        pixels: Pixels::Uint16(
            (0..n * shape.len())
                .map(|at| random.random_range(0..200) + if at % 7 == 0 { 100 * class(at) } else { 0 })
                .collect(),
        ),
        cells: (0..n).map(cell).collect(),
        classes: (0..n_classes).map(|c| format!("class {c}")).collect(),
        channels: (0..shape.c).map(|c| format!("channel {c}")).collect(),
        provenance: serde_json::json!({}),
    }
}

pub fn data(n: usize, n_classes: usize, size: usize) -> Dataset {
    Dataset::from(set(n, n_classes, CropShape { h: size, w: size, c: 1 }))
}

/// `more` on top of a tiny network and a short run.
pub fn settings(more: &str) -> TrainSettings {
    let small = "epochs = 3\nbatch = 16\nnetwork = { kind = \"residual\", filters = [4, 8] }\n";
    TrainSettings::from_toml(&format!("{small}{more}")).expect("settings")
}

pub fn request(settings: &TrainSettings, judge: Judge, folder: &Path) -> TrainRequest {
    TrainRequest {
        settings: settings.clone(),
        judge,
        output: folder.join("m.safetensors"),
        start: None,
        resume: true,
        tensorboard: None,
    }
}

/// Counts the steps of a run, and asks for its end after so many.
pub struct Until {
    left: u64,
    seen: AtomicU64,
}

impl Until {
    pub fn after(left: u64) -> Self {
        Until { left, seen: AtomicU64::new(0) }
    }

    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Progress for Until {
    fn begin(&self, _what: &str, _total: u64) {}
    fn advance(&self, _done: u64, _note: &str) {
        self.seen.fetch_add(1, Ordering::SeqCst);
    }
    fn finish(&self, _summary: &str) {}
    fn say(&self, _line: &str) {}
    fn cancelled(&self) -> bool {
        self.seen() >= self.left
    }
}

/// Trains in `folder`; the outcome and how many steps were done.
pub fn run(data: &Dataset, request: &TrainRequest, n_steps: u64) -> (Result<Trained, StudyError>, u64) {
    let until = Until::after(n_steps);
    let outcome = train(data, request, &until);
    (outcome, until.seen())
}

/// The model and the history of a run.
pub fn files(folder: &Path) -> [Vec<u8>; 2] {
    ["m.safetensors", "history.csv"].map(|name| std::fs::read(folder.join(name)).expect(name))
}
