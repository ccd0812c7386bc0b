//! Convolution against its definition in `f64`, on each instruction set.

mod oracle;

use kernels::{Conv, ConvWeights, Kernels, LANES, Padding, Precision, Shape};
use oracle::{Expected, TOLERANCE, at, on_each_instruction_set, random, values};

/// Sizes that meet every path: one pixel, all tile widths, tails of filters and channels, even kernels, kernels larger
/// than the image, strides.
fn battery() -> Vec<Conv> {
    let mut battery = Vec::new();
    let mut add = |h, w, c, filters, kernel, stride| {
        for padding in [Padding::Same, Padding::Valid] {
            battery.push(Conv { input: Shape { h, w, c }, filters, kernel, stride, padding });
        }
    };
    for w in 1..=14 {
        add(3, w, 2, 5, [3, 3], [1, 1]);
    }
    for (c, filters) in [(1, 1), (1, 8), (3, 2), (3, 4), (5, 3), (6, 7), (17, 12)] {
        add(5, 7, c, filters, [3, 3], [1, 1]);
        add(4, 9, c, filters, [1, 1], [1, 1]);
        add(6, 6, c, filters, [5, 5], [1, 1]);
        add(7, 8, c, filters, [3, 3], [2, 2]);
    }
    for kernel in [[1, 1], [1, 3], [3, 1], [2, 2], [4, 3], [3, 4], [5, 5], [7, 7]] {
        for stride in [[1, 1], [2, 2], [1, 3], [3, 2]] {
            add(8, 11, 2, 3, kernel, stride);
            add(1, 1, 1, 1, kernel, stride);
            add(2, 3, 3, 6, kernel, stride);
        }
    }
    add(3, 6, 64, 5, [3, 3], [1, 1]);
    add(2, 8, 41, 6, [5, 3], [1, 1]);
    add(21, 21, 8, 16, [3, 3], [1, 1]);
    add(33, 40, 4, 4, [3, 3], [1, 1]);
    // Enough channels and filters for fewer products than the definition has.
    for w in 3..=13 {
        add(9, w, 9, 10, [3, 3], [1, 1]);
    }
    for (h, channels, filters) in [(1, 8, 8), (2, 12, 9), (9, 70, 8), (9, 8, 35)] {
        add(h, 8, channels, filters, [3, 3], [1, 1]);
    }
    // So many that the kernel's gradient is taken in parts of the channels, or of the filters.
    add(9, 21, 70, 8, [3, 3], [1, 1]);
    add(21, 21, 8, 70, [3, 3], [1, 1]);
    battery
}

/// Calls `f` with the positions of each product: input, output, weight.
fn products(conv: &Conv, mut f: impl FnMut(usize, usize, usize)) {
    let (input, output, [top, left]) = (conv.input, conv.output(), conv.padding_before());
    let [kernel_h, kernel_w] = conv.kernel;
    for pixel in 0..output.h * output.w {
        let (oy, ox) = (pixel / output.w, pixel % output.w);
        for tap in 0..kernel_h * kernel_w {
            let iy = (oy * conv.stride[0] + tap / kernel_w).wrapping_sub(top);
            let ix = (ox * conv.stride[1] + tap % kernel_w).wrapping_sub(left);
            if iy >= input.h || ix >= input.w {
                continue;
            }
            for pair in 0..input.c * output.c {
                let (i, o) = (pair / output.c, pair % output.c);
                for lane in 0..LANES {
                    let weight = tap * input.c * output.c + pair;
                    f(at(input, iy, i, ix, lane), at(output, oy, o, ox, lane), weight);
                }
            }
        }
    }
}

/// Whether four neighbours of a row may be computed from common products.
fn is_tiled(conv: &Conv) -> bool {
    conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.input.c.min(conv.filters) >= 8
}

/// All three results of a convolution, and what they were computed from.
struct Case {
    conv: Conv,
    weights: Vec<f32>,
    bias: Vec<f32>,
    x: Vec<f32>,
    dy: Vec<f32>,
    y: Expected,
    dx: Expected,
    dw: Expected,
    db: Expected,
}

fn rounded(mut values: Vec<f32>, round: fn(f32) -> f32) -> Vec<f32> {
    values.iter_mut().for_each(|x| *x = round(*x));
    values
}

