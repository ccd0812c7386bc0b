//! Cells cut out of images: where they were is kept, and every option does what it says.

use std::path::{Path, PathBuf};

use cells::{CropShape, Pixels};
use formats::crops;
use formats::image::{Image, write_png_grey, write_png_rgb};
use formats::label_points::{self, LabelPoint, PointFormat, PointImage};
use formats::movie::{self, Scale};
use formats::table::Table;
use study::crop::{
    Border, CropRequest, Cropped, EightBit, Focus, Group, Method, PercentileSettings, PointUnit, Rounding,
    Side, WindowSettings, crop,
};
use study::predict::{ImagesRequest, predict_images};
use study::train::Judge;
use study::{Model, Silent};

use crate::made::{self, data};

const H: usize = 90;
const W: usize = 120;
/// Centres of the discs, y and x.
const CENTRES: [(f64, f64); 3] = [(30.0, 25.0), (45.0, 80.0), (64.0, 50.0)];

/// Bright discs on a ground of 100: `disc` above it, in the frame or plane of this number.
fn discs(disc: u16) -> Vec<u16> {
    let near = |i: usize| {
        let far = |&(y, x): &(f64, f64)| ((i / W) as f64 - y).hypot((i % W) as f64 - x);
        CENTRES.iter().map(far).fold(f64::INFINITY, f64::min)
    };
    (0..H * W)
        .map(|i| 100 + if near(i) < 7.0 { disc - 10 * near(i) as u16 } else { (i % 7) as u16 })
        .collect()
}

fn labels() -> Vec<u16> {
    let label = |i: usize| {
        let near = |&(y, x): &(f64, f64)| ((i / W) as f64 - y).hypot((i % W) as f64 - x) < 7.0;
        CENTRES.iter().position(near).map_or(0, |k| 5 + k as u16)
    };
    (0..H * W).map(label).collect()
}

fn write_movie(path: &Path, frames: &[Vec<u16>]) {
    let shape = CropShape { h: H, w: W, c: 1 };
    let frames = frames.iter().map(|v| Image { shape, pixels: Pixels::Uint16(v.clone()) });
    movie::write(path, frames.len(), frames, Scale { micron_per_pixel: Some(0.5), seconds_per_frame: None })
        .expect("a movie");
}

/// The published method on bright discs.
fn published(image: PathBuf, output: PathBuf) -> CropRequest {
    let method =
        PercentileSettings { percent: 95.0, min_area: 4.0, half_h: 10, half_w: 10, side: Side::Bright };
    CropRequest {
        images: vec![image],
        pattern: None,
        output,
        method: Method::Percentile(method),
        window: WindowSettings { half_h: 10, half_w: 10, round: Rounding::Nearest, border: Border::Drop },
        channels: Vec::new(),
        channel: "0".to_owned(),
        focus: Focus::Only,
        eight_bit: None,
        illumination: false,
        micron_per_pixel: None,
        group: Group::Field,
        resume: false,
        check: None,
    }
}

fn by_labels(request: &CropRequest, files: Vec<PathBuf>) -> CropRequest {
    let method = Method::Labels { files, pieces: false, blank: false, min_area: 1 };
    CropRequest { method, ..request.clone() }
}

fn done(request: &CropRequest) -> Cropped {
    let done = crop(request, &Silent).expect("crops");
    assert_eq!(done.failed, Vec::<String>::new());
    done
}

fn refusal(request: &CropRequest) -> String {
    crop(request, &Silent).expect_err("a refusal").to_string()
}

/// A column of the table of a crop set as text; missing values are empty.
fn column(set: &Path, name: &str) -> Vec<String> {
    let table = Table::read(&set.join("cells.parquet")).expect("a table");
    let column = table.column(name).unwrap_or_else(|| panic!("no column {name:?}"));
    (0..table.n_rows()).map(|row| column.text_at(row).unwrap_or_default()).collect()
}

fn sixteen(set: &Path) -> Vec<u16> {
    match crops::read(set).expect("a crop set").pixels {
        Pixels::Uint16(v) => v,
        other => panic!("{}", other.depth()),
    }
}

