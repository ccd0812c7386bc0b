//! Images per second of the two published networks on random data, asked for row by row:
//! `echo encoder-train-f32 2 | cargo run --release -p nn --example throughput`.
//!
//! Each line of standard input names a row and for how many seconds to run it; each line of output is
//! `{"what": …, "per_s": …}`. The peers in `bench/peers` answer the same way, and `cargo xtask bench` asks them in turn.
//! Data, batches and networks are those of the peers: encoder 64x64x1 in batches of 64, phase 50x50x3 in batches of
//! 128, inference in calls of 256, images ready in memory. Threads: `RAYON_NUM_THREADS`.

#![expect(clippy::print_stdout, reason = "this is a program")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::io::stdin;
use std::time::Instant;

use nn::optimizer::{Clip, Optimizer};
use nn::predict::Predictor;
use nn::presets;
use nn::spec::{NetworkSpec, Shape};
use nn::train::{Trainer, TrainerSettings};
use nn::{Network, Precision};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Images per call of inference.
const CALL: usize = 256;

/// Does some work and returns the number of images.
type Run = Box<dyn FnMut() -> Result<usize, Box<dyn Error>>>;

/// A published network, and how it is trained.
struct Published {
    spec: NetworkSpec,
    optimizer: Optimizer,
    clip: Clip,
    learning_rate: f32,
    batch_size: usize,
    n_batches: usize,
}

impl Published {
    fn network(&self) -> Result<Network, Box<dyn Error>> {
        Ok(Network::new(self.spec.clone(), 0).map_err(|mistakes| format!("{mistakes:?}"))?)
    }
}

fn published(name: &str) -> Option<Published> {
    match name {
        "encoder" => Some(Published {
            spec: presets::encoder(Shape { h: 64, w: 64, c: 1 }, 5),
            optimizer: Optimizer::default(),
            clip: Clip::None,
            learning_rate: 1e-3,
            batch_size: 64,
            n_batches: 40,
        }),
        "phase" => Some(Published {
            spec: presets::phase(Shape { h: 50, w: 50, c: 3 }, 2),
            optimizer: Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
            clip: Clip::PerVariable { norm: 1.0 },
            learning_rate: 0.032,
            batch_size: 128,
            n_batches: 10,
        }),
        _ => None,
    }
}

/// The work behind a row such as `phase-infer-f32`.
fn run(what: &str) -> Result<Run, Box<dyn Error>> {
    let unknown = || format!("{what}: expected encoder|phase-train|infer-f32|bf16");
    let parts: Vec<&str> = what.split('-').collect();
    let [name, direction, precision] = parts[..] else { return Err(unknown().into()) };
    let network = published(name).ok_or_else(unknown)?;
    let precision = precision.parse()?;
    match direction {
        "train" => training(&network, precision),
        "infer" => inference(&network, precision),
        _ => Err(unknown().into()),
    }
}

/// One step per run, over batches that are ready.
fn training(published: &Published, precision: Precision) -> Result<Run, Box<dyn Error>> {
    let &Published { optimizer, clip, learning_rate, batch_size, n_batches, .. } = published;
    let classes = published.spec.outputs();
    let settings = TrainerSettings { optimizer, clip, batch_size, seed: 0 };
    let mut trainer = Trainer::new(published.network()?, settings)?.with_precision(precision)?;
    let batches: Vec<_> = (0..n_batches)
        .map(|number| {
            let mut batch = trainer.new_batch();
            let Ok(()) = batch.fill(|i, sample, target| {
                let class = random((number * batch_size + i) as u64, sample);
                target[class % classes] = 1.0;
                Ok::<f32, Infallible>(1.0)
            });
            batch
        })
        .collect();
    let mut step = 0;
    Ok(Box::new(move || {
        trainer.step(&batches[step % n_batches], learning_rate)?;
        step += 1;
        Ok(batch_size)
    }))
}

/// One call of `CALL` images per run.
fn inference(published: &Published, precision: Precision) -> Result<Run, Box<dyn Error>> {
    let predictor = Predictor::with_precision(&published.network()?, precision)?;
    let mut images = vec![0.0; CALL * published.spec.input.len()];
    random(0, &mut images);
    let len = published.spec.input.len();
    Ok(Box::new(move || {
        let Ok(logits) = predictor.logits(CALL, |i, sample| {
            sample.copy_from_slice(&images[i * len..][..len]);
            Ok::<(), Infallible>(())
        });
        black_box(logits);
        Ok(CALL)
    }))
}

/// Fills with values of mean 0 and deviation 1, and returns one more random number.
fn random(stream: u64, values: &mut [f32]) -> usize {
    let mut generator = ChaCha8Rng::seed_from_u64(0);
    generator.set_stream(stream);
    let half_width = 3.0_f32.sqrt();
    values.fill_with(|| generator.random_range(-half_width..half_width));
    generator.random_range(0..usize::MAX)
}

/// Images per second over at least `seconds`.
fn rate(run: &mut Run, seconds: f64) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let mut images = 0;
    loop {
        images += run()?;
        let elapsed = start.elapsed().as_secs_f64();
        if elapsed >= seconds {
            return Ok(images as f64 / elapsed);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut runs: BTreeMap<String, Run> = BTreeMap::new();
    for line in stdin().lines() {
        let line = line?;
        let (what, seconds) =
            line.split_once(' ').ok_or_else(|| format!("{line:?}: expected ROW SECONDS"))?;
        if !runs.contains_key(what) {
            let mut warm = run(what)?;
            warm()?;
            runs.insert(what.to_owned(), warm);
        }
        if let Some(run) = runs.get_mut(what) {
            let per_s = rate(run, seconds.parse()?)?;
            println!("{}", serde_json::json!({ "what": what, "per_s": per_s }));
        }
    }
    Ok(())
}
