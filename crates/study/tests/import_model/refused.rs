//! What is refused, and how.

use std::path::Path;

use study::import_model::ImportModel;

use crate::sample::{import, own, request, shared};

#[test]
fn layers_by_others_by_name_and_place() {
    let hls4ml = |name: &str| shared("data/models/hls4ml/keras").join(name);
    for (model, weights, class) in [
        ("qkeras_mnist_cnn.json", Some("qkeras_mnist_cnn_weights.h5"), "QConv2D"),
        ("hgq_mnist_heterogeneous.h5", None, "FixedPointQuantizer"),
        ("hgq_mnist_homogeneous.h5", None, "FixedPointQuantizer"),
    ] {
        let request = ImportModel { weights: weights.map(hls4ml), ..request(hls4ml(model), "none", 1) };
        let error = import(&request).unwrap_err().to_string();
        assert!(error.contains(class) && error.contains("layer \""), "{error}");
    }
}

/// An architecture of one layer after the input, with the weights of another model.
fn one_layer(class: &str, config: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.json");
    let json = format!(
        r#"{{"class_name":"Sequential","config":{{"name":"net","layers":[
            {{"class_name":"InputLayer","config":{{"name":"in","batch_input_shape":[null,8,8,3]}}}},
            {{"class_name":"{class}","config":{{"name":"here"{config}}}}}]}}}}"#
    );
    std::fs::write(&path, json).unwrap();
    let request = ImportModel { weights: Some(shared("golden/keras/sesmo.h5")), ..request(path, "none", 3) };
    import(&request).unwrap_err().to_string()
}

#[test]
fn code_is_never_run() {
    // Bytecode as Keras 2 stores it: marshalled, in base64, in a list.
    let code =
        r#","function":["4wEAAAAAAAAAAAAAAAEAAABDAAAA8wQAAAB8AFMAqQFO",null,null],"function_type":"lambda""#;
    let error = one_layer("Lambda", code);
    assert!(error.contains("\"here\"") && error.contains("Lambda") && error.contains("never run"), "{error}");
    for class in ["TFOpLambda", "package>Conv2D", "os.system"] {
        let error = one_layer(class, "");
        assert!(error.contains("\"here\"") && error.contains(class), "{error}");
    }
}

/// Models made to do harm, of which the layers themselves are what must be refused.
#[test]
fn code_in_whole_models_is_never_run() {
    for (name, place, class) in [
        ("lambda.h5", "\"lambda\"", "Lambda"),
        ("lambda.keras", "\"lambda\"", "Lambda"),
        ("lambda_within.keras", "net/lambda\"", "Lambda"),
        ("foreign.keras", "\"system\"", "os>system"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/malicious").join(name);
        let error = import(&request(path, "none", 1)).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(class), "{name}: {error}");
    }
}

