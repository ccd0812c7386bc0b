//! What each of Keras' layers is here.

use formats::keras::{Dialect, KerasArray, KerasLayer};
use nn::spec::{Extent, Op, Padding};
use serde_json::Value;

use super::blocks;
use super::builder::Builder;
use super::merge;
use super::weights::{Arrays, dilated, ungrouped};

/// Layers that change nothing when a network is applied.
const IDENTITIES: [&str; 20] = [
    "ActivityRegularization",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomHue",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "StochasticDepth",
];

/// Layers that are something here.
const KNOWN: [&str; 33] = [
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "ConvBlock2D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "ELU",
    "Encoder2D",
    "Flatten",
    "GetItem",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "LayerNormalization",
    "LayerScale",
    "LeakyReLU",
    "MaxPooling2D",
    "Normalization",
    "PReLU",
    "Permute",
    "ReLU",
    "Rescaling",
    "Reshape",
    "ResidualBlock2D",
    "Resizing",
    "SeparableConv2D",
    "Softmax",
    "SpatialDropout2D",
    "ZeroPadding2D",
];

/// Layers for sequences whose names do not end with `1D`.
const SEQUENCES: [&str; 13] = [
    "Attention",
    "Bidirectional",
    "ConvLSTM2D",
    "Embedding",
    "GRU",
    "LSTM",
    "Masking",
    "MultiHeadAttention",
    "RNN",
    "RepeatVector",
    "SimpleRNN",
    "TextVectorization",
    "TimeDistributed",
];

/// Layers that give more pixels than they read.
const LARGER: [&str; 3] = ["Conv2DTranspose", "Deconvolution2D", "UpSampling2D"];

/// Whether what a layer gives is what it reads, value for value, when a network is applied.
pub(super) fn keeps_order(layer: &KerasLayer) -> bool {
    let class = layer.class.as_str();
    let linear =
        class == "Activation" && layer.config.get("activation").and_then(Value::as_str) == Some("linear");
    ["Dropout", "Flatten", "Reshape", "SpatialDropout2D"].contains(&class)
        || IDENTITIES.contains(&class)
        || linear
}

/// Refuses the first layer that is not known, before anything else is said of the model.
pub(super) fn check(layers: &[KerasLayer]) -> Result<(), String> {
    let known = |layer: &KerasLayer| {
        let class = layer.class.as_str();
        KNOWN.contains(&class) || IDENTITIES.contains(&class) || merge::is_merge(layer)
    };
    let Some(layer) = layers.iter().find(|layer| !known(layer)) else { return Ok(()) };
    Err(format!("{}: {}", describe(layer), unknown(&layer.class)))
}

/// Name and class of a layer.
pub(super) fn describe(layer: &KerasLayer) -> String {
    format!("layer {:?} of class {}", layer.name, layer.class)
}

fn unknown(class: &str) -> &'static str {
    match class {
        "Lambda" => "it holds code, which is never run; expected layers that are known",
        class if SEQUENCES.contains(&class) || class.ends_with("1D") => {
            "it works on sequences; expected layers for images"
        }
        class if class.ends_with("3D") => "it works on volumes; expected layers for images",
        class if LARGER.contains(&class) => {
            "it makes images larger, as networks do whose output is an image; expected layers of a classifier"
        }
        _ => "expected a layer that is known, found one by others or of a kind that is not supported",
    }
}

