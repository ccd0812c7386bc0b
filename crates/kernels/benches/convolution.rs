//! Convolution at the shapes of the two preset networks, on one core: GFLOP/s, and the share of the rate that the same
//! core reaches when it does nothing but multiply and add in registers. Counted are the operations of the definition:
//! kernels that need half as many can have a share above 100 %.
//!
//! * `cargo bench -p kernels`: times by criterion, then the shares.
//! * `cargo bench -p kernels -- --json`: the shares alone, one line of JSON each, for `cargo xtask bench`.
//!
//! The gradients of weights are taken as training takes them: of small images over all packs of a batch of 64.
//!
//! A layer and the peak are measured in turn and the best of each counts. On a machine that does other work besides,
//! layers that take longer than a time slice look slower than they are.

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

const PRODUCTS: [&str; 3] = ["forward", "input gradient", "weight gradient"];

/// How long each layer is measured, in turn with the peak.
const MEASURING: Duration = Duration::from_millis(400);
/// Length of a measurement of the peak: about a tenth of a millisecond.
const PEAK_REPEATS: usize = 40_000;

/// Packs over which the weight gradient of small images is taken.
const PACKS: usize = 4;

/// One layer, with [`PACKS`] packs of each thing that goes in or out.
struct Layer {
    weights: ConvWeights,
    x: Vec<Vec<f32>>,
    y: Vec<Vec<f32>>,
    dw: Vec<f32>,
}

impl Layer {
    fn new(side: usize, c: usize, filters: usize, padding: Padding) -> Layer {
        let input = Shape { h: side, w: side, c };
        let conv = Conv { input, filters, kernel: [3, 3], stride: [1, 1], padding };
        let mut weights = ConvWeights::new(conv);
        weights.set(&vec![1e-3; conv.weights()]);
        let packs = |shape: Shape| vec![vec![1e-3; shape.pack_len()]; PACKS];
        let (x, y) = (packs(input), packs(conv.output()));
        Layer { weights, x, y, dw: vec![0.0; conv.weights()] }
    }

    /// Whether `product` is taken over all packs.
    fn is_over_all(&self, product: &str) -> bool {
        product == "weight gradient" && self.weights.conv().is_small()
    }

    /// Floating-point operations of a product, those with the zeros around the image left out.
    fn operations(&self, product: &str) -> u64 {
        let conv = self.weights.conv();
        let before = conv.padding_before();
        let taps = |input: usize, output: usize, axis: usize| {
            (0..output * 3).filter(|i| (i / 3 + i % 3).wrapping_sub(before[axis]) < input).count()
        };
        let (input, output) = (conv.input, conv.output());
        let taps = taps(input.h, output.h, 0) * taps(input.w, output.w, 1);
        let packs = if self.is_over_all(product) { PACKS } else { 1 };
        2 * (taps * input.c * conv.filters * LANES * packs) as u64
    }

    fn run(&mut self, kernels: Kernels, product: &str) {
        match product {
            "forward" => kernels.conv_forward(&self.weights, None, &self.x[0], &mut self.y[0]),
            "input gradient" => kernels.conv_input_gradient(&self.weights, &self.y[0], &mut self.x[0]),
            _ if self.is_over_all(product) => self.tap_gradients(kernels),
            _ => kernels.conv_weight_gradient(self.weights.conv(), &self.x[0], &self.y[0], &mut self.dw),
        }
    }

    fn tap_gradients(&mut self, kernels: Kernels) {
        let Layer { weights, x, y, dw } = self;
        let conv = weights.conv();
        let channels = conv.input.c;
        for (tap, dw) in dw.chunks_exact_mut(channels * conv.filters).enumerate() {
            let tap = [tap / conv.kernel[1], tap % conv.kernel[1]];
            kernels.conv_tap_gradient(conv, tap, 0..channels, PACKS, |p| [&x[p], &y[p]], dw);
        }
    }
}

/// GFLOP/s of one product of one layer, beside the peak of the core at that time.
struct Rate {
    gflops: f64,
    peak: f64,
}

impl Rate {
    /// The best of many runs in turn with the peak.
    fn measure(kernels: Kernels, layer: &mut Layer, product: &str) -> Rate {
        let (mut best, mut best_peak) = (f64::INFINITY, f64::INFINITY);
        let (peak_operations, _) = kernels.peak(PEAK_REPEATS);
        let start = Instant::now();
        while start.elapsed() < MEASURING {
            best = best.min(seconds(|| layer.run(kernels, product)));
            best_peak = best_peak.min(seconds(|| {
                black_box(kernels.peak(black_box(PEAK_REPEATS)));
            }));
        }
        let gflops = |operations: u64, seconds: f64| operations as f64 / seconds / 1e9;
        Rate { gflops: gflops(layer.operations(product), best), peak: gflops(peak_operations, best_peak) }
    }

    fn percent(&self) -> f64 {
        100.0 * self.gflops / self.peak
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Times by criterion, for comparing one state of the code with another.
fn times(kernels: Kernels) {
    let mut criterion = Criterion::default().configure_from_args().without_plots();
    for product in PRODUCTS {
        let mut group = criterion.benchmark_group(product);
        group
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(500))
            .sample_size(10);
        for (name, side, c, filters, padding) in LAYERS {
            let mut layer = Layer::new(side, c, filters, padding);
            group.throughput(Throughput::Elements(layer.operations(product)));
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| layer.run(kernels, product))
            });
        }
    }
}

/// The shares of the peak.
fn shares(kernels: Kernels, json: bool) {
    for product in PRODUCTS {
        for (name, side, c, filters, padding) in LAYERS {
            let rate = Rate::measure(kernels, &mut Layer::new(side, c, filters, padding), product);
            let Rate { gflops, peak } = rate;
            let percent = rate.percent();
            let set = kernels.instruction_set();
            if json {
                println!(
                    "{{\"what\": \"{product}, {name} ({c} to {filters}), {set}\", \"gflops\": {gflops:.1}, \
                     \"peak_gflops\": {peak:.1}, \"share_percent\": {percent:.1}}}"
                );
            } else {
                println!(
                    "{product}, {name}: {gflops:.1} GFLOP/s, {percent:.0} % of the peak of {peak:.1} ({set})"
                );
            }
        }
    }
}

fn main() {
    let kernels = Kernels::detect().unwrap_or_else(|error| panic!("{error}"));
    let json = std::env::args().any(|argument| argument == "--json");
    if !json {
        times(kernels);
    }
    shares(kernels, json);
}
