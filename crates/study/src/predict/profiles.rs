//! `predict --profiles`: the network's features of every cell, in the columns that tools for image-based profiling expect.
//!
//! # Source
//! Serrano et al. 2025, *Reproducible image-based profiling with Pycytominer*, doi:10.1038/s41592-025-02611-8: columns that
//! begin with `Metadata_` say what a cell is, those that begin with `Cells_` are features.

use std::ops::Range;
use std::path::Path;

use cells::Cell;
use formats::table::{Column, Table};

use super::Rows;
use crate::progress::stop_if_asked;
use crate::{Dataset, Progress, Silent, StudyError};

/// Writes a row per cell, `.csv` or `.parquet`: `Metadata_Plate`, `Metadata_Well`, `Metadata_Site` and whatever else is known of
/// it, `Cells_Network_0` … (what the last layer reads), `Cells_Probability_<class>`, and `Cells_AreaShape_Area` where the area
/// is known. `predicted` are the rows of [`predict`](super::predict()). Memory holds the features of some cells at a time.
///
/// # Errors
/// When the data do not fit the model, or a file cannot be read or written; a request to stop.
pub fn write(
    predicted: &Rows<'_>,
    data: &Dataset,
    output: &Path,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let label = |cell: &Cell| cell.class.and_then(|class| data.classes.get(class).cloned());
    let is_labelled = data.cells.iter().any(|cell| label(cell).is_some());
    let part = |rows: Range<usize>| -> Result<Table, StudyError> {
        stop_if_asked(progress)?;
        let indices: Vec<usize> = rows.clone().collect();
        let (n_columns, features) = predicted.model.features(data, &indices, &Silent)?;
        let labels = || Column::Text(data.cells[rows.clone()].iter().map(label).collect());
        let labels = is_labelled.then(labels);
        let mut table = known(predicted.table(rows.clone()), &predicted.model.classes, labels);
        for i in 0..n_columns {
            let values = features.iter().skip(i).step_by(n_columns).map(|&value| Some(f64::from(value)));
            table.push(format!("Cells_Network_{i}"), Column::Float(values.collect()));
        }
        progress.advance(rows.end as u64, "");
        Ok(table)
    };
    progress.begin("profiles", data.cells.len() as u64);
    Table::write_streamed(output, &mut predicted.parts().map(part))?;
    progress.finish("");
    Ok(())
}

/// What is known of the cells, first what is no feature.
fn known(predicted: Table, classes: &[String], labels: Option<Column>) -> Table {
    let named = predicted.columns.into_iter();
    let mut table =
        Table { columns: named.map(|(name, column)| (profile_name(&name, classes), column)).collect() };
    if let Some(labels) = labels {
        table.columns.retain(|(name, _)| name != "Metadata_Label");
        table.push("Metadata_Label", labels);
    }
    table.columns.sort_by_key(|(name, _)| !name.starts_with(METADATA));
    table
}

const METADATA: &str = "Metadata_";

/// The name that a column of predictions has among profiles.
fn profile_name(name: &str, classes: &[String]) -> String {
    match name {
        "field" => return "Metadata_Site".to_owned(),
        "area" => return "Cells_AreaShape_Area".to_owned(),
        _ => {}
    }
    if let Some(class) = name.strip_prefix("p_").filter(|class| classes.iter().any(|c| c == class)) {
        return format!("Cells_Probability_{class}");
    }
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{METADATA}{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_pycytominer_looks_for() {
        let classes = ["Metaphase".to_owned(), "um".to_owned()];
        let names = ["plate", "well", "field", "y_um", "area", "p_Metaphase", "p_other", "class"];
        let expected = [
            "Metadata_Plate",
            "Metadata_Well",
            "Metadata_Site",
            "Metadata_Y_um",
            "Cells_AreaShape_Area",
            "Cells_Probability_Metaphase",
            "Metadata_P_other",
            "Metadata_Class",
        ];
        assert_eq!(names.map(|name| profile_name(name, &classes)), expected);
    }
}
