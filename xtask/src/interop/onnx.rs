//! Exported graphs: onnx' checker takes them, onnxruntime gives the probabilities of `predict`, on 1,000 crops.

use super::Work;

/// What the check needs.
pub const PACKAGES: [&str; 3] = ["onnx==1.22.0", "onnxruntime", "pandas"];

/// Every preset, with the scaling inside the graph, and networks with the layers of others.
pub fn check(work: &Work) -> Result<(), String> {
    for preset in super::PRESETS {
        let (onnx, table) = (work.path(&format!("{preset}.onnx")), work.path(&format!("{preset}.csv")));
        work.morphotype(&["export-model", &work.model(preset), "-o", &onnx])?;
        work.morphotype(&["predict", &work.model(preset), &work.cells, "-o", &table])?;
        work.python(&["xtask/interop/onnx_models.py", &onnx, &work.cells, &table])?;
    }
    for (name, channels) in super::OTHERS {
        let onnx = work.path(&format!("{name}.onnx"));
        let (model, expected) = work.imported(name, channels)?;
        work.morphotype(&["export-model", &model, "-o", &onnx])?;
        work.python(&["xtask/interop/onnx_models.py", &onnx, &expected])?;
    }
    Ok(())
}
