//! From single patches to a crop set.

use std::collections::BTreeMap;
use std::path::Path;

use cells::{Cell, CellSet, Pixels};
use serde_json::json;

use crate::error::list;
use crate::fit::Fit;
use crate::image::Image;
use crate::{FormatError, channels};

/// One patch with what its file name and folder say.
pub(crate) struct Patch {
    /// Facts; `class` is not yet set.
    pub cell: Cell,
    /// Name of its class.
    pub class: Option<String>,
    /// Pixels.
    pub image: Image,
    /// Whether they were brought to another size.
    pub is_fitted: bool,
}

impl Patch {
    /// The patch in the size that `fit` asks for; `path` is for messages.
    ///
    /// # Errors
    /// When it is too small to be cut or too large to be padded.
    pub fn fitted(self, path: &Path, fit: Option<Fit>) -> Result<Patch, FormatError> {
        let Some(fit) = fit else { return Ok(self) };
        let before = self.image.shape;
        let refused = |expected| FormatError::new(path, expected, before.to_string()).at(&self.cell.name);
        let image = fit.apply(self.image).map_err(refused)?;
        Ok(Patch { is_fitted: image.shape != before, image, ..self })
    }
}

/// Most values of all patches together: half a million patches of 64x64.
const MAX_VALUES: usize = 1 << 31;

/// Patches read so far; they may not fill the memory, however small their files are.
#[derive(Default)]
pub(crate) struct Patches {
    list: Vec<Patch>,
    n_values: usize,
}

impl Patches {
    /// Adds one.
    ///
    /// # Errors
    /// When all together are too large.
    pub fn push(&mut self, path: &Path, patch: Patch) -> Result<(), FormatError> {
        self.n_values += patch.image.shape.len();
        if self.n_values > MAX_VALUES {
            let found = format!("more, after {} patches", self.list.len());
            return Err(FormatError::new(path, format!("at most {MAX_VALUES} values in all patches"), found));
        }
        self.list.push(patch);
        Ok(())
    }

    /// All of them.
    pub fn into_list(self) -> Vec<Patch> {
        self.list
    }
}

/// Whether a patch hung over the border of its image, which annotation tools write at the end of its name.
pub(crate) fn is_flagged(file: &str) -> bool {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem).ends_with("_flagged")
}

/// One crop set of all patches, in their order, once they are [fitted](Patch::fitted) as `fit` says; `classes` are the names
/// in the order of their numbers.
///
/// # Errors
/// No patch at all; sizes or depths that differ (all are listed) unless `fit` is given; a class that is not listed.
pub(crate) fn assemble(
    path: &Path,
    patches: Vec<Patch>,
    classes: Vec<String>,
    channels: Option<Vec<String>>,
    fit: Option<Fit>,
) -> Result<CellSet, FormatError> {
    let Some(first) = patches.first() else {
        return Err(FormatError::new(path, "at least one patch", "none"));
    };
    check_depths(path, &patches)?;
    if fit.is_none() {
        check_shapes(path, &patches)?;
    }
    let mut pixels = Pixels::empty(first.image.pixels.depth());
    let mut cells = Vec::with_capacity(patches.len());
    let (shape, mut n_fitted) = (first.image.shape, 0_usize);
    for Patch { cell, class, image, is_fitted } in patches {
        n_fitted += usize::from(is_fitted);
        let same_depth = pixels.extend_from(&image.pixels, 0..image.pixels.len()).is_ok();
        if !same_depth || image.shape != shape {
            let found = format!("{} {}", image.shape, image.pixels.depth());
            let expected = format!("{shape} {}", pixels.depth());
            return Err(FormatError::new(path, expected, found).at(&cell.name));
        }
        cells.push(with_class(path, cell, class, &classes)?);
    }
    let channels = channels.unwrap_or_else(|| channels::numbered(shape.c));
    let provenance = match fit {
        Some(fit) => json!({ "fit": fit, "n_fitted": n_fitted }),
        None => json!({}),
    };
    Ok(CellSet { shape, pixels, cells, classes, channels, provenance })
}

fn with_class(
    path: &Path,
    mut cell: Cell,
    class: Option<String>,
    classes: &[String],
) -> Result<Cell, FormatError> {
    if let Some(name) = class {
        let Some(class) = classes.iter().position(|c| *c == name) else {
            let expected = format!("one of the classes {}", classes.join(", "));
            return Err(FormatError::new(path, expected, name).at(cell.name));
        };
        cell.class = Some(class);
    }
    Ok(cell)
}

/// All patches must have one shape; the error lists each shape with its number of patches, the commonest first.
fn check_shapes(path: &Path, patches: &[Patch]) -> Result<(), FormatError> {
    let mut counts: BTreeMap<(usize, usize, usize), usize> = BTreeMap::new();
    for patch in patches {
        let s = patch.image.shape;
        *counts.entry((s.h, s.w, s.c)).or_default() += 1;
    }
    if counts.len() == 1 {
        return Ok(());
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by_key(|&(shape, n)| (std::cmp::Reverse(n), shape));
    let found = list(sorted.iter().map(|((h, w, c), n)| format!("{h}x{w}x{c} ({n} of them)")));
    let found = format!("{} sizes: {found}", sorted.len());
    Err(FormatError::new(path, "patches of one size (or a fit to a size: crop, pad, resize)", found))
}

/// All patches must have one depth; a change of depth would change what an intensity means.
fn check_depths(path: &Path, patches: &[Patch]) -> Result<(), FormatError> {
    let first = &patches[0];
    let depth = first.image.pixels.depth();
    match patches.iter().find(|p| p.image.pixels.depth() != depth) {
        None => Ok(()),
        Some(other) => {
            let expected = format!("patches of one depth ({depth} in {})", first.cell.name);
            let found = other.image.pixels.depth().to_string();
            Err(FormatError::new(path, expected, found).at(&other.cell.name))
        }
    }
}