/// Settings that this program does not have, or that no layer can have.
#[test]
fn what_layers_cannot_do() {
    for (class, config, part) in [
        ("Permute", r#","dims":[2,1,3]"#, "order"),
        ("Reshape", r#","target_shape":[4,16,3]"#, "keeps the axes"),
        ("Reshape", r#","target_shape":[18446744073709551615,2,3]"#, "keeps the axes"),
        ("Resizing", r#","height":9,"width":8"#, "--size"),
        ("ZeroPadding2D", r#","padding":[[1,-1],[0,0]]"#, "pixels on each side"),
        ("Cropping2D", r#","cropping":[[4,4],[0,0]]"#, "nothing is left"),
        ("Cropping2D", r#","cropping":18446744073709551615"#, "nothing is left"),
        ("Cropping2D", r#","cropping":[1,2,3]"#, "pixels on each side"),
        ("ZeroPadding2D", r#","padding":4000000000"#, "values between layers"),
        ("ReLU", r#","threshold":1"#, "threshold"),
        ("ReLU", r#","max_value":-1"#, "limit"),
        ("Activation", r#","activation":"sparsemax""#, "sparsemax"),
        ("MaxPooling2D", r#","pool_size":[2,9]"#, "does not fit"),
        ("AveragePooling2D", r#","pool_size":[0,1]"#, "pool_size"),
        ("AveragePooling2D", r#","pool_size":2,"strides":[1,0]"#, "strides"),
        ("Multiply", "", "two or more"),
        ("TFOpLambda", r#","function":"math.reduce_sum""#, "TFOpLambda"),
        ("MaxPooling2D", r#","pool_size":9"#, "does not fit"),
        ("Concatenate", "", "two or more"),
        ("PReLU", "", "alpha"),
    ] {
        let error = one_layer(class, config);
        assert!(error.contains(part), "{class}{config}: {error}");
    }
}

#[test]
fn one_of_several_outputs_must_be_named() {
    let heads = |head: Option<&str>| {
        let head = head.map(str::to_owned);
        import(&ImportModel { head, ..request(own("k3_heads.keras"), "none", 3) })
    };
    assert!(heads(Some("sick")).is_ok_and(|model| model.classes.len() == 2));
    for (head, parts) in [(None, ["--head", "sick, kind"]), (Some("kinds"), ["\"kinds\"", "sick, kind"])] {
        let error = heads(head).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
}

#[test]
fn what_contradicts_the_model() {
    let model = || shared("golden/keras/cellx_model.h5");
    let error = import(&request(model(), "none", 3)).unwrap_err().to_string();
    assert!(error.contains("expected 1 channels, found 3"), "{error}");
    let classes = vec!["a".to_owned(), "b".to_owned()];
    let error = import(&ImportModel { classes, ..request(model(), "none", 1) }).unwrap_err().to_string();
    assert!(error.contains("expected 5 different names"), "{error}");
    let error = import(&request(model(), "divide=0", 1)).unwrap_err().to_string();
    assert!(error.contains("std"), "{error}");
    let error = import(&request(shared("golden/keras/sesmo.h5"), "none", 3)).unwrap_err().to_string();
    assert!(error.contains("weights alone"), "{error}");
    let error = import(&request(shared("golden/keras/sesmo.json"), "none", 3)).unwrap_err().to_string();
    assert!(error.contains("architecture alone"), "{error}");
}

#[test]
fn networks_for_something_else() {
    for (class, config, expected) in [
        ("LSTM", "", "works on sequences"),
        ("TimeDistributed", "", "works on sequences"),
        ("Conv1D", "", "works on sequences"),
        ("Conv3D", "", "works on volumes"),
        ("Conv2DTranspose", "", "makes images larger"),
        ("BatchNormalization", r#","mode":1,"axis":-1"#, "statistics of its own"),
        ("Merge", r#","mode":"dot""#, "known"),
    ] {
        let error = one_layer(class, config);
        assert!(error.contains("\"here\"") && error.contains(expected), "{class}{config}: {error}");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.json");
    let json = r#"{"class_name":"Sequential","config":{"name":"net","layers":[{"class_name":"Dense",
        "config":{"name":"here","batch_input_shape":[null,784],"units":2}}]}}"#;
    std::fs::write(&path, json).unwrap();
    let told = ImportModel { weights: Some(shared("golden/keras/sesmo.h5")), ..request(path, "none", 3) };
    let error = import(&told).unwrap_err().to_string();
    assert!(error.contains("found vectors of 784 numbers"), "{error}");
}

#[test]
fn channels_here_first_and_there_last() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.json");
    let layer = |name: &str, format: &str| {
        let shape = r#""batch_input_shape":[null,8,8,8]"#;
        format!(
            r#"{{"class_name":"MaxPooling2D","config":{{"name":"{name}",{shape},"data_format":"{format}"}}}}"#
        )
    };
    let layers = [layer("a", "channels_first"), layer("b", "channels_last")].join(",");
    let json = format!(r#"{{"class_name":"Sequential","config":{{"name":"net","layers":[{layers}]}}}}"#);
    std::fs::write(&path, json).unwrap();
    let told = ImportModel { weights: Some(shared("golden/keras/sesmo.h5")), ..request(path, "none", 8) };
    let error = import(&told).unwrap_err().to_string();
    assert!(error.contains("\"b\"") && error.contains("channels in one place"), "{error}");
}
