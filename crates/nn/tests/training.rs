//! What training promises: it learns, the same bits come out however it is run, and it notices numbers gone wrong.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::convert::Infallible;
use std::ops::ControlFlow;

use nn::Network;
use nn::average::{WeightAverage, estimate_statistics};
use nn::batch::Batch;
use nn::fit::{FitError, run_epoch};
use nn::loss::cross_entropy;
use nn::optimizer::{Clip, Optimizer};
use nn::predict::Predictor;
use nn::presets;
use nn::spec::{Layer, NetworkSpec, Op, Shape};
use nn::train::{Quantity, Trainer, TrainerSettings};
use nn::weights::Weights;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SIDE: Shape = Shape { h: 16, w: 16, c: 1 };

fn residual() -> NetworkSpec {
    presets::residual(SIDE, &[8, 12], 3)
}

fn settings(batch_size: usize) -> TrainerSettings {
    TrainerSettings {
        optimizer: Optimizer::default(),
        clip: Clip::Global { norm: 5.0 },
        batch_size,
        seed: 11,
    }
}

fn trainer(spec: NetworkSpec, batch_size: usize) -> Trainer {
    Trainer::new(Network::new(spec, 1).unwrap(), settings(batch_size)).unwrap()
}

/// Sample `i` of a set without structure.
fn sample(i: u64, x: &mut [f32]) {
    let mut random = ChaCha8Rng::seed_from_u64(i);
    x.iter_mut().for_each(|x| *x = random.random_range(-1.7..1.7));
}

/// The batch of a step: other samples at each, the last one short.
fn fill(step: u64, batch: &mut Batch) -> Result<(), Infallible> {
    let n = batch.size() - (step as usize % 3) * 5;
    batch.fill_part(n, |i, x, target| {
        sample(step * 1000 + i as u64, x);
        target[i % 3] = 1.0;
        Ok(1.0 + (i % 2) as f32)
    })
}

fn run(trainer: &mut Trainer, steps: std::ops::Range<u64>) {
    let report = run_epoch(trainer, steps, fill, |_| 3e-3, |_, _, _| ControlFlow::Continue(()));
    assert!(report.unwrap().loss.is_finite());
}

fn bits(weights: &Weights) -> Vec<u32> {
    weights.tensors.iter().flat_map(|tensor| tensor.data.iter().map(|w| w.to_bits())).collect()
}

fn with_threads<R: Send>(n: usize, f: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(f)
}

#[test]
fn random_images_are_learned_by_heart() {
    for (name, spec) in
        [("encoder", presets::encoder(SIDE, 3)), ("phase", presets::phase(SIDE, 3)), ("residual", residual())]
    {
        let mut trainer = trainer(spec, 64);
        let mut batch = trainer.new_batch();
        let filled = batch.fill(|i, x, target| {
            sample(i as u64, x);
            target[i % 3] = 1.0;
            Ok::<f32, Infallible>(1.0)
        });
        filled.unwrap();
        let steps = (0..150).map(|_| trainer.step(&batch, 2e-3).unwrap());
        let accuracy = steps.map(|r| r.n_correct / r.weight).find(|&accuracy| accuracy > 0.95);
        assert!(accuracy.is_some(), "{name}");
    }
}

/// At least every value of the forward pass, at most that, as much again for gradients, and 64 MB for the rest.
#[test]
fn memory_is_that_of_the_values_and_little_more() {
    let spec = presets::phase(Shape { h: 50, w: 50, c: 3 }, 2);
    let parameters = 4 * spec.parameter_count();
    let conv =
        [48 * 48 * 32, 48 * 48 * 32, 46 * 46 * 32, 23 * 23 * 32, 21 * 21 * 64, 21 * 21 * 64, 19 * 19 * 128];
    let values = 128 * 4 * (50 * 50 * 3 + conv.iter().sum::<usize>() + 9 * 9 * 128);
    let memory = trainer(spec, 128).memory();
    assert!(
        (values + 4 * parameters..2 * values + 4 * parameters + (64 << 20)).contains(&memory),
        "{memory}"
    );
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for spec in [residual(), presets::encoder(SIDE, 3), presets::phase(SIDE, 3)] {
        let runs = [1, 2, 4].map(|threads| {
            with_threads(threads, || {
                let mut trainer = trainer(spec.clone(), 40);
                run(&mut trainer, 0..4);
                bits(trainer.network().weights())
            })
        });
        assert!(runs[0] == runs[1] && runs[0] == runs[2]);
    }
}

