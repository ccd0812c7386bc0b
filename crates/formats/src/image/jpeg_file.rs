//! JPEG: grey, red, green and blue, and inks as the colours that they print.

use std::path::Path;

use cells::{CropShape, Pixels};

use super::{Image, MAX_VALUES};
use crate::FormatError;
use crate::jpeg::{Colours, Jpeg, JpegError, Tables};

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    let refused = |e: JpegError| FormatError::new(path, e.expected, e.found).at(format!("byte {}", e.at));
    let jpeg = Jpeg::open(bytes, &Tables::default()).map_err(refused)?;
    let (h, w, n_samples) = (jpeg.h(), jpeg.w(), jpeg.n_samples());
    if h * w > MAX_VALUES / 4 {
        let expected = format!("at most {} pixels", MAX_VALUES / 4);
        return Err(FormatError::new(path, expected, format!("{h} rows x {w} columns")));
    }
    if n_samples == 2 {
        return Err(FormatError::new(path, "grey, RGB or CMYK", "two components"));
    }
    let values = jpeg.decode(Colours::Told).map_err(refused)?;
    let (c, values) = match n_samples {
        4 => (3, values.as_chunks::<4>().0.iter().flat_map(printed).collect()),
        n => (n, values),
    };
    Ok(Image { shape: CropShape { h, w, c }, pixels: Pixels::Uint8(values) })
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
