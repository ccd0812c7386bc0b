//! TFRecord files: records of bytes, each with its length and checksums.
//!
//! A record is its length (u64), the masked CRC-32C of these eight bytes, the bytes, and their masked CRC-32C; all
//! little endian.
//!
//! # Source
//! <https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details>; CRC-32C: RFC 3720, appendix B.4.

mod cells;
mod example;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use self::cells::{is_name, parse, read, write};
use crate::FormatError;

/// Bytes before a record.
pub(crate) const HEAD: usize = 12;
/// Largest record: what a protocol buffer can hold.
const MAX_RECORD: u64 = (2 << 30) - 1;

/// Writes one record.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_record(out: &mut dyn Write, record: &[u8]) -> io::Result<()> {
    let length = (record.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked(&length).to_le_bytes())?;
    out.write_all(record)?;
    out.write_all(&masked(record).to_le_bytes())
}

/// Whether a file that begins with `head` is one of records: its first length has the right checksum.
pub(crate) fn is_tfrecord(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|head| length(head).is_some())
}

/// The records of a file, one at a time.
pub(crate) struct Records<R> {
    path: PathBuf,
    reader: R,
    /// Bytes of the file that are still ahead.
    left: u64,
    n_read: usize,
}

impl<R: Read> Records<R> {
    /// Reads from a file of `len` bytes.
    pub fn new(path: &Path, reader: R, len: u64) -> Self {
        Records { path: path.to_path_buf(), reader, left: len, n_read: 0 }
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// When a checksum is wrong, a length exceeds what is left of the file, or the file ends within a record.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>, FormatError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        self.fill(&mut head)?;
        let Some(n) = length(&head) else {
            return Err(self.refuse("a length with its checksum", "another checksum"));
        };
        // The file is as long as it says, so a length cannot ask for more memory than that.
        if n > MAX_RECORD || n.checked_add(4).is_none_or(|end| end > self.left) {
            let expected = format!("a record within the {} bytes that are left", self.left);
            return Err(self.refuse(&expected, &format!("one of {n} bytes")));
        }
        let mut record = vec![0; n as usize];
        let mut checksum = [0; 4];
        self.fill(&mut record)?;
        self.fill(&mut checksum)?;
        if masked(&record) != u32::from_le_bytes(checksum) {
            return Err(self.refuse("a record with its checksum", "another checksum"));
        }
        self.n_read += 1;
        Ok(Some(record))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), FormatError> {
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            return Err(self.refuse("a whole record", "the end of the file too early"));
        };
        self.left = left;
        self.reader.read_exact(bytes).map_err(|e| FormatError::io(&self.path, "a readable file", &e))
    }

    /// A refusal at the record being read.
    pub fn refuse(&self, expected: &str, found: &str) -> FormatError {
        FormatError::new(&self.path, expected, found).at(format!("record {}", self.n_read))
    }
}

/// The length in the head of a record; none when its checksum is wrong.
fn length(head: &[u8; HEAD]) -> Option<u64> {
    let (length, checksum) = head.split_at(8);
    let is_right = masked(length).to_le_bytes() == checksum;
    is_right.then(|| length.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)))
}

/// The checksum as it is stored: turned and shifted, so that checksums of checksums are of use.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8)
}

/// The effect of each byte: divisions by the Castagnoli polynomial, bits reversed.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: &[u8]) -> Result<Vec<Vec<u8>>, FormatError> {
        let mut records = Records::new(Path::new("a.tfrecord"), bytes, bytes.len() as u64);
        std::iter::from_fn(|| records.read().transpose()).collect()
    }

    fn two() -> Vec<u8> {
        let mut bytes = Vec::new();
        write_record(&mut bytes, b"first").unwrap();
        write_record(&mut bytes, b"").unwrap();
        bytes
    }

    /// The examples of RFC 3720, B.4.
    #[test]
    fn checksums_of_the_standard() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    }

    #[test]
    fn what_is_written_is_read() {
        assert!(is_tfrecord(&two()));
        assert!(!is_tfrecord(b"PK\x03\x04\0\0\0\0\0\0\0\0"));
        assert_eq!(records(&two()).unwrap(), [b"first".to_vec(), Vec::new()]);
        assert!(records(&[]).unwrap().is_empty());
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let whole = two();
        let first = HEAD + 5 + 4;
        for end in (1..whole.len()).filter(|&end| end != first) {
            assert!(records(&whole[..end]).is_err(), "cut at {end}");
        }
        for bit in 0..8 * whole.len() {
            let mut broken = whole.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert!(records(&broken).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_takes_no_memory() {
        for n in [u64::MAX, 1 << 40, 100] {
            let length = n.to_le_bytes();
            let bytes = [&length[..], &masked(&length).to_le_bytes(), b"abc"].concat();
            let error = records(&bytes).unwrap_err().to_string();
            assert!(error.contains("record 0") && error.contains(&n.to_string()), "{error}");
        }
    }
}
