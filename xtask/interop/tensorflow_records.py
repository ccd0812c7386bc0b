"""TensorFlow reads the cells of a TFRecord file, with the code of docs/formats/tfrecord.md. tensorflow-cpu==2.21.0

usage: tensorflow_records.py CROPS FILE.tfrecord
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

crops, path = map(Path, sys.argv[1:])
page = (Path(__file__).parents[2] / "docs/formats/tfrecord.md").read_text()
code = re.search(r"```python\n(.*?)```", page, re.S)[1].replace("nuclei.tfrecord", str(path))
found = {}
exec(code, found)

pixels, classes = np.load(crops / "pixels.npy"), json.loads((crops / "crops.json").read_text())["classes"]
key = {"cell": tf.io.FixedLenFeature([], tf.string)}
facts = [json.loads(tf.io.parse_single_example(record, key)["cell"].numpy()) for record in tf.data.TFRecordDataset(str(path))]
for (image, label), crop, fact in zip(found["cells"].as_numpy_iterator(), pixels, facts, strict=True):
    assert image.dtype == crop.dtype and (image == crop).all()
    assert fact["class"] == (None if label < 0 else classes[label])
print(f"TensorFlow: {len(facts)} cells")
