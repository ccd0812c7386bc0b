//! Steps of training.

use kernels::{KernelError, Kernels};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::blocks::scramble;
use crate::engine::Engine;
use crate::loss::{arg_max, log_sum_exp};
use crate::network::Network;
use crate::optimizer::{CHUNK, Clip, Moment, Optimizer};
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

/// A step found numbers that are not finite; weights and state are as before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", match .what {
    Quantity::Input => "the input holds values that are not finite",
    Quantity::Loss => "the loss is not finite",
    Quantity::Gradient => "the gradient is not finite",
}, match .layer { Some(layer) => format!("; first at layer '{layer}'"), None => String::new() })]
pub struct NonFinite {
    /// Where they were seen.
    pub what: Quantity,
    /// The first layer (in the order of the computation) that has them.
    pub layer: Option<String>,
}

/// All that a trainer knows besides the weights: with them, training goes on to the same bits.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainerState {
    /// Steps done.
    pub step: u64,
    /// The optimizer's arrays, `<parameter>.<slot>`, in a fixed order.
    pub tensors: Vec<Tensor>,
}

/// A network that learns.
#[derive(Debug)]
pub struct Trainer {
    network: Network,
    settings: TrainerSettings,
    engine: Engine,
    step: u64,
    /// Per tensor of the network, the arrays of the optimizer; none for those that are not trained.
    slots: Vec<Vec<Vec<f32>>>,
    partial_sums: Vec<f64>,
}

impl Trainer {
    /// A trainer on the best instruction set of this CPU.
    ///
    /// # Errors
    /// When settings are out of range or `MORPHOTYPE_KERNELS` asks for what is not there.
    pub fn new(network: Network, settings: TrainerSettings) -> Result<Trainer, TrainerError> {
        Trainer::with_kernels(Kernels::detect()?, network, settings)
    }

