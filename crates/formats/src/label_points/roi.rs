//! Point selections of ImageJ: a zip with a file for each cell, all numbers big-endian.
//!
//! Source: `ij/io/RoiEncoder.java` and `RoiDecoder.java` of ImageJ 1.54. ImageJ counts from the corner of the first pixel, whose centre
//! is 0.5; frames and focal planes from 1. The exact coordinates, class, id and labeller are properties of the selection.

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use super::{LabelPoint, MAX_TEXT, PointImage, check_number};
use crate::archive::{Archive, ZipLimits, zip_of};
use crate::{FormatError, annotation};

/// From our coordinates to ImageJ's.
const CORNER: f64 = 0.5;
/// Bytes before the coordinates, and of the second header.
const HEADER: usize = 64;
const HEADER2: usize = 64;
const POINT: u8 = 10;
/// Polygons, drawn freely, traced.
const OUTLINES: [u8; 3] = [0, 7, 8];
/// Coordinates are also there as floats.
const SUB_PIXEL: u16 = 128;
/// Largest file of one selection.
const MAX_ROI: u64 = 16 << 20;

pub(super) fn write(image: &PointImage, points: &[LabelPoint]) -> Result<Vec<u8>, FormatError> {
    let member = |(i, point): (usize, &LabelPoint)| {
        let name = format!("{:06}-{}", i + 1, point.class.as_deref().unwrap_or("unlabelled"));
        (format!("{name}.roi"), selection(&name, point))
    };
    let members: Vec<_> = points.iter().enumerate().map(member).collect();
    zip_of(&members).map_err(|e| FormatError::io(&image.name, "a zip that can be written", &e))
}

fn selection(name: &str, point: &LabelPoint) -> Vec<u8> {
    let (y, x) = (point.y + CORNER, point.x + CORNER);
    let (top, left) = (y.floor() as i16, x.floor() as i16);
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let (name, properties) = (utf16(name), utf16(&properties(point)));
    let header2 = HEADER + 4 + 8;
    let mut out = Vec::with_capacity(header2 + HEADER2 + name.len() + properties.len());
    out.extend(b"Iout");
    out.extend(228u16.to_be_bytes());
    out.extend([POINT, 0]);
    for side in [top, left, top.saturating_add(1), left.saturating_add(1)] {
        out.extend(side.to_be_bytes());
    }
    out.extend(1u16.to_be_bytes());
    out.resize(50, 0);
    out.extend(SUB_PIXEL.to_be_bytes());
    out.resize(60, 0);
    out.extend((header2 as u32).to_be_bytes());
    // The point as whole numbers, relative to the corner, and as floats.
    out.extend([0; 4]);
    out.extend((x as f32).to_be_bytes());
    out.extend((y as f32).to_be_bytes());
    let texts = header2 + HEADER2;
    let mut second = [0; HEADER2];
    for (at, value) in [
        (8, point.z as usize + 1),
        (12, point.t as usize + 1),
        (16, texts),
        (20, name.len() / 2),
        (40, texts + name.len()),
        (44, properties.len() / 2),
    ] {
        second[at..at + 4].copy_from_slice(&(value as u32).to_be_bytes());
    }
    out.extend(second);
    out.extend(name);
    out.extend(properties);
    out
}

fn properties(point: &LabelPoint) -> String {
    let mut text = format!("y: {:?}\nx: {:?}\n", point.y, point.x);
    for (key, value) in [("class", &point.class), ("id", &point.id), ("by", &point.by)] {
        if let Some(value) = value {
            text.push_str(&format!("{key}: {value}\n"));
        }
    }
    text
}

/// Whether a zip holds selections of `ImageJ` rather than annotations.
pub(super) fn are_in<R: Read + Seek>(archive: &Archive<R>) -> bool {
    let names = archive.names();
    names.iter().any(|name| name.to_lowercase().ends_with(".roi"))
        && !names.iter().any(|name| annotation::is_top_json(name))
}

pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<LabelPoint>, FormatError> {
    let mut archive = Archive::open(path, Cursor::new(bytes), bytes.len() as u64, ZipLimits::default())?;
    let mut points = Vec::new();
    for (i, name) in archive.names().to_vec().iter().enumerate() {
        if name.to_lowercase().ends_with(".roi") {
            let place = |e: FormatError| e.at(format!("member {name:?}"));
            points.extend(read_one(path, &archive.read(i, MAX_ROI)?).map_err(place)?);
            check_number(path, points.len())?;
        }
    }
    Ok(points)
}

/// The points of one selection: its own when it is one of points, the centre of the area of an outline, else the middle of its box.
pub(super) fn read_one(path: &Path, bytes: &[u8]) -> Result<Vec<LabelPoint>, FormatError> {
    let roi = Roi { path, bytes };
    if !bytes.starts_with(b"Iout") || bytes.len() < HEADER {
        return Err(FormatError::new(path, "a selection of ImageJ (Iout)", crate::error::quote(bytes)));
    }
    let [top, left, bottom, right] =
        [roi.u16(8)?, roi.u16(10)?, roi.u16(12)?, roi.u16(14)?].map(|v| f64::from(v.cast_signed()));
    let n = usize::from(roi.u16(16)?);
    let has_floats = roi.u16(50)? & SUB_PIXEL != 0 && roi.u16(4)? >= 222;
    let texts = Texts::of(&roi)?;
    let point = |y: f64, x: f64| {
        let exact = |key: &str, read: f64| {
            let own = texts.property(key).and_then(|v| v.parse::<f64>().ok()).filter(|v| v.is_finite());
            // Floats hold seven digits; whoever moves a point moves it further.
            own.filter(|own| (own - read).abs() < 1e-2).unwrap_or(read)
        };
        LabelPoint {
            id: texts.property("id"),
            t: texts.frame,
            z: texts.slice,
            y: exact("y", y - CORNER),
            x: exact("x", x - CORNER),
            class: texts.property("class").or_else(|| texts.group.map(|g| format!("group {g}"))),
            by: texts.property("by"),
            ..LabelPoint::default()
        }
    };
    let place = |i: usize| -> Result<[f64; 2], FormatError> {
        if has_floats {
            let floats = HEADER + 4 * n;
            let (x, y) = (roi.f32(floats + 4 * i)?, roi.f32(floats + 4 * (n + i))?);
            return Ok([y.into(), x.into()]);
        }
        let (x, y) = (roi.u16(HEADER + 2 * i)?, roi.u16(HEADER + 2 * (n + i))?);
        Ok([top + f64::from(y), left + f64::from(x)])
    };
    let places = || (0..n).map(place).collect::<Result<Vec<_>, _>>();
    if bytes[6] != POINT {
        let outline = if OUTLINES.contains(&bytes[6]) { places()? } else { Vec::new() };
        let inside = |[y, x]: &[f64; 2]| (top..=bottom).contains(y) && (left..=right).contains(x);
        let middle = [f64::midpoint(top, bottom), f64::midpoint(left, right)];
        let [y, x] = centre(&outline).filter(inside).unwrap_or(middle);
        return Ok(vec![point(y, x)]);
    }
    // A whole number means that pixel, not its corner.
    let within = if has_floats { 0.0 } else { CORNER };
    let mut points: Vec<LabelPoint> =
        places()?.into_iter().map(|[y, x]| point(y + within, x + within)).collect();
    // Whoever adds a point to a selection of one adds a cell of its own.
    points.iter_mut().skip(1).for_each(|point| point.id = None);
    Ok(points)
}

