//! Powers in plain arithmetic: the same bits on every CPU, and loops over them become vector instructions.

/// `x^p` for a normal positive `x`, to about 2e-5 of its size.
#[inline(always)]
pub fn power(x: f32, p: f32) -> f32 {
    exp2(p * log2(x))
}

/// Binary logarithm of a normal positive number: the exponent, and a minimax polynomial of the mantissa from sqrt(1/2) to
/// sqrt(2), to 2e-6.
#[inline(always)]
fn log2(x: f32) -> f32 {
    let exponent = x.to_bits().cast_signed().wrapping_sub(0x3f35_04f3) >> 23;
    let t = f32::from_bits(x.to_bits().wrapping_sub((exponent << 23).cast_unsigned())) - 1.0;
    let series = 1.442_713_5
        + t * (-0.721_131_86 + t * (0.479_348 + t * (-0.367_49 + t * (0.322_154_87 - t * 0.206_591_86))));
    exponent as f32 + t * series
}

/// Two to the power of `x`, within the range of normal numbers: by a minimax polynomial, to 3e-6 of its size.
#[inline(always)]
fn exp2(x: f32) -> f32 {
    let x = x.clamp(-126.0, 126.0);
    // Adding a large number rounds to a whole one, which then stands in the low bits.
    let shifted = x + 12_582_912.0;
    let f = x - (shifted - 12_582_912.0);
    let series =
        0.999_999_3 + f * (0.693_121_8 + f * (0.240_247_45 + f * (0.055_917_86 + f * 0.009_570_102)));
    f32::from_bits(series.to_bits().wrapping_add(shifted.to_bits().wrapping_shl(23)))
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
