//! Pages as they follow each other in a file, without what metadata make of them.

use std::path::Path;

use super::super::bytes::Bytes;
use super::super::{Values, Window};
use super::codec::Codec;
use super::ifd::{Ifd, tag};
use super::layout::Source;
use super::{MAX_DESCRIPTION, Tiff, read};
use crate::FormatError;

/// Red, green and blue, among the photometric interpretations.
const RGB: u64 = 2;

/// An open file.
pub(crate) struct Pages(Tiff);

/// A page whose values are decoded.
pub(crate) struct Plain {
    /// How the values are meant, as TIFF numbers it.
    pub photometric: u64,
    /// Values `[h, w, c]`; of samples that are stored in planes, each `[h, w]`.
    pub planes: Vec<Values>,
}

impl Pages {
    /// Reads the directories.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn open(path: &Path, bytes: &[u8]) -> Result<Self, FormatError> {
        Ok(Pages(Tiff::open(Bytes::of(path, bytes.to_vec()))?))
    }

    /// How many there are, at least one.
    pub fn len(&self) -> usize {
        self.0.pages.len()
    }

    /// Rows, columns and samples of page `i`.
    pub fn size(&self, i: usize) -> [usize; 3] {
        let kind = self.0.pages[i].kind;
        [kind.h, kind.w, kind.samples]
    }

    /// The description of the first; empty when there is none.
    pub fn description(&self) -> Result<String, FormatError> {
        let Tiff { bytes, form, pages, .. } = &self.0;
        Ifd::read(bytes, *form, pages[0].at)?.text(bytes, tag::DESCRIPTION, MAX_DESCRIPTION)
    }

    /// Decodes page `i`.
    ///
    /// # Errors
    /// When it is damaged, or compressed in a way that is not read.
    pub fn page(&self, i: usize) -> Result<Plain, FormatError> {
        let page = self.0.page(Source { page: i as u32, ..Source::default() })?;
        let kind = page.kind;
        let whole = Window { y: 0, x: 0, h: kind.h, w: kind.w };
        let n_planes = kind.samples / kind.together();
        let planes = (0..n_planes).map(|plane| read::window(&self.0.bytes, &page, plane, whole));
        let planes = planes.collect::<Result<_, _>>()?;
        // JPEG has made colours of their differences.
        let is_rgb = matches!(page.codec, Codec::Jpeg(_)) && page.is_rgb();
        let photometric = if is_rgb { RGB } else { page.photometric };
        Ok(Plain { photometric, planes })
    }
}
