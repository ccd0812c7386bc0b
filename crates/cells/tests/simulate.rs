//! Simulated pictures: exact truth, the same for any number of threads, and not to be told apart by brightness and size.

use std::collections::{BTreeMap, BTreeSet};

use cells::simulate::{
    Condition, Movie, NucleiSettings, PhaseSettings, Point, SimulateError, State, nuclei, nuclei_cells,
    patches, phase, points,
};
use cells::{CellSet, Depth, Pixels};

fn small(seed: u64) -> NucleiSettings {
    NucleiSettings { seed, n_frames: 24, height: 256, width: 320, n_cells: 24, ..Default::default() }
}

#[test]
fn one_and_four_threads_give_the_same_bits_and_seeds_differ() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| nuclei(&small(5)).unwrap())
    };
    let one = with(1);
    assert_eq!(one, with(4));
    assert_ne!(one.pixels, nuclei(&small(6)).unwrap().pixels);
    let settings = PhaseSettings { n_cells: 6, height: 200, width: 160, ..Default::default() };
    assert_eq!(phase(&settings).unwrap(), phase(&settings).unwrap());
}

#[test]
fn truth_is_consistent() {
    let movie = nuclei(&small(7)).unwrap();
    let mut last: BTreeMap<u32, (usize, State)> = BTreeMap::new();
    let mut n_divisions = 0;
    for s in &movie.sightings {
        let plane = &movie.masks[s.frame * 256 * 320..(s.frame + 1) * 256 * 320];
        assert_eq!(plane.iter().filter(|&&m| u32::from(m) == s.cell).count(), s.area);
        match (last.get(&s.cell), s.parent) {
            // A track has no gaps.
            (Some(&(frame, _)), _) => assert_eq!(frame + 1, s.frame, "cell {}", s.cell),
            (None, Some(mother)) => {
                n_divisions += 1;
                assert_eq!(last[&mother], (s.frame - 1, State::Anaphase));
                assert_eq!(s.state, State::Anaphase);
            }
            (None, None) => assert_eq!((s.frame, s.founder), (0, s.cell)),
        }
        last.insert(s.cell, (s.frame, s.state));
    }
    assert!(n_divisions >= 6, "{n_divisions} daughters");
    assert!(movie.masks.iter().all(|&m| m == 0 || last.contains_key(&u32::from(m))));
}

#[test]
fn centres_lie_in_the_masks_of_round_cells() {
    let movie = nuclei(&small(8)).unwrap();
    let (mut hit, mut all) = (0, 0);
    for s in movie.sightings.iter().filter(|s| s.state == State::Interphase && s.area > 150) {
        let (y, x) = (s.y.round(), s.x.round());
        if (0.0..256.0).contains(&y) && (0.0..320.0).contains(&x) {
            let at = (s.frame * 256 + y as usize) * 320 + x as usize;
            hit += usize::from(u32::from(movie.masks[at]) == s.cell);
            all += 1;
        }
    }
    assert!(hit * 100 >= all * 97, "{hit} of {all}");
}

#[test]
fn windows_are_padded_with_zeros_and_flagged() {
    let settings = NucleiSettings { depth: Depth::Uint8, n_frames: 1, ..small(1) };
    let movie = nuclei(&settings).unwrap();
    let point = |y: f64, x: f64| Point { frame: 0, y, x, state: State::Metaphase, cell: 1, founder: 1 };
    let set = patches(&movie, &[point(31.9, 100.0), point(32.9, 288.99)], 64).unwrap();
    assert!(set.cells[0].flagged && !set.cells[1].flagged);
    let (Pixels::Uint8(movie_pixels), Pixels::Uint8(windows)) = (&movie.pixels, &set.pixels) else {
        panic!("expected 8 bits")
    };
    assert!(windows[..64].iter().all(|&v| v == 0), "row -1 of the picture");
    assert_eq!(windows[64..128], movie_pixels[68..132]);
    assert_eq!(windows[4096..4160], movie_pixels[256..320]);
    assert_eq!(set.cells[0].class, Some(2));
    let outside = patches(&movie, &[point(256.5, 3.0)], 64);
    assert!(matches!(outside, Err(SimulateError::PointOutside { index: 0, .. })));
    assert_eq!(patches(&movie, &[], 63), Err(SimulateError::OddWindow(63)));
}

