//! A study with a small movie, or a small map, and a browser that was let in.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use server::{Access, Open, router};
use study::Silent;
use study::embed::{EmbedRequest, Of, Tile, Umap, embed_features};
use study::explore::{ExploreRequest, Exploring};
use study::label::{AutoSettings, LabelRequest, Labelling, Modality};
use study::source::Request as Cells;
use tower::ServiceExt;

pub const HOST: &str = "127.0.0.1:4000";
pub const ORIGIN: &str = "http://127.0.0.1:4000";
pub const TOKEN: &str = "a-token-of-this-test";

/// Cells of the map.
pub const N_CELLS: usize = 24;
/// Rows and columns of their pictures.
pub const SIDE: usize = 16;

/// A server, and what it serves.
pub struct Served {
    pub router: Router,
    pub labelling: Arc<Labelling>,
    pub cookie: String,
    /// Goes when the server goes.
    _folder: tempfile::TempDir,
}

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

/// Serves a movie of `n_t` frames of `h` x `w`, 16 bits.
pub async fn serve(n_t: usize, h: usize, w: usize) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let movie = folder.path().join("movie.tif");
    std::fs::write(&movie, tiff(n_t, h, w)).unwrap();
    let request = LabelRequest {
        images: vec![movie],
        folder: folder.path().join("movie.study"),
        labeller: "Anna".into(),
        detect: AutoSettings::of(Modality::Fluorescence),
        model: None,
    };
    let labelling = Arc::new(Labelling::open(&request).unwrap());
    let router = router(Open::Images(labelling.clone()), access());
    let cookie = enter(&router).await;
    Served { router, labelling, cookie, _folder: folder }
}

/// Serves a map of [`N_CELLS`] cells with pictures of `SIDE` x `SIDE`, classes and wells.
pub async fn serve_map() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let row = |i: usize| {
        let class = ["round", "long"][i % 2];
        format!("cells/{i},cells.npy,{class},round,B0{},word {i},{i}.5,{}.5\n", i % 3 + 1, i * i % 7)
    };
    let rows: String = (0..N_CELLS).map(row).collect();
    std::fs::write(path("features.csv"), format!("name,source,label,prediction,well,a,f1,f2\n{rows}"))
        .unwrap();
    std::fs::write(path("cells.npy"), npy()).unwrap();
    let request = EmbedRequest {
        of: Of::Features,
        umap: Umap { n_epochs: Some(5), ..Umap::default() },
        bins: 4,
        tile: Tile::Mean,
        onto: None,
        cells: None,
        h5ad: false,
        output: path("map"),
    };
    embed_features(&path("features.csv"), &request, &Silent).unwrap();
    let request = ExploreRequest {
        folder: path("map"),
        cells: Some(Cells { sources: vec![path("cells.npy")], ..Cells::default() }),
        study: path("map.study"),
        labeller: "Anna".into(),
    };
    let map = Arc::new(Exploring::open(&request).unwrap());
    let labelling = map.labelling().clone();
    let router = router(Open::Map(map), access());
    let cookie = enter(&router).await;
    Served { router, labelling, cookie, _folder: folder }
}

/// The cookie of a browser that was let in.
async fn enter(router: &Router) -> String {
    let entered = ask(router, get(&format!("/?token={TOKEN}"))).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER);
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub fn access() -> Access {
    Access::new(TOKEN, &[HOST.to_owned(), "localhost:4000".to_owned()], 4000, false).unwrap()
}

impl Served {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Vec::new()).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Answer {
        ask(&self.router, self.request(method, path).body(Body::from(body)).unwrap()).await
    }

    /// As the page asks.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("origin", ORIGIN)
            .header("cookie", &self.cookie)
    }
}

fn get(path: &str) -> Request<Body> {
    Request::builder().uri(path).header("host", HOST).body(Body::empty()).unwrap()
}

/// The whole answer; of an endless one the beginning.
pub async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let (parts, mut body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let is_stream = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
    let bytes = if is_stream {
        // HEAD has none.
        body.frame().await.map(|frame| frame.unwrap().into_data().unwrap()).unwrap_or_default()
    } else {
        body.collect().await.unwrap().to_bytes()
    };
    Answer { status: parts.status, headers: parts.headers, bytes }
}

/// `[N_CELLS, SIDE, SIDE]` of 8 bits; all pixels of cell i have the value 10 i.
fn npy() -> Vec<u8> {
    let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({N_CELLS}, {SIDE}, {SIDE}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{text:117}\n").bytes());
    bytes.extend((0..N_CELLS).flat_map(|i| [10 * i as u8; SIDE * SIDE]));
    bytes
}

/// Value of a pixel of the movie.
pub fn pixel(t: usize, y: usize, x: usize) -> u16 {
    (1000 * t + 10 * y + x) as u16
}

/// A TIFF of one page per frame.
fn tiff(n_t: usize, h: usize, w: usize) -> Vec<u8> {
    let mut out = b"II*\0".to_vec();
    let size = 2 * h * w;
    out.extend((8 + size as u32).to_le_bytes());
    for t in 0..n_t {
        let start = out.len() as u32;
        out.extend((0..h).flat_map(|y| (0..w).flat_map(move |x| pixel(t, y, x).to_le_bytes())));
        let entries: [(u16, u16, u32); 8] = [
            (256, 3, w as u32),
            (257, 3, h as u32),
            (258, 3, 16),
            (259, 3, 1),
            (262, 3, 1),
            (273, 4, start),
            (278, 3, h as u32),
            (279, 4, size as u32),
        ];
        out.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(1u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        let next = if t + 1 < n_t { out.len() as u32 + 4 + size as u32 } else { 0 };
        out.extend(next.to_le_bytes());
    }
    out
}
