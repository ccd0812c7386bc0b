"""JPEG images of every kind that is read, and what Pillow (libjpeg-turbo 3.2) decodes them to: NAME.jpg beside NAME.npy.

numpy 2.4.6, pillow 13.0.0, imagecodecs 2026.3.6 (for what Pillow does not write; all are decoded by Pillow)
Run in this folder: python make_jpeg.py
"""

import io
import itertools
import zipfile

import imagecodecs
import numpy as np
from PIL import Image

# Cycles of lengths without a common divisor meet in all ways.
SIZES = itertools.cycle([(37, 40), (2, 3), (33, 31), (16, 16), (1, 17), (17, 15), (40, 1)])
QUALITIES = itertools.cycle([30, 75, 90, 100])
RESTARTS = itertools.cycle([0, 1, 0, 3, 0])
MODES = {1: "L", 3: "RGB", 4: "CMYK"}
rng = np.random.default_rng(0)


def scene(h, w, c):
    """Waves, grain, and a few pixels of any value."""
    y, x = np.mgrid[:h, :w]
    waves = [128 + 100 * np.sin(x / (3 + k) + y / (5 - k)) for k in range(c)]
    values = np.stack(waves, -1) + rng.normal(0, 10, (h, w, c))
    spots = rng.random((h, w)) < 0.05
    values[spots] = rng.integers(0, 256, (spots.sum(), c))
    return np.clip(values, 0, 255).astype("u1")


def by_pillow(values, **how):
    c = values.shape[-1]
    out = io.BytesIO()
    image = Image.frombytes(MODES[c], values.shape[1::-1], values.tobytes())
    image.save(out, "JPEG", **how)
    return out.getvalue()


def images():
    for c, progressive, _ in itertools.product(MODES, [False, True], range(3)):
        for subsampling in ["4:4:4", "4:2:2", "4:2:0"] if c > 1 else [None]:
            how = {"subsampling": subsampling} if subsampling else {}
            how |= dict(quality=next(QUALITIES), restart_marker_blocks=next(RESTARTS))
            yield by_pillow(scene(*next(SIZES), c), progressive=progressive, **how)
    for subsampling, (h, w) in itertools.product(["440", "411"], [(5, 4), (17, 15), (37, 40)]):
        yield imagecodecs.jpeg8_encode(scene(h, w, 3), level=90, subsampling=subsampling)
    # Grey, as some cameras write it: blocks of a unit of its own that is larger.
    yield by_pillow(scene(17, 15, 1), quality=90).replace(b"\x01\x01\x11\x00", b"\x01\x01\x22\x00", 1)
    for h, w in [(7, 9), (33, 31)]:
        # Red, green and blue as they are; inks as brightness and colour differences.
        yield imagecodecs.jpeg8_encode(scene(h, w, 3), level=90, colorspace="RGB", outcolorspace="RGB")
        yield imagecodecs.jpeg8_encode(scene(h, w, 4), level=90, colorspace="CMYK", outcolorspace="YCCK")
    # Noise at a low quality leaves the range of a byte.
    noise = rng.integers(0, 2, (24, 24, 3)).astype("u1") * 255
    yield by_pillow(noise, quality=10, subsampling="4:2:0")
    # Tables for this image alone, whose codes are long.
    yield by_pillow(scene(37, 40, 3), quality=100, optimize=True)


with zipfile.ZipFile("jpeg.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for i, packed in enumerate(images()):
        with Image.open(io.BytesIO(packed)) as image:
            kind = "progressive" if image.info.get("progressive") else "sequential"
            sampling = "x".join(f"{across}{down}" for _, across, down, _ in image.layer)
            name = f"{i:02}_{image.mode.lower()}_{image.height}x{image.width}_{kind}_{sampling}"
            values = np.asarray(image.convert("RGB") if image.mode == "CMYK" else image)
        plain = io.BytesIO()
        np.save(plain, values)
        for ending, content in [("jpg", packed), ("npy", plain.getvalue())]:
            info = zipfile.ZipInfo(f"{name}.{ending}", (2026, 11, 22, 0, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, 9)
