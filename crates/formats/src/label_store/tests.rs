use super::*;

fn uuid(kind: u32, n: u32) -> String {
    format!("{kind:08x}-0000-4000-8000-{n:012x}")
}

fn class(n: u32, name: &str) -> Class {
    Class {
        id: uuid(1, n),
        name: name.into(),
        color: "#0072b2".into(),
        shape: "circle".into(),
        hotkey: u8::try_from(n).ok(),
        target: Some(50),
        position: n,
    }
}

fn add(n: u32, class: Option<u32>) -> Edit {
    let class = class.map(|n| uuid(1, n));
    Edit::Add {
        id: uuid(2, n),
        image: 1,
        t: 0,
        z: 0,
        y: f64::from(n),
        x: 0.25,
        class,
        suggestion: None,
        version: None,
    }
}

fn gesture(n: u32, base: i64, edits: Vec<Edit>) -> Gesture {
    Gesture { client: "page".into(), base, gesture: uuid(3, n), undoes: None, edits }
}

/// A store with one image of 3 frames of 100 x 50 and the classes 1 and 2.
fn store(folder: &Path) -> LabelStore {
    let mut store = LabelStore::open(&folder.join("study.sqlite")).unwrap();
    let (name, path, fingerprint) = ("movie.tif".into(), "/movie.tif".into(), "abc".into());
    let image = StoredImage { id: 0, name, path, field: 0, fingerprint, shape: [3, 1, 1, 100, 50] };
    let images = [image.clone(), image];
    assert_eq!(store.number(&images).unwrap(), [1, 1]);
    assert_eq!(store.number(&images[1..]).unwrap(), [1], "it is known");
    let classes = [class(1, "Interphase"), class(2, "Metaphase")].map(Edit::PutClass).to_vec();
    assert_eq!(store.apply(&gesture(0, 0, classes), "Anna").unwrap().revision, 1);
    store
}

#[test]
fn what_is_answered_is_there_after_opening_again_and_the_log_amounts_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let mut store = store(folder.path());
        let answer = store.apply(&gesture(1, 1, vec![add(1, Some(1)), add(2, None)]), "Anna").unwrap();
        assert_eq!((answer.revision, answer.applied.len(), answer.refused.len()), (2, 2, 0));
        let edits = vec![
            Edit::Move { id: uuid(2, 1), version: 1, y: 7.125, x: 8.0, t: Some(2), z: None },
            Edit::Reclass { id: uuid(2, 2), version: 1, class: Some(uuid(1, 2)) },
        ];
        assert_eq!(store.apply(&gesture(2, 2, edits), "Ben").unwrap().applied.len(), 2);
        store.labels().unwrap()
    };
    let store = LabelStore::open(&folder.path().join("study.sqlite")).unwrap();
    assert_eq!(store.labels().unwrap(), before);
    assert!(before.cells[0].flagged);
    assert_eq!(before.cells[0].by, "Anna", "who moves a cell does not say what it is");
    assert_eq!((before.cells[0].y, before.cells[0].t, before.cells[0].version), (7.125, 2, 2));
    assert_eq!((before.cells[1].by.as_str(), before.cells[1].class.clone()), ("Ben", Some(uuid(1, 2))));
    store.check().unwrap();
}

#[test]
fn a_repeated_gesture_is_answered_as_before_and_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let stale = Edit::Delete { id: uuid(2, 9), version: 1 };
    let first = store.apply(&gesture(1, 1, vec![add(1, None), stale]), "Anna").unwrap();
    let again = store.apply(&gesture(1, 1, vec![add(1, None)]), "Ben").unwrap();
    assert_eq!(first, again);
    assert_eq!(store.labels().unwrap().cells.len(), 1);
}

