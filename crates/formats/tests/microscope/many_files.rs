//! OME images in several files, and plates.

use std::path::Path;

use formats::microscope::{At, Image};

use super::hostile::described;

/// Pixels without their end, `SizeT` left out.
const PIXELS: &str = "DimensionOrder='XYZCT' SizeX='8' SizeY='8' SizeZ='1' SizeC='1'";

/// Writes a page of 7s, or of another value, with a description.
fn write(path: &Path, text: &str, value: u8) {
    let mut bytes = described(text);
    bytes[110..174].fill(value);
    std::fs::write(path, bytes).expect("a file");
}

/// An image of two frames: the first in the file with the identifier 1, the second in `b.tif`.
fn two_frames() -> String {
    let data = |t: usize, id: usize, name: &str| {
        format!("<TiffData IFD='0' FirstT='{t}'><UUID FileName='{name}'>urn:uuid:{id}</UUID></TiffData>")
    };
    let data = data(0, 1, "before it was renamed.tif") + &data(1, 2, "b.tif");
    format!("<OME UUID='urn:uuid:1'><Image><Pixels {PIXELS} SizeT='2'>{data}</Pixels></Image></OME>")
}

fn value(image: &Image, field: usize, t: usize) -> Option<f32> {
    let plane = image.field(field).expect("a field").plane(At { t, ..At::default() });
    plane.ok().map(|p| p.values.to_f32()[63])
}

#[test]
fn planes_in_files_beside() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (folder.path().join("a.tif"), folder.path().join("b.tif"));
    write(&a, &two_frames(), 3);
    let image = Image::open(&a).expect("one of two files");
    let notes = image.field(0).expect("a field").facts().notes.join("");
    assert_eq!(notes, "files that the metadata name are missing: 1");
    assert_eq!([value(&image, 0, 0), value(&image, 0, 1)], [Some(3.0), None]);
    write(&b, "", 5);
    let image = Image::open(&a).expect("two files");
    assert_eq!([value(&image, 0, 0), value(&image, 0, 1)], [Some(3.0), Some(5.0)]);
    std::fs::write(&b, b"II").expect("a file");
    assert_eq!(value(&image, 0, 1), None);
}

#[test]
fn metadata_in_a_file_of_their_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (folder.path().join("a.tif"), folder.path().join("b.tif"));
    let text = two_frames()
        .replace("before it was renamed.tif", "a.tif")
        .replace("<OME UUID='urn:uuid:1'>", "<OME>");
    std::fs::write(folder.path().join("all.companion.ome"), text).expect("a file");
    for (path, value) in [(&a, 3), (&b, 5)] {
        write(path, "<OME><BinaryOnly MetadataFile='all.companion.ome' UUID='urn:uuid:9'/></OME>", value);
    }
    for path in [&a, &b] {
        let image = Image::open(path).expect("an image");
        assert_eq!([value(&image, 0, 0), value(&image, 0, 1)], [Some(3.0), Some(5.0)], "{}", path.display());
    }
}

#[test]
fn images_of_a_plate() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("plate.ome.tif");
    let image =
        |id: usize| format!("<Image ID='Image:{id}' Name='site {id}'><Pixels {PIXELS} SizeT='1'/></Image>");
    let sample = |id: usize| format!("<WellSample><ImageRef ID='Image:{id}'/></WellSample>");
    let well = format!("<Well Row='1' Column='6'>{}{}</Well>", sample(1), sample(0));
    write(&path, &format!("<OME><Plate Name='p'>{well}</Plate>{}{}</OME>", image(0), image(1)), 4);
    let image = Image::open(&path).expect("a plate");
    let places: Vec<_> =
        image.places().iter().map(|p| (&*p.name, p.well.as_deref(), p.field.as_deref())).collect();
    assert_eq!(places, [("site 0", Some("B07"), Some("1")), ("site 1", Some("B07"), Some("0"))]);
    assert_eq!(value(&image, 1, 0), Some(4.0));
}