#[test]
fn what_names_of_files_tell_stays_with_the_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("run 7")).expect("a folder");
    for name in ["B02_s1_t1", "B02_s1_t2", "B02_s2_t1", "B02_s2_t2", "C03_s1_t1", "C03_s1_t2"] {
        write_movie(&at(&format!("run 7/{name}.tif")), &[discs(900)]);
    }
    let image = at("{plate}/{well}_s{field}_t{t}.tif");
    let request = CropRequest { group: Group::Well, ..published(image, at("p.crops")) };
    let cropped = done(&request);
    let frames: Vec<_> = cropped.frames.iter().map(|f| (f.field, f.t, f.n_cells)).collect();
    assert_eq!(frames, [(0, 0, 3), (0, 1, 3), (1, 0, 3), (1, 1, 3), (2, 0, 3), (2, 1, 3)]);
    let of_frames = |name: &str| column(&at("p.crops"), name).into_iter().step_by(3).collect::<Vec<_>>();
    assert_eq!(of_frames("plate")[0], "run 7");
    assert_eq!(of_frames("well"), ["B02", "B02", "B02", "B02", "C03", "C03"]);
    assert_eq!(of_frames("field"), ["1", "1", "2", "2", "1", "1"]);
    assert_eq!(of_frames("frame"), ["0.0", "1.0", "0.0", "1.0", "0.0", "1.0"]);
    assert_eq!(of_frames("group")[3..5], ["run 7/B02", "run 7/C03"]);
    assert!(of_frames("name")[1].ends_with("/run 7/B02/1/t1/0"), "{:?}", of_frames("name"));

    // Nothing that the table knows is lost when the set is read and written, alone or beside another.
    let sets = [at("p.crops"), at("p.crops")].map(|path| crops::read(&path).expect("a set"));
    crops::write(&at("q.crops"), &sets[0]).expect("a set");
    assert_eq!(
        Table::read(&at("q.crops/cells.parquet")).expect("a table"),
        Table::read(&at("p.crops/cells.parquet")).expect("a table")
    );
    write_movie(&at("alone.tif"), &[discs(900)]);
    done(&published(at("alone.tif"), at("alone.crops")));
    let both = study::source::Request {
        sources: vec![at("alone.crops"), at("p.crops")],
        ..study::source::Request::default()
    };
    study::import::import(&both.read(&Silent).expect("both"), &at("both.crops")).expect("a set");
    assert_eq!(column(&at("both.crops"), "well")[..4], ["", "", "", "B02"]);
    assert_eq!(column(&at("both.crops"), "field")[..4], ["0", "0", "0", "1"]);
    assert_eq!(column(&at("both.crops"), "y_um").len(), 21);
    // A model carries on how its cells were cut, and how large its pixels are.
    let made = crops::read(&at("p.crops")).expect("a set").provenance;
    assert_eq!((&made["cut"]["method"]["percent"], &made["pixel_size_um"]), (&95.0.into(), &0.5.into()));
    let made = crops::read(&at("both.crops")).expect("a set").provenance;
    assert!(made["cut"].is_null(), "one was grouped by field, one by well: {made}");
    assert_eq!(made["pixel_size_um"], 0.5);

    // The table of a set is a table of points.
    let points = Method::Points { file: at("q.crops/cells.parquet"), unit: None };
    done(&CropRequest { method: points, output: at("r.crops"), ..request.clone() });
    for name in ["well", "field", "frame", "y", "x", "y_um", "group"] {
        assert_eq!(column(&at("r.crops"), name), column(&at("p.crops"), name), "{name}");
    }
    let unsaid = CropRequest { group: Group::Plate, ..published(at("alone.tif"), at("s.crops")) };
    assert!(refusal(&unsaid).contains("{plate}"));
}

