//! OME-Zarr 0.1 to 0.5 on Zarr 2 and 3: multiscale images, plates, and collections as bioformats2raw writes them.
//!
//! # Source
//! Next-generation file formats (OME-NGFF) 0.4 and 0.5, <https://ngff.openmicroscopy.org>.

mod array;
mod blosc;
mod chain;
mod multiscale;
mod shard;

use std::path::{Path, PathBuf};

use serde_json::Value;

use self::array::Array;
use super::{Field, Fields, Place};
use crate::error::quote;
use crate::{FormatError, input};

/// Largest file of metadata, in bytes.
const MAX_METADATA: u64 = 1 << 26;
/// Most fields of a collection without a list of them.
const MAX_SERIES: usize = 100_000;

/// A folder with metadata: a group or an array.
struct Node {
    /// Attributes for OME.
    ome: Value,
    /// Metadata of an array, and the version of Zarr.
    json: Value,
    version: u8,
}

impl Node {
    /// Reads the metadata of a folder; none when it has none.
    fn read(folder: &Path) -> Result<Option<Self>, FormatError> {
        if let Some(json) = read_json(&folder.join("zarr.json"))? {
            let ome = json["attributes"]["ome"].clone();
            return Ok(Some(Node { ome, json, version: 3 }));
        }
        let array = read_json(&folder.join(".zarray"))?;
        let attributes = read_json(&folder.join(".zattrs"))?;
        let is_group = read_json(&folder.join(".zgroup"))?.is_some();
        if array.is_none() && attributes.is_none() && !is_group {
            return Ok(None);
        }
        let (ome, json) = (attributes.unwrap_or_default(), array.unwrap_or_default());
        Ok(Some(Node { ome, json, version: 2 }))
    }

    /// The metadata that a folder must have.
    fn expect(folder: &Path) -> Result<Self, FormatError> {
        Self::read(folder)?.ok_or_else(|| {
            let found = if folder.exists() { "no metadata" } else { "nothing there" };
            FormatError::new(folder, "a Zarr group or array", found)
        })
    }

    /// The array in this folder.
    fn array(&self, folder: &Path) -> Result<Array, FormatError> {
        let is_array =
            if self.version == 3 { self.json["node_type"] == "array" } else { self.json.is_object() };
        match (is_array, self.version) {
            (false, _) => Err(FormatError::new(folder, "a Zarr array", "a group")),
            (true, 3) => Array::of_v3(folder, &self.json),
            (true, _) => Array::of_v2(folder, &self.json),
        }
    }
}

fn read_json(path: &Path) -> Result<Option<Value>, FormatError> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = input::read(path, MAX_METADATA)?;
    let json = serde_json::from_slice(&bytes);
    json.map(Some).map_err(|e| FormatError::new(path, "JSON", e.to_string()))
}

/// Whether a folder is Zarr.
pub(super) fn is_zarr(folder: &Path) -> bool {
    ["zarr.json", ".zgroup", ".zarray", ".zattrs"].iter().any(|name| folder.join(name).is_file())
}

/// Folders of multiscale images.
pub(super) struct ZarrFields {
    folders: Vec<PathBuf>,
}

impl Fields for ZarrFields {
    fn field(&self, index: usize) -> Result<Field, FormatError> {
        let folder = &self.folders[index];
        multiscale::open(folder, &Node::expect(folder)?)
    }
}

