//! What holds for every picture and page, whatever the data.

use cells::{Cell, CellSet, CropShape, Pixels};
use resvg::usvg::roxmltree::Document;
use stats::metrics::{MetricsSettings, evaluate};

use super::evaluation::EvaluationReport;
use super::figure::{self, ClassF1, Curve, Epoch, SourceCounts};
use super::folder::Files;
use super::montage::{ClassCells, by_class, draw_some};
use super::paint::Theme;
use super::picture::{Colouring, Contrast, Viewer};
use super::raster;
use super::scene::Scene;
use crate::preview::{self, PreviewSettings};

const HOSTILE: &str = "<script>alert('1')</script> & \"x\" \u{1} http://evil.example/a.js {{ 7*7 }}";

fn names(k: usize) -> Vec<String> {
    (0..k)
        .map(|i| if i == 0 { HOSTILE.to_owned() } else { format!("class {i} with a rather long name") })
        .collect()
}

/// `n` cells of 12 x 10 pixels with `c` channels, of classes 0, 2, 3, … of `k`: class 1 is empty when there are more.
fn cells(n: usize, k: usize, c: usize) -> CellSet {
    let shape = CropShape { h: 12, w: 10, c };
    let value = |i: usize| ((i * 7919) % 4093) as u16;
    let class = |i: usize| if k > 1 && i % k == 1 { 0 } else { i % k };
    let cell = |i: usize| Cell {
        name: format!("{HOSTILE}{i}"),
        class: Some(class(i)),
        group: format!("g{}", i / 2),
        source: format!("source {}.zip", i % 3),
        ..Cell::default()
    };
    CellSet {
        shape,
        pixels: Pixels::Uint16((0..n * shape.len()).map(value).collect()),
        cells: (0..n).map(cell).collect(),
        classes: names(k),
        channels: (0..c).map(|i| format!("{HOSTILE}{i}")).collect(),
        provenance: serde_json::Value::Null,
    }
}

fn report(n: usize, k: usize) -> Files {
    let set = cells(n, k, 2);
    let truth: Vec<usize> = set.cells.iter().filter_map(|cell| cell.class).collect();
    let p = |i: usize, class: usize| if class == (i / 2) % k { 2.0 } else { 1.0 } / (k + 1) as f64;
    let probabilities: Vec<f64> = (0..n).flat_map(|i| (0..k).map(move |class| p(i, class))).collect();
    let groups: Vec<usize> = (0..n).map(|i| i / 2).collect();
    let settings = MetricsSettings { n_bootstrap: 20, seed: 1 };
    let metrics = evaluate(&truth, &probabilities, &set.classes, &groups, settings).unwrap();
    let rows: Vec<usize> = (0..n).collect();
    let history = [Epoch {
        epoch: 1,
        loss: f64::NAN,
        accuracy: 0.5,
        validation_loss: None,
        validation_accuracy: Some(f64::INFINITY),
    }];
    let report = EvaluationReport {
        title: HOSTILE.into(),
        metrics: &metrics,
        truth: &truth,
        probabilities: &probabilities,
        cells: &set.cells,
        crops: &set,
        channels: &set.channels,
        rows: &rows,
        look: None,
        history: history.to_vec(),
        conditions: &[],
        best_epoch: Some(1),
        warnings: vec![HOSTILE.into()],
        split: HOSTILE.into(),
        facts: vec![(HOSTILE.into(), HOSTILE.into())],
        settings: HOSTILE.into(),
    };
    report.files().unwrap()
}

fn check_svg(svg: &str) {
    assert!(Document::parse(svg).is_ok(), "{:?}: {svg}", Document::parse(svg).err());
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
}

fn check_page(page: &str) {
    assert!(!page.contains("<script>alert"), "a text was not escaped");
    let texts = page.split('"').filter(|part| !part.starts_with("data:"));
    assert_eq!(texts.filter(|part| part.contains("NaN")).count(), 0);
    for attribute in ["src=\"http", "href=\"http", "url(", "@import", "<link"] {
        assert!(!page.contains(attribute), "the page asks for {attribute}");
    }
    let n_open = page.matches("<section").count();
    assert_eq!(n_open, page.matches("</section>").count());
}

#[test]
fn reports_are_well_formed_for_any_number_of_classes() {
    for (n, k) in [(1, 1), (9, 2), (40, 12), (50, 25)] {
        let files = report(n, k);
        for name in files.names().map(str::to_owned).collect::<Vec<_>>() {
            let content = files.get(&name).unwrap();
            if name.ends_with(".svg") {
                check_svg(std::str::from_utf8(content).unwrap());
            } else if name.ends_with(".png") {
                assert_eq!(&content[..4], b"\x89PNG");
            }
        }
        check_page(std::str::from_utf8(files.get("report.html").unwrap()).unwrap());
        assert_eq!(files, report(n, k), "the same input gives the same bytes");
    }
}

#[test]
fn drawings_in_pages_follow_its_theme() {
    let scene = figure::class_counts(&names(3), &[(5, 1), (0, 0), (7, 0)]);
    assert!(scene.svg(Theme::Page).contains("var(--ink)"));
    assert!(!scene.svg(Theme::Paper).contains("var("));
}

