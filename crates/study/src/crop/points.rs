//! Points around which is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use formats::label_points::{self, PointFile};
use formats::microscope::Place;
use formats::point_table::{PointScale, PointTable, PointUnit, whole};
use formats::{FormatError, ZipLimits, annotation};

use super::place;

/// A point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Frame, from 0.
    pub frame: usize,
    /// Focal plane, from 0.
    pub z: Option<usize>,
    /// Row, in the scale of its file.
    pub y: f64,
    /// Column, likewise.
    pub x: f64,
    /// Class.
    pub class: Option<String>,
    /// Group.
    pub group: Option<String>,
    /// Plate, well and field, as far as they are said.
    pub place: [Option<String>; 3],
}

impl Point {
    /// The point with its place in pixels; none when that takes the size of a pixel and it is not known.
    #[must_use]
    pub fn in_pixels(self, scale: PointScale, micron: [Option<f64>; 2]) -> Option<Self> {
        let [y, x] = scale.to_pixels([self.y, self.x], micron)?;
        Some(Self { y, x, ..self })
    }
}

/// Points by image.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// By the name that the table has for the image; the empty name when it has none.
    pub by_image: BTreeMap<String, Vec<Point>>,
    /// Classes in the order of their numbers.
    pub classes: Vec<String>,
    /// What their coordinates mean.
    pub scale: PointScale,
}

impl Points {
    /// Reads a table ([`formats::point_table`]; it may have `class`, `group`, `plate`, `well` and `field` too, so the table of a crop set is
    /// one), an annotation zip, selections of ImageJ or COCO key points. `unit` is that of a table, when it is another than usual.
    ///
    /// # Errors
    /// When it cannot be read, lacks a column, or a value is none.
    pub fn read(path: &Path, unit: Option<PointUnit>) -> Result<Points, FormatError> {
        match PointFile::of(path)? {
            PointFile::Annotations => Self::of_zip(path),
            PointFile::Rois | PointFile::Roi | PointFile::Coco => Self::of_labels(path),
            PointFile::Table => Self::of_table(path, unit),
        }
    }

    /// The points of a field of an image: those of the image's name, with or without folders and ending, or all when the table names
    /// no image and there is only one; and of them those with the field's plate, well and field, or all when they have none and it
    /// is the first field.
    #[must_use]
    pub fn of_field(&self, path: &Path, only: bool, places: &[Place], field: usize) -> Vec<&Point> {
        let place = &places[field];
        let here = [place.plate.clone(), place.well.clone(), Some(place::field_of(place, field))];
        let fits = |point: &&Point| {
            let says = point.place.iter().flatten().next().is_some();
            let same = point.place.iter().zip(&here).all(|(said, here)| said.is_none() || said == here);
            if says { same } else { field == 0 }
        };
        let of_image = self.by_image.iter().filter(|(name, _)| Self::is_of(name, path, only));
        of_image.flat_map(|(_, points)| points).filter(fits).collect()
    }

    /// Whether points with this name for their image belong to the image at `path`, the `only` one.
    #[must_use]
    pub fn is_of(name: &str, path: &Path, only: bool) -> bool {
        let (name, full) = (name.replace('\\', "/"), path.to_string_lossy().replace('\\', "/"));
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        (only && name.is_empty()) || full == name || full.ends_with(&format!("/{name}")) || stem == name
    }

    fn of_zip(path: &Path) -> Result<Points, FormatError> {
        let (clicks, states) = annotation::clicks(path, ZipLimits::default())?;
        let points: Vec<Point> = clicks
            .into_iter()
            .map(|click| {
                let frame = whole(path, "coords-0", click.frame.unwrap_or(0.0))? as usize;
                let z = click.z.map(|z| whole(path, "coords-1", z)).transpose()?.map(|z| z as usize);
                let place = [None, None, None];
                Ok(Point { frame, z, y: click.y, x: click.x, class: click.class, group: None, place })
            })
            .collect::<Result<_, FormatError>>()?;
        let classes = if states.is_empty() { classes_of(&points) } else { states };
        Ok(Points { by_image: [(String::new(), points)].into(), classes, scale: PointScale::PIXELS })
    }

    fn of_labels(path: &Path) -> Result<Points, FormatError> {
        let labels = label_points::read(path, &label_points::bytes(path)?, [None, None])?;
        let points = labels.into_iter().map(|label| {
            // These files have no word for a plane that is not said.
            let z = (label.z > 0).then_some(label.z as usize);
            let place = [None, None, None];
            let (frame, class) = (label.t as usize, label.class);
            (label.image, Point { frame, z, y: label.y, x: label.x, class, group: None, place })
        });
        Ok(Self::by_image(points, PointScale::PIXELS))
    }

    fn of_table(path: &Path, unit: Option<PointUnit>) -> Result<Points, FormatError> {
        let table = PointTable::read(path)?;
        let scale = PointScale { unit: unit.unwrap_or(table.scale.unit), ..table.scale };
        let points = table.points.iter().enumerate().map(|(row, of_row)| {
            let point = Point {
                frame: of_row.frame as usize,
                z: of_row.z.map(|z| z as usize),
                y: of_row.y,
                x: of_row.x,
                class: table.class(row),
                group: table.text(&["group"], row),
                place: table.place(row),
            };
            (table.image(row), point)
        });
        Ok(Self::by_image(points, scale))
    }

    fn by_image(points: impl Iterator<Item = (Option<String>, Point)>, scale: PointScale) -> Points {
        let mut by_image: BTreeMap<String, Vec<Point>> = BTreeMap::new();
        points.for_each(|(image, point)| by_image.entry(image.unwrap_or_default()).or_default().push(point));
        let classes = classes_of(by_image.values().flatten());
        Points { by_image, classes, scale }
    }
}

/// Classes in alphabetical order.
fn classes_of<'a>(points: impl IntoIterator<Item = &'a Point>) -> Vec<String> {
    let names: BTreeSet<&String> = points.into_iter().filter_map(|point| point.class.as_ref()).collect();
    names.into_iter().cloned().collect()
}
