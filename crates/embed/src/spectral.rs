//! A start for the map from the slowest vibrations of the graph.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::graph::Graph;
use crate::symmetric::eigen;

/// Steps of Lanczos' method: enough for a start, which the optimisation then moves.
const STEPS: usize = 100;
/// Values of a vector that a thread takes at once; they stay in the first cache.
const PART: usize = 1024;

/// The second and third eigenvectors of the normalised Laplacian of a connected graph, approximately, by Lanczos'
/// method with full orthogonalisation; none when the graph is too small to have them.
///
/// # Source
/// von Luxburg 2007, doi:10.1007/s11222-007-9033-z.
pub fn spectral(graph: &Graph, seed: u64) -> Option<Vec<[f32; 2]>> {
    let n = graph.len();
    let steps = STEPS.min(n.checked_sub(1)?);
    if steps < 3 {
        return None;
    }
    let roots: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|i| graph.row(i).1.iter().map(|&w| f64::from(w)).sum::<f64>().sqrt())
        .collect();
    // The first eigenvector is known; all others are orthogonal to it.
    let first = unit(roots.clone())?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(2);
    let start: Vec<f64> = (0..n).map(|_| random.random_range(-1.0..1.0)).collect();
    let mut basis = vec![first];
    basis.push(unit(orthogonal(start, &basis))?);
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    for step in 0..steps {
        let next = apply(graph, &roots, &basis[step + 1]);
        diagonal.push(dot(&next, &basis[step + 1]));
        let rest = orthogonal(next, &basis);
        let length = dot(&rest, &rest).sqrt();
        if length < 1e-9 || step + 1 == steps {
            break;
        }
        beside.push(length);
        basis.push(rest.into_iter().map(|v| v / length).collect());
    }
    let size = diagonal.len();
    if size < 2 {
        return None;
    }
    let mut small = vec![0.0; size * size];
    for i in 0..size {
        small[i * size + i] = diagonal[i];
        if i + 1 < size {
            small[i * size + i + 1] = beside[i];
            small[(i + 1) * size + i] = beside[i];
        }
    }
    let (_, vectors) = eigen(small, size);
    let whole = |vector: &[f64], point: usize| -> f64 {
        vector.iter().zip(&basis[1..]).map(|(c, b)| c * b[point]).sum()
    };
    let positions = (0..n).into_par_iter();
    Some(positions.map(|i| [whole(&vectors[0], i) as f32, whole(&vectors[1], i) as f32]).collect())
}

/// The product of the normalised adjacency matrix and `x`.
fn apply(graph: &Graph, roots: &[f64], x: &[f64]) -> Vec<f64> {
    let scaled: Vec<f64> = x.iter().zip(roots).map(|(x, root)| x / root.max(f64::MIN_POSITIVE)).collect();
    (0..graph.len())
        .into_par_iter()
        .map(|i| {
            let (ids, weights) = graph.row(i);
            let sum: f64 = ids.iter().zip(weights).map(|(&j, &w)| f64::from(w) * scaled[j as usize]).sum();
            sum / roots[i].max(f64::MIN_POSITIVE)
        })
        .collect()
}

/// What is left of `x` beyond the `basis`: beyond its last two vectors, where Lanczos' method says that nearly all of it
/// lies, then, since rounding leaves a rest, beyond all of them.
fn orthogonal(mut x: Vec<f64>, basis: &[Vec<f64>]) -> Vec<f64> {
    for basis in [&basis[basis.len().saturating_sub(2)..], basis] {
        let shares: Vec<f64> = basis.par_iter().map(|b| dot(&x, b)).collect();
        x.par_chunks_mut(PART).enumerate().for_each(|(part, x)| {
            for (share, b) in shares.iter().zip(basis) {
                let b = &b[part * PART..][..x.len()];
                x.iter_mut().zip(b).for_each(|(x, b)| *x -= share * b);
            }
        });
    }
    x
}

/// In a fixed order: eight sums side by side, since one alone would wait for each addition.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        (0..8).for_each(|i| sums[i] += a[i] * b[i]);
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

fn unit(x: Vec<f64>) -> Option<Vec<f64>> {
    let length = dot(&x, &x).sqrt();
    (length > 1e-12).then(|| x.into_iter().map(|v| v / length).collect())
}
