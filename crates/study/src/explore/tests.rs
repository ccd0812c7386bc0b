use std::path::PathBuf;

use cells::{Cell, CellSet, CropShape, Depth, Fact, Pixels};
use formats::crops;

use super::*;
use crate::Silent;
use crate::embed::{EmbedRequest, Of, Tile, Umap, embed_features};
use crate::train::{Judge, TrainRequest, train};

const N: usize = 40;

/// A crop set of two classes, and the map of its features.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        crops::write(&bench.path("cells.crops"), &set()).unwrap();
        bench.map(0);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Maps the cells by two features.
    fn map(&self, seed: u64) {
        let mut csv = "name,source,label,prediction,plate,well,cluster,f1,f2\n".to_owned();
        for (i, cell) in set().cells.iter().enumerate() {
            let (label, other) = (["round", "long"][i % 2], ["long", "torn"][i % 2]);
            let prediction = if i < 4 { other } else { label };
            let well = ["A01", "B02", "H12", "none"][i / 10];
            csv += &format!(
                "{},{},{label},{prediction},P{},{well},{},{}.5,{}.25\n",
                cell.name,
                cell.source,
                i % 3,
                i % 4,
                i,
                10 * (i % 2)
            );
        }
        std::fs::write(self.path("features.csv"), csv).unwrap();
        let request = EmbedRequest {
            of: Of::Features,
            umap: Umap { n_neighbors: 5, n_epochs: Some(20), seed, ..Umap::default() },
            bins: 4,
            tile: Tile::Mean,
            onto: None,
            cells: None,
            h5ad: false,
            output: self.path("map"),
        };
        embed_features(&self.path("features.csv"), &request, &Silent).unwrap();
    }

    fn open(&self) -> Exploring {
        let cells = Some(Request { sources: vec![self.path("cells.crops")], ..Request::default() });
        Exploring::open(&self.request(cells)).unwrap()
    }

    fn request(&self, cells: Option<Request>) -> ExploreRequest {
        ExploreRequest {
            folder: self.path("map"),
            cells,
            study: self.path("map.study"),
            labeller: "Anna".into(),
        }
    }
}

/// 16-bit crops; every second one is bright.
fn set() -> CellSet {
    let shape = CropShape { h: 20, w: 18, c: 1 };
    let cell = |i: usize| Cell {
        name: format!("cell {i}"),
        group: format!("movie {}", i / 4),
        source: "made".into(),
        facts: vec![("area".into(), Fact::Int(Some(i as i64)))],
        ..Cell::default()
    };
    let value = |at: usize| {
        let cell = at / shape.len();
        (300 + 40_000 * (cell % 2) + at % 97 + cell) as u16
    };
    CellSet {
        shape,
        pixels: Pixels::Uint16((0..N * shape.len()).map(value).collect()),
        cells: (0..N).map(cell).collect(),
        classes: Vec::new(),
        channels: vec!["DNA".into()],
        provenance: serde_json::json!({ "made_by": "a test" }),
    }
}

fn uuid(n: u32) -> String {
    format!("6a0d7c1e-0000-4000-8000-{n:012}")
}

fn relabel(
    map: &Exploring,
    gesture: u32,
    cells: &[u32],
    class: Option<&str>,
) -> Result<Relabelled, LabelError> {
    let classes = Classes::All(class.map(str::to_owned));
    map.relabel(&Relabel { cells: cells.to_vec(), classes, gesture: uuid(gesture) }, "Anna")
}

