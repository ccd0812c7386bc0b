//! What is answered to those who may ask.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{pixel, serve};

fn uuid(n: u32) -> String {
    format!("6a0d7c1e-0000-4000-8000-{n:012}")
}

#[tokio::test]
async fn pixels_are_those_of_the_file() {
    let served = serve(3, 40, 30).await;
    let plane = served.get("/api/images/1/plane?t=2").await;
    let expected: Vec<u8> =
        (0..40).flat_map(|y| (0..30).flat_map(move |x| pixel(2, y, x).to_le_bytes())).collect();
    assert_eq!(plane.bytes, expected);
    assert_eq!(plane.headers["cache-control"], "private, max-age=31536000, immutable");
    assert!(plane.headers.get("content-encoding").is_none());
    // Rows 37 to 40 and columns -2 to 1 around the pixel 39, 0.
    let patch = served.get("/api/images/1/patch?t=1&y=39.4&x=0.2&size=4").await;
    let value = |y: i64, x: i64| if y < 40 && x >= 0 { pixel(1, y as usize, x as usize) } else { 0 };
    let expected: Vec<u8> =
        (37..41).flat_map(|y| (-2..2).flat_map(move |x| value(y, x).to_le_bytes())).collect();
    assert_eq!(patch.bytes, expected);
    let histogram = served.get("/api/images/1/histogram?t=1").await.json();
    assert_eq!((histogram["min"].as_f64(), histogram["max"].as_f64()), (Some(1000.0), Some(1419.0)));
    for (path, status) in [
        ("/api/images/1/plane?t=3", StatusCode::NOT_FOUND),
        ("/api/images/1/plane?t=-1", StatusCode::BAD_REQUEST),
        ("/api/images/2/plane", StatusCode::NOT_FOUND),
        ("/api/images/1/patch?y=1&x=1&size=3", StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/images/1/patch?y=NaN&x=1", StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/images/1/patch?y=1", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(served.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn labels_go_in_and_out() {
    let served = serve(3, 200, 200).await;
    let class = json!({ "op": "put_class", "id": uuid(1), "name": "Metaphase", "color": "#0072b2", "shape": "circle",
                        "hotkey": 1, "target": 60, "position": 0 });
    let add = |n: u32| json!({ "op": "add", "id": uuid(n), "image": 1, "t": 1, "z": 0, "y": 90.5, "x": f64::from(n), "class": uuid(1) });
    let gesture = json!({ "client": "page", "base": 0, "gesture": uuid(2), "undoes": null, "edits": [class, add(80), add(3)] });
    let answer = served.send("POST", "/api/edits", gesture.to_string().into()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    assert_eq!(answer.json()["revision"], 1);
    let labels = served.get("/api/labels").await.json();
    assert_eq!(labels["cells"]["flagged"], json!([false, true]));
    assert_eq!(labels["cells"]["by"], json!(["Anna", "Anna"]));
    assert_eq!(
        served.send("PUT", "/api/session", json!({ "user": " Ben " }).to_string().into()).await.json()["user"],
        "Ben"
    );
    let csv = served.get("/api/export?format=csv&flagged=true").await;
    let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(
        csv.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"labels_")
    );
    for format in ["annotation", "crops", "fiji", "napari", "coco"] {
        let file = served.get(&format!("/api/export?format={format}")).await;
        assert_eq!(file.status, StatusCode::OK, "{format}");
        let again = served.send("POST", "/api/import?image=1", file.bytes.to_vec()).await;
        if format == "crops" {
            assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "a crop set is no file of points");
        } else {
            assert_eq!(
                (again.json()["added"].clone(), again.json()["skipped"].clone()),
                (json!(0), json!(1)),
                "{format}"
            );
        }
    }
    let added = served.send("POST", "/api/import?image=1&on_duplicate=add", text.into()).await.json();
    assert_eq!((added["added"].clone(), added["revision"].clone()), (json!(2), json!(2)));
    let log = served.get("/api/edits?after=1").await.json();
    assert_eq!(log["gestures"][0]["by"], "Anna", "the file says who labelled");
    assert_eq!(log["gestures"][0]["edits"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let served = serve(1, 8, 8).await;
    let cases: [(&str, &str, Value, StatusCode); 6] = [
        ("POST", "/api/edits", json!({ "client": "page" }), StatusCode::UNPROCESSABLE_ENTITY),
        ("POST", "/api/train", json!({ "preset": "huge" }), StatusCode::UNPROCESSABLE_ENTITY),
        ("POST", "/api/train", json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        ("POST", "/api/suggest", json!({}), StatusCode::CONFLICT),
        ("PUT", "/api/session", json!({ "user": "" }), StatusCode::UNPROCESSABLE_ENTITY),
        ("GET", "/api/export?format=csv", json!({}), StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (method, path, body, status) in cases {
        let answer = served.send(method, path, body.to_string().into()).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.json());
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("expected"), "{path}");
    }
    assert_eq!(served.send("POST", "/api/edits", b"{".to_vec()).await.status, StatusCode::BAD_REQUEST);
    assert!(!served.labelling.training().running);
}

#[tokio::test]
async fn events_begin_with_hello() {
    let served = serve(1, 8, 8).await;
    let hello = served.get("/api/events").await;
    assert_eq!(hello.bytes, "event: hello\ndata: {\"revision\":0}\n\n");
}
