//! Detection: nothing in empty fields, touching cells apart, debris left out.

use cells::cut::auto::{AutoSettings, Modality, find};
use cells::cut::score::Score;
use cells::cut::{Plane, Reason};
use cells::simulate::{PhaseSettings, phase};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIDE: usize = 384;

/// Noise about a shaded ground; brighter and more shaded from `k` to `k`.
fn empty(k: usize) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(k as u64);
    let strength = k as f32 / 19.0;
    (0..SIDE * SIDE)
        .map(|i| {
            let (y, x) = ((i / SIDE) as f32 / SIDE as f32 - 0.5, (i % SIDE) as f32 / SIDE as f32 - 0.5);
            let shade = 1.0 - strength * (y * y + x * x) + 0.4 * strength * x;
            let mean = 100.0 * (1.0 + 100.0 * strength) * shade;
            let noise: f32 = (0..6).map(|_| random.random_range(-1.0..1.0f32)).sum::<f32>() / 2f32.sqrt();
            (mean + noise * mean.sqrt()).round()
        })
        .collect()
}

#[test]
fn twenty_empty_fields_have_no_cells() {
    for modality in [Modality::Phase, Modality::Fluorescence] {
        for k in 0..20 {
            let field = empty(k);
            let found = find(Plane::new(&field, SIDE, SIDE).expect("a plane"), &AutoSettings::of(modality));
            assert_eq!(found.cells, [], "{modality:?}, field {k}");
        }
    }
    let flat = vec![7.0; SIDE * SIDE];
    for modality in [Modality::Phase, Modality::Fluorescence] {
        let found = find(Plane::new(&flat, SIDE, SIDE).expect("a plane"), &AutoSettings::of(modality));
        assert_eq!(found.cells, [], "{modality:?}, a field of one value");
    }
}

#[test]
fn touching_nuclei_are_split_at_any_size() {
    for zoom in [0.7, 1.0, 2.0] {
        let mut field = empty(3);
        let mut truth = vec![0u32; SIDE * SIDE];
        let mut label = 0;
        for (row, column) in (0..4).flat_map(|r| (0..4).map(move |c| (r, c))) {
            for side in [-1.0, 1.0] {
                label += 1;
                let (cy, cx) = (60.0 + 80.0 * row as f32, 60.0 + 80.0 * column as f32 + side * 9.5 * zoom);
                for i in 0..SIDE * SIDE {
                    if ((i / SIDE) as f32 - cy).hypot((i % SIDE) as f32 - cx) < 10.0 * zoom {
                        field[i] += 3000.0;
                        truth[i] = label;
                    }
                }
            }
        }
        let settings =
            AutoSettings { diameter: 22.0 * f64::from(zoom), ..AutoSettings::of(Modality::Fluorescence) };
        let found = find(Plane::new(&field, SIDE, SIDE).expect("a plane"), &settings);
        let score = Score::of(&found.cells, Plane::new(&truth, SIDE, SIDE).expect("a plane"), 1);
        assert_eq!(score, Score { n_true: 32, n_hit: 32, n_false: 0 }, "zoom {zoom}");
    }
}

#[test]
fn simulated_phase_contrast_is_found_and_specks_are_counted_as_dropped() {
    let mut score = Score::default();
    let mut n_dropped = 0;
    for seed in 0..2 {
        let field = phase(&PhaseSettings { seed, ..PhaseSettings::default() }).expect("a field");
        let (h, w, c) = (field.shape.h, field.shape.w, field.shape.c);
        let values: Vec<f32> = field.pixels.iter().step_by(c).map(|&v| f32::from(v)).collect();
        let labels: Vec<u32> = field.masks.iter().map(|&v| u32::from(v)).collect();
        let found = find(Plane::new(&values, h, w).expect("a plane"), &AutoSettings::of(Modality::Phase));
        n_dropped += found.dropped.get(&Reason::Small).copied().unwrap_or(0);
        score = score + Score::of(&found.cells, Plane::new(&labels, h, w).expect("a plane"), 25);
    }
    assert!(score.f1() > 0.6, "{score:?}: F1 {}", score.f1());
    assert!(n_dropped > 0, "debris is counted");
}
