//! The most that a core can do, to hold the kernels against.

use crate::Kernels;
use crate::vector::{Operation, Simd};

impl Kernels {
    /// Multiplies and adds in registers, without memory, for measuring; returns the number of floating-point
    /// operations done (a product and a sum are two) and their result.
    #[must_use]
    pub fn peak(self, repeats: usize) -> (u64, f32) {
        self.run(Peak { repeats })
    }
}

struct Peak {
    repeats: usize,
}

impl Operation for Peak {
    type Output = (u64, f32);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> (u64, f32) {
        match S::COLUMNS {
            6 => self.chains::<S, 12>(simd),
            2 => self.chains::<S, 5>(simd),
            _ => self.chains::<S, 3>(simd),
        }
    }
}

impl Peak {
    /// `N` chains that do not wait for each other: enough to hide the latency, few enough for the registers.
    #[inline(always)]
    fn chains<S: Simd, const N: usize>(self, simd: S) -> (u64, f32) {
        let factor = simd.splat(0.5);
        let mut sums = [factor; N];
        for _ in 0..self.repeats {
            for sum in &mut sums {
                *sum = simd.mul_add(*sum, factor, factor);
            }
        }
        let mut total = simd.splat(0.0);
        for sum in sums {
            total = simd.add(total, sum);
        }
        let mut lanes = [0.0; crate::LANES];
        simd.store(total, &mut lanes);
        ((2 * self.repeats * N * crate::LANES) as u64, lanes.iter().sum())
    }
}
