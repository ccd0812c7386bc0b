//! Plate maps of real screens, and of every kind with its mistakes.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use formats::plate_map::{PlateMap, Role, RoleNames, Well, measurements};
use formats::table::Table;

fn screens(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/screens").join(name);
    assert!(path.exists(), "{}: expected the data sets beside the project", path.display());
    path
}

fn well(text: &str) -> Well {
    text.parse().unwrap()
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("map.csv");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

fn read(text: &str) -> Result<PlateMap, String> {
    let (_dir, path) = written(text);
    PlateMap::read(&path, &RoleNames::default()).map_err(|e| e.to_string())
}

#[test]
fn a_drug_screen_is_joined_completely_though_its_plates_are_spelt_otherwise() {
    let folder = screens("senescence_gbm/E31_drug_discovery");
    let map = PlateMap::read(&folder.join("GCGR-Lpc-Metadata.csv"), &RoleNames::default()).unwrap();
    assert_eq!((map.plates.len(), map.shape()), (48, (16, 24)));
    let content = map.content("E31L458-0.5", well("A03")).unwrap();
    assert_eq!(
        (content.role, content.compound.as_deref()),
        (Role::Sample, Some("DL-alpha-Methyl-p-tyrosine"))
    );
    let amount = content.concentration.clone().unwrap();
    assert!((amount.value - 0.5).abs() < 1e-6 && amount.unit == "uM");
    assert_eq!(map.content("E31L458-3", well("A01")).unwrap().role, Role::Negative);

    let scores = Table::read(&folder.join("E31_senscore_LOPAC.csv")).unwrap();
    let text = |name: &str, row| scores.column(name).unwrap().text_at(row).unwrap();
    let mut measured: BTreeMap<String, BTreeSet<Well>> = BTreeMap::new();
    for row in 0..scores.n_rows() {
        measured
            .entry(text("Metadata_platename", row))
            .or_default()
            .insert(well(&text("Metadata_well", row)));
    }
    let found = map.join(&measured);
    assert_eq!((found.plates.len(), found.lost.clone()), (8, Default::default()));
    assert_eq!(found.respelt.len(), 4);
    assert_eq!(found.plates["E31L458-0-5"], "E31L458-0.5");
    let twice = measured.clone().into_iter().chain([("E31L458_0_5".to_owned(), BTreeSet::new())]).collect();
    let found = map.join(&twice);
    assert_eq!(found.lost.plates.len(), 2, "two that are alike are nobody's guess");
    assert_eq!(found.lost.plates[0].2.as_deref(), Some("E31L458-0.5"));
}

#[test]
fn a_viability_screen_is_read_with_its_wildcards_and_log() {
    let folder = screens("cellHTS2/inst/KcViab");
    let map = PlateMap::read(&folder, &RoleNames::default()).unwrap();
    assert_eq!((map.plates.len(), map.layouts.len(), map.flagged.len()), (114, 57, 48));
    assert_eq!(map.plates["FT06-G02"].replicate.as_deref(), Some("2"));
    let role = |text| map.content("FT57-G01", well(text)).unwrap().role;
    assert_eq!(
        ["A01", "A02", "A03", "B01", "B02"].map(role),
        [Role::Other, Role::Other, Role::Sample, Role::Negative, Role::Positive]
    );
    assert_eq!(map.flagged[&("FT06-G01".to_owned(), well("A24"))], "Contamination");
    let values = measurements(&folder).unwrap().unwrap().values;
    assert_eq!(values.len(), 114 * 384);
    assert_eq!((values[1].well, values[1].value), (well("A02"), Some(958_308.0)));
}

#[test]
fn contents_that_are_no_roles_are_what_the_user_says() {
    let folder = screens("cellHTS2/inst/TwoWayAssay");
    let names = RoleNames { positive: vec!["aatk".into()], ..RoleNames::default() };
    let map = PlateMap::read(&folder, &names).unwrap();
    let plate = map.plates.keys().next().unwrap().clone();
    let role = |text| map.content(&plate, well(text)).unwrap().role;
    assert_eq!(
        ["A01", "H02", "D02", "C01", "B01", "B02", "A05"].map(role),
        [
            Role::Negative,
            Role::Negative,
            Role::Negative,
            Role::Positive,
            Role::Other,
            Role::Empty,
            Role::Sample
        ]
    );
}

#[test]
fn tidy_tables_say_what_they_know() {
    let map = read("Well,Compound,Dose,Unit,Donor\nA1,DMSO,,,d1\nr1c2,drug,100,nM,d2\nB1,,,,\n").unwrap();
    assert!(map.plates.is_empty());
    let content = map.content("any plate", well("A02")).unwrap();
    assert_eq!(content.concentration.clone().map(|c| (c.value, c.unit)), Some((0.1, "uM".into())));
    assert_eq!(content.donor.as_deref(), Some("d2"));
    assert_eq!(map.content("any plate", well("B1")).unwrap().role, Role::Empty);
    let by_numbers = read("row\tcolumn\trole\nB\t3\tneg\n2\t4\tpos\n").unwrap();
    assert_eq!(by_numbers.content("", well("B03")).unwrap().role, Role::Negative);
    assert_eq!(by_numbers.content("", well("B04")).unwrap().role, Role::Positive);
}

#[test]
fn grids_lie_one_below_the_other() {
    let map = read("compound,1,2,3\nA,DMSO,drug,neg\nB,drug,,\n\nconcentration (uM),1,2,3\nA,,1,\nB,10,,\n")
        .unwrap();
    let of = |text| map.content("p", well(text)).unwrap().clone();
    assert_eq!(of("A02").concentration.map(|c| c.value), Some(1.0));
    assert_eq!(
        (of("B01").compound.as_deref(), of("B01").concentration.map(|c| c.value)),
        (Some("drug"), Some(10.0))
    );
    assert_eq!([of("A03").role, of("B02").role], [Role::Negative, Role::Empty]);
}

#[test]
fn barcodes_point_to_layouts() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("platemap")).unwrap();
    std::fs::write(
        dir.path().join("barcode_platemap.csv"),
        "Assay_Plate_Barcode,Plate_Map_Name\nBR1,C-1\nBR2,C-1\n",
    )
    .unwrap();
    let layout =
        "plate_map_name\twell_position\tbroad_sample\tmmoles_per_liter\nC-1\tA01\tBRD-K1\t5\nC-1\tA02\t\t\n";
    std::fs::write(dir.path().join("platemap/C-1.txt"), layout).unwrap();
    let map = PlateMap::read(dir.path(), &RoleNames::default()).unwrap();
    assert_eq!(map.plates["BR2"].layout, "C-1");
    assert_eq!(
        map.content("BR1", well("A01")).unwrap().concentration.as_ref().map(|c| c.value),
        Some(5000.0)
    );
    assert_eq!(map.content("BR2", well("A02")).unwrap().role, Role::Negative);
    let outside = "Assay_Plate_Barcode,Plate_Map_Name\nBR1,../C-1\n";
    std::fs::write(dir.path().join("barcode_platemap.csv"), outside).unwrap();
    let refused = PlateMap::read(dir.path(), &RoleNames::default()).unwrap_err().to_string();
    assert!(refused.contains("row 2, column \"Plate_Map_Name\""), "{refused}");
}

