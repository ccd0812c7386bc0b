//! Which cells are shown: of each class those that are most wrong, then those that are most sure.

use std::collections::BTreeMap;

use crate::{Dataset, Model};

/// Cells of one class: the one that they are labelled as, or else predicted to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the class.
    pub class: String,
    /// Number of its cells.
    pub n: usize,
    /// How many of them are labelled otherwise than predicted.
    pub n_wrong: usize,
    /// Those that are shown, in this order.
    pub shown: Vec<usize>,
}

/// The label of a cell, when it has one.
pub fn label(data: &Dataset, cell: usize) -> Option<&str> {
    data.cells[cell].class.and_then(|class| data.classes.get(class)).map(String::as_str)
}

/// Groups in the order of the model's classes, labels that it does not know behind them; at most `n` cells of each, half of
/// them right ones when there are as many. `confidence` is that of the prediction.
pub fn groups(
    model: &Model,
    data: &Dataset,
    predicted: &[usize],
    confidence: &[f64],
    n: usize,
) -> Vec<Group> {
    let called = |cell: usize| model.classes[predicted[cell]].as_str();
    let mut by_class: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
    for cell in 0..predicted.len() {
        let class = label(data, cell).unwrap_or_else(|| called(cell));
        let number = model.classes.iter().position(|name| name == class).unwrap_or(model.classes.len());
        by_class.entry((number, class)).or_default().push(cell);
    }
    let group = |((_, class), mut cells): ((usize, &str), Vec<usize>)| {
        cells.sort_by(|&a, &b| confidence[b].total_cmp(&confidence[a]).then(a.cmp(&b)));
        let n_cells = cells.len();
        let (wrong, right): (Vec<usize>, Vec<usize>) = cells.iter().partition(|&&cell| called(cell) != class);
        let n_right = right.len().min(n.saturating_sub(wrong.len()).max(n / 2));
        let shown = wrong.iter().take(n - n_right).chain(right.iter().take(n_right)).copied().collect();
        Group { class: class.to_owned(), n: n_cells, n_wrong: wrong.len(), shown }
    };
    by_class.into_iter().map(group).collect()
}