/// Adds a layer that reads `inputs`; gives the name of the layer that has its output.
pub(super) fn add(builder: &mut Builder, step: &Step, inputs: Vec<String>) -> Result<String, String> {
    let layer = step.layer;
    if merge::is_merge(layer) {
        return merge::add(builder, layer, inputs);
    }
    if let Some((_, numbers)) = layer.numbers.first() {
        return Err(format!("expected outputs of layers to read, found the numbers {numbers:?}"));
    }
    if layer.class == "Concatenate" {
        return step.concatenate(builder, &inputs);
    }
    let [input] = <[String; 1]>::try_from(inputs)
        .map_err(|inputs| format!("expected one input, found {}", inputs.len()))?;
    match layer.class.as_str() {
        "Conv2D" => step.conv(builder, input),
        "DepthwiseConv2D" => step.depthwise(builder, input),
        "SeparableConv2D" => step.separable(builder, input),
        "Dense" => step.dense(builder, input),
        "BatchNormalization" => step.batch_norm(builder, input),
        "LayerNormalization" | "GroupNormalization" => step.sample_norm(builder, input),
        "LayerScale" => builder.diagonal(&layer.name, input, &step.arrays.one("variable")?.values, None),
        "MaxPooling2D" | "AveragePooling2D" => step.pool(builder, input),
        "GlobalMaxPooling2D" | "GlobalAveragePooling2D" => step.global_pool(builder, input),
        "Flatten" => step.flatten(builder, input),
        "Activation" | "ReLU" | "LeakyReLU" | "ELU" | "PReLU" | "Softmax" => step.activation(builder, input),
        "ZeroPadding2D" | "Cropping2D" => step.border(builder, input),
        "Reshape" => step.reshape(builder, input),
        "GetItem" => step.channels(builder, input),
        "Permute" => step.permute(input),
        "Resizing" => step.resizing(builder, input),
        "Dropout" | "SpatialDropout2D" => step.dropout(builder, input),
        "Rescaling" | "Normalization" => step.affine(builder, input),
        "ConvBlock2D" => blocks::conv_block(builder, layer, input),
        "ResidualBlock2D" => blocks::residual_block(builder, layer, input),
        "Encoder2D" => blocks::encoder(builder, layer, input),
        class if IDENTITIES.contains(&class) => Ok(input),
        class => Err(unknown(class).to_owned()),
    }
}

/// One layer on its way.
pub(super) struct Step<'a> {
    pub layer: &'a KerasLayer,
    pub arrays: Arrays<'a>,
    pub dialect: Dialect,
    /// Whether it is the last of the model.
    pub last: bool,
    /// Whether its features are an image of one pixel here.
    pub kept: bool,
}

