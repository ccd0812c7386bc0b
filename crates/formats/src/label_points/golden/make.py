"""Makes roifile.zip beside this script: python make.py

Python 3.11, numpy 2.4.6, roifile 2026.2.10 (checked below): selections as another program writes them.
"""

import zipfile
from pathlib import Path

import numpy as np
import roifile

assert (np.__version__, roifile.__version__) == ("2.4.6", "2026.2.10")


def points(coordinates, **facts):
    roi = roifile.ImagejRoi.frompoints(coordinates, **facts)
    roi.roitype = roifile.ROI_TYPE.POINT
    return roi


def outline(corners, kind):
    roi = roifile.ImagejRoi.frompoints(corners)
    roi.roitype = kind
    return roi


ROIS = {
    # Two points of one selection with parts of pixels, in frame 4 (from 1) and focal plane 2.
    "points": points([[10.5, 20.5], [11.25, 7.75]], name="points", t=3, z=1, c=0),
    # A point on whole pixels, in plane 7 (from 1) of a stack.
    "whole": points(np.array([[3, 4]], dtype="int32"), name="whole", position=6),
    # Outlines, of whole numbers and with parts of pixels; a triangle's centre is the mean of its corners.
    "polygon": outline(np.array([[100, 200], [112, 200], [100, 206]], dtype="int32"), roifile.ROI_TYPE.POLYGON),
    "freehand": outline([[10.25, 20.5], [10.25, 32.5], [16.25, 20.5]], roifile.ROI_TYPE.FREEHAND),
    # Something that encloses rows 10 to 20 and columns 30 to 50.
    "oval": roifile.ImagejRoi(roitype=roifile.ROI_TYPE.OVAL, top=10, left=30, bottom=20, right=50, name="oval"),
}

if __name__ == "__main__":
    with zipfile.ZipFile(Path(__file__).parent / "roifile.zip", "w") as out:
        for name, roi in ROIS.items():
            out.writestr(zipfile.ZipInfo(f"{name}.roi"), roi.tobytes())
