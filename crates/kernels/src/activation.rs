//! The elementwise functions between two layers.

use crate::Kernels;

/// A function applied to each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `z`.
    Identity,
    /// `max(z, 0)`; the derivative at 0 is 0.
    Relu,
    /// `z / (1 + exp(-z))`, also named SiLU.
    Swish,
    /// `z * Phi(z)` with the normal distribution function `Phi`: the exact form, not the one with `tanh`.
    Gelu,
}

impl Activation {
    fn value(self, z: f32) -> f32 {
        match self {
            Activation::Identity => z,
            Activation::Relu => z.max(0.0),
            Activation::Swish => z / (1.0 + (-z).exp()),
            Activation::Gelu => (f64::from(z) * normal_cdf(f64::from(z))) as f32,
        }
    }

    fn derivative(self, z: f32) -> f32 {
        match self {
            Activation::Identity => 1.0,
            Activation::Relu => f32::from(u8::from(z > 0.0)),
            Activation::Swish => {
                let s = 1.0 / (1.0 + (-z).exp());
                s * (1.0 + z * (1.0 - s))
            }
            Activation::Gelu => {
                let z = f64::from(z);
                (normal_cdf(z) + z * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()) as f32
            }
        }
    }

    pub(crate) fn pair(self, z: f32) -> (f32, f32) {
        (self.value(z), self.derivative(z))
    }
}

/// Distribution function of the standard normal, by the series for small and the continued fraction for large `z`.
fn normal_cdf(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z.abs() < 4.0 {
        let (mut term, mut sum) = (z, z);
        for k in 1..100 {
            term *= z * z / f64::from(2 * k + 1);
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let mut fraction = z.abs();
    for k in (1..60).rev() {
        fraction = z.abs() + f64::from(k) / fraction;
    }
    if z < 0.0 { density / fraction } else { 1.0 - density / fraction }
}

impl Kernels {
    /// `y = act(z)`, value by value.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn activation(self, act: Activation, z: &[f32], y: &mut [f32]) {
        assert_eq!(z.len(), y.len());
        for (y, &z) in y.iter_mut().zip(z) {
            *y = act.pair(z).0;
        }
    }

    /// `dz = act'(z) * dy`, value by value.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn activation_backward(self, act: Activation, z: &[f32], dy: &[f32], dz: &mut [f32]) {
        assert_eq!(z.len(), dy.len());
        assert_eq!(z.len(), dz.len());
        for ((dz, &dy), &z) in dz.iter_mut().zip(dy).zip(z) {
            *dz = act.pair(z).1 * dy;
        }
    }
}
