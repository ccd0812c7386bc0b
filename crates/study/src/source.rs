//! Where a verb's cells come from: what the shell lets people say, opened.

use std::ops::ControlFlow;
use std::path::PathBuf;

pub use cells::{CellSet, Depth};
pub use formats::{
    fit::{Fit, FitMethod},
    groups::{Filter, GroupBy},
    npy::Axes,
    source::ReadOptions,
};

use serde::{Deserialize, Serialize};

use crate::{Dataset, Progress, StudyError, dataset::choose_classes, progress::stop_if_asked};

/// Cells as people name them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Request {
    /// Files and folders.
    pub sources: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
    /// Only these classes, numbered in this order; empty: all.
    pub classes: Vec<String>,
}

impl Request {
    /// Opens the cells. A crop set alone stays on disk and is read by position; anything else is read into memory.
    ///
    /// # Errors
    /// When a source cannot be read, or no cell is left; a request to stop.
    pub fn open(&self, progress: &dyn Progress) -> Result<Dataset, StudyError> {
        let mut data = match self.sources.as_slice() {
            [one] if formats::crops::is_crop_set(one) && self.is_plain() => {
                let mut data = Dataset::from(formats::crops::CropFile::open(one)?);
                let options = &self.options;
                data.retain(|cell| {
                    (options.flagged || !cell.flagged)
                        && (options.split.is_none() || cell.split == options.split)
                });
                data
            }
            _ => Dataset::from(self.read_all(progress)?),
        };
        if !self.classes.is_empty() {
            data.only_classes(&self.classes)?;
        }
        if data.cells.is_empty() {
            return Err(none_left());
        }
        Ok(data)
    }

    /// The same request from wherever it is asked; none when a path cannot be written as text.
    #[must_use]
    pub fn absolute(&self) -> Option<Request> {
        let mut request = self.clone();
        let options = &mut request.options;
        let named = options.classes.iter_mut().map(|(_, path)| path);
        for path in request.sources.iter_mut().chain(named).chain(&mut options.table) {
            *path = std::path::absolute(&path).ok().filter(|path| path.to_str().is_some())?;
        }
        Some(request)
    }

    /// Reads the cells into memory.
    ///
    /// # Errors
    /// As [`Request::open`].
    pub fn read(&self, progress: &dyn Progress) -> Result<CellSet, StudyError> {
        let mut set = self.read_all(progress)?;
        if self.classes.is_empty() {
            return Ok(set);
        }
        choose_classes(&mut set.cells, &mut set.classes, &self.classes)?;
        let kept: Vec<usize> = (0..set.len()).filter(|&i| set.cells[i].class.is_some()).collect();
        if kept.is_empty() { Err(none_left()) } else { Ok(set.select(&kept)) }
    }

    fn read_all(&self, progress: &dyn Progress) -> Result<CellSet, StudyError> {
        let watch = |done: usize, n: usize| {
            if done == 0 {
                progress.begin("reading", n as u64);
            }
            progress.advance(done as u64, "");
            if progress.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let read = formats::source::open(&self.sources, &self.options, &watch);
        progress.finish("");
        stop_if_asked(progress)?;
        Ok(read?)
    }

    /// Whether nothing is asked for that needs the crops in memory.
    fn is_plain(&self) -> bool {
        let o = &self.options;
        o.fit.is_none()
            && o.classes.is_empty()
            && o.table.is_none()
            && o.filters.is_empty()
            && o.group == GroupBy::Known
    }
}

fn none_left() -> StudyError {
    StudyError::Refused("expected cells, found none after the choices made".to_owned())
}
