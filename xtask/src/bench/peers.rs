//! The peers: what each can do, and how they come onto the machine.

use std::process::Command;

use super::contestant::{Contestant, FIELD};
use super::machine;
use crate::install;
use crate::run::root;

/// A framework that does what ours does.
pub struct Peer {
    name: &'static str,
    /// Its script in `bench/peers`, and the argument that it takes.
    script: [&'static str; 2],
    /// Endings of the rows that it knows.
    rows: &'static [&'static str],
}

const PEERS: &[Peer] = &[
    Peer { name: "tensorflow", script: ["tensorflow_peer.py", ""], rows: &["-f32"] },
    Peer { name: "torch", script: ["torch_peer.py", "eager"], rows: &["-f32", "-bf16"] },
    Peer { name: "torch-compiled", script: ["torch_peer.py", "compiled"], rows: &["-f32", "-bf16"] },
    Peer { name: "onnxruntime", script: ["runtime_peer.py", "onnxruntime"], rows: &["-infer-f32"] },
    Peer { name: "opencv", script: ["opencv_peer.py", FIELD], rows: &["crop-percentile"] },
    Peer { name: "umap-learn", script: ["umap_peer.py", "parallel"], rows: &["umap"] },
    Peer { name: "umap-learn-seeded", script: ["umap_peer.py", "seeded"], rows: &["umap"] },
    Peer { name: "openvino", script: ["runtime_peer.py", "openvino"], rows: &["-infer-f32", "-infer-bf16"] },
];

const REQUIREMENTS: &str = "bench/peers/requirements.txt";
const VENV: &str = "target/bench/venv";

/// The peers that know a row.
pub fn for_row(what: &str) -> impl Iterator<Item = &'static Peer> {
    PEERS.iter().filter(move |peer| peer.rows.iter().any(|ending| what.ends_with(ending)))
}

/// Starts a peer, installing all of them when they are not there.
pub fn start(peer: &Peer) -> Result<Contestant, String> {
    let python = install()?;
    let [script, argument] = peer.script;
    let mut command = Command::new(python);
    command.arg(root().join("bench/peers").join(script)).arg(argument).current_dir(root());
    Contestant::start(peer.name, command.env("THREADS", machine::threads().to_string()))
}

/// Each peer's package and its version.
pub fn versions() -> Result<Vec<String>, String> {
    let lines = requirements()?;
    Ok(lines.lines().filter(|line| line.contains("==")).map(|line| line.replace("==", " ")).collect())
}

/// The interpreter that has all of them.
fn install() -> Result<String, String> {
    let folder = root().join(VENV);
    if !folder.is_dir() {
        eprintln!(
            "\nThe peers are not in {VENV}: TensorFlow, PyTorch (with GPU libraries that nothing here uses), ONNX \
             Runtime, OpenVINO, OpenCV and umap-learn will be fetched from PyPI, about 3 GB, and take about 7 GB of disk. \
             PyTorch's compiler needs a C++ compiler."
        );
    }
    let wanted = requirements()?;
    let packages: Vec<&str> = wanted.lines().filter(|line| line.contains("==")).collect();
    install::python(&folder, &packages)
}

fn requirements() -> Result<String, String> {
    std::fs::read_to_string(root().join(REQUIREMENTS)).map_err(|e| format!("{REQUIREMENTS}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_only_infer() {
        let names = |what| for_row(what).map(|peer| peer.name).collect::<Vec<_>>();
        assert_eq!(names("phase-train-f32"), ["tensorflow", "torch", "torch-compiled"]);
        assert_eq!(names("phase-train-bf16"), ["torch", "torch-compiled"]);
        assert_eq!(names("crop-percentile"), ["opencv"]);
        assert_eq!(names("umap"), ["umap-learn", "umap-learn-seeded"]);
        assert_eq!(names("encoder-infer-bf16"), ["torch", "torch-compiled", "openvino"]);
    }

    #[test]
    fn versions_are_pinned() {
        let versions = versions().unwrap();
        assert!(versions.iter().any(|v| v.starts_with("torch ")), "{versions:?}");
    }
}
