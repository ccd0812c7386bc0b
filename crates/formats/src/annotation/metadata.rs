//! The JSON file of an annotation zip.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use cells::{Cell, Fact};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::Click;
use crate::FormatError;

/// Frame, focal plane, row and column.
type Position = (Option<f64>, Option<f64>, f64, f64);

/// What is used of the JSON file.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// Class name to number, when given.
    pub states: Option<BTreeMap<String, i64>>,
    /// Names of the image layers, in the order of the file.
    pub layers: Vec<String>,
    /// Frame, focal plane, row and column per patch.
    positions: Vec<Position>,
    /// Class name per patch.
    labels: Vec<String>,
}

impl Metadata {
    /// # Errors
    /// When it is not JSON, or an entry that is there is not what it should be.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, FormatError> {
        let broken = |e: serde_json::Error| FormatError::new(path, "JSON metadata", e.to_string());
        let Entries(entries) = serde_json::from_slice(bytes).map_err(broken)?;
        let layers = entries.iter().filter(|(_, v)| v.get("filename").is_some()).map(|(k, _)| k.clone());
        let layers = layers.collect();
        let json: Value = entries.into_iter().collect();
        let states: Option<BTreeMap<String, i64>> = entry(path, &json, "states", "class names with numbers")?;
        if let Some(states) = &states
            && states.values().collect::<BTreeSet<_>>().len() != states.len()
        {
            let found = serde_json::json!(states).to_string();
            return Err(FormatError::new(path, "states with a number of its own each", found));
        }
        Ok(Metadata {
            states,
            layers,
            positions: positions(path, &json)?,
            labels: entry(path, &json, "labels", "a list of class names")?.unwrap_or_default(),
        })
    }

    /// All positions with their classes.
    pub fn clicks(&self) -> Vec<Click> {
        let click = |(i, &(frame, z, y, x)): (usize, &Position)| Click {
            frame,
            z,
            y,
            x,
            class: self.labels.get(i).cloned(),
        };
        self.positions.iter().enumerate().map(click).collect()
    }

    /// Gives a cell its coordinates when the index at the end of its file name (without ending) points to a patch of
    /// the same class.
    pub fn locate(&self, stem: &str, class: &str, cell: &mut Cell) {
        let index = stem.rsplit_once('_').and_then(|(_, digits)| digits.parse::<usize>().ok());
        let Some(index) = index else { return };
        let same_class = self.labels.is_empty() || self.labels.get(index).is_some_and(|l| l == class);
        if let Some(&(frame, z, y, x)) = self.positions.get(index)
            && same_class
        {
            (cell.frame, cell.y, cell.x) = (frame, Some(y), Some(x));
            if let Some(z) = z {
                cell.facts.push(("z".into(), Fact::Int(Some(z.round() as i64))));
            }
        }
    }
}

/// One entry of the object, none when it is absent or null.
fn entry<T: serde::de::DeserializeOwned>(
    path: &Path,
    json: &Value,
    key: &str,
    expected: &str,
) -> Result<Option<T>, FormatError> {
    match json.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|e| FormatError::new(path, format!("{expected} under {key:?}"), e.to_string())),
    }
}

/// `coords-0` …: the last two axes are row and column, the first of three or more is time, the one after it depth.
fn positions(path: &Path, json: &Value) -> Result<Vec<Position>, FormatError> {
    let mut axes: Vec<Vec<f64>> = Vec::new();
    while let Some(axis) = entry(path, json, &format!("coords-{}", axes.len()), "a list of numbers")? {
        axes.push(axis);
    }
    if let Some(other) = axes.iter().find(|a| a.len() != axes[0].len()) {
        let expected = format!("{} values on each axis as in coords-0", axes[0].len());
        return Err(FormatError::new(path, expected, other.len().to_string()));
    }
    Ok(match &axes[..] {
        [t, z, .., y, x] => (0..y.len()).map(|i| (Some(t[i]), Some(z[i]), y[i], x[i])).collect(),
        [t, y, x] => (0..y.len()).map(|i| (Some(t[i]), None, y[i], x[i])).collect(),
        [y, x] => (0..y.len()).map(|i| (None, None, y[i], x[i])).collect(),
        _ => Vec::new(),
    })
}

/// The entries of a JSON object in the order of the file, which is the order of the channels.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
