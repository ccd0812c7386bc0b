//! What is measured, on what.

use crate::run::command;

/// Instruction sets that make a difference.
const FLAGS: [&str; 5] = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"];

/// Threads for everybody: all that the machine has.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processor, instruction sets, threads and memory.
pub fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| cpu.lines().find(|l| l.starts_with(name))?.split_once(": ").map(|(_, v)| v);
    let model = field("model name").unwrap_or(std::env::consts::ARCH);
    let flags: Vec<&str> = field("flags").unwrap_or_default().split(' ').collect();
    let flags: Vec<&str> = FLAGS.into_iter().filter(|flag| flags.contains(flag)).collect();
    format!("{model} ({}), {} threads, {}", flags.join(" "), threads(), memory())
}

fn memory() -> String {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text.lines().find_map(|l| l.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok());
    kib.map_or("memory unknown".to_owned(), |kib: f64| format!("{:.0} GiB", kib / 1024.0 / 1024.0))
}

/// The commit that is measured, marked when files differ from it, and the compiler.
pub fn ours() -> String {
    let compiler = said("rustc", &["--version"]);
    format!("morphotype {}, {compiler}", said("git", &["describe", "--always", "--dirty", "--exclude=*"]))
}

/// Today, UTC.
pub fn date() -> String {
    said("date", &["-u", "+%F"])
}

fn said(program: &str, args: &[&str]) -> String {
    let output = command(program, args).output().ok().filter(|o| o.status.success());
    output.map_or("unknown".to_owned(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
