//! A specification together with its parameters.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::graph::{Graph, Parameter, Role};
use crate::spec::{NetworkSpec, SpecMistake};
use crate::weights::{Tensor, Weights};

/// A network that can be trained or applied. Its specification is valid and its weights fit it.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    spec: NetworkSpec,
    weights: Weights,
}

/// Why weights and a specification do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The specification has mistakes.
    #[error("the network is not valid: {}", list(.0))]
    Spec(Vec<SpecMistake>),
    /// Arrays are missing, superfluous or of another shape.
    #[error(
        "the weights do not fit the network: missing {missing:?}, not part of it {extra:?}, of the wrong shape {wrong:?}"
    )]
    Mismatch {
        /// Names that the network wants and the weights lack.
        missing: Vec<String>,
        /// Names that the weights have and the network does not know, or has already seen.
        extra: Vec<String>,
        /// Name, expected shape and found shape, spelled out.
        wrong: Vec<String>,
    },
}

fn list(mistakes: &[SpecMistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Network {
    /// A network with fresh weights: kernels uniform in ±sqrt(6 / (fan in + fan out)), variances and gammas 1, all
    /// else 0. Each array draws from its own stream of the seed, so that one layer more does not change the others.
    ///
    /// # Errors
    /// All mistakes of the specification.
    ///
    /// # Source
    /// Glorot & Bengio 2010; bounds as Keras' `glorot_uniform`.
    pub fn new(spec: NetworkSpec, seed: u64) -> Result<Network, Vec<SpecMistake>> {
        let parameters = Graph::resolve(&spec)?.parameters(&spec);
        let tensors = (0..).zip(&parameters).map(|(stream, p)| fresh(p, seed, stream)).collect();
        Ok(Network { spec, weights: Weights { tensors } })
    }

    /// A network with given weights, which may come in any order.
    ///
    /// # Errors
    /// When the specification has mistakes, or with all arrays that are missing, superfluous or of the wrong shape.
    pub fn from_weights(spec: NetworkSpec, weights: Weights) -> Result<Network, WeightsError> {
        let graph = Graph::resolve(&spec).map_err(WeightsError::Spec)?;
        let mut given: Vec<Tensor> = weights.tensors;
        let (mut missing, mut wrong, mut tensors) = (Vec::new(), Vec::new(), Vec::new());
        for Parameter { name, shape, trainable, .. } in graph.parameters(&spec) {
            let Some(at) = given.iter().position(|tensor| tensor.name == name) else {
                missing.push(name);
                continue;
            };
            let found = given.remove(at);
            if found.shape != shape || found.data.len() != shape.iter().product::<usize>() {
                let (n, found) = (found.data.len(), found.shape);
                wrong.push(format!("{name}: expected {shape:?}, found {found:?} with {n} values"));
            } else {
                tensors.push(Tensor { name, shape, data: found.data, trainable });
            }
        }
        let extra: Vec<String> = given.into_iter().map(|tensor| tensor.name).collect();
        if missing.is_empty() && extra.is_empty() && wrong.is_empty() {
            Ok(Network { spec, weights: Weights { tensors } })
        } else {
            Err(WeightsError::Mismatch { missing, extra, wrong })
        }
    }

    /// What the network is made of.
    #[must_use]
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Its parameters.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Its parameters, to be changed in place: only values, the arrays keep their names and sizes.
    pub(crate) fn weights_mut(&mut self) -> &mut Weights {
        &mut self.weights
    }

    /// The resolved graph of the specification.
    pub(crate) fn graph(&self) -> Graph {
        Graph::resolve(&self.spec).expect("the specification of a network is valid")
    }
}

fn fresh(parameter: &Parameter, seed: u64, stream: u64) -> Tensor {
    let Parameter { name, shape, trainable, role, .. } = parameter;
    let n: usize = shape.iter().product();
    let data = match role {
        Role::Kernel => {
            let receptive: usize = shape[..shape.len() - 2].iter().product();
            let fans = receptive * (shape[shape.len() - 2] + shape[shape.len() - 1]);
            let limit = (6.0 / fans as f64).sqrt();
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(stream);
            (0..n).map(|_| (limit * (2.0 * unit(&mut random) - 1.0)) as f32).collect()
        }
        Role::Gamma | Role::MovingVariance => vec![1.0; n],
        Role::Bias | Role::Beta | Role::MovingMean => vec![0.0; n],
        // He et al. 2015, doi:10.1109/ICCV.2015.123.
        Role::Alpha => vec![0.25; n],
    };
    Tensor { name: name.clone(), shape: shape.clone(), data, trainable: *trainable }
}

/// Uniform in 0..1 from 32 random bits.
fn unit(random: &mut ChaCha8Rng) -> f64 {
    f64::from(random.next_u32()) / 4_294_967_296.0
}
