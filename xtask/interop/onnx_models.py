"""Exported models give other programs the numbers they give here.

python onnx_models.py MODEL.onnx CELLS.crops TABLE.csv    TABLE is what `morphotype predict` wrote for the cells
python onnx_models.py MODEL.onnx EXPECTED.npz             x, y: what goes in and comes out

Needs onnx==1.22.0, onnxruntime, numpy, pandas.
Tolerance: probabilities to 1e-5, sums of products in another order.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pandas

model, inputs = sys.argv[1:3]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
if len(sys.argv) == 3:
    arrays = np.load(inputs)
    pixels, expected = arrays["x"], arrays["y"]
    if expected.shape[1] == 1:
        expected = np.concatenate([1 - expected, expected], 1)
else:
    pixels = np.load(f"{inputs}/pixels.npy").astype("float32")
    pixels = np.tile(pixels, (-(-1000 // len(pixels)), 1, 1, 1))[:1000]
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    expected = pandas.read_csv(sys.argv[3])[[f"p_{name}" for name in classes]].to_numpy()
    expected = np.tile(expected, (-(-1000 // len(expected)), 1))[:1000]
parts = np.array_split(pixels.transpose(0, 3, 1, 2), min(7, len(pixels)))
found = np.concatenate([session.run(["probabilities"], {"image": part})[0] for part in parts])
worst = np.abs(found - expected).max()
print(f"{model}: {len(found)} crops, {worst:.2e} apart")
sys.exit(0 if worst <= 1e-5 else f"{model}: expected probabilities to 1e-5, found {worst:.2e}")
