//! What leads from a figure of the page to its wells, and what is said of each well.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Screen;
use super::page::short;
use super::plates::{PlateReport, Standing};
use crate::report::text::counted;

/// A well by the number of its plate and its place, row by row.
type At = [usize; 2];

/// The links of a page.
#[derive(Serialize)]
pub struct Links {
    /// What is said of the well at each place of each plate.
    words: Vec<Vec<Option<String>>>,
    /// Name and wells of the treatments that are in the table or the volcano plot, by their number.
    treatments: BTreeMap<usize, (String, Vec<At>)>,
    /// Treatment of each disc of the volcano plot.
    volcano: Vec<usize>,
    /// Well of each disc of the controls.
    controls: Vec<At>,
}

impl Links {
    /// For the first `n_rows` treatments, the discs of the volcano plot (numbers of treatments) and of the controls (rows of the table of
    /// wells).
    pub fn new(screen: &Screen, n_rows: usize, volcano: Vec<usize>, controls: &[usize]) -> Links {
        let plates = &screen.plates.plates;
        let mut places: Vec<At> = vec![[0, 0]; screen.rows.len()];
        for (index, plate) in plates.iter().enumerate() {
            for &i in &plate.rows {
                let well = screen.rows[i].well;
                places[i] = [index, well.row * plate.shape.1 + well.column];
            }
        }
        let treatment = |&k: &usize| {
            let treatment = &screen.treatments[k];
            (k, (treatment.name.clone(), treatment.wells.iter().map(|&i| places[i]).collect()))
        };
        let shown = (0..n_rows.min(screen.treatments.len())).chain(volcano.iter().copied());
        Links {
            words: plates.iter().map(|plate| words(screen, plate)).collect(),
            treatments: shown.collect::<std::collections::BTreeSet<_>>().iter().map(treatment).collect(),
            controls: controls.iter().map(|&i| places[i]).collect(),
            volcano,
        }
    }

    /// For a script element, inside of which only `<` could end it.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default().replace('<', "\\u003c")
    }
}

/// What the page says of the wells of a plate.
fn words(screen: &Screen, plate: &PlateReport) -> Vec<Option<String>> {
    let (rows, columns) = plate.shape;
    let mut wells = vec![None; rows * columns];
    for &i in &plate.rows {
        let (row, placed) = (&screen.rows[i], &screen.plates.wells[i]);
        let mut words = vec![row.treatment()];
        if words[0] != row.content.role.name() {
            words.push(row.content.role.name().to_owned());
        }
        words.extend(placed.normalised.map(|v| format!("normalised {}", short(v))));
        words.extend(row.score.map(|v| format!("score {}", short(v))));
        words.extend(row.n_cells.map(|n| counted(n as usize, "cell", "cells")));
        if placed.standing != Standing::Counts {
            words.push(placed.standing.words().to_owned());
        }
        wells[row.well.row * columns + row.well.column] = Some(words.join(" · "));
    }
    wells
}
