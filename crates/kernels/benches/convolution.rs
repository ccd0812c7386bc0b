//! Convolution at the shapes of the two preset networks: GFLOP/s on one core, and the share of the rate that the same
//! core reaches when it does nothing but multiply and add in registers: `cargo bench -p kernels`. On a machine that does
//! other work besides, layers that take longer than a time slice look slower than they are.

#![expect(clippy::print_stdout, reason = "a table for people")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use kernels::{Conv, ConvWeights, Kernels, LANES, Padding, Shape};

/// (name, side of the image, channels, filters, padding).
const LAYERS: [(&str, usize, usize, usize, Padding); 9] = [
    ("encoder 1", 64, 1, 8, Padding::Same),
    ("encoder 2", 32, 8, 16, Padding::Same),
    ("encoder 3", 16, 16, 32, Padding::Same),
    ("encoder 4", 8, 32, 64, Padding::Same),
    ("encoder 5", 4, 64, 128, Padding::Same),
    ("phase 1", 50, 3, 32, Padding::Valid),
    ("phase 2", 48, 32, 32, Padding::Valid),
    ("phase 3", 23, 32, 64, Padding::Valid),
    ("phase 4", 21, 64, 128, Padding::Valid),
];

/// One layer, with a pack of each thing that goes in or out.
struct Layer {
    weights: ConvWeights,
    x: Vec<f32>,
    y: Vec<f32>,
    dw: Vec<f32>,
}

impl Layer {
    fn new(side: usize, c: usize, filters: usize, padding: Padding) -> Layer {
        let input = Shape { h: side, w: side, c };
        let conv = Conv { input, filters, kernel: [3, 3], stride: [1, 1], padding };
        let mut weights = ConvWeights::new(conv);
        weights.set(&vec![1e-3; conv.weights()]);
        let (x, y) = (vec![1e-3; input.pack_len()], vec![1e-3; conv.output().pack_len()]);
        Layer { weights, x, y, dw: vec![0.0; conv.weights()] }
    }

    /// Floating-point operations of each of the three products, those with the zeros around the image left out.
    fn operations(&self) -> u64 {
        let conv = self.weights.conv();
        let before = conv.padding_before();
        let taps = |input: usize, output: usize, axis: usize| {
            (0..output * 3).filter(|i| (i / 3 + i % 3).wrapping_sub(before[axis]) < input).count()
        };
        let (input, output) = (conv.input, conv.output());
        let taps = taps(input.h, output.h, 0) * taps(input.w, output.w, 1);
        2 * (taps * input.c * conv.filters * LANES) as u64
    }

    fn run(&mut self, kernels: Kernels, product: &str) {
        match product {
            "forward" => kernels.conv_forward(&self.weights, None, &self.x, &mut self.y),
            "input gradient" => kernels.conv_input_gradient(&self.weights, &self.y, &mut self.x),
            _ => kernels.conv_weight_gradient(self.weights.conv(), &self.x, &self.y, &mut self.dw),
        }
    }
}

/// The best of several rates of `work`, which does `operations`, in GFLOP/s.
fn best_rate(operations: u64, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut best = f64::INFINITY;
    while start.elapsed() < Duration::from_millis(200) {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    operations as f64 / best / 1e9
}

fn main() {
    let kernels = Kernels::detect().unwrap_or_else(|error| panic!("{error}"));
    let (operations, _) = kernels.peak(100_000);
    let peak = best_rate(operations, || {
        black_box(kernels.peak(black_box(100_000)));
    });
    println!("{}: peak {peak:.1} GFLOP/s", kernels.instruction_set());
    let mut criterion = Criterion::default().configure_from_args().without_plots();
    for product in ["forward", "input gradient", "weight gradient"] {
        let mut group = criterion.benchmark_group(product);
        group
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(500))
            .sample_size(10);
        for (name, side, c, filters, padding) in LAYERS {
            let mut layer = Layer::new(side, c, filters, padding);
            group.throughput(Throughput::Elements(layer.operations()));
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| layer.run(kernels, product))
            });
            let rate = best_rate(layer.operations(), || layer.run(kernels, product));
            println!("{product}, {name}: {rate:.1} GFLOP/s, {:.0} % of the peak", 100.0 * rate / peak);
        }
    }
}
