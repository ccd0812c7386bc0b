//! A page: size, type of the values, and where its strips or tiles lie.

use super::super::Dtype;
use super::super::bytes::Bytes;
use super::codec::Codec;
use super::ifd::{Entry, Form, Ifd, tag};
use super::pixels::row_size;
use crate::FormatError;

/// Largest plane, in bytes.
const MAX_PLANE: u64 = 1 << 36;
/// Most samples of a pixel.
const MAX_SAMPLES: u64 = 1 << 12;
/// Most pyramid levels.
const MAX_LEVELS: u64 = 64;

/// What pages have in common that belong to one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub h: usize,
    pub w: usize,
    /// Samples of each pixel.
    pub samples: usize,
    /// Samples in planes of their own, not side by side.
    pub planar: bool,
    /// Bits of a value in the file.
    pub bits: u16,
    pub dtype: Dtype,
}

impl Kind {
    /// Reads what the directory of a page says; `is_lsm` when the file is by Zeiss.
    pub fn read(bytes: &Bytes, ifd: &Ifd, is_lsm: bool) -> Result<Self, FormatError> {
        let (h, w) = (ifd.one(bytes, tag::LENGTH, 0)?, ifd.one(bytes, tag::WIDTH, 0)?);
        let samples = ifd.one(bytes, tag::SAMPLES, 1)?;
        let (dtype, bits) = value_type(bytes, ifd, samples, is_lsm)?;
        let size = [h, w, samples, dtype.size() as u64].into_iter().try_fold(1, u64::checked_mul);
        if samples > MAX_SAMPLES || size.is_none_or(|n| n == 0 || n > MAX_PLANE) {
            let expected = format!("pixels, at most {MAX_PLANE} bytes of them");
            let found = format!("{h} rows x {w} columns x {samples} samples of {bits} bits");
            return Err(bytes.refuse(expected, found));
        }
        let planar = samples > 1 && ifd.one(bytes, tag::PLANAR, 1)? == 2;
        Ok(Kind { h: h as usize, w: w as usize, samples: samples as usize, planar, bits, dtype })
    }

    /// Samples that lie side by side.
    pub fn together(self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Bytes of a page that is not compressed and not padded.
    pub fn page_size(self) -> u64 {
        let n_planes = self.samples / self.together();
        (self.h * n_planes * row_size(self.bits, self.w * self.together())) as u64
    }
}

/// Type of the values and their bits in the file; all samples must have the same.
fn value_type(bytes: &Bytes, ifd: &Ifd, samples: u64, is_lsm: bool) -> Result<(Dtype, u16), FormatError> {
    let same = |tag: u16, absent: u64, what: &str| {
        let mut found = ifd.all(bytes, tag, MAX_SAMPLES)?;
        // Old programs of Zeiss put two numbers elsewhere although the directory has room for them.
        if is_lsm && tag == tag::BITS && matches!(found[..], [a, b] if a != b) {
            found = ifd.pair_elsewhere(bytes, tag)?;
        }
        let found = &found[..found.len().min(samples as usize)];
        match found.first() {
            None => Ok(absent),
            Some(first) if found.iter().all(|n| n == first) => Ok(*first),
            Some(_) => Err(bytes.refuse(format!("one {what} for all samples"), crate::error::list(found))),
        }
    };
    let bits = same(tag::BITS, 1, "number of bits")?;
    let format = same(tag::SAMPLE_FORMAT, 1, "sample format")?;
    let dtype = match (format, bits) {
        // 4 is "undefined".
        (1 | 4, 1..=8) => Dtype::U8,
        (1 | 4, 9..=16) => Dtype::U16,
        (1 | 4, 17..=32) => Dtype::U32,
        (1 | 4, 64) => Dtype::U64,
        (2, 8) => Dtype::I8,
        (2, 16) => Dtype::I16,
        (2, 32) => Dtype::I32,
        (2, 64) => Dtype::I64,
        (3, 16) => Dtype::F16,
        (3, 24 | 32) => Dtype::F32,
        (3, 64) => Dtype::F64,
        _ => {
            let name = match format {
                1 | 4 => "integers",
                2 => "integers with sign",
                3 => "floating point",
                5 | 6 => "complex numbers",
                _ => "an unknown sample format",
            };
            let expected =
                "integers of 1 to 32 or 64 bits, with sign of 8 to 64, or floats of 16, 24, 32 or 64";
            return Err(bytes.refuse(expected, format!("{name} of {bits} bits")));
        }
    };
    Ok((dtype, bits as u16))
}

/// A page whose pixels can be read.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub kind: Kind,
    pub form: Form,
    pub codec: Codec,
    /// 1 none, 2 differences of neighbours, 3 differences of the bytes of floats.
    pub predictor: u64,
    /// The first pixel is in the lowest bit of a byte.
    pub low_bit_first: bool,
    /// Whether pieces are tiles; else they are strips, which are as wide as the page.
    pub tiled: bool,
    /// Rows of a piece.
    pub piece_h: usize,
    /// Columns of a piece.
    pub piece_w: usize,
    /// Offsets of the directories of coarser levels.
    pub sub_ifds: Vec<u64>,
    ifd: Ifd,
    offsets: Entry,
    counts: Option<Entry>,
    /// Where the page lies as a whole when it has no directory of its own.
    stacked: Option<u64>,
    /// Whether lengths of pieces are those before compression.
    unpacked_counts: bool,
    /// How colours are meant, as TIFF numbers it.
    pub photometric: u64,
}

