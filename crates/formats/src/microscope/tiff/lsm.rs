//! Zeiss LSM: a page for each plane, every one followed by a thumbnail, and a structure that says what they are.
//!
//! # Source
//! LSM 5/7/8 image file format, release 6.0 and later (Carl Zeiss), structure `CZ_LSMInfo`.

use super::super::bytes::Bytes;
use super::super::field::Sizes;
use super::super::units;
use super::Tiff;
use super::ifd::{Ifd, tag};
use super::layout::{Layout, MAX_PLANES, Source};
use crate::FormatError;

/// First word of the structure, before and since version 2.
const MAGIC: [u64; 2] = [0x0300_494c, 0x0400_494c];
/// Bytes of the structure that are there in all versions, and as many as are read of it.
const LEAST: usize = 136;
const MOST: u64 = 272;
/// Where numbers are in the structure.
const SIZE_Z: usize = 16;
const SIZE_CHANNELS: usize = 20;
const SIZE_T: usize = 24;
const DATA_TYPE: usize = 28;
const VOXEL_X: usize = 40;
const VOXEL_Y: usize = 48;
const VOXEL_Z: usize = 56;
const SCAN_TYPE: usize = 88;
const CHANNEL_COLOURS: usize = 108;
const TIME_INTERVAL: usize = 112;
const TIME_STAMPS: usize = 132;
const POSITIONS: usize = 264;
const TILES: usize = 268;
/// Samples of 12 bits, in 16.
const TWELVE_BITS: u64 = 2;
/// Longest list of names, in bytes.
const MAX_NAMES: usize = 1 << 16;
/// Offsets of 32 bits cannot say where planes of longer files lie.
const MAX_LEN: u64 = 1 << 32;

/// Reads the structure; none when the file has none. Fields are tiles, and positions within them.
pub(super) fn layouts(tiff: &Tiff, first: &Ifd) -> Result<Option<Vec<Layout>>, FormatError> {
    if first.find(tag::ZEISS_LSM).is_none() {
        return Ok(None);
    }
    let info = Info { bytes: &tiff.bytes, raw: first.start_of(&tiff.bytes, tag::ZEISS_LSM, MOST)? };
    info.check()?;
    let [planned, n_z, n_p, n_m] = [SIZE_T, SIZE_Z, POSITIONS, TILES].map(|at| info.word(at).max(1) as usize);
    let kind = tiff.pages[0].kind;
    let pages: Vec<u32> =
        (0u32..).zip(&tiff.pages).filter(|(_, p)| !p.reduced && p.kind == kind).map(|(i, _)| i).collect();
    // Of a movie that was stopped there are the frames up to then.
    let n_t = if (n_p, n_m) == (1, 1) { planned.min(pages.len() / n_z) } else { planned };
    let n = [n_t, n_z, n_p, n_m].into_iter().try_fold(1, usize::checked_mul);
    if n != Some(pages.len()) || pages.len() > MAX_PLANES {
        let expected = format!("{n_m} tiles x {n_p} positions x {planned} frames x {n_z} focal planes");
        return Err(tiff.bytes.refuse(expected, format!("{} pages", pages.len())));
    }
    let n_channels = info.word(SIZE_CHANNELS) as usize;
    if n_channels != kind.samples {
        return Err(tiff.bytes.refuse(format!("{n_channels} channels"), format!("{} samples", kind.samples)));
    }
    let names = info.names().filter(|names| names.len() == n_channels);
    let sizes = Sizes {
        y_um: info.um(VOXEL_Y),
        x_um: info.um(VOXEL_X),
        z_um: info.um(VOXEL_Z).filter(|_| n_z > 1),
        t_s: info.seconds(n_t).filter(|_| n_t > 1),
    };
    let layout = |(i, planes): (usize, &[u32])| {
        let mut layout = Layout {
            n_t,
            n_z,
            names: vec![String::new()],
            sample_names: names.clone().unwrap_or_default(),
            planes: planes.iter().map(|&page| Some(Source { page, ..Source::default() })).collect(),
            sizes,
            notes: match planned - n_t {
                0 => Vec::new(),
                n => vec![format!("the last {n} of {planned} frames are missing")],
            },
            bits: (info.word(DATA_TYPE) == TWELVE_BITS).then_some(12),
            ..Layout::default()
        };
        layout.place.name = match (n_m, n_p) {
            (1, 1) => String::new(),
            (1, _) => format!("position {i}"),
            (_, 1) => format!("tile {i}"),
            _ => format!("tile {} position {}", i / n_p, i % n_p),
        };
        layout
    };
    Ok(Some(pages.chunks(n_t * n_z).enumerate().map(layout).collect()))
}

