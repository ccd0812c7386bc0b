//! Which layer's output is looked at.

use crate::graph::{Graph, Source};
use crate::spec::{Extent, NetworkSpec, Op};

/// No such layer, or none that gives an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// The network has no convolution.
    #[error("expected a network with a convolution, found none")]
    NoConvolution,
    /// Neither a layer that gives an image nor the number of a convolution.
    #[error("expected the number of a convolution, 1 to {convolutions}, or a layer that gives an image ({}), found {found:?}", .images.join(", "))]
    Unknown {
        /// Number of convolutions.
        convolutions: usize,
        /// Names of the layers that give images.
        images: Vec<String>,
        /// What was asked for.
        found: String,
    },
}

/// Rows and columns from which on an output tells places apart.
const FINE: usize = 4;

/// Number of the layer that is meant by `wanted`: the name of a layer that gives an image, or the number of a convolution,
/// counted from 1; none: the last convolution whose output is at least 4 by 4, for what is coarser hardly tells places apart
/// (the first of all where none is).
///
/// A convolution by its number stands for what leaves it: with the batch norm, sum and activation that follow and that
/// nobody else reads, as it is where a layer has its activation as a setting.
///
/// # Errors
/// No convolution, or nothing of that name or number.
///
/// ```
/// use nn::{explain::feature_layer, presets, spec::Shape};
/// let spec = presets::phase(Shape { h: 50, w: 50, c: 3 }, 2);
/// let name = |wanted| feature_layer(&spec, wanted).map(|layer| spec.layers[layer].name.as_str());
/// assert_eq!(name(None), Ok("relu4"));
/// let small = presets::encoder(Shape { h: 28, w: 28, c: 3 }, 2);
/// assert_eq!(small.layers[feature_layer(&small, None)?].name, "swish3");
/// assert_eq!(name(Some("2")), Ok("relu2"));
/// assert_eq!(name(Some("conv2")), Ok("conv2"));
/// assert!(name(Some("logits")).unwrap_err().to_string().contains("1 to 4"));
/// # Ok::<(), nn::explain::LayerError>(())
/// ```
pub fn feature_layer(spec: &NetworkSpec, wanted: Option<&str>) -> Result<usize, LayerError> {
    let graph = Graph::resolve(spec).map_err(|_| LayerError::NoConvolution)?;
    let layers = || spec.layers.iter().enumerate();
    let is_image = |layer: usize| matches!(graph.nodes[layer].extent, Extent::Image(_));
    // A kernel of one pixel by channel only scales.
    let is_convolution = |op: &Op| match op {
        Op::Conv { .. } => true,
        Op::DepthwiseConv { kernel, .. } => *kernel != [1, 1],
        _ => false,
    };
    let convolutions: Vec<usize> =
        layers().filter(|(_, layer)| is_convolution(&layer.op)).map(|(number, _)| number).collect();
    let first = *convolutions.first().ok_or(LayerError::NoConvolution)?;
    let Some(wanted) = wanted else {
        let is_fine = |&&layer: &&usize| match graph.nodes[layer].extent {
            Extent::Image(shape) => shape.h.min(shape.w) >= FINE,
            Extent::Flat(_) => false,
        };
        let last = convolutions.iter().rfind(is_fine).copied().unwrap_or(first);
        return Ok(leaves(spec, &graph, last));
    };
    if let Some((named, _)) = layers().find(|(number, layer)| layer.name == wanted && is_image(*number)) {
        return Ok(named);
    }
    let number = wanted.parse::<usize>().ok().and_then(|number| convolutions.get(number.checked_sub(1)?));
    number.map(|&layer| leaves(spec, &graph, layer)).ok_or_else(|| LayerError::Unknown {
        convolutions: convolutions.len(),
        images: layers()
            .filter(|(number, _)| is_image(*number))
            .map(|(_, layer)| layer.name.clone())
            .collect(),
        found: wanted.to_owned(),
    })
}

/// The last layer of the chain of batch norms, sums and activations after `layer`.
fn leaves(spec: &NetworkSpec, graph: &Graph, layer: usize) -> usize {
    match graph.readers(Source::Layer(layer))[..] {
        [next] if matches!(spec.layers[next].op, Op::BatchNorm { .. } | Op::Add | Op::Activation { .. }) => {
            leaves(spec, graph, next)
        }
        _ => layer,
    }
}
