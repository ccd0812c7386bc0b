use super::{read as read_of, *};

fn read(path: &Path, bytes: &[u8]) -> Result<Vec<LabelPoint>, FormatError> {
    read_of(path, bytes, [None, None])
}
use crate::archive::{Archive, ZipLimits};

fn image() -> PointImage {
    PointImage { name: "movie.tif".into(), h: 400, w: 300, n_z: 5, window: 64 }
}

fn points() -> Vec<LabelPoint> {
    let point = |n: u32, y: f64, x: f64, class: Option<&str>| LabelPoint {
        id: Some(format!("6a0d7c1e-0000-4000-8000-{n:012}")),
        image: Some("movie.tif".into()),
        t: 3 * n,
        z: n % 5,
        y,
        x,
        class: class.map(str::to_owned),
        by: Some("Änne".into()),
        flagged: n == 1,
    };
    vec![
        point(0, 0.0, 0.1, Some("Metaphase")),
        point(1, -0.5, 299.499_999_9, Some("late 2, \"odd\" 日本")),
        point(2, 123.456_789_012_345, 1.0 / 3.0, None),
    ]
}

fn classes() -> Vec<String> {
    vec!["Metaphase".into(), "late 2, \"odd\" 日本".into()]
}

#[test]
fn each_format_gives_back_what_it_holds() {
    for format in [PointFormat::Csv, PointFormat::Napari, PointFormat::Fiji, PointFormat::Coco] {
        let bytes = write(format, &image(), &points(), &classes()).unwrap();
        let mut expected = points();
        for point in &mut expected {
            point.flagged &= format == PointFormat::Csv;
            if matches!(format, PointFormat::Napari | PointFormat::Fiji) {
                point.image = None;
            }
        }
        assert_eq!(read("labels".as_ref(), &bytes).unwrap(), expected, "{format:?}");
    }
}

#[test]
fn what_was_moved_in_another_program_is_where_it_was_moved() {
    let bytes = write(PointFormat::Fiji, &image(), &points()[..1], &classes()).unwrap();
    let mut archive = Archive::open(
        "a.zip".as_ref(),
        std::io::Cursor::new(&bytes),
        bytes.len() as u64,
        ZipLimits::default(),
    )
    .unwrap();
    let mut roi = archive.read(0, 1 << 20).unwrap();
    roi[68..72].copy_from_slice(&20.5f32.to_be_bytes());
    assert_eq!(read("a.roi".as_ref(), &roi).unwrap()[0].x, 20.0);
    let coco =
        String::from_utf8(write(PointFormat::Coco, &image(), &points()[..1], &classes()).unwrap()).unwrap();
    let moved = coco.replace("\"keypoints\":[0.6,", "\"keypoints\":[7.5,");
    assert_eq!(read("a.json".as_ref(), moved.as_bytes()).unwrap()[0].x, 7.0);
}

#[test]
fn broken_files_are_refused_wherever_they_end() {
    for format in [PointFormat::Csv, PointFormat::Napari, PointFormat::Fiji, PointFormat::Coco] {
        let bytes = write(format, &image(), &points(), &classes()).unwrap();
        for end in 0..bytes.len() {
            // Must come back; a table may well end at the end of a line.
            let _ = read("labels".as_ref(), &bytes[..end]);
        }
    }
    let bytes = write(PointFormat::Fiji, &image(), &points(), &classes()).unwrap();
    let mut archive = Archive::open(
        "a.zip".as_ref(),
        std::io::Cursor::new(&bytes),
        bytes.len() as u64,
        ZipLimits::default(),
    )
    .unwrap();
    let roi = archive.read(0, 1 << 20).unwrap();
    for at in 4..roi.len() {
        for value in [0, 0x7f, 0xff] {
            let mut broken = roi.clone();
            broken[at] = value;
            let _ = read("a.roi".as_ref(), &broken);
        }
        // Older versions of ImageJ end after the position.
        assert!(at >= 92 || read("a.roi".as_ref(), &roi[..at]).is_err(), "{at} bytes");
    }
}

#[test]
fn tables_without_points_say_what_is_missing() {
    let error = read("a.csv".as_ref(), b"frame,row\n1,2\n").unwrap_err().to_string();
    assert_eq!(
        error,
        "a.csv: expected the columns \"y\" and \"x\", or those of another program, found frame, row"
    );
    let error = read("a.csv".as_ref(), b"frame,y,x\n1.5,2,3\n").unwrap_err().to_string();
    assert!(error.contains("a whole number from 0 as frame"), "{error}");
    let plain = read("a.csv".as_ref(), b"y,x\n1,2.5\n").unwrap();
    assert_eq!(plain, [LabelPoint { y: 1.0, x: 2.5, ..LabelPoint::default() }]);
}

#[test]
fn selections_of_another_program_are_read() {
    let points = read("roifile.zip".as_ref(), include_bytes!("golden/roifile.zip")).unwrap();
    let at = |t, z, y, x| LabelPoint { t, z, y, x, ..LabelPoint::default() };
    let of_points = [at(3, 1, 20.0, 10.0), at(3, 1, 7.25, 10.75), at(6, 0, 4.0, 3.0)];
    let of_areas = [at(0, 0, 201.5, 103.5), at(0, 0, 24.0, 11.75), at(0, 0, 14.5, 39.5)];
    let expected = [&of_points[..], &of_areas[..]].concat();
    assert_eq!(points, expected);
}
