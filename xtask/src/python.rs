//! The page for users of Python, run: its commands and its code, one after the other, in one interpreter.

use crate::install;
use crate::run::{built, root, run};

/// What the page says that it needs.
const PACKAGES: [&str; 3] = ["numpy", "pandas", "pyarrow"];
/// The page.
const PAGE: &str = "docs/python.md";
/// Where it is run; `out` inside is what the page calls so.
pub const FOLDER: &str = "target/python";

/// Builds the program and runs the page.
pub fn run_all() -> Result<(), String> {
    run("cargo", &["build", "--release", "--locked"])?;
    check()
}

/// Runs the page with the release build. What `demo` has made before is taken as it is.
pub fn check() -> Result<(), String> {
    let folder = root().join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let python = install::python(&folder.join("venv"), &PACKAGES)?;
    let page = std::fs::read_to_string(root().join(PAGE)).map_err(|e| format!("{PAGE}: {e}"))?;
    let is_demo_done = folder.join("out/report/report.html").is_file();
    let program = built("morphotype").display().to_string();
    let script = script(&page, &program, &folder.display().to_string(), is_demo_done);
    let file = folder.join("page.py").display().to_string();
    std::fs::write(&file, script).map_err(|e| format!("{file}: {e}"))?;
    run(&python, &[&file])
}

/// The page as a script: code as it is, commands as calls.
fn script(page: &str, program: &str, folder: &str, is_demo_done: bool) -> String {
    let mut script = format!("import os, subprocess\nos.chdir({folder:?})\n");
    let mut in_code = None;
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            in_code = if in_code.is_none() { Some(language) } else { None };
        } else if in_code == Some("python") {
            script += &format!("{line}\n");
        } else if let Some(command) = line.strip_prefix("$ morphotype ").filter(|_| in_code.is_some())
            && !(is_demo_done && command.starts_with("demo "))
        {
            script += &format!("subprocess.run([{program:?}, *{command:?}.split()], check=True)\n");
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::script;

    #[test]
    fn code_and_commands_keep_their_order() {
        let page = "text\n```\n$ morphotype demo -o out\n$ morphotype predict a\nprinted\n```\n```python\nx = 1\n\ny = x\n```\nx = 3\n";
        let head = "import os, subprocess\nos.chdir(\"f\")\n";
        let expected = "subprocess.run([\"m\", *\"predict a\".split()], check=True)\nx = 1\n\ny = x\n";
        assert_eq!(script(page, "m", "f", true), format!("{head}{expected}"));
        assert!(script(page, "m", "f", false).contains("demo -o out"));
    }
}
