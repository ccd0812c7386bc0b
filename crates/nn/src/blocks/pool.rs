//! Pooling that is not part of a fused pass.

use kernels::{Shape, Squares};

use super::Context;
use crate::plan::Wires;
use crate::store::Store;

/// One pooling of images of `shape`.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) shape: Shape,
    pub(crate) kind: PoolKind,
}

/// Which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolKind {
    Max(Squares),
    Average(Squares),
    Global,
}

impl Pool {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (kernels, shape) = (context.kernels, self.shape);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        match self.kind {
            PoolKind::Max(squares) => kernels.max_pool(shape, squares, x, y),
            PoolKind::Average(squares) => kernels.average_pool(shape, squares, x, y),
            PoolKind::Global => kernels.global_average_pool(shape, x, y),
        }
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let (kernels, shape) = (context.kernels, self.shape);
        let (dy, dx) = store.gradients.pair(dy, dx);
        match self.kind {
            PoolKind::Max(squares) => {
                kernels.max_pool_backward(shape, squares, store.values.get(wires.x[0]), dy, dx);
            }
            PoolKind::Average(squares) => kernels.average_pool_backward(shape, squares, dy, dx),
            PoolKind::Global => kernels.global_average_pool_backward(shape, dy, dx),
        }
    }
}
