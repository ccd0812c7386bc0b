//! Plain code, for any CPU.

use crate::layout::{LANES, Lanes};
use crate::precision::{PairLanes, pair_of_bf16, values_of_pair};
use crate::vector::{Operation, PairOperation, PairSimd, Simd};

/// Needs nothing.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn zip(a: Lanes, b: Lanes, f: impl Fn(f32, f32) -> f32) -> Lanes {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

impl Simd for Portable {
    type Vector = Lanes;
    type Sum = [f32; 4];

    const ROWS: usize = 2;
    const COLUMNS: usize = 1;
    const SUMMED: usize = 1;

    #[inline(never)]
    fn call<O: Operation>(self, operation: O) -> O::Output {
        operation.run(self)
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Lanes {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, from: &Lanes) -> Lanes {
        *from
    }

    #[inline(always)]
    fn store(self, value: Lanes, to: &mut Lanes) {
        *to = value;
    }

    #[inline(always)]
    fn prefetch<T>(self, _: &T) {}

    #[inline(always)]
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(self, a: Lanes) -> Lanes {
        a.map(f32::sqrt)
    }

    // Not `f32::mul_add`, which is a call into the C library where the CPU has no such instruction.
    #[inline(always)]
    fn mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn if_greater(self, a: Lanes, b: Lanes, yes: Lanes, no: Lanes) -> Lanes {
        std::array::from_fn(|lane| if a[lane] > b[lane] { yes[lane] } else { no[lane] })
    }

    // Adding 1.5 * 2^23 leaves no bits for a fraction; right for |a| < 2^22, more than any caller has.
    #[inline(always)]
    fn round(self, a: Lanes) -> Lanes {
        a.map(|a| (a + 12_582_912.0) - 12_582_912.0)
    }

    #[inline(always)]
    fn exp2(self, n: Lanes) -> Lanes {
        n.map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23))
    }

    #[inline(always)]
    fn no_sum(self) -> [f32; 4] {
        [0.0; 4]
    }

    #[inline(always)]
    fn add_products(self, a: Lanes, b: Lanes, sum: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| {
            sum[i] + (a[i] * b[i] + a[i + 4] * b[i + 4]) + (a[i + 8] * b[i + 8] + a[i + 12] * b[i + 12])
        })
    }

    #[inline(always)]
    fn totals(self, sums: [[f32; 4]; 4]) -> [f32; 4] {
        sums.map(|[a, b, c, d]| (a + b) + (c + d))
    }
}

impl PairSimd for Portable {
    type Pairs = PairLanes;

    #[inline(never)]
    fn call_pairs<O: PairOperation>(self, operation: O) {
        operation.run(self);
    }

    #[inline(always)]
    fn pair(self, low: Lanes, high: Lanes) -> PairLanes {
        std::array::from_fn(|lane| pair_of_bf16(low[lane], high[lane]))
    }

    #[inline(always)]
    fn any_pairs(self, a: Lanes, b: Lanes) -> PairLanes {
        self.pair(a, b)
    }

    #[inline(always)]
    fn load_pairs(self, from: &PairLanes) -> PairLanes {
        *from
    }

    #[inline(always)]
    fn store_pairs(self, pairs: PairLanes, to: &mut PairLanes) {
        *to = pairs;
    }

    #[inline(always)]
    fn splat_pair(self, pair: u32) -> PairLanes {
        [pair; LANES]
    }

    #[inline(always)]
    fn add_pairs(self, a: PairLanes, b: PairLanes, sum: Lanes) -> Lanes {
        std::array::from_fn(|lane| {
            let ([a_low, a_high], [b_low, b_high]) = (values_of_pair(a[lane]), values_of_pair(b[lane]));
            sum[lane] + (a_low * b_low + a_high * b_high)
        })
    }

    #[inline(always)]
    fn sum_pairs(self, a: PairLanes, b: PairLanes, sum: [f32; 4]) -> [f32; 4] {
        let products = self.add_pairs(a, b, [0.0; LANES]);
        std::array::from_fn(|i| {
            sum[i] + (products[i] + products[i + 4]) + (products[i + 8] + products[i + 12])
        })
    }
}