#[test]
fn a_restored_trainer_goes_on_with_the_same_bits() {
    for optimizer in
        [Optimizer::default(), Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 }]
    {
        let settings = TrainerSettings { optimizer, ..settings(32) };
        let network = Network::new(residual(), 1).unwrap();
        let mut straight = Trainer::new(network.clone(), settings).unwrap();
        run(&mut straight, 0..6);
        let mut first = Trainer::new(network, settings).unwrap();
        run(&mut first, 0..3);
        let (network, state) = (first.network().clone(), first.state());
        let mut second = Trainer::restore(network.clone(), settings, state.clone()).unwrap();
        run(&mut second, 3..6);
        assert_eq!(bits(straight.network().weights()), bits(second.network().weights()));
        assert_eq!(straight.state(), second.state());

        let mut short = state;
        short.tensors.pop();
        let error = Trainer::restore(network, settings, short).unwrap_err();
        assert!(error.to_string().contains("found nothing"), "{error}");
    }
}

fn without_dropout(mut spec: NetworkSpec) -> NetworkSpec {
    spec.layers.retain(|layer| !matches!(layer.op, Op::Dropout { .. }));
    spec
}

/// Samples 0 to n, with weights.
fn fill_first(batch: &mut Batch, n: usize) {
    let filled = batch.fill_part(n, |i, x, target| {
        sample(i as u64, x);
        target[i % 3] = 1.0;
        Ok::<f32, Infallible>(1.0 + (i % 4) as f32)
    });
    filled.unwrap();
}

