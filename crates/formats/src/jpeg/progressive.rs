//! Coefficients that come in several scans: a band of them, or a bit more of each.
//!
//! # Source
//! ITU-T T.81, annex G.

use super::JpegError;
use super::bits::Bits;
use super::frame::{Component, Frame, Plane};
use super::huffman::Huffman;
use super::markers::Markers;
use super::scan::{Coder, Scan};
use super::tables::Tables;
use super::transform::{self, NATURAL};

/// Coefficients that libjpeg would guess where their scans are missing.
const N_GUESSED: usize = 10;
/// A bit that no scan has given yet.
const UNKNOWN: u32 = 16;

/// The coefficients of a component.
#[derive(Debug)]
pub(super) struct Coefficients {
    /// By block, in natural order.
    values: Vec<[i16; 64]>,
    /// Blocks in a row.
    w: usize,
    /// The lowest bit known of each coefficient, in the order of scans.
    known: [u32; 64],
    /// Steps at the first scan.
    steps: Option<[u16; 64]>,
}

impl Coefficients {
    pub fn of(component: &Component) -> Self {
        let (down, across) = component.blocks;
        Coefficients { values: vec![[0; 64]; down * across], w: across, known: [UNKNOWN; 64], steps: None }
    }

    /// The samples, when all scans have come; `end` is where there are no more.
    pub fn transform(self, component: &Component, end: usize) -> Result<Plane, JpegError> {
        let missing = |what: &str| JpegError::new(end, what, "the end of the image");
        let steps = self.steps.ok_or_else(|| missing("a scan of each component"))?;
        if self.known.iter().enumerate().any(|(k, &bit)| bit > 0 && (k < N_GUESSED || bit < UNKNOWN)) {
            return Err(missing("scans of all bits of the coefficients"));
        }
        let mut plane = Plane::of(component);
        let w = plane.w;
        for (i, values) in self.values.iter().enumerate() {
            let mut block = [0; 64];
            for ((out, value), step) in block.iter_mut().zip(values).zip(&steps) {
                *out = value.wrapping_mul(*step as i16);
            }
            let is_flat = values[1..] == [0; 63];
            let last = if is_flat { None } else { NATURAL.iter().rposition(|&place| values[place] != 0) };
            transform::inverse(&block, last.unwrap_or(0), plane.block(i / self.w, i % self.w), w);
        }
        Ok(plane)
    }
}

/// Decodes a scan into coefficients.
pub(super) fn decode(
    scan: &Scan,
    frame: &Frame,
    tables: &Tables,
    markers: &mut Markers,
    coefficients: &mut [Coefficients],
) -> Result<(), JpegError> {
    let (first, last) = scan.band;
    let is_dc = first == 0;
    let is_refined = scan.high > 0;
    let fits = if is_dc { last == 0 } else { last >= first && last < 64 && scan.parts.len() == 1 };
    if !fits || scan.low > 13 || (is_refined && scan.high != scan.low + 1) {
        let found = format!("coefficients {first} to {last}, bits {} to {}", scan.high, scan.low);
        return Err(markers.refuse("a scan of means, or of other coefficients of one component", found));
    }
    for part in &scan.parts {
        let of = &mut coefficients[part.component];
        let known_before = if is_refined { scan.high } else { UNKNOWN };
        if of.known[first..=last].iter().any(|&bit| bit != known_before) {
            return Err(markers.refuse("each bit of a coefficient once, the highest first", "another order"));
        }
        of.known[first..=last].fill(scan.low);
        let steps = tables.quantisation[frame.components[part.component].quantisation];
        of.steps = of.steps.or(steps);
        if of.steps.is_none() {
            return Err(markers.refuse("a quantisation table", "none"));
        }
    }
    let codes = scan.parts.iter().map(|part| match (is_dc, is_refined) {
        (true, true) => Ok(None),
        (true, false) => tables.dc[part.dc].as_deref().map(Some).ok_or(()),
        (false, _) => tables.ac[part.ac].as_deref().map(Some).ok_or(()),
    });
    let codes = codes.collect::<Result<_, ()>>().map_err(|()| markers.refuse("a Huffman table", "none"))?;
    let mut coder = Progressive { scan, codes, coefficients, before: [0; 4], n_ended: 0 };
    scan.walk(markers, tables.restart_interval, &mut coder)
}

