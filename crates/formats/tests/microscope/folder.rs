//! Folders of files whose names tell what they are.

use std::path::Path;

use formats::image::write_png_grey;
use formats::microscope::{At, Image, Pattern};

/// A picture of one grey value.
fn write(folder: &Path, name: &str, value: u8) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    write_png_grey(&path, 4, 6, &[value; 24]).expect("a picture");
}

fn value(image: &Image, field: usize, at: At) -> Option<f32> {
    image.field(field).expect("a field").plane(at).ok().map(|p| p.values.to_f32()[0])
}

#[test]
fn a_plate_of_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut n = 0;
    for well in ["B10", "B2"] {
        for t in [1, 2, 10] {
            for c in ["DNA", "actin"] {
                n += 1;
                write(folder.path(), &format!("plate 1/{well}_s1_t{t}_{c}.png"), n);
            }
        }
    }
    std::fs::write(folder.path().join("plate 1/notes.txt"), "nothing").expect("a file");
    let path = folder.path().join("{plate}/{well}_s{field}_t{t}_{c}.png");
    let image = Image::open(&path).expect("a plate");
    let names: Vec<_> = image.places().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["plate 1/B2/1", "plate 1/B10/1"]);
    assert_eq!(image.places()[1].well.as_deref(), Some("B10"));
    let facts = image.field(0).expect("a field").facts().clone();
    assert_eq!((facts.n_t, facts.n_z, facts.channels.join("|")), (3, 1, "DNA|actin".to_owned()));
    assert_eq!(value(&image, 0, At { t: 2, z: 0, c: 1 }), Some(12.0));
    assert_eq!(value(&image, 1, At { t: 1, z: 0, c: 0 }), Some(3.0));

    std::fs::remove_file(folder.path().join("plate 1/B10_s1_t2_DNA.png")).expect("a file to remove");
    let image = Image::open(&path).expect("a plate with a gap");
    assert_eq!(value(&image, 1, At { t: 1, z: 0, c: 0 }), None);
    assert_eq!(image.field(1).expect("a field").facts().notes, ["1 of 6 files are missing"]);
    let other = Pattern::parse("{well}.tif").expect("a pattern");
    assert!(Image::open_folder(folder.path(), &other).is_err());
    let doubled = Pattern::parse("{plate}/{well}_s{field}_t{t}_{*}.png").expect("a pattern");
    let error = Image::open_folder(folder.path(), &doubled).expect_err("two files for a plane");
    assert!(error.to_string().contains("the same plane"), "{error}");
}

#[test]
fn a_folder_is_a_movie() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (i, name) in ["t1.png", "t9.png", "t10.png"].into_iter().enumerate() {
        write(folder.path(), name, i as u8);
    }
    let image = Image::open(folder.path()).expect("a folder");
    assert_eq!(image.field(0).expect("a field").facts().n_t, 3);
    for t in 0..3 {
        assert_eq!(value(&image, 0, At { t, z: 0, c: 0 }), Some(t as f32));
    }
    write_png_grey(&folder.path().join("t11.png"), 4, 5, &[1; 20]).expect("a picture");
    let image = Image::open(folder.path()).expect("a folder");
    let error = image.field(0).and_then(|f| f.plane(At { t: 3, z: 0, c: 0 })).expect_err("another size");
    assert!(error.to_string().contains("expected 4 x 6 uint8, found 4 x 5 uint8"), "{error}");
    let empty = tempfile::tempdir().expect("a temporary folder");
    assert!(Image::open(empty.path()).is_err());
}
