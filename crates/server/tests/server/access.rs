//! Every route and method against everything that must not be let in.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;

use crate::support::{HOST, ORIGIN, Served, access, ask, serve, serve_map};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Paths of the document, the page, and none.
fn paths() -> Vec<String> {
    let document: Value = serde_json::from_str(server::OPENAPI).unwrap();
    let paths = document["paths"].as_object().unwrap().keys();
    let more = ["/", "/index.html", "/api", "/nowhere", "/?token=a-guess-of-the-token"].map(str::to_owned);
    let mut paths: Vec<String> = paths.map(|path| path.replace("{id}", "1")).chain(more).collect();
    // With what would be enough for those who may.
    paths.push("/api/suggestions?image=1&t=0".into());
    paths.push("/api/export?format=csv".into());
    paths.push("/api/import?image=1".into());
    paths.push("/api/map/column?name=label".into());
    paths.push("/api/map/pictures?cells=0,1".into());
    paths.push("/api/map/neighbours?cell=0".into());
    paths.push("/api/map/cell?cell=0".into());
    paths
}

/// What is sent to a path so that it would change something.
fn body(path: &str) -> &'static str {
    match path {
        "/api/session" => r#"{"user":"Eve"}"#,
        "/api/edits" => {
            r##"{"client":"e","base":0,"gesture":"6a0d7c1e-0000-4000-8000-000000000002","edits":[{"op":"put_class",
                "id":"6a0d7c1e-0000-4000-8000-000000000001","name":"Eve","color":"#000000","shape":"circle",
                "hotkey":null,"target":null,"position":0}]}"##
        }
        "/api/map/labels" => {
            r#"{"cells":[1],"class":"Eve","gesture":"6a0d7c1e-0000-4000-8000-000000000003"}"#
        }
        "/api/map/export" => r#"{"cells":null,"format":"csv"}"#,
        "/api/import?image=1" => "y,x,class\n1,2,Eve\n",
        _ => "{}",
    }
}

type Header = (&'static str, String);

/// What is wrong, and the headers of the request; it may be wrong for all methods or only for those that change something.
fn intruders(cookie: &str) -> Vec<(&'static str, bool, Vec<Header>)> {
    let right = |name: &'static str| -> Header {
        let value = match name {
            "host" => HOST,
            "origin" => ORIGIN,
            _ => cookie,
        };
        (name, value.to_owned())
    };
    let all = |but: &str| -> Vec<Header> {
        ["host", "origin", "cookie"].into_iter().filter(|name| *name != but).map(right).collect()
    };
    let with = |name: &'static str, value: &str| {
        let mut headers = all(name);
        headers.push((name, value.to_owned()));
        headers
    };
    let twice = |name: &'static str, value: &str| {
        let mut headers = all("");
        headers.push((name, value.to_owned()));
        headers
    };
    let (name, value) = cookie.split_once('=').unwrap();
    let (session, seal) = value.split_once('.').unwrap();
    let other_session = session.chars().rev().collect::<String>();
    vec![
        ("no cookie", true, all("cookie")),
        ("an empty cookie", true, with("cookie", &format!("{name}="))),
        ("a cookie of another port", true, with("cookie", &format!("morphotype_1={value}"))),
        ("another session under this seal", true, with("cookie", &format!("{name}={other_session}.{seal}"))),
        ("a session without seal", true, with("cookie", &format!("{name}={session}."))),
        ("a short session", true, with("cookie", &format!("{name}=.{seal}"))),
        ("no host", true, all("host")),
        ("another host", true, with("host", "attacker.example:4000")),
        ("another port", true, with("host", "127.0.0.1:4001")),
        ("a host without port", true, with("host", "127.0.0.1")),
        ("a host that begins right", true, with("host", "127.0.0.1:4000.attacker.example")),
        ("two hosts", true, twice("host", "attacker.example")),
        ("another origin", true, with("origin", "http://attacker.example")),
        ("an origin on another port", true, with("origin", "http://127.0.0.1:4001")),
        ("an origin of another scheme", true, with("origin", "https://127.0.0.1:4000")),
        ("a hidden origin", true, with("origin", "null")),
        ("two origins", true, twice("origin", "http://attacker.example")),
        ("a page elsewhere", true, twice("sec-fetch-site", "cross-site")),
        ("no origin", false, all("origin")),
    ]
}

async fn state(served: &Served) -> (i64, String, bool) {
    let user = served.get("/api/session").await.json()["user"].as_str().unwrap().to_owned();
    (served.labelling.revision().unwrap(), user, served.labelling.training().running)
}

