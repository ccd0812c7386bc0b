//! From the layers of a Keras model to those of this program.

use std::collections::BTreeMap;
use std::path::Path;

use formats::keras::{self, KerasArray, KerasModel};
use nn::spec::{Extent, Function, INPUT, Layer, NetworkSpec, Op, Padding, Shape};
use nn::weights::{Tensor, Weights};

use super::axes::Planes;
use super::features::Features;
use super::layers::Step;
use super::merge::is_pixel;
use super::{layers, refused};
use crate::StudyError;

/// A network and what the user should know of it.
pub(super) struct Built {
    pub spec: NetworkSpec,
    pub weights: Weights,
    pub notes: Vec<String>,
}

/// What the last layer's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Logits, or probabilities whose softmax was left out.
    Logits,
    /// The probability of the second of two classes, whose sigmoid was left out.
    Sigmoid,
    /// Logarithms of the sigmoids of several classes.
    Sigmoids,
}

/// Most values that one layer gives for an image; the first of the published networks give a tenth of it.
const MAX_VALUES: usize = 1 << 25;

/// Most weights of a network, which convolutions by group have more of here than in their file: 4 GB.
const MAX_WEIGHTS: usize = 1 << 30;

/// The network so far.
pub(super) struct Builder {
    layers: Vec<Layer>,
    tensors: Vec<Tensor>,
    extents: BTreeMap<String, Extent>,
    /// Features that Keras has in another order than this network.
    planes: BTreeMap<String, Planes>,
    /// Weights that there may still be.
    n_left: usize,
    /// Whether the channels of Keras' images come first.
    pub first: bool,
    pub ending: Ending,
}

/// Builds the network for images of `input`, whose channels come `first` in Keras or last; `path` is for messages.
pub(super) fn build(path: &Path, keras: &KerasModel, input: Shape, first: bool) -> Result<Built, StudyError> {
    let mut builder = Builder {
        layers: Vec::new(),
        tensors: Vec::new(),
        extents: BTreeMap::from([(INPUT.to_owned(), Extent::Image(input))]),
        planes: BTreeMap::new(),
        n_left: MAX_WEIGHTS,
        first,
        ending: Ending::Logits,
    };
    let features = Features::of(&keras.layers);
    let mut outlets = BTreeMap::from([(keras::INPUT.to_owned(), INPUT.to_owned())]);
    for (number, layer) in keras.layers.iter().enumerate() {
        let read = layer.inputs.iter().enumerate().filter_map(|(number, name)| {
            let input = outlets.get(name)?.clone();
            Some(if features.flattens(layer, name) {
                builder.op(&format!("{}/features{number}", layer.name), &[input], Op::Flatten)
            } else {
                Ok(input)
            })
        });
        let inputs = read.collect::<Result<Vec<String>, String>>();
        let last = keras.layers[number + 1..].iter().all(layers::keeps_order);
        let step = Step::new(layer, keras.dialect, last, features.is_kept(&layer.name));
        let outlet = inputs
            .and_then(|inputs| layers::add(&mut builder, &step, inputs))
            .map_err(|what| refused(path, format!("{}: {what}", layers::describe(layer))))?;
        outlets.insert(layer.name.clone(), outlet);
    }
    builder.finish().map_err(|what| refused(path, what))?;
    let mut notes = Vec::new();
    if builder.ending == Ending::Sigmoids {
        let found = "its outputs are a sigmoid for each class on its own";
        notes.push(format!("{found}: probabilities are these, divided by their sum"));
    }
    if builder.ending == Ending::Sigmoid || builder.outputs() == 1 {
        if builder.ending == Ending::Logits {
            notes.push("its one output is taken for the logit of the second class".to_owned());
        }
        builder.two_classes();
    }
    let spec = NetworkSpec { input, layers: builder.layers };
    Ok(Built { spec, weights: Weights { tensors: builder.tensors }, notes })
}

impl Builder {
    /// What the layer `name` gives.
    pub fn extent(&self, name: &str) -> Extent {
        self.extents.get(name).copied().unwrap_or(Extent::Flat(0))
    }

