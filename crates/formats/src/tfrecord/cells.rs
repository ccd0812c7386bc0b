//! Cells as TFRecord: a record of type `tf.train.Example` per cell.
//!
//! | key | type | |
//! |---|---|---|
//! | `train/image` | bytes | pixels, `[height, width, channels]`, C order, little endian |
//! | `train/height`, `train/width`, `train/channels` | int64 | |
//! | `train/label` | int64 | number of the class, from 0; -1: none |
//! | `train/dtype` | bytes | `uint8`, `uint16` or `float32`; files of others lack it, and the length of the image tells |
//! | `cell` | bytes | JSON: `name`, `class`, `group`, and whatever else is known of the cell |
//! | `set` | bytes | JSON, in the first record only: `classes`, `channels`, `provenance` |
//!
//! The first five are those of the published workflow's files; the others make a set that comes back as it was.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use cells::{Cell, CellSet, CropShape, Fact, Pixels};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::example::Example;
use super::{Records, write_record};
use crate::{FormatError, atomic, channels, crops, input};

/// Largest side of an image and largest number of its channels: a wrong one must not ask for memory.
const MAX_SIDE: i64 = 1 << 16;

/// Whether a file of this name is to be one of records: `.tfrecord` or `.tfrecords`.
#[must_use]
pub fn is_name(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "tfrecord" || ending == "tfrecords")
}

/// What all cells have in common.
#[derive(Serialize, Deserialize)]
struct Common {
    classes: Vec<String>,
    channels: Vec<String>,
    provenance: Value,
}

/// Writes cells, atomically; [`read`] gives the same set again, but for facts that no cell has.
///
/// # Errors
/// When the set contradicts itself (see [`CellSet`]), or the file cannot be written.
pub fn write(path: &Path, set: &CellSet) -> Result<(), FormatError> {
    crops::check(path, set)?;
    let common = Common {
        classes: set.classes.clone(),
        channels: set.channels.clone(),
        provenance: set.provenance.clone(),
    };
    atomic::write_file(path, |out| {
        for (i, cell) in set.cells.iter().enumerate() {
            let class = cell.class.map(|class| set.classes[class].as_str());
            let mut example = Example::default()
                .bytes("train/image", bytes_of(&set.pixels, i, set.shape.len()))
                .bytes("train/dtype", set.pixels.depth().to_string())
                .int("train/height", set.shape.h as i64)
                .int("train/width", set.shape.w as i64)
                .int("train/channels", set.shape.c as i64)
                .int("train/label", cell.class.map_or(-1, |class| class as i64))
                .bytes("cell", facts_of(cell, class).to_string());
            if i == 0 {
                example = example.bytes("set", serde_json::to_vec(&common)?);
            }
            write_record(out, &example.encode())?;
        }
        Ok(())
    })
}

/// The `len` values of crop `i`, little endian.
fn bytes_of(pixels: &Pixels, i: usize, len: usize) -> Vec<u8> {
    let range = i * len..(i + 1) * len;
    match pixels {
        Pixels::Uint8(v) => v[range].to_vec(),
        Pixels::Uint16(v) => v[range].iter().flat_map(|x| x.to_le_bytes()).collect(),
        Pixels::Float32(v) => v[range].iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}

/// What is known of a cell besides its pixels and the number of its class.
fn facts_of(cell: &Cell, class: Option<&str>) -> Value {
    let mut facts = Map::new();
    let of_fact = |fact: &Fact| match fact {
        Fact::Text(x) => json!(x),
        Fact::Int(x) => json!(x),
        Fact::Float(x) => json!(x),
        Fact::Bool(x) => json!(x),
    };
    facts.extend(cell.facts.iter().map(|(name, fact)| (name.to_string(), of_fact(fact))));
    let own = json!({
        "name": cell.name, "class": class, "group": cell.group, "split": cell.split, "flagged": cell.flagged,
        "source": cell.source, "frame": cell.frame, "y": cell.y, "x": cell.x,
    });
    if let Value::Object(own) = own {
        facts.extend(own);
    }
    Value::Object(facts)
}

/// Reads cells that [`write`](fn@write) or another program wrote. What a file does not say is made up: cells are numbered, classes
/// and channels are named by their numbers.
///
/// # Errors
/// When the file is broken, a record lacks an image or its size, or records disagree in shape or depth.
pub fn read(path: &Path) -> Result<CellSet, FormatError> {
    let (file, len) = input::open(path)?;
    cells_in(path, Records::new(path, BufReader::new(file), len))
}

/// As [`read`], from the bytes of a file; `path` names it in errors.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<CellSet, FormatError> {
    cells_in(path, Records::new(path, bytes, bytes.len() as u64))
}

