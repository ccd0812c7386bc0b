//! Each augmentation against a plain definition, and what is drawn against what should be.

use std::collections::BTreeMap;

use cells::CropShape;
use cells::augment::{Augment, Augmentations, Dihedral, Interpolation, Scratch};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const SHAPE: CropShape = CropShape { h: 6, w: 6, c: 2 };

/// Different everywhere.
fn crop(shape: CropShape) -> Vec<f32> {
    (0..shape.len()).map(|i| 10.0 + (i * 37 % 101) as f32).collect()
}

fn at(crop: &[f32], shape: CropShape, y: usize, x: usize, c: usize) -> f32 {
    crop[(y * shape.w + x) * shape.c + c]
}

fn apply(augment: Augment, shape: CropShape, seed: u64) -> Vec<f32> {
    let list = Augmentations(vec![augment]);
    list.validate(shape).expect("a list that fits");
    let mut out = crop(shape);
    list.apply(shape, &mut out, &mut ChaCha8Rng::seed_from_u64(seed), &mut Scratch::default());
    out
}

fn mean_and_std(values: &[f32]) -> (f32, f32) {
    let n = values.len() as f32;
    let mean = values.iter().sum::<f32>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt())
}

fn channel(crop: &[f32], shape: CropShape, c: usize) -> Vec<f32> {
    crop.iter().skip(c).step_by(shape.c).copied().collect()
}

#[test]
fn flips_mirror() {
    let shape = CropShape { h: 5, w: 4, c: 3 };
    let (before, sideways) = (crop(shape), apply(Augment::FlipLeftRight { p: 1.0 }, shape, 0));
    let upside_down = apply(Augment::FlipUpDown { p: 1.0 }, shape, 0);
    for y in 0..shape.h {
        for x in 0..shape.w {
            for c in 0..shape.c {
                assert_eq!(at(&sideways, shape, y, x, c), at(&before, shape, y, shape.w - 1 - x, c));
                assert_eq!(at(&upside_down, shape, y, x, c), at(&before, shape, shape.h - 1 - y, x, c));
            }
        }
    }
}

