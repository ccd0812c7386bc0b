//! A model as a graph of ONNX operations, with images `[n, c, h, w]` as other programs have them.

use std::collections::BTreeMap;

use cells::normalise::Normalise;
use formats::onnx::{Attribute, OnnxModel, Port, Values};
use nn::spec::{Extent, Function, INPUT, Layer, Op, Padding, Shape};

use crate::{Model, settings::Views};

/// The graph. Its outputs are `logits` and `probabilities`; where the model averages views, so does the graph.
pub(super) fn graph(model: &Model, preparation: bool) -> OnnxModel {
    let spec = model.network.spec();
    let shape = spec.input;
    let n_classes = model.classes.len();
    let port = |name: &str, axes: &[usize]| Port {
        name: name.to_owned(),
        shape: std::iter::once(None).chain(axes.iter().copied().map(Some)).collect(),
    };
    let mut graph = Graph {
        onnx: OnnxModel {
            name: "morphotype".to_owned(),
            description: format!("Classes: {}", model.classes.join(", ")),
            inputs: vec![port("image", &[shape.c, shape.h, shape.w])],
            outputs: vec![port("logits", &[n_classes]), port("probabilities", &[n_classes])],
            metadata: facts(model, preparation),
            ..OnnxModel::default()
        },
        model,
    };
    let mut image = "image".to_owned();
    if preparation {
        image = graph.prepare(&model.contract.normalise, image);
    }
    let n_views = match model.contract.views {
        Views::One => 1,
        Views::Dihedral => {
            let views = graph.views(&image);
            image = views.1;
            views.0
        }
    };
    let last = graph.layers(&image);
    if n_views > 1 {
        let shape =
            graph.onnx.constant("views/split", &[3], Values::Int(vec![n_views, -1, n_classes as i64]));
        let split = graph.onnx.add("Reshape", &[&last, &shape], "views/apart");
        let axes = vec![("axes", Attribute::Ints(vec![0])), ("keepdims", Attribute::Int(0))];
        graph.onnx.add_with("ReduceMean", &[&split], "logits", axes);
    } else {
        graph.onnx.add("Identity", &[&last], "logits");
    }
    let temperature = graph.scalar("temperature", model.temperature as f32);
    let scaled = graph.onnx.add("Div", &["logits", &temperature], "logits/scaled");
    graph.onnx.add_with("Softmax", &[&scaled], "probabilities", vec![("axis", Attribute::Int(-1))]);
    graph.onnx
}

/// Facts that any reader of the file finds.
fn facts(model: &Model, preparation: bool) -> Vec<(String, String)> {
    let json = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
    vec![
        ("classes".to_owned(), json(serde_json::to_string(&model.classes))),
        ("contract".to_owned(), json(serde_json::to_string(&model.contract))),
        ("preparation_inside".to_owned(), preparation.to_string()),
    ]
}

struct Graph<'a> {
    onnx: OnnxModel,
    model: &'a Model,
}