#[test]
fn all_mistakes_are_told_at_once_with_their_place() {
    let refused =
        read("well,role,concentration\nA1,sample,1\nA01,negative,\nZ99,sample,2\nB2,maybe,-3\n").unwrap_err();
    for part in [
        "4 in it",
        "row 3, column \"well\": expected each well once, found A01 twice",
        "row 4, column \"well\": expected a well from A01 to AF48, or r1c1, found \"Z99\"",
        "row 5, column \"role\"",
        "row 5, column \"concentration\"",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(read("plate,role\np,neg\n").unwrap_err().contains("a column well"));
    assert!(read("well\n").unwrap_err().contains("at least one well"));
    assert!(read("\0").is_err() && read("").is_err());
}

/// A file with these bytes in a folder of its own.
fn bytes(bytes: &[u8]) -> PlateMap {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("map.csv");
    std::fs::write(&path, bytes).unwrap();
    PlateMap::read(&path, &RoleNames::default()).unwrap()
}

#[test]
fn tables_are_read_as_spreadsheets_save_them() {
    let expected = read("well,compound,concentration\nA01,Tozasertib,0.5 µM\nA02,,\n").unwrap();
    assert_eq!(expected.content("P1", well("A01")).unwrap().concentration.clone().unwrap().unit, "uM");
    let text = "well;compound;concentration\r\nA01;Tozasertib;0,5 µM\r\nA02;;\r\n";
    let tabs = text.replace(';', "\t");
    let sixteen = |pair: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(tabs.encode_utf16()).flat_map(pair).collect::<Vec<u8>>()
    };
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for found in [
        bytes(text.as_bytes()),
        bytes(&[b"\xef\xbb\xbf", text.as_bytes()].concat()),
        bytes(&latin),
        bytes(&sixteen(u16::to_le_bytes)),
        bytes(&sixteen(u16::to_be_bytes)),
        bytes(format!("sep=;\r\n{text}").as_bytes()),
        bytes(text.replace(";;", ";NA;NA").as_bytes()),
    ] {
        assert_eq!(found, expected);
    }
}

