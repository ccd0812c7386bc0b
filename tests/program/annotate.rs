//! A study from outside: made by `annotate`, labelled by `import`, read by `export`.

use crate::crop::field;
use crate::server::Server;
use crate::support::Place;

/// A study of one image without labels.
fn study(place: &Place) {
    field(place, "field.png");
    let server = Server::start(place, &["annotate", "field.png", "--study", "f.study", "--no-open"]);
    assert!(server.get("/api/labels").starts_with("HTTP/1.1 200"));
    drop(server);
    // The server was killed: whoever opens the study next puts its last pages into place.
    place.write("none.csv", "y,x\n-9,-9\n");
    let done = place.run(&["import", "none.csv", "--study", "f.study"]).good();
    assert!(done.out.contains("0 added, 0 there already, 1 outside"), "{}", done.out);
}

#[test]
fn points_of_another_program_come_into_a_study_and_out_again() {
    let place = Place::new();
    study(&place);
    // Two spots of TrackMate, one of them outside of the image of 160 x 200 pixels.
    let table = "LABEL,POSITION_X,POSITION_Y,FRAME\nLabel,X,Y,Frame\nLabel,X,Y,Frame\n,(micron),(micron),\n\
                 ID7,25,20,0\nID8,150,20,0\n";
    place.write("spots.csv", table);
    let words = ["import", "spots.csv", "--study", "f.study"];
    place.refused(&words, &["spots.csv", "--micron"]);
    place.refused(&[&words[..], &["--micron", "0"]].concat(), &["micrometres", "found 0"]);
    let words = [&words[..], &["--micron", "0.5"]].concat();
    let done = place.run(&words).good();
    assert!(done.out.contains("1 added, 0 there already, 1 outside of the image"), "{}", done.out);
    let again = place.run(&words).good();
    assert!(again.out.contains("0 added, 1 there already"), "{}", again.out);
    place.run(&["export", "f.study", "--format", "csv", "-o", "out.csv"]).good();
    let csv = place.text("out.csv");
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let value =
        |name: &str| rows[0].iter().position(|head| *head == name).map(|at| rows[1][at].parse::<f64>());
    assert_eq!((value("y"), value("x")), (Some(Ok(40.0)), Some(Ok(50.0))), "{csv}");
    assert_eq!(rows.len(), 2, "{csv}");
}
