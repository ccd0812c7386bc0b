//! Cells cut out of images, through the program.

use std::collections::BTreeMap;

use crate::support::{Place, npy, npy_u16, shared};

/// Finds the four discs of [`field`].
const PUBLISHED: [&str; 8] = ["--method", "percentile", "--percent", "3", "--min-area", "4", "--half", "12"];

/// A field as PNG with dark discs on a bright, noisy ground, and the centres of the discs.
pub fn field(place: &Place, name: &str) -> Vec<(f64, f64)> {
    let (h, w) = (160, 200);
    let centres = vec![(40.0, 50.0), (90.0, 120.0), (120.0, 60.0), (20.0, 180.0)];
    let pixels: Vec<u8> = (0..h * w)
        .map(|i| {
            let (y, x) = ((i / w) as f64, (i % w) as f64);
            let near =
                centres.iter().map(|&(cy, cx): &(f64, f64)| (y - cy).hypot(x - cx)).fold(99.0, f64::min);
            let noise = ((i * 7919) % 17) as u8;
            // Darkest in the middle, so that the published method sees them again in their crops.
            if near < 9.0 { 60 + (5.0 * near) as u8 + noise } else { 170 + noise }
        })
        .collect();
    place.write(name, png(h, w, &pixels));
    centres
}

