//! Images per second of whole training steps and of prediction, for both published networks:
//! `cargo bench -p nn --bench step`. Threads: `RAYON_NUM_THREADS`. Other work on the machine counts.

use std::convert::Infallible;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nn::Network;
use nn::optimizer::{Clip, Optimizer};
use nn::predict::Predictor;
use nn::presets;
use nn::spec::{NetworkSpec, Shape};
use nn::train::{Trainer, TrainerSettings};

fn networks() -> [(&'static str, NetworkSpec, usize); 3] {
    [
        ("encoder", presets::encoder(Shape { h: 64, w: 64, c: 1 }, 5), 64),
        ("phase", presets::phase(Shape { h: 50, w: 50, c: 3 }, 2), 128),
        ("residual", presets::residual(Shape { h: 64, w: 64, c: 1 }, &[16, 32, 64, 128], 5), 64),
    ]
}

/// Values in -1..1 without structure.
fn sample(i: usize, x: &mut [f32]) {
    for (j, x) in x.iter_mut().enumerate() {
        let bits = (i * 7919 + j).wrapping_mul(0x9e37_79b9) >> 7 & 0xffff;
        *x = bits as f32 / 32768.0 - 1.0;
    }
}

fn train(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("train");
    group.sample_size(10);
    for (name, spec, batch_size) in networks() {
        let classes = spec.outputs();
        let settings =
            TrainerSettings { optimizer: Optimizer::default(), clip: Clip::None, batch_size, seed: 0 };
        let network = Network::new(spec, 0).expect("presets are valid");
        let mut trainer = Trainer::new(network, settings).expect("the kernels are there");
        let mut batch = trainer.new_batch();
        let Ok(()) = batch.fill(|i, x, target| {
            sample(i, x);
            target[i % classes] = 1.0;
            Ok::<f32, Infallible>(1.0)
        });
        group.throughput(Throughput::Elements(batch_size as u64));
        group.bench_function(name, |b| b.iter(|| trainer.step(&batch, 1e-4).expect("finite")));
    }
}

fn infer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("infer");
    group.sample_size(10);
    for (name, spec, _) in networks() {
        let network = Network::new(spec, 0).expect("presets are valid");
        let predictor = Predictor::new(&network).expect("the kernels are there");
        let mut first = vec![0.0; network.spec().input.len()];
        sample(1, &mut first);
        group.throughput(Throughput::Elements(512));
        group.bench_function(name, |b| {
            b.iter(|| {
                predictor.logits(black_box(512), |_, x| {
                    x.copy_from_slice(&first);
                    Ok::<(), Infallible>(())
                })
            });
        });
    }
}

criterion_group!(benches, train, infer);
criterion_main!(benches);
