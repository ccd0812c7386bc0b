//! Runs a plan forward and backward over a batch.

use kernels::{Buffer, Kernels, LANES};
use rayon::prelude::*;

use crate::Precision;
use crate::batch::Batch;
use crate::blocks::{Context, ConvModel, Kind, NormModel};
use crate::network::Network;
use crate::plan::{Mode, Op, Place, Plan};
use crate::store::Store;
use crate::weights::Weights;

/// Values of a gradient that one task adds up over the packs.
const SHARE: usize = 1 << 11;

/// A network planned for training or explaining, with all buffers.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) kernels: Kernels,
    pub(crate) plan: Plan,
    convs: Vec<ConvModel>,
    pub(crate) norms: Vec<NormModel>,
    packs: Vec<Store>,
    pub(crate) flat: Store,
    /// Packs of the current batch that hold samples.
    active: usize,
    /// Gradient of each tensor; empty for those that have none.
    pub(crate) gradients: Vec<Buffer>,
}

impl Engine {
    /// `plan` is to be one of `network`.
    pub(crate) fn new(kernels: Kernels, network: &Network, plan: Plan, batch_size: usize) -> Engine {
        let n_packs = batch_size.div_ceil(LANES);
        let tensors = &network.weights().tensors;
        let learns = plan.mode == Mode::Training;
        let gradients =
            tensors.iter().map(|t| Buffer::new(if learns && t.trainable { t.data.len() } else { 0 }));
        let mut engine = Engine {
            kernels,
            convs: Vec::new(),
            norms: plan.norms.iter().map(NormModel::new).collect(),
            packs: (0..).map(|number| Store::new(&plan.packs, 1, number)).take(n_packs).collect(),
            flat: Store::new(&plan.flat, n_packs, u64::MAX),
            active: 0,
            gradients: gradients.collect(),
            plan,
        };
        engine.set_precision(Precision::F32, network.weights());
        if !learns {
            let norms = engine.norms.iter_mut().zip(&engine.plan.norms);
            norms.for_each(|(model, plan)| model.load(plan, network.weights()));
        }
        engine
    }

    /// Packs of the current batch.
    pub(crate) fn packs(&self) -> &[Store] {
        &self.packs[..self.active]
    }

    /// Logits of the samples of the current batch, `[n][outputs]`.
    pub(crate) fn logits(&self) -> Vec<f32> {
        let (n, logits) = (self.flat.lanes, self.flat.values.get(self.plan.output));
        let k = logits.len() / n;
        (0..self.flat.real * k).map(|i| logits[i % k * n + i / k]).collect()
    }

    /// Memory of the buffers.
    pub(crate) fn bytes(&self) -> usize {
        let stores = self.packs.iter().chain([&self.flat]).map(Store::bytes);
        stores.sum::<usize>() + self.gradients.iter().map(|g| size_of_val(&**g)).sum::<usize>()
    }

    /// Computes convolutions so precisely from now on; `f32` at first.
    pub(crate) fn set_precision(&mut self, precision: Precision, weights: &Weights) {
        self.convs = self.plan.convs.iter().map(|plan| ConvModel::new(plan, precision)).collect();
        self.load(weights);
    }

    /// Takes over the weights of the convolutions; the other operations read them where they are.
    pub(crate) fn load(&mut self, weights: &Weights) {
        let plans = &self.plan.convs;
        self.convs.par_iter_mut().zip(plans).for_each(|(model, plan)| model.load(plan, weights));
    }

    /// Copies the samples in; whether all their values are finite.
    pub(crate) fn read(&mut self, batch: &Batch) -> bool {
        self.active = batch.len().div_ceil(LANES);
        self.flat.real = batch.len();
        let active = self.packs[..self.active].par_iter_mut().zip(batch.packs()).enumerate();
        let finite = active.map(|(p, (store, pack))| {
            store.real = (batch.len() - p * LANES).min(LANES);
            store.values.get_mut(0).copy_from_slice(&pack.x);
            is_finite(&pack.x)
        });
        finite.reduce(|| true, |a, b| a && b)
    }

