//! Values put beside each other and zeros around them: only memory moves.

use kernels::{LANES, Shape};

use crate::plan::Wires;
use crate::store::Store;

/// Channels, or features, of several inputs one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// Rows of the images; features have one.
    pub(crate) rows: usize,
    /// Values of each input in one row.
    pub(crate) widths: Vec<usize>,
}

impl Beside {
    pub(crate) fn forward(&self, wires: &Wires, store: &mut Store) {
        let (lanes, mut first) = (store.lanes, 0);
        for (&x, width) in wires.x.iter().zip(&self.widths) {
            let (x, y) = store.values.pair(x, wires.y);
            for (x, y) in self.strips(x, width * lanes).zip(self.strips_mut(y, lanes)) {
                y[first..first + x.len()].copy_from_slice(x);
            }
            first += width * lanes;
        }
    }

    pub(crate) fn backward(&self, wires: &Wires, store: &mut Store) {
        let Some(dy) = wires.dy else { return };
        let (lanes, mut first) = (store.lanes, 0);
        for (dx, width) in wires.dx.iter().zip(&self.widths) {
            if let Some(dx) = *dx {
                let (dy, dx) = store.gradients.pair(dy, dx);
                for (dx, dy) in dx.chunks_exact_mut(width * lanes).zip(self.strips(dy, self.width() * lanes))
                {
                    dx.copy_from_slice(&dy[first..first + dx.len()]);
                }
            }
            first += width * lanes;
        }
    }

    fn width(&self) -> usize {
        self.widths.iter().sum()
    }

    fn strips<'a>(&self, values: &'a [f32], length: usize) -> impl Iterator<Item = &'a [f32]> {
        values.chunks_exact(length).take(self.rows)
    }

    fn strips_mut<'a>(&self, values: &'a mut [f32], lanes: usize) -> impl Iterator<Item = &'a mut [f32]> {
        values.chunks_exact_mut(self.width() * lanes).take(self.rows)
    }
}

/// Zeros around images of `shape`.
#[derive(Debug, Clone)]
pub(crate) struct Pad {
    pub(crate) shape: Shape,
    /// Rows before and after, columns before and after.
    pub(crate) zeros: [[usize; 2]; 2],
}

impl Pad {
    pub(crate) fn forward(&self, wires: &Wires, store: &mut Store) {
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        y.fill(0.0);
        for (from, to) in self.strips() {
            y[to..to + self.length()].copy_from_slice(&x[from..from + self.length()]);
        }
    }

    pub(crate) fn backward(&self, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let (dy, dx) = store.gradients.pair(dy, dx);
        for (from, to) in self.strips() {
            dx[from..from + self.length()].copy_from_slice(&dy[to..to + self.length()]);
        }
    }

    /// Values of one row of one channel.
    fn length(&self) -> usize {
        self.shape.w * LANES
    }

    /// Where each row of each channel begins, before and after.
    fn strips(&self) -> impl Iterator<Item = (usize, usize)> {
        let (Shape { h, w, c }, [[top, _], [left, right]]) = (self.shape, self.zeros);
        let wide = left + w + right;
        (0..h * c).map(move |strip| (strip * w * LANES, ((top * c + strip) * wide + left) * LANES))
    }
}
