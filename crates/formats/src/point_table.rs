//! Points in tables: the columns that say where, in the words of the programs that write them.
//!
//! | program | columns | unit | counts from |
//! |---|---|---|---|
//! | ours | `y`, `x`, `frame` or `t`, `z` | pixels | the centre of the first pixel |
//! | napari | `axis-0`, …: (time, (depth,)) row, column | pixels | the same |
//! | scikit-image, `regionprops_table` | `centroid-0`, …: (depth,) row, column; `frame` or `t` | pixels | the same |
//! | `TrackMate`, spots | `POSITION_Y`, `POSITION_X`, `FRAME` | said in its fourth line, else the image's | the same |
//! | `CellProfiler`, objects | `Location_Center_Y`, … or `AreaShape_Center_Y`, … | pixels | the same |
//! | `QuPath`, detections | `Centroid Y µm`, … or `Centroid Y px`, … | in the name | the corner of the image |
//! | Cell Counter of `ImageJ` | `Y`, `X`, `Slice`, with `Type` | pixels | the centre of the first pixel |
//! | results of `ImageJ` | `Y`, `X` or `YM`, `XM`; `Frame`, `Slice` | the image's | the corner of the image |
//!
//! Frames and planes count from 0 here and from 1 in `ImageJ`. The unit of the image is the micrometre when its pixels have a size.

use std::collections::BTreeSet;
use std::path::Path;

use crate::FormatError;
use crate::table::{Column, Table};

/// Lines of names and units that `TrackMate` writes below the first.
const HEAD_OF_TRACKMATE: usize = 3;

/// In what coordinates are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointUnit {
    /// Pixels.
    Pixel,
    /// Micrometres.
    Micron,
    /// Micrometres when the pixels of the image have a size, else pixels.
    OfImage,
}

/// What coordinates mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointScale {
    /// Their unit.
    pub unit: PointUnit,
    /// Where the centre of the first pixel lies, pixels: 0, or 0.5 where they count from the corner of the image.
    pub first_centre: f64,
}

impl PointScale {
    /// Pixels whose centres are whole numbers.
    pub const PIXELS: Self = Self { unit: PointUnit::Pixel, first_centre: 0.0 };

    /// Row and column in [`PointScale::PIXELS`]; `pixel_um` is the size of a pixel along both. None when it is needed and not known.
    #[must_use]
    pub fn to_pixels(self, place: [f64; 2], pixel_um: [Option<f64>; 2]) -> Option<[f64; 2]> {
        let um = match (self.unit, pixel_um) {
            (PointUnit::Micron | PointUnit::OfImage, [Some(y), Some(x)]) => [y, x],
            (PointUnit::Micron, _) => return None,
            (PointUnit::Pixel | PointUnit::OfImage, _) => [1.0, 1.0],
        };
        Some([0, 1].map(|i| place[i] / um[i] - self.first_centre))
    }
}

/// A point of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct PointRow {
    /// Frame, from 0.
    pub frame: u32,
    /// Focal plane, from 0, when it is said.
    pub z: Option<u32>,
    /// Row, in the table's scale.
    pub y: f64,
    /// Column, likewise.
    pub x: f64,
}

/// A table of points.
#[derive(Debug, Clone, PartialEq)]
pub struct PointTable {
    /// The points, in the order of the table's rows.
    pub points: Vec<PointRow>,
    /// What their coordinates mean.
    pub scale: PointScale,
    table: Table,
}

/// Where a kind of table says what.
struct Convention {
    y: String,
    x: String,
    /// Name and number of the first.
    frame: Option<(String, u32)>,
    z: Option<(String, u32)>,
    scale: PointScale,
}

