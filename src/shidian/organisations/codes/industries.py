"""Industries (GB/T 4754-2017 with amendment 1 of 2019): letter, two, three and four digits.

An answer may stop at any level. What people type is brought to a code where it can only mean one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext as _

from shidian.organisations.codes.table import digest, rows

_LONGEST = 100
_CODE = re.compile(r"([A-T]?)[-\s]*([0-9]{2,4})|([A-T])", re.ASCII)
_FIRST = re.compile(r"([A-T]?[-\s]?[0-9]{2,4}|[A-T])(?![0-9A-Z])(.+)", re.ASCII)
_LAST = re.compile(r"(.+?)(?<![0-9A-Z])([A-T]?[0-9]{2,4})[)\]】]*", re.ASCII)
_NO_LETTER = re.compile(r"[\W_]+")
SHOWN = 5
"""How many classes are offered for what is none."""


@dataclass(frozen=True, slots=True)
class Industry:
    """A class; `parent` is the code above it, empty for a letter."""

    code: str
    name: str
    parent: str

    @property
    def label(self) -> str:
        """Code and name, as lists and fields show it."""
        return f"{self.code} {self.name}"


@cache
def _table() -> dict[str, Industry]:
    found: dict[str, Industry] = {}
    letter = ""
    for row in rows("industries.csv"):
        code = row["code"]
        if code.isalpha():
            letter = code
        # Two digits stand under the letter above them in the file, finer classes under their first digits.
        parent = "" if code.isalpha() else letter if len(code) == 2 else code[:-1]
        found[code] = Industry(code, row["name"], parent)
    return found


@cache
def _children() -> dict[str, tuple[Industry, ...]]:
    found: dict[str, list[Industry]] = {}
    for industry in _table().values():
        found.setdefault(industry.parent, []).append(industry)
    return {parent: tuple(children) for parent, children in found.items()}


@cache
def _by_name() -> dict[str, str]:
    """Codes by name without signs. A class and its only part share a name: the shortest number stands for both."""
    found: dict[str, str] = {}
    for industry in _table().values():
        key = _letters(industry.name)
        known = found.get(key)
        if known is None or known.isalpha():
            found[key] = industry.code
        elif not industry.code.startswith(known):
            found[key] = ""
    return {key: code for key, code in found.items() if code}


@cache
def everyday_words() -> dict[str, str]:
    """Codes by words that people use and the standard does not (养老院); a help for finding, never an answer."""
    return {row["word"]: row["code"] for row in rows("industry_words.csv")}


def all_industries() -> tuple[Industry, ...]:
    """Every class in the order of the standard."""
    return tuple(_table().values())


def version() -> str:
    """Changes when the table changes; part of the address under which a browser keeps it."""
    return digest("industries.csv") + digest("industry_words.csv")


def get(code: str) -> Industry | None:
    """The class with this code, at any level."""
    return _table().get(code)


def exists(code: str) -> bool:
    """True when the code is in the table."""
    return code in _table()


def name(code: str) -> str:
    """The name of a class, or nothing when the code is unknown."""
    found = _table().get(code)
    return found.name if found else ""


def label(code: str) -> str:
    """Code and name, or what was given when it is no code."""
    found = _table().get(code)
    return found.label if found else code


def children(code: str = "") -> tuple[Industry, ...]:
    """The classes directly below a code; below nothing, the letters."""
    return _children().get(code, ())


def path(code: str) -> tuple[Industry, ...]:
    """The class with all those above it, the letter first; empty when the code is unknown."""
    found = _table().get(code)
    return (*path(found.parent), found) if found else ()


def normalise(text: str) -> str:
    """The code that is meant by a code, a name, or both in either order (`S9221`, `92 国家机构`); else the text itself.

    A name beside a code must be that code's name, and a letter before digits the one above them: a contradiction is
    kept as it was typed, for the check to show.
    """
    if text in _table() or len(text) > _LONGEST:
        return text
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if code := _code(plain):
        return code
    if found := _FIRST.fullmatch(plain):
        code, words = _code(found[1]), found[2]
    elif found := _LAST.fullmatch(plain):
        code, words = _code(found[2]), found[1]
    else:
        code, words = "", ""
    if code and _letters(words) == _letters(name(code)):
        return code
    return _by_name().get(_letters(plain), text)


def check(text: str) -> str | None:
    """None for a code of the table; else a sentence with the classes that may be meant. The text must be normalised."""
    if text in _table():
        return None
    meant = _("；").join(industry.label for industry in suggestions(text, 3))
    advice = (
        _("是不是指：{meant}").format(meant=meant)
        if meant
        else _("请写行业的名称或者代码，例如“9221”或者“综合事务管理机构”")
    )
    return _("“{text}”不是《国民经济行业分类》里的行业，{advice}").format(text=text[:30], advice=advice)


def search(words: str, limit: int = 20) -> tuple[Industry, ...]:
    """The classes in whose code or name all the words are, the nearest first; none for no words.

    Where a class has one part of the same name (684 and 6840), words find the class and digits find both.
    """
    wanted = unicodedata.normalize("NFKC", words[:_LONGEST]).upper().split()
    if not wanted:
        return ()
    first, *others = wanted
    by_code = first.isascii()
    found = [
        (_distance(industry, first), place, industry)
        for place, industry in enumerate(_table().values())
        if (first in industry.name or first in industry.code)
        and all(word in industry.label for word in others)
        and (by_code or not _repeats(industry))
    ]
    return tuple(industry for _rank, _code, industry in sorted(found)[:limit])


def suggestions(text: str, limit: int = SHOWN) -> tuple[Industry, ...]:
    """The classes that may be meant by what is none: below the nearest code, or with the most pairs of letters alike."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).strip().upper()
    digits = re.fullmatch(r"[A-T]?([0-9]{2,})", plain, re.ASCII)
    if digits:
        for end in (4, 3, 2):
            code = digits[1][:end]
            if code in _table():
                below = (_table()[code], *children(code))
                return below[:limit]
        return ()
    spoken = dict.fromkeys(
        code
        for word, code in sorted(everyday_words().items(), key=lambda each: -len(each[0]))
        if word in plain or (len(plain) > 1 and word.startswith(plain))
    )
    found = (
        *(_table()[code] for code in spoken),
        *(each for each in search(plain) if each.code not in spoken),
    )
    if found:
        return found[:limit]
    letters = _letters(plain)
    pairs = {letters[at : at + 2] for at in range(len(letters) - 1)}
    shared: dict[str, int] = {}
    for pair in pairs:
        for industry in _table().values():
            if pair in industry.name:
                shared[industry.code] = shared.get(industry.code, 0) + 1
    alike = sorted(shared, key=lambda code: (-shared[code], len(name(code)), code))
    return tuple(each for each in map(_table().__getitem__, alike) if not _repeats(each))[:limit]


def _code(plain: str) -> str:
    """The known code in `S9221`, `S-92`, `9221` or `S`; nothing for anything else."""
    found = _CODE.fullmatch(plain)
    if not found:
        return ""
    code = found[2] or found[3]
    above = path(code)
    return code if above and (not found[1] or above[0].code == found[1]) else ""


def _repeats(industry: Industry) -> bool:
    """True for the only part of a class, which has its name."""
    return len(industry.code) == 4 and industry.code[3] == "0" and name(industry.parent) == industry.name


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text)).upper()


def _distance(industry: Industry, word: str) -> tuple[int, int]:
    if word in (industry.code, industry.name):
        return 0, 0
    if industry.label.startswith(word) or industry.name.startswith(word):
        return 1, len(industry.code)
    return 2, len(industry.name)
