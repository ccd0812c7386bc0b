//! Descriptions as tifffile writes them: `{"shape": [6, 96, 128], "axes": "TYX"}`.

use super::super::Place;
use super::Tiff;
use super::layout::{Layout, MAX_PLANES, Source};
use crate::FormatError;

/// What the description says.
#[derive(serde::Deserialize)]
struct Shaped {
    shape: Vec<usize>,
    #[serde(default)]
    axes: String,
    /// Whether only the first page has a directory.
    #[serde(default)]
    truncated: bool,
}

/// Reads the description; none when it is another one, or does not fit the pages.
pub(super) fn layout(tiff: &Tiff, description: &str) -> Result<Option<Layout>, FormatError> {
    let Ok(shaped) = serde_json::from_str::<Shaped>(description) else { return Ok(None) };
    let kind = tiff.pages[0].kind;
    let pages: Vec<u32> =
        (0..tiff.pages.len()).filter(|&i| tiff.pages[i].kind == kind).map(|i| i as u32).collect();
    let has_samples = shaped.axes.contains('S') || (shaped.axes.is_empty() && kind.samples > 1);
    let n_inner = if has_samples { 3 } else { 2 };
    let Some(n_outer) = shaped.shape.len().checked_sub(n_inner) else { return Ok(None) };
    // Axes of planes come first; those of a page are rows, columns and samples, in some order.
    let outer = &shaped.shape[..n_outer];
    let Some(n) =
        outer.iter().try_fold(1usize, |a, &b| a.checked_mul(b)).filter(|n| (1..=MAX_PLANES).contains(n))
    else {
        return Ok(None);
    };
    let is_stacked = shaped.truncated && pages.len() == 1 && n > 1;
    if !is_stacked && pages.len() != n {
        return Ok(None);
    }
    if is_stacked {
        tiff.page(Source { nth: n as u32 - 1, ..Source::default() })?;
    }
    let axes: Vec<char> = if shaped.axes.chars().count() == shaped.shape.len() {
        shaped.axes.chars().take(n_outer).collect()
    } else {
        vec!['Q'; n_outer]
    };
    let is_known = axes.iter().enumerate().all(|(i, a)| "TZC".contains(*a) && !axes[..i].contains(a));
    let size = |axis: char| axes.iter().position(|&a| a == axis).map_or(1, |i| outer[i]);
    let (n_t, n_z, n_c) = if is_known { (size('T'), size('Z'), size('C')) } else { (n, 1, 1) };
    let stride =
        |axis: char| axes.iter().position(|&a| a == axis).map_or(0, |i| outer[i + 1..].iter().product());
    let (t_step, z_step, c_step): (usize, usize, usize) =
        if is_known { (stride('T'), stride('Z'), stride('C')) } else { (1, 0, 0) };
    let source = |i: usize| {
        let (t, z, c) = (i / n_c / n_z, i / n_c % n_z, i % n_c);
        let index = t * t_step + z * z_step + c * c_step;
        let nothing = Source::default();
        Some(if is_stacked {
            Source { nth: index as u32, ..nothing }
        } else {
            Source { page: pages[index], ..nothing }
        })
    };
    let notes = if is_known || n == 1 { Vec::new() } else { vec!["pages are taken as frames".to_owned()] };
    Ok(Some(Layout {
        place: Place::default(),
        n_t,
        n_z,
        names: vec![String::new(); n_c],
        planes: (0..n).map(source).collect(),
        notes,
        ..Layout::default()
    }))
}