#[test]
fn points_of_other_programs_lie_where_ours_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    write_movie(&at("movie.tif"), &[discs(900), discs(500)]);
    let shape = CropShape { h: H, w: W, c: 1 };
    let plain = Scale { micron_per_pixel: None, seconds_per_frame: None };
    let frames = [discs(900), discs(500)].map(|v| Image { shape, pixels: Pixels::Uint16(v) });
    movie::write(&at("plain.tif"), 2, frames, plain).expect("a movie");
    let around = |image: &str, name: &str, unit: Option<PointUnit>| {
        let points = Method::Points { file: at(name), unit };
        CropRequest { method: points, ..published(at(image), at("a.crops")) }
    };
    let cut = |image: &str, name: &str, unit: Option<PointUnit>| {
        done(&around(image, name, unit));
        ["frame", "y", "x"].map(|fact| column(&at("a.crops"), fact))
    };
    let write = |name: &str, text: &str| std::fs::write(at(name), text).expect("a table");
    write("ours.csv", "frame,y,x\n1,30.0,25.5\n1,45.0,80.0\n");
    let ours = cut("movie.tif", "ours.csv", None);
    let spots = "LABEL,POSITION_X,POSITION_Y,FRAME\nLabel,X,Y,Frame\nLabel,X,Y,Frame\n,(micron),(micron),\n\
                 ID1,12.75,15.0,1\nID2,40.0,22.5,1\n";
    write("spots.csv", spots);
    write("results.csv", " ,Mean,X,Y,Slice\n1,17,13.0,15.25,2\n2,17,40.25,22.75,2\n");
    write("results_in_pixels.csv", " ,Mean,X,Y,Slice\n1,17,26.0,30.5,2\n2,17,80.5,45.5,2\n");
    let name = "movie.tif".to_owned();
    let image = PointImage { name, h: H, w: W, n_z: 1, window: 20 };
    let clicked = |y, x| LabelPoint { t: 1, y, x, ..LabelPoint::default() };
    for (name, format) in [("clicks.zip", PointFormat::Fiji), ("clicks.json", PointFormat::Coco)] {
        let points = [clicked(30.0, 25.5), clicked(45.0, 80.0)];
        std::fs::write(at(name), label_points::write(format, &image, &points, &[]).expect("points"))
            .expect("a file");
        assert_eq!(cut("movie.tif", name, None), ours, "{name}");
    }
    assert_eq!(cut("movie.tif", "spots.csv", None), ours);
    assert_eq!(cut("movie.tif", "results.csv", None), ours);
    assert_eq!(cut("movie.tif", "results_in_pixels.csv", Some(PointUnit::Pixel)), ours);
    assert_eq!(cut("plain.tif", "results_in_pixels.csv", None), ours);
    write("ours_in_microns.csv", "frame,y,x\n1,15.0,12.75\n1,22.5,40.0\n");
    assert_eq!(cut("movie.tif", "ours_in_microns.csv", Some(PointUnit::Micron)), ours);

    let message = crop(&around("plain.tif", "spots.csv", None), &Silent).map(|done| done.failed.join(" "));
    let message = message.unwrap_or_else(|error| error.to_string());
    assert!(message.contains("--micron"), "{message}");
    let request = CropRequest { micron_per_pixel: Some(0.5), ..around("plain.tif", "spots.csv", None) };
    done(&request);
    assert_eq!(["frame", "y", "x"].map(|fact| column(&at("a.crops"), fact)), ours);
}

