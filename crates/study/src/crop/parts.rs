//! What is finished of a crop set, kept beside it until it is whole: `NAME.crops.parts/`.
//!
//! Each frame of each image is a part: its pixels, and a JSON file that is written last and makes it finished. So frames
//! may be done in any order by any number of threads, memory holds only those at work, the set is put together in the
//! order of the images, and what was done before an interruption need not be done again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cells::cut::Reason;
use cells::{Depth, Pixels};
use formats::atomic;
use serde::{Deserialize, Serialize};

use super::quality::Quality;
use super::unfinished;
use super::unit::{Cut, Row};
use crate::StudyError;

/// One finished frame of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Field of the image, from 0.
    pub field: usize,
    /// Frame, from 0.
    pub t: usize,
    /// Focal plane, when it is one.
    pub z: Option<usize>,
    /// Channels that were kept.
    pub channels: Vec<String>,
    /// How intensities are stored.
    pub depth: Depth,
    /// Micrometres per pixel along y and x.
    pub micron: [Option<f64>; 2],
    /// Its cells.
    pub rows: Vec<Row>,
    /// What was dropped.
    pub dropped: BTreeMap<Reason, usize>,
    /// How the picture is, when a check was asked for.
    pub quality: Option<Quality>,
}

/// Throws away what an interrupted run left of `output`.
pub fn remove(output: &Path) {
    unfinished::remove(&folder(output));
}

fn folder(output: &Path) -> PathBuf {
    unfinished::beside(output, ".parts")
}

/// The folder of parts.
#[derive(Debug, Clone)]
pub struct Parts {
    folder: PathBuf,
}

impl Parts {
    /// The folder for `output`. What an interrupted run left there is kept when `resume` is asked for, and thrown away otherwise.
    ///
    /// # Errors
    /// When `resume` is asked for and the parts belong to another request; when the folder cannot be made.
    pub fn open(output: &Path, request: &serde_json::Value, resume: bool) -> Result<Parts, StudyError> {
        let folder = folder(output);
        unfinished::open(&folder, request, resume, "one with other settings, images or points")?;
        Ok(Parts { folder })
    }

    /// The part of an image, if it is finished.
    #[must_use]
    pub fn get(&self, image: usize, unit: usize) -> Option<Part> {
        serde_json::from_slice(&fs::read(self.path(image, unit, "json")).ok()?).ok()
    }

    /// Keeps a finished part.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, image: usize, unit: usize, part: &Part, cut: &Cut) -> Result<(), StudyError> {
        atomic::write_file(&self.path(image, unit, "pixels"), |out| match &cut.pixels {
            Pixels::Uint8(v) => out.write_all(v),
            Pixels::Uint16(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes())),
            Pixels::Float32(v) => v.iter().try_for_each(|x| out.write_all(&x.to_le_bytes())),
        })?;
        let json = serde_json::to_vec(part).map_err(|e| StudyError::Refused(e.to_string()))?;
        Ok(atomic::write_file(&self.path(image, unit, "json"), |out| out.write_all(&json))?)
    }

    /// Copies the pixels of a part; says how many bytes.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn copy(&self, image: usize, unit: usize, out: &mut dyn Write) -> io::Result<u64> {
        let mut out = out;
        io::copy(&mut File::open(self.path(image, unit, "pixels"))?, &mut out)
    }

    /// Where the picture of a part is kept.
    #[must_use]
    pub fn picture(&self, image: usize, unit: usize) -> PathBuf {
        self.path(image, unit, "png")
    }

    /// Throws all parts away.
    pub fn remove(&self) {
        unfinished::remove(&self.folder);
    }

    fn path(&self, image: usize, unit: usize, ending: &str) -> PathBuf {
        self.folder.join(format!("{image:06}_{unit:06}.{ending}"))
    }
}
