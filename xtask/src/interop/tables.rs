//! Logs, records and tables: the programs that they are for read them.

use super::Work;

/// What the checks need.
pub const PACKAGES: [&str; 8] = [
    "anndata==0.12.19",
    "pandas",
    "pillow",
    "polars==2.1.0",
    "pyarrow",
    "pycytominer==1.7.1",
    "tensorboard==2.21.0",
    "tfrecord==1.14.6",
];

/// TensorBoard, a reader of TFRecord, pandas, polars, pycytominer and anndata.
pub fn check(work: &Work) -> Result<(), String> {
    log(work)?;
    records(work)?;
    let (model, cells) = (work.model("encoder"), work.cells.as_str());
    let [parquet, csv, profiles, map] =
        ["tables.parquet", "tables.csv", "profiles.parquet", "map"].map(|name| work.path(name));
    work.morphotype(&["predict", &model, cells, "-o", &csv])?;
    work.morphotype(&["predict", &model, cells, "-o", &parquet, "--profiles", &profiles])?;
    work.morphotype(&["embed", &model, cells, "--h5ad", "-o", &map])?;
    work.python(&["xtask/interop/tables.py", cells, &parquet, &csv, &profiles, &map])
}

/// A run, and into the same log one with folds.
fn log(work: &Work) -> Result<(), String> {
    let folder = work.folder.join("logged");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let [log, model, history] =
        ["log", "logged/model.safetensors", "logged/history.csv"].map(|name| work.path(name));
    let train =
        ["train", &work.cells, "--preset", "encoder", "--epochs", "3", "--tensorboard", &log, "-o", &model];
    let read = ["xtask/interop/tensorboard_log.py", &log, &history];
    work.morphotype(&train)?;
    work.python(&read)?;
    work.morphotype(&[&train[..], &["--folds", "2"]].concat())?;
    work.python(&[&read[..], &["fold-1", "fold-2"]].concat())
}

/// Records are read by others, and theirs here.
fn records(work: &Work) -> Result<(), String> {
    let [ours, theirs, again] =
        ["ours.tfrecord", "theirs.tfrecord", "theirs.crops"].map(|name| work.path(name));
    work.morphotype(&["import", &work.cells, "-o", &ours])?;
    work.python(&["xtask/interop/tfrecord_cells.py", &work.cells, &ours, &theirs])?;
    work.morphotype(&["import", &theirs, "-o", &again])
}

/// Records are read by TensorFlow.
pub fn tensorflow(work: &Work) -> Result<(), String> {
    let records = work.path("ours.tfrecord");
    work.morphotype(&["import", &work.cells, "-o", &records])?;
    work.python(&["xtask/interop/tensorflow_records.py", &work.cells, &records])
}
