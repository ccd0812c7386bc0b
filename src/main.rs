//! The shell: parses words, calls `study`, prints.

mod bar;
mod command;
mod out;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use clap::Parser;

/// Teach a computer to tell your cells apart: label, train, judge and score single cells, on a laptop.
#[derive(Parser)]
#[command(name = "morphotype", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    /// Threads to use; 0 means one per core. The results are the same bytes for any number.
    #[arg(long, global = true, default_value_t = 0, value_name = "N")]
    threads: usize,

    #[command(subcommand)]
    command: command::Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|what| {
        out::tell(format_args!("morphotype: this is a bug, please report it: {what}"));
    }));
    let size = || rayon::ThreadPoolBuilder::new().num_threads(arguments.threads);
    // What the server starts is outside of the pool and uses the global one.
    let (Ok(()), Ok(pool)) = (size().build_global(), size().build()) else {
        out::tell(format_args!("morphotype: cannot start {} threads", arguments.threads));
        return ExitCode::from(2);
    };
    let done = catch_unwind(AssertUnwindSafe(|| pool.install(|| arguments.command.run())));
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            out::tell(format_args!("morphotype: {error}"));
            ExitCode::from(error.exit_code())
        }
        Err(_) => ExitCode::from(1),
    }
}