impl Graph<'_> {
    fn scalar(&mut self, name: &str, value: f32) -> String {
        self.onnx.constant(name, &[], Values::Float(vec![value]))
    }

    /// The scaling of intensities; deviations are computed in double precision, as everywhere here.
    fn prepare(&mut self, normalise: &Normalise, image: String) -> String {
        let shape = self.model.network.spec().input;
        let per_channel = [1, shape.c, 1, 1];
        let (scaled, clip) = match normalise {
            Normalise::PerImage { clip } => (self.standardise(&image, &[1, 2, 3], shape.len()), *clip),
            Normalise::PerImageChannel { clip } => {
                (self.standardise(&image, &[2, 3], shape.h * shape.w), *clip)
            }
            Normalise::DataSet { mean, std, clip } => {
                let mean = self.onnx.constant("prepare/mean", &per_channel, Values::Float(mean.clone()));
                let std = self.onnx.constant("prepare/std", &per_channel, Values::Float(std.clone()));
                let centred = self.onnx.add("Sub", &[&image, &mean], "prepare/centred");
                (self.onnx.add("Div", &[&centred, &std], "prepare/scaled"), *clip)
            }
            Normalise::Range { low, high } => {
                let (low, span) = (self.scalar("prepare/low", *low), self.scalar("prepare/span", high - low));
                let (two, one) = (self.scalar("prepare/two", 2.0), self.scalar("prepare/one", 1.0));
                let above = self.onnx.add("Sub", &[&image, &low], "prepare/above");
                let share = self.onnx.add("Div", &[&above, &span], "prepare/share");
                let double = self.onnx.add("Mul", &[&share, &two], "prepare/double");
                (self.onnx.add("Sub", &[&double, &one], "prepare/scaled"), None)
            }
        };
        let Some(clip) = clip else { return scaled };
        let (low, high) = (self.scalar("prepare/least", -clip), self.scalar("prepare/most", clip));
        self.onnx.add("Clip", &[&scaled, &low, &high], "prepare/clipped")
    }

    /// `(x - mean) / max(std, 1 / sqrt(n))` over some axes of `n` values.
    fn standardise(&mut self, image: &str, axes: &[i64], n: usize) -> String {
        let onnx = &mut self.onnx;
        let cast = |to: i64| vec![("to", Attribute::Int(to))];
        let over = || vec![("axes", Attribute::Ints(axes.to_vec())), ("keepdims", Attribute::Int(1))];
        let least = onnx.constant("prepare/least_std", &[], Values::Double(vec![1.0 / (n as f64).sqrt()]));
        let exact = onnx.add_with("Cast", &[image], "prepare/exact", cast(11));
        let mean = onnx.add_with("ReduceMean", &[&exact], "prepare/mean", over());
        let centred = onnx.add("Sub", &[&exact, &mean], "prepare/centred");
        let squares = onnx.add("Mul", &[&centred, &centred], "prepare/squares");
        let variance = onnx.add_with("ReduceMean", &[&squares], "prepare/variance", over());
        let std = onnx.add("Sqrt", &[&variance], "prepare/std");
        let std = onnx.add("Max", &[&std, &least], "prepare/divisor");
        let scaled = onnx.add("Div", &[&centred, &std], "prepare/ratio");
        onnx.add_with("Cast", &[&scaled], "prepare/scaled", cast(1))
    }

    /// All views of the images one after the other, and how many there are: mirrored along each axis, and rows for
    /// columns where images are square.
    fn views(&mut self, image: &str) -> (i64, String) {
        let shape = self.model.network.spec().input;
        let onnx = &mut self.onnx;
        let minus_one = onnx.constant("views/minus_one", &[1], Values::Int(vec![-1]));
        let end = onnx.constant("views/end", &[1], Values::Int(vec![i64::MIN + 1]));
        let mut views = vec![image.to_owned()];
        for axis in [2_i64, 3] {
            let along = onnx.constant(&format!("views/axis{axis}"), &[1], Values::Int(vec![axis]));
            for view in views.clone() {
                let name = format!("{view}/mirrored{axis}");
                views.push(onnx.add("Slice", &[&view, &minus_one, &end, &along, &minus_one], &name));
            }
        }
        if shape.h == shape.w {
            for view in views.clone() {
                let order = vec![("perm", Attribute::Ints(vec![0, 1, 3, 2]))];
                views.push(onnx.add_with("Transpose", &[&view], &format!("{view}/turned"), order));
            }
        }
        let names: Vec<&str> = views.iter().map(String::as_str).collect();
        let all = onnx.add_with("Concat", &names, "views/all", vec![("axis", Attribute::Int(0))]);
        (views.len() as i64, all)
    }

    /// All layers; gives the name of the output of the last.
    fn layers(&mut self, image: &str) -> String {
        let spec = self.model.network.spec();
        let mut outlets = BTreeMap::from([(INPUT, (image.to_owned(), Extent::Image(spec.input)))]);
        let mut before = INPUT.to_owned();
        for layer in &spec.layers {
            let inputs = if layer.inputs.is_empty() { vec![before] } else { layer.inputs.clone() };
            let (reads, extents): (Vec<String>, Vec<Extent>) =
                inputs.iter().filter_map(|name| outlets.get(name.as_str()).cloned()).unzip();
            let outlet = self.layer(layer, &reads, extents.first().copied());
            // The specification of a network is valid.
            let extent = layer.op.output(&extents).unwrap_or(Extent::Flat(0));
            outlets.insert(&layer.name, (outlet, extent));
            before = layer.name.clone();
        }
        outlets.remove(before.as_str()).map_or_else(String::new, |(outlet, _)| outlet)
    }

    /// One layer that reads `inputs`, the first of which is `extent`: the name of what it gives.
    fn layer(&mut self, layer: &Layer, inputs: &[String], extent: Option<Extent>) -> String {
        let input = inputs.first().map_or("", String::as_str);
        let name = format!("layer/{}", layer.name);
        let shape = match extent {
            Some(Extent::Image(shape)) => shape,
            _ => Shape { h: 1, w: 1, c: 1 },
        };
        let reads: Vec<&str> = inputs.iter().map(String::as_str).collect();
        match layer.op {
            Op::Conv { kernel, stride, padding, .. } => {
                let stored = self.conv_kernel(&layer.name);
                self.conv(layer, input, stored, windows(shape, kernel, stride, padding))
            }
            Op::DepthwiseConv { kernel, stride, padding, .. } => {
                let stored = by_channel(self.conv_kernel(&layer.name));
                let mut settings = windows(shape, kernel, stride, padding);
                settings.push(("group", Attribute::Int(shape.c as i64)));
                self.conv(layer, input, stored, settings)
            }
            Op::BatchNorm { epsilon, .. } => {
                let roles = ["gamma", "beta", "moving_mean", "moving_variance"];
                let settings = vec![("epsilon", Attribute::Float(epsilon))];
                self.with_parameters("BatchNormalization", layer, input, &roles, settings)
            }
            Op::GroupNorm { .. } | Op::LayerNorm { .. } | Op::Softmax | Op::PRelu { .. } => {
                self.within(layer, input, matches!(extent, Some(Extent::Image(_))).then_some(shape))
            }
            Op::Activation { function } => self.function(function, input, &name),
            Op::MaxPool { size, stride, padding } => {
                let settings = windows(shape, size, stride, padding);
                self.onnx.add_with("MaxPool", &[input], &name, settings)
            }
            Op::AveragePool { size, stride, padding } => {
                let settings = windows(shape, size, stride, padding);
                self.onnx.add_with("AveragePool", &[input], &name, settings)
            }
            Op::GlobalAveragePool => {
                let pooled = self.onnx.add("GlobalAveragePool", &[input], &format!("{name}/pooled"));
                self.onnx.add("Flatten", &[&pooled], &name)
            }
            Op::Flatten => {
                let order = vec![("perm", Attribute::Ints(vec![0, 2, 3, 1]))];
                let last = self.onnx.add_with("Transpose", &[input], &format!("{name}/channels_last"), order);
                self.onnx.add("Flatten", &[&last], &name)
            }
            Op::Dense { .. } => self.with_parameters("Gemm", layer, input, &["kernel", "bias"], Vec::new()),
            Op::Dropout { .. } => input.to_owned(),
            Op::Add => self.onnx.add("Sum", &reads, &name),
            Op::Multiply => self.onnx.add("Mul", &reads, &name),
            Op::Crop { rows, columns } => self.crop(shape, [rows, columns], input, &name),
            Op::Concat => self.onnx.add_with("Concat", &reads, &name, vec![("axis", Attribute::Int(1))]),
            Op::Pad { rows: [top, bottom], columns: [left, right] } => {
                let zeros = [0, 0, top, left, 0, 0, bottom, right].map(|n| n as i64).to_vec();
                let zeros = self.onnx.constant(&format!("{name}/zeros"), &[8], Values::Int(zeros));
                self.onnx.add("Pad", &[input, &zeros], &name)
            }
        }
    }

    /// What is done within each sample to an image of `shape`, or to features.
    fn within(&mut self, layer: &Layer, input: &str, shape: Option<Shape>) -> String {
        let name = format!("layer/{}", layer.name);
        let norm = |epsilon: f32| vec![("epsilon", Attribute::Float(epsilon))];
        match (&layer.op, shape) {
            (Op::LayerNorm { epsilon }, None) => {
                let op = "LayerNormalization";
                self.with_parameters(op, layer, input, &["gamma", "beta"], norm(*epsilon))
            }
            (Op::LayerNorm { epsilon }, Some(_)) => {
                let order = |order: [i64; 4]| vec![("perm", Attribute::Ints(order.to_vec()))];
                let last = format!("{name}/channels_last");
                let last = self.onnx.add_with("Transpose", &[input], &last, order([0, 2, 3, 1]));
                let [gamma, beta] =
                    ["gamma", "beta"].map(|role| self.parameter(layer, role).unwrap_or_default());
                let (reads, normed) = ([&*last, &gamma, &beta], format!("{name}/normed"));
                let normed = self.onnx.add_with("LayerNormalization", &reads, &normed, norm(*epsilon));
                self.onnx.add_with("Transpose", &[&normed], &name, order([0, 3, 1, 2]))
            }
            (Op::GroupNorm { groups, epsilon }, Some(shape)) => {
                self.group_norm(layer, input, shape, (*groups, *epsilon))
            }
            (Op::PRelu { shared }, _) => {
                let stored = self.model.network.weights().get(&format!("{}.alpha", layer.name));
                let alpha = stored.map(|tensor| tensor.data.clone()).unwrap_or_default();
                let (alpha, axes) = match shape {
                    None => (alpha, vec![]),
                    Some(Shape { c, .. }) if *shared => (alpha, vec![c, 1, 1]),
                    Some(Shape { h, w, c }) => {
                        let at = (0..c).flat_map(|k| (0..h * w).map(move |pixel| pixel * c + k));
                        (at.filter_map(|at| alpha.get(at).copied()).collect(), vec![c, h, w])
                    }
                };
                let axes = if axes.is_empty() { vec![alpha.len()] } else { axes };
                let alpha = self.onnx.constant(&format!("{name}/alpha"), &axes, Values::Float(alpha));
                self.onnx.add("PRelu", &[input, &alpha], &name)
            }
            _ => self.onnx.add_with("Softmax", &[input], &name, vec![("axis", Attribute::Int(1))]),
        }
    }

    /// Each group as a channel of its own, normalised; then gamma and beta of each channel.
    fn group_norm(
        &mut self,
        layer: &Layer,
        input: &str,
        Shape { h, w, c }: Shape,
        (groups, epsilon): (usize, f32),
    ) -> String {
        let name = format!("layer/{}", layer.name);
        let part = |part: &str| format!("{name}/{part}");
        let onnx = &mut self.onnx;
        let apart = Values::Int(vec![0, groups as i64, -1]);
        let apart = onnx.constant(&part("groups"), &[3], apart);
        let whole = Values::Int([-1, c as i64, h as i64, w as i64].to_vec());
        let whole = onnx.constant(&part("whole"), &[4], whole);
        let ones = onnx.constant(&part("ones"), &[groups], Values::Float(vec![1.0; groups]));
        let zeros = onnx.constant(&part("zeros"), &[groups], Values::Float(vec![0.0; groups]));
        let apart = onnx.add("Reshape", &[input, &apart], &part("apart"));
        let settings = vec![("epsilon", Attribute::Float(epsilon))];
        let normed =
            onnx.add_with("InstanceNormalization", &[&apart, &ones, &zeros], &part("normed"), settings);
        let normed = onnx.add("Reshape", &[&normed, &whole], &part("image"));
        let [gamma, beta] = ["gamma", "beta"].map(|role| {
            let stored = self.model.network.weights().get(&format!("{}.{role}", layer.name));
            let values = stored.map(|tensor| tensor.data.clone()).unwrap_or_default();
            self.onnx.constant(&part(role), &[c, 1, 1], Values::Float(values))
        });
        let scaled = self.onnx.add("Mul", &[&normed, &gamma], &part("scaled"));
        self.onnx.add("Add", &[&scaled, &beta], &name)
    }

    /// A convolution with a kernel that is given with its axes.
    fn conv(
        &mut self,
        layer: &Layer,
        input: &str,
        (kernel, axes): (Vec<f32>, Vec<usize>),
        settings: Vec<(&'static str, Attribute)>,
    ) -> String {
        let name = format!("layer/{}", layer.name);
        let kernel = self.onnx.constant(&format!("{name}/kernel"), &axes, Values::Float(kernel));
        let bias = self.parameter(layer, "bias");
        let reads: Vec<&str> = [input, &kernel].into_iter().chain(bias.as_deref()).collect();
        self.onnx.add_with("Conv", &reads, &name, settings)
    }

    /// The image without rows and columns before and after.
    fn crop(&mut self, shape: Shape, sides: [[usize; 2]; 2], input: &str, name: &str) -> String {
        let [[top, bottom], [left, right]] = sides;
        let ends = [("from", [top, left]), ("end", [shape.h - bottom, shape.w - right]), ("axes", [2, 3])];
        let [from, end, axes] = ends.map(|(part, values)| {
            let values = Values::Int(values.map(|n| n as i64).to_vec());
            self.onnx.constant(&format!("{name}/{part}"), &[2], values)
        });
        self.onnx.add("Slice", &[input, &from, &end, &axes], name)
    }

    /// An operation that reads `input` and those arrays of its layer that there are.
    fn with_parameters(
        &mut self,
        op: &'static str,
        layer: &Layer,
        input: &str,
        roles: &[&str],
        settings: Vec<(&'static str, Attribute)>,
    ) -> String {
        let arrays: Vec<String> = roles.iter().filter_map(|role| self.parameter(layer, role)).collect();
        let reads: Vec<&str> = std::iter::once(input).chain(arrays.iter().map(String::as_str)).collect();
        self.onnx.add_with(op, &reads, &format!("layer/{}", layer.name), settings)
    }

    fn function(&mut self, function: Function, input: &str, name: &str) -> String {
        match function {
            Function::Sigmoid => self.onnx.add("Sigmoid", &[input], name),
            Function::Tanh => self.onnx.add("Tanh", &[input], name),
            Function::Softplus => self.onnx.add("Softplus", &[input], name),
            Function::Softsign => self.onnx.add("Softsign", &[input], name),
            Function::Exponential => self.onnx.add("Exp", &[input], name),
            Function::LeakyRelu { slope: alpha } => {
                self.onnx.add_with("LeakyRelu", &[input], name, vec![("alpha", Attribute::Float(alpha))])
            }
            Function::Elu { alpha } => {
                self.onnx.add_with("Elu", &[input], name, vec![("alpha", Attribute::Float(alpha))])
            }
            Function::ClippedRelu { limit } => {
                let (least, most) =
                    (self.scalar(&format!("{name}/least"), 0.0), self.scalar(&format!("{name}/most"), limit));
                self.onnx.add("Clip", &[input, &least, &most], name)
            }
            Function::Relu => self.onnx.add("Relu", &[input], name),
            Function::Affine { scale, offset } => {
                let (scale, offset) = (
                    self.scalar(&format!("{name}/scale"), scale),
                    self.scalar(&format!("{name}/offset"), offset),
                );
                let scaled = self.onnx.add("Mul", &[input, &scale], &format!("{name}/scaled"));
                self.onnx.add("Add", &[&scaled, &offset], name)
            }
            Function::Swish => {
                let gate = self.onnx.add("Sigmoid", &[input], &format!("{name}/gate"));
                self.onnx.add("Mul", &[input, &gate], name)
            }
            Function::Gelu => {
                let (root, one, half) = (
                    self.scalar(&format!("{name}/root"), std::f32::consts::SQRT_2),
                    self.scalar(&format!("{name}/one"), 1.0),
                    self.scalar(&format!("{name}/half"), 0.5),
                );
                let scaled = self.onnx.add("Div", &[input, &root], &format!("{name}/scaled"));
                let error = self.onnx.add("Erf", &[&scaled], &format!("{name}/erf"));
                let gate = self.onnx.add("Add", &[&error, &one], &format!("{name}/gate"));
                let product = self.onnx.add("Mul", &[input, &gate], &format!("{name}/product"));
                self.onnx.add("Mul", &[&product, &half], name)
            }
        }
    }

    /// Adds the array of a layer's role as a constant, when it has one.
    fn parameter(&mut self, layer: &Layer, role: &str) -> Option<String> {
        let tensor = self.model.network.weights().get(&format!("{}.{role}", layer.name))?;
        let name = format!("layer/{}/{role}", layer.name);
        Some(self.onnx.constant(&name, &tensor.shape, Values::Float(tensor.data.clone())))
    }

    /// A kernel `[kh, kw, in, out]` as `[out, in, kh, kw]`, and its axes.
    fn conv_kernel(&self, layer: &str) -> (Vec<f32>, Vec<usize>) {
        let Some(tensor) = self.model.network.weights().get(&format!("{layer}.kernel")) else {
            return (Vec::new(), vec![0; 4]);
        };
        let &[kh, kw, c, f] = &tensor.shape[..] else { return (Vec::new(), vec![0; 4]) };
        let mut values = Vec::with_capacity(tensor.data.len());
        for (o, i, tap) in
            (0..f).flat_map(|o| (0..c).flat_map(move |i| (0..kh * kw).map(move |tap| (o, i, tap))))
        {
            values.push(tensor.data[(tap * c + i) * f + o]);
        }
        (values, vec![f, c, kh, kw])
    }
}

/// A kernel `[multiplier, c, kh, kw]`, as `[kh, kw, c, multiplier]` comes out of [`Graph::conv_kernel`], as
/// `[c * multiplier, 1, kh, kw]`, and its axes.
fn by_channel((weights, axes): (Vec<f32>, Vec<usize>)) -> (Vec<f32>, Vec<usize>) {
    let [multiplier, c, kh, kw] = axes[..] else { return (weights, axes) };
    let filter = |number: usize| {
        let (channel, m) = (number / multiplier, number % multiplier);
        &weights[(m * c + channel) * kh * kw..][..kh * kw]
    };
    let values = (0..c * multiplier).flat_map(filter).copied().collect();
    (values, vec![c * multiplier, 1, kh, kw])
}

/// Settings of windows that move over an image of `shape`. Means are over what is inside: zeros around do not count.
fn windows(
    shape: Shape,
    size: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
) -> Vec<(&'static str, Attribute)> {
    let along = |n: usize, size: usize, stride: usize| match padding {
        Padding::Valid => [0, 0],
        Padding::Same => {
            let pad = ((n.div_ceil(stride) - 1) * stride + size).saturating_sub(n);
            [pad / 2, pad - pad / 2]
        }
    };
    let [top, bottom] = along(shape.h, size[0], stride[0]);
    let [left, right] = along(shape.w, size[1], stride[1]);
    let ints = |values: &[usize]| Attribute::Ints(values.iter().map(|&v| v as i64).collect());
    vec![
        ("kernel_shape", ints(&size)),
        ("strides", ints(&stride)),
        ("pads", ints(&[top, left, bottom, right])),
    ]
}
