//! Fully connected layers: products of small matrices, a range of rows at a time.

use std::ops::Range;

use crate::{Kernels, LANES};

/// Sizes of a dense layer; its weights are `[inputs][outputs]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    /// Units that come in.
    pub inputs: usize,
    /// Units that go out.
    pub outputs: usize,
}

impl Kernels {
    /// `y[o][n] = bias[o] + sum over i of w[i][o] x[i][n]`, for the outputs `o` in `range`.
    ///
    /// # Shapes
    /// `w` `[inputs][outputs]`, `bias` `[outputs]`, `x` `[inputs][n]`, `y` `[range.len()][n]`; `n` a multiple of 16.
    ///
    /// # Panics
    /// When a length does not fit.
    #[expect(
        clippy::too_many_arguments,
        reason = "sizes, operands and the part to compute, each of its own kind"
    )]
    pub fn dense_forward(
        self,
        dense: Dense,
        n: usize,
        w: &[f32],
        bias: Option<&[f32]>,
        x: &[f32],
        range: Range<usize>,
        y: &mut [f32],
    ) {
        dense.check(n, w, x, &range, dense.outputs, y.len(), n);
        assert_eq!(x.len(), dense.inputs * n, "x");
        assert!(bias.is_none_or(|bias| bias.len() == dense.outputs), "bias");
        for (row, o) in y.chunks_exact_mut(n).zip(range) {
            row.fill(bias.map_or(0.0, |bias| bias[o]));
            for i in 0..dense.inputs {
                for (y, x) in row.iter_mut().zip(&x[i * n..]) {
                    *y += w[i * dense.outputs + o] * x;
                }
            }
        }
    }

    /// `dx[i][n] = sum over o of w[i][o] dy[o][n]`, for the inputs `i` in `range`.
    ///
    /// # Shapes
    /// `w` `[inputs][outputs]`, `dy` `[outputs][n]`, `dx` `[range.len()][n]`; `n` a multiple of 16.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn dense_input_gradient(
        self,
        dense: Dense,
        n: usize,
        w: &[f32],
        dy: &[f32],
        range: Range<usize>,
        dx: &mut [f32],
    ) {
        dense.check(n, w, dy, &range, dense.inputs, dx.len(), n);
        assert_eq!(dy.len(), dense.outputs * n, "dy");
        for (row, i) in dx.chunks_exact_mut(n).zip(range) {
            row.fill(0.0);
            for o in 0..dense.outputs {
                for (dx, dy) in row.iter_mut().zip(&dy[o * n..]) {
                    *dx += w[i * dense.outputs + o] * dy;
                }
            }
        }
    }

    /// `dw[i][o] = sum over n of x[i][n] dy[o][n]`, for the inputs `i` in `range`; overwrites `dw`.
    ///
    /// # Shapes
    /// `x` `[inputs][n]`, `dy` `[outputs][n]`, `dw` `[range.len()][outputs]`; `n` a multiple of 16. Padding lanes
    /// must be 0 in `dy`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn dense_weight_gradient(
        self,
        dense: Dense,
        n: usize,
        x: &[f32],
        dy: &[f32],
        range: Range<usize>,
        dw: &mut [f32],
    ) {
        assert!(n.is_multiple_of(LANES), "n is {n}");
        assert_eq!(x.len(), dense.inputs * n, "x");
        assert_eq!(dy.len(), dense.outputs * n, "dy");
        assert!(range.end <= dense.inputs, "inputs {range:?} of {}", dense.inputs);
        assert_eq!(dw.len(), range.len() * dense.outputs, "dw");
        for (row, i) in dw.chunks_exact_mut(dense.outputs).zip(range) {
            for (o, dw) in row.iter_mut().enumerate() {
                *dw = x[i * n..(i + 1) * n].iter().zip(&dy[o * n..]).map(|(x, dy)| x * dy).sum();
            }
        }
    }

    /// `db[o] += sum over n of dy[o][n]`. Padding lanes must be 0 in `dy`.
    ///
    /// # Shapes
    /// `dy` `[outputs][n]`, `db` `[outputs]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn dense_bias_gradient(self, n: usize, dy: &[f32], db: &mut [f32]) {
        assert!(n.is_multiple_of(LANES), "n is {n}");
        assert_eq!(dy.len(), db.len() * n, "dy");
        for (dy, db) in dy.chunks_exact(n).zip(db) {
            *db += dy.iter().sum::<f32>();
        }
    }
}

impl Dense {
    #[expect(clippy::too_many_arguments, reason = "one check for two products")]
    fn check(
        self,
        n: usize,
        w: &[f32],
        _x: &[f32],
        range: &Range<usize>,
        units: usize,
        out: usize,
        row: usize,
    ) {
        assert!(n.is_multiple_of(LANES), "n is {n}");
        assert_eq!(w.len(), self.inputs * self.outputs, "w");
        assert!(range.end <= units, "units {range:?} of {units}");
        assert_eq!(out, range.len() * row, "output");
    }
}
