//! Steps of training.

mod report;
mod settings;

use kernels::{Buffer, Kernels, LANES};
use rayon::prelude::*;

pub use report::{NonFinite, Quantity, StepReport};
pub use settings::{TrainerError, TrainerSettings, TrainerState};

use crate::Precision;
use crate::batch::Batch;
use crate::blocks::scramble;
use crate::engine::Engine;
use crate::network::Network;
use crate::optimizer::{CHUNK, Clip, Moment};
use crate::plan::{Mode, plan};
use crate::weights::Tensor;

/// A network that learns.
#[derive(Debug)]
pub struct Trainer {
    network: Network,
    settings: TrainerSettings,
    engine: Engine,
    step: u64,
    /// Per tensor of the network, the arrays of the optimizer; none for those that are not trained.
    slots: Vec<Vec<Vec<f32>>>,
    /// Per tensor, the sums of squares of the parts of its gradient.
    squares: Vec<Vec<f64>>,
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
        let plan = plan(network.spec(), &network.graph(), Mode::Training);
        let engine = Engine::new(kernels, &network, plan, settings.batch_size);
        let slot = |gradient: &Buffer| -> Vec<Vec<f32>> {
            let names = if gradient.is_empty() { &[] } else { settings.optimizer.slots() };
            names.iter().map(|_| vec![0.0; gradient.len()]).collect()
        };
        let slots = engine.gradients.iter().map(slot).collect();
        let squares = engine.gradients.iter().map(|g| Vec::with_capacity(g.len().div_ceil(CHUNK))).collect();
        Ok(Trainer { network, settings, engine, step: 0, slots, squares })
    }

    /// The same trainer, which computes convolutions so precisely from now on; without this in `f32`.
    ///
    /// # Errors
    /// When this CPU cannot.
    pub fn with_precision(mut self, precision: Precision) -> Result<Trainer, TrainerError> {
        self.engine.kernels.require(precision.into())?;
        self.engine.set_precision(precision, self.network.weights());
        Ok(self)
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

    /// Bytes that training takes: activations, gradients, weights and the optimizer's arrays, and the two batches of
    /// [`run_epoch`](crate::fit::run_epoch). It does not grow.
    #[must_use]
    pub fn memory(&self) -> usize {
        let slots: usize = self.slots.iter().flatten().map(Vec::len).sum();
        let input = self.network.spec().input.len() * LANES * self.settings.batch_size.div_ceil(LANES);
        // A batch holds its samples twice, as written and side by side.
        self.engine.bytes() + (slots + self.network.weights().len() + 4 * input) * size_of::<f32>()
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
        self.engine.logits()
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
        self.engine.gradients.par_iter().zip(&mut self.squares).for_each(|(g, squares)| {
            g.par_chunks(CHUNK).map(|part| kernels.sum_of_squares(part)).collect_into_vec(squares);
        });
        let mut total = 0.0;
        let longest = match self.settings.clip {
            Clip::None => f64::INFINITY,
            Clip::Global { norm } | Clip::PerVariable { norm } => f64::from(norm),
        };
        for (i, g) in self.engine.gradients.iter_mut().enumerate().rev() {
            let squares: f64 = self.squares[i].iter().sum();
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
        let parts = (&mut weights.tensors, &self.engine.gradients, &mut self.slots).into_par_iter();
        parts.filter(|(tensor, ..)| tensor.trainable).for_each(|(tensor, g, slots)| {
            let decays = tensor.shape.len() > 1;
            self.settings.optimizer.apply(now, decays, &mut tensor.data, g, slots);
        });
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
