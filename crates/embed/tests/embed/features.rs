//! Labelled points of the reference, and the figures of its script.

use std::io::Read;
use std::path::Path;

use embed::{Index, Points};

/// Points and the class of each.
pub struct Features {
    pub points: Points,
    pub labels: Vec<i64>,
}

impl Features {
    /// Reads `x` `[n, d]` float32 and `y` `[n]` of an `.npz`.
    pub fn read(path: &Path) -> Features {
        let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut archive = zip::ZipArchive::new(file).expect("a zip");
        let mut member = |name: &str| {
            let mut bytes = Vec::new();
            archive.by_name(name).expect("the member").read_to_end(&mut bytes).expect("its bytes");
            bytes
        };
        let x = member("x.npy");
        let x = npyz::NpyFile::new(&x[..]).expect("npy");
        let columns = x.shape()[1] as usize;
        let y = member("y.npy");
        let y = npyz::NpyFile::new(&y[..]).expect("npy");
        let labels = match y.dtype().descr().contains("u1") {
            true => y.into_vec::<u8>().expect("labels").into_iter().map(i64::from).collect(),
            false => y.into_vec().expect("labels"),
        };
        Features { points: Points::new(columns, x.into_vec().expect("features")).expect("points"), labels }
    }

    /// Every third point of the first 9,000: 3,000 on which figures are taken.
    pub fn rows(&self) -> Vec<u32> {
        (0..self.labels.len() as u32).step_by(3).take(3000).collect()
    }

    pub fn sample(&self) -> Points {
        self.points.select(&self.rows())
    }

    pub fn sampled(&self, positions: &[[f32; 2]]) -> Vec<[f32; 2]> {
        self.rows().iter().map(|&i| positions[i as usize]).collect()
    }
}

/// Share of the points `rows` whose 15 nearest on the map have their class most often; the smaller class wins a tie.
pub fn label_accuracy(labels: &[i64], positions: &[[f32; 2]], rows: &[u32]) -> f64 {
    let places = Points::new(2, positions.as_flattened().to_vec()).expect("places");
    let near = Index::exact(&places).expect("kernels").search_own(16);
    let right = |i: &&u32| {
        let i = **i as usize;
        let mut votes = [0; 64];
        near.ids(i)[1..].iter().for_each(|&id| votes[labels[id as usize] as usize] += 1);
        let most = votes.iter().max().expect("a vote");
        votes.iter().position(|v| v == most) == Some(labels[i] as usize)
    };
    rows.iter().filter(right).count() as f64 / rows.len() as f64
}
