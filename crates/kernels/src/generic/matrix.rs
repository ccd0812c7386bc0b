//! Products of small matrices, one of whose axes is the cells of a batch.

use std::ops::Range;

use crate::layout::{LANES, Lanes};
use crate::vector::{Operation, Simd};

/// Rows of the right-hand matrix that stay in the cache while all output rows pass over them.
const DEPTH: usize = 256;

/// `y[m][p] = bias[m] + sum over k of a[m, k] x[k][p]` for the rows `m` in `range`; `p` counts packs.
pub(crate) struct Product<'a> {
    pub a: &'a [f32],
    /// From one row of `a` to the next, and from one column to the next.
    pub strides: [usize; 2],
    pub depth: usize,
    pub packs: usize,
    pub bias: Option<&'a [f32]>,
    /// `[depth][packs]`.
    pub x: &'a [Lanes],
    pub range: Range<usize>,
    /// `[range.len()][packs]`.
    pub y: &'a mut [Lanes],
}

impl Operation for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let last = self.range.end.saturating_sub(1) * self.strides[0]
            + self.depth.saturating_sub(1) * self.strides[1];
        assert!(self.range.is_empty() || self.depth == 0 || last < self.a.len());
        assert_eq!(self.x.len(), self.depth * self.packs);
        assert_eq!(self.y.len(), self.range.len() * self.packs);
        let steps = self.depth.div_ceil(DEPTH).max(1);
        for step in 0..steps {
            let depth = step * DEPTH..self.depth.min((step + 1) * DEPTH);
            for row in self.range.clone().step_by(S::ROWS) {
                let mut pack = 0;
                for tiles in (1..=self.packs.div_ceil(S::COLUMNS)).rev() {
                    let packs = (self.packs - pack).div_ceil(tiles);
                    self.tile(simd, packs, Place { row, pack, depth: depth.clone() });
                    pack += packs;
                }
            }
        }
    }
}

/// The first row and pack of a tile, and the part of the sum.
struct Place {
    row: usize,
    pack: usize,
    depth: Range<usize>,
}

impl Product<'_> {
    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, packs: usize, place: Place) {
        if S::ROWS == 4 {
            self.tile_of::<S, 4>(simd, packs, place);
        } else {
            self.tile_of::<S, 2>(simd, packs, place);
        }
    }

    #[inline(always)]
    fn tile_of<S: Simd, const R: usize>(&mut self, simd: S, packs: usize, place: Place) {
        match packs.min(S::COLUMNS) {
            1 => simd.call(Tile::<R, 1> { product: self.reborrow(), place }),
            2 => simd.call(Tile::<R, 2> { product: self.reborrow(), place }),
            3 => simd.call(Tile::<R, 3> { product: self.reborrow(), place }),
            4 => simd.call(Tile::<R, 4> { product: self.reborrow(), place }),
            5 => simd.call(Tile::<R, 5> { product: self.reborrow(), place }),
            _ => simd.call(Tile::<R, 6> { product: self.reborrow(), place }),
        }
    }

    #[inline(always)]
    fn reborrow(&mut self) -> Product<'_> {
        Product { y: self.y, range: self.range.clone(), ..*self }
    }
}

/// `R` rows by `P` packs.
struct Tile<'a, const R: usize, const P: usize> {
    product: Product<'a>,
    place: Place,
}