fn cells_in(path: &Path, mut records: Records<impl Read>) -> Result<CellSet, FormatError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut pixels: Option<(CropShape, Pixels)> = None;
    let mut common: Option<Common> = None;
    while let Some(record) = records.read()? {
        let place = format!("record {}", rows.len());
        let refuse =
            |expected: &str, found: String| FormatError::new(path, expected, found).at(place.clone());
        let Some(example) = Example::decode(&record) else {
            return Err(refuse("a message tf.train.Example", "a broken one".into()));
        };
        let (shape, crop) = crop_of(&example).map_err(|(expected, found)| refuse(expected, found))?;
        match &mut pixels {
            None => pixels = Some((shape, crop)),
            Some((first, all)) => {
                let as_before = format!("{first} {} as in record 0", all.depth());
                let found = format!("{shape} {}", crop.depth());
                if shape != *first || all.extend_from(&crop, 0..crop.len()).is_err() {
                    return Err(refuse(&as_before, found));
                }
            }
        }
        if let Some(json) = example.one_bytes("set") {
            common = Some(
                serde_json::from_slice(json)
                    .map_err(|e| refuse("a description of the set", e.to_string()))?,
            );
        }
        rows.push(Row::of(&example, rows.len()).map_err(|found| refuse("facts of a cell as JSON", found))?);
    }
    let Some((shape, pixels)) = pixels else {
        return Err(FormatError::new(path, "at least one record", "none"));
    };
    let common = common.unwrap_or_else(|| Common {
        classes: class_names(&rows),
        channels: channels::numbered(shape.c),
        provenance: json!({}),
    });
    let Common { classes, channels, provenance } = common;
    let cells = cells_of(path, rows);
    let set = CellSet { shape, pixels, cells, classes, channels, provenance };
    crops::check(path, &set)?;
    Ok(set)
}

/// The crop in a record, or what was expected and found.
fn crop_of(example: &Example) -> Result<(CropShape, Pixels), (&'static str, String)> {
    let side = |key: &'static str| match example.one_int(key) {
        Some(n) if (1..=MAX_SIDE).contains(&n) => Ok(n as usize),
        Some(n) => Err(("a size from 1 to 65,536", format!("{key} {n}"))),
        None => Err(("train/height, train/width and train/channels, one int64 each", format!("no {key}"))),
    };
    let shape = CropShape { h: side("train/height")?, w: side("train/width")?, c: side("train/channels")? };
    let Some(image) = example.one_bytes("train/image") else {
        return Err(("train/image, bytes", "none".into()));
    };
    let wrong = || ("an image of 1, 2 or 4 bytes per value", format!("{} bytes for {shape}", image.len()));
    let width = match example.one_bytes("train/dtype") {
        None => image.len() / shape.len(),
        Some(b"uint8") => 1,
        Some(b"uint16") => 2,
        Some(b"float32") => 4,
        Some(other) => {
            return Err((
                "uint8, uint16 or float32 in train/dtype",
                String::from_utf8_lossy(other).into_owned(),
            ));
        }
    };
    if image.len() != shape.len() * width {
        return Err(wrong());
    }
    let pixels = match width {
        1 => Pixels::Uint8(image.to_vec()),
        2 => Pixels::Uint16(image.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect()),
        4 => Pixels::Float32(image.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        _ => return Err(wrong()),
    };
    Ok((shape, pixels))
}

/// What a record says of its cell.
struct Row {
    class: Option<usize>,
    class_name: Option<String>,
    facts: Option<Map<String, Value>>,
}

impl Row {
    fn of(example: &Example, number: usize) -> Result<Row, String> {
        let facts: Option<Map<String, Value>> = match example.one_bytes("cell") {
            Some(json) => Some(serde_json::from_slice(json).map_err(|e| e.to_string())?),
            None => None,
        };
        let class_name = facts.as_ref().and_then(|f| f.get("class")?.as_str().map(str::to_owned));
        let label = example.one_int("train/label").filter(|&label| label >= 0);
        let class = label.map(usize::try_from).transpose().map_err(|e| format!("{number}: {e}"))?;
        Ok(Row { class, class_name, facts })
    }
}

