"""Exported models give Keras the numbers they give here.

python keras_models.py MODEL.keras CELLS.crops TABLE.csv    TABLE is what `morphotype predict` wrote for the cells
python keras_models.py MODEL.keras EXPECTED.npz             x, y: what goes in and comes out

Needs keras==3.15.1 with a backend, numpy, pandas. Tolerance: 1e-5, sums of products in another order.
"""

import json
import os
import sys
import zipfile

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras
import numpy as np
import pandas

model, inputs = sys.argv[1:3]
network = keras.models.load_model(model, compile=False)
facts = json.loads(zipfile.ZipFile(model).read("metadata.json"))["morphotype"]


def prepared(x, how):
    """Intensities [n, h, w, c] as the contract of the model says."""
    kind, c = how["kind"], x.shape[-1]
    if kind == "range":
        return 2 * (x - how["low"]) / (how["high"] - how["low"]) - 1
    if kind == "data_set":
        x = (x - np.array(how["mean"])) / np.array(how["std"])
    else:
        axes, n = ((1, 2, 3), x[0].size) if kind == "per_image" else ((1, 2), x[0].size // c)
        mean, std = x.mean(axes, keepdims=True), x.std(axes, keepdims=True)
        x = (x - mean) / np.maximum(std, 1 / np.sqrt(n))
    return x if how["clip"] is None else x.clip(-how["clip"], how["clip"])


def views(x, which):
    """The images as they are, or mirrored and turned in all ways."""
    if which == "one":
        return [x]
    flipped = [x, x[:, ::-1], x[:, :, ::-1], x[:, ::-1, ::-1]]
    return flipped + [v.transpose(0, 2, 1, 3) for v in flipped if x.shape[1] == x.shape[2]]


if len(sys.argv) == 3:
    arrays = np.load(inputs)
    found, expected = network.predict(arrays["x"], verbose=0), arrays["y"]
    if expected.shape[1] == 1:
        expected = np.concatenate([1 - expected, expected], 1)
else:
    x = np.load(f"{inputs}/pixels.npy").astype("float64")[:1000]
    x = prepared(x, facts["contract"]["normalise"]).astype("float32")
    # The model's own: the softmax of the mean of the logits, which are those of each view but for a number per crop.
    seen = [np.log(network.predict(v, batch_size=256, verbose=0).astype("float64") + 1e-300) for v in views(x, facts["contract"]["views"])]
    scores = np.mean(seen, 0)
    found = np.exp(scores - scores.max(1, keepdims=True))
    found /= found.sum(1, keepdims=True)
    expected = pandas.read_csv(sys.argv[3])[[f"p_{name}" for name in facts["classes"]]].to_numpy()[:1000]
worst = np.abs(found - expected).max()
print(f"{model}: {len(found)} crops, {worst:.2e} apart in Keras {keras.__version__}")
sys.exit(0 if worst <= 1e-5 else f"{model}: expected probabilities to 1e-5, found {worst:.2e}")
