//! Windows of pages: only the strips or tiles that they touch are read, and decoded in parallel.

use std::ops::Range;

use rayon::prelude::*;

use super::super::bytes::Bytes;
use super::super::{Values, Window};
use super::codec::Codec;
use super::page::{Page, Piece};
use super::pixels::{finish, reverse_bits, row_size};
use crate::{FormatError, foreign};

/// Most bytes of the strips or tiles of a window that the file may leave out: a file of a few bytes could stand for any number of
/// them.
const MAX_LEFT_OUT: usize = 1 << 28;

/// Values of a window of a page, `[h, w, k]`: k samples side by side, or sample `plane` alone when they have planes
/// of their own.
pub(super) fn window(
    bytes: &Bytes,
    page: &Page,
    plane: usize,
    window: Window,
) -> Result<Values, FormatError> {
    let first = if page.kind.planar { (plane * page.n_down() * page.n_across()) as u64 } else { 0 };
    let rows = window.y / page.piece_h..(window.y + window.h).div_ceil(page.piece_h);
    let across = page.n_across() as u64;
    let pieces = page.pieces(bytes, first + rows.start as u64 * across..first + rows.end as u64 * across)?;
    let task = Task { bytes, page, window, pieces, first_row: rows.start };
    task.check()?;
    let mut values = Values::zeros(page.kind.dtype, window.h * window.w * page.kind.together());
    let is_plain = page.codec == Codec::None && page.predictor == 1 && !page.tiled && !page.low_bit_first;
    let is_plain = is_plain && !task.pieces.iter().any(|piece| is_blank(*piece));
    if is_plain && usize::from(page.kind.bits) == 8 * page.kind.dtype.size() {
        task.copy(values.bytes_mut())?;
        if page.form.big_endian != cfg!(target_endian = "big") {
            super::super::values::swap_bytes(values.bytes_mut(), page.kind.dtype.size());
        }
    } else {
        task.decode(values.bytes_mut())?;
    }
    Ok(values)
}

/// What is read.
struct Task<'a> {
    bytes: &'a Bytes,
    page: &'a Page,
    window: Window,
    /// All pieces of the rows of pieces that the window touches.
    pieces: Vec<Piece>,
    /// The first of these rows.
    first_row: usize,
}

