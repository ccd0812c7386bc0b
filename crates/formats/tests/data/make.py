"""Files by other programs, with values that the tests compute too: value i of an array is (i * 7) % 251.

numpy 2.4.6, tifffile 2026.3.3, imagecodecs 2026.3.6, pillow 13.0.0, pyarrow 26.0.1, safetensors 0.8.0
Run in this folder: python make.py
"""

import io
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tifffile
from PIL import Image
from safetensors.numpy import save_file


def ramp(*shape, dtype="u1"):
    return ((np.arange(np.prod(shape)) * 7) % 251).reshape(shape).astype(dtype)


# Arrays: type, byte order, memory order, axes.
np.save("u1_nhw.npy", ramp(3, 4, 5))
np.save("u2_big_endian.npy", ramp(3, 4, 5, dtype=">u2"))
np.save("f4_fortran.npy", np.asfortranarray(ramp(3, 4, 5, dtype="f4")))
np.save("f8_nhwc.npy", ramp(2, 20, 20, 3, dtype="f8"))
np.save("u1_nchw.npy", ramp(2, 3, 20, 20))
np.save("u1_ambiguous.npy", ramp(2, 3, 4, 5))
np.save("i8.npy", ramp(3, 4, 5, dtype="i8"))
np.save("i2_negative.npy", ramp(3, 4, 5, dtype=">i2") - np.int16(100))
np.save("f2.npy", ramp(3, 4, 5, dtype="f2"))
np.save("bool.npy", ramp(3, 4, 5) > 100)
np.save("u8_large.npy", ramp(3, 4, 5, dtype="u8") + np.uint64(2**24))
np.save("structured.npy", np.zeros(3, dtype=[("x", "f4"), ("y", "f4")]))
np.save("labels_1hw1.npy", ramp(1, 6, 7, 1, dtype="i8"))
np.save("pickle.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)

images = ramp(4, 20, 20, 2, dtype="u2")
np.savez_compressed(
    "text_labels.npz", images=images, labels=np.array(["b", "a", "", "b"]), channels=np.array(["DNA", "actin"]),
    names=np.array(["w", "x", "y", "z"]), group=np.array([1, 1, 2, 3]), extra=np.array([1.5]),
)
np.savez("float_labels.npz", images=images, labels=np.array([[2.0], [0], [-1], [2]]), group=[1.0, 1, 2, 3])
np.savez("half_labels.npz", images=images, labels=np.array([0.5, 1, 0, 1]))
np.savez("other_names.npz", x=images, y=np.array([5, -1, 2, 5], dtype="i4"))

# Images: values are those of ramp(6, 7, c).
for name, array, how in [
    ("grey8_lzw", ramp(6, 7), dict(compression="lzw")),
    ("grey16_deflate", ramp(6, 7, dtype="u2") * 200, dict(compression="deflate", predictor=True)),
    ("grey16_big_endian", ramp(6, 7, dtype="u2") * 200, dict(byteorder=">")),
    ("grey8_packbits", ramp(6, 7), dict(compression="packbits")),
    ("float32", ramp(6, 7, dtype="f4"), {}),
    ("rgb8", ramp(6, 7, 3), dict(photometric="rgb")),
    ("rgb8_bigtiff", ramp(6, 7, 3), dict(photometric="rgb", bigtiff=True)),
    ("two_channels_as_pages", ramp(6, 7, 2), {}),
]:
    tifffile.imwrite(f"{name}.tif", array, **how)
tifffile.imwrite("rgb8_planar.tif", ramp(6, 7, 3).transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
tifffile.imwrite("grey12.tif", ramp(6, 7, dtype="u2") * 16, bitspersample=12, compression="none", metadata=None)
tifffile.imwrite("int16.tif", ramp(6, 7, dtype="i2") - np.int16(100))
tifffile.imwrite("half.tif", ramp(6, 7, dtype="f2") - np.float16(100))
tifffile.imwrite("uint32_large.tif", ramp(6, 7, dtype="u4") + np.uint32(2**24))
tifffile.imwrite("channels_first.tif", ramp(6, 7, 2).transpose(2, 0, 1), photometric="minisblack", metadata=None)
Image.fromarray(ramp(6, 7)).save("grey8.png")
Image.fromarray(ramp(6, 7, dtype="u2") * 200).save("grey16.png")
Image.fromarray(ramp(6, 7, 3)).save("rgb8.png")
opaque = np.concatenate([ramp(6, 7, 3), np.full((6, 7, 1), 255, "u1")], axis=2)
Image.fromarray(opaque).save("rgba8_opaque.png")
opaque[..., 3] = ramp(6, 7)
Image.fromarray(opaque).save("rgba8_transparent.png")
# Numbers of the colours of a palette, and grey of 4 bits.
listed = Image.fromarray(ramp(6, 7), "P")
listed.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype("u1").tobytes())
listed.save("palette.png")
sixteen = Image.fromarray(ramp(6, 7) % 16, "P")
sixteen.putpalette(listed.getpalette()[:48])
sixteen.save("palette4.png", bits=4)
Image.fromarray(np.full((16, 16, 3), [200, 100, 50], "u1")).save("flat.jpg", quality=95)

# Resizing with antialiasing, in floating point.
source = ramp(13, 9, dtype="f4")
resized = {
    size: np.asarray(Image.fromarray(source).resize((size, size), Image.Resampling.BILINEAR)).ravel().tolist()
    for size in (5, 9, 20)
}
json.dump(resized, open("resized.json", "w"))

# A model and a table.
save_file(
    {"a": ramp(2, 3, dtype="f4"), "b": ramp(4, dtype="f4")}, "model.safetensors", metadata={"key": "value", "k2": "v2"}
)
save_file({"half": ramp(2, 3, dtype="f2")}, "half.safetensors")
table = pa.table({
    "name": ["a", None, "c"], "n": pa.array([1, 2, None], pa.int32()), "x": pa.array([0.5, None, 2.0], pa.float32()),
    "flag": [True, False, None], "kind": pa.array(["u", "v", "u"]).dictionary_encode(),
})
pq.write_table(table, "table.parquet")
pq.write_table(pa.table({"list": [[1], [2]]}), "nested.parquet")

# Every kind of column that a table may have, in groups of two rows, and two that it may not.
kinds = {
    "i8": pa.array([-1, None, 3], pa.int8()), "u8": pa.array([1, None, 255], pa.uint8()),
    "u32": pa.array([1, None, 2**32 - 1], pa.uint32()), "u64": pa.array([1, None, 2**63 - 1], pa.uint64()),
    "i64": pa.array([-(2**63), None, 2**63 - 1]), "f64": pa.array([float("-inf"), None, 0.1]),
    "large": pa.array(["a", None, "ä"], pa.large_string()), "nothing": pa.array([None, None, None], pa.null()),
    "all": pa.array([1, 2, 3], pa.int32()),
}
schema = pa.schema([pa.field(name, values.type, nullable=name != "all") for name, values in kinds.items()])
pq.write_table(pa.table(kinds, schema), "kinds.parquet", row_group_size=2)
pq.write_table(pa.table({"when": pa.array([1, 2], pa.timestamp("ns"))}), "times.parquet")
pq.write_table(pa.table({"huge": pa.array([1, 2**63], pa.uint64())}), "huge.parquet")

# An annotation zip with two channels, states, a flagged patch and names that begin alike.
meta = {
    "shape": 6, "second": {"filename": "b.tif"}, "first": {"filename": "a.tif"},
    "coords-0": [0, 1, 2], "coords-1": [10.5, 11, 12], "coords-2": [20, 21, 22],
    "labels": ["Anaphase", "Ana", "Ana"], "flagged": [False, False, True], "states": {"Ana": 1, "Anaphase": 0},
}
with zipfile.ZipFile("annotation_two.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for i, member in enumerate(["Anaphase/Anaphase_s_0.tif", "Ana/Ana_s_1.tif", "Ana/Ana_s_2_flagged.tif"]):
        out = io.BytesIO()
        tifffile.imwrite(out, ramp(6, 6, 2) + i)
        z.writestr(zipfile.ZipInfo(member, (2026, 11, 22, 0, 0, 0)), out.getvalue(), zipfile.ZIP_DEFLATED)
    z.writestr(zipfile.ZipInfo("notes.json", (2026, 11, 22, 0, 0, 0)), json.dumps(meta), zipfile.ZIP_DEFLATED)
