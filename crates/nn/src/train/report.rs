//! What a step has to tell: the loss, or where numbers went wrong.

use crate::batch::Batch;
use crate::engine::Engine;
use crate::loss::{arg_max, log_sum_exp};

/// What one step saw, before it changed the weights.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepReport {
    /// Mean cross-entropy, by the samples' weights.
    pub loss: f64,
    /// Sum of the weights of the samples whose largest logit is that of their largest target.
    pub n_correct: f64,
    /// Sum of the samples' weights.
    pub weight: f64,
}

/// What became infinite or NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The samples, before any layer.
    Input,
    /// The output of a layer, on the way to the loss.
    Loss,
    /// The gradient of a layer's parameters.
    Gradient,
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Quantity::Input => "the input holds values that are not finite",
            Quantity::Loss => "the loss is not finite",
            Quantity::Gradient => "the gradient is not finite",
        })
    }
}

/// A step found numbers that are not finite; weights and state are as before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonFinite {
    /// Where they were seen.
    pub what: Quantity,
    /// The first layer (in the order of the computation) that has them.
    pub layer: Option<String>,
}

impl std::fmt::Display for NonFinite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.what)?;
        self.layer.iter().try_for_each(|layer| write!(f, "; first at layer '{layer}'"))
    }
}

impl std::error::Error for NonFinite {}

impl Engine {
    pub(super) fn outputs(&self) -> usize {
        self.flat.values.get(self.plan.output).len() / self.flat.lanes
    }

    /// The loss of the batch, and its gradient with respect to the logits: `weight / total * (softmax - target)`.
    pub(super) fn loss(&mut self, batch: &Batch) -> StepReport {
        let (n, k) = (self.flat.lanes, batch.classes());
        let weight: f64 = batch.samples().map(|(_, weight)| f64::from(weight)).sum();
        let mut report = StepReport { loss: 0.0, n_correct: 0.0, weight };
        let logits = self.flat.values.get(self.plan.output);
        let Some(gradient) = self.plan.output_gradient else { return report };
        let dy = self.flat.gradients.get_mut(gradient);
        dy.fill(0.0);
        for (i, (target, w)) in batch.samples().enumerate() {
            let z = |j: usize| logits[j * n + i];
            let log_sum = log_sum_exp(k, |j| f64::from(z(j)));
            let share = f64::from(w) / weight.max(f64::MIN_POSITIVE);
            let mass: f64 = target.iter().map(|&t| f64::from(t)).sum();
            for (j, &t) in target.iter().enumerate() {
                let p = (f64::from(z(j)) - log_sum).exp();
                report.loss += share * f64::from(t) * (log_sum - f64::from(z(j)));
                dy[j * n + i] = (share * (mass * p - f64::from(t))) as f32;
            }
            if arg_max(k, z) == arg_max(k, |j| target[j]) {
                report.n_correct += f64::from(w);
            }
        }
        report
    }
}
