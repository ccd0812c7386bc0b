//! Outlines and 16-bit fields as OpenCV and numpy see them; made by `../golden/contours.py`.

use cells::cut::Plane;
use cells::cut::contour::Mask;
use cells::cut::percentile::{PercentileSettings, Room, Side, find};
use serde::Deserialize;

const FILE: &str = include_str!("../golden/contours.json");

#[derive(Deserialize)]
struct Golden {
    masks: Vec<Drawn>,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Drawn {
    rows: Vec<String>,
    contours: Vec<[u64; 4]>,
}

#[derive(Deserialize)]
struct Field {
    seed: u64,
    percent: f64,
    min_area: f64,
    half: usize,
    bright: bool,
    cells: Vec<[f64; 2]>,
}

fn golden() -> Golden {
    serde_json::from_str(FILE).expect("golden contours")
}

#[test]
fn outlines_are_opencvs_in_reverse_order() {
    let mut outlined = Mask::default();
    for mask in golden().masks {
        let (h, w) = (mask.rows.len(), mask.rows[0].len());
        let values: Vec<u8> = mask.rows.concat().into_bytes();
        outlined.set(&values, h, w, |v| v == b'1');
        let facts: Vec<[u64; 4]> =
            outlined.contours().map(|c| [c.n as u64, c.sum_y, c.sum_x, c.twice_area]).collect();
        assert_eq!(facts, mask.contours, "{:#?}", mask.rows);
    }
}

/// The generator of `contours.py`.
fn field(seed: u64, h: usize, w: usize) -> Vec<u16> {
    let mut state = seed;
    let noise = (0..h * w).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as u32
    });
    let mut image: Vec<u32> = noise.collect();
    for _ in 0..4 {
        let at = |y: usize, x: usize| image[y % h * w + x % w];
        image = (0..h * w)
            .map(|i| {
                let (y, x) = (i / w, i % w);
                (at(y, x) + at(y + h - 1, x) + at(y, x + w - 1) + at(y + h - 2, x) + at(y, x + w - 2)) / 5
            })
            .collect();
    }
    image.into_iter().map(|v| v as u16).collect()
}

#[test]
fn sixteen_bits_are_the_same_method_on_finer_levels() {
    for golden in golden().fields {
        let image = field(golden.seed, 120, 150);
        let settings = PercentileSettings {
            percent: golden.percent,
            min_area: golden.min_area,
            half_h: golden.half,
            half_w: golden.half,
            side: if golden.bright { Side::Bright } else { Side::Dark },
        };
        let finding = find(Plane::new(&image, 120, 150).expect("a plane"), &settings, &mut Room::default());
        let found: Vec<[f64; 2]> = finding.cells.iter().map(|c| [c.y, c.x]).collect();
        assert_eq!(found, golden.cells, "{settings:?}");
    }
}
