//! What each of Keras' layers is here.

use formats::keras::{KerasArray, KerasLayer};
use nn::spec::{Function, Op, Padding};
use serde_json::Value;

use super::blocks;
use super::builder::{Builder, Ending, Extent};
use super::weights::{Arrays, across, dilated, ungrouped};

/// Layers that change nothing when a network is applied.
const IDENTITIES: [&str; 19] = [
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
];

/// Layers that are something here.
const KNOWN: [&str; 24] = [
    "Activation",
    "Add",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "ConvBlock2D",
    "Convolution2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "ELU",
    "Encoder2D",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "LeakyReLU",
    "MaxPooling2D",
    "Normalization",
    "ReLU",
    "Rescaling",
    "ResidualBlock2D",
    "SeparableConv2D",
    "Softmax",
    "SpatialDropout2D",
];

/// Refuses the first layer that is not known, before anything else is said of the model.
pub(super) fn check(layers: &[KerasLayer]) -> Result<(), String> {
    let known = |class: &str| KNOWN.contains(&class) || IDENTITIES.contains(&class);
    let Some(layer) = layers.iter().find(|layer| !known(&layer.class)) else { return Ok(()) };
    Err(format!("{}: {}", describe(layer), unknown(&layer.class)))
}

/// Name and class of a layer.
pub(super) fn describe(layer: &KerasLayer) -> String {
    format!("layer {:?} of class {}", layer.name, layer.class)
}

fn unknown(class: &str) -> &'static str {
    match class {
        "Lambda" => "it holds code, which is never run; expected layers that are known",
        _ => "expected a layer that is known, found one by others or of a kind that is not supported",
    }
}

/// Adds a layer that reads `inputs`; gives the name of the layer that has its output.
pub(super) fn add(
    builder: &mut Builder,
    layer: &KerasLayer,
    inputs: Vec<String>,
    last: bool,
) -> Result<String, String> {
    if layer.config.get("data_format").and_then(Value::as_str) == Some("channels_first") {
        return Err("expected channels last, found channels first".to_owned());
    }
    let step = Step { layer, arrays: Arrays(layer), last };
    if layer.class == "Add" {
        return builder.op(&layer.name, &inputs, Op::Add);
    }
    let [input] = <[String; 1]>::try_from(inputs)
        .map_err(|inputs| format!("expected one input, found {}", inputs.len()))?;
    match layer.class.as_str() {
        "Conv2D" | "Convolution2D" => step.conv(builder, input),
        "DepthwiseConv2D" => step.depthwise(builder, input),
        "SeparableConv2D" => step.separable(builder, input),
        "Dense" => step.dense(builder, input),
        "BatchNormalization" => step.batch_norm(builder, input),
        "MaxPooling2D" | "AveragePooling2D" => step.pool(builder, input),
        "GlobalMaxPooling2D" | "GlobalAveragePooling2D" => step.global_pool(builder, input),
        "Flatten" => match builder.extent(&input) {
            Extent::Image(_) => builder.op(&layer.name, &[input], Op::Flatten),
            Extent::Flat(_) => Ok(input),
        },
        "Activation" | "ReLU" | "LeakyReLU" | "ELU" | "Softmax" => step.activation(builder, input),
        "Dropout" | "SpatialDropout2D" => {
            let rate = step.number("rate").unwrap_or(0.0) as f32;
            builder.op(&layer.name, &[input], Op::Dropout { rate })
        }
        "Rescaling" | "Normalization" => step.affine(builder, input),
        "ConvBlock2D" => blocks::conv_block(builder, layer, input),
        "ResidualBlock2D" => blocks::residual_block(builder, layer, input),
        "Encoder2D" => blocks::encoder(builder, layer, input),
        class if IDENTITIES.contains(&class) => Ok(input),
        class => Err(unknown(class).to_owned()),
    }
}

/// One layer on its way.
struct Step<'a> {
    layer: &'a KerasLayer,
    arrays: Arrays<'a>,
    /// Whether it is the last of the model.
    last: bool,
}

