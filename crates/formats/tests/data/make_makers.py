"""Small TIFF files as makers of microscopes and other programs write them, checked with tifffile.

    pip install numpy==2.4.6 tifffile==2026.3.3 imagecodecs==2026.3.6
    python make_makers.py

Written byte by byte, as no writer makes them. Value i of every image is (7 i mod 251) times a factor.
"""

import struct
import tempfile
import zipfile

import imagecodecs
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


def lsm_info(n_c, n_z, n_t, scan_type, names, stamps, interval, n_p=1, twelve=False, bits=16):
    """What Zeiss' tag points to; what it points to itself comes right behind it, where `at` is filled in."""

    def behind(at):
        pieces = b"".join(struct.pack("<I", len(n) + 1) + n.encode() + b"\0" for n in names)
        colours = struct.pack("<6I", 24 + 4 * n_c + len(pieces), n_c, n_c, 24, 24 + 4 * n_c, 0)
        colours += bytes(4 * n_c) + pieces
        times = struct.pack("<2i", 8 + 8 * len(stamps), len(stamps)) + struct.pack(f"<{len(stamps)}d", *stamps)
        raw = struct.pack("<I9i", 0x0400494C, 300, 5, 6, n_z, n_c, n_t, 2 if twelve else bits // 8, 2, 2)
        raw += struct.pack("<6d", 2e-7, 4e-7, 1.5e-6, 0, 0, 0) + struct.pack("<2HI", scan_type, 0, 0)
        raw += struct.pack("<4I", 0, 0, 0, at + 300) + struct.pack("<d", interval)
        raw += struct.pack("<3I", 0, 0, 0) + struct.pack("<I", at + 300 + len(colours) if stamps else 0)
        raw = raw.ljust(264, b"\0") + struct.pack("<2i", n_p, 1)
        return raw.ljust(300, b"\0") + colours + times

    return behind


def lsm(planes, info, bits=16, lzw=False, inline=False):
    """A directory and a thumbnail for each of `planes` `[n, c, 6, 5]`; as Zeiss' program writes them, the lengths of
    strips are those before compression, and two numbers of bits are not in the directory, where there is room."""
    out, where, n_c = b"II*\0" + bytes(4), 4, planes.shape[1]
    for i, plane in enumerate(planes):
        for pixels in (plane.astype(f"<u{bits // 8}"), numpy.full((3, 2, 2), 77, "u1")):
            is_first, is_plane = i == 0 and pixels.shape == plane.shape, pixels.shape == plane.shape
            h, w, size = *pixels.shape[1:], 8 * pixels.itemsize
            packed = pixels
            if lzw and is_plane:
                packed = numpy.diff(pixels, axis=2, prepend=pixels.dtype.type(0))
            offsets, counts = [], []
            for channel in packed:
                raw = channel.tobytes()
                offsets, counts = [*offsets, len(out)], [*counts, len(raw)]
                out += imagecodecs.lzw_encode(raw) if lzw and is_plane else raw
            out += bytes(len(out) % 2)
            n = len(pixels)
            entries = [
                (254, LONG, 1, [0 if is_plane else 1]), (256, LONG, 1, [w]), (257, LONG, 1, [h]),
                (258, SHORT, n, [size] * n), (259, SHORT, 1, [5 if lzw and is_plane else 1]),
                (262, SHORT, 1, [1 if n == 1 else 2]), (273, LONG, n, offsets), (277, SHORT, 1, [n]),
                (279, LONG, n, counts), (284, SHORT, 1, [2]),
            ]
            if lzw and is_plane:
                entries.append((317, SHORT, 1, [2]))
            if is_first:
                behind = info(len(out))
                entries.append((34412, BYTE, 300, struct.pack("<I", len(out))))
                out += behind + bytes(len(behind) % 2)
            at_bits = len(out)
            out += struct.pack(f"<{n}H", *[size] * n) + bytes(n % 2 * 2)
            if n == 2 and not inline:
                entries[3] = (258, SHORT, n, struct.pack("<I", at_bits))
            directory, values, at = b"", b"", len(out)
            first_value = at + 2 + 12 * len(entries) + 4
            for tag, kind, count, data in sorted(entries):
                if not isinstance(data, bytes):
                    data = struct.pack("<" + {SHORT: "H", LONG: "I"}[kind] * len(data), *data)
                if len(data) > 4:
                    place, values = struct.pack("<I", first_value + len(values)), values + data
                else:
                    place = data.ljust(4, b"\0")
                directory += struct.pack("<HHI", tag, kind, count) + place
            out = out[:where] + struct.pack("<I", at) + out[where + 4:]
            where = at + 2 + len(directory)
            out += struct.pack("<H", len(entries)) + directory + bytes(4) + values
    return out


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

    stack = ramp(12 * 2 * 30, 16).reshape(12, 2, 6, 5)
    info = lsm_info(2, 3, 4, 6, ["Ch1-T1", "ChS1"], [10, 12.5, 15, 17.5], 2)
    files["stack.lsm"] = lsm(stack, info), stack.reshape(4, 3, 2, 6, 5)
    files["lzw.lsm"] = lsm(stack, info, lzw=True), stack.reshape(4, 3, 2, 6, 5)
    files["inline.lsm"] = lsm(stack, info, inline=True), None
    noise = numpy.random.default_rng(3).integers(0, 256, (1, 1, 6, 5)).astype("uint8")
    files["noise.lsm"] = lsm(noise, lsm_info(1, 1, 1, 0, ["Ch1"], [1], 0, bits=8), 8, lzw=True), noise[0, 0]
    info = lsm_info(1, 1, 2, 3, ["Ch2"], [], 0.5, n_p=2, twelve=True)
    files["positions.lsm"] = lsm(stack[:4, :1], info), stack[:4, 0].reshape(2, 2, 6, 5)
    files["line.lsm"] = lsm(stack[:1], lsm_info(2, 1, 1, 2, ["Ch1", "Ch2"], [], 0)), None

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
    with tifffile.TiffFile(f"{folder}/stack.lsm") as file:
        print({k: v for k, v in file.lsm_metadata.items() if k in ("VoxelSizeX", "VoxelSizeZ", "TimeStamps", "ChannelColors")})
        print(file.series[0].axes, file.series[0].shape)
    assert tifffile.imread(f"{folder}/first.ome.tif").ravel().tolist() == planes.ravel().tolist()


main()
