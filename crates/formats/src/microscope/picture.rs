//! PNG and JPEG as images of one frame. Small enough to be decoded as a whole.

use cells::{CropShape, Depth, Pixels};

use super::bytes::Bytes;
use super::field::{Facts, Planes, Sizes};
use super::{At, Dtype, Field, Fields, Level, Plane, Values, Window};
use crate::{FormatError, image};

/// A file that is decoded when planes of it are wanted.
pub(super) struct Picture {
    packed: std::sync::Arc<Packed>,
}

struct Packed {
    bytes: Bytes,
}

/// Checks that it can be decoded.
pub(super) fn open(bytes: Bytes) -> Result<Picture, FormatError> {
    if bytes.len() > image::MAX_FILE {
        return Err(bytes.refuse(format!("at most {} bytes", image::MAX_FILE), bytes.len().to_string()));
    }
    Ok(Picture { packed: std::sync::Arc::new(Packed { bytes }) })
}

impl Packed {
    fn read(&self) -> Result<Vec<u8>, FormatError> {
        self.bytes.read(0, self.bytes.len() as usize)
    }

    /// Shape, depth, and what a user should know.
    fn facts(&self) -> Result<(CropShape, Depth, Vec<String>), FormatError> {
        let packed = self.read()?;
        if let Some((shape, depth)) = image::head(self.bytes.path(), &packed)? {
            return Ok((shape, depth, Vec::new()));
        }
        let (image, notes) = image::parse_noting(self.bytes.path(), &packed)?;
        Ok((image.shape, image.pixels.depth(), notes))
    }
}

impl Fields for Picture {
    fn field(&self, _: usize) -> Result<Field, FormatError> {
        let (shape, depth, notes) = self.packed.facts()?;
        let (dtype, bits) = match depth {
            Depth::Uint8 => (Dtype::U8, 8),
            Depth::Uint16 => (Dtype::U16, 16),
            Depth::Float32 => (Dtype::F32, 32),
        };
        let names: &[&str] = if shape.c == 3 { &["red", "green", "blue"] } else { &[""] };
        let facts = Facts {
            n_t: 1,
            n_z: 1,
            channels: names.iter().map(|&n| n.to_owned()).collect(),
            dtype,
            bits,
            levels: vec![Level { h: shape.h, w: shape.w }],
            sizes: Sizes::default(),
            notes,
        };
        Ok(Field::new(self.packed.bytes.path(), facts, Opened(std::sync::Arc::clone(&self.packed))))
    }
}

struct Opened(std::sync::Arc<Packed>);

impl Planes for Opened {
    fn read(&self, _: usize, at: At, n_channels: usize, window: Window) -> Result<Vec<Plane>, FormatError> {
        let image = image::parse(self.0.bytes.path(), &self.0.read()?)?;
        let CropShape { h, w, c: k } = image.shape;
        if window.y + window.h > h || window.x + window.w > w || at.c + n_channels > k {
            let expected = format!("the picture that was opened, with {window}");
            return Err(self.0.bytes.refuse(expected, format!("another, of {}", image.shape)));
        }
        let index = |i: usize, c: usize| {
            let (y, x) = (window.y + i / window.w, window.x + i % window.w);
            (y * w + x) * k + c
        };
        let plane = |c: usize| {
            let all = 0..window.h * window.w;
            let values = match &image.pixels {
                Pixels::Uint8(v) => Values::U8(all.map(|i| v[index(i, c)]).collect()),
                Pixels::Uint16(v) => Values::U16(all.map(|i| v[index(i, c)]).collect()),
                Pixels::Float32(v) => Values::F32(all.map(|i| v[index(i, c)]).collect()),
            };
            Plane { h: window.h, w: window.w, values }
        };
        Ok((at.c..at.c + n_channels).map(plane).collect())
    }
}
