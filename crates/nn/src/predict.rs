//! Applying a network: batch norms folded into the convolutions, no activation kept, each sample on its own.

use std::sync::{Mutex, PoisonError};

use kernels::{KernelError, Kernels, LANES};
use rayon::prelude::*;

use crate::Precision;
use crate::blocks::{Context, ConvModel, Kind, NormModel};
use crate::network::Network;
use crate::plan::{Mode, Op, Place, Plan, plan};
use crate::spec::Shape;
use crate::store::Store;
use crate::weights::Weights;

/// Packs whose dense layers are computed together: the weights are read once for all of them.
const GROUP: usize = 4;

/// A network ready to be applied. What it says of a sample depends on that sample alone, to the bit: not on the others,
/// their number or the number of threads.
#[derive(Debug)]
pub struct Predictor {
    kernels: Kernels,
    plan: Plan,
    convs: Vec<ConvModel>,
    norms: Vec<NormModel>,
    weights: Weights,
    input: Shape,
    /// Buffers that no thread uses at the moment.
    spare: Mutex<Vec<Buffers>>,
}

/// What one thread needs.
#[derive(Debug)]
struct Buffers {
    samples: Vec<f32>,
    pack: Store,
    flat: Store,
}

impl Predictor {
    /// A predictor on the best instruction set of this CPU.
    ///
    /// # Errors
    /// When `MORPHOTYPE_KERNELS` asks for what is not there.
    pub fn new(network: &Network) -> Result<Predictor, KernelError> {
        Ok(Predictor::with_kernels(Kernels::detect()?, network))
    }

    /// A predictor on the best instruction set of this CPU that computes convolutions so precisely.
    ///
    /// # Errors
    /// When this CPU cannot, or `MORPHOTYPE_KERNELS` asks for what is not there.
    pub fn with_precision(network: &Network, precision: Precision) -> Result<Predictor, KernelError> {
        let kernels = Kernels::detect()?;
        kernels.require(precision.into())?;
        Ok(Predictor::build(kernels, network, precision))
    }

    /// A predictor on a given instruction set.
    #[must_use]
    pub fn with_kernels(kernels: Kernels, network: &Network) -> Predictor {
        Predictor::build(kernels, network, Precision::F32)
    }

    fn build(kernels: Kernels, network: &Network, precision: Precision) -> Predictor {
        let plan = plan(network.spec(), &network.graph(), Mode::Inference);
        let weights = network.weights().clone();
        let mut convs: Vec<ConvModel> =
            plan.convs.iter().map(|plan| ConvModel::new(plan, precision)).collect();
        convs.iter_mut().zip(&plan.convs).for_each(|(model, plan)| model.load(plan, &weights));
        let mut norms: Vec<NormModel> = plan.norms.iter().map(NormModel::new).collect();
        norms.iter_mut().zip(&plan.norms).for_each(|(model, plan)| model.load(plan, &weights));
        let (input, spare) = (network.spec().input, Mutex::new(Vec::new()));
        Predictor { kernels, plan, convs, norms, weights, input, spare }
    }

    /// Shape of a sample.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Number of logits per sample.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.plan.flat.values.arrays[self.plan.output].units
    }

    /// Number of features per sample, see [`Predictor::features`].
    #[must_use]
    pub fn feature_count(&self) -> usize {
        self.plan.flat.values.arrays[self.plan.features].units
    }

    /// The logits of `n` samples, `[n][outputs]`. `fill(i, sample)` writes sample `i` as `[h, w, c]` (zeros before); it
    /// is called from several threads. Memory does not depend on `n`, apart from the result.
    ///
    /// # Errors
    /// The error of the first sample (by number) that could not be filled.
    pub fn logits<E: Send>(
        &self,
        n: usize,
        fill: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
    ) -> Result<Vec<f32>, E> {
        self.run(n, self.plan.output, fill)
    }

    /// What the last dense layer reads, `[n][feature_count]`; see [`Predictor::logits`]. Without a dense layer, the
    /// logits.
    ///
    /// # Errors
    /// The error of the first sample (by number) that could not be filled.
    pub fn features<E: Send>(
        &self,
        n: usize,
        fill: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
    ) -> Result<Vec<f32>, E> {
        self.run(n, self.plan.features, fill)
    }

    fn run<E: Send>(
        &self,
        n: usize,
        wanted: usize,
        fill: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
    ) -> Result<Vec<f32>, E> {
        let units = self.plan.flat.values.arrays[wanted].units;
        let mut result = vec![0.0; n * units];
        let group = |(number, out): (usize, &mut [f32])| {
            let mut buffers = self.take_buffers();
            let first = number * GROUP * LANES;
            let done = self.run_group(first, wanted, out, &fill, &mut buffers);
            self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
            done
        };
        let groups = result.par_chunks_mut(GROUP * LANES * units).enumerate();
        match groups.map(group).find_first(Result::is_err) {
            Some(Err(error)) => Err(error),
            _ => Ok(result),
        }
    }

    fn take_buffers(&self) -> Buffers {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| Buffers {
            samples: vec![0.0; self.input.len() * LANES],
            pack: Store::new(&self.plan.packs, 1, 0),
            flat: Store::new(&self.plan.flat, GROUP, 0),
        })
    }

    /// Computes the samples from `first` on, as many as `out` has room for. The flat part always has its full width, so
    /// that the arithmetic is the same for every group.
    fn run_group<E>(
        &self,
        first: usize,
        wanted: usize,
        out: &mut [f32],
        fill: &impl Fn(usize, &mut [f32]) -> Result<(), E>,
        buffers: &mut Buffers,
    ) -> Result<(), E> {
        let Buffers { samples, pack, flat } = buffers;
        let units = self.plan.flat.values.arrays[wanted].units;
        let len = out.len() / units;
        let (kernels, convs, norms, weights) = (self.kernels, &self.convs, &self.norms, &self.weights);
        let context = Context { kernels, convs, norms, weights, mask: None };
        for p in 0..len.div_ceil(LANES) {
            samples.fill(0.0);
            for (i, sample) in (p * LANES..len).zip(samples.chunks_exact_mut(self.input.len())) {
                fill(first + i, sample)?;
            }
            kernels::pack_cells(self.input.into(), samples, pack.values.get_mut(0));
            self.run_pack(&context, p, pack, flat);
        }
        for Op { wires, kind, .. } in self.plan.ops.iter().filter(|op| op.place == Place::Flat) {
            match kind {
                Kind::Dense(dense) => dense.forward_alone(self.kernels, wires, &self.weights, flat),
                _ => kind.forward(&context, wires, flat),
            }
        }
        let values = flat.values.get(wanted);
        for (i, row) in out.chunks_exact_mut(units).enumerate() {
            row.iter_mut().enumerate().for_each(|(unit, y)| *y = values[unit * flat.lanes + i]);
        }
        Ok(())
    }

    fn run_pack(&self, context: &Context, p: usize, pack: &mut Store, flat: &mut Store) {
        for Op { wires, kind, .. } in self.plan.ops.iter().filter(|op| op.place == Place::Pack) {
            match kind {
                Kind::Flatten(flatten) => flatten.forward_one(wires, pack, p, flat),
                _ => kind.forward(context, wires, pack),
            }
        }
    }
}
