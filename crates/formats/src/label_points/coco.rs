//! COCO key points (<https://cocodataset.org/#format-data>): a picture for each frame and focal plane, an annotation for each cell with
//! one key point and its window as box. COCO counts from the corner of the first pixel, whose centre is 0.5.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::{LabelPoint, MAX_TEXT, PointImage, check_number};
use crate::FormatError;

/// From our coordinates to COCO's.
const CORNER: f64 = 0.5;

pub(super) fn write(image: &PointImage, points: &[LabelPoint], classes: &[String]) -> Vec<u8> {
    let planes: BTreeSet<(u32, u32)> = points.iter().map(|p| (p.t, p.z)).collect();
    let numbers: BTreeMap<(u32, u32), usize> =
        planes.iter().zip(1..).map(|(&plane, id)| (plane, id)).collect();
    let pictures: Vec<_> = numbers
        .iter()
        .map(|((t, z), id)| {
            json!({ "id": id, "file_name": image.name, "height": image.h, "width": image.w, "frame": t, "z": z })
        })
        .collect();
    // Number 0 is for cells that nobody gave a class.
    let category = |p: &LabelPoint| {
        p.class.as_ref().and_then(|c| classes.iter().position(|k| k == c)).map_or(0, |i| i + 1)
    };
    let side = image.window as f64;
    let annotations: Vec<_> = points
        .iter()
        .zip(1..)
        .map(|(p, id)| {
            let (y, x) = (p.y + CORNER, p.x + CORNER);
            json!({
                "id": id, "image_id": numbers[&(p.t, p.z)], "category_id": category(p), "iscrowd": 0,
                "bbox": [x - side / 2.0, y - side / 2.0, side, side], "area": side * side,
                "keypoints": [x, y, 2], "num_keypoints": 1,
                "attributes": { "id": p.id, "by": p.by, "y": p.y, "x": p.x },
            })
        })
        .collect();
    let names = std::iter::once("unlabelled").chain(classes.iter().map(String::as_str));
    let categories: Vec<_> = names
        .enumerate()
        .map(|(id, name)| json!({ "id": id, "name": name, "keypoints": ["centre"], "skeleton": [] }))
        .collect();
    let whole = json!({ "images": pictures, "annotations": annotations, "categories": categories });
    whole.to_string().into_bytes()
}

#[derive(Deserialize)]
struct File {
    images: Vec<Picture>,
    annotations: Vec<Annotation>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Picture {
    id: i64,
    #[serde(default)]
    file_name: Option<String>,
    #[serde(default)]
    frame: u32,
    #[serde(default)]
    z: u32,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: i64,
    category_id: i64,
    #[serde(default)]
    keypoints: Vec<f64>,
    #[serde(default)]
    bbox: Vec<f64>,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
struct Attributes {
    id: Option<String>,
    by: Option<String>,
    y: Option<f64>,
    x: Option<f64>,
}

#[derive(Deserialize)]
struct Category {
    id: i64,
    name: String,
}

pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<LabelPoint>, FormatError> {
    let file: File = serde_json::from_slice(bytes)
        .map_err(|e| FormatError::new(path, "COCO: images, annotations, categories", e.to_string()))?;
    check_number(path, file.annotations.len())?;
    let texts = file.images.iter().filter_map(|p| p.file_name.as_deref());
    if let Some(long) =
        texts.chain(file.categories.iter().map(|c| c.name.as_str())).find(|t| t.len() > MAX_TEXT)
    {
        let found = format!("{} bytes", long.len());
        return Err(FormatError::new(path, format!("names of at most {MAX_TEXT} bytes"), found));
    }
    let pictures: BTreeMap<i64, &Picture> = file.images.iter().map(|p| (p.id, p)).collect();
    let names: BTreeMap<i64, &str> = file.categories.iter().map(|c| (c.id, c.name.as_str())).collect();
    let point = |(number, a): (usize, &Annotation)| {
        let at = |e: FormatError| e.at(format!("annotation {}", number + 1));
        let picture = pictures.get(&a.image_id).ok_or_else(|| {
            at(FormatError::new(path, "an image_id that an image has", a.image_id.to_string()))
        })?;
        // What was moved elsewhere is where its key point is; rounding alone is not a move.
        let (y, x) = match (&a.keypoints[..], &a.bbox[..]) {
            ([x, y, ..], _) => (y - CORNER, x - CORNER),
            (_, [x, y, w, h]) => (y + h / 2.0 - CORNER, x + w / 2.0 - CORNER),
            _ => return Err(at(FormatError::new(path, "key points or a bbox", "neither"))),
        };
        let exact = |own: Option<f64>, read: f64| own.filter(|v| (v - read).abs() < 1e-6).unwrap_or(read);
        Ok(LabelPoint {
            id: a.attributes.id.clone(),
            image: picture.file_name.clone(),
            t: picture.frame,
            z: picture.z,
            y: exact(a.attributes.y, y),
            x: exact(a.attributes.x, x),
            class: names
                .get(&a.category_id)
                .filter(|_| a.category_id != 0 || !is_ours(&names))
                .map(|n| (*n).to_owned()),
            by: a.attributes.by.clone(),
            flagged: false,
        })
    };
    file.annotations.iter().enumerate().map(point).collect()
}

/// Whether number 0 means no class.
fn is_ours(names: &BTreeMap<i64, &str>) -> bool {
    names.get(&0) == Some(&"unlabelled")
}
