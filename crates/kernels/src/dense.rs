//! Fully connected layers: products of small matrices, a range of rows at a time.

use std::ops::Range;

use crate::Kernels;
use crate::generic::elementwise::RowSums;
use crate::generic::matrix::{Dots, Product};
use crate::layout::{LANES, lanes, lanes_mut};

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
        dense.check(n, w, dense.inputs * n == x.len());
        assert!(bias.is_none_or(|bias| bias.len() == dense.outputs), "bias");
        assert!(range.end <= dense.outputs, "outputs {range:?} of {}", dense.outputs);
        assert_eq!(y.len(), range.len() * n, "y");
        self.run(Product {
            a: w,
            strides: [1, dense.outputs],
            depth: dense.inputs,
            packs: n / LANES,
            bias,
            x: lanes(x),
            range,
            y: lanes_mut(y),
        });
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
        dense.check(n, w, dense.outputs * n == dy.len());
        assert!(range.end <= dense.inputs, "inputs {range:?} of {}", dense.inputs);
        assert_eq!(dx.len(), range.len() * n, "dx");
        self.run(Product {
            a: w,
            strides: [dense.outputs, 1],
            depth: dense.outputs,
            packs: n / LANES,
            bias: None,
            x: lanes(dy),
            range,
            y: lanes_mut(dx),
        });
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
        self.run(Dots { packs: n / LANES, x: lanes(x), dy: lanes(dy), range, dw });
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
        self.run(RowSums { w: n / LANES, x: lanes(dy), sums: db });
    }
}

impl Dense {
    fn check(self, n: usize, w: &[f32], operand_fits: bool) {
        assert!(n.is_multiple_of(LANES), "n is {n}, not a multiple of {LANES}");
        assert_eq!(w.len(), self.inputs * self.outputs, "w");
        assert!(operand_fits, "the operand is not one row of {n} for each unit of {self:?}");
    }
}
