"""The edges of a page that lies on something darker."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from shidian.documents.scans.pictures import Picture, Points

_LONG = 640
"""Dots along the long side of the small picture that is looked at."""
_LEAST, _MOST = 0.25, 0.985
"""Part of the picture that a page may fill: one that fills more has no edges in it."""


def outlines(grey: Picture) -> Iterator[Points]:
    """Four corners, clockwise as seen, of whatever may be the page: bright on dark, by several thresholds."""
    shrink = _LONG / max(grey.shape)
    small = cv2.GaussianBlur(
        cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), (0, 0), 1.5
    )
    otsu, _ = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    for level in (otsu, otsu * 0.85, otsu * 0.7, otsu * 0.55, otsu * 1.15):
        bright: Picture = (small > level).astype(np.uint8)
        bright = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        bright = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
        contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not contours:
            continue
        hull = cv2.convexHull(max(contours, key=cv2.contourArea))
        if not _LEAST < cv2.contourArea(hull) / small.size < _MOST:
            continue
        if (corners := _four(hull)) is not None:
            yield (corners / shrink).astype(np.float32)


def _four(hull: Points) -> Points | None:
    """The quadrilateral that a hull nearly is, clockwise."""
    around = cv2.arcLength(hull, closed=True)
    for tolerance in (0.01, 0.015, 0.02, 0.03, 0.04, 0.06):
        corners = cv2.approxPolyDP(hull, tolerance * around, closed=True)[:, 0].astype(np.float32)
        if len(corners) == 4:
            if cv2.contourArea(corners) < 0.93 * cv2.contourArea(hull):
                return None
            turning = cv2.contourArea(corners, oriented=True)
            return corners if turning > 0 else corners[::-1]
    return None
