//! Labelled cells as crops.

use std::collections::BTreeMap;

use cells::{Cell, CellSet, CropShape, Fact, Pixels};
use formats::label_store::{Class, StoredCell, WINDOW};
use formats::microscope::At;
use rayon::prelude::*;
use serde_json::json;

use super::image::OpenImage;
use super::{LabelError, Labelling, relatives};
use crate::StudyError;
use crate::crop::Method;

/// Which labelled cells, and which channels of them. An empty list means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Numbers of channels, in this order.
    pub channels: Vec<usize>,
    /// Numbers of images.
    pub images: Vec<i64>,
    /// Ids or names of classes.
    pub classes: Vec<String>,
    /// Also cells whose window hangs over the border; zeros fill it.
    pub flagged: bool,
}

/// Cells that were chosen.
pub(super) struct Chosen<'a> {
    pub images: Vec<&'a OpenImage>,
    pub classes: Vec<Class>,
    pub cells: Vec<StoredCell>,
}

impl Labelling {
    /// The cells that a choice means, by image, frame and focal plane; those without a class only when no class is chosen.
    pub(super) fn chosen(&self, choice: &Choice) -> Result<Chosen<'_>, LabelError> {
        let images = match &choice.images[..] {
            [] => self.images.iter().collect(),
            some => some.iter().map(|&id| self.image(id)).collect::<Result<Vec<_>, _>>()?,
        };
        let mut labels = self.labels()?;
        let all: Vec<String> = labels.classes.iter().map(|c| c.name.clone()).collect();
        for wanted in &choice.classes {
            if !labels.classes.iter().any(|c| c.id == *wanted || c.name == *wanted) {
                return Err(LabelError::refused(format!("classes of {}", all.join(", ")), wanted));
            }
        }
        if !choice.classes.is_empty() {
            labels.classes.retain(|c| choice.classes.contains(&c.id) || choice.classes.contains(&c.name));
        }
        let has_class = |cell: &StoredCell| match &cell.class {
            None => choice.classes.is_empty(),
            Some(id) => labels.classes.iter().any(|class| class.id == *id),
        };
        let place = |id: i64| images.iter().position(|image| image.facts.id == id);
        let mut cells = labels.cells;
        cells.retain(|c| (choice.flagged || !c.flagged) && place(c.image).is_some() && has_class(c));
        cells.sort_by_key(|c| (place(c.image), c.t, c.z));
        Ok(Chosen { images, classes: labels.classes, cells })
    }

    /// The labelled cells that a choice means as crops of [`WINDOW`](super::WINDOW) pixels, classes numbered by their position. Cells
    /// near one place of an image are a group: they may be one cell in several frames.
    ///
    /// # Errors
    /// No such cell; images that differ in type or channels; a plane that cannot be read.
    pub fn crops(&self, choice: &Choice) -> Result<CellSet, LabelError> {
        let mut chosen = self.chosen(choice)?;
        chosen.cells.retain(|cell| cell.class.is_some());
        let Some(first) = chosen.cells.first() else {
            let found =
                if choice.flagged { "none" } else { "none but those whose window hangs over the border" };
            return Err(LabelError::refused("labelled cells", found));
        };
        let model = self.image(first.image)?;
        let channels = self.channels(model, &choice.channels)?;
        for image in &chosen.images {
            let same = image.facts.dtype == model.facts.dtype && image.facts.channels == model.facts.channels;
            if !same && chosen.cells.iter().any(|cell| cell.image == image.facts.id) {
                let (expected, found) = (kind(model), format!("{} with {}", image.facts.name, kind(image)));
                return Err(LabelError::refused(format!("images of one kind, {expected}"), found));
            }
        }
        let planes: Vec<&[StoredCell]> =
            chosen.cells.chunk_by(|a, b| (a.image, a.t, a.z) == (b.image, b.t, b.z)).collect();
        let cut: Vec<Pixels> = planes
            .par_iter()
            .map(|cells| self.cut_plane(cells, &channels))
            .collect::<Result<_, LabelError>>()?;
        let mut pixels = cut.first().map_or(Pixels::Uint8(Vec::new()), |p| Pixels::empty(p.depth()));
        for part in &cut {
            pixels
                .extend_from(part, 0..part.len())
                .map_err(|(a, b)| LabelError::refused(format!("images of one kind, {a}"), b))?;
        }
        let (h, w) = (2 * WINDOW.half_h, 2 * WINDOW.half_w);
        let groups = relatives::groups(&chosen.cells, WINDOW.half_h as f64);
        let names: BTreeMap<i64, &str> =
            chosen.images.iter().map(|image| (image.facts.id, image.facts.name.as_str())).collect();
        let fact = |(cell, first): (_, usize)| fact(cell, &chosen.cells[first], &names, &chosen.classes);
        let mut provenance = json!({
            "made_by": "annotate",
            "cut": { "method": Method::Points { file: std::path::PathBuf::new(), unit: None }, "window": WINDOW },
        });
        if let Some(um) = model.facts.pixel_um {
            provenance["pixel_size_um"] = json!(um);
        }
        Ok(CellSet {
            shape: CropShape { h, w, c: channels.len() },
            pixels,
            cells: chosen.cells.iter().zip(groups).map(fact).collect(),
            classes: chosen.classes.iter().map(|class| class.name.clone()).collect(),
            channels: channels.iter().map(|&c| model.facts.channels[c].name.clone()).collect(),
            provenance,
        })
    }

    /// The channels that are asked for, or all.
    pub(super) fn channels(&self, image: &OpenImage, asked: &[usize]) -> Result<Vec<usize>, LabelError> {
        let n = image.facts.shape.c;
        if let Some(c) = asked.iter().find(|&&c| c >= n) {
            return Err(LabelError::refused(format!("channels below {n}"), c));
        }
        Ok(if asked.is_empty() { (0..n).collect() } else { asked.to_vec() })
    }

    /// Windows around cells of one plane, `[n, h, w, c]`.
    fn cut_plane(&self, cells: &[StoredCell], channels: &[usize]) -> Result<Pixels, LabelError> {
        let Some(StoredCell { image, t, z, .. }) = cells.first() else {
            return Ok(Pixels::Uint8(Vec::new()));
        };
        let points: Vec<(f64, f64)> = cells.iter().map(|cell| (cell.y, cell.x)).collect();
        windows(self.image(*image)?, (*t as usize, *z as usize), channels, &points)
    }
}

