//! A rectifier whose slope below 0 is learned, for each channel or each value.

use kernels::{LANES, PlainCode, Shape};

use super::Context;
use crate::plan::Wires;
use crate::store::Store;

/// `x` above 0, `alpha x` below, and where the alphas are among the tensors.
#[derive(Debug, Clone)]
pub(crate) struct Slopes {
    /// Of the image; features are one of one pixel.
    pub(crate) shape: Shape,
    /// Whether all pixels of a channel have one alpha.
    pub(crate) shared: bool,
    pub(crate) alpha: usize,
    /// Which of a store's shares of gradients is its own.
    pub(crate) share: usize,
}

impl Slopes {
    /// Number of alphas.
    pub(crate) fn weights(&self) -> usize {
        let Shape { h, w, c } = self.shape;
        if self.shared { c } else { h * w * c }
    }

    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (alpha, lanes) = (&context.weights.tensors[self.alpha].data[..], store.lanes);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        context.kernels.run_plain(Sloped { slopes: self, alpha, lanes, x, y });
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dy) = wires.dy else { return };
        let (alpha, lanes) = (&context.weights.tensors[self.alpha].data[..], store.lanes);
        let share = &mut store.convs[self.share][0];
        share.fill(0.0);
        let x = store.values.get(wires.x[0]);
        let (dy, dx) = match wires.dx[0] {
            Some(dx) => store.gradients.pair(dy, dx),
            None => (store.gradients.get(dy), &mut [][..]),
        };
        context.kernels.run_plain(SlopedBackward { slopes: self, alpha, lanes, x, dy, dx, share });
    }

    /// Which alpha each value has, in the order of the values.
    #[inline(always)]
    fn places(&self) -> impl Iterator<Item = usize> {
        let (Shape { h, w, c }, shared) = (self.shape, self.shared);
        let of = move |y: usize, k: usize, x: usize| if shared { k } else { (y * w + x) * c + k };
        (0..h).flat_map(move |y| (0..c).flat_map(move |k| (0..w).map(move |x| of(y, k, x))))
    }
}

struct Sloped<'a> {
    slopes: &'a Slopes,
    alpha: &'a [f32],
    lanes: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl PlainCode for Sloped<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let values = self.y.chunks_exact_mut(self.lanes).zip(self.x.chunks_exact(self.lanes));
        for ((y, x), place) in values.zip(self.slopes.places()) {
            let alpha = self.alpha[place];
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x.max(0.0) + alpha * x.min(0.0));
        }
    }
}

/// The gradient of an alpha is the sum of `dy x` where `x` is below 0.
struct SlopedBackward<'a> {
    slopes: &'a Slopes,
    alpha: &'a [f32],
    lanes: usize,
    x: &'a [f32],
    dy: &'a [f32],
    /// Empty where it is not wanted.
    dx: &'a mut [f32],
    /// Gradients of the alphas; empty where they are not wanted.
    share: &'a mut [f32],
}

impl PlainCode for SlopedBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let values = self.x.chunks_exact(self.lanes).zip(self.dy.chunks_exact(self.lanes));
        for (at, ((x, dy), place)) in values.zip(self.slopes.places()).enumerate() {
            if !self.share.is_empty() {
                // Sixteen sums at once, since sums of floats stay in their order.
                let mut sums = [0.0; LANES];
                for (x, dy) in x.chunks_exact(LANES).zip(dy.chunks_exact(LANES)) {
                    let pairs = x.iter().zip(dy);
                    sums.iter_mut().zip(pairs).for_each(|(sum, (x, dy))| *sum += dy * x.min(0.0));
                }
                self.share[place] += sums.iter().sum::<f32>();
            }
            if !self.dx.is_empty() {
                let (alpha, dx) = (self.alpha[place], &mut self.dx[at * self.lanes..][..self.lanes]);
                let pairs = x.iter().zip(dy);
                dx.iter_mut()
                    .zip(pairs)
                    .for_each(|(dx, (x, dy))| *dx = if *x > 0.0 { *dy } else { alpha * dy });
            }
        }
    }
}