/// Finds the fields of an image, a plate, a well or a collection. Gives the format's name with them.
pub(super) fn open(folder: &Path) -> Result<(&'static str, Vec<Place>, ZarrFields), FormatError> {
    let node = Node::expect(folder)?;
    let format = if node.version == 3 { "OME-Zarr (Zarr 3)" } else { "OME-Zarr (Zarr 2)" };
    if let Some(version) = node.ome["version"].as_str().filter(|v| is_later(v)) {
        let expected = "OME-Zarr 0.1 to 0.5 (write it anew as 0.5)";
        return Err(FormatError::new(folder, expected, quote(version.as_bytes())));
    }
    let found = if node.ome["multiscales"].is_array() {
        vec![(Place::default(), folder.to_path_buf())]
    } else if node.ome["plate"].is_object() {
        plate(folder, &node.ome["plate"])?
    } else if node.ome["well"].is_object() {
        well(folder, &node.ome["well"], &Place::default())?
    } else if node.ome.get("bioformats2raw.layout").is_some() {
        series(folder)?
    } else {
        let expected = "\"multiscales\", \"plate\", \"well\" or \"bioformats2raw.layout\" in the attributes";
        return Err(FormatError::new(folder, expected, "none of them"));
    };
    if found.is_empty() {
        return Err(FormatError::new(folder, "an image", "none"));
    }
    let (places, folders) = found.into_iter().unzip();
    Ok((format, places, ZarrFields { folders }))
}

/// Whether a version is one whose axes and scales are kept in another way: 0.6, or a draft of it.
fn is_later(version: &str) -> bool {
    let minor = version.strip_prefix("0.").and_then(|v| v.split(|c: char| !c.is_ascii_digit()).next());
    minor.and_then(|v| v.parse::<u32>().ok()).is_some_and(|minor| minor > 5)
}

/// A path that metadata tell, which must stay within the folder.
fn within(folder: &Path, path: &Value) -> Result<PathBuf, FormatError> {
    let text = path.as_str().unwrap_or_default();
    let is_inside = !text.is_empty() && text.split(['/', '\\']).all(|part| !matches!(part, "" | "." | ".."));
    if is_inside && !text.contains(':') {
        return Ok(folder.join(text));
    }
    Err(FormatError::new(folder, "a path within the folder", path.to_string()))
}

fn list<'a>(folder: &Path, json: &'a Value, what: &str) -> Result<&'a [Value], FormatError> {
    let found = || FormatError::new(folder, format!("a list of {what}"), json.to_string());
    json.as_array().map(Vec::as_slice).ok_or_else(found)
}

fn plate(folder: &Path, plate: &Value) -> Result<Vec<(Place, PathBuf)>, FormatError> {
    let name = plate["name"].as_str().map(str::to_owned).unwrap_or_else(|| input::file_stem(folder));
    let mut fields = Vec::new();
    for entry in list(folder, &plate["wells"], "wells")? {
        let path = within(folder, &entry["path"])?;
        let node = Node::expect(&path)?;
        let well_name = entry["path"].as_str().unwrap_or_default().replace(['/', '\\'], "");
        let place = Place { plate: Some(name.clone()), well: Some(well_name), ..Place::default() };
        fields.extend(well(&path, &node.ome["well"], &place)?);
    }
    Ok(fields)
}

fn well(folder: &Path, well: &Value, place: &Place) -> Result<Vec<(Place, PathBuf)>, FormatError> {
    let images = list(folder, &well["images"], "images")?.iter().map(|image| {
        let field = image["path"].as_str().map(str::to_owned);
        let name =
            [place.well.as_deref(), field.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
        Ok((Place { name, field, ..place.clone() }, within(folder, &image["path"])?))
    });
    images.collect()
}

/// The images of a collection: those that `OME` lists, or else all with a number as their name.
fn series(folder: &Path) -> Result<Vec<(Place, PathBuf)>, FormatError> {
    let named = |name: &str| Place { name: name.to_owned(), ..Place::default() };
    if let Some(node) = Node::read(&folder.join("OME"))?
        && node.ome["series"].is_array()
    {
        let images = list(folder, &node.ome["series"], "series")?.iter();
        return images.map(|s| Ok((named(s.as_str().unwrap_or_default()), within(folder, s)?))).collect();
    }
    let numbers = (0..MAX_SERIES).map(|i| (named(&i.to_string()), folder.join(i.to_string())));
    Ok(numbers.take_while(|(_, path)| is_zarr(path)).collect())
}