/// Windows around points of one frame and focal plane, `[n, h, w, c]`; points outside of the image have none.
pub(super) fn windows(
    image: &OpenImage,
    (t, z): (usize, usize),
    channels: &[usize],
    points: &[(f64, f64)],
) -> Result<Pixels, LabelError> {
    fn all<T: Copy + Default>(planes: &[Vec<T>], shape: CropShape, points: &[(f64, f64)]) -> Vec<T> {
        let mut out = Vec::new();
        for &point in points {
            let Ok(window) = WINDOW.place(point, shape.h, shape.w) else { continue };
            let mut channels = Vec::with_capacity(planes.len());
            for plane in planes {
                let mut crop = Vec::with_capacity(window.h * window.w);
                window.cut(plane, shape, &mut crop);
                channels.push(crop);
            }
            out.extend((0..window.h * window.w).flat_map(|i| channels.iter().map(move |crop| crop[i])));
        }
        out
    }
    let read = |&c: &usize| Ok(image.field.plane(At { t, z, c })?.values.into_pixels());
    let planes: Vec<Pixels> = channels.iter().map(read).collect::<Result<_, StudyError>>()?;
    let shape = CropShape { h: image.facts.shape.y, w: image.facts.shape.x, c: 1 };
    macro_rules! of {
        ($depth:ident) => {{
            let planes =
                planes.into_iter().filter_map(|p| if let Pixels::$depth(v) = p { Some(v) } else { None });
            Pixels::$depth(all(&planes.collect::<Vec<_>>(), shape, points))
        }};
    }
    Ok(match planes.first() {
        Some(Pixels::Uint8(_)) | None => of!(Uint8),
        Some(Pixels::Uint16(_)) => of!(Uint16),
        Some(Pixels::Float32(_)) => of!(Float32),
    })
}

fn kind(image: &OpenImage) -> String {
    let names: Vec<&str> = image.facts.channels.iter().map(|c| c.name.as_str()).collect();
    format!("{} {}", image.facts.dtype, names.join(" "))
}

/// `first` is the first cell of this one's group. The group bears its place rather than its id, which is random: groups are dealt out
/// in the order of their names, and the same labels are to train the same model.
fn fact(cell: &StoredCell, first: &StoredCell, names: &BTreeMap<i64, &str>, classes: &[Class]) -> Cell {
    let source = names.get(&cell.image).copied().unwrap_or_default().to_owned();
    let group = format!("{source} t{} z{} y{:.2} x{:.2}", first.t, first.z, first.y, first.x);
    Cell {
        name: cell.id.clone(),
        class: cell.class.as_ref().and_then(|id| classes.iter().position(|class| class.id == *id)),
        group,
        split: None,
        flagged: cell.flagged,
        source,
        frame: Some(cell.t.into()),
        y: Some(cell.y),
        x: Some(cell.x),
        facts: vec![
            ("z".into(), Fact::Int(Some(cell.z.into()))),
            ("by".into(), Fact::Text(Some(cell.by.clone()))),
        ],
    }
}
