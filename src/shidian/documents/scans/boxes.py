"""Opinion boxes (盖章 / 签名 / 日期): cut out, and what seems to be in them."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

import pypdfium2

from shidian.documents.scans import seals, text
from shidian.documents.scans.asking import ask, packed
from shidian.documents.scans.findings import Box, BoxFinding, Parts

_MILLIMETRE = 72 / 25.4
_SIGNATURE = re.compile("签[名字章]")
_GAP = 1.5
"""Millimetres between a printed word and a blank: no page lies on its print more exactly."""
_HIGH = 14.0
_YEAR = 18.0
"""Millimetres that a year takes before 年."""
_ABOVE = 3.0
"""Millimetres by which handwriting stands above and below the line."""


@dataclass(frozen=True, slots=True)
class _Letter:
    char: str
    left: float
    top: float
    right: float
    bottom: float


def parts(printed: bytes, page: int, box: Box) -> Parts:
    """The blanks of a box, found by the words 签名, 年, 月 and 日 that the PDF has inside it.

    None where the box has no such words, or the PDF no such page.
    """
    letters = _letters(printed, page, box)
    days = _day(letters, box)
    found = _SIGNATURE.search("".join(letter.char for letter in letters))
    if found is None:
        return Parts((), days)
    last = letters[found.end() - 1]
    # A bracket or a colon belongs to the word.
    closing = [one for one in letters[found.end() : found.end() + 2] if one.char in "）):："]
    left = max([last.right, *(one.right for one in closing)]) + _GAP
    bottom = min([last.bottom + _HIGH, box.y + box.height, *(day.y for day in days)]) - _GAP
    top = max(
        last.top - _ABOVE, max((one.bottom for one in letters if one.bottom < last.top), default=box.y) + 0.5
    )
    right = box.x + box.width - _GAP
    return Parts((Box(left, top, right - left, bottom - top),) if bottom > top and right > left else (), days)


def _day(letters: list[_Letter], box: Box) -> tuple[Box, ...]:
    """Before 年, between 年 and 月, between 月 and 日, when they stand on one line in this order."""
    for year in reversed([one for one in letters if one.char == "年"]):
        line = [one for one in letters if abs(one.top - year.top) < _GAP and one.left > year.left]
        month = next((one for one in line if one.char == "月"), None)
        day = next((one for one in line if one.char == "日"), None)
        if month is None or day is None or not month.right < day.left:
            continue
        spans = (max(box.x, year.left - _YEAR), year.left), (year.right, month.left), (month.right, day.left)
        high = min(year.bottom + _ABOVE, box.y + box.height - 0.5) - (year.top - _ABOVE)
        return tuple(
            Box(left + _GAP, year.top - _ABOVE, right - left - 2 * _GAP, high)
            for left, right in spans
            if right - left > 2 * _GAP
        )
    return ()


def _letters(printed: bytes, page: int, box: Box) -> list[_Letter]:
    with pypdfium2.PdfDocument(printed) as document:
        if not 1 <= page <= len(document):
            return []
        sheet = document[page - 1]
        high = sheet.get_height()
        words = sheet.get_textpage()
        found = []
        for at in range(words.count_chars()):
            left, bottom, right, top = (each / _MILLIMETRE for each in words.get_charbox(at, loose=True))
            letter = _Letter(
                words.get_text_range(at, 1),
                left,
                high / _MILLIMETRE - top,
                right,
                high / _MILLIMETRE - bottom,
            )
            middle = (left + right) / 2, (letter.top + letter.bottom) / 2
            if box.x <= middle[0] <= box.x + box.width and box.y <= middle[1] <= box.y + box.height:
                found.append(letter)
    return [letter for letter in found if letter.char.strip()]


def cut(picture: bytes, box: Box, parts: Parts) -> BoxFinding:
    """Cut a box out of a page and say what the machine sees in it; a person judges.

    On a grey page nothing that is there is called "present": it may be the seal. `day_text` is read when there is
    something to read and `text.available()`. `intake.Rejected` when the picture is none, or ("busy") no turn came.
    """
    seen = ask(
        "box",
        picture,
        box=packed(box),
        signature=[packed(blank) for blank in parts.signature],
        day=[packed(blank) for blank in parts.day],
    )
    written = _date(picture, parts.day) if seen["day"] != "absent" and parts.day else ""
    return BoxFinding(
        seals.found(seen["seal"]), seen["signature"], seen["day"], written, base64.b64decode(seen["picture"])
    )


def _date(picture: bytes, blanks: tuple[Box, ...]) -> str:
    first, last = blanks[0], blanks[-1]
    whole = Box(first.x, first.y, last.x + last.width + 10 - first.x, first.height)
    return "".join(text.read(picture, whole))
