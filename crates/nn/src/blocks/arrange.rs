//! Values put beside each other, zeros around them and borders left out: only memory moves.

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

/// Images of `shape`, and what surrounds them: zeros that are added, or a border that is left out.
#[derive(Debug, Clone)]
pub(crate) struct Margin {
    /// Of the inner image.
    pub(crate) shape: Shape,
    /// Rows before and after, columns before and after.
    pub(crate) sides: [[usize; 2]; 2],
}

impl Margin {
    /// Puts zeros around.
    pub(crate) fn add(&self, wires: &Wires, store: &mut Store) {
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        self.surround(x, y);
    }

    pub(crate) fn add_backward(&self, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let (dy, dx) = store.gradients.pair(dy, dx);
        self.bare(dy, dx);
    }

    /// Takes the inner image out.
    pub(crate) fn remove(&self, wires: &Wires, store: &mut Store) {
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        self.bare(x, y);
    }

    pub(crate) fn remove_backward(&self, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let (dy, dx) = store.gradients.pair(dy, dx);
        self.surround(dy, dx);
    }

    fn surround(&self, inner: &[f32], outer: &mut [f32]) {
        outer.fill(0.0);
        for (inside, outside) in self.strips() {
            outer[outside..outside + self.length()].copy_from_slice(&inner[inside..inside + self.length()]);
        }
    }

    fn bare(&self, outer: &[f32], inner: &mut [f32]) {
        for (inside, outside) in self.strips() {
            inner[inside..inside + self.length()].copy_from_slice(&outer[outside..outside + self.length()]);
        }
    }

    /// Values of one row of one channel.
    fn length(&self) -> usize {
        self.shape.w * LANES
    }

    /// Where each row of each channel begins, inside and outside.
    fn strips(&self) -> impl Iterator<Item = (usize, usize)> {
        let (Shape { h, w, c }, [[top, _], [left, right]]) = (self.shape, self.sides);
        let wide = left + w + right;
        (0..h * c).map(move |strip| (strip * w * LANES, ((top * c + strip) * wide + left) * LANES))
    }
}