#[test]
fn columns_have_kinds_and_classes_share_their_levels() {
    let bench = Bench::new();
    let map = bench.open();
    let facts = map.facts();
    assert_eq!((facts.name.as_str(), facts.cells), ("map", N));
    assert_eq!((facts.label, facts.prediction), (Some("label"), Some("prediction")));
    let kind = |name: &str| facts.columns.iter().find(|c| c.name == name).map(|c| c.kind);
    for (name, expected) in [
        ("name", ColumnKind::Text),
        ("source", ColumnKind::Class),
        ("label", ColumnKind::Class),
        ("prediction", ColumnKind::Class),
        ("cluster", ColumnKind::Class),
        ("outlier", ColumnKind::Number),
        ("umap_1", ColumnKind::Number),
    ] {
        assert_eq!(kind(name), Some(expected), "{name}");
    }
    for name in ["label", "prediction"] {
        let column = facts.columns.iter().find(|c| c.name == name).unwrap();
        assert_eq!(column.levels.as_deref().unwrap(), ["long", "round", "torn"]);
        assert_eq!(column.colors.as_ref().unwrap()[0], "#0072b2");
    }
    let ColumnValues::Codes(codes) = map.column("prediction").unwrap() else { panic!("codes") };
    assert_eq!(codes[..6], [0, 2, 0, 2, 1, 0]);
    let ColumnValues::Texts(names) = map.column("name").unwrap() else { panic!("texts") };
    assert_eq!(names[7].as_deref(), Some("cell 7"));
    assert!(matches!(map.column("nothing"), Err(LabelError::Unknown { .. })));
    assert_eq!(map.cell(7).unwrap()["label"], "long");
    assert!(matches!(map.cell(N as u32), Err(LabelError::Unknown { .. })));
    let plate = facts.plate.as_ref().unwrap();
    assert_eq!((plate.rows, plate.columns, plate.plates.len()), (8, 12, 3));
    assert_eq!(plate.places, [Some([0, 0]), Some([1, 1]), Some([7, 11]), None]);
}

#[test]
fn neighbours_are_exact_and_pictures_are_those_of_the_cells() {
    let bench = Bench::new();
    let map = bench.open();
    // Features (i + 0.5, 10 (i mod 2) + 0.25).
    let near = map.neighbours(10, 4).unwrap();
    assert_eq!(near, Near { cells: vec![8, 12, 6, 14], distances: vec![2.0, 2.0, 4.0, 4.0] });
    assert!(map.neighbours(0, 0).is_err() && map.neighbours(0, 201).is_err());
    assert_eq!(map.neighbours(0, 200).unwrap().cells.len(), N - 1);
    let picture = map.facts().picture.unwrap();
    assert_eq!((picture.height, picture.width, picture.channels), (20, 18, 1));
    let two = map.pictures(&[3, 2]).unwrap();
    let (bright, dark) = two.split_at(20 * 18);
    assert!(bright.iter().all(|v| *v > 200) && dark.iter().all(|v| *v < 50));
    assert!(map.pictures(&[0; 257]).is_err() && map.pictures(&[40]).is_err());
}

