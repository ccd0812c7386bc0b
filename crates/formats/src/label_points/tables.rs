//! Points as tables: ours, and napari's.

use std::path::Path;

use super::{LabelPoint, whole};
use crate::FormatError;
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

pub(super) fn read(path: &Path, table: &Table) -> Result<Vec<LabelPoint>, FormatError> {
    let n_axes = (0..).take_while(|i| table.column(&format!("axis-{i}")).is_some()).count();
    let axis = |from_end: usize| n_axes.checked_sub(from_end).map(|i| format!("axis-{i}"));
    let has = |name: &String| table.column(name).is_some();
    let named =
        |name: &str, axis: Option<String>| [Some(name.to_owned()), axis].into_iter().flatten().find(has);
    let need = |name: &str, axis: Option<String>| {
        named(name, axis).ok_or_else(|| {
            let found = table.names().collect::<Vec<_>>().join(", ");
            FormatError::new(path, format!("a column {name:?}"), found)
        })
    };
    let (y, x) = (need("y", axis(2))?, need("x", axis(1))?);
    let frame = named("frame", (n_axes > 2).then(|| "axis-0".to_owned())).or_else(|| named("t", None));
    let depth = named("z", (n_axes > 3).then(|| "axis-1".to_owned()));
    let text = |name: &str, row: usize| table.column(name).and_then(|column| column.text_at(row));
    (0..table.n_rows())
        .map(|row| {
            let count = |name: &Option<String>| match name {
                Some(name) => whole(path, name, number(path, table, name, row)?),
                None => Ok(0),
            };
            Ok(LabelPoint {
                id: text("id", row),
                image: text("image", row),
                t: count(&frame)?,
                z: count(&depth)?,
                y: number(path, table, &y, row)?,
                x: number(path, table, &x, row)?,
                class: text("class", row),
                by: text("by", row),
                flagged: text("flagged", row).as_deref() == Some("true"),
            })
        })
        .collect::<Result<_, FormatError>>()
}

fn number(path: &Path, table: &Table, name: &str, row: usize) -> Result<f64, FormatError> {
    let value = match table.column(name) {
        Some(Column::Float(v)) => v[row].filter(|v| v.is_finite()),
        Some(Column::Int(v)) => v[row].map(|v| v as f64),
        _ => None,
    };
    value.ok_or_else(|| {
        let found = table.column(name).and_then(|c| c.text_at(row)).unwrap_or_else(|| "nothing".to_owned());
        FormatError::new(path, "a number", found).at(format!("column {name:?}, row {}", row + 1))
    })
}
