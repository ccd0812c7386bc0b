//! PNG.

use std::io::{self, Cursor};
use std::path::Path;

use cells::{CropShape, Pixels};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, Limits};

use super::{Image, MAX_VALUES};
use crate::{FormatError, atomic};

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    let broken = |e: image::ImageError| FormatError::new(path, "a PNG image", e.to_string());
    // The decoder makes up what is missing near the end.
    if !is_whole(bytes) {
        return Err(FormatError::new(path, "a whole PNG image", "the end of the file too early"));
    }
    let reader = || ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let (w, h) = reader().into_dimensions().map_err(broken)?;
    if w as usize * h as usize > MAX_VALUES / 4 {
        let expected = format!("at most {} pixels", MAX_VALUES / 4);
        return Err(FormatError::new(path, expected, format!("{h} rows x {w} columns")));
    }
    let mut reader = reader();
    let mut limits = Limits::default();
    limits.max_alloc = Some(8 * MAX_VALUES as u64);
    reader.limits(limits);
    let (h, w) = (h as usize, w as usize);
    let (c, pixels) = match reader.decode().map_err(broken)? {
        DynamicImage::ImageLuma8(i) => (1, Pixels::Uint8(i.into_raw())),
        DynamicImage::ImageRgb8(i) => (3, Pixels::Uint8(i.into_raw())),
        DynamicImage::ImageLuma16(i) => (1, Pixels::Uint16(i.into_raw())),
        DynamicImage::ImageRgb16(i) => (3, Pixels::Uint16(i.into_raw())),
        DynamicImage::ImageLumaA8(i) => (1, Pixels::Uint8(opaque(path, &i.into_raw(), 2, u8::MAX)?)),
        DynamicImage::ImageRgba8(i) => (3, Pixels::Uint8(opaque(path, &i.into_raw(), 4, u8::MAX)?)),
        DynamicImage::ImageLumaA16(i) => (1, Pixels::Uint16(opaque(path, &i.into_raw(), 2, u16::MAX)?)),
        DynamicImage::ImageRgba16(i) => (3, Pixels::Uint16(opaque(path, &i.into_raw(), 4, u16::MAX)?)),
        other => {
            let found = format!("{:?}", other.color());
            return Err(FormatError::new(path, "8- or 16-bit grey or RGB", found));
        }
    };
    Ok(Image { shape: CropShape { h, w, c }, pixels })
}

/// Whether the chunks go on to the last.
fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((&head, body)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = head;
        // Content, and four bytes of checksum.
        let Some(next) = body.get(u32::from_be_bytes([a, b, c, d]) as usize..).and_then(|r| r.get(4..))
        else {
            return false;
        };
        if kind == *b"IEND" {
            return true;
        }
        rest = next;
    }
    false
}

/// Drops an alpha channel that hides nothing; what a half-transparent pixel means for a measurement is undefined.
fn opaque<T: Copy + PartialEq>(
    path: &Path,
    values: &[T],
    channels: usize,
    full: T,
) -> Result<Vec<T>, FormatError> {
    let mut out = Vec::with_capacity(values.len() / channels * (channels - 1));
    for pixel in values.chunks_exact(channels) {
        if pixel[channels - 1] != full {
            return Err(FormatError::new(path, "no transparent pixel", "some"));
        }
        out.extend_from_slice(&pixel[..channels - 1]);
    }
    Ok(out)
}

/// Writes an 8-bit grey PNG of `h` rows and `w` columns, atomically.
///
/// # Errors
/// When the number of pixels is not `h * w`, or the file cannot be written.
pub fn write_png_grey(path: &Path, h: usize, w: usize, pixels: &[u8]) -> Result<(), FormatError> {
    write_png(path, h, w, pixels, ExtendedColorType::L8)
}

/// Writes an 8-bit RGB PNG of `h` rows and `w` columns, `[h, w, 3]`, atomically.
///
/// # Errors
/// When the number of values is not `h * w * 3`, or the file cannot be written.
pub fn write_png_rgb(path: &Path, h: usize, w: usize, pixels: &[u8]) -> Result<(), FormatError> {
    write_png(path, h, w, pixels, ExtendedColorType::Rgb8)
}

fn write_png(
    path: &Path,
    h: usize,
    w: usize,
    pixels: &[u8],
    color: ExtendedColorType,
) -> Result<(), FormatError> {
    let channels = usize::from(color.channel_count());
    if pixels.len() != h * w * channels || pixels.is_empty() {
        let expected = format!("{h} x {w} x {channels} values to write");
        return Err(FormatError::new(path, expected, pixels.len().to_string()));
    }
    let size = |n: usize| u32::try_from(n).map_err(io::Error::other);
    atomic::write_file(path, |out| {
        image::codecs::png::PngEncoder::new(out)
            .write_image(pixels, size(w)?, size(h)?, color)
            .map_err(io::Error::other)
    })
}
