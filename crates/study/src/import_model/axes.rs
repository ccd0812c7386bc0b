//! Networks with channels first: their images and weights with channels last, as images are here.
//!
//! What flattens such images without a word about their order (`Flatten` before Keras 2.2, `Reshape`) gives features in the
//! order channel, row, column. Here they stay in the order row, column, channel, and whatever has a weight for each of
//! them is put into that order.

use formats::keras::{KerasArray, KerasLayer};
use nn::spec::Shape;
use serde_json::Value;

/// Layers that see rows and columns.
const SPATIAL: [&str; 11] = [
    "AveragePooling2D",
    "Conv2D",
    "Cropping2D",
    "DepthwiseConv2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "MaxPooling2D",
    "Resizing",
    "SeparableConv2D",
    "UpSampling2D",
    "ZeroPadding2D",
];

/// Whether a layer says that channels come first.
pub(super) fn is_first(layer: &KerasLayer) -> bool {
    layer.config.get("data_format").and_then(Value::as_str) == Some("channels_first")
}

/// Whether the channels of a network come first: one order for all layers that see rows and columns.
pub(super) fn channels_first(layers: &[KerasLayer]) -> Result<bool, String> {
    let mut spatial = layers.iter().filter(|layer| {
        SPATIAL.contains(&layer.class.as_str())
            && layer.config.get("data_format").is_some_and(Value::is_string)
    });
    let Some(first) = spatial.next() else { return Ok(false) };
    match spatial.find(|layer| is_first(layer) != is_first(first)) {
        None => Ok(is_first(first)),
        Some(other) => Err(format!(
            "{}: expected channels in one place in all layers, found them first in some and last in others",
            super::layers::describe(other)
        )),
    }
}

/// The order channel, row, column of the values of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planes(Shape);

impl Planes {
    /// Of an image; none where it is the order row, column, channel at the same time.
    pub fn of(shape: Shape) -> Option<Planes> {
        (shape.c > 1 && shape.h * shape.w > 1).then_some(Planes(shape))
    }

    /// Rows of `width` values that are in this order, in the order row, column, channel.
    pub fn rows(self, values: &[f32], width: usize) -> Vec<f32> {
        let Planes(Shape { h, w, c }) = self;
        let mut ordered = Vec::with_capacity(values.len());
        for pixel in 0..h * w {
            for channel in 0..c {
                let at = (channel * h * w + pixel) * width;
                ordered.extend(values.get(at..at + width).unwrap_or_default());
            }
        }
        ordered
    }

    /// An array with a row for each feature.
    pub fn array(self, array: &KerasArray) -> KerasArray {
        let Planes(Shape { h, w, c }) = self;
        let width = array.values.len() / (h * w * c);
        KerasArray { values: self.rows(&array.values, width), ..array.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against `numpy.arange(8).reshape(2, 1, 2, 2).transpose(1, 2, 0, 3)`: two channels, one row, two columns.
    #[test]
    fn planes_become_pixels() {
        let planes = Planes::of(Shape { h: 1, w: 2, c: 2 }).unwrap();
        let values: Vec<f32> = (0_u8..8).map(f32::from).collect();
        assert_eq!(planes.rows(&values, 2), [0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0]);
        assert_eq!(Planes::of(Shape { h: 1, w: 1, c: 7 }), None);
    }
}
