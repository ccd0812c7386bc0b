//! A multiscale image: axes, levels, physical sizes, names of channels.

use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use super::super::field::{Facts, Planes};
use super::super::{At, Field, Level, Plane, Sizes, Window, units};
use super::array::Array;
use super::{Node, list, within};
use crate::FormatError;

/// Most levels.
const MAX_LEVELS: usize = 64;

/// Names of the axes of images without a list of them, before version 0.3.
const USUAL: [&str; 5] = ["t", "c", "z", "y", "x"];

/// Opens the first multiscale image of a folder.
pub(super) fn open(folder: &Path, node: &Node) -> Result<Field, FormatError> {
    let images = list(folder, &node.ome["multiscales"], "multiscales")?;
    let image = images.first().ok_or_else(|| FormatError::new(folder, "a multiscale image", "none"))?;
    let datasets = list(folder, &image["datasets"], "datasets")?;
    if datasets.is_empty() || datasets.len() > MAX_LEVELS {
        let expected = format!("1 to {MAX_LEVELS} datasets");
        return Err(FormatError::new(folder, expected, datasets.len().to_string()));
    }
    let axes = Axes::read(folder, &image["axes"])?;
    let mut arrays: Vec<Array> = Vec::new();
    for dataset in datasets {
        let path = within(folder, &dataset["path"])?;
        let array = Node::expect(&path)?.array(&path)?;
        if array.shape.len() != axes.names.len() {
            let expected = format!("{} axes, {}", axes.names.len(), axes.names.join(", "));
            return Err(FormatError::new(path, expected, format!("the shape {:?}", array.shape)));
        }
        if let Some(first) = arrays.first()
            && [axes.t, axes.c].iter().flatten().any(|&i| array.shape[i] != first.shape[i])
        {
            let found = format!("{:?} beside {:?}", array.shape, first.shape);
            return Err(FormatError::new(path, "the same frames and channels on all levels", found));
        }
        arrays.push(array);
    }
    let first = &arrays[0];
    // Levels of another type are left out: a plane has one type.
    let dtype = first.dtype;
    arrays.retain(|array| array.dtype == dtype);
    let n = axes.names.len();
    let size = |axis: Option<usize>| axis.map_or(1, |i| arrays[0].shape[i]);
    let facts = Facts {
        n_t: size(axes.t),
        n_z: size(axes.z),
        channels: channels(&node.ome, size(axes.c)),
        dtype,
        bits: 8 * dtype.size() as u16,
        levels: arrays.iter().map(|a| Level { h: a.shape[n - 2], w: a.shape[n - 1] }).collect(),
        sizes: axes.sizes(image, &datasets[0]),
        notes: Vec::new(),
    };
    Ok(Field::new(folder, facts, Multiscale { arrays, axes }))
}

/// Names of channels, as far as there are any.
fn channels(ome: &Value, n: usize) -> Vec<String> {
    let label = |i: usize| ome["omero"]["channels"][i]["label"].as_str().unwrap_or_default().to_owned();
    (0..n).map(label).collect()
}

/// Which axis is which; the last two are rows and columns.
struct Axes {
    names: Vec<String>,
    units: Vec<Option<String>>,
    t: Option<usize>,
    c: Option<usize>,
    z: Option<usize>,
}

impl Axes {
    fn read(folder: &Path, json: &Value) -> Result<Self, FormatError> {
        let text = |axis: &Value| {
            let name = axis["name"].as_str().or_else(|| axis.as_str()).unwrap_or_default();
            (name.to_lowercase(), axis["unit"].as_str().map(str::to_owned))
        };
        let (names, units): (Vec<String>, Vec<_>) = match json.as_array() {
            Some(axes) => axes.iter().map(text).unzip(),
            None => USUAL.iter().map(|name| ((*name).to_owned(), None)).unzip(),
        };
        let is_known = |i: usize| USUAL.contains(&&*names[i]) && !names[..i].contains(&names[i]);
        let ends = names.len() >= 2 && names[names.len() - 2..] == ["y", "x"];
        if !ends || !(0..names.len()).all(is_known) {
            return Err(FormatError::new(folder, "axes of t, c, z, then y, x", names.join(", ")));
        }
        let find = |name: &str| names.iter().position(|n| n == name);
        let (t, c, z) = (find("t"), find("c"), find("z"));
        Ok(Axes { t, c, z, names, units })
    }

    /// Physical sizes from the scales of the image and its first level.
    fn sizes(&self, image: &Value, dataset: &Value) -> Sizes {
        let scale = |of: &Value, i: usize| {
            let transformations =
                of["coordinateTransformations"].as_array().map(Vec::as_slice).unwrap_or_default();
            let scale = transformations.iter().find(|t| t["type"] == "scale");
            scale.map_or(Some(1.0), |s| s["scale"][i].as_f64())
        };
        let physical = |axis: Option<usize>, unit: fn(&str) -> Option<f64>| {
            let i = axis?;
            let size = scale(image, i)? * scale(dataset, i)? * unit(self.units[i].as_deref()?)?;
            (size > 0.0 && size.is_finite()).then_some(size)
        };
        let n = self.names.len();
        Sizes {
            y_um: physical(Some(n - 2), units::um),
            x_um: physical(Some(n - 1), units::um),
            z_um: physical(self.z, units::um),
            t_s: physical(self.t, units::seconds),
        }
    }
}

struct Multiscale {
    arrays: Vec<Array>,
    axes: Axes,
}

impl Planes for Multiscale {
    fn read(
        &self,
        level: usize,
        at: At,
        n_channels: usize,
        window: Window,
    ) -> Result<Vec<Plane>, FormatError> {
        let array = &self.arrays[level];
        let Axes { t, c, z, names, .. } = &self.axes;
        let read = |channel: usize| {
            let mut outer = vec![0; names.len() - 2];
            if let Some(i) = *t {
                outer[i] = at.t;
            }
            if let Some(i) = *c {
                outer[i] = channel;
            }
            if let Some(i) = *z {
                // Coarser levels may have fewer focal planes.
                outer[i] = at.z * array.shape[i] / self.arrays[0].shape[i];
            }
            Ok(Plane { h: window.h, w: window.w, values: array.window(&outer, window)? })
        };
        (at.c..at.c + n_channels).into_par_iter().map(read).collect()
    }
}
