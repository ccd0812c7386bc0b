//! Every fuzz target for a while.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{command, root, run, succeeds};

/// Runs each target of `fuzz/` for the given number of seconds, from its seeds in `fuzz/seeds`.
///
/// Without a sanitizer, so that no nightly toolchain is needed: the readers are safe code, whose faults are panics,
/// overflows, endless loops and memory without bounds. Those are found.
pub fn run_all(args: &[String]) -> Result<(), String> {
    let seconds: u32 = match args {
        [] => 60,
        [seconds] => seconds.parse().map_err(|_| format!("fuzz: expected seconds, found {seconds}"))?,
        _ => return Err("fuzz: expected at most one argument".to_owned()),
    };
    if !succeeds("cargo", &["fuzz", "--version"]) {
        run("cargo", &["install", "cargo-fuzz", "--locked"])?;
    }
    run("cargo", &["fuzz", "build", "--sanitizer", "none"])?;
    let mut done = Vec::new();
    for target in targets()? {
        let n_runs = fuzz(&target, seconds)?;
        done.push(format!("{target}: {n_runs} inputs, no crash"));
    }
    println!("{}", done.join("\n"));
    Ok(())
}

/// Names of all targets, in alphabetical order.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut targets: Vec<String> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    Ok(targets)
}

/// Runs one target; the number of inputs that it was given.
fn fuzz(target: &str, seconds: u32) -> Result<u64, String> {
    let [corpus, seeds] = ["corpus", "seeds"].map(|part| format!("fuzz/{part}/{target}"));
    std::fs::create_dir_all(root().join(&corpus)).map_err(|e| format!("{corpus}: {e}"))?;
    let limit = format!("-max_total_time={seconds}");
    let mut fuzz = command("cargo", &["fuzz", "run", "--sanitizer", "none", target, &corpus, &seeds, "--"]);
    fuzz.args([&limit, "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1"]);
    let failed = |e: std::io::Error| format!("cargo fuzz run {target}: {e}");
    let mut child = fuzz.stderr(Stdio::piped()).spawn().map_err(failed)?;
    let mut n_runs = None;
    for line in child.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines()) {
        let line = line.map_err(failed)?;
        eprintln!("{line}");
        n_runs = inputs(&line).or(n_runs);
    }
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(format!("cargo fuzz run {target}: {status}; the input is in fuzz/artifacts/{target}"));
    }
    n_runs.ok_or_else(|| format!("cargo fuzz run {target}: it does not say how many inputs it tried"))
}

/// The number in `stat::number_of_executed_units: 12`.
fn inputs(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_off_the_closing_lines() {
        assert_eq!(inputs("stat::number_of_executed_units: 65536"), Some(65536));
        assert_eq!(inputs("stat::peak_rss_mb:             61"), None);
    }

    #[test]
    fn every_target_has_seeds() {
        for target in targets().unwrap() {
            let seeds = root().join("fuzz/seeds").join(&target);
            assert!(std::fs::read_dir(&seeds).is_ok_and(|s| s.count() > 0), "{}: no seeds", seeds.display());
        }
    }
}
