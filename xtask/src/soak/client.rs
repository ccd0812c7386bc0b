//! As much of a browser as the stream of edits needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A connection that was let in.
pub struct Client {
    host: String,
    cookie: String,
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Opens the address that the program printed.
    pub fn enter(address: &str) -> Result<Client, String> {
        let rest = address
            .strip_prefix("http://")
            .ok_or_else(|| format!("expected an address, found {address:?}"))?;
        let (host, query) = rest.split_once('/').ok_or("expected an address with a token")?;
        let stream = TcpStream::connect(host).map_err(|e| format!("{host}: {e}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(|e| e.to_string())?;
        let mut client =
            Client { host: host.to_owned(), cookie: String::new(), stream: BufReader::new(stream) };
        let (_, headers, _) = client.ask("GET", &format!("/{query}"), "")?;
        let cookie = headers.iter().find_map(|line| line.strip_prefix("set-cookie: "));
        client.cookie =
            cookie.and_then(|c| c.split(';').next()).ok_or("expected a cookie, found none")?.to_owned();
        Ok(client)
    }

    /// Status, headers and body of an answer.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, Vec<String>, Vec<u8>), String> {
        let Client { host, cookie, stream } = self;
        let failed = |e: std::io::Error| format!("{method} {path}: {e}");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes()).map_err(failed)?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).map_err(failed)? == 0 {
                return Err(format!("{method} {path}: cut off"));
            }
            match line.trim_end() {
                "" => break,
                line => headers.push(line.to_owned()),
            }
        }
        let status = headers.first().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).map_err(failed)?;
        Ok((status.ok_or("expected a status, found none")?, headers, body))
    }

    /// Sends a gesture; none when it could not be kept (503).
    pub fn edit(&mut self, gesture: &Value) -> Result<Option<Value>, String> {
        match self.ask("POST", "/api/edits", &gesture.to_string())? {
            (200, _, body) => serde_json::from_slice(&body).map(Some).map_err(|e| e.to_string()),
            (503, ..) => Ok(None),
            (status, _, body) => {
                Err(format!("expected 200 or 503, found {status}: {}", String::from_utf8_lossy(&body)))
            }
        }
    }

    /// All labels.
    pub fn labels(&mut self) -> Result<Value, String> {
        let (status, _, body) = self.ask("GET", "/api/labels", "")?;
        if status == 200 {
            return serde_json::from_slice(&body).map_err(|e| e.to_string());
        }
        Err(format!("expected 200 for the labels, found {status}"))
    }
}