    /// Adds a layer without weights; gives its name.
    pub fn op(&mut self, name: &str, inputs: &[String], op: Op) -> Result<String, String> {
        let extents: Vec<Extent> = inputs.iter().map(|input| self.extent(input)).collect();
        let extent = op.output(&extents)?;
        if extent.len() > MAX_VALUES {
            return Err(format!("expected at most {MAX_VALUES} values between layers, found {extent}"));
        }
        let planes = self.planes_after(inputs, &op)?;
        self.planes.extend(planes.map(|planes| (name.to_owned(), planes)));
        self.extents.insert(name.to_owned(), extent);
        self.layers.push(Layer { name: name.to_owned(), op, inputs: inputs.to_vec() });
        Ok(name.to_owned())
    }

    /// The order in which Keras has the features of a layer, where it is another than here.
    pub fn planes(&self, name: &str) -> Option<Planes> {
        self.planes.get(name).copied()
    }

    /// Says that Keras has the features that the layer `name` makes of an image in the order channel, row, column.
    pub fn flattened(&mut self, name: &str, shape: Shape) {
        self.planes.extend(Planes::of(shape).map(|planes| (name.to_owned(), planes)));
    }

    /// The order of what a layer gives; refuses layers that mix features of which the orders differ.
    fn planes_after(&self, inputs: &[String], op: &Op) -> Result<Option<Planes>, String> {
        let mut orders = inputs.iter().map(|input| self.planes(input));
        let Some(order) = orders.next() else { return Ok(None) };
        let same = orders.all(|other| other == order);
        match op {
            // Its weights were put into this program's order.
            Op::Dense { .. } => Ok(None),
            Op::Activation { .. } | Op::Dropout { .. } | Op::BatchNorm { .. } | Op::Add | Op::Multiply
                if same =>
            {
                Ok(order)
            }
            _ if same && order.is_none() => Ok(None),
            _ => Err("expected a dense layer after images with channels first are flattened, found another"
                .to_owned()),
        }
    }

    /// An image of one pixel at the end is features; their order is that of the classes.
    fn finish(&mut self) -> Result<(), String> {
        let Some(last) = self.layers.last().map(|layer| layer.name.clone()) else { return Ok(()) };
        if self.planes(&last).is_some() {
            return Err("expected a dense layer after images with channels first are flattened, found none"
                .to_owned());
        }
        if is_pixel(self.extent(&last)) {
            self.op("classes", &[last], Op::Flatten)?;
        }
        Ok(())
    }

    /// Adds an array of the layer `name`.
    pub fn tensor(&mut self, name: &str, role: &str, shape: &[usize], data: Vec<f32>) -> Result<(), String> {
        if let Some(value) = data.iter().find(|value| !value.is_finite()) {
            return Err(format!("expected weights that are numbers, found {value} in its {role}"));
        }
        let Some(n_left) = self.n_left.checked_sub(data.len()) else {
            return Err(format!("expected at most {MAX_WEIGHTS} weights, written out in full, found more"));
        };
        self.n_left = n_left;
        let tensor = Tensor { name: format!("{name}.{role}"), shape: shape.to_vec(), data, trainable: true };
        self.tensors.push(tensor);
        Ok(())
    }

    /// Adds a convolution, or a dense layer applied to each pixel.
    pub fn conv(
        &mut self,
        name: &str,
        input: String,
        kernel: &KerasArray,
        bias: Option<&KerasArray>,
        (stride, padding): ([usize; 2], Padding),
    ) -> Result<String, String> {
        let [kh, kw, c, filters] = super::weights::axes(kernel)?;
        match self.extent(&input) {
            Extent::Image(shape) if shape.c == c => {}
            Extent::Image(shape) => return Err(format!("expected {c} channels, found {}", shape.c)),
            Extent::Flat(n) => return Err(format!("expected an image, found {n} features")),
        }
        let op = Op::Conv { filters, kernel: [kh, kw], stride, padding, bias: bias.is_some() };
        let outlet = self.op(name, &[input], op)?;
        self.tensor(name, "kernel", &kernel.shape, kernel.values.clone())?;
        if let Some(bias) = bias {
            self.tensor(name, "bias", &bias.shape, bias.values.clone())?;
        }
        Ok(outlet)
    }

