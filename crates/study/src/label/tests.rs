use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::Silent;
use crate::simulate::{Nuclei, nuclei};

/// A simulated movie with its clicks, and a study of it that has none yet.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut request = Nuclei { per_class: 12, ..Nuclei::default() };
        (request.movie.height, request.movie.width, request.movie.n_frames) = (256, 256, 12);
        request.movie.n_cells = 24;
        nuclei(&request, &folder.path().join("simulated"), &Silent).unwrap();
        Bench { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, study: &str) -> Arc<Labelling> {
        Arc::new(Labelling::open(&self.request(study)).unwrap())
    }

    fn request(&self, study: &str) -> LabelRequest {
        LabelRequest {
            images: vec![self.path("simulated/nuclei_0.tif")],
            folder: self.path(study),
            labeller: "Anna".into(),
            detect: AutoSettings::of(Modality::Fluorescence),
            model: None,
        }
    }

    /// The clicks laid on the movie.
    fn labelled(&self, study: &str) -> Arc<Labelling> {
        let labelling = self.open(study);
        let clicks = std::fs::read(self.path("simulated/nuclei_0_points.csv")).unwrap();
        let imported = lay(&labelling, &clicks);
        assert!(imported.added > 40 && imported.skipped < 5, "{imported:?}");
        labelling
    }
}

fn lay(labelling: &Labelling, bytes: &[u8]) -> Imported {
    let request =
        ImportRequest { image: 1, on_duplicate: OnDuplicate::Skip, by: "Anna".into(), name: "clicks".into() };
    labelling.import(&request, bytes).unwrap()
}

/// Frame, focal plane, row, column, class name; and with `all` also id and labeller.
fn content(labelling: &Labelling, all: bool) -> Vec<String> {
    let labels = labelling.labels().unwrap();
    let name = |id: &Option<String>| {
        let class = labels.classes.iter().find(|c| Some(&c.id) == id.as_ref());
        class.map(|c| c.name.clone()).unwrap_or_default()
    };
    let row = |cell: &StoredCell| {
        let more = if all { format!("{} {}", cell.id, cell.by) } else { String::new() };
        format!("{} {} {:?} {:?} {} {more}", cell.t, cell.z, cell.y, cell.x, name(&cell.class))
    };
    let mut rows: Vec<String> = labels.cells.iter().map(row).collect();
    rows.sort();
    rows
}

fn everything() -> Choice {
    Choice { flagged: true, ..Choice::default() }
}

#[test]
fn what_is_exported_and_imported_is_the_same() {
    let bench = Bench::new();
    let labelling = bench.labelled("a.study");
    for (name, format) in ExportFormat::ALL {
        if format == ExportFormat::Crops {
            continue;
        }
        let file = labelling.exported(format, &everything()).unwrap();
        let other = bench.open(&format!("{name}.study"));
        assert_eq!(lay(&other, &file.bytes).skipped, 0, "{name}");
        let all = format != ExportFormat::Annotation;
        assert_eq!(content(&other, all), content(&labelling, all), "{name}");
        assert_eq!(lay(&other, &file.bytes).added, 0, "{name}: all are there already");
    }
}

#[test]
fn points_in_micrometres_are_laid_by_the_size_of_the_pixels() {
    let bench = Bench::new();
    let labelling = bench.open("a.study");
    let um = labelling.images()[0].pixel_um.unwrap();
    let spot = |y: f64, x: f64| format!("ID{y},{},{},3\n", x * um, y * um);
    let head = "LABEL,POSITION_X,POSITION_Y,FRAME\n,X,Y,F\n,X,Y,F\n,(micron),(micron),\n";
    let spots = format!("{head}{}{}{}", spot(40.0, 60.0), spot(90.0, 70.0), spot(300.0, 70.0));
    let Imported { added, skipped, outside, .. } = lay(&labelling, spots.as_bytes());
    assert_eq!((added, skipped, outside), (2, 0, 1));
    let places: Vec<_> =
        labelling.labels().unwrap().cells.iter().map(|c| (c.t, c.y.round(), c.x.round())).collect();
    assert_eq!(places, [(3, 40.0, 60.0), (3, 90.0, 70.0)]);
    let Imported { added, skipped, outside, .. } = lay(&labelling, spots.as_bytes());
    assert_eq!((added, skipped, outside), (0, 2, 1));
    drop(labelling);

    let (study, file) = (bench.path("a.study"), bench.path("spots.csv"));
    std::fs::write(&file, &spots).unwrap();
    let lay = |micron| import_file(&study, None, &file, OnDuplicate::Skip, "Ben", micron);
    assert!(lay(None).unwrap_err().to_string().contains("size"), "no image is open");
    assert!(lay(Some(0.0)).is_err());
    assert_eq!(lay(Some(um)).unwrap().skipped, 2);
}

