//! Running other programs from the project's root.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

/// The project's root.
pub fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().map_or(xtask.clone(), PathBuf::from)
}

/// A program or example of the release build.
pub fn built(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(target).join("release").join(name)
}

/// `program args…`, ready to run in the project's root.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs to the end; a failure is an error that shows the command.
pub fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let shown = format!("{program} {}", args.join(" "));
    eprintln!("\n==> {shown}");
    let status = command(program, args).status().map_err(|e| format!("{shown}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

/// Runs to the end, hands each line of standard output to `each` as it comes, and says whether it succeeded.
pub fn run_lines(program: &str, args: &[&str], mut each: impl FnMut(&str)) -> Result<bool, String> {
    let shown = format!("{program} {}", args.join(" "));
    eprintln!("\n==> {shown}");
    let mut child =
        command(program, args).stdout(Stdio::piped()).spawn().map_err(|e| format!("{shown}: {e}"))?;
    let out = child.stdout.take().ok_or_else(|| format!("{shown}: no output"))?;
    for line in BufReader::new(out).lines() {
        each(&line.map_err(|e| format!("{shown}: {e}"))?);
    }
    Ok(child.wait().map_err(|e| format!("{shown}: {e}"))?.success())
}

/// Whether `program args…` starts and succeeds.
pub fn succeeds(program: &str, args: &[&str]) -> bool {
    command(program, args).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}
