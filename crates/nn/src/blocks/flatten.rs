//! From an image per sample to features of the whole batch.

use kernels::{LANES, Shape};
use rayon::prelude::*;

use crate::plan::Wires;
use crate::store::Store;

/// Images of `shape` become `h * w * c` rows of `n` features, in the order (h, w, c).
#[derive(Debug, Clone)]
pub(crate) struct Flatten {
    pub(crate) shape: Shape,
}

/// Rows that one task copies.
const ROWS: usize = 256;

impl Flatten {
    /// Position in a pack of the first lane of a unit.
    fn position(&self, unit: usize) -> usize {
        let Shape { w, c, .. } = self.shape;
        let (y, x, channel) = (unit / (w * c), unit / c % w, unit % c);
        ((y * c + channel) * w + x) * LANES
    }

    /// Samples of missing packs are zero.
    pub(crate) fn forward(&self, wires: &Wires, packs: &[Store], flat: &mut Store) {
        let n = flat.lanes;
        flat.values.get_mut(wires.y).par_chunks_mut(ROWS * n).enumerate().for_each(|(block, y)| {
            for (row, y) in y.chunks_exact_mut(n).enumerate() {
                let from = self.position(block * ROWS + row);
                for (p, y) in y.chunks_exact_mut(LANES).enumerate() {
                    match packs.get(p) {
                        Some(pack) => y.copy_from_slice(&pack.values.get(wires.x[0])[from..from + LANES]),
                        None => y.fill(0.0),
                    }
                }
            }
        });
    }

    /// Fills in the columns of one pack.
    pub(crate) fn forward_one(&self, wires: &Wires, pack: &Store, p: usize, flat: &mut Store) {
        let (n, x) = (flat.lanes, pack.values.get(wires.x[0]));
        for (unit, y) in flat.values.get_mut(wires.y).chunks_exact_mut(n).enumerate() {
            let from = self.position(unit);
            y[p * LANES..(p + 1) * LANES].copy_from_slice(&x[from..from + LANES]);
        }
    }

    pub(crate) fn backward(&self, wires: &Wires, packs: &mut [Store], flat: &Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let (n, dy) = (flat.lanes, flat.gradients.get(dy));
        packs.par_iter_mut().enumerate().for_each(|(p, pack)| {
            let dx = pack.gradients.get_mut(dx);
            for (unit, dy) in dy.chunks_exact(n).enumerate() {
                let to = self.position(unit);
                dx[to..to + LANES].copy_from_slice(&dy[p * LANES..(p + 1) * LANES]);
            }
        });
    }
}
