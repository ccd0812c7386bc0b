//! Networks as data: sizes, names, mistakes.

use nn::spec::{Function, Layer, NetworkSpec, Op, Padding, Shape, SpecMistake};
use nn::weights::Weights;
use nn::{Network, WeightsError, presets};

#[test]
fn presets_have_the_published_sizes() {
    let encoder = presets::encoder(Shape { h: 64, w: 64, c: 1 }, 5);
    assert_eq!((encoder.parameter_count(), encoder.trainable_count()), (624_813, 624_317));
    let phase = presets::phase(Shape { h: 50, w: 50, c: 3 }, 2);
    assert_eq!((phase.parameter_count(), phase.trainable_count()), (2_757_474, 2_757_474));
    let residual = presets::residual(Shape { h: 64, w: 64, c: 3 }, &[16, 32, 64], 5);
    assert_eq!(residual.validate(), Ok(()));
    assert_eq!(residual.outputs(), 5);
    let names: Vec<String> =
        Network::new(phase, 0).unwrap().weights().tensors.iter().map(|t| t.name.clone()).collect();
    assert_eq!(names[..3], ["conv1.kernel", "conv1.bias", "conv2.kernel"]);
}

#[test]
fn small_crops_of_any_size_have_a_network() {
    let large = Shape { h: 40, w: 32, c: 1 };
    assert_eq!(presets::fitting(large, 3), presets::encoder(large, 3));
    let blood = presets::fitting(Shape { h: 28, w: 28, c: 3 }, 8);
    assert_eq!((blood.parameter_count(), blood.trainable_count()), (101_560, 101_048));
    for side in 1..32 {
        let spec = presets::fitting(Shape { h: side, w: 40, c: 2 }, 3);
        assert_eq!((spec.validate(), spec.outputs()), (Ok(()), 3), "{side}");
    }
}

#[test]
fn a_specification_survives_json_and_refuses_unknown_keys() {
    for spec in [
        presets::encoder(Shape { h: 64, w: 64, c: 1 }, 5),
        presets::residual(Shape { h: 32, w: 32, c: 2 }, &[8, 16], 3),
    ] {
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<NetworkSpec>(&text).unwrap(), spec);
    }
    let text =
        r#"{"input":{"h":1,"w":1,"c":1},"layers":[{"name":"a","op":{"type":"dropout","rate":0.1,"odd":1}}]}"#;
    let error = serde_json::from_str::<NetworkSpec>(text).unwrap_err().to_string();
    assert!(error.contains("odd"), "{error}");
}

#[test]
fn all_mistakes_are_listed_with_their_layers() {
    let layer = |name: &str, op: Op, inputs: &[&str]| Layer {
        name: name.into(),
        op,
        inputs: inputs.iter().map(|&s| s.into()).collect(),
    };
    let spec = NetworkSpec {
        input: Shape { h: 8, w: 8, c: 1 },
        layers: vec![
            layer("pool", Op::MaxPool { size: [9; 2], stride: [1; 2], padding: Padding::Valid }, &[]),
            layer("dense", Op::Dense { units: 0, bias: true }, &["input"]),
            layer("drop", Op::Dropout { rate: 1.0 }, &["input"]),
            layer("drop", Op::Add, &["input", "later"]),
            layer("norm", Op::BatchNorm { epsilon: 0.0, momentum: 2.0 }, &["input"]),
            layer("input", Op::Flatten, &["input"]),
        ],
    };
    let mistakes = spec.validate().unwrap_err();
    let has = |layer: &str, words: &str| {
        mistakes.iter().any(|m: &SpecMistake| m.layer == layer && m.mistake.contains(words))
    };
    for (layer, words) in [
        ("pool", "does not fit"),
        ("dense", "units: expected at least 1"),
        ("dense", "expected features, found an image 8x8x1"),
        ("drop", "rate"),
        ("drop", "'later', which is not a layer before it"),
        ("drop", "used by the layers number 2 and 3"),
        ("norm", "epsilon: expected above 0, found 0"),
        ("norm", "momentum: expected 0 to 1, found 2"),
        ("input", "reserved"),
    ] {
        assert!(has(layer, words), "{layer}, {words}: {mistakes:?}");
    }
    assert_eq!(mistakes.len(), 9, "{mistakes:?}");
    assert_eq!((spec.outputs(), spec.parameter_count()), (0, 0));

    let ends = NetworkSpec {
        input: Shape { h: 8, w: 8, c: 1 },
        layers: vec![
            layer("a", Op::GlobalAveragePool, &[]),
            layer("b", Op::Dropout { rate: 0.1 }, &["input"]),
        ],
    };
    let texts: Vec<String> = ends.validate().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "layer 'a': its output is not read by any layer",
            "layer 'b': the last layer must give features, found an image 8x8x1"
        ]
    );
    let none = NetworkSpec { input: Shape { h: 0, w: 8, c: 1 }, layers: Vec::new() };
    assert_eq!(none.validate().unwrap_err().len(), 2);
}

