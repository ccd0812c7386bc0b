//! What an instruction set has to offer, in terms of sixteen `f32` side by side.

use crate::layout::Lanes;
use crate::precision::PairLanes;

/// An instruction set, as a token: a value of this type proves that the CPU has it.
///
/// Algorithms are written once over this trait. Their functions are `#[inline(always)]`, so that they become part of a
/// function compiled for the instruction set: the one behind [`Simd::call`].
pub(crate) trait Simd: Copy {
    /// Sixteen `f32`, one per cell.
    type Vector: Copy;
    /// A partial sum over the cells, as wide as one register.
    type Sum: Copy;

    /// Output channels of a register tile: 2 or 4.
    const ROWS: usize;
    /// Pixels of a register tile, at most 6: the tile, its weights and one operand fit in the registers.
    const COLUMNS: usize;
    /// Input channels of a register tile of the weight gradient, next to four output channels and three taps: 1 or 2.
    const SUMMED: usize;

    /// Runs `operation` in a function compiled for this instruction set.
    fn call<O: Operation>(self, operation: O) -> O::Output;

    /// Sixteen times `value`.
    fn splat(self, value: f32) -> Self::Vector;
    /// The values in memory.
    fn load(self, from: &Lanes) -> Self::Vector;
    /// Writes the values to memory.
    fn store(self, value: Self::Vector, to: &mut Lanes);
    /// Asks for what is to be loaded soon.
    fn prefetch<T>(self, from: &T);
    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a / b`.
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The square root.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once where the CPU can.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `if a > b { a } else { b }`: `b` when either is not a number.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `if a < b { a } else { b }`.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `if a > b { yes } else { no }`.
    fn if_greater(
        self,
        a: Self::Vector,
        b: Self::Vector,
        yes: Self::Vector,
        no: Self::Vector,
    ) -> Self::Vector;
    /// The nearest whole numbers.
    fn round(self, a: Self::Vector) -> Self::Vector;
    /// `2^n` for whole numbers `n` in -126..=127.
    fn exp2(self, n: Self::Vector) -> Self::Vector;

    /// An empty sum.
    fn no_sum(self) -> Self::Sum;
    /// Adds the sixteen products, in parts.
    fn add_products(self, a: Self::Vector, b: Self::Vector, sum: Self::Sum) -> Self::Sum;
    /// The totals of four sums.
    fn totals(self, sums: [Self::Sum; 4]) -> [f32; 4];
}

/// Something to compute on any instruction set.
pub(crate) trait Operation {
    /// What comes out.
    type Output;
    /// Computes it; always `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set that also multiplies pairs of bf16.
pub(crate) trait PairSimd: Simd {
    /// Sixteen pairs of bf16.
    type Pairs: Copy;

    /// Runs `operation` in a function compiled for this instruction set.
    fn call_pairs<O: PairOperation>(self, operation: O);

    /// Rounds to bf16; pair `i` is `low[i]` and `high[i]`.
    fn pair(self, low: Self::Vector, high: Self::Vector) -> Self::Pairs;
    /// Rounds to bf16; the pairs are made of the 32 values in some order that is always the same.
    fn any_pairs(self, a: Self::Vector, b: Self::Vector) -> Self::Pairs;
    /// The pairs in memory.
    fn load_pairs(self, from: &PairLanes) -> Self::Pairs;
    /// Writes the pairs to memory.
    fn store_pairs(self, pairs: Self::Pairs, to: &mut PairLanes);
    /// Sixteen times `pair`.
    fn splat_pair(self, pair: u32) -> Self::Pairs;
    /// Pair by pair the sum of both products, plus `sum`.
    fn add_pairs(self, a: Self::Pairs, b: Self::Pairs, sum: Self::Vector) -> Self::Vector;
    /// Adds the 32 products, in parts.
    fn sum_pairs(self, a: Self::Pairs, b: Self::Pairs, sum: Self::Sum) -> Self::Sum;
}

/// Something to compute with pairs of bf16.
pub(crate) trait PairOperation {
    /// Computes it; always `#[inline(always)]`.
    fn run<S: PairSimd>(self, simd: S);
}
