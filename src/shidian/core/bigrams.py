"""Words for searching in Chinese, which is written without blanks: every two characters that stand side by side.

标准化 becomes 标准, 准化 and, at the end of its run, 化, so that one character can be looked for by the beginning of a
word. Letters and digits are words as they stand. What is looked for is a phrase of the same words; so both databases
find the same, and neither needs to know Chinese. Upper and lower case, full and half width are alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"([{_HAN}]+)|([^\W_{_HAN}]+)")
LONGEST = 40
"""A longer word of letters and digits is cut: it is a digest or a mistake."""


def plain(text: str) -> str:
    """The text in one width and case."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """The words under which a text is found, in their order."""
    found: list[str] = []
    for match in _RUNS.finditer(plain(text)):
        run = match[1]
        if run is None:
            found.append(match[2][:LONGEST])
        else:
            found += [run[at : at + 2] for at in range(len(run))]
    return found


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow one another; with `begins` the last is only how a word begins."""

    words: tuple[str, ...]
    begins: bool


def phrase(text: str) -> Phrase | None:
    """What to look for; None when the text has no word. A Latin word and a single character may go on."""
    found = words(text)
    if not found:
        return None
    last = _last_run(text)
    is_han = re.fullmatch(rf"[{_HAN}]+", last) is not None
    if is_han and len(last) > 1:
        return Phrase(tuple(found[:-1]), begins=False)
    return Phrase(tuple(found), begins=len(found[-1]) < LONGEST)


def _last_run(text: str) -> str:
    last = ""
    for match in _RUNS.finditer(plain(text)):
        last = match[0]
    return last


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `hit` where it is what was looked for."""

    text: str
    hit: bool


class _Folded(dict[int, str]):
    """Each character in one width and case, by its code point, for `str.translate`; filled as characters are met."""

    def __missing__(self, point: int) -> str:
        self[point] = folded = plain(chr(point))
        return folded


_FOLDED = _Folded()


def _placed(text: str) -> tuple[str, Sequence[int]]:
    """The text in one width and case, and where each of its characters comes from."""
    folded = text.translate(_FOLDED)
    if len(folded) == len(text) and all(len(_FOLDED[ord(character)]) == 1 for character in set(text)):
        return folded, range(len(text) + 1)
    places = [place for place, character in enumerate(text) for _each in _FOLDED[ord(character)]]
    return folded, [*places, len(text)]


def hits(text: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Where the wanted texts stand, as offsets; those that touch are one."""
    folded, places = _placed(text)
    found: list[tuple[int, int]] = []
    for each in wanted:
        runs = [re.escape(match[0]) for match in _RUNS.finditer(plain(each))]
        if not runs:
            continue
        found += [
            (places[match.start()], places[match.end() - 1] + 1)
            for match in re.finditer(r"[\W_]*".join(runs), folded)
        ]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def marked(text: str, wanted: Sequence[str]) -> list[Piece]:
    """The whole text in pieces, with what was looked for marked."""
    pieces: list[Piece] = []
    at = 0
    for start, end in hits(text, wanted):
        pieces += [Piece(text[at:start], hit=False), Piece(text[start:end], hit=True)]
        at = end
    pieces.append(Piece(text[at:], hit=False))
    return [piece for piece in pieces if piece.text]


def snippet(text: str, wanted: Sequence[str], *, around: int = 28, longest: int = 110) -> list[Piece]:
    """The stretch of a text around the first thing looked for, marked; empty when nothing of it stands there."""
    found = hits(text, wanted)
    if not found:
        return []
    start = max(0, found[0][0] - around)
    end = min(len(text), max(start + longest, found[0][1] + around))
    shown = " ".join(text[start:end].split())
    pieces = marked(shown, wanted)
    if start:
        pieces.insert(0, Piece("……", hit=False))
    if end < len(text):
        pieces.append(Piece("……", hit=False))
    return pieces