#[test]
fn an_export_reads_the_study_and_changes_nothing() {
    let bench = Bench::new();
    drop(bench.labelled("a.study"));
    let store = bench.path("a.study/study.sqlite");
    let before = std::fs::read(&store).unwrap();
    let labelling = Labelling::reopen(&bench.path("a.study"), &[]).unwrap();
    let (zip, crops) = (bench.path("annotation.zip"), bench.path("a.crops"));
    labelling.export(ExportFormat::Annotation, &Choice::default(), &zip).unwrap();
    labelling.export(ExportFormat::Crops, &Choice::default(), &crops).unwrap();
    drop(labelling);
    assert_eq!(std::fs::read(&store).unwrap(), before);
    // Both hold the same patches, each where the movie has them.
    let of_zip = formats::annotation::read(
        &[zip],
        &formats::annotation::AnnotationOptions::default(),
        &formats::unwatched,
    )
    .unwrap();
    let of_crops = formats::crops::read(&crops).unwrap();
    assert_eq!((of_zip.shape, &of_zip.classes), (of_crops.shape, &of_crops.classes));
    assert_eq!(of_zip.len(), of_crops.len());
    let field =
        formats::microscope::Image::open(&bench.path("simulated/nuclei_0.tif")).unwrap().field(0).unwrap();
    for (i, cell) in of_crops.cells.iter().enumerate() {
        let at = At { t: cell.frame.unwrap() as usize, z: 0, c: 0 };
        let (y, x) = (cell.y.unwrap().floor() as usize - 32, cell.x.unwrap().floor() as usize - 32);
        let window = formats::microscope::Window { y, x, h: 64, w: 64 };
        let expected = field.region(0, at, window).unwrap().values.into_pixels();
        assert_eq!(of_crops.select(&[i]).pixels, expected);
        let same = of_zip.cells.iter().position(|c| (c.frame, c.y, c.x) == (cell.frame, cell.y, cell.x));
        assert_eq!(of_zip.select(&[same.unwrap()]).pixels, expected);
    }
}

#[test]
fn moved_images_are_known_and_others_are_not() {
    let bench = Bench::new();
    drop(bench.labelled("a.study"));
    let moved = bench.path("elsewhere.tif");
    std::fs::rename(bench.path("simulated/nuclei_0.tif"), &moved).unwrap();
    let error = Labelling::reopen(&bench.path("a.study"), &[]).err().unwrap().to_string();
    assert!(error.contains("nuclei_0.tif"), "{error}");
    let labelling = Labelling::reopen(&bench.path("a.study"), &[moved]).unwrap();
    assert!(labelling.labels().unwrap().cells.len() > 40);
    let masks = bench.path("simulated/nuclei_0_masks.tif");
    let error = Labelling::reopen(&bench.path("a.study"), &[masks]).err().unwrap().to_string();
    assert!(error.contains("an image of this study, nuclei_0.tif"), "{error}");
    let error = Labelling::reopen(&bench.path("simulated"), &[]).err().unwrap().to_string();
    assert!(error.contains("the folder of a study"), "{error}");
}

#[test]
fn the_groups_of_cells_do_not_depend_on_their_random_ids() {
    let bench = Bench::new();
    let clicks = std::fs::read(bench.path("simulated/nuclei_0_points.csv")).unwrap();
    let crops = |study: &str, bytes: &[u8]| {
        let labelling = bench.open(study);
        lay(&labelling, bytes);
        labelling.crops(&everything()).unwrap().cells
    };
    // Ids that an import makes are derived from the bytes of its file.
    let (one, other) = (crops("a", &clicks), crops("b", &[&clicks[..], b"\n"].concat()));
    let groups = |cells: &[cells::Cell]| cells.iter().map(|c| c.group.clone()).collect::<Vec<_>>();
    assert!(one.iter().zip(&other).all(|(a, b)| a.name != b.name));
    assert_eq!(groups(&one), groups(&other));
    assert!(groups(&one).iter().collect::<std::collections::BTreeSet<_>>().len() > 10);
}

