//! What the program says of images.

use crate::support::{Place, shared};

#[test]
fn axes_units_and_intensities_of_an_image() {
    let place = Place::new();
    let path = shared("data/formats/made/ome_tczyx_u16.ome.tif");
    let done = place.run(&["info", &path.display().to_string()]).good();
    for line in [
        "OME-TIFF",
        "axes      T 3, Z 2, C 2, Y 96, X 128",
        "type      uint16",
        "pixel     0.325 µm",
        "time step 240 s",
        "channel 0 H2B-GFP: ",
        "channel 1 Phase: ",
        "intensities of 6 of 12 planes",
    ] {
        assert!(done.out.contains(line), "{line:?} is missing in\n{}", done.out);
    }
}

#[test]
fn for_programs_it_is_json() {
    let place = Place::new();
    let made = |name: &str| shared(&format!("data/formats/made/{name}")).display().to_string();
    let (pyramid, signed) = (made("ome_pyramid_tiled_lzw.ome.tif"), made("i16_negative.tif"));
    let done = place.run(&["info", "--json", "--all-planes", &pyramid, &signed]).good();
    let found: Vec<serde_json::Value> =
        done.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["levels"], serde_json::json!([[96, 128], [48, 64]]));
    assert_eq!(found[0]["pixel_um"]["x"], 0.325);
    assert_eq!(found[1]["dtype"], "int16");
    assert!(found[1]["channels"][0]["min"].as_f64().expect("a number") < -2000.0);
    assert!(found[1]["pixel_um"]["x"].is_null());
}

#[test]
fn plates_and_refusals() {
    let place = Place::new();
    let plate = shared("data/formats/ome-zarr-examples/data/valid/plate-01.zarr").display().to_string();
    let done = place.run(&["info", &plate, "--field", "3"]).good();
    for line in ["fields    4 in 4 wells of 1 plate", "3: B2/0", "field 3:"] {
        assert!(done.out.contains(line), "{line:?} is missing in\n{}", done.out);
    }
    place.refused(&["info", &plate, "--field", "4"], &["a field below 4", "found 4"]);
    place.write("a.czi", b"ZISRAWFILE\0\0\0\0\0\0");
    place.refused(&["info", "a.czi"], &["a.czi", "OME-TIFF", "found a Zeiss CZI file"]);
    let fax = shared("data/formats/image-tiff/images/fax4.tiff").display().to_string();
    place.refused(&["info", &fax], &["found CCITT fax compression"]);
    place.refused(&["info", "nowhere.tif"], &["found nothing there"]);
    place.refused(&["info", "{q}.tif"], &["{q}"]);
}