/// Names of the classes up to the highest number among the rows.
fn class_names(rows: &[Row]) -> Vec<String> {
    let named: BTreeMap<usize, &String> =
        rows.iter().filter_map(|row| Some((row.class?, row.class_name.as_ref()?))).collect();
    // A label that no file of cells has is refused where the set is checked.
    let n = rows.iter().filter_map(|row| row.class).filter(|&class| class < MAX_CLASSES).max();
    let name = |class: usize| named.get(&class).map_or_else(|| class.to_string(), |name| (*name).clone());
    (0..n.map_or(0, |n| n + 1)).map(name).collect()
}

/// Most classes that are named by the labels alone.
const MAX_CLASSES: usize = 10_000;

fn cells_of(path: &Path, rows: Vec<Row>) -> Vec<Cell> {
    let source = input::file_name(path);
    let kinds = kinds(&rows);
    let names: BTreeMap<&str, Arc<str>> = kinds.keys().map(|name| (*name, Arc::from(*name))).collect();
    let cell = |(i, row): (usize, &Row)| {
        let numbered = || format!("{source}/{i}");
        let Some(facts) = &row.facts else {
            let name = numbered();
            return Cell {
                group: name.clone(),
                name,
                class: row.class,
                source: source.clone(),
                ..Cell::default()
            };
        };
        let text = |key: &str| facts.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |key: &str| facts.get(key).and_then(Value::as_f64);
        let name = text("name").unwrap_or_else(numbered);
        let further = facts.iter().filter(|(key, _)| !OWN.contains(&key.as_str()));
        Cell {
            class: row.class,
            group: text("group").unwrap_or_else(|| name.clone()),
            split: text("split"),
            flagged: facts.get("flagged").and_then(Value::as_bool).unwrap_or(false),
            source: text("source").unwrap_or_else(|| source.clone()),
            frame: number("frame"),
            y: number("y"),
            x: number("x"),
            facts: further
                .map(|(key, value)| (Arc::clone(&names[key.as_str()]), fact(value, kinds[key.as_str()])))
                .collect(),
            name,
        }
    };
    rows.iter().enumerate().map(cell).collect()
}

/// Facts that are fields of [`Cell`].
const OWN: [&str; 9] = ["name", "class", "group", "split", "flagged", "source", "frame", "y", "x"];

/// What the values of a fact are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Missing,
    Bool,
    Int,
    Float,
    Text,
}

/// The kind of each fact: that of all its values, and text where they differ.
fn kinds(rows: &[Row]) -> BTreeMap<&str, Kind> {
    let mut kinds = BTreeMap::new();
    for (name, value) in rows.iter().filter_map(|row| row.facts.as_ref()).flatten() {
        let kind = match value {
            Value::Null => Kind::Missing,
            Value::Bool(_) => Kind::Bool,
            Value::Number(n) if n.is_i64() => Kind::Int,
            Value::Number(_) => Kind::Float,
            _ => Kind::Text,
        };
        let known = kinds.entry(name.as_str()).or_insert(kind);
        if *known == Kind::Missing {
            *known = kind;
        } else if kind != Kind::Missing && kind != *known {
            *known = Kind::Text;
        }
    }
    kinds
}