impl Page {
    /// Reads all but the lists of strips or tiles, which are read when needed.
    ///
    /// # Errors
    /// By their name, compressions and kinds of pixels that are not read.
    pub fn read(bytes: &Bytes, form: Form, at: u64, is_lsm: bool) -> Result<Self, FormatError> {
        Self::of(bytes, form, Ifd::read(bytes, form, at)?, is_lsm)
    }

    /// A coarser level; none when it is of a kind that is not read, which makes the image no worse.
    pub fn level(bytes: &Bytes, form: Form, at: u64) -> Result<Option<Self>, FormatError> {
        let ifd = Ifd::read(bytes, form, at)?;
        Ok(Self::of(bytes, form, ifd, false).ok())
    }

    fn of(bytes: &Bytes, form: Form, ifd: Ifd, is_lsm: bool) -> Result<Self, FormatError> {
        let kind = Kind::read(bytes, &ifd, is_lsm)?;
        let codec = Codec::of(bytes, &ifd, &kind)?;
        let is_packed = codec != Codec::None;
        // LSM 510 said that there was one where there was none.
        let predictor = if is_lsm && !is_packed { 1 } else { ifd.one(bytes, tag::PREDICTOR, 1)? };
        let is_float = matches!(kind.dtype, Dtype::F16 | Dtype::F32 | Dtype::F64);
        let is_whole = usize::from(kind.bits) == 8 * kind.dtype.size();
        let is_read = match predictor {
            1 => true,
            2 => is_whole || !is_float,
            _ => predictor == 3 && is_whole && is_float,
        };
        if !is_read {
            let found = format!("{predictor} for {} bits of {}", kind.bits, kind.dtype.name());
            return Err(bytes.refuse("predictor 1, 2, or 3 for floats of 16, 32 or 64 bits", found));
        }
        let tiled = ifd.find(tag::TILE_WIDTH).is_some();
        let (piece_h, piece_w) = if tiled {
            (ifd.one(bytes, tag::TILE_LENGTH, 0)?, ifd.one(bytes, tag::TILE_WIDTH, 0)?)
        } else {
            let rows = ifd.one(bytes, tag::ROWS_PER_STRIP, u64::MAX)?;
            (rows.min(kind.h as u64), kind.w as u64)
        };
        let [offsets_tag, counts_tag] = if tiled && ifd.find(tag::TILE_OFFSETS).is_some() {
            [tag::TILE_OFFSETS, tag::TILE_COUNTS]
        } else {
            [tag::STRIP_OFFSETS, tag::STRIP_COUNTS]
        };
        let piece_size = [piece_h, piece_w, kind.together() as u64, kind.dtype.size() as u64]
            .into_iter()
            .try_fold(1, u64::checked_mul);
        if piece_size.is_none_or(|n| n == 0 || n > MAX_PLANE) {
            let found = format!("{piece_h} rows x {piece_w} columns");
            return Err(bytes.refuse("strips or tiles with pixels", found));
        }
        let offsets = *ifd.find(offsets_tag).ok_or_else(|| bytes.refuse("offsets of the pixels", "none"))?;
        let photometric = ifd.one(bytes, tag::PHOTOMETRIC, 1)?;
        let page = Page {
            kind,
            form,
            codec,
            predictor,
            low_bit_first: ifd.one(bytes, tag::FILL_ORDER, 1)? == 2,
            tiled,
            piece_h: piece_h as usize,
            piece_w: piece_w as usize,
            sub_ifds: ifd.all(bytes, tag::SUB_IFDS, MAX_LEVELS)?,
            counts: ifd.find(counts_tag).copied(),
            ifd,
            offsets,
            stacked: None,
            unpacked_counts: is_lsm && is_packed,
            photometric,
        };
        let n = (page.n_down() * page.n_across()) as u64 * if kind.planar { kind.samples as u64 } else { 1 };
        if page.offsets.count < n {
            return Err(bytes.refuse(format!("offsets of {n} pieces"), page.offsets.count.to_string()));
        }
        Ok(page)
    }

