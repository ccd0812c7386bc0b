//! JPEG streams of strips and tiles; their tables may be in the directory.
//!
//! `jpeg-decoder` widens colours as libjpeg does; decoders that round twice are off by up to four levels.
//!
//! # Source
//! TIFF technical note 2 (1995).

use jpeg_decoder::{ColorTransform, Decoder};

use super::super::bytes::Bytes;
use super::ifd::{Ifd, tag};
use super::page::Kind;
use crate::FormatError;

/// Most bytes of tables.
const MAX_TABLES: u64 = 1 << 20;
/// Most bytes of a strip or tile.
const MAX_DECODED: usize = 1 << 30;

/// How the pieces of a page are decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Jpeg {
    /// From the start of a stream on, without the mark of its end.
    tables: Vec<u8>,
    samples: usize,
    /// Columns of a piece.
    w: usize,
    /// Most rows of a piece.
    h: usize,
    /// Stored as brightness and colour differences; given as red, green, blue.
    is_ycbcr: bool,
}

impl Jpeg {
    pub fn of(bytes: &Bytes, ifd: &Ifd, kind: &Kind, is_ycbcr: bool) -> Result<Self, FormatError> {
        if kind.bits != 8 {
            return Err(bytes.refuse("JPEG of 8 bits", format!("{} bits", kind.bits)));
        }
        let mut tables = ifd.raw(bytes, tag::JPEG_TABLES, MAX_TABLES)?;
        if tables.ends_with(&[0xff, 0xd9]) {
            tables.truncate(tables.len() - 2);
        }
        let w = ifd.one(bytes, tag::TILE_WIDTH, kind.w as u64)? as usize;
        let rows = ifd.one(bytes, tag::ROWS_PER_STRIP, kind.h as u64)?.min(kind.h as u64);
        let h = ifd.one(bytes, tag::TILE_LENGTH, rows)? as usize;
        Ok(Jpeg { tables, samples: kind.together(), w, h, is_ycbcr })
    }

    /// Rows of pixels, samples side by side.
    pub fn decode(&self, packed: &[u8]) -> Result<Vec<u8>, String> {
        let body = match packed {
            [0xff, 0xd8, body @ ..] if !self.tables.is_empty() => body,
            _ => packed,
        };
        let stream = [&self.tables[..], body].concat();
        let mut decoder = Decoder::new(&stream[..]);
        decoder.set_max_decoding_buffer_size(MAX_DECODED);
        // Colours are only converted when the directory says what they are.
        if self.samples == 3 {
            let rgb = if self.is_ycbcr { ColorTransform::YCbCr } else { ColorTransform::RGB };
            decoder.set_color_transform(rgb);
        }
        decoder.read_info().map_err(|e| e.to_string())?;
        let info = decoder.info().ok_or("no size")?;
        let samples = info.pixel_format.pixel_bytes();
        // Before any of it is decoded: more rows would take memory that the page does not account for.
        let (w, h) = (usize::from(info.width), usize::from(info.height));
        if samples != self.samples || w != self.w || h > self.h {
            let Jpeg { samples: k, w: columns, h: rows, .. } = self;
            return Err(format!("{h} rows x {w} columns x {samples} samples of {rows} x {columns} x {k}"));
        }
        decoder.decode().map_err(|e| e.to_string())
    }
}
