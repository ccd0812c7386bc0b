//! The activation functions and their slopes, on sixteen values.

use crate::vector::Simd;

/// A function of one value.
pub(crate) trait Function: Copy {
    /// `f(z)`.
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector;
    /// `f(z)` and `f'(z)`.
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector);
}

/// Runs `$run` with the [`Function`] named `$function` that an [`crate::Activation`] stands for.
macro_rules! with_function {
    ($activation:expr, $function:ident => $run:expr) => {{
        use $crate::generic::function::{
            ClippedRelu, Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Swish, Tanh,
        };
        match $activation {
            $crate::Activation::Identity => {
                let $function = Identity;
                $run
            }
            $crate::Activation::Relu => {
                let $function = Relu;
                $run
            }
            $crate::Activation::Swish => {
                let $function = Swish;
                $run
            }
            $crate::Activation::Gelu => {
                let $function = Gelu;
                $run
            }
            $crate::Activation::Sigmoid => {
                let $function = Sigmoid;
                $run
            }
            $crate::Activation::Tanh => {
                let $function = Tanh;
                $run
            }
            $crate::Activation::LeakyRelu { slope } => {
                let $function = LeakyRelu { slope };
                $run
            }
            $crate::Activation::Elu { alpha } => {
                let $function = Elu { alpha };
                $run
            }
            $crate::Activation::ClippedRelu { limit } => {
                let $function = ClippedRelu { limit };
                $run
            }
        }
    }};
}
pub(crate) use with_function;

/// `z`.
#[derive(Clone, Copy)]
pub(crate) struct Identity;

impl Function for Identity {
    #[inline(always)]
    fn value<S: Simd>(self, _simd: S, z: S::Vector) -> S::Vector {
        z
    }

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        (z, simd.splat(1.0))
    }
}

/// `max(z, 0)`.
#[derive(Clone, Copy)]
pub(crate) struct Relu;

impl Function for Relu {
    // In this order a `z` that is not a number stays one.
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        simd.max(simd.splat(0.0), z)
    }

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let zero = simd.splat(0.0);
        (self.value(simd, z), simd.if_greater(z, zero, simd.splat(1.0), zero))
    }
}

/// `z / (1 + exp(-z))`.
#[derive(Clone, Copy)]
pub(crate) struct Swish;

impl Function for Swish {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        simd.mul(z, Sigmoid.value(simd, z))
    }

    /// The slope is `s + y (1 - s)` with the sigmoid `s` and the value `y = z s`.
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let s = Sigmoid.value(simd, z);
        let y = simd.mul(z, s);
        (y, simd.mul_add(y, simd.sub(simd.splat(1.0), s), s))
    }
}

/// `1 / (1 + exp(-z))`.
#[derive(Clone, Copy)]
pub(crate) struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        let one = simd.splat(1.0);
        simd.div(one, simd.add(one, exp(simd, simd.sub(simd.splat(0.0), z))))
    }

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let s = self.value(simd, z);
        (s, simd.mul(s, simd.sub(simd.splat(1.0), s)))
    }
}

/// `tanh(z)`.
#[derive(Clone, Copy)]
pub(crate) struct Tanh;

impl Function for Tanh {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        let s = Sigmoid.value(simd, simd.add(z, z));
        simd.sub(simd.add(s, s), simd.splat(1.0))
    }

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let y = self.value(simd, z);
        (y, simd.sub(simd.splat(1.0), simd.mul(y, y)))
    }
}

/// `z` above 0, else `slope * z`.
#[derive(Clone, Copy)]
pub(crate) struct LeakyRelu {
    pub slope: f32,
}

impl Function for LeakyRelu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        simd.if_greater(z, simd.splat(0.0), z, simd.mul(z, simd.splat(self.slope)))
    }

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let slope = simd.if_greater(z, simd.splat(0.0), simd.splat(1.0), simd.splat(self.slope));
        (simd.mul(z, slope), slope)
    }
}

/// `z` above 0, else `alpha * (exp(z) - 1)`.
#[derive(Clone, Copy)]
pub(crate) struct Elu {
    pub alpha: f32,
}

