//! Powers in plain arithmetic: the same bits on every CPU, and loops over them become vector instructions.

/// `x^p` for a normal positive `x`, to about 2e-5 of its size.
#[inline(always)]
pub fn power(x: f32, p: f32) -> f32 {
    exp2(p * log2(x))
}

/// Binary logarithm of a normal positive number: the exponent, and a minimax polynomial of the mantissa from 1 to 2.
#[inline(always)]
fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    // ln(m) by atanh: with s = (m - c) / (m + c), c = sqrt(2), |s| < 0.172.
    let s = (m - std::f32::consts::SQRT_2) / (m + std::f32::consts::SQRT_2);
    let q = s * s;
    let series = 2.0 * std::f32::consts::LOG2_E * s * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0))));
    exponent as f32 + 0.5 + series
}

/// Two to the power of `x`, within the range of normal numbers.
#[inline(always)]
fn exp2(x: f32) -> f32 {
    let x = x.clamp(-126.0, 126.0);
    // Adding a large number rounds to a whole one, which then stands in the low bits.
    let shifted = x + 12_582_912.0;
    let whole = shifted - 12_582_912.0;
    let f = (x - whole) * std::f32::consts::LN_2;
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0)))));
    let scale = shifted.to_bits().wrapping_shl(23).wrapping_add(0x3f80_0000);
    series * f32::from_bits(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_library() {
        for p in [0.3f32, 0.895, 1.0, 1.9] {
            for step in -200..200 {
                let x = 1.1f32.powi(step);
                let found = power(x, p);
                let expected = f64::from(x).powf(f64::from(p));
                assert!((f64::from(found) / expected - 1.0).abs() < 2e-5, "{x}^{p}: {found}, {expected}");
            }
        }
    }
}
