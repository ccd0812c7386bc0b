//! The bits of a scan, up to the next marker.

use super::JpegError;
use super::huffman::extend;
use super::markers::{code, name};

/// Bits, the highest of a byte first; the 0 after a byte of ones is left out.
///
/// Past the marker there are zeros, so that it needs to be asked only now and then whether any was used.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte to take next; the marker when it is reached.
    at: usize,
    /// Where `bytes` begin in the stream.
    start: usize,
    /// Bits that were taken and are not used yet, from the highest on.
    held: u64,
    n_held: u32,
    /// How many were made up.
    n_zeros: u32,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8], start: usize) -> Self {
        Bits { bytes, at: 0, start, held: 0, n_held: 0, n_zeros: 0 }
    }

    /// Bytes up to the marker after the bits, or to where it is to be looked for.
    pub fn n_used(&self) -> usize {
        self.at
    }

    /// Sees to it that 32 bits are held: a code and what belongs to it.
    #[inline]
    pub fn fill(&mut self) {
        if self.n_held >= 32 {
            return;
        }
        if let Some(&next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<4>) {
            let next = u32::from_be_bytes(next);
            // Whether no byte is all ones: a byte of its complement that is 0 borrows.
            if (!next).wrapping_sub(0x0101_0101) & next & 0x8080_8080 == 0 {
                self.held |= u64::from(next) << (32 - self.n_held);
                self.n_held += 32;
                self.at += 4;
                return;
            }
        }
        self.fill_slowly();
    }

    #[cold]
    fn fill_slowly(&mut self) {
        while self.n_held <= 56 {
            let byte = match self.bytes.get(self.at..).unwrap_or_default() {
                [0xff, 0, ..] => {
                    self.at += 2;
                    0xff
                }
                [0xff, ..] | [] => {
                    self.n_zeros += 8;
                    0
                }
                [byte, ..] => {
                    self.at += 1;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.n_held);
            self.n_held += 8;
        }
    }

    /// The next `n` bits, 1 to 32 of them; they must be held.
    #[inline]
    pub fn peek(&self, n: u32) -> u32 {
        (self.held >> (64 - n)) as u32
    }

    /// Uses `n` bits that are held.
    #[inline]
    pub fn skip(&mut self, n: u32) {
        self.held <<= n;
        self.n_held -= n;
    }

    /// The number in the next `n` bits, 0 to 16 of them; they must be held.
    #[inline]
    pub fn take(&mut self, n: u32) -> u32 {
        let value = (self.held >> 1 >> (63 - n)) as u32;
        self.skip(n);
        value
    }

    /// The coefficient in the next `n` bits, 0 to 16 of them; they must be held.
    #[inline]
    pub fn coefficient(&mut self, n: u32) -> i32 {
        extend(self.take(n), n)
    }

    /// The next bit.
    #[inline]
    pub fn bit(&mut self) -> bool {
        self.fill();
        self.take(1) == 1
    }

    /// That no bit was used that is not there.
    #[inline]
    pub fn check(&self) -> Result<(), JpegError> {
        if self.n_held >= self.n_zeros {
            Ok(())
        } else {
            Err(self.refuse("more of a scan", self.marker_name()))
        }
    }

    /// The refusal of what is here.
    pub fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> JpegError {
        JpegError::new(self.start + self.at, expected, found)
    }

    /// Goes past restart marker `n`, which must come next.
    pub fn restart(&mut self, n: u8) -> Result<(), JpegError> {
        (self.held, self.n_held, self.n_zeros) = (0, 0, 0);
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let skipped = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff));
        self.at += skipped.unwrap_or(rest.len());
        if self.bytes.get(self.at + 1) != Some(&(code::RESTART + n)) {
            return Err(self.refuse(name(code::RESTART + n), self.marker_name()));
        }
        self.at += 2;
        Ok(())
    }

    fn marker_name(&self) -> String {
        match self.bytes.get(self.at + 1) {
            Some(&code) => name(code),
            None => "the end of the file too early".to_owned(),
        }
    }
}
