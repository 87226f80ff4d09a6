"""What was found for each slot, and what was not: cleans the texts, doubts them, and settles what was said twice."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shidian.core.said import listed, say
from shidian.documents.word.form import Form, Found, Look, Loose, Part, Slot
from shidian.documents.word.labels import Labels, plain, same

OPINIONS = "opinions"
"""The key of the part in which bodies agree."""
MOST_LOOSE = 300
MOST_NAMED = 6
AROUND = " \t\u3000_＿\n"
COVER_DATE = re.compile(
    r"\s*[0-9０-９]{0,4}[\s_]*年[\s_]*[0-9０-９]{0,2}[\s_]*月[\s_]*(?:[0-9０-９]{0,2}[\s_]*日)?\s*"
)
SIGNED = re.compile(r"\s*(?:单位)?(?:负责人|法定代表人)\s*[（(]?\s*签[名字章]")
_UNDERLINES = re.compile(r"[_＿]{2,}|^[_＿]+|[_＿]+$")
_DAY = re.compile(
    r"\s*(?:[0-9]{0,4}|[〇零一二三四五六七八九]{0,4})\s*年\s*\S{0,3}\s*月\s*(?:\S{0,3}\s*日)?\s*"
)
_FURNITURE = re.compile(r"单位|负责人|法定代表人|签名|签字|签章|盖章|年|月|日")
_NAMES = re.compile(r"[、，,；;\n]+")
_DRAWN = re.compile(r"\|.*\||\[图：.*\]")
"""A row of a table or a picture of a long answer."""
_SHORT = 4
_LONGEST_BLANK = 60


@dataclass(slots=True)
class Claim:
    """An answer that stands at one place; `extra` came in rows below it that have no label of their own."""

    slot: Slot
    part: Part
    value: Any
    place: str
    extra: str = ""


class Claims:
    """Everything found in one file so far. `own`: it came from this system, so its texts are as they were stored."""

    def __init__(self, form: Form, labels: Labels, *, own: bool) -> None:
        self.form, self.labels, self.own = form, labels, own
        self.made: list[Claim] = []
        self.loose: list[Loose] = []
        self._looks: dict[str, Counter[str]] = {}

    def has(self, slot: Slot) -> bool:
        """True when something was found for a slot already."""
        return any(claim.slot.path == slot.path and claim.value for claim in self.made)

    def add(self, slot: Slot, part: Part, value: Any, place: str, *, extra: str = "") -> None:
        """Take an answer; a text that is doubtful goes to the loose ones instead."""
        if not slot.path:
            return
        if isinstance(value, str):
            value = self._value(slot, part, value, place)
            if value is None:
                self.lose(extra, place, say("上一行的内容不能确定"), [slot.path])
                return
        self.made.append(Claim(slot, part, value, place, self.tidy(extra)))

    def go_on(self, slot: Slot, text: str) -> bool:
        """Add a row without a label to the last answer of a slot, for as long as no label turns out to be missing."""
        for claim in reversed(self.made):
            if claim.slot is slot and isinstance(claim.value, str):
                claim.extra = "\n".join(filter(None, (claim.extra, self.tidy(text))))
                return True
        return False

    def lose(self, text: str, place: str, reason: str, candidates: Sequence[str] = ()) -> None:
        """Keep a text that belongs nowhere beyond doubt."""
        tidy = self.tidy(text)
        if any(map(str.isalnum, tidy)):
            self.loose.append(Loose(tidy, place, reason, tuple(dict.fromkeys(candidates))[:8]))

    def note(self, slot: Slot | None, looks: Counter[str]) -> None:
        """Remember what the form has no place for."""
        if looks:
            name = (slot.shown_as or slot.label) if slot is not None else ""
            self._looks.setdefault(name, Counter()).update(looks)

    def aside(self, text: str) -> None:
        """Remember names and dates typed into a box of opinions: they are signed by hand, and no answer."""
        words = " ".join(text.split())
        if _FURNITURE.sub("", plain(words)) and not COVER_DATE.fullmatch(words):
            self.note(None, Counter([say("意见栏里的签名和日期“{words}”", words=short(words))]))

    def tidy(self, text: str) -> str:
        """A text without lines to write on, indents and empty lines around it."""
        rows = [row if _DRAWN.fullmatch(row) else self._tidy_row(row) for row in text.split("\n")]
        while rows and not rows[0].strip():
            rows.pop(0)
        while rows and not rows[-1].strip():
            rows.pop()
        return "\n".join(rows)

    def _tidy_row(self, row: str) -> str:
        plain_row = _UNDERLINES.sub("", row).rstrip(AROUND)
        return plain_row if self.own else plain_row.lstrip(" \t\u3000")

    def dropped(self) -> list[str]:
        """What the form has no place for: each kind once, with the fields in which it stood."""
        found = list(self._looks.get("", ()))
        kinds: dict[str, list[str]] = {}
        for name, looks in self._looks.items():
            for what in looks if name else ():
                kinds.setdefault(what, []).append(name)
        for what, where in kinds.items():
            names = listed(where[:MOST_NAMED])
            if len(where) > MOST_NAMED:
                names = say("{names}等 {count} 栏", names=names, count=len(where))
            found.append(say("{what}：{names}", what=what, names=names))
        return found

    # The answer in a text

    def _value(self, slot: Slot, part: Part, text: str, place: str) -> Any:
        """The answer, or None when it is doubtful and went to the loose ones."""
        text = self.tidy(text)
        if part.key == OPINIONS:
            text = self._opinion(text)
        if len(text) <= _LONGEST_BLANK and any(plain(text) == plain(blank) for blank in slot.blank):
            text = ""
        if not text:
            return [] if slot.kind == "names" else ""
        name = slot.shown_as or slot.label
        if self._mixed(slot, part, text):
            self.lose(text, place, say("“{name}”一栏里混有别的标签", name=name), [slot.path])
            return None
        if slot.kind == "names":
            return self._names(part, text)
        if slot.kind == "line" and not slot.blank:
            text = one_line(text)
            if not _plausible(slot.look, text):
                others = [each.path for each in part.slots if each.path != slot.path]
                self.lose(text, place, say("看起来不像“{name}”", name=name), [slot.path, *others])
                return None
        return text

    def _names(self, part: Part, text: str) -> list[str]:
        if part.key == OPINIONS and self.own:
            return [one_line(text)]
        pieces = [piece.strip(AROUND) for piece in _NAMES.split(text) if piece.strip(AROUND)]
        # A long name that was broken into lines is one name.
        return pieces if all(len(piece) >= _SHORT for piece in pieces) else [one_line(text)]

    def _opinion(self, text: str) -> str:
        """What stands in a box before the place to sign."""
        rows = text.split("\n")
        for number, row in enumerate(rows):
            if SIGNED.match(row) or (_DAY.fullmatch(row) and plain(row)):
                self.aside("\n".join(rows[number:]))
                return "\n".join(rows[:number]).strip(AROUND)
        return text.strip(AROUND)

    def _mixed(self, slot: Slot, part: Part, text: str) -> bool:
        """Cells that were merged: the label of another answer stands in this one."""
        if slot.rich is not None:
            # What stands in the tables of an answer is the answer, even the words of a label.
            text = "\n".join(row for row in text.split("\n") if not _DRAWN.fullmatch(row))
        own_words = {plain(each) for each in (slot.label, *slot.aliases)}
        for row in text.split("\n"):
            named = self.labels.exact(row, part) if len(row) > 1 else None
            here = named is not None and named[0].key == part.key
            if named and here and named[1].path != slot.path and plain(row) not in own_words:
                return True
        if self.labels.another_inside(text, slot.path):
            return True
        if slot.kind == "text":
            return False
        return any(match.slot.path != slot.path for match in self.labels.inside(text, part))

    # What was said twice

    def settled(self) -> dict[str, Found]:
        """One answer a path; what differs between two places becomes loose."""
        self._take_extras()
        found: dict[str, Found] = {}
        for path in dict.fromkeys(claim.slot.path for claim in self.made):
            claims = [claim for claim in self.made if claim.slot.path == path]
            settle: dict[str, Callable[[str, list[Claim]], Found | None]] = {
                "rows": self._rows,
                "names": self._bodies,
            }
            answer = settle.get(claims[0].slot.kind, self._text)(path, claims)
            if answer is not None:
                found[path] = answer
        return found

    def _take_extras(self) -> None:
        """A row without a label belongs to the answer above it, unless the label of another answer is nowhere."""
        seen = {claim.slot.path for claim in self.made}
        for claim in self.made:
            if not claim.extra:
                continue
            missing = [slot.path for slot in claim.part.slots if slot.path and slot.path not in seen]
            whole = f"{claim.value}\n{claim.extra}" if claim.value else claim.extra
            if missing or self._mixed(claim.slot, claim.part, whole):
                reason = say("这一行没有标签，不能确定是不是接着上一行")
                self.lose(
                    claim.extra, say("{place}以下", place=claim.place), reason, [*missing, claim.slot.path]
                )
            else:
                claim.value = whole

    def _rows(self, path: str, claims: list[Claim]) -> Found:
        return Found(path, [row for claim in claims for row in claim.value], claims[0].place)

    def _text(self, path: str, claims: list[Claim]) -> Found | None:
        filled = [claim for claim in claims if claim.value]
        if not filled:
            return Found(path, "", claims[0].place)
        if all(same(claim.value, filled[0].value) for claim in filled[1:]):
            best = max(filled, key=lambda claim: claim.value.count("\n"))
            return Found(path, best.value, best.place)
        for claim in filled:
            self.lose(claim.value, claim.place, say("同一项内容在文件里有两种写法"), [path])
        return None

    def _bodies(self, path: str, claims: list[Claim]) -> Found | None:
        boxes = list(
            dict.fromkeys(name for claim in claims if claim.part.key == OPINIONS for name in claim.value)
        )
        cover: list[str] = next(
            (claim.value for claim in claims if claim.part.key != OPINIONS and claim.value), []
        )
        alike = same("、".join(boxes), "、".join(cover))
        if not cover or alike:
            return Found(path, boxes, claims[0].place)
        # One box is often filled for several bodies that the cover names.
        if not boxes or (len(boxes) == 1 and boxes[0] in cover):
            return Found(path, cover, claims[0].place)
        for names, place in ((cover, say("封面")), (boxes, say("意见栏"))):
            self.lose("、".join(names), place, say("封面和意见栏写的单位不一样"), [path])
        return None


def short(text: str) -> str:
    """A text as it can be named in a sentence."""
    return text if len(text) <= 16 else f"{text[:15]}…"


def one_line(text: str) -> str:
    """Lines put together: Chinese without a gap, words with one."""
    whole = ""
    for row in text.split("\n"):
        piece = row.strip(AROUND)
        if whole and piece and whole[-1].isascii() and piece[0].isascii():
            whole += " "
        whole += piece
    return whole


def _plausible(look: Look, text: str) -> bool:
    if len(text) <= _SHORT:
        return True
    wide = unicodedata.normalize("NFKC", text)
    digits = sum(char.isdigit() for char in wide)
    match look:
        case "email":
            return "@" in wide
        case "phone":
            return digits > _SHORT
        case "postcode":
            return digits >= 3 and len(wide) <= 20 and "@" not in wide
        case "code":
            return sum(char.isalnum() and char.isascii() for char in wide) >= 6
        case _:
            return True
