//! Networks that Keras trained give the same numbers here.
//!
//! Tolerance: 1e-5 for probabilities and for logits, relative to the largest of the set where it is above 1 (sums of
//! thousands of products in another order); 1e-4 for the network on 224x224 images.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod golden;
mod refused;
mod sample;
