//! The algorithms, written once over [`crate::vector::Simd`].

pub(crate) mod correlation;
pub(crate) mod weight_gradient;
