//! The four tables as published: a row per condition by name.

use formats::table::{Column, Table};

use super::cells::CellTable;

/// `ratio` and `probes_mean` (column `mean`), `with_class` and `probs_with_class` (`mean`, then every cell), each with its name.
///
/// # Source
/// Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0.
#[must_use]
pub fn tables(cells: &CellTable, class: usize) -> Vec<(&'static str, Table)> {
    let mut conditions: Vec<&str> = cells.places.iter().map(|place| place.condition.as_str()).collect();
    conditions.sort_unstable();
    conditions.dedup();
    let values = |of: &dyn Fn(usize) -> f64| -> Vec<Vec<f64>> {
        let in_condition = |name: &&str| -> Vec<f64> {
            (0..cells.len()).filter(|&i| cells.place(i).condition == **name).map(of).collect()
        };
        conditions.iter().map(in_condition).collect()
    };
    let called = values(&|i| f64::from(u8::from(cells.called[i] == class)));
    let probabilities = values(&|i| cells.row(i)[class]);
    vec![
        ("ratio", table(&conditions, &called, false)),
        ("with_class", table(&conditions, &called, true)),
        ("probes_mean", table(&conditions, &probabilities, false)),
        ("probs_with_class", table(&conditions, &probabilities, true)),
    ]
}

fn table(conditions: &[&str], values: &[Vec<f64>], with_cells: bool) -> Table {
    let mut table = Table::default();
    table.push("", Column::Text(conditions.iter().map(|c| Some((*c).to_owned())).collect()));
    table.push("mean", Column::Float(values.iter().map(|v| stats::plate::mean(v)).collect()));
    let longest = values.iter().map(Vec::len).max().unwrap_or(0);
    for cell in (0..longest).filter(|_| with_cells) {
        table.push(cell.to_string(), Column::Float(values.iter().map(|v| v.get(cell).copied()).collect()));
    }
    table
}
