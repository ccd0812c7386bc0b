//! A small learning engine for small images in batches: layers, losses, optimisers, fit, predict.
//!
//! Sixteen *samples* side by side are a *pack*; an image activation of a pack is `[h][c][w][16]`, so that every
//! operation is the same arithmetic done for sixteen samples at once. Packs are computed in parallel on whatever
//! `rayon` pool is current, and everything that is summed over packs is summed in their order: the number of threads
//! never changes a bit of the result.
//!
//! | step | module |
//! |---|---|
//! | describe a network | [`spec`], [`presets`] |
//! | its parameters | [`weights`], [`Network`] |
//! | learn | [`batch`], [`train`], [`fit`], with [`optimizer`], [`schedule`], [`average`] |
//! | apply | [`predict`], [`loss`] |
//! | ask why | [`explain`] |
//!
//! Between a specification and arithmetic stands the plan: the operations in order, chains of batch norm, activation
//! and pooling fused to one pass, and who reads and writes which buffer.

pub mod average;
pub mod batch;
mod blocks;
mod engine;
pub mod explain;
pub mod fit;
mod graph;
pub mod loss;
mod network;
pub mod optimizer;
mod plan;
mod precision;
pub mod predict;
pub mod presets;
pub mod schedule;
pub mod spec;
mod store;
pub mod train;
pub mod weights;

pub use network::{Network, WeightsError};
pub use precision::Precision;
