"""The marks of a page in its picture: where they stand and what they say, whatever was stamped over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from shidian.documents.scans.findings import HEIGHT, WIDTH, Box
from shidian.documents.scans.pictures import Picture, Points, grey_of

PLACES = {"T": Box(WIDTH - 26, 8, 18, 18), "B": Box(8, HEIGHT - 26, 18, 18)}
"""Where the two codes of a page stand, without the white around them."""

_MARK = re.compile(
    r"(?P<page>.*\.V\d+P\d+N\d+(?:C\d+)?(?:A\d+)?E?)(?P<corner>[TB])\.[0-9A-Z]{10}/?", re.ASCII
)
_QR = zxingcpp.barcode_formats_from_str("QRCode")
_CROP = 0.24
"""Of the short side of the picture: 50 mm of a page that fills it."""
_SMALL = 1300
"""Dots along the short side (A4 at 157 dpi) at which a whole page is searched first."""
_AROUND = 17
"""Millimetres around the place where the second mark must be."""


@dataclass(frozen=True, slots=True)
class Found:
    """A code that looks like a mark. `points` are its corners as it stands upright: from upper left, clockwise.

    `page` is what both marks of a page say alike.
    """

    text: str
    page: str
    corner: str
    points: Points


def find(picture: Picture) -> list[Found]:
    """The marks, at most one of each corner: in the corners of the picture, then everywhere, then with more effort.

    A mark whose page would lie beside the picture is none: a code is read in the mirror too, where it seems to lie on
    its side, and the back of a thin sheet shows the marks of its front.
    """
    found: dict[str, Found] = {}
    for one in _search(picture, found):
        if not _has_its_page(one, picture):
            continue
        found.setdefault(one.corner, one)
        if len(found) == 2:
            break
    return list(found.values())


def expected(place: Box) -> Points:
    """The corners of a place in millimetres, in the order of `Found.points`."""
    left, top, right, bottom = place.x, place.y, place.x + place.width, place.y + place.height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _has_its_page(mark: Found, picture: Picture) -> bool:
    turn, _ = cv2.estimateAffinePartial2D(expected(PLACES[mark.corner]), mark.points)
    if turn is None:
        return False
    x, y = cv2.transform(np.array([[[WIDTH / 2, HEIGHT / 2]]], np.float32), turn)[0, 0]
    high, wide = picture.shape[:2]
    return bool(0 <= x < wide and 0 <= y < high)


def _search(picture: Picture, found: dict[str, Found]) -> Iterator[Found]:
    """`found` is what the caller has so far: with one mark, the other is looked for where it must be."""
    # Red ink does not show in red light, so nothing that was stamped over a mark is there.
    red = np.ascontiguousarray(picture[:, :, 2]) if picture.ndim == 3 else picture
    yield from _in_corners(red)
    if not found:
        short = min(red.shape)
        if short > _SMALL * 1.2:
            yield from _read(red, 1, shrink=short / _SMALL)
        yield from _read(red, 1)
    if found:
        yield from _beside(picture, red, found)
    planes = [red] if picture.ndim == 2 else [red, grey_of(picture)]
    for plane in planes:
        yield from _read(_even(plane), 1)
        yield from _read(cv2.GaussianBlur(plane, (0, 0), 1.2), 1)
        if min(plane.shape) < 2600:
            yield from _read(cv2.resize(plane, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 2)
    if found:
        yield from _beside(picture, red, found)


def _in_corners(plane: Picture) -> Iterator[Found]:
    """Upright pages have their marks in the upper right and lower left, pages on their side in the other two."""
    high, wide = plane.shape
    side = round(min(high, wide) * _CROP)
    for x, y in ((wide - side, 0), (0, high - side), (0, 0), (wide - side, high - side)):
        yield from _read(np.ascontiguousarray(plane[y : y + side, x : x + side]), 1, at=(x, y))


def _beside(picture: Picture, red: Picture, found: dict[str, Found]) -> Iterator[Found]:
    """The second mark, where the first one says that it is."""
    (first,) = found.values()
    corner = "B" if first.corner == "T" else "T"
    place = PLACES[corner]
    turn, _ = cv2.estimateAffinePartial2D(expected(PLACES[first.corner]), first.points)
    if turn is None:
        return
    around = Box(place.x - _AROUND, place.y - _AROUND, place.width + 2 * _AROUND, place.height + 2 * _AROUND)
    there = cv2.transform(expected(around)[None], turn)[0]
    left, top = np.maximum(there.min(axis=0), 0).astype(int)
    right, bottom = there.max(axis=0).astype(int) + 1
    planes = [red] if picture.ndim == 2 else [red, grey_of(picture)]
    for plane in planes:
        crop = np.ascontiguousarray(plane[top:bottom, left:right])
        if min(crop.shape) < 20:
            return
        yield from _read(crop, 1, at=(left, top), fast=False)
        twice = cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        for other in (twice, _even(twice), cv2.GaussianBlur(twice, (0, 0), 2.0)):
            yield from _read(other, 2, at=(left, top), fast=False)


def _even(plane: Picture) -> Picture:
    """Shadows and pale print evened out."""
    ground = cv2.blur(plane, (plane.shape[1] // 12 | 1,) * 2)
    return cv2.divide(plane, cv2.max(ground, 1), scale=190)


def _read(
    plane: Picture, scale: float, *, at: Sequence[float] = (0, 0), shrink: float = 1, fast: bool = True
) -> Iterator[Found]:
    """What zxing finds in a plane that was made `scale` times as large, or has to be made `shrink` times smaller."""
    if shrink != 1:
        plane = cv2.resize(plane, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        scale = 1 / shrink
    for code in zxingcpp.read_barcodes(plane, formats=_QR, try_invert=False, try_downscale=not fast):
        if (said := _MARK.fullmatch(code.text)) is None:
            continue
        corners = code.position
        points = [corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left]
        placed = np.array([[point.x, point.y] for point in points], np.float32) / scale + np.array(
            at, np.float32
        )
        yield Found(code.text, said["page"], said["corner"], placed.astype(np.float32))
