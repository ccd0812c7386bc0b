"""Outlines of random blobs, and cells of random 16-bit fields, by others: contours.json.

Run with Python 3.11, opencv-python-headless 5.0.0, numpy 2.4.6: python contours.py > contours.json
Masks are rows of 0 and 1; a contour is [border pixels, sum of rows, sum of columns, twice the area]. A field is the seed of a
generator that the test has as well; its cells are [y, x] of the published method applied to 16 bits.
"""
import json

import cv2
import numpy as np


def outlines(mask):
    found = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[-2]
    facts = [[len(c), int(c[:, 0, 1].sum()), int(c[:, 0, 0].sum()), int(2 * cv2.contourArea(c))] for c in found]
    return facts[::-1]


def masks():
    rng = np.random.default_rng(7)
    for h, w, share in [(1, 9, 0.5), (9, 1, 0.5), (12, 30, 0.2), (12, 30, 0.4), (12, 30, 0.6), (20, 40, 0.5), (20, 40, 0.75), (20, 40, 0.9)]:
        for blurred in (False, True):
            noise = rng.random((h, w))
            if blurred:
                noise = cv2.blur(noise, (3, 3))
            yield (noise <= np.quantile(noise, share)).astype(np.uint8)


def field(seed, h=120, w=150):
    """16-bit noise of a linear congruential generator, smoothed by repeated sums."""
    state, values = seed, np.zeros(h * w, np.int64)
    for i in range(h * w):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values[i] = state >> 48
    image = values.reshape(h, w)
    for _ in range(4):
        image = (image + np.roll(image, 1, 0) + np.roll(image, 1, 1) + np.roll(image, 2, 0) + np.roll(image, 2, 1)) // 5
    return image.astype(np.uint16)


def binarise(plane, percent, bright):
    blurred = cv2.GaussianBlur(plane, (5, 5), 0)
    threshold = np.percentile(blurred, percent)
    return ((blurred > threshold) if bright else (blurred < threshold)).astype(np.uint8)


def cells(plane, percent, min_area, half, bright):
    h, w = plane.shape
    for n, y, x, twice in outlines(binarise(plane, percent, bright)):
        y, x = y / n, x / n
        if twice / 2 < min_area or y < half or y > h - half or x < half or x > w - half:
            continue
        crop = np.ascontiguousarray(plane[int(y) - half:int(y) + half, int(x) - half:int(x) + half])
        if sum(f[3] / 2 for f in outlines(binarise(crop, percent, bright))) >= min_area:
            yield [y, x]


SETTINGS = [(5.0, 3.0, 12, False), (10.0, 8.0, 9, False), (95.0, 3.0, 12, True), (2.5, 1.0, 16, False)]
print(json.dumps({
    "masks": [{"rows": ["".join(map(str, r)) for r in m.tolist()], "contours": outlines(m)} for m in masks()],
    "fields": [
        {"seed": seed, "percent": p, "min_area": a, "half": half, "bright": bright, "cells": list(cells(field(seed), p, a, half, bright))}
        for seed in (1, 2) for p, a, half, bright in SETTINGS
    ],
}, separators=(",", ":")))