#[test]
fn dihedral_turns_against_the_clock() {
    let shape = CropShape { h: 2, w: 3, c: 1 };
    let mut out = [0.0; 6];
    Dihedral::new(1, false).apply(shape, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut out);
    assert_eq!(out, [3.0, 6.0, 2.0, 5.0, 1.0, 4.0]);
    Dihedral::new(3, false).apply(shape, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut out);
    assert_eq!(out, [4.0, 1.0, 5.0, 2.0, 6.0, 3.0]);
    Dihedral::new(2, true).apply(shape, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut out);
    assert_eq!(out, [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
    assert_eq!(Dihedral::all(shape).len(), 4);
}

#[test]
fn eight_dihedral_images_differ_and_the_first_is_the_crop() {
    let before = crop(SHAPE);
    let mut images = Vec::new();
    for d in Dihedral::all(SHAPE) {
        let mut out = vec![0.0; SHAPE.len()];
        d.apply(SHAPE, &before, &mut out);
        assert!(!images.contains(&out));
        images.push(out);
    }
    assert_eq!(images.len(), 8);
    assert_eq!(images[0], before);
}

#[test]
fn all_four_turns_are_equally_likely() {
    let mut images = Vec::new();
    for turns in 0..4 {
        let mut out = vec![0.0; SHAPE.len()];
        Dihedral::new(turns, false).apply(SHAPE, &crop(SHAPE), &mut out);
        images.push(out);
    }
    let mut counts = [0u32; 4];
    for seed in 0..4000 {
        let out = apply(Augment::Rotate90 { p: 1.0 }, SHAPE, seed);
        counts[images.iter().position(|image| *image == out).expect("a quarter turn")] += 1;
    }
    // Binomial, n 4000, p 1/4: deviation 27.
    assert!(counts.iter().all(|n| n.abs_diff(1000) < 140), "{counts:?}");
}

#[test]
fn turns_keep_the_shape_of_crops_that_are_not_square() {
    let shape = CropShape { h: 4, w: 7, c: 2 };
    let (plain, half) = (crop(shape), {
        let mut out = vec![0.0; shape.len()];
        Dihedral::new(2, false).apply(shape, &crop(shape), &mut out);
        out
    });
    let turned = (0..1000).map(|seed| apply(Augment::Rotate90 { p: 1.0 }, shape, seed));
    let n_half =
        turned.inspect(|out| assert!(*out == plain || *out == half)).filter(|out| *out == half).count();
    // Binomial, n 1000, p 1/2: deviation 16.
    assert!(n_half.abs_diff(500) < 80, "{n_half}");
}

#[test]
fn things_happen_with_their_probability() {
    let flipped =
        (0..4000).filter(|&s| apply(Augment::FlipUpDown { p: 0.1 }, SHAPE, s) != crop(SHAPE)).count();
    assert!(flipped.abs_diff(400) < 100, "{flipped}");
    assert_eq!(apply(Augment::FlipUpDown { p: 0.0 }, SHAPE, 1), crop(SHAPE));
}

#[test]
fn strips_are_black_left_and_of_all_widths() {
    let mut widths = BTreeMap::new();
    for seed in 0..300 {
        let out = apply(Augment::EdgeStrip { p: 1.0, max_fraction: 0.5 }, SHAPE, seed);
        let width = (0..SHAPE.w).take_while(|&x| at(&out, SHAPE, 0, x, 0) == 0.0).count();
        for (i, (v, before)) in out.iter().zip(crop(SHAPE)).enumerate() {
            let x = i / SHAPE.c % SHAPE.w;
            assert_eq!(*v, if x < width { 0.0 } else { before });
        }
        *widths.entry(width).or_insert(0) += 1;
    }
    assert_eq!(widths.keys().copied().collect::<Vec<_>>(), [1, 2, 3], "{widths:?}");
}

#[test]
fn contrast_shrinks_around_the_mean_of_each_channel() {
    for seed in 0..20 {
        let out = apply(Augment::Contrast { p: 1.0, factor: [0.3, 1.0] }, SHAPE, seed);
        for c in 0..SHAPE.c {
            let (mean, std) = mean_and_std(&channel(&crop(SHAPE), SHAPE, c));
            let (new_mean, new_std) = mean_and_std(&channel(&out, SHAPE, c));
            assert!((mean - new_mean).abs() < 1e-3 && (0.3..1.0).contains(&(new_std / std)));
        }
    }
}

#[test]
fn brightness_shifts_all_alike() {
    for seed in 0..20 {
        let out = apply(Augment::Brightness { p: 1.0, delta: [-0.3, 0.3] }, SHAPE, seed);
        let before = crop(SHAPE);
        let span =
            before.iter().fold(0f32, |a, &v| a.max(v)) - before.iter().fold(f32::MAX, |a, &v| a.min(v));
        let shift = out[0] - before[0];
        assert!(shift.abs() <= 0.3 * span + 1e-3);
        assert!(out.iter().zip(&before).all(|(a, b)| (a - b - shift).abs() < 1e-4));
    }
}

#[test]
fn gamma_keeps_extremes_and_order() {
    let out = apply(Augment::Gamma { p: 1.0, gamma: [2.0, 2.0] }, SHAPE, 0);
    let before = crop(SHAPE);
    let (low, high) = before.iter().fold((f32::MAX, 0f32), |(a, b), &v| (a.min(v), b.max(v)));
    for (found, v) in out.iter().zip(&before) {
        let expected = low + (high - low) * ((v - low) / (high - low)).powi(2);
        assert!((found - expected).abs() < 1e-3);
    }
}

#[test]
fn gain_multiplies_each_channel_by_its_own() {
    let out = apply(Augment::ChannelGain { p: 1.0, factor: [0.5, 2.0] }, SHAPE, 3);
    let gain = |i: usize| out[i] / crop(SHAPE)[i];
    assert!((gain(0) - gain(1)).abs() > 1e-3);
    assert!((0..SHAPE.len()).all(|i| (gain(i) - gain(i % 2)).abs() < 1e-5 && (0.5..2.0).contains(&gain(i))));
}

#[test]
fn noise_is_as_strong_as_asked() {
    let shape = CropShape { h: 96, w: 96, c: 1 };
    let out = apply(Augment::Noise { p: 1.0, sigma: [0.5, 0.5] }, shape, 0);
    let (_, std) = mean_and_std(&crop(shape));
    let noise: Vec<f32> = out.iter().zip(crop(shape)).map(|(a, b)| (a - b) / (0.5 * std)).collect();
    let (mean, deviation) = mean_and_std(&noise);
    assert!(mean.abs() < 0.05 && (deviation - 1.0).abs() < 0.04, "{mean} {deviation}");
    let tail = noise.iter().filter(|v| v.abs() > 1.96).count() as f32 / noise.len() as f32;
    assert!((tail - 0.05).abs() < 0.015, "{tail}");
}

#[test]
fn blur_is_a_convolution_with_repeated_borders() {
    let shape = CropShape { h: 7, w: 5, c: 2 };
    let sigma = 1.2f32;
    let out = apply(Augment::Blur { p: 1.0, sigma_px: [sigma, sigma] }, shape, 0);
    let before = crop(shape);
    let weight = |d: i32| (-0.5 * (d as f32 / sigma).powi(2)).exp();
    let radius = (3.0 * sigma).ceil() as i32;
    for y in 0..7i32 {
        for x in 0..5i32 {
            for c in 0..2 {
                let (mut sum, mut weights) = (0.0, 0.0);
                for dy in -radius..=radius {
                    for dx in -radius..=radius {
                        let (v, u) = ((y + dy).clamp(0, 6) as usize, (x + dx).clamp(0, 4) as usize);
                        sum += weight(dy) * weight(dx) * at(&before, shape, v, u, c);
                        weights += weight(dy) * weight(dx);
                    }
                }
                assert!((at(&out, shape, y as usize, x as usize, c) - sum / weights).abs() < 1e-3);
            }
        }
    }
}

fn affine(rotation_degrees: f32, shift: f32, zoom: f32, interpolation: Interpolation) -> Augment {
    Augment::Affine { p: 1.0, rotation_degrees, shift, zoom: [zoom, zoom], interpolation }
}

#[test]
fn affine_without_change_is_the_crop() {
    for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
        assert_eq!(apply(affine(0.0, 0.0, 1.0, interpolation), SHAPE, 0), crop(SHAPE));
    }
}

#[test]
fn affine_shifts_repeat_the_border() {
    for seed in 0..50 {
        let out = apply(affine(0.0, 0.2, 1.0, Interpolation::Nearest), SHAPE, seed);
        let fits = |dy: i32, dx: i32| {
            (0..6).all(|y: i32| {
                (0..6).all(|x: i32| {
                    let (v, u) = ((y + dy).clamp(0, 5) as usize, (x + dx).clamp(0, 5) as usize);
                    at(&out, SHAPE, y as usize, x as usize, 0) == at(&crop(SHAPE), SHAPE, v, u, 0)
                })
            })
        };
        assert!((-1..=1).any(|dy| (-1..=1).any(|dx| fits(dy, dx))), "seed {seed}: {out:?}");
    }
}

#[test]
fn affine_turns_and_zooms_about_the_centre() {
    // A radially symmetric picture stays as it is when turned, and follows r/zoom when zoomed.
    let shape = CropShape { h: 41, w: 41, c: 1 };
    let radius = |i: usize| ((i / 41) as f32 - 20.0).hypot((i % 41) as f32 - 20.0);
    let bell = |r: f32| 100.0 * (-r * r / 200.0).exp();
    let mut scratch = Scratch::default();
    for seed in 0..10 {
        for zoom in [0.8, 1.0, 1.25] {
            let mut out: Vec<f32> = (0..shape.len()).map(|i| bell(radius(i))).collect();
            let list = Augmentations(vec![affine(180.0, 0.0, zoom, Interpolation::Bilinear)]);
            list.apply(shape, &mut out, &mut ChaCha8Rng::seed_from_u64(seed), &mut scratch);
            for (i, v) in out.iter().enumerate().filter(|&(i, _)| radius(i) < 15.0) {
                assert!((v - bell(radius(i) / zoom)).abs() < 0.5, "{v} at {i}, zoom {zoom}");
            }
        }
    }
}

#[test]
fn all_angles_occur() {
    // A bright spot right of the centre is seen in all eight sectors.
    let shape = CropShape { h: 33, w: 33, c: 1 };
    let mut sectors = [0; 8];
    for seed in 0..800 {
        let mut out = vec![0.0; shape.len()];
        out[16 * 33 + 26] = 1.0;
        out[16 * 33 + 27] = 1.0;
        let list = Augmentations(vec![affine(180.0, 0.0, 1.0, Interpolation::Bilinear)]);
        list.apply(shape, &mut out, &mut ChaCha8Rng::seed_from_u64(seed), &mut Scratch::default());
        let brightest = (0..out.len()).max_by(|&a, &b| out[a].total_cmp(&out[b])).unwrap_or(0);
        let angle = ((brightest / 33) as f32 - 16.0).atan2((brightest % 33) as f32 - 16.0);
        sectors[((angle / std::f32::consts::TAU + 1.0) * 8.0) as usize % 8] += 1;
    }
    assert!(sectors.iter().all(|&n| n > 60), "{sectors:?}");
}

#[test]
fn cutouts_hold_the_mean() {
    let out = apply(Augment::Cutout { p: 1.0, max_fraction: 0.5 }, SHAPE, 5);
    let before = crop(SHAPE);
    let changed: Vec<usize> = (0..SHAPE.len()).filter(|&i| out[i] != before[i]).collect();
    assert!(!changed.is_empty() && changed.len() <= 3 * 3 * 2);
    for i in changed {
        let (mean, _) = mean_and_std(&channel(&before, SHAPE, i % 2));
        assert!((out[i] - mean).abs() < 1e-3);
    }
}

#[test]
fn presets_fit_and_repeat() {
    for list in [Augmentations::encoder(), Augmentations::phase()] {
        let shape = CropShape { h: 50, w: 50, c: 3 };
        list.validate(shape).unwrap();
        let run = |scratch: &mut Scratch| {
            let mut out = crop(shape);
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            rng.set_stream(42);
            list.apply(shape, &mut out, &mut rng, scratch);
            out
        };
        let mut scratch = Scratch::default();
        assert_eq!(run(&mut scratch), run(&mut scratch), "what the scratch held must not matter");
    }
}

#[test]
fn all_mistakes_are_listed() {
    let list = Augmentations(vec![
        Augment::Rotate90 { p: 1.0 },
        Augment::FlipUpDown { p: 1.5 },
        Augment::Gamma { p: f32::NAN, gamma: [2.0, 1.0] },
    ]);
    let mistakes = list.validate(CropShape { h: 4, w: 6, c: 1 }).unwrap_err();
    let found: Vec<_> = mistakes.iter().map(|m| (m.position, m.setting)).collect();
    assert_eq!(found, [(2, "p"), (3, "p"), (3, "gamma")]);
    assert!(list.validate(CropShape { h: 4, w: 0, c: 1 }).unwrap_err().iter().any(|m| m.setting == "shape"));
    let text = r#"[{"kind":"rotate90","p":1.0},{"kind":"flip_up_down","p":0.5}]"#;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Augmentations>(text).unwrap()).unwrap(), text);
}
