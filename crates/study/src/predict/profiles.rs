//! `predict --profiles`: the network's features of every cell, in the columns that tools for image-based profiling expect.
//!
//! # Source
//! Serrano et al. 2025, *Reproducible image-based profiling with Pycytominer*, doi:10.1038/s41592-025-02611-8: columns that
//! begin with `Metadata_` say what a cell is, those that begin with `Cells_` are features.

use std::path::Path;

use formats::table::{Column, Table};

use crate::{Dataset, Model, StudyError};

/// Writes a row per cell, `.csv` or `.parquet`: `Metadata_Plate`, `Metadata_Well`, `Metadata_Site` and whatever else is known of
/// it, `Cells_Network_0` … (what the last layer reads), `Cells_Probability_<class>`, and `Cells_AreaShape_Area` where the area
/// is known. `predicted` are the rows of [`predict`](super::predict()).
///
/// # Errors
/// When the data do not fit the model, or a file cannot be read or written.
pub fn write(model: &Model, data: &Dataset, predicted: &Table, output: &Path) -> Result<(), StudyError> {
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let (n_columns, features) = model.features(data, &everyone)?;
    let known = known(model, data, predicted);
    let part = |rows: &[usize]| {
        let mut table = known.select(rows);
        for i in 0..n_columns {
            let values = rows.iter().map(|row| Some(f64::from(features[row * n_columns + i])));
            table.push(format!("Cells_Network_{i}"), Column::Float(values.collect()));
        }
        table
    };
    // Without any cell there still are columns.
    let parts: Vec<&[usize]> = if everyone.is_empty() { vec![&[]] } else { everyone.chunks(PART).collect() };
    Ok(Table::write_streamed(output, &mut parts.into_iter().map(|rows| Ok(part(rows))))?)
}

/// Cells of a part: hundreds of features of all of them are not held as a table at once.
const PART: usize = 8192;

/// What is known of the cells, first what is no feature.
fn known(model: &Model, data: &Dataset, predicted: &Table) -> Table {
    let named = predicted.columns.iter();
    let named = named.map(|(name, column)| (profile_name(name, &model.classes), column.clone()));
    let mut table = Table { columns: named.collect() };
    let of = |cell: &cells::Cell| cell.class.and_then(|class| data.classes.get(class).cloned());
    let labels: Vec<Option<String>> = data.cells.iter().map(of).collect();
    if labels.iter().any(Option::is_some) {
        table.columns.retain(|(name, _)| name != "Metadata_Label");
        table.push("Metadata_Label", Column::Text(labels));
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
