"""zarr.zip: OME-Zarr images of 2 frames, 2 channels, 3 focal planes, 13 rows, 21 columns, with codecs of Zarr 2 and 3.

The value at t, c, z, y, x is 9000 t + 4000 c + 900 z + 30 y + x in the type of the array, modulo 251 for 8 bits.
zarr 3.1.5, numcodecs 0.16.6, numpy 2.4.6
Run in this folder: python make_zarr.py
"""

import json
import os
import shutil
import tempfile
import zipfile

import numpy as np
import zarr
from numcodecs import LZ4, Blosc, GZip, Zlib, Zstd
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

SHAPE = (2, 2, 3, 13, 21)
CHUNKS = (1, 2, 3, 8, 16)
AXES = [
    {"name": "t", "type": "time", "unit": "minute"},
    {"name": "c", "type": "channel"},
    *({"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"),
]


def values(dtype):
    t, c, z, y, x = np.indices(SHAPE)
    v = 9000 * t + 4000 * c + 900 * z + 30 * y + x
    return (v % 251 if np.dtype(dtype).itemsize == 1 else v).astype(dtype)


def multiscales(name):
    scale = [{"type": "scale", "scale": [4.0, 1.0, 1.5, 0.325, 0.325]}]
    return {
        "multiscales": [{"name": name, "axes": AXES, "datasets": [{"path": "0", "coordinateTransformations": scale}]}],
        "omero": {"channels": [{"label": "DNA"}, {"label": "tubulin"}]},
    }


def v2(folder, name, dtype, **settings):
    root = os.path.join(folder, f"v2_{name}.zarr")
    group = zarr.open_group(root, mode="w", zarr_format=2)
    group.attrs.update(multiscales(name))
    separator = settings.pop("separator", "/")
    array = group.create_array(
        "0", shape=SHAPE, chunks=CHUNKS, dtype=dtype, fill_value=0,
        chunk_key_encoding={"name": "v2", "separator": separator}, **settings,
    )
    array[:] = values(dtype)


def v3(folder, name, dtype, codecs, chunks=CHUNKS):
    root = os.path.join(folder, f"v3_{name}.zarr")
    group = zarr.open_group(root, mode="w", zarr_format=3)
    group.attrs.update({"ome": {"version": "0.5", **multiscales(name)}})
    array = zarr.create(
        shape=SHAPE, chunks=chunks, dtype=dtype, fill_value=0, store=os.path.join(root, "0"), zarr_format=3, codecs=codecs
    )
    array[:] = values(dtype)


with tempfile.TemporaryDirectory() as folder:
    for name in ["lz4", "zstd", "blosclz", "zlib", "lz4hc"]:
        v2(folder, f"blosc_{name}", "<u2", compressors=Blosc(cname=name, clevel=5, shuffle=Blosc.SHUFFLE))
    v2(folder, "blosc_bits", "<f4", compressors=Blosc(cname="zstd", clevel=5, shuffle=Blosc.BITSHUFFLE))
    v2(folder, "blosc_plain", "<u2", compressors=Blosc(cname="lz4", clevel=0, shuffle=Blosc.NOSHUFFLE))
    v2(folder, "blosc_small_blocks", "<u2", compressors=Blosc(cname="lz4", clevel=5, blocksize=1024))
    v2(folder, "none", ">u2", compressors=None, separator=".")
    v2(folder, "columns_first", ">i4", compressors=Zlib(), order="F")
    v2(folder, "gzip", "<i2", compressors=GZip())
    v2(folder, "zstd", "<f8", compressors=Zstd())
    v2(folder, "lz4", "|u1", compressors=LZ4())
    v3(folder, "blosc", "uint16", [BytesCodec(), BloscCodec(cname="zstd", shuffle="bitshuffle", typesize=2)])
    v3(folder, "gzip", "float32", [BytesCodec(endian="big"), GzipCodec()])
    v3(folder, "zstd", "uint8", [BytesCodec(), ZstdCodec(), Crc32cCodec()])
    v3(folder, "transposed", "int32", [TransposeCodec(order=(4, 0, 3, 1, 2)), BytesCodec(), ZstdCodec()])
    inner = {"chunk_shape": (1, 1, 1, 8, 8), "codecs": [BytesCodec(), ZstdCodec()]}
    v3(folder, "shards", "uint16", [ShardingCodec(**inner)], chunks=(1, 2, 3, 16, 16))
    v3(folder, "shards_start", "uint16", [ShardingCodec(**inner, index_location="start")], chunks=(2, 2, 3, 16, 24))
    with zipfile.ZipFile("zarr.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for parent, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                path = os.path.join(parent, file)
                member = zipfile.ZipInfo(os.path.relpath(path, folder), (1980, 1, 1, 0, 0, 0))
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, open(path, "rb").read())
