"""What expressions of a call package may call: small pure functions on answers, safe for anything a draft holds.

None of them fails: a value of the wrong kind counts as blank, and what cannot be told is told in favour of the writer
(`inside` is true for a time that cannot be read). docs/developer/writing-rules.md explains each with an example.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from shidian.organisations.codes import months as month_codes
from shidian.questionnaires import spans

NOT_YET = ("未", "尚未", "还没", "没有", "暂未", "暂无", "正在", "拟", "计划")
"""How a text begins that says that something is not there yet."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,12}(?:\.[0-9]{1,6})?", re.ASCII)
_GROUPED = re.compile(r"(?<=[0-9])[,，](?=[0-9]{3}(?:[^0-9]|$))")
_BETWEEN_NAMES = re.compile(r"[、，,；;／/。\n]")
_AND = re.compile("以及|和(?![平谐县])|及|(?<!参)与")  # 和平区, 和谐, 和县 are names
_EDGE = re.compile("^(?:以及|和(?![平谐县])|及|与)|(?:以及|和|及|与)$")
_REMARK = re.compile(r"[（(][^（()）]{0,40}[）)]")
_ROLE = re.compile(
    r"^(?:负责单位|责任单位|牵头单位|主要负责|主办单位|牵头|负责|参与单位|协办单位|配合单位|参与|配合|协助|主办|协办|由)[:：]?|"
    r"(?:牵头|负责|参与|配合|协助)$"
)
_ANYBODY = re.compile(
    r"^(?:各|全体|所有|有关|相关|试点)?(?:试点)?(?:承担|参加|参与|保证|管理|业务指导|成员|有关|相关|协作|共建)?单位$|"
    r"^(?:各|全体|所有|有关|相关).*(?:单位|部门|人员|机构)$|^(?:本单位|我单位|同上|以上单位)$|"
    # What stands before a known name: 天津市.
    r"^.{1,5}(?:省|市|区|县)$"
)
_INSIDE_A_BODY = re.compile(r"(?:科|(?<!办事)处|室|股|组|部|队|岗|班子|人员|专员|负责人|办公室|领导小组)$")