/// An 8-bit grey PNG, uncompressed.
fn png(h: usize, w: usize, pixels: &[u8]) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        !bytes.iter().fold(u32::MAX, |crc, &b| {
            (0..8).fold(crc ^ u32::from(b), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    };
    let chunk = |kind: &[u8], content: &[u8]| {
        let mut body = kind.to_vec();
        body.extend(content);
        let mut out = (content.len() as u32).to_be_bytes().to_vec();
        out.extend(&body);
        out.extend(crc(&body).to_be_bytes());
        out
    };
    let mut raw = Vec::new();
    for row in pixels.chunks(w) {
        raw.push(0);
        raw.extend(row);
    }
    let (a, b) = raw.iter().fold((1u32, 0u32), |(a, b), &v| {
        let a = (a + u32::from(v)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let mut zlib = vec![0x78, 0x01];
    let blocks: Vec<&[u8]> = raw.chunks(60_000).collect();
    for (i, block) in blocks.iter().enumerate() {
        zlib.push(u8::from(i + 1 == blocks.len()));
        zlib.extend((block.len() as u16).to_le_bytes());
        zlib.extend((!(block.len() as u16)).to_le_bytes());
        zlib.extend(*block);
    }
    zlib.extend((b << 16 | a).to_be_bytes());
    let mut header = (w as u32).to_be_bytes().to_vec();
    header.extend((h as u32).to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk(b"IHDR", &header));
    out.extend(chunk(b"IDAT", &zlib));
    out.extend(chunk(b"IEND", &[]));
    out
}

/// The pixels of a crop set, after the header of their `.npy`.
fn pixels(place: &Place, set: &str) -> Vec<u8> {
    let bytes = place.bytes(&format!("{set}/pixels.npy"));
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[10 + header..].to_vec()
}

#[test]
fn golden_crops_come_out_of_the_program() {
    let place = Place::new();
    let image = shared("golden/crop/train_01.tif");
    let image = image.to_str().expect("text");
    let words =
        ["crop", image, "--method", "percentile", "--half", "16", "--min-area", "15", "-o", "a.crops"];
    let done = place.run(&words).good();
    assert!(done.out.contains("dropped"), "{}", done.out);
    let golden =
        std::fs::File::open(shared("golden/crop/train_01__half16_area15.npz")).expect("golden crops");
    let mut zip = zip::ZipArchive::new(golden).expect("a zip");
    let mut bytes = Vec::new();
    let mut member = zip.by_name("crops.npy").expect("crops");
    std::io::Read::read_to_end(&mut member, &mut bytes).expect("bytes");
    let golden = &bytes[10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))..];
    let sorted = |values: &[u8]| {
        let mut crops: Vec<Vec<u8>> = values.chunks_exact(32 * 32 * 3).map(<[u8]>::to_vec).collect();
        crops.sort();
        crops
    };
    let ours = pixels(&place, "a.crops");
    assert!(!golden.is_empty());
    assert!(sorted(&ours) == sorted(golden), "{} and {} bytes", ours.len(), golden.len());
    let made = place.json("a.crops/crops.json");
    assert_eq!(made["provenance"]["cut"]["method"]["percent"], 5.0, "{made}");
}

#[test]
fn points_are_cut_with_their_classes_and_the_border_as_asked() {
    let place = Place::new();
    field(&place, "field.png");
    place.write("points.csv", "y,x,class\n40.6,50.6,round\n90,120,round\n2,3,corner\n500,3,lost\n");
    let words = ["crop", "field.png", "--points", "points.csv", "--half", "8", "-o", "p.crops"];
    let done = place.run(&words).good();
    for says in
        ["3 cells of 16x16x1", "1 over the border (flagged)", "dropped 1: centre outside", "corner: 1"]
    {
        assert!(done.out.contains(says), "{says:?} is missing in\n{}", done.out);
    }
    let drop = place.run(&[&words[..], &["--border", "drop"]].concat()).good();
    assert!(drop.out.contains("2 cells") && drop.out.contains("window crosses"), "{}", drop.out);
    let near = pixels(&place, "p.crops");
    place.run(&[&words[..], &["--border", "drop", "--round", "floor"]].concat()).good();
    assert_ne!(near, pixels(&place, "p.crops"), "rounding moves a window");
    place.refused(
        &["crop", "field.png", "--points", "none.csv", "-o", "q.crops"],
        &["none.csv", "nothing there"],
    );
    place.write("bad.csv", "row,column\n1,2\n");
    place.refused(
        &["crop", "field.png", "--points", "bad.csv", "-o", "q.crops"],
        &["bad.csv", "columns \"y\" and \"x\""],
    );
}

#[test]
fn points_in_micrometres_need_the_size_of_a_pixel() {
    let place = Place::new();
    field(&place, "field.png");
    place.write("pixel.csv", "y,x\n40,50\n90,120\n");
    place.write("micron.csv", "y,x\n20,25\n45,60\n");
    let cut = |file: &str, more: &[&str]| {
        let words = ["crop", "field.png", "--points", file, "--half", "8"];
        place.run(&[&words[..], more, &["-o", "p.crops"]].concat()).good();
        pixels(&place, "p.crops")
    };
    let expected = cut("pixel.csv", &[]);
    assert_eq!(cut("micron.csv", &["--points-unit", "micron", "--micron", "0.5"]), expected);
    assert_eq!(cut("pixel.csv", &["--points-unit", "pixel", "--micron", "0.5"]), expected);
    assert_ne!(cut("micron.csv", &[]), expected, "other places");
    place.refused(
        &["crop", "field.png", "--points", "micron.csv", "--points-unit", "micron", "-o", "q.crops"],
        &["field.png", "--micron"],
    );
}

#[test]
fn masks_cut_and_blank_and_pickles_are_refused_by_name() {
    let place = Place::new();
    let centres = field(&place, "field.png");
    let mut labels = vec![0u16; 160 * 200];
    for (k, (cy, cx)) in centres.iter().enumerate() {
        for (i, label) in labels.iter_mut().enumerate() {
            if ((i / 200) as f64 - cy).hypot((i % 200) as f64 - cx) < 9.0 {
                *label = 10 + k as u16;
            }
        }
    }
    place.write("masks.npy", npy_u16(&[160, 200], &labels));
    let words = ["crop", "field.png", "--labels", "masks.npy", "--half", "12", "-o", "m.crops"];
    let done = place.run(&words).good();
    assert!(done.out.contains("4 cells"), "{}", done.out);
    let whole = pixels(&place, "m.crops");
    place.run(&[&words[..], &["--blank"]].concat()).good();
    let blank = pixels(&place, "m.crops");
    let corner = |crops: &[u8]| crops.chunks_exact(24 * 24).map(|crop| crop[0]).collect::<Vec<_>>();
    let mut grounds = corner(&blank);
    grounds.dedup();
    assert_eq!(grounds.len(), 1, "the ground is one value");
    assert_ne!(whole, blank);
    place.write("x_seg.npy", npy("|O", &[1], &[0; 8]));
    place.refused(
        &["crop", "field.png", "--labels", "x_seg.npy", "-o", "n.crops"],
        &["x_seg.npy", "Cellpose", "pickle"],
    );
    place.write("small.npy", npy_u16(&[4, 4], &[1; 16]));
    place.refused(
        &["crop", "field.png", "--labels", "small.npy", "-o", "n.crops"],
        &["small.npy", "160 rows"],
    );
}

#[test]
fn one_broken_image_does_not_lose_the_others_and_the_order_is_that_of_the_images() {
    let place = Place::new();
    let words = ["c.png", "broken.png", "a.png", "b.png"];
    for name in ["a.png", "b.png", "c.png"] {
        field(&place, name);
    }
    place.write("broken.png", b"\x89PNG\r\n\x1a\nnothing more");
    let words = [&["crop"][..], &words, &PUBLISHED, &["-o", "s.crops"]].concat();
    let done = place.run(&words);
    assert_eq!(done.code, Some(3), "{}{}", done.out, done.err);
    assert!(done.out.contains("12 cells of 24x24x1 (uint8) from 3 frames of 4 images"), "{}", done.out);
    assert!(done.err.contains("broken.png") && done.err.contains("1 input failed"), "{}", done.err);
    assert!(!place.path("s.crops.parts").exists(), "parts are gone");
    let first = (place.bytes("s.crops/pixels.npy"), place.bytes("s.crops/cells.parquet"));
    let again = place.run(&[&words[..], &["--threads", "1"]].concat());
    assert_eq!(again.code, Some(3));
    let second = (place.bytes("s.crops/pixels.npy"), place.bytes("s.crops/cells.parquet"));
    assert!(first == second, "the same bytes for any number of threads");
    place.refused(&["crop", "broken.png", "--method", "auto", "-o", "z.crops"], &["broken.png"]);
}

#[test]
fn a_check_shows_fields_and_a_sweep_shows_the_choice() {
    let place = Place::new();
    field(&place, "a.png");
    field(&place, "b.png");
    let words = [&["crop", "a.png", "b.png"][..], &PUBLISHED, &["-o", "s.crops", "--check", "seen"]].concat();
    let done = place.run(&words).good();
    assert!(done.out.contains("8 cells"), "{}", done.out);
    let page = place.text("seen/crops.html");
    for says in ["a.png", "b.png", "field_0002.png", "random crops"] {
        assert!(page.contains(says), "{says:?} is missing in the page");
    }
    for file in ["field_0001.png", "field_0002.png", "montage.png", "fields.png"] {
        assert!(place.bytes(&format!("seen/{file}")).starts_with(b"\x89PNG"), "{file}");
    }
    let sweep = ["crop", "a.png", "--method", "percentile", "--half", "12", "--percent", "2..6"];
    let done = place.run(&[&sweep[..], &["--check", "choice", "-o", "none.crops"]].concat()).good();
    assert!(done.out.contains("percent 2:") && done.out.contains("percent 6:"), "{}", done.out);
    assert!(place.text("choice/sweep.html").contains("--percent 4"));
    assert!(!place.path("none.crops").exists(), "a sweep cuts nothing");
    place.refused(&[&sweep[..], &["-o", "n.crops"]].concat(), &["--check"]);
}

#[test]
fn an_interrupted_run_goes_on_and_another_command_does_not() {
    let place = Place::new();
    for k in 0..40 {
        field(&place, &format!("f{k:02}.png"));
    }
    let names: Vec<String> = (0..40).map(|k| format!("f{k:02}.png")).collect();
    let mut words = vec!["crop"];
    words.extend(names.iter().map(String::as_str));
    words.extend(["--method", "auto", "--diameter", "20", "--half", "12", "-o", "r.crops"]);
    let mut child = place.start(&words);
    let begun = |place: &Place| {
        let parts = place.listing().into_keys().filter(|p| p.extension().is_some_and(|e| e == "json"));
        parts.count() > 3
    };
    while !begun(&place) && child.try_wait().expect("a state").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    if place.path("r.crops").exists() {
        // It was done before it could be stopped.
        return;
    }
    let mut resumed = words.clone();
    resumed.push("--resume");
    let mut other = resumed.clone();
    other.extend(["--channels", "0", "--round", "floor"]);
    assert_eq!(place.run(&other).code, Some(2), "another command does not go on from these parts");
    place.run(&resumed).good();
    let resumed = place.bytes("r.crops/pixels.npy");
    place.run(&words).good();
    assert!(resumed == place.bytes("r.crops/pixels.npy"), "the same as in one go");
}

#[test]
fn groups_are_images_or_what_a_pattern_finds() {
    let place = Place::new();
    for name in ["p1/A01_s1.png", "p1/A01_s2.png", "p1/B02_s1.png", "p2/A01_s1.png"] {
        field(&place, name);
    }
    let words = [&["crop", "p1", "p2"][..], &PUBLISHED, &["-o", "g.crops"]].concat();
    place.run(&words).good();
    place.run(&[&words[..], &["--group-pattern", "(p[0-9]/[A-P][0-9]{2})"]].concat()).good();
    // The groups are what `train` splits by: two folds of three groups.
    let counted = place.run(&["import", "g.crops", "-o", "h.crops"]).good();
    assert!(counted.out.contains("3 groups"), "{}", counted.out);
    let facts: BTreeMap<String, serde_json::Value> =
        serde_json::from_value(place.json("g.crops/crops.json")["provenance"].clone()).expect("an object");
    assert_eq!(facts["images"][3], "p2/A01_s1.png");
}

#[test]
fn a_folder_with_a_pattern_is_a_plate_of_movies() {
    let place = Place::new();
    for name in ["B02_s1_t1", "B02_s1_t2", "B02_s2_t1", "B02_s2_t2", "C03_s1_t1", "C03_s1_t2"] {
        field(&place, &format!("run 7/{name}.png"));
    }
    let how = [&PUBLISHED[..], &["-o", "p.crops"]].concat();
    let by_path = [&["crop", "{plate}/{well}_s{field}_t{t}.png", "--group-by", "well"], &how[..]].concat();
    let done = place.run(&by_path).good();
    assert!(done.out.contains("24 cells") && done.out.contains("6 frames of 1 image"), "{}", done.out);
    let counted = place.run(&["import", "p.crops", "-o", "h.crops"]).good();
    assert!(counted.out.contains("2 groups"), "{}", counted.out);
    let by_path = pixels(&place, "p.crops");
    let by_option = ["crop", "run 7", "--pattern", "{well}_s{field}_t{t}.png"];
    place.run(&[&by_option[..], &how].concat()).good();
    assert!(by_path == pixels(&place, "p.crops"), "the same cells in the same order");
    place.refused(&[&by_option[..], &how, &["--group-by", "plate"]].concat(), &["run 7", "{plate}"]);
    place.refused(&["crop", "run 7", "--pattern", "{q}", "--method", "auto"], &["{q}"]);
}
