//! Hyperstacks of ImageJ: lines `key=value` in the description; planes in the order of channels, depth, time.
//!
//! # Source
//! `ij.io.TiffDecoder` and `FileInfo.getDescriptionString` of ImageJ 1.54.

use super::super::field::Sizes;
use super::super::units;
use super::Tiff;
use super::ifd::{Ifd, tag};
use super::layout::{Layout, MAX_PLANES, Source};
use crate::FormatError;

/// Reads the description; none when it is not by ImageJ.
pub(super) fn layout(tiff: &Tiff, first: &Ifd, description: &str) -> Result<Option<Layout>, FormatError> {
    if !description.starts_with("ImageJ=") {
        return Ok(None);
    }
    let text = |key: &str| description.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
    let count = |key: &str| text(key).and_then(|v| v.trim().parse::<usize>().ok());
    let number = |key: &str| text(key).and_then(|v| v.trim().parse::<f64>().ok()).filter(|v| *v > 0.0);
    let kind = tiff.pages[0].kind;
    let n_pages = tiff.pages.iter().filter(|p| p.kind == kind).count();
    let (n_c, n_z, n_t) = (count("channels"), count("slices"), count("frames"));
    let n_images = count("images").unwrap_or(n_pages);
    let shape = [n_c.unwrap_or(1), n_z.unwrap_or(1), n_t.unwrap_or(1)];
    let said = shape.into_iter().try_fold(1usize, usize::checked_mul);
    // "images" alone is a stack without a meaning; it is taken as frames.
    let is_plain = n_c.is_none() && n_z.is_none() && n_t.is_none();
    let [n_c, n_z, n_t] = if is_plain { [1, 1, n_images] } else { shape };
    if n_images == 0 || n_images > MAX_PLANES || (!is_plain && said != Some(n_images)) {
        let expected = format!("channels x slices x frames = images = {n_images}, 1 to {MAX_PLANES}");
        return Err(tiff.bytes.refuse(expected, format!("{n_c} x {n_z} x {n_t}")));
    }
    let is_stacked = n_pages == 1 && n_images > 1;
    if is_stacked {
        // The last plane must be there.
        tiff.page(Source { nth: n_images as u32 - 1, ..Source::default() })?;
    } else if n_pages < n_images {
        let expected = format!("{n_images} images, as the description says");
        return Err(tiff.bytes.refuse(expected, format!("{n_pages} pages")));
    }
    let source = |i: u32| {
        if is_stacked {
            Source { nth: i, ..Source::default() }
        } else {
            Source { page: i, ..Source::default() }
        }
    };
    let unit = text("unit").map(units::unescape).and_then(|u| units::um(&u));
    let um = |tag| -> Result<Option<f64>, FormatError> {
        let per_unit = first.rational(&tiff.bytes, tag)?.filter(|n| *n > 0.0);
        Ok(per_unit.zip(unit).map(|(n, um)| um / n))
    };
    let sizes = Sizes {
        y_um: um(tag::Y_RESOLUTION)?,
        x_um: um(tag::X_RESOLUTION)?,
        z_um: number("spacing").zip(unit).map(|(n, um)| n * um),
        t_s: number("finterval").or_else(|| number("fps").map(|n| 1.0 / n)),
    };
    Ok(Some(Layout {
        n_t,
        n_z,
        names: vec![String::new(); n_c],
        planes: (0..n_images as u32).map(|i| Some(source(i))).collect(),
        sizes,
        notes: if is_plain && n_images > 1 {
            vec!["images are taken as frames".to_owned()]
        } else {
            Vec::new()
        },
        ..Layout::default()
    }))
}
