//! Averages over a run: of the weights, and of the statistics that batch norms need with averaged weights.

use kernels::{KernelError, Kernels};
use rayon::prelude::*;

use crate::batch::Batch;
use crate::engine::Engine;
use crate::network::Network;
use crate::optimizer::PART;
use crate::plan::{Mode, plan};
use crate::weights::Weights;

/// An exponential moving average of all weights. Its window grows with the run: update `t` (from 0) keeps the share
/// `min(decay, (1 + t) / (10 + t))` of the average, so that a short run is not dominated by its start.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightAverage {
    decay: f32,
    updates: u64,
    weights: Weights,
}

impl WeightAverage {
    /// An average that starts at `weights`; `decay` in 0..1, for example 0.999.
    #[must_use]
    pub fn new(weights: &Weights, decay: f32) -> WeightAverage {
        WeightAverage { decay, updates: 0, weights: weights.clone() }
    }

    /// Goes on with an average whose [`WeightAverage::weights`] and [`WeightAverage::updates`] were kept.
    #[must_use]
    pub fn restore(weights: Weights, decay: f32, updates: u64) -> WeightAverage {
        WeightAverage { decay, updates, weights }
    }

    /// Takes in the weights after a step.
    ///
    /// # Panics
    /// When they are not those of the same network.
    pub fn update(&mut self, weights: &Weights) {
        let t = self.updates as f64;
        let step = (1.0 - f64::from(self.decay).min((1.0 + t) / (10.0 + t))) as f32;
        self.updates += 1;
        assert_eq!(weights.tensors.len(), self.weights.tensors.len(), "weights of the same network");
        let pairs = self.weights.tensors.par_iter_mut().zip(&weights.tensors);
        pairs.for_each(|(average, tensor)| {
            assert_eq!(average.data.len(), tensor.data.len(), "{}", tensor.name);
            let parts = average.data.par_chunks_mut(PART).zip(tensor.data.par_chunks(PART));
            parts.for_each(|(a, w)| a.iter_mut().zip(w).for_each(|(a, w)| *a += step * (w - *a)));
        });
    }

    /// The average.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Number of updates so far.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }
}

/// Why statistics could not be estimated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatisticsError<E> {
    /// The instruction set asked for cannot be had.
    #[error(transparent)]
    Kernels(#[from] KernelError),
    /// The batch with this number could not be filled.
    #[error("batch {batch}: {source}")]
    Fill {
        /// Number of the batch.
        batch: u64,
        /// Why.
        source: E,
    },
}

/// Replaces the moving statistics of all batch norms by those of `batches` batches (nothing is dropped): averaged
/// weights were never run, so their own statistics are not known. Nothing happens without batch norms.
///
/// The mean is that over all values of all batches and the variance the unbiased one around it, where each batch counts
/// by its size; later norms see inputs normalised batch by batch, as in training.
///
/// # Errors
/// The error of `fill(number, batch)`, or when the kernels asked for are not there.
pub fn estimate_statistics<E>(
    network: &mut Network,
    batch_size: usize,
    batches: u64,
    mut fill: impl FnMut(u64, &mut Batch) -> Result<(), E>,
) -> Result<(), StatisticsError<E>> {
    let plan = plan(network.spec(), &network.graph(), Mode::Training);
    let mut engine = Engine::new(Kernels::detect()?, network, plan, batch_size);
    if engine.plan.norms.iter().all(|norm| norm.batch_norm.is_none()) {
        return Ok(());
    }
    let mut batch = Batch::new(network.spec().input, network.spec().outputs(), batch_size);
    let mut sums: Vec<Vec<[f64; 3]>> =
        engine.norms.iter().map(|norm| vec![[0.0; 3]; norm.mean.len()]).collect();
    for number in 0..batches {
        fill(number, &mut batch).map_err(|source| StatisticsError::Fill { batch: number, source })?;
        engine.read(&batch);
        engine.forward(network.weights(), None);
        for (norm, sums) in engine.norms.iter().zip(&mut sums) {
            for (c, [count, first, second]) in sums.iter_mut().enumerate() {
                *count += norm.count;
                *first += norm.count * norm.mean[c];
                *second += norm.count * (norm.variance[c] + norm.mean[c] * norm.mean[c]);
            }
        }
    }
    let tensors = &mut network.weights_mut().tensors;
    for (plan, sums) in engine.plan.norms.iter().zip(&sums) {
        let Some(norm) = plan.batch_norm else { continue };
        for (c, &[count, first, second]) in sums.iter().enumerate().filter(|(_, sum)| sum[0] > 1.0) {
            let mean = first / count;
            tensors[norm.mean].data[c] = mean as f32;
            tensors[norm.variance].data[c] =
                ((second / count - mean * mean).max(0.0) * count / (count - 1.0)) as f32;
        }
    }
    Ok(())
}
