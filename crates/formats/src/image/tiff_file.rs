//! TIFF: one image per file, its channels interleaved, in planes or in pages.

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use cells::{CropShape, Pixels};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::{Image, MAX_VALUES};
use crate::FormatError;

/// Most pages that one image may have.
const MAX_PAGES: usize = 4096;
/// Most channels a patch may have; tells channels from rows when a file does not say.
const MAX_CHANNELS: usize = 16;

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    let (pages, description) = first_pages(path, Cursor::new(bytes), MAX_PAGES)?;
    join(path, pages, described_shape(&description))
}

/// What went wrong in a TIFF file.
pub(crate) fn tiff_error(path: &Path, error: &TiffError) -> FormatError {
    FormatError::new(path, "a TIFF image", error.to_string())
}

/// The pages of a TIFF file, at most `max`, and the description of the first.
fn first_pages<R: Read + Seek>(
    path: &Path,
    reader: R,
    max: usize,
) -> Result<(Vec<Image>, String), FormatError> {
    let broken = |e: TiffError| tiff_error(path, &e);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_VALUES;
    limits.intermediate_buffer_size = MAX_VALUES;
    let mut decoder = Decoder::new(reader).map_err(broken)?.with_limits(limits);
    let description = decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap_or_default();
    let (mut pages, mut n_values) = (Vec::new(), 0);
    loop {
        let place = format!("page {}", pages.len());
        let page = page(path, &mut decoder).map_err(|e| e.at(place.as_str()))?;
        n_values += page.shape.len();
        pages.push(page);
        if pages.len() > max || n_values > MAX_VALUES {
            let expected = format!("at most {max} pages and {MAX_VALUES} values");
            return Err(FormatError::new(path, expected, format!("{} pages or more", pages.len())));
        }
        if !decoder.more_images() {
            return Ok((pages, description));
        }
        decoder.next_image().map_err(broken)?;
    }
}

/// Decodes the current page as `[h, w, c]`.
fn page<R: Read + Seek>(path: &Path, decoder: &mut Decoder<R>) -> Result<Image, FormatError> {
    let broken = |e: TiffError| tiff_error(path, &e);
    let (w, h) = decoder.dimensions().map_err(broken)?;
    let c = match decoder.colortype().map_err(broken)? {
        ColorType::Gray(8 | 16 | 32 | 64) => 1,
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        ColorType::Multiband { num_samples, .. } => usize::from(num_samples),
        other => {
            return Err(FormatError::new(path, "grey, RGB or channels", format!("{other:?}")));
        }
    };
    let (h, w) = (h as usize, w as usize);
    let shape = CropShape { h, w, c };
    if h.checked_mul(w).and_then(|n| n.checked_mul(c)).is_none_or(|n| n == 0 || n > MAX_VALUES) {
        let found = format!("{shape}");
        return Err(FormatError::new(path, format!("1 to {MAX_VALUES} values"), found));
    }
    let mut values = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut values).map_err(broken)?;
    let planar = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(broken)? == Some(2);
    let pixels = match values {
        DecodingResult::U8(v) => Pixels::Uint8(interleaved(v, h * w, c, planar)),
        DecodingResult::U16(v) => Pixels::Uint16(interleaved(v, h * w, c, planar)),
        DecodingResult::F32(v) => Pixels::Float32(interleaved(v, h * w, c, planar)),
        DecodingResult::F64(v) => {
            let v = v.into_iter().map(|x| x as f32).collect();
            Pixels::Float32(interleaved(v, h * w, c, planar))
        }
        _ => {
            let expected = "samples of 8 or 16 bits without sign, or floating point";
            return Err(FormatError::new(path, expected, "integers of another kind"));
        }
    };
    if pixels.len() != shape.len() {
        let found = format!("{} values", pixels.len());
        return Err(FormatError::new(path, format!("{} values for {shape}", shape.len()), found));
    }
    Ok(Image { shape, pixels })
}

/// `[c, n]` to `[n, c]` when stored in planes.
fn interleaved<T: Copy>(values: Vec<T>, n: usize, c: usize, planar: bool) -> Vec<T> {
    if !planar || c == 1 || values.len() != n * c {
        return values;
    }
    (0..n * c).map(|i| values[(i % c) * n + i / c]).collect()
}

/// The shape in a description as tifffile writes it, `{"shape": [64, 64, 2]}`.
fn described_shape(description: &str) -> Option<[usize; 3]> {
    let json: serde_json::Value = serde_json::from_str(description.trim_end_matches('\0')).ok()?;
    let shape: Vec<usize> = serde_json::from_value(json.get("shape")?.clone()).ok()?;
    shape.try_into().ok()
}

/// One image from pages of equal shape: rows of the array that the description tells of, or channels.
fn join(path: &Path, pages: Vec<Image>, described: Option<[usize; 3]>) -> Result<Image, FormatError> {
    let first = pages[0].shape;
    if let Some([h, w, c]) = described
        && first.c == 1
        && [h, w, c] == [pages.len(), first.h, first.w]
        && c <= MAX_CHANNELS
    {
        return Ok(Image { shape: CropShape { h, w, c }, pixels: concatenate(path, &pages)? });
    }
    if pages.len() > MAX_CHANNELS {
        let expected = format!("one image, or at most {MAX_CHANNELS} pages of one channel");
        return Err(FormatError::new(path, expected, format!("{} pages of {first}", pages.len())));
    }
    channels(path, pages)
}

/// One image whose channels are `pages`, at least one; a single page may have several channels itself.
fn channels(path: &Path, mut pages: Vec<Image>) -> Result<Image, FormatError> {
    if pages.len() == 1 {
        return Ok(pages.remove(0));
    }
    let first = pages[0].shape;
    if first.c != 1 {
        let found = format!("{} pages of {first}", pages.len());
        return Err(FormatError::new(path, "one channel on each page", found));
    }
    let (n, c) = (first.h * first.w, pages.len());
    let pixels = match concatenate(path, &pages)? {
        Pixels::Uint8(v) => Pixels::Uint8(interleaved(v, n, c, true)),
        Pixels::Uint16(v) => Pixels::Uint16(interleaved(v, n, c, true)),
        Pixels::Float32(v) => Pixels::Float32(interleaved(v, n, c, true)),
    };
    Ok(Image { shape: CropShape { c, ..first }, pixels })
}

/// Pixels of pages of one shape and depth, one page after the other.
fn concatenate(path: &Path, pages: &[Image]) -> Result<Pixels, FormatError> {
    let (first, depth) = (pages[0].shape, pages[0].pixels.depth());
    let mut pixels = Pixels::empty(depth);
    for (i, page) in pages.iter().enumerate() {
        let same_depth = pixels.extend_from(&page.pixels, 0..page.pixels.len()).is_ok();
        if page.shape != first || !same_depth {
            let found = format!("{} {}", page.shape, page.pixels.depth());
            let expected = format!("pages of {first} {depth}");
            return Err(FormatError::new(path, expected, found).at(format!("page {i}")));
        }
    }
    Ok(pixels)
}
