"""Opinion pages with and without seals, and what is red besides: how many are found, and how many that are not there."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from shidian.documents.scans.reading import read
from shidian.documents.scans.seals import look
from tests.documents.scans import spoiling as s
from tests.documents.scans.prints import Prints

_STRENGTHS = (0.95, 0.5, 0.22)


def measure(prints: Prints, *, pages: int, seed: int = 7) -> tuple[list[bool], list[bool]]:
    """Of each box with a seal whether it was found, of each without one whether one was found all the same."""
    found: list[bool] = []
    false: list[bool] = []
    printed = prints.newer
    page, boxes = next(iter(printed.boxes.items()))
    for number in range(pages):
        chance = np.random.default_rng(seed + number)
        sheet, sealed = s.sheet(printed.pdf, page), set()
        for at, box in enumerate(boxes):
            if chance.random() < 0.5:
                sealed.add(at)
                sheet = s.seal(
                    sheet, box.x + chance.uniform(30, 120), box.y + chance.uniform(16, 25), chance=chance,
                    diameter=chance.uniform(38, 46), strength=_STRENGTHS[number % 3],
                )  # fmt: skip
            elif chance.random() < 0.5:
                sheet = _red_besides(sheet, box.x, box.y, chance)
        if number % 4 == 3:
            picture = s.photographed(sheet, chance=chance, tilt=0.03, shadow=chance.uniform(0, 0.4))
        else:
            dots = (150, 200, 300)[int(chance.integers(3))]
            picture = s.scanned(sheet, chance=chance, dots=dots, angle=chance.uniform(-1.5, 1.5))
        (seen,) = read(BytesIO(s.jpeg(picture, int(chance.integers(50, 91)))), "image/jpeg", name="意见页")
        for at, box in enumerate(boxes):
            there = look(seen.picture, box, named=False).seal == "present"
            (found if at in sealed else false).append(there)
    return found, false


def _red_besides(sheet: s.Picture, x: float, y: float, chance: np.random.Generator) -> s.Picture:
    """Something red that is no seal: a line under a word, a block of colour, a number written in red."""
    match int(chance.integers(3)):
        case 0:
            return s.pen(sheet, [[(x + 20, y + 12), (x + 120, y + 13)]], colour=s.RED, width=0.8)
        case 1:
            out = sheet.copy()
            out[s.px(y + 8) : s.px(y + 34), s.px(x + 50) : s.px(x + 78)] = s.RED
            return out
        case _:
            return s.written(sheet, x + 40, y + 25, "已收 2023-07", height=9, colour=s.RED)
