//! Mistakes in the settings of one layer, which can be seen without what it reads.

use crate::spec::{Function, Op};

/// Largest side of a kernel or window, and largest step.
const MAX_SIDE: usize = 1 << 16;

/// All of them.
pub(super) fn setting_mistakes(op: &Op) -> Vec<String> {
    let found = match *op {
        Op::Conv { filters, kernel, stride, .. } => {
            vec![none("filters", filters), sides("kernel", kernel), sides("stride", stride)]
        }
        Op::DepthwiseConv { multiplier, kernel, stride, .. } => {
            vec![none("multiplier", multiplier), sides("kernel", kernel), sides("stride", stride)]
        }
        Op::MaxPool { size, stride, .. } | Op::AveragePool { size, stride, .. } => {
            vec![sides("size", size), sides("stride", stride)]
        }
        Op::LayerNorm { epsilon } => vec![added(epsilon)],
        Op::GroupNorm { groups, epsilon } => vec![none("groups", groups), added(epsilon)],
        Op::BatchNorm { epsilon, momentum } => vec![
            added(epsilon),
            mistake((0.0..=1.0).contains(&momentum), || {
                format!("momentum: expected 0 to 1, found {momentum}")
            }),
        ],
        Op::Dense { units, .. } => vec![none("units", units)],
        Op::Dropout { rate } => vec![mistake((0.0..1.0).contains(&rate), || {
            format!("rate: expected 0 up to but not including 1, found {rate}")
        })],
        Op::Activation { function } => vec![of_function(function)],
        Op::GlobalAveragePool
        | Op::Flatten
        | Op::Softmax
        | Op::PRelu { .. }
        | Op::Add
        | Op::Multiply
        | Op::Concat
        | Op::Pad { .. }
        | Op::Crop { .. } => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

fn mistake(met: bool, text: impl Fn() -> String) -> Option<String> {
    (!met).then(text)
}

fn none(name: &str, n: usize) -> Option<String> {
    mistake(n > 0, || format!("{name}: expected at least 1, found 0"))
}

/// What is added to a variance.
fn added(epsilon: f32) -> Option<String> {
    mistake(epsilon.is_finite() && epsilon > 0.0, || format!("epsilon: expected above 0, found {epsilon}"))
}

fn sides(name: &str, sides: [usize; 2]) -> Option<String> {
    let met = sides.iter().all(|side| (1..=MAX_SIDE).contains(side));
    mistake(met, || format!("{name}: expected 1 to {MAX_SIDE}, found {sides:?}"))
}

fn of_function(function: Function) -> Option<String> {
    let number = |name: &str, value: f32| {
        mistake(value.is_finite(), || format!("{name}: expected a number, found {value}"))
    };
    match function {
        Function::LeakyRelu { slope } => number("slope", slope),
        Function::Elu { alpha } => number("alpha", alpha),
        Function::Affine { scale, offset } => number("scale", scale).or_else(|| number("offset", offset)),
        Function::ClippedRelu { limit } => {
            mistake(limit.is_finite() && limit > 0.0, || format!("limit: expected above 0, found {limit}"))
        }
        _ => None,
    }
}
