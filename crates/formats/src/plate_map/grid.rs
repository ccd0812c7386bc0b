//! Grids of wells as on the bench: a row of numbers, then a row for each letter.

use super::text::Line;
use super::well::{MAX_COLUMNS, SHAPES, Well, row_of};

/// A grid, from its head to the next.
pub struct Grid<'a> {
    /// What stands in the corner, left of the numbers.
    pub corner: &'a str,
    /// Its columns, at most as many as the largest plate has.
    pub n_columns: usize,
    /// All lines below its head, also those that are no rows of a plate.
    pub rows: &'a [Line],
}

/// The grids among `lines`, in their order.
pub fn grids(lines: &[Line]) -> Vec<Grid<'_>> {
    let heads: Vec<usize> = (0..lines.len()).filter(|&i| n_numbers(&lines[i].1) > 1).collect();
    let ends = heads.iter().skip(1).copied().chain([lines.len()]);
    let grid = |(&head, end): (&usize, usize)| Grid {
        corner: lines[head].1[0].as_str(),
        n_columns: n_numbers(&lines[head].1).min(MAX_COLUMNS),
        rows: &lines[head + 1..end],
    };
    heads.iter().zip(ends).map(grid).collect()
}

/// Whether a row is the head of a grid.
pub fn is_head(values: &[String]) -> bool {
    n_numbers(values) > 1
}

/// The row of a plate that a line of a grid begins with the letter of, from 0.
pub fn row(values: &[String]) -> Option<usize> {
    row_of(values.first()?)
}

/// How many columns the head of a grid has: a name, then 1, 2, 3, …. 0 where it is none.
fn n_numbers(values: &[String]) -> usize {
    let numbers: Vec<&String> = values.iter().skip(1).take_while(|v| !v.is_empty()).collect();
    let are_in_order = numbers.iter().enumerate().all(|(i, v)| v.parse() == Ok(i + 1));
    if are_in_order { numbers.len() } else { 0 }
}

/// The lines of a grid that lacks its numbers, its letters, or both, with them: exactly as many rows and columns as a plate of 24 wells or
/// more has, and nothing else in the file. None where this is not so.
pub fn with_names(lines: &[Line]) -> Option<Vec<Line>> {
    let mut filled: Vec<Line> =
        lines.iter().filter(|(_, v)| v.iter().any(|v| !v.is_empty())).cloned().collect();
    let counts = |values: &[String]| values.len() > 1 && (1..).zip(values).all(|(n, v)| v.parse() == Ok(n));
    if counts(&filled.first()?.1) {
        filled.remove(0);
    }
    let (n_rows, n_values) = (filled.len(), filled.first()?.1.len());
    let has_letters = (0..).zip(&filled).all(|(i, (_, values))| row(values) == Some(i));
    let n_columns = n_values - usize::from(has_letters);
    let is_plate = n_rows > 3 && SHAPES.contains(&(n_rows, n_columns));
    if !is_plate || filled.iter().any(|(_, values)| values.len() != n_values) {
        return None;
    }
    if !has_letters {
        (0..).zip(&mut filled).for_each(|(i, (_, values))| values.insert(0, Well::row_name(i)));
    }
    let numbers = (1..=n_columns).map(|n| n.to_string());
    filled.insert(0, (0, std::iter::once(String::new()).chain(numbers).collect()));
    Some(filled)
}
