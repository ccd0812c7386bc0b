//! x86-64 with vector extensions.

pub(crate) mod avx2;
pub(crate) mod avx512;
