//! How to train, and what makes that impossible.

use kernels::KernelError;
use serde::{Deserialize, Serialize};

use crate::optimizer::{Clip, Optimizer};
use crate::weights::Tensor;

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerSettings {
    /// How weights follow gradients.
    pub optimizer: Optimizer,
    /// How long gradients may be.
    pub clip: Clip,
    /// Samples of a full batch.
    pub batch_size: usize,
    /// Seed of dropout.
    pub seed: u64,
}

impl TrainerSettings {
    /// All settings out of range, as text; empty when there is none.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = self.optimizer.mistakes();
        if self.batch_size == 0 {
            mistakes.push("batch_size: expected at least 1, found 0".into());
        }
        if let Clip::Global { norm } | Clip::PerVariable { norm } = self.clip
            && !(norm.is_finite() && norm > 0.0)
        {
            mistakes.push(format!("clip.norm: expected above 0, found {norm}"));
        }
        mistakes
    }
}

/// Why there is no trainer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainerError {
    /// The instruction set asked for cannot be had.
    #[error(transparent)]
    Kernels(#[from] KernelError),
    /// Settings are out of range, all of them listed.
    #[error("{}", .0.join("; "))]
    Settings(Vec<String>),
    /// The state is not one of this network and optimizer.
    #[error("the optimizer's state does not fit the network: expected {expected}, found {found}")]
    State {
        /// An array that the network and optimizer have.
        expected: String,
        /// What the state has in its place.
        found: String,
    },
}

/// All that a trainer knows besides the weights: with them, training goes on to the same bits.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainerState {
    /// Steps done.
    pub step: u64,
    /// The optimizer's arrays, `<parameter>.<slot>`, in a fixed order.
    pub tensors: Vec<Tensor>,
}
