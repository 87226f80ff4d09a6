"""Scans of real prints as they come: by scanner, telephone and fax, and sheets that must not be taken for what they say.

Nothing is kept but this script: a case is made when it is needed, and the same seed makes the same bytes. All scans
are simulated; what real paper does that nobody thought of here is not in the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, Literal

import cv2
import numpy as np
import segno
from numpy.random import Generator

from shidian.documents.marks.payload import Corner, Forged, Mark, NotAMark, encode
from shidian.documents.marks.payload import read as read_mark
from shidian.documents.scans.comparing import compare
from shidian.documents.scans.findings import HEIGHT, WIDTH, Box, Sheet
from shidian.documents.scans.reading import read
from tests.documents.scans import spoiling as s
from tests.documents.scans.prints import Printed, Prints

Group = Literal["scanner", "coarse", "phone", "fax", "attack"]
Filed = tuple[str, int]
Place = tuple[float, float, float, float]
T, B = Box(WIDTH - 28, 6, 22, 22), Box(6, HEIGHT - 28, 22, 22)
STRANGER = bytes(32)
"""A key that no system of ours has."""


@dataclass(frozen=True)
class Case:
    """One file with one page. `truth` is the print and page that it is; None when it must not be filed."""

    name: str
    group: Group
    truth: Filed | None
    media_type: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Outcome:
    """What a machine that files by mark and likeness made of a case; `why` says why it left it to a person."""

    case: Case
    filed: Filed | None
    why: str

    @property
    def right(self) -> bool:
        return self.filed is not None and self.filed == self.case.truth

    @property
    def wrong(self) -> bool:
        return self.filed is not None and self.filed != self.case.truth


def outcome(case: Case, prints: Prints) -> Outcome:
    """Read the file and file its page where its mark says, if it looks like what was printed there."""
    (sheet,) = read(BytesIO(case.make()), case.media_type, name=case.name)
    filed, why = file_by_machine(sheet, prints)
    return Outcome(case, filed, why)


def file_by_machine(sheet: Sheet, prints: Prints) -> tuple[Filed | None, str]:
    """The rule: a genuine mark of a print that is known, and everything on the page as it was printed."""
    if sheet.fault or not sheet.text:
        return None, sheet.fault or "no mark"
    try:
        mark = read_mark(sheet.text, keys=prints.keys).mark
    except (NotAMark, Forged) as error:
        return None, type(error).__name__
    for printed in prints:
        if mark == printed.mark(mark.page):
            likeness = compare(sheet.picture, printed.pdf, mark.page, places=printed.boxes.get(mark.page, ()))
            why = f"{likeness.same} {likeness.share} {[(b.x, b.y, b.width, b.height) for b in likeness.differences[:3]]}"
            return ((printed.name, mark.page) if likeness.same else None), why
    return None, "foreign"


# --- sheets ------------------------------------------------------------------------------------------------------


def signed(printed: Printed, page: int, chance: Generator) -> s.Picture:
    """An opinion page as it comes back: sealed over the names, signed and dated, not always tidily."""
    sheet = s.sheet(printed.pdf, page)
    for box in printed.boxes.get(page, ()):
        if chance.random() < 0.8:
            x, y = box.x + chance.uniform(40, 110), box.y + chance.uniform(12, 28)
            sheet = s.seal(sheet, x, y, chance=chance, strength=chance.uniform(0.4, 0.95))
        if chance.random() < 0.8:
            colour = (s.BLACK, s.BLUE)[int(chance.integers(2))]
            sheet = s.signature(sheet, box.x + 40, box.y + 13, chance=chance, colour=colour)
            down = box.y + box.height - 5.0
            for right, digits in ((54, "2023"), (33.5, "7"), (21, "12")):
                sheet = s.written(sheet, box.x + box.width - right, down, digits, height=4.5, colour=colour)
    return sheet


def with_mark(sheet: s.Picture, mark: Mark, key: bytes) -> s.Picture:
    """Both marks painted over by others, as somebody with a printer would."""
    out = sheet.copy()
    corners: tuple[tuple[Corner, Box], ...] = (("T", T), ("B", B))
    for corner, place in corners:
        stream = BytesIO()
        segno.make(encode(mark, corner, key=key), error="m", micro=False).save(
            stream, kind="png", scale=8, border=0
        )
        code = cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_COLOR)
        side, x, y = s.px(18), s.px(place.x + 2), s.px(place.y + 2)
        out[s.px(place.y) : s.px(place.y + 22), s.px(place.x) : s.px(place.x + 22)] = 255
        out[y : y + side, x : x + side] = cv2.resize(code, (side, side), interpolation=cv2.INTER_AREA)
    return out


def _damaged(sheet: s.Picture, what: str, chance: Generator) -> s.Picture:
    match what:
        case "seal over T":
            return s.seal(
                sheet, WIDTH - 19 + chance.uniform(-9, 6), 18 + chance.uniform(-6, 9), chance=chance
            )
        case "seal over B":
            return s.seal(
                sheet, 19 + chance.uniform(-6, 9), HEIGHT - 18 + chance.uniform(-9, 6), chance=chance
            )
        case "seal over both":
            sheet = s.seal(sheet, WIDTH - 20, 20, chance=chance)
            return s.seal(sheet, 20, HEIGHT - 20, chance=chance)
        case "seal across the edge":
            return s.seal(sheet, WIDTH - 2, 130 + chance.uniform(-40, 40), chance=chance)
        case "staples":
            return s.staple(s.staple(sheet, 11, 11), 12, 25)
        case "holes":
            return s.holes(sheet)
        case "corner":
            return s.cut_corner(sheet, int(chance.integers(4)), chance.uniform(14, 32))
    return sheet


_SCANNER: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("straight", "", {}),
    ("crooked", "", {"angle": 2.4, "shift": (2.0, -2.0)}),
    ("crooked the other way", "", {"angle": -1.7, "shift": (-3.0, 1.0)}),
    ("upside down", "", {"angle": 0.7, "turned": 180}),
    ("on its side", "", {"angle": -0.6, "turned": 90}),
    ("on its other side", "", {"angle": 0.4, "turned": 270}),
    ("noise", "", {"noise": 9.0}),
    ("blur", "", {"blur": 1.3}),
    ("pale", "", {"gain": 0.5, "ground": 215}),
    ("dark", "", {"gain": 1.6, "ground": 190}),
    ("stretched", "", {"stretch": 1.012, "angle": 0.5}),
    ("grey", "", {"grey": True, "angle": 1.0}),
    ("black lid", "", {"lid": 15, "angle": 1.5}),
    ("300 dpi", "", {"dots": 300, "angle": -1.0}),
    ("300 dpi, grey", "corner", {"dots": 300, "grey": True}),
    ("600 dpi", "", {"dots": 600, "grey": True, "angle": 0.8}),
    *((what, what, {"angle": 0.6}) for what in (
        "seal over T", "seal over B", "seal over both", "seal across the edge", "staples", "holes", "corner",
    )),
)  # fmt: skip
_COARSE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("150 dpi", "", {"dots": 150, "angle": 0.9}),
    ("150 dpi, noise", "staples", {"dots": 150, "noise": 7.0, "blur": 0.8}),
    ("150 dpi, grey", "", {"dots": 150, "grey": True, "angle": -1.5}),
    ("150 dpi, sealed", "seal over T", {"dots": 150, "turned": 180}),
)
_QUALITIES = (40, 60, 75, 90)


def cases(prints: Prints, *, share: float = 1.0, seed: int = 2023) -> Iterator[Case]:
    """The corpus in a fixed order; with a `share` below 1, so much of it, evenly."""
    due = 0.0
    for number, case in enumerate(_all(prints, seed)):
        if (number + 1) * share >= due + 1:
            due += 1
            yield case


def _all(prints: Prints, seed: int) -> Iterator[Case]:
    number = 0
    for printed in prints:
        for page in range(1, printed.pages + 1):
            for group, conditions in (("scanner", _SCANNER), ("coarse", _COARSE)):
                for name, damage, how in conditions:
                    number += 1
                    yield _scanned(printed, page, group, name, damage, how, seed + number)  # type: ignore[arg-type]
            for at in range(8):
                number += 1
                yield _photographed(printed, page, at, seed + number)
            for fine in (True, False):
                number += 1
                yield _faxed(printed, page, fine, seed + number)
    yield from attacks(prints, seed=seed)


def _scanned(
    printed: Printed, page: int, group: Group, name: str, damage: str, how: dict[str, Any], seed: int
) -> Case:
    def make() -> bytes:
        chance = np.random.default_rng(seed)
        # Grey pages are scanned as printed, or sealed in their boxes: nobody can tell a seal elsewhere from print.
        sheet = _damaged(signed(printed, page, chance), damage, chance)
        picture = s.scanned(sheet, chance=chance, **how)
        return s.pdf([s.jpeg(picture, _QUALITIES[seed % 4])], how.get("dots", 200))

    return Case(f"{name}, {printed.name} {page}", group, (printed.name, page), "application/pdf", make)


def _photographed(printed: Printed, page: int, at: int, seed: int) -> Case:
    def make() -> bytes:
        chance = np.random.default_rng(seed)
        sheet = signed(printed, page, chance)
        if at % 4 == 1:
            sheet = _damaged(sheet, "seal over T", chance)
        if at % 4 == 2:
            sheet = _damaged(sheet, "staples", chance)
        picture = s.photographed(
            sheet, chance=chance, tilt=chance.uniform(0.01, 0.07), angle=chance.uniform(-12, 12),
            shadow=chance.uniform(0, 0.5), fill=chance.uniform(0.78, 0.95), curl=chance.uniform(0, 0.008),
            noise=chance.uniform(2, 6), blur=chance.uniform(0.5, 1.6),
            turned=int(chance.choice([0, 0, 90, 180, 270])), long_side=int(chance.choice([3264, 4000])),
        )  # fmt: skip
        return s.jpeg(picture, int(chance.integers(70, 93)))

    return Case(f"photograph {at}, {printed.name} {page}", "phone", (printed.name, page), "image/jpeg", make)


def _faxed(printed: Printed, page: int, fine: bool, seed: int) -> Case:
    def make() -> bytes:
        chance = np.random.default_rng(seed)
        # A fax shows a seal as black as print: only pages as they left the printer can be told.
        picture = s.faxed(
            s.sheet(printed.pdf, page), chance=chance, fine=fine, angle=chance.uniform(-0.8, 0.8)
        )
        return s.tiff([picture], (204, 196 if fine else 98))

    name = f"fax {196 if fine else 98}, {printed.name} {page}"
    return Case(name, "fax", (printed.name, page), "image/tiff", make)


# --- what must not be filed --------------------------------------------------------------------------------------


def attacks(prints: Prints, *, seed: int = 2023) -> Iterator[Case]:
    """Pages that say they are what they are not, each by scanner and by telephone."""
    newer, older, other = prints.newer, prints.older, prints.other
    number = seed + 100_000
    for page in range(1, newer.pages + 1):
        wrong_page = page % newer.pages + 1
        foreign = Mark("ZZ99-0001", 1, page, newer.pages)
        sheets: tuple[tuple[str, Callable[[s.Picture, Generator], s.Picture]], ...] = (
            ("marks glued onto another application", lambda *_, p=page: _glued(other, p, newer, p)),
            ("marks glued onto an older version", lambda *_, p=page: _glued(older, p, newer, p)),
            ("marks glued onto a newer version", lambda *_, p=page: _glued(newer, p, older, p)),
            ("marks glued onto another page", lambda *_, p=page, w=wrong_page: _glued(newer, w, newer, p)),
            ("one mark glued", lambda mine, _, p=page: s.paste(s.sheet(other.pdf, p), mine, T)),
            ("edited payload", lambda mine, _, p=page: _edited(mine, newer, p, prints.keys[0])),
            ("marks by another key", lambda mine, _, p=page: with_mark(mine, newer.mark(p), STRANGER)),
            ("foreign mark", lambda mine, _, f=foreign: with_mark(mine, f, prints.keys[0])),
            ("number changed by hand", lambda mine, chance, p=page: corrected(mine, newer, p, chance)),
            ("struck through", lambda mine, chance, p=page: struck(mine, newer, p, chance)),
            ("words added", lambda mine, chance, p=page: added(mine, newer, p, chance)),
        )  # fmt: skip
        writable = bool(_outside(_lines(newer, page), newer, page))
        for name, spoil in sheets:
            number += 1
            if writable or name not in ("struck through", "words added"):
                yield from _both_ways(f"{name}, {page}", newer, page, spoil, number)
    for page in range(1, newer.pages + 1):
        for place in range(3 if _outside(_rules(newer, page), newer, page) else 0):
            number += 1
            yield from _both_ways(
                f"words added across rule {place}, {page}",
                newer,
                page,
                lambda mine, chance, p=page: across_a_rule(mine, newer, p, chance),
                number,
            )


def _both_ways(
    name: str, printed: Printed, page: int, spoil: Callable[[s.Picture, Generator], s.Picture], seed: int
) -> Iterator[Case]:
    def sheet(chance: Generator) -> s.Picture:
        return spoil(s.sheet(printed.pdf, page), chance)

    def by_scanner() -> bytes:
        chance = np.random.default_rng(seed)
        picture = s.scanned(sheet(chance), chance=chance, angle=chance.uniform(-1.5, 1.5))
        return s.pdf([s.jpeg(picture, 75)])

    def by_phone() -> bytes:
        chance = np.random.default_rng(seed)
        picture = s.photographed(sheet(chance), chance=chance, tilt=0.03, angle=chance.uniform(-5, 5))
        return s.jpeg(picture, 85)

    yield Case(f"{name}, scanned", "attack", None, "application/pdf", by_scanner)
    yield Case(f"{name}, photographed", "attack", None, "image/jpeg", by_phone)


def _glued(under: Printed, page: int, over: Printed, marked: int) -> s.Picture:
    """Both marks of one sheet on another."""
    marks = s.sheet(over.pdf, marked)
    return s.paste(s.paste(s.sheet(under.pdf, page), marks, T), marks, B)


def _edited(sheet: s.Picture, printed: Printed, page: int, key: bytes) -> s.Picture:
    """The codes with another page number, and the authenticator that the sheet had."""
    out = with_mark(sheet, printed.mark(page), key)
    corners: tuple[tuple[Corner, Box], ...] = (("T", T), ("B", B))
    for corner, place in corners:
        text = encode(printed.mark(page), corner, key=key).replace(
            f"P{page}N", f"P{page % printed.pages + 1}N"
        )
        stream = BytesIO()
        segno.make(text, error="m", micro=False).save(stream, kind="png", scale=8, border=0)
        code = cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_COLOR)
        side, x, y = s.px(18), s.px(place.x + 2), s.px(place.y + 2)
        out[y : y + side, x : x + side] = cv2.resize(code, (side, side), interpolation=cv2.INTER_AREA)
    return out


def _lines(printed: Printed, page: int) -> list[Place]:
    """Words on a sheet: left, top, width, height in millimetres, where hand corrections would go."""
    return _lines_of(printed.pdf, page)


@cache
def _lines_of(pdf: bytes, page: int) -> list[Place]:
    grey = cv2.cvtColor(s.sheet(pdf, page), cv2.COLOR_BGR2GRAY)
    dark = cv2.threshold(grey, 140, 255, cv2.THRESH_BINARY_INV)[1]
    wide = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, s.px(12)), np.uint8))
    tall = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((s.px(12), 1), np.uint8))
    words = cv2.dilate(cv2.subtract(dark, cv2.max(wide, tall)), np.ones((3, s.px(2.2)), np.uint8))
    stats = _pieces(words)
    scale = 25.4 / s.DOTS
    boxes = [tuple(float(value) * scale for value in each[:4]) for each in stats[1:]]
    return [
        box for box in boxes
        if 8 < box[2] < 120 and 2.5 < box[3] < 9 and 30 < box[1] < 265 and box[0] > 25 and box[0] + box[2] < 186
    ]  # fmt: skip


def _pieces(plane: s.Picture) -> Any:
    # This algorithm takes a third of the time of the usual one.
    return cv2.connectedComponentsWithStatsWithAlgorithm(plane, 8, cv2.CV_32S, cv2.CCL_BBDT)[2]


def _rules(printed: Printed, page: int) -> list[Place]:
    """The rules of tables on a sheet, as `_lines` has words."""
    return _rules_of(printed.pdf, page)


@cache
def _rules_of(pdf: bytes, page: int) -> list[Place]:
    grey = cv2.cvtColor(s.sheet(pdf, page), cv2.COLOR_BGR2GRAY)
    dark = cv2.threshold(grey, 140, 255, cv2.THRESH_BINARY_INV)[1]
    found = []
    for kernel in ((1, s.px(15)), (s.px(15), 1)):
        rules = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(kernel, np.uint8))
        stats = _pieces(rules)
        found += [tuple(float(value) * 25.4 / s.DOTS for value in each[:4]) for each in stats[1:]]
    return [
        box
        for box in found
        if box[0] > 22 and box[0] + box[2] < 188 and box[1] > 30 and box[1] + box[3] < 265
    ]


def _outside(places: list[Place], printed: Printed, page: int) -> list[Place]:
    """Those further than 12 mm from the boxes that are there to be filled in: as far a seal may reach on grey pages."""
    return [
        place for place in places
        if not any(
            box.y - 12 < place[1] + place[3] and place[1] < box.y + box.height + 12
            for box in printed.boxes.get(page, ())
        )
    ]  # fmt: skip


def corrected(sheet: s.Picture, printed: Printed, page: int, chance: Generator) -> s.Picture:
    """A character scraped out or painted over, and another written in its place."""
    lines = _lines(printed, page)
    x, y, wide, high = lines[int(chance.integers(len(lines)))]
    out, at = sheet.copy(), x + chance.uniform(1.5, wide - 6)
    out[s.px(y - 0.3) : s.px(y + high + 0.3), s.px(at) : s.px(at + 4.2)] = 250
    return s.written(out, at + 0.5, y + high / 2, str(chance.integers(2, 10)), height=high * 0.95)


def struck(sheet: s.Picture, printed: Printed, page: int, chance: Generator) -> s.Picture:
    """A word struck through with a pen."""
    lines = _outside(_lines(printed, page), printed, page)
    x, y, wide, high = lines[int(chance.integers(len(lines)))]
    ends = (x + 1, y + high / 2 + chance.uniform(-0.4, 0.4)), (x + min(wide, 25) - 1, y + high / 2)
    return s.pen(sheet, [ends], colour=(s.BLACK, s.BLUE)[int(chance.integers(2))], width=0.45)


def added(sheet: s.Picture, printed: Printed, page: int, chance: Generator) -> s.Picture:
    """Two characters written in above a line, outside the boxes that are there to be filled in."""
    lines = _outside(_lines(printed, page), printed, page)
    x, y, wide, _high = lines[int(chance.integers(len(lines)))]
    return s.written(sheet, x + chance.uniform(1, wide - 6), y - 1.8, "不含", height=3.2, colour=s.BLUE)


def across_a_rule(sheet: s.Picture, printed: Printed, page: int, chance: Generator) -> s.Picture:
    """Two characters written onto a rule of a table, as high above it as below."""
    rules = _outside(_rules(printed, page), printed, page)
    x, y, wide, high = rules[int(chance.integers(len(rules)))]
    left = x + chance.uniform(1, max(wide - 8, 2)) if wide > high else x - 3.2
    down = y + high / 2 if wide > high else y + chance.uniform(3, high - 3)
    return s.written(sheet, left, down, "不含", height=3.2, colour=s.BLUE)
