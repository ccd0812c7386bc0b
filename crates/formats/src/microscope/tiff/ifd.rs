//! The structure of TIFF files: header, directories, entries. Nothing larger than asked for is read.
//!
//! # Source
//! TIFF revision 6.0 (Adobe, 1992), section 2; BigTIFF design (AWare Systems, libtiff 4).

use super::super::bytes::Bytes;
use crate::FormatError;

/// Most entries of a directory.
const MAX_ENTRIES: u64 = 4096;

/// Numbers of the tags that are read.
pub(super) mod tag {
    pub const SUBFILE_TYPE: u16 = 254;
    pub const WIDTH: u16 = 256;
    pub const LENGTH: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const DESCRIPTION: u16 = 270;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_COUNTS: u16 = 279;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const PLANAR: u16 = 284;
    pub const RESOLUTION_UNIT: u16 = 296;
    pub const PREDICTOR: u16 = 317;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_LENGTH: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_COUNTS: u16 = 325;
    pub const SUB_IFDS: u16 = 330;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const YCBCR_SUBSAMPLING: u16 = 530;
    /// MetaMorph stacks: settings, and where and when each plane was taken.
    pub const METAMORPH_SETTINGS: u16 = 33628;
    pub const METAMORPH: u16 = 33629;
    /// Zeiss LSM: what the planes are.
    pub const ZEISS_LSM: u16 = 34412;
    /// Hamamatsu NDPI: JPEG larger than JPEG can be, and offsets beyond those of TIFF.
    pub const HAMAMATSU: u16 = 65420;
}

/// How a file writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub big_endian: bool,
    /// BigTIFF: offsets and counts of 64 bits.
    pub wide: bool,
}

impl Form {
    /// The number in at most eight bytes.
    pub fn number(self, bytes: &[u8]) -> u64 {
        let shift = |sum: u64, &byte: &u8| sum << 8 | u64::from(byte);
        if self.big_endian { bytes.iter().fold(0, shift) } else { bytes.iter().rev().fold(0, shift) }
    }

    /// Bytes of an offset.
    fn offset_size(self) -> usize {
        if self.wide { 8 } else { 4 }
    }
}

/// The header: form of the file and offset of the first directory.
pub(super) fn header(bytes: &Bytes) -> Result<(Form, u64), FormatError> {
    let start = bytes.read_up_to(0, 16)?;
    let (big_endian, rest) = match &start[..] {
        [b'I', b'I', rest @ ..] => (false, rest),
        [b'M', b'M', rest @ ..] => (true, rest),
        _ => return Err(bytes.refuse("a TIFF header", crate::error::quote(&start))),
    };
    let short = |at: usize| rest.get(at..at + 2).map(|b| Form { big_endian, wide: false }.number(b));
    match (short(0), short(2), short(4)) {
        (Some(42), ..) if rest.len() >= 6 => {
            let form = Form { big_endian, wide: false };
            Ok((form, form.number(&rest[2..6])))
        }
        (Some(43), Some(8), Some(0)) if rest.len() >= 14 => {
            let form = Form { big_endian, wide: true };
            Ok((form, form.number(&rest[6..14])))
        }
        _ => Err(bytes.refuse("a TIFF header", crate::error::quote(&start))),
    }
}

/// One directory: what it says of a page.
#[derive(Debug, Clone)]
pub(super) struct Ifd {
    form: Form,
    entries: Vec<Entry>,
    /// Offset of the next directory; 0 after the last.
    pub next: u64,
}

/// An array of numbers or text, in the directory or elsewhere in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    tag: u16,
    pub kind: u16,
    pub count: u64,
    /// Where its values begin.
    at: u64,
}

impl Entry {
    /// Bytes of one value; none for kinds that TIFF does not have.
    fn size(self) -> Option<u64> {
        Some(match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => return None,
        })
    }
}

impl Ifd {
    /// Reads the directory at `at`.
    pub fn read(bytes: &Bytes, form: Form, at: u64) -> Result<Self, FormatError> {
        let (count_size, entry_size) = if form.wide { (8, 20) } else { (2, 12) };
        let n = form.number(&bytes.read(at, count_size)?);
        if n == 0 || n > MAX_ENTRIES {
            let expected = format!("a directory of 1 to {MAX_ENTRIES} entries at byte {at}");
            return Err(bytes.refuse(expected, n.to_string()));
        }
        let start = at + count_size as u64;
        let body = bytes.read(start, n as usize * entry_size)?;
        let read_entry = |(i, b): (usize, &[u8])| {
            let value_size = form.offset_size();
            let (head, value) = b.split_at(entry_size - value_size);
            let mut entry = Entry {
                tag: form.number(&head[..2]) as u16,
                kind: form.number(&head[2..4]) as u16,
                count: form.number(&head[4..]),
                at: form.number(value),
            };
            let length = entry.size().and_then(|size| size.checked_mul(entry.count));
            if length.is_some_and(|n| n <= value_size as u64) {
                entry.at = start + (i * entry_size + head.len()) as u64;
            }
            entry
        };
        let entries = body.chunks_exact(entry_size).enumerate().map(read_entry).collect();
        // Some writers end the file without the offset of the next directory.
        let after = start + body.len() as u64;
        let next = form.number(&bytes.read_up_to(after, form.offset_size())?);
        Ok(Ifd { form, entries, next })
    }