#[test]
fn a_short_batch_is_as_good_as_one_of_its_size() {
    for spec in [presets::encoder(SIDE, 3), residual()] {
        let [(long, a), (short, b)] = [40, 21].map(|size| {
            let mut trainer = trainer(without_dropout(spec.clone()), size);
            let mut batch = trainer.new_batch();
            fill_first(&mut batch, size);
            fill_first(&mut batch, 21);
            let report = trainer.step(&batch, 1e-3).unwrap();
            (report, trainer.last_logits())
        });
        assert!((long.loss - short.loss).abs() < 1e-6, "{long:?} {short:?}");
        assert_eq!((long.weight, long.n_correct), (short.weight, short.n_correct));
        assert_eq!((a.len(), b.len()), (21 * 3, 21 * 3));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}

#[test]
fn the_loss_is_the_weighted_mean_of_the_samples() {
    let mut trainer = trainer(residual(), 24);
    let mut batch = trainer.new_batch();
    fill_first(&mut batch, 22);
    let report = trainer.step(&batch, 1e-3).unwrap();
    let (mut loss, mut correct, mut total) = (0.0, 0.0, 0.0);
    for (i, logits) in trainer.last_logits().chunks(3).enumerate() {
        let weight = 1.0 + (i % 4) as f64;
        let target = [0, 1, 2].map(|j| if j == i % 3 { 1.0 } else { 0.0 });
        total += weight;
        loss += weight * cross_entropy(logits, &target);
        correct += if logits.iter().all(|z| *z <= logits[i % 3]) { weight } else { 0.0 };
    }
    assert!((report.loss - loss / total).abs() < 1e-12);
    assert_eq!((report.n_correct, report.weight), (correct, total));
}

#[test]
fn estimated_statistics_are_those_of_the_batches() {
    let mut trainer = trainer(without_dropout(residual()), 64);
    let mut network = trainer.network().clone();
    let mut batch = trainer.new_batch();
    fill_first(&mut batch, 60);
    trainer.step(&batch, 1e-3).unwrap();
    let done = estimate_statistics(&mut network, 64, 2, |_, batch| {
        fill_first(batch, 60);
        Ok::<(), Infallible>(())
    });
    done.unwrap();
    // As in training but for the unbiased variance: of 60 times 8 by 8 values at the narrowest.
    let logits = Predictor::new(&network).unwrap().logits(60, |i, x| {
        sample(i as u64, x);
        Ok::<(), Infallible>(())
    });
    for (a, b) in logits.unwrap().iter().zip(trainer.last_logits()) {
        assert!((a - b).abs() < 2e-3, "{a} {b}");
    }
}

#[test]
fn decay_takes_from_kernels_only_and_a_global_clip_keeps_the_direction() {
    let step = |weight_decay: f32, clip: Clip| {
        let optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay };
        let settings = TrainerSettings { optimizer, clip, ..settings(16) };
        let mut trainer =
            Trainer::new(Network::new(presets::encoder(SIDE, 3), 1).unwrap(), settings).unwrap();
        let before = trainer.network().weights().clone();
        let mut batch = trainer.new_batch();
        fill_first(&mut batch, 16);
        trainer.step(&batch, 0.5).unwrap();
        (before, trainer.network().weights().clone())
    };
    let (before, plain) = step(0.0, Clip::None);
    let (_, decayed) = step(0.1, Clip::None);
    let (_, clipped) = step(0.0, Clip::Global { norm: 1e-3 });
    let mut squares = 0.0;
    for (((w, a), b), c) in
        before.tensors.iter().zip(&plain.tensors).zip(&decayed.tensors).zip(&clipped.tensors)
    {
        let share = if w.name.ends_with(".kernel") { 0.05 } else { 0.0 };
        for (((w, a), b), c) in w.data.iter().zip(&a.data).zip(&b.data).zip(&c.data) {
            assert!((a - b - share * w).abs() < 1e-6, "{a} {b} {w}");
            assert!((a - w) * (c - w) >= 0.0);
        }
        if w.trainable {
            squares += w.data.iter().zip(&c.data).map(|(w, c)| f64::from(c - w).powi(2)).sum::<f64>();
        }
    }
    assert!((squares.sqrt() - 0.5e-3).abs() < 1e-5, "{}", squares.sqrt());
}

#[test]
fn numbers_gone_wrong_are_named_and_change_nothing() {
    let mut trainer = trainer(residual(), 16);
    let before = trainer.network().clone();
    let mut batch = trainer.new_batch();
    let mut step_with = |trainer: &mut Trainer, value: f32| {
        let filled = batch.fill(|i, x, target| {
            sample(i as u64, x);
            x[7] = if i == 3 { value } else { 0.0 };
            target[i % 3] = 1.0;
            Ok::<f32, Infallible>(1.0)
        });
        filled.unwrap();
        trainer.step(&batch, 1e-3)
    };
    let error = step_with(&mut trainer, f32::NAN).unwrap_err();
    assert_eq!((error.what, error.layer.as_deref()), (Quantity::Input, None));
    assert_eq!(*trainer.network(), before);
    assert_eq!(trainer.steps_done(), 0);
    step_with(&mut trainer, 1.0).unwrap();

    let mut weights = before.weights().clone();
    let named = weights.tensors.iter_mut().find(|tensor| tensor.name == "stage2.conv1.kernel").unwrap();
    named.data[0] = f32::INFINITY;
    let network = Network::from_weights(residual(), weights).unwrap();
    let mut trainer = Trainer::new(network, settings(16)).unwrap();
    let error = step_with(&mut trainer, 1.0).unwrap_err();
    assert_eq!((error.what, error.layer.as_deref()), (Quantity::Loss, Some("stage2.conv1")));
}

