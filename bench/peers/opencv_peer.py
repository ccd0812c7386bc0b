"""The published contour method with OpenCV and numpy, as its notebooks do it: `opencv_peer.py FIELD.tif` (8-bit RGB).

Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0: blur, threshold at the 5th percentile, outer contours, those of at
least 50 pixels, crops of 50x50 around the mean of their border that again hold contours of 50 pixels.
"""
import sys

from contestant import THREADS, compete

import cv2
import numpy as np
import tifffile

HALF, PERCENT, MIN_AREA = 25, 5.0, 50

cv2.setNumThreads(THREADS)


def contours(image):
    blurred = cv2.GaussianBlur(np.ascontiguousarray(image[..., 0]), (5, 5), 0)
    dark = (blurred < np.percentile(blurred, PERCENT)).astype(np.uint8)
    return cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[-2]


def crops(field):
    height, width = field.shape[:2]
    found = []
    for contour in contours(field):
        if cv2.contourArea(contour) < MIN_AREA:
            continue
        x, y = contour[:, 0].mean(axis=0)
        if not (HALF <= y <= height - HALF and HALF <= x <= width - HALF):
            continue
        crop = field[int(y) - HALF : int(y) + HALF, int(x) - HALF : int(x) + HALF]
        if sum(cv2.contourArea(inner) for inner in contours(crop)) >= MIN_AREA:
            found.append(crop)
    return np.array(found, np.uint8)


def prepare(*_):
    field = tifffile.imread(sys.argv[1])

    def run():
        crops(field)
        return 1

    return run


compete(prepare)
