//! A program that says how fast it is when asked: lines `ROW SECONDS` in, lines `{"what": …, "per_s": …}` out.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::run::{built, root, run};

/// The field of phase contrast that cells are cut from, seen from the project's root.
pub const FIELD: &str = "../shared/golden/crop/train_01.tif";

/// The points that are mapped, seen from the project's root.
const POINTS: &str = "../shared/golden/umap/features.npz";

/// A running contestant; it ends when this is dropped.
pub struct Contestant {
    /// As the results call it.
    pub name: String,
    child: Child,
    questions: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Contestant {
    /// Starts `command`; what it complains of is kept in `target/bench`.
    pub fn start(name: &str, command: &mut Command) -> Result<Contestant, String> {
        let shown = |e: std::io::Error| format!("{name}: {e}");
        let folder = root().join("target/bench");
        std::fs::create_dir_all(&folder).map_err(shown)?;
        let log = File::create(folder.join(format!("{name}.log"))).map_err(shown)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(shown)?;
        let questions = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| format!("{name}: no output"))?;
        Ok(Contestant { name: name.to_owned(), child, questions, answers: BufReader::new(answers).lines() })
    }

    /// Ours for a row, on a number of threads.
    pub fn ours(name: &str, what: &str, threads: usize) -> Result<Contestant, String> {
        let (package, example, argument) = match what {
            "crop-percentile" => ("cells", "crop_rate", FIELD),
            "umap" => ("embed", "umap_rate", POINTS),
            _ => ("nn", "throughput", ""),
        };
        run("cargo", &["build", "--release", "--locked", "-p", package, "--example", example])?;
        let mut command = Command::new(built("examples").join(example));
        command.arg(argument).current_dir(root()).env("RAYON_NUM_THREADS", threads.to_string());
        Contestant::start(name, &mut command)
    }

    /// What it did per second, in one measurement.
    pub fn rate(&mut self, what: &str, seconds: f64) -> Result<f64, String> {
        let failed = |why: String| format!("{}: {why}; see target/bench/{}.log", self.name, self.name);
        let questions = self.questions.as_mut().ok_or_else(|| failed("no input".to_owned()))?;
        writeln!(questions, "{what} {seconds}").map_err(|e| failed(e.to_string()))?;
        for line in self.answers.by_ref() {
            let line = line.map_err(|e| failed(e.to_string()))?;
            // Some frameworks greet before they are asked.
            let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
            let rate = answer["per_s"].as_f64().filter(|_| answer["what"] == what);
            return rate.ok_or_else(|| failed(format!("expected the rate of {what}, found {line}")));
        }
        Err(failed("ended without an answer".to_owned()))
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}
