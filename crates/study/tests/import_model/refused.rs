//! What is refused, and how.

use study::import_model::ImportModel;

use crate::sample::{import, request, shared};

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
