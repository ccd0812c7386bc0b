//! AVX2 and FMA: two registers are one vector, and there are 16.
//!
//! Every `unsafe` here has the same reason: a value of [`Avx2`] is made in one place only, [`Avx2::assume`], whose
//! caller knows that the CPU has AVX2 and FMA.

use std::arch::x86_64::*;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

/// Proof of AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The CPU must have AVX2 and FMA.
    pub(crate) unsafe fn assume() -> Avx2 {
        Avx2(())
    }
}

#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn call<O: Operation>(simd: Avx2, operation: O) -> O::Output {
    operation.run(simd)
}

/// Cells 0 to 7, and 8 to 15.
type Halves = [__m256; 2];

impl Simd for Avx2 {
    type Vector = Halves;
    type Sum = __m256;

    const ROWS: usize = 2;
    const COLUMNS: usize = 2;
    const SUMMED: usize = 1;

    #[inline(always)]
    fn call<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { call(self, operation) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    fn load(self, from: &Lanes) -> Halves {
        // SAFETY: the token proves AVX2; the reference is to sixteen values.
        unsafe { [_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))] }
    }

    #[inline(always)]
    fn store(self, value: Halves, to: &mut Lanes) {
        // SAFETY: the token proves AVX2; the reference is to sixteen values.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), value[0]);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), value[1]);
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, from: &T) {
        // SAFETY: the reference is to memory of the process; nothing is loaded into a register.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(from).cast()) }
    }

    #[inline(always)]
    fn add(self, a: Halves, b: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn sub(self, a: Halves, b: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn mul(self, a: Halves, b: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn div(self, a: Halves, b: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn sqrt(self, a: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_sqrt_ps(a[0]), _mm256_sqrt_ps(a[1])] }
    }

    #[inline(always)]
    fn mul_add(self, a: Halves, b: Halves, c: Halves) -> Halves {
        // SAFETY: the token proves FMA.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn max(self, a: Halves, b: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_max_ps(a[0], b[0]), _mm256_max_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn min(self, a: Halves, b: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe { [_mm256_min_ps(a[0], b[0]), _mm256_min_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn if_greater(self, a: Halves, b: Halves, yes: Halves, no: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe {
            [
                _mm256_blendv_ps(no[0], yes[0], _mm256_cmp_ps::<_CMP_GT_OQ>(a[0], b[0])),
                _mm256_blendv_ps(no[1], yes[1], _mm256_cmp_ps::<_CMP_GT_OQ>(a[1], b[1])),
            ]
        }
    }

    #[inline(always)]
    fn round(self, a: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe {
            [
                _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a[0]),
                _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a[1]),
            ]
        }
    }

    #[inline(always)]
    fn exp2(self, n: Halves) -> Halves {
        // SAFETY: the token proves AVX2.
        unsafe {
            let bias = _mm256_set1_epi32(127);
            let exponents = [
                _mm256_add_epi32(_mm256_cvtps_epi32(n[0]), bias),
                _mm256_add_epi32(_mm256_cvtps_epi32(n[1]), bias),
            ];
            [
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponents[0])),
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponents[1])),
            ]
        }
    }

    #[inline(always)]
    fn no_sum(self) -> __m256 {
        // SAFETY: the token proves AVX2.
        unsafe { _mm256_setzero_ps() }
    }

    #[inline(always)]
    fn add_products(self, a: Halves, b: Halves, sum: __m256) -> __m256 {
        // SAFETY: the token proves FMA.
        unsafe { _mm256_fmadd_ps(a[1], b[1], _mm256_fmadd_ps(a[0], b[0], sum)) }
    }

    #[inline(always)]
    fn totals(self, [a, b, c, d]: [__m256; 4]) -> [f32; 4] {
        // SAFETY: the token proves AVX2; the array takes the four values.
        unsafe {
            let quarters = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
            let upper = _mm256_extractf128_ps::<1>(quarters);
            let mut totals = [0.0; 4];
            _mm_storeu_ps(totals.as_mut_ptr(), _mm_add_ps(_mm256_castps256_ps128(quarters), upper));
            totals
        }
    }
}