    /// Computes all values. `mask` is the key of the step's dropout; none: nothing is dropped.
    pub(crate) fn forward(&mut self, weights: &Weights, mask: Option<u64>) {
        let kernels = self.kernels;
        let packs = &mut self.packs[..self.active];
        for region in regions(&self.plan.ops) {
            let Op { place, wires, kind, .. } = &region[0];
            match (kind, place) {
                (Kind::Statistics(s), _) => {
                    let stores =
                        if *place == Place::Pack { &*packs } else { std::slice::from_ref(&self.flat) };
                    self.norms[s.norm].forward(s.norm, &self.plan.norms[s.norm], weights, stores);
                }
                (Kind::KernelGradient(_), _) => {}
                (Kind::Flatten(flatten), _) => flatten.forward(wires, packs, &mut self.flat),
                (Kind::Dense(dense), _) => dense.forward(kernels, wires, weights, &mut self.flat),
                (_, place) => {
                    let (convs, norms) = (&self.convs, &self.norms);
                    let context = Context { kernels, convs, norms, weights, mask };
                    let run =
                        |s: &mut Store| region.iter().for_each(|op| op.kind.forward(&context, &op.wires, s));
                    match place {
                        Place::Pack => packs.par_iter_mut().for_each(run),
                        Place::Flat => run(&mut self.flat),
                    }
                }
            }
        }
    }

    /// Computes all gradients from that of the output.
    pub(crate) fn backward(&mut self, weights: &Weights, mask: Option<u64>) {
        let kernels = self.kernels;
        let packs = &mut self.packs[..self.active];
        for region in regions(&self.plan.ops).rev() {
            let Op { place, wires, kind, .. } = &region[0];
            match (kind, place) {
                (Kind::Statistics(s), _) => {
                    let stores =
                        if *place == Place::Pack { &*packs } else { std::slice::from_ref(&self.flat) };
                    let plan = &self.plan.norms[s.norm];
                    self.norms[s.norm].backward(s.norm, plan, weights, stores, &mut self.gradients);
                }
                (Kind::KernelGradient(gradient), _) => {
                    gradient.backward(kernels, wires, packs, &mut self.gradients[gradient.kernel]);
                }
                (Kind::Flatten(flatten), _) => flatten.backward(wires, packs, &self.flat),
                (Kind::Dense(dense), _) => {
                    dense.backward(kernels, wires, weights, &mut self.flat, &mut self.gradients);
                }
                (_, place) => {
                    let (convs, norms) = (&self.convs, &self.norms);
                    let context = Context { kernels, convs, norms, weights, mask };
                    let run = |s: &mut Store| {
                        region.iter().rev().for_each(|op| op.kind.backward(&context, &op.wires, s))
                    };
                    match place {
                        Place::Pack => packs.par_iter_mut().for_each(run),
                        Place::Flat => run(&mut self.flat),
                    }
                }
            }
        }
        self.sum_over_packs();
    }

    /// Adds up the packs' shares of the gradients of the convolutions, in the order of the packs.
    fn sum_over_packs(&mut self) {
        let (kernels, shares) = (self.kernels, &self.plan.shares);
        let (packs, flat) = (&self.packs[..self.active], &self.flat);
        self.gradients.par_iter_mut().zip(shares).for_each(|(gradient, share)| {
            let Some((conv, part)) = *share else { return };
            gradient.par_chunks_mut(SHARE).enumerate().for_each(|(chunk, sum)| {
                let range = chunk * SHARE..chunk * SHARE + sum.len();
                sum.fill(0.0);
                // Features have a share of what is done to them, images of all else.
                let stores = packs.iter().chain([flat]);
                for share in stores.filter_map(|store| store.convs[conv][part].get(range.clone())) {
                    kernels.add_assign(sum, share);
                }
            });
        });
    }

    /// The first layer whose output holds a value that is not finite.
    pub(crate) fn first_not_finite(&self) -> Option<usize> {
        let bad = |op: &&Op| match (&op.kind, op.place) {
            (Kind::KernelGradient(_) | Kind::Statistics(_) | Kind::Fork, _) => false,
            (Kind::Flatten(_), _) | (_, Place::Flat) => !is_finite(self.flat.values.get(op.wires.y)),
            (_, Place::Pack) => {
                !self.packs[..self.active].iter().all(|p| is_finite(p.values.get(op.wires.y)))
            }
        };
        self.plan.ops.iter().find(bad).map(|op| op.layer)
    }
}

/// Runs of local operations of one place, and single operations that are not local.
fn regions(ops: &[Op]) -> impl DoubleEndedIterator<Item = &[Op]> {
    ops.chunk_by(|a, b| a.kind.is_local() && b.kind.is_local() && a.place == b.place)
}

/// Whether no value is infinite or NaN.
pub(crate) fn is_finite(x: &[f32]) -> bool {
    const INFINITY: u32 = 0x7f80_0000;
    x.iter().fold(0, |largest: u32, x| largest.max(x.to_bits() & 0x7fff_ffff)) < INFINITY
}