impl Task<'_> {
    /// Bytes of a pixel in memory.
    fn pixel_size(&self) -> usize {
        self.page.kind.together() * self.page.kind.dtype.size()
    }

    /// The rows of the page that a row of pieces and the window share.
    fn shared_rows(&self, row: usize) -> Range<usize> {
        let (start, h) = (row * self.page.piece_h, self.page.piece_h);
        start.max(self.window.y)..(start + h).min(self.window.y + self.window.h)
    }

    /// Rows of the pieces in a row of them; only the last strip is shorter.
    fn piece_rows(&self, row: usize) -> usize {
        let (page, h) = (self.page, self.page.kind.h);
        if page.tiled { page.piece_h } else { page.piece_h.min(h - row * page.piece_h) }
    }

    /// Bytes of a decompressed piece.
    fn piece_size(&self, row: usize) -> usize {
        let (page, kind) = (self.page, self.page.kind);
        self.piece_rows(row) * row_size(kind.bits, page.piece_w * kind.together())
    }

    /// That the pieces lie in the file and can hold what they should, before memory is taken for it.
    fn check(&self) -> Result<(), FormatError> {
        let mut left_out: usize = 0;
        for (i, piece) in self.pieces.iter().enumerate() {
            let row = self.first_row + i / self.page.n_across();
            if is_blank(*piece) {
                left_out += self.piece_rows(row) * self.page.piece_w * self.pixel_size();
                continue;
            }
            self.bytes.check(piece.at, self.packed_size(row, *piece) as u64)?;
            if self.page.codec.most(piece.len) < self.piece_size(row) as u64 {
                let expected = format!("compressed pixels of {} bytes", self.piece_size(row));
                return Err(self.bytes.refuse(expected, format!("{} bytes, too few", piece.len)));
            }
        }
        if left_out > MAX_LEFT_OUT {
            let expected = format!("at most {MAX_LEFT_OUT} bytes of pixels that the file leaves out");
            return Err(self.bytes.refuse(expected, left_out.to_string()));
        }
        Ok(())
    }

    /// Bytes to read of a piece: no compression needs twice the space, and some writers count too many without one.
    fn packed_size(&self, row: usize, piece: Piece) -> usize {
        let size = self.piece_size(row) as u64;
        let most = if self.page.codec == Codec::None { size } else { 2 * size + 65536 };
        piece.len.min(most) as usize
    }

    /// Copies uncompressed strips straight to where they belong.
    fn copy(&self, out: &mut [u8]) -> Result<(), FormatError> {
        let (pixel, page, window) = (self.pixel_size(), self.page, self.window);
        let row_size = page.kind.w * pixel;
        // Strips that follow each other in the file are read at once.
        let mut spans: Vec<(u64, usize)> = Vec::new();
        for (i, piece) in self.pieces.iter().enumerate() {
            let row = self.first_row + i;
            let rows = self.shared_rows(row);
            let skipped = (rows.start - row * page.piece_h) * row_size;
            let len = rows.len() * row_size;
            if piece.len < (skipped + len) as u64 {
                let expected = format!("{} bytes in strip {row}", skipped + len);
                return Err(self.bytes.refuse(expected, piece.len.to_string()));
            }
            let at = piece.at.saturating_add(skipped as u64);
            match spans.last_mut() {
                Some((start, n)) if *start + *n as u64 == at => *n += len,
                _ => spans.push((at, len)),
            }
        }
        spans.iter().try_for_each(|&(at, len)| self.bytes.check(at, len as u64))?;
        let mut rest = out;
        for (at, len) in spans {
            let (here, after) = rest.split_at_mut(len / row_size * window.w * pixel);
            rest = after;
            if window.w == page.kind.w {
                self.bytes.read_into(at, here)?;
                continue;
            }
            for (i, row) in here.chunks_exact_mut(window.w * pixel).enumerate() {
                self.bytes.read_into(at + (i * row_size + window.x * pixel) as u64, row)?;
            }
        }
        Ok(())
    }

    /// Decodes pieces, rows of them in parallel.
    fn decode(&self, out: &mut [u8]) -> Result<(), FormatError> {
        let across = self.page.n_across();
        let mut bands = Vec::new();
        let mut rest = out;
        for (i, pieces) in self.pieces.chunks_exact(across).enumerate() {
            let row = self.first_row + i;
            let size = self.shared_rows(row).len() * self.window.w * self.pixel_size();
            let (band, after) = rest.split_at_mut(size);
            rest = after;
            bands.push((row, pieces, band));
        }
        bands.into_par_iter().try_for_each(|(row, pieces, band)| {
            let columns = self.window.x / self.page.piece_w
                ..(self.window.x + self.window.w).div_ceil(self.page.piece_w);
            columns.into_iter().try_for_each(|column| {
                let values = self
                    .piece(row, pieces[column])
                    .map_err(|e| e.at(format!("piece {column} of row {row} of pieces")))?;
                if let Some(values) = values {
                    self.place(&values, row, column, band);
                }
                Ok(())
            })
        })
    }

    /// Values of a piece, `[rows, piece_w, k]`; none when the file leaves it out.
    fn piece(&self, row: usize, piece: Piece) -> Result<Option<Vec<u8>>, FormatError> {
        let page = self.page;
        if is_blank(piece) {
            return Ok(None);
        }
        let n = self.piece_size(row);
        let mut packed = self.bytes.read(piece.at, self.packed_size(row, piece))?;
        if page.low_bit_first && !matches!(page.codec, Codec::Jpeg(_)) {
            reverse_bits(&mut packed);
        }
        let expected = format!("{n} bytes of compressed pixels");
        let mut raw = foreign::decode(self.bytes.path(), &expected, || {
            page.codec.decode(&packed, n).map_err(|found| self.bytes.refuse(expected.as_str(), found))
        })?;
        if raw.len() < n {
            return Err(self.bytes.refuse(expected, raw.len().to_string()));
        }
        raw.truncate(n);
        Ok(Some(finish(page, raw, page.piece_w)))
    }

    /// Copies what a piece and the window share into a band of the window.
    fn place(&self, values: &[u8], row: usize, column: usize, band: &mut [u8]) {
        let (pixel, window, page) = (self.pixel_size(), self.window, self.page);
        let left = column * page.piece_w;
        let columns = left.max(window.x)..(left + page.piece_w).min(window.x + window.w);
        for (i, y) in self.shared_rows(row).enumerate() {
            let from = ((y - row * page.piece_h) * page.piece_w + columns.start - left) * pixel;
            let to = (i * window.w + columns.start - window.x) * pixel;
            let len = columns.len() * pixel;
            band[to..to + len].copy_from_slice(&values[from..from + len]);
        }
    }
}

/// Whether the file leaves a strip or tile out, which means zeros.
fn is_blank(piece: Piece) -> bool {
    piece.at == 0 && piece.len == 0
}
