//! JPEG: grey, red, green and blue, and inks as the colours that they print.

use std::path::Path;

use cells::{CropShape, Pixels};

use super::{Image, MAX_VALUES};
use crate::FormatError;
use crate::jpeg::{Colours, Jpeg, JpegError, Tables};

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    let (jpeg, shape) = open(path, bytes)?;
    let n_samples = jpeg.n_samples();
    let values = jpeg.decode(Colours::Told).map_err(|e| refused(path, e))?;
    let values = match n_samples {
        4 => values.as_chunks::<4>().0.iter().flat_map(printed).collect(),
        _ => values,
    };
    Ok(Image { shape, pixels: Pixels::Uint8(values) })
}

/// Shape of the image that [`parse`] gives, by its head.
pub(super) fn head(path: &Path, bytes: &[u8]) -> Result<CropShape, FormatError> {
    open(path, bytes).map(|(_, shape)| shape)
}

/// A file that can be decoded, and the shape of its image.
fn open<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Jpeg<'a>, CropShape), FormatError> {
    let jpeg = Jpeg::open(bytes, &Tables::default()).map_err(|e| refused(path, e))?;
    let (h, w, n_samples) = (jpeg.h(), jpeg.w(), jpeg.n_samples());
    if h * w > MAX_VALUES / 4 {
        let expected = format!("at most {} pixels", MAX_VALUES / 4);
        return Err(FormatError::new(path, expected, format!("{h} rows x {w} columns")));
    }
    if n_samples == 2 {
        return Err(FormatError::new(path, "grey, RGB or CMYK", "two components"));
    }
    let c = if n_samples == 4 { 3 } else { n_samples };
    Ok((jpeg, CropShape { h, w, c }))
}

fn refused(path: &Path, e: JpegError) -> FormatError {
    FormatError::new(path, e.expected, e.found).at(format!("byte {}", e.at))
}

/// Red, green and blue of four inks, which JPEG has as what they leave of the light; as Pillow converts them.
fn printed(&[cyan, magenta, yellow, black]: &[u8; 4]) -> [u8; 3] {
    let light = u32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        // A product of bytes over 255, rounded.
        let product = u32::from(255 - ink) * light + 128;
        (light - ((product + (product >> 8)) >> 8)) as u8
    })
}
