"""What the machine sees on a scanned sheet; never a judgement, which is a person's.

Lengths are millimetres from the upper left corner of the upright page (A4, 210 x 297).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WIDTH, HEIGHT = 210.0, 297.0
"""Of a page, in millimetres."""

Seen = Literal["present", "absent", "unclear"]
"""Unclear means that the machine cannot tell: a grey scan has no red."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """One side of one sheet, as it was found in a file.

    `number` is the page in the file, from 1. `picture` is the whole page upright and straightened, a JPEG of `dpi`
    dots to the inch (A4 at 200 dpi: 1654 x 2339), in colour or, with `grey`, in shades of grey; empty when the page
    could not be read. `turned` says by how many degrees (0, 90, 180, 270) the page was turned clockwise in the file,
    `skew` by how many more it was crooked. `text` is the payload of the mark exactly as printed, unchecked: what it
    is worth is said by `documents.marks.payload.read`; empty when no mark could be read. `corners` are the corners
    ("top", "bottom") whose marks were read. With `registered` the place of the page in the picture is known (from two
    marks, or a mark and the edges), and millimetres on it are right to about one; without it they are a guess.
    `blank` is a side on which nothing is printed or written. `fault` says in words what is wrong with this page, and
    is empty when nothing is: a page that cannot be read is a Sheet with a fault, and the others are not harmed.
    """

    number: int
    picture: bytes
    dpi: int
    turned: int
    skew: float
    blank: bool
    grey: bool
    text: str
    corners: tuple[str, ...]
    registered: bool
    fault: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """Whether a picture shows a printed page, by what stands on it and not by its marks.

    `same` is True when everything printed is there and nothing else was found outside the places that may be filled
    in; False when it is another page, or this page with something changed or added in the `differences`; None when
    the picture is too poor to tell. `share` (0 to 1) is how much of what is printed was found again: a hand
    correction leaves it near 1, another page does not.
    """

    same: bool | None
    share: float
    differences: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class SealFinding:
    """A seal near a place. `diameter` in millimetres; `name` is what was read from its ring, as advice only.

    `sure` (0 to 1) is how much speaks for what `seal` says.
    """

    seal: Seen
    box: Box | None
    diameter: float | None
    name: str
    sure: float


@dataclass(frozen=True, slots=True)
class Parts:
    """The blanks of a box in which people write: after 签名, and before 年, 月 and 日; empty when it has none."""

    signature: tuple[Box, ...]
    day: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class BoxFinding:
    """A 盖章 / 签名 / 日期 box of an opinion page. `picture` is the box cut out as JPEG, with a margin.

    `day_text` is the date as read, as advice only; empty when it was not read.
    """

    seal: SealFinding
    signature: Seen
    day: Seen
    day_text: str
    picture: bytes
