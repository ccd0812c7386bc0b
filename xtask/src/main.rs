//! Developer commands: `cargo xtask ci | accuracy | crops | bench | fuzz | interop | python | soak | web`.

mod accuracy;
mod bench;
mod ci;
mod fuzz;
mod install;
mod interop;
mod python;
mod run;
mod soak;
mod web;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask ci                    every check that a change must pass; installs what it needs
cargo xtask accuracy [--only SET,…] [--preset encoder,default] [--precision f32,bf16] [--seeds 0,1,2]
                                  trains and judges on the real data sets beside the project, prints the README's table
cargo xtask crops                 shares of cells cut out and false crops on fields drawn by hand, ours and published
cargo xtask bench [--only NAME,…] [--quick]
                                  speed against the peers and the machine, into bench/; installs the peers (7 GB)
cargo xtask fuzz [SECONDS]        each fuzz target for SECONDS (60)
cargo xtask interop [--only onnx,keras,bioimage,tables]
                                  other programs read what is written here and say the same; installs them
cargo xtask python                runs docs/python.md, commands and code, in a Python environment of its own
cargo xtask soak [--kills N] [--edits N] [--seed N] [--program FILE]
                                  kills the server of annotate (200 times), lets its disk fail, and counts labels lost
cargo xtask web                   builds the page of annotate into web/dist; installs what it needs";

const CROPS: [&str; 10] =
    ["run", "--release", "--locked", "-p", "study", "--example", "crops", "-q", "--", "../shared/data"];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("ci") if rest.is_empty() => ci::run_all(),
        Some("accuracy") => accuracy::run_all(rest),
        Some("crops") if rest.is_empty() => run::run("cargo", &CROPS),
        Some("bench") => bench::run_all(rest),
        Some("fuzz") => fuzz::run_all(rest),
        Some("interop") => interop::run_all(rest),
        Some("python") if rest.is_empty() => python::run_all(),
        Some("soak") => soak::run_all(rest),
        Some("web") if rest.is_empty() => web::build(),
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
