"""Ink on paper, whatever the light was: what is printed and written in black, blue or grey."""

from __future__ import annotations

import cv2
import numpy as np

from shidian.documents.scans.pictures import SIZE, Picture
from shidian.documents.scans.pictures.redness import without_red


def ink_of(picture: Picture) -> Picture:
    """0 (paper) to 255 (the blackest print) on a straightened page; red ink is not seen."""
    light = picture if picture.ndim == 2 else without_red(picture)
    if light.shape[::-1] != SIZE:
        light = cv2.resize(light, SIZE, interpolation=cv2.INTER_AREA)
    small = cv2.resize(light, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    ground = cv2.blur(cv2.dilate(small, np.ones((5, 5), np.uint8)), (7, 7))
    paper = cv2.resize(cv2.max(ground, 40), SIZE, interpolation=cv2.INTER_LINEAR)
    ink = cv2.bitwise_not(cv2.divide(light, paper, scale=255))
    reached = np.cumsum(cv2.calcHist([ink], [0], None, [256], [0, 256]).reshape(-1)[64:])
    black = 64 + int(np.searchsorted(reached, 0.9 * reached[-1])) if reached[-1] > 500 else 200
    table = np.clip(np.arange(256) * 255.0 / black, 0, 255)
    table[: round(0.06 * black)] = 0
    return cv2.LUT(ink, table.astype(np.uint8))
