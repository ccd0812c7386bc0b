//! Normalisations against their definitions.

use cells::normalise::{Normalise, NormaliseError};
use cells::{Cell, CellSet, CropShape, Pixels};
use proptest::prelude::*;

const SHAPE: CropShape = CropShape { h: 3, w: 4, c: 2 };

fn close(found: &[f32], expected: &[f32]) {
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 2e-6 * b.abs().max(1.0), "found {found:?}, expected {expected:?}");
    }
}

fn mean_and_std(values: &[f32]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    (mean, (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt())
}

proptest! {
    #[test]
    fn per_image_is_its_definition(crop in prop::collection::vec(0f32..65535.0, SHAPE.len())) {
        let (mean, std) = mean_and_std(&crop);
        let scale = 1.0 / std.max(1.0 / (SHAPE.len() as f64).sqrt());
        let expected: Vec<f32> =
            crop.iter().map(|&v| (((f64::from(v) - mean) * scale) as f32).clamp(-1.5, 1.5)).collect();
        let mut found = crop.clone();
        Normalise::PerImage { clip: Some(1.5) }.apply(SHAPE, &mut found).unwrap();
        close(&found, &expected);
    }

    #[test]
    fn per_channel_is_per_image_of_each_channel(crop in prop::collection::vec(0f32..255.0, SHAPE.len())) {
        let mut found = crop.clone();
        Normalise::PerImageChannel { clip: None }.apply(SHAPE, &mut found).unwrap();
        for c in 0..SHAPE.c {
            let pick = |v: &[f32]| v.iter().skip(c).step_by(SHAPE.c).copied().collect::<Vec<f32>>();
            let mut alone = pick(&crop);
            Normalise::PerImage { clip: None }.apply(CropShape { c: 1, ..SHAPE }, &mut alone).unwrap();
            close(&pick(&found), &alone);
        }
    }
}

#[test]
fn constant_images_become_zeros() {
    for setting in [Normalise::encoder(), Normalise::PerImageChannel { clip: None }] {
        let mut crop = vec![65535.0; SHAPE.len()];
        setting.apply(SHAPE, &mut crop).unwrap();
        assert_eq!(crop, vec![0.0; SHAPE.len()]);
    }
}

#[test]
fn faint_images_are_not_blown_up() {
    // The deviation is 0.01, the floor 1/sqrt(4) = 0.5.
    let mut crop = [5.0, 5.02, 5.0, 5.02];
    Normalise::PerImage { clip: None }.apply(CropShape { h: 2, w: 2, c: 1 }, &mut crop).unwrap();
    for (found, expected) in crop.iter().zip([-0.02, 0.02, -0.02, 0.02]) {
        assert!((found - expected).abs() < 1e-5, "{crop:?}");
    }
}

#[test]
fn data_set_figures_are_those_of_the_training_cells() {
    let values: Vec<u16> = (0..5 * SHAPE.len()).map(|i| (i * i * 977 % 65536) as u16).collect();
    let cells = (0..5).map(|i| Cell { name: i.to_string(), ..Cell::default() }).collect();
    let set = CellSet {
        shape: SHAPE,
        pixels: Pixels::Uint16(values.clone()),
        cells,
        classes: vec![],
        channels: vec!["a".into(), "b".into()],
        provenance: serde_json::Value::Null,
    };
    let fitted = Normalise::fit_data_set(&set, &[3, 1], Some(4.0)).unwrap();
    let Normalise::DataSet { mean, std, clip } = &fitted else { panic!("another kind: {fitted:?}") };
    assert_eq!(*clip, Some(4.0));
    for c in 0..2 {
        let channel: Vec<f32> = [3, 1]
            .iter()
            .flat_map(|&i| values[i * SHAPE.len()..(i + 1) * SHAPE.len()].iter().skip(c).step_by(2))
            .map(|&v| f32::from(v))
            .collect();
        let (m, s) = mean_and_std(&channel);
        close(&[mean[c], std[c]], &[m as f32, s as f32]);
    }
    assert!(matches!(Normalise::fit_data_set(&set, &[], None), Err(NormaliseError::NoCells)));
    assert!(fitted.validate(SHAPE).is_ok());
    let mistakes = fitted.validate(CropShape { c: 3, ..SHAPE }).unwrap_err();
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
}

#[test]
fn pixels_that_are_not_numbers_are_named_and_nothing_changes() {
    let mut crop = vec![1.0; SHAPE.len()];
    crop[(2 * SHAPE.w + 3) * SHAPE.c + 1] = f32::NAN;
    match Normalise::encoder().apply(SHAPE, &mut crop).unwrap_err() {
        NormaliseError::NotFinite { y, x, channel, value } => {
            assert_eq!((y, x, channel), (2, 3, 1));
            assert!(value.is_nan());
        }
        other => panic!("{other}"),
    }
    assert_eq!(crop[0], 1.0);
}

#[test]
fn all_mistakes_are_listed() {
    let bad = Normalise::DataSet { mean: vec![0.0], std: vec![0.0, 1.0], clip: Some(-1.0) };
    let found: Vec<String> = bad.validate(SHAPE).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(Normalise::Range { low: 5.0, high: 5.0 }.validate(SHAPE).is_err());
}

#[test]
fn settings_read_and_write() {
    let text = r#"{"kind":"per_image","clip":4.0}"#;
    assert_eq!(serde_json::from_str::<Normalise>(text).unwrap(), Normalise::encoder());
    assert_eq!(serde_json::to_string(&Normalise::encoder()).unwrap(), text);
    assert!(serde_json::from_str::<Normalise>(r#"{"kind":"range","low":0,"high":1,"mid":0}"#).is_err());
}
