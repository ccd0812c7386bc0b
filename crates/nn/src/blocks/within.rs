//! Normalisation within each sample, and a softmax: over the channels of each pixel, or over groups of channels.

use std::ops::Range;

use kernels::{LANES, PlainCode, Shape};

use super::Context;
use crate::plan::Wires;
use crate::store::Store;

/// The same value of all samples of a pack.
type Lanes = [f32; LANES];

/// Parts of an image that are computed each on its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// Of the image; features are one of one pixel.
    pub(crate) shape: Shape,
    /// Groups of channels, each over the whole image; none: all channels of each pixel.
    pub(crate) groups: Option<usize>,
}

/// Rows, channels and columns of a part.
type Part = [Range<usize>; 3];

impl Parts {
    /// The same of a store, in which features of several packs lie side by side.
    fn across(self, store: &Store) -> Parts {
        let shape = Shape { w: self.shape.w * (store.lanes / LANES), ..self.shape };
        Parts { shape, ..self }
    }

    #[inline(always)]
    fn each(self) -> impl Iterator<Item = Part> {
        let Shape { h, w, c } = self.shape;
        let pixels = if self.groups.is_none() { h * w } else { 0 };
        let pixel = move |at: usize| [at / w..at / w + 1, 0..c, at % w..at % w + 1];
        let (n, size) = (self.groups.unwrap_or(0), c / self.groups.unwrap_or(1));
        let group = move |g: usize| [0..h, g * size..(g + 1) * size, 0..w];
        (0..pixels).map(pixel).chain((0..n).map(group))
    }

    /// Place and channel of each value of a part.
    #[inline(always)]
    fn values(self, [rows, channels, columns]: &Part) -> impl Iterator<Item = (usize, usize)> {
        let (Shape { w, c, .. }, channels, columns) = (self.shape, channels.clone(), columns.clone());
        rows.clone().flat_map(move |y| {
            let columns = columns.clone();
            channels.clone().flat_map(move |k| columns.clone().map(move |x| ((y * c + k) * w + x, k)))
        })
    }
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`, with the mean and variance of a part, and where gamma and beta of
/// each channel are among the tensors.
#[derive(Debug, Clone)]
pub(crate) struct PartNorm {
    pub(crate) parts: Parts,
    pub(crate) epsilon: f32,
    pub(crate) gamma: usize,
    pub(crate) beta: usize,
    /// Which of a store's shares of gradients are its own.
    pub(crate) share: usize,
}

impl PartNorm {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let [gamma, beta] = [self.gamma, self.beta].map(|tensor| &context.weights.tensors[tensor].data[..]);
        let parts = self.parts.across(store);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        let (x, y) = (x.as_chunks().0, y.as_chunks_mut().0);
        context.kernels.run_plain(Normed { parts, epsilon: self.epsilon, gamma, beta, x, y });
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dy) = wires.dy else { return };
        let parts = self.parts.across(store);
        let gamma = &context.weights.tensors[self.gamma].data[..];
        let shares = &mut store.convs[self.share];
        shares.iter_mut().for_each(|share| share.fill(0.0));
        let x = store.values.get(wires.x[0]).as_chunks().0;
        let (dy, dx) = match wires.dx[0] {
            Some(dx) => {
                let (dy, dx) = store.gradients.pair(dy, dx);
                (dy, dx.as_chunks_mut().0)
            }
            None => (store.gradients.get(dy), &mut [][..]),
        };
        let dy = dy.as_chunks().0;
        context.kernels.run_plain(NormedBackward { parts, epsilon: self.epsilon, gamma, x, dy, dx, shares });
    }
}

/// Mean and `1 / sqrt(variance + epsilon)` of a part; in double precision, since a part may be a whole image.
#[inline(always)]
fn moments(parts: Parts, part: &Part, x: &[Lanes], epsilon: f32) -> [Lanes; 2] {
    let n = part.iter().map(ExactSizeIterator::len).product::<usize>() as f64;
    let mut mean = [0.0_f64; LANES];
    for (at, _) in parts.values(part) {
        mean.iter_mut().zip(&x[at]).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    mean.iter_mut().for_each(|mean| *mean /= n);
    let mut variance = [0.0_f64; LANES];
    for (at, _) in parts.values(part) {
        for ((sum, x), mean) in variance.iter_mut().zip(&x[at]).zip(&mean) {
            *sum += (f64::from(*x) - mean) * (f64::from(*x) - mean);
        }
    }
    let inverse = variance.map(|sum| (1.0 / (sum / n + f64::from(epsilon)).sqrt()) as f32);
    [mean.map(|mean| mean as f32), inverse]
}

struct Normed<'a> {
    parts: Parts,
    epsilon: f32,
    gamma: &'a [f32],
    beta: &'a [f32],
    x: &'a [Lanes],
    y: &'a mut [Lanes],
}

impl PlainCode for Normed<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for part in self.parts.each() {
            let [mean, inverse] = moments(self.parts, &part, self.x, self.epsilon);
            for (at, channel) in self.parts.values(&part) {
                let (gamma, beta) = (self.gamma[channel], self.beta[channel]);
                for lane in 0..LANES {
                    self.y[at][lane] = gamma * (self.x[at][lane] - mean[lane]) * inverse[lane] + beta;
                }
            }
        }
    }
}

/// With `g = gamma dy` and `x' = (x - mean) / sqrt(variance + epsilon)` over `n` values:
/// `dx = (g - sum(g) / n - x' sum(g x') / n) / sqrt(variance + epsilon)`, `dgamma = sum(dy x')` and `dbeta = sum(dy)`.
struct NormedBackward<'a, B> {
    parts: Parts,
    epsilon: f32,
    gamma: &'a [f32],
    x: &'a [Lanes],
    dy: &'a [Lanes],
    /// Empty where it is not wanted.
    dx: &'a mut [Lanes],
    /// Gradients of gamma and beta; empty where they are not wanted.
    shares: &'a mut [B; 2],
}

