//! Explanations of the published networks against other implementations of the same arithmetic.
//!
//! Tolerance 1e-4 of maps from 0 to 1: gradients are sums of thousands of `f32` products, squares double their error.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod golden;
mod sample;
