//! scratch
use kernels::*;
#[repr(C)]
struct Ts {
    s: i64,
    n: i64,
}
unsafe extern "C" {
    fn clock_gettime(id: i32, t: *mut Ts) -> i32;
}
fn now() -> f64 {
    let mut t = Ts { s: 0, n: 0 };
    unsafe {
        clock_gettime(3, &mut t);
    }
    t.s as f64 + t.n as f64 * 1e-9
}
fn main() {
    let k = Kernels::detect().unwrap();
    let mut peak = 0f64;
    for _ in 0..30 {
        let t = now();
        let (f, _) = std::hint::black_box(k.peak(std::hint::black_box(40000)));
        peak = peak.max(f as f64 / (now() - t));
    }
    for (i, o) in [(10368, 256), (2048, 256), (1152, 256)] {
        for n in [64, 128] {
            let d = Dense { inputs: i, outputs: o };
            let w = vec![1e-3; i * o];
            let mut x = Buffer::new(i * n);
            x.fill(0.5);
            let mut y = Buffer::new(o * n);
            y.fill(0.1);
            let mut dx = Buffer::new(i * n);
            let mut dw = vec![0.0; i * o];
            let mut best = [f64::MAX; 3];
            for _ in 0..6 {
                let t = now();
                for b in 0..o / 32 {
                    k.dense_forward(
                        d,
                        n,
                        &w,
                        None,
                        &x,
                        b * 32..b * 32 + 32,
                        &mut y[b * 32 * n..(b + 1) * 32 * n],
                    );
                }
                best[0] = best[0].min(now() - t);
                let t = now();
                for b in 0..i / 32 {
                    k.dense_input_gradient(
                        d,
                        n,
                        &w,
                        &y,
                        b * 32..b * 32 + 32,
                        &mut dx[b * 32 * n..(b + 1) * 32 * n],
                    );
                }
                best[1] = best[1].min(now() - t);
                let t = now();
                for b in 0..i / 32 {
                    k.dense_weight_gradient(
                        d,
                        n,
                        &x,
                        &y,
                        b * 32..b * 32 + 32,
                        &mut dw[b * 32 * o..(b + 1) * 32 * o],
                    );
                }
                best[2] = best[2].min(now() - t);
            }
            let flop = 2.0 * (i * o * n) as f64;
            println!(
                "{i}x{o} n {n}: {}",
                best.map(|b| format!("{:7.3} ms {:3.0} %", b * 1e3, 100.0 * flop / b / peak)).join(" | ")
            );
        }
    }
}
