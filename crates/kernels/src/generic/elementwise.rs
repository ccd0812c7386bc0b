//! Activations value by value, and sums over rows.

use crate::layout::{Lanes, padded};
use crate::vector::{Operation, Simd};

use super::function::Function;
use super::sum::over_lanes;

/// `y = f(z)`.
pub(crate) struct Apply<'a, F> {
    pub function: F,
    pub z: &'a [f32],
    pub y: &'a mut [f32],
}

impl<F: Function> Operation for Apply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let ((z, z_rest), (y, y_rest)) = (self.z.as_chunks(), self.y.as_chunks_mut());
        for (z, y) in z.iter().zip(y) {
            simd.store(self.function.value(simd, simd.load(z)), y);
        }
        let mut rest = padded(z_rest);
        simd.store(self.function.value(simd, simd.load(&rest)), &mut rest);
        y_rest.copy_from_slice(&rest[..y_rest.len()]);
    }
}

/// `dz = f'(z) * dy`.
pub(crate) struct ApplyBackward<'a, F> {
    pub function: F,
    pub z: &'a [f32],
    pub dy: &'a [f32],
    pub dz: &'a mut [f32],
}

impl<F: Function> Operation for ApplyBackward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let ((z, z_rest), (dy, dy_rest)) = (self.z.as_chunks(), self.dy.as_chunks());
        let (dz, dz_rest) = self.dz.as_chunks_mut();
        for (z, (dy, dz)) in z.iter().zip(dy.iter().zip(dz)) {
            let (_, slope) = self.function.value_and_slope(simd, simd.load(z));
            simd.store(simd.mul(slope, simd.load(dy)), dz);
        }
        let (_, slope) = self.function.value_and_slope(simd, simd.load(&padded(z_rest)));
        let mut rest = padded(dy_rest);
        simd.store(simd.mul(slope, simd.load(&rest)), &mut rest);
        dz_rest.copy_from_slice(&rest[..dz_rest.len()]);
    }
}

/// Adds the sum of row `i` of `x`, of `w` groups of sixteen, to `sums[i % sums.len()]`.
pub(crate) struct RowSums<'a> {
    pub w: usize,
    pub x: &'a [Lanes],
    pub sums: &'a mut [f32],
}

impl Operation for RowSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.sums.len();
        for (row, x) in self.x.chunks_exact(self.w.max(1)).enumerate() {
            let mut sum = simd.splat(0.0);
            for x in x {
                sum = simd.add(sum, simd.load(x));
            }
            self.sums[row % channels] += over_lanes(simd, sum) as f32;
        }
    }
}
