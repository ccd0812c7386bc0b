//! A scan: which components it has, and the order of their blocks.

use super::JpegError;
use super::bits::Bits;
use super::frame::Frame;
use super::markers::Markers;

/// The header of a scan.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    pub parts: Vec<Part>,
    /// First and last coefficient, in the order of scans.
    pub band: (usize, usize),
    /// The bit below which coefficients are known from scans before; 0 in the first.
    pub high: u32,
    /// The lowest bit that the scan gives.
    pub low: u32,
    /// Rows and columns of units.
    units: (usize, usize),
}

/// A component in a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Index in the frame.
    pub component: usize,
    /// Indices of the tables.
    pub dc: usize,
    pub ac: usize,
    /// Rows and columns of blocks in a unit.
    blocks: (usize, usize),
}

impl Scan {
    pub fn read(markers: &mut Markers, frame: &Frame) -> Result<Self, JpegError> {
        let mut segment = markers.segment()?;
        let n = segment.byte()?;
        let mut parts: Vec<Part> = Vec::new();
        for _ in 0..n {
            let (id, (dc, ac)) = (segment.byte()?, segment.halves()?);
            let known = frame.components.iter().position(|c| c.id == id);
            let Some(component) = known.filter(|&k| parts.iter().all(|p| p.component != k)) else {
                return Err(segment.refuse("a component of the image, once", format!("number {id}")));
            };
            if dc > 3 || ac > 3 {
                return Err(segment.refuse("Huffman tables 0 to 3", format!("{dc} and {ac}")));
            }
            parts.push(Part { component, dc, ac, blocks: frame.components[component].sampling });
        }
        let units = match &mut parts[..] {
            [] => return Err(segment.refuse("components in a scan", "none")),
            // Alone, a component is stored block by block, and without those outside the image.
            [part] => {
                part.blocks = (1, 1);
                frame.components[part.component].real_blocks()
            }
            _ => frame.units,
        };
        let band = (segment.byte()?.into(), segment.byte()?.into());
        let (high, low) = segment.halves()?;
        Ok(Scan { parts, band, high: high as u32, low: low as u32, units })
    }

    /// Calls the coder for each block in the order of the stream.
    pub fn walk(
        &self,
        markers: &mut Markers,
        restart_interval: usize,
        coder: &mut impl Coder,
    ) -> Result<(), JpegError> {
        let mut bits = Bits::new(markers.rest(), markers.at());
        let mut n_units = 0;
        for y in 0..self.units.0 {
            for x in 0..self.units.1 {
                if restart_interval > 0 && n_units > 0 && n_units % restart_interval == 0 {
                    bits.restart(((n_units / restart_interval - 1) % 8) as u8)?;
                    coder.restart();
                }
                n_units += 1;
                self.unit(&mut bits, y, x, coder)?;
            }
        }
        markers.skip(bits.n_used());
        Ok(())
    }

    fn unit(&self, bits: &mut Bits, y: usize, x: usize, coder: &mut impl Coder) -> Result<(), JpegError> {
        for (k, part) in self.parts.iter().enumerate() {
            let (down, across) = part.blocks;
            for i in 0..down * across {
                let at = (y * down + i / across, x * across + i % across);
                if coder.block(bits, k, at).is_none() {
                    // Zeros past the end may be no code either.
                    bits.check()?;
                    return Err(bits.refuse("a Huffman code", "other bits"));
                }
            }
        }
        bits.check()
    }
}

/// What becomes of the blocks of a scan.
pub(super) trait Coder {
    /// Decodes the block at row and column `at` of part `k`; none when its bits are no codes.
    fn block(&mut self, bits: &mut Bits, k: usize, at: (usize, usize)) -> Option<()>;

    /// Forgets what was before.
    fn restart(&mut self);
}
