//! Points as tables: ours and napari's are written, those of any program read.

use std::path::Path;

use super::LabelPoint;
use crate::FormatError;
use crate::point_table::{PointRow, PointTable};
use crate::table::{Column, Table};

fn texts(points: &[LabelPoint], get: impl Fn(&LabelPoint) -> Option<String>) -> Column {
    Column::Text(points.iter().map(get).collect())
}

fn counts(points: &[LabelPoint], get: impl Fn(&LabelPoint) -> u32) -> Column {
    Column::Int(points.iter().map(|p| Some(get(p).into())).collect())
}

fn reals(points: &[LabelPoint], get: impl Fn(&LabelPoint) -> f64) -> Column {
    Column::Float(points.iter().map(|p| Some(get(p))).collect())
}

pub(super) fn csv(points: &[LabelPoint]) -> Table {
    let mut table = Table::default();
    table.push("image", texts(points, |p| p.image.clone()));
    table.push("frame", counts(points, |p| p.t));
    table.push("z", counts(points, |p| p.z));
    table.push("y", reals(points, |p| p.y));
    table.push("x", reals(points, |p| p.x));
    table.push("class", texts(points, |p| p.class.clone()));
    table.push("by", texts(points, |p| p.by.clone()));
    table.push("id", texts(points, |p| p.id.clone()));
    table.push("flagged", Column::Bool(points.iter().map(|p| Some(p.flagged)).collect()));
    table
}

/// Axes as napari numbers them: time, depth when there is any, row, column.
pub(super) fn napari(has_depth: bool, points: &[LabelPoint]) -> Table {
    let mut axes = vec![reals(points, |p| p.t.into())];
    if has_depth {
        axes.push(reals(points, |p| p.z.into()));
    }
    axes.extend([reals(points, |p| p.y), reals(points, |p| p.x)]);
    let mut table = Table::default();
    table.push("index", Column::Int((0..points.len() as i64).map(Some).collect()));
    for (i, axis) in axes.into_iter().enumerate() {
        table.push(format!("axis-{i}"), axis);
    }
    table.push("class", texts(points, |p| p.class.clone()));
    table.push("by", texts(points, |p| p.by.clone()));
    table.push("id", texts(points, |p| p.id.clone()));
    table
}

pub(super) fn read(
    path: &Path,
    bytes: Vec<u8>,
    pixel_um: [Option<f64>; 2],
) -> Result<Vec<LabelPoint>, FormatError> {
    let table = PointTable::parse(path, bytes)?;
    let point = |(row, point): (usize, &PointRow)| {
        let [y, x] = table.scale.to_pixels([point.y, point.x], pixel_um)?;
        Some(LabelPoint {
            id: table.text(&["id"], row),
            image: table.image(row),
            t: point.frame,
            z: point.z.unwrap_or(0),
            y,
            x,
            class: table.class(row),
            by: table.text(&["by"], row),
            flagged: table.text(&["flagged"], row).as_deref() == Some("true"),
        })
    };
    let points = table.points.iter().enumerate().map(point).collect::<Option<_>>();
    points.ok_or_else(|| {
        let expected = "the size of a pixel (--micron) for points in micrometres";
        FormatError::new(path, expected, "none")
    })
}
