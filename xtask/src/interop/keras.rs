//! Models for Keras 3, in Keras: the probabilities of `predict`, and of networks by Keras that went in and out again.

use super::Work;

/// What the check needs.
pub const PACKAGES: [&str; 3] = ["keras==3.15.1", "tensorflow-cpu==2.21.0", "pandas"];
/// Networks that Keras wrote, and the channels that they are told to have.
const OTHERS: [(&str, &str); 4] = [
    ("functional", "red,green,blue"),
    ("lenet", "grey"),
    ("branches", "red,green,blue"),
    ("mobile", "red,green,blue"),
];

/// Every preset, and networks with the layers of others.
pub fn check(work: &Work) -> Result<(), String> {
    for preset in super::PRESETS {
        let (keras, table) = (work.path(&format!("{preset}.keras")), work.path(&format!("{preset}.csv")));
        work.morphotype(&["export-model", &work.model(preset), "-o", &keras])?;
        work.morphotype(&["predict", &work.model(preset), &work.cells, "-o", &table])?;
        work.python(&["xtask/interop/keras_models.py", &keras, &work.cells, &table])?;
    }
    for (name, channels) in OTHERS {
        let theirs = format!("crates/study/tests/import_model/data/k3_{name}");
        let (model, again) = (work.path(&format!("{name}.safetensors")), work.path(&format!("{name}.keras")));
        let told = ["--normalise", "none", "--channels", channels, "--depth", "float32"];
        work.morphotype(
            &[&["import-model", &format!("{theirs}.keras")][..], &told, &["-o", &model]].concat(),
        )?;
        work.morphotype(&["export-model", &model, "-o", &again])?;
        work.python(&["xtask/interop/keras_models.py", &again, &format!("{theirs}.npz")])?;
    }
    // TensorFlow is in this environment.
    super::tables::tensorflow(work)
}
