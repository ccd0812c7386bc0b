"""A reader of TFRecord files by others finds the pixels and labels of a crop set, and its file is read here. tfrecord==1.14.6

usage: tfrecord_cells.py CROPS FILE.tfrecord OUT.tfrecord
Writes OUT with the five published keys alone.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tfrecord import TFRecordWriter, tfrecord_loader

crops, path, out = map(Path, sys.argv[1:])
pixels, cells = np.load(crops / "pixels.npy"), pd.read_parquet(crops / "cells.parquet")
keys = {"train/image": "byte", "train/height": "int", "train/width": "int", "train/channels": "int",
        "train/label": "int", "train/dtype": "byte", "cell": "byte"}
writer = TFRecordWriter(str(out))
n = 0
for record, crop, row in zip(tfrecord_loader(str(path), None, keys), pixels, cells.itertuples(), strict=True):
    shape = [int(record[f"train/{side}"][0]) for side in ("height", "width", "channels")]
    image = np.frombuffer(bytes(record["train/image"]), bytes(record["train/dtype"]).decode()).reshape(shape)
    assert image.dtype == crop.dtype and (image == crop).all()
    assert int(record["train/label"][0]) == (-1 if pd.isna(row[cells.columns.get_loc("class") + 1]) else row[cells.columns.get_loc("class") + 1])
    facts = json.loads(bytes(record["cell"]))
    assert (facts["name"], facts["group"]) == (row.name, row.group)
    published = {key: (bytes(record[key]), "byte") if kind == "byte" else (int(record[key][0]), "int")
                 for key, kind in keys.items() if key in list(keys)[:5]}
    writer.write(published)
    n += 1
writer.close()
assert n == len(pixels)
print(f"TFRecord: {n} cells of {pixels.shape[1:]} {pixels.dtype}")