#[test]
fn labels_go_with_frames_and_fields_and_in_one_channel() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let second: Vec<u16> = labels().iter().map(|&l| if l == 6 { 0 } else { l }).collect();
    write_movie(&at("movie.tif"), &[discs(900), discs(500)]);
    write_movie(&at("labels.tif"), &[labels(), second]);
    let plain = published(at("movie.tif"), at("a.crops"));
    let cropped = done(&by_labels(&plain, vec![at("labels.tif")]));
    assert_eq!(cropped.frames.iter().map(|f| f.n_cells).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(column(&at("a.crops"), "label"), ["5", "6", "7", "5", "7"]);
    assert_eq!(column(&at("a.crops"), "x_um"), ["12.5", "40.0", "25.0", "12.5", "25.0"]);
    assert_eq!(column(&at("a.crops"), "name")[3], "movie.tif/t1/0");
    write_movie(&at("one.tif"), &[labels()]);
    let short = crop(&by_labels(&plain, vec![at("one.tif")]), &Silent).expect("the first frame");
    assert!(short.frames.len() == 1 && short.failed[0].contains("labels of frame 1"), "{short:?}");

    // A grey picture saved in colours has labels; a coloured one has not.
    write_movie(&at("field.tif"), &[discs(900)]);
    let one = published(at("field.tif"), at("b.crops"));
    let rgb = |of: fn(u16) -> [u8; 3]| labels().into_iter().flat_map(of).collect::<Vec<u8>>();
    write_png_rgb(&at("grey.png"), H, W, &rgb(|l| [l as u8; 3])).expect("a picture");
    write_png_rgb(&at("red.png"), H, W, &rgb(|l| [l as u8, 0, 0])).expect("a picture");
    write_png_rgb(&at("colours.png"), H, W, &rgb(|l| [40 * (l as u8 % 2), 9 * l as u8, 7]))
        .expect("a picture");
    for name in ["grey.png", "red.png"] {
        done(&by_labels(&one, vec![at(name)]));
        assert_eq!(column(&at("b.crops"), "label"), ["5", "6", "7"], "{name}");
    }
    let message = refusal(&by_labels(&one, vec![at("colours.png")]));
    assert!(message.contains("colours.png") && message.contains("labels in one channel"), "{message}");

    // Nor has a mask that has one number for all cells; its pieces are cells when that is asked for.
    let mask: Vec<u16> = labels().into_iter().map(|label| if label > 0 { 255 } else { 0 }).collect();
    write_movie(&at("mask.tif"), &[mask]);
    let request = by_labels(&one, vec![at("mask.tif")]);
    let message = refusal(&request);
    assert!(message.contains("mask.tif") && message.contains("3 pieces of the one number 255"), "{message}");
    let method = Method::Labels { files: vec![at("mask.tif")], pieces: true, blank: false, min_area: 1 };
    assert_eq!(done(&CropRequest { method, ..request }).frames[0].n_cells, 3);

    // Fields of a plate have theirs.
    for well in ["A01", "A02"] {
        std::fs::create_dir_all(at("plate")).expect("a folder");
        std::fs::create_dir_all(at("masks")).expect("a folder");
        write_movie(&at(&format!("plate/{well}.tif")), &[discs(700)]);
        let only: Vec<u16> = labels().iter().map(|&l| if well == "A01" && l > 5 { 0 } else { l }).collect();
        write_movie(&at(&format!("masks/{well}.tif")), &[only]);
    }
    let plate = published(at("plate/{well}.tif"), at("c.crops"));
    done(&by_labels(&plate, vec![at("masks/{well}.tif")]));
    assert_eq!(column(&at("c.crops"), "well"), ["A01", "A02", "A02", "A02"]);
    std::fs::remove_file(at("masks/A02.tif")).expect("a file");
    assert!(refusal(&by_labels(&plate, vec![at("masks/{well}.tif")])).contains("labels of 2 fields"));
}

#[test]
fn a_focal_plane_or_the_largest_value_is_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("stack")).expect("a folder");
    for (z, disc) in [(1, 300), (2, 900), (3, 500)] {
        write_movie(&at(&format!("stack/z{z}.tif")), &[discs(disc)]);
    }
    let plain = by_labels(&published(at("stack/z{z}.tif"), at("a.crops")), vec![at("l.tif")]);
    write_movie(&at("l.tif"), &[labels()]);
    assert!(refusal(&plain).contains("--z N or --z max"));
    // The centre of the first disc.
    let centre = |focus: Focus| {
        done(&CropRequest { focus, ..plain.clone() });
        sixteen(&at("a.crops"))[10 * 20 + 10]
    };
    assert_eq!([Focus::Plane(0), Focus::Plane(2), Focus::Max].map(centre), [400, 600, 1000]);
    assert_eq!(column(&at("a.crops"), "z"), ["", "", ""]);
    done(&CropRequest { focus: Focus::Plane(2), ..plain.clone() });
    assert_eq!(column(&at("a.crops"), "z"), ["2", "2", "2"]);
    assert!(refusal(&CropRequest { focus: Focus::Plane(3), ..plain.clone() }).contains("z 3"));
}