    /// A trainer on a given instruction set.
    ///
    /// # Errors
    /// When settings are out of range.
    pub fn with_kernels(
        kernels: Kernels,
        network: Network,
        settings: TrainerSettings,
    ) -> Result<Trainer, TrainerError> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            return Err(TrainerError::Settings(mistakes));
        }
        let engine = Engine::new(kernels, &network, settings.batch_size);
        let slot = |gradient: &Vec<f32>| -> Vec<Vec<f32>> {
            let names = if gradient.is_empty() { &[] } else { settings.optimizer.slots() };
            names.iter().map(|_| vec![0.0; gradient.len()]).collect()
        };
        let slots = engine.gradients.iter().map(slot).collect();
        Ok(Trainer { network, settings, engine, step: 0, slots, partial_sums: Vec::new() })
    }

    /// A trainer that goes on where [`Trainer::state`] was taken; `network` must have the weights of that moment.
    ///
    /// # Errors
    /// When the state does not fit, settings are out of range, or the instruction set is not there.
    pub fn restore(
        network: Network,
        settings: TrainerSettings,
        state: TrainerState,
    ) -> Result<Trainer, TrainerError> {
        let mut trainer = Trainer::new(network, settings)?;
        let mut given = state.tensors.into_iter();
        for (name, i, slot) in trainer.slot_names() {
            let array = &mut trainer.slots[i][slot];
            match given.next() {
                Some(tensor) if tensor.name == name && tensor.data.len() == array.len() => {
                    *array = tensor.data
                }
                other => {
                    let found = other
                        .map_or("nothing".into(), |t| format!("{} with {} values", t.name, t.data.len()));
                    let expected = format!("{name} with {} values", array.len());
                    return Err(TrainerError::State { expected, found });
                }
            }
        }
        if let Some(extra) = given.next() {
            return Err(TrainerError::State { expected: "no more arrays".into(), found: extra.name });
        }
        trainer.step = state.step;
        Ok(trainer)
    }

    /// The network as it is now, moving statistics included.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How it trains.
    #[must_use]
    pub fn settings(&self) -> &TrainerSettings {
        &self.settings
    }

    /// Steps done.
    #[must_use]
    pub fn steps_done(&self) -> u64 {
        self.step
    }

    /// An empty batch of the size and shape that [`Trainer::step`] wants.
    #[must_use]
    pub fn new_batch(&self) -> Batch {
        let spec = self.network.spec();
        Batch::new(spec.input, spec.outputs(), self.settings.batch_size)
    }

    /// Logits of the samples of the last step, before it changed the weights, `[n][classes]`.
    #[must_use]
    pub fn last_logits(&self) -> Vec<f32> {
        let (n, k) = (self.engine.flat.lanes, self.engine.outputs());
        let logits = self.engine.flat.values.get(self.engine.plan.output);
        (0..self.engine.flat.real * k).map(|i| logits[i % k * n + i / k]).collect()
    }

    /// The state to continue from, see [`Trainer::restore`].
    #[must_use]
    pub fn state(&self) -> TrainerState {
        let tensor = |(name, i, slot): (String, usize, usize)| Tensor {
            name,
            shape: self.network.weights().tensors[i].shape.clone(),
            data: self.slots[i][slot].clone(),
            trainable: false,
        };
        TrainerState { step: self.step, tensors: self.slot_names().into_iter().map(tensor).collect() }
    }

    /// Name, tensor and slot of each array of the optimizer.
    fn slot_names(&self) -> Vec<(String, usize, usize)> {
        let names = self.settings.optimizer.slots();
        let trained = self.slots.iter().enumerate().filter(|(_, slots)| !slots.is_empty());
        let of = |i: usize| &self.network.weights().tensors[i].name;
        trained
            .flat_map(|(i, _)| names.iter().enumerate().map(move |(slot, name)| (i, slot, name)))
            .map(|(i, slot, name)| (format!("{}.{name}", of(i)), i, slot))
            .collect()
    }

    /// One step: forward, loss, backward, and the weights follow. The step after the first allocates nothing.
    ///
    /// # Errors
    /// When the input, the loss or a gradient is not finite; then nothing has changed.
    ///
    /// # Panics
    /// When the batch is empty, larger than the trainer's, or of another shape.
    pub fn step(&mut self, batch: &Batch, learning_rate: f32) -> Result<StepReport, NonFinite> {
        let spec = self.network.spec();
        let k = batch.classes();
        assert!(!batch.is_empty() && batch.size() <= self.settings.batch_size, "batch of {}", batch.len());
        assert_eq!((batch.input(), k), (spec.input, self.engine.outputs()), "shape of the batch");
        if !self.engine.read(batch) {
            return Err(NonFinite { what: Quantity::Input, layer: None });
        }
        let mask = Some(scramble(scramble(self.settings.seed) ^ self.step));
        self.engine.forward(self.network.weights(), mask);
        let report = self.engine.loss(batch);
        if !report.loss.is_finite() {
            let layer = self.engine.first_not_finite().map(|layer| spec.layers[layer].name.clone());
            return Err(NonFinite { what: Quantity::Loss, layer });
        }
        self.engine.backward(self.network.weights(), mask);
        self.clip()?;
        self.update(learning_rate);
        Ok(report)
    }

    /// Shortens the gradients, and makes sure that they are finite.
    fn clip(&mut self) -> Result<(), NonFinite> {
        let kernels = self.engine.kernels;
        let mut total = 0.0;
        let longest = match self.settings.clip {
            Clip::None => f64::INFINITY,
            Clip::Global { norm } | Clip::PerVariable { norm } => f64::from(norm),
        };
        for i in (0..self.engine.gradients.len()).rev() {
            let g = &mut self.engine.gradients[i];
            g.par_chunks(CHUNK)
                .map(|part| kernels.sum_of_squares(part))
                .collect_into_vec(&mut self.partial_sums);
            let squares: f64 = self.partial_sums.iter().sum();
            if !squares.is_finite() {
                let tensor = &self.network.weights().tensors[i].name;
                let layer = tensor.rsplit_once('.').map(|(layer, _)| layer.to_owned());
                return Err(NonFinite { what: Quantity::Gradient, layer });
            }
            if matches!(self.settings.clip, Clip::PerVariable { .. }) {
                shorten(g, squares.sqrt(), longest);
            }
            total += squares;
        }
        if matches!(self.settings.clip, Clip::Global { .. }) {
            self.engine.gradients.iter_mut().for_each(|g| shorten(g, total.sqrt(), longest));
        }
        Ok(())
    }

    fn update(&mut self, learning_rate: f32) {
        self.step += 1;
        let weights = self.network.weights_mut();
        for (norm, plan) in self.engine.norms.iter().zip(&self.engine.plan.norms) {
            norm.update_moving(plan, &mut weights.tensors);
        }
        let now = Moment { kernels: self.engine.kernels, step: self.step, rate: learning_rate };
        let parts = weights.tensors.iter_mut().zip(&self.engine.gradients).zip(&mut self.slots);
        for ((tensor, g), slots) in parts.filter(|((tensor, _), _)| tensor.trainable) {
            let decays = tensor.shape.len() > 1;
            self.settings.optimizer.apply(now, decays, &mut tensor.data, g, slots);
        }
        self.engine.load(weights);
    }
}

/// Scales `g` of length `norm` down to `longest`.
fn shorten(g: &mut [f32], norm: f64, longest: f64) {
    if norm > longest {
        let factor = (longest / norm) as f32;
        g.par_chunks_mut(CHUNK).for_each(|part| part.iter_mut().for_each(|g| *g *= factor));
    }
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

impl Engine {
    fn outputs(&self) -> usize {
        self.flat.values.get(self.plan.output).len() / self.flat.lanes
    }

    /// The loss of the batch, and its gradient with respect to the logits: `weight / total * (softmax - target)`.
    fn loss(&mut self, batch: &Batch) -> StepReport {
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
