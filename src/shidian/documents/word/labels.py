"""Labels as people write them: spaces, colons, brackets, numbers and widths do not matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from shidian.documents.word.form import Form, Part, Slot

_NUMBER = re.compile(
    r"\s*(?:[（(]\s*[一二三四五六七八九十0-9０-９]{1,3}\s*[)）]|[一二三四五六七八九十]{1,3}\s*[、．.]|[0-9０-９]{1,2}\s*[、．.)）]|[①-⑳])\s*"
)
_BRACKETS = re.compile(r"[（(\[【〔][^（）()\[\]【】〔〕]*[)）\]】〕]")
_GAP = re.compile(r"[：:]|\t+|[ 　]{2,}|[_＿]{2,}|…{2,}|\.{4,}")
_START = re.compile(r"(?:^|[\n\t]|(?<=[ 　；;，,。_＿]))")
_SIGNS = re.compile(r"[\W_]+")
_ALIKE = 0.72
_LONGEST = 60
_LONGEST_WORDS = 1000
_LONGEST_ANSWER = 200_000
_TELLING, _TELLING_SEAL = 8, 6
"""From so many letters on, words of the form inside an answer are no accident: 承担单位基本信息, 参加单位盖章."""


def plain(text: str) -> str:
    """Only its letters, digits and characters, in one width and case."""
    return _plain_short(text) if len(text) <= _LONGEST else _plain(text)


def _plain(text: str) -> str:
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).lower()


# The words of a form are asked for a thousand times in each file; long answers need not be kept.
_plain_short = lru_cache(maxsize=2048)(_plain)


def without_number(text: str) -> str:
    """Without the number in front of a heading or item."""
    found = _NUMBER.match(text)
    return text[found.end() :] if found else text


def without_brackets(text: str) -> str:
    """Without what stands in brackets."""
    return _BRACKETS.sub("", text)


def variants(label: str) -> Iterator[str]:
    """The forms under which a label is known."""
    for text in (label, without_number(label)):
        yield plain(text)
        yield plain(without_brackets(text))


@dataclass(frozen=True, slots=True)
class Match:
    """A label found inside a text, from `start` to `end`; the answer begins at `after`."""

    start: int
    after: int
    slot: Slot
    part: Part


class Labels:
    """All labels and headings of a form."""

    def __init__(self, form: Form) -> None:
        self._slots: dict[str, list[tuple[Part, Slot]]] = {}
        self._titles: dict[str, Part] = {}
        self._known = {plain(text) for text in (form.title, form.top, form.instructions_title, *form.known)}
        self._known |= {plain(line) for line in form.instructions}
        self._known |= {plain(without_number(line)) for line in form.instructions}
        self._known.discard("")
        self._telling: dict[str, set[str]] = {}
        for part in form.parts:
            self._tell(part.title, _TELLING, {slot.path for slot in part.slots})
            for form_of_title in variants(part.title):
                if form_of_title:
                    self._titles.setdefault(form_of_title, part)
            for slot in part.slots:
                self._tell(slot.label, _TELLING_SEAL if "盖章" in slot.label else _TELLING + 2, {slot.path})
                for label in (slot.label, *slot.aliases):
                    for key in variants(label):
                        held = self._slots.setdefault(key, [])
                        if key and (part, slot) not in held:
                            held.append((part, slot))

    def _tell(self, words: str, least: int, paths: set[str]) -> None:
        key = plain(without_number(words))
        if len(key) >= least:
            self._telling.setdefault(key, set()).update(paths)

    def another_inside(self, text: str, path: str) -> bool:
        """True when words of the form stand within an answer that could only have come there by mistake."""
        key = plain(text[:_LONGEST_ANSWER])
        return any(words in key and path not in paths for words, paths in self._telling.items())

    def title(self, text: str) -> Part | None:
        """The part whose heading this is."""
        if len(text) > _LONGEST * 2:
            return None
        return self._titles.get(plain(text)) or self._titles.get(plain(without_number(text)))

    def is_known(self, text: str) -> bool:
        """True for the words of the form that are neither label nor answer."""
        if len(text) > _LONGEST_WORDS:
            return False
        key = plain(text)
        return key in self._known or not key

    def exact(self, text: str, part: Part | None) -> tuple[Part, Slot] | None:
        """The slot whose label this is, in the part being read or, if there is only one, in any."""
        if len(text) > _LONGEST * 2:
            return None
        for key in (plain(text), plain(without_number(text)), plain(without_brackets(without_number(text)))):
            held = self._slots.get(key) if key else None
            if not held:
                continue
            here = [found for found in held if part is not None and found[0].key == part.key]
            if len(here) == 1:
                return here[0]
            if not here and len({slot.path for _, slot in held}) == 1:
                return held[0]
        return None

    def inside(self, text: str, part: Part | None) -> list[Match]:
        """Labels in a text that are followed by a colon, a gap or a line to write on, in their order."""
        found: list[Match] = []
        least = 0
        gaps = list(_GAP.finditer(text))
        for number, gap in enumerate(gaps):
            if gap.start() < least:
                continue
            head = text[max(least, gap.start() - _LONGEST) : gap.start()]
            offset = gap.start() - len(head)
            starts = [match.start() + (match.group() != "") for match in _START.finditer(head)]
            for start in starts:
                named = self.exact(head[start:], part)
                if named:
                    end = self._longest(text, offset + start, gaps[number:], named, part)
                    # A colon behind a gap belongs to the label: “单位名称  ：”.
                    if more := re.match(r"[ 　]*[：:]", text[end:]):
                        end += more.end()
                    found.append(Match(offset + start, end, named[1], named[0]))
                    part, least = named[0], end
                    break
        return found

    def _longest(
        self,
        text: str,
        start: int,
        gaps: list[re.Match[str]],
        named: tuple[Part, Slot],
        part: Part | None,
    ) -> int:
        """Where a label ends whose letters are set apart: a shorter form of it may have ended at an earlier gap."""
        end = gaps[0].end()
        for gap in gaps[1:]:
            if gap.start() - start > _LONGEST:
                break
            longer = self.exact(text[start : gap.start()], part)
            if longer is not None and longer[1].path == named[1].path:
                end = gap.end()
        return end

    def alike(self, text: str, part: Part | None) -> list[Slot]:
        """Slots whose labels look much like this text, the likeliest first."""
        key = plain(without_number(text))
        if not 2 <= len(key) <= _LONGEST:
            return []
        scored: dict[str, tuple[float, Slot]] = {}
        for label, held in self._slots.items():
            score = SequenceMatcher(None, key, label).ratio()
            if len(key) >= 3 and len(label) >= 3 and (key in label or label in key):
                score = max(score, _ALIKE + 0.05)
            if score < _ALIKE:
                continue
            for owner, slot in held:
                mine = score + (0.1 if part is not None and owner.key == part.key else 0)
                if mine > scored.get(slot.path, (0.0, slot))[0]:
                    scored[slot.path] = (mine, slot)
        return [slot for _, slot in sorted(scored.values(), key=lambda pair: -pair[0])]


def same(left: str, right: str) -> bool:
    """Equal but for spaces and widths."""
    return "".join(unicodedata.normalize("NFKC", left).split()) == "".join(
        unicodedata.normalize("NFKC", right).split()
    )


def first_title(labels: Labels, rows: Iterable[str]) -> tuple[Part, int] | None:
    """The heading that the first lines of a text make, and how many lines it takes."""
    text = ""
    for number, row in enumerate(rows, start=1):
        text += row
        if part := labels.title(text):
            return part, number
        if number >= 3:
            break
    return None