impl Function for Elu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        self.value_and_slope(simd, z).0
    }

    /// Below 0 the slope is `alpha * exp(z)`.
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let (zero, alpha) = (simd.splat(0.0), simd.splat(self.alpha));
        let rest = simd.mul(alpha, exp(simd, z));
        let y = simd.if_greater(z, zero, z, simd.sub(rest, alpha));
        (y, simd.if_greater(z, zero, simd.splat(1.0), rest))
    }
}

/// `min(max(z, 0), limit)`.
#[derive(Clone, Copy)]
pub(crate) struct ClippedRelu {
    pub limit: f32,
}

impl Function for ClippedRelu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        simd.min(simd.splat(self.limit), Relu.value(simd, z))
    }

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let (y, slope) = Relu.value_and_slope(simd, z);
        let limit = simd.splat(self.limit);
        (simd.min(limit, y), simd.if_greater(limit, z, slope, simd.splat(0.0)))
    }
}

/// `z * Phi(z)`.
#[derive(Clone, Copy)]
pub(crate) struct Gelu;

impl Gelu {
    /// `Phi(z)`, the distribution function of the standard normal, to 4e-7.
    ///
    /// With `u = |z| / sqrt(2)` and `t = 1 / (1 + u / 2)` the complementary error function is
    /// `t exp(-u^2 + p(t))`; `p` is the polynomial of degree 9 through the values of `ln(erfcx(u) / t)` at Chebyshev's
    /// points, 1e-7 from them at most.
    #[inline(always)]
    fn normal_cdf<S: Simd>(simd: S, z: S::Vector) -> S::Vector {
        let zero = simd.splat(0.0);
        let u = simd.mul(simd.max(z, simd.sub(zero, z)), simd.splat(std::f32::consts::FRAC_1_SQRT_2));
        let one = simd.splat(1.0);
        let t = simd.div(one, simd.mul_add(u, simd.splat(0.5), one));
        let p = polynomial(
            simd,
            t,
            [
                0.170_872_78,
                -0.822_152_26,
                1.488_515_9,
                -1.135_204,
                0.278_868_08,
                -0.186_288_06,
                0.096_784_19,
                0.374_091_95,
                1.000_023_7,
                -1.265_512_2,
            ],
        );
        let tail = simd.mul(t, exp(simd, simd.sub(p, simd.mul(u, u))));
        let tail = simd.mul(tail, simd.splat(0.5));
        simd.if_greater(z, zero, simd.sub(one, tail), tail)
    }
}

impl Function for Gelu {
    #[inline(always)]
    fn value<S: Simd>(self, simd: S, z: S::Vector) -> S::Vector {
        simd.mul(z, Gelu::normal_cdf(simd, z))
    }

    /// The slope is `Phi(z) + z phi(z)` with the density `phi`.
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, simd: S, z: S::Vector) -> (S::Vector, S::Vector) {
        let cdf = Gelu::normal_cdf(simd, z);
        let exponent = simd.mul(simd.mul(z, z), simd.splat(-0.5));
        let density = simd.mul(exp(simd, exponent), simd.splat(0.398_942_3));
        (simd.mul(z, cdf), simd.mul_add(z, density, cdf))
    }
}

/// `exp(x)` to 2 units in the last place; `x` is held to -87..=88, so that the result is a normal number.
///
/// `x = n ln 2 + r` with a whole `n`, the logarithm in two parts; then the series of `exp(r)` up to `r^7`, whose rest
/// is below 1e-8 for `|r| <= ln(2) / 2`.
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let x = simd.max(simd.splat(-87.0), simd.min(simd.splat(88.0), x));
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    let r = simd.mul_add(n, simd.splat(-0.693_359_4), x);
    let r = simd.mul_add(n, simd.splat(2.121_944_4e-4), r);
    let series = [1.0 / 5_040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 1.0 / 2.0, 1.0, 1.0];
    simd.mul(polynomial(simd, r, series), simd.exp2(n))
}

/// The polynomial of `x` with the coefficients of `x^(N - 1)`, …, `x^0`.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::Vector, coefficients: [f32; N]) -> S::Vector {
    let mut sum = simd.splat(0.0);
    for (i, coefficient) in coefficients.into_iter().enumerate() {
        let coefficient = simd.splat(coefficient);
        sum = if i == 0 { coefficient } else { simd.mul_add(sum, x, coefficient) };
    }
    sum
}