    pub fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// Numbers `range` of an entry of integers.
    pub fn numbers(
        &self,
        bytes: &Bytes,
        entry: &Entry,
        range: std::ops::Range<u64>,
    ) -> Result<Vec<u64>, FormatError> {
        let (Some(size), true) = (entry.size(), range.start <= range.end && range.end <= entry.count) else {
            let expected = format!("numbers {} to {} in tag {}", range.start, range.end, entry.tag);
            return Err(bytes.refuse(expected, format!("{} of kind {}", entry.count, entry.kind)));
        };
        if !matches!(entry.kind, 1 | 3 | 4 | 6 | 8 | 9 | 13 | 16..=18) {
            return Err(bytes
                .refuse(format!("integers in tag {}", entry.tag), format!("values of kind {}", entry.kind)));
        }
        let too_many = || bytes.refuse("an array within the file", format!("{} numbers", entry.count));
        let length = size.checked_mul(range.end - range.start).ok_or_else(too_many)?;
        let at = size.checked_mul(range.start).and_then(|n| n.checked_add(entry.at)).ok_or_else(too_many)?;
        bytes.check(at, length)?;
        let raw = bytes.read(at, length as usize)?;
        Ok(raw.chunks_exact(size as usize).map(|b| self.form.number(b)).collect())
    }

    /// All numbers of a tag, at most `max`; none when the tag is absent.
    pub fn all(&self, bytes: &Bytes, tag: u16, max: u64) -> Result<Vec<u64>, FormatError> {
        let Some(entry) = self.find(tag) else { return Ok(Vec::new()) };
        if entry.count > max {
            let expected = format!("at most {max} numbers in tag {tag}");
            return Err(bytes.refuse(expected, entry.count.to_string()));
        }
        self.numbers(bytes, entry, 0..entry.count)
    }

    /// The single number of a tag, or `absent`.
    pub fn one(&self, bytes: &Bytes, tag: u16, absent: u64) -> Result<u64, FormatError> {
        match self.find(tag) {
            Some(entry) if entry.count > 0 => Ok(self.numbers(bytes, entry, 0..1)?[0]),
            _ => Ok(absent),
        }
    }

    /// The quotient of two numbers.
    pub fn rational(&self, bytes: &Bytes, tag: u16) -> Result<Option<f64>, FormatError> {
        let Some(entry) = self.find(tag).filter(|e| e.kind == 5 && e.count > 0) else { return Ok(None) };
        let raw = bytes.read(entry.at, 8)?;
        let (n, d) = (self.form.number(&raw[..4]) as f64, self.form.number(&raw[4..]) as f64);
        Ok((d > 0.0).then_some(n / d))
    }

    /// Two numbers of two bytes where the value of a tag says that they are.
    pub fn pair_elsewhere(&self, bytes: &Bytes, tag: u16) -> Result<Vec<u64>, FormatError> {
        let Some(&at) = self.words(bytes, tag, 1)?.first() else { return Ok(Vec::new()) };
        Ok(bytes.read(at, 4)?.chunks_exact(2).map(|b| self.form.number(b)).collect())
    }

    /// `n` numbers of four bytes at the place of a tag, whatever it says of their kind and count.
    pub fn words(&self, bytes: &Bytes, tag: u16, n: u64) -> Result<Vec<u64>, FormatError> {
        let Some(entry) = self.find(tag) else { return Ok(Vec::new()) };
        let len = n.saturating_mul(4);
        bytes.check(entry.at, len)?;
        let raw = bytes.read(entry.at, len as usize)?;
        Ok(raw.chunks_exact(4).map(|b| self.form.number(b)).collect())
    }

    /// The first bytes of a tag, at most `max`; none when the tag is absent.
    pub fn start_of(&self, bytes: &Bytes, tag: u16, max: u64) -> Result<Vec<u8>, FormatError> {
        let Some(entry) = self.find(tag) else { return Ok(Vec::new()) };
        bytes.read(entry.at, entry.count.min(max) as usize)
    }

    /// The bytes of a tag, at most `max`; none when the tag is absent.
    pub fn raw(&self, bytes: &Bytes, tag: u16, max: u64) -> Result<Vec<u8>, FormatError> {
        let Some(entry) = self.find(tag) else { return Ok(Vec::new()) };
        let len = entry.size().and_then(|size| size.checked_mul(entry.count)).unwrap_or(u64::MAX);
        if len > max {
            let expected = format!("at most {max} bytes in tag {tag}");
            return Err(bytes.refuse(expected, format!("{len} bytes")));
        }
        bytes.read(entry.at, len as usize)
    }

    /// Text, up to the first zero byte. What is not UTF-8 is taken as Latin-1.
    pub fn text(&self, bytes: &Bytes, tag: u16, max: u64) -> Result<String, FormatError> {
        let mut raw = self.raw(bytes, tag, max)?;
        raw.truncate(raw.iter().position(|&b| b == 0).unwrap_or(raw.len()));
        Ok(String::from_utf8(raw).unwrap_or_else(|e| e.into_bytes().into_iter().map(char::from).collect()))
    }
}
