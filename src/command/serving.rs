//! How `annotate` and `explore` put their page behind an address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use server::{Access, Open};
use study::StudyError;
use study::label::Address;

use crate::out;

/// The page's address, and who may come in
#[derive(clap::Args)]
pub struct Serving {
    /// Who labels, until it is said in the page [default: the name of the account]
    #[arg(long, value_name = "NAME")]
    labeller: Option<String>,

    /// Port of the page's address [default: as last time, else any that is free]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Print the page's address and do not open it
    #[arg(long)]
    no_open: bool,

    /// Let other computers in by this address of yours; asks for --password-file or --behind-tls
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// A file with the password (12 characters or more) that stands in the address instead of a random token
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// The name, such as cells.example.org, by which browsers reach a proxy that speaks TLS and passes requests on
    #[arg(long, value_name = "NAME")]
    behind_tls: Option<String>,
}

fn refused(expected: &str, found: impl std::fmt::Display) -> StudyError {
    StudyError::Refused(format!("expected {expected}, found {found}"))
}

impl Serving {
    /// Refuses what would let others in unasked, before long work begins.
    pub fn check(&self) -> Result<(), StudyError> {
        if !self.bind.is_loopback() && self.password_file.is_none() && self.behind_tls.is_none() {
            let expected = "--password-file or --behind-tls, since other computers are let in";
            return Err(refused(expected, format!("--bind {} alone", self.bind)));
        }
        if self.bind.is_unspecified() && self.behind_tls.is_none() {
            return Err(refused("--bind with the address that browsers use (or --behind-tls)", self.bind));
        }
        Ok(())
    }

    /// Who labels.
    pub fn labeller(&self) -> String {
        self.labeller.clone().or_else(account).unwrap_or_else(|| "me".to_owned())
    }

    /// Serves the page until it is interrupted; the folder of the `study` keeps its address.
    pub fn serve(&self, open: Open, study: &Path) -> Result<(), StudyError> {
        let last = Address::read(study);
        let listener = self.listen(last.as_ref())?;
        let address = listener.local_addr().map_err(|e| refused("a free port", e))?;
        let token = match &self.password_file {
            Some(file) => password(file)?,
            None => last
                .map(|last| last.token)
                .or_else(server::random_token)
                .ok_or_else(|| refused("random numbers from the system", "none"))?,
        };
        let (hosts, url) = self.names(address);
        let access = Access::new(&token, &hosts, address.port(), self.behind_tls.is_some())
            .map_err(|e| refused("a password that lets browsers in", e))?;
        if self.password_file.is_none() {
            Address { port: address.port(), token: token.clone() }.write(study)?;
            out::print([format!("{url}/?token={token}")])?;
            self.show(&format!("{url}/?token={token}"));
        } else {
            out::print([format!("{url}/?token=PASSWORD")])?;
        }
        out::tell(format_args!("labels: {}; Ctrl-C ends", study.display()));
        if !self.bind.is_loopback() && self.behind_tls.is_none() {
            out::tell("whoever can read the traffic of this network can read the password and the images");
        }
        server::serve(listener, open, access).map_err(|e| refused("a socket that works", e))
    }

    /// The port that is asked for, that of the last time, or any.
    fn listen(&self, last: Option<&Address>) -> Result<TcpListener, StudyError> {
        let at = |port| TcpListener::bind(SocketAddr::new(self.bind, port));
        let by_habit = || last.and_then(|last| at(last.port).ok());
        match self.port {
            Some(port) => at(port).map_err(|e| refused(&format!("port {port} to be free"), e)),
            None => match by_habit() {
                Some(listener) => Ok(listener),
                None => at(0).map_err(|e| refused("a free port", e)),
            },
        }
    }

    /// Names of the server, and the beginning of its address.
    fn names(&self, address: SocketAddr) -> (Vec<String>, String) {
        match &self.behind_tls {
            Some(name) => (vec![name.clone()], format!("https://{name}")),
            None if self.bind.is_loopback() => (
                vec![address.to_string(), format!("localhost:{}", address.port())],
                format!("http://{address}"),
            ),
            None => (vec![address.to_string()], format!("http://{address}")),
        }
    }

    /// Shows the page; where there is no browser, the printed address is enough.
    fn show(&self, url: &str) {
        if self.no_open {
            return;
        }
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let quiet = std::process::Stdio::null;
        let _ = std::process::Command::new(opener).arg(url).stdout(quiet()).stderr(quiet()).spawn();
    }
}

fn account() -> Option<String> {
    ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty())
}

fn password(file: &Path) -> Result<String, StudyError> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| refused("a file with the password", format!("{}: {e}", file.display())))?;
    Ok(text.trim().to_owned())
}
