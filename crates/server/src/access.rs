//! Who may ask.
//!
//! A random token in the address makes a cookie that scripts cannot read and other sites cannot send. Every request must have it,
//! must be meant for this server (`Host`, against names that are made to point here), and when it changes something must come from
//! the page itself (`Origin`). Anything else is answered with 403 and nothing is looked at.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::answer::Refusal;

/// Shortest token or password, bytes.
const MIN_TOKEN: usize = 12;

/// Only the page's own files; no script or style in the page; no frame around it.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Why nobody can be let in so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct AccessError {
    expected: String,
    found: String,
}

/// Who may ask, and by which names this server goes.
#[derive(Debug, Clone)]
pub struct Access {
    token: String,
    hosts: Vec<String>,
    origins: Vec<String>,
    cookie: String,
    secure: bool,
}

impl Access {
    /// For those who know the token, under the names `hosts` (`127.0.0.1:4000`, as in the header `Host`). With `tls` a proxy in
    /// front speaks TLS with the browser.
    ///
    /// # Errors
    /// A token below 12 bytes or with others than letters, digits and `.`, `_`, `~`, `-`; or no name.
    pub fn new(token: &str, hosts: &[String], port: u16, tls: bool) -> Result<Self, AccessError> {
        if token.len() < MIN_TOKEN || token.len() > 200 || !token.bytes().all(is_plain) {
            let expected =
                format!("{MIN_TOKEN} to 200 letters, digits or . _ ~ - (they stand in an address)");
            return Err(AccessError { expected, found: format!("{} bytes", token.len()) });
        }
        if hosts.is_empty() || hosts.iter().any(|host| host.is_empty()) {
            return Err(AccessError { expected: "the server's name".into(), found: "none".into() });
        }
        let scheme = if tls { "https" } else { "http" };
        let hosts: Vec<String> = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Ok(Access {
            token: token.to_owned(),
            origins: hosts.iter().map(|host| format!("{scheme}://{host}")).collect(),
            hosts,
            // Cookies are shared by all ports of a host.
            cookie: format!("morphotype_{port}"),
            secure: tls,
        })
    }

    fn is_known_host(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let known = |name: &str| self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
        let mut named = headers.get_all(header::HOST).iter();
        let one =
            matches!((named.next(), named.next()), (Some(host), None) if host.to_str().is_ok_and(known));
        one && uri.authority().is_none_or(|authority| known(authority.as_str()))
    }

    /// Requests that change something must come from the page; others may, but not from elsewhere.
    fn is_own_origin(&self, method: &Method, headers: &HeaderMap) -> bool {
        let own = |value: &HeaderValue| {
            value.to_str().is_ok_and(|v| self.origins.iter().any(|own| own.eq_ignore_ascii_case(v)))
        };
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => reads,
            (Some(origin), None) => own(origin),
            (Some(_), Some(_)) => false,
        };
        let elsewhere = headers.get("sec-fetch-site").is_some_and(|site| {
            !(site == "same-origin" || site == "none" || (reads && site == "same-site" && origin))
        });
        origin && !elsewhere
    }

    /// The session in the cookie, when this server made it.
    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(name, value)| {
            let (session, seal) = value.split_once('.').filter(|_| name == self.cookie)?;
            let known = session.len() == 32 && same(seal, &self.seal(session));
            known.then(|| Session(session.to_owned()))
        })
    }

    fn seal(&self, session: &str) -> String {
        hex(&Sha256::digest(format!("{}:{session}", self.token)))
    }

    /// The answer to the address with the token: the cookie, and on to the address without it.
    fn enter(&self, given: &str, headers: &HeaderMap) -> Response {
        if !same(given, &self.token) {
            return forbidden("the address that the program printed, with its token");
        }
        let session = match self.session(headers) {
            Some(session) => session.0,
            None => match random(16) {
                Some(session) => session,
                None => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            },
        };
        let secure = if self.secure { "; Secure" } else { "" };
        let seal = self.seal(&session);
        let cookie = format!("{}={session}.{seal}; HttpOnly; SameSite=Strict; Path=/{secure}", self.cookie);
        (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())])
            .into_response()
    }
}

/// Who asks: a browser that was let in.
#[derive(Debug, Clone)]
pub struct Session(pub String);

/// Characters that an address has as they are.
fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._~-".contains(&b)
}

/// A token that cannot be guessed: 32 bytes from the operating system, in hexadecimal. None when it has no randomness.
#[must_use]
pub fn random_token() -> Option<String> {
    random(32)
}

fn random(n: usize) -> Option<String> {
    let mut bytes = vec![0; n];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Whether two texts are the same, without telling by the time it takes where they differ.
fn same(a: &str, b: &str) -> bool {
    let (a, b) = (Sha256::digest(a), Sha256::digest(b));
    a.iter().zip(b.iter()).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

fn forbidden(expected: &'static str) -> Response {
    Refusal::new(StatusCode::FORBIDDEN, "forbidden", expected, "another request").into_response()
}

/// Lets a request in or not, and adds what every answer says.
pub async fn guard(State(access): State<Arc<Access>>, mut request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let token = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
    let mut response = if !access.is_known_host(headers, uri) {
        forbidden("a request for this server by its own name")
    } else if !access.is_own_origin(method, headers) {
        forbidden("a request from this server's own page")
    } else if let (Some(token), "/", &Method::GET) = (token, uri.path(), method) {
        access.enter(token, headers)
    } else if let Some(session) = access.session(headers) {
        request.extensions_mut().insert(session);
        next.run(request).await
    } else {
        forbidden("the address that the program printed, with its token")
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
