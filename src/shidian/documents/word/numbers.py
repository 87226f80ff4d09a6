"""Numbers that Word counts by itself, written out: 1．, （一）, a), •."""

from __future__ import annotations

import re
from typing import Any

_DIGITS = "〇一二三四五六七八九"
_LEVEL = re.compile(r"%([1-9])")
_SPACED = re.compile(r"[0-9A-Za-z.)]$")
_BULLET = "•"
_LARGEST = 9999


class Numbering:
    """The lists of one file; asked paragraph by paragraph in their order."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int, str]]] = {}
        self._list_of: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._started: set[str] = set()
        self._of_style: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            self._read(numbering)
        if styles is not None:
            self._read_styles(styles)

    def label(self, properties: Any, *, empty: bool) -> str:
        """The number in front of a paragraph with these properties, counted on; nothing for a paragraph without."""
        found = self._place(properties)
        if found is None:
            return ""
        number, level = found
        group = self._list_of.get(number)
        levels = self._levels.get(group or "")
        if group is None or levels is None or level not in levels or empty:
            return ""
        kind, pattern, start, suffix = levels[level]
        counts = self._counts.setdefault(group, {})
        if number not in self._started:
            self._started.add(number)
            for (which, at), value in self._starts.items():
                if which == number:
                    counts[at] = value - 1
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if kind == "bullet":
            sign = pattern if pattern and not "\ue000" <= pattern[0] <= "\uf8ff" else _BULLET
            return f"{sign} "
        if kind == "none":
            return ""

        def written(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            its_kind, _, its_start, _ = levels.get(at, ("decimal", "", 1, ""))
            return number_word(counts.get(at, its_start), its_kind)

        text = _LEVEL.sub(written, pattern)
        return text + (" " if suffix != "nothing" and _SPACED.search(text) else "")

    def _place(self, properties: Any) -> tuple[str, int] | None:
        if properties is None:
            return None
        own = _child(properties, "numPr")
        style = _value(_child(properties, "pStyle"))
        inherited = self._of_style.get(style)
        if own is None:
            return inherited
        number = _value(_child(own, "numId"))
        level = _whole(_value(_child(own, "ilvl")), 0)
        if number == "0":
            return None
        if not number:
            return (inherited[0], level) if inherited else None
        return number, level

    def _read(self, numbering: Any) -> None:
        for element in numbering:
            match _tag(element):
                case "abstractNum":
                    levels = {}
                    for level in element:
                        if _tag(level) == "lvl":
                            levels[_whole(_value(level, "ilvl"), 0)] = (
                                _format(level),
                                _value(_child(level, "lvlText")),
                                _whole(_value(_child(level, "start")), 1),
                                _value(_child(level, "suff")) or "tab",
                            )
                    self._levels[_value(element, "abstractNumId")] = levels
                case "num":
                    number = _value(element, "numId")
                    self._list_of[number] = _value(_child(element, "abstractNumId"))
                    for change in element:
                        start = _child(change, "startOverride")
                        if _tag(change) == "lvlOverride" and start is not None:
                            at = _whole(_value(change, "ilvl"), 0)
                            self._starts[number, at] = _whole(_value(start), 1)

    def _read_styles(self, styles: Any) -> None:
        based: dict[str, str] = {}
        for style in styles:
            if _tag(style) != "style":
                continue
            key = _value(style, "styleId")
            based[key] = _value(_child(style, "basedOn"))
            own = _child(_child(style, "pPr"), "numPr")
            if own is not None and _value(_child(own, "numId")):
                self._of_style[key] = (
                    _value(_child(own, "numId")),
                    _whole(_value(_child(own, "ilvl")), 0),
                )
        for key in based:
            above, steps = key, 0
            while above and above not in self._of_style and steps < 20:
                above, steps = based.get(above, ""), steps + 1
            if above in self._of_style:
                self._of_style[key] = self._of_style[above]


def _tag(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _child(element: Any, name: str) -> Any:
    return next((child for child in element if _tag(child) == name), None) if element is not None else None


def _value(element: Any, name: str = "val") -> str:
    if element is None:
        return ""
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _format(level: Any) -> str:
    return _value(_child(level, "numFmt")) or "decimal"


def _whole(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default


def number_word(number: int, kind: str) -> str:
    """A number as Word writes it in a list of this kind; plain digits for kinds that are not known."""
    if not 0 <= number <= _LARGEST:
        return str(number)
    match kind:
        case "chineseCounting" | "chineseCountingThousand" | "japaneseCounting" | "taiwaneseCountingThousand":
            return _chinese(number)
        case "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital":
            return "".join(_DIGITS[int(digit)] for digit in str(number))
        case "upperLetter" | "lowerLetter" if number > 0:
            letter = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letter if kind == "upperLetter" else letter.lower()
        case "upperRoman" | "lowerRoman" if number > 0:
            return _roman(number) if kind == "upperRoman" else _roman(number).lower()
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if 1 <= number <= 20:
            return chr(ord("①") + number - 1)
        case "decimalFullWidth":
            return str(number).translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
        case "decimalZero":
            return f"{number:02}"
        case _:
            return str(number)


def _chinese(number: int) -> str:
    if number == 0:
        return "〇"
    text = ""
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += _DIGITS[digit] + word
        elif text and number and not text.endswith("〇"):
            text += "〇"
    return text.removeprefix("一") if text.startswith("一十") else text


def _roman(number: int) -> str:
    text = ""
    for value, sign in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
        (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        text += sign * (number // value)
        number %= value
    return text
