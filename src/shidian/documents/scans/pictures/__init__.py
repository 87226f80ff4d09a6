"""What is done with pictures of pages; runs in `worker` only, on one core. Pictures are grey or blue-green-red."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from shidian.documents.scans.findings import HEIGHT, WIDTH

cv2.setNumThreads(1)

# The stubs of OpenCV lose what kind of numbers an array holds.
Picture = np.ndarray[Any, Any]
"""Of bytes: (high, wide), or (high, wide, 3) as blue, green, red."""
Plane = np.ndarray[Any, Any]
"""Of 32-bit floating numbers: (high, wide)."""
Points = np.ndarray[Any, Any]
"""(n, 2): x to the right, y down."""

DPI = 200
"""Of the straightened page."""
DOTS = DPI / 25.4
"""A millimetre on it."""
SIZE = round(WIDTH * DOTS), round(HEIGHT * DOTS)
"""The whole page: how many wide, how many high."""


def grey_of(picture: Picture) -> Picture:
    """The picture in shades of grey."""
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def decode(jpeg: bytes) -> Picture:
    """A JPEG that this system wrote, grey or in colour as it was; ValueError when it is none."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise ValueError("not a picture")
    return picture


def encode(picture: Picture, quality: int = 80) -> bytes:
    """The picture as JPEG."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
