//! JPEG streams of strips and tiles; their tables may be in the directory.
//!
//! # Source
//! TIFF technical note 2 (1995).

use super::super::bytes::Bytes;
use super::ifd::{Ifd, tag};
use super::page::Kind;
use crate::FormatError;
use crate::jpeg::{self, Colours, Tables};

/// Most bytes of tables.
const MAX_TABLES: u64 = 1 << 20;

/// Photometric interpretations whose colours are converted: the markers of the streams say from what.
const INKS: u64 = 5;
const DIFFERENCES: u64 = 6;

/// How the pieces of a page are decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Jpeg {
    tables: Box<Tables>,
    samples: usize,
    /// Columns of a piece.
    w: usize,
    /// Most rows of a piece.
    h: usize,
    colours: Colours,
}

impl Jpeg {
    pub fn of(bytes: &Bytes, ifd: &Ifd, kind: &Kind, photometric: u64) -> Result<Self, FormatError> {
        if kind.bits != 8 {
            return Err(bytes.refuse("JPEG of 8 bits", format!("{} bits", kind.bits)));
        }
        let tables = match &ifd.raw(bytes, tag::JPEG_TABLES, MAX_TABLES)?[..] {
            [] => Tables::default(),
            raw => Tables::parse(raw).map_err(|e| bytes.refuse("tables of JPEG", e.to_string()))?,
        };
        let colours = if matches!(photometric, INKS | DIFFERENCES) { Colours::Told } else { Colours::Kept };
        let w = ifd.one(bytes, tag::TILE_WIDTH, kind.w as u64)? as usize;
        let rows = ifd.one(bytes, tag::ROWS_PER_STRIP, kind.h as u64)?.min(kind.h as u64);
        let h = ifd.one(bytes, tag::TILE_LENGTH, rows)? as usize;
        Ok(Jpeg { tables: Box::new(tables), samples: kind.together(), w, h, colours })
    }

    /// Rows of pixels, samples side by side.
    pub fn decode(&self, packed: &[u8]) -> Result<Vec<u8>, String> {
        let piece = jpeg::Jpeg::open(packed, &self.tables).map_err(|e| e.to_string())?;
        // Before any of it is decoded: more rows would take memory that the page does not account for.
        let (h, w, samples) = (piece.h(), piece.w(), piece.n_samples());
        if samples != self.samples || w != self.w || h > self.h {
            let Jpeg { samples: k, w: columns, h: rows, .. } = self;
            return Err(format!("{h} rows x {w} columns x {samples} samples of {rows} x {columns} x {k}"));
        }
        piece.decode(self.colours).map_err(|e| e.to_string())
    }
}
