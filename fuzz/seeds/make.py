"""Small valid files for the fuzz targets to start from, so that they get past magic numbers and checksums.

python 3.11, h5py 3.14.0, numpy 2.4.6, pillow 13.0.0, pyarrow 26.0.1, safetensors 0.8.0, tifffile 2026.3.3:
    python make.py
"""
import io
import json
import os
import struct
import zipfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import safetensors.numpy
import tifffile
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(0)


def save(target, name, data):
    os.makedirs(os.path.join(HERE, target), exist_ok=True)
    with open(os.path.join(HERE, target, name), "wb") as file:
        file.write(data)


def written(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def pixels(*shape, dtype=np.uint8):
    return RANDOM.integers(0, 200, shape).astype(dtype)


def tiff(array, **options):
    return written(lambda file: tifffile.imwrite(file, array, metadata=None, **options))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    def write(file):
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name), data, method)

    return written(write)


def images():
    save("image", "grey8.tif", tiff(pixels(6, 5)))
    save("image", "grey16_big_endian.tif", tiff(pixels(6, 5, dtype=np.uint16), byteorder=">"))
    save("image", "rgb_deflate.tif", tiff(pixels(6, 5, 3), compression="zlib", photometric="rgb"))
    save("image", "float_tiled.tif", tiff(pixels(20, 20, dtype=np.float32), tile=(16, 16)))
    save("image", "big.tif", tiff(pixels(4, 4), bigtiff=True))
    save("image", "lzw.tif", written(lambda f: Image.fromarray(pixels(6, 5)).save(f, "TIFF", compression="tiff_lzw")))
    save("image", "grey.png", written(lambda f: Image.fromarray(pixels(6, 5)).save(f, "PNG")))
    save("image", "palette.png", written(lambda f: Image.fromarray(pixels(6, 5)).convert("P").save(f, "PNG")))
    save("image", "rgb.jpg", written(lambda f: Image.fromarray(pixels(8, 8, 3)).save(f, "JPEG")))
    ramp = Image.linear_gradient("L").resize((20, 20)).convert("RGB")
    coarse = {"progressive": True, "restart_marker_blocks": 1, "subsampling": "4:2:0"}
    save("image", "progressive.jpg", written(lambda f: ramp.save(f, "JPEG", **coarse)))


def arrays():
    def npy(array):
        return written(lambda file: np.save(file, array))

    save("npy", "uint8.npy", npy(pixels(3, 8, 8)))
    save("npy", "uint16_channels.npy", npy(pixels(2, 8, 8, 2, dtype=np.uint16)))
    save("npy", "float32_fortran.npy", npy(np.asfortranarray(pixels(2, 8, 8, dtype=np.float32))))
    save("npy", "float64_big_endian.npy", npy(pixels(2, 8, 8, dtype=">f8")))
    cells = {"images": pixels(4, 8, 8), "labels": np.array([0, 1, 0, 1])}
    more = {"classes": np.array(["a", "b"]), "names": np.array(list("pqrs")), "group": np.arange(4)}
    save("npz", "plain.npz", written(lambda file: np.savez(file, **cells)))
    save("npz", "deflated.npz", written(lambda file: np.savez_compressed(file, **cells, **more)))


def tables():
    columns = {"name": ["a", "b", None], "n": [1, 2, 3], "x": [0.5, None, 1.5], "flag": [True, False, None]}
    table = pa.table(columns)
    for compression in ("none", "snappy"):
        data = written(lambda file: pyarrow.parquet.write_table(table, file, compression=compression))
        save("table", f"{compression}.parquet", data)
    save("table", "plain.csv", b"name,n,x\na,1,0.5\n\"b, c\",2,\n\"d \"\"e\"\"\",3,1e9\n")
    save("table", "semicolon.csv", b"\xef\xbb\xbfname;x\r\na;1,5\r\nb;2,5\r\n")


def models():
    tensors = {"conv.kernel": np.zeros((3, 3, 1, 2), np.float32), "dense.bias": np.ones(4, np.float32)}
    save("model", "two.safetensors", safetensors.numpy.save(tensors, metadata={"classes": "[\"a\",\"b\"]"}))
    save("model", "empty.safetensors", safetensors.numpy.save({}))


def annotations():
    patch = tiff(pixels(8, 8))
    facts = {
        "shape": 8,
        "GFP": {"filename": "movie.tif"},
        "coords-0": [0, 0, 1],
        "coords-1": [4.0, 9.5, 3.0],
        "coords-2": [4.0, 8.0, 12.0],
        "labels": [0, 0, 1],
        "states": {"A": 0, "B": 1},
        "flagged": [False, False, True],
    }
    members = {"A/A_s_0.tif": patch, "A/A_s_1.tif": patch, "B/B_s_2_flagged.tif": patch, "s.json": json.dumps(facts)}
    save("annotation", "deflated.zip", zipped(members))
    save("annotation", "stored.zip", zipped({"B/B_s_0.tif": patch}, zipfile.ZIP_STORED))