#[test]
fn new_labels_outlive_the_program_and_the_map() {
    let bench = Bench::new();
    let map = bench.open();
    let first = relabel(&map, 1, &[5, 3], Some("torn")).unwrap();
    assert!(first.refused.is_empty());
    assert_eq!(relabel(&map, 1, &[5, 3], Some("torn")).unwrap(), first, "sent again");
    relabel(&map, 2, &[3], Some("new kind")).unwrap();
    relabel(&map, 3, &[5], None).unwrap();
    relabel(&map, 4, &[9], None).unwrap();
    let undo = Relabel {
        cells: vec![3, 9],
        classes: Classes::Each(vec![Some("torn".into()), Some("long".into())]),
        gesture: uuid(5),
    };
    map.relabel(&undo, "Ben").unwrap();
    let labels = map.relabels().unwrap();
    assert_eq!((labels.cells.as_slice(), labels.class.join(" ").as_str()), (&[3, 9][..], "torn long"));
    let colors: Vec<&str> = labels.classes.iter().map(|class| class.color.as_str()).collect();
    // As the columns have them: long, torn, then what is new.
    assert_eq!(colors, ["#0072b2", "#009e73", "#cc79a7"]);
    for (cells, class) in [
        (&[][..], Some("a")),
        (&[40], Some("a")),
        (&[1, 1], Some("a")),
        (&[1], Some("../a")),
        (&[1], Some("")),
    ] {
        assert!(relabel(&map, 9, cells, class).is_err(), "{cells:?} {class:?}");
    }
    assert_eq!(map.relabels().unwrap(), labels);
    drop(map);
    bench.map(1);
    let again = bench.open();
    assert_eq!(again.relabels().unwrap(), labels);
    let store = again.labelling().store();
    store.check().unwrap();
    let kept = store.labels().unwrap();
    for id in kept.cells.iter().map(|cell| &cell.id).chain(kept.classes.iter().map(|class| &class.id)) {
        // RFC 9562: version 8, made from other data, and the variant.
        assert!(id.as_bytes()[14] == b'8' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
    }
}

#[test]
fn relabelled_cells_are_exported_as_they_are_and_can_be_learned_from() {
    let bench = Bench::new();
    let map = bench.open();
    relabel(&map, 1, &[0, 2], Some("torn")).unwrap();
    let csv = map.exported(ExploreFormat::Csv, Some(&[2, 1])).unwrap();
    let csv = String::from_utf8(csv.bytes).unwrap();
    let ends: Vec<&str> = csv.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(ends, ["relabel", "torn", ""]);
    assert!(csv.lines().nth(1).unwrap().starts_with("cell 2,"), "{csv}");
    let file = map.exported(ExploreFormat::Crops, None).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(file.bytes)).unwrap();
    zip.extract(bench.path("out")).unwrap();
    let exported = crops::read(&bench.path("out/cells.crops")).unwrap();
    assert_eq!((exported.pixels.depth(), &exported.pixels), (Depth::Uint16, &set().pixels));
    let class = |i: usize| exported.classes[exported.cells[i].class.unwrap()].as_str();
    assert_eq!([class(0), class(1), class(2), class(4)], ["torn", "long", "torn", "round"]);
    assert_eq!(
        (&exported.cells[4].group, &exported.cells[4].facts),
        (&set().cells[4].group, &set().cells[4].facts)
    );
    let data =
        Request { sources: vec![bench.path("out/cells.crops")], ..Request::default() }.open(&Silent).unwrap();
    let small =
        "epochs = 1\nbatch = 16\nvalidation = 0.0\nnetwork = { kind = \"residual\", filters = [4] }\n";
    let settings = crate::TrainSettings::from_toml(small).unwrap();
    let request = TrainRequest {
        settings,
        judge: Judge::Validation,
        output: bench.path("m.safetensors"),
        start: None,
        resume: false,
        tensorboard: None,
    };
    train(&data, &request, &Silent).unwrap();
    assert!(map.exported(ExploreFormat::Crops, Some(&[])).is_err());
    assert!(
        map.exported(ExploreFormat::Csv, Some(&[1, 2, 1])).err().unwrap().to_string().contains("1 twice")
    );
}

#[test]
fn cells_that_are_not_those_of_the_map_are_refused_and_gone_ones_are_said() {
    let bench = Bench::new();
    let without = Exploring::open(&bench.request(None)).unwrap();
    assert!(without.facts().picture.is_none() && without.notes()[0].contains("pictures"));
    assert!(matches!(without.pictures(&[0]), Err(LabelError::Unknown { .. })));
    let mut other = set();
    other.cells.swap(2, 3);
    crops::write(&bench.path("other.crops"), &other).unwrap();
    let cells = |name: &str| Some(Request { sources: vec![bench.path(name)], ..Request::default() });
    let error = Exploring::open(&bench.request(cells("other.crops"))).err().unwrap().to_string();
    assert!(error.contains("cell 3") && error.contains("cell 2"), "{error}");
    assert!(Exploring::open(&bench.request(cells("nowhere.crops"))).is_err());
    std::fs::write(bench.path("map/cells.csv"), "name,umap_1\na,1.5\n").unwrap();
    assert!(Exploring::open(&bench.request(None)).err().unwrap().to_string().contains("umap_2"));
}