impl Case {
    /// Values and weights go through `round`.
    fn new(conv: Conv, seed: u64, round: fn(f32) -> f32) -> Case {
        let mut rng = random(seed);
        let (input, output) = (conv.input.pack_len(), conv.output());
        let mut case = Case {
            conv,
            weights: rounded(values(&mut rng, conv.weights()), round),
            bias: values(&mut rng, conv.filters),
            x: rounded(values(&mut rng, input), round),
            dy: rounded(values(&mut rng, output.pack_len()), round),
            y: Expected::new(output.pack_len()),
            dx: Expected::new(input),
            dw: Expected::new(conv.weights()),
            db: Expected::new(conv.filters),
        };
        for position in 0..output.pack_len() {
            let o = position / LANES / output.w % output.c;
            case.y.add(position, f64::from(case.bias[o]));
            case.db.add(o, f64::from(case.dy[position]));
        }
        let (w, x, dy) = (&case.weights, &case.x, &case.dy);
        products(&conv, |i, o, k| {
            case.y.add(o, f64::from(w[k]) * f64::from(x[i]));
            case.dx.add(i, f64::from(w[k]) * f64::from(dy[o]));
            case.dw.add(k, f64::from(x[i]) * f64::from(dy[o]));
        });
        if is_tiled(&conv) {
            (case.y, case.dx) = (case.y.in_fours(output), case.dx.in_fours(conv.input));
        }
        case
    }

    fn check(&self, kernels: Kernels) {
        let what = |result: &str| format!("{result} of {:?} on {}", self.conv, kernels.instruction_set());
        let mut weights = ConvWeights::new(self.conv);
        weights.set(&self.weights);
        let mut y = vec![f32::NAN; self.dy.len()];
        kernels.conv_forward(&weights, Some(&self.bias), &self.x, &mut y);
        self.y.assert_close(&y, &what("output"));
        self.check_rectified(kernels, weights.clone(), y);
        let mut dx = vec![f32::NAN; self.x.len()];
        kernels.conv_input_gradient(&weights, &self.dy, &mut dx);
        self.dx.assert_close(&dx, &what("input gradient"));
        let mut dw = vec![0.0; self.weights.len()];
        kernels.conv_weight_gradient(&self.conv, &self.x, &self.dy, &mut dw);
        self.dw.assert_close(&dw, &what("weight gradient"));
        self.check_taps(kernels, &what("weight gradient tap by tap"));
        let mut db = vec![0.0; self.bias.len()];
        kernels.bias_gradient(self.conv.output(), &self.dy, &mut db);
        self.db.assert_close(&db, &what("bias gradient"));
    }
}

impl Case {
    fn check_bf16(&self, kernels: Kernels) {
        let what =
            |result: &str| format!("{result} in bf16 of {:?} on {}", self.conv, kernels.instruction_set());
        let mut weights = ConvWeights::with_precision(self.conv, Precision::Bf16);
        weights.set(&self.weights);
        let mut y = vec![f32::NAN; self.dy.len()];
        kernels.conv_forward(&weights, Some(&self.bias), &self.x, &mut y);
        // What goes into common products is rounded once more.
        let (tolerance, of_sums) = if is_tiled(&self.conv) { (2e-2, 1e-3) } else { (TOLERANCE, TOLERANCE) };
        self.y.assert_within(tolerance, &y, &what("output"));
        self.check_rectified(kernels, weights.clone(), y);
        let mut dx = vec![f32::NAN; self.x.len()];
        kernels.conv_input_gradient(&weights, &self.dy, &mut dx);
        self.dx.assert_within(tolerance, &dx, &what("input gradient"));
        let mut dw = vec![0.0; self.weights.len()];
        kernels.conv_weight_gradient_in(Precision::Bf16, &self.conv, &self.x, &self.dy, &mut dw);
        self.dw.assert_within(of_sums, &dw, &what("weight gradient"));
    }

    /// The same bits come out for values that a rounding makes the same.
    fn check_rounding(&self, kernels: Kernels) {
        let mut weights = ConvWeights::with_precision(self.conv, Precision::Bf16);
        weights.set(&self.weights);
        let x = rounded(self.x.clone(), bf16);
        let results = [&self.x, &x].map(|x| {
            let (mut y, mut dw) = (vec![0.0; self.dy.len()], vec![0.0; self.weights.len()]);
            if !is_tiled(&self.conv) {
                kernels.conv_forward(&weights, None, x, &mut y);
                kernels.conv_weight_gradient_in(Precision::Bf16, &self.conv, x, &self.dy, &mut dw);
            }
            (y, dw)
        });
        assert!(results[0] == results[1], "{:?} on {}", self.conv, kernels.instruction_set());
    }

    /// Rectified weights give the outputs `y` with 0 for what is below.
    fn check_rectified(&self, kernels: Kernels, weights: ConvWeights, mut y: Vec<f32>) {
        let mut rectified = vec![f32::NAN; y.len()];
        kernels.conv_forward(&weights.rectified(), Some(&self.bias), &self.x, &mut rectified);
        y.iter_mut().for_each(|y| *y = y.max(0.0));
        assert!(y == rectified, "{:?} on {}", self.conv, kernels.instruction_set());
    }

