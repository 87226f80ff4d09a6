"""Sides on which there is nothing, and pictures without colour."""

from __future__ import annotations

import cv2
import numpy as np

from shidian.documents.scans.pictures import DOTS, Picture, grey_of

_EDGE = 15.0
"""Millimetres along the edges that are not looked at: holes, staples and the lid."""
_STRONG = 0.25
"""Part of the light that ink takes away at least; what shines through from the other side takes less."""
_LEAST = 4.0
"""Square millimetres of ink from which on a side is not blank: a word has more, dust less."""
_TINT = 2
"""By how much red, green and blue may differ in a picture that was grey before it was stored."""


def is_blank(picture: Picture) -> bool:
    """Whether nothing is printed or written on a straightened page."""
    edge = round(_EDGE * DOTS)
    inner = grey_of(picture)[edge:-edge, edge:-edge]
    small = cv2.resize(inner, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    ground = cv2.blur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (21, 21))
    inked = cv2.compare(small, cv2.convertScaleAbs(ground, alpha=1 - _STRONG), cv2.CMP_LT)
    return cv2.countNonZero(inked) * (4 / DOTS) ** 2 < _LEAST


def is_grey(picture: Picture) -> bool:
    """Whether a picture was taken without colour, so that red ink in it looks as black ink does.

    A scanner that sees colours leaves a tinge of the paper or of the light, and some noise, on any page.
    """
    if picture.ndim == 2:
        return True
    some = picture[::3, ::3]
    blue, green, red = cv2.split(some)
    off = cv2.max(cv2.absdiff(blue, green), cv2.absdiff(green, red))
    return float((off > _TINT).mean()) < 0.001
