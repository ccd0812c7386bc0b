//! Other programs read what is written here, and say the same: in a Python environment of its own.

use crate::run::{root, run, succeeds};

/// What the checks need.
const PACKAGES: [&str; 4] = ["numpy", "onnx==1.22.0", "onnxruntime", "pandas"];

/// Trains small models on simulated cells, exports them and compares.
pub fn run_all() -> Result<(), String> {
    let folder = root().join("target/interop");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let path = |name: &str| folder.join(name).display().to_string();
    let python = path("venv/bin/python");
    if !succeeds(&python, &["-c", "import onnx, onnxruntime, pandas"]) {
        run("python3", &["-m", "venv", &path("venv")])?;
        run(&python, &[&["-m", "pip", "install", "--quiet"][..], &PACKAGES].concat())?;
    }
    let morphotype = |args: &[&str]| {
        run("cargo", &[&["run", "--release", "--locked", "--quiet", "--"][..], args].concat())
    };
    let (cells, data) = (path("cells.crops"), root().join("../shared/data/mdck_annotator"));
    morphotype(&["import", &data.display().to_string(), "-o", &cells])?;
    for preset in ["default", "encoder", "phase"] {
        let (model, onnx) = (path(&format!("{preset}.safetensors")), path(&format!("{preset}.onnx")));
        let table = path(&format!("{preset}.csv"));
        morphotype(&["train", &cells, "--preset", preset, "--epochs", "1", "-o", &model])?;
        morphotype(&["export-model", &model, "-o", &onnx])?;
        morphotype(&["predict", &model, &cells, "-o", &table])?;
        run(&python, &["xtask/interop/onnx_models.py", &onnx, &cells, &table])?;
    }
    Ok(())
}