#[test]
fn a_stale_edit_is_refused_with_what_is_there_and_both_clicks_survive() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    store.apply(&gesture(1, 1, vec![add(1, Some(1))]), "Anna").unwrap();
    let reclass = |n| Edit::Reclass { id: uuid(2, 1), version: 1, class: Some(uuid(1, n)) };
    let anna = Gesture { client: "a".into(), ..gesture(2, 2, vec![reclass(2), add(2, None)]) };
    let ben = Gesture { client: "b".into(), ..gesture(3, 2, vec![reclass(1), add(3, None)]) };
    assert!(store.apply(&anna, "Anna").unwrap().refused.is_empty());
    let answer = store.apply(&ben, "Ben").unwrap();
    let [refused] = &answer.refused[..] else { panic!("{:?}", answer.refused) };
    assert_eq!((refused.index, refused.reason), (0, Reason::Stale));
    let Some(Thing::Cell(there)) = &refused.current else { panic!("{refused:?}") };
    assert_eq!((there.version, there.class.clone()), (2, Some(uuid(1, 2))));
    assert_eq!(answer.since.iter().map(|g| g.revision).collect::<Vec<_>>(), [3]);
    assert_eq!(store.labels().unwrap().cells.len(), 3);
    store.check().unwrap();
}

#[test]
fn deleted_cells_come_back_and_cells_of_a_dropped_class_get_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    store.apply(&gesture(1, 1, vec![add(1, Some(1)), add(2, Some(1)), add(3, Some(1))]), "Anna").unwrap();
    let delete = |n| Edit::Delete { id: uuid(2, n), version: 1 };
    let restore = |n| Edit::Restore { id: uuid(2, n), version: 1 };
    let answer = store.apply(&gesture(2, 2, vec![delete(1), delete(3), restore(1)]), "Anna").unwrap();
    let versions = answer.applied.iter().map(|made| serde_json::to_value(made).unwrap()["version"].clone());
    assert_eq!(versions.collect::<Vec<_>>(), [2, 2, 3], "each is told the version that it made");
    assert_eq!((answer.applied.len(), store.labels().unwrap().cells.len()), (3, 2));
    let drop = Edit::DropClass { id: uuid(1, 1), reassign: Some(uuid(1, 2)) };
    let answer = store.apply(&gesture(3, 3, vec![drop]), "Ben").unwrap();
    assert_eq!(answer.applied[0].cells.len(), 2);
    // Its class is no more, so it has none.
    let answer = store.apply(&gesture(4, 4, vec![restore(3)]), "Ben").unwrap();
    assert!(matches!(&answer.applied[0].after, Some(Thing::Cell(c)) if c.class.is_none() && c.version == 3));
    let labels = store.labels().unwrap();
    assert_eq!(labels.cells.iter().filter(|c| c.class == Some(uuid(1, 2))).count(), 2);
    assert_eq!(labels.classes.len(), 1);
    store.check().unwrap();
}

#[test]
fn what_cannot_be_is_refused_and_the_rest_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let at = |n, image, t, y, x| Edit::Add {
        id: uuid(2, n),
        image,
        t,
        z: 0,
        y,
        x,
        class: None,
        suggestion: None,
        version: None,
    };
    let named = |name: &str| Edit::PutClass(Class { hotkey: None, ..class(3, name) });
    let edits = vec![
        at(1, 2, 0, 0.0, 0.0),
        at(2, 1, 3, 0.0, 0.0),
        at(3, 1, 0, 99.5, 0.0),
        at(4, 1, 0, 0.0, f64::NAN),
        add(5, Some(7)),
        named("../up"),
        named("Metaphase"),
        Edit::PutClass(Class { name: "New".into(), id: uuid(1, 3), ..class(1, "") }),
        Edit::PutClass(Class { color: "red".into(), ..class(4, "New") }),
        Edit::Delete { id: uuid(2, 8), version: 1 },
        at(5, 1, 2, 99.4, -0.5),
    ];
    let answer = store.apply(&gesture(1, 1, edits), "Anna").unwrap();
    use Reason::*;
    assert_eq!(
        answer.refused.iter().map(|r| r.reason).collect::<Vec<_>>(),
        [
            UnknownImage,
            Outside,
            Outside,
            Outside,
            UnknownClass,
            BadName,
            NameTaken,
            HotkeyTaken,
            Malformed,
            UnknownCell
        ]
    );
    assert_eq!(answer.applied.len(), 1);
    let without_edits = store.apply(&gesture(2, 1, Vec::new()), "Anna");
    assert!(matches!(without_edits, Err(StoreError::Gesture { .. })), "{without_edits:?}");
    let named = Gesture { gesture: "click".into(), ..gesture(2, 1, vec![add(6, None)]) };
    assert!(matches!(store.apply(&named, "Anna"), Err(StoreError::Gesture { .. })));
}