#[test]
fn eight_bits_are_as_stated_and_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    write_movie(&at("f.tif"), &[discs(900)]);
    write_movie(&at("l.tif"), &[labels()]);
    let plain = by_labels(&published(at("f.tif"), at("a.crops")), vec![at("l.tif")]);
    done(&plain);
    let (low, high) = (100.0, 850.0);
    done(&CropRequest { eight_bit: Some(EightBit { low, high }), output: at("b.crops"), ..plain.clone() });
    let level = |v: u16| ((f64::from(v) - low) / (high - low) * 255.0 + 0.5).floor().clamp(0.0, 255.0) as u8;
    let expected: Vec<u8> = sixteen(&at("a.crops")).into_iter().map(level).collect();
    let set = crops::read(&at("b.crops")).expect("a set");
    assert_eq!(set.pixels, Pixels::Uint8(expected));
    let stated = set.provenance["eight_bit"].as_str().expect("words").to_owned();
    assert!(stated.contains("(v - 100) / (850 - 100)"), "{stated}");
    let wrong = EightBit { low: 5.0, high: 5.0 };
    assert!(refusal(&CropRequest { eight_bit: Some(wrong), ..plain }).contains("eight_bit"));
}

#[test]
fn shading_that_images_share_is_divided_out_and_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    // Brighter to the right, by a factor of 3 over the width.
    let light = |i: usize| 0.5 + (i % W) as f64 / W as f64;
    let shaded = |values: Vec<u16>| {
        values.iter().enumerate().map(|(i, &v)| (10.0 * f64::from(v) * light(i)).round() as u16).collect()
    };
    let frames: Vec<Vec<u16>> =
        (0..6).map(|k| shaded(if k == 0 { discs(300) } else { vec![100; H * W] })).collect();
    write_movie(&at("m.tif"), &frames);
    write_movie(&at("l.tif"), &vec![labels(); 6]);
    let plain = by_labels(&published(at("m.tif"), at("a.crops")), vec![at("l.tif")]);
    // Corners of the crops of an empty frame are ground: their spread says how even it is.
    let spread = |set: &Path| {
        let crops = sixteen(set);
        let corners: Vec<f64> = crops.chunks_exact(400).skip(3).map(|crop| f64::from(crop[0])).collect();
        let (low, high) = corners.iter().fold((f64::MAX, 0.0), |(a, b): (f64, f64), &v| (a.min(v), b.max(v)));
        high / low
    };
    done(&plain);
    assert!(spread(&at("a.crops")) > 1.5, "{}", spread(&at("a.crops")));
    done(&CropRequest { illumination: true, ..plain });
    assert!(spread(&at("a.crops")) < 1.03, "{}", spread(&at("a.crops")));
    let made = crops::read(&at("a.crops")).expect("a set").provenance;
    let grid: Vec<f64> = serde_json::from_value(made["divided_by"][0]["values"].clone()).expect("numbers");
    let mean = grid.iter().sum::<f64>() / grid.len() as f64;
    assert!((mean - 1.0).abs() < 1e-3, "{mean}");
    write_png_grey(&at("other.png"), 40, 40, &[9; 1600]).expect("a picture");
    let two = published(at("m.tif"), at("b.crops"));
    let two = CropRequest { images: vec![at("m.tif"), at("other.png")], illumination: true, ..two };
    assert!(refusal(&two).contains("one size"));
}

