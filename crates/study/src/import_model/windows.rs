//! Pools, zeros around images, and images in another shape.

use formats::keras::{INPUT, KerasModel};
use nn::spec::{Extent, Op, Padding};
use serde_json::Value;

use super::axes::is_first;
use super::builder::Builder;
use super::layers::Step;
use super::merge::is_pixel;

/// The axes of the images that a network makes of its input at once where that is none, when a `Reshape` to three axes is
/// all that reads it.
pub(super) fn made_image(keras: &KerasModel) -> Option<Vec<Option<usize>>> {
    if keras.input.len() == 3 {
        return None;
    }
    let mut readers = keras.layers.iter().filter(|layer| layer.inputs.iter().any(|input| input == INPUT));
    let (Some(layer), None) = (readers.next(), readers.next()) else { return None };
    let target = layer.config.get("target_shape").filter(|_| layer.class == "Reshape")?.as_array()?;
    let lengths: Option<Vec<usize>> =
        target.iter().map(|length| length.as_u64().and_then(|n| usize::try_from(n).ok())).collect();
    let product = |lengths: &[usize]| lengths.iter().try_fold(1_usize, |n, &length| n.checked_mul(length));
    let (made, read): (_, Option<Vec<usize>>) = (lengths?, keras.input.iter().copied().collect());
    (made.len() == 3 && product(&made) == product(&read?)).then(|| made.into_iter().map(Some).collect())
}

impl Step<'_> {
    pub(super) fn pool(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let size = self.pair("pool_size", [2; 2])?;
        let (stride, padding) = (self.pair("strides", size)?, self.padding()?);
        let op = match self.layer.class.as_str() {
            "MaxPooling2D" => Op::MaxPool { size, stride, padding },
            _ => Op::AveragePool { size, stride, padding },
        };
        builder.op(&self.layer.name, &[input], op)
    }

    pub(super) fn global_pool(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let average = self.layer.class.starts_with("GlobalAv");
        let keeps = self.flag("keepdims", false) || self.kept;
        if average && !keeps {
            return builder.op(&self.layer.name, &[input], Op::GlobalAveragePool);
        }
        let size = match builder.extent(&input) {
            Extent::Image(shape) => [shape.h, shape.w],
            Extent::Flat(n) => return Err(format!("expected an image, found {n} features")),
        };
        let (stride, padding) = (size, Padding::Valid);
        let op = if average {
            Op::AveragePool { size, stride, padding }
        } else {
            Op::MaxPool { size, stride, padding }
        };
        let pooled = builder.op(&self.layer.name, &[input], op)?;
        if keeps { Ok(pooled) } else { builder.op(&format!("{pooled}/flat"), &[pooled], Op::Flatten) }
    }

    pub(super) fn flatten(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        match builder.extent(&input) {
            Extent::Flat(_) => Ok(input),
            extent if self.kept && is_pixel(extent) => Ok(input),
            extent if self.kept => {
                Err(format!("expected one pixel to make an image of later, found {extent}"))
            }
            Extent::Image(shape) => {
                let outlet = builder.op(&self.layer.name, &[input], Op::Flatten)?;
                if builder.first && !is_first(self.layer) {
                    builder.flattened(&outlet, shape);
                }
                Ok(outlet)
            }
        }
    }

    /// `n`, `[rows, columns]` or `[[top, bottom], [left, right]]`, zeros around or pixels left out.
    pub(super) fn border(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let crops = self.layer.class == "Cropping2D";
        let key = if crops { "cropping" } else { "padding" };
        let value = self.layer.config.get(key).unwrap_or(&Value::Null);
        let whole = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let side = |value: &Value| match value {
            Value::Array(two) => match &two[..] {
                [before, after] => Some([whole(before)?, whole(after)?]),
                _ => None,
            },
            one => whole(one).map(|n| [n; 2]),
        };
        let sides = match value {
            Value::Array(two) if two.len() == 2 => side(&two[0]).zip(side(&two[1])),
            one => side(one).map(|both| (both, both)),
        };
        let (rows, columns) =
            sides.ok_or_else(|| format!("expected pixels on each side as {key:?}, found {value}"))?;
        let op = if crops { Op::Crop { rows, columns } } else { Op::Pad { rows, columns } };
        builder.op(&self.layer.name, &[input], op)
    }

    /// Only what keeps the order of the values.
    pub(super) fn reshape(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let before = builder.extent(&input);
        let Some(target) = self.layer.config.get("target_shape").and_then(Value::as_array) else {
            return Err("expected a \"target_shape\", found none".to_owned());
        };
        let n = before.len();
        let known: usize =
            target.iter().filter_map(Value::as_u64).fold(1, |n, length| n.saturating_mul(length as usize));
        let length = |length: &Value| match length.as_u64() {
            Some(length) => length as usize,
            None => n.checked_div(known).unwrap_or(0),
        };
        match (&target.iter().map(length).collect::<Vec<usize>>()[..], before) {
            (&[units], Extent::Flat(_)) if units == n => Ok(input),
            (&[units], Extent::Image(_)) if units == n => self.flatten(builder, input),
            (&[c, h, w], Extent::Image(shape))
                if builder.first && [h, w, c] == [shape.h, shape.w, shape.c] =>
            {
                Ok(input)
            }
            (&[h, w, c], Extent::Image(shape))
                if !builder.first && [h, w, c] == [shape.h, shape.w, shape.c] =>
            {
                Ok(input)
            }
            (&[h, w], Extent::Image(shape)) if [h, w, 1] == [shape.h, shape.w, shape.c] => Ok(input),
            _ => {
                let target = Value::Array(target.clone());
                Err(format!("expected a shape that keeps the axes, found {target} for {before}"))
            }
        }
    }

    /// Only the order that is there already.
    pub(super) fn permute(&self, input: String) -> Result<String, String> {
        match self.layer.config.get("dims") {
            Some(Value::Array(dims)) if dims.iter().zip(1..).all(|(dim, place)| *dim == place) => Ok(input),
            dims => Err(format!("expected the axes in their order, found {dims:?}")),
        }
    }

    /// Channels, or features, one after the other.
    pub(super) fn concatenate(&self, builder: &mut Builder, inputs: &[String]) -> Result<String, String> {
        if let Some(first) = inputs.first() {
            self.last_axis(builder, first)?;
        }
        builder.op(&self.layer.name, inputs, Op::Concat)
    }

    /// Only to the size that images have already.
    pub(super) fn resizing(&self, builder: &Builder, input: String) -> Result<String, String> {
        let wanted = ["height", "width"].map(|key| self.layer.config.get(key).and_then(Value::as_u64));
        match builder.extent(&input) {
            Extent::Image(shape) if wanted == [shape.h, shape.w].map(|n| Some(n as u64)) => Ok(input),
            found => Err(format!("expected images of its size already (see --size), found {found}")),
        }
    }
}