    /// Two packs, the second with half and the first with one and a half times the gradient.
    fn check_taps(&self, kernels: Kernels, what: &str) {
        let dy = [1.5, 0.5].map(|factor| self.dy.iter().map(|dy| factor * dy).collect::<Vec<f32>>());
        let conv = self.conv;
        let mut dw = vec![f32::NAN; self.weights.len()];
        let n_first = conv.input.c.div_ceil(2);
        for (tap, dw) in dw.chunks_exact_mut(conv.input.c * conv.filters).enumerate() {
            let tap = [tap / conv.kernel[1], tap % conv.kernel[1]];
            let (first, second) = dw.split_at_mut(n_first * conv.filters);
            for (range, dw) in [(0..n_first, first), (n_first..conv.input.c, second)] {
                kernels.conv_tap_gradient(&conv, tap, range, 2, |pack| [&self.x, &dy[pack]], dw);
            }
        }
        let twice = self.dw.values.iter().map(|dw| 2.0 * dw).collect();
        let magnitudes = self.dw.magnitudes.iter().map(|magnitude| 2.0 * magnitude).collect();
        Expected { values: twice, magnitudes }.assert_close(&dw, what);
    }
}

#[test]
fn all_results_are_those_of_the_definition() {
    for (seed, conv) in battery().into_iter().enumerate() {
        let case = Case::new(conv, seed as u64, |x| x);
        on_each_instruction_set(|kernels| case.check(kernels));
    }
}

/// Rounds to bf16, to even in the middle.
fn bf16(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// With what comes in rounded beforehand, products of bf16 are exact and sums are those of `f32`.
#[test]
fn results_in_bf16_are_those_of_the_definition() {
    let mut rounded = 0;
    for (seed, conv) in battery().into_iter().enumerate() {
        let mut case = Case::new(conv, seed as u64, bf16);
        on_each_instruction_set(|kernels| case.check_bf16(kernels));
        // And what does the rounding is the kernel, where it multiplies pairs.
        if conv.input.c >= 4 && conv.stride == [1, 1] {
            case.x.iter_mut().for_each(|x| *x *= 1.0 + 1e-3);
            rounded += 1;
            on_each_instruction_set(|kernels| case.check_rounding(kernels));
        }
    }
    assert!(rounded > 10);
}

#[test]
fn weight_and_bias_gradients_add_to_what_is_there() {
    let conv = Conv {
        input: Shape { h: 4, w: 5, c: 3 },
        filters: 6,
        kernel: [3, 3],
        stride: [1, 1],
        padding: Padding::Same,
    };
    let case = Case::new(conv, 7, |x| x);
    on_each_instruction_set(|kernels| {
        let (mut once, mut twice) = (vec![0.0; conv.weights()], vec![0.0; conv.weights()]);
        kernels.conv_weight_gradient(&conv, &case.x, &case.dy, &mut once);
        for _ in 0..2 {
            kernels.conv_weight_gradient(&conv, &case.x, &case.dy, &mut twice);
        }
        assert!(once.iter().zip(&twice).all(|(once, twice)| (2.0 * once - twice).abs() < 1e-4));
        let (mut once, mut twice) = (vec![0.0; 6], vec![0.0; 6]);
        kernels.bias_gradient(conv.output(), &case.dy, &mut once);
        for _ in 0..2 {
            kernels.bias_gradient(conv.output(), &case.dy, &mut twice);
        }
        assert!(once.iter().zip(&twice).all(|(once, twice)| (2.0 * once - twice).abs() < 1e-4));
    });
}

#[test]
fn sizes_and_padding_are_those_of_keras() {
    let conv = |n, k, s, padding| Conv {
        input: Shape { h: n, w: n, c: 1 },
        filters: 1,
        kernel: [k, k],
        stride: [s, s],
        padding,
    };
    for (n, k, s, size, before) in
        [(7, 3, 1, 7, 1), (7, 3, 2, 4, 1), (8, 3, 2, 4, 0), (5, 4, 1, 5, 1), (5, 1, 3, 2, 0)]
    {
        let conv = conv(n, k, s, Padding::Same);
        assert_eq!((conv.output().h, conv.padding_before()), (size, [before; 2]), "{conv:?}");
    }
    for (n, k, s, size) in [(7, 3, 1, 5), (7, 3, 2, 3), (8, 3, 2, 3), (2, 3, 1, 0)] {
        assert_eq!(conv(n, k, s, Padding::Valid).output().h, size);
    }
}
