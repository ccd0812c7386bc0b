//! What an output depends on: gradients with respect to the input and to what a layer gives.
//!
//! The network is taken as it is applied: moving statistics, nothing dropped, `f32`. What is said of a sample depends on
//! that sample alone, to the bit: not on the others, their number or the number of threads.

mod layer;
mod objective;
mod occlusion;

use kernels::{KernelError, Kernels, LANES};
use rayon::prelude::*;

pub use layer::{LayerError, feature_layer};
pub use objective::Objective;
pub use occlusion::{Occlusion, OcclusionError};

use crate::batch::Batch;
use crate::engine::Engine;
use crate::network::Network;
use crate::plan::{Mode, plan};
use crate::spec::{Extent, Shape};
use crate::weights::Weights;

/// A network ready to be asked what its outputs depend on.
///
/// ```
/// use nn::batch::Batch;
/// use nn::explain::{Explainer, Objective, feature_layer};
/// use nn::{Network, presets, spec::Shape};
///
/// let network = Network::new(presets::encoder(Shape { h: 32, w: 32, c: 1 }, 3), 0).unwrap();
/// let layer = feature_layer(network.spec(), None)?;
/// let mut explainer = Explainer::new(&network, Some(layer))?;
/// let mut batch = explainer.new_batch();
/// batch.fill_part(2, |i, sample, target| {
///     sample[i] = 1.0;
///     target[1] = 1.0; // the second class
///     Ok::<f32, std::convert::Infallible>(1.0)
/// }).unwrap();
/// explainer.explain(&batch, Objective::Probabilities);
/// assert_eq!(explainer.input_gradients().len(), 2 * 32 * 32);
/// let (shape, maps) = explainer.class_activation().unwrap();
/// assert_eq!((shape.h, shape.w, maps.len()), (4, 4, 2 * 4 * 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Explainer {
    engine: Engine,
    weights: Weights,
    input: Shape,
    outputs: usize,
    /// What the layer gives.
    features: Option<Shape>,
    batch_size: usize,
}

/// Packs at a time, as far as [`MEMORY`] allows.
const PACKS: usize = 4;
/// Bytes of the values and gradients of all packs; a single pack may take more.
const MEMORY: usize = 1 << 29;

impl Explainer {
    /// An explainer on the best instruction set of this CPU. `layer` is the number of the layer whose output is looked at,
    /// see [`feature_layer`].
    ///
    /// # Errors
    /// When `MORPHOTYPE_KERNELS` asks for what is not there.
    ///
    /// # Panics
    /// When `layer` is not the number of a layer that gives an image.
    pub fn new(network: &Network, layer: Option<usize>) -> Result<Explainer, KernelError> {
        Ok(Explainer::with_kernels(Kernels::detect()?, network, layer))
    }

    /// The same on a given instruction set.
    ///
    /// # Panics
    /// As [`Explainer::new`].
    #[must_use]
    pub fn with_kernels(kernels: Kernels, network: &Network, layer: Option<usize>) -> Explainer {
        let graph = network.graph();
        let features = layer.map(|layer| match graph.nodes[layer].extent {
            Extent::Image(shape) => shape,
            Extent::Flat(_) => panic!("layer {layer} gives features, not an image"),
        });
        let plan = plan(network.spec(), &graph, Mode::Explaining { layer });
        let packs = (MEMORY / plan.packs.bytes()).clamp(1, PACKS);
        Explainer {
            engine: Engine::new(kernels, network, plan, packs * LANES),
            weights: network.weights().clone(),
            input: network.spec().input,
            outputs: network.spec().outputs(),
            features,
            batch_size: packs * LANES,
        }
    }

    /// An empty batch of the size and shape that [`Explainer::explain`] wants: 64 samples, fewer when they are large.
    #[must_use]
    pub fn new_batch(&self) -> Batch {
        Batch::new(self.input, self.outputs, self.batch_size)
    }

