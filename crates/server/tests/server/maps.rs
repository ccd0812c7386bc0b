//! What is answered about a map.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{N_CELLS, SIDE, Served, serve, serve_map};

fn order(gesture: u32, more: &Value) -> Vec<u8> {
    let mut order = json!({ "gesture": format!("6a0d7c1e-0000-4000-8000-{gesture:012}") });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order.to_string().into_bytes()
}

async fn relabel(served: &Served, gesture: u32, more: Value) -> Value {
    let answer = served.send("POST", "/api/map/labels", order(gesture, &more)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    answer.json()
}

#[tokio::test]
async fn a_map_is_given_as_arrays() {
    let served = serve_map().await;
    let session = served.get("/api/session").await.json();
    assert_eq!(session["views"], json!(["map", "montage", "confusion", "plate"]));
    assert_eq!(
        (&session["study"], &session["window"], &session["user"]),
        (&json!("map"), &json!(SIDE), &json!("Anna"))
    );
    let map = served.get("/api/map").await.json();
    assert_eq!((&map["cells"], &map["label"]), (&json!(N_CELLS), &json!("label")));
    assert_eq!(map["picture"], json!({ "height": SIDE, "width": SIDE, "channels": 1 }));
    assert_eq!(map["plate"]["places"], json!([[1, 0], [1, 1], [1, 2]]));
    assert_eq!(served.get("/api/map/positions").await.bytes.len(), 8 * N_CELLS);
    let codes = served.get("/api/map/column?name=label").await;
    let round_long: Vec<u8> = (0..N_CELLS).flat_map(|i| u16::to_le_bytes([1, 0][i % 2])).collect();
    assert_eq!(codes.bytes, round_long, "long, round");
    let numbers = served.get("/api/map/column?name=outlier").await;
    let numbers: Vec<f32> = numbers.bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
    assert!(numbers.len() == N_CELLS && numbers.iter().all(|v| (0.0..=1.0).contains(v)));
    assert_eq!(served.get("/api/map/column?name=a").await.json()[3], "word 3");
    assert_eq!(served.get("/api/map/cell?cell=3").await.json()["name"], "cells/3");
    let near = served.get("/api/map/neighbours?cell=3&k=5").await.json();
    assert_eq!(near["cells"].as_array().unwrap().len(), 5);
    let pictures = served.get("/api/map/pictures?cells=23,0").await;
    assert_eq!(
        (pictures.bytes.len(), pictures.bytes[0], pictures.bytes[SIDE * SIDE]),
        (2 * SIDE * SIDE, 255, 0)
    );
}

#[tokio::test]
async fn labels_are_given_taken_back_and_exported() {
    let served = serve_map().await;
    assert_eq!(relabel(&served, 1, json!({ "cells": [4, 2], "class": "torn" })).await["refused"], json!([]));
    let second = json!({ "cells": [2, 7], "classes": [null, "round"] });
    let revision = relabel(&served, 2, second.clone()).await["revision"].clone();
    assert_eq!(relabel(&served, 2, second).await["revision"], revision, "sent again");
    let labels = served.get("/api/map/labels").await.json();
    assert_eq!((&labels["cells"], &labels["class"]), (&json!([4, 7]), &json!(["torn", "round"])));
    assert_eq!(labels["revision"], revision);
    assert_eq!(served.get("/api/edits").await.json()["revision"], revision);
    let csv = served.send("POST", "/api/map/export", json!({ "format": "csv" }).to_string().into()).await;
    let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
    assert_eq!(text.lines().filter(|line| line.ends_with(",torn")).count(), 1, "{text}");
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"cells.csv\"");
    let crops = json!({ "cells": [4], "format": "crops" });
    let zip = served.send("POST", "/api/map/export", crops.to_string().into()).await;
    assert!(zip.status == StatusCode::OK && zip.bytes.starts_with(b"PK"));
}

#[tokio::test]
async fn what_a_map_does_not_have_is_said() {
    let served = serve_map().await;
    for (path, status) in [
        ("/api/map/column?name=none", StatusCode::NOT_FOUND),
        ("/api/map/column", StatusCode::BAD_REQUEST),
        ("/api/map/cell?cell=24", StatusCode::NOT_FOUND),
        ("/api/map/cell?cell=-1", StatusCode::BAD_REQUEST),
        ("/api/map/pictures?cells=1,,x", StatusCode::BAD_REQUEST),
        ("/api/map/neighbours?cell=0&k=0", StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/images/1/plane", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(served.get(path).await.status, status, "{path}");
    }
    for more in [
        json!({ "cells": [], "class": "a" }),
        json!({ "cells": [1, 1], "class": "a" }),
        json!({ "cells": [24], "class": "a" }),
        json!({ "cells": [1], "class": "../a" }),
        json!({ "cells": [1], "classes": ["a", "b"] }),
    ] {
        let answer = served.send("POST", "/api/map/labels", order(9, &more)).await;
        assert!(answer.status.is_client_error(), "{more}: {}", answer.status);
    }
    // One copy of the name per cell would fill any memory.
    let many = json!({ "cells": vec![0; 1 << 20], "class": "x".repeat(1 << 22) });
    let answer = served.send("POST", "/api/map/labels", order(9, &many)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(served.labelling.revision().unwrap(), 0);
    let images = serve(1, 8, 8).await;
    assert_eq!(images.get("/api/map").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        images.get("/api/session").await.json()["views"],
        json!(["label", "review", "train", "files"])
    );
}
