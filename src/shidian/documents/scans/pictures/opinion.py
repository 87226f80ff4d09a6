"""What is in an opinion box of a straightened page: its seal, its signature, its date."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal

import cv2
import numpy as np

from shidian.documents.scans.findings import Box
from shidian.documents.scans.pictures import DOTS, Picture, encode
from shidian.documents.scans.pictures.blank import is_grey
from shidian.documents.scans.pictures.ink import ink_of
from shidian.documents.scans.pictures.redness import Ring, rings, unrolled

Seen = Literal["present", "absent", "unclear"]

_BESIDE = 25.0
"""Millimetres around a box in which the middle of a seal that reaches into it may lie."""
_MARGIN = 4.0
_SIGNED, _UNSIGNED = 6.0, 1.5
"""Square millimetres of ink: a signature has more than the first, a speck and the end of a label less than the second."""
_DATED = 0.7
"""Square millimetres of ink of the smallest digit."""
_DARK = 110


def seal(picture: Picture, box: Box) -> dict[str, Any]:
    """A `SealFinding` as JSON, with the band of the seal's name as a JPEG in place of the name."""
    nothing = {"box": None, "diameter": None, "band": None}
    if is_grey(picture):
        return {"seal": "unclear", "sure": 0.0, **nothing}
    around = Box(box.x - _BESIDE, box.y - _BESIDE, box.width + 2 * _BESIDE, box.height + 2 * _BESIDE)
    left, top = max(around.x, 0), max(around.y, 0)
    crop = _cropped(picture, around)
    near = [ring for ring in rings(crop) if _belongs(ring, box, left, top)]
    if not near:
        return {"seal": "absent", "sure": 0.9, **nothing}
    best = max(near, key=lambda ring: ring.covered)
    side = best.diameter
    return {
        "seal": "present",
        "sure": round(min(best.covered, 1.0), 2),
        "box": [
            round(left + best.x - side / 2, 1),
            round(top + best.y - side / 2, 1),
            round(side, 1),
            round(side, 1),
        ],
        "diameter": round(side, 1),
        "band": base64.b64encode(encode(unrolled(crop, best))).decode(),
    }


def _belongs(ring: Ring, box: Box, left: float, top: float) -> bool:
    """Whether the middle of the seal lies in the box, or half of it does: five boxes stand one below the other."""
    x, y, half = ring.x + left, ring.y + top, ring.diameter / 2
    if box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height:
        return True
    across = min(x + half, box.x + box.width) - max(x - half, box.x)
    down = min(y + half, box.y + box.height) - max(y - half, box.y)
    return across > 0 and down > 0 and across * down >= 0.5 * ring.diameter**2


def signature(picture: Picture, blanks: Sequence[Box], *, grey: bool) -> Seen:
    """Whether somebody wrote into the blanks; on a grey page what is there may as well be a seal."""
    inked = sum(_inked(ink_of(picture), blank) for blank in blanks)
    if not blanks or _UNSIGNED < inked < _SIGNED:
        return "unclear"
    if inked <= _UNSIGNED:
        return "absent"
    return "unclear" if grey else "present"


def day(picture: Picture, blanks: Sequence[Box], *, grey: bool) -> Seen:
    """Whether year, month and day are all filled in."""
    ink = ink_of(picture)
    filled = [_inked(ink, blank) > _DATED for blank in blanks]
    if not blanks or (any(filled) and (grey or not all(filled))):
        return "unclear"
    return "present" if all(filled) else "absent"


def cut_out(picture: Picture, box: Box) -> Picture:
    """The box with a margin."""
    return _cropped(
        picture, Box(box.x - _MARGIN, box.y - _MARGIN, box.width + 2 * _MARGIN, box.height + 2 * _MARGIN)
    )


def _inked(ink: Picture, blank: Box) -> float:
    """Square millimetres of dark ink, but for single dots."""
    dark = cv2.compare(_cropped(ink, blank), _DARK, cv2.CMP_GT)
    return cv2.countNonZero(cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))) / DOTS**2


def _cropped(picture: Picture, box: Box) -> Picture:
    left, top = (max(round(each * DOTS), 0) for each in (box.x, box.y))
    right, bottom = (max(round(each * DOTS), 0) for each in (box.x + box.width, box.y + box.height))
    cut = picture[top:bottom, left:right]
    if not cut.size:
        raise ValueError("the box is not on the page")
    return np.ascontiguousarray(cut)
