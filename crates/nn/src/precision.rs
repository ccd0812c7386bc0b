//! How precisely convolutions multiply.

use serde::{Deserialize, Serialize};

/// How precisely convolutions multiply. All else, the sums too, is done in `f32`, and so are convolutions that would
/// gain nothing: those of fewer than four channels, with strides, and the weight gradients of tiny images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// In `f32`.
    #[default]
    F32,
    /// What is multiplied is first rounded to bf16, which keeps 8 bits of precision: outputs and gradients are off by
    /// about 0.5 % of what went into them. Needs AVX-512-BF16.
    Bf16,
}

impl std::str::FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "f32" => Ok(Precision::F32),
            "bf16" => Ok(Precision::Bf16),
            _ => Err(format!("precision: expected f32 or bf16, found {name:?}")),
        }
    }
}

impl From<Precision> for kernels::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => kernels::Precision::F32,
            Precision::Bf16 => kernels::Precision::Bf16,
        }
    }
}
