//! Functions of each value that are not worth a kernel: rare, and slow by way of the standard library.

use crate::plan::Wires;
use crate::spec::Function;
use crate::store::Store;

/// A function and its derivative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve {
    value: fn(f32) -> f32,
    slope: fn(f32) -> f32,
}

impl Curve {
    /// None of a function that has a kernel.
    pub(crate) fn of(function: Function) -> Option<Curve> {
        Some(match function {
            Function::Softplus => Curve {
                value: |x| x.max(0.0) + (-x.abs()).exp().ln_1p(),
                slope: |x| 1.0 / (1.0 + (-x).exp()),
            },
            Function::Softsign => {
                Curve { value: |x| x / (1.0 + x.abs()), slope: |x| (1.0 + x.abs()).powi(2).recip() }
            }
            Function::Exponential => Curve { value: f32::exp, slope: f32::exp },
            _ => return None,
        })
    }

    pub(crate) fn forward(&self, wires: &Wires, store: &mut Store) {
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = (self.value)(x));
    }

    pub(crate) fn backward(&self, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let x = store.values.get(wires.x[0]);
        let (dy, dx) = store.gradients.pair(dy, dx);
        for ((dx, dy), &x) in dx.iter_mut().zip(dy).zip(x) {
            *dx = dy * (self.slope)(x);
        }
    }
}