#[test]
fn all_mistakes_in_the_settings_are_told() {
    let settings =
        NucleiSettings { n_frames: 0, height: 1, p_apoptosis: 2.0, depth: Depth::Float32, ..small(0) };
    let Err(SimulateError::Settings(mistakes)) = nuclei(&settings) else { panic!("expected a refusal") };
    assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    let settings = PhaseSettings { p_senescent: f32::NAN, cell_radius: 0.0, ..Default::default() };
    let Err(SimulateError::Settings(mistakes)) = phase(&settings) else { panic!("expected a refusal") };
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
}

#[test]
fn clicks_are_balanced_and_spread_over_cells() {
    let movie = nuclei(&NucleiSettings { n_frames: 40, ..small(3) }).unwrap();
    let clicks = points(&movie, 12, 0);
    for state in State::ALL {
        let of_state: Vec<&Point> = clicks.iter().filter(|p| p.state == state).collect();
        assert_eq!(of_state.len(), 12, "{}", state.name());
    }
    let resting: BTreeSet<u32> =
        clicks.iter().filter(|p| p.state == State::Interphase).map(|p| p.cell).collect();
    assert_eq!(resting.len(), 12, "a cell was clicked twice before others were clicked once");
    let area = |movie: &Movie, p: &Point| {
        movie.sightings.iter().find(|s| s.frame == p.frame && s.cell == p.cell).map(|s| s.area)
    };
    assert!(clicks.iter().all(|p| area(&movie, p).is_some_and(|a| a > 30)));
}

/// Mean, deviation and foreground share (Otsu's threshold) of each crop.
fn simple_features(set: &CellSet) -> Vec<[f64; 3]> {
    let size = set.shape.len();
    let mut crop = vec![0f32; size];
    (0..set.len())
        .map(|i| {
            set.pixels.copy_to(i * size, &mut crop);
            let n = size as f64;
            let mean = crop.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            let variance = crop.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
            [mean, variance.sqrt(), foreground(&mut crop.clone())]
        })
        .collect()
}

/// Share of the pixels above the threshold that divides the intensities best.
fn foreground(crop: &mut [f32]) -> f64 {
    crop.sort_by(f32::total_cmp);
    let n = crop.len() as f64;
    let total: f64 = crop.iter().map(|&v| f64::from(v)).sum();
    let (mut below, mut best, mut share) = (0.0, -1.0, 0.0);
    for (i, &v) in crop.iter().enumerate().take(crop.len() - 1) {
        below += f64::from(v);
        let k = (i + 1) as f64;
        let between = k * (n - k) * (below / k - (total - below) / (n - k)).powi(2);
        if between > best {
            (best, share) = (between, (n - k) / n);
        }
    }
    share
}

/// Multinomial logistic regression on standardised features and their squares, by plain gradient descent; accuracy on the
/// second set.
fn logistic_regression(train: &CellSet, test: &CellSet) -> f64 {
    let raw = simple_features(train);
    let moments: Vec<(f64, f64)> = (0..3)
        .map(|k| {
            let n = raw.len() as f64;
            let mean = raw.iter().map(|f| f[k]).sum::<f64>() / n;
            (mean, (raw.iter().map(|f| (f[k] - mean).powi(2)).sum::<f64>() / n).sqrt())
        })
        .collect();
    let expand = |f: &[f64; 3]| -> [f64; 7] {
        let z: [f64; 3] = std::array::from_fn(|k| (f[k] - moments[k].0) / moments[k].1);
        [1.0, z[0], z[1], z[2], z[0] * z[0], z[1] * z[1], z[2] * z[2]]
    };
    let x: Vec<[f64; 7]> = raw.iter().map(expand).collect();
    let mut weights = [[0.0f64; 7]; 5];
    let logits =
        |w: &[[f64; 7]; 5], x: &[f64; 7]| w.map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>());
    for _ in 0..3000 {
        let mut gradient = [[0.0f64; 7]; 5];
        for (x, cell) in x.iter().zip(&train.cells) {
            let scores = logits(&weights, x).map(f64::exp);
            let sum: f64 = scores.iter().sum();
            for (class, score) in scores.iter().enumerate() {
                let error = score / sum - f64::from(u8::from(cell.class == Some(class)));
                gradient[class].iter_mut().zip(x).for_each(|(g, v)| *g += error * v);
            }
        }
        for (w, g) in weights.iter_mut().flatten().zip(gradient.iter().flatten()) {
            *w -= 0.1 * g / x.len() as f64;
        }
    }
    let best = |scores: [f64; 5]| (0..5).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let features = simple_features(test);
    let right =
        features.iter().zip(&test.cells).filter(|(f, c)| best(logits(&weights, &expand(f))) == c.class);
    right.count() as f64 / test.len() as f64
}

