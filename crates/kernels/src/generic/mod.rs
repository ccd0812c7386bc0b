//! The algorithms, written once over [`crate::vector::Simd`].

pub(crate) mod affine;
pub(crate) mod correlation;
pub(crate) mod elementwise;
pub(crate) mod function;
pub(crate) mod gradient;
pub(crate) mod matrix;
pub(crate) mod pair_correlation;
pub(crate) mod pair_gradient;
pub(crate) mod pair_winograd;
pub(crate) mod pair_winograd_gradient;
pub(crate) mod pool;
pub(crate) mod sum;
pub(crate) mod tap_gradient;
pub(crate) mod weight_gradient;
pub(crate) mod winograd;
pub(crate) mod winograd_gradient;
