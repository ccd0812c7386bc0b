//! Pictures of the cells of a map.

use cells::CropSource;
use formats::table::Column;
use rayon::prelude::*;
use serde::Serialize;

use super::columns::Columns;
use crate::label::LabelError;
use crate::report::picture::{Contrast, Rule, Viewer};
use crate::source::Request;
use crate::{Dataset, Silent, StudyError};

/// Shape of each picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PictureShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// 1 for shades of grey, 3 for red, green and blue.
    pub channels: usize,
}

/// The cells of a map, and how they are shown.
pub struct Pictures {
    /// In the order of the map.
    pub data: Dataset,
    rule: Rule,
}

/// Opens the cells that are `named`, or those that were `noted` when the map was made; of the latter it is only a note for the user
/// when they are gone.
pub fn find(
    named: Option<&Request>,
    noted: Option<&Request>,
    columns: &Columns,
) -> Result<(Option<Pictures>, Option<String>), StudyError> {
    let none = |why: String| Ok((None, Some(format!("without pictures of the cells: {why}"))));
    match (named, noted) {
        (Some(named), _) => Ok((Some(Pictures::open(named, columns)?), None)),
        (None, Some(noted)) => match Pictures::open(noted, columns) {
            Ok(pictures) => Ok((Some(pictures), None)),
            Err(error) => none(error.to_string()),
        },
        (None, None) => none("expected to be told where they lie, since the map does not know".into()),
    }
}

impl Pictures {
    fn open(request: &Request, columns: &Columns) -> Result<Pictures, StudyError> {
        let data = request.open(&Silent)?;
        are_those(&data, columns)?;
        let everyone: Vec<usize> = (0..data.len()).collect();
        let unreadable = |e: std::io::Error| StudyError::Refused(format!("the pictures of the cells: {e}"));
        let viewer = Viewer::new(&data, &data.channels, Contrast::Shared, &everyone).map_err(unreadable)?;
        let rule = viewer.into_rule();
        Ok(Pictures { data, rule })
    }

    /// Shape of each picture.
    pub fn shape(&self) -> PictureShape {
        let shape = self.data.shape();
        PictureShape { height: shape.h, width: shape.w, channels: if self.rule.is_grey() { 1 } else { 3 } }
    }

    /// Pictures of cells one after the other.
    pub fn bytes(&self, cells: &[u32]) -> Result<Vec<u8>, LabelError> {
        let viewer = Viewer::by(self.rule.clone(), &self.data);
        let grey = self.rule.is_grey();
        let bytes = |&cell: &u32| -> Result<Vec<u8>, LabelError> {
            let picture = viewer
                .picture(cell as usize)
                .map_err(|e| StudyError::Refused(format!("{}: {e}", self.data.cells[cell as usize].name)))?;
            let pixels = picture.pixels.iter();
            Ok(if grey {
                pixels.map(|p| p.0).collect()
            } else {
                pixels.flat_map(|p| [p.0, p.1, p.2]).collect()
            })
        };
        let parts: Vec<Vec<u8>> = cells.par_iter().map(bytes).collect::<Result<_, _>>()?;
        Ok(parts.concat())
    }
}

/// Whether the cells are those that the map was made of, in their order.
fn are_those(data: &Dataset, columns: &Columns) -> Result<(), StudyError> {
    let n = columns.table().n_rows();
    let refused =
        |found: String| Err(StudyError::Refused(format!("expected the {n} cells of the map, found {found}")));
    if data.len() != n {
        return refused(data.len().to_string());
    }
    // A table made elsewhere may not name them, and a name that looks like a real number was not kept as it was.
    let Some(names @ (Column::Text(_) | Column::Int(_))) = columns.table().column("name") else {
        return Ok(());
    };
    let differs = |i: &usize| names.text_at(*i).as_deref() != Some(data.cells[*i].name.as_str());
    match (0..n).find(differs) {
        Some(i) => refused(format!(
            "{:?} where the map has {:?}",
            data.cells[i].name,
            names.text_at(i).unwrap_or_default()
        )),
        None => Ok(()),
    }
}
