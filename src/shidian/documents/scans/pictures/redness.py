"""Red ink: how red a picture is where, the round seals in it, and the picture as if nothing red were there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from shidian.documents.scans.pictures import DPI, Picture, Plane

_DOTS = 100 / 25.4
"""Seals are looked for at 100 dots to the inch."""
_PALE = 9.0
"""By how much red must be more than green and blue at least: the palest seals have 15."""
_CLOSED = 3.0
_WIDEST = 140.0
SMALLEST, LARGEST = 24.0, 60.0
"""Diameter of a seal in millimetres; those of units have 38 to 50."""
_SECTORS = 72
_COVERED = 0.6
"""Part of its ring that a seal shows at least."""
_BLOCK = 0.7
"""Part of what is inside a ring that may be red: more is a block of red, which covers any circle in it."""
_TINGE = 12
"""By how much paper is redder than it should be under warm light."""


_LIFT = np.clip((np.arange(256) - _TINGE) * 0.7, 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Ring:
    """A round seal: middle and diameter in millimetres from the corner of the picture, and how much of its ring shows."""

    x: float
    y: float
    diameter: float
    covered: float


def without_red(picture: Picture) -> Picture:
    """The light of a colour picture where red ink is as bright as paper: in red light it hardly shows, and is lifted."""
    blue, green, red = cv2.split(picture)
    redness = cv2.subtract(red, cv2.max(blue, green))
    return cv2.add(red, cv2.LUT(redness, _LIFT))


def redness(picture: Picture) -> Plane:
    """How much redder than the paper a colour picture is, at 100 dots to the inch."""
    small = cv2.resize(picture, None, fx=100 / DPI, fy=100 / DPI, interpolation=cv2.INTER_AREA)
    blue, green, red = cv2.split(small.astype(np.float32))
    red -= cv2.max(blue, green)
    red = cv2.GaussianBlur(red, (0, 0), 0.8)
    return red - float(np.median(red))


def red_ink(red: Plane) -> Picture:
    """255 where there is red ink, pale or strong: the threshold follows the noise of the picture."""
    noise = float(np.median(np.abs(red)))
    return cv2.compare(red, max(_PALE, 5 * noise), cv2.CMP_GT)


def rings(picture: Picture) -> list[Ring]:
    """The round seals in a colour picture of 200 dots to the inch, those that show most of their ring first."""
    red = redness(picture)
    ink = red_ink(red)
    size = round(_CLOSED * _DOTS) | 1
    joined = cv2.morphologyEx(
        ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    found: list[Ring] = []
    for one in range(1, count):
        left, top, wide, high, _ = (int(each) for each in stats[one])
        if max(wide, high) < (SMALLEST - 2) * _DOTS or max(wide, high) > _WIDEST * _DOTS:
            continue
        piece = np.where(
            labels[top : top + high, left : left + wide] == one, ink[top : top + high, left : left + wide], 0
        )
        found += [
            Ring(ring.x + left / _DOTS, ring.y + top / _DOTS, ring.diameter, ring.covered)
            for ring in _in_piece(piece.astype(np.uint8))
        ]
    return _apart(found)


def _in_piece(ink: Picture) -> Iterator[Ring]:
    """One seal as the hull of its ink has it; seals that touch, or touch other red, as circles that the ink goes along."""
    if (whole := _around(ink)) is not None and whole.covered > 0.8:
        yield whole
        return
    edge = round(2 * _DOTS)
    padded = cv2.copyMakeBorder(ink, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    circles = cv2.HoughCircles(
        cv2.GaussianBlur(padded, (0, 0), 1.5), cv2.HOUGH_GRADIENT, dp=2, minDist=12 * _DOTS, param1=120, param2=30,
        minRadius=round(SMALLEST / 2 * _DOTS), maxRadius=round(LARGEST / 2 * _DOTS),
    )  # fmt: skip
    for x, y, radius in circles.reshape(-1, 3)[:12] if circles is not None else ():
        ring = _measured(ink, float(x) - edge, float(y) - edge, float(radius))
        if ring is not None:
            yield ring
    if whole is not None:
        yield whole


def _around(ink: Picture) -> Ring | None:
    points = cv2.findNonZero(ink)
    if points is None or len(points) < 20:
        return None
    hull = cv2.convexHull(points)[:, 0].astype(np.float64)
    a = np.stack([2 * hull[:, 0], 2 * hull[:, 1], np.ones(len(hull))], 1)
    x, y, rest = np.linalg.lstsq(a, (hull**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(max(rest + x * x + y * y, 1)))
    return _measured(ink, float(x), float(y), radius)


def _measured(ink: Picture, x: float, y: float, radius: float) -> Ring | None:
    """The circle with how much of it is inked; None when it is too large, too small, or mostly not there."""
    if not SMALLEST <= 2 * radius / _DOTS <= LARGEST:
        return None
    angles = np.linspace(0, 2 * np.pi, _SECTORS * 4, endpoint=False)
    reaches = np.arange(radius - 2.2 * _DOTS, radius + 1.2 * _DOTS)
    across = np.round(x + np.outer(reaches, np.cos(angles))).astype(int)
    down = np.round(y + np.outer(reaches, np.sin(angles))).astype(int)
    inside = (across >= 0) & (across < ink.shape[1]) & (down >= 0) & (down < ink.shape[0])
    there = inside & (ink[np.clip(down, 0, ink.shape[0] - 1), np.clip(across, 0, ink.shape[1] - 1)] > 0)
    sectors = there.any(axis=0).reshape(_SECTORS, 4).any(axis=1)
    covered = float(sectors.mean())
    inner = np.arange(0.15 * radius, 0.95 * radius)
    filled = ink[
        np.clip(np.round(y + np.outer(inner, np.sin(angles))).astype(int), 0, ink.shape[0] - 1),
        np.clip(np.round(x + np.outer(inner, np.cos(angles))).astype(int), 0, ink.shape[1] - 1),
    ]
    if covered < _COVERED or float((filled > 0).mean()) > _BLOCK:
        return None
    return Ring(x / _DOTS, y / _DOTS, 2 * radius / _DOTS, covered)


def _apart(found: list[Ring]) -> list[Ring]:
    """The best ring of each place."""
    kept: list[Ring] = []
    for ring in sorted(found, key=lambda each: -each.covered):
        if all(np.hypot(ring.x - each.x, ring.y - each.y) > 0.35 * each.diameter for each in kept):
            kept.append(ring)
    return kept


def unrolled(picture: Picture, ring: Ring) -> Picture:
    """The band in which the name of a seal stands, straightened to a line of dark on light, from lower left clockwise."""
    dots = DPI / 25.4
    radius = ring.diameter / 2 * dots
    high, wide = round(0.42 * radius), round(2 * np.pi * 0.8 * radius * 0.9)
    angles = np.linspace(np.radians(135 - 9), np.radians(135 - 9 + 288), wide, dtype=np.float32)
    reaches = np.linspace(0.955 * radius, 0.955 * radius - high, high, dtype=np.float32)[:, None]
    across = (ring.x * dots + reaches * np.cos(angles)).astype(np.float32)
    down = (ring.y * dots + reaches * np.sin(angles)).astype(np.float32)
    seen = cv2.remap(picture, across, down, cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    dark = seen if seen.ndim == 2 else cv2.min(seen[:, :, 1].copy(), seen[:, :, 0].copy())
    return cv2.resize(dark, None, fx=48 / high, fy=48 / high, interpolation=cv2.INTER_CUBIC)
