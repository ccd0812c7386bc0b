//! Every check that a change must pass, the cheap ones first.

use crate::install::unless_runs;
use crate::run::{root, run, run_lines, succeeds};

/// Runs all checks; installs what is missing on a fresh machine.
pub fn run_all() -> Result<(), String> {
    let data = root().join("../shared/data");
    if !data.is_dir() {
        return Err(format!("{}: expected the real data sets beside the project", data.display()));
    }
    // The soak and the tests send signals.
    unless_runs("kill", &["-l"], &["procps"])?;
    run("cargo", &["fmt", "--all", "--check"])?;
    run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    deny()?;
    rustdoc()?;
    demo()?;
    crate::interop::run_all(&[])?;
    crate::soak::run_all(&["--kills", "20", "--edits", "500"].map(String::from))?;
    crate::web::check()?;
    tests()
}

fn deny() -> Result<(), String> {
    if !succeeds("cargo", &["deny", "--version"]) {
        run("cargo", &["install", "cargo-deny", "--locked"])?;
    }
    run("cargo", &["deny", "check", "licenses", "bans", "sources"])
}

fn rustdoc() -> Result<(), String> {
    let strict = "build.rustdocflags=[\"-D\", \"warnings\"]";
    run(
        "cargo",
        &["--config", strict, "doc", "--workspace", "--no-deps", "--document-private-items", "--locked"],
    )
}

/// The README's first command, as a newcomer runs it, and what Python reads of what it made.
fn demo() -> Result<(), String> {
    let out = root().join(crate::python::FOLDER).join("out");
    let out = out.to_str().ok_or("the project's path is not UTF-8")?;
    run("cargo", &["run", "--release", "--locked", "--", "demo", "-o", out])?;
    crate::python::check()
}

/// All tests, and in the end how many there were.
fn tests() -> Result<(), String> {
    let (mut passed, mut failed, mut suites) = (0, 0, 0);
    let succeeded = run_lines("cargo", &["test", "--workspace", "--locked", "--no-fail-fast"], |line| {
        println!("{line}");
        if let Some((p, f)) = counts(line) {
            passed += p;
            failed += f;
            suites += 1;
        }
    })?;
    println!("\n{suites} test suites");
    println!("{passed} passed, {failed} failed");
    match (succeeded, passed) {
        (true, 0) => Err("no test ran".to_owned()),
        (true, _) => Ok(()),
        (false, _) => Err("tests failed".to_owned()),
    }
}

/// The counts in `test result: ok. 12 passed; 0 failed; …`.
fn counts(line: &str) -> Option<(u32, u32)> {
    let rest = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut numbers = rest.split("; ").filter_map(|part| part.split(' ').next()?.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn counts_are_read_off_the_closing_line() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s";
        assert_eq!(counts(line), Some((12, 3)));
        assert_eq!(counts("running 3 tests"), None);
    }
}