def blank(value: Any) -> bool:
    """Nothing was answered: no text, no row with text, no part of a range or region."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, Mapping):
        return all(map(blank, value.values()))
    if isinstance(value, list | tuple):
        return all(map(blank, value))
    return value is None


def length(text: Any) -> int:
    """The number of characters, blanks and line ends not counted."""
    return sum(1 for sign in _text(text) if not sign.isspace())


def not_yet(text: Any) -> bool:
    """The text says that something is not there yet: 尚未建立, 没有, 正在建立."""
    return _text(text).strip().startswith(NOT_YET)


# Time


def readable(time: Any) -> bool:
    """A month, a range, or a text that tells from when to when."""
    return _span(time) is not None


def span(time: Any) -> dict[str, str]:
    """`from` and `to` as 2024-01; both blank when it cannot be read."""
    found = _span(time)
    return {"from": found.first, "to": found.last} if found else {"from": "", "to": ""}


def months(first: Any, last: Any) -> int:
    """How many months from one to the other, both counted; 0 when one of them is no month."""
    known = isinstance(first, str) and isinstance(last, str)
    if not known or not month_codes.is_month(first) or not month_codes.is_month(last):
        return 0
    return month_codes.length(first, last)


def inside(time: Any, period: Any) -> bool:
    """A time lies wholly in a period; true while one of the two cannot be read."""
    inner, outer = _span(time), _span(period)
    return inner is None or outer is None or (outer.first <= inner.first and inner.last <= outer.last)


def month_in(period: Any, month: Any) -> bool:
    """A period holds a month; true while one of the two cannot be read."""
    return inside(month, period)


def gaps(times: Any, period: Any) -> list[str]:
    """The stretches of a period for which no time is given (2024年4月至2024年6月); none while a time cannot be read."""
    whole = _span(period)
    found = [_span(time) for time in _list(times) if not blank(time)]
    if whole is None or not found or not all(found):
        return []
    return [gap.written for gap in spans.uncovered((one for one in found if one), whole)]


# Words and names


def missing(texts: Any, words: Any) -> list[str]:
    """Which words none of the texts has; `自查|自我检查` stands for either, and is named by its first."""
    whole = "\n".join(_text(text) for text in _list(texts))
    wanted = [_text(word).split("|") for word in _list(words)]
    return [ways[0] for ways in wanted if not any(way in whole for way in ways)]


def covers(texts: Any, words: Any) -> bool:
    """The texts together have all of the words."""
    return not missing(texts, words)


def others(cell: Any, names: Any) -> list[str]:
    """The bodies named in a cell that are none of `names`.

    Shortened names count (市应急局 does not, 应急管理局 does), as do departments inside a body and words for
    everybody (各参加单位).
    """
    known = _names(tuple(_text(name) for name in _list(names)))
    text = unicodedata.normalize("NFKC", _text(cell)).translate(_BRACKETS)
    for name in known:
        text = text.replace(name, "、")
    return list(_strangers(_REMARK.sub("", text), known))


def names_in(cell: Any, names: Any) -> bool:
    """Every body named in a cell is one of `names`, by the reading of `others`."""
    return not others(cell, names)


def join(parts: Any) -> str:
    """The parts in one line: 甲、乙."""
    return "、".join(_text(part) for part in _list(parts) if _text(part))


# Amounts


def is_number(value: Any) -> bool:
    """A text that is a number (12000, 12,000.50), or a list in which every text that is not blank is one."""
    if isinstance(value, list | tuple):
        return all(is_number(one) for one in value if not blank(one))
    return isinstance(value, str) and _decimal(value) is not None


def number(text: Any) -> float:
    """The number that a text is; 0 when it is none, so ask `is_number` first."""
    return float(_decimal(text) or 0)


def sum_of(texts: Any) -> float:
    """The sum of numbers, added as decimals: 0.1 and 0.2 are 0.3. What is no number counts as 0."""
    return float(sum((_decimal(text) or Decimal(0) for text in _list(texts)), Decimal(0)))


def written(value: Any) -> str:
    """A number as people write it (12000.5, without a rest of zeros), or a time (2024年1月至2025年12月)."""
    if isinstance(value, Mapping) or (isinstance(value, str) and month_codes.is_month(value)):
        found = _span(value)
        return found.written if found else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text(value)
    return f"{Decimal(repr(value)).normalize():f}" if value else "0"


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "blank": blank,
    "length": length,
    "not_yet": not_yet,
    "readable": readable,
    "span": span,
    "months": months,
    "inside": inside,
    "month_in": month_in,
    "gaps": gaps,
    "missing": missing,
    "covers": covers,
    "others": others,
    "names_in": names_in,
    "join": join,
    "is_number": is_number,
    "number": number,
    "sum": sum_of,
    "written": written,
}
"""By the name under which expressions call them."""

_BRACKETS = str.maketrans({"(": "（", ")": "）"})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value] if isinstance(value, str) else ()


def _span(time: Any) -> spans.Span | None:
    if isinstance(time, str) and month_codes.is_month(time):
        return spans.Span(time, time)
    return spans.read(time)


def _decimal(text: Any) -> Decimal | None:
    plain = unicodedata.normalize("NFKC", _text(text)[:40]).strip()
    found = _NUMBER.fullmatch(_GROUPED.sub("", plain))
    return Decimal(found[0]) if found else None


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> list[str]:
    """The names in one way of writing, with and without remarks in brackets, the longest first."""
    given = {"".join(unicodedata.normalize("NFKC", name).translate(_BRACKETS).split()) for name in names}
    return sorted((given | {_REMARK.sub("", name) for name in given}) - {""}, key=len, reverse=True)


def _strangers(text: str, known: Sequence[str]) -> Iterator[str]:
    for piece in _BETWEEN_NAMES.split(text):
        whole = _body(piece)
        if len(whole) < 2 or _known(whole, known):
            continue
        # 和, 及 and 与 stand between names, and inside of them: only a name that is known on one side tells them apart.
        sides = [_body(side) for side in _AND.split(whole)]
        unknown = [side for side in sides if len(side) > 1 and not _known(side, known)]
        yield from unknown if len(unknown) < len([side for side in sides if side]) else [whole]


def _body(piece: str) -> str:
    plain = "".join(piece.split()).strip(".:：（）")
    for _ in range(2):
        plain = _ROLE.sub("", _EDGE.sub("", plain))
    return plain


def _known(part: str, known: Sequence[str]) -> bool:
    if _ANYBODY.search(part) or (len(part) <= 12 and _INSIDE_A_BODY.search(part)):
        return True
    return len(part) >= 4 and any(part in name for name in known)