#[test]
fn brightness_and_size_do_not_give_the_state_away() {
    let settings = NucleiSettings { seed: 20, ..Default::default() };
    let train = nuclei_cells(&settings, 3, 40, 64).unwrap();
    for seed in [70, 90] {
        let test = nuclei_cells(&NucleiSettings { seed, ..settings.clone() }, 1, 40, 64).unwrap();
        let accuracy = logistic_regression(&train, &test);
        // Better than guessing among five, far from telling them apart.
        assert!((0.3..0.75).contains(&accuracy), "seed {seed}: {accuracy}");
    }
    assert_eq!(train.classes.len(), 5);
    assert!(train.cells.iter().map(|c| c.class).collect::<BTreeSet<_>>().len() == 5);
}

#[test]
fn senescent_cells_are_larger_flatter_and_more_granular() {
    let field = |seed: u64, p_senescent: f32| {
        let settings = PhaseSettings { seed, p_senescent, n_cells: 14, rgb: false, ..Default::default() };
        phase(&settings).unwrap()
    };
    let mean_area = |seed: u64, p: f32, condition: Condition| {
        let field = field(seed, p);
        assert!(field.cells.iter().all(|c| c.condition == condition));
        for c in &field.cells {
            assert_eq!(field.masks.iter().filter(|&&m| u32::from(m) == c.cell).count(), c.area);
        }
        field.cells.iter().map(|c| c.area).sum::<usize>() as f64 / field.cells.len() as f64
    };
    let (control, senescent) =
        (mean_area(1, 0.0, Condition::Control), mean_area(1, 1.0, Condition::Senescent));
    assert!(senescent > 1.6 * control, "{senescent} against {control}");
    // Flat cells are less dark against the ground than thick ones.
    let darkness = |seed: u64, p: f32| {
        let field = field(seed, p);
        let mean = |inside: bool| {
            let chosen: Vec<f64> = field
                .pixels
                .iter()
                .zip(&field.masks)
                .filter(|(_, m)| (**m > 0) == inside)
                .map(|(&v, _)| f64::from(v))
                .collect();
            chosen.iter().sum::<f64>() / chosen.len() as f64
        };
        mean(false) - mean(true)
    };
    assert!(darkness(1, 0.0) > 1.3 * darkness(1, 1.0));
    assert!(darkness(1, 1.0) > 3.0);
}

#[test]
fn an_empty_field_holds_shading_and_noise_only() {
    let field = phase(&PhaseSettings { n_cells: 0, rgb: false, ..Default::default() }).unwrap();
    assert!(field.cells.is_empty() && field.masks.iter().all(|&m| m == 0));
    let noise: Vec<f64> = field.pixels.windows(2).map(|p| f64::from(p[1]) - f64::from(p[0])).collect();
    let deviation = (noise.iter().map(|d| d * d).sum::<f64>() / noise.len() as f64).sqrt();
    assert!((0.8..3.5).contains(&deviation), "{deviation}");
}

#[test]
fn a_full_dish_stops_growing() {
    let settings = NucleiSettings {
        n_frames: 120,
        height: 64,
        width: 64,
        n_cells: 4,
        interphase_frames: 5.0,
        p_apoptosis: 0.0,
        ..small(2)
    };
    let movie = nuclei(&settings).unwrap();
    let most = (0..120).map(|t| movie.sightings.iter().filter(|s| s.frame == t).count()).max();
    // Room for five; those in mitosis when it was full still divide.
    assert!(most.is_some_and(|n| (5..=14).contains(&n)), "{most:?}");
}
