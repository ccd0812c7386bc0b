//! Label images: 0 is ground, every other number a cell, drawn by whatever segmenter; TIFF, PNG or `.npy`.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use cells::Pixels;

use crate::microscope::{Field, Image, Plane};
use crate::npy::{self, Values};
use crate::{FormatError, image, input};

/// An open label image of one or more frames.
#[derive(Debug)]
pub struct LabelImage {
    path: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Field(Field),
    /// `[t, h, w]`.
    Array {
        shape: [usize; 3],
        labels: Vec<u32>,
    },
}

impl LabelImage {
    /// Opens a TIFF or PNG of one focal plane, or a `.npy` of whole numbers, `[h, w]` or `[t, h, w]`, which may have more
    /// axes of length 1. Of a PNG with a palette the labels are the numbers of the colours.
    ///
    /// # Errors
    /// When it is none of them, or holds values that are no labels. A `_seg.npy` of Cellpose is a Python pickle, which could run
    /// anything, and is refused by name.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let head = input::head(path, 6)?;
        if head.starts_with(b"\xff\xd8\xff") {
            return Err(FormatError::new(
                path,
                "labels as they were drawn (save them as TIFF or PNG)",
                "a JPEG, whose values are near those of the labels but not equal",
            ));
        }
        if head.starts_with(b"\x93NUMPY") {
            return Ok(LabelImage { path: path.to_path_buf(), source: array(path)? });
        }
        // Programs that draw labels number the colours of a palette with them.
        if head.starts_with(b"\x89PNG")
            && let Some((shape, values)) = image::indices(path, &input::read(path, image::MAX_FILE)?)?
        {
            let labels = values.into_iter().map(u32::from).collect();
            let source = Source::Array { shape: [1, shape.h, shape.w], labels };
            return Ok(LabelImage { path: path.to_path_buf(), source });
        }
        Self::of_field(path, Image::open(path)?.field(0)?)
    }

    /// The labels in a field of the image at `path`.
    ///
    /// # Errors
    /// When it has several focal planes.
    pub fn of_field(path: &Path, field: Field) -> Result<Self, FormatError> {
        let n_z = field.facts().n_z;
        if n_z > 1 {
            return Err(FormatError::new(path, "labels in one focal plane", format!("{n_z} focal planes")));
        }
        Ok(LabelImage { path: path.to_path_buf(), source: Source::Field(field) })
    }

    /// Frames.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        match &self.source {
            Source::Field(field) => field.facts().n_t,
            Source::Array { shape, .. } => shape[0],
        }
    }

    /// Rows and columns.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        match &self.source {
            Source::Field(field) => (field.h(), field.w()),
            Source::Array { shape, .. } => (shape[1], shape[2]),
        }
    }

    /// Labels of frame `t`, `[h, w]`. Of a colour image the first channel, if the others are the same or have nothing.
    ///
    /// # Errors
    /// When there is no such frame, it cannot be read, or a value is no label; when other channels say something else, as they do
    /// in pictures that give cells colours.
    pub fn frame(&self, t: usize) -> Result<Vec<u32>, FormatError> {
        if t >= self.n_frames() {
            let expected = format!("labels of frame {t}");
            return Err(FormatError::new(&self.path, expected, format!("{} frames", self.n_frames())));
        }
        match &self.source {
            Source::Field(field) => {
                let labels =
                    |plane: Plane| plane.values.to_labels().map_err(|found| no_label(&self.path, found));
                let mut planes = field.channels(t, 0)?.into_iter().map(labels);
                let first = planes.next().unwrap_or_else(|| Ok(Vec::new()))?;
                for (other, c) in planes.zip(1..) {
                    let other = other?;
                    if other != first && other.iter().any(|&label| label != 0) {
                        let found = format!("other values in channel {c}");
                        return Err(FormatError::new(&self.path, "labels in one channel", found));
                    }
                }
                Ok(first)
            }
            Source::Array { shape: [_, h, w], labels } => Ok(labels[t * h * w..(t + 1) * h * w].to_vec()),
        }
    }
}

fn no_label(path: &Path, found: String) -> FormatError {
    FormatError::new(path, "labels: whole numbers from 0", found)
}

fn array(path: &Path) -> Result<Source, FormatError> {
    if input::file_name(path).ends_with("_seg.npy") {
        let expected = "masks saved by Cellpose as TIFF or PNG (File, Save masks)";
        return Err(FormatError::new(
            path,
            expected,
            "a Cellpose _seg.npy, a Python pickle that could run anything",
        ));
    }
    let (file, len) = input::open(path)?;
    let array = npy::read_array(path, &mut BufReader::new(file), Some(len))?;
    // Networks leave axes of one image, one channel and one focal plane.
    let mut shape = array.shape.clone();
    while let Some(axis) = shape.iter().rposition(|&n| n == 1).filter(|_| shape.len() > 2) {
        shape.remove(axis);
    }
    let shape = match shape[..] {
        [h, w] if h * w > 0 => [1, h, w],
        [t, h, w] if t * h * w > 0 => [t, h, w],
        _ => {
            let found = format!("shape {:?}", array.shape);
            return Err(FormatError::new(path, "labels as [h, w] or [t, h, w]", found));
        }
    };
    let from_float = |x: f32| {
        let fits = x.fract() == 0.0 && (0.0..=16_777_216.0).contains(&x);
        if fits { Ok(x as u32) } else { Err(no_label(path, x.to_string())) }
    };
    let labels = match array.values {
        Values::Pixels(Pixels::Uint8(v), _) => v.into_iter().map(u32::from).collect(),
        Values::Pixels(Pixels::Uint16(v), _) => v.into_iter().map(u32::from).collect(),
        Values::Pixels(Pixels::Float32(v), _) => v.into_iter().map(from_float).collect::<Result<_, _>>()?,
        Values::Int(v) => {
            let label = |x: i64| u32::try_from(x).map_err(|_| no_label(path, x.to_string()));
            v.into_iter().map(label).collect::<Result<_, _>>()?
        }
        Values::Text(_) => return Err(no_label(path, "text".to_owned())),
    };
    Ok(Source::Array { shape, labels })
}
