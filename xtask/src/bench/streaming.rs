//! Time and memory per cell, from a thousand cells to a million.
//!
//! The program is started as a user starts it, on a crop set of each size. Starting takes its time, so the figure is the
//! time for each cell *more*: between a size and the next smaller one.

use std::fs::{File, create_dir_all, read, remove_dir_all, write};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Effort, median};
use crate::run::{built, root, run};

/// Rows and columns of a crop.
const SIDE: usize = 64;
/// Rows and columns of the patches that the table of cells comes from.
const PATCH: usize = 4;

/// What a run took.
struct Run {
    seconds: f64,
    /// Most memory held at a time, where the system says so.
    mebibytes: Option<f64>,
}

/// Runs `predict`, or one pass of `train`, over sets of all sizes.
pub fn measure(verb: &str, effort: &Effort) -> Result<Vec<Value>, String> {
    run("cargo", &["build", "--release", "--locked", "-p", "morphotype"])?;
    let folder = root().join("target/bench/streaming");
    let gigabytes = effort.cells.iter().sum::<usize>() as f64 * (SIDE * SIDE) as f64 / 1e9;
    eprintln!("{gigabytes:.1} GB of pixels in {}, removed in the end", folder.display());
    let entries = measure_in(&folder, verb, effort);
    remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    entries
}

fn measure_in(folder: &Path, verb: &str, effort: &Effort) -> Result<Vec<Value>, String> {
    create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let sets: Vec<PathBuf> = effort.cells.iter().map(|&n| crop_set(folder, n)).collect::<Result<_, _>>()?;
    let model = folder.join("model.safetensors");
    train(&sets[0], &model)?;
    let mut runs: Vec<Vec<Run>> = sets.iter().map(|_| Vec::new()).collect();
    for round in 0..effort.rounds {
        for ((set, runs), &n) in sets.iter().zip(&mut runs).zip(effort.cells) {
            // A long run is its own median.
            if round == 0 || n <= 10_000 {
                let run = match verb {
                    "predict" => predict(&model, set, &folder.join("cells.parquet"))?,
                    _ => train(set, &folder.join("trained.safetensors"))?,
                };
                eprintln!("{verb} {n} cells: {:.2} s", run.seconds);
                runs.push(run);
            }
        }
    }
    Ok(entries(verb, effort.cells, &runs))
}

fn entries(verb: &str, cells: &[usize], runs: &[Vec<Run>]) -> Vec<Value> {
    let mut before = None;
    let mut entries = Vec::new();
    for (&n, runs) in cells.iter().zip(runs) {
        let Some(seconds) = median(runs.iter().map(|run| run.seconds).collect()) else { continue };
        let more = before.map(|(m, s): (usize, f64)| 1e6 * (seconds - s) / (n - m) as f64);
        before = Some((n, seconds));
        let mebibytes = median(runs.iter().filter_map(|run| run.mebibytes).collect());
        entries.push(json!({
            "what": format!("{verb}, {n} cells"),
            "seconds": (seconds * 100.0).round() / 100.0,
            "us_per_further_cell": more.map(|us| (us * 10.0).round() / 10.0),
            "mebibytes": mebibytes.map(f64::round),
        }));
    }
    entries
}

fn predict(model: &Path, set: &Path, output: &Path) -> Result<Run, String> {
    morphotype(Command::new(built("morphotype")).arg("predict").args([model, set]).arg("-o").arg(output))
}

fn train(set: &Path, model: &Path) -> Result<Run, String> {
    let settings = "--preset encoder --epochs 1 --validation 0".split(' ');
    let mut command = Command::new(built("morphotype"));
    morphotype(command.arg("train").arg(set).args(settings).arg("-o").arg(model))
}

/// Runs to the end, watching its memory.
fn morphotype(command: &mut Command) -> Result<Run, String> {
    let shown = format!("{command:?}");
    let started = Instant::now();
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|e| format!("{shown}: {e}"))?;
    let (status_file, ended) = (format!("/proc/{}/status", child.id()), AtomicBool::new(false));
    let (status, seconds, mebibytes) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = None;
            while !ended.load(Ordering::Relaxed) {
                most = high_water(&status_file).or(most);
                std::thread::sleep(Duration::from_millis(20));
            }
            most
        });
        let status = child.wait();
        let seconds = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, seconds, watch.join().ok().flatten())
    });
    match status {
        Ok(status) if status.success() => Ok(Run { seconds, mebibytes }),
        Ok(status) => Err(format!("{shown}: {status}")),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

/// Most memory that a process has held so far, MiB.
fn high_water(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next())?;
    kib.parse().ok().map(|kib: f64| kib / 1024.0)
}

/// A crop set of `n` cells of two classes. The program makes its table from small patches; then the pixels are
/// replaced by those of large crops.
fn crop_set(folder: &Path, n: usize) -> Result<PathBuf, String> {
    let set = folder.join(format!("{n}.crops"));
    let patches = ["a", "b"].map(|class| folder.join(format!("{class}.npy")));
    for patches in &patches {
        stack(patches, n / 2, PATCH).map_err(|e| format!("{}: {e}", patches.display()))?;
    }
    let mut import = Command::new(built("morphotype"));
    import.args(["import", "--axes", "nhwc"]);
    for (class, patches) in ["a", "b"].iter().zip(&patches) {
        import.arg("--class").arg(format!("{class}={}", patches.display()));
    }
    morphotype(import.arg("-o").arg(&set))?;
    let manifest = set.join("crops.json");
    let widened = |e: std::io::Error| format!("{}: {e}", set.display());
    let mut json: Value =
        serde_json::from_slice(&read(&manifest).map_err(widened)?).map_err(|e| widened(e.into()))?;
    json["shape"] = json!({ "h": SIDE, "w": SIDE, "c": 1 });
    write(manifest, json.to_string()).map_err(widened)?;
    stack(&set.join("pixels.npy"), n, SIDE).map_err(widened)?;
    Ok(set)
}

/// Writes `n` random images of `side` rows and columns, 8-bit grey, as `.npy`.
fn stack(path: &Path, n: usize, side: usize) -> std::io::Result<()> {
    let dict = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, {side}, {side}, 1), }}");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00\x76\x00")?;
    writeln!(file, "{dict:<117}")?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..n * side * side / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_does_not_count() {
        let run = |seconds| vec![Run { seconds, mebibytes: Some(10.0) }];
        let entries = entries("predict", &[1_000, 11_000], &[run(1.1), run(2.1)]);
        assert_eq!(entries[0]["us_per_further_cell"], Value::Null);
        assert_eq!(entries[1]["us_per_further_cell"], 100.0);
        assert_eq!(entries[1]["mebibytes"], 10.0);
    }
}
