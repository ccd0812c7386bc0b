"""Small TIFF files as makers of microscopes and other programs write them, checked with tifffile.

    pip install numpy==2.4.6 tifffile==2026.3.3 imagecodecs==2026.3.6
    python make_makers.py

Written byte by byte, as no writer makes them. Value i of every image is (7 i mod 251) times a factor.
"""

import struct
import tempfile
import zipfile

import numpy
import tifffile

BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5
SIZES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8}


def ramp(n, factor=1):
    return (numpy.arange(n) * 7 % 251 * factor).astype("uint16")


def page(pixels, entries, order="<", behind=b"", next_=0):
    """A file of one directory: pixels at byte 8, then what lies behind them, then the directory."""
    body = pixels + behind
    body += b"\0" * (len(body) % 2)
    at = 8 + len(body)
    directory, values = b"", b""
    first_value = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, data in sorted(entries):
        if not isinstance(data, bytes):
            data = struct.pack(order + {SHORT: "H", LONG: "I"}[kind] * len(data), *data)
        if len(data) > 4:
            place = struct.pack(order + "I", first_value + len(values))
            values += data
        else:
            place = data.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, count) + place
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, at)
    return head + body + struct.pack(order + "H", len(entries)) + directory + struct.pack(order + "I", next_) + values


def grey(h, w, bits, offsets, counts, rows=None, compression=1, sample_format=1, more=()):
    rows = h if rows is None else rows
    return [
        (256, LONG, 1, [w]), (257, LONG, 1, [h]), (258, SHORT, 1, [bits]), (259, SHORT, 1, [compression]),
        (262, SHORT, 1, [1]), (273, LONG, len(offsets), offsets), (277, SHORT, 1, [1]), (278, LONG, 1, [rows]),
        (279, LONG, len(counts), counts), (339, SHORT, 1, [sample_format]), *more,
    ]


def metamorph(planes, z_step, ms):
    """A stack of planes; the directory is of the first."""
    n, h, w = planes.shape
    pixels = planes.astype("<u2").tobytes()
    pack = lambda *numbers: struct.pack("<" + "I" * len(numbers), *numbers)
    unit = b"um\0"
    behind = pack(325, 1000) + pack(650, 1000) + pack(len(unit)) + unit
    at = 8 + len(pixels)
    settings = pack(0, 0, 3, 1, 4, at, 5, at + 8, 6, at + 16, 9, 0)
    table = b"".join(pack(z_step, 10, 2459000, 1000 + ms * i, 2459000, 0) for i in range(n))
    half = h // 2 * w * 2
    strips = grey(h, w, 16, [8, 8 + half], [half, h * w * 2 - half], rows=h // 2)
    more = [(33628, LONG, len(settings) // 8, settings), (33629, RATIONAL, n, table)]
    return page(pixels, strips + more, behind=behind)


def ome(text, pixels):
    text = text.encode() + b"\0"
    return page(pixels, grey(4, 4, 8, [8], [16], more=[(270, ASCII, len(text), text)]))


def main():
    folder = tempfile.mkdtemp()
    files = {}
    stack = ramp(3 * 6 * 5, 200).reshape(3, 6, 5)
    files["depth.stk"] = metamorph(stack, 5, 0), stack
    files["time.stk"] = metamorph(stack, 0, 1500), stack
    # 1, -2.5, the smallest and the largest number, infinity, steps below the smallest normal one.
    words = [0x3F0000, 0xC04000, 0x000001, 0x7EFFFF, 0x7F0000, 0x008000, 0x010000, 0x800000]
    for order, name in (("<", "little"), (">", "big")):
        pixels = b"".join(struct.pack(order + "I", w)[slice(0, 3) if order == "<" else slice(1, 4)] for w in words)
        files[f"float24_{name}.tif"] = page(pixels, grey(2, 4, 24, [8], [24], sample_format=3), order), None
    image = ramp(6 * 5).astype("uint8").reshape(6, 5)
    hole = image.copy()
    hole[2:4] = 0
    pixels = image[:2].tobytes() + image[4:].tobytes()
    files["left_out_strip.tif"] = page(pixels, grey(6, 5, 8, [8, 0, 18], [10, 0, 10], rows=2)), hole
    files["count_too_great.tif"] = page(image.tobytes(), grey(6, 5, 8, [8], [100_000])), image
    # A coarser level of 0 rows, and one that is right.
    levels = page(b"", grey(0, 0, 8, [8], [0]))[8:], page(b"", grey(3, 2, 8, [8], [6]))[8:]
    start = 8 + image.size
    sub_ifds = [(330, LONG, 2, [start, start + len(levels[0])])]
    files["empty_level.tif"] = page(image.tobytes(), grey(6, 5, 8, [8], [30], more=sub_ifds), behind=b"".join(levels)), image
    data = "".join(
        f"<TiffData IFD='0' FirstZ='{z}'><UUID FileName='{n}.ome.tif'>urn:uuid:{z + 1}</UUID></TiffData>"
        for z, n in enumerate(("first", "second"))
    )
    size = "DimensionOrder='XYZCT' Type='uint8' SizeX='4' SizeY='4' SizeZ='2' SizeC='1' SizeT='1'"
    both = f"<OME UUID='urn:uuid:1'><Image ID='Image:0'><Pixels ID='Pixels:0' {size}>{data}</Pixels></Image></OME>"
    other = "<OME UUID='urn:uuid:2'><BinaryOnly MetadataFile='first.ome.tif' UUID='urn:uuid:1'/></OME>"
    planes = ramp(32).astype("uint8").reshape(2, 16)
    files["first.ome.tif"] = ome(both, planes[0].tobytes()), None
    files["second.ome.tif"] = ome(other, planes[1].tobytes()), None

    with zipfile.ZipFile("makers.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for name, (content, expected) in files.items():
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
            if expected is not None:
                found = tifffile.imread(f"{folder}/{name}", series=0)
                assert (found.squeeze() == expected).all(), name
    for name in ("little", "big"):
        values = tifffile.imread(f"{folder}/float24_{name}.tif").ravel()
        assert values[0] == 1 and values[1] == -2.5 and numpy.isinf(values[4]), values
        print(name, [f"{v:08x}" for v in values.view("uint32")])
    with tifffile.TiffFile(f"{folder}/depth.stk") as file:
        print({k: file.stk_metadata.get(k) for k in ("NumberPlanes", "XCalibration", "YCalibration", "CalibrationUnits")})
        print(file.series[0].axes)
    with tifffile.TiffFile(f"{folder}/time.stk") as file:
        print(file.series[0].axes, file.stk_metadata["TimeCreated"])
    assert tifffile.imread(f"{folder}/first.ome.tif").ravel().tolist() == planes.ravel().tolist()


main()
