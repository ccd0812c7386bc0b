//! Activations, optimisers, dropout and sums against their definitions in `f64`, on each instruction set.

mod oracle;

use kernels::{Activation, Adam, Sgd};
use oracle::{ACTIVATIONS, activation, on_each_instruction_set, random, values};

#[test]
fn activations_and_slopes_are_those_of_the_definition() {
    let z: Vec<f32> = (-4_003..=4_003).map(|i| i as f32 / 200.0).chain([-1e4, -90.0, 90.0, 1e4]).collect();
    let dy = vec![1.0; z.len()];
    for act in ACTIVATIONS {
        on_each_instruction_set(|kernels| {
            let (mut y, mut slope) = (vec![f32::NAN; z.len()], vec![f32::NAN; z.len()]);
            kernels.activation(act, &z, &mut y);
            kernels.activation_backward(act, &z, &dy, &mut slope);
            for ((&z, &y), &slope) in z.iter().zip(&y).zip(&slope) {
                let (value, derivative) = activation(act, f64::from(z));
                let set = kernels.instruction_set();
                // `Phi` is good to 4e-7, `exp` to 2 units in the last place.
                let tolerance = 1e-6 * f64::from(z.abs()).max(1.0);
                assert!(
                    (f64::from(y) - value).abs() <= tolerance,
                    "{act:?}({z}) = {value}, found {y} on {set}"
                );
                assert!(
                    (f64::from(slope) - derivative).abs() <= 2e-6,
                    "{act:?}'({z}) = {derivative}, found {slope} on {set}"
                );
            }
        });
    }
}

#[test]
fn activations_keep_what_is_not_a_number() {
    for act in ACTIVATIONS {
        on_each_instruction_set(|kernels| {
            let mut y = [0.0; 3];
            kernels.activation(act, &[1.0, f32::NAN, 2.0], &mut y);
            assert_eq!(y.map(f32::is_nan), [false, true, false], "{act:?} on {}", kernels.instruction_set());
        });
    }
}

#[test]
fn short_slices_are_done_to_the_end() {
    for n in 0..40 {
        let z = values(&mut random(n), n as usize);
        on_each_instruction_set(|kernels| {
            let mut y = vec![f32::NAN; z.len()];
            kernels.activation(Activation::Relu, &z, &mut y);
            assert!(z.iter().zip(&y).all(|(z, y)| z.max(0.0) == *y));
            let sum: f64 = z.iter().map(|&z| f64::from(z).powi(2)).sum();
            assert!((kernels.sum_of_squares(&z) - sum).abs() <= 1e-12);
            kernels.add_assign(&mut y, &z);
            assert!(z.iter().zip(&y).all(|(z, y)| z.max(0.0) + z == *y));
        });
    }
}

#[test]
fn dropout_keeps_its_share_and_is_the_same_everywhere() {
    let n = 100_000;
    let mut first = None;
    for kernels in kernels::Kernels::available() {
        let (mut x, mut other) = (vec![1.0; n], vec![1.0; n]);
        kernels.dropout(0.25, 7, &mut x);
        kernels.dropout(0.25, 8, &mut other);
        let dropped = x.iter().filter(|&&x| x == 0.0).count() as f64;
        // Five standard deviations of a binomial count.
        let deviation = (n as f64 * 0.25 * 0.75).sqrt();
        assert!((dropped - 0.25 * n as f64).abs() < 5.0 * deviation, "{dropped} of {n}");
        assert!(x.iter().all(|&x| x == 0.0 || x == 1.0 / 0.75));
        // Neighbouring keys are independent, also when one is shifted: both drop a sixteenth.
        for shift in [0, 1, 16] {
            let both = x.iter().zip(&other[shift..]).filter(|&(&a, &b)| a == 0.0 && b == 0.0).count() as f64;
            assert!((both - n as f64 / 16.0).abs() < 5.0 * deviation, "{both} of {n}, shifted by {shift}");
        }
        assert_eq!(first.get_or_insert(x.clone()), &x);
        let mut kept = vec![1.0; n];
        kernels.dropout(0.0, 7, &mut kept);
        assert!(kept.iter().all(|&x| x == 1.0));
    }
}

#[test]
fn adam_and_sgd_follow_their_formulas() {
    let (w, g, m) = (values(&mut random(1), 37), values(&mut random(2), 37), values(&mut random(3), 37));
    let v: Vec<f32> = m.iter().map(|m| m * m).collect();
    on_each_instruction_set(|kernels| {
        let hyper = Adam { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, decay: 0.002 };
        let (mut w1, mut m1, mut v1) = (w.clone(), m.clone(), v.clone());
        kernels.adam(&hyper, &mut w1, &g, &mut m1, &mut v1);
        for i in 0..w.len() {
            let (g, m, v) = (f64::from(g[i]), f64::from(m[i]), f64::from(v[i]));
            let (m, v) = (m * 0.9 + g * 0.1, v * 0.999 + g * g * 0.001);
            let expected = f64::from(w[i]) * 0.998 - 0.01 * m / (v.sqrt() + 1e-7);
            assert!((f64::from(m1[i]) - m).abs() < 1e-6 && (f64::from(v1[i]) - v).abs() < 1e-6);
            assert!((f64::from(w1[i]) - expected).abs() < 1e-6, "{expected} {}", w1[i]);
        }
        for nesterov in [false, true] {
            let hyper = Sgd { rate: 0.1, momentum: 0.9, nesterov, decay: 0.01 };
            let (mut w1, mut m1) = (w.clone(), m.clone());
            kernels.sgd(&hyper, &mut w1, &g, &mut m1);
            for i in 0..w.len() {
                let (g, m) = (f64::from(g[i]), f64::from(m[i]));
                let velocity = 0.9 * m - 0.1 * g;
                let step = if nesterov { 0.9 * velocity - 0.1 * g } else { velocity };
                let expected = f64::from(w[i]) * 0.99 + step;
                assert!((f64::from(m1[i]) - velocity).abs() < 1e-6);
                assert!((f64::from(w1[i]) - expected).abs() < 1e-6);
            }
        }
    });
}
