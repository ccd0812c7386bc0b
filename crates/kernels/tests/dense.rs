//! Dense layers against their definition in `f64`, on each instruction set, whole and in ranges.

mod oracle;

use kernels::{Dense, Kernels, LANES};
use oracle::{Expected, on_each_instruction_set, random, values};

struct Case {
    dense: Dense,
    n: usize,
    w: Vec<f32>,
    bias: Vec<f32>,
    x: Vec<f32>,
    dy: Vec<f32>,
    y: Expected,
    dx: Expected,
    dw: Expected,
    db: Expected,
}

impl Case {
    fn new(inputs: usize, outputs: usize, packs: usize) -> Case {
        let mut rng = random((inputs * 1_000 + outputs * 10 + packs) as u64);
        let n = packs * LANES;
        let mut case = Case {
            dense: Dense { inputs, outputs },
            n,
            w: values(&mut rng, inputs * outputs),
            bias: values(&mut rng, outputs),
            x: values(&mut rng, inputs * n),
            dy: values(&mut rng, outputs * n),
            y: Expected::new(outputs * n),
            dx: Expected::new(inputs * n),
            dw: Expected::new(inputs * outputs),
            db: Expected::new(outputs),
        };
        for o in 0..outputs {
            for cell in 0..n {
                let dy = f64::from(case.dy[o * n + cell]);
                case.y.add(o * n + cell, f64::from(case.bias[o]));
                case.db.add(o, dy);
                for i in 0..inputs {
                    let (w, x) = (f64::from(case.w[i * outputs + o]), f64::from(case.x[i * n + cell]));
                    case.y.add(o * n + cell, w * x);
                    case.dx.add(i * n + cell, w * dy);
                    case.dw.add(i * outputs + o, x * dy);
                }
            }
        }
        case
    }

    /// All results, computed in chunks of `part` units.
    fn check(&self, kernels: Kernels, part: usize) {
        let Case { dense, n, .. } = *self;
        let what =
            |result: &str| format!("{result} of {dense:?}, n {n}, by {part}, {}", kernels.instruction_set());
        let mut y = vec![f32::NAN; dense.outputs * n];
        for (k, y) in y.chunks_mut(part * n).enumerate() {
            let range = k * part..k * part + y.len() / n;
            kernels.dense_forward(dense, n, &self.w, Some(&self.bias), &self.x, range, y);
        }
        self.y.assert_close(&y, &what("output"));
        let mut dx = vec![f32::NAN; dense.inputs * n];
        for (k, dx) in dx.chunks_mut(part * n).enumerate() {
            let range = k * part..k * part + dx.len() / n;
            kernels.dense_input_gradient(dense, n, &self.w, &self.dy, range, dx);
        }
        self.dx.assert_close(&dx, &what("input gradient"));
        let mut dw = vec![f32::NAN; dense.inputs * dense.outputs];
        for (k, dw) in dw.chunks_mut(part * dense.outputs).enumerate() {
            let range = k * part..k * part + dw.len() / dense.outputs;
            kernels.dense_weight_gradient(dense, n, &self.x, &self.dy, range, dw);
        }
        self.dw.assert_close(&dw, &what("weight gradient"));
        let mut db = vec![0.0; dense.outputs];
        kernels.dense_bias_gradient(n, &self.dy, &mut db);
        self.db.assert_close(&db, &what("bias gradient"));
    }
}

#[test]
fn all_results_are_those_of_the_definition() {
    for (inputs, outputs, packs) in [
        (1, 1, 1),
        (3, 2, 1),
        (7, 5, 2),
        (2, 9, 3),
        (16, 4, 4),
        (5, 6, 5),
        (11, 3, 6),
        (4, 4, 7),
        (9, 2, 13),
        (700, 10, 2),
    ] {
        let case = Case::new(inputs, outputs, packs);
        on_each_instruction_set(|kernels| {
            for part in [1, 3, 4, 1_000] {
                case.check(kernels, part);
            }
        });
    }
}

#[test]
fn chunks_do_not_change_the_bits() {
    let case = Case::new(37, 21, 8);
    let Case { dense, n, .. } = case;
    on_each_instruction_set(|kernels| {
        let mut whole = vec![0.0; dense.outputs * n];
        kernels.dense_forward(dense, n, &case.w, None, &case.x, 0..dense.outputs, &mut whole);
        let mut parts = vec![0.0; dense.outputs * n];
        for (o, y) in parts.chunks_mut(n).enumerate() {
            kernels.dense_forward(dense, n, &case.w, None, &case.x, o..o + 1, y);
        }
        assert_eq!(whole, parts);
    });
}