    /// Computes the outputs of the samples and, for each, the gradients of the sum of its outputs weighed by its target:
    /// 1 for one class explains that class, 1 for all the sum of all.
    ///
    /// # Panics
    /// When the batch is empty, larger than the explainer's, or of another shape.
    pub fn explain(&mut self, batch: &Batch, objective: Objective) {
        assert!(!batch.is_empty() && batch.size() <= self.batch_size, "batch of {}", batch.len());
        assert_eq!((batch.input(), batch.classes()), (self.input, self.outputs), "shape of the batch");
        self.engine.read(batch);
        self.engine.forward(&self.weights, None);
        self.engine.begin_gradients(batch, objective);
        self.engine.backward(&self.weights, None);
    }

    /// Logits of the samples of the last batch, `[n][outputs]`.
    #[must_use]
    pub fn logits(&self) -> Vec<f32> {
        self.engine.logits()
    }

    /// Gradients with respect to the samples of the last batch, `[n, h, w, c]`.
    #[must_use]
    pub fn input_gradients(&self) -> Vec<f32> {
        let len = self.input.len();
        let mut result = vec![0.0; self.engine.packs().len() * LANES * len];
        if let Some(gradient) = self.engine.plan.wanted.input {
            let packs = self.engine.packs().par_iter().zip(result.par_chunks_mut(len * LANES));
            packs.for_each(|(pack, samples)| {
                kernels::unpack_cells(self.input.into(), pack.gradients.get(gradient), samples);
            });
        }
        result.truncate(self.engine.flat.real * len);
        result
    }

    /// Class activation of the samples of the last batch, `[n, h, w]`, and the shape of what the layer gives: its channels
    /// weighed by the means of their gradients and added up. Where it is positive, the layer speaks for what was asked.
    /// None when the explainer was made without a layer.
    ///
    /// # Source
    /// Selvaraju et al. 2017 (Grad-CAM, before its rectifier), doi:10.1109/ICCV.2017.74.
    #[must_use]
    pub fn class_activation(&self) -> Option<(Shape, Vec<f32>)> {
        let (shape, (value, gradient)) = (self.features?, self.engine.plan.wanted.layer?);
        let pixels = shape.h * shape.w;
        let mut result = vec![0.0; self.engine.packs().len() * LANES * pixels];
        let packs = self.engine.packs().par_iter().zip(result.par_chunks_mut(pixels * LANES));
        packs.for_each(|(pack, maps)| {
            weigh(shape, pack.values.get(value), pack.gradients.get(gradient), maps);
        });
        result.truncate(self.engine.flat.real * pixels);
        Some((shape, result))
    }
}

/// Channels of a pack weighed by the means of their gradients: `maps` is `[16][h][w]`.
fn weigh(shape: Shape, values: &[f32], gradients: &[f32], maps: &mut [f32]) {
    let Shape { h, w, c } = shape;
    let rows = |x: &'_ [f32]| -> Vec<[f32; LANES]> {
        x.chunks_exact(LANES).map(|lanes| std::array::from_fn(|lane| lanes[lane])).collect()
    };
    let (values, gradients) = (rows(values), rows(gradients));
    let mut weights = vec![[0.0_f64; LANES]; c];
    for (at, gradient) in gradients.iter().enumerate() {
        let weight = &mut weights[at / w % c];
        weight.iter_mut().zip(gradient).for_each(|(sum, &g)| *sum += f64::from(g));
    }
    let mut sums = vec![[0.0_f64; LANES]; h * w];
    for (at, value) in values.iter().enumerate() {
        let (pixel, weight) = (at / (w * c) * w + at % w, &weights[at / w % c]);
        let sum = sums[pixel].iter_mut().zip(weight).zip(value);
        sum.for_each(|((sum, weight), &value)| *sum += weight * f64::from(value));
    }
    let n = (h * w) as f64;
    for (lane, map) in maps.chunks_exact_mut(h * w).enumerate() {
        map.iter_mut().zip(&sums).for_each(|(y, sum)| *y = (sum[lane] / n) as f32);
    }
}
