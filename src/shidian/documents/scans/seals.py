"""Red seals on scanned pages: whether there is one, where, and what its ring says."""

from __future__ import annotations

import base64
from typing import Any

from shidian.documents.scans import text
from shidian.documents.scans.asking import ask, packed
from shidian.documents.scans.findings import Box, SealFinding


def look(picture: bytes, box: Box, *, named: bool = True) -> SealFinding:
    """The seal whose middle lies in `box`, or whose ring lies half over it; of several the one that shows most.

    A seal is a red ring of 24 to 60 mm of which 60 % or more show. Grey pages are always "unclear". `name` is what was
    read from the ring, when `text.available()`. `intake.Rejected` when the picture is none, or ("busy") no turn came.
    """
    return found(ask("seal", picture, box=packed(box))["seal"], named=named)


def found(seal: dict[str, Any], *, named: bool = True) -> SealFinding:
    """A finding from the worker's answer; the name is read here, by another process."""
    name = ""
    if named and seal["band"] and text.available():
        name = text.line(base64.b64decode(seal["band"]))
    box = Box(*seal["box"]) if seal["box"] else None
    return SealFinding(seal["seal"], box, seal["diameter"], name, seal["sure"])
