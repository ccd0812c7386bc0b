//! How precisely convolutions multiply.

use crate::layout::LANES;

/// How precisely convolutions multiply; they add up in `f32` in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// In `f32`.
    #[default]
    F32,
    /// Values and weights are first rounded to bf16: the range of `f32` with 8 bits of precision, twice as fast where
    /// the CPU has instructions for it. Where outputs are computed from common products (kernels of 3 by 3 without
    /// strides, of eight or more channels and filters), what is rounded is the factors of these products, and the error
    /// is 2.5 times as large.
    Bf16,
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        })
    }
}

/// A pair of bf16 for each cell, the first in the lower half.
pub(crate) type PairLanes = [u32; LANES];

/// `value` rounded to bf16, to even in the middle.
#[inline(always)]
pub(crate) fn round_to_bf16(value: f32) -> f32 {
    let bits = value.to_bits();
    if value.is_nan() {
        return value;
    }
    f32::from_bits(bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// Two values, rounded.
#[inline(always)]
pub(crate) fn pair_of_bf16(low: f32, high: f32) -> u32 {
    round_to_bf16(low).to_bits() >> 16 | round_to_bf16(high).to_bits() & 0xffff_0000
}

/// The two values of a pair.
#[inline(always)]
pub(crate) fn values_of_pair(pair: u32) -> [f32; 2] {
    [f32::from_bits(pair << 16), f32::from_bits(pair & 0xffff_0000)]
}
