"""A page in whatever position as an upright A4 page of 200 dots to the inch, and how well its place is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from shidian.documents.scans.findings import HEIGHT, WIDTH
from shidian.documents.scans.pictures import DOTS, SIZE, Picture, Points, grey_of
from shidian.documents.scans.pictures.edges import outlines
from shidian.documents.scans.pictures.marks import PLACES, Found, expected

Matrix = np.ndarray[Any, Any]
"""3 x 3, from millimetres on the page to dots in the picture."""

PAGE = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
_FLAT = 0.8
"""Millimetres by which the marks of a page on a flat bed may miss their places."""
_CURLED = 7.0
"""The same for a page that lies on a desk, between the edges that were found for it."""
_PORTRAIT = HEIGHT / WIDTH
_CROOKED = 6.0
"""Degrees up to which the lines of a page are followed."""


@dataclass(frozen=True, slots=True)
class Upright:
    """The straightened page; `turned`, `skew` and `registered` as in `findings.Sheet`."""

    picture: Picture
    turned: int
    skew: float
    registered: bool


def straighten(picture: Picture, marks: Sequence[Found]) -> Upright:
    """Turn and stretch the page so that millimetres are right: by its marks, its edges, or else by its lines."""
    matrix, registered = _placed(picture, marks)
    top, bottom = _put(np.array([[WIDTH / 2, 0], [WIDTH / 2, HEIGHT]], np.float32), matrix)
    clockwise = float(np.degrees(np.arctan2(top[0] - bottom[0], bottom[1] - top[1])))
    turned = round(clockwise / 90) % 4 * 90
    skew = (clockwise - turned + 180) % 360 - 180
    return Upright(_even(_warped(picture, matrix)), turned, round(skew, 2), registered)


def _placed(picture: Picture, marks: Sequence[Found]) -> tuple[Matrix, bool]:
    if not marks:
        return _without_marks(picture)
    here = np.concatenate([expected(PLACES[mark.corner]) for mark in marks])
    there = np.concatenate([mark.points for mark in marks])
    flat = _fitted(here, there, degrees=4)
    miss = _miss(flat, here, there)
    if len(marks) == 2 and miss < _FLAT:
        return _fitted(here, there, degrees=6), True
    if (edged := _by_edges(picture, flat, here, there)) is not None:
        return edged, True
    if len(marks) == 2:
        matrix, _ = cv2.findHomography(here, there)
        return (flat, False) if matrix is None else (matrix, True)
    return _by_frame(picture, flat, marks[0])


def _by_edges(picture: Picture, rough: Matrix, here: Points, there: Points) -> Matrix | None:
    """By the four edges of the page and the marks together; None when no edges agree with the marks."""
    best, least = None, _CURLED
    for corners in outlines(grey_of(picture)):
        ordered = _in_order(corners, rough)
        matrix: Matrix = cv2.getPerspectiveTransform(PAGE, ordered).astype(np.float64)
        if (miss := _miss(matrix, here, there)) < least:
            best, least = ordered, miss
    if best is None:
        return None
    both, _ = cv2.findHomography(np.concatenate([PAGE, here]), np.concatenate([best, there]))
    return both


def _in_order(corners: Points, rough: Matrix) -> Points:
    """The corners beginning with the upper left one of the page, as `rough` knows it."""
    wanted = _put(PAGE, rough)
    turns = [np.roll(corners, turn, axis=0) for turn in range(4)]
    return min(turns, key=lambda turned: float(np.linalg.norm(turned - wanted, axis=1).sum()))


def _by_frame(picture: Picture, flat: Matrix, mark: Found) -> tuple[Matrix, bool]:
    """By one mark in a picture that is the page: its place from the mark, its size from the frame, its angle from lines."""
    place = expected(PLACES[mark.corner])
    middle = _put(place, flat).mean(axis=0)
    angle = float(np.degrees(np.arctan2(flat[1, 0], flat[0, 0])))
    nearest = round(angle / 90) * 90
    high, wide = picture.shape[:2] if nearest % 180 == 0 else picture.shape[1::-1]
    is_page = abs(high / wide / _PORTRAIT - 1) < 0.03
    scale = wide / WIDTH if is_page else float(np.hypot(flat[0, 0], flat[1, 0]))
    off = _slant(picture, around=angle - nearest)
    matrix = _turned(nearest + off, scale, place.mean(axis=0), middle)
    corners = _put(PAGE, matrix)
    inside = (corners.min() > -0.06 * wide) and (
        corners.max(axis=0) < np.array(picture.shape[1::-1]) + 0.06 * wide
    ).all()
    return matrix, is_page and bool(inside)


def _without_marks(picture: Picture) -> tuple[Matrix, bool]:
    """By its edges or the frame; which side is up can only be guessed from which is longer."""
    for corners in outlines(grey_of(picture)):
        sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        first = int(np.argmin(corners.sum(axis=1)))
        ordered = np.roll(corners, -first, axis=0)
        sides = np.roll(sides, -first)
        if sides[0] + sides[2] > sides[1] + sides[3]:
            ordered = np.roll(ordered, -1, axis=0)
        return cv2.getPerspectiveTransform(PAGE, ordered).astype(np.float64), True
    high, wide = picture.shape[:2]
    lying = wide > high
    long, short = (wide, high) if lying else (high, wide)
    scale = min(long / HEIGHT, short / WIDTH)
    angle = (90 if lying else 0) + _slant(picture, around=0.0)
    return _turned(angle, scale, np.array([WIDTH / 2, HEIGHT / 2]), np.array([wide / 2, high / 2])), False


def _turned(degrees: float, scale: float, here: Points, there: Points) -> Matrix:
    """Turned clockwise, made larger, and moved so that `here` comes to lie on `there`."""
    turn = np.radians(degrees)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = there - linear @ here
    return matrix


def _slant(picture: Picture, *, around: float) -> float:
    """By how many degrees the lines of the page are crooked, near `around`: the profile of ink is sharpest there.

    Works on a page on its side as well: columns are then what lines are.
    """
    grey = grey_of(picture)
    small = cv2.resize(
        grey, None, fx=580 / max(grey.shape), fy=580 / max(grey.shape), interpolation=cv2.INTER_AREA
    )
    ground = cv2.blur(small, (41, 41))
    ink = cv2.subtract(ground, small)
    ink[ink < 20] = 0
    middle = small.shape[1] / 2, small.shape[0] / 2

    def sharpness(angle: float) -> float:
        turned = cv2.warpAffine(ink, cv2.getRotationMatrix2D(middle, angle, 1.0), small.shape[1::-1])
        rows, columns = (turned.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
        return max(float((np.diff(each) ** 2).sum()) for each in (rows, columns))

    coarse = max(np.arange(-_CROOKED, _CROOKED + 0.1, 0.5), key=lambda each: sharpness(around + each))
    fine = max(np.arange(-0.5, 0.51, 0.1), key=lambda each: sharpness(around + coarse + each))
    return float(around + coarse + fine) if ink.any() else around


def _fitted(here: Points, there: Points, *, degrees: int) -> Matrix:
    """The least squares of turning, stretching and moving (4), or of any straight stretching (6)."""
    ones, zeros = np.ones(len(here)), np.zeros(len(here))
    x, y = here[:, 0].astype(np.float64), here[:, 1].astype(np.float64)
    if degrees == 4:
        rows = np.concatenate([np.stack([x, -y, ones, zeros], 1), np.stack([y, x, zeros, ones], 1)])
    else:
        rows = np.concatenate(
            [np.stack([x, y, ones, zeros, zeros, zeros], 1), np.stack([zeros, zeros, zeros, x, y, ones], 1)]
        )
    solved = np.linalg.lstsq(rows, there.T.reshape(-1).astype(np.float64), rcond=None)[0]
    matrix = np.eye(3)
    if degrees == 4:
        a, b, right, down = solved
        matrix[:2] = [[a, -b, right], [b, a, down]]
    else:
        matrix[:2] = solved.reshape(2, 3)
    return matrix


def _put(points: Points, matrix: Matrix) -> Points:
    placed: Points = cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0].astype(np.float32)
    return placed


def _miss(matrix: Matrix, here: Points, there: Points) -> float:
    """By how many millimetres points lie beside their places, at most."""
    back = _put(there, np.linalg.inv(matrix))
    return float(np.linalg.norm(back - here, axis=1).max())


def _warped(picture: Picture, matrix: Matrix) -> Picture:
    # Sampling a picture that is much finer would leave out dots, and with them thin lines.
    corners = _put(PAGE, matrix)
    fine = float(np.linalg.norm(corners[3] - corners[0])) / SIZE[1]
    if fine > 1.7:
        picture = cv2.resize(picture, None, fx=1.2 / fine, fy=1.2 / fine, interpolation=cv2.INTER_AREA)
        matrix = np.diag([1.2 / fine, 1.2 / fine, 1.0]) @ matrix
    inverse = matrix @ np.diag([1 / DOTS, 1 / DOTS, 1.0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    white = (255, 255, 255)
    if np.allclose(inverse[2], [0, 0, 1]):
        return cv2.warpAffine(picture, inverse[:2], SIZE, flags=flags, borderValue=white)
    return cv2.warpPerspective(picture, inverse, SIZE, flags=flags, borderValue=white)


_UNEVEN = 0.12


def _even(picture: Picture) -> Picture:
    """Without shadows and colour of the light, where the paper is not equally white everywhere."""
    high, wide = picture.shape[:2]
    # Every fourth dot is enough to see the paper by.
    some = np.ascontiguousarray(picture[::4, ::4])
    small = cv2.resize(some, (wide // 16, high // 16), interpolation=cv2.INTER_AREA)
    ground = cv2.blur(cv2.dilate(cv2.medianBlur(small, 3), np.ones((5, 5), np.uint8)), (5, 5))
    light = grey_of(ground)[6:-6, 6:-6]
    dark, bright = (float(each) for each in np.percentile(light, (4, 96)))
    if bright - dark < _UNEVEN * bright:
        return picture
    gain = np.clip(240 / np.maximum(ground.astype(np.float32), 30), 0.8, 6).astype(np.float32)
    return cv2.multiply(picture, cv2.resize(gain, (wide, high)), dtype=cv2.CV_8U)
