//! Eigenvectors of small symmetric matrices.

/// Sweeps after which the method has long converged.
const SWEEPS: usize = 60;

/// Eigenvalues, largest first, and their unit eigenvectors as rows, of the symmetric matrix `[n][n]`, by cyclic Jacobi
/// rotations. Each eigenvector's entry of largest size is positive.
pub fn eigen(mut m: Vec<f64>, n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    let size: f64 = m.iter().map(|x| x * x).sum();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n * n).filter(|i| i / n != i % n).map(|i| m[i] * m[i]).sum();
        if off <= 1e-28 * size {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut m, &mut v, n, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| m[b * n + b].total_cmp(&m[a * n + a]));
    let values = order.iter().map(|&i| m[i * n + i]).collect();
    (values, order.iter().map(|&i| signed(v[i * n..(i + 1) * n].to_vec())).collect())
}

/// The vector or its opposite, so that its entry of largest size is positive.
fn signed(mut vector: Vec<f64>) -> Vec<f64> {
    let largest = vector.iter().copied().fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
    if largest < 0.0 {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
    vector
}

/// Turns the axes `p` and `q` so that their common entry becomes 0.
fn rotate(m: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) {
    let apq = m[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (m[q * n + q] - m[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..n {
        let (a, b) = (m[k * n + p], m[k * n + q]);
        m[k * n + p] = c * a - s * b;
        m[k * n + q] = s * a + c * b;
    }
    for k in 0..n {
        let (a, b) = (m[p * n + k], m[q * n + k]);
        m[p * n + k] = c * a - s * b;
        m[q * n + k] = s * a + c * b;
        let (a, b) = (v[p * n + k], v[q * n + k]);
        v[p * n + k] = c * a - s * b;
        v[q * n + k] = s * a + c * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_keep_their_direction() {
        let n = 7;
        let m: Vec<f64> = (0..n * n).map(|i| 1.0 / (1 + i / n + i % n) as f64).collect();
        let (values, vectors) = eigen(m.clone(), n);
        for (value, vector) in values.iter().zip(&vectors) {
            for row in 0..n {
                let product: f64 = (0..n).map(|k| m[row * n + k] * vector[k]).sum();
                assert!((product - value * vector[row]).abs() < 1e-12);
            }
        }
        assert!(values.windows(2).all(|w| w[0] >= w[1]));
    }
}