#[test]
fn windows_are_written_as_one_number_or_two() {
    let pool = |size, stride| Op::MaxPool { size, stride, padding: Padding::Valid };
    for (op, text) in [
        (pool([2; 2], [2; 2]), r#"{"type":"max_pool","size":2,"stride":2}"#),
        (pool([2, 1], [3; 2]), r#"{"type":"max_pool","size":[2,1],"stride":3}"#),
    ] {
        assert_eq!(serde_json::to_string(&op).unwrap(), text);
        assert_eq!(serde_json::from_str::<Op>(text).unwrap(), op);
    }
    let odd = serde_json::from_str::<Op>(r#"{"type":"max_pool","size":[2,1,1],"stride":3}"#);
    assert!(odd.unwrap_err().to_string().contains("rows and columns"));
}

/// What a file may ask for, layer by layer: the mistake names the layer and what was found.
#[test]
fn what_asks_for_too_much_or_does_not_fit() {
    let layer = |name: &str, op: Op, inputs: &[&str]| Layer {
        name: name.into(),
        op,
        inputs: inputs.iter().map(|&s| s.into()).collect(),
    };
    let small = Shape { h: 8, w: 8, c: 3 };
    let found = |ops: Vec<(Op, &[&str])>| {
        let mut layers: Vec<Layer> = ops
            .into_iter()
            .enumerate()
            .map(|(i, (op, inputs))| layer(&format!("l{i}"), op, inputs))
            .collect();
        layers.push(layer("end", Op::GlobalAveragePool, &[]));
        NetworkSpec { input: small, layers }.validate().unwrap_err()[0].to_string()
    };
    let most = usize::MAX;
    let pool = |size, stride, padding| Op::AveragePool { size, stride, padding };
    let by_channel = |multiplier, kernel| Op::DepthwiseConv {
        multiplier,
        kernel,
        stride: [1, 1],
        padding: Padding::Same,
        bias: false,
    };
    for (op, words) in [
        (
            Op::Pad { rows: [65_536, 0], columns: [0, 65_536] },
            "at most 33554432 values, found an image 65544x65544x3",
        ),
        (Op::Pad { rows: [most; 2], columns: [most; 2] }, "at most 33554432 values"),
        (Op::Crop { rows: [4, 4], columns: [0, 0] }, "nothing is left of an image 8x8x3"),
        (Op::Crop { rows: [most, most], columns: [0, 0] }, "nothing is left"),
        (pool([2, 0], [1, 1], Padding::Valid), "size: expected 1 to 65536, found [2, 0]"),
        (pool([2, 1], [0, 1], Padding::Same), "stride: expected 1 to 65536"),
        (pool([1, most], [1, 1], Padding::Same), "size: expected 1 to 65536"),
        (pool([1, 9], [1, 1], Padding::Valid), "a window of 1x9 does not fit"),
        (by_channel(0, [3, 3]), "multiplier: expected at least 1"),
        (by_channel(1, [3, most]), "kernel: expected 1 to 65536"),
        (
            Op::Activation { function: Function::Affine { scale: f32::NAN, offset: 0.0 } },
            "scale: expected a number",
        ),
    ] {
        let text = found(vec![(op, &[])]);
        assert!(text.starts_with("layer 'l0': ") && text.contains(words), "{text}");
    }
    let crop = || (Op::Crop { rows: [1, 0], columns: [0, 0] }, &["input"][..]);
    let text = found(vec![crop(), (Op::Multiply, &["input", "l0"])]);
    assert!(text.starts_with("layer 'l1'") && text.contains("8x8x3 and an image 7x8x3"), "{text}");
    let text = found(vec![(Op::Multiply, &["input", "input", "input"])]);
    assert!(text.contains("expected two inputs, found 3"), "{text}");
    // Each doubles the channels: a short file must not ask for all memory.
    let doubles = (0..60).map(|i| match i {
        0 => (Op::Concat, vec!["input".to_owned(); 2]),
        _ => (Op::Concat, vec![format!("l{}", i - 1); 2]),
    });
    let mut layers: Vec<Layer> =
        doubles.enumerate().map(|(i, (op, inputs))| Layer { name: format!("l{i}"), op, inputs }).collect();
    layers.push(layer("end", Op::GlobalAveragePool, &[]));
    let text = NetworkSpec { input: small, layers }.validate().unwrap_err()[0].to_string();
    assert!(text.starts_with("layer 'l17'") && text.contains("33554432"), "{text}");
}

#[test]
fn weights_that_do_not_fit_are_listed() {
    let spec = presets::phase(Shape { h: 50, w: 50, c: 3 }, 2);
    let network = Network::new(spec.clone(), 4).unwrap();
    assert_eq!(network, Network::new(spec.clone(), 4).unwrap());
    assert_ne!(network, Network::new(spec.clone(), 5).unwrap());
    let mut tensors = network.weights().tensors.clone();
    tensors.reverse();
    assert_eq!(Network::from_weights(spec.clone(), Weights { tensors: tensors.clone() }).unwrap(), network);
    tensors[0].name = "other.bias".into();
    tensors[1].shape.reverse();
    let error = Network::from_weights(spec, Weights { tensors }).unwrap_err();
    let WeightsError::Mismatch { missing, extra, wrong } = error else { panic!("{error}") };
    assert_eq!(missing, ["logits.bias"]);
    assert_eq!(extra, ["other.bias"]);
    assert_eq!(wrong, ["logits.kernel: expected [256, 2], found [2, 256] with 512 values"]);
}