    /// Adds a convolution of each channel on its own, with the kernel `[rows, columns, channels, multiplier]`.
    pub fn depthwise(
        &mut self,
        name: &str,
        input: String,
        kernel: &KerasArray,
        bias: Option<&[f32]>,
        (stride, padding): ([usize; 2], Padding),
    ) -> Result<String, String> {
        let [kh, kw, c, multiplier] = super::weights::axes(kernel)?;
        match self.extent(&input) {
            Extent::Image(shape) if shape.c == c => {}
            found => return Err(format!("expected an image of {c} channels, found {found}")),
        }
        let (size, has_bias) = ([kh, kw], bias.is_some());
        let op = Op::DepthwiseConv { multiplier, kernel: size, stride, padding, bias: has_bias };
        let outlet = self.op(name, &[input], op)?;
        self.tensor(name, "kernel", &kernel.shape, kernel.values.clone())?;
        if let Some(bias) = bias {
            self.tensor(name, "bias", &[bias.len()], bias.to_vec())?;
        }
        Ok(outlet)
    }

    /// `scale * x + offset`, the same for all values.
    pub fn affine(&mut self, name: &str, input: String, scale: f32, offset: f32) -> Result<String, String> {
        self.op(name, &[input], Op::Activation { function: Function::Affine { scale, offset } })
    }

    /// `scale * x + offset` with numbers of each channel or feature.
    pub fn diagonal(
        &mut self,
        name: &str,
        input: String,
        scale: &[f32],
        offset: Option<&[f32]>,
    ) -> Result<String, String> {
        let c = self.extent(&input).channels();
        if scale.len() != c || offset.is_some_and(|offset| offset.len() != c) {
            return Err(format!("expected {c} numbers, one for each channel, found {}", scale.len()));
        }
        if matches!(self.extent(&input), Extent::Image(_)) {
            let (role, shape, values) = ("kernel".to_owned(), vec![1, 1, c, 1], scale.to_vec());
            let kernel = KerasArray { role, shape, values };
            return self.depthwise(name, input, &kernel, offset, ([1; 2], Padding::Valid));
        }
        if self.planes(&input).is_some() {
            return Err("expected a dense layer after images with channels first are flattened".to_owned());
        }
        let outlet = self.op(name, &[input], Op::Dense { units: c, bias: offset.is_some() })?;
        let mut kernel = vec![0.0; c.saturating_mul(c).min(MAX_WEIGHTS)];
        kernel.iter_mut().step_by(c + 1).zip(scale).for_each(|(value, &scale)| *value = scale);
        self.tensor(name, "kernel", &[c, c], kernel)?;
        if let Some(offset) = offset {
            self.tensor(name, "bias", &[c], offset.to_vec())?;
        }
        Ok(outlet)
    }

    fn outputs(&self) -> usize {
        match self.layers.last().map(|layer| self.extent(&layer.name)) {
            Some(Extent::Flat(units)) => units,
            _ => 0,
        }
    }

    /// Makes two logits of one: 0 for the first class, whose softmax is the sigmoid.
    fn two_classes(&mut self) {
        let Some(last) = self.layers.last_mut() else { return };
        if let Op::Dense { units, .. } = &mut last.op {
            *units = 2;
            let name = last.name.clone();
            for tensor in self
                .tensors
                .iter_mut()
                .rev()
                .take_while(|t| t.name.rsplit_once('.').is_some_and(|(l, _)| l == name))
            {
                tensor.data = tensor.data.iter().flat_map(|&w| [0.0, w]).collect();
                if let Some(length) = tensor.shape.last_mut() {
                    *length = 2;
                }
            }
        } else {
            let name = "two_classes".to_owned();
            let op = Op::Dense { units: 2, bias: false };
            let inputs = vec![last.name.clone()];
            self.tensors.push(Tensor {
                name: format!("{name}.kernel"),
                shape: vec![1, 2],
                data: vec![0.0, 1.0],
                trainable: true,
            });
            self.layers.push(Layer { name, op, inputs });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_an_end() {
        let mut builder = Builder {
            layers: Vec::new(),
            tensors: Vec::new(),
            extents: BTreeMap::new(),
            planes: BTreeMap::new(),
            n_left: 3,
            first: false,
            ending: Ending::Logits,
        };
        assert_eq!(builder.tensor("a", "bias", &[3], vec![0.0; 3]), Ok(()));
        assert!(builder.tensor("b", "bias", &[1], vec![0.0]).is_err_and(|e| e.contains("weights")));
    }
}
