//! Sums over the cells of a pack.

use crate::layout::Lanes;
use crate::vector::Simd;

/// The sum of sixteen values, in `f64` and in a fixed order.
#[inline(always)]
pub(crate) fn over_lanes<S: Simd>(simd: S, values: S::Vector) -> f64 {
    let mut lanes: Lanes = [0.0; 16];
    simd.store(values, &mut lanes);
    let mut eight: [f64; 8] = std::array::from_fn(|i| f64::from(lanes[i]) + f64::from(lanes[i + 8]));
    for half in [4, 2, 1] {
        for i in 0..half {
            eight[i] += eight[i + half];
        }
    }
    eight[0]
}
