//! Layers of the published annotation workflow that are several of ours.
//!
//! # Source
//! Ulicna et al. 2022, doi:10.1007/978-1-0716-2221-6_3: a convolution block is convolution without bias, batch norm,
//! activation; a residual block has two of them, adds what it read (projected where the channels or the size differ)
//! before the last activation; an encoder is blocks with 2x2 max-pools between them.

use formats::keras::KerasLayer;
use nn::spec::{Function, Op, Padding};
use serde_json::{Value, json};

use super::activations::{function, function_name};
use super::builder::Builder;
use super::layers::{padding, pair};
use super::weights::Arrays;

/// Settings of batch norms in blocks: Keras' own, and the files do not keep others.
const NORM: Op = Op::BatchNorm { epsilon: 1e-3, momentum: 0.99 };

/// A block and the number of the next kernel and norm among the layer's arrays.
struct Block<'a> {
    arrays: Arrays<'a>,
    next: usize,
    function: Option<Function>,
    padding: Padding,
}

impl<'a> Block<'a> {
    fn new(layer: &'a KerasLayer, config: &Value) -> Result<Block<'a>, String> {
        let function = match config.get("activation").map_or(Ok("swish"), function_name)? {
            "linear" => None,
            name => Some(function(name).ok_or_else(|| format!("expected a known activation, found {name}"))?),
        };
        let padding = if config.get("padding").is_some() { padding(config)? } else { Padding::Same };
        Ok(Block { arrays: Arrays(layer), next: 0, function, padding })
    }

    /// Convolution and batch norm.
    fn normed(
        &mut self,
        builder: &mut Builder,
        name: &str,
        input: String,
        stride: [usize; 2],
    ) -> Result<String, String> {
        let kernel = self.arrays.nth("kernel", self.next)?;
        let conv = builder.conv(&format!("{name}/conv"), input, kernel, None, (stride, self.padding))?;
        let norm = builder.op(&format!("{name}/norm"), &[conv], NORM)?;
        for role in ["gamma", "beta", "moving_mean", "moving_variance"] {
            let array = self.arrays.nth(role, self.next)?;
            builder.tensor(&norm, role, &array.shape, array.values.clone())?;
        }
        self.next += 1;
        Ok(norm)
    }

    fn activated(&self, builder: &mut Builder, name: &str, input: String) -> Result<String, String> {
        match self.function {
            None => Ok(input),
            Some(function) => builder.op(name, &[input], Op::Activation { function }),
        }
    }

    fn conv(
        &mut self,
        builder: &mut Builder,
        name: &str,
        input: String,
        stride: [usize; 2],
    ) -> Result<String, String> {
        let norm = self.normed(builder, name, input, stride)?;
        self.activated(builder, name, norm)
    }

    /// `projected`: what was read goes through a convolution and batch norm of its own whatever its channels.
    fn residual(
        &mut self,
        builder: &mut Builder,
        name: &str,
        input: String,
        (stride, projected): ([usize; 2], bool),
    ) -> Result<String, String> {
        let first = self.normed(builder, &format!("{name}/1"), input.clone(), stride)?;
        let first = self.activated(builder, &format!("{name}/1"), first)?;
        let second = self.normed(builder, &format!("{name}/2"), first, [1; 2])?;
        let differ = builder.extent(&input).channels() != builder.extent(&second).channels();
        let skip = if projected || differ || stride != [1; 2] {
            self.normed(builder, &format!("{name}/skip"), input, stride)?
        } else {
            input
        };
        let sum = builder.op(&format!("{name}/sum"), &[skip, second], Op::Add)?;
        self.activated(builder, name, sum)
    }

    /// All kernels of the layer must have been used: what is left would be left out.
    fn finish(self, outlet: String) -> Result<String, String> {
        match self.arrays.count("kernel") {
            n if n == self.next => Ok(outlet),
            n => Err(format!("expected {} kernels, found {n}", self.next)),
        }
    }
}

pub(super) fn conv_block(builder: &mut Builder, layer: &KerasLayer, input: String) -> Result<String, String> {
    let mut block = Block::new(layer, &layer.config)?;
    let stride = pair(&layer.config, "strides", [1; 2])?;
    let outlet = block.conv(builder, &layer.name, input, stride)?;
    block.finish(outlet)
}

pub(super) fn residual_block(
    builder: &mut Builder,
    layer: &KerasLayer,
    input: String,
) -> Result<String, String> {
    let mut block = Block::new(layer, &layer.config)?;
    let stride = pair(&layer.config, "strides", [1; 2])?;
    let projected = layer.config.get("identity_skip").and_then(Value::as_bool).unwrap_or(false);
    let outlet = block.residual(builder, &layer.name, input, (stride, projected))?;
    block.finish(outlet)
}

/// An encoder of either kind of block: one of residual blocks has at least twice as many kernels as entries.
pub(super) fn encoder(builder: &mut Builder, layer: &KerasLayer, input: String) -> Result<String, String> {
    let n_blocks = layer.config.get("layers").and_then(Value::as_array).map_or(0, Vec::len);
    let mut block = Block::new(layer, &json!({}))?;
    let residual = n_blocks > 0 && block.arrays.count("kernel") >= 2 * n_blocks;
    let mut outlet = input;
    for number in 0..n_blocks {
        let name = format!("{}/{number}", layer.name);
        if number > 0 {
            let pool = Op::MaxPool { size: [2; 2], stride: [2; 2], padding: Padding::Valid };
            outlet = builder.op(&format!("{name}/pool"), &[outlet], pool)?;
        }
        outlet = if residual {
            block.residual(builder, &name, outlet, ([1; 2], false))?
        } else {
            block.conv(builder, &name, outlet, [1; 2])?
        };
    }
    block.finish(outlet)
}