#[test]
fn what_was_labelled_trains_a_model_that_suggests_the_rest() {
    let bench = Bench::new();
    let labelling = bench.labelled("a.study");
    assert!(matches!(labelling.suggest(&[], None), Err(LabelError::Conflict(_))));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = heard.clone();
    labelling.listen(move |event| lock(&told).push(event));
    let order = TrainOrder { preset: "default".into(), epochs: Some(3), ..TrainOrder::default() };
    labelling.train(&order).unwrap();
    assert!(matches!(labelling.train(&order), Err(LabelError::Conflict(_))));
    while labelling.training().running {
        std::thread::sleep(Duration::from_millis(20));
    }
    let state = labelling.training();
    assert_eq!((state.error.as_deref(), state.history.len()), (None, 3), "{state:?}");
    assert_eq!(state.model.as_deref(), Some("model-1.safetensors"));
    let counts = state.confusion.unwrap();
    assert_eq!(counts.counts.len(), counts.classes.len());
    assert!(state.history.iter().all(|epoch| epoch.val_loss.is_some()));
    assert!(bench.path("a.study/model-1.safetensors").is_file());
    assert!(!bench.path("a.study/model-1.training").exists());
    let epochs = lock(&heard).iter().filter(|e| matches!(e, Event::Train(s) if s.epoch > 0)).count();
    assert!(epochs >= 3, "{epochs}");

    labelling.suggest(&[1], Some((0, 2))).unwrap();
    while labelling.suggesting().running {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!((labelling.suggesting().done, labelling.suggesting().error), (3, None));
    let labelled = labelling.labels().unwrap().cells;
    for t in 0..3 {
        let suggested = labelling.suggestions(1, t).unwrap();
        assert!(!suggested.cells.is_empty() && suggested.classes.len() == suggested.cells[0].p.len());
        for cell in &suggested.cells {
            assert!((cell.p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let near = labelled.iter().any(|l| l.t == t && (l.y - cell.y).hypot(l.x - cell.x) < 11.0);
            assert!(!near, "{cell:?} is labelled");
        }
    }
    let queue = labelling.least_sure(5).unwrap().cells;
    assert!(queue.len() == 5 && queue.is_sorted_by(|a, b| a.margin <= b.margin));
}

#[test]
fn labellers_agree_as_far_as_they_do() {
    let bench = Bench::new();
    let labelling = bench.labelled("a.study");
    assert_eq!(labelling.agreement().unwrap(), []);
    let labels = labelling.labels().unwrap();
    // Ben looks at all cells of two classes, and finds every fourth to be of the other.
    let (a, b) = (labels.classes[0].id.clone(), labels.classes[1].id.clone());
    let both: Vec<&StoredCell> =
        labels.cells.iter().filter(|c| [Some(&a), Some(&b)].contains(&c.class.as_ref())).collect();
    let says = |(i, cell): (usize, &&StoredCell)| {
        let other = if cell.class.as_ref() == Some(&a) { &b } else { &a };
        let class = if i % 4 == 0 { Some(other.clone()) } else { cell.class.clone() };
        Edit::Reclass { id: cell.id.clone(), version: cell.version, class }
    };
    let edits: Vec<Edit> = both.iter().enumerate().map(says).collect();
    let gesture = "6a0d7c1e-0000-4000-8000-000000000002".to_owned();
    let gesture = Gesture { client: "ben".into(), base: 0, gesture, undoes: None, edits };
    assert!(labelling.edit(&gesture, "Ben").unwrap().refused.is_empty());
    let agreement = labelling.agreement().unwrap();
    let [pair] = &agreement[..] else { panic!("{agreement:?}") };
    assert_eq!((pair.a.as_str(), pair.b.as_str(), pair.n), ("Anna", "Ben", both.len()));
    let agreed: u64 = (0..pair.confusion.classes.len()).map(|k| pair.confusion.counts[k][k]).sum();
    assert_eq!(agreed as usize, both.len() - both.len().div_ceil(4));
    assert!(pair.kappa.is_some_and(|kappa| (0.2..0.8).contains(&kappa)), "{:?}", pair.kappa);
}

#[test]
fn what_a_labeller_undid_is_no_opinion() {
    let bench = Bench::new();
    let labelling = bench.labelled("a.study");
    let labels = labelling.labels().unwrap();
    let (cell, other) =
        (&labels.cells[0], labels.classes.iter().find(|c| Some(&c.id) != labels.cells[0].class.as_ref()));
    let gives = |k: u8, version: i64, class: Option<String>, undoes: Option<String>| {
        let gesture = format!("6a0d7c1e-0000-4000-8000-0000000000{k:02}");
        let edits = vec![Edit::Reclass { id: cell.id.clone(), version, class }];
        let made = Gesture { client: "ben".into(), base: 0, gesture: gesture.clone(), undoes, edits };
        assert!(labelling.edit(&made, "Ben").unwrap().refused.is_empty());
        gesture
    };
    let agreed = |agreement: &[Agreement]| -> Vec<(usize, u64)> {
        agreement
            .iter()
            .map(|p| (p.n, (0..p.confusion.classes.len()).map(|k| p.confusion.counts[k][k]).sum()))
            .collect()
    };
    let changed = gives(10, cell.version, other.map(|c| c.id.clone()), None);
    assert_eq!(agreed(&labelling.agreement().unwrap()), [(1, 0)], "another class");
    let undo = gives(11, cell.version + 1, cell.class.clone(), Some(changed));
    assert_eq!(agreed(&labelling.agreement().unwrap()), [(0, 0); 0], "undone");
    gives(12, cell.version + 2, other.map(|c| c.id.clone()), Some(undo));
    assert_eq!(agreed(&labelling.agreement().unwrap()), [(1, 0)], "redone");
}

#[test]
fn the_address_is_kept_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Address::read(folder.path()), None);
    let address = Address { port: 4000, token: "secret".into() };
    address.write(folder.path()).unwrap();
    assert_eq!(Address::read(folder.path()), Some(address));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("address.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(folder_for("/data/movie.ome.tif".as_ref()), Path::new("/data/movie.ome.study"));
    assert_eq!(folder_for("plate/".as_ref()), Path::new("plate.study"));
}