#[test]
fn cells_of_images_are_predicted_and_marked() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let training = made::request(&made::settings(""), Judge::Validation, folder.path());
    made::run(&data(40, 3, 12), &training, u64::MAX).0.expect("a model");
    let model = Model::load(&training.output).expect("a model");
    write_movie(&at("movie.tif"), &[discs(900), discs(500)]);
    write_movie(&at("still.tif"), &[discs(700)]);
    write_movie(&at("labels.tif"), &[labels(), labels()]);
    write_movie(&at("label.tif"), &[labels()]);
    let both = CropRequest {
        images: vec![at("movie.tif"), at("still.tif")],
        ..by_labels(&published(at(""), at("kept.crops")), vec![at("labels.tif"), at("label.tif")])
    };
    let (table, marked) = (at("cells.csv"), at("marked"));
    let request =
        ImagesRequest { crop: both, keep_crops: false, table: table.clone(), marked: marked.clone() };
    let predicted = predict_images(&model, &request, &Silent).expect("predictions");
    assert_eq!(predicted.failed, Vec::<String>::new());
    assert!(predicted.lines[0].starts_with("9 cells of 12x12x1"), "{:?}", predicted.lines);
    assert!(!at("kept.crops").exists(), "crops are kept only when asked for");
    let cells = Table::read(&table).expect("a table");
    let text = |name: &str| -> Vec<String> {
        (0..9).map(|row| cells.column(name).and_then(|c| c.text_at(row)).unwrap_or_default()).collect()
    };
    assert_eq!(text("label"), ["5", "6", "7", "5", "6", "7", "5", "6", "7"]);
    assert_eq!(text("source")[5..7], ["movie.tif", "still.tif"]);
    assert_eq!(text("x_um")[1], "40.0");
    assert_eq!(text("flagged")[0], "false");

    // Each cell has a ring of its class's colour around it, in its own frame, and nothing on it.
    let palette = [[0x00, 0x72, 0xb2], [0xd5, 0x5e, 0x00], [0x00, 0x9e, 0x73]];
    let movie = formats::microscope::Image::open(&marked.join("0001_movie.tif")).expect("a movie");
    let field = movie.field(0).expect("a field");
    assert_eq!((field.facts().n_t, field.facts().channels.len(), field.w()), (2, 3, W));
    assert!(field.h() > H, "the legend lies below");
    let still = formats::image::read(&marked.join("0002_still.png")).expect("a picture");
    assert_eq!(still.shape, CropShape { h: field.h(), w: W, c: 3 });
    let Pixels::Uint8(still) = still.pixels else { panic!("8 bits") };
    for (row, class) in text("class").into_iter().enumerate() {
        let class = model.classes.iter().position(|name| *name == class).expect("a class");
        let (y, x) = CENTRES[row % 3];
        let frame: Vec<Vec<f32>> = match row {
            6.. => (0..3).map(|c| still.iter().skip(c).step_by(3).map(|&v| f32::from(v)).collect()).collect(),
            _ => field.channels(row / 3, 0).expect("a frame").iter().map(|p| p.values.to_f32()).collect(),
        };
        let near = |reach: f64, colour: &[i32; 3]| {
            let inside = (0..H * W).filter(|i| ((i / W) as f64 - y).hypot((i % W) as f64 - x) < reach);
            inside.filter(|&i| (0..3).all(|c| frame[c][i] as i32 == colour[c])).count()
        };
        assert!(near(7.0, &palette[class]) >= 8, "cell {row} has its class's colour");
        assert_eq!(near(2.0, &palette[class]), 0, "cell {row} can be seen");
    }
    assert!(marked.join("legend.png").exists());

    // What does not fit is said, and what is there already and not ours stays.
    let named = CropRequest { channels: vec!["GFP".to_owned()], ..request.crop.clone() };
    let refused = predict_images(&model, &ImagesRequest { crop: named, ..request.clone() }, &Silent);
    assert!(refused.expect_err("no such channel").to_string().contains("channel GFP"));
    std::fs::create_dir(at("mine")).expect("a folder");
    std::fs::write(at("mine/notes.txt"), "mine").expect("a file");
    let over = ImagesRequest { marked: at("mine"), ..request };
    assert!(
        predict_images(&model, &over, &Silent).expect_err("a folder in use").to_string().contains("mine")
    );
}

#[test]
fn a_prediction_that_is_stopped_leaves_nothing_to_go_on_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let training = made::request(&made::settings(""), Judge::Validation, folder.path());
    let model = made::run(&data(40, 3, 12), &training, u64::MAX).0.expect("a model").model;
    write_movie(&at("movie.tif"), &[discs(900), discs(500)]);
    write_movie(&at("labels.tif"), &[labels(), labels()]);
    let crop = by_labels(&published(at("movie.tif"), at("kept.crops")), vec![at("labels.tif")]);
    let request = ImagesRequest { crop, keep_crops: false, table: at("cells.csv"), marked: at("marked") };
    let mut n_steps = 0;
    while let Err(error) = predict_images(&model, &request, &made::Until::after(n_steps)) {
        let said = error.to_string();
        assert!(said.starts_with("stopped: ") && !said.contains("--resume"), "{said}");
        let names =
            std::fs::read_dir(folder.path()).expect("a folder").map(|e| e.expect("a name").file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("kept")).collect();
        assert!(left.is_empty(), "after step {n_steps}: {left:?}");
        n_steps += 1;
    }
    assert!(n_steps > 2, "{n_steps}");
}
