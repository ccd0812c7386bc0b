//! `simulate movie`: a movie as large as a camera makes them, to try how quickly it is shown.

use std::path::Path;

use formats::movie::Scale;
use formats::sparse_movie::{self, Run};
use formats::table::{Column, Table};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::plural;
use crate::{Progress, StudyError};

/// Rows of nuclei; everything else is dark and takes no room on the disk.
const BAND: usize = 32;
/// Pixels between nuclei of a band, and radius of a nucleus.
const APART: f64 = 64.0;
const RADIUS: f64 = 10.0;
/// Classes of the points, in turn.
const CLASSES: [&str; 2] = ["Interphase", "Metaphase"];

/// A large movie.
#[derive(Debug, Clone, PartialEq)]
pub struct LargeMovie {
    /// Frames.
    pub n_frames: usize,
    /// Rows and columns.
    pub size: usize,
    /// For everything random.
    pub seed: u64,
}

impl LargeMovie {
    fn validate(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if !(1..=100_000).contains(&self.n_frames) {
            mistakes.push(format!("frames from 1 to 100000, not {}", self.n_frames));
        }
        if !(256..=16_384).contains(&self.size) {
            mistakes.push(format!("size from 256 to 16384 pixels, not {}", self.size));
        }
        mistakes
    }

    /// First rows of the bands: an eighth of the frame from the next.
    fn bands(&self) -> impl Iterator<Item = usize> + use<> {
        let step = self.size / 8;
        (0..8).map(move |k| k * step + (step - BAND) / 2)
    }

    /// Columns of the nuclei of band `k` at frame `t`: they drift, every other band the other way.
    fn columns(&self, k: usize, t: usize) -> impl Iterator<Item = f64> + use<> {
        let n = (self.size as f64 / APART) as usize;
        let drift = 0.25 * t as f64 * if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        let size = self.size as f64;
        (0..n).map(move |i| ((i as f64 + 0.5) * APART + drift).rem_euclid(size))
    }

    fn frame(&self, t: usize) -> Vec<Run> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(t as u64);
        let mut runs = Vec::new();
        for (k, top) in self.bands().enumerate() {
            let columns: Vec<f64> = self.columns(k, t).collect();
            for row in 0..BAND {
                let dy = row as f64 - (BAND as f64 - 1.0) / 2.0;
                let mut values: Vec<u16> = (0..self.size).map(|_| rng.random_range(180..220)).collect();
                for &centre in &columns {
                    let from = (centre - RADIUS).max(0.0) as usize;
                    for (x, value) in values.iter_mut().enumerate().skip(from).take(2 * RADIUS as usize + 2) {
                        let far = (dy.hypot(x as f64 - centre) / RADIUS).powi(2);
                        *value += (8000.0 * (1.0 - far).max(0.0)) as u16;
                    }
                }
                runs.push(Run { y: top + row, x: 0, values });
            }
        }
        runs
    }

    fn points(&self) -> Table {
        let (mut frames, mut ys, mut xs, mut classes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for t in 0..self.n_frames {
            for (k, top) in self.bands().enumerate() {
                for (i, x) in self.columns(k, t).enumerate() {
                    frames.push(Some(t as i64));
                    ys.push(Some(top as f64 + (BAND as f64 - 1.0) / 2.0));
                    // A centre right of the last column's belongs to the first.
                    xs.push(Some(x.min(self.size as f64 - 1.0)));
                    classes.push(Some(CLASSES[(i + k) % CLASSES.len()].to_owned()));
                }
            }
        }
        let mut table = Table::default();
        table.push("frame", Column::Int(frames));
        table.push("y", Column::Float(ys));
        table.push("x", Column::Float(xs));
        table.push("class", Column::Text(classes));
        table
    }
}

/// Writes a 16-bit movie to `output` and all its cells as points to the CSV of the same name. Returns what was made, in lines for
/// people.
///
/// # Errors
/// Sizes out of range; files that cannot be written.
pub fn large_movie(
    request: &LargeMovie,
    output: &Path,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    let mistakes = request.validate();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    progress.begin("simulating", request.n_frames as u64);
    let scale = Scale { micron_per_pixel: Some(1.0 / 3.0), seconds_per_frame: Some(240.0) };
    sparse_movie::write(output, (request.n_frames, request.size, request.size), scale, |t| {
        progress.advance(t as u64 + 1, "");
        request.frame(t)
    })?;
    let points = request.points();
    let csv = output.with_extension("csv");
    points.write(&csv)?;
    progress.finish("");
    let cells = plural(points.n_rows(), "cell");
    let made = format!(
        "{} of {1} x {1} pixels: {2}",
        plural(request.n_frames, "frame"),
        request.size,
        output.display()
    );
    Ok(vec![made, format!("{cells}: {}", csv.display())])
}
