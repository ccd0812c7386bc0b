//! What other programs read: TFRecord, AnnData, profiles.

use crate::support::{Discs, Place, small};

fn cells() -> Place {
    let place = Place::new();
    place.write("cells.npz", Discs { n: 48, ..Discs::default() }.npz());
    place.write("small.toml", small(&[]));
    place
}

#[test]
fn a_crop_set_comes_back_from_records_as_it_was() {
    let place = cells();
    place.run(&["import", "cells.npz", "-o", "a.crops"]).good();
    place.run(&["import", "a.crops", "-o", "a.tfrecord"]).good();
    place.run(&["import", "a.tfrecord", "-o", "b.crops"]).good();
    for file in ["pixels.npy", "cells.parquet"] {
        assert!(place.bytes(&format!("a.crops/{file}")) == place.bytes(&format!("b.crops/{file}")), "{file}");
    }
    for (source, model) in [("a.crops", "a.safetensors"), ("a.tfrecord", "b.safetensors")] {
        place.run(&["train", source, "--config", "small.toml", "--epochs", "1", "-o", model]).good();
    }
    assert!(
        place.bytes("a.safetensors") == place.bytes("b.safetensors"),
        "another model from the same cells"
    );
    let mut broken = place.bytes("a.tfrecord");
    broken[40] ^= 1;
    place.write("broken.tfrecord", &broken);
    place
        .refused(&["import", "broken.tfrecord", "-o", "c.crops"], &["broken.tfrecord, record 0", "checksum"]);
    place.write("cut.tfrecord", &broken[..30]);
    place.refused(&["import", "cut.tfrecord", "-o", "c.crops"], &["record 0", "18 bytes that are left"]);
}

#[test]
fn the_same_cells_give_the_same_files_for_python() {
    let place = cells();
    place
        .run(&["train", "cells.npz", "--config", "small.toml", "--epochs", "2", "-o", "m.safetensors"])
        .good();
    for folder in ["one", "two"] {
        place.run(&["embed", "m.safetensors", "cells.npz", "--h5ad", "--bins", "8", "-o", folder]).good();
    }
    assert!(place.bytes("one/cells.h5ad") == place.bytes("two/cells.h5ad"));
    assert!(place.bytes("one/cells.h5ad").starts_with(b"\x89HDF\r\n\x1a\n"));
    let words = ["predict", "m.safetensors", "cells.npz", "-o", "cells.csv", "--profiles"];
    place.run(&[&words[..], &["profiles.csv"]].concat()).good();
    let profiles = place.text("profiles.csv");
    let header = profiles.lines().next().expect("a header");
    for column in ["Metadata_Name", "Metadata_Label", "Cells_Probability_class 0", "Cells_Network_0"] {
        assert!(header.split(',').any(|name| name == column), "{column} is missing in {header}");
    }
    assert_eq!(profiles.lines().count(), 49);
    place.refused(&[&words[..], &["profiles.txt"]].concat(), &["profiles.txt", ".csv or .parquet"]);
    for same in ["cells.csv", "./cells.csv", "one/../cells.csv"] {
        place.refused(&[&words[..], &[same]].concat(), &["cells.csv", "two files"]);
    }
}
