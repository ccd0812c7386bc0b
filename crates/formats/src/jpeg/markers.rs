//! Markers and the segments after them.

use super::JpegError;

/// Second bytes of the markers that are read.
pub(super) mod code {
    pub const HUFFMAN: u8 = 0xc4;
    pub const RESTART: u8 = 0xd0;
    pub const START: u8 = 0xd8;
    pub const END: u8 = 0xd9;
    pub const SCAN: u8 = 0xda;
    pub const QUANTISATION: u8 = 0xdb;
    pub const RESTART_INTERVAL: u8 = 0xdd;
    pub const APP0: u8 = 0xe0;
    pub const APP14: u8 = 0xee;
}

/// A marker, for messages.
pub(super) fn name(code: u8) -> String {
    match code {
        code::START => "a second start".to_owned(),
        code::END => "the end of the image".to_owned(),
        code::SCAN => "a scan".to_owned(),
        code::RESTART..code::START => format!("restart marker {}", code - code::RESTART),
        other => format!("marker {other:02x}"),
    }
}

/// A place in a stream.
#[derive(Debug, Clone)]
pub(super) struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    /// At the marker after the start.
    pub fn open(bytes: &'a [u8]) -> Result<Self, JpegError> {
        match bytes {
            [0xff, code::START, ..] => Ok(Markers { bytes, at: 2 }),
            _ => Err(JpegError::new(0, "a JPEG image", crate::error::quote(bytes))),
        }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// Bytes that follow.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The refusal of what is here.
    pub fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> JpegError {
        JpegError::new(self.at, expected, found)
    }

    /// Goes past the next marker; gives where it is, and its code. What lies before it is passed over, as libjpeg does.
    pub fn next(&mut self) -> Result<(usize, u8), JpegError> {
        let rest = &self.bytes[self.at..];
        match rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff)) {
            Some(skipped) => {
                let (at, code) = (self.at + skipped, rest[skipped + 1]);
                self.at = at + 2;
                Ok((at, code))
            }
            None => {
                Err(JpegError::new(self.bytes.len(), "the end of the image", "the end of the file too early"))
            }
        }
    }

    /// Goes past the segment of the marker before.
    pub fn segment(&mut self) -> Result<Segment<'a>, JpegError> {
        let rest = &self.bytes[self.at..];
        let length = rest.first_chunk::<2>().map_or(0, |&pair| usize::from(u16::from_be_bytes(pair)));
        let Some(body) = rest.get(2..length) else {
            return Err(self.refuse("a segment", format!("a length of {length} of {} bytes", rest.len())));
        };
        let at = self.at + 2;
        self.at += length;
        Ok(Segment { body, at })
    }

    /// All that follows, to be read bit by bit.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Goes `n` bytes further.
    pub fn skip(&mut self, n: usize) {
        self.at = (self.at + n).min(self.bytes.len());
    }
}

/// The content of a segment, taken from its start on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Segment<'a> {
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    pub fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> JpegError {
        JpegError::new(self.at, expected, found)
    }

    /// The next `N` bytes.
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], JpegError> {
        let Some((&head, rest)) = self.body.split_first_chunk::<N>() else {
            return Err(self.refuse(format!("{N} bytes of a segment"), self.body.len().to_string()));
        };
        self.body = rest;
        self.at += N;
        Ok(head)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, JpegError> {
        Ok(self.take::<1>()?[0])
    }

    /// The next two bytes, as a number.
    pub fn short(&mut self) -> Result<u16, JpegError> {
        Ok(u16::from_be_bytes(self.take()?))
    }

    /// The next byte as two numbers, the higher bits first.
    pub fn halves(&mut self) -> Result<(usize, usize), JpegError> {
        let byte = usize::from(self.byte()?);
        Ok((byte >> 4, byte & 15))
    }
}
