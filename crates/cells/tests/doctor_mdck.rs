//! The doctor on annotated nuclei of a published workflow, whose faults are known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use cells::doctor::{DoctorSettings, Rule, Severity, examine, same_cells};
use cells::{Cell, CellSet, CropShape, Pixels};
use tiff::decoder::{Decoder, DecodingResult};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/mdck_annotator");

/// What is known of a patch: `group` numbers cells, below 0 when not known; `no_cell` when it shows none.
struct Truth {
    group: i64,
    no_cell: bool,
}

/// The 241 different patches with what is known of them.
fn patches() -> (CellSet, Vec<Truth>) {
    let table = format!("{DATA}/unique_patches.csv");
    let table =
        std::fs::read_to_string(&table).unwrap_or_else(|e| panic!("the data must be at {table}: {e}"));
    let mut truth: BTreeMap<String, Truth> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let (_, member) = f[0].rsplit_once("__").expect("<Class>/<zip>__<member>");
        let known = Truth { group: f[7].parse().expect("a number"), no_cell: f[6] == "1" };
        truth.insert(format!("{}/{member}", f[1]), known);
    }
    let classes = ["Interphase", "Prometaphase", "Metaphase", "Anaphase", "Apoptosis"];
    let (mut pixels, mut cells, mut known) = (Vec::new(), Vec::new(), Vec::new());
    let mut zips: Vec<_> =
        std::fs::read_dir(DATA).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    zips.retain(|path| path.extension().is_some_and(|e| e == "zip"));
    zips.sort();
    for path in zips {
        let mut zip = zip::ZipArchive::new(std::fs::File::open(path).expect("a file")).expect("a zip");
        for i in 0..zip.len() {
            let mut member = zip.by_index(i).expect("a member");
            let name = member.name().expect("a name").into_owned();
            let Some(facts) = truth.remove(&name) else { continue };
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).expect("bytes");
            let mut decoder = Decoder::new(Cursor::new(bytes)).expect("a TIFF");
            let DecodingResult::U8(patch) = decoder.read_image().expect("pixels") else {
                panic!("not 8-bit")
            };
            pixels.extend(patch);
            let class = classes.iter().position(|class| name.starts_with(&format!("{class}/")));
            cells.push(Cell { group: name.clone(), name, class, ..Cell::default() });
            known.push(facts);
        }
    }
    let set = CellSet {
        shape: CropShape { h: 64, w: 64, c: 1 },
        pixels: Pixels::Uint8(pixels),
        cells,
        classes: classes.map(String::from).to_vec(),
        channels: vec!["H2B-GFP".into()],
        provenance: serde_json::Value::Null,
    };
    (set, known)
}

#[test]
fn known_faults_are_found_and_no_others() {
    let (set, truth) = patches();
    assert_eq!(set.len(), 241);
    let findings = examine(&set, &DoctorSettings::default());
    let of =
        |rule| findings.iter().find(|f| f.rule == rule).unwrap_or_else(|| panic!("{rule:?} is not found"));

    let empty: Vec<usize> = (0..set.len()).filter(|&i| truth[i].no_cell).collect();
    assert_eq!(of(Rule::Empty).cells, empty);
    assert_eq!(of(Rule::Empty).severity, Severity::Problem);
    assert!(
        of(Rule::Empty).summary.contains("35 of the 37 cells of class Apoptosis"),
        "{}",
        of(Rule::Empty).summary
    );

    let flagged: Vec<usize> =
        (0..set.len()).filter(|&i| set.cells[i].name.ends_with("_flagged.tif")).collect();
    assert_eq!(of(Rule::Border).cells, flagged);

    let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for i in (0..set.len()).filter(|&i| truth[i].group >= 0 && !truth[i].no_cell) {
        groups.entry(truth[i].group).or_default().push(i);
    }
    let expected: BTreeSet<Vec<usize>> = groups.into_values().filter(|g| g.len() > 1).collect();
    assert_eq!(same_cells(&set).into_iter().collect::<BTreeSet<_>>(), expected);

    let classes = |g: &Vec<usize>| g.iter().map(|&i| set.cells[i].class).collect::<BTreeSet<_>>().len();
    let mut contradictory: Vec<usize> =
        expected.iter().filter(|g| classes(g) > 1).flatten().copied().collect();
    contradictory.sort_unstable();
    assert_eq!(contradictory.len(), 4);
    assert_eq!(of(Rule::TwoClasses).cells, contradictory);

    let spoken: BTreeSet<Rule> = findings.iter().map(|f| f.rule).collect();
    assert_eq!(spoken, [Rule::TwoClasses, Rule::Empty, Rule::Border, Rule::ShiftedDuplicate].into());
}
