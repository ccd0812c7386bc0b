//! Which labelled cells may be one cell, clicked in several frames.

use std::collections::BTreeMap;

use formats::label_store::StoredCell;

/// The group of each cell, by the number of its first cell: cells of one image whose places are within `reach` pixels of each other,
/// in whatever frames, directly or by way of others, have the same. Cells move little between frames; what is near one place at two
/// times is taken for one cell rather than for two.
pub(super) fn groups(cells: &[StoredCell], reach: f64) -> Vec<usize> {
    let tile = |v: f64| (v / reach).floor() as i64;
    let mut tiles: BTreeMap<(i64, i64, i64), Vec<usize>> = BTreeMap::new();
    for (i, cell) in cells.iter().enumerate() {
        tiles.entry((cell.image, tile(cell.y), tile(cell.x))).or_default().push(i);
    }
    let mut first: Vec<usize> = (0..cells.len()).collect();
    for (i, cell) in cells.iter().enumerate() {
        for (dy, dx) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dy, dx))) {
            let near = tiles.get(&(cell.image, tile(cell.y) + dy, tile(cell.x) + dx));
            for &j in near.into_iter().flatten().filter(|&&j| j < i) {
                // Two cells of one frame are two.
                let apart = (cell.t, cell.z) == (cells[j].t, cells[j].z);
                if !apart && (cell.y - cells[j].y).hypot(cell.x - cells[j].x) <= reach {
                    let (a, b) = (root(&mut first, i), root(&mut first, j));
                    first[a.max(b)] = a.min(b);
                }
            }
        }
    }
    (0..cells.len()).map(|i| root(&mut first, i)).collect()
}

fn root(first: &mut [usize], mut i: usize) -> usize {
    while first[i] != i {
        first[i] = first[first[i]];
        i = first[i];
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_moves_is_one_group_and_neighbours_are_two() {
        let cell = |id: &str, image, t, y, x| StoredCell {
            id: id.into(),
            image,
            t,
            z: 0,
            y,
            x,
            class: None,
            by: String::new(),
            version: 1,
            flagged: false,
        };
        let cells = [
            cell("a", 1, 0, 10.0, 10.0),
            cell("b", 1, 0, 30.0, 10.0),
            cell("c", 1, 1, 12.0, 10.0),
            cell("d", 1, 2, 12.0, 25.0),
            cell("e", 2, 1, 12.0, 10.0),
        ];
        // b is 18 pixels from c, in another frame.
        assert_eq!(groups(&cells, 16.0), [0, 1, 0, 0, 4]);
        assert_eq!(groups(&cells, 18.0), [0, 0, 0, 0, 4]);
    }
}