impl Step<'_> {
    fn number(&self, key: &str) -> Option<f64> {
        self.layer.config.get(key).and_then(Value::as_f64)
    }

    fn flag(&self, key: &str, default: bool) -> bool {
        self.layer.config.get(key).and_then(Value::as_bool).unwrap_or(default)
    }

    /// One or two whole numbers above 0.
    fn pair(&self, key: &str, default: [usize; 2]) -> Result<[usize; 2], String> {
        pair(&self.layer.config, key, default)
    }

    fn padding(&self) -> Result<Padding, String> {
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
        let kernel = dilated(&across(stored)?, self.pair("dilation_rate", [1; 2])?)?;
        let step = (self.pair("strides", [1; 2])?, self.padding()?);
        let outlet = builder.conv(&self.layer.name, input, &kernel, self.bias()?, step)?;
        self.activated(builder, outlet)
    }

    fn separable(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let depthwise = across(self.arrays.one("depthwise_kernel")?)?;
        let depthwise = dilated(&depthwise, self.pair("dilation_rate", [1; 2])?)?;
        let step = (self.pair("strides", [1; 2])?, self.padding()?);
        let each = builder.conv(&format!("{}/depthwise", self.layer.name), input, &depthwise, None, step)?;
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
            Extent::Image(_) => {
                let kernel = KerasArray { shape: vec![1, 1, inputs, units], ..kernel.clone() };
                builder.conv(name, input, &kernel, self.bias()?, ([1; 2], Padding::Valid))?
            }
            Extent::Flat(n) if n != inputs => return Err(format!("expected {inputs} features, found {n}")),
            Extent::Flat(_) => {
                let bias = self.bias()?;
                let outlet = builder.op(name, &[input], Op::Dense { units, bias: bias.is_some() })?;
                builder.tensor(name, "kernel", &kernel.shape, kernel.values.clone())?;
                if let Some(bias) = bias {
                    builder.tensor(name, "bias", &bias.shape, bias.values.clone())?;
                }
                outlet
            }
        };
        self.activated(builder, outlet)
    }

    fn batch_norm(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        self.last_axis(builder, &input)?;
        let epsilon = self.number("epsilon").unwrap_or(1e-3) as f32;
        let momentum = self.number("momentum").unwrap_or(0.99) as f32;
        let roles = [("gamma", "scale", 1.0), ("beta", "center", 0.0)];
        let mean = self.arrays.one("moving_mean")?;
        let name = &self.layer.name;
        let outlet = builder.op(name, &[input], Op::BatchNorm { epsilon, momentum })?;
        for (role, key, absent) in roles {
            let values = if self.flag(key, true) {
                self.arrays.one(role)?.values.clone()
            } else {
                vec![absent; mean.values.len()]
            };
            builder.tensor(name, role, &mean.shape, values)?;
        }
        for role in ["moving_mean", "moving_variance"] {
            let array = self.arrays.one(role)?;
            builder.tensor(name, role, &array.shape, array.values.clone())?;
        }
        Ok(outlet)
    }

    /// Refuses a norm along anything but channels or features.
    fn last_axis(&self, builder: &Builder, input: &str) -> Result<(), String> {
        let rank = if matches!(builder.extent(input), Extent::Image(_)) { 3 } else { 1 };
        let axis = match self.layer.config.get("axis") {
            Some(Value::Array(axes)) if axes.len() == 1 => axes[0].as_i64(),
            Some(value) => value.as_i64(),
            None => Some(-1),
        };
        match axis {
            Some(axis) if axis == -1 || axis == rank => Ok(()),
            _ => Err(format!("expected one number per channel (axis -1), found axis {axis:?}")),
        }
    }

    fn pool(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let size = self.pair("pool_size", [2; 2])?;
        let stride = self.pair("strides", size)?;
        let Extent::Image(shape) = builder.extent(&input) else {
            return Err("expected an image, found features".to_owned());
        };
        let whole = size == stride && shape.h % size[0] == 0 && shape.w % size[1] == 0;
        if self.padding()? == Padding::Same && !whole {
            return Err(format!("expected windows that lie inside, found padding of an image {shape}"));
        }
        if size[0] != size[1] || stride[0] != stride[1] {
            return Err(format!("expected square windows and steps, found {size:?} and {stride:?}"));
        }
        let ([size, _], [stride, _]) = (size, stride);
        let op = match self.layer.class.as_str() {
            "MaxPooling2D" => Op::MaxPool { size, stride },
            _ => Op::AveragePool { size, stride },
        };
        builder.op(&self.layer.name, &[input], op)
    }

    fn global_pool(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let average = self.layer.class == "GlobalAveragePooling2D";
        let keeps = self.flag("keepdims", false);
        if average && !keeps {
            return builder.op(&self.layer.name, &[input], Op::GlobalAveragePool);
        }
        let size = match builder.extent(&input) {
            Extent::Image(shape) if shape.h == shape.w => shape.h,
            Extent::Image(shape) => return Err(format!("expected a square image, found {shape}")),
            Extent::Flat(n) => return Err(format!("expected an image, found {n} features")),
        };
        let op =
            if average { Op::AveragePool { size, stride: size } } else { Op::MaxPool { size, stride: size } };
        let pooled = builder.op(&self.layer.name, &[input], op)?;
        if keeps { Ok(pooled) } else { builder.op(&format!("{pooled}/flat"), &[pooled], Op::Flatten) }
    }

    /// `scale * x + offset` or `(x - mean) / deviation`, as a convolution that keeps channels apart.
    fn affine(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let Extent::Image(shape) = builder.extent(&input) else {
            return Err("expected an image, found features".to_owned());
        };
        let c = shape.c;
        let (scale, offset) = if self.layer.class == "Rescaling" {
            (self.per_channel("scale", c)?, self.per_channel("offset", c)?)
        } else {
            self.last_axis(builder, &input)?;
            let figure = |key: &str| match self.arrays.one(key) {
                Ok(array) => Ok(array.values.iter().map(|&v| f64::from(v)).collect()),
                Err(_) => self.per_channel(key, c),
            };
            let (mean, variance): (Vec<f64>, Vec<f64>) = (figure("mean")?, figure("variance")?);
            // Keras' smallest deviation.
            let deviation: Vec<f64> = variance.iter().map(|v| v.sqrt().max(1e-7)).collect();
            let invert = self.flag("invert", false);
            let pairs = mean.iter().zip(&deviation);
            pairs.map(|(m, d)| if invert { (*d, *m) } else { (1.0 / d, -m / d) }).unzip()
        };
        if scale.len() != c || offset.len() != c {
            return Err(format!("expected {c} numbers, one for each channel, found {}", scale.len()));
        }
        let array = |role: &str, shape: &[usize], values: Vec<f32>| KerasArray {
            role: role.to_owned(),
            shape: shape.to_vec(),
            values,
        };
        let own = array("kernel", &[1, 1, c, 1], scale.iter().map(|&s| s as f32).collect());
        let kernel = across(&own)?;
        let bias = array("bias", &[c], offset.iter().map(|&o| o as f32).collect());
        builder.conv(&self.layer.name, input, &kernel, Some(&bias), ([1; 2], Padding::Valid))
    }

    /// One number for all channels or one for each, however deep in lists.
    fn per_channel(&self, key: &str, c: usize) -> Result<Vec<f64>, String> {
        fn flatten(value: &Value, numbers: &mut Vec<f64>) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| flatten(value, numbers)),
                value => numbers.extend(value.as_f64()),
            }
        }
        let mut numbers = Vec::new();
        flatten(self.layer.config.get(key).unwrap_or(&Value::Null), &mut numbers);
        match numbers[..] {
            [one] => Ok(vec![one; c]),
            [] if key == "offset" => Ok(vec![0.0; c]),
            [] => Err(format!("expected {key:?}, found none")),
            _ => Ok(numbers),
        }
    }

    /// Adds the activation that a layer has as a setting.
    fn activated(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let value = self.layer.config.get("activation").unwrap_or(&Value::Null);
        self.function(builder, &format!("{input}/activation"), input, function_name(value)?)
    }

    /// Adds a layer that is an activation.
    fn activation(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let name = match self.layer.class.as_str() {
            "Activation" => function_name(self.layer.config.get("activation").unwrap_or(&Value::Null))?,
            "ReLU" => {
                let is = |key: &str| self.number(key).is_some_and(|value| value != 0.0);
                if is("max_value") || is("negative_slope") || is("threshold") {
                    return Err("expected a plain ReLU, found one with limits".to_owned());
                }
                "relu"
            }
            "Softmax" => "softmax",
            class => return Err(format!("expected relu, swish or gelu, found {class}")),
        };
        self.function(builder, &self.layer.name.clone(), input, name)
    }

    fn function(
        &self,
        builder: &mut Builder,
        name: &str,
        input: String,
        which: &str,
    ) -> Result<String, String> {
        let function = match which {
            "linear" => return Ok(input),
            "relu" => Function::Relu,
            "swish" | "silu" => Function::Swish,
            "gelu" => Function::Gelu,
            "softmax" | "sigmoid" if self.last => {
                let units = match builder.extent(&input) {
                    Extent::Flat(units) => units,
                    Extent::Image(shape) => return Err(format!("expected features, found an image {shape}")),
                };
                builder.ending = match (which, units) {
                    ("softmax", 2..) => Ending::Logits,
                    ("sigmoid", 1) => Ending::Sigmoid,
                    _ => {
                        let expected = "a softmax of several classes or one sigmoid for two";
                        return Err(format!("expected {expected}, found {which} of {units}"));
                    }
                };
                return Ok(input);
            }
            _ => return Err(format!("expected relu, swish or gelu as activation, found {which}")),
        };
        builder.op(name, &[input], Op::Activation { function })
    }
}

/// Name of an activation: text, or the class of an object.
pub(super) fn function_name(value: &Value) -> Result<&str, String> {
    match value {
        Value::Null => Ok("linear"),
        Value::String(name) => Ok(name),
        Value::Object(fields) => {
            let inner = fields.get("config");
            let name = inner.and_then(Value::as_str).or(fields.get("class_name").and_then(Value::as_str));
            name.ok_or_else(|| "expected an activation by its name, found an object".to_owned())
        }
        other => Err(format!("expected an activation by its name, found {other}")),
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
