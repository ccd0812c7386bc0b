//! Tables in the words of each program; what the columns mean is from the programs' documentation.

use super::*;

fn parse(text: &str) -> Result<PointTable, FormatError> {
    PointTable::parse(Path::new("a.csv"), text.as_bytes().to_vec())
}

/// Frame, plane, row and column in pixels of half a micrometre.
fn places(text: &str) -> Vec<(u32, Option<u32>, f64, f64)> {
    let table = parse(text).unwrap();
    let place = |p: &PointRow| {
        let [y, x] = table.scale.to_pixels([p.y, p.x], [Some(0.5), Some(0.5)]).unwrap();
        (p.frame, p.z, y, x)
    };
    table.points.iter().map(place).collect()
}

#[test]
fn each_program_is_understood() {
    let one = [(3, None, 20.0, 10.0)];
    let tables = [
        ("ours", "frame,y,x\n3,20,10\n"),
        ("napari", "index,axis-0,axis-1,axis-2\n0,3.0,20.0,10.0\n"),
        ("scikit-image", "label,centroid-0,centroid-1,area,frame\n1,20.0,10.0,81,3\n"),
        (
            "TrackMate",
            "LABEL,ID,TRACK_ID,QUALITY,POSITION_X,POSITION_Y,POSITION_Z,POSITION_T,FRAME,RADIUS\n\
             Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,Radius\n\
             Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,R\n\
             ,,,(quality),(micron),(micron),(micron),(sec),,(micron)\n\
             ID7,7,0,1.5,5.0,10.0,0.0,30.0,3,2.5\n",
        ),
        (
            "TrackMate, pixels",
            "LABEL,POSITION_X,POSITION_Y,FRAME\nLabel,X,Y,Frame\nLabel,X,Y,Frame\n,(pixel),(pixel),\nID7,10,20,3\n",
        ),
        (
            "TrackMate, no size of pixels",
            "LABEL,POSITION_X,POSITION_Y,FRAME\nLabel,X,Y,Frame\nLabel,X,Y,Frame\n,( ),( ),\nID7,5,10,3\n",
        ),
        ("TrackMate's older", " ,Label,ID,POSITION_X,POSITION_Y,FRAME\n1,ID7,7,5.0,10.0,3\n"),
        ("ImageJ", " ,Area,Mean,X,Y,Slice\n1,40.5,17,5.25,10.25,4\n"),
        ("Cell Counter", "Type,Slice,X,Y,Value\n2,4,10,20,117\n"),
    ];
    for (program, text) in tables {
        assert_eq!(places(text), one, "{program}");
    }
}

#[test]
fn still_pictures_have_no_frame() {
    let one = [(0, None, 20.0, 10.0)];
    let tables = [
        (
            "CellProfiler",
            "ImageNumber,ObjectNumber,AreaShape_Area,Location_Center_X,Location_Center_Y\n1,1,80,10,20\n",
        ),
        (
            "CellProfiler without the module for places",
            "ImageNumber,AreaShape_Center_X,AreaShape_Center_Y\n1,10,20\n",
        ),
        ("QuPath", "Image\tClassification\tCentroid X µm\tCentroid Y µm\na.tif\tTumor\t5.25\t10.25\n"),
        (
            "QuPath without pixel size",
            "Image\tClass\tCentroid X px\tCentroid Y px\na.tif\tTumor\t10.5\t20.5\n",
        ),
        ("ImageJ, centre of mass", " ,Mean,XM,YM\n1,17,5.25,10.25\n"),
    ];
    for (program, text) in tables {
        assert_eq!(places(text), one, "{program}");
    }
}

#[test]
fn planes_are_the_nearest() {
    assert_eq!(places("label,centroid-0,centroid-1,centroid-2\n1,3.6,20,10\n"), [(0, Some(4), 20.0, 10.0)]);
    assert_eq!(places("axis-0,axis-1,axis-2,axis-3\n2,4,20,10\n"), [(2, Some(4), 20.0, 10.0)]);
    assert_eq!(places(" ,X,Y,Frame,Slice\n1,5.25,10.25,3,5\n"), [(2, Some(4), 20.0, 10.0)]);
}

#[test]
fn classes_images_and_wells_have_many_names() {
    let qupath = parse("Image,Classification,Centroid X px,Centroid Y px\na.tif,Tumor,1,2\n").unwrap();
    assert_eq!((qupath.image(0), qupath.class(0)), (Some("a.tif".into()), Some("Tumor".into())));
    let profiler = "ImageNumber,Metadata_Plate,Metadata_Well,Metadata_Site,Location_Center_X,Location_Center_Y\n\
                    1,P1,B02,3,10,20\n2,P1,B03,3,10,20\n";
    assert_eq!(parse(profiler).unwrap().place(1), ["P1", "B03", "3"].map(|v| Some(v.to_owned())));
    let ours = parse("source,class,class_name,y,x\na.tif,0,Interphase,1,2\n").unwrap();
    assert_eq!((ours.image(0), ours.class(0)), (Some("a.tif".into()), Some("Interphase".into())));
}

#[test]
fn the_unit_of_the_image_is_the_micrometre_when_it_has_one() {
    let table = parse(" ,X,Y\n1,5.5,10.5\n").unwrap();
    assert_eq!(table.scale.to_pixels([10.5, 5.5], [None, None]), Some([10.0, 5.0]));
    let microns = PointScale { unit: PointUnit::Micron, ..table.scale };
    assert_eq!(microns.to_pixels([10.5, 5.5], [None, None]), None);
}

#[test]
fn what_says_no_place_is_refused() {
    let said = |text: &str| parse(text).unwrap_err().to_string();
    assert!(said("a,b\n1,2\n").contains("found a, b"));
    assert!(said("y,x\n1,\n").contains("column \"x\", row 1"));
    assert!(said("y,x\n1,NaN\n").contains("a number"));
    assert!(said("y,x,frame\n1,2,0.5\n").contains("a whole number from 0 as frame, found 0.5"));
    assert!(said(" ,X,Y,Slice\n1,2,3,0\n").contains("a whole number from 0 as Slice, found -1"));
    assert!(said("ImageNumber,Location_Center_X,Location_Center_Y\n1,2,3\n2,2,3\n").contains("ImageNumber"));
    let inch = "POSITION_X,POSITION_Y,FRAME\nX,Y,F\nX,Y,F\n(inch),(inch),\n1,2,3\n";
    assert!(said(inch).contains("expected (pixel) or (micron), found (inch)"), "{}", said(inch));
}
