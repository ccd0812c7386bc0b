"""Models made to do harm; each is refused: python make.py

Made with python 3.11, h5py 3.14.0, numpy. Nothing here does harm to who makes it or reads it: what would be run says so.
"""

import io
import json
import pickle
import stat
import struct
import zipfile

import h5py
import numpy as np


class Harm:
    def __reduce__(self):
        return print, ("this was run",)


PICKLE = pickle.dumps(Harm())
DENSE = {"class_name": "Dense", "config": {"name": "dense", "units": 2, "activation": "softmax"}}
INPUT = {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 4, 4, 1]}}
FLATTEN = {"class_name": "Flatten", "config": {"name": "flatten"}}
# Bytecode as Keras 2 keeps it: marshalled, in base64.
CODE = {"class_name": "Lambda", "config": {"name": "lambda", "function": ["4wEAAAAAAAAAAAAAAAEAAABDAAAA8wQAAAB8AFMAqQFO", None, None], "function_type": "lambda"}}
CODE3 = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "lambda", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAAAAAAAAEAAABDAAAA8wQAAAB8AFMAqQFO"}}}}
FOREIGN = {"module": "os", "class_name": "system", "config": {"name": "system", "command": "echo this was run"}, "registered_name": "os>system"}


def model(*layers):
    return {"class_name": "Sequential", "config": {"name": "net", "layers": [INPUT, *layers]}}


def weights(change=None, names=("kernel:0", "bias:0"), root="model_weights"):
    """The weights of DENSE in the old layout, then changed."""
    def fill(file):
        group = file.create_group(f"{root}/dense")
        group.attrs["weight_names"] = [f"dense/{name}".encode() for name in names]
        group["dense/kernel:0"] = np.ones((16, 2), "f4")
        group["dense/bias:0"] = np.zeros(2, "f4")
        if change:
            change(file, group["dense"])

    return fill


def h5(name, config, fill):
    with h5py.File(name, "w", libver="earliest") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
        fill(file)


def numbered(change=None):
    """The weights of DENSE in the new layout."""
    def fill(file):
        vars = file.create_group("layers/dense/vars")
        vars["0"], vars["1"] = np.ones((16, 2), "f4"), np.zeros(2, "f4")
        if change:
            change(file)

    return fill


def keras(name, config, fill=None, more=()):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        (fill or numbered())(file)
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in [("config.json", json.dumps(config)), ("model.weights.h5", buffer.getvalue()), *more]:
            archive.writestr(member if isinstance(member, zipfile.ZipInfo) else zipfile.ZipInfo(member), data)


def replace(key, value):
    def change(file, group):
        del group[key]
        group[key] = value
    return change


def raw_file(file, group):
    """An array whose values are those of another file."""
    del group["bias:0"]
    kind = h5py.h5t.IEEE_F32LE
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_external(b"/etc/hostname", 0, 8)
    h5py.h5d.create(group.id, b"bias:0", kind, h5py.h5s.create_simple((2,)), settings)


def virtual(file, group):
    del group["bias:0"]
    layout = h5py.VirtualLayout(shape=(2,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "a", shape=(2,))
    group.create_virtual_dataset("bias:0", layout)


def endless(file, group):
    del group["kernel:0"]
    group.create_dataset("kernel:0", (1 << 30, 1 << 8), "f4", chunks=(1 << 10, 1 << 8))


def objects(file, group):
    del group["bias:0"]
    group.create_dataset("bias:0", (2,), h5py.vlen_dtype("u1"))[0] = np.frombuffer(PICKLE, "u1")


def circles(n):
    def change(file):
        group = file["layers/dense"]
        for i in range(n):
            group[f"part_{i}"] = group
    return change


def bush(file):
    """Seven groups inside each other, each in sixty places of the one around it: sixty to the seventh ways."""
    group = file["layers/dense"]
    for level in range(7):
        inner = group.create_group("part_0")
        for i in range(1, 60):
            group[f"part_{i}"] = inner
        group = inner


def link(name, target):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info, target


h5("pickle_inside.h5", model(FLATTEN, DENSE), weights(objects))
open("pickle.h5", "wb").write(PICKLE)
open("pickle.keras", "wb").write(PICKLE)
keras("pickle_alone.keras", model(FLATTEN, DENSE), lambda file: None, [("model.pkl", PICKLE)])
h5("lambda.h5", model(FLATTEN, CODE, DENSE), weights())
keras("lambda.keras", model(FLATTEN, CODE3, DENSE))
keras("lambda_within.keras", model(model(FLATTEN, CODE3), DENSE))
keras("foreign.keras", model(FLATTEN, FOREIGN, DENSE))
honest = model(FLATTEN, DENSE)
keras("leaves.keras", honest, None, [("../../.bashrc", "echo this was run")])
keras("absolute.keras", honest, None, [("/etc/cron.d/harm", "echo this was run")])
keras("backslash.keras", honest, None, [("..\\..\\harm.bat", "echo this was run")])
keras("link.keras", honest, None, [link("assets", "/etc")])
deep = FLATTEN
for _ in range(60):
    deep = {"class_name": "Sequential", "config": {"name": "m", "layers": [deep]}}
keras("deep.keras", model(deep, DENSE))
h5("outside_link.h5", honest, weights(replace("kernel:0", h5py.ExternalLink("/etc/hostname", "/a"))))
h5("outside_raw.h5", honest, weights(raw_file))
h5("outside_virtual.h5", honest, weights(virtual))
h5("soft_circle.h5", honest, weights(replace("kernel:0", h5py.SoftLink("/model_weights/dense/dense/kernel:0"))))
h5("endless.h5", honest, weights(endless))
keras("circle.keras", honest, numbered(circles(1)))
keras("circles.keras", honest, numbered(circles(60)))
keras("bush.keras", honest, numbered(bush))
open("huge_header.safetensors", "wb").write(struct.pack("<Q", 1 << 62) + b"{}")
open("long_header.safetensors", "wb").write(struct.pack("<Q", 60 << 20) + b"{}")
nested = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
open("nested.safetensors", "wb").write(struct.pack("<Q", len(nested)) + nested)
open("pickle.safetensors", "wb").write(PICKLE)


def tensors(header, data):
    header = json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data


def tensor(shape, start, end):
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


open("overlap.safetensors", "wb").write(tensors({"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, bytes(12)))
open("beyond.safetensors", "wb").write(tensors({"a": tensor([1 << 40], 0, 1 << 42)}, bytes(8)))
open("wraps.safetensors", "wb").write(tensors({"a": tensor([1 << 62, 4], 0, 0)}, b""))
