//! Blocks that come at once: baseline and extended images.

use super::JpegError;
use super::bits::Bits;
use super::frame::{Frame, Plane};
use super::huffman::Huffman;
use super::markers::Markers;
use super::scan::{Coder, Part, Scan};
use super::tables::Tables;
use super::transform::{self, NATURAL};

/// Decodes a scan into samples.
pub(super) fn decode(
    scan: &Scan,
    frame: &Frame,
    tables: &Tables,
    markers: &mut Markers,
    planes: &mut [Plane],
) -> Result<(), JpegError> {
    let parts = scan.parts.iter().map(|&part| {
        let missing = |what: &str| markers.refuse(what, "none");
        let steps = tables.quantisation[frame.components[part.component].quantisation];
        Ok(Sequential {
            part,
            steps: steps.ok_or_else(|| missing("a quantisation table"))?,
            dc: tables.dc[part.dc].as_deref().ok_or_else(|| missing("a Huffman table of means"))?,
            ac: tables.ac[part.ac].as_deref().ok_or_else(|| missing("a Huffman table of coefficients"))?,
            before: 0,
        })
    });
    let mut coder = Blocks { parts: parts.collect::<Result<_, JpegError>>()?, planes };
    scan.walk(markers, tables.restart_interval, &mut coder)
}

struct Blocks<'a> {
    parts: Vec<Sequential<'a>>,
    planes: &'a mut [Plane],
}

struct Sequential<'a> {
    part: Part,
    steps: [u16; 64],
    dc: &'a Huffman,
    ac: &'a Huffman,
    /// The mean of the block before.
    before: i32,
}

impl Coder for Blocks<'_> {
    fn block(&mut self, bits: &mut Bits, k: usize, (y, x): (usize, usize)) -> Option<()> {
        let part = &mut self.parts[k];
        let plane = &mut self.planes[part.part.component];
        let mut block = [0; 64];
        let last = part.coefficients(bits, &mut block)?;
        let w = plane.w;
        transform::inverse(&block, last, plane.block(y, x), w);
        Some(())
    }

    fn restart(&mut self) {
        self.parts.iter_mut().for_each(|part| part.before = 0);
    }
}

impl Sequential<'_> {
    /// Coefficients times their steps; gives the place of the last, in the order of scans. Products wrap as those of
    /// libjpeg's vectors do.
    fn coefficients(&mut self, bits: &mut Bits, block: &mut [i16; 64]) -> Option<usize> {
        bits.fill();
        let size = self.dc.symbol(bits).filter(|&size| size < 16)?;
        self.before = self.before.wrapping_add(bits.coefficient(size.into()));
        block[0] = (self.before as i16).wrapping_mul(self.steps[0] as i16);
        let (mut k, mut last) = (1, 0);
        while k < 64 {
            bits.fill();
            let short = self.ac.short(bits);
            let value = if short.length > 0 {
                bits.skip(short.length.into());
                k += usize::from(short.run);
                short.value
            } else {
                let symbol = self.ac.symbol(bits)?;
                let (run, size) = (symbol >> 4, symbol & 15);
                k += usize::from(run);
                match (run, size) {
                    (15, 0) => {
                        k += 1;
                        continue;
                    }
                    (_, 0) => break,
                    _ => bits.coefficient(size.into()) as i16,
                }
            };
            let place = *NATURAL.get(k)?;
            block[place] = value.wrapping_mul(self.steps[place] as i16);
            last = k;
            k += 1;
        }
        Some(last)
    }
}
