//! Models for Keras 3, in Keras: the probabilities of `predict`, and of networks by Keras that went in and out again.

use super::Work;

/// What the check needs.
pub const PACKAGES: [&str; 3] = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "pandas"];
/// Networks that come with Keras, and what intensities are divided by before: many do that themselves.
const APPLICATIONS: [(&str, u32); 8] = [
    ("DenseNet121", 255),
    ("EfficientNetB0", 1),
    ("EfficientNetV2B0", 1),
    ("InceptionV3", 255),
    ("MobileNetV2", 255),
    ("MobileNetV3Small", 1),
    ("NASNetMobile", 255),
    ("ResNet50V2", 255),
];

/// Every preset, and networks with the layers of others.
pub fn check(work: &Work) -> Result<(), String> {
    for preset in super::PRESETS {
        let (keras, table) = (work.path(&format!("{preset}.keras")), work.path(&format!("{preset}.csv")));
        work.morphotype(&["export-model", &work.model(preset), "-o", &keras])?;
        work.morphotype(&["predict", &work.model(preset), &work.cells, "-o", &table])?;
        work.python(&["xtask/interop/keras_models.py", &keras, &work.cells, &table])?;
    }
    for (name, channels) in super::OTHERS {
        let again = work.path(&format!("{name}.keras"));
        let (model, expected) = work.imported(name, channels)?;
        work.morphotype(&["export-model", &model, "-o", &again])?;
        work.python(&["xtask/interop/keras_models.py", &again, &expected])?;
    }
    applications(work)?;
    // TensorFlow is in this environment.
    super::tables::tensorflow(work)
}

/// Large networks by Keras itself, of which no file is kept: each is made, taken over and asked.
fn applications(work: &Work) -> Result<(), String> {
    let folder = work.path("applications");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{folder}: {e}"))?;
    let script = "xtask/interop/keras_applications.py";
    let made = APPLICATIONS.map(|(name, divisor)| format!("{name}={divisor}"));
    let made = made.iter().map(String::as_str);
    work.python(&[script, "make", &folder].into_iter().chain(made).collect::<Vec<&str>>())?;
    for (name, divisor) in APPLICATIONS {
        let [theirs, ours, images, table] =
            ["keras", "safetensors", "npz", "csv"].map(|ending| format!("{folder}/{name}.{ending}"));
        let how = if divisor == 1 { "none".to_owned() } else { format!("divide={divisor}") };
        let told = ["--normalise", &how, "--channels", "channel 0,channel 1,channel 2"];
        work.morphotype(&[&["import-model", &theirs][..], &told, &["-o", &ours]].concat())?;
        work.morphotype(&["predict", &ours, &images, "-o", &table])?;
    }
    let names = APPLICATIONS.iter().map(|(name, _)| *name);
    work.python(&[script, "compare", &folder].into_iter().chain(names).collect::<Vec<&str>>())
}