/// As R's plater keeps them: what was measured lies in a grid below what was in the wells.
#[test]
fn a_grid_of_something_else_is_left_out() {
    let map = read("Drug,1,2\nA,DrugA,\n\nConcentration uM,1,2\nA,3,NA\n\nKilling,1,2\nA,98,95\n").unwrap();
    let content = map.content("P", well("A1")).unwrap();
    assert_eq!(
        (content.compound.as_deref(), content.concentration.clone().unwrap().value),
        (Some("DrugA"), 3.0)
    );
    assert_eq!(map.content("P", well("A2")).unwrap().role, Role::Empty);
    // One of a name that says nothing holds the compounds; twice it would be two plates.
    assert_eq!(
        read("layout 3,1,2\nA,x,y\n").unwrap().content("P", well("A2")).unwrap().compound.as_deref(),
        Some("y")
    );
    assert!(read("values,1,2\nA,x,y\nvalues,1,2\nA,x,y\n").unwrap_err().contains("one grid of a kind"));
}

/// The first version of cellHTS lists every well and knows batches of plates.
#[test]
fn the_first_version_of_cellhts() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let refused = PlateMap::read(dir.path(), &RoleNames::default()).unwrap_err().to_string();
    assert!(refused.contains("Platelist.txt") && refused.contains("a folder with neither"), "{refused}");
    let list = "Filename\tPlate\tReplicate\tBatch\nA.txt\t1\t1\t1\nB.txt\t2\t1\t2\nC.txt\t3\t1\t2\n";
    write("Platelist.txt", list);
    let conf = "Batch\tWell\tContent\n1\tA01\tneg\n1\tP24\tsample\n2\tA01\tpos\n2\tP24\tgeneA\n";
    write("Plateconf.txt", conf);
    let map = PlateMap::read(dir.path(), &RoleNames::default()).unwrap();
    let role = |plate: &str, place: &str| map.content(plate, well(place)).unwrap().role;
    assert_eq!(
        (role("A", "A01"), role("B", "A01"), role("C", "A01")),
        (Role::Negative, Role::Positive, Role::Positive)
    );
    assert_eq!((role("A", "P24"), role("C", "P24"), map.shape()), (Role::Sample, Role::Other, (16, 24)));
    write("Plateconf.txt", &conf.replace("P24", "*"));
    let refused = PlateMap::read(dir.path(), &RoleNames::default()).unwrap_err().to_string();
    assert!(refused.contains("Wells:"), "{refused}");
}

