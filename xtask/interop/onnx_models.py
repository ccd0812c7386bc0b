"""Exported models give other programs the numbers they give here: python onnx_models.py MODEL.onnx CELLS.crops TABLE.csv.

Needs onnx==1.22.0, onnxruntime, numpy, pandas. TABLE is what `morphotype predict` wrote for the cells.
Tolerance: probabilities to 1e-5, sums of products in another order.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pandas

model, crops, table = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
pixels = np.load(f"{crops}/pixels.npy").astype("float32").transpose(0, 3, 1, 2)
pixels = np.tile(pixels, (-(-1000 // len(pixels)), 1, 1, 1))[:1000]
parts = [session.run(["probabilities"], {"image": part})[0] for part in np.array_split(pixels, 7)]
found = np.concatenate(parts)
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
expected = pandas.read_csv(table)[[f"p_{name}" for name in classes]].to_numpy()
expected = np.tile(expected, (-(-1000 // len(expected)), 1))[:1000]
worst = np.abs(found - expected).max()
print(f"{model}: {len(found)} crops, {worst:.2e} apart")
sys.exit(0 if worst <= 1e-5 else f"{model}: expected probabilities to 1e-5, found {worst:.2e}")
