//! Rows and columns of a window or a step as text: one number where both are the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected one whole number, or two: rows and columns")]
enum Sides {
    Both(usize),
    Each([usize; 2]),
}

pub(super) fn serialize<S: Serializer>(sides: &[usize; 2], serializer: S) -> Result<S::Ok, S::Error> {
    match sides {
        [rows, columns] if rows == columns => rows.serialize(serializer),
        each => each.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[usize; 2], D::Error> {
    Ok(match Sides::deserialize(deserializer)? {
        Sides::Both(side) => [side; 2],
        Sides::Each(sides) => sides,
    })
}
