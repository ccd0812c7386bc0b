//! What a fresh machine lacks: programs by apt, packages of Python in environments of their own.

use std::path::Path;

use crate::run::{run, succeeds};

/// Installs `packages` of the system where `program args…` does not succeed.
pub fn unless_runs(program: &str, args: &[&str], packages: &[&str]) -> Result<(), String> {
    if succeeds(program, args) {
        return Ok(());
    }
    run("apt-get", &["update", "-q"])?;
    run("apt-get", &[&["install", "-qy", "--no-install-recommends"], packages].concat())
}

/// The interpreter of the Python environment in `folder`, with `packages` as pip calls them: made where it is not there,
/// and renewed where others are asked for than were installed.
pub fn python(folder: &Path, packages: &[&str]) -> Result<String, String> {
    let python = folder.join("bin/python").display().to_string();
    let (wanted, mark) = (packages.join("\n"), folder.join("installed.txt"));
    if succeeds(&python, &["--version"]) && std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted)
    {
        return Ok(python);
    }
    // Debian's Python comes without what makes environments.
    unless_runs("python3", &["-c", "import ensurepip, venv"], &["python3", "python3-venv"])?;
    run("python3", &["-m", "venv", &folder.display().to_string()])?;
    run(&python, &[&["-m", "pip", "install", "--quiet"][..], packages].concat())?;
    std::fs::write(&mark, wanted).map_err(|e| format!("{}: {e}", mark.display()))?;
    Ok(python)
}
