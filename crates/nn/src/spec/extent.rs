//! What a layer gives for what it reads.

use super::{Op, Padding, Shape};

/// What flows between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// An image per sample.
    Image(Shape),
    /// That many features per sample.
    Flat(usize),
}

impl std::fmt::Display for Extent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Extent::Image(shape) => write!(f, "an image {shape}"),
            Extent::Flat(units) => write!(f, "{units} features"),
        }
    }
}

impl Extent {
    /// Number of values in one sample.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Extent::Image(shape) => shape.len(),
            Extent::Flat(units) => units,
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Channels of an image, or features.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Extent::Image(shape) => shape.c,
            Extent::Flat(units) => units,
        }
    }
}

impl Op {
    /// What a layer gives for what it reads.
    ///
    /// # Errors
    /// Why it cannot: expected and found.
    ///
    /// ```
    /// use nn::spec::{Extent, Op, Shape};
    /// let image = Extent::Image(Shape { h: 4, w: 3, c: 2 });
    /// assert_eq!(Op::Flatten.output(&[image]), Ok(Extent::Flat(24)));
    /// assert!(Op::Add.output(&[image, Extent::Flat(24)]).is_err());
    /// ```
    pub fn output(&self, inputs: &[Extent]) -> Result<Extent, String> {
        let &[first, ref others @ ..] = inputs else { return Err("expected an input, found none".into()) };
        match self {
            Op::Add | Op::Concat if others.is_empty() => {
                return Err("expected two or more inputs, found one".into());
            }
            Op::Add => return sum(first, others),
            Op::Multiply => {
                let &[second] = others else {
                    return Err(format!("expected two inputs, found {}", inputs.len()));
                };
                return product(first, second);
            }
            Op::Concat => return others.iter().try_fold(first, |all, &next| beside(all, next)),
            _ if !others.is_empty() => {
                return Err(format!("expected one input, found {}", inputs.len()));
            }
            _ => {}
        }
        match (self, first) {
            (Op::BatchNorm { .. } | Op::LayerNorm { .. } | Op::Softmax, any)
            | (Op::Activation { .. } | Op::Dropout { .. } | Op::PRelu { shared: false }, any) => Ok(any),
            (&Op::Dense { units, .. }, Extent::Flat(_)) => Ok(Extent::Flat(units)),
            (Op::Dense { .. }, Extent::Image(shape)) => {
                Err(format!("expected features, found an image {shape}: flatten or pool it"))
            }
            (_, Extent::Image(shape)) => of_image(self, shape),
            (_, Extent::Flat(units)) => Err(format!("expected an image, found {units} features")),
        }
    }
}

fn sum(first: Extent, others: &[Extent]) -> Result<Extent, String> {
    match others.iter().find(|&&other| other != first) {
        Some(other) => Err(format!("expected inputs of one shape, found {first} and {other}")),
        None => Ok(first),
    }
}

/// One of both shapes along each axis where they are not the same.
fn product(first: Extent, second: Extent) -> Result<Extent, String> {
    let along = |a: usize, b: usize| (a == b || a == 1 || b == 1).then(|| a.max(b));
    let both = match (first, second) {
        (Extent::Image(a), Extent::Image(b)) => {
            let axes = (along(a.h, b.h), along(a.w, b.w), along(a.c, b.c));
            match axes {
                (Some(h), Some(w), Some(c)) => Some(Extent::Image(Shape { h, w, c })),
                _ => None,
            }
        }
        (Extent::Flat(a), Extent::Flat(b)) => along(a, b).map(Extent::Flat),
        _ => None,
    };
    both.ok_or_else(|| {
        format!("expected inputs that are the same or 1 along each axis, found {first} and {second}")
    })
}

fn beside(all: Extent, next: Extent) -> Result<Extent, String> {
    match (all, next) {
        (Extent::Image(a), Extent::Image(b)) if (a.h, a.w) == (b.h, b.w) => {
            Ok(Extent::Image(Shape { c: a.c.saturating_add(b.c), ..a }))
        }
        (Extent::Flat(a), Extent::Flat(b)) => Ok(Extent::Flat(a.saturating_add(b))),
        _ => Err(format!("expected inputs of the same rows and columns, found {all} and {next}")),
    }
}

fn of_image(op: &Op, input: Shape) -> Result<Extent, String> {
    let windows = |size: [usize; 2], stride: [usize; 2], padding: Padding, c: usize| {
        let along = |n: usize, k: usize, s: usize| match padding {
            Padding::Same => n.checked_div(s).map(|_| n.div_ceil(s)),
            Padding::Valid => n.checked_sub(k).and_then(|rest| rest.checked_div(s)).map(|steps| steps + 1),
        };
        match (along(input.h, size[0], stride[0]), along(input.w, size[1], stride[1])) {
            (Some(h), Some(w)) => Ok(Extent::Image(Shape { h, w, c })),
            _ => Err(format!("a window of {}x{} does not fit into an image {input}", size[0], size[1])),
        }
    };
    match *op {
        Op::Conv { filters, kernel, stride, padding, .. } => windows(kernel, stride, padding, filters),
        Op::DepthwiseConv { multiplier, kernel, stride, padding, .. } => {
            windows(kernel, stride, padding, input.c.saturating_mul(multiplier))
        }
        Op::MaxPool { size, stride, padding } | Op::AveragePool { size, stride, padding } => {
            windows(size, stride, padding, input.c)
        }
        Op::Pad { rows, columns } => {
            let along =
                |n: usize, [before, after]: [usize; 2]| n.saturating_add(before).saturating_add(after);
            Ok(Extent::Image(Shape { h: along(input.h, rows), w: along(input.w, columns), c: input.c }))
        }
        Op::Crop { rows, columns } => {
            let along = |n: usize, [before, after]: [usize; 2]| {
                n.checked_sub(before)?.checked_sub(after).filter(|&rest| rest > 0)
            };
            match (along(input.h, rows), along(input.w, columns)) {
                (Some(h), Some(w)) => Ok(Extent::Image(Shape { h, w, c: input.c })),
                _ => Err(format!(
                    "nothing is left of an image {input} without {rows:?} rows, {columns:?} columns"
                )),
            }
        }
        Op::PRelu { .. } => Ok(Extent::Image(input)),
        Op::GroupNorm { groups, .. } if input.c.is_multiple_of(groups) => Ok(Extent::Image(input)),
        Op::GroupNorm { groups, .. } => {
            Err(format!("expected channels in {groups} groups of the same size, found {}", input.c))
        }
        Op::GlobalAveragePool => Ok(Extent::Flat(input.c)),
        _ => Ok(Extent::Flat(input.len())),
    }
}