impl<const R: usize, const P: usize> Operation for Tile<'_, R, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Place { row, pack, depth } = self.place;
        let Product { a, strides, packs, bias, x, range, y, .. } = self.product;
        let rows = R.min(range.end - row);
        let mut sums = [[simd.splat(0.0); P]; R];
        // Every loop over the sums goes over all of them: a slice of them would keep them in memory.
        for (r, sums) in sums.iter_mut().enumerate() {
            // Past the last row the tile repeats it, and drops the sums.
            let row = row + r.min(rows - 1);
            for (p, sum) in sums.iter_mut().enumerate() {
                if depth.start > 0 {
                    *sum = simd.load(&y[(row - range.start) * packs + pack + p]);
                } else if let Some(bias) = bias {
                    *sum = simd.splat(bias[row]);
                }
            }
        }
        // Where `a` is read down its columns, the next part has to be asked for, a line at a time.
        let asks = strides[1] > 1 && row.is_multiple_of(LANES);
        for k in depth {
            if asks && let Some(next) = a.get(row * strides[0] + (k + DEPTH) * strides[1]) {
                simd.prefetch(next);
            }
            let mut vectors = [simd.splat(0.0); P];
            for (p, vector) in vectors.iter_mut().enumerate() {
                // SAFETY: `k < depth` and `pack + p < packs`; `run` of the product has checked the length.
                *vector = simd.load(unsafe { x.get_unchecked(k * packs + pack + p) });
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let at = (row + r.min(rows - 1)) * strides[0] + k * strides[1];
                // SAFETY: at most the last element, which `run` of the product has checked.
                let factor = simd.splat(unsafe { *a.get_unchecked(at) });
                for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                    *sum = simd.mul_add(factor, vector, *sum);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (p, &sum) in sums.iter().enumerate() {
                if r < rows {
                    simd.store(sum, &mut y[(row + r - range.start) * packs + pack + p]);
                }
            }
        }
    }
}

/// `dw[i][o] = sum over packs and cells of x[i] dy[o]` for the rows `i` in `range`.
pub(crate) struct Dots<'a> {
    pub packs: usize,
    /// `[inputs][packs]`.
    pub x: &'a [Lanes],
    /// `[outputs][packs]`.
    pub dy: &'a [Lanes],
    pub range: Range<usize>,
    /// `[range.len()][outputs]`.
    pub dw: &'a mut [f32],
}

impl Operation for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.packs == 0 {
            return self.dw.fill(0.0);
        }
        let outputs = self.dy.len() / self.packs;
        let x = &self.x[self.range.start * self.packs..self.range.end * self.packs];
        let rows = 2 * S::SUMMED;
        let dw = self.dw.chunks_mut(rows * outputs.max(1));
        for (x, dw) in x.chunks(rows * self.packs).zip(dw) {
            if x.len() == 4 * self.packs {
                simd.call(DotRows::<4> { packs: self.packs, x, dy: self.dy, dw });
            } else {
                for (x, dw) in x.chunks_exact(self.packs).zip(dw.chunks_exact_mut(outputs.max(1))) {
                    simd.call(DotRows::<1> { packs: self.packs, x, dy: self.dy, dw });
                }
            }
        }
    }
}

/// `I` rows of `dw`, four columns at a time.
struct DotRows<'a, const I: usize> {
    packs: usize,
    x: &'a [Lanes],
    dy: &'a [Lanes],
    dw: &'a mut [f32],
}

impl<const I: usize> Operation for DotRows<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (packs, outputs) = (self.packs, self.dw.len() / I);
        assert_eq!(self.x.len(), I * packs);
        assert_eq!(self.dy.len(), outputs * packs);
        for output in (0..outputs).step_by(4) {
            let mut sums = [[simd.no_sum(); 4]; I];
            for pack in 0..packs {
                let mut dy = [simd.splat(0.0); 4];
                for (o, dy) in dy.iter_mut().enumerate() {
                    // Past the last output the tile repeats it, and drops the sums.
                    let at = (output + o).min(outputs - 1) * packs + pack;
                    // SAFETY: the output is below `outputs`, the pack below `packs`.
                    *dy = simd.load(unsafe { self.dy.get_unchecked(at) });
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: the row is below `I`, the pack below `packs`.
                    let x = simd.load(unsafe { self.x.get_unchecked(i * packs + pack) });
                    for (sum, &dy) in sums.iter_mut().zip(&dy) {
                        *sum = simd.add_products(x, dy, *sum);
                    }
                }
            }
            for (dw, sums) in self.dw.chunks_exact_mut(outputs).zip(sums) {
                for (dw, total) in dw[output..].iter_mut().zip(simd.totals(sums)) {
                    *dw = total;
                }
            }
        }
    }
}
