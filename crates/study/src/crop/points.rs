//! Points around which is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use formats::microscope::Place;
use formats::table::{Column, Table};
use formats::{FormatError, ZipLimits, annotation};

use super::place;

/// A point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Frame, from 0.
    pub frame: usize,
    /// Focal plane, from 0.
    pub z: Option<usize>,
    /// Row, pixels.
    pub y: f64,
    /// Column, pixels.
    pub x: f64,
    /// Class.
    pub class: Option<String>,
    /// Group.
    pub group: Option<String>,
    /// Plate, well and field, as far as they are said.
    pub place: [Option<String>; 3],
}

/// Points by image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Points {
    /// By the name that the table has for the image; the empty name when it has none.
    pub by_image: BTreeMap<String, Vec<Point>>,
    /// Classes in the order of their numbers.
    pub classes: Vec<String>,
}

impl Points {
    /// Reads a table or an annotation zip. A table has the columns `y` and `x`, and may have `image` (or `source`), `frame` (or
    /// `t`), `z`, `class`, `group`, `plate`, `well` and `field`; so the table of a crop set is one. Or `axis-0` … as napari writes points:
    /// (time, (depth,)) row, column.
    ///
    /// # Errors
    /// When it cannot be read, lacks `y` or `x`, or a value is none.
    pub fn read(path: &Path) -> Result<Points, FormatError> {
        let is_zip = std::fs::File::open(path)
            .and_then(|mut file| {
                let mut head = [0; 2];
                std::io::Read::read_exact(&mut file, &mut head).map(|()| head == *b"PK")
            })
            .unwrap_or(false);
        if is_zip { Self::of_zip(path) } else { Self::of_table(path) }
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
                let frame = whole(path, "coords-0", click.frame.unwrap_or(0.0))?;
                let z = click.z.map(|z| whole(path, "coords-1", z)).transpose()?;
                let place = [None, None, None];
                Ok(Point { frame, z, y: click.y, x: click.x, class: click.class, group: None, place })
            })
            .collect::<Result<_, FormatError>>()?;
        let classes = if states.is_empty() { classes_of(&points) } else { states };
        Ok(Points { by_image: [(String::new(), points)].into(), classes })
    }

    fn of_table(path: &Path) -> Result<Points, FormatError> {
        let table = Table::read(path)?;
        let axes: Vec<String> =
            (0..4).map(|i| format!("axis-{i}")).take_while(|name| table.column(name).is_some()).collect();
        let axis = |from_end: usize| axes.len().checked_sub(from_end).map(|i| axes[i].clone());
        let named = |names: &[&str], axis: Option<String>| {
            names.iter().map(|n| (*n).to_owned()).chain(axis).find(|name| table.column(name).is_some())
        };
        let need = |name: Option<String>, what: &str| {
            name.ok_or_else(|| {
                let found = table.names().collect::<Vec<_>>().join(", ");
                FormatError::new(path, format!("a column {what:?}"), found)
            })
        };
        let y = numbers(path, &table, &need(named(&["y"], axis(2)), "y")?)?;
        let x = numbers(path, &table, &need(named(&["x"], axis(1)), "x")?)?;
        let first = (axes.len() > 2).then(|| "axis-0".to_owned());
        let depth = (axes.len() > 3).then(|| "axis-1".to_owned());
        let frame = named(&["frame", "t"], first).map(|n| numbers(path, &table, &n)).transpose()?;
        let z = named(&["z"], depth).map(|n| numbers(path, &table, &n)).transpose()?;
        // The table of a crop set has numbers of classes beside their names.
        let first_of = |a, b| if table.column(a).is_some() { a } else { b };
        let (image, class) = (first_of("image", "source"), first_of("class_name", "class"));
        let text = |name: &str, row: usize| table.column(name).and_then(|column| column.text_at(row));
        let mut points = Points::default();
        for row in 0..table.n_rows() {
            let at = |e: FormatError| e.at(format!("row {}", row + 1));
            let frame = frame.as_ref().map_or(Ok(0), |v| whole(path, "frame", v[row])).map_err(at)?;
            let z = z.as_ref().map(|v| whole(path, "z", v[row])).transpose().map_err(at)?;
            let (class, group) = (text(class, row), text("group", row));
            let place = ["plate", "well", "field"].map(|name| text(name, row));
            let point = Point { frame, z, y: y[row], x: x[row], class, group, place };
            points.by_image.entry(text(image, row).unwrap_or_default()).or_default().push(point);
        }
        points.classes = classes_of(points.by_image.values().flatten());
        Ok(points)
    }
}

/// Classes in alphabetical order.
fn classes_of<'a>(points: impl IntoIterator<Item = &'a Point>) -> Vec<String> {
    let names: BTreeSet<&String> = points.into_iter().filter_map(|point| point.class.as_ref()).collect();
    names.into_iter().cloned().collect()
}

fn numbers(path: &Path, table: &Table, name: &str) -> Result<Vec<f64>, FormatError> {
    let values: Option<Vec<f64>> = match table.column(name) {
        Some(Column::Float(v)) => v.iter().copied().collect(),
        Some(Column::Int(v)) => v.iter().map(|v| v.map(|v| v as f64)).collect(),
        _ => None,
    };
    values.ok_or_else(|| {
        let found = table.column(name).map_or("none", Column::kind);
        FormatError::new(path, "a number in each row", found).at(format!("column {name:?}"))
    })
}

fn whole(path: &Path, name: &str, value: f64) -> Result<usize, FormatError> {
    let fits = (0.0..=1e9).contains(&value.round()) && (value - value.round()).abs() < 1e-6;
    if fits {
        return Ok(value.round() as usize);
    }
    Err(FormatError::new(path, format!("a whole number from 0 as {name}"), value.to_string()))
}