#[test]
fn figures_of_nothing_are_figures() {
    let scenes: Vec<Scene> = vec![
        figure::class_counts(&[], &[]),
        figure::shares(&[], &[]),
        figure::shares(&names(2), &[SourceCounts { source: HOSTILE.into(), counts: vec![0, 0] }]),
        figure::confusion(&names(1), &[vec![0]]),
        figure::confusion(&names(2), &[]),
        figure::roc(&[Curve { name: HOSTILE.into(), points: Vec::new(), area: None }]),
        figure::precision_recall(&[]),
        figure::calibration(&[], 0.0),
        figure::coverage(&[]),
        figure::history(&[], None),
        figure::f1(&[ClassF1 { name: HOSTILE.into(), f1: None, interval: None, n: 0 }]),
    ];
    for scene in scenes {
        check_svg(&scene.svg(Theme::Paper));
        assert!(raster::png(&scene, Theme::Paper, 1.0).is_ok(), "{}", scene.name);
    }
}

#[test]
fn a_confusion_matrix_shows_each_count() {
    let svg = figure::confusion(&names(2), &[vec![1234, 56], vec![78, 90]]).svg(Theme::Paper);
    for text in ["1,234", ">56<", ">78<", ">90<", "95.7%"] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn previews_are_whole_pages_and_say_what_is_missing() {
    let set = cells(30, 4, 3);
    let (found, files) = preview::files(&set, &PreviewSettings::default()).unwrap();
    assert_eq!(found.classes.iter().map(|c| c.n).sum::<usize>(), 30);
    assert_eq!(found.classes[1].n, 0);
    assert!(found.lines().len() > 4);
    check_page(std::str::from_utf8(files.get("preview.html").unwrap()).unwrap());
    assert!(files.get("class_02_class-1-with-a-rather-long-name.png").is_some());
    assert_eq!(files, preview::files(&set, &PreviewSettings::default()).unwrap().1);
    assert!(preview::files(&cells(0, 2, 1), &PreviewSettings::default()).is_err());
}

#[test]
fn folders_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::default();
    files.add("mark", "1");
    let path = folder.path().join("new");
    files.write(&path, "mark").unwrap();
    files.write(&path, "mark").unwrap();
    assert_eq!(std::fs::read(path.join("mark")).unwrap(), b"1");
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("thesis.txt"), "mine").unwrap();
    assert!(files.write(&other, "mark").is_err());
    assert_eq!(std::fs::read(other.join("thesis.txt")).unwrap(), b"mine");
}

#[test]
fn channels_become_colours() {
    let named = |names: &[&str]| names.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    assert_eq!(Colouring::of(1, &named(&["DNA"])), Colouring::Grey);
    assert_eq!(Colouring::of(3, &named(&["0", "1", "2"])), Colouring::Rgb);
    assert_eq!(Colouring::of(3, &named(&["Red", "green", "B"])), Colouring::Rgb);
    let composite = Colouring::of(4, &named(&["brightfield", "DNA", "darkfield", "actin"]));
    assert!(matches!(composite, Colouring::Composite(channels) if channels.len() == 3));
}

#[test]
fn pictures_span_black_to_bright_at_any_depth() {
    let mut set = cells(8, 2, 1);
    let range = |set: &CellSet, contrast| {
        let viewer = Viewer::new(set, &set.channels, contrast, &[0, 1, 2, 3]).unwrap();
        let picture = viewer.picture(0).unwrap();
        let grey: Vec<u8> = picture.pixels.iter().map(|p| p.0).collect();
        (grey.iter().copied().min(), grey.iter().copied().max())
    };
    assert_eq!(range(&set, Contrast::Each), (Some(0), Some(255)));
    set.pixels = Pixels::Float32(vec![f32::NAN; set.pixels.len()]);
    assert_eq!(range(&set, Contrast::Shared), (Some(0), Some(0)), "what is no number is black");
    set.pixels = Pixels::Uint8(vec![7; set.pixels.len()]);
    assert_eq!(range(&set, Contrast::Each), (Some(0), Some(0)));
}

#[test]
fn montages_are_seeded_and_bear_missing_cells() {
    let set = cells(8, 2, 1);
    let all: Vec<usize> = (0..8).collect();
    assert_ne!(draw_some(&all, 8, 1, 0), draw_some(&all, 8, 2, 0));
    assert_ne!(draw_some(&all, 8, 1, 0), draw_some(&all, 8, 1, 1));
    let viewer = Viewer::new(&set, &set.channels, Contrast::Shared, &all).unwrap();
    let class = |shown: Vec<usize>| ClassCells { name: HOSTILE.into(), n: shown.len(), shown };
    let full = by_class(&viewer, &[class(all.clone())], 8).unwrap();
    let short = by_class(&viewer, &[class(all[..3].to_vec())], 8).unwrap();
    assert_ne!(full, short);
    assert!(by_class(&viewer, &[class(Vec::new()), class(Vec::new())], 2).is_ok());
}
