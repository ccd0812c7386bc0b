//! Tables as spreadsheets save them are the table that a comma-separated file holds.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use formats::table::Table;

const PLAIN: &str = "plate,well,p_a,n_cells,comment\nP1,A01,0.25,40,\"a, b; c\"\nP1,A02,1,50,\n";
const EXCEL: &str = "plate;well;p_a;n_cells;comment\r\nP1;A01;0,25;40;\"a, b; c\"\r\nP1;A02;1;50;\r\n";

fn read(bytes: &[u8]) -> Table {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cells.csv");
    std::fs::write(&path, bytes).unwrap();
    Table::read(&path).unwrap()
}

#[test]
fn every_way_to_save_a_table() {
    let expected = read(PLAIN.as_bytes());
    assert_eq!((expected.columns.len(), expected.n_rows()), (5, 2));
    let tabs = EXCEL.replace("b; c", "\u{1}").replace(';', "\t").replace('\u{1}', "b; c");
    let sixteen = |text: &str, unit: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect::<Vec<u8>>()
    };
    for (way, bytes) in [
        ("semicolons", EXCEL.as_bytes().to_vec()),
        ("with a mark", [b"\xef\xbb\xbf", EXCEL.as_bytes()].concat()),
        ("said", format!("sep=;\r\n{EXCEL}").into_bytes()),
        ("tabs", tabs.clone().into_bytes()),
        ("UTF-16", sixteen(&tabs, u16::to_le_bytes)),
        ("UTF-16, other order", sixteen(PLAIN, u16::to_be_bytes)),
    ] {
        assert_eq!(read(&bytes), expected, "{way}");
    }
}

/// Between commas a decimal comma cannot be told from two values.
#[test]
fn commas_between_values_are_no_decimal_commas() {
    let table = read(b"a,b\n\"0,5\",1\n\"0,7\",2\n");
    assert_eq!(table.column("a").unwrap().text_at(0).as_deref(), Some("0,5"));
}
