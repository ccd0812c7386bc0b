//! PNG.

use std::io::{self, Cursor};
use std::path::Path;

use cells::{CropShape, Depth, Pixels};
use image::{
    ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits,
};

use super::{Image, MAX_VALUES};
use crate::{FormatError, atomic};

/// The image without its alpha channel, and whether that hides anything.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<(Image, bool), FormatError> {
    let broken = |e: image::ImageError| FormatError::new(path, "a PNG image", e.to_string());
    check_whole(path, bytes)?;
    let reader = || ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let (w, h) = reader().into_dimensions().map_err(broken)?;
    check_size(path, h, w)?;
    let mut reader = reader();
    let mut limits = Limits::default();
    limits.max_alloc = Some(8 * MAX_VALUES as u64);
    reader.limits(limits);
    let uint8 = |c: usize, values| (c, Pixels::Uint8(values), false);
    let uint16 = |c: usize, values| (c, Pixels::Uint16(values), false);
    let (c, pixels, hides) = match reader.decode().map_err(broken)? {
        DynamicImage::ImageLuma8(i) => uint8(1, i.into_raw()),
        DynamicImage::ImageRgb8(i) => uint8(3, i.into_raw()),
        DynamicImage::ImageLuma16(i) => uint16(1, i.into_raw()),
        DynamicImage::ImageRgb16(i) => uint16(3, i.into_raw()),
        DynamicImage::ImageLumaA8(i) => without_alpha(&i.into_raw(), 1, u8::MAX, Pixels::Uint8),
        DynamicImage::ImageRgba8(i) => without_alpha(&i.into_raw(), 3, u8::MAX, Pixels::Uint8),
        DynamicImage::ImageLumaA16(i) => without_alpha(&i.into_raw(), 1, u16::MAX, Pixels::Uint16),
        DynamicImage::ImageRgba16(i) => without_alpha(&i.into_raw(), 3, u16::MAX, Pixels::Uint16),
        other => {
            let found = format!("{:?}", other.color());
            return Err(FormatError::new(path, "8- or 16-bit grey or RGB", found));
        }
    };
    Ok((Image { shape: CropShape { h: h as usize, w: w as usize, c }, pixels }, hides))
}

/// Shape and depth of the image that [`parse`] gives, by its head. None where there may be an alpha channel: whether it hides
/// anything takes all pixels.
pub(super) fn head(path: &Path, bytes: &[u8]) -> Result<Option<(CropShape, Depth)>, FormatError> {
    let broken = |e: image::ImageError| FormatError::new(path, "a PNG image", e.to_string());
    check_whole(path, bytes)?;
    let decoder =
        ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png).into_decoder().map_err(broken)?;
    let (w, h) = decoder.dimensions();
    check_size(path, h, w)?;
    let (c, depth) = match decoder.color_type() {
        ColorType::L8 => (1, Depth::Uint8),
        ColorType::Rgb8 => (3, Depth::Uint8),
        ColorType::L16 => (1, Depth::Uint16),
        ColorType::Rgb16 => (3, Depth::Uint16),
        _ => return Ok(None),
    };
    Ok(Some((CropShape { h: h as usize, w: w as usize, c }, depth)))
}

/// The values of a picture with a palette, or of grey of fewer than 8 bits, as they are in the file: `[h, w]`. None of any
/// other picture, whose values are those of the image.
pub(super) fn indices(path: &Path, bytes: &[u8]) -> Result<Option<(CropShape, Vec<u8>)>, FormatError> {
    let broken = |e: png::DecodingError| FormatError::new(path, "a PNG image", e.to_string());
    check_whole(path, bytes)?;
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(broken)?;
    let info = reader.info();
    let (h, w, depth) = (info.height, info.width, info.bit_depth as u8);
    match info.color_type {
        png::ColorType::Indexed => {}
        png::ColorType::Grayscale if depth < 8 => {}
        _ => return Ok(None),
    }
    check_size(path, h, w)?;
    let (h, w) = (h as usize, w as usize);
    let row = (w * usize::from(depth)).div_ceil(8);
    let mut packed = vec![0; row * h];
    let frame = reader.next_frame(&mut packed).map_err(broken)?;
    if frame.line_size != row {
        return Err(FormatError::new(path, format!("rows of {row} bytes"), frame.line_size.to_string()));
    }
    let value = |row: &[u8], x: usize| {
        let bit = x * usize::from(depth);
        row[bit / 8] << (bit % 8) >> (8 - depth)
    };
    let values = packed.chunks_exact(row).flat_map(|row| (0..w).map(move |x| value(row, x)));
    Ok(Some((CropShape { h, w, c: 1 }, values.collect())))
}

fn check_size(path: &Path, h: u32, w: u32) -> Result<(), FormatError> {
    if h as usize * w as usize <= MAX_VALUES / 4 {
        return Ok(());
    }
    let expected = format!("at most {} pixels", MAX_VALUES / 4);
    Err(FormatError::new(path, expected, format!("{h} rows x {w} columns")))
}

/// The decoder makes up what is missing near the end.
fn check_whole(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    if is_whole(bytes) {
        return Ok(());
    }
    Err(FormatError::new(path, "a whole PNG image", "the end of the file too early"))
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

/// Drops an alpha channel behind `c` others, and says whether it hides anything. Intensities stay as they are stored.
fn without_alpha<T: Copy + PartialEq>(
    values: &[T],
    c: usize,
    full: T,
    pixels: impl Fn(Vec<T>) -> Pixels,
) -> (usize, Pixels, bool) {
    let mut kept = Vec::with_capacity(values.len() / (c + 1) * c);
    let mut hides = false;
    for pixel in values.chunks_exact(c + 1) {
        hides |= pixel[c] != full;
        kept.extend_from_slice(&pixel[..c]);
    }
    (c, pixels(kept), hides)
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
