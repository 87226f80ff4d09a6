"""Where a printed page lies in a picture: millimetres of the page to pixels and back.

A picture is a numpy array of uint8, rows by columns by red, green, blue. Pixel coordinates run to the right and down
from the outer corner of the first pixel, so that the middle of the first pixel is at (0.5, 0.5). Millimetres run to
the right and down from the top left corner of the printed page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""x, y, width, height in millimetres of the page."""

MM_PER_INCH = 25.4
_HALF = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Placed:
    """A page of `width` by `height` millimetres in a picture.

    `transform` (3 by 3) takes homogeneous millimetres to pixels; `error` is how many millimetres a place on the page
    may be off at worst (about two standard deviations), as far as the marks tell.
    """

    transform: Matrix
    width: float
    height: float
    error: float = 0.0

    @classmethod
    def straight(cls, picture: Picture, width: float, height: float, *, error: float = 0.0) -> Placed:
        """A page that fills the picture exactly, for example a rendered page or what `straightened` returned."""
        rows, columns = picture.shape[:2]
        return cls(np.diag([columns / width, rows / height, 1.0]), width, height, error)

    def pixels(self, points: Sequence[tuple[float, float]] | Points) -> Points:
        """Points of the page (n by 2, millimetres) in the picture (n by 2, pixels)."""
        return _mapped(self.transform, points)

    def millimetres(self, points: Sequence[tuple[float, float]] | Points) -> Points:
        """Points of the picture (n by 2, pixels) on the page (n by 2, millimetres)."""
        back: Matrix = np.asarray(np.linalg.inv(self.transform), dtype=np.float64)
        return _mapped(back, points)

    def cut(self, picture: Picture, box: Box, dots: float) -> Picture:
        """The part of the page in `box`, straightened, at `dots` to the inch; white where the picture has ended."""
        x, y, width, height = box
        scale = dots / MM_PER_INCH
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        to_page = np.array([[1 / scale, 0, x], [0, 1 / scale, y], [0, 0, 1]], dtype=np.float64)
        # OpenCV counts from the middle of the first pixel.
        matrix = _HALF @ self.transform @ to_page @ np.linalg.inv(_HALF)
        shrink = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
        source = picture
        if shrink > 1.5:
            # Sampling every n-th pixel only would break thin strokes.
            source = np.asarray(cv2.blur(picture, (round(shrink), round(shrink))), dtype=np.uint8)
        white = (255, 255, 255)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        out = cv2.warpPerspective(source, matrix, size, flags=flags, borderValue=white)
        return np.asarray(out, dtype=np.uint8)

    def straightened(self, picture: Picture, dots: float) -> Picture:
        """The whole page as it was printed, at `dots` to the inch."""
        return self.cut(picture, (0.0, 0.0, self.width, self.height), dots)


def fitted(page: Points, picture: Points) -> Matrix | None:
    """The transform that takes page points to picture points best; None when they do not determine one.

    Four points or more: perspective; the two marks give eight.
    """
    if len(page) < 4:
        return None
    matrix, _ = cv2.findHomography(page.reshape(-1, 1, 2), picture.reshape(-1, 1, 2), 0)
    if matrix is None or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
        return None
    return np.asarray(matrix, dtype=np.float64)


def _mapped(matrix: Matrix, points: Sequence[tuple[float, float]] | Points) -> Points:
    given = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    spread = np.column_stack([given, np.ones(len(given))]) @ matrix.T
    return np.asarray(spread[:, :2] / spread[:, 2:], dtype=np.float64)
