//! TIFF: one image per file, its channels interleaved, in planes or in pages.

use std::path::Path;

use cells::{CropShape, Pixels};

use super::{Image, MAX_VALUES};
use crate::FormatError;
use crate::microscope::Pages;

/// Most pages that one image may have.
const MAX_PAGES: usize = 4096;
/// Most channels a patch may have; tells channels from rows when a file does not say.
const MAX_CHANNELS: usize = 16;

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    let file = Pages::open(path, bytes)?;
    let n_values: usize = (0..file.len()).map(|i| file.size(i).into_iter().product::<usize>()).sum();
    if file.len() > MAX_PAGES || n_values > MAX_VALUES {
        let expected = format!("at most {MAX_PAGES} pages and {MAX_VALUES} values");
        return Err(FormatError::new(path, expected, format!("{} pages of {n_values} values", file.len())));
    }
    let pages = (0..file.len()).map(|i| page(path, &file, i).map_err(|e| e.at(format!("page {i}"))));
    join(path, pages.collect::<Result<_, _>>()?, described_shape(&file.description()?))
}

/// Decodes a page as `[h, w, c]`.
fn page(path: &Path, file: &Pages, i: usize) -> Result<Image, FormatError> {
    let page = file.page(i)?;
    let colours = match page.photometric {
        0..=2 => None,
        3 => Some("a palette"),
        4 => Some("a mask"),
        5 => Some("CMYK"),
        6 => Some("YCbCr"),
        8..=10 => Some("L*a*b*"),
        _ => Some("another kind of colours"),
    };
    if let Some(found) = colours {
        return Err(FormatError::new(path, "grey, RGB or channels", found));
    }
    let [h, w, _] = file.size(i);
    let planes = page.planes.into_iter().map(|values| {
        let name = values.dtype().name();
        values.into_exact_pixels().map_err(|found| {
            let expected = "intensities that float32 has exactly";
            FormatError::new(path, expected, format!("{found} ({name})"))
        })
    });
    // A page itself, or its planes, which are put together as pages of one channel are.
    let image = |pixels: Pixels| Image { shape: CropShape { h, w, c: pixels.len() / (h * w) }, pixels };
    channels(path, planes.map(|pixels| pixels.map(image)).collect::<Result<_, _>>()?)
}

/// `[c, n]` to `[n, c]`.
fn interleaved<T: Copy>(values: &[T], n: usize, c: usize) -> Vec<T> {
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
        Pixels::Uint8(v) => Pixels::Uint8(interleaved(&v, n, c)),
        Pixels::Uint16(v) => Pixels::Uint16(interleaved(&v, n, c)),
        Pixels::Float32(v) => Pixels::Float32(interleaved(&v, n, c)),
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