#[tokio::test]
async fn nobody_is_let_in_who_may_not_and_nothing_changes() {
    for served in [serve(2, 8, 8).await, serve_map().await] {
        let before = state(&served).await;
        refuse_everybody(&served).await;
        assert_eq!(state(&served).await, before);
    }
}

async fn refuse_everybody(served: &Served) {
    let mut n_refused = 0;
    for path in paths() {
        for method in METHODS {
            let reads = matches!(method, "GET" | "HEAD");
            for (what, always, headers) in intruders(&served.cookie) {
                if !always && reads {
                    continue;
                }
                let mut request = Request::builder().method(method).uri(&path);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                let answer = ask(&served.router, request.body(Body::from(body(&path))).unwrap()).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {what}");
                assert!(answer.headers.get("set-cookie").is_none(), "{method} {path}: {what}");
                n_refused += 1;
            }
        }
    }
    assert!(n_refused > 2000, "{n_refused} requests");
}

#[tokio::test]
async fn each_path_has_the_methods_of_the_document_and_no_others() {
    let document: Value = serde_json::from_str(server::OPENAPI).unwrap();
    for served in [serve(1, 8, 8).await, serve_map().await] {
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in METHODS {
                let answer = served.send(method, &path.replace("{id}", "1"), Vec::new()).await;
                let documented = item.get(method.to_lowercase()).is_some()
                    || (method == "HEAD" && item.get("get").is_some());
                let wrong_method = answer.status == StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(!wrong_method, documented, "{method} {path}: {}", answer.status);
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn paths_lead_to_nothing_but_the_page_and_the_api() {
    let served = serve(1, 8, 8).await;
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/../../package.json",
        "/assets/%2e%2e/%2e%2e/package.json",
        "//etc/passwd",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "/index.html/",
        "/index.html%00.js",
        "/.gitignore",
        "/movie.tif",
        "/movie.study/study.sqlite",
        "/api/images/../session/plane",
        "/api/images/..%2f..%2fmovie.tif/plane",
        "/api/images/-1/plane",
        "/api/images/2/plane",
        "/api/images/99999999999999999999/plane",
        "/api/images/1/",
        "/api//session",
        "/api/session/",
        "/API/session",
    ] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(served.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_not_read() {
    let served = serve(1, 8, 8).await;
    for (method, path, limit) in [
        ("PUT", "/api/session", 64 << 10),
        ("POST", "/api/edits", 16 << 20),
        ("POST", "/api/import?image=1", 64 << 20),
        ("POST", "/api/train", 64 << 10),
        ("POST", "/api/suggest", 64 << 10),
        ("POST", "/api/map/labels", 16 << 20),
        ("POST", "/api/map/export", 16 << 20),
    ] {
        let answer = served.send(method, path, vec![b' '; limit + 1]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_ne!(served.send(method, path, vec![b' '; limit]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(served.labelling.revision().unwrap(), 0);
}

#[tokio::test]
async fn every_answer_has_the_strict_headers() {
    let served = serve(1, 8, 8).await;
    let refused = ask(&served.router, Request::builder().uri("/").body(Body::empty()).unwrap()).await;
    for answer in [served.get("/").await, served.get("/api/labels").await, served.get("/none").await, refused]
    {
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert!(answer.headers.contains_key("cache-control"));
    }
}

#[tokio::test]
async fn a_cookie_outlives_the_server_but_not_the_token() {
    let served = serve(1, 8, 8).await;
    let images = || server::Open::Images(served.labelling.clone());
    let again = server::router(images(), access());
    let request = || served.request("GET", "/api/session").body(Body::empty()).unwrap();
    assert_eq!(ask(&again, request()).await.status, StatusCode::OK);
    let hosts = [HOST.to_owned()];
    let other = server::Access::new("another-token-of-12", &hosts, 4000, false).unwrap();
    let other = server::router(images(), other);
    assert_eq!(ask(&other, request()).await.status, StatusCode::FORBIDDEN);
}

#[test]
fn tokens_are_long_and_differ() {
    let (a, b) = (server::random_token().unwrap(), server::random_token().unwrap());
    assert!(a.len() == 64 && a != b);
    for token in ["short", "with spaces in it", "percent%20encoded"] {
        assert!(server::Access::new(token, &[HOST.to_owned()], 4000, false).is_err(), "{token}");
    }
}