#[test]
fn the_log_cannot_be_changed_and_damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    store.apply(&gesture(1, 1, vec![add(1, None)]), "Anna").unwrap();
    assert!(store.db.execute("UPDATE gestures SET by = 'Eve'", []).is_err());
    assert!(store.db.execute("DELETE FROM gestures", []).is_err());
    store.check().unwrap();
    store.db.execute("UPDATE cells SET x = 3", []).unwrap();
    assert!(matches!(store.check(), Err(StoreError::Refused(_))));
}

#[test]
fn an_older_store_is_copied_and_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.sqlite");
    schema::make_first_version(&path).unwrap();
    let older = Connection::open(&path).unwrap();
    let insert = "INSERT INTO images VALUES (1, 'movie.tif', '/movie.tif', 0, 'abc', 3, 1, 1, 100, 50)";
    older.execute(insert, []).unwrap();
    drop(older);
    let mut store = LabelStore::open(&path).unwrap();
    assert_eq!(store.images().unwrap()[0].name, "movie.tif");
    store.name_labeller("session", "Anna").unwrap();
    assert_eq!(store.labeller("session").unwrap().as_deref(), Some("Anna"));
    let copy = store.backup().unwrap().to_path_buf();
    let copy = Connection::open(copy).unwrap();
    assert_eq!(copy.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0)).unwrap(), 1);
    assert_eq!(copy.query_row("SELECT count(*) FROM images", [], |r| r.get::<_, i64>(0)).unwrap(), 1);
    assert!(LabelStore::open(&path).unwrap().backup().is_none());
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str| match LabelStore::open(&folder.path().join(name)) {
        Err(StoreError::Refused(error)) => error.to_string(),
        other => panic!("{name}: {:?}", other.map(|_| ())),
    };
    std::fs::write(folder.path().join("text"), "labels, ".repeat(1000)).unwrap();
    assert!(refused("text").contains("expected an undamaged label store"), "{}", refused("text"));
    let other = Connection::open(folder.path().join("other")).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(refused("other").contains("another kind of SQLite database"));
    drop(store(folder.path()));
    let newer = Connection::open(folder.path().join("study.sqlite")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    assert!(refused("study.sqlite").contains("found version 99"));
}

#[test]
fn the_log_is_given_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    for n in 1..=5 {
        store.apply(&gesture(n, 1, vec![add(n, None)]), if n % 2 == 0 { "Ben" } else { "Anna" }).unwrap();
    }
    let (newest, gestures, more) = store.log(2, None).unwrap();
    assert_eq!((newest, gestures.iter().map(|g| g.revision).collect::<Vec<_>>()), (6, vec![3, 4, 5, 6]));
    assert!(!more);
    let (_, ben, _) = store.log(0, Some("Ben")).unwrap();
    assert_eq!(ben.iter().map(|g| g.revision).collect::<Vec<_>>(), [3, 5]);
    assert!(ben[0].at.ends_with('Z') && ben[0].at.len() == 24, "{}", ben[0].at);
    assert_eq!(store.log(6, None).unwrap().1, []);
}

#[test]
fn the_way_back_through_the_log_is_given_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    for n in 1..=450 {
        store.apply(&gesture(n, 1, vec![add(n, None)]), if n % 9 == 0 { "Ben" } else { "Anna" }).unwrap();
    }
    for by in [None, Some("Anna"), Some("Ben")] {
        let (_, whole, _) = store.log(0, by).unwrap();
        let (mut parts, mut before, mut more) = (Vec::new(), i64::MAX, true);
        while more {
            let (part, earlier) = store.log_before(before, by).unwrap();
            assert!(part.len() <= 200, "{}", part.len());
            before = part[0].revision;
            parts.splice(0..0, part);
            more = earlier;
        }
        assert_eq!(parts, whole);
    }
    let image = store.images().unwrap()[0].id;
    assert_eq!(store.labels_of(image).unwrap(), store.labels().unwrap());
    assert_eq!(store.labels_of(image + 1).unwrap().cells, []);
}