/// One feature of about 1e-37 gives logits of -30 and 30, and a gradient beyond all f32.
#[test]
fn a_gradient_that_overflows_is_named() {
    let layer = |name: &str, units: usize| Layer {
        name: name.into(),
        op: Op::Dense { units, bias: false },
        inputs: Vec::new(),
    };
    let flatten = Layer { name: "flatten".into(), op: Op::Flatten, inputs: Vec::new() };
    let spec = NetworkSpec {
        input: Shape { h: 1, w: 1, c: 1 },
        layers: vec![flatten, layer("tiny", 1), layer("huge", 3)],
    };
    let mut weights = Network::new(spec.clone(), 0).unwrap().weights().clone();
    weights.tensors[0].data = vec![1e-37];
    weights.tensors[1].data = vec![-3e38, 3e38, 3e38];
    let mut trainer = Trainer::new(Network::from_weights(spec, weights).unwrap(), settings(1)).unwrap();
    let mut batch = trainer.new_batch();
    let filled = batch.fill(|_, x, target| {
        (x[0], target[0]) = (1.0, 1.0);
        Ok::<f32, Infallible>(1.0)
    });
    filled.unwrap();
    let error = trainer.step(&batch, 1e-3).unwrap_err();
    assert_eq!((error.what, error.layer.as_deref()), (Quantity::Gradient, Some("tiny")));
    assert_eq!(error.to_string(), "the gradient is not finite; first at layer 'tiny'");
}

#[test]
fn an_epoch_reports_stops_and_names_the_step_that_failed() {
    let mut trainer = trainer(presets::encoder(SIDE, 3), 16);
    let mut seen = Vec::new();
    let report = run_epoch(
        &mut trainer,
        0..5,
        fill,
        |_| 1e-3,
        |step, _, _| {
            seen.push(step);
            if step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    let report = report.unwrap();
    assert_eq!((seen, report.steps, report.stopped), (vec![0, 1, 2], 3, true));
    assert!((0.0..=1.0).contains(&report.accuracy));
    let broken = |step: u64, batch: &mut Batch| match step {
        4 => batch.fill(|i, _, _| if i > 4 { Err(format!("sample {i}")) } else { Ok(1.0) }),
        _ => fill(step, batch).map_err(|e| e.to_string()),
    };
    let error =
        run_epoch(&mut trainer, 3..9, broken, |_| 1e-3, |_, _, _| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error, FitError::Fill { step: 4, source: "sample 5".into() });
    assert_eq!(trainer.steps_done(), 4);
}

#[test]
fn averaged_weights_with_their_own_statistics_predict_well() {
    // Class = sign of a stripe's mean: easy, so that accuracy means something.
    let stripe = |i: u64, x: &mut [f32]| {
        sample(i, x);
        let class = (i % 2) as usize;
        x[..64].iter_mut().for_each(|x| *x += if class == 1 { 1.0 } else { -1.0 });
        class
    };
    let fill = |step: u64, batch: &mut Batch| {
        batch.fill(|i, x, target| {
            target[stripe(step * 64 + i as u64, x)] = 1.0;
            Ok::<f32, Infallible>(1.0)
        })
    };
    let mut trainer = trainer(presets::residual(SIDE, &[8, 12], 2), 64);
    let mut average = WeightAverage::new(trainer.network().weights(), 0.99);
    let mut batch = trainer.new_batch();
    for step in 0..40 {
        fill(step, &mut batch).unwrap();
        trainer.step(&batch, 3e-3).unwrap();
        average.update(trainer.network().weights());
    }
    let mut network =
        Network::from_weights(trainer.network().spec().clone(), average.weights().clone()).unwrap();
    estimate_statistics(&mut network, 64, 8, fill).unwrap();
    let n = 200;
    let logits = Predictor::new(&network).unwrap().logits(n, |i, x| {
        stripe(100_000 + i as u64, x);
        Ok::<(), Infallible>(())
    });
    let logits = logits.unwrap();
    let correct = (0..n).filter(|i| (logits[2 * i + 1] > logits[2 * i]) == (i % 2 == 1)).count();
    assert!(correct > 190, "{correct} of {n}");
    let again = WeightAverage::restore(average.weights().clone(), 0.99, average.updates());
    assert_eq!(again, average);
}
