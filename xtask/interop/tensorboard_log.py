"""TensorBoard's own loader reads the log of a training, also one that was resumed. tensorboard==2.21.0

usage: tensorboard_log.py LOG HISTORY [FOLD]
"""

import csv
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from google.protobuf import text_format

log, history = Path(sys.argv[1]), list(csv.DictReader(open(sys.argv[2])))


def load(run):
    loaded = EventAccumulator(str(log / run), size_guidance={"scalars": 0, "images": 0})
    loaded.Reload()
    return loaded


def check(run, tags):
    loaded = load(run)
    for tag, column in tags.items():
        events = loaded.Scalars(tag)
        expected = [(int(row["epoch"]), float(row[column])) for row in history if row[column]]
        assert [event.step for event in events] == [epoch for epoch, _ in expected], (run, tag, events)
        assert np.allclose([event.value for event in events], [value for _, value in expected], rtol=1e-6)
    return loaded


check("train", {"loss": "loss", "accuracy": "accuracy", "learning_rate": "learning_rate"})
names = {"loss": "validation_loss", "accuracy": "validation_accuracy", "macro_f1": "validation_macro_f1"}
held_out = any(row["validation_loss"] for row in history)
if held_out:
    validation = check("validation", names)
    f1 = [tag for tag in validation.Tags()["scalars"] if tag.startswith("f1/")]
    assert f1 and all(len(validation.Scalars(tag)) == len(history) for tag in f1)
    mean = np.mean([validation.Scalars(tag)[-1].value for tag in f1])
    assert abs(mean - validation.Scalars("macro_f1")[-1].value) < 1e-6
    matrices = validation.Images("confusion")
    assert [image.step for image in matrices] == [int(row["epoch"]) for row in history]
    for image in matrices[-1:] + validation.Images("misclassified")[-1:]:
        picture = Image.open(io.BytesIO(image.encoded_image_string))
        assert picture.size == (image.width, image.height)

folder = log / ("validation" if held_out else "train")
config = text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig())
points = np.loadtxt(folder / config.embeddings[0].tensor_path, delimiter="\t", ndmin=2)
rows = (folder / config.embeddings[0].metadata_path).read_text().rstrip("\n").split("\n")
assert len(rows) == len(points) + 1, (len(rows), points.shape)
w, h = config.embeddings[0].sprite.single_image_dim
sheet = Image.open(folder / config.embeddings[0].sprite.image_path)
assert (sheet.width // w) * (sheet.height // h) >= len(points)

for fold in sys.argv[3:]:
    assert load(f"{fold}/train").Scalars("loss") and load(f"{fold}/validation").Scalars("macro_f1")
print(f"TensorBoard: {len(history)} epochs, {len(points)} points in the projector")
