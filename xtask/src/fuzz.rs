//! Every fuzz target for a while.

use crate::run::{root, run, succeeds};

/// Runs each target of `fuzz/` for the given number of seconds; the nightly toolchain is needed.
pub fn run_all(args: &[String]) -> Result<(), String> {
    let seconds: u32 = match args {
        [] => 60,
        [seconds] => seconds.parse().map_err(|_| format!("fuzz: expected seconds, found {seconds}"))?,
        _ => return Err("fuzz: expected at most one argument".to_owned()),
    };
    if !succeeds("cargo", &["fuzz", "--version"]) {
        run_install()?;
    }
    let folder = root().join("fuzz/fuzz_targets");
    let mut targets: Vec<String> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    let limit = format!("-max_total_time={seconds}");
    for target in &targets {
        run(
            "cargo",
            &["+nightly", "fuzz", "run", target, "--", &limit, "-rss_limit_mb=2048", "-timeout=20"],
        )?;
    }
    Ok(())
}

fn run_install() -> Result<(), String> {
    run("cargo", &["install", "cargo-fuzz", "--locked"])
}