fn fact(value: &Value, kind: Kind) -> Fact {
    match kind {
        Kind::Bool => Fact::Bool(value.as_bool()),
        Kind::Int => Fact::Int(value.as_i64()),
        Kind::Float => Fact::Float(value.as_f64()),
        Kind::Missing | Kind::Text => Fact::Text(match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pixels: Pixels) -> CellSet {
        let cell = |i: usize| Cell {
            name: format!("cell {i}"),
            class: [Some(2), None, Some(0)][i],
            group: "µ".into(),
            split: (i == 1).then(|| "train".into()),
            flagged: i == 2,
            source: "movie.tif".into(),
            frame: Some(i as f64),
            y: Some(0.1 + i as f64),
            x: None,
            facts: vec![
                (Arc::from("area"), Fact::Float([Some(1.0), None, Some(1e-300)][i])),
                (Arc::from("field"), Fact::Int(Some(i64::MAX))),
                (Arc::from("lit"), Fact::Bool(Some(i == 0))),
                (Arc::from("well"), Fact::Text(Some("A01".into()))),
            ],
        };
        CellSet {
            shape: CropShape { h: 1, w: 2, c: 2 },
            pixels,
            cells: (0..3).map(cell).collect(),
            classes: ["a", "b", "c/d"].map(String::from).to_vec(),
            channels: vec!["nuclei".into(), "actin".into()],
            provenance: json!({ "pixel_size_um": 0.65 }),
        }
    }

    #[test]
    fn a_set_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tfrecord");
        let sixteen = (0..12).map(|x| x * 5461).collect();
        let real = [0.1, f32::MAX, -0.0, f32::MIN_POSITIVE].repeat(3);
        for pixels in [Pixels::Uint8((0..12).collect()), Pixels::Uint16(sixteen), Pixels::Float32(real)] {
            write(&path, &set(pixels.clone())).unwrap();
            assert_eq!(read(&path).unwrap(), set(pixels));
        }
    }

    fn read_records(examples: &[Example]) -> Result<CellSet, FormatError> {
        let mut bytes = Vec::new();
        examples.iter().for_each(|example| write_record(&mut bytes, &example.encode()).unwrap());
        parse(Path::new("theirs.tfrecords"), &bytes)
    }

    #[test]
    fn a_message_written_by_hand_is_a_cell() {
        let mut bytes = Vec::new();
        write_record(&mut bytes, include_bytes!("../../../../fuzz/seeds/tfrecord/bare.example")).unwrap();
        let set = parse(Path::new("bare.tfrecord"), &bytes).unwrap();
        assert_eq!(set.shape, CropShape { h: 2, w: 3, c: 1 });
        assert_eq!(set.pixels, Pixels::Uint8((1..=6).collect()));
    }

    fn theirs(label: i64, image: &[u8]) -> Example {
        let sides = Example::default().int("train/height", 2).int("train/width", 1).int("train/channels", 1);
        sides.int("train/label", label).bytes("train/image", image)
    }

    #[test]
    fn files_of_others_need_only_the_published_keys() {
        let set = read_records(&[theirs(1, &[1, 0, 2, 1]), theirs(-1, &[0; 4])]).unwrap();
        assert_eq!(set.pixels, Pixels::Uint16(vec![1, 258, 0, 0]));
        assert_eq!((set.classes, set.cells[0].class), (vec!["0".into(), "1".into()], Some(1)));
        assert_eq!(set.cells[1].name, "theirs.tfrecords/1");
        assert_eq!((set.cells[1].class, set.channels.len()), (None, 1));
    }

    #[test]
    fn wrong_records_are_refused_with_their_number() {
        let good = theirs(0, &[1, 2]);
        let with = |name: &str, value: i64| theirs(0, &[1, 2]).int(name, value);
        for (bad, words) in [
            (theirs(0, &[1, 2, 3]), "3 bytes for 2x1x1"),
            (theirs(0, &[1, 2, 3, 4]), "2x1x1 uint8 as in record 0"),
            (with("train/height", -1), "train/height -1"),
            (with("train/width", 1 << 40), "65,536"),
            (theirs(0, &[1, 2]).int("train/image", 1), "train/image"),
            (theirs(0, &[1, 2]).bytes("train/dtype", "int8"), "int8"),
            (theirs(0, &[1, 2]).bytes("cell", "{"), "JSON"),
            (theirs(i64::MAX, &[1, 2]), "class"),
        ] {
            let error = read_records(&[good.clone(), bad]).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(error.contains("record 1") || words == "class", "{error}");
        }
        assert!(read_records(&[]).is_err());
    }

    #[test]
    fn damaged_messages_in_whole_records_are_read_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged.tfrecord");
        let whole = theirs(1, &[1, 2]).bytes("cell", r#"{"name":"a","well":"A01"}"#).encode();
        let (mut state, mut n_refused) = (1_u32, 0);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        for _ in 0..500 {
            let mut message = whole.clone();
            let (at, values) = (next() % message.len(), [0, 0x7f, 0xff, next() as u8]);
            message[at] = values[next() % values.len()];
            message.truncate(if next() % 4 == 0 { next() % message.len() } else { message.len() });
            let mut bytes = Vec::new();
            write_record(&mut bytes, &message).unwrap();
            std::fs::write(&path, bytes).unwrap();
            n_refused += usize::from(read(&path).is_err());
        }
        assert!((100..500).contains(&n_refused), "{n_refused}");
    }
}