impl PointTable {
    /// Reads a CSV or Parquet table.
    ///
    /// # Errors
    /// When it cannot be read, has none of the columns above, or a value is none; several images of `CellProfiler`, which numbers them.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        Self::of(path, Table::read(path)?)
    }

    /// As [`PointTable::read`], from the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// As [`PointTable::read`].
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, FormatError> {
        Self::of(path, Table::parse(path, bytes)?)
    }

    fn of(path: &Path, mut table: Table) -> Result<Self, FormatError> {
        let mut convention = Convention::of(&table).ok_or_else(|| {
            let found = table.names().collect::<Vec<_>>().join(", ");
            FormatError::new(path, "the columns \"y\" and \"x\", or those of another program", found)
        })?;
        if convention.y == "POSITION_Y"
            && let Some(unit) = take_units(path, &mut table)?
        {
            convention.scale.unit = unit;
        }
        check_images(path, &table)?;
        let points = (0..table.n_rows())
            .map(|row| {
                let number = |name: &str| number(path, &table, name, row);
                let count = |(name, first): &(String, u32), round: fn(f64) -> f64| {
                    let value = round(number(name)?) - f64::from(*first);
                    whole(path, name, value).map_err(|e| e.at(format!("row {}", row + 1)))
                };
                let frame = convention.frame.as_ref().map_or(Ok(0), |name| count(name, |v| v))?;
                // The centre of a cell may lie between two planes.
                let z = convention.z.as_ref().map(|name| count(name, f64::round)).transpose()?;
                Ok(PointRow { frame, z, y: number(&convention.y)?, x: number(&convention.x)? })
            })
            .collect::<Result<_, FormatError>>()?;
        Ok(Self { points, scale: convention.scale, table })
    }

    /// The image that a row is of, when it says.
    #[must_use]
    pub fn image(&self, row: usize) -> Option<String> {
        self.text(&["image", "source", "Image"], row)
    }

    /// The class of a row, when it has one.
    #[must_use]
    pub fn class(&self, row: usize) -> Option<String> {
        // The table of a crop set has numbers of classes beside their names.
        self.text(&["class_name", "class", "Class", "Classification", "Type"], row)
    }

    /// Plate, well and field of a row, as far as they are said.
    #[must_use]
    pub fn place(&self, row: usize) -> [Option<String>; 3] {
        [
            self.text(&["plate", "Metadata_Plate"], row),
            self.text(&["well", "Metadata_Well"], row),
            self.text(&["field", "Metadata_Field", "Metadata_Site"], row),
        ]
    }

    /// What a row has in the first of these columns that is there.
    #[must_use]
    pub fn text(&self, names: &[&str], row: usize) -> Option<String> {
        names.iter().find_map(|name| self.table.column(name)).and_then(|column| column.text_at(row))
    }
}

impl Convention {
    fn of(table: &Table) -> Option<Self> {
        let has = |name: &str| table.column(name).is_some();
        let first_of = |names: &[&str]| names.iter().find(|name| has(name)).map(|name| (*name).to_owned());
        let frame = first_of(&["frame", "t"]).map(|name| (name, 0));
        let z = first_of(&["z"]).map(|name| (name, 0));
        let named = |y: &str, x: &str, unit: PointUnit, first_centre: f64| {
            let (frame, z) = (frame.clone(), z.clone());
            let scale = PointScale { unit, first_centre };
            (has(y) && has(x)).then(|| Self { y: y.into(), x: x.into(), frame, z, scale })
        };
        let pixels = |y: &str, x: &str| named(y, x, PointUnit::Pixel, 0.0);
        let slice = first_of(&["Slice"]).map(|name| (name, 1));
        pixels("y", "x")
            .or_else(|| Self::numbered(table, "axis", pixels))
            .or_else(|| Self::numbered(table, "centroid", pixels))
            .or_else(|| {
                let spots = named("POSITION_Y", "POSITION_X", PointUnit::OfImage, 0.0)?;
                Some(Self { frame: first_of(&["FRAME"]).map(|name| (name, 0)), ..spots })
            })
            .or_else(|| pixels("Location_Center_Y", "Location_Center_X"))
            .or_else(|| pixels("AreaShape_Center_Y", "AreaShape_Center_X"))
            .or_else(|| named("Centroid Y µm", "Centroid X µm", PointUnit::Micron, 0.5))
            .or_else(|| named("Centroid Y px", "Centroid X px", PointUnit::Pixel, 0.5))
            .or_else(|| {
                let counted = pixels("Y", "X").filter(|_| has("Type") && slice.is_some())?;
                Some(Self { frame: slice.clone(), ..counted })
            })
            .or_else(|| {
                let of_image = |y, x| named(y, x, PointUnit::OfImage, 0.5);
                let results = of_image("Y", "X").or_else(|| of_image("YM", "XM"))?;
                // A stack has one kind of slices: they are frames where nothing else is.
                Some(match first_of(&["Frame"]) {
                    Some(frame) => Self { frame: Some((frame, 1)), z: slice.clone(), ..results },
                    None => Self { frame: slice.clone(), ..results },
                })
            })
    }

