//! JPEG, decoded to the same bytes as libjpeg-turbo, with which Pillow, tifffile and OpenCV read.
//!
//! Baseline, extended and progressive images of 8 bits, one to four components, restart markers, and streams whose
//! tables lie elsewhere, as in TIFF. JPEG leaves open how transforms round and how coarse colours are
//! widened; here it is done as libjpeg does it by default. Arithmetic coding, hierarchical images,
//! lossless ones and other depths are refused by name, and so is what ends early: no pixel is made up.
//!
//! # Source
//! ITU-T T.81 (1992), <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>; libjpeg-turbo 3.

mod bits;
mod colour;
mod frame;
mod huffman;
mod markers;
mod progressive;
mod scan;
mod sequential;
mod standard;
mod tables;
mod transform;
mod upsample;

use self::frame::{Frame, Plane, Process};
use self::markers::{Markers, code};
use self::progressive::Coefficients;
use self::scan::Scan;
pub(crate) use self::tables::Tables;

/// Most scans of an image; each may touch every block with a few bytes.
const MAX_SCANS: usize = 500;

/// What is wrong with a stream, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} at byte {at}, where {expected} is expected")]
pub(crate) struct JpegError {
    /// Byte of the stream.
    pub at: usize,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl JpegError {
    fn new(at: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        JpegError { at, expected: expected.into(), found: found.into() }
    }
}

/// What the samples of the decoded image are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// Red, green, blue where brightness and colour differences are stored, or inks. What is stored is told by
    /// the markers of JFIF and Adobe, and where they do not, by what is usual.
    Told,
    /// As stored, unless a marker of JFIF says that brightness and colour differences are.
    Kept,
}

/// A stream whose size is known and that is yet to be decoded.
pub(crate) struct Jpeg<'a> {
    markers: Markers<'a>,
    tables: Tables,
    frame: Frame,
}

impl<'a> Jpeg<'a> {
    /// Reads up to the size of the image; `tables` are those that the stream leaves out.
    ///
    /// # Errors
    /// When it does not begin as an image that is read; by name, when it is of a kind that is not.
    pub fn open(bytes: &'a [u8], tables: &Tables) -> Result<Self, JpegError> {
        let (mut markers, mut tables) = (Markers::open(bytes)?, tables.clone());
        loop {
            let (at, code) = markers.next()?;
            if let Some(process) = frame::process(at, code)? {
                let frame = Frame::read(process, &mut markers)?;
                return Ok(Jpeg { markers, tables, frame });
            }
            if matches!(code, code::SCAN | code::END) {
                return Err(JpegError::new(at, "the size of the image", markers::name(code)));
            }
            tables.read(code, &mut markers)?;
        }
    }

    /// Rows.
    pub fn h(&self) -> usize {
        self.frame.h
    }

    /// Columns.
    pub fn w(&self) -> usize {
        self.frame.w
    }

    /// Samples of a pixel: 1 to 4.
    pub fn n_samples(&self) -> usize {
        self.frame.components.len()
    }

    /// The pixels, `[h, w, samples]`.
    ///
    /// # Errors
    /// When the stream is damaged or not whole.
    pub fn decode(mut self, colours: Colours) -> Result<Vec<u8>, JpegError> {
        self.check_length()?;
        let planes = match self.frame.process {
            Process::Sequential => self.sequential()?,
            Process::Progressive => self.progressive()?,
        };
        let told = colour::told(&self.frame, &self.tables);
        let stored = if colours == Colours::Told || self.tables.jfif { told } else { colour::Stored::AsIs };
        Ok(colour::interleave(&self.frame, &planes, stored))
    }

    /// That the stream is long enough for its pixels, before memory is taken for them.
    fn check_length(&self) -> Result<(), JpegError> {
        // Each block has a code for its mean, and when sequential one for its end; a code has a bit or more.
        let bits_per_block = if self.frame.process == Process::Sequential { 2 } else { 1 };
        let n_blocks: usize =
            self.frame.components.iter().map(|c| c.real_blocks().0 * c.real_blocks().1).sum();
        let (at, left) = (self.markers.at(), self.markers.left());
        if left < n_blocks * bits_per_block / 8 {
            let Frame { h, w, .. } = self.frame;
            let expected = format!("{h} rows x {w} columns");
            return Err(JpegError::new(at, expected, format!("only {left} bytes")));
        }
        Ok(())
    }

    fn sequential(&mut self) -> Result<Vec<Plane>, JpegError> {
        let mut planes: Vec<Plane> = self.frame.components.iter().map(Plane::of).collect();
        let mut seen = vec![false; planes.len()];
        self.tables.complete(standard::tables()?);
        self.scans(|scan, frame, tables, markers| {
            scan.parts.iter().for_each(|part| seen[part.component] = true);
            sequential::decode(scan, frame, tables, markers, &mut planes)
        })?;
        match seen.iter().position(|seen| !seen) {
            Some(k) => Err(self.markers.refuse(format!("a scan of component {k}"), "the end of the image")),
            None => Ok(planes),
        }
    }

    fn progressive(&mut self) -> Result<Vec<Plane>, JpegError> {
        let mut coefficients: Vec<Coefficients> =
            self.frame.components.iter().map(Coefficients::of).collect();
        self.scans(|scan, frame, tables, markers| {
            progressive::decode(scan, frame, tables, markers, &mut coefficients)
        })?;
        let end = self.markers.at();
        coefficients.into_iter().zip(&self.frame.components).map(|(c, of)| c.transform(of, end)).collect()
    }

    /// Calls `decode` at the start of each scan, up to the end of the image.
    fn scans(
        &mut self,
        mut decode: impl FnMut(&Scan, &Frame, &Tables, &mut Markers<'a>) -> Result<(), JpegError>,
    ) -> Result<(), JpegError> {
        let mut n = 0;
        loop {
            let (at, code) = self.markers.next()?;
            match code {
                code::END => return Ok(()),
                code::SCAN if n == MAX_SCANS => {
                    return Err(JpegError::new(at, format!("at most {MAX_SCANS} scans"), "one more"));
                }
                code::SCAN => {
                    let scan = Scan::read(&mut self.markers, &self.frame)?;
                    decode(&scan, &self.frame, &self.tables, &mut self.markers)?;
                    n += 1;
                }
                _ if frame::process(at, code)?.is_some() => {
                    return Err(JpegError::new(at, "one image", "a second one"));
                }
                _ => self.tables.read(code, &mut self.markers)?,
            }
        }
    }
}
