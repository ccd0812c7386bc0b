//! Cells of a map as files: rows with their new labels, and crop sets to train on.

use cells::{Cell, CellSet, CropSource, Depth, Pixels};
use formats::table::Column;

use super::Exploring;
use crate::label::{Exported, LabelError, crop_set};

/// Most bytes of pixels of an export.
const MAX_BYTES: usize = 1 << 30;

/// A kind of file that cells are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExploreFormat {
    /// The rows of the table, with a column `relabel`.
    Csv,
    /// A crop set, whose classes are the new labels, and the labels of cells without a new one.
    Crops,
}

impl std::str::FromStr for ExploreFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "csv" => Ok(ExploreFormat::Csv),
            "crops" => Ok(ExploreFormat::Crops),
            _ => Err(format!("{name:?}")),
        }
    }
}

impl Exploring {
    /// Some cells as one file, or all of them; all as crops means all that have a class. A crop set is a zip of its folder.
    ///
    /// # Errors
    /// No such cell, one twice, or none; of crops, when there are no pictures or too many.
    pub fn exported(&self, format: ExploreFormat, cells: Option<&[u32]>) -> Result<Exported, LabelError> {
        self.check_once(cells.unwrap_or_default())?;
        let relabel = self.relabel_column()?;
        let everyone = 0..self.facts.cells;
        let mut rows = match cells {
            Some(cells) => cells.iter().map(|&cell| cell as usize).collect(),
            None => everyone.collect::<Vec<usize>>(),
        };
        match format {
            ExploreFormat::Csv => {
                let mut table = self.columns.table().select(&rows);
                table.columns.retain(|(name, _)| name != "relabel");
                table.push("relabel", Column::Text(rows.iter().map(|&row| relabel[row].clone()).collect()));
                let bytes = table.to_csv().into_bytes();
                Ok(Exported { name: "cells.csv".to_owned(), kind: "text/csv", bytes })
            }
            ExploreFormat::Crops => {
                let class = |row: usize| relabel[row].as_deref().or_else(|| self.columns.label(row));
                if cells.is_none() {
                    rows.retain(|&row| class(row).is_some());
                }
                crop_set("cells.crops", &self.crops(&rows, &class)?, &self.folder)
            }
        }
    }

    /// The cells of `rows` as crops, each of the class that `class` says.
    fn crops<'a>(
        &self,
        rows: &[usize],
        class: &impl Fn(usize) -> Option<&'a str>,
    ) -> Result<CellSet, LabelError> {
        let data = &self.seen()?.data;
        if rows.is_empty() {
            return Err(LabelError::refused("cells to export", "none"));
        }
        let (size, most) = (data.shape().len(), MAX_BYTES / width(data.depth));
        if rows.len() * size > most {
            return Err(LabelError::refused(format!("at most {} cells", most / size), rows.len()));
        }
        let mut classes = data.classes.clone();
        let mut cells = Vec::with_capacity(rows.len());
        for &row in rows {
            let number = class(row).map(|name| {
                classes.iter().position(|class| class == name).unwrap_or_else(|| {
                    classes.push(name.to_owned());
                    classes.len() - 1
                })
            });
            cells.push(Cell { class: number, ..data.cells[row].clone() });
        }
        let (mut pixels, mut crop) = (Pixels::empty(data.depth), vec![0.0; size]);
        for &row in rows {
            data.read_crop(row, &mut crop)?;
            append(&mut pixels, &crop);
        }
        Ok(CellSet {
            shape: data.shape(),
            pixels,
            cells,
            classes,
            channels: data.channels.clone(),
            provenance: data.provenance.clone(),
        })
    }
}

/// Bytes of a value.
fn width(depth: Depth) -> usize {
    match depth {
        Depth::Uint8 => 1,
        Depth::Uint16 => 2,
        Depth::Float32 => 4,
    }
}

/// Appends a crop as it was stored before it was read as floats, which hold all values exactly.
fn append(pixels: &mut Pixels, crop: &[f32]) {
    match pixels {
        Pixels::Uint8(all) => all.extend(crop.iter().map(|&v| v as u8)),
        Pixels::Uint16(all) => all.extend(crop.iter().map(|&v| v as u16)),
        Pixels::Float32(all) => all.extend_from_slice(crop),
    }
}
