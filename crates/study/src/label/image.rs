//! An image that is open for labelling.

use std::collections::BTreeSet;
use std::path::PathBuf;

use formats::channels;
use formats::label_store::StoredImage;
use formats::microscope::{At, Dtype, Facts, Field, Image, Window};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::LabelError;
use crate::StudyError;

/// Lengths of the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Frames.
    pub t: usize,
    /// Focal planes.
    pub z: usize,
    /// Channels.
    pub c: usize,
    /// Rows.
    pub y: usize,
    /// Columns.
    pub x: usize,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// `#rrggbb`, when its name is a colour.
    pub color: Option<&'static str>,
}

/// What is known of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageFacts {
    /// Its number in the study.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Lengths of its axes.
    pub shape: Shape,
    /// Type in which its values are given: `uint8`, `uint16` or `float32`.
    pub dtype: &'static str,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// Side of a pixel, micrometres.
    pub pixel_um: Option<f64>,
    /// Time between frames, seconds.
    pub frame_seconds: Option<f64>,
}

/// A field of an image, with its facts.
pub(super) struct OpenImage {
    pub facts: ImageFacts,
    pub field: Field,
}

impl OpenImage {
    pub fn notes(&self) -> Vec<String> {
        self.field.facts().notes.iter().map(|note| format!("{}: {note}", self.facts.name)).collect()
    }

    /// Whether there is such a plane.
    pub fn check(&self, at: At) -> Result<(), LabelError> {
        let Shape { t, z, c, .. } = self.facts.shape;
        if at.t < t && at.z < z && at.c < c {
            return Ok(());
        }
        Err(LabelError::unknown(format!("a frame below {t}, z below {z}, channel below {c}"), at))
    }
}

/// Opens all fields of all images; `number` gives them the numbers that they have in the store.
pub(super) fn open_all(
    paths: &[PathBuf],
    number: impl FnOnce(&[StoredImage]) -> Result<Vec<i64>, LabelError>,
) -> Result<Vec<OpenImage>, StudyError> {
    let (mut fields, mut stored) = (Vec::new(), Vec::new());
    for path in paths {
        let image = Image::open(path)?;
        let file = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        let full = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        for (index, place) in image.places().iter().enumerate() {
            let field = image.field(index)?;
            let name = match (image.places().len(), place.name.as_str()) {
                (1, _) => file.to_string(),
                (_, "") => format!("{file} {}", index + 1),
                (_, name) => format!("{file} {name}"),
            };
            let Shape { t, z, c, y, x } = shape(&field);
            stored.push(StoredImage {
                id: 0,
                name,
                path: full.to_string_lossy().into_owned(),
                field: index as u32,
                fingerprint: fingerprint(&field)?,
                shape: [t, z, c, y, x].map(|n| n as u32),
            });
            fields.push(field);
        }
    }
    let numbers = number(&stored)?;
    let mut known = BTreeSet::new();
    if let Some((_, twice)) = numbers.iter().zip(&stored).find(|(id, _)| !known.insert(**id)) {
        let found = format!("{} twice", twice.path);
        return Err(StudyError::Refused(format!("expected each image once, found {found}")));
    }
    let open = numbers.into_iter().zip(stored).zip(fields);
    Ok(open
        .map(|((id, StoredImage { name, .. }), field)| {
            let facts = facts(id, name, shape(&field), field.facts());
            OpenImage { facts, field }
        })
        .collect())
}

fn shape(field: &Field) -> Shape {
    let Facts { n_t, n_z, channels, .. } = field.facts();
    Shape { t: *n_t, z: *n_z, c: channels.len(), y: field.h(), x: field.w() }
}

fn facts(id: i64, name: String, shape: Shape, of: &Facts) -> ImageFacts {
    let numbered = match of.channels.len() {
        3 if of.channels.iter().all(String::is_empty) => channels::colours(),
        n => channels::numbered(n),
    };
    let named = of.channels.iter().zip(numbered);
    let channel = |(name, number): (&String, String)| {
        let name = if name.is_empty() { number } else { name.clone() };
        Channel { color: color(&name), name }
    };
    ImageFacts {
        id,
        name,
        shape,
        dtype: match of.dtype {
            Dtype::U8 => "uint8",
            Dtype::U16 => "uint16",
            _ => "float32",
        },
        channels: named.map(channel).collect(),
        pixel_um: of.sizes.y_um.or(of.sizes.x_um),
        frame_seconds: of.sizes.t_s,
    }
}

fn color(name: &str) -> Option<&'static str> {
    match name {
        "red" => Some("#ff0000"),
        "green" => Some("#00ff00"),
        "blue" => Some("#0000ff"),
        _ => None,
    }
}

/// SHA-256 over the axes, the type, and at most 256 rows of the first and the last plane: the same wherever the image lies, and
/// quick however large it is.
fn fingerprint(field: &Field) -> Result<String, StudyError> {
    let Facts { n_t, n_z, channels, dtype, .. } = field.facts();
    let (h, w) = (field.h(), field.w());
    let mut hash = Sha256::new();
    hash.update(format!("{n_t} {n_z} {} {h} {w} {}\n", channels.len(), dtype.name()));
    let last = At { t: n_t.saturating_sub(1), z: n_z.saturating_sub(1), c: channels.len().saturating_sub(1) };
    for at in [At::default(), last] {
        let rows = h.min(256);
        let middle = Window { y: (h - rows) / 2, x: 0, h: rows, w };
        hash.update(field.region(0, at, middle)?.values.bytes());
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