struct Progressive<'a> {
    scan: &'a Scan,
    /// The codes of each part, where the scan has any.
    codes: Vec<Option<&'a Huffman>>,
    coefficients: &'a mut [Coefficients],
    /// The mean of the block before, of each part.
    before: [i32; 4],
    /// Blocks that follow and have no more coefficients in this band.
    n_ended: u32,
}

impl Coder for Progressive<'_> {
    fn block(&mut self, bits: &mut Bits, k: usize, (y, x): (usize, usize)) -> Option<()> {
        let of = &mut self.coefficients[self.scan.parts[k].component];
        let block = &mut of.values[y * of.w + x];
        match (self.scan.band.0, self.codes[k]) {
            (0, Some(codes)) => {
                bits.fill();
                let size = codes.symbol(bits).filter(|&size| size < 16)?;
                self.before[k] = self.before[k].wrapping_add(bits.coefficient(size.into()));
                block[0] = (self.before[k] << self.scan.low) as i16;
                Some(())
            }
            (0, None) => {
                block[0] |= i16::from(bits.bit()) << self.scan.low;
                Some(())
            }
            (_, Some(codes)) if self.scan.high == 0 => {
                first(bits, codes, self.scan, block, &mut self.n_ended)
            }
            (_, Some(codes)) => refine(bits, codes, self.scan, block, &mut self.n_ended),
            (_, None) => None,
        }
    }

    fn restart(&mut self) {
        self.before = [0; 4];
        self.n_ended = 0;
    }
}

/// The first bits of a band of coefficients.
fn first(
    bits: &mut Bits,
    codes: &Huffman,
    scan: &Scan,
    block: &mut [i16; 64],
    n_ended: &mut u32,
) -> Option<()> {
    if *n_ended > 0 {
        *n_ended -= 1;
        return Some(());
    }
    let (mut k, last) = scan.band;
    while k <= last {
        bits.fill();
        let symbol = codes.symbol(bits)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        match (run, size) {
            (15, 0) => k += 16,
            (_, 0) => {
                *n_ended = (1 << run) + bits.take(run) - 1;
                break;
            }
            _ => {
                k += run as usize;
                block[*NATURAL.get(k)?] = (bits.coefficient(size) << scan.low) as i16;
                k += 1;
            }
        }
    }
    Some(())
}

/// One bit more of a band of coefficients.
fn refine(
    bits: &mut Bits,
    codes: &Huffman,
    scan: &Scan,
    block: &mut [i16; 64],
    n_ended: &mut u32,
) -> Option<()> {
    let (mut k, last) = scan.band;
    let one = 1 << scan.low;
    while *n_ended == 0 && k <= last {
        bits.fill();
        let symbol = codes.symbol(bits)?;
        let mut run = u32::from(symbol >> 4);
        let new = match symbol & 15 {
            0 if run < 15 => {
                *n_ended = (1 << run) + bits.take(run);
                break;
            }
            0 => 0,
            _ => {
                if bits.take(1) == 1 {
                    one
                } else {
                    -one
                }
            }
        };
        // The new one comes after `run` zeros; those on the way that are not 0 get their bit.
        while k <= last {
            let value = &mut block[NATURAL[k]];
            if *value != 0 {
                correct(bits, value, one);
            } else if run == 0 {
                *value = new;
                break;
            } else {
                run -= 1;
            }
            k += 1;
        }
        k += 1;
    }
    if *n_ended > 0 {
        NATURAL.get(k..=last).unwrap_or_default().iter().for_each(|&place| {
            if block[place] != 0 {
                correct(bits, &mut block[place], one);
            }
        });
        *n_ended -= 1;
    }
    Some(())
}

/// Moves a coefficient away from 0 if the next bit says so and it was not moved yet.
fn correct(bits: &mut Bits, value: &mut i16, one: i16) {
    if bits.bit() && *value & one == 0 {
        *value = value.wrapping_add(if *value > 0 { one } else { -one });
    }
}
