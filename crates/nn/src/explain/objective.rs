//! What of the outputs is explained.

use crate::batch::Batch;
use crate::engine::Engine;
use crate::loss::log_sum_exp;

/// What of the outputs is explained; each is weighed by the sample's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Objective {
    /// Logits.
    Logits,
    /// Softmax probabilities.
    #[default]
    Probabilities,
}

impl Objective {
    /// The weighed sum for the `logits` and the `target` of one sample.
    ///
    /// ```
    /// use nn::explain::Objective;
    /// assert_eq!(Objective::Logits.value(&[1.0, 2.0], &[0.0, 1.0]), 2.0);
    /// assert!((Objective::Probabilities.value(&[3.0, 3.0], &[0.0, 1.0]) - 0.5).abs() < 1e-12);
    /// ```
    ///
    /// # Panics
    /// When the lengths differ.
    #[must_use]
    pub fn value(self, logits: &[f32], target: &[f32]) -> f64 {
        assert_eq!(logits.len(), target.len(), "logits and target");
        let z = |j: usize| f64::from(logits[j]);
        let log_sum = log_sum_exp(logits.len(), z);
        let terms = target.iter().enumerate().map(|(j, &t)| match self {
            Objective::Logits => f64::from(t) * z(j),
            Objective::Probabilities => f64::from(t) * (z(j) - log_sum).exp(),
        });
        terms.sum()
    }

    /// Its gradient with respect to the logits.
    fn gradient(self, logits: &[f64], target: &[f32], out: &mut [f64]) {
        let t = |j: usize| f64::from(target[j]);
        if self == Objective::Logits {
            return out.iter_mut().enumerate().for_each(|(j, out)| *out = t(j));
        }
        let log_sum = log_sum_exp(logits.len(), |j| logits[j]);
        let p = |j: usize| (logits[j] - log_sum).exp();
        // Sums of differences: 1 - p would be 0 where a class is all but sure.
        for (j, out) in out.iter_mut().enumerate() {
            *out = p(j) * (0..logits.len()).map(|k| (t(j) - t(k)) * p(k)).sum::<f64>();
        }
    }
}

impl Engine {
    /// Sets the gradient of the outputs; that of padding is 0.
    pub(super) fn begin_gradients(&mut self, batch: &Batch, objective: Objective) {
        let (n, k) = (self.flat.lanes, batch.classes());
        let Some(gradient) = self.plan.output_gradient else { return };
        let logits = self.flat.values.get(self.plan.output);
        let dy = self.flat.gradients.get_mut(gradient);
        dy.fill(0.0);
        let (mut z, mut dz) = (vec![0.0; k], vec![0.0; k]);
        for (i, (target, _)) in batch.samples().enumerate() {
            z.iter_mut().enumerate().for_each(|(j, z)| *z = f64::from(logits[j * n + i]));
            objective.gradient(&z, target, &mut dz);
            dz.iter().enumerate().for_each(|(j, &dz)| dy[j * n + i] = dz as f32);
        }
    }
}
