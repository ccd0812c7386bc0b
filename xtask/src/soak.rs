//! No acknowledged label is lost: the server of `annotate` is killed at random moments, and its disk fails, under a stream of edits.

mod client;
mod stream;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::client::Client;
use self::stream::{Random, Stream};
use crate::run::{built, root, run};

/// Writes and fsyncs of which each in turn fails, counted from the first edit on.
const FAULTS: std::ops::RangeInclusive<u32> = 1..=12;
/// Edits that are sent to a server whose disk fails.
const N_WITH_FAULT: usize = 30;

/// What is asked for on the command line.
struct Request {
    kills: usize,
    edits: usize,
    seed: u64,
    program: Option<PathBuf>,
}

/// `cargo xtask soak [--kills N] [--edits N] [--seed N] [--program FILE]`; without a program the release build is made and tried.
pub fn run_all(args: &[String]) -> Result<(), String> {
    let mut request = Request { kills: 200, edits: 5000, seed: 1, program: None };
    for pair in args.chunks(2) {
        let [name, value] = pair else { return Err(format!("{pair:?}: expected a name and a number")) };
        if name == "--program" {
            request.program = Some(PathBuf::from(value));
            continue;
        }
        let number: usize =
            value.parse().map_err(|_| format!("{name}: expected a number, found {value:?}"))?;
        match name.as_str() {
            "--kills" => request.kills = number,
            "--edits" => request.edits = number,
            "--seed" => request.seed = number as u64,
            _ => return Err(format!("expected --kills, --edits, --seed or --program, found {name:?}")),
        }
    }
    let program = match &request.program {
        Some(program) => program.clone(),
        None => {
            run("cargo", &["build", "--release", "--locked"])?;
            built("morphotype")
        }
    };
    let folder = root().join("target/soak");
    // What an earlier run left is of no use.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let bench = Bench { program, movie: folder.join("movie.tif"), folder };
    bench.program(&["simulate", "movie", "--size", "256", "--frames", "4", "-o", path(&bench.movie)?])?;
    bench.kills(&request)?;
    bench.faults(request.seed)
}

struct Bench {
    program: PathBuf,
    folder: PathBuf,
    movie: PathBuf,
}

/// A running server; killed when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn path(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{}: expected a path in UTF-8", path.display()))
}

impl Bench {
    fn program(&self, args: &[&str]) -> Result<(), String> {
        let done = Command::new(&self.program).args(args).stdout(Stdio::null()).output();
        let done = done.map_err(|e| format!("{}: {e}", self.program.display()))?;
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() { Ok(()) } else { Err(format!("{args:?}: {}: {told}", done.status)) }
    }

    /// Starts the server of a study; none when it ends by itself, as it may when its disk fails.
    fn start(&self, study: &Path, faults: &[(&str, String)]) -> Result<Option<Server>, String> {
        let mut child = Command::new(&self.program)
            .args(["annotate", path(&self.movie)?, "--no-open", "--study", path(study)?])
            .envs(faults.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", self.program.display()))?;
        let out = child.stdout.take().ok_or("no output")?;
        let mut address = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut address)
            .map_err(|e| e.to_string())?;
        let server = Server { child, address: address.trim().to_owned() };
        Ok((!server.address.is_empty()).then_some(server))
    }

    fn running(&self, study: &Path) -> Result<Server, String> {
        self.start(study, &[])?.ok_or_else(|| format!("{}: the store does not open", study.display()))
    }

    /// All that was acknowledged is there, once, as the stream left it, and the log amounts to it.
    fn check(&self, study: &Path, stream: &Stream) -> Result<(), String> {
        let server = self.running(study)?;
        stream.compare(&Client::enter(&server.address)?.labels()?)?;
        drop(server);
        let csv = self.folder.join("labels.csv");
        self.program(&["export", path(study)?, "--format", "csv", "--flagged", "-o", path(&csv)?])
    }

    fn kills(&self, request: &Request) -> Result<(), String> {
        let study = self.folder.join("kills.study");
        let mut stream = Stream::new(request.seed);
        let mut random = Random::new(request.seed ^ 0x5eed);
        let mut n_cut = 0;
        for k in 0..request.kills {
            let server = self.running(&study)?;
            let goal = request.edits * (k + 1) / request.kills;
            let killed = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    let mut client = Client::enter(&server.address).ok();
                    while let Some(open) = &mut client {
                        // Beyond its share it goes on until it is cut off.
                        if stream.send(open).is_err() || killed.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                    stream.n_acknowledged()
                });
                std::thread::sleep(Duration::from_millis(20 + random.below(200)));
                kill(&server)?;
                killed.store(true, Ordering::SeqCst);
                writer.join().map_err(|_| "the stream of edits failed".to_owned())
            })?;
            n_cut += usize::from(stream.is_cut());
            if stream.n_acknowledged() < goal {
                stream.catch_up(&self.running(&study)?.address, goal)?;
            }
            if k % 10 == 9 {
                self.check(&study, &stream)?;
            }
        }
        self.check(&study, &stream)?;
        println!(
            "{} kills, {n_cut} of them with an edit under way; {} edits acknowledged, 0 lost",
            request.kills,
            stream.n_acknowledged()
        );
        Ok(())
    }

    /// The n-th write or fsync of the store fails, or all writes from the n-th on, as on a full disk.
    fn faults(&self, seed: u64) -> Result<(), String> {
        let shim = self.folder.join("faults.so");
        let source = root().join("xtask/src/soak/faults.c");
        run("cc", &["-O1", "-shared", "-fPIC", "-o", path(&shim)?, path(&source)?, "-ldl"])?;
        for (what, kind, times) in
            [("write", "write", 1), ("fsync", "sync", 1), ("full disk", "write", 1_000_000)]
        {
            let (mut n_acknowledged, mut n_refused) = (0, 0);
            for nth in FAULTS {
                let study = self.folder.join(format!("{kind}-{times}-{nth}.study"));
                let mut stream = Stream::new(seed);
                // The store is made on a sound disk.
                stream.catch_up(&self.running(&study)?.address, 5)?;
                let faults = [
                    ("LD_PRELOAD", path(&shim)?.to_owned()),
                    ("FAULT_KIND", kind.to_owned()),
                    ("FAULT_AT", nth.to_string()),
                    ("FAULT_TIMES", times.to_string()),
                ];
                if let Some(server) = self.start(&study, &faults)?
                    && let Ok(mut client) = Client::enter(&server.address)
                {
                    for _ in 0..N_WITH_FAULT {
                        n_refused += usize::from(!stream.send(&mut client)?);
                    }
                }
                self.check(&study, &stream)?;
                stream.catch_up(&self.running(&study)?.address, stream.n_acknowledged() + 5)?;
                self.check(&study, &stream)?;
                n_acknowledged += stream.n_acknowledged();
            }
            if n_refused == 0 {
                return Err(format!("{what}: no edit was refused, so nothing was tried"));
            }
            println!(
                "{what} failing: {n_acknowledged} edits acknowledged, 0 lost; {n_refused} gestures refused with 503"
            );
        }
        Ok(())
    }
}

/// SIGKILL, while others hold the server.
fn kill(server: &Server) -> Result<(), String> {
    let id = server.child.id().to_string();
    let done = Command::new("kill").args(["-9", &id]).status().map_err(|e| format!("kill: {e}"))?;
    if done.success() { Ok(()) } else { Err(format!("kill -9 {id}: {done}")) }
}
