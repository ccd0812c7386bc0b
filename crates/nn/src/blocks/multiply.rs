//! Products of two inputs, either of which may be repeated along an axis.

use kernels::{PlainCode, Shape};

use super::Context;
use crate::plan::Wires;
use crate::store::Store;

/// A product of two images, or of features as images of one pixel.
#[derive(Debug, Clone)]
pub(crate) struct Multiply {
    /// Shapes of the inputs; along an axis they are the same, or one of them is 1.
    pub(crate) inputs: [Shape; 2],
}

impl Multiply {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let ([first, second], lanes) = ([self.repeated(0), self.repeated(1)], store.lanes);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        context.kernels.run_plain(Copied { x, y, repeated: first, lanes });
        let (x, y) = store.values.pair(wires.x[1], wires.y);
        context.kernels.run_plain(Multiplied { x, y, repeated: second, lanes });
    }

    /// The gradient of each input is that of the product times the other input, summed where it was repeated.
    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dy) = wires.dy else { return };
        for (this, dx) in wires.dx.iter().enumerate() {
            let Some(dx) = *dx else { continue };
            let other = 1 - this;
            let (own, others, lanes) = (self.repeated(this), self.repeated(other), store.lanes);
            let factor = store.values.get(wires.x[other]);
            let (dy, dx) = store.gradients.pair(dy, dx);
            context.kernels.run_plain(Gradient { dy, factor, others, dx, own, lanes });
        }
    }

    fn repeated(&self, which: usize) -> Repeated {
        let [Shape { h, w, c }, other] = [self.inputs[which], self.inputs[1 - which]];
        let output = Shape { h: h.max(other.h), w: w.max(other.w), c: c.max(other.c) };
        // Rows before channels, channels before columns; what is repeated takes no step.
        let step = |length: usize, step: usize| if length == 1 { 0 } else { step };
        Repeated { output, steps: [step(h, c * w), step(c, w), step(w, 1)] }
    }
}

/// Where each value of the output finds its own in an input.
#[derive(Debug, Clone, Copy)]
struct Repeated {
    output: Shape,
    /// From one row, channel and column to the next.
    steps: [usize; 3],
}

impl Repeated {
    /// Places in the order of the output.
    #[inline(always)]
    fn places(self) -> impl Iterator<Item = usize> {
        let Repeated { output: Shape { h, w, c }, steps: [row, channel, column] } = self;
        (0..h).flat_map(move |y| {
            (0..c).flat_map(move |k| (0..w).map(move |x| y * row + k * channel + x * column))
        })
    }
}

struct Copied<'a> {
    x: &'a [f32],
    y: &'a mut [f32],
    repeated: Repeated,
    lanes: usize,
}

impl PlainCode for Copied<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (y, at) in self.y.chunks_exact_mut(self.lanes).zip(self.repeated.places()) {
            y.copy_from_slice(&self.x[at * self.lanes..][..self.lanes]);
        }
    }
}

struct Multiplied<'a> {
    x: &'a [f32],
    y: &'a mut [f32],
    repeated: Repeated,
    lanes: usize,
}

impl PlainCode for Multiplied<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (y, at) in self.y.chunks_exact_mut(self.lanes).zip(self.repeated.places()) {
            let x = &self.x[at * self.lanes..][..self.lanes];
            y.iter_mut().zip(x).for_each(|(y, x)| *y *= x);
        }
    }
}

struct Gradient<'a> {
    dy: &'a [f32],
    factor: &'a [f32],
    others: Repeated,
    dx: &'a mut [f32],
    own: Repeated,
    lanes: usize,
}

impl PlainCode for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.dx.fill(0.0);
        let places = self.others.places().zip(self.own.places());
        for (dy, (from, to)) in self.dy.chunks_exact(self.lanes).zip(places) {
            let factor = &self.factor[from * self.lanes..][..self.lanes];
            let dx = &mut self.dx[to * self.lanes..][..self.lanes];
            dx.iter_mut().zip(dy).zip(factor).for_each(|((dx, dy), factor)| *dx += dy * factor);
        }
    }
}