/// The structure, and the file for what it points to.
struct Info<'a> {
    bytes: &'a Bytes,
    raw: Vec<u8>,
}

impl Info<'_> {
    /// # Errors
    /// What is not read of the format, by its name.
    fn check(&self) -> Result<(), FormatError> {
        if self.raw.len() < LEAST || !MAGIC.contains(&self.word(0)) {
            return Err(self
                .bytes
                .refuse("the structure of a Zeiss LSM file", crate::error::quote(&self.raw)));
        }
        let refuse = |found: &str| {
            let expected = "planes of rows and columns (export it from ZEN as OME-TIFF)";
            Err(self.bytes.refuse(expected, format!("a Zeiss LSM file of {found}")))
        };
        match self.word(SCAN_TYPE) & 0xffff {
            _ if self.bytes.len() > MAX_LEN => refuse("more than 4 GB"),
            0 | 3 | 6 => Ok(()),
            1 | 4 => refuse("a scan in depth"),
            2 => refuse("a scan along a line"),
            5 => refuse("means of regions"),
            7..=9 => refuse("a scan along a curve"),
            10 => refuse("a scan of points"),
            other => refuse(&format!("scan type {other}")),
        }
    }

    /// The word at `at`; 0 beyond the end.
    fn word(&self, at: usize) -> u64 {
        number(&self.raw, at)
    }

    fn float(&self, at: usize) -> Option<f64> {
        float(&self.raw, at)
    }

    /// A size in micrometres; files have metres.
    fn um(&self, at: usize) -> Option<f64> {
        let metre = units::um("m")?;
        self.float(at).map(|m| m * metre).filter(|um| um.is_finite() && *um > 1e-9)
    }

    /// Time between frames: when they were taken, else what was asked for.
    fn seconds(&self, n_t: usize) -> Option<f64> {
        let at = self.word(TIME_STAMPS);
        let stamps = (at > 0).then(|| self.bytes.read_up_to(at, 8 + 8 * n_t)).and_then(Result::ok);
        let taken = stamps.filter(|raw| n_t > 1 && number(raw, 4) >= n_t as u64).and_then(|raw| {
            let (start, end) = (float(&raw, 8)?, float(&raw, 8 * n_t)?);
            Some((end - start) / (n_t - 1) as f64)
        });
        taken.or_else(|| self.float(TIME_INTERVAL)).filter(|s| s.is_finite() && *s > 0.0)
    }

    /// Names of channels, from the list of their colours: each with its length before it.
    fn names(&self) -> Option<Vec<String>> {
        let at = self.word(CHANNEL_COLOURS);
        let raw = if at > 0 { self.bytes.read_up_to(at, MAX_NAMES).ok()? } else { return None };
        let mut rest = raw.get(..number(&raw, 0) as usize)?.get(number(&raw, 16) as usize..)?;
        let mut names = Vec::new();
        while names.len() < number(&raw, 8) as usize {
            let len = rest.get(..4).map(|b| number(b, 0) as usize)?;
            let name = rest.get(4..)?.get(..len)?;
            names.push(name.iter().take_while(|b| **b != 0).map(|&b| char::from(b)).collect());
            rest = &rest[4 + len..];
        }
        Some(names)
    }
}

/// The word of 32 bits at `at`, low byte first; 0 beyond the end.
fn number(raw: &[u8], at: usize) -> u64 {
    raw.get(at..).and_then(|b| b.first_chunk::<4>()).map_or(0, |b| u64::from(u32::from_le_bytes(*b)))
}

fn float(raw: &[u8], at: usize) -> Option<f64> {
    raw.get(at..).and_then(|b| b.first_chunk::<8>()).map(|b| f64::from_le_bytes(*b))
}