def microscopes():
    def pyramid(file):
        with tifffile.TiffWriter(file, ome=True) as out:
            how = {"tile": (16, 16), "compression": "zlib"}
            facts = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "Channel": {"Name": ["a", "b"]}}
            out.write(pixels(2, 40, 36, dtype=np.uint16), subifds=1, metadata=facts, **how)
            out.write(pixels(2, 20, 18, dtype=np.uint16), subfiletype=1, **how)

    save("microscope", "ome_pyramid.tif", written(pyramid))
    stack, facts = pixels(2, 2, 2, 6, 5, dtype=np.uint16), {"axes": "TZCYX", "finterval": 2.0, "unit": "um"}
    save("microscope", "imagej.tif", written(lambda f: tifffile.imwrite(f, stack, imagej=True, metadata=facts)))
    save("microscope", "shaped.tif", written(lambda f: tifffile.imwrite(f, pixels(3, 6, 5, dtype=np.int32))))
    planar = {"planarconfig": "separate", "photometric": "rgb"}
    save("microscope", "planar.tif", tiff(pixels(3, 6, 5, dtype=np.uint16), predictor=True, compression="zlib", **planar))
    save("microscope", "float_tiled.tif", tiff(pixels(20, 20, dtype=np.float64), tile=(16, 16), byteorder=">"))
    save("microscope", "big.tif", tiff(pixels(4, 4, dtype=np.int8), bigtiff=True))
    for compression in ("tiff_lzw", "packbits", "jpeg", "tiff_adobe_deflate"):
        picture = Image.fromarray(pixels(16, 16, 3))
        data = written(lambda file: picture.save(file, "TIFF", compression=compression))
        save("microscope", f"{compression}.tif", data)


def kerases():
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": 2, "activation": "softmax"}}
    shape = {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 2, 2, 1]}}
    flatten = {"class_name": "Flatten", "config": {"name": "flatten"}}
    config = json.dumps({"class_name": "Sequential", "config": {"name": "net", "layers": [shape, flatten, dense]}})
    kernel, bias = np.ones((4, 2), "f4"), np.zeros(2, "f4")

    def named(file):
        with h5py.File(file, "w") as root:
            root.attrs["model_config"] = config.encode()
            group = root.create_group("model_weights/dense")
            group.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
            group["dense/kernel:0"], group["dense/bias:0"] = kernel, bias

    def numbered(file):
        with h5py.File(file, "w", libver="latest") as root:
            root["layers/dense/vars/0"], root["layers/dense/vars/1"] = kernel, bias

    elder_layers = [
        {"class_name": "Convolution2D", "config": {"name": "convolution2d_1", "nb_filter": 2, "nb_row": 2, "nb_col": 2,
            "dim_ordering": "th", "batch_input_shape": [None, 1, 2, 2]}},
        {"class_name": "Flatten", "config": {"name": "flatten_1"}},
        {"class_name": "Dense", "config": {"name": "dense_1", "output_dim": 2, "activation": "softmax"}},
    ]

    def elder(file):
        with h5py.File(file, "w") as root:
            root.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": elder_layers}).encode()
            for name, kernel in (("convolution2d_1", np.ones((2, 1, 2, 2), "f4")), ("dense_1", np.ones((2, 2), "f4"))):
                group = root.create_group(f"model_weights/{name}")
                group.attrs["weight_names"] = [f"{name}_W".encode(), f"{name}_b".encode()]
                group[f"{name}_W"], group[f"{name}_b"] = kernel, bias

    save("keras", "elder.h5", written(elder))
    save("keras", "named.h5", written(named))
    members = {"config.json": config, "model.weights.h5": written(numbered)}
    save("keras", "numbered.keras", zipped(members))
    save("keras", "stored.keras", zipped(members, zipfile.ZIP_STORED))
    save("keras", "architecture.json", config.encode())


def points():
    save("label_points", "plain.csv", b"image,frame,z,y,x,class\na.tif,0,0,4.5,8,A\na.tif,1,0,2,3.25,B\n")
    save("label_points", "napari.csv", b"index,axis-0,axis-1,axis-2,class\n0,0,4.5,8,A\n1,1,2,3.25,B\n")
    picture = {"id": 1, "file_name": "a.tif", "width": 20, "height": 20}
    mark = {"id": 1, "image_id": 1, "category_id": 1, "keypoints": [8, 4.5, 2], "num_keypoints": 1}
    box = {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    coco = {"images": [picture], "annotations": [mark, box], "categories": [{"id": 1, "name": "A"}]}
    save("label_points", "coco.json", json.dumps(coco).encode())
    # Fiji's layout: version, kind 10 (points), bounds, number, then columns and rows of the points.
    head = b"Iout" + struct.pack(">hBxhhhhh", 228, 10, 4, 8, 6, 10, 1)
    roi = head.ljust(64, b"\0") + struct.pack(">hh", 0, 0)
    save("label_points", "one.roi", roi)
    save("label_points", "set.zip", zipped({"0001-0004-0008.roi": roi}))


def records():
    def field(number, value):
        if isinstance(value, int):
            return bytes([number << 3, value])
        return bytes([number << 3 | 2, len(value)]) + value

    # tf.train.Example: features, in them a map from keys to lists of bytes (1) or of whole numbers (3).
    def feature(key, value):
        values = field(3, field(1, value)) if isinstance(value, int) else field(1, field(1, value))
        return field(1, field(1, key) + field(2, values))

    size = feature(b"train/height", 2) + feature(b"train/width", 3) + feature(b"train/channels", 1)
    image = feature(b"train/image", b"\1\2\3\4\5\6")
    save("tfrecord", "bare.example", field(1, size + feature(b"train/label", 1) + image))


for make in (images, arrays, tables, models, annotations, microscopes, kerases, points, records):
    make()
