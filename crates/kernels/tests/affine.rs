//! Batch norm's passes, activation and pooling against their definitions in `f64`, on each instruction set.

mod oracle;

use kernels::{Activation, Kernels, LANES, Padding, Shape, Squares};
use oracle::{ACTIVATIONS, Expected, activation, at, on_each_instruction_set, random, values};

const SHAPES: [Shape; 7] = [
    Shape { h: 1, w: 1, c: 1 },
    Shape { h: 3, w: 5, c: 2 },
    Shape { h: 4, w: 4, c: 3 },
    Shape { h: 7, w: 6, c: 1 },
    Shape { h: 6, w: 9, c: 4 },
    Shape { h: 16, w: 2, c: 5 },
    Shape { h: 5, w: 40, c: 2 },
];

/// Weight 0 for the last three cells, as in a pack that is not full.
const LANE_WEIGHTS: [f32; LANES] = [1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 0., 0., 0.];

/// Calls `f` with each position in a pack and its channel.
fn each(shape: Shape, mut f: impl FnMut(usize, usize)) {
    for position in 0..shape.pack_len() {
        f(position, position / LANES / shape.w % shape.c);
    }
}

/// Calls `f` with each pooled position, its channel, and the positions of its square, row by row.
fn each_square(shape: Shape, squares: Squares, mut f: impl FnMut(usize, usize, &[usize])) {
    let (output, Squares { size, stride, padding }) = (squares.output(shape), squares);
    let before = |n: usize, out: usize| match padding {
        Padding::Same => ((out * stride + size) as i64 - (stride + n) as i64).max(0) / 2,
        Padding::Valid => 0,
    };
    let (top, left) = (before(shape.h, output.h), before(shape.w, output.w));
    each(output, |position, c| {
        let (group, lane) = (position / LANES, position % LANES);
        let (y, x) = (group / (output.w * output.c), group % output.w);
        let pixel = |k: usize| {
            let y = usize::try_from((y * stride + k / size) as i64 - top).ok()?;
            let x = usize::try_from((x * stride + k % size) as i64 - left).ok()?;
            (y < shape.h && x < shape.w).then(|| at(shape, y, c, x, lane))
        };
        f(position, c, &(0..size * size).filter_map(pixel).collect::<Vec<usize>>());
    });
}

fn inside(size: usize, stride: usize) -> Squares {
    Squares { size, stride, padding: Padding::Valid }
}

/// The first position of the greatest value.
fn first_maximum(square: &[usize], value: impl Fn(usize) -> f64) -> usize {
    square.iter().fold(square[0], |best, &k| if value(k) > value(best) { k } else { best })
}

fn check_affine(kernels: Kernels, shape: Shape, act: Activation, pool: usize) {
    let mut rng = random((shape.units() * 10 + pool) as u64);
    let (x, scale, shift) =
        (values(&mut rng, shape.pack_len()), values(&mut rng, shape.c), values(&mut rng, shape.c));
    let output = inside(pool, pool).output(shape);
    let dy = values(&mut rng, output.pack_len());
    // In `f32` as the kernel computes it with or without a fused multiply-add, so that maxima are the same.
    let value =
        |k: usize, c: usize| activation(act, f64::from(x[k]) * f64::from(scale[c]) + f64::from(shift[c]));
    let mut y = Expected::new(output.pack_len());
    let mut dz = Expected::new(shape.pack_len());
    let (mut sum, mut sum_x) = (vec![0.0; shape.c], vec![0.0; shape.c]);
    each_square(shape, inside(pool, pool), |to, c, square| {
        let best = first_maximum(square, |k| value(k, c).0);
        y.values[to] = value(best, c).0;
        dz.values[best] = value(best, c).1 * f64::from(dy[to]);
        let weighted = f64::from(LANE_WEIGHTS[to % LANES]) * dz.values[best];
        sum[c] += weighted;
        sum_x[c] += weighted * f64::from(x[best]);
    });
    // The slope of an activation is good to 2e-6.
    y.magnitudes.fill(1.0);
    dz.magnitudes.fill(1.0);
    let what = format!("{act:?}, pool {pool}, {shape:?} on {}", kernels.instruction_set());
    let mut found = vec![f32::NAN; output.pack_len()];
    kernels.affine_activation_max_pool(shape, &x, &scale, &shift, act, pool, &mut found);
    y.assert_close(&found, &what);
    if pool == 1 {
        let mut same = vec![f32::NAN; output.pack_len()];
        kernels.affine_activation(shape, &x, &scale, &shift, act, &mut same);
        assert_eq!(found, same);
    }
    let mut found = vec![f32::NAN; shape.pack_len()];
    let (mut found_sum, mut found_sum_x) = (vec![1.0; shape.c], vec![2.0; shape.c]);
    kernels.affine_activation_backward(
        shape,
        &x,
        &scale,
        &shift,
        act,
        pool,
        &dy,
        &LANE_WEIGHTS,
        &mut found,
        &mut found_sum,
        &mut found_sum_x,
    );
    dz.assert_close(&found, &what);
    for c in 0..shape.c {
        let tolerance = 1e-6 * (shape.h * shape.w * LANES) as f64;
        assert!((found_sum[c] - 1.0 - sum[c]).abs() < tolerance, "{what}: {} {}", found_sum[c], sum[c]);
        assert!(
            (found_sum_x[c] - 2.0 - sum_x[c]).abs() < tolerance,
            "{what}: {} {}",
            found_sum_x[c],
            sum_x[c]
        );
    }
}

