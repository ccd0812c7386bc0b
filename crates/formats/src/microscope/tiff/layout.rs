//! Which page is which frame, focal plane and channel.

use super::super::field::Sizes;
use super::super::{At, Place};
use super::Tiff;
use super::ifd::{Ifd, tag};
use super::page::Kind;
use crate::FormatError;

/// Most planes of a field.
pub(super) const MAX_PLANES: usize = 1 << 24;

/// Most sizes and types that pages without metadata may have.
const MAX_KINDS: usize = 1000;

/// Where a plane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Source {
    /// Index of the file; 0 is the one that was opened.
    pub file: u32,
    /// Index of the page in its chain.
    pub page: u32,
    /// The page this many after it, without a directory.
    pub nth: u32,
}

/// A field as pages.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub place: Place,
    pub n_t: usize,
    pub n_z: usize,
    /// Names of channels; each has a page of its own, which may have several samples.
    pub names: Vec<String>,
    /// Names of the samples of each page, when the metadata name them.
    pub sample_names: Vec<String>,
    /// `[t, z, c]`; none where the metadata name no page.
    pub planes: Vec<Option<Source>>,
    /// Pages that are coarser levels of the single page.
    pub reduced: Vec<usize>,
    pub sizes: Sizes,
    pub bits: Option<u16>,
    pub notes: Vec<String>,
}

impl Layout {
    pub fn source(&self, at: At) -> Option<Source> {
        self.planes.get((at.t * self.n_z + at.z) * self.names.len() + at.c).copied().flatten()
    }

    /// Names of all channels, with the samples of each page.
    pub fn channel_names(&self, samples: usize, is_rgb: bool) -> Vec<String> {
        if self.sample_names.len() == samples && self.names.len() == 1 {
            return self.sample_names.clone();
        }
        if samples == 1 {
            return self.names.clone();
        }
        let colours = ["red", "green", "blue"];
        let sample_name = |name: &str, i: usize| match (is_rgb, colours.get(i)) {
            (true, Some(colour)) => format!("{name} {colour}").trim().to_owned(),
            _ if name.is_empty() => String::new(),
            _ => format!("{name} {i}"),
        };
        self.names.iter().flat_map(|name| (0..samples).map(move |i| sample_name(name, i))).collect()
    }
}

/// Fields of pages without metadata: those of one kind are frames of one field.
pub(super) fn of_pages(tiff: &Tiff, first: &Ifd) -> Result<Vec<Layout>, FormatError> {
    let full = tiff.pages.iter().enumerate().filter(|(_, p)| !p.reduced);
    let mut kinds: Vec<(Kind, Vec<usize>)> = Vec::new();
    for (i, page) in full {
        match kinds.iter().position(|(kind, _)| *kind == page.kind) {
            Some(k) => kinds[k].1.push(i),
            None if kinds.len() < MAX_KINDS => kinds.push((page.kind, vec![i])),
            None => return Err(tiff.bytes.refuse(format!("pages of at most {MAX_KINDS} sizes"), "more")),
        }
    }
    let is_single = kinds.len() == 1 && kinds[0].1.len() == 1;
    let sizes = resolution(tiff, first)?;
    let layout = |(_, pages): (Kind, Vec<usize>)| Layout {
        n_t: pages.len(),
        n_z: 1,
        names: vec![String::new()],
        planes: pages.iter().map(|&p| Some(Source { page: p as u32, ..Source::default() })).collect(),
        reduced: if is_single { reduced(tiff) } else { Vec::new() },
        sizes,
        notes: if pages.len() > 1 { vec!["pages are taken as frames".to_owned()] } else { Vec::new() },
        ..Layout::default()
    };
    let mut layouts: Vec<Layout> = kinds.into_iter().map(layout).collect();
    if layouts.len() > 1 {
        for (i, layout) in layouts.iter_mut().enumerate() {
            layout.place.name = format!("pages of size {i}");
        }
    }
    Ok(layouts)
}

/// Pages that are smaller versions of the first.
fn reduced(tiff: &Tiff) -> Vec<usize> {
    let full = tiff.pages[0].kind;
    let is_level = |k: Kind| k.h < full.h && k.w < full.w && Kind { h: full.h, w: full.w, ..k } == full;
    (1..tiff.pages.len()).filter(|&i| is_level(tiff.pages[i].kind)).collect()
}

/// Pixel sizes from a resolution in centimetres. Inches are not believed: they are for printers.
fn resolution(tiff: &Tiff, first: &Ifd) -> Result<Sizes, FormatError> {
    const CENTIMETRE: u64 = 3;
    if first.one(&tiff.bytes, tag::RESOLUTION_UNIT, 2)? != CENTIMETRE {
        return Ok(Sizes::default());
    }
    let um = |tag| -> Result<Option<f64>, FormatError> {
        Ok(first.rational(&tiff.bytes, tag)?.map(|per_cm| 1e4 / per_cm).filter(|um| um.is_finite()))
    };
    Ok(Sizes { y_um: um(tag::Y_RESOLUTION)?, x_um: um(tag::X_RESOLUTION)?, ..Sizes::default() })
}
