//! What the engine promises of memory: steps after the first take none, and prediction no more for more samples.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::alloc::System;
use std::convert::Infallible;
use std::ops::ControlFlow;

use nn::Network;
use nn::average::WeightAverage;
use nn::fit::run_epoch;
use nn::optimizer::{Clip, Optimizer};
use nn::predict::Predictor;
use nn::presets;
use nn::spec::Shape;
use nn::train::{Trainer, TrainerSettings};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SIDE: Shape = Shape { h: 16, w: 16, c: 2 };

fn fill(i: usize, x: &mut [f32]) -> Result<(), Infallible> {
    x.iter_mut().enumerate().for_each(|(k, x)| *x = ((i * 31 + k * 7) % 13) as f32 - 6.0);
    Ok(())
}

/// The only test of this program: other threads would be counted too.
#[test]
fn memory_is_bounded() {
    steps_after_the_first_allocate_nothing();
    prediction_allocates_little_but_its_result();
}

fn prediction_allocates_little_but_its_result() {
    let network = Network::new(presets::encoder(SIDE, 3), 0).unwrap();
    let predictor = Predictor::new(&network).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let allocated = |n: usize| {
            let region = Region::new(ALLOCATOR);
            let logits = predictor.logits(n, fill).unwrap();
            assert_eq!(logits.len(), n * 3);
            region.change().bytes_allocated
        };
        allocated(1);
        for n in [64, 640, 6400] {
            // Work queues may grow by some KB; a second set of buffers would be more than 200.
            let beside_the_result = allocated(n) - n * 3 * size_of::<f32>();
            assert!(beside_the_result < 16 << 10, "{n} samples: {beside_the_result} bytes");
        }
    });
}

fn steps_after_the_first_allocate_nothing() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for spec in [presets::encoder(SIDE, 3), presets::phase(SIDE, 3), presets::residual(SIDE, &[8, 12], 3)] {
        for clip in [Clip::None, Clip::Global { norm: 1.0 }, Clip::PerVariable { norm: 1.0 }] {
            let settings = TrainerSettings { optimizer: Optimizer::default(), clip, batch_size: 40, seed: 0 };
            let mut trainer = Trainer::new(Network::new(spec.clone(), 0).unwrap(), settings).unwrap();
            let mut average = WeightAverage::new(trainer.network().weights(), 0.99);
            let mut counts = Vec::with_capacity(8);
            pool.install(|| {
                run_epoch(
                    &mut trainer,
                    0..8,
                    |step, batch| {
                        batch.fill(|i, x, target| {
                            target[(i + step as usize) % 3] = 1.0;
                            fill(i, x).map(|()| 1.0)
                        })
                    },
                    |_| 1e-3,
                    |_, trainer, _| {
                        average.update(trainer.network().weights());
                        let stats = ALLOCATOR.stats();
                        counts.push(stats.allocations + stats.reallocations);
                        ControlFlow::Continue(())
                    },
                )
                .unwrap();
            });
            assert!(counts[1..].iter().all(|&n| n == counts[1]), "{clip:?}: {counts:?}");
        }
    }
}