impl<B: std::ops::DerefMut<Target = [f32]>> PlainCode for NormedBackward<'_, B> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let [dgamma, dbeta] = self.shares;
        for part in self.parts.each() {
            let [mean, inverse] = moments(self.parts, &part, self.x, self.epsilon);
            let n = part.iter().map(ExactSizeIterator::len).product::<usize>() as f32;
            let (mut sum, mut product) = ([0.0; LANES], [0.0; LANES]);
            for (at, channel) in self.parts.values(&part) {
                let (mut of_gamma, mut of_beta) = (0.0, 0.0);
                for lane in 0..LANES {
                    let dy = self.dy[at][lane];
                    let normed = (self.x[at][lane] - mean[lane]) * inverse[lane];
                    sum[lane] += self.gamma[channel] * dy;
                    product[lane] += self.gamma[channel] * dy * normed;
                    of_gamma += dy * normed;
                    of_beta += dy;
                }
                if !dgamma.is_empty() {
                    dgamma[channel] += of_gamma;
                    dbeta[channel] += of_beta;
                }
            }
            if self.dx.is_empty() {
                continue;
            }
            for (at, channel) in self.parts.values(&part) {
                for lane in 0..LANES {
                    let normed = (self.x[at][lane] - mean[lane]) * inverse[lane];
                    let g = self.gamma[channel] * self.dy[at][lane];
                    self.dx[at][lane] = inverse[lane] * (g - (sum[lane] + normed * product[lane]) / n);
                }
            }
        }
    }
}

/// `exp(x)` over its sum for the part.
#[derive(Debug, Clone)]
pub(crate) struct Softmax {
    pub(crate) parts: Parts,
}

impl Softmax {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let parts = self.parts.across(store);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        context.kernels.run_plain(Shared { parts, x: x.as_chunks().0, y: y.as_chunks_mut().0 });
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let parts = self.parts.across(store);
        // What was given may have been overwritten by a dropout.
        let x = store.values.get(wires.x[0]).as_chunks().0;
        let (dy, dx) = store.gradients.pair(dy, dx);
        let (dy, dx) = (dy.as_chunks().0, dx.as_chunks_mut().0);
        context.kernels.run_plain(SharedBackward { parts, x, dy, dx });
    }
}

/// The largest value of a part, and the sum of `exp(x - largest)`.
#[inline(always)]
fn exponentials(parts: Parts, part: &Part, x: &[Lanes]) -> [Lanes; 2] {
    let (mut largest, mut sum) = ([f32::NEG_INFINITY; LANES], [0.0; LANES]);
    for (at, _) in parts.values(part) {
        largest.iter_mut().zip(&x[at]).for_each(|(largest, x)| *largest = largest.max(*x));
    }
    for (at, _) in parts.values(part) {
        let pairs = x[at].iter().zip(&largest);
        sum.iter_mut().zip(pairs).for_each(|(sum, (x, largest))| *sum += (x - largest).exp());
    }
    [largest, sum]
}

struct Shared<'a> {
    parts: Parts,
    x: &'a [Lanes],
    y: &'a mut [Lanes],
}

impl PlainCode for Shared<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for part in self.parts.each() {
            let [largest, sum] = exponentials(self.parts, &part, self.x);
            for (at, _) in self.parts.values(&part) {
                for lane in 0..LANES {
                    self.y[at][lane] = (self.x[at][lane] - largest[lane]).exp() / sum[lane];
                }
            }
        }
    }
}

/// `dx = y (dy - sum(y dy))`.
struct SharedBackward<'a> {
    parts: Parts,
    x: &'a [Lanes],
    dy: &'a [Lanes],
    dx: &'a mut [Lanes],
}

impl PlainCode for SharedBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for part in self.parts.each() {
            let [largest, total] = exponentials(self.parts, &part, self.x);
            let mut sum = [0.0; LANES];
            for (at, _) in self.parts.values(&part) {
                for (lane, sum) in sum.iter_mut().enumerate() {
                    // The value that was given, until the sum of all is known.
                    let y = (self.x[at][lane] - largest[lane]).exp() / total[lane];
                    self.dx[at][lane] = y;
                    *sum += y * self.dy[at][lane];
                }
            }
            for (at, _) in self.parts.values(&part) {
                let pairs = self.dy[at].iter().zip(&sum);
                self.dx[at].iter_mut().zip(pairs).for_each(|(dx, (dy, sum))| *dx *= dy - sum);
            }
        }
    }
}
