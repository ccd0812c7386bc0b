//! Layers that make one of several inputs, value by value, and operators such as `x + 3`.

use super::builder::Builder;
use formats::keras::KerasLayer;
use nn::spec::{Extent, Function, Op, Shape};

/// What is done with the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merge {
    Add,
    Subtract,
    Multiply,
    Divide,
    Average,
    Maximum,
    Minimum,
}

/// Layers of Keras.
const MERGES: [(&str, Merge); 7] = [
    ("Add", Merge::Add),
    ("Average", Merge::Average),
    ("Divide", Merge::Divide),
    ("Maximum", Merge::Maximum),
    ("Minimum", Merge::Minimum),
    ("Multiply", Merge::Multiply),
    ("Subtract", Merge::Subtract),
];

fn kind(layer: &KerasLayer) -> Option<Merge> {
    MERGES.iter().find(|(known, _)| *known == layer.class).map(|(_, merge)| *merge)
}

/// Whether a layer is one of them.
pub(super) fn is_merge(layer: &KerasLayer) -> bool {
    kind(layer).is_some()
}

/// Adds such a layer; gives the name of the layer that has its output.
pub(super) fn add(builder: &mut Builder, layer: &KerasLayer, inputs: Vec<String>) -> Result<String, String> {
    let Some(merge) = kind(layer) else { return Err("expected a known operator, found another".to_owned()) };
    match (&inputs[..], &layer.numbers[..]) {
        ([input], [(place, numbers)]) => {
            let pairs = numbers.iter().map(|&number| with_number(merge, *place, number));
            let (scale, offset): (Vec<f32>, Vec<f32>) =
                pairs.collect::<Result<Vec<_>, String>>()?.into_iter().unzip();
            match (&scale[..], &offset[..]) {
                (&[scale], &[offset]) => builder.affine(&layer.name, input.clone(), scale, offset),
                _ => builder.diagonal(&layer.name, input.clone(), &scale, Some(&offset)),
            }
        }
        ([_, _, ..], []) => of_inputs(builder, &layer.name, merge, inputs),
        (inputs, numbers) => {
            let found = format!("{} and {} numbers", inputs.len(), numbers.len());
            Err(format!("expected two or more inputs, or one and a number, found {found}"))
        }
    }
}

/// Scale and offset; `place`: that of the number, 0 or 1.
fn with_number(merge: Merge, place: usize, number: f64) -> Result<(f32, f32), String> {
    let (scale, offset) = match (merge, place) {
        (Merge::Add, _) => (1.0, number),
        (Merge::Multiply, _) => (number, 0.0),
        (Merge::Subtract, 0) => (-1.0, number),
        (Merge::Subtract, _) => (1.0, -number),
        (Merge::Divide, 1) if number != 0.0 => (1.0 / number, 0.0),
        _ => return Err(format!("expected a sum or product with a number, found {merge:?} with {number}")),
    };
    Ok((scale as f32, offset as f32))
}

fn of_inputs(builder: &mut Builder, name: &str, merge: Merge, inputs: Vec<String>) -> Result<String, String> {
    let n = inputs.len();
    if matches!(merge, Merge::Divide) || (merge == Merge::Subtract && n != 2) {
        return Err(format!("expected another operator, found {merge:?} of {n} inputs"));
    }
    if merge == Merge::Multiply {
        return pairwise(builder, name, &inputs, |builder, name, both| builder.op(name, both, Op::Multiply));
    }
    let inputs = repeated(builder, name, inputs)?;
    match merge {
        Merge::Average => {
            let sum = builder.op(&format!("{name}/sum"), &inputs, Op::Add)?;
            builder.affine(name, sum, 1.0 / n as f32, 0.0)
        }
        Merge::Subtract => {
            let negative = builder.affine(&format!("{name}/negative"), inputs[1].clone(), -1.0, 0.0)?;
            builder.op(name, &[inputs[0].clone(), negative], Op::Add)
        }
        Merge::Maximum | Merge::Minimum => pairwise(builder, name, &inputs, |builder, name, both| {
            extreme(builder, name, both, if merge == Merge::Maximum { 1.0 } else { -1.0 })
        }),
        _ => builder.op(name, &inputs, Op::Add),
    }
}

/// The larger of two values, `b + relu(a - b)`, or with a `sign` of -1 the smaller, `b - relu(b - a)`.
fn extreme(builder: &mut Builder, name: &str, both: &[String], sign: f32) -> Result<String, String> {
    let [a, b] = both else { return Err(format!("expected two inputs, found {}", both.len())) };
    let signed = |builder: &mut Builder, part: &str, input: &str, sign: f32| {
        if sign > 0.0 {
            return Ok(input.to_owned());
        }
        builder.affine(&format!("{name}/{part}"), input.to_owned(), -1.0, 0.0)
    };
    let first = signed(builder, "first", a, sign)?;
    let second = signed(builder, "second", b, -sign)?;
    let apart = builder.op(&format!("{name}/apart"), &[first, second], Op::Add)?;
    let relu = Op::Activation { function: Function::Relu };
    let beyond = builder.op(&format!("{name}/beyond"), &[apart], relu)?;
    let beyond = signed(builder, "back", &beyond, sign)?;
    builder.op(name, &[b.clone(), beyond], Op::Add)
}

/// Inputs two by two: the first with the second, the result with the third.
fn pairwise(
    builder: &mut Builder,
    name: &str,
    inputs: &[String],
    two: impl Fn(&mut Builder, &str, &[String]) -> Result<String, String>,
) -> Result<String, String> {
    let mut all = inputs[0].clone();
    for (number, input) in inputs.iter().enumerate().skip(1) {
        let last = number + 1 == inputs.len();
        let name = if last { name.to_owned() } else { format!("{name}/{number}") };
        all = two(builder, &name, &[all, input.clone()])?;
    }
    Ok(all)
}

/// Inputs of one shape: one that has 1 row, column or channel where others have more is repeated, by a product with ones.
fn repeated(builder: &mut Builder, name: &str, inputs: Vec<String>) -> Result<Vec<String>, String> {
    let extents: Vec<Extent> = inputs.iter().map(|input| builder.extent(input)).collect();
    let joint = extents[1..].iter().try_fold(extents[0], |a, &b| Op::Multiply.output(&[a, b]))?;
    let mut result = Vec::new();
    for (number, (input, extent)) in inputs.iter().zip(&extents).enumerate() {
        if *extent == joint {
            result.push(input.clone());
            continue;
        }
        let Some(whole) = extents.iter().position(|&extent| extent == joint) else {
            return Err(format!("expected an input of the shape of all, found none like {joint}"));
        };
        let ones = builder.affine(&format!("{name}/{number}/ones"), inputs[whole].clone(), 0.0, 1.0)?;
        let both = [ones, input.clone()];
        result.push(builder.op(&format!("{name}/{number}/repeated"), &both, Op::Multiply)?);
    }
    Ok(result)
}

/// Whether it is an image of one pixel.
pub(super) fn is_pixel(extent: Extent) -> bool {
    matches!(extent, Extent::Image(Shape { h: 1, w: 1, .. }))
}
