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

/// Number of the layer that is meant by `wanted`: the name of a layer that gives an image, or the number of a convolution,
/// counted from 1; none: the last convolution.
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
/// assert_eq!(name(Some("2")), Ok("relu2"));
/// assert_eq!(name(Some("conv2")), Ok("conv2"));
/// assert!(name(Some("logits")).unwrap_err().to_string().contains("1 to 4"));
/// ```
pub fn feature_layer(spec: &NetworkSpec, wanted: Option<&str>) -> Result<usize, LayerError> {
    let graph = Graph::resolve(spec).map_err(|_| LayerError::NoConvolution)?;
    let layers = || spec.layers.iter().enumerate();
    let is_image = |layer: usize| matches!(graph.nodes[layer].extent, Extent::Image(_));
    let is_convolution = |op: &Op| matches!(op, Op::Conv { .. });
    let convolutions: Vec<usize> =
        layers().filter(|(_, layer)| is_convolution(&layer.op)).map(|(number, _)| number).collect();
    let last = *convolutions.last().ok_or(LayerError::NoConvolution)?;
    let Some(wanted) = wanted else { return Ok(leaves(spec, &graph, last)) };
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