    /// Columns `PREFIX-0`, `PREFIX-1`, …, of which the last two are row and column.
    fn numbered(table: &Table, prefix: &str, pixels: impl Fn(&str, &str) -> Option<Self>) -> Option<Self> {
        let n = (0..4).take_while(|i| table.column(&format!("{prefix}-{i}")).is_some()).count();
        let axis = |from_end: usize| n.checked_sub(from_end).map(|i| format!("{prefix}-{i}"));
        let found = pixels(&axis(2)?, &axis(1)?)?;
        let (frame, z) = match (prefix, n) {
            ("axis", 3) => (axis(3), None),
            ("axis", 4) => (axis(4), axis(3)),
            (_, 3..) => (None, axis(3)),
            _ => (None, None),
        };
        let or = |own: Option<String>, named| own.map(|name| (name, 0)).or(named);
        Some(Self { frame: or(frame, found.frame.clone()), z: or(z, found.z.clone()), ..found })
    }
}

/// Takes the lines of names and units away that `TrackMate` writes below the first; the unit that they say, when there are any.
fn take_units(path: &Path, table: &mut Table) -> Result<Option<PointUnit>, FormatError> {
    let Some(Column::Text(values)) = table.column("POSITION_Y") else { return Ok(None) };
    let is_number = |value: &Option<String>| value.as_ref().is_some_and(|v| v.parse::<f64>().is_ok());
    let head = values.iter().take(HEAD_OF_TRACKMATE).take_while(|value| !is_number(value)).count();
    let unit = match head.checked_sub(1).and_then(|last| values[last].as_deref()) {
        // Nothing for an image whose pixels have no size.
        None | Some("( )" | "()") => None,
        Some("(pixel)" | "(pixels)" | "(px)") => Some(PointUnit::Pixel),
        // The letter for micro comes as the system's alphabet has it.
        Some("(micron)" | "(microns)" | "(µm)" | "(μm)" | "(?m)" | "(um)" | "(micrometer)") => {
            Some(PointUnit::Micron)
        }
        Some(other) => {
            let at = "the fourth line, column \"POSITION_Y\"";
            return Err(FormatError::new(path, "(pixel) or (micron)", other).at(at));
        }
    };
    *table = table.select(&(head..table.n_rows()).collect::<Vec<_>>());
    Ok(unit)
}

/// `CellProfiler` numbers images and names them in another file.
fn check_images(path: &Path, table: &Table) -> Result<(), FormatError> {
    let Some(numbers) = table.column("ImageNumber") else { return Ok(()) };
    let several = (0..table.n_rows()).filter_map(|row| numbers.text_at(row)).collect::<BTreeSet<_>>().len();
    let says = ["image", "source", "Image", "Metadata_Well"].iter().any(|name| table.column(name).is_some());
    if several <= 1 || says {
        return Ok(());
    }
    let expected = "a column \"image\" with the names of the images";
    Err(FormatError::new(path, expected, format!("{several} numbers of images")).at("column \"ImageNumber\""))
}

fn number(path: &Path, table: &Table, name: &str, row: usize) -> Result<f64, FormatError> {
    let value = match table.column(name) {
        Some(Column::Float(v)) => v[row].filter(|v| v.is_finite()),
        Some(Column::Int(v)) => v[row].map(|v| v as f64),
        Some(Column::Text(v)) => v[row].as_ref().and_then(|v| v.parse().ok()).filter(|v: &f64| v.is_finite()),
        _ => None,
    };
    value.ok_or_else(|| {
        let found = table.column(name).and_then(|c| c.text_at(row)).unwrap_or_else(|| "nothing".to_owned());
        FormatError::new(path, "a number", found).at(format!("column {name:?}, row {}", row + 1))
    })
}

/// A count from 0 to 10⁹, written as a number of any kind.
///
/// # Errors
/// When it is none.
pub fn whole(path: &Path, name: &str, value: f64) -> Result<u32, FormatError> {
    let near = value.round();
    if (0.0..=1e9).contains(&near) && (value - near).abs() < 1e-6 {
        return Ok(near as u32);
    }
    Err(FormatError::new(path, format!("a whole number from 0 as {name}"), value.to_string()))
}

#[cfg(test)]
mod tests;
