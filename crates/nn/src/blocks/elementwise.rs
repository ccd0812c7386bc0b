//! Dropout, sums and forks.

use super::Context;
use crate::plan::Wires;
use crate::store::Store;

/// Dropout, in place on the gradient and, when nobody else reads it, on the value.
#[derive(Debug, Clone)]
pub(crate) struct Dropout {
    pub(crate) rate: f32,
    pub(crate) layer: u64,
}

impl Dropout {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        if wires.x[0] != wires.y {
            let (x, y) = store.values.pair(wires.x[0], wires.y);
            y.copy_from_slice(x);
        }
        if let Some(key) = self.key(context, store) {
            context.kernels.dropout(self.rate, key, store.values.get_mut(wires.y));
        }
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        if let (Some(key), Some(dx)) = (self.key(context, store), wires.dx[0]) {
            context.kernels.dropout(self.rate, key, store.gradients.get_mut(dx));
        }
    }

    fn key(&self, context: &Context, store: &Store) -> Option<u64> {
        context.mask.map(|mask| scramble(scramble(mask ^ self.layer) ^ store.number))
    }
}

/// A number that looks unrelated to `x` (the finaliser of SplitMix64, doi:10.1145/2660193.2660195).
pub(crate) fn scramble(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

pub(crate) fn add_forward(context: &Context, wires: &Wires, store: &mut Store) {
    for (i, &x) in wires.x.iter().enumerate() {
        let (x, y) = store.values.pair(x, wires.y);
        if i == 0 {
            y.copy_from_slice(x);
        } else {
            context.kernels.add_assign(y, x);
        }
    }
}

/// Each input's gradient is that of the sum; one of them has its buffer.
pub(crate) fn add_backward(wires: &Wires, store: &mut Store) {
    let Some(dy) = wires.dy else { return };
    for &dx in wires.dx.iter().flatten().filter(|&&dx| dx != dy) {
        let (dy, dx) = store.gradients.pair(dy, dx);
        dx.copy_from_slice(dy);
    }
}

/// Adds the gradients of the second and further readers to that of the first.
pub(crate) fn fork_backward(context: &Context, wires: &Wires, store: &mut Store) {
    let Some(sum) = wires.dy else { return };
    for &dx in wires.dx.iter().flatten() {
        let (dx, sum) = store.gradients.pair(dx, sum);
        context.kernels.add_assign(sum, dx);
    }
}
