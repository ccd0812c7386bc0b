//! AVX-512F: one register is one vector, and there are 32. With AVX-512BF16, also one register of pairs.
//!
//! Every `unsafe` here has the same reason: a value of [`Avx512`] is made in one place only, [`Avx512::assume`], whose
//! caller knows that the CPU has AVX-512F.

use std::arch::x86_64::*;

use crate::layout::Lanes;
use crate::precision::PairLanes;
use crate::vector::{Operation, PairOperation, PairSimd, Simd};

/// Proof of AVX-512F, and when `BF16` of AVX-512BW and BF16 too.
#[derive(Clone, Copy)]
pub(crate) struct Avx512<const BF16: bool>(());

impl<const BF16: bool> Avx512<BF16> {
    /// # Safety
    /// The CPU must have AVX-512F, and when `BF16` AVX-512BW and BF16 too.
    pub(crate) unsafe fn assume() -> Self {
        Avx512(())
    }
}

#[inline(never)]
#[target_feature(enable = "avx512f")]
fn call<O: Operation, const BF16: bool>(simd: Avx512<BF16>, operation: O) -> O::Output {
    operation.run(simd)
}

impl<const BF16: bool> Simd for Avx512<BF16> {
    type Vector = __m512;
    type Sum = __m512;

    const ROWS: usize = 4;
    const COLUMNS: usize = 6;
    const SUMMED: usize = 2;

    #[inline(always)]
    fn call<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: the token proves AVX-512F.
        unsafe { call(self, operation) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn load(self, from: &Lanes) -> __m512 {
        // SAFETY: the token proves AVX-512F; the reference is to sixteen values.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, value: __m512, to: &mut Lanes) {
        // SAFETY: the token proves AVX-512F; the reference is to sixteen values.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn prefetch<T>(self, from: &T) {
        // SAFETY: the reference is to memory of the process; nothing is loaded into a register.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(from).cast()) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_sqrt_ps(a) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn if_greater(self, a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), no, yes) }
    }

    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_roundscale_ps::<_MM_FROUND_TO_NEAREST_INT>(a) }
    }

    #[inline(always)]
    fn exp2(self, n: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), n) }
    }

    #[inline(always)]
    fn no_sum(self) -> __m512 {
        self.splat(0.0)
    }

    #[inline(always)]
    fn add_products(self, a: __m512, b: __m512, sum: __m512) -> __m512 {
        self.mul_add(a, b, sum)
    }

    #[inline(always)]
    fn totals(self, [a, b, c, d]: [__m512; 4]) -> [f32; 4] {
        // SAFETY: the token proves AVX-512F, and with it AVX2; the array takes the four values.
        unsafe {
            let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            let low = _mm512_shuffle_ps::<0b01_00_01_00>(ab, cd);
            let high = _mm512_shuffle_ps::<0b11_10_11_10>(ab, cd);
            let quarters = _mm512_add_ps(low, high);
            let halves = _mm512_add_ps(quarters, _mm512_shuffle_f32x4::<0b01_00_11_10>(quarters, quarters));
            let whole = _mm512_add_ps(halves, _mm512_shuffle_f32x4::<0b10_11_00_01>(halves, halves));
            let mut totals = [0.0; 4];
            _mm_storeu_ps(totals.as_mut_ptr(), _mm512_castps512_ps128(whole));
            totals
        }
    }
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn call_pairs<O: PairOperation>(simd: Avx512<true>, operation: O) {
    operation.run(simd);
}

/// Sixteen pairs as integers are sixteen pairs of bf16.
#[inline(always)]
fn bf16(pairs: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes of plain numbers.
    unsafe { std::mem::transmute(pairs) }
}

/// From `[low 0, …, low 15, high 0, …, high 15]` to pairs.
const INTERLEAVE: [u16; 32] = {
    let mut from = [0; 32];
    let mut i = 0;
    while i < 32 {
        from[i] = (i / 2 + i % 2 * 16) as u16;
        i += 1;
    }
    from
};

impl PairSimd for Avx512<true> {
    type Pairs = __m512i;

    #[inline(always)]
    fn call_pairs<O: PairOperation>(self, operation: O) {
        // SAFETY: the token proves AVX-512F, BW and BF16.
        unsafe { call_pairs(self, operation) }
    }

    #[inline(always)]
    fn pair(self, low: __m512, high: __m512) -> __m512i {
        // SAFETY: the token proves AVX-512BW; the constant is 64 bytes.
        unsafe {
            let order = _mm512_loadu_epi16(INTERLEAVE.as_ptr().cast());
            _mm512_permutexvar_epi16(order, self.any_pairs(low, high))
        }
    }

    #[inline(always)]
    fn any_pairs(self, a: __m512, b: __m512) -> __m512i {
        // SAFETY: the token proves AVX-512BF16; both types are 64 bytes of plain numbers.
        unsafe { std::mem::transmute(_mm512_cvtne2ps_pbh(b, a)) }
    }

    #[inline(always)]
    fn load_pairs(self, from: &PairLanes) -> __m512i {
        // SAFETY: the token proves AVX-512F; the reference is to sixteen pairs.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_pairs(self, pairs: __m512i, to: &mut PairLanes) {
        // SAFETY: the token proves AVX-512F; the reference is to sixteen pairs.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), pairs) }
    }

    #[inline(always)]
    fn splat_pair(self, pair: u32) -> __m512i {
        // SAFETY: the token proves AVX-512F.
        unsafe { _mm512_set1_epi32(pair.cast_signed()) }
    }

    #[inline(always)]
    fn add_pairs(self, a: __m512i, b: __m512i, sum: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512BF16.
        unsafe { _mm512_dpbf16_ps(sum, bf16(a), bf16(b)) }
    }

    #[inline(always)]
    fn sum_pairs(self, a: __m512i, b: __m512i, sum: __m512) -> __m512 {
        self.add_pairs(a, b, sum)
    }
}
