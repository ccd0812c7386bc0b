//! The program as a server of its page.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::support::Place;

/// A running server, which ends with the test.
pub struct Server {
    child: Child,
    host: String,
    cookie: String,
}

impl Server {
    /// Runs the program with these words and opens the address that it prints.
    pub fn start(place: &Place, words: &[&str]) -> Server {
        let mut child = place.command(words).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("an address");
        let (host, path) =
            line.trim().strip_prefix("http://").and_then(|l| l.split_once('/')).expect("an address");
        let mut server = Server { child, host: host.to_owned(), cookie: String::new() };
        let answer = server.get(&format!("/{path}"));
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        server.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        server
    }

    /// The whole answer, with its headers.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).expect("a server");
        let Server { host, cookie, .. } = self;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a question");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
