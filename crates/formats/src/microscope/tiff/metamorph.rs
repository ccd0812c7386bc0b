//! MetaMorph stacks: one directory, the planes after each other, and tables of where and when each was taken.
//!
//! # Source
//! MetaMorph stack (STK) image file format, revision November 2005 (Molecular Devices).

use super::super::field::Sizes;
use super::super::units;
use super::Tiff;
use super::ifd::{Ifd, tag};
use super::layout::{Layout, MAX_PLANES, Source};
use crate::FormatError;

/// Numbers for each plane: distance in depth as a quotient, then day and time of making and of changing.
const PER_PLANE: u64 = 6;
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Most entries of the table of settings.
const MAX_SETTINGS: u64 = 1 << 12;
/// Longest name of a unit, in bytes.
const MAX_UNIT: u64 = 256;

/// The kind of entries that are whole numbers of 32 bits.
const LONG: u16 = 4;

/// Settings that are read: whether there is a calibration, its two sizes, and their unit.
const IS_CALIBRATED: u64 = 3;
const X_CALIBRATION: u64 = 4;
const Y_CALIBRATION: u64 = 5;
const CALIBRATION_UNIT: u64 = 6;

/// Reads the tables; none when it is not a stack.
pub(super) fn layout(tiff: &Tiff, first: &Ifd) -> Result<Option<Layout>, FormatError> {
    let Some(n) = first.find(tag::METAMORPH).map(|entry| entry.count) else { return Ok(None) };
    if n == 0 || n > MAX_PLANES as u64 {
        return Err(tiff.bytes.refuse(format!("1 to {MAX_PLANES} planes"), n.to_string()));
    }
    if n > 1 && tiff.pages.len() > 1 {
        let found = format!("{n} planes and {} pages", tiff.pages.len());
        return Err(tiff.bytes.refuse("a stack with one directory", found));
    }
    if n > 1 {
        // The last plane must be there.
        tiff.page(Source { nth: n as u32 - 1, ..Source::default() })?;
    }
    let planes = Planes::read(tiff, first, n)?;
    let unit = Calibration::read(tiff, first)?;
    let (n_t, n_z) = if planes.is_depth { (1, n as usize) } else { (n as usize, 1) };
    let sizes = Sizes {
        y_um: unit.y_um,
        x_um: unit.x_um,
        z_um: planes.z.filter(|_| planes.is_depth).zip(unit.um).map(|(z, um)| z * um),
        t_s: planes.t_s.filter(|_| !planes.is_depth),
    };
    let source = |i: u32| Some(Source { nth: i, ..Source::default() });
    Ok(Some(Layout {
        n_t,
        n_z,
        names: vec![String::new()],
        planes: (0..n as u32).map(source).collect(),
        sizes,
        ..Layout::default()
    }))
}

/// What the planes are of.
struct Planes {
    /// Whether they lie in depth; else they follow in time.
    is_depth: bool,
    /// Distance in depth, in the unit of the calibration.
    z: Option<f64>,
    /// Time between two, in seconds.
    t_s: Option<f64>,
}

impl Planes {
    fn read(tiff: &Tiff, first: &Ifd, n: u64) -> Result<Self, FormatError> {
        let numbers = first.words(&tiff.bytes, tag::METAMORPH, n * PER_PLANE)?;
        let rows: Vec<&[u64]> = numbers.chunks_exact(PER_PLANE as usize).collect();
        let depth = |row: &[u64]| if row[1] == 0 { 0.0 } else { row[0] as f64 / row[1] as f64 };
        let ms = |row: &[u64]| row[2] * DAY_MS + row[3];
        let times = rows.first().map(|r| ms(r)).zip(rows.last().map(|r| ms(r)));
        let span = times.map_or(0, |(start, end)| end.saturating_sub(start));
        Ok(Planes {
            is_depth: n > 1 && rows.iter().all(|row| depth(row) != 0.0),
            z: rows.get(1).map(|row| depth(row)).filter(|z| *z > 0.0),
            t_s: (n > 1 && span > 0).then(|| span as f64 / 1e3 / (n - 1) as f64),
        })
    }
}

/// Sizes of pixels, as far as they are known.
#[derive(Default)]
struct Calibration {
    /// Micrometres of the unit.
    um: Option<f64>,
    y_um: Option<f64>,
    x_um: Option<f64>,
}

impl Calibration {
    fn read(tiff: &Tiff, first: &Ifd) -> Result<Self, FormatError> {
        // Before MetaMorph 2.5 the tag had quotients, with another meaning.
        let entry = first.find(tag::METAMORPH_SETTINGS).filter(|entry| entry.kind == LONG);
        let n = entry.map_or(0, |entry| entry.count);
        if !(2..=MAX_SETTINGS).contains(&n) {
            return Ok(Self::default());
        }
        let settings = first.words(&tiff.bytes, tag::METAMORPH_SETTINGS, 2 * n)?;
        let find = |id| settings.chunks_exact(2).find(|pair| pair[0] == id).map(|pair| pair[1]);
        let find_place = |id| find(id).filter(|at| *at >= 8);
        if find(IS_CALIBRATED).unwrap_or(0) == 0 {
            return Ok(Self::default());
        }
        let size = |id| -> Result<Option<f64>, FormatError> {
            let Some(at) = find_place(id) else { return Ok(None) };
            let raw = tiff.bytes.read(at, 8)?;
            let (n, d) = (tiff.form.number(&raw[..4]) as f64, tiff.form.number(&raw[4..]) as f64);
            Ok((n > 0.0 && d > 0.0).then_some(n / d))
        };
        let um = match find_place(CALIBRATION_UNIT) {
            Some(at) => {
                let len = tiff.form.number(&tiff.bytes.read(at, 4)?).min(MAX_UNIT);
                let raw = tiff.bytes.read(at + 4, len as usize)?;
                let text: String = raw.iter().take_while(|b| **b != 0).map(|&b| char::from(b)).collect();
                units::um(text.trim())
            }
            None => None,
        };
        let [y, x] = [size(Y_CALIBRATION)?, size(X_CALIBRATION)?];
        Ok(Calibration { um, y_um: y.zip(um).map(|(n, um)| n * um), x_um: x.zip(um).map(|(n, um)| n * um) })
    }
}
