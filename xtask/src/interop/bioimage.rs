//! A package of the BioImage Model Zoo: the zoo's own test takes it.

use super::Work;

/// What the check needs.
pub const PACKAGES: [&str; 4] =
    ["bioimageio.core==0.11.0", "bioimageio.spec==0.5.12.0", "onnxruntime", "pydantic==2.11.10"];

/// Every preset: each prepares images in another way.
pub fn check(work: &Work) -> Result<(), String> {
    for preset in super::PRESETS {
        let package = work.path(&format!("{preset}.zip"));
        let (cells, authors) =
            (["--cells", &work.cells], ["--author", "Ada Lovelace", "--cite", "10.1038/s41586-020-2649-2"]);
        let model = work.model(preset);
        work.morphotype(&[&["export-model", &model][..], &cells, &authors, &["-o", &package]].concat())?;
        work.python(&["xtask/interop/bioimage_package.py", &package])?;
    }
    Ok(())
}