/// The values that the importers beside the files take (`importData.R`; `getEnVisionCrosstalkCorrectedData` of cellHTS2), read off them.
#[test]
fn plate_readers_write_grids_between_other_lines() {
    let fusion = measurements(&screens("cellHTS2/inst/TwoWayAssay")).unwrap().unwrap();
    assert_eq!((fusion.values.len(), fusion.notes.len()), (2 * 96, 0));
    let value = |place| fusion.values.iter().find(|m| m.well == well(place)).unwrap().value;
    assert_eq!(["A01", "A12", "F02", "H12"].map(value), [1919.0, 1269.0, 4550.0, 1487.0].map(Some));

    let envision = measurements(&screens("cellHTS2/inst/EnVisionExample")).unwrap().unwrap();
    assert_eq!(envision.values.len(), 384);
    assert_eq!(envision.values[0].value, Some(28_817_900.0), "corrected for crosstalk");
    assert_eq!((envision.values[383].well, envision.values[383].value.is_some()), (well("P24"), true));
    assert_eq!(envision.notes, ["XXX_1500.csv: the first of 2 grids was taken"]);

    let refused = PlateMap::read(&screens("cellHTS2/inst/EnVisionExample"), &RoleNames::default());
    assert!(refused.unwrap_err().to_string().contains("Plateconf.txt"));
}

/// `n_rows` lines of `n_columns` values, of which `value` says each by row and column from 0.
fn bare(n_rows: usize, n_columns: usize, value: impl Fn(usize, usize) -> String) -> String {
    let line = |row| (0..n_columns).map(|column| value(row, column)).collect::<Vec<String>>().join(";");
    (0..n_rows).map(|row| line(row) + "\r\n").collect()
}

#[test]
fn a_grid_needs_no_names_where_it_has_as_many_rows_and_columns_as_a_plate() {
    for (n_rows, n_columns) in [(4, 6), (6, 8), (8, 12), (16, 24), (32, 48)] {
        let what = |row: usize, column: usize| match (row, column) {
            (0, 0) => "neg".to_owned(),
            (0, _) => String::new(),
            _ => format!("drug{row}/{column}"),
        };
        let (letters, numbers) = (
            bare(n_rows, n_columns, what)
                .lines()
                .enumerate()
                .map(|(i, line)| format!("{};{line}\n", Well::row_name(i)))
                .collect::<String>(),
            format!("{}{}", bare(1, n_columns, |_, c| (c + 1).to_string()), bare(n_rows, n_columns, what)),
        );
        for text in [bare(n_rows, n_columns, what), letters, numbers] {
            let map = read(&text).unwrap();
            assert_eq!(map.layouts[""].len(), n_rows * n_columns);
            let content = |row, column| map.content("P", Well { row, column }).unwrap();
            assert_eq!((content(0, 0).role, content(0, 1).role), (Role::Negative, Role::Empty));
            let last = content(n_rows - 1, n_columns - 1);
            let expected = format!("drug{}/{}", n_rows - 1, n_columns - 1);
            assert_eq!((last.role, last.compound.as_deref()), (Role::Sample, Some(expected.as_str())));
        }
        let refused = read(&bare(n_rows - 1, n_columns, what)).unwrap_err();
        assert!(refused.contains("rows and columns"), "{refused}");
        assert!(read(&bare(n_rows, n_columns + 1, what)).is_err());
        assert!(read(&bare(n_rows, n_columns, |row, _| row.to_string())).is_err(), "numbers say nothing");
        let table = bare(n_rows, n_columns, |row, column| match (row, column) {
            (0, 0) => "compound".to_owned(),
            _ => what(row, column),
        });
        assert!(read(&table).unwrap_err().contains("a column well"), "a table with a header is none");
    }
}

/// German numbers: semicolons between values, commas in them.
#[test]
fn measured_grids_need_no_names_either() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("Platelist.txt", "Filename\tPlate\tReplicate\nA.csv\t1\t1\n");
    write("A.csv", &bare(8, 12, |row, column| format!("{row},{column}5")));
    let found = measurements(dir.path()).unwrap().unwrap();
    assert_eq!(
        (found.values.len(), found.values[95].well, found.values[95].value),
        (96, well("H12"), Some(7.115))
    );
    write("A.csv", &bare(8, 12, |row, column| if row + column == 0 { "high".into() } else { "NA".into() }));
    let refused = measurements(dir.path()).unwrap().unwrap_err().to_string();
    assert!(refused.contains("row 1, well A01: expected a number or NA, found \"high\""), "{refused}");
}