#[test]
fn activation_and_pooling_are_those_of_the_definition() {
    for shape in SHAPES {
        for act in ACTIVATIONS {
            for pool in [1, 2, 3] {
                on_each_instruction_set(|kernels| check_affine(kernels, shape, act, pool));
            }
        }
    }
}

#[test]
fn moments_and_combination_are_those_of_the_definition() {
    for shape in SHAPES {
        let mut rng = random(shape.units() as u64);
        let (x, dz) = (values(&mut rng, shape.pack_len()), values(&mut rng, shape.pack_len()));
        let [a, b, d] = [(); 3].map(|()| values(&mut rng, shape.c));
        let (mut sum, mut squares) = (vec![0.5; shape.c], vec![0.25; shape.c]);
        let mut combined = Expected::new(shape.pack_len());
        each(shape, |k, c| {
            let (x, weight) = (f64::from(x[k]), f64::from(LANE_WEIGHTS[k % LANES]));
            sum[c] += weight * x;
            squares[c] += weight * x * x;
            combined.add(k, f64::from(a[c]) * f64::from(dz[k]));
            combined.add(k, f64::from(b[c]) * x);
            combined.add(k, f64::from(d[c]));
        });
        on_each_instruction_set(|kernels| {
            let (mut found, mut found_squares) = (vec![0.5; shape.c], vec![0.25; shape.c]);
            kernels.channel_moments(shape, &x, &LANE_WEIGHTS, &mut found, &mut found_squares);
            for c in 0..shape.c {
                let tolerance = 1e-7 * (shape.h * shape.w * LANES) as f64;
                assert!(
                    (found[c] - sum[c]).abs() < tolerance
                        && (found_squares[c] - squares[c]).abs() < tolerance
                );
            }
            let mut found = dz.clone();
            kernels.affine_combine(shape, &x, &a, &b, &d, &mut found);
            combined.assert_close(&found, &format!("{shape:?} on {}", kernels.instruction_set()));
        });
    }
}

#[test]
fn pooling_is_that_of_the_definition() {
    for shape in SHAPES {
        for (size, stride) in [(1, 1), (2, 2), (3, 2), (2, 1), (2, 3), (3, 3), (5, 1)] {
            for padding in [Padding::Valid, Padding::Same] {
                let squares = Squares { size, stride, padding };
                on_each_instruction_set(|kernels| check_pooling(kernels, shape, squares));
            }
        }
    }
}

fn check_pooling(kernels: Kernels, shape: Shape, squares: Squares) {
    let mut rng = random((shape.units() * 100 + squares.size * 10 + squares.stride) as u64);
    let output = squares.output(shape);
    let (x, dy) = (values(&mut rng, shape.pack_len()), values(&mut rng, output.pack_len()));
    let (mut max, mut mean) = (Expected::new(output.pack_len()), Expected::new(output.pack_len()));
    let (mut to_max, mut to_all) = (Expected::new(shape.pack_len()), Expected::new(shape.pack_len()));
    each_square(shape, squares, |to, _, square| {
        let pixels = square.len() as f64;
        let best = first_maximum(square, |k| f64::from(x[k]));
        max.values[to] = f64::from(x[best]);
        to_max.add(best, f64::from(dy[to]));
        for &k in square {
            mean.add(to, f64::from(x[k]) / pixels);
            to_all.add(k, f64::from(dy[to]) / pixels);
        }
    });
    let what = format!("{squares:?}, {shape:?} on {}", kernels.instruction_set());
    let mut y = vec![f32::NAN; output.pack_len()];
    kernels.max_pool(shape, squares, &x, &mut y);
    max.assert_close(&y, &what);
    kernels.average_pool(shape, squares, &x, &mut y);
    mean.assert_close(&y, &what);
    let mut dx = vec![f32::NAN; shape.pack_len()];
    kernels.max_pool_backward(shape, squares, &x, &dy, &mut dx);
    to_max.assert_close(&dx, &what);
    kernels.average_pool_backward(shape, squares, &dy, &mut dx);
    to_all.assert_close(&dx, &what);
}

#[test]
fn the_first_of_equal_values_takes_the_gradient() {
    let shape = Shape { h: 2, w: 2, c: 1 };
    on_each_instruction_set(|kernels| {
        let mut dx = vec![f32::NAN; shape.pack_len()];
        kernels.max_pool_backward(shape, inside(2, 2), &[3.0; 64], &[1.0; LANES], &mut dx);
        assert!(dx[..LANES].iter().all(|&dx| dx == 1.0) && dx[LANES..].iter().all(|&dx| dx == 0.0));
    });
}

#[test]
fn global_average_is_that_of_the_definition() {
    for shape in SHAPES {
        let mut rng = random(shape.units() as u64);
        let (x, dy) = (values(&mut rng, shape.pack_len()), values(&mut rng, shape.c * LANES));
        let (mut mean, mut part) = (Expected::new(dy.len()), Expected::new(x.len()));
        let pixels = (shape.h * shape.w) as f64;
        each(shape, |k, c| {
            mean.add(c * LANES + k % LANES, f64::from(x[k]) / pixels);
            part.add(k, f64::from(dy[c * LANES + k % LANES]) / pixels);
        });
        on_each_instruction_set(|kernels| {
            let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
            kernels.global_average_pool(shape, &x, &mut y);
            mean.assert_close(&y, "mean");
            kernels.global_average_pool_backward(shape, &dy, &mut dx);
            part.assert_close(&dx, "part");
        });
    }
}