/// Centre of the area of a polygon, row and column; none when it has no area.
fn centre(corners: &[[f64; 2]]) -> Option<[f64; 2]> {
    // From the first corner, so that far from the origin no digits are lost.
    let &[y0, x0] = corners.first()?;
    let next = corners.iter().cycle().skip(1);
    let mut area = 0.0;
    let mut moments = [0.0; 2];
    for (a, b) in corners.iter().zip(next) {
        let ([ya, xa], [yb, xb]) = ([a[0] - y0, a[1] - x0], [b[0] - y0, b[1] - x0]);
        let cross = xa * yb - xb * ya;
        area += cross;
        moments[0] += (ya + yb) * cross;
        moments[1] += (xa + xb) * cross;
    }
    (area.abs() > 1e-6).then(|| [y0 + moments[0] / (3.0 * area), x0 + moments[1] / (3.0 * area)])
}

/// What the second header says.
struct Texts {
    frame: u32,
    slice: u32,
    group: Option<u8>,
    properties: String,
}

impl Texts {
    fn of(roi: &Roi) -> Result<Self, FormatError> {
        let position = roi.u32(56)?;
        let header2 = roi.u32(60)? as usize;
        if header2 == 0 {
            let frame = position.saturating_sub(1);
            return Ok(Texts { frame, slice: 0, group: None, properties: String::new() });
        }
        let (slice, frame) = (roi.u32(header2 + 8)?, roi.u32(header2 + 12)?);
        // A stack that is no hyperstack has one position, which is the frame of a movie.
        let frame = if slice == 0 && frame == 0 { position } else { frame };
        let group = roi.bytes.get(header2 + 30).copied().filter(|g| *g > 0);
        let has_properties = roi.bytes.len() >= header2 + 48;
        let (start, n) = if has_properties {
            (roi.u32(header2 + 40)? as usize, roi.u32(header2 + 44)? as usize)
        } else {
            (0, 0)
        };
        if n > 4 * MAX_TEXT {
            let expected = format!("properties of at most {} characters", 4 * MAX_TEXT);
            return Err(FormatError::new(roi.path, expected, n.to_string()));
        }
        let properties = roi.text(start, n)?;
        Ok(Texts { frame: frame.saturating_sub(1), slice: slice.saturating_sub(1), group, properties })
    }

    fn property(&self, key: &str) -> Option<String> {
        let mut pairs = self.properties.lines().filter_map(|line| line.split_once(':'));
        pairs.find(|(k, _)| k.trim() == key).map(|(_, v)| v.trim().to_owned()).filter(|v| !v.is_empty())
    }
}

/// Bytes that may end anywhere.
struct Roi<'a> {
    path: &'a Path,
    bytes: &'a [u8],
}

impl Roi<'_> {
    fn part<const N: usize>(&self, at: usize) -> Result<[u8; N], FormatError> {
        let part = at.checked_add(N).and_then(|end| self.bytes.get(at..end)).and_then(|p| p.try_into().ok());
        part.ok_or_else(|| {
            let expected = format!("a selection with {N} bytes at {at}");
            FormatError::new(self.path, expected, format!("{} bytes", self.bytes.len()))
        })
    }

    fn u16(&self, at: usize) -> Result<u16, FormatError> {
        self.part(at).map(u16::from_be_bytes)
    }

    fn u32(&self, at: usize) -> Result<u32, FormatError> {
        self.part(at).map(u32::from_be_bytes)
    }

    fn f32(&self, at: usize) -> Result<f32, FormatError> {
        let value = self.part(at).map(f32::from_be_bytes)?;
        if value.is_finite() {
            return Ok(value);
        }
        Err(FormatError::new(self.path, "a coordinate", value.to_string()))
    }

    /// UTF-16 of `n` units.
    fn text(&self, start: usize, n: usize) -> Result<String, FormatError> {
        let end = n.checked_mul(2).and_then(|n| start.checked_add(n));
        let part = end.and_then(|end| self.bytes.get(start..end)).ok_or_else(|| {
            FormatError::new(
                self.path,
                format!("{n} characters at {start}"),
                format!("{} bytes", self.bytes.len()),
            )
        })?;
        let units: Vec<u16> = part.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
        Ok(String::from_utf16_lossy(&units))
    }
}