    /// The page `nth` after this one in a stack of uncompressed pages that follow each other without directories.
    pub fn stacked(mut self, bytes: &Bytes, nth: u64) -> Result<Self, FormatError> {
        if self.codec != Codec::None || self.tiled {
            return Err(
                bytes.refuse("pages without directories to be uncompressed", "compressed or tiled ones")
            );
        }
        let first = self.ifd.numbers(bytes, &self.offsets, 0..1)?[0];
        let start = self.kind.page_size().checked_mul(nth).and_then(|n| n.checked_add(first));
        let start = start.ok_or_else(|| bytes.refuse("a page within the file", format!("page {nth}")))?;
        bytes.check(start, self.kind.page_size())?;
        self.stacked = Some(start);
        self.piece_h = self.kind.h;
        Ok(self)
    }

    /// Rows of pieces.
    pub fn n_down(&self) -> usize {
        self.kind.h.div_ceil(self.piece_h)
    }

    /// Columns of pieces.
    pub fn n_across(&self) -> usize {
        self.kind.w.div_ceil(self.piece_w)
    }

    /// Offsets and lengths of the pieces `range`.
    pub fn pieces(&self, bytes: &Bytes, range: std::ops::Range<u64>) -> Result<Vec<Piece>, FormatError> {
        if let Some(start) = self.stacked {
            let len = self.kind.page_size() / if self.kind.planar { self.kind.samples as u64 } else { 1 };
            return Ok(range.map(|i| Piece { at: start + i * len, len }).collect());
        }
        let offsets = self.ifd.numbers(bytes, &self.offsets, range.clone())?;
        let lengths = match &self.counts {
            Some(counts) if counts.count >= range.end => self.ifd.numbers(bytes, counts, range)?,
            // Old writers leave the length of a single uncompressed strip out.
            _ if self.codec == Codec::None && self.offsets.count == 1 => vec![self.kind.page_size()],
            _ => return Err(bytes.refuse("lengths of strips or tiles", "none")),
        };
        // A compressed piece may be longer than its pixels.
        let most = |at: u64, len: u64| len.saturating_mul(2).min(bytes.len().saturating_sub(at));
        let piece = |(at, len)| Piece { at, len: if self.unpacked_counts { most(at, len) } else { len } };
        Ok(offsets.into_iter().zip(lengths).map(piece).collect())
    }

    /// Whether samples are red, green and blue.
    pub fn is_rgb(&self) -> bool {
        self.kind.samples >= 3 && matches!(self.photometric, 2 | 6)
    }
}

/// Where a strip or tile lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub at: u64,
    pub len: u64,
}