impl<'a> Step<'a> {
    pub fn new(layer: &'a KerasLayer, dialect: Dialect, last: bool, kept: bool) -> Step<'a> {
        Step { layer, arrays: Arrays(layer), dialect, last, kept }
    }
}

impl Step<'_> {
    /// A number; NumPy's are written as objects.
    pub fn number(&self, key: &str) -> Option<f64> {
        let value = self.layer.config.get(key)?;
        value.as_f64().or_else(|| value.get("value")?.as_f64())
    }

    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.layer.config.get(key).and_then(Value::as_bool).unwrap_or(default)
    }

    /// One or two whole numbers above 0.
    pub fn pair(&self, key: &str, default: [usize; 2]) -> Result<[usize; 2], String> {
        pair(&self.layer.config, key, default)
    }

    pub fn padding(&self) -> Result<Padding, String> {
        padding(&self.layer.config)
    }

    fn bias(&self) -> Result<Option<&KerasArray>, String> {
        self.flag("use_bias", true).then(|| self.arrays.one("bias")).transpose()
    }

    fn conv(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let stored = self.arrays.one("kernel")?;
        let dilation = self.pair("dilation_rate", [1; 2])?;
        let groups = self.number("groups").unwrap_or(1.0) as usize;
        let kernel = if groups == 1 { stored.clone() } else { ungrouped(stored, groups)? };
        let kernel = if dilation == [1; 2] { kernel } else { dilated(&kernel, dilation)? };
        let step = (self.pair("strides", [1; 2])?, self.padding()?);
        let outlet = builder.conv(&self.layer.name, input, &kernel, self.bias()?, step)?;
        self.activated(builder, outlet)
    }

    fn depthwise(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let stored = self.arrays.one("depthwise_kernel").or_else(|_| self.arrays.one("kernel"))?;
        let kernel = dilated(stored, self.pair("dilation_rate", [1; 2])?)?;
        let step = (self.pair("strides", [1; 2])?, self.padding()?);
        let bias = self.bias()?.map(|bias| &bias.values[..]);
        let outlet = builder.depthwise(&self.layer.name, input, &kernel, bias, step)?;
        self.activated(builder, outlet)
    }

    fn separable(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let depthwise = self.arrays.one("depthwise_kernel")?;
        let depthwise = dilated(depthwise, self.pair("dilation_rate", [1; 2])?)?;
        let step = (self.pair("strides", [1; 2])?, self.padding()?);
        let name = format!("{}/depthwise", self.layer.name);
        let each = builder.depthwise(&name, input, &depthwise, None, step)?;
        let pointwise = self.arrays.one("pointwise_kernel")?;
        let outlet =
            builder.conv(&self.layer.name, each, pointwise, self.bias()?, ([1; 2], Padding::Valid))?;
        self.activated(builder, outlet)
    }

    /// Of an image, each pixel is a vector of features.
    fn dense(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let kernel = self.arrays.one("kernel")?;
        let &[inputs, units] = &kernel.shape[..] else {
            return Err(format!("expected a kernel [in, out], found {:?}", kernel.shape));
        };
        let name = &self.layer.name;
        let outlet = match builder.extent(&input) {
            Extent::Image(_) if builder.first && !self.kept => {
                return Err("expected features, found an image with channels first".to_owned());
            }
            Extent::Image(_) => {
                let kernel = KerasArray { shape: vec![1, 1, inputs, units], ..kernel.clone() };
                builder.conv(name, input, &kernel, self.bias()?, ([1; 2], Padding::Valid))?
            }
            Extent::Flat(n) if n != inputs => return Err(format!("expected {inputs} features, found {n}")),
            Extent::Flat(_) => {
                let bias = self.bias()?;
                let planes = builder.planes(&input);
                let outlet = builder.op(name, &[input], Op::Dense { units, bias: bias.is_some() })?;
                let values =
                    planes.map_or_else(|| kernel.values.clone(), |planes| planes.array(kernel).values);
                builder.tensor(name, "kernel", &kernel.shape, values)?;
                if let Some(bias) = bias {
                    builder.tensor(name, "bias", &bias.shape, bias.values.clone())?;
                }
                outlet
            }
        };
        self.activated(builder, outlet)
    }

    /// In training only; what drops whole images (stochastic depth) is left out.
    fn dropout(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        if self.layer.config.get("noise_shape").is_some_and(|shape| !shape.is_null()) {
            return Ok(input);
        }
        let rate = self.number("rate").unwrap_or(0.0) as f32;
        builder.op(&self.layer.name, &[input], Op::Dropout { rate })
    }

    fn batch_norm(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        self.last_axis(builder, &input)?;
        let epsilon = self.number("epsilon").unwrap_or(1e-3) as f32;
        let momentum = self.number("momentum").unwrap_or(0.99) as f32;
        if self.number("mode").is_some_and(|mode| mode != 0.0) {
            return Err("expected a norm with statistics of its own (mode 0), found another".to_owned());
        }
        let planes = builder.planes(&input);
        let ordered = |array: &KerasArray| planes.map_or_else(|| array.clone(), |planes| planes.array(array));
        let mean = self.arrays.one("moving_mean")?;
        let name = &self.layer.name;
        let outlet = builder.op(name, &[input], Op::BatchNorm { epsilon, momentum })?;
        for (role, key, absent) in [("gamma", "scale", 1.0), ("beta", "center", 0.0)] {
            let values = if self.flag(key, true) {
                ordered(self.arrays.one(role)?).values
            } else {
                vec![absent; mean.values.len()]
            };
            builder.tensor(name, role, &mean.shape, values)?;
        }
        for role in ["moving_mean", "moving_variance"] {
            let array = ordered(self.arrays.one(role)?);
            builder.tensor(name, role, &array.shape, array.values)?;
        }
        Ok(outlet)
    }

    /// A norm within each sample: over the channels of each pixel, or over groups of channels.
    fn sample_norm(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        self.last_axis(builder, &input)?;
        if self.flag("rms_scaling", false) {
            return Err("expected a norm that subtracts the mean, found rms_scaling".to_owned());
        }
        let (name, c) = (&self.layer.name, builder.extent(&input).channels());
        let epsilon = self.number("epsilon").unwrap_or(1e-3) as f32;
        let op = if self.layer.class == "LayerNormalization" {
            Op::LayerNorm { epsilon }
        } else {
            let groups = self.number("groups").unwrap_or(32.0);
            Op::GroupNorm { groups: if groups < 0.0 { c } else { groups as usize }, epsilon }
        };
        let outlet = builder.op(name, &[input], op)?;
        for (role, key, absent) in [("gamma", "scale", 1.0), ("beta", "center", 0.0)] {
            let own = self.flag(key, true);
            let values = if own { self.arrays.one(role)?.values.clone() } else { vec![absent; c] };
            builder.tensor(name, role, &[c], values)?;
        }
        Ok(outlet)
    }

    /// One channel, or all of them backwards, by a convolution of one pixel.
    fn channels(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let c = builder.extent(&input).channels();
        let taken: Vec<usize> = match self.layer.config.get("channels") {
            Some(Value::Number(number)) => number.as_u64().into_iter().map(|n| n as usize).collect(),
            Some(Value::String(_)) => (0..c).rev().collect(),
            _ => return Err("expected one channel, or all of them backwards, found another part".to_owned()),
        };
        if builder.first || taken.iter().any(|&channel| channel >= c) {
            return Err(format!("expected some of {c} channels that come last, found {taken:?}"));
        }
        let mut values = vec![0.0; c * taken.len()];
        taken.iter().enumerate().for_each(|(to, from)| values[from * taken.len() + to] = 1.0);
        let (role, shape) = ("kernel".to_owned(), vec![1, 1, c, taken.len()]);
        let kernel = KerasArray { role, shape, values };
        builder.conv(&self.layer.name, input, &kernel, None, ([1; 2], Padding::Valid))
    }

    /// Refuses a norm along anything but channels or features.
    pub fn last_axis(&self, builder: &Builder, input: &str) -> Result<(), String> {
        let is_image = matches!(builder.extent(input), Extent::Image(_)) && !self.kept;
        let first = is_image && builder.first;
        let rank = if is_image && !first { 3 } else { 1 };
        let axis = match self.layer.config.get("axis") {
            Some(Value::Array(axes)) if axes.len() == 1 => axes[0].as_i64(),
            Some(value) => value.as_i64(),
            None => Some(-1),
        };
        match axis {
            Some(axis) if axis == rank || axis == if first { -3 } else { -1 } => Ok(()),
            _ => {
                let found = axis.map_or("none".to_owned(), |axis| axis.to_string());
                Err(format!("expected the axis of the channels, {rank}, found {found}"))
            }
        }
    }
}

/// One or two whole numbers above 0 of some settings.
pub(super) fn pair(config: &Value, key: &str, default: [usize; 2]) -> Result<[usize; 2], String> {
    let whole = |value: &Value| {
        let n = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=4096).contains(n));
        n.ok_or_else(|| format!("expected {key:?} from 1 to 4096, found {value}"))
    };
    match config.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Array(values)) => match &values[..] {
            [one] => Ok([whole(one)?; 2]),
            [a, b] => Ok([whole(a)?, whole(b)?]),
            _ => Err(format!("expected two numbers as {key:?}, found {}", values.len())),
        },
        Some(value) => Ok([whole(value)?; 2]),
    }
}

/// How a layer treats the border.
pub(super) fn padding(config: &Value) -> Result<Padding, String> {
    match config.get("padding").and_then(Value::as_str) {
        Some("same") => Ok(Padding::Same),
        Some("valid") | None => Ok(Padding::Valid),
        Some(other) => Err(format!("expected padding same or valid, found {other:?}")),
    }
}
