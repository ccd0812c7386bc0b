//! Labelled points of one image, in the files of other programs: tables, napari, ImageJ, COCO.
//!
//! Each file holds what its kind has room for and gives that back unchanged; all coordinates here are pixels whose centres are
//! whole numbers, whatever the file counts from.

mod coco;
mod roi;
mod tables;

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use crate::archive::{Archive, ZipLimits};
use crate::error::quote;
use crate::point_table::whole;
use crate::{FormatError, annotation, input};

/// Largest file that is read, bytes.
const MAX_FILE: u64 = 512 << 20;
/// So many bytes at the start of a file tell its kind.
const HEAD: u64 = 512;
/// Most points of a file that says what they share once.
const MAX_POINTS: usize = 1 << 20;
/// Longest text that such a file says once and every point gets a copy of, bytes.
const MAX_TEXT: usize = 1000;

/// A labelled point.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelPoint {
    /// Its id, when it has one.
    pub id: Option<String>,
    /// The image that the file says it is in.
    pub image: Option<String>,
    /// Frame, from 0.
    pub t: u32,
    /// Focal plane, from 0.
    pub z: u32,
    /// Row, pixels; the centre of the first is 0.
    pub y: f64,
    /// Column, pixels; the centre of the first is 0.
    pub x: f64,
    /// Name of its class.
    pub class: Option<String>,
    /// Who labelled it.
    pub by: Option<String>,
    /// Its window hangs over the border.
    pub flagged: bool,
}

/// The image that points are in, as files of points describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointImage {
    /// Its name.
    pub name: String,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Focal planes.
    pub n_z: usize,
    /// Rows and columns of the window around each point.
    pub window: usize,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointFormat {
    /// A table with the columns `image`, `frame`, `z`, `y`, `x`, `class`, `by`, `id`, `flagged`.
    Csv,
    /// A points layer of napari: `index`, `axis-0`, …, and the class as a property.
    Napari,
    /// A zip of ImageJ point selections with their frame and focal plane.
    Fiji,
    /// COCO key points, one picture for each frame and focal plane.
    Coco,
}

/// The bytes of a file with `points`; `classes` are all class names, in the order of their numbers.
///
/// # Errors
/// When there are more than a file of this kind can number.
pub fn write(
    format: PointFormat,
    image: &PointImage,
    points: &[LabelPoint],
    classes: &[String],
) -> Result<Vec<u8>, FormatError> {
    match format {
        PointFormat::Csv => Ok(tables::csv(points).to_csv().into_bytes()),
        PointFormat::Napari => Ok(tables::napari(image.n_z > 1, points).to_csv().into_bytes()),
        PointFormat::Fiji => roi::write(image, points),
        PointFormat::Coco => Ok(coco::write(image, points, classes)),
    }
}

/// The bytes of a file for [`read`].
///
/// # Errors
/// When it is no regular file, cannot be read, or is larger than 512 MiB.
pub fn bytes(path: &Path) -> Result<Vec<u8>, FormatError> {
    input::read(path, MAX_FILE)
}

/// Refuses more points than memory should be given to.
fn check_number(path: &Path, n: usize) -> Result<(), FormatError> {
    if n <= MAX_POINTS {
        return Ok(());
    }
    Err(FormatError::new(path, format!("at most {MAX_POINTS} points"), format!("{n} or more")))
}

/// A kind of file with points in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointFile {
    /// An annotation zip.
    Annotations,
    /// A zip of `ImageJ` selections.
    Rois,
    /// One `ImageJ` selection.
    Roi,
    /// COCO key points.
    Coco,
    /// A table, see [`crate::point_table`]: what is none of the others.
    Table,
}

impl PointFile {
    /// Of the file at `path`, by its content.
    ///
    /// # Errors
    /// When it cannot be read, or is a broken zip.
    pub fn of(path: &Path) -> Result<Self, FormatError> {
        let (file, len) = input::open(path)?;
        Self::of_reader(path, std::io::BufReader::new(file), len)
    }

    fn of_reader(path: &Path, mut reader: impl Read + Seek, len: u64) -> Result<Self, FormatError> {
        let mut head = Vec::new();
        reader.by_ref().take(HEAD).read_to_end(&mut head).map_err(|e| FormatError::io(path, "a file", &e))?;
        Ok(match head.iter().find(|b| !b.is_ascii_whitespace()) {
            _ if head.starts_with(b"PK") => {
                let archive = Archive::open(path, reader, len, ZipLimits::default())?;
                if roi::are_in(&archive) { Self::Rois } else { Self::Annotations }
            }
            _ if head.starts_with(b"Iout") => Self::Roi,
            Some(b'{') => Self::Coco,
            _ => Self::Table,
        })
    }
}

/// The points in the bytes of a file of any [`PointFile`]; `path` is for messages, `pixel_um` the size of a pixel of the image along y
/// and x, micrometres.
///
/// # Errors
/// When it is none of them, broken, or a table in micrometres and the size of a pixel is not known.
pub fn read(path: &Path, bytes: &[u8], pixel_um: [Option<f64>; 2]) -> Result<Vec<LabelPoint>, FormatError> {
    match PointFile::of_reader(path, Cursor::new(bytes), bytes.len() as u64)? {
        PointFile::Annotations => {
            let (clicks, _) = annotation::clicks_of_bytes(path, bytes)?;
            clicks.into_iter().map(|click| of_click(path, click)).collect()
        }
        PointFile::Rois => roi::read(path, bytes),
        PointFile::Roi => roi::read_one(path, bytes),
        PointFile::Coco => coco::read(path, bytes),
        PointFile::Table if bytes.is_empty() || (bytes.contains(&0) && !bytes.starts_with(b"PAR1")) => {
            let expected =
                "points: a table (CSV, Parquet), an annotation zip, selections of ImageJ or COCO JSON";
            Err(FormatError::new(path, expected, quote(bytes)))
        }
        PointFile::Table => tables::read(path, bytes.to_vec(), pixel_um),
    }
}

fn of_click(path: &Path, click: annotation::Click) -> Result<LabelPoint, FormatError> {
    let t = whole(path, "coords-0", click.frame.unwrap_or(0.0))?;
    let z = whole(path, "coords-1", click.z.unwrap_or(0.0))?;
    Ok(LabelPoint { t, z, y: click.y, x: click.x, class: click.class, ..LabelPoint::default() })
}

#[cfg(test)]
mod tests;
